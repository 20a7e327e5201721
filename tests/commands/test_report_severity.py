"""`manage.py report --fail-on`: findings that are grave enough change the exit status, and nothing else."""

import json
from pathlib import Path

import pytest

from tests.commands.reporting import files, refuse, run, save
from tests.report.samples import write_plan

pytestmark = pytest.mark.usefixtures("without_database", "in_folder")

GRAVE_FIRST = ("error", "decision", "warning", "info")


def write(gravest):
    """A plan whose gravest finding is of that severity; its file."""
    endpoints = [
        {"name": "PS01", "zone": "Internal", "addresses": ["10.0.0.10"], "roles": ["web-primary"]},
        {"name": "SQL01", "zone": "Internal", "addresses": ["10.0.0.20"], "roles": ["database"]},
    ]
    if gravest == "error":
        del endpoints[1]
    if gravest == "decision":
        endpoints[1]["zone"] = "Databases"
        endpoints[1]["addresses"] = []
    if gravest == "warning":
        endpoints.append(endpoints[0] | {"name": "PS02", "addresses": ["10.0.0.11"]})
    zones = [{"name": name, "kind": "internal"} for name in ("Internal", "Databases")]
    if gravest == "info":
        endpoints.append({"name": "Staff", "zone": "Internal", "group": True, "roles": ["website-user"]})
    document = write_plan() | {"zones": zones, "endpoints": endpoints}
    return save(f"{gravest}.json", document)


def severities(capsysbinary, plan):
    assert run(plan, "--format", "json") == 0
    return {finding["severity"] for finding in json.loads(capsysbinary.readouterr().out)["findings"]}


@pytest.mark.parametrize("gravest", GRAVE_FIRST)
def test_a_finding_of_that_severity_or_a_graver_one_gives_three(gravest, capsysbinary):
    plan = write(gravest)
    there = severities(capsysbinary, plan)
    assert min(there, key=GRAVE_FIRST.index) == gravest
    for severity in GRAVE_FIRST:
        expected = 3 if GRAVE_FIRST.index(gravest) <= GRAVE_FIRST.index(severity) else 0
        assert run(plan, "--format", "json", "--fail-on", severity) == expected, severity
        assert json.loads(capsysbinary.readouterr().out)["plan"]


def test_all_plans_are_written_and_one_alarms_for_all():
    names = [write("error"), write("info")]
    assert run(*names, "--format", "json", "--output", "out/", "--fail-on", "error") == 3
    assert files("out") == ["error.json", "info.json"]


def test_a_bad_plan_wins_over_an_alarm(capsys):
    Path("bad.json").write_text("{}")
    assert run("bad.json", write("error"), "--format", "json", "--output", "out/", "--fail-on", "error") == 1
    assert files("out") == ["error.json"]
    assert "bad.json" in capsys.readouterr().err


def test_a_filter_hides_no_finding_from_it(capsysbinary):
    assert run(write("error"), "--format", "json", "--filter", "protocol=udp", "--fail-on", "error") == 3


def test_a_severity_that_is_none_is_wrong_usage():
    assert "grave" in refuse(write("info"), "--format", "json", "--fail-on", "grave")
