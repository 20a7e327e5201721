"""What the service makes of requests, good and bad, as bytes on the wire."""

import json

import pytest

from planner.deploy import worker
from tests.serving.test_connections import connect, read

pytestmark = pytest.mark.slow

HOST = b"Host: localhost\r\n"


def send(service, data):
    """The status, the headers and the body of the answer, up to the end of the connection."""
    head, _, body = read(connect(service, data)).partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    return int(first.split()[1]), dict(line.split(": ", 1) for line in lines), body


def tell(service, headers=b"", body=b"", method=b"POST"):
    """What the application got."""
    _, _, told = send(service, method + b" /tell/ HTTP/1.1\r\n" + HOST + headers + b"\r\n" + body)
    return json.loads(told)


BAD = {
    "no request": (b"\0\1\2\r\n\r\n", 400),
    "the start of TLS": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 400),
    "an address with a space": (b"GET /a b HTTP/1.1\r\n" + HOST + b"\r\n", 400),
    "another version of HTTP": (b"GET / HTTP/9.9\r\n" + HOST + b"\r\n", 400),
    "the preface of HTTP/2": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400),
    "a method in small letters": (b"get / HTTP/1.1\r\n" + HOST + b"\r\n", 400),
    "a header with a space in its name": (b"GET / HTTP/1.1\r\nA B: 1\r\n\r\n", 400),
    "a bare line feed in a header": (b"GET / HTTP/1.1\r\nA: 1\nB: 2\r\n\r\n", 400),
    "two hosts": (b"GET / HTTP/1.1\r\n" + HOST + HOST + b"\r\n", 400),
    "a length below nothing": (b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length: -1\r\n\r\n", 400),
    "two lengths": (b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nab", 400),
    "a length and chunks": (
        b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400,
    ),
    "a bad chunk": (b"POST / HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n0\r\n\r\n", 400),
    "an unknown encoding": (b"POST / HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: gzip\r\n\r\n", 501),
    "an endless body": (b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length: 99999999999999\r\n\r\n", 413),
    "an endless address": (b"GET /?" + b"x" * (worker.HEAD - 6), 431),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_what_is_no_good_request_gets_an_answer_and_no_second_one(service, name):
    data, wanted = BAD[name]
    status, headers, _ = send(service, data)
    assert status == wanted
    assert headers["Connection"] == "close"


def test_what_is_read_as_a_second_request_elsewhere_isnt_answered(service):
    once = b"GET /healthz HTTP/1.1\r\n" + HOST + b"\r\n"
    assert send(service, once * 2)[2] == send(service, once)[2] == b"ok\n"


def test_a_body_in_chunks_is_read(service):
    told = tell(service, b"Transfer-Encoding: chunked\r\n", b"3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n")
    assert (told["body"], told["CONTENT_LENGTH"]) == ("abcde", "5")
    assert "HTTP_TRANSFER_ENCODING" not in told


def test_a_sender_who_asks_first_is_told_to_go_on(service):
    request = b"POST /tell/ HTTP/1.1\r\n" + HOST + b"Expect: 100-continue\r\nContent-Length: 3\r\n\r\n"
    connection = connect(service, request)
    assert connection.recv(25) == b"HTTP/1.1 100 Continue\r\n\r\n"
    connection.sendall(b"abc")
    assert b'{"body": "abc"' in read(connection)


def test_a_large_body_comes_as_it_was_sent(service):
    body = b"".join(b"%07d\n" % number for number in range(100_000))
    told = tell(service, b"Content-Length: %d\r\n" % len(body), body)
    assert told["body"] == body.decode()


def test_headers_come_from_who_may_send_them_and_none_passes_for_another(service):
    """An underscore would make one of a client's pass for one of the proxy's."""
    headers = b"X_Forwarded_For: 192.0.2.66\r\nX_Remote_User: root\r\nCookie: a=1\r\nX-Forwarded-Proto: https\r\n"
    told = tell(service, headers, method=b"GET")
    assert told["REMOTE_ADDR"] == "127.0.0.1"
    assert told["HTTP_COOKIE"] == "a=1"
    assert told["HTTP_X_FORWARDED_PROTO"] == "https"
    assert "HTTP_X_REMOTE_USER" not in told
    assert tell(service, b"X-Forwarded-For: 192.0.2.7\r\n", method=b"GET")["REMOTE_ADDR"] == "192.0.2.7"
    assert "Server" not in send(service, b"GET / HTTP/1.1\r\n" + HOST + b"\r\n")[1]


def test_a_request_of_http_1_0_needs_no_host(service):
    status, headers, body = send(service, b"GET /healthz HTTP/1.0\r\n\r\n")
    assert (status, headers["Connection"], body) == (200, "close", b"ok\n")


@pytest.mark.parametrize("path", ["/", "/matrix/", "/healthz", "/nowhere/", "/matrix/download.csv", "/wait/head/"])
def test_head_has_the_headers_of_get_and_no_body(service, path):
    (service.data / "head-go").touch()
    kept = (service.data / "log").stat().st_size
    answers = [send(service, f"{verb} {path} HTTP/1.1\r\n".encode() + HOST + b"\r\n") for verb in ("GET", "HEAD")]
    for _, headers, _ in answers:
        for name in ("Date", "Set-Cookie", "X-Request-Id"):
            headers.pop(name, None)
    (status, headers, body), head = answers
    assert head == (status, headers, b"")
    assert body
    said = (service.data / "log").read_bytes()[kept:].decode().splitlines()
    assert not [line for line in said if "Not Found" not in line]
