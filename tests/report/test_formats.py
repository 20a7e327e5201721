"""The registry of formats: what it says of each is true, and nothing else has a list of them."""

import datetime
import inspect
import io
import re
import subprocess
import sys
import zipfile
from pathlib import Path
from pkgutil import resolve_name

import pytest

from planner.engine.compare import compare_reports
from planner.report import CHANGE_FORMATS, FORMATS, OPTIONS
from planner.report.checks.commands import write_nc_commands
from planner.report.errors import NotExpressible
from planner.report.said.edition import Edition, Editions
from planner.report.said.filters import Filter, select
from tests.report.samples import contoso, evaluate

ROOT = Path(__file__).resolve().parents[2]
REPORT = evaluate(contoso())


@pytest.mark.parametrize("entry", FORMATS.values(), ids=list(FORMATS))
def test_a_format_is_written_by_the_function_that_it_names_with_the_options_that_it_knows(entry):
    known = inspect.signature(resolve_name(entry.writes)).parameters
    assert entry.options == known.keys() & OPTIONS.keys()
    assert entry.options <= OPTIONS.keys()
    assert all(isinstance(note, str) for note in entry.notes(REPORT))


@pytest.mark.parametrize("entry", CHANGE_FORMATS.values(), ids=list(CHANGE_FORMATS))
def test_a_change_request_is_written_by_the_function_that_it_names(entry):
    assert next(iter(inspect.signature(resolve_name(entry.writes)).parameters)) == "comparison"
    assert (entry.label, entry.content_type) == (FORMATS[entry.name].label, FORMATS[entry.name].content_type)


def test_two_formats_never_share_a_name_or_an_ending():
    endings = [entry.ending or entry.name for entry in FORMATS.values()]
    assert len(set(endings)) == len(endings) == len(FORMATS)


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_is_in_the_readme_and_only_those(name):
    table = re.search(r"## Formats\n(.*?)\n## ", (ROOT / "README.md").read_text(), flags=re.DOTALL)[1]
    first = "".join(line.split("|")[1] for line in table.splitlines() if line.startswith("| `"))
    assert name in re.findall(r"`([a-z-]+)`", first)
    assert set(re.findall(r"`([a-z-]+)`", first)) == FORMATS.keys()


def test_who_asks_for_no_format_loads_none():
    code = "import sys, planner.report; print(*(name for name in sys.modules if name.startswith('planner.')))"
    run = subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT, capture_output=True, text=True)
    assert set(run.stdout.split()) == {"planner.report", "planner.report.entries", "planner.report.errors"}


def read_members(data):
    """What is written, as text; of an archive all that is in it."""
    if data[:2] != b"PK":
        return data.decode(errors="replace")
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return "\n".join(archive.read(name).decode(errors="replace") for name in archive.namelist())


WITHOUT_A_PLACE = {"blackbox", "opnsense", "requests"}
"""The formats whose files have no place for a remark, as their readers take nothing else."""
SEEN_ELSEWHERE = {"closed", "firewalls", "pdf", "png"}
"""One is of the whole plan, one is of the others, of one the pages are looked at, and one is a picture of the SVG."""


@pytest.mark.parametrize("name", sorted(FORMATS.keys() - WITHOUT_A_PLACE - SEEN_ELSEWHERE))
def test_what_is_a_part_of_a_plan_says_so(name):
    """Whoever gets a file without the page beside it would take it for all that there is."""
    part, selection = select(REPORT, Filter(protocol="tcp"))
    assert part.rules
    edition = Edition(date=datetime.date(2026, 11, 28), selection=selection)
    said = {"csv": "selection", "json": '"selection"', "xlsx": ">Filter<"}.get(name, "Only a part")
    assert said in read_members(FORMATS[name].render(part, edition))
    assert said not in read_members(FORMATS[name].render(REPORT))


WITH_ADDRESSES = ("csv", "html", "markdown", "nftables", "xlsx")
"""The formats that name an endpoint's addresses wherever it stands: with thousands of both a file has no end."""
CHECKS = ("checks", "goss", "blackbox")
"""Those that try each of its addresses."""


def test_what_would_name_too_many_addresses_over_and_over_is_not_begun(monkeypatch):
    before, after = evaluate(contoso()), evaluate(contoso(additional_flows=[], ports={"website": 1}))
    compared = compare_reports(before, after)
    editions = Editions(before="a", after="b")
    monkeypatch.setattr("planner.plan.limits.WRITTEN", 20)
    for name, entry in FORMATS.items():
        if name in WITH_ADDRESSES:
            with pytest.raises(NotExpressible, match="with the addresses of an endpoint wherever it stands"):
                entry.render(before)
        elif name in ("json", "fortigate"):
            assert entry.render(before)
    for name, entry in CHANGE_FORMATS.items():
        if name in WITH_ADDRESSES:
            with pytest.raises(NotExpressible, match=r"at most 0 MiB are written; give endpoints networks"):
                entry.render(compared, editions)
        elif name == "json":
            assert entry.render(compared, editions)


@pytest.mark.parametrize("write", [*(FORMATS[name].render for name in CHECKS), write_nc_commands])
def test_a_file_of_checks_counts_its_attempts_at_every_address_and_port_before_it_is_begun(write, monkeypatch):
    farm = {"name": "Farm", "zone": "DMZ", "addresses": [f"10.9.{n // 200}.{n % 200}" for n in range(1_000)]}
    wanted = {"source": "PS01", "destination": "Farm", "protocol": "tcp", "ports": "8000-8100", "reason": "x"}
    report = evaluate(contoso(endpoints=[*contoso()["endpoints"], farm], additional_flows=[wanted]))
    written = write(report)
    if written[:2] == b"PK":
        with zipfile.ZipFile(io.BytesIO(written)) as archive:
            size = sum(one.file_size for one in archive.infolist())
    else:
        size = len(written)
    monkeypatch.setattr("planner.plan.limits.WRITTEN", size * 3 // 2)
    assert write(report) == written
    monkeypatch.setattr("planner.plan.limits.WRITTEN", size // 2)
    with pytest.raises(NotExpressible, match="with the addresses of an endpoint wherever it stands it would have"):
        write(report)


def test_addresses_are_counted_as_often_as_they_stand_in_a_file(monkeypatch):
    report = evaluate(contoso())
    written = len(FORMATS["csv"].render(report).decode("utf-8-sig"))
    addresses = sum(len("; ".join(end.addresses)) for flow in report.flows for end in (flow.source, flow.destination))
    most = sum(
        len(address) + 2
        for flow in report.flows
        for end in (flow.source, flow.destination)
        for address in end.addresses
    )
    assert addresses <= most <= written
    monkeypatch.setattr("planner.plan.limits.WRITTEN", most)
    assert FORMATS["csv"].render(report)
    monkeypatch.setattr("planner.plan.limits.WRITTEN", most - 1)
    with pytest.raises(NotExpressible):
        FORMATS["csv"].render(report)


def test_the_files_of_the_plans_own_firewalls_stand_first_among_those_of_firewalls():
    """They were the last of forty downloads, and are what a plan with firewalls is made for."""
    assert next(name for name, entry in FORMATS.items() if entry.group == "Network firewalls") == "firewalls"
