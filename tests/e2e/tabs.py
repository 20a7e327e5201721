"""Pages that one test after the other gets, each as if nobody had had it before.

A new browser context has an empty cache and a process of its own: half a second of processor time goes by before
its first page is there, much of what a short test takes. What is kept from test to test is what no test is about:
static files, whose names carry a hash, and what the browser has compiled of them.
"""

import re
from contextlib import suppress
from functools import partial

from playwright.sync_api import Error

DESKTOP = {"width": 1440, "height": 900}
# Reports what the policy blocks, also where the console says nothing.
LISTEN = """
  document.addEventListener("securitypolicyviolation", (event) => {
    console.error("CSP violation:", event.violatedDirective, event.blockedURI, event.sourceFile, event.lineNumber);
  });
"""
EMPTY = "() => { localStorage.clear(); sessionStorage.clear(); }"
KEPT = 4
"""Pages with the same options that wait for a test."""
EACH = 50
"""Milliseconds from one look at a page that is waited for to the next."""
LASTING = (
    "add_locator_handler", "close", "expose_binding", "expose_function", "new_cdp_session", "route_from_har",
    "route_web_socket", "set_default_navigation_timeout", "set_default_timeout", "set_extra_http_headers",
    "set_geolocation", "set_offline",
)  # fmt: skip
"""What a test does to a page or its context that stays: nobody else gets that page. Scripts for every page,
permissions, routes and listeners go."""


def wait_until(page, patience, expression, *, arg=None):
    """Wait until a JavaScript expression or function is true in the page, at most `patience` milliseconds.

    Playwright's own waiting evaluates an expression anew within the page, which its policy forbids, as soon as the
    first look finds it false: it worked whenever there was nothing to wait for.
    """
    waited = 0
    while True:
        with suppress(Error):  # the page is just being left
            if page.evaluate(expression, arg):
                return
        assert waited < patience, f"not true within {patience} ms: {expression}"
        page.wait_for_timeout(EACH)
        waited += EACH


def ends_in(path):
    """Addresses that end in a path themselves: a login's has the way on in its query, so `**/path/` fits it, too."""
    return re.compile(rf"^[^?]*{re.escape(path)}$")


class Tab:
    """A page in a context of its own. Errors go to whoever has it: `hear` gets the text and type of each message."""

    def __init__(self, browser, site, patience, options):
        self.options, self.site, self.is_used_up = options, site, False
        self.hear = lambda text, kind: None
        self.context = browser.new_context(base_url=site, viewport=DESKTOP, locale="en-GB", **options)
        self.context.set_default_timeout(patience)
        if options.get("java_script_enabled", True):
            self.context.add_init_script(LISTEN)
        self.pages = []
        self.context.on("page", self._watch)
        self.page = self.context.new_page()
        self.listeners, self.scripts, self.is_granted = [], [], False
        for thing in (self.page, self.context):
            for name in LASTING:
                if hasattr(thing, name):
                    setattr(thing, name, self._noting(getattr(thing, name)))
            for name in ("on", "once"):
                setattr(thing, name, self._listening(thing, getattr(thing, name)))
            thing.add_init_script = self._keeping(thing.add_init_script)
        self.context.grant_permissions = self._granting(self.context.grant_permissions)
        self.page.clock.install = self._noting(self.page.clock.install)
        self.page.wait_for_function = partial(wait_until, self.page, patience)

    def _noting(self, method):
        def note(*arguments, **options):
            self.is_used_up = True
            return method(*arguments, **options)

        return note

    def _keeping(self, method):
        def add(*arguments, **options):
            self.scripts.append(method(*arguments, **options))
            return self.scripts[-1]

        return add

    def _granting(self, method):
        def grant(*arguments, **options):
            self.is_granted = True
            return method(*arguments, **options)

        return grant

    def _listening(self, thing, method):
        def listen(event, listener):
            self.listeners.append((thing, event, listener))
            return method(event, listener)

        return listen

    def _watch(self, page):
        self.pages.append(page)
        page.on("console", lambda message: self.hear(message.text, message.type))
        page.on("pageerror", lambda error: self.hear(str(error), "error"))

    def set(self, *, width, height, color_scheme, reduced_motion, cookies):
        """Make it look as it is asked for. Only what differs from the last test's costs anything."""
        self.page.set_viewport_size({"width": width, "height": height})
        self.page.emulate_media(media="null", color_scheme=color_scheme, reduced_motion=reduced_motion)
        self.context.add_cookies(cookies)

    def empty(self, blank):
        """Leave nothing of a test in it, and nothing that goes on; `blank` is an address with nothing to do.

        Says whether another test may have it.
        """
        if self.is_used_up:
            return False
        try:
            for page in self.pages[1:]:
                page.close()
            del self.pages[1:]
            while self.listeners:
                thing, event, listener = self.listeners.pop()
                with suppress(KeyError):  # it was for one time, or the test took it away
                    thing.remove_listener(event, listener)
            while self.scripts:
                self.scripts.pop().close()
            if self.is_granted:
                self.context.clear_permissions()
                self.is_granted = False
            for thing in (self.page, self.context):
                thing.unroute_all(behavior="ignoreErrors")
            self.page.goto(blank)
            self.page.evaluate(EMPTY)
            self.page.mouse.move(0, 0)
            self.context.clear_cookies()
        except Error:
            return False
        self.hear = lambda text, kind: None
        return True


class Tabs:
    """The pages that wait for a test."""

    def __init__(self, browser, site, blank, patience):
        self.browser, self.site, self.blank, self.patience = browser, site, blank, patience
        self.waiting = []

    def take(self, **options):
        """A page that nobody has, in a context with these options."""
        for tab in self.waiting:
            if tab.options == options:
                self.waiting.remove(tab)
                return tab
        return Tab(self.browser, self.site, self.patience, options)

    def give_back(self, tab, *, reusable):
        if reusable and tab.empty(self.blank):
            self.waiting.append(tab)
            alike = [other for other in self.waiting if other.options == tab.options]
            if len(alike) <= KEPT:
                return
            tab = alike[0]
            self.waiting.remove(tab)
        tab.context.close()
