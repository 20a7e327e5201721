"""The service as it is run: who holds a connection holds nobody else up, and nothing that has been begun is lost."""

import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import ExitStack, contextmanager
from http.client import HTTPConnection
from pathlib import Path
from threading import Event, Thread
from types import SimpleNamespace

import pytest
from waitress.adjustments import Adjustments

from planner.deploy import worker
from scripts.served import ROOT
from tests.serving.conftest import SLOW
from tests.warm import Warm

pytestmark = pytest.mark.slow

START = b"GET /matrix/ HTTP/1.1\r\nHost: localhost\r\n"
COOKIE = "csrftoken=" + "a" * 32
# With the cookie, so that the application wants the body for the token in it.
BODY = (
    f"POST /plans/import/ HTTP/1.1\r\nHost: localhost\r\nCookie: {COOKIE}\r\nContent-Length: 50\r\n\r\nname=".encode()
)


def connect(service, data=b"", **options):
    connection = socket.create_connection((service.host, service.port), timeout=60, **options)
    connection.sendall(data)
    return connection


def read(connection):
    """What comes until the service closes the connection."""
    parts = []
    with connection:
        while part := connection.recv(2**16):
            parts.append(part)
    return b"".join(parts)


def ask(service, path="/healthz"):
    """The status of an answer. Raises TimeoutError when there is none within a minute."""
    connection = HTTPConnection(service.host, service.port, timeout=60)
    connection.request("GET", path)
    answer = connection.getresponse()
    answer.read()
    connection.close()
    return answer.status


@contextmanager
def held(service, number, data=b""):
    """So many connections that have sent this and say no more."""
    with ExitStack() as stack:
        yield [stack.enter_context(connect(service, data)) for _ in range(number)]


def drip(connections, byte, stop):
    while not stop.wait(0.1):
        for connection in connections:
            connection.send(byte)


def test_five_hundred_silent_and_a_hundred_slow_connections_hold_nobody_up(service):
    stop = Event()
    with held(service, 500), held(service, 50, START + b"X-Slow: ") as heads, held(service, 50, BODY) as bodies:
        dripping = [Thread(target=drip, args=(each, b"x", stop)) for each in (heads, bodies)]
        for thread in dripping:
            thread.start()
        try:
            assert [ask(service, "/matrix/") for _ in range(10)] == [200] * 10
            assert [ask(service) for _ in range(10)] == [200] * 10
        finally:
            stop.set()
            for thread in dripping:
                thread.join()


def test_a_request_is_answered_however_slowly_it_came(service):
    parts = [START[:9], START[9:30], START[30:], b"Connection: close\r\n", b"\r\n"]
    connection = connect(service)
    for part in parts:
        assert ask(service) == 200
        connection.sendall(part)
    assert read(connection).startswith(b"HTTP/1.1 200 OK\r\n")


def test_half_a_body_is_kept_until_the_other_half_comes(service):
    with held(service, 30, BODY) as connections:
        assert ask(service, "/matrix/") == 200
        for connection in connections:
            connection.sendall(b"x" * 45)
            assert read(connection).startswith(b"HTTP/1.1 403 Forbidden\r\n"), "its token is missing"


def test_who_doesnt_read_the_answer_holds_nobody_up(service):
    """More than there are threads, each with an answer that doesn't fit into what the system keeps for a reader."""
    with ExitStack() as stack:
        for _ in range(40):
            slow = stack.enter_context(socket.socket())
            slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2_048)
            slow.connect((service.host, service.port))
            slow.sendall(START + b"\r\n")
        assert [ask(service, "/matrix/") for _ in range(5)] == [200] * 5


def test_a_process_that_holds_a_thousand_connections_takes_another_one(service):
    with ExitStack() as stack:
        first = stack.enter_context(connect(service))
        for _ in range(worker.CONNECTIONS + 100):
            stack.enter_context(connect(service))
        assert ask(service) == 200
        assert read(first) == b"", "it has waited longest"


class Open(SimpleNamespace):
    """A connection as `make_room` sees it."""

    def handle_close(self):
        self.is_closed = True

    give_up = handle_close


def connections(*facts):
    return [
        Open(is_waiting=waiting, body=body, creation_time=place, addr=("192.0.2.1", 1), is_closed=False)
        for place, (waiting, body) in enumerate(facts)
    ]


def closed(found, most):
    worker.make_room(found, most)
    return [place for place, connection in enumerate(found) if connection.is_closed]


def test_only_who_still_waits_is_closed_and_who_waits_longest_first():
    assert closed(connections((False, 0), (True, 0), (True, 0), (False, 0)), most=1) == [1]
    assert closed(connections((False, 0), (False, 0)), most=1) == []
    assert closed(connections((True, 0), (True, 0)), most=2) == []


def test_the_largest_of_too_many_bodies_is_given_up():
    half = worker.BODIES // 2
    assert closed(connections((True, half), (True, 2), (True, half + 1)), most=9) == [2]
    assert closed(connections((True, half), (True, half)), most=9) == []
    assert closed(connections((True, half), (False, half + 1)), most=9) == [1], "whole, and has to wait for a thread"
    assert closed(connections((True, worker.BODIES), (True, 1), (True, worker.BODIES - 1)), most=9) == [0]


class NoSocket:
    def __getattr__(self, name):
        return lambda *_: None


