"""A network of namespaces that a plan describes: a place for each endpoint, and the plan's firewalls between them.

Every packet from one zone to another goes through the firewalls that the plan has between the two, one by one, in by
the interface that it names for the one and out by that for the other. A hub, which filters nothing, leads it from
one to the next; the way back is the same. A plan without firewalls has one, with an interface for each zone.

Needs root, or a user namespace of one's own, and `ip`, `nft` and `iptables`.
"""

import ipaddress
import os
import secrets
import select
import socket
import threading
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from itertools import batched

from planner.engine.report import Report
from planner.plan.document import Endpoint
from scripts.namespaces import (
    KINDS,
    Attempt,
    echo_request,
    execute,
    find_domain,
    find_family,
    make_socket,
    read_echo,
    reset_at_end,
    settle,
)

ANYBODY = ("203.0.113.", "2001:db8:ffff::")
"""How the addresses begin of those that are `any`: nobody's, by RFC 5737 and RFC 3849."""
SECONDS = 1.5
"""How long an answer is waited for, where dropping is what there would be else."""
AT_ONCE = 4_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """A firewall of the lab."""

    name: str
    interfaces: Mapping[str, str]
    """By zone."""
    published: Mapping[str, str] = field(default_factory=dict)
    """By endpoint, the address that the other side sees."""


class CantBeBuilt(Exception):
    """The plan can't stand in a lab. The message is a sentence."""


def run(*line: str, place: str = "", text: str | None = None) -> str:
    """What a program prints, in a namespace if `place` names one; RuntimeError with what it says where it fails."""
    done = execute(*line, place=place, text=text)
    if done.returncode:
        raise RuntimeError(f"{' '.join(line)}: {done.stderr.strip() or done.stdout.strip()}")
    return done.stdout


def list_devices(report: Report) -> tuple[Device, ...]:
    """The firewalls of a plan; for one without any, a single one between all zones."""
    if report.plan.firewalls:
        return tuple(
            Device(name=one.name, interfaces=dict(one.zones), published=dict(one.published))
            for one in report.plan.firewalls
        )
    return (Device(name="", interfaces={zone.name: f"zone{n}" for n, zone in enumerate(report.plan.zones)}),)


def stand_for(endpoints: Iterable[Endpoint]) -> dict[str, tuple[str, ...]]:
    """One host for each address of each endpoint, by the endpoint's name: itself, one of a network, one of anybody.

    No host has the address of two endpoints. Raises CantBeBuilt where an address is two endpoints' own.
    """
    own: dict[str, str] = {}
    wide: list[tuple[Endpoint, ipaddress.IPv4Network | ipaddress.IPv6Network]] = []
    found: dict[str, list[str]] = defaultdict(list)
    anybody = []
    for endpoint in endpoints:
        for address in endpoint.addresses:
            if address == "any":
                anybody.append(endpoint)
                continue
            with suppress(ValueError):  # a name is nobody here
                network = ipaddress.ip_network(address)
                if network.num_addresses > 1:
                    wide.append((endpoint, network))
                    continue
                host = str(network[0])
                if own.setdefault(host, endpoint.name) != endpoint.name:
                    raise CantBeBuilt(f"{own[host]} and {endpoint.name} have the address {host} both.")
                found[endpoint.name].append(host)
    taken = set(own)
    for endpoint, network in sorted(wide, key=lambda one: one[1].num_addresses):
        inner = [other for _, other in wide if other != network and other.version == network.version]
        host = _pick_host(network, taken, [other for other in inner if other.subnet_of(network)])  # type: ignore[arg-type]
        taken.add(host)
        found[endpoint.name].append(host)
    for number, endpoint in enumerate(anybody, 10):
        found[endpoint.name] += [f"{ANYBODY[0]}{number}", f"{ANYBODY[1]}{number}"]
    return {endpoint.name: tuple(dict.fromkeys(found[endpoint.name])) for endpoint in endpoints}


def _pick_host(
    network: ipaddress.IPv4Network | ipaddress.IPv6Network,
    taken: set[str],
    inner: Sequence[ipaddress.IPv4Network | ipaddress.IPv6Network],
) -> str:
    """The first address of a network after its own that is nobody else's."""
    number = 1
    while number < network.num_addresses:
        host = network[number]
        around = next((other for other in inner if host in other), None)
        if around is not None:
            number = int(around.broadcast_address) - int(network.network_address) + 1
        elif str(host) in taken:
            number += 1
        else:
            return str(host)
    raise CantBeBuilt(f"Every address of {network} is an endpoint's own.")


