"""What results of checks say about a report: the state of each flow, rule and row that must stay closed. Pure.

The same runs give the same state, in whatever order they come; only of two runs that started at the same time the one
that comes last counts. docs/checks.md has the rules in words.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from typing import Literal, NamedTuple

from planner.engine.ask import read_network
from planner.engine.checks import Check, check_id, digest_of, plan_checks
from planner.engine.flows import Flow
from planner.engine.options import Options
from planner.engine.places import ELSEWHERE, Place, list_places
from planner.engine.prohibitions import Closed
from planner.engine.report import Report
from planner.engine.rules import Rule
from planner.plan.check_results import Outcome, Result, Results
from planner.plan.document import Endpoint
from planner.plan.reading import address_key
from ports.text import many, plural, short

Status = Literal["forbidden-open", "blocked", "not-tested", "refused", "unproven", "open"]
STATUSES: tuple[Status, ...] = ("forbidden-open", "blocked", "not-tested", "refused", "unproven", "open")
"""What a flow, a rule or a row can be, worst first: a rule is as its worst flow."""
GOOD: frozenset[Status] = frozenset(["open", "refused", "unproven"])
"""What a flow may be in an acceptance that passes: the path is open, or nothing speaks against it."""
_STATUS_OF: Mapping[Outcome, Status] = {
    "open": "open",
    "refused": "refused",
    "filtered": "blocked",
    "unproven": "unproven",
    "unresolved": "not-tested",
    "error": "not-tested",
}
"""Of each outcome that counts. What is not known or fails on the source's own host says nothing about the way."""
_ANSWERED: frozenset[Status] = frozenset(["open", "refused"])
"""Of these the way is open."""
MOST_MACHINES = 50
"""Of how many machines that a source stands for a hole counts beside the newest run, those that found it last."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A file of results, by its name."""

    name: str
    results: Results


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A result that counts, and the run that it is of."""

    run: Run
    result: Result


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """What is known about a check: its status, and the results that say so, worst first."""

    check: Check
    status: Status
    seen: tuple[Seen, ...]

    @property
    def at(self) -> datetime | None:
        """When the newest run that counts was started; None where none does."""
        return max((one.run.results.started for one in self.seen), default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowState:
    """A flow with its state. `excused`: it is blocked, undecided, and another option of its choice is open."""

    flow: Flow
    status: Status
    state: State
    excused: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleState:
    """A rule as its worst flow, and the states of its flows."""

    rule: Rule
    status: Status
    flows: tuple[FlowState, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosedState:
    """A row of what must stay closed, as the worst that was tried of it."""

    closed: Closed
    status: Status
    states: tuple[State, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Acceptance:
    """What runs prove of a report."""

    flows: tuple[FlowState, ...]
    """In the order of the report, as the rest."""
    rules: tuple[RuleState, ...]
    closed: tuple[ClosedState, ...]
    beside: tuple[State, ...]
    """What was to be tried beside the plan's ports, where nothing must answer."""
    messages: tuple[str, ...]
    """What wasn't used and why: a sentence each, sorted."""
    used: tuple[Run, ...]
    """The runs that have results of this report's checks."""
    counting: tuple[Run, ...] = ()
    """Those of which anything counts, be it that it was skipped, or that it closes what an older run of the same
    machine has found: without the rest all is the same."""
    closing: tuple[Run, ...] = ()
    """Those that close what older runs of the same machine have found, be these among the runs or not."""

    @property
    def counts(self) -> dict[str, int]:
        """How many flows have each status."""
        counted = Counter(one.status for one in self.flows)
        return {status: counted[status] for status in reversed(STATUSES)}

    @property
    def passed(self) -> bool:
        """Whether every flow is open, refused or unproven, or excused, and nothing is open that must be closed."""
        negative = (*(one.status for one in self.closed), *(one.status for one in self.beside))
        return "forbidden-open" not in negative and all(one.status in GOOD or one.excused for one in self.flows)


