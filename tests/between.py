"""What the processes of one run of the tests make for each other, once: `pytest -n` starts several."""

import fcntl
import os
import shutil
import time
from contextlib import contextmanager

from tests.settings import DATA

FOLDER = DATA / "started"
"""What is for all of them begins with the name of the run."""
A_DAY = 86_400


def name_run():
    """What the processes of this run know it by; None where there is one process."""
    return os.environ.get("PYTEST_XDIST_TESTRUNUID")


@contextmanager
def one_at_a_time(what):
    """Who makes something for all has the others wait; what is left of runs of yesterday goes."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with (FOLDER / f"lock-{what}").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        for old in FOLDER.iterdir():
            if old.name.startswith("lock"):
                continue
            if old.stat().st_mtime < time.time() - A_DAY:
                shutil.rmtree(old) if old.is_dir() else old.unlink()
        yield
