"""What stands beside the revisions of an archived plan comes in as it went out, whatever is empty in it."""

import io
import json
import zipfile
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from planner.plan import archive as archives
from planner.plan import limits, syntax
from planner.plan.archive import BY_COMMAND, ON_THE_PAGE, Archive, PlanRecord, RevisionRecord, write_archive
from planner.plan.archive_answers import AnswerRecord
from planner.plan.archive_comments import CommentRecord
from planner.plan.archive_states import StateRecord, read_block
from planner.plan.archive_values import ArchiveError
from planner.plan.document import check_plan, dump_plan
from scripts.sites import make_sites
from tests.plan.blueprints import MATRIX

AT = datetime(2026, 1, 31, 10, tzinfo=UTC)
PLAN = PlanRecord(revision=3, created=AT, updated=AT, deleted=None, edition=None, handovers=())
REVISION = RevisionRecord(
    number=1, created=AT, author="Kim", summary="S", checkpoint="", undo_to=None, redo_to=None, restored=None,
    renames={}, edition=None, digest=None, document={},
)  # fmt: skip
STATE = StateRecord(
    number=1, revision=3, rule="INT-DMZ-320", boundary="a", life=None, act=1, before="", was_changed=False,
    state="requested", ticket="", owner="", comment="", review=date(2026, 12, 31), author="Kim", via="", at=AT,
    stands=True, blocks=[[["PS01"], ["DC01"], [["tcp", "389"], ["icmp", None]]]],
    ends={"PS01": ["Internal", ["10.0.0.1"]], "DC01": ["Internal", []]},
)  # fmt: skip
ANSWER = AnswerRecord(
    number=1, revision=2, kind="choice", subject="esxi", answer=None, reason="", added=False, author="Kim", at=AT
)
COMMENT = CommentRecord(
    number=1, revision=None, kind="endpoint", subject="PS01", text="Here", mentions=["kim"], author="Lee", at=AT,
    resolved=False, resolved_by="", resolved_at=None, blocks=[],
)  # fmt: skip


def pack(states=(), answers=(), comments=()):
    """An archive of one plan with these records beside it."""
    file = io.BytesIO()
    plan = replace(PLAN, states=len(states), answers=len(answers), comments=len(comments))
    beside = {"states": states, "answers": answers, "comments": comments}
    assert write_archive(file, [(plan, [], beside)]) == 1
    return Archive(file, BY_COMMAND), plan


def test_states_come_back_with_the_day_they_are_looked_at_again_or_none():
    states = [STATE, replace(STATE, number=2, life=1, review=None, act=2)]
    archive, plan = pack(states=states)
    assert archive.read_plan(1) == plan
    assert list(archive.read_states(1, plan)) == states


def test_an_answer_comes_back_as_one_several_or_taken_back():
    answers = [replace(ANSWER, number=number, answer=one) for number, one in enumerate([None, "ssh", ["a", "b"]], 1)]
    archive, plan = pack(answers=answers)
    assert list(archive.read_answers(1, plan)) == answers


def test_comments_come_back_with_what_they_are_on():
    comments = [COMMENT, replace(COMMENT, number=2, kind="rule", subject="A", revision=3, resolved_at=AT)]
    archive, plan = pack(comments=comments)
    assert list(archive.read_comments(1, plan)) == comments


def test_nothing_is_read_where_nothing_is_told_of():
    archive, plan = pack()
    assert [list(read(1, plan)) for read in (archive.read_states, archive.read_answers, archive.read_comments)] == [
        [], [], []
    ]  # fmt: skip
    archive, plan = pack(comments=[COMMENT])
    with pytest.raises(ArchiveError, match=r"must not be there, as plan\.json tells of no comments"):
        list(archive.read_comments(1, PLAN))


