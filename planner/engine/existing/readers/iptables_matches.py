"""What the words of a line of iptables match, as sets of packets. Pure.

Source: iptables(8), “PARAMETERS”; iptables-extensions(8), “MATCH EXTENSIONS”. Only the first packet of a connection is
looked at: it is new to connection tracking, a SYN where it is TCP, and no fragment.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from planner.engine.existing.model import Match, Sides
from planner.engine.existing.parts.addresses import parse_literal, parse_network
from planner.engine.existing.parts.narrowing import Limits, Obscure, Part, narrow
from planner.engine.existing.readers.nft_words import FLAGS, ICMP_TYPES, ICMPV6_TYPES, PROTOCOL_NUMBERS, TRANSPORT
from planner.engine.spans import FAMILIES, PORTS, PROTOCOLS, Spans

_PLAIN = frozenset({
    "comment", "conntrack", "state", "multiport", "iprange", "tcp", "udp", "udplite", "sctp", "dccp", "icmp", "icmp6",
    "icmpv6",
})  # fmt: skip
"""Extensions of which something is understood."""
_STATES = {"NEW": True, "ESTABLISHED": False, "RELATED": False, "INVALID": False, "UNTRACKED": False}
"""Whether the first packet of a connection is in a state."""
_SHAPE = {"FIN", "SYN", "RST", "ACK", "URG", "PSH"}
"""The flags of TCP that iptables knows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """What has to be known of where a line stands."""

    family: Literal[4, 6]
    tracked: bool
    """Whether connection tracking has seen the packets."""
    untracks: bool
    """Whether any line has packets left out of connection tracking."""
    early: bool = False
    """Whether packets may come by before it is known where they leave: the kernel compares with no name then."""


@dataclass(slots=True)
class Line:
    """What a line says."""

    parts: list[Part]
    obscure: list[str] = field(default_factory=list)
    never: bool = False
    """Whether it matches no first packet."""
    target: str = ""
    target_words: list[str] = field(default_factory=list)
    goes: bool = False
    """Whether the target is one that doesn't come back."""
    comment: str = ""


def read_line(words: list[str], place: Place) -> Line:
    """What the words behind the chain's name say."""
    line = Line(parts=[Part(match=Match.everything(place.family))])
    reading = _Reading(place, line)
    at = 0
    while at < len(words):
        negated = words[at] == "!"
        at += negated
        option = words[at] if at < len(words) else ""
        end = at + 1 + (option in _TEXTS)
        while end < len(words) and not _is_option(words[end]):
            end += 1
        reading.take(option, words[at + 1 : end], negated)
        at = max(end, at + 1)
    reading.end()
    return line


_TEXTS = frozenset({"--comment", "--string", "--hex-string", "--log-prefix", "--nflog-prefix"})
"""Options whose value is a text, which may look like an option."""


def _is_option(word: str) -> bool:
    return word == "!" or (word.startswith("-") and len(word) > 1 and not word[1].isdigit())


class _Reading:
    """A line on its way: what its options have made of it."""

    def __init__(self, place: Place, line: Line) -> None:
        self.place = place
        self.line = line
        self.module = ""
        self.unread: list[str] = []
        """Words of an extension that isn't understood."""
        self.is_target = False

    def take(self, option: str, values: list[str], negated: bool) -> None:
        """Take an option with its values."""
        if option in ("-j", "--jump", "-g", "--goto"):
            self._close()
            self.is_target = True
            self.line.target = values[0] if values else ""
            self.line.target_words = values[1:]
            self.line.goes = option in ("-g", "--goto")
            return
        # Behind the target stands what that takes, and where somebody wrote it by hand, what else the rule has.
        self.is_target = self.is_target and option.startswith("--") and option not in _CORE
        if self.is_target:
            self.line.target_words += [option, *values]
        elif option in ("-m", "--match"):
            self._close()
            self.module = values[0] if values else ""
            if self.module not in _PLAIN:
                self.unread = [self.module]
        elif self.unread and option not in _CORE:
            self.unread += [*(["!"] if negated else []), option, *values]
        else:
            self._read(option, values, negated)

    def _close(self) -> None:
        """What has been said of an extension that isn't understood is all."""
        if self.unread:
            self.line.obscure.append(" ".join(self.unread))
        self.unread = []

    def end(self) -> None:
        """Nothing more comes."""
        self._close()

    def _read(self, option: str, values: list[str], negated: bool) -> None:
        said = " ".join([*(["!"] if negated else []), option, *values])
        if option == "--comment":
            self.line.comment = " ".join(values)
            return
        if option in ("-c", "--set-counters"):
            return
        reader = _READERS.get(option)
        try:
            if reader is None:
                raise Obscure(said)
            found = reader(values, negated, self.place, said)
            self.line.parts = list(narrow(self.line.parts, found))
            self.line.never = self.line.never or not self.line.parts
        except Obscure as error:
            self.line.obscure.append(str(error))


