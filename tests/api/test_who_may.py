"""Every operation and every token: who gets what. An operation that is in no row fails a test."""

from dataclasses import dataclass
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.urls import get_resolver

from planner.sharing import tokens
from planner.store.holders import Holder
from planner.store.models import Hold, Plan, hash_token
from planner.store.token_models import ApiToken
from tests.api.programs import ME, Program, make, problem

SCOPES = ("read", "edit", "own", "results")
OTHER = Holder(browser=hash_token("o" * 43), name="Other")


@dataclass(frozen=True)
class Row:
    """An operation: how it is asked, which scopes it takes, and which role of the plan."""

    method: str
    path: str
    scopes: tuple[str, ...] = ("read", "edit", "own")
    role: str = "edit"
    """Of the plan; empty for what isn't about one."""
    ok: int = 200
    data: Any = b""
    kind: str = "application/json"
    condition: bool = False
    """Whether it needs If-Match."""
    anybody: bool = False
    """Whether it takes no token where there are no accounts."""
    always: bool = False
    """Whether it takes none at all."""
    binned: bool = False
    """Whether it is for plans in the bin, too."""


DOCUMENT = {"format": 1, "name": "Sent", "zones": [{"name": "Inside", "kind": "internal"}], "endpoints": []}
READ, EDIT, OWN = ("read", "edit", "own"), ("edit", "own"), ("own",)
NAME = "00000000-0000-4000-8000-000000000001"
RULES = {"nftables": [{"metainfo": {"version": "1.1.3"}}, {"table": {"family": "inet", "name": "filter"}}]}
ROWS = {
    "plans": Row("GET", "/plans", role=""),
    "plans POST": Row("POST", "/plans", EDIT, role="", ok=201, data=DOCUMENT),
    "plan": Row("GET", "/plans/{key}"),
    "plan PUT": Row("PUT", "/plans/{key}", EDIT, data=DOCUMENT, condition=True),
    "plan DELETE": Row("DELETE", "/plans/{key}", OWN, role="own", ok=204),
    "restore": Row("POST", "/plans/{key}/restore", OWN, role="own", ok=204, binned=True),
    "pushes": Row("GET", "/plans/{key}/pushes"),
    "git": Row("PUT", "/plans/{key}/git", OWN, role="own", ok=204, data={"path": "plans/site.yaml"}),
    "git DELETE": Row("DELETE", "/plans/{key}/git", OWN, role="own", ok=204),
    "revisions": Row("GET", "/plans/{key}/revisions"),
    "revision": Row("GET", "/plans/{key}/revisions/1"),
    "restore_revision": Row("POST", "/plans/{key}/revisions/1/restore", EDIT, ok=204, condition=True),
    "changes": Row("GET", "/plans/{key}/changes"),
    "compare": Row("POST", "/compare", role="", data={"before": DOCUMENT, "after": DOCUMENT}, anybody=True),
    "file": Row("GET", "/plans/{key}/files/" + NAME, role="read"),
    "file DELETE": Row("DELETE", "/plans/{key}/files/" + NAME, role="read", ok=204),
    "file_content": Row("GET", "/plans/{key}/files/" + NAME + "/content", role="read"),
    "rules": Row("GET", "/plans/{key}/rules", role="read"),
    "states": Row("POST", "/plans/{key}/rules/states", EDIT, ok=412, data={"picks": [f"{0:024}.0"], "owner": "O"}),
    "ask": Row("GET", "/plans/{key}/ask?from=PS01&to=DC01&service=icmp", role="read"),
    "results": Row("POST", "/plans/{key}/results", (*EDIT, "results"), ok=422, data={"none": 1}),
    "results GET": Row("GET", "/plans/{key}/results"),
    "result": Row("DELETE", "/plans/{key}/results/999", EDIT, ok=404),
    "acceptance": Row("GET", "/plans/{key}/acceptance"),
    "gap": Row("POST", "/plans/{key}/gap?from=nftables", data=RULES, kind="text/plain"),
    "links": Row("GET", "/plans/{key}/links", role="own"),
    "links POST": Row("POST", "/plans/{key}/links", OWN, role="own", ok=201, data={"label": "L"}),
    "link": Row("DELETE", "/plans/{key}/links/1", OWN, role="own", ok=404),
    "editions": Row("GET", "/editions", (*READ, "results"), role="", always=True),
    "edition_schema": Row("GET", "/editions/passwordstate-2026-11/schema", (*READ, "results"), role="", always=True),
    "report": Row("GET", "/plans/{key}/report", role="read"),
    "evaluate": Row("POST", "/evaluate", role="", data=DOCUMENT, anybody=True),
    "restore_link": Row("POST", "/plans/{key}/links/1/restore", OWN, role="own", ok=409),
    "print_link": Row("POST", "/plans/{key}/links/print", role="own", ok=404, data={"address": "x" * 43}),
    "members": Row("GET", "/plans/{key}/members", role="own"),
    "members POST": Row("POST", "/plans/{key}/members", OWN, role="own", ok=404, data={"name": "n"}),  # no accounts
    "member": Row("PUT", "/plans/{key}/members/999", OWN, role="own", ok=409, data={"role": "read"}),
    "member DELETE": Row("DELETE", "/plans/{key}/members/999", OWN, role="own", ok=204),
    "edit_link": Row("GET", "/plans/{key}/edit-link", role="own"),
    "edit_link POST": Row("POST", "/plans/{key}/edit-link", OWN, role="own", ok=201),
    "edit_link DELETE": Row("DELETE", "/plans/{key}/edit-link", OWN, role="own", ok=204),
    "opened": Row("POST", "/plans/opened", EDIT, role="", ok=404, data={"address": "x" * 43}),
    "withdrawals": Row("GET", "/plans/{key}/withdrawals", role="own"),
    "give_back": Row("POST", "/plans/{key}/withdrawals/1/undo", OWN, role="own", ok=409),
    "comments": Row("GET", "/plans/{key}/comments"),
    "comments POST": Row(
        "POST", "/plans/{key}/comments", EDIT, ok=201, data={"on": "endpoint", "of": "DC01", "text": "Here"}
    ),
    "comment": Row("PUT", "/plans/{key}/comments/999", EDIT, ok=404, data={"resolved": True}),
    "comment DELETE": Row("DELETE", "/plans/{key}/comments/999", EDIT, ok=404),
    "handovers": Row("GET", "/plans/{key}/handovers"),
    "handovers POST": Row("POST", "/plans/{key}/handovers", EDIT, ok=201, data={"revision": 1, "recipient": "T"}),
    "checkpoint": Row("PUT", "/plans/{key}/revisions/1/checkpoint", EDIT, ok=204, data={"name": "First"}),
    "undo": Row("POST", "/plans/{key}/undo", EDIT, ok=409, condition=True),
    "redo": Row("POST", "/plans/{key}/redo", EDIT, ok=409, condition=True),
    "archive": Row("GET", "/plans/{key}/archive"),
    "archive_of_all": Row("GET", "/archive", role=""),
    "archive_of_all POST": Row("POST", "/archive", EDIT, role="", ok=422, data=b"none", kind="application/zip"),
    "copy": Row("POST", "/plans/{key}/copy", EDIT, ok=201),
    "aside": Row("PUT", "/plans/{key}/aside", EDIT, role="read", ok=204, data={"aside": True}),
    "endpoints": Row("GET", "/plans/{key}/endpoints"),
    "endpoints POST": Row(
        "POST", "/plans/{key}/endpoints", EDIT, condition=True, data={"table": "name,zone\nNew,DMZ", "stores": False}
    ),
    "decisions": Row("GET", "/plans/{key}/decisions"),
    "choose": Row("PUT", "/plans/{key}/decisions/choice/none", EDIT, ok=404, condition=True, data={"answer": None}),
    "answer": Row("PUT", "/plans/{key}/decisions/caveat/none", EDIT, ok=404, condition=True, data={"answer": None}),
    "edition": Row("PUT", "/plans/{key}/edition", EDIT, ok=422, condition=True, data={"edition": "none"}),
    "uploads": Row("GET", "/plans/{key}/uploads", role="own"),
    "uploads POST": Row("POST", "/plans/{key}/uploads", OWN, role="own", ok=201, data={"label": "L"}),
    "upload": Row("DELETE", "/plans/{key}/uploads/999", OWN, role="own", ok=404),
}


