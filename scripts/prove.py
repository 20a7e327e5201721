"""Proves plans on real firewalls: the plan's own files are loaded, its own check scripts run, packets are sent.

For each plan a lab of network namespaces is built (`scripts/lab.py`), with firewalls that drop whatever nobody has
asked for. Into them goes what the product writes for the plan: files for nftables, for iptables, or for each host.
Then its check scripts run from every source and its own acceptance reads what they say: all that is decided must be
open. A sweep between all endpoints, on the plan's ports, beside them and on a few others, must find nothing else
open. At last one rule is taken out, by chance, and the acceptance must find exactly its flows.

    scripts/prove.py [--plan PLAN]... [--with nftables|iptables|hosts]... [--write]
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "planner.settings")

import django  # noqa: E402

django.setup()

from django.utils.timezone import localdate  # noqa: E402

from planner.engine import evaluate_report  # noqa: E402
from planner.engine.acceptance import Acceptance, State  # noqa: E402
from planner.engine.flows import Flow  # noqa: E402
from planner.engine.report import Report  # noqa: E402
from planner.plan.document import PlanError, read_plan  # noqa: E402
from planner.plan.topologies import read_topologies  # noqa: E402
from ports.queries import shipped_matrix  # noqa: E402
from scripts.lab import CantBeBuilt, Lab  # noqa: E402
from scripts.namespaces import PATH  # noqa: E402
from scripts.trial import Trial  # noqa: E402

MATRIX = shipped_matrix()
CORNERS = ROOT / "scripts" / "corners.yaml"
WAYS = ("nftables", "iptables", "hosts")


@dataclass(slots=True, kw_only=True)
class Proof:
    """What came of one plan with files of one kind."""

    plan: str
    way: str
    endpoints: int = 0
    firewalls: int = 0
    flows: int = 0
    """Those that can be tried: decided, both ends with an address."""
    attempts: int = 0
    possible: int = 0
    """Attempts of which those of the sweep are a part."""
    removed: str = ""
    found: int = 0
    """Flows that the acceptance found closed after the rule was taken out."""
    seconds: float = 0.0
    faults: list[str] = field(default_factory=list)


def prove(name: str, report: Report, way: str) -> Proof:
    """Build the lab of a report, load files of a kind, and try everything."""
    started = time.monotonic()
    proof = Proof(plan=name, way=way)
    with Lab(report) as lab, tempfile.TemporaryDirectory() as folder:
        trial = Trial(lab, report, way, Path(folder))
        proof.endpoints, proof.firewalls = len(lab.hosts), 0 if way == "hosts" else len(lab.devices)
        trial.load()
        before = trial.accept(trial.sources())
        wanted = trial.list_wanted()
        proof.flows = len(wanted)
        proof.faults += before.messages
        proof.faults += _list_closed(before, wanted)
        proof.faults += (
            f"{state.check.opening} is open and must be closed."
            for state in _list_negative(before)
            if state.status == "forbidden-open" and trial.is_guarded(state.check.source, state.check.destination)
        )
        attempts, possible = trial.list_attempts()
        proof.attempts, proof.possible = len(attempts), possible
        proof.faults += trial.sweep(attempts)
        rule = trial.choose_rule(wanted)
        if rule is not None:
            proof.removed = rule
            gone = trial.remove(rule)
            after = trial.accept(sorted({flow.source.name for flow in gone}))
            was = {id(one.flow): one.status for one in before.flows}
            found = {id(one.flow) for one in after.flows if was[id(one.flow)] == "open" != one.status}
            missed = [flow for flow in gone if was[id(flow)] == "open" and id(flow) not in found]
            others = found - {id(flow) for flow in gone}
            proof.found = len(found)
            proof.faults += (f"{_say(flow)} was not found when rule {rule} was taken out." for flow in missed)
            proof.faults += (
                f"{_say(one.flow)} closed with rule {rule}." for one in after.flows if id(one.flow) in others
            )
    proof.seconds = time.monotonic() - started
    return proof


def _list_closed(state: Acceptance, wanted: Iterable[Flow]) -> Iterator[str]:
    status = {id(one.flow): one for one in state.flows}
    for flow in wanted:
        one = status[id(flow)]
        if one.status not in ("open", "refused", "unproven"):
            words = "; ".join(f"{seen.result.address} {seen.result.outcome}" for seen in one.state.seen)
            yield f"{_say(flow)} is {one.status} ({words})."


def _list_negative(state: Acceptance) -> Iterator[State]:
    yield from (one for row in state.closed for one in row.states)
    yield from state.beside


def _say(flow: Flow) -> str:
    need = flow.need
    return f"{flow.source.name} to {flow.destination.name}, {need.protocol} {need.ports or 'echo'}"


# ---- all of them ----


def list_plans(named: Sequence[str]) -> Iterator[tuple[str, Report]]:
    """Ready-made topologies by their slugs, and plans of files; without any, all of those and the plan of corners.

    Raises PlanError and OSError where a file is none.
    """
    ready = read_topologies(MATRIX)
    for name in named or (*ready, str(CORNERS)):
        plan = ready[name] if name in ready else read_plan(Path(name).read_bytes(), matrix=MATRIX)
        yield name if name in ready else Path(name).stem, evaluate_report(MATRIX, plan)


def write_table(proofs: Sequence[Proof]) -> str:
    """What was proven, as a table of Markdown."""
    head = (
        "Plan",
        "Files for",
        "Firewalls",
        "Endpoints",
        "Flows open",
        "Packets swept",
        "Rule taken out",
        "Flows found",
    )
    rows = [head, tuple("---" for _ in head)]
    for one in proofs:
        removed = f"`{one.removed}`" if one.removed else "–"
        rows.append((
            one.plan, one.way, str(one.firewalls or "–"), str(one.endpoints), str(one.flows), _count(one),
            removed, str(one.found) if one.removed else "–",
        ))  # fmt: skip
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def _count(proof: Proof) -> str:
    if proof.attempts == proof.possible:
        return f"{proof.attempts:,}"
    return f"{proof.attempts:,} of {proof.possible:,}"


def require_root() -> None:
    """Become root of a user namespace where one isn't root; leave with a sentence where that can't be had."""
    missing = [program for program in ("ip", "nft", "iptables", "bash") if not shutil.which(program, path=PATH)]
    if missing:
        sys.exit(f"A lab needs {', '.join(missing)}, which {'is' if len(missing) == 1 else 'are'} not installed.")
    if os.geteuid() == 0:
        return
    if os.environ.get("PROVE_INSIDE"):
        sys.exit("A lab needs root.")
    tried = subprocess.run(["unshare", "-Urnm", "true"], capture_output=True, text=True, check=False)
    if tried.returncode:
        sys.exit(
            "A lab of network namespaces needs root, or a user namespace of one's own, which this system doesn't "
            f"give ({tried.stderr.strip()}). Run it as root: sudo make prove"
        )
    inside = 'mount -t tmpfs tmpfs /run && exec "$@"'
    os.environ["PROVE_INSIDE"] = "1"
    os.execvp("unshare", ["unshare", "-Urnm", "sh", "-c", inside, "sh", sys.executable, *sys.argv])  # noqa: S606


def main() -> None:
    """Prove what is asked for; leave with 1 where anything is otherwise than it must be."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument(
        "--plan",
        action="append",
        default=[],
        metavar="PLAN",
        help="a file, or the slug of a ready-made topology; may be repeated",
    )
    parser.add_argument(
        "--with", action="append", default=[], choices=WAYS, dest="ways", help="files of this kind alone"
    )
    parser.add_argument("--write", action="store_true", help="write the table into docs/proof.md")
    given = parser.parse_args()
    require_root()
    proofs = []
    for name, report in list_plans(given.plan):
        for way in given.ways or WAYS:
            try:
                proof = prove(name, report, way)
            except CantBeBuilt as error:
                print(f"{name}, {way}: can't be built: {error}")
                continue
            proofs.append(proof)
            state = f"{len(proof.faults)} FAULTS" if proof.faults else "as it must be"
            print(
                f"{name}, {way}: {proof.flows} flows, {proof.attempts:,} packets, {proof.seconds:.0f} s: {state}",
                flush=True,
            )
            for fault in proof.faults[:20]:
                print(f"    {fault}")
    print(f"\n{write_table(proofs)}")
    if given.write:
        _write_doc(proofs)
    sys.exit(1 if any(proof.faults for proof in proofs) else 0)


def _write_doc(proofs: Sequence[Proof]) -> None:
    file = ROOT / "docs" / "proof.md"
    text = file.read_text("utf-8")
    head, _, rest = text.partition("<!-- table -->\n")
    _, _, tail = rest.partition("<!-- end of table -->\n")
    linux = os.uname().release.partition("-")[0]
    made = f"Measured on {localdate().isoformat()}, Linux {linux}.\n\n{write_table(proofs)}"
    file.write_text(f"{head}<!-- table -->\n{made}<!-- end of table -->\n{tail}", "utf-8")


if __name__ == "__main__":
    try:
        main()
    except (PlanError, OSError) as refused:
        sys.exit(str(refused))
