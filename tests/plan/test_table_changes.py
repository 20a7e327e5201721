"""What rows of a table come to: one edit of what is faultless, and a sentence at each cell that isn't."""

import pytest

from planner.plan import table_changes
from planner.plan.cells import CellFault, read_cell, write_cells
from planner.plan.changes import apply
from planner.plan.document import check_plan, dump_plan
from planner.plan.edits import edit_endpoints
from planner.plan.fields import PARTS
from planner.plan.summaries import say
from planner.plan.table_changes import Sent, judge
from ports.queries import shipped_matrix
from tests.report.samples import contoso, write_plan

MATRIX = shipped_matrix()


def document(plan=None):
    return dump_plan(check_plan(plan or contoso(), matrix=MATRIX))


def sent(*rows):
    """Rows as (endpoint, cells); an empty name is a new one."""
    return [Sent(key=str(at), name=name, cells=cells) for at, (name, cells) in enumerate(rows)]


def judged(*rows, plan=None, zones=()):
    return judge(plan or document(), sent(*rows), matrix=MATRIX, zones=zones)


def after(found, plan=None):
    plan = plan or document()
    changed = apply(plan, edit_endpoints(plan, found.params))
    check_plan(changed, matrix=MATRIX)
    return {endpoint["name"]: endpoint for endpoint in changed["endpoints"]}


def faults(found):
    return [(wrong.key, wrong.column) for wrong in found.wrong]


def test_a_row_changes_what_it_says_otherwise_and_nothing_else():
    cells = {"addresses": "10.0.0.10 fd00::10", "roles": "web-primary; database", "sessions": "rdp"}
    found = judged(("PS01", cells))
    assert found.params["changes"] == {"PS01": {"sessions": ["rdp"]}}
    assert judged(("PS01", {"addresses": " 10.0.0.10   fd00::10 "})).is_empty


@pytest.mark.parametrize(
    "cell", ["Domain controller; Mail server", "DOMAIN-CONTROLLER mail-server", "mail server,Domain Controller"]
)
def test_slugs_may_be_written_as_people_call_them(cell):
    assert set(judged(("DC01", {"roles": cell})).values["0"]["roles"]) == {"domain-controller", "mail-server"}


def test_what_is_faulty_is_told_at_its_cell_and_the_rest_is_in_the_edit():
    found = judged(
        ("PS01", {"addresses": "10.0.0.999", "sessions": "rdp"}),
        ("DC01", {"group": "perhaps", "zone": "DMZ"}),
        ("Portal", {"zone": "Moon"}),
        ("", {"name": "New", "zone": "DMZ", "addresses": "10.0.0.300"}),
        ("", {"name": "Other", "zone": "DMZ"}),
        ("", {"addresses": "10.9.9.9"}),
    )
    assert faults(found) == [
        ("1", "group"),
        ("5", "name"),
        ("5", "zone"),
        ("0", "addresses"),
        ("2", "zone"),
        ("3", "addresses"),
    ]
    there = after(found)
    assert there["PS01"]["sessions"] == ["rdp"]
    assert there["DC01"]["zone"] == "DMZ"
    assert there["Other"] == {"name": "Other", "zone": "DMZ"}
    assert "New" not in there  # half of a new one is none
    assert found.changed["0"] == ("addresses", "sessions")


def test_what_allowed_is_stands_in_the_sentence():
    [wrong] = judged(("DC01", {"platforms": "toaster"})).wrong
    assert "'toaster' is not known here; allowed are active-directory" in wrong.message
    [wrong] = judged(("DC01", {"zone": "Moon"})).wrong
    assert wrong.message == "There is no zone 'Moon'; the zones are 'Internal', 'DMZ', 'Internet'."


