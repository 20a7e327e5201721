"""An acceptance as pages and tickets say it: what is blocked and whom to ask, and each rule by its sources."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from planner.engine.acceptance import STATUSES, Acceptance, FlowState, RuleState, State, Status
from planner.engine.findings.firewalls import passes
from planner.engine.report import Report
from planner.plan.document import Endpoint
from planner.report.said.outline import describe_reasons
from planner.report.said.text import list_addresses
from ports.text import many, show_line

NAMES: dict[Status, str] = {
    "open": "open",
    "refused": "refused: way open, service down",
    "blocked": "blocked",
    "unproven": "unproven (UDP)",
    "not-tested": "not tested",
    "forbidden-open": "open that must stay closed",
}
"""What each status is called, in a few words."""
WORDS: dict[Status, str] = {
    "open": "open",
    "refused": "refused: the way is open, nobody listens",
    "blocked": "blocked",
    "unproven": "unproven: UDP that nobody has to answer",
    "not-tested": "not tested",
    "forbidden-open": "open although it must be closed",
}
"""The same as a clause, in lines and for other programs."""
SHORT: dict[Status, str] = {**NAMES, "refused": "refused", "unproven": "unproven", "forbidden-open": "open, forbidden"}
"""The same beside a source."""
_CAME = {
    "filtered": "no answer",
    "refused": "refused",
    "unresolved": "the name is not known",
    "error": "couldn't be tried",
    "unproven": "sent, nothing came back",
    "open": "answered",
}
NOT_PROVEN = "not proven closed"
"""How many rows of what must stay closed are, as a figure."""
_ACCEPTED = "Accepted: no flow that is needed is blocked or untested, and nothing {}is open that must stay closed."
_PASSED: dict[Status, str] = {
    "refused": "Refused: the way is open, and nothing answers there yet.",
    "unproven": "Unproven: it was sent by UDP, and nothing came back, so nothing speaks against it.",
    "blocked": "Blocked: another option of the same decision is open.",
}
"""What a flow of an acceptance that passes comes to where it isn't open."""
OF_A_RANGE = "Of a range of ports both ends and one port between are tried."
"""What results of a rule with one prove, as scripts and papers say it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """A flow that isn't as it must be."""

    rule: str
    """The number of its rule; empty within a zone."""
    source: Endpoint
    destination: Endpoint
    service: str
    came: str
    """What came back."""
    way: tuple[str, ...]
    """The firewalls on the path, as those who run them know them; none where the plan has none there."""
    ticket: str
    """Text for a ticket."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """A rule from one of its sources."""

    source: str
    status: Status
    milliseconds: int | None
    """The slowest answer; None unless all is open."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A rule with its sources."""

    rule: str
    services: str
    status: Status
    cells: tuple[Cell, ...]
    at: datetime | None
    """When the newest of its results was made."""
    runs: tuple[str, ...]
    """The names of the runs that say so."""


def say_accepted(acceptance: Acceptance) -> str:
    """That it passes, what those of its flows come to that passed without an answer, and what it says nothing of."""
    left = list_not_proven(acceptance)
    said = [sentence for status, sentence in _PASSED.items() if acceptance.counts[status]]
    return " ".join([_ACCEPTED.format("that was tried " if left else ""), *said, *left])


def list_not_proven(acceptance: Acceptance) -> tuple[str, ...]:
    """How much of what must stay closed may be open for all that results say, in sentences; none if all is known."""
    rows, beside = Counter(one.status for one in acceptance.closed), len(acceptance.beside)
    of_rows = f"of {many(len(acceptance.closed), 'row')} of what must stay closed"
    missing = sum(one.status == "not-tested" for one in acceptance.beside)
    said = {
        f"Not tested, or not all of it: {rows['not-tested']:,} {of_rows}.": rows["not-tested"],
        f"Unproven: {rows['unproven']:,} {of_rows}; it was sent by UDP, and nothing came back.": rows["unproven"],
        f"Not tested: {missing:,} of {many(beside, 'attempt')} beside the plan's ports.": missing,
    }
    return tuple(sentence for sentence, count in said.items() if count)


def count_not_proven(acceptance: Acceptance) -> int:
    """How many rows of what must stay closed may be open for all that results say."""
    return sum(one.status in ("not-tested", "unproven") for one in acceptance.closed)


def list_blocked(report: Report, acceptance: Acceptance) -> tuple[Trouble, ...]:
    """The flows that are blocked, and nothing excuses them; in the order of the report."""
    found = (one for one in acceptance.flows if one.status == "blocked" and not one.excused)
    return tuple(_describe(report, one) for one in found)


