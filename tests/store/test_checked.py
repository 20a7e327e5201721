"""A stored document is checked once in a process, and what is kept of that is used for that document alone."""

import json

import pytest

from planner.plan.changes import apply
from planner.plan.document import PlanError, check_plan, dump_plan
from planner.plan.edits import EDITS
from planner.plan.topologies import read_topology
from planner.store import actions, checked
from planner.store.checked import check_edited, read_checked
from planner.store.kept import prove
from planner.store.models import Plan
from planner.store.recent import Recent
from planner.store.reports import report_for
from ports.queries import shipped_matrix
from tests.web.views.pages import store

MATRIX = shipped_matrix()
EXAMPLES = sorted(MATRIX.topologies)


@pytest.fixture(autouse=True)
def _nothing_kept(monkeypatch):
    monkeypatch.setattr(checked, "_checked", Recent(lambda one: len(one.plan.endpoints), count=4))


def refuse(*_, **__):
    raise AssertionError("it is checked as a whole once more")


def list_edits(document):
    """Edits of different kinds, each for the document that the one before has made."""
    first, *_, last = (row["name"] for row in document["endpoints"])
    zone = document["zones"][0]["name"]
    yield "edit-endpoint", {"endpoint": first, "changes": {"addresses": ["192.0.2.7"]}}
    yield "edit-endpoint", {"endpoint": first, "changes": {"name": "Another name"}}
    yield "edit-zone", {"zone": zone, "name": "Another zone"}
    yield "duplicate-endpoint", {"endpoint": last}
    yield "delete-endpoint", {"endpoint": "Another name"}
    yield "override-port", {"service": "ssh", "ports": "2222", "summary": "Port"}
    yield "add-flow", {"rows": [{"source": last, "destination": last, "protocol": "tcp", "ports": "9", "reason": "R"}]}


@pytest.mark.parametrize("slug", EXAMPLES)
def test_edits_one_after_the_other_come_to_what_the_whole_check_comes_to(slug, monkeypatch):
    document = dump_plan(read_topology(MATRIX, slug))
    read_checked(document, MATRIX)
    monkeypatch.setattr(checked, "check_plan", refuse)
    monkeypatch.setattr(checked, "check_stored", refuse)
    for what, params in list_edits(document):
        edit = EDITS[what](document, params)
        came = check_edited(document, lambda before, edit=edit: apply(before, edit), MATRIX)
        whole = check_plan(apply(document, edit), matrix=MATRIX)
        assert came.plan == whole
        assert json.dumps(came.document) == json.dumps(dump_plan(whole)), "in the order of keys too"
        assert came.proofs == (prove(document), prove(came.document))
        document = came.document
        assert read_checked(document, MATRIX) is came.plan


@pytest.mark.django_db
def test_the_report_after_an_edit_and_the_next_edit_check_nothing_again(monkeypatch):
    plan, _ = store()
    report_for(plan.version, MATRIX)
    monkeypatch.setattr(checked, "check_plan", refuse)
    monkeypatch.setattr(checked, "check_stored", refuse)
    for port in ("2222", "2223"):
        actions.override_port(plan_id=plan.pk, matrix=MATRIX, service="ssh", ports=port)
        now = Plan.objects.get(pk=plan.pk)
        assert report_for(now.version, MATRIX).ports["ssh"] == port


def test_what_is_wrong_with_an_edit_is_told_and_kept_nowhere():
    document = dump_plan(read_topology(MATRIX, EXAMPLES[0]))
    read_checked(document, MATRIX)
    wrong = {"endpoints": [*document["endpoints"], {"name": "New", "zone": "Nowhere"}]}
    with pytest.raises(PlanError, match="There is no zone 'Nowhere'"):
        check_edited(document, lambda before: {**before, **wrong}, MATRIX)
    with pytest.raises(PlanError, match="There is no zone 'Nowhere'"):
        read_checked(document | wrong, MATRIX)


def test_a_document_that_says_something_else_is_checked_by_itself():
    document = dump_plan(read_topology(MATRIX, EXAMPLES[0]))
    plan = read_checked(document, MATRIX)
    assert read_checked(dict(reversed(document.items())), MATRIX) is plan
    assert read_checked(document | {"name": "Another"}, MATRIX).name == "Another"
