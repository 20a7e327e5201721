"""Zones and endpoints in a real browser: with the mouse, with the keyboard alone, and without JavaScript."""

import pytest
from playwright.sync_api import expect

from tests.e2e.axe import violations
from tests.report.samples import contoso, sites
from tests.web.views.pages import store


@pytest.fixture
def address(site):
    return f"/plans/{store(contoso())[1]}/"


def saved(page, revision):
    expect(page.locator("#state")).to_have_text(f"Saved · revision {revision}")


def follow(page, revision):
    """Add, edit, move, duplicate and delete, each time to the next revision."""
    page.get_by_role("link", name="Add endpoint").click()
    page.get_by_label("Name", exact=True).fill("Relay")
    page.get_by_label("Zone", exact=True).select_option("DMZ")
    page.get_by_role("button", name="Add", exact=True).click()
    saved(page, revision + 1)
    expect(page.locator("#editor-title")).to_have_text("Edit Relay")
    page.get_by_label("Addresses").fill("10.3.3.3")
    page.get_by_role("button", name="Save", exact=True).click()
    saved(page, revision + 2)
    page.get_by_label("Zone", exact=True).select_option("Internal")
    page.get_by_role("button", name="Save", exact=True).click()
    saved(page, revision + 3)
    page.get_by_role("button", name="Duplicate").click()
    saved(page, revision + 4)
    expect(page.locator("#editor-title")).to_have_text("Edit Relay 2")
    page.get_by_role("button", name="Delete").click()
    saved(page, revision + 5)
    expect(page.locator("#editor-title")).to_have_count(0)
    expect(page.locator("#panel")).to_contain_text("10.3.3.3")
    expect(page.locator("#panel")).not_to_contain_text("Relay 2")


@pytest.mark.parametrize("scripts", [True, False], ids=["htmx", "plain"])
def test_an_endpoint_is_added_edited_duplicated_deleted_and_undone_and_a_zone_is_deleted(open_page, address, scripts):
    page = open_page(java_script_enabled=scripts)
    page.goto(address)
    follow(page, 1)
    page.get_by_role("button", name="Undo").click()
    saved(page, 7)
    expect(page.locator("#panel")).to_contain_text("Relay 2")

    page.get_by_role("link", name="Edit DMZ").click()
    page.get_by_role("button", name="Delete", exact=True).click()
    page.get_by_role("button", name="Delete the zone and 2 endpoints").click()
    saved(page, 8)
    expect(page.get_by_role("link", name="Edit Portal")).to_have_count(0)


def test_an_endpoint_is_edited_with_the_keyboard_alone_and_a_fault_keeps_what_was_typed(page, address):
    page.goto(address)
    page.get_by_role("link", name="Edit DC01").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#editor-title")).to_be_focused()
    for _ in range(8):
        page.keyboard.press("Tab")
        if page.locator("#endpoint-addresses").evaluate("field => field === document.activeElement"):
            break
    expect(page.locator("#endpoint-addresses")).to_be_focused()
    page.keyboard.press("Control+A")
    page.keyboard.type("10.4.4.4")
    page.locator("#endpoint-save").focus()
    page.keyboard.press("Enter")
    saved(page, 2)
    expect(page.locator("#endpoint-save")).to_be_focused()
    # htmx gets to know the links of an answer a moment after they are there; until then they are plain links.
    expect(page.locator(".htmx-settling")).to_have_count(0)
    page.locator("#editor-close").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="Edit DC01")).to_be_focused()

    page.keyboard.press("Enter")
    page.get_by_label("Addresses").fill("10.0.0.7/24")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator("#endpoint-addresses-error")).to_contain_text("host bits")
    expect(page.get_by_label("Addresses")).to_have_value("10.0.0.7/24")
    page.get_by_label("Addresses").fill("10.0.0.20")
    page.reload()
    expect(page.locator("#editor-title")).to_have_text("Edit DC01")


def test_one_of_hundreds_of_sites_is_found_and_edited(page, site):
    page.goto(f"/plans/{store(sites(300))[1]}/")
    page.get_by_label("Edit endpoint or zone").fill("w277")
    page.get_by_label("Edit endpoint or zone").press("Enter")
    expect(page.locator("#editor-title")).to_have_text("Edit W277")
    assert not violations(page)
