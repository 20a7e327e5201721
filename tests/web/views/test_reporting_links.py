"""Read links whose readers may set the state of rules, and those whose readers may not."""

import io
import json

import pypdf
import pytest
from django.test import Client

from planner.sharing import links
from planner.store.models import Event, RuleState, ShareLink
from tests.store.test_lives import change, give, life_of
from tests.web.views.link_forms import PASSPHRASE, make
from tests.web.views.pages import Page, store, words
from tests.web.views.test_lives import boxes, fields, rules_of, states

pytestmark = pytest.mark.django_db


@pytest.fixture
def plan():
    return store()[0]


@pytest.fixture
def reader(handler):
    reader = Client()
    reader.handler = handler
    return reader


def link_to(client, plan, **terms):
    return make(client, str(plan.key), **terms)[1]


@pytest.fixture
def reporting(client, plan):
    return link_to(client, plan, may_report="1")


def send(reader, path, page, rules, **values):
    sent = fields(page, "state-form") | {"name": "Kim"} | values | {"rule": [boxes(page)[rule] for rule in rules]}
    return reader.post(f"{path}rules/state/", sent)


def test_a_reader_who_may_report_sets_states_under_a_name(plan, reader, reporting):
    rules = rules_of(plan)[:2]
    page = Page(reader.get(reporting))
    response = send(reader, reporting, page, rules, state="implemented", ticket="CHG-1", comment="Done")
    assert response["Location"] == reporting
    given = life_of(plan, rules[1]).given
    assert (given.state, given.ticket, given.comment) == ("implemented", "CHG-1", "Done")
    assert given.by == "Kim (by the link “Network team”)"
    assert Event.objects.filter(kind="states-reported", actor="Kim", detail="2 rules").count() == 1
    answer = Page(reader.get(reporting))
    assert set(states(answer)) == set(rules_of(plan))
    assert "Implemented" in states(answer)[rules[0]]


def test_one_rule_is_set_on_its_own_page(plan, reader, reporting):
    rule = rules_of(plan)[0]
    page = Page(reader.get(f"{reporting}rule/", {"rule": rule}))
    form = page.one("form", class_="rule-form")
    response = reader.post(
        f"{reporting}rule/state/", fields(page, form) | {"name": "Kim", "state": "verified", "ticket": "CHG-2"}
    )
    assert response["Location"] == f"{reporting}#rule-{rule}"
    assert life_of(plan, rule).given.state == "verified"


@pytest.mark.parametrize("left", [1, -1])
def test_what_was_typed_of_a_rule_that_is_gone_by_now_stays(plan, reader, reporting, left):
    rule = rules_of(plan)[0]
    page = Page(reader.get(f"{reporting}rule/", {"rule": rule}))
    sent = fields(page, page.one("form", class_="rule-form")) | {"name": "Kim", "state": "verified"}
    change(plan, lambda document: document.update(endpoints=document["endpoints"][:left], additional_flows=[]))
    assert (rule in rules_of(plan), bool(rules_of(plan))) == (False, left < 0)
    answer = reader.post(f"{reporting}rule/state/", sent | {"comment": "Opened on Friday, CHG-9"})
    assert answer.status_code == 200
    page = Page(answer)
    form = page.one("form", id="state-form")
    assert "or is gone. Nothing was set." in words(form)
    assert page.one("input", id="state-comment").get("value") == "Opened on Friday, CHG-9"
    assert [one.get("value") for one in form.iter("option") if one.get("selected") is not None] == ["verified"]
    assert not RuleState.objects.exists()


def test_a_name_is_asked_for_and_what_was_typed_stays(plan, reader, reporting):
    rule = rules_of(plan)[0]
    page = Page(reader.get(reporting))
    answer = Page(send(reader, reporting, page, [rule], state="approved", ticket="CHG-3", name=" "))
    assert "Say who you are" in answer.text("p", id="state-name-error")
    assert answer.one("input", id="state-ticket").get("value") == "CHG-3"
    assert answer.one("input", id=f"pick-{rule}").get("checked") is not None
    assert not RuleState.objects.exists()


def test_a_reader_who_has_not_seen_what_the_planner_set_is_told(plan, reader, reporting):
    rule = rules_of(plan)[0]
    page = Page(reader.get(reporting))
    give(plan, rule, state="rejected", author="Secret Planner")
    answer = Page(send(reader, reporting, page, [rule], state="implemented"))
    assert f"{rule}: rejected" in answer.text("form", id="state-form")
    assert life_of(plan, rule).given.state == "rejected"
    assert "Secret Planner" not in answer.html


@pytest.mark.parametrize(
    "terms", [{}, {"shows": "pinned", "revision": "1"}, {"shows": "pinned", "revision": "1", "shows_changes": "1"}]
)
def test_a_link_that_may_not_report_sets_nothing(client, plan, reader, reporting, terms):
    rule = rules_of(plan)[0]
    page = Page(reader.get(reporting))
    path = link_to(client, plan, **terms)
    there = Page(reader.get(path))
    assert not there.all("form", id="state-form")
    assert not boxes(there)
    assert send(reader, path, page, [rule], state="approved").status_code == 404
    assert reader.post(f"{path}rule/state/", {"name": "Kim", "id": rule}).status_code == 404
    assert reader.get(f"{path}rule/", {"rule": rule}).status_code == 404
    assert not RuleState.objects.exists()


