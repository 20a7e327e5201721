"""The change request of a plan: two revisions compared, its downloads, and that one was handed over."""

import json
from itertools import batched

import pytest
from django.http import HttpResponse
from django.template.loader import render_to_string

from planner.engine.compare import compare_reports
from planner.report import CHANGE_FORMATS
from planner.store.models import Handover
from planner.web.views.changes import describe_comparison
from tests.report.samples import contoso
from tests.report.test_changes_told import APART, THREE, compared, ordered
from tests.report.test_changes_told import plan as plan_of
from tests.strategies import HOSTILE_NAMES
from tests.web.views.pages import Page, seen, store, words


@pytest.fixture
def plan():
    return store()


def decide(client, key, option="ssh"):
    client.post(f"/plans/{key}/choices/", {"choice": "esxi", "option": option})


def changes(client, key, **query):
    return Page(client.get(f"/plans/{key}/changes/", query))


def counts(page):
    [numbers] = page.all("dl", class_="numbers")
    return {words(row.find("dt")): words(row.find("dd")) for row in numbers.iter("div")}


def test_a_plan_that_never_changed_differs_in_nothing(client, plan):
    page = changes(client, plan[1])
    assert "Nothing differs" in page.text("main")
    assert not page.table("rules")


def test_a_firewall_that_came_is_named_where_no_rule_differs(client, plan):
    zones = {"behind-Internal": "inside", "behind-DMZ": "dmz"}
    client.post(f"/plans/{plan[1]}/firewalls/add/", {"name": "FW <b>1</b>", "format": "fortigate", **zones})
    assert plan[0].revisions.count() == 2
    said = changes(client, plan[1], **{"from": 1, "to": 2}).text("main")
    assert "The plan says something else of FW <b>1</b>: its file may differ even where no rule does." in said
    assert "Nothing differs in rules or addresses." in said


def test_the_first_and_the_newest_revision_are_compared(client, plan):
    decide(client, plan[1])
    page = changes(client, plan[1])
    assert counts(page)["rule to close"] == "1"
    [row] = page.table("rules")
    assert "ESX01" in row[2]


def test_the_other_way_round_it_has_to_be_opened(client, plan):
    decide(client, plan[1])
    page = changes(client, plan[1], **{"from": "2", "to": "1"})
    assert counts(page)["rule to open"] == "1"
    assert page.one("section", id="opened") is not None


@pytest.mark.parametrize(
    "query",
    [{"from": "9"}, {"to": "0"}, {"from": "x"}, {"from": "-1"}, {"from": "9" * 30}, {"to": "²"},
     {"matrix_from": "none"}, {"matrix_to": "'"}],
)  # fmt: skip
def test_what_isnt_there_gets_a_sentence_and_no_comparison(client, plan, query):
    response = client.get(f"/plans/{plan[1]}/changes/", query)
    assert response.status_code == 200
    page = Page(response)
    [notice] = page.all(role="alert")
    assert words(notice).endswith(".")
    assert not page.table("rules")
    assert client.get(f"/plans/{plan[1]}/changes/json", query).status_code == 404


@pytest.mark.parametrize("name", [name for name, kind in CHANGE_FORMATS.items() if not kind.part])
def test_every_format_is_a_download(client, plan, name):
    decide(client, plan[1])
    response = client.get(f"/plans/{plan[1]}/changes/{name}", {"from": "1", "to": "2"})
    assert response.status_code == 200
    assert "attachment" in response.headers["Content-Disposition"]
    assert f"changes-1-to-2.{name}" in response.headers["Content-Disposition"]
    assert response.content


def test_the_json_download_says_what_the_page_says(client, plan):
    decide(client, plan[1])
    data = json.loads(client.get(f"/plans/{plan[1]}/changes/json").content)
    assert len(data["rules"]["closed"]) == 1
    assert data["closed"]


def test_a_change_for_each_firewall_is_offered_where_the_plan_has_some(client, plan):
    decide(client, plan[1])
    here = f"/plans/{plan[1]}/changes/"
    assert not [link for link in Page(client.get(here)).all("a") if "/firewalls?" in (link.get("href") or "")]
    refused = client.get(f"{here}firewalls")
    assert refused.status_code == 422
    assert "the plan has no firewalls" in Page(refused).text()


