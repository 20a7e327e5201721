"""What the guided start asks beyond its questions, and what it says beside them: all of it is computed."""

import pytest

from planner.engine import evaluate_report
from planner.plan.blueprint import compose
from planner.plan.document import check_plan
from planner.store.models import Plan
from planner.store.recent import Recent
from planner.web.views import guided, start
from planner.web.views.guided import Sheet, compose_sheet, describe_open, describe_weights
from ports.queries import shipped_matrix
from tests.plan.blueprints import ANSWERS
from tests.web.views.pages import HTMX, Page
from tests.web.views.test_start import PREVIEW, START, checked, form

MATRIX = shipped_matrix()


def described(answers, **more):
    sheet = Sheet(answers=answers, **more)
    return sheet, compose_sheet(MATRIX, sheet, "X")


def weights(answers, **more):
    return describe_weights(MATRIX, *described(answers, **more))


def left(answers, **more):
    """By topic: the fields of what is left open."""
    topics = describe_open(MATRIX, *described(answers, **more))
    return {topic: [item["field"] for item in items] for topic, items in topics.items()}


# --- what is left open -----------------------------------------------------------------------------------------------


def test_a_caveat_is_asked_under_its_topic_once_it_bears_on_the_answers():
    usual = left({})
    assert usual["Servers"] == ["caveat-ldap-tcp"]
    assert "caveat-telnet-port" not in usual["Managed systems"]
    telnet = {"systems": ["network"], "system-sessions": ["telnet"], "launcher-users": "inside"}
    assert "caveat-telnet-port" in left(telnet)["Managed systems"]
    assert "Servers" not in left({"domain": "no"})


def test_choices_that_are_left_undecided_are_asked_and_settle_which_caveats_bear():
    asked = left({})["Managed systems"]
    assert {"choice-windows-validation", "caveat-validation-rpc"} <= set(asked)
    smb = left({}, choices={"windows-validation": "smb"})["Managed systems"]
    assert "choice-windows-validation" in smb, "it stays, to be answered otherwise"
    assert "caveat-validation-rpc" not in smb


def test_the_page_asks_with_decide_later_chosen_and_says_what_each_answer_would_open(client):
    page = Page(client.get(START))
    fields = page.all("input", name="caveat-ldap-tcp")
    assert [field.get("value") for field in fields] == ["practice", "documented", ""]
    assert [field.get("checked") is not None for field in fields] == [False, False, True]
    text = page.text(id="question-caveat-ldap-tcp")
    assert "open" in text
    assert "changes no rule, only flows within a zone" in text
    apart = Page(client.post(PREVIEW, form({"systems": ["workstations"]}))).text(id="question-caveat-wmi-dynamic-rpc")
    assert "tcp 49152-65535" in apart


def test_answers_are_in_the_plan_and_what_is_left_is_counted(client):
    data = form() | {"caveat-ldap-tcp": "practice", "caveat-gateway-assumed": "documented"}
    preview = Page(client.post(PREVIEW, data))
    assert "LDAP as UDP 389 only" not in preview.text(id="preview")
    assert [f.get("value") for f in preview.all("input", name="caveat-ldap-tcp") if f.get("checked") is not None] == [
        "practice"
    ]
    client.post(START, data | {"choice-windows-validation": "smb"})
    document = Plan.objects.get().document
    assert document["corrections"] == ["ldap-tcp"]
    assert document["as_documented"] == ["gateway-assumed"]
    assert document["choices"] == {"windows-validation": "smb"}
    report = evaluate_report(MATRIX, check_plan(document, matrix=MATRIX))
    assert [state.caveat.slug for state in report.questions] == ["wmi-dynamic-rpc"]
    assert report.decisions == ()


