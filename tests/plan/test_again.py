"""The questions answered again for a plan that is there: what it shows of them, and what other answers change."""

from dataclasses import replace

import pytest
from hypothesis import given, settings

from planner.plan.blueprint import DOCUMENTED, PRACTICE, AnswersError, Others, compose, shown_answers
from planner.plan.blueprint.again import Answered, answer_again
from planner.plan.blueprint.composition import compose_plan
from planner.plan.blueprint.shown_answers import read_shown
from planner.plan.document import dump_plan, read_plan
from tests.examples import read_examples
from tests.plan.blueprints import ANSWERS, MATRIX, answers, check, endpoint_of, names_of
from tests.strategies import often

WITHOUT_EFFECT = ("system-sessions",)
"""Of sessions that no system of a plan has it can't be seen whether they were ticked."""


def again(document, **other):
    """The document after other answers than those that it shows, and what is left alone."""
    plan = check(document)
    shown = read_shown(MATRIX, plan)
    before = Answered(answers=shown.answers, others=shown.others)
    extra = {name: other.pop(name) for name in ("others", "choices", "caveats") if name in other}
    given_now = {slug.replace("_", "-"): answer for slug, answer in other.items()}
    after = replace(before, answers={**shown.answers, **given_now}, **extra)
    done = answer_again(MATRIX, plan, before, after)
    return dump_plan(check(dump_plan(done.plan))), done.left


def edited(document, which, **facts):
    """The document with other facts of an endpoint."""
    ends = [end | facts if end["name"] == which else end for end in document["endpoints"]]
    return document | {"endpoints": ends}


@pytest.mark.parametrize("example", read_examples(), ids=lambda example: example.slug)
def test_a_plan_shows_the_answers_from_which_it_could_have_been_made(example):
    shown = read_shown(MATRIX, read_plan(example.data, matrix=MATRIX))
    given_then = {slug: (one,) if isinstance(one, str) else tuple(one) for slug, one in ANSWERS[example.slug].items()}
    wanted = {slug: set(given_then.get(slug, MATRIX.questions[slug].default)) for slug in shown.answers}
    found = {slug: set(answer) for slug, answer in shown.answers.items()}
    assert not shown.unread
    assert {**found, **dict.fromkeys(WITHOUT_EFFECT)} == {**wanted, **dict.fromkeys(WITHOUT_EFFECT)}


@pytest.mark.slow
@settings(max_examples=often(100))
@given(answers())
def test_the_answers_that_a_plan_shows_change_nothing_in_it(given_then):
    try:
        document = compose(MATRIX, given_then, "X")
    except AnswersError:
        return
    assert again(document) == (document, ())


def test_no_answers_are_composed_twice_to_read_what_a_plan_shows(monkeypatch):
    composed = []

    def note(matrix, given_now, name):
        composed.append(tuple(sorted(given_now.items())))
        return compose_plan(matrix, given_now, name)

    monkeypatch.setattr(shown_answers, "compose_plan", note)
    shown = read_shown(MATRIX, check(compose(MATRIX, {"portal": "dmz"}, "X")))
    assert shown.answers["portal"] == ("dmz",)
    assert len(composed) == len(set(composed)) > 10


def test_names_and_addresses_of_ones_own_hide_no_answer():
    document = compose(MATRIX, {"portal": "dmz", "portal-users": "internet"}, "X")
    document = edited(document, "PRP01", name="Reset", addresses=["192.0.2.7"])
    document = edited(document, "PS01", name="Vault")
    shown = read_shown(MATRIX, check(document))
    assert shown.answers["portal"] == ("dmz",)
    assert shown.answers["portal-users"] == ("internet",)


@pytest.mark.parametrize("ha", ["passive", "passive-second", "active"])
@pytest.mark.parametrize("which", ["PS01", "PS02"])
def test_what_only_one_of_two_still_has_is_where_its_answer_puts_it(ha, which):
    document = compose(MATRIX, {"ha": ha, "gateway": "web"}, "X")
    roles = [role for role in endpoint_of(document, which)["roles"] if role != "browser-gateway"]
    document = edited(document, which, roles=roles)
    document = edited(document, "DC01", platforms=["active-directory"], operations=["reset"])
    shown = read_shown(MATRIX, check(document))
    assert (shown.answers["gateway"], shown.answers["ha"]) == (("web",), (ha,))
    assert again(document) == (document, ())


def test_what_no_answer_would_have_made_is_not_read():
    document = compose(MATRIX, {"mail": "internal"}, "X")
    document["zones"] = [*document["zones"], {"name": "DMZ", "kind": "dmz"}]
    shown = read_shown(MATRIX, check(edited(document, "MAIL01", zone="DMZ")))
    assert shown.unread == {"mail"}
    assert "mail" not in shown.answers


