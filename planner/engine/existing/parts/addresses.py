"""Addresses as devices and people write them, and the sets of them that stand on a side. Pure.

Addresses of a side are kept by family, since devices pair those of one family only.
"""

import ipaddress
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from planner.engine.existing.parts.count import Count
from planner.engine.spans import FAMILIES, NOTHING, Spans

_BITS = {4: 32, 6: 128}
_LONGEST = 100
"""Most characters of an address, a network or a range."""
_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")
UNSPECIFIED = "0.0.0.0"  # noqa: S104 - an address in a text, nothing is bound


@dataclass(frozen=True, kw_only=True)
class Reach:
    """Addresses of one family, as far as they are understood."""

    spans: Spans = NOTHING
    names: frozenset[str] = frozenset()
    """DNS names whose addresses are meant beside them."""
    vague: tuple[str, ...] = ()
    """What is meant beside them and isn't understood: it may stand for any address."""
    narrow: tuple[str, ...] = ()
    """What isn't understood and takes some of them away."""

    def __or__(self, other: "Reach") -> "Reach":
        """What is in either."""
        return unite((self, other))

    def minus(self, other: "Reach") -> "Reach":
        """What is in this one and not in the other."""
        taken = tuple(f"not fqdn {name}" for name in sorted(other.names))
        taken += tuple(f"not {text}" for text in (*other.vague, *other.narrow))
        # Of what is only partly in the other one nothing is surely out.
        spans = self.spans if other.narrow else self.spans - other.spans
        return Reach(spans=spans, names=self.names, vague=self.vague, narrow=once((*self.narrow, *taken)))

    @cached_property
    def parts(self) -> tuple[tuple[Spans, frozenset[str], tuple[str, ...]], ...]:
        """What is understood with what narrows it, then what isn't: (addresses, DNS names, what isn't understood)."""
        found = [(self.spans, self.names, self.narrow)] if self.spans or self.names else []
        if self.vague:
            found.append((_EVERY, frozenset(), once((*self.vague, *self.narrow))))
        return tuple(found)


_EVERY = FAMILIES[6]
"""Of either family: what there isn't is cut off where a match is made."""

Addresses = Mapping[int, Reach]
"""Family -> addresses of it."""
_NONE = Reach()
NOBODY: Addresses = {4: _NONE, 6: _NONE}
ANYBODY: Addresses = {family: Reach(spans=spans) for family, spans in FAMILIES.items()}
ONLY: Mapping[int, Addresses] = {family: {**NOBODY, family: ANYBODY[family]} for family in FAMILIES}
"""Family -> every address of it alone."""


def once(texts: Iterable[str]) -> tuple[str, ...]:
    """The texts in their order, each once."""
    return tuple(dict.fromkeys(texts))


def unite(found: Iterable[Reach]) -> Reach:
    """What is in any of them. What one of them is narrowed by is vague in all: another may have it in full."""
    several = tuple(found)
    if len(several) == 1:
        return several[0]
    clear = [one for one in several if not one.narrow]
    partly = [one for one in several if one.narrow]
    return Reach(
        spans=Spans.of(span for one in clear for span in one.spans),
        names=frozenset(name for one in clear for name in one.names),
        vague=once(text for group in (partly, clear) for one in group for text in (*one.vague, *one.narrow)),
    )


def unite_all(found: Iterable[Addresses]) -> Addresses:
    """What is in any of them, by family."""
    several = tuple(found)
    return {family: unite(one[family] for one in several) for family in FAMILIES}


def all_but(addresses: Addresses) -> Addresses:
    """Every address but these."""
    return {family: ANYBODY[family].minus(addresses[family]) for family in FAMILIES}


def vague(text: str, families: Iterable[int] = (4, 6)) -> Addresses:
    """Something that isn't understood and may stand for any address of these families."""
    return {family: Reach(vague=(text,)) if family in families else _NONE for family in FAMILIES}


def named(name: str, families: Iterable[int] = (4, 6)) -> Addresses:
    """What a DNS name stands for, of these families."""
    names = frozenset({name.lower().rstrip(".")})
    return {family: Reach(names=names) if family in families else _NONE for family in FAMILIES}


def spanning(family: int, first: int, last: int) -> Addresses:
    """The addresses from the first to the last, both included."""
    reach = Reach(spans=Spans(((first, last),)))
    return {4: reach, 6: _NONE} if family == 4 else {4: _NONE, 6: reach}


