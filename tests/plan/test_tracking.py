"""The line that says which stored plan a file belongs to, and conflicts as they stand in files."""

from uuid import UUID

import pytest

from planner.plan.tracking import Tracked, has_conflicts, mark_conflicts, read_tracked, write_tracked

KEY = UUID("9c1c1b1e-0000-4000-8000-00000000000a")
LINE = f"# port-planner: plan={KEY} revision=7"
TRACKED = Tracked(plan=KEY, revision=7)


@pytest.mark.parametrize(
    "text",
    [
        f"{LINE}\nformat: 1\n",
        f"\ufeff{LINE}\r\nformat: 1\r\n",
        f"# Ours\n\n  # more\n{LINE}  \n# and more\nformat: 1\n",
        LINE,
    ],
)
def test_the_line_is_read_from_what_stands_above_the_document(text):
    assert read_tracked(text) == TRACKED
    written = write_tracked(text.encode(), Tracked(plan=KEY, revision=12)).decode()
    assert read_tracked(written) == Tracked(plan=KEY, revision=12)
    assert written.count("port-planner") == 1
    assert written.replace("revision=12", "revision=7").split() == text.lstrip("\ufeff").split()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "format: 1\n",
        f"format: 1\n{LINE}\n",
        f"description: |\n  {LINE}\n",
        f"---\n{LINE}\n",
        LINE.replace("revision=7", "revision=0"),
        LINE.replace("revision=7", "revision=9999999999"),
        LINE.replace(str(KEY), "-" * 36),
        f"#{LINE}\n",
    ],
)
def test_anything_else_is_none(text):
    assert read_tracked(text) is None


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_file_without_it_gets_it_as_its_first_line(end):
    text = end.join(["# Ours", "format: 1", ""])
    assert write_tracked(text.encode(), TRACKED).decode() == f"{LINE}{end}{text}"


def test_both_sides_stand_between_markers():
    mine, theirs = b"a\nb: 1\nc\nd: 1\n", b"a\nb: 2\nc\nd: 2\nd: 3\n"
    marked = mark_conflicts(mine, theirs, called=("plan.yaml", "revision 9"))
    assert marked.decode().splitlines() == [
        "a", "<<<<<<< plan.yaml", "b: 1", "=======", "b: 2", ">>>>>>> revision 9",
        "c", "<<<<<<< plan.yaml", "d: 1", "=======", "d: 2", "d: 3", ">>>>>>> revision 9",
    ]  # fmt: skip
    assert has_conflicts(marked)
    assert not has_conflicts(mine)
    assert not has_conflicts(b"description: a <<<<<<< b\n")
    assert b"\r\n=======\r\n" in mark_conflicts(b"a\r\n", b"b\r\n", called=("x", "y"))
