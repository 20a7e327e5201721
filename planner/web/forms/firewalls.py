"""The firewalls of a plan: the form for one, or for one at each of many sites, and what the panel shows."""

from collections.abc import Iterable, Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from planner.engine import Report
from planner.plan.devices import DEVICES
from planner.plan.document import dump_plan
from planner.plan.faults import Fault
from planner.plan.kinds import KINDS
from planner.plan.rows import Document, Renames
from planner.report.firewall.crossings import list_crossings
from planner.web.forms.rows import ItemForm
from ports.text import many

PLACE = "{zone}"
"""What stands in the name of a firewall for the name of the site that it is at."""
EACH = frozenset(kind.slug for kind in KINDS.values() if kind.remote)
"""The kinds of zone that may have a firewall each."""
MOST_FIELDS = 60
"""How many zones have a field of their own; of more than that the sides are written as lines."""
BEHIND = "behind-"
"""What the field of a zone is called by, with the name of the zone: others come and go while a form is filled in."""
OPTIONS = {name: option for device in DEVICES.values() for name, option in device.options.items()}
"""What any format has options for."""
_LEFT_OUT: Document = {"log": True, "options": {}, "published": {}}
"""What a firewall says that leaves these out."""
NAME_HELP = f"With {PLACE} in it, as in FW-{PLACE}: one for each remote site."
INSIDE_HELP = f"For a name with {PLACE}: what the site is behind on its own firewall. Other sites are left out there."


class FirewallForm(ItemForm):
    """A firewall: what each zone is behind in a field of its own, or line by line where there are many zones.

    With {zone} in the name it is one for each remote site, which stands behind `inside` there.
    """

    name = forms.CharField(max_length=255, strip=True, error_messages={"required": "Give the firewall a name."})
    format = forms.ChoiceField(choices=[(device.slug, device.name) for device in DEVICES.values()])
    log = forms.BooleanField(required=False)
    inside = forms.CharField(max_length=255, required=False, strip=True)
    sides = forms.CharField(required=False, strip=False)
    published = forms.CharField(required=False, strip=False)

    def __init__(self, data: Any = None, *, zones: Iterable[Mapping[str, Any]] = (), editing: str = "") -> None:
        super().__init__(data)
        for name in OPTIONS:
            self.fields[name] = forms.CharField(max_length=2000, required=False, strip=True)
        self.zones = tuple(zones)
        self.editing = editing
        """The name of the firewall that is changed; empty for a new one."""
        self.caught_up: dict[str, Any] | None = None
        """What the form shows in place of what was sent."""

    def clean(self) -> dict[str, Any]:
        """What each zone is behind, and what is published; {zone} needs remote sites and an inside."""
        facts = self.cleaned_data
        facts["zones"] = self._read_sides()
        facts["published"] = self._read_lines("published", "an endpoint and the address that the other side sees")
        name = facts.get("name", "")
        if PLACE in name and not self.editing:
            if not any(zone["kind"] in EACH for zone in self.zones):
                self.add_error("name", f"{PLACE} stands for the name of a remote site, and the plan has none.")
            if not facts.get("inside"):
                self.add_error("inside", "Say what each site is behind on its own firewall.")
        return facts

    def _read_sides(self) -> dict[str, str]:
        sides = self._read_lines("sides", "a zone and the interface that it is behind")
        if "sides" not in self.data:
            for name in self.data:
                if name.startswith(BEHIND) and (side := self.data.get(name, "").strip()):
                    sides[name.removeprefix(BEHIND)] = side
        return sides

    def _read_lines(self, field: str, what: str) -> dict[str, str]:
        """Lines like NAME = VALUE as a mapping; what is none is an error of the field."""
        found: dict[str, str] = {}
        for number, line in enumerate(self.cleaned_data.get(field, "").splitlines(), 1):
            name, equals, value = (part.strip() for part in line.rpartition("="))
            if not line.strip() or (equals and name and not value):
                continue  # a zone that isn't there
            if not equals or not name:
                self.add_error(field, f"Line {number}: write {what}, with = between them.")
            elif name in found:
                self.add_error(field, f"Line {number}: “{name[:60]}” stands twice.")
            else:
                found[name] = value
        return found

    @property
    def row(self) -> dict[str, Any]:
        """The firewall as documents have it, of a valid form; with {zone} where its name has that."""
        facts = self.cleaned_data
        options = {name: facts[name] for name in OPTIONS if facts.get(name)}
        return {
            "name": facts["name"], "format": facts["format"], "zones": facts["zones"], "log": facts["log"],
            "options": options, "published": facts["published"],
        }  # fmt: skip

    @property
    def rows(self) -> list[dict[str, Any]]:
        """The firewalls as documents have them: one, or one for each remote site."""
        row, inside = self.row, self.cleaned_data["inside"]
        if PLACE not in row["name"] or self.editing:
            return [row]
        others = {name: side for name, side in row["zones"].items() if name not in self._sites}
        return [
            row | {"name": row["name"].replace(PLACE, site), "zones": {**others, site: inside}} for site in self._sites
        ]

    def changes(self, old: Document) -> dict[str, Any]:
        """The fields in which a valid form differs from the firewall as its sender saw it."""
        return {key: value for key, value in self.row.items() if value != old.get(key, _LEFT_OUT.get(key))}

    def catch_up(self, seen: Document, now: Document, zones: Iterable[Document], renames: Renames) -> None:
        """Show the firewall as others have made it in between, but for what this form, a valid one, changes.

        `seen` is the firewall that it was filled in on and `now` the newest, both empty where there is none; `zones`
        are those of the newest plan, and `renames` what has been renamed since.
        """
        self.zones = tuple(zones)
        sent = self.row
        self.caught_up = {**now, **self.changes(seen)}
        for key, names in (("zones", renames.zones), ("options", {}), ("published", renames.endpoints)):
            old, new = seen.get(key, {}), sent[key]
            mine = {names.get(name, name): new.get(name) for name in (*old, *new) if old.get(name) != new.get(name)}
            self.caught_up[key] = {name: value for name, value in {**now.get(key, {}), **mine}.items() if value}

    @property
    def _sites(self) -> list[str]:
        return [zone["name"] for zone in self.zones if zone["kind"] in EACH]

    def place_faults(self, faults: Iterable[Fault]) -> None:
        """Bring what the document says against the firewall to its fields."""
        for fault in faults:
            key = fault.where.partition("].")[2].partition(".")[0]
            field = {"zones": "sides", "options": fault.where.rpartition(".")[2]}.get(key, key)
            self.add_error(field if field in self.fields else None, fault.message)

    def clean_name(self) -> str:
        """One of its own."""
        name: str = self.cleaned_data["name"]
        if any(ord(letter) < 32 for letter in name):
            raise ValidationError("A name must be one line.")
        return name


