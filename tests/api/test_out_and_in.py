"""Archives, copies, tables of endpoints, decisions, editions, handovers and steps of the history, by programs."""

import pytest

from planner.store import actions, git
from planner.store.models import Answer, Handover, Plan
from ports.queries import shipped_matrix
from tests.api.programs import Program, make, problem
from tests.editions import NEXT, load_next


def test_an_archive_goes_out_and_comes_in_with_its_history(program, plan):
    actions.override_port(plan_id=plan.pk, matrix=shipped_matrix(), service="ssh", ports="2222")
    out = program.get(f"/plans/{plan.key}/archive")
    assert out.headers["Content-Disposition"].endswith('-revision-2-with-history.zip"')
    made = program.post("/archive", out.whole, kind="application/zip")
    assert (made.status_code, made.json()["said"]) == (201, [])
    [one] = made.json()["items"]
    assert (one["revision"], one["role"], one["name"]) == (2, "own", plan.name)
    assert program.get("/archive").whole[:2] == b"PK"
    assert problem(program.post("/archive", b"{}")) == (415, "media-type")
    response = program.post("/archive", b"PK\3\4none", kind="application/zip")
    assert problem(response) == (422, "not-valid")
    assert response.json()["faults"]


def test_as_many_plans_come_in_an_hour_as_people_may_make(program, plan, settings):
    settings.PLANS_PER_HOUR = 1
    whole = program.get(f"/plans/{plan.key}/archive").whole
    assert program.post("/archive", whole, kind="application/zip").status_code == 201
    assert problem(program.post("/archive", whole, kind="application/zip")) == (429, "please-wait")
    assert problem(program.post(f"/plans/{plan.key}/copy")) == (429, "please-wait")
    assert Plan.objects.count() == 2


def test_a_token_of_one_plan_takes_no_other_along(handler, plan):
    program = Program(handler, make(plan=plan))
    assert problem(program.get("/archive")) == (403, "not-allowed")
    assert problem(program.post(f"/plans/{plan.key}/copy")) == (403, "not-allowed")


def test_a_copy_is_made_once_under_its_key(program, plan):
    first, again = (program.post(f"/plans/{plan.key}/copy", Idempotency_Key="k").json() for _ in range(2))
    assert first == again
    assert (first["name"], first["revision"]) == (f"{plan.name} (copy)", 1)


def test_plans_are_put_aside_and_found_on_their_shelf(program, plan):
    assert program.put(f"/plans/{plan.key}/aside", {"aside": True}).status_code == 204
    [one] = program.get("/plans?shelf=aside").json()["items"]
    assert one["id"] == str(plan.key)
    assert program.put(f"/plans/{plan.key}/aside", {"aside": False}).status_code == 204
    assert program.get("/plans?shelf=aside").json()["items"] == []
    program.delete(f"/plans/{plan.key}")
    [one] = program.get("/plans?shelf=bin").json()["items"]
    assert one["deleted"]


TABLE = "name,zone,addresses\nDC01,Internal,10.1.1.99\nNew,DMZ,10.2.2.99\n"


def test_a_table_makes_and_changes_endpoints_as_one_revision(program, plan):
    path = f"/plans/{plan.key}/endpoints"
    seen = program.post(path, {"table": TABLE, "stores": False}, If_Match='"1"').json()
    assert (seen["new"], [one["name"] for one in seen["changed"]]) == (["New"], ["DC01"])
    assert (seen["stored"], seen["revision"]) == (False, 1)
    for _ in range(2):
        done = program.post(path, {"table": TABLE}, If_Match='"1"', Idempotency_Key="k")
        assert (done.status_code, done.headers["ETag"], done.json()["stored"]) == (200, '"2"', True)
    assert "New,DMZ" in program.get(path).content.decode().replace('"', "")
    assert problem(program.post(path, {"table": TABLE}, If_Match='"1"')) == (412, "overtaken")
    assert problem(program.post(path, {"table": TABLE})) == (428, "condition-needed")
    assert program.post(path, {"table": TABLE}, If_Match="*").json()["same"] == 2


def test_faulty_rows_are_told_with_their_line_and_stop_the_others_unless_they_are_skipped(program, plan):
    path, table = f"/plans/{plan.key}/endpoints", TABLE + "Bad,Nowhere,x\n"
    response = program.post(path, {"table": table}, If_Match="*")
    assert problem(response) == (422, "not-valid")
    assert all("4" in fault["where"] for fault in response.json()["faults"])
    done = program.post(path, {"table": table, "skips_faulty": True}, If_Match="*").json()
    assert (done["new"], done["stored"], done["revision"]) == (["New"], True, 2)
    assert done["faults"]


@pytest.mark.parametrize(
    "bad",
    [
        {"table": ""},
        {"table": "name"},
        {"columns": {"none": "name"}},
        {"columns": {"name": "none"}},
        {"zones": {"Lab": "none"}},
        {"x": 1},
    ],
)
def test_a_table_that_is_none_is_refused(program, plan, bad):
    response = program.post(f"/plans/{plan.key}/endpoints", {"table": TABLE} | bad, If_Match="*")
    assert problem(response) == (422, "not-valid")
    assert response.json()["faults"]


def test_columns_and_zones_are_read_as_they_are_meant(program, plan):
    wanted = {"table": "Host;IP\nNew;10.9.9.1", "columns": {"Host": "name", "IP": "addresses"}, "zone": "Lab"}
    done = program.post(f"/plans/{plan.key}/endpoints", wanted | {"zones": {"Lab": "internal"}}, If_Match="*").json()
    assert (done["new"], done["stored"]) == (["New"], True)


