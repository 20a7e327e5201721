"""Results as JUnit XML: what another program says of the same checks is read as what a script says of them."""

import json
import xml.etree.ElementTree as ET
from dataclasses import replace

import pytest

from planner.engine import result_files
from planner.engine.acceptance import Run, assess
from planner.engine.checks import digest_of, plan_checks
from planner.engine.result_files import ResultReader
from planner.plan import limits
from planner.plan.check_results import BadResults, Result, read_results
from planner.report.checks.junit import render_junit
from ports.text import MAX_NAME
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
    return assess(REPORT, ResultReader(REPORT).read("a.xml", suite(*cases, **more)))


def test_an_acceptance_written_as_junit_is_read_as_the_same():
    answers = {"SQL01": "refused", "DC01": "filtered", "ESX": "unproven"}
    state = assess(REPORT, run_all(REPORT, lambda check: answers.get(check.destination, "open")))
    again = assess(REPORT, ResultReader(REPORT).read("a.xml", render_junit(REPORT, state)))
    assert statuses(again) == statuses(state)
    assert [one.status for one in again.closed] == [one.status for one in state.closed]
    assert again.messages == ()
    assert len(set(statuses(state).values())) > 3


def test_what_is_excused_is_read_back_as_blocked_and_excused():
    web_of_esx = only(lambda check: check.destination == "ESX" and check.ports == "443", "filtered")
    state = assess(REPORT, run_all(REPORT, web_of_esx))
    assert [one.status for one in state.flows if one.excused] == ["blocked"]
    again = assess(REPORT, ResultReader(REPORT).read("a.xml", render_junit(REPORT, state)))
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
    again = assess(report, ResultReader(report).read("a.xml", render_junit(report, state)))
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
    runs = ResultReader(REPORT).read("a.xml", suite(case(SQL), case(staff), '<testcase name="test_login"/>'))
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
        (suite(case(SQL), head=""), "It doesn't say the plan's name"),
        (suite(case(SQL), head=HEAD.replace('"report"', '"x"')), "the digest of the report"),
        (suite(case(SQL), time=""), "when it was made"),
        (suite(case(SQL), time='timestamp="yesterday"'), "when it was made"),
        (lambda: b"<testsuite>" + b" " * limits.RESULTS + b"</testsuite>", "more than 16 MiB"),
    ],
)
def test_what_is_no_junit_xml_or_says_too_little_gets_a_sentence(data, said):
    with pytest.raises(BadResults, match=said):
        ResultReader(REPORT).read("a.xml", made(data))


def test_more_results_than_are_read_are_refused_however_few_cases_they_come_from(monkeypatch):
    monkeypatch.setattr(limits, "RESULT_ROWS", 3)
    assert len(ResultReader(REPORT).read("a.xml", suite(*[case(SQL)] * 3))) == 1
    with pytest.raises(BadResults, match="more than 3 results"):
        read(*[case(SQL)] * 4)
    ends = [
        {"name": "A", "zone": "Internal", "addresses": ["10.0.0.1"]},
        {"name": "B", "zone": "DMZ", "addresses": ["192.0.2.1", "192.0.2.2"]},
    ]
    wanted = {"source": "A", "destination": "B", "protocol": "tcp", "ports": "80-90", "reason": "x"}
    report = report_of(write_plan(*ends, additional_flows=[wanted]))
    [check] = [check for check in plan_checks(report) if not check.closed]
    head = HEAD.replace(digest_of(REPORT), digest_of(report))
    with pytest.raises(BadResults, match="one for each address and port of its check"):
        ResultReader(report).read("a.xml", suite(case(check), head=head))


def test_a_case_within_a_case_is_one_of_its_own_and_the_outer_one_looks_at_nothing_of_it():
    """To look through all that is in each of many cases within one another takes minutes."""
    told = '<properties><property name="outcome" value="unproven"/></properties>'
    staff = CHECKS["Staff", "PS01", "tcp", "443"]
    state = statuses(read(case(SQL, case(staff, told))))
    assert (state[SQL.opening], state[staff.opening]) == ("open", "unproven")


