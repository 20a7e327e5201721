"""Two documents of one origin come together: no change of either side is lost, and what both changed is a conflict."""

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from planner.plan.changes import apply, compare_documents, compare_renamed
from planner.plan.document import PlanError, check_plan, dump_plan
from planner.plan.edits import EDITS, NotPossible
from planner.plan.rows import NO_RENAMES, Renames
from planner.plan.threeway import merge_documents
from tests.plan.test_changes import DOCUMENT, MATRIX, canonical
from tests.plan.test_edit_sequences import edits
from tests.strategies import documents, often

SIDES = ("mine", "theirs")


@st.composite
def changed(draw, base):
    """What a few edits make of a document, and what they renamed."""
    document, renames = base, NO_RENAMES
    for _ in range(draw(st.integers(0, 6))):
        what, params = draw(edits(document))
        try:
            edit = EDITS[what](document, params)
            document = dump_plan(check_plan(apply(document, edit), matrix=MATRIX))
        except (NotPossible, PlanError):
            continue
        renames = renames.then(edit.renames)
    return document, renames


def is_sound(base, document, renames):
    """Whether nothing goes by an old name, and nothing came under a new one."""
    names = {part: ({row["name"] for row in base[part]}, {row["name"] for row in document[part]}) for part in PARTS}
    return all(
        old in before - after and new in after - before
        for part, (before, after) in names.items()
        for old, new in renames.of(part).items()
    )


PARTS = ("zones", "endpoints")


def knows_more(base, document, own, others):
    """Whether the other side's renames tell something of this one."""
    return any(is_sound(base, document, Renames(**{part: {old: new}})) and old not in own.of(part)
               for part in PARTS for old, new in others.of(part).items())  # fmt: skip


def changes_of(base, document, renames):
    return [(one.where, one.after) for one in compare_renamed(base, document, renames)]


@settings(max_examples=often(60))
@given(documents(MATRIX, most=4), st.data())
def test_of_any_two_sides_no_change_is_lost(base, data):
    base = canonical(base)
    (mine, my), (theirs, their) = (data.draw(changed(base)) for _ in SIDES)
    assume(is_sound(base, mine, my) and is_sound(base, theirs, their))
    assume(not knows_more(base, mine, my, their) and not knows_more(base, theirs, their, my))
    merged = merge_documents(base, mine, theirs, mine_renames=my, their_renames=their)
    other = merge_documents(base, theirs, mine, mine_renames=their, their_renames=my, favour="theirs")
    assert [one.where for one in merged.conflicts] == [one.where for one in other.conflicts]
    assert compare_documents(merged.document, other.document) == ()
    if merged.conflicts:
        assert all(one.mine != one.theirs for one in merged.conflicts)
        rows = [one for one in merged.conflicts if one.before and len(one.where) == 2 and one.where[0] in PARTS]
        for (part, name), told, renames in [(one.where, *side) for one in rows
                                            for side in ((one.mine, my), (one.theirs, their))]:  # fmt: skip
            assert told is None or told["name"] == renames.of(part).get(name, name)
        return
    found = changes_of(base, merged.document, my.then(merged.renames))
    own, foreign = changes_of(base, mine, my), changes_of(base, theirs, their)
    both = {where for where, _ in own} & {where for where, _ in foreign}  # rows that both added, field by field
    assert not [one for one in own + foreign if one not in found and one[0] not in both]
    assert not [one for one in found if one not in own + foreign and one[0] not in both]


@settings(max_examples=often(60))
@given(documents(MATRIX, most=4), st.data())
def test_where_one_side_changed_nothing_the_other_one_is_what_comes_of_it(base, data):
    base = canonical(base)
    document, renames = data.draw(changed(base))
    assume(is_sound(base, document, renames))
    for favour in SIDES:
        mine = merge_documents(base, document, base, mine_renames=renames, favour=favour)
        assert (mine.document, mine.conflicts) == (document, ())
        theirs = merge_documents(base, base, document, their_renames=renames, favour=favour)
        assert (compare_documents(theirs.document, document), theirs.conflicts) == ((), ())
        both = merge_documents(base, document, document, mine_renames=renames, their_renames=renames, favour=favour)
        assert (both.document, both.conflicts, both.renames) == (document, (), NO_RENAMES)


BASE = canonical(DOCUMENT)


def change(**fields):
    return canonical({**DOCUMENT, **fields})


def endpoints(*rows):
    """Those of the document, with these in the place of those of their names; None for none."""
    wanted = {row["name"]: row for row in DOCUMENT["endpoints"]} | {row[0]: row[1] for row in rows}
    return [row for row in wanted.values() if row]


