"""An archive comes in while others work: they hardly wait, and see all of it or, if it fails, nothing."""

import io
import json
import sqlite3
import zipfile
from contextlib import closing
from datetime import timedelta
from threading import Barrier, Thread
from types import SimpleNamespace

import pytest
from django.db import connection, connections
from django.utils import timezone

from planner.plan import archive
from planner.plan.archive import BY_COMMAND, ON_THE_PAGE, Limits
from planner.plan.archive_values import ArchiveError
from planner.store import actions, arrivals, bin, throttle, transfer
from planner.store.holders import Holder
from planner.store.models import Attempt, Event, Handover, Hold, Plan, Revision
from planner.store.transfer import all_plans, import_plans
from ports.actions import load_matrix
from ports.queries import SHIPPED, shipped_matrix
from tests.web.views.pages import SENTENCE, Page, store, words

MATRIX = shipped_matrix()
NOW = "2026-01-01T00:00:00+00:00"
DOCUMENT = {"format": 1, "name": "N", "zones": [{"name": "Z", "kind": "internal"}], "endpoints": []}
OWNER = Holder(browser="b" * 64, name="Kim")
SQLITE = pytest.mark.skipif(connection.vendor != "sqlite", reason="only SQLite has one writer at a time")
KINDS = (Plan, Revision, Handover, Hold, Event, Attempt)


def pack(*plans, handovers=0):
    """An archive of plans, each given by the documents of its revisions."""
    sent = {"revision": 1, "recipient": "Team", "note": "", "author": "", "sent": NOW}
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("archive.json", json.dumps({"format": 1, "plans": len(plans)}))
        for place, documents in enumerate(plans, 1):
            facts = {"revision": len(documents), "created": NOW, "updated": NOW, "deleted": None}
            packed.writestr(f"plans/{place}/plan.json", json.dumps(facts | {"handovers": [sent] * handovers}))
            lines = [json.dumps(revision(number, document)) for number, document in enumerate(documents, 1)]
            packed.writestr(f"plans/{place}/revisions.jsonl", "\n".join(lines))
    file.seek(0)
    return file


def revision(number, document):
    links = dict.fromkeys(("undo_to", "redo_to", "restored"))
    texts = dict.fromkeys(("author", "summary", "checkpoint"), "")
    return {"number": number, "created": NOW, "renames": {}, "document": document, **texts, **links}


def documents(count, **more):
    return [DOCUMENT | {"description": f"State {number}"} | more for number in range(count)]


def can_write():
    """Whether somebody else could write just now, without waiting: on SQLite one at a time can."""
    if connection.vendor != "sqlite":
        return True
    with closing(sqlite3.connect(connection.settings_dict["NAME"], timeout=0, isolation_level=None)) as other:
        try:
            other.execute("BEGIN IMMEDIATE")
            other.execute("ROLLBACK")
        except sqlite3.OperationalError:
            return False
    return True


@pytest.fixture
def small_slices(monkeypatch):
    """As if revisions were large: a few for each write."""
    monkeypatch.setattr(transfer, "SLICE", 2_000)


@pytest.fixture
def turns(monkeypatch):
    """What can be seen whenever it is others' turn to write."""
    seen = []

    def sleep(_):
        assert not connection.in_atomic_block
        seen.append((can_write(), OWNER.holds().count(), len(list(all_plans())), Plan.objects.count()))

    monkeypatch.setattr(arrivals.time, "sleep", sleep)
    return seen


@SQLITE
@pytest.mark.django_db(transaction=True)
def test_nothing_is_locked_while_an_archive_is_checked(monkeypatch):
    free = []

    def check(*arguments, **options):
        free.append(can_write())
        return original(*arguments, **options)

    original = archive.check_stored
    monkeypatch.setattr(archive, "check_stored", check)
    import_plans(pack(documents(5), documents(5)), ON_THE_PAGE, MATRIX, OWNER)
    assert free == [True] * 10
    with connection.cursor() as cursor:
        cursor.execute("BEGIN IMMEDIATE")
        assert not can_write(), "or this would tell nothing"
        cursor.execute("ROLLBACK")


