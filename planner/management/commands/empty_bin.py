"""Removing what has been in the bin for as long as it is kept there."""

from typing import Any

from django.core.management.base import BaseCommand

from planner.store import bin
from planner.store.models import KEPT_IN_BIN
from ports.text import plural


class Command(BaseCommand):
    """Idempotent; says nothing when there is nothing to remove."""

    help = f"Delete for good the plans that have been in the bin for {KEPT_IN_BIN.days} days."
    requires_system_checks = []

    def handle(self, *args: Any, **options: Any) -> None:
        """Empty the bin and say how many plans that were."""
        count = bin.empty_bin()
        if count:
            self.stdout.write(f"Deleted for good from the bin: {count} {plural(count, 'plan')}.")
