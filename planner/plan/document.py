"""The plan document: typed, validated, with its JSON Schema.

The types follow from the table of fields and from the matrix: its roles, choices and services are the values that a
document may contain. A document is read in one go: whatever is wrong with it is reported together, each fault with its
place. Values that were read are frozen dataclasses; nothing after this module has to doubt them.
"""

from collections.abc import Callable, Iterator, Mapping
from copy import copy
from functools import lru_cache
from typing import Annotated, Any, cast, get_args

import pydantic
from pydantic import AfterValidator, BaseModel, BeforeValidator, ValidationError, WithJsonSchema, create_model
from pydantic_core import ErrorDetails

from planner.plan import limits, syntax
from planner.plan.carry import Carried, carry
from planner.plan.faults import NAME_TAKEN, Fault, PlanError, say_where, shown
from planner.plan.field import Part
from planner.plan.fields import PARTS, PLAN, AdditionalFlow, Endpoint, Exclusion, Never, Plan, Zone
from planner.plan.reading import (
    ANY,
    FORMAT,
    Mapped,
    address_key,
    at_most,
    at_most_endpoints,
    read_format,
    readable,
)
from planner.plan.references import know, text
from planner.plan.stored import NOTHING, Stored, look_through
from planner.plan.syntax import Null, Path, Syntax
from ports.matrix import Matrix
from ports.text import name_key

__all__ = [
    "ANY",
    "FORMAT",
    "AdditionalFlow",
    "Endpoint",
    "Exclusion",
    "Fault",
    "Never",
    "Plan",
    "PlanError",
    "Zone",
    "address_key",
    "carry_stored",
    "check_plan",
    "check_plan_of",
    "check_stored",
    "dump_plan",
    "dump_row",
    "plan_schema",
    "read_plan",
]


Tell = Callable[[Carried], object]
FindStored = Callable[[object], Stored]
"""What a document may have because a stored one has it, by the document: `look_through` of one that is in step with
a stored one."""


def tell_nobody(_: Carried) -> None:
    """For who doesn't want to know which names of a document were carried over."""


def find_nothing(_: object) -> Stored:
    """For a new document."""
    return NOTHING


def read_plan(
    data: bytes,
    *,
    matrix: Matrix,
    syntax: Syntax = "yaml",
    tell: Tell = tell_nobody,
    find_stored: FindStored = find_nothing,
) -> Plan:
    """Read a plan document from JSON or YAML in UTF-8, at most `planner.plan.syntax.MAX_BYTES` bytes.

    What other editions call otherwise is read by its name in the matrix, and `tell` is told each such name.

    Returns the checked plan. Raises PlanError with every fault of the document; a document that can't be parsed has
    one fault, at its line and column.
    """
    return _check_carried(_parse(data, syntax), matrix, syntax == "yaml", tell, find_stored)


def read_plan_of(
    data: bytes,
    choose: Callable[[object], Matrix],
    *,
    otherwise: Matrix,
    syntax: Syntax = "yaml",
    tell: Tell = tell_nobody,
    find_stored: FindStored = find_nothing,
) -> tuple[Plan, Matrix]:
    """`read_plan` where there are several products: the plan, and the matrix of the product that it names.

    `choose` has that matrix, or raises PlanError with those that there are; then all other faults are those under
    `otherwise`.
    """
    tree, text = _parse(data, syntax), syntax == "yaml"
    return check_plan_of(tree, choose, otherwise=otherwise, text=text, tell=tell, find_stored=find_stored)


def check_plan_of(
    tree: object,
    choose: Callable[[object], Matrix],
    *,
    otherwise: Matrix,
    text: bool = False,
    tell: Tell = tell_nobody,
    find_stored: FindStored = find_nothing,
) -> tuple[Plan, Matrix]:
    """`read_plan_of` for a document that was parsed; `text` as `check_plan` has it."""
    named = tree if isinstance(tree, dict) else {}
    product = named.get("product")
    try:
        matrix = choose(None if isinstance(product, Null) else product)
    except PlanError as error:
        faults = list(error.faults)
        others = copy(named)  # which keys are written more than once it knows as well
        others.pop("product", None)
        try:
            _check_carried(others, otherwise, text, tell_nobody, find_stored)
        except PlanError as found:
            faults += found.faults
        raise PlanError(faults) from None
    return _check_carried(tree, matrix, text, tell, find_stored), matrix