def _describe(report: Report, one: FlowState) -> Trouble:
    check, flow = one.state.check, one.flow
    way = tuple(_list_way(report, flow.source.zone, flow.destination.zone))
    service = f"{check.protocol} {check.ports or ''}".rstrip()
    came = say_came(one.state)
    return Trouble(
        rule=check.rule or "",
        source=flow.source,
        destination=flow.destination,
        service=service,
        came=came,
        way=way,
        ticket=_write_ticket(report, one, service, came, way),
    )


def _list_way(report: Report, source: str, destination: str) -> Iterator[str]:
    for firewall in report.plan.firewalls:
        if passes(firewall, source, destination):
            yield f"{firewall.name}: {firewall.zones[source]} → {firewall.zones[destination]}"


def say_came(state: State) -> str:
    """What came back of the worst attempt: no answer from 10.0.0.20, port 1433 (connection timed out)."""
    if not state.seen:
        return ""
    result = state.seen[0].result
    said = f"{_CAME.get(result.outcome, result.outcome)} from {result.address}"
    said += f", port {result.port}" if result.port else ""
    return said + (f" ({result.error})" if result.error else "")


def _write_ticket(report: Report, one: FlowState, service: str, came: str, way: Iterable[str]) -> str:
    """Plain text; names are on one line each, whatever is in them."""
    rule, run = one.state.check.rule, one.state.seen[0].run.results if one.state.seen else None
    lines = [
        f"Blocked: {service} from {show_line(one.flow.source.name)} to {show_line(one.flow.destination.name)}",
        f"Plan: {show_line(report.plan.name)}" + (f", rule {rule}" if rule else ", within a zone"),
        f"Source: {show_line(_say_end(one.flow.source))}",
        f"Destination: {show_line(_say_end(one.flow.destination))}",
        f"Service: {service}",
        f"Why: {show_line(describe_reasons(one.flow.need.reasons))}",
        f"What came back: {show_line(came)}",
    ]
    if run is not None:
        lines.append(f"Tried: {run.started:%Y-%m-%d %H:%M} UTC" + (f", on {show_line(run.host)}" if run.host else ""))
    lines += [f"On the way: {show_line(firewall)}" for firewall in way]
    return "\n".join(lines) + "\n"


def _say_end(endpoint: Endpoint) -> str:
    return f"{endpoint.name} ({', '.join(list_addresses(endpoint))})"


def list_forbidden(acceptance: Acceptance) -> tuple[str, ...]:
    """What is open and must not be: a sentence each, once."""
    found: dict[str, None] = {}
    for state in _list_holes(acceptance):
        check = state.check
        service = f"{check.protocol} {check.ports or ''}".rstrip()
        host = state.seen[0].run.results.host if state.seen else ""
        on = f", on {host}" if host else ""
        found[f"{check.source} reaches {check.destination} on {service}: {say_came(state)}{on}"] = None
    return tuple(found)


def list_hole_runs(acceptance: Acceptance) -> tuple[str, ...]:
    """The names of the runs that found what is open and must not be, each once."""
    seen = (one for state in _list_holes(acceptance) for one in state.seen)
    return tuple(dict.fromkeys(one.run.name for one in seen if one.result.outcome in ("open", "refused")))


def _list_holes(acceptance: Acceptance) -> Iterator[State]:
    states = [state for row in acceptance.closed for state in row.states]
    states += [*acceptance.beside, *(one.state for one in acceptance.flows if one.status == "forbidden-open")]
    return (state for state in states if state.status == "forbidden-open" or not state.check.closed)


def list_rows(acceptance: Acceptance) -> tuple[Row, ...]:
    """The rules with their sources, in the order of the report."""
    return tuple(map(_make_row, acceptance.rules))


def _make_row(one: RuleState) -> Row:
    by_source: dict[str, list[FlowState]] = {}
    for flow in one.flows:
        by_source.setdefault(flow.flow.source.name, []).append(flow)
    seen = [seen for flow in one.flows for seen in flow.state.seen]
    return Row(
        rule=one.rule.id,
        services=", ".join(f"{ports.protocol} {ports.ports or ''}".rstrip() for ports in one.rule.services),
        status=one.status,
        cells=tuple(_make_cell(source, flows) for source, flows in by_source.items()),
        at=max((one.run.results.started for one in seen), default=None),
        runs=tuple(dict.fromkeys(one.run.name for one in seen)),
    )


def _make_cell(source: str, flows: list[FlowState]) -> Cell:
    status = min((flow.status for flow in flows), key=STATUSES.index)
    took = [seen.result.milliseconds or 0 for flow in flows for seen in flow.state.seen]
    return Cell(source=source, status=status, milliseconds=max(took, default=None) if status == "open" else None)
