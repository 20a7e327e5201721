"""Commands about files begin without any app, and load of a database what they read of it: the matrices."""

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing

import pytest
from django.core.management import call_command

from planner.deploy.commands import FILE_VERBS, works_on_files
from planner.report import typesetting
from planner.store.plan_files import NoUsableMatrix
from tests.commands.reporting import ROOT, save
from tests.started import first_start

# In a process of its own: makes the parser of each command.
FOUND = """
import json, os, sys
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "planner.settings")
from planner.deploy.commands import FILE_VERBS, begin_with_files
from django.core.management import load_command_class
begin_with_files()
for verb in FILE_VERBS:
    load_command_class("planner", verb).create_parser("manage.py", verb)
print(json.dumps(sorted(sys.modules)))
"""
# Likewise: a command line, and last what it has loaded.
LOADED = """
import atexit, json, runpy, sys
atexit.register(lambda: print("LOADED", json.dumps(sorted(sys.modules))))
sys.argv.pop(0)
runpy.run_path(sys.argv[0], run_name="__main__")
"""
NEVER = (
    "django.contrib", "django.forms", "django.http", "django.urls", "django.views", "planner.accounts",
    "planner.models", "planner.sharing", "planner.store.models", "planner.urls", "planner.web",
)  # fmt: skip
"""What no such command loads, where there is no database."""
OF_TABLES = ("django.db.models", "django.db.backends.sqlite3", "ports.models", "ports.queries")
OF_FORMATS = (
    "openpyxl", "planner.report.diagram", "planner.report.firewall.files", "planner.report.formats.xlsx", "typst",
    "urllib.request", "weasyprint",
)  # fmt: skip


def find_loaded(modules, packages):
    return [name for name in packages if any(f"{module}.".startswith(f"{name}.") for module in modules)]


def call(*line, data):
    """Run a command in a process of its own; what it wrote, and the modules that it had in the end."""
    done = subprocess.run(
        [sys.executable, "-c", LOADED, "manage.py", *map(str, line)], cwd=ROOT, check=True, capture_output=True,
        text=True, env=os.environ | {"PLANNER_DATA": str(data)},
    )  # fmt: skip
    written, _, modules = done.stdout.rpartition("LOADED ")
    return written, json.loads(modules)


def test_none_of_them_begins_with_pages_accounts_or_tables():
    done = subprocess.run([sys.executable, "-c", FOUND], cwd=ROOT, check=True, capture_output=True, text=True)
    modules = json.loads(done.stdout)
    assert {f"planner.management.commands.{verb}" for verb in FILE_VERBS} <= set(modules)
    assert find_loaded(modules, (*NEVER, *OF_TABLES)) == []


@pytest.mark.slow
def test_without_a_database_a_report_loads_no_table_and_what_its_format_needs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    plan = tmp_path / save("plan.yaml")
    _, modules = call("report", plan, "--format", "csv", data=tmp_path / "data")
    assert find_loaded(modules, (*NEVER, *OF_TABLES, *OF_FORMATS)) == []
    _, modules = call("report", plan, "--format", "pdf", "--output", tmp_path / "plan.pdf", data=tmp_path / "data")
    assert find_loaded(modules, (*NEVER, *OF_TABLES, *OF_FORMATS)) == ["planner.report.diagram", "typst"]


@pytest.mark.slow
def test_a_database_is_read_and_of_its_tables_those_of_matrices_alone(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    data = shutil.copytree(first_start(), tmp_path / "data", ignore=shutil.ignore_patterns("static"))
    with closing(sqlite3.connect(data / "planner.sqlite3")) as database, database:
        database.execute("UPDATE ports_portmatrix SET received = 'on a day of its own'")
    written, modules = call("report", tmp_path / save("plan.yaml"), "--format", "json", data=data)
    assert "on a day of its own" in json.loads(written)["matrix"]
    assert find_loaded(modules, OF_TABLES) == list(OF_TABLES)
    assert find_loaded(modules, ("django.contrib", "planner.accounts", "planner.store.models", "planner.web")) == []


@pytest.mark.parametrize("line", [[], ["runserver"], ["help", "report"], ["reports"], ["--settings=x", "report"]])
def test_other_commands_begin_as_django_begins_them(line):
    assert not works_on_files(line)


@pytest.mark.parametrize("choosing", [["--settings", "x"], ["--settings=x"], ["--pythonpath=/"]])
def test_settings_that_are_named_are_taken_before_the_command(choosing):
    assert works_on_files(["report", "plan.yaml"])
    assert not works_on_files(["report", "plan.yaml", *choosing])


@pytest.mark.parametrize(
    ("line", "looked"),
    [
        (["report", "plan.yaml", "--format", "pdf"], 1),
        (["report", "plan.yaml", "--format", "html"], 0),
        (["report", "plan.yaml", "--format", "pdf", "--engine", "weasyprint"], 0),
        (["compare", "plan.yaml", "plan.yaml", "--format", "pdf"], 1),
        (["compare", "plan.yaml", "plan.yaml", "--format", "csv"], 0),
    ],
)
def test_fonts_are_looked_for_before_anything_is_read_where_typst_sets_pages(monkeypatch, line, looked):
    begun = []
    monkeypatch.setattr(typesetting, "look_for_fonts", lambda: begun.append("fonts"))

    def find_none(_edition=""):
        raise NoUsableMatrix("None.")

    monkeypatch.setattr(f"planner.management.commands.{line[0]}.find_matrix", find_none)
    with pytest.raises(SystemExit):
        call_command(*line)
    assert len(begun) == looked
