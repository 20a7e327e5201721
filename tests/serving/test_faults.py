"""What a site meets one day: a full disk, a folder that can't be written, a database that is lost or damaged.

Each is told in a sentence, when the service starts and while it runs, and never takes away what can still be read.
"""

import os
import re
import signal
import sqlite3
import stat
import subprocess
import sys
from contextlib import closing
from http.client import HTTPConnection

import pytest

from planner.store.trouble import READ_ONLY
from scripts.breakable import DATABASE, fill, read_only, small_disk
from scripts.served import ROOT
from tests import warm
from tests.serving import test_connections
from tests.settings import DATA
from tests.started import first_start
from tests.warm import Warm

pytestmark = pytest.mark.slow


def run(folder):
    """The service alone with one process, which has been prepared."""
    if not (folder / "static").is_symlink():
        (folder / "static").symlink_to(DATA / "static")
    return test_connections.run(folder, settings="planner.settings")


def manage(folder, *line):
    """The status of a command, what it said, and what it complained of."""
    names = {name: value for name, value in os.environ.items() if not name.startswith(("PLANNER_", "DJANGO_"))}
    done = warm.run(
        [sys.executable, "manage.py", *line], cwd=ROOT, env=names | {"PLANNER_DATA": str(folder)},
        capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip
    return done.returncode, done.stdout, done.stderr


def refused(folder):
    """The one sentence that the start is refused with."""
    status, _, said = manage(folder, "prepare")
    assert status == 1, said
    assert "Traceback" not in said
    (line,) = said.splitlines()
    return line


@pytest.fixture
def folder(tmp_path):
    """A data folder in which the service has been started once."""
    subprocess.run(["cp", "-a", f"{first_start()}/.", tmp_path], check=True)
    return tmp_path


needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="mounts a disk of its own, for which one has to be root")


def ask(service, path, cookies="", form=None):
    connection = HTTPConnection(service.host, service.port, timeout=60)
    headers = {"Cookie": cookies} | ({"Content-Type": "application/x-www-form-urlencoded"} if form else {})
    connection.request("POST" if form else "GET", path, form, headers)
    answer = connection.getresponse()
    return answer.status, answer.read().decode(), answer


class Browser:
    """One with its cookies."""

    def __init__(self, service):
        self.service, self.kept = service, {}

    def ask(self, path, form=None):
        if form is not None:
            token = self.kept["csrftoken"]
            form = f"csrfmiddlewaretoken={token}&{form}"
        cookies = "; ".join(f"{name}={value}" for name, value in self.kept.items())
        status, body, answer = ask(self.service, path, cookies, form)
        for cookie in answer.msg.get_all("Set-Cookie") or ():
            name, _, value = cookie.partition(";")[0].partition("=")
            self.kept[name] = value
        return status, body, answer.getheader("Location")

    def make_plan(self):
        self.ask("/")
        return self.ask("/plans/start/", "example=dmz")


def test_a_lost_database_isnt_replaced_by_an_empty_one_until_that_is_wanted_and_then_by_one_start_of_three(folder):
    (folder / DATABASE).unlink()
    said = refused(folder)
    assert f"{folder / DATABASE} is gone, and it was there before." in said
    assert not (folder / DATABASE).exists()
    mark = folder / f"{DATABASE}.made"
    assert str(mark) in said
    mark.unlink()
    names = {name: value for name, value in os.environ.items() if not name.startswith(("PLANNER_", "DJANGO_"))}
    starting = [
        Warm(
            [sys.executable, "manage.py", "prepare"], cwd=ROOT, env=names | {"PLANNER_DATA": str(folder)},
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )
        for _ in range(3)
    ]  # fmt: skip
    told = [each.communicate()[0].decode() for each in starting]
    assert [each.returncode for each in starting] == [0, 0, 0], told
    assert sorted(text.count(": loaded.") for text in told) == [0, 0, 1]


