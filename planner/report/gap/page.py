"""The answer as a page shows it, as plain data that JSON can say: made in one place and shown in another."""

from collections.abc import Mapping
from typing import Any

from planner.engine.existing.decide import STATES, FlowState, Gap, State
from planner.engine.rules import Ports
from planner.report.gap.words import (
    NAMES,
    list_deciding,
    name_forbidden,
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
from planner.report.said.text import index_rules
from ports.text import many

MOST_FLOWS = 500
"""How many flows the page shows, those first that aren't open."""
MOST_WIDER = 100
MOST_UNKNOWN = 100
ORDER: Mapping[State, int] = {"closed": 0, "partly": 1, "unknown": 2, "open": 3}
LOOKS: Mapping[State, str] = {"open": "open", "partly": "refused", "closed": "blocked", "unknown": "unproven"}
"""By state, what it looks like: as the status of a check that says alike."""


def describe_gap(gap: Gap) -> dict[str, Any]:
    """What the page shows of an answer: figures, flows with the names of their ends, what is too wide or unclear."""
    rules = index_rules(gap.report)
    flows = sorted(gap.flows, key=lambda one: ORDER[one.state])
    return {
        "figures": [(LOOKS[state], gap.counts[state], NAMES[state]) for state in STATES],
        "total": len(gap.flows),
        "named": gap.firewall,
        "elsewhere": say_elsewhere(gap.elsewhere, gap.firewall),
        "missing": many(len(gap.missing), "rule"),
        "missing_count": len(gap.missing),
        "flows": [_describe_flow(one, rules) for one in flows[:MOST_FLOWS]],
        "more_flows": max(0, len(flows) - MOST_FLOWS),
        "wider": [
            {
                "entry": one.entry,
                "sources": say_sources(one),
                "destinations": say_destinations(one),
                "services": say_wider(one),
                "narrower": say_needed(one, gap),
            }
            for one in gap.wider[:MOST_WIDER]
        ],
        "more_wider": max(0, len(gap.wider) - MOST_WIDER),
        "untried": say_untried(gap),
        "open_policies": say_open_policies(gap.open_policies),
        "unknown": [
            {"construct": one.construct, "entries": say_entries(one), "flows": say_decided(one)}
            for one in gap.unknown[:MOST_UNKNOWN]
        ],
        "more_unknown": max(0, len(gap.unknown) - MOST_UNKNOWN),
        **_describe_also(gap),
    }


def _describe_also(gap: Gap) -> dict[str, Any]:
    """What is left over of ours, and what is open although it must stay closed."""
    stale, found = gap.stale or (), gap.forbidden.entries if gap.forbidden else ()
    forbidden = [
        {"entry": name_forbidden(one), "said": say_breach(breach), "doubt": say_doubt(one)}
        for one in found
        for breach in one.breaches
    ]
    return {
        "stale": [{"entry": one.entry, "why": one.why} for one in stale[:MOST_WIDER]],
        "more_stale": max(0, len(stale) - MOST_WIDER),
        "forbidden": forbidden[:MOST_WIDER],
        "more_forbidden": max(0, len(forbidden) - MOST_WIDER),
        "unchecked": gap.forbidden.unchecked if gap.forbidden else 0,
    }


def _describe_flow(one: FlowState, rules: Mapping[tuple[str, str, Ports], str]) -> dict[str, Any]:
    need, source, destination = one.flow.need, one.flow.source.name, one.flow.destination.name
    ports = Ports(need.protocol, need.ports)
    return {
        "source": source,
        "destination": destination,
        "service": str(ports),
        "rule": rules.get((source, destination, ports), ""),
        "look": LOOKS[one.state],
        "state": NAMES[one.state],
        "by": say_several(list_deciding(one)),
        "note": say_note(one),
    }
