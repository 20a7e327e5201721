"""Pages that are kept, and answers that say nothing new: never older than the plan, and nothing of anybody else."""

import json
import re
from datetime import date

import pytest
from django.contrib import messages
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from planner.store.holders import Holder
from planner.store.models import Comment, Hold, Plan, ShareLink, hash_token
from planner.store.reports import report_for
from planner.web.messages import HostMessages
from planner.web.views import kept
from ports import pages as shelf
from ports.actions import activate_matrix, make_amendment, revert_amendment
from ports.models import Amendment
from ports.queries import shipped_matrix
from tests.checking import write_results
from tests.editions import load_next, shipped_edition
from tests.quick import note_templates
from tests.web.views.pages import BROWSERS, HTMX, know, store
from tests.web.views.pages import Page as Read
from tests.web.views.test_who_may import ROWS

pytestmark = pytest.mark.django_db

MATRIX = shipped_matrix()
LOOKS = (
    ("", {}),
    ("?panel=decisions&view=findings", {}),
    ("?edit=DC01&view=flows", HTMX | {"X-Pulse": ""}),
    ("read/?view=decisions", {}),
    ("acceptance/", {}),
    ("changes/?from=1&to=", {}),
)
"""Pages, and parts of them, that are looked at after each change."""
SECRET = re.compile(r'name="(csrfmiddlewaretoken|operation)"([^>]*) value="([^"]*)"')


@pytest.fixture(autouse=True)
def empty():
    kept.pages.clear()
    yield
    kept.pages.clear()


@pytest.fixture
def plan():
    return store()[0]


@pytest.fixture
def other(handler):
    """The browser of somebody else, who holds the plan too."""
    client = know(Client(), BROWSERS[1])
    client.handler = handler
    return client


def plain(response):
    """A page without what is another in each answer."""
    return SECRET.sub(r'name="\1"\2', response.content.decode())


def secrets_of(response, name):
    return [value for which, _, value in SECRET.findall(response.content.decode()) if which == name]


def say_in_cookie(sentence):
    """A message as it waits in a browser."""
    request = HttpRequest()
    response = HttpResponse()
    storage = HostMessages(request)
    storage.add(messages.INFO, sentence)
    storage.update(response)
    return response.cookies["messages"].value


def render_anew(client, url, headers, monkeypatch):
    """The page as it is without anything that is kept, neither here nor in the browser."""
    with monkeypatch.context() as patched:
        patched.setattr(kept, "_may_keep", lambda *_: False)
        return client.get(url, headers=headers)


class Browser:
    """One that has the pages which it was sent, and asks for what is new."""

    def __init__(self, client, plan):
        self.client = client
        self.here = plan.get_absolute_url()
        self.known = {}

    def look(self, monkeypatch):
        """Look at everything again; how much of it was known. What it has is what it would be sent anew."""
        same = 0
        for number, (query, headers) in enumerate(LOOKS):
            url = self.here + query
            tag, had = self.known.get(number, ("", ""))
            asked = headers | ({"If-None-Match": tag} if tag else {})
            response = self.client.get(url, headers=asked)
            assert response.status_code in (200, 304), (url, response.status_code)
            if response.status_code == 304:
                assert not response.content
                same += 1
            else:
                had = plain(response)
            assert had == plain(render_anew(self.client, url, headers, monkeypatch)), (url, headers)
            self.known[number] = response.headers["ETag"], had
        return same


def sends(name, /, **data):
    """An act of the table of who may what, by its address."""
    row = ROWS[name]

    def act(client, plan):
        answer = client.post(reverse(name, kwargs={"key": plan.key} | row.args), row.data | data)
        assert answer.status_code in (200, 302, 204), (name, answer.status_code)

    return act


def set_state(client, plan):
    page = Read(client.get(plan.get_absolute_url()))
    sent = {i.get("name"): i.get("value") for i in page.one("form", id="state-form").iter("input") if i.get("value")}
    box = page.all("input", form="state-form")[0].get("value")
    assert (
        client.post(f"{plan.get_absolute_url()}rules/state/", sent | {"rule": box, "state": "approved"}).status_code
        == 302
    )


def comment_on_a_rule(client, plan):
    rule = report_for(Plan.objects.get(pk=plan.pk).version, MATRIX).rules[0].id
    client.post(f"{plan.get_absolute_url()}comments/add/", {"on": "rule", "of": rule, "text": "Why?"})
    assert plan.comments.filter(kind="rule").exists()


def mention(client, plan):
    """Somebody else calls who looks."""
    name = Read(client.get(plan.get_absolute_url())).one(id="viewer-name").get("value")
    them = know(Client(), BROWSERS[2])
    client.get(f"{plan.get_absolute_url()}pulse/")
    them.post(f"{plan.get_absolute_url()}comments/add/", {"on": "endpoint", "of": "DC01", "text": f"@{name} look"})
    assert Comment.objects.order_by("pk").last().mentions


