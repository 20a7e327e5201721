"""What an edit changed, as a sentence for people: names as they are, values before and after.

Pure: works on the fields of plan documents. What slugs are called comes from outside, as `words`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from planner.plan.cells import title_of
from planner.plan.changes import Change, Edit, compare_rows
from planner.plan.field import Field
from planner.plan.fields import PARTS, PLAN
from ports.matrix import Matrix
from ports.text import many, plural, several, short

Words = Mapping[str, Mapping[str, str]]


def say(edit: Edit) -> str:
    """What an edit changes, as a sentence."""
    said = edit.words.get("summary")
    return said if isinstance(said, str) else _SAYINGS[edit.what](edit)


def list_words(part: str, matrix: Matrix) -> Words:
    """What the slugs in the fields of a part are called, so that a summary says it in the reader's words."""
    return {entry.key: words for entry in PARTS[part].fields if (words := entry.reads.say(matrix))}


def _sides(edit: Edit) -> tuple[dict[str, Any], dict[str, Any]]:
    """The fields that an edit of one row, or of the plan itself, changes: as they were, and as they are to be."""
    old: dict[str, Any] = {}
    new: dict[str, Any] = {}
    for change in edit.changes:
        key, *slug = change.where[len(edit.where) :]
        for side, value in ((old, change.before), (new, change.after)):
            if slug:
                side.setdefault(key, {})[slug[0]] = value
            else:
                side[key] = value
    return old, new


def _say_plan(edit: Edit) -> str:
    _, new = _sides(edit)
    entries = [entry for entry in PARTS[PLAN].fields if entry.key in new]
    changed = [f"{entry.said[0]} changed" for entry in entries if entry.said]
    if "name" in new:
        return ", ".join((f"Plan renamed to {short(new['name'])}", *changed))
    return f"{', '.join(entry.said[0] for entry in entries if entry.said).capitalize()} of the plan changed"


def _say_zone(edit: Edit) -> str:
    name, said = edit.where[1], _say_fields(edit)
    if new := edit.renames.zones.get(name):
        return f"Zone {short(name)} renamed to {short(new)}" + (f", {said}" if said else "")
    return f"Zone {short(name)}: {said or 'nothing changed'}"


def _say_endpoint(edit: Edit) -> str:
    """ "PRP01 moved to DMZ", "SQL01: address 10.0.0.20 added"."""
    name, said = edit.where[1], _say_fields(edit)
    zone = next((change.after for change in edit.changes if change.where[2:] == ("zone",)), None)
    moved = f"moved to {short(zone)}" if zone else ""
    if new := edit.renames.endpoints.get(name):
        return "; ".join(filter(None, (f"{short(name)} renamed to {short(new)}", moved, said)))
    if moved:
        return f"{short(name)} {moved}" + (f"; {said}" if said else "")
    return f"{short(name)}: {said or 'nothing changed'}"


def _say_deleted_zone(edit: Edit) -> str:
    gone = sum(1 for change in edit.changes if change.is_row and change.where[0] == "endpoints")
    more = f" with {gone} {plural(gone, 'endpoint')}" if gone else ""
    return f"Zone {short(edit.where[1])} deleted{more}"


def _say_import(edit: Edit) -> str:
    """Which endpoints came in from a table, and how many zones with them."""
    zones, endpoints = (
        [change.where[1] for change in edit.changes if change.where[0] == part] for part in ("zones", "endpoints")
    )
    said = f"{many(len(endpoints), 'endpoint')} imported: {several(endpoints)}"
    return said + (f"; zones added: {several(zones)}" if zones else "")


def _say_endpoints(edit: Edit) -> str:
    """What a table has changed: of one endpoint all of it, of several which of their fields."""
    changed: dict[str, list[Change]] = {}
    zones: list[str] = []
    added: list[str] = []
    for change in edit.changes:
        if not change.is_row:
            changed.setdefault(change.where[1], []).append(change)
        else:
            (zones if change.where[0] == "zones" else added).append(change.where[1])
    said = [f"{many(len(added), 'endpoint')} added: {several(added)}"] if added else []
    if len(changed) == 1:
        [(name, changes)] = changed.items()
        said.insert(0, _say_endpoint(replace(edit, where=("endpoints", name), changes=tuple(changes))))
    elif changed:
        keys = {change.where[2] for changes in changed.values() for change in changes}
        fields = [title_of(entry.key).lower() for entry in PARTS["endpoints"].fields if entry.key in keys]
        said.insert(0, f"{many(len(changed), 'endpoint')} changed ({', '.join(fields)}): {several([*changed])}")
    said += [f"zones added: {several(zones)}"] if zones else []
    return "; ".join(said) or "Endpoints: nothing changed"


def _say_flow(flow: Mapping[str, Any]) -> str:
    """An additional flow in short: PS01 to DC01, udp 53."""
    ports = f" {flow['ports']}" if flow.get("ports") else ""
    return f"{_say_ends(flow)}, {flow['protocol']}{ports}"


def _say_flows_added(edit: Edit) -> str:
    rows = [change.after for change in edit.changes]
    if len(rows) == 1:
        return f"Flow added: {_say_flow(rows[0])}"
    return f"{len(rows):,} flows added: {_say_flow(rows[0])}, and {len(rows) - 1:,} more"


def _say_exclusion(row: Mapping[str, Any]) -> str:
    """What isn't needed, in short: PS01 to SQL02, tcp 1433; or PS01 to SQL02, whatever the document asks."""
    return _say_flow(row) if row.get("protocol") else f"{_say_ends(row)}, whatever the document asks for"


def _say_ends(row: Mapping[str, Any]) -> str:
    return f"{short(row['source'])} to {short(row['destination'])}"


