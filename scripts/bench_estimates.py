"""Holds what files are estimated to cost against what they cost: `python scripts/bench_estimates.py [--sites 1000]`.

An estimate decides whether a file is made by the request for it or apart (`settings.JOBS_FROM`). Measured is a
processor's time from the document to the bytes, once what is imported is there: of each format of reports, of change
requests with a third of the endpoints changed, of acceptances; and a firewall's own rules beside the plan, of each
format whose missing rules are written as lines, where nothing is open there and where half of it is. Ends with status
1 where one costs twice its estimate, or half, and that decides otherwise.
"""

import argparse
import json
import os
import resource
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "planner.settings")

import django

django.setup()

from django.conf import settings  # noqa: E402
from django.utils.timezone import localdate  # noqa: E402

from planner.deploy.frames import call_with_room  # noqa: E402
from planner.engine import Report, evaluate_report  # noqa: E402
from planner.engine.acceptance import assess  # noqa: E402
from planner.engine.compare import compare_reports  # noqa: E402
from planner.engine.existing.decide import compare_with  # noqa: E402
from planner.engine.existing.readers import READERS  # noqa: E402
from planner.plan.document import check_plan  # noqa: E402
from planner.report import ACCEPTANCE_FORMATS, CHANGE_FORMATS, FORMATS, AcceptanceFormat, NotExpressible  # noqa: E402
from planner.report.gap import ALSO  # noqa: E402
from planner.report.gap.delta import WRITERS as DELTAS  # noqa: E402
from planner.report.gap.delta import render_delta  # noqa: E402
from planner.report.gap.delta.task import Task  # noqa: E402
from planner.report.said.edition import Edition, Editions  # noqa: E402
from planner.store.existing import estimate_existing  # noqa: E402
from ports.queries import shipped_matrix  # noqa: E402
from scripts.bench_formats import WRITERS, Rule  # noqa: E402
from scripts.sites import make_sites  # noqa: E402
from scripts.written import make_table  # noqa: E402

Row = tuple[str, float, float]
"""What is made, what it is estimated to take, and what it took, in seconds."""


def spent() -> float:
    """Processor time of this process and of those it has waited for, in seconds."""
    usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def measure(work: Callable[[], object]) -> float:
    """What it costs, in seconds; what a format can't say costs as much as finding that out."""
    before = spent()
    with suppress(NotExpressible):
        work()
    return spent() - before


def list_rows(sites: int, *, only_existing: bool) -> Iterator[Row]:
    """Each kind of file and format, measured once; but those of the plan's own firewalls, of which it has none."""
    matrix = shipped_matrix()
    small = evaluate_report(matrix, check_plan(make_sites(2), matrix=matrix))
    document = make_sites(sites)
    reports: list[Report] = []

    def evaluate() -> None:
        reports.append(evaluate_report(matrix, check_plan(document, matrix=matrix)))

    evaluated = measure(evaluate)
    [report] = reports
    if only_existing:
        yield from list_existing(report, evaluated)
        return
    count = len(report.plan.endpoints)
    edition = Edition(date=localdate(), revision=1, with_plan=True)
    for name, kind in FORMATS.items():
        if kind.part:
            continue
        measure(partial(kind.render, small, edition))  # imports what it needs
        took = evaluated + measure(partial(kind.render, report, edition))
        yield f"report, {name}", kind.estimate(count), took

    changed = json.loads(json.dumps(document))
    for number, endpoint in enumerate(changed["endpoints"]):
        if number % 3 == 0:
            endpoint["name"] += " new"
            endpoint["addresses"] = [text.replace("10.", "11.", 1) for text in endpoint["addresses"]]
    after = evaluate_report(matrix, check_plan(changed, matrix=matrix))
    compared = [compare_reports(report, after)]
    comparing = measure(lambda: compared.append(compare_reports(report, after)))
    editions = Editions(before="revision 1", after="revision 2")
    little = compare_reports(small, small)
    for name, change in CHANGE_FORMATS.items():
        if change.part:
            continue
        change.render(little, editions)
        took = 2 * evaluated + comparing + measure(partial(change.render, compared[0], editions))
        yield f"change, {name}", change.estimate(count), took

    for name, acceptance in ACCEPTANCE_FORMATS.items():
        printed: dict[str, object] = {"date": localdate()} if acceptance.is_printed else {}
        acceptance.render(small, assess(small, ()), **printed)

        def accept(kind: AcceptanceFormat = acceptance, printed: Mapping[str, object] = printed) -> None:
            kind.render(report, assess(report, ()), **printed)

        took = evaluated + measure(accept)
        yield f"acceptance, {name}", acceptance.estimate(count), took
    yield from list_existing(report, evaluated)


