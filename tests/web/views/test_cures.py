"""Each finding leads to the field that cures it; every code has such a field."""

import re
from urllib.parse import urlsplit

import pytest

from planner.plan.fields import PARTS
from planner.store.models import Plan
from planner.web.forms.rows import PER_PAGE
from planner.web.views.cures import WAYS, ways_of_check
from ports.queries import build_matrix, read_fixture, shipped_matrix
from tests.report.samples import contoso, evaluate, write_plan
from tests.second_matrix.conftest import FIXTURE
from tests.test_docs_and_settings import codes_of_the_engine, codes_of_the_fixture
from tests.web.views.pages import Page, store, words

WEB = {"name": "PS01", "zone": "Internal", "addresses": ["10.0.0.10"], "roles": ["web-primary", "database"]}
PEOPLE = {"name": "People", "zone": "Internal", "addresses": ["10.9.0.0/16"], "group": True, "roles": ["website-user"]}


def end(name="X", zone="DMZ", **facts):
    return {"name": name, "zone": zone, "addresses": ["192.0.2.9"]} | facts


def plan(*ends, **more):
    return write_plan(WEB, PEOPLE, *ends, **more)


PUSH = {"choices": {"self-destruct": "push-pull"}}
FLOW = {"source": "X", "destination": "PS01", "protocol": "tcp", "ports": "9", "reason": "Logs"}
INTERNAL = {"name": "Internal", "kind": "internal"}
DMZ = {"name": "DMZ", "kind": "dmz", "networks": ["198.51.100.0/24"]}
NEVER = {"from": {"zone": "DMZ"}, "to": {"zone": "Internal"}, "reason": "No way in"}
CASES = {
    "address-covers-everything": plan(end(addresses=["0.0.0.0/0"])),
    "address-in-another-zone": plan(end(addresses=["10.0.0.10"])),
    "address-is-name": plan(end(addresses=["x.example.net"], roles=["mail-server"])),
    "address-missing": plan(end(addresses=[], roles=["mail-server"])),
    "address-outside-zone": plan(end()) | {"zones": [INTERNAL, DMZ]},
    "address-special": plan(end(addresses=["127.0.0.1"])),
    "address-twice": plan(end(addresses=["10.0.0.10"], zone="Internal")),
    "choice-undecided": plan(end(platforms=["vmware-esxi"], operations=["discovery"])),
    "exclusion-without-effect": plan(exclusions=[{"source": "PS01", "destination": "People", "reason": "None"}]),
    "local-flows": plan(),
    "no-firewall": plan(end(roles=["mail-server"]), firewalls=[{"name": "FW", "format": "asa", "zones": {}}]),
    "never-broken": plan(end(), additional_flows=[FLOW], never=[NEVER]),
    "nobody-uses": plan(end(roles=["password-reset-portal"])),
    "nothing-to-reach": plan(end(roles=["portal-user"])),
    "operation-not-listed": plan(end(platforms=["dell-idrac"], operations=["discovery"])),
    "operations-without-engine": write_plan(end(platforms=["windows"], operations=["reset"])),
    "operations-without-platforms": plan(end(operations=["discovery"])),
    "platforms-without-operations": plan(end(platforms=["windows"])),
    "port-conflict": plan(end(roles=["password-reset-portal", "self-destruct-site"], zone="DMZ"), **PUSH),
    "prohibited-flow": plan(end(roles=["self-destruct-site"]), additional_flows=[FLOW], **PUSH),
    "role-without-flow": write_plan(end(roles=["mail-server"])),
    "sessions-unused": plan(end(sessions=["vnc"])),
    "sessions-without-gateway": write_plan(
        end(sessions=["rdp"]),
        end("GW", "Site", roles=["browser-gateway"]),
        zones=(("DMZ", "dmz"), ("Site", "remote-site")),
    ),
    "site-without-agent": plan(
        end(zone="Site", platforms=["windows"], operations=["reset"]),
        zones=(("Internal", "internal"), ("Site", "remote-site")),
    ),
    "no-web-server": write_plan(PEOPLE),
    "no-database": write_plan(WEB | {"roles": ["web-primary"]}),
    "passive-without-primary": write_plan(WEB | {"roles": ["web-passive"]}),
    "active-without-primary": write_plan(WEB | {"roles": ["web-active"]}),
    "two-primaries": plan(end(roles=["web-primary"])),
    "push-pull-without-site": plan(**PUSH),
    "portal-without-domain-controller": plan(end(roles=["password-reset-portal"])),
    "portal-without-active-directory": plan(
        end(roles=["password-reset-portal"]),
        end("DC", addresses=["192.0.2.8"], roles=["domain-controller"]),
        choices={"active-directory": []},
    ),
    "app-server-dmz-database": plan(end(roles=["app-server"])),
    "telnet-in-clear": plan(end(sessions=["telnet"]), end("L", addresses=["192.0.2.8"], roles=["launcher-user"])),
    "website-from-internet": plan(end(zone="Internet", roles=["website-user"])),
}  # fmt: skip
OF_RESULTS = {"open-though-closed", "verified-blocked"}
"""What no plan has by itself: tests/web/views/test_acceptance.py leads from them to what they are about."""
FOCUSABLE = ("a", "button", "input", "select", "textarea", "summary", "section")
EXPECTED = {
    "address-missing": ["Addresses of X endpoint-addresses"],
    "address-outside-zone": ["Addresses of X endpoint-addresses", "Networks of DMZ zone-networks"],
    "choice-undecided": ["Decide choice-esxi-none"],
    "two-primaries": ["Roles of PS01 endpoint-roles-summary"],
    "no-database": ["Add: Database server endpoint-name"],
    "push-pull-without-site": [
        "Add: Self-destruct site (push/pull) endpoint-name", "Decide otherwise choice-self-destruct-embedded",
    ],
    "portal-without-active-directory": [
        "Decide otherwise choice-active-directory-ldap", "Roles of X endpoint-roles-summary",
    ],
    "telnet-in-clear": ["Sessions of X endpoint-sessions-summary"],
    "port-conflict": ["Ports of X endpoint-own-summary"],
}  # fmt: skip


