"""Kept comparisons: the answer is kept and never the configuration; drift, files, and states that follow."""

import io
import json
import zlib
from dataclasses import replace

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from planner.deploy.turns import ASIDE, NotYet, Turns
from planner.engine.existing.drift import ForbiddenAnswer, StaleAnswer
from planner.store import actions, compared
from planner.store.compared import read_kept
from planner.store.compared_models import Compared
from planner.store.models import Event, Plan
from ports.queries import current_matrix
from tests.web.views.comparisons import flow_answer, keep_comparison, make_answer, wider_answer
from tests.web.views.pages import HTMX, Page, store
from tests.web.views.test_acceptance import figures, write_plan
from tests.web.views.test_existing import TABLE, address, rows, send

pytestmark = pytest.mark.django_db
OPERATION = "0123456789abcdef" * 2


@pytest.fixture
def plan():
    return store(write_plan())[0]


def keep(client, plan, text=TABLE, **more):
    return send(client, plan, text, keep_answer="1", **more)


def page_of(client, plan, number, query=""):
    return Page(client.get(f"{address(plan)}kept/{number}/{query}"))


def test_an_answer_is_kept_without_its_configuration_and_told_again(client, plan):
    page = Page(keep(client, plan, firewall="FW-CORE"))
    row = Compared.objects.get()
    assert f"{address(plan)}kept/{row.pk}/" in {link.get("href") for link in page.all("a")}
    assert (row.firewall, row.format, row.revision, row.missing, row.wider) == ("FW-CORE", "csv", 1, 1, 1)
    assert row.counts == {"open": 2, "partly": 0, "closed": 1, "unknown": 0}
    [kept] = read_kept(plan, [row.pk]).values()
    assert "Hunter2" not in repr(kept.answer)
    assert "Hunter2" not in str(Compared.objects.values())
    page = page_of(client, plan, row.pk)
    assert page.text("h1").startswith("Compared with FW-CORE, ")
    assert figures(page) == {"open": "2", "refused": "0", "blocked": "1", "unproven": "0"}
    told = {(row[1], row[2], row[3]): row[4:] for row in rows(page, "flows")}
    assert told["Staff", "PS01", "tcp 443"] == ["open", "row 2"]
    assert [row[0] for row in rows(page, "wider")] == ["row 3"]
    assert Event.objects.get(kind="comparison-kept").detail == f"number {row.pk}"


def test_the_page_of_existing_rules_lists_what_is_kept_and_it_can_be_deleted(client, plan):
    keep_comparison(plan, 1)
    keep_comparison(plan, 2, firewall="")
    listed = rows(Page(client.get(address(plan))), "kept-answers")
    assert [row[0].partition(",")[0] for row in listed] == ["FortiGate", "FW-HQ"]
    assert [row[1:4] for row in listed] == [["1", "1", "1"], ["0", "1", "1"]]
    response = client.post(f"{address(plan)}kept/2/delete/")
    assert response["Location"] == address(plan)
    assert list(Compared.objects.values_list("pk", flat=True)) == [1]
    assert Event.objects.filter(kind="comparison-deleted").count() == 1
    for number in (2, 10**30):
        assert client.get(f"{address(plan)}kept/{number}/").status_code == 404
        assert client.post(f"{address(plan)}kept/{number}/delete/").status_code == 302
        assert client.post(f"{address(plan)}kept/{number}/states/").status_code == 404


def test_what_was_made_with_a_comparison_goes_with_it(client, plan):
    keep_comparison(plan, 1)
    keep_comparison(plan, 2)
    other = store(write_plan() | {"name": "Other"})[0]
    for whose, asked in (
        (plan, {"compared": "2"}), (plan, {"compared": "002"}), (plan, {"compared": "1"}), (plan, {"compared": "²"}),
        (plan, {}), (other, {"compared": "2"}),
    ):  # fmt: skip
        order = {"kind": "report", "format": "csv", "asked": asked, "facts": []}
        job = whose.jobs.create(order=order, state="done", file="f.csv", size=1)
        job.pieces.create(number=0, data=b"1")
    here = [f"/plans/{plan.key}/files/{job.name}/file" for job in plan.jobs.order_by("pk")]
    assert {client.get(path).status_code for path in here} == {200}
    client.post(f"{address(plan)}kept/2/delete/")
    assert [client.get(path).status_code for path in here] == [404, 404, 200, 200, 200]
    assert other.jobs.count() == 1


