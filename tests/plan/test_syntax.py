"""Which syntax a document has: by the end of its name, else by how it begins."""

import pytest

from planner.plan.syntax import guess_syntax


@pytest.mark.parametrize(
    ("name", "data", "syntax"),
    [
        ("plan.json", b"format: 1", "json"),
        ("PLAN.JSON", b"", "json"),
        ("plan.yaml", b'{"format": 1}', "yaml"),
        ("plan.YML", b"{}", "yaml"),
        ("plan.txt", b'{"format": 1}', "json"),
        ("", b"\xef\xbb\xbf\r\n\t {", "json"),
        ("", b"format: 1", "yaml"),
        ("", b"[]", "yaml"),
        ("", b"", "yaml"),
    ],
)
def test_the_end_of_the_name_says_it_or_else_the_beginning_of_the_text(name, data, syntax):
    assert guess_syntax(name, data) == syntax
