"""The service as it is run, with its worker processes: limits hold across them, and no secret is left lying about."""

import re
import socket
import sqlite3
import threading
import urllib.error
import urllib.parse
import urllib.request
from contextlib import closing
from http.cookiejar import CookieJar, DefaultCookiePolicy
from pathlib import Path

import pytest

from tests import databases, started
from tests.web.views.pages import parse

pytestmark = pytest.mark.slow

PASSPHRASE, WRONG = "zq-correct-horse", "zq-wrong-guess"
OPENINGS = 3


class Browser:
    """Follows no redirect and keeps cookies."""

    def __init__(self, service):
        class Stay(urllib.request.HTTPRedirectHandler):
            def redirect_request(self, *_):
                return None

        self.base = service.address
        self.jar = CookieJar(DefaultCookiePolicy(allowed_domains=[service.host]))
        self.opener = urllib.request.build_opener(Stay, urllib.request.HTTPCookieProcessor(self.jar))

    def ask(self, path, data=None):
        """The status, the headers and the body of the answer."""
        body = urllib.parse.urlencode(data).encode() if data is not None else None
        return self.post(path, body, "application/x-www-form-urlencoded")

    def post(self, path, body, kind):
        """The same with a body of any kind; without one it is asked for by GET."""
        request = urllib.request.Request(self.base + path, body, {"Content-Type": kind} if body is not None else {})
        try:
            with self.opener.open(request, timeout=600) as answer:
                return answer.status, answer.headers, answer.read()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.headers, error.read()

    def page(self, path, data=None):
        return parse(self.ask(path, data)[2].decode())


class Sharing:
    """A plan on the running service, and a browser that shares it."""

    def __init__(self, service):
        self.service, self.owner = service, Browser(service)
        _, headers, _ = self.owner.ask("/plans/start/", self._token(self.owner.page("/")) | {"example": "dmz"})
        self.plan = headers["Location"]
        self.links, self.secrets = f"{self.plan}links/", {}

    @staticmethod
    def _token(page):
        return {"csrfmiddlewaretoken": page.all("input", name="csrfmiddlewaretoken")[0].get("value")}

    def make(self, name, kind="make", **terms):
        """Make a link: its path."""
        page = self.owner.page(self.links)
        action = f"{self.links}{kind}/"
        form = page.one("form", action=action)
        data = {field.get("name"): field.get("value") for field in form.iter("input") if field.get("type") == "hidden"}
        usual = {"label": name, "shows": "newest", "days": "30"} if kind == "make" else {}
        made = self.owner.page(action, data | usual | terms)
        path = urllib.parse.urlsplit(made.one("input", id="made-address").get("value")).path
        self.secrets[name] = path.split("/")[2]
        self.secrets[f"{name}, as it was offered"] = data["offer"]
        return path

    def enter(self, browser, path, passphrase=""):
        return browser.ask(f"{path}enter/", self._token(browser.page(path)) | {"passphrase": passphrase})[0]


def at_once(tasks):
    """The answers to requests that are sent at the same time, each from a thread of its own."""
    ready, answers = threading.Barrier(len(tasks)), [None] * len(tasks)

    def run(place, task):
        ready.wait()
        answers[place] = task()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(tasks)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def copy_rows(service, path):
    """All that the database has: as a copy of its file, or of a server each row as a text."""
    if databases.SERVER:
        tables = [
            name for [name] in databases.ask(service, "SELECT tablename FROM pg_tables WHERE schemaname='public'")
        ]
        rows = (row for table in tables for row in databases.ask(service, f'SELECT t::text FROM "{table}" t'))
        path.write_text("\n".join(str(text) for [text] in rows), "utf-8")
        return
    with (
        closing(sqlite3.connect(service.data / "planner.sqlite3")) as source,
        closing(sqlite3.connect(path)) as target,
    ):
        source.backup(target)


@pytest.fixture(scope="module")
def sharing():
    """The service with three processes, which log whatever can be logged, on the tests' kind of database."""
    serve = databases.serve if databases.SERVER else started.serve
    with serve(
        PLANNER_WORKERS="3",
        DJANGO_SETTINGS_MODULE="tests.sharing.loud_settings",
        GUNICORN_CMD_ARGS="--log-level debug",
    ) as service:
        yield Sharing(service)


def test_the_start_says_which_database_is_used(sharing):
    said = r"PostgreSQL\." if databases.SERVER else r"SQLite 3\.\d+\.\d+ of .+: .+\."
    assert re.search(f"^{said}$", (sharing.service.data / "log").read_text("utf-8"), re.MULTILINE)


def test_a_link_opens_as_often_as_it_may_however_many_come_at_once(sharing):
    path = sharing.make("few openings", most_openings=str(OPENINGS))
    browsers = [Browser(sharing.service) for _ in range(12)]
    tokens = [Sharing._token(browser.page(path)) for browser in browsers]
    answers = at_once(
        [
            lambda b=browser, t=token: b.ask(f"{path}enter/", t)[0]
            for browser, token in zip(browsers, tokens, strict=True)
        ]
    )
    assert sorted(answers) == [302] * OPENINGS + [404] * (12 - OPENINGS)
    assert sum(browser.ask(path)[0] == 200 for browser in browsers) == OPENINGS
    assert f"opened {OPENINGS} times, at most {OPENINGS}" in sharing.owner.page(sharing.links).text("main")


