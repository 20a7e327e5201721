"""A site's own changes over an edition: which of them fit it, and what the matrix is with them. Pure.

An amendment changes one field of one row. Three wider ones are made only of what staff had edited before there were
amendments: a row that was added (`field` empty, `old` None), a row that was removed (`new` None), and rows of a kind
in another order (`row` the kind alone, `field` "position", both values the names of all rows).
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from typing import Any

from ports.matrix.basics import Service
from ports.matrix.following import follow_value, list_new_names
from ports.matrix.reading import FIELDS, HEAD, Record, Records, build_matrix, complete, find_faults, record_key
from ports.matrix.renames import list_renames
from ports.matrix.requirements import Requirement
from ports.matrix.rows import KINDS, Facet, facets, find_facet
from ports.matrix.vocabulary import listed, product_slug
from ports.matrix.whole import Amendment, Matrix
from ports.text import CONTROL, name_letter

ORDER = "position"
"""The field that stands for the order of the rows of a kind."""
LONGEST_REASON = 300
_LONGEST = 120
_NAMED = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflict:
    """An amendment that is held back, and why, in a clause that follows "is held back: "."""

    amendment: Amendment
    why: str


class NotAmendable(ValueError):
    """An amendment can't be made. `faults` has a sentence for each thing that is wrong."""

    def __init__(self, *faults: str) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


class _Mismatch(ValueError):
    """The records aren't what an amendment changes. The message is a clause."""


def amend(
    records: Records, amendments: Iterable[Amendment]
) -> tuple[Records, tuple[Amendment, ...], tuple[Conflict, ...]]:
    """The records of an edition with the amendments that fit it, those amendments, and those that are held back.

    Each is judged in the order of the numbers, against the edition as the ones before have amended it: it is applied
    where the field has its old value. Where the value is another, the row or the field isn't there, or the matrix
    would have a fault by it, it is held back. The records that are given stay as they are.

    An amendment of a row that is called otherwise in this edition follows it, and names it as the edition does.
    """
    ordered = [follow(one, records) for one in sorted(amendments, key=lambda amendment: amendment.number)]
    amended, applied, conflicts = _apply_all(records, ordered, None)
    if applied:
        known = frozenset(find_faults(records))
        if not known.issuperset(find_faults(amended)):
            amended, applied, conflicts = _apply_all(records, ordered, known)
    return amended, applied, conflicts


def follow(amendment: Amendment, records: Records) -> Amendment:
    """The amendment with its row, and the rows that its values name, called as the records call them.

    It is as it was where they don't have the row, or call everything alike.
    """
    names = _find_names(amendment.row, records)
    if not names:
        return amendment
    kind = amendment.row.partition("/")[0]
    old, new = (follow_value(kind, amendment.field, value, names) for value in (amendment.old, amendment.new))
    return replace(amendment, row=_rename(amendment.row, names), old=old, new=new)


def name_now(row: str, records: Records) -> str:
    """What the records call a row, as `follow` has it."""
    return _rename(row, _find_names(row, records))


def _find_names(row: str, records: Records) -> Mapping[str, Mapping[str, str]]:
    """By kind, what the records call otherwise; empty for what is no row that has a name."""
    kind, _, name = row.partition("/")
    if kind not in KINDS or kind == HEAD or not name or not records.get(HEAD):
        return {}
    return list_new_names(list_renames(records[HEAD][0]), records)


def _rename(row: str, names: Mapping[str, Mapping[str, str]]) -> str:
    kind, slash, name = row.partition("/")
    return f"{kind}{slash}{names.get(kind, {}).get(name, name)}"


def build_amended(records: Records, amendments: Iterable[Amendment]) -> tuple[Matrix, tuple[Conflict, ...]]:
    """The matrix of an edition with its amendments, and those that are held back.

    Raises MatrixError with its faults when the edition itself is no matrix.
    """
    amended, applied, conflicts = amend(records, amendments)
    matrix = build_matrix(amended)
    # An edition stays with its product, whatever staff have called that.
    product = find_product(records)
    return replace(matrix, amendments=applied, product_slug=product or matrix.product_slug), conflicts


