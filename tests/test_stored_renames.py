"""What a stored plan's history tells of names: by edits, undo, restored revisions, modules, archives and the upgrade.

Every endpoint gets an address of its own when it is added and keeps it: so it can be told which is which, whatever a
history says.
"""

import importlib
import io
from itertools import count

import pytest
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.test.utils import CaptureQueriesContext
from hypothesis import given, settings
from hypothesis import strategies as st

from planner.engine.renames import Rename
from planner.plan.archive import BY_COMMAND
from planner.plan.changes import compare_documents
from planner.plan.edits import NotPossible
from planner.store import actions
from planner.store.models import Plan, Revision
from planner.store.reports import find_known, find_version
from planner.store.transfer import export_plans, import_plans
from ports.queries import shipped_matrix
from tests.report.samples import write_plan
from tests.strategies import often
from tests.web.views.pages import store

pytestmark = pytest.mark.django_db
MATRIX = shipped_matrix()


class Editor:
    """Someone who edits a plan of endpoints in a zone."""

    def __init__(self, *names):
        self.numbers = count(1)
        self.plan, _ = store(write_plan(*map(self._endpoint, names)))

    def _endpoint(self, name):
        return {"name": name, "zone": "Internal", "addresses": [f"10.0.{next(self.numbers)}.1"]}

    def edit(self, edit, **params):
        actions.apply_edit(plan_id=self.plan.pk, matrix=MATRIX, edit=edit, params=params)
        return self

    def add(self, name):
        return self.edit("add-endpoint", endpoint=self._endpoint(name))

    def delete(self, name):
        return self.edit("delete-endpoint", endpoint=name)

    def rename(self, old, new):
        return self.edit("edit-endpoint", endpoint=old, changes={"name": new})

    def rename_zone(self, old, new):
        return self.edit("edit-zone", zone=old, name=new)

    def undo(self):
        actions.undo(plan_id=self.plan.pk, matrix=MATRIX)
        return self

    def redo(self):
        actions.redo(plan_id=self.plan.pk, matrix=MATRIX)
        return self

    def restore(self, number):
        actions.restore(plan_id=self.plan.pk, matrix=MATRIX, number=number)
        return self

    @property
    def names(self):
        self.plan.refresh_from_db()
        return [endpoint["name"] for endpoint in self.plan.document["endpoints"]]


def told(plan, before, after):
    return find_known(plan, find_version(plan, before), find_version(plan, after))


def wanted(plan, before, after):
    """What has another name, by addresses."""
    sides = (plan.revisions.get(number=number).document["endpoints"] for number in (before, after))
    old, new = ({endpoint["addresses"][0]: endpoint["name"] for endpoint in side} for side in sides)
    pairs = ((old[address], new[address]) for address in old.keys() & new.keys())
    return tuple(sorted(Rename("endpoint", one, other) for one, other in pairs if one != other))


@pytest.mark.slow
@settings(max_examples=often(60))
@given(st.data())
def test_any_past_tells_which_is_which(data):
    editor = Editor("A", "B", "C")
    for _ in range(data.draw(st.integers(1, 10))):
        there = editor.names
        free = sorted(set("ABCDE") - set(there))
        step = data.draw(st.sampled_from(["add", "delete", "rename", "rename", "undo", "undo", "redo", "restore"]))
        try:
            match step:
                case "add" if free:
                    editor.add(data.draw(st.sampled_from(free)))
                case "delete" if there:
                    editor.delete(data.draw(st.sampled_from(there)))
                case "rename" if there and free:
                    editor.rename(data.draw(st.sampled_from(there)), data.draw(st.sampled_from(free)))
                case "undo":
                    editor.undo()
                case "redo":
                    editor.redo()
                case "restore":
                    editor.restore(data.draw(st.integers(1, editor.plan.revision)))
        except NotPossible:
            continue
    editor.plan.refresh_from_db()
    number = st.integers(1, editor.plan.revision)
    before, after = data.draw(number), data.draw(number)
    assert told(editor.plan, before, after) == wanted(editor.plan, before, after)
    other = archived(editor.plan)
    assert told(other, before, after) == told(editor.plan, before, after)