def merge(mine, theirs, **more):
    return merge_documents(BASE, canonical(mine), canonical(theirs), **more)


def at(merged, *where):
    [found] = [one for one in merged.conflicts if one.where == where]
    return found.before, found.mine, found.theirs


def test_different_fields_of_one_endpoint_come_together():
    mine = {**DOCUMENT, "endpoints": endpoints(("two", DOCUMENT["endpoints"][1] | {"addresses": ["10.0.0.3"]}))}
    theirs = {**DOCUMENT, "endpoints": endpoints(("two", DOCUMENT["endpoints"][1] | {"zone": "A"}))}
    merged = merge(mine, theirs)
    assert not merged.conflicts
    [two] = [row for row in merged.document["endpoints"] if row["name"] == "two"]
    assert (two["zone"], two["addresses"]) == ("A", ["10.0.0.3"])


def test_the_same_field_is_a_conflict_with_its_three_values():
    mine, theirs = ({**DOCUMENT, "name": name} for name in ("Mine", "Theirs"))
    for favour, name in (("mine", "Mine"), ("theirs", "Theirs")):
        merged = merge(mine, theirs, favour=favour)
        assert at(merged, "name") == ("P", "Mine", "Theirs")
        assert merged.document["name"] == name
    assert not merge(mine, mine).conflicts


def test_choices_and_ports_are_merged_one_by_one():
    mine = {**DOCUMENT, "choices": {"esxi": "powercli", "winrm": "http"}}
    theirs = {**DOCUMENT, "choices": {}, "ports": {"ssh": "2222"}}
    merged = merge(mine, theirs, favour="theirs")
    assert at(merged, "choices", "esxi") == ("ssh", "powercli", None)
    assert merged.document["choices"] == {"winrm": "http"}
    assert merged.document["ports"] == {"ssh": "2222"}


def test_members_of_a_list_come_and_go_by_themselves():
    mine = {**DOCUMENT, "corrections": ["telnet-port", "wmi-dynamic-rpc"]}
    theirs = {**DOCUMENT, "corrections": ["ldap-tcp", "telnet-port", "sql-listener-web"]}
    merged = merge(mine, theirs)
    assert merged.document["corrections"] == ["telnet-port", "wmi-dynamic-rpc", "sql-listener-web"]
    assert not merged.conflicts


def test_what_one_deleted_and_the_other_changed_is_a_conflict():
    mine = {**DOCUMENT, "endpoints": endpoints(("two", None)), "additional_flows": []}
    theirs = {**DOCUMENT, "endpoints": endpoints(("two", DOCUMENT["endpoints"][1] | {"zone": "A"}))}
    merged = merge(mine, theirs)
    before, own, other = at(merged, "endpoints", "two")
    assert (before["zone"], own, other["zone"]) == ("B", None, "A")
    assert "two" not in {row["name"] for row in merged.document["endpoints"]}
    assert "two" in {row["name"] for row in merge(mine, theirs, favour="theirs").document["endpoints"]}


def test_what_one_deleted_and_the_other_names_by_now_is_a_conflict():
    mine = {**DOCUMENT, "zones": DOCUMENT["zones"][:1], "endpoints": endpoints(("two", None), ("three", None))}
    mine["additional_flows"] = []
    came = {"name": "four", "zone": "B"}
    theirs = {**DOCUMENT, "endpoints": [*DOCUMENT["endpoints"], came]}
    merged = merge(mine, theirs)
    assert at(merged, "zones", "B")[1:] == (None, {"name": "B", "kind": "dmz"})
    assert merged.document["endpoints"] == BASE["endpoints"][:1], "with the zone goes what came into it"
    kept = merge(mine, theirs, favour="theirs").document
    assert [row["name"] for row in kept["zones"]] == ["A", "B"]
    assert came in kept["endpoints"]
    check_plan(merged.document, matrix=MATRIX)
    check_plan(kept, matrix=MATRIX)


FLOW = {"source": "one", "destination": "two", "protocol": "tcp", "ports": "80", "reason": "Own"}
PING, OWN = DOCUMENT["additional_flows"][:2]


def test_flows_that_both_added_count_once_and_others_come_together():
    mine = {**DOCUMENT, "additional_flows": [*DOCUMENT["additional_flows"], FLOW]}
    theirs = {**mine, "additional_flows": [*mine["additional_flows"], FLOW | {"ports": "81"}]}
    merged = merge(mine, theirs)
    assert not merged.conflicts
    assert merged.document["additional_flows"] == canonical(theirs)["additional_flows"]


