"""What the expressions of an nftables rule match, as sets of packets. Pure.

Source: libnftables-json(5), “EXPRESSIONS”; nft(8), “PRIMARY EXPRESSIONS” and “PAYLOAD EXPRESSIONS”. Only the first
packet of a connection is looked at: it is new to connection tracking, a SYN where it is TCP, and no fragment.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from planner.engine.existing.model import Match, Sides
from planner.engine.existing.parts.addresses import parse, parse_network
from planner.engine.existing.parts.narrowing import Limits, Obscure, Part
from planner.engine.existing.readers.nft_words import (
    FLAGS,
    ICMP_TYPES,
    ICMPV6_TYPES,
    PROTOCOL_NUMBERS,
    TRANSPORT,
    say,
)
from planner.engine.spans import FAMILIES, PORTS, PROTOCOLS, Spans

SYN = FLAGS["syn"]
_ECN = FLAGS["ecn"] | FLAGS["cwr"]
"""What a SYN may have beside its flag: RFC 3168, section 6.1.1."""
_FRAGMENT = frozenset({0x1FFF, 0x2000, 0x3FFF})
"""Masks of the offset of a fragment and of “more fragments”: RFC 791, section 3.1."""
_FIRST = {"new": True, "untracked": False, "established": False, "related": False, "invalid": False}
"""Whether the first packet of a connection is in a state of connection tracking."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """What has to be known of where a rule stands."""

    families: tuple[Literal[4, 6], ...]
    sets: Mapping[str, Any]
    """Name of a set or map of its table -> what JSON says of it."""
    known: dict[tuple[object, ...], "list[Limits] | Obscure"]
    """What matches with named sets of the table were found to mean: many rules may name one large set."""
    tracked: bool = True
    """Whether connection tracking has seen the packets."""
    untracks: bool = False
    """Whether any rule has packets left out of connection tracking."""
    sideless: frozenset[str] = frozenset()
    """`leaves` or `enters`, where packets may come by that have no such interface, not yet or no longer."""
    translates: bool = False
    """Whether destinations may be translated there: what isn't understood may do so."""


def start(place: Place) -> list[Part]:
    """Every packet of the families of a table."""
    return [Part(match=Match.everything(family)) for family in place.families]


def read_match(match: Mapping[str, Any], place: Place) -> list[Limits]:
    """What a match statement narrows packets to: one of several limits. None is left where it matches no first packet.

    Raises Obscure.
    """
    right = match.get("right")
    if not isinstance(right, str) or not right.startswith("@"):
        return _read_match(match, place)
    key = place.families, place.tracked, place.untracks, place.sideless, json.dumps(match)
    if key not in place.known:
        try:
            place.known[key] = _read_match(match, place)
        except Obscure as error:
            place.known[key] = error
    found = place.known[key]
    if isinstance(found, Obscure):
        raise Obscure(str(found))
    return found


def _read_match(match: Mapping[str, Any], place: Place) -> list[Limits]:
    left, right, op = match.get("left"), match.get("right"), match.get("op", "==")
    said = f"{say(left)} {'' if op in ('==', 'in') else f'{op} '}{say(right)}"
    flags = _read_flags(left, op, right)
    if flags is not None:
        return [flags] if flags else []
    if isinstance(left, dict) and "concat" in left:
        if op != "==":
            raise Obscure(said)
        return list(read_elements(left, read_set(right, place, said), place, said))
    field = read_field(left, place, said)
    if field.kind == "state":
        return [{}] if _is_first(field, right, op, place, said) else []
    if op in ("<", ">", "<=", ">="):
        return [field.limit(_compare(field, op, right, said), said)]
    values = read_set(right, place, said)
    if op not in ("==", "!=", "in"):
        raise Obscure(said)
    return field.limit_all(values, op == "!=", said)


def read_elements(key: Any, values: Iterable[Any], place: Place, said: str) -> Iterator[Limits]:
    """The limits of each element of a set under a key, which may be several keys joined. Raises Obscure."""
    joined = isinstance(key, dict) and "concat" in key
    keys = key["concat"] if joined else [key]
    if not isinstance(keys, list):
        raise Obscure(said)
    fields = [read_field(one, place, said) for one in keys]
    for value in values:
        if value == "*":
            whole = _join_all((field.implied for field in fields), said)
            if whole is not None:
                yield whole
            continue
        items = value.get("concat") if joined and isinstance(value, dict) else [value]
        if not isinstance(items, list) or len(items) != len(fields):
            raise Obscure(said)
        limits: dict[str, Any] | None = {}
        for field, item in zip(fields, items, strict=True):
            if field.kind == "state":
                more: Limits | None = {} if _is_first(field, item, "==", place, said) else None
            else:
                found = field.limit_all([item], False, said)
                more = found[0] if found else None
            limits = None if limits is None or more is None else _join(limits, more, said)
        if limits is not None:
            yield limits


