"""docs/api.md names every address and every scope. Its commands are run in tests/e2e/test_api_commands.py."""

import re
from pathlib import Path

from planner.api.service import describe_service
from planner.store.token_models import ApiToken
from ports.queries import shipped_matrix

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "api.md").read_text("utf-8")


def test_the_page_names_every_first_part_of_an_address():
    for path in describe_service(shipped_matrix())["paths"]:
        parts = [part for part in path.removeprefix("/api/v1/").split("/") if "{" not in part]
        for part in parts:
            assert re.search(rf"[/…]{part}\b", PAGE), path


def test_the_page_has_every_scope():
    for scope in ApiToken.Scope:
        assert f"| {scope.label.partition(' of checks')[0]} |" in PAGE
