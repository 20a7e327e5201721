"""Security groups of AWS: the JSON of `aws ec2 describe-security-groups`. Pure.

Syntax: Amazon EC2 API Reference, “SecurityGroup” and “IpPermission”. A group only allows; what none of its rules
allows is refused. Rules have no order.

What a group is for: `attached.py`; a group that a rule names is where a flow comes from or goes to, as a side.
Machines that are in several groups at once may do what any of them allows; a zone has to be mapped to one.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from planner.engine.existing.model import EVERYTHING, Entry, Ruleset, Sides, Unreadable
from planner.engine.existing.parts.addresses import ANYBODY, Addresses, literal, vague
from planner.engine.existing.parts.count import Count
from planner.engine.existing.parts.entries import make_entries
from planner.engine.existing.parts.json_text import fold, list_of, load_json, say
from planner.engine.existing.parts.services import (
    ANYTHING,
    Services,
    of_icmp,
    read_number,
    read_protocol,
    unknown_service,
)
from planner.engine.existing.readers.attached import Place, make_ruleset
from planner.engine.spans import Spans

_ICMP = {"icmp": 1, "1": 1, "icmpv6": 58, "58": 58}
_PORTED = {"tcp", "udp", "6", "17"}
_NAMES = {"1": "icmp", "6": "tcp", "17": "udp"}


Rule = tuple[str, int, int, str]
"""Protocol, first and last port (of ICMP type and code), and the network of a rule that names one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What commands have to know of a group."""

    id: str
    """Empty where the file doesn't say it."""
    there: Mapping[str, frozenset[Rule]]
    """By way, `inbound` and `outbound`, the rules that name networks."""


def read(text: str) -> Ruleset:
    """Read one or several groups. Raises Unreadable."""
    return _Groups(_open(text)).read()


def find_groups(text: str) -> dict[str, Known]:
    """The groups of a file that can be read, by what its ruleset calls them as sides."""
    return {
        name: Known(
            id=row["groupid"] if isinstance(row.get("groupid"), str) else "",
            there={
                "inbound": frozenset(_list_there(row.get("ippermissions"))),
                "outbound": frozenset(_list_there(row.get("ippermissionsegress"))),
            },
        )
        for name, row in _open(text).items()
    }


def _list_there(permissions: Any) -> Iterator[Rule]:
    for one in list_of(permissions):
        permission = fold(one) if isinstance(one, Mapping) else {}
        protocol = say(permission.get("ipprotocol")).casefold()
        first, last = permission.get("fromport"), permission.get("toport")
        if not isinstance(first, int) or not isinstance(last, int):
            continue
        for key, cidr in (("ipranges", "cidrip"), ("ipv6ranges", "cidripv6")):
            for row in list_of(permission.get(key)):
                network = fold(row).get(cidr) if isinstance(row, Mapping) else row
                yield _NAMES.get(protocol, protocol), first, last, say(network)


def _open(text: str) -> dict[str, dict[str, Any]]:
    """The groups, by what they are called as sides. Raises Unreadable."""
    document = load_json(text)
    if isinstance(document, Mapping):
        folded = fold(document)
        document = folded.get("securitygroups", [document] if "ippermissions" in folded else None)
    rows = [fold(row) for row in document if isinstance(row, Mapping)] if isinstance(document, list) else []
    if not rows or len(rows) < len(document) or not all("ippermissions" in row for row in rows):
        raise Unreadable("The JSON has no security groups: a list SecurityGroups of mappings with IpPermissions.")
    groups = {say(row.get("groupid") or row.get("groupname") or "security group"): row for row in rows}
    if len(groups) < len(rows):
        raise Unreadable("The JSON has the same security group twice.")
    return groups


