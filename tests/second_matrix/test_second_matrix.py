"""Another product gets forms, reports and a PDF from its matrix alone, without a line of code."""

import io
import json
import re

import jsonschema
import openpyxl
import pytest
from django.core.management import call_command
from hypothesis import given, settings

from planner.engine import evaluate_report
from planner.plan.document import PlanError, check_plan, dump_plan, plan_schema, read_plan
from planner.plan.syntax import to_yaml
from planner.report import FORMATS
from planner.report.formats.json import report_data, report_schema
from planner.store import actions
from ports.matrix import build_matrix
from ports.queries import read_fixture, shipped_matrix
from tests.examples import read_examples
from tests.paper import read_pages
from tests.second_matrix.conftest import FIXTURE, HARBOUR
from tests.strategies import documents, often
from tests.web.views.pages import Page, give

MATRIX = build_matrix(read_fixture(FIXTURE))

FLOWS = [
    "Auditors -> Console A tcp/8443 §1",
    "Auditors -> Console B tcp/8443 §1",
    "Console A -> Hall tcp/9100 §1",
    "Console A -> Ledger tcp/6100 §2",
    "Console A -> Pier gate icmp §5",
    "Console A -> Yard camera tcp/554 §4",
    "Console A -> Yard doors icmp §5",
    "Console A -> Yard doors tcp/4050 §3 door-transport=plain",
    "Console A -> Yard doors tcp/4051 §3 door-transport=sealed",
    "Console B -> Console A tcp/8443 §1",
    "Console B -> Hall tcp/9100 §1",
    "Console B -> Ledger tcp/6100 §2",
    "Console B -> Yard camera tcp/554 §4",
    "Console B -> Yard doors icmp §5",
    "Console B -> Yard doors tcp/4050 §3 door-transport=plain",
    "Console B -> Yard doors tcp/4051 §3 door-transport=sealed",
    "Guards -> Console A tcp/8443 §1",
    "Guards -> Console B tcp/8443 §1",
    "Guards -> Yard doors tcp/4060 §3",
    "Pier relay -> Pier camera icmp §5",
    "Pier relay -> Pier camera tcp/554 §4",
    "Pier relay -> Pier camera tcp/8000 §4 §5",
    "Pier relay -> Pier gate icmp §5",
]
"""What the harbour needs, read from the rows of gatekeeper.json by hand."""


def line(flow):
    ports = f"/{flow['ports']}" if flow["ports"] else ""
    marks = [f"{mark['choice']}={mark['option']}" for mark in flow["any_of"]]
    sections = [f"§{section}" for section in flow["sections"]]
    return " ".join([f"{flow['source']} -> {flow['destination']} {flow['protocol']}{ports}", *sections, *marks])


def harbour(**more):
    document = dump_plan(read_plan(HARBOUR.read_bytes(), matrix=MATRIX))
    return document | more


def report_of(document):
    return evaluate_report(MATRIX, check_plan(document, matrix=MATRIX))


def flows_of(document):
    return [line(flow) for flow in report_data(report_of(document))["flows"]]


# --- the engine --------------------------------------------------------------------------------------------------


def test_the_flows_are_those_that_its_rows_ask_for():
    assert flows_of(harbour()) == FLOWS


def test_its_choices_overrides_and_corrections_change_the_flows():
    changed = flows_of(
        harbour(
            choices={"door-transport": "sealed", "audit-copy": True, "stream-kinds": ["preview"]},
            ports={"console-ui": 443, "relay-link": "7000-7001"},
            corrections=["panel-typo", "relay-inbound"],
        )
    )
    assert set(changed) - set(FLOWS) == {
        "Auditors -> Console A tcp/443 §1",
        "Auditors -> Console B tcp/443 §1",
        "Auditors -> Ledger tcp/6100 §2",
        "Console A -> Yard camera tcp/8554 §4",
        "Console A -> Yard camera tcp/8556 §4",
        "Console A -> Yard doors tcp/4051 §3",
        "Console B -> Console A tcp/443 §1",
        "Console B -> Yard camera tcp/8554 §4",
        "Console B -> Yard camera tcp/8556 §4",
        "Console B -> Yard doors tcp/4051 §3",
        "Guards -> Console A tcp/443 §1",
        "Guards -> Console B tcp/443 §1",
        "Guards -> Yard doors tcp/4061 §3",
        "Pier relay -> Console A udp/7000-7001 §5",
        "Pier relay -> Console B udp/7000-7001 §5",
        "Pier relay -> Pier camera tcp/8554 §4",
        "Pier relay -> Pier camera tcp/8556 §4",
    }
    assert not [flow for flow in changed if "tcp/4050" in flow or "tcp/554" in flow or "=" in flow]


