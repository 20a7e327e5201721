"""What `nft -j list ruleset` says. Pure.

Source: libnftables-json(5), its commands, “RULESET ELEMENTS” and “STATEMENTS”; nft(8), “CHAINS” and “STATEMENTS”.

A forwarded packet goes through the base chains of all tables at the hooks ingress, prerouting, forward, postrouting
and egress, by their priorities, and is admitted when all of them admit it: each of them is a stage. An address
translation before the forward hook changes where packets go; so what it matches is not understood.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from planner.engine.existing.model import Entry, Ruleset, Sides, Stage, Unreadable, Verdict
from planner.engine.existing.parts.addresses import parse
from planner.engine.existing.parts.json_text import once
from planner.engine.existing.parts.narrowing import Limits, Obscure, Part, by_sides, find_becomes, narrow
from planner.engine.existing.readers.nft_matches import (
    Place,
    find_implied,
    read_elements,
    read_match,
    read_rest,
    read_set,
    start,
)
from planner.engine.existing.readers.nft_words import (
    TRANSPORT,
    goes_on,
    is_bare,
    is_plain,
    is_rest,
    say,
    say_statement,
)
from planner.engine.existing.spans import PORTS
from planner.plan.limits import ENTRIES

_HOOKS = ("ingress", "prerouting", "forward", "postrouting", "egress")
"""What a forwarded packet passes, in its order: nft(8), “ADDRESS FAMILIES”."""
_TRACKING = -200
"""The priority of connection tracking at the hook prerouting: nft(8), “CHAINS”."""
_NAT: Mapping[str, int] = {"prerouting": -100, "postrouting": 100}
"""The place of address translation among the priorities of a hook: nft(8), “CHAINS” (dstnat and srcnat)."""
_FAMILIES: Mapping[str, tuple[Literal[4, 6], ...]] = {
    "ip": (4,), "ip6": (6,), "inet": (4, 6), "netdev": (4, 6), "bridge": (4, 6),
}  # fmt: skip
_HARMLESS = frozenset({
    "counter", "log", "last", "comment", "ct helper", "ct timeout", "ct expectation", "secmark", "dup", "flow",
})  # fmt: skip
"""Statements that let a packet go on as it is."""
_MAYBE = frozenset({"limit", "quota", "ct count", "set", "meter", "map", "match"})
"""Statements after which a rule may go on or not."""
_TERMINAL: Mapping[str, Verdict] = {
    "accept": "accept", "drop": "drop", "reject": "drop", "return": "return", "snat": "accept", "masquerade": "accept",
}  # fmt: skip
"""Statements that end a rule; a translated source address no longer bears on what is admitted."""
_TRANSLATES = frozenset({"dnat", "redirect", "tproxy", "queue", "fwd", "synproxy"})
"""Statements after which a packet may be anywhere."""
_CHANGED = frozenset({"saddr", "daddr", "sport", "dport", "protocol", "nexthdr", "version"})
"""Fields of a packet that rules ask for: one that is changed on the way can't be followed."""


@dataclass(slots=True)
class _Chain:
    """A chain as JSON has it, and its rules."""

    key: str
    """Family, table and name."""
    family: str
    said: Mapping[str, Any]
    rules: list[Mapping[str, Any]] = field(default_factory=list)
    tracked: bool = True
    sideless: frozenset[str] = frozenset()
    """`leaves` or `enters`, where packets may come through it that have no such interface."""

    @property
    def is_stage(self) -> bool:
        return self.said.get("hook") in _HOOKS

    @property
    def order(self) -> tuple[int, int, int, str]:
        priority = self.said.get("prio")
        number = priority if isinstance(priority, int) else 0
        # Chains that translate go one after the other at the place of them all, whatever their own priorities.
        place = _NAT.get(self.said["hook"], number) if self.is_nat else number
        return _HOOKS.index(self.said["hook"]), place, number, self.key

    @property
    def is_nat(self) -> bool:
        return self.said.get("type") == "nat"

    @property
    def devices(self) -> frozenset[str]:
        """The interfaces that a chain of a device's own hook is for; empty for all."""
        found = self.said.get("dev", [])
        names = [found] if isinstance(found, str) else found
        return frozenset(name for name in names if isinstance(name, str)) if isinstance(names, list) else frozenset()


