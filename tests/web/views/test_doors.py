"""What browsers, keys and hosts are told apart by: cookies, headers, secret keys, host names."""

import io
import logging
from unittest.mock import Mock

import pytest
from django.contrib.auth.models import User
from django.contrib.messages.storage.cookie import CookieStorage
from django.core import signing
from django.db import OperationalError
from django.test import Client

from planner.sharing import links
from planner.store.holders import Holder
from planner.store.models import Comment, Hold, Plan, hash_token
from planner.store.token_models import ApiToken
from planner.web.messages import HostMessages
from tests.store.test_trouble import raised
from tests.web.views.link_forms import PASSPHRASE, make, read_link
from tests.web.views.pages import know, store

pytestmark = pytest.mark.django_db
OLD, NEW = "the key that was in use before, 0123456789", "the key that is in use now, 0123456789 abc"
THIRD = "a third key for tests, and long: 0123456789"
READ_ONLY = Mock(side_effect=raised(OperationalError, sqlite_errorcode=8))


@pytest.fixture
def under_tls(settings):
    settings.TLS = settings.SESSION_COOKIE_SECURE = settings.CSRF_COOKIE_SECURE = True
    settings.COOKIE_PREFIX, settings.PATH_COOKIE_PREFIX = "__Host-", "__Secure-"
    settings.CSRF_COOKIE_NAME = "__Host-csrftoken"


def test_under_tls_every_cookie_is_bound_to_this_host(client, under_tls):
    plan = store()
    gated = read_link(client, plan, passphrase=PASSPHRASE)
    reader = Client()
    reader.get(make(client, plan[1], "edit")[1], secure=True)
    reader.post(f"{gated}enter/", {"passphrase": PASSPHRASE}, secure=True)
    reader.get(gated, {"show": "names"}, secure=True)
    morsels = dict(reader.cookies.items())
    assert set(morsels) == {"__Host-viewer", "__Host-csrftoken", "__Host-show", "__Secure-opening"}
    for name, morsel in morsels.items():
        assert morsel["secure"], name
        assert not morsel["domain"], name
        assert morsel["path"] == ("/" if name.startswith("__Host-") else gated), name


def test_browsers_keep_the_plans_that_they_hold_by_a_cookie_without_a_prefix(under_tls, settings):
    settings.COOKIE_PREFIX = ""
    browser = know(Client())
    settings.COOKIE_PREFIX = "__Host-"
    assert browser.get(f"/plans/{store()[1]}/", secure=True).status_code == 200


def test_messages_wait_in_a_cookie_with_the_prefix():
    assert issubclass(HostMessages, CookieStorage)
    assert HostMessages.cookie_name == "messages", "without TLS there is none"


@pytest.mark.parametrize("path", ["/", "/nowhere/", "/healthz", "/matrix/", "/shared/x/", "/static/icon.svg"])
def test_every_answer_keeps_other_sites_out_and_asks_browsers_for_nothing(path):
    response = Client().get(path)
    response.close()
    headers = response.headers
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "camera=()" in headers["Permissions-Policy"]
    assert "geolocation=()" in headers["Permissions-Policy"]
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"


def test_the_badge_alone_is_for_other_sites(client):
    badge = Client().get(f"{read_link(client, store())}badge.svg")
    assert badge.headers["Cross-Origin-Resource-Policy"] == "cross-origin"


def test_a_wrong_host_name_gets_a_page_and_one_line_in_the_log(monkeypatch):
    stream = io.StringIO()
    [handler] = [h for h in logging.getLogger().handlers if h.name == "console"]
    monkeypatch.setattr(handler, "stream", stream)
    response = Client().get("/", headers={"Host": "evil.example"})
    assert response.status_code == 400
    assert "evil.example" not in response.content.decode()
    assert "Invalid HTTP_HOST header: 'evil.example'" in stream.getvalue()
    assert "Traceback" not in stream.getvalue()


def test_after_a_new_key_links_and_browsers_go_on_working_as_long_as_the_old_one_is_named(settings):
    settings.SECRET_KEY = OLD
    plan, key = store()
    mine, twice = know(Client()), know(Client(), "b" * 43)
    read, edit = read_link(mine, (plan, key)), make(mine, key, "edit")[1]
    opening = links.seal(plan.links.get())

    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = NEW, [OLD]
    before = set(plan.holds.values_list("browser", flat=True))
    assert mine.get(f"/plans/{key}/").status_code == 200
    assert plan.holds.filter(browser__in=before).count() == len(before) - 1, "it holds the plan under the new key"
    assert Client().get(read).status_code == 200
    assert Client().post(edit).status_code == 302
    assert links.is_in(plan.links.get(), opening)

    settings.SECRET_KEY_FALLBACKS = []
    know(mine)
    assert mine.get(f"/plans/{key}/").status_code == 200
    assert twice.get(f"/plans/{key}/").status_code == 404, "it hasn't come by meanwhile"
    assert Client().get(read).status_code == 404
    with pytest.raises(signing.BadSignature):
        signing.loads(opening, salt="planner.links.opening")