def test_a_link_to_one_revision_is_not_made_to_report(client, plan):
    page, path = make(client, str(plan.key), shows="pinned", revision="1", may_report="1")
    assert path is None
    assert "A link to one revision can’t report" in page.text("main")
    assert page.one("input", id="link-may-report").get("aria-invalid") == "true"
    assert not ShareLink.objects.exists()


def test_the_list_of_links_says_which_may_report(client, plan, reporting):
    link_to(client, plan, label="Others")
    page = Page(client.get(f"/plans/{plan.key}/links/"))
    assert ["may report" in words(item) for item in page.all("li", class_="link")] == [False, True]


def test_a_revoked_link_sets_nothing(client, plan, reader, reporting):
    rule = rules_of(plan)[0]
    page = Page(reader.get(reporting))
    client.post(f"/plans/{plan.key}/links/revoke/", {"link": str(ShareLink.objects.get().pk)})
    assert send(reader, reporting, page, [rule], state="approved").status_code == 404
    assert not RuleState.objects.exists()


def test_the_gate_of_a_link_stands_before_its_states(client, plan, reader):
    path = link_to(client, plan, may_report="1", passphrase=PASSPHRASE)
    rule = rules_of(plan)[0]
    page = Page(client.get(f"/plans/{plan.key}/"))
    response = reader.post(f"{path}rules/state/", {"name": "Kim", "state": "approved", "rule": [boxes(page)[rule]]})
    assert response["Location"] == path
    assert not RuleState.objects.exists()
    reader.post(f"{path}enter/", {"passphrase": PASSPHRASE})
    assert send(reader, path, Page(reader.get(path)), [rule], state="approved").status_code == 302
    assert life_of(plan, rule).given.state == "approved"


def test_so_many_reports_an_hour_and_no_more(plan, reader, reporting, monkeypatch):
    monkeypatch.setattr(links, "REPORTS", 1)
    first, second, *_ = rules_of(plan)
    page = Page(reader.get(reporting))
    assert send(reader, reporting, page, [first], state="approved").status_code == 302
    assert send(reader, reporting, page, [second], state="approved").status_code == 429
    assert life_of(plan, second) is None


def test_forms_of_readers_are_checked_for_where_they_come_from(plan, reporting):
    strict = Client(enforce_csrf_checks=True)
    page = Page(strict.get(reporting))
    sent = {"name": "Kim", "state": "approved", "rule": list(boxes(page).values())}
    assert strict.post(f"{reporting}rules/state/", sent).status_code == 403
    assert not RuleState.objects.exists()


PRIVATE = {"author": "zqauthor", "owner": "zqowner", "comment": "zqcomment"}


@pytest.mark.parametrize("terms", [{}, {"may_report": "1"}, {"shows": "pinned", "revision": "1"}])
def test_readers_see_states_and_tickets_and_nobody_who_set_them(client, plan, reader, terms):
    rule = rules_of(plan)[0]
    give(plan, rule, state="approved", ticket="CHG-77", via="zqvia", **PRIVATE)
    path = link_to(client, plan, **terms)
    answers = [reader.get(path).content.decode()]
    answers += [reader.get(f"{path}report/{name}").content.decode() for name in ("json", "csv", "markdown", "html")]
    pinned, reports = "shows" in terms, "may_report" in terms
    for text in answers:
        assert ("CHG-77" in text) is not pinned
        assert "zqauthor" not in text
        assert "zqvia" not in text
    for text in answers[1:]:
        assert ("zqowner" in text) is reports


def test_readers_learn_that_a_rule_has_changed_and_not_what_it_was(client, plan, reader):
    give(plan, state="implemented")
    old = plan.document["endpoints"][0]["addresses"][0]

    def change_all(document):
        document["endpoints"][0]["addresses"] = ["10.77.0.1"]
        document["endpoints"][-1]["roles"] = []

    change(plan, change_all)
    path = link_to(client, plan, may_report="1")
    page = Page(reader.get(path))
    assert any("Changed since implemented" in said for said in states(page).values())
    assert not page.all("section", id="left-rules")
    changed = next(rule for rule, said in states(page).items() if "Changed" in said)
    said = Page(reader.get(f"{path}rule/", {"rule": changed}))
    assert "has other addresses than then" in said.text("ul", class_="differences")
    data = json.loads(reader.get(f"{path}report/json").content)
    assert "no_longer_asked" not in data
    for text in (page.html, said.html, json.dumps(data)):
        assert old not in text


@pytest.mark.slow
def test_the_pdf_of_a_link_carries_what_its_json_says_and_no_plan(client, plan, reader, reporting):
    rules = rules_of(plan)[:1]
    send(reader, reporting, Page(reader.get(reporting)), rules, state="implemented", owner="Ada", comment="Done")
    files = pypdf.PdfReader(io.BytesIO(reader.get(f"{reporting}report/pdf").content)).attachments
    assert {name: content for name, [content] in files.items()} == {
        "report.json": reader.get(f"{reporting}report/json").content
    }
    own = pypdf.PdfReader(io.BytesIO(client.get(f"/plans/{plan.key}/report/pdf").content)).attachments
    assert set(own) == {"plan.yaml", "report.json"}