def read_rest(key: Any, values: Iterable[Any], place: Place, said: str) -> list[Limits]:
    """The limits of what has the key and none of these values. Raises Obscure, as for keys that are joined."""
    field = read_field(key, place, said)
    if field.kind == "state":
        raise Obscure(said)
    return field.limit_all(values, True, said)


def _join_all(found: Iterable[Limits], said: str) -> Limits | None:
    limits: dict[str, Any] | None = {}
    for more in found:
        limits = None if limits is None else _join(limits, more, said)
    return limits


def _join(limits: dict[str, Any], more: Limits, said: str) -> dict[str, Any] | None:
    """Both at once; None where nothing is in both."""
    for name, value in more.items():
        if name not in limits:
            limits[name] = value
        elif isinstance(value, Spans):
            limits[name] = limits[name] & value
            if not limits[name]:
                return None
        elif limits[name] != value:
            if name != "family":
                raise Obscure(said)
            return None
    return limits


def read_set(right: Any, place: Place, said: str) -> list[Any]:
    """The values that a match compares with: of a set, named or not, its elements. Raises Obscure."""
    if isinstance(right, str) and right.startswith("@"):
        found = place.sets.get(right[1:])
        if found is None:
            raise Obscure(f"{said}: no such set")
        flags = found.get("flags", [])
        named = flags if isinstance(flags, list) else [flags]
        if not all(isinstance(flag, str) for flag in named):
            raise Obscure(f"{said}: flags {say(flags)}")
        if "dynamic" in named or "timeout" in named:
            raise Obscure(f"{said}: its elements come and go")
        values = found.get("elem", [])
    elif isinstance(right, dict) and "set" in right:
        values = right["set"]
    elif isinstance(right, list):
        values = right
    else:
        values = [right]
    if isinstance(values, str):
        return read_set(values, place, said)
    if not isinstance(values, list):
        raise Obscure(said)
    return [_read_element(value, said) for value in values]


def _read_element(value: Any, said: str) -> Any:
    if not isinstance(value, dict) or "elem" not in value:
        return value
    element = value["elem"]
    if not isinstance(element, dict):
        raise Obscure(said)
    if set(element) - {"val", "comment", "counter", "last"}:
        raise Obscure(f"{said}: elements with {', '.join(sorted(set(element) - {'val'}))}")
    return element.get("val")


# ---- fields ----


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One thing that rules ask for."""

    kind: Literal["address", "port", "protocol", "family", "type", "code", "side", "state"]
    name: str
    """The attribute of a match."""
    implied: Limits
    """What asking for it asks for, too."""
    everything: Spans
    """All values that there are."""
    names: Mapping[str, int]

    def limit(self, values: Spans, said: str) -> Limits:
        """What packets are narrowed to that have one of the values."""
        if self.kind in ("side", "family", "code"):
            raise Obscure(said)
        if self.kind == "type":
            values = Spans.of((first * 256, last * 256 + 255) for first, last in values)
        implied = self.implied.get(self.name)
        return {**self.implied, self.name: values & implied if isinstance(implied, Spans) else values}

    def limit_all(self, values: Iterable[Any], negated: bool, said: str) -> list[Limits]:
        """What packets are narrowed to that have one of the values, or none of them. Raises Obscure."""
        values = list(values)
        if self.kind == "side":
            return [{self.name: _read_sides(values, negated, said)}]
        if self.kind == "family":
            wanted = {_find_family(value, said) for value in values}
            return [{"family": family} for family in (4, 6) if (family in wanted) != negated]
        if self.kind == "code":
            codes = [self._span(value, said) for value in values]
            if negated:
                raise Obscure(said)
            found = Spans.of((kind * 256 + first, kind * 256 + last) for first, last in codes for kind in range(256))
            return [{**self.implied, "ports": found}]
        spans = Spans.of(self._span(value, said) for value in values)
        if negated:
            spans = self.everything - spans
        return [self.limit(spans, said)] if spans else []

    def _span(self, value: Any, said: str) -> tuple[int, int]:
        """The span of one value: a number, a name, a range or a prefix."""
        if isinstance(value, dict) and "range" in value and isinstance(value["range"], list):
            ends = [self.number(end, said) for end in value["range"]]
            if len(ends) == 2 and ends[0] <= ends[1]:
                return ends[0], ends[1]
        elif isinstance(value, dict) and "prefix" in value and self.kind == "address":
            prefix = value["prefix"]
            both = [prefix.get(key) for key in ("addr", "len")] if isinstance(prefix, dict) else []
            network = parse_network(both[0], str(both[1])) if both and isinstance(both[0], str) else None
            if network and network[0] == self.implied["family"]:
                return network[1:]
        else:
            number = self.number(value, said)
            return number, number
        raise Obscure(said)

    def number(self, value: Any, said: str) -> int:
        """One value as a number. Raises Obscure for one that there isn't."""
        number: int | None = None
        if isinstance(value, int) and not isinstance(value, bool):
            number = value
        elif isinstance(value, str) and self.kind == "address":
            address = parse(value)
            number = address[1] if address and address[0] == self.implied["family"] else None
        elif isinstance(value, str):
            number = self.names.get(
                value, int(value) if value.isascii() and value.isdigit() and len(value) < 6 else None
            )
        if number is None or number not in self.everything:
            raise Obscure(said)
        return number


