"""A plan that git owns: its pages have no form that edits, whatever edits is refused, and the rest goes on."""

import re

import pytest
from django.urls import reverse

from planner.accounts.confirmation import GIVEN
from planner.sharing import tokens
from planner.store import actions, git
from planner.store.git import OwnedByGit, Source
from planner.store.holders import Holder
from planner.store.models import Event, Hold, Plan
from planner.store.token_models import ApiToken
from planner.web.views.owned import BESIDE, EDITORS
from ports.queries import shipped_matrix
from tests.api.programs import ME, Program, make, problem
from tests.web.views.pages import HTMX, Page, know, store, words
from tests.web.views.test_cures import CASES, cures
from tests.web.views.test_lives import boxes, set_many
from tests.web.views.test_who_may import ROWS

pytestmark = pytest.mark.django_db
PANELS = ("topology", "decisions", "ports", "modules", "own", "excluded", "closed", "firewalls", "caveats")
ADDING = (
    "Add endpoint", "Add flows", "Add the first", "Add a firewall", "Keep something closed", "Paste zone",
    "Choose a flow", "Follow practice", "Edit as a table", "Leave a field empty",
)  # fmt: skip
VIEWS = ("rules", "flows", "findings", "diagram", "closed")


@pytest.fixture
def plan():
    row, _ = store()
    own(row)
    return Plan.objects.get(pk=row.pk)


def own(row, token=None, repository="https://git.example.com/plans", path="plans/site.yaml"):
    git.give_to_git(plan_id=row.pk, repository=repository, path=path, token=token, actor="Olga")


def token_of(secret):
    return tokens.find(secret, "192.0.2.1")


@pytest.mark.slow
def test_every_edit_is_refused_and_everything_else_is_not(client, plan):
    """Each address that editors have: 403 with where to edit, and nothing changed, unless it leaves all alone."""
    before = (plan.revision, plan.document)
    for name, row in ROWS.items():
        if row.may != "editors":
            continue
        address = reverse(name, kwargs={"key": plan.key} | row.args)
        answer = getattr(client, row.method)(address, row.data)
        if answer.streaming:
            b"".join(answer.streaming_content)
        refused = name in EDITORS or (row.method == "post" and name not in BESIDE)
        assert (answer.status_code == 403) is refused, name
        if refused:
            text = Page(answer).text("main")
            assert "owned by git" in text, name
            assert "plans/site.yaml https://git.example.com/plans" in text
        now = Plan.objects.get(pk=plan.pk)
        assert (now.revision, now.document) == before, name
    assert set(ROWS) >= BESIDE
    assert {name for name in BESIDE if ROWS[name].may != "editors"} == set()
    assert set(ROWS) >= EDITORS


def test_no_edit_gets_past_the_lock(plan):
    with pytest.raises(OwnedByGit):
        actions.override_port(plan_id=plan.pk, matrix=shipped_matrix(), service="ssh", ports="2222")
    for step in (actions.undo, actions.redo):
        with pytest.raises(actions.NotPossible):
            step(plan_id=plan.pk, matrix=shipped_matrix())
    actions.name_checkpoint(plan_id=plan.pk, number=1, name="First", seen="")
    actions.hand_over(plan_id=plan.pk, matrix=shipped_matrix(), revision=1, recipient="Team", note="")


def test_a_plan_given_to_git_with_a_history_is_neither_undone_nor_restored():
    row, _ = store()
    actions.override_port(plan_id=row.pk, matrix=shipped_matrix(), service="ssh", ports="2222")
    own(row)
    for step in (actions.undo, lambda **facts: actions.restore(number=1, **facts)):
        with pytest.raises(OwnedByGit):
            step(plan_id=row.pk, matrix=shipped_matrix())
    git.take_from_git(plan_id=row.pk, actor="Olga")
    assert actions.undo(plan_id=row.pk, matrix=shipped_matrix()).changed


def edits_of(page):
    """The addresses of all forms of a page that edit, and of what sends by itself."""
    sent = [form.get("action") for form in page.all("form") if form.get("method") == "post"]
    sent += [one.get("hx-post") for one in page.all() if one.get("hx-post")]
    names = {re.sub(r"^/plans/[0-9a-f-]{36}/|\?.*", "", one) for one in sent}
    return names - {"visitor/", "history/checkpoint/", "acceptance/", "rule/state/", "rules/state/", "rules/close/"}


