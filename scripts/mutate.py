"""Changes single places of the code and looks whether a test notices: what survives, no test is about.

A sample of all places of each room, the same one for the same `--seed`. The tests that take the changed lines are
known from a run that notes which test takes which line (`--map`, which takes as long as those tests; kept in
tests/artifacts). They are run nearest first, until one fails or the processor time of `--budget` is used up, in a copy
of a process that has collected them all: a fork is given the changed function, and nobody else sees it. What is done
when a file is imported needs a process of its own, and so does a survivor before it counts as one. A test that fails
without the change, too, counts for nothing.
"""

import argparse
import ast
import hashlib
import json
import math
import os
import subprocess
import sys
import tomllib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from scripts.mutant import Mutant
from scripts.mutants import choose_mutants
from scripts.taking import PLACE, SOURCES, read_taken
from scripts.trying import ROOT, Outcome, Trier, run_pytest, try_afresh
from scripts.written import describe_machine, make_table, write_part

ROOMS = {
    "engine": ("planner/engine",),
    "plan": ("planner/plan",),
    "links": ("planner/sharing/links.py", "planner/sharing/uploads.py", "planner/sharing/withdrawals.py"),
    "accounts": ("planner/accounts",),
}
OWN = ("tests/engine", "tests/plan", "tests/contract", "tests/second_matrix", "tests/ports")
_VIEWS = (
    "accounts", "doors", "edit_links", "links", "links_attacked", "making", "members", "own_settings",
    "password_again", "remote_user", "reporting_links", "sent_under", "shared_results", "staff", "taken_back",
    "uploads",
)  # fmt: skip
_SHARING = ("links", "uploads", "withdrawals")
OF_PEOPLE = (
    "tests/accounts",
    *(f"tests/sharing/test_{name}.py" for name in _SHARING),
    *(f"tests/web/views/test_{name}.py" for name in _VIEWS),
)
"""Where tests of people and links are: those of the other views take the same lines once more."""
_READ = ("bad_archives", "answers_in_archives", "states_in_archives")
ARCHIVES = tuple(f"tests/store/test_{name}.py" for name in _READ)
MAPS = {"own": (*OWN, *ARCHIVES), "people": OF_PEOPLE}
"""What is run to know which test takes which line."""
TESTS = {"engine": OWN, "plan": (*OWN, *ARCHIVES), "links": OF_PEOPLE, "accounts": OF_PEOPLE}
KEPT = ROOT / "tests/artifacts"
UNSEEN = ROOT / "scripts/unseen.toml"
"""Changes that were read and that nobody can see."""
FEW = {False: (3, 30), True: (10, 300)}
"""Of how many files a mutant with a process of its own is given tests, and how many: collecting takes longest. More of
them where survivors are tried again."""


class Map:
    """Which test takes which line, as a run with `--map` noted it."""

    def __init__(self, files: Sequence[Path]) -> None:
        self._taken = read_taken(files)
        self.sizes = Counter(
            {test: sum(lines.bit_count() for lines in taken.values()) for test, taken in self._taken.items()}
        )
        """By test: how many lines it takes."""

    def find_tests(self, path: str, lines: Iterable[int] | None) -> set[str]:
        """The tests that take one of these lines of a file; of the whole file for None."""
        wanted = -1 if lines is None else sum(1 << line for line in lines)
        return {test for test, taken in self._taken.items() if taken.get(path, 0) & wanted}


