"""What findings advise names what the matrix has for it."""

from planner.engine import evaluate_report
from planner.plan.document import check_plan
from ports.queries import shipped_matrix
from tests.report.samples import write_plan

MATRIX = shipped_matrix()


def test_who_could_carry_out_operations_is_named_by_both_roles_that_can():
    host = {"name": "ESX01", "zone": "Internal", "platforms": ["vmware-esxi"], "operations": ["discovery"]}
    report = evaluate_report(MATRIX, check_plan(write_plan(host), matrix=MATRIX))
    [found] = [one for one in report.findings if one.code == "operations-without-engine"]
    [pairing] = [one for one in MATRIX.pairings.values() if one.managed_by]
    labels = [MATRIX.roles[role].label for role in (pairing.near, pairing.fallback)]
    assert labels[0] != labels[1]
    assert found.advice == f"Add a {labels[0]} or {labels[1]}, or name one in their managed-by."
    assert found.endpoints == ("ESX01",)