class Lab:
    """The namespaces of a report. Use it as a context: they are gone at its end."""

    def __init__(self, report: Report) -> None:
        self.report = report
        self.devices = list_devices(report)
        self.hosts = stand_for(report.plan.endpoints)
        mark = f"pl{secrets.token_hex(3)}"
        self.hub = f"{mark}-hub"
        self.places = {name: f"{mark}-e{number}" for number, name in enumerate(self.hosts, 1)}
        self.routers = {device.name: f"{mark}-f{number}" for number, device in enumerate(self.devices, 1)}
        self._zones = {endpoint.name: endpoint.zone for endpoint in report.plan.endpoints}
        self._numbers = {place: number for number, place in enumerate(self.places.values(), 1)}
        self._opened: dict[str, int] = {}
        self._stack = ExitStack()

    def __enter__(self) -> "Lab":
        """Build it."""
        with self._stack as stack:
            for namespace in (self.hub, *self.routers.values(), *self.places.values()):
                run("ip", "netns", "add", namespace)
                stack.callback(run, "ip", "netns", "delete", namespace)
                settle(namespace, forwards=namespace not in self.places.values())
            for name, place in self.places.items():
                self._connect_place(place, self.hosts[name])
            for number, device in enumerate(self.devices, 1):
                self._connect_device(number, device)
            self._lead()
            for place in self.places.values():
                descriptor = os.open(f"/run/netns/{place}", os.O_RDONLY)
                stack.callback(os.close, descriptor)
                self._opened[place] = descriptor
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        """Take it down."""
        self._stack.close()

    def find_path(self, source: str, destination: str) -> tuple[Device, ...]:
        """The firewalls between two endpoints, in the order in which a packet meets them."""
        here, there = self._zones[source], self._zones[destination]
        passed = tuple(
            device
            for device in self.devices
            if here in device.interfaces
            and there in device.interfaces
            and device.interfaces[here] != device.interfaces[there]
        )
        return passed if here <= there else passed[::-1]

    # ---- building ----

    def _connect_place(self, place: str, hosts: Sequence[str]) -> None:
        number = self._numbers[place]
        _batch(self.hub, [*_lay(f"e{number}", place, "wire"), *(f"route add {host} dev e{number}" for host in hosts)])
        _batch(place, [
            "link set lo up",
            "link set wire up",
            *(f"address add {host}/{'128 nodad' if ':' in host else '32'} dev wire" for host in hosts),
        ])  # fmt: skip
        _batch(place, ["route add default dev wire"] if any("." in host for host in hosts) else [])
        _batch(place, ["route add default dev wire"] if any(":" in host for host in hosts) else [], family="-6")

    def _connect_device(self, number: int, device: Device) -> None:
        router = self.routers[device.name]
        for place, name in enumerate(dict.fromkeys(device.interfaces.values())):
            behind = [
                host
                for endpoint, zone in self._zones.items()
                if device.interfaces.get(zone) == name
                for host in self._see(endpoint)
            ]
            _batch(self.hub, _lay(f"f{number}x{place}", router, name))
            _batch(router, [f"link set {name} up", *(f"route add {host} dev {name}" for host in behind)])

    def _lead(self) -> None:
        """Have the hub send each packet to the next firewall on its way, and to its end after the last."""
        marks: dict[str, int] = {}
        rows: dict[int, list[str]] = {4: [], 6: []}
        for source in self.hosts:
            for destination in self.hosts:
                for cable, way, here, there in self._list_hops(source, destination):
                    mark = marks.setdefault(way, len(marks) + 1)
                    rows[find_family(here)].append(f'"{cable}" . {here} . {there} : {mark}')
        for family in ("-4", "-6"):
            for way, mark in marks.items():
                lines = [
                    f"rule add fwmark {mark} lookup {1000 + mark}",
                    f"route add default dev {way} table {1000 + mark}",
                ]
                _batch(self.hub, lines, family=family)
        tables = []
        for number, kind in ((4, "ip"), (6, "ip6")):
            if rows[number]:
                held = ",\n".join(rows[number])
                tables.append(
                    f"table {kind} lead {{\nmap next {{ type ifname . ipv{number}_addr . ipv{number}_addr : mark;\n"
                    f"elements = {{ {held} }} }}\nchain pre {{ type filter hook prerouting priority -150;\n"
                    f"meta mark set iifname . {kind} saddr . {kind} daddr map @next\n}}\n}}\n"
                )
        run("nft", "-f", "-", place=self.hub, text="".join(tables))

    def _list_hops(self, source: str, destination: str) -> Iterator[tuple[str, str, str, str]]:
        """Where packets come in at the hub, where they go on, and their addresses: their own and published ones."""
        path = self.find_path(source, destination)
        if source == destination or not path:
            return
        numbers = {device.name: number for number, device in enumerate(self.devices, 1)}
        cables = {
            device.name: {name: f"f{numbers[device.name]}x{place}" for place, name in enumerate(names)}
            for device in path
            for names in [dict.fromkeys(device.interfaces.values())]
        }
        cable = f"e{self._numbers[self.places[source]]}"
        for device in path:
            way = cables[device.name][device.interfaces[self._zones[source]]]
            for here in self._see(source):
                for there in self._see(destination):
                    if find_family(here) == find_family(there):
                        yield cable, way, here, there
            cable = cables[device.name][device.interfaces[self._zones[destination]]]

    def _see(self, name: str) -> list[str]:
        """All addresses under which packets have an endpoint."""
        return [
            *self.hosts[name],
            *dict.fromkeys(one.published[name] for one in self.devices if name in one.published),
        ]

    # ---- answering and asking ----

    @contextmanager
    def answering(self, ports: Mapping[str, Iterable[tuple[str, int]]]) -> Iterator[None]:
        """Have endpoints answer on ports: pairs of protocol and port by the endpoint's name."""
        stop = threading.Event()
        with ExitStack() as stack:
            poll = select.epoll()
            stack.callback(poll.close)
            listeners: dict[int, socket.socket] = {}
            for name, services in ports.items():
                for host in self.hosts[name]:
                    for protocol, port in sorted(set(services)):
                        made = self._listen(self.places[name], host, protocol, port)
                        stack.callback(made.close)
                        listeners[made.fileno()] = made
                        poll.register(made, select.EPOLLIN)
            thread = threading.Thread(target=_answer, args=(poll, listeners, stop))
            thread.start()
            stack.callback(thread.join)
            stack.callback(stop.set)
            yield

    def _listen(self, place: str, host: str, protocol: str, port: int) -> socket.socket:
        made = self._make_socket(place, find_domain(host), KINDS[protocol])
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind((host, port))
        if protocol == "tcp":
            made.listen(4096)
        return made

    def find_open(self, attempts: Iterable[Attempt]) -> set[Attempt]:
        """Those of the attempts that are answered. Each waits for SECONDS at most, as many as can at once."""
        homes = {host: self.places[name] for name, hosts in self.hosts.items() for host in hosts}
        found: set[Attempt] = set()
        for batch in batched(sorted(attempts, key=str), AT_ONCE):
            with ExitStack() as stack:
                poll = select.epoll()
                stack.callback(poll.close)
                waiting: dict[int, tuple[socket.socket, Attempt, int]] = {}
                for number, one in enumerate(batch, 1):
                    made = stack.enter_context(self._try(homes[one.source], one, number))
                    waiting[made.fileno()] = made, one, number
                    poll.register(made, select.EPOLLOUT if one.protocol == "tcp" else select.EPOLLIN)
                while waiting:
                    events = poll.poll(SECONDS)
                    if not events:
                        break
                    for descriptor, _ in events:
                        made, one, number = waiting[descriptor]
                        came = _has_come(made, one, number)
                        if came is not None:
                            found |= {one} if came else set()
                            poll.unregister(descriptor)
                            del waiting[descriptor]
        return found

    def _try(self, place: str, one: Attempt, number: int) -> socket.socket:
        family = find_domain(one.source)
        if one.protocol == "icmp":
            made = self._make_socket(place, family, socket.SOCK_RAW, socket.IPPROTO_ICMP)
            made.bind((one.source, 0))
            with suppress(OSError):  # what its own host doesn't let out
                made.connect((one.destination, 0))
                made.send(echo_request(number & 0xFFFF))
            return made
        made = self._make_socket(place, family, KINDS[one.protocol])
        made.bind((one.source, 0))
        if one.protocol == "tcp":
            reset_at_end(made)
        with suppress(OSError):
            made.connect_ex((one.destination, one.port))
            if one.protocol == "udp":
                made.send(b"anyone there?")
        return made

    def _make_socket(self, place: str, family: int, kind: int, protocol: int = 0) -> socket.socket:
        """A socket that is in the namespace of a place."""
        return make_socket(self._opened[place], family, kind, protocol)


