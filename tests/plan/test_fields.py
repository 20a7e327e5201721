"""A field of the plan is one entry of a table: one that is added there is read, kept, said, shown and compared."""

import json
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import Field

from planner.engine import evaluate_report
from planner.plan import document as documents_module
from planner.plan import reading
from planner.plan.blueprint import losses
from planner.plan.blueprint.lost import describe_fields
from planner.plan.cells import write_cells
from planner.plan.changes import apply, compare_documents
from planner.plan.document import PlanError, check_plan, dump_plan, plan_schema
from planner.plan.edits import EDITS, NotPossible
from planner.plan.endpoint_import import Wishes, compare
from planner.plan.endpoint_table import list_columns, read_sheet, template
from planner.plan.field import describe, part_of
from planner.plan.fields import (
    PARTS,
    AdditionalFlow,
    Endpoint,
    Exclusion,
    Expectation,
    Never,
    Plan,
    Zone,
    forget_gone,
)
from planner.plan.merge import rebase
from planner.plan.rows import NO_RENAMES, Renames, apply_renames
from planner.plan.summaries import say
from planner.web.forms.topology import EndpointForm, Opened, describe_topology
from ports.actions import load_matrix
from ports.queries import SHIPPED, shipped_matrix
from tests.plan.test_edit_sequences import edits
from tests.sources import texts_of
from tests.strategies import documents, often
from tests.web.views.pages import Page, store

ROOT = Path(__file__).resolve().parents[2]
MATRIX = shipped_matrix()


