"""An edit is one value: it says all that changes, goes back by its inverse, and is carried over by what it touches."""

import json
from dataclasses import asdict

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planner.plan.changes import Change, Edit, Index, apply, compare_documents
from planner.plan.document import check_plan, dump_plan
from planner.plan.edits import EDITS, NotPossible, fit
from planner.plan.fields import PLAN
from planner.plan.merge import rebase
from planner.plan.rows import NO_RENAMES, Renames, apply_renames
from planner.plan.summaries import _SAYINGS, say
from planner.store import actions
from ports.queries import shipped_matrix
from tests.plan.test_edit_sequences import edits
from tests.strategies import documents, often

MATRIX = shipped_matrix()
DOCUMENT = {
    "format": 1,
    "name": "P",
    "zones": [{"name": "A", "kind": "internal"}, {"name": "B", "kind": "dmz"}],
    "endpoints": [
        {"name": "one", "zone": "A", "roles": ["web-primary"]},
        {"name": "two", "zone": "B", "addresses": ["10.0.0.2"], "managed_by": ["one"]},
        {"name": "three", "zone": "B", "managed_by": ["one", "three"], "roles": ["web-passive"]},
    ],
    "choices": {"esxi": "ssh"},
    "corrections": ["ldap-tcp", "telnet-port"],
    "additional_flows": [
        {"source": "one", "destination": "two", "protocol": "icmp", "reason": "Ping"},
        {"source": "two", "destination": "three", "protocol": "tcp", "ports": "9", "reason": "Own"},
        {"source": "one", "destination": "two", "protocol": "icmp", "reason": "Ping"},
    ],
}  # fmt: skip


def canonical(document):
    return dump_plan(check_plan(document, matrix=MATRIX))


def make(document, what, /, **params):
    return EDITS[what](document, params)


def has_twins(document):
    """Whether two rows have one name, which a plan is refused for."""
    return any(len({row["name"] for row in document[part]}) < len(document[part]) for part in ("zones", "endpoints"))


def flows(paths):
    return {where for where in paths if where[0] == "additional_flows"}


def the_inverse_of_an_edit_takes_it_back(document, edit, after):
    if has_twins(after):
        return
    back = apply(after, edit.inverse())
    assert {key: value for key, value in back.items() if value} == {
        key: value for key, value in document.items() if value
    }
    again = edit.inverse().inverse()
    assert (again.renames, again.touched) == (edit.renames, edit.touched)


def an_edit_says_all_that_changes_and_no_more(document, edit, after):
    assert say(edit)
    assert all(change.before != change.after for change in edit.changes)
    if edit.renames or has_twins(after):
        return
    found = {change.where for change in compare_documents(document, after)}
    # What nothing names has no other name: another row stands in its place.
    instead = {(change.where[0], change.after["name"]) for change in edit.changes if change.where[0] == "firewalls" and
               change.is_row and change.before and change.after}  # fmt: skip
    assert found - flows(found) == (edit.touched | instead) - flows(edit.touched)
    assert bool(flows(found)) is bool(flows(edit.touched))


def an_edit_is_plain_data(edit):
    kept = json.loads(json.dumps(asdict(edit)))
    changes = (Change(**{**change, "where": tuple(change["where"])}) for change in kept["changes"])
    assert Edit(**{**kept, "where": tuple(kept["where"]), "changes": tuple(changes)}) == edit


def test_a_firewall_with_another_name_is_another_in_its_place():
    firewalls = [{"name": name, "format": "asa", "zones": {"A": "inside"}} for name in ("FW1", "FW2")]
    document = canonical(DOCUMENT | {"firewalls": firewalls})
    edit = make(document, "edit-firewall", firewall="FW1", changes={"name": "FW3"})
    after = apply(document, edit)
    assert [row["name"] for row in after["firewalls"]] == ["FW3", "FW2"]
    the_inverse_of_an_edit_takes_it_back(document, edit, after)
    an_edit_says_all_that_changes_and_no_more(document, edit, after)