def test_nobody_is_told_that_a_report_is_still_good_whose_comparison_was_deleted(client, plan):
    keep_comparison(plan, 1)
    report = f"/plans/{plan.key}/report/csv?compared=1"
    known = {"If-None-Match": client.get(report).headers["ETag"]}
    assert client.get(report, headers=known).status_code == 304
    keep_comparison(plan, 2)
    client.post(f"{address(plan)}kept/1/delete/")
    gone = client.get(report, headers=known)
    assert gone.status_code == 400
    assert "it may have been deleted" in Page(gone).text("main")


def test_one_of_another_plan_is_not_there(client, plan):
    other = store(write_plan() | {"name": "Other"})[0]
    keep_comparison(other, 1)
    assert client.get(f"{address(plan)}kept/1/").status_code == 404
    client.post(f"{address(plan)}kept/1/delete/")
    assert Compared.objects.count() == 1


def test_the_same_form_counts_once_and_no_more_are_kept_than_the_limit(client, plan, monkeypatch):
    keep(client, plan, operation=OPERATION)
    keep(client, plan, operation=OPERATION)
    assert Compared.objects.count() == 1
    monkeypatch.setattr(compared, "MOST", 1)
    assert "Not kept: A plan keeps 1 comparisons; delete one" in Page(keep(client, plan)).text()
    monkeypatch.setattr(compared, "MOST", 2)
    monkeypatch.setattr(compared, "MOST_BYTES", 10)
    assert "Not kept: This answer is too large" in Page(keep(client, plan)).text()
    assert Compared.objects.count() == 1


def test_what_is_kept_again_once_the_plan_has_changed_is_the_answer_of_now(client, plan):
    fields = Page(client.get(address(plan))).all("input", id="existing-operation")
    operations = [fields[0].get("value")]
    for name in ("Contoso 2", "Contoso 3"):
        answer = Page(keep(client, plan, operation=operations[-1], extra={"headers": HTMX}))
        fresh = answer.one("input", id="existing-operation")
        assert fresh.get("hx-swap-oob") == "true"
        operations.append(fresh.get("value"))
        actions.rename_plan(plan_id=plan.pk, matrix=current_matrix(), name=name, description="")
    assert len(set(operations)) == 3
    assert sorted(Compared.objects.values_list("revision", flat=True)) == [1, 2]


def test_nothing_is_kept_of_a_plan_that_changed_meanwhile(client, plan, monkeypatch):
    check = compared.lock_plan

    def later(plan_id):
        Plan.objects.filter(pk=plan_id).update(revision=2)
        return check(plan_id)

    monkeypatch.setattr(compared, "lock_plan", later)
    assert "Not kept: The plan has changed since" in Page(keep(client, plan)).text()
    assert not Compared.objects.exists()


def test_what_has_drifted_since_is_told(client, plan):
    was = [flow_answer("Staff", "PS01", "443", "closed"), flow_answer("PS01", "SQL01", "1433", "open")]
    now = [flow_answer("Staff", "PS01", "443", "open"), flow_answer("PS01", "SQL01", "1433", "partly")]
    keep_comparison(plan, 1, make_answer(*was))
    keep_comparison(plan, 2, make_answer(), firewall="FW-TWO")
    keep_comparison(plan, 3, make_answer(*now, wider=[wider_answer()]))
    page = page_of(client, plan, 3)
    text = page.text()
    assert text.index("Opened since") < text.index("Closed since") < text.index("Too wide since")
    found = {row[0]: row[3:5] for row in rows(page, "drift") if len(row) == 6}
    assert found == {"Staff": ["closed", "open"], "PS01": ["open", "partly open"]}
    assert "New in the plan" in page_of(client, plan, 3, "?since=2").text()
    assert "Opened since" in page_of(client, plan, 3, "?since=x").text()
    assert "What has changed since" not in page_of(client, plan, 1).text()
    keep_comparison(plan, 4, make_answer(*now, wider=[wider_answer()]))
    assert "every flow is as it was" in page_of(client, plan, 4).text()