def resolve(client, plan):
    number = plan.comments.order_by("pk").first().pk
    client.post(f"{plan.get_absolute_url()}comments/resolve/", {"number": number, "resolved": "1"})
    assert plan.comments.filter(resolved=True).exists()


def delete_the_first_comment(client, plan):
    plan.comments.order_by("pk").first().delete()


def amend(client, plan):
    make_amendment(row="service/password-reset-portal", field="ports", value="445", reason="Test")


def revert(client, plan):
    revert_amendment(number=Amendment.objects.get(reverted=None).pk)


def upload(client, plan):
    plan.refresh_from_db()
    document = write_results(report_for(plan.version, MATRIX), "PS01")
    file = SimpleUploadedFile("r.json", json.dumps(document).encode(), "application/json")
    client.post(f"{plan.get_absolute_url()}acceptance/", {"files": [file]})
    assert plan.check_runs.exists()


def give_a_reason(client, plan):
    sends("decide_choice", reason="Because")(client, plan)


ACTS = {
    "names themselves": sends("name_visitor"),
    "renames the plan": sends("rename_plan"),
    "decides": sends("decide_choice"),
    "says why, later": give_a_reason,
    "sets a port": sends("override_port"),
    "answers a caveat": sends("correct_caveat"),
    "switches a module": sends("switch_module"),
    "adds a flow": sends("add_flow"),
    "excludes": sends("add_exclusion"),
    "keeps closed": sends("add_never"),
    "adds a firewall": sends("add_firewall"),
    "adds an endpoint": sends("add_endpoint"),
    "adds a zone": sends("add_zone"),
    "moves an endpoint": sends("move_endpoint"),
    "undoes": sends("undo_change"),
    "redoes": sends("redo_change"),
    "comments on an endpoint": sends("add_comment"),
    "comments on a rule": comment_on_a_rule,
    "is mentioned": mention,
    "resolves": resolve,
    "deletes an older comment": delete_the_first_comment,
    "sets a state": set_state,
    "names a revision": sends("name_checkpoint"),
    "hands over": sends("hand_over"),
    "edits after that": sends("add_endpoint", name="Later"),
    "uploads results": upload,
    "amends": amend,
    "reverts": revert,
}


@pytest.mark.slow
def test_whatever_is_done_nobody_has_a_page_that_is_older_than_the_plan(client, other, plan, tmp_path, monkeypatch):
    mine, theirs = Browser(client, plan), Browser(other, plan)
    for browser in (mine, theirs):
        browser.look(monkeypatch)
        assert browser.look(monkeypatch) == len(LOOKS)  # nothing has happened
    for name, act in ACTS.items():
        act(client, plan)
        assert mine.look(monkeypatch) < len(LOOKS), f"{name}: nothing is another than before"
    theirs.look(monkeypatch)
    assert (mine.look(monkeypatch), theirs.look(monkeypatch)) == (len(LOOKS), len(LOOKS))
    load_next(tmp_path, password_reset_portal="444")
    assert mine.look(monkeypatch) == 0
    activate_matrix(matrix=shipped_edition())
    mine.look(monkeypatch)


def test_another_day_is_another_page(client, plan, monkeypatch):
    tag = client.get(plan.get_absolute_url()).headers["ETag"]
    monkeypatch.setattr(kept, "localdate", lambda: date(2031, 1, 1))
    assert client.get(plan.get_absolute_url(), headers={"If-None-Match": tag}).status_code == 200


def test_who_looks_is_on_nobody_elses_page_though_both_get_the_same(client, other, plan):
    here = plan.get_absolute_url()
    for browser, name in ((client, "Kim <b>"), (other, "Zoë &")):
        browser.post(f"{here}visitor/", {"name": name})
    mine, theirs = client.get(here), other.get(here)
    assert len(kept.pages._pages) == 1
    assert "Kim &lt;b&gt;" in mine.content.decode()
    assert "Zoë &amp;" in theirs.content.decode()
    assert "Kim" not in theirs.content.decode()
    assert "Zoë" not in mine.content.decode()
    assert mine.headers["ETag"] != theirs.headers["ETag"]
    assert other.get(here, headers={"If-None-Match": mine.headers["ETag"]}).status_code == 200


def test_no_two_forms_have_the_same_id_and_each_browser_its_own_token(client, other, plan):
    answers = [browser.get(plan.get_absolute_url()) for browser in (client, client, other)]
    ids = [value for answer in answers for value in secrets_of(answer, "operation")]
    assert len(ids) > 9
    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch("[0-9a-f]{32}", value) for value in ids)
    tokens = [set(secrets_of(answer, "csrfmiddlewaretoken")) for answer in answers]
    assert [len(found) for found in tokens] == [1, 1, 1]
    assert not tokens[0] & tokens[2]


