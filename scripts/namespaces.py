"""What labs of network namespaces are made of: running programs in one, settings, sockets, echo requests.

For `scripts/lab.py`, which builds a plan, and for the kernel tests (tests/report/firewall/network.py), which have one
router. Needs root, or a user namespace of one's own, and `ip`.
"""

import os
import socket
import struct
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import NamedTuple

OWN = "/proc/thread-self/ns/net"
PATH = "/usr/sbin:/sbin:/usr/bin:/bin"
KINDS = {"tcp": socket.SOCK_STREAM, "udp": socket.SOCK_DGRAM}


class Attempt(NamedTuple):
    """One packet that opens something: from an endpoint's address to another's; no port for an echo request."""

    source: str
    destination: str
    protocol: str
    port: int | None


def execute(
    *line: str, place: str = "", text: str | None = None, seconds: int = 120
) -> "subprocess.CompletedProcess[str]":
    """Run a program to its end, with a text as its input, in a namespace if `place` names one."""
    environment = {"PATH": PATH, "LC_ALL": "C"}
    with inside(place) if place else nullcontext():
        return subprocess.run(
            line, input=text, capture_output=True, text=True, check=False, timeout=seconds, env=environment
        )


@contextmanager
def inside(place: str) -> Iterator[None]:
    """This thread, and what it starts, in the namespace of a name.

    As `ip netns exec`, without a program more for each, and with the /sys of the machine: nobody looks there.
    """
    own = os.open(OWN, os.O_RDONLY)
    try:
        there = os.open(f"/run/netns/{place}", os.O_RDONLY)
        try:
            os.setns(there, os.CLONE_NEWNET)
        finally:
            os.close(there)
        yield
    finally:
        os.setns(own, os.CLONE_NEWNET)
        os.close(own)


def settle(place: str, *, forwards: bool, ports: str = "") -> None:
    """Have a namespace hold nothing back: no detection of twins, no limits, no redirects. `ports`: its own, if given.

    Raises RuntimeError with what the system says against it.
    """
    on = int(forwards)
    values = {
        "net/ipv4/ip_forward": on, "net/ipv6/conf/all/forwarding": on, "net/ipv4/conf/all/rp_filter": 0,
        "net/ipv4/conf/default/rp_filter": 0, "net/ipv6/conf/all/accept_dad": 0, "net/ipv6/conf/default/accept_dad": 0,
        "net/ipv4/icmp_ratelimit": 0, "net/ipv6/icmp/ratelimit": 0, "net/ipv4/conf/all/send_redirects": 0,
        "net/ipv4/conf/default/send_redirects": 0, **({"net/ipv4/ip_local_port_range": ports} if ports else {}),
    }  # fmt: skip
    try:
        with inside(place):
            for name, value in values.items():
                Path("/proc/sys", name).write_text(f"{value}\n")
    except OSError as error:
        raise RuntimeError(f"{place}: {error}") from error


def make_socket(namespace: int, family: int, kind: int, protocol: int = 0) -> socket.socket:
    """A socket that is in a namespace, whose open descriptor is given, and doesn't block."""
    with away() as make:
        return make(namespace, family, kind, protocol)


@contextmanager
def away() -> Iterator[Callable[..., socket.socket]]:
    """What makes sockets as `make_socket` does, and leaves this thread where the last one is until the end.

    To go there and back takes longer than to make one.
    """
    here = own = os.open(OWN, os.O_RDONLY)

    def make(namespace: int, family: int, kind: int, protocol: int = 0) -> socket.socket:
        nonlocal here
        if namespace != here:
            os.setns(namespace, os.CLONE_NEWNET)
            here = namespace
        made = socket.socket(family, kind, protocol)
        made.setblocking(False)
        return made

    try:
        yield make
    finally:
        os.setns(own, os.CLONE_NEWNET)
        os.close(own)


def reset_at_end(made: socket.socket) -> None:
    """Have a TCP connection end by a reset, so that nothing is left waiting."""
    made.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def echo_request(number: int) -> bytes:
    """An ICMP echo request (RFC 792) with this identifier."""
    packet = struct.pack("!BBHHH", 8, 0, 0, number, 1)
    total = sum(struct.unpack("!4H", packet))
    return struct.pack("!BBHHH", 8, 0, ~(total + (total >> 16)) & 0xFFFF, number, 1)


def read_echo(packet: bytes) -> int | None:
    """The identifier of an echo reply, as a raw socket gives it with its IPv4 head; None for anything else."""
    start = 4 * (packet[0] & 15)
    kind, _, _, number, _ = struct.unpack_from("!BBHHH", packet, start)
    return int(number) if kind == 0 else None


def find_family(address: str) -> int:
    """4 or 6."""
    return 6 if ":" in address else 4


def find_domain(address: str) -> socket.AddressFamily:
    """AF_INET or AF_INET6."""
    return socket.AF_INET6 if ":" in address else socket.AF_INET
