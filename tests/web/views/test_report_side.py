"""What the page says about its rows: what the last change did, why they are there, what isn't needed."""

import pytest

from planner.report.said.still_needed import STAYS_OPEN
from ports.queries import shipped_matrix
from tests.report.samples import contoso
from tests.web.views.pages import Page, store, words
from tests.web.views.test_topology import form_of


@pytest.fixture
def plan():
    return store()


def decide(client, key, option="ssh"):
    return client.post(f"/plans/{key}/choices/", {"choice": "esxi", "option": option}, follow=True)


def fresh(page):
    return [words(row) for row in page.all("tr", class_="fresh")]


def test_a_new_plan_marks_nothing(client, plan):
    page = Page(client.get(f"/plans/{plan[1]}/"))
    assert not fresh(page)
    assert not page.all(class_="last-change")


def test_the_last_change_is_told_in_numbers_and_marked_in_the_rows(client, plan):
    _, key = plan
    page = Page(decide(client, key))
    [line] = page.all("p", class_="last-change")
    assert "SSH" in words(line)
    assert "1 rule to close" in words(line)
    [closed] = page.table("rules-closed")
    assert "ESX01" in closed[2]
    assert "tcp 443" in closed[3]
    target = page.one("a", id="to-closed").get("href").removeprefix("#")
    assert list(page.one("section", id=target).iter("table")) == page.all("table", class_="rules-closed")
    assert STAYS_OPEN not in page.text(), "nothing of it is still needed"


def test_what_closes_and_is_still_needed_elsewhere_says_so(client, plan):
    for zone in ("DMZ", "Internal"):
        moved = client.post(f"/plans/{plan[1]}/endpoints/move/", {"target": "DC01", "zone": zone}, follow=True)
    page = Page(moved)
    rows = page.table("rules-closed")
    assert rows
    assert all("Still needed within a zone now" in row[3] for row in rows)
    section = page.one("section", id="closed")
    [heading] = section.iter("h2")
    assert words(heading) == "To close since the last change"
    assert STAYS_OPEN in words(section)


def test_an_address_that_came_leads_to_the_rules_that_can_be_opened_by_it(client, plan):
    row, key = plan
    edit = form_of(row.document, "Portal", addresses="192.0.2.5")
    page = Page(client.post(f"/plans/{key}/endpoints/edit/", edit, follow=True))
    [line] = page.all("p", class_="last-change")
    assert "to open by address" in words(line)
    assert page.one("a", id="only-changed") is not None
    rows = Page(client.get(f"/plans/{key}/", {"since": "1"})).table("rules")
    assert rows
    assert all("Portal" in f"{row[1]} {row[2]}" for row in rows)


def test_a_rule_that_is_decided_now_is_marked_as_changed(client, plan):
    page = Page(decide(client, plan[1], "powercli"))
    [line] = page.all("p", class_="last-change")
    assert "1 rule changed" in words(line)
    [row] = fresh(page)
    assert "ESX01" in row
    assert "tcp 443" in row
    assert "changed" in row


def test_undo_marks_what_it_brings_back(client, plan):
    _, key = plan
    decide(client, key)
    page = Page(client.post(f"/plans/{key}/undo/", follow=True))
    assert any("ESX01" in row and "tcp 443" in row and "new" in row for row in fresh(page))


def test_only_what_changed_since_a_revision_is_shown(client, plan):
    _, key = plan
    everything = Page(client.get(f"/plans/{key}/")).table("rules")
    decide(client, key, "powercli")
    page = Page(client.get(f"/plans/{key}/", {"since": "1"}))
    shown = page.table("rules")
    assert 0 < len(shown) < len(everything)
    assert all("ESX01" in row[2] for row in shown)
    flows = Page(client.get(f"/plans/{key}/", {"since": "1", "view": "flows"})).table("flows")
    assert flows
    assert all("ESX01" in row[1] for row in flows)


@pytest.mark.parametrize("since", ["99", "0", "-1", "x", "٣", "9" * 200])
def test_a_revision_that_isnt_there_gets_a_sentence_and_shows_nothing(client, plan, since):
    page = Page(client.get(f"/plans/{plan[1]}/", {"since": since}))
    assert not page.table("rules")
    [error] = [words(p) for p in page.one(id="results").iter("p") if p.get("class") == "error"]
    assert "revision" in error


@pytest.mark.parametrize("view", ["rules", "flows"])
def test_every_row_says_why_it_is_there_and_what_would_remove_it(client, plan, view):
    page = Page(client.get(f"/plans/{plan[1]}/", {"view": view}))
    rows = [row for table in page.all("table", class_=view) for row in table.iter("tr") if row.find("td") is not None]
    assert rows
    for row in rows:
        details = [element for element in row.iter("details") if "causes" in element.get("class", "")]
        assert details, "each service of a rule says why it is there"
        assert all("Goes when" in words(element) for element in details)


def test_what_isnt_needed_is_listed_with_its_reason(client, plan):
    page = Page(client.get(f"/plans/{plan[1]}/", {"view": "unneeded"}))
    text = page.text("main")
    assert "No endpoint is “Passive web server (high availability)”." in text
    assert "The passive web server reaches the primary" in text


