"""Reading what is new in a document comes to the same as reading all of it, whatever was changed, wrong or right."""

from copy import deepcopy
from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planner.plan import limits, recheck
from planner.plan.changes import apply
from planner.plan.document import PlanError, check_plan, dump_plan
from planner.plan.edits import EDITS, NotPossible
from planner.plan.recheck import recheck_plan
from planner.plan.stored import Stored
from ports.matrix import build_matrix
from ports.queries import read_fixture, shipped_matrix
from tests.second_matrix.conftest import FIXTURE
from tests.strategies import documents, often

MATRICES = {"first": shipped_matrix(), "second": build_matrix(read_fixture(FIXTURE))}
PARTS = ("zones", "endpoints", "additional_flows", "exclusions", "never", "firewalls")
ODD = [None, 1, True, "", "any", [], {}, [None], {"name": "Odd"}, {"name": "Odd", "zone": "None"}, "10.0.0.1", "Odd"]


def outcome(read):
    """The plan, or what is wrong with the document."""
    try:
        return read()
    except PlanError as error:
        return [(fault.where, fault.message, fault.code) for fault in error.faults]


def change(chance, document, other):
    """The document after one change of any kind, which shares with it the rows that it leaves alone."""
    part = chance.choice(PARTS)
    rows = list(document.get(part) or ())
    place = chance.randrange(len(rows)) if rows else 0
    kind = chance.choice(["edit", "edit", "take", "go", "move", "twice", "copy", "field", "part", "top", "other"])
    names = [row["name"] for row in document["endpoints"]]
    if kind == "edit" and names:
        name = chance.choice(names)
        edits = [
            ("edit-endpoint", {"endpoint": name, "changes": {"name": chance.choice(["Other", *names])}}),
            ("edit-endpoint", {"endpoint": name, "changes": {"roles": chance.choice(ODD)}}),
            ("delete-endpoint", {"endpoint": name}),
            ("duplicate-endpoint", {"endpoint": name}),
        ]
        what, params = chance.choice(edits)
        kept = {key: value for key, value in document.items() if value is not None}  # as it is stored
        return apply(kept, EDITS[what](kept, params))
    if kind == "part":
        return document | {part: chance.choice(ODD)}
    if kind == "top":
        key = chance.choice([*other, "format", "none"])
        return document | {key: chance.choice([other.get(key), *ODD])}
    if kind == "take":
        rows[place:place] = other.get(part, ())
    elif rows and kind == "go":
        del rows[place]
    elif rows and kind == "move":
        rows.insert(chance.randrange(len(rows)), rows.pop(place))
    elif rows and kind == "twice":
        rows.append(rows[place])
    elif rows and kind == "copy":
        rows[place] = deepcopy(rows[place])
    elif rows and kind == "field":
        rows[place] = rows[place] | {chance.choice([*rows[place], "notes", "none"]): chance.choice(ODD)}
    else:
        return other
    return document | {part: rows}


@pytest.mark.slow
@pytest.mark.parametrize("matrix", MATRICES.values(), ids=MATRICES)
@given(data=st.data(), chance=st.randoms(use_true_random=False))
@settings(max_examples=often(75))
def test_after_any_changes_one_after_the_other_it_comes_to_the_same(matrix, data, chance):
    document, *others = data.draw(st.lists(documents(matrix, most=5), min_size=2, max_size=3))
    plan = check_plan(document, matrix=matrix)
    for _ in range(16):  # to make documents takes longer than to change them
        try:
            changed = change(chance, document, chance.choice(others))
        except NotPossible:
            continue
        whole = outcome(partial(check_plan, deepcopy(changed), matrix=matrix))
        again = outcome(partial(recheck_plan, changed, before=document, plan=plan, matrix=matrix))
        assert again == whole
        assert repr(again) == repr(whole)
        if not isinstance(whole, list):
            document, plan = changed, again


def test_an_edit_reads_the_rows_that_it_makes_and_no_others(monkeypatch):
    matrix = MATRICES["first"]
    document = dump_plan(check_plan({
        "format": 1, "name": "N", "zones": [{"name": "A", "kind": "internal"}],
        "endpoints": [{"name": f"E{number}", "zone": "A"} for number in range(20)],
    }, matrix=matrix))  # fmt: skip
    plan = check_plan(document, matrix=matrix)
    read = []

    def read_rows(tree, some, **options):
        read.append((len(some["zones"]), [row["name"] for row in some["endpoints"]]))
        return original(tree, some, **options)

    original = recheck.read_rows
    monkeypatch.setattr(recheck, "read_rows", read_rows)
    monkeypatch.setattr(recheck, "check_plan", None)
    edits = [
        ("edit-endpoint", {"endpoint": "E7", "changes": {"addresses": ["10.0.0.1"]}}, ["E7"]),
        ("edit-endpoint", {"endpoint": "E7", "changes": {"name": "Other"}}, ["Other"]),
        ("add-endpoint", {"endpoint": {"name": "New", "zone": "A"}}, ["New"]),
        ("delete-endpoint", {"endpoint": "E3"}, ["E0"]),
    ]
    for what, params, wanted in edits:
        changed = apply(document, EDITS[what](document, params))
        recheck_plan(changed, before=document, plan=plan, matrix=matrix)
        assert read.pop() == (1, wanted)


@pytest.mark.parametrize("there", [0, 3])
def test_there_are_no_more_endpoints_than_the_whole_check_allows(monkeypatch, there):
    monkeypatch.setattr(limits, "ENDPOINTS", 3)
    matrix = MATRICES["first"]
    zones = [{"name": "A", "kind": "internal"}]
    document = {
        "format": 1,
        "name": "N",
        "zones": zones,
        "endpoints": [{"name": str(n), "zone": "A"} for n in range(3)],
    }
    plan = check_plan(document, matrix=matrix)
    more = document | {"endpoints": [*document["endpoints"], {"name": "One more", "zone": "A"}]}
    with pytest.raises(PlanError, match="endpoints"):
        recheck_plan(more, before=document, plan=plan, matrix=matrix, stored=Stored(endpoints=there))
    stored = Stored(endpoints=4)
    assert len(recheck_plan(more, before=document, plan=plan, matrix=matrix, stored=stored).endpoints) == 4
