"""What a change request closes and the plan still needs: an end of it stands in another zone now."""

import datetime
import io

import openpyxl
import pytest
from django.template.loader import render_to_string

from planner.engine.compare import compare_reports
from planner.report import CHANGE_FORMATS, FORMATS
from planner.report.said.edition import Edition, Editions
from planner.report.said.still_needed import STAYS_OPEN, StillNeeded
from planner.report.said.text import say_kept
from planner.web.views.changes import describe_comparison
from tests.paper import read_pages
from tests.report.samples import evaluate, write_plan

ZONES = (("App", "internal"), ("Data", "internal"), ("Vault DB", "internal"))
NOTHING_NEEDS = "Nothing of the plan needs these any more."
REST = "Nothing of the plan needs the rest any more."


def plan(*databases, web="App"):
    """A web server and databases: of each its name, zone and address."""
    ends = [{"name": "PS01", "zone": web, "roles": ["web-primary"], "addresses": ["10.1.0.10"]}]
    for name, zone, address in databases:
        ends.append({"name": name, "zone": zone, "roles": ["database"], "addresses": [address]})
    zones = {"App": "eth0", "Data": "eth1", "Vault DB": "eth1"}
    return evaluate(write_plan(*ends, zones=ZONES, firewalls=[{"name": "FW", "format": "nftables", "zones": zones}]))


HERE, THERE = ("SQL01", "Data", "10.1.1.20"), ("SQL01", "Vault DB", "10.1.1.20")
SECOND = ("SQL02", "Data", "10.1.1.21")


def split():
    return compare_reports(plan(HERE), plan(THERE))


def read(name, data):
    if name == "pdf":
        return " ".join(" ".join(read_pages(data)).split())
    if name == "xlsx":
        sheets = openpyxl.load_workbook(io.BytesIO(data)).worksheets
        return "\n".join(
            " ".join(str(cell or "") for cell in row) for sheet in sheets for row in sheet.iter_rows(values_only=True)
        )
    return " ".join(data.decode().replace("</b> <small>", ": ").split())


@pytest.mark.parametrize("name", ["markdown", "html", "pdf", "xlsx"])
def test_a_rule_to_close_says_as_which_rule_it_is_still_needed(name):
    compared = split()
    [number] = [rule.id for rule in compared.rules_opened]
    text = read(name, CHANGE_FORMATS[name].render(compared, Editions(before="a", after="b")))
    assert f"as {number} now." in text
    assert text.count("Still needed") >= 1
    assert STAYS_OPEN in text
    assert NOTHING_NEEDS not in text
    assert (REST in text) == (name in ("html", "pdf"))


def test_the_page_of_the_change_request_says_so_too():
    compared = split()
    page = render_to_string("planner/comparison.html", describe_comparison(compared))
    assert page.count("Still needed") == 1
    assert f"<bdi>as {compared.rules_opened[0].id} now</bdi>" in page
    assert STAYS_OPEN in page


@pytest.mark.parametrize("name", ["html", "xlsx"])
def test_what_changed_since_in_a_report_says_so_too(name):
    compared = split()
    edition = Edition(date=datetime.date(2026, 11, 28), since=compared, since_revision=1)
    text = read(name, FORMATS[name].render(compared.after, edition))
    mark = "Still needed: as" if name == "xlsx" else "close; still needed as"
    assert f"{mark} {compared.rules_opened[0].id} now" in text


def test_what_nothing_needs_is_closed_without_a_word():
    compared = compare_reports(plan(HERE, SECOND), plan(HERE))
    [rule] = compared.rules_closed
    assert StillNeeded(compared).mark(rule) == ""
    assert STAYS_OPEN not in say_kept(compared)["closed"]
    html = read("html", CHANGE_FORMATS["html"].render(compared, Editions(before="a", after="b")))
    assert NOTHING_NEEDS in html
    assert REST not in html


def test_a_part_of_a_rule_that_is_still_needed_is_said_to_be_a_part():
    compared = compare_reports(plan(HERE, SECOND), plan(THERE))
    [rule] = compared.rules_closed
    assert StillNeeded(compared).say(rule) == f"in part, as {compared.rules_opened[0].id} now"


@pytest.mark.parametrize("name", ["markdown", "html", "xlsx"])
def test_rules_of_an_endpoint_that_moved_to_another_address_are_not_said_to_stay(name):
    """All of them are to open and to close: of whom else there is, the others stay."""
    compared = compare_reports(plan(HERE), plan(("SQL01", "Vault DB", "10.1.2.20")))
    assert len(compared.addresses) == len(compared.rules_opened) == len(compared.rules_closed) == 1
    text = read(name, CHANGE_FORMATS[name].render(compared, Editions(before="a", after="b")))
    assert "rules of these endpoints stay" not in text
    assert "What of the rules of these endpoints is neither to open nor to close stays" in text


def test_what_goes_on_within_a_zone_names_no_rule():
    compared = compare_reports(plan(HERE), plan(HERE, web="Data"))
    assert not compared.rules_opened
    assert StillNeeded(compared).say(*compared.rules_closed) == "within a zone now"
