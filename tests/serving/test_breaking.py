"""A little of what `make faults` does: nothing that was acknowledged is lost, whatever ends in the middle of it."""

import pytest

from scripts import breakable, faults
from tests.databases import begin

pytestmark = pytest.mark.slow


@pytest.fixture
def folder(tmp_path):
    """Where a service is going to keep its data."""
    return tmp_path / "data"


@pytest.fixture
def begun(folder):
    """The same after a first start."""
    begin(folder)
    return folder


def check(outcome, least):
    assert outcome.faults == ()
    assert outcome.acknowledged >= least


def test_processes_that_are_killed_lose_nothing(begun):
    check(faults.kill_under_writers(begun, 5), least=11)


def test_edits_that_are_under_way_when_the_service_is_stopped_are_answered(begun):
    check(faults.stop_under_writers(begun, rounds=1), least=12)


def test_a_migration_that_is_killed_is_taken_up_again(folder):
    check(faults.interrupt_migration(folder, kills=2), least=12)


@pytest.mark.skipif(breakable.find_missing(["cc"]) != "", reason="single writes fail by a library that is compiled")
def test_writes_that_fail_lose_nothing(begun):
    outcome = faults.fail_every_write(begun)
    check(outcome, least=20)
    assert "full" in outcome.told or "wait" in outcome.told


class Told:
    """Writers of whom nothing is known but what they were told."""

    def __init__(self, *told):
        self.site = type("Made", (), {"check": lambda _: ["damaged"], "log": self})()
        self.told, self.readers, self.paths = dict.fromkeys(told, 1), [], []

    def read_text(self, *_):
        return "KeyError: 'x'\nOperationalError: database is locked\n"


def test_what_is_told_without_a_reason_is_a_fault():
    found = breakable.Writers.find_faults(Told("503 The disk is full", "500 Something went wrong here"))
    assert found == [
        "damaged",
        "1 times told: 500 Something went wrong here",
        "The log tells of a fault: KeyError: 'x'",
    ]
