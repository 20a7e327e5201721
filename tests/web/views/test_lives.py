"""The state of rules on the page of a plan: one or many at once, told who was first, filtered, and in downloads."""

import json
import re

import pytest
from django.test import Client

from planner.store.models import RuleState
from planner.store.reports import report_for
from planner.web.views import kept
from tests.store.test_lives import MATRIX, change, give, life_of
from tests.web.views.pages import BROWSERS, HTMX, Page, know, store, words

pytestmark = pytest.mark.django_db


@pytest.fixture
def plan():
    return store()[0]


def address(plan, end=""):
    return f"/plans/{plan.key}/{end}"


def show(client, plan, **query):
    return Page(client.get(address(plan), query))


def rules_of(plan):
    return [rule.id for rule in report_for(plan.version, MATRIX).rules]


def boxes(page):
    """What the box before each rule sends, by the number of the rule."""
    return {box.get("id").removeprefix("pick-"): box.get("value") for box in page.all("input", form="state-form")}


def fields(page, form):
    """The hidden fields of a form."""
    found = page.one("form", id=form) if isinstance(form, str) else form
    return {field.get("name"): field.get("value") for field in found.iter("input") if field.get("type") == "hidden"}


def set_many(client, plan, page, rules, **values):
    sent = fields(page, "state-form") | values | {"rule": [boxes(page)[rule] for rule in rules]}
    return client.post(address(plan, "rules/state/"), sent, headers=HTMX)


def states(page):
    """What stands in the column of states, by the number of the rule."""
    found = {}
    for row in page.all("tr"):
        if (row.get("id") or "").startswith("rule-"):
            cell = next(cell for cell in row.iter("td") if cell.get("data-label") == "State")
            found[row.get("id").removeprefix("rule-")] = words(cell)
    return found


def test_a_ticket_is_set_on_ten_rules_in_one_go(client, plan):
    page = show(client, plan)
    rules = rules_of(plan)
    assert list(boxes(page)) == rules
    answer = Page(set_many(client, plan, page, rules, ticket="CHG-4711"))
    assert set(states(answer)) == set(rules)
    assert all("Requested" in said and "CHG-4711" in said for said in states(answer).values())


def test_without_a_script_the_answer_leads_back_to_the_page(client, plan):
    page = show(client, plan)
    rule = rules_of(plan)[0]
    sent = fields(page, "state-form") | {"rule": boxes(page)[rule], "state": "approved"}
    response = client.post(address(plan, "rules/state/"), sent)
    assert response.status_code == 302
    assert "Approved" in states(Page(client.get(response["Location"])))[rule]


def test_no_rule_or_nothing_to_set_is_said_in_place(client, plan):
    page = show(client, plan)
    rule = rules_of(plan)[0]
    none = Page(set_many(client, plan, page, [], state="approved", ticket="CHG-1"))
    assert "No rule is chosen." in none.text("form", id="state-form")
    assert none.one("input", id="state-ticket").get("value") == "CHG-1"
    empty = Page(set_many(client, plan, page, [rule]))
    assert "Say what is to be set" in empty.text("form", id="state-form")
    assert empty.one("input", id=f"pick-{rule}").get("checked") is not None
    assert not RuleState.objects.exists()


def test_a_date_that_is_none_stays_in_its_field_with_a_sentence(client, plan):
    page = show(client, plan)
    answer = Page(set_many(client, plan, page, rules_of(plan)[:1], review="soon", state="approved"))
    assert answer.one("input", id="state-review").get("aria-invalid") == "true"
    assert "A date is year, month and day" in answer.text("p", id="state-review-error")
    assert not RuleState.objects.exists()


def test_what_is_no_rule_of_the_page_is_refused(client, plan):
    page = show(client, plan)
    sent = fields(page, "state-form") | {"rule": ["x.1", "0" * 24], "state": "approved"}
    answer = Page(client.post(address(plan, "rules/state/"), sent, headers=HTMX))
    assert "These are no rules of this page." in answer.text("form", id="state-form")


def test_more_rules_than_are_set_in_one_go_are_refused(client, plan):
    page = show(client, plan)
    sent = fields(page, "state-form") | {"rule": ["0" * 24 + ".0"] * 1001, "state": "approved"}
    answer = Page(client.post(address(plan, "rules/state/"), sent, headers=HTMX))
    assert "at most 1,000 rules" in answer.text("form", id="state-form")


