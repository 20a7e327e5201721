"""Every write to the port matrix: keyword-only, atomic."""

from collections.abc import Sequence
from pathlib import Path

from django.db import transaction
from django.db.models import Q

from ports.matrix import KINDS, Matrix, MatrixError, complete, digest_records, find_faults
from ports.models import ROWS, PortMatrix, Snapshot, new_stamp
from ports.queries import find_lost_edits, find_records, read_fixture


class MatrixEdited(Exception):
    """Loading would overwrite what staff edited. `edits` has one sentence for each edit that would be lost."""

    def __init__(self, matrix: PortMatrix, edits: Sequence[str]) -> None:
        lines = [
            f"{matrix} has been edited here, and loading the file would lose this, so nothing was loaded:",
            *edits,
        ]
        super().__init__(
            "\n".join([*lines, "Put into the file what has to stay, or load it over the edits by --force."])
        )
        self.edits = tuple(edits)


@transaction.atomic
def load_matrix(*, path: Path, activate: bool = True, force: bool = False) -> tuple[PortMatrix, bool]:
    """Load a matrix fixture into the database; `activate` it, or when no matrix is active, for plans' evaluation.

    Returns the matrix and whether its rows were written. A fixture that was loaded before is left as it is now, with
    what staff edited. Other content for a matrix that is there takes the place of its rows only if no edit of staff
    is lost by it: MatrixEdited is raised else. `force` puts the fixture's rows back in any case. Raises MatrixError
    with all faults of the fixture, and what `ports.queries.read_fixture` raises. Nothing is written when it raises.
    """
    records = read_fixture(path)
    faults = find_faults(records)
    if faults:
        raise MatrixError(faults)
    head = records["portmatrix"][0]
    if not isinstance(head.get("slug"), str) or not head["slug"]:
        raise MatrixError([f"portmatrix '{head['product']}': the field 'slug' is missing or empty."])
    digest = digest_records(records)
    facts = {kind: [complete(kind, row) for row in records.get(kind, ())] for kind in KINDS}
    with_memory = PortMatrix.objects.annotate(is_remembered=Q(loaded__isnull=False))
    there = with_memory.filter(slug=head["slug"]).first()
    if there is not None and there.digest == digest and not force:
        if not there.is_remembered:  # loaded by an earlier version, from records with this digest: from these
            PortMatrix.objects.filter(pk=there.pk).update(loaded=facts)
        if (activate and not there.active) or not _is_any_active():
            activate_matrix(matrix=there)
        return there, False
    if there is not None and not force:
        edits = find_lost_edits(there, facts)
        if edits:
            raise MatrixEdited(there, edits)
    matrix: PortMatrix = there or PortMatrix(slug=head["slug"])
    matrix.product, matrix.document, matrix.received = head["product"], head["document"], head["received"]
    matrix.digest, matrix.loaded = digest, facts
    matrix.save()
    for model in ROWS:
        model._default_manager.filter(matrix=matrix).delete()
        model._default_manager.bulk_create(
            model(matrix=matrix, position=number * 10, **row) for number, row in enumerate(facts[model.KIND], 1)
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


@transaction.atomic
def keep_snapshot(*, matrix: Matrix) -> None:
    """Keep a matrix as it is now, so that `ports.queries.find_state` finds it by its digest when it has changed.

    It is the active one or the one that is shipped; raises LookupError when it is neither.
    """
    if Snapshot.objects.filter(digest=matrix.digest).exists():
        return
    records = find_records(matrix.digest)
    Snapshot.objects.get_or_create(digest=matrix.digest, defaults={"records": records})