def test_the_forms_of_a_kept_page_are_taken_by_a_browser_that_checks_them(plan, handler):
    client = know(Client(enforce_csrf_checks=True))
    for answer in [client.get(plan.get_absolute_url()) for _ in range(2)]:
        [token] = set(secrets_of(answer, "csrfmiddlewaretoken"))
        sent = {"name": "N", "description": "", "csrfmiddlewaretoken": token}
        assert client.post(f"{plan.get_absolute_url()}name/", sent).status_code == 302


def test_who_has_lost_the_cookie_of_the_forms_gets_the_page_with_the_new_one(client, plan):
    tag = client.get(plan.get_absolute_url()).headers["ETag"]
    del client.cookies["csrftoken"]
    assert client.get(plan.get_absolute_url(), headers={"If-None-Match": tag}).status_code == 200


def test_a_page_that_is_kept_was_rendered_without_a_request(client, plan):
    seen = []

    def watch(context, **_):
        seen.append({name for layer in context.dicts for name in layer})

    with note_templates(watch):
        client.get(plan.get_absolute_url())
    assert seen
    assert not [names for names in seen if names & {"request", "user", "messages", "perms"}]


def test_what_is_typed_into_an_address_makes_no_gap(client, plan):
    for text in ("\x1atoken\x1a", shelf._MARK[:8], "token"):
        page = Read(client.get(plan.get_absolute_url(), {"text": text}))
        assert page.one(id="filter-text").get("value") == text


def test_a_sentence_for_one_is_said_once_and_kept_for_nobody(client, other, plan):
    here = plan.get_absolute_url()
    client.get(here)
    client.cookies["messages"] = say_in_cookie("Only for you.")
    answer = client.get(here, headers={"If-None-Match": client.get(here).headers.get("ETag", "")})
    assert "Only for you." not in other.get(here).content.decode()
    assert answer.status_code == 200


def test_the_roles_have_pages_of_their_own(handler, plan, settings):
    settings.REQUIRE_LOGIN = True
    pages = {}
    for name, role in (("olga", Hold.Role.OWN), ("edna", Hold.Role.EDIT), ("erik", Hold.Role.EDIT)):
        user = User.objects.create_user(name)
        Holder(user=user).give(plan, role)
        client = Client()
        client.handler = handler
        client.force_login(user)
        pages[name] = client.get(plan.get_absolute_url())
        tag = pages[name].headers["ETag"]
        assert client.get(plan.get_absolute_url(), headers={"If-None-Match": tag}).status_code == 304
        client.logout()
        answer = client.get(plan.get_absolute_url(), headers={"If-None-Match": tag})
        assert (answer.status_code, "ETag" in answer.headers) == (302, False)
    text = {name: answer.content.decode() for name, answer in pages.items()}
    assert ["links/" in text[name] for name in ("olga", "edna", "erik")] == [True, False, False]
    assert ["erik" in text[name] for name in ("olga", "edna", "erik")] == [False, False, True]
    assert ["edna" in text[name] for name in ("olga", "edna", "erik")] == [False, True, False]
    assert len(kept.pages._pages) == 2  # of owners, and of those who edit


def test_who_may_do_less_from_now_on_gets_no_304(client, plan):
    here = plan.get_absolute_url()
    tag = client.get(here).headers["ETag"]
    plan.holds.update(role="edit")
    answer = client.get(here, headers={"If-None-Match": tag})
    assert answer.status_code == 200
    assert "links/" not in answer.content.decode()
    plan.holds.update(role="read")
    assert client.get(here, headers={"If-None-Match": tag}).status_code == 302
    plan.holds.all().delete()
    assert client.get(here, headers={"If-None-Match": tag}).status_code == 404


def test_how_endpoints_are_shown_is_remembered_on_the_next_page(client, plan):
    here = plan.get_absolute_url()
    before = client.get(here)
    client.get(here, {"show": "names"})
    after = client.get(here, headers={"If-None-Match": before.headers["ETag"]})
    assert after.status_code == 200
    assert plain(after) != plain(before)


FILES = (
    "report/json",
    "report/json?rule=x",
    "report/markdown?source=DMZ",
    "plan.yaml",
    "diagram.svg",
    "rules/markdown.txt",
)


