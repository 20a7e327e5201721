"""`manage.py report`: how files are written, what formats leave out, and under which matrix."""

import json
import os
import re
import stat
import subprocess
import threading
import zipfile
from pathlib import Path

import pytest

from planner.plan import limits
from planner.report.formats.json import render_json
from ports import queries
from ports.actions import load_matrix, make_amendment
from ports.models import PortMatrix, Service
from tests.commands.reporting import files, refuse, run, save, start
from tests.report.samples import contoso, evaluate

pytestmark = pytest.mark.usefixtures("without_database", "in_folder")


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

    monkeypatch.setattr(os, "fsync", fail)
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
    for format, options in (("windows", []), ("aerleon", []), ("all-firewalls", []), ("nftables", ["--host-files"])):
        assert run(plan, "--format", format, "--output", "out/", *options) == 0
        assert zipfile.is_zipfile(f"out/contoso.{format}")


def test_what_a_format_cannot_say_is_a_sentence_and_no_file(capsys):
    router = {"name": "R", "format": "nftables", "zones": {"Internal": "r 1", "DMZ": "r2"}}
    plans = [save("one.yaml", contoso(firewalls=[router])), save("two.yaml", contoso(name="Two", firewalls=[router]))]
    assert run(*plans, "--format", "firewalls", "--output", "out/") == 1
    assert files() == plans
    lines = capsys.readouterr().err.splitlines()
    assert [line.partition(": ")[0] for line in lines] == plans
    assert all("can't be written for this plan: the firewall R has a side r 1" in line for line in lines)


def test_too_much_for_a_file_of_each_firewall_is_a_sentence_and_no_file(capsys, monkeypatch):
    firewall = {"name": "FW", "format": "nftables", "zones": {"Internal": "i0", "DMZ": "d0"}}
    plan = save("one.yaml", contoso(firewalls=[firewall]))
    monkeypatch.setattr(limits, "PASSED", 1)
    assert run(plan, "--format", "firewalls", "--output", "out/") == 1
    assert files() == [plan]
    assert re.match(
        r"one\.yaml: A file for each firewall can't be written for this plan: its firewalls are passed by \d+ flows, "
        r".*at most 1 are written",
        capsys.readouterr().err,
    )


@pytest.mark.parametrize(
    ("format", "option"), [("json", "--default-deny"), ("asa", "--host-files"), ("csv", "--open-undecided")]
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
    options = {"run": subprocess.run, "capture_output": True}
    done = start(save("one.yaml"), "--format", "json", data=tmp_path / "data", **options)
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
