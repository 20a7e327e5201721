"""Results as JUnit XML: what another program says of the same checks is read as what a script says of them."""

import pytest

from planner.engine.acceptance import assess
from planner.engine.checks import digest_of, plan_checks
from planner.engine.result_files import read_runs
from planner.plan import limits
from planner.plan.check_results import BadResults
from planner.report.checks.junit import render_junit
from tests.checking import only, run_all, run_of, write_results
from tests.engine.test_acceptance import plan, report_of, statuses
from tests.made import made
from tests.report.samples import write_plan

REPORT = report_of(plan())
CHECKS = {check.opening: check for check in plan_checks(REPORT)}
SQL = CHECKS["PS01", "SQL01", "tcp", "1433"]
SAID = {"plan": "Contoso", "report": digest_of(REPORT)}
HEAD = (
    f"<properties>{''.join(f'<property name="{name}" value="{text}"/>' for name, text in SAID.items())}</properties>"
)
TIME = 'timestamp="2026-11-25T10:00:00"'


def suite(*cases, head=HEAD, time=TIME):
    return f'<testsuite name="x" {time}>{head}{"".join(cases)}</testsuite>'.encode()


def case(check, inner=""):
    return f'<testcase classname="x" name="{check.id}">{inner}</testcase>'


def read(*cases, **more):
    return assess(REPORT, read_runs(REPORT, "a.xml", suite(*cases, **more)))


def test_an_acceptance_written_as_junit_is_read_as_the_same():
    answers = {"SQL01": "refused", "DC01": "filtered", "ESX": "unproven"}
    state = assess(REPORT, run_all(REPORT, lambda check: answers.get(check.destination, "open")))
    again = assess(REPORT, read_runs(REPORT, "a.xml", render_junit(REPORT, state)))
    assert statuses(again) == statuses(state)
    assert [one.status for one in again.closed] == [one.status for one in state.closed]
    assert again.messages == ()
    assert len(set(statuses(state).values())) > 3


def test_what_is_excused_is_read_back_as_blocked_and_excused():
    web_of_esx = only(lambda check: check.destination == "ESX" and check.ports == "443", "filtered")
    state = assess(REPORT, run_all(REPORT, web_of_esx))
    assert [one.status for one in state.flows if one.excused] == ["blocked"]
    again = assess(REPORT, read_runs(REPORT, "a.xml", render_junit(REPORT, state)))
    assert [one.excused for one in again.flows] == [one.excused for one in state.flows]
    assert statuses(again) == statuses(state)


@pytest.mark.parametrize("outcome", ["open", "refused", "filtered", "unproven", "error"])
@pytest.mark.parametrize("network", ["192.0.2.0/24", "any"])
def test_what_was_tried_at_hosts_of_a_network_alone_is_read_back_as_it_is(network, outcome):
    way = {"from": {"endpoint": "A"}, "to": {"endpoint": "N"}, "protocol": "udp", "ports": "9", "reason": "No"}
    wanted = {"source": "A", "destination": "N", "protocol": "udp", "ports": "7", "reason": "x"}
    report = report_of(
        write_plan(
            {"name": "A", "zone": "Internal", "addresses": ["10.0.0.1"]},
            {"name": "N", "zone": "Internet", "addresses": [network], "group": True},
            additional_flows=[wanted], never=[way],
        )
    )  # fmt: skip
    document = write_results(report, "A")
    for row in document["results"]:
        row |= {"address": "192.0.2.7", "outcome": outcome}
    state = assess(report, [run_of(document)])
    again = assess(report, read_runs(report, "a.xml", render_junit(report, state)))
    assert statuses(again) == statuses(state)
    assert [one.status for one in again.closed] == [one.status for one in state.closed]
    assert again.messages == ()


