"""The panel of decisions and that of caveats: what each answer would change, in numbers that the report keeps."""

import re

import pytest

from planner.engine.consequences import Consequence, weigh
from planner.store import reports
from planner.web.views.panels import say_consequence, say_weight
from tests.report.samples import contoso, sites, write_plan
from tests.web.views.pages import Page, store, words


@pytest.mark.parametrize(
    ("rules", "opened", "closed", "inside", "said"),
    [
        (0, 0, 0, False, "changes nothing"),
        (0, 0, 0, True, "changes no rule, only flows within a zone"),
        (-2, 0, 14, False, "2 rules fewer (14 flows)"),
        (1, 1, 0, True, "1 rule more (1 flow)"),
        (0, 3, 3, False, "as many rules, 3 flows opened, 3 closed"),
        (1, 1, 2, False, "1 rule more, 1 flow opened, 2 closed"),
        (1, 0, 2, False, "1 rule more, 2 flows fewer"),
        (0, 1200, 0, False, "as many rules, 1,200 flows more"),
        (-1, 0, 0, False, "1 rule fewer, the same flows"),
    ],
)
def test_a_consequence_is_said_in_words(rules, opened, closed, inside, said):
    assert say_consequence(Consequence(rules=rules, opened=opened, closed=closed, inside=inside)) == said


SAID = "as many rules, 3 flows opened, 3 closed"


@pytest.mark.parametrize(
    ("services", "dropped", "said"),
    [
        ((), (), SAID),
        (("tcp 22",), (), f"{SAID}: tcp 22"),
        ((), ("tcp 22", "icmp"), f"{SAID}: tcp 22, icmp"),
        (("tcp 443",), ("tcp 443",), f"{SAID}: tcp 443"),
        (("tcp 443",), ("tcp 22",), f"{SAID}: tcp 443 instead of tcp 22"),
        (tuple(f"tcp {n}" for n in range(1, 9)), (), f"{SAID}: tcp 1, tcp 2, tcp 3, tcp 4, tcp 5, tcp 6 and 2 more"),
    ],
)
def test_a_weight_names_the_ports_that_open_and_those_that_close(services, dropped, said):
    assert say_weight(Consequence(rules=0, opened=3, closed=3, services=services, dropped=dropped)) == said


def weights(page):
    """By id of the button or field: what it says it would change."""
    found = {}
    for label in page.all("label", class_="option"):
        field = next(label.iter("input"))
        said = [words(item) for item in label.iter("span") if item.get("class") == "weight"]
        if field.get("id"):
            found[field.get("id")] = said[0] if said else ""
    return found


def size(client, key):
    report = client.get(f"/plans/{key}/report/json").json()
    return len(report["rules"]), sum(flow["scope"] == "cross-zone" for flow in report["flows"])


def test_the_numbers_of_an_option_are_what_the_report_shows_once_it_is_taken(client):
    _, key = store(contoso())
    before = size(client, key)
    said = weights(Page(client.get(f"/plans/{key}/?panel=decisions")))["choice-esxi-ssh"]
    numbers = re.fullmatch(r"(\d+) rules? fewer \((\d+) flows?\): tcp 443", said)
    assert numbers, said
    client.post(f"/plans/{key}/choices/", {"choice": "esxi", "option": "ssh"})
    after = size(client, key)
    assert (before[0] - after[0], before[1] - after[1]) == tuple(map(int, numbers.groups()))
    said = weights(Page(client.get(f"/plans/{key}/?panel=decisions")))
    assert said["choice-esxi-ssh"] == ""
    assert said["choice-esxi-powercli"] == "as many rules, 1 flow more: tcp 443"
    assert said["choice-esxi-none"] == f"{numbers[1]} rule more ({numbers[2]} flow): tcp 443"


def said_beside(client, document, choice):
    """By option of a choice: what the panel says beside its name."""
    _, key = store(document)
    page = Page(client.get(f"/plans/{key}/?panel=decisions"))
    return {
        next(label.iter("input")).get("value"): words(item)
        for label in page.all("label", class_="option")
        for item in label.iter("span")
        if (item.get("class") or "").startswith("soft") and next(label.iter("input")).get("id").startswith(choice)
    }


def test_an_open_option_says_the_ports_that_this_plan_opens_for_it(client):
    document = contoso()
    document["endpoints"][3]["operations"] = ["discovery"]
    options = {"ssh": "Opens tcp 22.", "powercli": "Opens tcp 443.", "": "All options stay in the report."}
    assert said_beside(client, document, "choice-esxi") == options
    document["endpoints"][3]["operations"] += ["host-heartbeat"]  # and it is open in any case
    options["ssh"] = "Needs nothing more than is open anyway."
    assert said_beside(client, document, "choice-esxi") == options
    document["endpoints"][3]["zone"] = "Internal"  # where the web server is
    options["powercli"] = "Opens nothing between zones."
    assert said_beside(client, document, "choice-esxi") == options


