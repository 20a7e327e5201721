"""The report side as a place to work: rules above the fold, addresses, one rule after the other, copies, lists."""

import pytest
from playwright.sync_api import expect

from scripts.sites import make_company, make_sites
from tests.e2e.tabs import DESKTOP
from tests.e2e.test_accessibility import violations
from tests.web.views.pages import store
from tests.web.views.test_showing import many

# Its head would be half behind the bar, if it didn't stay.
UNDER_THE_BAR = """
  (row) => scrollBy(0, row.getBoundingClientRect().top - document.querySelector("header.top").offsetHeight - 15)
"""


@pytest.fixture
def company():
    return f"/plans/{store(make_company())[1]}/"


def test_the_first_rule_stands_above_the_fold_heads_and_columns_stay_and_the_whole_picture_unfolds(page, company):
    page.goto(company)
    expect(page.locator(".rules tbody tr").first).to_be_in_viewport(ratio=1)
    assert page.locator("#filters").bounding_box()["height"] < 80, "the filters take one line"
    assert page.locator(".strip").bounding_box()["height"] < 120
    widths = {
        tuple(round(cell.bounding_box()["width"]) for cell in head.locator("th").all())
        for head in page.locator("table.rules thead").all()
    }
    assert len(widths) == 1, "all tables of rules have the same columns"
    table = page.locator("table.rules").last
    last = table.locator("tbody tr").last
    head, state = table.locator("thead"), page.locator("#state")
    link, actions = page.get_by_role("link", name="Acceptance"), page.locator(".top-actions")
    for width in (1024, 1279, 1366, 1920, DESKTOP["width"]):
        page.set_viewport_size({"width": width, "height": 400})
        last.evaluate(UNDER_THE_BAR)
        page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
        bar, end, begin = (part.bounding_box() for part in (page.locator("header.top"), link, actions))
        if width >= 1279:  # below, the table is wider than its place and scrolls in it
            assert head.bounding_box()["y"] >= bar["y"] + bar["height"] - 2, width
        assert end["x"] + end["width"] <= begin["x"] or end["y"] + end["height"] <= begin["y"], width
        assert state.bounding_box()["height"] < 30, f"one line in {width}"
    page.set_viewport_size(DESKTOP)
    expect(page.locator("#overview svg.diagram")).to_be_hidden()
    page.get_by_text("Whole picture").click()
    expect(page.locator("#overview svg.diagram")).to_be_visible()
    page.get_by_role("link", name="Decisions").click()
    page.get_by_label("SSH", exact=False).first.check()
    expect(page.locator("#state")).to_contain_text("revision 2")
    expect(page.locator("#overview svg.diagram"), "a change keeps it so").to_be_visible()


@pytest.mark.parametrize("scripts", [True, False])
def test_the_switch_holds_for_every_page_and_leaves_the_address_alone(open_page, company, scripts):
    page = open_page(java_script_enabled=scripts)
    page.goto(company)
    switch = page.get_by_role("group", name="Show")
    rules = page.locator("#results")
    expect(rules).to_contain_text("10.0.0.10")
    switch.get_by_text("names", exact=True).click()
    expect(rules).not_to_contain_text("10.0.0.10")
    if scripts:
        expect(switch.get_by_text("names", exact=True)).to_be_focused()
        assert "show=" not in page.url
    page.get_by_role("link", name="Flows").click()
    expect(page.locator("table.flows")).to_be_visible()
    expect(rules).not_to_contain_text("10.0.0.10")
    page.goto(f"{company}read/")
    expect(page.get_by_role("group", name="Show").locator("[aria-current]")).to_have_text("names")
    page.get_by_role("group", name="Show").get_by_text("addresses", exact=True).click()
    expect(rules).to_contain_text("10.0.0.10")
    expect(rules).not_to_contain_text("PS01")


def test_a_blank_leads_to_the_field_of_the_address(page, site):
    document = make_company()
    document["endpoints"][0]["addresses"] = []
    page.goto(f"/plans/{store(document)[1]}/")
    page.get_by_role("link", name="address? for PS01").first.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_label("Addresses")).to_be_focused()
    expect(page.get_by_role("heading", name="Edit PS01")).to_be_visible()


