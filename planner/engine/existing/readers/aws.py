"""Security groups of AWS: the JSON of `aws ec2 describe-security-groups`. Pure.

Syntax: Amazon EC2 API Reference, “SecurityGroup” and “IpPermission”. A group only allows; what none of its rules
allows is refused. Rules have no order.

One group: every flow is taken as one to a member of the group, and its inbound rules decide. Several: each group is a
side by its id, to be mapped to the zone whose machines are its members; its inbound rules decide about flows to the
zone, its outbound ones about those from it, and a group that a rule names is where a flow comes from or goes to.
Machines that are in several groups at once may do what any of them allows; a zone has to be mapped to one.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from planner.engine.existing.model import EVERYTHING, Entry, Ruleset, Sides, Stage, Unreadable
from planner.engine.existing.parts import (
    ANYTHING,
    ANYWHERE,
    Addresses,
    Count,
    Service,
    fold,
    list_of,
    load_json,
    make_entries,
    of_icmp,
    read_address,
    read_number,
    read_protocol,
    say,
)
from planner.engine.existing.spans import Spans

_ICMP = {"icmp": 1, "1": 1, "icmpv6": 58, "58": 58}
_PORTED = {"tcp", "udp", "6", "17"}


def read(text: str) -> Ruleset:
    """Read one or several groups. Raises Unreadable."""
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
    return _Groups(groups).read()


class _Groups:
    def __init__(self, groups: Mapping[str, dict[str, Any]]) -> None:
        self.groups = groups
        self.alone = len(groups) == 1
        self.count = Count()

    def read(self) -> Ruleset:
        if self.alone:
            ((name, _),) = self.groups.items()
            entries = tuple(self._read_group(name, inbound=True))
            stage = Stage(name=f"inbound rules of {self._say(name)}", entries=entries, default="drop",
                          default_name=f"implicit deny of {self._say(name)}")  # fmt: skip
            return Ruleset(format="aws", stages=(stage,), chains={})
        stages = []
        for way, inbound in (("inbound", True), ("outbound", False)):
            made: list[Entry] = []
            for name in self.groups:
                made += self._read_group(name, inbound=inbound)
                made.append(self._refuse(name, inbound=inbound))
            stages.append(
                Stage(
                    name=f"{way} rules of security groups",
                    entries=tuple(made),
                    default="obscure" if inbound else "accept",
                    default_name=f"no security group is mapped to the {'target' if inbound else 'source'}",
                )
            )
        sides = {name for stage in stages for entry in stage.entries for side in (entry.enters, entry.leaves)
                 if side for name in side.names}  # fmt: skip
        return Ruleset(format="aws", stages=tuple(stages), chains={}, sides=frozenset(sides))

    def _say(self, name: str) -> str:
        title = say(self.groups[name].get("groupname") or "")
        return f'{name} "{title}"' if title and title != name else name

    def _own(self, name: str, *, inbound: bool) -> dict[str, Any]:
        """The side of the members: where a flow to them leaves, where one from them enters; none for a group alone."""
        own = None if self.alone else Sides(names=frozenset({name}))
        return {"leaves": own} if inbound else {"enters": own}

    def _refuse(self, name: str, *, inbound: bool) -> Entry:
        way = "inbound" if inbound else "outbound"
        return Entry(
            name=f"implicit deny of {self._say(name)}, {way}",
            matches=EVERYTHING,
            verdict="drop",
            **self._own(name, inbound=inbound),
        )

    def _read_group(self, name: str, *, inbound: bool) -> Iterator[Entry]:
        key = "ippermissions" if inbound else "ippermissionsegress"
        for permission in list_of(self.groups[name].get(key)):
            if not isinstance(permission, Mapping):
                raise Unreadable(f"The security group {name} has a permission that is no mapping.")
            yield from self._read_permission(name, fold(permission), inbound=inbound)

    def _read_permission(self, name: str, permission: dict[str, Any], *, inbound: bool) -> Iterator[Entry]:
        services = _read_services(permission)
        said = _say_service(permission)
        way, word = ("inbound", "from") if inbound else ("outbound", "to")
        for key, cidr in (("ipranges", "cidrip"), ("ipv6ranges", "cidripv6")):
            for row in list_of(permission.get(key)):
                network = fold(row).get(cidr) if isinstance(row, Mapping) else row
                yield from self._make(
                    f"{self._say(name)} {way} {said} {word} {say(network)}", name, _read_network(network), services,
                    inbound=inbound, comment=_describe(row),
                )  # fmt: skip
        for row in list_of(permission.get("prefixlistids")):
            said_list = f"prefix list {say(fold(row).get('prefixlistid') if isinstance(row, Mapping) else row)}"
            yield from self._make(
                f"{self._say(name)} {way} {said} {word} {said_list}", name, (Addresses(), [said_list]), services,
                inbound=inbound, comment=_describe(row),
            )  # fmt: skip
        for row in list_of(permission.get("useridgrouppairs")):
            pair = fold(row) if isinstance(row, Mapping) else {}
            other = say(pair.get("groupid") or pair.get("groupname") or "without an id")
            yield from self._make_pair(f"{self._say(name)} {way} {said} {word} {other}", name, other, services,
                                       inbound=inbound, comment=_describe(row))  # fmt: skip

    def _make(
        self, title: str, name: str, there: tuple[Addresses, list[str]], services: tuple[list[Service], list[str]],
        *, inbound: bool, comment: str,
    ) -> tuple[Entry, ...]:  # fmt: skip
        sides = self._own(name, inbound=inbound)
        here: tuple[Addresses, list[str]] = ANYWHERE, []
        sources, destinations = (there, here) if inbound else (here, there)
        return make_entries(self.count, name=title, verdict="accept", sources=sources, destinations=destinations,
                            services=services, comment=comment, **sides)  # fmt: skip

    def _make_pair(
        self, title: str, name: str, other: str, services: tuple[list[Service], list[str]],
        *, inbound: bool, comment: str,
    ) -> tuple[Entry, ...]:  # fmt: skip
        """What is allowed for the members of another group: its side, where groups are sides."""
        if self.alone:
            unknown = (Addresses(), [f"members of {other}"])
            return self._make(title, name, unknown, services, inbound=inbound, comment=comment)
        sides = self._own(name, inbound=inbound)
        sides["enters" if inbound else "leaves"] = Sides(names=frozenset({other}))
        return make_entries(self.count, name=title, verdict="accept", sources=(ANYWHERE, []),
                            destinations=(ANYWHERE, []), services=services, comment=comment, **sides)  # fmt: skip


def _describe(row: Any) -> str:
    return say(fold(row).get("description") or "", 300) if isinstance(row, Mapping) else ""


def _read_network(network: Any) -> tuple[Addresses, list[str]]:
    try:
        return read_address(network if isinstance(network, str) else ""), []
    except ValueError:
        return Addresses(), [f"network {say(network)}"]


def _say_service(permission: Mapping[str, Any]) -> str:
    protocol, first, last = (permission.get(key) for key in ("ipprotocol", "fromport", "toport"))
    if str(protocol) == "-1":
        return "all"
    ports = "" if first is None else f" {say(first)}" if first == last else f" {say(first)}-{say(last)}"
    return f"{say(protocol)}{ports}"


def _read_services(permission: Mapping[str, Any]) -> tuple[list[Service], list[str]]:
    """A protocol with its ports, or with the type and the code of ICMP; -1 is any."""
    protocol = say(permission.get("ipprotocol")).casefold()
    first, last = (permission.get(key) for key in ("fromport", "toport"))
    if protocol == "-1":
        return [ANYTHING], []
    try:
        if protocol in _ICMP:
            kind, code = (None if one in (None, -1, "-1") else read_number(str(one), 255) for one in (first, last))
            return [of_icmp(kind, code, protocol=_ICMP[protocol])], []
        whole = read_protocol(protocol)
        if protocol not in _PORTED:
            return [whole], []
        low, high = (read_number(str(one), 65535) for one in (first, last))
        return [Service(protocols=whole.protocols, ports=Spans(((low, high),)))], []
    except ValueError:
        return [], [_say_service(permission)]
