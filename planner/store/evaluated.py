"""Reports of stored plans: a process keeps a few recent ones, and makes the next one of a plan of what still holds."""

from collections.abc import Callable
from uuid import UUID

from planner.engine import Report
from planner.store.models import Version
from planner.store.recent import Recent
from ports.matrix import Matrix

_reports: Recent[Report] = Recent(lambda report: len(report.flows), count=8)


def find_report(version: Version, matrix: Matrix, make: Callable[[Report | None], Report]) -> Report:
    """The report of a version of a plan under a matrix, made if it isn't kept; `make` gets what `find_last` says."""
    return _reports.find((version, matrix.state), lambda: make(find_last(version.plan, matrix)))


def find_last(plan: UUID, matrix: Matrix) -> Report | None:
    """The report of a plan under this matrix that was asked for last, of whichever version; None if none is kept."""
    for (version, state), report in _reports.list_items():
        if version.plan == plan and state == matrix.state:
            return report
    return None


def find_kept(plan: UUID, number: int) -> Version | None:
    """A version of a plan whose report is kept, under any matrix: its document needn't be read. It has no digest."""
    versions = (version for (version, _), _ in _reports.list_items())
    return next((one for one in versions if (one.plan, one.number) == (plan, number)), None)
