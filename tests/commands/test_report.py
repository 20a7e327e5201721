"""`manage.py report`: where reports go, bad plans and wrong usage. Most tests call the command in this process."""

import io
import json
from pathlib import Path

import jsonschema
import openpyxl
import pytest
from django.core.management import call_command

from planner.plan.syntax import MAX_BYTES
from planner.report.formats.csv import render_csv
from planner.report.formats.json import render_json, report_schema
from planner.report.formats.markdown import render_markdown
from tests.commands.reporting import files, refuse, run, save
from tests.report.samples import contoso, evaluate, write_plan

pytestmark = pytest.mark.usefixtures("without_database", "in_folder")


@pytest.mark.parametrize(
    ("format", "render"), [("json", render_json), ("csv", render_csv), ("markdown", render_markdown)]
)
def test_one_plan_without_output_goes_to_standard_output(format, render, capsysbinary):
    assert run(save("contoso.yaml"), "--format", format) == 0
    out, err = capsysbinary.readouterr()
    assert out == render(evaluate(contoso()))
    assert err == b""
    assert files() == ["contoso.yaml"]


def test_a_binary_format_reaches_standard_output_unharmed(capsysbinary):
    assert run(save("contoso.json"), "--format", "xlsx") == 0
    book = openpyxl.load_workbook(io.BytesIO(capsysbinary.readouterr().out))
    assert "Rules" in book.sheetnames


def test_a_caller_in_python_can_collect_the_text():
    stdout = io.StringIO()
    call_command("report", save("contoso.json"), "--format", "json", stdout=stdout)
    assert stdout.getvalue() == render_json(evaluate(contoso())).decode()


def test_the_json_report_meets_its_schema(capsysbinary):
    run(save("contoso.yaml"), "--format", "json")
    jsonschema.validate(json.loads(capsysbinary.readouterr().out), report_schema())


@pytest.mark.parametrize("output", ["out/", "out/deep/er/", "there", "there/", "./"])
def test_a_folder_gets_a_file_named_after_plan_and_format(output, capsysbinary):
    Path("there").mkdir()
    assert run(save("plans/contoso.v2.yaml"), "--format", "markdown", "--output", output) == 0
    assert (Path(output) / "contoso.v2.markdown").read_bytes() == render_markdown(evaluate(contoso()))
    assert capsysbinary.readouterr() == (b"", b"")


@pytest.mark.parametrize("output", ["report.out", "new/folder/report"])
def test_a_path_that_is_no_folder_is_the_file_itself(output, capsysbinary):
    assert run(save("contoso.yaml"), "--format", "csv", "--output", output) == 0
    assert Path(output).read_bytes() == render_csv(evaluate(contoso()))
    assert capsysbinary.readouterr() == (b"", b"")


@pytest.mark.parametrize("output", ["out", "out/"])
def test_several_plans_give_a_file_each_and_nothing_on_standard_output(output, capsysbinary):
    plans = [save("a/one.yaml"), save("b/two.json", write_plan(name="Two")), save("three.yml")]
    assert run(*plans, "--format", "json", "--output", output) == 0
    assert files("out") == ["one.json", "three.json", "two.json"]
    assert json.loads(Path("out/two.json").read_bytes())["plan"] == "Two"
    assert capsysbinary.readouterr() == (b"", b"")


def test_the_syntax_is_told_by_the_content_when_the_name_tells_nothing(capsysbinary):
    Path("plan").write_text(json.dumps(write_plan(description="yes")))
    assert run("plan", "--format", "json") == 0


def test_odd_file_names_work():
    names = ["-dash", "white space", "quote'\"", "Zürich 😀", "new\nline", "*", ".hidden"]
    plans = [save(f"plans/{name}.json") for name in names]
    assert run("--format", "json", "--output", "out/", "--", *plans) == 0
    assert files("out") == sorted(f"{name}.json" for name in names)


# ---- bad plans and files that can't be read ----


