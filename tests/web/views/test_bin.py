"""Deleting a plan: thirty days in the bin, one click back, and nothing else of it works meanwhile."""

import re
from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import OperationalError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import get_resolver

from planner.plan.edits import NotPossible
from planner.sharing.links import make_edit_link
from planner.store import actions, bin
from planner.store.models import KEPT_IN_BIN, Hold, Plan, Revision
from tests.web.views.pages import Page, store, words

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


@pytest.fixture
def clock(monkeypatch):
    """A clock that stands still; `clock(days=30)` puts it forward."""
    moment = [NOW]
    monkeypatch.setattr("django.utils.timezone.now", lambda: moment[0])

    def forward(**time):
        moment[0] += timedelta(**time)

    return forward


@pytest.fixture
def key(matrix):
    return store()[1]


def test_a_plan_is_in_the_bin_whether_or_not_what_is_overdue_can_go_now(client, key, monkeypatch):
    def refuse():
        raise OperationalError("database is locked") from busy

    busy = Exception()
    busy.sqlite_errorcode = 5  # SQLITE_BUSY
    monkeypatch.setattr(bin, "empty_bin", refuse)
    assert delete(client, key).status_code == 302
    assert Plan.objects.get(key=key).deleted is not None


def delete(client, key):
    return client.post(f"/plans/{key}/delete/")


def undelete(client, key):
    return client.post(f"/plans/{key}/bin/restore/")


def paths_of_a_plan():
    """Every address below a plan's own, from the URLs themselves, with something in the place of what varies."""
    [under] = [resolver for resolver in get_resolver().url_patterns if "key" in str(resolver.pattern)]
    for pattern in under.url_patterns:
        path = re.sub(r"\(\?P<\w+>(\w+)\|\w+\)", r"\1", str(pattern.pattern)).strip("^$").replace("\\", "")
        path = re.sub(r"<uuid:\w+>", "00000000-0000-4000-8000-000000000000", path)
        yield re.sub(r"<slug:\w+>", "csv", re.sub(r"<int:\w+>", "1", path)), pattern.name


def test_deleting_asks_first_and_says_what_follows(client, key):
    page = Page(client.get(f"/plans/{key}/delete/"))
    assert "30 days" in words(page.one("main"))
    assert Plan.objects.get().deleted is None
    form = page.one("form")
    assert (form.get("method"), form.get("action")) == ("post", f"/plans/{key}/delete/")
    assert page.one("a", href=f"/plans/{key}/export.zip") is not None


def test_the_page_of_a_plan_leads_to_its_deletion(client, key):
    assert Page(client.get(f"/plans/{key}/")).one("a", href=f"/plans/{key}/delete/") is not None


def test_a_plan_in_the_bin_says_until_when_and_offers_to_come_back(client, key, clock):
    assert delete(client, key).headers["Location"] == f"/plans/{key}/"
    response = client.get(f"/plans/{key}/")
    assert response.status_code == 410
    assert response.headers["Cache-Control"] == "private, no-store"
    page = Page(response)
    assert "31 March 2026, 12:00" in words(page.one("main"))
    assert page.one("form").get("action") == f"/plans/{key}/bin/restore/"


def test_one_click_restores_everything(client, key):
    client.post(f"/plans/{key}/ports/", {"service": "ssh", "ports": "2222"})
    before = client.get(f"/plans/{key}/report/json").content
    delete(client, key)
    assert undelete(client, key).headers["Location"] == f"/plans/{key}/"
    assert client.get(f"/plans/{key}/report/json").content == before
    assert Revision.objects.count() == 2
    assert undelete(client, key).status_code == 302, "twice is once"


@pytest.mark.parametrize(("path", "name"), list(paths_of_a_plan()), ids=lambda value: value or "plan")
def test_nothing_of_a_plan_in_the_bin_works(client, key, path, name):
    if name == "restore_plan":
        return
    delete(client, key)
    before = list(Plan.objects.values()), list(Revision.objects.values())
    replies = [client.get(f"/plans/{key}/{path}"), client.post(f"/plans/{key}/{path}", {"base": "1"})]
    assert {reply.status_code for reply in replies} <= {405, 410}
    told = next(reply for reply in replies if reply.status_code == 410)
    assert "bin" in told.content.decode()
    assert "can be restored until" in " ".join(told.content.decode().split())
    assert (list(Plan.objects.values()), list(Revision.objects.values())) == before


