"""The OpenAPI document: what ninja writes of the operations, with every problem that they answer, and the documents.

An operation names the problems that are its own; those that any has (no token, too many, no database) are added here,
so that no answer is undocumented.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import wraps
from typing import Any

from django.http import HttpRequest
from ninja import NinjaAPI, Router
from ninja.openapi.schema import OpenAPISchema
from pydantic import BaseModel

from planner.api import paging
from planner.api.bodies import JSON, YAML
from planner.api.document_links import add_links
from planner.api.problems import KINDS, MEDIA_TYPE, refuse
from planner.plan.document import plan_schema
from planner.plan.faults import Fault, shown
from planner.report.formats.json import report_schema
from planner.report.said.edition import PAPERS
from ports.matrix import Matrix
from ports.text import read_number

ALWAYS = (
    "unreadable",
    "token-needed",
    "not-allowed",
    "not-valid",
    "please-wait",
    "our-fault",
    "no-matrix",
    "not-available",
)
"""What any operation may answer."""
OF_A_PLAN = ("nothing-here", "in-the-bin", "not-now")
"""What any operation on a plan may answer besides."""
OF_A_DOCUMENT = ("too-large", "media-type", "not-valid")
"""What any that reads a document may answer besides."""
PROBLEM = {"$ref": "#/components/schemas/Problem"}
View = Callable[..., Any]
router = Router()
"""All operations: those of one address have to be in one router."""


def content(kind: str = JSON, schema: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The content of a body or an answer of one type."""
    return {kind: {"schema": dict(schema)} if schema else {}}


def named(name: str) -> dict[str, str]:
    """The schema of a component."""
    return {"$ref": f"#/components/schemas/{name}"}


DOCUMENT_BODY: dict[str, Any] = {
    "required": True,
    "description": "A plan document, as docs/plan-format.md and /schemas/plan.json describe it.",
    "content": content(JSON, named("PlanDocument")) | content(YAML, named("PlanDocument")),
}


def operate(
    tag: str,
    method: str,
    path: str,
    *,
    problems: Iterable[str] = (),
    answers: Mapping[int, Mapping[str, Any]] | None = None,
    body: Mapping[str, Any] | None = None,
    parameters: Sequence[Mapping[str, Any]] = (),
    **options: Any,
) -> Callable[[View], View]:
    """Have a view answer this method at this address; what can be read answers HEAD, too.

    `tag` is the heading under which it stands; `problems` are keys of KINDS, besides ALWAYS; `answers` what the
    document says of answers that aren't made of a type, by status; `body` of what is sent, `parameters` of those that
    the view reads by itself.
    """
    said: dict[int, Any] = {status: dict(facts) for status, facts in (answers or {}).items()}
    for status, codes in _by_status((*ALWAYS, *problems)).items():
        lines = "; ".join(f"{KINDS[code].title} (`{code}`)" for code in codes)
        said[status] = {"description": lines, "content": content(MEDIA_TYPE, PROBLEM)}
        if status in (429, 503):
            header = {"description": "In how many seconds to try again", "schema": {"type": "integer", "minimum": 1}}
            said[status]["headers"] = {"Retry-After": header}
    extra: dict[str, Any] = {"responses": said}
    if body is not None:
        extra["requestBody"] = dict(body)
    if parameters:
        extra["parameters"] = [dict(one) for one in parameters]
    methods = [method, "HEAD"] if method == "GET" else [method]
    asked = [one for one in parameters if one["in"] == "query"]

    def decorate(view: View) -> View:
        @wraps(view)
        def checked(request: HttpRequest, *args: object, **kwargs: object) -> Any:
            check_query(request, asked)
            return view(request, *args, **kwargs)

        return router.api_operation(methods, path, tags=[tag], openapi_extra=extra, **options)(checked)

    return decorate


def check_query(request: HttpRequest, asked: Sequence[Mapping[str, Any]]) -> None:
    """Raise Problem with each parameter that isn't one of these, is there twice, or isn't what its schema says.

    One that is misspelt would be passed over else, and a filter that is passed over lets everything through.
    """
    known = {one["name"]: one["schema"] for one in asked}
    faults = [
        Fault(f"query.{one['name']}", "This parameter is needed and missing.", "parameter")
        for one in asked
        if one.get("required") and one["name"] not in request.GET
    ]
    for name, values in request.GET.lists():
        sentence = ""
        if name not in known:
            sentence = f"There is no such parameter here; allowed are {', '.join(known) or 'none'}."
        elif len(values) > 1:
            sentence = "This parameter is there more than once; keep one of them."
        elif "enum" in known[name] and values[0] not in known[name]["enum"]:
            sentence = f"{shown(values[0])} is not known here; allowed are {', '.join(known[name]['enum'])}."
        elif known[name].get("type") == "integer" and not _is_within(values[0], known[name]):
            least, most = known[name]["minimum"], known[name]["maximum"]
            sentence = f"This must be a whole number from {least} to {most}, found {shown(values[0])}."
        if sentence:
            faults.append(Fault(f"query.{name if name in known else shown(name)}", sentence, "parameter"))
    if faults:
        raise refuse(faults, "The address asks for what isn't there.")


