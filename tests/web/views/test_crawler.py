"""Everything that can be reached from a read link, followed to its end: nothing leads to more of a plan than that.

Words planted wherever a reader has no business are in nothing that a reader receives.
"""

import pytest
from django.test import Client

from planner.report import CHANGE_FORMATS, FORMATS
from planner.report.formats.rule_texts import RULE_TEXTS
from planner.store.models import Event, Hold, Opening, Plan, ShareLink
from planner.web.views.state import VIEWS
from tests.web.views.planted import GATED, PASSPHRASE, WORDS, Planted, word, words_of
from tests.web.views.spider import Spider, find, layers

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
KINDS = {
    "following": ({}, "three", ["one", "two"]),
    "pinned": ({"pinned": 1}, "one", ["two", "three"]),
    "pinned, with what changed": ({"pinned": 2, "shows_changes": True}, "two", ["one"]),
    "behind a passphrase": (GATED, "three", ["one", "two"]),
}
"""The terms of a link, whose words its readers see, and whose they don't."""


@pytest.fixture
def planted():
    return Planted()


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


def enter(reader, planted, here, terms):
    """Come in by the link; where a passphrase is asked for, nothing is told before it is given."""
    if "passphrase" in terms:
        gate = Spider(reader).crawl(here, within="/shared/")
        assert set(gate.posts) == {(here, f"{here}enter/")}
        secrets = planted.private | planted.keys_but(here)
        for owner in ("one", "two", "three", "other"):
            secrets |= words_of(owner)
        assert not find(gate.visits, secrets)
        reader.post(f"{here}enter/", {"passphrase": PASSPHRASE})
    else:
        reader.get(here)


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_that_is_reached_from_a_read_link_leads_further_into_the_plan(reader, planted, kind):
    terms, shown, hidden = KINDS[kind]
    other_links = [planted.share(**others) for name, (others, *_) in KINDS.items() if name != kind]
    assert len(other_links) == 3
    here = planted.share(**terms)
    enter(reader, planted, here, terms)
    before = facts()
    is_guest = kind == "behind a passphrase"  # who has been let in somewhere is followed out of it, too
    # What a link shows is settled before its filter, so that is gone through thoroughly for one kind of link alone.
    thorough = kind == "pinned, with what changed"
    spider = Spider(reader, thorough).crawl(here, within="" if is_guest else here)
    visits = spider.visits
    under = [visit for visit in visits if visit.path.startswith(here)]
    assert any(visit.path.endswith(".css") for visit in visits) == is_guest
    assert not [str(visit) for visit in visits if visit.response.status_code >= 400]

    # Under the link there is nothing to send, and nothing of another address that begins as a plan's or a link's does.
    assert not [post for post in spider.posts if post[0].startswith(here)]
    paths = {path.partition("?")[0] for path in {visit.path for visit in visits} | spider.outside}
    elsewhere = {path for path in paths if path.startswith(("/shared/", "/edit/", "/plans/", "/admin/"))}
    own = {path for path in elsewhere if path.startswith(here)}
    assert elsewhere - own <= {"/plans/", "/plans/guided/", "/plans/import/"}
    assert {"/", "/matrix/"} <= paths
    assert facts() == before
    assert Opening.objects.count() == 1
    assert not Event.objects.exclude(
        kind__in=["plan-made", "edit-link-made", "link-made", "link-opened", "plan-shared"]
    )

    # It was all looked at: every view, format and option, with a filter and without, as a page and as a part of one.
    expected = {f"{here}report/{name}" for name in FORMATS} | {f"{here}diagram.svg", f"{here}diagram.png", here}
    expected |= {f"{here}rules/{name}.txt" for name in RULE_TEXTS}
    if terms.get("shows_changes"):
        expected |= {f"{here}changes/"} | {f"{here}changes/{name}" for name in CHANGE_FORMATS}
    assert own == expected
    queries = " ".join(visit.path for visit in under)
    assert all(f"view={view}" in queries for view in VIEWS if view != "rules")
    fields = ("text", "source", "destination", "protocol", "section", "endpoint", "zone", "role", "port", "decided",
              "source_endpoint", "destination_endpoint", "cover", "default_deny",
              "open_undecided", "ask_from", "ask_to", "ask_service")  # fmt: skip
    assert [name for name in fields if f"{name}=" not in queries] == []
    assert {visit.part for visit in under} >= {"", "report", "results", "answer"}
    assert all(f"{here}report/{name}?" in queries for name in FORMATS), "as filtered, too"
    assert len(under) > 100

    # Nothing tells what is another's, what opens more, or what other revisions say.
    secrets = planted.private | planted.keys_but(here) | words_of("other")
    for owner in hidden:
        secrets |= words_of(owner)
    assert len(secrets) > 100
    assert not find(visits, secrets)

    # Its own token is in no file but those that are asked to have it. The cookie of an opening is for its path alone.
    files = [visit for visit in under if not visit.is_html]
    covers = [visit for visit in files if "cover=1" in visit.path]
    for visit in files:
        visit.response.cookies.clear()
    token = {"its own token": here.split("/")[2]}
    assert not find([visit for visit in files if visit not in covers], token)
    assert len(find(covers, token)) == len(covers) == 2
    assert len(files) > 2 * len(FORMATS)

    if terms.get("shows_changes"):
        changes = [visit for visit in under if visit.path.startswith(f"{here}changes/")]
        others = [visit for visit in under if visit not in changes]
        assert len(changes) > 4
        assert len(others) > 80
        assert not find(others, words_of("three")), "only what changed tells of the newest revision"
        told = {sentence.split()[0] for sentence in find(changes, {what: word("three", what) for what in WORDS})}
        assert told == {"name", "zone", "dmz", "server", "database", "address", "network", "reason", "firewall"}

    # What they are meant to see is found, whatever it is packed in, so that finding nothing means something.
    whole = {visit.path.removeprefix(here): visit for visit in under if "?" not in visit.path and not visit.part}
    seen = {name: word(shown, name) for name in WORDS}

    told = {path: {sentence.split()[0] for sentence in find([visit], seen)} for path, visit in whole.items()}
    for name in ("pdf", "html", "xlsx", "markdown"):
        assert told[f"report/{name}"] >= {"name", "description", "server", "zone", "reason"}, name
    assert told["report/json"] >= {"name", "server", "zone", "reason"}
    assert told[""] >= {"name", "server", "database", "reason"}
    for name in FORMATS:
        assert told[f"report/{name}"] & {"name", "server"}, name
    named = " ".join(name for name, _ in layers(whole["report/pdf"].response))
    assert all(part in named for part in ("page 1", "facts", "outline", "stream"))
    assert "cells" in " ".join(name for name, _ in layers(whole["report/xlsx"].response))
