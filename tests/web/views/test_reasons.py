"""Who took a decision and why: at the decision, in the history, in downloads and under a read link."""

import json

import pytest

from planner.report.said.answers import match_answers
from planner.store import actions, reasons
from planner.store.answers import read_told
from planner.store.models import Answer
from planner.store.reports import report_for
from ports.queries import shipped_matrix
from tests.report.samples import contoso
from tests.web.views.link_forms import make
from tests.web.views.pages import BROWSERS, HTMX, Page, know, store, words

pytestmark = pytest.mark.django_db
MATRIX = shipped_matrix()
HOSTILE = "<script>alert(1)</script> \u202e=cmd"


@pytest.fixture
def plan():
    return store(contoso())[0]


def address(plan, end=""):
    return f"/plans/{plan.key}/{end}"


def call(client, plan, name):
    client.post(address(plan, "visitor/"), {"name": name})


def decide(client, plan, option="ssh", reason="", choice="esxi"):
    return client.post(address(plan, "choices/"), {"choice": choice, "option": option, "reason": reason}, follow=True)


def answer(client, plan, given, reason="", caveat="ldap-tcp"):
    sent = {"caveat": caveat, "answer": given, "reason": reason}
    return client.post(address(plan, "corrections/"), sent, follow=True)


def told(client, plan, panel="decisions"):
    """What stands at the decisions of who took them, and why."""
    return [words(item) for item in Page(client.get(address(plan), {"panel": panel})).all("p", class_="why")]


def taken(plan):
    plan.refresh_from_db()
    return match_answers(read_told(plan), report_for(plan.version, MATRIX))


def test_a_decision_says_who_took_it_and_why_there_and_in_the_history(client, plan):
    call(client, plan, "Kim")
    decide(client, plan, reason="  The hosts\nhave no PowerCLI ")
    [said] = told(client, plan)
    assert said.startswith("Decided by Kim, ")
    assert said.endswith(": “The hosts have no PowerCLI”")
    history = Page(client.get(address(plan, "history/")))
    assert [words(item) for item in history.all("p", class_="why")] == ["Why: “The hosts have no PowerCLI” · Kim"]


def test_a_guest_without_a_name_is_told_from_others_and_no_reason_is_needed(client, plan):
    decide(client, plan)
    [said] = told(client, plan)
    assert said.startswith("Decided by Guest ")
    assert "“" not in said
    assert not Page(client.get(address(plan, "history/"))).all("p", class_="why")


def test_a_reason_can_be_added_later_by_somebody_else(client, plan):
    call(client, plan, "Kim")
    decide(client, plan)
    other = know(type(client)(), BROWSERS[1])
    call(other, plan, "Zoë")
    decide(other, plan, reason="Asked the vendor")
    assert plan.revisions.count() == 2, "the plan itself didn't change"
    [said] = told(client, plan)
    assert said.startswith("Decided by Kim, ")
    assert "“Asked the vendor” (Zoë, " in said
    decide(other, plan, reason="Asked the vendor")
    assert Answer.objects.count() == 2, "the same is kept once"


def test_who_decides_otherwise_takes_the_place_and_an_undo_brings_the_first_back(client, plan):
    call(client, plan, "Kim")
    decide(client, plan, reason="One")
    call(client, plan, "Zoë")
    decide(client, plan, "powercli", "Two")
    assert "by Zoë" in told(client, plan)[0]
    client.post(address(plan, "undo/"))
    [said] = told(client, plan)
    assert "by Kim" in said
    assert "“One”" in said
    decide(client, plan, "")
    assert told(client, plan) == []


def test_a_decision_that_is_sent_twice_says_nothing_of_the_one_that_somebody_took_in_between(client, plan):
    call(client, plan, "Kim")
    mine = {"choice": "esxi", "option": "ssh", "reason": "No PowerCLI here", "operation": "a" * 32, "base": "1"}
    client.post(address(plan, "choices/"), mine)
    other = know(type(client)(), BROWSERS[1])
    call(other, plan, "Zoë")
    decide(other, plan, "powercli")
    client.post(address(plan, "choices/"), mine)
    [said] = told(client, plan)
    assert said.startswith("Decided by Zoë, ")
    assert "No PowerCLI here" not in said
    assert Answer.objects.count() == 2


