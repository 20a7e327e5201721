"""Each part of a report is in each format, or docs/report-format.md names it among what that format can't say."""

import csv
import dataclasses
import io
import re
from datetime import date
from pathlib import Path

import openpyxl
import pytest

from planner.engine import Report
from planner.engine.life import match_lives
from planner.report import FORMATS
from planner.report.formats.closed import COLUMNS
from planner.report.said.closed import MOST_BREAKING
from planner.report.said.edition import Edition
from planner.report.said.printed_rules import UNNEEDED
from tests.report.samples import HOSTILE_NAMES, contoso, evaluate, write_plan
from tests.report.test_life import give

DOCS = Path(__file__).parents[2] / "docs" / "report-format.md"
REPORT = evaluate(
    contoso(
        exclusions=[{"source": "Public", "destination": "Portal", "reason": "Excluded by policy 7"}],
        never=[{"from": {"zone": "DMZ"}, "to": {"endpoint": "DC01"}, "reason": "Closed by policy 12"}],
        as_documented=["ldap-tcp"],
        additional_flows=[
            {
                "source": "PS01",
                "destination": "DC01",
                "protocol": "udp",
                "ports": "53",
                "reason": "Names in a zone",
            }
        ],
    )
)
TODAY = date(2026, 11, 25)
GIVEN = give(REPORT.rules[0], 1, "approved", ticket="CHG-4711")
LIVES = match_lives(REPORT.rules, [GIVEN], TODAY)
PARTS = {
    "flows": ("Names in a zone",),
    "rules": ("INT-DMZ-320",),
    "what is excluded": ("Excluded by policy 7",),
    "what must stay closed": ("Closed by policy 12",),
    "missing, withheld, not used": tuple(dict.fromkeys(group.why for group in REPORT.unneeded)),
    "findings": ("nobody in the plan uses",),
    "open decisions": ("How are ESXi hosts managed?",),
    "how the document was read": ("Where the document names a port without a protocol",),
    "from zone to zone": ("flows within",),
    "what stays on one host": ("1433",),
    "ports that differ": ("instead of 443",),
    "states of rules, where there are any": ("CHG-4711",),
}
"""By its name in the docs: texts that only this part says."""
BESIDE = "states of rules, where there are any"
"""What is kept beside a plan and no part of its report."""
FIELDS = {
    "flows": "flows", "boundaries": "rules", "excluded": "what is excluded", "closed": "what must stay closed",
    "unneeded": "missing, withheld, not used", "findings": "findings", "decisions": "open decisions",
    "caveats": "how the document was read", "zone_groups": "from zone to zone", "local": "what stays on one host",
    "ports": "ports that differ", "own_ports": "ports that differ",
}  # fmt: skip
OTHERWISE = {
    "plan": "its name, zones and endpoints are in each of these parts",
    "matrix": "so are its words",
    "too_large": "there is no report then",
    "basis": "it is for the evaluation of the plan's next state alone",
    "whole": "it is of a part alone, whose rules and flows stand in its place",
}


def documented():
    """Part -> format -> whether the docs say that the format has it."""
    table = re.search(r"## What each format has\n\n(.*?)\n\n", DOCS.read_text("utf-8"), re.DOTALL)[1].splitlines()
    head, _, *rows = [[cell.strip(" `") for cell in line.strip("|").split("|")] for line in table]
    return {row[0]: dict(zip(head[1:], (cell == "yes" for cell in row[1:]), strict=True)) for row in rows}


def read(name):
    """What a format says, as one text."""
    data = FORMATS[name].render(REPORT, Edition(date=TODAY, lives=LIVES))
    if name == "xlsx":
        book = openpyxl.load_workbook(io.BytesIO(data))
        return "\n".join(str(cell) for sheet in book for row in sheet.iter_rows(values_only=True) for cell in row)
    text = data.decode("utf-8-sig")
    return re.sub(r"<(style|svg).*?</\1>", "", text, flags=re.DOTALL)


def test_every_part_of_a_report_is_looked_for():
    assert {field.name for field in dataclasses.fields(Report)} == {*FIELDS, *OTHERWISE}
    assert {*FIELDS.values(), BESIDE} == set(PARTS) == set(documented())


