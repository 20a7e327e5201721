import json
import re
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest
import yaml
from django.core.management import CommandError, call_command
from django.db import connection

from planner.report.formats.json import report_data
from ports.queries import SHIPPED
from tests.examples import EXAMPLES
from tests.report.samples import contoso, evaluate

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def _without_database(monkeypatch, tmp_path):
    monkeypatch.setitem(connection.settings_dict, "NAME", str(tmp_path / "absent.sqlite3"))


@pytest.fixture
def schema(capsysbinary):
    """Run the command and read what it prints."""

    def read(document, *options):
        call_command("schema", document, *options)
        out, err = capsysbinary.readouterr()
        assert err == b""
        return json.loads(out)

    return read


@pytest.mark.parametrize("document", ["plan", "report", "comparison", "matrix", "results"])
def test_it_prints_a_valid_schema(schema, document):
    printed = schema(document)
    assert printed["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    jsonschema.Draft202012Validator.check_schema(printed)


AT = "https://www.schemastore.org/port-planner.json"
ANNOTATIONS = {"title", "description", "default", "examples"}
ASSERTIONS = {
    "object": {"properties", "required", "additionalProperties", "propertyNames"},
    "array": {"items", "minItems"},
    "string": {"minLength", "maxLength", "pattern"},
    "integer": {"minimum", "maximum"},
    "boolean": set(),
    "null": set(),
}
"""The keywords that our schema may have beside each type: in strict mode Ajv takes no other."""


def list_schemas(schema):
    """A schema and all in it."""
    yield schema
    for key in ("properties", "$defs"):
        for inner in schema.get(key, {}).values():
            yield from list_schemas(inner)
    for inner in (*schema.get("anyOf", ()), schema.get("items")):
        if isinstance(inner, dict):
            yield from list_schemas(inner)
    if "propertyNames" in schema:
        yield {"type": "string"} | schema["propertyNames"]
    if isinstance(schema.get("additionalProperties"), dict):
        yield from list_schemas(schema["additionalProperties"])


def test_it_is_printed_as_a_catalogue_for_editors_takes_it(schema):
    """SchemaStore: draft 07, an address as id, nothing that Ajv refuses in strict mode (cli.js, ajvFactory)."""
    printed = schema("plan", "--at", AT)
    assert (printed["$schema"], printed["$id"]) == ("http://json-schema.org/draft-07/schema#", AT)
    jsonschema.Draft7Validator.check_schema(printed)
    for one in list_schemas(printed):
        known = ANNOTATIONS | {"$schema", "$id", "$defs", "$ref", "anyOf", "enum", "const", "type"}
        known |= ASSERTIONS.get(one.get("type"), set())
        assert one.keys() <= known, one
        assert set(one.get("required", ())) <= one.get("properties", {}).keys(), one
        assert "$ref" not in one or one.keys() <= ANNOTATIONS | {"$ref"}, "what else is said there counts for nothing"
    validator = jsonschema.Draft7Validator(printed)
    validator.validate(contoso())
    assert not validator.is_valid(contoso(choices={"esxi": "telepathy"}))
    assert not validator.is_valid({"format": 1})


@pytest.mark.parametrize("wrong", [("plan", "--at", "urn:x"), ("report", "--at", AT)])
def test_an_address_that_is_none_is_refused(wrong):
    with pytest.raises(CommandError, match="--at takes"):
        call_command("schema", *wrong)


def test_the_plan_schema_takes_plans_and_refuses_what_is_none(schema):
    validator = jsonschema.Draft202012Validator(schema("plan"))
    validator.validate(contoso())
    assert not validator.is_valid(contoso(choices={"esxi": "telepathy"}))
    assert not validator.is_valid({"format": 1})


def test_every_key_of_a_plan_has_a_description_and_an_example_that_it_takes(schema):
    whole = schema("plan")
    assert whole["$id"].startswith("urn:port-planner:plan:1:")
    parts = [whole, *whole["$defs"].values()]
    assert len(parts) > 8
    for part in parts:
        assert part["additionalProperties"] is False
        for key, described in part["properties"].items():
            assert described.get("description", "").endswith((".", "?")), key
            validator = jsonschema.Draft202012Validator({**described, "$defs": whole["$defs"]})
            (example,) = described["examples"]
            validator.validate(example)


@pytest.mark.parametrize("slug", EXAMPLES)
def test_every_ready_made_plan_is_what_the_schema_says(schema, slug):
    document = yaml.safe_load(EXAMPLES[slug].data)
    jsonschema.Draft202012Validator(schema("plan")).validate(document)


def test_every_plan_of_the_docs_is_what_the_schema_says(schema):
    validator = jsonschema.Draft202012Validator(schema("plan"))
    texts = [page.read_text("utf-8") for page in (ROOT / "README.md", *(ROOT / "docs").rglob("*.md"))]
    plans = [
        document
        for text in texts
        for block in re.findall(r"^```yaml\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
        if isinstance(document := yaml.safe_load(block), dict) and "format" in document and "zones" in document
    ]
    assert plans
    for plan in plans:
        validator.validate(plan)


def test_the_report_schema_takes_reports_and_refuses_what_is_none(schema):
    validator = jsonschema.Draft202012Validator(schema("report"))
    data = report_data(evaluate(contoso()))
    validator.validate(data)
    assert not validator.is_valid(data | {"format": 2})
    assert not validator.is_valid(data | {"flows": [{}]})


def test_the_matrix_schema_takes_fixtures_and_refuses_what_is_none(schema):
    validator = jsonschema.Draft202012Validator(schema("matrix"))
    rows = json.loads(SHIPPED.read_text("utf-8"))
    validator.validate(rows)
    assert not validator.is_valid([{**rows[-1], "model": "ports.section"}])
    assert not validator.is_valid({"rows": rows})


def test_another_document_is_refused():
    with pytest.raises(CommandError, match="invalid choice"):
        call_command("schema", "network")


@pytest.mark.slow
def test_it_prints_utf_8_whatever_the_terminal_speaks(tmp_path):
    environment = {
        "PLANNER_DATA": str(tmp_path / "data"),
        "PLANNER_SECRET_KEY": "a key for tests alone, 0123456789",
        "PYTHONIOENCODING": "ascii",
    }
    line = [sys.executable, str(ROOT / "manage.py"), "schema", "plan"]
    done = subprocess.run(line, env=environment, capture_output=True, check=True, timeout=600)
    assert json.loads(done.stdout.decode("utf-8"))["title"] == "Plan document"
    assert not (tmp_path / "data").exists()
