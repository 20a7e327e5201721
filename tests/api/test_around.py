"""What stands around a document: revisions, rules with their states, results, links, existing rules, editions."""

import json
from datetime import timedelta
from urllib.parse import urlencode

import pytest
from django.db import OperationalError, connection
from django.utils import timezone

from planner.api import results
from planner.api import uploads as uploads_of_api
from planner.deploy.turns import ASIDE, Turns
from planner.engine.existing.reading import read_existing
from planner.report import ACCEPTANCE_FORMATS, progress
from planner.sharing import links, uploads, work
from planner.store import verified
from planner.store.acceptances import write_acceptance
from planner.store.existing import Question, compare_existing, write_answer
from planner.store.models import Hold, RuleState, ShareLink, hash_token
from planner.store.reports import report_for
from planner.store.run_models import CheckRun
from ports.queries import shipped_matrix
from tests.api.programs import Program, make, problem
from tests.api.test_who_may import DOCUMENT, ROWS, ask
from tests.checking import write_results
from tests.report.samples import contoso
from tests.store.test_trouble import raised
from tests.web.views.pages import store
from tests.web.views.test_making import make_files


def test_revisions_are_listed_read_and_brought_back(program, plan):
    for name in ("Second", "Third"):
        assert program.put(f"/plans/{plan.key}", plan.document | {"name": name}, If_Match="*").status_code == 200
    first = program.get(f"/plans/{plan.key}/revisions?limit=2").json()
    assert [one["number"] for one in first["items"]] == [3, 2]
    program.put(f"/plans/{plan.key}", plan.document | {"name": "Fourth"}, If_Match="*")
    rest = program.get(f"/plans/{plan.key}/revisions?limit=2&after={first['next']}").json()
    assert [one["number"] for one in rest["items"]] == [1]
    assert program.get(f"/plans/{plan.key}/revisions/2").json()["name"] == "Second"
    for number in ("0", "99", "9" * 30):
        assert problem(program.get(f"/plans/{plan.key}/revisions/{number}")) == (404, "nothing-here")
    response = program.post(f"/plans/{plan.key}/revisions/1/restore", If_Match='"3"')
    assert problem(response) == (412, "overtaken")
    response = program.post(f"/plans/{plan.key}/revisions/1/restore", If_Match='"4"')
    assert (response.status_code, response.headers["ETag"]) == (204, '"5"')
    assert program.get(f"/plans/{plan.key}").json() == plan.document


def test_what_differs_is_what_the_page_downloads(program, client, plan):
    """And so it is where both documents are sent."""
    document = json.loads(json.dumps(plan.document))
    flow = {"source": "PS01", "destination": "ESX01", "protocol": "tcp", "ports": "9443"}
    document["additional_flows"].append(flow | {"reason": "Agents"})
    program.put(f"/plans/{plan.key}", document, If_Match="*")
    for name in ("json", "csv"):
        stored = program.get(f"/plans/{plan.key}/changes?from=1&to=2&format={name}")
        assert stored.content == client.get(f"/plans/{plan.key}/changes/{name}?from=1&to=2").content
        sent = program.post(f"/compare?format={name}", {"before": plan.document, "after": document})
        assert sent.content == stored.content
        assert sent.headers["Content-Type"] == stored.headers["Content-Type"]
    found = program.post("/compare", {"before": plan.document, "after": document}).json()
    assert [{name: one[name] for name in flow} for one in found["opened"]] == [flow]
    assert (found["closed"], found["changed"]) == ([], [])
    assert problem(program.get(f"/plans/{plan.key}/changes?from=77")) == (404, "nothing-here")


def test_documents_that_are_none_are_told_at_their_place_on_either_side(program):
    response = program.post("/compare", {"before": DOCUMENT, "after": DOCUMENT | {"zones": "x"}})
    assert problem(response) == (422, "not-valid")
    assert [fault["where"] for fault in response.json()["faults"]] == ["after.zones"]
    assert problem(program.post("/compare", {"before": DOCUMENT})) == (422, "not-valid")