def cures(client, where, code):
    """The links of the findings of a code: their words and where they lead."""
    titles = {f.title for f in evaluate_stored(where).findings if f.code == code}
    page = Page(client.get(f"/plans/{where}/?view=findings"))
    found = []
    for card in page.all("section", class_="finding"):
        if any(words(title) in titles for head in card.iter("h2") for title in head.iter("bdi")):
            for line in card.iter("p"):
                if "cures" in line.get("class", "").split():
                    found += [(words(link), link.get("href")) for link in line.iter("a")]
    return found


def folded_around(page, target):
    """What is folded and has the target in it; a summary stands before what it folds, which is to be seen as well."""
    parents = {child: parent for parent in page.root.iter() for child in parent}
    around = []
    while target is not None:
        target = parents.get(target)
        around += (
            [target.get("id")]
            if target is not None and target.tag == "details" and "open" not in target.attrib
            else []
        )
    return around


def evaluate_stored(where):
    return evaluate(Plan.objects.get(key=where).document)


def test_every_code_of_the_engine_has_its_field_and_no_other_code_does():
    assert set(WAYS) == set(codes_of_the_engine()) - {"caveat"}
    assert all(WAYS.values())


def test_the_fields_of_editors_are_fields_of_the_plan():
    for place, part in (("endpoint", "endpoints"), ("zone", "zones")):
        fields = {way.field for ways in WAYS.values() for way in ways if way.place == place}
        assert fields <= {*PARTS[part].by_key, "own"}


def test_every_check_of_a_matrix_has_a_field():
    for matrix in (shipped_matrix(), build_matrix(read_fixture(FIXTURE))):
        assert all(ways_of_check(check, matrix) for check in matrix.checks)


def test_there_is_a_plan_for_every_code():
    assert set(CASES) == {*codes_of_the_engine(), *codes_of_the_fixture()} - {"caveat", *OF_RESULTS}


