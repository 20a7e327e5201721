"""The stand-ins for services: what they open and say, by each program that they know."""

import os
import re
import shutil
import signal
import socket
import subprocess
from contextlib import contextmanager, suppress

import pytest

from planner.engine.checks import plan_checks
from planner.report.checks.listeners import list_ports
from tests.report.checks.running import WORKER, archive_of, loopback
from tests.report.samples import evaluate

FIRST = 23_000 + 20 * WORKER
"""Tests side by side have ports of their own: a stand-in listens on all addresses. None of those from which programs
connect (32768 to 60999, net.ipv4.ip_local_port_range): on Linux a port is taken while a connection comes from it."""
PLAN = loopback(
    ("SQL", "tcp", str(FIRST)),
    ("SQL", "udp", str(FIRST + 1)),
    ("Named", "tcp", f"{FIRST + 10}-{FIRST + 12}"),
    ("SQL", "icmp", None),
)
PLAN["additional_flows"][-1].pop("ports")


@contextmanager
def listening(tmp_path, *programs, who="SQL"):
    """listen.sh with only these programs beside those that every system has; what it says, line by line."""
    (tmp_path / "listen.sh").write_bytes(archive_of(PLAN)["listen.sh"])
    folder = tmp_path / "bin"
    folder.mkdir()
    for program in ("cut", "uniq", *programs):
        (folder / program).symlink_to(shutil.which(program, path="/usr/bin:/bin"))
    one = subprocess.Popen(
        ["/bin/bash", str(tmp_path / "listen.sh"), who], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        env={"PATH": str(folder)}, start_new_session=True,
    )  # fmt: skip
    try:
        yield one
    finally:
        with suppress(ProcessLookupError):
            os.killpg(one.pid, signal.SIGKILL)
        one.wait(10)
        one.stdout.close()


def test_each_port_that_a_flow_needs_is_opened_once():
    rows = [line.split("\t") for line in list_ports(plan_checks(evaluate(PLAN)))]
    assert [(name, protocol, port) for _, name, protocol, port in rows] == [
        *(('"Named"', "tcp", str(FIRST + step)) for step in (10, 11, 12)),
        ('"SQL"', "tcp", str(FIRST)), ('"SQL"', "udp", str(FIRST + 1)),
    ]  # fmt: skip
    assert {name: number for number, name, *_ in rows} == {'"Named"': "1", '"SQL"': "2"}


@pytest.mark.parametrize("program", ["python3", "perl"])
@pytest.mark.parametrize("who", ["SQL", "2"])
def test_who_calls_is_answered_and_named(program, who, tmp_path):
    with listening(tmp_path, program, who=who) as one:
        said = []
        while not said or "listening on" not in said[-1]:
            said.append(one.stdout.readline())
            assert said[-1], said
        assert re.search(rf"listening on tcp/{FIRST} udp/{FIRST + 1}$", said[-1].strip())
        with socket.create_connection(("127.0.0.1", FIRST), timeout=5):
            pass
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
            asking.settimeout(5)
            asking.connect(("127.0.0.1", FIRST + 1))
            asking.send(b"?")
            assert asking.recv(10) == b"here"
        told = sorted(one.stdout.readline().partition(" ")[2] for _ in range(2))
    assert told == [f"tcp/{FIRST} from 127.0.0.1\n", f"udp/{FIRST + 1} from 127.0.0.1\n"]


def test_where_nothing_can_listen_it_says_what_is_missing(tmp_path):
    with listening(tmp_path) as one:
        said, _ = one.communicate(timeout=20)
    assert said == "This needs python3, perl, ncat or socat, and none of them is here.\n"
    assert one.returncode == 1


@pytest.mark.parametrize(("who", "status"), [("", 2), ("nobody", 2), ("--help", 0), ("$(id)", 2)])
def test_without_a_destination_it_lists_them(who, status, tmp_path):
    with listening(tmp_path, who=who) as one:
        said, _ = one.communicate(timeout=20)
    assert said.splitlines()[1:] == ['1\t"Named"', '2\t"SQL"']
    assert one.returncode == status


def test_a_port_that_is_taken_is_left_to_its_service(tmp_path):
    with socket.create_server(("0.0.0.0", FIRST)), listening(tmp_path, "python3") as one:
        lines = [one.stdout.readline() for _ in range(2)]
    assert f"tcp/{FIRST} on 0.0.0.0 is not opened: Address already in use" in lines[0]
