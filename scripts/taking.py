"""Which test takes which line: a pytest plugin that writes it down, a JSON object a line, test by test.

`sys.monitoring` (PEP 669) tells of each line once in a test, so that the tests take hardly longer than without it.
Used by `scripts/mutate.py --map`, which says in the environment what is looked at and where that goes.
"""

import gc
import json
import os
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from types import CodeType, FunctionType

import pytest

TOOL = 3
"""None of those that Python gives to debuggers, coverage, profilers and optimizers."""
SOURCES, PLACE = "TAKING_SOURCES", "TAKING_PLACE"
"""In the environment: the files that are looked at, one a line, from the top folder; and the start of the name of what
is written, to which each process adds its own."""


def read_taken(files: Sequence[Path]) -> dict[str, dict[str, int]]:
    """By test: by file from the top folder, the lines that it takes, each as the bit of that number."""
    found: dict[str, dict[str, int]] = {}
    for file in files:
        for line in file.read_text("utf-8").splitlines():
            said = json.loads(line)
            found[said["test"]] = {path: int(lines, 16) for path, lines in said["lines"].items()}
    return found


class Taking:
    """The plugin: `sources` are files below `root`, `file` is where it is written."""

    def __init__(self, root: Path, sources: Sequence[str], file: Path) -> None:
        self.root = root
        self.paths: Mapping[str, str] = {str(root / source): source for source in sources}
        self.file = file
        self.taken: defaultdict[str, int] = defaultdict(int)

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Look at the functions of all sources from now on, those too that no test has imported yet."""
        for source in self.paths.values():
            import_module(source.removesuffix(".py").removesuffix("/__init__").replace("/", "."))
        sys.monitoring.use_tool_id(TOOL, "taking")
        line = sys.monitoring.events.LINE
        sys.monitoring.register_callback(TOOL, line, self._note)
        gc.unfreeze()
        for code in list(find_code(self.paths)):
            sys.monitoring.set_local_events(TOOL, code, line)
        gc.freeze()

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        """Write down what a test takes, with what is set up for it."""
        self.taken.clear()
        sys.monitoring.restart_events()
        result = yield
        said = {"test": item.nodeid, "lines": {path: f"{lines:x}" for path, lines in sorted(self.taken.items())}}
        with self.file.open("a", encoding="utf-8") as file:
            file.write(json.dumps(said) + "\n")
        return result

    def _note(self, code: CodeType, line: int) -> object:
        self.taken[self.paths[code.co_filename]] |= 1 << line
        return sys.monitoring.DISABLE


def find_code(paths: Mapping[str, str]) -> Iterator[CodeType]:
    """The code of the functions that this process has of these files, with what is within them."""

    def look(code: CodeType) -> Iterator[CodeType]:
        yield code
        for one in code.co_consts:
            if isinstance(one, CodeType):
                yield from look(one)

    found = {
        id(one.__code__): one.__code__
        for one in gc.get_objects()
        if isinstance(one, FunctionType) and one.__code__.co_filename in paths
    }
    for code in found.values():
        yield from look(code)


def pytest_configure(config: pytest.Config) -> None:
    """As `-p scripts.taking`: in each process that runs tests, and not where they are handed out."""
    worker = getattr(config, "workerinput", {}).get("workerid", "")
    if worker or not config.getoption("numprocesses", None):
        file = Path(f"{os.environ[PLACE]}-{worker or 'main'}.jsonl")
        sources = os.environ[SOURCES].splitlines()
        config.pluginmanager.register(Taking(Path.cwd(), sources, file))
