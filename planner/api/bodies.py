"""Documents that programs send: which type they have, and reading them as every other door does."""

from functools import partial

from django.http import HttpRequest

from planner.api.problems import Problem, refuse
from planner.engine.size import check_size
from planner.plan import syntax
from planner.plan.document import Plan, PlanError, read_plan, read_plan_of
from planner.plan.stored import Stored
from planner.plan.syntax import Syntax
from planner.store.products import matrix_for
from ports.matrix import Matrix
from ports.queries import current_matrix

JSON, YAML = "application/json", "application/yaml"
TYPES: dict[str, Syntax] = {JSON: "json", YAML: "yaml", "application/x-yaml": "yaml", "text/yaml": "yaml"}
"""The types in which documents are read, and how."""


def read_body(request: HttpRequest, most: int = syntax.MAX_BYTES) -> bytes:
    """What was sent, of at most so many bytes. Raises Problem."""
    length = request.META.get("CONTENT_LENGTH") or "0"
    if length.isascii() and length.isdigit() and int(length) > most:
        raise Problem(code="too-large", detail=f"At most {most // 2**20} MiB are read here.")
    data = request.read(most + 1)
    if len(data) > most:
        raise Problem(code="too-large", detail=f"At most {most // 2**20} MiB are read here.")
    return data


def read_type(request: HttpRequest) -> Syntax:
    """How a document that was sent is written. Raises Problem for a type that is none of TYPES."""
    found = TYPES.get(request.content_type or "")
    if found is None:
        allowed = ", ".join(TYPES)
        raise Problem(code="media-type", detail=f"Send a document as one of {allowed}, in UTF-8.")
    return found


def read_document(request: HttpRequest) -> tuple[Plan, Matrix]:
    """The plan that was sent, and the matrix of the product that it names; the current one of one that names none.

    Raises Problem with every fault of the document.
    """
    kind, data = read_type(request), read_body(request)
    usual = current_matrix()
    try:
        plan, matrix = read_plan_of(data, partial(matrix_for, otherwise=usual), otherwise=usual, syntax=kind)
        check_size(matrix, plan)
    except PlanError as error:
        raise refuse(error.faults) from None
    return plan, matrix


def read_under(request: HttpRequest, matrix: Matrix, stored: Stored) -> Plan:
    """The plan that was sent, under this matrix. Raises Problem with every fault of the document.

    `stored`: what it may have because the document has it whose place it takes.
    """
    kind, data = read_type(request), read_body(request)
    try:
        return read_plan(data, matrix=matrix, syntax=kind, find_stored=lambda _: stored)
    except PlanError as error:
        raise refuse(error.faults) from None