def test_texts_and_names_are_as_long_as_they_may_be_and_no_longer():
    def read_all(length_of_reason, length_of_name):
        blocks = [[["x" * length_of_name], ["DC01"], [["tcp", "389"]]]]
        ends = {"x" * length_of_name: ["Internal", []], "DC01": ["Internal", []]}
        states = [replace(STATE, blocks=blocks, ends=ends)]
        archive, plan = pack(states=states, answers=[replace(ANSWER, reason="x" * length_of_reason)])
        return len([*archive.read_states(1, plan), *archive.read_answers(1, plan)])

    assert read_all(500, 255) == 2
    for lengths in ((501, 255), (500, 256)):
        with pytest.raises(ArchiveError, match="characters"):
            read_all(*lengths)
    assert read_block([["x" * 255], ["y"], []], "here") == [["x" * 255], ["y"], []]
    with pytest.raises(ArchiveError, match="characters"):
        read_block([["x" * 256], ["y"], []], "here")


def test_a_file_of_an_archive_is_as_large_as_a_line_and_no_larger(monkeypatch):
    archive, plan = pack()
    most = max(member.file_size for member in archive._members.values())
    monkeypatch.setattr(archives, "LINE", most)
    assert archive.read_plan(1) == plan
    monkeypatch.setattr(archives, "LINE", most - 1)
    with pytest.raises(ArchiveError, match="which is the most that is read"):
        archive.read_plan(1)


def test_a_revision_is_read_that_is_as_large_as_its_document_may_be_and_more(monkeypatch):
    """Its line has the document, what else is known of it, and in a renaming of everything each name twice besides."""
    document = dump_plan(check_plan(make_sites(3), matrix=MATRIX))
    renames = {
        part: {f"{row['name']} of old": row["name"] for row in document[part]} for part in ("zones", "endpoints")
    }
    revision = replace(REVISION, document=document, renames=renames)
    file = io.BytesIO()
    write_archive(file, [(replace(PLAN, revision=1), [revision], {})])
    line = zipfile.ZipFile(file).read("plans/1/revisions.jsonl")
    assert line == syntax.to_compact(json.loads(line)).encode() + b"\n", "without a space between its values"
    size, values = len(syntax.to_compact(document).encode()), syntax.count_values(document)
    assert size < len(line) < limits.LINE // limits.DOCUMENT * size
    monkeypatch.setattr(syntax, "MAX_BYTES", size)
    monkeypatch.setattr(syntax, "MAX_VALUES", values)
    archive = Archive(file, BY_COMMAND)
    assert list(archive.read_revisions(1, replace(PLAN, revision=1), lambda *_: MATRIX)) == [revision]
    found = syntax.count_values(json.loads(line))
    assert values < found < limits.LINE_VALUES // limits.VALUES * values
    monkeypatch.setattr(limits, "LINE_VALUES", found - 1)
    with pytest.raises(ArchiveError, match=f"more than {found - 1} values"):
        list(archive.read_revisions(1, replace(PLAN, revision=1), lambda *_: MATRIX))


def test_an_archive_without_files_lacks_its_contents():
    file = io.BytesIO()
    zipfile.ZipFile(file, "w").close()
    with pytest.raises(ArchiveError, match=r"^archive\.json: This file is missing"):
        Archive(file, BY_COMMAND)


def test_an_archive_has_as_many_plans_as_may_be_imported_and_no_more():
    file = io.BytesIO()
    nothing = {"states": (), "answers": (), "comments": ()}
    assert write_archive(file, [(PLAN, [], nothing), (PLAN, [], nothing)]) == 2
    assert Archive(file, replace(BY_COMMAND, plans=2)).count == 2
    with pytest.raises(ArchiveError, match="The archive has 2 plans; at most 1 can be imported here"):
        Archive(file, replace(BY_COMMAND, plans=1))


@pytest.mark.parametrize("most", [ON_THE_PAGE, BY_COMMAND], ids=["page", "command"])
def test_as_many_plans_as_may_be_imported_may_have_all_that_stands_beside_them(most):
    file = io.BytesIO()
    beside = {"states": [STATE], "answers": [ANSWER], "comments": [COMMENT]}
    write_archive(file, [(PLAN, [REVISION], beside)])
    assert most.files == (len(zipfile.ZipFile(file).namelist()) - 1) * most.plans + 1
