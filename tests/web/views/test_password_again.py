"""Acts that count for more than others ask for the password again, once it wasn't given for a while."""

import pytest
from django.contrib.auth.models import User
from django.http import HttpRequest
from django.test import Client
from django.urls import URLPattern, get_resolver, reverse

from planner.accounts.confirmation import GIVEN, LASTS, MOST_WRONG, note_given
from planner.store.holders import Holder
from planner.store.models import Hold
from planner.web.password_again import FIELD
from ports.models import Amendment
from tests.web.views.pages import Page, store

pytestmark = pytest.mark.django_db
PASSWORD = "violet harbour nineteen"


@pytest.fixture(autouse=True)
def accounts(settings):
    settings.REQUIRE_LOGIN = True


@pytest.fixture
def olga():
    """A browser in which olga, of the staff, logged in a while ago."""
    User.objects.create_superuser("olga", password=PASSWORD)
    client = Client()
    client.post("/accounts/login/", {"username": "olga", "password": PASSWORD})
    wait(client, LASTS + 1)
    return client


@pytest.fixture
def plan(olga):
    row, _ = store()
    row.holds.all().delete()
    Holder(user=User.objects.get(username="olga")).give(row, Hold.Role.OWN)
    return row


def wait(client, seconds):
    """Have seconds go by since the password was given."""
    session = client.session
    session[GIVEN] -= seconds
    session.save()


def fill_in(client, page, password=PASSWORD):
    """Send the page that asks, as it is, with a password."""
    form = page.one("form", **{"class": "login-form"})
    sent: dict[str, list[str]] = {}
    for field in form.iter("input"):
        if field.get("name") not in (None, FIELD, "csrfmiddlewaretoken"):
            sent.setdefault(field.get("name"), []).append(field.get("value"))
    return client.post(form.get("action"), sent | {FIELD: password})


def test_deleting_a_plan_asks_for_the_password_and_goes_on_with_it(olga, plan):
    where = reverse("delete_plan", kwargs={"key": plan.key})
    answer = olga.post(where)
    assert answer.status_code == 403
    plan.refresh_from_db()
    assert plan.deleted is None
    wrong = fill_in(olga, Page(answer), "something else")
    assert "This is not your password." in Page(wrong).text()
    plan.refresh_from_db()
    assert plan.deleted is None
    assert fill_in(olga, Page(wrong)).status_code == 302
    plan.refresh_from_db()
    assert plan.deleted is not None


def test_what_was_sent_is_done_whole_and_asked_for_once(olga, plan):
    User.objects.create_user("edna")
    where = reverse("add_member", kwargs={"key": plan.key})
    answer = fill_in(olga, Page(olga.post(where, {"name": "edna", "role": "edit"})))
    assert answer.status_code == 302
    assert plan.holds.get(user__username="edna").role == "edit"
    answer = olga.post(where, {"name": "edna", "role": "read"})
    assert answer.status_code == 302, "it was given just now"
    wait(olga, LASTS - 60)
    assert olga.post(where, {"name": "edna", "role": "edit"}).status_code == 302
    wait(olga, 61)
    assert olga.post(where, {"name": "edna", "role": "read"}).status_code == 403


def test_the_admin_asks_for_it_with_every_chosen_row(olga, plan):
    other = store()[0]
    chosen = [str(plan.pk), str(other.pk)]
    data = {"action": "withdraw_edit_links", "_selected_action": chosen}
    answer = olga.post("/admin/planner/plan/", data)
    assert answer.status_code == 403
    kept = [one.get("value") for one in Page(answer).all("input", name="_selected_action")]
    assert kept == chosen
    assert fill_in(olga, Page(answer)).status_code in (200, 302)


def test_nobody_gets_privileges_or_a_password_without_it(olga):
    edna = User.objects.create_user("edna")
    data = {"username": "edna", "date_joined_0": "2026-01-01", "date_joined_1": "10:00:00", "is_active": "on"}
    answer = olga.post(f"/admin/auth/user/{edna.pk}/change/", data | {"is_superuser": "on", "is_staff": "on"})
    edna.refresh_from_db()
    assert (answer.status_code, edna.is_superuser) == (403, False)
    fill_in(olga, Page(answer))
    edna.refresh_from_db()
    assert edna.is_superuser


def test_the_matrix_is_amended_with_it(olga):
    data = {"row": "service/smtp", "field": "ports", "value": "2525", "reason": "Here", "seen": '"25"'}
    answer = olga.post(reverse("amend_row"), data)
    assert answer.status_code == 403
    assert not Amendment.objects.exists()
    fill_in(olga, Page(answer))
    assert Amendment.objects.get().reason == "Here"


def test_wrong_ones_are_few_in_a_session_and_keep_no_other_out(olga, plan):
    where = reverse("delete_plan", kwargs={"key": plan.key})
    thief, page = olga, Page(olga.post(where))
    for _ in range(MOST_WRONG):
        assert fill_in(thief, page, "guess").status_code == 403
    assert fill_in(thief, page).status_code == 429
    other = Client()
    other.post("/accounts/login/", {"username": "olga", "password": PASSWORD})
    assert other.post(where).status_code == 302


def test_who_logs_in_elsewhere_is_not_asked(plan):
    user = User.objects.get(username="olga")
    user.set_unusable_password()
    user.save()
    client = Client()
    client.force_login(user)
    wait(client, LASTS + 1)
    assert client.post(reverse("delete_plan", kwargs={"key": plan.key})).status_code == 302


def test_a_password_is_in_no_answer_and_no_row(olga, plan):
    where = reverse("make_link", kwargs={"key": plan.key})
    page = Page(olga.post(where, {"label": "L", "offer": "x", FIELD: "narrow guess here"}))
    assert "narrow guess here" not in page.text()
    assert not page.all("input", value="narrow guess here")


ASKS = {
    "delete_plan", "make_link", "make_edit_link", "add_member", "change_member", "remove_member", "show_uploads",
    "give_to_git", "take_from_git",
    "show_tokens", "amend_row", "revert_amendment", "activate_edition",
    "prepare_factor", "confirm_factor", "make_codes", "remove_factor",
}  # fmt: skip
"""Beside all that is posted in the admin. What takes access back, and can be undone, doesn't wait for a password."""


def test_these_acts_ask_and_no_others():
    def walk(patterns):
        for pattern in patterns:
            if isinstance(pattern, URLPattern):
                yield pattern
            else:
                yield from walk(pattern.url_patterns)

    marked = {one.name for one in walk(get_resolver().url_patterns) if getattr(one.callback, "sensitive", False)}
    assert marked == ASKS


@pytest.mark.parametrize("request_without_a_session", [None, HttpRequest()])
def test_a_login_that_no_browser_made_is_noted_nowhere(request_without_a_session):
    note_given(request_without_a_session)
    assert not hasattr(request_without_a_session, "session")