def test_names_are_those_of_now(client, plan):
    keep(client, plan)
    row = Compared.objects.get()
    actions.apply_edit(
        plan_id=plan.pk, matrix=current_matrix(), edit="edit-endpoint",
        params={"endpoint": "PS01", "changes": {"name": "PS-NEW"}}, sender=actions.ANYONE,
    )  # fmt: skip
    plan.refresh_from_db()
    told = {(cells[1], cells[2]) for cells in rows(page_of(client, plan, row.pk), "flows")}
    assert ("Staff", "PS-NEW") in told


def test_rules_that_are_there_become_implemented_by_one_confirmed_act(client, plan):
    keep(client, plan, firewall="FW-CORE")
    row = Compared.objects.get()
    page = page_of(client, plan, row.pk)
    picks = [box.get("value") for box in page.all("input", name="rule")]
    assert len(picks) == 2
    assert not plan.states.exists(), "never by itself"
    assert all(form.get("data-asks") for form in page.all("form") if form.get("action", "").endswith("/states/"))
    response = client.post(f"{address(plan)}kept/{row.pk}/states/", {"rule": picks[0], "operation": OPERATION})
    assert response["Location"] == f"{address(plan)}kept/{row.pk}/"
    state = plan.states.get()
    assert state.state == "implemented"
    assert state.comment.startswith("There already: FW-CORE, row 2 (compared on ")
    left = [box.get("value") for box in page_of(client, plan, row.pk).all("input", name="rule")]
    assert left == picks[1:]
    again = Page(client.post(f"{address(plan)}kept/{row.pk}/states/", {"rule": picks[0]}))
    assert "have changed since this page was opened" in again.text()
    assert "No rule is chosen." in Page(client.post(f"{address(plan)}kept/{row.pk}/states/")).text()
    assert plan.states.count() == 1


def test_a_rule_that_is_partly_open_or_was_rejected_is_not_offered(client, plan):
    keep(client, plan)
    row = Compared.objects.get()
    [first, second] = [box.get("value") for box in page_of(client, plan, row.pk).all("input", name="rule")]
    client.post(f"/plans/{plan.key}/rules/state/", {"rule": first, "state": "rejected"})
    assert plan.states.get().state == "rejected"
    assert [box.get("value") for box in page_of(client, plan, row.pk).all("input", name="rule")] == [second]


def change(plan, edit="edit-endpoint", **params):
    actions.apply_edit(plan_id=plan.pk, matrix=current_matrix(), edit=edit, params=params, sender=actions.ANYONE)
    plan.refresh_from_db()


def picks_of(client, plan, number=1):
    return [box.get("value") for box in page_of(client, plan, number).all("input", name="rule")]


def on_firewall(client, plan):
    """What stands beside the rules of the report: what the firewall had of the database and of the web server."""
    rules = client.get(f"/plans/{plan.key}/report/json?compared=1").json()["rules"]
    return {rule["services"][0]["ports"]: rule["on_firewall"]["state"] for rule in rules}


