"""What others changed in a stored plan into its file, with the comments and the order that the file has."""

import sys
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from planner.management.sync.command import CONFLICTS, FAULT, SyncCommand, choose_side
from planner.management.sync.stored import Refused, Stored
from planner.management.sync.together import bring_together, read_plan_to_sync, read_stored
from planner.plan.document import PlanError, dump_plan
from planner.plan.syntax import write_document
from planner.plan.threeway import Side
from planner.plan.tracking import Tracked, write_tracked
from planner.report.files import Failure, write_file
from planner.store.plan_files import NoUsableMatrix, find_matrix
from ports.matrix import Matrix
from ports.text import many


class Command(SyncCommand):
    """Exit status: 0; 1 when both sides changed the same, which stands in the file then.

    2 when something keeps them from being brought together.
    """

    help = "Bring what others changed in a stored plan into its file; what the file has besides stays."

    def add_arguments(self, parser: CommandParser) -> None:
        """The file, where from, and what counts at conflicts."""
        self.add_shared(parser, "--from")

    def handle(self, *args: Any, plan: str, address: str, favour: str | None, **options: Any) -> None:
        """Merge, and write the file where it changes; one that isn't there is made."""
        try:
            if Path(plan).exists():
                self._pull(plan, address, choose_side(favour), find_matrix(), dry_run=options["dry_run"])
            else:
                self._make(plan, address, find_matrix(), dry_run=options["dry_run"])
        except PlanError as error:
            self.complain_of(plan, error)
            sys.exit(FAULT)
        except (Failure, Refused, NoUsableMatrix) as error:
            self.fail(plan, str(error))

    def _make(self, name: str, address: str, matrix: Matrix, *, dry_run: bool) -> None:
        stored = self._find(address, None)
        state = stored.read()
        document = dump_plan(read_stored(state.document, matrix))
        tracked = Tracked(plan=stored.plan, revision=state.revision)
        if not dry_run:
            write_file(Path(name), write_tracked(write_document(document, "yaml"), tracked))
        self.complain(f"{name}: revision {state.revision}{', not written' if dry_run else ''}.")

    def _pull(self, name: str, address: str, favour: Side | None, matrix: Matrix, *, dry_run: bool) -> None:
        file = read_plan_to_sync(name, matrix)
        self.tell_of_git(file)
        stored = self._find(address, file.tracked)
        together = bring_together(file, stored, stored.read(), favour)
        if together.is_settled:
            self.settle(together)
        written = together.pull(stored.plan)
        changes = together.for_the_file
        self.tell_changes(changes)
        if written != file.data and not dry_run:
            write_file(file.path, written)
        if not together.is_settled:
            self.tell_conflicts(together)
            if not dry_run:
                self.complain(f"{name}: they stand in it between <<<<<<< and >>>>>>>. Settle them, then push.")
            sys.exit(CONFLICTS)
        did = "to be pulled" if dry_run else "pulled"
        self.complain(
            f"{name}: {many(len(changes), 'change')} {did}; the stored plan is at revision {together.revision}."
        )

    def _find(self, address: str, tracked: Tracked | None) -> Stored:
        found = self.find_stored(address, tracked)
        if found is None:
            raise Refused("It isn't known which stored plan it belongs to; name the plan's page with --from.")
        return found
