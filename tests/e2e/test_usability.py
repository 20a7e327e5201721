"""What a planning session costs in clicks and pastes, counted by the browser; docs/usability.md has the numbers.

A click is a press of the pointer; a paste is one, however much is pasted. What is typed isn't counted.
"""

import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from planner.store.models import Plan, RuleState
from tests.e2e.test_endpoints_table import PASTE, cell, ready, save, state
from tests.e2e.test_guided_start import answer
from tests.e2e.test_walk import start
from tests.report.samples import contoso, write_plan
from tests.web.views.pages import document_of, store

PAGE = Path(__file__).resolve().parents[2] / "docs" / "usability.md"
RULES = ".rules tr[id]"
COUNT = """
  document.addEventListener("pointerdown", () => {
    sessionStorage.setItem("clicks", Number(sessionStorage.getItem("clicks")) + 1);
  }, true);
  document.addEventListener("input", ({target}) => {
    const fields = new Set(JSON.parse(sessionStorage.getItem("fields") ?? "[]")).add(target.id);
    sessionStorage.setItem("fields", JSON.stringify([...fields]));
  }, true);
"""
ANSWERS = [
    ("SQL Server", "On a server of its own, behind a firewall"),
    ("High availability", "Passive, in a second data centre"),
    ("LDAP as UDP 389 only", "Follow practice"),
    ("Self-destruct messages", "On a site of its own"),
    ("Message readers", "People on the internet"),
    ("Password Reset Portal", "Yes, in the DMZ"),
    ("Portal users", "People on the internet"),
    ("Systems at the main site", "Linux and Mac"),
    ("Systems at the main site", "Active Directory accounts"),
    ("Systems at the main site", "Network devices"),
    ("Systems at the main site", "VMware ESXi"),
    ("Systems at the main site", "Microsoft SQL Server"),
]
"""A deployment with a second data centre, a portal, push/pull messages, two sites and five kinds of systems."""


@pytest.fixture
def counted(open_page):
    """A page whose clicks are counted."""
    page = open_page()
    page.add_init_script(COUNT)
    return page


def clicks(page):
    return int(page.evaluate("Number(sessionStorage.getItem('clicks') ?? 0)"))


def fields(page):
    return len(page.evaluate("JSON.parse(sessionStorage.getItem('fields') ?? '[]')"))


def promised():
    """By what is done: at most how many clicks, and how many there were, as the page has them."""
    rows = re.findall(r"^\| ([^|]+) \| (\d+)[^|]* \| (\d+)[^|]* \|$", PAGE.read_text("utf-8"), re.MULTILINE)
    return {what: (int(most), int(measured)) for what, most, measured in rows}


def hold(page, what, counted=clicks):
    most, measured = promised()[what]
    assert counted(page) == measured
    assert measured <= most


def paste_addresses(page, names):
    """Into the first cell of the column, by Ctrl+V's event, one address for each row."""
    first = cell(page, f"Addresses of {names[0]}")
    first.click()
    there = [cell(page, f"Addresses of {name}").input_value() for name in names]
    block = "\n".join(known or f"10.20.0.{place}" for place, known in enumerate(there, 1))
    page.evaluate(PASTE, [first.element_handle(), block])


def test_twenty_addresses_take_eight_clicks_at_most(counted):
    names = [f"W{number}" for number in range(20)]
    row, key = store(write_plan(*({"name": name, "zone": "DMZ"} for name in names)))
    counted.goto(f"/plans/{key}/")
    counted.get_by_role("link", name="Edit as a table").click()
    paste_addresses(ready(counted), names)
    save(counted)
    expect(state(counted)).to_have_text("Saved · revision 2")
    assert [len(endpoint["addresses"]) for endpoint in document_of(row)["endpoints"]] == [1] * 20
    hold(counted, "20 addresses of a plan from a spreadsheet")


def test_a_realistic_deployment_from_nothing_to_the_pdf_takes_25_clicks_and_one_paste(counted):
    counted.goto("/")
    counted.get_by_role("link", name="Begin with the questions").click()
    for question, option in ANSWERS:
        answer(counted, question, option)
    sites = counted.get_by_label(re.compile("^Remote sites"))
    sites.click()
    counted.keyboard.insert_text("Oslo\nBerlin")
    expect(counted.locator("#preview")).to_contain_text("2 remote sites")
    answer(counted, "Managed at each site", "Linux and Mac")
    counted.get_by_role("button", name="Make the plan").click()
    counted.wait_for_url(re.compile(r"/plans/[\w-]{36}/"))
    plan = Plan.objects.get()
    names = [endpoint["name"] for endpoint in plan.document["endpoints"]]
    counted.get_by_role("link", name="Edit as a table").click()
    paste_addresses(ready(counted), names)
    save(counted)
    expect(state(counted)).to_have_text("Saved · revision 2")
    counted.get_by_role("link", name=plan.name).click()
    with counted.expect_download() as download:
        counted.get_by_role("link", name="Download PDF").click()
    assert download.value.suggested_filename.endswith(".pdf")
    endpoints = document_of(plan)["endpoints"]
    assert sum(1 for endpoint in endpoints if endpoint["addresses"] != ["any"]) == len(endpoints) - 1 == 21
    hold(counted, "A realistic deployment with its 21 addresses, from nothing to the PDF")


def test_a_rule_is_found_by_an_address_in_one_field(counted):
    counted.goto(f"/plans/{store(contoso())[1]}/")
    total = counted.locator(RULES).count()
    counted.keyboard.press("/")
    counted.keyboard.type("10.0.0.10")
    counted.wait_for_url("**text=10.0.0.10**")
    found = counted.locator(RULES)
    expect(found.first).to_contain_text("10.0.0.10")
    expect(found).not_to_have_count(total)
    assert 0 < found.count() < total
    hold(counted, "A rule found by an address", fields)


def test_a_ticket_number_is_on_ten_rules_after_four_clicks_at_most(counted):
    start(counted, "Everything")
    total = counted.locator(RULES).count()
    assert total >= 10
    counted.get_by_label("Select all shown").check()
    expect(counted.locator("#picked")).to_have_text(f"{total} selected")
    ticket = counted.get_by_label("Ticket")
    ticket.click()
    ticket.press_sequentially("CHG-4711")
    counted.get_by_role("button", name=f"Set state of {total} rules").click()
    expect(counted.locator("td[data-label=State]").get_by_text("CHG-4711")).to_have_count(total)
    expect(counted.locator("#picked")).to_have_text("")
    assert RuleState.objects.filter(state="requested", ticket="CHG-4711").count() == total
    hold(counted, "A ticket number on ten rules or more")
