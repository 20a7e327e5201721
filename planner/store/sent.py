"""What was handed over and what else a plan is compared with: in words, and why it can't be where it can't."""

from django.utils import dateformat, timezone

from planner.engine.compare import Comparison
from planner.store.editions import matrix_of, matrix_then
from planner.store.models import Handover, Plan
from planner.store.reports import comparison_since, find_version
from ports.matrix import Matrix
from ports.queries import find_state
from ports.text import INT_32, read_number


def say_handover(handover: Handover | None) -> str:
    """To whom a revision went and when, in words; empty for None."""
    if handover is None:
        return ""
    return f"handed over to {handover.recipient} on {dateformat.format(timezone.localtime(handover.sent), 'j F Y')}"


def say_why_not(plan: Plan, number: str) -> str:
    """Why a plan can't be compared with its revision of that number, where it can't."""
    read = _read_revision(number)
    version = find_version(plan, read) if read is not None else None
    if version is None:
        return f"This plan has no revision {number[:40]} to compare with."
    if version.digest and find_state(version.digest) is None:
        return f"The port matrix of revision {number} isn’t kept here as it was then, so what differs can’t be said."
    return f"Revision {number} can’t be evaluated any more, so what differs can’t be said."


def say_unknown(plan: Plan, number: str) -> str:
    """That nobody knows under which port matrix a revision was stored; empty where it is known."""
    read = _read_revision(number)
    if read is None or not plan.revisions.filter(number=read, digest="").exists():
        return ""
    return f"Under which port matrix revision {number} was stored isn’t known; that of now stands for it."


def _read_revision(text: str) -> int | None:
    return read_number(text, most=INT_32)


def find_sent_under(handover: Handover, matrix: Matrix) -> Matrix | None:
    """The matrix under which a revision was handed over; None when it isn't kept here.

    Where nobody knows which one that was it is `matrix`, the one of now.
    """
    return find_state(handover.digest) if handover.digest else matrix


def find_handed_over(plan: Plan, number: int) -> Matrix:
    """The matrix under which a revision is handed over: of the newest that of now, else that of then if it is kept."""
    now = matrix_of(plan)
    version = find_version(plan, number) if number != plan.revision else None
    return (matrix_then(version, now) if version else None) or now


def compare_with_sent(plan: Plan, handover: Handover, matrix: Matrix) -> Comparison | None:
    """What differs between what was handed over, under the matrix of then, and the plan under `matrix`.

    None when that can't be said.
    """
    under = find_sent_under(handover, matrix)
    return None if under is None else comparison_since(plan, handover.revision, matrix, under)