@pytest.mark.parametrize("code", CASES)
def test_a_finding_leads_to_a_field_that_is_there_and_in_sight(client, code):
    report = evaluate(CASES[code])
    assert code in {finding.code for finding in report.findings}
    where = store(CASES[code])[1]
    links = cures(client, where, code)
    assert links, code
    for _, href in links:
        fragment = urlsplit(href).fragment
        page = Page(client.get(href))
        target = page.one(id=fragment)
        assert target.tag in FOCUSABLE, (code, fragment)
        assert folded_around(page, target) == [], (code, fragment)
    if code in EXPECTED:
        assert [f"{said} {urlsplit(href).fragment}" for said, href in links][: len(EXPECTED[code])] == EXPECTED[code]


def test_a_caveat_is_answered_in_its_finding_and_leads_nowhere_else(client):
    where = store(plan(end(roles=["domain-controller"])))[1]
    assert cures(client, where, "caveat") == []
    page = Page(client.get(f"/plans/{where}/?view=findings"))
    assert [words(page.one(id=f"finding-ldap-tcp{end}")) for end in ("", "-documented")] == [
        "Follow practice", "As documented",
    ]  # fmt: skip
    client.post(f"/plans/{where}/corrections/", {"caveat": "ldap-tcp", "answer": "documented"})
    page = Page(client.get(f"/plans/{where}/?view=findings"))
    assert words(page.one(id="finding-ldap-tcp-documented")) == "Take back"
    assert cures(client, where, "caveat") == []


@pytest.mark.parametrize("code", CASES)
def test_a_finding_has_a_title_in_words(code):
    slug = re.compile(r"^[a-z0-9]+([-_][a-z0-9]+)*$")
    for finding in evaluate(CASES[code]).findings:
        assert not slug.match(finding.title), finding
        assert finding.title[0].isupper()


def test_a_new_endpoint_comes_with_the_role_that_is_missing(client):
    where = store(CASES["no-database"])[1]
    (_, href), *_ = cures(client, where, "no-database")
    page = Page(client.get(href))
    ticked = [box.get("value") for box in page.all("input", name="roles") if "checked" in box.attrib]
    assert ticked == ["database"]


def test_each_endpoint_of_a_finding_leads_to_its_own_field(client):
    where = store(
        plan(end("A", addresses=[], roles=["mail-server"]), end("B & C", addresses=[], roles=["domain-controller"]))
    )[1]
    page = Page(client.get(f"/plans/{where}/?view=findings"))
    hrefs = [link.get("href") for item in page.all("details", class_="concerned") for link in item.iter("a")]
    assert f"/plans/{where}/?view=findings&edit=B%20%26%20C#endpoint-addresses" in hrefs
    assert words(Page(client.get(hrefs[-1])).one(id="editor-title")) == "Edit B & C"


def test_a_row_beyond_the_first_page_is_on_the_page_that_the_link_opens(client):
    never = [NEVER | {"protocol": "udp", "ports": str(port)} for port in range(1, PER_PAGE + 1)] + [NEVER]
    where = store(plan(end(), additional_flows=[FLOW], never=never))[1]
    (_, href), *_ = cures(client, where, "never-broken")
    page = Page(client.get(href))
    assert page.one(id=urlsplit(href).fragment).tag == "button"


def test_a_prohibited_flow_that_the_document_asks_for_leads_to_its_exclusion(client):
    ends = end(roles=["self-destruct-site", "password-reset-portal"])
    where = store(plan(ends, end("DC", "Internal", addresses=["10.0.0.3"], roles=["domain-controller"]), **PUSH))[1]
    (_, href), *_ = cures(client, where, "prohibited-flow")
    page = Page(client.get(href))
    form = page.one("form", class_="own-adder")  # the button beside the finding says it as well
    assert [field.get("value") for field in form.iter("input") if field.get("name") == "destination"] == ["PS01"]
    assert page.one(id="exclude-reason").tag == "textarea"


def test_readers_are_offered_nothing_that_they_cannot_do(client):
    where = store(contoso(never=[NEVER]))[1]
    reader = Page(client.get(f"/plans/{where}/read/?view=findings"))
    assert reader.all("section", class_="finding")
    assert reader.all(class_="cures") == []
    assert "edit=" not in reader.html
    assert "panel=" not in reader.html
