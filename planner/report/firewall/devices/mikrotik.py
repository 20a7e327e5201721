"""MikroTik RouterOS 7: a chain of our own that the site's forward chain jumps to, and address lists.

Syntax: MikroTik documentation, “Filter” and “Address-lists”. The file takes away what it has put there before, known
by its chain and its comment, so that loading it again, or the file of another revision, leaves just what that says.
"""

import ipaddress
import re
from collections.abc import Iterator, Mapping

from planner.plan.devices import DEVICES
from planner.report.firewall.devices.items import Item
from planner.report.firewall.devices.openings import Opening, Plan, find_groups, list_anys
from planner.report.firewall.devices.writer import Sides, Writer
from planner.report.firewall.head import Commands
from planner.report.firewall.places import name_chain
from planner.report.firewall.words import cut

CHAIN = DEVICES["mikrotik"].options["chain"].default
"""What the chain is called, and address lists are known by in any case."""
_COMMENT = 200
_REPLIES = "established,related"
"""What follows the first packet of a connection; not what is untracked, which may be the first of one.

A default deny needs an entry for it: the jump stands before the site's own one, and the denial would meet it.
"""


def list_items(plan: Plan) -> list[Item]:
    """For each family what is there taken away, then lists and entries."""
    groups = find_groups(plan, most=1)
    # An entry has one list at each end: all that an any leaves out stands in it, however many objects that is.
    left_out = {name: others[0] for others in list_anys(plan) for name in others}
    chain, objects = _name_chain(plan), plan.objects
    items: list[Item] = []
    for family, menu in ((4, "/ip firewall"), (6, "/ipv6 firewall")):
        openings = [one for one in plan.openings if one.permit.family == family]
        lines = [
            f'{menu} filter remove [find where chain="{chain}"]',
            f'{menu} address-list remove [find where comment="{CHAIN}"]',
        ]
        if plan.permits.firewall is not None:
            lines += _publish(plan, menu, family)
        if plan.default_deny:
            replies = f'action=accept connection-state={_REPLIES} comment="replies"'
            lines.append(f"{menu} filter add chain={chain} {replies}")
        held = [(left_out.get(name, name), one) for name, members in objects.items() for one in members]
        held += [(name, one) for members, name in groups.items() for member in members for one in objects[member]]
        # What a list has already is refused, and stops the import: two endpoints may have one address.
        once = {(name, one.casefold()): (name, one) for name, one in held if name.startswith(f"V{family}")}
        lines += [_listed(menu, name, one) for name, one in once.values()]
        lines += [_entry(plan, menu, one, groups) for one in openings]
        if plan.default_deny:
            lines.append(f'{menu} filter add chain={chain} action=drop{_log(plan, "denied")} comment="default deny"')
        gone = tuple(line for line in lines if " remove [find " in line)
        items.append(Item(key=menu, lines=tuple(lines), undo=gone))
    return items


def _name_chain(plan: Plan) -> str:
    return name_chain(plan.permits, MIKROTIK.label, MIKROTIK.name)


def _publish(plan: Plan, menu: str, family: int) -> Iterator[str]:
    """The chain of NAT emptied, and an entry for each published endpoint and the interface that sees it.

    The filter comes after it, and names the endpoint's own address.
    """
    chain = _name_chain(plan)
    yield f'{menu} nat remove [find where chain="{chain}"]'
    found = (one for one in plan.translations if one.family == family)
    for name, real, seen, side in dict.fromkeys((one.name, one.real, one.seen, one.source) for one in found):
        to = f"to-addresses={real}" if family == 4 else f"to-address={real}/128"
        yield (
            f'{menu} nat add chain={chain} action=dst-nat dst-address={seen} in-interface="{side}" {to} '
            f'comment="{name} is published"'
        )


def _listed(menu: str, name: str, value: str) -> str:
    try:
        network = ipaddress.ip_network(value)
        value = str(network[0]) if network.num_addresses == 1 and network.version == 4 else str(network)
    except ValueError:
        pass  # a DNS name, which the router asks for
    return f'{menu} address-list add list={name} address={value} comment="{CHAIN}"'


def _log(plan: Plan, prefix: str) -> str:
    return f' log=yes log-prefix="{prefix}"' if plan.logs else ""


def _entry(plan: Plan, menu: str, opening: Opening, groups: Mapping[tuple[str, ...], str]) -> str:
    permit = opening.permit
    words = [f"{menu} filter add chain={_name_chain(plan)} action=accept connection-state=new"]
    for end, door, side, members, others in (
        ("src", "in", opening.source, permit.sources, permit.other_sources),
        ("dst", "out", opening.destination, permit.destinations, permit.other_destinations),
    ):
        if members is not None:
            words.append(f"{end}-address-list={groups.get(members, members[0])}")
            continue
        if others:
            words.append(f"{end}-address-list=!{others[0]}")
        if plan.permits.firewall is not None:
            words.append(f'{door}-interface="{side}"')
    protocol, ports = permit.service
    words.append(f"protocol={protocol} dst-port={ports}" if ports else "protocol=icmp icmp-options=8:0")
    words.append(f"disabled={'yes' if opening.disabled else 'no'}")
    return " ".join(words) + _log(plan, cut(permit.label, 30)) + f' comment="{opening.fit(_COMMENT)}"'


def _load(plan: Plan) -> Iterator[object]:
    chain = _name_chain(plan)
    yield (
        f"It fills the chain {chain} and address lists with the comment {CHAIN}, and changes nothing else. Loading it "
        "again, or the file of another revision, replaces what was loaded before: /import file-name=FILE"
    )
    yield "Once, have the forward chain jump there, before what drops:"
    yield Commands(
        (
            f"/ip firewall filter add chain=forward action=jump jump-target={chain} place-before=0",
            f"/ipv6 firewall filter add chain=forward action=jump jump-target={chain} place-before=0",
        )
    )
    if plan.translations:
        yield "Who is published is translated in a chain of the same name, and dstnat has to jump there, too:"
        yield Commands(
            tuple(
                f"{menu} nat add chain=dstnat action=jump jump-target={chain} place-before=0"
                for family, menu in ((4, "/ip firewall"), (6, "/ipv6 firewall"))
                if any(one.family == family for one in plan.translations)
            )
        )
    if plan.default_deny:
        yield (
            "Replies, and all of a connection but its first packet, pass by the first entry of each family: what "
            "the forward chain lets through after the jump is denied before. To take it back:"
        )
    else:
        yield "Replies, and all of a connection but its first packet, are the matter of that chain. To take it back:"
    yield Commands(
        tuple(
            line
            for menu in ("/ip firewall", "/ipv6 firewall")
            for line in (
                f"{menu} filter remove [find where jump-target={chain}]",
                f'{menu} filter remove [find where chain="{chain}"]',
                f'{menu} address-list remove [find where comment="{CHAIN}"]',
                *(_take_back_nat(menu, chain) if plan.translations else ()),
            )
        )
    )


def _take_back_nat(menu: str, chain: str) -> tuple[str, str]:
    return (
        f"{menu} nat remove [find where jump-target={chain}]",
        f'{menu} nat remove [find where chain="{chain}"]',
    )


MIKROTIK = Writer(
    name="mikrotik", label="MikroTik RouterOS", mark="#", list_items=list_items, load=_load, takes_names=True,
    longest=63, takes_back=False,
    sides=Sides(pattern=re.compile(r"[A-Za-z0-9_.:/@ -]{1,48}"),
                allowed="1 to 48 of the letters A to Z, digits, spaces and . _ : / @ -"),
)  # fmt: skip