def _is_within(text: str, schema: Mapping[str, Any]) -> bool:
    return read_number(text, least=schema["minimum"], most=schema["maximum"]) is not None


def _by_status(codes: Iterable[str]) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    for code in dict.fromkeys(codes):
        found.setdefault(KINDS[code].status, []).append(code)
    return found


def in_query(name: str, description: str, schema: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """A parameter of an address that a view reads by itself."""
    return {"in": "query", "name": name, "required": False, "description": description,
            "schema": dict(schema or {"type": "string"})}  # fmt: skip


def in_header(name: str, description: str, *, required: bool = False) -> dict[str, Any]:
    """A header that a view reads by itself."""
    return {"in": "header", "name": name, "required": required, "description": description,
            "schema": {"type": "string"}}  # fmt: skip


IDEMPOTENCY_KEY = in_header(
    "Idempotency-Key",
    "Your own name of this request, of 1 to 200 characters: sent again within a day, it counts once.",
)


PAPER = in_query("paper", "On which paper a PDF is set.", {"type": "string", "enum": list(PAPERS), "default": "a4"})


PAGE = (
    in_query(
        "limit",
        "How many at most.",
        {"type": "integer", "minimum": 1, "maximum": paging.MOST, "default": paging.USUAL},
    ),
    in_query("after", "What the answer before said under `next`."),
)
"""The parameters of a list."""
_KEY = re.compile(r"[\x21-\x7e]{1,200}", re.ASCII)


def read_key(request: HttpRequest) -> str:
    """The program's own key of its request; empty for none. Raises Problem."""
    key = request.headers.get("Idempotency-Key", "").strip()
    if key and not _KEY.fullmatch(key):
        sentence = "A key has 1 to 200 visible characters of ASCII, without spaces."
        raise refuse([Fault("header.Idempotency-Key", sentence, "parameter")], "The request isn't as it has to be.")
    return key


def describe(api: NinjaAPI, matrix: Matrix, named_answers: Iterable[type[BaseModel]] = ()) -> dict[str, Any]:
    """The OpenAPI document (3.1) of the API; plans are described by this matrix.

    `named_answers` are types of answers that views write by themselves, so that ninja doesn't meet them.
    """
    made: dict[str, Any] = OpenAPISchema(api, "/api/v1/")
    for operations in made["paths"].values():
        operations.pop("head", None)
        for operation in operations.values():
            operation["responses"] = {str(status): facts for status, facts in operation["responses"].items()}
    schemas = made["components"]["schemas"]
    for model in named_answers:
        _add(schemas, model.__name__, model.model_json_schema(mode="serialization"))
    schemas["Problem"] = problem_schema()
    schemas["StoredDocument"] = {
        "type": "object",
        "description": "A plan document, under whichever edition its plan is on.",
        "required": ["format", "name", "zones", "endpoints"],
        "properties": {
            "format": {"const": 1},
            "name": {"type": "string"},
            "zones": {"type": "array", "items": {"type": "object"}},
            "endpoints": {"type": "array", "items": {"type": "object"}},
        },
    }
    _add(schemas, "PlanDocument", plan_schema(matrix))
    _add(schemas, "Report", report_schema())
    add_links(made)
    return made


def _add(schemas: dict[str, Any], name: str, schema: Mapping[str, Any]) -> None:
    """A JSON Schema as a component, and its own definitions as others."""
    own = {key: value for key, value in schema.items() if key not in ("$schema", "$id", "$defs")}
    schemas[name] = _lead(own, name)
    for key, value in schema.get("$defs", {}).items():
        schemas[f"{name}-{key}"] = _lead(value, name)


def _lead(part: Any, name: str) -> Any:
    """The same with references that lead to where the definitions are now."""
    if isinstance(part, Mapping):
        return {
            key: value.replace("#/$defs/", f"#/components/schemas/{name}-") if key == "$ref" else _lead(value, name)
            for key, value in part.items()
        }
    return [_lead(one, name) for one in part] if isinstance(part, list) else part


def problem_schema() -> dict[str, Any]:
    """The JSON Schema of problems."""
    text = {"type": "string"}
    fault = {
        "type": "object",
        "required": ["where", "code", "message"],
        "properties": {"where": text, "code": text, "message": text},
    }
    return {
        "type": "object",
        "description": "What went wrong, as RFC 9457 has it.",
        "required": ["type", "title", "status", "detail", "request"],
        "properties": {
            "type": {"enum": [f"urn:port-planner:problem:{code}" for code in KINDS]},
            "title": text,
            "status": {"type": "integer", "minimum": 400, "maximum": 599},
            "detail": {**text, "description": "A sentence for people."},
            "request": {**text, "description": "The id of the request, as the log has it."},
            "faults": {"type": "array", "items": fault, "description": "Of what was sent, each with its place."},
            "faults_in_all": {"type": "integer", "minimum": 1},
        },
    }
