"""Staff amend, revert and switch editions in a real browser, with and without JavaScript; no page has a violation."""

import json

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client
from playwright.sync_api import expect

from ports.actions import load_matrix
from ports.queries import SHIPPED, current_matrix
from tests.e2e.axe import Looks
from tests.web.views.pages import store


@pytest.fixture
def newer(tmp_path, matrix):
    """A newer edition of the shipped matrix, with SMTP on another port: loaded, and not the current one."""
    rows = json.loads(SHIPPED.read_text("utf-8"))
    for row in rows:
        if row["model"] == "ports.portmatrix":
            row["fields"]["slug"] = "passwordstate-2027-02"
        elif row["fields"].get("slug") == "smtp":
            row["fields"]["ports"] = "26"
    path = tmp_path / "newer.json"
    path.write_text(json.dumps(rows), "utf-8")
    return load_matrix(path=path, activate=False)[0]


@pytest.fixture
def staff(open_page, site):
    """A function that opens a page of someone who is staff."""
    client = Client()
    client.force_login(User.objects.create_user("kim", is_staff=True))
    cookie = client.cookies[settings.SESSION_COOKIE_NAME].value

    def start(**options):
        page = open_page(**options)
        page.context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": cookie, "url": site}])
        return page

    return start


def amend_smtp(page):
    page.goto("/matrix/")
    page.locator("#service-smtp").get_by_role("link", name="Amend").click()
    expect(page.get_by_label("New value")).to_have_value("25")
    page.get_by_label("New value").fill("587")
    page.get_by_label("Reason").fill("Our relay")
    page.get_by_role("button", name="Amend it").click()
    expect(page.locator("#service-smtp")).to_contain_text("amended here: 25 → 587, Our relay")


@pytest.mark.parametrize("script", [True, False])
def test_an_amendment_is_made_meets_a_newer_edition_and_is_reverted(staff, newer, script):
    page = staff(java_script_enabled=script)
    amend_smtp(page)
    assert current_matrix().services["smtp"].ports == "587"
    page.get_by_label("Product and edition").select_option("passwordstate-2027-02")
    page.get_by_role("button", name="Show", exact=True).click()
    expect(page.locator("#service-smtp")).to_contain_text("26")
    page.get_by_role("button", name="Make it the current edition").click()
    expect(page.get_by_text("is the current edition of Passwordstate. 1 amendment is held back.")).to_be_visible()
    expect(page.get_by_role("heading", name="Amendments that this edition doesn’t fit")).to_be_visible()
    expect(page.locator(".amendments-table")).to_contain_text("conflict")
    page.get_by_role("button", name="Revert").click()
    expect(page.locator(".amendments-table")).to_contain_text("reverted")
    expect(page.get_by_role("heading", name="Amendments that this edition doesn’t fit")).to_have_count(0)
    assert current_matrix().services["smtp"].ports == "26"


def test_no_page_of_editions_and_amendments_has_a_violation_or_scrolls_sideways(staff, newer):
    looks, page = Looks((1440, "light"), (360, "dark")), staff(reduced_motion="reduce")
    store()
    amend_smtp(page)
    page.goto("/matrix/amend/?row=service/smtp")
    page.get_by_label("New value").fill("70000")
    page.get_by_label("Reason").fill("R")
    page.get_by_role("button", name="Amend it").click()
    expect(page.get_by_role("alert")).to_contain_text("outside 1 to 65535")
    found = looks.find_faults(page)
    for address in (
        "/matrix/",
        "/matrix/?edition=passwordstate-2027-02",
        "/matrix/compare/",
        "/matrix/impact/",
        "/matrix/impact/?edition=passwordstate-2027-02",
        "/matrix/amend/?row=service/smtp",
        "/matrix/amend/?row=choice/esxi&field=options",
        "/matrix/amend/?row=service/smtp&field=configurable",
    ):
        page.goto(address)
        found += looks.find_faults(page)
    assert not found, "\n".join(found)
