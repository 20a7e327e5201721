"""Which rules break what the plan says must stay closed, in the words that stand at each of them. Pure.

A rule is needed by what the document or the plan asks for, and forbidden by a row of the plan: it stands in every list
of rules as all others do, so that each of them has to say it.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import chain, product

from planner.engine.compare import flow_key
from planner.engine.prohibitions import Closed
from planner.engine.report import Report
from planner.engine.rules import Opening, Ports, Rule
from planner.plan.document import Endpoint
from planner.report.said.closed import say_closed_by
from ports.text import cut, show_line

FORBIDDEN = "Forbidden"
"""The mark of such a rule."""
MOST_ROWS = 3
"""How many rows of the plan are said at one rule."""
MOST_REASON = 160
"""How many letters of the reason of each."""


class Breaches:
    """What the plan's own prohibitions say of the flows of a report."""

    def __init__(self, report: Report) -> None:
        alike: dict[int, list[Closed]] = defaultdict(list)  # rows that forbid the same share what breaks them
        for closed in report.closed:
            if closed.number is not None:
                alike[id(closed.breaking)].append(closed)
        self._rows: dict[Opening, list[list[Closed]]] = defaultdict(list)
        for rows in alike.values():
            for flow in rows[0].breaking:
                self._rows[flow_key(flow)].append(rows)

    def say(self, openings: Iterable[Opening]) -> str:
        """What forbids one of these, without a full stop; empty where nothing does."""
        if not self._rows:
            return ""
        found = {id(alike): alike for opening in openings for alike in self._rows.get(opening, ())}
        rows = sorted(chain.from_iterable(found.values()), key=lambda row: row.number or 0)
        said = [_say(row) for row in rows[:MOST_ROWS]]
        more = len(rows) - len(said)
        return "; ".join([*said, f"and {more:,} more"] if more else said)

    def say_rule(self, rule: Rule, services: Iterable[Ports] | None = None) -> str:
        """The same of a rule or of a part of one, or of some of its services alone."""
        return self.say(
            list_openings(rule.sources, rule.destinations, rule.services if services is None else services)
        )

    def mark(self, rule: Rule, services: Iterable[Ports] | None = None) -> str:
        """The mark with it, for a cell of text: "Forbidden: the plan keeps …"; empty where nothing forbids it."""
        said = self.say_rule(rule, services)
        return f"{FORBIDDEN}: {said}." if said else ""


def list_openings(
    sources: Iterable[Endpoint], destinations: Iterable[Endpoint], services: Iterable[Ports]
) -> Iterator[Opening]:
    """Each service from each source to each destination."""
    for source, destination, ports in product(sources, destinations, services):
        yield source.name, destination.name, *ports


def _say(row: Closed) -> str:
    reason = cut(show_line(row.reason).strip().rstrip("."), MOST_REASON)
    return f"{say_closed_by(row)}: {reason}" if reason else say_closed_by(row)
