"""Accounts that a trusted proxy names in a header; from anybody else the header is nothing."""

from urllib.parse import urlsplit

import pytest
from django.contrib.auth.models import User
from django.test import Client

from planner.deploy.proxies import read_proxies
from planner.store.models import Event, Hold
from tests.web.views.pages import Page

pytestmark = pytest.mark.django_db
PROXY, ELSEWHERE = "10.0.0.1", "198.51.100.7"


@pytest.fixture(autouse=True)
def by_proxy(settings):
    settings.REQUIRE_LOGIN = True
    settings.PROXIES = read_proxies([PROXY])
    settings.REMOTE_USER = "HTTP_X_REMOTE_USER"
    login = settings.MIDDLEWARE.index("django.contrib.auth.middleware.AuthenticationMiddleware") + 1
    settings.MIDDLEWARE = [
        *settings.MIDDLEWARE[:login],
        "planner.accounts.remote_user.ProxyUser",
        *settings.MIDDLEWARE[login:],
    ]
    settings.AUTHENTICATION_BACKENDS = [
        *settings.AUTHENTICATION_BACKENDS, "planner.accounts.remote_user.ProxyUserBackend",
    ]  # fmt: skip


@pytest.fixture
def browser():
    return Client()


def get(browser, user=None, remote=PROXY, path="/plans/"):
    """A page, as the proxy (or somebody else) asks for it."""
    headers = {"X-Forwarded-For": ELSEWHERE} | ({"X-Remote-User": user} if user is not None else {})
    return browser.get(path, headers=headers, REMOTE_ADDR=remote)


def is_in(response):
    return response.status_code == 200


def test_whom_the_proxy_names_is_logged_in_and_gets_an_account(browser):
    response = get(browser, "alice")
    assert is_in(response)
    user = User.objects.get()
    assert (user.username, user.is_staff, user.is_superuser, user.has_usable_password()) == (
        "alice",
        False,
        False,
        False,
    )
    menu = Page(response).text("details", class_="account-menu")
    assert "alice" in menu
    assert "Log out" not in menu
    assert "Change password" not in menu
    assert [(event.kind, event.actor) for event in Event.objects.all()] == [("logged-in", "alice")]


def test_a_session_is_one_login_however_many_pages_it_sees(browser):
    for _ in range(3):
        get(browser, "alice")
    assert User.objects.count() == 1
    assert Event.objects.filter(kind="logged-in").count() == 1


def test_what_is_made_belongs_to_whom_the_proxy_names(browser):
    browser.post("/plans/guided/", {"name": "Mine"}, headers={"X-Remote-User": "alice"}, REMOTE_ADDR=PROXY)
    assert Hold.objects.get().user.username == "alice"


@pytest.mark.parametrize("remote", [ELSEWHERE, "127.0.0.1", ""])
def test_nobody_else_names_an_account(browser, remote):
    response = get(browser, "root", remote)
    assert urlsplit(response.url).path == "/accounts/login/"
    assert not User.objects.exists()


def test_a_session_that_the_proxy_began_is_worth_nothing_past_the_proxy(browser):
    assert is_in(get(browser, "alice"))
    assert not is_in(get(browser, "alice", ELSEWHERE))
    assert not is_in(get(browser, None, ELSEWHERE))


def test_whom_the_proxy_no_longer_names_is_logged_out(browser):
    assert is_in(get(browser, "alice"))
    response = get(browser)
    assert urlsplit(response.url).path == "/accounts/login/"
    assert "it named no account that may log in" in Page(get(browser, path=response.url)).text()


def test_another_name_is_another_account(browser):
    get(browser, "alice")
    assert "bob" in Page(get(browser, "bob")).text("details", class_="account-menu")
    assert set(User.objects.values_list("username", flat=True)) == {"alice", "bob"}


@pytest.mark.parametrize(
    "name",
    ["", " ", "alice,root", "alice, root", "x" * 151, "a\x07b", "a\x85b", "a\u202eb".encode().decode("latin-1")],
)
def test_what_is_no_name_or_several_names_nobody(browser, name):
    assert not is_in(get(browser, name))
    assert not User.objects.exists()


@pytest.mark.parametrize("name", ["alice@EXAMPLE.COM", "CORP\\alice", "Zoë Ωmega", "x" * 150])
def test_names_of_directories_are_taken_as_they_are(browser, name):
    assert is_in(get(browser, name.encode().decode("latin-1")))
    assert User.objects.get().username == name


def test_an_account_that_is_switched_off_stays_out_and_the_log_tells_it_once_an_hour(browser):
    User.objects.create_user("alice", is_active=False)
    before = Event.objects.count()
    for _ in range(3):
        assert not is_in(get(browser, "alice"))
    assert [(event.kind, event.actor) for event in Event.objects.order_by("pk")[before:]] == [
        ("login-failed", "alice")
    ]


@pytest.mark.slow
def test_the_throttle_and_the_log_know_the_client_that_the_proxy_names(browser):
    for _ in range(30):
        browser.post(
            "/accounts/login/", {"username": f"u{_}", "password": "x"},
            headers={"X-Forwarded-For": ELSEWHERE}, REMOTE_ADDR=PROXY,
        )  # fmt: skip
    tries = [
        browser.post("/accounts/login/", {"username": "v", "password": "x"}, headers=headers, REMOTE_ADDR=remote)
        for remote, headers in (
            (PROXY, {"X-Forwarded-For": ELSEWHERE}), (PROXY, {"X-Forwarded-For": f"203.0.113.1, {ELSEWHERE}"}),
            (ELSEWHERE, {"X-Forwarded-For": "203.0.113.1"}), (PROXY, {"X-Forwarded-For": "203.0.113.2"}),
        )
    ]  # fmt: skip
    assert [answer.status_code for answer in tries] == [429, 429, 429, 200]
