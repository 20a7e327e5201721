"""Edits: functions from one plan document to the next, on plain data.

An edit takes the document and the parameters of one user action and returns the changed document, the names it
changed and a summary in words. It raises `NotPossible` with a sentence when what it is about isn't there (any more).
It doesn't check what `document.check_plan` checks; whoever applies it does that afterwards. Parameters are plain data
too, so that an edit can be kept and carried over to a newer document.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from graphlib import TopologicalSorter
from itertools import count
from typing import Any

from planner.plan.fields import PARTS, PLAN
from planner.plan.merge import NO_RENAMES, Renames, apply_renames, names_in, names_of, rename_row
from planner.plan.names import name_key
from planner.plan.summaries import (
    Words,
    say_endpoint,
    say_flow,
    say_flow_change,
    say_import,
    say_plan,
    say_zone,
    short,
)

Document = dict[str, Any]
Params = Mapping[str, Any]


class NotPossible(ValueError):
    """The edit doesn't fit the document. The message is a sentence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What an edit makes of a document."""

    document: Document
    summary: str
    renames: Renames = NO_RENAMES


Edit = Callable[[Document, Params], Outcome]


def rename_plan(document: Document, params: Params) -> Outcome:
    """Fields of the plan itself; what isn't given stays."""
    changed = {**document, **params}
    return Outcome(document=changed, summary=say_plan(document, changed))


def choose(document: Document, params: Params) -> Outcome:
    """choice: its slug; options: a slug, a list of them for a choice of many, or None to take the decision back."""
    chosen = {**document.get("choices", {})}
    chosen.pop(params["choice"], None)
    if params["options"] is not None:
        chosen[params["choice"]] = params["options"]
    return Outcome(document={**document, "choices": chosen}, summary=params["summary"])


def override_port(document: Document, params: Params) -> Outcome:
    """service: its slug; ports: a port or range, or empty for the default."""
    ports = {**document.get("ports", {})}
    ports.pop(params["service"], None)
    if params["ports"]:
        ports[params["service"]] = params["ports"]
    return Outcome(document={**document, "ports": ports}, summary=params["summary"])


def set_correction(document: Document, params: Params) -> Outcome:
    """caveat: its slug; applied: whether its correction is."""
    corrections = [slug for slug in document.get("corrections", ()) if slug != params["caveat"]]
    if params["applied"]:
        corrections.append(params["caveat"])
    return Outcome(document={**document, "corrections": corrections}, summary=params["summary"])


def add_zone(document: Document, params: Params) -> Outcome:
    """A whole zone of the plan document."""
    zone = tidy("zones", params)
    return Outcome(
        document={**document, "zones": [*document["zones"], zone]}, summary=f"Zone {short(zone['name'])} added"
    )


def edit_zone(document: Document, params: Params) -> Outcome:
    """zone: its name now; the rest: what its fields shall be; what isn't given stays."""
    old = _find(document, "zones", params["zone"])
    changes = {key: value for key, value in params.items() if key != "zone"}
    name = changes.get("name", old["name"])
    renames = Renames(zones=_changed(old["name"], name))
    changed = apply_renames(document, renames)
    changed["zones"] = [
        tidy("zones", {**zone, **changes}) if zone["name"] == name else zone for zone in changed["zones"]
    ]
    said = say_zone(old, {**old, **changes})
    return Outcome(document=changed, summary=said, renames=renames)


def delete_zone(document: Document, params: Params) -> Outcome:
    """zone: its name. Its endpoints go with it, and what names them."""
    _find(document, "zones", params["zone"])
    changed = without(document, "zones", [params["zone"]])
    gone = len(document["endpoints"]) - len(changed["endpoints"])
    more = f" with {gone} endpoint{'' if gone == 1 else 's'}" if gone else ""
    return Outcome(document=changed, summary=f"Zone {short(params['zone'])} deleted{more}")


def add_endpoint(document: Document, params: Params) -> Outcome:
    """endpoint: a whole endpoint of the plan document."""
    endpoint = tidy("endpoints", params["endpoint"])
    changed = {**document, "endpoints": [*document["endpoints"], endpoint]}
    said = f"{short(endpoint['name'])} added to {short(endpoint['zone'])}"
    return Outcome(document=changed, summary=said)


def edit_endpoint(document: Document, params: Params) -> Outcome:
    """endpoint: its name now; changes: the fields that change, each with its new value; words: by field, of slugs."""
    old = _find(document, "endpoints", params["endpoint"])
    changes = dict(params["changes"])
    name = changes.pop("name", old["name"])
    renames = Renames(endpoints=_changed(old["name"], name))
    changed = apply_renames(document, renames)
    changed["endpoints"] = [
        tidy("endpoints", {**endpoint, **changes}) if endpoint["name"] == name else endpoint
        for endpoint in changed["endpoints"]
    ]
    words: Words = params.get("words", {})
    said = say_endpoint(old, {**old, **changes, "name": name}, words)
    return Outcome(document=changed, summary=said, renames=renames)


