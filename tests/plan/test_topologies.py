"""Ready-made topologies as plans to start from."""

import pytest

from planner.engine import evaluate_report
from planner.management.checks import check_topologies
from planner.plan.blueprint import blank_addresses
from planner.plan.document import PlanError
from planner.plan.topologies import find_topology_faults, read_topologies, read_topology
from ports.matrix import build_matrix
from ports.queries import shipped_matrix
from tests.ports.records import make_records
from tests.ports.test_topologies import TOPOLOGY


def matrix_with(**endpoint):
    """A small matrix with a topology that is a plan, and after it one with an endpoint more."""
    records = make_records()
    other = TOPOLOGY | {"slug": "other", "endpoints": [*TOPOLOGY["endpoints"], {"zone": "Office"} | endpoint]}
    records["topology"] = [TOPOLOGY, other]
    return build_matrix(records)


def test_a_topology_is_a_plan_with_all_that_it_says():
    plan = read_topology(matrix_with(name="New"), "office")
    assert (plan.name, plan.description) == ("Office", "One server, and people.")
    assert [(zone.name, zone.kind) for zone in plan.zones] == [("Office", "internal"), ("Outside", "internet")]
    assert [(one.name, one.zone, one.addresses) for one in plan.endpoints] == [
        ("D1", "Office", ("10.0.0.1",)),
        ("All", "Outside", ("any",)),
        ("L1", "Office", ()),
    ]
    assert plan.endpoints[2].managed_by == ("D1",)
    assert plan.choices == {"transport": "ssh", "sign-in": ("card",)}


def test_one_that_is_no_plan_is_told_and_left_out_and_the_others_stay():
    matrix = matrix_with(name="New", addresses=["10.0.0.999"])
    assert list(read_topologies(matrix)) == ["office"]
    (fault,) = find_topology_faults(matrix)
    assert fault.startswith("topology 'other', endpoints[3].addresses[0]: '10.0.0.999' is no address")
    with pytest.raises(PlanError):
        read_topology(matrix, "other")
    with pytest.raises(KeyError):
        read_topology(matrix, "ghost")


def test_every_shipped_topology_is_a_plan():
    assert find_topology_faults(shipped_matrix()) == []
    assert list(read_topologies(shipped_matrix())) == list(shipped_matrix().topologies)


@pytest.mark.django_db
def test_manage_py_check_names_each_fault(monkeypatch):
    matrix = matrix_with(name="New", addresses=["10.0.0.999"])
    monkeypatch.setattr("planner.management.checks.shipped_matrix", lambda: matrix)
    (found,) = check_topologies(None)
    assert (found.id, found.obj) == ("planner.E001", "passwordstate.json")
    assert found.msg == find_topology_faults(matrix)[0]
    monkeypatch.undo()
    assert check_topologies(None) == []


# --- how far the shipped ones work as they are ----------------------------------------------------------------------

SHOWN = {
    "everything": {("warning", "app-server-dmz-database"), ("warning", "telnet-in-clear")},
}
"""What a topology is there to show: all that its report asks for attention with."""


@pytest.mark.parametrize("slug", shipped_matrix().topologies)
def test_a_shipped_topology_works_as_it_is_but_for_what_it_is_there_to_show(slug):
    report = evaluate_report(shipped_matrix(), read_topology(shipped_matrix(), slug))
    asking = {(found.severity, found.code) for found in report.findings if found.severity != "info"}
    assert asking == SHOWN.get(slug, set())


@pytest.mark.parametrize("slug", shipped_matrix().topologies)
def test_a_plan_that_is_started_from_it_lacks_nothing_but_addresses(slug):
    plan = blank_addresses(read_topology(shipped_matrix(), slug))
    report = evaluate_report(shipped_matrix(), plan)
    asking = {(found.severity, found.code) for found in report.findings if found.severity != "info"}
    assert asking == SHOWN.get(slug, set()) | {("decision", "address-missing")}


@pytest.mark.parametrize("slug", shipped_matrix().topologies)
def test_a_shipped_topology_answers_every_caveat_that_bears_on_it_and_no_other(slug):
    """Practice wherever the document leaves out what it takes; the gateways' caveat is about how it is read."""
    plan = read_topology(shipped_matrix(), slug)
    bearing = [state.caveat for state in evaluate_report(shipped_matrix(), plan).caveats]
    assert {*plan.corrections, *plan.as_documented} == {caveat.slug for caveat in bearing if caveat.correction}
    assert plan.as_documented == ("gateway-assumed",)
