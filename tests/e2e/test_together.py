"""Several people on one plan: two browsers, one document."""

import re

import pytest
from playwright.sync_api import expect

from planner.models import Plan
from tests.e2e.test_walk import start
from tests.views.pages import give


@pytest.fixture
def two(open_page):
    """Two browsers that look at the same plan."""
    one, other = open_page(), open_page()
    start(one, "Everything")
    give(Plan.objects.get())
    other.goto(one.url)
    return one, other


def override_port(page, service, value):
    page.get_by_role("link", name=re.compile("^Ports")).click()
    field = page.get_by_label(service, exact=True)
    field.fill(value)
    field.press("Tab")


def test_a_change_of_one_shows_on_the_screen_of_the_other(two):
    one, other = two
    override_port(one, "SSH", "2222")
    expect(other.locator("#state")).to_have_text("Saved · revision 2")
    expect(other.locator("#report").get_by_text("tcp 2222").first).to_be_visible()


def test_a_change_of_one_leaves_what_the_other_types(two):
    one, other = two
    other.get_by_role("link", name=re.compile("^Ports")).click()
    field = other.get_by_label("VNC", exact=True)
    field.press_sequentially("59")
    override_port(one, "SSH", "2222")
    expect(other.locator("#state")).to_have_text("Saved · revision 2")
    expect(field).to_be_focused()
    expect(field).to_have_value("59")
    field.press_sequentially("01")
    field.press("Tab")
    expect(other.locator("#state")).to_have_text("Saved · revision 3")
    expect(one.locator("#report").get_by_text("tcp 5901").first).to_be_visible()


def test_the_second_to_change_a_field_is_told_and_keeps_the_input(two):
    one, other = two
    other.get_by_role("link", name=re.compile("^Ports")).click()
    field = other.get_by_label("SSH", exact=True)
    field.fill("2299")
    override_port(one, "SSH", "2222")
    expect(other.locator("#state")).to_have_text("Saved · revision 2")
    field.press("Tab")
    expect(other.get_by_text(re.compile("Someone changed the same thing"))).to_be_visible()
    expect(field).to_have_value("2299")
    field.press("Enter")
    expect(other.locator("#state")).to_have_text("Saved · revision 3")
    expect(one.locator("#report").get_by_text("tcp 2299").first).to_be_visible()


def test_who_else_is_looking_is_shown_by_the_chosen_name(two):
    one, other = two
    other.locator("#viewers").click()
    other.get_by_label("Your name for the others").fill("Kim")
    other.get_by_role("button", name="Use it").click()
    one.locator("#viewers").click()
    expect(one.locator("#viewer-names")).to_have_text("Also looking: Kim.", timeout=15_000)


def test_undo_and_redo_by_keyboard_and_by_button(page):
    start(page, "Everything")
    override_port(page, "SSH", "2222")
    expect(page.locator("#state")).to_have_text("Saved · revision 2")
    page.locator("#view-rules").focus()
    page.keyboard.press("Control+z")
    expect(page.locator("table.rules").get_by_text("tcp 2222")).to_have_count(0)
    expect(page.locator("#state")).to_have_text("Saved · revision 3")
    page.get_by_role("button", name="Redo").click()
    expect(page.locator("#report").get_by_text("tcp 2222").first).to_be_visible()
