"""Reports and their comparisons as JSON: the interface that others build on, with its schemas."""

from collections.abc import Iterator, Sequence
from typing import Any

from planner.engine.compare import Comparison
from planner.engine.findings import Finding
from planner.engine.flows import Excluded, Flow
from planner.engine.life import NO_LIVES, STATES, Lives
from planner.engine.prohibitions import Closed
from planner.engine.report import Report
from planner.engine.rules import Rule
from planner.engine.terms import AllOf, Alternative, Mark
from planner.plan.syntax import write_json
from planner.report.said.amended import list_amendments
from planner.report.said.answers import CAVEAT, CHOICE, Taken
from planner.report.said.edition import Edition, Editions
from planner.report.said.filters import Selection
from planner.report.said.life import left_data, life_data
from planner.report.said.text import list_named
from planner.report.said.there import STANDINGS, There
from ports.matrix import PROTOCOLS, SEVERITIES, Matrix
from ports.matrix.amendments import amendment_data

FORMAT = 1


def render_json(report: Report, edition: Edition | None = None) -> bytes:
    """The report as JSON in UTF-8; the same plan, matrix and selection give the same bytes."""
    if edition is None:
        return write_json(_report_parts(report, None))
    parts = _report_parts(report, edition.selection, edition.lives, edition.there)
    return write_json(parts | taken_data(edition.taken))


def report_data(report: Report, selection: Selection | None = None, lives: Lives = NO_LIVES) -> dict[str, Any]:
    """The report as plain data, in the shape of `report_schema`; what a filter chose says so."""
    return _read_out(_report_parts(report, selection, lives))


def taken_data(taken: Sequence[Taken]) -> dict[str, Any]:
    """The decisions of which something is known; nothing where there are none."""
    if not taken:
        return {}
    return {
        "decisions": [
            {
                "kind": one.kind,
                "subject": one.subject,
                "title": one.title,
                "answer": one.answer,
                "reason": one.reason,
                "reason_by": one.explained.author if one.explained else "",
                "by": one.decided.author if one.decided else "",
                "decided": one.decided.at.isoformat(timespec="seconds") if one.decided else None,
            }
            for one in taken
        ]
    }


def _read_out(data: dict[str, Any]) -> dict[str, Any]:
    """Mappings with lists where iterators stand for them."""
    return {
        key: _read_out(value) if isinstance(value, dict) else list(value) if isinstance(value, Iterator) else value
        for key, value in data.items()
    }


def _report_parts(
    report: Report, selection: Selection | None, lives: Lives = NO_LIVES, there: There | None = None
) -> dict[str, Any]:
    """`report_data` with iterators for the long lists, each to be read once."""
    data: dict[str, Any] = {
        "format": FORMAT,
        "plan": report.plan.name,
        "matrix": report.matrix.version,
        "edition": report.matrix.edition,
        "document": document_data(report.matrix),
        "amendments": [amendment_data(amendment) for amendment in list_amendments(report)],
        "flows": (flow_data(flow, report.matrix) for flow in report.flows),
        "rules": (
            rule_data(rule, report.matrix, lives) | ({"on_firewall": there.describe_rule(rule)} if there else {})
            for rule in report.rules
        ),
        "excluded": map(excluded_data, report.excluded),
        "closed": map(closed_data, report.closed),
        "findings": map(finding_data, report.findings),
    }
    if selection is not None:
        data["selection"] = {
            "fields": dict(selection.fields),
            "rules": selection.rules,
            "of": selection.all_rules,
        }
    if lives.left and selection is None:
        data["no_longer_asked"] = map(left_data, lives.left)
    if there is not None:
        data["compared"] = there.describe()
    return data


def document_data(matrix: Matrix) -> dict[str, Any]:
    """The vendor's document that the matrix was written from, as plain data."""
    return {"title": matrix.document, "received": matrix.received, "url": matrix.url, "sha256": matrix.sha256}


def finding_data(finding: Finding) -> dict[str, Any]:
    """A finding as plain data."""
    return {
        "code": finding.code,
        "severity": finding.severity,
        "subject": finding.subject,
        "title": finding.title,
        "endpoints": list(finding.endpoints),
        "message": finding.message,
        "advice": finding.advice,
        "sections": list(finding.sections),
    }