def read(text: str) -> Ruleset:
    """Read the JSON of a whole ruleset. Raises Unreadable."""
    return _Reader(_list_objects(text)).read()


def _list_objects(text: str) -> list[tuple[str, Mapping[str, Any]]]:
    """Kind and content of each object, in their order."""
    try:
        tree = json.loads(text, object_pairs_hook=once)
    except Unreadable:
        raise
    except (ValueError, RecursionError):
        raise Unreadable(
            "This is no JSON; an nftables ruleset is read as the command nft -j list ruleset writes it."
        ) from None
    items = tree.get("nftables") if isinstance(tree, dict) else None
    if not isinstance(items, list):
        raise Unreadable(
            "This JSON has no list “nftables”; a ruleset is read as the command nft -j list ruleset writes it."
        )
    found: list[tuple[str, Mapping[str, Any]]] = []
    for place, item in enumerate(items):
        if not isinstance(item, dict) or len(item) != 1:
            raise Unreadable(f"nftables[{place}] is no object with one key, such as “rule”.")
        [(kind, content)] = item.items()
        if not isinstance(content, dict):
            raise Unreadable(f"nftables[{place}].{kind} is no object.")
        found.append((kind, content))
    return found


class _Reader:
    """All objects of a ruleset by what they are."""

    def __init__(self, objects: Sequence[tuple[str, Mapping[str, Any]]]) -> None:
        self.sets: dict[str, dict[str, Any]] = defaultdict(dict)
        self._known: dict[str, dict[tuple[object, ...], list[Limits] | Obscure]] = defaultdict(dict)
        self.chains: dict[str, _Chain] = {}
        self.sides: set[str] = set()
        self.left = ENTRIES
        dormant = {
            _table_of(content, "name")
            for kind, content in objects
            if kind == "table" and "dormant" in _list_flags(content)
        }
        for kind, content in objects:
            table = _table_of(content)
            if table in dormant:
                continue
            if kind in ("set", "map"):
                name = str(content.get("name"))
                if name in self.sets[table]:
                    raise Unreadable(f"The {kind} {table} {name} is there twice.")
                self.sets[table][name] = content
            elif kind == "chain":
                key = f"{table} {content.get('name')}"
                if key in self.chains:
                    raise Unreadable(f"The chain {key} is there twice.")
                self.chains[key] = _Chain(key=key, family=str(content.get("family")), said=content)
        for kind, content in objects:
            if kind == "rule":
                chain = self.chains.get(f"{_table_of(content)} {content.get('chain')}")
                if chain is not None:
                    chain.rules.append(content)
                elif _table_of(content) not in dormant:
                    raise Unreadable(f"The rule {_name(content)} is of a chain that isn't there.")
        self.untracks = any(
            isinstance(one, dict) and "notrack" in one
            for chain in self.chains.values()
            for rule in chain.rules
            for one in _list_statements(rule)
        )

    def read(self) -> Ruleset:
        """The stages, and the chains that they lead to."""
        stages = sorted((chain for chain in self.chains.values() if chain.is_stage), key=lambda chain: chain.order)
        self._find_early(stages)
        inner = {chain.key: self._read_chain(chain) for chain in self.chains.values() if not chain.said.get("hook")}
        made = []
        for chain in stages:
            if chain.family not in _FAMILIES:
                continue
            made.append(self._make_stage(chain, inner))
        return Ruleset(format="nftables", stages=tuple(made), chains=inner, sides=frozenset(self.sides))

    def _find_early(self, stages: Iterable[_Chain]) -> None:
        """Mark the chains that packets may come through before connection tracking has seen them, before it is known
        where they leave, or when it is no longer known where they came in.

        Tried with Linux 6.18: at the hooks ingress and prerouting `oifname != "eth0"` matches every packet and
        `oifname "eth0"` none, at the hook egress of a device `iifname` does alike.
        """
        by_hook: dict[str, list[_Chain]] = defaultdict(list)
        for chain in stages:
            by_hook[chain.said["hook"]].append(chain)
        early = [*by_hook["ingress"], *by_hook["prerouting"]]
        for chain in self._reach([one for one in early if one.said["hook"] == "ingress" or one.order[1] <= _TRACKING]):
            chain.tracked = False
        for side, starts in (("leaves", early), ("enters", by_hook["egress"])):
            for chain in self._reach(starts):
                chain.sideless |= {side}

    def _reach(self, starts: Iterable[_Chain]) -> Iterable[_Chain]:
        """These chains and all that rules of theirs lead to."""
        found: dict[str, _Chain] = {}
        waiting = list(starts)
        while waiting:
            chain = waiting.pop()
            if chain.key not in found:
                found[chain.key] = chain
                table = _table_of(chain.said)
                maps = self.sets.get(table, {})
                targets = {target for rule in chain.rules for target in _list_targets(rule, maps)}
                waiting += (self.chains[f"{table} {name}"] for name in targets if f"{table} {name}" in self.chains)
        return found.values()

    def _make_stage(self, chain: _Chain, inner: dict[str, tuple[Entry, ...]]) -> Stage:
        policy = chain.said.get("policy", "accept")
        default: Literal["accept", "drop", "obscure"] = policy if policy in ("accept", "drop") else "obscure"
        default_name = f"policy {policy} of {chain.key}"
        families = frozenset(_FAMILIES[chain.family])
        if chain.family == "bridge":
            quiet = not chain.rules and default == "accept"
            found = Entry(name=chain.key, verdict="obscure", obscure=(f"table {_table_of(chain.said)} of a bridge",))
            return Stage(
                name=chain.key,
                entries=() if quiet else (found,),
                default="accept",
                default_name=default_name,
                is_early=True,
            )
        entries = self._read_chain(chain)
        if chain.said["hook"] in ("ingress", "egress"):
            # Of these interfaces alone; what comes by others passes.
            inner[chain.key] = entries
            whole = f"{chain.key} and its policy"
            inner[whole] = (
                Entry(name=chain.key, verdict="jump", target=chain.key),
                Entry(name=default_name, verdict=default),
            )
            self.sides |= chain.devices
            sides = Sides(names=chain.devices) if chain.devices else None
            is_in = chain.said["hook"] == "ingress"
            way = Entry(
                name=chain.key,
                verdict="goto",
                target=whole,
                enters=sides if is_in else None,
                leaves=None if is_in else sides,
            )
            entries, default, default_name = (way,), "accept", ""
        is_early = chain.order[:2] <= (_HOOKS.index("prerouting"), _NAT["prerouting"])
        return Stage(
            name=chain.key,
            entries=entries,
            default=default,
            default_name=default_name,
            families=families,
            is_early=is_early,
            translates=chain.is_nat and chain.said["hook"] == "prerouting",
        )

    def _read_chain(self, chain: _Chain) -> tuple[Entry, ...]:
        table = _table_of(chain.said)
        place = Place(
            families=_FAMILIES.get(chain.family, ()),
            sets=self.sets.get(table, {}),
            known=self._known.setdefault(table, {}),
            tracked=chain.tracked,
            untracks=self.untracks,
            sideless=chain.sideless,
        )
        return tuple(entry for rule in chain.rules for entry in self._read_rule(rule, table, place))

    def _read_rule(self, rule: Mapping[str, Any], table: str, place: Place) -> Iterator[Entry]:
        made = _Rule(rule, table, place)
        for one in _list_statements(rule):
            if made.take(one):
                break
        for entry in made.list_entries():
            self.left -= len(entry.matches)
            if self.left < 0:
                raise Unreadable(
                    f"With {_name(rule)} the ruleset has more than {ENTRIES:,} entries, elements of sets counted "
                    f"where they are joined; at most {ENTRIES:,} are read."
                )
            for sides in (entry.enters, entry.leaves):
                self.sides |= sides.names if sides else frozenset()
            yield entry