def test_a_flow_that_both_changed_otherwise_is_a_conflict():
    mine, theirs = ({**DOCUMENT, "additional_flows": [PING, OWN | {"ports": ports}, PING]} for ports in ("10", "11"))
    for favour, ports in (("mine", "10"), ("theirs", "11")):
        merged = merge(mine, theirs, favour=favour)
        [conflict] = merged.conflicts
        assert conflict.where[0] == "additional_flows"
        values = [conflict.before, conflict.mine, conflict.theirs]
        assert [[row["ports"] for row in rows] for rows in values] == [["9"], ["10"], ["11"]]
        assert [row.get("ports") for row in merged.document["additional_flows"]] == [None, ports, None], "at its place"
    gone = {**DOCUMENT, "additional_flows": [PING, PING]}
    assert merge(gone, theirs).conflicts
    assert not merge(gone, gone).conflicts
    assert not merge(DOCUMENT, theirs).conflicts


def rename(document, **names):
    """The document with other names of endpoints."""
    from planner.plan.rows import apply_renames

    return apply_renames(canonical(document), Renames(endpoints=names))


def test_what_one_renamed_the_other_may_change():
    mine = rename(DOCUMENT, two="zwei")
    theirs = canonical({**DOCUMENT, "additional_flows": [*DOCUMENT["additional_flows"], FLOW]})
    merged = merge_documents(BASE, mine, theirs, mine_renames=Renames(endpoints={"two": "zwei"}))
    assert not merged.conflicts
    assert FLOW | {"destination": "zwei"} in merged.document["additional_flows"]
    assert not merged.renames
    turned = merge_documents(BASE, theirs, mine, their_renames=Renames(endpoints={"two": "zwei"}))
    assert turned.renames == Renames(endpoints={"two": "zwei"})
    assert compare_documents(turned.document, merged.document) == ()


def test_a_rename_that_one_side_alone_knows_holds_for_both():
    """Without addresses nothing in a file tells that it renamed what was renamed on the page, too."""
    both = rename(DOCUMENT, one="uno")
    theirs = canonical(
        {**both, "endpoints": [both["endpoints"][0] | {"addresses": ["10.0.0.1"]}, *both["endpoints"][1:]]}
    )
    merged = merge_documents(BASE, both, theirs, their_renames=Renames(endpoints={"one": "uno"}))
    assert (merged.document, merged.conflicts) == (theirs, ())


def test_two_new_names_of_one_endpoint_are_a_conflict():
    mine, theirs = rename(DOCUMENT, two="zwei"), rename(DOCUMENT, two="deux")
    renames = {"mine_renames": Renames(endpoints={"two": "zwei"}), "their_renames": Renames(endpoints={"two": "deux"})}
    merged = merge_documents(BASE, mine, theirs, **renames, favour="theirs")
    assert at(merged, "endpoints", "two", "name") == ("two", "zwei", "deux")
    assert merged.document == theirs


def test_one_name_for_two_is_a_conflict():
    """One renamed an endpoint to what the other calls a new one: each keeps what the favoured side calls it."""
    mine = rename(DOCUMENT, two="Neu")
    theirs = canonical({**DOCUMENT, "endpoints": [*DOCUMENT["endpoints"], {"name": "NEU", "zone": "A"}]})
    for favour, names in (("mine", ["one", "Neu", "three"]), ("theirs", ["one", "two", "three", "NEU"])):
        merged = merge_documents(BASE, mine, theirs, mine_renames=Renames(endpoints={"two": "Neu"}), favour=favour)
        [conflict] = merged.conflicts
        assert (conflict.before, conflict.mine["name"], conflict.theirs["name"]) == (None, "Neu", "NEU")
        assert [row["name"] for row in merged.document["endpoints"]] == names
        check_plan(merged.document, matrix=MATRIX)


def test_a_rename_of_what_is_still_there_counts_for_nothing():
    mine = change(description="Changed")
    for renames in (Renames(endpoints={"one": "two"}), Renames(zones={"A": "Z"}, endpoints={"one": "uno"})):
        merged = merge_documents(BASE, mine, BASE, mine_renames=renames, their_renames=renames)
        assert (merged.document, merged.conflicts) == (mine, ())


def test_the_product_counts_where_both_name_it():
    named = {**BASE, "product": "passwordstate"}
    assert merge_documents(named, BASE, named).document == BASE
    assert merge_documents(BASE, named, BASE).document["product"] == "passwordstate"
    other = merge_documents(named, named, {**named, "product": "other"})
    assert other.document["product"] == "other"


