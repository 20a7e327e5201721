"""Who else comes from networks of their own: what the step of the guided start makes, and what a plan shows of it."""

import pytest

from planner.engine import evaluate_report
from planner.plan.blueprint import (
    NOBODY,
    OFFERED,
    Others,
    add_module,
    compose,
    find_other_faults,
    find_others_topic,
    read_others,
)
from planner.plan.blueprint.composition import compose_plan
from planner.plan.kinds import KINDS
from ports.matrix import build_matrix
from tests.plan.blueprints import MATRIX, check, endpoint_of, many_records, names_of

STAFF = ("website-user", "extension-user", "message-reader", "browser-session-user")


def composed(others, **answers):
    return compose(MATRIX, answers, "X", others)


def test_vpn_users_hold_what_the_plans_own_users_hold_in_a_zone_of_their_own():
    document = composed(Others(ticked=["vpn"]))
    assert {"name": "VPN", "kind": "internal"} in document["zones"]
    assert endpoint_of(document, "VPN users") == {
        "name": "VPN users",
        "zone": "VPN",
        "group": True,
        "roles": endpoint_of(document, "Staff")["roles"],
    }


def test_they_use_only_what_is_ticked_of_what_the_plans_own_users_use():
    document = composed(Others(ticked=["vpn", "partners"], uses={"partners": ["website-user", "portal-user"]}))
    assert endpoint_of(document, "Partner users")["roles"] == ["website-user"]
    assert set(endpoint_of(document, "VPN users")["roles"]) == set(STAFF)


def test_partners_are_outside_and_have_no_address_that_nobody_gave():
    document = composed(Others(ticked=["partners"]))
    assert next(zone["kind"] for zone in document["zones"] if zone["name"] == "Partners") == "internet"
    assert "addresses" not in endpoint_of(document, "Partner users")
    codes = {finding.code for finding in evaluate_report(MATRIX, check(document)).findings}
    assert "website-from-internet" in codes


def test_a_free_name_is_a_zone_inside_with_a_group_of_people():
    document = composed(Others(names=(" Contractors ", "", "Subsidiary")))
    assert names_of(document, "Contractors") == ["Contractors users"]
    assert names_of(document, "Subsidiary") == ["Subsidiary users"]
    assert set(endpoint_of(document, "Subsidiary users")["roles"]) == set(STAFF)


def test_what_people_on_the_internet_use_counts_only_where_nobody_is_inside():
    both = composed(Others(ticked=["vpn"]), **{"app": "dmz", "app-users": "internet"})
    assert "mobile-user" not in endpoint_of(both, "VPN users")["roles"]
    outside = {"website-users": "internet", "message-readers": "internet", "session-users": "nobody"}
    alone = composed(Others(ticked=["vpn"]), **outside)
    assert set(endpoint_of(alone, "VPN users")["roles"]) == {"website-user", "extension-user", "message-reader"}


def test_where_nobody_else_uses_it_they_have_what_the_first_question_about_people_is_about():
    nobody = {"website-users": "nobody", "message-readers": "nobody", "session-users": "nobody"}
    assert endpoint_of(composed(Others(ticked=["vpn"]), **nobody), "VPN users")["roles"] == ["website-user"]


def test_nobody_else_changes_nothing():
    assert composed(NOBODY) == compose(MATRIX, {}, "X") == composed(Others(uses={"vpn": ["website-user"]}))


@pytest.mark.parametrize(
    ("names", "wrong"),
    [
        (("Oslo", "clients"), "Line 2: the plan has a zone “Clients” already. Use another name."),
        (("vpn",), "Line 1: the plan has a zone “VPN” already. Use another name."),
        (("A", "", "a"), "Line 3: “a” is there already, in line 1. Change one of them."),
        (("x" * 250,), "Line 1: this name has 250 characters; at most 249 fit."),
    ],
)
def test_a_free_name_that_cannot_be_one_is_said_by_its_line(names, wrong):
    assert find_other_faults(compose_plan(MATRIX, {}, "X"), Others(ticked=["vpn"], names=names)) == (wrong,)


def test_a_plan_shows_who_was_answered():
    others = Others(ticked=("vpn", "partners"), names=("Contractors",), uses={"partners": ["website-user"]})
    found = read_others(MATRIX, check(composed(others)))
    assert found.ticked == ("vpn", "partners")
    assert found.names == ("Contractors",)
    assert found.uses == {"vpn": set(STAFF), "partners": {"website-user"}, "named": set(STAFF)}
    assert not read_others(MATRIX, check(composed(NOBODY)))


def test_people_on_the_internet_never_come_into_the_zone_of_a_partner():
    document = composed(Others(ticked=["partners"]))
    after = add_module(MATRIX, document, "portal", "dmz", "internet")
    assert endpoint_of(after, "Public")["zone"] == "Internet"
    assert names_of(after, "Partners") == ["Partner users"]


def test_every_kind_of_zone_that_is_offered_is_one():
    assert {one.kind for one in OFFERED.values()} <= KINDS.keys()


def test_a_matrix_whose_questions_bring_no_people_asks_for_no_others():
    assert find_others_topic(build_matrix(many_records())) is None
    assert find_others_topic(MATRIX) == "People"
