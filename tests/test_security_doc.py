"""docs/security.md and tests/README.md name tests that there are; the former says what isn't met."""

import re
from pathlib import Path

from tests.sources import list_tests

ROOT = Path(__file__).resolve().parents[1]
ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in (ROOT / "docs" / "security.md").read_text("utf-8").splitlines()
    if re.match(r"\| \d", line)
]


def test_there_are_rows_of_every_chapter_that_concerns_a_service_of_pages():
    chapters = {int(number) for row in ROWS for number in re.findall(r"\b(\d+)\.\d", row[0])}
    assert chapters == set(range(1, 17))


def test_every_test_that_is_named_is_there():
    named = {name for row in ROWS for name in re.findall(r"`(test_\w+)`", row[2])}
    assert len(named) > 30
    assert named <= list_tests()


def test_every_test_that_stands_for_what_was_merged_is_there():
    lines = (ROOT / "tests" / "README.md").read_text("utf-8").splitlines()
    named = {name for line in lines if line.startswith("| ") for name in re.findall(r"`(test_\w+)[`[]", line)}
    assert len(named) > 50
    assert named <= list_tests()


def test_a_row_has_a_test_or_says_that_it_is_not_met_or_whose_it_is():
    bare = [row[0] for row in ROWS if not row[2] and not re.search(r"\*(Not met|In part)\*", row[1])]
    assert bare == ["12.1, 12.2: TLS"]
