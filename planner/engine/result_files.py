"""Files of results as runs: what a check script wrote, or JUnit XML of other programs that made the same checks. Pure.

JUnit XML names checks by their ids, at the end of a test case's name, and says of each as a whole what came of it.
Plan, report and time are a suite's: properties `plan` and `report`, and `timestamp`; where it says nothing, what the
suite around it says holds. So of files that were merged each is read as its own. docs/checks.md has an example.
"""

import re
import xml.etree.ElementTree as ET
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cached_property
from itertools import chain
from operator import itemgetter
from typing import NamedTuple, get_args

from planner.engine.acceptance import Run, list_several
from planner.engine.checks import CLOSED, Check, digest_of, plan_checks
from planner.engine.report import Report
from planner.plan import limits
from planner.plan.check_results import (
    MAX_ERROR,
    OUTCOMES,
    BadResults,
    Outcome,
    Result,
    Results,
    as_started,
    read_results,
)
from ports.text import MAX_NAME, cut, many, plural, show_line

_ID = re.compile(rf"(?:{re.escape(CLOSED)})?[0-9a-f]{{16}}\Z")
_SUITES = ("testsuites", "testsuite")
TOGETHER = timedelta(minutes=10)
"""Suites that begin within so much of each other are one run: a program writes one for every few cases."""
_FAILURES: dict[str, Outcome] = {"blocked": "filtered", "forbidden-open": "open"}
"""What the types of failures mean that are no outcomes: those that an acceptance writes."""


class _Head(NamedTuple):
    """What a suite says of all its cases; empty where it is of no plan."""

    plan: str = ""
    report: str = ""
    host: str = ""
    time: str = ""
    """As it is written."""


class ResultReader:
    """Reads files of results beside a report; what it needs of that is found once for all of them.

    `most`: how many results it reads of all files together; what goes beyond is refused, and then the rest unread.
    `list_names` says what else the plan was called, and is asked once a file is of a plan with another name: what was
    made of the plan as it is, but for its name, is read as if it had been called so then.
    """

    def __init__(
        self, report: Report, most: int | None = None, list_names: Callable[[], Collection[str]] = tuple
    ) -> None:
        self._report, self._most, self._number = report, most, 0
        self._list_names = list_names
        self.messages: list[str] = []
        """A sentence for each file that was read of which something was left out that may be of the plan."""
        self._of_then: dict[str, str] = {}

    @cached_property
    def _digest(self) -> str:
        return digest_of(self._report)

    @cached_property
    def _names(self) -> Collection[str]:
        return self._list_names()

    @cached_property
    def checks(self) -> Mapping[str, Check]:
        """The checks of the report, by id."""
        return {check.id: check for check in plan_checks(self._report)}

    @cached_property
    def _first(self) -> str:
        """The source that results of no check are told under."""
        return min(check.source for check in self.checks.values())

    def read(self, name: str, data: bytes) -> tuple[Run, ...]:
        """The runs of a file by its name: one of a script's file; of JUnit XML those that its suites are of.

        What it says more often of one check, address and port than a script can is there once for each outcome. Raises
        BadResults with one sentence where it is neither, or says too little or too much.
        """
        self._count(0)
        if data.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] != b"<":
            results = read_results(data)
            plan, digest = self._follow(results.plan, results.report)
            results = replace(results, plan=plan, report=digest)
            self._count(len(results.results))
            return (self._make_run(name, results),)
        found: defaultdict[tuple[str, _Head], list[Result]] = defaultdict(list)
        cases, nameless = _list_cases(_parse(data))
        for number, (source, head, result) in enumerate(self._list_results(cases), 1):
            self._count(1)
            if number > limits.RESULT_ROWS:
                raise BadResults(
                    f"It has more than {limits.RESULT_ROWS:,} results, which is the most that is read: a test case "
                    "has one for each address and port of its check."
                )
            found[source, head].append(result)
        runs = tuple(self._make_run(name, results) for results in _join(found, list_several(self._report)))
        if len(runs) > len({run.results.source for run in runs}) + limits.RESULT_RUNS:
            raise BadResults(
                f"It has more than {limits.RESULT_RUNS:,} runs beside one of each source, which is the most that is "
                "read: suites of one machine that begin within ten minutes are one run."
            )
        if lost := sum(_find_check(self.checks, case) is not None for case in nameless):
            self.messages.append(
                f"{name}: {many(lost, 'test case')} of checks of this plan {plural(lost, 'was', 'were')} not used: "
                "their suites need the properties 'plan' and 'report'."
            )
        return runs

    def _list_results(self, cases: Iterable[tuple[_Head, ET.Element]]) -> Iterator[tuple[str, _Head, Result]]:
        """What the cases say, by source and suite. What is of no check has the first source, or the plan's name."""
        for said, case in cases:
            plan, digest = self._follow(said.plan, said.report)
            head = said._replace(plan=plan, report=digest)
            checks = self.checks if head.report == self._digest else {}
            first = self._first if checks else head.plan
            for check, result in _read_case(checks, case):
                yield check.source if check else first, head, result

    def _follow(self, plan: str, digest: str) -> tuple[str, str]:
        """The plan and the digest that results are of: those of now, where the plan alone had another name then."""
        name = self._report.plan.name
        if plan == name or plan not in self._names:
            return plan, digest
        if plan not in self._of_then:
            self._of_then[plan] = digest_of(self._report, plan)
        return (name, self._digest) if digest == self._of_then[plan] else (plan, digest)

    def _make_run(self, name: str, results: Results) -> Run:
        return Run(name=name, results=replace(results, results=self._drop_repeated(results.results)))

    def _count(self, more: int) -> None:
        """Raises BadResults where no more is read."""
        self._number += more
        if self._most is not None and (self._number > self._most or (self._number == self._most and not more)):
            raise BadResults(f"At most {self._most:,} results are taken at once; send it by itself.")

    def _drop_repeated(self, results: Sequence[Result]) -> tuple[Result, ...]:
        """What a script can say of one check, address and port: one result for the address, one for each name.

        Of more each outcome is there once, as no other counts.
        """
        places = [(one.id, one.destination, one.protocol, one.address, one.port) for one in results]
        if len(set(places)) == len(places):
            return tuple(results)
        times: Counter[tuple[str | None, ...]] = Counter()
        said: set[tuple[tuple[str | None, ...], Outcome]] = set()
        kept = []
        for place, result in zip(places, results, strict=True):
            check = self.checks.get(result.id)
            if times[place] <= (len(check.names) if check else 0) or (place, result.outcome) not in said:
                kept.append(result)
            times[place] += 1
            said.add((place, result.outcome))
        return tuple(kept)