def test_nothing_is_said_to_be_there_of_addresses_that_were_never_compared(client, plan):
    flows = [flow_answer("PS01", "SQL01", "1433"), flow_answer("Staff", "PS01", "443")]
    keep_comparison(plan, 1, make_answer(*flows, missing=0))
    picks = picks_of(client, plan)
    assert len(picks) == 2
    change(plan, endpoint="SQL01", changes={"addresses": ["10.0.2.99"]})
    assert len(picks_of(client, plan)) == 1
    assert on_firewall(client, plan) == {"1433": "not compared", "443": "there", "25": "not compared"}
    client.post(f"{address(plan)}kept/1/states/", {"rule": picks})
    assert not plan.states.exists()
    change(plan, endpoint="SQL01", changes={"addresses": ["10.0.2.20/32"]})
    assert len(picks_of(client, plan)) == 2, "it is the same address, however it is written"
    change(plan, endpoint="Staff", changes={"zone": "Data"})
    assert len(picks_of(client, plan)) == 1


def test_what_was_renamed_since_is_still_there_and_what_took_a_name_over_is_not(client, plan):
    keep_comparison(plan, 1, make_answer(flow_answer("PS01", "SQL01", "1433"), missing=0))
    change(plan, endpoint="SQL01", changes={"name": "SQL09"})
    change(plan, edit="edit-zone", zone="Data", name="Databases")
    assert len(picks_of(client, plan)) == 1
    again = {"name": "SQL01", "zone": "Databases", "addresses": ["10.0.2.20"], "roles": ["database"]}
    change(plan, edit="add-endpoint", endpoint=again)
    assert not picks_of(client, plan), "the rule leads to both now"
    change(plan, edit="delete-endpoint", endpoint="SQL01")
    change(plan, endpoint="SQL09", changes={"name": "SQL01", "addresses": ["10.0.2.99"]})
    assert not picks_of(client, plan)


def test_the_same_form_sent_twice_is_answered_as_it_was_the_first_time(client, plan):
    keep(client, plan)
    row = Compared.objects.get()
    sent = {"rule": picks_of(client, plan, row.pk), "operation": OPERATION}
    first, second = (client.post(f"{address(plan)}kept/{row.pk}/states/", sent) for _ in range(2))
    assert first["Location"] == second["Location"] == f"{address(plan)}kept/{row.pk}/"
    assert plan.states.count() == len(sent["rule"]) == 2


@pytest.mark.parametrize(
    ("name", "ending", "begins"),
    [
        ("json", ".json", b"{"),
        ("csv", ".csv", b"\xef\xbb\xbfstate"),
        ("text", ".txt", b"Contoso and the rules of "),
        ("xlsx", ".xlsx", b"PK"),
    ],
)
def test_the_answer_is_sent_as_a_file(client, plan, name, ending, begins):
    response = client.post(f"{address(plan)}{name}", {"format": "csv", "text": TABLE})
    content = b"".join(response.streaming_content)
    assert content.startswith(begins)
    assert response["Content-Disposition"].startswith("attachment")
    assert ending in response["Content-Disposition"]
    assert response["Cache-Control"] == "private, no-store"
    assert b"Hunter2" not in content
    if name == "json":
        assert len(json.loads(content)["flows"]) == 3
    if name == "xlsx":
        assert openpyxl.load_workbook(io.BytesIO(content)).sheetnames[0] == "Flows"


def test_a_large_configuration_takes_its_turn_and_a_small_one_does_not(client, plan):
    turns = Turns(1)
    large = TABLE + "# " * 2**19
    taken = turns.take()
    assert send(client, plan, TABLE, extra={ASIDE: turns}).status_code == 200
    with pytest.raises(NotYet):
        send(client, plan, large, extra={ASIDE: turns})
    taken.release()
    assert send(client, plan, large, extra={ASIDE: turns}).status_code == 200
    assert turns.take(), "it was given back"


ASA = """access-list IN extended permit tcp host 10.9.0.5 host 10.0.0.10 eq 443
access-list IN extended deny ip any any
access-list OUT extended deny ip any any
access-group IN in interface clients
access-group OUT in interface inside
"""