def archived(plan):
    """The plan, out to an archive and in again."""
    file = io.BytesIO()
    export_plans(file, [plan])
    [other] = import_plans(file, BY_COMMAND, MATRIX)
    return other


def test_zones_are_followed_too():
    editor = Editor("A").rename_zone("Internal", "LAN").rename_zone("DMZ", "Internal").rename_zone("LAN", "Offices")
    assert told(editor.plan, 1, 4) == (Rename("zone", "DMZ", "Internal"), Rename("zone", "Internal", "Offices"))
    assert told(editor.plan, 2, 4) == (Rename("zone", "DMZ", "Internal"), Rename("zone", "LAN", "Offices"))
    assert told(editor.plan, 4, 1) == (Rename("zone", "Internal", "DMZ"), Rename("zone", "Offices", "Internal"))


def test_a_module_that_goes_and_comes_again_brings_other_endpoints():
    editor = Editor("A").rename("A", "B")
    there = Plan.objects.get(pk=editor.plan.pk).document
    gone = {**there, "endpoints": []}
    come = {**there, "endpoints": [{"name": "B", "zone": "Internal"}]}
    away, back = compare_documents(there, gone), compare_documents(gone, come)
    editor.edit("switch-module", summary="Off", switch=away).edit("switch-module", summary="On", switch=back)
    assert told(editor.plan, 1, 2) == (Rename("endpoint", "A", "B"),)
    assert told(editor.plan, 1, 4) == ()


def test_an_edit_that_was_carried_over_a_rename_tells_it_once():
    editor = Editor("A", "B").rename("A", "C")
    sender = actions.Sender(base=1)
    params = {"endpoint": "A", "changes": {"roles": ["database"]}}
    actions.apply_edit(plan_id=editor.plan.pk, matrix=MATRIX, edit="edit-endpoint", params=params, sender=sender)
    assert told(editor.plan, 1, 3) == (Rename("endpoint", "A", "C"),)
    assert told(editor.plan, 2, 3) == ()


def test_a_revision_says_what_came_with_it():
    editor = Editor("A").add("B").rename("B", "C").delete("C").undo().delete("A").add("A")
    editor.edit("add-zone", name="Cloud", kind="cloud")
    assert list(editor.plan.revisions.order_by("number").values_list("added", flat=True)) == [
        {}, {"endpoints": ["B"]}, {}, {}, {"endpoints": ["C"]}, {}, {"endpoints": ["A"]}, {"zones": ["Cloud"]},
    ]  # fmt: skip


def test_the_upgrade_finds_what_came_with_the_revisions_that_are_there():
    editor = Editor("A").add("B").rename("B", "C").delete("C").undo().delete("A").add("A")
    other = Editor("X").rename("X", "Y").add("X")
    before = list(Revision.objects.order_by("pk").values_list("pk", "added"))
    for row, document in [(row, row.document) for row in Revision.objects.all()]:  # as they were then
        Revision.objects.filter(pk=row.pk).update(whole=document, packed=None, behind=None, proof=None, added={})
    then = MigrationLoader(connection).project_state(("planner", "0007_added")).apps
    importlib.import_module("planner.migrations.0007_added").list_added(then, None)
    assert list(Revision.objects.order_by("pk").values_list("pk", "added")) == before
    assert told(editor.plan, 1, 7) == ()
    assert told(other.plan, 1, 3) == (Rename("endpoint", "X", "Y"),)


def test_a_long_past_without_renames_costs_one_query():
    editor = Editor("A").rename("A", "B")
    plan = Plan.objects.get(pk=editor.plan.pk)
    Revision.objects.bulk_create(
        Revision(plan=plan, number=number, document=plan.document, summary="S", undo_to=number - 1)
        for number in range(3, 103)
    )
    costs = []
    for before in (2, 50, 1):
        versions = [find_version(plan, number) for number in (before, 102)]
        with CaptureQueriesContext(connection) as asked:
            find_known(plan, *versions)
        costs.append(len(asked))
    assert costs == [1, 1, 2]
