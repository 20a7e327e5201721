"""The product against a second reading of the contract, on arbitrary plans."""

from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.strategies import often

from .arbitrary import CORRECTABLE, arbitrary_plan, draw_plan
from .helpers import report
from .second_findings import differences, read_findings
from .second_reading import ALTERNATIVES, Reading, normal_ports
from .test_rules import assert_rules_are_exact

pytestmark = pytest.mark.slow


def key_of(flow):
    return flow["source"], flow["destination"], flow["protocol"], normal_ports(flow.get("ports"))


def order_of(flow):
    ports = flow["ports"]
    return flow["source"], flow["destination"], flow["protocol"], int(ports.split("-")[0]) if ports else 0


def summary(data):
    return {
        key_of(flow): (
            flow["scope"],
            set(flow["services"]),
            set(flow["sections"]),
            {(mark["choice"], mark["option"]) for mark in flow["any_of"]},
        )
        for flow in data["flows"]
    }


def compare(plan, reading, findings):
    """Hold the report of a plan against the second reading, and what it finds."""
    data = report(plan)
    compare_flows(data, reading)
    assert_rules_are_exact(data)
    compare_excluded(data, reading)
    compare_closed(data, reading)
    assert list(differences(findings, data["findings"])) == []
    severities = [finding["severity"] for finding in data["findings"]]
    assert severities == sorted(severities, key=["error", "decision", "warning", "info"].index)


def compare_flows(data, reading):
    assert len(summary(data)) == len(data["flows"]), "a flow is there twice"
    assert summary(data) == reading.summary
    reasons = {key_of(flow): flow["reasons"] for flow in data["flows"]}
    for flow in reading.plan["additional_flows"]:
        assert flow["reason"] in reasons[key_of(flow)]


def compare_excluded(data, reading):
    rows = data["excluded"]
    assert len({key_of(row) for row in rows}) == len(rows), "an excluded flow is there twice"
    assert {key_of(row): (set(row["sections"]), row["reason"]) for row in rows} == {
        key: (reading.sections(key), reason) for key, reason in reading.excluded.items()
    }
    without = {key_of(flow): flow for flow in report(reading.plan | {"exclusions": []})["flows"]} if rows else {}
    for row in rows:
        as_asked = without[key_of(row)]
        assert (row["sections"], row["reasons"]) == (as_asked["sections"], as_asked["reasons"])
    for flows in (data["flows"], rows):
        assert flows == sorted(flows, key=order_of)


def compare_closed(data, reading):
    assert len(data["closed"]) == len(reading.closed)
    for row, (said, breaking) in zip(data["closed"], reading.closed, strict=True):
        assert {key: row[key] for key in said} == said
        assert row["kept"] is (not breaking)
        assert row["reason"].strip()


@pytest.fixture(scope="module")
def plan_of():
    """An arbitrary plan by its number. It is made once, and read once, for all of these tests."""
    return cache(arbitrary_plan)


@pytest.fixture(scope="module")
def reading_of(plan_of):
    return cache(lambda number: Reading(plan_of(number)))


@pytest.fixture(scope="module")
def findings_of(reading_of):
    return cache(lambda number: read_findings(reading_of(number)))


@pytest.mark.parametrize("hundred", range(6))
def test_a_plan_is_as_the_second_reading_has_it(hundred, plan_of, reading_of, findings_of):
    for number in range(hundred * 100, hundred * 100 + 100):
        try:
            compare(plan_of(number), reading_of(number), findings_of(number))
        except AssertionError as error:
            error.add_note(f"in plan {number}")
            raise


@settings(max_examples=often(100))
@given(st.randoms(use_true_random=False).map(draw_plan))
def test_any_plan_is_as_the_second_reading_has_it(plan):
    reading = Reading(plan)
    compare(plan, reading, read_findings(reading))


@pytest.fixture(scope="module")
def readings(reading_of):
    return [reading_of(number) for number in range(600)]


