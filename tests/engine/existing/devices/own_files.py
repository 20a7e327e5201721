"""The product's own files, held against the plan that they were made of, packet by packet."""

import ipaddress
from itertools import groupby, product
from operator import attrgetter

from planner.engine import evaluate_report
from planner.plan.document import read_plan
from planner.report import FORMATS
from ports.queries import shipped_matrix
from tests.engine.existing.devices.deciding import Packet, decide, keep_between
from tests.examples import EXAMPLES

MATRIX = shipped_matrix()
WAY = ("source", "destination", "enters", "leaves")
NOBODY = "8.8.8.8"


def report_of(slug):
    return evaluate_report(MATRIX, read_plan(EXAMPLES[slug].data, matrix=MATRIX))


def write(report, name, **options):
    return FORMATS[name].render(report, **options).decode()


def hosts(endpoint):
    """The first and last IPv4 address of each network of an endpoint; an address of nobody for any."""
    if endpoint.addresses == ("any",):
        return [NOBODY]
    found = []
    for address in endpoint.addresses:
        try:
            network = ipaddress.ip_network(address)
        except ValueError:
            continue
        if network.version == 4:
            found += {str(network[0]), str(network[-1])}
    return sorted(found)


def asked(report):
    """(source, destination, protocol) -> first and last ports that the rules between zones ask for."""
    found = {}
    for rule in report.rules:
        for source, destination, service in product(rule.sources, rule.destinations, rule.services):
            first, _, last = service.ports.partition("-") if service.ports else ("2048", "", "")
            for here, there in product(hosts(source), hosts(destination)):
                found.setdefault((here, there, service.protocol), set()).add((int(first), int(last or first)))
    return found


def all_packets(report, sides):
    """Every packet between hosts of different zones, on every port of the plan and those beside it.

    `sides` is zone -> interface. Endpoints without a number are nowhere.
    """
    wanted = {(key[2], port) for key, several in asked(report).items() for ports in several for port in ports}
    beside = {(protocol, port + step) for protocol, port in wanted if protocol != "icmp" for step in (-1, 1)}
    beside = {(protocol, min(port, 65535)) for protocol, port in beside}
    ports = wanted | beside | {("tcp", 1), ("udp", 65535), ("icmp", 0)}
    for source, destination in product(report.plan.endpoints, repeat=2):
        if sides[source.zone] == sides[destination.zone]:
            continue
        for here, there, (protocol, port) in product(hosts(source), hosts(destination), sorted(ports)):
            yield Packet(
                source=here, destination=there, protocol=protocol, port=port, enters=sides[source.zone],
                leaves=sides[destination.zone],
            )  # fmt: skip


def sides_of(report):
    return {zone: group.code for group in report.zone_groups for zone in group.zones}


def check(report, ruleset):
    """Every packet of the plan is open, and no other one. Gives how many were tried and how many of them are open.

    Packets that go the same way are decided about by those entries that are for some of them.
    """
    wanted = asked(report)
    tried = opened = 0
    for _, packets in groupby(all_packets(report, sides_of(report)), attrgetter(*WAY)):
        first, *others = packets
        among = keep_between(ruleset, first)
        for packet in (first, *others):
            ports = wanted.get((packet.source, packet.destination, packet.protocol), ())
            is_asked = any(first <= packet.port <= last for first, last in ports)
            state, why = decide(among, packet)
            tried += 1
            opened += is_asked
            assert state == ("open" if is_asked else "closed"), (packet, why)
    return tried, opened