@pytest.mark.django_db(transaction=True)
def test_others_get_a_turn_after_each_few_revisions_and_see_no_plan_before_all_are_there(small_slices, turns):
    made = import_plans(pack(documents(40), documents(40), handovers=600), ON_THE_PAGE, MATRIX, OWNER)
    assert len(turns) > 2 * 40 / 8
    assert {can for can, *_ in turns} == {True}
    assert {(held, listed) for _, held, listed, _ in turns} == {(0, 0)}
    assert max(there for *_, there in turns) == 2
    assert (OWNER.holds().count(), len(list(all_plans()))) == (2, 2)
    assert [plan.revisions.count() for plan in made] == [40, 40]
    assert Event.objects.filter(kind="plan-made", actor="Kim").count() == 2
    assert set(Hold.objects.values_list("browser", "user", "role")) == {("b" * 64, None, "own")}


def test_a_write_has_as_many_revisions_as_fit_and_each_large_one_its_own(monkeypatch):
    lines = io.BytesIO(b"".join(b"x" * size + b"\n" for size in (9, 9, 30, 3, 3, 3, 12)))
    monkeypatch.setattr(transfer, "SLICE", 20)
    monkeypatch.setattr(transfer, "_load", lambda line: len(line) - 1)
    assert list(transfer._slice(lines, 7)) == [[9, 9], [30], [3, 3, 3], [12]]


@pytest.mark.django_db(transaction=True)
def test_between_its_writes_an_import_leaves_others_twice_the_time_that_it_took(monkeypatch):
    moments, slept = iter([10.0, 10.5]), []
    clock = SimpleNamespace(monotonic=lambda: next(moments), sleep=slept.append)
    monkeypatch.setattr(arrivals, "time", clock)
    with arrivals._short_write():
        assert connection.in_atomic_block
    assert slept == [1.0]


def count_all():
    return {kind.__name__: kind.objects.count() for kind in KINDS}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("at", [1, 2, 6])
def test_an_import_that_fails_half_way_leaves_nothing(monkeypatch, small_slices, at):
    store()
    before, calls = count_all(), []
    original = Revision.objects.bulk_create

    def create(rows):
        calls.append(rows)
        if len(calls) == at:
            raise OSError("the disk is full")
        return original(rows)

    monkeypatch.setattr(Revision.objects, "bulk_create", create)
    with pytest.raises(OSError, match="full"):
        import_plans(pack(documents(20), documents(20), handovers=2), ON_THE_PAGE, MATRIX, OWNER)
    assert len(calls) == at
    assert count_all() == before


