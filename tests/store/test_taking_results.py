"""Results are kept while others can write, are told in the log once they are kept, and are known by themselves."""

import json
from datetime import timedelta

import pytest
from django.db import IntegrityError, OperationalError, connection, transaction
from django.utils import timezone

from planner.engine.acceptance import assess
from planner.engine.checks import digest_of, plan_checks
from planner.report.checks.junit import render_junit
from planner.store import actions, recent, results, run_limits, verified
from planner.store.carried import unpack
from planner.store.models import Event
from planner.store.results import Upload, list_steps, prove, take
from planner.store.run_models import CheckRun
from planner.store.verified import take_uploads
from planner.web.views.acceptance import say_taken
from tests.checking import only, run_all
from tests.store.test_lives import MATRIX, give, life_of
from tests.store.test_trouble import raised
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

    monkeypatch.setattr(verified, "prove", look)
    report = report_of(plan)
    take_uploads(plan, report, [read(plan, "PS01"), read(plan, "Staff")], who="Kim")
    assert set(seen) == {(False, 2)}
    expected = prove(plan, report).acceptance.counts
    assert [run.counts for run in CheckRun.objects.all()] == [expected] * 2


@pytest.mark.django_db
def test_what_a_file_has_that_names_no_plan_is_said():
    plan = make()
    report = report_of(plan)
    check = plan_checks(report)[0]
    written = render_junit(report, assess(report, run_all(report))).replace(
        b"</testsuites>", f'<testsuite><testcase name="{check.id}"/></testsuite></testsuites>'.encode()
    )
    taken = take(plan, report, [Upload(name="a.xml", data=written)], who="Kim")
    assert taken.stored
    assert [said for said in taken.messages if "1 test case of checks of this plan was not used" in said]


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
    take_uploads(plan, report, [read(plan, "PS01", only(to_sql, "filtered"))], who="Kim")
    CheckRun.objects.update(at=timezone.now() - timedelta(days=1))
    before = CheckRun.objects.get().counts
    take_uploads(plan, report, [read(plan, "PS01", started="2026-11-26T01:00:00Z")], who="Kim")
    steps = list_steps(plan, prove(plan, report))
    CheckRun.objects.filter(pk=CheckRun.objects.latest("pk").pk).update(counts={})
    assert list_steps(plan, prove(plan, report)) == steps
    assert [step.counts for step in steps] == [before, prove(plan, report).acceptance.counts]
    CheckRun.objects.filter(pk=CheckRun.objects.earliest("pk").pk).update(counts={})
    take_uploads(plan, report, [read(plan, "Staff")], who="Kim")
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


def fail_once(monkeypatch):
    """What is proven can't be read the next time it is asked for, as where the database is gone for a moment."""

    def fail(*_):
        monkeypatch.setattr(verified, "prove", prove)
        raise raised(OperationalError)

    monkeypatch.setattr(verified, "prove", fail)


def make_implemented():
    plan = make()
    report = report_of(plan)
    rule = next(rule.id for rule in report.rules if rule.sources[0].name == "Staff")
    give(plan, rule, state="implemented")
    return plan, report, lambda: life_of(plan, rule).given.state


@pytest.mark.django_db
def test_what_is_kept_is_said_though_the_database_fails_behind_it_and_the_same_file_ends_it(monkeypatch):
    plan, report, state = make_implemented()
    fail_once(monkeypatch)
    taken, number = take_uploads(plan, report, [read(plan, "PS01"), read(plan, "Staff")], who="Kim")
    assert (len(taken.stored), number, state()) == (2, 0, "implemented")
    assert taken.unfinished.startswith("The results are kept.")
    assert say_taken(taken, number).endswith(f"2 runs stored. {taken.unfinished}")
    assert told() == [(plan.key, None, "Kim", "")]
    taken, number = take_uploads(plan, report, [read(plan, "Staff")], who="Kim")
    assert (len(taken.stored), taken.unfinished, number, state()) == (0, "", 1, "verified")
    assert take_uploads(plan, report, [read(plan, "Staff")], who="Kim")[1] == 0
    assert len(told()) == 1


