"""Checks: one attempt for each flow, made from its source, and attempts at what must stay closed. Pure.

What is to be tried follows from the report alone, so the same report has the same checks. The id of a check comes from
what it tries (source, destination, protocol, ports), not from the number of a rule, so that it stays when rules are
numbered anew. docs/checks.md says what a check proves.
"""

import hashlib
import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import islice, product

from planner.engine.ask import read_network
from planner.engine.prohibitions import Closed, Side
from planner.engine.published import Publishing
from planner.engine.report import Report
from planner.engine.rules import Opening
from planner.engine.spans import Spans
from planner.plan.document import Endpoint, dump_plan
from planner.plan.reading import ANY
from ports.matrix import port_span

CLOSED = "closed-"
"""How the id of a check begins that must find nothing open."""
MOST_PAIRS = 400
"""Of a row that keeps more pairs of endpoints apart than these, so many are tried, spread evenly."""
MOST_PORTS = 4
"""How many ports are tried of a row that names none."""
MOST_BESIDE = 12
"""How many attempts beside the plan's ports are made from one source."""
_USUAL = {"tcp": ("22", "443", "445", "3389"), "udp": ("53", "161")}
"""Ports that are open behind a firewall with a hole, for rows that name none: SSH, HTTPS, SMB, RDP; DNS, SNMP."""
_UNTOLD = ("description", "reason", "firewalls", "expect")
"""What a plan says that asks nothing else of the network, by its key."""
_HOST_NAME = re.compile(r"(?!\d+\Z)[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """What is tried from one source to one destination on one protocol and its ports."""

    id: str
    source: str
    destination: str
    protocol: str
    ports: str | None
    """As the flow or row has them; None for ICMP."""
    tries: tuple[str | None, ...]
    """The ports that are tried: of a range its ends and one between; None alone for ICMP."""
    addresses: tuple[str, ...]
    """Single addresses of the destination, as the source sees it."""
    names: tuple[str, ...]
    """DNS names of it; each stands for every address that it has when the check is made."""
    networks: tuple[str, ...]
    """Networks, or `any`: tried only where somebody names a host in them."""
    closed: bool
    """Whether nothing must answer."""
    rule: str | None
    """The number of the rule that opens it; None within a zone, and for what must stay closed."""
    rows: tuple[int, ...] = ()
    """For what must stay closed: which of the report's `closed` rows say so, from 0; none: beside the plan's ports."""

    @property
    def opening(self) -> Opening:
        """Source, destination, protocol and ports."""
        return self.source, self.destination, self.protocol, self.ports


def digest_of(report: Report, name: str | None = None) -> str:
    """What results name as `report`: 64 hexadecimal digits of the plan and the matrix that the report is of.

    Whatever is said without asking anything else of the network stays out: descriptions, reasons, and firewalls but
    for what they publish, since that is tried. A part of a report has the digest of the whole. `name`: as if the plan
    were called that.
    """
    plan = _strip(dump_plan(report.plan) | ({} if name is None else {"name": name}))
    seen = [[dict(one.zones), dict(one.published)] for one in report.plan.firewalls if one.published]
    facts = [report.matrix.digest, plan, *([seen] if seen else [])]
    text = json.dumps(facts, sort_keys=True, ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _strip(value: object) -> object:
    if isinstance(value, dict):
        return {key: _strip(item) for key, item in value.items() if key not in _UNTOLD}
    return [_strip(item) for item in value] if isinstance(value, list) else value


def check_id(opening: Opening, *, closed: bool = False) -> str:
    """The id of the check of an opening: 16 hexadecimal digits, after `closed-` where it must stay closed."""
    text = json.dumps(opening, ensure_ascii=True)
    return (CLOSED if closed else "") + hashlib.sha256(text.encode()).hexdigest()[:16]


def plan_checks(report: Report, within: Iterable[Opening] | None = None) -> tuple[Check, ...]:
    """The checks of a whole report: of its flows in their order, then what must stay closed by source.

    `within`: only those of these openings, and what must stay closed between their endpoints. Deterministic; it takes
    time in proportion to flows and closed rows, of which wide ones are tried in part.
    """
    made = Planning(report)
    chosen = None if within is None else set(within)
    flows = [check for check in made.list_flows() if chosen is None or check.opening in chosen]
    ends = {opening[:2] for opening in chosen or ()}
    closed = [check for check in made.list_closed() if chosen is None or check.opening[:2] in ends]
    return *flows, *closed


def is_host(endpoint: Endpoint) -> bool:
    """Whether an endpoint is one machine whose name in the plan can be its name on the network, too.

    `any` can't: in the place of a name it is every address.
    """
    return not endpoint.group and endpoint.name.casefold() != ANY and bool(_HOST_NAME.fullmatch(endpoint.name))


def pick_ports(ports: str | None) -> tuple[str | None, ...]:
    """The ports that are tried of ports: one itself, of a range both ends and the one in the middle."""
    if ports is None:
        return (None,)
    first, last = port_span(ports)
    return tuple(map(str, sorted({first, (first + last) // 2, last})))


class Planning:
    """The checks of one report, while they are made: all of its flows, of what must stay closed, or one by one."""

    def __init__(self, report: Report) -> None:
        self.report = report
        self.by_name = {endpoint.name: endpoint for endpoint in report.plan.endpoints}
        self.members: dict[str, list[Endpoint]] = defaultdict(list)
        for endpoint in report.plan.endpoints:
            self.members[endpoint.zone].append(endpoint)
        self.publishing = Publishing(report.plan)
        self._aims: dict[tuple[str, str | None, bool], tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]] = {}

    @cached_property
    def _ports(self) -> dict[str, dict[str, list[str]]]:
        return _list_ports(self.report)

    def list_flows(self) -> Iterator[Check]:
        """One for each flow."""
        rules = {opening: rule.id for rule in self.report.rules for opening in rule.openings()}
        for flow in self.report.flows:
            opening = (flow.source.name, flow.destination.name, flow.need.protocol, flow.need.ports)
            yield self.check(opening, rule=rules.get(opening))

    def list_closed(self) -> Iterator[Check]:
        """What the `closed` rows keep apart, then the sample beside the plan's ports; sorted, each once."""
        rows: dict[Opening, list[int]] = defaultdict(list)
        for number, row in enumerate(self.report.closed):
            for opening in self._keep_apart(row):
                rows[opening].append(number)
        beside = [opening for opening in self._look_beside() if opening not in rows]
        found = {**rows, **{opening: [] for opening in beside}}
        for opening in sorted(found, key=lambda one: (one[0], one[1], one[2], port_span(one[3]) if one[3] else ())):
            yield self.check(opening, closed=True, rows=tuple(found[opening]))

    def check(
        self, opening: Opening, *, closed: bool = False, rule: str | None = None, rows: tuple[int, ...] = ()
    ) -> Check:
        """The check of one opening, between endpoints of the plan; only whoever knows its rule gives that."""
        source, destination, protocol, ports = opening
        addresses, names, networks = self.aim(source, destination, protocol)
        return Check(
            id=check_id(opening, closed=closed),
            source=source,
            destination=destination,
            protocol=protocol,
            ports=ports,
            tries=pick_ports(ports),
            addresses=addresses,
            names=names,
            networks=networks,
            closed=closed,
            rule=rule,
            rows=rows,
        )

    def aim(self, at: str, to: str, protocol: str) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
        """Where an endpoint is reached from another one: single addresses, DNS names, networks.

        What a firewall on the way publishes to the source's side takes the place of the address of its family. A
        machine without any address is tried by its name, where that can be one. An echo request is that of IPv4.
        """
        source, destination = self.by_name[at], self.by_name[to]
        published = self.publishing.find(source, destination)
        seen = published.seen if published else None
        known = to, seen, protocol == "icmp"
        if known not in self._aims:  # thousands of checks share their destination's thousands of addresses
            self._aims[known] = self._aim(destination, seen, is_ping=protocol == "icmp")
        return self._aims[known]

    @staticmethod
    def _aim(
        destination: Endpoint, seen: str | None, *, is_ping: bool
    ) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
        single: dict[str, None] = {}
        names: dict[str, None] = {}
        wide: dict[str, None] = {}
        for address in destination.addresses:
            network = read_network(address)
            if network is None and address != ANY:
                names[address] = None
            elif network is None or network.num_addresses > 1:
                wide[address] = None
            else:
                single[str(network.network_address)] = None
        if seen is not None:
            single = {seen: None} | {one: None for one in single if (":" in one) != (":" in seen)}
            names = {}
        if not destination.addresses and is_host(destination):
            names = {destination.name: None}
        if is_ping:
            single = {one: None for one in single if ":" not in one}
            wide = {one: None for one in wide if ":" not in one}
        return tuple(single), tuple(names), tuple(wide)

    # ---- what must stay closed ----

    def _keep_apart(self, row: Closed) -> Iterator[Opening]:
        """What is tried of a row."""
        sources, destinations = self._side(row.source), self._side(row.destination)
        for at, to in _spread(len(sources), len(destinations)):
            source, destination = sources[at], destinations[to]
            if source is not destination:
                for protocol, ports in self._pick_services(row, destination):
                    yield source.name, destination.name, protocol, ports

    def _side(self, side: Side) -> list[Endpoint]:
        return self.members[side["zone"]] if "zone" in side else [self.by_name[side["endpoint"]]]

    def _pick_services(self, row: Closed, destination: Endpoint) -> Iterator[tuple[str, str | None]]:
        if row.protocol == "icmp" or row.ports is not None:
            yield row.protocol or "tcp", row.ports
            return
        protocol = row.protocol or "tcp"
        known = [ports for ports in self._ports[protocol].get(destination.name, ()) if "-" not in ports]
        for ports in list(dict.fromkeys((*known, *_USUAL[protocol])))[:MOST_PORTS]:
            yield protocol, ports
        if row.protocol is None:
            yield "icmp", None

    def _look_beside(self) -> Iterator[Opening]:
        """TCP ports next to those of the plan, on which no flow of it leads anywhere, across zones.

        To the destinations of each source, and to a few others; only where single addresses or names are known.
        """
        taken = Spans.of({port_span(p) for there in self._ports["tcp"].values() for p in there})
        free: dict[str, list[int]] = {}
        reached: dict[str, dict[str, None]] = defaultdict(dict)
        for flow in self.report.flows:
            if flow.scope == "cross-zone":
                reached[flow.source.name][flow.destination.name] = None
        targets = [end for end in self.report.plan.endpoints if any(map(_is_single, end.addresses))]
        there = {end.name for end in targets}
        for name, known in reached.items():
            source = self.by_name[name]
            others = (end.name for end in _pick(targets, name) if end.zone != source.zone and end.name not in known)
            wanted = [*(one for one in known if one in there)][: MOST_BESIDE - 2]
            for destination in (*wanted, *islice(others, 2)):
                if destination not in free:
                    free[destination] = _list_free(self._ports["tcp"].get(destination) or ["443"], taken)
                if ports := free[destination]:
                    yield name, destination, "tcp", str(ports[_number(name, destination) % len(ports)])


def _spread(sources: int, destinations: int) -> Iterator[tuple[int, int]]:
    """The places of so many pairs as are tried, each once: all, or MOST_PAIRS of them that are spread evenly.

    Sources come one after the other with as many pairs each, and destinations go round all the while. So every source
    and every destination is in a pair, unless there are more of them than pairs: then they are as far from each other.
    """
    count = min(sources * destinations, MOST_PAIRS)
    round_ = min(destinations, count)
    for number in range(count):
        yield number * sources // count, (number + 1) % round_ * destinations // round_


def _list_ports(report: Report) -> dict[str, dict[str, list[str]]]:
    """By protocol and destination, the ports to which flows lead, lowest first."""
    found: dict[str, dict[str, set[str]]] = {"tcp": defaultdict(set), "udp": defaultdict(set)}
    for flow in report.flows:
        if flow.need.ports is not None:
            found[flow.need.protocol][flow.destination.name].add(flow.need.ports)
    return {
        kind: {name: sorted(ports, key=port_span) for name, ports in there.items()} for kind, there in found.items()
    }


def _is_single(address: str) -> bool:
    network = read_network(address)
    return network.num_addresses == 1 if network else address != ANY


def _number(*texts: str) -> int:
    return int.from_bytes(hashlib.sha256("\n".join(texts).encode()).digest()[:6])


def _pick(targets: list[Endpoint], name: str) -> Iterator[Endpoint]:
    """A few of the targets, by chance that is always the same for a name."""
    for number in range(min(8, len(targets))):
        yield targets[_number(name, str(number)) % len(targets)]


def _list_free(near: Iterable[str], taken: Spans) -> list[int]:
    """The ports just above or below one of these that are none of the plan's, in order."""
    beside = {port_span(ports)[step > 0] + step for ports, step in product(near, (-1, 1))}
    return sorted(port for port in beside if 1 <= port <= 65535 and port not in taken)
