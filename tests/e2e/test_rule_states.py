"""Rules are given states by hand: many at once in few clicks, by two people, by the network team, without a mouse."""

import re

import pytest
from playwright.sync_api import expect

from planner.sharing import links
from planner.store.holders import Holder
from planner.store.models import make_token
from tests.e2e.axe import WIDTH, Looks
from tests.e2e.tabs import DESKTOP
from tests.store.test_lives import change, give
from tests.web.views.pages import store


@pytest.fixture
def plan(site):
    return store()[0]


def show(page, plan, end=""):
    page.goto(f"/plans/{plan.key}/{end}")
    return page


def box(page, rule):
    return page.get_by_label(f"Select {rule}", exact=True)


def first_rule(page):
    return page.locator(".rules tr[id]").first.get_attribute("id").removeprefix("rule-")


def state_of(page, rule):
    return page.locator(f"[id='rule-{rule}'] td[data-label=State]")


def unfold(page):
    if page.locator("#state-fields").get_attribute("open") is None:
        page.locator("#state-summary").click()


def test_without_a_mouse_a_rule_is_chosen_and_given_a_state_and_has_a_page_with_its_history(page, plan):
    show(page, plan)
    rule = first_rule(page)
    box(page, rule).focus()
    page.keyboard.press("Space")
    expect(page.get_by_role("button", name="Set state of 1 rule")).to_be_visible()
    page.locator("#state-state").focus()
    page.keyboard.press("a")
    page.keyboard.press("p")
    page.get_by_label("Owner").focus()
    page.keyboard.type("Kim")
    page.keyboard.press("Enter")
    expect(state_of(page, rule)).to_contain_text("Approved")
    page.wait_for_function("document.activeElement !== document.body")
    state_of(page, rule).get_by_role("link").click()
    expect(page).to_have_title(re.compile(f"^{rule}"))
    page.get_by_label("State", exact=True).select_option("verified")
    page.get_by_label("Comment").fill("Seen on the firewall")
    page.get_by_role("button", name="Save").click()
    expect(state_of(page, rule)).to_contain_text("Verified")
    state_of(page, rule).get_by_role("link").click()
    expect(page.locator(".state-history")).to_contain_text("Seen on the firewall")


@pytest.fixture
def two(open_page, plan):
    return show(open_page(), plan), show(open_page(), plan)


def test_what_one_sets_shows_on_the_screen_of_the_other_who_keeps_what_they_type(two):
    one, other = two
    rule = first_rule(one)
    box(other, rule).check()
    other.get_by_label("Ticket").fill("CHG-2")
    box(one, rule).check()
    one.locator("#state-state").select_option("rejected")
    one.locator("#state-save").click()
    expect(state_of(other, rule)).to_contain_text("Rejected")
    expect(other.get_by_label("Ticket")).to_have_value("CHG-2")
    expect(box(other, rule)).not_to_be_checked()


def test_who_sends_first_counts_and_the_other_is_told(open_page, plan):
    one, other = show(open_page(), plan), show(open_page(status=0), plan)
    rule = first_rule(one)
    other.route("**/pulse/**", lambda route: route.abort())  # its page learns of nothing
    box(other, rule).check()
    other.locator("#state-state").select_option("implemented")
    box(one, rule).check()
    one.locator("#state-state").select_option("rejected")
    one.locator("#state-save").click()
    expect(state_of(one, rule)).to_contain_text("Rejected")
    other.locator("#state-save").click()
    expect(other.locator("#state-form [role=alert]")).to_contain_text(f"{rule}: rejected")
    expect(box(other, rule)).to_be_checked()
    other.get_by_role("button", name="Set state of 1 rule").click()
    expect(state_of(other, rule)).to_contain_text("Implemented")
    expect(state_of(one, rule)).to_contain_text("Implemented")
    box(one, rule).check()
    one.locator("#tab-ports").click()
    expect(one.locator("#tab-ports")).to_have_attribute("aria-current", "page")
    box(one, rule).uncheck()
    one.go_back()
    expect(one.locator("#tab-topology")).to_have_attribute("aria-current", "page")
    expect(box(one, rule)).not_to_be_checked()


def test_what_is_typed_for_rules_outlives_a_refusal_and_changes_of_the_plan(page, plan):
    show(page, plan, "?panel=ports")
    picks = page.locator("input[name=rule][form=state-form]")
    picks.nth(0).check()
    picks.nth(1).check()
    unfold(page)
    page.locator("#state-ticket").evaluate("field => { field.maxLength = 600; }")
    page.locator("#state-ticket").fill("CHG-7 " * 90)
    page.locator("#state-comment").fill("Seen by night")
    page.locator("#state-save").click()
    expect(page.locator("#state")).to_have_text("Not saved: see the form")
    assert page.locator("#panel").get_attribute("data-unsaved") is None, "nothing of it is refused"
    picks.nth(1).uncheck()
    page.locator("#state-review").focus()
    page.keyboard.type("1212")  # day and month: without a year it is no date yet
    change(plan, lambda document: document["endpoints"][0].update(addresses=["10.9.9.9"]))
    expect(page.locator("#state")).to_have_text("Saved · revision 2")
    expect(page.locator("#state-comment")).to_have_value("Seen by night")
    page.keyboard.type("2027")
    expect(page.locator("#state-review")).to_have_value("2027-12-12")
    page.get_by_label("SSH", exact=True).fill("2222")
    page.get_by_label("SSH", exact=True).press("Tab")
    expect(page.locator("#state")).to_have_text("Saved · revision 3")
    expect(page.locator("#state-comment")).to_have_value("Seen by night")
    expect(picks.nth(0)).to_be_checked()
    expect(picks.nth(1)).not_to_be_checked()