def _parse(data: bytes) -> ET.Element:
    if len(data) > limits.RESULTS:
        raise BadResults(f"It has more than {limits.RESULTS // 2**20} MiB, which is the most that is read.")
    if b"<!DOCTYPE" in data or b"<!ENTITY" in data or b"\0" in data:
        raise BadResults("It is XML with a document type, or not in UTF-8; JUnit XML has none.")
    try:
        root = ET.fromstring(data)  # noqa: S314 - no document type, so no entities; bounded in size
    except (ET.ParseError, ValueError, LookupError) as error:
        raise BadResults(f"It is no sound XML: {show_line(str(error))}.") from None
    if root.tag not in _SUITES:
        raise BadResults(f"It is no JUnit XML: it begins with {show_line(root.tag)}, not with testsuites.")
    return root


def _list_cases(root: ET.Element) -> tuple[list[tuple[_Head, ET.Element]], list[ET.Element]]:
    """The test cases with what their suites say, and those that are left out. Suites may be thousands deep.

    These are of suites that don't say both plan and report where others do: other programs have properties of these
    names, too. Raises BadResults where there is no case, none of a suite that says both, or one of these has no time.
    """
    found: list[tuple[_Head, ET.Element]] = []
    left = [(_Head(), root)]
    while left:
        head, element = left.pop()
        if element.tag in _SUITES:
            head = _read_head(element, head)
        elif element.tag == "testcase":
            found.append((head, element))
        left += [(head, child) for child in reversed(element)]
    if not found:
        raise BadResults("It has no test case; there is one for each check.")
    ours = [(head, case) for head, case in found if head.plan and head.report]
    if not ours:
        if any(head.plan for head, _ in found):
            raise BadResults(
                "It doesn't say the digest of the report, as in plan.json: a suite needs a property 'report'."
            )
        raise BadResults("It doesn't say the plan's name: a suite needs a property 'plan'.")
    for head in dict.fromkeys(head for head, _ in ours):
        _read_time(head.time)
    return ours, [case for head, case in found if not (head.plan and head.report)]


def _read_head(suite: ET.Element, outer: _Head) -> _Head:
    said = {str(one.get("name")): str(one.get("value")) for one in suite.iterfind("properties/property")}
    host = suite.get("hostname")
    return _Head(
        plan=said.get("plan") or outer.plan,
        report=said.get("report") or outer.report,
        host=cut(show_line(host), MAX_NAME) if host else outer.host,
        time=suite.get("timestamp") or outer.time,
    )


