"""Reports by the API: of stored plans and of documents that are sent."""

import json

import pytest

from planner.plan import limits
from planner.plan.syntax import to_yaml
from planner.report import CHANGE_FORMATS, FORMATS, OPTIONS
from planner.report.said.filters import LABELS
from planner.store import actions
from planner.store.files import write_plan_file
from planner.store.models import Hold
from planner.store.sides import write_changes
from ports.queries import shipped_matrix
from tests.api.programs import ME, Program, describe, make, problem
from tests.report.samples import contoso
from tests.web.views.comparisons import keep_comparison
from tests.web.views.pages import store


@pytest.mark.parametrize("role", Hold.Role)
def test_a_report_is_what_its_page_downloads_whole_and_filtered(program, client, plan, role):
    """Who may only read the plan gets what readers are shown."""
    plan.holds.update(role=role)
    page = f"/plans/{plan.key}/{'read/' if role == Hold.Role.READ else ''}report"
    lines = []
    for form, asked in (("json", ""), ("csv", ""), ("csv", "port=443")):
        response = program.get(f"/plans/{plan.key}/report?format={form}&{asked}")
        assert response.status_code == 200
        assert response.content == client.get(f"{page}/{form}?{asked}").content, asked
        lines.append(response.content.count(b"\n"))
    assert lines[1] > lines[2] > 1


@pytest.mark.parametrize("name", ["csv", "markdown", "nftables", "html"])
def test_a_report_comes_in_the_formats_that_pages_have(program, plan, name):
    response = program.get(f"/plans/{plan.key}/report?format={name}")
    assert response.status_code == 200
    assert response.headers["Content-Type"] == FORMATS[name].content_type
    assert response.headers["Content-Disposition"].startswith("attachment")


def test_a_filter_that_cannot_be_used_and_a_format_that_there_is_not_are_told(program, plan):
    assert problem(program.get(f"/plans/{plan.key}/report?zone=nowhere")) == (400, "unusable-filter")
    assert problem(program.get(f"/plans/{plan.key}/report?format=papyrus")) == (422, "not-valid")


def test_too_much_for_a_file_of_each_firewall_is_told(program, monkeypatch):
    firewall = {"name": "FW", "format": "nftables", "zones": {"Internal": "port1", "DMZ": "port2"}}
    row, _ = store(contoso(firewalls=[firewall]))
    assert program.get(f"/plans/{row.key}/report?format=firewalls").status_code == 200
    monkeypatch.setattr(limits, "PASSED", 1)
    response = program.get(f"/plans/{row.key}/report?format=firewalls")
    assert problem(response) == (422, "not-expressible")
    assert "at most 1 are written" in response.json()["detail"]


def test_who_may_only_read_a_plan_gets_no_document(program, plan):
    plan.holds.update(role=Hold.Role.READ)
    assert problem(program.get(f"/plans/{plan.key}")) == (403, "not-allowed")


@pytest.mark.parametrize(("kind", "write"), [("application/json", json.dumps), ("application/yaml", to_yaml)])
def test_a_document_is_evaluated_and_nothing_is_kept(program, plan, kind, write):
    found = []
    for asked in ("", "?port=443"):
        response = program.post(f"/evaluate{asked}", write(plan.document), kind=kind)
        assert response.status_code == 200
        found.append(response.json()["rules"])
        assert found[-1] == program.get(f"/plans/{plan.key}/report{asked}").json()["rules"]
    assert len(found[0]) > len(found[1]) > 0
    assert type(plan).objects.count() == 1


def test_a_document_with_faults_is_told_each_of_them_at_its_place_as_the_form_does(program, client, plan):
    plan.document["zones"][0]["kind"] = "moon"
    plan.document["endpoints"][0]["zone"] = "nowhere"
    text = json.dumps(plan.document)
    response = program.post("/evaluate", text)
    assert problem(response) == (422, "not-valid")
    faults = response.json()["faults"]
    assert [fault["where"] for fault in faults] == ["zones[0].kind", "endpoints[0].zone"]
    page = client.post("/plans/import/", {"text": text}).content.decode()
    assert all(fault["where"] in page for fault in faults)
    assert all(fault["code"] and fault["message"].endswith(".") for fault in faults)


