"""Services that begin with the data of a first start: to migrate an empty database takes longest of all that one does.

The first start itself is what `serving/test_faults.py` and `test_breaking.py` try, by services on empty folders.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from scripts import served
from scripts.served import ROOT
from tests import between

_made = tempfile.TemporaryDirectory(prefix="planner-started-")  # gone with the process


@cache
def first_start():
    """The folder that `manage.py prepare` made of an empty one; once in a run, whatever processes run its tests."""
    run = between.name_run()
    if run is None:
        return prepare(Path(_made.name))
    with between.one_at_a_time("first-start"):
        folder = between.FOLDER / run
        if not folder.is_dir():
            begun = between.FOLDER / f"{run}.preparing"  # not the name of what tests/conftest.py begins
            shutil.rmtree(begun, ignore_errors=True)  # of a process that failed over it
            begun.mkdir(mode=0o700)
            prepare(begun).rename(folder)
    return folder


def prepare(folder):
    """Have an empty folder prepared; the same folder."""
    names = {name: value for name, value in os.environ.items() if not name.startswith(("PLANNER_", "DJANGO_"))}
    done = subprocess.run(
        [sys.executable, "manage.py", "prepare"], cwd=ROOT, env=names | {"PLANNER_DATA": str(folder)},
        capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    return folder


@contextmanager
def serve(**variables):
    """The service with these settings, on a copy of that folder."""
    with served.serve(first_start(), **variables) as service:
        yield service
