"""Words planted wherever a reader has no business are in nothing that a reader receives, whatever is asked for."""

import pytest
from django.test import Client
from django.utils import timezone

from planner.store import patience
from planner.store.models import Comment, Opening, Plan, Revision, ShareLink, Viewer, make_token
from planner.web.views import kept, reading, shared
from tests.web.views.planted import GATED, PASSPHRASE, Planted, word, words_of
from tests.web.views.spider import Visit, find, layers

pytestmark = pytest.mark.django_db


@pytest.fixture
def planted():
    return Planted()


@pytest.fixture
def reader(handler):
    client = Client()
    client.handler = handler
    return client


def test_the_words_are_where_they_are_thought_to_be(planted):
    """Every column that takes text, of every table that has anything to do with a plan, has one of the words."""
    exempt = {"id", "plan", "number", "document", "created", "undo_to", "redo_to", "restored", "user", "role", "since"}
    for model in (Comment, Revision, ShareLink, Viewer):
        for row in model.objects.values():
            texts = {name: value for name, value in row.items() if isinstance(value, str) and name not in exempt}
            known = ("token_hash", "passphrase", "digest")
            assert [name for name, text in texts.items() if "zq" not in text and name not in known] == []
    for owner, number in (("one", 1), ("two", 2), ("three", 3)):
        assert set(words_of(owner).values()) <= set(str(planted.plan.revisions.get(number=number).document).replace(
            ".example", "'").split("'"))  # fmt: skip


def ask_for_trouble(client, here, gate, monkeypatch):
    """Answers to what can't be answered, each of them with its status."""

    def visit(status, method, path, **more):
        response = getattr(client, method)(path, **more)
        assert response.status_code == status, (path, response.status_code)
        return Visit(path, response)

    yield visit(200, "get", gate)
    yield visit(302, "get", f"{gate}report/pdf?text=zq")
    yield visit(200, "head", gate)
    yield visit(404, "get", f"{here}report/nothing")
    yield visit(404, "get", f"{here}changes/")
    yield visit(404, "get", f"{here}changes/json")
    yield visit(404, "get", f"{here}diagram.gif")
    yield visit(301, "get", f"{here}changes")
    yield visit(404, "get", f"{here}changes/nothing")
    yield visit(404, "get", f"{here}links/")
    yield visit(404, "get", f"{here}../../plans/")
    yield visit(404, "get", f"/shared/{make_token()}/")
    yield visit(404, "get", f"/edit/{here.split('/')[2]}/")
    yield visit(400, "get", f"{here}report/json?since=1")
    yield visit(400, "get", f"{here}report/pdf?since=2&source=nowhere")
    yield visit(200, "get", f"{here}?since=1&view=flows")
    yield visit(400, "get", here, headers={"Host": "elsewhere.example"})
    for method in ("post", "put", "patch", "delete", "options"):
        yield visit(405, method, here)
        yield visit(405, method, f"{here}report/json")
    yield visit(405, "get", f"{gate}enter/")
    yield visit(
        413, "post", f"{gate}enter/", data=b"x", content_type="text/plain", headers={"Content-Length": "9" * 12}
    )
    strict = Client(enforce_csrf_checks=True)
    yield Visit("without its token", strict.post(f"{gate}enter/", {"passphrase": PASSPHRASE}))
    for _ in range(patience.HERE):
        yield visit(403, "post", f"{gate}enter/", data={"passphrase": "wrong"})
    yield visit(429, "post", f"{gate}enter/", data={"passphrase": "wrong"})
    with monkeypatch.context() as patch:
        patch.setattr(shared, "WRONG_LINKS", 1)  # one has been tried
        yield visit(429, "get", f"/shared/{make_token()}/")
    with monkeypatch.context() as patch:

        def crash(*args, **kwargs):
            raise RuntimeError(repr((args, kwargs, Plan.objects.values())))

        patch.setattr(reading, "report_of", crash)
        kept.pages.clear()  # what is kept needs no report
        client.raise_request_exception = False
        yield visit(500, "get", here)
    plan = Plan.objects.get(name=word("three", "name"))
    plan.revision, plan.document = 4, plan.document | {"choices": {"colour": "red"}}
    plan.save()
    plan.revisions.create(number=4, document=plan.document)
    yield visit(409, "get", here)
    ShareLink.objects.update(revoked=timezone.now())
    yield visit(404, "get", here)
    yield visit(404, "get", gate)


def test_no_refusal_and_no_error_tells_anything(reader, planted, monkeypatch):
    here, gate = planted.share(), planted.share(**GATED)
    reader.get(here)
    visits = list(ask_for_trouble(reader, here, gate, monkeypatch))
    secrets = planted.private.copy()
    for owner in ("one", "two", "other"):
        secrets |= words_of(owner)
    assert not find(visits, secrets)
    closed = [visit for visit in visits if visit.response.status_code != 200 or visit.path.startswith(gate)]
    assert len(closed) > 30
    assert not find(closed, words_of("three")), "those who aren't in, and errors, have nothing of the plan itself"
    assert not find(visits, {"the plan's key": planted.key})
    assert Opening.objects.count() == 1


def test_no_file_names_the_machine_that_made_it(reader, planted):
    here = planted.share()
    for name in ("pdf", "xlsx", "html"):
        told = b"\n".join(data for _, data in layers(reader.get(f"{here}report/{name}")))
        assert len(told) > 10_000
        assert not [trace for trace in (b"/work/", b"/home/", b"site-packages", b"file:") if trace in told], name