def test_its_findings_follow_from_its_rows():
    found = {(finding.severity, finding.code, finding.subject) for finding in report_of(harbour()).findings}
    assert found == {
        ("decision", "address-missing", None),
        ("decision", "choice-undecided", "door-transport"),
        ("decision", "caveat", "panel-typo"),
        ("decision", "caveat", "relay-inbound"),
        ("warning", "operation-not-listed", None),
        ("info", "address-is-name", None),
        ("info", "caveat", "clock-silent"),
    }


TROUBLE = {
    "format": 1,
    "name": "Trouble",
    "zones": [
        {"name": "Room", "kind": "internal"},
        {"name": "Pier", "kind": "remote-site"},
        {"name": "Outside", "kind": "internet"},
    ],
    "endpoints": [
        {"name": "Spare", "zone": "Outside", "addresses": ["10.0.0.1"], "roles": ["console-standby"]},
        {"name": "Guards", "zone": "Outside", "group": True, "addresses": ["any"], "roles": ["guard"]},
        {"name": "Camera", "zone": "Room", "addresses": ["10.0.0.1"], "platforms": ["camera"], "sessions": ["stream"]},
        {"name": "Door", "zone": "Pier", "operations": ["firmware", "pulse"], "sessions": ["panel"]},
    ],
    "ports": {"console-ui": 4060},
}


def test_its_checks_and_the_findings_of_every_product_speak_of_its_things():
    found = {(finding.severity, finding.code, finding.subject) for finding in report_of(TROUBLE).findings}
    assert found >= {
        ("error", "standby-alone", "console-standby"),
        ("warning", "panel-from-internet", "panel-port"),
        ("warning", "sessions-without-gateway", None),
        ("warning", "platforms-without-operations", None),
        ("warning", "operations-without-platforms", None),
        ("warning", "site-without-agent", None),
        ("warning", "address-twice", None),
    }
    nothing = {"format": 1, "name": "N", "zones": [{"name": "Z", "kind": "dmz"}], "endpoints": []}
    assert [(f.severity, f.code) for f in report_of(nothing).findings] == [("error", "no-console"), ("info", "caveat")]
    pulse = nothing | {"endpoints": [{"name": "Door", "zone": "Z", "operations": ["pulse"]}]}
    engines = [f for f in report_of(pulse).findings if f.code == "operations-without-engine"]
    assert [(finding.subject, finding.endpoints) for finding in engines] == [(None, ("Door",))]
    assert "relay or console" in engines[0].advice


@settings(max_examples=often(60))
@given(documents(MATRIX))
def test_any_plan_of_it_is_evaluated_exactly_and_survives_yaml(document):
    plan = check_plan(document, matrix=MATRIX)
    assert read_plan(to_yaml(dump_plan(plan)).encode(), matrix=MATRIX) == plan
    report = evaluate_report(MATRIX, plan)
    crossing = [flow for flow in report.flows if flow.scope == "cross-zone"]
    assert sum(len(r.sources) * len(r.destinations) * len(r.services) for r in report.rules) == len(crossing)
    for name in ("json", "csv", "markdown", "html"):
        assert FORMATS[name].render(report)


def test_its_documents_are_checked_by_its_words_and_have_a_schema_of_their_own():
    schema = plan_schema(MATRIX)
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(harbour(), schema)
    jsonschema.validate(report_data(report_of(harbour())), report_schema())
    with pytest.raises(PlanError) as caught:
        check_plan(harbour(ports={"door-bus": 1}, corrections=["clock-silent"]), matrix=MATRIX)
    ports, corrections = caught.value.faults
    assert ports.where == "ports.door-bus"
    assert "console-ui, ledger-store, panel-port, relay-link, stream-main" in ports.message
    assert "allowed are panel-typo, relay-inbound" in corrections.message


@pytest.mark.parametrize("example", read_examples(), ids=lambda example: example.slug)
def test_a_plan_of_the_shipped_product_is_none_of_it(example):
    with pytest.raises(PlanError) as caught:
        read_plan(example.data, matrix=MATRIX)
    assert "allowed are console-main, console-standby, ledger, relay" in str(caught.value)


# --- the pages ---------------------------------------------------------------------------------------------------


def test_the_first_page_names_the_product_and_takes_a_plan_of_it(client, gatekeeper):
    home = Page(client.get("/"))
    assert "Gatekeeper" in home.text("h1")
    answer = client.post("/plans/import/", {"text": HARBOUR.read_text("utf-8")}, follow=True)
    assert "Harbour" in Page(answer).text(id="heading")
    assert re.fullmatch(r"/plans/[0-9a-f-]{36}/", answer.redirect_chain[-1][0])


def test_the_topology_has_its_labels(client, address):
    text = Page(client.get(address)).text(id="panel")
    for label in ("main console", "standby console", "ledger", "relay", "guards", "Door controller", "Camera"):
        assert label in text