def parse(text: str) -> tuple[int, int] | None:
    """Family and number of a single address; None for anything else, one with a scope among it."""
    if "%" in text:
        return None
    try:
        address = ipaddress.IPv6Address(text) if ":" in text else ipaddress.IPv4Address(text)
    except ValueError:
        return None
    return address.version, int(address)


def parse_length(text: str, family: int) -> int | None:
    """The length of a prefix: “24”, or as a mask of IPv4 without gaps, “255.255.255.0”; None for anything else."""
    if text.isascii() and text.isdigit() and len(text) <= 3:
        return int(text) if int(text) <= _BITS[family] else None
    mask = parse(text) if family == 4 else None
    if mask is None:
        return None
    host = mask[1] ^ 0xFFFFFFFF
    return None if host & (host + 1) else 32 - host.bit_length()


def parse_network(address: str, length: str | None = None) -> tuple[int, int, int] | None:
    """Family, first and last address of a network, written in one (10.0.0.0/8) or with its length or mask apart.

    Bits of a host are ignored, as devices do, but not where the mask after a slash is 0.0.0.0: that of a host where
    masks are wildcards. A single address is one; None is for what is none.
    """
    is_one = length is None
    if length is None:
        address, slash, end = address.partition("/")
        length = end if slash else None
    found = parse(address)
    if found is None or (is_one and length == UNSPECIFIED and found[1]):
        return None
    family, number = found
    bits = _BITS[family] if length is None else parse_length(length, family)
    if bits is None:
        return None
    hosts = (1 << (_BITS[family] - bits)) - 1
    return family, number & ~hosts, number | hosts


def network(address: str, length: str | None = None) -> Addresses | None:
    """The addresses of a network as `parse_network` reads it; None for what is none."""
    found = parse_network(address, length)
    return spanning(*found) if found else None


def between(first: str, last: str) -> Addresses | None:
    """The addresses from one to another of the same family, in this order; None for what isn't that."""
    start, end = parse(first), parse(last)
    if start is None or end is None or start[0] != end[0] or start[1] > end[1]:
        return None
    return spanning(start[0], start[1], end[1])


def literal(text: str) -> Addresses | None:
    """What one text says: 10.0.0.1, 10.0.0.0/8, 10.0.0.0/255.0.0.0, 10.0.0.0 255.0.0.0, ::1-::9; None for others.

    A mask after a space is one of IPv4 in full: 10.0.0.0 8 is two things. 0.0.0.0 is one after itself alone.
    """
    found = parse_literal(text)
    return spanning(*found) if found else None


def parse_literal(text: str) -> tuple[int, int, int] | None:
    """Family, first and last address of what `literal` reads; None for anything else."""
    if len(text) > _LONGEST:
        return None
    text = text.strip()
    first, dash, last = text.partition("-")
    if dash:
        start, end = parse(first.strip()), parse(last.strip())
        ordered = start and end and start[0] == end[0] and start[1] <= end[1]
        return (start[0], start[1], end[1]) if ordered and start and end else None
    if " " not in text:
        return parse_network(text)
    host, _, mask = text.partition(" ")
    mask = mask.strip()
    is_mask = "." in mask and (mask != UNSPECIFIED or host == UNSPECIFIED)
    return parse_network(host, mask) if is_mask else None


def read_list(
    texts: Sequence[str], say: Callable[[str], str], count: Count, read: Callable[[str], Addresses | None] = literal
) -> Addresses | None:
    """What several texts say together; those that `read` doesn't understand are vague, as `say` calls them.

    None where there are none. Each after the first counts as an entry: raises Unreadable where there are too many.
    """
    if not texts:
        return None
    count.take(len(texts) - 1)
    return unite_all([read(one) or vague(say(one)) for one in texts])


def dns_name(text: str) -> Addresses | None:
    """What a DNS name of two labels or more stands for, with or without a dot at its end; None for anything else."""
    name = text.casefold().removesuffix(".")
    labels = name.split(".")
    last = labels[-1]
    if not (len(name) <= 253 and len(labels) > 1 and all(_LABEL.fullmatch(label) for label in labels)):
        return None
    return None if last.isdigit() or not last.isascii() else named(name)