def describe_firewalls(report: Report, opened: str, bound: forms.Form | None) -> dict[str, Any]:
    """What the panel shows: the firewalls with what passes them, and the form for one more or for the one opened.

    A form that comes back has the zones that its sender saw, as its base is theirs; one that was told what others have
    done in between has caught up with the plan as it is now.
    """
    document = dump_plan(report.plan)
    rows = {row["name"]: row for row in document.get("firewalls", [])}
    form = bound if isinstance(bound, FirewallForm) else None
    editing = form.editing if form else opened
    zones = form.zones if form else document["zones"]
    return {
        "firewalls": [
            {
                "row": row,
                "device": DEVICES[row["format"]].name,
                "sides": _group_sides(row["zones"]),
                "passing": _count_rules(report, row["name"]),
                "log": row.get("log", True),
            }
            for row in rows.values()
        ],
        "firewall_form": _describe_form(zones, rows.get(editing), form, editing),
        "unseen": next((one for one in report.findings if one.code == "no-firewall"), None),
    }


def _count_rules(report: Report, name: str) -> str:
    if report.too_large:
        return ""
    firewall = next(one for one in report.plan.firewalls if one.name == name)
    passing = {part.rule.id for crossing in list_crossings(report, firewall) for part in crossing.parts}
    return many(len(passing), "rule") if passing else "no rule"


def _group_sides(zones: Mapping[str, str]) -> list[tuple[str, list[str]]]:
    """What is behind each side, in the order of the plan."""
    sides: dict[str, list[str]] = {}
    for zone, side in zones.items():
        sides.setdefault(side, []).append(zone)
    return list(sides.items())


def _describe_form(
    zones: Iterable[Mapping[str, Any]], row: Mapping[str, Any] | None, form: FirewallForm | None, editing: str
) -> dict[str, Any]:
    """The fields as they were sent or have caught up, else as the firewall is, else empty."""
    zones = tuple(zones)
    shown = form or FirewallForm()
    sent = form.data if form and form.caught_up is None else None
    sites = any(zone["kind"] in EACH for zone in zones)
    row = (form and form.caught_up) or row or {}
    behind = row.get("zones", {})
    values = {
        "name": row.get("name", ""), "format": row.get("format", ""),
        "inside": form.data.get("inside", "") if form else "",
        **{name: row.get("options", {}).get(name, "") for name in OPTIONS},
        "published": _write_lines(row.get("published", {})),
        "sides": "".join(f"{zone['name']} = {behind.get(zone['name'], '')}\n" for zone in zones),
    }  # fmt: skip
    if sent is not None:
        values |= {name: sent.get(name, "") for name in values}
    fields = [
        {
            "id": f"firewall-behind-{number}",
            "name": f"{BEHIND}{zone['name']}",
            "zone": zone["name"],
            "kind": zone["kind"],
            "kind_name": KINDS[zone["kind"]].name,
            "value": behind.get(zone["name"], "") if sent is None else sent.get(f"{BEHIND}{zone['name']}", ""),
        }
        for number, zone in enumerate(zones)
    ]
    return {
        "form": shown,
        "editing": editing if row or form else "",
        "values": values,
        "log": row.get("log", True) if sent is None else bool(sent.get("log")),
        "fields": fields if len(fields) <= MOST_FIELDS else (),
        "devices": DEVICES.values(),
        "options": [
            {
                "name": name,
                "title": option.title,
                "help": f"{_list_kinds(name)}: {option.help}",
                "value": values[name],
                "errors": shown.errors.get(name, ()) if shown.is_bound else (),
            }
            for name, option in OPTIONS.items()
        ],
        "name_help": NAME_HELP if sites and not editing else "",
        "inside_help": INSIDE_HELP,
        "more": any(values[name] for name in (*OPTIONS, "published")),
        "has_sites": sites,
        "key": editing,
    }


def _list_kinds(option: str) -> str:
    """The kinds of firewall that have an option: nftables and iptables."""
    kinds = [device.name for device in DEVICES.values() if option in device.options]
    return " and ".join(filter(None, (", ".join(kinds[:-1]), kinds[-1])))


def _write_lines(values: Mapping[str, str]) -> str:
    return "".join(f"{name} = {value}\n" for name, value in values.items())
