"""One packet: whether a plan admits it, by which rules and why, or what it would take. Pure."""

import ipaddress
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache, partial
from itertools import islice, product
from typing import Literal

from planner.engine.flows import Excluded, Flow
from planner.engine.placed import Placed, Service
from planner.engine.prohibitions import Closed, Side
from planner.engine.report import Report
from planner.engine.rules import Ports
from planner.engine.spans import Spans
from planner.engine.terms import marks_of
from planner.plan.document import Endpoint
from planner.plan.reading import ANY, address_key
from ports.matrix import port_span, read_ports
from ports.text import plural, several, show_line

Outcome = Literal["allowed", "not-asked", "closed"]
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Places = set[tuple[int, int]]
"""Pairs of units, by their places on either side."""
MOST = 3
"""How many causes an answer names."""


class NotAskable(ValueError):
    """What is asked about isn't there, or is no packet. The message says what was found and what is allowed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class End:
    """One side of a packet."""

    said: str
    """What it is, in a sentence."""
    units: tuple[tuple[Endpoint, ...], ...]
    """What all has to be admitted: each endpoint of a zone by itself; of an address, whichever of several it is."""
    zones: frozenset[str]
    """The zones that it is in: its endpoints', and those whose networks have the address."""
    is_zone: bool = False
    family: int = 0
    """Of an address: 4 or 6."""
    partly: tuple[tuple[str, str], ...] = ()
    """Of a network: zones and endpoints that have a part of it, as `_key` says sides: what forbids that forbids it."""

    @property
    def endpoints(self) -> tuple[Endpoint, ...]:
        """All endpoints of this side."""
        return tuple(endpoint for unit in self.units for endpoint in unit)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What becomes of a packet."""

    outcome: Outcome
    rules: tuple[str, ...]
    """The ids of the rules that admit it, in their order; empty where no rule is needed, or none is there."""
    reason: str
    """Why, in sentences."""
    here: End
    there: End
    packet: Ports
    forbidding: tuple[Closed, ...] = ()
    """What keeps it closed."""
    flows: tuple[Flow, ...] = ()
    """The flows that admit it."""
    lacking: tuple[tuple[Endpoint, Endpoint], ...] = ()
    """Between which endpoints it isn't asked for: the first few."""
    excluded: Excluded | None = None
    """What the document asks for there, and the plan excludes."""


def ask(report: Report, source: str, destination: str, service: str) -> Answer:
    """Whether the plan of a report admits what is sent from one side to another.

    A side is the name of an endpoint, the name of a zone (each of its endpoints) or an address. `service` is tcp or
    udp with a port or range, such as tcp/443, or icmp. What must stay closed is closed whatever else asks for it;
    allowed is what flows of the plan admit whole. Raises NotAskable.
    """
    packet = read_packet(service)
    return ask_between(report, find_end(report, source), find_end(report, destination), packet)


def ask_between(report: Report, here: End, there: End, packet: Ports) -> Answer:
    """`ask`, of sides that were found in the report's plan, and of what `read_packet` read."""
    return Asker(report).ask(here, there, packet)


