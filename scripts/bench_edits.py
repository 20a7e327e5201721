"""Measures edits of big plans, without the page that shows them; nothing passes or fails here.

Each kind of edit is made several times, one after the other, of a plan as large as people have them at most: what it
takes to store it, and to make the report that follows. Times are processor time. What a revision takes is by how much
the file of the database grew; what an old one takes to be read is said of the whole history, in any order. Each
size has a process of its own, so that its memory can be told.
"""

import gc
import json
import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "planner.settings")

import django  # noqa: E402

django.setup()

from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402

from planner.deploy.frames import call_with_room  # noqa: E402
from planner.plan.document import check_plan  # noqa: E402
from planner.store import actions, models  # noqa: E402
from planner.store.reports import find_version, report_for  # noqa: E402
from ports.queries import current_matrix  # noqa: E402
from scripts.sites import make_sites  # noqa: E402

SITES = (1_000, 5_000)
ROUNDS = {1_000: 12, 5_000: 4}
WANTED = {1_000: 300, 5_000: 1_000}
"""Milliseconds of an own edit, 19 of 20."""


def spent() -> float:
    """Processor time of this process so far, in milliseconds."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return (usage.ru_utime + usage.ru_stime) * 1000


def percentile(times: list[float], share: float) -> float:
    """The time that so large a share of them doesn't exceed."""
    return sorted(times)[max(0, round(share * len(times)) - 1)]


def list_edits(sites: int) -> Iterator[tuple[str, str, Callable[[int], dict[str, Any]]]]:
    """What each kind is called, its edit, and what the edit of a round is given."""

    def site(number: int) -> str:
        return f"Site {1 + number * 37 % sites:05}"

    yield "an address", "edit-endpoint", lambda n: {
        "endpoint": f"{site(n)} agent", "changes": {"addresses": [f"192.0.2.{n}"]}
    }  # fmt: skip
    yield "an operation", "edit-endpoint", lambda n: {
        "endpoint": f"{site(n)} Linux", "changes": {"operations": ["reset"]}
    }  # fmt: skip
    yield "a new endpoint", "add-endpoint", lambda n: {
        "endpoint": {"name": f"New {n}", "zone": site(n), "addresses": [f"198.51.100.{n}"], "platforms": ["windows"]}
    }  # fmt: skip
    yield "an endpoint goes", "delete-endpoint", lambda n: {"endpoint": f"New {n}"}
    yield "another name", "edit-endpoint", lambda n: {
        "endpoint": f"{site(n)} Windows", "changes": {"name": f"Renamed {n}"}
    }  # fmt: skip
    yield "a port", "override-port", lambda n: {"service": "ssh", "ports": str(2_000 + n), "summary": "Port"}


def measure(sites: int) -> dict[str, Any]:
    """The figures of one size, in the database of this process."""
    gc.freeze()
    gc.set_threshold(50_000, 10, 10)  # as planner.deploy.gunicorn has it
    call_command("migrate", verbosity=0, skip_checks=True)
    call_command("load_matrix", verbosity=0)
    matrix = current_matrix()
    plan = actions.create_plan(plan=check_plan(make_sites(sites), matrix=matrix), matrix=matrix, summary="Measured")

    def size() -> int:
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            cursor.execute("VACUUM")
            cursor.execute("PRAGMA page_count")
            (pages,) = cursor.fetchone()
            cursor.execute("PRAGMA page_size")
            return int(pages * cursor.fetchone()[0])

    report_for(models.Plan.objects.get(pk=plan.pk).version, matrix)
    before = size()
    times: dict[str, list[tuple[float, float]]] = {}
    for name, edit, params in list_edits(sites):
        for number in range(ROUNDS[sites]):
            began = spent()
            row = actions.apply_edit(plan_id=plan.pk, matrix=matrix, edit=edit, params=params(number)).plan
            stored = spent()
            report_for(row.version, matrix)
            times.setdefault(name, []).append((stored - began, spent() - stored))
    grown = size() - before
    row = models.Plan.objects.get(pk=plan.pk)
    numbers = list(range(1, row.revision + 1))
    Random(1).shuffle(numbers)  # noqa: S311 - guards nothing
    reads = []
    for number in numbers[:60]:
        began = spent()
        find_version(row, number)
        reads.append(spent() - began)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"times": times, "bytes": grown / (row.revision - 1), "reads": reads, "peak": peak}


def main() -> None:
    """A table for each size; with the option --of the figures of one size as JSON, for the process that asked."""
    if sys.argv[1:2] == ["--of"]:
        print(json.dumps(measure(int(sys.argv[2]))))
        return
    for sites in SITES:
        with tempfile.TemporaryDirectory() as folder:
            environment = os.environ | {"PLANNER_DATA": folder, "PLANNER_DEBUG": "1"}
            command = [sys.executable, __file__, "--of", str(sites)]
            done = subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE, text=True)
        found = json.loads(done.stdout.splitlines()[-1])
        print(f"\n{sites:,} sites, {ROUNDS[sites]} edits of each kind; processor time in ms")
        print(f"wanted p95 {WANTED[sites]:,}\n")
        print(f"{'edit':18}{'stored':>10}{'report':>10}{'both p50':>10}{'p95':>10}")
        both: list[float] = []
        for name, pairs in found["times"].items():
            stored, made = (percentile([pair[side] for pair in pairs], 0.5) for side in (0, 1))
            sums = [sum(pair) for pair in pairs]
            both += sums
            print(
                f"{name:18}{stored:10,.0f}{made:10,.0f}{percentile(sums, 0.5):10,.0f}{percentile(sums, 0.95):10,.0f}"
            )
        print(f"{'all':38}{percentile(both, 0.5):10,.0f}{percentile(both, 0.95):10,.0f}")
        print(f"a revision takes {found['bytes'] / 1024:,.1f} KiB of the file on average")
        reads = found["reads"]
        print(f"an old one is read in p50 {percentile(reads, 0.5):,.0f} ms, p95 {percentile(reads, 0.95):,.0f} ms")
        print(f"the process takes {found['peak']:,.0f} MiB at most")


if __name__ == "__main__":
    call_with_room(main)  # as the service answers requests