def test_what_one_renamed_and_the_other_deleted_is_a_conflict():
    mine, renames = rename(DOCUMENT, two="zwei"), Renames(endpoints={"two": "zwei"})
    theirs = canonical({**DOCUMENT, "endpoints": endpoints(("two", None)), "additional_flows": []})
    for favour, names in (("mine", ["one", "zwei", "three"]), ("theirs", ["one", "three"])):
        merged = merge_documents(BASE, mine, theirs, mine_renames=renames, favour=favour)
        before, own, other = at(merged, "endpoints", "two")
        assert (before["name"], own["name"], other) == ("two", "zwei", None)
        turned = merge_documents(
            BASE, theirs, mine, their_renames=renames, favour="theirs" if favour == "mine" else "mine"
        )
        assert at(turned, "endpoints", "two") == (before, None, own)
        for document in (merged.document, turned.document):
            assert sorted(row["name"] for row in document["endpoints"]) == sorted(names)
            check_plan(document, matrix=MATRIX)


def test_what_one_renamed_and_names_anew_and_the_other_deleted_is_told_under_its_new_name():
    """That a row names what is gone is found later than what became of that, and told of the name of before."""
    gone = canonical({**DOCUMENT, "endpoints": endpoints(("two", None)), "additional_flows": []})
    more = rename({**DOCUMENT, "additional_flows": [*DOCUMENT["additional_flows"], FLOW]}, two="zwei")
    renames = Renames(endpoints={"two": "zwei"})
    for favour in SIDES:
        before, mine, theirs = at(
            merge_documents(BASE, gone, more, their_renames=renames, favour=favour), "endpoints", "two"
        )
        assert (before["name"], mine, theirs["name"]) == ("two", None, "zwei")
        before, mine, theirs = at(
            merge_documents(BASE, more, gone, mine_renames=renames, favour=favour), "endpoints", "two"
        )
        assert (before["name"], mine["name"], theirs) == ("two", "zwei", None)


def test_what_one_added_and_renamed_since_is_no_conflict():
    mine = change(endpoints=[*BASE["endpoints"], {"name": "zehn", "zone": BASE["endpoints"][0]["zone"]}])
    renames = Renames(endpoints={"ten": "zehn"})
    for favour in ("mine", "theirs"):
        merged = merge_documents(BASE, mine, BASE, mine_renames=renames, favour=favour)
        assert (merged.document, merged.conflicts) == (mine, ())


def test_a_caveat_that_is_answered_otherwise_on_both_sides_is_a_conflict():
    base = change(corrections=[])
    mine, theirs = change(corrections=["telnet-port"]), change(corrections=[], as_documented=["telnet-port"])
    for favour, document in (("mine", mine), ("theirs", theirs)):
        merged = merge_documents(base, mine, theirs, favour=favour)
        assert at(merged, "corrections", "telnet-port") == (None, "corrections", "as_documented")
        assert (merged.document, len(merged.conflicts)) == (document, 1)
    moved = merge_documents(mine, theirs, mine)
    assert (moved.document, moved.conflicts) == (theirs, ())


def test_two_firewalls_that_differ_in_capitals_alone_are_a_conflict():
    mine, theirs = (change(firewalls=[{"name": name, "format": "asa", "zones": {"A": name}}]) for name in ("fw", "FW"))
    for favour, document in (("mine", mine), ("theirs", theirs)):
        merged = merge_documents(BASE, mine, theirs, favour=favour)
        [conflict] = merged.conflicts
        assert (conflict.where[0], conflict.mine["name"], conflict.theirs["name"]) == ("firewalls", "fw", "FW")
        assert merged.document == document


def test_of_a_row_that_names_two_of_the_gone_both_are_told():
    mine = change(
        zones=DOCUMENT["zones"][:1], endpoints=endpoints(("two", None), ("three", None)), additional_flows=[]
    )
    never = [{"from": {"zone": "B"}, "to": {"endpoint": "two"}, "reason": "Policy 12"}]
    merged = merge(mine, {**DOCUMENT, "never": never})
    assert {one.where for one in merged.conflicts} == {("zones", "B"), ("endpoints", "two")}
    assert merged.document == mine
    kept = merge(mine, {**DOCUMENT, "never": never}, favour="theirs").document
    assert [row["name"] for row in kept["endpoints"]] == ["one", "two"]
    check_plan(kept, matrix=MATRIX)