class Asker:
    """A report that may be asked about many packets: what bears on one is found by where that comes from."""

    def __init__(self, report: Report) -> None:
        self._report = report

    def ask(self, here: End, there: End, packet: Ports) -> Answer:
        """What becomes of a packet."""
        found = self._find(here, there, packet)
        if isinstance(found, Answer):
            return found
        return Answer(
            outcome="allowed",
            rules=_find_rules(self._report, found),
            reason=_say_why(self._report, found, (here, there)),
            here=here,
            there=there,
            packet=packet,
            flows=found,
        )

    def say_lacking(self, here: End, there: End, packet: Ports) -> str:
        """Why a packet isn't allowed, in sentences; empty where it is."""
        found = self._find(here, there, packet)
        return found.reason if isinstance(found, Answer) else ""

    def _find(self, here: End, there: End, packet: Ports) -> Answer | tuple[Flow, ...]:
        """The flows that admit a packet; the answer where there are none, or not for all of it, or it is closed."""
        forbidding = self._list_forbidding(here, there, packet)
        found = partial(Answer, here=here, there=there, packet=packet, rules=())
        if forbidding:
            reason = " ".join(map(_say_closed, forbidding[:MOST]))
            return found(outcome="closed", reason=reason, forbidding=forbidding)
        for end in (here, there):
            if not end.units:
                reason = (
                    f"No endpoint of the plan {'is in' if end.is_zone else 'has'} {end.said}, so nothing is asked for."
                )
                return found(outcome="not-asked", reason=reason)
        family = 4 if packet.protocol == "icmp" else here.family or there.family
        here, there = (_leave_out(end, family) for end in (here, there))
        if unsendable := _say_unsendable(here, there, packet):
            return found(outcome="not-asked", reason=unsendable)
        places = _places(here), _places(there)
        flows: dict[tuple[int, int], list[Flow]] = defaultdict(list)
        for flow in self._flows.find(*places, packet):
            flows[places[0][flow.source.name], places[1][flow.destination.name]].append(flow)
        admitted = {place for place, some in flows.items() if _cover(some, packet.ports)}
        alone = _stay_on_one_machine(here, there)
        if not admitted or len(admitted | alone) < len(here.units) * len(there.units):
            excluded = self._find_excluded(places, packet)
            return _miss(here, there, admitted, alone, packet, excluded)
        return tuple(flow for place in sorted(admitted) for flow in flows[place])

    def _list_forbidding(self, here: End, there: End, packet: Ports) -> tuple[Closed, ...]:
        """The rows that forbid a packet, or a part of what is asked about; not what stays on one machine."""
        if here.endpoints == there.endpoints and len(here.endpoints) == 1 and not here.endpoints[0].group:
            return ()
        return tuple(self._closed.find(_list_keys(here), set(_list_keys(there)), packet))

    def _find_excluded(self, places: tuple[Mapping[str, int], Mapping[str, int]], packet: Ports) -> Excluded | None:
        """What the document asks for there, and the plan excludes."""
        found = self._excluded.find(*places, packet)
        return next((one for one in found if _has_all(one.flow.need.ports, packet.ports)), None)

    @cached_property
    def _flows(self) -> Placed[str, Flow]:
        return Placed((flow.source.name, flow.destination.name, _of(flow), flow) for flow in self._report.flows)

    @cached_property
    def _excluded(self) -> Placed[str, Excluded]:
        return Placed(
            (one.flow.source.name, one.flow.destination.name, _of(one.flow), one) for one in self._report.excluded
        )

    @cached_property
    def _closed(self) -> Placed[tuple[str, str], Closed]:
        return Placed(
            (_key(row.source), _key(row.destination), Service(row.protocol, row.ports), row)
            for row in self._report.closed
        )


def _of(flow: Flow) -> Service:
    return Service(flow.need.protocol, flow.need.ports)


def _key(side: Side) -> tuple[str, str]:
    """Zone or endpoint, and its name."""
    ((kind, name),) = side.items()
    return kind, name


def _list_keys(end: End) -> Iterator[tuple[str, str]]:
    """What sides of rows can be that an end, or a part of it, is on: zones and endpoints by name."""
    yield from (("zone", name) for name in sorted(end.zones))
    yield from (("endpoint", endpoint.name) for endpoint in end.endpoints)
    yield from end.partly


def read_packet(service: str) -> Ports:
    """A service as it is asked about: tcp or udp with a port or range, such as tcp/443, or icmp. Raises NotAskable."""
    protocol, slash, ports = service.strip().partition("/")
    if protocol == "icmp" and not slash:
        return Ports("icmp", None)
    try:
        if protocol in ("tcp", "udp") and slash:
            return Ports(protocol, read_ports(ports))
    except ValueError:
        pass
    raise NotAskable(
        f"{show_line(repr(service))} is no service that can be asked for; allowed are tcp and udp with a port or a "
        "range, such as tcp/443 or udp/49152-65535, and icmp."
    )


