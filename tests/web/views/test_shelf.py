"""My plans: found, sorted, copied, put aside, taken along."""

import io
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from planner.store.models import Attempt, Hold, Plan
from planner.web.views.shelf import PAGE
from tests.report.samples import HOSTILE_NAMES, contoso, hostile
from tests.web.views.pages import BROWSERS, Page, know, store, words

pytestmark = pytest.mark.django_db


def named(name):
    return store(contoso() | {"name": name})


def names(client, **query):
    return [words(line) for line in Page(client.get("/plans/", query)).all("p", class_="plan-name")]


def test_a_browser_lists_its_own_plans_and_nobody_elses(client):
    named("Alpha")
    Plan.objects.create(name="Beta", document=contoso())
    assert names(client) == ["Alpha"]
    assert names(know(Client(), "z" * 43)) == []
    assert "No plan yet" in Page(Client().get("/plans/")).text("main")


def test_the_first_page_leads_to_the_last_ones(client):
    named("Alpha")
    assert "Alpha" in Page(client.get("/")).text("main")
    assert "Alpha" not in Page(Client().get("/")).text("main")


def test_plans_are_searched_in_any_case_and_sorted(client):
    for name in ("Beta", "älter", "Alpha"):
        named(name)
    assert names(client) == ["Alpha", "älter", "Beta"], "newest first"
    assert names(client, sort="name") == ["Alpha", "Beta", "älter"]
    assert names(client, text="ÄLT") == ["älter"]
    Hold.objects.filter(plan__name="Beta").update(opened=timezone.now() + timedelta(hours=1))
    assert names(client, sort="opened")[0] == "Beta"
    assert "No plan's name has “x” in it" in Page(client.get("/plans/", {"text": "x"})).text("main")


@pytest.mark.parametrize("query", [{"sort": "x"}, {"show": "x"}, {"page": "0"}, {"page": "99999"}, {"page": "²"}])
def test_what_cannot_be_asked_for_is_the_usual(client, query):
    named("Alpha")
    assert names(client, **query) == ["Alpha"]


def test_many_plans_come_in_pages_and_cost_no_more_queries(client, django_assert_num_queries):
    for number in range(PAGE + 1):
        named(f"Plan {number:03}")
    with django_assert_num_queries(2):  # the plans, the products
        page = Page(client.get("/plans/", {"sort": "name"}))
    assert len(page.all("li", class_="plan-line")) == PAGE
    page = Page(client.get(page.one("a", rel="next").get("href")))
    assert [words(line) for line in page.all("p", class_="plan-name")] == [f"Plan {PAGE:03}"]


def test_a_plan_is_duplicated_with_a_history_of_its_own(client):
    row, key = named("x" * 255)
    response = client.post(f"/plans/{key}/duplicate/")
    copy = Plan.objects.exclude(pk=row.pk).get()
    assert response.headers["Location"] == f"/plans/{copy.key}/"
    assert copy.name == f"{'x' * 248} (copy)"
    assert copy.document == row.document | {"name": copy.name}
    assert [revision.summary[:11] for revision in copy.revisions.all()] == ["Copied from"]
    assert client.get(f"/plans/{copy.key}/").status_code == 200


def test_archiving_is_for_oneself_alone_and_can_be_taken_back(client):
    _, key = named("Alpha")
    client.post(f"/plans/{key}/archive/", {"to": "archive"})
    assert (names(client), names(client, show="archived")) == ([], ["Alpha"])
    assert names(know(Client(), BROWSERS[1])) == ["Alpha"]
    assert client.get(f"/plans/{key}/").status_code == 200
    client.post(f"/plans/{key}/archive/", {"to": "back"})
    assert names(client) == ["Alpha"]


def test_the_bin_is_listed_and_one_click_restores(client):
    row, key = named("Alpha")
    client.post(f"/plans/{key}/delete/")
    assert (names(client), names(client, show="bin")) == ([], ["Alpha"])
    client.post(f"/plans/{key}/bin/restore/")
    assert names(client) == ["Alpha"]
    Plan.objects.filter(pk=row.pk).update(deleted=timezone.now() - timedelta(days=31))
    assert names(client, show="bin") == []


def test_everything_goes_out_and_comes_in_elsewhere(client):
    for name in ("Alpha", "Beta"):
        named(name)
    Plan.objects.create(name="Somebody else's", document=contoso())
    response = client.get("/plans/export.zip")
    data = b"".join(response.streaming_content)
    assert response.headers["Cache-Control"] == "private, no-store"
    assert b"Somebody" not in data
    elsewhere = know(Client(), "z" * 43)
    uploaded = elsewhere.post("/plans/import/", {"file": SimpleUploadedFile("plans.zip", io.BytesIO(data).read())})
    assert uploaded.headers["Location"] == "/plans/"
    assert sorted(names(elsewhere)) == ["Alpha", "Beta"]


def test_names_are_text(client):
    for name in HOSTILE_NAMES:
        store(hostile(name))
    page = Page(client.get("/plans/"))
    assert {words(shown) for shown in page.all("p", class_="plan-name")} == {*HOSTILE_NAMES}
    assert not page.all("b")
    assert not page.all("script", src=None)


@pytest.mark.parametrize(
    ("path", "data"),
    [
        ("/plans/start/", {"example": "dmz"}),
        ("/plans/guided/", {"name": "Mine"}),
        ("/plans/import/", {"text": "format: 1\nname: N\nzones: [{name: A, kind: dmz}]\nendpoints: []\n"}),
    ],
)
def test_a_client_makes_only_so_many_plans_in_an_hour(client, settings, path, data):
    settings.PLANS_PER_HOUR = 2
    for _ in range(2):
        assert client.post(path, data).status_code == 302
    response = Client().post(path, data)
    assert response.status_code == 429
    assert "Try again in 60 minutes" in Page(response).text("main")
    assert int(response.headers["Retry-After"]) <= 3600
    assert Plan.objects.count() == 2
    assert client.post(path, data, REMOTE_ADDR="192.0.2.1").status_code == 302
    Attempt.objects.update(at=timezone.now() - timedelta(hours=1))
    assert client.post(path, data).status_code == 302


def test_copies_and_archives_count_too(client, settings):
    _, key = named("Alpha")
    named("Beta")
    data = b"".join(client.get("/plans/export.zip").streaming_content)
    settings.PLANS_PER_HOUR = 1
    response = client.post("/plans/import/", {"file": SimpleUploadedFile("plans.zip", data)})
    assert response.status_code == 429
    assert Plan.objects.count() == 2, "two are more than one"
    assert client.post(f"/plans/{key}/duplicate/").status_code == 302
    assert client.post(f"/plans/{key}/duplicate/").status_code == 429


def test_more_than_a_form_takes_is_refused_before_it_is_read(client, settings):
    settings.MAX_BODY = 1000
    response = client.post("/plans/import/", {"text": "x" * 2000})
    assert response.status_code == 413
    assert "import_plans" in Page(response).text("main")
    for length in ("9" * 5000, "-1", "x", ""):
        assert client.get("/", CONTENT_LENGTH=length).status_code in (200, 413)
