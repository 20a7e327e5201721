"""Words planted wherever a reader has no business are in nothing that a reader receives, whatever is asked for."""

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from planner import audit, links
from planner.holders import Holder
from planner.models import Opening, Plan, Revision, ShareLink, Viewer, make_token
from planner.views import reading, shared
from tests.renderers.samples import write_plan
from tests.views.pages import store
from tests.views.spider import Spider, Visit, find, layers

pytestmark = pytest.mark.django_db
WORDS = (
    "name", "description", "zone", "dmz", "server", "database", "idle", "address", "network", "reason", "spare",
)  # fmt: skip
PASSPHRASE = "zq-correct-horse"
GATED = {"passphrase": PASSPHRASE}


def word(owner, what):
    """A word that is nowhere else, and stays one word however it is written, broken or shortened."""
    return f"zq{owner}{what}"


def document(owner):
    """A plan in which every field that takes text has a word of its own; two endpoints have nothing to do."""
    told = {what: word(owner, what) for what in WORDS}
    return write_plan(
        {"name": told["server"], "zone": told["zone"], "addresses": [f"{told['address']}.example.net"],
         "roles": ["web-primary"]},
        {"name": told["database"], "zone": told["dmz"], "addresses": [f"{told['network']}.example.net"],
         "roles": ["database"]},
        {"name": told["idle"], "zone": told["zone"], "addresses": [f"{told['spare']}.example.net"]},
        zones=((told["zone"], "internal"), (told["dmz"], "dmz")),
        name=told["name"],
        description=told["description"],
        additional_flows=[{"source": told["server"], "destination": told["database"], "protocol": "udp", "ports": "53",
                           "reason": told["reason"]}],
    )  # fmt: skip


def words_of(owner):
    return {f"the {what} of {owner}": word(owner, what) for what in WORDS}


class Planted:
    """A plan of three revisions with words in every column that takes text, and another plan with as many."""

    def __init__(self):
        self.plan, self.key = store(document("one"))
        self.other, _ = store(document("other"))
        for number, owner in ((2, "two"), (3, "three")):
            self.plan.revisions.create(number=number, document=document(owner), summary="")
        Plan.objects.filter(pk=self.plan.pk).update(document=document("three"), name=word("three", "name"), revision=3)
        self.plan.refresh_from_db()
        self.private = {}
        for plan in (self.plan, self.other):
            self._plant(plan, "own" if plan == self.plan else "foreign")
        self.private["the passphrase"] = PASSPHRASE

    def _plant(self, plan, owner):
        def secret(what):
            self.private[f"{what} ({owner})"] = word(owner, what)
            return word(owner, what)

        for revision in plan.revisions.all():
            for field in ("summary", "author", "checkpoint", "operation"):
                setattr(revision, field, secret(f"{field}{'abc'[revision.number - 1]}"))
            revision.renames = {secret("oldname"): secret("newname")}
            revision.save()
        plan.handovers.create(
            revision=1, recipient=secret("recipient"), note=secret("note"), author=secret("sender"),
            operation=secret("handover"),
        )  # fmt: skip
        Viewer.objects.create(plan=plan, name=secret("viewer"), key_hash=secret("key"), seen=timezone.now())
        user = User.objects.create_user(secret("account"), f"{secret('mail')}@example.net", "x")
        Holder(user=user).give(plan, plan.holds.first().Role.OWN)
        Holder(browser=secret("browser")).give(plan, plan.holds.first().Role.OWN)
        audit.note("plan-shared", plan=plan, actor=secret("actor"), detail=secret("detail"))
        for number, terms in enumerate(({}, {"pinned": 1}, GATED)):
            links.make_link(
                plan=plan, token=make_token(), holder=Holder(browser="x", name=secret(f"maker{number}")),
                terms=links.Terms(label=secret(f"label{number}"), **terms),
            )  # fmt: skip

    def share(self, **terms):
        """A read link to the plan, with a label and an author that its readers don't see: its path."""
        token = make_token()
        self.private |= {"its label": "zqlabelofown", "its author": "zqauthorofown"}
        links.make_link(
            plan=self.plan, token=token, holder=Holder(browser="x", name="zqauthorofown"),
            terms=links.Terms(label="zqlabelofown", **terms),
        )  # fmt: skip
        return f"/shared/{token}/"


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
    for model in (Revision, ShareLink, Viewer):
        for row in model.objects.values():
            texts = {name: value for name, value in row.items() if isinstance(value, str) and name not in exempt}
            known = ("token_hash", "passphrase")
            assert [name for name, text in texts.items() if "zq" not in text and name not in known] == []
    for owner, number in (("one", 1), ("two", 2), ("three", 3)):
        assert set(words_of(owner).values()) <= set(str(planted.plan.revisions.get(number=number).document).replace(
            ".example", "'").split("'"))  # fmt: skip


