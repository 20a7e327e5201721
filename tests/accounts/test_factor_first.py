"""A second factor that is demanded: who has none sets it up after the password, and can do nothing else before."""

import pytest
from django.contrib.auth import BACKEND_SESSION_KEY
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import NoReverseMatch, URLPattern, get_resolver, reverse

from planner.accounts import second_factor
from planner.accounts.pending import WANTED
from planner.sharing.links import Terms, make_edit_link, make_link
from planner.store.account_models import SecondFactor
from planner.store.holders import Holder
from planner.store.models import Hold, Plan
from planner.web import factor_first
from tests.accounts.test_second_factor import (
    CONFIRM,
    HERE,
    PASSWORD,
    PREPARE,
    REMOVE,
    give_password,
    set_up,
    show_code,
)
from tests.web.views.pages import HTMX, Page, store

pytestmark = pytest.mark.django_db
BROWSER = {"Accept": "text/html"}


@pytest.fixture(autouse=True)
def demanded(settings):
    settings.REQUIRE_LOGIN = True
    settings.SECOND_FACTOR = "staff"
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def root():
    return User.objects.create_superuser("root", password=PASSWORD)


@pytest.fixture
def client(root):
    client = Client()
    give_password(client, "root")
    return client


def names_in(patterns, before=""):
    """Every name of an address, with its namespace."""
    for one in patterns:
        if isinstance(one, URLPattern):
            if one.name:
                yield f"{before}{one.name}"
        else:
            yield from names_in(one.url_patterns, f"{before}{one.namespace}:" if one.namespace else before)


def test_whoever_has_none_sets_it_up_and_goes_on_where_they_wanted_to_be(client, root):
    assert client.get("/plans/?q=1", headers=BROWSER).url == HERE
    page = Page(client.get(HERE))
    assert "asks staff for a second factor" in page.text(id="factor-first")
    client.post(PREPARE)
    secret = second_factor.unseal(SecondFactor.objects.get(user=root))
    assert client.get("/plans/").status_code == 302  # until a code proves that an app has it
    shown = Page(client.post(CONFIRM, {"code": show_code(secret)}))
    assert shown.one("a", class_="button-main").get("href") == "/plans/?q=1"
    assert client.get("/plans/").status_code == 200
    assert "asked for here" in Page(client.get(HERE)).text("main")
    client.post(REMOVE)
    assert client.get("/plans/").url == HERE


def test_the_secret_of_a_link_is_in_no_session(settings):
    settings.SECOND_FACTOR = "all"
    user = User.objects.create_user("alice", password=PASSWORD)
    client = Client()
    give_password(client)
    row, _ = store()
    read, edit = "r" * 43, make_edit_link(plan_id=row.pk)
    make_link(plan=row, terms=Terms(label="Team"), token=read, holder=Holder(name="olga"))
    for path in (f"/edit/{edit}/?view=flows", f"/shared/{read}/", f"/shared/{read}/rule/?rule=x"):
        assert client.get(path, headers=BROWSER).url == HERE
    kept = str([session.get_decoded() for session in Session.objects.all()])
    assert WANTED in kept
    assert read not in kept
    assert edit not in kept
    client.post(PREPARE)
    secret = second_factor.unseal(SecondFactor.objects.get(user=user))
    shown = Page(client.post(CONFIRM, {"code": show_code(secret)}))
    door = shown.one("a", class_="button-main").get("href")
    assert door == "/edit/?view=flows", "the edit link has waited in the browser"
    assert Page(client.get(door)).one("form", class_="gate").get("action") == door


@pytest.mark.slow
def test_nothing_else_is_there_before(client):
    """Whatever address there is: of any kind, by any method."""
    tried, let_in = 0, set()
    arguments = (
        {}, {"key": "6f9619ff-8b86-4d01-b42d-00cf4fc964ff"}, {"token": "x" * 43}, {"object_id": "1"},
        {"key": "6f9619ff-8b86-4d01-b42d-00cf4fc964ff", "name": "json"}, {"app_label": "auth"}, {"name": "x"},
        {"key": "6f9619ff-8b86-4d01-b42d-00cf4fc964ff", "number": 1},
    )  # fmt: skip
    for name in sorted(set(names_in(get_resolver().url_patterns))):
        for given in arguments:
            try:
                address = reverse(name, kwargs=given)
            except NoReverseMatch:
                continue
            if address.startswith("/api/") or name in {"admin:logout", "log_out"}:
                break
            for method in (client.get, client.post):
                answer = method(address)
                if (answer.status_code, answer.headers.get("Location")) != (302, HERE):
                    let_in.add(name)
            tried += 1
            break
    assert tried > 100
    assert let_in <= factor_first.OPEN | {f"admin:{name}" for name in factor_first.OPEN_ADMIN}, let_in
    assert "show_security" in let_in


def test_what_is_sent_is_not_done_and_htmx_is_led_there_too(client):
    row, _ = store()
    row.holds.all().delete()
    Holder(user=User.objects.get()).give(row, Hold.Role.OWN)
    answer = client.post(f"/plans/{row.key}/name/", {"name": "Other"}, headers=HTMX)
    assert (answer.status_code, answer.headers["HX-Redirect"]) == (401, HERE)
    assert Plan.objects.get().name == row.name
    assert WANTED not in client.session  # a form that was sent is no place to come back to


def test_others_than_staff_are_asked_where_all_are(settings):
    User.objects.create_user("alice", password=PASSWORD)
    client = Client()
    give_password(client)
    assert client.get("/plans/").status_code == 200
    settings.SECOND_FACTOR = "all"
    assert client.get("/plans/").url == HERE
    assert "asks every account" in Page(client.get(HERE)).text(id="factor-first")
    settings.SECOND_FACTOR = None
    assert client.get("/plans/").status_code == 200
    assert Client().get("/words/").status_code == 200  # who isn't logged in is asked for nothing


def test_staff_without_accounts_have_a_link_to_it_and_a_way_out(client, settings, root):
    settings.REQUIRE_LOGIN = False
    assert client.get("/admin/").url == HERE
    page = Page(client.get(HERE))
    forms = {form.get("action") for form in page.all("form")}
    assert "/admin/logout/" in forms
    set_up(root)
    admin = Page(client.get("/admin/"))
    assert HERE in {link.get("href") for link in admin.all("a")}
    assert "/admin/" in {link.get("href") for link in Page(client.get(HERE)).all("a")}
    assert client.get("/admin/auth/user/").status_code == 200


def test_one_that_staff_switch_off_is_set_up_anew(client, root):
    set_up(root)
    assert client.get("/plans/").status_code == 200
    second_factor.remove(root, actor="olga")
    assert client.get("/plans/").url == HERE


@pytest.mark.parametrize(
    "facts",
    [
        {BACKEND_SESSION_KEY: "planner.accounts.remote_user.ProxyUserBackend"},
        {"account_authentication_methods": [{"method": "socialaccount", "at": 1.0, "provider": "sso"}]},
    ],
)
def test_who_comes_from_elsewhere_is_asked_there(client, settings, facts):
    settings.AUTHENTICATION_BACKENDS = [
        *settings.AUTHENTICATION_BACKENDS, "planner.accounts.remote_user.ProxyUserBackend",
    ]  # fmt: skip
    session = client.session
    session.update(facts)
    session.save()
    assert client.get("/plans/").status_code == 200
    assert "asked for here" not in Page(client.get(HERE)).text("main")


def test_a_password_that_came_by_a_form_of_the_service_is_no_provider(client):
    session = client.session
    session["account_authentication_methods"] = [{"method": "password"}]
    session.save()
    assert client.get("/plans/").url == HERE
