"""Findings that results of checks add to those of a plan: verified and blocked again, open and must be closed. Pure.

A plan alone has none of them, so they are no part of its evaluation. They join the report of a stored plan, of which
results are kept (`planner.store.verified`).
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace

from planner.engine.acceptance import Acceptance, FlowState, State
from planner.engine.findings import sort_findings
from planner.engine.findings.evidence import Finding, both_ends, say_count, say_endpoints
from planner.engine.findings.firewalls import passes
from planner.engine.flows import Flow
from planner.engine.report import Report
from planner.engine.rules import Opening
from ports.text import plural, short

MOST_NAMED = 3
"""How many connections or rules a message names; it counts the others."""


def find_results(
    report: Report, acceptance: Acceptance, verified: Collection[str], later: Collection[Opening] = ()
) -> tuple[Finding, ...]:
    """What an acceptance of this report finds.

    `verified` are the numbers of the rules that have been verified, `later` what they open since then alone.
    """
    return (*_find_blocked(report, acceptance, verified, later), *_find_open(acceptance))


def add_findings(report: Report, findings: Iterable[Finding]) -> Report:
    """The report with these findings among its own, in the order that all of them have."""
    return replace(report, findings=sort_findings((*report.findings, *findings)))


# ---- verified, and blocked again ----


def _find_blocked(
    report: Report, acceptance: Acceptance, verified: Collection[str], later: Collection[Opening]
) -> Iterator[Finding]:
    """One for each firewall that can have done it, however many rules it blocks; one where no firewall is on the way.

    Of several on the way the one on most of the ways that are blocked is named: that needs the fewest causes.
    """
    ways: dict[int, tuple[str, ...]] = {}
    blocked: list[tuple[str, FlowState]] = []
    for state in acceptance.rules:
        for flow in state.flows if state.rule.id in verified else ():
            if flow.status == "blocked" and not flow.excused and _opening_of(flow.flow) not in later:
                blocked.append((state.rule.id, flow))
                ways[id(flow)] = _list_way(report, flow)
    counts = Counter(name for way in ways.values() for name in way)
    together: dict[str | None, list[tuple[str, FlowState]]] = defaultdict(list)
    for number, flow in blocked:
        firewall = max(ways[id(flow)], key=lambda name: counts[name], default=None)
        together[firewall].append((number, flow))
    for firewall, found in together.items():
        yield _say_blocked(firewall, found)


def _opening_of(flow: Flow) -> Opening:
    return flow.source.name, flow.destination.name, flow.need.protocol, flow.need.ports


def _list_way(report: Report, state: FlowState) -> tuple[str, ...]:
    zones = state.flow.source.zone, state.flow.destination.zone
    return tuple(firewall.name for firewall in report.plan.firewalls if passes(firewall, *zones))


def _say_blocked(firewall: str | None, found: Sequence[tuple[str, FlowState]]) -> Finding:
    rules = list(dict.fromkeys(number for number, _ in found))
    named = ", ".join(rules[:MOST_NAMED])
    if len(rules) > MOST_NAMED:
        named += f" and {len(rules) - MOST_NAMED:,} more"
    on_the_way = f"{short(firewall)} is on the way" if firewall else "No firewall of the plan is on the way"
    whom = f"Ask who runs {short(firewall)}" if firewall else "Ask who runs what is between the zones"
    return Finding(
        code="verified-blocked",
        severity="error",
        title="Verified, and blocked again",
        subject=firewall,
        endpoints=both_ends(one.flow for _, one in found),
        message=f"{say_count(len(found), 'flow', 'flows')} of rules that were verified ({named}) "
        f"{plural(len(found), 'was', 'were')} blocked when tried last. {on_the_way}.",
        advice=f"{whom}: the acceptance has the text for the ticket. Then run the check scripts again.",
    )


# ---- open, and must be closed ----


def _find_open(acceptance: Acceptance) -> Iterator[Finding]:
    """One for each row that must stay closed and isn't, one for all that is open beside the plan's ports."""
    forbidden = {id(one.flow): one.state for one in acceptance.flows if one.status == "forbidden-open"}
    by_subject: dict[str, tuple[str, tuple[str, ...], dict[str, State]]] = {}
    for row in acceptance.closed:
        states = [one for one in row.states if one.status == "forbidden-open"]
        states += [forbidden[id(flow)] for flow in row.closed.breaking if id(flow) in forbidden]
        if states:
            number, sections = row.closed.number, row.closed.sections
            subject, why = f"never[{number}]", f"the plan says so: {short(row.closed.reason)}"
            if number is None:
                subject = ", ".join(sections)
                why = f"the document says so (§{subject})"
            _, _, known = by_subject.setdefault(subject, (why, sections, {}))
            known.update((state.check.id, state) for state in states)
    for subject, (why, sections, known) in by_subject.items():
        yield _say_open(subject, list(known.values()), f"It must stay closed; {why}.", sections)
    beside = [state for state in acceptance.beside if state.status == "forbidden-open"]
    if beside:
        yield _say_open(None, beside, "No flow of the plan leads there.", ())


def _say_open(subject: str | None, states: Sequence[State], why: str, sections: tuple[str, ...]) -> Finding:
    names = tuple(sorted({name for state in states for name in state.check.opening[:2]}))
    said = [_say(state) for state in states[:MOST_NAMED]]
    more = f" and {len(states) - MOST_NAMED:,} more" if len(states) > MOST_NAMED else ""
    return Finding(
        code="open-though-closed",
        severity="error",
        title="Open, and must be closed",
        subject=subject,
        endpoints=names,
        message=f"{say_count(len(states), 'connection', 'connections')} between {say_endpoints(names)} answered when "
        f"tried last: {'; '.join(said)}{more}. {why}",
        advice="Have the firewalls between them close it, then run the check scripts again.",
        sections=sections,
    )


def _say(state: State) -> str:
    check = state.check
    return f"{short(check.source)} reaches {short(check.destination)} on {check.protocol} {check.ports or ''}".rstrip()