def _check_carried(tree: object, matrix: Matrix, text: bool, tell: Tell, find_stored: FindStored) -> Plan:
    """The plan of a document that may be written for another edition."""
    document, carried = carry(tree, matrix)
    plan = check_plan(document, matrix=matrix, text=text, stored=find_stored(document))
    for one in carried:
        tell(one)
    return plan


def check_plan(tree: object, *, matrix: Matrix, text: bool = False, stored: Stored = NOTHING) -> Plan:
    """Check a parsed document against the matrix and return the plan.

    `text`: scalars are text as written (YAML), and the schema gives the type; otherwise types are JSON's own.
    `stored`: what it may have because a stored document has it.
    Raises PlanError with every fault.
    """
    if not isinstance(tree, dict):
        what = "it is empty" if tree in (None, "") else f"found {shown(tree)}"
        sentence = f"A plan is a mapping with format, name, zones and endpoints; {what}."
        raise PlanError([Fault("document", sentence, "no-mapping")])
    twice = "This key is written more than once; keep one of them."
    faults = [(path, "repeated-key", twice) for path in syntax.repeated_keys(tree)]
    faults += _find_reference_faults(tree, matrix, stored)
    plan = None
    try:
        model = _plan_model(matrix.digest, _MatrixOfDigest(matrix))
        plan = model.model_validate(tree, context=_context(stored, text=text))
    except ValidationError as error:
        faults += [_tell(details, matrix) for details in error.errors(include_url=False)]
    if faults or plan is None:
        order = _document_order(tree)
        faults.sort(key=lambda fault: order(fault[0]))
        raise PlanError(dict.fromkeys(Fault(say_where(path), sentence, code) for path, code, sentence in faults))
    return cast(Plan, _freeze(PARTS[PLAN], plan))


def read_rows(tree: Mapping[str, Any], some: Mapping[str, Any], *, matrix: Matrix, stored: Stored) -> Plan | None:
    """A plan with some rows of a document alone, if what its parts say about each other is right in all of it.

    For `planner.plan.recheck`. None where anything is wrong, which `check_plan` tells.
    """
    if next(syntax.repeated_keys(some), None) or next(_find_reference_faults(tree, matrix, stored), None):
        return None
    try:
        model = _plan_model(matrix.digest, _MatrixOfDigest(matrix))
        plan = model.model_validate(some, context=_context(stored, text=False))
    except ValidationError:
        return None
    return cast(Plan, _freeze(PARTS[PLAN], plan))


def _context(stored: Stored, *, text: bool) -> dict[str, Any]:
    """What the readers of fields ask for."""
    return {"text": text, "endpoints": max(limits.ENDPOINTS, stored.endpoints)}


def check_stored(tree: object, *, matrix: Matrix) -> Plan:
    """`check_plan` for a document that a service has stored, perhaps when more was allowed."""
    return check_plan(tree, matrix=matrix, stored=look_through(tree))


def carry_stored(tree: object, *, matrix: Matrix) -> tuple[Plan, tuple[Carried, ...]]:
    """`check_stored` for a document that may have been stored under another edition, and the names that were carried.

    Raises PlanError as `check_stored` and `planner.plan.carry.carry` do.
    """
    document, carried = carry(tree, matrix)
    return check_stored(document, matrix=matrix), carried


def dump_plan(plan: Plan) -> dict[str, Any]:
    """The plan as plain data in the order of the format, without what is empty; `check_plan` reads it back."""
    return {"format": FORMAT, **dump_row(PLAN, plan)}


def dump_row(part: str, value: object) -> dict[str, Any]:
    """A row of a part, or the plan itself, as plain data without what is empty."""
    values = ((entry, getattr(value, entry.attribute)) for entry in PARTS[part].fields)
    return {
        entry.key: [dump_row(entry.key, row) for row in item] if entry.row else _plain(item)
        for entry, item in values
        if entry.needed or item != entry.default
    }


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return list(value)
    if isinstance(value, str | bool) or not isinstance(value, Mapping):
        return value
    return {key: _plain(item) for key, item in value.items()}


