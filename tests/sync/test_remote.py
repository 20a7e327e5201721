"""A service behind an address: which addresses are taken, where the token goes, and services that are none."""

import http.server
import json
import threading

import pytest

from planner.management.sync import remote
from planner.management.sync.remote import Refused, Service, There, read_address
from planner.plan.rows import Renames
from tests.sync.syncing import run, said, tracked, write

KEY = "9c1c1b1e-0000-4000-8000-00000000000a"
SECRET = "ppt_" + "s" * 43


@pytest.mark.parametrize(
    ("text", "api", "key"),
    [
        ("https://a.example", "https://a.example/api/v1", None),
        ("https://a.example:8443/", "https://a.example:8443/api/v1", None),
        ("https://a.example/sub/plans/", "https://a.example/sub/api/v1", None),
        ("https://a.example/sub/api/v1", "https://a.example/sub/api/v1", None),
        (f"https://a.example/plans/{KEY}/", "https://a.example/api/v1", KEY),
        (f"https://a.example/sub/api/v1/plans/{KEY}", "https://a.example/sub/api/v1", KEY),
        ("http://localhost:8000/", "http://localhost:8000/api/v1", None),
        ("http://[::1]:8000/", "http://[::1]:8000/api/v1", None),
    ],
)
def test_addresses_of_services_and_of_plans_are_taken(text, api, key):
    found = read_address(text)
    assert (found.api, found.plan and str(found.plan)) == (api, key)


@pytest.mark.parametrize(
    "text",
    [
        "http://a.example/", "ftp://a.example/", "a.example", "https://", "https://a.example:x/", "https://[::1",
        "https://me:word@a.example/", "https://a.example/?token=1", "https://a.example/#a",
        f"https://a.example/plans/{'-' * 36}/", "file:///etc/passwd", "--help", "",
    ],
)  # fmt: skip
def test_no_token_goes_anywhere_else(text):
    with pytest.raises(Refused, match=r"^(“|The address).*\.$"):
        read_address(text)


@pytest.mark.parametrize("token", ["", " ", "two words", "é", "x" * 201, "a\nb"])
def test_without_a_token_nothing_is_asked(monkeypatch, token):
    monkeypatch.setenv("PLANNER_TOKEN", token)
    with pytest.raises(Refused, match="PLANNER_TOKEN"):
        Service("https://a.example/api/v1")


@pytest.fixture
def answers():
    """What a server on this machine answers, by address; and what it was asked with."""
    told = {}
    asked = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append((self.path, self.headers.get("Authorization")))
            status, headers, body = told.get(self.path, (404, {}, b"{}"))
            self.send_response(status)
            for name, value in {"Content-Length": len(body), **headers}.items():
                self.send_header(name, str(value))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", told, asked
    server.shutdown()
    thread.join()
    server.server_close()


JSON = {"Content-Type": "application/json"}


@pytest.fixture
def there(answers, monkeypatch):
    monkeypatch.setenv("PLANNER_TOKEN", SECRET)
    address, _, _ = answers
    found = read_address(f"{address}/plans/{KEY}/")
    return There(Service(found.api), found.plan)


def as_json(value, **headers):
    return 200, JSON | headers, json.dumps(value).encode()


PLAN = f"/api/v1/plans/{KEY}"


def test_the_token_follows_no_redirect(answers, there):
    address, told, asked = answers
    told[PLAN] = (302, {"Location": f"{address}/elsewhere"}, b"")
    with pytest.raises(Refused, match="302"):
        there.read()
    assert asked == [(PLAN, f"Bearer {SECRET}")]


@pytest.mark.parametrize(
    "answer",
    [
        (200, JSON, b"{"), (200, JSON, b"[" * 100_000), (200, {"Content-Type": "text/html"}, b"<p>"), as_json({}),
        as_json([1], ETag='"1"'), as_json({}, ETag='"x"'), (500, {}, b""), (404, JSON, b'{"detail": 7, "faults": 8}'),
        (403, JSON, b'[]'), (422, JSON, b'{"detail": "D", "faults": [1, {"where": "w", "message": "m"}]}'),
        (200, JSON | {"Content-Length": 10}, b""),
    ],
)  # fmt: skip
def test_what_is_no_planner_is_told_in_a_sentence(answers, there, answer):
    _, told, _ = answers
    told[PLAN] = answer
    with pytest.raises(Refused, match=r"\.$|m$"):
        there.read()


def test_too_much_is_not_read(answers, there, monkeypatch):
    _, told, _ = answers
    told[PLAN] = as_json({"a": "x" * 100}, ETag='"1"')
    monkeypatch.setattr(remote, "MOST_BYTES", 50)
    with pytest.raises(Refused, match="the most that is read"):
        there.read()


@pytest.mark.parametrize("commit", ["--upload-pack=evil", "HEAD", "", "xyz1234", 7, None])
def test_a_commit_that_is_none_becomes_no_word_of_a_command(answers, there, commit):
    _, told, _ = answers
    told[f"{PLAN}/pushes?limit=200"] = as_json(
        {"items": [{"commit": commit, "path": "p", "revision": 1}], "next": None}
    )
    with pytest.raises(Refused, match="doesn't answer as a planner does"):
        there.list_pushes()


def test_lists_are_read_page_by_page_and_no_further_than_needed(answers, there):
    _, told, asked = answers

    def page(first, after):
        rows = [{"number": number, "renames": {"zones": {}, "endpoints": {f"n{number - 1}": f"n{number}"}}}
                for number in (first, first - 1)]  # fmt: skip
        return as_json({"items": rows, "next": after})

    told[f"{PLAN}/revisions?limit=200"] = page(9, "a&b")
    told[f"{PLAN}/revisions?limit=200&after=a%26b"] = page(7, "c")
    assert there.list_renames(6) == Renames(endpoints={"n6": "n9"})
    assert len(asked) == 2
    told[f"{PLAN}/revisions?limit=200"] = as_json({"items": [{"number": 9, "renames": {"colour": {}}}], "next": None})
    with pytest.raises(Refused):
        there.list_renames(6)


def test_a_service_that_is_not_there_is_told(monkeypatch, in_folder, capsys):
    monkeypatch.setenv("PLANNER_TOKEN", SECRET)
    row = type("Row", (), {"key": KEY})
    write(tracked(row))
    for address in ("http://127.0.0.1:9/", "http://planner.example.com/", "nonsense"):
        assert run("push", "site.yaml", "--to", address) == 2
        assert run("pull", "site.yaml", "--from", address) == 2
    monkeypatch.delenv("PLANNER_TOKEN")
    assert run("push", "site.yaml", "--to", "https://planner.example.com/") == 2
    told = capsys.readouterr().err
    assert told.count("site.yaml: ") == 7
    assert SECRET not in told
    assert said() == tracked(row)


def test_wrong_usage_has_its_own_status(in_folder):
    from django.core.management import CommandError

    for words in (("push",), ("push", "a.yaml", "--ours", "--theirs"), ("pull", "a.yaml", "--to", "x")):
        with pytest.raises(CommandError):
            run(*words)
