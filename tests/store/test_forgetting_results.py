"""Which runs of a source are forgotten: those before the newest ones of which nothing counts any more, no other."""

import json

import pytest

from planner.store import results, run_limits
from planner.store.results import MOST_OF_SOURCE, Upload, prove, take
from planner.store.run_models import CheckRun
from planner.store.verified import take_uploads
from tests.checking import only
from tests.store.test_taking_results import make, read
from tests.web.views.test_acceptance import edit, must_not_reach_sql, report_of, to_sql

pytestmark = pytest.mark.django_db


def part(upload, keep):
    """A file with some of the results of another one."""
    document = json.loads(upload.data)
    document["results"] = [row for row in document["results"] if keep(row)]
    return Upload(name=upload.name, data=json.dumps(document).encode())


def reruns(plan, source, keep, count=MOST_OF_SOURCE + 2, day=26, **more):
    """Runs of a part of a source's checks, later than all others."""
    for number in range(count):
        again = part(read(plan, source, started=f"2026-11-{day}T10:{number:02}:00Z", **more), keep)
        assert take_uploads(plan, report_of(plan), [again], who="Kim")[0].stored


def state(plan):
    found = prove(plan, report_of(plan)).acceptance
    return [one.status for one in found.flows], [one.status for one in found.closed], len(found.beside)


def to_mail(row):
    return row["destination"] == "MAIL01"


def test_runs_of_one_check_leave_what_the_run_of_all_has_found():
    plan = make()
    take_uploads(plan, report_of(plan), [read(plan, "PS01", only(to_sql, "filtered")), read(plan, "Staff")], who="Kim")
    before = state(plan)
    assert "blocked" in before[0]
    reruns(plan, "PS01", to_mail)
    assert state(plan) == before
    assert CheckRun.objects.filter(source="PS01").count() == MOST_OF_SOURCE + 1


def test_nobody_takes_away_what_is_open_and_must_be_closed_by_trying_something_else():
    plan = make()
    take_uploads(plan, report_of(plan), [read(plan, "Staff", only(must_not_reach_sql, "open"))], who="Kim")
    reruns(plan, "Staff", lambda row: row["destination"] == "PS01" and not row["id"].startswith("closed-"))
    assert "forbidden-open" in state(plan)[1]


def of_closed(row):
    return row["id"].startswith("closed-")


@pytest.mark.parametrize("at_once", [True, False])
def test_a_hole_that_its_machine_found_closed_doesnt_come_back_though_others_ran_since(at_once):
    plan = make()
    hole = read(plan, "Staff", only(must_not_reach_sql, "open"), host="pc1")
    closed = part(read(plan, "Staff", started="2026-11-25T11:00:00Z", host="pc1"), of_closed)
    take_uploads(plan, report_of(plan), [hole], who="Kim")
    if at_once:
        times = [f"2026-11-26T10:{number:02}:00Z" for number in range(MOST_OF_SOURCE)]
        others = [part(read(plan, "Staff", started=time, host="pc2"), of_closed) for time in times]
        take_uploads(plan, report_of(plan), [closed, *others], who="Kim")
    else:
        take_uploads(plan, report_of(plan), [closed], who="Kim")
        reruns(plan, "Staff", of_closed, host="pc2")
    assert CheckRun.objects.filter(started__day=25).count() == 2
    assert "forbidden-open" not in state(plan)[1]


def test_what_was_skipped_and_tried_by_nobody_since_counts_too():
    plan = make()
    skipped = part(read(plan, "PS01", only(to_sql, "skipped")), lambda row: row["outcome"] == "skipped")
    take_uploads(plan, report_of(plan), [skipped], who="Kim")
    reruns(plan, "PS01", to_mail)
    assert CheckRun.objects.earliest("pk").started.day == 25


def test_a_newer_run_of_all_takes_the_place_of_everything_before_it():
    plan = make()
    take_uploads(plan, report_of(plan), [read(plan, "PS01")], who="Kim")
    reruns(plan, "PS01", to_mail)
    take_uploads(plan, report_of(plan), [read(plan, "PS01", started="2026-11-27T10:00:00Z")], who="Kim")
    days = sorted(run.started.day for run in CheckRun.objects.all())
    assert days == [26] * (MOST_OF_SOURCE - 1) + [27]


def test_an_old_run_that_comes_late_is_kept_as_long_as_it_tells_something():
    plan = make()
    reruns(plan, "PS01", to_mail, MOST_OF_SOURCE)
    late = part(read(plan, "PS01", started="2026-11-21T10:00:00Z"), to_mail)
    all_of_it = read(plan, "PS01", started="2026-11-20T10:00:00Z")
    taken, _ = take_uploads(plan, report_of(plan), [all_of_it, late], who="Kim")
    assert [run.started.day for run in taken.stored] == [20, 21]
    used = {run.results.started.day for run in prove(plan, report_of(plan)).acceptance.used}
    assert used == {20, 26}, "what the other one says others say, too"
    take_uploads(plan, report_of(plan), [late], who="Kim")
    assert {run.started.day for run in CheckRun.objects.all()} == {20, 26}


