"""A new name on the page of a plan: it is told as such wherever two revisions are compared, and never as rules."""

import io
from itertools import batched

import openpyxl
import pytest
from django.test import Client

from planner.plan.document import PlanError
from planner.report import CHANGE_FORMATS
from planner.sharing import links
from planner.store import actions
from planner.store.holders import Holder
from planner.store.models import make_token
from ports.queries import shipped_matrix
from tests.paper import read_pages
from tests.report.samples import contoso
from tests.strategies import HOSTILE_NAMES
from tests.web.views.pages import Page, document_of, seen, store, words
from tests.web.views.test_topology import form_of

MATRIX = shipped_matrix()
SENTENCES = (
    "PS01 is now PS-LON-1",
    "Zone Internal is now Head office; the numbers of its rules have HO in place of INT",
)


@pytest.fixture
def plan():
    return store()


def rename(client, plan, old, new):
    row, key = plan
    data = form_of(document_of(row), old, name=new)
    assert client.post(f"/plans/{key}/endpoints/edit/", data).status_code == 302


def rename_zone(client, plan, old, new, kind="internal"):
    data = {"target": old, "name": new, "kind": kind}
    assert client.post(f"/plans/{plan[1]}/zones/edit/", data).status_code == 302


def hand_over(client, plan, revision="1"):
    facts = {"revision": revision, "recipient": "Network team"}
    assert client.post(f"/plans/{plan[1]}/changes/sent/", facts).status_code == 302


def changes(client, plan, **query):
    return Page(client.get(f"/plans/{plan[1]}/changes/", query))


def names(page):
    """What the page says was renamed."""
    return [words(item) for item in page.one("section", id="renamed").iter("li")]


def rules(page):
    return [page.all("section", id=part) for part in ("opened", "closed", "changed")]


def counts(page):
    [numbers] = page.all("dl", class_="numbers")
    return {words(row.find("dt")): int(words(row.find("dd"))) for row in numbers.iter("div")}


def test_new_names_after_a_handover_ask_for_no_rule(client, plan):
    hand_over(client, plan)
    rename(client, plan, "PS01", "PS-LON-1")
    rename_zone(client, plan, "Internal", "Head office")
    page = changes(client, plan)
    assert tuple(names(page)) == SENTENCES
    assert rules(page) == [[], [], []]
    found = counts(page)
    assert found.pop("renamed") == 2
    assert found.pop("flows unchanged") > 0
    assert set(found.values()) == {0}
    assert "Nothing differs" not in page.text("main")
    [line] = Page(client.get(f"/plans/{plan[1]}/")).all("p", class_="sent-line")
    assert "The plan has changed since: 1 endpoint renamed, 1 zone renamed." in words(line)


def test_every_download_says_them(client, plan):
    rename(client, plan, "PS01", "PS-LON-1")
    rename_zone(client, plan, "Internal", "Head office")
    for name in (name for name, kind in CHANGE_FORMATS.items() if not kind.configures):
        response = client.get(f"/plans/{plan[1]}/changes/{name}")
        assert response.status_code == 200
        said = read(name, response.content)
        assert "PS01" in said, name
        assert "PS-LON-1" in said, name
        assert "Head office" in said, name
    data = client.get(f"/plans/{plan[1]}/changes/json").json()
    assert [rename["new"] for rename in data.pop("renamed")] == ["PS-LON-1", "Head office"]
    assert not any([data["opened"], data["closed"], data["changed"], *data["rules"].values()])


def read(name, content):
    if name == "xlsx":
        sheets = openpyxl.load_workbook(io.BytesIO(content)).worksheets
        return str([row for sheet in sheets for row in sheet.iter_rows(values_only=True)])
    if name == "pdf":
        text = " ".join(read_pages(content))
        return " ".join(text.split())
    return content.decode()


def test_what_changed_beside_a_new_name_is_all_that_is_asked_for(client, plan):
    client.post(f"/plans/{plan[1]}/choices/", {"choice": "esxi", "option": "ssh"})
    hand_over(client, plan, "2")
    rename(client, plan, "ESX01", "ESX-LON-1")
    client.post(f"/plans/{plan[1]}/choices/", {"choice": "esxi", "option": "powercli"})
    page = changes(client, plan)
    assert names(page) == ["ESX01 is now ESX-LON-1"]
    assert [row[2].split()[0] for row in page.table("rules")] == ["ESX-LON-1"] * len(page.table("rules"))
    assert counts(page)["rule to open"] == 1
    assert counts(page)["rules to close"] == 0
    back = changes(client, plan, **{"from": "4", "to": "2"})
    assert names(back) == ["ESX-LON-1 is now ESX01"]
    assert counts(back)["rule to close"] == 1


def test_an_endpoint_without_an_address_is_known_by_the_history(client, plan):
    rename(client, plan, "Portal", "Doorway")
    assert names(changes(client, plan)) == ["Portal is now Doorway"]
    assert rules(changes(client, plan)) == [[], [], []]


