"""The history of a plan, its checkpoints, restoring, and the bin, in a real browser, with and without scripts."""

import re

import pytest
from playwright.sync_api import expect

from planner.store import actions, bin
from planner.store.models import Plan
from ports.queries import current_matrix
from tests.e2e.axe import Looks
from tests.e2e.tabs import DESKTOP
from tests.e2e.test_walk import start_small
from tests.report.samples import hostile
from tests.web.views.pages import store


def override(*ports, plan=None, author="Kim"):
    plan = plan or Plan.objects.latest("pk")
    for port in ports:
        actions.override_port(
            plan_id=plan.pk,
            matrix=current_matrix(),
            service="ssh",
            ports=port,
            sender=actions.Sender(author=author),
        )


def open_history(page):
    page.get_by_role("link", name="History", exact=True).click()
    page.wait_for_url("**/history/")


@pytest.fixture(params=[True, False], ids=["scripts", "no-scripts"])
def browser_page(open_page, request):
    return open_page(java_script_enabled=request.param)


def test_a_checkpoint_is_named_what_came_after_is_taken_back_and_an_overtaken_page_is_told_so(browser_page):
    page = browser_page
    start_small(page)
    open_history(page)
    page.locator("#revision-1 summary").click()
    page.get_by_label("Name of this checkpoint").fill("Before the audit")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#revision-1")).to_contain_text("Before the audit")
    override("2222", "2223")
    page.reload()
    page.get_by_text("2 changes").click()
    expect(page.get_by_text("Port of SSH changed to 2222")).to_be_visible()
    override("2224", author="Ana")
    page.get_by_role("button", name="Restore revision 1").click()
    expect(page.get_by_role("alert")).to_contain_text("Nothing was restored, as the plan has changed since")
    page.get_by_role("button", name="Restore revision 1").click()
    expect(page.locator("#revision-5")).to_contain_text("Restored “Before the audit”: revision 1")
    expect(page.locator("#revision-5")).to_contain_text("The plan as it is now")
    page.get_by_role("link", name="Everything").click()
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("#state")).to_have_text("Saved · revision 6")
    page.goto(page.url.partition("?")[0] + "?panel=ports")
    expect(page.get_by_label("SSH", exact=True)).to_have_value("2224")


@pytest.mark.parametrize("scripts", [True, False])
def test_a_plan_goes_into_the_bin_and_comes_back(open_page, scripts):
    page = open_page(status=410, java_script_enabled=scripts)
    start_small(page)
    address = page.url
    page.get_by_text("Name and description").click()
    page.get_by_role("link", name="Delete this plan").click()
    page.get_by_role("button", name="Delete the plan").click()
    page.wait_for_url(address)
    expect(page.get_by_role("heading", name="This plan is in the bin")).to_be_visible()
    page.get_by_role("button", name="Restore the plan").click()
    page.wait_for_url(address)
    expect(page.locator("#state")).to_have_text("Saved · revision 1")


def test_who_looks_at_a_plan_that_is_deleted_is_told(open_page):
    page = open_page(status=410)
    start_small(page)
    bin.delete_plan(plan_id=Plan.objects.get().pk)
    expect(page.locator("#state")).to_have_text("This plan has been deleted; reload the page.")


def test_what_changed_since_leads_to_the_comparison_and_a_plan_is_taken_along_with_its_history(page):
    start_small(page)
    override("2222", "2223")
    open_history(page)
    page.get_by_role("link", name="Change request since revision 1").click()
    expect(page.get_by_role("heading", name="Change request")).to_be_visible()
    expect(page.get_by_label("From revision")).to_have_value("1")
    page.go_back()
    with page.expect_download() as download:
        page.get_by_role("link", name="Export with history").click()
    page.goto("/plans/import/")
    page.get_by_label("A file").set_input_files(download.value.path())
    page.get_by_role("button", name="Import").click()
    expect(page.locator("#state")).to_have_text("Saved · revision 3")
    open_history(page)
    expect(page.get_by_text("2 changes")).to_be_visible()


def test_the_pages_have_no_violation_and_dont_scroll_sideways(open_page):
    looks, page = Looks((1440, "light"), (360, "dark")), open_page(status=410)
    plan, key = store(hostile("x" * 255))
    actions.rename_plan(plan_id=plan.pk, matrix=current_matrix(), name="y" * 255, description="")
    for number in range(60):
        override(str(2000 + number), plan=plan)
    actions.name_checkpoint(plan_id=plan.pk, number=58, name="z" * 200, seen="")
    actions.hand_over(plan_id=plan.pk, matrix=current_matrix(), revision=57, recipient="r" * 200, note="")
    found = []
    for path in ("history/", "history/?show=marked", "history/?upto=10", "delete/"):
        page.goto(f"/plans/{key}/{path}")
        for folded in (page.locator(".burst > details > summary"), page.locator(".naming summary:visible")):
            if folded.count():
                folded.first.click()
        found += looks.find_faults(page)
    page.get_by_role("button", name=re.compile("^Delete")).click()
    expect(page.get_by_role("button", name=re.compile("^Restore"))).to_be_visible()
    found += looks.find_faults(page)
    assert not found, "\n".join(found)


def test_the_focus_is_in_sight_wherever_tab_leads(page, site):
    _, key = store()
    override("2222", "2223", "2224")
    for width in (1440, 390):
        page.set_viewport_size({"width": width, "height": DESKTOP["height"]})
        page.goto(f"/plans/{key}/history/")
        page.locator(".burst summary").first.click()
        stops = 0
        for _ in range(60):
            page.keyboard.press("Tab")
            box, end = page.evaluate(
                """() => {
                  const element = document.activeElement, box = element.getBoundingClientRect();
                  const bar = document.querySelector(".top").getBoundingClientRect();
                  const under = getComputedStyle(document.querySelector(".top")).position === "sticky"
                    && !element.closest(".top, .skip");
                  return [{seen: box.bottom > (under ? bar.bottom : 0) && box.top < innerHeight,
                           name: element.outerHTML.slice(0, 100)}, element === document.body];
                }"""
            )
            if end:
                break
            assert box["seen"], (width, box["name"])
            stops += 1
        assert stops > 5, width
