"""What one plan says and another doesn't, in phrases: shown before a module is taken off or moved."""

from collections.abc import Iterator, Sequence
from typing import Any

from planner.plan.blueprint.answers import shown
from planner.plan.blueprint.draft import as_set, choice_in_force
from planner.plan.document import AdditionalFlow, Endpoint, Plan
from planner.plan.field import Field
from planner.plan.fields import PARTS
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
            single += describe_fields(matrix, endpoint, other)
    for zone, names in gone.items():
        yield f"the zone “{zone}”" + (f" with {_some(names)}" if names else "")
    yield from single
    flows = list(after.additional_flows)
    for flow in before.additional_flows:
        if flow in flows:
            flows.remove(flow)
        else:
            yield _describe_flow(flow)
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


def describe_fields(matrix: Matrix, endpoint: Endpoint, other: Endpoint) -> Iterator[str]:
    """What of an endpoint isn't the same any more: first what its lists have lost, then the rest."""
    entries = [entry for entry in PARTS["endpoints"].fields if entry.lost]
    for entry in sorted(entries, key=lambda entry: entry.reads.shape not in ("list", "names")):
        old, new = (getattr(side, entry.attribute) for side in (endpoint, other))
        if old != new and (said := _describe_loss(entry, matrix, old, new)):
            yield f"“{endpoint.name}”: {said}"


def _describe_loss(entry: Field, matrix: Matrix, old: Any, new: Any) -> str:
    one, off = entry.lost or ("", "")
    if entry.reads.shape == "flag":
        return one if old else off
    if entry.reads.shape == "text":
        return f"{one} “{old if entry.names else shown(old)}”" if old else ""
    called = entry.reads.options(matrix) if entry.reads.options else entry.reads.say(matrix)
    lost = [called.get(value, value) for value in old if value not in new]
    return f"{one} {_some(lost)}" if lost else ""


def _describe_flow(flow: AdditionalFlow) -> str:
    ports = f" {flow.ports}" if flow.ports else ""
    reason = shown(" ".join(flow.reason.split()))
    return f"the additional flow from “{flow.source}” to “{flow.destination}”, {flow.protocol}{ports}: {reason}"


def _some(names: Sequence[str]) -> str:
    """The first few of many names, and how many more there are."""
    more = len(names) - 6
    return ", ".join(names[:6]) + (f" and {more:,} more" if more > 0 else "")
