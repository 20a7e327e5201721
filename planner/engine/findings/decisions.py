"""Findings about what the plan leaves open: choices, caveats, and what checks of the matrix are about."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from planner.engine.findings.evidence import (
    Decision,
    Evidence,
    Finding,
    both_ends,
    say_count,
    say_endpoints,
    say_pairs,
)
from planner.engine.flows import Flow, list_options, list_services
from planner.engine.prohibitions import forbids
from planner.engine.terms import Mark, marks_of
from planner.engine.topology import PLAIN, Kind, kind_of
from planner.plan.document import Endpoint
from ports.matrix import About, Caveat, Check, Opening, RolePresent, list_simple


@dataclass(frozen=True, slots=True, kw_only=True)
class CaveatState:
    """A caveat that bears on the plan, and what the plan answers to it."""

    caveat: Caveat
    answer: Literal["", "practice", "documented"]
    """Follow practice: the correction is applied. As documented: it isn't, on purpose. Empty: no answer, or none to be
    given."""

    @property
    def applied(self) -> bool:
        """Whether its correction is applied."""
        return self.answer == "practice"

    @property
    def open(self) -> bool:
        """Whether it is a question that waits for its answer."""
        return bool(self.caveat.correction) and not self.answer


def find_decisions(evidence: Evidence) -> tuple[Decision, ...]:
    """The choices that flows depend on and that are not made, in the matrix's order."""
    if evidence.decisions is None:
        evidence.decisions = _find_decisions(evidence)
    return evidence.decisions


def _find_decisions(evidence: Evidence) -> tuple[Decision, ...]:
    counts: dict[str, int] = defaultdict(int)
    options: dict[str, set[str]] = defaultdict(set)
    crossing: dict[Mark, dict[tuple[str, str | None], None]] = defaultdict(dict)
    # Thousands of flows share few needs.
    marks = {number: tuple(marks_of(need.any_of)) for number, need in evidence.needs.items() if need.any_of}
    choices = {number: {mark.choice for mark in several} for number, several in marks.items()}
    for flow in evidence.flows:
        if not flow.need.any_of:
            continue
        for choice in choices[id(flow.need)]:
            counts[choice] += 1
        if flow.scope == "cross-zone":
            for mark in marks[id(flow.need)]:
                crossing[mark][flow.need.protocol, flow.need.ports] = None
    for several in marks.values():
        for mark in several:
            options[mark.choice].add(mark.option)
    excluded = set(_list_excluded(evidence)) if counts else set()
    idle = {
        slug: [option for option in choice.slugs if option not in options[slug]]
        for slug, choice in evidence.matrix.choices.items()
    }
    return tuple(
        Decision(
            choice=choice,
            flows=counts[slug],
            free=tuple(option for option in idle[slug] if Mark(slug, option) not in excluded),
            excluded=tuple(option for option in idle[slug] if Mark(slug, option) in excluded),
            services={option: list_services(crossing[Mark(slug, option)]) for option in choice.slugs},
        )
        for slug, choice in evidence.matrix.choices.items()
        if slug in counts
    )


def _list_excluded(evidence: Evidence) -> Iterator[Mark]:
    """The options that lead to flows which the plan excludes, whatever else they are needed for."""
    # Whoever shares a need has one setting.
    alike = {id(one.flow.need): one.flow for one in evidence.excluded}
    settings = evidence.topology.settings
    for flow in alike.values():
        yield from list_options(evidence.terms.under(settings.get(flow.destination.name, PLAIN)), flow.need)


def find_caveats(evidence: Evidence) -> tuple[CaveatState, ...]:
    """The caveats that bear on the plan, in the matrix's order."""
    return tuple(
        CaveatState(caveat=caveat, answer=_answer(caveat, evidence))
        for caveat in evidence.matrix.caveats.values()
        if _bears(caveat, evidence)
    )