def test_names_change_places_and_whoever_names_them_follows():
    plan = document(
        write_plan(
            {"name": "A", "zone": "Internal", "roles": ["web-primary"]},
            {"name": "B", "zone": "Internal", "roles": ["remote-site-agent"]},
            {"name": "W1", "zone": "DMZ", "platforms": ["windows"], "operations": ["reset"], "managed_by": ["A"]},
            {"name": "W2", "zone": "DMZ", "platforms": ["windows"], "operations": ["reset"]},
        )
    )
    found = judged(("A", {"name": "B"}), ("B", {"name": "A"}), ("W2", {"managed_by": "A"}), plan=plan)
    assert not found.wrong
    there = after(found, plan)
    assert there["B"]["roles"] == ["web-primary"]
    assert there["W1"]["managed_by"] == ["B"]
    assert there["W2"]["managed_by"] == ["A"]  # the one that is called so in the table
    found = judged(("A", {"name": "Web 1"}), ("W2", {"managed_by": "Web 1"}), plan=plan)
    assert after(found, plan)["W2"]["managed_by"] == ["Web 1"]


@pytest.mark.parametrize(
    ("rows", "places"),
    [
        ([("PS01", {"name": "dc01"})], [("0", "name")]),
        ([("", {"name": "X", "zone": "DMZ"}), ("", {"name": "x", "zone": "DMZ"})], [("1", "name")]),
        ([("PS01", {"name": "X"}), ("DC01", {"name": "X"})], [("1", "name")]),
        ([("PS01", {"name": "X"}), ("", {"name": "PS01", "zone": "DMZ"})], [("1", "name")]),
        ([("PS01", {"name": ""})], [("0", "name")]),
        ([("PS01", {"name": "a\x00"})], [("0", "name")]),
        ([("Nobody", {"zone": "DMZ"})], [("0", "name")]),
        ([("PS01", {"zone": "DMZ"}), ("PS01", {"sessions": "rdp"})], [("1", "name")]),
    ],
)
def test_a_name_that_cannot_be_is_refused_at_the_row_that_gives_it(rows, places):
    found = judged(*rows)
    assert faults(found) == places
    after(found)


def test_a_name_may_change_its_case():
    assert "ps01" in after(judged(("PS01", {"name": "ps01"})))


def test_a_fault_of_another_field_takes_the_row_that_caused_it():
    found = judged(("Public", {"zone": "DMZ", "roles": "mobile-user"}))
    assert faults(found) == [("0", "addresses")]
    assert "The address any is for a group" in found.wrong[0].message
    assert found.is_empty


def without(plan):
    """The plan in which nobody is managed by anybody."""
    rows = [{key: value for key, value in row.items() if key != "managed_by"} for row in plan["endpoints"]]
    return plan | {"endpoints": rows}


def test_who_loses_the_role_that_another_one_needs_is_told_so():
    plan = document(
        write_plan(
            {"name": "A", "zone": "Internal", "roles": ["web-primary"]},
            {"name": "W", "zone": "DMZ", "platforms": ["windows"], "operations": ["reset"], "managed_by": ["A"]},
        )
    )
    found = judged(("A", {"roles": "database", "addresses": "10.0.0.1"}), plan=plan)
    assert faults(found) == [("0", "roles")]
    assert found.wrong[0].message.startswith("W: 'A' has none of the roles")
    assert found.params["changes"] == {"A": {"addresses": ["10.0.0.1"]}}
    typed = judged(("A", {"roles": "database"}), ("W", {"managed_by": "A"}), plan=without(plan))
    assert faults(typed) == [("1", "managed_by")], "it is told where somebody has typed it"


def test_a_zone_that_comes_along_is_there_for_its_endpoints_and_its_fault_stands_at_them():
    row = ("", {"name": "X", "zone": "Oslo"})
    assert after(judged(row, zones=[{"name": "Oslo", "kind": "remote-site"}]))["X"]["zone"] == "Oslo"
    found = judged(("", {"name": "X", "zone": "o\x00"}), zones=[{"name": "o\x00", "kind": "dmz"}])
    assert ("0", "zone") in faults(found)


def test_what_is_wrong_with_the_plan_as_a_whole_is_no_row_s(monkeypatch):
    monkeypatch.setattr("planner.plan.limits.ENDPOINTS", 5)
    found = judged(("", {"name": "X", "zone": "DMZ"}))
    assert "at most 5 endpoints" in found.trouble[0].message


