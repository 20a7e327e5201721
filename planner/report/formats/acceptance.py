"""An acceptance as text and as JSON: what the command line prints."""

from collections.abc import Iterable, Iterator
from typing import Any

from planner.engine.acceptance import STATUSES, Acceptance, FlowState, State, Status
from planner.engine.report import Report
from planner.plan.syntax import to_json
from planner.report.formats.json import closed_data, flow_data
from planner.report.said.acceptance import WORDS, list_not_proven
from ports.text import many, show_line

MOST_LISTED = 200
"""How many flows of one status the text lists."""


def acceptance_data(report: Report, acceptance: Acceptance) -> dict[str, Any]:
    """An acceptance as plain data; docs/checks.md describes the keys."""
    return {
        "format": 1,
        "plan": report.plan.name,
        "passed": acceptance.passed,
        "flows": [
            flow_data(one.flow, report.matrix) | {"status": one.status, "excused": one.excused}
            for one in acceptance.flows
        ],
        "rules": [{"id": one.rule.id, "status": one.status} for one in acceptance.rules],
        "closed": [closed_data(one.closed) | {"status": one.status} for one in acceptance.closed],
        "beside": [_beside_data(state) for state in acceptance.beside],
        "counts": acceptance.counts,
        "messages": list(acceptance.messages),
    }


def _beside_data(state: State) -> dict[str, Any]:
    check = state.check
    return {
        "source": check.source,
        "destination": check.destination,
        "protocol": check.protocol,
        "ports": check.ports,
        "status": state.status,
    }


def render_json(report: Report, acceptance: Acceptance) -> bytes:
    """An acceptance as JSON in UTF-8; the same report and runs give the same bytes."""
    return to_json(acceptance_data(report, acceptance)).encode()


def render_text(report: Report, acceptance: Acceptance) -> bytes:
    """An acceptance in lines for people: counts, and what isn't as it must be."""
    return "".join(f"{show_line(line)}\n" for line in _write(report, acceptance)).encode()


def _write(report: Report, acceptance: Acceptance) -> Iterator[str]:
    yield f"{'Accepted' if acceptance.passed else 'Not accepted'}: {report.plan.name}"
    for status in reversed(STATUSES):
        count = acceptance.counts[status]
        if count:
            yield f"{count:,} of {many(len(acceptance.flows), 'flow')} {WORDS[status]}"
    yield from list_not_proven(acceptance)
    rules = {opening: one.rule.id for one in acceptance.rules for opening in one.rule.openings()}
    listed: tuple[Status, ...] = ("forbidden-open", "blocked", "refused", "not-tested")
    for wanted in listed:
        found = [one for one in acceptance.flows if one.status == wanted]
        for one in found[:MOST_LISTED]:
            yield f"{WORDS[wanted].partition(':')[0]}: {_say(one, rules.get(one.state.check.opening))}"
        if len(found) > MOST_LISTED:
            yield f"{len(found) - MOST_LISTED:,} more {WORDS[wanted].partition(':')[0]}; --format json has all"
    for row in acceptance.closed:
        if row.status == "forbidden-open":
            ((_, source),), ((_, destination),) = row.closed.source.items(), row.closed.destination.items()
            yield f"{WORDS[row.status]}: {source} → {destination}: {'; '.join(_open_at(row.states))}"
    for said in _open_at(acceptance.beside):
        yield f"{WORDS['forbidden-open']}: {said}, where no flow of the plan leads"


def _say(one: FlowState, rule: str | None) -> str:
    check = one.state.check
    ends = f"{rule or 'within a zone'}: {check.source} → {check.destination} {check.protocol} {check.ports or ''}"
    seen = one.state.seen[0].result if one.state.seen else None
    came = f" ({seen.address}: {seen.error or seen.outcome})" if seen else ""
    excused = ", and another option of its choice is open" if one.excused else ""
    return f"{ends.rstrip()}{came}{excused}"


def _open_at(states: Iterable[State]) -> Iterator[str]:
    for state in states:
        if state.status == "forbidden-open":
            check = state.check
            yield f"{check.source} reaches {check.destination} on {check.protocol} {check.ports or ''}".rstrip()
