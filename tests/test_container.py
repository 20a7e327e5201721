"""The Dockerfile as text: what it begins with, what it takes along, and that the smoke test walks all of it."""

import re
from pathlib import Path

import pytest

from scripts.dockerfile import is_ignored, list_context, read_dockerfile

ROOT = Path(__file__).resolve().parents[1]
DOCKERFILE = (ROOT / "Dockerfile").read_text("utf-8")


def test_the_base_image_has_an_exact_version_and_may_have_a_digest():
    digest = "sha256:" + "0" * 64
    for stage in read_dockerfile(DOCKERFILE):
        assert re.fullmatch(r"python:3\.\d+\.\d+-slim-trixie", stage.image)
    for stage in read_dockerfile(DOCKERFILE, DIGEST=digest):
        assert re.fullmatch(rf"python:3\.\d+\.\d+-slim-trixie@{digest}", stage.image)
    for stage in read_dockerfile(DOCKERFILE, PYTHON="3.13.99-slim-trixie"):
        assert stage.image == "python:3.13.99-slim-trixie"


def test_every_step_of_the_dockerfile_is_read():
    build, final = read_dockerfile(DOCKERFILE)
    instructions = re.findall(r"^([A-Z]+) ", DOCKERFILE, re.MULTILINE)
    apart = sum(instructions.count(word) for word in ("ARG", "FROM", "CMD", "HEALTHCHECK", "EXPOSE"))
    assert len(build.steps) + len(final.steps) == len(instructions) - apart
    assert [step.word for step in final.steps][:2] == ["RUN", "WORKDIR"]
    assert final.command == ["scripts/serve.sh"]
    assert final.health == ["scripts/healthy.sh"]
    assert dict(next(step for step in final.steps if step.word == "ENV").pairs())["PLANNER_DATA"] == "/data"


def test_what_the_smoke_test_doesnt_know_is_said():
    with pytest.raises(ValueError, match="ONBUILD is not known here"):
        read_dockerfile("FROM x\nONBUILD RUN y")


def test_the_last_user_has_no_privileges():
    _, final = read_dockerfile(DOCKERFILE)
    assert [step.text for step in final.steps if step.word == "USER"] == ["planner"]


def test_the_image_takes_along_what_the_service_needs_and_nothing_else():
    files = {str(path) for path in list_context(ROOT, ".")}
    assert {"manage.py", "planner/settings.py", "scripts/serve.sh", "static/icon.svg", "LICENSE", "uv.lock"} <= files
    tops = {name.partition("/")[0] for name in files}
    assert not tops & {".git", ".venv", ".uv", ".ci", "tests", "docs", "data", "Dockerfile"}
    assert not [name for name in files if "__pycache__" in name or ".sqlite3" in name]


@pytest.mark.parametrize(
    ("path", "ignored"),
    [
        ("data", True),
        ("planner/data", False),
        ("a/__pycache__", True),
        ("x.sqlite3-wal", True),
        ("a/.ruff_cache", True),
    ],
)
def test_patterns_hold_at_the_top_or_everywhere(path, ignored):
    assert is_ignored(Path(path), ["data", "**/__pycache__", "**/*.sqlite3*", "**/.*_cache"]) is ignored
