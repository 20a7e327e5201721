"""How much there is of a plan and how much an evaluation would make of it, found before anything is made. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from planner.engine.flows import Flow, TooLarge, count_pairs, exclude, find_needs, make_flows
from planner.engine.prohibitions import count_broken
from planner.engine.report import Report
from planner.engine.takeover import find_asked, share_endpoints
from planner.engine.terms import Terms
from planner.engine.topology import Topology
from planner.plan import limits
from planner.plan.document import Plan, dump_plan
from planner.plan.syntax import count_values, to_compact
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
    """Raise TooLarge for a plan that is over one of planner.plan.limits, unless it is no more over than `before`.

    So a plan that is over a limit can be made smaller step by step, and none gets over one. Takes plans that were
    checked against this matrix. The cost grows with the documents; for a plan that is near the limit of flows, with
    planner.plan.limits.PAIRS, unless little changed since the plan of `report`, which is of any plan.
    `document` is that of the plan, for who has it already; `at_most` as many bytes as it takes, if not fewer.
    """
    _check_document(plan, before, document, at_most)
    endpoints = len(plan.endpoints)
    if endpoints > limits.ENDPOINTS and (before is None or endpoints > len(before.endpoints)):
        raise TooLarge(limits.say_endpoints(endpoints))
    if report is not None and _has_room(matrix, plan, report):
        return
    now = _measure(matrix, plan)
    if not now.over or (before is not None and now.is_no_larger(_measure(matrix, before))):
        return
    raise TooLarge(now.over)


def _check_document(plan: Plan, before: Plan | None, document: Mapping[str, Any] | None, at_most: int | None) -> None:
    """A document has no more bytes and values than are read, so that what is stored can be exported and read again."""
    now = document
    for most, least, count, say in (
        (limits.DOCUMENT, 1, _count_bytes, limits.say_document),
        (limits.VALUES, 4, count_values, limits.say_values),  # the shortest is a letter in quotes, with a comma
    ):
        if at_most is not None and at_most <= most * least:
            continue
        now = dump_plan(plan) if now is None else now
        found = count(now)
        if found > most and (before is None or found > count(dump_plan(before))):
            raise TooLarge(say(found))


def _count_bytes(document: Mapping[str, Any]) -> int:
    """The bytes of the document as JSON without white space: no more than any text has that it was read from."""
    return len(to_compact(document).encode("utf-8", "surrogatepass"))


def _has_room(matrix: Matrix, plan: Plan, report: Report) -> bool:
    """Whether a plan is within the limits, if that can be told by what differs from an earlier one."""
    if report.basis is None or report.matrix is not matrix:
        return False
    plan = share_endpoints(plan, report.plan)
    topology = Topology(matrix, plan)
    try:
        asked = find_asked(topology, Terms(matrix, plan, topology), report.basis)
    except TooLarge:
        return False
    return asked is not None and _count_broken(plan, asked) <= limits.BROKEN


class _Measure(NamedTuple):
    """What there is of a plan; 0 for what isn't counted since it can't be too much, or something before it is."""

    pairs: int
    flows: int
    broken: int

    @property
    def over(self) -> str:
        """What is wrong with so much, in a sentence; empty if nothing is."""
        if self.pairs > limits.PAIRS:
            return limits.say_pairs(self.pairs)
        if self.flows > limits.FLOWS:
            return limits.say_flows(self.flows)
        return limits.say_broken(self.broken) if self.broken > limits.BROKEN else ""

    def is_no_larger(self, before: "_Measure") -> bool:
        """Whether the first of it that is too much isn't more: what follows that isn't counted.

        What is within its limit may grow, as to break rows less often can take more flows. What wasn't counted before,
        as something else was too much that isn't any more, has to be within its own: but for flows, which pairs bound.
        """
        if self.pairs > limits.PAIRS:
            return self.pairs <= before.pairs
        if self.flows > limits.FLOWS:
            return before.pairs > limits.PAIRS or self.flows <= before.flows
        return self.broken <= max(before.broken, limits.BROKEN)


def _measure(matrix: Matrix, plan: Plan) -> _Measure:
    topology = Topology(matrix, plan)
    terms = Terms(matrix, plan, topology)
    pairs = count_pairs(topology, terms)
    if pairs > limits.PAIRS or (pairs <= limits.FLOWS and pairs * len(plan.never) <= limits.BROKEN):
        return _Measure(pairs, 0, 0)
    found = find_needs(topology, terms)
    flows = sum(len(needs) for _, _, needs in found)
    if flows > limits.FLOWS or flows * len(plan.never) <= limits.BROKEN:
        return _Measure(pairs, flows, 0)
    return _Measure(pairs, flows, _count_broken(plan, make_flows(found)))


def _count_broken(plan: Plan, asked: Sequence[Flow]) -> int:
    """How often flows break the plan's rows of `never`; 0 where they can't do so too often."""
    if len(asked) * len(plan.never) <= limits.BROKEN:
        return 0
    return count_broken(plan.never, exclude(plan, asked).flows)
