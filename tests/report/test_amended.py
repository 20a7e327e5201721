"""What is amended of the matrix and bears on a report is told in each format that people read, and in JSON."""

import io
import json
import re
from datetime import date

import openpyxl
import pytest
from jsonschema import Draft202012Validator

from planner.engine import evaluate_report
from planner.plan.document import check_plan
from planner.report import FORMATS
from planner.report.formats.json import report_schema
from planner.report.said.amended import list_amendments
from planner.report.said.edition import Edition
from ports.matrix import Amendment, build_amended
from ports.queries import SHIPPED, read_fixture, shipped_matrix
from tests.report.samples import contoso

SENTENCE = "LDAP over TLS: amended here: 636 → 3636, behind the proxy, 25 November 2026."


def change(number, row, field, new, records):
    kind, _, name = row.partition("/")
    old = next(one for one in records[kind] if one.get("slug", one.get("code")) == name).get(field, "")
    return Amendment(
        number=number, row=row, field=field, old=old, new=new, reason="behind the proxy", made=date(2026, 11, 25)
    )


def report(*changes):
    """Contoso's report under the shipped matrix with amendments: row, field and value of each."""
    records = read_fixture(SHIPPED)
    made = [change(number, *one, records) for number, one in enumerate(changes, 1)]
    matrix, conflicts = build_amended(records, made)
    assert not conflicts
    return evaluate_report(matrix, check_plan(contoso(), matrix=matrix))


LDAPS = ("service/ldaps", "ports", "3636")


def data(made):
    return json.loads(FORMATS["json"].render(made))


def test_json_names_the_edition_and_what_is_amended():
    plain, amended = data(report()), data(report(LDAPS))
    assert (plain["edition"], plain["amendments"]) == ("passwordstate-2026-11", [])
    assert amended["amendments"] == [
        {"number": 1, "row": "service/ldaps", "field": "ports", "old": "636", "new": "3636",
         "reason": "behind the proxy", "made": "2026-11-25"}
    ]  # fmt: skip
    assert "edition passwordstate-2026-11" in plain["matrix"]
    assert plain["matrix"] == shipped_matrix().version
    for one in (plain, amended):
        Draft202012Validator(report_schema()).validate(one)


@pytest.mark.parametrize("name", ["html", "markdown"])
def test_what_people_read_says_what_is_amended(name):
    edition = Edition(date=date(2026, 11, 25))
    text = FORMATS[name].render(report(LDAPS), edition).decode()
    assert SENTENCE in text.replace("\\", "")
    assert "mended here" not in FORMATS[name].render(report(), edition).decode()
    assert "passwordstate-2026-11" in text.replace("\\", "")


def test_the_cover_names_what_is_amended_and_how_much_more():
    records = read_fixture(SHIPPED)
    names = [("choice/" + row["slug"], "name", f"Choice {number}") for number, row in enumerate(records["choice"])]
    page = FORMATS["html"].render(report(*names), Edition(date=date(2026, 11, 25))).decode()
    (cover,) = re.findall(r'<th scope="row">Amended here</th><td>(.*?)</td>', page)
    assert cover.count("→") == 8
    assert cover.endswith(f"and {len(names) - 8} more, named in the summary")
    one = FORMATS["html"].render(report(LDAPS), Edition(date=date(2026, 11, 25))).decode()
    assert "<td>LDAP over TLS: 636 → 3636, behind the proxy, 25 November 2026<br></td>" in one


def test_the_pdf_is_made_with_amendments():
    assert FORMATS["pdf"].render(report(LDAPS), Edition(date=date(2026, 11, 25)))[:5] == b"%PDF-"


def test_the_spreadsheet_says_what_is_amended():
    book = openpyxl.load_workbook(io.BytesIO(FORMATS["xlsx"].render(report(LDAPS))))
    cells = [cell for row in book["About"].iter_rows(values_only=True) for cell in row]
    assert SENTENCE in cells


def bearing(*changes):
    return [amendment.row for amendment in list_amendments(report(*changes))]


def test_a_service_bears_where_a_flow_uses_it():
    assert bearing(LDAPS, ("service/vnc", "ports", "5901")) == ["service/ldaps"]


def test_a_requirement_bears_where_it_gave_a_flow_or_its_absence_could_be_the_amendments():
    assert bearing(("requirement/email", "summary", "X.")) == []
    assert bearing(("requirement/email", "source", "app-server")) == ["requirement/email"]
    assert bearing(("requirement/ad-locate", "summary", "X.")) == ["requirement/ad-locate"]


def test_other_rows_bear_and_questions_do_not():
    assert bearing(("question/portal", "text", "?"), ("choice/esxi", "name", "ESX")) == ["choice/esxi"]
    assert bearing(("caveat/telnet-port", "text", "X.")) == ["caveat/telnet-port"]
