"""The reports and change requests of the ready-made topologies, as in tests/golden.

Text is compared byte for byte. Archives are unpacked, workbooks are read, and a web page is taken without its styles,
script and drawings, so that a change can be read in a diff. The PDF is made of the web page, and its text depends on
the fonts of the machine: tests/report/test_print.py reads it. `make golden` rewrites the files; look at their
differences before you commit them.
"""

import copy
import datetime
import io
import os
import re
import zipfile
from functools import cache
from pathlib import Path

import openpyxl
import pytest

from planner.engine import evaluate_report
from planner.engine.compare import compare_reports
from planner.plan.devices import DEVICES
from planner.plan.document import check_plan, dump_plan
from planner.report import CHANGE_FORMATS, FORMATS
from planner.report.said.edition import Edition, Editions
from ports.queries import shipped_matrix
from tests.each import each
from tests.examples import EXAMPLES as ANSWERED
from tests.examples import UNANSWERED, report_on

GOLDEN = Path(__file__).parent / "golden"
EXAMPLES = {**ANSWERED, "unanswered": UNANSWERED["everything"]}
"""The ready-made topologies, and the one with everything while its questions are open."""
UPDATE = os.environ.get("UPDATE_GOLDEN") == "1"
DAY = datetime.date(2026, 1, 2)
SITE = {
    "zones": [{"name": "Lima", "kind": "remote-site"}],
    "endpoints": [
        {"name": "Lima agent", "zone": "Lima", "addresses": ["172.30.0.5"], "roles": ["remote-site-agent"]},
        {
            "name": "Lima Windows", "zone": "Lima", "addresses": ["172.30.0.64/26"], "group": True,
            "platforms": ["windows"], "operations": ["discovery", "reset", "validation", "host-heartbeat"],
            "sessions": ["rdp"],
        },
    ],
}  # fmt: skip
"""What the change requests are about: a remote site that comes to a deployment."""


def as_it_is(data):
    return data


def unpack(data):
    """The files of an archive in one text, each under its name."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return b"".join(f"=== {name}\n".encode() + archive.read(name) for name in archive.namelist())


def read_book(data):
    """The sheets of a workbook in one text, each under its name; a line for each row, bars between cells."""
    lines = []
    for sheet in openpyxl.load_workbook(io.BytesIO(data)):
        lines.append(f"=== {sheet.title}")
        lines += [
            " | ".join((cell or "").replace("\n", "⏎") for cell in row).rstrip(" |")
            for row in sheet.iter_rows(values_only=True)
        ]
    return ("\n".join(lines) + "\n").encode()


def strip_page(data):
    """A web page without styles, script and their hashes, which have tests of their own, and without drawings.

    Where Graphviz places what depends on its version.
    """
    data = re.sub(rb"'sha256-[^']*'", b"'sha256-'", data)
    return re.sub(rb"<(style|script|svg)\b.*?</\1>", rb"<\1></\1>", data, flags=re.DOTALL)


def read_checks(data):
    """An archive of checks: the files that differ, and of each script only the list of what it tries."""
    found = []
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for name in archive.namelist():
            text = archive.read(name).decode().replace("\r\n", "\n")
            mark = re.search(r"Nothing here is a command\.\n(.*?)^(?:END OF LIST|'@)$", text, re.DOTALL | re.MULTILINE)
            found.append(f"=== {name}\n{mark[1] if mark else text}")
    return "".join(found).encode()


READERS = {
    "xlsx": read_book,
    "html": strip_page,
    "windows": unpack,
    "aerleon": unpack,
    "checks": read_checks,
    "goss": unpack,
    "tickets": unpack,
    "netbox": unpack,
}
"""How a format becomes a text; the others are texts."""
ENDINGS = {"xlsx": "xlsx.txt", "nftables hosts": "nftables-hosts"}
ELSEWHERE = {"pdf", "all-firewalls", "firewalls", "svg", "png"}
"""The PDF, as above; all firewalls in one archive, whose files are here one by one; what Graphviz places."""
REPORTS = sorted(FORMATS.keys() - ELSEWHERE | {"nftables hosts"})
CHANGES = sorted(CHANGE_FORMATS.keys() - ELSEWHERE)
PUBLISHED = "dmz.firewalls"
"""A file of each kind of firewall, which publishes two endpoints."""
WANTED = [PUBLISHED, *(f"{slug}.{ENDINGS.get(name, name)}" for slug in EXAMPLES for name in REPORTS)]
WANTED += [f"{slug}.changes.{ENDINGS.get(name, name)}" for slug in EXAMPLES for name in CHANGES]


def check(name, text):
    path = GOLDEN / name
    if UPDATE:
        path.write_bytes(text)
    assert path.exists(), f"{name} is missing; make golden writes it"
    assert text.decode().splitlines() == path.read_bytes().decode().splitlines()
    assert text == path.read_bytes()


@pytest.mark.parametrize("slug", EXAMPLES)
@each("name", REPORTS)
def test_the_report_is_the_golden_file(slug, name):
    report = report_on(EXAMPLES[slug])
    kind, _, hosts = name.partition(" ")
    edition = Edition(date=DAY) if FORMATS[kind].is_printed else None
    data = FORMATS[kind].render(report, edition, **({"host_files": True} if hosts else {}))
    check(f"{slug}.{ENDINGS.get(name, name)}", (unpack if hosts else READERS.get(name, as_it_is))(data))


@cache
def compare_with_site(slug):
    """What another remote site changes."""
    before = report_on(EXAMPLES[slug])
    grown = copy.deepcopy(dump_plan(before.plan))
    for key, more in SITE.items():
        grown[key] += more
    return compare_reports(before, evaluate_report(shipped_matrix(), check_plan(grown, matrix=shipped_matrix())))


@pytest.mark.parametrize("slug", EXAMPLES)
@each("name", CHANGES)
def test_the_change_request_for_another_remote_site_is_the_golden_file(slug, name):
    comparison = compare_with_site(slug)
    assert not comparison.closed
    assert all("Lima" in (flow.source.zone, flow.destination.zone) for flow in comparison.opened)
    data = CHANGE_FORMATS[name].render(comparison, Editions(before="revision 1", after="revision 2", date=DAY))
    check(f"{slug}.changes.{ENDINGS.get(name, name)}", READERS.get(name, as_it_is)(data))


def test_the_file_of_each_kind_of_firewall_is_the_golden_file():
    document = copy.deepcopy(dump_plan(report_on(EXAMPLES["dmz"]).plan))
    zones = {zone["name"]: f"port{number}" for number, zone in enumerate(document["zones"], 1)}
    document["firewalls"] = [
        {
            "name": device.name, "format": device.slug, "zones": zones,
            "published": {"PRP01": "203.0.113.10", "SD01": "203.0.113.11"},
        }
        for device in DEVICES.values()
    ]  # fmt: skip
    report = evaluate_report(shipped_matrix(), check_plan(document, matrix=shipped_matrix()))
    check(PUBLISHED, unpack(FORMATS["firewalls"].render(report)))


def test_there_is_no_golden_file_without_an_example():
    for path in GOLDEN.iterdir():
        if not path.name.startswith(".") and path.name not in WANTED:
            assert UPDATE, f"{path.name} belongs to no example"
            path.unlink()
