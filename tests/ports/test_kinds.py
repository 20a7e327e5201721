"""A kind of row is declared once: reading, database, JSON Schema, forms and documentation have what it declares."""

import io
import json
import os
from functools import cache
from pathlib import Path
from typing import Annotated

import jsonschema
import pytest
from django.core.management import call_command

from ports.actions import load_matrix
from ports.matrix import FIELDS, HEAD, KINDS, Row, build_matrix, complete, digest_records, find_faults
from ports.matrix.differences import find_differences
from ports.matrix.marks import LATER, TYPES, Names
from ports.matrix.rows import PARTS, adapter, describe_fields, facets, field_names, row
from ports.matrix.schema import fixture_schema
from ports.models import ROWS, PortMatrix
from ports.queries import SHIPPED, current_matrix, edition_records, read_fixture, shipped_matrix
from tests.each import each
from tests.field_tables import fill_tables, find_declared, list_tables
from tests.ports.records import fixture_text, make_records
from tests.second_matrix.conftest import FIXTURE as SECOND

DOCS = Path(__file__).parents[2] / "docs" / "matrix-format.md"
FACETS = [(name, facet) for name in (*KINDS, *PARTS) for facet in facets(find_declared(name))]
FIRST = Path(__file__).parents[2] / "ports" / "migrations" / "november_2026.json"
DIGESTS = {
    "first": "4b5aa9959bb4e4290c34aa8b2674a3e29d3b5649b115f27b033ff657243ea1ac",
    "small": "b08e57afe09d598850576b57f304ae3618660c55439371e7f002000cd1b1494e",
}
"""Of the fixture that was shipped first, which a migration keeps as it was, and of the small matrix of the tests."""


def brief(records):
    """The same records without the fields that they may leave out."""
    return {
        kind: [
            {
                name: value
                for name, value in record.items()
                if not any(facet.name == name and facet.blank == value for facet in optional(kind))
            }
            for record in rows
        ]
        for kind, rows in records.items()
    }


def optional(kind):
    return [facet for facet in facets(KINDS[kind]) if not facet.required]


@cache
def read_shipped():
    return read_fixture(SHIPPED)


def example(kind):
    """Whole records, and the first of this kind: of the small matrix, of the shipped one, or made up."""
    records = make_records()
    made_up = {facet.name: "x" if facet.store == "text" else facet.blank for facet in facets(KINDS[kind])}
    rows = records.get(kind) or read_shipped().get(kind, ())[-2:] or [made_up]
    return records | {kind: list(rows)}, rows[0]


@pytest.fixture
def declared():
    """A function that makes known a kind which a test has declared, until the test ends."""
    kinds, fields = dict(KINDS), dict(FIELDS)

    def know(facts):
        FIELDS[facts.KIND] = field_names(facts)

    yield know
    for registry, before in ((KINDS, kinds), (FIELDS, fields)):
        registry.clear()
        registry.update(before)


# --- documentation ---------------------------------------------------------------------------------------------------


def test_every_kind_and_every_part_has_its_table():
    assert sorted(list_tables(DOCS.read_text("utf-8"))) == sorted([*KINDS, *PARTS])


def test_the_tables_are_what_the_kinds_declare_as_golden_files_are():
    text = DOCS.read_text("utf-8")
    if os.environ.get("UPDATE_GOLDEN") == "1":
        DOCS.write_text(text := fill_tables(text), "utf-8")
    assert fill_tables(text) == text, "make golden writes the tables anew"


@each(("name", "facet"), FACETS)
def test_every_field_says_what_it_is_for(name, facet):
    description = describe_fields(find_declared(name))[facet.attribute]
    assert description
    assert "|" not in description


# --- database --------------------------------------------------------------------------------------------------------


@each("model", ROWS)
def test_every_field_has_its_column_and_every_column_its_field(model):
    columns = {field.name for field in model._meta.get_fields()}
    assert columns == {"id", "matrix", "position", *FIELDS[model.KIND]}
    for facet in facets(KINDS[model.KIND]):
        column = model._meta.get_field(facet.name)
        assert column.null is facet.nullable
        if not facet.required:
            assert column.get_default() == facet.blank


def test_every_kind_has_its_table_in_the_database():
    assert [model.KIND for model in ROWS] == [kind for kind in KINDS if kind != HEAD]


@pytest.mark.django_db
def test_no_migration_is_missing():
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


# --- what may be left out --------------------------------------------------------------------------------------------


@each("name", DIGESTS)
def test_the_digest_of_a_matrix_is_what_it_was(name):
    """Plans and handovers keep it: a kind or a field that is new has to be marked as one that came later."""
    records = read_fixture(FIRST) if name == "first" else make_records()
    assert digest_records(records) == DIGESTS[name]
    assert build_matrix(records).digest == DIGESTS[name]


@each("path", [FIRST, SECOND])
def test_rows_may_leave_out_what_does_not_apply(path):
    records = read_fixture(path)
    short = brief(records)
    assert short != records
    assert digest_records(short) == digest_records(records)
    assert build_matrix(short) == build_matrix(records)
    assert find_differences(records, short) == ()


@pytest.mark.django_db
def test_a_fixture_with_all_that_is_empty_makes_the_same_rows(tmp_path):
    path = tmp_path / "long.json"
    records = read_fixture(SHIPPED)
    assert brief(records) == records
    rows = [
        {"model": f"ports.{kind}", "fields": complete(kind, row) | ({"slug": row["slug"]} if kind == HEAD else {})}
        for kind, found in records.items()
        for row in found
    ]
    path.write_text(json.dumps(rows), "utf-8")
    load_matrix(path=path)
    assert current_matrix() == shipped_matrix()
    whole = {kind: [complete(kind, row) for row in records.get(kind, ())] for kind in KINDS}
    whole[HEAD][0]["slug"] = records[HEAD][0]["slug"]
    assert edition_records(PortMatrix.objects.get().pk) == whole