@settings(max_examples=often(120))
@given(documents(MATRIX), st.data())
def test_of_any_edit_holds_all_that_is_said_of_edits(document, data):
    document = canonical(document)
    what, params = data.draw(edits(document))
    try:
        edit = EDITS[what](document, params)
    except NotPossible:
        return
    after = apply(document, edit)
    the_inverse_of_an_edit_takes_it_back(document, edit, after)
    an_edit_says_all_that_changes_and_no_more(document, edit, after)
    an_edit_is_plain_data(edit)


@settings(max_examples=often(80))
@given(documents(MATRIX), documents(MATRIX))
def test_what_differs_between_two_documents_makes_one_of_the_other(one, other):
    one, other = canonical(one), canonical(other)
    after = apply(one, Edit(what="switch-module", changes=compare_documents(one, other)))
    for part in ("zones", "endpoints"):
        assert sorted(after[part], key=lambda row: row["name"]) == sorted(other[part], key=lambda row: row["name"])
    assert compare_documents(after, other) == ()


def test_undoing_brings_back_what_the_inverse_gives(db):
    row = actions.create_plan(plan=check_plan(DOCUMENT, matrix=MATRIX), matrix=MATRIX, summary="S")
    before = row.document
    edit = make(before, "edit-endpoint", endpoint="one", changes={"name": "first", "zone": "B", "managed_by": ["one"]})
    params = {"endpoint": "one", "changes": {"name": "first", "zone": "B", "managed_by": ["one"]}}
    done = actions.apply_edit(plan_id=row.pk, matrix=MATRIX, edit="edit-endpoint", params=params)
    assert done.plan.document == canonical(apply(before, edit))
    assert done.plan.document["endpoints"][0]["managed_by"] == ["first"]
    undone = actions.undo(plan_id=row.pk, matrix=MATRIX).plan.document
    assert undone == before == canonical(apply(done.plan.document, edit.inverse()))


def test_a_deletion_names_all_that_goes_with_it():
    edit = make(DOCUMENT, "delete-zone", zone="A")
    assert {(change.where[:2], change.after is None) for change in edit.changes if change.where[0] != PLAN} == {
        (("zones", "A"), True),
        (("endpoints", "one"), True),
        (("endpoints", "two"), True),  # its managers
        (("endpoints", "three"), False),
        *(((flow.where), True) for flow in edit.changes if flow.where[0] == "additional_flows"),
    }
    assert say(edit) == "Zone A deleted with 1 endpoint"
    after = apply(DOCUMENT, edit)
    assert [row.get("managed_by") for row in after["endpoints"]] == [None, ["three"]]
    assert after["additional_flows"] == DOCUMENT["additional_flows"][1:2]


def test_an_edit_is_carried_over_a_rename_in_every_place_that_names():
    renames = Renames(zones={"B": "Beta"}, endpoints={"one": "uno", "two": "dos"})
    now = apply_renames(DOCUMENT, renames)
    edit, met = rebase(make(DOCUMENT, "edit-endpoint", endpoint="two", changes={"zone": "A"}), now, renames)
    assert (edit.where, edit.changes) == (
        ("endpoints", "dos"), (Change(where=("endpoints", "dos", "zone"), before="Beta", after="A"),),
    )  # fmt: skip
    flow = DOCUMENT["additional_flows"][0]
    edit, met = rebase(make(DOCUMENT, "edit-flow", flow=flow, changes={"reason": "Look"}), now, renames)
    assert not met
    assert apply(now, edit)["additional_flows"][0] == flow | {"source": "uno", "destination": "dos", "reason": "Look"}
    edit, met = rebase(make(DOCUMENT, "delete-endpoint", endpoint="one"), now, renames)
    assert not met
    assert {"uno", "one"}.isdisjoint(json.dumps(apply(now, edit)).split('"'))


