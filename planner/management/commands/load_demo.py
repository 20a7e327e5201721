"""The demonstration plan: one plan made from the ready-made topology that has everything.

The secret token of an edit link is known when it is made and never again. The demonstration's is therefore kept in a
file of its own in the data folder, readable by its owner alone, so that the next start can print the link again.
"""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from planner.deploy.drafts import writing
from planner.management.edit_links import show_edit_link
from planner.plan.document import PlanError
from planner.plan.topologies import read_topology
from planner.sharing.links import find_plan, make_edit_link
from planner.store import actions
from ports.matrix import MatrixError
from ports.queries import NoMatrix, current_matrix

EXAMPLE = "everything"
FILE_NAME = "demo-plan"


class Command(BaseCommand):
    """Idempotent: the plan that an earlier run made stays, with what was changed in it since."""

    help = "Make the demonstration plan, unless it is there, and print its edit link."

    def handle(self, *args: Any, **options: Any) -> None:
        """Find the plan or make it, and print its edit link once."""
        keeper = settings.DATA_DIR / FILE_NAME
        try:
            with transaction.atomic():  # so that two at the same time make one plan
                token = find_demo(keeper) or make_demo(keeper)
        except (NoMatrix, MatrixError) as error:
            raise CommandError(str(error)) from None
        except PlanError as error:
            raise CommandError(f"The topology “{EXAMPLE}” doesn't fit the current port matrix.\n{error}") from None
        except OSError as error:
            raise CommandError(f"The edit link can't be kept in {keeper}: {error.strerror}.") from None
        self.stdout.write(f"Demonstration plan: {show_edit_link(token)}")


def find_demo(keeper: Path) -> str | None:
    """The token of the plan that an earlier run made; None when the file or the plan is gone. Raises OSError."""
    try:
        token = keeper.read_bytes().decode("ascii", "replace").strip()
    except FileNotFoundError:
        return None
    return token if find_plan(token) else None


def make_demo(keeper: Path) -> str:
    """Make the plan, keep its token and return it. Call it in a transaction: a plan without its token is of no use.

    Raises CommandError when the current matrix has no such topology, PlanError when it is no plan, NoMatrix or
    MatrixError when there is none, and OSError when the file can't be written.
    """
    matrix = current_matrix()
    if EXAMPLE not in matrix.topologies:
        raise CommandError(f"The current port matrix has no topology “{EXAMPLE}”.")
    plan = read_topology(matrix, EXAMPLE)
    row = actions.create_plan(plan=plan, matrix=matrix, summary=f"Started from “{plan.name}”")
    token = make_edit_link(plan_id=row.pk)
    with writing(keeper) as file:
        file.write(f"{token}\n".encode("ascii"))
    return token