def test_from_rule_to_rule_by_keyboard(page, company):
    page.goto(company)
    links = page.locator(".rule-link")
    page.keyboard.press("n")
    expect(links.nth(0)).to_be_focused()
    page.keyboard.press("n")
    page.keyboard.press("n")
    expect(links.nth(2)).to_be_focused()
    expect(links.nth(2)).to_be_in_viewport()
    page.keyboard.press("p")
    expect(links.nth(1)).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Previous rule").first).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("tr:target .rule-link")).to_have_text(links.nth(0).inner_text())
    page.locator("#filter-text").press_sequentially("np")
    expect(page.locator("#filter-text")).to_have_value("np")


def test_a_link_the_rules_as_a_table_and_the_command_of_a_flow_go_to_the_clipboard(page, company):
    """The columns of a flow stay as wide, whatever unfolds in them."""
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto(f"{company}?protocol=tcp")
    number = page.locator(".rule-link").nth(1).inner_text()
    page.locator(".rules tbody tr").nth(1).hover()
    page.get_by_role("button", name=f"Copy the link to {number}").click()
    expect(page.locator("#live")).to_have_text("The link was copied.")
    copied = page.evaluate("navigator.clipboard.readText()")
    page.goto(copied)
    expect(page.locator("tr:target .rule-link")).to_have_text(number)
    page.goto(f"{company}?endpoint=GW01")
    page.get_by_text("Copy as table").click()
    page.get_by_role("button", name="Copy Tab-separated").click()
    expect(page.locator("#live")).to_have_text("The table was copied.")
    lines = page.evaluate("navigator.clipboard.readText()").splitlines()
    assert lines[0].startswith("Rule\tFrom\tTo\tSource")
    assert all("GW01 (10.0.0.15)" in line for line in lines[1:])
    page.goto(f"{company}?view=flows&protocol=tcp")
    row = page.locator(".flows tbody tr").first
    before = [cell.bounding_box()["width"] for cell in row.locator("td").all()]
    row.locator("summary", has_text="Test").click()
    row.get_by_role("button", name="Copy Test-NetConnection").first.click()
    expect(page.locator("#live")).to_have_text("The command was copied.")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied == row.locator("code").first.inner_text()
    assert copied.startswith("Test-NetConnection ")
    assert [cell.bounding_box()["width"] for cell in row.locator("td").all()] == before
    assert violations(page) == []


def test_thousands_of_endpoints_are_fetched_where_they_unfold(page, site):
    page.goto(f"/plans/{store(many(300))[1]}/")
    expect(page.locator("#report").get_by_text("Kiosk 0299")).to_have_count(0)
    page.locator("#report summary", has_text="and 297 more").first.click()
    expect(page.locator("#report").get_by_text("Kiosk 0299")).to_have_count(1)
    expect(page.get_by_role("link", name="All 300")).to_have_count(0)


def test_so_are_those_of_the_outline_and_stay_unfolded_after_an_edit(page, site):
    page.goto(f"/plans/{store(make_sites(20))[1]}/")
    panel = page.locator("#panel")
    panel.locator("summary", has_text="and 17 more").first.focus()
    page.keyboard.press("Enter")
    expect(panel.get_by_role("link", name="Edit Site 00020 agent")).to_be_visible()
    panel.locator("#module-portal-switch").click()
    expect(page.locator("#state")).to_contain_text("revision 2")
    panel.get_by_role("link", name="Edit Site 00020 agent").click()
    expect(page.get_by_label("Name", exact=True)).to_have_value("Site 00020 agent")


def test_without_a_script_they_stand_on_a_page_of_their_own(open_page, site):
    page = open_page(java_script_enabled=False)
    page.goto(f"/plans/{store(make_sites(220))[1]}/read/")
    page.locator(".more-ends summary").first.click()
    page.get_by_role("link", name="All 220").first.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(" of ")
    page.get_by_role("link", name="The rule in the report").click()
    expect(page.locator("tr:target")).to_be_visible()
