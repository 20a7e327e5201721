"""Cisco ASA: what `show running-config` prints. Pure.

Syntax and meaning: Cisco ASA Series Firewall CLI Configuration Guide, “Access Rules”, “Access Control Lists”, “NAT”,
“Objects for Access Control”; General Operations, “Routed and Transparent Mode Interfaces” (security levels). A packet
meets the list of the interface that it enters by, then the global one; where neither is there, the security levels
decide. Then it meets the list for leaving. Lists say real addresses, since 8.3: what a translation changes is put
back.

Where a text has neither interfaces nor an access-group, as the files that we write, the lines of its comments that
bind a list to an interface count. Without interfaces nobody knows what levels do: what no list decides is unknown.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from planner.engine.existing.devices.asa_objects import Block, Objects, narrowed, read_blocks, read_service
from planner.engine.existing.devices.asa_words import COMPARED, PORTED, Cursor, Unclear, read_ports, read_protocol
from planner.engine.existing.model import Entry, Ruleset, Sides, Stage, Translation, Unreadable, Verdict
from planner.engine.existing.parts.addresses import ANYBODY, Addresses, Reach, parse_network
from planner.engine.existing.parts.count import Count
from planner.engine.existing.parts.entries import make_entries
from planner.engine.existing.parts.routes import behind
from planner.engine.existing.parts.services import ANYTHING, ICMP, ICMP6, Services, of_ports
from planner.engine.existing.parts.translations import translate
from planner.engine.existing.spans import NOTHING, PORTS, Spans

_FOUR: Addresses = {4: ANYBODY[4], 6: Reach()}
_SIX: Addresses = {4: Reach(), 6: ANYBODY[6]}
_ANY = {"any": ANYBODY, "any4": _FOUR, "any6": _SIX}
_WHO = ("user", "user-group", "object-group-user", "security-group", "object-group-security")
_LEVELS = {
    "emergencies", "alerts", "critical", "errors", "warnings", "notifications", "informational", "debugging",
    "disable", "default", *map(str, range(8)),
}  # fmt: skip
MOST_INTERFACES = 1_500
"""Most interfaces with a name; security levels are between each two of them, and no device has as many."""


def read(text: str) -> Ruleset:
    """What the running configuration of an ASA admits. Raises Unreadable for what is none or has too much."""
    blocks = list(read_blocks(text))
    heads = {block.words[0] for block in blocks}
    if not heads & {"access-list", "interface", "access-group"}:
        raise Unreadable(
            "This is no configuration of an ASA: it has neither an interface nor an access-list. Give what "
            "show running-config prints."
        )
    if not heads & {"interface", "access-group"}:
        blocks += _bound_in_comments(text)
    return _Device(blocks, Count()).ruleset()


def _bound_in_comments(text: str) -> Iterator[Block]:
    for line in text.splitlines():
        words = line.split()
        if words[:2] == ["!", "access-group"] and words[3:5] == ["in", "interface"] and len(words) == 6:
            yield Block(words[1:])


@dataclass(slots=True)
class _Interface:
    """An interface with a name of its own."""

    name: str
    level: int
    networks: list[tuple[int, int, int]] = field(default_factory=list)
    address: int | None = None
    """Its own, of IPv4."""


_OTHER_LISTS = ("standard", "ethertype", "webtype")
"""Kinds of lists that say nothing of the packets of flows, and stand at no interface."""


class _Device:
    """A configuration, with what is looked up in it."""

    def __init__(self, blocks: Sequence[Block], count: Count) -> None:
        self._blocks = blocks
        self._count = count
        self._objects = Objects(blocks, count)
        self._interfaces = {one.name: one for one in map(_interface, blocks) if one}
        if len(self._interfaces) > MOST_INTERFACES:
            raise Unreadable(
                f"The configuration has {len(self._interfaces):,} named interfaces; at most {MOST_INTERFACES:,} are "
                "read. Take those that stand between the zones of the plan."
            )
        self._lists = self._read_lists()
        self._inward: dict[str, str] = {}
        self._outward: dict[str, str] = {}
        self._everywhere = ""
        for block in blocks:
            self._bind(block.words)

    def _bind(self, words: list[str]) -> None:
        if words[0] != "access-group" or "control-plane" in words[5:]:
            return
        if words[2:3] == ["global"]:
            self._everywhere = words[1]
        elif len(words) > 4 and words[2] in ("in", "out") and words[3] == "interface":
            (self._inward if words[2] == "in" else self._outward)[words[4]] = words[1]

    def ruleset(self) -> Ruleset:
        """The stages: interfaces that are off or of one security level, coming in, going out."""
        bound = [*self._inward.values(), *self._outward.values(), *filter(None, [self._everywhere])]
        # Each line is an entry or more wherever it is bound.
        Count().take(sum(len(self._lists.get(name, ())) for name in bound))
        translations = sorted(self._translations(), key=_place)
        stages = [self._coming_in(translations)]
        stopped, apart = self._stopped(), self._kept_apart()
        if stopped or apart:
            name = "interfaces" if stopped else "same-security-traffic"
            stages.insert(0, Stage(name=name, entries=(*stopped, *apart), default="accept"))
        if out := [entry for side, name in self._outward.items() for entry in self._of_list(name, leaves=side)]:
            going = tuple(translate(out, translations, self._count))
            stages.append(Stage(name="access-group out", entries=going, default="accept"))
        sides = {*self._interfaces, *self._inward, *self._outward}
        return Ruleset(
            format="asa", stages=tuple(stages), chains={}, sides=frozenset(sides), addresses=self._behind(),
            translations=tuple(translations),
        )  # fmt: skip

    def _stopped(self) -> list[Entry]:
        """Interfaces that are switched off, or for the device's own traffic alone, whatever lists say.

        Source: Cisco, “management-only” and “shutdown” in the command reference.
        """
        found = []
        for block in self._blocks:
            said = {words[0]: words[1:] for words in block.below}
            name = " ".join(said.get("nameif", []))
            why = [word for word in ("shutdown", "management-only") if word in said]
            if block.words[0] == "interface" and name and why:
                here = Sides(names=frozenset({name}))
                found += [
                    Entry(name=f"{why[0]} of {name}", verdict="drop", enters=enters, leaves=leaves)
                    for enters, leaves in ((here, None), (None, here))
                ]
        return found

    def _kept_apart(self) -> list[Entry]:
        """Between interfaces of one level, and back out of one, nothing goes unless it is allowed, whatever lists say.

        Source: Cisco, “same-security-traffic” in the command reference.
        """
        found: dict[int, list[str]] = {}
        for one in self._interfaces.values():
            found.setdefault(one.level, []).append(one.name)
        refused = []
        if not self._permits("inter-interface"):
            refused += [
                (f"security-level {level} of both interfaces", name, frozenset(names) - {name})
                for level, names in sorted(found.items())
                for name in names
                if len(names) > 1
            ]
        if not self._permits("intra-interface"):
            refused += [(f"no way back out of {name}", name, frozenset({name})) for name in self._interfaces]
        return [
            Entry(name=why, verdict="drop", enters=Sides(names=frozenset({name})), leaves=Sides(names=others))
            for why, name, others in refused
        ]

    def _permits(self, which: Literal["inter-interface", "intra-interface"]) -> bool:
        return any(one.words[:3] == ["same-security-traffic", "permit", which] for one in self._blocks)

    def _coming_in(self, translations: Sequence[Translation]) -> Stage:
        entries: list[Entry] = []
        for side, name in sorted(self._inward.items()):
            entries += self._of_list(name, enters=side, ends=not self._everywhere)
        if self._everywhere:
            entries += self._of_list(self._everywhere)
            default = f"implicit deny of access-list {self._everywhere}"
        else:
            levels = {one.level for one in self._interfaces.values()}
            joins, returns = self._permits("inter-interface"), self._permits("intra-interface")
            below = {
                level: frozenset(other.name for other in self._interfaces.values() if other.level < level + joins)
                for level in levels
            }
            for one in self._interfaces.values():
                if one.name in self._inward:
                    continue
                enters, lower = Sides(names=frozenset({one.name})), below[one.level] - {one.name}
                if returns:
                    name = f"same-security-traffic, back out of {one.name}"
                    entries.append(Entry(name=name, verdict="accept", enters=enters, leaves=enters))
                if lower:
                    leaves = Sides(names=lower)
                    name = f"security-level {one.level} of {one.name}, to {'equal and ' if joins else ''}lower ones"
                    entries.append(Entry(name=name, verdict="accept", enters=enters, leaves=leaves))
            default = "security levels"
        is_known = self._interfaces or self._everywhere
        return Stage(
            name="access-group in",
            entries=tuple(translate(entries, translations, self._count)),
            default="drop" if is_known else "obscure",
            default_name=default if is_known else "security levels, which aren't there",
        )

    def _of_list(self, name: str, *, enters: str = "", leaves: str = "", ends: bool = True) -> Iterator[Entry]:
        """The entries of a list at an interface, and the denial at its end."""
        here, there = (Sides(names=frozenset({side})) if side else None for side in (enters, leaves))
        for make in self._lists.get(name, ()):
            yield from make.entries(here, there)
        if name not in self._lists:
            obscure = (f"access-list {name}, which isn't there",)
            yield Entry(name=f"access-list {name}", verdict="obscure", enters=here, leaves=there, obscure=obscure)
        elif ends and (enters or leaves):
            yield Entry(name=f"implicit deny of access-list {name}", verdict="drop", enters=here, leaves=there)

    def _read_lists(self) -> dict[str, "list[_Line]"]:
        lists: dict[str, list[_Line]] = {}
        remark = ""
        for block in self._blocks:
            words, six = block.words, False
            if words[:2] == ["ipv6", "access-list"]:
                words, six = [*words[1:3], "extended", *words[3:]], True
            if words[0] != "access-list" or len(words) < 4:
                continue
            name, rest = words[1], words[2:]
            if rest[0] == "line" and len(rest) > 3:
                rest = rest[2:]
            if rest[0] == "remark" or rest[:2] == ["extended", "remark"]:
                remark = " ".join(rest[1:])
                continue
            if rest[0] not in _OTHER_LISTS:
                line = _Line(words=rest[rest[0] == "extended" :], name=" ".join(block.words), objects=self._objects,
                             count=self._count, six=six, comment=remark)  # fmt: skip
                found = lists.setdefault(name, [])
                if rest[-1] != "inactive" or rest[-2] in ("object", "object-group"):
                    found.append(line)
            remark = ""
        return lists

    def _translations(self) -> Iterator[Translation]:
        """Static translations, of objects and twice; others change sources alone."""
        for block in self._blocks:
            if block.words[:2] == ["object", "network"] and len(block.words) > 2:
                for words in block.below:
                    if words[0] == "nat" and "static" in words:
                        yield from self._of_object(block.words[2], words)
            elif block.words[0] == "nat" and "inactive" not in block.words:
                if "destination" in block.words:
                    yield from self._twice(block.words)
                elif "source" in block.words:
                    yield from self._twice_source(block.words)

    def _of_object(self, name: str, words: list[str]) -> Iterator[Translation]:
        """“nat (inside,outside) static ADDRESS [service tcp REAL SEEN]” below an object."""
        sides = _sides(words[1])
        at = words.index("static")
        if sides is None or len(words) <= at + 1:
            return
        protocol, real_ports, seen_ports, is_clear = None, NOTHING, NOTHING, True
        if words[at + 2 : at + 3] == ["service"] and len(words) > at + 5:
            try:
                protocol = PORTED[words[at + 3]][0]
                real_ports, seen_ports = (read_ports(Cursor(["eq", word])) or PORTS for word in words[at + 4 : at + 6])
            except (KeyError, Unclear):
                is_clear = False
        seen = self._seen(words[at + 1], sides[1])
        yield from self._translate(
            " ".join(("nat", *words[1:])), sides[1], seen, self._objects.networks.get(name), protocol=protocol,
            seen_ports=seen_ports, real_ports=real_ports, is_clear=is_clear,
        )  # fmt: skip

    def _seen(self, word: str, side: str) -> Addresses:
        if word == "interface":
            one = self._interfaces.get(side)
            spans = Spans.only(one.address) if one and one.address is not None else NOTHING
            return {4: Reach(spans=spans), 6: Reach()}
        plain = parse_network(self._objects.hosts.get(word, word))
        return self._objects.address([word], word) if plain else self._objects.networks.get(word)

    def _twice(self, words: list[str]) -> Iterator[Translation]:
        """“nat (a,b) source … destination static SEEN REAL”: packets that come in by a."""
        sides, at = _sides(words[1]), words.index("destination")
        if sides is None or words[at + 1 : at + 2] != ["static"] or len(words) < at + 4:
            return
        source = words[words.index("source") + 2 : at] if "source" in words else []
        is_clear = "service" not in words and set(source) <= {"any", "interface"}
        seen, real = self._seen(words[at + 2], sides[0]), self._objects.networks.get(words[at + 3])
        yield from self._translate(" ".join(words), sides[0], seen, real, is_clear=is_clear)

    def _twice_source(self, words: list[str]) -> Iterator[Translation]:
        """“nat (a,b) after-auto source static REAL SEEN”: what comes in by b for SEEN goes to REAL."""
        sides, at = _sides(words[1]), words.index("source")
        named = words[at + 2 : at + 4]
        if sides is None or words[at + 1 : at + 2] != ["static"] or len(named) < 2 or named[0] == "any":
            return
        seen, real = self._seen(named[1], sides[1]), self._objects.networks.get(named[0])
        yield from self._translate(" ".join(words), sides[1], seen, real, is_clear="service" not in words)

    def _translate(
        self, name: str, side: str, seen: Addresses, real: Addresses, *, protocol: int | None = None,
        seen_ports: Spans = NOTHING, real_ports: Spans = NOTHING, is_clear: bool = True,
    ) -> Iterator[Translation]:  # fmt: skip
        enters = None if side == "any" else Sides(names=frozenset({side}))
        for family in (4, 6):
            here, there = seen[family].spans, real[family].spans
            if not (here or there):
                continue
            alike = len(here.spans) == len(there.spans) == 1 and here.size == there.size
            known = alike and not (seen[family].vague or real[family].vague)
            yield Translation(
                name=name, enters=enters, family=family, seen=here, real=there, protocol=protocol,
                seen_ports=seen_ports, real_ports=real_ports, is_clear=is_clear and known,
            )  # fmt: skip

    def _behind(self) -> Mapping[str, Spans]:
        routes = [(one.name, *net[1:]) for one in self._interfaces.values() for net in one.networks]
        for block in self._blocks:
            if block.words[0] == "route" and len(block.words) > 4:
                hosts = self._objects.hosts
                found = parse_network(*(hosts.get(word, word) for word in block.words[2:4]))
                if found and found[0] == 4:
                    routes.append((block.words[1], *found[1:]))
        return behind(routes)


def _place(one: Translation) -> int:
    """In which section a translation is looked at: those that say both ends first, then those of objects, then those
    after them."""
    return 2 if " after-auto " in one.name else 0 if " source " in one.name else 1


def _interface(block: Block) -> _Interface | None:
    """An interface with a name; None for other lines, and for one without or switched off."""
    said = {words[0]: words[1:] for words in block.below if words[:2] != ["ip", "address"]}
    name = " ".join(said.get("nameif", []))
    if block.words[0] != "interface" or not name or "shutdown" in said:
        return None
    level = "".join(said.get("security-level", ["100" if name == "inside" else "0"]))
    made = _Interface(name, int(level) if level.isascii() and level.isdigit() and len(level) < 4 else 0)
    for words in block.below:
        if words[:2] == ["ip", "address"] and len(words) > 3:
            if found := parse_network(*words[2:4]):
                made.networks.append(found)
            if own := parse_network(words[2]):
                made.address = own[1]
    return made


def _sides(word: str) -> tuple[str, str] | None:
    """“(inside,outside)”."""
    real, comma, seen = word.strip("()").partition(",")
    return (real, seen) if comma and word.startswith("(") else None


_Compared = tuple[Spans, Services]
"""Ports, and the group that they are of."""
_CLEAR = Services()
"""The group of those that are said without one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Line:
    """One entry of a list that is in force."""

    words: list[str]
    name: str
    objects: Objects
    count: Count
    six: bool
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
        if self.six:
            sides = [{4: Reach(), 6: side[6]} for side in sides]
        yield from make_entries(
            self.count, name=self.name, verdict=verdict, sources=sides[0], destinations=sides[1], services=services,
            enters=enters, leaves=leaves, obscure=obscure, comment=self.comment or self._described(),
        )  # fmt: skip

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
            if source_ports is not None or ports is not None:
                numbers = Spans(((6, 6), (17, 17), (132, 132)))
                services = narrowed(services, numbers, source_ports and source_ports[0], ports and ports[0])
        elif ported:
            services = self._ported(protocol, source_ports, ports)
        elif protocol in (ICMP, ICMP6) and cursor.next == "object-group":
            cursor.take()
            services = narrowed(self.objects.services.get(cursor.take()), Spans.only(protocol), None, None)
        else:
            services = Services(clear=tuple(read_service(protocol, cursor)))
        return services, sources, destinations, obscure

    def _ported(self, protocol: int, source_ports: _Compared | None, ports: _Compared | None) -> Services:
        """Ports of a protocol; the same object for those of the same groups."""
        key = protocol, *((one[0], id(one[1])) if one else None for one in (source_ports, ports))
        if key not in self.objects.ported:
            here = source_ports[0] if source_ports else PORTS
            there = ports[0] if ports else PORTS
            vague = [*(source_ports[1].vague if source_ports else ()), *(ports[1].vague if ports else ())]
            wide = of_ports(protocol, PORTS if ports and ports[1].vague else there)
            clear = (of_ports(protocol, there, here),) if here and there else ()
            self.objects.ported[key] = Services(clear=clear, vague=tuple((text, wide) for text, _ in vague))
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
            return _SIX if self.six else _ANY[word]
        if word in ("object", "object-group"):
            return self.objects.networks.get(cursor.take())
        if word == "host":
            return self.objects.address([word, cursor.take()], f"host {cursor.next}")
        if word in ("interface", "object-group-network-service"):
            raise Unclear(f"{word} {cursor.take()}")
        if "/" in word or ":" in word:
            return self.objects.address([word], word)
        return self.objects.address([word, cursor.take()], word)

    def _ports(self, cursor: Cursor, protocol: int) -> _Compared | None:
        """A comparison, or a group of ports: those of the protocol, and what isn't understood."""
        if cursor.next in COMPARED:
            return read_ports(cursor) or NOTHING, _CLEAR
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