_BYTE = Spans(((0, 255),))


def read_field(left: Any, place: Place, said: str) -> Field:
    """What the left side of a match is about. Raises Obscure."""
    if isinstance(left, dict):
        for kind, read in (("payload", _read_payload), ("meta", _read_meta), ("ct", _read_ct)):
            inner = left.get(kind)
            if isinstance(inner, dict):
                field = read(inner, place)
                if field is not None:
                    if field.kind == "side" and field.name in place.sideless:
                        raise Obscure(f"{said}, where packets may have no such interface")
                    return field
    raise Obscure(said)


def find_implied(left: Any) -> Limits:
    """What asking for a field asks for, whatever the value: IPv4 where it is one of its header."""
    if isinstance(left, dict) and isinstance(left.get("&"), list) and left["&"]:
        left = left["&"][0]
    payload = left.get("payload") if isinstance(left, dict) else None
    protocol = payload.get("protocol") if isinstance(payload, dict) else None
    if protocol in ("ip", "ip6"):
        return {"family": 4 if protocol == "ip" else 6}
    if protocol in ("icmp", "icmpv6"):
        return {"family": 4 if protocol == "icmp" else 6, "protocols": Spans.only(1 if protocol == "icmp" else 58)}
    if isinstance(protocol, str) and protocol in PROTOCOL_NUMBERS:
        return {"protocols": Spans.only(PROTOCOL_NUMBERS[protocol])}
    return {}


def find_refused(refusal: Any) -> Limits:
    """What a refusal is for by the answer that it gives: nft doesn't list the match of the family or of TCP beside it.

    Source: nft(8), “REJECT STATEMENT”; tried with nft 1.1.3. What isn't known is for every packet.
    """
    kind = refusal.get("type") if isinstance(refusal, dict) else None
    if kind == "tcp reset":
        return {"protocols": Spans.only(PROTOCOL_NUMBERS["tcp"])}
    return {"family": 4 if kind == "icmp" else 6} if kind in ("icmp", "icmpv6") else {}


def _read_payload(payload: Mapping[str, Any], place: Place) -> Field | None:
    protocol, name = payload.get("protocol"), payload.get("field")
    if protocol in ("ip", "ip6"):
        family: Literal[4, 6] = 4 if protocol == "ip" else 6
        implied: Limits = {"family": family}
        if name in ("saddr", "daddr"):
            attribute = "sources" if name == "saddr" else "destinations"
            return _make("address", attribute, implied, FAMILIES[family])
        if name in ("protocol", "nexthdr"):
            return _make("protocol", "protocols", implied, PROTOCOLS, PROTOCOL_NUMBERS)
        return None
    if name in ("sport", "dport") and protocol in ("tcp", "udp", "sctp", "dccp", "udplite", "th"):
        protocols = TRANSPORT if protocol == "th" else Spans.only(PROTOCOL_NUMBERS[protocol])
        return _make("port", "source_ports" if name == "sport" else "ports", {"protocols": protocols}, PORTS)
    if name in ("type", "code") and protocol in ("icmp", "icmpv6"):
        of_four = protocol == "icmp"
        implied = {"family": 4 if of_four else 6, "protocols": Spans.only(1 if of_four else 58)}
        names = ICMP_TYPES if of_four else ICMPV6_TYPES
        return _make("type" if name == "type" else "code", "ports", implied, _BYTE, names if name == "type" else {})
    return None


def _read_meta(meta: Mapping[str, Any], place: Place) -> Field | None:
    key = meta.get("key")
    if key == "l4proto":
        return _make("protocol", "protocols", {}, PROTOCOLS, PROTOCOL_NUMBERS)
    if key in ("nfproto", "protocol"):
        return _make("family", "family", {}, _BYTE)
    if key in ("iif", "iifname", "oif", "oifname"):
        return _make("side", "enters" if key.startswith("i") else "leaves", {}, _BYTE)
    return None


def _read_ct(ct: Mapping[str, Any], place: Place) -> Field | None:
    if ct.get("key") in ("state", "direction", "status") and "dir" not in ct:
        return _make("state", str(ct["key"]), {}, _BYTE)
    return None