def test_another_answer_adds_what_it_makes_and_keeps_all_else():
    document = edited(compose(MATRIX, {}, "X"), "SQL01", addresses=["10.0.0.20"], name="Database")
    after, left = again(document, portal="dmz", portal_users="internet")
    assert endpoint_of(after, "PRP01")["zone"] == "DMZ"
    assert endpoint_of(after, "Public")["roles"] == ["portal-user"]
    assert endpoint_of(after, "Database")["addresses"] == ["10.0.0.20"]
    assert [end for end in after["endpoints"] if end["name"] not in ("PRP01", "Public")] == document["endpoints"]
    assert left == ()


def test_what_is_as_an_answer_made_it_goes_with_its_zone():
    document = compose(MATRIX, {"sql": "zone"}, "X")
    after, left = again(document, sql="same")
    assert names_of(after) == [name for name in names_of(document) if name != "SQL01"]
    assert set(endpoint_of(after, "PS01")["roles"]) >= {"web-primary", "database"}
    assert "Databases" not in [zone["name"] for zone in after["zones"]]
    assert left == ()


@pytest.mark.parametrize(
    ("facts", "why"),
    [
        ({"addresses": ["10.0.0.9"]}, "it has addresses"),
        ({"name": "Relay"}, "it was given a name of its own"),
        ({"ports": {"smtp": "587"}}, "it was changed by hand"),
    ],
)
def test_what_somebody_changed_by_hand_stays_and_is_said(facts, why):
    document = edited(compose(MATRIX, {}, "X"), "MAIL01", **facts)
    after, left = again(document, mail="none")
    name = facts.get("name", "MAIL01")
    assert endpoint_of(after, name) == endpoint_of(document, name)
    assert left == (f"“{name}” stays, as {why}.",)


def test_what_an_own_flow_or_an_exclusion_names_stays_with_it():
    flow = {"source": "PS01", "destination": "MAIL01", "protocol": "tcp", "ports": "587", "reason": "Submission"}
    document = compose(MATRIX, {}, "X") | {"additional_flows": [flow]}
    after, left = again(document, mail="none")
    assert after["additional_flows"] == [flow]
    assert left == ("“MAIL01” stays, as something else in the plan names it.",)


def test_an_endpoint_moves_with_all_that_is_known_of_it():
    document = edited(compose(MATRIX, {"app": "internal"}, "X"), "APP01", addresses=["10.0.0.30"], name="Mobile")
    after, _ = again(document, app="dmz")
    assert endpoint_of(after, "Mobile")["zone"] == "DMZ"
    assert endpoint_of(after, "Mobile")["addresses"] == ["10.0.0.30"]


def test_a_decision_is_taken_back_by_the_answer_that_leaves_it_as_usual():
    document = compose(MATRIX, {"ha": "passive"}, "X") | {"choices": {"sql-listener": "yes"}}
    after, left = again(document, ha_listener="no")
    assert "sql-listener" not in after.get("choices", {})
    assert left == ()


def test_what_the_answers_leave_open_is_decided_and_opened_again():
    document = compose(MATRIX, {}, "X") | {"choices": {"esxi": "ssh"}, "corrections": ["ldap-tcp"]}
    after, _ = again(document, choices={"directory-port": "ldaps"}, caveats={"telnet-port": DOCUMENTED})
    assert after["choices"] == {"directory-port": "ldaps", "esxi": "ssh"}
    assert after["corrections"] == ["ldap-tcp"]
    assert after["as_documented"] == ["telnet-port"]
    plan = check(document)
    done = answer_again(
        MATRIX, plan, Answered(answers={}, caveats={"ldap-tcp": PRACTICE}), Answered(answers={}, caveats={})
    )
    assert done.plan.corrections == ()


def test_who_else_comes_from_a_network_of_their_own_comes_and_goes():
    document = compose(MATRIX, {}, "X")
    after, _ = again(document, others=Others(ticked=("vpn",)))
    assert endpoint_of(after, "VPN users")["roles"] == endpoint_of(document, "Staff")["roles"]
    back, left = again(after, others=Others())
    assert back == document
    assert left == ()
    kept, left = again(edited(after, "VPN users", addresses=["10.8.0.0/24"]), others=Others())
    assert endpoint_of(kept, "VPN users")["addresses"] == ["10.8.0.0/24"]
    assert left == ("“VPN users” stays, as it has addresses.",)


def test_more_sites_are_added_beside_those_there():
    document = compose(MATRIX, {"sites": ["Oslo"]}, "X")
    after, left = again(document, sites=("Oslo", "Berlin"))
    assert names_of(after, "Berlin") == ["Berlin agent", "Berlin Windows"]
    assert names_of(after, "Oslo") == names_of(document, "Oslo")
    fewer, left = again(after, sites=("Berlin",))
    assert names_of(fewer, "Oslo") == []
    assert "Oslo" not in [zone["name"] for zone in fewer["zones"]]
    assert left == ()


def test_an_endpoint_that_was_deleted_by_hand_stays_deleted():
    document = compose(MATRIX, {"ha": "passive-second"}, "X")
    document["endpoints"] = [end for end in document["endpoints"] if end["name"] != "SQL02"]
    after, _ = again(document, portal="internal")
    assert "SQL02" not in names_of(after)