@cache
def read_imports(file: str) -> frozenset[str]:
    """What a file from the top folder imports at its top: modules, and names out of them, in full."""
    found = set()
    for node in ast.parse((ROOT / file).read_text("utf-8")).body:
        if isinstance(node, ast.Import):
            found |= {one.name for one in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{one.name}" for one in node.names)}
    return frozenset(found)


@cache
def count_imports(test_file: str, path: str) -> int:
    """How many imports lead from a file of tests to a module: 0 where it imports it, 1 by way of another, 2 for more.

    What is carried out when a module is imported takes no line in a test, so the map doesn't know who looks at it.
    """
    module = path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
    direct = read_imports(test_file)
    if module in direct:
        return 0
    between = [f"{name.replace('.', '/')}{end}" for name in direct for end in (".py", "/__init__.py")]
    return 1 if any(module in read_imports(one) for one in between if (ROOT / one).exists()) else 2


def order_tests(mutant: Mutant, tests: Iterable[str], sizes: Counter[str]) -> list[str]:
    """Nearest first: those of the file's own tests, of its room, others; of each file the quickest first, in turns.

    Of what is carried out at import those first whose files import it.
    """
    path = Path(mutant.path)

    def distance(test: str) -> tuple[int, int]:
        imports = 2 if mutant.function else count_imports(test.partition("::")[0], mutant.path)
        return imports, near(test)

    def near(test: str) -> int:
        file = Path(test.partition("::")[0])
        stem = file.stem.removeprefix("test_")
        if stem in path.stem or path.stem in stem:
            return 0
        return 1 if file.parent.name in path.parts else 2

    turns: Counter[str] = Counter()
    keyed = []
    for test in sorted(tests, key=lambda one: (sizes[one], one)):
        file = test.partition("::")[0]
        keyed.append((distance(test), turns[file], sizes[test], test))
        turns[file] += 1
    return [test for *_, test in sorted(keyed)]


class Round:
    """The mutants of a room, tried one after the other; what came of them is kept, so a run that is ended goes on."""

    def __init__(self, room: str, arguments: argparse.Namespace) -> None:
        self.room = room
        self.budget: float = arguments.budget
        self.taken = sorted(
            KEPT.glob(f"taken-{next(name for name, tests in MAPS.items() if set(TESTS[room]) <= set(tests))}-*.jsonl")
        )
        paths = [path for name in ROOMS[room] for path in _list_files(ROOT / name)]
        self.paths = paths
        chosen, self.places = choose_mutants(ROOT, paths, arguments.count, f"{arguments.seed}:{room}")
        self.mutants = chosen[arguments.part - 1 :: arguments.parts]
        self.results = KEPT / f"mutation-{room}.jsonl"
        self.known = {one["mutant"]: one for one in read_results(self.results)}
        self.again: bool = arguments.again
        self.forks: bool = arguments.forks

    def work(self, trier: Trier) -> None:
        """Try those that haven't been tried; with `--again` those alone that survived."""
        self.map = Map(self.taken)
        for mutant in self.mutants:
            digest = digest_of(mutant)
            earlier = self.known.get(digest)
            has_survived = earlier is not None and earlier["by"] is None
            if has_survived != self.again or (earlier is not None and not has_survived):
                continue
            if self.forks and mutant.function is None:
                continue
            outcome, tests = self._try(trier, mutant)
            said = {
                "mutant": digest,
                "place": mutant.name,
                "change": mutant.show((ROOT / mutant.path).read_text("utf-8")),
                "by": outcome.by,
                "tests": outcome.tests,
                "of": tests,
                "fresh": mutant.function is None,
            }
            with self.results.open("a", encoding="utf-8") as file:
                file.write(json.dumps(said, ensure_ascii=False) + "\n")
            print(f"{'killed  ' if outcome.by else 'SURVIVED'} {mutant.name} {outcome.by or ''}", file=sys.stderr)

    def _try(self, trier: Trier, mutant: Mutant) -> tuple[Outcome, int]:
        lines = None if mutant.function is None else range(mutant.first, mutant.last + 1)
        takers = self.map.find_tests(mutant.path, lines) or self.map.find_tests(mutant.path, None)
        files = {test.partition("::")[0] for test in takers}
        unknown = {
            test
            for test in trier.items
            if test not in self.map.sizes and (test.partition("::")[0] in files or self._is_near(mutant, test))
        }
        if mutant.function is None:
            takers |= {test for test in trier.items if count_imports(test.partition("::")[0], mutant.path) < 2}
        tests = order_tests(mutant, (takers | unknown) & set(trier.items), self.map.sizes)
        outcome = None
        while tests and mutant.function is not None:
            outcome = trier.try_in_copy(mutant, tests, self.budget)
            if outcome is None or outcome.by is None:
                break
            if outcome.by not in tests or trier.is_sound(outcome.by):
                return outcome, len(tests)
            tests.remove(outcome.by)
            outcome = Outcome(by=None, tests=0, whole=True)
        if outcome is not None and (self.forks or not trier.has_run(mutant)):
            return outcome, len(tests)  # it shows in a copy, if anywhere
        most_files, most_tests = FEW[self.again]
        nearest = list(dict.fromkeys(test.partition("::")[0] for test in tests))[:most_files]
        few = [test for test in tests if test.partition("::")[0] in nearest][:most_tests]
        while few:
            outcome = try_afresh(mutant, few, self.budget)
            if outcome.by is None or outcome.by not in few or trier.is_sound(outcome.by):
                return outcome, len(tests)
            few.remove(outcome.by)
        return Outcome(by=None, tests=0, whole=True), 0

    def list_results(self) -> list[dict[str, object]]:
        """What came of those of the sample that have been tried, as the code is now."""
        known = {one["mutant"]: one for one in read_results(self.results)}
        return [known[digest] for digest in map(digest_of, self.mutants) if digest in known]

    @staticmethod
    def _is_near(mutant: Mutant, test: str) -> bool:
        """Whether a test that the map doesn't know, such as a new one, may be about this file."""
        return Path(mutant.path).stem in test or Path(mutant.path).parent.name in test


def digest_of(mutant: Mutant) -> str:
    """What tells a mutant from any other, and from itself once its file has changed."""
    return hashlib.sha256(f"{mutant.path}{mutant.code}".encode()).hexdigest()[:16]


def read_unseen(file: Path) -> dict[tuple[str, str], str]:
    """By file and change: why nobody can see it. A list `unseen` of tables with `path`, `change` and `why`."""
    said = tomllib.loads(file.read_text("utf-8"))["unseen"] if file.exists() else []
    return {(one["path"], one["change"].strip()): one["why"] for one in said}


def _list_files(path: Path) -> list[Path]:
    return sorted(path.rglob("*.py")) if path.is_dir() else [path]


def read_results(file: Path) -> list[dict[str, object]]:
    """What came of each mutant, the last time that it was tried."""
    lines = file.read_text("utf-8").splitlines() if file.exists() else []
    return list({one["mutant"]: one for one in map(json.loads, lines)}.values())


def say_interval(killed: int, tried: int) -> str:
    """Between which shares the share of all mutants is with 95 %, by Wilson's score interval."""
    if not tried:
        return "–"
    z, share = 1.96, killed / tried
    middle = (share + z * z / (2 * tried)) / (1 + z * z / tried)
    half = z * math.sqrt(share * (1 - share) / tried + z * z / (4 * tried * tried)) / (1 + z * z / tried)
    return f"{(middle - half) * 100:.0f} to {min((middle + half) * 100, 100):.0f} %"


def tell(rounds: Sequence[Round]) -> str:
    """The table of docs/mutation.md."""
    unseen = read_unseen(UNSEEN)
    rows = []
    for one in rounds:
        results = one.list_results()
        killed = sum(result["by"] is not None for result in results)
        alike = sum(result["by"] is None and _names(result) in unseen for result in results)
        others = len(results) - alike
        rows.append(
            [
                f"`{'`, `'.join(ROOMS[one.room])}`",
                f"{one.places:,}",
                f"{len(results):,}",
                f"{killed:,}",
                f"{killed / max(len(results), 1) * 100:.1f} %",
                say_interval(killed, len(results)),
                f"{alike:,}",
                f"{killed / max(others, 1) * 100:.1f} %",
            ]
        )
    header = [
        "Room",
        "places",
        "tried",
        "killed",
        "share",
        "of all, with 95 %",
        "change nothing",
        "killed of the others",
    ]
    return f"{describe_machine()}\n\n{make_table(header, rows)}"


def _names(result: Mapping[str, object]) -> tuple[str, str]:
    return str(result["place"]).rpartition(":")[0], str(result["change"]).strip()


def make_map(name: str, tests: Sequence[str], rooms: Iterable[str], processes: int) -> int:
    """Run tests and note which takes which line of these rooms."""
    for file in KEPT.glob(f"taken-{name}-*.jsonl"):
        file.unlink()
    sources = [
        str(path.relative_to(ROOT)) for room in rooms for one in ROOMS[room] for path in _list_files(ROOT / one)
    ]
    environment = os.environ | {SOURCES: "\n".join(sources), PLACE: str(KEPT / f"taken-{name}")}
    command = [sys.executable, "-m", "pytest", "-q", "-n", str(processes), "--dist", "worksteal"]
    return subprocess.run(
        [*command, "--hypothesis-profile", "quick", "-p", "scripts.taking", *tests],
        cwd=ROOT,
        env=environment,
        check=False,
    ).returncode


def main() -> int:
    """Try a sample of one room or all; status 1 where fewer than nine of ten are killed."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--room", choices=ROOMS, action="append", help="only this one; may be given again")
    parser.add_argument("--count", type=int, default=150, help="mutants of each room (default: 150)")
    parser.add_argument("--seed", default="1", help="which sample (default: 1)")
    parser.add_argument("--budget", type=float, default=10, help="seconds of processor time for a mutant's tests")
    parser.add_argument("--map", action="store_true", help="first note anew which test takes which line")
    parser.add_argument("--processes", type=int, default=2, help="how many note that beside each other (default: 2)")
    parser.add_argument(
        "--again", action="store_true", help="try nothing but survivors, with tests that are new since"
    )
    parser.add_argument("--forks", action="store_true", help="leave what needs a process of its own for later")
    parser.add_argument("--part", type=int, default=1, help="of several that run side by side, which one this is")
    parser.add_argument("--parts", type=int, default=1, help="how many run side by side")
    parser.add_argument("--tell", action="store_true", help="try none, tell what came of those that were tried")
    parser.add_argument("--write", action="store_true", help="write the table into docs/mutation.md")
    arguments = parser.parse_args()
    rooms = arguments.room or list(ROOMS)
    KEPT.mkdir(parents=True, exist_ok=True)
    if arguments.map:
        for name, tests in MAPS.items():
            looked_at = [room for room in rooms if set(TESTS[room]) <= set(tests)]
            if looked_at and make_map(name, tests, looked_at, arguments.processes):
                print("A test fails without any change.", file=sys.stderr)
                return 2
    rounds = [Round(room, arguments) for room in rooms]
    for one in rounds:
        if one.mutants and not arguments.tell:
            run_pytest(Trier(one.work, one.paths), TESTS[one.room])
    text = tell(rounds)
    print(text)
    if arguments.write:
        write_part("docs/mutation.md", "figures", text)
    results = [result for one in rounds for result in one.list_results()]
    return int(sum(result["by"] is not None for result in results) < 0.9 * len(results))


if __name__ == "__main__":
    sys.exit(main())