def test_what_is_decided_says_no_ports_of_its_own(client):
    document = contoso(choices={"esxi": "ssh"})
    assert said_beside(client, document, "choice-esxi") == {"": "All options stay in the report."}


def test_an_option_of_a_choice_of_many_says_what_leaving_it_out_would_change(client):
    web = {"name": "PS01", "zone": "DMZ", "roles": ["web-primary"]}
    _, key = store(write_plan(web, {"name": "DC", "zone": "Internal", "roles": ["domain-controller"]}))
    said = weights(Page(client.get(f"/plans/{key}/?panel=decisions")))
    assert said["choice-active-directory-ldaps"] == "without it: as many rules, 1 flow fewer: tcp 636"


def test_open_decisions_come_first_and_those_without_effect_last_and_say_why(client):
    _, key = store(contoso())
    page = Page(client.get(f"/plans/{key}/?panel=decisions"))
    groups = [section.get("class") for section in page.one(id="panel").iter("section") if section is not page.root]
    assert [group.split()[-1] for group in groups if group] == [
        "choices-open",
        "choices-decided",
        "choices-idle",
        "choices",
    ]
    fields = {
        group: [field.get("value") for field in page.one(class_=f"choices-{group}").iter("input")
                if field.get("name") == "choice"]
        for group in ("open", "decided", "idle")
    }  # fmt: skip
    assert fields["open"] == ["esxi"]
    assert "active-directory" in fields["decided"]
    assert page.text("h2", id="choices-decided") == "Decided 0", "what nobody took isn't counted"
    assert "by default; nobody has decided them" in page.text(class_="choices-decided")
    client.post(f"/plans/{key}/choices/", {"choice": "active-directory", "option": ["ldap"]})
    assert Page(client.get(f"/plans/{key}/?panel=decisions")).text("h2", id="choices-decided") == "Decided 1"
    assert "teamviewer" in fields["idle"]
    said = {said for name, said in weights(page).items() if name.startswith("choice-teamviewer") and said}
    assert said == {"opens nothing here: no endpoint is “Client launcher users”"}


def test_a_correction_says_what_it_would_change_and_what_taking_it_back(client):
    web = {"name": "PS01", "zone": "DMZ", "roles": ["web-primary"]}
    _, key = store(write_plan(web, {"name": "DC", "zone": "Internal", "roles": ["domain-controller"]}))

    def said():
        page = Page(client.get(f"/plans/{key}/?panel=caveats"))
        form = next(form for form in page.all("form") if page.one(id="panel-ldap-tcp-documented") in list(form.iter()))
        return [words(item) for item in form.iter("span") if item.get("class") == "weight"]

    assert said() == ["as many rules, 1 flow more: tcp 389"]
    client.post(f"/plans/{key}/corrections/", {"caveat": "ldap-tcp", "answer": "practice"})
    assert said() == ["Otherwise: as many rules, 1 flow fewer: tcp 389"]


def test_a_plan_too_large_to_be_weighed_says_so(client):
    _, key = store(sites(200))
    page = Page(client.get(f"/plans/{key}/?panel=decisions"))
    assert all("opens nothing here: no endpoint" in words(weight) for weight in page.all(class_="weight"))
    assert "isn't computed in a plan of this size" in words(page.one(id="panel"))
    assert not Page(client.get(f"/plans/{key}/?panel=caveats")).all(class_="weight")


def test_a_report_is_weighed_once(client, monkeypatch):
    calls = []
    monkeypatch.setattr(reports, "weigh", lambda report: calls.append(report) or weigh(report))
    _, key = store(contoso(name="Weighed once"))
    for panel in ("decisions", "caveats", "decisions"):
        client.get(f"/plans/{key}/?panel={panel}")
    assert len(calls) == 1


def test_a_changed_port_names_its_default_in_every_row_it_touches(client):
    _, key = store(contoso())
    for view in ("rules", "flows"):
        rows = [row for row in Page(client.get(f"/plans/{key}/?view={view}")).all("tr") if "8443" in words(row)]
        assert rows
        assert all("changed from 443" in words(row) for row in rows)
    html = Page(client.get(f"/plans/{key}/report/html"))
    lines = [row for row in html.table("rules") if "8443" in " ".join(row)]
    assert lines
    assert all("changed from 443" in " ".join(row) for row in lines)
    markdown = client.get(f"/plans/{key}/report/markdown").content.decode().split("## Firewall rules")[1]
    lines = [line for line in markdown.splitlines() if line.startswith("|") and "8443" in line]
    assert lines
    assert all("changed from 443" in line for line in lines)