def _read_time(text: str) -> datetime:
    """A time of ISO 8601; one that names no zone is in UTC."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise BadResults(
            "It doesn't say when it was made: a suite needs a timestamp, as in 2026-11-25T10:00:00Z."
        ) from None
    return as_started(found)


def _join(found: Mapping[tuple[str, _Head], list[Result]], several: Collection[str]) -> Iterator[Results]:
    """The results of runs: of each source, plan, report and machine what began within TOGETHER of the first of it.

    Of a check that a later suite has tried again its results count, as in a run of its own. Of `several`, sources that
    stand for several machines, suites that name none may be of two: a hole that one found stays beside the others.
    """
    apart: defaultdict[tuple[str, str, str, str], list[tuple[datetime, list[Result]]]] = defaultdict(list)
    for (source, head), results in found.items():
        apart[source, head.plan, head.report, head.host].append((_read_time(head.time), results))
    for (source, plan, report, host), parts in sorted(apart.items()):
        runs: list[tuple[datetime, dict[str, list[Result]]]] = []
        for started, results in sorted(parts, key=itemgetter(0)):
            if not runs or started - runs[-1][0] > TOGETHER:
                runs.append((started, {}))
            by_check: defaultdict[str, list[Result]] = defaultdict(list)
            for result in results:
                by_check[result.id].append(result)
            for slug, later in by_check.items():
                earlier = runs[-1][1].get(slug, [])
                is_anyones = not host and source in several and slug.startswith(CLOSED)
                runs[-1][1][slug] = [*earlier, *later] if is_anyones else _choose(earlier, later)
        for started, told in runs:
            found_then = tuple(chain.from_iterable(told.values()))
            yield Results(plan=plan, report=report, source=source, host=host, started=started, results=found_then)


def _choose(earlier: list[Result], later: list[Result]) -> list[Result]:
    """What counts of a check that was tried twice: the later, unless that says nothing of it, as `assess` has it."""
    return earlier if _weigh(earlier) > _weigh(later) else later


def _weigh(results: list[Result]) -> int:
    """Whether a check was tried, and whether what must stay closed was by more than an attempt that failed."""
    outcomes = {one.outcome for one in results} - {"skipped"}
    if not outcomes:
        return 0
    return 1 if results[0].id.startswith(CLOSED) and outcomes <= {"error", "unresolved"} else 2


def _read_case(checks: Mapping[str, Check], case: ET.Element) -> Iterator[tuple[Check | None, Result]]:
    """What a test case says of its check: a result for every address and port; one of no check, a single one.

    Beside single addresses and names it is not about networks, which nobody tries whole. Where a check has nothing
    else, hosts in them were tried, and which ones isn't told: the network stands for them.
    """
    check = _find_check(checks, case)
    outcome, words = _judge(check, case)
    if check is None:
        yield None, Result(
            id=cut(show_line(case.get("name") or "-"), 100), destination="-", address="-", protocol="tcp",
            port=None, outcome=outcome, milliseconds=None, error=None,
        )  # fmt: skip
        return
    told: list[tuple[str, Outcome]] = [(address, outcome) for address in (*check.addresses, *check.names)]
    of_networks: Outcome = "skipped" if told else outcome
    told += [(network, of_networks) for network in check.networks]
    for address, whole in told or [("-", outcome)]:
        for port in check.tries:
            yield check, Result(
                id=check.id, destination=check.destination, address=address, protocol=check.protocol, port=port,
                outcome=whole, milliseconds=None, error=words,
            )  # fmt: skip


def _find_check(checks: Mapping[str, Check], case: ET.Element) -> Check | None:
    """The check that a test case is of, by the id that its name ends in."""
    found = _ID.search(case.get("name") or "")
    return checks.get(found[0]) if found else None


def _judge(check: Check | None, case: ET.Element) -> tuple[Outcome, str | None]:
    """An outcome and its words. What passes is open, or filtered where nothing must answer, unless it says which.

    Only what is the case's own is looked at: there may be thousands within one another.
    """
    properties = case.iterfind("properties/property")
    own = next((str(one.get("value")) for one in properties if one.get("name") == "outcome"), "")
    told: dict[str, Outcome] = {one: one for one in get_args(Outcome)} | _FAILURES
    for tag, else_ in (("failure", "filtered"), ("error", "error"), ("skipped", "skipped")):
        found = case.find(tag)
        if found is not None:
            closed = check is not None and check.closed
            meant: Outcome = "open" if closed and tag == "failure" else else_  # type: ignore[assignment]
            words = cut(show_line(found.get("message") or ""), MAX_ERROR) or None
            return told.get(own) or (told.get(found.get("type") or "") if tag == "failure" else None) or meant, words
    if own in OUTCOMES:
        return told[own], None
    return ("filtered" if check is not None and check.closed else "open"), None
