"""One click is one request, whatever a form has in it: a file, pasted text, or nothing."""

from collections import Counter

import pytest
from playwright.sync_api import expect

from planner.store.models import Plan
from tests.e2e.test_topology import saved
from tests.report.samples import contoso
from tests.web.views.pages import document_of, store

TABLE = "name,zone,addresses\nKiosk 1,DMZ,10.4.0.1\nKiosk 2,DMZ,10.4.0.2\n"
NAMES = ("Kiosk", "Stall", "Stand", "Shop")
OTHER_TABLE = TABLE.replace("Kiosk", "Booth").replace("10.4", "10.5")
PLAN = (
    "format: 1\nname: Pasted\nzones: [{name: A, kind: internal}]\n"
    "endpoints:\n  - {name: PS01, zone: A, roles: [web-primary]}\n"
)


@pytest.fixture
def plan(site):
    return store(contoso())


@pytest.fixture
def counted(page):
    """How often each path was posted to."""
    posts = Counter()

    def count(request):
        if request.method == "POST":
            posts[request.url.rpartition("/plans/")[2].partition("/")[2] or "import"] += 1

    page.on("request", count)
    return posts


@pytest.fixture
def importer(page, plan):
    """The form for a table of endpoints."""
    page.goto(f"/plans/{plan[1]}/?add=import")
    return page.get_by_role("button", name="Import", exact=True)


def choose(page, name, text):
    page.get_by_label("A file").set_input_files({"name": name, "mimeType": "text/plain", "buffer": text.encode()})


def paste(page, text):
    page.get_by_label("Or paste it here").fill(text)


def names(plan):
    return [endpoint["name"] for endpoint in document_of(plan[0])["endpoints"]]


def settle(page):
    """Until nothing of what was set off is under way: what would be sent after an answer has been sent by then."""
    expect(page.locator(".htmx-settling, .htmx-request")).to_have_count(0)
    page.wait_for_load_state("networkidle")


def see_both_added(page, plan, counted, name, revision):
    saved(page, revision)
    settle(page)
    saved(page, revision)
    assert counted == {"endpoints/import/": 1}
    assert names(plan)[-2:] == [f"{name} 1", f"{name} 2"]
    assert names(plan).count(f"{name} 1") == 1
    expect(page.get_by_role("alert")).to_have_count(0)
    expect(page.locator(".error")).to_have_count(0)
    expect(page.locator("#panel")).to_contain_text(f"{name} 2")
    expect(page.get_by_role("button", name="Try again")).to_be_hidden()


GIVEN = {
    "pasted": lambda page, table=TABLE: paste(page, table),
    "as a file": lambda page, table=TABLE: choose(page, "kiosks.csv", table),
}
PRESSED = {
    "by a click": lambda button: button.click(),
    "by a double click": lambda button: button.dblclick(),
    "by Enter": lambda button: button.press("Enter"),
}
WAYS = [
    ("pasted", "by a click"), ("pasted", "by a double click"),
    ("as a file", "by a double click"), ("as a file", "by Enter"),
]  # fmt: skip
"""Both ways to give something, each with a double click, and all three to send it."""


def test_a_good_table_is_sent_once_and_its_endpoints_are_there(page, plan, importer, counted):
    for revision, (name, (give, press)) in enumerate(zip(NAMES, WAYS, strict=True), 2):
        if revision > 2:
            page.goto(f"/plans/{plan[1]}/?add=import")
            counted.clear()
        GIVEN[give](page, TABLE.replace("Kiosk", name).replace("10.4", f"10.{revision + 2}"))
        PRESSED[press](importer)
        see_both_added(page, plan, counted, name, revision)


def test_a_form_with_nothing_in_it_is_sent_once_and_says_so(page, plan, importer, counted):
    page.route("**/endpoints/import/", lambda route: (page.wait_for_timeout(300), route.continue_()))
    for press in PRESSED.values():
        with page.expect_response("**/endpoints/import/"):
            press(importer)
        expect(page.locator("#import-errors")).to_have_text("Choose a file or paste a table.")
        settle(page)
        assert counted == {"endpoints/import/": 1}
        counted.clear()
        expect(page.locator("#state")).to_have_text("Not saved: see the form")


def test_a_table_with_a_fault_is_sent_once_and_mended_with_the_next_click(page, plan, importer, counted):
    for revision, (name, give) in enumerate(zip(NAMES, GIVEN, strict=False), 2):
        if revision > 2:
            page.goto(f"/plans/{plan[1]}/?add=import")
            counted.clear()
        table = TABLE.replace("Kiosk", name).replace("10.4", f"10.{revision + 2}")
        text = table.replace("DMZ", "Moon")
        paste(page, text) if give == "pasted" else choose(page, "kiosks.csv", text)
        importer.click()
        expect(page.locator("#import-errors"), give).to_contain_text("The table has 2 faults; nothing was added.")
        settle(page)
        assert counted == {"endpoints/import/": 1}, give
        counted.clear()
        GIVEN[give](page, table)
        importer.click()
        see_both_added(page, plan, counted, name, revision)