# ---- options ----


def _only(values: list[str], said: str) -> str:
    if len(values) != 1:
        raise Obscure(said)
    return values[0]


def _address(attribute: str) -> Callable[[list[str], bool, Place, str], list[Limits]]:
    def read(values: list[str], negated: bool, place: Place, said: str) -> list[Limits]:
        spans = []
        for one in _only(values, said).split(","):
            found = parse_network(one)
            if found is None or found[0] != place.family:
                raise Obscure(said)
            spans.append(found[1:])
        return _limit(attribute, Spans.of(spans), FAMILIES[place.family], negated)

    return read


def _range(attribute: str) -> Callable[[list[str], bool, Place, str], list[Limits]]:
    def read(values: list[str], negated: bool, place: Place, said: str) -> list[Limits]:
        text = _only(values, said)
        found = None if "/" in text else parse_literal(text)
        if found is None or found[0] != place.family:
            raise Obscure(said)
        return _limit(attribute, Spans((found[1:],)), FAMILIES[place.family], negated)

    return read


def _limit(attribute: str, spans: Spans, everything: Spans, negated: bool, **more: object) -> list[Limits]:
    wanted = everything - spans if negated else spans
    return [{attribute: wanted, **more}] if wanted else []


def _side(attribute: str) -> Callable[[list[str], bool, Place, str], list[Limits]]:
    def read(values: list[str], negated: bool, place: Place, said: str) -> list[Limits]:
        name = _only(values, said)
        is_prefix = name.endswith("+")
        sides = Sides(
            names=frozenset() if is_prefix else frozenset({name}),
            prefixes=frozenset({name[:-1]}) if is_prefix else frozenset(),
            negated=negated,
        )
        return [{attribute: sides}]

    return read


def _leaves(values: list[str], negated: bool, place: Place, said: str) -> list[Limits]:
    if place.early:
        raise Obscure(f"{said}, before it is known where packets leave")
    return _side("leaves")(values, negated, place, said)


def _protocol(values: list[str], negated: bool, place: Place, said: str) -> list[Limits]:
    name = _only(values, said).lower()
    if name in ("all", "0"):
        return [] if negated else [{}]
    return _limit("protocols", Spans.only(_number(name, PROTOCOL_NUMBERS, PROTOCOLS, said)), PROTOCOLS, negated)


def _number(text: str, names: Mapping[str, int], everything: Spans, said: str) -> int:
    number = names.get(text)
    if number is None and text.isascii() and text.isdigit() and len(text) < 6:
        number = int(text)
    if number is None or number not in everything:
        raise Obscure(said)
    return number


def _ports(attributes: tuple[str, ...]) -> Callable[[list[str], bool, Place, str], list[Limits]]:
    """Ports of one side or of either; several where they are divided by commas."""

    def read(values: list[str], negated: bool, place: Place, said: str) -> list[Limits]:
        spans = []
        for one in _only(values, said).split(","):
            first, colon, last = one.partition(":")
            start = _number(first, {}, PORTS, said) if first else 0
            end = _number(last, {}, PORTS, said) if last else PORTS.spans[0][1] if colon else start
            if start > end:
                raise Obscure(said)
            spans.append((start, end))
        found = Spans.of(spans)
        protocols = {"protocols": TRANSPORT}
        if len(attributes) == 2 and negated:
            rest = PORTS - found
            return [{**protocols, **dict.fromkeys(attributes, rest)}] if rest else []
        return [one for name in attributes for one in _limit(name, found, PORTS, negated, **protocols)]

    return read


