"""What holds for every plan, however odd: properties over generated plans and names."""

import csv
import io
import json
import re
from collections import Counter
from html.parser import HTMLParser
from itertools import batched, cycle, product

import openpyxl
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from pypdf import PdfReader

from planner.engine import Report, evaluate_report
from planner.engine.rules import Ports
from planner.plan.document import Plan, check_plan, dump_plan, read_plan
from planner.plan.rows import Renames, apply_renames
from planner.plan.syntax import to_json, to_yaml
from planner.report import FORMATS
from planner.report.diagram.diagram import render_diagram, render_overview
from planner.report.formats.json import render_json
from ports.matrix import ZONE_KINDS
from ports.queries import shipped_matrix
from ports.text import show_line
from tests.report.samples import in_lots
from tests.strategies import HOSTILE_NAMES, documents, often

MATRIX = shipped_matrix()
DOCUMENTS = documents(MATRIX)


def check(document) -> Plan:
    return check_plan(document, matrix=MATRIX)


def evaluate(document) -> Report:
    return evaluate_report(MATRIX, check(document))


# --- the engine and the document ---------------------------------------------------------------------------------
# Each property is a function of its own, which is named where it doesn't hold; all are held against the same plans.


def rules_expand_to_exactly_the_cross_zone_flows_each_once_with_its_own_alternatives(report):
    wanted = [
        (flow.source.name, flow.destination.name, Ports(flow.need.protocol, flow.need.ports), flow.need.any_of)
        for flow in report.flows
        if flow.scope == "cross-zone"
    ]
    covered = [
        (source.name, destination.name, ports, rule.any_of)
        for rule in report.rules
        for source, destination, ports in product(rule.sources, rule.destinations, rule.services)
    ]
    assert Counter(covered) == Counter(wanted)
    assert set(Counter(covered).values()) <= {1}


def each_service_of_a_rule_has_the_names_reasons_and_sections_of_its_own_flows_and_no_other(report):
    needs = {
        (flow.source.name, flow.destination.name, flow.need.protocol, flow.need.ports): flow.need
        for flow in report.flows
    }
    for rule in report.rules:
        facts = zip(rule.services, rule.service_names, rule.service_reasons, rule.service_sections, strict=True)
        for service, names, own, sections in facts:
            asked = [needs[*key] for key in rule.openings() if key[2:] == service]
            assert list(own) == sorted({reason for need in asked for reason in need.reasons})
            assert list(names) == sorted({slug for need in asked for slug in need.services})
            assert sorted(sections) == sorted({section for need in asked for section in need.sections})
        assert set(rule.reasons) == set().union(*rule.service_reasons)


def a_flow_is_listed_once_and_its_scope_follows_from_its_ends(report):
    keys = [(f.source.name, f.destination.name, f.need.protocol, f.need.ports) for f in report.flows]
    assert len(set(keys)) == len(keys)
    for flow in report.flows:
        same = flow.source.name == flow.destination.name
        if same and not flow.source.group:
            assert flow.scope == "same-host"
        else:
            assert flow.scope == ("same-zone" if flow.source.zone == flow.destination.zone else "cross-zone")


def numbers_of_rules_and_codes_of_boundaries_are_unique_and_each_zone_is_in_one_group(report):
    assert sorted(zone for group in report.zone_groups for zone in group.zones) == sorted(
        zone.name for zone in report.plan.zones
    )
    for codes in (
        [group.code for group in report.zone_groups],
        [boundary.code for boundary in report.boundaries],
        [rule.id for rule in report.rules],
    ):
        assert len(set(codes)) == len(codes)
    for boundary in report.boundaries:
        for rule in boundary.rules:
            assert set(rule.source_zones) <= set(boundary.source.zones)
            assert set(rule.destination_zones) <= set(boundary.destination.zones)


def every_open_alternative_is_asked_for_and_nothing_else_is(report):
    open_choices = {mark.choice for flow in report.flows for mark in flow.need.any_of}
    assert {decision.choice.slug for decision in report.decisions} == open_choices
    assert open_choices.isdisjoint(report.plan.choices)


def it_survives_json_and_yaml_is_dumped_as_it_was_and_gives_the_same_bytes(report):
    plan = report.plan
    dumped = dump_plan(plan)
    for text, syntax in ((to_yaml(dumped), "yaml"), (to_json(dumped), "json")):
        again = read_plan(text.encode(), matrix=MATRIX, syntax=syntax)
        assert again == plan
        assert dump_plan(again) == dumped
    assert check(dumped) == plan
    assert render_json(evaluate_report(MATRIX, again)) == render_json(report)


