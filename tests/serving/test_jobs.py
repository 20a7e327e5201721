"""Files that are made apart outlive what is killed: their own process, the one that minds it, the whole service."""

import os
import signal
import subprocess
import time
from contextlib import suppress
from pathlib import Path

import pytest

from scripts.people import Browser, read_token
from scripts.served import ROOT
from scripts.watching import family
from tests.databases import ask as query
from tests.databases import begin, own_database, serve
from tests.settings import DATA

pytestmark = pytest.mark.slow
EAGER = {"DJANGO_SETTINGS_MODULE": "tests.serving.eager_settings", "PLANNER_WORKERS": "1"}


@pytest.fixture(scope="module")
def eager():
    """With two processes: one goes on where the other is killed."""
    with serve(**EAGER | {"PLANNER_WORKERS": "2"}) as service:
        yield service


@pytest.fixture
def service(eager):
    """A service without a job, for the next test too."""
    yield eager
    until(lambda: not makers(eager))
    for table in ("planner_piece", "planner_job"):
        query(eager, f"DELETE FROM {table}")


@pytest.fixture
def folder(tmp_path):
    """What has a service keep its data in a folder, and a database, that outlive it."""
    begin(tmp_path)
    (tmp_path / "static").symlink_to(DATA / "static")
    with own_database() as own:
        yield {"PLANNER_DATA": str(tmp_path)} | own


def ask(service, name, plan="sites-100"):
    """A browser that asked for a file of a new plan, and where it is told to ask."""
    browser = Browser(service)
    asked = browser.ask(f"{browser.enter(service.make_plan(plan))}report/{name}")
    assert asked.status == 202
    return browser, asked.headers["Location"]


def rows(service, what="*"):
    return query(service, f"SELECT {what} FROM planner_job ORDER BY id")


def until(what, pause=0.05):
    """What is found at last, looked for after so many seconds each time, for two minutes."""
    for _ in range(int(120 / pause)):
        if found := what():
            return found
        time.sleep(pause)
    raise AssertionError("it never came")


def wait_for(browser, where):
    """What a job's address answers when the job is over: asked seldom, as the service answers beside its work."""
    return until(lambda: (got := browser.ask(where)).status != 202 and got, pause=0.25)


def makers(service, among=None):
    """The processes that make files of this service, with the one that minds each: among these numbers, or all."""
    found = {}
    everybody = (int(folder.name) for folder in Path("/proc").glob("[0-9]*"))
    for number in everybody if among is None else among:
        with suppress(OSError):
            folder = Path(f"/proc/{number}")
            if (
                b"\0work\0--job=" in (folder / "cmdline").read_bytes()
                and f"PLANNER_DATA={service.data}\0".encode() in (folder / "environ").read_bytes()
            ):
                found[number] = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
    return found


def list_begun(service):
    """What the service's processes have begun, by whichever of their threads."""
    for number in family(service.process):
        for file in Path(f"/proc/{number}/task").glob("*/children"):
            with suppress(OSError):
                yield from map(int, file.read_text().split())


def wait_for_maker(service):
    """The first process that makes a file, and the one that minds it."""
    return next(iter(until(lambda: makers(service, list_begun(service))).items()))


def fetch(browser, where):
    """The file, once it is there."""
    answer = wait_for(browser, where)
    assert answer.status == 302, answer.body
    return browser.ask(answer.headers["Location"])


def test_a_file_whose_process_is_killed_is_made_by_another(service):
    browser, where = ask(service, "xlsx")
    process, _ = wait_for_maker(service)
    os.kill(process, signal.SIGKILL)
    assert fetch(browser, where).body.startswith(b"PK")
    assert rows(service, "state, tries") == [("done", 2)]


def test_a_process_ends_with_the_one_that_minds_it_and_another_goes_on(service):
    browser, where = ask(service, "xlsx")
    process, parent = wait_for_maker(service)
    os.kill(parent, signal.SIGKILL)
    until(lambda: not makers(service, [process]))
    assert fetch(browser, where).body.startswith(b"PK")
    assert len(rows(service)) == 1


def test_cancelling_ends_the_process(service):
    browser, where = ask(service, "all-firewalls")
    wait_for_maker(service)
    token = read_token(browser.ask(where, headers={"Accept": "text/html"}).body)
    assert browser.ask(f"{where}cancel/", [("csrfmiddlewaretoken", token)]).status == 302
    until(lambda: not makers(service))
    assert browser.ask(where).status == 410
    assert rows(service, "state") == [("cancelled",)]


def test_the_stop_signal_gives_a_job_back_and_the_next_start_makes_it(folder):
    with serve(**EAGER, **folder) as service:
        ask(service, "all-firewalls")
        wait_for_maker(service)
    assert not makers(service)
    assert rows(service, "state, tries, runner") == [("waiting", 0, "")]
    with serve(**EAGER, **folder) as service:
        until(lambda: rows(service, "state") == [("done",)])


def test_a_command_makes_what_the_service_leaves_to_it(folder):
    with serve(**EAGER, PLANNER_JOBS="0", **folder) as service:
        browser, where = ask(service, "csv")
        command = subprocess.Popen(
            [service.environment["PATH"].partition(":")[0] + "/python", "manage.py", "work"],
            cwd=ROOT, env=service.environment | {"PLANNER_JOBS": "1"},
        )  # fmt: skip
        try:
            assert fetch(browser, where).body.startswith(b"\xef\xbb\xbf")
        finally:
            command.terminate()
            assert command.wait() == 0


def test_a_file_may_take_so_much_memory_and_no_more(folder):
    tight = EAGER | {"DJANGO_SETTINGS_MODULE": "tests.serving.tight_settings", "PLANNER_JOB_MIB": "300"}
    with serve(**tight, **folder) as service:
        browser, where = ask(service, "csv", "sites-1000")
        answer = wait_for(browser, where)
        assert answer.status == 422, answer.body
        assert b"more memory than the 75 MiB that a file may take" in answer.body
        assert Browser(service).ask("/healthz").status == 200