def test_what_came_since_it_was_looked_is_not_forgotten(monkeypatch):
    plan = make()
    reruns(plan, "PS01", to_mail, MOST_OF_SOURCE)
    before = prove(plan, report_of(plan))
    take(plan, report_of(plan), [part(read(plan, "PS01"), to_mail)], who="Lee")
    results.forget_superseded(results.Taken(sources=frozenset(["PS01"])), before)
    assert CheckRun.objects.count() == MOST_OF_SOURCE + 1


def test_of_many_runs_that_come_at_once_those_are_stored_that_would_be_kept():
    plan = make()
    whole = read(plan, "PS01", started="2026-11-20T10:00:00Z")
    files = [part(read(plan, "PS01", started=f"2026-11-26T10:{number:02}:00Z"), to_mail) for number in range(30)]
    taken = take(plan, report_of(plan), [whole, *files], who="Kim")
    assert [run.started.day for run in taken.stored] == [20] + [26] * MOST_OF_SOURCE
    assert taken.messages[-1] == "PS01.json: 20 runs were not kept: newer ones say all of it."


def addresses_of(plan, name):
    return next(list(one.addresses) for one in report_of(plan).plan.endpoints if one.name == name)


@pytest.mark.parametrize("uploaded", ["PS01", "Staff"])
def test_what_counts_for_nothing_while_the_plan_is_otherwise_is_there_once_the_plan_is_as_it_was(uploaded):
    plan = make()
    take_uploads(plan, report_of(plan), [read(plan, "Staff", only(must_not_reach_sql, "open"))], who="Kim")
    reruns(plan, "Staff", lambda row: row["destination"] == "PS01" and not row["id"].startswith("closed-"))
    before, then = state(plan), addresses_of(plan, "Staff")
    edit(plan, "Staff", addresses=["10.99.0.0/24"])
    assert "forbidden-open" not in state(plan)[1]
    take_uploads(plan, report_of(plan), [read(plan, uploaded, started="2026-11-27T10:00:00Z")], who="Kim")
    edit(plan, "Staff", addresses=then)
    assert "forbidden-open" in state(plan)[1]
    assert uploaded != "Staff" or state(plan)[1] == before[1]


def test_an_upload_takes_no_runs_of_other_sources_away(monkeypatch):
    plan = make()
    with monkeypatch.context() as changed:
        changed.setattr(results, "MOST_OF_SOURCE", 100)
        reruns(plan, "Staff", lambda row: row["destination"] == "PS01")
    take_uploads(plan, report_of(plan), [read(plan, "PS01", started="2026-11-27T10:00:00Z")], who="Kim")
    assert CheckRun.objects.filter(source="Staff").count() == MOST_OF_SOURCE + 2


def test_of_runs_of_an_earlier_plan_those_go_that_newer_ones_of_it_say_again():
    plan = make()
    take_uploads(plan, report_of(plan), [read(plan, "PS01", only(to_sql, "filtered"))], who="Kim")
    reruns(plan, "PS01", to_mail, MOST_OF_SOURCE - 1)
    then = addresses_of(plan, "PS01")
    edit(plan, "PS01", addresses=["10.99.0.1"])
    reruns(plan, "PS01", to_mail, MOST_OF_SOURCE, day=27)
    days = [run.started.day for run in CheckRun.objects.order_by("started")]
    assert days == [25, 26] + [27] * MOST_OF_SOURCE, "the first tells of SQL01, of the others of then one is enough"
    edit(plan, "PS01", addresses=then)
    assert "blocked" in state(plan)[0]


def stuffed(upload, count):
    """A file with its first result alone, and as many that are made up: of no check, or elsewhere."""
    document = json.loads(upload.data)
    (first, *_) = rows = [row for row in document["results"] if not row["id"].startswith("closed-")]
    strange = [first | {"id": f"{number:016x}"} for number in range(count)]
    elsewhere = [rows[-1] | {"address": f"198.51.100.{number}", "port": "1"} for number in range(count)]
    document["results"] = [first, *strange, *elsewhere]
    return Upload(name=upload.name, data=json.dumps(document).encode())


def test_results_that_a_stranger_makes_up_leave_the_runs_of_others(monkeypatch):
    plan = make()
    honest = [read(plan, "PS01"), read(plan, "Staff")]
    take_uploads(plan, report_of(plan), honest, who="Kim")
    before, kept = state(plan), sum(run.number for run in CheckRun.objects.all())
    monkeypatch.setattr(run_limits, "MOST_KEPT", kept + MOST_OF_SOURCE)
    for number in range(MOST_OF_SOURCE):
        made_up = stuffed(read(plan, "PS01", started=f"2026-11-26T10:{number:02}:00Z"), 30)
        taken, _ = take_uploads(plan, report_of(plan), [made_up], who="", is_stranger=True)
        assert [run.number for run in taken.stored] == [1]
        assert taken.messages[:2] == (
            "PS01.json: 30 results at an address or port that its check doesn't have were not used.",
            "PS01.json: 30 results of no check of this source were not used.",
        )
    assert state(plan) == before
    assert CheckRun.objects.filter(started__day=25).count() == len(honest)
