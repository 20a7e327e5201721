"""What it would take to have one packet admitted, or to open what is admitted already. Pure.

Other decisions are found by evaluating the plan with them, and asking again.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import islice
from typing import Literal

from planner.engine.ask import MOST, Answer, End, ask_between, read_network
from planner.engine.consequences import MAX_FLOWS
from planner.engine.flows import TooLarge
from planner.engine.idle import list_answers
from planner.engine.prohibitions import forbids
from planner.engine.report import Report, evaluate_report
from planner.engine.rules import Ports
from planner.engine.terms import marks_of
from planner.plan.document import Endpoint, Plan, Zone
from planner.plan.reading import ANY
from ports.matrix import Choice, split_ports

Kind = Literal["decide", "correct", "exclusion", "closed", "flow", "unsaid", "unaddressed", "place"]
"""Decide a choice; follow practice; take an exclusion back, or what keeps it closed; add a flow of the plan's own; say
the addresses of an endpoint that rules name, or of one that may be meant; put an endpoint where nobody is."""
MOST_TRIED = 12
"""How many other decisions are tried: each costs an evaluation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """One thing that would do."""

    kind: Kind
    subject: str = ""
    """The slug of a choice or caveat, the name of an endpoint, or the address or zone in which nobody is."""
    options: tuple[str, ...] = ()
    """Of a choice: the options that would do."""
    own: tuple[str, ...] = ()
    """Of a choice: the zones and endpoints where the packet leads that decide it for themselves."""
    row: int | None = None
    """Which of the plan's rows it is, from 0; None for what is none."""
    ends: tuple[str, str] | None = None
    """From where to where: names of endpoints."""
    more: int = 0
    """How many others there are of the kind."""


def find_ways(report: Report, answer: Answer) -> tuple[Way, ...]:
    """What it would take, the likeliest first; empty where the packet is admitted and all that it takes is there."""
    if answer.outcome == "closed":
        return tuple(
            Way(kind="closed", row=row.number, subject=", ".join(row.sections)) for row in answer.forbidding[:MOST]
        )
    if answer.outcome == "allowed":
        return (*_list_undecided(answer), *_list_unsaid(answer))
    if answer.excluded:
        number = report.plan.exclusions.index(answer.excluded.exclusion)
        return (Way(kind="exclusion", row=number),)
    nowhere = [end for end in (answer.here, answer.there) if not end.units]
    if nowhere:
        return tuple(way for end in nowhere for way in _place(report, end))
    return (*_list_decisions(report, answer), *_list_flows(answer))


def _list_undecided(answer: Answer) -> Iterator[Way]:
    """The decisions on which some of what admits the packet depends."""
    options: dict[str, dict[str, None]] = {}
    for flow in answer.flows:
        for mark in marks_of(flow.need.any_of):
            options.setdefault(mark.choice, {})[mark.option] = None
    for choice, taken in options.items():
        yield Way(kind="decide", subject=choice, options=tuple(taken))


def _list_unsaid(answer: Answer) -> Iterator[Way]:
    """The endpoints between which a firewall has to open something, and of which it can't know where they are."""
    crossing = [flow for flow in answer.flows if flow.scope == "cross-zone"]
    ends = {end.name: end for flow in crossing for end in (flow.source, flow.destination)}
    unsaid = [end for end in ends.values() if not any(map(_is_addressed, end.addresses))]
    for end in unsaid[:MOST]:
        yield Way(kind="unsaid", subject=end.name, more=max(0, len(unsaid) - MOST))


def _is_addressed(address: str) -> bool:
    return address == ANY or read_network(address) is not None


def _place(report: Report, end: End) -> Iterator[Way]:
    """Where nobody is: somebody without addresses may be it, or an endpoint is to come there."""
    if not end.is_zone:
        unaddressed = [one.name for one in report.plan.endpoints if not one.addresses]
        for name in unaddressed[:MOST]:
            yield Way(kind="unaddressed", subject=name, more=max(0, len(unaddressed) - MOST))
    yield Way(kind="place", subject=end.said)


