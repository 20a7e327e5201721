"""Forms of zones and endpoints, and what the topology panel shows of them.

The forms only read what was sent; the plan document has the last word, and `place_faults` brings what it says back to
the fields.
"""

import re
from collections.abc import Container, Iterable, Mapping
from typing import Any, NamedTuple

from django import forms

from planner.engine import Report
from planner.plan import limits
from planner.plan.document import dump_row
from planner.plan.endpoint_table import list_columns
from planner.plan.faults import NAME_TAKEN, Fault
from planner.plan.field import Field
from planner.plan.fields import PARTS
from planner.plan.kinds import KINDS
from planner.plan.rows import rows_that_name
from planner.web.forms.endpoints_import import EndpointsImportForm
from planner.web.forms.own_settings import (
    as_shown,
    describe_settings,
    find_port_faults,
    read_sent,
    take_choices,
    take_ports,
)
from planner.web.forms.plans import MAX_TEXT, EditForm
from ports.matrix import Matrix
from ports.text import MAX_NAME, name_key

Document = Mapping[str, Any]

OPENINGS = ("edit", "zone", "add", "find")
"""What the address of a plan may say of the topology panel: the endpoint or zone being edited, a form, a search."""
ADDING = ("endpoint", "zone", "import", "several")
FOUND = 1_000
"""How many endpoints are named that have what is sought in their names, the folded ones counted in."""
MAX_LISTED = 300
"""Most names that a list of suggestions has; beyond that one types."""
MAX_MANAGERS = 50
"""Most endpoints that are offered as boxes to tick; beyond that their names are typed."""
MAX_LIST = 50 * limits.ITEMS
"""Most characters of a list of addresses or networks: those of as many networks as a list may have fit into it."""
_TOO_MUCH = f"A list has at most {limits.ITEMS:,} entries, and {MAX_LIST:,} characters here; this text is longer."
_NAME_NEEDED = {"required": "A name is needed.", "max_length": "A name has at most 255 characters."}
_PLACE = re.compile(r"(zones|endpoints)\[(\d+)\](?:\.(\w+))?")


class Opened(NamedTuple):
    """What is open in the topology panel: one of OPENINGS, and which."""

    kind: str = ""
    name: str = ""
    at: str = ""
    """What of it is looked for: the key of a field that is unfolded, or the role that a new endpoint is to have."""
    zone: str = ""
    """Of a new endpoint: the zone that one was looking at."""


CLOSED = Opened()


def read_opened(values: Mapping[str, str], report: Report) -> Opened:
    """What the address says is open; a search that names an endpoint or zone opens it."""
    for kind in OPENINGS:
        name = values.get(kind, "").strip()
        if not name or (kind == "add" and name not in ADDING):
            continue
        if kind == "find":
            key = name_key(name)
            for goal, items in (("edit", report.plan.endpoints), ("zone", report.plan.zones)):
                for item in items:
                    if name_key(item.name) == key:
                        return Opened(goal, item.name)
        return Opened(kind, name, values.get("at", ""), values.get("in", ""))
    return CLOSED


class TargetForm(forms.Form):
    """A button about one endpoint or zone. `confirmed` is how much its sender knew to go with it."""

    target = forms.CharField(strip=False)
    confirmed = forms.IntegerField(required=False)


class MoveForm(forms.Form):
    """An endpoint that was dropped on a zone."""

    target = forms.CharField(strip=False, error_messages={"required": "Drag an endpoint, not something else."})
    zone = forms.CharField(strip=False, error_messages={"required": "Drop the endpoint on one zone."})


class AddEndpointForm(EditForm):
    """The first words about a new endpoint."""

    name = forms.CharField(max_length=MAX_NAME, error_messages=_NAME_NEEDED)
    zone = forms.CharField(strip=False, error_messages={"required": "Choose a zone."})
    roles = forms.Field(required=False)

    def clean(self) -> dict[str, Any]:
        """The roles that are ticked, with the rest."""
        self.cleaned_data["roles"] = _sent_list(self.data, "roles")
        return self.cleaned_data


_TAKES = {"choices": take_choices, "ports": take_ports}
"""By widget: how the value of a mapping follows from what was sent and what it was."""