@pytest.mark.parametrize("answer", ["practice", "documented"])
def test_an_answer_to_what_does_not_bear_counts_for_nothing(client, answer):
    client.post(START, form({"domain": "no"}) | {"caveat-ldap-tcp": answer, "choice-esxi": "ssh"})
    document = Plan.objects.get().document
    assert not {"corrections", "as_documented"} & set(document)
    assert "esxi" not in document.get("choices", {})


def test_an_answer_that_is_none_leaves_it_open(client):
    client.post(START, form() | {"caveat-ldap-tcp": "moon", "choice-windows-validation": "moon"})
    assert not {"corrections", "as_documented", "choices"} & set(Plan.objects.get().document)


def test_answers_to_what_is_open_outlive_a_fault_elsewhere(client):
    data = form() | {"caveat-ldap-tcp": "practice", "choice-windows-validation": "smb", "answer-sites": "Oslo\noslo"}
    page = Page(client.post(START, data))
    assert page.one("input", name="caveat-ldap-tcp").get("value") == "practice"
    assert page.one("input", name="choice-windows-validation").get("value") == "smb"
    assert not Plan.objects.exists()


def test_htmx_gets_what_is_left_open_and_what_each_option_would_change(client):
    page = Page(client.post(PREVIEW, form({"app": "dmz"}), headers=HTMX))
    assert page.one(id="question-caveat-app-server-inbound") is not None
    assert page.text(id="weight-mail-cloud") == "1 rule more (1 flow): tcp 25"
    assert page.text(id="weight-app-dmz") == ""
    ways = {page.one(id=element).get("hx-swap-oob") for element in page.ids if element.startswith("weight-")}
    assert ways == {"innerHTML"}, "htmx tells of each element that takes another's place with each of the others"
    ids = page.ids
    assert len(set(ids)) == len(ids)
    broken = Page(client.post(PREVIEW, form() | {"answer-sites": "Oslo\noslo"}, headers=HTMX))
    assert not [element for element in broken.ids if element.startswith(("left-", "weight-"))]


def test_with_the_page_come_no_answers_of_before(client):
    assert checked(Page(client.get(START)), "sql") == ["own"]


# --- names and addresses ---------------------------------------------------------------------------------------------

NAMES = "/plans/guided/names/"


def servers(page):
    """By composed name: the number of the row of each server."""
    fields = [field for field in page.all("input") if (field.get("name") or "").endswith("-of")]
    return {field.get("value"): field.get("name").split("-")[1] for field in fields}


def test_the_last_step_asks_for_the_servers_of_the_answers_and_carries_the_answers(client):
    data = form({"sql": "zone"}) | {"caveat-ldap-tcp": "practice", "name": "Contoso"}
    page = Page(client.post(NAMES, data))
    assert {"PS01", "SQL01", "DC01"} <= set(servers(page))
    assert "Clients" not in servers(page), "groups are no servers"
    carried = {(field.get("name"), field.get("value")) for field in page.all("input", type="hidden")}
    assert {("answer-sql", "zone"), ("caveat-ldap-tcp", "practice"), ("name", "Contoso")} <= carried
    assert not Plan.objects.exists()


def test_names_and_addresses_come_into_the_plan_wherever_it_names_a_server(client):
    data = form()
    rows = servers(Page(client.post(NAMES, data)))
    sent = {f"server-{row}-of": name for name, row in rows.items()}
    sent |= {f"server-{row}-name": name for name, row in rows.items()}
    sent |= {f"server-{rows['PS01']}-name": "Vault", f"server-{rows['PS01']}-addresses": "10.0.0.10; fd00::10"}
    wrong = Page(client.post(NAMES, data | sent | {f"server-{rows['DC01']}-name": "vault", "make": "1"}))
    assert "No plan was made." in wrong.text("div", role="alert")
    assert wrong.all("input", value="Vault")
    [faulty] = wrong.all("input", aria_invalid="true")
    assert wrong.one("p", id=faulty.get("aria-describedby"), class_="error") is not None
    assert not Plan.objects.exists()
    assert client.post(NAMES, data | sent | {"make": "1"}).status_code == 302
    document = Plan.objects.get().document
    ends = {end["name"]: end for end in document["endpoints"]}
    assert ends["Vault"]["addresses"] == ["10.0.0.10", "fd00::10"]
    assert "PS01" not in repr(document)
    assert Plan.objects.get().revisions.count() == 1


