"""Checks about what leads from a less trusted kind of zone to a more trusted one, in the check's own order."""

import pytest

from planner.engine import evaluate_report
from planner.plan.document import check_plan
from ports.matrix import ZONE_KINDS, build_matrix, find_faults
from tests.ports.records import make_records, record

ORDER = ["internet", "dmz", "internal"]


def with_trust(trust, **more):
    records = make_records()
    record(records, "check", "in-clear")["opening"] = {"service": "https", "trust": trust, **more}
    return records


def find(matrix, source, destination):
    """The endpoints that the check names in a plan whose users are in a zone of one kind and the server in another."""
    document = {
        "format": 1,
        "name": "Desk",
        "zones": [{"name": "Here", "kind": source}, {"name": "There", "kind": destination}],
        "endpoints": [
            {"name": "U", "zone": "Here", "roles": ["user"]},
            {"name": "D", "zone": "There", "roles": ["desk-main"]},
        ],
    }
    report = evaluate_report(matrix, check_plan(document, matrix=matrix))
    return [finding.endpoints for finding in report.findings if finding.code == "in-clear"]


@pytest.mark.parametrize("source", ZONE_KINDS)
@pytest.mark.parametrize("destination", ZONE_KINDS)
def test_a_flow_matches_that_leads_up_in_the_order(source, destination):
    inwards = {("internet", "dmz"), ("internet", "internal"), ("dmz", "internal")}
    found = find(build_matrix(with_trust(ORDER)), source, destination)
    assert found == ([("D", "U")] if (source, destination) in inwards else [])


def test_the_other_fields_must_hold_beside_it():
    matrix = build_matrix(with_trust(ORDER, destination_kinds=["dmz", "cloud"]))
    assert find(matrix, "internet", "dmz")
    assert not find(matrix, "internet", "internal")


def test_without_it_every_direction_matches():
    assert find(build_matrix(with_trust([])), "internal", "internet")


@pytest.mark.parametrize(
    ("trust", "sentence"),
    [
        (["dmz"], "check 'in-clear': 'trust' puts two or more kinds of zone in order, each once."),
        (["dmz", "internal", "dmz"], "check 'in-clear': 'trust' puts two or more kinds of zone in order, each once."),
        (["dmz", "moon"], "check 'in-clear': 'moon' is no kind of zone; allowed are"),
    ],
)
def test_an_order_that_is_none_is_told(trust, sentence):
    (fault,) = find_faults(with_trust(trust))
    assert fault.startswith(sentence)
