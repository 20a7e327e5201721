"""The forms of the flows that a plan needs beyond the vendor's document, and what their panel shows."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict

from planner.engine import Report
from planner.plan import limits
from planner.plan.document import dump_plan
from planner.plan.endpoint_sets import SERVERS, EndpointSet, find_members, is_set, list_sets
from planner.plan.faults import Fault
from planner.plan.fields import PARTS
from planner.plan.presets import BOTH, PRESETS, Preset
from planner.plan.rows import row_key
from planner.web.forms.plans import MAX_TEXT, clean_ports
from planner.web.forms.rows import MAX_SELECT, MAX_SUGGESTED, ItemForm, count_alike, turn_to
from ports.matrix import PROTOCOLS, Matrix, read_typed_ports
from ports.text import many, plural, several

Document = Mapping[str, Any]

ENTRIES = PARTS["additional_flows"].fields
"""The fields of a flow of its own."""
PART = "additional_flows"
ENDS = {"source": "From", "destination": "To"}
"""The ends of a flow by what documents call them, and what the form does."""
_QUALIFIED = re.compile(r"(tcp|udp)\s*/\s*(.*)", re.DOTALL)


class Proposed(NamedTuple):
    """What an address fills into the form of new flows: a preset, who opens, who accepts, a service (tcp/443)."""

    preset: str = ""
    source: str = ""
    destination: str = ""
    service: str = ""


PROPOSED = ("preset", "from", "to", "service")
"""What addresses call these."""


def _read_entry(text: str) -> str:
    """A port or range as typed, normalised. Raises ValidationError."""
    try:
        return read_typed_ports(text)
    except ValueError as error:
        raise ValidationError(f"“{text.strip()[:40]}” {error}.") from None


class _ReasonForm(ItemForm):
    """What all forms of flows have."""

    reason = forms.CharField(
        max_length=MAX_TEXT,
        error_messages={
            "required": "Say in a few words what this flow is for.",
            "max_length": f"A reason has at most {MAX_TEXT:,} characters.",
        },
    )

    def clean_reason(self) -> str:
        """Line breaks as documents have them."""
        return str(self.cleaned_data["reason"]).replace("\r\n", "\n")

    def check_ports(self, has_ports: bool) -> None:
        """Ports for protocols that have any."""
        protocol = self.cleaned_data.get("protocol")
        if protocol == "icmp" and has_ports:
            self.add_error("ports", "ICMP has no ports; leave this empty.")
        elif protocol and protocol != "icmp" and not has_ports and "ports" not in self.errors:
            self.add_error("ports", "A port or range is needed; only icmp goes without.")


def _protocols(*allowed: str) -> forms.ChoiceField:
    return forms.ChoiceField(
        choices=[(protocol, protocol) for protocol in allowed],
        error_messages={
            "required": "Choose a protocol.",
            "invalid_choice": f"This is no protocol; allowed are {', '.join(allowed)}.",
        },
    )


class FlowChangeForm(_ReasonForm):
    """How a flow goes and why: what can be changed of one. `key` says which."""

    key = forms.CharField(required=False)
    protocol = _protocols(*PROTOCOLS)
    ports = forms.CharField(required=False)

    def clean_ports(self) -> str:
        """A port or range, normalised."""
        return clean_ports(self.cleaned_data["ports"])

    def clean(self) -> dict[str, Any]:
        """Ports for protocols that have any."""
        self.check_ports(bool(self.cleaned_data.get("ports")))
        return self.cleaned_data

    def changes(self, old: Document) -> dict[str, Any]:
        """The fields that differ from the flow as its editor saw it."""
        wanted = {entry.key: self.cleaned_data.get(entry.key, "") for entry in ENTRIES if entry.key in self.fields}
        return {key: value for key, value in wanted.items() if value != old.get(key, "")}


class FlowsForm(_ReasonForm):
    """New flows: from each of its sources to each of its destinations, one for each service.

    A source or destination is an endpoint by its name, or a set of them (`endpoint_sets`); of several values, and of
    the lines of the field with `_more`, each counts. Ports are a list of ports, ranges and services such as tcp/6514,
    which have a protocol of their own. `document` is the plan as the sender saw it, `newest` as it is now.

    After validation `rows` are the flows as documents have them, without those that are there already.
    """

    protocol = _protocols(*PROTOCOLS, BOTH)
    ports = forms.CharField(required=False)

    def __init__(self, data: QueryDict, *, document: Document, matrix: Matrix, newest: Document | None = None) -> None:
        super().__init__(data)
        self.document = document
        self.own = (newest or document).get(PART, ())
        self.sets = list_sets(document, matrix)
        self.rows: Sequence[dict[str, Any]] = ()
        self.there = 0
        """How many of the flows the plan has already."""
        self.ends: dict[str, list[str]] = {}
        self.services: list[tuple[str, str]] = []

    def sent(self, end: str) -> list[str]:
        """What was sent for an end: sets, and names of endpoints."""
        values = [*self.data.getlist(end), *self.data.get(f"{end}_more", "").splitlines()]
        if SERVERS not in (item.value for item in self.sets):
            values = [value for value in values if value != SERVERS]  # a preset may name them where there are none
        return list(dict.fromkeys(value if is_set(value) else value.strip() for value in values if value.strip()))

    def clean_ports(self) -> list[tuple[str, str]]:
        """The ports, each with the protocol that is written before it, if any."""
        entries = []
        for text in self.cleaned_data["ports"].split(","):
            qualified = _QUALIFIED.fullmatch(text.strip())
            if text.strip():
                protocol, ports = qualified.groups() if qualified else ("", text)
                entries.append((protocol, _read_entry(ports)))
        return entries

    def clean(self) -> dict[str, Any]:
        """Both ends, the services, and the flows that they make."""
        for end, label in (("source", "opens"), ("destination", "accepts")):
            self.ends[end], unknown = find_members(self.sent(end), self.sets)
            if unknown:
                self.add_error(end, "Nothing in the plan is in this set any more; choose again.")
            elif not self.ends[end]:
                self.add_error(end, f"Name the endpoint that {label} the connection.")
        entries = self.cleaned_data.get("ports")
        self.check_ports(bool(entries))
        protocol = self.cleaned_data.get("protocol", "")
        if protocol and not {"ports", "protocol"} & self.errors.keys():
            plain = protocol.split("+")
            pairs = ((each, ports) for own, ports in entries or [("", "")] for each in ([own] if own else plain))
            self.services = list(dict.fromkeys(pairs))
        self._make_rows()
        return self.cleaned_data

    def add_error(self, field: str | None, error: Any) -> None:
        """An end is no field of Django's, as it has any number of values; each sentence stands once."""
        known = self.errors.get(field or "__all__", ())
        if field in ENDS:
            self.errors.setdefault(field, self.error_class()).extend([error] if error not in known else [])
        elif error not in known:
            super().add_error(field, error)

    def place_faults(self, faults: Iterable[Fault]) -> None:
        """Bring what the document says against the flows to their fields."""
        for fault in faults:
            key = fault.where.rpartition(".")[2]
            self.add_error(key if key in ENDS or key in self.fields else None, fault.message)

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """From whom to whom: each source with each destination, none with itself unless it is the only pair."""
        sources, destinations = self.ends.get("source", ()), self.ends.get("destination", ())
        pairs = ((source, destination) for source in sources for destination in destinations)
        return [pair for pair in pairs if pair[0] != pair[1] or len(sources) == len(destinations) == 1]

    def _make_rows(self) -> None:
        count = len(self.ends["source"]) * len(self.ends["destination"]) * len(self.services)
        reason = self.cleaned_data.get("reason", "")
        if fault := say_too_many(count, len(self.own), reason):
            self.add_error(None, fault)
            return
        known = {row_key(PART, row) for row in self.own}
        made = [
            {"source": source, "destination": destination, "protocol": protocol, **({"ports": ports} if ports else {})}
            | {"reason": reason}
            for source, destination in self.pairs
            for protocol, ports in self.services
        ]
        self.rows = [row for row in made if row_key(PART, row) not in known]
        self.there = len(made) - len(self.rows)

    @property
    def said(self) -> str:
        """What it makes: Makes 6 flows: PS01 and PS02 to DC01, tcp 53. Empty while that isn't known."""
        if self.non_field_errors() or not self.services or not self.pairs:
            return " ".join(map(str, self.non_field_errors()))
        sources, destinations = (
            several(names) if len(names) < 4 else many(len(names), word)
            for names, word in ((self.ends["source"], "source"), (self.ends["destination"], "destination"))
        )
        services = ", ".join(f"{protocol} {ports}".strip() for protocol, ports in self.services[:8])
        more = f" and {len(self.services) - 8:,} more" if len(self.services) > 8 else ""
        there = ""
        if self.there:
            there = f" {self.there:,} {plural(self.there, 'is', 'are')} in the plan already."
        return f"Makes {many(len(self.rows), 'flow')}: {sources} to {destinations}, {services}{more}.{there}"