@pytest.mark.slow
def test_no_page_of_it_has_a_form_that_edits(client, plan):
    here = f"/plans/{plan.key}/"
    asked = [f"{here}?panel={panel}" for panel in PANELS] + [f"{here}?view={view}" for view in VIEWS]
    asked += [f"{here}?edit=PS01", f"{here}?zone=DMZ", f"{here}?panel=topology&view=findings", f"{here}history/"]
    for address in asked:
        page = Page(client.get(address))
        assert edits_of(page) == set(), address
    for part in ("report", "panel", "results"):
        answer = client.get(f"{here}?edit=PS01&view=findings", headers=HTMX | {"HX-Target": part})
        assert edits_of(Page(answer)) == set(), part
    git.take_from_git(plan_id=plan.pk, actor="Olga")
    assert "endpoints/edit/" in edits_of(Page(client.get(f"{here}?edit=PS01"))), "the forms are there else"


@pytest.mark.slow
def test_no_page_of_it_leads_to_what_edits_and_what_was_decided_is_still_told(client):
    """No head of a form that isn't there, no link to one; the answers to what practice differs in stand as words."""
    plan, _ = store()
    actions.answer_caveat(plan_id=plan.pk, matrix=shipped_matrix(), caveat="ldap-tcp", answer="practice")
    own(plan)
    here = f"/plans/{plan.key}/"
    for adding in ("endpoint", "zone", "import", "several"):
        page = Page(client.get(f"{here}?add={adding}"))
        assert not page.all(id="editor-title"), adding
        assert page.all("section", class_="zone"), "the outline is there instead"
    for panel in PANELS:
        page = Page(client.get(f"{here}?panel={panel}"))
        words = page.text("section", id="panel")
        for word in ADDING:
            assert word not in words, panel
        assert not [one for one in page.all("a") if "add=" in (one.get("href") or "")], panel
    assert "Not needed here …" not in Page(client.get(f"{here}?view=flows")).text("main")
    assert "practice followed" in Page(client.get(f"{here}?panel=decisions")).text("div", id="caveat-ldap-tcp")
    git.take_from_git(plan_id=plan.pk, actor="Olga")
    assert Page(client.get(f"{here}?add=zone")).all(id="editor-title")
    assert "Add flows" in Page(client.get(f"{here}?panel=own")).text("section", id="panel")


@pytest.mark.parametrize("code", ["choice-undecided", "exclusion-without-effect", "never-broken", "prohibited-flow"])
def test_what_a_finding_of_it_is_about_is_led_to_by_its_name(client, code):
    """Nothing is decided or taken away on its pages: links are named after what stands there, and it does."""
    row, key = store(CASES[code])
    own(row)
    found = dict(cures(client, key, code))
    assert found
    assert not {"Decide", "Decide otherwise"} & found.keys()
    for said, address in found.items():
        query, _, fragment = address.partition("#")
        assert fragment in Page(client.get(query)).ids, said
    presets = [link for link in Page(client.get(f"/plans/{key}/?view=findings")).all("a") if words(link) == "DNS"]
    assert not presets, "their form isn't there"


def test_its_page_says_who_owns_it_and_shows_what_it_has(client, plan):
    git.note_push(plan, 1, Source(commit="ab" * 20, path="plans/site.yaml"), "Pipeline (API)")
    page = Page(client.get(f"/plans/{plan.key}/?edit=PS01"))
    told = page.text("aside", id="in-git")
    assert "Git owns this plan." in told
    assert "Pushed last from ababababab by Pipeline (API)" in told
    [link] = [one for one in page.one("aside", id="in-git").iter("a") if "git.example.com" in one.get("href")]
    assert link.get("href") == "https://git.example.com/plans"
    [fields] = [
        one
        for one in page.all("fieldset", class_="kept-in-git")
        if "PS01" in str([i.get("value") for i in one.iter("input")])
    ]
    assert fields.get("disabled") is not None
    assert not list(fields.iter("button"))


