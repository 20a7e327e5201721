"""One packet asked about on the page of a plan and under a read link, plainly and by htmx."""

import pytest

from planner.store.git import give_to_git
from tests.engine.test_ask import PLAN
from tests.report.samples import sites
from tests.web.views.link_forms import read_link
from tests.web.views.pages import HTMX, Page, document_of, store, words


@pytest.fixture
def plan():
    return store(PLAN)


def question(source, destination, service, **more):
    return {"ask_from": source, "ask_to": destination, "ask_service": service, **more}


def ask(client, address, *packet, htmx=False, **more):
    headers = HTMX | {"HX-Target": "answer"} if htmx else {}
    return Page(client.get(address, question(*packet, **more), headers=headers))


def answer(page):
    return page.text(id="answer")


def kept_by(page, form):
    return {field.get("name"): field.get("value") for field in page.one(id=f"{form}-kept").iter("input")}


def part(client, where, target, query):
    return Page(client.get(f"/plans/{where}/", query, headers=HTMX | {"HX-Target": target}))


def links(page):
    return [(words(link), link.get("href")) for link in page.one(id="answer").iter("a")]


def test_what_is_allowed_names_its_rule_and_leads_to_it(client, plan):
    page = ask(client, f"/plans/{plan[1]}/", "10.9.1.7", "ps01", "443")
    assert answer(page).startswith("Allowed by CLI-INT-10 10.9.1.7 is Staff.")
    rule, chosen = links(page)
    assert rule[0] == "CLI-INT-10"
    assert rule[1].endswith("#rule-CLI-INT-10")
    assert page.one("tr", id="rule-CLI-INT-10") is not None
    assert chosen[0] == "Filter by this"
    narrowed = Page(client.get(chosen[1]))
    assert [row[0] for row in narrowed.table("rules")] == ["CLI-INT-10"]
    assert narrowed.one("input", id="ask-from").get("value") == "10.9.1.7", "the question stays"


def test_what_nothing_asks_for_leads_to_the_form_of_an_own_flow_and_is_allowed_then(client, plan):
    row, where = plan
    page = ask(client, f"/plans/{where}/", "Staff", "PS01", "tcp/8080")
    assert answer(page).startswith(
        "Not asked for by this plan Nothing in the plan asks for tcp 8080 from Staff to PS01."
    )
    [(said, address)] = links(page)
    assert said == "Add the flow"
    form = Page(client.get(address.partition("#")[0]))
    assert form.one(id="own-new-ports").get("value") == "8080"
    chosen = [
        option.get("value")
        for name in ("own-source", "own-destination")
        for option in form.one(id=name).iter("option")
        if option.get("selected") is not None
    ]
    assert chosen == ["Staff", "PS01"]
    data = {"source": "Staff", "destination": "PS01", "protocol": "tcp", "ports": "8080", "reason": "Old client"}
    sent = client.post(f"/plans/{where}/flows/add/?{address.partition('?')[2].partition('#')[0]}", data)
    assert document_of(row)["additional_flows"][-1] == data
    after = Page(client.get(sent["Location"]))
    assert answer(after).startswith("Allowed by")
    assert not after.one(id="own-new-ports").get("value"), "the form is empty again"


def test_what_must_stay_closed_leads_to_its_row(client, plan):
    page = ask(client, f"/plans/{plan[1]}/", "PRP01", "SQL01", "1433")
    assert answer(page).startswith("It must stay closed")
    assert "Policy 12" in answer(page)
    [(_, address)] = links(page)
    row = address.partition("#")[2]
    assert Page(client.get(address.partition("#")[0])).one(id=row) is not None


@pytest.mark.slow
def test_every_way_leads_to_a_field_that_is_there(client):
    portal = {"name": "PRP02", "zone": "DMZ", "roles": ["password-reset-portal"]}
    directory = {"name": "AD01", "zone": "DMZ", "platforms": ["active-directory"], "operations": ["reset"]}
    domain = {"name": "DC01", "zone": "DMZ", "roles": ["domain-controller"]}
    row, where = store(PLAN | {"endpoints": [*PLAN["endpoints"], portal, directory, domain]})
    packets = [
        ("World", "PRP02", "443"), ("PS01", "AD01", "389"), ("PS01", "DC01", "389"), ("PS01", "SQL01", "1433"),
        ("10.9.0.3", "PS01", "443"),
    ]  # fmt: skip

    def follow():
        found = set()
        for packet in packets:
            for said, address in links(ask(client, f"/plans/{where}/", *packet)):
                found.add(said)
                query, _, fragment = address.partition("#")
                if fragment:
                    assert fragment in Page(client.get(query)).ids, said
        return found

    doing = {"Decide", "Follow practice", "Add an endpoint"}
    found = follow()
    assert doing | {"Addresses of PRP02", "The exclusion"} <= found
    give_to_git(plan_id=row.pk, repository="https://git.example.com/plans", path="site.yaml", token=None, actor="Olga")
    assert follow() == found - doing - {"Add the flow"} | {"The decision", "The correction"}


def test_what_cannot_be_asked_is_told_at_its_field_and_kept(client, plan):
    page = ask(client, f"/plans/{plan[1]}/", "<b>Nobody</b>", "", "sctp")
    assert "“<b>Nobody</b>” is no endpoint and no zone" in answer(page)
    assert "Say whom it is to reach." in answer(page)
    assert [page.one(id=f"ask-{name}").get("aria-invalid") for name in ("from", "to", "service")] == ["true"] * 3
    assert page.one(id="ask-from").get("value") == "<b>Nobody</b>"


def test_htmx_gets_the_answer_and_the_links_that_keep_the_question(client, plan):
    page = ask(client, f"/plans/{plan[1]}/", "Staff", "PS01", "443", htmx=True, section="2")
    assert not page.is_whole
    assert page.text(class_="answer").startswith("Allowed by CLI-INT-10")
    assert "ask_from=Staff" in page.one("a", id="view-flows").get("href")
    assert kept_by(page, "filter") == question("Staff", "PS01", "443")
    other = part(client, plan[1], "results", {"section": "2", "view": "flows"} | question("Staff", "PS01", "443"))
    assert kept_by(other, "ask") == {"view": "flows", "section": "2"}


def test_a_reader_asks_too_and_is_told_to_ask_the_planner(client, plan):
    path = read_link(client, plan)
    for packet, said in (
        (("Staff", "PS01", "443"), "Allowed by CLI-INT-10"),
        (("Staff", "PS01", "8080"), "ask whoever made this plan to add a flow"),
        (("PS01", "SQL01", "1433"), "If you need it, ask whoever made this plan."),
    ):
        page = ask(client, path, *packet)
        assert said in answer(page)
        assert all(address.startswith(path) for _, address in links(page))
        assert plan[1] not in page.html
    assert ask(client, path, "Staff", "PS01", "443", htmx=True).text(class_="answer").startswith("Allowed")


def test_only_rules_and_flows_have_the_form_and_a_thousand_sites_few_suggestions(client):
    _, where = store(sites(300))
    page = Page(client.get(f"/plans/{where}/?view=flows"))
    assert len(page.all("option")) < 1000
    assert len(list(page.one(id="ask-names"))) == 200
    assert not Page(client.get(f"/plans/{where}/?view=zones")).all(id="ask")
