"""Figures for Prometheus: on an address of their own, of all processes, without a name, a plan or a link."""

import re
import socket
import stat
from http.client import HTTPConnection

import pytest

from planner.deploy import metrics
from scripts.people import Browser, Editor, list_endpoints
from scripts.served import free_port
from tests.databases import serve
from tests.serving.test_connections import wait_for

pytestmark = pytest.mark.slow


def read(where):
    """What is told at an address: a port, or the path of a socket."""
    connection = HTTPConnection("127.0.0.1", where if isinstance(where, int) else 80, timeout=60)
    if not isinstance(where, int):
        connection.sock = socket.socket(socket.AF_UNIX)
        connection.sock.connect(str(where))
    connection.request("GET", "/metrics")
    answer = connection.getresponse()
    assert answer.status == 200
    return answer.read().decode()


def total(text, name, **labels):
    """The sum of a figure over the lines that have these labels."""
    found = 0.0
    for line in text.splitlines():
        if line.startswith((f"{name} ", f"{name}{{")) and all(
            f'{key}="{value}"' in line for key, value in labels.items()
        ):
            found += float(line.rpartition(" ")[2])
    return found


def work_on_a_plan(service):
    """A visit, a plan, two edits and one that is refused: what must not be told of it."""
    link = service.make_plan("dmz")
    editor = Editor(service, 0)
    viewer = Browser(service)
    path = viewer.enter(link)
    name = next(list_endpoints(viewer, path))
    editor.begin(link, name)
    for _ in range(2):
        assert editor.send(editor.prepare()).is_saved
    refused = [(key, "no address at all!" if key == "addresses" else value) for key, value in editor.prepare()]
    assert not editor.send(refused).is_saved
    assert Browser(service).ask("/edit/" + "A" * 43 + "/").status == 404
    return {link.split("/")[2], path.split("/")[2], name, editor.sent[0], *editor.cookies.values()}


def test_figures_of_all_processes_are_told_on_an_address_of_their_own_and_nothing_else():
    port = free_port()
    with serve(PLANNER_WORKERS="2", PLANNER_METRICS=f"127.0.0.1:{port}") as service:
        wait_for(lambda: listens(port))
        hidden = work_on_a_plan(service)
        text = read(port)
        assert total(text, "planner_edits_total", outcome="stored") == 2
        assert total(text, "planner_edits_total", outcome="refused") == 1
        assert total(text, "planner_requests_total", view="edit_endpoint", method="POST", status="200") == 3
        assert total(text, "planner_requests_total", view="open_edit_link", status="404") == 1
        assert total(text, "planner_request_seconds_count", view="edit_endpoint") == 3
        assert total(text, "planner_evaluation_seconds_count", size="usual") >= 3
        assert total(text, "planner_ready") == 1
        for secret in hidden:
            assert secret not in text
        labels = set(re.findall(r'(\w+)="', text))
        assert labels == {"view", "method", "status", "outcome", "size", "le"}
        assert Browser(service).ask("/metrics").status == 404
        (service.data / "secret-key").rename(service.data / "elsewhere")
        assert total(read(port), "planner_ready") == 0
    wait_for(lambda: not listens(port))


def listens(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def test_figures_are_told_through_a_socket_that_others_cant_open(tmp_path):
    place = tmp_path / "figures"
    with serve(PLANNER_WORKERS="1", PLANNER_METRICS=f"unix:{place}") as service:
        wait_for(place.exists)
        Browser(service).ask("/healthz")
        assert total(read(place), "planner_requests_total", view="show_health") >= 1
        assert stat.S_IMODE(place.stat().st_mode) == 0o660


@pytest.mark.parametrize(
    ("text", "address"),
    [("127.0.0.1:9100", ("127.0.0.1", 9100)), ("[::1]:9100", ("::1", 9100)), ("unix:/run/x", "/run/x")],
)
def test_an_address_is_read(text, address):
    assert metrics.read_address(text) == address


@pytest.mark.parametrize("text", ["9100", ":9100", "host:", "host:0", "host:65536", "host:x", "unix:x", "host:²"])
def test_what_is_no_address_is_refused(text):
    with pytest.raises(ValueError, match=re.escape(text)):
        metrics.read_address(text)


def test_nothing_is_counted_unless_it_is_asked_for(monkeypatch):
    monkeypatch.delenv(metrics.FOLDER, raising=False)
    monkeypatch.setattr(metrics, "_requests", lambda: pytest.fail("It is counted."))
    metrics.count_request("show_home", "GET", 200, 0.1)
    metrics.count_edit("stored")
    assert metrics.timed("usual", lambda: 1) == 1