def _say_never(row: Mapping[str, Any]) -> str:
    """What must stay closed, in short: zone DMZ to SQL01, tcp 3389."""
    service = " ".join(filter(None, (row.get("protocol"), row.get("ports")))) or "everything"
    return f"{say_side(row['from'])} to {say_side(row['to'])}, {service}"


def say_side(side: Mapping[str, str]) -> str:
    """One side of what must stay closed: zone DMZ, or PS01."""
    return f"zone {short(side['zone'])}" if "zone" in side else short(side["endpoint"])


def _say_never_added(edit: Edit) -> str:
    rows = [change.after for change in edit.changes]
    return f"To stay closed: {_say_never(rows[0])}" + (f", and {len(rows) - 1:,} more" if len(rows) > 1 else "")


def _say_firewalls_added(edit: Edit) -> str:
    names = [change.where[1] for change in edit.changes]
    return (
        f"Firewall {short(names[0])} added" if len(names) == 1 else f"{len(names):,} firewalls added: {several(names)}"
    )


def _say_firewall(edit: Edit) -> str:
    name = edit.where[1]
    if edit.changes and edit.changes[0].is_row:
        old, new = edit.changes[0].before, edit.changes[0].after
        changes = compare_rows("firewalls", old, {**new, "name": name})
        said = _say_fields(replace(edit, changes=tuple(change for change in changes if change.before != change.after)))
        return "; ".join(filter(None, (f"Firewall {short(name)} renamed to {short(new['name'])}", said)))
    return f"Firewall {short(name)}: {_say_fields(edit) or 'nothing changed'}"


def _say_flow_change(edit: Edit) -> str:
    if not edit.changes:
        return "Flow changed: nothing"
    old, new = edit.changes[0].before, edit.changes[0].after
    details = []
    if (old["protocol"], old.get("ports")) != (new["protocol"], new.get("ports")):
        before, after = (f"{flow['protocol']} {flow.get('ports') or ''}".strip() for flow in (old, new))
        details.append(f"{before} became {after}")
    details += [
        f"{entry.said[0]}: {short(new.get(entry.key) or 'none')}"
        for entry in PARTS["additional_flows"].fields
        if entry.said and old.get(entry.key) != new.get(entry.key)
    ]
    return f"Flow changed: {short(new['source'])} to {short(new['destination'])}, {', '.join(details)}"


_SAYINGS: Mapping[str, Callable[[Edit], str]] = {
    "rename-plan": _say_plan,
    "add-zone": lambda edit: f"Zone {short(edit.where[1])} added",
    "edit-zone": _say_zone,
    "delete-zone": _say_deleted_zone,
    "add-endpoint": lambda edit: f"{short(edit.where[1])} added to {short(edit.changes[0].after['zone'])}",
    "edit-endpoint": _say_endpoint,
    "duplicate-endpoint": lambda edit: f"{short(edit.changes[0].where[1])} copied from {short(edit.where[1])}",
    "delete-endpoint": lambda edit: f"{short(edit.where[1])} deleted",
    "add-endpoints": _say_import,
    "edit-endpoints": _say_endpoints,
    "add-flow": _say_flows_added,
    "edit-flow": _say_flow_change,
    "delete-flow": lambda edit: f"Flow deleted: {_say_flow(edit.changes[0].before)}",
    "add-exclusion": lambda edit: f"Not needed here: {_say_exclusion(edit.changes[0].after)}",
    "delete-exclusion": lambda edit: f"Needed again: {_say_exclusion(edit.changes[0].before)}",
    "add-never": _say_never_added,
    "add-firewalls": _say_firewalls_added,
    "edit-firewall": _say_firewall,
    "delete-firewall": lambda edit: f"Firewall {short(edit.where[1])} deleted",
    "delete-never": lambda edit: f"Need not stay closed: {_say_never(edit.changes[0].before)}",
}
"""What is said of an edit that doesn't come with its sentence."""


def _say_fields(edit: Edit) -> str:
    """What changed in the fields of a row that summaries speak of; what is on or off comes last."""
    old, new = _sides(edit)
    entries = [entry for entry in PARTS[edit.where[0]].fields if entry.said and entry.key in new]
    entries.sort(key=lambda entry: entry.reads.shape == "flag")
    said = (_say_field(entry, old[entry.key], new[entry.key], edit.words.get(entry.key, {})) for entry in entries)
    return "; ".join(filter(None, said))


def _say_field(entry: Field, old: Any, new: Any, words: Mapping[str, str]) -> str:
    one, more = entry.said or ("", "")
    if entry.reads.shape == "flag":
        return one if new else more
    if entry.reads.shape == "mapping":
        return f"{plural(len(new), one, more)} {several([words.get(key, key) for key in new])} changed"
    if entry.reads.shape != "text":
        return _say_values(one, more, list(old or ()), list(new or ()), words)
    before, after = (words.get(value, value) if value else "" for value in (old, new))
    if not after:
        return f"{one} {short(before)} removed"
    return f"{one} changed from {short(before)} to {short(after)}" if before else f"{one} {short(after)} added"


def _say_values(one: str, more: str, old: Sequence[str], new: Sequence[str], words: Mapping[str, str]) -> str:
    before, after = set(old), set(new)
    added = [words.get(value, value) for value in new if value not in before]
    removed = [words.get(value, value) for value in old if value not in after]
    if len(added) == len(removed) == 1:
        return f"{one} changed from {short(removed[0])} to {short(added[0])}"
    parts = [
        f"{plural(len(values), one, more)} {several(values)} {done}"
        for values, done in ((added, "added"), (removed, "removed"))
        if values
    ]
    return ", ".join(parts) or f"{more} put in another order"