def _answer(caveat: Caveat, evidence: Evidence) -> Literal["", "practice", "documented"]:
    if caveat.slug in evidence.plan.corrections:
        return "practice"
    return "documented" if caveat.slug in evidence.plan.as_documented else ""


def _bears(caveat: Caveat, evidence: Evidence) -> bool:
    """Whether a caveat is about something that this plan has: a role, a section, a requirement or a service in use.

    Its conditions hold, or may come to, for an endpoint that it is about: a choice is that of a flow's destination.
    """
    about = caveat.about
    # An override wins over the correction, so the caveat has nothing left to change.
    services = evidence.services - (evidence.plan.ports.keys() & dict(caveat.service_ports).keys())
    there = (
        about.always
        or not evidence.sections.isdisjoint(about.sections)
        or not services.isdisjoint(about.services)
        or not evidence.requirements.isdisjoint(about.requirements)
        or any(evidence.topology.has_role(role) for role in about.roles)
    )
    return there and (not about.when or evidence.may_meet(about.when, _list_concerned(about, evidence)))


def _list_concerned(about: About, evidence: Evidence) -> Iterator[Endpoint]:
    """The endpoints that a caveat is about: those with a role of it, and where flows of it lead."""
    if about.always:
        yield from evidence.plan.endpoints
    for role in about.roles:
        yield from evidence.topology.with_role(role)
    sections, services, requirements = set(about.sections), set(about.services), set(about.requirements)
    wanted = {
        id(need)
        for need in evidence.concerned_needs
        if not (
            sections.isdisjoint(need.sections)
            and services.isdisjoint(need.services)
            and requirements.isdisjoint(need.requirements)
        )
    }
    if wanted:
        yield from (flow.destination for flow in evidence.concerned if id(flow.need) in wanted)


def ask_decisions(evidence: Evidence) -> Iterator[Finding]:
    """A finding for each open choice."""
    for decision in find_decisions(evidence):
        choice = decision.choice
        marked = {
            number
            for number, need in evidence.needs.items()
            if any(mark.choice == choice.slug for mark in marks_of(need.any_of))
        }
        waiting = sorted({flow.destination.name for flow in evidence.flows if id(flow.need) in marked})
        options = " ".join(f"{option.name}: {decision.explain_option(option)}" for option in choice.options)
        yield Finding(
            code="choice-undecided",
            severity="decision",
            title=choice.name,
            subject=choice.slug,
            endpoints=tuple(waiting),
            message=f"{choice.question} Not decided yet. {options} "
            f"{say_count(decision.flows, 'flow depends', 'flows depend')} on it, to {say_endpoints(waiting)}.",
            advice=f"Decide “{choice.name}”; until then all options stay in the report, marked with “or”.",
            sections=choice.sections,
        )


def tell_caveats(evidence: Evidence) -> Iterator[Finding]:
    """A finding for each caveat that bears on the plan: a question until it is answered."""
    for state in find_caveats(evidence):
        caveat = state.caveat
        if state.open:
            practice = (caveat.correction or "").rstrip(".")
            advice = f"Follow practice ({practice}), or leave it as documented."
        elif state.applied:
            advice = f"Practice is followed: {caveat.correction}"
        elif caveat.correction:
            advice = "Left as documented, on purpose."
        elif caveat.sections:
            advice = "For information; nothing can be switched on."
        else:
            advice = "Add what the site needs as additional flows of the plan."
        yield Finding(
            code="caveat",
            severity="decision" if state.open else "info",
            title=caveat.title,
            subject=caveat.slug,
            message=caveat.text,
            advice=advice,
            sections=caveat.sections,
        )


def run_checks(evidence: Evidence) -> Iterator[Finding]:
    """The findings of the matrix's own checks."""
    for check in evidence.matrix.checks:
        finding = _run(check, evidence)
        if finding is not None:
            yield finding