def find_end(report: Report, text: str) -> End:
    """What a text names in the plan: an endpoint, a zone, or those that an address is of. Raises NotAskable."""
    plan = report.plan
    for endpoint in plan.endpoints:
        if endpoint.name == text:
            return End(said=text, units=((endpoint,),), zones=frozenset([endpoint.zone]))
    return find_zone(report, text) or _find_address(report, text)


def find_zone(report: Report, name: str) -> End | None:
    """A zone of the plan: each of its endpoints. None where it has no such zone."""
    plan = report.plan
    if all(zone.name != name for zone in plan.zones):
        return None
    return end_of_zone(name, (endpoint for endpoint in plan.endpoints if endpoint.zone == name))


def end_of_zone(name: str, members: Iterable[Endpoint]) -> End:
    """A zone of which these are the endpoints."""
    units = tuple((endpoint,) for endpoint in members)
    return End(said=f"the zone {name}", units=units, zones=frozenset([name]), is_zone=True)


def _find_address(report: Report, text: str) -> End:
    plan, network = report.plan, read_network(text)
    if network is None:
        found = tuple(e for e in plan.endpoints if text != ANY and text.casefold() in map(address_key, e.addresses))
        if not found:
            raise NotAskable(
                f"There is no endpoint and no zone {show_line(repr(text))} in the plan, and it is no address; the "
                f"zones are {several([zone.name for zone in plan.zones])}, and the endpoints "
                f"{several([endpoint.name for endpoint in plan.endpoints]) or 'none'}."
            )
    else:
        found = tuple(
            e for e in plan.endpoints if any(holds(read_network(address), network) for address in e.addresses)
        )
        found += tuple(_find_anywhere(report, network))
    zones = {endpoint.zone for endpoint in found}
    zones |= {
        zone.name for zone in plan.zones if network and any(holds(read_network(n), network) for n in zone.networks)
    }
    units = (found,) if found else ()
    family = network.version if network else 0
    partly = tuple(_find_parts(report, network, found, zones)) if network and network.num_addresses > 1 else ()
    return End(said=f"the address {text}", units=units, zones=frozenset(zones), family=family, partly=partly)


def _find_anywhere(report: Report, network: Network) -> Iterator[Endpoint]:
    """The endpoints that are `any`, where no part of the address is another zone's.

    What is all of a family takes nothing off them, as in the files of firewalls.
    """
    plan = report.plan
    anywhere = [endpoint for endpoint in plan.endpoints if ANY in endpoint.addresses]
    if anywhere:
        theirs = {zone for zone, one in _list_addresses(report) if one.prefixlen and _touches(one, network)}
        yield from (endpoint for endpoint in anywhere if theirs <= {endpoint.zone})


def _find_parts(
    report: Report, network: Network, whole: Sequence[Endpoint], zones: Collection[str]
) -> Iterator[tuple[str, str]]:
    """The endpoints and zones, but for these, that have a part of a network: an address, or what is left for `any`."""
    plan = report.plan
    has_all = {endpoint.name for endpoint in whole}
    partly = []
    for endpoint in plan.endpoints:
        if endpoint.name in has_all:
            continue
        if ANY in endpoint.addresses:
            others = [one for zone, one in _list_addresses(report) if zone != endpoint.zone and one.prefixlen]
            touches = not _is_within(network, others)
        else:
            touches = any(_touches(one, network) for one in map(read_network, endpoint.addresses) if one)
        if touches:
            partly.append(endpoint)
    theirs = {endpoint.zone for endpoint in partly}
    theirs |= {zone.name for zone in plan.zones if any(_touches(read_network(n), network) for n in zone.networks)}
    yield from (("zone", name) for name in sorted(theirs - set(zones)))
    yield from (("endpoint", endpoint.name) for endpoint in partly)


def _list_addresses(report: Report) -> Iterator[tuple[str, Network]]:
    """Each network of the plan's zones and each address of its endpoints, with the zone; names and `any` aside."""
    plan = report.plan
    has = [(zone.name, zone.networks) for zone in plan.zones]
    has += [(endpoint.zone, endpoint.addresses) for endpoint in plan.endpoints]
    yield from ((zone, one) for zone, addresses in has for one in map(read_network, addresses) if one)


