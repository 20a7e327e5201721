"""`port-planner`: which commands it has, what they are called, and what it does before it serves."""

import argparse
import os
import re
import sys
from pathlib import Path
from unittest.mock import Mock

import pytest
from django.core import management
from django.db import OperationalError

from planner import client
from planner.client import SERVE, VERBS
from planner.deploy.commands import run_command
from tests.each import each

ROOT = Path(__file__).parents[2]


def read(name):
    return (ROOT / name).read_text("utf-8")


def named_in(name):
    """The commands of `manage.py` that a text shows."""
    return set(re.findall(r"(?:manage\.py|\{PROGRAM\}) ([a-z_]+)", read(name)))


def test_it_has_every_command_of_the_readme_and_of_what_a_start_tells():
    assert {"createsuperuser", "backup", "restore", "tidy"} <= named_in("README.md")
    assert named_in("README.md") | named_in("planner/store/start.py") <= set(VERBS)


@each("verb", VERBS)
def test_each_verb_is_a_command_whose_help_is_about_itself(verb):
    parser = client._find(verb).create_parser("port-planner", verb)
    assert parser.format_help().startswith(f"usage: port-planner {verb}")
    shown = {action.dest for action in parser._actions if action.help != argparse.SUPPRESS}
    assert not shown & set(client._DJANGOS)
    assert f"`{verb}`" in read("docs/plan-as-code.md")


def test_what_comes_before_serving_is_what_comes_before_it_in_the_container(monkeypatch):
    done = []
    monkeypatch.setattr(os, "environ", dict(os.environ))
    monkeypatch.setattr(os, "execv", lambda _, line: done.append(line[-1]))
    monkeypatch.setattr(management, "call_command", lambda name, **_: done.append(name))
    client._serve([])
    assert done.pop() == "planner.wsgi"
    assert set(done) | {"load_demo"} == named_in("scripts/serve.sh") | named_in("scripts/static.sh")


def test_what_signs_has_the_key_of_the_service_and_nothing_else_makes_one(monkeypatch, tmp_path):
    def is_given(verb):
        monkeypatch.setattr(os, "environ", {"PLANNER_DATA": str(tmp_path), "HOME": str(tmp_path)})
        client._prepare(verb)
        return "PLANNER_SECRET_KEY" in os.environ

    of_files = {verb for verb in (SERVE, *VERBS) if is_given(verb)}
    assert of_files >= {"lint", "matrix", "push"}
    assert not of_files & {SERVE, "backup", "restore", "import_plans", "work"}
    (tmp_path / "secret-key").write_text("the service's own", "utf-8")
    assert not any(map(is_given, VERBS)), "a link that `push` makes opens in the service"


def test_a_database_that_cannot_be_used_is_a_sentence(monkeypatch):
    def fail(*_):
        error = OperationalError("database or disk is full")
        error.__cause__ = Exception()
        error.__cause__.sqlite_errorcode = 13
        raise error

    monkeypatch.setattr(os, "environ", dict(os.environ))
    monkeypatch.setattr(client, "_run", fail)
    monkeypatch.setattr(client, "run_command", lambda call: call())
    with pytest.raises(
        SystemExit, match=r"^The database can't be used: database or disk is full\. The disk is full: "
    ):
        client.main(["backup", "site.zip"])


def test_whoever_reads_a_command_and_goes_is_no_reason_to_complain(monkeypatch):
    monkeypatch.setattr("planner.deploy.commands.gc", Mock())
    reading, writing = os.pipe()
    os.close(reading)
    with open(writing, "w", encoding="utf-8") as stream:  # noqa: PTH123
        monkeypatch.setattr(sys, "stdout", stream)
        with pytest.raises(SystemExit) as left:
            run_command(lambda: print("a line", flush=True))
    assert left.value.code == 1


def test_a_pipe_that_breaks_elsewhere_is_told(monkeypatch):
    monkeypatch.setattr("planner.deploy.commands.gc", Mock())
    monkeypatch.setattr("planner.deploy.commands.call_with_room", Mock(side_effect=BrokenPipeError))
    with pytest.raises(BrokenPipeError):
        run_command(lambda: None)
