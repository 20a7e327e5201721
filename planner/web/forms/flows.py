"""The forms of the flows that a plan needs beyond the vendor's document, and what their panel shows."""

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from planner.engine import Report
from planner.plan.document import dump_plan
from planner.plan.fields import PARTS
from planner.web.forms.exclusions import Wanted
from planner.web.forms.plans import MAX_TEXT
from planner.web.forms.rows import MAX_SELECT, MAX_SUGGESTED, ItemForm, count_alike, turn_to
from ports.matrix import PROTOCOLS, read_ports

Document = Mapping[str, Any]

ENTRIES = PARTS["additional_flows"].fields
"""The fields of a flow of its own."""


class FlowChangeForm(ItemForm):
    """How a flow goes and why: what can be changed of one. `key` says which."""

    key = forms.CharField(required=False)
    protocol = forms.ChoiceField(
        choices=[(protocol, protocol) for protocol in PROTOCOLS],
        error_messages={
            "required": "Choose a protocol.",
            "invalid_choice": f"This is no protocol; allowed are {', '.join(PROTOCOLS)}.",
        },
    )
    ports = forms.CharField(required=False)
    reason = forms.CharField(
        max_length=MAX_TEXT,
        error_messages={
            "required": "Say in a few words what this flow is for.",
            "max_length": f"A reason has at most {MAX_TEXT:,} characters.",
        },
    )

    def clean_ports(self) -> str:
        """A port or range, normalised."""
        text: str = self.cleaned_data["ports"]
        if not text:
            return ""
        try:
            return read_ports(text.replace(" ", "").replace("–", "-"))
        except ValueError as error:
            raise ValidationError(f"“{text[:40]}” {error}.") from None

    def clean_reason(self) -> str:
        """Line breaks as documents have them."""
        return str(self.cleaned_data["reason"]).replace("\r\n", "\n")

    def clean(self) -> dict[str, Any]:
        """Ports for protocols that have any."""
        protocol, ports = self.cleaned_data.get("protocol"), self.cleaned_data.get("ports")
        if protocol == "icmp" and ports:
            self.add_error("ports", "ICMP has no ports; leave this empty.")
        elif protocol in PROTOCOLS and protocol != "icmp" and ports == "":
            self.add_error("ports", "A port or range is needed; only icmp goes without.")
        return self.cleaned_data

    def changes(self, old: Document) -> dict[str, Any]:
        """The fields that differ from the flow as its editor saw it."""
        wanted = {entry.key: self.cleaned_data.get(entry.key, "") for entry in ENTRIES if entry.key in self.fields}
        return {key: value for key, value in wanted.items() if value != old.get(key, "")}


class FlowForm(FlowChangeForm):
    """A new flow: both of its ends as well."""

    source = forms.CharField(error_messages={"required": "Name the endpoint that opens the connection."})
    destination = forms.CharField(error_messages={"required": "Name the endpoint that accepts the connection."})

    @property
    def flow(self) -> dict[str, Any]:
        """The flow as documents have it."""
        return {entry.key: value for entry in ENTRIES if (value := self.cleaned_data.get(entry.key))}


def describe_flows(report: Report, page: int, wanted: Wanted | None, bound: forms.Form | None) -> dict[str, Any]:
    """What the panel shows: a page of the plan's own flows, and the form for another one, filled in with `wanted`."""
    flows = dump_plan(report.plan).get("additional_flows", [])
    pages = turn_to(flows, page)
    adder = bound if isinstance(bound, FlowForm) else FlowForm(initial=_fill(wanted) if wanted else None)
    changer = bound if isinstance(bound, FlowChangeForm) and not isinstance(bound, FlowForm) else None
    sent = changer.data.get("key", "") if changer else ""
    shown = count_alike(pages.rows)
    names: Sequence[str] = [endpoint.name for endpoint in report.plan.endpoints]
    listed = {item["key"] for item in shown}
    return {
        "own_flows": [item | {"form": changer if item["key"] == sent else None} for item in shown],
        "pages": pages,
        "adder": adder,
        "has_endpoints": bool(names),
        "selectable": names if len(names) <= MAX_SELECT else (),
        "suggested": names if MAX_SELECT < len(names) <= MAX_SUGGESTED else (),
        "stray_errors": [str(error) for errors in changer.errors.values() for error in errors]
        if changer and sent not in listed
        else [],
    }


def _fill(wanted: Wanted) -> dict[str, str]:
    """What the form of a new flow says of one that is wanted."""
    source, destination, service = wanted
    protocol, _, ports = service.partition("/")
    return {"source": source, "destination": destination, "protocol": protocol, "ports": ports}