def _is_within(network: Network, others: Iterable[Network]) -> bool:
    """Whether others have all of a network, together if need be."""
    theirs = Spans.of((int(one[0]), int(one[-1])) for one in others if one.version == network.version)
    return theirs.covers(Spans.of([(int(network[0]), int(network[-1]))]))


def _touches(one: Network | None, network: Network) -> bool:
    """Whether two networks have an address in common."""
    return holds(one, network) or (one is not None and holds(network, one))


@lru_cache(maxsize=65_536)
def read_network(text: str) -> Network | None:
    """An address or network as such; None for whatever is none, names and `any` among it.

    What was read is kept: the same addresses are asked about again and again.
    """
    try:
        return ipaddress.ip_network(text)
    except ValueError:
        return None


def holds(outer: Network | None, inner: Network) -> bool:
    """Whether all of a network lies within another."""
    if isinstance(outer, ipaddress.IPv4Network) and isinstance(inner, ipaddress.IPv4Network):
        return inner.subnet_of(outer)
    if isinstance(outer, ipaddress.IPv6Network) and isinstance(inner, ipaddress.IPv6Network):
        return inner.subnet_of(outer)
    return False


# ---- what must stay closed ----


def _say_closed(row: Closed) -> str:
    sides = [f"{name} ({kind})" for side in (row.source, row.destination) for kind, name in side.items()]
    what = f"{row.protocol or 'anything'} {row.ports or ''}".strip()
    who = f"The document (§{', '.join(row.sections)})" if row.sections else "The plan"
    return f"{who} keeps {what} closed from {sides[0]} to {sides[1]}: {row.reason.rstrip('.')}."


# ---- what can be sent at all ----


def _say_unsendable(here: End, there: End, packet: Ports) -> str:
    """Why no packet goes from each of one side to each of the other, of a family that a plan asks for; else empty."""
    is_ping = packet.protocol == "icmp"
    if is_ping and 6 in (here.family, there.family):
        return "A ping that a plan asks for is the echo request of IPv4, so none of IPv6 is asked for."
    if here.family and there.family and here.family != there.family:
        return f"No packet goes from {here.said} to {there.said}: one is IPv4, the other IPv6."
    family = 4 if is_ping else here.family or there.family
    units = (*here.units, *there.units) if family else ()
    others = dict.fromkeys(unit[0].name for unit in units if not any(may_have(end, family) for end in unit))
    if not others:
        return ""
    because = "A ping that a plan asks for is the echo request of IPv4. " if is_ping else ""
    return (
        f"{because}No packet of IPv{family} comes from or goes to {several(list(others))}, which "
        f"{plural(len(others), 'has', 'have')} addresses of IPv{10 - family} alone."
    )


def _leave_out(end: End, family: int) -> End:
    """A zone without its endpoints that have no address of a family, if that leaves any; every other side as it is."""
    units = tuple(unit for unit in end.units if may_have(unit[0], family)) if end.is_zone and family else ()
    return replace(end, units=units) if units else end


def may_have(endpoint: Endpoint, family: int) -> bool:
    """Whether an endpoint may have addresses of a family, as names, any, and what isn't known yet may."""
    known = [read_network(address) for address in endpoint.addresses]
    return not known or any(one is None or one.version == family for one in known)


# ---- what flows admit ----


def _stay_on_one_machine(here: End, there: End) -> Places:
    """Where a zone is asked about: the pairs of a machine with itself, which nobody asks about."""
    if not (here.is_zone or there.is_zone):
        return set()
    places = {unit[0].name: place for place, unit in enumerate(there.units) if _is_machine(unit)}
    return {
        (place, places[unit[0].name])
        for place, unit in enumerate(here.units)
        if _is_machine(unit) and unit[0].name in places
    }


def _is_machine(unit: Sequence[Endpoint]) -> bool:
    """Whether a unit is one endpoint that stands for one machine."""
    return len(unit) == 1 and not unit[0].group


