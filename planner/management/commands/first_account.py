"""How to make the first account, told at a start that finds none."""

import os
import shlex
import sys
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.core.management.base import BaseCommand


class Command(BaseCommand):
    """Says nothing where accounts are off, and once there is one."""

    help = "Say how to make the first account, where accounts are on and there is none."
    requires_system_checks = []

    def handle(self, *args: Any, **options: Any) -> None:
        """One sentence, and the command."""
        if not settings.REQUIRE_LOGIN or User.objects.exists():
            return
        python = Path(sys.executable)
        folder = Path.cwd()
        program = str(python.relative_to(folder) if python.is_relative_to(folder) else python)
        variables = [f"PLANNER_DATA={shlex.quote(os.environ['PLANNER_DATA'])}"] if "PLANNER_DATA" in os.environ else []
        command = " ".join([*variables, shlex.quote(program), "manage.py createsuperuser"])
        self.stdout.write("There is no account yet, so nobody can log in. Make the first one with:")
        self.stdout.write(f"  cd {shlex.quote(str(folder))} && {command}")
