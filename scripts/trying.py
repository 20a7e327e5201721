"""Tests against a change of the code: in copies of a process that has collected them, or in one of their own."""

import gc
import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from importlib.util import spec_from_file_location
from pathlib import Path
from types import CodeType, FrameType

import pytest
from django.conf import settings
from django.db import connection, connections

from scripts.mutant import Mutant, live_functions, put_in

ROOT = Path(os.environ.get("MUTATION_ROOT", Path(__file__).resolve().parent.parent))
"""The folder of what is changed and tried: this one, but for the test of this."""
OPTIONS = ("-q", "-s", "--hypothesis-profile", "quick", "-p", "no:cacheprovider", "-p", "no:cov", "-p", "no:xdist")
ONE_TEST = 30.0
"""Seconds of processor time after which a single test has failed: none takes a third of that."""
MEMORY = 6 * 2**30
WALL = 900
"""Seconds after which a process that does nothing has failed."""
TOOL = 4
"""Of `sys.monitoring`: none of those that Python gives to debuggers, coverage, profilers and optimizers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of it: `by` is the first test that failed, or what else ended it; none if `tests` have passed."""

    by: str | None
    tests: int
    whole: bool  # all tests were run that were to be


class Trier:
    """A pytest plugin: it collects, and in place of the tests runs `work`, which asks it to try mutants."""

    def __init__(self, work: "Callable[[Trier], None]", files: Sequence[Path]) -> None:
        self.work = work
        self.files = files
        self.items: dict[str, pytest.Item] = {}
        self._failed: str | None = None
        self._sound: dict[str, bool] = {}
        self._ran: set[tuple[str, str, int]] = set()
        self._watch()

    @pytest.hookimpl(tryfirst=True)
    def pytest_configure(self, config: pytest.Config) -> None:
        _take_for_worker(config)

    def _watch(self) -> None:
        """Note which functions of the files run before there are copies: what they worked out is in each copy."""
        wanted = {str(file) for file in self.files}

        def note(code: CodeType, _: int) -> object:
            if code.co_filename in wanted:
                self._ran.add((code.co_filename, code.co_qualname, code.co_firstlineno))
            return sys.monitoring.DISABLE

        sys.monitoring.use_tool_id(TOOL, "trying")
        sys.monitoring.register_callback(TOOL, sys.monitoring.events.PY_START, note)
        sys.monitoring.set_events(TOOL, sys.monitoring.events.PY_START)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed and self._failed is None:
            self._failed = report.nodeid
            self.why = report.longreprtext

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """In place of the tests. A first one, which only wants a database, makes the one that copies start from."""
        self.items = {item.nodeid: item for item in session.items}
        first = pytest.Function.from_parent(session.items[-1].parent, name="first", callobj=_wants_database)
        self.session = session
        self._run(first, session)
        if self._failed:
            raise RuntimeError(f"There is no database for the tests.\n{self.why}")
        sys.monitoring.set_events(TOOL, 0)
        sys.monitoring.free_tool_id(TOOL)
        connections.close_all()
        gc.unfreeze()
        self.live = live_functions(self.files)
        gc.freeze()
        self.work(self)
        return True

    def try_in_copy(self, mutant: Mutant, tests: Sequence[str], budget: float) -> Outcome | None:
        """Run tests against a mutant in a copy of this process; None if it can't be had there."""
        path = ROOT / mutant.path
        original = path.read_text("utf-8")
        return self._fork(tests, budget, lambda: put_in(mutant, path, original, self.live))

    def has_run(self, mutant: Mutant) -> bool:
        """Whether a function, or one within it, ran in this process: what it left could hide the change in a copy."""
        if mutant.function is None:
            return True
        path, name = str(ROOT / mutant.path), mutant.function[0]
        return any(file == path and (one == name or one.startswith(f"{name}.")) for file, one, _ in self._ran)

    def is_sound(self, test: str) -> bool:
        """Whether a test passes in a copy in which nothing is changed."""
        if test not in self._sound:
            found = self._fork([test], ONE_TEST, lambda: True)
            self._sound[test] = found is not None and found.by is None
        return self._sound[test]

    def _run(self, item: pytest.Item, following: pytest.Item | pytest.Session) -> None:
        """Run one test; what was set up for it and not for the following one, or not for all, is taken down."""
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)

    def _fork(self, tests: Sequence[str], budget: float, change: Callable[[], bool]) -> Outcome | None:
        folder = Path(tempfile.mkdtemp(prefix="mutation-"))
        answer = folder / "answer"
        try:
            child = os.fork()
            if child == 0:
                self._be_child(folder, tests, budget, change)
            status = _wait(child)
            said = json.loads(answer.read_text("utf-8")) if answer.exists() else None
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        if said == "not here":
            return None
        if said is None:
            return Outcome(by=f"ended with {status}", tests=0, whole=True)
        return Outcome(**said)

    def _be_child(self, folder: Path, tests: Sequence[str], budget: float, change: Callable[[], bool]) -> None:
        answer = folder / "answer"
        try:
            nowhere = os.open(os.devnull, os.O_RDWR)
            for stream in (0, 1, 2):
                os.dup2(nowhere, stream)
            _limit(budget)
            _use_copy_of_database(folder)
            if not change():
                answer.write_text(json.dumps("not here"), "utf-8")
                os._exit(0)
            begun = time.process_time()
            for number, test in enumerate(tests, 1):
                _end_after(test, number, answer)
                self._run(self.items[test], self.items[tests[number]] if number < len(tests) else self.session)
                if self._failed or time.process_time() - begun > budget:
                    _answer(answer, Outcome(by=self._failed, tests=number, whole=number == len(tests)))
            _answer(answer, Outcome(by=None, tests=len(tests), whole=True))
        except BaseException as error:  # whatever ends the run is an answer
            _answer(answer, Outcome(by=f"ended with {error!r:.200}", tests=0, whole=True))


