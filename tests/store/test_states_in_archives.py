"""States of rules go out with their plan and come in again, checked line by line."""

import io
import json
import zipfile

import pytest

from planner.store.lives import list_given, list_history, lives_of
from planner.store.models import Plan, RuleState
from planner.store.reports import report_for
from tests.store.archives import MATRIX, changed, complaint, pack, unpack, zipped
from tests.store.test_lives import first_rule, give, life_of
from tests.web.views.pages import store

pytestmark = pytest.mark.django_db
STATES = "plans/1/states.jsonl"


def rows(plan):
    own = {"id", "plan_id", "operation", "life"}
    return [
        {key: value for key, value in row.items() if key not in own} for row in plan.states.order_by("pk").values()
    ]


@pytest.fixture
def plan():
    plan = store()[0]
    give(plan, state="requested", ticket="CHG-1", author="Kim", via="Network team")
    give(plan, first_rule(plan).id, state="approved", owner="Zoë", comment="“Two”\nlines")
    give(plan, first_rule(plan).id, state="implemented")
    return plan


@pytest.fixture
def with_states(plan):
    """The members of the archive of that plan, which is gone."""
    with zipfile.ZipFile(io.BytesIO(pack())) as file:
        found = {name: file.read(name) for name in file.namelist()}
    Plan.objects.all().delete()
    return found


def test_no_state_is_lost_on_the_way_out_and_in(plan):
    [other] = unpack(pack())
    assert rows(other) == rows(plan)
    assert pack([other]) == pack([plan])
    rule = first_rule(plan).id
    histories = [
        [(row.before, row.state) for row in list_history(one, life_of(one, rule), 10)] for one in (plan, other)
    ]
    assert histories[0] == histories[1]
    assert len(histories[1]) == 3
    operations = set(other.states.values_list("operation", flat=True))
    assert len(operations) == 3
    assert operations.isdisjoint(plan.states.values_list("operation", flat=True))


def test_states_that_came_in_are_those_of_the_rules(plan):
    [other] = unpack(pack())
    known = lives_of(other, report_for(other.version, MATRIX))
    assert known.by_rule[first_rule(plan).id].given.state == "implemented"
    assert len(list_given(other)) == len(known.by_rule)


def test_a_plan_without_states_has_no_file_of_them():
    store()
    with zipfile.ZipFile(io.BytesIO(pack())) as file:
        assert file.namelist() == ["plans/1/revisions.jsonl", "plans/1/plan.json", "archive.json"]
        assert json.loads(file.read("plans/1/plan.json"))["states"] == 0


def test_an_archive_of_format_3_has_none(members):
    keys = "states", "answers", "comments", "git"
    old = changed(members, "plans/1/plan.json", lambda tree: [tree.pop(key) for key in keys])
    [plan] = unpack(zipped(changed(old, "archive.json", lambda tree: tree.update(format=3))))
    assert not plan.states.exists()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"number": 3}, "line 2, number: States come in their order, none left out: this must be 2, not 3."),
        ({"revision": 9}, "line 2, revision: This must be a whole number from 1 to 1, found 9."),
        ({"life": 2}, "line 2, life: This must be a whole number from 1 to 1, found 2."),
        ({"act": 3}, "line 2, act: This must be a whole number from 1 to 2, found 3."),
        ({"state": "<b>"}, "line 2, state: This must be the name of a state in small letters, or empty"),
        ({"before": 1}, "line 2, before: This must be the name of a state"),
        ({"was_changed": 1}, "line 2, was_changed: This must be true or false, found 1."),
        ({"ticket": "x" * 501}, "line 2, ticket: This must be a text of 0 to 500 characters"),
        ({"comment": "\0"}, "line 2, comment: This must be a text without NUL"),
        ({"review": "2026-02-30"}, "line 2, review: This must be a date like 2026-01-31, or null"),
        ({"review": 20260101}, "line 2, review: This must be a date like"),
        ({"at": "2026-01-01"}, "line 2, at: This must be a time like"),
        ({"blocks": {}}, "line 2, blocks: This must be a list, found a mapping."),
        ({"blocks": [[[], []]]}, "blocks[0]: These must be three lists"),
        ({"blocks": [[["Nobody"], [], []]]}, "blocks[0]: The endpoint “Nobody” isn’t among the ends"),
        ({"blocks": [[[], [], [["tcp", "x"]]]]}, "blocks[0]: A service must be a protocol and its ports"),
        ({"blocks": [[[], [], [["sctp", "1"]]]]}, "blocks[0]: A service must be a protocol and its ports"),
        ({"blocks": [[[], [], [[["tcp"], "1"]]]]}, "blocks[0]: A service must be a protocol and its ports"),
        ({"ends": []}, "line 2, ends: This must be a mapping of endpoints"),
        ({"ends": {"PS01": ["Internal"]}, "blocks": []}, "line 2, ends: An endpoint must have its zone"),
        ({"more": 1}, "line 2: The key “more” is not known here"),
    ],
)
def test_a_spoiled_state_is_refused_with_its_place(with_states, change, said):
    spoiled = changed(with_states, STATES, lambda tree: tree.update(change))
    assert said.replace("’", "'") in complaint(zipped(spoiled)).replace("’", "'")
    assert not RuleState.objects.exists()


@pytest.mark.parametrize(
    ("count", "said"), [(1, "one state more than the 1"), (99, "State "), (0, "must not be there")]
)
def test_as_many_states_are_there_as_is_told(with_states, count, said):
    spoiled = changed(with_states, "plans/1/plan.json", lambda tree: tree.update(states=count))
    assert said in complaint(zipped(spoiled))


def test_a_missing_file_of_states_is_named(with_states):
    assert STATES in complaint(zipped({name: data for name, data in with_states.items() if name != STATES}))
