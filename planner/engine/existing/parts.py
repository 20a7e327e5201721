"""What readers of several formats have in common: addresses, ports and services as people write them, and counting.

Pure. Nothing here takes time that grows faster than the text, and no number is read before its digits are counted.
"""

import ipaddress
import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Self

from planner.engine.existing.model import Entry, Match, Sides, Unreadable, Verdict
from planner.engine.existing.spans import FAMILIES, IPV4, IPV6, NOTHING, PORTS, PROTOCOLS, Spans
from planner.plan.limits import ENTRIES
from ports.text import cut, show_line

OBJECTS = 2_000_000
"""Most lists and mappings in a configuration that is JSON; each takes memory, however little stands in it."""
KEYS = 10_000
"""Most keys of a mapping in JSON."""
PROTOCOL_NUMBERS: Mapping[str, int] = {
    "icmp": 1, "igmp": 2, "ipip": 4, "tcp": 6, "udp": 17, "ipv6": 41, "gre": 47, "esp": 50, "ah": 51, "icmpv6": 58,
    "icmp6": 58, "ipv6-icmp": 58, "eigrp": 88, "ospf": 89, "pim": 103, "vrrp": 112, "l2tp": 115, "sctp": 132,
    "udplite": 136,
}  # fmt: skip
"""Names of protocols: https://www.iana.org/assignments/protocol-numbers."""
ECHO_REQUEST = 8
"""The type of an ICMP message that asks for an echo (RFC 792)."""
_DIGITS = re.compile(r"[0-9]{1,9}")
_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")


class Count:
    """How many entries have been read so far, with groups put in; too many are refused before they are made."""

    def __init__(self) -> None:
        """Nothing has been read yet."""
        self.found = 0

    def take(self, more: int = 1) -> None:
        """So many more are about to be made. Raises Unreadable where they would be more than ENTRIES in all."""
        self.found += more
        if self.found > ENTRIES:
            raise Unreadable(
                f"At most {ENTRIES:,} entries are read, with what groups stand for put in, and this configuration has "
                "more. Take the part of it that stands between the zones of the plan."
            )


# ---- addresses ----


@dataclass(frozen=True, slots=True, kw_only=True)
class Addresses:
    """Addresses of both families, and DNS names that stand for more of them."""

    four: Spans = NOTHING
    six: Spans = NOTHING
    names: frozenset[str] = frozenset()

    @classmethod
    def of(cls, parts: Iterable["Addresses"]) -> Self:
        """What is in any of them."""
        all_parts = tuple(parts)
        return cls(
            four=Spans.of(span for part in all_parts for span in part.four),
            six=Spans.of(span for part in all_parts for span in part.six),
            names=frozenset(name for part in all_parts for name in part.names),
        )

    def family(self, family: Literal[4, 6]) -> Spans:
        """Those of one family."""
        return self.four if family == 4 else self.six

    def others(self) -> "Addresses":
        """Every address but these. Raises ValueError where names are among them: nobody knows which those are."""
        if self.names:
            raise ValueError("all but a DNS name")
        return Addresses(four=IPV4 - self.four, six=IPV6 - self.six)


ANYWHERE = Addresses(four=IPV4, six=IPV6)


def read_address(text: str) -> Addresses:
    """An address, a network or a range: 10.0.0.1, 10.0.0.0/8, 10.0.0.0/255.0.0.0, 10.0.0.0 255.0.0.0, ::1-::9.

    Of a network with host bits set the network is meant, as devices take it. Raises ValueError for anything else,
    host masks and masks with gaps among it.
    """
    if len(text) > 100:
        raise ValueError("no address")
    first, dash, last = text.partition("-")
    if dash:
        low, high = _read_one(first), _read_one(last)
        if low.version != high.version or int(low) > int(high):
            raise ValueError("no range of addresses")
        span = Spans(((int(low), int(high)),))
        return Addresses(four=span) if low.version == 4 else Addresses(six=span)
    host, slash, mask = text.partition("/")
    if not slash:
        host, _, mask = text.partition(" ")
    one = _read_one(host)
    bits = 32 if one.version == 4 else 128
    length = _read_mask(mask.strip(), bits) if mask or slash else bits
    if not slash and mask and ("." not in mask or not length):
        raise ValueError("two things, and no mask")
    first_number = int(one) >> (bits - length) << (bits - length)
    span = Spans(((first_number, first_number + (1 << (bits - length)) - 1),))
    return Addresses(four=span) if bits == 32 else Addresses(six=span)


