"""What a firewall's configuration says, whatever its format: entries in order, and what each admits or refuses. Pure.

A reader turns the text of one format into a `Ruleset`. It never guesses: what it does not understand of an entry it
names in `obscure`, and leaves the entry as wide as what it does understand. Only the first packet of a connection is
looked at: an entry for replies (`ct state established`) matches none of them; a reader marks it as `replies`.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Literal

from planner.engine.spans import FAMILIES, NOTHING, PORTS, PROTOCOLS, Spans

Verdict = Literal["accept", "drop", "jump", "goto", "return", "obscure", "stray"]
"""What becomes of a packet that an entry matches. `drop` is any refusal, with or without an answer; `jump` comes back
after the other chain's end, `goto` goes on where the last `jump` came from; `obscure` is a verdict that isn't
understood: the packet may be admitted or refused, or go on; `stray` is one after which it may be sent to whomever, so
that what comes later tells nothing of it."""


WHOLE_ICMP = frozenset({"azure"})
"""The formats whose entries can't tell messages of ICMP apart: what lets an echo through lets all of ICMP through. A
rule of Azure has no type of ICMP (Microsoft, “Network security groups”, security rules)."""

SHARED_FAMILIES = frozenset({"paloalto"})
"""The formats whose rules take an address of IPv4 for one of IPv6 (`planner.plan.special.TAKEN_FOR_IPV4`): a file of
ours leaves these out of what is wider."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """Packets of one address family: those that are in all of these sets."""

    family: Literal[4, 6]
    sources: Spans
    destinations: Spans
    protocols: Spans = PROTOCOLS
    """Numbers of IP protocols."""
    source_ports: Spans = PORTS
    ports: Spans = PORTS
    """Destination ports of TCP, UDP and SCTP; of ICMP type × 256 + code. Every one for other protocols."""
    source_names: frozenset[str] = frozenset()
    """DNS names, in lower case without a dot at the end, whose addresses are meant beside `sources`."""
    destination_names: frozenset[str] = frozenset()

    @classmethod
    def everything(cls, family: Literal[4, 6]) -> "Match":
        """Every packet of a family."""
        return cls(family=family, sources=FAMILIES[family], destinations=FAMILIES[family])


EVERYTHING = Match.everything(4), Match.everything(6)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sides:
    """Interfaces, zones or VRFs, as the device names them."""

    names: frozenset[str] = frozenset()
    prefixes: frozenset[str] = frozenset()
    """Beginnings of names: “eth” where the device says “eth*” or “eth+”."""
    negated: bool = False
    """Whether all others are meant."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One entry of a firewall's configuration that is in force; what is disabled or expired is no entry."""

    name: str
    """As the device names it, for people: “policy 17 "Vault"”, or the line itself."""
    matches: tuple[Match, ...] = EVERYTHING
    """A packet is meant that any of these matches."""
    verdict: Verdict
    target: str = ""
    """Of `jump` and `goto`: the name of a chain of the ruleset."""
    enters: Sides | None = None
    """Where the packet comes in; None is anywhere."""
    leaves: Sides | None = None
    obscure: tuple[str, ...] = ()
    """What is not understood of it, each as the device says it: “ip ttl 5”, “schedule nights”. The packets that it
    decides about are some of those that the rest of it matches: none, a part or all."""
    comment: str = ""
    """What somebody wrote beside it; the numbers of rules in our own files."""
    becomes: tuple[int, int] | None = None
    """Of an entry that translates destinations, all of its packets into one address and no port: family and number.
    Its verdict is `stray`, and its last construct says the translation: whoever knows that it is meant to be there
    may take it as one that admits."""
    replies: bool = False
    """Whether it is for packets of connections that are there already: it decides about no first packet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """What a packet goes through on its way; it is admitted when every stage admits it."""

    name: str
    """As the device names it: “inet filter forward”, “access-list OUTSIDE”."""
    entries: tuple[Entry, ...]
    default: Verdict
    """What becomes of packets that no entry decides about: `accept`, `drop` or `obscure`."""
    families: frozenset[int] = frozenset({4, 6})
    """The address families that go through it; others pass."""
    default_name: str = ""
    """What decides then, as the device names it: “policy drop of inet filter forward”, “implicit deny”."""
    is_early: bool = False
    """Whether destinations are translated after it or in it, and not before."""
    translates: bool = False
    """Whether destinations are translated in it, at most once in all such stages."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Translation:
    """What comes in on some sides for `seen` goes on to `real`, address for address."""

    name: str
    """As the device names it."""
    enters: Sides | None
    """None is anywhere."""
    family: int
    seen: Spans
    real: Spans
    protocol: int | None = None
    """Of one translated port; None where all are."""
    seen_ports: Spans = NOTHING
    real_ports: Spans = NOTHING
    is_clear: bool = True
    """Whether it is understood; else what bears on either address isn't."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruleset:
    """All that is known of one firewall."""

    format: str
    """`nftables`, `iptables`, `fortigate`, …: a format of `manage.py gap --from`."""
    stages: tuple[Stage, ...]
    """In the order in which a packet goes through them."""
    chains: Mapping[str, tuple[Entry, ...]]
    """What entries jump to, by name; the end of a chain returns."""
    sides: frozenset[str] = frozenset()
    """Every interface and zone that it names, to be mapped to zones of the plan."""
    members: Mapping[str, Collection[str]] = field(default_factory=dict)
    """Zone of the device -> its interfaces."""
    apart: bool = False
    """Whether each side is an interface of its own: what comes by one comes by no other."""
    addresses: Mapping[str, Spans] | None = None
    """Side -> the IPv4 networks that it is connected to or routes to, where the configuration says so: what a guess of
    its zone goes by."""
    translations: tuple[Translation, ...] = ()
    """Where the entries are said of packets as they come in: what becomes of their destinations, the first that is for
    a packet counting."""
    obscure: tuple[str, ...] = ()
    """What is not understood and could bear on anything, such as an address translation that can't be followed."""

    @property
    def apart_sides(self) -> frozenset[str]:
        """The sides of which none is another one by another name."""
        return self.sides if self.apart else frozenset()


class Unreadable(ValueError):
    """An existing configuration that can't be read at all. The text is a sentence: where, what was found, what is
    allowed."""
