"""With whom programs share a plan, and what they say to people: members, edit links, comments, addresses."""

import re

import pytest
from django.contrib.auth.models import User
from django.test import Client

from planner.sharing import links
from planner.store import comments
from planner.store.comments import Writer
from planner.store.holders import Holder
from planner.store.models import Comment, Event, Hold, Plan, hash_token
from planner.store.run_models import UploadToken
from tests.api.programs import ME, Program, make, problem

STRANGER = "s" * 43


@pytest.fixture
def owner(settings, handler, plan):
    """A program of an account that owns the plan, where there are accounts."""
    settings.REQUIRE_LOGIN = True
    user = User.objects.create_user("olga")
    Holder(user=user).give(plan, Hold.Role.OWN)
    return Program(handler, make("own", Holder(user=user, name="olga")))


def test_a_plan_is_shared_with_an_account_and_no_more(owner, plan):
    other = User.objects.create_user("Paul")
    told = owner.post(f"/plans/{plan.key}/members", {"name": " paul ", "role": "edit"}).json()["items"]
    assert [(one["name"], one["role"], one["is_you"]) for one in told] == [
        ("Paul", "edit", False),
        ("olga", "own", True),
    ]
    number = told[0]["number"]
    assert owner.put(f"/plans/{plan.key}/members/{number}", {"role": "read"}).status_code == 204
    assert plan.holds.get(user=other).role == "read"
    assert owner.delete(f"/plans/{plan.key}/members/{number}").status_code == 204
    assert not plan.holds.filter(user=other).exists()
    [taken] = owner.get(f"/plans/{plan.key}/withdrawals").json()["items"]
    assert taken["what"] == "Paul"
    assert owner.post(f"/plans/{plan.key}/withdrawals/{taken['number']}/undo").status_code == 204
    assert plan.holds.get(user=other).role == "read"
    noted = list(Event.objects.order_by("pk").values_list("kind", "actor"))
    assert noted[-4:] == [
        (kind, "olga by Pipeline") for kind in ("plan-shared", "plan-shared", "plan-unshared", "access-given-back")
    ]


def test_somebody_owns_a_plan_always(owner, plan):
    own = owner.get(f"/plans/{plan.key}/members").json()["items"][0]["number"]
    response = owner.delete(f"/plans/{plan.key}/members/{own}")
    assert problem(response) == (409, "not-now")
    assert response.json()["detail"] == "Somebody has to own the plan. Make another account its owner first."
    assert problem(owner.post(f"/plans/{plan.key}/members", {"name": "nobody"})) == (409, "not-now")
    assert problem(owner.put(f"/plans/{plan.key}/members/{'9' * 30}", {"role": "read"})) == (404, "nothing-here")


def test_an_edit_link_is_made_once_under_its_key_opened_and_withdrawn(program, handler, plan):
    path = f"/plans/{plan.key}/edit-link"
    assert program.get(path).json() == {"is_there": False, "made": 0}
    first, again = (program.post(path, Idempotency_Key="k").json()["address"] for _ in range(2))
    assert first == again
    assert program.get(path).json() == {"is_there": True, "made": 1}
    stranger = Program(handler, make("edit", Holder(browser=hash_token(STRANGER), name="S")))
    assert stranger.post("/plans/opened", {"address": first}).json()["role"] == "edit"
    assert stranger.get(f"/plans/{plan.key}").status_code == 200
    assert program.post(path).json()["address"] != first
    assert problem(stranger.get(f"/plans/{plan.key}")) == (404, "nothing-here")
    assert problem(program.post(path, Idempotency_Key="k")) == (409, "not-now")
    assert problem(stranger.post("/plans/opened", {"address": first})) == (404, "nothing-here")
    assert program.delete(path).status_code == 204
    assert program.get(path).json() == {"is_there": False, "made": 2}
    assert Client().get(re.sub("^.*testserver", "", first)).status_code == 404


def test_a_read_link_that_was_revoked_comes_back_within_a_minute(program, plan):
    made = program.post(f"/plans/{plan.key}/links", {"label": "L"}).json()
    assert links.revoke_link(plan=plan, number=made["number"], holder=ME)
    assert program.post(f"/plans/{plan.key}/links/{made['number']}/restore").status_code == 204
    assert plan.links.get().state == "live"
    plan.links.update(revoked="2020-01-01T00:00:00Z")
    assert problem(program.post(f"/plans/{plan.key}/links/{made['number']}/restore")) == (409, "not-now")


def test_a_link_is_printed_with_its_address_for_who_knows_it(program, plan):
    made = program.post(f"/plans/{plan.key}/links", {"label": "L"}).json()
    response = program.post(f"/plans/{plan.key}/links/print", {"address": made["address"]})
    assert (response.status_code, response.content[:5]) == (200, b"%PDF-")
    assert problem(program.post(f"/plans/{plan.key}/links/print", {"address": "x"})) == (404, "nothing-here")


