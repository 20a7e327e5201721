"""Who minds the processes that make files: begins them, ends those of jobs that are over, lives through trouble."""

import logging
import signal
import subprocess

import pytest
from django.db import OperationalError

from planner.deploy.turns import Turns
from planner.store import jobs, runner
from planner.store.jobs import Order
from planner.store.models import Plan
from planner.store.runner import Runner
from tests.web.views.pages import store

pytestmark = pytest.mark.django_db


class Process:
    """One that runs until it is killed, or ends as a test says."""

    stdin = None

    def __init__(self, command, **_):
        self.command, self.status, self.killed = command, None, False

    def poll(self):
        return self.status

    def kill(self):
        self.killed = True

    def wait(self):
        return self.status


@pytest.fixture
def begun(monkeypatch):
    """The processes that were begun; none of them does anything."""
    found = []
    monkeypatch.setattr(
        subprocess, "Popen", lambda *given, **names: found.append(Process(*given, **names)) or found[-1]
    )
    monkeypatch.setattr(runner, "close_old_connections", lambda: None)
    monkeypatch.setattr(runner.connection, "close", lambda: None)
    monkeypatch.setattr(runner, "LOOK", 0)
    return found


@pytest.fixture
def job():
    return jobs.ask(Plan.objects.defer("document").get(pk=store()[0].pk), Order(kind="report", format="csv", asked={}))


def test_a_job_gets_a_process_and_one_that_is_cancelled_loses_it(job, begun):
    mine = Runner(1)
    mine._look_once()
    [process] = begun
    assert process.command[-2:] == [f"--job={job.pk}", f"--runner={mine.name}"]
    mine._look_once()
    assert (len(begun), process.killed) == (1, False)
    jobs.cancel(job)
    mine._look_once()
    assert process.killed


def test_a_process_that_ends_without_a_word_is_begun_again_three_times_in_all(job, begun):
    mine = Runner(1)
    for _ in range(5):
        mine._look_once()
        begun[-1].status = -9
    assert len(begun) == jobs.MOST_TRIES
    job.refresh_from_db()
    assert job.state == "failed"


def test_a_process_that_breaks_off_is_told_to_have_run_out_of_memory(job, begun):
    """Libraries in C and Rust abort where none is left."""
    mine = Runner(1)
    mine._look_once()
    begun[-1].status = -signal.SIGABRT
    mine._look_once()
    assert len(begun) == 1
    job.refresh_from_db()
    assert job.state == "failed"
    assert "more memory than the 2,048 MiB that a file may take" in job.said


def test_what_takes_too_long_is_ended_and_told(job, begun, monkeypatch):
    mine = Runner(1)
    mine._look_once()
    monkeypatch.setattr(runner, "LONGEST", -1.0)
    mine._look_once()
    job.refresh_from_db()
    assert (job.state, job.said, begun[0].killed) == ("failed", runner.TOO_LONG, True)


def test_a_claim_is_renewed(job, begun, monkeypatch):
    mine = Runner(1)
    mine._look_once()
    job.refresh_from_db()
    before = job.until
    monkeypatch.setattr(runner, "RENEW", -1.0)
    mine._look_once()
    job.refresh_from_db()
    assert job.until > before


def test_no_more_are_made_at_once_than_may(begun):
    plan = Plan.objects.defer("document").get(pk=store()[0].pk)
    for name in ("csv", "pdf", "xlsx"):
        jobs.ask(plan, Order(kind="report", format=name, asked={}))
    Runner(2)._look_once()
    assert len(begun) == 2


@pytest.mark.parametrize("error", [OperationalError("disk I/O error"), OSError("no room for a process")])
def test_trouble_is_said_once_and_lived_through(job, begun, monkeypatch, caplog, error):
    def fail(_):
        raise error

    mine = Runner(1)
    with monkeypatch.context() as patch, caplog.at_level(logging.WARNING):
        patch.setattr(jobs, "claim", fail)
        for _ in range(3):
            mine._look_once()
    assert [record.getMessage() for record in caplog.records] == [f"no files are made: {error}"]
    mine._look_once()
    assert len(begun) == 1


def test_one_that_stops_gives_its_jobs_back(job, begun):
    mine = Runner(1)
    mine._look_once()
    mine.stop()
    mine.run()
    job.refresh_from_db()
    assert (job.state, job.tries, begun[0].killed) == ("waiting", 0, True)


def test_of_those_that_share_a_room_one_looks(job, begun, monkeypatch):
    room = Turns(1)
    taken = room.take()
    other = Runner(1, room)
    monkeypatch.setattr(jobs.wake, "wait", lambda _: other.stop())
    other.run()
    assert begun == []
    taken.release()
    third = Runner(1, room)
    monkeypatch.setattr(jobs.wake, "wait", lambda _: third.stop())
    third.run()
    assert len(begun) == 1
    assert room.take() is not None, "whoever stops lets another look"