@pytest.mark.parametrize(
    ("mine", "theirs", "met"),
    [
        (("override-port", {"service": "ssh", "ports": "1"}), ("override-port", {"service": "vnc", "ports": "1"}), ()),
        (
            ("override-port", {"service": "ssh", "ports": "1"}),
            ("override-port", {"service": "ssh", "ports": "2"}),
            [("ports", "ssh")],
        ),
        (
            ("delete-zone", {"zone": "B"}),
            ("add-endpoint", {"endpoint": {"name": "x", "zone": "B"}}),
            [("endpoints", "x")],
        ),
        (
            ("delete-endpoint", {"endpoint": "two"}),
            ("edit-endpoint", {"endpoint": "two", "changes": {"addresses": []}}),
            [("endpoints", "two", "addresses")],
        ),
        (
            ("edit-endpoint", {"endpoint": "two", "changes": {"name": "zwei"}}),
            ("edit-endpoint", {"endpoint": "two", "changes": {"name": "deux"}}),
            [("endpoints", "deux", "name")],
        ),
        (
            ("edit-endpoint", {"endpoint": "two", "changes": {"name": "zwei"}}),
            ("edit-endpoint", {"endpoint": "two", "changes": {"name": "zwei"}}),
            (),
        ),
        (
            ("add-endpoint", {"endpoint": {"name": "x", "zone": "A", "roles": ["database"]}}),
            ("add-endpoint", {"endpoint": {"name": "x", "zone": "B", "roles": ["database"]}}),
            [("endpoints", "x", "zone")],
        ),
        (("duplicate-endpoint", {"endpoint": "two"}), ("duplicate-endpoint", {"endpoint": "two"}), ()),
        (
            ("answer-caveat", {"caveat": "telnet-port", "answer": ""}),
            ("answer-caveat", {"caveat": "ldap-tcp", "answer": ""}),
            (),
        ),
    ],
)  # fmt: skip
def test_two_edits_meet_in_a_field_that_both_change_to_different_values(mine, theirs, met):
    first, second = (make(DOCUMENT, what, **params, summary="S") for what, params in (mine, theirs))
    now = apply(DOCUMENT, second)
    edit, found = rebase(first, now, second.renames)
    assert list(found) == list(met)
    if not met:
        check_plan(apply(now, edit), matrix=MATRIX)


def test_what_an_edit_costs_grows_with_itself_and_not_with_the_fields_of_the_document():
    looked = []

    class Counting(Index):
        def look(self, where):
            looked.append(where)
            return super().look(where)

    many = [{"name": f"e{number}", "zone": "A"} for number in range(500)]
    large = DOCUMENT | {"endpoints": [*DOCUMENT["endpoints"], *many]}
    counts = []
    for document in (DOCUMENT, large):
        looked.clear()
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("planner.plan.merge.Index", Counting)
            patch.setattr("planner.plan.edits.Index", Counting)
            edit = make(document, "edit-endpoint", endpoint="two", changes={"zone": "A"})
            rebase(edit, document, NO_RENAMES)
        counts.append(len(looked))
    assert counts[0] == counts[1] > 0


def test_every_edit_has_a_way_to_be_said():
    spoken = {
        "choose",
        "override-port",
        "answer-caveat",
        "switch-module",
        "replace-document",
    }  # they come with their sentence
    assert _SAYINGS.keys() == EDITS.keys() - spoken


def test_an_edit_of_what_the_vendor_leaves_open_says_which_it_is_and_of_what():
    for what, params, where in (
        ("choose", {"choice": "esxi", "options": None}, ("choices", "esxi")),
        ("override-port", {"service": "ssh", "ports": "2222"}, ("ports", "ssh")),
        ("answer-caveat", {"caveat": "ldap-tcp", "answer": ""}, ("corrections", "ldap-tcp")),
    ):
        edit = make(DOCUMENT, what, **params, summary="S")
        assert (edit.what, edit.where, edit.words) == (what, where, {"summary": "S"})
        assert [(change.where, change.after) for change in edit.changes] == [(where, params.get("ports"))]


def test_an_edit_that_is_fitted_twice_stays_the_same():
    for what, params in (("delete-zone", {"zone": "B"}), ("edit-zone", {"zone": "B", "name": "Beta"})):
        edit = make(DOCUMENT, what, **params)
        assert fit(DOCUMENT, edit) == edit


def test_a_change_of_a_field_that_names_nobody_follows_a_rename_by_its_place_alone():
    renames = Renames(endpoints={"A": "B"})
    change = Change(where=("endpoints", "A", "group"), before=None, after=True)
    assert change.under(renames) == Change(where=("endpoints", "B", "group"), before=None, after=True)
    unknown = Change(where=("endpoints", "A", "colour"), before="A", after=None)
    assert unknown.under(renames) == Change(where=("endpoints", "B", "colour"), before="A", after=None)


