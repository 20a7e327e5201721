#!/usr/bin/env python
"""Django's command line, with this project's settings."""

import os
import sys

from django.core.exceptions import ImproperlyConfigured

from planner.deploy.commands import begin_with_files, run_command, works_on_files


def execute() -> None:
    """Run the command that the process was started with."""
    from django.core import management  # noqa: PLC0415 - by now garbage is looked for rarely

    if works_on_files(sys.argv[1:]):
        begin_with_files()
        management.load_command_class("planner", sys.argv[1]).run_from_argv(sys.argv)
    else:
        management.execute_from_command_line(sys.argv)


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "planner.settings")
    try:
        run_command(execute)
    except ImproperlyConfigured as error:
        sys.exit(f"{error}")
    except Exception as error:
        from planner.store.trouble import say_trouble

        if not (said := say_trouble(error)):
            raise
        sys.exit(said)