def test_states_of_rules_are_read_and_set_as_long_as_they_are_as_they_were_seen(program, plan):
    rules = program.get(f"/plans/{plan.key}/rules").json()["items"]
    assert [one["life"] for one in rules] == [None] * len(rules)
    wanted = {"picks": [rules[0]["pick"]], "state": "implemented", "ticket": "CHG-1"}
    assert program.post(f"/plans/{plan.key}/rules/states", wanted).status_code == 204
    again = program.get(f"/plans/{plan.key}/rules").json()["items"]
    assert (again[0]["life"]["state"], again[0]["life"]["ticket"]) == ("implemented", "CHG-1")
    assert RuleState.objects.get().author == "Pipeline (API)"
    assert problem(program.post(f"/plans/{plan.key}/rules/states", wanted)) == (412, "overtaken")
    for bad in ({"state": "moon"}, {"picks": []}, {"picks": ["x"]}, {"ticket": "a\nb"}, {"colour": "red"}):
        response = program.post(f"/plans/{plan.key}/rules/states", wanted | bad)
        assert problem(response) == (422, "not-valid"), bad
    assert problem(program.post(f"/plans/{plan.key}/rules/states", {"picks": [again[0]["pick"]]})) == (
        422,
        "not-valid",
    )


def test_a_packet_is_asked_about(program, plan):
    def said(source, destination, service):
        asked = urlencode({"from": source, "to": destination, "service": service})
        return program.get(f"/plans/{plan.key}/ask?{asked}").json()

    rule = program.get(f"/plans/{plan.key}/rules").json()["items"][0]
    way = rule["sources"][0], rule["destinations"][0]
    found, refused, back = said(*way, rule["services"][0]), said(*way, "tcp/9"), said(*way[::-1], rule["services"][0])
    assert (found["answer"], found["rules"]) == ("allowed", [rule["id"]])
    assert [(one["answer"], one["rules"]) for one in (refused, back)] == [("not-asked", [])] * 2
    assert all(one["reason"].endswith(".") for one in (found, refused, back))
    plan.holds.update(role=Hold.Role.READ)
    assert (said(*way, rule["services"][0])["rules"], said(*way, "tcp/9")["answer"]) == ([rule["id"]], "not-asked")
    assert problem(program.get(f"/plans/{plan.key}/ask?from=nobody&to=DC01&service=icmp")) == (422, "not-valid")
    assert problem(program.get(f"/plans/{plan.key}/ask?from=PS01")) == (422, "not-valid")


def test_a_link_is_made_once_under_its_key_and_revoked(program, handler, plan):
    wanted = {"label": "Network team", "days": 7}
    first, again = (program.post(f"/plans/{plan.key}/links", wanted, Idempotency_Key="k") for _ in range(2))
    assert (first.status_code, first.json()) == (201, again.json())
    other = wanted | {"days": 1}
    assert problem(program.post(f"/plans/{plan.key}/links", other, Idempotency_Key="k")) == (422, "key-of-another")
    path = first.json()["address"].partition("testserver")[2]
    assert ShareLink.objects.get().token_hash == hash_token(path.split("/")[2])
    from django.test import Client

    assert Client().get(path).status_code == 200
    listed = program.get(f"/plans/{plan.key}/links")
    assert path.split("/")[2] not in listed.content.decode()
    number = listed.json()["items"][0]["number"]
    assert program.delete(f"/plans/{plan.key}/links/{number}").status_code == 204
    assert Client().get(path).status_code == 404
    assert problem(program.post(f"/plans/{plan.key}/links", wanted, Idempotency_Key="k")) == (409, "not-now")
    assert problem(program.delete(f"/plans/{plan.key}/links/{'9' * 30}")) == (404, "nothing-here")


def test_what_works_is_listed_however_much_has_ended_since(program, plan, monkeypatch):
    monkeypatch.setattr(links, "MOST_LINKS", 1)
    monkeypatch.setattr(uploads_of_api, "MOST_LISTED", 2)
    ended = timezone.now() - timedelta(hours=1)
    for number, more in enumerate([{}, {"revoked": ended}, {"expires": ended}, {"expires": ended}]):
        facts = {"label": str(number), "token_hash": str(number), "created": ended + timedelta(seconds=number)} | more
        plan.links.create(**facts)
        plan.upload_tokens.create(**facts)
    for kind in ("links", "uploads"):
        listed = program.get(f"/plans/{plan.key}/{kind}").json()["items"]
        assert [one["label"] for one in listed] == ["3", "0"], kind