def assess(
    report: Report, runs: Sequence[Run], refused: Iterable[str] = (), checks: Mapping[str, Check] | None = None
) -> Acceptance:
    """What runs say about a whole report. `runs` come in the order in which they were named.

    `refused`: sentences about files that couldn't be read; they join the messages. `checks`: those of the report by
    id, where they are known already.

    Runs of another plan, of an older report or of a source that isn't there are left out whole, and results of no
    check of their source one by one; a message says each. Never raises.
    """
    checks = {check.id: check for check in plan_checks(report)} if checks is None else checks
    gathered = _Gathering(report, checks)
    for run in runs:
        gathered.take(run)
    found = {slug: gathered.find(slug) for slug in checks}
    states = {slug: _judge(check, found[slug]) for slug, check in checks.items()}
    closing = gathered.find_closing()
    counting = {one.number for slots in found.values() for one in _flatten(slots)}
    counting |= {number for number, closes in closing.items() if closes}
    flows = _list_flows(report, states)
    closed = _list_closed(report, states)
    beside = tuple(state for state in states.values() if state.check.closed and not state.check.rows)
    return Acceptance(
        flows=flows,
        rules=tuple(_list_rules(report, flows)),
        closed=closed,
        beside=beside,
        messages=tuple(sorted({*refused, *gathered.list_messages()})),
        used=tuple(gathered.used),
        counting=tuple(run for number, run in enumerate(gathered.used) if number in counting),
        closing=tuple(run for number, run in enumerate(gathered.used) if number in closing),
    )


# ---- from runs to the results that count ----


class _Given(NamedTuple):
    """What one run says of one address and port of a check."""

    run: Run
    number: int
    """Which of the runs it is."""
    results: list[Result]


_Slots = Mapping[Place, Sequence[_Given]]


def _age(one: _Given) -> tuple[datetime, int]:
    """The older makes way for the newer, the earlier for the later."""
    return one.run.results.started, one.number


