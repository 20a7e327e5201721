"""Entries of ours that nothing asks for any more: named after a rule, and the plan does without them. Pure.

An entry is ours by the form of its name (`own_names.py`). It is stale if the plan has no such rule any more and every
flow fares as well without it and its like, or if no flow is among what it is for, whatever rules there are.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from planner.engine.existing.own_names import OwnName, find_own_name
from planner.engine.existing.packets import read_networks
from planner.engine.existing.table import Row
from planner.engine.existing.wider import Search
from planner.engine.flows import Flow
from planner.engine.report import Report
from planner.engine.rules import Rule
from planner.plan.reading import ANY

Harmed = Callable[[Collection[str], Iterable[Flow]], Iterable[tuple[Flow, tuple[str, ...]]]]
"""Without the entries of these names, which of these flows fare worse, and the entries that decide about them now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stale:
    """An entry that nothing asks for any more."""

    entry: str
    """As the device names it."""
    rule: str
    """The number of the rule that it is named after."""
    service: str
    """And which of its services, as rules say it: "tcp 443"."""
    why: str
    """What became of that rule, in a few words."""


def find_stale(
    report: Report, search: Search, list_harmed: Harmed, earlier: Collection[str] | None = None
) -> tuple[Stale, ...]:
    """The stale entries of a search's ruleset, in their order.

    `earlier`: the numbers of the rules of earlier revisions; None where these aren't known: then the form of a name
    alone says whose it is.
    """
    rules = {rule.id: rule for rule in report.rules}
    own, rows = _find_own(search, earlier, rules)
    asked = {name: tuple(search.list_asked(found)) for name, found in rows.items()}
    gone = {name for name, one in own.items() if not _is_current(one, rules)}
    stale = {
        name
        for name, one in own.items()
        if name not in gone and not asked[name] and not _has_names(rows[name]) and _has_addresses(rules[one.rule])
    }
    if gone:
        stale |= gone - _find_needed(report, gone, asked, list_harmed)
    return tuple(
        Stale(entry=name, rule=one.rule, service=str(one.service), why=_say_why(one, rules))
        for name, one in own.items()
        if name in stale
    )


def _find_own(
    search: Search, earlier: Collection[str] | None, rules: Mapping[str, Rule]
) -> tuple[dict[str, OwnName], dict[str, list[Row]]]:
    """Entries of ours that admit, by their names in order: what each is named after, and its matches."""
    own: dict[str, OwnName | None] = {}
    rows: dict[str, list[Row]] = defaultdict(list)
    for row in search.walker.list_rows():
        if row.entry.verdict != "accept":
            continue
        name = row.entry.name
        if name not in own:
            found = find_own_name(row.entry)
            is_ours = found is not None and (earlier is None or found.rule in earlier or found.rule in rules)
            own[name] = found if is_ours else None
        if own[name]:
            rows[name].append(row)
    return {name: one for name, one in own.items() if one}, rows


def _is_current(own: OwnName, rules: Mapping[str, Rule]) -> bool:
    return own.rule in rules and own.service in rules[own.rule].services


def _find_needed(
    report: Report, gone: AbstractSet[str], asked: Mapping[str, tuple[Flow, ...]], list_harmed: Harmed
) -> set[str]:
    """Entries that something asks for although the rules that they are named after are gone."""
    needed = {name for name in gone if any(flow.scope != "cross-zone" for flow in asked[name])}
    flows = {id(flow): flow for name in gone - needed for flow in asked[name]} | {
        id(flow): flow for flow in report.flows if flow.scope == "cross-zone" and not _is_known(flow)
    }
    harmed = set()
    for flow, by in list_harmed(gone, flows.values()):
        harmed.add(id(flow))
        needed.update(name for name in by if name in gone)
    return needed | {name for name in gone if any(id(flow) in harmed for flow in asked[name])}


def _is_known(flow: Flow) -> bool:
    return all(_is_addressed(end.addresses) for end in (flow.source, flow.destination))


def _has_addresses(rule: Rule) -> bool:
    return all(_is_addressed(end.addresses) for end in (*rule.sources, *rule.destinations))


def _is_addressed(addresses: tuple[str, ...]) -> bool:
    """Whether all that an endpoint has are addresses, and it has some."""
    return bool(addresses) and (addresses == (ANY,) or len(list(read_networks(addresses))) == len(addresses))


def _has_names(rows: Iterable[Row]) -> bool:
    return any(row.match.source_names or row.match.destination_names for row in rows)


def _say_why(own: OwnName, rules: Mapping[str, Rule]) -> str:
    if own.rule not in rules:
        return f"the plan has no rule {own.rule}"
    if own.service not in rules[own.rule].services:
        return f"{own.rule} has no {own.service} any more"
    return f"{own.rule} is between other addresses"
