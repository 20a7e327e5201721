"""The editions of the port matrix that are here, and what they say. Everybody may see it, as on /matrix/."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from ninja import Schema
from pydantic import Field

from planner.api.bodies import JSON
from planner.api.problems import Problem
from planner.api.spec import content, operate
from planner.plan.document import plan_schema
from planner.plan.syntax import write_json
from ports.queries import find_matrix, list_matrices

TAG = "Port matrix"


class EditionHead(Schema):
    """An edition of a product's port matrix."""

    slug: str
    product: str
    document: str = Field(description="The vendor's document that it is made of.")
    current: bool = Field(description="Whether new plans of the product are put on it.")
    received: str = Field(description="Version or date of the document as it was received.")


class EditionList(Schema):
    """The editions that are here: of each product the current one first."""

    items: list[EditionHead]


@operate(
    TAG,
    "GET",
    "/editions",
    url_name="editions",
    response=EditionList,
    auth=None,
    operation_id="list_editions",
    summary="The editions of the port matrix",
)
def list_editions(request: HttpRequest) -> EditionList:
    """Those that are loaded here, of every product."""
    return EditionList(
        items=[
            EditionHead(
                slug=one.slug, product=one.product, document=one.document, current=one.current, received=one.received
            )
            for one in list_matrices()
        ]
    )


A_SCHEMA: dict[str, Any] = {"description": "A JSON Schema", "content": content(JSON, {"type": "object"})}


@operate(
    TAG,
    "GET",
    "/editions/{slug:name}/schema",
    url_name="edition_schema",
    auth=None,
    answers={200: A_SCHEMA},
    problems=("nothing-here",),
    operation_id="read_edition_schema",
    summary="What plans under an edition may say",
)
def read_edition_schema(request: HttpRequest, name: str) -> HttpResponseBase:
    """The JSON Schema of plan documents under this edition: keys, roles, services and options, each described."""
    matrix = find_matrix(name)
    if matrix is None:
        raise Problem(code="nothing-here", detail="There is no such edition here.")
    return HttpResponse(write_json(plan_schema(matrix)), content_type=JSON)
