"""Everything that can be reached from a read link, followed to its end: nothing leads to more of a plan than that."""

import pytest
from django.test import Client

from planner import actions, links
from planner.holders import Holder
from planner.models import Event, Hold, Opening, Plan, ShareLink, hash_token, make_token
from planner.renderers import FORMATS
from planner.renderers.changes import CHANGE_FORMATS
from planner.views.state import VIEWS
from ports.queries import shipped_matrix
from tests.renderers.samples import contoso
from tests.views.pages import store
from tests.views.spider import Spider, find, layers

pytestmark = pytest.mark.django_db
ME = Holder(browser="e" * 64, name="Kim")
PASSPHRASE = "correct-horse-battery"
KINDS = {
    "following": {},
    "pinned": {"pinned": 1},
    "pinned, with what changed": {"pinned": 1, "shows_changes": True},
    "behind a passphrase": {"passphrase": PASSPHRASE},
}


class Shared:
    """A plan with an edit link and read links of every kind, and another plan that is nobody's business."""

    def __init__(self):
        self.plan, self.key = store(contoso(name="Shared-plan-of-Contoso"))
        self.other, self.other_key = store(contoso(name="Merger-of-Fabrikam"))
        actions.override_port(plan_id=self.plan.pk, matrix=shipped_matrix(), service="website", ports="4443")
        self.edit = links.make_edit_link(plan_id=self.plan.pk, holder=ME)
        self.other_edit = links.make_edit_link(plan_id=self.other.pk, holder=ME)
        self.tokens = {kind: make_token() for kind in KINDS}
        for kind, terms in KINDS.items():
            self.make(self.plan, kind, self.tokens[kind], **terms)
        self.other_read = make_token()
        self.make(self.other, "Another", self.other_read)

    @staticmethod
    def make(plan, label, token, **terms):
        links.make_link(plan=plan, terms=links.Terms(label=label, **terms), token=token, holder=ME)

    def secrets(self, kind):
        """What a reader with one of the links must not learn, by what it is."""
        tokens = {
            "the edit link": self.edit,
            "the edit link of another plan": self.other_edit,
            "a read link of another plan": self.other_read,
            **{f"the read link {other}": token for other, token in self.tokens.items() if other != kind},
        }
        hashes = {f"the hash of {name}": hash_token(token) for name, token in tokens.items()}
        keys = {"the plan's key": self.key, "another plan's key": self.other_key}
        return tokens | hashes | keys | {
            **{f"{name} without hyphens": key.replace("-", "") for name, key in keys.items()},
            "the hash of its own link": hash_token(self.tokens[kind]),
            "another plan's name": self.other.name,
            "the passphrase": PASSPHRASE,
        }  # fmt: skip


@pytest.fixture
def shared():
    return Shared()


@pytest.fixture
def reader(handler):
    client = Client()
    client.handler = handler
    return client


def facts():
    """All that an edit would change."""
    return (
        list(Plan.objects.order_by("pk").values()),
        list(ShareLink.objects.order_by("pk").values()),
        list(Hold.objects.order_by("pk").values("plan", "browser", "user", "role", "archived")),
        [(plan.revisions.count(), plan.handovers.count(), plan.viewers.count()) for plan in Plan.objects.all()],
    )


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_that_is_reached_from_a_read_link_leads_further_into_the_plan(reader, shared, kind):
    here = f"/shared/{shared.tokens[kind]}/"
    if KINDS[kind].get("passphrase"):
        gate = Spider(reader).crawl(here, within="/shared/")
        assert set(gate.posts) == {(here, f"{here}enter/")}
        assert not find(gate.visits, shared.secrets(kind) | {"its name": shared.plan.name})
        reader.post(f"{here}enter/", {"passphrase": PASSPHRASE})
    else:
        reader.get(here)
    before = facts()
    spider = Spider(reader).crawl(here)
    under = [visit for visit in spider.visits if visit.path.startswith(here)]
    assert not [str(visit) for visit in spider.visits if visit.response.status_code >= 400]
    assert not find(spider.visits, shared.secrets(kind))

    # Under the link there is nothing to send, and nothing of another address that begins as a plan's or a link's does.
    assert not [post for post in spider.posts if post[0].startswith(here)]
    paths = {visit.path.partition("?")[0] for visit in spider.visits}
    elsewhere = {path for path in paths if path.startswith(("/shared/", "/edit/", "/plans/", "/admin/"))}
    own = {path for path in elsewhere if path.startswith(here)}
    assert elsewhere - own <= {"/plans/", "/plans/guided/", "/plans/import/"}
    assert facts() == before
    assert Opening.objects.count() == 1
    assert not Event.objects.exclude(kind__in=["plan-made", "edit-link-made", "link-made", "link-opened"])

    # Its own token is in no file but those that are asked to have it. The cookie of an opening is for its path alone.
    files = [visit for visit in under if not visit.is_html]
    covers = [visit for visit in files if "cover=1" in visit.path]
    for visit in files:
        visit.response.cookies.clear()
    token = {"its own token": shared.tokens[kind]}
    assert not find([visit for visit in files if visit not in covers], token)
    assert len(find(covers, token)) == len(covers) == 2
    assert len(files) > 2 * len(FORMATS)

    # It was all looked at: every view, format and option, with a filter and without, as a page and as a part of one.
    expected = {f"{here}report/{name}" for name in FORMATS} | {f"{here}diagram.svg", f"{here}diagram.png", here}
    if kind == "pinned, with what changed":
        expected |= {f"{here}changes/"} | {f"{here}changes/{name}" for name in CHANGE_FORMATS}
    assert own == expected
    queries = " ".join(visit.path for visit in under)
    assert all(f"view={view}" in queries for view in VIEWS if view != "rules")
    fields = ("text", "source", "destination", "protocol", "section", "endpoint", "zone", "role", "port", "decided",
              "source_endpoint", "destination_endpoint", "cover", "default_deny")  # fmt: skip
    assert [name for name in fields if f"{name}=" not in queries] == []
    assert {visit.part for visit in under} >= {"", "report", "results"}
    assert all(f"{here}report/{name}?" in queries for name in FORMATS), "as filtered, too"
    assert len(under) > 100
    assert {"/", "/matrix/"} <= paths
    assert any(path.endswith(".css") for path in paths)


def test_the_crawl_would_find_what_it_looks_for(reader, handler, shared):
    """What is in each file is found in it, whatever the file is packed in, so that finding nothing means something."""
    here = f"/shared/{shared.tokens['following']}/"
    shown = {"the name": "Shared-plan-of-Contoso", "an endpoint": "esx01.example.net"}
    spider = Spider(reader).crawl(here, within=here)
    whole = [visit for visit in spider.visits if visit.path.startswith(f"{here}report/") and "?" not in visit.path]
    assert {visit.path.removeprefix(f"{here}report/") for visit in whole} == set(FORMATS)
    for visit in whole:
        assert find([visit], shown), visit
    [pdf] = [visit for visit in whole if visit.path.endswith("/pdf")]
    [book] = [visit for visit in whole if visit.path.endswith("/xlsx")]
    assert len(find([pdf, book], shown)) == 4
    named = " ".join(name for name, _ in layers(pdf.response))
    assert all(part in named for part in ("page 1", "facts", "outline", "stream"))
    assert "cells" in " ".join(name for name, _ in layers(book.response))