def test_modules_that_are_off_are_named_and_lead_to_their_cards(client):
    _, key = store(contoso() | {"additional_flows": []})
    page = Page(client.get(f"/plans/{key}/?view=unneeded"))
    off = {words(card.find(".//h3")): card.get("id") for card in page.all("div", class_="module")
           if any(switch.get("aria-checked") == "false" for switch in card.iter("button"))}  # fmt: skip
    [listed] = [ul for ul in page.all("ul", class_="plain-list") if "switched off" in words(ul)]
    said = {words(item.find("strong")): item.find(".//a").get("href").partition("#")[2] for item in listed}
    assert said == off
    assert off


@pytest.mark.parametrize(
    ("query", "holds"),
    [
        ({"port": "1433"}, lambda row: "1433" in row[2]),
        ({"source_endpoint": "PS01"}, lambda row: row[0].startswith("PS01 ")),
        ({"destination_endpoint": "PS01"}, lambda row: row[1].startswith("PS01 ")),
        ({"endpoint": "ps01"}, lambda row: "PS01 " in row[0] + row[1]),
        ({"role": "password-reset-portal"}, lambda row: "Portal " in row[0] + row[1]),
        ({"decided": "open"}, lambda row: "or:" in row[2]),
        ({"decided": "decided"}, lambda row: "or:" not in row[2]),
    ],
)  # fmt: skip
def test_a_field_of_the_filter_shows_what_it_says(client, plan, query, holds):
    everything = Page(client.get(f"/plans/{plan[1]}/", {"view": "flows"})).table("flows")
    page = Page(client.get(f"/plans/{plan[1]}/", {"view": "flows", **query}))
    shown = page.table("flows")
    assert 0 < len(shown) < len(everything)
    assert all(holds(row) for row in shown)
    assert len(shown) == sum(holds(row) for row in everything)


def test_a_whole_name_isnt_a_part_of_a_longer_one(client):
    document = contoso()
    document["endpoints"].append(
        {"name": "PS010", "zone": document["endpoints"][0]["zone"], "roles": ["website-user"]}
    )
    _, key = store(document)
    shown = Page(client.get(f"/plans/{key}/", {"view": "flows", "endpoint": "PS01"})).table("flows")
    assert shown
    assert any("PS010" in row[0] for row in Page(client.get(f"/plans/{key}/?view=flows&endpoint=PS0")).table("flows"))
    assert all("PS01 " in row[0] or "PS01 " in row[1] for row in shown)


@pytest.mark.parametrize("port", ["0", "70000", "x", "5-1", "²"])
def test_a_port_that_is_none_gets_a_sentence_and_shows_nothing(client, plan, port):
    page = Page(client.get(f"/plans/{plan[1]}/", {"view": "flows", "port": port}))
    assert not page.table("flows")
    assert [p for p in page.one(id="results").iter("p") if p.get("class") == "error"]


def test_caveats_that_ask_nothing_stand_in_the_appendix_alone(client):
    where = store(contoso())[1]
    remark = "Ports without a protocol"
    pages = {
        query: Page(client.get(f"/plans/{where}/{query}")).text()
        for query in (
            "",
            "?view=findings",
            "?panel=decisions",
            "?panel=caveats",
            "read/?view=findings",
            "read/?view=caveats",
        )
    }
    assert {query for query, text in pages.items() if remark in text} == {"?panel=caveats", "read/?view=caveats"}


def test_readers_are_told_what_the_plan_answers_where_practice_differs(client):
    where = store(contoso(corrections=["ldap-tcp"]))[1]
    reader = Page(client.get(f"/plans/{where}/read/?view=caveats"))
    text = reader.text(id="results")
    assert "This plan follows practice: Add TCP 389 from the web servers to the domain controllers." in text
    assert reader.all("form", method="post") == []
    where = store(contoso(as_documented=["ldap-tcp"]))[1]
    assert (
        "This plan leaves it as documented, on purpose."
        in client.get(f"/plans/{where}/read/?view=caveats").content.decode()
    )
    where = store(contoso())[1]
    assert "Follow practice? Add TCP 389" in Page(client.get(f"/plans/{where}/read/?view=caveats")).text(id="results")
    assert Page(client.get(f"/plans/{where}/?view=caveats")).all(id="view-caveats") == []


def test_a_caveat_does_not_say_its_title_twice(client):
    where = store(contoso())[1]
    for finding in client.get(f"/plans/{where}/report/json").json()["findings"]:
        if finding["code"] == "caveat":
            caveat = shipped_matrix().caveats[finding["subject"]]
            assert finding["message"] == caveat.text


def test_a_tab_leads_to_the_panel_that_lists_something_and_counts_what_waits(client):
    row = {"from": {"zone": "DMZ"}, "to": {"zone": "Internal"}, "reason": "No way in"}
    exclusion = {"source": "PS01", "destination": "DC01", "reason": "Elsewhere"}
    where = store(contoso(additional_flows=[], exclusions=[exclusion]))[1]
    tab = Page(client.get(f"/plans/{where}/")).one("a", id="tab-exceptions")
    assert words(tab) == "Exceptions 1"
    assert tab.get("href") == f"/plans/{where}/?panel=excluded"
    where = store(contoso(never=[row], exclusions=[exclusion]))[1]
    page = Page(client.get(f"/plans/{where}/?panel=closed"))
    assert page.text("a", id="tab-exceptions") == "Exceptions 1 broken"
    assert page.one("a", id="tab-exceptions").get("aria-current") == "true"
    assert [page.text("a", id=f"tab-{slug}") for slug in ("own", "excluded", "closed")] == [
        "Own flows 1", "Excluded 1", "Closed 1 broken",
    ]  # fmt: skip
    assert page.one("a", id="tab-closed").get("aria-current") == "page"
