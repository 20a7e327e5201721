"""`manage.py report` as a process, filters, paper, and what is too large."""

import csv
import io
import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import jsonschema
import pypdf
import pytest

from planner.report.formats.json import report_schema
from tests.commands.reporting import ROOT, files, refuse, run, save, start
from tests.report.samples import contoso, sites

pytestmark = [pytest.mark.usefixtures("without_database", "in_folder"), pytest.mark.slow]


@pytest.mark.parametrize("arguments", [["one.yaml", "--format", "docx"], ["one.yaml", "two.yaml", "--format", "json"]])
def test_wrong_usage_exits_with_two(arguments, tmp_path):
    done = start(*arguments, data=tmp_path / "data", capture_output=True)
    assert (done.returncode, done.stdout) == (2, b"")
    assert done.stderr.startswith(b"usage: manage.py report")


def test_a_bad_plan_exits_with_one(tmp_path):
    plans = [save("bad.yaml", {"format": 2}), save("good.yaml")]
    done = start(*plans, "--format", "json", "--output", "out", data=tmp_path / "data", capture_output=True)
    assert (done.returncode, done.stdout) == (1, b"")
    told = done.stderr.decode().splitlines()
    assert told
    assert all(line.startswith("bad.yaml: ") for line in told)
    assert files("out") == ["good.json"]


def test_a_reader_that_leaves_early_is_no_reason_to_complain(tmp_path):
    reading, writing = os.pipe()
    os.close(reading)
    plan = save("large.json", sites(30))
    options = {"run": subprocess.run, "stdout": writing, "stderr": subprocess.PIPE}
    done = start(plan, "--format", "json", data=tmp_path / "data", **options)
    os.close(writing)
    assert (done.returncode, done.stderr) == (1, b"")


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs a device that is always full")  # noqa: PTH110
def test_a_full_disk_behind_standard_output_is_a_sentence(tmp_path):
    with Path("/dev/full").open("wb") as full:
        options = {"run": subprocess.run, "stdout": full, "stderr": subprocess.PIPE}
        done = start(save("one.json"), "--format", "json", data=tmp_path / "data", **options)
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

    def test_what_can_be_opened_by_an_address_that_came_has_changed_since(self, capsys):
        plan = contoso()
        save("older.yaml", plan)  # in which the portal has no address
        next(end for end in plan["endpoints"] if end["name"] == "Portal")["addresses"] = ["192.0.2.5"]
        save("plan.yaml", plan)
        for now, then in (("plan.yaml", "older.yaml"), ("older.yaml", "plan.yaml")):
            assert run(now, "--format", "json", "--filter", f"since={then}") == 0
            rules = json.loads(capsys.readouterr().out)["rules"]
            assert rules
            assert all("Portal" in (*rule["sources"], *rule["destinations"]) for rule in rules)

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
    environment = os.environ | {
        "PLANNER_DATA": str(tmp_path / "data"),
        "PLANNER_SECRET_KEY": "a key for tests alone, 0123456789",
    }
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
