"""Ready-made topologies as plans to start from."""

import pytest

from planner.checks import check_topologies
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
    monkeypatch.setattr("planner.checks.shipped_matrix", lambda: matrix)
    (found,) = check_topologies(None)
    assert (found.id, found.obj) == ("planner.E001", "passwordstate.json")
    assert found.msg == find_topology_faults(matrix)[0]
    monkeypatch.undo()
    assert check_topologies(None) == []