@settings(max_examples=often(150))
@given(DOCUMENTS, st.randoms(use_true_random=False))
def test_of_any_plan_holds_all_that_is_said_of_plans(document, random):
    report = evaluate(document)
    rules_expand_to_exactly_the_cross_zone_flows_each_once_with_its_own_alternatives(report)
    each_service_of_a_rule_has_the_names_reasons_and_sections_of_its_own_flows_and_no_other(report)
    a_flow_is_listed_once_and_its_scope_follows_from_its_ends(report)
    numbers_of_rules_and_codes_of_boundaries_are_unique_and_each_zone_is_in_one_group(report)
    every_open_alternative_is_asked_for_and_nothing_else_is(report)
    it_survives_json_and_yaml_is_dumped_as_it_was_and_gives_the_same_bytes(report)
    shuffled = document | {key: random.sample(document[key], len(document[key])) for key in ("zones", "endpoints")}
    assert flows_of(evaluate(shuffled)) == flows_of(report), "the order of zones and endpoints changes no flow"


def flows_of(report):
    return json.dumps(json.loads(render_json(report))["flows"])


# --- the formats -------------------------------------------------------------------------------------------------


@pytest.mark.slow
@settings(max_examples=often(60))
@given(DOCUMENTS)
def test_tables_of_any_plan_can_be_read_back_and_json_has_names_as_typed(document):
    report = evaluate(document)
    data = json.loads(FORMATS["json"].render(report))
    assert data["plan"] == document["name"]
    assert {flow["source"] for flow in data["flows"]} <= {endpoint["name"] for endpoint in document["endpoints"]}
    rows = list(csv.reader(io.StringIO(FORMATS["csv"].render(report).decode("utf-8-sig"), newline="")))
    assert [len(row) for row in rows] == [len(rows[0])] * (len(report.flows) + 1)
    book = openpyxl.load_workbook(io.BytesIO(FORMATS["xlsx"].render(report)))
    assert book["Flows"].max_row == len(report.flows) + 1
    cells = [cell for sheet in book for row in sheet for cell in row]
    assert not [cell for cell in cells if cell.data_type == "f" or (cell.hyperlink and cell.hyperlink.target)]
    markdown = FORMATS["markdown"].render(report).decode()
    assert "<" not in markdown.replace("<br>", "").replace("<!-- -->", "")


GRAPHVIZ_COMMENT = re.compile(
    r"\s*(Generated by graphviz version [\d.() ]+|[A-Za-z0-9_]+(&#45;&gt;[A-Za-z0-9_]+)?)\s*"
)
"""What Graphviz writes between <!-- and -->: ids of our own, never a name."""


