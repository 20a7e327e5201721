"""A long document is read once from the same text, and nobody is given one of another text."""

import json

import pytest
from django.db import connection

from planner.plan.document import dump_plan
from planner.plan.topologies import read_topology
from planner.store import actions, documents, kept, reports
from planner.store.models import Plan
from planner.store.recent import Recent
from ports.queries import shipped_matrix
from tests.web.views.pages import store

MATRIX = shipped_matrix()
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _all_are_long(monkeypatch):
    monkeypatch.setattr(documents, "LONG", 1)
    monkeypatch.setattr(kept, "LONG", 1)
    monkeypatch.setattr(documents, "_documents", Recent(lambda known: known.length // 40, count=4))
    monkeypatch.setattr(documents, "_proofs", Recent(lambda _: 1, count=4))


@pytest.fixture
def row():
    return store(dump_plan(read_topology(MATRIX, "everything")))[0]


def edit(row, address):
    changes = {"addresses": [address]}
    params = {"endpoint": row.document["endpoints"][0]["name"], "changes": changes}
    return actions.apply_edit(plan_id=row.pk, matrix=MATRIX, edit="edit-endpoint", params=params).plan


def test_the_same_text_is_the_same_document(row):
    first, second = (Plan.objects.get(pk=row.pk).document for _ in range(2))
    assert first is second
    assert first == row.document


def test_another_text_is_another_document(row):
    before = Plan.objects.get(pk=row.pk).document
    edit(row, "192.0.2.7")
    after = Plan.objects.get(pk=row.pk).document
    assert after["endpoints"][0]["addresses"] == ["192.0.2.7"] != before["endpoints"][0]["addresses"]


def test_what_somebody_else_has_written_is_read(row):
    Plan.objects.get(pk=row.pk)
    other = json.dumps(row.document | {"name": "Written elsewhere"})
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE {Plan._meta.db_table} SET document = %s WHERE id = %s", [other, row.pk])
    assert Plan.objects.get(pk=row.pk).document["name"] == "Written elsewhere"


def test_short_ones_are_not_kept(row, monkeypatch):
    monkeypatch.setattr(documents, "LONG", 10**9)
    first, second = (Plan.objects.get(pk=row.pk).document for _ in range(2))
    assert first is not second
    assert first == second


def test_a_hash_is_that_of_the_very_object(row):
    document = dump_plan(read_topology(MATRIX, "everything"))
    proof = kept.prove(document)
    assert documents.find_proof(document) == proof
    assert documents.find_length(document) == len(kept._write(document))
    assert documents.find_proof(dict(document)) is None
    assert kept.prove(document | {"name": "Another"}) != proof == kept.prove(dict(document))


def test_what_an_edit_changed_is_told_without_reading_the_revision_before(row, monkeypatch):
    def compare(row):
        now = row.revisions.get(number=row.revision)
        return reports.comparison_of_last(row, now, MATRIX)

    reports.report_for(row.version, MATRIX)
    monkeypatch.setattr(reports, "find_sound_version", lambda *_: pytest.fail("it was read"))
    changed = edit(row, "192.0.2.8")
    told = compare(changed)
    assert [one.endpoint.addresses for one in told.addresses] == [("192.0.2.8",)]
    changed.revisions.filter(number=row.revision).delete()
    assert compare(changed) is None


def test_edits_of_long_plans_come_to_what_their_revisions_have(row):
    for number in range(3):
        row = edit(row, f"192.0.2.{number}")
        assert Plan.objects.get(pk=row.pk).document == row.revisions.get(number=row.revision).document
