"""What the pages of a plan depend on besides the document: two cheap questions instead of all that a page reads.

Two standings that are equal stand for pages that are equal. Every number only grows while something is added, and
what is taken away or changed in place is counted besides.
"""

from dataclasses import dataclass
from functools import lru_cache

from django.db import connection
from django.db.models import Model

from planner.store.compared_models import Compared
from planner.store.models import Answer, Comment, Handover, Plan, RuleState
from planner.store.run_models import CheckRun
from ports.matrix import FIELDS, HEAD
from ports.models import PortMatrix, Snapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A plan as it is in the database: its revision, and what stands beside it."""

    plan: int
    """Its number in the database."""
    now: tuple[object, ...]
    """Its key, revision and edition, and when its row was written last."""
    editions: tuple[object, ...]
    """The marks of all editions of its product, which change with the facts and with what is amended."""
    newest_state: int
    handovers: int
    """The number of the newest one; 0 if there is none."""
    comments: int
    """How many there are, resolved or not."""
    beside: tuple[object, ...]
    """The newest run and answer, what comments say of themselves, the comparisons with firewalls that are kept, and
    the newest matrix of another day."""

    def is_of(self, plan: Plan) -> bool:
        """Whether the plan is still what it was."""
        return self.now == _say_now(plan)


def _say_now(plan: Plan) -> tuple[object, ...]:
    return plan.key, plan.revision, plan.edition_id, plan.updated


OF_PLAN = "(SELECT {what} FROM {table} WHERE plan_id = %s)"
ALL = "(SELECT MAX(id) FROM {table})"
EDITIONS = (
    "SELECT {what} FROM {table} WHERE product_slug = (SELECT product_slug FROM {table} WHERE id = %s) ORDER BY id"
)
MARKS = ("id", "slug", "current", "stamp", "digest", *(name for name in FIELDS[HEAD] if name != "renamed"))
COMPARED = ("COUNT(*)", "MAX(id)")
COMMENTS = ("COUNT(*)", "MAX(id)", "MAX(changed)", "SUM(CASE WHEN resolved THEN 0 ELSE id END)")


@lru_cache
def _write_questions() -> tuple[str, str]:
    """The two questions. They are written out because Django takes longer to write them than they take to answer."""
    parts = [OF_PLAN.format(what="MAX(id)", table=_name(model)) for model in (RuleState, Handover, CheckRun, Answer)]
    parts += [OF_PLAN.format(what=what, table=_name(Comment)) for what in COMMENTS]
    parts += [OF_PLAN.format(what=what, table=_name(Compared)) for what in COMPARED]
    parts += [ALL.format(table=_name(Snapshot))]
    marks = ", ".join(map(connection.ops.quote_name, MARKS))
    return f"SELECT {', '.join(parts)}", EDITIONS.format(what=marks, table=_name(PortMatrix))


def _name(model: type[Model]) -> str:
    return connection.ops.quote_name(model._meta.db_table)


def read_standing(plan: Plan) -> Standing:
    """The standing of a plan that is on an edition; its document is not looked at."""
    beside, editions = _write_questions()
    with connection.cursor() as cursor:
        cursor.execute(beside, [plan.pk] * 10)
        state, handover, run, answer, comments, *rest = cursor.fetchone()
        cursor.execute(editions, [plan.edition_id])
        marks = tuple(cursor.fetchall())
    return Standing(
        plan=plan.pk,
        now=_say_now(plan),
        editions=marks,
        newest_state=state or 0,
        handovers=handover or 0,
        comments=comments,
        beside=(run, answer, *rest),
    )