def list_plans(folder):
    with closing(sqlite3.connect(folder / DATABASE)) as opened:
        return opened.execute("SELECT key, revision, document FROM planner_plan").fetchall()


def test_a_backup_brings_a_lost_database_back(folder, tmp_path_factory):
    file = tmp_path_factory.mktemp("backup") / "site.zip"
    assert manage(folder, "load_demo")[0] == 0
    held = list_plans(folder)
    assert len(held) == 1
    assert manage(folder, "backup", str(file))[0] == 0
    (folder / DATABASE).unlink()
    assert manage(folder, "restore", str(file))[0] == 0
    assert manage(folder, "prepare")[0] == 0
    assert list_plans(folder) == held


def damage(path):
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * (path.stat().st_size - 4096 * 4))


def test_a_damaged_database_is_noticed_at_the_start(folder, tmp_path_factory):
    file = tmp_path_factory.mktemp("backup") / "site.zip"
    assert manage(folder, "backup", str(file))[0] == 0
    damage(folder / DATABASE)
    assert f"The database {folder / DATABASE} is damaged: " in refused(folder)
    status, said, _ = manage(folder, "restore", str(file), "--replace")
    assert status == 0
    (kept,) = folder.glob("before-restore-*.sqlite3")
    assert str(kept) in said
    assert manage(folder, "prepare")[0] == 0


def test_what_is_no_database_is_noticed_at_the_start(folder):
    (folder / DATABASE).write_text("This is a letter to my aunt. " * 1000)
    assert f"The database {folder / DATABASE} is damaged: " in refused(folder)


def test_a_database_of_a_newer_version_is_refused(folder):
    program = (
        'import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); c.execute("INSERT INTO django_migrations (app, name, '
        "applied) VALUES ('planner', '9999_of_later', '2030-01-01')\"); c.commit()"
    )
    subprocess.run([sys.executable, "-c", program, folder / DATABASE], check=True)
    assert "of a newer version: this one doesn't know 1 migration (planner.9999_of_later)" in refused(folder)


def test_the_database_is_closed_to_others(folder):
    (folder / DATABASE).chmod(0o644)
    assert manage(folder, "prepare")[0] == 0
    for path in folder.glob(f"{DATABASE}*"):
        assert path.suffix == ".made" or stat.S_IMODE(path.stat().st_mode) == 0o600


@needs_root
def test_the_start_on_a_full_disk_says_so(tmp_path):
    with small_disk(tmp_path, "1m"):
        assert re.fullmatch(
            rf"CommandError: The disk with {tmp_path} is full: \d MiB are free, 8 MiB are needed to start\. "
            r"Make room, then start again\.",
            refused(tmp_path),
        )
    with small_disk(tmp_path, "64k"):
        (tmp_path / "filled").write_bytes(b"x" * 50_000)
        fill(tmp_path / "more")
        assert "No space left on device" in refused(tmp_path)


@needs_root
def test_the_start_in_a_folder_that_cant_be_written_says_so(folder):
    with read_only(folder):
        assert f"Nothing can be written in {folder}" in refused(folder)


@needs_root
def test_on_a_full_disk_plans_are_read_and_whoever_stores_is_told(tmp_path_factory):
    folder = tmp_path_factory.mktemp("small")
    with small_disk(folder, "40m"):
        subprocess.run(["cp", "-a", f"{first_start()}/.", folder], check=True)
        with run(folder) as service:
            browser = Browser(service)
            _, _, plan = browser.make_plan()
            assert ask(service, "/readyz")[:2] == (200, "ok\n")
            fill(folder / "filled")
            status, page, _ = browser.ask(plan)
            assert status == 200
            status, page, _ = browser.make_plan()
            assert (status, "<h1>The disk is full</h1>" in page) == (503, True)
            assert ask(service, "/readyz")[:2] == (503, "disk\nfull\n")
            assert ask(service, "/healthz")[0] == 200
            (folder / "filled").unlink()
            assert browser.make_plan()[0] == 302
            assert ask(service, "/readyz")[0] == 200


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    """Such a folder, and the service on it, for tests that put back what they take away."""
    folder = tmp_path_factory.mktemp("running")
    subprocess.run(["cp", "-a", f"{first_start()}/.", folder], check=True)
    with run(folder) as service:
        yield folder, service