@pytest.mark.parametrize(
    "bad", [{"label": ""}, {"days": 3}, {"passphrase": "short"}, {"pinned": 1, "may_report": True}, {"x": 1}]
)
def test_a_link_is_refused_as_its_form_refuses_it(program, plan, bad):
    assert problem(program.post(f"/plans/{plan.key}/links", {"label": "L"} | bad)) == (422, "not-valid")
    assert not ShareLink.objects.exists()


def test_no_link_is_made_where_links_are_switched_off(program, plan, settings):
    settings.PUBLIC_LINKS = False
    assert problem(program.post(f"/plans/{plan.key}/links", {"label": "L"})) == (403, "not-allowed")


def test_results_that_are_none_are_told_and_too_many_wait(handler, plan, monkeypatch):
    program = Program(handler, make("results"))
    assert problem(program.post(f"/plans/{plan.key}/results", b" ")) == (422, "not-valid")
    assert problem(program.post(f"/plans/{plan.key}/results", {"none": 1})) == (422, "not-valid")
    monkeypatch.setattr(uploads, "AN_HOUR", 1)
    assert problem(program.post(f"/plans/{plan.key}/results", {"none": 1})) == (429, "please-wait")
    assert not CheckRun.objects.exists()


def test_a_report_is_made_before_the_transaction_that_keeps_an_answer(handler, plan, monkeypatch):
    """Else nobody could store anything on SQLite while a large plan is worked out."""
    seen = []

    def look(*given):
        seen.append(len(connection.savepoint_ids))
        return original(*given)

    original = results.report_for
    monkeypatch.setattr(results, "report_for", look)
    program = Program(handler, make("results"))
    sent = write_results(report_for(plan.version, shipped_matrix()), plan.document["endpoints"][0]["name"])
    for _ in range(2):
        response = program.post(f"/plans/{plan.key}/results", sent, Idempotency_Key="one")
        assert response.json()["runs"] == 1
    assert set(seen) == {len(connection.savepoint_ids)}
    assert CheckRun.objects.count() == 1


def test_what_follows_of_results_is_found_behind_the_transaction_that_keeps_an_answer(handler, plan, monkeypatch):
    """It takes long. Where it fails, whoever sends the request again, or the file, brings it to its end."""
    seen, left = [], [0, 2, 0, 1]

    def look(*_, **__):
        seen.append(len(connection.savepoint_ids))
        return left.pop(0)

    def fail(*_):
        monkeypatch.undo()
        monkeypatch.setattr(verified, "verify", look)
        raise raised(OperationalError)

    monkeypatch.setattr(verified, "prove", fail)
    program = Program(handler, make("results"))
    sent = write_results(report_for(plan.version, shipped_matrix()), plan.document["endpoints"][0]["name"])
    answers = [program.post(f"/plans/{plan.key}/results", sent, Idempotency_Key="one").json() for _ in range(4)]
    assert [(one["runs"], one["verified"]) for one in answers] == [(1, 0), (1, 0), (1, 2), (1, 2)]
    assert [len(one["messages"]) for one in answers] == [1, 0, 0, 0]
    assert problem(program.post(f"/plans/{plan.key}/results", sent)) == (422, "not-valid")
    assert (left, set(seen)) == ([], {len(connection.savepoint_ids)})


def test_who_only_reports_results_learns_nothing_of_the_plan(handler, plan):
    """Whatever is asked or sent: no name of the plan, of its zones or endpoints is in an answer."""
    program = Program(handler, make("results"))
    names = [plan.name, *(row["name"] for part in ("zones", "endpoints") for row in plan.document[part])]
    answers = {name: ask(program, row, plan) for name, row in ROWS.items() if row.role}
    good = write_results(report_for(plan.version, shipped_matrix()), "PS01")
    sent = {
        "good": good,
        "of another plan": good | {"plan": "Other"},
        "of another report": good | {"report": "0" * 64},
    }
    for name, results_sent in sent.items():
        answers[name] = program.post(f"/plans/{plan.key}/results", results_sent)
    assert [answers[name].status_code for name in sent] == [200, 422, 422]
    for name, answer in answers.items():
        assert not [one for one in names if one in answer.content.decode()], name


TABLE = "source,destination,service,action,from zone\n" + "any,any,any,allow,lan\n" * 2


