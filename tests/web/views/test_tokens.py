"""The page on which tokens for programs are made, shown once and revoked."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.urls import reverse
from django.utils import timezone

from planner.deploy.logs import redact
from planner.sharing import tokens
from planner.store.holders import Holder
from planner.store.models import Event, hash_token
from planner.store.token_models import ApiToken
from planner.web.views import tokens as views
from tests.web.views.pages import Page, store, words

PAGE = "/tokens/"


@pytest.fixture
def plan():
    row, _ = store()
    return row


def offer(client):
    return Page(client.get(PAGE)).one("input", name="offer").get("value")


def make(client, **facts):
    form = {"label": "Pipeline", "scope": "read", "plan": "", "days": "90", "offer": offer(client)} | facts
    return client.post(PAGE, form)


def shown(response):
    return Page(response).one("input", id="made-token").get("value")


def test_a_token_is_shown_once_and_kept_as_a_hash(client, plan):
    token = shown(make(client))
    assert token.startswith("ppt_")
    row = ApiToken.objects.get()
    assert row.token_hash == hash_token(token)
    page = Page(client.get(PAGE))
    assert token not in page.html
    assert "Pipeline" in words(page.one("li", class_="link"))
    assert client.get(f"/api/v1/plans/{plan.key}", headers={"Authorization": f"Bearer {token}"}).status_code == 200
    assert Event.objects.filter(kind="token-made", detail="Pipeline (read)").count() == 1


def test_a_token_that_works_is_listed_however_many_have_ended_since(client, plan, monkeypatch):
    make(client)
    row = ApiToken.objects.get()
    for number in range(3):
        row.pk, row.token_hash, row.label, row.revoked = None, str(number), f"Run {number}", row.created
        row.save(force_insert=True)
    ApiToken.objects.exclude(revoked=None).update(revoked=timezone.now() - timedelta(hours=1))
    monkeypatch.setattr(views, "SHOWN", 2)
    page = Page(client.get(PAGE))
    assert "Pipeline" in words(page.one("li", class_="link"))
    assert [number for number in range(3) if f"Run {number}" in page.html] == [2]


def test_the_same_form_makes_one_token(client, plan):
    form = {"label": "P", "scope": "edit", "plan": str(plan.key), "days": "30", "offer": offer(client)}
    assert shown(client.post(PAGE, form)) == shown(client.post(PAGE, form))
    assert ApiToken.objects.get().plan == plan


def test_a_form_that_says_what_there_is_not_makes_nothing(client, plan):
    for facts in ({"label": ""}, {"scope": "all"}, {"days": "9999"}, {"plan": "00000000-0000-4000-8000-000000000000"},
                  {"offer": "x"}):  # fmt: skip
        page = Page(make(client, **facts))
        assert page.all("p", class_="error") or page.all("p", class_="notice-error"), facts
    assert not ApiToken.objects.exists()


def test_a_revoked_token_opens_nothing_and_the_form_that_made_it_brings_it_not_back(client, plan):
    form = {"label": "P", "scope": "read", "plan": "", "days": "30", "offer": offer(client)}
    token = shown(client.post(PAGE, form))
    number = str(ApiToken.objects.get().pk)
    assert client.post(reverse("revoke_token"), {"token": number}).status_code == 302
    assert client.get(f"/api/v1/plans/{plan.key}", headers={"Authorization": f"Bearer {token}"}).status_code == 401
    assert "revoked" in Page(client.post(PAGE, form)).text("p", class_="notice-error")
    assert Event.objects.filter(kind="token-revoked").count() == 1


def test_only_ones_own_tokens_are_listed_and_revoked(client, plan):
    from tests.api.programs import make as make_for
    from tests.api.test_who_may import OTHER

    make_for("read", OTHER, label="Not mine")
    assert "Not mine" not in client.get(PAGE).content.decode()
    for number in (str(ApiToken.objects.get().pk), "0", "x", "²", "9" * 30):
        assert "nothing was revoked" in client.post(reverse("revoke_token"), {"token": number}).content.decode()
    assert ApiToken.objects.get().revoked is None


def test_there_are_at_most_so_many(client, plan, monkeypatch):
    monkeypatch.setattr(tokens, "MOST", 1)
    make(client)
    assert "revoke some" in Page(make(client)).text("p", class_="notice-error")


def test_the_pages_of_plans_lead_there(client, plan):
    assert Page(client.get(f"/plans/{plan.key}/links/")).one("a", href=f"/tokens/?plan={plan.key}") is not None
    assert Page(client.get("/plans/")).one("a", href="/tokens/") is not None
    chosen = Page(client.get(f"/tokens/?plan={plan.key}")).one("option", value=str(plan.key))
    assert chosen.get("selected") is not None


def test_an_account_makes_tokens_of_its_own(client, plan, settings):
    settings.REQUIRE_LOGIN = True
    assert client.get(PAGE).status_code == 302
    user = User.objects.create_user("olga")
    client.force_login(user)
    assert client.get(PAGE).status_code == 200
    assert tokens.list_of(Holder(user=user)).count() == 0


def test_a_token_reaches_no_log():
    token = tokens.PREFIX + "aB3" + "x" * 40
    for text in (f"Authorization: Bearer {token}", f"'{token}'", token):
        assert token not in redact(text)
        assert "aB3" not in redact(text)
    assert redact("ppt_short") == "ppt_short"
