"""Addresses to which scripts send results: they take results of one plan, and do and tell nothing else."""

import json
from datetime import timedelta

import pytest
from django.test import Client
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart
from django.utils import timezone

from planner.deploy.logs import redact
from planner.sharing import uploads
from planner.store import results as results_room
from planner.store import verified
from planner.store.models import Event, Plan, RuleState, hash_token
from planner.store.run_models import CheckRun, UploadToken
from planner.web.views import uploads as views
from tests.checking import write_results
from tests.store.test_lives import give
from tests.web.views.pages import Page, store
from tests.web.views.test_acceptance import file, report_of, write_plan

pytestmark = pytest.mark.django_db


@pytest.fixture
def plan():
    return store(write_plan())[0]


def page_of(client, plan):
    return Page(client.get(f"/plans/{plan.key}/uploads/"))


def make(client, plan, **fields):
    """Make an address; returns its path."""
    offer = page_of(client, plan).one("input", name="offer").get("value")
    page = Page(
        client.post(f"/plans/{plan.key}/uploads/", {"offer": offer, "label": "Nightly", "days": "90"} | fields)
    )
    return page.one("input", id="made-address").get("value").removeprefix("http://testserver")


def send(path, document, client=None):
    return (client or Client(enforce_csrf_checks=True)).post(
        path, json.dumps(document), content_type="application/json"
    )


def results(of, **more):
    return write_results(report_of(of), "PS01") | more


def test_a_script_sends_results_without_a_cookie_and_is_told_what_came_of_it(client, plan):
    path = make(client, plan)
    response = send(path, results(plan))
    assert response.status_code == 200
    assert response.content == b"1 run stored.\n"
    run = CheckRun.objects.get()
    assert (run.source, run.via, run.author) == ("PS01", "Nightly", "")
    assert "Nightly" in Page(client.get(f"/plans/{plan.key}/acceptance/")).text()


def test_curl_may_send_a_form_of_files_or_put_one(client, plan):
    path = make(client, plan)
    assert Client().post(path, {"files": [file(plan, "PS01"), file(plan, "Staff")]}).content == b"2 runs stored.\n"
    data = json.dumps(results(plan, started="2026-11-26T01:00:00Z"))
    assert Client().put(path, data, content_type="application/octet-stream").status_code == 200


def test_a_form_that_is_put_is_told_to_be_posted(client, plan):
    path = make(client, plan)
    response = Client().put(path, encode_multipart(BOUNDARY, {"files": file(plan, "PS01")}), MULTIPART_CONTENT)
    assert response.status_code == 422
    assert response.content.decode().startswith("Nothing was stored: send a form by POST; PUT takes the results")
    assert not CheckRun.objects.exists()


def test_an_address_that_works_is_listed_however_many_have_ended_since(client, plan, monkeypatch):
    monkeypatch.setattr(views, "MOST_LISTED", 2)
    now = timezone.now()
    for number, ended in enumerate([{}, {"revoked": now - timedelta(hours=1)}, {"expires": now}, {"expires": now}]):
        made = {"label": f"Run {number}", "token_hash": str(number), "created": now + timedelta(seconds=number)}
        UploadToken.objects.create(plan=plan, **made, **ended)
    page = page_of(client, plan)
    assert [number for number in range(4) if f"Run {number}" in page.html] == [0, 3]


def test_what_cannot_be_used_is_said_without_a_word_of_the_plan(client, plan):
    path = make(client, plan)
    response = send(path, results(plan, plan="Fabrikam"))
    assert response.status_code == 422
    said = response.content.decode()
    assert "it is of another plan" in said
    assert "Contoso" not in said
    assert send(path, {"format": 1}).status_code == 422
    assert Client().post(path, b"", content_type="text/plain").content == b"Nothing was sent.\n"
    assert not CheckRun.objects.exists()


def test_only_its_hash_is_kept_and_no_log_has_it(client, plan):
    path = make(client, plan)
    token = path.split("/")[2]
    row = UploadToken.objects.get()
    assert row.token_hash == hash_token(token)
    assert len(token) == 43
    assert token not in redact(f"POST {path} 200")
    assert not Event.objects.filter(detail__contains=token).exists()
    assert token not in client.get(f"/plans/{plan.key}/uploads/").content.decode()