def dump_amendment(amendment: Amendment) -> dict[str, Any]:
    """An amendment as plain data, which JSON has."""
    return {**asdict(amendment), "made": amendment.made.isoformat() if amendment.made else None}


def load_amendment(data: Mapping[str, Any]) -> Amendment:
    """An amendment from what `dump_amendment` made of it."""
    return Amendment(**{**data, "made": date.fromisoformat(data["made"]) if data["made"] else None})


def find_product(records: Records) -> str:
    """The slug of the product that the records are of; empty where its name gives none."""
    return product_slug(str(records[HEAD][0].get("product", ""))) if records.get(HEAD) else ""


def prepare(
    records: Records, amendments: Sequence[Amendment], *, row: str, field: str, value: Any, reason: str, number: int
) -> Amendment:
    """The amendment that gives a field of the edition, as amended so far, another value.

    `value` is what a fixture would have. Raises NotAmendable with sentences that say where, what and what is allowed:
    an unknown row or field, a field that names the row, the value that it has already, no reason, or a value by which
    the matrix would have faults.
    """
    amended, _, _ = amend(records, amendments)
    kind, record, facet = find_place(amended, row, field)
    reason = check_reason(reason)
    old = complete(kind, record).get(field)
    value = normalise(facet, value)
    if normalise(facet, old) == value and type(old) is type(value):
        raise NotAmendable(f"{row}: the field '{field}' is {show_value(value)} already.")
    made = Amendment(number=number, row=row, field=field, old=old, new=value, reason=reason)
    before = frozenset(find_faults(amended))
    faults = [fault for fault in find_faults(_apply(amended, made)) if fault not in before]
    if faults:
        raise NotAmendable(*faults)
    return made


def find_place(records: Records, row: str, field: str) -> tuple[str, Record, Facet]:
    """The kind, the record and the declaration of a field that may be amended; NotAmendable when there is none."""
    kind, _, name = row.partition("/")
    if kind not in KINDS or (kind == HEAD) != ("/" not in row):
        kinds = listed(known for known in KINDS if known != HEAD)
        raise NotAmendable(
            f"There is no row '{row}'. A row is KIND/NAME, as in service/website, or {HEAD} for the document itself; "
            f"the kinds are {kinds}."
        )
    rows = records.get(kind, ())
    found = next((record for record in rows if kind == HEAD or record.get(record_key(kind)) == name), None)
    if found is None:
        names = [str(record.get(record_key(kind))) for record in rows]
        more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
        raise NotAmendable(f"There is no {kind} '{name}'; there are {listed(names[:_NAMED]) or 'none'}{more}.")
    allowed = [facet.name for facet in facets(KINDS[kind]) if facet.name != record_key(kind)]
    if field == record_key(kind):
        raise NotAmendable(f"{row}: '{field}' names the row and can't be amended; allowed are {listed(allowed)}.")
    facet = find_facet(KINDS[kind], field)
    if facet is None:
        raise NotAmendable(f"{row}: '{field}' is no field of it; allowed are {listed(allowed)}.")
    return kind, found, facet


def check_reason(reason: str) -> str:
    """A reason in one line, without space around it.

    NotAmendable when there is none, or it is too long or has a character that can't be seen: PostgreSQL keeps no NUL.
    """
    text = " ".join(reason.split())
    if not text:
        raise NotAmendable("An amendment needs a reason: say in a few words why it differs here.")
    if len(text) > LONGEST_REASON:
        raise NotAmendable(f"The reason has {len(text)} characters; allowed are {LONGEST_REASON}.")
    hidden = CONTROL.search(text)
    if hidden is not None:
        raise NotAmendable(f"The reason has a control character, {name_letter(hidden[0])}; leave it out.")
    return text