def list_operations():
    """The name of each operation: several methods of one address have several rows."""
    [under] = [one for one in get_resolver().url_patterns if getattr(one, "app_name", "") == "ninja"]
    return {pattern.name for pattern in under.url_patterns} - {"api-root"}


def make_file(plan, role=Hold.Role.OWN):
    """A file that was made apart, for those who hold the plan so."""
    kind = "reading" if role == Hold.Role.READ else "report"
    order = {"kind": kind, "format": "csv", "asked": {}, "facts": []}
    made = {"order": order, "state": "done", "file": "f", "size": 1, "content_type": "text/csv"}
    job, _ = plan.jobs.update_or_create(name=NAME, defaults=made)
    job.pieces.get_or_create(number=0, data=b"1")


def ask(program, row, plan, **headers):
    condition = {"If_Match": "*"} if row.condition else {}
    return program.ask(row.method, row.path.format(key=plan.key), row.data, kind=row.kind, **condition, **headers)


def test_every_operation_has_its_row():
    assert list_operations() == {name.partition(" ")[0] for name in ROWS}


@pytest.mark.parametrize("name", ROWS)
def test_a_scope_admits_what_it_says_and_no_more(handler, plan, name):
    row = ROWS[name]
    for scope in SCOPES:
        make_file(plan)
        response = ask(Program(handler, make(scope)), row, plan)
        if scope in row.scopes:
            assert response.status_code == row.ok, (scope, response.content[:300])
        else:
            assert problem(response) == (403, "not-allowed"), scope