def test_a_file_that_somebody_has_is_made_again_only_once_the_plan_says_something_else(client, plan):
    here = plan.get_absolute_url()
    known = {}
    for act in (None, sends("rename_plan"), set_state, upload, amend, sends("hand_over")):
        if act is not None:
            act(client, plan)
        for file in FILES:
            tag, _ = known.get(file, ("", b""))
            answer = client.get(here + file, headers={"If-None-Match": tag})
            assert (answer.status_code, "ETag" in answer.headers) in ((200, True), (400, False)), (act, file)
            if answer.status_code == 200:
                assert client.get(here + file).content == answer.content
                known[file] = answer.headers["ETag"], answer.content
                assert len({tag for tag, _ in known.values()}) == len(known)
    for file, (tag, _) in known.items():
        answer = client.get(here + file, headers={"If-None-Match": tag})
        assert (answer.status_code, answer.content) == (304, b"")
        assert answer.headers["Cache-Control"] == "private, no-store"
    plan.holds.update(role="read")
    asked = [client.get(here + file, headers={"If-None-Match": tag}) for file, (tag, _) in known.items()]
    assert {answer.status_code for answer in asked} == {403}


def test_a_file_that_is_known_is_not_made(client, plan, monkeypatch):
    address = f"{plan.get_absolute_url()}report/json"
    tag = client.get(address).headers["ETag"]
    monkeypatch.setattr("planner.store.files.report_for", None)
    assert client.get(address, headers={"If-None-Match": tag}).status_code == 304
    monkeypatch.undo()
    monkeypatch.setattr(kept, "localdate", lambda: date(2031, 1, 1))
    assert client.get(address, headers={"If-None-Match": tag}).status_code == 200


class Reader:
    """Somebody who has a link, whose answers say no ETag: what they get is what they would get anew."""

    def __init__(self, handler, plan, **facts):
        self.client = Client()
        self.client.handler = handler
        self.token = ("l" + str(len(facts)) + str(plan.links.count())).ljust(43, "x")
        self.link = ShareLink.objects.create(plan=plan, token_hash=hash_token(self.token), label="L", **facts)
        self.here = f"/shared/{self.token}/"
        self.client.get(self.here)

    def look(self, monkeypatch):
        found = self.client.get(self.here)
        assert "ETag" not in found.headers
        assert found.headers["Cache-Control"] == "private, no-store"
        assert plain(found) == plain(render_anew(self.client, self.here, {}, monkeypatch))
        return plain(found)


@pytest.mark.slow
def test_readers_by_a_link_have_the_plan_of_now_and_a_pinned_one_what_it_was(client, handler, plan, monkeypatch):
    readers = [Reader(handler, plan), Reader(handler, plan, may_report=True), Reader(handler, plan, pinned=1)]
    told = Reader(handler, plan, pinned=1, shows_changes=True)
    before = [reader.look(monkeypatch) for reader in (*readers, told)]
    for act in (sends("rename_plan"), give_a_reason, sends("add_endpoint"), set_state, upload, amend):
        act(client, plan)
        for reader in (*readers, told):
            reader.look(monkeypatch)
    after = [reader.look(monkeypatch) for reader in (*readers, told)]
    assert [one == other for one, other in zip(before, after, strict=True)] == [False, False, True, False]


def test_no_link_is_on_the_page_of_another_and_none_is_there_once_it_is_revoked(handler, plan, monkeypatch):
    readers = [Reader(handler, plan), Reader(handler, plan, may_report=True), Reader(handler, plan, may_upload=True)]
    pages = [reader.look(monkeypatch) for reader in readers]
    assert [[reader.token in page for page in pages] for reader in readers] == [
        [True, False, False],
        [False, True, False],
        [False, False, True],
    ]
    assert ["state-form" in page for page in pages] == [False, True, False]
    ShareLink.objects.filter(pk=readers[1].link.pk).update(may_report=False)
    assert "state-form" not in readers[1].look(monkeypatch)
    for reader in readers:
        reader.link.revoked = timezone.now()
        reader.link.save()
        assert reader.client.get(reader.here).status_code == 404


def test_a_page_of_a_plan_that_changed_meanwhile_is_sent_and_not_kept(client, plan, monkeypatch):
    monkeypatch.setattr("planner.store.standing.Standing.is_of", lambda *_: False)
    assert client.get(plan.get_absolute_url()).status_code == 200
    assert not kept.pages._pages


def test_a_page_that_is_there_costs_few_queries(client, plan, django_assert_num_queries):
    tag = client.get(plan.get_absolute_url()).headers["ETag"]
    for headers in ({}, {"If-None-Match": tag}):
        with django_assert_num_queries(3):  # who holds it, what stands beside it, the editions
            client.get(plan.get_absolute_url(), headers=headers)


def test_a_page_that_is_there_needs_no_document(client, plan, django_assert_num_queries):
    client.get(plan.get_absolute_url())
    with django_assert_num_queries(3) as asked:
        client.get(plan.get_absolute_url())
    assert not [query for query in asked if "document" in query["sql"] and "planner_plan" in query["sql"]]
