"""Endpoints by what they have in common, to name many at once: a role, what is managed on them, a zone. Pure.

What a form sends for a set begins with a space, as no endpoint's name does: so the two can't be taken for each other.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from planner.plan.kinds import KINDS
from planner.plan.reading import ANY, address_key
from ports.matrix import Matrix

Document = Mapping[str, Any]
MOST_ZONES = 100
"""With more zones than this that have endpoints, they are offered by their kinds only."""
ALL = " all"
"""The set of all endpoints."""
SERVERS = " servers"
"""The set of those that are machines: no people, and nobody who is any address."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointSet:
    """Endpoints that are named together."""

    value: str
    """What a form sends for it."""
    name: str
    members: tuple[str, ...]
    """Names, in the order of the document; at least one."""

    @property
    def label(self) -> str:
        """Its name and how many there are: All: Database server (2)."""
        return f"{self.name} ({len(self.members):,})"


def is_set(value: str) -> bool:
    """Whether what a form sent means a set, not the endpoint of that name."""
    return value.startswith(" ")


def list_sets(document: Document, matrix: Matrix) -> tuple[EndpointSet, ...]:
    """The sets of a plan that have anybody in them: all, servers, roles, platforms, kinds of zones, and zones."""
    return tuple(
        EndpointSet(value=value, name=name, members=tuple(members))
        for value, name, members in _gather(document, matrix)
        if members
    )


def find_members(values: Iterable[str], sets: Iterable[EndpointSet]) -> tuple[list[str], list[str]]:
    """The endpoints that a form's values mean, each once, and the values that mean a set which isn't there."""
    by_value = {item.value: item.members for item in sets}
    names: dict[str, None] = {}
    unknown = []
    for value in values:
        if not is_set(value):
            names[value] = None
        elif value in by_value:
            names.update(dict.fromkeys(by_value[value]))
        else:
            unknown.append(value)
    return list(names), unknown


def _gather(document: Document, matrix: Matrix) -> Iterator[tuple[str, str, Sequence[str]]]:
    endpoints = document["endpoints"]
    by_role, by_platform, by_zone, by_kind = (defaultdict[str, list[str]](list) for _ in range(4))
    kinds = {zone["name"]: zone["kind"] for zone in document["zones"]}
    wider = {slug: [slug, *_groups_of(slug, matrix)] for slug in matrix.roles}
    for endpoint in endpoints:
        name = endpoint["name"]
        for slug in dict.fromkeys(held for role in endpoint.get("roles", ()) for held in wider.get(role, ())):
            by_role[slug].append(name)
        for platform in endpoint.get("platforms", ()):
            by_platform[platform].append(name)
        by_zone[endpoint["zone"]].append(name)
        by_kind[kinds[endpoint["zone"]]].append(name)
    yield ALL, "All endpoints", [endpoint["name"] for endpoint in endpoints]
    yield (
        SERVERS,
        "All servers",
        [endpoint["name"] for endpoint in endpoints if _is_server(endpoint, kinds[endpoint["zone"]], matrix)],
    )
    for slug, role in matrix.roles.items():
        yield f" role:{slug}", f"All: {role.name}", by_role[slug]
    for slug, platform in matrix.platforms.items():
        yield f" platform:{slug}", f"All with {platform.name}", by_platform[slug]
    if len(by_zone) <= MOST_ZONES:
        for zone in document["zones"]:
            yield f" zone:{zone['name']}", f"All in {zone['name']}", by_zone.get(zone["name"], ())
    for slug, kind in KINDS.items():
        if sum(1 for zone in by_zone if kinds[zone] == slug) > 1:
            yield f" kind:{slug}", f"All in {kind.plural}", by_kind[slug]


def _is_server(endpoint: Mapping[str, Any], kind: str, matrix: Matrix) -> bool:
    """Whether an endpoint is known to be machines, and not people: by a role, or as it is managed or logged into.

    One of which neither is said counts as a machine, but no group, no network, and nobody outside: those may be
    people.
    """
    addresses = endpoint.get("addresses", ())
    if ANY in addresses:
        return False
    roles = [matrix.roles[slug] for slug in endpoint.get("roles", ()) if slug in matrix.roles]
    if roles:
        return any(role.kind != "people" for role in roles)
    if any(endpoint.get(key) for key in ("platforms", "operations", "sessions")):
        return True
    are_several = endpoint.get("group") or any("/" in address_key(address) for address in addresses)
    return not are_several and not KINDS[kind].allows_any


def _groups_of(slug: str, matrix: Matrix) -> list[str]:
    """The roles that stand for several, this among them."""
    return [role.slug for role in matrix.roles.values() if role.slug != slug and slug in matrix.holders[role.slug]]
