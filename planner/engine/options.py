"""Which flows of undecided choices aren't needed, since another option of their choice is open already. Pure."""

from collections import defaultdict
from collections.abc import Iterable

from planner.engine.flows import Flow, list_options
from planner.engine.report import Report
from planner.engine.terms import Mark, Terms, marks_of, order_of
from planner.engine.topology import PLAIN, Topology


class Options:
    """The undecided options between each two endpoints, and whether all flows are open to which each of them leads.

    What something else needs outright isn't marked, and an option that leads to it is open all the same: so they are
    read from the requirements of each flow.
    """

    def __init__(self, report: Report, found: Iterable[tuple[Flow, bool]]) -> None:
        """`found`: flows of the report, and whether each is open."""
        topology = Topology(report.matrix, report.plan)
        terms = Terms(report.matrix, report.plan, topology)
        self._open: dict[tuple[str, str], dict[Mark, bool]] = defaultdict(dict)
        found = tuple(found)
        wanted = {_ends(flow) for flow, is_open in found if not is_open and flow.need.any_of}
        for flow, is_open in found:
            if _ends(flow) in wanted:
                between = self._open[_ends(flow)]
                setting = topology.settings.get(flow.destination.name, PLAIN)
                for mark in list_options(terms.under(setting), flow.need):
                    between[mark] = between.get(mark, True) and is_open

    def excuse(self, flow: Flow) -> bool:
        """Whether a flow that isn't open isn't needed if the open options are the ones that are taken."""
        between = self._open.get(_ends(flow), {})
        own = set(marks_of(flow.need.any_of))
        free = {mark.choice for mark, is_open in between.items() if mark not in own and is_open}
        return all(any(mark.choice in free for mark in marks) for marks in order_of(flow.need.any_of))


def _ends(flow: Flow) -> tuple[str, str]:
    return flow.source.name, flow.destination.name