class _Groups:
    def __init__(self, groups: Mapping[str, dict[str, Any]]) -> None:
        self.groups = groups
        self.alone = len(groups) == 1
        self.count = Count()
        if not self.alone:
            self.count.take(2 * len(groups))  # each refuses, both ways, what it doesn't allow

    def read(self) -> Ruleset:
        names = {self._say(name) if self.alone else name: name for name in self.groups}
        default = f"implicit deny of {next(iter(names))}"
        return make_ruleset(
            "aws", "security group", list(names), lambda said, place: self._read_group(names[said], place), default
        )

    def _say(self, name: str) -> str:
        title = say(self.groups[name].get("groupname") or "")
        return f'{name} "{title}"' if title and title != name else name

    def _read_group(self, name: str, place: Place) -> Iterator[Entry]:
        key = "ippermissions" if place.way == "inbound" else "ippermissionsegress"
        for permission in list_of(self.groups[name].get(key)):
            if not isinstance(permission, Mapping):
                raise Unreadable(f"The security group {name} has a permission that is no mapping.")
            yield from self._read_permission(name, fold(permission), place)
        if not self.alone:
            refusal = f"implicit deny of {self._say(name)}, {place.way}"
            yield Entry(name=refusal, matches=EVERYTHING, verdict="drop", enters=place.enters, leaves=place.leaves)

    def _read_permission(self, name: str, permission: dict[str, Any], place: Place) -> Iterator[Entry]:
        services = _read_services(permission)
        said = _say_service(permission)
        way, word = place.way, "from" if place.way == "inbound" else "to"
        for key, cidr in (("ipranges", "cidrip"), ("ipv6ranges", "cidripv6")):
            for row in list_of(permission.get(key)):
                network = fold(row).get(cidr) if isinstance(row, Mapping) else row
                yield from self._make(
                    f"{self._say(name)} {way} {said} {word} {say(network)}", _read_network(network), services, place,
                    _describe(row),
                )  # fmt: skip
        for row in list_of(permission.get("prefixlistids")):
            said_list = f"prefix list {say(fold(row).get('prefixlistid') if isinstance(row, Mapping) else row)}"
            yield from self._make(
                f"{self._say(name)} {way} {said} {word} {said_list}", vague(said_list), services, place,
                _describe(row),
            )  # fmt: skip
        for row in list_of(permission.get("useridgrouppairs")):
            pair = fold(row) if isinstance(row, Mapping) else {}
            other = say(pair.get("groupid") or pair.get("groupname") or "without an id")
            title = f"{self._say(name)} {way} {said} {word} {other}"
            yield from self._make_pair(title, other, services, place, _describe(row))

    def _make(self, title: str, there: Addresses, services: Services, place: Place, comment: str) -> tuple[Entry, ...]:
        sources, destinations = (there, ANYBODY) if place.way == "inbound" else (ANYBODY, there)
        return make_entries(
            self.count,
            name=title,
            verdict="accept",
            sources=sources,
            destinations=destinations,
            services=services,
            enters=place.enters,
            leaves=place.leaves,
            comment=comment,
        )

    def _make_pair(self, title: str, other: str, services: Services, place: Place, comment: str) -> tuple[Entry, ...]:
        """What is allowed for the members of another group: its side, where groups are sides."""
        if self.alone:
            return self._make(title, vague(f"members of {other}"), services, place, comment)
        side = Sides(names=frozenset({other}))
        between = replace(place, enters=side) if place.way == "inbound" else replace(place, leaves=side)
        return self._make(title, ANYBODY, services, between, comment)


def _describe(row: Any) -> str:
    return say(fold(row).get("description") or "", 300) if isinstance(row, Mapping) else ""


def _read_network(network: Any) -> Addresses:
    return literal(network if isinstance(network, str) else "") or vague(f"network {say(network)}")


def _say_service(permission: Mapping[str, Any]) -> str:
    protocol, first, last = (permission.get(key) for key in ("ipprotocol", "fromport", "toport"))
    if str(protocol) == "-1":
        return "all"
    ports = "" if first is None else f" {say(first)}" if first == last else f" {say(first)}-{say(last)}"
    return f"{say(protocol)}{ports}"


def _read_services(permission: Mapping[str, Any]) -> Services:
    """A protocol with its ports, or with the type and the code of ICMP; -1 is any."""
    protocol = say(permission.get("ipprotocol")).casefold()
    first, last = (permission.get(key) for key in ("fromport", "toport"))
    if protocol == "-1":
        return ANYTHING
    try:
        if protocol in _ICMP:
            kind, code = (None if one in (None, -1, "-1") else read_number(str(one), 255) for one in (first, last))
            return Services(clear=(of_icmp(kind, code, protocol=_ICMP[protocol]),))
        whole = read_protocol(protocol)
        if protocol not in _PORTED:
            return Services(clear=(whole,))
        low, high = (read_number(str(one), 65535) for one in (first, last))
        return Services(clear=(replace(whole, ports=Spans(((low, high),))),))
    except ValueError:
        return unknown_service(_say_service(permission))