def test_what_is_missing_is_sent_as_the_device_is_told_it(client, plan):
    told = {"zone": ["Internal", "Data", "Clients"], "side": ["inside", "db", "clients"]}
    sent = {"format": "asa", "file": SimpleUploadedFile("running.txt", ASA.encode()), **told}
    response = client.post(f"{address(plan)}delta", sent)
    content = b"".join(response.streaming_content).decode()
    assert "access-list OUT line 1 extended permit object-group " in content
    assert "access-list IN " not in content
    assert ".asa.txt" in response["Content-Disposition"]
    rows = client.post(f"{address(plan)}delta", {"format": "csv", "text": TABLE})
    assert b"".join(rows.streaming_content).startswith(b"Insert before line,")
    assert rows["Content-Disposition"].endswith('-missing.csv"')
    portless = "source,destination,protocol,action\n10.0.0.1,10.0.0.2,gre,allow\n"
    page = Page(client.post(f"{address(plan)}delta", {"format": "csv", "text": portless}))
    assert "What a table of rules lacks can't be written" in page.text()
    assert page.text("h1") == "Existing rules"
    assert (
        "Choose a file with the configuration" in Page(client.post(f"{address(plan)}delta", {"format": "csv"})).text()
    )
    assert client.post(f"{address(plan)}pdf", {"format": "csv", "text": TABLE}).status_code == 404
    assert client.get(f"{address(plan)}json").status_code == 405


def test_a_report_has_it_beside_its_rules_where_that_is_asked_for(client, plan):
    keep(client, plan, firewall="FW-CORE")
    row = Compared.objects.get()
    links = {link.get("href") for link in page_of(client, plan, row.pk).all("a")}
    for name in ("pdf", "html", "xlsx", "csv", "markdown", "json"):
        assert f"/plans/{plan.key}/report/{name}?compared={row.pk}" in links
    text = client.get(f"/plans/{plan.key}/report/csv?compared={row.pk}").content.decode("utf-8-sig")
    assert "on_firewall" in text.splitlines()[0]
    assert "there (row 2)" in text
    assert "on_firewall" not in client.get(f"/plans/{plan.key}/report/csv").content.decode("utf-8-sig")
    for wrong in ("0", "x", "9" * 18):
        response = client.get(f"/plans/{plan.key}/report/csv?compared={wrong}")
        assert response.status_code == 400
        assert "Comparison: the plan has none of this number" in Page(response).text()
    reading = client.get(f"/plans/{plan.key}/read/report/csv?compared={row.pk}")
    assert reading.status_code == 404 or "on_firewall" not in reading.content.decode("utf-8-sig")


def test_a_report_says_nothing_beside_rules_of_addresses_that_were_not_compared(client, plan):
    keep(client, plan, firewall="FW-CORE")
    row = Compared.objects.get()

    def count(said):
        text = client.get(f"/plans/{plan.key}/report/csv?compared={row.pk}").content.decode("utf-8-sig")
        return text.count(said)

    assert (count("there (row 2)"), count("not compared")) == (1, 0)
    change = {"edit": "edit-endpoint", "matrix": current_matrix(), "sender": actions.ANYONE}
    params = {"endpoint": "PS01", "changes": {"name": "PS-NEW"}}
    actions.apply_edit(plan_id=plan.pk, params=params, **change)
    assert (count("there (row 2)"), count("not compared")) == (1, 0), "a name alone is the same machine"
    params = {"endpoint": "PS-NEW", "changes": {"addresses": ["10.0.0.99"]}}
    actions.apply_edit(plan_id=plan.pk, params=params, **change)
    assert count("there (row 2)") == 0
    assert count("not compared") > 0