@pytest.mark.parametrize("name", ["json", "csv", "closed", "xlsx", "markdown", "html"])
def test_a_format_has_what_the_docs_say_and_nothing_else(name):
    text = read(name)
    plain = text.replace("\\", "")
    found = {part: all(word in text or word in plain for word in words) for part, words in PARTS.items()}
    assert found == {part: formats[name] for part, formats in documented().items()}


def lines(report):
    rows = list(csv.reader(io.StringIO(FORMATS["closed"].render(report).decode("utf-8-sig"))))
    assert tuple(rows[0]) == COLUMNS
    return [dict(zip(COLUMNS, row, strict=True)) for row in rows[1:]]


def test_the_file_of_what_is_not_opened_has_exclusions_what_is_closed_and_three_lists():
    found = lines(REPORT)
    kinds = [line["kind"] for line in found]
    assert sorted(set(kinds), key=kinds.index)[:2] == ["excluded", "closed"]
    assert [line for line in found if line["kind"] == "excluded"] == [
        {"kind": "excluded", "source": "Public", "source_is": "endpoint", "destination": "Portal",
         "destination_is": "endpoint", "protocol": "tcp", "ports": "443", "sections": "15",
         "what": "People open the Password Reset Portal", "because": "Excluded by policy 7", "kept": "",
         "broken_by": "", "by_address": ""}
    ]  # fmt: skip
    assert [line for line in found if line["kind"] == "closed"] == [
        {"kind": "closed", "source": "DMZ", "source_is": "zone", "destination": "DC01", "destination_is": "endpoint",
         "protocol": "", "ports": "", "sections": "", "what": "the plan", "because": "Closed by policy 12",
         "kept": "yes", "broken_by": "", "by_address": ""}
    ]  # fmt: skip
    rest = kinds[2:]
    assert len(rest) == sum(len(group.requirements) for group in REPORT.unneeded)
    assert set(rest) <= {kind for kind, *_ in UNNEEDED}
    assert all(line["because"].endswith(".") for line in found[2:])


def test_the_file_of_what_is_not_opened_says_what_is_kept_by_name_only():
    network, kiosk = "10.5.0.0/16", "10.5.0.7"
    ends = [
        {"name": "Net", "zone": "Internal", "addresses": [network], "group": True},
        {"name": "Kiosk", "zone": "Internal", "addresses": [kiosk]},
        {"name": "PS", "zone": "DMZ", "addresses": ["10.9.0.1"]},
    ]
    own = {"source": "Net", "destination": "PS", "protocol": "tcp", "ports": "443", "reason": "Work"}
    row = {"from": {"endpoint": "Kiosk"}, "to": {"endpoint": "PS"}, "reason": "Never"}
    [line] = (one for one in lines(evaluate(write_plan(*ends, additional_flows=[own], never=[row]))) if one["kept"])
    assert (line["kept"], line["broken_by"]) == ("yes", "")
    assert line["by_address"] == "Net → PS tcp 443 is needed, and Net has an address of Kiosk"


def test_what_breaks_a_row_is_named_and_counted():
    flows = [
        {"source": "Portal", "destination": "DC01", "protocol": "tcp", "ports": str(port), "reason": "x"}
        for port in range(1, MOST_BREAKING + 3)
    ]
    never = [
        {"from": {"endpoint": "Portal"}, "to": {"zone": "Internal"}, "protocol": "tcp", "ports": "1-9", "reason": "No"}
    ]
    (line,) = [
        line for line in lines(evaluate(contoso(additional_flows=flows, never=never))) if line["kind"] == "closed"
    ]
    assert (line["protocol"], line["ports"], line["kept"]) == ("tcp", "1-9", "no")
    assert line["broken_by"].startswith("Portal → DC01 tcp 1; Portal → DC01 tcp 2; ")
    assert line["broken_by"].endswith("; and 2 more")


@pytest.mark.parametrize("name", HOSTILE_NAMES)
def test_no_cell_of_it_is_a_formula(name):
    never = [{"from": {"zone": "DMZ"}, "to": {"zone": "Internal"}, "reason": name}]
    (line,) = [line for line in lines(evaluate(contoso(never=never))) if line["kind"] == "closed"]
    assert line["because"].replace("'", "") == name.replace("'", "")
    assert not line["because"].startswith(("=", "+", "-", "@", "＝"))
