"""Packets that `never` rows and prohibitions of the document forbid, as few sets as can be, by how they come. Pure.

To own addresses, to those by which endpoints are published, and to any other from which a translation of the device
sends them on to an endpoint.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Literal

from planner.engine.existing.asked import SeenAs
from planner.engine.existing.boxes import Box
from planner.engine.existing.packets import Ends, Packets, Unit, families_of, find_service
from planner.engine.existing.sent import Leading, Translations, send
from planner.engine.existing.walk import Walker
from planner.engine.prohibitions import Closed, Side
from planner.engine.report import Report
from planner.engine.spans import FAMILIES, PORTS, PROTOCOLS, Spans
from planner.plan.document import Endpoint

SENT_OF_WORK = 16
"""To look at so many translations takes as long as a step."""
SeenFrom = Callable[[str], Ends]
"""Zone of the source -> the endpoints as they are seen from there."""
Service = tuple[Spans, Spans]
"""Protocols and ports."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Members:
    """Endpoints of one zone that rows are about: the same object for all rows that are about these."""

    zone: str
    endpoints: tuple[Endpoint, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Group:
    """Rows that forbid the same from any of these endpoints to any of those."""

    row: Closed
    """The first of them."""
    sources: tuple[Members, ...]
    """By zone."""
    destinations: tuple[Members, ...]

    @property
    def families(self) -> tuple[Literal[4, 6], ...]:
        """The address families that have packets of it."""
        return families_of(self.row.protocol) if self.row.protocol else (4, 6)


def list_groups(report: Report) -> Iterator[Group]:
    """The plan's own rows one by one, and those of the document that say the same together."""
    endpoints = {endpoint.name: endpoint for endpoint in report.plan.endpoints}
    zones = {members.zone: (members,) for members in part_by_zone(report.plan.endpoints)}
    known: dict[tuple[str, ...], tuple[Members, ...]] = {}

    def find(names: tuple[str, ...]) -> tuple[Members, ...]:
        if names not in known:
            known[names] = part_by_zone(endpoints[name] for name in names)
        return known[names]

    def find_side(side: Side) -> tuple[Members, ...]:
        return find((side["endpoint"],)) if "endpoint" in side else zones.get(side["zone"], ())

    said: dict[tuple[object, ...], dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    first: dict[tuple[object, ...], Closed] = {}
    for row in report.closed:
        if row.number is not None:
            yield Group(row=row, sources=find_side(row.source), destinations=find_side(row.destination))
        else:
            key = row.sections, row.reason, row.protocol, row.ports
            first.setdefault(key, row)
            said[key][row.source["endpoint"]].append(row.destination["endpoint"])
    for alike_key, by_source in said.items():
        alike: dict[tuple[str, ...], list[str]] = defaultdict(list)
        for source, destinations in by_source.items():
            alike[tuple(destinations)].append(source)
        for names, sources in alike.items():
            yield Group(row=first[alike_key], sources=find(tuple(sources)), destinations=find(names))


def part_by_zone(endpoints: Iterable[Endpoint]) -> tuple[Members, ...]:
    """Endpoints by zone."""
    found: dict[str, list[Endpoint]] = defaultdict(list)
    for endpoint in endpoints:
        found[endpoint.zone].append(endpoint)
    return tuple(Members(zone=zone, endpoints=tuple(several)) for zone, several in found.items())


@dataclass(frozen=True, slots=True, kw_only=True)
class Try:
    """Packets that a row forbids, as they come."""

    packets: Packets
    arrive: Callable[[Box], Box] | None = None
    """As what some of them arrive that come for another address than they are sent on to; None where none do."""
    unclear: str = ""
    """Where it isn't known whether they are sent on to there: the translation that isn't understood."""


class Tries:
    """What rows forbid, to be tried with one ruleset; what several rows have in common is found once."""

    def __init__(
        self,
        walker: Walker,
        ends: Ends,
        seen_from: SeenFrom,
        published: Iterable[SeenAs],
        spend: Callable[[int], None],
    ) -> None:
        """`published`: where endpoints are seen under another address. `spend` is told how much work it is, and may
        raise."""
        self._walker = walker
        self._ends = ends
        self._seen_from = seen_from
        self._followed = tuple(one for one in published if one.follows)
        self._translations = Translations(walker.ruleset.translations, walker.ways)
        self._spend = spend
        self._units: dict[tuple[Members, int, int], tuple[Unit, ...]] = {}
        """By whose they are, family and the id of how these are seen."""
        self._sent: dict[tuple[str, Members], tuple[SeenAs, ...]] = {}
        """What is published of endpoints to a zone, where that is followed."""
        self._all_led: dict[tuple[int, str | None], tuple[Leading, ...]] = {}
        """By family and the side of the device where packets enter."""
        self._led: dict[tuple[int, str | None, Members], tuple[tuple[Leading, Box], ...]] = {}
        """Of those what leads to some endpoints, and all as what it may arrive there."""

    def list_all(self, row: Closed, family: Literal[4, 6], here: Members, there: Members) -> Iterator[Try]:
        """What a row forbids from endpoints of one zone to those of another."""
        self._spend(1)
        service = find_service(row.protocol, row.ports) if row.protocol else (PROTOCOLS, PORTS)
        ways = self._walker.ways.between(here.zone, there.zone) if self._walker.has_sides else ((None, None),)
        seen = self._seen_from(here.zone)
        for source in self._find_units(self._ends, here, family):
            key = here, source.whose, source.name
            for enters, leaves in ways:
                from_here = partial(Packets, family=family, source=source, enters=enters, leaves=leaves)
                for unit in self._find_units(seen, there, family):
                    its = there, unit.whose, unit.name, id(seen)
                    yield Try(packets=from_here(destination=unit, service=service, keys=(key, its)))
                for one in self._find_sent(here.zone, there):
                    if one.published.family == family:
                        own = Unit(addresses=Spans.only(one.real))
                        packets = from_here(destination=own, service=service, keys=(key, ("own", one.real)))
                        yield Try(packets=send(one.published, packets), arrive=partial(_arrive_at, own.addresses))
                for come, arrive, unclear in self._list_led(family, enters, there, service):
                    packets = from_here(
                        destination=Unit(addresses=come.destinations),
                        service=(come.protocols, come.ports),
                        keys=(key, ("sent", come.destinations)),
                    )
                    yield Try(packets=packets, arrive=arrive, unclear=unclear)

    def _find_units(self, ends: Ends, members: Members, family: Literal[4, 6]) -> tuple[Unit, ...]:
        """All addresses of some endpoints at once, then each of their names."""
        key = members, family, id(ends)
        if key not in self._units:
            units = [unit for endpoint in members.endpoints for unit in ends.find(endpoint, family)]
            known = Spans.of(span for unit in units if unit.name is None for span in unit.addresses)
            together = (Unit(addresses=known),) if known else ()
            self._units[key] = (*together, *(unit for unit in units if unit.name is not None))
        return self._units[key]

    def _find_sent(self, zone: str, there: Members) -> tuple[SeenAs, ...]:
        """The addresses by which a zone sees some endpoints, on a device whose chains are followed."""
        key = zone, there
        if key not in self._sent:
            names = {endpoint.name for endpoint in there.endpoints} if self._followed else set()
            self._sent[key] = tuple(
                one for one in self._followed if one.published.endpoint in names and zone in one.zones
            )
        return self._sent[key]

    def _list_led(
        self, family: Literal[4, 6], enters: str | None, there: Members, service: Service
    ) -> Iterator[tuple[Box, Callable[[Box], Box], str]]:
        """What a translation of the device sends on, or may, to some endpoints on forbidden ports: as it comes, how it
        arrives, and the translation where that isn't understood."""
        if not self._walker.ruleset.translations:
            return
        led = self._find_led(family, enters, there)
        self._spend(len(led) // SENT_OF_WORK)
        for (translation, box, sent), real in led:
            protocols, ports = real.protocols & service[0], real.ports & service[1]
            if not protocols:
                continue
            if sent is None:
                arrive = partial(_arrive_at, real.destinations, ports=service[1])
                yield box._replace(protocols=protocols), arrive, translation.name
            elif ports:
                yield sent.find_seen(real._replace(protocols=protocols, ports=ports)), sent.find_real, ""

    def _find_led(self, family: Literal[4, 6], enters: str | None, there: Members) -> tuple[tuple[Leading, Box], ...]:
        key = family, enters, there
        if key not in self._led:
            if key[:2] not in self._all_led:
                everything = Box(FAMILIES[family], FAMILIES[family], PROTOCOLS, PORTS)
                found = self._translations.list_leading(family, everything, enters, self._spend)
                self._all_led[key[:2]] = tuple(found)
            known = self._all_led[key[:2]]
            self._spend(len(known) // SENT_OF_WORK)
            units = self._find_units(self._ends, there, family)
            own = next((unit.addresses for unit in units if unit.name is None), Spans(()))
            self._led[key] = tuple(_choose_led(known, own))
        return self._led[key]


def _choose_led(leading: Sequence[Leading], own: Spans) -> Iterator[tuple[Leading, Box]]:
    """What is sent on to some addresses, or may be, and all as what it may arrive there."""
    for one in leading:
        if one.sent is None:
            destinations = one.translation.real & own if one.translation.real else own
            real = one.box
        else:
            real = one.sent.find_real(one.box)
            destinations = real.destinations & own
        if destinations:
            yield one, real._replace(destinations=destinations)


def _arrive_at(destinations: Spans, box: Box, *, ports: Spans | None = None) -> Box:
    """Packets as they are once they are sent on to other addresses, and maybe other ports."""
    return box._replace(destinations=destinations, ports=ports or box.ports)