def test_a_form_that_one_browser_sends_many_times_at_once_opens_once(sharing):
    path = sharing.make("impatient", most_openings="1")
    browser = Browser(sharing.service)
    token = Sharing._token(browser.page(path))
    assert at_once([lambda: browser.ask(f"{path}enter/", token)[0]] * 6) == [302] * 6
    assert Browser(sharing.service).ask(path)[0] == 404


def test_ten_wrong_passphrases_are_all_that_an_hour_has_for_all_processes_together(sharing):
    path = sharing.make("guarded", passphrase=PASSPHRASE)
    browsers = [Browser(sharing.service) for _ in range(16)]
    answers = at_once([lambda b=browser: sharing.enter(b, path, WRONG) for browser in browsers])
    assert sorted(answers) == [403] * 10 + [429] * 6
    assert sharing.enter(Browser(sharing.service), path, PASSPHRASE) == 429


def test_a_form_sent_many_times_at_once_makes_one_link(sharing):
    page = sharing.owner.page(sharing.links)
    action = f"{sharing.links}make/"
    form = page.one("form", action=action)
    data = {field.get("name"): field.get("value") for field in form.iter("input") if field.get("type") == "hidden"}
    data |= {"label": "zq-doubled", "shows": "newest", "days": "30"}
    pages = at_once([lambda: sharing.owner.page(action, data)] * 6)
    assert len({page.one("input", id="made-address").get("value") for page in pages}) == 1
    names = [item.text for item in sharing.owner.page(sharing.links).one("ul", class_="links").iter("bdi")]
    assert names.count("zq-doubled") == 1


def read_files(folder):
    """What stands in the data folder, the static files aside, as bytes by name."""
    files = [path for path in Path(folder).rglob("*") if path.is_file() and "static" not in path.parts]
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def test_no_token_and_no_passphrase_is_in_a_log_in_the_database_or_in_a_backup(sharing):
    """Whatever goes wrong, at the lowest level of logging, in the bytes on the disk."""
    edit = sharing.make("the edit link", kind="edit")
    read = sharing.make("a read link")
    gate = sharing.make("a gate", passphrase=PASSPHRASE)
    old = sharing.make("another edit link", kind="edit")
    reader = Browser(sharing.service)
    for path in (
        read, f"{read}report/json", f"{read}report/none", f"{read}?view=flows&protocol=udp", f"{read}changes/", gate,
        edit, old, old[:-1], f"{read}x", f"/nowhere/?next={urllib.parse.quote(read, safe='')}",
        f"{read}report/json?since=9",
    ):  # fmt: skip
        reader.ask(path)
        reader.ask(path, {"x": "1"})
    sharing.secrets.update({"the passphrase": PASSPHRASE, "a wrong passphrase": WRONG})
    assert [sharing.enter(reader, gate, said) for said in (WRONG, PASSPHRASE)] == [403, 302]
    sharing.owner.ask(f"{sharing.plan}export.zip")
    # What is no request is told of with a part of it.
    for line in (
        f"GET {read} x HTTP/1.1",
        f"GET {read} HTTP/9.9",
        f"G\0T {read} HTTP/1.1",
        f"GET {read} HTTP/1.1\r\nA B: 1",
    ):
        with socket.create_connection((sharing.service.host, sharing.service.port), timeout=600) as connection:
            connection.sendall(f"{line}\r\nHost: 127.0.0.1\r\n\r\n".encode())
            connection.recv(1000)

    folder = Path(sharing.service.environment["PLANNER_DATA"])
    copy_rows(sharing.service, folder / "backup")
    files = read_files(folder)
    assert {"log", "backup", "secret-key", *(() if databases.SERVER else ("planner.sqlite3",))} <= files.keys()
    assert b"a read link" in files["backup"], "its label is what is looked at"
    log = files["log"].decode()
    for logger in (
        "django.db.backends",
        "django.template",
        "django.request",
        "planner.audit",
        "[DEBUG] GET",
        "Invalid request",
    ):
        assert logger in log, f"{logger} has said nothing"
    found = [
        (name, file)
        for name, secret in sharing.secrets.items()
        for file, data in files.items()
        if secret.encode() in data
    ]
    assert not found
    assert len(sharing.secrets) >= 10
    keys = [cookie.value for cookie in sharing.owner.jar if cookie.name == "viewer"]
    assert keys
    assert not [
        file for file, data in files.items() if keys[0].strip('"').split(":")[0].split(" ")[0].encode() in data
    ]


def test_a_worker_that_fails_over_a_request_doesnt_name_its_token():
    """gunicorn's own words about a request that it has to give up."""
    import io
    import logging

    from gunicorn.config import Config
    from gunicorn.glogging import Logger

    import planner.deploy.gunicorn

    assert planner.deploy.gunicorn.accesslog is None
    logger = Logger(Config())
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    logger.error_log.addHandler(handler)
    try:
        logger.exception("Error handling request %s %s", "GET", f"/shared/{'t1' * 21}t/?view=flows")
    finally:
        logger.error_log.removeHandler(handler)
    assert "Error handling request GET /shared/…/?view=flows" in stream.getvalue()
