"""The questions answered again for a plan in which somebody has made things otherwise meanwhile."""

from dataclasses import replace

import pytest

from planner.plan.blueprint import again, compose
from planner.plan.blueprint.again import Answered, AnsweredAgain, answer_again, pair_endpoints
from planner.plan.blueprint.others import Others
from planner.plan.blueprint.shown_answers import read_shown
from planner.plan.document import Zone
from planner.plan.fields import Firewall
from tests.plan.blueprints import MATRIX, check


def made(**answers):
    """The plan of these answers to the shipped questions."""
    return check(compose(MATRIX, told(answers), "X"))


def told(answers):
    return {slug.replace("_", "-"): answer for slug, answer in answers.items()}


def step(plan, before, after):
    """The plan after other answers, and what is left alone, whatever the plan shows itself."""
    return answer_again(MATRIX, plan, Answered(answers=told(before)), Answered(answers=told(after)))


def renamed_zone(plan, old, new, **more):
    """The plan with another name for a zone, and more facts of it."""
    zones = [replace(zone, name=new, **more) if zone.name == old else zone for zone in plan.zones]
    ends = [replace(one, zone=new) if one.zone == old else one for one in plan.endpoints]
    return replace(plan, zones=tuple(zones), endpoints=tuple(ends))


def zones_of(plan):
    return {zone.name: zone.kind for zone in plan.zones}


def places_of(plan):
    return {endpoint.name: endpoint.zone for endpoint in plan.endpoints}


def test_what_an_answer_asks_for_and_somebody_has_made_meanwhile_is_not_made_twice():
    plan = made(portal="dmz")
    done = step(plan, {"portal": "none"}, {"portal": "dmz"})
    assert done.plan == plan
    elsewhere = renamed_zone(plan, "DMZ", "Edge")
    assert places_of(step(elsewhere, {"portal": "none"}, {"portal": "dmz"}).plan) == {
        **places_of(elsewhere), "PRP02": "DMZ"
    }  # fmt: skip


@pytest.mark.parametrize("facts", [{"group": True}, {"roles": ()}])
def test_what_only_has_the_name_is_something_else(facts):
    plan = made(portal="dmz")
    other = replace(
        plan, endpoints=tuple(replace(one, **facts) if one.name == "PRP01" else one for one in plan.endpoints)
    )
    assert "PRP02" in places_of(step(other, {"portal": "none"}, {"portal": "dmz"}).plan)


def test_a_zone_that_was_renamed_is_known_by_what_stands_in_it():
    plan = renamed_zone(made(sql="zone"), "Databases", "Vaults")
    done = step(plan, {"sql": "zone"}, {"sql": "same"})
    assert "Vaults" not in zones_of(done.plan)
    assert "SQL01" not in places_of(done.plan)
    assert done.left == ()


def test_a_zone_of_another_kind_is_another_one_and_stays():
    plan = renamed_zone(made(sql="zone"), "Databases", "Vaults", kind="dmz")
    done = step(plan, {"sql": "zone"}, {"sql": "same"})
    assert places_of(done.plan)["SQL01"] == "Vaults"
    assert zones_of(done.plan)["Vaults"] == "dmz"
    assert done.left == ("“SQL01” stays, as it was changed by hand.",)


def test_a_zone_that_the_answers_want_is_made_beside_one_of_its_name_and_another_kind():
    plan = replace(made(), zones=(*made().zones, Zone(name="DMZ", kind="internal")))
    done = step(plan, {"portal": "none"}, {"portal": "dmz"})
    assert zones_of(done.plan) == zones_of(plan) | {"DMZ 2": "dmz"}
    assert places_of(done.plan)["PRP01"] == "DMZ 2"


def test_an_emptied_zone_stays_where_something_was_set_in_it_and_that_is_said():
    plan = made(sql="zone")
    zones = tuple(replace(zone, ports={"ssh": "2222"}) if zone.name == "Databases" else zone for zone in plan.zones)
    done = step(replace(plan, zones=zones), {"sql": "zone"}, {"sql": "same"})
    assert "Databases" in zones_of(done.plan)
    assert done.left == ("The zone “Databases” stays, as something was set in it or names it.",)


def test_a_plan_keeps_its_last_zone():
    plan = made(portal="dmz")
    alone = replace(
        plan,
        zones=tuple(zone for zone in plan.zones if zone.name == "DMZ"),
        endpoints=tuple(one for one in plan.endpoints if one.zone == "DMZ"),
    )
    done = step(alone, {"portal": "dmz", "sql": "own"}, {"portal": "none", "sql": "own"})
    assert (places_of(done.plan), zones_of(done.plan), done.left) == ({}, {"DMZ": "dmz"}, ())


