"""Where a device sends packets on to, by its own translations: to a published endpoint, and to any other. Pure."""

import ipaddress
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

from planner.engine.existing.bits import list_bits
from planner.engine.existing.boxes import Box, cut_all
from planner.engine.existing.model import Entry, Match, Translation
from planner.engine.existing.packets import Packets, Unit
from planner.engine.existing.sides import Ways
from planner.engine.existing.table import Table
from planner.engine.published import Published
from planner.engine.spans import FAMILIES, NOTHING, PORTS, PROTOCOLS, Spans

EACH = 10
"""How many steps it costs to cut out of packets what an earlier translation takes."""


def say_unsent(translations: Iterable[Translation], ways: Ways, packets: Packets, published: Published) -> str:
    """Why packets to the address that is seen aren't known to reach the endpoint, on the same ports; empty where they
    do.

    The first translation that is for a packet counts. One that isn't understood is named. `translations`: in order,
    at least those that bear on the address on these ports.
    """
    real, seen = (int(ipaddress.ip_address(one)) for one in (published.real, published.seen))
    protocols, left = packets.service
    for one in translations:
        if one.family != packets.family or seen not in one.seen:
            continue
        is_for = ways.matches(one.enters, packets.enters, "obscure")
        if is_for is False:
            continue
        if one.protocol is not None and not (one.protocol in protocols and left & one.seen_ports):
            continue
        if is_for is not True:
            return f"{one.name}: {is_for}"
        if not one.is_clear:
            return one.name
        if seen - one.seen.spans[0][0] + one.real.spans[0][0] != real:
            return f"{one.name}: sends {published.seen} elsewhere than to {published.real}"
        if one.protocol is None:
            return ""
        if one.seen_ports != one.real_ports:
            return f"{one.name}: to other ports"
        left -= one.seen_ports
        if not left:
            return ""
    return f"{published.seen}: nothing here translates it into {published.real}"


