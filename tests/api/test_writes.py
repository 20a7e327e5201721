"""Plans made, replaced, deleted and brought back by programs; what counts once; lists that stay as they are."""

import json

import pytest
from django.utils import timezone

from planner.store import actions
from planner.store.models import Hold, Plan
from planner.store.replacing import replace_document
from planner.store.sent_before import KEPT
from planner.store.token_models import SentBefore
from ports.queries import shipped_matrix
from tests.api.programs import Program, make, problem
from tests.api.test_who_may import DOCUMENT


def test_a_plan_is_made_and_belongs_to_whom_the_token_acts_for(program, client):
    response = program.post("/plans", DOCUMENT)
    made = response.json()
    assert (response.status_code, made["name"], made["role"], made["revision"]) == (201, "Sent", "own", 1)
    assert response.headers["Location"] == f"/api/v1/plans/{made['id']}"
    assert program.get(f"/plans/{made['id']}").json() == DOCUMENT
    assert client.get(f"/plans/{made['id']}/").status_code == 200
    assert Plan.objects.get(key=made["id"]).revisions.get().summary == "Sent by Pipeline (API)"


def test_the_same_request_makes_one_plan_and_another_under_its_key_is_refused(program, plan):
    first, again = (program.post("/plans", DOCUMENT, Idempotency_Key="k1") for _ in range(2))
    assert first.json() == again.json()
    assert [one.headers.get("Idempotent-Replayed") for one in (first, again)] == [None, "true"]
    assert Plan.objects.count() == 2
    other = program.post("/plans", DOCUMENT | {"name": "Other"}, Idempotency_Key="k1")
    assert problem(other) == (422, "key-of-another")
    assert program.post("/plans", DOCUMENT, Idempotency_Key="k2").json()["id"] != first.json()["id"]
    for key in ("x" * 201, "two words", "é"):
        assert problem(program.post("/plans", DOCUMENT, Idempotency_Key=key)) == (422, "not-valid")
    assert "Sent" not in str(list(SentBefore.objects.values_list("answer", flat=True)))


def test_a_request_that_was_refused_can_be_sent_again_under_its_key(program, plan, settings):
    settings.PLANS_PER_HOUR = 1
    assert program.post("/plans", DOCUMENT, Idempotency_Key="a").status_code == 201
    response = program.post("/plans", DOCUMENT, Idempotency_Key="b")
    assert problem(response) == (429, "please-wait")
    assert 0 < int(response.headers["Retry-After"]) <= 3600
    assert program.post("/plans", DOCUMENT, Idempotency_Key="a").status_code == 201, "it counts no more"
    settings.PLANS_PER_HOUR = 2
    assert program.post("/plans", DOCUMENT, Idempotency_Key="b").status_code == 201


def test_a_document_takes_the_place_of_the_one_that_was_read(program, plan):
    read = program.get(f"/plans/{plan.key}")
    document = json.loads(read.content)
    document["endpoints"][0]["addresses"] = ["10.9.9.9"]
    document["name"] = "Mine"
    document["zones"].append({"name": "New", "kind": "dmz"})
    response = program.put(f"/plans/{plan.key}", document, If_Match=read.headers["ETag"])
    assert (response.status_code, response.headers["ETag"]) == (200, '"2"')
    assert program.get(f"/plans/{plan.key}").json() == document
    revision = plan.revisions.get(number=2)
    assert revision.author == "Pipeline (API)"
    assert revision.summary == "Document replaced: 3 changes, of name, New and PS01"
    actions.undo(plan_id=plan.pk, matrix=shipped_matrix())
    assert program.get(f"/plans/{plan.key}").json() == read.json()


def test_the_same_document_is_no_revision(program, plan):
    response = program.put(f"/plans/{plan.key}", plan.document, If_Match='"1"')
    assert (response.status_code, response.json()["revision"]) == (200, 1)


def test_a_write_says_what_it_is_based_on(program, plan):
    assert problem(program.put(f"/plans/{plan.key}", plan.document)) == (428, "condition-needed")
    changed = plan.document | {"name": "Whatever was there"}
    assert program.put(f"/plans/{plan.key}", changed, If_Match="*").status_code == 200


def test_a_write_on_what_has_changed_is_refused_with_both_sides(program, plan):
    actions.override_port(plan_id=plan.pk, matrix=shipped_matrix(), service="ssh", ports="2222")
    mine = plan.document | {"name": "Mine"}
    response = program.put(f"/plans/{plan.key}", mine, If_Match='"1"')
    assert problem(response) == (412, "overtaken")
    assert response.headers["ETag"] == '"2"'
    told = response.json()
    assert (told["base"], told["revision"]) == (1, 2)
    assert told["theirs"] == [{"where": ["ports", "ssh"], "before": None, "after": "2222"}]
    assert told["yours"] == [{"where": ["name"], "before": plan.name, "after": "Mine"}]
    assert "2222" in told["since"][0]
    assert program.get(f"/plans/{plan.key}").json()["name"] == plan.name