def _list_flows(answer: Answer) -> Iterator[Way]:
    """A flow of the plan's own, for the first of those between whom nothing asks for the packet."""
    for source, destination in answer.lacking[:1]:
        yield Way(kind="flow", ends=(source.name, destination.name), more=len(answer.lacking) - 1)


# ---- other decisions ----


def _list_decisions(report: Report, answer: Answer) -> Iterator[Way]:
    """The decisions and corrections under which the plan would ask for the packet."""
    if len(report.flows) > MAX_FLOWS:
        return
    found: dict[tuple[Kind, str], list[str]] = {}
    for kind, subject, option, other in islice(_list_others(report, answer), MOST_TRIED):
        if _would_admit(report, answer, other):
            found.setdefault((kind, subject), []).append(option)
    for (kind, subject), options in found.items():
        own = tuple(_list_own(report, answer.there, subject)) if kind == "decide" else ()
        yield Way(kind=kind, subject=subject, options=tuple(filter(None, options)), own=own)


def _list_own(report: Report, end: End, choice: str) -> Iterator[str]:
    """The endpoints of an end that decide a choice for themselves, and the zones that do so for others of them."""
    ends = [one for one in end.endpoints if choice not in one.choices]
    around = {one.zone for one in ends}
    yield from (zone.name for zone in report.plan.zones if zone.name in around and choice in zone.choices)
    yield from (one.name for one in end.endpoints if choice in one.choices)


def _would_admit(report: Report, answer: Answer, other: Plan) -> bool:
    try:
        then = evaluate_report(report.matrix, other, report)
    except TooLarge:
        return False
    return ask_between(then, answer.here, answer.there, answer.packet).outcome == "allowed"


def _list_others(report: Report, answer: Answer) -> Iterator[tuple[Kind, str, str, Plan]]:
    """The plan with each other decision that has to do with these ports: what is decided, how, and the plan then."""
    plan, matrix = report.plan, report.matrix
    asking = [one for one in matrix.requirements if _asks(report, [ask.service for ask in one.asks], answer.packet)]
    for slug in dict.fromkeys(one.correction for one in asking if one.correction):
        if slug not in plan.corrections:
            yield "correct", slug, "", _correct(plan, slug)
    for caveat in matrix.caveats.values():
        offers = [(matrix.services[service].protocol, ports) for service, ports in caveat.service_ports]
        if caveat.slug not in plan.corrections and any(_meets(offer, answer.packet) for offer in offers):
            yield "correct", caveat.slug, "", _correct(plan, caveat.slug)
    for slug, option in dict.fromkeys(pair for one in asking for pair in list_answers(one)):
        yield "decide", slug, option, _decide(plan, matrix.choices[slug], option)


def _asks(report: Report, services: Iterable[str], packet: Ports) -> bool:
    """Whether one of these services stands on the ports of the packet, anywhere in the plan."""
    return any(
        _meets((report.matrix.services[slug].protocol, ports), packet)
        for slug in services
        for ports in report.own_ports[slug]
    )


def _meets(offer: tuple[str, str | None], packet: Ports) -> bool:
    protocol, text = offer
    return any(protocol == packet.protocol and forbids(protocol, ports, *packet) for ports in split_ports(text))


def _correct(plan: Plan, caveat: str) -> Plan:
    kept = tuple(slug for slug in plan.as_documented if slug != caveat)
    return replace(plan, corrections=(*plan.corrections, caveat), as_documented=kept)


def _decide(plan: Plan, choice: Choice, option: str) -> Plan:
    """The plan with an option of a choice; where a zone or endpoint decides for itself, with that there, too."""
    taken = plan.choices.get(choice.slug, choice.default or ())
    chosen: str | tuple[str, ...] = tuple(dict.fromkeys((*taken, option))) if choice.many else option

    def decide[R: Zone | Endpoint](row: R) -> R:
        return replace(row, choices={**row.choices, choice.slug: chosen}) if choice.slug in row.choices else row

    return replace(
        plan,
        choices={**plan.choices, choice.slug: chosen},
        zones=tuple(map(decide, plan.zones)),
        endpoints=tuple(map(decide, plan.endpoints)),
    )
