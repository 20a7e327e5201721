"""Figures for Prometheus, where PLANNER_METRICS says on which address they are read; else nothing is counted.

They are counted in each process that answers, and read by one of their own, never on the public address. A label is a
name that stands in the code (of a view, of a kind of limit): none is of a plan, a person or a link. Knows no Django.
"""

import http.client
import os
import shutil
import socket
import socketserver
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

if TYPE_CHECKING:
    from prometheus_client import Counter, Histogram
    from prometheus_client.core import GaugeMetricFamily

FOLDER = "PROMETHEUS_MULTIPROC_DIR"
"""Where the processes keep what they count; its being set is what has prometheus_client do so."""
SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
Address = tuple[str, int] | str


def is_on() -> bool:
    """Whether anything is counted."""
    return FOLDER in os.environ


@cache
def _requests() -> "tuple[Counter, Histogram]":
    from prometheus_client import Counter, Histogram  # noqa: PLC0415 - takes memory that is wanted only where it is on

    return (
        Counter("planner_requests", "Requests that were answered.", ("view", "method", "status")),
        Histogram("planner_request_seconds", "Time from request to answer.", ("view",), buckets=SECONDS),
    )


@cache
def _counter(name: str, said: str, label: str) -> "Counter":
    from prometheus_client import Counter  # noqa: PLC0415 - as above

    return Counter(name, said, (label,))


@cache
def _evaluations() -> "Histogram":
    from prometheus_client import Histogram  # noqa: PLC0415 - as above

    return Histogram(
        "planner_evaluation_seconds", "Time that an evaluation of a plan took.", ("size",), buckets=SECONDS
    )


METHODS = ("GET", "HEAD", "POST", "OPTIONS", "PUT", "PATCH", "DELETE")


def count_request(view: str, method: str, status: int, seconds: float) -> None:
    """A request that was answered: by which view, how, and in what time."""
    if is_on():
        requests, times = _requests()
        requests.labels(view, method if method in METHODS else "other", str(status)).inc()
        times.labels(view).observe(seconds)


def count_edit(outcome: str) -> None:
    """An edit: `stored` or `refused`."""
    if is_on():
        _counter("planner_edits", "Edits of plans, stored or refused.", "outcome").labels(outcome).inc()


def count_throttled(kind: str) -> None:
    """One that came after too many within an hour."""
    if is_on():
        _counter("planner_throttled", "What was refused as there were too many.", "kind").labels(kind).inc()


def timed[Made](size: str, make: Callable[[], Made]) -> Made:
    """What `make` makes: an evaluation of a `usual` or a `large` plan, whose time is counted."""
    if not is_on():
        return make()
    began = time.perf_counter()
    made = make()
    _evaluations().labels(size).observe(time.perf_counter() - began)
    return made


# --- reading them ----------------------------------------------------------------------------------------------------


def read_address(text: str) -> Address:
    """A host and a port, or the path of a Unix socket. Raises ValueError for anything else."""
    if text.startswith("unix:/"):
        return text.removeprefix("unix:")
    host, colon, port = text.rpartition(":")
    if not (colon and host and port.isascii() and port.isdigit() and 0 < int(port) < 65_536):
        raise ValueError(text)
    return host.removeprefix("[").removesuffix("]"), int(port)


def make_folder() -> str:
    """A folder for what is counted, in memory where the system has such a place; it is to be set as FOLDER."""
    memory = "/dev/shm"  # noqa: S108 - mkdtemp makes one of our own there
    return tempfile.mkdtemp(prefix="planner-metrics-", dir=memory if os.access(memory, os.W_OK) else None)


_started: list[subprocess.Popen[bytes]] = []
"""The process that tells the figures, in the process that has started it."""


def start(address: str, where: str, host: str) -> None:
    """Start the process that tells the figures; it ends with the one that starts it.

    `where` is where the service listens, and `host` a name that it answers to, for the question whether it is ready.
    """
    command = [sys.executable, "-m", __name__, address, where, host]
    _started.append(subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True))


def end() -> None:
    """End that process, and take the folder away."""
    for process in _started:
        process.terminate()
        process.wait()
    if folder := os.environ.get(FOLDER):
        shutil.rmtree(folder, ignore_errors=True)


class Readiness:
    """Asks the service whether it is ready, each time that the figures are read."""

    def __init__(self, where: str, host: str) -> None:
        self._where, self._host = where, host

    def collect(self) -> "Iterator[GaugeMetricFamily]":
        """1 or 0, as `/readyz` says."""
        from prometheus_client.core import GaugeMetricFamily  # noqa: PLC0415 - as above

        yield GaugeMetricFamily("planner_ready", "Whether /readyz says that it can do its work.", float(self._ask()))

    def _ask(self) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", timeout=10)
        with suppress(OSError, http.client.HTTPException):
            if self._where.startswith("/"):
                connection.sock = socket.socket(socket.AF_UNIX)
                connection.sock.settimeout(10)
                connection.sock.connect(self._where)
            else:
                host, _, port = self._where.rpartition(":")
                reached = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - what is asked there
                connection.sock = socket.create_connection((reached, int(port)), timeout=10)
            connection.request("GET", "/readyz", headers={"Host": self._host, "X-Forwarded-Proto": "https"})
            return connection.getresponse().status == 200
        return False


class _Server(socketserver.ThreadingMixIn, WSGIServer):
    """Tells the figures to whoever connects, through a socket that is there or a Unix socket."""

    daemon_threads = True

    def __init__(self, address: Address) -> None:
        if isinstance(address, str):
            self.address_family = socket.AF_UNIX
            Path(address).unlink(missing_ok=True)
        elif ":" in address[0]:
            self.address_family = socket.AF_INET6
        super().__init__(address, _Handler)  # type: ignore[arg-type] # typeshed knows no Unix sockets here

    def server_bind(self) -> None:
        """Listen. Whoever runs the service may connect to a Unix socket, and their group."""
        before = os.umask(0o117)
        try:
            socketserver.TCPServer.server_bind(self)
        finally:
            os.umask(before)
        self.server_name, self.server_port = "metrics", 0
        self.setup_environ()

    def get_request(self) -> tuple[socket.socket, Any]:
        """Whoever comes through a Unix socket has no address."""
        connection, address = super().get_request()
        return connection, address or ("", 0)


class _Handler(WSGIRequestHandler):
    """Says nothing of who asks."""

    timeout = 10

    def log_message(self, format: str, *args: object) -> None:
        """Nothing."""


def serve(address: Address, where: str, host: str) -> None:
    """Tell the figures until whoever started this ends: then standard input does, too."""
    from prometheus_client import CollectorRegistry, make_wsgi_app, multiprocess  # noqa: PLC0415 - as above

    registry = CollectorRegistry()
    multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    registry.register(Readiness(where, host))
    server = _Server(address)
    server.set_app(make_wsgi_app(registry))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    sys.stdin.buffer.read()


if __name__ == "__main__":
    try:
        serve(read_address(sys.argv[1]), sys.argv[2], sys.argv[3])
    except OSError as error:
        sys.exit(f"The figures can't be told on {sys.argv[1]}: {error.strerror}. Choose another with PLANNER_METRICS.")