class RowForm(EditForm):
    """The fields of a zone or endpoint. `shown` is what they hold: what was sent, else the row as it is."""

    part: str
    target = forms.CharField(strip=False)

    def __init__(self, data: Any = None, *, row: Document | None = None) -> None:
        super().__init__(data)
        self.port_faults: Mapping[str, str] = {}
        self.entries = [entry for entry in PARTS[self.part].fields if entry.widget]
        self.fields |= {entry.key: _make_field(entry) for entry in self.entries}
        if data is not None:
            self.target_name = data.get("target", "")[: MAX_NAME + 1]
            self.shown = {entry.key: _read_sent(entry, data) for entry in self.entries}
        else:
            self.target_name = row["name"] if row else ""
            self.shown = self._show(row or {})

    def clean(self) -> dict[str, Any]:
        """The lists with the rest; addresses may be divided by whatever people divide them by."""
        for entry in self.entries:
            if entry.widget in ("boxes", "names"):
                self.cleaned_data[entry.key] = _sent_list(self.data, entry.key)
            elif entry.widget == "ports":
                self.port_faults = find_port_faults(self.shown[entry.key])
                if self.port_faults:
                    self.add_error(entry.key, "One of its own ports isn't valid; see below.")
            elif entry.widget == "lines":
                items = re.split(r"[\s,;]+", self.cleaned_data.get(entry.key, "").strip())
                self.cleaned_data[entry.key] = [item for item in dict.fromkeys(items) if item]
        return self.cleaned_data

    @property
    def row(self) -> dict[str, Any]:
        """The row that a valid form makes."""
        return {entry.key: self._value(entry, {}) for entry in self.entries}

    def _value(self, entry: Field, old: Document) -> Any:
        """What a field is to be in a row that is `old` until then."""
        if entry.widget in _TAKES:
            return _TAKES[entry.widget](self.shown[entry.key], old.get(entry.key) or {})
        if entry.widget == "lines" and self.data.get(entry.key) is None:
            return old.get(entry.key)
        return self.cleaned_data.get(entry.key, self.shown[entry.key])

    @property
    def texts(self) -> list[dict[str, Any]]:
        """The fields that are a line of text, beyond those that have a place of their own."""
        return [
            {"entry": entry, "value": self.shown[entry.key], "errors": self.errors.get(entry.key, ())}
            for entry in self.entries
            if entry.widget == "text"
        ]

    def changes(self, old: Document) -> dict[str, Any]:
        """The fields that differ from the row as its editor saw it; boxes put nothing in another order."""
        changes = {}
        for entry in self.entries:
            new, before = self._value(entry, old), old.get(entry.key)
            if entry.widget in ("boxes", "names"):
                sent = dict.fromkeys(new)
                kept = dict.fromkeys(item for item in before or () if item in sent)
                new = [*kept, *(item for item in sent if item not in kept)]
            if (new or None) != (before or None):
                changes[entry.key] = new
        return changes

    def _show(self, row: Document) -> dict[str, Any]:
        return {entry.key: _as_shown(entry, row.get(entry.key)) for entry in self.entries}

    def catch_up(self, now: Document, changes: Iterable[str]) -> None:
        """Show the row as others have made it in between, but for what this form changes."""
        self.target_name = now["name"]
        mine = set(changes)
        self.shown |= {key: value for key, value in self._show(now).items() if key not in mine}


class EndpointForm(RowForm):
    """Every field of an endpoint."""

    part = "endpoints"


class ZoneForm(RowForm):
    """Every field of a zone; without a target, of a new one."""

    part = "zones"
    target = forms.CharField(strip=False, required=False)


def place_faults(faults: Iterable[Fault], document: Document, kind: str, index: int) -> list[tuple[str | None, str]]:
    """The faults of a plan document as errors of the form for one of its zones or endpoints: field and sentence.

    `document` is the plan as it was before, `kind` "zones" or "endpoints", `index` the place of the form's own.
    """
    return list(dict.fromkeys(_place(fault, document, kind, index) for fault in faults))


