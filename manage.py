#!/usr/bin/env python
"""Django's command line, with this project's settings."""

import gc
import os
import sys

from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line

from planner.deploy.frames import call_with_room

if __name__ == "__main__":
    # A command ends soon. To look for garbage early takes a tenth of its time, and at its end, when the system takes
    # back everything at once, three tenths.
    gc.set_threshold(200_000, 20, 20)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "planner.settings")
    try:
        call_with_room(lambda: execute_from_command_line(sys.argv))
    except ImproperlyConfigured as error:
        sys.exit(f"{error}")
    finally:
        gc.freeze()