def duplicate_endpoint(document: Document, params: Params) -> Outcome:
    """endpoint: its name. The copy has a free name like it, and no address: two machines share none."""
    old = _find(document, "endpoints", params["endpoint"])
    known = PARTS["endpoints"].by_key
    copy = {key: deepcopy(value) for key, value in old.items() if key not in known or known[key].copied}
    copy["name"] = free_name(old["name"], [endpoint["name"] for endpoint in document["endpoints"]])
    position = document["endpoints"].index(old) + 1
    endpoints = [*document["endpoints"][:position], copy, *document["endpoints"][position:]]
    said = f"{short(copy['name'])} copied from {short(old['name'])}"
    return Outcome(document={**document, "endpoints": endpoints}, summary=said)


def delete_endpoint(document: Document, params: Params) -> Outcome:
    """endpoint: its name. Managed-by lists and additional flows that name it lose it."""
    _find(document, "endpoints", params["endpoint"])
    changed = without(document, "endpoints", [params["endpoint"]])
    return Outcome(document=changed, summary=f"{short(params['endpoint'])} deleted")


def add_endpoints(document: Document, params: Params) -> Outcome:
    """zones, endpoints: whole zones and endpoints of the plan document, as read from a table."""
    changed = {
        **document,
        "zones": [*document["zones"], *params["zones"]],
        "endpoints": [*document["endpoints"], *(tidy("endpoints", endpoint) for endpoint in params["endpoints"])],
    }
    return Outcome(document=changed, summary=say_import(params["zones"], params["endpoints"]))


def add_flow(document: Document, params: Params) -> Outcome:
    """flow: an additional flow of the plan document."""
    flow = tidy("additional_flows", params["flow"])
    flows = [*document.get("additional_flows", ()), flow]
    said = f"Flow added: {say_flow(flow)}"
    return Outcome(document={**document, "additional_flows": flows}, summary=said)


def delete_flow(document: Document, params: Params) -> Outcome:
    """flow: the additional flow as it stands in the document."""
    flows = list(document.get("additional_flows", ()))
    if params["flow"] not in flows:
        raise NotPossible("This flow is no longer in the plan; someone has changed or deleted it.")
    flows.remove(params["flow"])
    said = f"Flow deleted: {say_flow(params['flow'])}"
    return Outcome(document={**document, "additional_flows": flows}, summary=said)


def edit_flow(document: Document, params: Params) -> Outcome:
    """flow: the additional flow as it stands in the document; changes: the fields that change, empty to leave away."""
    flows = list(document.get("additional_flows", ()))
    if params["flow"] not in flows:
        raise NotPossible("This flow is no longer in the plan; someone has changed or deleted it.")
    changed = {**params["flow"], **params["changes"]}
    flows[flows.index(params["flow"])] = tidy("additional_flows", changed)
    said = say_flow_change(params["flow"], changed)
    return Outcome(document={**document, "additional_flows": flows}, summary=said)


def switch_module(document: Document, params: Params) -> Outcome:
    """summary: in words; switch: what `list_switch` found between the documents without and with the change.

    What is there already, or gone already, counts as done. A zone stays while something stands in it. When others
    have hung something on to an endpoint that goes, nothing is done, so that it doesn't go with it.
    """
    switch = params["switch"]
    flows = [flow for flow in document.get("additional_flows", ()) if flow not in switch["flows_removed"]]
    endpoints = _switch_endpoints(document, switch)
    named = {name for endpoint in endpoints for name in names_of("endpoints", endpoint, "endpoints")}
    named |= {name for flow in flows for name in names_of("additional_flows", flow, "endpoints")}
    if still := sorted(named.intersection(switch["endpoints_removed"])):
        raise NotPossible(f"Something else in the plan names “{still[0]}” by now. Look at it, then do this again.")
    zones = _switch_zones(document, switch, {endpoint["zone"] for endpoint in endpoints})
    choices = {**document.get("choices", {}), **switch["choices"]}
    changed = {
        **document,
        "zones": zones,
        "endpoints": endpoints,
        "choices": {slug: chosen for slug, chosen in choices.items() if chosen is not None},
        "additional_flows": flows,
    }
    return Outcome(document=changed, summary=params["summary"])