@pytest.mark.parametrize("give", GIVEN)
def test_a_table_whose_answer_is_lost_is_sent_again_as_it_was_and_counts_once(open_page, plan, give):
    page = open_page(status=0)
    page.goto(f"/plans/{plan[1]}/?add=import")
    kinds = []

    def lose(route):
        route.fetch()  # it arrives, but nothing comes back
        route.abort("connectionreset")

    def note(request):
        if request.method == "POST":
            kinds.append(request.headers["content-type"].partition(";")[0])

    page.on("request", note)
    page.route("**/endpoints/import/", lose, times=1)
    GIVEN[give](page)
    page.get_by_role("button", name="Import", exact=True).click()
    expect(page.locator("#state")).to_contain_text("Not saved")
    expect(page.locator("#state")).to_have_text("Saved · revision 2", timeout=30_000)
    expect(page.get_by_role("alert")).to_have_count(0)
    assert names(plan).count("Kiosk 1") == 1
    assert kinds == ["multipart/form-data"] * 2


def test_a_file_that_changes_before_it_can_be_sent_again_is_to_be_chosen_again(open_page, plan, tmp_path):
    page, path = open_page(status=0), tmp_path / "kiosks.csv"
    path.write_text(TABLE, "utf-8")
    page.goto(f"/plans/{plan[1]}/?add=import")
    page.get_by_label("A file").set_input_files(path)
    page.route("**/endpoints/import/", lambda route: route.abort("connectionrefused"))
    page.get_by_role("button", name="Import", exact=True).click()
    expect(page.locator("#state")).to_contain_text("Not saved: no connection.")
    path.write_text(OTHER_TABLE * 2, "utf-8")
    page.unroute_all()
    page.get_by_role("button", name="Try again").click()
    expect(page.locator("#state")).to_contain_text("the file has changed or gone since it was chosen")
    expect(page.get_by_role("button", name="Try again")).to_be_hidden()
    path.write_text(TABLE, "utf-8")
    page.get_by_label("A file").set_input_files(path)
    page.get_by_role("button", name="Import", exact=True).click()
    saved(page, 2)
    assert names(plan)[-2:] == ["Kiosk 1", "Kiosk 2"]


@pytest.mark.parametrize("give", GIVEN)
def test_another_table_given_while_the_first_is_on_its_way_is_sent_after_it(page, plan, importer, counted, give):
    """Two files of the same size and kind differ by their names."""

    def give_another(route):
        paste(page, OTHER_TABLE) if give == "pasted" else choose(page, "booths.csv", OTHER_TABLE)
        importer.click()
        route.continue_()

    page.route("**/endpoints/import/", give_another, times=1)
    GIVEN[give](page)
    importer.click()
    saved(page, 3)
    settle(page)
    assert counted == {"endpoints/import/": 2}
    assert names(plan)[-4:] == ["Kiosk 1", "Kiosk 2", "Booth 1", "Booth 2"]


# --- plans -----------------------------------------------------------------------------------------------------------


def test_a_plan_is_imported_once(page, site, counted):
    for number, (give, press) in enumerate(WAYS, 1):
        page.goto("/plans/import/")
        paste(page, PLAN) if give == "pasted" else choose(page, "plan.yaml", PLAN)
        PRESSED[press](page.get_by_role("button", name="Import", exact=True))
        expect(page.locator("#heading")).to_have_text("Pasted")
        saved(page, 1)
        assert counted == {"import": number}, (give, press)
        assert Plan.objects.count() == number, (give, press)
    page.goto("/plans/import/")
    page.get_by_role("button", name="Import", exact=True).dblclick()
    expect(page.get_by_role("alert"), "nothing").to_contain_text("Choose a file or paste a plan.")
    assert counted == {"import": number + 1}
    page.get_by_label("Or paste it here").fill(PLAN)
    page.get_by_role("button", name="Import", exact=True).click()
    expect(page.locator("#heading")).to_have_text("Pasted")
    assert counted == {"import": number + 2}


def test_a_second_click_while_a_plan_is_on_its_way_makes_no_second_plan(page, site, counted):
    page.goto("/plans/import/")
    paste(page, PLAN)
    box = page.get_by_role("button", name="Import", exact=True).bounding_box()
    where = box["x"] + 5, box["y"] + 5

    def click_again(route):
        page.mouse.click(*where)
        page.mouse.click(*where)
        route.continue_()

    page.route("**/plans/import/", click_again, times=1)
    page.mouse.click(*where)
    expect(page.locator("#heading")).to_have_text("Pasted")
    saved(page, 1)
    assert counted == {"import": 1}
    assert Plan.objects.count() == 1


def test_an_import_that_is_never_answered_can_be_sent_again(page, site, counted):
    """As after the browser's own button that stops it: the page stays what it was, and isn't told."""
    page.clock.install()
    page.goto("/plans/import/")
    paste(page, PLAN)
    button = page.get_by_role("button", name="Import", exact=True)
    page.route("**/plans/import/", lambda route: route.fulfill(status=204), times=1)
    button.click()
    expect(page.locator("#live")).to_have_text("Saving…")
    button.click()  # too early
    page.clock.fast_forward(10_000)
    expect(page.locator("#live")).to_have_text("")
    assert counted == {"import": 1}
    button.click()
    expect(page.locator("#heading")).to_have_text("Pasted")
    assert counted == {"import": 2}
    assert Plan.objects.count() == 1
    page.route("**/acceptance/", lambda route: route.fulfill(status=204), times=1)
    page.locator("#results-form").evaluate("form => { form.noValidate = true; form.closest('details').open = true; }")
    page.locator("#results-form button").click()
    expect(page.locator("#state")).to_have_text("Uploading…")
    page.clock.fast_forward(10_000)
    expect(page.locator("#live")).to_have_text("Uploading…")
    expect(page.locator("#state"), "nothing says Saved before there is an answer").to_have_text("Uploading…")
