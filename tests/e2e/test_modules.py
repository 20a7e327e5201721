"""Modules, decisions with their numbers and flows of one's own in a real browser, with and without JavaScript."""

import re

import pytest
from playwright.sync_api import expect

from tests.e2e.axe import violations
from tests.e2e.tabs import DESKTOP
from tests.report.samples import contoso, sites
from tests.web.views.pages import store

both = pytest.mark.parametrize("scripts", [True, False], ids=["htmx", "plain"])


@pytest.fixture
def address(site):
    return f"/plans/{store(contoso())[1]}/"


def saved(page, revision):
    expect(page.locator("#state")).to_have_text(f"Saved · revision {revision}")


@both
def test_a_module_goes_on_and_off_undo_brings_it_back_and_off_asks_before_a_loss(open_page, address, scripts):
    page = open_page(java_script_enabled=scripts)
    page.goto(address)
    switch = page.get_by_role("switch", name="High availability")
    expect(switch).not_to_be_checked()
    switch.click()
    saved(page, 2)
    expect(switch).to_be_checked()
    if scripts:
        expect(switch).to_be_focused()
    expect(page.get_by_role("link", name="Edit PS02")).to_be_visible()
    switch.click()
    saved(page, 3)
    expect(switch).not_to_be_checked()
    expect(page.get_by_role("link", name="Edit PS02")).to_have_count(0)
    page.get_by_role("button", name="Undo").click()
    saved(page, 4)
    expect(switch).to_be_checked()
    expect(page.get_by_role("link", name="Edit PS02")).to_be_visible()
    page.locator("#module-sites-summary").click()
    page.locator("#module-sites-names").fill("Oslo\n" + "x" * 200)
    page.locator("#module-sites-apply").click()
    saved(page, 5)
    expect(page.locator("#module-sites-now")).to_contain_text("2 remote sites: Oslo, xxx")
    switch = page.get_by_role("switch", name="Remote sites")
    switch.click()
    expect(page.locator("#module-sites")).to_contain_text("the zone “Oslo” with Oslo agent")
    expect(page.locator("#module-sites-confirm")).to_be_focused()
    for width in (360, DESKTOP["width"]):
        page.set_viewport_size({"width": width, "height": DESKTOP["height"]})
        assert page.evaluate("document.documentElement.scrollWidth") <= width, "a long name is broken"
    page.get_by_role("link", name="Leave it as it is").click()
    expect(page.locator("#module-sites-confirm")).to_have_count(0)
    saved(page, 5)
    switch.click()
    page.get_by_role("button", name="Switch it off all the same").click()
    saved(page, 6)
    expect(page.locator("#module-sites-now")).to_have_text("not used")


def test_another_option_is_chosen_with_the_keyboard_alone_and_names_with_a_fault_stay_and_are_told(page, address):
    page.goto(address)
    page.locator("#module-portal-summary").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowUp")
    expect(page.get_by_role("radio", name=re.compile("the portal stands inside"))).to_be_checked()
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")  # past who uses it
    page.keyboard.press("Enter")
    saved(page, 2)
    expect(page.locator("#module-portal-now")).to_have_text(
        "Yes, the portal stands inside · Portal · Portal users: People on the internet"
    )
    expect(page.locator("#module-portal-apply")).to_be_focused()
    page.get_by_role("switch", name="Remote sites").click()
    expect(page.locator("#module-sites-error")).to_have_text("Write at least one name, one a line.")
    expect(page.locator("#module-sites-names")).to_be_focused()
    page.keyboard.type("Oslo\nDMZ")
    page.locator("#module-sites-apply").click()
    expect(page.locator("#module-sites-error")).to_contain_text("DMZ")
    expect(page.locator("#module-sites-names")).to_have_value("Oslo\nDMZ")
    page.locator("#module-sites-names").fill("Oslo")
    page.locator("#module-sites-apply").click()
    saved(page, 3)


@pytest.mark.parametrize("scripts", [True, False], ids=["htmx", "plain"])
def test_one_click_decides_and_the_report_keeps_what_the_numbers_said(open_page, address, scripts):
    page = open_page(java_script_enabled=scripts)
    page.goto(f"{address}?panel=decisions")
    rules = int(page.locator("#view-rules .count").inner_text())
    option = page.locator("label", has=page.locator("#choice-esxi-ssh"))
    fewer = int(re.search(r"(\d+) rules? fewer", option.locator(".weight").inner_text())[1])
    assert fewer > 0
    page.locator("#choice-esxi-ssh").check()
    if not scripts:
        page.locator("form.decision", has=page.locator("#choice-esxi-ssh")).get_by_role("button").click()
    saved(page, 2)
    expect(page.locator("#view-rules .count")).to_have_text(str(rules - fewer))
    expect(page.locator("#choices-open")).to_have_count(0)


@both
def test_a_flow_of_ones_own_is_added_changed_and_deleted(open_page, address, scripts):
    page = open_page(java_script_enabled=scripts)
    page.goto(address)
    page.locator("#tab-exceptions").click()  # the plan has none, so that the first of its parts is open
    page.locator("#own-source").select_option("DC01")
    page.locator("#own-destination").select_option("Portal")
    page.locator("#own-new-ports").fill("99999")
    page.locator("#own-new-reason").fill("Time")
    page.get_by_role("button", name="Add the flow").click()
    expect(page.locator("#own-new-ports-error")).to_contain_text("outside 1 to 65535")
    expect(page.locator("#own-source")).to_have_value("DC01")
    page.locator("#own-new-ports").fill("123")
    page.locator("#own-new-protocol").select_option("udp")
    page.get_by_role("button", name="Add the flow").click()
    saved(page, 2)
    expect(page.locator("#report")).to_contain_text("udp 123")
    flow = page.locator(".own-flow", has_text="Time")
    flow.locator("summary").click()
    flow.get_by_label("Reason").fill("Time, NTP")
    flow.get_by_role("button", name="Save").click()
    saved(page, 3)
    expect(page.locator("#report")).to_contain_text("Time, NTP")
    page.get_by_role("button", name="Delete the flow from DC01 to Portal").click()
    saved(page, 4)
    expect(page.locator("table.rules").get_by_text("udp 123")).to_have_count(0)
    if scripts:
        expect(page.locator("#own-title")).to_be_focused()


def test_hundreds_of_sites_have_cards_and_forms_like_any_other_plan(page, site):
    address = f"/plans/{store(sites(300))[1]}/"
    page.goto(address)
    expect(page.locator("#module-sites-now")).to_contain_text("300 remote sites")
    page.get_by_role("switch", name="Remote sites").click()
    expect(page.locator("#module-sites")).to_contain_text("and 288 more")
    assert not violations(page)
    page.goto(f"{address}?panel=own")
    page.locator("#own-source").fill("A277")
    page.locator("#own-destination").fill("PS01")
    page.locator("#own-new-ports").fill("123")
    page.locator("#own-new-reason").fill("Time")
    page.get_by_role("button", name="Add the flow").click()
    saved(page, 2)
    assert not violations(page)
