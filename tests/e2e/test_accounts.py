"""The pages of accounts in a real browser: an edit link's way, the menu, sharing by name; none has a violation."""

import pytest
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from playwright.sync_api import expect

from planner.accounts.confirmation import GIVEN, LASTS
from planner.accounts.second_factor import CODES, unseal
from planner.sharing.links import make_edit_link
from planner.store.account_models import SecondFactor
from planner.store.holders import Holder
from planner.store.models import Hold
from tests.accounts.test_second_factor import show_code
from tests.e2e.axe import Looks, violations
from tests.e2e.tabs import ends_in
from tests.web.views.pages import store

PASSWORD = "wide open spaces"


@pytest.fixture(autouse=True)
def accounts(settings, site):
    settings.REQUIRE_LOGIN = True
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def plan():
    """Olga's plan, which edna may edit."""
    row, _ = store()
    row.holds.all().delete()
    for name, role in (("olga", Hold.Role.OWN), ("edna", Hold.Role.EDIT)):
        Holder(user=User.objects.create_user(name, password=PASSWORD)).give(row, role)
    return row


def log_in(page, name):
    page.get_by_label("User name").fill(name)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("main").get_by_role("button", name="Log in", exact=True).click()


def test_the_way_of_an_edit_link_through_the_login_and_out_again(page, plan):
    User.objects.create_user("nora", password=PASSWORD)
    token = make_edit_link(plan_id=plan.pk)
    page.goto(f"/edit/{token}/?view=flows")
    assert token not in page.url
    log_in(page, "nora")
    page.get_by_role("button", name="Open the plan").click()
    page.wait_for_url(f"**/plans/{plan.key}/?view=flows")
    page.locator(".account-menu > summary").click()
    page.get_by_role("button", name="Log out").click()
    expect(page.get_by_text("You are logged out.")).to_be_visible()
    page.go_back()
    page.goto(f"/plans/{plan.key}/")
    expect(page.get_by_role("heading", name="Log in")).to_be_visible()


def test_what_is_typed_when_the_session_has_ended_is_offered_back_after_the_login(open_page, plan):
    page = open_page(status=401)
    page.on("dialog", lambda dialog: dialog.accept())  # the page is left with something typed
    page.goto(f"/plans/{plan.key}/?edit=DC01")
    log_in(page, "edna")
    page.get_by_label("Addresses").fill("10.9.9.9")
    Session.objects.all().delete()
    expect(page.locator("#state")).to_contain_text("You are logged out. Reload the page")
    page.get_by_text("Copy as table").click()
    page.get_by_role("button", name="Copy Tab-separated").click()
    expect(page.locator("#live")).to_contain_text("It couldn’t be copied")
    page.get_by_role("button", name="Save", exact=True).click()
    log_in(page, "edna")
    expect(page.get_by_text("Input that was not saved: addresses of DC01.")).to_be_visible()
    page.get_by_role("button", name="Restore").click()
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator("#state")).to_have_text("Saved · revision 2")
    page.goto(f"/plans/{plan.key}/endpoints/")
    page.get_by_label("Addresses of DC01", exact=True).fill("10.7.7.7")
    page.get_by_label("Name of new endpoint 1", exact=True).fill("DC77")
    Session.objects.all().delete()
    page.get_by_role("button", name="Save", exact=True).click()
    log_in(page, "edna")
    expect(page.get_by_label("Addresses of DC01", exact=True)).to_have_value("10.7.7.7")
    expect(page.get_by_label("Name of DC77", exact=True)).to_have_value("DC77")
    expect(page.locator("#state")).to_have_text("2 cells changed, nothing saved yet")
    page.goto(f"/plans/{plan.key}/comments/?on=endpoint&of=DC01")
    page.evaluate("document.body.innerHTML = document.body.innerHTML")  # as going back in the browser has it
    page.get_by_label("Your comment").fill("Is it the old one?")
    Session.objects.all().delete()
    page.get_by_role("button", name="Comment", exact=True).click()
    log_in(page, "edna")
    expect(page.get_by_label("Your comment")).to_have_value("Is it the old one?")
    expect(page.locator("#live")).to_have_text("What you sent is in the form again, as no answer to it was seen.")
    page.get_by_role("button", name="Comment", exact=True).click()
    expect(page.locator(".comment-text")).to_have_text("Is it the old one?")
    expect(page.get_by_label("Your comment")).to_have_value("")
    page.reload()
    expect(page.get_by_label("Your comment")).to_have_value("")


