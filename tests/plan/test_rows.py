"""Which rows of a plan name an endpoint, and what renames come to one after the other."""

from planner.plan.rows import NO_RENAMES, Renames, join_renames, rows_that_name

FLOW = {"source": "PS01", "destination": "SQL01", "protocol": "tcp", "ports": "1433", "reason": "Test"}
DOCUMENT = {
    "endpoints": [
        {"name": "PS01", "managed_by": ["Admins", "PS02"]},
        {"name": "PS02", "managed_by": []},
        {"name": "Admins"},
    ],
    "additional_flows": [FLOW, FLOW | {"source": "PS02"}],
}


def test_a_row_names_an_endpoint_in_a_list_or_at_either_end():
    assert rows_that_name(DOCUMENT, "endpoints", "Admins") == [DOCUMENT["endpoints"][0]]
    assert rows_that_name(DOCUMENT, "additional_flows", "PS02") == [DOCUMENT["additional_flows"][1]]
    assert rows_that_name(DOCUMENT, "additional_flows", "SQL01") == DOCUMENT["additional_flows"]


def test_nothing_names_an_endpoint_in_a_part_that_the_plan_lacks_and_no_row_names_itself():
    assert rows_that_name(DOCUMENT, "exclusions", "PS01") == []
    assert rows_that_name(DOCUMENT, "endpoints", "PS01") == []


def test_the_renames_of_revisions_are_one_step_and_revisions_without_any_are_passed_over():
    steps = ({"zones": {"A": "B"}}, {}, {"zones": {"B": "C"}, "endpoints": {"one": "two"}})
    assert join_renames(steps) == Renames(zones={"A": "C"}, endpoints={"one": "two"})
    assert join_renames([{}]) == NO_RENAMES