def test_the_edit_link_of_a_plan_in_the_bin_leads_nowhere_and_gives_nobody_anything(client, key):
    link = f"/edit/{make_edit_link(plan_id=Plan.objects.get(key=key).pk)}/"
    other = Client()
    assert other.get(link).status_code == 200
    delete(client, key)
    before = list(Hold.objects.values())
    assert [other.get(link).status_code, other.post(link).status_code] == [404, 404]
    assert list(Hold.objects.values()) == before
    undelete(client, key)
    assert other.post(link).status_code == 302


def test_the_pulse_of_a_plan_in_the_bin_is_a_sentence(client, key, clock):
    delete(client, key)
    response = client.get(f"/plans/{key}/pulse/")
    assert response.status_code == 410
    assert response.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert response.text == "This plan is in the bin; it can be restored until 31 March 2026, 12:00.\n"


def test_an_edit_that_arrives_while_the_plan_goes_into_the_bin_changes_nothing(key, matrix):
    from ports.queries import current_matrix

    plan = Plan.objects.get()
    bin.delete_plan(plan_id=plan.pk)
    for change in (
        lambda: actions.rename_plan(plan_id=plan.pk, matrix=current_matrix(), name="N", description=""),
        lambda: actions.undo(plan_id=plan.pk, matrix=current_matrix()),
        lambda: actions.restore(plan_id=plan.pk, matrix=current_matrix(), number=1),
        lambda: actions.name_checkpoint(plan_id=plan.pk, number=1, name="N", seen=""),
        lambda: actions.hand_over(plan_id=plan.pk, matrix=current_matrix(), revision=1, recipient="N", note=""),
    ):
        with pytest.raises(NotPossible, match="has been deleted"):
            change()


def test_after_thirty_days_it_is_gone_even_if_its_rows_are_still_there(client, key, clock):
    delete(client, key)
    clock(days=30, seconds=-1)
    assert client.get(f"/plans/{key}/").status_code == 410
    clock(seconds=1)
    assert client.get(f"/plans/{key}/").status_code == 404
    assert undelete(client, key).status_code == 404
    assert not bin.restore_plan(plan_id=Plan.objects.get().pk)
    assert Plan.objects.exists()


def test_the_command_removes_what_is_overdue_and_nothing_else(client, key, clock):
    kept, later = store()[0], store()
    delete(client, key)
    clock(days=29)
    delete(client, later[1])
    clock(days=1)
    out = StringIO()
    call_command("tidy", stdout=out)
    assert out.getvalue() == "Taken away: 1 plan.\n"
    assert set(Plan.objects.all()) == {kept, later[0]}
    assert set(Revision.objects.values_list("plan", flat=True)) == {kept.pk, later[0].pk}
    out = StringIO()
    call_command("tidy", stdout=out)
    assert out.getvalue() == ""


def test_deleting_a_plan_removes_what_is_overdue(client, key, clock):
    other = store()[1]
    delete(client, key)
    clock(days=31)
    delete(client, other)
    assert [plan.deleted for plan in Plan.objects.all()] == [NOW + timedelta(days=31)]


def test_each_plan_goes_for_good_by_itself_and_not_while_another_is_put_into_the_bin(client, key, clock, monkeypatch):
    for one in (key, store()[1]):
        delete(client, one)
    clock(days=31)
    outside, within, empty = len(connection.savepoint_ids), [], bin.empty_bin
    monkeypatch.setattr(bin, "empty_bin", lambda: within.append(len(connection.savepoint_ids)) or empty())
    with CaptureQueriesContext(connection) as queries:
        delete(client, store()[1])
    assert within == [outside]
    assert sum(one["sql"].startswith('DELETE FROM "planner_plan"') for one in queries) == 2


def test_deleting_twice_doesnt_keep_it_longer(client, key, clock):
    delete(client, key)
    clock(days=10)
    assert delete(client, key).status_code == 410
    bin.delete_plan(plan_id=Plan.objects.get().pk)
    assert Plan.objects.get().gone == NOW + KEPT_IN_BIN


def test_a_stranger_can_neither_delete_nor_restore(client, key):
    other = "x" * 43
    assert delete(client, other).status_code == 404
    delete(client, key)
    assert undelete(client, other).status_code == 404
    assert Plan.objects.get().deleted is not None
