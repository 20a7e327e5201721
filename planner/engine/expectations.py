"""What somebody expects of a plan, held against what it comes to: the `expect` rows. Pure."""

from dataclasses import dataclass

from planner.engine.ask import End, ask_between, find_zone
from planner.engine.prohibitions import Side, forbids
from planner.engine.report import Report
from planner.engine.rules import Ports
from planner.plan.fields import Expectation
from ports.text import many, short

_EVERY_PORT = "1-65535"
_EVERYTHING: tuple[Ports, ...] = (Ports("tcp", _EVERY_PORT), Ports("udp", _EVERY_PORT), Ports("icmp", None))


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
    return tuple(_check(report, number, row) for number, row in enumerate(report.plan.expect))


def _check(report: Report, number: int, row: Expectation) -> Expected:
    trouble = _miss(report, row) if row.allowed else _admit(report, row)
    because = f" The plan expects otherwise: {row.reason.strip()}" if trouble and row.reason else ""
    return Expected(number=number, said=_say(row), met=not trouble, reason=trouble + because)


def _say(row: Expectation) -> str:
    what = f"{row.protocol} {row.ports or ''}".rstrip() if row.protocol else "everything"
    if not row.allowed:
        what = what if row.protocol else "anything"
    sides = [
        f"{'the zone ' if 'zone' in side else ''}{short(*side.values())}" for side in (row.source, row.destination)
    ]
    return f"{what} from {sides[0]} to {sides[1]} is {'' if row.allowed else 'not '}allowed"


def _miss(report: Report, row: Expectation) -> str:
    """What of the packets isn't allowed; empty where all are."""
    ports = None if row.protocol == "icmp" else row.ports or _EVERY_PORT
    packets = (Ports(row.protocol, ports),) if row.protocol else _EVERYTHING
    here, there = _find(report, row.source), _find(report, row.destination)
    answers = (ask_between(report, here, there, packet) for packet in packets)
    return next((answer.reason for answer in answers if answer.outcome != "allowed"), "")


def _admit(report: Report, row: Expectation) -> str:
    """What flows admit of the packets; empty where none does."""
    found = [
        flow
        for flow in report.flows
        if flow.scope != "same-host"
        and forbids(row.protocol, row.ports, flow.need.protocol, flow.need.ports)
        and _is_on(row.source, flow.source.zone, flow.source.name)
        and _is_on(row.destination, flow.destination.zone, flow.destination.name)
    ]
    if not found:
        return ""
    first = found[0]
    service = f"{first.need.protocol} {first.need.ports or ''}".rstrip()
    more = f" and {many(len(found) - 1, 'more flow')}" if len(found) > 1 else ""
    why = str(next(iter(first.need.reasons), "")).rstrip(".")
    reason = f": {why}." if why else "."
    return (
        f"The plan asks for {service} from {short(first.source.name)} to {short(first.destination.name)}{more}{reason}"
    )


def _find(report: Report, side: Side) -> End:
    """A side of a row, which is there: the reader has seen to it."""
    zone = find_zone(report, side["zone"]) if "zone" in side else None
    if zone is not None:
        return zone
    name = side.get("endpoint", "")
    unit = tuple(endpoint for endpoint in report.plan.endpoints if endpoint.name == name)
    return End(said=name, units=(unit,), zones=frozenset(endpoint.zone for endpoint in unit))


def _is_on(side: Side, zone: str, endpoint: str) -> bool:
    return side["zone"] == zone if "zone" in side else side["endpoint"] == endpoint
