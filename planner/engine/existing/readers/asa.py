"""Cisco ASA: what `show running-config` prints. Pure.

Syntax and meaning: Cisco ASA Series Firewall CLI Configuration Guide, “Access Rules”, “Access Control Lists”, “NAT”,
“Objects for Access Control”; General Operations, “Routed and Transparent Mode Interfaces” (security levels). A packet
meets the list of the interface that it enters by, then the global one; where neither is there, the security levels
decide. Then it meets the list for leaving. Lists say real addresses, since 8.3: what a translation changes is put
back. Before 9.0 an interface has a list for each family. What comes out of a tunnel meets no list, unless it is told
to (VPN CLI Configuration Guide, “General VPN Parameters”).

Where a text has neither interfaces nor an access-group, as the files that we write, the lines of its comments that
bind a list to an interface count. Without interfaces nobody knows what levels do: what no list decides is unknown.
"""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

from planner.engine.existing.devices.asa_lines import Line
from planner.engine.existing.devices.asa_objects import Block, Objects, read_blocks
from planner.engine.existing.devices.asa_tunnels import Tunnel, list_tunnels, name_filters
from planner.engine.existing.devices.asa_words import PORTED, Cursor, Unclear, read_ports
from planner.engine.existing.model import (
    EVERYTHING,
    Entry,
    Match,
    Ruleset,
    Sides,
    Stage,
    Translation,
    Unreadable,
    Verdict,
)
from planner.engine.existing.parts.addresses import ANYBODY, Addresses, Reach, parse_network
from planner.engine.existing.parts.count import Count
from planner.engine.existing.parts.entries import make_entries
from planner.engine.existing.parts.routes import behind
from planner.engine.existing.parts.services import ANYTHING
from planner.engine.existing.parts.translations import translate
from planner.engine.spans import NOTHING, PORTS, Spans

MOST_INTERFACES = 1_500
"""Most interfaces with a name; security levels are between each two of them, and no device has as many."""
_BOTH = frozenset({4, 6})
_TOO_OLD = re.compile(r"(?m)^(?:(?:PIX|FWSM) Version |ASA Version (?:7\.|8\.[0-2](?!\d))|static \()")
"""Of a release before 8.3, whose lists say translated addresses (Cisco ASA Migration Guide for Version 8.3)."""
_APART = re.compile(r"(?m)^(?:ASA Version 8\.|ipv6 access-list )")
"""Of a release before 9.0, whose lists are each for one family (Release Notes for 9.0, “Unified ACL”)."""
_PASSES = "sysopt connection permit-vpn: what comes out of a tunnel passes no list"