def test_a_browser_that_holds_a_plan_under_both_keys_holds_it_once(settings):
    settings.SECRET_KEY = OLD
    plan, key = store()
    plan.holds.all().delete()
    mine = know(Client())
    Holder(browser=hash_token("a" * 43)).give(plan, Hold.Role.OWN)
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = NEW, [OLD]
    Holder(browser=hash_token("a" * 43)).give(plan, Hold.Role.EDIT)
    assert mine.get(f"/plans/{key}/").status_code == 200
    assert [hold.role for hold in plan.holds.all()] == ["own"]


def test_after_a_new_key_plans_can_be_read_where_nothing_can_be_stored(settings, monkeypatch):
    settings.SECRET_KEY = OLD
    (plan, key), mine = store(), know(Client())
    before = set(plan.holds.values_list("browser", flat=True))
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = NEW, [OLD]

    with monkeypatch.context() as patch:
        patch.setattr("planner.store.trouble.transaction.atomic", READ_ONLY)
        assert mine.get(f"/plans/{key}/").status_code == 200
        assert plan.name in mine.get("/plans/").content.decode()
    assert set(plan.holds.values_list("browser", flat=True)) == before
    assert mine.get(f"/plans/{key}/").status_code == 200
    assert set(plan.holds.values_list("browser", flat=True)) != before, "it is carried over once it can be"


def test_after_new_keys_all_of_its_plans_can_be_read_where_nothing_can_be_stored(settings, monkeypatch):
    plans, keys = {}, {"the first": OLD, "the second": THIRD, "the newest": NEW}
    for name, settings.SECRET_KEY in keys.items():
        plans[name], _ = store()
        Plan.objects.filter(pk=plans[name].pk).update(name=name)
        plans[name].holds.all().delete()
        Holder(browser=hash_token("a" * 43)).give(plans[name], Hold.Role.OWN)
        ApiToken.objects.create(
            label=f"Token of {name}", browser=hash_token("a" * 43), token_hash=name, expires="2100-01-01T00:00Z"
        )
    Hold.objects.create(plan=plans["the first"], browser=hash_token("a" * 43), role=Hold.Role.OWN)
    mine = know(Client())
    settings.SECRET_KEY_FALLBACKS = [*keys.values()][:2]
    before = list(Hold.objects.order_by("pk").values())
    monkeypatch.setattr("planner.store.trouble.transaction.atomic", READ_ONLY)
    shelf, tokens = (mine.get(path).content.decode() for path in ("/plans/", "/tokens/"))
    for name, plan in plans.items():
        assert shelf.count(f">{name}<") == 1
        assert f"Token of {name}" in tokens
        assert mine.get(f"/plans/{plan.key}/").status_code == 200
    assert list(Hold.objects.order_by("pk").values()) == before


def test_after_a_new_key_a_browser_is_who_wrote_its_comments_and_who_has_looked(settings):
    settings.SECRET_KEY = older = THIRD
    (plan, key), (other, second), mine = store(), store(), know(Client())
    other.viewers.create(key_hash=hash_token("a" * 43), name="Kim", seen="2025-01-01T00:00Z")
    settings.SECRET_KEY = OLD
    for row in (plan, other):
        row.holds.all().delete()
        Holder(browser=hash_token("a" * 43)).give(row, Hold.Role.OWN)
    mine = know(Client())
    for one in (key, second):
        mine.get(f"/plans/{one}/pulse/")
    mine.post(f"/plans/{key}/comments/add/", {"on": "endpoint", "of": "DC01", "text": "Which one is it?"})
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = NEW, [OLD, older]
    now = hash_token("a" * 43)
    plan.viewers.create(key_hash=now, name="Kim", seen="2026-01-01T00:00Z")
    mine.post(f"/plans/{key}/comments/delete/", {"number": Comment.objects.get().pk})
    assert not Comment.objects.exists()
    assert [[viewer.key_hash for viewer in one.viewers.all()] for one in (plan, other)] == [[now], [now]]


def test_after_a_new_key_an_account_takes_over_what_its_browser_made_before_there_were_accounts(settings):
    settings.SECRET_KEY = OLD
    (plan, key), mine = store(), know(Client())
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS, settings.REQUIRE_LOGIN = NEW, [OLD], True
    mine.force_login(User.objects.create_user("alice"))
    assert mine.get(f"/plans/{key}/").status_code == 200
    assert plan.holds.get(user__username="alice").role == "own"
