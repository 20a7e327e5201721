"""The words of the product: a page for all of them, help where they stand, and a plan that starts empty."""

import pytest

from planner.plan.kinds import KINDS
from planner.report.said.glossary import TERMS
from planner.store.models import Plan
from planner.templatetags.words import OF_VIEWS
from planner.web.views.state import READER_VIEWS, VIEWS
from ports.actions import load_matrix
from ports.queries import SHIPPED
from tests.web.views.pages import SENTENCE, Page, store, words

NEEDED = [
    "zone",
    "source",
    "destination",
    "service",
    "flow",
    "rule",
    "finding",
    "alternative",
    "state",
    "choice",
    "caveat",
    "prohibition",
    "group",
    "boundary",
]


@pytest.fixture
def matrix(db):
    return load_matrix(path=SHIPPED)[0]


def test_the_page_has_every_word_and_every_kind_of_zone_with_what_it_means(client):
    page = Page(client.get("/words/"))
    assert TERMS.keys() >= {*NEEDED}
    for term in TERMS.values():
        assert SENTENCE.match(term.means)
        assert words(page.one(id=term.slug)).startswith(f"{term.name} {term.means}")
    assert all(kind.help in page.text("main") for kind in KINDS.values())


@pytest.mark.parametrize(
    ("panel", "slugs"),
    [
        ("decisions", ["choice", "caveat"]),
        ("closed", ["prohibition"]),
        ("own", ["own-flow"]),
        ("excluded", ["exclusion"]),
    ],
)
def test_help_stands_at_the_word_and_leads_to_the_others(client, panel, slugs):
    page = Page(client.get(f"/plans/{store()[1]}/?panel={panel}"))
    helps = page.one(id="panel").findall(".//details[@class='term']")
    assert [link.get("href") for help in helps for link in help.iter("a")] == [f"/words/#{slug}" for slug in slugs]
    for help, slug in zip(helps, slugs, strict=True):
        assert words(help.find("summary")).endswith(f"What is meant by: {TERMS[slug].name}")
        assert TERMS[slug].means in words(help)


@pytest.mark.parametrize("view", READER_VIEWS)
def test_every_view_of_a_report_explains_the_words_of_its_heads(client, view):
    key = store()[1]
    page = Page(client.get(f"/plans/{key}/{'' if view in VIEWS else 'read/'}?view={view}"))
    helps = page.one("details", id=f"terms-{view}")
    assert "Words" in words(helps.find("summary"))
    links = [link.get("href").removeprefix("/words/#") for link in helps.iter("a")]
    assert tuple(links) == OF_VIEWS[view]
    assert all(TERMS[slug].means in words(helps) for slug in links)


def test_a_change_request_explains_its_words(client):
    page = Page(client.get(f"/plans/{store()[1]}/changes/"))
    assert TERMS["change-request"].means in page.text("details", id="terms-changes")


def test_the_first_page_explains_kinds_of_zones_beside_starting_empty(client, matrix):
    page = Page(client.get("/"))
    form = next(form for form in page.all("form") if "Start empty" in words(form))
    assert all(kind.help in words(form) for kind in KINDS.values())


@pytest.mark.parametrize(
    ("kinds", "zones"),
    [
        (["internal", "dmz"], [("Internal", "internal"), ("DMZ", "dmz")]),
        (["remote-site"], [("Remote site", "remote-site")]),
        ([], [("Internal", "internal")]),
        (["moon"], [("Internal", "internal")]),
    ],
)
def test_an_empty_plan_has_the_zones_that_were_ticked_and_nothing_in_them(client, matrix, kinds, zones):
    response = client.post("/plans/start/", {"empty": "1", "kind": kinds})
    plan = Plan.objects.get()
    assert response.url == f"/plans/{plan.key}/"
    assert [(zone["name"], zone["kind"]) for zone in plan.document["zones"]] == zones
    assert plan.document["endpoints"] == []
    assert client.get(response.url).status_code == 200


def test_the_address_of_a_plan_that_one_does_not_hold_says_what_to_ask_for(client):
    key = store()[1]
    client.cookies.clear()
    for address in (f"/plans/{key}/", "/plans/00000000-0000-4000-8000-000000000000/?view=flows"):
        response = client.get(address)
        page = Page(response)
        assert response.status_code == 404
        assert "Ask whoever sent it to you for a link." in page.text("main")
        assert len(page.all("li")) == 3
    assert "Ask whoever" not in Page(client.get("/elsewhere/")).text("main")
