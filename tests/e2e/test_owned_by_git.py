"""A plan that git owns, in a browser: it is for reading, and the life of its rules goes on."""

from playwright.sync_api import expect

from planner.store import git
from planner.store.models import Plan
from tests.e2e.test_rule_states import box, first_rule, unfold
from tests.web.views.pages import store


def own(plan):
    repository = "https://git.example.com/network/plans"
    git.give_to_git(plan_id=plan.pk, repository=repository, path="plans/site.yaml", token=None, actor="Olga")


def test_its_page_is_for_reading_and_rules_are_given_states(page, site):
    """Fields of an endpoint can't be changed, keys that undo do nothing, and no script misses what isn't there."""
    plan, _ = store()
    own(plan)
    page.goto(f"/plans/{plan.key}/?edit=PS01")
    expect(page.locator("#in-git")).to_contain_text("Git owns this plan.")
    expect(page.locator("#in-git").get_by_role("link", name="git.example.com")).to_have_attribute(
        "rel", "noreferrer noopener"
    )
    expect(page.locator("#editor-title")).to_have_text("PS01")
    expect(page.locator("#panel").get_by_label("Name", exact=True)).to_be_disabled()
    expect(page.locator("#undo, #redo, #panel form[method=post]")).to_have_count(0)
    expect(page.get_by_role("link", name="Add an endpoint")).to_have_count(0)
    page.keyboard.press("Control+z")
    page.locator("#tab-topology").click()
    expect(page.locator(".module").first).to_contain_text("High availability")
    expect(page.locator("#panel button[role=switch]")).to_have_count(0)
    page.locator("#tab-decisions").click()
    expect(page.locator("#panel fieldset.kept-in-git.decision").first).to_be_visible()
    page.get_by_role("link", name="Diagram").first.click()
    expect(page.locator("#picture .diagram")).to_be_visible()
    expect(page.locator("#draw-flow")).to_have_count(0)
    page.goto(f"/plans/{plan.key}/")
    rule = first_rule(page)
    box(page, rule).check()
    unfold(page)
    page.locator("#state-state").select_option("requested")
    page.get_by_role("button", name="Set state of 1 rule").click()
    expect(page.locator(f"[id='rule-{rule}'] td[data-label=State]")).to_contain_text("Requested")
    expect(page.locator("#undo")).to_have_count(0)
    assert Plan.objects.get(pk=plan.pk).revision == 1


def test_an_edit_of_a_tab_that_was_open_before_is_refused(open_page, site):
    plan, _ = store()
    page = open_page(status=403)
    page.goto(f"/plans/{plan.key}/?edit=PS01")
    name = page.locator("#panel").get_by_label("Name", exact=True)
    expect(name).to_be_enabled()
    own(plan)
    name.fill("PS99")
    name.press("Control+Enter")
    expect(page.locator("#state")).to_have_attribute("data-state", "failed")
    expect(page.locator("#state")).to_contain_text("Not saved")
    page.reload()
    expect(page.locator("#in-git")).to_contain_text("Git owns this plan.")
    assert Plan.objects.get(pk=plan.pk).revision == 1
