"""nftables files: a chain of our own that a site's chain jumps to, or, to deny the rest, a table of our own.

Beside what is there a file must not be a base chain: of several at one hook each can drop, and an accept in one is no
accept in another (nft(8), "VERDICT STATEMENTS"). So the entries stand in a regular chain, and the site's own chain
jumps there. Sets are anonymous; nothing of the site's is named but its table.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from planner.plan.devices import DEVICES
from planner.plan.fields import Firewall
from planner.report.firewall.addresses import FAMILIES
from planner.report.firewall.entries import End, Entry, list_entries, list_forward, say_disabled, say_empty
from planner.report.firewall.head import (
    Commands,
    comment_out,
    count_rules,
    explain_codes,
    introduce,
    write_file,
)
from planner.report.firewall.omissions import LeftOut
from planner.report.firewall.permits import Host, Permits
from planner.report.firewall.places import name_chain, name_place, say_apart
from planner.report.firewall.targets import NFTABLES
from planner.report.firewall.words import cut
from planner.report.said.edition import Edition
from planner.report.said.text import check_addresses, list_rule_sides
from ports.text import many

_OPTIONS = DEVICES["nftables"].options
TABLE = _OPTIONS["table"].default
"""The table of the site's own chains."""
CHAIN = _OPTIONS["chain"].default
OWN_TABLE = "inet port_planner"
"""The table of a default deny."""

_COMMENT = 120
"""nft takes comments of at most 128 bytes."""
_PREFIX = 60
"""How long what begins a line in the log is; the kernel takes 127 bytes."""
_STATE = "ct state new,established,untracked"
"""All packets of a connection from its source; those out of state are left to the chain that jumps here."""
_INDENT = "| "
"""So that no line of a head begins with what a person typed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chain:
    """A chain of our own, and the chain of the site that jumps to it."""

    name: str
    jumps_from: str
    entries: tuple[Entry, ...]
    table: str = TABLE
    """The table of the site's own chains."""
    is_named: bool = False
    """Whether the plan named it: then it may be a base chain of the site's, which a file must not empty."""
    logs: bool = False
    """Whether the first packet of a connection is logged."""

    @property
    def jump(self) -> str:
        """What has the site's chain jump here."""
        return f"nft insert rule {self.table} {self.jumps_from} jump {self.name}"

    def take_back(self) -> Iterator[str]:
        """What removes jump and chain. Rules are deleted by a handle, which only the kernel knows."""
        found = rf's/.*[[:space:]]jump {self.name}\( comment ".*"\)\{{0,1\}} # handle '
        deleted = f"/delete rule {self.table} {self.jumps_from} handle /p"
        yield f"nft flush chain {self.table} {self.name}"
        yield f"nft -a list chain {self.table} {self.jumps_from} | sed -n '{found}{deleted}' | nft -f -"
        yield f"nft delete chain {self.table} {self.name}"


def render_forward(permits: Permits, edition: Edition | None, *, default_deny: bool, open_undecided: bool) -> bytes:
    """The rules between zones: as a chain beside others, or with a default deny as a table of its own.

    Raises NotExpressible when the addresses are too much to stand in each rule.
    """
    rules = (rule for rule in permits.report.rules for _ in rule.services)  # a line for each service
    check_addresses(NFTABLES.label, list_rule_sides(rules))
    permits = permits if default_deny else fit(permits)
    chain = _make_chain(permits, open_undecided=open_undecided)
    entries = chain.entries
    about = [
        *introduce(NFTABLES.label, permits, edition, default_deny),
        f"{count_rules(permits, edition, len(entries))}{say_disabled(entries)}",
        *explain_codes(permits),
        *(_say_table() if default_deny else _say_chains([chain], is_part=bool(edition and edition.selection))),
        *(() if default_deny else say_apart(permits, edition)),
        *permits.left_out,
        *say_empty(entries, default_deny=default_deny),
    ]
    statements = _write_table(chain) if default_deny else write_chains([chain])
    return write_file(comment_out(NFTABLES.mark, about, _INDENT), statements)


def list_statements(permits: Permits) -> tuple[list[str], tuple[LeftOut, ...]]:
    """The statements of a file, without its head, and what they leave out. Raises as `render_forward` does."""
    check_addresses(NFTABLES.label, list_rule_sides(rule for rule in permits.report.rules for _ in rule.services))
    fitting = fit(permits)
    return list(write_chains([_make_chain(fitting, open_undecided=False)])), fitting.left_out


_ONE_FAMILY = {"ip": 4, "ip6": 6}
"""The families of tables that hold packets of one family alone: of a file with others nft takes nothing at all."""


