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


@pytest.fixture(scope="module")
def stopped_and_killed(tmp_path_factory):
    """What came of a stop and five kills while people wrote."""
    folder = tmp_path_factory.mktemp("killed") / "data"
    begin(folder)
    return faults.kill_under_writers(folder, 5, stops=1)


def test_edits_that_are_under_way_when_the_service_is_stopped_are_answered(stopped_and_killed):
    assert [fault for fault in stopped_and_killed.faults if fault.startswith(faults.OF_STOPS)] == []


def test_a_stop_and_processes_that_are_killed_lose_nothing(stopped_and_killed):
    check(stopped_and_killed, least=23)


def test_a_migration_that_is_killed_is_taken_up_again(folder):
    check(faults.interrupt_migration(folder, kills=2, people=2), least=12)


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
