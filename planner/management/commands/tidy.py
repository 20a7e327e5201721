"""Taking away what is older than it is kept."""

from typing import Any

from django.core.management.base import BaseCommand

from planner.store.growth import tidy
from ports.text import many


class Command(BaseCommand):
    """Idempotent; says nothing when there is nothing to take away."""

    help = "Take away what is older than it is kept: the bin, sessions, openings, log entries, links that have ended."
    requires_system_checks = []

    def handle(self, *args: Any, **options: Any) -> None:
        """Do it, and say how much of what that was."""
        found = [many(count, *name) for name, count in tidy().items() if count]
        if found:
            self.stdout.write(f"Taken away: {', '.join(found)}.")
