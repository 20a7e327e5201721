"""Every write to the port matrix: keyword-only, atomic."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from django.db import transaction

from ports.matrix import FIELDS, MatrixError, digest_records, find_faults
from ports.models import ROWS, PortMatrix, new_stamp
from ports.queries import read_fixture


@transaction.atomic
def load_matrix(*, path: Path, activate: bool = True, force: bool = False) -> tuple[PortMatrix, bool]:
    """Load a matrix fixture into the database; `activate` it, or when no matrix is active, for plans' evaluation.

    Returns the matrix and whether anything was written. A fixture that was loaded before is left as it is now, with
    what staff edited; `force` puts the fixture's rows back. Raises MatrixError with all faults of the fixture, and
    what `ports.queries.read_fixture` raises; nothing is written then.
    """
    records = read_fixture(path)
    faults = find_faults(records)
    if faults:
        raise MatrixError(faults)
    head = records["portmatrix"][0]
    if not isinstance(head.get("slug"), str) or not head["slug"]:
        raise MatrixError([f"portmatrix '{head['product']}': the field 'slug' is missing or empty."])
    digest = digest_records(records)
    matrix = PortMatrix.objects.filter(slug=head["slug"]).first()
    if matrix is not None and matrix.digest == digest and not force:
        if (activate and not matrix.active) or not _is_any_active():
            activate_matrix(matrix=matrix)
        return matrix, False
    matrix = matrix or PortMatrix(slug=head["slug"])
    matrix.product, matrix.document, matrix.received = head["product"], head["document"], head["received"]
    matrix.digest = digest
    matrix.save()
    for model in ROWS:
        kind = model._meta.model_name or ""
        rows: Sequence[Mapping[str, Any]] = records.get(kind, ())
        model._default_manager.filter(matrix=matrix).delete()
        model._default_manager.bulk_create(
            model(matrix=matrix, position=number * 10, **{name: row[name] for name in FIELDS[kind]})
            for number, row in enumerate(rows, 1)
        )
    PortMatrix.objects.filter(pk=matrix.pk).update(stamp=new_stamp())
    if activate or not _is_any_active():
        activate_matrix(matrix=matrix)
    return matrix, True


def _is_any_active() -> bool:
    return PortMatrix.objects.filter(active=True).exists()


@transaction.atomic
def activate_matrix(*, matrix: PortMatrix) -> None:
    """Evaluate plans against this matrix from now on."""
    PortMatrix.objects.exclude(pk=matrix.pk).update(active=False)
    PortMatrix.objects.filter(pk=matrix.pk).update(active=True)