def test_an_if_match_that_names_no_revision_is_told_as_what_it_is(program, plan):
    mine = plan.document | {"name": "Mine"}
    for tag in ('W/"1"', 'W/"1", W/"2"', '"x"', "1", '"99999999999"', '"0"'):
        for response in (
            program.put(f"/plans/{plan.key}", mine, If_Match=tag),
            program.post(f"/plans/{plan.key}/undo", b"", If_Match=tag),
        ):
            assert problem(response) == (412, "overtaken"), tag
            assert response.headers["ETag"] == '"1"'
            said = response.json()["detail"]
            assert said.startswith(f"If-Match is {tag}, "), said
            assert said.endswith("Send the ETag without W/." if "W/" in tag else "had when you read it."), said
    assert program.put(f"/plans/{plan.key}", mine, If_Match='W/"1", "1"').status_code == 200


def test_a_write_that_was_done_already_counts_once_under_its_key(program, plan):
    mine = plan.document | {"name": "Mine"}
    for _ in range(2):
        response = program.put(f"/plans/{plan.key}", mine, If_Match='"1"', Idempotency_Key="k")
        assert (response.status_code, response.json()["revision"]) == (200, 2)
    assert plan.revisions.count() == 2


def test_a_key_of_another_edit_is_refused_wherever_it_is_sent_and_nothing_is_done(program, plan):
    at, first = f"/plans/{plan.key}", plan.document | {"name": "First"}
    assert program.put(at, first, If_Match='"1"', Idempotency_Key="k").status_code == 200
    pick = program.get(f"{at}/rules").json()["items"][0]["pick"]
    for method, path, data in (
        ("PUT", "", plan.document | {"name": "Second"}),
        ("PUT", "?path=plan.yaml", first),
        ("POST", "/undo", b""),
        ("POST", "/redo", b""),
        ("POST", "/revisions/1/restore", b""),
        ("PUT", "/decisions/choice/esxi", {"answer": "ssh"}),
        ("PUT", "/decisions/caveat/telnet-port", {"answer": "practice"}),
        ("PUT", "/edition", {"edition": shipped_matrix().edition}),
        ("POST", "/endpoints", {"table": "name,zone\nNew,DMZ\n"}),
        ("POST", "/rules/states", {"picks": [pick], "state": "approved"}),
        ("POST", "/links", {"label": "L"}),
        ("POST", "/uploads", {"label": "L"}),
    ):
        response = program.ask(method, at + path, data, If_Match='"2"', Idempotency_Key="k")
        assert problem(response) == (422, "key-of-another"), path
    plan.refresh_from_db()
    assert (plan.name, plan.revision) == ("First", 2)
    assert not any(beside.exists() for beside in (plan.states, plan.links, plan.upload_tokens))


def test_a_further_step_back_needs_a_key_of_its_own(program, plan):
    at = f"/plans/{plan.key}"
    for name in ("Second", "Third"):
        program.put(at, plan.document | {"name": name}, If_Match="*")
    for _ in range(2):
        assert program.post(f"{at}/undo", If_Match='"3"', Idempotency_Key="k").headers["ETag"] == '"4"'
    assert problem(program.post(f"{at}/undo", If_Match='"4"', Idempotency_Key="k")) == (422, "key-of-another")
    assert program.get(at).json()["name"] == "Second"
    assert program.post(f"{at}/undo", If_Match='"4"', Idempotency_Key="l").headers["ETag"] == '"5"'


def test_what_is_answered_again_has_the_tag_of_then_so_that_nobody_is_written_over(program, plan):
    at, mine = f"/plans/{plan.key}", plan.document | {"name": "Mine"}
    decide = f"{at}/decisions/choice/esxi", {"answer": "ssh"}
    program.put(at, mine, If_Match='"1"', Idempotency_Key="k")
    program.put(*decide, If_Match='"2"', Idempotency_Key="l")
    actions.override_port(plan_id=plan.pk, matrix=shipped_matrix(), service="ssh", ports="2222")
    again = program.put(at, mine, If_Match='"1"', Idempotency_Key="k")
    assert (again.status_code, again.headers["ETag"], again.json()["revision"]) == (200, '"2"', 2)
    assert program.put(*decide, If_Match='"2"', Idempotency_Key="l").headers["ETag"] == '"3"'
    assert plan.revisions.count() == 4
    made = program.post("/plans", DOCUMENT, Idempotency_Key="m").json()
    program.put(f"/plans/{made['id']}", DOCUMENT | {"name": "Theirs"}, If_Match='"1"')
    assert program.post("/plans", DOCUMENT, Idempotency_Key="m").headers["ETag"] == '"1"'


