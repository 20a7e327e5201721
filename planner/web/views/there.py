"""Rules of a plan that a firewall has already, by a comparison that was kept: which can be said to be implemented."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

from planner.engine import Report
from planner.engine.existing.drift import Answer, Key
from planner.engine.findings.firewalls import passes
from planner.engine.life import mark_of
from planner.engine.rules import Rule
from planner.plan.fields import Firewall
from planner.report.gap.words import say_several
from planner.report.said.closed import say_closed_by
from planner.store import compared, lives
from planner.store.compared_models import Compared
from planner.store.models import Plan

THERE = "implemented"
"""The state of a rule that a firewall has."""
_TAKES = frozenset({None, "requested", "approved"})
"""The states that a rule may have to be given that one; what somebody has refused or verified stays."""
_Flows = Mapping[Key, tuple[str, ...]]
"""Flows that are open, and the entries that let them through."""


@dataclass(frozen=True, slots=True, kw_only=True)
class There:
    """A rule of the plan of which every flow was open."""

    rule: Rule
    by: tuple[str, ...]
    seen: int
    """The latest state that it has; 0 for none."""
    doubts: tuple[str, ...]
    """What to look at before it is said to be implemented, each in a few words."""

    @property
    def pick(self) -> str:
        """What its form sends."""
        return f"{mark_of(self.rule)}.{self.seen}"


def list_there(plan: Plan, report: Report, row: Compared, answer: Answer) -> Iterator[There]:
    """The rules of now of which all flows were open, and that nobody has said more of than that they are wanted.

    `answer` is what still holds of the comparison `row`, of flows whose ends stand where they stood then.
    """
    here, known = _list_open(answer), lives.lives_of(plan, report)
    found = [rule for rule in report.rules if all(key in here for key in _list_keys(rule))]
    crossed = _list_crossed(report, found, row.firewall)
    others = _read_open(plan, crossed)
    wide = {one.entry for one in answer.wider}
    policies, forbidden = {*answer.open_policies}, {one.entry for one in answer.forbidden or ()}
    broken = {
        (flow.source.name, flow.destination.name, flow.need.protocol, flow.need.ports or ""): closed
        for closed in report.closed
        for flow in closed.breaking
    }
    for rule in found:
        life = known.of(rule)
        if (life.given.state if life else None) not in _TAKES:
            continue
        keys = list(_list_keys(rule))
        by = tuple(dict.fromkeys(name for key in keys for name in here[key]))
        unknown = [
            name for name, flows in crossed.items() if any(key in flows and key not in others[name] for key in keys)
        ]
        closed = dict.fromkeys(broken[key] for key in keys if key in broken)
        doubts = [
            *([f"it also passes {say_several(unknown)}, where it isn’t known to be open"] if unknown else []),
            *(f"{say_closed_by(one)}: {one.reason}" for one in closed),
            *_doubt_entries(by, policies, "lets through all that no entry decides about"),
            *_doubt_entries(by, forbidden - policies, "opens what must stay closed"),
            *_doubt_entries(by, wide - forbidden, "lets more through"),
        ]
        yield There(rule=rule, by=by, seen=life.newest if life else 0, doubts=tuple(doubts))


def _doubt_entries(by: Iterable[str], doubtful: Collection[str], why: str) -> Iterator[str]:
    """A few words about those of the entries that there is this to say of, if any."""
    if found := [name for name in by if name in doubtful]:
        yield f"{say_several(found)} {why}"


def _list_keys(rule: Rule) -> Iterator[Key]:
    for source, destination, protocol, ports in rule.openings():
        yield source, destination, protocol, ports or ""


def _list_open(answer: Answer) -> _Flows:
    return {one.key: one.by for one in answer.flows if one.state == "open"}


def _list_crossed(report: Report, rules: Iterable[Rule], firewall: str) -> dict[str, set[Key]]:
    """By firewall of the plan but one, which flows of some rules pass it."""
    others = [one for one in report.plan.firewalls if one.name != firewall]
    zones = {endpoint.name: endpoint.zone for endpoint in report.plan.endpoints}
    between = _Between(others)
    found: dict[str, set[Key]] = defaultdict(set)
    for rule in rules if others else ():
        for key in _list_keys(rule):
            for name in between.list(zones[key[0]], zones[key[1]]):
                found[name].add(key)
    return found


class _Between:
    """Which firewalls stand between two zones, without looking at each of a thousand for every two."""

    def __init__(self, firewalls: Collection[Firewall]) -> None:
        self._of: dict[str, dict[str, Firewall]] = defaultdict(dict)
        for one in firewalls:
            for zone in one.zones:
                self._of[zone][one.name] = one
        self._known: dict[tuple[str, str], tuple[str, ...]] = {}

    def list(self, source: str, destination: str) -> tuple[str, ...]:
        """The names of those that what goes from one to the other passes."""
        pair = source, destination
        if pair not in self._known:
            fewer = min((self._of[source], self._of[destination]), key=len)
            self._known[pair] = tuple(name for name, one in fewer.items() if passes(one, *pair))
        return self._known[pair]


def _read_open(plan: Plan, names: Collection[str]) -> dict[str, _Flows]:
    """By firewall what the newest comparison with it that is kept has said to be open, as far as that still holds."""
    newest: dict[str, int] = {}
    for row in compared.list_kept(plan) if names else ():
        newest.setdefault(row.firewall, row.pk)
    wanted = {name: newest[name] for name in names if name in newest}
    kept = compared.read_kept(plan, list(wanted.values()))
    return {name: _list_open(kept[wanted[name]].now) if wanted.get(name) in kept else {} for name in names}
