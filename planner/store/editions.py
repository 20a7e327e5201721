"""Which edition a stored plan is on, and which matrix each of its revisions is read under.

A plan stays on its edition until someone switches it (ADR 0014). What is amended here holds for every edition as far
as it fits, so the amendments of today bear on a plan whichever edition it is on.
"""

from contextlib import suppress

from planner.store.models import Plan, Version
from ports.actions import keep_snapshot
from ports.matrix import Matrix
from ports.models import PortMatrix
from ports.queries import current_matrix, find_edition, find_matrix_at, find_state


def matrix_of(plan: Plan) -> Matrix:
    """The edition that a stored plan is on, with its product's amendments as far as they fit.

    A plan that is on none is read under the current edition of its product: one query either way. Raises NoMatrix
    when its product isn't here, and MatrixError with its faults when the rows are no matrix.
    """
    if plan.edition_id is not None:
        return find_matrix_at(plan.edition_id)
    return current_matrix(plan.document.get("product") or "")


def matrix_then(version: Version, now: Matrix) -> Matrix | None:
    """The matrix under which a version of a plan was stored; None when it isn't kept here.

    Where nobody knows which one that was it is `now`, the one that the plan is read under.
    """
    return now if version.digest in ("", now.digest) else find_state(version.digest)


def current_for(plan: Plan) -> Matrix:
    """The current edition of a stored plan's product, which new plans are put on. Raises as `matrix_of` does."""
    return current_matrix(matrix_of(plan).product_slug)


def edition_of(matrix: Matrix) -> PortMatrix | None:
    """The row of a matrix's edition; None when it isn't loaded here."""
    return find_edition(matrix.edition) if matrix.edition else None


def keep_digest(matrix: Matrix) -> str:
    """The digest of a matrix, which is kept so that `ports.queries.find_state` finds it when it has changed.

    What was amended anew while somebody worked under it can't be kept any more; its digest still tells that it was
    another matrix than any that is known.
    """
    with suppress(LookupError):
        keep_snapshot(matrix=matrix)
    return matrix.digest
