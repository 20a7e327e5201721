#!/usr/bin/env python
"""Django's command line, with this project's settings."""

import os
import sys

from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line

from planner.deploy.commands import run_command

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "planner.settings")
    try:
        run_command(lambda: execute_from_command_line(sys.argv))
    except ImproperlyConfigured as error:
        sys.exit(f"{error}")