def _read_one(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    if "%" in text:
        raise ValueError("an address with a scope")
    return ipaddress.ip_address(text.strip())


def _read_mask(text: str, bits: int) -> int:
    """The length of a prefix, given as a number or, of IPv4, as a mask."""
    if _DIGITS.fullmatch(text):
        length = int(text)
        if length > bits:
            raise ValueError("no length of a prefix")
        return length
    if bits != 32:
        raise ValueError("no length of a prefix")
    missing = int(ipaddress.IPv4Address(text)) ^ (2**32 - 1)
    if missing & (missing + 1):
        raise ValueError("a mask with gaps, or that of hosts")
    return 32 - missing.bit_length()


def read_name(text: str) -> Addresses:
    """A DNS name of two labels or more, with or without a dot at its end. Raises ValueError for anything else."""
    name = text.casefold().removesuffix(".")
    labels = name.split(".")
    last = labels[-1]
    if not (len(name) <= 253 and len(labels) > 1 and all(_LABEL.fullmatch(label) for label in labels)):
        raise ValueError("no DNS name")
    if last.isdigit() or not last.isascii():
        raise ValueError("no DNS name")
    return Addresses(names=frozenset({name}))


# ---- services ----


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """Protocols with their ports; of ICMP, type × 256 + code as in `Match`."""

    protocols: Spans = PROTOCOLS
    ports: Spans = PORTS
    source_ports: Spans = PORTS
    families: frozenset[Literal[4, 6]] = frozenset({4, 6})


ANYTHING = Service()


def read_port(text: str) -> Spans:
    """A port or a range, 0 to 65535: "443", "1024-65535", "1024:65535". Raises ValueError for anything else."""
    first, dash, last = text.replace(":", "-").partition("-")
    low, high = read_number(first.strip(), 65535), read_number((last if dash else first).strip(), 65535)
    if low > high:
        raise ValueError("a range that runs backwards")
    return Spans(((low, high),))


def read_number(text: str, most: int) -> int:
    """A whole number of 0 to `most` in ASCII digits. Raises ValueError for anything else, however long it is."""
    if not _DIGITS.fullmatch(text) or (number := int(text)) > most:
        raise ValueError(f"no number of 0 to {most}")
    return number


def read_protocol(text: str) -> Service:
    """A protocol by name or number, on all of its ports. Raises ValueError for one that isn't known."""
    word = text.strip().casefold()
    number = PROTOCOL_NUMBERS[word] if word in PROTOCOL_NUMBERS else read_number(word, 255)
    return Service(protocols=Spans.only(number), families=families_of(number))


def families_of(protocol: int) -> frozenset[Literal[4, 6]]:
    """The address families in which packets of a protocol are: ICMP is of IPv4, ICMPv6 of IPv6."""
    return frozenset({4}) if protocol == 1 else frozenset({6}) if protocol == 58 else frozenset({4, 6})


def of_icmp(kind: int | None, code: int | None = None, *, protocol: int = 1) -> Service:
    """ICMP messages of a type (0 to 255, or any) and a code of it (0 to 255, or any)."""
    ports = PORTS
    if kind is not None:
        ports = Spans.only(kind * 256 + code) if code is not None else Spans(((kind * 256, kind * 256 + 255),))
    return Service(protocols=Spans.only(protocol), ports=ports, families=families_of(protocol))


# ---- both together ----


def make_matches(sources: Addresses, destinations: Addresses, services: Iterable[Service]) -> tuple[Match, ...]:
    """The packets from any of these sources to any of these destinations by any of these services.

    Services that differ in their destination ports alone become one match. None at all, where nothing is meant: a
    source of IPv4 and a destination of IPv6, say.
    """
    ports: dict[tuple[Spans, Spans, frozenset[Literal[4, 6]]], list[tuple[int, int]]] = {}
    for service in services:
        ports.setdefault((service.protocols, service.source_ports, service.families), []).extend(service.ports)
    found = []
    families: tuple[Literal[4, 6], ...] = (4, 6)
    for family in families:
        source, destination = sources.family(family), destinations.family(family)
        if not (source or sources.names) or not (destination or destinations.names):
            continue
        found += [
            Match(
                family=family,
                sources=source,
                destinations=destination,
                protocols=protocols,
                source_ports=source_ports,
                ports=Spans.of(spans),
                source_names=sources.names,
                destination_names=destinations.names,
            )
            for (protocols, source_ports, of), spans in ports.items()
            if family in of
        ]
    return tuple(found)


def make_entries(
    count: Count,
    *,
    name: str,
    verdict: Verdict,
    sources: tuple[Addresses, Sequence[str]],
    destinations: tuple[Addresses, Sequence[str]],
    services: tuple[Sequence[Service], Sequence[str]],
    obscure: Sequence[str] = (),
    enters: Sides | None = None,
    leaves: Sides | None = None,
    comment: str = "",
) -> tuple[Entry, ...]:
    """An entry of what is understood of a device's entry, and one as wide as what isn't: none, one or both.

    Each side and the services are what is understood of them, and beside that what isn't, in words: a list of which
    one item isn't understood is still clear about the others. `obscure` holds for all of it. Raises Unreadable where
    there are too many.
    """
    made = [(make_matches(sources[0], destinations[0], services[0]), tuple(obscure))]
    if unknown := (*sources[1], *destinations[1], *services[1]):
        wide = make_matches(
            ANYWHERE if sources[1] else sources[0],
            ANYWHERE if destinations[1] else destinations[0],
            [ANYTHING] if services[1] else services[0],
        )
        made.append((wide, (*obscure, *unknown)))
    found = tuple(
        Entry(name=name, matches=matches, verdict=verdict, enters=enters, leaves=leaves, obscure=why, comment=comment)
        for matches, why in made
        if matches
    )
    count.take(len(found))
    return found


def everything_of(families: Iterable[int]) -> Addresses:
    """Every address of these families."""
    wanted = set(families)
    return Addresses(four=FAMILIES[4] if 4 in wanted else NOTHING, six=FAMILIES[6] if 6 in wanted else NOTHING)


# ---- JSON ----


def say(value: Any, most: int = 60) -> str:
    """A value of a document as a sentence or a name repeats it: cut, on one line, without what can't be seen."""
    text = value if isinstance(value, str) else json.dumps(value)[:1000]
    return cut(show_line(text[:1000]), most)


def list_of(value: Any) -> list[Any]:
    """A value that programs write as a list, or by itself where there is one; None and an empty text are no value."""
    if isinstance(value, list):
        return value
    return [] if value is None or value == "" else [value]


def fold(row: Mapping[str, Any]) -> dict[str, Any]:
    """A mapping by keys in lower case: one program writes securityRules, another SecurityRules."""
    return {key.casefold(): value for key, value in row.items()}


def load_json(text: str) -> Any:
    """A JSON document. Raises Unreadable for what is none, is nested too deeply, or has too many lists, mappings."""
    found = text.count("{") + text.count("[")
    if found > OBJECTS:
        raise Unreadable(
            f"The JSON has {found:,} lists and mappings; at most {OBJECTS:,} are read. Take the part of it that "
            "stands between the zones of the plan."
        )
    try:
        return json.loads(text, parse_int=_parse_int, parse_constant=_refuse, object_pairs_hook=_once)
    except RecursionError:
        raise Unreadable("The JSON is nested too deeply; no configuration of a firewall is.") from None
    except json.JSONDecodeError as error:
        raise Unreadable(f"This is no JSON: line {error.lineno}, column {error.colno}: {error.msg}.") from None


def _parse_int(text: str) -> int:
    if len(text) > 20:
        raise Unreadable(f"The JSON has a number of {len(text):,} digits; no number of a firewall is so long.")
    return int(text)


def _refuse(text: str) -> Any:
    raise Unreadable(f"The JSON has {text}, which is no number.")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(pairs) > KEYS:
        raise Unreadable(f"The JSON has a mapping with {len(pairs):,} keys; no mapping of a firewall has so many.")
    found = dict(pairs)
    if len(found) != len(pairs):
        again = Counter(key for key, _ in pairs).most_common(1)[0][0]
        raise Unreadable(f"The JSON has a key twice in one mapping: {again[:60]!r}.")
    return found
