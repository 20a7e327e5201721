"""How a command runs: `manage.py`'s and the installed program's."""

import gc
from collections.abc import Callable

from planner.deploy.frames import call_with_room

UNLOOKED = 500_000
"""After how many new objects garbage is looked for. A report of 1,000 sites makes fewer that stay."""


def run_command(call: Callable[[], None]) -> None:
    """Call it as a piece of work that ends soon; raises what it raises.

    To look for garbage early takes a tenth of a command's time, and at its end, when the system takes back everything
    at once, three tenths.
    """
    gc.set_threshold(UNLOOKED, 20, 20)
    try:
        call_with_room(call)
    finally:
        gc.freeze()
