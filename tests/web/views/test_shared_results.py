"""Readers of a link upload results of checks, where whoever made it allows that."""

import pytest
from django.test import Client

from planner.sharing import uploads
from planner.store.models import Event, ShareLink
from planner.store.run_models import CheckRun
from tests.web.views.link_forms import make
from tests.web.views.pages import Page, store
from tests.web.views.test_acceptance import file, write_plan

pytestmark = pytest.mark.django_db


@pytest.fixture
def plan():
    return store(write_plan())[0]


@pytest.fixture
def reader(client, plan):
    """A browser that has opened a link which may upload, and the address of its results."""
    made, path = make(client, plan.key, may_upload="1")
    assert "can read the report, upload results, and nothing else." in " ".join(made.text(id="made").split())
    stranger = Client()
    page = Page(stranger.get(path))
    assert f"{path}results/" in [link.get("href") for link in page.all("a")]
    return stranger, f"{path}results/"


def test_a_reader_uploads_under_the_name_that_they_give(reader, plan, client):
    browser, path = reader
    page = Page(browser.post(path, {"name": "Mara", "files": [file(plan, "PS01")]}))
    assert "1 run stored." in page.text(role="status")
    run = CheckRun.objects.get()
    link = ShareLink.objects.get()
    assert (run.author, run.via) == ("Mara", link.label)
    [event] = Event.objects.filter(kind="results-uploaded")
    assert (event.plan, event.link, event.actor, event.detail) == (plan.key, link.pk, "Mara", link.label)
    assert "Mara" in Page(client.get(f"/plans/{plan.key}/acceptance/")).text()


def test_without_a_name_or_a_file_nothing_is_stored_and_it_is_said(reader, plan):
    browser, path = reader
    assert "Say who you are" in Page(browser.post(path, {"name": "", "files": [file(plan, "PS01")]})).text()
    assert "Choose files" in Page(browser.post(path, {"name": "Mara"})).text(role="alert")
    assert "Nothing was stored" in Page(browser.post(path, {"name": "Mara", "text": "{}"})).text()
    assert not CheckRun.objects.exists()
    assert not Event.objects.filter(kind="results-uploaded").exists()


def test_a_link_that_may_not_has_no_such_page(client, plan):
    path = make(client, plan.key)[1]
    stranger = Client()
    assert "results/" not in stranger.get(path).content.decode()
    assert stranger.get(f"{path}results/").status_code == 404
    assert stranger.post(f"{path}results/", {"name": "x", "files": [file(plan, "PS01")]}).status_code == 404
    assert not CheckRun.objects.exists()


def test_one_who_has_not_opened_the_link_is_led_to_it(reader, plan):
    _, path = reader
    response = Client().post(path, {"name": "x", "files": [file(plan, "PS01")]})
    assert response.status_code == 302
    assert response.url == path.removesuffix("results/")
    assert not CheckRun.objects.exists()


def test_a_link_to_one_revision_takes_none(client, plan):
    page = Page(
        client.post(
            f"/plans/{plan.key}/links/make/",
            {"offer": Page(client.get(f"/plans/{plan.key}/links/")).all("input", name="offer")[0].get("value"),
             "label": "L", "shows": "pinned", "revision": "1", "days": "30", "may_upload": "1"},
        )
    )  # fmt: skip
    assert "A link to one revision takes no results" in page.text()
    assert not ShareLink.objects.exists()


def test_too_many_within_an_hour_have_to_wait(reader, plan, monkeypatch):
    monkeypatch.setattr(uploads, "AN_HOUR", 1)
    browser, path = reader
    sent = {"name": "Mara", "text": "{}"}
    assert [browser.post(path, sent).status_code for _ in range(2)] == [200, 429]