@pytest.mark.django_db(transaction=True)
def test_what_an_import_left_whose_process_died_is_seen_by_nobody_and_goes_with_the_bin(monkeypatch, client):
    mine, _ = store()
    monkeypatch.setattr(arrivals, "_take_back", lambda _: None)
    monkeypatch.setattr(Handover.objects, "bulk_create", lambda _: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        import_plans(pack(documents(3), handovers=1), ON_THE_PAGE, MATRIX, OWNER)
    left = Plan.objects.exclude(pk=mine.pk).get()
    assert client.get(left.get_absolute_url()).status_code == 404
    assert list(all_plans()) == [mine]
    assert bin.empty_bin() == 0, "it could be still at work"
    Hold.objects.filter(plan=left).update(since=timezone.now() - timedelta(days=2))
    assert bin.empty_bin() == 1
    assert list(Plan.objects.all()) == [mine]
    assert Revision.objects.filter(plan=left.pk).count() == 0


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_two_imports_and_an_editor_at_once_all_succeed(small_slices):
    """With the real database file: a write that meets another one waits."""
    row, _ = store()
    ready, troubles = Barrier(3), []

    def work(task):
        try:
            ready.wait()
            task()
        except Exception as error:
            troubles.append(error)
        finally:
            connections.close_all()

    def edit():
        for port in range(1_000, 1_030):
            actions.override_port(plan_id=row.pk, matrix=MATRIX, service="ssh", ports=str(port))

    files = [pack(documents(150), documents(150)) for _ in range(2)]
    tasks = [lambda file=file: import_plans(file, ON_THE_PAGE, MATRIX, OWNER) for file in files]
    threads = [Thread(target=work, args=(task,)) for task in (*tasks, edit)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert troubles == []
    row.refresh_from_db()
    assert (row.revision, row.document["ports"]["ssh"]) == (31, "1029")
    assert [hold.plan.revisions.count() for hold in OWNER.holds()] == [150] * 4
    assert not Hold.objects.filter(browser__startswith="arriving").exists()


@SQLITE
@pytest.mark.django_db(transaction=True)
def test_who_waits_too_long_for_others_is_told_to_try_again_and_nothing_is_changed(client):
    load_matrix(path=SHIPPED)
    row, key = store()
    client.raise_request_exception = False
    with closing(sqlite3.connect(connection.settings_dict["NAME"], isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA busy_timeout = 1")
        response = client.post(f"/plans/{key}/ports/", {"service": "ssh", "ports": "2222"})
        other.execute("ROLLBACK")
    connection.close()
    assert response.status_code == 503
    assert response.headers["Retry-After"] == "5"
    assert "Others are storing a lot at the moment. Nothing was changed." in Page(response).text("main")
    row.refresh_from_db()
    assert row.revision == 1


# --- limits ----------------------------------------------------------------------------------------------------------

FEW = Limits(packed=2**20, unpacked=2**20, files=10, plans=3, revisions=4)


def complaint(file, limits):
    with pytest.raises(ArchiveError) as caught:
        import_plans(file, limits, MATRIX, OWNER)
    assert SENTENCE.match(caught.value.message)
    assert count_all() == dict.fromkeys((kind.__name__ for kind in KINDS), 0)
    return str(caught.value)


def test_the_limits_on_the_page_are_those_that_are_promised():
    assert (ON_THE_PAGE.packed, ON_THE_PAGE.unpacked, ON_THE_PAGE.revisions) == (32 * 2**20, 256 * 2**20, 2_000)


@pytest.mark.django_db
def test_a_plan_of_too_many_revisions_is_refused_before_any_is_checked(monkeypatch):
    def check(*arguments, **options):
        raise AssertionError("nothing is to be checked")

    monkeypatch.setattr(archive, "check_stored", check)
    said = complaint(pack(documents(4), documents(5)), FEW)
    assert said == (
        "plans/2/plan.json, revision: The plan has 5 revisions; of one plan at most 4 can be imported here. "
        "The command import_plans takes all of them."
    )


@pytest.mark.django_db
def test_the_page_names_the_limit_of_revisions_and_the_command_takes_them_all(client, monkeypatch):
    load_matrix(path=SHIPPED)
    file = pack(documents(5))
    monkeypatch.setattr("planner.web.views.home.ON_THE_PAGE", FEW)
    file.name = "plan.zip"
    page = Page(client.post("/plans/import/", {"file": file, "text": ""}))
    assert "of one plan at most 4 can be imported here" in words(page.one(class_="notice-error"))
    assert not Plan.objects.exists()
    file.seek(0)
    assert import_plans(file, BY_COMMAND, MATRIX)[0].revision == 5


@pytest.mark.django_db
@pytest.mark.parametrize("spoiled", [{"format": True}, {"format": 1.0}, {"description": 7}])
def test_a_document_that_is_almost_that_of_the_revision_before_is_checked_too(spoiled):
    said = complaint(pack([DOCUMENT | {"description": "7"}, DOCUMENT | {"description": "7"} | spoiled]), ON_THE_PAGE)
    assert said.startswith("plans/1/revisions.jsonl, line 2, document, ")


@pytest.mark.django_db
def test_what_json_cant_say_is_refused_although_the_revision_before_says_it_in_words():
    file = pack([DOCUMENT | {"description": "NaN"}, DOCUMENT | {"description": float("nan")}])
    assert complaint(file, ON_THE_PAGE).startswith("plans/1/revisions.jsonl, line 2, document, description")


@pytest.mark.django_db
def test_many_are_counted_at_once_or_not_at_all():
    throttle.count_many("kind", "someone", 3, limit=5)
    with pytest.raises(throttle.TooMany):
        throttle.count_many("kind", "someone", 3, limit=5)
    with pytest.raises(throttle.TooMany):
        throttle.count_many("kind", "someone else", 6, limit=5)
    assert Attempt.objects.count() == 3
    throttle.count_many("kind", "someone", 2, limit=5)
    assert Attempt.objects.count() == 5
    throttle.count_many("kind", "someone", 0, limit=5)
