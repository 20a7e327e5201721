"""A plan is switched to another edition, and a product is chosen, in a real browser, with and without JavaScript."""

import re

import pytest
from playwright.sync_api import expect

from planner.store.models import Plan
from tests.e2e.test_accessibility import violations
from tests.editions import NEXT, load_gatekeeper, load_next
from tests.web.views.pages import store

FIRST = "passwordstate-2026-11"


@pytest.fixture
def key(site, tmp_path):
    """A plan on the shipped edition, of which there is a newer one."""
    key = store()[1]
    load_next(tmp_path, password_reset_portal="444")
    return key


@pytest.mark.parametrize("script", [True, False])
def test_one_looks_switches_which_another_sees_and_takes_it_back(open_page, key, script):
    page = open_page(java_script_enabled=script)
    if script:
        other = open_page()
        other.goto(f"/plans/{key}/")
    page.goto(f"/plans/{key}/")
    offer = page.locator(".edition-offer")
    expect(offer).to_contain_text(f"A new edition, {NEXT}, would change this plan: 1 rule to open, 1 to close.")
    offer.get_by_role("link", name="Look, then switch").click()
    expect(page.locator("#opened")).to_contain_text("444")
    expect(page.locator("#closed")).to_contain_text("443")
    if script:
        assert violations(page) == []
    page.get_by_role("button", name=f"Switch to {NEXT}").click()
    expect(page).to_have_url(re.compile(f"/plans/{key}/$"))
    expect(page.locator("#report")).to_contain_text(f"edition {NEXT}")
    expect(offer).to_have_count(0)
    said = f"Switched to the edition {NEXT}: 1 rule to open, 1 rule to close"
    expect(page.locator("#results")).to_contain_text(said)
    if script:
        expect(other.locator("#report")).to_contain_text(f"edition {NEXT}")
        expect(other.locator(".edition-offer")).to_have_count(0)
        other.goto("/words/")
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("#report")).to_contain_text(f"edition {FIRST}")
    expect(offer).to_have_count(1)
    page.get_by_role("button", name="Redo").click()
    expect(page.locator("#results")).to_contain_text("Redone: ")
    expect(offer).to_have_count(0)
    page.get_by_role("link", name="Other editions").press("Enter")  # wherever what came stands by then
    page.get_by_label("Compare it with the edition").select_option(FIRST)
    page.get_by_role("button", name="Look").click()
    page.get_by_role("button", name=f"Switch to {FIRST}").click()
    expect(page.locator("#report")).to_contain_text(f"edition {FIRST}")


@pytest.mark.parametrize("script", [True, False])
def test_a_product_is_chosen_and_a_plan_of_it_imported(open_page, key, script):
    gatekeeper = load_gatekeeper()
    page = open_page(java_script_enabled=script)
    page.goto("/")
    page.get_by_role("navigation", name="Product").get_by_role("link", name=gatekeeper.product).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(gatekeeper.product)
    if script:
        assert violations(page) == []
    page.get_by_role("main").get_by_role("link", name="Import a plan").click()
    expect(page.get_by_label("Product")).to_have_value("gatekeeper")
    page.get_by_label("Or paste it here").fill(
        "format: 1\nname: Plain\nzones:\n  - {name: Internal, kind: internal}\nendpoints: []\n"
    )
    page.get_by_role("button", name="Import").click()
    expect(page.locator("#report")).to_contain_text("edition gatekeeper-4")
    assert Plan.objects.order_by("-pk")[0].document["product"] == "gatekeeper"
    page.goto("/plans/guided/?product=passwordstate")
    page.get_by_role("navigation", name="Product").get_by_role("link", name="Passwordstate").click()
    page.get_by_role("button", name="Make the plan").click()
    expect(page.locator("#report")).to_contain_text(f"edition {NEXT}")