def _icmp(values: list[str], negated: bool, place: Place, said: str) -> list[Limits]:
    is_four = place.family == 4
    protocols = Spans.only(1 if is_four else 58)
    name = _only(values, said)
    if name == "any":
        return [] if negated else [{"protocols": protocols}]
    kind, slash, code = name.partition("/")
    number = _number(kind, ICMP_TYPES if is_four else ICMPV6_TYPES, Spans(((0, 255),)), said)
    first = number * 256 + (_number(code, {}, Spans(((0, 255),)), said) if slash else 0)
    spans = Spans(((first, first if slash else first + 255),))
    return _limit("ports", spans, PORTS, negated, protocols=protocols)


def _flags(values: list[str], negated: bool, place: Place, said: str) -> list[Limits]:
    if len(values) != 2:
        raise Obscure(said)
    mask, wanted = (_bits(value, said) for value in values)
    # Whether a SYN asks for ECN isn't known; iptables can't ask for it.
    found = (FLAGS["syn"] & mask) == wanted
    return [{"protocols": Spans.only(PROTOCOL_NUMBERS["tcp"])}] if found != negated else []


def _bits(text: str, said: str) -> int:
    if text in ("NONE", "ALL"):
        return 0 if text == "NONE" else sum(FLAGS[name.lower()] for name in _SHAPE)
    names = set(text.split(","))
    if not names <= _SHAPE:
        raise Obscure(said)
    return sum(FLAGS[name.lower()] for name in names)


def _syn(values: list[str], negated: bool, place: Place, said: str) -> list[Limits]:
    return [] if negated else [{"protocols": Spans.only(PROTOCOL_NUMBERS["tcp"])}]


def _fragment(values: list[str], negated: bool, place: Place, said: str) -> list[Limits]:
    return [{}] if negated else []


def _state(values: list[str], negated: bool, place: Place, said: str) -> list[Limits]:
    if not place.tracked:
        raise Obscure(f"{said}, before connection tracking")
    names = set(_only(values, said).split(","))
    if place.untracks and ("NEW" in names) != ("UNTRACKED" in names):
        raise Obscure(f"{said}, where some packets are left out of connection tracking")
    if "NEW" not in names and not names <= set(_STATES):
        raise Obscure(said)
    return [{}] if ("NEW" in names) != negated else []


def _direction(values: list[str], negated: bool, place: Place, said: str) -> list[Limits]:
    name = _only(values, said)
    if not place.tracked or name not in ("ORIGINAL", "REPLY"):
        raise Obscure(said)
    return [{}] if (name == "ORIGINAL") != negated else []


_READERS: dict[str, Callable[[list[str], bool, Place, str], list[Limits]]] = {
    "-f": _fragment, "--fragment": _fragment, "--syn": _syn, "--tcp-flags": _flags,
    "--src-range": _range("sources"), "--dst-range": _range("destinations"),
    "--icmp-type": _icmp, "--icmpv6-type": _icmp, "--ctstate": _state, "--state": _state, "--ctdir": _direction,
    "--ports": _ports(("source_ports", "ports")), "--port": _ports(("source_ports", "ports")),
}  # fmt: skip


def _register(names: Iterable[str], reader: Callable[[list[str], bool, Place, str], list[Limits]]) -> None:
    _READERS.update(dict.fromkeys(names, reader))


_register(("-s", "--source", "--src"), _address("sources"))
_register(("-d", "--destination", "--dst"), _address("destinations"))
_register(("-i", "--in-interface"), _side("enters"))
_register(("-o", "--out-interface"), _leaves)
_register(("-p", "--protocol", "--proto"), _protocol)
_register(("--sport", "--source-port", "--sports", "--source-ports"), _ports(("source_ports",)))
_register(("--dport", "--destination-port", "--dports", "--destination-ports"), _ports(("ports",)))
_CORE = frozenset({
    "-s", "--source", "--src", "-d", "--destination", "--dst", "-i", "--in-interface", "-o", "--out-interface", "-p",
    "--protocol", "--proto", "-f", "--fragment", "-c", "--set-counters",
})  # fmt: skip
"""Options that belong to no extension."""
