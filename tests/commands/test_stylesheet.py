"""`--stylesheet` and `--engine` of `manage.py report` and `compare`: a company's own CSS, and what sets pages."""

from pathlib import Path

import pypdf
import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from planner.plan.syntax import to_yaml
from tests.report.samples import write_plan

COMMANDS = {"report": ["new.yaml"], "compare": ["old.yaml", "new.yaml"]}


@pytest.fixture(autouse=True)
def _in_folder(monkeypatch, tmp_path):
    monkeypatch.setitem(connection.settings_dict, "NAME", str(tmp_path / "absent.sqlite3"))
    monkeypatch.chdir(tmp_path)
    Path("old.yaml").write_text(to_yaml(write_plan()), "utf-8")
    Path("new.yaml").write_text(to_yaml(write_plan(choices={"esxi": "ssh"})), "utf-8")
    Path("house.css").write_text('h1::after { content: " of ACME" }', "utf-8")


def run(name, *arguments):
    try:
        call_command(name, *COMMANDS[name], *arguments)
    except SystemExit as leaving:
        return leaving.code
    return 0


@pytest.mark.parametrize("name", COMMANDS)
class TestBoth:
    @pytest.mark.slow
    def test_the_pdf_follows_it(self, name):
        assert run(name, "--format", "pdf", "--stylesheet", "house.css", "--output", "x.pdf") == 0
        assert "Contoso of ACME" in pypdf.PdfReader("x.pdf").pages[0].extract_text()

    def test_the_page_has_it(self, name):
        assert run(name, "--format", "html", "--stylesheet", "house.css", "--output", "x.html") == 0
        assert f"<style>{Path('house.css').read_text('utf-8')}</style>" in Path("x.html").read_text("utf-8")

    def test_it_stands_in_for_the_one_of_the_settings(self, name, settings):
        settings.STYLESHEET = "h1 { color: teal }"
        assert run(name, "--format", "html", "--output", "x.html") == 0
        assert "<style>h1 { color: teal }</style>" in Path("x.html").read_text("utf-8")
        assert run(name, "--format", "html", "--stylesheet", "house.css", "--output", "x.html") == 0
        assert "teal" not in Path("x.html").read_text("utf-8")

    def test_a_format_without_pages_is_refused(self, name):
        with pytest.raises(CommandError, match="--stylesheet is for the formats pdf, html, not for json"):
            run(name, "--format", "json", "--stylesheet", "house.css")

    def test_a_bad_one_is_a_sentence_and_nothing_is_written(self, name, capsys):
        Path("bad.css").write_text("</style>")
        for bad in ("bad.css", "absent.css", "."):
            assert run(name, "--format", "pdf", "--stylesheet", bad, "--output", "out/") == 1
            said = capsys.readouterr().err
            assert said.startswith(f"The stylesheet {bad} ")
            assert said.count("\n") == 1
        assert not Path("out").exists()

    def test_it_is_not_overwritten(self, name):
        with pytest.raises(CommandError, match="overwrite"):
            run(name, "--format", "pdf", "--stylesheet", "house.css", "--output", "house.css")


@pytest.mark.parametrize("name", COMMANDS)
class TestEngine:
    @pytest.mark.slow
    def test_weasyprint_sets_the_pages_without_a_house_style_where_it_is_asked_for(self, name):
        assert run(name, "--format", "pdf", "--engine", "weasyprint", "--output", "x.pdf") == 0
        assert "WeasyPrint" in pypdf.PdfReader("x.pdf").metadata.producer
        assert run(name, "--format", "pdf", "--engine", "typst", "--output", "y.pdf") == 0
        assert "Typst" in pypdf.PdfReader("y.pdf").metadata.creator

    def test_it_is_for_pdf_alone(self, name):
        with pytest.raises(CommandError, match="--engine is for the format pdf, not for html"):
            run(name, "--format", "html", "--engine", "typst")

    def test_typst_is_refused_a_house_style(self, name):
        with pytest.raises(CommandError, match="--engine typst follows no CSS"):
            run(name, "--format", "pdf", "--engine", "typst", "--stylesheet", "house.css", "--output", "x.pdf")
        assert not Path("x.pdf").exists()


@pytest.mark.parametrize("name", COMMANDS)
def test_who_may_see_it_is_given_for_what_is_printed(name):
    assert run(name, "--format", "html", "--classification", "Internal", "--output", "out.html") == 0
    assert '<p class="classification">Internal</p>' in Path("out.html").read_text("utf-8")
    with pytest.raises(CommandError, match="is for the formats pdf, html, not for csv"):
        run(name, "--format", "csv", "--classification", "Internal")
    with pytest.raises(CommandError, match="at most 40 characters"):
        run(name, "--format", "html", "--classification", "x" * 41)
