"""What is over a limit is refused at every door, with a sentence; a plan that was stored before opens to be mended."""

import copy
import io
import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command

from planner.engine import evaluate_report
from planner.plan import limits
from planner.plan.document import check_plan, dump_plan
from planner.store import actions, recent
from planner.store.models import Plan, Revision
from planner.store.transfer import all_plans, export_plans
from planner.web.views import kept
from ports.queries import current_matrix, shipped_matrix
from tests.report.samples import contoso, evaluate
from tests.web.views.link_forms import read_link
from tests.web.views.pages import HTMX, Page, store, store_unchecked, words
from tests.web.views.test_import import faults, paste, upload
from tests.web.views.test_start import PREVIEW, START, form
from tests.web.views.test_topology import form_of

pytestmark = pytest.mark.django_db
TOO_MANY = "flows; at most"


def grown(**more):
    """The sample with one more host to manage, which takes flows of its own."""
    document = copy.deepcopy(contoso(**more))
    host = {"name": "WIN01", "zone": "DMZ", "platforms": ["windows"], "operations": ["discovery", "host-heartbeat"]}
    document["endpoints"].append(host)
    return document


@pytest.fixture
def full(monkeypatch):
    """As many flows as the sample has are allowed, and none more."""
    count = len(evaluate(contoso()).flows)
    monkeypatch.setattr(limits, "FLOWS", count)
    return count


@pytest.fixture
def over(full):
    """A plan that was stored when more was allowed: its row and its key."""
    key = store_unchecked(dumped(grown()))
    row = Plan.objects.get(key=key)
    Revision.objects.create(plan=row, number=1, document=row.document, summary="Made before")
    return row, key


def dumped(document):
    """The document as it is stored."""
    return dump_plan(check_plan(document, matrix=shipped_matrix()))


def revisions(row):
    return list(row.revisions.order_by("number").values_list("number", flat=True))


# --- plans that come in ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("send", [lambda client, text: upload(client, text.encode(), "plan.json"), paste])
def test_an_import_that_is_over_a_limit_stores_nothing_and_names_the_limit(client, full, send):
    assert send(client, json.dumps(contoso())).status_code == 302
    Plan.objects.all().delete()
    found = faults(send(client, json.dumps(grown())))
    assert f"{TOO_MANY} {full:,} are evaluated" in found["document"]
    assert "divide the plan" in found["document"]


def test_200_servers_that_are_to_be_managed_by_each_other_are_refused(client):
    server = {"zone": "Internal", "roles": ["web-active"], "platforms": ["windows"], "sessions": ["rdp"]}
    server["operations"] = ["discovery", "reset", "validation", "host-heartbeat"]
    document = contoso() | {"endpoints": [{"name": f"W{n}", **server} for n in range(200)], "additional_flows": []}
    found = faults(paste(client, json.dumps(document)))
    assert "720,000 pairs of a flow and a requirement" in found["document"]
    assert "at most 600,000 are evaluated" in found["document"]


def test_an_archive_is_judged_by_the_newest_revision_of_its_plan(client, over):
    row, _ = over
    refused = upload(client, pack(), "plans.zip")
    [[where, sentence]] = listed(refused).items()
    assert where == "plans/1/revisions.jsonl, line 1, document, document"
    assert TOO_MANY in sentence
    assert Plan.objects.count() == 1
    # Mended, it comes along with its history.
    actions.apply_edit(plan_id=row.pk, matrix=current_matrix(), edit="delete-endpoint", params={"endpoint": "WIN01"})
    assert upload(client, pack(), "plans.zip").status_code == 302
    assert revisions(Plan.objects.latest("pk")) == [1, 2]


def test_the_command_takes_every_export(over, tmp_path):
    file = tmp_path / "plans.zip"
    file.write_bytes(pack())
    call_command("import_plans", str(file))
    assert Plan.objects.count() == 2


def pack():
    file = io.BytesIO()
    export_plans(file, all_plans())
    return file.getvalue()


def listed(response):
    assert response.status_code == 200
    items = Page(response).one("ul", class_="faults").iter("li")
    return {words(item.find("code")): words(item.find("bdi")) for item in items}


@pytest.mark.parametrize("path", [START, PREVIEW])
def test_answers_that_make_too_much_of_a_plan_stay_and_are_told_so(client, monkeypatch, path):
    monkeypatch.setattr(limits, "FLOWS", 1)
    page = Page(client.post(path, form({"sites": ["Oslo"]}, name="Mine")))
    assert f"{TOO_MANY} 1 are evaluated" in page.text(id="preview")
    assert "Oslo" in page.one("textarea", name="answer-sites").text
    if path == START:
        assert f"{TOO_MANY} 1 are evaluated" in page.text("div", role="alert")
    assert not Plan.objects.exists()


