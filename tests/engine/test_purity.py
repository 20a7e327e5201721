"""The engine, the plan document and the matrix know no Django, and the matrix knows no planner."""

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.examples import EXAMPLES

ROOT = Path(__file__).resolve().parents[2]

# Runs in a fresh interpreter: reads the matrix and a plan, evaluates it and prints how many flows it has.
PURE = """
import json, sys
sys.modules["django"] = None  # any import of it raises
sys.path.insert(0, sys.argv[1])
import planner.engine, planner.plan.document, planner.plan.syntax, ports.matrix
records = {}
for entry in json.load(open(sys.argv[2], encoding="utf-8")):
    records.setdefault(entry["model"].removeprefix("ports."), []).append(entry["fields"])
matrix = ports.matrix.build_matrix(records)
plan = planner.plan.document.read_plan(open(sys.argv[3], "rb").read(), matrix=matrix)
report = planner.engine.evaluate_report(matrix, plan)
print(json.dumps({"flows": len(report.flows), "modules": sorted(sys.modules)}))
"""


def imports_of(path: Path):
    """The names of all modules that a file imports, at its top or anywhere within."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} imports relatively; name the module"
            module = node.module or ""
            inner = {f"{module}.{alias.name}" for alias in node.names}
            yield from {name if (ROOT / f"{name.replace('.', '/')}.py").exists() else module for name in inner}


def files(*patterns):
    found = [path for pattern in patterns for path in sorted(ROOT.glob(pattern))]
    assert found
    return found


def is_under(module: str, *packages: str) -> bool:
    return any(module == package or module.startswith(f"{package}.") for package in packages)


def test_a_plan_is_read_and_evaluated_where_django_can_not_be_imported(tmp_path):
    (tmp_path / "dmz.yaml").write_bytes(EXAMPLES["dmz"].data)
    arguments = [ROOT, ROOT / "ports/fixtures/passwordstate.json", tmp_path / "dmz.yaml"]
    run = subprocess.run(
        [sys.executable, "-c", PURE, *map(str, arguments)], capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr
    data = json.loads(run.stdout)
    assert data["flows"] > 0
    loaded = [name for name in data["modules"] if is_under(name, "planner", "ports")]
    assert [name for name in loaded if not is_under(name, "planner.engine", "planner.plan", "ports.matrix")] == [
        "planner", "ports", "ports.text",
    ]  # fmt: skip


@pytest.mark.parametrize("path", files("ports/**/*.py"), ids=lambda path: str(path.relative_to(ROOT)))
def test_the_matrix_never_imports_the_planner(path):
    assert [name for name in imports_of(path) if is_under(name, "planner")] == []


@pytest.mark.parametrize(
    ("pattern", "allowed"),
    [
        ("planner/engine/*.py", ("planner.plan", "planner.engine", "ports.matrix", "ports.text")),
        (
            "planner/plan/**/*.py",
            ("planner.plan", "ports.text", "ports.matrix", "pydantic", "pydantic_core", "yaml"),
        ),
        ("planner/plan/syntax.py", ("planner.plan.limits", "yaml")),
        ("planner/plan/limits.py", ()),
        ("ports/text.py", ()),
        ("ports/matrix/*.py", ("ports.matrix", "ports.text", "pydantic", "pydantic_core")),
    ],
)
def test_pure_modules_import_the_standard_library_and_what_they_may_know(pattern, allowed):
    for path in files(pattern):
        others = {name for name in imports_of(path) if name.partition(".")[0] not in sys.stdlib_module_names}
        assert [name for name in others if not is_under(name, *allowed)] == [], path


def test_renderers_read_the_report_and_neither_rows_nor_requests():
    forbidden = (
        "ports.models",
        "ports.queries",
        "planner.store.models",
        "planner.store.actions",
        "planner.web.views",
        "django.db",
    )
    for path in files("planner/report/*.py"):
        assert [name for name in imports_of(path) if is_under(name, *forbidden)] == [], path
