"""iptables files: a chain of our own that FORWARD jumps to, or, to deny the rest, all of FORWARD.

One file for iptables-restore and ip6tables-restore: each skips the lines that are marked for the other.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import product

from planner.plan.devices import DEVICES
from planner.report.errors import NotExpressible
from planner.report.firewall.entries import End, Entry, list_forward, say_disabled, say_empty
from planner.report.firewall.head import (
    Commands,
    comment_out,
    count_rules,
    explain_codes,
    introduce,
    write_file,
)
from planner.report.firewall.omissions import LeftOut
from planner.report.firewall.permits import Permits
from planner.report.firewall.places import name_chain, say_apart
from planner.report.firewall.targets import IPTABLES
from planner.report.firewall.words import cut
from planner.report.said.edition import Edition

CHAIN = DEVICES["iptables"].options["chain"].default

_COMMENT = 250
"""iptables takes comments of at most 255 bytes."""
_PREFIX = 29
"""And so many letters of what begins a line in the log."""
_STATE = "-m conntrack --ctstate NEW,ESTABLISHED,UNTRACKED"
"""All packets of a connection from its source; those out of state are left to what follows the jump."""
MOST_LINES = 200_000
"""More lines than this no device takes, and no browser waits for."""
_INDENT = "| "
"""So that no line of a head begins with what a person typed."""


def check_lines(label: str, lines: int) -> None:
    """Raise NotExpressible where a chain would have more lines than are allowed, of a format that is called so."""
    if lines > MOST_LINES:
        raise NotExpressible(
            label,
            f"it needs a line for each pair of addresses, {lines:,} in all, and {MOST_LINES:,} are allowed; give "
            "groups networks instead of single addresses",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Chain:
    """Our chain, and whether the first packet of a connection is logged. Raises NotExpressible for too many lines."""

    name: str
    entries: tuple[Entry, ...]
    logs: bool

    def __post_init__(self) -> None:
        check_lines(IPTABLES.label, sum(_count_lines(one, self.logs) for one in self.list_parts()))

    def list_parts(self) -> Iterator[Entry]:
        """What it is written of, in order. Those from or to any come last: what they send back to FORWARD may be what
        another entry is for.

        Where several zones have an any, what each has of its own comes before all of them, for the same reason.
        """
        for entry in self.entries:
            if entry.source.own:
                yield replace(entry, source=_own(entry.source))
            if entry.destination.own:
                yield replace(entry, destination=_own(entry.destination))
        yield from sorted(self.entries, key=lambda entry: entry.source.is_any or entry.destination.is_any)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pairs:
    """Sources by destinations (None is any), a line for each pair, and whether they pass or go back to FORWARD."""

    sources: Sequence[str | None]
    destinations: Sequence[str | None]
    pass_it: bool = False


def _list_pairs(entry: Entry) -> tuple[_Pairs, ...]:
    """An address can't be none of several in one line. So what any doesn't mean is sent back to FORWARD before it."""
    sources, destinations = _list(entry.source), _list(entry.destination)
    return (
        _Pairs(sources=entry.source.others, destinations=destinations),
        _Pairs(sources=sources, destinations=entry.destination.others),
        _Pairs(sources=sources, destinations=destinations, pass_it=True),
    )


def _count_lines(entry: Entry, logs: bool) -> int:
    """How many lines an entry is, those that log among them."""
    pairs = _list_pairs(entry)
    return sum(len(one.sources) * len(one.destinations) * (1 + (logs and one.pass_it)) for one in pairs)


def render_forward(permits: Permits, edition: Edition | None, *, default_deny: bool, open_undecided: bool) -> bytes:
    """The rules between zones: as a chain beside others, or with a default deny as the whole of FORWARD."""
    chain = _make_chain(permits, open_undecided=open_undecided)
    entries, name = chain.entries, chain.name
    about = [
        *introduce(IPTABLES.label, permits, edition, default_deny),
        f"{count_rules(permits, edition, len(entries))}{say_disabled(entries)}",
        *explain_codes(permits),
        *(_say_table(name) if default_deny else _say_chain(name, is_part=bool(edition and edition.selection))),
        *(() if default_deny else say_apart(permits, edition)),
        "Each program takes the lines of its own family, marked -4 and -6.",
        "For IPv6 do the same with ip6tables and ip6tables-restore, and the same file.",
        *permits.left_out,
        *say_empty(entries, default_deny=default_deny),
    ]
    statements = _write_table(chain) if default_deny else write_chain(chain)
    return write_file(comment_out(IPTABLES.mark, about, _INDENT), statements)


def list_statements(permits: Permits) -> tuple[list[str], tuple[LeftOut, ...]]:
    """The statements of a file, without its head, and what they leave out."""
    return list(write_chain(_make_chain(permits, open_undecided=False))), permits.left_out


def _make_chain(permits: Permits, *, open_undecided: bool) -> Chain:
    """The chain of all boundaries, or of a firewall of the plan under its own names."""
    device = permits.firewall
    entries = list_forward(permits, IPTABLES.label, open_undecided=open_undecided)
    name = name_chain(permits, IPTABLES.label, IPTABLES.name)
    return Chain(name=name, entries=entries, logs=device is not None and device.log)


def _say_chain(chain: str, *, is_part: bool) -> Iterator[object]:
    yield (
        f"It fills the chain {chain} of the filter table and changes nothing else. Loading it again, or the file of "
        "another revision, replaces what was loaded before."
    )
    if is_part:
        yield "So loading this part closes what the file of the whole plan has opened."
    yield "Once, before the first time, make the chain and have FORWARD jump there:"
    yield Commands((f"iptables -N {chain}", f"iptables -I FORWARD -j {chain}"))
    yield (
        "Load it with iptables-restore --noflush FILE. Where the jump is missing or --noflush is forgotten it refuses "
        "and changes nothing. Replies are the matter of your own rules: they have to accept established connections."
    )
    yield "To take it back:"
    yield Commands((f"iptables -D FORWARD -j {chain}", f"iptables -F {chain}", f"iptables -X {chain}"))


def _say_table(chain: str) -> Iterator[object]:
    yield (
        "It is for a router that has no other rules: it sets the policy of FORWARD to DROP and takes the place of all "
        "rules of FORWARD. What is forwarded is dropped unless it is a reply or named here."
    )
    yield (
        "Load it with iptables-restore --noflush FILE, which leaves INPUT and OUTPUT alone; without --noflush their "
        "rules go, too. Loading it again replaces what was loaded before. To take it back, to a router that forwards "
        "everything:"
    )
    yield Commands(
        ("iptables -P FORWARD ACCEPT", "iptables -F FORWARD", f"iptables -F {chain}", f"iptables -X {chain}")
    )


def write_chain(chain: Chain) -> Iterator[str]:
    yield "*filter"
    # With --noflush naming a chain of one's own empties it, and no other.
    yield f":{chain.name} - [0:0]"
    yield "# Finds the jump, or ends here with nothing changed; without --noflush FORWARD has been emptied by now."
    yield f"-C FORWARD -j {chain.name}"
    yield from _write_parts(chain)
    yield "COMMIT"


def _write_table(chain: Chain) -> Iterator[str]:
    yield "*filter"
    yield ":FORWARD DROP [0:0]"
    yield f":{chain.name} - [0:0]"
    # With --noflush the rules of a built-in chain stay, and a second load would double them.
    yield "-F FORWARD"
    yield "-A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT"
    yield f"-A FORWARD -j {chain.name}"
    yield from _write_parts(chain)
    yield "COMMIT"


def _write_parts(chain: Chain) -> Iterator[str]:
    for part in chain.list_parts():
        yield from _write_entry(part, chain)


def _write_entry(entry: Entry, chain: Chain) -> Iterator[str]:
    """A line for each pair of networks; before them, where it is undecided, a comment that says on what it depends."""
    protocol, ports = entry.service
    start = f"{'# ' if entry.disabled else ''}-{entry.family} -A {chain.name} "
    service = f"-p {protocol} " + (
        f"-m {protocol} --dport {ports.replace('-', ':')}" if ports else "-m icmp --icmp-type 8"
    )
    comment = f'-m comment --comment "{entry.comment(_COMMENT)}"'
    yield from entry.remarks()
    doors = "".join(
        f"{flag} {end.interface} " for flag, end in (("-i", entry.source), ("-o", entry.destination)) if end.interface
    )
    for pairs in _list_pairs(entry):
        for source, destination in product(pairs.sources, pairs.destinations):
            match = f"{start}{doors}{_ends(source, destination)}{service}"
            if not pairs.pass_it:
                yield f"{match} -j RETURN"
                continue
            if chain.logs:
                yield f'{match} -m conntrack --ctstate NEW -j LOG --log-prefix "{cut(entry.rule, _PREFIX - 2)}: "'
            yield f"{match} {_STATE} {comment} -j ACCEPT"


def _own(end: End) -> End:
    return End(networks=end.own, interface=end.interface)


def _list(end: End) -> Sequence[str | None]:
    """The networks; without addresses there is no line, and only any stands for all."""
    return [None] if end.networks is None else end.networks


def _ends(source: str | None, destination: str | None) -> str:
    return (f"-s {source} " if source else "") + (f"-d {destination} " if destination else "")
