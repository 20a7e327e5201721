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


APP = {"name": "APP", "zone": "Internal", "roles": ["app-server"]}
PHONES = {"name": "Phones", "zone": "Internal", "roles": ["mobile-user"]}


def advise_phones(*endpoints, **more):
    """What is advised about the role of Phones, which leads to no flow."""
    report = evaluate_report(MATRIX, check_plan(write_plan(PHONES, *endpoints, **more), matrix=MATRIX))
    [found] = [one for one in report.findings if (one.code, one.subject) == ("role-without-flow", "mobile-user")]
    return found.advice


def test_a_question_whose_answer_gives_a_role_its_flows_is_named_before_the_role_is_taken_away():
    """What practice asks for would be lost with the role."""
    title = MATRIX.caveats["app-server-inbound"].title
    taken = "Add what the role works with, or take it away."
    assert advise_phones(APP) == f"Decide “{title}”: following practice gives it flows. Otherwise take the role away."
    assert advise_phones(APP, as_documented=["app-server-inbound"]) == taken
    # Nothing of practice leads from here to there.
    assert advise_phones(as_documented=["app-server-inbound"]) == taken