@pytest.mark.parametrize(
    "repository",
    ["javascript:alert(1)", "http://git.example.com/", "https://me:word@git.example.com/",
     'https://a"><script>', "git@a:b",
     "https://", "https://a b"],
)  # fmt: skip
def test_a_repository_is_a_link_only_if_it_is_one_of_https(client, plan, repository):
    own(plan, repository=repository)
    page = Page(client.get(f"/plans/{plan.key}/"))
    links = [one.get("href") for one in page.one("aside", id="in-git").iter("a")]
    assert links == [f"/plans/{plan.key}/git/"]
    assert repository in page.text("aside", id="in-git")
    assert "<script>" not in page.html.replace('<script type="module"', "")


def test_the_state_of_a_rule_is_still_set_and_the_answer_has_no_form_that_edits(client, plan):
    page = Page(client.get(f"/plans/{plan.key}/"))
    rule = next(iter(boxes(page)))
    answer = set_many(client, plan, page, [rule], state="requested")
    assert answer.status_code == 200
    assert [row.state for row in plan.states.all()] == ["requested"]
    assert edits_of(Page(answer)) == set()


def test_comments_results_copies_and_the_bin_go_on(client, plan):
    data = {"on": "endpoint", "of": "DC01", "text": "Here", "operation": "c" * 32}
    assert client.post(f"/plans/{plan.key}/comments/add/", data).status_code == 302
    assert plan.comments.count() == 1
    copy = client.post(f"/plans/{plan.key}/duplicate/")
    row = Plan.objects.get(key=copy.headers["Location"].split("/")[2])
    assert row.git is None
    edited = client.post(f"{copy.headers['Location']}name/", {"name": "Mine", "description": "", "base": "1"})
    assert edited.status_code in (200, 302)
    assert Plan.objects.get(pk=row.pk).name == "Mine"
    assert client.post(f"/plans/{plan.key}/delete/").status_code == 302


def test_its_owner_gives_it_to_git_and_takes_it_back(client):
    row, _ = store()
    secret = make("edit", plan=row, label="Nightly")
    make("read", label="Reader")
    here = f"/plans/{row.key}/git/"
    page = Page(client.get(here))
    options = {one.get("value") for one in page.one("select", name="token").iter("option")}
    number = str(ApiToken.objects.get(label="Nightly").pk)
    assert options == {"", number}
    sent = {"repository": "https://git.example.com/a", "path": "a.yaml", "token": number}
    assert client.post(f"{here}give/", sent | {"token": "999"}).status_code == 200
    assert Plan.objects.get(pk=row.pk).git is None
    assert client.post(f"{here}give/", sent).status_code == 302
    assert Plan.objects.get(pk=row.pk).git["token"] == int(number)
    assert "Given to git by" in Page(client.get(here)).text("main")
    assert Event.objects.get(kind="given-to-git").detail == "https://git.example.com/a a.yaml"
    tokens.revoke(holder=ME, number=int(number))
    assert "isn't one of yours that works" in Page(client.get(here)).text("main")
    for _ in range(2):
        assert client.post(f"{here}take/").status_code == 302
    assert Plan.objects.get(pk=row.pk).git is None
    assert Event.objects.filter(kind="taken-from-git").count() == 1
    assert secret not in str(list(Event.objects.values()))


def test_the_password_is_asked_for_again_before_either(client, settings, django_user_model):
    settings.REQUIRE_LOGIN = True
    user = django_user_model.objects.create_user("olga", password="long enough to be one")
    row, _ = store()
    Holder(user=user, name="olga").give(row, Hold.Role.OWN)
    client.force_login(user)
    session = client.session
    del session[GIVEN]
    session.save()
    for name in ("give", "take"):
        answer = client.post(f"/plans/{row.key}/git/{name}/", {"path": "a.yaml"})
        assert answer.status_code == 403
        assert "password-again" in answer.content.decode()
    assert Plan.objects.get(pk=row.pk).git is None


