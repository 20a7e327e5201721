"""What a plan doesn't need of what the document asks for: the form that excludes a flow, and what the panel shows."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from django import forms

from planner.engine import Report
from planner.engine.flows import Flow
from planner.plan.document import dump_plan
from planner.plan.fields import PARTS
from planner.web.forms.plans import MAX_TEXT
from planner.web.forms.rows import ItemForm, count_alike, turn_to

Wanted = tuple[str, str, str]
"""A flow that is to be excluded: its source, its destination and its service, as `say_service` says it."""
WANTED = ("from", "to", "service")
"""What addresses call these."""
HIDDEN = ("source", "destination", "protocol", "ports")
"""What the form says of the flow without asking."""
ENTRIES = PARTS["exclusions"].fields
NO_FINDING = "exclusion-without-effect"
"""The code of the finding about an exclusion that matches nothing."""


def say_service(protocol: str, ports: str | None) -> str:
    """A protocol and ports as an address says them: tcp/443, icmp."""
    return f"{protocol}/{ports}" if ports else protocol


def wanted_query(flow: Flow) -> str:
    """What the address of the form that excludes a flow says of it."""
    service = say_service(flow.need.protocol, flow.need.ports)
    return urlencode(dict(zip(WANTED, (flow.source.name, flow.destination.name, service), strict=True)))


_CHOOSE_AGAIN = {"required": "Choose the flow again, in the flows view."}


class ExclusionForm(ItemForm):
    """One flow that isn't needed here, or with `pair` every flow between the two that the document asks for."""

    source = forms.CharField(strip=False, error_messages=_CHOOSE_AGAIN)
    destination = forms.CharField(strip=False, error_messages=_CHOOSE_AGAIN)
    protocol = forms.CharField(required=False)
    ports = forms.CharField(required=False)
    pair = forms.BooleanField(required=False)
    reason = forms.CharField(
        max_length=MAX_TEXT,
        error_messages={
            "required": "Say in a few words why this isn't needed here.",
            "max_length": f"A reason has at most {MAX_TEXT:,} characters.",
        },
    )

    def clean_reason(self) -> str:
        """Line breaks as documents have them."""
        return str(self.cleaned_data["reason"]).replace("\r\n", "\n")

    @property
    def row(self) -> dict[str, Any]:
        """The exclusion as documents have it."""
        facts = self.cleaned_data | ({"protocol": "", "ports": ""} if self.cleaned_data["pair"] else {})
        return {entry.key: value for entry in ENTRIES if (value := facts.get(entry.key))}


def describe_exclusions(report: Report, page: int, wanted: Wanted | None, bound: forms.Form | None) -> dict[str, Any]:
    """What the panel shows: a page of the plan's exclusions, and the form for a flow that was chosen or sent."""
    rows = dump_plan(report.plan).get("exclusions", [])
    pages = turn_to(rows, page)
    idle = {finding.subject for finding in report.findings if finding.code == NO_FINDING}
    form = bound if isinstance(bound, ExclusionForm) else None
    return {
        "exclusions": [
            item | {"idle": f"exclusions[{item['number']}]" in idle}
            for item in count_alike(pages.rows, pages.first - 1)
        ],
        "pages": pages,
        "excluder": _describe_form(report, wanted, form),
        "flow_gone": wanted is not None and form is None and _find_flow(report, wanted) is None,
    }


def _describe_form(report: Report, wanted: Wanted | None, bound: ExclusionForm | None) -> Mapping[str, Any] | None:
    """What the form says; None where no flow was chosen, or one that the report doesn't have."""
    if bound is not None:
        data = bound.data
        facts = {name: data.get(name, "") for name in (*HIDDEN, "reason")}
        stray = [bound.errors[name] for name in HIDDEN if name in bound.errors]
        return {**facts, "pair": bool(data.get("pair")), "form": bound, "errors": stray, "hidden": _hide(facts)}
    flow = _find_flow(report, wanted) if wanted else None
    if flow is None:
        return None
    ends = (flow.source.name, flow.destination.name, flow.need.protocol, flow.need.ports or "")
    facts = dict(zip(HIDDEN, ends, strict=True))
    return {**facts, "form": None, "errors": (), "hidden": _hide(facts)}


def _hide(facts: Mapping[str, str]) -> list[tuple[str, str]]:
    return [(name, facts[name]) for name in HIDDEN]


def _find_flow(report: Report, wanted: Wanted) -> Flow | None:
    source, destination, service = wanted
    return next(
        (
            flow
            for flow in report.flows
            if flow.source.name == source
            and flow.destination.name == destination
            and say_service(flow.need.protocol, flow.need.ports) == service
        ),
        None,
    )
