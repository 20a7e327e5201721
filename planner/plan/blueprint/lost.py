"""What one plan says and another doesn't, in phrases: shown before a module is taken off or moved."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from planner.plan.blueprint.answers import shown
from planner.plan.blueprint.draft import as_set, choice_in_force
from planner.plan.document import Endpoint, Plan, dump_row
from planner.plan.field import Field
from planner.plan.fields import PARTS, PLAN
from planner.plan.rows import Row, row_key
from ports.matrix import Matrix


def describe_losses(matrix: Matrix, before: Plan, after: Plan) -> Iterator[str]:
    """What the first plan says and the second doesn't, order aside."""
    zones = {zone.name for zone in after.zones}
    gone = {zone.name: list[str]() for zone in before.zones if zone.name not in zones}
    there = {endpoint.name: endpoint for endpoint in after.endpoints}
    single = []
    for endpoint in before.endpoints:
        other = there.get(endpoint.name)
        if other is None and endpoint.zone in gone:
            gone[endpoint.zone].append(endpoint.name)
        elif other is None:
            single.append(f"“{endpoint.name}” as a whole{_listed_facts(matrix, endpoint)}")
        elif other != endpoint:
            single += describe_fields(matrix, "endpoints", endpoint, other)
    for zone, names in gone.items():
        yield f"the zone “{zone}”" + (f" with {_some(names)}" if names else "")
    yield from single
    for part in ("zones", "firewalls"):
        others = {row.name: row for row in getattr(after, part)}
        for row in getattr(before, part):
            yield from describe_fields(matrix, part, row, others.get(row.name, row))
    for entry in PARTS[PLAN].rows:
        if not PARTS[entry.key].named:
            yield from _describe_rows(entry, *(getattr(plan, entry.attribute) for plan in (before, after)))
    for slug, chosen in before.choices.items():
        if after.choices.get(slug) != chosen and choice_in_force(matrix, after.choices, slug) != as_set(chosen):
            choice = matrix.choices[slug]
            said = ", ".join(choice.option(option).name for option in choice.slugs if option in as_set(chosen))
            yield f"the decision “{choice.name}: {said or 'none'}”"


def _listed_facts(matrix: Matrix, endpoint: Endpoint) -> str:
    facts = [
        *(matrix.roles[slug].name for slug in endpoint.roles),
        *(matrix.platforms[slug].name for slug in endpoint.platforms),
        *endpoint.addresses,
    ]
    return f" ({', '.join(facts)})" if facts else ""


def describe_fields(matrix: Matrix, part: str, row: Any, other: Any) -> Iterator[str]:
    """What of a row with a name isn't the same any more: first what its lists have lost, then the rest."""
    called = f"“{row.name}”" if part == "endpoints" else f"{_begin(PARTS[PLAN].by_key[part])} “{row.name}”"
    entries = [entry for entry in PARTS[part].fields if entry.lost]
    for entry in sorted(entries, key=lambda entry: entry.reads.shape not in ("list", "names")):
        old, new = (getattr(side, entry.attribute) for side in (row, other))
        if old != new and (said := _describe_loss(entry, matrix, old, new)):
            yield f"{called}: {said}"


def _describe_loss(entry: Field, matrix: Matrix, old: Any, new: Any) -> str:
    one, off = entry.lost or ("", "")
    if entry.reads.shape == "flag":
        return one if old else off
    if entry.reads.shape == "text":
        return f"{one} “{old if entry.names else shown(old)}”" if old else ""
    called = entry.reads.options(matrix) if entry.reads.options else entry.reads.say(matrix)
    lost = [called.get(value, value) for value in old if value not in new]
    return f"{one} {_some(lost)}" if lost else ""


def _describe_rows(entry: Field, before: Sequence[Any], after: Sequence[Any]) -> Iterator[str]:
    """The rows without names of a part that are there no more, or fewer times than before."""
    there = Counter(row_key(entry.key, dump_row(entry.key, row)) for row in after)
    for row in (dump_row(entry.key, row) for row in before):
        key = row_key(entry.key, row)
        there[key] -= 1
        if there[key] < 0:
            yield f"{_begin(entry)} {_describe_row(row)}"


def _begin(entry: Field) -> str:
    return (entry.lost or ("", ""))[0]


def _describe_row(row: Row) -> str:
    """A row between two ends: from “PS01” to “SQL01”, tcp 5022: Replication."""
    source, destination = (
        _describe_end(row.get(side) or row[other]) for side, other in (("source", "from"), ("destination", "to"))
    )
    service = " ".join(filter(None, (row.get("protocol"), row.get("ports"))))
    reason = shown(" ".join((row.get("reason") or "").split()))
    return f"from {source} to {destination}" + (f", {service}" if service else "") + (f": {reason}" if reason else "")


def _describe_end(end: str | Mapping[str, str]) -> str:
    if isinstance(end, str):
        return f"“{end}”"
    return f"the zone “{end['zone']}”" if "zone" in end else f"“{end['endpoint']}”"


def _some(names: Sequence[str]) -> str:
    """The first few of many names, and how many more there are."""
    more = len(names) - 6
    return ", ".join(names[:6]) + (f" and {more:,} more" if more > 0 else "")
