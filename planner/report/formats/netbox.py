"""The plan's networks, addresses and services as NetBox's bulk import takes them: a CSV file for each kind of object.

Columns and values are those of the import forms of NetBox 4.3 (`netbox/ipam/forms/bulk_import.py`): PrefixImportForm,
IPAddressImportForm and ServiceImportForm, whose parents are named.
"""

import csv
import io
from collections import defaultdict
from collections.abc import Iterable, Iterator
from ipaddress import IPv4Network, IPv6Network
from itertools import chain

from planner.engine.ask import read_network
from planner.engine.flows import Flow
from planner.engine.report import Report
from planner.plan.document import ANY, Endpoint
from planner.report.firewall.head import pack
from planner.report.firewall.words import wrap
from planner.report.formats.csv import field
from planner.report.said.edition import Edition
from planner.report.said.outline import describe_marks, outline_flow
from planner.report.said.text import list_reasons
from ports.text import cut, show_line

PREFIXES = ("prefix", "status", "description")
ADDRESSES = ("address", "status", "dns_name", "description")
SERVICES = ("parent_object_type", "parent", "name", "protocol", "ports", "description")
PARENT = "virtualization.virtualmachine"
"""What the parents of services are taken for; whoever has devices replaces it by `dcim.device`."""
_NAME, _DESCRIPTION = 100, 200
"""How long NetBox lets the name of a service and a description be."""
_PROTOCOLS = ("tcp", "udp", "sctp")
"""Those that NetBox knows services of."""

_README = """\
Files for NetBox: import each under the page of its kind, in this order.

prefixes.csv      IPAM > Prefixes: networks of zones and of endpoints
ip-addresses.csv  IPAM > IP addresses: with the length of the zone's network, where the plan has one
services.csv      IPAM > Services (Application services): what each endpoint listens on

Services need their parent to be in NetBox under the name that it has in the plan. parent_object_type says
virtualization.virtualmachine; write dcim.device where the parent is a device. Endpoints that stand for many machines
have no services here, ranges of ports have none since the import takes single ports, and ICMP has no port. Networks
of length 0 are left out, since one of them would keep NetBox from taking the file. What depends on a choice that isn't
made says so in its description.
"""

Network = IPv4Network | IPv6Network


def render_netbox(report: Report, edition: Edition | None = None) -> bytes:
    """A zip archive of prefixes, addresses and services, and a README; the same report gives the same bytes."""
    part = "".join(f"{line}\n" for line in wrap(edition.part)) if edition and edition.part else ""
    return pack({
        "README.txt": f"{part}\n{_README}" if part else _README,
        "prefixes.csv": _write(PREFIXES, _list_prefixes(report)),
        "ip-addresses.csv": _write(ADDRESSES, _list_addresses(report)),
        "services.csv": _write(SERVICES, _list_services(report.flows, report)),
    })  # fmt: skip


def list_notes(report: Report) -> tuple[str, ...]:
    """What the files leave out: services of what is many machines, those on ranges, and networks of length 0."""
    many_machines = {flow.destination.name for flow in report.flows if flow.destination.group}
    ranges = {
        (flow.destination.name, flow.need.protocol, flow.need.ports)
        for flow in report.flows
        if not flow.destination.group and _is_range(flow.need.ports)
    }
    said = []
    if many_machines:
        said.append(f"Services of endpoints that stand for many machines are left out: {len(many_machines):,}.")
    if ranges:
        said.append(f"Services on ranges of ports, which the import doesn’t take, are left out: {len(ranges):,}.")
    of_plan = chain(*(zone.networks for zone in report.plan.zones), *(end.addresses for end in report.plan.endpoints))
    if whole := {network for network in _read(of_plan) if _is_whole(network)}:
        said.append(f"Networks of length 0, which the import doesn’t take, are left out: {len(whole):,}.")
    return tuple(said)


def _is_whole(network: Network) -> bool:
    """Whether it is all addresses of its family; NetBox refuses that, and with it all other rows of a file."""
    return network.prefixlen == 0