def test_it_opens_nothing_else(client, plan):
    token = make(client, plan).split("/")[2]
    for path in (f"/shared/{token}/", f"/edit/{token}/", f"/upload/{token}/"):
        assert Client().get(path).status_code in (404, 405)


def test_once_revoked_or_expired_it_leads_nowhere(client, plan):
    path = make(client, plan)
    row = UploadToken.objects.get()
    assert client.post(f"/plans/{plan.key}/uploads/revoke/", {"token": str(row.pk)}).status_code == 302
    assert send(path, results(plan)).status_code == 404
    UploadToken.objects.update(revoked=None, expires=timezone.now() - timedelta(minutes=1))
    assert send(path, results(plan)).status_code == 404
    assert not CheckRun.objects.exists()


def test_another_plans_address_cannot_be_revoked_here(client, plan):
    make(client, plan)
    other = store(write_plan())[0]
    number = str(UploadToken.objects.get().pk)
    page = Page(client.post(f"/plans/{other.key}/uploads/revoke/", {"token": number}))
    assert "nothing was revoked" in page.text(role="alert")
    assert UploadToken.objects.get().state == "live"


def test_too_many_within_an_hour_have_to_wait(client, plan, monkeypatch):
    monkeypatch.setattr(uploads, "AN_HOUR", 2)
    path = make(client, plan)
    answers = [send(path, {}).status_code for _ in range(3)]
    assert answers == [422, 422, 429]
    assert send(path, {}).headers["Retry-After"]


def test_the_same_form_makes_one_address(client, plan):
    offer = page_of(client, plan).one("input", name="offer").get("value")
    for _ in range(2):
        client.post(f"/plans/{plan.key}/uploads/", {"offer": offer, "label": "Nightly", "days": "never"})
    assert UploadToken.objects.count() == 1
    assert UploadToken.objects.get().expires is None


def test_a_service_without_links_takes_none(client, plan, settings):
    path = make(client, plan)
    settings.PUBLIC_LINKS = False
    assert send(path, results(plan)).status_code == 404
    assert "switched off" in page_of(client, plan).text()


def test_a_plan_in_the_bin_takes_none(client, plan):
    path, document = make(client, plan), results(plan)
    client.post(f"/plans/{plan.key}/delete/", {"name": plan.name, "confirmed": "1"})
    plan.refresh_from_db()
    if plan.deleted is None:
        plan.deleted = timezone.now()
        plan.save()
    assert send(path, document).status_code == 404


def revoke():
    UploadToken.objects.update(revoked=timezone.now())


def bin_plan():
    Plan.objects.update(deleted=timezone.now())


def grow():
    Plan.objects.update(document={"format": 1, "name": ""}, revision=2)


@pytest.mark.parametrize(("happen", "stored"), [(revoke, True), (bin_plan, True), (grow, True), (revoke, False)])
def test_what_ends_an_address_while_results_are_taken_denies_none_that_are_kept(
    client, plan, monkeypatch, happen, stored
):
    path, document = make(client, plan), write_results(report_of(plan), "Staff")
    rule = next(rule.id for rule in report_of(plan).rules if rule.sources[0].name == "Staff")
    give(plan, rule, state="implemented")
    room, name = (verified, "prove") if stored else (results_room, "_list_told")
    kept = getattr(room, name)
    monkeypatch.setattr(room, name, lambda *given: (happen(), kept(*given))[1])
    response = send(path, document)
    assert CheckRun.objects.exists() == stored
    assert response.content == (b"1 run stored.\n" if stored else b"This address takes no results.\n")
    assert RuleState.objects.latest("pk").state == "implemented"


def test_curl_sends_a_document_as_if_it_were_a_form(client, plan):
    path = make(client, plan)
    data = json.dumps(results(plan))
    response = Client().post(path, data, content_type="application/x-www-form-urlencoded")
    assert response.content == b"1 run stored.\n"
