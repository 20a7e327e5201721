"""The table of what must stay closed: what is wrong is told at its line, and nothing of it is taken."""

import pytest

from planner.plan.endpoint_table import MAX_BYTES, TableError
from planner.plan.policy_table import read_policies
from ports.queries import shipped_matrix

DOCUMENT = {
    "format": 1,
    "name": "P",
    "zones": [{"name": "A", "kind": "internal"}, {"name": "B", "kind": "dmz"}],
    "endpoints": [{"name": "one", "zone": "A", "roles": ["web-primary"]}],
}
HEAD = "from,to,service,never\n"


def read(text, document=DOCUMENT):
    return read_policies(text, document=document, matrix=shipped_matrix())


def faults(text, document=DOCUMENT):
    with pytest.raises(TableError) as caught:
        read(text, document)
    return [(fault.line, fault.message) for fault in caught.value.faults]


def test_columns_without_a_name_at_the_end_of_the_header_are_no_columns():
    [row] = read("from,to,service,never,,\nA,B,tcp/3389,yes,,\n")
    assert row == {
        "from": {"zone": "A"}, "to": {"zone": "B"}, "protocol": "tcp", "ports": "3389", "reason": "Zone policy",
    }  # fmt: skip


def test_a_table_that_is_too_large_is_not_read():
    [(line, sentence)] = faults(HEAD + "A,B,tcp,yes\n" * (MAX_BYTES // 12 + 1))
    assert line == 1
    assert f"at most {MAX_BYTES // 2**20} MiB are read" in sentence


@pytest.mark.parametrize("text", ["", "\ufeff", "\n\n"])
def test_an_empty_table_is_told_what_its_first_line_is(text):
    assert faults(text) == [(1, "The table is empty; its first line is from,to,service,never.")]


def test_what_is_wrong_elsewhere_in_the_plan_is_told_with_its_place():
    broken = DOCUMENT | {"endpoints": [{"name": "one", "zone": "Gone"}]}
    [(line, sentence)] = faults(f"{HEAD}A,B,any,yes\n", broken)
    assert line == 1
    assert sentence.startswith("endpoints[0].zone: There is no zone 'Gone'")


def test_services_are_written_together_and_what_says_no_asks_for_nothing():
    rows = read(f"{HEAD}A,B,tcp/3389 ; icmp udp,Policy 12\nB,A,any,no\n")
    told = [(row.get("protocol"), row.get("ports"), row["reason"]) for row in rows]
    assert told == [("tcp", "3389", "Policy 12"), ("icmp", None, "Policy 12"), ("udp", None, "Policy 12")]


def test_all_that_is_wrong_with_the_lines_is_told_and_nothing_is_taken():
    found = faults(f"{HEAD}A,Moon,any,yes\n,B,any,yes\nA,B,icmp/8 tcp/99999,yes\nA,B,any,yes,more\n")
    assert [line for line, _ in found] == [2, 3, 4, 4, 5]
    said = [sentence for _, sentence in found]
    assert said[0].startswith("There is no zone") and "Moon" in said[0]  # noqa: PT018 - one sentence
    assert said[1].startswith("A zone is needed")
    assert said[2].startswith("A service is written tcp/3389")
    assert "99999" in said[3]
    assert said[4] == "The line has 5 cells, the header 4 columns."


def test_another_header_is_told_with_the_one_that_is_wanted():
    [(line, sentence)] = faults("from,to,never\nA,B,yes\n")
    assert line == 1
    assert sentence.startswith("The first line names the columns: from,to,service,never; found")


def test_where_nothing_is_left_to_add_it_is_said_why():
    row = {"from": {"zone": "A"}, "to": {"zone": "B"}, "reason": "Zone policy"}
    [(_, sentence)] = faults(f"{HEAD}A,B,any,yes\n", DOCUMENT | {"never": [row]})
    assert sentence == "Every line of it is in the plan already; there is nothing to add."
    [(_, sentence)] = faults(f"{HEAD}A,B,any,\n")
    assert sentence == "No line of it says that something stays closed; there is nothing to add."


def test_what_is_wrong_with_a_row_is_told_at_its_line_and_column():
    with pytest.raises(TableError) as caught:
        read(f"{HEAD}A,B,tcp,yes\nA,B,udp,a\u0007b\n")
    [fault] = caught.value.faults
    assert (fault.line, fault.column) == (3, "never")
