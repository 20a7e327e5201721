"""`backup` and `restore`, as somebody calls them who has the service's folder."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests import warm
from tests.started import first_start

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.slow


def manage(folder, *line, run=warm.run, **variables):
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PLANNER_", "DJANGO_"))}
    done = run(
        [sys.executable, "manage.py", *line], cwd=ROOT, env=environment | {"PLANNER_DATA": str(folder)} | variables,
        capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip
    return done.returncode, done.stdout, done.stderr


def test_a_site_is_moved_to_another_folder_by_a_backup(tmp_path):
    old, new, file = tmp_path / "old", tmp_path / "new", tmp_path / "site.zip"
    shutil.copytree(first_start(), old)
    status, _, said = manage(old, "load_demo")
    assert status == 0, said
    status, out, said = manage(old, "backup", str(file), run=subprocess.run)
    assert (status, said) == (0, "")
    assert out == f"{file}: 1 plan, with the secret key.\n"
    status, out, said = manage(new, "restore", str(file), run=subprocess.run)
    assert status == 0, said
    assert out.startswith("1 plan as of ")
    assert (new / "secret-key").read_text() == (old / "secret-key").read_text()
    assert manage(new, "migrate", "--check")[0] == 0
    status, _, said = manage(new, "restore", str(file))
    assert (status, "With --replace it makes way, and is kept beside it." in said) == (1, True)
    status, out, _ = manage(new, "restore", str(file), "--replace")
    assert status == 0
    (kept,) = new.glob("before-restore-*.zip")
    assert out.startswith(f"What was there is kept in {kept}.\n1 plan as of ")
    status, _, said = manage(new, "restore", str(tmp_path / "none.zip"))
    assert (status, said) == (
        1,
        f"CommandError: {tmp_path / 'none.zip'} can't be restored: No such file or directory.\n",
    )
    status, out, _ = manage(new, "backup", str(file), PLANNER_SECRET_KEY="0123456789" * 6)
    assert out == f"{file}: 1 plan, without the secret key, which is not kept in the data folder.\n"
