"""The answer as JSON: the interface that others build on. docs/existing-rules.md describes the keys."""

from collections.abc import Mapping
from typing import Any

from planner.engine.existing.decide import FlowState, Gap, Unknown
from planner.engine.existing.forbidden import Breach, Forbidden
from planner.engine.existing.stale import Stale
from planner.engine.existing.wider import Wider
from planner.engine.flows import Flow
from planner.engine.rules import Triple
from planner.plan.syntax import write_json
from planner.report.formats.json import closed_data, rule_data
from planner.report.gap.words import WHOLE_ICMP, say_note

FORMAT = 1


def gap_data(gap: Gap) -> dict[str, Any]:
    """The answer as plain data; `stale`, `forbidden` and `unchecked` are keys of it only where they were asked for."""
    data: dict[str, Any] = {
        "format": FORMAT,
        "flows": [_flow_data(one) for one in gap.flows],
        "wider": [_wider_data(one) for one in gap.wider],
        **({"not_passing": gap.elsewhere} if gap.elsewhere else {}),
        **({"untried": gap.untried} if gap.untried else {}),
        **({"open_policies": list(gap.open_policies)} if gap.open_policies else {}),
        "missing": [rule_data(rule, gap.report.matrix) for rule in gap.missing],
        "unknown": [_unknown_data(one) for one in gap.unknown],
    }
    if gap.stale is not None:
        data["stale"] = list(map(_stale_data, gap.stale))
    if gap.forbidden is not None:
        data["forbidden"] = list(map(_forbidden_data, gap.forbidden.entries))
        data["unchecked"] = gap.forbidden.unchecked
    return data


def render_json(gap: Gap) -> bytes:
    """The answer as JSON in UTF-8."""
    return write_json(gap_data(gap))


def _flow_data(one: FlowState) -> dict[str, Any]:
    """A flow with its state; `note` only where there is more to say."""
    note = say_note(one)
    return _ends(one.flow) | {"state": one.state, "by": list(one.by)} | ({"note": note} if note else {})


def _ends(flow: Flow) -> dict[str, Any]:
    return {
        "source": flow.source.name,
        "destination": flow.destination.name,
        "protocol": flow.need.protocol,
        "ports": flow.need.ports,
    }


def _wider_data(one: Wider) -> dict[str, Any]:
    return {
        "rule": one.entry,
        "sources": list(one.sources),
        "destinations": list(one.destinations),
        **({"sources_in_all": one.source_count} if one.source_count > len(one.sources) else {}),
        **({"destinations_in_all": one.destination_count} if one.destination_count > len(one.destinations) else {}),
        "services": list(one.services),
        "pairs": one.pairs,
        "narrower": list(map(_triple_data, one.narrower)),
        **({} if one.is_whole else {"at_least": True}),
        **({"note": WHOLE_ICMP} if one.whole_icmp else {}),
    }


def _triple_data(triple: Triple) -> Mapping[str, Any]:
    sources, destinations, services = triple
    return {
        "sources": sorted(sources),
        "destinations": sorted(destinations),
        "services": [
            {"protocol": ports.protocol, "ports": ports.ports}
            for ports in sorted(services, key=lambda ports: ports.order)
        ],
    }


def _unknown_data(one: Unknown) -> dict[str, Any]:
    return {"construct": one.construct, "rules": list(one.entries), "flows": list(map(_ends, one.flows))}


def _stale_data(one: Stale) -> dict[str, Any]:
    return {"rule": one.entry, "named": one.rule, "service": one.service, "reason": one.why}


def _forbidden_data(one: Forbidden) -> dict[str, Any]:
    return {
        "rule": one.entry,
        "sure": one.is_sure,
        "constructs": list(one.constructs),
        "breaks": list(map(_breach_data, one.breaches)),
    }


def _breach_data(breach: Breach) -> dict[str, Any]:
    """What is broken, in the words of the report's `closed` list, and between which endpoints."""
    row = closed_data(breach.row)
    return {key: row[key] for key in ("from", "to", "protocol", "ports", "sections", "reason")} | {
        "sources": list(breach.sources),
        "destinations": list(breach.destinations),
        "services": list(breach.services),
    }
