"""JUnit XML that was merged of several files: each suite is read by what it says itself, or what holds for it."""

import pytest

from planner.engine.acceptance import assess
from planner.engine.result_files import ResultReader
from planner.plan import limits
from planner.plan.check_results import BadResults
from tests.engine.test_acceptance import statuses
from tests.engine.test_result_files import CHECKS, HEAD, REPORT, SAID, SQL, TIME, case, suite

STAFF = CHECKS["Staff", "PS01", "tcp", "443"]
BESIDE = next(check for check in CHECKS.values() if check.closed and not check.rows)
OLD = HEAD.replace(SAID["report"], "0" * 64)
LATER = 'timestamp="2026-11-26T10:00:00"'


def merged(*suites, head="", time=""):
    return f"<testsuites {time}>{head}{''.join(one.decode() for one in suites)}</testsuites>".encode()


def read(*suites, **more):
    return ResultReader(REPORT).read("a.xml", merged(*suites, **more))


@pytest.mark.parametrize("turn", [1, -1])
def test_results_of_an_older_state_prove_nothing_of_a_newer_one_in_the_same_file(turn):
    suites = [suite(case(SQL), head=OLD), suite(case(STAFF))]
    state = assess(REPORT, read(*suites[::turn]))
    assert statuses(state)[SQL.opening] == "not-tested"
    assert statuses(state)[STAFF.opening] == "open"
    assert [message for message in state.messages if "another state of the plan" in message] == list(state.messages)


def test_of_two_suites_the_newer_counts_by_its_own_time():
    suites = [suite(case(SQL), time=LATER), suite(case(SQL, "<failure/>"))]
    for given in (suites, suites[::-1]):
        assert statuses(assess(REPORT, read(*given)))[SQL.opening] == "open"


def test_what_stands_outside_holds_for_all_suites_within_that_say_nothing_else():
    inner = f"<testsuite>{case(SQL)}</testsuite>".encode()
    (run,) = read(inner, head=HEAD, time=TIME)
    assert statuses(assess(REPORT, [run]))[SQL.opening] == "open"
    deep = b'<testsuite hostname="host07">' * 5_000 + inner + b"</testsuite>" * 5_000
    (run,) = read(deep, head=HEAD, time=TIME)
    assert (run.results.host, len(run.results.results)) == ("host07", 1)


def test_suites_that_begin_within_minutes_of_each_other_are_one_run_of_each_machine():
    outcomes = ["", "<error/>", "<skipped/>", "<failure/>", '<failure type="refused"/>']
    times = ["10:00:00", "10:04:00", "10:09:59", "10:11:00", "10:12:00"]
    suites = [
        suite(case(SQL, outcome), time=f'timestamp="2026-11-25T{time}"')
        for outcome, time in zip(outcomes, times, strict=True)
    ]
    runs = read(*suites[::-1])
    told = [(f"{run.results.started:%H:%M}", [one.outcome for one in run.results.results]) for run in runs]
    assert told == [("10:00", ["error"]), ("10:11", ["refused"])], "what was tried again counts as it was then"
    both = [suite(case(SQL), time=f'hostname="{host}" {TIME}') for host in "ab"]
    assert [run.results.host for run in read(*both)] == ["a", "b"]


@pytest.mark.parametrize(
    ("check", "first", "then", "status"),
    [
        (SQL, "<failure/>", "", "open"),
        (SQL, "", "<failure/>", "blocked"),
        (SQL, "<failure/>", "<error/>", "not-tested"),
        (SQL, "<failure/>", "<skipped/>", "blocked"),
        (BESIDE, "<failure/>", "", "blocked"),
        (BESIDE, "", "<failure/>", "forbidden-open"),
        (BESIDE, "<failure/>", "<error/>", "forbidden-open"),
    ],
)
def test_what_is_tried_again_within_minutes_takes_the_place_of_what_was_tried_then(check, first, then, status):
    later = 'timestamp="2026-11-25T10:05:00"'
    suites = [suite(case(check, first), case(STAFF)), suite(case(check, then), time=later)]
    for given in (suites, suites[::-1]):
        state = assess(REPORT, read(*given))
        found = statuses(state) | {one.check.opening: one.status for one in state.beside}
        assert found[check.opening] == status
        assert found[STAFF.opening] == "open"


@pytest.mark.parametrize(("host", "status"), [("", "forbidden-open"), ('hostname="a" ', "blocked")])
def test_suites_of_a_group_that_name_no_machine_may_be_of_two_of_them(host, status):
    of_group = next(check for check in CHECKS.values() if check.closed and check.source == "Staff" and not check.rows)
    times = [f'{host}timestamp="2026-11-25T10:0{minute}:00"' for minute in (0, 2)]
    suites = [suite(case(of_group, said), time=time) for said, time in zip(("<failure/>", ""), times, strict=True)]
    found = {one.check.opening: one.status for one in assess(REPORT, read(*suites)).beside}
    assert found[of_group.opening] == status


def test_a_suite_of_another_program_refuses_none_of_ours_by_one_property_of_that_name():
    plans = '<properties><property name="plan" value="Test plan 7"/></properties>'
    other = f'<testsuite name="unit">{plans}{case(SQL)}<testcase name="test_login"/></testsuite>'.encode()
    reader = ResultReader(REPORT)
    state = assess(REPORT, reader.read("a.xml", merged(other, suite(case(STAFF)))))
    assert statuses(state)[STAFF.opening] == "open"
    assert statuses(state)[SQL.opening] == "not-tested"
    assert ["1 test case of checks" in said for said in reader.messages] == [True]


def test_suites_that_say_nothing_of_a_plan_are_left_out_beside_one_that_does():
    other = f'<testsuite name="unit">{case(SQL)}<testcase name="test_login"/></testsuite>'.encode()
    state = assess(REPORT, read(other, suite(case(STAFF))))
    assert statuses(state)[SQL.opening] == "not-tested"
    assert statuses(state)[STAFF.opening] == "open"
    assert state.messages == ()


@pytest.mark.parametrize(
    ("suites", "said"),
    [
        ([suite(case(STAFF)), suite(case(SQL), time="")], "when it was made"),
        ([suite(case(SQL), head=HEAD.replace('"report"', '"x"'))], "the digest of the report"),
        ([suite(case(SQL), head=HEAD.replace('"plan"', '"x"'))], "the plan's name"),
        ([suite()], "no test case"),
    ],
)
def test_a_suite_that_says_too_little_gets_a_sentence(suites, said):
    with pytest.raises(BadResults, match=said):
        read(*suites)


def test_more_runs_than_are_read_are_refused(monkeypatch):
    monkeypatch.setattr(limits, "RESULT_RUNS", 2)
    hosts = [suite(case(SQL), time=f'hostname="h{number}" {TIME}') for number in range(4)]
    assert len(read(*hosts[:3], suite(case(STAFF)))) == 4
    with pytest.raises(BadResults, match="more than 2 runs beside one of each source"):
        read(*hosts)