def _run(check: Check, evidence: Evidence) -> Finding | None:
    if not evidence.terms.meets_all(check.when) or any(evidence.topology.has_role(role) for role in check.needs):
        return None
    message, endpoints = check.message, _holders(check, evidence)
    if check.crowded:
        endpoints = tuple(sorted(endpoint.name for endpoint in evidence.topology.with_role(check.crowded)))
        if len(endpoints) < 2:
            return None
    if check.opening is not None:
        flows = _list_openings(check.opening, evidence)
        if not flows:
            return None
        endpoints = both_ends(flows)
        message = f"{message} {say_count(len(endpoints), 'endpoint', 'endpoints')}: {say_pairs(flows)}."
    elif endpoints:
        message = f"{message} {say_endpoints(endpoints)}."
    return Finding(
        code=check.code,
        severity=check.severity,
        title=check.title or _name(check.subject, evidence),
        subject=check.subject,
        endpoints=endpoints,
        message=message,
        advice=check.advice,
    )


def _holders(check: Check, evidence: Evidence) -> tuple[str, ...]:
    """The endpoints with the roles that the check is raised for."""
    roles = [condition.role for condition in list_simple(check.when) if isinstance(condition, RolePresent)]
    return tuple(sorted({endpoint.name for role in roles for endpoint in evidence.topology.with_role(role)}))


def _name(subject: str, evidence: Evidence) -> str:
    """What the subject of a check is called; the subject itself if it is no slug."""
    matrix = evidence.matrix
    for rows in (matrix.roles, matrix.services, matrix.choices):
        if subject in rows:
            return str(rows[subject].name)
    return subject


def _list_openings(opening: Opening, evidence: Evidence) -> list[Flow]:
    """The flows that an opening is about; for a service also those of the plan's own that lead to its port."""
    holders, kinds = evidence.matrix.holders, evidence.topology.zone_kinds
    from_kinds, to_kinds = opening.from_kinds, opening.to_kinds
    needs = {
        number
        for number, need in evidence.needs.items()
        if opening.service is None or opening.service in need.services or need.own
    }
    listening = _Listening(opening.service, evidence)
    between = {
        (source, destination)
        for source in set(kinds.values())
        for destination in set(kinds.values())
        if (not from_kinds or source in from_kinds)
        and (not to_kinds or destination in to_kinds)
        and opening.is_upwards(source, destination)
    }
    inside = any(source == destination for source, destination in between)
    return [
        flow
        for flow in (evidence.flows if inside else evidence.between_zones)
        if id(flow.need) in needs
        and flow.scope != "same-host"
        and (kinds[flow.source.zone], kinds[flow.destination.zone]) in between
        and (opening.source_role is None or not holders[opening.source_role].isdisjoint(flow.source.roles))
        and (
            opening.destination_role is None
            or not holders[opening.destination_role].isdisjoint(flow.destination.roles)
        )
        and (opening.service is None or opening.service in flow.need.services or listening.meets(flow))
    ]


class _Listening:
    """On which ports endpoints offer a service, worked out once for those of a kind."""

    def __init__(self, service: str | None, evidence: Evidence) -> None:
        self._service = service
        self._evidence = evidence
        self._rows = [r for r in evidence.matrix.requirements if any(ask.service == service for ask in r.asks)]
        self._found: dict[Kind, set[tuple[str, str | None]]] = {}

    def meets(self, flow: Flow) -> bool:
        """Whether a flow leads to a port of the service, at an endpoint that offers it."""
        end, topology = flow.destination, self._evidence.topology
        kind = kind_of(end, topology.settings.get(end.name, PLAIN))
        if kind not in self._found:
            self._found[kind] = set(self._list_ports(kind))
        return any(forbids(*ports, flow.need.protocol, flow.need.ports) for ports in self._found[kind])

    def _list_ports(self, kind: Kind) -> Iterator[tuple[str, str | None]]:
        offers = self._evidence.terms.under(kind.setting).offers
        for requirement in self._rows:
            if self._evidence.topology.is_destination(kind, requirement):
                for ask in offers.get(requirement.slug, ()):
                    if ask.service.slug == self._service:
                        yield ask.service.protocol, ask.ports
