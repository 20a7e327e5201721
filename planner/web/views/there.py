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
_SILENT = Answer(flows=(), wider=(), unknown=(), missing=0)
"""What is known of a firewall that nothing was compared with."""


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
    here, known = _Told(answer), lives.lives_of(plan, report)
    found = [rule for rule in report.rules if all(key in here.flows for key in _list_keys(rule))]
    crossed = _list_crossed(report, found, row.firewall)
    others = _read_others(plan, {name for names in crossed.values() for name in names})
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
        closed = dict.fromkeys(broken[key] for key in keys if key in broken)
        doubts = [
            *_doubt_others(keys, crossed, others),
            *(f"{say_closed_by(one)}: {one.reason}" for one in closed),
            *here.doubt(keys),
        ]
        yield There(rule=rule, by=here.list_entries(keys), seen=life.newest if life else 0, doubts=tuple(doubts))


class _Told:
    """What an answer has said of flows that are open: the entries that let them through, and what is against these."""

    def __init__(self, answer: Answer) -> None:
        self.flows = {one.key: one.by for one in answer.flows if one.state == "open"}
        policies, wide = {*(answer.open_policies or ())}, {one.entry for one in answer.wider}
        sure, perhaps = (
            {one.entry for one in answer.forbidden or () if one.is_sure is is_sure} for is_sure in (True, False)
        )
        self._against = (
            (policies, ("lets", "let"), "through all that no entry decides about"),
            (sure - policies, ("opens", "open"), "what must stay closed"),
            (perhaps - sure - policies, ("may open", "may open"), "what must stay closed"),
            (wide - sure, ("lets", "let"), "more through"),
        )

    def list_entries(self, keys: Iterable[Key]) -> tuple[str, ...]:
        """The entries that let some flows through, as far as these are open."""
        return tuple(dict.fromkeys(name for key in keys for name in self.flows.get(key, ())))

    def doubt(self, keys: Iterable[Key]) -> Iterator[str]:
        """What there is against the entries that let some flows through, each in a few words."""
        by = self.list_entries(keys)
        for doubtful, (one_does, several_do), what in self._against:
            if found := [name for name in by if name in doubtful]:
                yield f"{say_several(found)} {one_does if len(found) == 1 else several_do} {what}"


def _doubt_others(
    keys: Iterable[Key], crossed: Mapping[Key, Iterable[str]], others: Mapping[str, _Told]
) -> Iterator[str]:
    """What there is against the flows of a rule on the other firewalls that they pass, each in a few words."""
    passing: dict[str, list[Key]] = defaultdict(list)
    for key in keys:
        for name in crossed[key]:
            passing[name].append(key)
    doubted: dict[str, list[str]] = defaultdict(list)
    for name, passed in passing.items():
        told = others[name]
        if any(key not in told.flows for key in passed):
            doubted["it isn’t known to be open"].append(name)
        for doubt in told.doubt(passed):
            doubted[doubt].append(name)
    for doubt, names in doubted.items():
        yield f"it also passes {say_several(names)}, where {doubt}"


def _list_keys(rule: Rule) -> Iterator[Key]:
    for source, destination, protocol, ports in rule.openings():
        yield source, destination, protocol, ports or ""


def _list_crossed(report: Report, rules: Iterable[Rule], firewall: str) -> dict[Key, tuple[str, ...]]:
    """By flow of some rules the firewalls of the plan that it passes, but for one."""
    zones = {endpoint.name: endpoint.zone for endpoint in report.plan.endpoints}
    between = _Between([one for one in report.plan.firewalls if one.name != firewall])
    return {key: between.list(zones[key[0]], zones[key[1]]) for rule in rules for key in _list_keys(rule)}


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


def _read_others(plan: Plan, names: Collection[str]) -> dict[str, _Told]:
    """By firewall what the newest comparison with it that is kept has said, as far as that still holds."""
    newest: dict[str, int] = {}
    for row in compared.list_kept(plan) if names else ():
        newest.setdefault(row.firewall, row.pk)
    wanted = {name: newest[name] for name in names if name in newest}
    kept = compared.read_kept(plan, list(wanted.values()))
    told = {name: _Told(kept[number].now) for name, number in wanted.items() if number in kept}
    silent = _Told(_SILENT)
    return {name: told.get(name, silent) for name in names}