class _Rule:
    """One rule on its way: what its statements have made of it so far."""

    def __init__(self, rule: Mapping[str, Any], table: str, place: Place) -> None:
        self.name = _name(rule)
        self.comment = str(rule.get("comment") or "")
        self.table = table
        self.place = place
        self.parts = start(place)
        self.obscure: list[str] = []
        self.never = False
        self.becomes: tuple[tuple[int, int], int | None] | None = None
        """What the destination is translated into, and the port."""
        self.verdicts: list[tuple[list[Part], Verdict, str, tuple[str, ...]]] = []
        """Which parts, what becomes of them, where they are sent, and why that isn't understood."""
        self.may_end = self.is_odd = False
        """Whether a statement that isn't understood may end the rule; if it is one whatever follows may come of it."""

    def take(self, one: Any) -> bool:
        """Take one statement; whether the rule ends with it."""
        if not isinstance(one, dict) or len(one) != 1:
            self.obscure.append(say(one))
            self.may_end = self.is_odd = True
            return False
        [(kind, inner)] = one.items()
        if kind == "match" and isinstance(inner, dict):
            self._match(inner)
        elif kind == "vmap" and isinstance(inner, dict):
            self._map(inner)
            return True
        elif kind in ("jump", "goto", *_TERMINAL):
            self._end(kind, inner)
            return True
        elif kind == "continue":
            return True
        elif kind in _TRANSLATES:
            self.becomes = _find_goal(inner) if kind == "dnat" else None
            is_handed_on = kind in ("queue", "synproxy")
            verdict: Verdict = "obscure" if is_handed_on else "stray"
            self.verdicts.append((self.parts, verdict, "", (say_statement(kind, inner),)))
            return True
        elif kind == "mangle" and isinstance(inner, dict):
            self._mangle(inner)
        elif kind not in _HARMLESS and kind != "notrack":
            self.obscure.append(say_statement(kind, inner))
            # Extensions of iptables end a rule as targets, which nothing follows, and not as matches.
            self.may_end = self.may_end or kind not in _MAYBE
            self.is_odd = self.is_odd or kind not in _MAYBE | {"xt"}
        return False

    def _match(self, match: Mapping[str, Any]) -> None:
        try:
            if is_bare(match.get("left")) and not all(TRANSPORT.covers(p.match.protocols) for p in self.parts):
                raise Obscure(f"{say(match.get('left'))} {say(match.get('right'))}, of any protocol")
            found = read_match(match, self.place)
            self._narrow(found)
        except Obscure as error:
            self.obscure.append(str(error))
            self._narrow([find_implied(match.get("left"))])

    def _narrow(self, found: list[Limits]) -> None:
        if len(found) * len(self.parts) > ENTRIES:
            raise Obscure("sets joined with each other, too many together")
        self.parts = list(narrow(self.parts, found))
        self.never = self.never or not self.parts

    def _map(self, inner: Mapping[str, Any]) -> None:
        """A verdict for each value of a key."""
        key, data = inner.get("key"), inner.get("data")
        said = f"{say(key)} vmap {say(data)}"
        try:
            pairs = read_set(data, self.place, said)
            if len(pairs) * len(self.parts) > ENTRIES:
                raise Obscure(said)
            pairs = sorted(pairs, key=is_rest)
            if not all(isinstance(pair, list) and len(pair) == 2 for pair in pairs):
                raise Obscure(said)
            values = [
                value["elem"].get("val") if isinstance(value, dict) and is_plain(value) else value
                for value, _ in pairs
            ]
            others = [value for value in values if value != "*"]
            # Of what goes on behind this rule, or comes back to it, nothing is for all that no other element is for.
            any_goes_on = any(goes_on(verdict) for _, verdict in pairs)
            for value, (_, verdict) in zip(values, pairs, strict=True):
                limits = list(
                    read_rest(key, others, self.place, said)
                    if value == "*" and any_goes_on
                    else read_elements(key, [value], self.place, said)
                )
                parts = list(narrow(self.parts, limits))
                if parts:
                    self._settle(parts, verdict, said)
        except Obscure as error:
            # Any of its verdicts may be meant, and of whatever packets.
            self.verdicts = [(self.parts, "obscure", "", (str(error),))]

    def _settle(self, parts: list[Part], verdict: Any, said: str) -> None:
        if not isinstance(verdict, dict) or len(verdict) != 1:
            raise Obscure(said)
        [(kind, inner)] = verdict.items()
        if kind in ("jump", "goto") and isinstance(inner, dict):
            self.verdicts.append(
                (parts, "jump" if kind == "jump" else "goto", f"{self.table} {inner.get('target')}", ())
            )
        elif kind in _TERMINAL:
            self.verdicts.append((parts, _TERMINAL[kind], "", ()))
        elif kind != "continue":
            raise Obscure(said)

    def _end(self, kind: str, inner: Any) -> None:
        if kind in _TERMINAL:
            self.verdicts.append((self.parts, _TERMINAL[kind], "", ()))
        else:
            target = inner.get("target") if isinstance(inner, dict) else None
            self.verdicts.append((self.parts, "jump" if kind == "jump" else "goto", f"{self.table} {target}", ()))

    def _mangle(self, inner: Mapping[str, Any]) -> None:
        """What changes of a packet: marks and options are nobody's concern, addresses and ports are."""
        key = inner.get("key")
        payload = key.get("payload") if isinstance(key, dict) else None
        field = payload.get("field") if isinstance(payload, dict) else None
        if payload is not None and (not isinstance(field, str) or field in _CHANGED):
            self.verdicts.append((self.parts, "stray", "", (f"{say(key)} set",)))

    def list_entries(self) -> Iterator[Entry]:
        """The entries that come of it; of one that matches no first packet, one for replies."""
        if not self.verdicts and self.may_end:
            self.verdicts.append((self.parts, "obscure", "", ()))
        if self.never:
            if self.verdicts:
                yield Entry(
                    name=self.name, verdict=self.verdicts[0][1], comment=self.comment, replies=True, matches=()
                )
            return
        for parts, verdict, target, why in self.verdicts:
            for enters, leaves, matches in by_sides(parts):
                yield Entry(
                    name=self.name,
                    matches=matches,
                    verdict="obscure" if self.is_odd else verdict,
                    target=target,
                    enters=enters,
                    leaves=leaves,
                    obscure=(*self.obscure, *why),
                    comment=self.comment,
                    becomes=find_becomes(self.becomes, matches),
                )


