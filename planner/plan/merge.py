"""Edits that meet: which fields an edit touches, and whether it still fits a document that moved on.

Documents are plain data as `planner.plan.document.dump_plan` writes them. A field is named by its path, for example
("endpoints", "PS01", "zone"). Zones and endpoints are known by their names; whoever renames one says so in `Renames`,
so that an edit made before can be carried over.
"""

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

Document = Mapping[str, Any]
FieldPath = tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Renames:
    """Old name -> new name, of zones and of endpoints."""

    zones: Mapping[str, str] = field(default_factory=dict)
    endpoints: Mapping[str, str] = field(default_factory=dict)

    def then(self, later: "Renames") -> "Renames":
        """These renames followed by later ones, as one step."""
        return Renames(zones=_chain(self.zones, later.zones), endpoints=_chain(self.endpoints, later.endpoints))


NO_RENAMES = Renames()


def _chain(first: Mapping[str, str], then: Mapping[str, str]) -> dict[str, str]:
    chained = {old: then.get(new, new) for old, new in first.items()}
    reached = set(first.values())
    chained.update({old: new for old, new in then.items() if old not in reached and old not in first})
    return {old: new for old, new in chained.items() if old != new}


def apply_renames(document: Document, renames: Renames) -> dict[str, Any]:
    """The document with its zones and endpoints renamed, in every place that names them."""
    zones, endpoints = renames.zones, renames.endpoints
    if not zones and not endpoints:
        return dict(document)
    renamed = dict(document)
    renamed["zones"] = [{**zone, "name": zones.get(zone["name"], zone["name"])} for zone in document["zones"]]
    renamed["endpoints"] = [_rename_endpoint(endpoint, zones, endpoints) for endpoint in document["endpoints"]]
    if "additional_flows" in document:
        renamed["additional_flows"] = [
            {**flow, **{end: endpoints.get(flow[end], flow[end]) for end in ("source", "destination")}}
            for flow in document["additional_flows"]
        ]
    return renamed


def _rename_endpoint(
    endpoint: Mapping[str, Any], zones: Mapping[str, str], endpoints: Mapping[str, str]
) -> dict[str, Any]:
    changed = {
        **endpoint,
        "name": endpoints.get(endpoint["name"], endpoint["name"]),
        "zone": zones.get(endpoint["zone"], endpoint["zone"]),
    }
    if "managed_by" in endpoint:
        changed["managed_by"] = [endpoints.get(name, name) for name in endpoint["managed_by"]]
    return changed


def list_fields(document: Document) -> dict[FieldPath, Any]:
    """Every field of a document with its value; that a zone or endpoint is there is a field too."""
    fields: dict[FieldPath, Any] = {
        ("name",): document["name"],
        ("description",): document.get("description", ""),
    }
    for zone in document["zones"]:
        fields["zones", zone["name"]] = True
        fields["zones", zone["name"], "kind"] = zone["kind"]
    for endpoint in document["endpoints"]:
        name = endpoint["name"]
        fields["endpoints", name] = True
        fields.update({("endpoints", name, key): value for key, value in endpoint.items() if key != "name"})
    for key in ("choices", "ports"):
        fields.update({(key, slug): value for slug, value in document.get(key, {}).items()})
    fields.update({("corrections", slug): True for slug in document.get("corrections", ())})
    flows = Counter(json.dumps(flow, sort_keys=True) for flow in document.get("additional_flows", ()))
    fields.update({("additional_flows", flow): count for flow, count in flows.items()})
    return fields


def touched(before: Document, after: Document, renames: Renames = NO_RENAMES) -> frozenset[FieldPath]:
    """The fields that differ between two states. With renames, names as in `after`; a rename touches the old path."""
    old, new = list_fields(apply_renames(before, renames)), list_fields(after)
    changed = {path for path in old.keys() | new.keys() if old.get(path) != new.get(path)}
    changed |= {("zones", name, "name") for name in renames.zones.values()}
    changed |= {("endpoints", name, "name") for name in renames.endpoints.values()}
    return frozenset(changed)


def find_clashes(mine: Iterable[FieldPath], theirs: Iterable[FieldPath]) -> tuple[FieldPath, ...]:
    """The fields that both touch, sorted; what touches an endpoint or zone as a whole touches all of its fields."""
    others = set(theirs)
    whole = {path for path in others if len(path) == 2}
    parts = {path[:2] for path in others if len(path) > 2}
    return tuple(
        sorted(path for path in set(mine) if path in others or path[:2] in whole or (len(path) == 2 and path in parts))
    )
