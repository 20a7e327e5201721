"""HEAD, through the service as it is run: the headers that GET gets, no body, and nothing in the log."""

import io
import re
import socket
from http.client import parse_headers

import pytest
from django.conf import settings
from django.test import RequestFactory
from django.urls import URLResolver, get_resolver

from planner import wsgi
from tests.databases import serve
from tests.sharing.test_processes import Sharing

pytestmark = pytest.mark.slow

ENTITY = ("Content-Type", "Content-Disposition", "Location", "Allow", "Cache-Control", "Transfer-Encoding")
NAMES = {"show_schema": "plan", "download_changes": "html", "open_changes_file": "html"}
"""What a route calls `name`; of a report it is a format."""


@pytest.fixture(scope="module")
def sharing():
    with serve(PLANNER_WORKERS="1") as service:
        yield Sharing(service)


def walk_routes(patterns, before=""):
    """The name and the address of every route but the admin's, with {key} and the like in it."""
    for pattern in patterns:
        route = before + re.sub(r"<\w+:(\w+)>", r"{\1}", str(pattern.pattern))
        if isinstance(pattern, URLResolver):
            yield from walk_routes(pattern.url_patterns, route) if pattern.app_name != "admin" else ()
        else:
            named = re.sub(r"\(\?P<(\w+)>[^)]*\)", r"{\1}", route)
            yield pattern.name, "/" + named.replace("^", "").replace("$", "").replace("\\", "")


def list_addresses(sharing):
    """An address of every kind of answer: of every route, of files, of what isn't there."""
    key = sharing.plan.strip("/").rpartition("/")[2]
    token = sharing.make("read it", shows_changes="on").split("/")[2]
    for name, route in walk_routes(get_resolver(settings.ROOT_URLCONF).url_patterns):
        yield route.format(key=key, token=token, extension="svg", name=NAMES.get(name, "json"), number="1")
    yield from ("/static/icon.svg", "/static/none.svg", "/nowhere/", "/plans/import", "/admin/", "/admin/login/")
    yield f"/plans/{key}/?panel=ports&view=flows"
    yield f"/plans/{key}/report/xlsx"


def ask(sharing, method, path):
    """The status and the headers of an answer, and the bytes that follow them."""
    service, cookies = sharing.service, "; ".join(f"{cookie.name}={cookie.value}" for cookie in sharing.owner.jar)
    with socket.create_connection((service.host, service.port), timeout=60) as connection:
        lines = f"{method} {path} HTTP/1.1", f"Host: {service.host}", f"Cookie: {cookies}", "Connection: close"
        connection.sendall("\r\n".join((*lines, "", "")).encode())
        answer = io.BytesIO(b"".join(iter(lambda: connection.recv(2**16), b"")))
    return int(answer.readline().split()[1]), parse_headers(answer), answer.read()


def test_head_gets_the_headers_of_every_kind_of_answer_and_nothing_else(sharing):
    statuses = set()
    for path in list_addresses(sharing):
        status, headers, body = ask(sharing, "HEAD", path)
        wanted, told, content = ask(sharing, "GET", path)
        assert body == b"", path
        assert status == wanted, path
        assert {name: headers[name] for name in ENTITY} == {name: told[name] for name in ENTITY}, path
        assert (headers["Content-Length"] is None) == (told["Content-Length"] is None), path
        assert told["Content-Length"] is None or int(told["Content-Length"]) == len(content), path
        statuses.add(status)
    assert statuses >= {200, 301, 302, 404, 405}
    log = (sharing.service.data / "log").read_text("utf-8")
    assert "Not Found: /nowhere/" in log, "warnings are there to be seen"
    warnings = [line for line in log.splitlines() if "WARNING" in line and "django.request" not in line]
    assert warnings == []
    assert "Traceback" not in log


@pytest.mark.django_db
def test_nothing_is_left_open_by_an_answer_that_nobody_gets(monkeypatch):
    """The server closes an answer when it has sent it, and so lets go of what it holds; here it never sees it."""
    closed = []

    class Answer:
        def __iter__(self):
            return iter([b"body"])

        def close(self):
            closed.append(self)

    monkeypatch.setattr(wsgi, "_answer", lambda environ, start: Answer())
    environ = RequestFactory().head("/").environ
    assert list(wsgi.application(environ, lambda *_: None)) == []
    assert len(closed) == 1
    environ = RequestFactory().get("/").environ
    assert list(wsgi.application(environ, lambda *_: None)) == [b"body"]
    assert len(closed) == 1