def test_a_guided_plan_of_too_many_endpoints_is_told_so(client, monkeypatch):
    monkeypatch.setattr(limits, "ENDPOINTS", 2)
    page = Page(client.post(START, form({"sites": ["Oslo"]})))
    assert "A plan has at most 2 endpoints" in page.text("div", role="alert")
    assert not Plan.objects.exists()


# --- edits -----------------------------------------------------------------------------------------------------------


def sent_forms(document):
    """Path, what is sent, and a word of the form that has to be there still."""
    managed = {"platforms": ["vmware-esxi", "windows"], "operations": ["discovery", "reset", "host-heartbeat"]}
    table = "name,zone,roles\nPortal 2,DMZ,password-reset-portal\n"
    flow = {"source": "PS01", "destination": "DC01", "protocol": "tcp", "ports": "53", "reason": "Large answers"}
    yield "endpoints/add/", {"name": "Fresh", "zone": "DMZ", "roles": ["domain-controller"]}, "Fresh"
    yield "endpoints/edit/", form_of(document, "ESX01", **managed), "reset"
    yield "endpoints/import/", {"text": table}, "Portal 2"
    yield "flows/add/", flow, "Large answers"
    yield "choices/", {"choice": "active-directory", "option": ["ldap", "ldaps", "kerberos"]}, ""
    yield "corrections/", {"caveat": "ldap-tcp", "answer": "practice"}, ""


@pytest.mark.parametrize("number", range(6))
@pytest.mark.parametrize("headers", [{}, HTMX])
def test_an_edit_that_takes_a_plan_over_a_limit_is_refused_and_what_was_typed_stays(
    client, monkeypatch, number, headers
):
    document = contoso(choices={"active-directory": ["ldap"], "prp-domain-protocol": "ldaps"})
    row, key = store(document)
    monkeypatch.setattr(limits, "FLOWS", len(evaluate(document).flows))
    path, data, kept = list(sent_forms(row.document))[number]
    response = client.post(f"/plans/{key}/{path}", data, headers=headers)
    assert response.status_code == 200
    assert f"{TOO_MANY} {limits.FLOWS:,} are evaluated" in words(Page(response).root)
    assert kept in response.content.decode()
    row.refresh_from_db()
    assert row.revision == 1
    assert row.document == dumped(document)
    assert Page(response).one(id="state").get("data-state") == "failed"


def test_a_copy_of_an_endpoint_and_a_module_are_refused_as_well(client, full):
    row, key = store()
    for path, data in (
        ("endpoints/duplicate/", {"target": "ESX01"}),
        ("modules/", {"module": "ha", "to": "on"}),
    ):
        page = Page(client.post(f"/plans/{key}/{path}", data))
        assert TOO_MANY in words(page.root), path
        row.refresh_from_db()
        assert row.revision == 1, path


def test_a_plan_is_not_too_large_to_be_described_but_for_its_bytes(client, monkeypatch):
    row, key = store()
    monkeypatch.setattr(limits, "DOCUMENT", 2_000)
    page = Page(client.post(f"/plans/{key}/name/", {"name": "N", "description": "d" * 3_000}))
    assert "at most 0 MiB are stored" in words(page.root)
    assert "d" * 3_000 in page.one("textarea", name="description").text
    row.refresh_from_db()
    assert row.revision == 1


# --- what was stored before ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "query", ["", "?view=flows", "?view=diagram", "?panel=decisions", "?panel=ports", "?panel=caveats", "?panel=own"]
)
def test_a_plan_that_is_over_opens_and_says_why_there_is_no_report(client, over, query):
    page = Page(client.get(f"/plans/{over[1]}/{query}"))
    said = page.text(id="too-large")
    assert "There is no report of this plan" in said
    assert f"{TOO_MANY} {limits.FLOWS:,} are evaluated" in said
    assert not page.all("nav", id="views")
    assert not page.all("a", href=f"/plans/{over[1]}/report/pdf")
    assert page.one("a", href=f"/plans/{over[1]}/plan.yaml") is not None
    assert "rules" not in said


