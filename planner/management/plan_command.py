"""What every command that reads plan documents has: its own voice, and the sentences about what was wrong."""

import sys

from django.core.management.base import BaseCommand

from planner.engine import Report, evaluate_report
from planner.plan.document import PlanError, Tell
from planner.report.files import Failure
from planner.store.plan_files import NoUsableMatrix, find_matrix, read_with_matrix, say_read
from ports.text import show_line


class PlanCommand(BaseCommand):
    """A command over plan documents. What is wrong with them goes to standard error, a line for each sentence."""

    requires_system_checks = []

    def complain(self, sentence: str) -> None:
        """Write a sentence to standard error, in one line."""
        self.stderr.write(show_line(sentence))

    def complain_of(self, name: str, error: PlanError | Failure) -> None:
        """Say what is wrong with the plan document of that name; nothing where the failure has no words."""
        for fault in error.faults if isinstance(error, PlanError) else [str(error)]:
            if str(fault):
                self.complain(f"{name}: {fault}")

    def evaluate(self, name: str, edition: str) -> Report:
        """The report of the plan document of that name, under the edition with that slug or the plan's own.

        What is wrong with it is said, and the command left with status 1.
        """
        try:
            matrix = find_matrix(edition)
            plan, under = read_with_matrix(name, matrix, fixed=bool(edition), tell=self.tell_carried(name))
            return evaluate_report(under, plan)
        except (PlanError, Failure) as error:
            self.complain_of(name, error)
        except NoUsableMatrix as error:
            self.complain(str(error))
        sys.exit(1)

    def tell_carried(self, name: str) -> Tell:
        """What says which names of a file are other ones in the matrix."""
        return lambda carried: self.complain(say_read(name, carried))
