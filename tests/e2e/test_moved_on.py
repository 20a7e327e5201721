"""Going to another tab while an edit is on its way: the tab stays, and what the edit changed comes to it."""

import re

import pytest
from playwright.sync_api import expect

from tests.report.samples import contoso
from tests.web.views.pages import store


@pytest.fixture
def held(open_page):
    """A page with an endpoint's editor, and the edits that wait to be let through."""
    plan, key = store(contoso())
    page = open_page()
    page.goto(f"/plans/{key}/?edit=PS01")
    waiting = []
    page.route("**/endpoints/edit/", lambda route: waiting.append(route))  # noqa: PLW0108 - a method takes no marks
    return page, plan, waiting


def save_and_leave(page, waiting, **fields):
    for field, text in fields.items():
        page.locator(f"#endpoint-{field}").fill(text)
    with page.expect_request("**/endpoints/edit/"):
        page.locator("#endpoint-save").click()
    page.get_by_role("link", name=re.compile("^Decisions")).first.click()
    expect(page).to_have_url(re.compile("panel=decisions"))
    for route in waiting:
        route.continue_()


def test_the_tab_stays_and_what_was_saved_is_there(held):
    page, plan, waiting = held
    save_and_leave(page, waiting, name="Vault")
    expect(page.locator("#state")).to_contain_text("revision 2")
    expect(page.locator("#report")).to_contain_text("Vault")
    assert "panel=decisions" in page.url
    expect(page.locator("#panel")).to_contain_text("ESXi")
    plan.refresh_from_db()
    assert "Vault" in [end["name"] for end in plan.document["endpoints"]]


def test_what_was_refused_is_said(held):
    page, plan, waiting = held
    save_and_leave(page, waiting, addresses="10.0.0.999")
    expect(page.locator("#state")).to_contain_text("Not saved: something in it has to be mended.")
    assert "panel=decisions" in page.url
    plan.refresh_from_db()
    assert plan.revision == 1
    page.get_by_role("button", name="Restore").click()
    expect(page.locator("#endpoint-addresses")).to_have_value("10.0.0.999")


def test_a_refusal_that_comes_just_before_the_other_tab_stays_said(held):
    page, plan, waiting = held
    tabs = []
    page.route("**panel=decisions**", lambda route: tabs.append(route))  # noqa: PLW0108 - a method takes no marks
    page.locator("#endpoint-addresses").fill("10.0.0.999")
    with page.expect_request("**/endpoints/edit/"):
        page.locator("#endpoint-save").click()
    with page.expect_request("**panel=decisions**"):
        page.get_by_role("link", name=re.compile("^Decisions")).first.click()
    waiting[0].continue_()
    expect(page.locator("#panel")).to_contain_text("10.0.0.999")
    expect(page.locator("#panel [aria-invalid]")).to_be_visible()
    tabs[0].continue_()
    expect(page).to_have_url(re.compile("panel=decisions"))
    expect(page.locator("#state")).to_contain_text("Not saved: something in it has to be mended.")
    expect(page.get_by_role("link", name=re.compile("^Decisions")).first).to_have_attribute("aria-current", "true")
    assert page.locator("body > div[hidden]").filter(has=page.get_by_role("link")).count() == 0
    plan.refresh_from_db()
    assert plan.revision == 1


def test_a_tab_that_was_made_before_an_edit_and_comes_after_its_answer_shows_the_edit_soon(open_page, matrix):
    """As the line has the newest revision by then, nothing else would bring what the tab lacks.

    Nor would anything if the page took it for brought by an answer that was an error.
    """
    page = open_page(status=500)
    page.goto(f"/plans/{store(contoso())[1]}/?panel=ports")
    made = []

    def hold(route):
        made.append((route, route.fetch()))

    page.route("**panel=ports**", hold, times=1)
    with page.expect_request("**panel=ports**"):
        page.get_by_role("link", name=re.compile("^Ports")).first.click()
    page.locator("#port-ssh").fill("2222")
    page.locator("#port-ssh").press("Enter")
    expect(page.locator("#state")).to_have_text("Saved · revision 2")
    [(route, answer)] = made
    brought = re.compile(r"/plans/[^/]+/\?panel=ports")
    page.route(brought, lambda route: route.fulfill(status=500), times=1)
    with page.expect_response("**panel=ports**"):
        route.fulfill(response=answer)
    expect(page.locator("#state")).to_contain_text("The service answered with an error (500)")
    expect(page.locator("#results").get_by_text("tcp 2222").first).to_be_visible()
    expect(page.locator("#state")).to_have_text("Saved · revision 2")
    expect(page.locator("#port-ssh")).to_have_value("2222")
    expect(page.locator("#port-ssh")).to_be_focused()