def test_comments_are_made_once_listed_resolved_and_deleted_by_their_writer(program, plan):
    path, said = f"/plans/{plan.key}/comments", {"on": "endpoint", "of": "DC01", "text": "Is this one right?"}
    first, again = (program.post(path, said, Idempotency_Key="k").json() for _ in range(2))
    assert first == again
    assert (first["author"], first["is_yours"]) == ("Pipeline (API)", True)
    assert problem(program.post(path, said | {"text": "Other"}, Idempotency_Key="k")) == (422, "key-of-another")
    row = comments.add(
        plan=plan, kind="endpoint", subject="PS01", text="Mine", writer=Writer(name="Kim", key="k" * 64)
    )
    assert [one["text"] for one in program.get(path).json()["items"]] == [said["text"], "Mine"]
    page = program.get(f"{path}?limit=1").json()
    assert [one["text"] for one in program.get(f"{path}?after={page['next']}").json()["items"]] == ["Mine"]
    assert [one["number"] for one in program.get(f"{path}?on=endpoint&of=DC01").json()["items"]] == [first["number"]]
    resolved = program.put(f"{path}/{row.pk}", {"resolved": True}).json()
    assert (resolved["resolved"], resolved["resolved_by"]) == (True, "Pipeline (API)")
    response = program.delete(f"{path}/{row.pk}")
    assert problem(response) == (409, "not-now")
    assert response.json()["detail"] == "Only who wrote a comment can delete it. You can resolve it."
    assert program.delete(f"{path}/{first['number']}").status_code == 204
    assert Comment.objects.get() == row
    assert problem(program.post(path, said, Idempotency_Key="k")) == (404, "nothing-here"), "it was deleted since"


def test_a_comment_is_on_what_is_there(program, plan):
    path = f"/plans/{plan.key}/comments"
    for on, of in (("endpoint", "nobody"), ("rule", "NONE-1"), ("decision", "choice/none")):
        assert problem(program.post(path, {"on": on, "of": of, "text": "T"})) == (404, "nothing-here")
    for bad in ({"on": "zone"}, {"text": " "}, {"text": "a\0"}, {"text": "x" * (comments.MOST_TEXT + 1)}, {"x": 1}):
        said = {"on": "endpoint", "of": "DC01", "text": "T"} | bad
        assert problem(program.post(path, said)) == (422, "not-valid"), bad
    assert problem(program.get(f"{path}?on=rule")) == (422, "not-valid")
    assert not Comment.objects.exists()


def test_a_comment_on_a_rule_stands_where_the_page_shows_it(program, client, plan):
    rule = program.get(f"/plans/{plan.key}/rules").json()["items"][0]["id"]
    made = program.post(f"/plans/{plan.key}/comments", {"on": "rule", "of": rule, "text": "Why this?"}).json()
    assert (made["of"], made["is_gone"]) == (rule, False)
    page = client.get(f"/plans/{plan.key}/comments/?on=rule&of={rule}").content.decode()
    assert "Why this?" in page


def test_an_address_for_results_is_made_once_takes_them_and_is_revoked(program, plan):
    path = f"/plans/{plan.key}/uploads"
    first, again = (program.post(path, {"label": "Cron"}, Idempotency_Key="k").json() for _ in range(2))
    assert first == again
    address = re.sub("^.*testserver", "", first["address"])
    assert Client().post(address, b"none", content_type="text/plain").status_code == 422
    [told] = program.get(path).json()["items"]
    assert (told["label"], told["used"], told["state"]) == ("Cron", 1, "live")
    assert program.delete(f"{path}/{told['number']}").status_code == 204
    assert Client().post(address, b"none", content_type="text/plain").status_code == 404
    assert problem(program.post(path, {"label": "Cron"}, Idempotency_Key="k")) == (409, "not-now")
    for bad in ({"days": 5}, {"label": "a\nb"}):
        assert problem(program.post(path, {"label": "L"} | bad)) == (422, "not-valid")
    assert UploadToken.objects.count() == 1


def test_no_address_is_made_where_addresses_without_a_login_are_switched_off(program, plan, settings):
    settings.PUBLIC_LINKS = False
    assert problem(program.post(f"/plans/{plan.key}/uploads", {"label": "L"})) == (403, "not-allowed")


def test_what_was_taken_back_meanwhile_shares_nothing(program, plan, monkeypatch):
    def take_back(**facts):
        plan.holds.update(role=Hold.Role.EDIT)
        return make_link(**facts)

    make_link = links.make_edit_link
    monkeypatch.setattr(links, "make_edit_link", take_back)
    assert problem(program.post(f"/plans/{plan.key}/edit-link")) == (403, "not-allowed")
    assert Plan.objects.get(pk=plan.pk).edit_hash is None