@pytest.mark.parametrize("name", [name for name, row in ROWS.items() if row.role])
def test_a_token_may_no_more_than_whoever_made_it(handler, plan, name):
    row, program = ROWS[name], Program(handler, make("own"))
    for role in Hold.Role:
        plan.holds.update(role=role)
        make_file(plan, role)
        response = ask(program, row, plan)
        if Hold(role=role).allows(Hold.Role(row.role)):
            assert response.status_code == row.ok, (role, response.content[:300])
        else:
            assert problem(response) == (403, "not-allowed"), role
    plan.holds.all().delete()
    assert problem(ask(program, row, plan)) == (404, "nothing-here")


def test_tokens_that_are_none_open_nothing(handler, plan, settings, monkeypatch):
    monkeypatch.setattr(tokens, "WRONG", 10_000)
    ended, revoked = make("own"), make("own")
    ApiToken.objects.filter(token_hash=hash_token(ended)).update(expires="2020-01-01T00:00:00Z")
    tokens.revoke(holder=ME, number=ApiToken.objects.get(token_hash=hash_token(revoked)).pk)
    user = User.objects.create_user("olga")
    of_account = make("own", Holder(user=user))
    rows = [row for row in ROWS.values() if not row.always]
    for row in rows:
        for token in (ended, "ppt_" + "x" * 43):
            assert problem(ask(Program(handler, token), row, plan)) == (401, "token-needed"), row
        if not row.anybody:
            assert problem(ask(Program(handler, None), row, plan)) == (401, "token-needed"), row
    for token in (revoked, of_account, "é", "ppt_"):
        assert problem(ask(Program(handler, token), ROWS["plan"], plan)) == (401, "token-needed")
    settings.REQUIRE_LOGIN = True
    for row in rows:
        response = ask(Program(handler, None), row, plan)
        assert problem(response) == (401, "token-needed"), row
        assert response.headers["WWW-Authenticate"].startswith("Bearer")
    of_browser = Program(handler, make("own"))
    assert problem(ask(of_browser, ROWS["plan"], plan)) == (401, "token-needed"), "accounts are on"
    assert problem(ask(Program(handler, of_account), ROWS["plan"], plan)) == (404, "nothing-here")
    user.is_active = False
    user.save()
    assert problem(ask(Program(handler, of_account), ROWS["plan"], plan)) == (401, "token-needed")


def test_a_token_of_one_plan_opens_no_other_and_makes_none(handler, plan):
    other = Plan.objects.create(name="Other", document=plan.document)
    ME.give(other, Hold.Role.OWN)
    of_other, of_stranger = Program(handler, make(plan=other)), Program(handler, make("own", OTHER))
    for row in ROWS.values():
        if row.role:
            for program in (of_other, of_stranger):
                assert problem(ask(program, row, plan)) == (404, "nothing-here"), row
    assert problem(of_other.post("/plans", DOCUMENT)) == (403, "not-allowed")
    assert [one["id"] for one in of_other.get("/plans").json()["items"]] == [str(other.key)]
    assert of_stranger.get("/plans").json()["items"] == []


def test_a_plan_in_the_bin_answers_that_it_is_there(handler, plan):
    Plan.objects.filter(pk=plan.pk).update(deleted="2999-01-01T00:00:00Z")
    program = Program(handler)
    for row in ROWS.values():
        if row.role and not row.binned:
            assert problem(ask(program, row, plan)) == (410, "in-the-bin"), row
    Plan.objects.filter(pk=plan.pk).update(deleted="2020-01-01T00:00:00Z")
    assert problem(ask(program, ROWS["restore"], plan)) == (404, "nothing-here")


def test_cookies_count_for_nothing(client, plan):
    """So no other site can have a browser ask the API, and no token of a form is needed."""
    client.get(f"/plans/{plan.key}/")
    assert client.get(f"/api/v1/plans/{plan.key}").status_code == 401


def test_tokens_that_open_nothing_are_few_in_an_hour(handler, plan, monkeypatch):
    monkeypatch.setattr(tokens, "WRONG", 3)
    for number in range(3):
        assert Program(handler, f"ppt_{number:043}").get(f"/plans/{plan.key}").status_code == 401
    response = Program(handler, f"ppt_{9:043}").get(f"/plans/{plan.key}")
    assert problem(response) == (429, "please-wait")
    assert 0 < int(response.headers["Retry-After"]) <= 3600
    assert Program(handler, make("read")).get(f"/plans/{plan.key}").status_code == 200
