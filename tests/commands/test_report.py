"""`manage.py report`. Most tests call the command in this process; what concerns the process itself starts one."""

import csv
import io
import json
import os
import pty
import stat
import subprocess
import sys
import threading
import zipfile
from pathlib import Path

import jsonschema
import openpyxl
import pypdf
import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from planner.plan.syntax import MAX_BYTES, to_yaml
from planner.report import files as writing
from planner.report.formats.csv import render_csv
from planner.report.formats.json import render_json, report_schema
from planner.report.formats.markdown import render_markdown
from ports import queries
from ports.actions import load_matrix, make_amendment
from ports.models import PortMatrix, Service
from tests.report.samples import contoso, evaluate, sites, write_plan

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def _without_database(request, monkeypatch, tmp_path_factory):
    """No database, as on a fresh clone, except for tests that ask for one."""
    if "db" in request.fixturenames:
        # A matrix that was read before a test was rolled back would pass for that of the next test's first edit.
        queries._matrix_at.cache_clear()
    else:
        absent = tmp_path_factory.mktemp("data") / "absent.sqlite3"
        monkeypatch.setitem(connection.settings_dict, "NAME", str(absent))


@pytest.fixture(autouse=True)
def _in_folder(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)


def save(name, document=None):
    """Write a plan document below the current folder and return its name."""
    path = Path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    document = contoso() if document is None else document
    text = json.dumps(document) if path.suffix == ".json" else to_yaml(document)
    path.write_text(text, "utf-8")
    return name


def run(*arguments):
    """Call the command; its exit status."""
    try:
        call_command("report", *arguments)
    except SystemExit as leaving:
        return leaving.code
    return 0


def refuse(*arguments):
    """Call the command with wrong usage; what it says."""
    with pytest.raises(CommandError) as caught:
        call_command("report", *arguments)
    return str(caught.value)


def start(*arguments, data, **options):
    """Run the command in a process of its own, with a data folder."""
    environment = os.environ | {"PLANNER_DATA": str(data), "PLANNER_SECRET_KEY": "x"}
    line = [sys.executable, str(ROOT / "manage.py"), "report", *arguments]
    return subprocess.run(line, env=environment, check=False, timeout=600, **options)


def files(folder="."):
    """All files below a folder, sorted."""
    return sorted(str(path.relative_to(folder)) for path in Path(folder).rglob("*") if path.is_file())


# ---- where reports go ----


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


# ---- how files are written ----


def test_a_report_replaces_an_older_one_and_keeps_its_permissions():
    Path("report.json").write_text("old")
    Path("report.json").chmod(0o640)
    assert run(save("one.yaml"), "--format", "json", "--output", "report.json") == 0
    assert Path("report.json").read_bytes() == render_json(evaluate(contoso()))
    assert stat.S_IMODE(Path("report.json").stat().st_mode) == 0o640


def test_a_new_report_has_the_permissions_that_the_umask_leaves():
    old = os.umask(0o027)
    try:
        run(save("one.yaml"), "--format", "json", "--output", "report.json")
    finally:
        os.umask(old)
    assert stat.S_IMODE(Path("report.json").stat().st_mode) == 0o640