@each("kind", KINDS)
def test_what_is_left_out_means_the_same_in_the_file_and_in_code(kind):
    _, record = example(kind)
    for facet in optional(kind):
        left_out = {name: value for name, value in record.items() if name in FIELDS[kind] and name != facet.name}
        read = adapter(KINDS[kind]).validate_python
        assert read(left_out, context=TYPES) == read(left_out | {facet.name: facet.blank}, context=TYPES)
        assert complete(kind, left_out)[facet.name] == facet.blank


@each("kind", KINDS)
def test_what_may_not_be_left_out_is_missed(kind):
    records, record = example(kind)
    for facet in facets(KINDS[kind]):
        if facet.required and facet.name != KINDS[kind].KEY:
            changed = {name: value for name, value in record.items() if name != facet.name}
            where = f"{kind} '{record[KINDS[kind].KEY]}'"
            assert f"{where}: the field '{facet.name}' is missing." in find_faults(
                records | {kind: [changed, *records[kind][1:]]}
            )


@each("kind", KINDS)
def test_null_is_no_way_to_leave_something_out(kind):
    records, record = example(kind)
    for facet in facets(KINDS[kind]):
        faults = find_faults(records | {kind: [record | {facet.name: None}, *records[kind][1:]]})
        said = [fault for fault in faults if f"the field '{facet.name}' has the wrong type, NoneType." in fault]
        assert bool(said) is not facet.nullable


@each("kind", KINDS)
def test_a_field_that_nobody_knows_is_a_fault(kind):
    records, record = example(kind)
    faults = find_faults(records | {kind: [record | {"colour": "red"}, *records[kind][1:]]})
    assert [fault for fault in faults if "'colour' is no field of it; allowed are " in fault]


# --- JSON Schema -----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def validator():
    schema = fixture_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


@pytest.mark.slow
@each("path", [SHIPPED, SECOND])
def test_matrices_fit_the_schema(validator, path):
    validator.validate(json.loads(path.read_text("utf-8")))
    short = [
        {"model": f"ports.{kind}", "fields": row} for kind, rows in brief(read_fixture(path)).items() for row in rows
    ]
    validator.validate(short)


@pytest.mark.slow
@pytest.mark.django_db
def test_what_dumpdata_writes_fits_the_schema(validator):
    load_matrix(path=SHIPPED)
    rows = io.StringIO()
    call_command("dumpdata", "ports", natural_foreign=True, stdout=rows)
    validator.validate(json.loads(rows.getvalue()))


WRONG = [7, "", "Ünfit !", True, None, [7], ["Ünfit !"], [{"colour": 1}], {"colour": 1}, {}, []]


@each("kind", [kind for kind in KINDS if kind != HEAD])
def test_schema_and_reading_know_the_same_fields_types_and_words(validator, kind):
    """What the schema refuses has faults; a value whose type is a fault, or a field, is refused by the schema."""
    whole = validator.schema
    # What it says of rows of other kinds is of no account here, and would be gone through each time.
    [own] = [one for one in whole["items"]["oneOf"] if one["properties"]["model"] == {"const": f"ports.{kind}"}]
    validator = validator.evolve(schema=whole | {"items": own})
    records, record = example(kind)
    for name in (*FIELDS[kind], "colour"):
        for value in WRONG:
            changed = record | {name: value}
            faults = find_faults(records | {kind: [changed, *records[kind][1:]]})
            fits = validator.is_valid([{"model": f"ports.{kind}", "fields": changed}])
            assert fits or faults, (name, value)
            if any("wrong type" in fault or "is no field" in fault or ", not {" in fault for fault in faults):
                assert not fits, (name, value)


# --- a new kind, and a new field -------------------------------------------------------------------------------------


def test_a_kind_that_is_declared_is_read_checked_and_described(declared, records, validator):
    before = digest_records(records)

    @row("prohibition", later=True)
    class Prohibition(Row):
        """What must never be open."""

        slug: str
        """Names it."""
        source: Annotated[str, Names("role")]
        """The role that must not reach …"""
        since: Annotated[str, LATER] = ""
        """A field that came later still."""

    declared(Prohibition)
    assert digest_records(records) == before
    assert find_faults(records) == []
    records["prohibition"] = [{"slug": "never", "source": "user"}]
    assert digest_records(records) != before
    one = digest_records(records)
    assert build_matrix(records).of(Prohibition) == (Prohibition(slug="never", source="user"),)
    records["prohibition"] = [{"slug": "never", "source": "user", "since": ""}]
    assert digest_records(records) == one
    records["prohibition"] = [{"slug": "never", "source": "user", "since": "2027"}]
    assert digest_records(records) != one
    records["prohibition"] = [{"slug": "never", "source": "ghost"}]
    assert find_faults(records) == ["prohibition 'never': there is no role 'ghost'."]
    entry = json.loads(fixture_text(records))[-1]
    assert entry["model"] == "ports.prohibition"
    assert not validator.is_valid([entry])
    assert jsonschema.Draft202012Validator(fixture_schema()).is_valid([entry])
    table = fill_tables("<!-- fields of prohibition -->\n<!-- end -->")
    assert "| `source` | slug of a role | must be there | The role that must not reach … |" in table


# --- what the engine reads -------------------------------------------------------------------------------------------


@each("facts", [*KINDS.values(), *PARTS.values()])
def test_rows_are_frozen_and_have_slots(facts):
    assert facts.__dataclass_params__.frozen
    assert all("__slots__" in vars(kind) for kind in facts.__mro__[:-1])  # so that none has a dict to look into