def say_too_many(count: int, there: int, reason: str) -> str:
    """What is wrong with so many new flows in a plan that has some; empty if it is nothing."""
    if count + there > limits.ROWS:
        has = f"; it has {there:,}" if there else ""
        most = f"a plan has at most {limits.ROWS:,} of its own{has}"
        return f"This makes {count:,} flows, and {most}. Name fewer endpoints."
    least = count * len(json.dumps(reason, ensure_ascii=False).encode())
    if least > limits.DOCUMENT:
        return f"This makes {count:,} flows, each with its reason. {limits.say_document(least)}"
    return ""


def fill_in(data: QueryDict, preset: Preset) -> QueryDict:
    """What a form says, with a preset's protocol, ports and reason, and its source where none is named."""
    filled = data.copy()
    for name in ("protocol", "ports", "reason"):
        filled[name] = getattr(preset, name)
    named = (*filled.getlist("source"), filled.get("source_more", ""))
    if preset.source and not any(map(str.strip, named)):
        filled["source"] = preset.source
    return filled


def propose(proposed: Proposed | None) -> QueryDict:
    """What the form of new flows says before anybody has typed into it."""
    data = QueryDict(mutable=True)
    if proposed is None:
        return data
    for end, name in (("source", proposed.source), ("destination", proposed.destination)):
        if name:
            data[end] = name
    if proposed.service:
        data["protocol"], _, data["ports"] = proposed.service.partition("/")
    return fill_in(data, PRESETS[proposed.preset]) if proposed.preset in PRESETS else data


