"""What the plan's page says of the revision that was handed over last, and of what has changed since."""

from dataclasses import dataclass

from planner.report.said.text import count_renamed, say_changes
from planner.store.models import Handover, Plan
from planner.store.reports import find_version
from planner.store.sent import compare_with_sent, find_sent_under
from ports.matrix import Matrix


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
        return Since(handover=last, sentence=f"{what} changed since; no rule or address differs.", remark=remark)
    return Since(handover=last, sentence=f"{what} changed since:", differs=differs, remark=remark)


def _is_same(plan: Plan, number: int) -> bool:
    """Whether the plan says what it said in its revision of that number."""
    if number == plan.revision:
        return True
    version = find_version(plan, number)
    return version is not None and version.document == plan.document
