"""What an edit changed, as a sentence for people: names as they are, values before and after.

Pure: works on the fields of plan documents. What slugs are called comes from outside, as `words`.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from planner.plan.fields import PARTS, PLAN, Field
from ports.matrix import Matrix

MAX_NAME = 60
"""How many characters of a name a sentence shows: it is there to be recognised, the plan has the whole."""
SHOWN = 3
# They would turn the rest of the sentence round, or break its line.
_TURNS = re.compile("[\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
Words = Mapping[str, Mapping[str, str]]
NO_WORDS: Words = {}


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
    entries = [entry for entry in PARTS[PLAN].fields if entry.said and entry.merges == "whole"]
    changed = [entry.said[0] for entry in entries if entry.said and old.get(entry.key, "") != new.get(entry.key, "")]
    if old["name"] != new["name"]:
        return ", ".join((f"Plan renamed to {short(new['name'])}", *(f"{what} changed" for what in changed)))
    return f"{' and '.join(changed or ['name']).capitalize()} of the plan changed"


def say_zone(old: Mapping[str, Any], new: Mapping[str, Any], words: Words = NO_WORDS) -> str:
    """What changed in a zone."""
    said = _say_fields("zones", old, new, words)
    if old["name"] != new["name"]:
        return f"Zone {short(old['name'])} renamed to {short(new['name'])}" + (f", {said}" if said else "")
    return f"Zone {short(new['name'])}: {said or 'nothing changed'}"


def say_endpoint(old: Mapping[str, Any], new: Mapping[str, Any], words: Words = NO_WORDS) -> str:
    """What changed in an endpoint: "PRP01 moved to DMZ", "SQL01: address 10.0.0.20 added"."""
    name = short(new["name"])
    moved = f"moved to {short(new['zone'])}" if old["zone"] != new["zone"] else ""
    said = _say_fields("endpoints", old, new, words)
    start = f"{short(old['name'])} renamed to {name}" if old["name"] != new["name"] else name
    if start != name:
        return "; ".join(filter(None, (start, moved, said)))
    if moved:
        return f"{name} {moved}" + (f"; {said}" if said else "")
    return f"{name}: {said or 'nothing changed'}"


def _say_fields(part: str, old: Mapping[str, Any], new: Mapping[str, Any], words: Words) -> str:
    """What changed in the fields of a row that summaries speak of; what is on or off comes last."""
    entries = [entry for entry in PARTS[part].fields if entry.said]
    entries.sort(key=lambda entry: entry.reads.shape == "flag")
    said = (_say_field(entry, old.get(entry.key), new.get(entry.key), words.get(entry.key, {})) for entry in entries)
    return "; ".join(filter(None, said))


def _say_field(entry: Field, old: Any, new: Any, words: Mapping[str, str]) -> str:
    one, many = entry.said or ("", "")
    if (old or None) == (new or None):
        return ""
    if entry.reads.shape == "flag":
        return one if new else many
    if entry.reads.shape != "text":
        return _say_values(one, many, list(old or ()), list(new or ()), words)
    before, after = (words.get(value, value) if value else "" for value in (old, new))
    if not after:
        return f"{one} {short(before)} removed"
    return f"{one} changed from {short(before)} to {short(after)}" if before else f"{one} {short(after)} added"


def _say_values(one: str, many: str, old: Sequence[str], new: Sequence[str], words: Mapping[str, str]) -> str:
    added = [words.get(value, value) for value in new if value not in old]
    removed = [words.get(value, value) for value in old if value not in new]
    if len(added) == len(removed) == 1:
        return f"{one} changed from {short(removed[0])} to {short(added[0])}"
    parts = [
        f"{one if len(values) == 1 else many} {several(values)} {done}"
        for values, done in ((added, "added"), (removed, "removed"))
        if values
    ]
    return ", ".join(parts) or f"{many} put in another order"


def list_words(part: str, matrix: Matrix) -> Words:
    """What the slugs in the fields of a part are called, so that a summary says it in the reader's words."""
    return {entry.key: words for entry in PARTS[part].fields if (words := entry.reads.say(matrix))}


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
    details += [
        f"{entry.said[0]}: {short(new.get(entry.key) or 'none')}"
        for entry in PARTS["additional_flows"].fields
        if entry.said and old.get(entry.key) != new.get(entry.key)
    ]
    return f"Flow changed: {ends}, {', '.join(details) or 'nothing'}"


def say_import(zones: Sequence[Mapping[str, Any]], endpoints: Sequence[Mapping[str, Any]]) -> str:
    """Which endpoints came in from a table, and how many zones with them."""
    count = len(endpoints)
    said = f"{count:,} endpoint{'' if count == 1 else 's'} imported: {several([e['name'] for e in endpoints])}"
    return said + (f"; zones added: {several([zone['name'] for zone in zones])}" if zones else "")
