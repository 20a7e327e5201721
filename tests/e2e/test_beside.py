"""Editing beside the list, by keys: saved, on to the next with the field focused, closed; never without a focus."""

import pytest
from playwright.sync_api import expect

from planner.store.models import Plan
from tests.e2e.axe import Looks, violations
from tests.web.views.pages import give, store
from tests.web.views.test_beside import PLAN


@pytest.fixture
def address(site):
    return f"/plans/{store(PLAN)[1]}/"


def test_addresses_are_typed_one_endpoint_after_the_other_without_leaving_the_field(page, address):
    page.goto(f"{address}?edit=First")
    field = page.get_by_label("Addresses", exact=True)
    field.fill("10.0.0.50")
    page.get_by_role("button", name="Save and next").click()
    expect(page.locator("#editor-title")).to_have_text("Edit Second")
    expect(field).to_be_focused()
    page.keyboard.type("10.0.0.51")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#state")).to_have_text("Saved · revision 3")
    expect(field).to_be_focused()
    ends = {end["name"]: end.get("addresses") for end in Plan.objects.get().document["endpoints"]}
    assert (ends["First"], ends["Second"]) == (["10.0.0.50"], ["10.0.0.51"])


# Whoever types ahead, or a machine with much to do, brings an event right after the answer that made its form: keys
# and clicks come in tasks of their own, the first of which can be the next one.
RIGHT_AFTER = """
([value, act]) => document.addEventListener("htmx:afterSwap", () => setTimeout(() => {
  const field = document.getElementById("endpoint-addresses");
  field.value = value;
  if (act === "key") {
    field.dispatchEvent(new KeyboardEvent("keydown", {key: "Enter", ctrlKey: true, bubbles: true, cancelable: true}));
  } else {
    field.form.requestSubmit(document.getElementById("endpoint-save"));
  }
}), {once: true})
"""


@pytest.mark.parametrize("act", ["key", "submit"])
def test_what_an_answer_brought_is_sent_without_leaving_the_page_from_the_first_moment(page, address, act):
    page.goto(f"{address}?edit=First")
    left = []
    page.on("request", lambda request: left.append(request.url) if request.is_navigation_request() else None)
    field = page.get_by_label("Addresses", exact=True)
    field.fill("10.0.0.50")
    page.evaluate(RIGHT_AFTER, ["10.0.0.51", act])
    page.get_by_role("button", name="Save and next").click()
    expect(page.locator("#state")).to_have_text("Saved · revision 3")
    expect(field).to_be_focused()
    assert left == []
    ends = {end["name"]: end.get("addresses") for end in Plan.objects.get().document["endpoints"]}
    assert (ends["First"], ends["Second"]) == (["10.0.0.50"], ["10.0.0.51"])


def test_control_shift_enter_goes_on_to_the_next(page, address):
    page.goto(f"{address}?edit=First")
    page.get_by_label("Addresses", exact=True).press("Control+Shift+Enter")
    expect(page.locator("#editor-title")).to_have_text("Edit Second")


def test_j_and_k_go_to_the_next_and_the_previous_but_not_while_one_types(page, address):
    page.goto(f"{address}?edit=First")
    expect(page.locator("#editor-title")).to_be_focused()
    page.keyboard.press("j")
    expect(page.locator("#editor-title")).to_have_text("Edit Second")
    expect(page.locator("#editor-title")).to_be_focused()
    page.keyboard.press("k")
    expect(page.locator("#editor-title")).to_have_text("Edit First")
    page.get_by_label("Name", exact=True).fill("")
    page.keyboard.type("jk")
    expect(page.get_by_label("Name", exact=True)).to_have_value("jk")
    expect(page.locator("#editor-title")).to_have_text("Edit First")


def test_escape_closes_and_the_focus_is_where_it_came_from(page, address):
    page.goto(f"{address}?edit=First")
    expect(page.locator("#editor-title")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("#panel a[data-endpoint=First]")).to_be_focused()
    page.keyboard.press("j")
    expect(page.locator("#panel a[data-endpoint=Second]")).to_be_focused()


def test_escape_asks_if_something_is_not_saved(page, address):
    page.goto(f"{address}?edit=First")
    field = page.get_by_label("Addresses", exact=True)
    field.fill("10.0.0.50")
    asked = []
    page.once("dialog", lambda dialog: (asked.append(dialog.message), dialog.dismiss()))
    field.press("Escape")
    expect(field).to_be_focused()
    expect(field).to_have_value("10.0.0.50")
    assert asked == ["What you have typed isn't saved. Leave it? It is kept, and offered again."]
    page.once("dialog", lambda dialog: dialog.accept())
    field.press("Escape")
    expect(page.locator(".draft-restore")).to_be_visible()


def test_what_another_deletes_meanwhile_is_made_again(open_page, address):
    one, other = open_page(), open_page()
    one.goto(f"{address}?edit=Second")
    give(Plan.objects.get())
    other.goto(f"{address}?edit=Second")
    one.get_by_label("Addresses", exact=True).fill("10.0.0.77")
    other.get_by_role("button", name="Delete", exact=True).click()
    expect(one.locator("#state")).to_have_text("Saved · revision 2")
    one.get_by_role("button", name="Save", exact=True).click()
    again = one.get_by_role("button", name="Make it again")
    again.click()
    expect(one.locator("#state")).to_have_text("Saved · revision 3")
    expect(one.get_by_label("Addresses", exact=True)).to_have_value("10.0.0.77")
    assert one.evaluate("document.activeElement !== document.body")


def test_after_deleting_the_focus_is_somewhere(page, address):
    page.goto(f"{address}?edit=Second")
    page.get_by_role("button", name="Delete", exact=True).click()
    expect(page.locator("#state")).to_have_text("Saved · revision 2")
    page.wait_for_function("document.activeElement !== document.body")


@pytest.mark.parametrize("width", [1440, 390])
def test_save_is_in_sight_wherever_one_is_in_the_form(open_page, address, width):
    page = open_page(width=width)
    page.goto(f"{address}?edit=First&at=roles#endpoint-roles-summary")
    expect(page.locator("#endpoint-save")).to_be_in_viewport(ratio=1)
    if width == 1440:
        assert Looks((width, "light"), (360, "dark")).find_faults(page) == []


def test_several_are_changed_at_once_and_undone_with_one_click(page, address):
    page.goto(address)
    page.get_by_role("link", name="Change several").click()
    expect(page.locator("#editor-title")).to_be_focused()
    page.get_by_role("checkbox", name="First", exact=True).check()
    page.get_by_role("checkbox", name="Second", exact=True).check()
    page.get_by_label("Move them to").select_option("DMZ")
    assert violations(page) == []
    page.get_by_role("button", name="Change them").click()
    expect(page.locator("#state")).to_have_text("Saved · revision 2")
    assert {end["zone"] for end in Plan.objects.get().document["endpoints"]} == {"DMZ"}
    page.wait_for_function("document.activeElement !== document.body")
    page.locator("#undo").click()
    expect(page.locator("#state")).to_have_text("Saved · revision 3")
    assert [end["zone"] for end in Plan.objects.get().document["endpoints"]] == ["DMZ", "Internal", "Internal"]