def _is_range(ports: str | None) -> bool:
    """Whether these are several ports: the import takes whole numbers alone, by Django's SimpleArrayField."""
    return ports is not None and not ports.isdigit()


def _write(columns: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(columns)
    writer.writerows(map(field, row) for row in rows)
    return text.getvalue()


def _list_prefixes(report: Report) -> Iterator[tuple[str, ...]]:
    """Each network once: of which zones it is, and of which endpoints."""
    owners: dict[Network, list[str]] = defaultdict(list)
    for zone in report.plan.zones:
        for network in _read_taken(zone.networks):
            owners[network].append(f"zone {show_line(zone.name)}")
    for endpoint in report.plan.endpoints:
        for network in _read_taken(endpoint.addresses):
            if network.num_addresses > 1:
                owners[network].append(show_line(endpoint.name))
    for network, names in owners.items():
        yield str(network), "active", _describe(names)


def _list_addresses(report: Report) -> Iterator[tuple[str, ...]]:
    """Each address once, with the host name of its endpoint, where that has one and no other endpoint the address."""
    networks = {zone.name: frozenset(_read_taken(zone.networks)) for zone in report.plan.zones}
    lengths = {name: sorted({one.prefixlen for one in those}, reverse=True) for name, those in networks.items()}
    names: dict[str, str] = {}
    owners: dict[Network, list[Endpoint]] = defaultdict(list)
    for endpoint in report.plan.endpoints:
        for network in _read(endpoint.addresses):
            if network.num_addresses == 1:
                owners[network].append(endpoint)
        names[endpoint.name] = next(
            (name for name in endpoint.addresses if name != ANY and read_network(name) is None), ""
        )
    for network, endpoints in owners.items():
        zone = endpoints[0].zone
        shorter = (length for length in lengths[zone] if length <= network.prefixlen)
        around = (length for length in shorter if network.supernet(new_prefix=length) in networks[zone])
        yield (
            f"{network.network_address}/{next(around, network.prefixlen)}",
            "active",
            names[endpoints[0].name] if len(endpoints) == 1 else "",
            _describe([show_line(endpoint.name) for endpoint in endpoints]),
        )


def _list_services(flows: Iterable[Flow], report: Report) -> Iterator[tuple[str, ...]]:
    """What each endpoint listens on, with the reasons of all who connect to it."""
    asked: dict[tuple[str, str, str], list[Flow]] = defaultdict(list)
    for flow in flows:
        need = flow.need
        if need.ports and not _is_range(need.ports) and need.protocol in _PROTOCOLS and not flow.destination.group:
            asked[flow.destination.name, need.protocol, need.ports].append(flow)
    for (name, protocol, ports), those in asked.items():
        reasons = dict.fromkeys(reason for flow in those for reason in list_reasons(flow.need.reasons))
        titles = dict.fromkeys(title for flow in those if (title := outline_flow(flow, report).names))
        undecided = "" if any(not flow.need.any_of for flow in those) else _say_undecided(those, report)
        title = ", ".join(titles) or f"{protocol} {ports}"
        yield PARENT, name, cut(title, _NAME), protocol, ports, cut(f"{undecided}{'; '.join(reasons)}", _DESCRIPTION)


def _say_undecided(flows: Iterable[Flow], report: Report) -> str:
    marks = dict.fromkeys(describe_marks(flow.need.any_of, report.matrix) for flow in flows)
    return f"Undecided ({'; '.join(marks)}): "


def _read(addresses: Iterable[str]) -> Iterator[Network]:
    """Those of the addresses that are no names."""
    for address in addresses:
        network = read_network(address) if address != ANY else None
        if isinstance(network, IPv4Network | IPv6Network):
            yield network


def _read_taken(addresses: Iterable[str]) -> Iterator[Network]:
    """The same without what NetBox doesn't take."""
    return (network for network in _read(addresses) if not _is_whole(network))


def _describe(names: list[str]) -> str:
    return cut(", ".join(dict.fromkeys(names)), _DESCRIPTION)
