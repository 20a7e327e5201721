"""Whose word is taken for where a request comes from: only that of the proxies in the settings."""

import http.client
import os
import socket
import subprocess
import sys
import threading
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.http import HttpResponse
from django.test import RequestFactory
from hypothesis import given
from hypothesis import strategies as st

from planner.deploy.proxies import Proxies, read_proxies
from planner.web.middleware import Proxied
from scripts.served import free_port
from tests.warm import Warm

PROXIES = read_proxies(["10.0.0.0/8", "192.0.2.1", "2001:db8:1::/48", "unix"])
SECRET = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "evil.example", "X-Forwarded-Port": "1",
          "Forwarded": "for=1.2.3.4;proto=https", "X-Remote-User": "root"}  # fmt: skip


def pass_on(settings, remote, proxies=PROXIES, **headers):
    """The request's environment as the rest of the service reads it."""
    settings.PROXIES, settings.REMOTE_USER = proxies, "HTTP_X_REMOTE_USER"
    request = RequestFactory().get("/", headers=headers, REMOTE_ADDR=remote)
    Proxied(lambda _: HttpResponse())(request)
    return request.META


@pytest.mark.parametrize(
    ("forwarded_for", "client"),
    [
        ("198.51.100.7", "198.51.100.7"),
        ("1.1.1.1, 198.51.100.7", "198.51.100.7"),
        ("198.51.100.7, 10.9.9.9", "198.51.100.7"),
        ("1.1.1.1,198.51.100.7 , 192.0.2.1, 10.9.9.9", "198.51.100.7"),
        ("198.51.100.7:4711", "198.51.100.7"),
        ("2001:db8::7", "2001:db8::7"),
        ("[2001:db8::7]:4711", "2001:db8::7"),
        ("1.1.1.1, 2001:db8:1::9", "1.1.1.1"),
        ("::ffff:198.51.100.7", "198.51.100.7"),
        ("1.1.1.1, ::ffff:10.0.0.9", "1.1.1.1"),
        ("10.1.1.1, 10.2.2.2", "10.1.1.1"),
    ],
)
def test_the_client_is_the_last_address_that_is_no_proxy(settings, forwarded_for, client):
    for remote in ("10.0.0.1", "192.0.2.1", "2001:db8:1::1", "::ffff:10.0.0.1", ""):
        assert pass_on(settings, remote, **{"X-Forwarded-For": forwarded_for})["REMOTE_ADDR"] == client


@pytest.mark.parametrize(
    ("forwarded_for", "client"),
    [
        ("", "10.0.0.1"),
        ("unknown", "10.0.0.1"),
        ("1.1.1.1, unknown", "10.0.0.1"),
        ("1.1.1.1, , 10.2.2.2", "10.2.2.2"),
        ("1.1.1.1, 999.1.1.1", "10.0.0.1"),
        (",,,", "10.0.0.1"),
        ("1.1.1.1, 1.2.3.4.5", "10.0.0.1"),
        ("127.1", "10.0.0.1"),
        ("1.1.1.1, \u0661.1.1.1", "10.0.0.1"),
        ("[", "10.0.0.1"),
        ("1.1.1.1, <script>", "10.0.0.1"),
    ],
)
def test_nothing_before_what_cant_be_read_is_believed(forwarded_for, client):
    assert PROXIES.find_client("10.0.0.1", forwarded_for) == client


def test_a_proxy_that_names_nobody_stands_for_itself(settings):
    assert pass_on(settings, "10.0.0.1")["REMOTE_ADDR"] == "10.0.0.1"
    assert pass_on(settings, "")["REMOTE_ADDR"] == ""


@pytest.mark.parametrize("remote", ["198.51.100.7", "11.0.0.1", "2001:db8:2::1", "127.0.0.1", "nonsense"])
def test_whoever_is_no_proxy_says_nothing_that_only_a_proxy_may(settings, remote):
    meta = pass_on(settings, remote, **{"X-Forwarded-For": "1.2.3.4", **SECRET})
    assert meta["REMOTE_ADDR"] == remote
    assert not [name for name in meta if "FORWARDED" in name or "REMOTE_USER" in name]


def test_without_proxies_nobody_is_one(settings):
    for remote in ("127.0.0.1", "::1", "10.0.0.1", ""):
        meta = pass_on(settings, remote, proxies=Proxies(), **{"X-Forwarded-For": "1.2.3.4", **SECRET})
        assert meta["REMOTE_ADDR"] == remote
        assert not [name for name in meta if "FORWARDED" in name or "REMOTE_USER" in name]


