"""Plain records, of a fixture or of the database, to a checked `Matrix`, or to a sentence for everything wrong.

Two rounds. The first looks at types alone: fields that are missing or unknown, values and parts of values of another
type, rows that are there twice. Only what passes it is looked at for what it says: words, names, ports, and what the
kinds themselves ask for. Each round tells all of its faults at once.
"""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from ports.matrix.marks import TYPES, Types
from ports.matrix.renames import list_renames
from ports.matrix.rows import KINDS, Facet, Part, Row, Rows, adapter, facets, field_names, find_facet
from ports.matrix.vocabulary import listed
from ports.matrix.whole import Matrix, make_matrix

Record = Mapping[str, Any]
Records = Mapping[str, Sequence[Record]]

FIELDS: Mapping[str, tuple[str, ...]] = {kind: field_names(facts) for kind, facts in KINDS.items()}
"""The kinds of record and the names of their fields, as a fixture has them."""
HEAD = "portmatrix"
KEPT = {HEAD: ("slug", "product_slug", "current", "active", "digest", "stamp", "renames")}
"""What a record may have beside its fields: what the database keeps, or kept, and in `renames` what all its editions
say of renamed rows. It is no fact of the matrix."""
KEPT_OF_ROWS = ("matrix", "position")
_NUL = r"\u0000"
_WRITTEN_NUL = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")
"""As JSON writes it; a backslash that is written itself may stand before u0000 too."""


