"""What tests store again is what was stored first."""

from datetime import timedelta

import pytest

from planner.store.models import Event, Plan, Revision
from ports.models import Snapshot
from tests.web.views.pages import store

OWN = {"id", "key", "plan", "plan_id", "created", "updated", "at", "operation"}


def tell(plan):
    """All rows of a plan, without what is another's for each."""
    rows = [Plan.objects.filter(pk=plan.pk), Revision.objects.filter(plan=plan), Event.objects.filter(plan=plan.key)]
    return [
        [{name: value for name, value in row.items() if name not in OWN} for row in found.values()] for found in rows
    ]


def test_a_plan_that_is_stored_again_has_the_rows_of_the_first():
    (first, key), (again, other) = store(), store()
    assert tell(again) == tell(first)
    assert [len(rows) for rows in tell(again)] == [1, 1, 1]
    assert key != other == str(again.key)
    assert again == Plan.objects.get(key=other)
    assert again.holds.count() == first.holds.count() > 0


def test_what_is_told_of_it_is_what_was_stored():
    store()
    plan, _ = store()
    found = Plan.objects.get(pk=plan.pk)
    for field in Plan._meta.concrete_fields:
        assert getattr(plan, field.attname) == getattr(found, field.attname), field.name
    assert found.updated - found.created < timedelta(seconds=1)
    assert plan.revisions.get().document == plan.document


def test_a_document_of_one_is_no_document_of_another():
    for _ in range(2):
        plan, _ = store()
        plan.document["zones"].clear()
    assert store()[0].document["zones"]


@pytest.mark.parametrize("gone", ["edition", "kept"])
def test_nothing_is_stored_again_where_it_would_be_stored_otherwise(matrix, gone):
    store()
    Snapshot.objects.all().delete()
    if gone == "edition":
        type(matrix).objects.update(current=False)
    plan, _ = store()
    assert Snapshot.objects.exists()
    assert plan.edition_id == matrix.pk
