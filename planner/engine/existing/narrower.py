"""What a plan needs of an entry: of each flow the part that this entry admits. Pure."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator
from functools import lru_cache
from typing import Literal, NamedTuple

from planner.engine.existing.boxes import Box
from planner.engine.existing.measure import count_packets, divide
from planner.engine.existing.packets import Ends, families_of, find_service, read_networks
from planner.engine.existing.words import say_addresses
from planner.engine.flows import Flow
from planner.engine.rules import Ports, Triple, fold
from planner.engine.spans import NOTHING, Spans
from planner.plan.document import ANY, Endpoint

_FAMILIES: tuple[Literal[4, 6], ...] = (4, 6)
MOST_RANGES = 2_000
"""Most ranges of addresses that are put together to be told of one flow."""
MANY = "a part of its addresses"
"""What is said of more."""
KEPT = 10_000
"""Of how many services, and lists of addresses, it is remembered what they are: each entry asks for those of all of
its flows."""


_Say = Callable[[Endpoint, Spans, Literal[4, 6]], str]
"""An endpoint, and which of its addresses of a family, in words."""


class Part(NamedTuple):
    """Some packets of a flow that an entry admits."""

    family: Literal[4, 6]
    box: Box
    """To the own addresses of the destination, whichever address is asked for."""


def find_narrower(parts: Iterable[tuple[Flow, list[Part]]], named: Iterable[Flow], ends: Ends) -> tuple[Triple, ...]:
    """What flows need of an entry: sources, destinations, services.

    `parts`: of each flow what the entry admits between addresses that are known; `named`: the flows of which it
    admits what is known by DNS name, or has no address yet. Of an endpoint of which the entry admits a part alone,
    the addresses or names follow in parentheses.
    """
    whole: list[Flow] = []
    pieces: dict[tuple[str, str], set[Ports]] = defaultdict(set)
    by_name = {id(flow): flow for flow in named}
    seen: set[int] = set()
    said: dict[tuple[str, Spans, int], str] = {}

    def say(endpoint: Endpoint, addresses: Spans, family: Literal[4, 6]) -> str:
        key = endpoint.name, addresses, family
        if key not in said:
            said[key] = _say_end(ends, endpoint, addresses, family)
        return said[key]

    for flow, several in parts:
        seen.add(id(flow))
        if _is_whole(flow, several, ends, is_named=id(flow) in by_name):
            whole.append(flow)
            continue
        for source, destination, services in _list_pieces(flow, several, say):
            pieces[source, destination] |= services
        if id(flow) in by_name:
            pieces[_say_named(flow.source), _say_named(flow.destination)].add(_ports_of(flow))
    for key, flow in by_name.items():
        if key in seen:
            continue
        if _has_known(flow, ends):
            pieces[_say_named(flow.source), _say_named(flow.destination)].add(_ports_of(flow))
        else:
            whole.append(flow)
    whole.sort(key=order_of)
    alike: dict[tuple[str, frozenset[Ports]], set[str]] = defaultdict(set)
    for (source, destination), found in pieces.items():
        alike[source, frozenset(found)].add(destination)
    more = [(frozenset({source}), frozenset(those), found) for (source, found), those in alike.items()]
    return (*fold(whole), *sorted(more, key=lambda one: (sorted(one[0]), sorted(one[1]))))


_find_service = lru_cache(KEPT)(find_service)


def order_of(flow: Flow) -> tuple[str, str, tuple[str, tuple[int, int]]]:
    """By what flows are sorted before their services are put together."""
    return flow.source.name, flow.destination.name, flow.need.order


def is_vague(endpoint: Endpoint) -> bool:
    """Whether an endpoint has a DNS name, or no address yet."""
    return _are_vague(endpoint.addresses)


@lru_cache(KEPT)
def _are_vague(addresses: tuple[str, ...]) -> bool:
    return addresses != (ANY,) and (not addresses or len(list(read_networks(addresses))) < len(addresses))


def _has_known(flow: Flow, ends: Ends) -> bool:
    return any(True for _ in _list_known(flow, ends))


def _list_known(flow: Flow, ends: Ends) -> Iterator[Part]:
    """All packets of a flow between addresses that are known."""
    number, ports = _find_service(flow.need.protocol, flow.need.ports)
    for family in families_of(flow.need.protocol):
        here, there = (find_known(ends, end, family) for end in (flow.source, flow.destination))
        if here and there:
            yield Part(family, Box(here, there, number, ports))


def find_known(ends: Ends, endpoint: Endpoint, family: Literal[4, 6]) -> Spans:
    """The known addresses of an endpoint in a family."""
    return next((unit.addresses for unit in ends.find(endpoint, family) if unit.name is None), NOTHING)


def _is_whole(flow: Flow, several: Collection[Part], ends: Ends, *, is_named: bool) -> bool:
    if not is_named and (is_vague(flow.source) or is_vague(flow.destination)):
        return False
    for known in _list_known(flow, ends):
        boxes = [part.box for part in several if part.family == known.family]
        if sum(box.size for box in boxes) < known.box.size or count_packets(boxes) < known.box.size:
            return False
    return True


def _list_pieces(flow: Flow, several: Iterable[Part], say: _Say) -> Iterator[tuple[str, str, set[Ports]]]:
    """Which sources need which destinations on which ports, however the parts are cut."""
    for family in _FAMILIES:
        boxes = [part.box for part in several if part.family == family]
        if not boxes:
            continue
        for sources, reached in _list_sources(boxes):
            for destinations, ports in reached:
                services = {
                    Ports(flow.need.protocol, _say_span(span) if flow.need.protocol != "icmp" else None)
                    for span in ports
                }
                if flow.need.protocol != "icmp" and ports == _find_service(flow.need.protocol, flow.need.ports)[1]:
                    services = {_ports_of(flow)}
                yield (
                    f"{flow.source.name} ({MANY})" if sources is None else say(flow.source, sources, family),
                    say(flow.destination, destinations, family),
                    services,
                )


def _list_sources(boxes: list[Box]) -> Iterator[tuple[Spans | None, tuple[tuple[Spans, Spans], ...]]]:
    """Sources that have nothing in common, and what they reach: destinations and ports. None for sources of too many
    ranges to be told."""
    first = boxes[0]
    if all(one.destinations == first.destinations and one.ports == first.ports for one in boxes):
        is_much = sum(len(one.sources.spans) for one in boxes) > MOST_RANGES
        sources = None if is_much else Spans.of(span for one in boxes for span in one.sources)
        yield sources, ((first.destinations, first.ports),)
        return
    alike: dict[tuple[tuple[Spans, Spans], ...], list[Spans]] = defaultdict(list)
    for part, places in divide([box.sources for box in boxes]):
        alike[tuple(_list_destinations([boxes[place] for place in places]))].append(part)
    for reached, several in alike.items():
        yield Spans.of(span for one in several for span in one), reached


def _list_destinations(boxes: list[Box]) -> Iterator[tuple[Spans, Spans]]:
    """Destinations and their ports, in order."""
    alike: dict[Spans, Spans] = defaultdict(lambda: NOTHING)
    for destinations, places in divide([box.destinations for box in boxes]):
        alike[Spans.of(span for place in places for span in boxes[place].ports)] |= destinations
    found = [(destinations, ports) for ports, destinations in alike.items()]
    yield from sorted(found, key=lambda one: one[0].spans)


def _ports_of(flow: Flow) -> Ports:
    return Ports(flow.need.protocol, flow.need.ports)


def _say_span(span: tuple[int, int]) -> str:
    return str(span[0]) if span[0] == span[1] else f"{span[0]}-{span[1]}"


def _say_end(ends: Ends, endpoint: Endpoint, addresses: Spans, family: Literal[4, 6]) -> str:
    """An endpoint by its name, and the addresses where they aren't all that it has."""
    others = any(find_known(ends, endpoint, one) for one in _FAMILIES if one != family)
    if not others and not is_vague(endpoint) and addresses == find_known(ends, endpoint, family):
        return endpoint.name
    return f"{endpoint.name} ({say_addresses(addresses, family)})"


def _say_named(endpoint: Endpoint) -> str:
    """An endpoint by its name, and its DNS names where it has addresses beside them."""
    known = {str(network) for network in read_networks(endpoint.addresses)}
    names = [one for one in endpoint.addresses if not known or not list(read_networks([one]))]
    return f"{endpoint.name} ({', '.join(names)})" if known and names else endpoint.name