def plan_schema(matrix: Matrix) -> dict[str, Any]:
    """The JSON Schema (2020-12) of plan documents under this matrix.

    It holds what a schema can say: keys, types, vocabulary. References, duplicate names and addresses are checked by
    `check_plan` alone. Each key has a description and an example, which editors show.
    """
    schema = _plan_model(matrix.digest, _MatrixOfDigest(matrix)).model_json_schema()
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:port-planner:plan:{FORMAT}:{matrix.edition}",
        **schema,
        "title": "Plan document",
        "description": f"What there is of a deployment of {matrix.product}: its firewall rules follow from that.",
    }


DRAFT_07 = "http://json-schema.org/draft-07/schema#"


def catalogued_schema(matrix: Matrix, address: str) -> dict[str, Any]:
    """The same as catalogues that editors read take it (SchemaStore, CONTRIBUTING.md): in draft 07, with an address.

    `address` is the http or https address at which it is published. It has no keyword that draft 07 doesn't have.
    """
    return {**plan_schema(matrix), "$schema": DRAFT_07, "$id": address}


# ---- types of the document, made from the fields and the matrix ----


class _MatrixOfDigest:
    """A matrix for a cached function that is given its digest too: all of these are equal, so the digest decides."""

    def __init__(self, matrix: Matrix) -> None:
        self.matrix = matrix

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _MatrixOfDigest)

    def __hash__(self) -> int:
        return 0


@lru_cache(maxsize=8)
def _plan_model(_digest: str, wrapped: _MatrixOfDigest) -> type[BaseModel]:
    kind = Annotated[int, BeforeValidator(read_format), WithJsonSchema({"const": FORMAT})]
    shown = pydantic.Field(description="The version of the format of plan documents.", examples=[FORMAT])
    return create_model(
        "PlanDocument", __base__=Mapped, format=(kind, shown), **_list_types(PARTS[PLAN], wrapped.matrix)
    )


def _list_types(part: Part, matrix: Matrix) -> dict[str, Any]:
    """The fields of a part as pydantic takes them."""
    types: dict[str, Any] = {}
    for entry in part.fields:
        kind = _type_of_rows(PARTS[entry.key], matrix) if entry.row else entry.reads.type(matrix)
        facts: dict[str, Any] = {"alias": entry.key} if entry.key != entry.attribute else {}
        if entry.description:
            facts["description"] = entry.description
        example = entry.find_example(matrix)
        if example is not None:
            facts["examples"] = [example]
        if isinstance(entry.default, dict):
            facts["default_factory"] = dict  # the schema shows no default then
        elif not entry.needed:
            facts["default"] = entry.default
        types[entry.attribute] = (kind, pydantic.Field(**facts))
    return types


def _type_of_rows(part: Part, matrix: Matrix) -> Any:
    row: Any = create_model(part.value.__name__, __base__=Mapped, **_list_types(part, matrix))
    least = [pydantic.Field(min_length=1)] if part.key == "zones" else []

    def freeze(rows: list[BaseModel]) -> tuple[object, ...]:
        return tuple(_freeze(part, item) for item in rows)

    most = at_most_endpoints() if part.value is Endpoint else at_most(limits.ROWS)
    return Annotated[list[row], *least, most, AfterValidator(freeze)]


def _freeze(part: Part, model: BaseModel) -> object:
    """What was read as a frozen value."""
    read = model.__dict__  # where pydantic has the fields; asked one by one they take four times as long
    return part.value(**{entry.attribute: read[entry.attribute] for entry in part.fields})


# ---- what one part of a document says about another ----


def _find_reference_faults(tree: Mapping[str, Any], matrix: Matrix, stored: Stored) -> Iterator[tuple[Path, str, str]]:
    """Duplicate names, references to nothing, and fields that contradict each other, in a document of any shape."""
    parts = {entry.key: _rows(tree.get(entry.key)) for entry in PARTS[PLAN].rows}
    known = know(parts, matrix, stored)
    for key, rows in parts.items():
        if PARTS[key].named:
            yield from _find_twins(key, rows)
    for entry in PARTS[PLAN].fields:
        if entry.check:
            for path, code, sentence in entry.check(tree.get(entry.key), tree, known):
                yield (entry.key, *path), code, sentence
    for key, rows in parts.items():
        checked = [(entry.key, entry.check) for entry in PARTS[key].fields if entry.check]
        for index, row in rows:
            for name, check in checked:
                for path, code, sentence in check(row.get(name), row, known):
                    yield (key, index, name, *path), code, sentence


