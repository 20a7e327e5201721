"""The answer in lines for people: counts, what is missing, what is too wide, what isn't understood."""

from collections.abc import Iterable, Iterator

from planner.engine.existing.decide import FlowState, Gap
from planner.engine.existing.readers import READERS
from planner.engine.rules import Rule
from planner.report.gap.words import (
    NAMES,
    list_deciding,
    name_forbidden,
    say_asked,
    say_breach,
    say_decided,
    say_destinations,
    say_doubt,
    say_elsewhere,
    say_entries,
    say_needed,
    say_note,
    say_open_policies,
    say_several,
    say_sources,
    say_untried,
    say_wider,
)
from planner.report.said.forbidden import Breaches
from ports.text import many, show_line

MOST_LISTED = 200
"""How many flows of a state, rules and entries the text lists."""
_INDENT = "  "


def render_text(gap: Gap) -> bytes:
    """The answer as text in UTF-8."""
    return "".join(f"{_on_one_line(line)}\n" for line in _list_lines(gap)).encode()


def _on_one_line(line: str) -> str:
    """A line as it is shown, with its indentation."""
    return f"{_INDENT if line.startswith(_INDENT) else ''}{show_line(line)}"


def _list_lines(gap: Gap) -> Iterator[str]:
    label = READERS[gap.ruleset.format].label if gap.ruleset.format in READERS else gap.ruleset.format
    counts = ", ".join(f"{count:,} {NAMES[state]}" for state, count in gap.counts.items())
    yield f"{gap.report.plan.name} and the rules of {label}: {say_asked(gap)}, {counts}."
    if said := say_elsewhere(gap.elsewhere, gap.firewall):
        yield said
    yield (
        f"{many(len(gap.missing), 'rule')} of the plan missing, {many(len(gap.wider), 'entry', 'entries')} wider than "
        f"the plan, {many(len(gap.unknown), 'construct')} not understood."
    )
    if said := say_open_policies(gap.open_policies):
        yield said
    if gap.stale is not None and gap.forbidden is not None:
        sure = sum(one.is_sure for one in gap.forbidden.entries)
        yield (
            f"{many(len(gap.stale), 'entry', 'entries')} stale, {many(sure, 'entry', 'entries')} open to what must "
            "stay closed."
        )
    for state in ("closed", "partly", "unknown"):
        found = [one for one in gap.flows if one.state == state]
        yield from _head(f"{NAMES[state].capitalize()}", found)
        yield from _cut(map(_say_flow, found))
    yield from _head("Missing", gap.missing)
    breaches = Breaches(gap.report)
    yield from _cut(_say_rule(rule, breaches) for rule in gap.missing)
    yield from _head("Wider than the plan", gap.wider)
    yield from _cut(
        f"  {one.entry}: admits {say_wider(one)}{',' if one.pairs > 1 else ''} from {say_sources(one)} to "
        f"{say_destinations(one)}; needed of it: {say_needed(one, gap)}"
        for one in gap.wider
    )
    if said := say_untried(gap):
        yield f"  {said}"
    yield from _head("Not understood", gap.unknown)
    yield from _cut(
        f"  {one.construct} ({say_entries(one)}): decides about {say_decided(one)}"
        if one.entries
        else f"  {one.construct}: {say_decided(one)}"
        for one in gap.unknown
    )
    yield from _list_stale(gap)
    yield from _list_forbidden(gap)


def _list_stale(gap: Gap) -> Iterator[str]:
    yield from _head("Stale, named after rules that nothing asks for", gap.stale or ())
    yield from _cut(f"  {one.entry}: {one.why}" for one in gap.stale or ())


def _list_forbidden(gap: Gap) -> Iterator[str]:
    if gap.forbidden is None:
        return
    sure = [one for one in gap.forbidden.entries if one.is_sure]
    yield from _head("Open and forbidden", sure)
    yield from _cut(f"  {name_forbidden(one)}: {say_breach(breach)}" for one in sure for breach in one.breaches)
    others = [one for one in gap.forbidden.entries if not one.is_sure]
    yield from _head("Perhaps open and forbidden", others)
    yield from _cut(
        f"  {name_forbidden(one)}: {say_breach(breach)}; {say_doubt(one)}" for one in others for breach in one.breaches
    )
    if gap.forbidden.unchecked:
        yield ""
        yield f"{many(gap.forbidden.unchecked, 'row')} of what must stay closed not looked at: there are too many."


def _head(title: str, found: Iterable[object]) -> Iterator[str]:
    if found:
        yield ""
        yield f"{title}:"


def _cut(lines: Iterable[str]) -> Iterator[str]:
    found = list(lines)
    yield from found[:MOST_LISTED]
    if len(found) > MOST_LISTED:
        yield f"  and {len(found) - MOST_LISTED:,} more; the format json has all"


def _say_flow(one: FlowState) -> str:
    need = one.flow.need
    service = f"{need.protocol} {need.ports or ''}".rstrip()
    by = f", by {say_several(deciding)}" if (deciding := list_deciding(one)) else ""
    note = say_note(one)
    return f"  {one.flow.source.name} to {one.flow.destination.name}, {service}{by}" + (f"; {note}" if note else "")


def _say_rule(rule: Rule, breaches: Breaches) -> str:
    sources, destinations = (say_several(end.name for end in side) for side in (rule.sources, rule.destinations))
    forbidden = f"; {mark}" if (mark := breaches.mark(rule)) else ""
    return f"  {rule.id}: {sources} to {destinations}: {', '.join(map(str, rule.services))}{forbidden}"