def test_answers_that_want_nothing_but_a_place_make_a_zone_for_it():
    questions = {"sql": MATRIX.questions["sql"], "mail": MATRIX.questions["mail"]}
    matrix = replace(MATRIX, questions={"mail": replace(questions["mail"], default=("none",))})
    plan = check(compose(matrix, {"mail": "cloud"}, "X"))
    done = answer_again(matrix, plan, Answered(answers={"mail": "cloud"}), Answered(answers={"mail": "none"}))
    assert zones_of(done.plan) == {"Internal": "internal"}
    assert places_of(done.plan) == {}


HA = {"ha": "passive"}


@pytest.mark.parametrize(
    ("decided", "after", "left"),
    [
        ({}, {"sql-listener": "yes"}, ()),
        ({"sql-listener": "no"}, {"sql-listener": "yes"}, ()),
        ({"sql-listener": "yes"}, {"sql-listener": "yes"}, ("stays as it was decided in the plan.",)),
    ],
)
def test_a_decision_that_follows_from_an_answer_is_taken_where_the_plan_says_still_what_it_said(decided, after, left):
    plan = replace(made(**HA), choices=decided)
    done = step(plan, HA | {"ha_listener": "no"}, HA | {"ha_listener": "yes"})
    assert dict(done.plan.choices) == after
    assert [sentence.partition("” ")[2] for sentence in done.left] == list(left)


def test_an_open_choice_is_opened_again_and_one_that_was_answered_alike_stays_as_it_is():
    plan = replace(made(), choices={"esxi": "ssh", "directory-port": "ldaps"})
    before = Answered(answers={}, choices={"esxi": "ssh", "directory-port": "ldap"})
    done = answer_again(MATRIX, plan, before, replace(before, choices={"directory-port": "ldap"}))
    assert dict(done.plan.choices) == {"directory-port": "ldaps"}


def test_of_two_that_could_be_one_the_likest_is_and_each_is_one_once():
    plan = made(ha="passive")
    composed = made(ha="passive")
    swapped = {"PS01": "Vault", "PS02": "Other", "SQL01": "Rows"}
    plan = replace(plan, endpoints=tuple(replace(one, name=swapped.get(one.name, one.name)) for one in plan.endpoints))
    pairs = pair_endpoints(composed, plan)
    assert {old: pairs[old] for old in swapped} == swapped
    assert len(set(pairs.values())) == len(pairs)
    fewer = replace(plan, endpoints=tuple(one for one in plan.endpoints if one.name != "Other"))
    assert "PS02" not in pair_endpoints(composed, fewer)


def test_beyond_so_many_pairs_only_names_tell_who_is_who(monkeypatch):
    plan = made()
    renamed = replace(plan, endpoints=tuple(replace(one, name=f"{one.name}x") for one in plan.endpoints))
    assert len(pair_endpoints(plan, renamed)) == len(plan.endpoints)
    count = len(plan.endpoints) ** 2
    monkeypatch.setattr(again, "MOST_PAIRS", count)
    assert pair_endpoints(plan, renamed)
    monkeypatch.setattr(again, "MOST_PAIRS", count - 1)
    assert pair_endpoints(plan, renamed) == {}
    assert len(pair_endpoints(plan, plan)) == len(plan.endpoints)


def test_a_site_whose_name_no_answer_could_have_is_shown_with_it():
    name = "S" * 255
    plan = renamed_zone(made(sites=["Oslo"], portal="dmz"), "Oslo", name)
    shown = read_shown(MATRIX, plan)
    assert shown.answers["sites"] == (name,)


def test_names_that_are_retyped_in_other_capitals_are_the_same():
    plan = made(sites=["Berlin", "oslo"])
    done = step(plan, {"sites": ["Berlin", "oslo"]}, {"sites": ["Berlin", "Oslo"]})
    assert done == AnsweredAgain(plan=plan, left=())
    hq = renamed_zone(plan, "oslo", "Oslo HQ", networks=("10.1.0.0/16",))
    assert step(hq, {"sites": ["Berlin", "oslo"]}, {"sites": ["Berlin", "OSLO"]}).plan == hq
    people = check(compose(MATRIX, {}, "X", Others(names=("sales",))))
    before, after = (Answered(answers={}, others=Others(names=(name,))) for name in ("sales", "Sales"))
    assert answer_again(MATRIX, people, before, after).plan == people


def test_a_firewall_that_is_called_as_its_zone_keeps_the_zone():
    plan = made(portal="dmz")
    behind = Firewall(name="DMZ", format="asa", zones={"DMZ": "outside", "Internal": "inside"})
    done = step(replace(plan, firewalls=(behind,)), {"portal": "dmz"}, {"portal": "none"})
    assert done.plan.firewalls == (behind,)
    assert done.left == ("The zone “DMZ” stays, as something was set in it or names it.",)
