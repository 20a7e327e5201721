"""What a read link says is for somebody who can't change the plan, on pages and in files."""

import pytest

from planner.web.views.state import READER_VIEWS
from tests.report.samples import contoso
from tests.web.views.link_forms import read_link
from tests.web.views.pages import Page, store, words

ACTS = ("Fill in", "Decide “", "Decide it", "or leave it as documented", "Take back")


@pytest.fixture
def plan():
    return store(contoso())


@pytest.mark.parametrize("view", READER_VIEWS)
def test_no_view_of_a_read_link_asks_for_what_a_reader_cannot_do(client, plan, view):
    page = Page(client.get(read_link(client, plan), {"view": view}))
    assert [act for act in ACTS if act in page.text()] == []


def test_the_head_of_a_read_link_says_what_waits_and_the_plan_page_what_to_do(client, plan):
    path = read_link(client, plan)
    waiting = Page(client.get(path)).text("ul", class_="waiting")
    assert "rules wait for an address; ask whoever made this plan." in waiting
    assert "on a decision that is still open; ask whoever made this plan." in waiting
    findings = Page(client.get(path, {"view": "findings"}))
    assert "rules wait for an address; ask whoever made this plan." in findings.text(id="results")
    own = Page(client.get(f"/plans/{plan[1]}/?view=findings"))
    assert "Fill in the addresses." in own.text(id="results")
    assert not own.all("ul", class_="waiting")


def test_files_under_a_read_link_speak_to_the_reader_too(client, plan):
    path = read_link(client, plan)
    markdown = client.get(f"{path}report/markdown").content.decode()
    assert "ask whoever made this plan" in markdown
    assert "Fill in the addresses" not in markdown
    advice = [finding["advice"] for finding in client.get(f"{path}report/json").json()["findings"]]
    assert any("ask whoever made this plan" in said for said in advice)
    assert "Fill in the addresses." in client.get(f"/plans/{plan[1]}/report/markdown").content.decode()
    assert words(Page(client.get(path)).one("h1")) == "Contoso"


def test_the_page_of_a_read_link_lists_the_single_keys_that_work_there_and_their_switch(client, plan):
    shortcuts = Page(client.get(read_link(client, plan))).one("dialog", id="shortcuts")
    listed = [words(entry.find("dt")) for entry in shortcuts.iter("div")]
    assert listed == ["/", "N", "P", "?", "Esc"]
    assert "Switch off /, ?, N, P if they get in your way." in words(shortcuts)
    assert [box.get("id") for box in shortcuts.iter("input")] == ["single-keys"]
