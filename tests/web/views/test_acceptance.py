"""The acceptance page of a plan: results uploaded, what they prove, and what is left of it after changes."""

import json
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from planner.engine.checks import digest_of, plan_checks
from planner.store import actions, results
from planner.store.reports import report_for
from planner.store.results import MOST_OF_SOURCE, prove
from planner.store.run_models import CheckRun
from tests.checking import only, well, write_results
from tests.paper import read_pages
from tests.store.test_lives import MATRIX, give, life_of
from tests.web.views.pages import Page, know, store, words
from tests.web.views.test_topology import form_of

pytestmark = pytest.mark.django_db


def write_plan():
    return {
        "format": 1,
        "name": "Contoso",
        "zones": [
            {"name": "Internal", "kind": "internal"},
            {"name": "Data", "kind": "internal"},
            {"name": "Clients", "kind": "internal"},
        ],
        "endpoints": [
            {"name": "PS01", "zone": "Internal", "addresses": ["10.0.0.10"], "roles": ["web-primary"]},
            {"name": "SQL01", "zone": "Data", "addresses": ["10.0.2.20"], "roles": ["database"]},
            {"name": "MAIL01", "zone": "Data", "addresses": ["10.0.2.25"], "roles": ["mail-server"]},
            {"name": "Staff", "zone": "Clients", "addresses": ["10.9.0.5"], "group": True, "roles": ["website-user"]},
        ],
        "firewalls": [
            {
                "name": "FW-CORE",
                "format": "fortigate",
                "zones": {"Internal": "port1", "Data": "port2", "Clients": "port3"},
            }
        ],
        "never": [
            {
                "from": {"zone": "Clients"},
                "to": {"zone": "Data"},
                "protocol": "tcp",
                "ports": "1433",
                "reason": "Policy",
            }
        ],
    }


@pytest.fixture
def plan():
    return store(write_plan())[0]


def report_of(plan):
    plan.refresh_from_db()
    return report_for(plan.version, MATRIX)


def address(plan, end=""):
    return f"/plans/{plan.key}/acceptance/{end}"


def file(of, source, outcome=well, name=None, **more):
    document = write_results(report_of(of), source, outcome) | more
    return SimpleUploadedFile(name or f"{source}.json", json.dumps(document).encode(), "application/json")


def upload(client, plan, *files, **more):
    return client.post(address(plan), {"files": list(files)} | more)


def report_json(client, plan):
    return client.get(f"{plan.get_absolute_url()}report/json").json()


def figures(page):
    return {
        item.get("class").split()[2].removeprefix("figure-"): "".join(item.itertext()).split()[0]
        for item in page.all("li")
        if "figure-" in (item.get("class") or "")
    }


def statuses(plan):
    report = report_of(plan)
    return {one.state.check.opening[:2]: one.status for one in prove(plan, report).acceptance.flows}


def edit(plan, which, **changes):
    params = {"endpoint": which, "changes": changes}
    actions.apply_edit(plan_id=plan.pk, matrix=MATRIX, edit="edit-endpoint", params=params)


def must_not_reach_sql(check):
    return check.closed and check.opening[1:] == ("SQL01", "tcp", "1433")


def to_sql(check):
    return check.destination == "SQL01"


def test_without_results_the_page_says_what_to_do(client, plan):
    page = Page(client.get(address(plan)))
    assert "Nothing has been tested yet" in page.text()
    assert page.one("input", id="results-files").get("multiple") is not None
    assert address(plan) in [link.get("href") for link in Page(client.get(plan.get_absolute_url())).all("a")]


def test_many_files_at_once_say_which_flows_are_open(client, plan):
    assert upload(client, plan, file(plan, "PS01"), file(plan, "Staff")).status_code == 302
    page = Page(client.get(address(plan)))
    assert figures(page) == {
        "open": "3", "blocked": "0", "refused": "0", "unproven": "0", "not-tested": "0", "forbidden-open": "0",
    }  # fmt: skip
    assert "Accepted" in page.text(class_="lead")
    assert "PS01.json" in page.text()