def test_the_decisions_are_its_choices_with_their_options(client, address):
    page = Page(client.get(address, {"panel": "decisions"}))
    shown = page.one(id="panel").iter("input")
    assert [field.get("value") for field in shown if field.get("name") == "choice"] == [
        "door-transport", "audit-copy", "stream-kinds",
    ]  # fmt: skip
    fields = [field for field in page.one(id="panel").iter("input") if field.get("name") == "option"]
    options = {field.get("id"): field for field in fields}
    assert set(options) == {
        "choice-door-transport-plain", "choice-door-transport-sealed", "choice-door-transport-none",
        "choice-audit-copy-no", "choice-audit-copy-yes", "choice-stream-kinds-main", "choice-stream-kinds-preview",
    }  # fmt: skip
    assert options["choice-stream-kinds-main"].get("type") == "checkbox"
    assert options["choice-audit-copy-no"].get("type") == "radio"
    assert {id_ for id_, field in options.items() if field.get("checked") is not None} == {
        "choice-door-transport-none", "choice-audit-copy-no", "choice-stream-kinds-main",
    }  # fmt: skip
    text = page.text(id="panel")
    for words in ("How are doors spoken to?", "Sealed bus", "TCP 4051 to every door controller.", "§4"):
        assert words in text


def test_the_ports_are_its_configurable_services(client, address):
    page = Page(client.get(address, {"panel": "ports"}))
    assert [field.get("value") for field in page.all("input", name="service")] == [
        "console-ui", "ledger-store", "panel-port", "relay-link", "stream-main",
    ]  # fmt: skip
    assert "udp 7000-7010" in page.text(id="panel")


def test_the_caveats_are_its_own_and_offer_its_corrections(client, address):
    page = Page(client.get(address, {"panel": "caveats"}))
    shown = [field.get("value") for field in page.one(id="panel").iter("input") if field.get("name") == "caveat"]
    assert shown == ["panel-typo", "relay-inbound"]
    text = page.text(id="panel")
    for words in ("Door panels on 4060", "Use TCP 4061 for door panels.", "Clocks", "§a-1"):
        assert words in text


def report_at(client, address, name="json"):
    response = client.get(f"{address}report/{name}")
    assert response.status_code == 200
    return response.content


def test_an_edit_of_each_kind_works_and_changes_the_report(client, address):
    def services():
        flows = json.loads(report_at(client, address))["flows"]
        return {(flow["protocol"], flow["ports"]) for flow in flows}

    assert ("tcp", "4050") in services()
    edits = [
        ("choices/", {"choice": "door-transport", "option": "sealed"}),
        ("choices/", {"choice": "stream-kinds", "option": ["main", "preview"]}),
        ("choices/", {"choice": "audit-copy", "option": "yes"}),
        ("ports/", {"service": "console-ui", "ports": "9443"}),
        ("corrections/", {"caveat": "panel-typo", "answer": "practice"}),
        ("corrections/", {"caveat": "relay-inbound", "answer": "practice"}),
        ("name/", {"name": "Old harbour", "description": ""}),
    ]
    for path, data in edits:
        answer = client.post(address + path, data, follow=True)
        assert answer.status_code == 200
        assert answer.redirect_chain, f"{path} was not accepted"
    assert services() == {
        ("icmp", None), ("tcp", "4051"), ("tcp", "4061"), ("tcp", "554"), ("tcp", "6100"), ("tcp", "8000"),
        ("tcp", "8554"), ("tcp", "8556"), ("tcp", "9100"), ("tcp", "9443"), ("udp", "7000-7010"),
    }  # fmt: skip
    document = read_plan(client.get(f"{address}plan.yaml").content, matrix=MATRIX)
    assert document.name == "Old harbour"
    assert document.choices == {
        "door-transport": "sealed", "audit-copy": "yes", "stream-kinds": ("main", "preview"),
    }  # fmt: skip


def test_an_edit_that_its_matrix_does_not_know_is_refused(client, address):
    for path, data in (
        ("choices/", {"choice": "esxi", "option": "ssh"}),
        ("choices/", {"choice": "audit-copy", "option": "maybe"}),
        ("ports/", {"service": "door-bus", "ports": "1"}),
        ("corrections/", {"caveat": "clock-silent", "answer": "practice"}),
    ):
        answer = client.post(address + path, data)
        assert answer.status_code == 200
        assert "Not saved" in Page(answer).text(id="state")


@pytest.mark.parametrize("view", ["rules", "flows", "findings", "diagram"])
def test_every_view_of_the_report_shows_its_things(client, address, view):
    text = Page(client.get(address, {"view": view})).text(id="report")
    for words in {
        "rules": ("Guards open the console", "tcp 8443", "Control room"),
        "flows": ("Session: Live pictures", "tcp 554"),
        "findings": ("Decide “Door transport”", "How relays report"),
        "diagram": ("Console A", "Yard doors"),
    }[view]:
        assert words in text


