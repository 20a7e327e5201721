"""How long it takes to hold a plan against rules that are there: `python scripts/bench_gap.py [--large] [--formats]`.

Prints processor time and the greatest memory: 10,000 entries of nftables and of iptables beside 1,000 flows, and with
`--large` 100,000 and 200,000 entries beside 10,000 flows; what is missing of these as lines for the device, too; and
1,000 flows from any beside 10,000 addresses that are refused, admitted, or either, and where each flow has an entry of
its own among these; and entries from any to any, each with ports that overlap with those of thousands of others; with
`--formats` 10,000 entries of each other format. Reading, deciding with what is too wide, and writing are told apart.
"""

import json
import os
import random
import resource
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "planner.settings")

import django

django.setup()

from planner.engine import Report, evaluate_report  # noqa: E402
from planner.engine.existing.decide import compare_with  # noqa: E402
from planner.engine.existing.readers import READERS  # noqa: E402
from planner.plan.document import check_plan  # noqa: E402
from planner.report.gap.delta import render_delta  # noqa: E402
from planner.report.gap.delta.task import Task  # noqa: E402
from ports.matrix import Matrix  # noqa: E402
from ports.queries import shipped_matrix  # noqa: E402
from scripts.bench_formats import WRITERS  # noqa: E402

Rule = tuple[str, str, int]
"""Source, destination, port."""
HEAD = {"family": "inet", "table": "filter"}


def make_plan(flows: int) -> dict[str, Any]:
    """So many flows, from a hundred clients to servers of another zone."""
    servers = flows // 100
    ends = [
        {"name": f"C{number}", "zone": "Internal", "addresses": [f"10.0.{number // 250}.{number % 250 + 1}"]}
        for number in range(100)
    ] + [
        {"name": f"S{number}", "zone": "DMZ", "addresses": [f"172.16.{number // 250}.{number % 250 + 1}"]}
        for number in range(servers)
    ]
    return {
        "format": 1,
        "name": "Bench",
        "zones": [{"name": "Internal", "kind": "internal"}, {"name": "DMZ", "kind": "dmz"}],
        "endpoints": ends,
        "additional_flows": [
            {
                "source": f"C{number % 100}", "destination": f"S{number // 100}", "protocol": "tcp", "ports": "443",
                "reason": "Bench",
            }
            for number in range(flows)
        ],
    }  # fmt: skip


def list_rules(entries: int, flows: int) -> Iterator[Rule]:
    """Source, destination and port of each entry: those of half of the flows, and of others far and near."""
    for number in range(entries):
        kind = number % 4
        if kind == 0:
            flow = number // 2 % flows
            client, server = flow % 100, flow // 100
            yield f"10.0.0.{client + 1}", f"172.16.{server // 250}.{server % 250 + 1}", 443
        elif kind == 1:
            yield f"10.{number // 65536 + 1}.{number // 256 % 256}.{number % 256}", "172.16.0.0/16", number % 60000 + 1
        elif kind == 2:
            yield "10.0.0.0/16", f"192.168.{number // 256 % 256}.{number % 256}", 443
        else:
            yield f"10.0.0.{number % 100 + 1}", f"172.16.0.{number // 4 % 250 + 1}", number % 1000 + 1000


def write_nftables(rules: Iterable[Rule]) -> str:
    """The rules as nft lists them."""

    def field(protocol: str, name: str, value: object) -> dict[str, Any]:
        if isinstance(value, str) and "/" in value:
            address, _, length = value.partition("/")
            value = {"prefix": {"addr": address, "len": int(length)}}
        return {"match": {"op": "==", "left": {"payload": {"protocol": protocol, "field": name}}, "right": value}}

    chain = {**HEAD, "name": "forward", "type": "filter", "hook": "forward", "prio": 0, "policy": "drop"}
    made = [
        {
            "rule": {
                **HEAD, "chain": "forward", "handle": number,
                "expr": [
                    field("ip", "saddr", source), field("ip", "daddr", destination), field("tcp", "dport", port),
                    {"accept": None},
                ],
            }
        }
        for number, (source, destination, port) in enumerate(rules, 2)
    ]  # fmt: skip
    return json.dumps({"nftables": [{"table": {"family": "inet", "name": "filter"}}, {"chain": chain}, *made]})


def write_iptables(rules: Iterable[Rule]) -> str:
    """The rules as iptables-save writes them."""
    lines = [f"-A FORWARD -s {s} -d {d} -p tcp -m tcp --dport {p} -j ACCEPT" for s, d, p in rules]
    return "\n".join(["*filter", ":FORWARD DROP [0:0]", *lines, "COMMIT", ""])


KINDS = ("refused", "admitted", "either", "apart")
"""What entries for single addresses do; in the last of them each tenth is for one flow alone."""