def test_a_fault_that_each_round_leads_to_another_ends(monkeypatch):
    monkeypatch.setattr("planner.plan.table_changes.ROUNDS", 1)
    found = judged(("PS01", {"addresses": "10.0.0.999", "sessions": "rdp"}))
    assert faults(found) == [("0", "addresses"), ("0", "")]
    assert found.is_empty


def test_every_cell_is_read_back_as_it_was_written():
    names = {endpoint["name"] for endpoint in document()["endpoints"]} | {"a; b"}
    for endpoint in [*document()["endpoints"], {"name": "a; b", "zone": "DMZ", "group": True, "managed_by": ["a; b"]}]:
        for key, cell in write_cells(endpoint).items():
            entry = PARTS["endpoints"].by_key[key]
            value = read_cell(entry, cell, names=names, matrix=MATRIX)
            assert (value or None) == (endpoint.get(key) or None), (endpoint["name"], key)
    with pytest.raises(CellFault, match="yes or no"):
        read_cell(PARTS["endpoints"].by_key["group"], "perhaps", names=(), matrix=MATRIX)


@pytest.mark.parametrize(
    ("rows", "sentence"),
    [
        (
            [("PS01", {"addresses": "10.1.1.1"})],
            "PS01: address 10.1.1.1 added, addresses 10.0.0.10 and fd00::10 removed",
        ),
        (
            [("PS01", {"sessions": "rdp"}), ("DC01", {"sessions": "ssh"})],
            "2 endpoints changed (sessions): PS01 and DC01",
        ),
        (
            [("PS01", {"name": "X", "zone": "DMZ"}), ("DC01", {"zone": "DMZ"})],
            "2 endpoints changed (name, zone): PS01 and DC01",
        ),
        ([("PS01", {"zone": "DMZ"}), ("", {"name": "N", "zone": "DMZ"})], "PS01 moved to DMZ; 1 endpoint added: N"),
        ([], "Endpoints: nothing changed"),
    ],
)
def test_the_history_says_what_a_table_changed(rows, sentence):
    assert say(edit_endpoints(document(), judged(*rows).params)) == sentence


def test_the_history_names_zones_that_came_along():
    found = judged(("", {"name": "X", "zone": "Oslo"}), zones=[{"name": "Oslo", "kind": "remote-site"}])
    assert say(edit_endpoints(document(), found.params)) == "1 endpoint added: X; zones added: Oslo"


def test_what_was_wrong_before_and_has_nothing_to_do_with_the_rows_is_told_at_none_of_them():
    plan = document(write_plan(
        {"name": "PS01", "zone": "Internal", "roles": ["web-primary"]},
        {"name": "Old", "zone": "Internal", "addresses": ["10.0.0.9"]},
    ))  # fmt: skip
    plan = plan | {"endpoints": [plan["endpoints"][0], plan["endpoints"][1] | {"roles": ["of-another-edition"]}]}
    found = judged(("PS01", {"addresses": "10.0.0.10"}), plan=plan)
    assert faults(found) == []


def test_what_is_nearly_known_is_named_before_all_that_is_allowed(monkeypatch):
    """In a narrow cell the one that was meant stood somewhere in fifteen lines."""
    found = judged(("DC01", {"roles": "domain-controler"}), ("PS01", {"roles": "web-primary datbase"}))
    assert [wrong.message.partition(" Allowed are ")[0] for wrong in found.wrong] == [
        "'datbase' is not known here; did you mean database?",
        "'domain-controler' is not known here; did you mean domain-controller?",
    ]
    monkeypatch.setattr(table_changes, "MOST_MEANT", 1)
    found = judged(("DC01", {"roles": "domain-controler"}), ("PS01", {"roles": "web-primary datbase"}))
    assert ["did you mean" in wrong.message for wrong in found.wrong] == [True, False]


def test_every_column_of_options_is_a_list():
    """What was probably meant is looked for at the place of a word in its cell."""
    shapes = {entry.reads.shape for entry in table_changes.endpoint_columns().values() if entry.reads.options}
    assert shapes == {"list"}