def _place(fault: Fault, document: Document, kind: str, index: int) -> tuple[str | None, str]:
    match = _PLACE.match(fault.where)
    if match is None:
        return None, fault.message
    part, at, key = match[1], int(match[2]), match[3]
    if part == kind and fault.code == NAME_TAKEN:
        what = "a zone" if kind == "zones" else "an endpoint"
        return "name", f"There is {what} of that name already; names must differ in more than upper and lower case."
    if part == kind and at == index:
        return key, fault.message
    others = document[part]
    other = others[at]["name"] if at < len(others) else fault.where
    entry = PARTS[part].by_key.get(key)
    field = entry.rests_on if entry and entry.names == kind and entry.rests_on else None
    return field, f"{other}: {fault.message}"


def name_uses(document: Document, name: str) -> list[str]:
    """What else of a plan names an endpoint, in words."""
    managed = [row["name"] for row in rows_that_name(document, "endpoints", name) if row["name"] != name]
    flows = rows_that_name(document, "additional_flows", name)
    uses = [f"it manages {other}" for other in managed[:8]]
    if len(managed) > 8:
        uses.append(f"and {len(managed) - 8:,} more")
    uses += [f"additional flow from {flow['source']} to {flow['destination']}" for flow in flows[:8]]
    if len(flows) > 8:
        uses.append(f"and {len(flows) - 8:,} more additional flows")
    return uses


def describe_topology(report: Report, opened: Opened, bound: forms.Form | None) -> dict[str, Any]:
    """What the panel shows besides the outline: the editor or form that is open, with the words it offers."""
    plan, matrix = report.plan, report.matrix
    names = [endpoint.name for endpoint in plan.endpoints]
    context: dict[str, Any] = {
        "zone_names": [zone.name for zone in plan.zones],
        "zone_kinds": tuple(KINDS),
        "zone_editor": None,
        "zone_adder": None,
        "findable": names if len(names) <= MAX_LISTED else (),
    }
    if isinstance(bound, EndpointForm):
        return context | _describe_editor(report, bound)
    if opened.kind == "edit":
        endpoint = next((item for item in plan.endpoints if item.name == opened.name), None)
        if endpoint is None:
            return context | {"gone": f"There is no endpoint “{opened.name}”; someone may have renamed or deleted it."}
        return context | _describe_editor(report, EndpointForm(row=dump_row("endpoints", endpoint)), opened.at)
    if isinstance(bound, ZoneForm) and bound.target_name:
        return context | _describe_zone_editor(report, bound) | {"zone_target": bound.target_name}
    if opened.kind == "zone":
        zone = next((item for item in plan.zones if item.name == opened.name), None)
        if zone is None:
            return context | {"gone": f"There is no zone “{opened.name}”; someone may have renamed or deleted it."}
        shown = _describe_zone_editor(report, ZoneForm(row=dump_row("zones", zone)))
        return context | shown | {"zone_target": zone.name}
    if isinstance(bound, AddEndpointForm) or opened[:2] == ("add", "endpoint"):
        chosen = _sent_list(bound.data, "roles") if isinstance(bound, AddEndpointForm) else [opened.at]
        fresh = AddEndpointForm(initial={"zone": opened.zone})
        return context | {
            "endpoint_adder": bound if isinstance(bound, AddEndpointForm) else fresh,
            "role_groups": group_roles(matrix, chosen),
        }
    if isinstance(bound, ZoneForm) or opened[:2] == ("add", "zone"):
        return context | {"zone_adder": bound if isinstance(bound, ZoneForm) else ZoneForm()}
    if isinstance(bound, EndpointsImportForm) or opened[:2] == ("add", "import"):
        form = bound if isinstance(bound, EndpointsImportForm) else EndpointsImportForm()
        return context | {"importer": form, "columns": list_columns().items()}
    if opened.kind == "find":
        key = name_key(opened.name)
        found = [name for name in names if key in name_key(name)]
        return context | {"sought": opened.name, "found": found[:20], "found_folded": found[20:FOUND]}
    return context


ROLE_GROUPS = (("server", "What it does"), ("people", "Who they are"))
"""The kinds of roles, and what stands above them."""