def test_only_the_token_that_is_named_pushes(handler):
    row, _ = store()
    mine, other = Program(handler, make("edit", label="Nightly")), Program(handler, make("own", label="Other"))
    own(row, token=token_of(mine.token))
    changed = row.document | {"name": "Pushed"}
    where = f"/plans/{row.key}?commit={'ab' * 20}&path=a.yaml"
    for ask in (
        lambda: other.put(where, changed, If_Match="*"),
        lambda: other.put(f"/plans/{row.key}", changed, If_Match="*"),
        lambda: other.put(where, row.document, If_Match="*"),
        lambda: other.post(f"/plans/{row.key}/undo", If_Match="*"),
    ):
        assert problem(ask())[0] in (403, 409)
    assert problem(other.put(where, changed, If_Match="*")) == (403, "owned-by-git")
    assert Plan.objects.get(pk=row.pk).revision == 1
    assert row.pushes.count() == 0
    assert mine.put(where, changed, If_Match='"1"').status_code == 200
    assert mine.get("/plans").json()["items"][0]["git"] == {
        "repository": "https://git.example.com/plans", "path": "plans/site.yaml"
    }  # fmt: skip
    [push] = mine.get(f"/plans/{row.key}/pushes").json()["items"]
    assert (push["commit"], push["path"], push["revision"], push["author"]) == (
        "ab" * 20,
        "a.yaml",
        2,
        "Nightly (API)",
    )
    ApiToken.objects.filter(label="Nightly").delete()
    assert problem(other.put(where, row.document, If_Match="*")) == (403, "owned-by-git")


def test_a_program_of_its_owner_gives_it_to_git_and_takes_it_back(handler):
    row, _ = store()
    program = Program(handler, make("own"))
    assert program.put(f"/plans/{row.key}/git", {"repository": "git@a:b", "path": "a.yaml"}).status_code == 204
    assert program.put(f"/plans/{row.key}", row.document | {"name": "N"}, If_Match="*").status_code == 200
    assert problem(program.put(f"/plans/{row.key}/git", {"path": "x" * 301})) == (422, "not-valid")
    assert problem(program.put(f"/plans/{row.key}/git", {"owner": "x"})) == (422, "not-valid")
    assert program.delete(f"/plans/{row.key}/git").status_code == 204
    assert Plan.objects.get(pk=row.pk).git is None


@pytest.mark.parametrize(
    "query", ["commit=abc", "commit=HEAD", "commit=--all", "path=" + "x" * 301, "repository=" + "x" * 301]
)
def test_where_a_document_is_from_is_checked(handler, query):
    row, _ = store()
    response = Program(handler, make("edit")).put(f"/plans/{row.key}?{query}", row.document, If_Match="*")
    assert problem(response) == (422, "not-valid")


def test_pushes_are_listed_page_by_page_and_the_oldest_go(handler, monkeypatch):
    row, _ = store()
    monkeypatch.setattr(git, "KEPT", 3)
    for number in range(5):
        git.note_push(row, 1, Source(commit=f"{number:040}"), "P")
    git.note_push(row, 1, Source(commit=f"{3:040}"), "P")
    git.note_push(row, 2, Source(commit=f"{3:040}"), "P")
    program = Program(handler, make("read"))
    first = program.get(f"/plans/{row.key}/pushes?limit=2").json()
    assert [int(one["commit"]) for one in first["items"]] == [3, 4]
    rest = program.get(f"/plans/{row.key}/pushes?limit=2&after={first['next']}").json()
    assert ([int(one["commit"]) for one in rest["items"]], rest["next"]) == ([2], None)


def test_a_tab_that_was_open_before_stores_nothing(client):
    """Without JavaScript and by htmx: the form that was there a minute ago."""
    row, _ = store()
    page = Page(client.get(f"/plans/{row.key}/?panel=ports"))
    assert "ports/" in edits_of(page)
    own(row)
    data = {"service": "ssh", "ports": "2222", "base": "1", "operation": "p" * 32}
    for headers in ({}, HTMX):
        answer = client.post(f"/plans/{row.key}/ports/", data, headers=headers)
        assert answer.status_code == 403
        assert "owned by git" in answer.content.decode()
    assert Plan.objects.get(pk=row.pk).revision == 1


def test_strangers_learn_nothing_of_it(plan):
    from django.test import Client

    stranger = know(Client(), "z" * 43)
    assert stranger.post(f"/plans/{plan.key}/ports/", {}).status_code == 404
    assert stranger.get(f"/plans/{plan.key}/git/").status_code == 404
