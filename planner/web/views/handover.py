"""What the plan's page says of the revision that was handed over last, and of what has changed since."""

from dataclasses import dataclass

from django.utils import dateformat, timezone

from planner.engine.compare import Comparison
from planner.report.said.text import count_renamed, say_changes
from planner.store.models import Handover, Plan
from planner.store.reports import comparison_since, find_version
from ports.matrix import Matrix
from ports.queries import find_state


def say_handover(handover: Handover | None) -> str:
    """To whom a revision went and when, in words; empty for None."""
    if handover is None:
        return ""
    return f"handed over to {handover.recipient} on {dateformat.format(timezone.localtime(handover.sent), 'j F Y')}"


def say_why_not(plan: Plan, number: str) -> str:
    """Why a plan can't be compared with its revision of that number, where it can't."""
    version = find_version(plan, int(number)) if _is_number(number) else None
    if version is None:
        return f"This plan has no revision {number[:40]} to compare with."
    if version.digest and find_state(version.digest) is None:
        return f"The port matrix of revision {number} isn’t kept here as it was then, so what differs can’t be said."
    return f"Revision {number} can’t be evaluated any more, so what differs can’t be said."


def say_unknown(plan: Plan, number: str) -> str:
    """That nobody knows under which port matrix a revision was stored; empty where it is known."""
    if not _is_number(number) or not plan.revisions.filter(number=int(number), digest="").exists():
        return ""
    return f"Under which port matrix revision {number} was stored isn’t known; that of now stands for it."


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Since:
    """What has changed since a handover: a sentence, or its beginning and what differs; a remark may follow."""

    handover: Handover
    sentence: str
    differs: str = ""
    remark: str = ""
    may_differ: bool = True
    """Whether there can be anything to ask for."""


def describe_handover(plan: Plan, matrix: Matrix) -> Since | None:
    """To whom the last one went, when, and what has changed since; None if there is none."""
    last = plan.handovers.first()
    if last is None:
        return None
    same_plan, same_matrix = _is_same(plan, last.revision), last.digest in ("", matrix.digest)
    remark = "" if last.digest else "Under which port matrix it was sent isn’t known."
    if same_plan and same_matrix:
        sentence = "The plan has not changed since." if remark else "Nothing has changed since."
        return Since(handover=last, sentence=sentence, remark=remark, may_differ=False)
    what = "The port matrix has" if same_plan else "The plan has" if same_matrix else "Plan and port matrix have"
    if find_sent_under(last, matrix) is None:
        remark = f"{what} changed since. The port matrix of then isn’t kept here, so what differs can’t be said."
        return Since(handover=last, sentence=remark)
    compared = compare_with_sent(plan, last, matrix)
    if compared is None:
        sentence = f"{what} changed since. What differs can’t be said: one of the two can’t be evaluated any more."
        return Since(handover=last, sentence=sentence, remark=remark)
    differs = ", ".join((*say_changes(compared), *count_renamed(compared)))
    if not differs:
        return Since(handover=last, sentence=f"{what} changed since, and no rule or address by it.", remark=remark)
    return Since(handover=last, sentence=f"{what} changed since:", differs=differs, remark=remark)


def _is_same(plan: Plan, number: int) -> bool:
    """Whether the plan says what it said in its revision of that number."""
    if number == plan.revision:
        return True
    version = find_version(plan, number)
    return version is not None and version.document == plan.document


def find_sent_under(handover: Handover, matrix: Matrix) -> Matrix | None:
    """The matrix under which a revision was handed over; None when it isn't kept here.

    Where nobody knows which one that was it is `matrix`, the one of now.
    """
    return find_state(handover.digest) if handover.digest else matrix


def compare_with_sent(plan: Plan, handover: Handover, matrix: Matrix) -> Comparison | None:
    """What differs between what was handed over, under the matrix of then, and the plan under `matrix`.

    None when that can't be said.
    """
    under = find_sent_under(handover, matrix)
    return None if under is None else comparison_since(plan, handover.revision, matrix, under)
