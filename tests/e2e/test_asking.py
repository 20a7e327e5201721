"""One packet is asked about by keyboard, answered in place, and the way to have it leads to the form for it."""

import pytest
from playwright.sync_api import expect

from tests.e2e.axe import Looks
from tests.engine.test_ask import PLAN
from tests.web.views.pages import store


@pytest.fixture
def plan(site):
    return f"/plans/{store(PLAN)[1]}/"


def ask(page, *packet):
    form = page.get_by_role("form", name="Ask about one packet")
    for label, text in zip(("From", "To", "Service"), packet, strict=True):
        form.get_by_label(label, exact=True).fill(text)
    return form


def test_a_packet_is_asked_by_keyboard_and_the_focus_stays(page, plan):
    page.goto(plan)
    ask(page, "10.9.1.7", "PS01", "443").get_by_label("Service").press("Enter")
    answer = page.get_by_role("status").filter(has_text="Allowed by CLI-INT-10")
    expect(answer).to_be_visible()
    expect(page.get_by_label("Service", exact=True)).to_be_focused()
    answer.get_by_role("link", name="Filter by this").click()
    expect(page.locator("table.rules tbody tr")).to_have_count(1)
    expect(page.locator("#ask-from")).to_have_value("10.9.1.7")
    page.reload()
    expect(page.get_by_role("status").filter(has_text="Allowed by CLI-INT-10")).to_be_visible()


def test_what_is_not_asked_for_becomes_a_flow_and_is_allowed(page, plan):
    page.goto(plan)
    ask(page, "Staff", "PS01", "tcp/8080").get_by_role("button", name="Ask").click()
    page.get_by_role("link", name="Add the flow").click()
    expect(page.locator("#own-new-reason")).to_be_focused()
    page.locator("#own-new-reason").fill("An old client")
    page.get_by_role("button", name="Add the flow").click()
    expect(page.locator("#answer")).to_contain_text("Allowed by")


def test_what_is_typed_and_not_asked_yet_stays_when_others_change_the_plan(open_page, plan):
    mine, theirs = open_page(), open_page()
    mine.goto(plan)
    ask(mine, "Staff", "PS01", "44")
    theirs.goto(f"{plan}?panel=decisions")
    theirs.locator("#choice-winrm-https").check()
    expect(theirs.locator("#state")).to_contain_text("revision 2")
    expect(mine.locator("#state")).to_contain_text("revision 2")
    expect(mine.locator("#ask-service")).to_have_value("44")
    mine.locator("#undo").focus()
    theirs.locator("#choice-winrm-http").check()
    expect(mine.locator("#state")).to_contain_text("revision 3")
    expect(mine.locator("#ask-from")).to_have_value("Staff")
    expect(mine.locator("#ask-service")).to_have_value("44")


def test_a_filter_keeps_the_question_and_a_question_the_filter(page, plan):
    page.goto(plan)
    page.locator("#filter-text").fill("PRP01")
    expect(page.locator("#results")).to_contain_text(" of ")
    page.wait_for_url("**text=PRP01*")
    ask(page, "Staff", "PS01", "443").get_by_role("button", name="Ask").click()
    page.wait_for_url("**ask_from=Staff*")
    assert "text=PRP01" in page.url
    page.locator("#filter-text").fill("PS01")
    page.wait_for_url("**text=PS01*")
    assert "ask_from=Staff" in page.url


def test_without_javascript_the_answer_stands_on_the_page(open_page, plan):
    page = open_page(java_script_enabled=False, width=390)
    page.goto(plan)
    ask(page, "somebody in DMZ", "SQL01", "1433").get_by_role("button", name="Ask").click()
    expect(page.locator("#answer")).to_contain_text("It must stay closed")


def test_answers_have_no_violation(page, plan):
    looks = Looks((1440, "light"), (360, "dark"))
    for packet in (("Staff", "PS01", "443"), ("Staff", "PS01", "8080"), ("PRP01", "SQL01", "1433"), ("x", "", "y")):
        page.goto(f"{plan}?ask_from={packet[0]}&ask_to={packet[1]}&ask_service={packet[2]}")
        assert looks.find_faults(page) == []
