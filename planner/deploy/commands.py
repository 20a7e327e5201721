"""How a command runs: `manage.py`'s and the installed program's."""

import gc
import os
import sys
from collections.abc import Callable, Sequence
from typing import Any

from planner.deploy.frames import call_with_room

FILE_VERBS = ("report", "compare", "ask", "lint", "fmt", "acceptance", "gap", "topology", "schema")
"""The commands that work on files, and of a database read the port matrix at most."""

_CHOOSING = ("--settings", "--pythonpath")
"""Options by which Django chooses settings before it looks for the command."""
UNLOOKED = 500_000
"""After how many new objects garbage is looked for. A report of 1,000 sites makes fewer that stay."""


def run_command(call: Callable[[], None]) -> None:
    """Call it as a piece of work that ends soon; raises what it raises.

    To look for garbage early takes a tenth of a command's time, and at its end, when the system takes back everything
    at once, three tenths. Where whoever reads standard output has gone, as `head` does, it leaves with status 1 and
    without a word.
    """
    gc.set_threshold(UNLOOKED, 20, 20)
    try:
        call_with_room(call)
    except BrokenPipeError:
        if _is_read():
            raise
        sys.exit(1)
    finally:
        gc.freeze()


def _is_read() -> bool:
    """Whether somebody reads standard output. If not, what is left is flushed into nothing when the process ends."""
    try:
        sys.stdout.write("\n")
        sys.stdout.flush()
    except BrokenPipeError:
        write_into_nothing(sys.stdout)
        return False
    return True


def write_into_nothing(stream: Any) -> None:
    """Let the interpreter flush what is left of a stream when it exits, instead of failing once more."""
    with open(os.devnull, "wb") as nothing:  # noqa: PTH123
        os.dup2(nothing.fileno(), stream.fileno())


def works_on_files(line: Sequence[str]) -> bool:
    """Whether a command line, without its program, is that of one of FILE_VERBS under the settings that are chosen."""
    return bool(line) and line[0] in FILE_VERBS and not any(word.startswith(_CHOOSING) for word in line)


def begin_with_files() -> None:
    """What a command about files needs of Django: settings and logging.

    Apps are what a service is made of: accounts, pages, every table. To load them takes as long as all that such a
    command does itself; what reads a database loads those that it reads (`planner.store.plan_files`).
    """
    from logging.config import dictConfig  # noqa: PLC0415 - by now garbage is looked for rarely

    from django.conf import settings  # noqa: PLC0415 - likewise

    # Django's own logging, which this replaces, makes a handler that brings pages, forms and all kinds of tables.
    dictConfig(settings.LOGGING)