def describe_adder(form: FlowsForm, preset: str = "", *, is_told: bool) -> dict[str, Any]:
    """What the form of new flows shows; its errors only where `is_told`, not while it is being filled in."""
    document = form.document
    names: Sequence[str] = [endpoint["name"] for endpoint in document["endpoints"]]
    is_listed = len(names) <= MAX_SELECT
    errors: dict[str, Any] = dict(form.errors) if is_told else {}
    ends = [_describe_end(form, end, names if is_listed else (), errors.get(end, [])) for end in ENDS]
    waiting = [f"own-{end['name']}" for end in ends if not end["value"]]
    waiting += [f"own-new-{name}" for name in ("ports", "reason") if not form.data.get(name)]
    return {
        "form": form,
        "errors": errors,
        "alerts": form.non_field_errors() if is_told else (),
        "ends": ends,
        "sets": _group_sets(form.sets),
        "selectable": names if is_listed else (),
        "suggested": names if MAX_SELECT < len(names) <= MAX_SUGGESTED else (),
        "has_endpoints": bool(names),
        "protocols": [*((protocol, protocol) for protocol in PROTOCOLS[:2]), (BOTH, "tcp and udp"), ("icmp", "icmp")],
        "presets": PRESETS.values(),
        "preset": PRESETS.get(preset),
        "said": form.said,
        "waiting": waiting[0] if waiting else "own-add",
    }


def _describe_end(form: FlowsForm, name: str, names: Sequence[str], errors: Sequence[str]) -> dict[str, Any]:
    """One end: what is chosen in its list, and what is named beside that."""
    values = form.sent(name)
    first = next((value for value in values if is_set(value)), values[0] if values else "")
    others = [value for value in values if value != first]
    known = {*names, *(item.value for item in form.sets)}
    return {
        "name": name,
        "label": ENDS[name],
        "value": first,
        "is_set": is_set(first),
        "stranger": first if first and first not in known else "",
        "others": others,
        "lines": "\n".join(others),
        "boxes": [(each, each in others) for each in (*names, *(other for other in others if other not in known))],
        "errors": errors,
    }


def _group_sets(sets: Iterable[EndpointSet]) -> list[tuple[str, list[EndpointSet]]]:
    """The sets under the words that a list has for them."""
    titles = {" role": "By role", " platform": "By what is managed", " zone": "By zone", " kind": "By zone"}
    groups: dict[str, list[EndpointSet]] = {}
    for item in sets:
        groups.setdefault(titles.get(item.value.partition(":")[0], "Together"), []).append(item)
    return list(groups.items())


def describe_flows(report: Report, page: int, proposed: Proposed | None, bound: forms.Form | None) -> dict[str, Any]:
    """What the panel shows: a page of the plan's own flows, and the form for more."""
    document = dump_plan(report.plan)
    pages = turn_to(document.get(PART, []), page)
    adder = bound if isinstance(bound, FlowsForm) else None
    shown = adder or FlowsForm(propose(proposed), document=document, matrix=report.matrix)
    changer = bound if isinstance(bound, FlowChangeForm) else None
    sent = changer.data.get("key", "") if changer else ""
    rows = count_alike(pages.rows)
    return {
        "own_flows": [item | {"form": changer if item["key"] == sent else None} for item in rows],
        "own_protocols": [(protocol, protocol) for protocol in PROTOCOLS],
        "pages": pages,
        "adder": describe_adder(shown, proposed.preset if proposed else "", is_told=adder is not None),
        "stray_errors": [str(error) for errors in changer.errors.values() for error in errors]
        if changer and sent not in {item["key"] for item in rows}
        else [],
    }
