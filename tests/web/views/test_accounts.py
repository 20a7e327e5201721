"""Accounts: logging in and out, what belongs to whom, and that wrong logins are few."""

import json
import logging
import unicodedata
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone

from planner.accounts.people import MAX_USER_NAME
from planner.sharing.links import make_edit_link
from planner.store import patience, throttle
from planner.store.holders import Holder
from planner.store.models import Attempt, Event, Hold, Plan
from planner.web.views import edit_links
from tests.web.views.pages import HTMX, Page, know, store

pytestmark = pytest.mark.django_db
PASSWORD = "wide open spaces"
NEW = "narrow closed places 47"
LOGIN = "/accounts/login/"


@pytest.fixture(autouse=True)
def accounts(settings):
    settings.REQUIRE_LOGIN = True
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def alice():
    return User.objects.create_user("alice", password=PASSWORD)


@pytest.fixture
def browser(handler):
    """A browser that nobody has logged in with."""
    client = Client()
    client.handler = handler
    return client


def log_in(client, name="alice", password=PASSWORD, path=LOGIN, **data):
    return client.post(path, {"username": name, "password": password} | data)


def owned_by(user):
    row, key = store()
    row.holds.all().delete()
    Holder(user=user).give(row, Hold.Role.OWN)
    return row, key


# --- logging in and out ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path", ["/plans/", "/plans/import/", "/plans/guided/", "/plans/export.zip", "/plans/{key}/",
             "/plans/{key}/history/", "/plans/{key}/report/json", "/plans/{key}/links/", "/plans/{key}/read/",
             "/accounts/password/"],
)  # fmt: skip
def test_whoever_isnt_logged_in_is_sent_to_the_login_and_back(browser, alice, path):
    address = path.format(key=owned_by(alice)[1])
    response = browser.get(address)
    assert response.status_code == 302
    assert urlsplit(response.url).path == LOGIN
    assert parse_qs(urlsplit(response.url).query) == {"next": [address]}
    assert Page(browser.get(response.url)).one("form", class_="login-form") is not None
    response = log_in(browser, next=address)
    assert (response.status_code, response.url) == (302, address)
    response = browser.get(address)
    response.close()
    assert response.status_code == 200


@pytest.mark.parametrize("path", ["/plans/start/", "/plans/import/", "/plans/guided/"])
def test_plans_are_made_by_accounts_only(browser, path):
    response = browser.post(path, {"example": "everything", "text": "x"})
    assert urlsplit(response.url).path == LOGIN
    assert not Plan.objects.exists()


def test_a_plan_belongs_to_the_account_that_made_it(browser, alice):
    log_in(browser)
    browser.post("/plans/guided/", {"name": "Mine"})
    hold = Hold.objects.get()
    assert (hold.user, hold.browser, hold.role) == (alice, "", Hold.Role.OWN)
    assert Event.objects.get(kind="plan-made").actor == "alice"


def test_plans_that_a_browser_made_before_accounts_were_on_are_listed_until_an_account_opens_them(browser, alice):
    (row, key), (gone, _) = store(), store()
    Plan.objects.filter(pk=gone.pk).update(deleted=timezone.now())
    owned_by(User.objects.create_user("bob", password=PASSWORD))
    log_in(know(browser))

    def unclaimed(client=browser):
        page = Page(client.get("/plans/"))
        return [
            link.get("href") for part in page.all("section", aria_labelledby="unclaimed") for link in part.iter("a")
        ]

    elsewhere = Client()
    log_in(elsewhere)
    assert (unclaimed(), unclaimed(elsewhere)) == ([f"/plans/{key}/"], [])
    assert browser.get(f"/plans/{key}/").status_code == 200
    assert unclaimed() == []
    assert row.name in Page(browser.get("/plans/")).text("ul", class_="plans"), "it is theirs"


def test_the_browsers_cookie_opens_nothing_where_accounts_are_on(handler, alice):
    _, key = owned_by(alice)
    holder = know(Client())
    assert urlsplit(holder.get(f"/plans/{key}/").url).path == LOGIN