def _make(kind: Any, name: str, implied: Limits, everything: Spans, names: Mapping[str, int] | None = None) -> Field:
    return Field(kind=kind, name=name, implied=implied, everything=everything, names=names or {})


def _find_family(value: Any, said: str) -> int:
    family = {"ipv4": 4, "ip": 4, 2: 4, 0x0800: 4, "ipv6": 6, "ip6": 6, 10: 6, 0x86DD: 6}.get(
        value if isinstance(value, (str, int)) else ""
    )
    if family is None:
        raise Obscure(said)
    return family


def _read_sides(values: Iterable[Any], negated: bool, said: str) -> Sides:
    names, prefixes = set(), set()
    for value in values:
        if not isinstance(value, str) or not value:
            raise Obscure(said)
        if value.endswith("*"):
            prefixes.add(value[:-1].removesuffix("\\"))
        else:
            names.add(value)
    return Sides(names=frozenset(names), prefixes=frozenset(prefixes), negated=negated)


def _compare(field: Field, op: str, right: Any, said: str) -> Spans:
    """The values that are smaller or larger than one."""
    number = field.number(right, said)
    least, most = field.everything.spans[0][0], field.everything.spans[-1][1]
    first, last = {
        "<": (least, number - 1),
        "<=": (least, number),
        ">": (number + 1, most),
        ">=": (number, most),
    }[op]
    if first > last:
        raise Obscure(said)
    return Spans(((first, last),))


# ---- the first packet ----


def _is_first(field: Field, right: Any, op: str, place: Place, said: str) -> bool:
    """Whether the first packet of a connection is in a state, direction or status. Raises Obscure."""
    if not place.tracked:
        raise Obscure(f"{said}, before connection tracking")
    values = read_set(right, place, said)
    if field.name == "direction":
        return _has(values, {"original": True, "reply": False, 0: True, 1: False}, op, said)
    if field.name == "status":
        late = dict.fromkeys(("seen-reply", "assured", "dying"), False)
        return _has(values, late, op, said)
    if place.untracks and ("new" in values) != ("untracked" in values):
        raise Obscure(f"{said}, where some packets are left out of connection tracking")
    return _has(values, _FIRST, op, said)


def _has(values: Sequence[Any], known: Mapping[Any, bool], op: str, said: str) -> bool:
    if not all(isinstance(value, (str, int)) and value in known for value in values):
        raise Obscure(said)
    found = any(known[value] for value in values)
    if op in ("==", "in"):
        return found
    if op == "!" or (op == "!=" and len(values) == 1):
        return not found
    if op == "!=" and not found:
        return True
    raise Obscure(said)


def _read_flags(left: Any, op: str, right: Any) -> Limits | None:
    """What flags of TCP and fragments narrow the first packet to; empty where it is none of it, None for other things.

    Raises Obscure.
    """
    mask = None
    if isinstance(left, dict) and isinstance(left.get("&"), list) and len(left["&"]) == 2:
        left, mask = left["&"]
    payload = left.get("payload") if isinstance(left, dict) else None
    if not isinstance(payload, dict):
        return None
    kind = payload.get("protocol"), payload.get("field")
    said = f"{' '.join(map(str, kind))} {'' if mask is None else f'& {say(mask)} '}{op} {say(right)}"
    if kind == ("ip", "frag-off"):
        if mask not in _FRAGMENT or op not in ("==", "!=") or right != 0:
            raise Obscure(said)
        return {"family": 4} if op == "==" else {}
    if kind != ("tcp", "flags"):
        return None
    wanted = _read_bits(right, said)
    bits = 0xFF if mask is None else _read_bits(mask, said)
    if op == "in":
        # Any of them; whether a SYN has ECN beside it isn't known.
        if wanted & _ECN and not wanted & SYN:
            raise Obscure(said)
        found = bool(wanted & SYN)
    elif op in ("==", "!=") and not bits & _ECN:
        found = ((SYN & bits) == wanted) == (op == "==")
    else:
        raise Obscure(said)
    return {"protocols": Spans.only(PROTOCOL_NUMBERS["tcp"])} if found else {}


def _read_bits(value: Any, said: str) -> int:
    """Flags as a number: one, several joined, or the number itself. Raises Obscure."""
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= 0xFF:
        return value
    values = value.get("|") if isinstance(value, dict) else [value] if isinstance(value, str) else value
    if not isinstance(values, list):
        raise Obscure(said)
    bits = 0
    for one in _flatten(values, said):
        bits |= FLAGS[one]
    return bits


def _flatten(values: list[Any], said: str) -> Iterator[str]:
    """The names in "a | b | c", which may be nested to the left."""
    waiting = list(values)
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict) and isinstance(one.get("|"), list):
            waiting += one["|"]
        elif isinstance(one, str) and one in FLAGS:
            yield one
        else:
            raise Obscure(said)
