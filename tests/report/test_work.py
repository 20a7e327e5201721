"""The sheet to work from: what it says, what it has filled in, and what may be written into it."""

import html
import io
import re
import zipfile
from dataclasses import replace

import pytest

from planner.engine.life import End, match_lives
from planner.report.formats.json import report_data
from planner.report.formats.work import WORK_BLANKS
from planner.report.formats.xlsx import render_xlsx
from planner.report.said.edition import Edition
from tests.report.samples import HOSTILE_NAMES, contoso, evaluate, hostile, sites
from tests.report.test_life import TODAY, give
from tests.report.test_xlsx import open_book, rows_of


def work_of(report, edition=None):
    return rows_of(open_book(render_xlsx(report, edition)), "Work")


def test_each_service_of_each_rule_has_a_row():
    report = evaluate(contoso())
    assert [(row["Rule"], row["Service"].split("\n")[0]) for row in work_of(report)] == [
        (rule["id"], " ".join(filter(None, (service["protocol"], service["ports"]))))
        for rule in report_data(report)["rules"]
        for service in rule["services"]
    ]


def test_a_row_says_ends_with_addresses_and_why_and_what_isnt_decided():
    report = evaluate(contoso())
    rows = {row["Service"].split("\n")[0]: row for row in work_of(report)}
    assert rows["tcp 8443"]["From"] == "Portal: address to be filled in"
    assert rows["tcp 8443"]["To"] == "PS01: 10.0.0.10, fd00::10"
    assert rows["tcp 8443"]["Service"].endswith("changed from 443")
    assert rows["tcp 8443"]["Why"].endswith("§15")
    undecided = {row["Rule"] for row in rows.values() if row["Why"].startswith("Not decided, only with ")}
    assert undecided == {rule.id for rule in report.rules if rule.any_of} != set()
    assert {rows["tcp 22"][title] for title in ("Done", "Firewall", "Ticket", "Owner", "Status", "Comment")} == {""}


def test_many_endpoints_are_counted_and_found_on_another_sheet():
    texts = [row[title] for row in work_of(evaluate(sites(40))) for title in ("From", "To")]
    assert any(text.endswith("and 34 more, see Rules") for text in texts)
    assert max(text.count("\n") for text in texts) == 6


def test_only_states_of_a_rules_life_are_taken_as_its_status():
    sheet = open_book(render_xlsx(evaluate(contoso())))["Work"]
    heads = {cell.value: cell.column_letter for cell in sheet[1]}
    taken = {str(rule.sqref): rule.formula1 for rule in sheet.data_validations.dataValidation}
    end = sheet.max_row
    assert taken == {
        f"{heads['Done']}2:{heads['Done']}{end}": '"✓"',
        f"{heads['Status']}2:{heads['Status']}{end}": '"Requested,Approved,Implemented,Verified,Rejected"',
    }


def test_it_prints_on_landscape_pages_as_wide_as_the_sheet_with_its_head_on_each():
    sheet = open_book(render_xlsx(evaluate(contoso())))["Work"]
    assert (sheet.page_setup.orientation, sheet.page_setup.fitToHeight) == ("landscape", 0)
    assert sheet.sheet_properties.pageSetUpPr.fitToPage
    assert sheet.print_title_rows == "$1:$1"
    assert sheet.freeze_panes == "C2"
    assert sheet.auto_filter.ref == sheet.dimensions
    assert sum(column.width for column in sheet.column_dimensions.values()) < 200, "else nobody can read it"


@pytest.mark.parametrize("name", [*HOSTILE_NAMES, '&P&"Arial"&D'])
def test_the_name_of_a_plan_is_text_in_the_head_of_pages(name):
    archive = zipfile.ZipFile(io.BytesIO(render_xlsx(evaluate(hostile(name)))))
    [head] = re.findall("<oddHeader>(.*?)</oddHeader>", archive.read("xl/worksheets/sheet2.xml").decode())
    typed = html.unescape(head).removeprefix("&L")
    assert typed.replace("&&", "&")[:20] == name[:20]
    assert "&" not in typed.replace("&&", "")


def test_what_the_life_of_a_rule_knows_is_filled_in_and_what_grew_since_isnt_done():
    report = evaluate(contoso())
    first, second, *_ = report.rules
    done = give(first, 1, "implemented", ticket="CHG-7", owner="Kim", comment="By night", by="Ada")
    grown = give(second, 2, "verified")
    grown = replace(grown, ends={name: End(end.zone, ("10.99.0.1",)) for name, end in grown.ends.items()})
    edition = Edition(date=TODAY, lives=match_lives(report.rules, [done, grown], TODAY))
    rows = {row["Rule"]: row for row in work_of(report, edition)}
    assert [rows[first.id][title] for title in WORK_BLANKS if title != "Firewall"] == [
        "✓", "Implemented", "CHG-7", "Kim", "Ada, 2026-11-01", "", "By night",
    ]  # fmt: skip
    assert (rows[second.id]["Done"], rows[second.id]["Status"]) == ("", "Verified")
    assert rows[second.id]["Comment"].startswith("Changed since.\n")
