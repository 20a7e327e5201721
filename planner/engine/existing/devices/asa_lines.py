"""The lines of a Cisco ASA's access lists. Pure.

Syntax: Cisco ASA Series Firewall CLI Configuration Guide, “Access Control Lists”.
"""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass

from planner.engine.existing.devices.asa_objects import UNGROUPED, Compared, Objects, narrowed, read_service
from planner.engine.existing.devices.asa_words import COMPARED, PORTED, Cursor, Unclear, read_ports, read_protocol
from planner.engine.existing.model import Entry, Sides, Verdict
from planner.engine.existing.parts.addresses import ANYBODY, ONLY, Addresses, Reach
from planner.engine.existing.parts.count import Count
from planner.engine.existing.parts.entries import make_entries
from planner.engine.existing.parts.services import ANYTHING, ICMP, ICMP6, SCTP, TCP, UDP, Services, of_protocol
from planner.engine.spans import NOTHING, Spans

_ANY = {"any": ANYBODY, "any4": ONLY[4], "any6": ONLY[6]}
_WHO = ("user", "user-group", "object-group-user", "security-group", "object-group-security")
_LEVELS = {
    "emergencies", "alerts", "critical", "errors", "warnings", "notifications", "informational", "debugging",
    "disable", "default", *map(str, range(8)),
}  # fmt: skip

_PORTED = Spans.of((number, number) for number in (TCP, UDP, SCTP))


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One entry of a list that is in force."""

    words: list[str]
    name: str
    objects: Objects
    count: Count
    families: frozenset[int]
    """Those that its list is for."""
    comment: str

    def entries(self, enters: Sides | None, leaves: Sides | None) -> Iterator[Entry]:
        """It at an interface. What isn't understood of it leaves it as wide as can be."""
        cursor = Cursor(self.words)
        verdict: Verdict = "accept" if cursor.takes("permit") else "drop" if cursor.takes("deny") else "obscure"
        obscure: list[str] = [] if verdict != "obscure" else [self.words[0]]
        services, sides = ANYTHING, [ANYBODY, ANYBODY]
        try:
            services, sides[0], sides[1], said = self._parts(cursor)
            obscure += [*said, *_ending(cursor)]
        except Unclear as unclear:
            services, sides = ANYTHING, [ANYBODY, ANYBODY]
            obscure.append(str(unclear))
        yield from make_entries(
            self.count, name=self.name, verdict=verdict, sources=self._keep(sides[0]),
            destinations=self._keep(sides[1]), services=services,
            enters=enters, leaves=leaves, obscure=obscure, comment=self.comment or self._described(),
        )  # fmt: skip

    def turned(self, name: str, verdict: Verdict, enters: Sides, obscure: Sequence[str]) -> Iterator[Entry]:
        """As what comes out of a tunnel that it says what goes into: its ends change places, on whatever ports."""
        cursor = Cursor(self.words)
        if cursor.takes("deny"):
            return
        here, there = ANYBODY, ANYBODY
        if cursor.takes("permit"):
            with suppress(Unclear):
                _, here, there, _ = self._parts(cursor)
        yield from make_entries(
            self.count, name=name, verdict=verdict, sources=self._keep(there), destinations=self._keep(here),
            services=ANYTHING, enters=enters, obscure=obscure,
        )  # fmt: skip

    def _keep(self, side: Addresses) -> Addresses:
        if len(self.families) > 1:
            return side
        return {family: reach if family in self.families else Reach() for family, reach in side.items()}

    def _described(self) -> str:
        """What is written beside the first group that it names."""
        return next((self.objects.comments[word] for word in self.words if word in self.objects.comments), "")

    def _parts(self, cursor: Cursor) -> tuple[Services, Addresses, Addresses, list[str]]:
        """Services, sources, destinations, and what isn't understood of them. Raises Unclear."""
        word = cursor.take()
        ported, protocol, services = False, 0, ANYTHING
        if word in ("object", "object-group"):
            name = cursor.take()
            services = self.objects.services.get(name)
            ported = self.objects.kinds.get(name) == "protocol"
        else:
            protocol = read_protocol(word)
            ported = word in PORTED
        obscure = [*self._who(cursor)]
        sources = self._side(cursor)
        source_ports = self._ports(cursor, protocol) if ported else None
        obscure += self._who(cursor)
        destinations = self._side(cursor)
        ports = self._ports(cursor, protocol) if ported else None
        if word in ("object", "object-group"):
            if source_ports or ports:
                services = self._on_ports(services, source_ports, ports, id(services))
        elif ported:
            services = self._on_ports(Services(clear=(of_protocol(protocol),)), source_ports, ports, protocol)
        elif protocol in (ICMP, ICMP6) and cursor.next == "object-group":
            cursor.take()
            services = narrowed(self.objects.services.get(cursor.take()), Spans.only(protocol))
        else:
            services = Services(clear=tuple(read_service(protocol, cursor)))
        return services, sources, destinations, obscure

    def _on_ports(
        self, services: Services, source_ports: Compared | None, ports: Compared | None, whose: int
    ) -> Services:
        """Services on these ports; the same object for the same groups of ports and `whose`, a protocol or an id."""
        key = whose, *((one[0], id(one[1])) if one else None for one in (source_ports, ports))
        if key not in self.objects.ported:
            self.objects.ported[key] = narrowed(services, _PORTED, source_ports, ports)
        return self.objects.ported[key]

    def _who(self, cursor: Cursor) -> Iterator[str]:
        while cursor.next in _WHO:
            word = cursor.take()
            named = [cursor.take()]
            if word == "security-group":
                named.append(cursor.take())
            yield " ".join((word, *named))

    def _side(self, cursor: Cursor) -> Addresses:
        word = cursor.take()
        if word in _ANY:
            return _ANY[word]
        if word in ("object", "object-group"):
            return self.objects.networks.get(cursor.take())
        if word == "host":
            return self.objects.address([word, cursor.take()], f"host {cursor.next}")
        if word in ("interface", "object-group-network-service"):
            raise Unclear(f"{word} {cursor.take()}")
        if "/" in word or ":" in word:
            return self.objects.address([word], word)
        return self.objects.address([word, cursor.take()], word)

    def _ports(self, cursor: Cursor, protocol: int) -> Compared | None:
        """A comparison, or a group of ports: those of the protocol, and what isn't understood."""
        if cursor.next in COMPARED:
            return read_ports(cursor) or NOTHING, UNGROUPED
        name = self._following(cursor)
        if name is None or self.objects.kinds.get(name) != "service":
            return None
        cursor.take()
        return self.objects.ports(cursor.take(), protocol)

    def _following(self, cursor: Cursor) -> str | None:
        """The name of an object group that comes next."""
        return cursor.peek() if cursor.next == "object-group" else None


def _ending(cursor: Cursor) -> Iterator[str]:
    """What stands after the services: logging says nothing about packets."""
    while cursor.next:
        word = cursor.take()
        if word == "log":
            while cursor.next in _LEVELS or cursor.next == "interval":
                if cursor.take() == "interval":
                    cursor.take()
        elif word == "time-range":
            yield f"time-range {cursor.take()}"
        else:
            yield word
