"""Workbooks lead to what is there: sheets they name, texts that are cut, what differs, what a part is compared as."""

import datetime
import io
import json
import re
from dataclasses import replace
from functools import cache

import openpyxl
import pytest

from planner.engine.compare import compare_reports
from planner.plan.document import dump_plan
from planner.report import CHANGE_FORMATS, FORMATS
from planner.report.formats.book_rows import list_object_rows
from planner.report.said.edition import Edition, Editions
from planner.report.said.filters import Filter, select
from planner.report.said.printed_rules import list_differences
from tests.report.samples import contoso, evaluate_once, write_plan

DAY = datetime.date(2026, 11, 28)
EDITIONS = Editions(before="revision 1", after="revision 2", date=DAY)
KINDS = ["report", "change request"]


def list_hosts(first, number):
    """Addresses that take more than a cell, and more than two by DNS names."""
    return [f"host-{n}.{'x' * 60}.{first}.example.com" for n in range(number)]


@cache
def large(first="after"):
    """A plan of which lists and texts don't fit into cells, with addresses of its own."""
    long = {name: f"{name} {'word ' * 9000}end" for name in ("description", "reason", "never")}
    peers = [
        {"name": f"{'é' * 200}{n:02}", "zone": "Internal", "addresses": list_hosts(f"p{n}", 200)} for n in range(12)
    ]
    target = {"name": "Target", "zone": "DMZ", "addresses": list_hosts(first, 900), "roles": ["domain-controller"]}
    flows = [
        {"source": one["name"], "destination": "Target", "protocol": "tcp",
         "ports": "22" if first == "after" else "23", "reason": long["reason"]}
        for one in peers
    ]  # fmt: skip
    return evaluate_once(write_plan(
        target, *peers, additional_flows=flows, description=long["description"],
        never=[{"from": {"zone": "DMZ"}, "to": {"zone": "Internal"}, "reason": long["never"]}],
    ))  # fmt: skip


@cache
def compared():
    return compare_reports(large("before"), large())


@cache
def book(kind):
    if kind == "report":
        data = FORMATS["xlsx"].render(large(), Edition(date=DAY, since=compared(), since_revision=1))
    else:
        data = CHANGE_FORMATS["xlsx"].render(compared(), EDITIONS)
    return openpyxl.load_workbook(io.BytesIO(data), read_only=True)


@cache
def cells(kind):
    """Of each sheet what stands in its rows below the header."""
    return {
        sheet.title: [["" if cell is None else cell for cell in row] for row in sheet.iter_rows(2, values_only=True)]
        for sheet in book(kind)
    }


def texts(kind):
    return [text for rows in cells(kind).values() for row in rows for text in row]


@pytest.mark.parametrize("kind", KINDS)
def test_each_sheet_that_a_cell_names_is_one_of_the_book_and_has_it(kind):
    named = {name for text in texts(kind) for name in re.findall(r"see (?:the sheet )?([A-Z]\w+)", text)}
    assert {"Objects"} <= named <= set(cells(kind))
    target = [row for row in cells(kind)["Objects"] if row[0] == "Target"]
    assert [one for row in target for one in row[3].split("\n")] == list_hosts("after", 900)


def test_of_a_changed_endpoint_both_lists_of_addresses_are_in_the_request_and_in_the_changes():
    rows = cells("change request")["Addresses"]
    assert len(rows) > 1
    for place, first in ((2, "before"), (3, "after")):
        assert [one for row in rows if row[place] for one in row[place].split(", ")] == list_hosts(first, 900)
    rows = [row for row in cells("report")["Changes"] if row[0] == "address"]
    for place, first in ((2, "before"), (3, "after")):
        said = [row[place].removeprefix("Target: ") for row in rows if row[place]]
        assert [one for text in said for one in text.split(", ")] == list_hosts(first, 900)