def read_value(row: str, facet: Facet, text: str) -> Any:
    """What a text says of a field: itself, true or false, or JSON for a list or a mapping.

    Raises NotAmendable with a sentence when it is none.
    """
    where = f"{row}: the field '{facet.name}'"
    if facet.store == "text":
        return text
    if facet.store == "flag":
        if text not in ("true", "false"):
            raise NotAmendable(f"{where} is true or false, not {show_value(text)}.")
        return text == "true"
    words = "a list" if facet.store == "list" else "a mapping"
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):  # the second where it is nested too deeply
        value = ...
    wanted = list if facet.store == "list" else dict
    if not isinstance(value, wanted) and not (value is None and facet.nullable):
        null = " or null" if facet.nullable else ""
        example = '["a", "b"]' if facet.store == "list" else '{"a": "b"}'
        raise NotAmendable(f"{where} is {words} in JSON{null}, as in {example}, not {show_value(text)}.")
    return value


def normalise(facet: Facet, value: Any) -> Any:
    """A value with its texts as code sees them: the port " 025" is "25". One that is wrong stays as it is."""
    if isinstance(value, list):
        return [_normalise_text(facet, one) for one in value]
    if isinstance(value, dict):
        return {name: _normalise_text(facet, one) for name, one in value.items()}
    return _normalise_text(facet, value)


def _normalise_text(facet: Facet, value: Any) -> Any:
    if facet.text is None or not isinstance(value, str):
        return value
    try:
        return facet.text.normalise(value)
    except ValueError:
        return value  # what is wrong with it is a fault of the matrix


def write_value(facet: Facet, value: Any) -> str:
    """The text that `read_value` reads as that value."""
    if facet.store == "text":
        return str(value or "")
    return json.dumps(value, ensure_ascii=False)


def say_amendment(amendment: Amendment) -> str:
    """What was amended in a few words, as in "443 → 8443, behind the proxy, 25 November 2026"."""
    made = amendment.made
    date = f", {made.day} {made:%B %Y}" if made else ""
    return f"{say_change(amendment)}, {amendment.reason}{date}"


def say_here(amendment: Amendment) -> str:
    """The same beside its row: "amended here: 443 → 8443, behind the proxy, 25 November 2026"; ports need no name."""
    field = "" if amendment.field in ("", "ports", ORDER) else f"{amendment.field} "
    return f"amended here: {field}{say_amendment(amendment)}"


def find_notes(matrix: Matrix) -> dict[str, tuple[str, ...]]:
    """What is amended of a matrix, in words, by row."""
    notes: dict[str, tuple[str, ...]] = {}
    for amendment in matrix.amendments:
        notes[amendment.row] = (*notes.get(amendment.row, ()), say_here(amendment))
    return notes


def find_bearing(matrix: Matrix, requirement: Requirement) -> tuple[Amendment, ...]:
    """The amendments of a requirement and of the services that it asks for, in the order of their numbers."""
    rows = {f"{requirement.KIND}/{requirement.slug}", *(f"{Service.KIND}/{ask.service}" for ask in requirement.asks)}
    return tuple(amendment for amendment in matrix.amendments if amendment.row in rows)


def say_change(amendment: Amendment) -> str:
    """What an amendment changes, without where: "443 → 8443"."""
    if amendment.field == ORDER and "/" not in amendment.row:
        return "another order"
    if not amendment.field:
        return "row added" if amendment.old is None else "row removed"
    return f"{_show_plain(amendment.old)} → {_show_plain(amendment.new)}"


def say_place(amendment: Amendment) -> str:
    """Where an amendment is: "service/website, ports"."""
    return f"{amendment.row}, {amendment.field}" if amendment.field else amendment.row


