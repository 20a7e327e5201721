"""The browser and the server of the end-to-end tests.

Each test gets a fresh page. It fails when the page throws, logs an error or violates the Content Security Policy, and
leaves a screenshot and the HTML in tests/artifacts/ when it fails for whatever reason.
"""

import os
import re
import subprocess
from pathlib import Path
from threading import Condition
from time import sleep

import pytest
from django.conf import settings
from django.templatetags.static import static
from playwright.sync_api import expect, sync_playwright
from pytest_django.live_server_helper import LiveServer

from planner.store.presence import COOKIE
from tests.e2e import axe
from tests.e2e.tabs import DESKTOP, Tabs
from tests.quick import load_shipped
from tests.web.views.pages import BROWSERS, visitor_cookie

# Patience, as machines can be busy: no test is about time.
PATIENCE = 60_000
expect.set_options(timeout=PATIENCE)

DRIVER = Path(__file__).with_name("driver.cjs")
"""What Playwright's driver does otherwise here."""
LATE = 0.3
"""Seconds that each part of a page waits under `--late`."""
ARTIFACTS = Path(__file__).resolve().parents[1] / "artifacts"
# What Playwright switches off itself, as Chromium listens to the last list of these alone, and `RenderDocument`: each
# page would get a frame of its own, with all that draws it, where the last one's does: a fifth of what it takes.
SWITCHED_OFF = [
    "AimEnabled", "AvoidCorsURLLoaderRestartOnRedirect", "AvoidUnnecessaryBeforeUnloadCheckSync",
    "DestroyProfileOnBrowserClose", "HttpsFirstBalancedModeAutoEnable", "HttpsUpgrades", "LensOverlay", "MediaRouter",
    "NetworkTimeServiceQuerying", "OptimizationHints", "PaintHolding", "PreconnectToSearch", "RenderDocument",
    "ThirdPartyStoragePartitioning",
]  # fmt: skip
ARGUMENTS = [
    f"--disable-features={','.join(SWITCHED_OFF)}",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # Each page is new, and what V8 compiles a second time, to have it run faster, isn't there for long enough to pay.
    # Garbage is looked for when there is more of it: axe leaves much.
    "--js-flags=--no-turbofan,--min-semi-space-size=64",
]


def pytest_collection_modifyitems(items):
    here = f"{Path(__file__).parent}{os.sep}"
    for item in items:
        if str(item.path).startswith(here):
            item.add_marker(pytest.mark.e2e)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    if report.failed:
        item.stash[FAILED] = True
        _keep_artifacts(item)
    return report


TAKEN = pytest.StashKey[list]()
FAILED = pytest.StashKey[bool]()


def _keep_artifacts(item):
    """The pictures and HTML of every page that the test has open."""
    ARTIFACTS.mkdir(parents=True, exist_ok=True)
    stem = ARTIFACTS / re.sub(r"[^A-Za-z0-9]+", "-", item.nodeid.partition("tests/")[2] or item.nodeid)[:150]
    open_pages = [page for tab in item.stash.get(TAKEN, ()) for page in tab.pages if not page.is_closed()]
    for number, page in enumerate(open_pages, 1):
        path = stem if number == 1 else stem.with_name(f"{stem.name}-{number}")
        path.with_suffix(".html").write_text(page.content(), "utf-8")
        page.screenshot(path=path.with_suffix(".png"), full_page=True)


def chromium_path():
    """The browser that scripts/chromium.sh finds; PLANNER_CHROMIUM has the first word."""
    script = Path(__file__).resolve().parents[2] / "scripts" / "chromium.sh"
    return os.environ.get("PLANNER_CHROMIUM") or subprocess.check_output([script], text=True).strip()


@pytest.fixture(scope="package")
def browser():
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")  # Playwright runs an event loop in this thread
        with pytest.MonkeyPatch.context() as starting:
            starting.setenv("NODE_OPTIONS", f'--require="{DRIVER}"', prepend=" ")
            playwright = sync_playwright().start()
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=ARGUMENTS)
        yield browser
        browser.close()
        playwright.stop()