def test_another_account_finds_nothing_at_a_plans_address(browser, alice):
    _, key = owned_by(alice)
    User.objects.create_user("mallory", password=PASSWORD)
    log_in(browser, "mallory")
    for path in ("", "read/", "links/", "history/", "report/json", "plan.yaml", "export.zip", "pulse/"):
        assert browser.get(f"/plans/{key}/{path}").status_code == 404
    assert browser.post(f"/plans/{key}/name/", {"name": "Theirs"}).status_code == 404


def test_a_part_of_a_page_leads_to_the_login_and_back_to_the_whole_page(browser, alice):
    """As a refusal, so that the page doesn't take what was sent for stored."""
    _, key = owned_by(alice)
    here = f"http://testserver/plans/{key}/?view=flows"
    for method, path in (("get", "?view=flows"), ("post", "flows/prepare/"), ("post", "name/")):
        response = getattr(browser, method)(f"/plans/{key}/{path}", headers=HTMX | {"HX-Current-URL": here})
        assert parse_qs(urlsplit(response.headers["HX-Redirect"]).query) == {"next": [f"/plans/{key}/?view=flows"]}
        assert response.status_code == 401
        told = "nothing of what you sent was stored" in Page(browser.get(response.headers["HX-Redirect"])).text("main")
        assert told == (path == "name/"), "what is asked while a form is filled in stores nothing"


def test_a_form_that_is_sent_once_the_session_ended_leads_back_to_its_page(browser, alice):
    _, key = owned_by(alice)
    here = f"/plans/{key}/endpoints/?page=2"
    pages = {
        f"http://testserver{here}": here, "http://testserver": "/", "https://testserver/plans/": "/",
        "http://elsewhere.example/plans/": "/", "http://[": "/", "": "/",
    }  # fmt: skip
    for page, back in pages.items():
        response = browser.post(here, {"cells": "[]"}, headers={"Referer": page})
        assert (response.status_code, parse_qs(urlsplit(response.url).query)) == (302, {"next": [back]})
    assert "nothing of what you sent was stored" in Page(browser.get(LOGIN)).text("main")
    assert Plan.objects.get().revision == 1


def test_the_header_says_who_is_logged_in(browser, alice):
    assert Page(browser.get("/")).text("a", href=LOGIN) == "Log in"
    log_in(browser)
    menu = Page(browser.get("/")).text("details", class_="account-menu")
    assert "alice" in menu
    assert "Change password" in menu
    assert "Log out" in menu
    assert "Administration" not in menu


def test_without_accounts_no_page_speaks_of_them(settings, browser, alice):
    settings.REQUIRE_LOGIN = False
    page = Page(browser.get("/"))
    assert not page.all(class_="account-menu")
    assert not page.all("a", href=LOGIN)
    for path in (LOGIN, "/accounts/password/"):
        assert browser.get(path).status_code == 404
    assert browser.post("/accounts/logout/").status_code == 404
    assert log_in(browser).status_code == 404


@pytest.mark.parametrize("next_page", ["https://evil.example/", "//evil.example", "javascript:alert(1)", ""])
def test_after_the_login_nobody_is_sent_elsewhere(browser, alice, next_page):
    assert log_in(browser, next=next_page).url == "/plans/"


def test_logging_out_takes_a_form_and_ends_the_session(browser, alice):
    log_in(browser)
    assert browser.get("/accounts/logout/").status_code == 405
    assert browser.get("/plans/").status_code == 200
    response = browser.post("/accounts/logout/", follow=True)
    assert "You are logged out." in Page(response).text()
    assert urlsplit(browser.get("/plans/").url).path == LOGIN


def test_forms_of_accounts_need_their_token(alice):
    strict = Client(enforce_csrf_checks=True)
    assert log_in(strict).status_code == 403
    strict.force_login(alice)
    for path in ("/accounts/logout/", "/accounts/password/"):
        assert strict.post(path).status_code == 403
    assert strict.get("/plans/").status_code == 200


def test_pages_of_accounts_are_kept_by_nobody(browser, alice):
    for response in (browser.get(LOGIN), log_in(browser), browser.get("/accounts/password/")):
        assert response.headers["Cache-Control"] == "private, no-store"


def test_an_account_that_is_switched_off_is_out_at_once(browser, alice):
    log_in(browser)
    User.objects.update(is_active=False)
    assert urlsplit(browser.get("/plans/").url).path == LOGIN
    assert "don't belong together" in Page(log_in(browser)).text(id="login-trouble")


# --- passwords -------------------------------------------------------------------------------------------------------


