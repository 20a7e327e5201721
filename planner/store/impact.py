"""What another edition of the port matrix would change for plans: rules to open, to close and changed."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.db.models import Q, QuerySet

from planner.engine import evaluate_report
from planner.engine.compare import Comparison, compare_reports
from planner.plan.document import Plan, PlanError, carry_stored, dump_plan
from planner.store import models
from planner.store.editions import matrix_of
from planner.store.recent import Recent
from ports.matrix import Matrix
from ports.queries import default_product
from ports.text import many


@dataclass(frozen=True, slots=True, kw_only=True)
class Impact:
    """What becomes of a plan under another edition."""

    plan: str
    """Its name."""
    source: str
    """Its file, or the key of a stored plan."""
    edition: str = ""
    """That a stored plan is on."""
    opened: int = 0
    closed: int = 0
    changed: int = 0
    """How many rules."""
    differs: bool = False
    """Whether anything does: connections within a zone have no rules."""
    faults: tuple[str, ...] = ()
    """Why there is no telling: how the plan doesn't fit one of the two."""

    @property
    def said(self) -> str:
        """What differs, in words: "3 rules to open, 1 to close"; empty for nothing."""
        counts = ((self.opened, "to open"), (self.closed, "to close"), (self.changed, "changed"))
        found = [(count, what) for count, what in counts if count]
        words = [
            f"{many(count, 'rule') if at == 0 else f'{count:,}'} {what}" for at, (count, what) in enumerate(found)
        ]
        return ", ".join(words) or ("connections within zones" if self.differs else "")


_kept: Recent[Impact] = Recent(lambda _: 0, count=2_000)
"""Figures of a plan's revisions under pairs of matrices; they are small, and what they are made of isn't kept."""


def weigh_plan(plan: Plan, source: str, before: Matrix, after: Matrix, edition: str = "") -> Impact:
    """What changes for a plan that was checked against `before`, if it is evaluated under `after`.

    A plan that doesn't fit `after`, or is too large to be evaluated, has faults.
    """
    try:
        old = evaluate_report(before, plan)
    except PlanError as error:
        return Impact(plan=plan.name, source=source, edition=edition, faults=tuple(map(str, error.faults)))
    try:
        new = evaluate_report(after, carry_stored(dump_plan(plan), matrix=after)[0])
    except PlanError as error:
        faults = tuple(map(str, error.faults))
        return Impact(plan=plan.name, source=source, edition=edition, differs=True, faults=faults)
    return _count(plan.name, source, edition, compare_reports(old, new))


def weigh_version(name: str, version: models.Version, before: Matrix, after: Matrix) -> Impact:
    """What changes for a stored version of a plan of that name; kept, so that it is asked for at no cost again."""

    def weigh() -> Impact:
        source = str(version.plan)
        try:
            plan = carry_stored(version.document, matrix=before)[0]
        except PlanError as error:
            return Impact(plan=name, source=source, edition=before.edition, faults=tuple(map(str, error.faults)))
        return weigh_plan(plan, source, before, after, before.edition)

    return _kept.find((version.plan, version.number, before.state, after.state), weigh)


def find_plans(product: str) -> QuerySet[models.Plan]:
    """The stored plans of a product that are not in the bin, oldest first, with their editions."""
    on_none = Q(edition=None, document__product=product)
    if product == default_product():
        on_none |= Q(edition=None, document__product__isnull=True)
    there = models.Plan.objects.filter(Q(edition__product_slug=product) | on_none, deleted=None)
    return there.exclude(pk__in=models.list_arriving()).select_related("edition").order_by("pk")


def weigh_stored(after: Matrix) -> Iterator[Impact]:
    """What an edition would change for every stored plan of its product, each from its own edition; oldest first."""
    befores = Befores()
    for row in find_plans(after.product_slug).iterator(chunk_size=10):
        yield weigh_row(row, befores.find(row), after)


class Befores:
    """The matrices that plans are on, each looked up once."""

    def __init__(self) -> None:
        self._found: dict[int | None, Matrix] = {}

    def find(self, row: models.Plan) -> Matrix:
        """The one of a plan; those on no edition are of one product."""
        if row.edition_id not in self._found:
            self._found[row.edition_id] = matrix_of(row)
        return self._found[row.edition_id]


def weigh_row(row: models.Plan, before: Matrix, after: Matrix) -> Impact:
    """What changes for a stored plan."""
    return weigh_version(row.name, row.version, before, after)


def _count(name: str, source: str, edition: str, found: Comparison) -> Impact:
    return Impact(
        plan=name,
        source=source,
        edition=edition,
        opened=len(found.rules_opened),
        closed=len(found.rules_closed),
        changed=len(found.rules_changed),
        differs=found.asks_for_changes,
    )
