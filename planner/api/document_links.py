"""Where an answer leads: links of the OpenAPI document, from what an answer names to the operations that take it.

They follow from addresses and answers, so that a new operation has them at once (OpenAPI 3.1, 4.8.20 Link Object).
"""

import re
from collections.abc import Mapping
from typing import Any

Document = Mapping[str, Any]
LEADS = (
    ("key", "", "id (uuid)"),
    ("number", "/revisions/{number}", "revision"),
    ("name", "/files/{name}", "name (uuid)"),
    ("name", "/editions/{name}", "slug"),
)
"""Parameters of addresses, a part of those that take them, and the field of an answer that they are: as it is called
and, where it has one, its format."""


def add_links(made: dict[str, Any]) -> None:
    """Give each successful answer of the document links to the operations that take what it names."""
    schemas = made["components"]["schemas"]
    targets = {one["operationId"]: path for path, methods in made["paths"].items() for one in methods.values()}
    for path, methods in made["paths"].items():
        for operation in methods.values():
            for status, answer in operation["responses"].items():
                values = _list_values(answer, schemas) if status.startswith("2") else {}
                links = {name: _lead(path, values, where) for name, where in targets.items()} if values else {}
                if found := {name: taken for name, taken in links.items() if taken}:
                    answer["links"] = {
                        name: {"operationId": name, "parameters": taken} for name, taken in found.items()
                    }


def _list_values(answer: Document, schemas: Document) -> dict[str, str]:
    """The fields of an answer, and of a list those of its first item: where each is."""
    schema = answer.get("content", {}).get("application/json", {}).get("schema", {})
    fields = _find_fields(schema, schemas)
    first = _find_fields(fields.get("items", {}).get("items", {}), schemas)
    values = {_call(name, facts): f"$response.body#/items/0/{name}" for name, facts in first.items()}
    return values | {_call(name, facts): f"$response.body#/{name}" for name, facts in fields.items()}


def _call(name: str, facts: Document) -> str:
    return f"{name} ({facts['format']})" if "format" in facts else name


def _find_fields(schema: Document, schemas: Document) -> Document:
    fields: Document = schemas.get(schema.get("$ref", "").rpartition("/")[2], {}).get("properties", {})
    return fields


def _lead(path: str, values: Mapping[str, str], where: str) -> dict[str, str]:
    """What each parameter of an address is, of an answer with these values; empty where it doesn't have them all."""
    own = re.sub(r"/\{number\}.*", "", path)
    taken: dict[str, str] = {}
    for name in re.findall(r"\{(\w+)\}", where):
        fields = [field for parameter, part, field in LEADS if parameter == name and part in where]
        if name == "number" and where.startswith(f"{own}/{{number}}"):
            fields.append("number")
        found = [values[field] for field in fields if field in values]
        if name == "key" and not found and "{key}" in path:
            taken[name] = "$request.path.key"
        elif found:
            taken[name] = found[-1]
        else:
            return {}
    return taken if any("$response" in value for value in taken.values()) else {}
