"""Exclusions and what must stay closed as edits: applied, taken back, beside others', following what they name."""

import pytest

from planner.plan.changes import apply
from planner.plan.document import check_plan, dump_plan
from planner.plan.edits import EDITS, NotPossible
from planner.plan.merge import rebase
from planner.plan.rows import NO_RENAMES, Renames
from planner.plan.summaries import say
from ports.queries import shipped_matrix
from tests.report.samples import contoso

MATRIX = shipped_matrix()
LDAPS = {"source": "PS01", "destination": "DC01", "protocol": "tcp", "ports": "636", "reason": "Nobody binds by it"}
PAIR = {"source": "PS01", "destination": "DC01", "reason": "No domain"}
RDP = {"from": {"zone": "DMZ"}, "to": {"endpoint": "DC01"}, "protocol": "tcp", "ports": "3389", "reason": "Policy 12"}
ALL = {"from": {"endpoint": "Portal"}, "to": {"zone": "Internal"}, "reason": "Policy 13"}
START = dump_plan(check_plan(contoso(), matrix=MATRIX))

ROWS = pytest.mark.parametrize(
    ("part", "add", "delete", "row", "other"),
    [
        ("exclusions", "add-exclusion", "delete-exclusion", LDAPS, PAIR),
        ("never", "add-never", "delete-never", RDP, ALL),
    ],
    ids=["exclusions", "never"],
)


def make(document, what, row):
    name = {"add-exclusion": "exclusion", "delete-exclusion": "exclusion", "delete-never": "row"}.get(what)
    return EDITS[what](document, {name: row} if name else {"rows": [row]})


def edit(document, what, row):
    changed = apply(document, make(document, what, row))
    assert dump_plan(check_plan(changed, matrix=MATRIX)) == changed
    return changed


@ROWS
def test_rows_are_added_and_deleted_and_each_edit_turned_round(part, add, delete, row, other):
    one = edit(START, add, row)
    both = edit(one, add, other)
    assert both == {**START, part: [row, other]}
    assert apply(one, make(START, add, row).inverse()) | {part: []} == START | {part: []}
    first = make(both, delete, row)
    assert apply(both, first) == {**START, part: [other]}
    assert apply(apply(both, first), first.inverse()) == both, "it comes back to its place"
    with pytest.raises(NotPossible, match="no longer in the plan"):
        make(START, delete, row)


@ROWS
def test_two_people_add_and_delete_side_by_side(part, add, delete, row, other):
    mine = make(START, add, row)
    now = edit(START, add, other)
    fitted, met = rebase(mine, now, NO_RENAMES)
    assert (apply(now, fitted)[part], met) == ([other, row], ())
    both = edit(now, add, row)
    gone = make(both, delete, row)
    fitted, met = rebase(gone, edit(both, delete, other), NO_RENAMES)
    assert (apply(edit(both, delete, other), fitted)[part], met) == ([], ())
    with pytest.raises(NotPossible, match="no longer in the plan"):
        rebase(gone, edit(both, delete, row), NO_RENAMES)


@ROWS
def test_an_edit_follows_a_rename_that_others_made_in_between(part, add, delete, row, other):
    renamed = apply(START, EDITS["edit-endpoint"](START, {"endpoint": "DC01", "changes": {"name": "AD"}}))
    fitted, met = rebase(make(START, add, row), renamed, Renames(endpoints={"DC01": "AD"}))
    assert met == ()
    (there,) = apply(renamed, fitted)[part]
    assert "AD" in str(there)
    assert "DC01" not in str(there)
    before = edit(START, add, row)
    now = apply(before, EDITS["edit-endpoint"](before, {"endpoint": "DC01", "changes": {"name": "AD"}}))
    assert now[part] == [there]
    fitted, met = rebase(make(before, delete, row), now, Renames(endpoints={"DC01": "AD"}))
    assert (apply(now, fitted).get(part, []), met) == ([], ())


@ROWS
def test_rows_go_with_what_they_name_and_come_back_with_it(part, add, delete, row, other):
    document = edit(edit(START, add, row), add, other)
    gone = EDITS["delete-endpoint"](document, {"endpoint": "DC01"})
    left = [one for one in (row, other) if "DC01" not in str(one)]
    assert apply(document, gone).get(part, []) == left
    assert apply(apply(document, gone), gone.inverse()) == document
    zone = EDITS["delete-zone"](document, {"zone": "DMZ"})
    after = dump_plan(check_plan(apply(document, zone), matrix=MATRIX))
    assert after.get(part, []) == (document[part] if part == "exclusions" else [])
    assert apply(apply(document, zone), zone.inverse()) == document


def test_a_zone_that_is_renamed_takes_what_must_stay_closed_along():
    document = edit(START, "add-never", RDP)
    renamed = apply(document, EDITS["edit-zone"](document, {"zone": "DMZ", "name": "Border"}))
    assert renamed["never"] == [RDP | {"from": {"zone": "Border"}}]


def test_what_each_edit_says():
    said = {
        ("add-exclusion", str(LDAPS)): "Not needed here: PS01 to DC01, tcp 636",
        ("add-exclusion", str(PAIR)): "Not needed here: PS01 to DC01, whatever the document asks for",
        ("delete-exclusion", str(LDAPS)): "Needed again: PS01 to DC01, tcp 636",
        ("add-never", str(RDP)): "To stay closed: zone DMZ to DC01, tcp 3389",
        ("add-never", str(ALL)): "To stay closed: Portal to zone Internal, everything",
        ("delete-never", str(RDP)): "Need not stay closed: zone DMZ to DC01, tcp 3389",
    }
    rows = {str(row): row for row in (LDAPS, PAIR, RDP, ALL)}
    document = {**START, "exclusions": [LDAPS, PAIR], "never": [RDP, ALL]}
    for (what, row), sentence in said.items():
        assert say(make(document, what, rows[row])) == sentence
    several = EDITS["add-never"](START, {"rows": [RDP, ALL]})
    assert say(several) == "To stay closed: zone DMZ to DC01, tcp 3389, and 1 more"


def test_a_row_of_another_kind_is_deleted_by_all_that_it_says():
    document = {**START, "exclusions": [LDAPS | {"colour": "red"}, LDAPS]}
    gone = EDITS["delete-exclusion"](document, {"exclusion": LDAPS})
    assert apply(document, gone)["exclusions"] == [LDAPS | {"colour": "red"}]


def test_own_choices_of_a_zone_are_said_by_their_names():
    words = {"choices": {"esxi": "ESXi"}, "ports": {"ssh": "SSH"}}
    made = EDITS["edit-zone"](
        START, {"zone": "DMZ", "choices": {"esxi": "ssh"}, "ports": {"ssh": "22"}, "words": words}
    )
    assert say(made) == "Zone DMZ: choice of its own ESXi changed; port of its own SSH changed"
    assert "words" not in apply(START, made)["zones"][1]