@pytest.mark.django_db
def test_what_is_no_trouble_of_the_database_is_raised(monkeypatch):
    plan = make()
    monkeypatch.setattr(verified, "prove", lambda *_: (_ for _ in ()).throw(IntegrityError("a fault")))
    with pytest.raises(IntegrityError):
        take_uploads(plan, report_of(plan), [read(plan, "PS01")], who="Kim")


@pytest.mark.django_db(transaction=True)
def test_the_log_and_the_results_are_stored_together_or_not_at_all(monkeypatch):
    plan = make()

    def fail(*_, **__):
        raise raised(OperationalError)

    monkeypatch.setattr(results.audit, "note", fail)
    with pytest.raises(OperationalError):
        take_uploads(plan, report_of(plan), [read(plan, "PS01")], who="Kim")
    assert not CheckRun.objects.exists()


@pytest.mark.django_db
def test_a_run_that_repeats_a_result_has_as_many_as_a_script_can_say(monkeypatch):
    plan = make()
    document = json.loads(read(plan, "PS01").data)
    document["results"] += [document["results"][0]] * 1000
    taken = take(plan, report_of(plan), [Upload(name="x", data=json.dumps(document).encode())], who="Kim")
    assert taken.results == CheckRun.objects.get().number == len(document["results"]) - 1000


@pytest.mark.django_db
def test_what_results_have_in_common_is_in_memory_once():
    plan = make()
    take(plan, report_of(plan), [read(plan, "PS01")], who="Kim")
    found = unpack(CheckRun.objects.get()).results
    for name in ("destination", "address", "protocol", "port", "outcome"):
        said = [getattr(one, name) for one in found]
        assert len(set(map(id, said))) == len(set(said)), name


@pytest.mark.django_db
def test_of_all_runs_so_many_results_are_kept_of_a_source_the_newest_first(monkeypatch):
    plan = make()
    report = report_of(plan)
    number = take(plan, report, [read(plan, "PS01", started="2026-11-20T10:00:00Z")], who="Kim").results
    monkeypatch.setattr(run_limits, "MOST_KEPT", 3 * number)
    for day in range(21, 25):
        assert take(plan, report, [read(plan, "PS01", started=f"2026-11-{day}T10:00:00Z")], who="Kim").stored
    assert [run.started.day for run in CheckRun.objects.all()] == [24, 23, 22]
    taken = take(plan, report, [read(plan, "PS01", started="2026-11-21T10:00:00Z")], who="Kim")
    assert (len(taken.stored), CheckRun.objects.count()) == (0, 3)
    assert "PS01.json was not kept: a plan has room for" in " ".join(taken.messages)


@pytest.mark.django_db
@pytest.mark.parametrize(("limit", "of_each"), [("MOST_KEPT", True), ("MOST_RUNS", False)])
@pytest.mark.parametrize("outcome", ["filtered", "open"])
def test_who_sends_many_results_takes_none_of_another_source_away(monkeypatch, limit, of_each, outcome):
    """Be it that the newest of them counts alone, or all, as where machines find open what must be closed."""
    plan = make()
    report = report_of(plan)
    small = take(plan, report, [read(plan, "PS01", started="2026-11-20T10:00:00Z")], who="Kim").stored[0]
    found = only(lambda check: check.closed, outcome)
    many = [read(plan, "Staff", found, started=f"2026-11-25T1{n}:00:00Z", host=f"pc{n}") for n in range(10)]
    each = len(json.loads(many[0].data)["results"])
    monkeypatch.setattr(run_limits, limit, small.number + 3 * each if of_each else 4)
    for one in many:
        assert len(take_uploads(plan, report, [one], who="", via="Nightly")[0].stored) == 1
    assert [run.host for run in CheckRun.objects.order_by("pk")] == ["host01", "pc7", "pc8", "pc9"]
    assert small.source in {run.results.source for run in prove(plan, report).acceptance.counting}