def test_an_acceptance_that_passes_says_what_is_refused_or_unproven(client, plan):
    flows = only(lambda check: to_sql(check) and not check.closed, "refused")
    upload(client, plan, file(plan, "PS01", flows), file(plan, "Staff"))
    lead = Page(client.get(address(plan))).text(class_="lead")
    assert lead.startswith("Accepted: no flow that is needed is blocked or untested, and nothing is open")
    assert lead.endswith("Refused: the way is open, and nothing answers there yet.")


def test_what_must_stay_closed_and_was_not_tried_is_among_the_figures(client, plan):
    upload(client, plan, file(plan, "PS01"), file(plan, "Staff", only(must_not_reach_sql, "error")))
    page = Page(client.get(address(plan)))
    assert figures(page)["not-proven"] == "1"
    assert "nothing that was tried is open that must stay closed. Not tested, or not all" in page.text(class_="lead")
    upload(client, plan, file(plan, "PS01", only(to_sql, "filtered"), started="2026-11-26T10:00:00Z"))
    page = Page(client.get(address(plan)))
    assert page.text(class_="lead") == "Not accepted yet."
    assert "1 of 1 row of what must stay closed." in page.text()


def test_what_is_blocked_names_the_firewalls_on_the_way_and_has_a_ticket(client, plan):
    upload(client, plan, file(plan, "PS01", only(to_sql, "filtered")))
    page = Page(client.get(address(plan)))
    assert figures(page)["blocked"] == "1"
    assert "Not accepted yet." in page.text(class_="lead")
    assert "FW-CORE: port1 → port2" in page.text()
    ticket = page.text("pre")
    assert ticket.startswith("Blocked: tcp 1433 from PS01 to SQL01")
    assert "Source: PS01 (10.0.0.10)" in ticket
    assert "no answer from 10.0.2.20, port 1433" in ticket


def test_what_must_stay_closed_and_answers_is_said(client, plan):
    upload(
        client,
        plan,
        file(
            plan, "Staff", only(lambda check: check.closed and check.opening[1:] == ("SQL01", "tcp", "1433"), "open")
        ),
    )
    page = Page(client.get(address(plan)))
    assert figures(page)["forbidden-open"] == "1"
    assert "Staff reaches SQL01 on tcp 1433" in page.text()
    todo = Page(client.get(plan.get_absolute_url())).one("li", id="todo-open-though-closed-never-0")
    assert "Open, and must be closed" in words(todo)
    [link] = [one.get("href") for one in todo.iter("a")]
    assert link == f"{address(plan)}#forbidden"
    assert Page(client.get(link)).one(id="forbidden") is not None


def test_a_pasted_text_counts_as_a_file(client, plan):
    document = json.dumps(write_results(report_of(plan), "PS01"))
    assert client.post(address(plan), {"text": document}).status_code == 302
    assert CheckRun.objects.get().file == "the pasted text"


def test_each_faulty_file_gets_a_sentence_and_keeps_no_other_from_being_used(client, plan):
    good = file(plan, "PS01")
    broken = SimpleUploadedFile("broken.json", b"{")
    other = file(plan, "Staff", name="other.json", plan="Fabrikam")
    old = file(plan, "Staff", name="old.json", report="0" * 64)
    future = file(plan, "Staff", name="future.json", started="2999-01-01T00:00:00Z")
    page = Page(upload(client, plan, good, broken, other, old, future))
    said = page.text(role="status")
    number = len(write_results(report_of(plan), "PS01")["results"])
    assert said.startswith(f"1 file taken, with {number} results: 1 run stored.")
    assert "broken.json was not used: It is no JSON document" in said
    assert "other.json was not used: it is of the plan Fabrikam" in said
    assert "old.json was not used: it is of another state of the plan" in said
    assert "future.json was not used: it says that it was made later than now" in said
    assert [run.source for run in CheckRun.objects.all()] == ["PS01"]


def test_of_many_files_only_so_many_results_are_taken_at_once(client, plan, monkeypatch):
    number = len(write_results(report_of(plan), "PS01")["results"])
    monkeypatch.setattr(results, "MOST_RESULTS", number)
    page = Page(upload(client, plan, file(plan, "PS01"), file(plan, "Staff", name="staff.json")))
    said = f"staff.json was not used: At most {number} results are taken at once; send it by itself."
    assert said in page.text(role="status")
    assert [run.source for run in CheckRun.objects.all()] == ["PS01"]