def test_the_arbitrary_plans_come_across_every_kind_of_mark_and_scope(readings):
    """Guards the tests above, like the next ones."""
    several, choices, scopes = 0, set(), set()
    for reading in readings:
        for scope, _, _, marks in reading.summary.values():
            several += len({choice for choice, _ in marks}) > 1
            choices |= {choice for choice, _ in marks}
            scopes.add(scope)
    assert several >= 5
    assert choices == set(ALTERNATIVES)
    assert scopes == {"same-host", "same-zone", "cross-zone"}


def test_the_arbitrary_plans_have_choices_and_ports_at_every_level(readings):
    deciding = {}
    for reading in readings:
        for endpoint in reading.endpoints.values():
            for key in ("choices", "ports"):
                own, of_zone, of_plan = reading._levels(endpoint, key)
                for slug in {*own} | {*of_zone} | {*of_plan}:
                    has = slug in own, slug in of_zone, slug in of_plan
                    deciding[key, has] = deciding.get((key, has), 0) + 1
    assert len(deciding) == 2 * 7
    assert min(deciding.values()) >= 5


def test_the_arbitrary_plans_exclude_all_sorts_of_flows(readings):
    excluded = [(reading, key) for reading in readings for key in reading.excluded]
    assert {reading.scope(key) for reading, key in excluded} == {"same-host", "same-zone", "cross-zone"}
    assert sum(bool(reading.marks(key)) for reading, key in excluded) >= 10
    assert sum(len(reading.idle_exclusions) for reading in readings) >= 100
    kept = taken_before = 0
    for reading in readings:
        rows = reading.plan.get("exclusions", [])
        for number, row in enumerate(rows):
            pair = row["source"], row["destination"]
            kept += any(reading.is_own(key) for key in reading.asked if key[:2] == pair)
            taken_before += number not in reading.idle_exclusions and any(
                (other["source"], other["destination"]) == pair for other in rows[:number]
            )
    assert kept >= 20
    assert taken_before >= 10


def test_the_arbitrary_plans_close_what_is_open_and_what_is_not(readings):
    rows = [(*closed, reading) for reading in readings for closed in reading.closed]
    shapes = {(*row["from"], *row["to"], row["protocol"], row["ports"] is None) for row, _, _ in rows}
    assert {shape[:2] for shape in shapes} == {(one, other) for one in SIDES for other in SIDES}
    assert {shape[2:] for shape in shapes} >= {(None, True), ("tcp", True), ("tcp", False), ("icmp", True)}
    for number_of in (lambda row: row["sections"], lambda row: not row["sections"]):
        assert {bool(breaking) for row, breaking, _ in rows if number_of(row)} == {True, False}
    overlapping = sum(
        row["ports"] is not None and any(key[3] != row["ports"] for key in breaking) for row, breaking, _ in rows
    )
    assert overlapping >= 20


SIDES = ("zone", "endpoint")


def test_the_arbitrary_plans_give_every_finding(findings_of):
    codes = {(code, severity) for number in range(250) for code, severity in _certain(findings_of(number))}
    assert {code for code, _ in codes} == CODES
    assert {severity for code, severity in codes if code == "caveat"} == {"decision", "info"}


def _certain(findings):
    return {(code, expected.severity) for (code, _), expected in findings.items() if expected.must}


CODES = {
    "no-web-server", "no-database", "passive-without-primary", "push-pull-without-site",
    "portal-without-domain-controller", "operations-without-engine", "nothing-to-reach", "never-broken",
    "address-special", "choice-undecided", "caveat", "address-missing", "prohibited-flow", "nobody-uses",
    "role-without-flow", "sessions-without-gateway", "sessions-unused", "exclusion-without-effect",
    "address-in-another-zone", "address-outside-zone", "two-primaries", "active-without-primary",
    "app-server-dmz-database", "telnet-in-clear", "website-from-internet", "operation-not-listed",
    "operations-without-platforms", "platforms-without-operations", "portal-without-active-directory",
    "site-without-agent", "port-conflict", "address-twice", "address-is-name", "address-covers-everything",
    "local-flows", "no-firewall",
}  # fmt: skip


def test_the_arbitrary_plans_answer_each_caveat_in_each_way():
    for answer in ("corrections", "as_documented"):
        given_by = [set(arbitrary_plan(number)[answer]) for number in range(100)]
        for caveat in CORRECTABLE:
            assert 10 <= sum(caveat in several for several in given_by) <= 90