def test_existing_rules_take_a_map_of_their_interfaces(program, plan):
    def states(more=""):
        answer = program.post(f"/plans/{plan.key}/gap?from=csv{more}", TABLE, kind="text/plain")
        assert answer.status_code == 200, answer.content
        return {one["state"] for one in answer.json()["flows"]}

    zone = plan.document["zones"][0]["name"]
    assert states() == {"unknown"}
    assert "open" in states("&" + urlencode({"map": json.dumps({"lan": zone})}))
    for bad in ("[", '{"lan": "Nowhere"}', "[1]"):
        asked = urlencode({"from": "csv", "map": bad})
        assert problem(program.post(f"/plans/{plan.key}/gap?{asked}", TABLE, kind="text/plain")) == (422, "not-valid")


def test_existing_rules_are_held_against_what_must_stay_closed_where_that_is_asked_for(program, plan):
    zone = plan.document["zones"][0]["name"]
    closed = {"from": {"zone": zone}, "to": {"zone": plan.document["zones"][1]["name"]}, "reason": "It has to be."}
    made = program.put(f"/plans/{plan.key}", plan.document | {"never": [closed]}, If_Match="*")
    assert made.status_code == 200, made.content
    asked = {"from": "csv", "map": json.dumps({"lan": zone})}

    def keys(**more):
        answer = program.post(f"/plans/{plan.key}/gap?{urlencode(asked | more)}", TABLE, kind="text/plain")
        assert answer.status_code == 200, answer.content
        return answer.json()

    assert not {"stale", "forbidden"} & keys().keys()
    assert not {"stale", "forbidden"} & keys(also="").keys()
    assert keys(also="forbidden")["forbidden"]
    assert {"stale", "forbidden", "unchecked"} <= keys(also="stale,forbidden").keys()
    bad = program.post(f"/plans/{plan.key}/gap?{urlencode(asked | {'also': 'open'})}", TABLE, kind="text/plain")
    assert problem(bad) == (422, "not-valid")
    assert bad.json()["faults"][0]["where"] == "query.also"
    assert bad.json()["faults"][0]["message"] == "'open' is none of stale, forbidden."


def test_existing_rules_are_held_against_the_firewall_that_is_meant(handler, shipped):
    zones = {"FW-A": {"Internal": "lan"}, "FW-B": {"DMZ": "lan"}}
    plan, _ = store(contoso(firewalls=[{"name": name, "format": "asa", "zones": zones[name]} for name in zones]))
    program, report, answers = Program(handler), report_for(plan.version, shipped_matrix()), {}
    ruleset = read_existing(TABLE.encode(), "csv")
    for name in ("", *zones):
        for form in ("json", "csv"):
            question = Question(format="csv", file=form, firewall=name, mapping={})
            expected = write_answer(plan, compare_existing(plan, report, question, ruleset), question, TABLE.encode())
            asked = urlencode({"from": "csv", "format": form, "firewall": name})
            answer = program.post(f"/plans/{plan.key}/gap?{asked}", TABLE, kind="text/plain")
            assert (answer.status_code, answer.content) == (200, expected.data)
            assert answer.headers["Content-Type"] == expected.content_type
            answers.setdefault(form, {})[name] = answer
    open_from = {
        name: {flow["source"] for flow in answer.json()["flows"] if flow["state"] == "open"}
        for name, answer in answers["json"].items()
    }
    assert open_from == {"": set(), "FW-A": {"PS01"}, "FW-B": {"Portal"}}
    for asked, sent in (("from=csv&firewall=FW-C", TABLE), ("from=nftables", "{")):
        assert problem(program.post(f"/plans/{plan.key}/gap?{asked}", sent, kind="text/plain")) == (422, "not-valid")


def test_a_large_configuration_is_compared_apart_and_says_the_same(program, plan, monkeypatch, settings):
    settings.JOBS_FROM = 0
    monkeypatch.setattr(work, "_prepare", lambda: None)
    zone = plan.document["zones"][0]["name"]
    asked = {"from": "csv", "map": json.dumps({"lan": zone}), "also": "stale,forbidden"}
    address = f"/plans/{plan.key}/gap?{urlencode(asked)}"
    at_once = program.post(address, TABLE, kind="text/plain").json()
    program.client.defaults[ASIDE] = Turns(1)
    asked = program.post(address, TABLE, kind="text/plain")
    assert (asked.status_code, asked.json()["state"]) == (202, "waiting")
    where = asked.headers["Location"].removeprefix("/api/v1")
    assert make_files() == 1
    assert program.get(where).json()["state"] == "done"
    assert json.loads(program.get(f"{where}/content").whole) == at_once
    assert json.loads(program.post(address, TABLE, kind="text/plain").whole) == at_once
    other = Program(program.client.handler, make("read"))
    plan.holds.update(role=Hold.Role.READ)
    assert problem(other.get(f"{where}/content")) == (404, "nothing-here")