def _wants_database(db: None) -> None:
    """The body of a test that has pytest-django make the database."""


def _take_for_worker(config: pytest.Config) -> None:
    """Be one process of several, with a data folder and a database of its own; the static files are there already."""
    config.workerinput = {"workerid": os.environ["PYTEST_XDIST_WORKER"], "testrunuid": "mutation"}  # type: ignore[attr-defined]


def _limit(budget: float) -> None:
    used = int(time.process_time())
    for kind, most in ((resource.RLIMIT_CPU, used + int(budget + 3 * ONE_TEST)), (resource.RLIMIT_AS, MEMORY)):
        resource.setrlimit(kind, (most, most))


def _use_copy_of_database(folder: Path) -> None:
    """What a test leaves in the database is its own process's; nothing is written where the next one starts."""
    copy = folder / "test.sqlite3"
    shutil.copyfile(connection.settings_dict["NAME"], copy)
    connection.settings_dict["NAME"] = str(copy)
    settings.DATABASES["default"]["NAME"] = str(copy)


def _end_after(test: str, number: int, answer: Path) -> None:
    def end(_: int, __: FrameType | None) -> None:
        _answer(answer, Outcome(by=f"{test} (without end)", tests=number, whole=True))

    signal.signal(signal.SIGPROF, end)
    signal.setitimer(signal.ITIMER_PROF, ONE_TEST)


def _answer(answer: Path, outcome: Outcome) -> None:
    answer.write_text(json.dumps(asdict(outcome)), "utf-8")
    os._exit(0)


def _wait(child: int) -> int:
    until = time.monotonic() + WALL
    while time.monotonic() < until:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            return status
        time.sleep(0.02)
    os.kill(child, signal.SIGKILL)
    return os.waitpid(child, 0)[1]


# --- In a process of its own ----------------------------------------------------------------------------------------


def try_afresh(mutant: Mutant, tests: Sequence[str], budget: float) -> Outcome:
    """Run tests against a mutant in a new process, which imports the changed file."""
    with tempfile.TemporaryDirectory(prefix="mutation-") as name:
        folder = Path(name)
        task = {"path": mutant.path, "code": mutant.code, "tests": list(tests), "budget": budget}
        (folder / "task").write_text(json.dumps(task), "utf-8")
        command = [sys.executable, "-m", "scripts.trying", name]
        try:
            done = subprocess.run(
                command, cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True, check=False, timeout=WALL
            )
            status = str(done.returncode)
        except subprocess.TimeoutExpired:
            status = "no end"
        answer = folder / "answer"
        if not answer.exists():
            return Outcome(by=f"ended with {status}", tests=0, whole=True)
        return Outcome(**json.loads(answer.read_text("utf-8")))


class _Changed(SourceFileLoader):
    def __init__(self, name: str, path: str, changed: str) -> None:
        super().__init__(name, path)
        self.changed = changed

    def get_code(self, fullname: str) -> CodeType:
        return compile(self.changed, self.path, "exec")


class _Finder(MetaPathFinder):
    """Finds one module, changed."""

    def __init__(self, path: str, changed: str) -> None:
        self.name = path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
        self.path, self.changed = path, changed

    def find_spec(self, fullname: str, path: object = None, target: object = None) -> ModuleSpec | None:
        if fullname != self.name:
            return None
        file = str(ROOT / self.path)
        return spec_from_file_location(fullname, file, loader=_Changed(fullname, file, self.changed))


class _Chosen:
    """A pytest plugin: only these tests, in this order, until one fails or the budget is used up."""

    def __init__(self, tests: Sequence[str], budget: float, answer: Path) -> None:
        self.tests, self.budget, self.answer = tests, budget, answer
        self.number = 0
        self.failed: str | None = None

    @pytest.hookimpl(tryfirst=True)
    def pytest_configure(self, config: pytest.Config) -> None:
        _take_for_worker(config)

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        there = {item.nodeid: item for item in items}
        items[:] = [there[test] for test in self.tests if test in there]

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed and self.failed is None:
            self.failed = report.nodeid

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        begun = time.process_time()
        if len(session.items) < len(self.tests):  # a file can't be collected any more, or has other cases
            self.failed = "the collection"
        for item in session.items if self.failed is None else ():
            self.number += 1
            _end_after(item.nodeid, self.number, self.answer)
            following = session.items[self.number] if self.number < len(session.items) else None
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
            if self.failed or time.process_time() - begun > self.budget:
                break
        _answer(self.answer, Outcome(by=self.failed, tests=self.number, whole=self.number == len(session.items)))
        return True


def run_pytest(plugin: object, arguments: Iterable[str]) -> int:
    """Collect tests with a plugin; what pytest says stays unsaid."""
    os.environ.setdefault("PYTEST_XDIST_WORKER", f"mutation{os.getpid()}")
    return int(pytest.main([*OPTIONS, *arguments], plugins=[plugin]))


def _main(folder: Path) -> int:
    task = json.loads((folder / "task").read_text("utf-8"))
    sys.meta_path.insert(sys.meta_path.index(PathFinder), _Finder(task["path"], task["code"]))
    plugin = _Chosen(task["tests"], task["budget"], folder / "answer")
    _limit(task["budget"] + 60)
    return run_pytest(plugin, sorted({test.partition("::")[0] for test in task["tests"]}))


if __name__ == "__main__":
    sys.exit(_main(Path(sys.argv[1])))
