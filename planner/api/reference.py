"""The reference of the API as a page, and the OpenAPI document that it is made of."""

import json
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from planner.api.problems import KINDS
from planner.api.service import describe_service
from ports.matrix import Matrix
from ports.queries import NoMatrix, current_matrix, shipped_matrix

Document = Mapping[str, Any]
WORDS = {"integer": "a whole number", "boolean": "true or false", "string": "text"}
FORMATS = {"uuid": "a UUID", "date-time": "date and time", "date": "a date"}
"""What types are called where nothing else is said of them."""


@require_safe
def show_openapi(request: HttpRequest) -> HttpResponse:
    """The OpenAPI document of this service: the vocabulary of plans is that of its default product."""
    response = HttpResponse(_write(_matrix()), content_type="application/json")
    response.headers["Cache-Control"] = "no-cache"
    return response


@require_safe
def show_reference(request: HttpRequest) -> HttpResponse:
    """Every operation with what it takes and answers, for people."""
    document = json.loads(_write(_matrix()))
    context = {
        "groups": list_groups(document),
        "problems": [(code, kind.status, kind.title) for code, kind in KINDS.items()],
        "root": request.build_absolute_uri("/api/v1"),
    }
    return render(request, "planner/api.html", context)


def _matrix() -> Matrix:
    """What plans are described by: without a usable matrix here, by the one that the service comes with."""
    try:
        return current_matrix()
    except NoMatrix:
        return shipped_matrix()


_last: dict[str, bytes] = {}


def _write(matrix: Matrix) -> bytes:
    """The document as it is sent; of the last matrix it is kept."""
    if matrix.digest not in _last:
        made = json.dumps(describe_service(matrix), ensure_ascii=False).encode()
        _last.clear()
        _last[matrix.digest] = made
    return _last[matrix.digest]


def list_groups(document: Document) -> list[dict[str, Any]]:
    """The operations under their tags, in the order of the document, as the page shows them."""
    groups: dict[str, list[dict[str, Any]]] = {title: [] for title in TITLES}
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            tag = operation.get("tags", ["Others"])[0]
            groups.setdefault(tag, []).append(_describe(path, method, operation, document))
    return [{"title": title, "members": operations} for title, operations in groups.items()]


def _describe(path: str, method: str, operation: Document, document: Document) -> dict[str, Any]:
    body = operation.get("requestBody", {})
    return {
        "id": operation["operationId"],
        "method": method.upper(),
        "path": path,
        "summary": operation["summary"],
        "paragraphs": [" ".join(text.split()) for text in operation.get("description", "").split("\n\n") if text],
        "needs_token": "security" in operation,
        "parameters": [
            (
                one["name"],
                one["in"],
                one.get("required", False),
                _say_schema(one["schema"]),
                one.get("description", ""),
            )
            for one in operation.get("parameters", ())
        ],
        "body_types": list(body.get("content", ())),
        "body_said": body.get("description", ""),
        "fields": list(_list_fields(body, document)),
        "answers": [
            (status, facts.get("description") or _name_status(status), list(facts.get("content", ())))
            for status, facts in sorted(operation["responses"].items())
            if int(status) < 400
        ],
        "answer_fields": [
            field
            for status, facts in operation["responses"].items()
            if int(status) < 300
            for field in _list_fields(facts, document)
        ],
        "problems": sorted(int(status) for status in operation["responses"] if int(status) >= 400),
    }


def _name_status(status: str) -> str:
    return HTTPStatus(int(status)).phrase


TITLES = (
    "Plans", "Revisions", "Reports", "Rules", "Decisions", "Comments", "Results and existing rules", "Members",
    "Links", "Port matrix",
)  # fmt: skip
"""The headings of the page in their order."""
LARGE = frozenset({"PlanDocument", "StoredDocument", "Report"})
"""What has a page and a schema of its own."""


def _list_fields(part: Document, document: Document) -> Iterator[tuple[str, str, str, bool]]:
    """Name, type, meaning and whether it is needed, of each field of a body or an answer in JSON."""
    schema = part.get("content", {}).get("application/json", {}).get("schema", {})
    name = schema.get("$ref", "").rpartition("/")[2]
    if name in LARGE:
        return
    schema = _follow(schema, document)
    for key, facts in schema.get("properties", {}).items():
        yield key, _say_schema(facts), facts.get("description", ""), key in schema.get("required", ())


def _follow(schema: Document, document: Document) -> Document:
    name = schema.get("$ref", "").rpartition("/")[2]
    found: Document = document["components"]["schemas"].get(name, {}) if name else schema
    return found


def _say_schema(schema: Document) -> str:
    """A type in a few words."""
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    if "enum" in schema:
        return "one of " + ", ".join(str(one) for one in schema["enum"])
    if "anyOf" in schema:
        return " or ".join(_say_schema(one) for one in schema["anyOf"])
    kind = str(schema.get("type", "anything"))
    if kind == "array":
        return f"list of {_say_schema(schema.get('items', {}))}"
    if kind == "null":
        return "nothing"
    return FORMATS.get(schema.get("format", ""), WORDS.get(kind, kind))
