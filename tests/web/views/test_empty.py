"""Where a page has nothing to list it says what the thing is, and leads to the one next step."""

import pytest

from planner.sharing import links
from planner.store.holders import Holder
from tests.report.samples import contoso, write_plan
from tests.web.views.pages import Page, store, words

ALONE = {"name": "PS01", "zone": "Internal", "roles": ["web-primary"]}
WITHIN = ALONE, {"name": "DB01", "zone": "Internal", "roles": ["database"]}


def empty(page):
    """What stands in place of the list, and where its link leads."""
    [said] = [one for one in page.one(id="results").iter("p") if "empty" in (one.get("class") or "").split()]
    [link] = said.iter("a")
    return words(said), link.get("href")


@pytest.mark.parametrize(
    ("ends", "query", "said", "way"),
    [
        ((), "", "This plan has none yet. Add the first endpoint", "?add=endpoint"),
        ((), "?view=flows", "This plan has none yet. Add the first endpoint", "?add=endpoint"),
        ((ALONE,), "", "Give endpoints roles in the table", "endpoints/"),
        (WITHIN, "", "no firewall rule is needed. What stays within a zone", "?view=flows"),
        (None, "?text=nothing-of-the-kind", "No rule matches the filter. Show all rules", "?"),
        (None, "?view=flows&text=nothing-of-the-kind", "No flow matches the filter. Show all flows", "?view=flows"),
    ],
)
def test_a_report_that_lists_nothing_leads_on(client, ends, query, said, way):
    key = store(contoso() if ends is None else write_plan(*ends))[1]
    found, link = empty(Page(client.get(f"/plans/{key}/{query}")))
    assert said in found
    assert link == f"/plans/{key}/{way}"
    assert client.get(link).status_code == 200


def test_readers_of_an_empty_plan_are_told_whom_to_ask(client):
    row, _ = store(write_plan())
    links.make_link(plan=row, terms=links.Terms(label="Team"), token="T" * 43, holder=Holder(browser="b" * 64))
    page = Page(client.get(f"/shared/{'T' * 43}/"))
    assert "This plan has none yet. Ask whoever made this plan." in page.text(id="results")


@pytest.mark.parametrize(
    ("panel", "said", "way"),
    [
        ("topology", "No endpoints yet: machines or people that stand here. Add one", "?add=endpoint&in=Internal"),
        ("own", "None yet. Add the first one below", "#own-new"),
        ("excluded", "Choose a flow that isn’t needed", "view=flows"),
        ("closed", "Nothing yet. Keep something closed", "#never-add-title"),
        ("firewalls", "Add the first one below", "#firewall-form-title"),
    ],
)
def test_an_empty_panel_leads_to_where_the_first_one_is_made(client, panel, said, way):
    ends = () if panel == "topology" else WITHIN
    panel = Page(client.get(f"/plans/{store(write_plan(*ends))[1]}/?panel={panel}")).one(id="panel")
    assert said in words(panel)
    assert any(way in link.get("href", "") for link in panel.iter("a"))
    if way.startswith("#"):
        assert any(element.get("id") == way[1:] for element in panel.iter())


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("links/", "Nobody can read this plan by a link now."),
        ("history/?show=states", "A state says how far the network team has come with a rule."),
        ("history/?show=marked", "A name finds a state of the plan again."),
        ("changes/", "No revision was handed over yet."),
        ("changes/", "Nothing differs. Choose another revision above"),
    ],
)
def test_an_empty_page_of_a_plan_says_what_the_thing_is(client, address, said):
    assert said in Page(client.get(f"/plans/{store()[1]}/{address}")).text("main")


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("?text=none-of-them", "Show all"),
        ("?show=bin", "The bin is empty. Plans that are deleted stay here for a while. Back to my plans"),
        ("?show=archived", "No plan is archived. Archive one to have it out of the way. Back to my plans"),
    ],
)
def test_an_empty_shelf_leads_back(client, query, said):
    store()
    page = Page(client.get(f"/plans/{query}"))
    [shown] = page.all("p", class_="empty")
    assert words(shown).endswith(said)
    [link] = shown.iter("a")
    assert client.get(link.get("href")).status_code == 200