def test_a_field_of_other_answers_names_nothing(client):
    sent = {"server-0-of": "Gone", "server-0-name": "Vault", "make": "1"}
    assert client.post(NAMES, form() | sent).status_code == 302
    assert "Vault" not in repr(Plan.objects.get().document)


def test_a_fault_of_the_answers_is_told_where_they_are_given(client):
    page = Page(client.post(NAMES, form() | {"answer-sites": "Oslo\noslo", "make": "1"}))
    assert "No plan was made." in page.text("div", role="alert")
    assert page.one(id="question-sites") is not None
    assert not Plan.objects.exists()


# --- beside the options ----------------------------------------------------------------------------------------------


def test_what_stands_beside_an_option_is_what_a_plan_with_it_opens_more():
    base = evaluate_report(MATRIX, check_plan(compose(MATRIX, {}, "X"), matrix=MATRIX))
    for option in ("dmz", "cloud"):
        other = evaluate_report(MATRIX, check_plan(compose(MATRIX, {"portal": option}, "X"), matrix=MATRIX))
        more = len(other.rules) - len(base.rules)
        assert weights({})["portal", option] == f"{more} rules more ({more} flows): tcp 443"


@pytest.mark.slow
def test_it_follows_the_answers_so_far():
    assert weights({})["sql", "zone"] == "1 rule more (1 flow): tcp 1433"
    assert ("sql", "own") not in weights({}), "it is the answer"
    assert weights({})["systems", "windows"].startswith("without it: ")
    assert weights({"ha": "passive"})["sql", "zone"] == "1 rule more (2 flows): tcp 1433"


def test_questions_that_are_not_asked_have_nothing_beside_them():
    assert not [key for key in weights({}) if key[0] == "portal-users"]
    assert ("portal-users", "internet") in weights({"portal": "dmz"})


def test_answers_to_what_is_open_are_counted_in():
    plain, practice = weights({}), weights({}, caveats={"wmi-dynamic-rpc": "practice"})
    assert "tcp 49152-65535" not in plain["systems", "workstations"]
    assert "6 flows" in plain["systems", "workstations"]
    assert "7 flows" in practice["systems", "workstations"]


def test_in_a_large_plan_no_option_is_weighed_and_no_plan_made_for_it(monkeypatch):
    sheet, composed = described({"sites": ["Oslo"]})
    assert describe_weights(MATRIX, sheet, composed)
    monkeypatch.setattr(guided, "MAX_FLOWS", len(composed.report.flows) - 1)
    monkeypatch.setattr(guided, "compose_plan", None)
    assert describe_weights(MATRIX, sheet, composed) == {}


def test_a_large_plan_says_that_no_option_is_weighed(client, monkeypatch):
    def is_said(text):
        return Page(text).one(id="unweighed").get("hidden") is None

    assert not is_said(client.get(START))
    assert not is_said(client.post(PREVIEW, form(), **HTMX))
    monkeypatch.setattr(guided, "MAX_FLOWS", 1)
    monkeypatch.setattr(start, "_weighed", Recent(lambda _: 1, count=1))
    assert is_said(client.get(START))
    assert is_said(client.post(PREVIEW, form(), **HTMX))


def test_an_open_choice_says_what_the_plan_opens_for_each_option():
    def said(answers, **more):
        topics = describe_open(MATRIX, *described(answers, **more))
        items = {item["field"]: item for items in topics.values() for item in items}
        return {line["value"]: line["text"] for line in items["choice-windows-validation"]["lines"]}

    plain = said({"systems": ["workstations"], "system-operations": ["validation"]})
    assert plain == {"rpc": "Opens tcp 135.", "smb": "Opens tcp 445.", "": "All of them stay in the report."}
    more = said({"systems": ["workstations"], "system-operations": ["validation", "discovery"]})
    assert more == plain | {"rpc": "Needs nothing more than is open anyway."}


