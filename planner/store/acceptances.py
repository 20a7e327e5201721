"""The acceptance of a stored plan as a file."""

from typing import Any

from django.conf import settings
from django.utils.timezone import localdate

from planner.engine.acceptance import assess
from planner.report import AcceptanceFormat, progress
from planner.store.editions import matrix_of
from planner.store.files import File, name_file
from planner.store.models import Plan
from planner.store.reports import report_for
from planner.store.results import list_steps, prove


def write_acceptance(plan: Plan, kind: AcceptanceFormat) -> File:
    """What the results of its checks prove of a plan, in a format, for those who may edit it.

    Raises as `planner.store.reports.report_for` does.
    """
    progress.tell("Working out the rules")
    report = report_for(plan.version, matrix_of(plan))
    proven = prove(plan, report)
    state = proven.acceptance if proven else assess(report, ())
    printed: dict[str, Any] = {}
    if kind.is_printed:
        printed = {"date": localdate(), "stylesheet": settings.STYLESHEET, "steps": list_steps(plan, proven)}
    progress.tell("Writing the file")
    name = name_file(plan.name, f"acceptance-{localdate():%Y-%m-%d}.{kind.name}")
    return File(data=kind.render(report, state, **printed), content_type=kind.content_type, name=name)
