"""Queries that are written once find what Django finds when it writes them anew."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.db.transaction import TransactionManagementError
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from planner.sharing import links, tokens
from planner.store import actions, admission, answers, comments, holders, lives, reports, results
from planner.store import kept as revisions
from planner.store.models import (
    NOTHING_RENAMED,
    Answer,
    Comment,
    Hold,
    Plan,
    Revision,
    RuleState,
    ShareLink,
    hash_token,
)
from planner.store.run_models import CheckRun
from planner.store.token_models import ApiToken
from planner.web.views import kept, offers
from ports import actions as editions
from ports import queries
from ports.actions import load_matrix
from ports.models import Amendment, Snapshot
from ports.queries import SHIPPED
from ports.written import Written
from tests.web.views.pages import BROWSERS, store

pytestmark = pytest.mark.django_db


def tell(found):
    """What was read of a row, and of those that were read with it; what isn't there is read when it is asked for."""
    if found is None or isinstance(found, tuple):
        return found
    held = {name: value for name, value in vars(found).items() if name != "_state"}
    return held, {name: tell(other) for name, other in found._state.fields_cache.items()}, found._state.db


@pytest.fixture
def plan():
    load_matrix(path=SHIPPED)
    for _ in range(2):
        plan, _ = store()
    user = User.objects.create_user("ada")
    Hold.objects.create(plan=plan, user=user, role="edit")
    for number in (1, 2, 3):
        Answer.objects.create(plan=plan, revision=number, kind="choice", subject="esxi", answer=["ssh"], author="Ada")
    now = timezone.now()
    for number, expires in enumerate((None, now + timedelta(days=1), now - timedelta(days=1))):
        ShareLink.objects.create(plan=plan, token_hash=f"{number}", label="L", expires=expires)
    for number, owner in enumerate(({"browser": hash_token(BROWSERS[1])}, {"user": user})):
        ApiToken.objects.create(token_hash=f"{number}", expires=now + timedelta(days=1), label="L", **owner)
    for number, renames in ((3, {"zones": {"dmz": "edge"}, "endpoints": {}}), (4, {}), (5, NOTHING_RENAMED)):
        Revision.objects.create(plan=plan, number=number, document=plan.document, renames=renames)
    for stands in (True, False, True):
        RuleState.objects.create(plan=plan, revision=1, stands=stands, blocks=[[["A"], ["B"], []]], review=now.date())
    for resolved in (False, True, False):
        Comment.objects.create(plan=plan, text="T", resolved=resolved, mentions=["Ada"])
    for name in ("1", "2"):
        CheckRun.objects.create(plan=plan, revision=1, checksum=name, started=now, number=1, data=b"")
    Amendment.objects.create(product=plan.edition.product_slug, old="1", new="2", reverted=now)
    return plan


def list_questions(plan):
    """Every query of ours that is written once, by values with which it finds something, and some with which not."""
    browser, user, now = hash_token(BROWSERS[1]), User.objects.get().pk, timezone.now()
    for document in (True, False):
        yield holders._held["browser", document], (browser, plan.key), (browser, uuid4())
        yield holders._held["user", document], (user, plan.key), (user + 1, plan.key)
    yield links._by_hash, ("0", now), ("2", now)
    yield links._by_hash, ("1", now), ("1", now + timedelta(days=2))
    for role in Hold.Role:
        yield admission._held[role], (plan.holds.first().pk,), (10**6,)
    yield tokens._by_hash[False], ("0", now), ("1", now)
    yield tokens._by_hash[True], ("1", now), ("1", now + timedelta(days=2))
    yield actions._to_lock, (plan.pk,), (plan.pk + 1,)
    yield actions._sent, (plan.pk, plan.revisions.first().operation), (plan.pk, "another")
    yield revisions._links, (plan.pk, 1, 4), (plan.pk, 6, 9)
    yield answers._newest, (plan.pk,), (plan.pk + 1,)
    yield answers._newest_upto, (plan.pk, 2), (plan.pk, 0)
    yield reports._revision, (plan.pk, 1), (plan.pk, 2)
    yield reports._entry, (plan.pk, 1), (plan.pk, 2)
    yield reports._digest, (plan.pk, 1), (plan.pk, 2)
    yield reports._renaming, (plan.pk, 1, 3), (plan.pk, 1, 2)
    yield reports._renaming, (plan.pk, 2, 5), (plan.pk, 3, 5)
    yield lives._newest, (plan.pk,), (plan.pk + 1,)
    yield lives._standing, (plan.pk,), (plan.pk + 1,)
    yield results._newest, (plan.pk,), (plan.pk + 1,)
    yield comments._open, (plan.pk,), (plan.pk + 1,)
    yield offers._editions, (plan.edition.product_slug,), ("another",)
    yield kept._whole, (plan.pk,), (plan.pk + 1,)
    yield editions._kept, (Snapshot.objects.first().digest,), ("another",)
    yield queries._by_slug, (plan.edition.slug,), ("another",)
    for written in queries._records.values():
        yield written, (plan.edition_id,), (plan.edition_id + 1,)
    yield queries._marks_at, (plan.edition_id,), (plan.edition_id + 1,)
    yield queries._amended, (plan.edition.product_slug,), ("another",)


def test_each_finds_what_django_finds(plan):
    for written, there, nowhere in list_questions(plan):
        for values in (there, nowhere, there):
            with CaptureQueriesContext(
                connection,
            ) as asked:
                found = written.ask(*values)
            assert len(asked) == 1
            assert [*map(tell, found)] == [*map(tell, written._write(*values))], (asked[0]["sql"], values)
            assert bool(found) == (values is there), asked[0]["sql"]
            assert written.first(*values) == (found[0] if found else None)


def test_each_without_a_value_finds_what_django_finds(plan):
    for written in (queries._current, queries._all_marks):
        for _ in range(2):
            found = written.ask()
            assert found
            assert found == list(written._write())


def test_what_was_left_out_is_read_when_it_is_asked_for(plan):
    hold = holders._held["browser", False].first(hash_token(BROWSERS[0]), plan.key)
    assert hold.plan.get_deferred_fields() == {"document"}
    assert hold.plan.document == plan.document
    assert holders._held["browser", True].first(hash_token(BROWSERS[0]), plan.key).plan.document == plan.document


def test_a_number_that_no_row_can_have_is_none_of_a_revision(plan):
    assert reports.find_revision(plan, 1).document == plan.document
    assert [reports.find_revision(plan, number) for number in (2, 2**31, 2**63, 2**70)] == [None] * 4


def test_a_query_without_its_example_is_refused(plan):
    with pytest.raises(ValueError, match="an example"):
        Written(lambda number: Plan.objects.filter(pk=plan.pk), 2**62).ask(1)


def test_what_locks_is_asked_in_a_transaction_alone(plan, monkeypatch):
    assert actions._to_lock.first(plan.pk) == plan
    monkeypatch.setattr(connection, "get_autocommit", lambda: True)
    with pytest.raises(TransactionManagementError):
        actions._to_lock.first(plan.pk)
    assert kept._whole.first(plan.pk) == plan


def test_values_are_the_databases_own(plan):
    by_key = Written(lambda key: Plan.objects.filter(key=key), UUID(int=1))
    made_before = Written(lambda at: Plan.objects.filter(created__lt=at), datetime(9999, 1, 1, tzinfo=UTC))
    assert by_key.ask(plan.key) == [plan]
    assert plan in made_before.ask(timezone.now())
    assert made_before.ask(plan.created - timedelta(days=1)) == []