def test_without_scripts_the_same_forms_work(open_page, plan):
    page = show(open_page(java_script_enabled=False), plan)
    rule = first_rule(page)
    expect(page.get_by_label("Select all shown")).to_be_hidden()
    box(page, rule).check()
    unfold(page)
    page.locator("#state-state").select_option("approved")
    page.locator("#state-save").click()
    expect(state_of(page, rule)).to_contain_text("Approved")


@pytest.fixture
def shared(plan):
    token = make_token()
    terms = links.Terms(label="Network team", may_report=True)
    links.make_link(plan=plan, terms=terms, token=token, holder=Holder(name="Ada"))
    return f"/shared/{token}/"


def test_the_network_team_reports_by_its_link_and_the_planner_sees_who(open_page, plan, shared):
    planner, reader = show(open_page(), plan), open_page()
    reader.goto(shared)
    rule = first_rule(reader)
    box(reader, rule).check()
    reader.get_by_label("Your name").fill("Kim")
    reader.locator("#state-state").select_option("implemented")
    reader.get_by_label("Ticket").fill("NET-9")
    reader.get_by_role("button", name="Set state of 1 rule").click()
    expect(state_of(reader, rule)).to_contain_text("NET-9")
    expect(state_of(planner, rule)).to_contain_text("Implemented")
    state_of(planner, rule).get_by_role("link", name="Implemented").click()
    expect(planner.locator(".state-history")).to_contain_text("Kim · by the link Network team")


def test_pages_with_states_have_no_violation(page, plan, shared):
    looks = Looks((1440, "light"), (390, "dark"))
    give(plan, state="requested", ticket="CHG-1", owner="Kim")
    change(plan, lambda document: document["endpoints"][0].update(addresses=["10.9.9.9"], roles=["web-primary"]))
    show(page, plan)
    rule = first_rule(page)
    box(page, rule).check()
    unfold(page)
    found = looks.find_faults(page)
    for width in (1024, 768):
        page.set_viewport_size({"width": width, "height": DESKTOP["height"]})
        assert page.evaluate(WIDTH) <= width
    for address in (f"/plans/{plan.key}/rule/?rule={rule}", f"/plans/{plan.key}/history/?show=states"):
        page.goto(address)
        found += looks.find_faults(page)
    page.goto(shared)
    box(page, rule).check()
    unfold(page)
    found += looks.find_faults(page)
    page.goto(f"{shared}rule/?rule={rule}")
    found += looks.find_faults(page)
    assert not found, "\n".join(found)


COVERED = """() => {
  const stops = [...document.querySelectorAll("#results :is(a, input, summary)")].filter((stop) => {
    const {width, height} = stop.getBoundingClientRect();
    return width && height && stop.checkVisibility({visibilityProperty: true});
  });
  const isCovered = (stop) => {
    stop.focus();
    const bar = document.querySelector(".state-bar").getBoundingClientRect();
    const focused = document.activeElement.getBoundingClientRect();
    return focused.top >= bar.top && focused.bottom <= bar.bottom + 1;
  };
  return [stops.length, stops.filter(isCovered).map((stop) => stop.outerHTML)];
}"""
"""How many of the results can have the focus, and which of them are behind the bar then."""


def test_the_bar_covers_nothing_that_has_the_focus_and_on_a_phone_nothing_until_a_rule_is_chosen(open_page, plan):
    page = show(open_page(height=600), plan)
    box(page, first_rule(page)).check()
    expect(page.locator("#state-fields")).to_have_attribute("open", "")
    bar = page.locator(".state-bar").bounding_box()
    assert bar["y"] + bar["height"] <= 601, "it sticks to the end of the window"
    page.evaluate("window.scrollTo(0, 0)")
    stops, covered = page.evaluate(COVERED)
    assert stops > 20
    assert covered == []
    page.set_viewport_size({"width": 390, "height": 844})
    show(page, plan)
    bar, rule = page.locator("#state-form"), box(page, first_rule(page))
    expect(bar).not_to_be_in_viewport()
    rule.check()
    expect(bar).to_be_in_viewport()
    rule.uncheck()
    expect(bar).not_to_be_in_viewport()