def group_roles(matrix: Matrix, chosen: Container[str]) -> list[dict[str, Any]]:
    """The roles to tick, those of servers and those of people apart, each with a sentence of what it means."""
    groups = []
    for kind, title in ROLE_GROUPS:
        roles = [role for role in matrix.assignable_roles if role.kind == kind]
        options = [(role.slug, role.name, role.slug in chosen, role.description) for role in roles]
        groups.append({"title": title, "options": options})
    return [group for group in groups if group["options"]]


def _describe_editor(report: Report, form: EndpointForm, at: str = "") -> dict[str, Any]:
    """The editor of an endpoint; `at` is the key of a field that is unfolded whatever it holds."""
    matrix, shown = report.matrix, form.shown
    managers = [item.name for item in report.plan.endpoints if matrix.managing_roles & set(item.roles)]
    typed = len(managers) > MAX_MANAGERS
    boxes = []
    for entry in form.entries:
        if entry.widget == "boxes" and entry.reads.options:
            offered = list(entry.reads.options(matrix).items())
        elif entry.widget == "names" and not typed:
            kept = [name for name in shown[entry.key] if name not in managers][:MAX_MANAGERS]
            offered = [(name, name) for name in [*managers, *kept]]
        else:
            continue
        boxes.append(
            {
                "key": entry.key,
                "title": entry.title,
                "help": entry.help,
                "options": [(slug, name, slug in shown[entry.key]) for slug, name in offered],
                "count": sum(1 for slug, _ in offered if slug in shown[entry.key]),
                "errors": form.errors.get(entry.key, ()) if form.is_bound else (),
                "unfolded": at == entry.key,
                "groups": group_roles(matrix, shown[entry.key]) if entry.key == "roles" else (),
            }
        )
    faulty = [entry.key for entry in form.entries if form.is_bound and form.errors.get(entry.key)]
    return {
        "editor": form,
        "first_fault": next(iter(faulty), ""),
        "boxes": boxes,
        "managers_typed": typed,
        "own_unfolded": at == "own",
        **describe_settings(report, shown, shown["zone"], form.port_faults),
    }


def _describe_zone_editor(report: Report, form: ZoneForm) -> dict[str, Any]:
    return {"zone_editor": form, **describe_settings(report, form.shown, None, form.port_faults)}


def _make_field(entry: Field) -> forms.Field:
    """The field of a form for a field of the plan."""
    match entry.widget:
        case "name":
            return forms.CharField(max_length=MAX_NAME, error_messages=_NAME_NEEDED)
        case "zone":
            return forms.CharField(strip=False, error_messages={"required": "Choose a zone."})
        case "kind":
            return forms.ChoiceField(
                choices=[(kind, kind) for kind in KINDS],
                error_messages={
                    "required": "Choose a kind.",
                    "invalid_choice": f"This is no kind of zone; allowed are {', '.join(KINDS)}.",
                },
            )
        case "lines":
            return forms.CharField(required=False, max_length=MAX_LIST, error_messages={"max_length": _TOO_MUCH})
        case "text":
            return forms.CharField(required=entry.needed, max_length=MAX_TEXT)
        case "flag":
            return forms.BooleanField(required=False)
        case _:
            return forms.Field(required=False)


def _read_sent(entry: Field, data: Any) -> Any:
    """What was sent, as the form shows it again."""
    match entry.widget:
        case "flag":
            return bool(data.get(entry.key))
        case "boxes" | "names":
            return _sent_list(data, entry.key)
        case "choices" | "ports":
            return read_sent(entry.key, data)
        case _:
            return data.get(entry.key, "")


def _as_shown(entry: Field, value: Any) -> Any:
    """A value of the plan as the form shows it."""
    match entry.widget:
        case "flag":
            return bool(value)
        case "boxes" | "names":
            return list(value or ())
        case "lines":
            return "\n".join(value or ())
        case "choices" | "ports":
            return as_shown(value)
        case _:
            return value or ""


def _sent_list(data: Any, key: str) -> list[str]:
    """What was ticked, or typed one a line."""
    lines = [line.strip() for value in data.getlist(key) for line in re.split(r"[\r\n]+", value)]
    return list(dict.fromkeys(line for line in lines if line))
