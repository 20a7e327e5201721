"""What an edit changed, as a sentence for people: names as they are, values before and after.

Pure: works on the fields of plan documents. What slugs are called comes from outside, as `words`.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

MAX_NAME = 60
"""How many characters of a name a sentence shows: it is there to be recognised, the plan has the whole."""
SHOWN = 3
# They would turn the rest of the sentence round, or break its line.
_TURNS = re.compile("[\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
_FIELDS = {
    "addresses": ("address", "addresses"),
    "roles": ("role", "roles"),
    "platforms": ("platform", "platforms"),
    "operations": ("operation", "operations"),
    "sessions": ("session", "sessions"),
    "managed_by": ("manager", "managers"),
}
Words = Mapping[str, Mapping[str, str]]


def short(name: object) -> str:
    """A name fit to stand in a sentence: on one line, in one direction, and no longer than MAX_NAME."""
    text = " ".join(_TURNS.sub("", str(name)).split())
    return text if len(text) <= MAX_NAME else text[: MAX_NAME - 1].rstrip() + "…"


def several(names: Sequence[object]) -> str:
    """A, B and C; of more than SHOWN the first ones and how many more."""
    shown = [short(name) for name in names[:SHOWN]]
    if len(names) > SHOWN:
        return f"{', '.join(shown)} and {len(names) - SHOWN:,} more"
    return " and ".join(filter(None, (", ".join(shown[:-1]), *shown[-1:])))


def say_plan(old: Mapping[str, Any], new: Mapping[str, Any]) -> str:
    """What another name or description of the plan changed."""
    renamed = old["name"] != new["name"]
    described = old.get("description", "") != new.get("description", "")
    if renamed:
        return f"Plan renamed to {short(new['name'])}" + (", description changed" if described else "")
    return "Description of the plan changed"


def say_zone(old: Mapping[str, Any], new: Mapping[str, Any]) -> str:
    """What changed in a zone."""
    kind = f"kind changed from {old['kind']} to {new['kind']}" if old["kind"] != new["kind"] else ""
    if old["name"] != new["name"]:
        return f"Zone {short(old['name'])} renamed to {short(new['name'])}" + (f", {kind}" if kind else "")
    return f"Zone {short(new['name'])}: {kind or 'nothing changed'}"


def say_endpoint(old: Mapping[str, Any], new: Mapping[str, Any], words: Words) -> str:
    """What changed in an endpoint: "PRP01 moved to DMZ", "SQL01: address 10.0.0.20 added"."""
    name = short(new["name"])
    moved = f"moved to {short(new['zone'])}" if old["zone"] != new["zone"] else ""
    details = [_say_values(key, old.get(key, ()), new.get(key, ()), words.get(key, {})) for key in _FIELDS]
    if bool(old.get("group")) != bool(new.get("group")):
        details.append("now stands for many machines" if new.get("group") else "now stands for one machine")
    said = "; ".join(filter(None, details))
    start = f"{short(old['name'])} renamed to {name}" if old["name"] != new["name"] else name
    if start != name:
        return "; ".join(filter(None, (start, moved, said)))
    if moved:
        return f"{name} {moved}" + (f"; {said}" if said else "")
    return f"{name}: {said or 'nothing changed'}"


def _say_values(key: str, old: Sequence[str], new: Sequence[str], words: Mapping[str, str]) -> str:
    added = [words.get(value, value) for value in new if value not in old]
    removed = [words.get(value, value) for value in old if value not in new]
    one, many = _FIELDS[key]
    if len(added) == len(removed) == 1:
        return f"{one} changed from {short(removed[0])} to {short(added[0])}"
    parts = [
        f"{one if len(values) == 1 else many} {several(values)} {done}"
        for values, done in ((added, "added"), (removed, "removed"))
        if values
    ]
    if not parts and list(old) != list(new):
        return f"{many} put in another order"
    return ", ".join(parts)


def say_flow(flow: Mapping[str, Any]) -> str:
    """An additional flow in short: PS01 to DC01, udp 53."""
    ports = f" {flow['ports']}" if flow.get("ports") else ""
    return f"{short(flow['source'])} to {short(flow['destination'])}, {flow['protocol']}{ports}"


def say_flow_change(old: Mapping[str, Any], new: Mapping[str, Any]) -> str:
    """What changed in an additional flow."""
    ends = f"{short(new['source'])} to {short(new['destination'])}"
    details = []
    if (old["protocol"], old.get("ports")) != (new["protocol"], new.get("ports")):
        before, after = (f"{flow['protocol']} {flow.get('ports') or ''}".strip() for flow in (old, new))
        details.append(f"{before} became {after}")
    if old["reason"] != new["reason"]:
        details.append(f"reason: {short(new['reason'])}")
    return f"Flow changed: {ends}, {', '.join(details) or 'nothing'}"


def say_import(zones: Sequence[Mapping[str, Any]], endpoints: Sequence[Mapping[str, Any]]) -> str:
    """Which endpoints came in from a table, and how many zones with them."""
    count = len(endpoints)
    said = f"{count:,} endpoint{'' if count == 1 else 's'} imported: {several([e['name'] for e in endpoints])}"
    return said + (f"; zones added: {several([zone['name'] for zone in zones])}" if zones else "")
