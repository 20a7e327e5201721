"""The static checks beside the tests: one that fails ends these, is told, and the run fails, whichever ends first."""

import os
import signal
from functools import partial
from types import SimpleNamespace

import pytest

from tests.beside import Checks

FAILED, OK, INTERRUPTED = pytest.ExitCode.TESTS_FAILED, pytest.ExitCode.OK, pytest.ExitCode.INTERRUPTED


@pytest.fixture
def start(tmp_path):
    """Begins checks that are a script of the shell; `gate` is a pipe in its folder."""

    def start(script):
        os.mkfifo(tmp_path / "gate")
        command = tmp_path / "lint.sh"
        command.write_text(f'#!/bin/sh\ncd "$(dirname "$0")"\n{script}\n')
        command.chmod(0o755)
        checks = Checks(command)
        workers = SimpleNamespace(shouldstop=False)
        plugins = SimpleNamespace(getplugin={"dsession": workers}.get)
        checks.pytest_sessionstart(
            SimpleNamespace(shouldstop=False, config=SimpleNamespace(pluginmanager=plugins), workers=workers)
        )
        checks.process.wait = partial(checks.process.wait, 60)
        return checks

    return start


def finish(checks, status):
    """The status of a run whose tests ended with one, and what is told below them."""
    said = []
    checks.session.exitstatus = status
    checks.pytest_sessionfinish(checks.session, status)
    checks.pytest_terminal_summary(
        SimpleNamespace(section=said.append, write=said.append, write_line=lambda text, **_: said.append(text))
    )
    return checks.session.exitstatus, said


def test_a_check_that_fails_ends_the_tests_and_is_told_below_them(start, tmp_path):
    checks = start("cat gate >/dev/null; echo much is wrong; exit 3")
    checks.pytest_runtest_logreport()
    assert not checks.session.shouldstop
    (tmp_path / "gate").write_text("go")
    checks.process.wait()
    checks.pytest_runtest_logreport()
    assert checks.session.workers.shouldstop == checks.session.shouldstop == "a static check has failed"
    assert finish(checks, INTERRUPTED) == (INTERRUPTED, ["static checks", "much is wrong\n", "They failed (3)."])


@pytest.mark.parametrize(("code", "status"), [(0, OK), (3, FAILED)])
def test_checks_that_take_longer_than_the_tests_are_waited_for(start, tmp_path, code, status):
    checks = start(f"cat gate >/dev/null; echo looked; exit {code}")
    wait, write = checks.process.wait, (tmp_path / "gate").write_text
    checks.process.wait = lambda: write("go") and wait()
    found, said = finish(checks, OK)
    assert (found, said[:2]) == (status, ["static checks", "looked\n"])
    checks.pytest_runtest_logreport()
    assert bool(checks.session.shouldstop) == bool(code)


def test_tests_that_fail_stay_failed_where_the_checks_pass(start):
    assert finish(start("exit 0"), FAILED)[0] == FAILED


def test_who_ends_the_tests_ends_the_checks(start):
    checks = start("cat gate; cat gate")
    assert finish(checks, INTERRUPTED)[0] == INTERRUPTED
    assert checks.process.returncode == -signal.SIGTERM
