"""Measures the engine, documents and renderers and prints tables; nothing passes or fails here.

Times are processor time, of the programs that are called too, and the shortest of a few runs: what else the machine
has to do at the moment matters little.
"""

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "planner.settings")

import django  # noqa: E402

django.setup()

from django.utils.timezone import localdate  # noqa: E402

from planner.engine import Report, evaluate_report  # noqa: E402
from planner.engine.flows import evaluate  # noqa: E402
from planner.engine.rules import consolidate  # noqa: E402
from planner.plan.document import Plan, check_plan, dump_plan, read_plan  # noqa: E402
from planner.plan.syntax import to_json, to_yaml  # noqa: E402
from planner.plan.topologies import read_topology  # noqa: E402
from planner.report import FORMATS  # noqa: E402
from planner.report.diagram.layout import _run  # noqa: E402
from planner.report.errors import NotExpressible  # noqa: E402
from planner.report.said.edition import Edition  # noqa: E402
from ports.queries import shipped_matrix  # noqa: E402
from scripts.sites import make_company, make_sites  # noqa: E402

MATRIX = shipped_matrix()
SITES = (100, 1_000, 5_000)
TABLE_FORMATS = ("json", "csv", "xlsx", "markdown")
STYLED = "pdf with a house style"
TABLES = 2.0
"""How many seconds a table of 16,000 flows may take."""


def measure(work: Callable[[], object], *, seconds: float = 1.0, most: int = 200) -> float:
    """The shortest time of one run, in seconds: as many runs as fit into the time given, at least two."""
    best, started, runs = float("inf"), time.perf_counter(), 0
    while runs < 2 or (runs < most and time.perf_counter() - started < seconds):
        before = spent()
        work()
        best = min(best, spent() - before)
        runs += 1
    return best


def spent() -> float:
    """Processor time so far of this process and of those it has waited for, in seconds."""
    usages = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def say(seconds: float) -> str:
    """A time for people: 3.2 ms, 1.24 s."""
    return f"{seconds:.2f} s" if seconds >= 1 else f"{seconds * 1000:.1f} ms"