@needs_root
def test_in_a_folder_that_cant_be_written_plans_are_read_and_whoever_stores_is_told(running):
    folder, service = running
    browser = Browser(service)
    _, _, plan = browser.make_plan()
    with read_only(folder):
        for path in ("/", "/matrix/", plan, f"{plan}pulse/?revision=1", f"{plan}report/csv", f"{plan}history/"):
            assert browser.ask(path)[0] == 200, path
        status, page, _ = browser.make_plan()
        assert (status, "<h1>Nothing can be stored</h1>" in page) == (503, True)
        for line in (("load_demo",), ("matrix", "amend", "service/website", "name", "X", "--reason", "Y")):
            status, _, said = manage(folder, *line)
            assert (status, said.splitlines()[-1].partition(". ")[2]) == (1, READ_ONLY.advice), line
            assert "Traceback" not in said
        assert ask(service, "/readyz")[:2] == (503, "read-only\n")
    assert browser.make_plan()[0] == 302


def test_a_database_that_is_gone_for_a_while_is_missed_and_not_made_anew(running):
    folder, service = running
    (folder / DATABASE).rename(folder / "elsewhere")
    status, page, _ = ask(service, "/")
    assert (status, "<h1>Please wait</h1>" in page) == (503, True)
    assert ask(service, "/readyz")[:2] == (503, "database\n")
    assert ask(service, "/healthz")[0] == 200
    assert not (folder / DATABASE).exists()
    (folder / "elsewhere").rename(folder / DATABASE)
    assert ask(service, "/")[0] == 200
    assert ask(service, "/readyz")[0] == 200


def test_a_lost_secret_is_told_before_it_is_needed(running):
    folder, service = running
    (folder / "secret-key").rename(folder / "elsewhere")
    assert ask(service, "/readyz")[:2] == (503, "secret\n")
    (folder / "elsewhere").rename(folder / "secret-key")
    assert ask(service, "/readyz")[0] == 200


def test_a_database_that_isnt_up_to_date_is_told(running):
    folder, service = running
    with closing(sqlite3.connect(folder / DATABASE, timeout=60)) as database:
        with database:
            database.execute("UPDATE django_migrations SET app = 'x' WHERE app = 'planner' AND name LIKE '0026%'")
        assert ask(service, "/readyz")[:2] == (503, "migrations\n")
        with database:
            database.execute("UPDATE django_migrations SET app = 'planner' WHERE app = 'x'")
    assert ask(service, "/readyz")[0] == 200


KILLED = """
import os, signal, sys
import django
django.setup()
from django.core.management import call_command
from django.db.migrations.recorder import MigrationRecorder
note = MigrationRecorder.record_applied

def die(self, app, name):
    if app == sys.argv[1]:
        os.kill(os.getpid(), signal.SIGKILL)
    note(self, app, name)

MigrationRecorder.record_applied = die
call_command("prepare")
"""


def test_a_migration_that_is_killed_before_it_is_noted_is_made_again(tmp_path):
    """Each start makes again what the one before it was killed over, and is killed over the next."""
    names = {name: value for name, value in os.environ.items() if not name.startswith("PLANNER_")}
    names |= {"PLANNER_DATA": str(tmp_path), "DJANGO_SETTINGS_MODULE": "planner.settings"}
    for app in ("contenttypes", "admin", "ports", "planner"):
        done = warm.run([sys.executable, "-c", KILLED, app], cwd=ROOT, env=names, check=False, capture_output=True)
        assert done.returncode == -signal.SIGKILL, (app, done.stderr)
    status, _, said = manage(tmp_path, "prepare")
    assert (status, said) == (0, "")