def _switch_endpoints(document: Document, switch: Params) -> list[dict[str, Any]]:
    gone, changes = set(switch["endpoints_removed"]), switch["endpoints_changed"]
    there = {
        endpoint["name"]: tidy("endpoints", {**endpoint, **changes.get(endpoint["name"], {})})
        for endpoint in document["endpoints"]
        if endpoint["name"] not in gone
    }
    if missing := [name for name in changes if name not in there]:
        raise NotPossible(f"There is no endpoint “{missing[0]}” any more; someone has renamed or deleted it.")
    for endpoint in (tidy("endpoints", added) for added in switch["endpoints_added"]):
        other = there.setdefault(endpoint["name"], endpoint)
        if any(other.get(key) != value for key, value in endpoint.items()):
            raise NotPossible(f"There is another endpoint “{endpoint['name']}” in the plan by now.")
    return list(there.values())


def _switch_zones(document: Document, switch: Params, used: set[str]) -> list[dict[str, Any]]:
    gone = set(switch["zones_removed"]) - used
    there = {zone["name"]: zone for zone in document["zones"] if zone["name"] not in gone}
    for zone in switch["zones_added"]:
        other = there.setdefault(zone["name"], zone)
        if any(other.get(key) != value for key, value in zone.items()):
            raise NotPossible(f"There is another zone “{zone['name']}” in the plan by now.")
    return list(there.values())


def list_switch(before: Document, after: Document) -> dict[str, Any]:
    """What differs in zones, endpoints, choices and additional flows, as `switch_module` takes it; names are kept."""
    zones = {zone["name"]: zone for zone in before["zones"]}, {zone["name"]: zone for zone in after["zones"]}
    old, new = ({endpoint["name"]: endpoint for endpoint in state["endpoints"]} for state in (before, after))
    choices = before.get("choices", {}), after.get("choices", {})
    left = list(after.get("additional_flows", ()))
    flows_removed = []
    for flow in before.get("additional_flows", ()):
        if flow in left:
            left.remove(flow)
        else:
            flows_removed.append(flow)
    changed = {
        name: {
            key: endpoint.get(key)
            for key in dict.fromkeys((*old[name], *endpoint))
            if old[name].get(key) != endpoint.get(key)
        }
        for name, endpoint in new.items()
        if name in old and old[name] != endpoint
    }
    return {
        "zones_added": [zone for name, zone in zones[1].items() if name not in zones[0]],
        "zones_removed": [name for name in zones[0] if name not in zones[1]],
        "endpoints_added": [endpoint for name, endpoint in new.items() if name not in old],
        "endpoints_changed": changed,
        "endpoints_removed": [name for name in old if name not in new],
        "flows_removed": flows_removed,
        "choices": {
            slug: choices[1].get(slug)
            for slug in (choices[0] | choices[1])
            if choices[0].get(slug) != choices[1].get(slug)
        },
    }


def replace_document(document: Document, params: Params) -> Outcome:
    """document: what takes the place of the whole; summary: why."""
    return Outcome(document=dict(params["document"]), summary=params["summary"])


EDITS: dict[str, Edit] = {
    "rename-plan": rename_plan,
    "choose": choose,
    "override-port": override_port,
    "set-correction": set_correction,
    "add-zone": add_zone,
    "edit-zone": edit_zone,
    "delete-zone": delete_zone,
    "add-endpoint": add_endpoint,
    "edit-endpoint": edit_endpoint,
    "duplicate-endpoint": duplicate_endpoint,
    "delete-endpoint": delete_endpoint,
    "add-endpoints": add_endpoints,
    "add-flow": add_flow,
    "edit-flow": edit_flow,
    "delete-flow": delete_flow,
    "switch-module": switch_module,
}
"""The edits by name, as revisions remember them."""


def translate(params: Params, renames: Renames) -> Params:
    """The parameters of an edit with the names that zones and endpoints have after renames."""
    moved = dict(params)
    if "zone" in params:
        moved["zone"] = renames.zones.get(params["zone"], params["zone"])
    if isinstance(params.get("endpoint"), str):
        moved["endpoint"] = renames.endpoints.get(params["endpoint"], params["endpoint"])
    if "changes" in params and isinstance(params.get("endpoint"), str):
        moved["changes"] = _rename_fields("endpoints", params["changes"], renames)
    if isinstance(params.get("endpoint"), Mapping):
        moved["endpoint"] = _rename_fields("endpoints", params["endpoint"], renames)
    if "flow" in params:
        moved["flow"] = _rename_fields("additional_flows", params["flow"], renames)
    if "switch" in params:
        moved["switch"] = _translate_switch(params["switch"], renames)
    return moved


def _translate_switch(switch: Params, renames: Renames) -> dict[str, Any]:
    zones, endpoints = renames.zones, renames.endpoints
    return {
        **switch,
        "zones_removed": [zones.get(name, name) for name in switch["zones_removed"]],
        "endpoints_added": [_rename_fields("endpoints", endpoint, renames) for endpoint in switch["endpoints_added"]],
        "endpoints_changed": {
            endpoints.get(name, name): _rename_fields("endpoints", changes, renames)
            for name, changes in switch["endpoints_changed"].items()
        },
        "endpoints_removed": [endpoints.get(name, name) for name in switch["endpoints_removed"]],
        "flows_removed": [_rename_fields("additional_flows", flow, renames) for flow in switch["flows_removed"]],
    }