def test_the_same_file_counts_once(client, plan):
    upload(client, plan, file(plan, "PS01"))
    page = Page(upload(client, plan, file(plan, "PS01", name="again.json")))
    assert "again.json was not used: it was uploaded already." in page.text(role="status")
    written_otherwise = json.dumps(write_results(report_of(plan), "PS01"), indent=4, sort_keys=True).encode()
    page = Page(upload(client, plan, SimpleUploadedFile("otherwise.json", written_otherwise)))
    assert "otherwise.json was not used: it was uploaded already." in page.text(role="status")
    assert CheckRun.objects.count() == 1


def test_nothing_at_all_is_said(client, plan):
    assert "Choose files of results" in Page(client.post(address(plan), {})).text(role="alert")


def test_names_of_files_and_words_of_systems_are_text(client, plan):
    document = write_results(report_of(plan), "PS01", only(to_sql, "filtered"), host="<b>host</b>")
    for row in document["results"]:
        row["error"] = "<script>alert(1)</script>\r\nRule: any"
    sent = SimpleUploadedFile("<i>x</i>.json", json.dumps(document).encode())
    response = client.post(address(plan), {"files": [sent]}, follow=True)
    assert b"<script>alert" not in response.content
    assert b"<b>host" not in response.content
    assert "\nRule: any" not in Page(response).one("pre").text


def test_after_a_change_only_what_changed_falls_back_to_not_tested(client, plan):
    upload(client, plan, file(plan, "PS01"), file(plan, "Staff"))
    edit(plan, "SQL01", addresses=["10.0.2.99"])
    assert statuses(plan) == {("PS01", "SQL01"): "not-tested", ("PS01", "MAIL01"): "open", ("Staff", "PS01"): "open"}


def led_to(plan, *addresses):
    """A file in which the names of SQL01 led to these addresses."""
    document = write_results(report_of(plan), "PS01")
    rows = [row for row in document["results"] if row["address"].endswith(".example.com")]
    document["results"] += [row | {"address": address} for address in addresses for row in rows]
    document["results"] = [row for row in document["results"] if row not in rows]
    return SimpleUploadedFile("names.json", json.dumps(document).encode())


@pytest.mark.parametrize(
    ("before", "after", "status"),
    [
        (["sql.example.com"], ["sql.example.com"], "open"),
        (["sql.example.com"], ["new.example.com"], "not-tested"),
        (["sql.example.com"], ["10.0.2.20"], "open"),
        (["sql.example.com"], ["10.0.2.21"], "not-tested"),
        (["10.0.2.20"], ["new.example.com"], "not-tested"),
        (["10.0.2.20"], ["10.0.2.20", "new.example.com"], "not-tested"),
        (["10.0.2.20", "sql.example.com"], ["10.0.2.20", "sql.example.com"], "open"),
        (["10.0.2.20", "sql.example.com"], ["10.0.2.20", "new.example.com"], "not-tested"),
        (["10.0.2.20", "10.0.2.21", "sql.example.com"], ["10.0.2.20", "sql.example.com"], "open"),
        (["10.0.2.20", "sql.example.com"], ["SQL.example.com"], "open"),
    ],
)
def test_what_a_name_led_to_proves_nothing_of_another_name(client, plan, before, after, status):
    edit(plan, "SQL01", addresses=before)
    upload(client, plan, led_to(plan, "10.0.2.20"))
    assert statuses(plan)["PS01", "SQL01"] == "open"
    edit(plan, "MAIL01", addresses=["10.0.2.26"])
    assert statuses(plan)["PS01", "SQL01"] == "open"
    edit(plan, "SQL01", addresses=after)
    assert statuses(plan)["PS01", "SQL01"] == status


