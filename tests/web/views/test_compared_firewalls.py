"""Kept comparisons with the firewalls of a plan: what passes one or several, what is there already."""

from dataclasses import replace

import pytest

from planner.engine.existing.drift import ForbiddenAnswer
from planner.store.compared import pack, read_kept, unpack
from planner.store.compared_models import Compared
from tests.web.views.comparisons import flow_answer, keep_comparison, make_answer, wider_answer
from tests.web.views.pages import store
from tests.web.views.test_acceptance import write_plan
from tests.web.views.test_compared import page_of
from tests.web.views.test_existing import ZONED, send

pytestmark = pytest.mark.django_db


def write_two(**zones):
    """A plan with two firewalls, each with what is behind it."""
    document = write_plan()
    [known] = document["firewalls"]
    return document | {"firewalls": [known | {"name": name, "zones": zones[name]} for name in zones]}


def test_what_does_not_pass_the_firewall_is_kept_as_a_number(client):
    plan = store(write_two(CORE={"Internal": "inside", "Data": "db"}))[0]
    send(client, plan, ZONED, firewall="CORE", keep_answer="1")
    row = Compared.objects.get()
    assert (row.counts["open"], row.missing) == (2, 0)
    assert read_kept(plan, [row.pk])[row.pk].answer.elsewhere == 1
    page = page_of(client, plan, row.pk)
    assert "1 flow between zones doesn’t pass CORE and is left out." in page.text("main")
    report = client.get(f"/plans/{plan.key}/report/json?compared={row.pk}").json()
    assert {rule["on_firewall"]["state"] for rule in report["rules"]} == {"there", "not compared"}


def test_what_was_compared_before_and_passes_another_firewall_is_not_said_to_have_left_the_plan(client):
    plan = store(write_two(CORE={"Internal": "inside", "Data": "db"}))[0]
    inside, other = flow_answer("PS01", "SQL01", "1433"), flow_answer("Staff", "PS01", "443")
    keep_comparison(plan, 1, make_answer(inside, other), firewall="CORE")
    keep_comparison(plan, 2, replace(make_answer(inside), elsewhere=1), firewall="CORE")
    assert "No longer in the plan, or no longer compared" in page_of(client, plan, 2).text()
    keep_comparison(plan, 3, make_answer(inside, other), firewall="CORE")
    assert "New in the plan, or compared only now" in page_of(client, plan, 3).text()


def offered(client, plan, number):
    """By rule that is there already whether it is ticked, and why not."""
    [form] = (one for one in page_of(client, plan, number).all("form") if one.get("action", "").endswith("/states/"))
    found = {}
    for row in list(form.iter("tr"))[1:]:
        [box] = row.iter("input")
        said = " ".join("".join(row.itertext()).split())
        found[said.split()[0]] = (box.get("checked") is not None, said.partition("Not ticked: ")[2])
    return found


WEBSITE, DATABASE = flow_answer("Staff", "PS01", "443"), flow_answer("PS01", "SQL01", "1433")
SIDES = {"Internal": "inside", "Data": "db", "Clients": "outside"}


def test_a_rule_that_passes_a_second_firewall_is_ticked_only_where_it_is_known_to_be_open_there(client):
    plan = store(write_two(CORE=SIDES, EDGE={"Internal": "inside", "Clients": "outside"}))[0]
    keep_comparison(plan, 1, make_answer(WEBSITE, DATABASE), firewall="CORE")
    unknown = {"CLI-INT-10": (False, "it also passes EDGE, where it isn’t known to be open"), "INT-DAT-20": (True, "")}
    assert offered(client, plan, 1) == unknown
    keep_comparison(plan, 2, make_answer(replace(WEBSITE, state="closed")), firewall="EDGE")
    assert offered(client, plan, 1) == unknown
    keep_comparison(plan, 3, make_answer(WEBSITE), firewall="EDGE")
    assert offered(client, plan, 1) == {"CLI-INT-10": (True, ""), "INT-DAT-20": (True, "")}
    keep_comparison(plan, 4, make_answer(WEBSITE), firewall="")
    assert offered(client, plan, 4)["CLI-INT-10"] == (True, ""), "both firewalls have it"
    keep_comparison(plan, 5, make_answer(), firewall="CORE")
    told = offered(client, plan, 4)["CLI-INT-10"]
    assert told == (False, "it also passes CORE, where it isn’t known to be open")


def breach_of(entry, *, is_sure=True, row="x"):
    return ForbiddenAnswer(
        entry=entry, is_sure=is_sure, row=row, reason="", sources=(), destinations=(), services=("tcp 22",)
    )


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"open_policies": ("policy 3",)}, "policy 3 lets through all that no entry decides about"),
        ({"forbidden": (breach_of("policy 3"),)}, "policy 3 opens what must stay closed"),
        ({"forbidden": (breach_of("policy 3", is_sure=False),)}, "policy 3 may open what must stay closed"),
        ({"wider": (wider_answer("policy 3"),)}, "policy 3 lets more through"),
    ],
    ids=["by its policy", "what is forbidden", "what may be", "what is too wide"],
)
def test_what_speaks_against_a_rule_on_one_firewall_does_so_beside_the_other_it_passes(client, more, why):
    """Beside CORE it was ticked, though beside EDGE it wasn't."""
    plan = store(write_two(CORE=SIDES, EDGE={"Internal": "inside", "Clients": "outside"}))[0]
    keep_comparison(plan, 1, make_answer(WEBSITE, DATABASE), firewall="CORE")
    keep_comparison(plan, 2, replace(make_answer(replace(WEBSITE, by=("policy 3",))), **more), firewall="EDGE")
    assert offered(client, plan, 2)["CLI-INT-10"] == (False, why)
    told = {"CLI-INT-10": (False, f"it also passes EDGE, where {why}"), "INT-DAT-20": (True, "")}
    assert offered(client, plan, 1) == told
    other = replace(make_answer(WEBSITE, replace(DATABASE, by=("policy 3",))), **more)
    keep_comparison(plan, 3, other, firewall="EDGE")
    assert offered(client, plan, 1)["CLI-INT-10"] == (True, ""), "what another flow is open by says nothing of it"


