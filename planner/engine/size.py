"""How much there is of a plan and how much an evaluation would make of it, found before anything is made. Pure."""

import json
from collections.abc import Mapping
from typing import Any

from planner.engine.flows import TooLarge, count_pairs, find_needs
from planner.engine.report import Report
from planner.engine.takeover import can_take_over, share_endpoints
from planner.engine.terms import Terms
from planner.engine.topology import Topology
from planner.plan import limits
from planner.plan.document import Plan, dump_plan
from ports.matrix import Matrix


def check_size(
    matrix: Matrix,
    plan: Plan,
    before: Plan | None = None,
    *,
    document: Mapping[str, Any] | None = None,
    at_most: int | None = None,
    report: Report | None = None,
) -> None:
    """Raise TooLarge for a plan that is over one of planner.plan.limits, unless it is no larger than it was `before`.

    So a plan that is over a limit can be made smaller step by step, and none gets over one. Takes plans that were
    checked against this matrix. The cost grows with the documents; for a plan that is near the limit of flows, with
    planner.plan.limits.PAIRS, unless little changed since the plan of `report`, which is of any plan.
    `document` is that of the plan, for who has it already; `at_most` as many bytes as it takes, if not fewer.
    """
    if at_most is None or at_most > limits.DOCUMENT:
        _check_bytes(plan, before, document)
    endpoints = len(plan.endpoints)
    if endpoints > limits.ENDPOINTS and (before is None or endpoints > len(before.endpoints)):
        raise TooLarge(limits.say_endpoints(endpoints))
    if report is not None and _has_room(matrix, plan, report):
        return
    pairs, flows = _measure(matrix, plan)
    if pairs <= limits.PAIRS and flows <= limits.FLOWS:
        return
    if before is not None:
        pairs_before, flows_before = _measure(matrix, before)
        # A plan with too many pairs has got smaller when it has fewer, whatever becomes of the flows.
        if pairs <= pairs_before and (max(pairs, pairs_before) > limits.PAIRS or flows <= flows_before):
            return
    raise TooLarge(limits.say_pairs(pairs) if pairs > limits.PAIRS else limits.say_flows(flows))


def _check_bytes(plan: Plan, before: Plan | None, document: Mapping[str, Any] | None) -> None:
    size = _count_bytes(dump_plan(plan) if document is None else document)
    if size > limits.DOCUMENT and (before is None or size > _count_bytes(dump_plan(before))):
        raise TooLarge(limits.say_document(size))


def _count_bytes(document: Mapping[str, Any]) -> int:
    """The bytes of the document as JSON without white space: no more than any text has that it was read from."""
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
    return len(text.encode("utf-8", "surrogatepass"))


def _has_room(matrix: Matrix, plan: Plan, report: Report) -> bool:
    """Whether a plan is within the limits, if that can be told by what differs from an earlier one."""
    if report.basis is None or report.matrix is not matrix:
        return False
    plan = share_endpoints(plan, report.plan)
    topology = Topology(matrix, plan)
    try:
        return can_take_over(topology, Terms(matrix, plan, topology), report.basis)
    except TooLarge:
        return False


def _measure(matrix: Matrix, plan: Plan) -> tuple[int, int]:
    """Pairs and flows. Flows are only counted where there can be too many, and not where too many pairs say so."""
    topology = Topology(matrix, plan)
    terms = Terms(matrix, plan, topology)
    pairs = count_pairs(topology, terms)
    if not limits.FLOWS < pairs <= limits.PAIRS:
        return pairs, min(pairs, limits.FLOWS)
    return pairs, sum(len(needs) for _, _, needs in find_needs(topology, terms))
