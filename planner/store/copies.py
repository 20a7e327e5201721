"""Copies of plans: another plan like one, and archives of one's plans with all that was saved of them, as files."""

import tempfile
from collections.abc import Callable
from typing import IO

from django.utils import timezone
from django.utils.text import slugify

from planner.engine.size import check_size
from planner.plan.carry import say_carried
from planner.plan.document import carry_stored
from planner.store import actions, audit
from planner.store.editions import current_for
from planner.store.holders import Holder
from planner.store.models import KEPT_IN_BIN, Hold, Plan
from planner.store.transfer import IN_MEMORY, export_plans
from planner.store.trouble import store_if_possible


def copy_plan(*, plan: Plan, holder: Holder, admit: Callable[[], object] = lambda: None) -> Plan:
    """Make a plan like this one, with a history of its own, on its product's current edition; the holder owns it.

    `admit` is called before it is stored; what it raises keeps it from being stored. Raises TooLarge, and PlanError
    for one that doesn't fit the edition.
    """
    matrix = current_for(plan)
    copy, carried = carry_stored(plan.document | {"name": f"{plan.name[:248]} (copy)"}, matrix=matrix)
    check_size(matrix, copy)
    admit()
    summary = "; ".join(filter(None, (f"Copied from “{plan.name}”", say_carried(carried))))
    return actions.create_plan(plan=copy, matrix=matrix, summary=summary, holder=holder)


def list_holds(holder: Holder) -> list[Hold]:
    """What somebody holds, without the documents, and without what is gone for good; changed last, first."""
    holds = holder.holds().select_related("plan__edition").defer("plan__document")
    return list(holds.exclude(plan__deleted__lte=timezone.now() - KEPT_IN_BIN).order_by("-plan__updated", "pk"))


def open_archive(plan: Plan, holder: Holder) -> tuple[IO[bytes], str]:
    """The archive of one plan, from its beginning, and its name; to be closed by who takes it. It is logged.

    It is written to a temporary file first, as a long history doesn't fit into memory.
    """
    name = f"{slugify(plan.name)[:80] or 'plan'}-revision-{plan.revision}-with-history.zip"
    file = _write([plan])
    store_if_possible(lambda: audit.note("plan-exported", plan=plan, actor=holder.name), waits=True)
    return file, name


def open_archive_of_all(holder: Holder) -> tuple[IO[bytes], str]:
    """The same of every plan that somebody may edit."""
    file = _write([hold.plan for hold in list_holds(holder) if hold.allows(Hold.Role.EDIT)])
    store_if_possible(lambda: audit.note("plan-exported", actor=holder.name, detail="all of one's own"), waits=True)
    return file, "plans.zip"


def _write(plans: list[Plan]) -> IO[bytes]:
    file = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115 - the answer closes it when it is sent
    export_plans(file, plans)
    file.seek(0)
    return file
