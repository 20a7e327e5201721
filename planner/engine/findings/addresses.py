"""Findings about addresses: missing, names, special, twice, in the wrong zone."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import lru_cache

from planner.engine.address_spans import Span, read_span
from planner.engine.findings.evidence import Evidence, Finding, listed, say_count, say_endpoints
from planner.plan.document import ANY, Endpoint, address_key
from planner.plan.special import is_special_span


def find_addresses(evidence: Evidence) -> Iterator[Finding]:
    """What is wrong with addresses, or worth a thought; one finding for each cause."""
    yield from _find_missing(evidence)
    yield from _find_names(evidence)
    yield from _find_special(evidence)
    yield from _find_twice(evidence)
    yield from _find_strays(evidence)


def _find_missing(evidence: Evidence) -> Iterator[Finding]:
    missing = sorted(name for name, endpoint in evidence.crossing().items() if not endpoint.addresses)
    if missing:
        yield Finding(
            code="address-missing",
            severity="decision",
            title="Addresses to be filled in",
            subject=None,
            endpoints=tuple(missing),
            message=f"{say_count(len(missing), 'endpoint of rules has', 'endpoints of rules have')} no address: "
            f"{listed(missing)}. A missing address never means any.",
            advice="Fill in the addresses.",
        )


def _find_names(evidence: Evidence) -> Iterator[Finding]:
    named = {
        name: [address for address in endpoint.addresses if address != ANY and read_span(address) is None]
        for name, endpoint in evidence.crossing().items()
    }
    endpoints = sorted(name for name, names in named.items() if names)
    if endpoints:
        said = [f"{name} ({listed(named[name])})" for name in endpoints]
        yield Finding(
            code="address-is-name",
            severity="info",
            title="Addresses that are names",
            subject=None,
            endpoints=tuple(endpoints),
            message=f"{say_count(len(endpoints), 'endpoint is', 'endpoints are')} known by DNS name: {listed(said)}. "
            "Names are not resolved here. Files for firewalls that ask a name server themselves have them as objects; "
            "all others, such as those for nftables and iptables, leave them out.",
            advice="Where a firewall takes no names, add their IP addresses.",
        )


@lru_cache(2**15)
def _is_special(address: str) -> bool:
    span = read_span(address)
    return span is not None and is_special_span(*span)


def _find_special(evidence: Evidence) -> Iterator[Finding]:
    special: dict[str, list[str]] = {}
    for endpoint in evidence.plan.endpoints:
        found = [address for address in endpoint.addresses if _is_special(address)]
        if found:
            special[endpoint.name] = found
    if special:
        names = sorted(special)
        said = [f"{name} ({listed(special[name])})" for name in names]
        yield Finding(
            code="address-special",
            severity="error",
            title="Addresses of no machine",
            subject=None,
            endpoints=tuple(names),
            message=f"{say_endpoints(said)}: loopback, unspecified, multicast, link-local, broadcast and IPv4-mapped "
            "addresses are never another machine’s across a firewall. Firewall files leave them out.",
            advice="Give the machine’s own address.",
        )


def _find_twice(evidence: Evidence) -> Iterator[Finding]:
    users: dict[str, list[str]] = defaultdict(list)
    for endpoint in evidence.plan.endpoints:
        for address in dict.fromkeys(map(address_key, endpoint.addresses)):
            if address != ANY:
                users[address].append(endpoint.name)
    twice = {address: names for address, names in users.items() if len(names) > 1}
    if twice:
        said = [f"{address} ({listed(names)})" for address, names in twice.items()]
        sharing = sorted({name for names in twice.values() for name in names})
        yield Finding(
            code="address-twice",
            severity="warning",
            title="One address, several endpoints",
            subject=None,
            endpoints=tuple(sharing),
            message=f"{say_count(len(sharing), 'endpoint', 'endpoints')} on {listed(said)}: a rule for one opens the "
            "other.",
            advice="Check the addresses; if it is one machine, make it one endpoint with several roles.",
        )
    for address, names in users.items():
        span = read_span(address)
        if span is not None and span.is_everything:
            yield Finding(
                code="address-covers-everything",
                severity="warning",
                title="An address that covers everything",
                subject=address,
                endpoints=tuple(sorted(names)),
                message=f"{address}, an address of {say_endpoints(names)}, covers every address there is.",
                advice="Name the networks that are really meant.",
            )


def _find_strays(evidence: Evidence) -> Iterator[Finding]:
    """Addresses that belong to another zone, by an endpoint there or by the networks of their own."""
    elsewhere = sorted(_list_elsewhere(evidence))
    if elsewhere:
        yield Finding(
            code="address-in-another-zone",
            severity="warning",
            title="Addresses in another zone",
            subject=None,
            endpoints=tuple(elsewhere),
            message=f"{say_endpoints(elsewhere)}: an address lies within one of an endpoint in another zone, so that "
            "a firewall can’t tell them apart.",
            advice="Check the addresses, and in which zone the endpoints stand.",
        )
    homes = _Homes(evidence)
    strays = sorted(_list_outside(evidence, homes))
    if strays:
        outside = list(dict.fromkeys(name for name, _, _ in strays))
        theirs = [f"{address} of {name} ({zone})" for name, address, span in strays if (zone := homes.find(span))]
        also = f" In those of another zone: {listed(theirs)}." if theirs else ""
        apart = (
            " What is in another zone is an endpoint of its own there: within a zone no rule is made."
            if theirs
            else ""
        )
        yield Finding(
            code="address-outside-zone",
            severity="warning",
            title="Addresses outside their zone",
            subject=None,
            endpoints=tuple(outside),
            message=f"{say_endpoints(outside)}: an address is in none of the networks of its zone.{also}",
            advice=f"Correct the address, or add its network to the zone.{apart}",
        )


def _list_elsewhere(evidence: Evidence) -> set[str]:
    """The endpoints with an address that lies in one of another zone's, or equals it; a DNS name can only equal one.

    Networks either lie within each other or are apart. So in the order of their first addresses, the wider ones first,
    those that a network lies in are the open ones on a stack.
    """
    spans: dict[int, list[tuple[int, int, str, str]]] = {4: [], 6: []}
    named: dict[str, list[Endpoint]] = defaultdict(list)
    for endpoint in evidence.plan.endpoints:
        for address in endpoint.addresses:
            span = read_span(address)
            if span is None:
                if address != ANY:
                    named[address_key(address)].append(endpoint)
            elif not span.is_everything:
                spans[span.family].append((span.first, -span.last, endpoint.zone, endpoint.name))
    found: set[str] = set()
    for endpoints in named.values():
        if len({endpoint.zone for endpoint in endpoints}) > 1:
            found.update(endpoint.name for endpoint in endpoints)
    for several in spans.values():
        around: list[tuple[int, frozenset[str]]] = []  # the last address, and the zones of all that is around
        several.sort()
        start = 0
        while start < len(several):
            first, last = several[start][0], -several[start][1]
            end = start
            while end < len(several) and several[end][:2] == (first, -last):
                end += 1
            while around and around[-1][0] < first:
                around.pop()
            outer = around[-1][1] if around else frozenset[str]()
            zones = outer | {zone for _, _, zone, _ in several[start:end]}
            found.update(name for _, _, zone, name in several[start:end] if zones - {zone})
            if last > first:
                around.append((last, zones))
            start = end
    return found


def _list_outside(evidence: Evidence, homes: "_Homes") -> Iterator[tuple[str, str, Span]]:
    """By endpoint each address that is in none of the networks of its zone, and its span.

    Where that has no networks, what another zone has in its own.
    """
    networks = {zone.name: _Networks(zone.networks) for zone in evidence.plan.zones if zone.networks}
    if not networks:
        return
    for endpoint in evidence.plan.endpoints:
        own = networks.get(endpoint.zone)
        for address in endpoint.addresses:
            if (span := read_span(address)) is not None and (homes.find(span) if own is None else span not in own):
                yield endpoint.name, address, span


class _Networks:
    """Networks in which another one is found without a look at each."""

    def __init__(self, texts: Iterable[str]) -> None:
        self._spans: dict[int, list[tuple[int, int]]] = {4: [], 6: []}
        for family, first, last in sorted(span for span in map(read_span, texts) if span is not None):
            spans = self._spans[family]
            if spans and first <= spans[-1][1] + 1:
                spans[-1] = spans[-1][0], max(spans[-1][1], last)
            else:
                spans.append((first, last))

    def __contains__(self, network: Span) -> bool:
        spans = self._spans[network.family]
        place = bisect_right(spans, network.first, key=lambda span: span[0]) - 1
        return place >= 0 and network.last <= spans[place][1]


class _Homes:
    """The zones that an address is in by their networks, found without a look at each."""

    def __init__(self, evidence: Evidence) -> None:
        self._zones: dict[Span, str] = {}
        for zone in evidence.plan.zones:
            for span in map(read_span, zone.networks):
                if span is not None and not span.is_everything:
                    self._zones.setdefault(span, zone.name)
        # Of either family the sizes that there are, the smallest first: of each at most one network has an address.
        self._sizes = sorted({(span.family, span.last - span.first + 1) for span in self._zones})

    def find(self, span: Span) -> str | None:
        """The zone with the narrowest network that has all of these addresses; None if none has."""
        for family, size in self._sizes:
            home = Span(family, first := span.first // size * size, first + size - 1)
            if family == span.family and span.last <= home.last and home in self._zones:
                return self._zones[home]
        return None
