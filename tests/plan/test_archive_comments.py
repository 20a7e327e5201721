"""A comment in an archive: read as it was written, and refused with its place."""

from datetime import UTC, datetime

import pytest

from planner.plan.archive_comments import read_comment
from planner.plan.archive_values import ArchiveError

FACTS = {
    "number": 2, "kind": "rule", "subject": "INT-DMZ-320", "text": "Here", "mentions": ["kim"], "author": "Lee",
    "at": "2026-01-31T10:00:00+00:00", "resolved": False, "resolved_by": "", "resolved_at": None, "revision": 3,
    "blocks": [[["PS01"], ["DC01"], [["tcp", "389"]]]],
}  # fmt: skip


def test_a_comment_is_read_with_what_its_rule_opened():
    found = read_comment(FACTS, "comment", 2, 3)
    assert (found.number, found.kind, found.subject, found.revision) == (2, "rule", "INT-DMZ-320", 3)
    assert found.at == datetime(2026, 1, 31, 10, tzinfo=UTC)
    assert (found.mentions, found.resolved_at) == (["kim"], None)
    assert found.blocks == [[["PS01"], ["DC01"], [["tcp", "389"]]]]


def test_of_an_endpoint_there_is_neither_a_revision_nor_what_was_opened():
    facts = {key: value for key, value in FACTS.items() if key not in ("revision", "blocks")}
    found = read_comment(facts | {"kind": "endpoint", "resolved_at": FACTS["at"]}, "comment", 2, 3)
    assert (found.revision, found.blocks) == (None, [])
    assert found.resolved_at == found.at


@pytest.mark.parametrize(
    ("facts", "where", "said"),
    [
        ({"number": 1}, "comment, number", "this must be 2, not 1"),
        ({"kind": "zone"}, "comment, kind", "endpoint, rule or decision"),
        ({"revision": 4}, "comment, revision", "3"),
        ({"blocks": [[[], []]]}, "comment, blocks[0]", "three lists"),
        ({"text": ""}, "comment, text", ""),
    ],
)
def test_what_is_wrong_is_told_with_its_place(facts, where, said):
    with pytest.raises(ArchiveError) as caught:
        read_comment(FACTS | facts, "comment", 2, 3)
    assert caught.value.where == where
    assert said in str(caught.value)
