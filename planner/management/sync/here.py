"""Plans of the service whose database is at hand: whoever runs its commands may do everything with them."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from uuid import UUID

from django.db import DatabaseError, transaction

from planner.management.sync.stored import Document, Moved, Pushed, Refused, State
from planner.plan.document import Plan, PlanError, check_plan
from planner.plan.edits import NotPossible
from planner.plan.rows import Renames, join_renames
from planner.plan.stored import look_through
from planner.sharing.links import make_edit_link
from planner.store import git, models
from planner.store.actions import Sender, create_plan
from planner.store.editions import matrix_of
from planner.store.git import Source
from planner.store.plan_files import has_tables
from planner.store.replacing import Behind, replace_document
from planner.store.reports import find_sound_version
from planner.store.trouble import say_trouble
from ports.matrix import Matrix, MatrixError
from ports.queries import NoMatrix, NoProduct

WHO = "manage.py push"
"""What the history calls whoever pushes here."""


class Here:
    """A plan of this database."""

    def __init__(self, plan: UUID) -> None:
        self.plan = plan

    def read(self) -> State:
        """The newest revision."""
        row = self._find()
        return State(document=row.document, revision=row.revision)

    def read_revision(self, number: int) -> Document | None:
        """An earlier one."""
        found = find_sound_version(self._find(), number)
        return found.document if found else None

    def list_renames(self, since: int) -> Renames:
        """What has been renamed after a revision."""
        newer = self._find().revisions.filter(number__gt=since).order_by("number")
        return join_renames(newer.values_list("renames", flat=True))

    def list_pushes(self) -> Sequence[Pushed]:
        """The newest first."""
        rows = self._find().pushes.all()
        return [Pushed(commit=row.commit, path=row.path, revision=row.revision) for row in rows]

    def write(self, document: Document, base: int, source: Source) -> int:
        """A revision by whoever runs the command."""
        row = self._find()
        with _told():
            matrix = matrix_of(row)
            plan = check_plan(document, matrix=matrix, stored=look_through(row.document))
            sender = Sender(base=base, author=WHO, who=WHO, by_command=True)
            done = replace_document(plan_id=row.pk, matrix=matrix, plan=plan, sender=sender, source=source)
        return done.plan.revision

    def own(self, repository: str, path: str) -> None:
        """Have git own the plan: this command alone writes it then, until its owner names a token."""
        row = self._find()
        if row.git is None:
            with _told():
                git.give_to_git(plan_id=row.pk, repository=repository, path=path, token=None, actor=WHO)

    def _find(self) -> models.Plan:
        with _told():
            row = models.Plan.objects.filter(key=self.plan).first() if has_tables() else None
        if row is None:
            raise Refused(f"This service has no plan {self.plan}.")
        if row.deleted is not None:
            raise Refused(f"The plan {self.plan} is in the bin; take it out first.")
        return row


def make_here(plan: Plan, matrix: Matrix, summary: str) -> tuple[UUID, str]:
    """Store a new plan, which nobody holds; its key, and the token of the edit link that opens it. Raises Refused."""
    if not has_tables():
        raise Refused("There is no database here; run the service once, or name another by --to.")
    with _told():
        row = create_plan(plan=plan, matrix=matrix, summary=summary)
        return row.key, make_edit_link(plan_id=row.pk)


@contextmanager
def _told() -> Iterator[None]:
    """What the store raises as what commands say. Nothing was stored then."""
    try:
        with transaction.atomic():
            yield
    except Behind:
        raise Moved from None
    except PlanError as error:
        raise Refused(" ".join(str(fault) for fault in error.faults[:3])) from None
    except MatrixError as error:
        raise Refused(f"The port matrix has faults: {error.faults[0]}") from None
    except (NotPossible, NoMatrix, NoProduct) as error:
        raise Refused(str(error)) from None
    except DatabaseError as error:
        raise Refused(say_trouble(error) or f"The database can't be used: {error}.") from None