@pytest.mark.django_db
def test_where_there_is_no_room_what_counts_for_nothing_goes_before_what_counts(monkeypatch):
    plan = make()
    report = report_of(plan)
    take(plan, report, [read(plan, "PS01", started="2026-11-20T10:00:00Z")], who="Kim")
    for day in (21, 22):
        take(plan, report, [read(plan, "Staff", started=f"2026-11-{day}T10:00:00Z")], who="Kim")
    monkeypatch.setattr(run_limits, "MOST_RUNS", 3)
    part = json.loads(read(plan, "PS01", started="2026-11-23T10:00:00Z").data)
    part["results"] = part["results"][:1]
    take(plan, report, [Upload(name="x", data=json.dumps(part).encode())], who="Kim")
    assert [run.started.day for run in CheckRun.objects.order_by("pk")] == [20, 22, 23]


@pytest.mark.django_db
def test_what_is_proven_weighs_as_much_as_its_results(monkeypatch):
    plans = [make(), make()]
    for plan in plans:
        take(plan, report_of(plan), [read(plan, "PS01"), read(plan, "Staff")], who="Kim")
    flows = sum(len(report_of(plan).flows) for plan in plans)
    rows = sum(CheckRun.objects.values_list("number", flat=True))
    for room, kept in ((flows + rows, 2), (flows + rows - 1, 1)):
        results._kept.clear()
        monkeypatch.setattr(recent, "KEPT", room)
        for plan in plans:
            prove(plan, report_of(plan))
        assert len(results._kept.list_items()) == kept


@pytest.mark.django_db
def test_of_merged_files_those_of_other_plans_and_of_the_future_refuse_none_of_ours():
    plan, other = make(), store(write_plan() | {"name": "Another"})[0]
    later = {"started": (timezone.now() + timedelta(days=1)).isoformat()}
    parts = [(report_of(of), more) for of, more in ((plan, {}), (other, {}), (plan, later))]
    files = [render_junit(report, assess(report, run_all(report, **more))) for report, more in parts]
    suites = [data[data.index(b"<testsuite ") : data.rindex(b"</testsuites>")] for data in files]
    merged = b"<testsuites>" + b"".join(suites) + b"</testsuites>"
    taken = take(plan, report_of(plan), [Upload(name="a.xml", data=merged)], who="", is_stranger=True)
    assert [run.source for run in taken.stored] == ["PS01", "Staff"]
    assert [said for said in taken.messages if " not used: " in said] == [
        "a.xml: 1 run was not used: it is of another plan.",
        "a.xml: 2 runs were not used: each says that it was made later than now. Set that machine's clock.",
    ]


@pytest.mark.django_db
def test_scripts_of_before_a_new_name_go_on_to_report_and_those_of_another_plan_dont(monkeypatch):
    plan = make()
    by_script = read(plan, "PS01")
    copy = store(write_plan() | {"name": "Another"})[0]
    of_another = read(copy, "PS01")
    actions.apply_edit(plan_id=plan.pk, matrix=MATRIX, edit="rename-plan", params={"name": "New"})
    plan.refresh_from_db()
    report = report_of(plan)
    taken = take(plan, report, [of_another], who="Kim", is_stranger=True)
    assert (taken.stored, taken.messages) == ((), (f"{of_another.name} was not used: it is of another plan.",))
    taken = take(plan, report, [by_script], who="Kim", is_stranger=True)
    assert len(taken.stored) == 1
    assert taken.messages == ()
    assert unpack(taken.stored[0]).report == digest_of(report)
    actions.override_port(plan_id=plan.pk, matrix=MATRIX, service="ssh", ports="2222")
    plan.refresh_from_db()
    taken = take(plan, report_of(plan), [by_script], who="Kim")
    assert "it is of the plan Contoso, and this one is New" in " ".join(taken.messages)


@pytest.mark.django_db
def test_of_a_revision_that_cant_be_read_the_name_is_not_known_and_others_are():
    plan = make()
    for name in ("Second", "Third"):
        actions.apply_edit(plan_id=plan.pk, matrix=MATRIX, edit="rename-plan", params={"name": name})
    plan.revisions.filter(number=2).update(packed=b"broken")
    plan.refresh_from_db()
    assert results._list_names(plan) == {"Contoso"}