def test_an_address_that_is_gone_is_no_address_of_the_name_beside_it(client, plan):
    edit(plan, "SQL01", addresses=["10.0.2.20", "sql.example.com"])
    upload(client, plan, led_to(plan))
    edit(plan, "SQL01", addresses=["sql.example.com"])
    assert statuses(plan)["PS01", "SQL01"] == "not-tested"


def test_of_a_run_that_does_not_know_the_names_of_then_they_are_not_tested_after_a_change(client, plan):
    edit(plan, "SQL01", addresses=["sql.example.com"])
    upload(client, plan, led_to(plan, "10.0.2.20"))
    CheckRun.objects.update(aims={})
    edit(plan, "MAIL01", addresses=["10.0.2.26"])
    assert statuses(plan)["PS01", "SQL01"] == "not-tested"


def test_a_result_that_was_not_used_when_it_came_is_not_used_after_a_change_either(client, plan):
    document = write_results(report_of(plan), "PS01")
    for row in document["results"]:
        row["destination"] = {"SQL01": "MAIL01"}.get(row["destination"], row["destination"])
    upload(client, plan, SimpleUploadedFile("strange.json", json.dumps(document).encode()))
    assert statuses(plan)["PS01", "SQL01"] == "not-tested"
    edit(plan, "Staff", addresses=["10.9.0.6"])
    assert statuses(plan)["PS01", "SQL01"] == "not-tested"


def test_what_its_source_tried_from_another_address_is_not_tested(client, plan):
    upload(client, plan, file(plan, "PS01"), file(plan, "Staff"))
    edit(plan, "Staff", addresses=["10.9.0.6"])
    assert statuses(plan)["Staff", "PS01"] == "not-tested"
    assert statuses(plan)["PS01", "SQL01"] == "open"


def test_another_name_alone_changes_nothing(client, plan):
    upload(client, plan, file(plan, "PS01"), file(plan, "Staff"))
    edit(plan, "SQL01", name="DB")
    edit(plan, "PS01", name="Vault")
    assert set(statuses(plan).values()) == {"open"}


def test_what_has_got_the_name_of_another_is_something_else(client, plan):
    upload(client, plan, file(plan, "PS01"), file(plan, "Staff"))
    edit(plan, "SQL01", name="DB")
    new = {"name": "SQL01", "zone": "Data", "addresses": ["10.0.2.77"], "roles": ["database"]}
    actions.apply_edit(plan_id=plan.pk, matrix=MATRIX, edit="add-endpoint", params={"endpoint": new})
    assert statuses(plan)["PS01", "DB"] == "open"
    assert statuses(plan)["PS01", "SQL01"] == "not-tested"


def test_newer_results_of_a_part_leave_the_others(client, plan):
    upload(client, plan, file(plan, "PS01", started="2026-11-25T10:00:00Z"))
    document = write_results(report_of(plan), "PS01", only(to_sql, "filtered"), started="2026-11-25T11:00:00Z")
    document["results"] = [row for row in document["results"] if row["destination"] == "SQL01"]
    upload(client, plan, SimpleUploadedFile("part.json", json.dumps(document).encode()))
    assert statuses(plan)["PS01", "SQL01"] == "blocked"
    assert statuses(plan)["PS01", "MAIL01"] == "open"


def test_however_many_runs_there_are_the_newest_plan_is_gone_through_once(client, plan, monkeypatch):
    for hour in range(4):
        upload(client, plan, file(plan, "PS01", started=f"2026-11-25T1{hour}:00:00Z"))
    edit(plan, "SQL01", addresses=["10.0.2.99"])
    gone = []

    class Watched(tuple):
        def __iter__(self):
            gone.append("checks")
            return super().__iter__()

    monkeypatch.setattr("planner.store.carried.digest_of", lambda of: (gone.append("plan"), digest_of(of))[1])
    monkeypatch.setattr("planner.store.carried.plan_checks", lambda of: Watched(plan_checks(of)))
    assert statuses(plan)["PS01", "MAIL01"] == "open"
    assert sorted(gone) == ["checks", "plan"]


