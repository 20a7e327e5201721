"""Addresses for uploads: one for each form, few for each plan, none that was revoked, and so many uploads an hour."""

from datetime import timedelta

import pytest
from django.utils import timezone

from planner.sharing import links, tokens, uploads
from planner.sharing.links import NotMade, Offer, Terms
from planner.store.holders import Holder
from planner.store.models import Event
from planner.store.run_models import UploadToken
from planner.store.throttle import TooMany
from tests.api.programs import make as make_token
from tests.web.views.pages import store

pytestmark = pytest.mark.django_db
ME = Holder(browser="b" * 64, name="Kim")


def make(plan, token="t", days=None):
    offer = Offer(token=token * 43, edit_number=0)
    return uploads.make_token_row(plan=plan, label="Nightly", days=days, offer=offer, holder=ME)


def read_token(secret):
    return tokens.find(secret, "192.0.2.1")


def told(kind):
    return list(Event.objects.filter(kind=kind).order_by("pk").values_list("plan", "link", "actor", "detail"))


def test_one_form_makes_one_address_and_none_once_that_is_revoked():
    plan, other = store()[0], store()[0]
    row = make(plan)
    assert make(plan) == row
    assert (row.label, row.author, row.expires) == ("Nightly", "Kim", None)
    assert uploads.find("t" * 43) == row
    assert not uploads.revoke(plan=other, number=row.pk, holder=ME)
    for _ in range(2):
        assert uploads.revoke(plan=plan, number=row.pk, holder=ME)
    assert uploads.find("t" * 43) is None
    with pytest.raises(NotMade, match="is revoked"):
        make(plan)
    assert told("upload-made") == told("upload-revoked") == [(plan.key, None, "Kim", "Nightly")]


def test_a_plan_has_few_that_lead_somewhere(monkeypatch):
    monkeypatch.setattr(uploads, "MOST", 2)
    plan, other = store()[0], store()[0]
    first, _, _ = make(plan, "1"), make(plan, "2"), make(other, "3")
    with pytest.raises(NotMade, match="This plan has 2 addresses for uploads"):
        make(plan, "4")
    uploads.revoke(plan=plan, number=first.pk, holder=ME)
    assert make(plan, "4").plan == plan


def test_an_address_leads_somewhere_as_long_as_was_said():
    row = make(store()[0], days=90)
    assert timedelta(days=89, hours=23) < row.expires - timezone.now() <= timedelta(days=90)
    assert uploads.still_live(row).exists()
    UploadToken.objects.update(expires=timezone.now() - timedelta(seconds=1))
    assert uploads.find("t" * 43) is None
    assert not uploads.still_live(row).exists()


def test_uploads_are_counted_for_each_address_and_each_link(monkeypatch):
    monkeypatch.setattr(uploads, "AN_HOUR", 1)
    plan, _ = store()
    rows = [make(plan, token) for token in "12"]
    read = [links.make_link(plan=plan, terms=Terms(label="Team"), token=one * 43, holder=ME) for one in "34"]
    programs = [read_token(make_token(label=f"Program {number}")) for number in (1, 2)]
    for use, each in ((uploads.use, rows), (uploads.count_of_link, read), (uploads.count_of_program, programs)):
        for one in each:
            use(one)
        with pytest.raises(TooMany):
            use(each[0])
    assert [(row.used, row.last is not None) for row in UploadToken.objects.order_by("pk")] == [(1, True)] * 2
    assert told("results-uploaded") == [], "nothing was read yet"
