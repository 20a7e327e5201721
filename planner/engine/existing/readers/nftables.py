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

from planner.engine.existing.model import Entry, Ruleset, Sides, Stage, Unreadable
from planner.engine.existing.parts.json_text import once
from planner.engine.existing.parts.narrowing import Limits, Obscure
from planner.engine.existing.readers.nft_matches import Place
from planner.engine.existing.readers.nft_rules import Rule, list_statements, list_targets, name_rule, table_of
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
    translates: bool = False
    """Whether packets come through it where their destinations are translated."""

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
    if not found:
        raise Unreadable("There is nothing in it. A ruleset is read as the command nft -j list ruleset writes it.")
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
            table_of(content, "name")
            for kind, content in objects
            if kind == "table" and "dormant" in _list_flags(content)
        }
        for kind, content in objects:
            table = table_of(content)
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
                chain = self.chains.get(f"{table_of(content)} {content.get('chain')}")
                if chain is not None:
                    chain.rules.append(content)
                elif table_of(content) not in dormant:
                    raise Unreadable(f"The rule {name_rule(content)} is of a chain that isn't there.")
        self.untracks = any(
            isinstance(one, dict) and "notrack" in one
            for chain in self.chains.values()
            for rule in chain.rules
            for one in list_statements(rule)
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
        where they leave, when it is no longer known where they came in, or where their destinations are translated.

        Tried with Linux 6.18: at the hooks ingress and prerouting `oifname != "eth0"` matches every packet and
        `oifname "eth0"` none, at the hook egress of a device `iifname` does alike.
        """
        by_hook: dict[str, list[_Chain]] = defaultdict(list)
        for chain in stages:
            by_hook[chain.said["hook"]].append(chain)
        early = [*by_hook["ingress"], *by_hook["prerouting"]]
        for chain in self._reach([one for one in early if one.said["hook"] == "ingress" or one.order[1] <= _TRACKING]):
            chain.tracked = False
        for chain in self._reach([one for one in by_hook["prerouting"] if one.is_nat]):
            chain.translates = True
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
                table = table_of(chain.said)
                maps = self.sets.get(table, {})
                targets = {target for rule in chain.rules for target in list_targets(rule, maps)}
                waiting += (self.chains[f"{table} {name}"] for name in targets if f"{table} {name}" in self.chains)
        return found.values()

    def _make_stage(self, chain: _Chain, inner: dict[str, tuple[Entry, ...]]) -> Stage:
        policy = chain.said.get("policy", "accept")
        default: Literal["accept", "drop", "obscure"] = policy if policy in ("accept", "drop") else "obscure"
        default_name = f"policy {policy} of {chain.key}"
        families = frozenset(_FAMILIES[chain.family])
        if chain.family == "bridge":
            quiet = not chain.rules and default == "accept"
            found = Entry(name=chain.key, verdict="obscure", obscure=(f"table {table_of(chain.said)} of a bridge",))
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
        table = table_of(chain.said)
        place = Place(
            families=_FAMILIES.get(chain.family, ()),
            sets=self.sets.get(table, {}),
            known=self._known.setdefault(table, {}),
            tracked=chain.tracked,
            untracks=self.untracks,
            sideless=chain.sideless,
            translates=chain.translates,
        )
        return tuple(entry for rule in chain.rules for entry in self._read_rule(rule, table, place))

    def _read_rule(self, rule: Mapping[str, Any], table: str, place: Place) -> Iterator[Entry]:
        made = Rule(rule, table, place)
        for one in list_statements(rule):
            if made.take(one):
                break
        for entry in made.list_entries():
            self.left -= len(entry.matches)
            if self.left < 0:
                raise Unreadable(
                    f"With {name_rule(rule)} the ruleset has more than {ENTRIES:,} entries, elements of sets counted "
                    f"where they are joined; at most {ENTRIES:,} are read."
                )
            for sides in (entry.enters, entry.leaves):
                self.sides |= sides.names if sides else frozenset()
            yield entry


def _list_flags(content: Mapping[str, Any]) -> Sequence[Any]:
    flags = content.get("flags", ())
    return flags if isinstance(flags, list) else [flags]