class Counted(str):
    """A text that is counted whenever it is compared with another one."""

    compared = 0
    __hash__ = str.__hash__

    def __eq__(self, other):
        Counted.compared += 1
        return str.__eq__(self, other)


def test_the_addresses_of_a_check_are_not_compared_with_one_another():
    addresses = tuple(Counted(f"10.0.0.{number}") for number in range(100))
    check = replace(SQL, addresses=addresses, names=("sql.example.com",), networks=("192.0.2.0/24",))
    element = ET.fromstring(suite(case(check))).find("testcase")
    outcomes = [result.outcome for _, result in result_files._read_case({check.id: check}, element)]
    assert outcomes == ["open"] * 101 + ["skipped"]
    assert Counted.compared == 0


NAMED = report_of(
    write_plan(
        {"name": "A", "zone": "Internal", "addresses": ["10.0.0.1"]},
        {"name": "B", "zone": "DMZ", "addresses": ["192.0.2.20", "b.example.com", "c.example.com"]},
        additional_flows=[{"source": "A", "destination": "B", "protocol": "tcp", "ports": "443", "reason": "x"}],
    )
)


@pytest.mark.parametrize(
    ("outcomes", "kept"),
    [
        (["open"] * 3, ["open"] * 3),
        (["open"] * 9, ["open"] * 3),
        (["open", "open", "open", "open", "filtered", "filtered", "open"], ["open", "open", "open", "filtered"]),
        (["skipped", "open", "refused", "error", "error"], ["skipped", "open", "refused", "error"]),
    ],
)
def test_what_is_said_more_often_than_a_script_can_is_kept_once_for_each_outcome(outcomes, kept):
    """The first is of the address, and of each of the two names may be another one."""
    document = write_results(NAMED, "A")
    row = next(one for one in document["results"] if one["address"] == "192.0.2.20")
    rows = [row | {"outcome": outcome} for outcome in outcomes]
    data = json.dumps(document | {"results": rows}).encode()
    (run,) = ResultReader(NAMED).read("a.json", data)
    assert [one.outcome for one in run.results.results] == kept
    states = [assess(NAMED, [one]) for one in (run, Run(name="a.json", results=read_results(data)))]
    assert statuses(states[0]) == statuses(states[1])


def test_test_cases_that_repeat_one_another_are_kept_once_for_each_outcome():
    cases = [case(SQL)] * 50 + [case(SQL, "<failure/>")] * 50
    [run] = ResultReader(REPORT).read("a.xml", suite(*cases))
    assert [one.outcome for one in run.results.results] == ["open", "filtered"]


def test_no_more_results_than_that_are_read_of_all_files(monkeypatch):
    made = []
    data = json.dumps(write_results(REPORT, "PS01")).encode()
    number = len(read_results(data).results)
    monkeypatch.setattr(result_files, "Result", lambda **facts: made.append(1) or Result(**facts))
    monkeypatch.setattr(result_files, "read_results", lambda data: made.append(2) or read_results(data))
    reader = ResultReader(REPORT, number + 2)
    assert reader.read("a.json", data)
    for name, sent in {"b.xml": suite(*[case(SQL)] * 1000), "c.xml": suite(case(SQL)), "d.json": data}.items():
        with pytest.raises(BadResults, match=f"^At most {number + 2} results are taken at once; send it by itself.$"):
            reader.read(name, sent)
    assert made == [2, 1, 1, 1]


def test_the_name_of_a_machine_is_cut():
    [run] = ResultReader(REPORT).read("a.xml", suite(case(SQL), time=f'hostname="{"h" * 300}" {TIME}'))
    assert len(run.results.host) == MAX_NAME


