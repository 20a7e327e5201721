"""Results are kept while others can write, are told in the log once they are kept, and are known by themselves."""

from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.utils import timezone

from planner.store import results, verified
from planner.store.models import Event
from planner.store.results import Upload, list_steps, prove, take
from planner.store.run_models import CheckRun
from planner.store.verified import take_uploads
from tests.checking import only
from tests.web.views.pages import store
from tests.web.views.test_acceptance import file, report_of, to_sql, write_plan


def make():
    return store(write_plan())[0]


def read(plan, source, *outcome, **more):
    sent = file(plan, source, *outcome, **more)
    return Upload(name=sent.name, data=sent.read())


def told():
    return list(Event.objects.filter(kind="results-uploaded").values_list("plan", "link", "actor", "detail"))


@pytest.mark.django_db(transaction=True)
def test_what_is_kept_is_assessed_once_others_can_write_again(monkeypatch):
    plan, seen = make(), []

    def look(*given):
        seen.append((connection.in_atomic_block, CheckRun.objects.count()))
        return prove(*given)

    monkeypatch.setattr(results, "prove", look)
    monkeypatch.setattr(verified, "prove", look)
    report = report_of(plan)
    take_uploads(plan, report, [read(plan, "PS01"), read(plan, "Staff")], who="Kim")
    assert set(seen) == {(False, 2)}
    expected = prove(plan, report).acceptance.counts
    assert [run.counts for run in CheckRun.objects.all()] == [expected] * 2


@pytest.mark.django_db(transaction=True)
def test_a_run_that_was_never_committed_says_nothing_of_the_one_that_has_its_number():
    plan = make()
    report = report_of(plan)
    with transaction.atomic():
        take(plan, report, [read(plan, "PS01", only(to_sql, "filtered"))], who="Kim")
        assert prove(plan, report).acceptance.counts["blocked"] == 1
        number = CheckRun.objects.get().pk
        transaction.set_rollback(True)
    take(plan, report, [read(plan, "PS01")], who="Kim")
    if connection.vendor == "sqlite":
        assert CheckRun.objects.get().pk == number, "or this would tell nothing"
    assert prove(plan, report).acceptance.counts["blocked"] == 0


@pytest.mark.django_db
def test_the_newest_step_is_there_before_its_flows_are_counted_and_none_before_it_gets_their_number():
    plan = make()
    report = report_of(plan)
    take(plan, report, [read(plan, "PS01", only(to_sql, "filtered"))], who="Kim")
    CheckRun.objects.update(at=timezone.now() - timedelta(days=1))
    before = CheckRun.objects.get().counts
    take(plan, report, [read(plan, "PS01", started="2026-11-26T01:00:00Z")], who="Kim")
    steps = list_steps(plan, prove(plan, report))
    CheckRun.objects.filter(pk=CheckRun.objects.latest("pk").pk).update(counts={})
    assert list_steps(plan, prove(plan, report)) == steps
    assert [step.counts for step in steps] == [before, prove(plan, report).acceptance.counts]
    CheckRun.objects.filter(pk=CheckRun.objects.earliest("pk").pk).update(counts={})
    take(plan, report, [read(plan, "Staff")], who="Kim")
    assert len(list_steps(plan, prove(plan, report))) == 1


@pytest.mark.django_db
def test_the_log_tells_of_results_that_are_kept_and_of_no_others():
    plan = make()
    report = report_of(plan)
    take_uploads(plan, report, [Upload(name="x", data=b"{}")], who="Kim")
    assert told() == []
    for _ in range(2):
        take_uploads(plan, report, [read(plan, "PS01")], who="Kim", via="Nightly")
    assert told() == [(plan.key, None, "Kim", "Nightly")]