def list_singles(entries: int, kind: str) -> str:
    """So many addresses, an entry for each, then what admits everything; as iptables-save says it."""
    draw = random.Random(kind)  # noqa: S311  the same entries each time, and no secret
    lines = []
    for n in range(entries):
        here, there = f"198.{18 + n // 31_250}.{2 * n // 250 % 250}.{2 * n % 250 + 1}", ""
        if kind == "apart" and n % 10 == 5:
            here, there = f"203.0.113.{n % 250}", f" -d 172.16.{n // 10 // 250}.{n // 10 % 250 + 1}"
        target = {"refused": "DROP", "admitted": "ACCEPT"}.get(kind) or draw.choice(["ACCEPT", "DROP"])
        lines.append(f"-A FORWARD -s {here}{there} -p tcp -m tcp --dport 443 -j {target}")
    return "\n".join(["*filter", ":FORWARD DROP [0:0]", *lines, "-A FORWARD -j ACCEPT", "COMMIT", ""])


def measure_singles(matrix: Matrix, entries: int, flows: int) -> None:
    """Flows from any beside entries for single addresses, and print what they took."""
    data = make_plan(100)
    data["zones"][0] = {"name": "Outside", "kind": "internet"}
    data["endpoints"] = [
        {"name": "C0", "zone": "Outside", "addresses": ["any"], "group": True},
        *({"name": f"S{n}", "zone": "DMZ", "addresses": [f"172.16.{n // 250}.{n % 250 + 1}"]} for n in range(flows)),
    ]
    data["additional_flows"] = [
        {"source": "C0", "destination": f"S{n}", "protocol": "tcp", "ports": "443", "reason": "Bench"}
        for n in range(flows)
    ]
    report = evaluate_report(matrix, check_plan(data, matrix=matrix))
    for kind in KINDS:
        ruleset = READERS["iptables"].read(list_singles(entries, kind))
        start = time.process_time()
        gap = compare_with(report, ruleset)
        print(
            f"{kind:9} {entries:7,} addresses, {len(gap.flows):6,} flows from any: decided "
            f"{time.process_time() - start:5.2f} s; {gap.steps:,} steps, {len(gap.wider):,} wider, {gap.counts}",
            flush=True,
        )


def measure_ranges(matrix: Matrix, entries: int, flows: int) -> None:
    """Flows beside entries from any to any, each with a port that no other has admitted before, and print what it
    took."""
    ports = (f"{number % 60_000 + 1}:{number % 60_000 + 3_000}" for number in range(entries))
    lines = [f"-A FORWARD -p tcp -m tcp --dport {one} -j ACCEPT" for one in ports]
    text = "\n".join(["*filter", ":FORWARD DROP [0:0]", *lines, "COMMIT", ""])
    report = evaluate_report(matrix, check_plan(make_plan(flows), matrix=matrix))
    ruleset = READERS["iptables"].read(text)
    start = time.process_time()
    gap = compare_with(report, ruleset)
    print(
        f"ranges    {entries:7,} entries, {len(gap.flows):6,} flows: decided {time.process_time() - start:5.2f} s; "
        f"{gap.steps:,} steps, {len(gap.wider):,} wider, {gap.untried:,} untried, {gap.counts}",
        flush=True,
    )


def measure(form: str, write: Callable[[Iterable[Rule]], str], entries: int, report: Report) -> None:
    """Read and decide once, and print what it took."""
    text = write(list_rules(entries, len(report.flows)))
    start = time.process_time()
    ruleset = READERS[form].read(text)
    read = time.process_time()
    gap = compare_with(report, ruleset)
    end = time.process_time()
    lines = render_delta(Task(gap=gap, text=text)) if entries >= 100_000 else b""
    written = time.process_time()
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"{form:9} {entries:7,} entries, {len(gap.flows):6,} flows, {len(text) / 2**20:5.1f} MiB: read "
        f"{read - start:5.2f} s, decided {end - read:5.2f} s; {gap.steps:,} steps, {len(gap.wider):,} wider, "
        f"{gap.counts}; {memory:,.0f} MiB"
        + (f"; {len(lines) / 2**20:.1f} MiB of lines written {written - end:5.2f} s" if lines else ""),
        flush=True,
    )


def main() -> None:
    """Measure, as the arguments say."""
    sizes = [(1_000, 1_000), (10_000, 1_000)] + (
        [(100_000, 10_000), (200_000, 10_000)] if "--large" in sys.argv else []
    )
    matrix = shipped_matrix()
    for entries, flows in sizes:
        report = evaluate_report(matrix, check_plan(make_plan(flows), matrix=matrix))
        for form, write in (("iptables", write_iptables), ("nftables", write_nftables)):
            if entries < 200_000 or form == "iptables":
                measure(form, write, entries, report)
    if "--formats" in sys.argv:
        report = evaluate_report(matrix, check_plan(make_plan(1_000), matrix=matrix))
        for form, writer in WRITERS.items():
            measure(form, writer, 10_000, report)
    measure_singles(matrix, 10_000, 1_000)
    measure_ranges(matrix, 10_000, 1_000)


main()