def test_an_option_that_makes_no_plan_is_left_out():
    answers = {"sites": ["Databases"]}
    assert ("sql", "zone") not in weights(answers), "there would be two zones of one name"
    assert ("sql", "same") in weights(answers)


# --- a plan of thirty sites ------------------------------------------------------------------------------------------

SITES = [f"Site {number}" for number in range(1, 31)]
NOBODY = {question.slug: "nobody" for question in MATRIX.questions.values() if "nobody" in question.slugs}
THIRTY = {
    "usual": {},
    "everything at each site": {"site-systems": ["windows", "linux", "network", "esxi"]},
    "gateways at the sites": {"gateway": "sites", "site-systems": ["windows", "linux"]},
    "no gateway": {"gateway": "none", "launcher-users": "inside"},
    "nobody yet": NOBODY | {"portal": "dmz", "messages": "push-pull"},
    "dmz": ANSWERS["dmz"],
    "high availability": ANSWERS["high-availability"],
    "nothing managed": {"site-systems": [], "systems": []},
    "telnet": {"site-systems": ["network"], "system-sessions": ["telnet"], "launcher-users": "inside"},
    "nothing done": {"system-operations": []},
    "app server": {"app": "dmz", "app-users": "internet", "site-systems": ["windows", "linux"]},
}


def asking(answers, **more):
    report = described(answers | {"sites": SITES}, **more)[1].report
    return [(one.severity, one.code, one.subject) for one in report.findings if one.severity != "info"]


@pytest.mark.parametrize("name", THIRTY)
def test_a_plan_of_thirty_sites_asks_for_attention_twelve_times_at_most(name):
    assert len(asking(THIRTY[name])) <= 12


def test_with_every_module_and_system_it_does_so_once_its_open_questions_are_answered():
    """There are eight caveats and four choices to answer then, each a question of its own."""
    caveats = {slug: "practice" for slug, caveat in MATRIX.caveats.items() if caveat.correction}
    choices = {slug: choice.slugs[0] for slug, choice in MATRIX.choices.items() if choice.default is None}
    found = asking(ANSWERS["everything"], caveats=caveats, choices=choices)
    assert {severity for severity, code, _ in found if code != "address-missing"} == {"warning"}
    assert len(found) <= 12
    assert len({(code, subject) for _, code, subject in asking(ANSWERS["everything"])}) == 17


@pytest.mark.slow
def test_what_was_weighed_is_told_of_the_same_answers_alone(client, monkeypatch):
    usual = form()
    chosen = MATRIX.choices["windows-validation"].options[0].slug
    sent = [
        usual,
        form({"sites": ["Oslo"]}),
        usual | {"choice-windows-validation": chosen},
        usual | {"caveat-wmi-dynamic-rpc": "practice"},
        usual | {"who-else": ["partners"]},
        usual | {"who-else": ["partners"], "uses-partners": ["", "website-user"]},
        usual | {"who-else-names": "Night shift"},
    ]

    def look(fields):
        return client.post(PREVIEW, fields, headers=HTMX).content

    alone = []
    for fields in sent:
        monkeypatch.setattr(start, "_weighed", Recent(lambda _: 1, count=1))
        alone.append(look(fields))
    monkeypatch.setattr(start, "_weighed", Recent(lambda _: 1, count=len(sent)))
    assert [look(fields) for fields in sent] == alone
    monkeypatch.setattr(start, "compose_sheet", None)  # nothing is composed, let alone weighed, once more
    assert [look(fields) for fields in sent] == alone
    assert [alone.index(one) for one in alone] == list(range(len(sent)))