def test_a_plan_is_shared_and_taken_back_without_a_mouse(page, plan):
    User.objects.create_user("nora", password=PASSWORD)
    page.goto(f"/plans/{plan.key}/links/")
    log_in(page, "olga")
    page.get_by_label("User name").focus()
    page.keyboard.type("nora")
    page.keyboard.press("Tab")
    page.keyboard.type("may edit")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_label("What nora may do")).to_have_value("edit")
    page.once("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="Remove nora").press("Enter")
    expect(page.get_by_label("What nora may do")).to_have_count(0)
    assert plan.holds.count() == 2
    page.get_by_role("button", name="Undo withdrawing the access of nora").press("Enter")
    expect(page.get_by_label("What nora may do")).to_have_value("edit")


def test_who_is_looking_is_told_by_the_accounts_names(open_page, plan):
    pages = []
    for name in ("olga", "edna"):
        page = open_page()
        page.goto(f"/plans/{plan.key}/")
        log_in(page, name)
        page.wait_for_url(ends_in(f"/plans/{plan.key}/"))
        pages.append(page)
    pages[0].locator("#viewers").click()
    expect(pages[0].locator("#viewer-names")).to_contain_text("edna")


def test_pages_of_accounts_have_no_violation(page, plan):
    looks, found = Looks((1440, "light"), (360, "dark")), []

    def check(path=None):
        if path:
            page.goto(path)
        found.extend(looks.find_faults(page))

    check("/accounts/login/")
    page.get_by_label("User name").fill("olga")
    page.get_by_label("Password").fill("wrong")
    page.get_by_role("main").get_by_role("button", name="Log in", exact=True).click()
    expect(page.locator("#login-trouble")).to_be_visible()
    check()
    log_in(page, "olga")
    page.wait_for_url(ends_in("/plans/"))
    page.locator(".account-menu > summary").click()
    check()
    check("/accounts/login/")
    check("/accounts/password/")
    page.get_by_label("Old password").fill("wrong")
    page.get_by_label("New password", exact=True).fill("x")
    page.get_by_label("New password confirmation").fill("y")
    page.get_by_role("button", name="Change password").click()
    expect(page.locator("[aria-invalid=true]").first).to_be_visible()
    check()
    check("/accounts/security/")
    page.get_by_role("button", name="Set it up").click()
    expect(page.locator("#factor-key")).to_be_visible()
    check()
    page.get_by_label("Code that the app shows").fill(show_code(unseal(SecondFactor.objects.get())))
    page.get_by_role("button", name="Switch it on").click()
    expect(page.locator(".recovery-code")).to_have_count(CODES)
    check()
    code = page.locator(".recovery-code").first.inner_text()
    check("/accounts/security/")
    page.locator(".account-menu > summary").click()
    page.get_by_role("button", name="Log out").click()
    log_in(page, "olga")
    expect(page.get_by_role("heading", name="Your code")).to_be_visible()
    check()
    expect(page.get_by_label("Code")).to_be_focused()
    page.keyboard.type(code)
    page.keyboard.press("Enter")
    page.wait_for_url(ends_in("/plans/"))
    check(f"/plans/{plan.key}/links/")
    page.get_by_label("User name").fill("nobody")
    page.locator("#add-member").click()
    expect(page.get_by_text("There is no account “nobody”")).to_be_visible()
    check()
    check(f"/plans/{plan.key}/read/")
    page.goto(f"/plans/{plan.key}/")
    page.locator(".account-menu > summary").click()
    check()
    assert not found, "\n".join(found)


def test_an_edit_link_is_made_after_the_password_was_given_again(open_page, plan):
    page = open_page(status=403)
    page.goto(f"/plans/{plan.key}/links/")
    log_in(page, "olga")
    page.wait_for_url(ends_in("/links/"))
    session = Session.objects.get()
    known = session.get_decoded()
    session.session_data = Session.objects.encode(known | {GIVEN: known[GIVEN] - LASTS - 1})
    session.save()
    page.get_by_role("button", name="Make the edit link").press("Enter")
    expect(page.get_by_role("heading", name="Your password, once more")).to_be_visible()
    expect(page.get_by_label("Password")).to_be_focused()
    page.keyboard.type("wide open spices")
    page.keyboard.press("Enter")
    expect(page.get_by_text("This is not your password.")).to_be_visible()
    assert not violations(page)
    page.get_by_label("Password").fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Make another edit link")).to_be_visible()
    plan.refresh_from_db()
    assert plan.edit_hash is not None
