"""Where the database fails before a request is answered: what is said tells whether anything of it was stored."""

import pytest
from django.db import OperationalError, transaction

from planner.deploy import metrics
from planner.store import actions
from planner.store.models import Attempt, Plan
from planner.store.stored import in_passing, was_stored, watching
from planner.store.trouble import MAY_BE_STORED, UNCHANGED, store_if_possible
from ports.actions import load_matrix
from ports.queries import SHIPPED
from tests.api.programs import Program
from tests.store.test_trouble import raised
from tests.web.views.pages import Page, store


@pytest.mark.django_db(transaction=True)
def test_a_failure_behind_the_commit_is_told_as_one_and_one_before_it_too(client, monkeypatch):
    load_matrix(path=SHIPPED)
    row, key = store()
    client.raise_request_exception = False
    program = Program(client.handler)
    program.client.raise_request_exception = False

    def fail(*_, **__):
        raise raised(OperationalError, sqlite_errorcode=14)

    def send(name):
        page = client.post(f"/plans/{key}/ports/", {"service": "ssh", "ports": "2222"})
        problem = program.put(f"/plans/{row.key}", row.document | {"name": name}, If_Match="*")
        assert (page.status_code, problem.status_code) == (503, 503)
        row.refresh_from_db()
        return row.revision, Page(page).text("main"), problem.json()["detail"]

    with monkeypatch.context() as patch:
        patch.setattr(actions.models.Revision.objects, "create", fail)
        revision, *said = send("First")
    assert revision == 1
    assert all(UNCHANGED in one and MAY_BE_STORED not in one for one in said)
    monkeypatch.setattr(metrics, "count_edit", fail)
    revision, *said = send("Second")
    assert revision == 3
    assert all(UNCHANGED not in one and MAY_BE_STORED in one for one in said)


def count():
    Attempt.objects.create(subject="a", mark="b")


def rename():
    Plan.objects.filter(pk=0).update(name="Another")


def undo():
    with transaction.atomic():
        rename()
        transaction.set_rollback(True)


def look_away():
    with in_passing():
        rename()


@pytest.mark.parametrize(
    ("act", "is_stored"),
    [
        (rename, True),
        (lambda: Plan.objects.filter(pk=0).delete(), False),  # it looks for some first, and there are none
        (Plan.objects.count, False),
        (count, False),
        (undo, False),
        (look_away, False),
        (lambda: store_if_possible(rename), False),
    ],
)
def test_what_counts_is_what_was_committed_and_not_in_passing(db, django_capture_on_commit_callbacks, act, is_stored):
    with watching():
        with django_capture_on_commit_callbacks(execute=True):
            act()
            assert not was_stored(), "nothing is committed yet"
        assert was_stored() == is_stored
        with watching():
            assert not was_stored(), "that is another request"
    assert not was_stored()
    with django_capture_on_commit_callbacks(execute=True):
        rename()
    assert not was_stored(), "nobody looks"