class _Gathering:
    """The results that count, of the runs that were taken so far."""

    def __init__(self, report: Report, checks: Mapping[str, Check]) -> None:
        self.checks = checks
        self.names = {endpoint.name for endpoint in report.plan.endpoints}
        self.wide = list_several(report)
        self.plan = report.plan.name
        self.digest = digest_of(report)
        self.used: list[Run] = []
        self._given: dict[str, dict[Place, list[_Given]]] = defaultdict(lambda: defaultdict(list))
        self._messages: list[str] = []

    def take(self, run: Run) -> None:
        """Count what a run says, unless it is about something else."""
        found, name = run.results, short(run.name)
        if found.plan != self.plan:
            said = f"it is of the plan {short(found.plan)}, and this one is {short(self.plan)}"
        elif found.report != self.digest:
            said = "it is of another state of the plan or the port matrix; make the check scripts anew and run them"
        elif found.source not in self.names:
            said = f"it was made from {short(found.source)}, which the plan doesn't have"
        else:
            taken = self._take_results(run)
            if not taken:
                self._messages.append(f"{name} has no result of a check of this plan, so nothing in it was used.")
            else:
                self.used.append(run)
            return
        self._messages.append(f"{name} was not used: {said}.")

    def _take_results(self, run: Run) -> int:
        """How many results of the run are of checks of its source."""
        strange: Counter[str] = Counter()
        mine: dict[tuple[str, Place], list[Result]] = defaultdict(list)
        for result, check, place in list_places(run.results, self.checks):
            if check is None:
                strange["of no check of this source"] += 1
            elif place is None:
                strange["at an address or port that its check doesn't have"] += 1
            else:
                mine[result.id, place].append(result)
        for why, count in strange.items():
            self._messages.append(f"{short(run.name)}: {many(count, 'result')} {why} {_were(count)} not used.")
        for (slug, place), results in mine.items():
            self._given[slug][place].append(_Given(run, len(self.used), results))
        return len(mine)

    def find(self, slug: str) -> _Slots:
        """By address and port of a check, what counts there."""
        return {place: tuple(self._pick(slug, given).values()) for place, given in self._given[slug].items()}

    def _pick(self, slug: str, given: Sequence[_Given]) -> Mapping[str, _Given]:
        """The newest, by the machine that it is of; "" where machines aren't told apart.

        Where something must stay closed, a hole that one machine of a source has isn't closed as another one has none:
        beside the newest of all, the newest of each machine counts that found an answer. Nor is it closed by what the
        same machine has tried since in vain.
        """
        newest = self._find_newest(slug, given, _was_tried) or self._find_newest(slug, given, lambda _: True)
        if self._tells_apart(slug):
            said = self._find_newest(slug, given, _says_something)
            newest |= {machine: one for machine, one in said.items() if _was_answered(one.results)}
        first, *others = sorted(newest.items(), key=lambda item: _age(item[1]), reverse=True)
        return dict([first, *[item for item in others if _was_answered(item[1].results)][:MOST_MACHINES]])

    def _find_newest(
        self, slug: str, given: Iterable[_Given], counts: Callable[[list[Result]], bool]
    ) -> dict[str, _Given]:
        """Of what counts the newest of each machine."""
        found: dict[str, _Given] = {}
        for one in given:
            if counts(one.results):
                machine = self._find_machine(slug, one)
                found[machine] = max(found.get(machine, one), one, key=_age)
        return found

    def find_closing(self) -> Mapping[int, bool]:
        """The runs that say last of a machine that nothing answers it, and whether an older one found an answer."""
        found: dict[int, bool] = {}
        for slug, places in self._given.items():
            for given in places.values() if self._tells_apart(slug) else ():
                answered = {self._find_machine(slug, one) for one in given if _was_answered(one.results)}
                for machine, one in self._find_newest(slug, given, _says_something).items():
                    if one.run.results.host and not _was_answered(one.results):
                        found[one.number] = found.get(one.number, False) or machine in answered
        return found

    def _find_machine(self, slug: str, one: _Given) -> str:
        """Which machine a run is of, as far as they are told apart; one that says none is nobody else's."""
        if not self._tells_apart(slug):
            return ""
        return one.run.results.host or f"\0{one.number}"

    def _tells_apart(self, slug: str) -> bool:
        check = self.checks[slug]
        return check.closed and check.source in self.wide

    def list_messages(self) -> Iterator[str]:
        """A sentence for all that wasn't used."""
        yield from self._messages
        older: Counter[tuple[str, str]] = Counter()
        for slug, places in self._given.items():
            for given in places.values():
                kept = self._pick(slug, given)
                newest = next(iter(kept.values()))
                for one in given:
                    newer = kept.get(self._find_machine(slug, one), newest)
                    if _was_tried(one.results) and _age(newer) > _age(one):
                        older[one.run.name, newer.run.name] += 1
        for (name, other), count in older.items():
            yield (
                f"{short(name)} is older than {short(other)}, or as old and named before it: {many(count, 'result')} "
                f"of it {_were(count)} not used."
            )


def list_several(report: Report) -> frozenset[str]:
    """The endpoints of a report whose checks are run on any of several machines, as docs/checks.md says."""
    return frozenset(endpoint.name for endpoint in report.plan.endpoints if _stands_for_several(endpoint))


def _stands_for_several(endpoint: Endpoint) -> bool:
    networks = map(read_network, endpoint.addresses)
    return endpoint.group or any(network is not None and network.num_addresses > 1 for network in networks)


def _were(count: int) -> str:
    return plural(count, "was", "were")


def _was_tried(results: Iterable[Result]) -> bool:
    return any(result.outcome != "skipped" for result in results)


def _says_something(results: Iterable[Result]) -> bool:
    """Whether one of them is more than an attempt that failed or wasn't made."""
    return any(_STATUS_OF.get(result.outcome, "not-tested") != "not-tested" for result in results)


def _was_answered(results: Iterable[Result]) -> bool:
    return any(result.outcome in _ANSWERED for result in results)


# ---- from results to states ----


def _judge(check: Check, slots: _Slots) -> State:
    """The worst of all addresses and ports; not tested where one is missing, or all were skipped.

    An address that was skipped is missing, too, where another one of its family was tried: that family has a route.
    """
    elsewhere = [ELSEWHERE] if check.names or not check.addresses else []
    wanted = {(address, port) for address in (*check.addresses, *elsewhere) for port in check.tries}
    whole = wanted <= slots.keys() and not _is_partly_skipped(check, slots)
    seen = [
        Seen(run=slot.run, result=result)
        for slot in _flatten(slots)
        for result in slot.results
        if result.outcome != "skipped"
    ]
    seen.sort(key=lambda one: (_rank(one, check), one.result.address, one.result.port or "", one.run.results.host))
    if check.closed:
        status = _judge_closed(seen, whole=whole)
    elif not seen:
        status = "not-tested"
    else:
        worst = _STATUS_OF[seen[0].result.outcome]
        status = worst if whole else min(worst, "not-tested", key=STATUSES.index)
    return State(check=check, status=status, seen=tuple(seen))


