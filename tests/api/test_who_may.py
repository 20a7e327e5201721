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


DOCUMENT = {"format": 1, "name": "Sent", "zones": [{"name": "Inside", "kind": "internal"}], "endpoints": []}
ROWS = {
    "plan": Row("GET", "/plans/{key}"),
    "report": Row("GET", "/plans/{key}/report", role="read"),
    "evaluate": Row("POST", "/evaluate", role="", data=DOCUMENT, anybody=True),
}


def list_operations():
    """The name of each operation: several methods of one address have several rows."""
    [under] = [one for one in get_resolver().url_patterns if getattr(one, "app_name", "") == "ninja"]
    return {pattern.name for pattern in under.url_patterns} - {"api-root"}


def ask(program, row, plan, **headers):
    condition = {"If_Match": "*"} if row.condition else {}
    return program.ask(row.method, row.path.format(key=plan.key), row.data, kind=row.kind, **condition, **headers)


def test_every_operation_has_its_row():
    assert list_operations() == {name.partition(" ")[0] for name in ROWS}


@pytest.mark.parametrize("name", ROWS)
def test_a_scope_admits_what_it_says_and_no_more(handler, plan, name):
    row = ROWS[name]
    for scope in SCOPES:
        response = ask(Program(handler, make(scope)), row, plan)
        if scope in row.scopes:
            assert response.status_code == row.ok, (scope, response.content[:300])
        else:
            assert problem(response) == (403, "not-allowed"), scope


@pytest.mark.parametrize("name", [name for name, row in ROWS.items() if row.role])
def test_a_token_may_no_more_than_whoever_made_it(handler, plan, name):
    row, program = ROWS[name], Program(handler, make("results" if ROWS[name].scopes == ("results",) else "own"))
    for role in Hold.Role:
        plan.holds.update(role=role)
        response = ask(program, row, plan)
        if Hold(role=role).allows(Hold.Role(row.role)):
            assert response.status_code not in (403, 404), (role, response.content[:300])
        else:
            assert problem(response) == (403, "not-allowed"), role
    plan.holds.all().delete()
    assert problem(ask(program, row, plan)) == (404, "nothing-here")


@pytest.mark.parametrize("name", ROWS)
def test_tokens_that_are_none_open_nothing(handler, plan, name, settings):
    row = ROWS[name]
    ended, revoked = make("own"), make("own")
    ApiToken.objects.filter(token_hash=hash_token(ended)).update(expires="2020-01-01T00:00:00Z")
    tokens.revoke(holder=ME, number=ApiToken.objects.get(token_hash=hash_token(revoked)).pk)
    user = User.objects.create_user("olga")
    of_account = make("own", Holder(user=user))
    for token in (ended, revoked, of_account, "ppt_" + "x" * 43, "é", "ppt_"):
        assert problem(ask(Program(handler, token), row, plan)) == (401, "token-needed")
    nobody = ask(Program(handler, None), row, plan)
    assert nobody.status_code == (row.ok if row.anybody else 401)
    settings.REQUIRE_LOGIN = True
    for token in (None, make("own")):  # that of a browser, where accounts are on
        response = ask(Program(handler, token), row, plan)
        assert problem(response) == (401, "token-needed")
        assert response.headers["WWW-Authenticate"].startswith("Bearer")
    user.is_active = False
    user.save()
    assert problem(ask(Program(handler, of_account), row, plan)) == (401, "token-needed")


@pytest.mark.parametrize("name", [name for name, row in ROWS.items() if row.role])
def test_a_token_of_one_plan_opens_no_other(handler, plan, name):
    other = Plan.objects.create(name="Other", document=plan.document)
    ME.give(other, Hold.Role.OWN)
    scope = "results" if ROWS[name].scopes == ("results",) else "own"
    assert problem(ask(Program(handler, make(scope, plan=other)), ROWS[name], plan)) == (404, "nothing-here")
    assert problem(ask(Program(handler, make(scope, OTHER)), ROWS[name], plan)) == (404, "nothing-here")


@pytest.mark.parametrize("name", [name for name, row in ROWS.items() if row.role])
def test_a_plan_in_the_bin_answers_that_it_is_there(handler, plan, name):
    Plan.objects.filter(pk=plan.pk).update(deleted="2999-01-01T00:00:00Z")
    scope = "results" if ROWS[name].scopes == ("results",) else "own"
    assert problem(ask(Program(handler, make(scope)), ROWS[name], plan)) == (410, "in-the-bin")


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
