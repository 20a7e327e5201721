"""Rows to Matrix: the only door. The shipped matrix comes from its fixture, the current one from the database."""

import json
from collections import defaultdict
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from django.apps import apps
from django.db import models

from ports.matrix import (
    FIELDS,
    Matrix,
    MatrixError,
    Records,
    build_matrix,
    digest_records,
    find_faults,
    record_key,
)
from ports.matrix.differences import describe_conflict, describe_edit, find_differences, keep_lost
from ports.models import PortMatrix, Snapshot

_MARKS = ("stamp", "digest", "product", "document", "received")
_UNKNOWN = (
    "What was loaded isn't known any more: this matrix was written here, or loaded by an earlier version and edited "
    "since. It differs from the file in this:"
)
SHIPPED = Path(__file__).parent / "fixtures" / "passwordstate.json"


class NoMatrix(LookupError):
    """The database has no active matrix. `manage.py load_matrix` loads one."""


def read_fixture(path: Path) -> dict[str, list[dict[str, Any]]]:
    """The records of a matrix fixture by kind, in the order of the file.

    Raises OSError when it can't be read, and ValueError with a sentence when it is no list of ports rows.
    """
    try:
        entries = json.loads(path.read_text("utf-8"))
    except ValueError as error:
        raise ValueError(f"{path.name} is no JSON: {error}") from None
    records: dict[str, list[dict[str, Any]]] = defaultdict(list)
    if not isinstance(entries, list):
        raise ValueError(f"{path.name} must hold a list of rows.")
    for number, entry in enumerate(entries, 1):
        app, _, kind = str(entry.get("model", "")).partition(".") if isinstance(entry, dict) else ("", "", "")
        if app != "ports" or not isinstance(entry.get("fields"), dict):
            raise ValueError(f"{path.name}: row {number} must have a model of the app ports, and fields.")
        records[kind].append(entry["fields"])
    return dict(records)


@cache
def shipped_matrix() -> Matrix:
    """The matrix that the product ships, read from its fixture; needs no database."""
    return build_matrix(read_fixture(SHIPPED))


@cache
def _shipped_records(path: Path) -> tuple[dict[str, list[dict[str, Any]]], str]:
    """The records of the shipped fixture, and their digest; MatrixError when it has faults."""
    records = read_fixture(path)
    faults = find_faults(records)
    if faults:
        raise MatrixError(faults)
    return records, digest_records(records)


def current_records(matrix_id: int) -> dict[str, list[dict[str, Any]]]:
    """The rows of one matrix in the database as records by kind: one query for each kind, however many rows."""
    records: dict[str, list[dict[str, Any]]] = {}
    for kind, fields in FIELDS.items():
        model: type[models.Model] = apps.get_model("ports", kind)
        rows = model._default_manager.all()
        if kind == "portmatrix":
            rows = rows.filter(pk=matrix_id)
        else:
            rows = rows.filter(matrix_id=matrix_id).order_by("position", record_key(kind))
        records[kind] = list(rows.values(*fields))
    return records


def current_matrix() -> Matrix:
    """The active matrix as the database has it now, staff's edits included.

    One query while nothing has changed. Raises NoMatrix when none is active, MatrixError with its faults when the
    rows are no matrix.
    """
    active = PortMatrix.objects.filter(active=True).values_list("pk", *_MARKS).first()
    if active is None:
        raise NoMatrix("No port matrix is loaded; run manage.py load_matrix.")
    return _matrix_at(*active)


def list_matrices() -> tuple[PortMatrix, ...]:
    """The matrices that the database has, the active one first."""
    return tuple(PortMatrix.objects.order_by("-active", "product", "received", "slug"))


def find_matrix(slug: str) -> Matrix | None:
    """The matrix with that slug as the database has it now; None when there is none.

    Raises MatrixError with its faults when the rows are no matrix.
    """
    row = PortMatrix.objects.filter(slug=slug).values_list("pk", *_MARKS).first()
    return _matrix_at(*row) if row else None


def find_state(digest: str) -> Matrix | None:
    """The matrix as it was when its rows had that digest (SHA-256 in hexadecimal).

    None when nothing here tells: it was never kept, or an earlier version kept it and it can't be read any more.
    """
    try:
        return _kept_matrix(digest)
    except (LookupError, MatrixError):
        return None


@lru_cache(maxsize=4)
def _kept_matrix(digest: str) -> Matrix:
    """The matrix with that digest from what was kept, loaded or shipped; LookupError when it is nowhere."""
    kept = Snapshot.objects.filter(digest=digest).values_list("records", flat=True).first()
    if kept is None:
        kept = PortMatrix.objects.filter(digest=digest, loaded__isnull=False).values_list("loaded", flat=True).first()
    return build_matrix(find_records(digest) if kept is None else kept)


def find_records(digest: str) -> Records:
    """The records with that digest, of the active matrix or the shipped one; LookupError when it is neither's."""
    for pk in PortMatrix.objects.filter(active=True).values_list("pk", flat=True):
        records = current_records(pk)
        if digest_records(records) == digest:
            return records
    records, shipped = _shipped_records(SHIPPED)
    if shipped != digest:
        raise LookupError(f"There is no port matrix with the digest {digest}.")
    return records


@lru_cache(maxsize=4)
def _matrix_at(matrix_id: int, *_marks: object) -> Matrix:
    """The matrix as of its marks: what they name has changed when any of them has."""
    return build_matrix(current_records(matrix_id))


def find_lost_edits(matrix: PortMatrix, records: Records) -> tuple[str, ...]:
    """What staff edited in this matrix and would lose if the records of a file took the place of its rows.

    One sentence for each edit, with its row, its field, what was loaded and what is there; empty when nothing would
    be lost. Where nobody knows what was loaded, as an earlier version loaded it, the first sentence says so and the
    others say where rows and file differ.
    """
    present = current_records(matrix.pk)
    if digest_records(present) in (matrix.digest, digest_records(records)):
        return ()
    overwritten = find_differences(records, present)
    loaded = _loaded_records(matrix)
    if loaded is not None:
        return tuple(describe_edit(edit) for edit in keep_lost(find_differences(loaded, present), overwritten))
    return (_UNKNOWN, *map(describe_conflict, overwritten))


def find_held_back() -> tuple[str, ...]:
    """The edits for whose sake the shipped matrix isn't loaded over the one of its slug, in sentences.

    Empty when it is loaded, when loading it would lose no edit, and when it can't be read (a check says so then).
    """
    try:
        records, digest = _shipped_records(SHIPPED)
    except (OSError, ValueError):
        return ()
    matrix = PortMatrix.objects.filter(slug=records["portmatrix"][0].get("slug")).first()
    return find_lost_edits(matrix, records) if matrix is not None and matrix.digest != digest else ()


def _loaded_records(matrix: PortMatrix) -> Records | None:
    """What was loaded into this matrix, as remembered or as still shipped; None when neither tells."""
    if matrix.loaded is not None:
        return dict(matrix.loaded)
    try:
        records, digest = _shipped_records(SHIPPED)
    except (OSError, ValueError):
        return None
    return records if digest == matrix.digest else None