def list_existing(report: Report, evaluated: float) -> Iterator[Row]:
    """A firewall's own rules beside the plan, with what is missing as lines."""
    flows = [
        flow
        for flow in report.flows
        if flow.scope == "cross-zone" and flow.need.protocol == "tcp" and (flow.need.ports or "").isdigit()
    ]
    ends = [(f.source.addresses, f.destination.addresses, int(f.need.ports or 0)) for f in flows[::2]]
    half: list[Rule] = [(s[0], d[0], ports) for s, d, ports in ends if s and d and "any" not in (*s, *d)]
    count = len(report.plan.endpoints)
    for form in ("iptables", "nftables", *WRITERS):
        for said, rules in (("nothing open", half[:1]), ("half open", half)):
            text = write_existing(form, rules)

            def answer(form: str = form, text: str = text) -> None:
                gap = compare_with(report, READERS[form].read(text), also=ALSO)
                if form in DELTAS:
                    render_delta(Task(gap=gap, text=text))

            took = evaluated + measure(answer)
            yield f"existing rules, {form}, {said}", estimate_existing(form, len(text.encode()), count), took


def write_existing(form: str, rules: list[Rule]) -> str:
    """These rules as a firewall says them."""
    if form == "iptables":
        lines = [f"-A FORWARD -s {s} -d {d} -p tcp -m tcp --dport {p} -j ACCEPT" for s, d, p in rules]
        return "\n".join(["*filter", ":FORWARD DROP [0:0]", *lines, "COMMIT", ""])
    if form == "nftables":
        about = {"family": "inet", "table": "filter", "chain": "forward"}
        chain = {
            "family": "inet",
            "table": "filter",
            "name": "forward",
            "type": "filter",
            "hook": "forward",
            "prio": 0,
        }
        made = [
            {"rule": {**about, "handle": number, "expr": [*_match(s, d, p), {"accept": None}]}}
            for number, (s, d, p) in enumerate(rules, 2)
        ]
        table = {"table": {"family": "inet", "name": "filter"}}
        return json.dumps({"nftables": [table, {"chain": {**chain, "prio": 0, "policy": "drop"}}, *made]})
    return WRITERS[form](rules)


def _match(source: str, destination: str, port: int) -> Iterator[dict[str, object]]:
    for protocol, name, value in (("ip", "saddr", source), ("ip", "daddr", destination), ("tcp", "dport", port)):
        address, _, length = str(value).partition("/")
        said = {"prefix": {"addr": address, "len": int(length)}} if length else value
        left = {"payload": {"protocol": protocol, "field": name}}
        yield {"match": {"op": "==", "left": left, "right": said}}


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sites", type=int, default=1_000)
    parser.add_argument("--existing", action="store_true", help="only rules that are there")
    arguments = parser.parse_args()
    rows, wrong = [], 0
    for what, estimate, took in list_rows(arguments.sites, only_existing=arguments.existing):
        apart = estimate >= settings.JOBS_FROM
        is_wrong = apart != (took >= settings.JOBS_FROM) and not 0.5 < took / max(estimate, 0.001) < 2
        wrong += is_wrong
        said = "apart" if apart else "at once"
        row = (what, f"{estimate:.2f} s", f"{took:.2f} s", f"{said}{', WRONG' if is_wrong else ''}")
        rows.append(row)
        print(*row, sep="  ", file=sys.stderr, flush=True)
    print(make_table(("file", "estimated", "measured", "made"), rows))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(call_with_room(main))