def test_a_small_configuration_that_takes_long_is_compared_apart(program, plan, monkeypatch):
    monkeypatch.setattr(work, "_prepare", lambda: None)
    address = f"/plans/{plan.key}/gap?from=csv"
    at_once = program.post(address, TABLE, kind="text/plain").json()
    program.client.defaults[ASIDE] = Turns(1)
    assert program.post(address, TABLE, kind="text/plain").json() == at_once
    at_most = progress.at_most
    monkeypatch.setattr(progress, "at_most", lambda seconds: at_most(seconds - 3))
    asked = program.post(address, TABLE, kind="text/plain")
    assert (asked.status_code, asked.json()["state"]) == (202, "waiting")
    assert make_files() == 1
    where = asked.headers["Location"].removeprefix("/api/v1")
    assert json.loads(program.get(f"{where}/content").whole) == at_once


def test_acceptance_is_what_the_page_downloads(program, plan):
    sent = write_results(report_for(plan.version, shipped_matrix()), "PS01")
    found = {}
    for step in ("before", "after"):
        for name in ("json", "xml"):
            answer = program.get(f"/plans/{plan.key}/acceptance?format={name}")
            expected = write_acceptance(plan, ACCEPTANCE_FORMATS[name])
            assert (answer.content, answer.headers["Content-Type"]) == (expected.data, expected.content_type)
            found[step, name] = answer.content
        assert program.post(f"/plans/{plan.key}/results", sent).status_code == (200 if step == "before" else 422)
    assert program.get(f"/plans/{plan.key}/acceptance").content == found["after", "json"] != found["before", "json"]
    assert found["after", "xml"] != found["before", "xml"]


def test_editions_and_their_schemas_are_for_everybody(handler, plan):
    nobody = Program(handler, None)
    [one] = nobody.get("/editions").json()["items"]
    assert (one["slug"], one["current"]) == (shipped_matrix().edition, True)
    assert nobody.get(f"/editions/{one['slug']}/schema").json()["title"] == "Plan document"
    assert problem(nobody.get("/editions/none/schema")) == (404, "nothing-here")


def test_hostile_names_are_data(program, plan):
    name = '"><script>alert(1)</script>\u202e{{x}}'
    made = program.post("/plans", DOCUMENT | {"name": name})
    assert made.json()["name"] == name
    assert made.headers["Content-Type"] == "application/json"
    assert made.headers["X-Content-Type-Options"] == "nosniff"
    token = make("read", label=name)
    assert token
    assert program.get("/plans").json()["items"][0]["name"] == name


def test_what_a_reader_is_told_of_states_has_no_people(handler, plan):
    owner = Program(handler)
    pick = owner.get(f"/plans/{plan.key}/rules").json()["items"][0]["pick"]
    wanted = {"picks": [pick], "state": "implemented", "owner": "Somebody", "comment": "Secret words"}
    assert owner.post(f"/plans/{plan.key}/rules/states", wanted).status_code == 204
    plan.holds.update(role=Hold.Role.READ)
    text = Program(handler, make("read")).get(f"/plans/{plan.key}/rules").content.decode()
    assert "implemented" in text
    assert "Somebody" not in text
    assert "Secret words" not in text


def test_a_file_that_takes_long_is_made_apart(program, plan, monkeypatch):
    monkeypatch.setattr("planner.api.files.is_made_apart", lambda *_: True)
    response = program.get(f"/plans/{plan.key}/report?format=csv")
    assert response.status_code == 202
    state = response.json()
    assert state["state"] == "waiting"
    where = response.headers["Location"].removeprefix("/api/v1")
    assert program.get(where).json() == state
    assert problem(program.get(f"{where}/content")) == (409, "not-now")
    assert program.delete(where).status_code == 204
    assert program.get(where).json()["state"] == "cancelled"


def test_a_body_that_is_no_json_is_told(program, plan):
    for data in (b"{", b"\xff", b""):
        assert problem(program.post(f"/plans/{plan.key}/links", data))[0] in (400, 422)
