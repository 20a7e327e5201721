"""The answer in words, the same in text, tables and on pages."""

from collections.abc import Iterable, Mapping, Sequence

from planner.engine.existing.decide import FlowState, Gap, State, Unknown
from planner.engine.existing.forbidden import Breach, Forbidden
from planner.engine.existing.packets import NO_ADDRESS
from planner.engine.existing.wider import Wider
from planner.engine.rules import Triple
from planner.report.said.closed import say_closed_by
from ports.text import many, show_line

NAMES: Mapping[State, str] = {"open": "open", "partly": "partly open", "closed": "closed", "unknown": "unknown"}
"""What each state is called."""
MOST_NAMED = 5
"""How many entries or endpoints a line names."""
MOST_CONSTRUCTS = 20
"""How many things that aren't understood a note names; the list of these has all."""
WHOLE_ICMP = "rules there have no types of ICMP: one that lets an echo through lets all of ICMP through"
"""What is said where nothing there can let an echo through alone."""


def say_note(one: FlowState) -> str:
    """What there is to say of a flow beyond its state: what is refused, what isn't understood, what comes too late."""
    said = []
    if one.lacking:
        refusing = f", by {say_several(one.refusing)}" if one.refusing else ""
        said.append(f"refused, among others: {one.lacking}{refusing}")
    if one.constructs:
        said.append(f"not understood or not known: {say_constructs(one.constructs)}")
    if one.shadowed:
        said.append(f"{one.shadowed} would admit it and comes too late")
    if one.whole_icmp:
        said.append(WHOLE_ICMP)
    if not one.needed:
        said.append("not needed: another option of its choice is open")
    return show_line("; ".join(said))


def say_several(names: Iterable[str], count: int | None = None) -> str:
    """The first few of several names, and how many more there are; `count` where there are more than these."""
    found = list(names)
    more = (len(found) if count is None else count) - MOST_NAMED
    return ", ".join(found[:MOST_NAMED]) + (f" and {more:,} more" if more > 0 else "")


def list_deciding(one: FlowState) -> tuple[str, ...]:
    """The entries that decide about a flow; none where all that isn't known is an address that the plan doesn't have.

    Any entry for addresses may be for that one, so that they say nothing.
    """
    return () if one.constructs and all(map(_is_missing_address, one.constructs)) else one.by


def _is_missing_address(construct: str) -> bool:
    return construct.startswith(NO_ADDRESS)


def list_entries(one: Unknown) -> tuple[str, ...]:
    """Where something stands that isn't understood; not each entry that may be for an address that isn't known."""
    return ("entries for addresses",) if one.entries and _is_missing_address(one.construct) else one.entries


def say_entries(one: Unknown) -> str:
    """The first few of these."""
    return say_several(list_entries(one))


def say_constructs(constructs: Sequence[str]) -> str:
    """The first of what isn't understood, and how many more there are."""
    more = len(constructs) - MOST_CONSTRUCTS
    return "; ".join(constructs[:MOST_CONSTRUCTS]) + (f"; and {more:,} more" if more > 0 else "")


def say_sources(one: Wider) -> str:
    """The first few endpoints from which an entry admits too much, and how many more there are."""
    return say_several(one.sources, one.source_count)


def say_destinations(one: Wider) -> str:
    """The same of those to which it does."""
    return say_several(one.destinations, one.destination_count)


def say_wider(one: Wider) -> str:
    """What an entry admits besides, and between how many pairs of endpoints where it is not one; at least that, where
    not all was tried."""
    pairs = f" between {many(one.pairs, 'pair')} of endpoints" if one.pairs > 1 else ""
    return f"{'' if one.is_whole else 'at least '}{', '.join(one.services)}{pairs}"


def say_asked(gap: Gap) -> str:
    """How many flows were asked for, and of which kind."""
    passing = ""
    if gap.firewall:
        passing = f" that {'passes' if len(gap.flows) == 1 else 'pass'} {show_line(gap.firewall)}"
    return f"{many(len(gap.flows), 'flow')} between zones{passing}"


def say_elsewhere(count: int, firewall: str) -> str:
    """That so many flows don't pass the firewall that was named and are left out; empty for none."""
    if not count:
        return ""
    does, are = ("doesn’t", "is") if count == 1 else ("don’t", "are")
    return f"{many(count, 'flow')} between zones {does} pass {show_line(firewall)} and {are} left out."


def say_untried(gap: Gap) -> str:
    """That some entries weren't looked at; empty where all were."""
    if not gap.untried:
        return ""
    return f"Not looked at for that, after too much work for others: {many(gap.untried, 'entry', 'entries')}."


def say_open_policies(names: Sequence[str]) -> str:
    """That what no entry decides about gets through, and by which policies; empty where there are none."""
    if not names:
        return ""
    by = say_several(names)
    return f"What no entry decides about is let through all the same, by {by}: no entry is wider for that."


def say_decided(one: Unknown) -> str:
    """What something that isn't understood decides about."""
    return many(len(one.flows), "flow") if one.flows else "no flow, but perhaps what is too wide"


def say_needed(one: Wider, gap: Gap) -> str:
    """What a plan needs of an entry, and whether the entry can't be told so.

    Of a flow that is unknown it isn't known either which entry it needs: none is to be taken away for want of that.
    """
    unknown = gap.counts["unknown"]
    perhaps = f"; perhaps {many(unknown, 'unknown flow')}, too" if unknown else ""
    return say_narrower(one.narrower) + (f"; {WHOLE_ICMP}" if one.whole_icmp else "") + perhaps


def say_narrower(narrower: Iterable[Triple]) -> str:
    """What a plan needs of an entry."""
    said = []
    for sources, destinations, services in narrower:
        ports = ", ".join(map(str, sorted(services, key=lambda one: one.order)))
        said.append(f"{say_several(sorted(sources))} to {say_several(sorted(destinations))}: {ports}")
    return "; ".join(sorted(said)) or "nothing of this plan"


def say_breach(breach: Breach) -> str:
    """What an entry admits and who forbids it."""
    return (
        f"{', '.join(breach.services)} from {say_several(breach.sources)} to {say_several(breach.destinations)}, "
        f"though {say_closed_by(breach.row)}: {breach.row.reason}"
    )


def name_forbidden(one: Forbidden) -> str:
    """The entry that admits what is forbidden."""
    return one.entry or "the configuration as a whole"


def say_doubt(one: Forbidden) -> str:
    """Whether it does for sure, and else why not."""
    return "" if one.is_sure else f"not understood or not known: {say_constructs(one.constructs)}"