@pytest.mark.slow
def test_the_report_comes_in_every_format_with_its_names(client, address):
    sheets = openpyxl.load_workbook(io.BytesIO(report_at(client, address, "xlsx")))
    words = [
        name
        for name, kind in FORMATS.items()
        if name
        not in (
            "pdf",
            "xlsx",
            "closed",
            "checks",
            "goss",
            "blackbox",
            "drawio",
            "mermaid",
            "tickets",
            "netbox",
            "svg",
            "png",
        )
        and not kind.options
    ]
    texts = {name: report_at(client, address, name).decode() for name in words}
    texts["pdf"] = " ".join(read_pages(report_at(client, address, "pdf")))
    texts["xlsx"] = " ".join(str(cell.value) for sheet in sheets for row in sheet for cell in row)
    for name, text in texts.items():
        plain = " ".join(text.split())
        for words in ("Guards open the console", "Console A", "8443", "Door panels on 4060"):
            assert words in plain or (name == "csv" and words.startswith("Door panels")), f"{words} in {name}"
    assert "Gatekeeper" in texts["pdf"]
    assert "Sealed bus" in texts["pdf"]


def test_the_command_reports_on_a_plan_of_it(gatekeeper, tmp_path):
    call_command("report", str(HARBOUR), format="json", output=f"{tmp_path}/", verbosity=0)
    data = json.loads((tmp_path / "harbour.json").read_text("utf-8"))
    assert [line(flow) for flow in data["flows"]] == FLOWS
    assert data["matrix"].startswith("Gatekeeper Network Guide, as received edition 4")


def test_the_page_of_the_matrix_lists_and_finds_its_rows(client, gatekeeper):
    whole = Page(client.get("/matrix/")).text()
    for requirement in MATRIX.requirements:
        assert requirement.name in whole
    found = Page(client.get("/matrix/", {"text": "4051"})).text()
    assert "Firmware goes over the door bus." in found
    assert "A copy is drawn at night." not in found


def test_a_stored_plan_of_the_shipped_product_is_told_which_products_are_here(client, gatekeeper):
    old = read_plan(read_examples()[0].data, matrix=shipped_matrix())
    answer = client.get(f"/plans/{give(actions.create_plan(plan=old, matrix=shipped_matrix(), summary='Test'))}/")
    assert answer.status_code == 503
    assert "There is no port matrix of 'passwordstate' here; there are gatekeeper." in Page(answer).text()


# --- nothing of the shipped product shows through ----------------------------------------------------------------


def words_of_the_shipped_product():
    """What its matrix calls its things, in any report and on any page: no word of another product's."""
    matrix = shipped_matrix()
    names = {matrix.product, "website", "agent", "gateway", "portal", "heartbeat", "discovery", "1433", "464"}
    for items in (matrix.roles, matrix.platforms, matrix.operations, matrix.sessions, matrix.services, matrix.choices):
        names |= {item.name for item in items.values()}
    names |= {role.label for role in matrix.roles.values()}
    return sorted(name for name in names if len(name) > 2)


def find_words(text):
    # Codes of findings are the same for every product.
    # Of host firewalls Windows' alone has rules of its own, and a matrix may name them.
    codes = r"sessions-without-gateway|site-without-agent|operations-without-engine|Windows’ own rules"
    text = re.sub(codes, "", " ".join(text.split()))
    return [
        word for word in words_of_the_shipped_product() if re.search(rf"\b{re.escape(word)}\b", text, re.IGNORECASE)
    ]


@pytest.mark.parametrize("document", [harbour(), TROUBLE], ids=["harbour", "trouble"])
@pytest.mark.parametrize("name", ["json", "csv", "markdown", "html"])
def test_no_report_on_it_has_a_word_of_the_shipped_product(name, document):
    text = FORMATS[name].render(report_of(document)).decode()
    assert find_words(re.sub(r"<style>.*?</style>|<svg.*?</svg>|<meta[^>]*>", "", text, flags=re.DOTALL)) == []


@pytest.mark.parametrize(
    "path",
    [
        "/", "/plans/import/", "/matrix/", "?panel=topology", "?panel=decisions", "?panel=ports", "?panel=caveats",
        "?view=flows", "?view=findings", "?view=diagram",
    ],
)  # fmt: skip
def test_no_page_of_it_has_a_word_of_the_shipped_product(client, address, path):
    page = Page(client.get(address + path if path.startswith("?") else path))
    fields = [element.get(name) or "" for element in page.all() for name in ("placeholder", "title", "aria-label")]
    text = " | ".join([page.text("body"), page.text("title"), *fields])
    for kind in FORMATS.values():  # firewalls that a report can be written for are not the product's
        text = text.replace(kind.label, "")
    assert find_words(text) == []