def flow_data(flow: Flow, matrix: Matrix) -> dict[str, Any]:
    """A flow as plain data."""
    need = flow.need
    return {
        "source": flow.source.name,
        "source_zone": flow.source.zone,
        "destination": flow.destination.name,
        "destination_zone": flow.destination.zone,
        "protocol": need.protocol,
        "ports": need.ports,
        "services": list(need.services),
        "scope": flow.scope,
        "sections": list(need.sections),
        "any_of": _alternatives(need.any_of),
        "reasons": [str(reason) for reason in need.reasons],
        **_group_data(need.rule_groups, matrix),
    }


def excluded_data(excluded: Excluded) -> dict[str, Any]:
    """A flow that the plan excludes, as plain data."""
    flow = excluded.flow
    return {
        "source": flow.source.name,
        "destination": flow.destination.name,
        "protocol": flow.need.protocol,
        "ports": flow.need.ports,
        "sections": list(flow.need.sections),
        "reasons": [str(reason) for reason in flow.need.reasons],
        "reason": excluded.exclusion.reason,
    }


def closed_data(closed: Closed) -> dict[str, Any]:
    """What must stay closed, as plain data."""
    return {
        "from": dict(closed.source),
        "to": dict(closed.destination),
        "protocol": closed.protocol,
        "ports": closed.ports,
        "sections": list(closed.sections),
        "reason": closed.reason,
        "kept": closed.kept,
    }


def rule_data(rule: Rule, matrix: Matrix, lives: Lives = NO_LIVES) -> dict[str, Any]:
    """A rule as plain data, with its state if it has one."""
    return {
        "id": rule.id,
        "sources": [endpoint.name for endpoint in rule.sources],
        "source_zones": list(rule.source_zones),
        "destinations": [endpoint.name for endpoint in rule.destinations],
        "destination_zones": list(rule.destination_zones),
        "services": [
            {
                "protocol": ports.protocol,
                "ports": ports.ports,
                "sections": list(sections),
                "reasons": [str(reason) for reason in reasons],
                **_group_data(groups, matrix),
            }
            for ports, sections, reasons, groups in zip(
                rule.services, rule.service_sections, rule.service_reasons, rule.service_groups, strict=True
            )
        ],
        "sections": list(rule.sections),
        "any_of": _alternatives(rule.any_of),
        "reasons": [str(reason) for reason in rule.reasons],
        **life_data(rule, lives),
    }


def render_comparison(comparison: Comparison, editions: Editions | None = None) -> bytes:
    """What differs between two reports as JSON in UTF-8, in the shape of `comparison_schema`."""
    if editions is None:
        return write_json(_comparison_parts(comparison))
    return write_json(_comparison_parts(comparison, editions.lives_before, editions.lives_after))


def comparison_data(comparison: Comparison) -> dict[str, Any]:
    """What differs between two reports as plain data, in the shape of `comparison_schema`."""
    return _read_out(_comparison_parts(comparison))


def _comparison_parts(
    comparison: Comparison, lives_before: Lives = NO_LIVES, lives_after: Lives = NO_LIVES
) -> dict[str, Any]:
    """`comparison_data` with iterators for the long lists, each to be read once."""
    before, after = comparison.before.matrix, comparison.after.matrix
    return {
        "format": FORMAT,
        "opened": (flow_data(flow, after) for flow in comparison.opened),
        "closed": (flow_data(flow, before) for flow in comparison.closed),
        "changed": (
            {"before": flow_data(change.before, before), "after": flow_data(change.after, after)}
            for change in comparison.changed
        ),
        "unchanged": comparison.unchanged,
        "rules": {
            "opened": (rule_data(rule, after, lives_after) for rule in comparison.rules_opened),
            "closed": (rule_data(rule, before, lives_before) for rule in comparison.rules_closed),
            "changed": (rule_data(rule, after, lives_after) for rule in comparison.rules_changed),
            "addresses": [
                {
                    "endpoint": change.endpoint.name,
                    "before": list(change.before),
                    "after": list(change.endpoint.addresses),
                }
                for change in comparison.addresses
            ],
        },
        "renamed": [rename._asdict() for rename in comparison.renamed],
        "endpoints": (
            {"name": endpoint.name, "zone": endpoint.zone, "addresses": list(endpoint.addresses)}
            for endpoint in list_named(comparison)
        ),
    }