def test_of_two_browsers_the_later_one_is_told_and_can_send_again(client, plan):
    rule = rules_of(plan)[0]
    mine, theirs = show(client, plan), show(client, plan)
    other = know(Client(), BROWSERS[1])
    set_many(other, plan, theirs, [rule], state="rejected", ticket="CHG-9")
    answer = Page(set_many(client, plan, mine, [rule], state="approved", owner="Kim"))
    said = answer.text("form", id="state-form")
    assert f"{rule}: rejected" in said
    assert "CHG-9" in said
    assert life_of(plan, rule).given.state == "rejected"
    assert answer.one("input", id=f"pick-{rule}").get("checked") is not None
    assert answer.one("input", id="state-owner").get("value") == "Kim"
    set_many(client, plan, answer, [rule], state="approved", owner="Kim")
    assert life_of(plan, rule).given.state == "approved"


def test_a_page_from_before_the_plan_changed_sets_nothing(client, plan):
    page = show(client, plan)
    rules = rules_of(plan)
    change(plan, lambda document: document["endpoints"][0].update(addresses=["10.9.9.9"]))
    answer = Page(set_many(client, plan, page, rules, state="approved"))
    assert "The plan has changed since" in answer.text("form", id="state-form")
    assert not RuleState.objects.exists()


def test_the_same_form_counts_once(client, plan):
    page = show(client, plan)
    for _ in range(2):
        set_many(client, plan, page, rules_of(plan)[:1], state="approved")
    assert RuleState.objects.count() == 1


# ---- one rule ----


def open_rule(client, plan, rule):
    return Page(client.get(address(plan, "rule/"), {"rule": rule}))


def set_one(client, plan, page, **values):
    form = page.one("form", class_="rule-form")
    return client.post(address(plan, "rule/state/"), fields(page, form) | values)


def test_the_page_of_a_rule_shows_its_state_and_its_history_and_sets_all_of_it(client, plan):
    rule = rules_of(plan)[0]
    give(plan, rule, state="requested", ticket="CHG-1", author="Ada")
    page = open_rule(client, plan, rule)
    assert page.one("input", id="state-ticket").get("value") == "CHG-1"
    response = set_one(
        client, plan, page, state="approved", ticket="", owner="Kim", review="2027-01-31", comment="Soon"
    )
    assert response["Location"].endswith(f"#rule-{rule}")
    given = life_of(plan, rule).given
    assert (given.state, given.ticket, given.owner, given.comment) == ("approved", "", "Kim", "Soon")
    history = open_rule(client, plan, rule).text("ol", class_="state-history")
    for said in ("Approved", "before: requested", "owner Kim", "31 January 2027", "Requested", "CHG-1", "Ada"):
        assert said in history


def test_an_error_of_one_rule_keeps_what_was_typed(client, plan):
    rule = rules_of(plan)[0]
    page = open_rule(client, plan, rule)
    give(plan, rule, state="rejected", author="Bob")
    response = set_one(client, plan, page, state="approved", owner="Kim")
    assert response.status_code == 200
    answer = Page(response)
    assert f"{rule}: rejected by Bob" in answer.text("form", class_="rule-form")
    assert answer.one("input", id="state-owner").get("value") == "Kim"


def test_what_was_typed_of_a_rule_that_is_gone_by_now_stays_on_the_page_of_the_plan(client, plan):
    rule = rules_of(plan)[0]
    page = open_rule(client, plan, rule)
    change(plan, lambda document: document.update(endpoints=document["endpoints"][:1], additional_flows=[]))
    answer = Page(set_one(client, plan, page, state="verified", comment="Opened on Friday, CHG-9"))
    assert "or is gone. Nothing was set." in answer.text("form", id="state-form")
    assert answer.one("input", id="state-comment").get("value") == "Opened on Friday, CHG-9"
    assert not plan.states.exists()


def test_a_rule_that_is_not_there_is_not_found(client, plan):
    assert client.get(address(plan, "rule/"), {"rule": "NO-SUCH-1"}).status_code == 404


def test_what_has_changed_since_is_said_with_the_difference(client, plan):
    rule = rules_of(plan)[0]
    give(plan, rule, state="implemented")
    source = life_of(plan, rule).given.blocks[0].destinations[0]

    def move(document):
        for item in document["endpoints"]:
            if item["name"] == source:
                item["addresses"] = ["10.9.9.9"]

    change(plan, move)
    assert "Changed since implemented" in states(show(client, plan))[rule]
    said = open_rule(client, plan, rule).text("ul", class_="differences")
    assert f"{source}: was" in said
    assert "is 10.9.9.9" in said


def test_a_ticket_leads_only_to_an_address_of_the_web(client, plan):
    first, second, third, *_ = rules_of(plan)
    give(plan, first, ticket="https://tickets.example/browse/CHG-7")
    give(plan, second, ticket="javascript:alert(1)")
    give(plan, third, ticket="<b>CHG</b>")
    page = show(client, plan)
    links = [link.get("href") for link in page.all("a", class_="state-fact")]
    assert links == ["https://tickets.example/browse/CHG-7"]
    assert "javascript:alert(1)" in states(page)[second]
    assert "<b>CHG</b>" in states(page)[third]