def test_what_is_no_document_is_refused_by_its_type_and_by_its_size(program):
    assert problem(program.post("/evaluate", "{", kind="application/json")) == (422, "not-valid")
    assert problem(program.post("/evaluate", "<plan/>", kind="application/xml")) == (415, "media-type")
    assert problem(program.post("/evaluate", b" " * (11 * 2**20))) == (413, "too-large")


def test_documents_are_evaluated_for_anybody_where_there_are_no_accounts(handler, plan, settings):
    nobody = Program(handler, token=None)
    assert nobody.post("/evaluate", plan.document).status_code == 200
    settings.REQUIRE_LOGIN = True
    assert problem(nobody.post("/evaluate", plan.document)) == (401, "token-needed")


def test_a_token_that_reports_results_has_nothing_evaluated(handler, plan):
    assert problem(Program(handler, make("results", ME)).post("/evaluate", plan.document)) == (403, "not-allowed")


class Asked(dict):
    """What is asked of a file, which keeps the names that it is looked up by."""

    names: frozenset[str] = frozenset()

    def get(self, name, default=None):
        self.names |= {name}
        return super().get(name, default)


def parameters(operation):
    [found] = [
        one for path in describe()["paths"].values() for one in path.values() if one["operationId"] == operation
    ]
    return {one["name"] for one in found["parameters"]}


def test_programs_may_ask_of_a_file_what_its_page_may(loaded, plan):
    actions.override_port(plan_id=plan.pk, matrix=shipped_matrix(), service="ssh", ports="2222")
    plan.refresh_from_db()
    asked = Asked()
    whole = [kind for kind, entry in FORMATS.items() if not entry.part]  # what a plan has that has no firewalls
    for name in ("csv", *(next(kind for kind in whole if option in FORMATS[kind].options) for option in OPTIONS)):
        write_plan_file(plan, FORMATS[name], asked)
    assert {"paper", "compared", *OPTIONS} <= asked.names
    assert {*asked.names, *LABELS} <= parameters("read_report")
    assert {*asked.names} - {"compared"} <= parameters("evaluate"), "a document that is sent has no comparisons"
    asked = Asked()
    write_changes(plan, CHANGE_FORMATS["csv"], asked)
    assert "paper" in asked.names
    assert asked.names <= parameters("read_changes")
    assert "paper" in parameters("compare")


def test_a_file_is_on_the_paper_that_is_asked_for(program, client, plan):
    actions.override_port(plan_id=plan.pk, matrix=shipped_matrix(), service="ssh", ports="2222")
    letter = "format=html&paper=letter"
    report = program.get(f"/plans/{plan.key}/report?{letter}").content
    assert report == client.get(f"/plans/{plan.key}/report/html?paper=letter").content
    assert report != program.get(f"/plans/{plan.key}/report?format=html").content
    changes = program.get(f"/plans/{plan.key}/changes?{letter}").content
    assert changes == client.get(f"/plans/{plan.key}/changes/html?paper=letter").content
    both = {"before": plan.document, "after": plan.document}
    for address, data in (("/evaluate", plan.document), ("/compare", both)):
        on_a4, on_letter = (program.post(f"{address}?format=html{more}", data) for more in ("", "&paper=letter"))
        assert (on_a4.status_code, on_letter.status_code) == (200, 200)
        assert on_a4.content != on_letter.content
    assert problem(program.get(f"/plans/{plan.key}/report?paper=papyrus")) == (422, "not-valid")


def test_a_report_has_a_kept_comparison_beside_its_rules_for_those_who_edit(program, client, plan):
    row = keep_comparison(plan)
    report = program.get(f"/plans/{plan.key}/report?format=csv&compared={row.pk}").content
    assert report == client.get(f"/plans/{plan.key}/report/csv?compared={row.pk}").content
    assert report != program.get(f"/plans/{plan.key}/report?format=csv").content
    assert problem(program.get(f"/plans/{plan.key}/report?compared=99")) == (400, "unusable-filter")
    plan.holds.update(role=Hold.Role.READ)
    assert problem(program.get(f"/plans/{plan.key}/report?compared={row.pk}")) == (400, "unusable-filter")
