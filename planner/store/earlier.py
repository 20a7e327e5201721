"""The earlier revisions of a plan that its firewalls may have been told: handed over, or with rules that are there."""

from dataclasses import dataclass

from planner.engine import Report, TooLarge
from planner.plan.document import PlanError
from planner.store.editions import matrix_then
from planner.store.models import Plan
from planner.store.reports import find_sound_version, report_for
from ports.matrix import Matrix

MOST = 5
"""Of so many revisions at most, the newest, a file takes back what they opened."""
MOST_FLOWS = 200_000
"""They have no more flows than this together, so that a download doesn't take long."""
_THERE = ("implemented", "verified")


@dataclass(frozen=True, slots=True, kw_only=True)
class Earlier:
    """Reports of earlier revisions, the oldest first, and which ones those are, in words; empty without any."""

    reports: tuple[Report, ...] = ()
    said: str = ""


def find_earlier(plan: Plan, matrix: Matrix) -> Earlier:
    """The revisions before the newest that were handed over, or at which a rule was said to be implemented.

    Each is read under the matrix that it was stored under; one that can't be read is left out, and so isn't named.
    """
    sent = plan.handovers.filter(revision__lt=plan.revision).values_list("revision", flat=True)
    there = plan.states.filter(revision__lt=plan.revision, state__in=_THERE).values_list("revision", flat=True)
    found: dict[int, Report] = {}
    flows = 0
    for number in sorted({*sent, *there}, reverse=True):
        version = find_sound_version(plan, number)
        then = matrix_then(version, matrix) if version else None
        if version is None or then is None:
            continue
        try:
            report = report_for(version, then)
        except (PlanError, TooLarge):
            continue
        flows += len(report.flows)
        if flows > MOST_FLOWS or len(found) == MOST:
            break
        found[number] = report
    numbers = [str(number) for number in sorted(found)]
    said = f"revision{'s' if len(numbers) > 1 else ''} {', '.join(numbers)}" if numbers else ""
    return Earlier(reports=tuple(found[number] for number in sorted(found)), said=said)