def test_what_a_report_is_tried_by_is_found_once_for_all_files(monkeypatch):
    found = []
    monkeypatch.setattr(result_files, "plan_checks", lambda report: found.append(report) or plan_checks(report))
    monkeypatch.setattr(result_files, "digest_of", lambda report: found.append(report) or digest_of(report))
    reader = ResultReader(REPORT)
    assert {len(reader.read(f"{number}.xml", suite(case(SQL)))) for number in range(3)} == {1}
    assert found == [REPORT, REPORT]


EDGES = ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00", "0001-01-01T00:00:00Z", "1999-12-31T23:59:59Z"]


@pytest.mark.parametrize("time", EDGES)
def test_a_time_at_the_edge_of_the_calendar_gets_a_sentence_in_either_format(time):
    said = f"in the year {int(time[:4])}; from 2000 to 9998 is allowed"
    with pytest.raises(BadResults, match=said):
        read(case(SQL), time=f'timestamp="{time}"')
    document = write_results(REPORT, "PS01") | {"started": time}
    with pytest.raises(BadResults, match=said):
        ResultReader(REPORT).read("a.json", json.dumps(document).encode())


def test_a_time_with_a_zone_is_that_moment():
    (run,) = ResultReader(REPORT).read("a.xml", suite(case(SQL), time='timestamp="2026-11-25T10:00:00+02:00"'))
    assert run.results.started.isoformat() == "2026-11-25T08:00:00+00:00"


def test_what_no_check_has_goes_by_its_name_or_by_none():
    named, nameless = '<testcase name="gone"/>', "<testcase/>"
    [run] = ResultReader(REPORT).read("a.xml", suite(named, nameless, f'<testcase name="{"x" * 200}"/>'))
    assert [len(one.id) for one in run.results.results] == [4, 1, 100]
    assert [one.id for one in run.results.results[:2]] == ["gone", "-"]


def test_results_of_the_plan_under_an_earlier_name_are_read_as_its_own_and_no_others():
    old, copy = (report_of(plan(name=name)) for name in ("Old", "Copy"))
    moved = report_of(plan(name="Old", choices={}, ports={"ssh": "2222"}))
    asked = []

    def list_names():
        asked.append("names")
        return {"Old", "Older"}

    reader = ResultReader(REPORT, None, list_names)
    own = reader.read("a.json", json.dumps(write_results(REPORT, "PS01")).encode())
    assert asked == []
    assert digest_of(REPORT, "Old") == digest_of(old) != digest_of(REPORT)
    written = json.dumps(write_results(old, "PS01")).encode()
    junit = render_junit(old, assess(old, run_all(old)))
    runs = *reader.read("a.json", written), *reader.read("a.xml", junit)
    assert {(run.results.plan, run.results.report) for run in runs} == {("Contoso", digest_of(REPORT))}
    assert statuses(assess(REPORT, runs[:1])) == statuses(assess(REPORT, own))
    assert len(runs) > 2
    assert asked == ["names"]
    for other in (copy, moved):
        [run] = reader.read("a.json", json.dumps(write_results(other, "PS01")).encode())
        assert (run.results.plan, run.results.report) == (other.plan.name, digest_of(other))
        assert assess(REPORT, [run]).used == ()
    [run] = ResultReader(REPORT).read("a.json", written)
    assert assess(REPORT, [run]).messages == ("a.json was not used: it is of the plan Old, and this one is Contoso.",)


def test_cases_of_checks_whose_suites_name_no_plan_are_told_and_those_of_no_check_are_not():
    closed = next(check for check in CHECKS.values() if check.rows)
    strange = suite('<testcase name="login"/>', head="")
    lost = suite(case(closed, "<failure/>"), case(SQL), head="")
    reader = ResultReader(REPORT)
    merged = b"<testsuites>%b</testsuites>"
    assert len(reader.read("a.xml", merged % (suite(case(SQL)) + strange))) == 1
    assert reader.messages == []
    assert len(reader.read("b.xml", merged % (suite(case(SQL)) + strange + lost))) == 1
    needed = "their suites need the properties 'plan' and 'report'."
    assert reader.messages == [f"b.xml: 2 test cases of checks of this plan were not used: {needed}"]
