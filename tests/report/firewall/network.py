"""A router between network namespaces, and packets that try what gets through: the kernel decides, not a reader.

A place is a namespace with the addresses of a zone's endpoints, or of one endpoint. A network is there with its first
and its last address; `any` is an address that nobody else has. Needs root, and `ip` of iproute2.

Whether a packet was dropped is known without waiting. What one thread sends from one processor is dealt with there in
its order, and so is all that follows from it. So when the router has answered a few questions, one after the other,
that were asked after the packet was sent, the packet and the answer to it have arrived or are lost.
"""

import ipaddress
import itertools
import json
import os
import random
import secrets
import select
import shutil
import socket
from collections import defaultdict
from contextlib import ExitStack, suppress
from pathlib import Path

from scripts.namespaces import (
    KINDS,
    PATH,
    Attempt,
    away,
    echo_request,
    execute,
    find_domain,
    find_family,
    read_echo,
    reset_at_end,
    settle,
)

PATIENCE = 20
"""Seconds for an answer that must come."""
ANYONE = ("203.0.113.77", "2001:db8:ffff::77")
TRANSIT = ("100.64.0.0/10", "fd64::/16")
"""What the router and the places themselves have; no plan of the tests has it."""
_QUESTIONS = 4
"""A packet, its answer and both ways through the router take four steps; a question and its answer take two."""
_AT_ONCE = 250


def require_root():
    """Say what is missing, instead of passing without having tried anything."""
    assert os.geteuid() == 0, "network namespaces need root: run the tests as root, as continuous integration does"
    for program in ("ip", "nft", "iptables"):
        assert shutil.which(program, path=PATH), f"{program} is not installed; scripts/setup.sh --test installs it"


def run(*line, place=None, text=None, fails=False):
    """What a program prints, given a text; it must succeed. With `fails` it must not, and what it says is given."""
    done = execute(*line, place=place or "", text=text, seconds=60)
    assert (done.returncode != 0) == fails, (done.args, done.returncode, done.stdout, done.stderr)
    return done.stderr if fails else done.stdout


def samples(addresses):
    """The first and the last address of each network; somebody for any; names are nobody."""
    if tuple(addresses) == ("any",):
        return list(ANYONE)
    found = {}
    for address in addresses:
        with suppress(ValueError):
            network = ipaddress.ip_network(address)
            found |= {str(network[0]): None, str(network[-1]): None}
    return list(found)


def tries(flows):
    """What opens the flows: every sample of both ends, and of a range of ports its ends. ICMP is that of IPv4."""
    found = {}
    for flow in flows:
        need = flow.need
        ports = [None] if need.ports is None else sorted({int(port) for port in need.ports.split("-")})
        for here, there in itertools.product(samples(flow.source.addresses), samples(flow.destination.addresses)):
            if find_family(here) == find_family(there) and not (need.protocol == "icmp" and find_family(here) == 6):
                found |= {Attempt(here, there, need.protocol, port): None for port in ports}
    return set(found)


def sweep(places, asked, most=2_500):
    """From every place to every other, on the ports of the plan, beside them and on a few more, and echo requests.

    Of more than `most` it is a part, by chance but always the same.
    """
    ports = {near for one in asked if one.port for near in (one.port - 1, one.port, one.port + 1) if 0 < near < 65536}
    services = [("icmp", None), *itertools.product(("tcp", "udp"), sorted(ports | {1, 22, 53, 3389, 65535}))]
    found = [
        Attempt(source, destination, *service)
        for here, there in itertools.permutations(places.values(), 2)
        for source, destination in itertools.product(here, there)
        if find_family(source) == find_family(destination) and source not in there
        for service in services
        if service != ("icmp", None) or find_family(source) == 4
    ]
    return set(found if len(found) <= most else random.Random(most).sample(found, most)) | set(asked)


