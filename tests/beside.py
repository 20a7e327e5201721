"""The static checks beside the tests: `pytest -p tests.beside`, as `make test` and `make check` have it.

One process checks the types, and what checks the rest is done long before it: a processor would have nothing to do.
Where a check fails the tests end soon. What the checks say stands below the tests, and is never lost.
"""

import os
import signal
import subprocess
from pathlib import Path
from tempfile import TemporaryFile

import pytest

LINT = Path(__file__).resolve().parents[1] / "scripts" / "lint.sh"


def pytest_configure(config):
    """In the process that somebody has called, and not in its workers."""
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(Checks())


class Checks:
    """One run of the static checks, from the start of the tests to their end."""

    def __init__(self, command=LINT):
        self.command = command
        self.said = TemporaryFile()  # noqa: SIM115 - read when all is over

    def pytest_sessionstart(self, session):
        self.session = session
        # With a group of their own, so that all of them can be ended.
        self.process = subprocess.Popen(
            [self.command], stdin=subprocess.DEVNULL, stdout=self.said, stderr=subprocess.STDOUT, process_group=0
        )

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self):
        self._look()

    def pytest_runtest_logreport(self):
        self._look()

    def _look(self):
        if self.process.poll():
            self.session.shouldstop = "a static check has failed"
            if workers := self.session.config.pluginmanager.getplugin("dsession"):
                workers.shouldstop = self.session.shouldstop

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session, exitstatus):
        """Wait for checks that take longer than the tests, but not where somebody has ended these."""
        if exitstatus == pytest.ExitCode.INTERRUPTED and self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGTERM)
        if self.process.wait() and exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED):
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter):
        terminalreporter.section("static checks")
        self.said.seek(0)
        terminalreporter.write(self.said.read().decode("utf-8", "replace"))
        self.said.close()
        if self.process.returncode:
            terminalreporter.write_line(f"They failed ({self.process.returncode}).", red=True)
