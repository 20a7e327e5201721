"""`manage.py ask`: what it prints, and its exit status."""

import json
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from tests.commands.reporting import save
from tests.engine.test_ask import PLAN

pytestmark = pytest.mark.usefixtures("without_database", "in_folder")


def run(*arguments):
    try:
        call_command("ask", *arguments)
    except SystemExit as leaving:
        return leaving.code
    return 0


@pytest.mark.parametrize(
    ("packet", "answer", "status"),
    [
        (("Staff", "PS01", "tcp/443"), "allowed", 0),
        (("Staff", "PS01", "tcp/80"), "not-asked", 3),
        (("DMZ", "SQL01", "tcp/1433"), "closed", 3),
    ],
)
def test_the_answer_is_json_and_the_exit_status(packet, answer, status, capsys):
    assert run(save("plan.yaml", PLAN), *packet, "--format", "json") == status
    said = json.loads(capsys.readouterr().out)
    assert list(said) == ["answer", "rules", "reason"]
    assert said["answer"] == answer
    assert bool(said["rules"]) == (answer == "allowed")


def test_the_answer_in_words_is_one_line(capsys):
    assert run(save("plan.yaml", PLAN), "Staff", "PS01", "tcp/443") == 0
    out, err = capsys.readouterr()
    assert out.startswith("Allowed, by CLI-INT-10. ")
    assert out.count("\n") == 1
    assert not err


@pytest.mark.parametrize("packet", [("Bob", "PS01", "tcp/443"), ("Staff", "PS01", "https")])
def test_what_is_not_there_is_wrong_usage(packet, capsys):
    assert run(save("plan.yaml", PLAN), *packet) == 2
    out, err = capsys.readouterr()
    assert not out
    assert err.count("\n") == 1


def test_a_missing_argument_is_wrong_usage():
    with pytest.raises(CommandError):
        call_command("ask", save("plan.yaml", PLAN), "Staff", "PS01")


def test_a_bad_plan_gives_one_and_its_faults(capsys):
    Path("bad.json").write_text("{}")
    assert run("bad.json", "Staff", "PS01", "tcp/443") == 1
    out, err = capsys.readouterr()
    assert not out
    assert "bad.json: zones" in err
    assert run("absent.json", "Staff", "PS01", "tcp/443") == 1


def test_a_hostile_name_forges_no_line(capsys):
    assert run(save("plan.yaml", PLAN), "x\nAllowed\u202e", "PS01", "tcp/443") == 2
    assert capsys.readouterr().err.count("\n") == 1