def _answer(poll: select.epoll, listeners: Mapping[int, socket.socket], stop: threading.Event) -> None:
    """Accept what connects, and send back what is sent."""
    while not stop.is_set():
        for descriptor, _ in poll.poll(0.1):
            made = listeners[descriptor]
            with suppress(OSError):
                while True:
                    if made.type == socket.SOCK_STREAM:
                        made.accept()[0].close()
                    else:
                        text, sender = made.recvfrom(2048)
                        made.sendto(text, sender)


def _has_come(made: socket.socket, one: Attempt, number: int) -> bool | None:
    """Whether the answer is one; None where something else has come, and one may come yet."""
    if one.protocol == "tcp":
        return made.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == 0
    try:
        got = made.recv(2048)
    except OSError:
        return False
    if one.protocol == "udp":
        return True
    return True if read_echo(got) == number & 0xFFFF else None


def _lay(near: str, namespace: str, far: str) -> Iterator[str]:
    """A cable from here into a namespace.

    Both ends have one hardware address and no neighbours: what is sent without asking for one goes to that address.
    """
    mac = f"02:{':'.join(f'{byte:02x}' for byte in secrets.token_bytes(5))}"
    yield f"link add {near} address {mac} arp off type veth peer name {far} address {mac} arp off netns {namespace}"
    yield f"link set {near} arp off up"


def _batch(namespace: str, lines: Iterable[str], *, family: str = "") -> None:
    """Lines of `ip`, of a family if they don't say it themselves."""
    text = "".join(f"{line}\n" for line in lines)
    if text:
        run("ip", *filter(None, [family]), "-batch", "-", place=namespace, text=text)