def test_of_each_source_the_newest_runs_are_kept(client, plan):
    days = [f"2026-11-{day:02}T10:00:00Z" for day in range(1, MOST_OF_SOURCE + 4)]
    for day in days:
        upload(client, plan, file(plan, "PS01", started=day))
    kept = sorted(f"{run.started:%Y-%m-%dT%H:%M:%SZ}" for run in CheckRun.objects.all())
    assert kept == days[-MOST_OF_SOURCE:]


def test_an_implemented_rule_that_is_open_becomes_verified_and_others_stay(client, plan):
    report = report_of(plan)
    of_staff = next(rule.id for rule in report.rules if rule.sources[0].name == "Staff")
    others = [rule.id for rule in report.rules if rule.id != of_staff]
    give(plan, of_staff, state="implemented")
    give(plan, others[0], state="approved")
    upload(client, plan, file(plan, "PS01"), file(plan, "Staff"))
    life = life_of(plan, of_staff)
    assert life.given.state == "verified"
    assert "by results" in life.given.by
    assert life_of(plan, others[0]).given.state == "approved"


def test_what_leads_elsewhere_since_a_rule_was_verified_is_blocked_and_not_again(client, plan):
    of_staff = next(rule.id for rule in report_of(plan).rules if rule.sources[0].name == "Staff")
    give(plan, of_staff, state="implemented")
    upload(client, plan, file(plan, "Staff", started="2026-11-25T10:00:00Z"))
    moved = form_of(plan.document, "PS01", addresses="10.0.0.99")
    client.post(f"{plan.get_absolute_url()}endpoints/edit/", moved)
    plan.refresh_from_db()
    life = life_of(plan, of_staff)
    assert (life.given.state, [one.name for one in life.moved]) == ("verified", ["PS01"])
    blocked = only(lambda check: not check.closed, "filtered")
    upload(client, plan, file(plan, "Staff", blocked, started="2026-11-26T01:00:00Z"))
    assert Page(client.get(address(plan))).text("h2", id="blocked") == "Blocked: ask for these"
    assert not [one for one in report_json(client, plan)["findings"] if one["code"] == "verified-blocked"]


def test_what_was_verified_and_is_blocked_again_is_said(client, plan):
    of_staff = next(rule.id for rule in report_of(plan).rules if rule.sources[0].name == "Staff")
    give(plan, of_staff, state="implemented")
    upload(client, plan, file(plan, "Staff", started="2026-11-25T10:00:00Z"))
    upload(
        client,
        plan,
        file(plan, "Staff", only(lambda check: not check.closed, "filtered"), started="2026-11-26T01:00:00Z"),
    )
    assert of_staff in Page(client.get(address(plan))).text(id="blocked-again")
    page = Page(client.get(plan.get_absolute_url(), {"view": "findings"}))
    assert "Verified, and blocked again" in page.text("li", id="todo-verified-blocked-fw-core")
    [card] = [one for one in page.all("section", class_="finding") if "Verified, and blocked again" in words(one)]
    assert f"rules that were verified ({of_staff})" in words(card)
    [found] = [one for one in report_json(client, plan)["findings"] if one["code"] == "verified-blocked"]
    assert (found["severity"], found["subject"], found["endpoints"]) == ("error", "FW-CORE", ["PS01", "Staff"])
    assert "Verified, and blocked again" in Page(client.get(f"{plan.get_absolute_url()}present/")).text()
    assert "verified-blocked" not in {one.code for one in report_of(plan).findings}, "a plan alone has none of it"
    upload(client, plan, file(plan, "Staff", started="2026-11-26T02:00:00Z"))
    assert not [one for one in report_json(client, plan)["findings"] if one["code"] == "verified-blocked"]


def test_the_acceptance_comes_as_json_and_junit(client, plan):
    assert json.loads(client.get(address(plan, "json")).content)["counts"]["not-tested"] == 3
    upload(client, plan, file(plan, "PS01"), file(plan, "Staff"))
    assert json.loads(client.get(address(plan, "json")).content)["passed"] is True
    assert json.loads(client.get(address(plan, "json")).content)["messages"] == []
    assert client.get(address(plan, "xml")).content.startswith(b"<?xml")
    upload(client, plan, file(plan, "PS01", only(to_sql, "filtered"), started="2026-11-26T01:00:00Z"))
    run = CheckRun.objects.latest("pk").pk
    assert f"PS01, 2026-11-26 01:00 UTC, run {run}" in client.get(address(plan, "xml")).content.decode()
    assert client.get(address(plan, "exe")).status_code == 404