def _places(end: End) -> dict[str, int]:
    """In which of its units each endpoint is, by name."""
    return {endpoint.name: place for place, unit in enumerate(end.units) for endpoint in unit}


def _cover(flows: Iterable[Flow], ports: str | None) -> bool:
    """Whether flows of one protocol admit all of these ports, together if need be."""
    if ports is None:
        return True
    low, high = port_span(ports)
    for first, last in sorted(port_span(flow.need.ports) for flow in flows if flow.need.ports):
        if first > low:
            return False
        low = max(low, last + 1)
    return low > high


def _has_all(of_flow: str | None, ports: str | None) -> bool:
    """Whether a flow has all of these ports."""
    if ports is None or of_flow is None:
        return of_flow is ports
    (low, high), (first, last) = port_span(ports), port_span(of_flow)
    return first <= low and high <= last


def _find_rules(report: Report, flows: Sequence[Flow]) -> tuple[str, ...]:
    """The ids of the rules of flows, in their order."""
    wanted = {
        (flow.source.name, flow.destination.name, flow.need.protocol, flow.need.ports)
        for flow in flows
        if flow.scope == "cross-zone"
    }
    sources = {opening[0] for opening in wanted}
    return tuple(
        rule.id
        for rule in report.rules
        if any(endpoint.name in sources for endpoint in rule.sources) and not wanted.isdisjoint(rule.openings())
    )


def _say_why(report: Report, flows: Sequence[Flow], ends: Sequence[End]) -> str:
    reasons = list(dict.fromkeys(str(reason) for flow in flows for reason in flow.need.reasons))
    more = f"; and {len(reasons) - MOST} more" if len(reasons) > MOST else ""
    said = [f"{'; '.join(reasons[:MOST])}{more}".rstrip(".") + "."]
    if all(flow.scope == "same-host" for flow in flows):
        said.append("It stays on one machine, so no rule is needed.")
    elif all(flow.scope != "cross-zone" for flow in flows):
        said.append("It stays within a zone, so no rule between zones is needed.")
        said += [
            f"But {end.said} is in the networks of {several(others)}, too: if it is there, it has to be an endpoint "
            "of its own in that zone, so that there are rules."
            for end in ends
            if (others := sorted(end.zones - {endpoint.zone for endpoint in end.endpoints}))
        ]
    undecided = {mark.choice for flow in flows for mark in marks_of(flow.need.any_of)}
    if undecided:
        names = several(sorted(report.matrix.choices[slug].name for slug in undecided))
        said.append(f"Some of it depends on what is not decided yet: {names}.")
    return " ".join(said)


def _miss(here: End, there: End, admitted: Places, alone: Places, packet: Ports, excluded: Excluded | None) -> Answer:
    """That nothing asks for the packet, or not for all of it, and between whom."""
    lacking = tuple(islice(_list_lacking(here, there, admitted | alone), MOST))
    if excluded:
        flow = excluded.flow
        reason = (
            f"The document asks for {packet} from {flow.source.name} to {flow.destination.name}, and the plan "
            f"excludes it: {excluded.exclusion.reason.rstrip('.')}."
        )
    elif admitted:
        said = ", ".join(f"{source.name} → {destination.name}" for source, destination in lacking)
        more = len(here.units) * len(there.units) - len(admitted | alone) - len(lacking)
        also = f" and {more:,} more" if more else ""
        reason = f"The plan asks for {packet} between some of these endpoints only; not for {said}{also}."
    else:
        reason = f"Nothing in the plan asks for {packet} from {here.said} to {there.said}."
    return Answer(
        outcome="not-asked",
        rules=(),
        reason=reason,
        here=here,
        there=there,
        packet=packet,
        lacking=lacking,
        excluded=excluded,
    )


def _list_lacking(here: End, there: End, admitted: Places) -> Iterator[tuple[Endpoint, Endpoint]]:
    """Those between which it isn't asked for: the first endpoint of each unit."""
    for one, other in product(range(len(here.units)), range(len(there.units))):
        if (one, other) not in admitted:
            yield here.units[one][0], there.units[other][0]