def test_a_key_ends_after_a_day(program, plan):
    at = f"/plans/{plan.key}"
    assert program.put(at, plan.document | {"name": "Mine"}, If_Match='"1"', Idempotency_Key="k").status_code == 200
    SentBefore.objects.update(at=timezone.now() - KEPT)
    response = program.put(at, plan.document | {"name": "Later"}, If_Match='"2"', Idempotency_Key="k")
    assert (response.status_code, response.headers["ETag"]) == (200, '"3"')


def test_a_bad_document_replaces_nothing(program, plan):
    response = program.put(f"/plans/{plan.key}", plan.document | {"zones": []}, If_Match="*")
    assert problem(response) == (422, "not-valid")
    assert response.json()["faults"][0]["code"]
    plan.refresh_from_db()
    assert plan.revision == 1


def test_access_that_is_taken_back_meanwhile_counts(program, plan, monkeypatch):
    def take_back(**facts):
        plan.holds.update(role=Hold.Role.READ)
        return replace_document(**facts)

    monkeypatch.setattr("planner.api.shelf.replace_document", take_back)
    response = program.put(f"/plans/{plan.key}", plan.document | {"name": "Mine"}, If_Match="*")
    assert problem(response) == (403, "not-allowed")
    plan.refresh_from_db()
    assert plan.revision == 1


def test_a_token_that_is_revoked_meanwhile_stores_nothing(program, plan, monkeypatch):
    from planner.store.token_models import ApiToken

    def revoke(**facts):
        ApiToken.objects.update(revoked="2020-01-01T00:00:00Z")
        return replace_document(**facts)

    monkeypatch.setattr("planner.api.shelf.replace_document", revoke)
    response = program.put(f"/plans/{plan.key}", plan.document | {"name": "Mine"}, If_Match="*")
    assert problem(response) == (403, "not-allowed")
    plan.refresh_from_db()
    assert plan.revision == 1


def test_a_plan_goes_into_the_bin_and_comes_back(program, plan):
    assert program.delete(f"/plans/{plan.key}").status_code == 204
    assert problem(program.get(f"/plans/{plan.key}")) == (410, "in-the-bin")
    assert program.get("/plans").json()["items"] == []
    assert program.post(f"/plans/{plan.key}/restore").status_code == 204
    assert program.get(f"/plans/{plan.key}").status_code == 200


def test_a_list_stays_as_it_is_while_others_come(program, plan):
    made = [program.post("/plans", DOCUMENT | {"name": f"P{number}"}).json()["id"] for number in range(4)]
    first = program.get("/plans?limit=2").json()
    program.post("/plans", DOCUMENT | {"name": "In between"})
    second = program.get(f"/plans?limit=2&after={first['next']}").json()
    third = program.get(f"/plans?limit=2&after={second['next']}").json()
    found = [one["id"] for page in (first, second, third) for one in page["items"]]
    assert found == [*reversed(made), str(plan.key)]
    assert third["next"] is None
    for after in ("x", first["next"] + "x", ""):
        assert problem(program.get(f"/plans?after={after}")) == (422, "not-valid")


@pytest.mark.parametrize("query", ["limit=0", "limit=201", "limit=x", "limit=1&limit=2", "limt=3"])
def test_what_an_address_has_not_is_refused(program, query):
    assert problem(program.get(f"/plans?{query}")) == (422, "not-valid")


def test_a_reader_writes_nothing_by_any_token(handler, plan):
    plan.holds.update(role=Hold.Role.READ)
    program = Program(handler, make("own"))
    assert problem(program.put(f"/plans/{plan.key}", plan.document, If_Match="*")) == (403, "not-allowed")


def test_a_document_that_was_read_can_be_sent_back_though_it_has_what_a_new_one_may_not(program, plan):
    wall = {"name": "FW", "format": "iptables", "zones": {plan.document["zones"][0]["name"]: "lan"}}
    walls = [wall | {"options": {"chain": "INPUT"}}]
    Plan.objects.filter(pk=plan.pk).update(document=plan.document | {"firewalls": walls})
    read = program.get(f"/plans/{plan.key}").json()
    assert program.put(f"/plans/{plan.key}", read, If_Match="*").json()["revision"] == 1
    assert program.put(f"/plans/{plan.key}", read | {"name": "Renamed"}, If_Match="*").status_code == 200
    other = read | {"firewalls": [wall | {"options": {"chain": "OUTPUT"}}]}
    for response in (program.put(f"/plans/{plan.key}", other, If_Match="*"), program.post("/plans", read)):
        assert problem(response) == (422, "not-valid")
        assert response.json()["faults"][0]["where"] == "firewalls[0].options.chain"
