"""docs/security.md names tests that there are, and says what isn't met."""

import re
from pathlib import Path

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
    there = {
        name
        for path in (ROOT / "tests").rglob("test_*.py")
        for name in re.findall(r"def (test_\w+)\(", path.read_text("utf-8"))
    }
    named = {name for row in ROWS for name in re.findall(r"`(test_\w+)`", row[2])}
    assert len(named) > 30
    assert named <= there


def test_a_row_has_a_test_or_says_that_it_is_not_met_or_whose_it_is():
    bare = [row[0] for row in ROWS if not row[2] and not re.search(r"\*(Not met|In part)\*", row[1])]
    assert bare == ["12.1, 12.2: TLS"]
