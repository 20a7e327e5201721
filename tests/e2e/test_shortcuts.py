"""The list of keyboard shortcuts: opened by a key or a button, read, and the keys switched off."""

from playwright.sync_api import expect

from tests.e2e.test_accessibility import violations
from tests.e2e.test_walk import start


def test_a_key_and_a_button_open_the_list_and_single_keys_can_be_switched_off(page):
    start(page, "One server")
    page.locator("#view-flows").focus()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keyboard shortcuts")).to_be_visible()
    assert page.evaluate("document.getElementById('shortcuts').contains(document.activeElement)")
    assert not violations(page)
    page.keyboard.press("Escape")
    expect(page.locator("#shortcuts")).to_be_hidden()
    expect(page.locator("#view-flows")).to_be_focused()

    page.get_by_role("button", name="Keyboard shortcuts").click()
    page.get_by_role("dialog").get_by_role("button", name="Close").click()
    expect(page.locator("#shortcuts-open")).to_be_focused()

    page.keyboard.press("?")
    page.get_by_label("Single keys work").uncheck()
    page.keyboard.press("Escape")
    page.reload()
    page.keyboard.press("?")
    page.keyboard.press("/")
    expect(page.locator("#shortcuts")).to_be_hidden()
    expect(page.locator("#filter-text")).not_to_be_focused()
    page.locator("#shortcuts-open").click()
    page.get_by_label("Single keys work").check()
    page.keyboard.press("Escape")
    page.keyboard.press("/")
    expect(page.locator("#filter-text")).to_be_focused()

    search = page.get_by_role("searchbox", name="Search")
    search.press_sequentially("why?")
    expect(search, "a question mark that is typed is one").to_have_value("why?")
    expect(page.locator("#shortcuts")).to_be_hidden()


def test_the_list_of_a_page_without_a_plan_has_no_key_for_one(page):
    page.goto("/matrix/")
    page.get_by_role("button", name="Keyboard shortcuts").click()
    expect(page.get_by_role("dialog")).not_to_contain_text("Undo")


def test_without_javascript_no_button_leads_nowhere(open_page):
    page = open_page(java_script_enabled=False)
    start(page, "One server")
    expect(page.locator("#shortcuts-open")).to_be_hidden()
    expect(page.locator("#retry")).to_be_hidden()
    expect(page.locator("#draft")).to_be_hidden()
