"""What isn't needed and what must stay closed, in a browser: excluding a flow, a row, and an endpoint's own port."""

import re

import pytest
from playwright.sync_api import expect

from tests.e2e.test_topology import saved
from tests.report.samples import contoso
from tests.web.views.pages import document_of, store


@pytest.fixture
def plan(site):
    return store(contoso())


def test_a_flow_is_excluded_where_it_stands_and_taken_back(open_page, plan):
    row, key = plan
    page = open_page()
    page.goto(f"/plans/{key}/?view=flows&source_endpoint=PS01&destination_endpoint=DC01")
    line = page.locator("table.flows tr", has_text="tcp 636")
    line.get_by_role("link", name="Not needed here …").click()
    reason = page.get_by_label("Why not")
    expect(reason).to_be_focused()
    expect(page).to_have_url(re.compile("panel=excluded.*from=PS01"))
    page.keyboard.type("Nobody binds by it")
    page.get_by_role("button", name="Exclude it").click()
    saved(page, 2)
    expect(page).not_to_have_url(re.compile("from="))
    expect(line).to_have_count(0)
    expect(page.locator("table.excluded")).to_contain_text("Nobody binds by it")
    expect(page.locator("#tab-excluded")).to_have_text(re.compile(r"Excluded\s+1"))
    assert document_of(row)["exclusions"][0]["reason"] == "Nobody binds by it"
    page.get_by_role("button", name="Take it back").click()
    saved(page, 3)
    expect(page.locator("#excluded-title")).to_be_focused()
    expect(line).to_have_count(1)


def test_something_is_kept_closed_and_policies_are_pasted(open_page, plan):
    row, key = plan
    page = open_page()
    page.goto(f"/plans/{key}/?panel=closed")
    page.locator("#never-source").select_option("Internet")
    page.locator("#never-destination").select_option("DMZ")
    page.locator("#never-reason").fill("Policy 1")
    page.get_by_role("button", name="Keep it closed").click()
    saved(page, 2)
    expect(page.locator("#panel .chip-bad")).to_have_text("broken")
    page.get_by_text("Paste zone policies").click()
    page.get_by_label("A table from zone to zone").fill("from,to,service,never\nDMZ,Moon,any,yes")
    page.get_by_role("button", name="Add the policies").click()
    expect(page.locator("#policies-errors")).to_contain_text("Line 2, to: There is no zone “Moon”")
    page.get_by_label("A table from zone to zone").fill("from,to,service,never\nDMZ,Internal,tcp/3389,yes")
    page.get_by_role("button", name="Add the policies").click()
    saved(page, 3)
    assert len(document_of(row)["never"]) == 2


def test_an_endpoint_gets_a_choice_and_a_port_of_its_own(open_page, plan):
    row, key = plan
    page = open_page()
    page.goto(f"/plans/{key}/?edit=ESX01")
    page.locator("#endpoint-own-summary").click()
    page.locator("#endpoint-choice-esxi").select_option("powercli")
    page.locator("#endpoint-port-ssh").fill("70000")
    page.locator("#endpoint-save").click()
    expect(page.locator("#endpoint-port-ssh-error")).to_contain_text("outside 1 to 65535")
    page.locator("#endpoint-port-ssh").fill("2222")
    page.locator("#endpoint-save").click()
    saved(page, 2)
    own = next(item for item in document_of(row)["endpoints"] if item["name"] == "ESX01")
    assert (own["choices"], own["ports"]) == ({"esxi": "powercli"}, {"ssh": "2222"})
    page.locator("#editor-close").click()
    expect(page.locator("#panel .own-setting")).to_have_count(2)
