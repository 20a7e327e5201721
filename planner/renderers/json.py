"""The report as JSON: the interface that others build on. Its schema is `report_schema`."""

from typing import Any

from planner.engine.flows import Flow, Mark
from planner.engine.report import Report
from planner.engine.rules import Rule
from planner.syntax import to_json
from ports.matrix import PROTOCOLS, SEVERITIES

FORMAT = 1


def render_json(report: Report) -> bytes:
    """The report as JSON in UTF-8; the same plan and matrix give the same bytes."""
    return to_json(report_data(report)).encode()


def report_data(report: Report) -> dict[str, Any]:
    """The report as plain data, in the shape of `report_schema`."""
    return {
        "format": FORMAT,
        "plan": report.plan.name,
        "matrix": report.matrix.version,
        "flows": [_flow(flow) for flow in report.flows],
        "rules": [_rule(rule) for rule in report.rules],
        "findings": [
            {
                "code": finding.code,
                "severity": finding.severity,
                "subject": finding.subject,
                "message": finding.message,
                "advice": finding.advice,
                "sections": list(finding.sections),
            }
            for finding in report.findings
        ],
    }


def _flow(flow: Flow) -> dict[str, Any]:
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
        "any_of": _marks(need.any_of),
        "reasons": [str(reason) for reason in need.reasons],
    }


def _rule(rule: Rule) -> dict[str, Any]:
    return {
        "id": rule.id,
        "sources": [endpoint.name for endpoint in rule.sources],
        "source_zones": list(rule.source_zones),
        "destinations": [endpoint.name for endpoint in rule.destinations],
        "destination_zones": list(rule.destination_zones),
        "services": [{"protocol": ports.protocol, "ports": ports.ports} for ports in rule.services],
        "sections": list(rule.sections),
        "any_of": _marks(rule.any_of),
        "reasons": [str(reason) for reason in rule.reasons],
    }


def _marks(marks: tuple[Mark, ...]) -> list[dict[str, str]]:
    return [{"choice": mark.choice, "option": mark.option} for mark in marks]


def report_schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of `report_data`."""
    text = {"type": "string"}
    texts = {"type": "array", "items": text}
    protocol = {"enum": list(PROTOCOLS)}
    ports = {"type": ["string", "null"], "pattern": "^[0-9]{1,5}(-[0-9]{1,5})?$"}
    any_of = {"type": "array", "items": _object({"choice": text, "option": text})}
    flow = _object(
        {
            "source": text,
            "source_zone": text,
            "destination": text,
            "destination_zone": text,
            "protocol": protocol,
            "ports": ports,
            "services": texts,
            "scope": {"enum": ["same-host", "same-zone", "cross-zone"]},
            "sections": texts,
            "any_of": any_of,
            "reasons": texts,
        }
    )
    rule = _object(
        {
            "id": text,
            "sources": texts,
            "source_zones": texts,
            "destinations": texts,
            "destination_zones": texts,
            "services": {"type": "array", "items": _object({"protocol": protocol, "ports": ports})},
            "sections": texts,
            "any_of": any_of,
            "reasons": texts,
        }
    )
    finding = _object(
        {
            "code": text,
            "severity": {"enum": list(SEVERITIES)},
            "subject": text,
            "message": text,
            "advice": text,
            "sections": texts,
        }
    )
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Port requirement report",
        **_object(
            {
                "format": {"const": FORMAT},
                "plan": text,
                "matrix": text,
                "flows": {"type": "array", "items": flow},
                "rules": {"type": "array", "items": rule},
                "findings": {"type": "array", "items": finding},
            }
        ),
    }


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(properties)}