def connection_with(size, *, whole):
    """A connection over which so many bytes of a body came, and no thread is at work on it."""
    added = []
    server = SimpleNamespace(active_channels={}, add_task=added.append, pull_trigger=lambda: None)
    found = worker.Connection(server, NoSocket(), ("192.0.2.1", 1), Adjustments(), map={})
    found.received(b"POST / HTTP/1.1\r\nContent-Length: %d\r\n\r\n" % (size + (0 if whole else 1)))
    found.received(b"x" * size)
    assert bool(added) == whole
    return found


@pytest.mark.parametrize("whole", [True, False])
def test_a_body_counts_until_a_thread_is_at_work_on_it_and_is_let_go_when_it_is_given_up(whole):
    found = connection_with(2**20, whole=whole)
    request = found.requests[0] if whole else found.request
    file = request.get_body_stream()
    assert (found.body, file.closed) == (2**20, False)
    found.began = 1.0
    found.give_up()
    assert (found.body, found.connected, file.closed) == (0, True, False), "it is being answered"
    found.began = None
    found.give_up()
    assert (found.body, found.connected, file.closed) == (0, False, True)


def test_what_was_given_up_in_the_queue_is_passed_over_by_the_thread_that_comes_to_it():
    found = connection_with(2**20, whole=True)
    found.give_up()
    found.service()
    assert not found.requests


# --- stopping --------------------------------------------------------------------------------------------------------


def wait_for(condition):
    """Look again and again, for two minutes at most."""
    for _ in range(12_000):
        if found := condition():
            return found
        time.sleep(0.01)
    raise TimeoutError


@contextmanager
def run(folder, *options, settings=SLOW):
    """gunicorn alone with one process, as it is configured: how to reach it, and its number."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    names = {name: value for name, value in os.environ.items() if not name.startswith("PLANNER_")}
    variables = {
        "PLANNER_DATA": str(folder), "PLANNER_BIND": f"127.0.0.1:{port}", "PLANNER_WORKERS": "1",
        "DJANGO_SETTINGS_MODULE": settings,
    }  # fmt: skip
    command = [
        sys.executable,
        "-m",
        "gunicorn",
        "--config",
        "python:planner.deploy.gunicorn",
        *options,
        "planner.wsgi",
    ]
    with (folder / "log").open("wb") as log:
        process = Warm(command, cwd=ROOT, env=names | variables, stdout=log, stderr=subprocess.STDOUT)
    try:
        wait_for(lambda: b"Port planner: " in (folder / "log").read_bytes())
        yield SimpleNamespace(host="127.0.0.1", port=port, process=process)
    finally:
        process.terminate()
        process.wait()


def listens(service):
    try:
        connect(service).close()
    except OSError:
        return False
    return True


def test_what_is_at_work_is_finished_when_the_service_is_stopped(tmp_path):
    with run(tmp_path) as service:
        idle = connect(service)
        began = [connect(service, f"GET /wait/{name}/ HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()) for name in "ab"]
        wait_for(lambda: all((tmp_path / f"{name}-begun").exists() for name in "ab"))
        service.process.terminate()
        wait_for(lambda: not listens(service))
        for name in "ab":
            (tmp_path / f"{name}-go").touch()
        for connection in began:
            answer = read(connection)
            assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
            assert answer.endswith(b"4\r\ndone\r\n9\r\n at last\n\r\n0\r\n\r\n")
        assert read(idle) == b""
        assert service.process.wait() == 0


def worker_of(service):
    (number,) = Path(f"/proc/{service.process.pid}/task/{service.process.pid}/children").read_text().split()
    return int(number)


def test_who_waits_at_the_door_when_the_service_is_stopped_is_answered(tmp_path):
    with run(tmp_path) as service:
        assert ask(service) == 200
        number = worker_of(service)
        os.kill(number, signal.SIGSTOP)
        wait_for(lambda: pending(number)["State"].startswith("T"))  # else the signal to end may come first
        waiting = [connect(service, b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n") for _ in range(8)]
        service.process.terminate()
        wait_for(lambda: int(pending(number)["ShdPnd"], 16) >> (signal.SIGTERM - 1) & 1)
        os.kill(number, signal.SIGCONT)
        for connection in waiting:
            assert read(connection).endswith(b"\r\n\r\nok\n")
        assert service.process.wait() == 0


def pending(number):
    """What the system says of a process: its signals among other things."""
    lines = Path(f"/proc/{number}/status").read_text().splitlines()
    return dict(line.split(":\t", 1) for line in lines if ":\t" in line)


def test_a_request_that_is_on_its_way_when_the_service_is_stopped_is_answered(tmp_path):
    with run(tmp_path) as service:
        assert ask(service) == 200
        connection = connect(service, b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n")
        service.process.terminate()
        wait_for(lambda: not listens(service))
        connection.sendall(b"\r\n")
        assert read(connection).endswith(b"\r\n\r\nok\n")
        assert service.process.wait() == 0


def test_a_request_that_never_ends_is_given_up_with_its_process_and_the_service_goes_on(tmp_path):
    with run(tmp_path, "--timeout", "4") as service:
        assert read(connect(service, b"GET /wait/x/ HTTP/1.1\r\nHost: localhost\r\n\r\n")) == b""
        assert ask(service, "/tell/") == 200
        assert "A request took longer than 4 seconds; its process is started anew." in (tmp_path / "log").read_text()