def test_an_unknown_format_is_not_found(client, plan):
    assert client.get(f"/plans/{plan[1]}/changes/doc").status_code == 404


def test_a_download_for_a_device_takes_back_what_a_handed_over_revision_opened(client, plan):
    def taken_back(query=""):
        text = client.get(f"/plans/{plan[1]}/report/asa{query}").content.decode()
        return [line for line in text.splitlines() if line.startswith("no ")], text

    decide(client, plan[1])
    assert not taken_back()[0], "nobody has it yet"
    send(client, plan[1])
    lines, text = taken_back()
    assert [line for line in lines if line.startswith("no access-list")]
    assert "earlier revisions (revision 1)" in " ".join(text.replace("!", "").split())
    assert not taken_back("?port=636")[0], "a part would take the rest back, too"


def send(client, key, **data):
    return client.post(f"/plans/{key}/changes/sent/", {"revision": "1", "recipient": "Network team", **data})


def test_a_handover_is_remembered_and_the_plan_says_what_changed_since(client, plan):
    _, key = plan
    assert send(client, key, note="Ticket 4711").status_code == 302
    page = Page(client.get(f"/plans/{key}/"))
    [line] = page.all("p", class_="sent-line")
    assert "revision 1 to Network team" in words(line)
    assert "Nothing has changed since" in words(line)
    decide(client, key)
    [line] = Page(client.get(f"/plans/{key}/")).all("p", class_="sent-line")
    assert "1 rule to close" in words(line)
    assert "Ticket 4711" in changes(client, key).text("main")


def test_a_printed_change_request_says_to_whom_the_old_side_went(client, plan):
    _, token = plan
    send(client, token)
    decide(client, token)
    said = "handed over to Network team on "
    assert said in client.get(f"/plans/{token}/changes/html").content.decode()
    assert f"revision 1, {said}" in client.get(f"/plans/{token}/report/html").content.decode()
    assert said not in client.get(f"/plans/{token}/changes/html?from=2&to=1").content.decode()


def test_the_last_handover_is_what_the_change_request_starts_from(client, plan):
    _, key = plan
    decide(client, key)
    send(client, key, revision="2")
    decide(client, key, "powercli")
    page = changes(client, key)
    chosen = [option.get("value") for option in page.one("select", id="side-before").iter("option")
              if option.get("selected") is not None]  # fmt: skip
    assert chosen == ["2"]


def test_the_same_handover_sent_twice_counts_once(client, plan):
    for _ in range(2):
        send(client, plan[1], operation="a" * 32)
    assert Handover.objects.count() == 1


@pytest.mark.parametrize(
    ("data", "field"),
    [
        ({"revision": "9"}, None), ({"revision": "x"}, "revision"), ({"revision": ""}, "revision"),
        ({"recipient": ""}, "recipient"), ({"recipient": "x" * 201}, "recipient"),
        ({"recipient": "\x00"}, "recipient"),
    ],
)  # fmt: skip
def test_a_bad_handover_is_refused_in_place_and_keeps_what_was_typed(client, plan, data, field):
    response = send(client, plan[1], note="my note", **data)
    page = Page(response)
    assert response.status_code == 200
    assert Handover.objects.count() == 0
    assert "my note" in words(page.one("textarea", id="handover-note"))
    errors = [element for element in page.all("p") if "error" in element.get("class", "")]
    assert errors
    if field:
        assert page.one("input", id=f"handover-{field}").get("aria-invalid") == "true"


@pytest.mark.parametrize("names", list(batched([name[:200] for name in HOSTILE_NAMES], 20, strict=False)), ids=ascii)
def test_hostile_recipients_are_text(client, plan, names):
    """As many of them as the page lists."""
    for name in names:
        send(client, plan[1], recipient=name, note=name)
    page = changes(client, plan[1])
    assert not page.all("img")
    assert not [script for script in page.all("script") if not script.get("src")]
    text = page.text("main")
    assert [name for name in names if text.count(seen(name)) < 2] == []


def test_two_editions_of_its_product_can_be_compared(client, plan):
    from ports.models import PortMatrix

    head = {"document": "Empty", "received": "never"}
    PortMatrix.objects.create(slug="beside", product="Other", product_slug="other", **head)
    assert changes(client, plan[1]).all("select", id="matrix-before") == []
    PortMatrix.objects.create(slug="empty", product="Passwordstate", product_slug="passwordstate", **head)
    page = changes(client, plan[1])
    assert page.one("select", id="matrix-before") is not None
    response = client.get(f"/plans/{plan[1]}/changes/", {"matrix_from": "empty"})
    assert response.status_code in (200, 503)