def test_a_caveat_is_answered_with_a_reason_in_either_panel(client, plan):
    call(client, plan, "Kim")
    answer(client, plan, "documented", "Policy 12")
    for panel in ("decisions", "caveats"):
        [said] = told(client, plan, panel)
        assert said.startswith("Decided by Kim, ")
        assert said.endswith("“Policy 12”")
    answer(client, plan, "")
    assert told(client, plan) == []


def test_a_reason_without_a_decision_is_no_decision(client, plan):
    sent = {"choice": "esxi", "option": "", "reason": "Because"}
    page = Page(client.post(address(plan, "choices/") + "?panel=decisions", sent, headers=HTMX))
    assert "choose what it is the reason for" in page.html
    assert page.one("input", id="reason-esxi").get("value") == "Because"
    assert not Answer.objects.exists()


def test_a_reason_that_is_too_long_is_refused_in_a_sentence_and_comes_back(client, plan):
    for view, sent in (
        ("choices/", {"choice": "esxi", "option": "ssh"}),
        ("corrections/", {"caveat": "telnet-port", "answer": "practice"}),
    ):
        page = Page(client.post(address(plan, view), sent | {"reason": "x" * 501}, headers=HTMX))
        assert "A reason has at most 500 characters" in page.html
        assert "x" * 501 in [field.get("value") for field in page.all("input", name="reason")]
    plan.refresh_from_db()
    assert plan.revision == 1
    assert not Answer.objects.exists()


def test_the_same_form_sent_twice_is_one_decision(client, plan):
    sent = {"choice": "esxi", "option": "ssh", "reason": "Once", "operation": "a" * 32, "base": "1"}
    for _ in range(2):
        client.post(address(plan, "choices/"), sent)
    assert Answer.objects.count() == 1


def test_any_edit_that_answers_is_kept_with_its_author(plan):
    sender = actions.Sender(author="Kim")
    actions.choose(plan_id=plan.pk, matrix=MATRIX, choice="esxi", options=["ssh"], sender=sender)
    actions.override_port(plan_id=plan.pk, matrix=MATRIX, service="ssh", ports="2222", sender=sender)
    [one] = taken(plan)
    assert (one.decided.author, one.reason, one.answer) == ("Kim", "", "SSH")
    assert Answer.objects.get().revision == 2


def test_what_is_chosen_of_many_is_known_in_any_order_and_none_too(plan):
    for options in (["ldaps", "ldap"], []):
        reasons.choose(
            plan_id=plan.pk, matrix=MATRIX, choice="active-directory", options=options, reason=f"{len(options)}"
        )
        [one] = taken(plan)
        assert one.reason == f"{len(options)}"
    assert one.answer == "None of them"


@pytest.mark.parametrize("name", ["json", "xlsx", "html", "markdown", "pdf"])
def test_downloads_tell_of_decisions_and_stay_as_they_were_without(client, plan, name):
    before = client.get(address(plan, f"report/{name}")).content
    assert b"Decisions taken" not in before
    call(client, plan, "Kim")
    decide(client, plan, reason=HOSTILE)
    content = client.get(address(plan, f"report/{name}")).content
    if name == "json":
        [one] = json.loads(content)["decisions"]
        assert one | {"decided": None} == {
            "kind": "choice", "subject": "esxi", "title": MATRIX.choices["esxi"].name, "answer": "SSH",
            "reason": HOSTILE, "reason_by": "Kim", "by": "Kim", "decided": None,
        }  # fmt: skip
        assert "decisions" not in json.loads(before)
    elif name in ("html", "markdown"):
        assert b"Decisions taken" in content
        assert b"<script>alert" not in content
    assert content != before


def test_a_read_link_tells_of_decisions_and_one_of_an_earlier_revision_of_those_until_then(client, plan):
    pinned, newest = (make(client, plan.key, shows=shows, revision="1")[1] for shows in ("pinned", "newest"))
    call(client, plan, "Kim")
    decide(client, plan, reason=HOSTILE)
    stranger = type(client)()
    page = Page(stranger.get(newest))
    assert "view-decisions" in page.ids
    page = Page(stranger.get(newest, {"view": "decisions"}))
    [said] = [words(item) for item in page.all("p", class_="why")]
    assert said.startswith("Decided by Kim, ")
    assert "<script>alert" not in page.html
    assert json.loads(stranger.get(f"{newest}report/json").content)["decisions"]
    assert "view-decisions" not in Page(stranger.get(pinned)).ids
    assert "Nobody has said yet" in Page(stranger.get(pinned, {"view": "decisions"})).html