class Network:
    """The namespaces around a router. Use it as a context: they are gone at its end."""

    def __init__(self, places, seen=None):
        """`places`: names, and the addresses (as `samples` gives them) that are there.

        `seen`: an address that nobody has -> the one that the router is to translate it into. Who asks for it, listens
        there.
        """
        require_root()
        self.addresses = {name: list(dict.fromkeys(found)) for name, found in places.items()}
        self._mark = f"pp{secrets.token_hex(4)}"
        self.router = f"{self._mark}r"
        self.places = {name: f"{self._mark}-{number}" for number, name in enumerate(places)}
        self.seen = seen or {}
        self._homes = {address: self.places[name] for name, found in self.addresses.items() for address in found}
        assert len(self._homes) == sum(map(len, self.addresses.values())), "one address in two places"
        self._numbers = itertools.count(10_000)
        """Source ports and identifiers of echo requests: each once, so that none is of an earlier connection."""
        self._opened = {}
        self._stack = ExitStack()

    def __enter__(self):
        with self._stack as stack:
            namespaces = self.router, *self.places.values()
            stack.callback(run, "ip", "-force", "-batch", "-", text="".join(f"netns delete {n}\n" for n in namespaces))
            run("ip", "-batch", "-", text="".join(f"netns add {n}\n" for n in namespaces))
            for namespace in namespaces:
                settle(namespace, forwards=namespace == self.router, ports="61000 65000")
            for number, (name, namespace) in enumerate(self.places.items(), 1):
                self._connect(number, namespace, self.addresses[name])
            for namespace in self.places.values():
                self._opened[namespace] = stack.enter_context(Path(f"/run/netns/{namespace}").open())
            with away() as self._make:
                for found in self.addresses.values():
                    for address in {find_family(address): address for address in reversed(found)}.values():
                        self.ask(address)  # each family by itself: IPv6 learns later than IPv4 that a cable is up
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_):
        self._stack.close()

    def _connect(self, number, namespace, addresses):
        """A cable between router and place, with fixed neighbours, so that no packet waits for their discovery."""
        near, far = f"02:00:00:00:01:{number:02x}", f"02:00:00:00:02:{number:02x}"
        run("ip", "-batch", "-", place=self.router, text=(
            f"link add r{number} address {near} type veth peer name wire address {far} netns {namespace}\n"
            f"address add 100.64.{number}.1/30 dev r{number}\naddress add fd64:{number}::1/64 dev r{number} nodad\n"
            f"link set r{number} up\n"
            f"neighbour add 100.64.{number}.2 lladdr {far} dev r{number} nud permanent\n"
            f"neighbour add fd64:{number}::2 lladdr {far} dev r{number} nud permanent\n"
            + "".join(f"route add {a} via {_transit(a, number, 2)} dev r{number}\n" for a in addresses)
        ))  # fmt: skip
        run("ip", "-batch", "-", place=namespace, text=(
            f"link set lo up\naddress add 100.64.{number}.2/30 dev wire\n"
            f"address add fd64:{number}::2/64 dev wire nodad\nlink set wire up\n"
            f"neighbour add 100.64.{number}.1 lladdr {near} dev wire nud permanent\n"
            f"neighbour add fd64:{number}::1 lladdr {near} dev wire nud permanent\n"
            f"route add default via 100.64.{number}.1\nroute add default via fd64:{number}::1\n"
            + "".join(f"address add {a} dev lo{' nodad' if ':' in a else ''}\n" for a in addresses)
        ))  # fmt: skip

    def nft(self, *line, text=None, fails=False, place=None):
        """Run nft on the router, or in another namespace."""
        return run("nft", *line, place=place or self.router, text=text, fails=fails)

    def run(self, *lines, place=None):
        """Run lines as somebody would who copies them out of a file into a shell of the router."""
        for line in lines:
            run("sh", "-c", line, place=place or self.router)

    def ruleset(self, place=None):
        """All that nftables holds there, handles included, as `nft -j` says it."""
        return json.loads(self.nft("-j", "list", "ruleset", place=place))["nftables"][1:]

    def passes(self, wanted):
        """Those of the tries that are answered by whom they are for."""
        found = set()
        affinity = os.sched_getaffinity(0)
        os.sched_setaffinity(0, {secrets.choice(sorted(affinity))})
        try:
            with away() as self._make:
                for batch in itertools.batched(sorted(wanted, key=str), _AT_ONCE):
                    with ExitStack() as stack:
                        found |= _Round(self, stack).run(batch)
        finally:
            os.sched_setaffinity(0, affinity)
        return found

    def make_socket(self, address, kind, protocol=0):
        """A socket in the place that the address is in."""
        return self._make(self._opened[self._homes[address]].fileno(), find_domain(address), kind, protocol)

    def find_place(self, address):
        """The namespace that the address is in."""
        return self._homes[address]

    def next_number(self):
        """A source port, or the identifier of an echo request, that has not been used."""
        number = next(self._numbers)
        assert number < 61_000, "no numbers left; make another network"
        return number

    def cable(self, address):
        """The number of the cable between router and the place that has the address, and the address's family."""
        return list(self.places.values()).index(self._homes[address]) + 1, find_family(address)

    def ask(self, source):
        """Ask the router at the end of this address's cable for something and wait for its answer, a few times.

        An end of a cable whose other end came up later drops what is sent until a worker of the kernel has noted that;
        on a busy machine that can be after the first packet. A question that is dropped is asked again by TCP.
        """
        number, _ = self.cable(source)
        for _ in range(_QUESTIONS):
            with self.make_socket(source, socket.SOCK_STREAM) as question:
                question.connect_ex((_transit(source, number, 1), 9))
                _, answered, _ = select.select([], [question], [], PATIENCE)
                assert answered, f"the router doesn't answer {source}"
                assert question.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) != 0