def test_a_plan_that_is_over_is_mended_step_by_step(client, over):
    row, key = over
    renamed = client.post(f"/plans/{key}/name/", {"name": "Renamed"}, headers=HTMX)
    assert "There is no report" in Page(renamed).text(id="too-large")
    refused = client.post(f"/plans/{key}/endpoints/add/", {"name": "DC02", "zone": "DMZ", "roles": ["web-active"]})
    assert TOO_MANY in words(Page(refused).root)
    less = form_of(row.document, "WIN01", operations=["discovery"])
    assert client.post(f"/plans/{key}/endpoints/edit/", less).status_code == 302
    assert Page(client.get(f"/plans/{key}/")).all(id="too-large")
    mended = Page(client.post(f"/plans/{key}/endpoints/delete/", {"target": "WIN01"}, headers=HTMX))
    assert not mended.all(id="too-large")
    assert mended.table("rules")
    row.refresh_from_db()
    assert revisions(row) == [1, 2, 3, 4]
    assert (
        len(evaluate_report(current_matrix(), check_plan(row.document, matrix=current_matrix())).flows) == limits.FLOWS
    )


def test_no_undo_redo_or_restore_leads_back_over_a_limit(client, over):
    row, key = over
    client.post(f"/plans/{key}/endpoints/delete/", {"target": "WIN01"})
    for headers in ({}, HTMX):
        page = Page(client.post(f"/plans/{key}/undo/", {}, headers=headers))
        assert f"{TOO_MANY} {limits.FLOWS:,} are evaluated" in page.text(id="state")
    page = Page(client.post(f"/plans/{key}/history/restore/", {"number": "1"}))
    assert "Revision 1 is too large now; nothing was restored. The plan needs" in words(page.root)
    row.refresh_from_db()
    assert revisions(row) == [1, 2]


def test_no_redo_leads_over_a_limit(client, monkeypatch):
    row, key = store()
    client.post(f"/plans/{key}/corrections/", {"caveat": "ldap-tcp", "answer": "practice"})
    assert client.post(f"/plans/{key}/undo/", {}).status_code == 302
    monkeypatch.setattr(limits, "FLOWS", len(evaluate(contoso()).flows))
    page = Page(client.post(f"/plans/{key}/redo/", {}))
    assert TOO_MANY in page.text(id="state")
    row.refresh_from_db()
    assert row.revision == 3


@pytest.mark.parametrize("path", ["report/json", "report/pdf", "diagram.svg", "read/", "read/report/csv"])
def test_what_is_made_of_a_report_says_why_there_is_none(client, over, path):
    response = client.get(f"/plans/{over[1]}/{path}")
    assert response.status_code == 409
    page = Page(response)
    assert page.text("h1") == "This plan is too large for a report"
    assert TOO_MANY in page.text("main")


def test_the_plan_itself_and_its_history_are_to_be_had_all_the_same(client, over):
    assert "WIN01" in client.get(f"/plans/{over[1]}/plan.yaml").content.decode()
    assert b"".join(client.get(f"/plans/{over[1]}/export.zip").streaming_content).startswith(b"PK")
    assert client.get(f"/plans/{over[1]}/history/").status_code == 200


def test_a_copy_of_a_plan_that_is_over_is_not_made(client, over):
    response = client.post(f"/plans/{over[1]}/duplicate/")
    assert response.status_code == 409
    page = Page(response)
    assert page.text("h1") == "The plan was not copied"
    assert TOO_MANY in page.text("main")
    assert Plan.objects.count() == 1


def test_readers_of_a_link_are_told_why_there_is_no_report(client, over):
    link = read_link(client, over)
    for path in ("", "report/pdf"):
        response = client.get(f"{link}{path}")
        assert response.status_code == 409, path
        assert TOO_MANY in Page(response).text("main")


def test_a_comparison_with_a_revision_that_is_over_says_so(client, over):
    key = over[1]
    client.post(f"/plans/{key}/endpoints/delete/", {"target": "WIN01"})
    page = Page(client.get(f"/plans/{key}/changes/?from=1&to=2"))
    assert "A revision is too large to be compared. The plan needs" in page.text("p", role="alert")
    assert client.get(f"/plans/{key}/changes/json?from=1&to=2").status_code == 409
    assert client.get(f"/plans/{key}/?since=1").status_code == 200
    # A link that tells what changed since.
    link = read_link(client, over, shows="pinned", revision="1", shows_changes="1")
    assert client.get(f"{link}changes/").status_code == 409


