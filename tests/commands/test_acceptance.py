"""`manage.py acceptance`: what it prints, and its exit status."""

import json
import subprocess
import xml.etree.ElementTree as ET
from pathlib import Path

import jsonschema
import pytest
from django.core.management import CommandError, call_command

from planner.engine.checks import plan_checks
from planner.plan.check_results import results_schema
from tests.checking import only, well, write_results
from tests.commands.reporting import save
from tests.report.samples import evaluate, write_plan

pytestmark = pytest.mark.usefixtures("without_database", "in_folder")
PLAN = write_plan(
    {"name": "PS01", "zone": "DMZ", "addresses": ["192.0.2.10"], "roles": ["web-primary"]},
    {"name": "SQL01", "zone": "Internal", "addresses": ["10.0.0.20"], "roles": ["database"]},
    never=[{"from": {"zone": "DMZ"}, "to": {"zone": "Internal"}, "protocol": "tcp", "ports": "3389", "reason": "No"}],
)
REPORT = evaluate(PLAN)


def run(*results, outcome=well, changes=()):
    """Call the command with the results of PS01, or with these files; its exit status."""
    save("plan.json", PLAN)
    Path("ps01.json").write_text(json.dumps(write_results(REPORT, "PS01", outcome) | dict(changes)))
    try:
        call_command("acceptance", "plan.json", *(results or ("ps01.json",)))
    except SystemExit as leaving:
        return leaving.code
    return 0


def test_the_state_is_json_with_every_flow_rule_and_row(capsys):
    assert run("ps01.json", "--format", "json") == 0
    out, err = capsys.readouterr()
    state = json.loads(out)
    assert err == ""
    assert [(flow["source"], flow["destination"], flow["ports"], flow["status"]) for flow in state["flows"]] == [
        ("PS01", "SQL01", "1433", "open")
    ]
    assert [(rule["id"], rule["status"]) for rule in state["rules"]] == [(REPORT.rules[0].id, "open")]
    assert [(row["from"], row["ports"], row["status"]) for row in state["closed"]] == [
        ({"zone": "DMZ"}, "3389", "blocked")
    ]
    assert state["counts"]["open"] == 1
    assert state["messages"] == []


@pytest.mark.parametrize(
    ("outcome", "status", "said"),
    [
        (well, 0, "Accepted: Contoso"),
        (only(lambda check: not check.closed, "refused"), 0, "1 of 1 flow refused"),
        (only(lambda check: not check.closed, "filtered"), 3, "blocked: DMZ-INT-"),
        (only(lambda check: check.closed, "open"), 3, "open although it must be closed: PS01 reaches SQL01 on tcp"),
    ],
)
def test_the_exit_status_says_whether_it_is_accepted_and_the_text_why(outcome, status, said, capsys):
    assert run(outcome=outcome) == status
    assert said in capsys.readouterr().out


def test_junit_has_a_case_for_each_flow_and_each_row_under_the_id_of_its_check(capsysbinary):
    assert run("ps01.json", "--format", "junit", outcome=only(lambda check: not check.closed, "filtered")) == 3
    root = ET.fromstring(capsysbinary.readouterr().out)
    assert [suite.get("failures") for suite in root] == ["1", "0"]
    names = [case.get("name").rpartition("#")[2] for case in root.iter("testcase")]
    assert sorted(names) == sorted(check.id for check in plan_checks(REPORT))
    assert "192.0.2.10" not in root.find(".//failure").text
    assert "10.0.0.20 1433: filtered (ps01.json)" in root.find(".//failure").text


def test_a_pdf_says_what_is_blocked_and_has_lines_to_sign(capsysbinary):
    assert run("ps01.json", "--format", "pdf", outcome=only(lambda check: not check.closed, "filtered")) == 3
    data = capsysbinary.readouterr().out
    done = subprocess.run(["pdftotext", "-raw", "-", "-"], input=data, capture_output=True, check=True)
    text = " ".join(done.stdout.decode().split())
    assert "Not accepted yet. Of 1 flow:" in text
    assert "no answer from 10.0.0.20" in text
    assert "blocked: PS01" in text
    assert "Server team" in text


@pytest.mark.parametrize(
    "content", [b"", b"{}", b"[1", b'{"format": 1}', b"\x00" * 100, json.dumps({"format": 1, "plan": 7}).encode()]
)
def test_a_broken_file_gets_a_sentence_and_the_others_count(content, capsys):
    Path("broken.json").write_bytes(content)
    assert run("broken.json", "ps01.json", "--format", "json") == 0
    out, err = capsys.readouterr()
    (message,) = json.loads(out)["messages"]
    assert message.startswith("broken.json was not used: ")
    assert err == f"{message}\n"


def test_nothing_usable_gives_one(capsys):
    assert run(changes={"report": "0" * 64}) == 1
    assert "another state of the plan" in capsys.readouterr().err
    assert run("absent.json") == 1
    assert "absent.json can't be read: No such file" in capsys.readouterr().err


def test_a_bad_plan_gives_one_and_no_results_is_wrong_usage(capsys):
    Path("bad.json").write_text("{}")
    with pytest.raises(SystemExit, match="1"):
        call_command("acceptance", "bad.json", "x.json")
    assert "bad.json: zones" in capsys.readouterr().err
    with pytest.raises(CommandError, match="RESULTS"):
        call_command("acceptance", "bad.json")


def test_a_hostile_file_forges_no_line(capsys):
    name = "x\nAccepted\u202e.json"
    Path(name).write_text(json.dumps(write_results(REPORT, "PS01", plan="y\nAccepted: Contoso\u202e")))
    assert run(name) == 1
    out, err = capsys.readouterr()
    assert "\u202e" not in out + err
    assert not [line for line in err.splitlines() if line.startswith("Accepted")]


def test_the_schema_takes_what_the_command_takes():
    schema = results_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    document = write_results(REPORT, "PS01")
    jsonschema.validate(document, schema)
    validator = jsonschema.Draft202012Validator(schema)
    assert not validator.is_valid(document | {"format": 2})
    assert not validator.is_valid(document | {"results": [{**document["results"][0], "outcome": "perhaps"}]})
    assert not validator.is_valid(document | {"results": [{**document["results"][0], "port": "0"}]})