# ---- what is left, filters, downloads, history ----


def test_what_nobody_asks_for_any_more_is_listed_until_it_is_closed(client, plan):
    give(plan, state="implemented", ticket="CHG-5")
    change(plan, lambda document: [item.update(roles=[], managed_by=[]) for item in document["endpoints"]])
    page = show(client, plan)
    section = page.one("section", id="left-rules")
    left = [box.get("value") for box in section.iter("input") if box.get("name") == "left"]
    assert left
    given = RuleState.objects.latest("pk")
    assert f"{given.at:%H:%M} by {given.author}" in words(section)
    sent = fields(page, next(section.iter("form"))) | {"left": left}
    answer = Page(client.post(address(plan, "rules/close/"), sent, headers=HTMX))
    assert not answer.all("section", id="left-rules")
    assert RuleState.objects.filter(state="closed").count() == len(left)


def test_rules_are_filtered_by_their_state(client, plan):
    rule = rules_of(plan)[0]
    give(plan, rule, state="approved")
    assert set(states(show(client, plan, state="approved"))) == {rule}
    assert rule not in states(show(client, plan, state="none"))
    page = show(client, plan, state="nonsense")
    assert "“nonsense” is not in this report" in page.text()


def test_downloads_have_the_states(client, plan):
    rule = rules_of(plan)[0]
    give(plan, rule, state="approved", ticket="CHG-8")
    data = json.loads(client.get(address(plan, "report/json")).content)
    assert {item["id"]: item["state"]["tickets"] for item in data["rules"] if "state" in item} == {rule: ["CHG-8"]}
    assert "CHG-8" in client.get(address(plan, "report/csv"), {"state": "approved"}).content.decode()
    part = json.loads(client.get(address(plan, "report/json"), {"state": "approved"}).content)
    assert [item["id"] for item in part["rules"]] == [rule]


def test_a_change_request_has_the_states_of_both_sides(client, plan):
    rule = rules_of(plan)[0]
    give(plan, rule, state="implemented", ticket="CHG-8")
    change(plan, lambda document: [item.update(roles=[], managed_by=[]) for item in document["endpoints"]])
    data = json.loads(client.get(address(plan, "changes/json"), {"from": "1", "to": "2"}).content)
    closed = {item["id"]: item.get("state", {}).get("tickets") for item in data["rules"]["closed"]}
    assert closed[rule] == ["CHG-8"]
    rows = Page(client.get(address(plan, "changes/"), {"from": "1", "to": "2"})).table("rules")
    [state] = [row[-1] for row in rows if row[0] == rule]
    assert re.fullmatch(r"Implemented, \d+ \w+ \d{4}, \d\d:\d\d CHG-8", state), "when is no tip alone"
    assert {len(row) for row in rows} == {7}


def test_the_history_tells_what_was_set(client, plan, monkeypatch):
    monkeypatch.setattr("planner.store.lives.MOST_NAMED", 2)
    give(plan, ticket="CHG-1", author="Ada")
    give(plan, rules_of(plan)[0], state="approved", author="Kim", via="Network team")
    page = Page(client.get(address(plan, "history/"), {"show": "states"}))
    first, second = [words(item) for item in page.all("li", class_="act")]
    for said in ("Approved", rules_of(plan)[0], "Kim", "Network team"):
        assert said in first
    assert f"{len(rules_of(plan))} rules" in second
    [link] = [link for link in page.all("a") if "act=" in link.get("href", "")]
    [whole] = [words(item) for item in Page(client.get(link.get("href"))).all("li", class_="act")]
    assert all(number in whole for number in rules_of(plan))
    for wrong in ("act=0", "act=x"):
        assert client.get(address(plan, f"history/?show=states&{wrong}")).status_code == 404
    assert "CHG-1" in second


def test_the_pulse_tells_of_states_that_others_set(client, plan):
    before = client.get(address(plan, "pulse/")).json()["states"]
    give(plan, rules_of(plan)[0], state="approved")
    assert client.get(address(plan, "pulse/")).json()["states"] > before


def test_the_page_costs_as_many_queries_whatever_states_there_are(client, plan, django_assert_num_queries):
    def count():
        kept.pages.clear()
        with django_assert_num_queries(100, exact=False) as found:
            show(client, plan)
        return len(found)

    give(plan, rules_of(plan)[0], state="approved")
    show(client, plan)
    few = count()
    give(plan, state="approved")
    give(plan, state="implemented")
    assert count() <= few + 1  # the rows are read once, and kept then
