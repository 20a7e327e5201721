"""What the tests share that load firewall files into the kernel: plans, what they open, and the lines of a head."""

import ipaddress
import re

from planner.report.said.filters import Filter, select
from tests.examples import UNANSWERED, report_on
from tests.report.firewall.network import samples
from tests.report.firewall.reading import networks
from tests.report.firewall.test_permits import HOSTILE, flow, host, plan
from tests.report.samples import evaluate, hostile, worst, write_plan

ZONES = (("Internal", "internal"), ("Clients", "internal"), ("DMZ", "dmz"), ("Internet", "internet"))


def example(slug):
    """The report of a ready-made topology."""
    return report_on(UNANSWERED[slug])


def town(*, without=(), **more):
    """A plan of both families with networks, ranges, echo requests, any and an open choice; `without`: reasons."""
    flows = [
        {"source": "Staff", "destination": "Web", "protocol": "tcp", "ports": "8000-8010", "reason": "Range"},
        {"source": "Web", "destination": "Store", "protocol": "udp", "ports": "53", "reason": "Names"},
        {"source": "Web", "destination": "Store", "protocol": "icmp", "reason": "Ping"},
        {"source": "Store", "destination": "Web", "protocol": "tcp", "ports": "25", "reason": "Mail"},
        {"source": "World", "destination": "Store", "protocol": "tcp", "ports": "443", "reason": "World"},
        {"source": "Web", "destination": "World", "protocol": "tcp", "ports": "80", "reason": "Updates"},
    ]
    return evaluate(
        write_plan(
            {
                "name": "Web", "zone": "Internal", "addresses": ["10.0.0.10", "fd00::10"],
                "roles": ["web-primary", "database"],
            },
            {
                "name": "Staff", "zone": "Clients", "addresses": ["10.1.0.0/16", "fd01::/64", "10.1.2.0/24"],
                "group": True,
            },
            {"name": "Store", "zone": "DMZ", "addresses": ["192.0.2.10", "192.0.2.128/25", "2001:db8::10"]},
            {
                "name": "Host", "zone": "DMZ", "addresses": ["192.0.2.20"], "platforms": ["vmware-esxi"],
                "operations": ["discovery", "host-heartbeat"],
            },
            {"name": "World", "zone": "Internet", "addresses": ["any"], "group": True, "roles": ["website-user"]},
            zones=ZONES,
            additional_flows=[flow for flow in flows if flow["reason"] not in without],
            **more,
        )
    )  # fmt: skip


PLANS = {"town": town, **{slug: lambda slug=slug: example(slug) for slug in ("dmz", "everything", "remote-sites")}}


def between_zones(report):
    """The flows that firewalls stand in the way of."""
    return [flow for flow in report.flows if flow.scope == "cross-zone"]


def decided(report):
    """Those of them that don't depend on an open choice."""
    return [flow for flow in between_zones(report) if not flow.need.any_of]


def without_undecided(report):
    """The report without the rules that depend on an open choice."""
    part, _ = select(report, Filter(decided="decided"))
    return part


def hostile_reports():
    """Name -> a report whose names and reasons, or whose names of those left out, are hostile."""
    reports = {"worst": evaluate(worst())}
    for name in sorted(set(HOSTILE)):
        document = hostile(name)
        document["endpoints"][1]["addresses"] = ["192.0.2.1"]
        reports[name] = evaluate(document)
    # A long line of a head goes on in the next one, which then begins with a name.
    for command in ("nft flush ruleset", "iptables -P FORWARD ACCEPT"):
        names = ("a" * 30, "b" * 37, command)
        ends = [host(name) for name in names]
        flows = [flow(name, "B") for name in names]
        reports[f"left out: {command}"] = plan([*ends, host("B", "192.0.2.1", zone="DMZ")], flows)
    return reports


def places(report):
    """Zone -> the addresses of its endpoints that are tried."""
    found = {zone.name: {} for zone in report.plan.zones}
    for endpoint in report.plan.endpoints:
        found[endpoint.zone] |= dict.fromkeys(samples(endpoint.addresses))
    return {zone: list(addresses) for zone, addresses in found.items() if addresses}


def admitted(wanted, report, flows=None):
    """Those of the tries that are what a rule of the report is for; with `flows`, what one of those is for."""
    meant = _Meant(report.plan)
    by_service = {}
    for one in wanted:
        service = one.protocol, one.port
        if service not in by_service:
            by_service[service] = [
                (rule.sources, rule.destinations)
                for rule in report.rules
                if flows is None and any(_serves(item, *service) for item in rule.services)
            ] + [((flow.source,), (flow.destination,)) for flow in flows or () if _serves(flow.need, *service)]
    return {
        one
        for one in wanted
        if any(
            any(meant(end, one.source) for end in sources) and any(meant(end, one.destination) for end in destinations)
            for sources, destinations in by_service[one.protocol, one.port]
        )
    }


def _serves(service, protocol, port):
    first, _, last = (service.ports or "").partition("-")
    return service.protocol == protocol and (port is None or int(first) <= port <= int(last or first))


class _Meant:
    """Whether an address is an endpoint's. Any is what is in no other zone, and all of its own."""

    def __init__(self, plan):
        self._zones = {zone.name: list(map(ipaddress.ip_network, zone.networks)) for zone in plan.zones}
        for endpoint in plan.endpoints:
            if endpoint.addresses != ("any",):
                self._zones[endpoint.zone] += map(ipaddress.ip_network, networks(endpoint))
        self._known = {}

    def __call__(self, endpoint, address):
        key = endpoint.name, address
        if key not in self._known:
            self._known[key] = self._find(endpoint, ipaddress.ip_address(address))
        return self._known[key]

    def _find(self, endpoint, address):
        if endpoint.addresses != ("any",):
            return any(address in ipaddress.ip_network(network) for network in networks(endpoint))
        inside = {zone for zone, found in self._zones.items() for one in found if one.prefixlen and address in one}
        return not inside or endpoint.zone in inside


def commands(text):
    """The lines of the head that are for the shell, in their groups."""
    groups = re.split(r"(?m)^#\n", text.partition("\n\n")[0])
    return [re.sub(r"(?m)^# ", "", group).splitlines() for group in groups[1::2]]