@dataclass(frozen=True, slots=True, kw_only=True)
class Owned(Endpoint):
    """An endpoint with fields that no version of the format has."""

    owner: str = field(
        default="",
        metadata=describe(
            reading.PROSE,
            said=("owner", "owners"),
            lost=("the owner", ""),
            widget="text",
            title="Who looks after it",
            column="Who looks after it.",
        ),
    )
    backups: tuple[str, ...] = field(
        default=(),
        metadata=describe(reading.NAMES, key="backed-up-by", names="endpoints", said=("backup", "backups")),
    )
    own_ports: dict = field(
        default_factory=dict,
        metadata=describe(reading.PORTS, key="own ports", merges="keys", said=("own port", "own ports")),
    )
    distances: dict = field(
        default_factory=dict,
        metadata=describe(reading.Reader(type=lambda _: dict[str, str], shape="mapping"), names="endpoints"),
    )
    racks: int | None = field(
        default=None, metadata=describe(reading.Reader(type=lambda _: Annotated[int, Field(ge=1)] | None))
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Routed(AdditionalFlow):
    """A flow with a field that no version of the format has."""

    through: tuple[str, ...] = field(default=(), metadata=describe(reading.NAMES, names="endpoints"))


def make_plan():
    return {
        "format": 1,
        "name": "P",
        "zones": [{"name": "Inside", "kind": "internal"}],
        "endpoints": [
            {"name": "PS01", "zone": "Inside", "roles": ["web-primary"], "owner": "Kim"},
            {
                "name": "SQL01", "zone": "Inside", "roles": ["database"], "owner": "Lee",
                "backed-up-by": ["PS01"], "own ports": {"ssh": "2222"},
            },
        ],
    }  # fmt: skip


@pytest.fixture
def owned(monkeypatch):
    documents_module._plan_model.cache_clear()
    monkeypatch.setitem(PARTS, "endpoints", part_of("endpoints", Owned))
    monkeypatch.setitem(PARTS, "additional_flows", part_of("additional_flows", Routed))
    yield make_plan()
    documents_module._plan_model.cache_clear()


def edit(document, what, /, **params):
    return apply(document, EDITS[what](document, params))


def test_a_field_that_is_added_is_read_and_written(owned):
    plan = check_plan(owned, matrix=MATRIX)
    assert (plan.endpoints[1].owner, plan.endpoints[1].backups) == ("Lee", ("PS01",))
    assert dump_plan(plan) == owned
    properties = plan_schema(MATRIX)["$defs"]["Owned"]["properties"]
    assert {"owner", "backed-up-by", "own ports"} <= properties.keys()
    for value, sentence in (
        ({"owner": 5}, "owner: This must be text, found 5."),
        ({"racks": 0}, "racks: Input should be greater than or equal to 1, found 0."),  # pydantic's own words
    ):
        with pytest.raises(PlanError) as caught:
            check_plan(owned | {"endpoints": [owned["endpoints"][0] | value]}, matrix=MATRIX)
        assert str(caught.value) == f"endpoints[0].{sentence}"


def test_a_field_that_is_added_is_edited_and_the_edit_says_so(owned):
    made = EDITS["edit-endpoint"](owned, {"endpoint": "SQL01", "changes": {"owner": "Max"}})
    assert say(made) == "SQL01: owner changed from Lee to Max"
    assert apply(owned, made)["endpoints"][1] == owned["endpoints"][1] | {"owner": "Max"}
    changes = {"owner": "", "backed-up-by": [], "own ports": {"ssh": "22", "vnc": "5901"}}
    gone = EDITS["edit-endpoint"](owned, {"endpoint": "SQL01", "changes": changes})
    assert say(gone) == "SQL01: owner Lee removed; backup PS01 removed; own ports ssh and vnc changed"
    endpoint = check_plan(apply(owned, gone), matrix=MATRIX).endpoints[1]
    assert (endpoint.owner, endpoint.backups, endpoint.own_ports) == ("", (), {"ssh": "22", "vnc": "5901"})
    assert edit(owned, "duplicate-endpoint", endpoint="SQL01")["endpoints"][2]["owner"] == "Lee"


def test_a_field_that_is_added_meets_only_edits_of_the_same_field(owned):
    mine = EDITS["edit-endpoint"](owned, {"endpoint": "SQL01", "changes": {"owner": "Max"}})
    for changes, met in (({"owner": "Kim"}, True), ({"owner": "Max"}, False), ({"backed-up-by": []}, False)):
        now = edit(owned, "edit-endpoint", endpoint="SQL01", changes=changes)
        assert rebase(mine, now, NO_RENAMES)[1] == ((("endpoints", "SQL01", "owner"),) if met else ())
    ports = EDITS["edit-endpoint"](owned, {"endpoint": "SQL01", "changes": {"own ports": {"ssh": "22"}}})
    now = edit(owned, "edit-endpoint", endpoint="SQL01", changes={"own ports": {"ssh": "2222", "vnc": "5901"}})
    both, met = rebase(ports, now, NO_RENAMES)
    assert not met, "each key of a mapping is a field of its own"
    assert apply(now, both)["endpoints"][1]["own ports"] == {"ssh": "22", "vnc": "5901"}


def test_names_in_a_field_that_is_added_follow_renames_and_deletions(owned):
    owned["endpoints"] += [{"name": "GW01", "zone": "Inside", "distances": {"PS01": "far", "SQL01": "near"}}]
    flow = FLOW | {"source": "GW01", "destination": "GW01"}
    owned["additional_flows"] = [flow | {"through": ["SQL01", "PS01"]}]
    renamed = apply_renames(owned, Renames(endpoints={"PS01": "Web"}))
    assert renamed["endpoints"][1]["backed-up-by"] == ["Web"]
    assert renamed["endpoints"][2]["distances"] == {"Web": "far", "SQL01": "near"}
    assert renamed["additional_flows"][0]["through"] == ["SQL01", "Web"]
    left = edit(owned, "delete-endpoint", endpoint="PS01")
    assert "backed-up-by" not in left["endpoints"][0]
    assert left["endpoints"][1]["distances"] == {"SQL01": "near"}
    assert left["additional_flows"] == [flow | {"through": ["SQL01"]}]
    assert edit(left, "delete-endpoint", endpoint="SQL01")["additional_flows"] == [flow]


def test_what_a_module_takes_away_is_forgotten_by_a_field_that_is_added(owned):
    plan = check_plan(owned | {"additional_flows": [FLOW]}, matrix=MATRIX)
    left = forget_gone(replace(plan, endpoints=plan.endpoints[1:]))
    assert left.endpoints == (replace(plan.endpoints[1], backups=()),)
    assert left.additional_flows == ()
    assert forget_gone(plan) == plan


FLOW = {"source": "PS01", "destination": "SQL01", "protocol": "icmp", "reason": "R"}


def test_a_field_that_is_added_is_a_column_of_the_table(owned):
    assert list_columns()["owner"] == "Who looks after it."
    assert b",owner" in template(owned, MATRIX).splitlines()[0]
    sheet = read_sheet(b"name,zone,owner\nX,Inside,Max\n")
    assert compare(sheet, owned, Wishes(), matrix=MATRIX).params["endpoints"][0]["owner"] == "Max"
    assert write_cells(owned["endpoints"][0])["owner"] == "Kim"


def test_a_field_that_is_added_stands_in_the_editor(owned):
    form = EndpointForm(row=owned["endpoints"][0])
    assert form.shown["owner"] == "Kim"
    report = evaluate_report(MATRIX, check_plan(owned, matrix=MATRIX))
    (item,) = describe_topology(report, Opened("edit", "PS01"), None)["editor"].texts
    assert (item["entry"].title, item["value"]) == ("Who looks after it", "Kim")


@pytest.mark.django_db
def test_a_field_that_is_added_is_changed_on_the_page(client, owned):
    load_matrix(path=SHIPPED)
    row, key = store(owned)
    page = Page(client.get(f"/plans/{key}/?edit=SQL01"))
    assert page.one("input", id="endpoint-owner").get("value") == "Lee"
    data = {"target": "SQL01", "name": "SQL01", "zone": "Inside", "roles": "database", "owner": "Max", "base": "1"}
    client.post(f"/plans/{key}/endpoints/edit/", data)
    row.refresh_from_db()
    assert row.document["endpoints"][1] == owned["endpoints"][1] | {"owner": "Max"}, "and what the form lacks stays"
    assert row.revisions.get(number=2).summary == "SQL01: owner changed from Lee to Max"


def test_what_a_module_would_lose_of_a_field_that_is_added_is_listed(owned):
    old = check_plan(owned, matrix=MATRIX).endpoints[0]
    assert list(describe_fields(MATRIX, "endpoints", old, replace(old, owner=""))) == ["“PS01”: the owner “Kim”"]
    assert losses(MATRIX, check_plan(owned, matrix=MATRIX), "portal", ("dmz",)) == ()


# ---- nothing gets lost ----

UNKNOWING = ("zones", "endpoints", "exclusions", "never", "additional_flows")
STRANGE = {"colour": "red", "size": [1, {"x": None}]}


def with_strangers(document):
    """The document with keys in it that no version of the format knows, in every place that may have some."""
    rows = {key: [row | STRANGE for row in document[key]] for key in UNKNOWING if key in document}
    return {**document, **rows, "future": STRANGE}


@settings(max_examples=often(120))
@given(documents(MATRIX), st.data())
def test_an_edit_keeps_what_it_doesnt_know(document, data):
    document = dump_plan(check_plan(document, matrix=MATRIX))
    name, params = data.draw(edits(document))
    named = {"edit-flow": "flow", "delete-flow": "flow", "delete-exclusion": "exclusion", "delete-never": "row"}
    about = named.get(name)
    if about:
        params = params | {about: params[about] | STRANGE}
    try:
        after = edit(with_strangers(document), name, **params)
        plain = edit(document, name, **(params | ({about: without(params[about])} if about else {})))
    except NotPossible:
        return
    assert after["future"] == STRANGE
    came = {"add-zone", "add-endpoint", "add-endpoints", "edit-endpoints", "add-flow", "add-exclusion", "add-never"}
    came.add("add-firewalls")
    for key in UNKNOWING:
        rows = after.get(key, [])
        assert [without(row) for row in rows] == plain.get(key, []), "and does what it would do without"
        strange = [row for row in rows if STRANGE.items() <= row.items()]
        assert len(rows) - len(strange) <= (len(params.get("rows", [1])) if name in came else 0)


def without(row):
    return {key: value for key, value in row.items() if key not in STRANGE}


@settings(max_examples=often(60))
@given(documents(MATRIX), st.data())
def test_an_edit_of_one_field_keeps_all_others(document, data):
    document = dump_plan(check_plan(document, matrix=MATRIX))
    if not document["endpoints"]:
        return
    target = data.draw(st.sampled_from(document["endpoints"]))["name"]
    entry = data.draw(st.sampled_from([e for e in PARTS["endpoints"].fields if e.reads.shape == "list"]))
    after = edit(document, "edit-endpoint", endpoint=target, changes={entry.key: ["10.77.77.77"]})
    assert {change.where for change in compare_documents(document, after)} <= {("endpoints", target, entry.key)}


# ---- nothing stands twice ----

SPEAKING = ("addresses", "platforms", "operations", "sessions", "managed_by")
"""Keys that mean nothing else; name, zone or roles are words of other things as well."""


def test_nothing_else_in_the_code_names_a_field_of_an_endpoint():
    allowed = {
        "planner/engine/existing/readers/windows.py": {"addresses", "platforms"},  # of a host and its rules
        "planner/plan/blueprint/again.py": {"addresses"},  # as an answer brought them
        "planner/plan/inventories.py": set(SPEAKING),  # which of them columns of other programs become
        "planner/plan/endpoint_import.py": {"addresses"},  # by which rows are matched
        "planner/plan/endpoint_sets.py": set(SPEAKING) - {"managed_by"},  # by which they are named together
        "planner/report/checks/bundle.py": {"addresses"},  # of a check, which other programs read
        "planner/store/compared.py": {"addresses"},  # with which a comparison was made
        "planner/report/formats/json.py": {"addresses"},  # of a comparison, which other programs read
        "planner/report/paper/report_pages.py": {"addresses"},  # the plural of a word
        "planner/report/said/todo.py": {"addresses"},  # likewise
        "planner/report/said/life.py": {"addresses"},  # of a rule's state, which other programs read
        "planner/templatetags/ends.py": {"addresses"},  # a way in which endpoints are shown
        "planner/web/views/showing.py": {"addresses"},  # the same
        "planner/web/views/guided_names.py": {"addresses"},  # what the guided start asks servers for
        "planner/web/forms/several.py": {"operations"},  # what several endpoints are given at once
        "planner/web/views/cures.py": set(SPEAKING),  # which of them cures a finding; test_cures.py compares them
    }
    found = []
    for path in sorted((ROOT / "planner").rglob("*.py")):
        name = str(path.relative_to(ROOT))
        keys = set(SPEAKING) - allowed.get(name, set())
        if name != "planner/plan/row_fields.py" and "/migrations/" not in name:
            found += [f"{name}:{line}: {text}" for line, text in texts_of(path) if text in keys]
    assert found == []
    assert set(SPEAKING) <= PARTS["endpoints"].by_key.keys()


@pytest.mark.parametrize("value", [Plan, Zone, Endpoint, Exclusion, Never, AdditionalFlow, Expectation])
def test_every_field_is_documented(value):
    text = (ROOT / "docs/plan-format.md").read_text("utf-8")
    assert [entry.key for entry in part_of("", value).fields if f"| `{entry.key}` |" not in text] == []


def test_every_part_of_the_table_is_whole():
    for part in PARTS.values():
        for entry in part.fields:
            place = f"{part.key}.{entry.key}"
            assert entry.key, place
            assert (entry.reads.shape == "rows") is (entry.row is not None) is (entry.merges == "rows"), place
            assert entry.merges != "keys" or entry.reads.shape == "mapping", place
            assert not entry.names or entry.check, f"{place} names others, and nothing checks that they are there"
            assert not entry.widget or entry.title, f"{place} has no label"
            assert json.dumps(entry.default if not isinstance(entry.default, tuple) else list(entry.default)), place
    cells = [entry for entry in PARTS["endpoints"].fields if entry.reads.shape != "mapping"]
    assert [entry.key for entry in cells if not entry.column] == []
    assert all(entry.column.endswith(".") for entry in cells)
    mappings = [entry for entry in PARTS["endpoints"].fields if entry not in cells]
    assert [entry.key for entry in mappings if entry.column] == [], "a mapping is no cell of a table"


def test_what_must_stay_closed_is_forgotten_with_the_endpoint_or_zone_that_it_names():
    zones = [{"name": "A", "kind": "internal"}, {"name": "B", "kind": "dmz"}]
    ends = [{"name": name, "zone": "A"} for name in ("one", "two")]
    rows = [
        {"from": {"zone": "B"}, "to": {"endpoint": "one"}, "reason": "R"},
        {"from": {"endpoint": "two"}, "to": {"zone": "A"}, "reason": "R"},
    ]
    document = {"format": 1, "name": "P", "zones": zones, "endpoints": ends, "never": rows}
    plan = check_plan(document, matrix=shipped_matrix())
    assert forget_gone(plan) == plan
    assert forget_gone(replace(plan, endpoints=plan.endpoints[:1])).never == plan.never[:1]
    assert forget_gone(replace(plan, zones=plan.zones[:1])).never == plan.never[1:]