class MatrixError(ValueError):
    """The records are no matrix. `faults` has one sentence for each thing that is wrong."""

    def __init__(self, faults: Sequence[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = tuple(faults)


def record_key(kind: str) -> str:
    """The field that names a record of this kind within its matrix."""
    return KINDS[kind].KEY if kind in KINDS else Row.KEY


def complete(kind: str, record: Record) -> dict[str, Any]:
    """The known fields of a record, those that it leaves out with what that means; other keys are dropped.

    A field that may not be left out stays missing.
    """
    return {
        facet.name: record[facet.name] if facet.name in record else _copy(facet.blank)
        for facet in facets(KINDS[kind])
        if facet.name in record or not facet.required
    }


def digest_records(records: Records) -> str:
    """SHA-256 (hexadecimal) over the known fields of all records; their order counts where the report shows it."""
    facts = {
        kind: [_digested(kind, row) for row in records.get(kind, ())]
        for kind, declared in KINDS.items()
        if records.get(kind) or not declared.LATER
    }
    text = json.dumps(facts, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def find_faults(records: Records) -> list[str]:
    """Everything that keeps the records from being a matrix, one sentence each; empty when nothing does."""
    return _read(records)[1]


def build_matrix(records: Records) -> Matrix:
    """Build the checked matrix from plain records.

    `records` maps each kind of `FIELDS` to its records in their order. Raises MatrixError with all faults when
    anything is missing, unknown or out of range.
    """
    rows, faults = _read(records)
    if faults:
        raise MatrixError(faults)
    head = records[HEAD][0]
    edition = head.get("slug")
    return make_matrix(rows, digest_records(records), edition if isinstance(edition, str) else "", list_renames(head))


def _read(records: Records) -> tuple[Rows, list[str]]:
    faults = list(_find_form_faults(records))
    tables: dict[str, list[Row]] = {}
    for kind in KINDS:
        tables[kind] = []
        for record in records.get(kind, ()):
            row, errors = _read_row(kind, record, TYPES)
            faults += _describe(kind, record, errors)
            tables[kind] += [row] if row is not None else []
    typed = Rows(tables)
    if faults:
        return typed, faults
    checked: dict[str, list[Row]] = {kind: [] for kind in KINDS}
    for kind in KINDS:
        for record, row in zip(records.get(kind, ()), tables[kind], strict=True):
            found, errors = _read_row(kind, record, typed)
            faults += _describe(kind, record, errors)
            faults += row.find_faults(_where(kind, record), typed)
            checked[kind] += [found] if found is not None else []
    return Rows(checked), faults


def _read_row(kind: str, record: Record, context: Types | Rows) -> tuple[Row | None, list[ErrorDetails]]:
    known = {name: record[name] for name in FIELDS[kind] if name in record}
    try:
        return adapter(KINDS[kind]).validate_python(known, context=context), []
    except ValidationError as error:
        return None, error.errors(include_url=False)


def _find_form_faults(records: Records) -> Iterator[str]:
    """Unknown kinds and fields, texts that can't be written, and rows that are there twice."""
    for kind in records:
        if kind not in KINDS:
            yield f"Unknown kind of record '{kind}'; allowed are {listed(KINDS)}."
    if len(records.get(HEAD, ())) != 1:
        yield f"There must be one {HEAD} record, not {len(records.get(HEAD, ()))}."
    for kind, declared in KINDS.items():
        allowed = {*FIELDS[kind], *KEPT.get(kind, KEPT_OF_ROWS)}
        seen: set[str] = set()
        for record in records.get(kind, ()):
            name = record.get(declared.KEY)
            if isinstance(name, str) and name in seen:
                yield f"{_where(kind, record)} is there twice."
            seen |= {name} if isinstance(name, str) else set()
            unwritable = _find_unwritable(record)
            if unwritable:
                yield f"{_where(kind, record)}: a text in it has {unwritable}."
            for key in record:
                if key not in allowed:
                    known = listed(FIELDS[kind])
                    yield f"{_where(kind, record)}: '{key}' is no field of it; allowed are {known}."


def _find_unwritable(record: Record) -> str:
    """What a text has that can't be kept, as JSON can spell it; empty where all can.

    Half of a surrogate pair is none in UTF-8, and PostgreSQL keeps no NUL in a text.
    """
    try:
        written = json.dumps(record, ensure_ascii=False)
        written.encode()
    except UnicodeEncodeError:
        return "half of a character (a lone surrogate)"
    return "the character NUL" if _NUL in written and _WRITTEN_NUL.search(written) else ""


# --- faults in sentences ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Place:
    """A part of a record that a fault lies in: what holds it, and what the record has there."""

    declared: type[Part]
    value: Any


def _where(kind: str, record: Record) -> str:
    return f"{kind} '{record.get(KINDS[kind].KEY)}'"


def _describe(kind: str, record: Record, errors: Sequence[ErrorDetails]) -> list[str]:
    """A sentence for each error, in the order of the fields; what concerns a part as a whole is told once."""
    order = {name: number for number, name in enumerate(FIELDS[kind])}
    ranked = sorted(errors, key=lambda error: order.get(str(error["loc"][0]), len(order)) if error["loc"] else 0)
    return list(dict.fromkeys(_sentence(kind, record, error) for error in ranked))


def _sentence(kind: str, record: Record, error: ErrorDetails) -> str:
    loc = _find_way(record, error)
    where = _where(kind, record)
    if error["type"] == "missing" and len(loc) == 1:
        return f"{where}: the field '{loc[0]}' is missing."
    if error["type"] in ("missing", "unexpected_keyword_argument"):
        *outer, inner = _places(kind, record, loc[:-1])
        where = _labelled(where, outer)
        names = field_names(inner.declared)
        if error["type"] == "missing":
            needed = [facet.name for facet in facets(inner.declared) if facet.required]
            has = " and ".join([", ".join(needed[:-1]), needed[-1]]) if len(needed) > 1 else needed[0]
            return f"{where}: {inner.declared.NOUN} has {has}, not {listed(sorted(inner.value)) or 'nothing'}."
        return f"{where}: '{loc[-1]}' is no field of {inner.declared.NOUN}; allowed are {listed(names)}."
    if error["type"] in ("fault", "shape"):
        places = _places(kind, record, loc)
        if places and places[-1].declared.LABEL and places[-1].declared.LABEL[1] == loc[-1]:
            places.pop()  # its name is what is wrong
        return f"{_labelled(where, places)}: {error['ctx']['sentence']}"
    place = f"the field '{loc[0]}'" if len(loc) == 1 else _path(loc)
    return f"{where}: {place} has the wrong type, {type(error['input']).__name__}."


def _find_way(record: Record, error: ErrorDetails) -> tuple[int | str, ...]:
    """Where in a record an error is: pydantic's place without its own steps, such as that to one of several types."""
    way: list[int | str] = []
    value: Any = record
    for step in error["loc"]:
        if isinstance(step, int) or (isinstance(value, dict) and step in value):
            value = value[step]
            way.append(step)
    return (*way, error["loc"][-1]) if error["type"] == "missing" else tuple(way)


def _path(loc: Sequence[int | str]) -> str:
    """Where something stands in a record: "options[1].effect.zones"."""
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in loc).removeprefix(".")


def _places(kind: str, record: Record, loc: Sequence[int | str]) -> list[_Place]:
    """The parts of the record that the way to a place leads through, from the outside in."""
    places: list[_Place] = []
    value: Any = record
    facet: Facet | None = None
    declared: type[Row | Part] | None = KINDS[kind]
    for step in loc:
        if isinstance(step, str):
            facet = find_facet(declared, step) if declared is not None else None
            declared = None
        value = value[step]
        if facet is not None and len(facet.parts) == 1 and isinstance(value, dict):
            (declared,) = facet.parts
            places.append(_Place(declared, value))
    return places


def _labelled(where: str, places: Sequence[_Place]) -> str:
    """The record and those parts of the way that have a name of their own."""
    labels = [(place.declared.LABEL, place.value) for place in places if place.declared.LABEL]
    return where + "".join(f", {word} '{value.get(name)}'" for (word, name), value in labels)


def _digested(kind: str, record: Record) -> dict[str, Any]:
    row = complete(kind, record)
    later = {facet.name for facet in facets(KINDS[kind]) if facet.later and row.get(facet.name) == facet.blank}
    return {name: value for name, value in row.items() if name not in later}


def _copy(blank: Any) -> Any:
    return type(blank)() if isinstance(blank, list | dict) else blank