def test_what_is_left_over_and_what_must_stay_closed_is_kept_and_told_with_what_changed(client, plan):
    left = StaleAnswer(entry="policy 12", rule="INT-DMZ-150", service="tcp 443", why="the plan has no such rule")
    broken = ForbiddenAnswer(
        entry="policy 9", is_sure=False, row="never[1]", reason="Nobody", sources=("PS01",), destinations=("DC01",),
        services=("tcp 22",),
    )  # fmt: skip
    bare = make_answer(flow_answer())
    keep_comparison(plan, 1, bare)
    keep_comparison(plan, 2, replace(bare, stale=(left,), forbidden=()))
    keep_comparison(plan, 3, replace(bare, stale=(), forbidden=(broken,)))
    assert [read_kept(plan, [2, 3])[number].answer.stale for number in (2, 3)] == [(left,), ()]
    page = page_of(client, plan, 3, "?since=2")
    said = "Perhaps tcp 22 from PS01 to DC01, though the plan keeps it closed: Nobody"
    assert rows(page, "forbidden") == [["policy 9", said]]
    told = [row for row in rows(page, "drift") if len(row) == 2]
    assert told == [["policy 9", said], ["policy 12", "INT-DMZ-150 tcp 443: the plan has no such rule"]]
    assert {"drift-broken", "drift-tidied"} <= set(page.ids)
    # The first one hasn't looked for it.
    assert not {"drift-broken", "drift-tidied"} & set(page_of(client, plan, 3, "?since=1").ids)


def test_where_configurations_are_read_otherwise_since_then_it_is_said(client, plan):
    bare = make_answer(flow_answer())
    keep_comparison(plan, 1, replace(bare, reading=1, wider=()))
    old = Compared.objects.get(pk=1)
    facts = json.loads(zlib.decompress(bytes(old.data)))
    assert facts.pop("reading") == 1
    Compared.objects.filter(pk=1).update(data=zlib.compress(json.dumps(facts).encode()))
    assert read_kept(plan, [1])[1].answer.reading == 1, "it was kept before this was kept"
    keep_comparison(plan, 2, replace(bare, wider=(wider_answer(),)))
    keep_comparison(plan, 3, bare)
    page = page_of(client, plan, 2)
    assert "Configurations are read otherwise since then" in page.text()
    assert "Every flow is as it was." in page.text()
    assert "Too wide since" not in page.text()
    page = page_of(client, plan, 3)
    assert "read otherwise" not in page.text()
    assert "No longer too wide" in page.text()


def test_a_comparison_on_the_page_keeps_what_it_has_looked_for(client, plan):
    keep(client, plan)
    [kept] = read_kept(plan, [Compared.objects.get().pk]).values()
    assert kept.answer.stale is not None
    assert kept.answer.forbidden is not None


def test_a_damaged_revision_takes_no_comparison_away_but_what_needs_to_know_where_endpoints_stood(client, plan):
    change = {"edit": "edit-endpoint", "matrix": current_matrix(), "sender": actions.ANYONE}
    actions.apply_edit(plan_id=plan.pk, params={"endpoint": "PS01", "changes": {"name": "PS-NEW"}}, **change)
    keep_comparison(plan, 1)
    keep_comparison(plan, 2, make_answer(flow_answer(source="PS-NEW")), revision=2)
    keep_comparison(plan, 3, make_answer(flow_answer(source="PS-NEW", state="closed")), revision=2)
    plan.revisions.filter(number=1).update(packed=b"broken")
    page = page_of(client, plan, 2)
    said = "What has changed isn’t told: revision 1 of the plan can’t be read"
    assert said in page.text()
    assert not {name for name in page.ids if name.startswith("drift-")}
    page = page_of(client, plan, 1)
    assert "Of revision 1 of the plan, which can’t be read, it isn’t known where endpoints stood" in page.text()
    assert [row[1] for row in rows(page, "flows")] == ["PS-NEW"]
    assert "There already" not in page.text()
    page = page_of(client, plan, 3)
    assert said not in page.text()
    assert "drift-closed" in page.ids
    plan = Plan.objects.get(pk=plan.pk)
    found = read_kept(plan, [1, 2])
    assert [(found[one].is_lost, len(found[one].now.flows)) for one in (1, 2)] == [(True, 0), (False, 1)]
    text = client.get(f"/plans/{plan.key}/report/csv?compared=1").content.decode("utf-8-sig")
    assert "not compared" in text
