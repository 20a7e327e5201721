"""A file of code is read in one go: none has more than 500 lines."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
MOST = 500


def test_no_file_of_code_is_longer_than_can_be_read_in_one_go():
    folders = ("planner", "ports", "scripts", "tests")
    found = (path for folder in folders for path in (ROOT / folder).rglob("*.py"))
    files = [path for path in found if not {"migrations", "node_modules", "artifacts"} & {*path.parts}]
    assert len(files) > 500
    assert not {str(file): lines for file in files if (lines := len(file.read_text("utf-8").splitlines())) > MOST}
