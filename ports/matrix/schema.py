"""The JSON Schema of a matrix fixture, for editors and programs that write one."""

from collections.abc import Mapping
from typing import Any

from pydantic.json_schema import GenerateJsonSchema

from ports.matrix.reading import HEAD
from ports.matrix.rows import KINDS, PARTS, Part, Row, adapter, describe_fields, facets

_SLUG = {"type": "string", "pattern": "^[a-z0-9][a-z0-9-]*$", "description": "Names the edition."}
_KEPT: dict[str, dict[str, Any]] = {
    "slug": _SLUG,
    "product_slug": {"type": "string", "description": "Kept by the database."},
    "current": {"type": "boolean", "description": "Kept by the database."},
    "active": {"type": "boolean", "description": "What `current` was called before."},
    "digest": {"type": "string", "description": "Kept by the database."},
    "stamp": {"type": "integer", "description": "Kept by the database."},
}
_KEPT_OF_ROWS: dict[str, dict[str, Any]] = {
    "matrix": {
        "type": "array", "prefixItems": [_SLUG], "minItems": 1, "maxItems": 1, "description": "The edition's slug."
    },
    "position": {"type": "integer", "minimum": 0, "description": "Kept by the database: the place among its kind."},
}  # fmt: skip


def fixture_schema() -> dict[str, Any]:
    """What a fixture may look like (JSON Schema 2020-12).

    It holds types, fields, words and forms. Whether what is named exists, and what the fields of a row ask of each
    other, only reading can tell: a file that fits may still have faults.
    """
    _, made = GenerateJsonSchema().generate_definitions(
        [(kind, "validation", adapter(facts).core_schema) for kind, facts in KINDS.items()]
    )
    found: dict[str, Any] = dict(made.items())
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Port matrix",
        "type": "array",
        "items": {"oneOf": [_describe_row(kind, facts, found) for kind, facts in KINDS.items()]},
        "$defs": {name: _describe_fields(facts, found) for name, facts in PARTS.items() if name in found},
    }


def _describe_row(kind: str, facts: type[Row], found: Mapping[str, Any]) -> dict[str, Any]:
    fields = _describe_fields(facts, found)
    fields["properties"] = (_KEPT if kind == HEAD else _KEPT_OF_ROWS) | fields["properties"]
    if kind == HEAD:
        fields["required"] = ["slug", *fields["required"]]
    return {
        "type": "object",
        "properties": {"model": {"const": f"ports.{kind}"}, "fields": fields, "pk": {}},
        "required": ["model", "fields"],
        "additionalProperties": False,
    }


def _describe_fields(facts: type[Row | Part], found: Mapping[str, Any]) -> dict[str, Any]:
    """The fields in their order, with their words, and with what one that is left out means in a file."""
    properties = {}
    described = describe_fields(facts)
    for facet in facets(facts):
        schema = found[facts.__name__]["properties"][facet.name]
        properties[facet.name] = {key: value for key, value in schema.items() if key not in ("title", "default")} | {
            "description": described[facet.attribute]
        }
        if not facet.required and facet.blank is not None:
            properties[facet.name]["default"] = facet.blank
    return {
        "type": "object",
        "description": " ".join((facts.__doc__ or "").split()),
        "properties": properties,
        "required": [facet.name for facet in facets(facts) if facet.required],
        "additionalProperties": False,
    }