def print_table(title: str, header: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> None:
    """A table in plain text, its first column to the left and the others to the right."""
    widths = [max(map(len, column)) for column in zip(header, *rows, strict=True)]
    print(f"\n{title}\n")
    for row in (header, tuple("-" * width for width in widths), *rows):
        first, *others = (
            cell.ljust(width) if number == 0 else cell.rjust(width)
            for number, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        print("  ".join((first, *others)).rstrip())


def bench_engine() -> dict[str, Report]:
    """Evaluate and consolidate plans of several sizes. Returns their reports by name."""
    plans: dict[str, Plan] = {"25 endpoints": check_plan(make_company(), matrix=MATRIX)}
    plans |= {f"{count:,} sites": check_plan(make_sites(count), matrix=MATRIX) for count in SITES}
    budgets = {"25 endpoints": 0.005, "1,000 sites": 1.0}
    reports: dict[str, Report] = {}
    rows = []
    before: tuple[int, float] | None = None
    for name, plan in plans.items():
        both = measure(lambda plan=plan: consolidate(MATRIX, plan, evaluate(MATRIX, plan)), seconds=2)  # type: ignore[misc]
        whole = measure(lambda plan=plan: evaluate_report(MATRIX, plan), seconds=2)  # type: ignore[misc]
        report = reports[name] = evaluate_report(MATRIX, plan)
        growth = f"{both / before[1]:.2f} x for {len(plan.endpoints) / before[0]:.2f} x" if before else ""
        before = (len(plan.endpoints), both) if name != "25 endpoints" else None
        budget = budgets.get(name)
        rows.append(
            (
                name,
                f"{len(plan.endpoints):,}",
                f"{len(report.flows):,}",
                f"{sum(flow.scope == 'cross-zone' for flow in report.flows):,}",
                f"{len(report.rules):,}",
                say(both),
                f"{say(budget)} {'kept' if both <= budget else 'MISSED'}" if budget else "",
                growth,
                say(whole),
            )
        )
    header = (
        "plan", "endpoints", "flows", "cross zones", "rules", "evaluate + consolidate", "budget",
        "growth: time for endpoints", "with findings",
    )  # fmt: skip
    print_table("Engine", header, rows)
    return reports


def bench_document() -> None:
    """Read and write the documents of the same plans in both syntaxes."""
    rows = []
    documents = {"25 endpoints": make_company(), **{f"{count:,} sites": make_sites(count) for count in SITES}}
    for name, document in documents.items():
        dumped = dump_plan(check_plan(document, matrix=MATRIX))
        texts = {"json": to_json(dumped).encode(), "yaml": to_yaml(dumped).encode()}
        for syntax, data in texts.items():
            write = to_json if syntax == "json" else to_yaml
            rows.append(
                (
                    name,
                    syntax,
                    f"{len(data) / 1024:,.0f} KiB",
                    say(measure(lambda: read_plan(data, matrix=MATRIX, syntax=syntax))),  # type: ignore[arg-type] # noqa: B023
                    say(measure(lambda: write(dumped))),  # noqa: B023
                )
            )
    print_table("Plan documents", ("plan", "syntax", "size", "read and check", "write"), rows)


def bench_renderers(reports: dict[str, Report]) -> None:
    """Render the everything example and 1,000 sites in every format."""
    chosen = {
        "everything": read_everything(),
        "1,000 sites": reports["1,000 sites"],
    }
    rows = []
    for format_ in FORMATS.values():
        cells, took = [format_.name], 0.0
        for report in chosen.values():
            data = format_.render(report)  # once for what is imported and kept

            def render(report: Report = report, render: Callable[[Report], bytes] = format_.render) -> None:
                _run.cache_clear()
                render(report)

            took = measure(render)
            cells += [say(took), f"{len(data) / 1024:,.0f} KiB"]
        budget = f"{say(TABLES)} {'kept' if took <= TABLES else 'MISSED'}" if format_.name in TABLE_FORMATS else ""
        rows.append((*cells, budget))
    flows = len(reports["1,000 sites"].flows)
    header = ("format", *(cell for name in chosen for cell in (name, "size")), f"budget for {flows:,} flows")
    print_table("Renderers", header, rows)


def bench_printing(reports: dict[str, Report]) -> None:
    """Whole processes by the clock: our PDF against Chromium printing the same HTML.

    Chromium works in several processes that it doesn't wait for, so its processor time can't be had. The processes
    take turns, and the shortest run of each counts. Typst is measured as the command that reads a plan document, loads
    the matrix and evaluates first. WeasyPrint sets the pages when there is a house style.
    """
    found = subprocess.run(["scripts/chromium.sh", "--windows"], cwd=ROOT, capture_output=True, text=True, check=False)
    if found.returncode:
        print("\nPrinting: left out, there is no Chromium.")
        return
    rows = []
    for name in ("everything", "1,000 sites"):
        with tempfile.TemporaryDirectory() as folder:
            page = Path(folder) / "report.html"
            page.write_bytes(FORMATS["html"].render(reports[name], None))
            document = Path(folder) / "plan.json"
            document.write_text(to_json(dump_plan(reports[name].plan)), "utf-8")
            chromium = [
                found.stdout.strip(), "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic",
                "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync",
                f"--user-data-dir={folder}/profile", f"--print-to-pdf={folder}/report.pdf", page.as_uri(),
            ]  # fmt: skip
            commands = {
                "Typst, the command": [
                    sys.executable,
                    "manage.py",
                    "report",
                    str(document),
                    "--format",
                    "pdf",
                    "--output",
                    f"{folder}/command.pdf",
                ],
                "WeasyPrint, the HTML": [sys.executable, "-c", _BY_WEASYPRINT, str(page)],
                "Chromium, the HTML": chromium,
            }
            turns = [[_time(command) for command in commands.values()] for _ in range(7)]
            best = [min(times) for times in zip(*turns, strict=True)]
            rows += [
                (name, who, say(time), f"{time / best[-1]:.2f}") for who, time in zip(commands, best, strict=True)
            ]
    header = ("plan", "PDF by", "time", "ratio to Chromium")
    print_table("Printing, whole processes by the clock", header, rows)


_BY_WEASYPRINT = """
import pathlib, sys
from planner.report.paper.styled import make_styled_pdf
path = pathlib.Path(sys.argv[1])
path.with_suffix(".weasyprint.pdf").write_bytes(make_styled_pdf(path.read_text("utf-8")))
"""


def _time(command: list[str]) -> float:
    """How many seconds a program takes by the clock."""
    started = time.perf_counter()
    subprocess.run(command, cwd=ROOT, capture_output=True, check=True, timeout=120)
    return time.perf_counter() - started


def make_report(sites: int) -> Report:
    """The report of a plan with so many sites."""
    return evaluate_report(MATRIX, check_plan(make_sites(sites), matrix=MATRIX))


def read_everything() -> Report:
    """The report of the example with all modules."""
    return evaluate_report(MATRIX, read_topology(MATRIX, "everything"))


def measure_memory() -> list[tuple[str, ...]]:
    """The most memory that a process of its own takes for each output of 1,000 sites."""
    rows: list[tuple[str, ...]] = []
    for name in ("none, the report alone", *FORMATS, STYLED):
        command = [sys.executable, __file__, "--memory", name]
        kib = json.loads(subprocess.run(command, capture_output=True, check=True, text=True).stdout)
        rows.append((name, f"{kib / 1024:,.0f} MiB" if kib else "can't say this plan"))
    return rows


def print_own_memory(name: str) -> None:
    """The peak of this process after it has rendered 1,000 sites, in KiB; 0 for a format that can't say them."""
    report = make_report(1_000)
    try:
        if name == STYLED:
            FORMATS["pdf"].render(report, Edition(date=localdate(), stylesheet="h2 { color: teal }"))
        elif name in FORMATS:
            FORMATS[name].render(report)
    except NotExpressible:
        print(0)
        return
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(peak // 1024 if sys.platform == "darwin" else peak)


def main() -> None:
    """All of it, or the memory of one format when a process of its own is asked for."""
    if sys.argv[1:2] == ["--memory"]:
        print_own_memory(sys.argv[2])
        return
    if sys.argv[1:2] == ["--printing"]:
        bench_printing({"everything": read_everything(), "1,000 sites": make_report(1_000)})
        return
    # First, because a process inherits the peak of the one that starts it.
    memory = measure_memory()
    reports = bench_engine()
    bench_document()
    bench_renderers(reports)
    bench_printing({"everything": read_everything(), "1,000 sites": reports["1,000 sites"]})
    print_table("Peak memory, 1,000 sites, one process each", ("format", "peak"), memory)


if __name__ == "__main__":
    main()
