"""The side of a plan's page on which it is edited: topology, decisions, ports, caveats."""

from collections.abc import Callable, Container
from typing import Any
from urllib.parse import parse_qsl

from django.forms import Form

from planner.engine import Report
from planner.forms import ChoiceForm, CorrectionForm, PortForm, RenameForm
from planner.renderers.outline import outline_zones
from planner.topology_forms import describe_topology
from planner.views.state import State

MEMBERS = 6
"""How many endpoints a line names before it counts."""


def describe_panel(report: Report, state: State, bound: Form | None) -> dict[str, Any]:
    """What the open panel shows. `bound` is a form that was sent with errors, to be shown again as it was."""
    return _PANELS[state.panel](report, state, bound)


def count_panel(slug: str, report: Report) -> str:
    """What the tab of a panel says beside its name."""
    if slug == "decisions" and report.decisions:
        return f"{len(report.decisions)} open"
    if slug == "ports" and report.plan.ports:
        return f"{len(report.plan.ports)} changed"
    if slug == "caveats":
        waiting = sum(1 for state in report.caveats if state.caveat.correction and not state.applied)
        return str(waiting) if waiting else ""
    return ""


def _describe_decisions(report: Report, _state: State, bound: Form | None) -> dict[str, Any]:
    plan, matrix = report.plan, report.matrix
    opened = {decision.choice.slug: decision for decision in report.decisions}
    return {
        "choices": [
            {
                "choice": choice,
                "decision": opened.get(slug),
                "chosen": _chosen(report, slug),
                "decided": slug in plan.choices,
                "errors": _errors(bound, ChoiceForm, "choice", slug),
            }
            for slug, choice in sorted(matrix.choices.items(), key=lambda item: item[0] not in opened)
        ],
        "stray_errors": _stray_errors(bound, ChoiceForm, "choice", matrix.choices),
    }


def _describe_ports(report: Report, _state: State, bound: Form | None) -> dict[str, Any]:
    plan, matrix = report.plan, report.matrix
    configurable = {slug for slug, service in matrix.services.items() if service.configurable}
    return {
        "services": [
            {
                "service": service,
                "value": _sent(bound, PortForm, "service", slug, "ports", plan.ports.get(slug, "")),
                "override": plan.ports.get(slug, ""),
                "errors": _errors(bound, PortForm, "service", slug),
            }
            for slug, service in matrix.services.items()
            if slug in configurable
        ],
        "stray_errors": _stray_errors(bound, PortForm, "service", configurable),
    }


def _describe_caveats(report: Report, _state: State, bound: Form | None) -> dict[str, Any]:
    bearing = {item.caveat.slug for item in report.caveats}
    return {
        "caveats": [
            {"caveat": caveat, "applied": slug in report.plan.corrections, "bears": slug in bearing}
            for slug, caveat in sorted(report.matrix.caveats.items(), key=lambda item: item[0] not in bearing)
        ],
        "stray_errors": _stray_errors(bound, CorrectionForm, "caveat", ()),
    }


def _describe_topology(report: Report, state: State, bound: Form | None) -> dict[str, Any]:
    return {
        "zones": outline_zones(report, members=MEMBERS),
        "closed": state.query(panel=""),
        "closed_pairs": parse_qsl(state.query(panel="")),
        **describe_topology(report, state.opened, bound),
        "rename": bound
        if isinstance(bound, RenameForm)
        else RenameForm(initial={"name": report.plan.name, "description": report.plan.description}),
    }


_PANELS: dict[str, Callable[[Report, State, Form | None], dict[str, Any]]] = {
    "topology": _describe_topology,
    "decisions": _describe_decisions,
    "ports": _describe_ports,
    "caveats": _describe_caveats,
}


def _chosen(report: Report, slug: str) -> tuple[str, ...]:
    taken = report.plan.choices.get(slug, report.matrix.choices[slug].default or ())
    return (taken,) if isinstance(taken, str) else taken


def _errors(bound: Form | None, kind: type[Form], key: str, slug: str) -> list[str]:
    """The sentences of a form that was sent with errors, if it is the one for this slug."""
    if not isinstance(bound, kind) or bound.data.get(key, "") != slug:
        return []
    return [str(error) for errors in bound.errors.values() for error in errors]


def _stray_errors(bound: Form | None, kind: type[Form], key: str, shown: Container[str]) -> list[str]:
    """The sentences of a form that was sent with errors and has no place of its own in the panel."""
    slug = bound.data.get(key, "") if isinstance(bound, kind) else ""
    return [] if slug in shown else _errors(bound, kind, key, slug)


def _sent(bound: Form | None, kind: type[Form], key: str, slug: str, field: str, otherwise: str) -> str:
    if isinstance(bound, kind) and bound.data.get(key) == slug:
        return str(bound.data.get(field, ""))
    return otherwise
