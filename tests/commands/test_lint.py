"""`manage.py lint`: what it looks at, where it writes, and its exit status."""

import json
from datetime import date
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from planner.report import FORMATS
from planner.report.said.edition import Edition
from tests.commands.reporting import save
from tests.report.samples import contoso, evaluate

pytestmark = pytest.mark.usefixtures("without_database", "in_folder")
OPEN = {"from": {"zone": "Internet"}, "to": {"endpoint": "Portal"}, "protocol": "tcp", "ports": "443"}


def run(*arguments):
    try:
        call_command("lint", *arguments)
    except SystemExit as leaving:
        return leaving.code
    return 0


@pytest.mark.parametrize(
    ("arguments", "status"),
    [((), 0), (("--fail-on", "error"), 0), (("--fail-on", "decision"), 3), (("--exit-code",), 3)],
)
def test_findings_change_the_status_where_that_is_asked_for(arguments, status, capsys):
    assert run(save("plan.yaml", contoso(choices={})), *arguments) == status
    out, err = capsys.readouterr()
    assert out.startswith("plan.yaml:")
    assert not err


@pytest.mark.parametrize(("allowed", "status"), [(True, 0), (False, 3)])
def test_an_expectation_that_is_not_met_is_status_three_whatever_else(allowed, status, capsys):
    assert run(save("plan.json", contoso(expect=[OPEN | {"allowed": allowed}]))) == status
    out = capsys.readouterr().out
    assert ("[expectation-failed]" in out) == (status == 3)
    assert f"{int(allowed)} of 1 expectation met." in out


def test_faults_are_status_one_and_every_file_is_looked_at(capsys):
    Path("bad.yaml").write_text("format: 1\nname: Bad\nzones:\n  - name: A\n    kind: lan\nendpoints: []\n", "utf-8")
    Path("broken.json").write_text('{"format": 1,\n "name" 1}', "utf-8")
    save("plan.yaml", contoso(expect=[OPEN | {"allowed": False}]))
    assert run("bad.yaml", "absent.yaml", "broken.json", "plan.yaml", "bad.yaml") == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("bad.yaml:5:11: fault: zones[0].kind: 'lan' is not known here")
    assert lines[1].startswith("absent.yaml:1:1: fault: The file can't be read: ")
    assert lines[2].startswith("broken.json:2:9: fault: line 2, column 9: This is no JSON: ")
    assert sum(line.startswith("bad.yaml:") for line in lines) == 1
    assert any(line.endswith("[expectation-failed]") for line in lines)


def test_a_path_is_said_from_the_folder_that_one_is_in(tmp_path, capsys):
    save("sites/plan.yaml")
    run(str(tmp_path / "sites" / "plan.yaml"), "./sites/plan.yaml", "--format", "gitlab")
    assert {one["location"]["path"] for one in json.loads(capsys.readouterr().out)} == {"sites/plan.yaml"}


def test_it_writes_a_file_for_all_plans_and_none_of_the_plans(capsys):
    names = [save("a.yaml"), save("b.json")]
    assert run(*names, "--format", "gitlab", "--output", "reports/quality.json") == 0
    assert capsys.readouterr() == ("", "")
    written = json.loads(Path("reports/quality.json").read_text("utf-8"))
    assert {one["location"]["path"] for one in written} == set(names)
    for target in ("b.json", "reports/", "reports"):
        with pytest.raises(CommandError):
            call_command("lint", *names, "--output", target)
    assert json.loads(Path("b.json").read_text("utf-8")) == contoso()


def test_a_plan_in_a_pdf_has_no_lines(capsys):
    edition = Edition(date=date(2026, 11, 26), with_plan=True)
    Path("plan.pdf").write_bytes(FORMATS["pdf"].render(evaluate(contoso()), edition))
    assert run("plan.pdf") == 0
    *lines, _ = capsys.readouterr().out.splitlines()
    assert lines
    assert all(line.startswith("plan.pdf:1:1: ") for line in lines)


def test_an_unknown_edition_is_a_sentence(capsys):
    assert run(save("plan.yaml"), "--edition", "nothing") == 1
    assert "There is no edition 'nothing'" in capsys.readouterr().err
