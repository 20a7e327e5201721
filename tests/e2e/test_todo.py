"""What is to be done, in the browser: one click each, the focus on the next, said once when nothing is left."""

import pytest
from playwright.sync_api import expect

from planner.store.models import Plan
from tests.e2e.axe import Looks, violations
from tests.e2e.tabs import EACH
from tests.report.samples import write_plan
from tests.web.views.pages import give, store
from tests.web.views.test_todo import MANY

WEB = {"name": "PS01", "zone": "Internal", "addresses": ["10.0.0.10"], "roles": ["web-primary", "database"]}
ESX = {"name": "ESX", "zone": "DMZ", "addresses": ["192.0.2.8"], "platforms": ["vmware-esxi"], "operations": ["reset"]}
ONE_DECISION = write_plan(
    WEB, {"name": "P", "zone": "DMZ", "addresses": ["192.0.2.9"], "roles": ["website-user"]}, ESX
)

PLACE = """
  () => [...document.querySelectorAll("#todo li")].findIndex((item) => item.contains(document.activeElement))
"""

AT_THE_END = "window.scrollY + window.innerHeight >= document.documentElement.scrollHeight - 1"


@pytest.fixture
def plan(site):
    return f"/plans/{store(MANY)[1]}/"


@pytest.fixture
def decision(site):
    return f"/plans/{store(ONE_DECISION)[1]}/"


def test_each_click_does_one_thing_and_the_focus_is_on_the_next_or_in_the_missing_address(page, plan):
    page.goto(plan)
    page.locator("#todo-rest-summary").click()
    for number in range(2, 5):
        total = page.locator("#todo li").count()
        page.locator("#todo .acts button").first.click()
        expect(page.locator("#state")).to_have_text(f"Saved · revision {number}")
        expect(page.locator("#todo li")).to_have_count(total - 1)
        # The list still begins with what has no button: an error, and a server that nobody uses.
        assert page.evaluate(PLACE) == 2
    page.locator(".task-names a").first.click()
    expect(page.locator("#endpoint-addresses"), "a missing address").to_be_focused()


def test_when_nothing_is_left_that_is_said_once_and_to_another_too(open_page, decision):
    page, other = open_page(), open_page()
    page.goto(decision)
    give(Plan.objects.get())
    other.goto(decision)
    expect(other.locator("#todo-words")).to_have_text("3 of 3 addresses · 1 decision")
    page.get_by_role("button", name="SSH How are ESXi hosts managed?").click()
    done = page.locator("#todo-done")
    expect(done).to_be_visible()
    expect(done).to_be_focused()
    expect(other.locator("#todo-done")).to_be_visible()
    page.locator("#undo").click()
    expect(page.locator("#todo-fold")).to_be_visible()
    page.locator("#redo").click()
    expect(done).to_be_visible()
    page.reload()
    expect(page.locator("#panels")).to_be_visible()
    expect(page.locator("#todo")).to_be_hidden()


def test_folded_it_stays_folded(page, plan):
    page.goto(plan)
    page.locator("#todo-summary").click()
    expect(page.locator("#todo ol").first).to_be_hidden()
    page.get_by_role("link", name="Findings").click()
    page.locator("#cure-esxi-ssh").click()
    expect(page.locator("#state")).to_have_text("Saved · revision 2")
    expect(page.locator("#todo ol").first).to_be_hidden()
    page.go_back()
    expect(page.locator("#view-rules")).to_have_attribute("aria-current", "page")  # the page is another one
    expect(page.locator("#todo ol").first).to_be_hidden()
    page.reload()
    expect(page.locator("#todo ol").first).to_be_hidden()
    page.locator("#todo-summary").click()
    expect(page.locator("#todo ol").first).to_be_visible()


def test_axe_finds_nothing_in_it(page, plan):
    page.goto(f"{plan}?view=findings")
    page.locator("#todo-rest-summary").click()
    assert Looks((1440, "light"), (390, "dark")).find_faults(page) == []


def test_without_a_script_its_buttons_work_as_well(open_page, decision):
    page = open_page(java_script_enabled=False)
    page.goto(decision)
    page.get_by_role("button", name="SSH How are ESXi hosts managed?").click()
    expect(page.locator("#state")).to_have_text("Saved · revision 2")
    expect(page.locator("#todo-fold")).to_have_count(0)


def test_on_the_wall_keys_lead_from_task_to_task_and_back(open_page, plan):
    page = open_page(width=1920, height=1080, color_scheme="dark")
    page.goto(plan)
    page.get_by_role("link", name="Present").click()
    page.wait_for_url("**/present/**")  # the page before has a heading, too
    heading = page.get_by_role("heading", level=1)
    first = heading.inner_text()
    assert not violations(page)
    page.wait_for_load_state()  # keys count once the script is there
    page.keyboard.press("ArrowRight")
    expect(heading).not_to_have_text(first)
    page.wait_for_load_state()
    page.keyboard.press("ArrowLeft")
    expect(heading).to_have_text(first)
    page.wait_for_load_state()
    page.keyboard.press("Space")
    expect(heading).not_to_have_text(first)
    page.wait_for_load_state()
    # A page that is larger than its window is scrolled first.
    second = heading.inner_text()
    page.set_viewport_size({"width": 320, "height": 256})
    page.keyboard.press("ArrowDown")
    page.wait_for_function("window.scrollY > 0")
    expect(heading).to_have_text(second)
    while not page.evaluate(AT_THE_END):  # a key counts for nothing while the last one still scrolls
        page.keyboard.press("End")
        page.wait_for_timeout(EACH)
    page.keyboard.press("ArrowDown")
    expect(heading).not_to_have_text(second)
    page.wait_for_load_state()
    page.keyboard.press("Escape")
    expect(page.get_by_role("heading", name="To do")).to_be_visible()
