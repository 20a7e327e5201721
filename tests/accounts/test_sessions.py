"""Where an account is logged in: what is noted, shown and ended, and who may."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone

from planner.accounts import sessions
from planner.store.account_models import Login
from planner.store.models import Event
from tests.web.views.pages import Page, words

pytestmark = pytest.mark.django_db
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
CHROME = "AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0"
SAFARI = "AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1"
HERE = "/accounts/security/"
END = "/accounts/sessions/end/"


@pytest.fixture(autouse=True)
def accounts(settings):
    settings.REQUIRE_LOGIN = True
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def alice():
    return User.objects.create_user("alice", password="wide open spaces")


def log_in(user, agent=FIREFOX):
    client = Client(headers={"User-Agent": agent})
    client.force_login(user)
    assert client.get("/plans/").status_code == 200
    return client


def is_in(client):
    return client.get("/plans/").status_code == 200


@pytest.mark.parametrize(
    ("agent", "words"),
    [
        (FIREFOX, "Firefox on Linux"),
        (f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {CHROME} Safari/537.36 Edg/142.0.0.0", "Edge on Windows"),
        (f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {CHROME} Safari/537.36", "Chrome on Windows"),
        (f"Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) {SAFARI}", "Safari on iPhone"),
        (f"Mozilla/5.0 (Linux; Android 10; K) {CHROME} Mobile Safari/537.36", "Chrome on Android"),
        ("curl/8.14.1", "Another program"),
        ("Firefox" * 10_000, "Another program"),
        ("<b>\0", "Another program"),
        ("", "Another program"),
    ],
)
def test_a_browser_is_named_by_its_family_and_system(agent, words):
    assert sessions.name_browser(agent) == words


def test_the_page_lists_the_sessions_and_marks_this_one(alice):
    log_in(alice, "curl/8.14.1")
    log_in(User.objects.create_user("bob"), "Mozilla/5.0 (Windows NT 10.0) Firefox/140.0")
    page = Page(log_in(alice).get(HERE))
    (here, other) = [words(entry) for entry in page.all("li", class_="link")]
    assert "Firefox on Linux" in here
    assert "this one" in here
    assert "Another program" in other
    assert "this one" not in other
    assert "Windows" not in page.text("main")


def test_a_session_is_noted_once_in_a_while_and_goes_when_it_ends(alice, django_assert_num_queries):
    client = log_in(alice)
    login = Login.objects.get()
    assert timezone.now() - login.begun < timedelta(minutes=1)
    Login.objects.update(seen=timezone.now() - timedelta(hours=1))
    is_in(client)
    assert timezone.now() - Login.objects.get().seen > timedelta(minutes=50)
    sessions._seen.clear()
    is_in(client)
    assert timezone.now() - Login.objects.get().seen < timedelta(minutes=1)
    assert Login.objects.get().begun == login.begun
    client.post("/accounts/logout/")
    assert not Login.objects.exists()


def test_one_session_is_ended_and_it_is_in_the_log(alice):
    here, other, third = log_in(alice), log_in(alice), log_in(alice)
    number = Login.objects.get(session_id=other.session.session_key).pk
    assert here.post(END, {"number": number}).status_code == 302
    assert [is_in(client) for client in (here, other, third)] == [True, False, True]
    event = Event.objects.get(kind="session-ended")
    assert (event.actor, event.detail) == ("alice", "1 session")
    assert "ended already" in Page(here.post(END, {"number": number}, follow=True)).text("main")
    assert Event.objects.filter(kind="session-ended").count() == 1


def test_all_others_are_ended_also_those_of_before_they_were_noted(alice):
    here, other, old = log_in(alice), log_in(alice), log_in(alice)
    bob = log_in(User.objects.create_user("bob"))
    Login.objects.filter(session_id=old.session.session_key).delete()
    here.post(END)
    assert [is_in(client) for client in (here, other, old, bob)] == [True, False, False, True]
    assert Event.objects.get(kind="session-ended").detail == "2 sessions"


def test_nobody_ends_sessions_of_others(alice):
    client = log_in(alice)
    stranger = log_in(User.objects.create_user("mallory"))
    stranger.post(END, {"number": Login.objects.get(user=alice).pk})
    stranger.post(END)
    assert is_in(client)
    assert not Event.objects.filter(kind="session-ended").exists()
    assert stranger.post(END, {"number": "²"}).status_code == 404
    assert stranger.post(END, {"number": "9" * 30}).status_code == 404


def test_another_password_ends_the_others_whoever_sets_it(alice):
    here, other = log_in(alice), log_in(alice)
    new = "narrow closed places 47"
    data = {"old_password": "wide open spaces", "new_password1": new, "new_password2": new}
    assert here.post("/accounts/password/", data).status_code == 302
    assert [is_in(client) for client in (here, other)] == [True, False]
    assert Session.objects.count() == 1
    alice.set_password("something else altogether 3")
    alice.save()
    assert not is_in(here)
    assert not Session.objects.exists()


def test_what_is_kept_of_a_session_goes_when_it_is_tidied_away(alice):
    log_in(alice)
    Session.objects.update(expire_date=timezone.now() - timedelta(days=1))
    assert sessions.list_open(alice) == ()
    Session.objects.filter(expire_date__lt=timezone.now()).delete()
    assert not Login.objects.exists()


def test_who_isnt_logged_in_has_no_such_page(settings):
    assert Client().get(HERE).url == f"/accounts/login/?next={HERE}"
    settings.REQUIRE_LOGIN = False
    assert Client().get(HERE).status_code == 404