def say_conflict(conflict: Conflict) -> str:
    """A conflict in a sentence, with what is held back and why."""
    held = conflict.amendment
    return f"Amendment {held.number} ({say_place(held)}: {say_change(held)}) is held back: {conflict.why}"


def amendment_data(amendment: Amendment) -> dict[str, Any]:
    """An amendment as plain data: where, both values as a fixture has them, why and when."""
    return {
        "number": amendment.number,
        "row": amendment.row,
        "field": amendment.field or None,
        "old": amendment.old,
        "new": amendment.new,
        "reason": amendment.reason,
        "made": amendment.made.isoformat() if amendment.made else None,
    }


def show_value(value: Any) -> str:
    """A value as JSON, cut where it is long."""
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def _show_plain(value: Any) -> str:
    """A value in a sentence for people: text as it is."""
    text = value if isinstance(value, str) and value else "nothing" if value in ("", None) else show_value(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def _apply_all(
    records: Records, amendments: Sequence[Amendment], known: frozenset[str] | None
) -> tuple[Records, tuple[Amendment, ...], tuple[Conflict, ...]]:
    """Each amendment in turn. With `known`, one by which a fault comes in that isn't known is held back."""
    applied: list[Amendment] = []
    conflicts: list[Conflict] = []
    for amendment in amendments:
        try:
            changed = _apply(records, amendment)
            faults = [] if known is None else [fault for fault in find_faults(changed) if fault not in known]
            if faults:
                raise _Mismatch(f"the matrix would have a fault by it: {faults[0]}")
        except _Mismatch as error:
            conflicts.append(Conflict(amendment=amendment, why=str(error)))
        else:
            records = changed
            applied.append(amendment)
    return records, tuple(applied), tuple(conflicts)


def _apply(records: Records, amendment: Amendment) -> Records:
    """The records with an amendment; _Mismatch when they aren't what it changes."""
    kind, slash, name = amendment.row.partition("/")
    if kind not in KINDS:
        raise _Mismatch(f"there are no rows of the kind {kind}.")
    key = record_key(kind)
    rows = list(records.get(kind, ()))
    if kind != HEAD and not slash:
        return {**records, kind: _reorder(rows, key, amendment)}
    place = 0 if kind == HEAD and rows else None
    if place is None:
        place = next((number for number, row in enumerate(rows) if row.get(key) == name), None)
    if not amendment.field:
        return {**records, kind: _replace_row(kind, rows, place, amendment)}
    if place is None:
        raise _Mismatch("the edition has no such row.")
    if amendment.field not in FIELDS[kind]:
        raise _Mismatch(f"rows of the kind {kind} have no field '{amendment.field}'.")
    found = complete(kind, rows[place]).get(amendment.field)
    if found != amendment.old or isinstance(found, bool) is not isinstance(amendment.old, bool):
        raise _Mismatch(f"the edition has {show_value(found)}, not {show_value(amendment.old)}.")
    rows[place] = {**rows[place], amendment.field: amendment.new}
    return {**records, kind: rows}


def _replace_row(kind: str, rows: list[Record], place: int | None, amendment: Amendment) -> list[Record]:
    """The rows with one more, or one less."""
    if amendment.old is None:
        if place is not None:
            raise _Mismatch("the edition has a row of that name itself.")
        return [*rows, amendment.new]
    if place is None:
        raise _Mismatch("the edition has no such row.")
    if complete(kind, rows[place]) != complete(kind, amendment.old):
        raise _Mismatch("the edition's row isn't what was removed.")
    return [*rows[:place], *rows[place + 1 :]]


def _reorder(rows: list[Record], key: str, amendment: Amendment) -> list[Record]:
    """The rows in the order that an amendment gives."""
    by_name = {row.get(key): row for row in rows}
    if list(by_name) != amendment.old or set(by_name) != set(amendment.new):
        raise _Mismatch("the edition has other rows, or another order of them.")
    return [by_name[name] for name in amendment.new]
