"""What a composed plan leaves open is asked under the topic that it belongs to, and settled in the plan."""

import pytest

from planner.plan.blueprint import DOCUMENTED, PRACTICE, find_topic, settle
from planner.plan.blueprint.open_questions import _list_subjects
from tests.plan.blueprints import BASE, MATRIX, check

TOPICS = {
    "telnet-port": "Managed systems",
    "ldap-tcp": "Servers",
    "wmi-dynamic-rpc": "Managed systems",
    "sql-listener-web": "Servers",
    "app-server-inbound": "Modules",
    "gateway-assumed": "Modules",
    "validation-rpc": "Managed systems",
    "reset-kpasswd": "Managed systems",
}


def test_every_caveat_that_can_be_answered_has_its_topic():
    assert {c.slug: find_topic(MATRIX, c) for c in MATRIX.caveats.values() if c.correction} == TOPICS


@pytest.mark.parametrize("slug", ["directory-port", "esxi", "windows-validation", "teamviewer"])
def test_a_choice_without_a_default_is_about_managed_systems(slug):
    assert MATRIX.choices[slug].default is None
    assert find_topic(MATRIX, MATRIX.choices[slug]) == "Managed systems"


def test_what_no_question_brings_is_asked_last():
    caveat = MATRIX.caveats["not-covered"]
    assert not any(_list_subjects(MATRIX, caveat))
    assert find_topic(MATRIX, caveat) == list(MATRIX.questions.values())[-1].topic


def test_answers_are_added_to_what_the_plan_says_already():
    plan = check(BASE | {"choices": {"esxi": "ssh"}, "corrections": ["ldap-tcp"], "as_documented": ["telnet-port"]})
    after = settle(plan, {"teamviewer": "80"}, {"validation-rpc": PRACTICE, "gateway-assumed": DOCUMENTED})
    assert after.choices == {"esxi": "ssh", "teamviewer": "80"}
    assert after.corrections == ("ldap-tcp", "validation-rpc")
    assert after.as_documented == ("telnet-port", "gateway-assumed")