def change_password(client, old, new, again=None):
    data = {"old_password": old, "new_password1": new, "new_password2": again or new}
    return client.post("/accounts/password/", data)


def test_a_password_is_changed_and_other_browsers_are_logged_out(browser, alice):
    other = Client()
    log_in(other)
    log_in(browser)
    response = change_password(browser, PASSWORD, "narrow and closed")
    assert (response.status_code, response.url) == (302, "/plans/")
    assert "Your password is changed, and" in Page(browser.get("/plans/")).text()
    assert urlsplit(other.get("/plans/").url).path == LOGIN
    alice.refresh_from_db()
    assert alice.check_password("narrow and closed")


@pytest.mark.parametrize(
    ("old", "new", "again"), [("wrong", "narrow and closed", None), (PASSWORD, "short", None),
                              (PASSWORD, "password1", None), (PASSWORD, "narrow and closed", "narrow or closed")],
)  # fmt: skip
def test_a_password_that_cant_be_changed_is_told_beside_its_field(browser, alice, old, new, again):
    log_in(browser)
    response = change_password(browser, old, new, again)
    assert response.status_code == 200
    assert Page(response).all(class_="error")
    alice.refresh_from_db()
    assert alice.check_password(PASSWORD)


def test_who_logs_in_elsewhere_has_no_password_to_change(browser, alice):
    alice.set_unusable_password()
    alice.save()
    browser.force_login(alice)
    assert browser.get("/accounts/password/").status_code == 403
    assert "Change password" not in Page(browser.get("/")).text("details", class_="account-menu")


# --- edit links ------------------------------------------------------------------------------------------------------


def test_an_edit_link_leads_through_the_login_to_the_plan(browser, alice):
    row, key = owned_by(User.objects.create_user("olga"))
    token = make_edit_link(plan_id=row.pk)
    response = browser.get(f"/edit/{token}/?view=flows")
    assert response.url == f"{LOGIN}?next=/edit/%3Fview%3Dflows"
    assert token not in Page(browser.get(response.url)).html
    response = log_in(browser, next="/edit/?view=flows")
    assert response.url == "/edit/?view=flows"
    door = Page(browser.get(response.url))
    assert token not in door.html
    assert not row.holds.filter(user=alice).exists(), "nothing has changed yet"
    response = browser.post(door.one("form", class_="gate").get("action"))
    assert response.url == f"/plans/{key}/?view=flows"
    assert row.holds.get(user=alice).role == Hold.Role.EDIT
    assert "edit-link" not in {name for name, morsel in browser.cookies.items() if morsel.value}


def test_while_somebody_logs_in_the_link_is_in_their_browsers_cookie_alone(browser, alice, caplog):
    row, _ = owned_by(alice)
    token = make_edit_link(plan_id=row.pk)
    cookie = browser.get(f"/edit/{token}/").cookies["edit-link"]
    assert (cookie["path"], cookie["httponly"], cookie["samesite"], cookie["max-age"]) == ("/edit/", True, "Lax", 900)
    with caplog.at_level(logging.DEBUG):
        log_in(browser, next="/edit/")
        browser.get("/edit/")
    kept = [str(session.get_decoded()) for session in Session.objects.all()]
    kept += [str(vars(row)) for model in (Event, Attempt, Hold, Plan) for row in model.objects.all()]
    assert kept
    assert token not in "".join(kept)
    assert token not in caplog.text


def test_a_link_that_waited_too_long_or_was_tampered_with_opens_nothing(browser, alice, monkeypatch):
    row, _ = owned_by(User.objects.create_user("olga"))
    browser.get(f"/edit/{make_edit_link(plan_id=row.pk)}/")
    log_in(browser)
    whole = browser.cookies["edit-link"].value
    browser.cookies["edit-link"] = "x" * 43 + whole[43:]
    assert browser.get("/edit/").url == "/plans/"
    monkeypatch.setattr(edit_links, "WAITS", timedelta(seconds=-1))
    browser.cookies["edit-link"] = whole
    assert browser.get("/edit/").url == "/plans/"
    assert not row.holds.filter(user=alice).exists()


def test_the_waiting_place_of_edit_links_is_for_accounts(browser):
    assert urlsplit(browser.get("/edit/").url).path == LOGIN