def test_a_unix_socket_is_trusted_only_where_it_is_named(settings):
    proxies = read_proxies(["10.0.0.0/8"])
    assert pass_on(settings, "", proxies, **{"X-Forwarded-For": "1.2.3.4"})["REMOTE_ADDR"] == ""
    assert pass_on(settings, "", read_proxies(["unix"]), **{"X-Forwarded-For": "1.2.3.4"})["REMOTE_ADDR"] == "1.2.3.4"
    assert pass_on(settings, "10.0.0.1", read_proxies(["unix"]), **SECRET)["REMOTE_ADDR"] == "10.0.0.1"


def test_a_proxys_word_on_https_and_on_the_account_stays(settings):
    meta = pass_on(settings, "10.0.0.1", **SECRET)
    assert meta["HTTP_X_FORWARDED_PROTO"] == "https"
    assert meta["HTTP_X_REMOTE_USER"] == "root"


@given(st.text(), st.text(alphabet='0123456789abcdef:.,[]% "x\t\x00', max_size=60))
def test_no_header_makes_it_fail(remote, forwarded_for):
    assert isinstance(PROXIES.find_client(remote, forwarded_for), str)
    assert PROXIES.trusts(remote) in (True, False)


@given(st.text(alphabet="0123456789abcdef:., ", max_size=60))
def test_what_a_client_writes_never_changes_whom_the_proxy_saw(written):
    assert PROXIES.find_client("10.0.0.1", f"{written}, 198.51.100.7") == "198.51.100.7"
    assert PROXIES.find_client("10.0.0.1", f"{written}, 198.51.100.7, 10.3.3.3") == "198.51.100.7"


@pytest.mark.parametrize("part", ["0.0.0.0/0", "::/0", "proxy", "10.0.0.1/8", "10.0.0.256", "*", "10.0.0.0/33", "-1"])
def test_everybody_and_nonsense_are_no_proxies(part):
    with pytest.raises(ValueError, match=r"."):
        read_proxies(["10.0.0.1", part])


def test_it_comes_before_everything_else(settings):
    # But the id of the request, which has to know who sends it, and not for whom, and what only counts.
    assert settings.MIDDLEWARE[:3] == [
        "planner.web.request_id.RequestId",
        "planner.web.measured.Measured",
        "planner.web.middleware.Proxied",
    ]


# --- through gunicorn itself -----------------------------------------------------------------------------------------

ROOT = Path(__file__).resolve().parents[2]


@contextmanager
def gunicorn(folder, bind, proxies):
    """The service behind gunicorn, as it is configured, with https asked for."""
    variables = {
        "PLANNER_DATA": str(folder), "PLANNER_BIND": bind, "PLANNER_WORKERS": "1", "PLANNER_TLS": "1",
        "PLANNER_HOSTS": "ports.example.com", "PLANNER_PROXIES": proxies,
    }  # fmt: skip
    names = {name: value for name, value in os.environ.items() if not name.startswith("PLANNER_")}
    command = [sys.executable, "-m", "gunicorn", "--config", "python:planner.deploy.gunicorn", "planner.wsgi"]
    process = Warm(command, cwd=ROOT, env=names | variables, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    try:
        for line in process.stdout:
            if b"Port planner: " in line:
                break
        rest = threading.Thread(target=process.stdout.read)  # or it waits to say more once the pipe is full
        rest.start()
        yield
    finally:
        process.terminate()
        process.wait()
        rest.join()
        process.stdout.close()


def ask(bind, **headers):
    """The status of an address that answers 405, unless it sends to https first, and needs no page for that."""
    connection = http.client.HTTPConnection("ports.example.com")
    if bind.startswith("unix:"):
        connection.sock = socket.socket(socket.AF_UNIX)
        connection.sock.connect(bind.removeprefix("unix:"))
    else:
        connection.sock = socket.create_connection(tuple(bind.split(":")))
    told = {name.replace("_", "-"): value for name, value in headers.items()}
    connection.request("OPTIONS", "/accounts/logout/", headers=told)
    status = connection.getresponse().status
    connection.close()
    return status


@pytest.mark.parametrize(
    ("at", "proxies", "believed"),
    [("tcp", "127.0.0.1", True), ("tcp", "10.0.0.1", False), ("unix", "unix", True), ("unix", "10.0.0.1", False)],
)
@pytest.mark.slow
def test_through_gunicorn_https_is_believed_from_the_proxies_alone(tmp_path, at, proxies, believed):
    bind = f"unix:{tmp_path}/socket"
    if at == "tcp":
        bind = f"127.0.0.1:{free_port()}"
    with gunicorn(tmp_path, bind, proxies):
        assert ask(bind) == 301
        assert ask(bind, X_Forwarded_Proto="http") == 301
        assert ask(bind, X_Forwarded_Proto="https") == (405 if believed else 301)
        assert ask(bind, X_Forwarded_Protocol="ssl", X_Forwarded_Ssl="on") == 301