def test_a_decision_is_taken_with_its_reason(program, plan):
    path = f"/plans/{plan.key}/decisions"
    wanted = {"answer": "ssh", "reason": "The hosts are managed by SSH."}
    for _ in range(2):
        response = program.put(f"{path}/choice/esxi", wanted, If_Match='"1"', Idempotency_Key="k")
        assert (response.status_code, response.headers["ETag"]) == (204, '"2"')
    told = {one["slug"]: one for one in program.get(path).json()["items"]}
    assert (told["esxi"]["reason"], told["esxi"]["author"]) == (wanted["reason"], "Pipeline (API)")
    assert Answer.objects.filter(subject="esxi").count() == 1
    assert problem(program.put(f"{path}/choice/esxi", wanted, If_Match='"1"')) == (412, "overtaken")
    for bad in ({"answer": "none"}, {"answer": []}, {"answer": 5}, {}, {"answer": "ssh", "reason": "a\nb"}):
        assert problem(program.put(f"{path}/choice/esxi", bad, If_Match="*")) == (422, "not-valid"), bad
    caveat = f"{path}/caveat/telnet-port"
    assert program.put(caveat, {"answer": "practice"}, If_Match="*").status_code == 204
    assert problem(program.put(caveat, {"answer": "maybe"}, If_Match="*")) == (422, "not-valid")
    assert program.put(caveat, {"answer": None}, If_Match="*").status_code == 204
    response = program.put(caveat, {"answer": None, "reason": "Of nothing"}, If_Match="*")
    assert problem(response) == (409, "not-now")


def test_what_was_handed_over_is_remembered_once_and_compared_with(program, plan):
    path, wanted = f"/plans/{plan.key}/handovers", {"revision": 1, "recipient": "Network team", "note": "CHG-1"}
    first, again = (program.post(path, wanted, Idempotency_Key="k").json() for _ in range(2))
    assert first == again
    assert Handover.objects.get().author == "Pipeline (API)"
    assert [one["recipient"] for one in program.get(path).json()["items"]] == ["Network team"]
    assert problem(program.post(path, wanted | {"revision": 9})) == (409, "not-now")
    assert problem(program.post(path, wanted | {"recipient": " "})) == (422, "not-valid")
    actions.override_port(plan_id=plan.pk, matrix=shipped_matrix(), service="ssh", ports="2222")
    since = program.get(f"/plans/{plan.key}/changes").json()
    assert since == program.get(f"/plans/{plan.key}/changes?from=1&to=2").json()


def test_steps_of_the_history_are_taken_on_what_was_seen(program, plan):
    path = f"/plans/{plan.key}"
    assert problem(program.post(f"{path}/undo", If_Match="*")) == (409, "not-now")
    program.put(path, plan.document | {"name": "Second"}, If_Match="*")
    assert problem(program.post(f"{path}/undo", If_Match='"1"')) == (412, "overtaken")
    for _ in range(2):
        response = program.post(f"{path}/undo", If_Match='"2"', Idempotency_Key="k")
        assert (response.status_code, response.headers["ETag"]) == (204, '"3"')
    assert program.get(path).json() == plan.document
    assert program.post(f"{path}/redo", If_Match='"3"').headers["ETag"] == '"4"'
    assert program.get(path).json()["name"] == "Second"


def test_a_revision_is_named_and_keeps_the_name_that_others_gave(program, plan):
    path = f"/plans/{plan.key}/revisions"
    assert program.put(f"{path}/1/checkpoint", {"name": "As built"}).status_code == 204
    assert program.get(path).json()["items"][0]["checkpoint"] == "As built"
    assert problem(program.put(f"{path}/1/checkpoint", {"name": "Mine", "seen": "Other"})) == (409, "not-now")
    assert program.put(f"{path}/1/checkpoint", {"name": "", "seen": "As built"}).status_code == 204
    assert problem(program.put(f"{path}/{'9' * 18}/checkpoint", {"name": "x"})) == (404, "nothing-here")


def test_a_plan_is_put_on_another_edition(program, plan, tmp_path):
    edition = load_next(tmp_path)
    assert edition.slug == NEXT
    path = f"/plans/{plan.key}/edition"
    assert problem(program.put(path, {"edition": "none"}, If_Match="*")) == (422, "not-valid")
    assert problem(program.put(path, {"edition": edition.slug}, If_Match='"9"')) == (412, "overtaken")
    response = program.put(path, {"edition": edition.slug}, If_Match='"1"')
    assert (response.status_code, response.headers["ETag"]) == (204, '"2"')
    assert Plan.objects.get(pk=plan.pk).edition == edition


def test_what_changes_the_document_of_a_plan_that_git_owns_is_refused_and_the_rest_is_not(program, plan, tmp_path):
    edition = load_next(tmp_path)
    actions.override_port(plan_id=plan.pk, matrix=shipped_matrix(), service="ssh", ports="2222")
    git.give_to_git(plan_id=plan.pk, repository="", path="plan.yaml", token=None, actor="Kim")
    at = f"/plans/{plan.key}"
    for method, path, data in (
        ("POST", "/undo", b""),
        ("POST", "/revisions/1/restore", b""),
        ("POST", "/endpoints", {"table": TABLE}),
        ("PUT", "/decisions/choice/esxi", {"answer": "ssh"}),
        ("PUT", "/decisions/caveat/telnet-port", {"answer": "practice"}),
    ):
        assert problem(program.ask(method, at + path, data, If_Match="*")) == (403, "owned-by-git"), path
    assert Plan.objects.get(pk=plan.pk).revision == 2
    assert program.put(f"{at}/edition", {"edition": edition.slug}, If_Match="*").status_code == 204
    assert program.post(f"{at}/handovers", {"revision": 2, "recipient": "Network team"}).status_code == 201
    assert program.post(f"{at}/comments", {"on": "endpoint", "of": "DC01", "text": "Here"}).status_code == 201
