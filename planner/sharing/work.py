"""The making of one file that was asked for, in a process that does nothing else."""

import logging
import os
import resource
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial

from django.conf import settings
from django.db import Error

from planner.engine import TooLarge
from planner.engine.existing.model import Unreadable
from planner.engine.existing.sides import BadMap
from planner.plan.document import PlanError
from planner.report import ACCEPTANCE_FORMATS, CHANGE_FORMATS, FORMATS, NotExpressible, progress
from planner.sharing.files import NOT_SHOWN, write_reading, write_reading_changes
from planner.sharing.links import read_link, read_newest
from planner.store import jobs
from planner.store.acceptances import write_acceptance
from planner.store.admission import AccessTaken, admitted, held
from planner.store.existing import Question, write_existing
from planner.store.files import UNUSABLE, File, UnusableFilter, write_plan_file
from planner.store.job_models import Job
from planner.store.kept import Damaged
from planner.store.models import Hold, Plan
from planner.store.runner import end_with_whoever_began_it
from planner.store.sealed import Unopened
from planner.store.sides import NothingToCompare, write_changes
from planner.store.standing import read_standing
from ports.matrix import MatrixError
from ports.queries import NoMatrix, NoProduct

OFTEN = 0.5
"""Seconds between two times that is stored how far a file is."""
POLITE = 10
"""By how much answers to people come before the making of files (nice(2))."""
FAILED = "Something went wrong here while it was made. The log of the service has more."
_logger = logging.getLogger(__name__)

Maker = Callable[[Plan, Job, jobs.Order], File]


def _make_plan_file(plan: Plan, _job: Job, order: jobs.Order) -> File:
    return write_plan_file(plan, FORMATS[order.format], order.asked)


def _make_reading_file(plan: Plan, job: Job, order: jobs.Order) -> File:
    if job.link is not None:
        job.link.plan = plan
    reading = read_link(job.link) if job.link else read_newest(plan)
    return write_reading(reading, FORMATS[order.format], order.asked)


def _make_reading_changes_file(plan: Plan, job: Job, order: jobs.Order) -> File:
    if job.link is None:
        raise NothingToCompare(NOT_SHOWN)
    job.link.plan = plan
    return write_reading_changes(read_link(job.link), CHANGE_FORMATS[order.format], order.asked)


def _make_changes_file(plan: Plan, _job: Job, order: jobs.Order) -> File:
    return write_changes(plan, CHANGE_FORMATS[order.format], order.asked)


def _make_acceptance_file(plan: Plan, _job: Job, order: jobs.Order) -> File:
    return write_acceptance(plan, ACCEPTANCE_FORMATS[order.format])


def _make_existing_file(plan: Plan, job: Job, order: jobs.Order) -> File:
    question = Question.read(order.format, order.asked)
    # What is kept with the plan is kept for whoever asked, as long as they may change it.
    by = [partial(held, Hold(pk=question.hold), Hold.Role.EDIT)] if question.hold is not None else []
    with admitted(*by):
        return write_existing(plan, question, jobs.read_sent(job))


MAKERS: Mapping[str, Maker] = {
    "report": _make_plan_file,
    "reading": _make_reading_file,
    "reading-changes": _make_reading_changes_file,
    "changes": _make_changes_file,
    "acceptance": _make_acceptance_file,
    "existing": _make_existing_file,
}
"""What makes the file of an order, by its kind."""


def make_one(number: int, runner: str) -> None:
    """Make the file of a job that this runner has, in a process that does nothing else."""
    job = jobs.has(number, runner).select_related("link").first()
    if job is None:
        return
    _prepare()
    try:
        with progress.told_to(_listen(number, runner)):
            made = _make(job, runner)
        jobs.note_progress(number, runner, "Keeping the file", 0, 0)
        jobs.finish(number, runner, made)
    except Exception as error:
        _take_any_memory()
        said = _say(error)
        if said is None and isinstance(error, Error):
            raise  # the database is away: it is tried again
        if said is None and jobs.is_sealed(job):
            # Neither the message nor the lines of the code: either may have what was sent in it.
            _logger.error("job %s failed: %s", job.name, type(error).__name__)
        elif said is None:
            _logger.exception("job %s failed", job.name)
        jobs.fail(number, runner, said or FAILED)


def _prepare() -> None:
    """Have this process be polite to others, take no more memory than it may, and end with whoever began it."""
    end_with_whoever_began_it()
    os.nice(POLITE)
    with suppress(ValueError, OSError):  # a lower limit is set already
        resource.setrlimit(resource.RLIMIT_DATA, (settings.JOB_MIB * 2**20, resource.RLIM_INFINITY))


def _take_any_memory() -> None:
    """Have this process take what it likes: it ends with a few words, for which there may be no memory left."""
    _, most = resource.getrlimit(resource.RLIMIT_DATA)
    resource.setrlimit(resource.RLIMIT_DATA, (most, most))


def _make(job: Job, runner: str) -> File:
    """The file, of the plan as it is now; the job says what it follows from, so that others find it."""
    order = jobs.read_order(job)
    plan = Plan.objects.get(pk=job.plan_id)
    if jobs.is_sealed(job):  # for whoever sent it, whatever becomes of the plan meanwhile
        return MAKERS[order.kind](plan, job, order)
    standing = read_standing(plan)
    jobs.note_key(job.pk, runner, jobs.key_of(plan, order, job.link))
    made = MAKERS[order.kind](plan, job, order)
    if read_standing(Plan.objects.defer("document").get(pk=plan.pk)) != standing:
        jobs.forget_key(job.pk, runner)
    return made


def _listen(number: int, runner: str) -> progress.Listener:
    """What stores how far a job is, not too often."""
    last = 0.0

    def listen(said: str, part: int, parts: int) -> None:
        nonlocal last
        now = time.monotonic()
        if parts and now < last + OFTEN:
            return
        last = now
        jobs.note_progress(number, runner, said, part, parts)

    return listen


def _say(error: Exception) -> str | None:
    """Why there is no file, in a sentence; None where nobody has foreseen it."""
    if _ran_out_of_memory(error):
        return f"It needs more memory than the {settings.JOB_MIB:,} MiB that a file may take here."
    if isinstance(error, UnusableFilter):
        return f"{UNUSABLE}. {error}"
    if isinstance(error, TooLarge):
        return f"This plan is too large for a report. {error.sentence}"
    if isinstance(error, PlanError):
        return f"This plan doesn't fit the port matrix of today. {error.faults[0]}"
    if isinstance(error, MatrixError):
        return "The port matrix has faults."
    if isinstance(error, AccessTaken):
        return "Whoever asked for it may no longer change this plan, so nothing was kept with it."
    if isinstance(error, Unopened):
        return "What was sent isn't there any more. Choose it again."
    if isinstance(error, NotExpressible | NothingToCompare | Unreadable | BadMap | NoMatrix | NoProduct | Damaged):
        return str(error)
    return None


def _ran_out_of_memory(error: BaseException | None) -> bool:
    """Whether there was no memory left: the interpreter and the database may say so by an error that comes of that."""
    while error is not None and not isinstance(error, MemoryError):
        error = error.__cause__ or error.__context__
    return error is not None