def _group_data(slugs: tuple[str, ...], matrix: Matrix) -> dict[str, str]:
    """What Windows has rules of its own for, as it calls them; no key where there is nothing."""
    return {"rule_group": "; ".join(matrix.rule_groups[slug].name for slug in slugs)} if slugs else {}


def _alternatives(any_of: tuple[Alternative, ...]) -> list[dict[str, Any]]:
    return [{"all": list(map(_mark, one.all))} if isinstance(one, AllOf) else _mark(one) for one in any_of]


def _mark(mark: Mark) -> dict[str, str]:
    return {"choice": mark.choice, "option": mark.option}


def report_schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of `report_data`."""
    text, texts, maybe = _TEXT, _TEXTS, _MAYBE
    finding = _object(
        {
            "code": text,
            "severity": {"enum": list(SEVERITIES)},
            "subject": maybe,
            "title": text,
            "endpoints": texts,
            "message": text,
            "advice": text,
            "sections": texts,
        }
    )
    whole = _object(
        {
            "format": {"const": FORMAT},
            "plan": text,
            "matrix": text,
            "edition": text,
            "document": _object({"title": text, "received": text, "url": maybe, "sha256": maybe}),
            "amendments": {"type": "array", "items": _amendment_schema()},
            "flows": {"type": "array", "items": _flow_schema()},
            "rules": {"type": "array", "items": _rule_schema()},
            "excluded": {"type": "array", "items": _excluded_schema()},
            "closed": {"type": "array", "items": _closed_schema()},
            "findings": {"type": "array", "items": finding},
        }
    )
    count = {"type": "integer", "minimum": 0}
    fields = {"type": "object", "additionalProperties": text}
    # Only in the export of a part: what was chosen, and how many of the rules.
    whole["properties"]["selection"] = _object({"fields": fields, "rules": count, "of": count})
    # Only of a stored plan: what has a state and nobody asks for any more.
    whole["properties"]["no_longer_asked"] = {"type": "array", "items": _left_schema()}
    # Likewise: who took which decision, when and why.
    told = dict.fromkeys(("title", "answer", "reason", "reason_by", "by", "subject"), text)
    decision = _object({"kind": {"enum": [CHOICE, CAVEAT]}, **told, "decided": maybe})
    whole["properties"]["decisions"] = {"type": "array", "items": decision}
    # Only where a comparison with a firewall's own rules was asked for.
    whole["properties"]["compared"] = _object({"firewall": text, "date": text, "revision": count})
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Port requirement report",
        **whole,
    }


def comparison_schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of `comparison_data`."""
    flows = {"type": "array", "items": _flow_schema()}
    rules = {"type": "array", "items": _rule_schema()}
    address = _object({"endpoint": _TEXT, "before": _TEXTS, "after": _TEXTS})
    named = _object({"name": _TEXT, "zone": _TEXT, "addresses": _TEXTS})
    renamed = _object({"kind": {"enum": ["endpoint", "zone"]}, "old": _TEXT, "new": _TEXT})
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Comparison of two port requirement reports",
        **_object(
            {
                "format": {"const": FORMAT},
                "opened": flows,
                "closed": flows,
                "changed": {"type": "array", "items": _object({"before": _flow_schema(), "after": _flow_schema()})},
                "unchanged": {"type": "integer", "minimum": 0},
                "rules": _object(
                    {
                        "opened": rules,
                        "closed": rules,
                        "changed": rules,
                        "addresses": {"type": "array", "items": address},
                    }
                ),
                "renamed": {"type": "array", "items": renamed},
                "endpoints": {"type": "array", "items": named},
            }
        ),
    }


def _amendment_schema() -> dict[str, Any]:
    """Both values are whatever the field holds: text, true or false, a list, a mapping, or null."""
    return _object(
        {
            "number": {"type": "integer"},
            "row": _TEXT,
            "field": _MAYBE,
            "old": {},
            "new": {},
            "reason": _TEXT,
            "made": _MAYBE,
        }
    )


