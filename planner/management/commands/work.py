"""Making the files that take long, apart from the service that they are asked of."""

import signal
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from planner.sharing.work import make_one
from planner.store.runner import Runner


class Command(BaseCommand):
    """With --job one of them, as the service begins it; else all that are asked for, until it is stopped."""

    help = "Make the files that take long, until it is stopped; for machines that do nothing else, or PLANNER_JOBS=0."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """How many at once, or which one."""
        most = max(settings.JOBS, 1)
        parser.add_argument("--at-once", type=int, default=most, help=f"how many at once (default: {most})")
        parser.add_argument("--job", type=int, help="make this one only, which the runner has taken")
        parser.add_argument("--runner", default="", help="the name of that runner")

    def handle(self, *args: Any, **options: Any) -> None:
        """Do it."""
        if options["job"] is not None:
            make_one(options["job"], options["runner"])
            return
        runner = Runner(max(options["at_once"], 1))
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: runner.stop())
        runner.run()