def test_a_changed_rule_says_what_changed_and_the_number_that_it_had(client, plan):
    decide(client, plan[1], "powercli")
    page = changes(client, plan[1])
    [row] = [row for row in page.table("rules") if "only with VMware ESXi access: PowerCLI → yes" in " ".join(row)]
    report = client.get(f"/plans/{plan[1]}/report/json").json()
    assert row[0] in {rule["id"] for rule in report["rules"]}


def test_what_opens_and_closes_within_zones_is_named(client):
    document = contoso()
    _, key = store(document)
    client.post(f"/plans/{key}/choices/", {"choice": "active-directory", "option": ["ldap"]})
    page = changes(client, key)
    data = client.get(f"/plans/{key}/changes/json").json()
    within = [flow for name in ("opened", "closed") for flow in data[name] if flow["scope"] == "same-zone"]
    assert within
    rows = page.table("local")
    assert [[cell.split()[0] for cell in row[1:3]] for row in rows] == [
        [flow["source"], flow["destination"]] for flow in within
    ]
    assert {row[0] for row in rows} == {"close"}
    assert "10.0.0.10" in rows[0][1], "with addresses"
    fold = page.one("details", id="local")
    assert fold.get("open") is None, "folded, as a rename has many"
    assert words(fold.find("summary")) == "1 connection, 1 to close"


def test_another_address_stands_in_the_rules_that_open_and_names_those_that_stay(client):
    _, key = store(contoso())
    send = {"target": "PS01", "name": "PS01", "zone": "Internal", "addresses": "10.0.0.77", "roles": ["web-primary"]}
    client.post(f"/plans/{key}/endpoints/edit/", send)
    client.post(f"/plans/{key}/choices/", {"choice": "esxi", "option": ["ssh"]})
    page = changes(client, key)
    [[name, before, after, rules]] = page.table("addresses")
    assert (name, before, after) == ("PS01", "10.0.0.10, fd00::10", "10.0.0.77")
    known = client.get(f"/plans/{key}/report/json").json()["rules"]
    assert rules.split(", ") == [rule["id"] for rule in known if "PS01" in rule["sources"] + rule["destinations"]]
    assert any("PS01 10.0.0." in " ".join(row) for row in page.table("rules"))
    assert any("Address of PS01: 10.0.0.10, fd00::10 → 10.0.0.77" in " ".join(row) for row in page.table("rules"))


def test_the_menu_of_a_plan_calls_it_what_the_page_does(client, plan):
    [link] = [a for a in Page(client.get(f"/plans/{plan[1]}/")).all("a") if words(a) == "Change request"]
    assert Page(client.get(link.get("href"))).text("h1") == "Change request"


def test_the_page_names_a_rule_that_went_into_another_and_what_an_address_makes_possible():
    found = compared()
    first, second = (rule.id for rule in found.before.rules)
    page = Page(HttpResponse(render_to_string("planner/comparison.html", describe_comparison(found))))
    where = f"Rule {second} (old number) is now in {first} (new number); what stays of it is opened by its new number"
    assert where in page.text("section", id="renamed")
    assert "P2 192.0.2.2 Q2 192.0.2.4 tcp 2022" in page.text("section", id="addressed")
    assert f"{first} is there already and gets larger" in page.text("section", id="opened")
    assert counts(page)["rule to open by address"] == "1"

    gone = compare_reports(plan_of(*APART), plan_of(*APART, without=("P2",)))
    page = Page(HttpResponse(render_to_string("planner/comparison.html", describe_comparison(gone))))
    assert "P2 192.0.2.2 Q2 192.0.2.4 tcp 2022" in page.text("section", id="unaddressed")
    assert counts(page)["rule to close by address"] == "1"


def test_the_page_says_of_a_number_that_is_given_anew_which_it_is():
    found = compare_reports(ordered(*THREE), ordered(*THREE[1:]))
    page = Page(HttpResponse(render_to_string("planner/comparison.html", describe_comparison(found))))
    assert f"{found.before.rules[0].id} (old number) P1" in page.text("section", id="closed")
