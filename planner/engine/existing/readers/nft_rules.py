"""The rules of an nftables ruleset: what their statements make of packets, one after the other. Pure.

Source: libnftables-json(5), “STATEMENTS”; nft(8), “STATEMENTS”. What iptables-nft has written and nft has no words for
is said by the name of an extension alone, such as “xt target DNAT”.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from planner.engine.existing.model import Entry, Verdict
from planner.engine.existing.parts.addresses import parse
from planner.engine.existing.parts.narrowing import Limits, Obscure, Part, by_sides, find_becomes, narrow
from planner.engine.existing.readers.nft_matches import (
    Place,
    find_implied,
    find_refused,
    read_elements,
    read_match,
    read_rest,
    read_set,
    start,
)
from planner.engine.existing.readers.nft_words import (
    SENT_ON,
    TRANSPORT,
    goes_on,
    is_bare,
    is_plain,
    is_rest,
    say,
    say_statement,
)
from planner.engine.spans import PORTS
from planner.plan.limits import ENTRIES

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


class Rule:
    """One rule on its way: what its statements have made of it so far."""

    def __init__(self, rule: Mapping[str, Any], table: str, place: Place) -> None:
        """Begin with every packet that may come by its place."""
        self.name = name_rule(rule)
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
        elif kind == "xt" and isinstance(inner, dict) and say(inner.get("name")) in SENT_ON:
            self.verdicts.append((self.parts, "stray", "", (say_statement(kind, inner),)))
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
        if kind == "reject":
            self._narrow([find_refused(inner)])
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
        odd: Verdict = "stray" if self.place.translates else "obscure"
        if not self.verdicts and self.may_end:
            self.verdicts.append((self.parts, odd, "", ()))
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
                    verdict=odd if self.is_odd and verdict != "stray" else verdict,
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


def list_statements(rule: Mapping[str, Any]) -> list[Any]:
    """The statements of a rule; none of one that has no list of them."""
    found = rule.get("expr", [])
    return found if isinstance(found, list) else []


def list_targets(rule: Mapping[str, Any], maps: Mapping[str, Any]) -> Iterator[str]:
    """The chains that a rule may lead to, also by a map that has a name."""
    for one in list_statements(rule):
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


def table_of(content: Mapping[str, Any], name: str = "table") -> str:
    """Family and name of the table of a chain, set or rule; of a table itself by its `name`."""
    return f"{content.get('family')} {content.get(name)}"


def name_rule(rule: Mapping[str, Any]) -> str:
    """Family, table, chain, handle and comment, as nft lists them."""
    comment = rule.get("comment")
    said = f"{table_of(rule)} {rule.get('chain')} handle {rule.get('handle')}"
    return f'{said} "{comment}"' if comment else said