@pytest.mark.parametrize(
    ("inner", "status"),
    [
        ("", "open"),
        ('<failure message="no"/>', "blocked"),
        ('<failure type="refused"/>', "refused"),
        ('<failure type="AssertionError"/>', "blocked"),
        ("<error/>", "not-tested"),
        ("<skipped/>", "not-tested"),
        ('<properties><property name="outcome" value="unproven"/></properties>', "unproven"),
        ('<properties><property name="outcome" value="what"/></properties>', "open"),
    ],
)
def test_a_case_says_what_came_of_all_of_its_check(inner, status):
    state = read(case(SQL, inner))
    assert statuses(state)[SQL.opening] == status
    told = [one for one, found in statuses(state).items() if found != "not-tested"]
    assert told == ([] if status == "not-tested" else [SQL.opening])


def test_of_what_must_stay_closed_a_failure_is_an_answer():
    closed = next(check for check in CHECKS.values() if check.rows)
    rows = [check for check in CHECKS.values() if check.rows == closed.rows]
    assert read(*map(case, rows)).closed[closed.rows[0]].status == "blocked"
    state = read(*(case(one, "<failure/>" if one is closed else "") for one in rows))
    assert state.closed[closed.rows[0]].status == "forbidden-open"


def test_sources_are_runs_of_their_own_and_unknown_cases_are_counted():
    staff = CHECKS["Staff", "PS01", "tcp", "443"]
    runs = read_runs(REPORT, "a.xml", suite(case(SQL), case(staff), '<testcase name="test_login"/>'))
    assert sorted(run.results.source for run in runs) == ["PS01", "Staff"]
    state = assess(REPORT, runs)
    assert statuses(state)[SQL.opening] == statuses(state)[staff.opening] == "open"
    assert state.messages == ("a.xml: 1 result of no check of this source was not used.",)


def test_of_another_report_nothing_is_used():
    old = HEAD.replace(digest_of(REPORT), "0" * 64)
    state = read(case(SQL), head=old)
    assert set(statuses(state).values()) == {"not-tested"}
    assert any("another state of the plan" in message for message in state.messages)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"<", "no sound XML"),
        (b"<html/>", "It is no JUnit XML: it begins with html"),
        (b'<!DOCTYPE x [<!ENTITY a "aaaa">]><testsuite/>', "document type"),
        (b"\xff\xfe<\x00t\x00/\x00>\x00", "is not JSON|no JSON document|document type"),
        (suite(head=""), "It doesn't say the plan's name"),
        (suite(head='<properties><property name="plan" value="x"/></properties>'), "the digest of the report"),
        (suite(time=""), "when it was made"),
        (suite(time='timestamp="yesterday"'), "when it was made"),
        (lambda: b"<testsuite>" + b" " * limits.RESULTS + b"</testsuite>", "more than 16 MiB"),
    ],
)
def test_what_is_no_junit_xml_or_says_too_little_gets_a_sentence(data, said):
    with pytest.raises(BadResults, match=said):
        read_runs(REPORT, "a.xml", made(data))


def test_more_cases_than_are_read_are_refused(monkeypatch):
    monkeypatch.setattr(limits, "RESULT_ROWS", 1)
    with pytest.raises(BadResults, match="more than 1 test cases"):
        read(case(SQL), case(SQL))


def test_a_time_with_a_zone_is_that_moment():
    (run,) = read_runs(REPORT, "a.xml", suite(case(SQL), time='timestamp="2026-11-25T10:00:00+02:00"'))
    assert run.results.started.isoformat() == "2026-11-25T08:00:00+00:00"


def test_what_no_check_has_goes_by_its_name_or_by_none():
    named, nameless = '<testcase name="gone"/>', "<testcase/>"
    [run] = read_runs(REPORT, "a.xml", suite(named, nameless, f'<testcase name="{"x" * 200}"/>'))
    assert [len(one.id) for one in run.results.results] == [4, 1, 100]
    assert [one.id for one in run.results.results[:2]] == ["gone", "-"]