def test_a_logged_in_account_gets_to_the_plan_at_once(browser, alice):
    row, key = owned_by(User.objects.create_user("olga"))
    log_in(browser)
    assert browser.post(f"/edit/{make_edit_link(plan_id=row.pk)}/").url == f"/plans/{key}/"
    assert row.holds.get(user=alice).role == Hold.Role.EDIT
    assert Event.objects.get(kind="edit-link-opened").actor == "alice"


def test_many_wrong_edit_links_are_asked_to_wait(browser, alice, monkeypatch):
    monkeypatch.setattr("planner.web.views.shared.WRONG_LINKS", 2)
    log_in(browser)
    answers = [browser.get(f"/edit/{letter * 43}/").status_code for letter in "aabc"]
    assert answers == [404, 404, 404, 429]


# --- read links ------------------------------------------------------------------------------------------------------


def test_read_links_open_without_an_account_unless_they_are_switched_off(browser, alice, settings):
    row, _ = owned_by(alice)
    token = "r" * 43
    from planner.sharing import links

    links.make_link(plan=row, terms=links.Terms(label="Network"), token=token, holder=Holder(user=alice))
    page = Page(browser.get(f"/shared/{token}/"))
    assert row.name in page.text()
    assert not page.all("a", href=LOGIN)
    settings.PUBLIC_LINKS = False
    assert browser.get(f"/shared/{token}/").status_code == 404
    assert Client().get(f"/shared/{token}/report/json").status_code == 404


# --- the name of who edits -------------------------------------------------------------------------------------------


def test_a_revision_has_the_name_of_the_account_whatever_the_browser_is_called(browser, alice):
    row, key = owned_by(alice)
    know(browser)
    log_in(browser)
    browser.post(f"/plans/{key}/visitor/", {"name": "Bob"})
    browser.post(f"/plans/{key}/name/", {"name": "Renamed", "description": ""})
    assert row.revisions.latest("number").author == "alice"
    assert "Your name for the others" not in Page(browser.get(f"/plans/{key}/")).text()


# --- wrong logins ----------------------------------------------------------------------------------------------------


@pytest.fixture(params=[LOGIN, "/admin/login/"])
def path(request):
    """Both logins; the second is there without accounts too."""
    return request.param


def test_a_name_takes_few_wrong_passwords_in_an_hour(browser, path):
    User.objects.create_user("alice", password=PASSWORD, is_staff=True)
    for number in range(patience.HERE):
        name = ("alice", "ALICE", "Alice")[number % 3]
        assert log_in(browser, name, "wrong", path).status_code == 200
    for name in ("alice", "aLiCe"):
        response = log_in(browser, name, PASSWORD, path)
        assert response.status_code == 429
        assert 0 < int(response.headers["Retry-After"]) <= 10
        assert "Too many logins were wrong" in Page(response).text()
    elsewhere = Client(REMOTE_ADDR="198.51.100.9")
    assert log_in(elsewhere, "alice", PASSWORD, path).status_code == 302, "a stranger's failures lock nobody out"
    Attempt.objects.update(at=timezone.now() - throttle.HOUR)
    assert log_in(browser, "alice", PASSWORD, path).status_code == 302


def test_no_more_of_a_name_is_folded_than_user_names_have(browser, path, monkeypatch):
    """To bring thousands of accents into their order takes the square of their number."""
    lengths = []
    normalize = unicodedata.normalize

    def watch(form, text):
        lengths.append(len(text))
        return normalize(form, text)

    monkeypatch.setattr(unicodedata, "normalize", watch)
    assert log_in(browser, "e" + "\u0301" * 5_000, "wrong", path).status_code == 200
    assert lengths
    assert max(lengths) <= MAX_USER_NAME == User._meta.get_field("username").max_length


def test_a_client_may_try_few_names_in_an_hour(browser, path):
    User.objects.create_user("alice", password=PASSWORD, is_staff=True)
    for number in range(patience.FROM_PLACE):
        assert log_in(browser, f"name{number}", "wrong", path).status_code == 200
    assert log_in(browser, "alice", PASSWORD, path).status_code == 429
    assert log_in(browser, "alice", PASSWORD, path).status_code == 429, "too early"
    forged = Client(headers={"X-Forwarded-For": "198.51.100.9"})
    assert log_in(forged, "alice", PASSWORD, path).status_code == 429
    assert log_in(Client(REMOTE_ADDR="198.51.100.9"), "alice", PASSWORD, path).status_code == 302