def _flatten(slots: _Slots) -> Iterator[_Given]:
    return chain.from_iterable(slots.values())


def _is_partly_skipped(check: Check, slots: _Slots) -> bool:
    """Whether of a family of addresses some were tried and others weren't, hosts of networks aside."""
    results = [result for slot in _flatten(slots) for result in slot.results]
    skipped = {one.address for one in results if one.outcome == "skipped"}.difference(check.networks)
    left = [network for one in skipped if (network := read_network(one)) and (check.names or _is_own(check, one))]
    if not left:
        return False
    tried = {network.version for one in results if one.outcome != "skipped" and (network := read_network(one.address))}
    return any(network.version in tried for network in left)


def _is_own(check: Check, address: str) -> bool:
    return address_key(address) in check.addresses


def _rank(one: Seen, check: Check) -> tuple[bool, int, str]:
    """Worst first: of what must stay closed an answer, else no answer."""
    outcome = one.result.outcome
    status = _STATUS_OF[outcome]
    return check.closed and status not in _ANSWERED, STATUSES.index(status), outcome


def _judge_closed(seen: Sequence[Seen], *, whole: bool) -> Status:
    """What must stay closed fails where anything answers, be it that nobody listens: the path is open.

    `whole`: nothing that was to be tried is missing.
    """
    found = {_STATUS_OF[one.result.outcome] for one in seen}
    if found & _ANSWERED:
        return "forbidden-open"
    return _worst_closed(found if whole and found else {*found, "not-tested"})


def _worst(statuses: Iterable[Status]) -> Status:
    return min(statuses, key=STATUSES.index, default="not-tested")


def _list_flows(report: Report, states: Mapping[str, State]) -> tuple[FlowState, ...]:
    breaking = {id(row.breaking): row.breaking for row in report.closed}  # rows that forbid the same share it
    forbidden = {id(flow) for flows in breaking.values() for flow in flows}
    found: list[tuple[Flow, Status, State]] = []
    for flow in report.flows:
        need = flow.need
        state = states[check_id((flow.source.name, flow.destination.name, need.protocol, need.ports))]
        status = state.status
        if id(flow) in forbidden and status in _ANSWERED:
            status = "forbidden-open"
        found.append((flow, status, state))
    options = None
    if any(status == "blocked" and flow.need.any_of for flow, status, _ in found):
        options = Options(report, ((flow, status in _ANSWERED) for flow, status, _ in found))
    return tuple(
        FlowState(
            flow=flow,
            status=status,
            state=state,
            excused=bool(options and status == "blocked" and flow.need.any_of and options.excuse(flow)),
        )
        for flow, status, state in found
    )


def _list_rules(report: Report, flows: Sequence[FlowState]) -> Iterator[RuleState]:
    by_opening = {one.state.check.opening: one for one in flows}
    for rule in report.rules:
        found = tuple(by_opening[opening] for opening in rule.openings())
        yield RuleState(rule=rule, status=_worst(one.status for one in found), flows=found)


def _list_closed(report: Report, states: Mapping[str, State]) -> tuple[ClosedState, ...]:
    of_row: dict[int, list[State]] = defaultdict(list)
    for state in states.values():
        for number in state.check.rows:
            of_row[number].append(state)
    return tuple(
        ClosedState(
            closed=row,
            status=_worst_closed({state.status for state in of_row[number]}),
            states=tuple(of_row[number]),
        )
        for number, row in enumerate(report.closed)
    )


def _worst_closed(found: AbstractSet[Status]) -> Status:
    """A row is kept only where all that was to be tried of it was; then it is `blocked`, as it must be."""
    order: tuple[Status, ...] = ("forbidden-open", "not-tested", "unproven", "blocked")
    return next((status for status in order if status in found), "not-tested")
