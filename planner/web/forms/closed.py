"""What must stay closed: the forms for one row and for a table of zone policies, and what the panel shows."""

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from planner.engine import Report
from planner.engine.by_address import ByAddresses, find_by_address
from planner.engine.prohibitions import Closed
from planner.plan.document import dump_plan
from planner.plan.endpoint_table import TableError, TableFault
from planner.plan.policy_table import COLUMNS, read_policies
from planner.plan.references import WORDS
from planner.report.said.closed import PARTLY_TRIED, filter_closed, name_between, say_by_address
from planner.web.forms.plans import MAX_ERRORS, MAX_FOLDED, MAX_TEXT, EditForm, clean_ports
from planner.web.forms.rows import MAX_SELECT, MAX_SUGGESTED, ItemForm, count_alike, turn_to
from ports.matrix import PROTOCOLS, Matrix
from ports.text import many

Document = Mapping[str, Any]
SIDES = {"source": "from", "destination": "to"}
"""The fields of the form, and what documents call them."""
MOST_FOLDED = 100
"""How many of the flows that break a row the page has, the folded ones counted in."""
MOST_BREAKING = 5
"""How many of the flows that break a row are named beside it."""
MOST_BY_DOCUMENT = 100
"""How many of the document's prohibitions are listed."""
_MOST_LISTED = 10 * MOST_BY_DOCUMENT
"""How many rows of either kind a page has, the folded ones counted in."""


class NeverForm(ItemForm):
    """What must stay closed between two sides, each written as zone:NAME or endpoint:NAME.

    Where there are too many names to choose from, a side is a name and, in the field of its name with `_kind`, what
    it names.
    """

    keys = {key: field for field, key in SIDES.items()}
    source = forms.CharField(strip=False, required=False)
    destination = forms.CharField(strip=False, required=False)
    protocol = forms.ChoiceField(
        required=False,
        choices=[(protocol, protocol) for protocol in PROTOCOLS],
        error_messages={"invalid_choice": f"This is no protocol; allowed are {', '.join(PROTOCOLS)}."},
    )
    ports = forms.CharField(required=False)
    reason = forms.CharField(
        max_length=MAX_TEXT,
        error_messages={
            "required": "Say in a few words why this must stay closed.",
            "max_length": f"A reason has at most {MAX_TEXT:,} characters.",
        },
    )

    def sent_side(self, field: str) -> str:
        """A side as it was sent: zone:NAME or endpoint:NAME; nothing where no name was."""
        name, kind = self.data.get(field, ""), self.data.get(f"{field}_kind")
        return f"{kind}:{name.strip()}" if kind is not None and name.strip() else name

    def clean_ports(self) -> str:
        """A port or range, normalised; nothing for every port."""
        return clean_ports(self.cleaned_data["ports"])

    def clean_reason(self) -> str:
        """Line breaks as documents have them."""
        return str(self.cleaned_data["reason"]).replace("\r\n", "\n")

    def clean(self) -> dict[str, Any]:
        """Both sides, and ports only for protocols that have any."""
        for field in SIDES:
            kind, colon, name = self.sent_side(field).partition(":")
            if not colon or kind not in WORDS.values() or not name:
                self.add_error(field, "Choose a zone or an endpoint.")
            else:
                self.cleaned_data[field] = {kind: name}
        protocol, ports = self.cleaned_data.get("protocol"), self.cleaned_data.get("ports")
        if protocol == "icmp" and ports:
            self.add_error("ports", "ICMP has no ports; leave this empty.")
        elif protocol == "" and ports:
            self.add_error("ports", "Ports need their protocol; choose one, or leave this empty.")
        return self.cleaned_data

    @property
    def row(self) -> dict[str, Any]:
        """The row as documents have it."""
        facts = self.cleaned_data
        row = {key: facts[field] for field, key in SIDES.items()}
        return row | {key: facts[key] for key in ("protocol", "ports", "reason") if facts.get(key)}


class PoliciesForm(EditForm):
    """A table of zone policies. After validation `rows` are those that the plan doesn't have yet."""

    text = forms.CharField(required=False, strip=False)

    def __init__(self, data: Any = None, *, document: Document, matrix: Matrix) -> None:
        super().__init__(data)
        self.document, self.matrix = document, matrix
        self.rows: Sequence[dict[str, Any]] = ()
        self.faults: Sequence[TableFault] = ()

    @property
    def listed(self) -> Sequence[TableFault]:
        """The faults that the page lists."""
        return self.faults[:MAX_ERRORS]

    @property
    def folded(self) -> Sequence[TableFault]:
        """Those that it folds."""
        return self.faults[MAX_ERRORS:MAX_FOLDED]

    @property
    def beyond(self) -> int:
        """How many it doesn't name at all."""
        return max(0, len(self.faults) - MAX_FOLDED)

    def clean(self) -> dict[str, Any]:
        """Read the table; its faults are kept for the page to list."""
        text = self.cleaned_data.get("text") or ""
        if not text.strip():
            raise ValidationError("Paste a table.")
        try:
            self.rows = read_policies(text, document=self.document, matrix=self.matrix)
        except TableError as error:
            self.faults = error.faults
            self.add_error(None, f"The table has {many(len(error.faults), 'fault')}; nothing was added.")
        return self.cleaned_data


