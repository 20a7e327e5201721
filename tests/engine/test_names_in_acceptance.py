"""Endpoints with addresses and DNS names: a result tells of the address that was tried, even if a name led there."""

import pytest

from planner.engine.acceptance import assess
from planner.engine.checks import check_id
from tests.checking import run_of, write_results
from tests.engine.test_acceptance import report_of, statuses
from tests.report.samples import write_plan


def by_name(*answers):
    """A report whose destination has an address and a DNS name, and a run with a result at each of these."""
    document = write_plan(
        {"name": "A", "zone": "Internal", "addresses": ["10.0.0.1"]},
        {"name": "B", "zone": "DMZ", "addresses": ["192.0.2.20", "b.example.com"]},
        additional_flows=[{"source": "A", "destination": "B", "protocol": "tcp", "ports": "443", "reason": "x"}],
    )
    report = report_of(document)
    row = {
        "id": check_id(("A", "B", "tcp", "443")), "destination": "B", "protocol": "tcp", "port": "443",
        "milliseconds": 1, "error": None,
    }  # fmt: skip
    rows = [row | {"address": address, "outcome": outcome} for address, outcome in answers]
    return report, run_of(write_results(report, "A", results=rows))


@pytest.mark.parametrize(
    ("answers", "status"),
    [
        ([("192.0.2.20", "open"), ("192.0.2.20", "open")], "open"),
        ([("192.0.2.20", "open"), ("192.0.2.20", "filtered")], "blocked"),
        ([("192.0.2.20", "open"), ("192.0.2.20", "open"), ("192.0.2.21", "refused")], "refused"),
        ([("192.0.2.20", "open")], "not-tested"),
        ([("192.0.2.20", "open"), ("b.example.com", "unresolved")], "not-tested"),
    ],
)
def test_a_name_that_leads_to_an_address_of_its_endpoint_is_tested_by_a_result_of_its_own(answers, status):
    report, run = by_name(*answers)
    assert statuses(assess(report, [run])) == {("A", "B", "tcp", "443"): status}
