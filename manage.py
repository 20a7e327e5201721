#!/usr/bin/env python
"""Django's command line, with this project's settings."""

import os
import sys

from django.core.exceptions import ImproperlyConfigured

from planner.deploy.commands import run_command


def execute() -> None:
    """Run the command that the process was started with."""
    from django.core.management import execute_from_command_line  # noqa: PLC0415 - by now garbage is looked for rarely

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "planner.settings")
    try:
        run_command(execute)
    except ImproperlyConfigured as error:
        sys.exit(f"{error}")
