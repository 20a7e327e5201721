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
