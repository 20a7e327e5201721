"""The report: all that is known about a plan under a matrix, frozen. Every output reads it and nothing else."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from planner.engine.boundaries import renew_boundaries
from planner.engine.findings import (
    CaveatState,
    Decision,
    Evidence,
    Finding,
    find_caveats,
    find_decisions,
    find_findings,
)
from planner.engine.flows import Excluded, Flow
from planner.engine.prohibitions import Closed, find_closed
from planner.engine.rules import Boundary, Rule, ZoneGroup, consolidate, group_zones
from planner.engine.takeover import Basis, Difference, derive, share_endpoints
from planner.engine.terms import Terms
from planner.engine.topology import Topology
from planner.engine.unneeded import LocalFlows, Unneeded, find_local_flows, find_unneeded
from planner.plan.document import Endpoint, Plan, Zone
from ports.matrix import Matrix, split_ports


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, weakref_slot=True)
class Report:
    """Flows, rules and findings of one plan under one matrix."""

    plan: Plan
    matrix: Matrix
    flows: tuple[Flow, ...]
    excluded: tuple[Excluded, ...]
    """What the document asks for and the plan excludes."""
    closed: tuple[Closed, ...]
    """What must stay closed."""
    boundaries: tuple[Boundary, ...]
    zone_groups: tuple[ZoneGroup, ...]
    findings: tuple[Finding, ...]
    decisions: tuple[Decision, ...]
    caveats: tuple[CaveatState, ...]
    unneeded: tuple[Unneeded, ...]
    local: tuple[LocalFlows, ...]
    ports: dict[str, str | None]
    """Service slug -> its ports in this plan, overrides and corrections applied; zones' and endpoints' own aside.
    Several are in one text, "80, 443"."""
    own_ports: dict[str, frozenset[str | None]]
    """Service slug -> every port that it has anywhere in this plan."""
    too_large: str = ""
    """For `outline_plan` alone: the sentence that says why nothing was evaluated."""
    basis: Basis | None = None
    """For the evaluation of another plan alone: what of it can be taken over."""
    whole: "Report | None" = None
    """Of a part alone: the report that it is a part of."""

    def list_own_ports(self) -> Iterator[tuple[str, str, str]]:
        """The zones and endpoints whose own ports differ from the plan's: name, slug of the service, ports."""
        rows: Iterable[Zone | Endpoint] = (*self.plan.zones, *self.plan.endpoints)
        for row in rows:
            for slug, ports in row.ports.items():
                if ports != self.ports[slug]:
                    yield row.name, slug, ports

    @property
    def questions(self) -> tuple[CaveatState, ...]:
        """The caveats with a correction that bear on the plan and wait for their answer."""
        return tuple(state for state in self.caveats if state.open)

    @property
    def rules(self) -> tuple[Rule, ...]:
        """The rules of all boundaries, in their order."""
        return tuple(rule for boundary in self.boundaries for rule in boundary.rules)


def evaluate_report(matrix: Matrix, plan: Plan, before: Report | None = None) -> Report:
    """Evaluate a plan that was checked against this matrix. Pure and deterministic; raises TooLarge alone.

    `before` is the report of any plan: what of it still holds is taken over, which is quicker where little changed,
    and makes no difference otherwise.
    """
    basis = before.basis if before is not None and before.matrix is matrix else None
    if before is not None and basis is not None:
        plan = share_endpoints(plan, before.plan)
    topology = Topology(matrix, plan)
    terms = Terms(matrix, plan, topology)
    (flows, excluded), basis, difference = derive(topology, terms, basis)
    closed = find_closed(topology, terms, flows)
    groups = group_zones(plan)
    boundaries = fold_flows(matrix, plan, flows, groups, before, difference)
    evidence = Evidence(topology, terms, flows, boundaries, excluded, closed)
    findings = find_findings(evidence)
    return Report(
        plan=plan,
        matrix=matrix,
        flows=flows,
        excluded=excluded,
        closed=closed,
        boundaries=boundaries,
        zone_groups=_list_groups(groups),
        findings=findings,
        decisions=find_decisions(evidence),
        caveats=find_caveats(evidence),
        unneeded=find_unneeded(topology, terms, evidence.asked, findings),
        local=find_local_flows(flows),
        ports={slug: terms.ports(service) for slug, service in matrix.services.items()},
        own_ports=_list_ports(matrix, topology, terms),
        basis=basis,
    )


def fold_flows(
    matrix: Matrix,
    plan: Plan,
    flows: tuple[Flow, ...],
    groups: Mapping[str, ZoneGroup],
    before: Report | None,
    difference: Difference | None,
) -> tuple[Boundary, ...]:
    """What `consolidate` makes of the flows of a plan, whose groups of zones these are.

    `difference` is from the flows of the report before; None where that isn't known or there is none.
    """
    if before is None or difference is None:
        return consolidate(matrix, plan, flows, groups)
    gone, came = difference
    if before.plan.exclusions or plan.exclusions:
        # What the plan excludes can be another part of the same flows.
        then, now = set(map(id, before.flows)), set(map(id, flows))
        gone = [flow for flow in before.flows if id(flow) not in now]
        came = [flow for flow in flows if id(flow) not in then]
    return renew_boundaries(
        matrix, plan, flows, groups, before=before.boundaries, groups_before=before.zone_groups, gone=gone, came=came
    )


def _list_groups(groups: Mapping[str, ZoneGroup]) -> tuple[ZoneGroup, ...]:
    """Each group once. By identity: a group of thousands of zones is as many names, for each zone of it once more."""
    return tuple({id(group): group for group in groups.values()}.values())


def _list_ports(matrix: Matrix, topology: Topology, terms: Terms) -> dict[str, frozenset[str | None]]:
    found = {slug: {*split_ports(terms.ports(service))} for slug, service in matrix.services.items()}
    for slug, ports in {own for setting in topology.settings.values() for own in setting.ports}:
        found[slug].update(split_ports(ports))
    return {slug: frozenset(ports) for slug, ports in found.items()}


def outline_plan(matrix: Matrix, plan: Plan, too_large: str) -> Report:
    """What can be shown of a plan that is too large to be evaluated, so that it can be mended: itself, and no flow.

    No report of it: `too_large` says so in a sentence, and stands where the report would.
    """
    topology = Topology(matrix, plan)
    terms = Terms(matrix, plan, topology)
    return Report(
        plan=plan,
        matrix=matrix,
        flows=(),
        excluded=(),
        closed=(),
        boundaries=(),
        zone_groups=_list_groups(group_zones(plan)),
        findings=(),
        decisions=(),
        caveats=(),
        unneeded=(),
        local=(),
        ports={slug: terms.ports(service) for slug, service in matrix.services.items()},
        own_ports=_list_ports(matrix, topology, terms),
        too_large=too_large,
    )