def _find_twins(key: str, rows: list[tuple[int, Mapping[str, Any]]]) -> Iterator[tuple[Path, str, str]]:
    seen: dict[str, int] = {}
    for index, row in rows:
        name = text(row.get("name"))
        if name is None:
            continue
        first = seen.setdefault(name_key(name), index)
        if first != index:
            sentence = (
                f"The name {shown(name)} is there already, in {key}[{first}]; names must differ in more than case."
            )
            yield (key, index, "name"), NAME_TAKEN, sentence


def _rows(value: object) -> list[tuple[int, Mapping[str, Any]]]:
    """Index and content of those items of a list that are mappings; of a list that is too long, none."""
    if not isinstance(value, list) or len(value) > limits.ROWS:
        return []
    return [(index, row) for index, row in enumerate(value) if isinstance(row, dict)]


# ---- sentences ----


def _parse(data: bytes, kind: Syntax) -> object:
    try:
        return syntax.parse(data, kind)
    except syntax.SyntaxFault as fault:
        raise PlanError([Fault(fault.where, str(fault), "syntax")]) from None


def _tell(details: ErrorDetails, matrix: Matrix) -> tuple[Path, str, str]:
    """Place, code and sentence: what a pydantic error means to the author of the document."""
    path = _path(details)
    found = shown(details["input"])
    match details["type"]:
        case "plan":
            return path, str(details["ctx"]["code"]), str(details["ctx"]["sentence"])
        case "missing":
            return path, "key-missing", "This key is needed and missing."
        case "extra_forbidden":
            return path, *_tell_unknown_key(details, matrix)
        case "list_type":
            return path, "no-list", f"This must be a list, found {found}."
        case "model_type" | "dict_type" | "model_attributes_type":
            return path, "no-mapping", f"This must be a mapping of keys to values, found {found}."
        case "too_short":
            return path, "no-zone", "At least one zone is needed, found none."
        case _:
            return path, "invalid", f"{details['msg']}, found {found}."


def _tell_unknown_key(details: ErrorDetails, matrix: Matrix) -> tuple[str, str]:
    key = str(details["loc"][-1])
    known = _known_keys(_path(details)[:-1], _plan_model(matrix.digest, _MatrixOfDigest(matrix)))
    if _path(details)[-2:-1] == ("ports",) and key in matrix.services:
        sentence = f"The service {key} is fixed; services whose port can be changed are {', '.join(known)}."
        return "fixed-service", sentence
    return "unknown-key", f"This key is not known here; allowed are {', '.join(known) or 'none'}."


def _known_keys(path: Path, model: type[BaseModel]) -> list[str]:
    """The keys that the mapping at this path may have."""
    for part in path:
        if isinstance(part, str):
            kind: Any = next(info.annotation for at, info in model.model_fields.items() if part in (at, info.alias))
            model = get_args(kind)[0] if get_args(kind) else kind
    return [info.alias or name for name, info in model.model_fields.items()]


def _path(details: ErrorDetails) -> Path:
    return tuple(part for part in details["loc"] if part != "[key]")


def _document_order(tree: object) -> Callable[[Path], tuple[int, ...]]:
    """Sort key: where a path leads in the document as it was written; a missing key comes after those there."""
    positions: dict[int, dict[object, int]] = {}

    def order(path: Path) -> tuple[int, ...]:
        found, here = [], tree
        for part in path:
            if isinstance(here, dict):
                if id(here) not in positions:
                    positions[id(here)] = {readable(key): index for index, key in enumerate(here)}
                found.append(positions[id(here)].get(readable(part), len(here)))
                here = here.get(part)
            else:
                found.append(part if isinstance(part, int) else 0)
                here = here[part] if isinstance(here, list) and isinstance(part, int) and part < len(here) else None
        return tuple(found)

    return order