def test_a_report_that_cannot_be_finished_leaves_the_older_one_and_no_half_file(monkeypatch, capsys):
    Path("report.json").write_text("old")

    def fail(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(writing.os, "fsync", fail)
    assert run(save("one.yaml"), "--format", "json", "--output", "report.json") == 1
    assert capsys.readouterr().err == "one.yaml: report.json can't be written: No space left on device.\n"
    assert Path("report.json").read_text() == "old"
    assert files() == ["one.yaml", "report.json"]


@pytest.mark.parametrize(
    ("output", "sentence"),
    [
        ("file/", "file/one.json can't be written: file is no folder."),
        ("file/below/report.json", "file/below/report.json can't be written: Not a directory."),
        ("n" * 300 + "/", f"{'n' * 300}/one.json can't be written: File name too long."),
    ],
)
def test_an_output_that_cannot_be_written_is_a_sentence(output, sentence, capsys):
    Path("file").write_text("kept")
    assert run(save("one.yaml"), "--format", "json", "--output", output) == 1
    assert capsys.readouterr().err == f"one.yaml: {sentence}\n"
    assert Path("file").read_text() == "kept"


def test_the_other_plans_are_written_when_one_report_cannot_be():
    Path("out/one.json").mkdir(parents=True)
    assert run(save("one.yaml"), save("two.yaml"), "--format", "json", "--output", "out/") == 1
    assert files("out") == ["two.json"]


def test_a_symbolic_link_stays_one():
    Path("target.json").write_text("old")
    Path("link.json").symlink_to("target.json")
    assert run(save("one.yaml"), "--format", "json", "--output", "link.json") == 0
    assert Path("link.json").is_symlink()
    assert Path("target.json").read_bytes() == render_json(evaluate(contoso()))


def test_a_pipe_is_written_to_and_not_replaced():
    os.mkfifo("pipe")
    read = []
    reader = threading.Thread(target=lambda: read.append(Path("pipe").read_bytes()))
    reader.start()
    assert run(save("one.yaml"), "--format", "json", "--output", "pipe") == 0
    reader.join(10)
    assert read == [render_json(evaluate(contoso()))]
    assert Path("pipe").is_fifo()


# ---- firewalls ----


def test_what_a_firewall_file_leaves_out_is_told_on_standard_error_and_is_no_failure(capsys):
    assert run(save("contoso.yaml"), "--format", "nftables") == 0
    out, err = capsys.readouterr()
    assert out.startswith("# nftables for the plan: Contoso\n")
    assert "contoso.yaml: Left out. No address in the plan yet: Portal.\n" in err
    assert "contoso.yaml: Left out. Only DNS names, which are not resolved here: ESX01 (esx01.example.net).\n" in err


def test_a_default_deny_is_written_when_it_is_asked_for(capsys):
    document = contoso()
    document["endpoints"][2]["addresses"] = ["192.0.2.10"]
    run(save("contoso.yaml", document), "--format", "nftables")
    assert "policy " not in capsys.readouterr().out
    assert run("contoso.yaml", "--format", "nftables", "--default-deny") == 0
    assert "policy drop;" in capsys.readouterr().out


def test_what_is_undecided_is_opened_when_it_is_asked_for(capsys):
    document = contoso()
    document["endpoints"][3]["addresses"] = ["192.0.2.30"]
    plan = save("contoso.yaml", document)
    for format, rule in (("nftables", "add rule "), ("iptables", "-4 -A PORT-PLANNER ")):
        assert run(plan, "--format", format) == 0
        closed = capsys.readouterr().out.splitlines()
        assert run(plan, "--format", format, "--open-undecided") == 0
        opened = capsys.readouterr().out.splitlines()
        disabled = [line for line in closed if line.startswith(f"# {rule}")]
        assert disabled
        assert [line.removeprefix("# ") for line in disabled] == [line for line in opened if line not in closed][-1:]


def test_archives_are_written_under_the_name_of_the_format():
    plan = save("contoso.yaml")
    for format, options in (("windows", []), ("aerleon", []), ("firewalls", []), ("nftables", ["--host-files"])):
        assert run(plan, "--format", format, "--output", "out/", *options) == 0
        assert zipfile.is_zipfile(f"out/contoso.{format}")


def test_what_a_format_cannot_say_is_a_sentence_and_no_file(capsys):
    plans = [save("one.yaml"), save("two.yaml", write_plan(name="Two"))]
    assert run(*plans, "--format", "windows", "--default-deny", "--output", "out/") == 1
    assert files() == plans
    lines = capsys.readouterr().err.splitlines()
    assert [line.partition(": ")[0] for line in lines] == plans
    assert all("can't be written for this plan: a rule that blocks wins" in line for line in lines)


@pytest.mark.parametrize(
    ("format", "option"), [("json", "--default-deny"), ("asa", "--host-files"), ("asa", "--open-undecided")]
)
def test_an_option_of_other_formats_is_wrong_usage(format, option):
    assert f"{option} is for the formats " in refuse(save("one.yaml"), "--format", format, option, "--output", "out/")
    assert files() == ["one.yaml"]


# ---- the matrix ----


def test_the_current_edition_of_the_database_counts_with_its_amendments(db, capsysbinary):
    load_matrix(path=queries.SHIPPED)
    make_amendment(row="service/browser-gateway", field="ports", value="7444", reason="Test")
    document = contoso()
    document["endpoints"][0]["roles"].append("browser-gateway")
    document["endpoints"][4]["roles"].append("browser-session-user")
    assert run(save("one.json", document), "--format", "json") == 0
    data = json.loads(capsysbinary.readouterr().out)
    assert "7444" in {flow["ports"] for flow in data["flows"]}
    assert data["matrix"] != evaluate(contoso()).matrix.version


def test_a_database_without_a_current_edition_leaves_the_shipped_one(db, capsysbinary):
    PortMatrix.objects.update(current=False)
    assert run(save("one.json"), "--format", "json") == 0
    assert capsysbinary.readouterr().out == render_json(evaluate(contoso()))


def test_a_current_edition_with_faults_is_a_sentence_and_never_passed_over(db, capsys):
    load_matrix(path=queries.SHIPPED)
    Service.objects.filter(slug="ssh").update(ports="0")
    assert run(save("one.json"), "--format", "json") == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert "has faults: service 'ssh'" in err


def test_a_fresh_clone_needs_no_database_and_gets_none(tmp_path):
    done = start(save("one.yaml"), "--format", "json", data=tmp_path / "data", capture_output=True)
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout == render_json(evaluate(contoso()))
    assert files() == ["one.yaml"]


def test_a_database_without_tables_leaves_the_shipped_matrix(tmp_path):
    (tmp_path / "planner.sqlite3").touch()
    done = start(save("one.yaml"), "--format", "json", data=tmp_path, capture_output=True)
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout == render_json(evaluate(contoso()))


def test_a_database_that_cannot_be_read_is_a_sentence(tmp_path):
    (tmp_path / "planner.sqlite3").write_bytes(b"no database" * 1000)
    done = start(save("one.yaml"), "--format", "json", data=tmp_path, capture_output=True)
    assert (done.returncode, done.stdout) == (1, b"")
    assert done.stderr.decode() == f"The database {tmp_path}/planner.sqlite3 can't be read: file is not a database.\n"


# ---- the process ----


@pytest.mark.parametrize("arguments", [["one.yaml", "--format", "docx"], ["one.yaml", "two.yaml", "--format", "json"]])
def test_wrong_usage_exits_with_two(arguments, tmp_path):
    done = start(*arguments, data=tmp_path / "data", capture_output=True)
    assert (done.returncode, done.stdout) == (2, b"")
    assert done.stderr.startswith(b"usage: manage.py report")


def test_a_bad_plan_exits_with_one(tmp_path):
    plans = [save("bad.yaml", {"format": 2}), save("good.yaml")]
    done = start(*plans, "--format", "json", "--output", "out", data=tmp_path / "data", capture_output=True)
    assert (done.returncode, done.stdout) == (1, b"")
    assert all(line.startswith("bad.yaml: ") for line in done.stderr.decode().splitlines())
    assert files("out") == ["good.json"]


def test_a_reader_that_leaves_early_is_no_reason_to_complain(tmp_path):
    reading, writing = os.pipe()
    os.close(reading)
    plan = save("large.json", sites(30))
    done = start(plan, "--format", "json", data=tmp_path / "data", stdout=writing, stderr=subprocess.PIPE)
    os.close(writing)
    assert (done.returncode, done.stderr) == (1, b"")


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs a device that is always full")  # noqa: PTH110
def test_a_full_disk_behind_standard_output_is_a_sentence(tmp_path):
    with Path("/dev/full").open("wb") as full:
        done = start(save("one.json"), "--format", "json", data=tmp_path / "data", stdout=full, stderr=subprocess.PIPE)
    assert done.returncode == 1
    assert done.stderr == b"one.json: Standard output can't be written: No space left on device.\n"


def test_progress_is_told_to_a_terminal_and_to_nothing_else(tmp_path):
    screen, terminal = pty.openpty()
    plans = [save("one.yaml"), save("two.yaml")]
    done = start(
        *plans, "--format", "csv", "--output", "out", data=tmp_path / "data", stdout=subprocess.PIPE, stderr=terminal
    )
    os.close(terminal)
    told = os.read(screen, 4096).decode().split("\r\n")
    os.close(screen)
    assert (done.returncode, done.stdout) == (0, b"")
    assert told == ["one.yaml (1 of 2)", "two.yaml (2 of 2)", ""]


class TestFilter:
    """`--filter`: the same fields as on the page."""

    def test_only_what_the_filter_lets_through_is_written(self, capsys):
        save("plan.yaml")
        assert run("plan.yaml", "--format", "json", "--filter", "port=443", "--filter", "decided=open") == 0
        out, err = capsys.readouterr()
        data = json.loads(out)
        jsonschema.validate(data, report_schema())
        assert data["flows"]
        assert {flow["ports"] for flow in data["flows"]} == {"443"}
        assert all(flow["any_of"] for flow in data["flows"])
        assert data["selection"]["rules"] == len(data["rules"]) < data["selection"]["of"]
        assert f"{len(data['rules'])} of {data['selection']['of']} rules" in err

    @pytest.mark.parametrize("wrong", ["port", "colour=red", "module=prp", "=", ""])
    def test_a_field_that_isnt_one_is_wrong_usage(self, wrong):
        save("plan.yaml")
        assert "the fields are text, source" in refuse("plan.yaml", "--format", "json", "--filter", wrong)

    @pytest.mark.parametrize("wrong", ["port=x", "source=nowhere", "decided=maybe", "role=<b>", "section=99"])
    def test_a_value_that_cant_be_is_told_and_nothing_written(self, capsys, wrong):
        save("plan.yaml")
        assert run("plan.yaml", "--format", "json", "--output", "out/", "--filter", wrong) == 1
        assert wrong.partition("=")[0] in capsys.readouterr().err
        assert not Path("out").exists()

    def test_a_wrong_value_is_told_with_what_can_be(self, capsys):
        save("plan.yaml")
        assert run("plan.yaml", "--format", "json", "--filter", "protocol=TCP") == 1
        assert "“TCP” is not in this report; it has icmp, tcp, udp." in capsys.readouterr().err

    def test_a_field_has_one_value(self):
        save("plan.yaml")
        complaint = refuse("plan.yaml", "--format", "json", "--filter", "endpoint=PS01", "--filter", "endpoint=DC01")
        assert "endpoint is given already" in complaint

    def test_what_changed_since_an_older_plan_is_chosen(self, capsys):
        older = contoso()
        older["endpoints"] = older["endpoints"][:-1]
        save("older.yaml", older)
        save("plan.yaml", contoso())
        assert run("plan.yaml", "--format", "json", "--filter", "since=older.yaml") == 0
        data = json.loads(capsys.readouterr().out)
        assert {flow["source"] for flow in data["flows"]} == {"Public"}
        assert data["selection"]["fields"] == {"Changed since": "older.yaml"}
        assert len(data["rules"]) == data["selection"]["rules"] < data["selection"]["of"]

    def test_an_older_plan_that_is_bad_is_told_and_nothing_written(self, capsys):
        save("plan.yaml")
        Path("older.yaml").write_text("format: 1\n", "utf-8")
        for wrong in ("older.yaml", "absent.yaml"):
            assert run("plan.yaml", "--format", "json", "--output", "out/", "--filter", f"since={wrong}") == 1
            assert wrong in capsys.readouterr().err
        assert not Path("out").exists()

    def test_the_older_plan_is_never_overwritten(self):
        save("plan.yaml")
        save("older.yaml")
        refuse("plan.yaml", "--format", "json", "--filter", "since=older.yaml", "--output", "older.yaml")

    def test_every_line_of_a_table_says_that_it_is_a_part(self, capsys):
        save("plan.yaml")
        assert run("plan.yaml", "--format", "csv", "--filter", "port=443", "--filter", "text=a;=1+1") == 0
        out, _ = capsys.readouterr()
        assert out.splitlines()[0].endswith(",rule,selection")
        save("plan.yaml")
        assert run("plan.yaml", "--format", "csv", "--filter", "port=443") == 0
        lines = list(csv.DictReader(io.StringIO(capsys.readouterr().out.lstrip("\ufeff"))))
        assert lines
        assert {line["selection"].partition(";")[0] for line in lines} == {"Port: 443"}
        assert all(line["selection"].endswith(" rules") for line in lines)

    def test_a_filter_that_lets_nothing_through_writes_an_empty_report(self, capsys):
        save("plan.yaml")
        assert run("plan.yaml", "--format", "json", "--filter", "text=nothing like it") == 0
        data = json.loads(capsys.readouterr().out)
        assert data["flows"] == data["rules"] == []


def test_a_pdf_can_be_on_letter_paper():
    assert run(save("plan.yaml"), "--format", "pdf", "--paper", "letter", "--output", "plan.pdf") == 0
    page = pypdf.PdfReader("plan.pdf").pages[0]
    assert (round(page.mediabox.width), round(page.mediabox.height)) == (792, 612)


def test_paper_that_isnt_known_is_wrong_usage():
    assert "--paper" in refuse(save("plan.yaml"), "--format", "pdf", "--paper", "foolscap")


# ---- what is too large ----


def exploding(count=200):
    """So many servers that are each other's targets, in 45 KB: 720,000 pairs of a flow and a requirement."""
    server = {"zone": "Internal", "roles": ["web-active"], "platforms": ["windows"], "sessions": ["rdp"]}
    server["operations"] = ["discovery", "reset", "validation", "host-heartbeat"]
    endpoints = [{"name": f"W{number}", **server} for number in range(count)]
    return contoso(endpoints=endpoints, additional_flows=[])


@pytest.mark.parametrize("format", ["json", "pdf", "nftables"])
def test_a_plan_that_would_be_too_much_is_refused_and_the_others_are_written(format, capsys):
    save("big.json", exploding())
    save("contoso.json")
    assert run("big.json", "contoso.json", "--format", format, "--output", "out/") == 1
    assert capsys.readouterr().err.splitlines(keepends=True)[0] == (
        "big.json: document: The plan needs 720,000 pairs of a flow and a requirement that asks for it; at most "
        "600,000 are evaluated. Let fewer endpoints reach each target (managed_by), put like machines into one group, "
        "or divide the plan.\n"
    )
    assert files("out") == [f"contoso.{format}"]


def test_a_plan_that_is_compared_with_may_be_too_much_as_well(capsys):
    save("big.json", exploding())
    save("contoso.json")
    assert run("contoso.json", "--format", "json", "--filter", "since=big.json", "--output", "out/") == 1
    assert "at most 600,000 are evaluated" in capsys.readouterr().err
    assert files() == ["big.json", "contoso.json"]


def test_a_plan_that_would_be_too_much_takes_no_memory_for_what_it_asks_for(tmp_path):
    """With 262 KB, as a worker once died of: 1,200 servers, 26 million pairs, in an address space of 1 GiB."""
    save("big.json", exploding(1_200))
    script = "import resource, runpy, sys; resource.setrlimit(resource.RLIMIT_AS, (2**30, 2**30)); "
    script += "sys.argv = sys.argv[1:]; runpy.run_path(sys.argv[0], run_name='__main__')"
    environment = os.environ | {"PLANNER_DATA": str(tmp_path / "data"), "PLANNER_SECRET_KEY": "x"}
    environment["PYTHONPATH"] = str(ROOT)
    line = [sys.executable, "-c", script, str(ROOT / "manage.py"), "report", "big.json", "--format", "json"]
    run = subprocess.run(line, env=environment, check=False, timeout=120, capture_output=True, text=True)
    assert (run.returncode, run.stdout) == (1, "")
    assert run.stderr.startswith("big.json: document: The plan needs 25,920,000 pairs")


def test_what_is_too_long_for_pages_is_refused_and_the_others_are_printed(monkeypatch, capsys):
    monkeypatch.setattr("planner.plan.limits.PRINTED", 100_000)
    save("long.json", contoso(description="word " * 20_000))
    save("contoso.json")
    assert run("long.json", "contoso.json", "--format", "pdf", "--output", "out/") == 1
    assert capsys.readouterr().err == (
        "long.json: PDF can't be written for this plan: as a web page it has 0.1 MiB, and at most 0 MiB are set in "
        "pages; choose a part of it by a filter, or take another format.\n"
    )
    assert files("out") == ["contoso.pdf"]
