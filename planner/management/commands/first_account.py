"""How to make the first account, told at a start that finds none."""

import os
import shlex
import sys
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.core.management.base import BaseCommand

from planner.deploy.database import VARIABLE
from planner.deploy.place import IS_INSTALLED, PROGRAM

_TOLD = ("PLANNER_DATA", f"{VARIABLE}_FILE")
"""The variables that lead a command to the service's database and may be printed: DATABASE_URL has a password."""


class Command(BaseCommand):
    """Says nothing where accounts are off, and once there is one."""

    help = "Say how to make the first account, where accounts are on and there is none."
    requires_system_checks = []

    def handle(self, *args: Any, **options: Any) -> None:
        """One sentence, and the command."""
        if not settings.REQUIRE_LOGIN or User.objects.exists():
            return
        variables = [f"{name}={shlex.quote(os.environ[name])}" for name in _TOLD if name in os.environ]
        begin, program = ("", PROGRAM) if IS_INSTALLED else _find_checkout()
        also = f", while {VARIABLE} is set as it is here," if VARIABLE in os.environ else ""
        self.stdout.write(f"There is no account yet, so nobody can log in. Make the first one{also} with:")
        self.stdout.write(f"  {begin}{' '.join([*variables, program])} createsuperuser")


def _find_checkout() -> tuple[str, str]:
    """What leads to the checkout, and what runs a command there."""
    python, folder = Path(sys.executable), Path.cwd()
    path = python.relative_to(folder) if python.is_relative_to(folder) else python
    return f"cd {shlex.quote(str(folder))} && ", f"{shlex.quote(str(path))} {PROGRAM}"