class Page(HTMLParser):
    """The text of a document, and the structure of its elements."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.texts: list[str] = []
        self.elements: list[tuple[str, tuple[str, ...]]] = []
        self.others: list[str] = []
        self.links: set[str] = set()
        self.feed(text)
        self.close()
        self.all_text = _plain(" ".join(self.texts))

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, tuple(sorted(name for name, _ in attrs))))
        self.links |= {value[:1] for name, value in attrs if name in ("href", "xlink:href", "src", "action")}

    def handle_data(self, data):
        self.texts.append(data)

    def handle_comment(self, data):
        self.others.append(data)

    handle_pi = unknown_decl = handle_comment


def _plain(text: str) -> str:
    """Text with every space the same: Graphviz writes some of them as no-break spaces."""
    return re.sub(r"\s+", " ", text)


def rename(document):
    """The plan with harmless names that sort like its own; the structure of its pages must be the same."""

    def harmless(letter, values):
        return {value: f"{letter}{rank:03d}" for rank, value in enumerate(sorted(set(values)))}

    renames = Renames(
        zones=harmless("Z", [zone["name"] for zone in document["zones"]]),
        endpoints=harmless("E", [endpoint["name"] for endpoint in document["endpoints"]]),
    )
    reasoned = ("additional_flows", "exclusions", "never", "expect")
    reasons = harmless("R", [row["reason"] for key in reasoned for row in document.get(key, [])])
    firewalls = harmless("F", [firewall["name"] for firewall in document.get("firewalls", [])])
    renamed = apply_renames(document, renames) | {
        "name": "Plan",
        "description": re.sub(r"[^\r\n]", "x", document.get("description", "")),
    }
    for key in reasoned:
        renamed[key] = [row | {"reason": reasons[row["reason"]]} for row in renamed.get(key, [])]
    renamed["firewalls"] = [row | {"name": firewalls[row["name"]]} for row in renamed.get("firewalls", [])]
    return renamed


def without_bdi(page):
    """The elements but those that names from right to left stand in; nothing else of a document depends on a name."""
    return [(tag, names) for tag, names in page.elements if tag != "bdi"]


@settings(max_examples=often(35))
@given(documents(MATRIX, most=5))
def test_names_are_text_in_the_web_page_and_change_nothing_of_its_structure(document):
    page = Page(FORMATS["html"].render(evaluate(document)).decode())
    for name in (document["name"], *(e[key] for e in document["endpoints"] for key in ("name", "zone"))):
        assert _plain(show_line(name)) in page.all_text
    assert page.links <= {"#"}
    assert [text for text in page.others if not GRAPHVIZ_COMMENT.fullmatch(text)] == []
    plain = Page(FORMATS["html"].render(evaluate(rename(document))).decode())
    assert without_bdi(page) == without_bdi(plain)


@settings(max_examples=often(35))
@given(documents(MATRIX, most=5))
def test_names_are_text_in_the_diagrams(document):
    report = evaluate(document)
    diagram, overview = Page(render_diagram(report)), Page(render_overview(report))
    names = [show_line(item["name"]) for key in ("zones", "endpoints") for item in document[key]]
    for name in names:
        assert _plain(name if len(name) <= 30 else f"{name[:29]}…") in diagram.all_text
    for page in (diagram, overview):
        assert {tag for tag, _ in page.elements} <= {"svg", "title", "g", "polygon", "rect", "path", "text"}
        assert not [name for _, names in page.elements for name in names if name.startswith("on") or "href" in name]


def write_named(names, kinds=("dmz",)):
    """A plan in which everything that has a name has one of these, and its own name has all of them."""
    return {
        "format": 1,
        **dict.fromkeys(("name", "description"), " / ".join(names)),
        "zones": [
            *({"name": name, "kind": kind} for name, kind in zip(names, cycle(kinds), strict=False)),
            {"name": "Z", "kind": "internal"},
        ],
        "endpoints": [
            *({"name": name, "zone": name, "roles": ["web-primary"]} for name in names),
            {"name": "E", "zone": "Z", "platforms": ["windows"], "operations": ["reset"], "managed_by": names},
        ],
        "additional_flows": [
            {"source": name, "destination": "E", "protocol": "tcp", "ports": "1", "reason": name} for name in names
        ],
    }


@pytest.mark.parametrize("names", in_lots(HOSTILE_NAMES), ids=ascii)
def test_names_of_ill_repute_are_shown_as_they_are_wherever_a_name_can_stand(names):
    document = write_named(names)
    report = evaluate(document)
    html, plain = (
        Page(FORMATS["html"].render(report).decode()),
        Page(FORMATS["html"].render(evaluate(rename(document))).decode()),
    )
    assert sorted(without_bdi(html)) == sorted(without_bdi(plain))
    # What can't be seen is written out, in the pictures too.
    diagram, ranks = Page(render_diagram(report)).all_text, sorted([*names, "E"])
    # Where several zones are alike, an overview counts them.
    few = [evaluate(write_named(some, ZONE_KINDS)) for some in batched(names, len(ZONE_KINDS))]
    overviews = " ".join(Page(render_overview(one)).all_text for one in few)
    for name in names:
        visible = show_line(name)
        assert html.all_text.count(_plain(visible)) >= plain.all_text.count(f"E{ranks.index(name):03d}") > 2
        shown = _plain(visible if len(visible) <= 30 else f"{visible[:29]}…")
        assert diagram.count(shown) >= 2
        assert shown in overviews


@settings(
    max_examples=often(5), phases=[Phase.generate]
)  # each takes a while, so no search for a smaller one that fails
@given(documents(MATRIX, most=4))
@pytest.mark.slow
def test_any_plan_can_be_printed(document):
    report = evaluate(document)
    pdf = PdfReader(io.BytesIO(FORMATS["pdf"].render(report)))
    bookmarks = [_plain(str(item["/Title"])) for item in pdf.outline if not isinstance(item, list)]
    name = _plain(show_line(document["name"]))
    assert bookmarks[0] == "Sign-off"
    assert {"Summary", "Findings", "Legend"} <= set(bookmarks)
    assert _plain(str(pdf.metadata.title)) == f"{name} · port requirements"


@pytest.mark.parametrize("name", sorted(name for name, kind in FORMATS.items() if not kind.part))
def test_the_plan_without_endpoints_is_rendered_in_every_format(name):
    empty = {"format": 1, "name": "Empty", "zones": [{"name": "Z", "kind": "internal"}], "endpoints": []}
    assert FORMATS[name].render(evaluate(empty))