def test_names_that_were_swapped_are_two_renames(client, plan):
    for old, new in (("PS01", "Third"), ("DC01", "PS01"), ("Third", "DC01")):
        rename(client, plan, old, new)
    page = changes(client, plan)
    assert names(page) == ["DC01 is now PS01", "PS01 is now DC01"]
    assert rules(page) == [[], [], []]
    assert counts(page)["addresses changed"] == 0


def test_a_rename_that_was_undone_is_none(client, plan):
    rename(client, plan, "PS01", "PS-LON-1")
    client.post(f"/plans/{plan[1]}/undo/")
    page = changes(client, plan)
    assert "Nothing differs" in page.text("main")
    assert not page.all("section", id="renamed")
    assert names(changes(client, plan, **{"from": "2", "to": "3"})) == ["PS-LON-1 is now PS01"]


def test_the_name_of_one_that_was_deleted_tells_both_apart(client, plan):
    client.post(f"/plans/{plan[1]}/endpoints/delete/", {"target": "ESX01"})
    rename(client, plan, "DC01", "ESX01")
    page = changes(client, plan)
    assert names(page) == ["DC01 is now ESX01"]
    assert "What is called “ESX01 (old)” here was “ESX01” before" in page.text("section", id="renamed")
    assert {row[2].split(" esx01")[0] for row in page.table("rules")} == {"ESX01 (old)"}
    assert counts(page)["rules to open"] == 0


def test_a_deleted_endpoint_that_was_made_anew_has_no_new_name(client, plan):
    old = form_of(plan[0].document, "ESX01", addresses="esx02.example.net")
    client.post(f"/plans/{plan[1]}/endpoints/delete/", {"target": "ESX01"})
    client.post(f"/plans/{plan[1]}/endpoints/add/", old)
    assert client.get(f"/plans/{plan[1]}/changes/json").json()["renamed"] == []
    page = changes(client, plan)
    assert not page.all("section", id="renamed")
    assert counts(page)["address changed"] == 1


def test_the_last_change_marks_no_rule_of_what_has_a_new_name(client, plan):
    rename(client, plan, "PS01", "PS-LON-1")
    page = Page(client.get(f"/plans/{plan[1]}/"))
    assert "PS01 renamed to PS-LON-1: no firewall rule changes." in words(page.all("p", class_="last-change")[0])
    assert not page.all("tr", class_="fresh")
    assert not page.all(id="closed")
    since = Page(client.get(f"/plans/{plan[1]}/", {"since": "1"}))
    assert since.table("rules") == []


def test_the_report_that_is_compared_with_the_handover_says_it(client, plan):
    hand_over(client, plan)
    rename(client, plan, "PS01", "PS-LON-1")
    said = client.get(f"/plans/{plan[1]}/report/html").content.decode()
    assert "1 endpoint renamed" in said
    assert "<td>renamed</td>" in said
    assert "Nothing differs" not in said
    book = openpyxl.load_workbook(io.BytesIO(client.get(f"/plans/{plan[1]}/report/xlsx").content))
    assert [row[:4] for row in book["Changes"].iter_rows(min_row=2, values_only=True)] == [
        ("rename", None, "PS01", "PS-LON-1")
    ]


def test_readers_of_a_link_are_told_it_as_such(client, plan):
    token = make_token()
    terms = links.Terms(label="Team", pinned=1, shows_changes=True)
    links.make_link(plan=plan[0], terms=terms, token=token, holder=Holder(browser="b" * 64))
    rename(client, plan, "Portal", "Doorway")
    rename_zone(client, plan, "Internal", "Head office")
    page = Page(Client().get(f"/shared/{token}/changes/"))
    assert names(page) == ["Portal is now Doorway", SENTENCES[1]]
    assert rules(page) == [[], [], []]
    data = Client().get(f"/shared/{token}/changes/json").json()
    assert [rename["old"] for rename in data["renamed"]] == ["Portal", "Internal"]
    assert data["opened"] == data["closed"] == []


@pytest.mark.parametrize("some", list(batched(HOSTILE_NAMES, 5, strict=False)), ids=ascii)
def test_hostile_new_names_are_text(client, plan, some):
    row, _ = plan
    new = dict(zip(("PS01", "DC01", "Portal", "ESX01", "Public"), some, strict=False))
    for old, name in new.items():
        params = {"endpoint": old, "changes": {"name": name}}
        try:
            actions.apply_edit(plan_id=row.pk, matrix=MATRIX, edit="edit-endpoint", params=params)
        except PlanError:
            pytest.fail(f"{name!r} is a name")
    page = changes(client, plan)
    assert sorted(names(page)) == sorted(f"{old} is now {seen(name)}" for old, name in new.items())
    assert not page.all("img")
    assert not [script for script in page.all("script") if not script.get("src")]


def test_very_many_new_names_unfold(client, monkeypatch):
    monkeypatch.setattr("planner.web.views.changes.MOST_RENAMED", 2)
    row = store(contoso())
    for number, old in enumerate(("PS01", "DC01", "Portal", "ESX01")):
        rename(client, row, old, f"New {number}")
    page = changes(client, row)
    assert len(names(page)) == 4
    folded = page.one("section", id="renamed").find("details")
    assert words(folded.find("summary")) == "and 2 more"
    assert len(folded.find("ul").findall("li")) == 2