def test_right_logins_dont_count(browser, path):
    User.objects.create_user("alice", password=PASSWORD, is_staff=True)
    for _ in range(patience.FROM_PLACE + 1):
        assert log_in(browser, "alice", PASSWORD, path).status_code == 302
    assert not Attempt.objects.exists()


def test_who_shares_an_address_with_a_stranger_waits_for_seconds_and_logs_in(browser, path, monkeypatch):
    User.objects.create_user("alice", password=PASSWORD, is_staff=True)
    for number in range(patience.FROM_PLACE):
        log_in(Client(), f"name{number}", "wrong", path)
    assert log_in(browser, "alice", PASSWORD, path).status_code == 429
    monkeypatch.setattr(patience, "WAIT", timedelta(0))
    assert log_in(browser, "alice", PASSWORD, path).status_code == 302


def test_a_browser_that_was_right_before_logs_in_at_once(browser, path):
    User.objects.create_user("alice", password=PASSWORD, is_staff=True)
    log_in(browser, "alice", PASSWORD, path)
    browser.logout()  # which forgets its cookies
    log_in(browser, "alice", PASSWORD, path)
    known = browser.cookies["known"].value
    for _ in range(patience.HERE + 1):
        log_in(Client(), "alice", "wrong", path)
    fresh = Client()
    assert log_in(fresh, "alice", PASSWORD, path).status_code == 429
    fresh.cookies["known"] = known
    assert log_in(fresh, "alice", PASSWORD, path).status_code == 302


def test_old_passwords_are_tried_a_few_times_in_a_session_and_other_sessions_go_on(browser, alice):
    thief = Client()
    for client in (browser, thief):
        log_in(client)
    wrong = {"old_password": "wrong", "new_password1": NEW, "new_password2": NEW}
    assert [thief.post("/accounts/password/", wrong).status_code for _ in range(11)] == [200] * 10 + [429]
    right = wrong | {"old_password": PASSWORD}
    assert thief.post("/accounts/password/", right).status_code == 429
    assert browser.post("/accounts/password/", right).status_code == 302


def test_a_new_password_that_can_be_guessed_is_refused(browser, alice):
    log_in(browser)
    for weak in ("Tr0ub4dour", "alicealice", "aaaaaaaaaaaa"):
        data = {"old_password": PASSWORD, "new_password1": weak, "new_password2": weak}
        assert "easy to guess" in Page(browser.post("/accounts/password/", data)).text("main")


def test_a_name_that_nobody_has_answers_like_one_with_a_wrong_password(browser, alice):
    pages = [Page(log_in(browser, name, "wrong")).text("main") for name in ("alice", "nobody")]
    assert pages[0] == pages[1]


def test_a_form_without_name_or_password_is_no_try(browser, alice):
    for name, password in (("", "x"), ("alice", ""), ("\0", "x"), ("x" * 151, "")):
        assert log_in(browser, name, password).status_code == 200
    assert not Attempt.objects.exists()


# --- the log ---------------------------------------------------------------------------------------------------------


def test_the_log_tells_of_logins_from_where_and_without_passwords(
    browser, alice, caplog, django_capture_on_commit_callbacks
):
    secret = "pa55word-typed-wrong"
    with caplog.at_level(logging.INFO, "planner.audit"), django_capture_on_commit_callbacks(execute=True):
        log_in(browser, "alice", secret)
        log_in(browser, "x" * 150, secret)
        log_in(browser)
        browser.post("/accounts/logout/")
        browser.post("/accounts/logout/")
    told = [(event.kind, event.actor) for event in Event.objects.order_by("pk")]
    assert told == [("login-failed", "alice"), ("login-failed", "x" * 150), ("logged-in", "alice"),
                    ("logged-out", "alice")]  # fmt: skip
    lines = [json.loads(record.message) for record in caplog.records if record.name == "planner.audit"]
    assert [(line["event"], line["actor"]) for line in lines] == told
    assert {line["address"] for line in lines} == {"127.0.0.1"}
    for text in (secret, PASSWORD):
        assert text not in caplog.text
        assert text not in str([vars(event) for event in Event.objects.all()])
