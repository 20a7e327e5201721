"""Measures what it takes to upload 10,000 results in one file on the acceptance page, in Chromium.

The service is as `make run` starts it, and nothing passes or fails here. From the click until the page that says what
came of it is there; and how much processor time the service took, which other work on the machine changes little.
"""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from playwright.sync_api import expect, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from scripts.served import ARGUMENTS, chromium_path, enter, serve  # noqa: E402

RESULTS = 10_000
MAKE = """
import json, sys
import django
django.setup()
from planner.engine import evaluate_report
from planner.engine.checks import digest_of, plan_checks
from planner.plan.document import check_plan
from planner.sharing.links import make_edit_link
from planner.store import actions
from ports.queries import current_matrix
matrix, wanted = current_matrix(), int(sys.argv[1])
ends = [{"name": "PS01", "zone": "Internal", "addresses": ["10.0.0.10"], "roles": ["web-primary", "database"]}]
own = []
for number in range(wanted // 10):
    name, address = f"SRV{number:04}", f"10.{1 + number // 250}.0.{1 + number % 250}"
    ends.append({"name": name, "zone": "Servers", "addresses": [address]})
    own += [{"source": "PS01", "destination": name, "protocol": "tcp", "ports": str(port), "reason": "Measured"}
            for port in range(1001, 1011)]
zones = [{"name": "Internal", "kind": "internal"}, {"name": "Servers", "kind": "dmz"}]
document = {"format": 1, "name": "Results", "zones": zones, "endpoints": ends, "additional_flows": own}
plan = check_plan(document, matrix=matrix)
row = actions.create_plan(plan=plan, matrix=matrix, summary="Made to be measured")
report = evaluate_report(matrix, plan)
rows = [
    {"id": check.id, "destination": check.destination, "address": address, "protocol": check.protocol, "port": port,
     "outcome": "filtered" if check.closed else "open", "milliseconds": 3, "error": None}
    for check in plan_checks(report) if check.source == "PS01"
    for address in check.addresses for port in check.tries
]
results = {"format": 1, "plan": plan.name, "report": digest_of(report), "source": "PS01", "host": "ps01",
           "started": "2026-01-01T00:00:00Z", "results": rows[:wanted]}
with open(sys.argv[2], "w") as file:
    json.dump(results, file)
print(make_edit_link(plan_id=row.pk))
"""
"""Run in a process of its own, since this one must not open the service's database."""


def spent(process: int) -> float:
    """Processor time so far of a process and those below it, in seconds."""
    ticks, known = 0, {process}
    for stat in sorted(Path("/proc").glob("[0-9]*/stat"), key=lambda path: int(path.parent.name)):
        try:
            number, rest = int(stat.parent.name), stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if number in known or int(rest[1]) in known:
            known.add(number)
            ticks += int(rest[11]) + int(rest[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def main() -> None:
    """Print how long the upload took, and the page once more."""
    with tempfile.TemporaryDirectory() as folder, serve() as service, sync_playwright() as playwright:
        path = Path(folder) / "results.json"
        token = subprocess.check_output(
            [sys.executable, "-c", MAKE, str(RESULTS), str(path)], cwd=ROOT, env=service.environment, text=True
        ).strip()
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=ARGUMENTS)
        page = browser.new_page()
        enter(page, f"{service.address}/edit/{token}/")
        page.goto(f"{page.url.partition('?')[0]}acceptance/")
        page.get_by_label("Files of results").set_input_files(path)
        before, began = spent(service.process), time.perf_counter()
        page.get_by_role("button", name="Upload", exact=True).click()
        expect(page.get_by_role("status")).to_contain_text(f"with {RESULTS:,} results", timeout=120_000)
        took, worked = time.perf_counter() - began, spent(service.process) - before
        before, began = spent(service.process), time.perf_counter()
        page.reload()
        again, worked_again = time.perf_counter() - began, spent(service.process) - before
        browser.close()
    size = f"{RESULTS:,} results in one file"
    print(f"{size}: {took:.1f} s until the page is there, {worked:.1f} s of processor time of the service")
    print(f"the page once more: {again:.1f} s, {worked_again:.1f} s of processor time of the service")


if __name__ == "__main__":
    main()
