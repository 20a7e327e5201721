"""Rows that are locked on PostgreSQL: the plan first, each by itself, and nobody waits who only refers to it."""

import re
from threading import Thread
from types import SimpleNamespace

import pytest
from django.db import connection, connections, transaction
from django.test.utils import CaptureQueriesContext

from planner.sharing import links
from planner.sharing.links import Terms
from planner.store import actions, admission, jobs, presence
from planner.store.holders import Holder
from planner.store.models import Plan
from planner.store.presence import Visitor

pytestmark = [
    pytest.mark.skipif(connection.vendor == "sqlite", reason="locks no rows"),
    pytest.mark.django_db(transaction=True),
]
ME = Holder(browser="b" * 64, name="Kim")


def make():
    return Plan.objects.create(name="P", document={"name": "P", "zones": [], "endpoints": []})


def list_locked(queries):
    """Of each query that locks rows, what it locks and how."""
    found = (re.search(r" FOR ([A-Z ]+?UPDATE)(?: OF (.*))?$", query["sql"]) for query in queries)
    return [(match[2] or "", match[1]) for match in found if match]


def test_a_report_and_an_upload_by_one_link_lock_the_plan_and_then_the_link_and_nothing_else(monkeypatch):
    """Else each of the two may have what the other waits for."""
    plan = make()
    link = links.make_link(plan=plan, terms=Terms(label="Team", may_report=True), token="t" * 43, holder=ME)
    monkeypatch.setattr(links, "set_states", lambda **_: None)
    monkeypatch.setattr(links, "matrix_of", lambda _: None)
    with CaptureQueriesContext(connection) as reporting:
        links.report_states(link=link, picks=(), wish=None, name="Lee", operation=None)
    let_in = admission.admitted(lambda: admission.lock(links.still_live(link)).first())
    with CaptureQueriesContext(connection) as uploading, let_in, transaction.atomic():
        actions.lock_plan(plan.pk)
    expected = [('"planner_plan"', "NO KEY UPDATE"), ('"planner_sharelink"', "NO KEY UPDATE")]
    assert list_locked(reporting) == expected
    assert list_locked(uploading) == expected


LOCKS = {
    "an edit": lambda plan, _: actions.lock_plan(plan.pk),
    "what stands beside the document": lambda plan, _: admission.lock_row(plan.pk),
    "an edit link that is opened": lambda _, token: links.open_edit_link(token=token, holder=ME),
}


@pytest.mark.parametrize("lock", LOCKS.values(), ids=LOCKS)
def test_while_a_plan_is_changed_files_of_it_are_asked_for_and_visitors_come(lock):
    plan, troubles = make(), []
    token = links.make_edit_link(plan_id=plan.pk)
    order = SimpleNamespace(as_row=lambda: {"kind": "report"})

    def work():
        try:
            with connection.cursor() as cursor:
                cursor.execute("SET lock_timeout = '5s'")  # how long the test lasts where it fails, and no longer
            jobs._begin(plan, order, None, "a key")
            presence.note_visit(plan, Visitor(key="k" * 43))
        except Exception as error:
            troubles.append(error)
        finally:
            connections.close_all()

    with transaction.atomic():
        lock(plan, token)
        thread = Thread(target=work)
        thread.start()
        thread.join()
    assert troubles == []
    assert (plan.jobs.count(), plan.viewers.count()) == (1, 1)