@pytest.mark.parametrize(
    ("terms", "shown", "hidden"),
    [
        ({}, "three", ["one", "two", "other"]),
        ({"pinned": 2}, "two", ["one", "three", "other"]),
        ({"pinned": 1, "shows_changes": False}, "one", ["two", "three", "other"]),
    ],
    ids=["following", "pinned", "pinned to the first"],
)
def test_a_reader_gets_one_revision_and_nothing_about_it(reader, planted, terms, shown, hidden):
    here = planted.share(**terms)
    spider = Spider(reader).crawl(here, within=here)
    assert len(spider.visits) > 80
    secrets = planted.private.copy()
    for owner in hidden:
        secrets |= words_of(owner)
    assert len(secrets) > 70
    assert not find(spider.visits, secrets)

    # What they are meant to see is there: the plan's description in what is printed, the rest on the page.
    def count(path, *what):
        visit, *_ = [visit for visit in spider.visits if visit.path == path and not visit.part]
        return len(find([visit], {name: word(shown, name) for name in what}))

    for name in ("pdf", "html", "xlsx", "markdown"):
        assert count(f"{here}report/{name}", "name", "description", "server", "zone", "reason") == 5, name
    assert count(f"{here}report/json", "name", "server", "zone", "reason") == 4
    assert count(here, "name", "server", "database", "reason") == 4


def test_what_changed_since_tells_what_a_change_request_tells_and_no_more(reader, planted):
    here = planted.share(pinned=2, shows_changes=True)
    spider = Spider(reader).crawl(here, within=here)
    changes = [visit for visit in spider.visits if visit.path.startswith(f"{here}changes/")]
    others = [visit for visit in spider.visits if visit not in changes]
    assert len(changes) > 4
    assert len(others) > 80
    private = planted.private | words_of("one") | words_of("other")
    assert not find(spider.visits, private)
    assert not find(others, words_of("three")), "only what changed tells of the newest revision"
    told = {what for what in WORDS if find(changes, {what: word("three", what)})}
    assert told == {"name", "zone", "dmz", "server", "database", "address", "network", "reason"}


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
    for _ in range(links.WRONG_PASSPHRASES):
        yield visit(403, "post", f"{gate}enter/", data={"passphrase": "wrong"})
    yield visit(429, "post", f"{gate}enter/", data={"passphrase": "wrong"})
    with monkeypatch.context() as patch:
        patch.setattr(shared, "WRONG_LINKS", 1)  # one has been tried
        yield visit(429, "get", gate)
    with monkeypatch.context() as patch:

        def crash(*args, **kwargs):
            raise RuntimeError(repr((args, kwargs, Plan.objects.values())))

        patch.setattr(reading, "report_for", crash)
        client.raise_request_exception = False
        yield visit(500, "get", here)
    revision = Revision.objects.get(plan__name=word("three", "name"), number=3)
    revision.document |= {"choices": {"colour": "red"}}
    revision.save()
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
