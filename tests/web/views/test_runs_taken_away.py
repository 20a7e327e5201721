"""Runs that are taken away: as where a machine is gone, so that nothing else closes what it found."""

import pytest

from planner.store.models import Event
from planner.store.results import Upload, prove, take
from planner.web.views import acceptance as views
from tests.api.programs import ME, Program, make
from tests.checking import only
from tests.web.views.pages import Page, store
from tests.web.views.test_acceptance import address, file, must_not_reach_sql, report_of, upload, write_plan

pytestmark = pytest.mark.django_db


@pytest.fixture
def plan():
    return store(write_plan())[0]


def run(plan, host, started, *outcome):
    sent = file(plan, "Staff", *outcome, host=host, started=started)
    taken = take(plan, report_of(plan), [Upload(name=sent.name, data=sent.read())], who="Kim")
    return taken.stored[0].pk


def make_hole(plan):
    """A hole that a machine found which is gone; its runs, the oldest first."""
    hole = run(plan, "pc1", "2026-11-25T10:00:00Z", only(must_not_reach_sql, "open"))
    return hole, run(plan, "pc2", "2026-11-26T10:00:00Z")


def holes(plan):
    return [one for one in prove(plan, report_of(plan)).acceptance.closed if one.status == "forbidden-open"]


def list_forms(page):
    return [form for form in page.all("form") if (form.get("action") or "").endswith("/delete/")]


def test_what_a_machine_found_that_is_gone_goes_with_its_run(client, plan, monkeypatch):
    monkeypatch.setattr(views, "MOST_RUNS", 1)
    numbers = make_hole(plan)
    page = Page(client.get(address(plan)))
    assert "take its run away below" in page.text("main")
    forms = list_forms(page)
    assert [form.get("action") for form in forms] == [address(plan, f"runs/{one}/delete/") for one in numbers[::-1]]
    assert all(form.get("data-asks") for form in forms)
    assert holes(plan)
    there = client.post(forms[1].get("action"))["Location"]
    assert "The run was taken away" in Page(client.get(there)).text(role="status")
    assert holes(plan) == []
    page = Page(client.get(address(plan)))
    assert "take its run away below" not in page.text("main")
    assert len(list_forms(page)) == 1
    [event] = Event.objects.filter(kind="results-deleted")
    assert (event.plan, event.detail) == (plan.key, f"number {numbers[0]}")


def test_a_run_that_is_not_there_or_another_plans_takes_nothing_away(client, plan):
    numbers = make_hole(plan)
    other = store(write_plan())[0]
    for of, number in ((other, numbers[0]), (plan, 999), (plan, 10**30)):
        page = Page(client.post(address(of, f"runs/{number}/delete/")))
        assert "nothing was taken away" in page.text(role="alert")
    assert plan.check_runs.count() == 2
    assert not Event.objects.filter(kind="results-deleted").exists()


def test_a_file_that_was_taken_away_can_be_uploaded_again(client, plan):
    upload(client, plan, file(plan, "PS01"))
    for _ in range(2):
        number = plan.check_runs.get().pk
        assert client.post(address(plan, f"runs/{number}/delete/")).status_code == 302
        assert not prove(plan, report_of(plan))
        assert upload(client, plan, file(plan, "PS01")).status_code == 302


def test_programs_list_runs_and_take_them_away(plan, handler):
    ME.give(plan, "own")
    numbers = make_hole(plan)
    program = Program(handler, make("edit"))
    first = program.get(f"/plans/{plan.key}/results?limit=1").json()
    rest = program.get(f"/plans/{plan.key}/results?after={first['next']}").json()
    items = first["items"] + rest["items"]
    assert [(one["number"], one["source"], one["host"]) for one in items] == [
        (number, "Staff", host) for number, host in zip(numbers, ("pc1", "pc2"), strict=True)
    ]
    assert rest["next"] is None
    assert [program.delete(f"/plans/{plan.key}/results/{numbers[0]}").status_code for _ in range(2)] == [204, 404]
    assert holes(plan) == []