def _rename_fields(part: str, row: Params, renames: Renames) -> dict[str, Any]:
    """Fields of a row, with the names that they name after renames; its own name is what its author wants it to be."""
    return {**rename_row(part, row, renames), **({"name": row["name"]} if "name" in row else {})}


def narrow(edit: str, document: Document, params: Params) -> Params:
    """The parameters without those that say what the document says already.

    A form sends all of its fields; carried over to a newer document, those that its author left alone must not undo
    what others did to them.
    """
    narrowed = dict(params)
    if edit == "rename-plan":
        for key in params:
            if narrowed.get(key) == document.get(key, ""):
                del narrowed[key]
    elif edit == "edit-zone":
        zone = _find(document, "zones", params["zone"])
        for key in params:
            if key != "zone" and (narrowed.get(key) or None) == (zone.get(key) or None):
                del narrowed[key]
    elif edit == "edit-endpoint":
        endpoint = _find(document, "endpoints", params["endpoint"])
        narrowed["changes"] = {
            key: value for key, value in params["changes"].items() if (value or None) != (endpoint.get(key) or None)
        }
    return narrowed


def free_name(name: str, taken: Sequence[str]) -> str:
    """A name like this one that isn't taken: PS02 after PS01, "Staff 2" after "Staff"; at most 255 characters."""
    keys = {name_key(other) for other in taken}
    stem = name.rstrip("0123456789")
    digits = name[len(stem) :]
    numbered = 0 < len(digits) < 10
    for number in count(int(digits) + 1 if numbered else 2):
        end = f"{number:0{len(digits)}d}" if numbered else f" {number}"
        candidate = (stem if numbered else name)[: 255 - len(end)] + end
        if name_key(candidate) not in keys:
            return candidate
    raise AssertionError("numbers don't end")


def _find(document: Document, key: str, name: str) -> dict[str, Any]:
    for item in document[key]:
        if item["name"] == name:
            found: dict[str, Any] = item
            return found
    what = "zone" if key == "zones" else "endpoint"
    raise NotPossible(f"There is no {what} “{short(name)}” any more; someone has renamed or deleted it.")


def _changed(old: str, new: str) -> dict[str, str]:
    return {old: new} if old != new else {}


def tidy(part: str, row: Mapping[str, Any]) -> dict[str, Any]:
    """A row without its empty fields, in the order of the format; what isn't known stays as it is, at the end."""
    known = PARTS[part].by_key
    tidied = {key: row[key] for key, entry in known.items() if row.get(key) or (entry.needed and key in row)}
    return tidied | {key: value for key, value in row.items() if key not in known and value is not None}


def without(document: Document, part: str, gone: Iterable[str]) -> Document:
    """The document without some rows of a part, by their names, and without what names them.

    Of several names a field loses those that are gone; a row that needs one that is gone goes too.
    """
    lost: dict[str, set[str]] = {entry.key: set() for entry in PARTS[PLAN].rows} | {part: set(gone)}
    changed = dict(document)
    for key in _named_first():
        if key not in document:
            continue
        rows = []
        for row in document[key]:
            if row.get("name") in lost[key] or any(
                isinstance(row.get(entry.key), str) and row[entry.key] in lost[entry.names]
                for entry in PARTS[key].fields
                if entry.names
            ):
                lost[key].add(row.get("name", ""))
            else:
                rows.append(row)
        changed[key] = rows
    for entry in PARTS[PLAN].rows:
        if entry.key in changed:
            changed[entry.key] = [_without_names(entry.key, row, lost) for row in changed[entry.key]]
    return changed


def _named_first() -> list[str]:
    """The parts in an order in which each comes after those that a row of it needs."""
    parts = [entry.key for entry in PARTS[PLAN].rows]
    needs = {key: {entry.names for entry in PARTS[key].fields if entry.names and entry.needed} for key in parts}
    return list(TopologicalSorter({key: needs[key] - {key} for key in parts}).static_order())


def _without_names(part: str, row: Mapping[str, Any], lost: Mapping[str, set[str]]) -> dict[str, Any]:
    changes: dict[str, Any] = {}
    for entry in PARTS[part].fields:
        value = row.get(entry.key) or ()
        if not entry.names or isinstance(value, str) or not names_in(value) & lost[entry.names]:
            continue
        there = lost[entry.names]
        changes[entry.key] = (
            {name: item for name, item in value.items() if name not in there}
            if isinstance(value, Mapping)
            else [name for name in value if name not in there]
        )
    return tidy(part, {**row, **changes}) if changes else dict(row)