def test_a_row_that_comes_keeps_its_name_where_others_have_taken_that_name_off_another_row():
    renames = Renames(zones={"A": "Z"}, endpoints={"one": "first"})
    change = Change(where=("endpoints", "one"), before=None, after={"name": "one", "zone": "A"})
    assert change.under(renames) == Change(where=("endpoints", "one"), before=None, after={"name": "one", "zone": "Z"})


def test_a_field_of_the_plan_is_looked_up_whole_and_its_members_by_name():
    index = Index({"name": "P", "choices": {"mail": "yes"}, "corrections": ["ldap-tcp"]})
    assert index.look(("name",)) == "P"
    assert index.look(("choices", "mail")) == "yes"
    assert index.look(("corrections", "ldap-tcp")) is True
    assert index.look(("corrections", "telnet-port")) is None
    assert index.look(("description",)) is None


def test_an_edit_of_a_flow_that_changes_nothing_says_so():
    assert say(Edit(what="edit-flow", where=("additional_flows", "x"))) == "Flow changed: nothing"


def test_a_new_name_meets_nobody_who_changed_something_else_or_gave_the_same_name():
    document = {"zones": [{"name": "A", "kind": "dmz"}], "endpoints": []}
    mine = make(document, "edit-zone", zone="A", name="C")
    others = document | {"endpoints": [{"name": "one", "zone": "A"}]}
    edit, met = rebase(mine, others, NO_RENAMES)
    assert met == ()
    assert apply(others, edit)["endpoints"] == [{"name": "one", "zone": "C"}]
    same, met = rebase(mine, {"zones": [{"name": "C", "kind": "dmz"}], "endpoints": []}, Renames(zones={"A": "C"}))
    assert (same.changes, met) == ((), ())
    _, met = rebase(mine, {"zones": [{"name": "B", "kind": "dmz"}], "endpoints": []}, Renames(zones={"A": "B"}))
    assert met == (("zones", "B", "name"),)


def test_what_has_a_place_comes_to_it_before_what_comes_to_the_end():
    rows = {name: {"name": name, "zone": "Inside"} for name in ("A", "B", "C", "D")}
    edit = Edit(
        what="endpoints-added",
        changes=(
            Change(where=("endpoints", "A"), after=rows["A"]),
            Change(where=("endpoints", "B"), after=rows["B"], at=2),
            Change(where=("endpoints", "C"), after=rows["C"], at=0),
        ),
    )
    after = apply({"endpoints": [rows["D"]]}, edit)["endpoints"]
    assert [row["name"] for row in after] == ["C", "D", "B", "A"]
    after = apply({"endpoints": []}, edit)["endpoints"]  # a place that the rest no longer reaches is the end
    assert [row["name"] for row in after] == ["C", "B", "A"]


def test_a_whole_document_in_the_place_of_another_is_an_edit_of_all_that_differs():
    other = canonical({"format": 1, "name": "Q", "zones": DOCUMENT["zones"][1:], "endpoints": []})
    one = canonical(DOCUMENT)
    edit = make(one, "replace-document", summary="Replaced", changes=compare_documents(one, other))
    assert (canonical(apply(one, edit)), say(edit)) == (other, "Replaced")


def test_of_rows_that_say_the_same_no_more_go_than_are_left():
    """Both were taken off, and one of them by others before: it was looked for once more (IndexError)."""
    twice = canonical(DOCUMENT)
    goal = {**twice, "additional_flows": twice["additional_flows"][1:2]}
    once = {**twice, "additional_flows": twice["additional_flows"][1:]}
    changes = compare_documents(twice, goal)
    switch, _ = rebase(make(twice, "switch-module", summary="S", switch=changes), once, NO_RENAMES)
    assert apply(once, switch) == goal, "what is gone already is done"
    whole = make(twice, "replace-document", summary="S", changes=changes)
    with pytest.raises(NotPossible, match="This flow is no longer in the plan"):
        rebase(whole, once, NO_RENAMES)
    assert apply(twice, rebase(whole, twice, NO_RENAMES)[0]) == goal