def send_late(answer):
    """A page in two parts, with a pause between them."""
    body = b"".join(answer)
    try:
        yield body[: len(body) // 3]
        sleep(LATE)
        yield body[len(body) // 3 :]
    finally:
        answer.close()


class UnderWay:
    """The application, and how many of its requests are under way.

    With `--late` it begins late with each, and sends pages in two parts: what looks too early finds nothing, or half.
    """

    def __init__(self, application, *, is_late):
        self.application, self.is_late, self.count, self.changed = application, is_late, 0, Condition()

    def __call__(self, environ, start_response):
        self._add(1)
        try:
            if environ["PATH_INFO"] == axe.ADDRESS:
                return axe.answer(start_response)
            if not self.is_late or environ["PATH_INFO"].startswith(settings.STATIC_URL):
                return self.application(environ, start_response)
            sleep(LATE)
            answer = self.application(environ, start_response)
            is_page = not getattr(answer, "streaming", True) and "html" in answer.get("Content-Type", "")
            return send_late(answer) if is_page else answer
        finally:
            self._add(-1)

    def _add(self, number):
        with self.changed:
            self.count += number
            self.changed.notify_all()

    def wait(self):
        """Until none is."""
        with self.changed:
            assert self.changed.wait_for(lambda: not self.count, PATIENCE / 1000), "a request goes on and on"


class PlainServer(LiveServer):
    """pytest-django's live server, with static files from WhiteNoise as in production: hashed and compressed."""

    def __init__(self, address, *, is_late):
        super().__init__(address, start=False)
        self.is_late = is_late
        self.thread.static_handler = self._watch
        self.start()

    def _watch(self, application):
        self.requests = UnderWay(application, is_late=self.is_late)
        return self.requests


@pytest.fixture(scope="package")
def live_server(request):
    """Overrides pytest-django's, which would serve the static files from their sources."""
    request.getfixturevalue("django_db_setup")
    blocker = request.getfixturevalue("django_db_blocker")
    with blocker.unblock():
        server = PlainServer("localhost", is_late=request.config.getoption("late"))
    axe.served.add(server.url)
    yield server
    server.stop()


@pytest.fixture
def matrix(transactional_db):
    return load_shipped()


@pytest.fixture
def site(live_server, matrix):
    """The address of the application, with the shipped matrix loaded and no plans.

    What a page that has gone has asked for ends before the tables are emptied: on PostgreSQL each would wait for the
    other.
    """
    yield live_server.url
    live_server.requests.wait()


@pytest.fixture(scope="package")
def tabs(browser, live_server):
    return Tabs(browser, live_server.url, live_server.url + static("icon.svg"), PATIENCE)


@pytest.fixture
def open_page(tabs, site, request):
    """Opens a page in a context of its own: open_page(width=390, color_scheme="dark", java_script_enabled=False).

    Each is another browser, up to as many as hold the plans that `tests.web.views.pages.store` makes.

    `status` is that of an error page the test asks for, or several, 0 a network that fails: the browser logs an error
    for it.
    """
    taken, troubles = request.node.stash.setdefault(TAKEN, []), []

    def open_page(
        *, width=DESKTOP["width"], height=DESKTOP["height"], status=200, color_scheme="light",
        reduced_motion="no-preference", **options,
    ):  # fmt: skip
        expected = []
        for each in status if isinstance(status, tuple) else (status,):
            expected += (
                [f"responded with a status of {each} ", f"Response Status Error Code {each} "]
                if each
                else ["net::ERR_", "htmx:sendError", "htmx:timeout"]
            )
        # A request that a newer one replaces is given up on purpose.
        expected += ["htmx:sendAbort", "htmx:afterRequest"]

        def hear(text, kind):
            if kind == "error" and not any(part in text for part in expected):
                troubles.append(text)

        tab = tabs.take(**options)
        key = BROWSERS[len(taken) % len(BROWSERS)]
        taken.append(tab)
        tab.hear = hear
        cookies = [{"name": COOKIE, "value": visitor_cookie(key), "url": site}]
        tab.set(width=width, height=height, color_scheme=color_scheme, reduced_motion=reduced_motion, cookies=cookies)
        return tab.page

    yield open_page
    try:
        assert not troubles, "\n".join(troubles)
    finally:
        # A test that failed has left its pictures by now; one that fails here hasn't.
        if troubles:
            _keep_artifacts(request.node)
        is_well = not troubles and not request.node.stash.get(FAILED, False)
        while taken:
            tabs.give_back(taken.pop(), reusable=is_well)


@pytest.fixture
def page(open_page):
    """A page on a desktop screen, light, with JavaScript."""
    return open_page()
