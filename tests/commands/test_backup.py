"""`backup` and `restore`, as somebody calls them who has the service's folder."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from planner.management.commands import restore
from planner.store.backup import write_backup
from tests import warm
from tests.started import first_start
from tests.store.test_backup import make_database

ROOT = Path(__file__).resolve().parents[2]


def manage(folder, *line, run=warm.run, **variables):
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PLANNER_", "DJANGO_"))}
    done = run(
        [sys.executable, "manage.py", *line], cwd=ROOT, env=environment | {"PLANNER_DATA": str(folder)} | variables,
        capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip
    return done.returncode, done.stdout, done.stderr


@pytest.mark.slow
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


UP_TO_DATE = "Start the service again now: that brings the database up to date"
NOT_USED = "The secret key of the backup is not used, since PLANNER_SECRET_KEY is set."
WITHOUT_KEY = (
    "The backup has no secret key: PLANNER_SECRET_KEY has to be the one of then, or no browser knows its plans"
)


@pytest.mark.parametrize("has_key", [True, False], ids=["a key in it", "none in it"])
@pytest.mark.parametrize("keeps", [True, False], ids=["kept here", "set"])
def test_it_says_of_the_key_what_is_so(tmp_path, monkeypatch, settings, capsys, has_key, keeps):
    key, new = tmp_path / "secret-key", tmp_path / "not" / "there" / "planner.sqlite3"
    key.write_text("first")
    file = tmp_path / "site.zip"
    write_backup(make_database(tmp_path / "planner.sqlite3"), key if has_key else None, file)
    key.write_text("second")
    settings.SECRET_KEY_FILE = key if keeps else None
    monkeypatch.setattr(restore, "source_of_backup", lambda: new)
    call_command("restore", str(file))
    assert new.exists()
    assert key.read_text() == ("first" if has_key and keeps else "second")
    *before, last = capsys.readouterr().out.splitlines()
    signs = ", and signs with the key that came back" if has_key and keeps else ""
    assert last.endswith(f". {UP_TO_DATE}{signs}.")
    if has_key:
        assert before == ([] if keeps else [NOT_USED])
    else:
        assert [line.startswith(WITHOUT_KEY) for line in before] == [True]


def test_a_data_folder_that_cant_be_made_is_named_and_not_the_backup(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    write_backup(make_database(tmp_path / "planner.sqlite3"), None, tmp_path / "site.zip")
    monkeypatch.setattr(restore, "source_of_backup", lambda: tmp_path / "file" / "planner.sqlite3")
    with pytest.raises(CommandError, match=r"^The data folder \S+/file can't be made: File exists\.$"):
        call_command("restore", str(tmp_path / "site.zip"))