def describe_closed(report: Report, page: int, between: str, bound: forms.Form | None) -> dict[str, Any]:
    """What the panel shows: a page of the plan's rows, the document's prohibitions, the forms for more.

    `between` is the code of a boundary, to list what is closed there alone; empty for all.
    """
    rows = dump_plan(report.plan).get("never", [])
    numbers = list(range(len(rows)))
    if between:
        numbers = [item.number for item in filter_closed(report, between) if item.number is not None]
    pages = turn_to(numbers, page)
    by_number = {item.number: item for item in report.closed if item.number is not None}
    shown = [by_number[number] for number in pages.rows if number in by_number]
    by_address = find_by_address(report, shown)
    zones = [zone.name for zone in report.plan.zones]
    endpoints = [endpoint.name for endpoint in report.plan.endpoints]
    count = len(zones) + len(endpoints)
    return {
        "never": [
            item | _say(by_number.get(pages.rows[item["number"]]), by_address, item["row"])
            for item in count_alike([rows[number] for number in pages.rows])
        ],
        "pages": pages,
        "between": name_between(report, between),
        **describe_prohibitions(report, between),
        "never_form": _describe_form(bound if isinstance(bound, NeverForm) else None),
        "policies": bound if isinstance(bound, PoliciesForm) else None,
        "policy_columns": ", ".join(COLUMNS),
        "sides": [("Zones", "zone", zones), ("Endpoints", "endpoint", endpoints)] if count <= MAX_SELECT else (),
        "suggested": (*zones, *endpoints) if MAX_SELECT < count <= MAX_SUGGESTED else (),
        "kinds": tuple(WORDS.values()),
    }


def describe_prohibitions(report: Report, between: str) -> dict[str, Any]:
    """The document's own prohibitions that bear on the plan: the first of them, and how many more there are."""
    forbidden = [item for item in filter_closed(report, between) if item.number is None]
    forbidden.sort(key=lambda item: item.kept)  # what is broken stands first
    said = _say_all(report, forbidden)
    return {
        "prohibitions": said[:MOST_BY_DOCUMENT],
        "folded_prohibitions": said[MOST_BY_DOCUMENT:],
        "more_prohibitions": max(0, len(forbidden) - _MOST_LISTED),
    }


def describe_closed_for_readers(report: Report, between: str) -> dict[str, Any]:
    """All that must stay closed, or that across one boundary, as far as a page lists it."""
    rows = [item for item in filter_closed(report, between) if item.number is not None]
    return {
        "closed_rows": _say_all(report, rows),
        "more_closed": max(0, len(rows) - _MOST_LISTED),
        "between": name_between(report, between),
        **describe_prohibitions(report, between),
    }


def _say_all(report: Report, rows: Sequence[Closed]) -> list[dict[str, Any]]:
    """What the first of some rows say."""
    listed = rows[:_MOST_LISTED]
    by_address = find_by_address(report, listed)
    return [_say(item, by_address) for item in listed]


def _say(item: Closed | None, by_address: ByAddresses, row: Document | None = None) -> dict[str, Any]:
    """What a row says, and the first flows that break it, or the one that opens it by addresses, if that is known.

    `row` stands in where nothing was evaluated.
    """
    if item is None:
        row = row or {}
        return {"closed": _outline(row["from"], row["to"], row.get("protocol"), row.get("ports"), row["reason"], ())}
    said = _outline(item.source, item.destination, item.protocol, item.ports, item.reason, item.sections)
    folded = item.breaking[MOST_BREAKING:MOST_FOLDED]
    more = max(0, len(item.breaking) - MOST_FOLDED)
    return {
        "closed": said,
        "breaking": item.breaking[:MOST_BREAKING],
        "folded": folded,
        "more_breaking": more,
        "by_address": say_by_address(by_address.opened[item]) if item in by_address.opened else "",
        "partly_tried": PARTLY_TRIED if item in by_address.partly_tried else "",
    }


def _outline(
    source: Mapping[str, str],
    destination: Mapping[str, str],
    protocol: str | None,
    ports: str | None,
    reason: str,
    sections: Sequence[str],
) -> dict[str, Any]:
    ((source_kind, source_name),), ((kind, name),) = source.items(), destination.items()
    return {
        "source": source_name,
        "source_kind": source_kind,
        "destination": name,
        "destination_kind": kind,
        "service": " ".join(filter(None, (protocol, ports))) or "everything",
        "reason": reason,
        "sections": sections,
    }


def _describe_form(form: NeverForm | None) -> dict[str, Any]:
    """The form as it was sent, or an empty one."""
    shown = form or NeverForm()
    sides = [
        {
            "name": field,
            "label": key.capitalize(),
            "value": form.sent_side(field) if form else "",
            "typed": form.data.get(field, "") if form else "",
            "kind": form.data.get(f"{field}_kind", "") if form else "",
            "errors": shown[field].errors,
        }
        for field, key in SIDES.items()
    ]
    return {"form": shown, "sides": sides}
