"""The documentation against the product: examples work, what exists is described, links lead somewhere."""

import ast
import re
import shlex
from pathlib import Path

import pytest
from django.core.management import call_command, get_commands
from django.db import connection

from planner.engine import evaluate_report, findings, result_findings
from planner.plan.document import Plan, read_plan
from planner.report import FORMATS
from planner.report.formats import book_rows, xlsx
from planner.report.formats.csv import COLUMNS
from planner.report.formats.json import report_schema
from ports.queries import shipped_matrix
from tests.examples import EXAMPLES

ROOT = Path(__file__).parents[1]
PAGES = sorted([ROOT / "README.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").rglob("*.md")])
README = (ROOT / "README.md").read_text("utf-8")


def read(name):
    return (ROOT / name).read_text("utf-8")


def blocks(text, language):
    """The contents of the fenced blocks in a language."""
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


def code(text):
    """What stands in backticks, apart from fenced blocks."""
    return set(re.findall(r"`([^`\n]+)`", re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)))


def without_code(text):
    return re.sub(r"^```.*?^```|`[^`\n]*`", "", text, flags=re.MULTILINE | re.DOTALL)


def anchors(text):
    """The anchors that GitHub gives to the headings of a page."""
    titles = re.findall(r"^#+ (.+)$", re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


# --- the examples of the README -------------------------------------------------------------------------------------


def example() -> Plan:
    """The first YAML block of the README, read as a plan."""
    return read_plan(blocks(README, "yaml")[0].encode(), matrix=shipped_matrix())


def test_the_plan_of_the_readme_gives_the_rules_that_the_text_names():
    report = evaluate_report(shipped_matrix(), example())
    assert [
        (
            [source.name for source in rule.sources],
            [destination.name for destination in rule.destinations],
            [str(ports) for ports in rule.services],
        )
        for rule in report.rules
    ] == [
        (["Public"], ["PRP01"], ["tcp 443"]),
        (["PRP01"], ["PS01"], ["tcp 8443"]),
        (["Agent Oslo"], ["PS01"], ["tcp 8443"]),
    ]
    assert any(flow.scope == "same-zone" for flow in report.flows)


def test_the_plan_of_the_readme_has_nothing_left_to_correct_or_decide():
    report = evaluate_report(shipped_matrix(), example())
    assert {finding.severity for finding in report.findings} <= {"warning", "info"}
    assert {finding.code for finding in report.findings} <= {"caveat"}


def command_lines():
    lines = [line for block in blocks(README, "sh") for line in block.splitlines()]
    return [shlex.split(line)[2:] for line in lines if line.startswith(".venv/bin/python manage.py ")]


def lines_run():
    """Those that are run here; `test_docs_commands.py` leaves them out."""
    return [line for line in command_lines() if line[0] in ("report", "compare", "schema", "lint", "ask")]


def test_the_commands_of_the_readme_exist():
    names = {line[0] for line in command_lines()}
    expected = {"report", "compare", "schema", "load_matrix", "matrix", "check", "export_plans", "import_plans"}
    expected |= {"tidy", "topology", "ask", "lint", "fmt", "acceptance", "gap"}
    assert names == expected
    assert names <= get_commands().keys()


@pytest.mark.parametrize("arguments", lines_run(), ids=shlex.join)
@pytest.mark.usefixtures("server")
def test_the_examples_of_the_command_line_work(arguments, monkeypatch, tmp_path, capsysbinary):
    monkeypatch.setitem(connection.settings_dict, "NAME", str(tmp_path / "absent.sqlite3"))
    monkeypatch.chdir(tmp_path)
    Path("plan.yaml").write_text(blocks(README, "yaml")[0], "utf-8")
    Path("old.yaml").write_text(blocks(README, "yaml")[0].replace("8443", "9443"), "utf-8")
    Path("dmz.yaml").write_bytes(EXAMPLES["dmz"].data)
    Path("house.css").write_text(blocks(read("docs/house-style.md"), "css")[0], "utf-8")
    call_command(*arguments)
    output = arguments[arguments.index("--output") + 1] if "--output" in arguments else None
    printed = capsysbinary.readouterr().out
    if output is None:
        assert printed
    elif output.endswith("/"):
        assert {path.name for path in Path(output).iterdir()} == {"plan.xlsx", "dmz.xlsx"}
    else:
        assert Path(output).stat().st_size > 1000


# --- what exists is described, and what is described exists ---------------------------------------------------------


def test_every_verb_of_the_makefile_is_in_the_readme_and_the_other_way_round():
    verbs = set(re.findall(r"^([a-z]+):", read("Makefile"), re.MULTILINE))
    in_blocks = {verb for block in blocks(README, "sh") for verb in re.findall(r"^make ([a-z]+)", block, re.MULTILINE)}
    in_text = {match[1] for text in code(README) if (match := re.match(r"make ([a-z]+)", text))}
    assert in_blocks | in_text == verbs


@pytest.mark.parametrize("page", ["README.md", "docs/report-format.md"])
def test_every_format_is_described(page):
    assert set(FORMATS) <= code(read(page))


def test_every_key_of_the_json_report_is_described():
    described = code(read("docs/report-format.md"))
    schema = report_schema()
    assert set(schema["properties"]) <= described
    for part in ("flows", "rules", "findings"):
        assert set(schema["properties"][part]["items"]["properties"]) <= described, part


def test_every_column_of_the_tables_is_described():
    page = read("docs/report-format.md")
    assert set(COLUMNS) <= code(page)
    for columns in (book_rows._RULE_COLUMNS, book_rows.FLOW_COLUMNS, book_rows.OBJECT_COLUMNS, xlsx._FINDING_COLUMNS):
        assert f"| {', '.join(title for title, _ in columns)} |" in page


def test_every_setting_is_described_and_every_described_one_exists():
    # By kind: beside the scripts lie the caches of whoever imported them.
    scripts = [path for kind in ("*.sh", "*.py") for path in sorted((ROOT / "scripts").glob(kind))]
    assert len(scripts) >= 10
    sources = [ROOT / "planner" / "settings.py", ROOT / "planner" / "deploy" / "gunicorn.py", *scripts]
    used = {name for path in sources for name in re.findall(r"\bPLANNER_[A-Z_]+\b", path.read_text("utf-8"))}
    described = {match[0] for text in code(read("docs/settings.md")) if (match := re.match(r"PLANNER_[A-Z_]+", text))}
    assert described == used


def test_every_code_of_a_finding_is_described_and_every_described_one_exists():
    modules = (Path(result_findings.__file__), *Path(findings.__file__).parent.glob("*.py"))
    sources = [path.read_text("utf-8") for path in modules]
    calls = (node for text in sources for node in ast.walk(ast.parse(text)) if isinstance(node, ast.keyword))
    codes = {
        call.value.value for call in calls if call.arg == "code" and isinstance(call.value, ast.Constant)
    } | {check.code for check in shipped_matrix().checks}  # fmt: skip
    rows = re.findall(r"^\| `([a-z-]+)` \| ([a-z ]+) \|", read("docs/findings.md"), re.MULTILINE)
    assert sorted(code for code, _ in rows) == sorted(codes)
    for check in shipped_matrix().checks:
        assert (check.code, check.severity) in rows


def test_the_whole_vocabulary_of_plans_is_described():
    matrix, described = shipped_matrix(), code(read("docs/plan-format.md"))
    for slugs in (
        {role.slug for role in matrix.assignable_roles},
        matrix.platforms.keys(),
        matrix.operations.keys(),
        matrix.sessions.keys(),
        matrix.choices.keys(),
        {slug for choice in matrix.choices.values() for slug in choice.slugs},
        {slug for slug, service in matrix.services.items() if service.configurable},
        {slug for slug, caveat in matrix.caveats.items() if caveat.correction},
    ):
        assert set(slugs) <= described


def test_the_ports_in_the_description_of_plans_are_those_of_the_matrix():
    listed = dict(re.findall(r"\| `([a-z-]+)` \| ((?:tcp|udp) [0-9-]+) (?=\|)", read("docs/plan-format.md")))
    assert listed == {
        slug: f"{service.protocol} {service.ports}"
        for slug, service in shipped_matrix().services.items()
        if service.configurable
    }


# --- links ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_between_pages_lead_somewhere(page):
    for target in re.findall(r"\]\(([^)\s]+)\)", without_code(page.read_text("utf-8"))):
        if target.startswith(("https://", "http://")):
            continue
        name, _, anchor = target.partition("#")
        found = (page.parent / name).resolve() if name else page
        assert found.is_relative_to(ROOT), target
        assert found.exists(), target
        if anchor:
            assert anchor in anchors(found.read_text("utf-8")), target


def test_the_pictures_are_those_that_the_verb_takes_and_small():
    pictures = {path.stem: path.read_bytes() for path in (ROOT / "docs" / "screenshots").iterdir()}
    names = re.search(r"^PICTURES = \{$(.*?)^\}$", read("scripts/screenshots.py"), re.MULTILINE | re.DOTALL)
    assert set(re.findall(r'^    "([a-z-]+)":', names[1], re.MULTILINE)) == set(pictures)
    for name, data in pictures.items():
        assert data.startswith(b"\x89PNG"), name
        assert len(data) < 250_000, name
    shown = re.findall(r"!\[([^\]]+)\]\(docs/screenshots/([a-z-]+)\.png\)", README)
    assert len(shown) >= 2
    assert all(words and name in pictures for words, name in shown)


def test_code_refers_to_pages_that_exist():
    sources = [*(ROOT / "planner").rglob("*.py"), *(ROOT / "ports").rglob("*.py"), ROOT / "Makefile"]
    for source in sources:
        for name in re.findall(r"\bdocs/[a-z0-9/-]+\.md\b", source.read_text("utf-8")):
            assert (ROOT / name).exists(), f"{source.relative_to(ROOT)}: {name}"
