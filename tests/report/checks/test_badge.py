"""What a badge says of an acceptance, and in which colour."""

import pytest

from planner.engine.acceptance import assess
from planner.report.checks.badge import say_badge
from tests.checking import only, run_all, well
from tests.engine.test_acceptance import plan, report_of


def blocked(*ports, otherwise=well):
    """The ways to manage ESX over SSH and over its web service, of which one is enough."""
    return only(lambda check: check.destination == "ESX" and check.ports in ports, "filtered", otherwise)


def to_sql(check):
    return check.destination == "SQL01" and not check.closed


def kept(check):
    return bool(check.rows)


def beside(check):
    return check.closed and not check.rows


@pytest.mark.parametrize(
    ("outcome", "said"),
    [
        (well, ("accepted, 13 flows", "good")),
        (blocked("443"), ("accepted, 13 flows", "good")),
        (blocked("443", "22"), ("2 of 13 flows blocked", "bad")),
        (only(to_sql, "error"), ("11 of 13 flows tested", "unknown")),
        (blocked("443", otherwise=only(to_sql, "error")), ("11 of 13 flows tested", "unknown")),
        (only(kept, "open"), ("3 open that must stay closed", "bad")),
        (only(kept, "refused", blocked("443", "22")), ("2 of 13 flows blocked, 3 open that must stay closed", "bad")),
        (only(beside, "open"), ("9 open that must stay closed", "bad")),
    ],
)
def test_a_badge_says_what_is_blocked_and_what_is_open_and_must_not_be(outcome, said):
    document = plan()
    document["additional_flows"].pop()  # a network as destination is never tested without a host
    report = report_of(document)
    assert say_badge(assess(report, run_all(report, outcome))) == said