def test_what_is_to_be_closed_at_an_endpoint_with_other_addresses_leads_to_the_old_ones():
    for name in ("Rules", "Flows"):
        said = {row[0]: text for row in cells("change request")[name] for text in row if " addresses, " in text}
        assert said == {
            "open": "900 addresses, see the sheet Objects", "close": "900 addresses, see the sheet Addresses",
        }  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_cut_is_whole_in_what_the_cell_names(kind):
    report, comparison = large(), compared()
    request = CHANGE_FORMATS["json"].render(comparison, EDITIONS).decode()
    whole = {
        "the plan document": json.dumps(dump_plan(report.plan), ensure_ascii=False),
        "the format json": FORMATS["json"].render(report).decode() if kind == "report" else request,
        "the change request as JSON": request,
    }
    cut = [re.fullmatch(r"(?s)(.*)… \(cut to fit the cell; (.*) has all of it\)", text) for text in texts(kind)]
    found = [one for one in cut if one]
    assert kind != "report" or {one[2] for one in found} >= {"the plan document", "the format json"}
    for one in found:
        for line in one[1].split("\n"):
            assert json.dumps(line, ensure_ascii=False)[1:-1] in whole[one[2]]


def test_other_ends_of_a_server_go_on_in_further_rows():
    hosts = {f"{'é' * 200}{n:02}": list_hosts(f"p{n}", 200) for n in range(12)}
    rows = [row for row in cells("report")["Servers"] if row[0] == "Target" and row[2] == "accepts"]
    assert len(rows) > 1
    assert [name for row in rows for name in row[5].split("\n")] == list(hosts)
    assert [text for row in rows for text in row[6].split("\n")] == [", ".join(found) for found in hosts.values()]


def test_who_manages_an_endpoint_goes_on_in_further_rows():
    report = evaluate_once(contoso())
    names = tuple(f"Agent {number}" for number in range(600))
    rows = list(list_object_rows([replace(report.plan.endpoints[0], managed_by=names)], report))
    assert [name for row in rows for name in row[9].split("\n")] == list(names)
    assert [row[3] for row in rows] == ["10.0.0.10\nfd00::10", "", ""]


@cache
def decided():
    return compare_reports(evaluate_once(contoso()), evaluate_once(contoso(choices={"esxi": "powercli"})))


def test_a_change_request_says_what_differs_of_each_rule():
    data = CHANGE_FORMATS["xlsx"].render(decided(), EDITIONS)
    rows = openpyxl.load_workbook(io.BytesIO(data))["What differs"].iter_rows(values_only=True)
    assert next(rows) == ("Rule", "What", "Before", "After")
    told = [(number, *one) for number, found in list_differences(decided()).items() for one in found]
    assert list(rows) == told
    assert ("only with VMware ESXi access: PowerCLI", "yes") in [one[-2:] for one in told]


def say_changes(comparison, **more):
    edition = Edition(date=DAY, since=comparison, since_revision=1, **more)
    data = FORMATS["xlsx"].render(comparison.after, edition)
    rows = openpyxl.load_workbook(io.BytesIO(data))["Changes"].iter_rows(2, values_only=True)
    return [[text for text in row if text] for row in rows], FORMATS["html"].render(comparison.after, edition).decode()


def test_where_nothing_differs_the_sheet_of_changes_says_so_as_paper_does():
    report = evaluate_once(contoso())
    rows, page = say_changes(compare_reports(report, report))
    assert rows == [["Nothing differs in rules or addresses."]]
    assert rows[0][0] in page


def test_what_a_part_is_compared_as_is_said_in_each_form():
    _, selection = select(decided().after, Filter(port="443"))
    rows, page = say_changes(decided())
    assert "whole plan" not in f"{rows[0]} {page}"
    rows, page = say_changes(decided(), selection=selection)
    assert rows[0] == ["What differs is that of the whole plan, not of this part alone."]
    assert "<h2>Changes since revision 1, of the whole plan</h2>" in page
    assert "revision 1, of the whole plan: " in page
