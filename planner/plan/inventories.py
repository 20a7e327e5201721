"""Columns of other programs' inventories: what of an endpoint each becomes, and how its cells are read. Pure.

Exports of Active Directory (Get-ADComputer), NetBox (devices and virtual machines) and VMware (RVTools, vCenter) are
known; by hand any column can be read as any field. What a cell says that no field has is left out, and told.
"""

import ipaddress
import re
from collections.abc import Callable, Mapping

from planner.plan.cells import name_words
from planner.plan.field import Field
from ports.matrix import Matrix

KNOWN: Mapping[str, str] = {
    # Active Directory: Name is a column of ours
    "dnshostname": "addresses",
    "ipv4address": "addresses",
    "ipv6address": "addresses",
    "operatingsystem": "platforms",
    # NetBox, by the names of fields and by those of its pages: name and role as well
    "primary_ip": "addresses",
    "primary_ip4": "addresses",
    "primary_ip6": "addresses",
    "ip_address": "addresses",
    "ipv4_address": "addresses",
    "ipv6_address": "addresses",
    "dns_name": "addresses",
    "site": "zone",
    "role": "roles",
    "device_role": "roles",
    "platform": "platforms",
    # VMware: RVTools (vInfo), and the list of virtual machines in vCenter
    "vm": "name",
    "primary_ip_address": "addresses",
    "guest_os": "platforms",
    "os_according_to_the_vmware_tools": "platforms",
    "os_according_to_the_configuration_file": "platforms",
}
"""By name of the column, in lower case with underscores: the field that it becomes."""
ADDED = ("platforms", "roles")
"""The fields to which an inventory only adds: it doesn't know what the plan is about."""


def header_key(header: str) -> str:
    """The name of a column as it is looked up: "DNS Name" is dns_name."""
    return re.sub(r"[\s-]+", "_", header.strip().casefold())


def read_foreign(entry: Field, cell: str, matrix: Matrix) -> tuple[str, list[str]]:
    """A cell of an inventory as a cell of ours, and what of it is left out."""
    read: Mapping[str, Callable[[str], tuple[str, list[str]]]] = {
        "addresses": _read_addresses,
        "platforms": lambda text: _read_system(entry, text, matrix),
        "roles": lambda text: _read_known(entry, text, matrix),
    }
    return read[entry.key](cell) if entry.key in read else (cell, [])


def _read_addresses(cell: str) -> tuple[str, list[str]]:
    """Addresses without the length of the prefix that their interface has, names without the dot at their end.

    The first address of a network stands for it. But both of a link between two are hosts (RFC 3021, RFC 6164).
    """
    return " ".join(_plain(item) for item in re.split(r"[\s;,]+", cell) if item), []


def _plain(item: str) -> str:
    host, slash, _ = item.partition("/")
    if slash:
        try:
            interface = ipaddress.ip_interface(item)
        except ValueError:
            return item
        is_link = interface.network.num_addresses <= 2
        return host if is_link or interface.ip != interface.network.network_address else item
    return item.removesuffix(".")


def _read_known(entry: Field, cell: str, matrix: Matrix) -> tuple[str, list[str]]:
    """Those of our words that a cell is."""
    known = name_words(entry, matrix)
    parts = [part.strip() for part in re.split(r"[;,]", cell) if part.strip()]
    found = [known[part.casefold()] for part in parts if part.casefold() in known]
    return " ".join(found), [part for part in parts if part.casefold() not in known]


def _read_system(entry: Field, cell: str, matrix: Matrix) -> tuple[str, list[str]]:
    """The platform whose name has most of its words in that of an operating system: Linux in Debian GNU/Linux 12."""
    words = set(re.findall(r"[a-z0-9]+", cell.casefold()))
    best: tuple[int, str] = (0, "")
    for name, slug in name_words(entry, matrix).items():
        for part in re.split(r"[/,]|\band\b|\bor\b", name):
            needed = set(re.findall(r"[a-z0-9]+", part))
            if needed and needed <= words and len(needed) > best[0]:
                best = (len(needed), slug)
    return best[1], [cell] if words and not best[1] else []
