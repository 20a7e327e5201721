"""`manage.py fmt`: what it writes, what it leaves alone, and its exit status."""

import json
from pathlib import Path

import pytest
from django.core.management import call_command

from planner.report import FORMATS
from planner.report.said.edition import Edition
from tests.commands.reporting import files, save
from tests.report.samples import contoso, evaluate
from tests.report.test_completeness import TODAY

pytestmark = pytest.mark.usefixtures("without_database", "in_folder")
ODD = "name: A  # ours\nformat: 1\nzones: [{kind: dmz, name: D}]\nendpoints: []\n"
EVEN = "format: 1\nname: A  # ours\nzones:\n  - name: D\n    kind: dmz\nendpoints: []\n"


def run(*arguments):
    try:
        call_command("fmt", *arguments)
    except SystemExit as leaving:
        return leaving.code
    return 0


@pytest.fixture
def odd():
    path = Path("odd.yaml")
    path.write_text(ODD, "utf-8")
    return path


def test_a_file_is_written_once_and_the_others_stay_untouched(odd, capsys):
    odd.chmod(0o640)
    even = Path("even.yaml")
    even.write_text(EVEN, "utf-8")
    before = even.stat()
    assert run("odd.yaml", "even.yaml", "odd.yaml") == 0
    assert odd.read_text("utf-8") == EVEN
    assert odd.stat().st_mode & 0o777 == 0o640
    assert (even.stat().st_ino, even.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    out, err = capsys.readouterr()
    assert (out, err) == ("", "odd.yaml: formatted.\n1 plan of 2 formatted.\n")
    assert run("odd.yaml", "even.yaml") == 0
    assert files() == ["even.yaml", "odd.yaml"]


def test_check_writes_nothing_and_says_which(odd, capsys):
    assert run("odd.yaml", save("even.json"), "--check") == 3
    assert odd.read_text("utf-8") == ODD
    assert (
        capsys.readouterr().err
        == "odd.yaml: not formatted.\neven.json: not formatted.\n2 plans of 2 to be formatted.\n"
    )
    assert run("odd.yaml", "even.json") == 0
    assert run("odd.yaml", "even.json", "--check") == 0
    assert json.loads(Path("even.json").read_text("utf-8")) == contoso()


def test_a_difference_is_shown_and_not_written(odd, capsys):
    assert run("odd.yaml", "--diff") == 0
    out, err = capsys.readouterr()
    assert out.splitlines()[:5] == [
        "--- odd.yaml",
        "+++ odd.yaml",
        "@@ -1,4 +1,6 @@",
        "+format: 1",
        " name: A  # ours",
    ]
    assert not err
    assert run("odd.yaml", "--diff", "--check") == 3
    assert odd.read_text("utf-8") == ODD


def test_what_is_no_document_is_left_as_it_is_and_the_others_are_formatted(odd, capsys):
    bad = {
        "twice.yaml": "name: A\nname: B\n",
        "broken.json": "{",
        "two.yaml": "a: 1\n---\nb: 1\n",
        "anchors.yaml": "a: &b c\n",
    }
    for name, text in bad.items():
        Path(name).write_text(text, "utf-8")
    Path("plan.pdf").write_bytes(FORMATS["pdf"].render(evaluate(contoso()), Edition(date=TODAY, with_plan=True)))
    assert run(*bad, "plan.pdf", "absent.yaml", "odd.yaml", "--check") == 1
    assert run(*bad, "plan.pdf", "absent.yaml", "odd.yaml") == 1
    assert {name: Path(name).read_text("utf-8") for name in bad} == bad
    assert odd.read_text("utf-8") == EVEN
    err = capsys.readouterr().err
    for name in (*bad, "plan.pdf", "absent.yaml"):
        assert f"{name}: " in err
