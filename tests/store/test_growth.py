"""What grows ends: the log is kept by the database itself, and what is older than it is kept goes."""

from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.core.management import call_command
from django.db import DatabaseError, transaction
from django.utils import timezone

from planner.store.growth import tidy
from planner.store.models import Attempt, Event, Hold, Opening, Plan, ShareLink, Viewer, hash_token
from planner.store.run_models import UploadToken
from planner.store.token_models import ApiToken, SentBefore
from tests.web.views.pages import store
from tests.web.views.test_who_may import ROWS, address, become, plan  # noqa: F401 - a fixture

pytestmark = pytest.mark.django_db


def entry(days):
    return Event.objects.create(kind="logged-in", at=timezone.now() - timedelta(days=days))


@pytest.mark.parametrize(
    "change",
    [
        lambda row: row.delete(),
        lambda row: Event.objects.all().delete(),
        lambda row: Event.objects.update(actor="somebody else"),
        lambda row: Event.objects.update(at=timezone.now() - timedelta(days=500)),
        lambda row: row.save(),
    ],
    ids=["delete", "delete all", "update", "make it old", "save again"],
)
def test_the_database_refuses_to_change_the_log(guarded, change):
    row = entry(29)
    with pytest.raises(DatabaseError, match="entries of the log"), transaction.atomic():
        change(row)
    kept = Event.objects.get()
    assert (kept.pk, kept.at, kept.actor) == (row.pk, row.at, "")


def test_nothing_that_people_do_changes_it(guarded, plan):  # noqa: F811
    client = become("owner", plan, accounts=False)
    before = set(Event.objects.values_list())
    for name, row in ROWS.items():
        if row.method == "post" and row.may in ("editors", "owners"):
            client.post(address(name, row, "owner", plan), row.data)
    assert before < set(Event.objects.values_list())


def test_what_is_older_than_it_is_kept_goes_and_nothing_else(guarded, settings):
    settings.LOG_DAYS = 90
    row, _ = store()
    kept_event, kept_link = entry(89), ShareLink.objects.create(plan=row, token_hash="a", label="L")
    entry(91)
    now, old = timezone.now(), timezone.now() - timedelta(days=91)
    ShareLink.objects.create(plan=row, token_hash="b", label="L", revoked=old)
    ShareLink.objects.create(plan=row, token_hash="c", label="L", expires=old)
    UploadToken.objects.create(plan=row, token_hash="d", label="L", revoked=old)
    UploadToken.objects.create(plan=row, token_hash="e", label="L", expires=old)
    live = UploadToken.objects.create(plan=row, token_hash="f", label="L")
    revoked = UploadToken.objects.create(plan=row, token_hash="g", label="L", revoked=now - timedelta(days=1))
    token = {"label": "L", "scope": "read", "browser": "h"}
    ApiToken.objects.create(token_hash="e", revoked=old, expires=now, **token)
    kept_token = ApiToken.objects.create(token_hash="f", expires=now, **token)
    for key, hours in (("last", 23), ("gone", 25)):
        at = now - timedelta(hours=hours)
        SentBefore.objects.create(token=kept_token, key=key, request="r", status=201, answer={}, at=at)
    Opening.objects.create(link=kept_link, at=old)
    recent = Opening.objects.create(link=kept_link, at=now)
    Session.objects.create(session_key="gone", session_data="", expire_date=now - timedelta(seconds=1))
    Session.objects.create(session_key="live", session_data="", expire_date=now + timedelta(days=1))
    holder = Hold.objects.create(plan=row, browser=hash_token("h"), role="read")
    for key in (holder.browser, hash_token("stranger")):
        Viewer.objects.create(plan=row, key_hash=key, name="N", seen=old)
    for at in (now, now - timedelta(minutes=59), now - timedelta(hours=1)):
        Attempt.objects.create(subject="s", mark=at.isoformat(), at=at)
    tidy()
    assert set(Attempt.objects.values_list("mark", flat=True)) == {
        now.isoformat(), (now - timedelta(minutes=59)).isoformat()
    }  # fmt: skip
    assert set(Event.objects.values_list("pk", flat=True)) >= {kept_event.pk}
    assert not Event.objects.filter(at__lt=old + timedelta(hours=1)).exists()
    assert list(ShareLink.objects.all()) == [kept_link]
    assert list(Opening.objects.all()) == [recent]
    assert set(UploadToken.objects.all()) == {live, revoked}
    assert list(ApiToken.objects.all()) == [kept_token]
    assert [one.key for one in SentBefore.objects.all()] == ["last"]
    assert [one.session_key for one in Session.objects.all()] == ["live"]
    assert [one.key_hash for one in Viewer.objects.all()] == [holder.browser], "its name is told beside the hold"
    assert Plan.objects.filter(pk=row.pk).exists()


def test_many_go_in_several_steps(monkeypatch):
    monkeypatch.setattr("planner.store.growth.AT_ONCE", 3)
    for _ in range(8):
        entry(500)
    assert tidy()["log entry", "log entries"] == 8
    assert not Event.objects.exists()


def test_the_command_says_what_went_and_nothing_where_nothing_did(capsys):
    entry(500)
    call_command("tidy")
    assert capsys.readouterr().out == "Taken away: 1 log entry.\n"
    call_command("tidy")
    assert capsys.readouterr().out == ""
