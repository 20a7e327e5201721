"""What requests of any kind are made of, and the plan and links that they are sent to."""

from django.db import transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from hypothesis import strategies as st

from planner.report.said.filters import LABELS
from planner.sharing import links
from planner.store.holders import Holder
from planner.store.models import hash_token, make_token
from tests.report.samples import contoso
from tests.strategies import HOSTILE_NAMES
from tests.web.views.pages import BROWSERS, know, store

PASSPHRASE = "correct horse"
NUMBERS = [
    "0",
    "-1",
    "1",
    "2",
    "007",
    "9" * 9,
    "9" * 18,
    "9" * 19,
    "9" * 4000,
    "1e9",
    "0x1",
    "１",
    "²",
    "1.0",
    "NaN",
    "∞",
]
TEXTS = st.one_of(
    st.sampled_from(
        [
            *NUMBERS,
            *HOSTILE_NAMES,
            "\0",
            "a\0b",
            "\ud800",
            "\r\nX-Evil: 1",
            "%00",
            "%ff",
            "../..",
            "'\"`",
            "{{ x }}",
            "[",
            "(" * 300,
            "\u202e",
            "é" * 300,
            "x" * 5000,
        ]
    ),
    st.text(max_size=30),
)
NAMES = st.sampled_from(
    [
        *LABELS,
        "view",
        "panel",
        "page",
        "own",
        "from",
        "to",
        "service",
        "unfold",
        "edit",
        "zone",
        "add",
        "find",
        "cover",
        "paper",
        "default_deny",
        "host_files",
        "open_undecided",
        "from",
        "to",
        "matrix_from",
        "matrix_to",
        "sort",
        "show",
        "text",
        "next",
        "q",
        "section",
        "number",
        "revision",
        "edition",
        "product",
    ]
)
PAIRS = st.lists(st.tuples(st.one_of(NAMES, NAMES, st.text(max_size=8)), TEXTS), max_size=6)
RAW = st.one_of(
    st.binary(max_size=60).map(lambda data: data.decode("latin-1")),
    st.lists(
        st.sampled_from(
            [
                "%",
                "%0",
                "%00",
                "%ff",
                "%ED%A0%80",
                "=",
                "&",
                ";",
                "+",
                "?",
                "#",
                "text",
                "since",
                "page",
                "view=flows",
                "sort",
            ]
        ),
        max_size=12,
    ).map("".join),
)
BYTES = st.one_of(
    st.binary(max_size=80).map(lambda data: data.decode("latin-1")),
    st.text(st.characters(codec="latin-1"), max_size=60),
)


def list_paths(patterns, start=""):
    """The route of every address but the admin's and the API's (tests/api/test_anything.py), with its name."""
    for pattern in patterns:
        route = start + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            if pattern.app_name not in ("admin", "ninja"):
                yield from list_paths(pattern.url_patterns, route)
        elif isinstance(pattern, URLPattern):
            yield pattern.name, route


PATTERNS = sorted(name for name, _ in list_paths(get_resolver().url_patterns))


class World:
    """A plan with links of all kinds, one browser that holds it, and one that has opened the links."""

    def __init__(self, handler):
        self.plan, self.key = store(contoso())
        self.open, self.gate, self.changes = make_token(), make_token(), make_token()
        me = Holder(browser=hash_token(BROWSERS[0]))
        for token, terms in (
            (self.open, {}),
            (self.gate, {"passphrase": PASSPHRASE}),
            (self.changes, {"pinned": 1, "shows_changes": True}),
        ):
            links.make_link(plan=self.plan, terms=links.Terms(label="x", **terms), token=token, holder=me)
        opened = self.plan.links.get(token_hash=hash_token(self.open))
        self.files = [self.make_file("report"), self.make_file("reading"), self.make_file("reading", opened)]
        self.edit = links.make_edit_link(plan_id=self.plan.pk, holder=me)
        self.client = know(Client())
        self.client.handler = handler
        self.found = {}
        """What `paths` found, by the name of a pattern: it is asked for with every example."""

    def make_file(self, kind, link=None):
        """The name of a file that was made apart, for those who edit, read, or have this link."""
        facts = [link.pinned, link.shows_changes, link.may_report, link.may_upload] if link else []
        order = {"kind": kind, "format": "csv", "asked": {}, "facts": facts}
        job = self.plan.jobs.create(link=link, order=order, state="done", file="f.csv", size=1)
        job.pieces.create(number=0, data=b"1")
        return job.name

    def paths(self, name):
        """Addresses of a pattern, with the plan and the links that there are."""
        if name not in self.found:
            self.found[name] = list(self._find_paths(name))
        return self.found[name]

    def _find_paths(self, name):
        from django.urls import NoReverseMatch, reverse

        known = {
            "key": [self.key],
            "token": [self.open, self.gate, self.changes, "x" * 43],
            "extension": ["svg"],
            "slug": ["x"],
            "number": ["1"],
        }
        for route_name, route in list_paths(get_resolver().url_patterns):
            if route_name != name:
                continue
            known["name"] = self.files if "<uuid:name>" in route else ["json", "html", "csv", "plan", "none"]
            wanted = [part for part in known if f"{part}>" in route]
            options = [{}]
            for part in wanted:
                options = [chosen | {part: value} for chosen in options for value in known[part]]
            if "edit/" in route and "token" in wanted:
                options = [{"token": self.edit}, {"token": "x" * 43}]
            for chosen in options:
                try:
                    yield reverse(name, kwargs=chosen)
                except NoReverseMatch:
                    continue

    def ask(self, method, path, **more):
        """The answer; what the request changed is taken back."""
        before = self.client.cookies.output()
        with transaction.atomic():
            response = self.client.generic(method, path, **more)
            if response.streaming:
                b"".join(response.streaming_content)
                for close in response._resource_closers:
                    close()
            transaction.set_rollback(True)
        if self.client.cookies.output() != before:
            know(self.client)
        assert response.status_code < 500, (method, path, more)
        return response