class _Round:
    """Listeners for some tries, the tries themselves, and what came of them."""

    def __init__(self, network, stack):
        self.network = network
        self.stack = stack
        self.listeners = {}

    def run(self, batch):
        for one in sorted(batch, key=lambda one: self.network.find_place(self._find_real(one))):  # one place at a time
            self._listen(one)
        sent = {one: self._send(one) for one in batch}
        for source in {self.network.cable(one.source): one.source for one in batch}.values():
            self.network.ask(source)
        arrived = self._answer_udp()
        return {one for one, connection in sent.items() if self._came_back(one, connection, arrived)}

    def _socket(self, address, kind, protocol=0):
        return self.stack.enter_context(self.network.make_socket(address, kind, protocol))

    def _listen(self, one):
        there = self._find_real(one)
        key = there, one.protocol, one.port
        if key in self.listeners or one.protocol == "icmp":
            return
        listener = self._socket(there, KINDS[one.protocol])
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((there, one.port))
        if one.protocol == "tcp":
            listener.listen(128)
        self.listeners[key] = listener

    def _find_real(self, one):
        """Who is meant, where the address that is asked for is translated."""
        return self.network.seen.get(one.destination, one.destination)

    def _send(self, one):
        """The open socket, and the number that it goes by. What its own host drops is PermissionError here."""
        number = self.network.next_number()
        if one.protocol == "icmp":
            connection = self._socket(one.source, socket.SOCK_RAW, socket.IPPROTO_ICMP)
            connection.bind((one.source, 0))
            connection.connect((one.destination, 0))
            with suppress(PermissionError):
                connection.send(echo_request(number))
            return connection, number
        connection = self._socket(one.source, KINDS[one.protocol])
        connection.bind((one.source, number))
        if one.protocol == "tcp":
            reset_at_end(connection)
        connection.connect_ex((one.destination, one.port))
        if one.protocol == "udp":
            with suppress(PermissionError):
                connection.send(b"anyone there?")
        return connection, number

    def _answer_udp(self):
        """Answer what arrived, from the address that was asked."""
        arrived = defaultdict(set)
        for (destination, protocol, port), listener in self.listeners.items():
            while protocol == "udp":
                try:
                    _, sender = listener.recvfrom(100)
                except BlockingIOError:
                    break
                listener.sendto(b"here", sender)
                arrived[destination, port].add(sender[:2])
        return arrived

    def _came_back(self, one, sent, arrived):
        connection, number = sent
        if one.protocol == "icmp":
            return number in _echo_replies(connection)
        if one.protocol == "tcp":
            _, writable, _ = select.select([], [connection], [], 0)
            return bool(writable) and connection.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == 0
        if (one.source, number) not in arrived[self._find_real(one), one.port]:
            return False
        readable, _, _ = select.select([connection], [], [], PATIENCE)
        assert readable, f"the answer to {one} is lost"
        return connection.recv(100) == b"here"


def _transit(address, number, end):
    """Of a cable the address at one end, in the family of another address."""
    return f"fd64:{number}::{end}" if ":" in address else f"100.64.{number}.{end}"


def _echo_replies(connection):
    """The identifiers of the replies that are there."""
    found = set()
    while True:
        try:
            packet = connection.recv(1000)
        except BlockingIOError:
            return found
        except OSError:
            continue  # a firewall on the way has refused it, which is told once
        number = read_echo(packet)
        if number is not None:
            found.add(number)