def test_what_is_sure_of_an_entry_is_said_and_not_that_it_may_be(client):
    plan = store(write_two(CORE=SIDES))[0]
    both = breach_of("policy 3", is_sure=False), breach_of("policy 3"), breach_of("policy 17", is_sure=False)
    answer = make_answer(WEBSITE, replace(DATABASE, by=("policy 3",)), wider=[wider_answer("policy 17")])
    keep_comparison(plan, 1, replace(answer, forbidden=both), firewall="CORE")
    assert offered(client, plan, 1) == {
        "CLI-INT-10": (False, "policy 17 may open what must stay closed; policy 17 lets more through"),
        "INT-DAT-20": (False, "policy 3 opens what must stay closed"),
    }
    two = replace(make_answer(replace(DATABASE, by=("policy 3", "policy 4"))), open_policies=("policy 3", "policy 4"))
    keep_comparison(plan, 2, two, firewall="CORE")
    said = "policy 3, policy 4 let through all that no entry decides about"
    assert offered(client, plan, 2)["INT-DAT-20"] == (False, said)


def test_a_rule_that_must_stay_closed_or_is_open_by_what_lets_through_more_is_offered_and_not_ticked(client):
    document = write_two(CORE=SIDES)
    closed = {"from": {"zone": "Internal"}, "to": {"endpoint": "SQL01"}, "reason": "Nobody."}
    plan = store(document | {"never": [closed]})[0]
    wide = wider_answer("policy 3")
    answer = make_answer(replace(WEBSITE, by=("policy 2", "policy 3")), DATABASE, wider=[wide])
    keep_comparison(plan, 1, answer, firewall="CORE")
    assert offered(client, plan, 1) == {
        "CLI-INT-10": (False, "policy 3 lets more through"),
        "INT-DAT-20": (False, "the plan keeps everything closed from zone Internal to SQL01: Nobody."),
    }


def test_a_rule_that_a_policy_or_what_opens_too_much_lets_through_is_offered_and_not_ticked(client):
    plan = store(write_two(CORE=SIDES))[0]
    answer = make_answer(replace(WEBSITE, by=("policy accept",)), replace(DATABASE, by=("policy 3",)))
    answer = replace(answer, open_policies=("policy accept",), forbidden=(breach_of("policy 3"),))
    keep_comparison(plan, 1, answer, firewall="CORE")
    assert offered(client, plan, 1) == {
        "CLI-INT-10": (False, "policy accept lets through all that no entry decides about"),
        "INT-DAT-20": (False, "policy 3 opens what must stay closed"),
    }
    assert "is let through all the same, by policy accept" in page_of(client, plan, 1).text("main")


@pytest.mark.parametrize(
    ("kept", "said"),
    [
        ("never[1]", "the plan keeps it closed"),
        ("section 3", "section 3 of the document keeps it closed"),
        ("the plan keeps tcp 22 closed from A to B", "the plan keeps tcp 22 closed from A to B"),
    ],
)
def test_who_keeps_something_closed_is_told_in_words_of_answers_that_were_kept_before_as_well(kept, said):
    one = breach_of("", row=kept)
    assert unpack(pack(replace(make_answer(), forbidden=(one,)))).forbidden == (replace(one, row=said),)


def drifted(client, plan, number):
    """What is said to have changed since the comparison before, by heading."""
    [section] = (one for one in page_of(client, plan, number).all("section") if one.get("aria-labelledby") == "drift")
    return [" ".join("".join(one.itertext()).split()) for one in section if one.tag in ("h3", "p")]


def test_a_policy_that_admits_everything_since_is_no_nothing_that_has_changed(client):
    """“Nothing” stood right above “What no entry decides about is let through all the same”."""
    plan = store(write_two(CORE=SIDES))[0]
    answer = make_answer(WEBSITE, DATABASE)
    for number, policies in enumerate(((), ("policy accept",), ("policy accept",), ()), 1):
        keep_comparison(plan, number, replace(answer, open_policies=policies), firewall="CORE")
    heading = "What no entry decides about"
    assert drifted(client, plan, 2) == [heading, "It is let through since, by policy accept."]
    assert drifted(client, plan, 3)[0].startswith("Nothing: every flow is as it was")
    assert drifted(client, plan, 4) == [heading, "It is no longer let through by policy accept."]


def test_of_a_comparison_that_was_kept_without_its_policies_it_is_said_that_nobody_knows(client):
    plan = store(write_two(CORE=SIDES))[0]
    unknown = replace(make_answer(WEBSITE, DATABASE), open_policies=None)
    assert unpack(pack(unknown)) == unknown
    known = replace(unknown, open_policies=("policy accept",))
    for number, answer in enumerate([unknown, known, replace(unknown, open_policies=())], 1):
        keep_comparison(plan, number, answer, firewall="CORE")
    assert drifted(client, plan, 2) == [
        "What no entry decides about",
        "It is let through, by policy accept. Whether it was at the earlier comparison wasn’t kept with that.",
    ]
    page = page_of(client, plan, 3, "?since=1")
    assert "Nothing: every flow is as it was" in page.text(), "nothing is let through so"
    assert offered(client, plan, 1) == {"CLI-INT-10": (True, ""), "INT-DAT-20": (True, "")}