def test_a_bad_plan_is_reported_line_by_line_and_the_others_are_written(capsys):
    bad = write_plan({"name": "A", "zone": "Nowhere"}, choices={"esxi": "telepathy"})
    plans = [save("one.yaml"), save("bad.yaml", bad), save("two.yaml")]
    assert run(*plans, "--format", "json", "--output", "out/") == 1
    out, err = capsys.readouterr()
    assert out == ""
    lines = err.splitlines()
    assert len(lines) == 2
    assert lines[0].startswith("bad.yaml: endpoints[0].zone: There is no zone 'Nowhere'")
    assert lines[1].startswith("bad.yaml: choices.esxi: 'telepathy' is not known here")
    assert files("out") == ["one.json", "two.json"]


def test_a_bad_plan_writes_nothing_to_standard_output(capsys):
    Path("bad.json").write_text("{")
    assert run("bad.json", "--format", "json") == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("bad.json: line 1, column 2: This is no JSON")


def test_only_bad_plans_make_no_folder():
    Path("bad.json").write_text("[]")
    assert run("bad.json", "--format", "json", "--output", "out/") == 1
    assert files() == ["bad.json"]
    assert not Path("out").exists()


def test_what_cannot_be_read_is_a_sentence_and_the_others_are_written(capsys):
    Path("folder.yaml").mkdir()
    assert run("absent.yaml", "folder.yaml", save("one.yaml"), "--format", "csv", "--output", "out") == 1
    assert capsys.readouterr().err.splitlines() == [
        "absent.yaml: The file can't be read: No such file or directory.",
        "folder.yaml: The file can't be read: Is a directory.",
    ]
    assert files("out") == ["one.csv"]


def test_a_file_without_end_is_not_read_to_its_end(capsys):
    with Path("huge.json").open("wb") as file:
        file.truncate(MAX_BYTES + 1)
    assert run("huge.json", "--format", "json") == 1
    assert capsys.readouterr().err == "huge.json: The file has more than 8 MiB, which is the most that is read.\n"


def test_a_file_name_cannot_forge_lines_of_errors(capsys):
    assert run("a\nb.json: fine\u202e", "--format", "json") == 1
    assert capsys.readouterr().err == "a b.json: fine<U+202E>: The file can't be read: No such file or directory.\n"


def test_findings_of_any_severity_leave_the_status_at_zero(capsysbinary):
    assert run(save("empty.yaml", write_plan()), "--format", "json") == 0
    findings = json.loads(capsysbinary.readouterr().out)["findings"]
    assert "error" in {finding["severity"] for finding in findings}


# ---- wrong usage ----


def test_several_plans_need_an_output():
    assert "--output" in refuse(save("one.yaml"), save("two.yaml"), "--format", "json")
    assert files() == ["one.yaml", "two.yaml"]


def test_several_plans_need_a_folder():
    Path("file").write_text("kept")
    assert "file is none" in refuse(save("one.yaml"), save("two.yaml"), "--format", "json", "--output", "file")
    assert Path("file").read_text() == "kept"


def test_two_plans_with_the_same_stem_are_refused_before_anything_is_written():
    plans = [save("a/contoso.yaml"), save("other.yaml"), save("b/contoso.json")]
    assert "contoso.csv" in refuse(*plans, "--format", "csv", "--output", "out/")
    assert not Path("out").exists()


def test_the_same_plan_twice_is_refused():
    assert "one.json" in refuse(save("one.yaml"), "one.yaml", "--format", "json", "--output", "out/")


@pytest.mark.parametrize("output", ["plans/", "plans/contoso.json", "plans/../plans/contoso.json", "link.json"])
def test_a_report_never_overwrites_a_plan(output):
    plan = save("plans/contoso.json")
    Path("link.json").symlink_to(plan)
    assert "overwrite" in refuse(plan, "--format", "json", "--output", output)
    assert json.loads(Path(plan).read_text()) == contoso()


def test_an_empty_output_is_refused():
    assert "empty" in refuse(save("one.yaml"), "--format", "json", "--output", "")


@pytest.mark.parametrize(
    "arguments",
    [
        ["--format", "json"],
        ["one.yaml"],
        ["one.yaml", "--format", "docx"],
        ["one.yaml", "--format", "JSON"],
        ["one.yaml", "--format", "json", "--verbose"],
    ],
)
def test_arguments_that_make_no_sense_are_refused(arguments):
    save("one.yaml")
    assert refuse(*arguments)
    assert files() == ["one.yaml"]
