"""Which time zones a setting may name: those that are there, however they are looked for."""

from zoneinfo import available_timezones

import pytest
from django.core.exceptions import ImproperlyConfigured

from planner.deploy.environment import read_time_zone


def test_every_zone_that_is_there_is_taken(monkeypatch):
    for name in available_timezones():
        monkeypatch.setenv("PLANNER_TIME_ZONE", name)
        assert read_time_zone("PLANNER_TIME_ZONE") == name


@pytest.mark.parametrize(
    "name", ["Mars/Olympus", "Europe", "Europe/", "../UTC", "/etc/passwd", "zone.tab", "right/UTC", "posixrules", "Ä"]
)
def test_nothing_else_is_one(monkeypatch, name):
    assert name not in available_timezones()
    monkeypatch.setenv("PLANNER_TIME_ZONE", name)
    with pytest.raises(ImproperlyConfigured, match="must be a time zone such as Europe/Berlin"):
        read_time_zone("PLANNER_TIME_ZONE")


def test_no_zone_of_the_second_kind_is_taken_even_where_it_can_be_read(monkeypatch):
    monkeypatch.setattr("planner.deploy.environment.ZoneInfo", lambda name: name)
    monkeypatch.setenv("PLANNER_TIME_ZONE", "right/Europe/Berlin")
    with pytest.raises(ImproperlyConfigured):
        read_time_zone("PLANNER_TIME_ZONE")