def test_what_is_tried_of_a_range_of_ports_is_said_where_there_is_one(client, plan):
    said = "Of a range of ports both ends and one port between are tried."
    upload(client, plan, file(plan, "PS01"))
    assert said not in Page(client.get(address(plan))).text()
    flow = {"source": "PS01", "destination": "SQL01", "protocol": "tcp", "ports": "5000-5010", "reason": "Copy"}
    actions.apply_edit(plan_id=plan.pk, matrix=MATRIX, edit="add-flow", params={"rows": [flow]})
    assert said in Page(client.get(address(plan))).text()


def test_strangers_neither_see_nor_upload_anything(plan, client):
    sent = file(plan, "PS01")
    stranger = know(Client(), "stranger")
    assert stranger.get(address(plan)).status_code == 404
    assert upload(stranger, plan, sent).status_code == 404
    assert not CheckRun.objects.exists()


def test_every_source_has_a_column_while_there_are_few(client, plan):
    upload(client, plan, file(plan, "PS01"))
    page = Page(client.get(address(plan)))
    heads = {"".join(head.itertext()).strip() for table in page.all("table") for head in table.iter("th")}
    assert {"Rule", "Last run", "PS01", "Staff"} <= heads


def test_rules_and_flows_say_what_results_prove_of_them(client, plan):
    home = plan.get_absolute_url()
    assert not Page(client.get(home)).all("a", class_="proven")
    upload(client, plan, file(plan, "PS01", only(to_sql, "filtered")))
    rules = [chip.text for chip in Page(client.get(home)).all("a", class_="proven")]
    assert sorted(rules) == ["blocked", "not tested", "open"]
    flows = [chip.text for chip in Page(client.get(home, {"view": "flows"})).all("a", class_="proven")]
    assert sorted(flows) == ["blocked", "not tested", "open"]


def test_from_the_second_upload_on_the_page_says_how_it_went(client, plan):
    upload(client, plan, file(plan, "PS01", only(to_sql, "filtered")))
    assert Page(client.get(address(plan))).all("section", **{"aria-labelledby": "trend"}) == []
    CheckRun.objects.update(at=timezone.now() - timedelta(days=1))
    upload(client, plan, file(plan, "PS01", started="2026-11-26T01:00:00Z"), file(plan, "Staff"))
    part = Page(client.get(address(plan))).one("section", **{"aria-labelledby": "trend"})
    rows = [[words(cell) for cell in row.iter("td")] for row in part.iter("tr")][1:]
    assert [row[1:] for row in rows] == [["2", "3", "0", "0"], ["1", "1", "1", "1"]]
    assert "1 of 3 flows open" in next(words(one) for one in part.iter() if one.tag.endswith("title"))
    pdf = client.get(address(plan, "pdf")).content
    assert "From run to run" in " ".join(read_pages(pdf))


def test_what_an_upload_came_to_is_said_once_and_only_as_signed(client, plan):
    response = upload(client, plan, file(plan, "PS01"), file(plan, "Staff", name="PS01.json"))
    said = Page(client.get(response["Location"])).text(role="status")
    assert said == "2 files taken, with 10 results: 2 runs stored."
    other = store(write_plan() | {"name": "Other"})[0]
    for forged in ("?said=9 files taken", f"?{response['Location'].partition('?')[2]}x"):
        assert Page(client.get(address(plan) + forged)).all(role="status") == []
    assert Page(client.get(f"{address(other)}?{response['Location'].partition('?')[2]}")).all(role="status") == []


def test_the_page_of_a_plan_takes_files_too(client, plan):
    form = Page(client.get(plan.get_absolute_url())).one("form", id="results-form")
    assert (form.get("action"), form.get("enctype")) == (address(plan), "multipart/form-data")
    assert [field.get("name") for field in form.iter("input") if field.get("type") == "file"] == ["files"]
