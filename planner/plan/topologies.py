"""The ready-made topologies of a matrix as plans to start from."""

from dataclasses import fields
from typing import Any

from planner.plan.document import Plan, PlanError, check_plan
from ports.matrix import Matrix, Topology


def read_topologies(matrix: Matrix) -> dict[str, Plan]:
    """The plans of all topologies by slug, in the matrix's order; one that is no plan to the letter is left out.

    Which those are, and why, `find_topology_faults` says.
    """
    plans = {}
    for slug in matrix.topologies:
        try:
            plans[slug] = read_topology(matrix, slug)
        except PlanError:
            continue
    return plans


def read_topology(matrix: Matrix, slug: str) -> Plan:
    """The plan of one topology. Raises KeyError when there is none of that slug, PlanError when it is no plan."""
    return check_plan(_write_document(matrix.topologies[slug]), matrix=matrix)


def find_topology_faults(matrix: Matrix) -> list[str]:
    """What keeps topologies from being plans, in sentences that say which and where; empty when nothing does."""
    faults = []
    for slug in matrix.topologies:
        try:
            read_topology(matrix, slug)
        except PlanError as error:
            faults += [f"topology '{slug}', {fault.where}: {fault.message}" for fault in error.faults]
    return faults


def _write_document(topology: Topology) -> dict[str, Any]:
    """The plan document that a topology stands for."""
    return {
        "format": 1,
        "name": topology.name,
        "description": topology.description,
        "zones": [{"name": zone.name, "kind": zone.kind} for zone in topology.zones],
        "endpoints": [
            {field.name: _plain(getattr(endpoint, field.name)) for field in fields(endpoint)}
            for endpoint in topology.endpoints
        ],
        "choices": {slug: _plain(chosen) for slug, chosen in topology.choices},
        "corrections": list(topology.corrections),
        "as_documented": list(topology.as_documented),
    }


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value
