"""A kind of zone is one entry of a table: nothing else in the code says what kinds there are."""

import re
from pathlib import Path

import pytest

from planner.engine import evaluate_report
from planner.plan import document
from planner.plan.document import DRAFT_07, PlanError, catalogued_schema, check_plan, plan_schema
from planner.plan.endpoint_import import Wishes, compare
from planner.plan.endpoint_table import read_sheet
from planner.plan.kinds import KINDS, USUAL, ZoneKind
from planner.report.diagram.diagram import render_svg
from planner.web.forms.topology import ZoneForm
from ports.matrix import ZONE_KINDS
from ports.queries import shipped_matrix
from tests.sources import texts_of

ROOT = Path(__file__).resolve().parents[2]
MATRIX = shipped_matrix()
MOONBASE = ZoneKind(
    slug="moonbase", name="moonbase zone", plural="moonbase zones", code="MOON", order=3, trust=1,
    colour="#123456", help="A network of somebody else.", allows_any=True, own_code=True,
)  # fmt: skip
PLAN = {
    "format": 1,
    "name": "P",
    "zones": [{"name": "Inside", "kind": "internal"}, {"name": "Theirs", "kind": "moonbase"}],
    "endpoints": [
        {"name": "PS01", "zone": "Inside", "roles": ["web-primary"]},
        {"name": "Staff", "zone": "Theirs", "roles": ["website-user"], "group": True, "addresses": ["any"]},
    ],
}


@pytest.fixture
def moonbase(monkeypatch):
    document._plan_model.cache_clear()
    monkeypatch.setitem(KINDS, "moonbase", MOONBASE)
    yield
    document._plan_model.cache_clear()


def test_the_matrix_names_no_kind_that_the_table_lacks():
    assert set(ZONE_KINDS) <= KINDS.keys()


def test_an_entry_says_all_and_nothing_twice():
    assert USUAL in KINDS
    for attribute in ("slug", "name", "plural", "code", "order", "colour"):
        values = [getattr(kind, attribute) for kind in KINDS.values()]
        assert len(set(values)) == len(values), attribute
    assert all(slug == kind.slug for slug, kind in KINDS.items())
    assert all(re.fullmatch(r"[A-Z]{2,4}", kind.code) and kind.help.endswith(".") for kind in KINDS.values())
    chapters = sorted(ZONE_KINDS, key=lambda slug: KINDS[slug].order)
    assert chapters == ["internet", "dmz", "cloud", "internal", "remote-site"]


def test_nothing_else_in_the_code_names_a_kind():
    allowed = {ROOT / "planner/plan/kinds.py"}
    found = [
        f"{path.relative_to(ROOT)}:{line}: {text!r}"
        for path in sorted((ROOT / "planner").rglob("*.py"))
        if path not in allowed
        for line, text in texts_of(path)
        if text in KINDS
    ]
    assert found == []


def test_the_pages_have_the_colours_of_the_diagrams():
    tokens = (ROOT / "static/css/parts/tokens.css").read_text("utf-8")
    for kind in KINDS.values():
        assert re.findall(rf"--{kind.slug}: (#\w+);", tokens)[:1] in ([], [kind.colour]), kind.slug


def test_every_kind_is_documented():
    text = (ROOT / "docs/plan-format.md").read_text("utf-8")
    assert [slug for slug in KINDS if f"`{slug}`" not in text] == []


@pytest.mark.usefixtures("moonbase")
def test_a_kind_that_is_added_to_the_table_is_known_everywhere():
    report = evaluate_report(MATRIX, check_plan(PLAN, matrix=MATRIX))
    assert next(rule.id for boundary in report.boundaries for rule in boundary.rules).startswith("MOON-")
    assert "moonbase" in plan_schema(MATRIX)["$defs"]["Zone"]["properties"]["kind"]["enum"]
    assert MOONBASE.colour.encode() in render_svg(report)
    sheet = read_sheet(b"name,zone,zone_kind\nX,Other,moonbase\n")
    assert compare(sheet, PLAN, Wishes(), matrix=MATRIX).made == {"Other": "moonbase"}
    assert ZoneForm({"name": "N", "kind": "moonbase"}).is_valid()


def test_a_kind_that_the_table_lacks_is_refused_with_those_that_it_has():
    known = "allowed are internal, dmz, internet, cloud, remote-site"
    with pytest.raises(PlanError, match=rf"zones\[1\]\.kind: 'moonbase' is not known here; {known}"):
        check_plan(PLAN, matrix=MATRIX)
    assert not ZoneForm({"name": "N", "kind": "moonbase"}).is_valid()


def test_the_schema_for_catalogues_differs_in_its_draft_and_its_address():
    made = catalogued_schema(MATRIX, "https://planner.example/plan.json")
    assert (made.pop("$schema"), made.pop("$id")) == (DRAFT_07, "https://planner.example/plan.json")
    assert made == {key: value for key, value in plan_schema(MATRIX).items() if key not in ("$schema", "$id")}
