"""The report: all that is known about a plan under a matrix, frozen. Every output reads it and nothing else."""

from dataclasses import dataclass

from planner.engine.findings import (
    CaveatState,
    Decision,
    Evidence,
    Finding,
    find_caveats,
    find_decisions,
    find_findings,
)
from planner.engine.flows import Flow, Terms, Topology, derive_flows
from planner.engine.rules import Boundary, Rule, ZoneGroup, consolidate, group_zones
from planner.engine.unneeded import LocalFlows, Unneeded, find_local_flows, find_unneeded
from planner.plan.document import Plan
from ports.matrix import Matrix


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Report:
    """Flows, rules and findings of one plan under one matrix."""

    plan: Plan
    matrix: Matrix
    flows: tuple[Flow, ...]
    boundaries: tuple[Boundary, ...]
    zone_groups: tuple[ZoneGroup, ...]
    findings: tuple[Finding, ...]
    decisions: tuple[Decision, ...]
    caveats: tuple[CaveatState, ...]
    unneeded: tuple[Unneeded, ...]
    local: tuple[LocalFlows, ...]
    ports: dict[str, str | None]
    """Service slug -> its ports in this plan, overrides and corrections applied."""
    too_large: str = ""
    """For `outline_plan` alone: the sentence that says why nothing was evaluated."""

    @property
    def rules(self) -> tuple[Rule, ...]:
        """The rules of all boundaries, in their order."""
        return tuple(rule for boundary in self.boundaries for rule in boundary.rules)


def evaluate_report(matrix: Matrix, plan: Plan) -> Report:
    """Evaluate a plan that was checked against this matrix. Pure and deterministic; raises TooLarge alone."""
    topology = Topology(matrix, plan)
    terms = Terms(matrix, plan, topology)
    flows = derive_flows(topology, terms)
    groups = group_zones(plan)
    boundaries = consolidate(matrix, plan, flows, groups)
    evidence = Evidence(topology, terms, flows, boundaries)
    return Report(
        plan=plan,
        matrix=matrix,
        flows=flows,
        boundaries=boundaries,
        zone_groups=tuple(dict.fromkeys(groups.values())),
        findings=find_findings(evidence),
        decisions=find_decisions(evidence),
        caveats=find_caveats(evidence),
        unneeded=find_unneeded(topology, terms, flows),
        local=find_local_flows(flows),
        ports={slug: terms.ports(service) for slug, service in matrix.services.items()},
    )


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
        boundaries=(),
        zone_groups=tuple(dict.fromkeys(group_zones(plan).values())),
        findings=(),
        decisions=(),
        caveats=(),
        unneeded=(),
        local=(),
        ports={slug: terms.ports(service) for slug, service in matrix.services.items()},
        too_large=too_large,
    )