def _find_goal(inner: Any) -> tuple[tuple[int, int], int | None] | None:
    """The one address, and the port if there is one, that packets are sent to; None for anything else."""
    if (
        not isinstance(inner, dict)
        or set(inner) - {"addr", "port", "family"}
        or not isinstance(inner.get("addr"), str)
    ):
        return None
    port = inner.get("port")
    if port is not None and (isinstance(port, bool) or not isinstance(port, int) or port not in PORTS):
        return None
    address = parse(inner["addr"])
    return (address, port) if address else None


def _list_statements(rule: Mapping[str, Any]) -> list[Any]:
    found = rule.get("expr", [])
    return found if isinstance(found, list) else []


def _list_targets(rule: Mapping[str, Any], maps: Mapping[str, Any]) -> Iterator[str]:
    """The chains that a rule may lead to, also by a map that has a name."""
    for one in _list_statements(rule):
        if isinstance(one, dict):
            for kind, inner in one.items():
                if kind in ("jump", "goto") and isinstance(inner, dict):
                    yield str(inner.get("target"))
                elif kind == "vmap" and isinstance(inner, dict):
                    yield from _list_map_targets(inner.get("data"), maps)


def _list_map_targets(data: Any, maps: Mapping[str, Any]) -> Iterator[str]:
    if isinstance(data, str):
        pairs = maps.get(data[1:], {}).get("elem")
    else:
        pairs = data.get("set") if isinstance(data, dict) else None
    for pair in pairs if isinstance(pairs, list) else ():
        verdict = pair[1] if isinstance(pair, list) and len(pair) == 2 else None
        for inner in verdict.values() if isinstance(verdict, dict) else ():
            if isinstance(inner, dict):
                yield str(inner.get("target"))


def _list_flags(content: Mapping[str, Any]) -> Sequence[Any]:
    flags = content.get("flags", ())
    return flags if isinstance(flags, list) else [flags]


def _table_of(content: Mapping[str, Any], name: str = "table") -> str:
    return f"{content.get('family')} {content.get(name)}"


def _name(rule: Mapping[str, Any]) -> str:
    """Family, table, chain, handle and comment, as nft lists them."""
    comment = rule.get("comment")
    said = f"{_table_of(rule)} {rule.get('chain')} handle {rule.get('handle')}"
    return f'{said} "{comment}"' if comment else said
