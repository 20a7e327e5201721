"""A plan file into the plan that a service has stored, with what others changed there since."""

import os
import sys
from typing import Any

from django.core.management.base import CommandParser

from planner.management.edit_links import show_edit_link
from planner.management.sync.command import FAULT, SyncCommand, choose_side, is_committed
from planner.management.sync.here import Here, make_here
from planner.management.sync.remote import Service, There, make_there, name_origin, read_address
from planner.management.sync.stored import Moved, Refused, Stored
from planner.management.sync.together import PlanFile, Together, bring_together, read_plan_to_sync
from planner.plan.document import PlanError
from planner.plan.threeway import Side
from planner.plan.tracking import Tracked, write_tracked
from planner.report.files import Failure, write_file
from planner.store.plan_files import NoUsableMatrix, find_matrix
from ports.text import many, show_line

TIMES = 5
"""How often what others do meanwhile is brought in."""


class Command(SyncCommand):
    """Exit status: 0; 1 when both sides changed the same, with nothing written.

    2 when something keeps them from being brought together.
    """

    help = "Bring a plan file into the stored plan that it belongs to; what others changed there since stays."

    def add_arguments(self, parser: CommandParser) -> None:
        """The file, where to, and what else."""
        self.add_shared(parser, "--to")
        parser.add_argument(
            "--new", action="store_true", help="make a new plan of the file, and note in it which it is"
        )
        parser.add_argument(
            "--own", action="store_true", help="have git own the plan: from then on only such pushes change it"
        )

    def handle(self, *args: Any, plan: str, address: str, favour: str | None, **options: Any) -> None:
        """Merge, store, and note in the file what its commit doesn't say."""
        try:
            file = read_plan_to_sync(plan, find_matrix(), is_new=options["new"])
            if options["new"]:
                stored = self._make(file, address, dry_run=options["dry_run"])
                if stored is None:
                    return
            else:
                found = self.find_stored(address, file.tracked)
                if found is None:
                    raise Refused(
                        "The file doesn't say which stored plan it belongs to. Name the plan's page with --to, or "
                        "make a new plan with --new."
                    )
                stored = found
                self._push(file, stored, choose_side(favour), dry_run=options["dry_run"])
            if options["own"] and not options["dry_run"]:
                stored.own(file.source.repository, file.source.path or os.path.basename(plan))  # noqa: PTH119 - of a text
        except PlanError as error:
            self.complain_of(plan, error)
            sys.exit(FAULT)
        except (Failure, Refused, NoUsableMatrix) as error:
            self.fail(plan, str(error))

    def _make(self, file: PlanFile, address: str, *, dry_run: bool) -> Stored | None:
        """A new stored plan of the file, which says so from then on; None where nothing is to be written."""
        if file.tracked is not None:
            raise Refused(f"The file belongs to the plan {file.tracked.plan} already.")
        where = read_address(address) if address else None
        if where is not None and where.plan is not None:
            raise Refused("--new makes another plan than the one that --to names; name the service alone.")
        if dry_run:
            self.complain(f"{file.path}: would be a new plan.")
            return None
        if where is None:
            key, token = make_here(file.plan, file.matrix, f"Pushed from {file.path.name}")
            stored: Stored = Here(key)
            self.stdout.write(show_line(f"{file.path}: its edit link is {show_edit_link(token)}"))
        else:
            service = Service(where.api)
            origin = name_origin(file.path, file.source.repository, file.source.path)
            made, again = make_there(service, file.document, origin)
            stored = There(service, made)
            if again:
                self.complain(f"{file.path}: an earlier push of this file has made the plan already.")
        tracked = Tracked(plan=stored.plan, revision=1)
        try:
            write_file(file.path, write_tracked(file.data, tracked))
        except Failure as error:
            raise Refused(
                f"{error} The plan is made nevertheless, and is {stored.plan}: write “{tracked}” as the first line of "
                "the file."
            ) from None
        self.complain(f"{file.path}: is the plan {stored.plan} now, as its first lines say. Commit that.")
        return stored

    def _push(self, file: PlanFile, stored: Stored, favour: Side | None, *, dry_run: bool) -> None:
        self.tell_of_git(file)
        for _ in range(TIMES):
            state = stored.read()
            together = bring_together(file, stored, state, favour)
            self.settle(together)
            changes = together.for_the_service
            if dry_run:
                self.tell_changes(changes)
                self.complain(
                    f"{file.path}: {many(len(changes), 'change')} to be pushed to revision {state.revision}."
                )
                return
            revision = state.revision
            if changes or is_committed(file):
                try:
                    revision = stored.write(together.merged.document, state.revision, file.source)
                except Moved:
                    continue
            self.tell_changes(changes)
            self.complain(f"{file.path}: {many(len(changes), 'change')} pushed; the plan is at revision {revision}.")
            self._note(file, stored, together, revision)
            return
        raise Refused("The stored plan changes all the time. Nothing was pushed; try it again.")

    def _note(self, file: PlanFile, stored: Stored, together: Together, revision: int) -> None:
        """Write into the file what it has in common with the stored plan, unless its commit says so there."""
        left = together.for_the_file
        if is_committed(file):
            if left:
                self.complain(f"{file.path}: the stored plan has {many(len(left), 'change')} besides; pull them.")
            return
        written = together.write(stored.plan, revision)
        if written != file.data:
            write_file(file.path, written)
