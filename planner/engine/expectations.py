"""What somebody expects of a plan, held against what it comes to: the `expect` rows. Pure."""

from collections import defaultdict
from dataclasses import dataclass

from planner.engine.ask import Asker, End, end_of_zone, may_have
from planner.engine.flows import Flow
from planner.engine.prohibitions import Between, Side
from planner.engine.report import Report
from planner.engine.rules import Ports
from planner.plan.document import Endpoint
from planner.plan.fields import Expectation
from ports.text import many, short

_EVERY_PORT = "1-65535"
_EVERYTHING: tuple[Ports, ...] = (Ports("tcp", _EVERY_PORT), Ports("udp", _EVERY_PORT))
_PING = Ports("icmp", None)
"""It belongs to everything where it can be sent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """An expectation of the plan, and whether the plan is so."""

    number: int
    """Which of the plan's `expect` rows it is, from 0."""
    said: str
    """What is expected, in a clause."""
    met: bool
    reason: str
    """Why it isn't so, in sentences; empty where it is."""


def check_expectations(report: Report) -> tuple[Expected, ...]:
    """Each `expect` row of a report's plan, in its order.

    What is to be allowed is so if everything of it is (`planner.engine.ask`); what is not to be allowed, if nothing
    of it is: no flow between different machines that has one of its ports, whatever asks for it.
    """
    checking = _Checking(report)
    return tuple(checking.check(number, row) for number, row in enumerate(report.plan.expect))


class _Checking:
    """The rows of a report's plan held against its flows, which are gone through once for all of them."""

    def __init__(self, report: Report) -> None:
        self._asker = Asker(report)
        refused = [row for row in report.plan.expect if not row.allowed]
        self._between = Between(
            refused, (flow for flow in report.flows if flow.scope != "same-host" and _is_sent(flow))
        )
        self._members: dict[str, list[Endpoint]] = defaultdict(list)
        for endpoint in report.plan.endpoints:
            self._members[endpoint.zone].append(endpoint)
        self._endpoints = {endpoint.name: endpoint for endpoint in report.plan.endpoints}
        self._missed: dict[tuple[object, ...], str] = {}
        """By sides, protocol and ports, which rows can have in common: what isn't allowed."""

    def check(self, number: int, row: Expectation) -> Expected:
        """Whether a row is met."""
        trouble = self._miss(row) if row.allowed else self._admit(row)
        because = f" The plan expects otherwise: {row.reason.strip()}" if trouble and row.reason else ""
        return Expected(number=number, said=_say(row), met=not trouble, reason=trouble + because)

    def _miss(self, row: Expectation) -> str:
        """What of the packets isn't allowed; empty where all are."""
        asked = *row.source.items(), *row.destination.items(), row.protocol, row.ports
        if asked not in self._missed:
            self._missed[asked] = self._ask(row)
        return self._missed[asked]

    def _ask(self, row: Expectation) -> str:
        ports = None if row.protocol == "icmp" else row.ports or _EVERY_PORT
        ends = self._find(row.source), self._find(row.destination)
        packets = (Ports(row.protocol, ports),) if row.protocol else _EVERYTHING
        if not row.protocol and _may_ping(*ends):
            packets = (*packets, _PING)
        return next(filter(None, (self._asker.say_lacking(*ends, packet) for packet in packets)), "")

    def _find(self, side: Side) -> End:
        """A side of a row, which is there: the reader has seen to it."""
        if "zone" in side:
            return end_of_zone(side["zone"], self._members[side["zone"]])
        endpoint = self._endpoints[side["endpoint"]]
        return End(said=endpoint.name, units=((endpoint,),), zones=frozenset([endpoint.zone]))

    def _admit(self, row: Expectation) -> str:
        """What flows admit of the packets; empty where none does."""
        first = self._between.find_first(row)
        if first is None:
            return ""
        count = self._between.count(row)
        service = f"{first.need.protocol} {first.need.ports or ''}".rstrip()
        more = f" and {many(count - 1, 'more flow')}" if count > 1 else ""
        why = str(next(iter(first.need.reasons), "")).rstrip(".")
        reason = f": {why}." if why else "."
        ends = f"{short(first.source.name)} to {short(first.destination.name)}"
        return f"The plan asks for {service} from {ends}{more}{reason}"


def _is_sent(flow: Flow) -> bool:
    """Whether a flow has any packet: a ping that a plan asks for is one of IPv4."""
    return flow.need.protocol != "icmp" or (may_have(flow.source, 4) and may_have(flow.destination, 4))


def _may_ping(here: End, there: End) -> bool:
    """Whether a ping can go from any machine of one side to another one of the other side."""
    sides = [[endpoint for endpoint in end.endpoints if may_have(endpoint, 4)] for end in (here, there)]
    return all(sides) and not (sides[0] == sides[1] and len(sides[0]) == 1 and not sides[0][0].group)


def _say(row: Expectation) -> str:
    what = f"{row.protocol} {row.ports or ''}".rstrip() if row.protocol else "everything"
    if not row.allowed:
        what = what if row.protocol else "anything"
    sides = [
        f"{'the zone ' if 'zone' in side else ''}{short(*side.values())}" for side in (row.source, row.destination)
    ]
    return f"{what} from {sides[0]} to {sides[1]} is {'' if row.allowed else 'not '}allowed"