def list_families(firewall: Firewall) -> tuple[int, ...]:
    """The families that the file of a firewall of the plan can have, whatever its format."""
    table = firewall.options.get("table", "") if firewall.format == NFTABLES.name else ""
    family = _ONE_FAMILY.get(table.partition(" ")[0])
    return (family,) if family else FAMILIES


def fit(permits: Permits) -> Permits:
    """What of the permits the table of the site can hold."""
    table = _name_table(permits)
    family = _ONE_FAMILY.get(table.partition(" ")[0])
    if family is None:
        return permits
    return permits.of_family(family, f"Not of IPv{family}, which is all that the table {table} holds")


def _make_chain(permits: Permits, *, open_undecided: bool) -> Chain:
    """The chain of all boundaries, or of a firewall of the plan under its own names."""
    device = permits.firewall
    name = name_chain(permits, NFTABLES.label, NFTABLES.name)
    return Chain(
        name=name,
        is_named=name != CHAIN,
        jumps_from="forward",
        entries=list_forward(permits, NFTABLES.label, open_undecided=open_undecided),
        table=_name_table(permits),
        logs=device is not None and device.log,
    )


def _name_table(permits: Permits) -> str:
    return name_place(permits, NFTABLES.label, NFTABLES.name, "table", "nft makes no table {}, as it is a word of it")


def render_host(
    host: Host, permits: Permits, edition: Edition | None, *, default_deny: bool, open_undecided: bool
) -> bytes:
    """What one host must accept and what it must open: as two chains beside those of its own, or with a default deny
    as a table of its own that the kernel asks."""
    inbound, outbound = (
        list_entries(side, permits.addresses, open_undecided=open_undecided) for side in (host.inbound, host.outbound)
    )
    chains = [
        Chain(name=f"{CHAIN}_in", jumps_from="input", entries=inbound),
        Chain(name=f"{CHAIN}_out", jumps_from="output", entries=outbound),
    ]
    label = permits.addresses.labels[host.endpoint.name]
    about = [
        *introduce(f"{NFTABLES.label}, host {label},", permits, edition, default_deny, host.forbidden),
        f"{many(len(inbound), 'entry', 'entries')} for what it accepts, {len(outbound)} for what it opens"
        + say_disabled([*inbound, *outbound]),
        *(_say_host_table() if default_deny else _say_chains(chains, is_part=bool(edition and edition.selection))),
        *host.seen,
        *host.left_out,
        *say_empty([*inbound, *outbound], default_deny=False),
    ]
    statements = _write_host_table(chains) if default_deny else write_chains(chains)
    return write_file(comment_out(NFTABLES.mark, about, _INDENT), statements)


def _say_chains(chains: Sequence[Chain], *, is_part: bool) -> Iterator[object]:
    names = " and ".join(chain.name for chain in chains)
    yield (
        f"It fills {'the chain' if len(chains) == 1 else 'the chains'} {names} of the table {chains[0].table} and "
        "changes nothing else. Loading it again, or the file of another revision, replaces what was loaded before."
    )
    if is_part:
        yield "So loading this part closes what the file of the whole plan has opened."
    yield (
        "Check it with nft -c -f FILE, load it with nft -f FILE. Once, after the first time, have your own chain jump "
        "there:"
    )
    yield Commands(tuple(chain.jump for chain in chains))
    yield (
        "Replies are the matter of that chain: it has to accept established connections. Another base chain that "
        "drops still drops. Where your table or chain has another name, write that here and in the lines below."
    )
    yield "To take it back:"
    yield Commands(tuple(line for chain in chains for line in chain.take_back()))


def _say_table() -> Iterator[object]:
    yield (
        f"It is the table {OWN_TABLE}, complete, for a router that has no other rules: what is forwarded is dropped "
        "unless it is a reply or named here. Loading it again replaces the table."
    )
    yield "Check it with nft -c -f FILE, load it with nft -f FILE. To take it back:"
    yield Commands((f"nft delete table {OWN_TABLE}",))


def _say_host_table() -> Iterator[object]:
    yield (
        f"It is the table {OWN_TABLE}, complete, with chains of its own at the hooks input and output: nothing has to "
        "jump there. What comes to the host and what leaves it is dropped unless it is a reply, on the loopback "
        "interface, named here, or what an address needs: DHCP, neighbour discovery and router advertisements, errors "
        "of ICMP. Name resolution, time and updates need flows of the plan. Loading it again replaces the table."
    )
    yield "Keep a console at hand. Check it with nft -c -f FILE, load it with nft -f FILE. To take it back:"
    yield Commands((f"nft delete table {OWN_TABLE}",))


def write_chains(chains: Iterable[Chain]) -> Iterator[str]:
    """Adding what is there already changes nothing; flushed, a chain holds what this file says and no more."""
    for table in dict.fromkeys(chain.table for chain in chains):
        yield f"add table {table}"
    for chain in chains:
        place = f"{chain.table} {chain.name}"
        yield f"add chain {place}"
        if chain.is_named:
            yield from _refuse_base_chain(chain)
        yield f"flush chain {place}"
        yield from (line for entry in chain.entries for line in _write_entry(entry, place, logs=chain.logs))


