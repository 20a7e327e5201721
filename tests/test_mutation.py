"""`make mutate` on a module of a few lines: what is noticed, what isn't, and what no test is about."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from scripts.taking import read_taken

ROOT = Path(__file__).resolve().parents[1]
FILES = {
    "toy/__init__.py": "",
    "toy/amounts.py": '''
def is_many(count, most=5):
    return count > most


def say(count):
    return str(count + 1)
''',
    "toy/alone.py": "def untried(count):\n    return count - 1\n",
    "toy/words.py": "MOST = 7\n",
    "trials/test_others.py": "from toy import words\n\n\ndef test_the_most():\n    assert words.MOST == 7\n",
    "trials/test_amounts.py": '''
from toy.amounts import is_many, say


def test_few_are_not_many():
    assert not is_many(1)


def test_many_are_more_than_five():
    assert is_many(6)
    assert not is_many(5)


def test_something_is_said():
    assert say(3)
''',
    "toy_settings.py": """
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "none", "TEST": {"NAME": "toy.sqlite3"}}}
""",
    "conftest.py": "from hypothesis import settings\n\nsettings.register_profile('quick')\n",
    "pytest.ini": "[pytest]\nDJANGO_SETTINGS_MODULE = toy_settings\npythonpath = .\naddopts = -p no:schemathesis\n",
    "run.py": """
import sys
from scripts import mutate
mutate.ROOMS = {"toy": ("toy",)}
mutate.MAPS = {"toy": ("trials",)}
mutate.TESTS = {"toy": ("trials",)}
sys.exit(mutate.main())
""",
}  # fmt: skip


@pytest.fixture(scope="module")
def mutate():
    """The script: it knows what can be changed by what takes half a second to import, and one process needs it."""
    from scripts import mutate

    return mutate


@pytest.mark.slow
def test_what_a_test_is_about_is_killed_and_nothing_else(tmp_path):
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, "utf-8")
    environment = os.environ | {"MUTATION_ROOT": str(tmp_path), "PYTHONPATH": str(ROOT)}
    for name in ("PYTEST_XDIST_WORKER", "PYTEST_XDIST_WORKER_COUNT", "PYTEST_ADDOPTS", "DJANGO_SETTINGS_MODULE"):
        environment.pop(name, None)
    command = [sys.executable, "run.py", "--map", "--processes", "0"]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    taken = read_taken(sorted((tmp_path / "tests/artifacts").glob("taken-toy-*.jsonl")))
    assert {test.partition("::")[2]: lines for test, lines in taken.items()} == {
        "test_few_are_not_many": {"toy/amounts.py": 1 << 3},
        "test_many_are_more_than_five": {"toy/amounts.py": 1 << 3},
        "test_something_is_said": {"toy/amounts.py": 1 << 7},
        "test_the_most": {},
    }
    kept = tmp_path / "tests/artifacts/mutation-toy.jsonl"
    assert kept.exists(), done.stdout + done.stderr
    found = {}
    for line in kept.read_text("utf-8").splitlines():
        said = json.loads(line)
        found.setdefault(said["place"], set()).add((said["by"], said["tests"] > 0))
    killed = "trials/test_amounts.py::test_many_are_more_than_five"
    assert found == {
        "toy/amounts.py:2": {(killed, True)},  # a default, worked out as the module is imported
        "toy/amounts.py:3": {(killed, True)},
        "toy/amounts.py:7": {(None, True)},  # a test takes it, and looks at nothing of it
        "toy/alone.py:2": {(None, False)},
        "toy/words.py:1": {("trials/test_others.py::test_the_most", True)},  # it takes no line of it
    }
    assert done.returncode == 1, "fewer than nine of ten"
    assert "| `toy` | " in done.stdout


@pytest.mark.slow
def test_a_process_of_its_own_has_what_the_suite_sets_up(mutate, monkeypatch):
    worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
    monkeypatch.setenv("PYTEST_XDIST_WORKER", f"mutation-{worker}")  # its folder is had again by the next run
    for name in ("PYTEST_XDIST_WORKER_COUNT", "PYTEST_ADDOPTS"):
        monkeypatch.delenv(name, raising=False)
    path, said = (
        "planner/plan/limits.py",
        "a_file_in_which_addresses_take_too_much_is_told_by_its_size_and_what_is_written",
    )
    code = f"{(ROOT / path).read_text('utf-8')}\n\nsay_written = str\n"
    tests = [f"tests/plan/test_limits.py::test_{said}"]
    mutant = mutate.Mutant(path=path, first=1, last=1, function=None, code=code)
    assert [mutate.try_afresh(mutant, tests, 10).by] == tests


@pytest.mark.slow
def test_a_sample_stays_as_it_is_where_something_else_changes(mutate, tmp_path):
    file = tmp_path / "toy.py"

    def choose(text, count):
        file.write_text(text, "utf-8")
        mutants, places = mutate.choose_mutants(tmp_path, [file], count, "1")
        return [mutant.show(text) for mutant in mutants], places

    text = "".join(f"def f{number}(a, b):\n    return a + b < {number}\n" for number in range(20))
    sample, places = choose(text, 10)
    assert (len(sample), places) == (10, 60)
    assert choose(text, 5)[0] == sample[:5]
    changed, places = choose(f"{text}\ndef g(a):\n    return a + 1 - 2\n", 10)
    assert places > 60
    assert len(set(changed) & set(sample)) >= 8
    assert [one for one in changed if one in sample] == [one for one in sample if one in changed]


def test_how_sure_a_share_is(mutate):
    assert mutate.say_interval(0, 0) == "–"
    assert mutate.say_interval(90, 100) == "83 to 94 %"
    assert mutate.say_interval(150, 150) == "98 to 100 %"
