"""What is made anew of a large plan takes a turn; what is kept, known, or small waits for nobody."""

from unittest.mock import MagicMock

import pytest
from django.test import Client

from planner.deploy import turns
from planner.deploy.turns import ASIDE, NotYet, Turns
from planner.store.models import Plan, ShareLink
from planner.store.run_models import UploadToken
from planner.web.views import kept
from tests.web.views.link_forms import make, rename
from tests.web.views.pages import store
from tests.web.views.test_uploads import make as make_upload

pytestmark = pytest.mark.django_db


@pytest.fixture
def plan(monkeypatch):
    """A plan that counts as large, by its key."""
    monkeypatch.setattr(turns, "LARGE", 3)
    kept.pages.clear()
    return store()[1]


@pytest.fixture
def room():
    """One turn, which somebody has."""
    found = Turns(1)
    found.taken = found.take()
    return found


@pytest.mark.parametrize("path", ["", "?view=flows", "read/", "report/csv", "report/pdf", "diagram.svg"])
def test_a_page_and_a_file_wait_for_their_turn_and_leave_it(client, plan, room, path):
    with pytest.raises(NotYet):
        client.get(f"/plans/{plan}/{path}", **{ASIDE: room})
    room.taken.release()
    assert client.get(f"/plans/{plan}/{path}", **{ASIDE: room}).status_code == 200
    assert room.take() is not None, "the turn is over with the answer"


def test_an_edit_waits_and_nothing_of_it_is_stored_before(client, plan, room):
    sent = {"name": "Renamed 77", "description": ""}
    with pytest.raises(NotYet):
        client.post(f"/plans/{plan}/name/", sent, **{ASIDE: room})
    assert "Renamed 77" not in client.get(f"/plans/{plan}/").content.decode()
    room.taken.release()
    client.post(f"/plans/{plan}/name/", sent, **{ASIDE: room})
    assert "Renamed 77" in client.get(f"/plans/{plan}/").content.decode()


def test_what_is_kept_or_known_waits_for_nobody(client, plan, room):
    tags = {path: client.get(f"/plans/{plan}/{path}").headers["ETag"] for path in ("", "report/csv")}
    assert client.get(f"/plans/{plan}/", **{ASIDE: room}).status_code == 200
    for path, tag in tags.items():
        answer = client.get(f"/plans/{plan}/{path}", headers={"If-None-Match": tag}, **{ASIDE: room})
        assert answer.status_code == 304


def test_a_usual_plan_waits_for_nobody(client, plan, room, monkeypatch):
    monkeypatch.setattr(turns, "LARGE", 1_000)
    assert client.get(f"/plans/{plan}/", **{ASIDE: room}).status_code == 200


def test_a_reader_of_a_link_waits_and_the_opening_is_counted_once(client, plan, room):
    path, reader = make(client, plan)[1], Client()
    kept.pages.clear()
    with pytest.raises(NotYet):
        reader.get(path, **{ASIDE: room})
    assert ShareLink.objects.get().openings == 0
    room.taken.release()
    assert reader.get(path, **{ASIDE: room}).status_code == 200
    assert ShareLink.objects.get().openings == 1
    assert room.take() is not None, "the turn is over with the answer"


@pytest.mark.parametrize(
    "path", ["?view=flows", "report/csv", "diagram.svg", "ends/?rule=x&side=sources", "badge.svg"]
)
def test_who_has_opened_a_link_waits_for_what_is_made_anew(client, plan, room, path):
    link, reader = make(client, plan)[1], Client()
    reader.get(link)
    with pytest.raises(NotYet):
        reader.get(link + path, **{ASIDE: room})
    room.taken.release()
    assert reader.get(link + path, **{ASIDE: room}).status_code in (200, 404)
    assert room.take() is not None


def test_who_has_opened_a_link_waits_for_nobody_where_the_page_is_kept(client, plan, room):
    link, reader = make(client, plan)[1], Client()
    reader.get(link)
    assert reader.get(link, **{ASIDE: room}).status_code == 200
    assert Client().head(link, **{ASIDE: room}).status_code == 200


def test_a_script_that_uploads_results_waits_and_is_counted_once(client, plan, room):
    path = make_upload(client, Plan.objects.get(key=plan))
    with pytest.raises(NotYet):
        client.post(path, b"none", content_type="text/plain", **{ASIDE: room})
    assert UploadToken.objects.get().used == 0
    room.taken.release()
    assert client.post(path, b"none", content_type="text/plain", **{ASIDE: room}).status_code == 422
    assert UploadToken.objects.get().used == 1
    assert room.take() is not None


def test_a_revision_is_brought_back_in_its_turn(client, plan, room):
    row = Plan.objects.get(key=plan)
    rename(row, "Renamed 77")
    with pytest.raises(NotYet):
        client.post(f"/plans/{plan}/history/restore/", {"number": "1"}, **{ASIDE: room})
    room.taken.release()
    client.post(f"/plans/{plan}/history/restore/", {"number": "1"}, **{ASIDE: room})
    assert Plan.objects.get(key=plan).name == row.name
    assert room.take() is not None


def test_the_pdf_of_a_link_is_printed_in_its_turn(client, plan, room):
    form = make(client, plan)[0].one("form", action=f"/plans/{plan}/links/pdf/")
    sent = {field.get("name"): field.get("value") for field in form.iter("input")}
    with pytest.raises(NotYet):
        client.post(f"/plans/{plan}/links/pdf/", sent, **{ASIDE: room})


def test_who_waits_for_a_turn_doesnt_wait_for_who_makes_the_page_instead(client, plan, room, monkeypatch):
    locks = [MagicMock() for _ in kept.pages._making]
    monkeypatch.setattr(kept.pages, "_making", locks)
    with pytest.raises(NotYet):
        client.get(f"/plans/{plan}/", **{ASIDE: room})
    assert not any(lock.__enter__.called for lock in locks)
    room.taken.release()
    client.get(f"/plans/{plan}/", **{ASIDE: room})
    assert any(lock.__enter__.called for lock in locks)