def _flow_schema() -> dict[str, Any]:
    return _object(
        {
            "source": _TEXT,
            "source_zone": _TEXT,
            "destination": _TEXT,
            "destination_zone": _TEXT,
            "protocol": _PROTOCOL,
            "ports": _PORTS,
            "services": _TEXTS,
            "scope": {"enum": ["same-host", "same-zone", "cross-zone"]},
            "sections": _TEXTS,
            "any_of": _ANY_OF,
            "reasons": _TEXTS,
        },
        rule_group=_TEXT,
    )


def _excluded_schema() -> dict[str, Any]:
    return _object(
        {
            "source": _TEXT,
            "destination": _TEXT,
            "protocol": _PROTOCOL,
            "ports": _PORTS,
            "sections": _TEXTS,
            "reasons": _TEXTS,
            "reason": _TEXT,
        }
    )


def _closed_schema() -> dict[str, Any]:
    side = {"type": "object", "properties": {"zone": _TEXT, "endpoint": _TEXT}, "minProperties": 1, "maxProperties": 1}
    return _object(
        {
            "from": side,
            "to": side,
            "protocol": {"enum": [*PROTOCOLS, None]},
            "ports": _PORTS,
            "sections": _TEXTS,
            "reason": _TEXT,
            "kept": {"type": "boolean"},
        }
    )


def _rule_schema() -> dict[str, Any]:
    return _object(
        {
            "id": _TEXT,
            "sources": _TEXTS,
            "source_zones": _TEXTS,
            "destinations": _TEXTS,
            "destination_zones": _TEXTS,
            "services": {
                "type": "array",
                "items": _object(
                    {
                        "protocol": _PROTOCOL,
                        "ports": _PORTS,
                        "sections": _TEXTS,
                        "reasons": _TEXTS,
                    },
                    rule_group=_TEXT,
                ),
            },
            "sections": _TEXTS,
            "any_of": _ANY_OF,
            "reasons": _TEXTS,
        },
        state=_state_schema(),  # only of a stored plan, and of rules that have one
        on_firewall=_there_schema(),  # only where a comparison was asked for
    )


def _there_schema() -> dict[str, Any]:
    """What a firewall had of a rule when it was compared."""
    count = {"type": "integer", "minimum": 0}
    return _object({"state": {"enum": list(STANDINGS)}, "open": count, "flows": count, "by": _TEXTS})


def _state_schema() -> dict[str, Any]:
    """What state a rule has, and how it differs from what the state was given for."""
    openings = {"type": "array", "items": _opening_schema()}
    moved = _object(
        {
            "endpoint": _TEXT,
            "zone_before": _MAYBE,
            "zone": _TEXT,
            "addresses_before": {"type": ["array", "null"], "items": _TEXT},
            "addresses": _TEXTS,
        }
    )
    return _object(
        {
            "state": {"enum": list(STATES)},
            "changed": {"type": "boolean"},
            "tickets": _TEXTS,
            "owner": _TEXT,
            "comment": _TEXT,
            "review": _MAYBE,
            "review_due": {"type": "boolean"},
            "set": _TEXT,
            "by": _TEXT,
            "more": openings,
            "fewer": openings,
            "moved": {"type": "array", "items": moved},
        }
    )


def _left_schema() -> dict[str, Any]:
    return _object(
        {
            "id": _TEXT,
            "state": {"enum": list(STATES)},
            "ticket": _TEXT,
            "owner": _TEXT,
            "comment": _TEXT,
            "review": _MAYBE,
            "set": _TEXT,
            "by": _TEXT,
            "openings": {"type": "array", "items": _opening_schema()},
        }
    )


def _opening_schema() -> dict[str, Any]:
    return _object({"source": _TEXT, "destination": _TEXT, "protocol": _PROTOCOL, "ports": _PORTS})


def _object(properties: dict[str, Any], **optional: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties | optional, "required": list(properties)}


_TEXT = {"type": "string"}
_TEXTS = {"type": "array", "items": _TEXT}
_MAYBE = {"type": ["string", "null"]}
_PROTOCOL = {"enum": list(PROTOCOLS)}
_PORTS = {"type": ["string", "null"], "pattern": "^[0-9]{1,5}(-[0-9]{1,5})?$"}
_MARK = _object({"choice": _TEXT, "option": _TEXT})
_ANY_OF = {"type": "array", "items": {"anyOf": [_MARK, _object({"all": {"type": "array", "items": _MARK}})]}}