def send(published: Published, packets: Packets) -> Packets:
    """Packets to the own address of a published endpoint as they come, before that is put in."""
    real, seen = (int(ipaddress.ip_address(one)) for one in (published.real, published.seen))
    return replace(
        packets,
        destination=Unit(addresses=Spans.only(seen)),
        keys=(packets.keys[0], ("seen", packets.family, seen)),
        goal=(packets.family, real),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """How packets for an address that others see go on to the one behind it."""

    shift: int
    """What is added to the number of their destination."""
    seen_ports: Spans = NOTHING
    """The ports that they come for; nothing where they arrive on the same."""
    real_ports: Spans = NOTHING
    """The ports that they arrive on: in the same order, or one for all."""
    goal: tuple[int, int] | None = None
    """Family and number of the real address, where they are followed through the chains that put it in."""

    def find_seen(self, box: Box) -> Box:
        """As they come what arrives as these."""
        ports = box.ports
        if self.seen_ports:
            ports = self.seen_ports if self._is_one else _move(ports, -self._step)
        return box._replace(destinations=_move(box.destinations, -self.shift), ports=ports)

    def find_real(self, box: Box) -> Box:
        """As they arrive what comes as these."""
        ports = box.ports
        if self.seen_ports:
            ports = self.real_ports if self._is_one else _move(ports, self._step)
        return box._replace(destinations=_move(box.destinations, self.shift), ports=ports)

    @property
    def _is_one(self) -> bool:
        return self.real_ports.size == 1

    @property
    def _step(self) -> int:
        return self.real_ports.spans[0][0] - self.seen_ports.spans[0][0]


class Leading(NamedTuple):
    """Packets that a translation takes, as they come, and how it sends them on; None where that isn't known."""

    translation: Translation
    box: Box
    sent: Sent | None


class Translations:
    """Where a device sends packets on to: the first translation that is for a packet counts."""

    def __init__(self, translations: Iterable[Translation], ways: Ways) -> None:
        self._all = tuple(translations)
        self._ways = ways
        self._boxes = tuple(map(_as_box, self._all))
        self._arriving: dict[tuple[object, ...], tuple[Box, ...]] = {}
        self._table = Table(
            [
                Entry(name=one.name, verdict="accept", matches=(Match(**{**box._asdict(), "family": one.family}),))
                for one, box in zip(self._all, self._boxes, strict=True)
            ]
        )

    def list_leading(
        self, family: Literal[4, 6], box: Box, enters: str | None, spend: Callable[[int], None]
    ) -> Iterator[Leading]:
        """What of some packets, which come in by a side, is sent on elsewhere or may be.

        `spend` is told how much work it is, and may raise.
        """
        for number in self._meet(family, box):
            one = self._all[number]
            is_for = self._ways.matches(one.enters, enters, "obscure")
            both = box.meet(self._boxes[number])
            if is_for is False or both is None or _is_idle(one):
                continue
            earlier = [at for at in self._meet(family, both) if at < number]
            spend(1 + EACH * len(earlier))
            taken = (at for at in earlier if self._ways.matches(self._all[at].enters, enters, "obscure") is not False)
            for part in cut_all([both], map(self._boxes.__getitem__, taken)):
                yield Leading(one, part, _find_sent(one, part) if is_for is True else None)

    def list_arriving(self, family: Literal[4, 6], box: Box) -> tuple[Box, ...]:
        """As what some packets may arrive that come by any side: at least all of it."""
        key = family, box.destinations, box.protocols, box.ports
        if key not in self._arriving:
            self._arriving[key] = tuple(self._list_arriving(family, box))
        return self._arriving[key]

    def _list_arriving(self, family: Literal[4, 6], box: Box) -> Iterator[Box]:
        for number in self._meet(family, box):
            one = self._all[number]
            both = box.meet(self._boxes[number])
            if both is not None and not _is_idle(one) and (sent := _find_sent(one, both)):
                yield sent.find_real(both)

    def list_bearing(self, family: Literal[4, 6], seen: int, service: tuple[Spans, Spans]) -> Iterator[Translation]:
        """Those that bear on packets for an address on some ports, in order, wherever these come in."""
        box = Box(FAMILIES[family], Spans.only(seen), *service)
        return map(self._all.__getitem__, self._meet(family, box))

    def _meet(self, family: int, box: Box) -> Iterator[int]:
        """The places of those that bear on some packets, wherever these come in."""
        ends = (box.sources, box.sources), (box.destinations, box.destinations), (box.protocols, box.ports)
        return list_bits(self._table.meet(family, *ends))


def _as_box(one: Translation) -> Box:
    """All that a translation is for."""
    everywhere = FAMILIES[one.family]
    if one.protocol is None:
        return Box(everywhere, one.seen, PROTOCOLS, PORTS)
    return Box(everywhere, one.seen, Spans.only(one.protocol), one.seen_ports)


def _is_idle(one: Translation) -> bool:
    """Whether a translation leaves all as it is, and only keeps later ones from it."""
    return one.is_clear and one.seen == one.real and one.seen_ports == one.real_ports


def _find_sent(one: Translation, part: Box) -> Sent | None:
    """How a translation sends on what it takes; None where that isn't known."""
    if not one.is_clear:
        return None
    shift = one.real.spans[0][0] - one.seen.spans[0][0]
    if one.protocol is None or one.seen_ports == one.real_ports:
        return Sent(shift=shift)
    if one.real_ports.size == 1:
        return Sent(shift=shift, seen_ports=part.ports, real_ports=one.real_ports)
    if len(one.seen_ports.spans) == len(one.real_ports.spans) == 1 and one.seen_ports.size == one.real_ports.size:
        return Sent(shift=shift, seen_ports=one.seen_ports, real_ports=one.real_ports)
    return None


def _move(spans: Spans, step: int) -> Spans:
    """Numbers with something added to each."""
    return Spans(tuple((first + step, last + step) for first, last in spans)) if step else spans
