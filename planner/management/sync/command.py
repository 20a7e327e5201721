"""What `push` and `pull` share: their options, which stored plan is meant, and what they say."""

import sys
from collections.abc import Iterable
from typing import NoReturn
from uuid import UUID

from django.core.management.base import CommandParser

from planner.management.plan_command import PlanCommand
from planner.management.sync.here import Here
from planner.management.sync.remote import Service, There, read_address
from planner.management.sync.repository import has_git
from planner.management.sync.stored import Refused, Stored
from planner.management.sync.together import PlanFile, Together, check_merged
from planner.management.sync.words import say_change, say_conflict
from planner.plan.changes import Change
from planner.plan.document import PlanError
from planner.plan.threeway import Side
from planner.plan.tracking import Tracked
from ports.text import many

CONFLICTS = 1
"""The exit status where both sides changed the same."""
FAULT = 2
"""The exit status where something keeps the file and the stored plan from being brought together."""
MOST = 100
"""How many changes are named."""


class SyncCommand(PlanCommand):
    """A command that brings a file and a stored plan together."""

    def add_shared(self, parser: CommandParser, option: str) -> None:
        """The file, where its stored plan is, and what counts at conflicts."""
        self.parser = parser
        parser.add_argument("plan", metavar="FILE", help="a plan document in YAML")
        parser.add_argument(
            option,
            dest="address",
            default="",
            metavar="ADDRESS",
            help="https://… of a service or of a plan’s page there, with a token in the environment as PLANNER_TOKEN; "
            "or the key of a plan in the database at hand, which is looked in without this",
        )
        sides = parser.add_mutually_exclusive_group()
        sides.add_argument(
            "--ours", action="store_const", dest="favour", const="mine", help="at conflicts the file counts"
        )
        sides.add_argument(
            "--theirs", action="store_const", dest="favour", const="theirs", help="at conflicts the stored plan counts"
        )
        parser.add_argument("--dry-run", action="store_true", help="write nothing; say what would change")

    def tell_of_git(self, file: PlanFile) -> None:
        """Say that without git nothing is known of commits, so that a second push may clash with the first."""
        if file.place is None and not has_git():
            self.complain(
                f"{file.path}: there is no program “git” here, so it isn’t known what earlier commits have pushed; "
                "only the first line of the file counts."
            )

    def find_stored(self, address: str, tracked: Tracked | None) -> Stored | None:
        """The stored plan that is meant; None where none is named. Raises Refused."""
        key = _read_key(address)
        service = None
        if address and key is None:
            found = read_address(address)
            key, service = found.plan, found.api
        if key is not None and tracked is not None and key != tracked.plan:
            raise Refused(f"The file belongs to the plan {tracked.plan}, and not to {key}; its first lines say so.")
        if key is None:
            key = tracked.plan if tracked else None
        if key is None:
            return None
        return There(Service(service), key) if service else Here(key)

    def settle(self, together: Together) -> None:
        """Leave with status 1 where both sides changed the same, or are no plan together, each thing told."""
        if not together.is_settled:
            self.tell_conflicts(together)
            sys.exit(CONFLICTS)
        try:
            check_merged(together)
        except PlanError as error:
            self.complain("What both changed is no plan together, and nothing was written:")
            self.complain_of(str(together.file.path), error)
            sys.exit(CONFLICTS)

    def tell_conflicts(self, together: Together) -> None:
        """Each conflict with its values."""
        conflicts = together.merged.conflicts
        for one in conflicts[:MOST]:
            self.complain(f"{together.file.path}: {say_conflict(one)}")
        self.complain(f"{many(len(conflicts), 'conflict')}: both sides changed the same since they had it in common.")
        if together.file.place is not None and together.file.place.is_shallow:
            self.complain("This is a shallow clone, so an older state was compared with; fetch its history.")

    def tell_changes(self, changes: Iterable[Change]) -> None:
        """What changes, on standard output."""
        found = list(changes)
        for one in found[:MOST]:
            self.stdout.write(say_change(one))
        if len(found) > MOST:
            self.stdout.write(f"… and {len(found) - MOST:,} more")

    def fail(self, name: str, sentence: str) -> NoReturn:
        """Say what was wrong, and leave with its status."""
        if sentence:
            self.complain(f"{name}: {sentence}")
        sys.exit(FAULT)


def _read_key(text: str) -> UUID | None:
    try:
        return UUID(text) if len(text) == 36 else None
    except ValueError:
        return None


def choose_side(value: str | None) -> Side | None:
    """The side that an option names."""
    return "mine" if value == "mine" else "theirs" if value == "theirs" else None


def is_committed(file: PlanFile) -> bool:
    """Whether the file is as it is in the newest commit of its clone."""
    return bool(file.source.commit)