def test_a_plan_of_more_endpoints_than_are_allowed_now_opens_and_may_lose_some(client, monkeypatch):
    row, key = store()
    monkeypatch.setattr(limits, "ENDPOINTS", 3)
    assert client.get(f"/plans/{key}/").status_code == 200
    page = Page(client.post(f"/plans/{key}/endpoints/add/", {"name": "E6", "zone": "DMZ"}))
    assert "A plan has at most 3 endpoints, found 6." in words(page.root)
    assert client.post(f"/plans/{key}/endpoints/delete/", {"target": "ESX01"}).status_code == 302
    row.refresh_from_db()
    assert len(row.document["endpoints"]) == 4
    file = SimpleUploadedFile("t.csv", b"name,zone\nE6,DMZ\n")
    page = Page(client.post(f"/plans/{key}/endpoints/import/", {"file": file}))
    assert "A plan has at most 3 endpoints, found 5." in words(page.root)
    page = Page(client.post(f"/plans/{key}/undo/", {}))
    assert "A plan has at most 3 endpoints, found 5." in page.text(id="state")


# --- what is written and shown ---------------------------------------------------------------------------------------


def test_a_document_that_is_too_long_for_pages_is_refused_as_a_pdf_and_had_otherwise(client, monkeypatch):
    _, key = store()
    monkeypatch.setattr(limits, "PRINTED", 1_000)
    client.post(f"/plans/{key}/name/", {"name": "N"})
    for path in ("report/pdf", "changes/pdf?from=1&to=2", "read/report/pdf"):
        response = client.get(f"/plans/{key}/{path}")
        assert response.status_code == 422, path
        assert "PDF can't be written for this plan: as a web page it has" in Page(response).text("main")
    assert client.get(f"/plans/{key}/report/html").status_code == 200


def test_a_file_for_each_of_too_many_firewalls_is_refused_on_pages_and_by_links(client, monkeypatch):
    zones = {"Internal": "port1", "DMZ": "port2"}
    firewalls = [{"name": f"FW{number}", "format": "nftables", "zones": zones} for number in (1, 2)]
    stored = store(contoso(firewalls=firewalls))
    key = stored[1]
    client.post(f"/plans/{key}/name/", {"name": "N"})
    link = read_link(client, stored, shows_changes="1")
    paths = (f"/plans/{key}/report/firewalls", f"/plans/{key}/changes/firewalls?from=1&to=2",
             f"/plans/{key}/read/report/firewalls", f"{link}report/firewalls")  # fmt: skip
    for path in paths:
        assert client.get(path).status_code == 200, path
    monkeypatch.setattr(limits, "PASSED", 1)
    for path in paths:
        response = client.get(path)
        assert response.status_code == 422, path
        assert "each counted at each firewall that it passes" in Page(response).text("main")
    assert client.get(f"/plans/{key}/report/nftables").status_code == 200


def test_of_many_rules_a_page_lists_the_first_and_says_so(client, monkeypatch):
    _, key = store()
    assert Page(client.get(f"/plans/{key}/")).text("p", class_="matching").startswith("4 of 4 rules. ")
    monkeypatch.setattr("planner.web.views.rules.MOST_RULES", 3)
    kept.pages.clear()  # a page is kept while the code is what it was
    page = Page(client.get(f"/plans/{key}/"))
    assert page.text("p", class_="matching").startswith("4 of 4 rules, the first 3 shown. ")
    assert len(page.table("rules")) == 3
    client.post(f"/plans/{key}/endpoints/delete/", {"target": "DC01", "confirmed": "1"})
    client.post(f"/plans/{key}/endpoints/delete/", {"target": "PS01"})
    monkeypatch.setattr("planner.web.views.rules.MOST_RULES", 1)
    assert len(Page(client.get(f"/plans/{key}/")).table("rules-closed")) == 1


def test_of_the_reports_that_are_kept_large_ones_make_room():
    made = []

    def find(few, key, weight):
        return few.find(key, lambda: made.append(key) or weight)

    few = recent.Recent(lambda weight: weight, count=3)
    for key in "abcabc":
        find(few, key, 1)
    assert "".join(made) == "abc"
    find(few, "d", 1)
    find(few, "a", 1)
    assert "".join(made) == "abcda", "the oldest went"
    find(few, "e", recent.KEPT)
    find(few, "e", recent.KEPT)
    find(few, "d", 1)
    assert "".join(made) == "abcdaed", "the large one took the place of all"


def test_what_cannot_be_made_is_not_kept():
    few = recent.Recent(lambda weight: weight, count=3)
    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            few.find("a", lambda: 1 // 0)
    assert few.find("a", lambda: 5) == 5