def read(text: str) -> Ruleset:
    """What the running configuration of an ASA admits. Raises Unreadable for what is none or has too much."""
    blocks = list(read_blocks(text))
    heads = {block.words[0] for block in blocks}
    if not heads & {"access-list", "interface", "access-group"}:
        raise Unreadable(
            "This is no configuration of an ASA: it has neither an interface nor an access-list. Give what "
            "show running-config prints."
        )
    if _TOO_OLD.search(text):
        raise Unreadable(
            "This is the configuration of a release before ASA 8.3, whose access lists say translated addresses. Give "
            "that of 8.3 or newer."
        )
    if not heads & {"interface", "access-group"}:
        blocks += _bound_in_comments(text)
    return _Device(blocks, Count(), apart=_APART.search(text) is not None).ruleset()


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

    def __init__(self, blocks: Sequence[Block], count: Count, *, apart: bool) -> None:
        """`apart`: whether each list is for one family."""
        self._blocks = blocks
        self._apart = apart
        self._count = count
        self._objects = Objects(blocks, count)
        self._interfaces = {one.name: one for one in map(_interface, blocks) if one}
        if len(self._interfaces) > MOST_INTERFACES:
            raise Unreadable(
                f"The configuration has {len(self._interfaces):,} named interfaces; at most {MOST_INTERFACES:,} are "
                "read. Take those that stand between the zones of the plan."
            )
        self._families: dict[str, frozenset[int]] = {}
        """List -> the families that it is for."""
        self._lists = self._read_lists()
        self._tunnels: list[Tunnel] = []
        several = Count()
        for tunnel in list_tunnels(blocks):
            several.take(sum(len(self._lists.get(name, ())) + 1 for name in tunnel.lists) + 1)
            self._tunnels.append(tunnel)
        self._bound: dict[tuple[str, str], list[str]] = {}
        """in, out or global, and the interface -> the lists that stand there."""
        for block in blocks:
            self._bind(block.words)

    def _bind(self, words: list[str]) -> None:
        if words[0] != "access-group" or "control-plane" in words[5:]:
            return
        if words[2:3] == ["global"]:
            place = "global", ""
        elif len(words) > 4 and words[2] in ("in", "out") and words[3] == "interface":
            place = words[2], words[4]
        else:
            return
        families = self._find_families(words[1])
        others = [name for name in self._bound.get(place, ()) if not families & self._find_families(name)]
        self._bound[place] = [*others, words[1]]

    def _find_families(self, *names: str) -> frozenset[int]:
        """Those that any of these lists is for."""
        return frozenset[int]().union(*(self._families.get(name, _BOTH) for name in names))

    def ruleset(self) -> Ruleset:
        """The stages: interfaces that are off or of one security level, coming in, going out."""
        bound = [name for names in self._bound.values() for name in names]
        # Each line is an entry or more wherever it is bound.
        Count().take(sum(len(self._lists.get(name, ())) for name in bound))
        translations = sorted(self._list_changing(), key=_place)
        stages = [self._coming_in(translations)]
        stopped, apart = self._stopped(), self._kept_apart()
        if stopped or apart:
            name = "interfaces" if stopped else "same-security-traffic"
            stages.insert(0, Stage(name=name, entries=(*stopped, *apart), default="accept"))
        if out := [
            entry
            for (way, side), names in self._bound.items()
            if way == "out"
            for name in names
            for entry in self._of_list(name, leaves=side, ends=self._find_families(name))
        ]:
            going = (*self._passing, *translate(out, translations, self._count))
            stages.append(Stage(name="access-group out", entries=going, default="accept"))
        sides = {*self._interfaces, *(side for _, side in self._bound if side), *(one.side for one in self._tunnels)}
        return Ruleset(
            format="asa", stages=tuple(stages), chains={}, sides=frozenset(sides), addresses=self._behind(),
            translations=tuple(translations), apart=True,
        )  # fmt: skip

    def _stopped(self) -> list[Entry]:
        """Interfaces that are switched off, or within one that is, or for the device's own traffic alone, whatever
        lists say.

        Source: Cisco, “management-only” and “shutdown” in the command reference; General Operations CLI Configuration
        Guide, “Default State of Interfaces”.
        """
        found = []
        interfaces = [block for block in self._blocks if block.words[0] == "interface" and len(block.words) > 1]
        off = {block.words[1] for block in interfaces if ["shutdown"] in block.below}
        for block in interfaces:
            said = {words[0]: words[1:] for words in block.below}
            name, outer = " ".join(said.get("nameif", [])), block.words[1].rpartition(".")[0]
            why = [f"{word} of {name}" for word in ("shutdown", "management-only") if word in said]
            why += [f"shutdown of {outer}, which {name} is within"] if outer in off else []
            if name and why:
                here = Sides(names=frozenset({name}))
                found += [
                    Entry(name=why[0], verdict="drop", enters=enters, leaves=leaves)
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
        everywhere = self._bound.get(("global", ""), [])
        throughout = self._find_families(*everywhere)
        for (way, side), names in sorted(self._bound.items()):
            for name in names if way == "in" else ():
                entries += self._of_list(name, enters=side, ends=self._find_families(name) - throughout)
        for name in everywhere:
            entries += self._of_list(name, ends=self._find_families(name))
        entries += self._of_levels(throughout)
        is_known = self._interfaces or throughout == _BOTH
        return Stage(
            name="access-group in",
            entries=(*self._passing, *translate(entries, translations, self._count)),
            default="drop" if is_known else "obscure",
            default_name="security levels" if is_known else "security levels, which aren't there",
        )

    def _of_levels(self, listed: frozenset[int]) -> Iterator[Entry]:
        """What goes by security levels, where an interface has no list; `listed` are the families of a global one."""
        levels = {one.level for one in self._interfaces.values()}
        joins, returns = self._permits("inter-interface"), self._permits("intra-interface")
        below = {
            level: frozenset(other.name for other in self._interfaces.values() if other.level < level + joins)
            for level in levels
        }
        for one in self._interfaces.values():
            matches = _all_of(_BOTH - listed - self._find_families(*self._bound.get(("in", one.name), ())))
            if not matches:
                continue
            enters, lower = Sides(names=frozenset({one.name})), below[one.level] - {one.name}
            if returns:
                name = f"same-security-traffic, back out of {one.name}"
                yield Entry(name=name, verdict="accept", enters=enters, leaves=enters, matches=matches)
            if lower:
                leaves = Sides(names=lower)
                name = f"security-level {one.level} of {one.name}, to {'equal and ' if joins else ''}lower ones"
                yield Entry(name=name, verdict="accept", enters=enters, leaves=leaves, matches=matches)

    @cached_property
    def _passing(self) -> tuple[Entry, ...]:
        return tuple(self._of_tunnels())

    def _of_tunnels(self) -> Iterator[Entry]:
        """What comes out of tunnels: it goes on without a list being asked, unless a filter of its own refuses it."""
        filters = name_filters(self._blocks)
        verdict: Verdict = "obscure" if filters else "accept"
        obscure = (_PASSES, *filters)
        for tunnel in self._tunnels:
            here = Sides(names=frozenset({tunnel.side}))
            for name in tunnel.lists:
                for line in self._lists.get(name, ()):
                    yield from line.turned(tunnel.name, verdict, here, obscure)
            sources = tunnel.sources if all(name in self._lists for name in tunnel.lists) else ANYBODY
            yield from make_entries(
                self._count, name=tunnel.name, verdict=verdict, sources=sources, destinations=ANYBODY,
                services=ANYTHING, enters=here, obscure=obscure,
            )  # fmt: skip

    def _of_list(self, name: str, *, enters: str = "", leaves: str = "", ends: Collection[int]) -> Iterator[Entry]:
        """The entries of a list at an interface, and the denial at its end, of some families."""
        here, there = (Sides(names=frozenset({side})) if side else None for side in (enters, leaves))
        for make in self._lists.get(name, ()):
            yield from make.entries(here, there)
        if name not in self._lists:
            obscure = (f"access-list {name}, which isn't there",)
            yield Entry(name=f"access-list {name}", verdict="obscure", enters=here, leaves=there, obscure=obscure)
        elif ends:
            name = f"implicit deny of access-list {name}"
            yield Entry(name=name, verdict="drop", enters=here, leaves=there, matches=_all_of(ends))

    def _read_lists(self) -> dict[str, list[Line]]:
        lists: dict[str, list[Line]] = {}
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
                families = frozenset({6} if six else {4} if self._apart else _BOTH)
                self._families[name] = self._families.get(name, frozenset()) | families
                line = Line(words=rest[rest[0] == "extended" :], name=" ".join(block.words), objects=self._objects,
                            count=self._count, families=families, comment=remark)  # fmt: skip
                found = lists.setdefault(name, [])
                if rest[-1] != "inactive" or rest[-2] in ("object", "object-group"):
                    found.append(line)
            remark = ""
        return lists

    def _list_changing(self) -> Iterator[Translation]:
        """The translations without those of an address to itself, as tunnels have them, where no other is for it.

        Source: Cisco, “Identity NAT”: such a line keeps packets from the translations after it, and changes nothing.
        """
        found = list(self._translations())
        changed = {
            family: Spans.of(
                span for one, is_same in found if one.family == family and not is_same for span in one.seen
            )
            for family in (4, 6)
        }
        yield from (one for one, is_same in found if not is_same or one.seen & changed[one.family])

    def _translations(self) -> Iterator[tuple[Translation, bool]]:
        """Static translations, of objects and twice, and whether each is of an address to itself; others change
        sources alone, and so do those of one direction."""
        for block in self._blocks:
            words = block.words
            if words[:2] == ["object", "network"] and len(words) > 2:
                for below in block.below:
                    if below[0] == "nat" and "static" in below:
                        yield from ((one, False) for one in self._of_object(words[2], below))
            elif words[0] == "nat" and "inactive" not in words:
                if "destination" in words:
                    is_same = _is_identity(words, "destination")
                    yield from ((one, is_same) for one in self._twice(words))
                is_same = _is_identity(words, "source")
                if "source" in words and "unidirectional" not in words and not (is_same and "destination" in words):
                    yield from ((one, is_same) for one in self._twice_source(words))

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
        """“nat (a,b) after-auto source static REAL SEEN”: what comes in by b for SEEN goes to REAL; with a destination
        behind it, only what comes from there."""
        sides, at = _sides(words[1]), words.index("source")
        named = words[at + 2 : at + 4]
        if sides is None or words[at + 1 : at + 2] != ["static"] or len(named) < 2 or named[0] == "any":
            return
        seen, real = self._seen(named[1], sides[1]), self._objects.networks.get(named[0])
        is_clear = not {"service", "destination"} & set(words)
        yield from self._translate(" ".join(words), sides[1], seen, real, is_clear=is_clear)

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
            known = (alike or here == there) and not (seen[family].vague or real[family].vague)
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


def _all_of(families: Collection[int]) -> tuple[Match, ...]:
    """Every packet of some families."""
    return tuple(match for match in EVERYTHING if match.family in families)


def _is_identity(words: list[str], which: Literal["destination", "source"]) -> bool:
    """Whether a line says the same of an end before and after: “destination static X X”, “source static X X”."""
    if which not in words or "service" in words:
        return False
    kind, *named = words[words.index(which) + 1 :][:3]
    return kind == "static" and len(named) == 2 and named[0] == named[1]


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