def _refuse_base_chain(chain: Chain) -> Iterator[str]:
    """What the kernel refuses, and so the whole file, where the chain is one at a hook: no rule can jump there.

    The chain with the jump is gone again by the end. Where the site has one of that name nothing is loaded, either.
    """
    place = f"{chain.table} {chain.name}_probe"
    yield "# Ends here with nothing changed where the chain is one at a hook."
    yield f"create chain {place}"
    yield f"add rule {place} jump {chain.name}"
    yield f"flush chain {place}"
    yield f"delete chain {place}"


def _renew_table() -> Iterator[str]:
    # Deleting fails where there is no table, so it is added before.
    yield f"add table {OWN_TABLE}"
    yield f"delete table {OWN_TABLE}"
    yield f"add table {OWN_TABLE}"


def _write_host_table(chains: Iterable[Chain]) -> Iterator[str]:
    yield from _renew_table()
    for chain in chains:
        place, way = f"{OWN_TABLE} {chain.jumps_from}", "iifname" if chain.jumps_from == "input" else "oifname"
        yield f"add chain {place} {{ type filter hook {chain.jumps_from} priority filter; policy drop; }}"
        yield f'add rule {place} {way} "lo" accept'
        yield f"add rule {place} ct state established,related accept"
        yield from (f"add rule {place} {line} accept" for line in _NEEDED[chain.jumps_from])
        yield from (line for entry in chain.entries for line in _write_entry(entry, place, logs=chain.logs))


_DISCOVERY = "nd-neighbor-solicit, nd-neighbor-advert"
_NEEDED = {
    "input": (
        f"icmpv6 type {{ {_DISCOVERY}, nd-router-advert }} ip6 hoplimit 255",
        "ip6 saddr fe80::/10 icmpv6 type mld-listener-query",
        "udp sport 67 udp dport 68",
        "udp sport 547 udp dport 546",
    ),
    "output": (
        f"icmpv6 type {{ {_DISCOVERY}, nd-router-solicit, mld2-listener-report }}",
        "udp sport 68 udp dport 67",
        "udp sport 546 udp dport 547",
    ),
}
"""What a host needs to have an address and find its neighbours: RFC 4861 (and its hop limit), 3810, 2131, 8415."""


def _write_table(chain: Chain) -> Iterator[str]:
    place = f"{OWN_TABLE} forward"
    yield from _renew_table()
    yield f"add chain {place} {{ type filter hook forward priority filter; policy drop; }}"
    yield f"add rule {place} ct state established,related accept"
    yield from (line for entry in chain.entries for line in _write_entry(entry, place, logs=chain.logs))


def _write_entry(entry: Entry, place: str, *, logs: bool) -> Iterator[str]:
    """The rule; before it, where it is undecided, a comment that says on what it depends.

    A rule that logs stands before it and ends nothing: of what is established every packet would be logged.
    """
    protocol, ports = entry.service
    ends = [_match(entry.family, "saddr", entry.source), _match(entry.family, "daddr", entry.destination)]
    matches = [
        f'iifname "{entry.source.interface}"' if entry.source.interface else "",
        f'oifname "{entry.destination.interface}"' if entry.destination.interface else "",
        *ends,
        "" if any(ends) else _say_family(place, entry.family),
        f"{protocol} dport {ports}" if ports else "icmp type echo-request",
    ]
    rule = " ".join(filter(None, matches))
    yield from entry.remarks()
    lines = [f'add rule {place} {rule} {_STATE} accept comment "{entry.comment(_COMMENT)}"']
    if logs:
        lines.insert(0, f'add rule {place} {rule} ct state new log prefix "{cut(entry.rule, _PREFIX - 2)}: "')
    for line in lines:
        yield f"# {line}" if entry.disabled else line


def _say_family(place: str, family: int) -> str:
    """What says which family a rule without addresses is of; where the table has no other, nft takes no word of it."""
    kind = place.partition(" ")[0]
    if kind in _ONE_FAMILY:
        return ""
    return f"meta protocol ip{'' if family == 4 else 6}" if kind == "bridge" else f"meta nfproto ipv{family}"


def _match(family: int, side: str, end: End) -> str:
    """Nothing for any; for any but some networks, that it is none of them."""
    networks = end.others if end.networks is None else end.networks
    if not networks:
        return ""
    members = ", ".join(networks)
    other = "!= " if end.is_any else ""
    return f"{'ip' if family == 4 else 'ip6'} {side} {other}{members if len(networks) == 1 else f'{{ {members} }}'}"
