"""Plans with all their revisions as a zip of JSON files: writing it, and reading one that nobody vouches for.

Knows plan documents and the matrix, but no database and no requests. Nothing is unpacked to a disk; what is read is
read as a stream, and every limit is checked before what it limits is in memory. docs/archive-format.md has the format.
"""

import json
import re
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime
from io import BufferedReader
from typing import IO, Any, cast

from planner.plan.archive_answers import MAX_ANSWERS, AnswerRecord, read_answer
from planner.plan.archive_comments import MAX_COMMENTS, CommentRecord, read_comment
from planner.plan.archive_states import MAX_STATES, StateRecord, read_state
from planner.plan.archive_values import (
    ArchiveError,
    parse_json,
    read_digest,
    read_mapping,
    read_number,
    read_slug,
    read_text,
    read_time,
    refuse,
    show_found,
)
from planner.plan.carry import carry
from planner.plan.document import Plan, PlanError, check_stored, dump_plan
from planner.plan.limits import LINE
from planner.plan.syntax import to_compact, to_json
from ports.matrix import Matrix
from ports.text import plural

FORMAT = 8
"""What is written. Read as well: 1, which has no digests, 2, which has those of handovers alone, 3 without states, 4
without answers, 5 without comments, 6 without what rules opened that were commented on, 7 without who owns plans."""
CONTENTS = "archive.json"
MAX_PLANS = 10_000
MAX_NUMBER = 1_000_000
"""Largest number of a revision."""
AT_ONCE = 2**16
"""How many bytes of a member are unpacked at once."""
_MEMBER = re.compile(r"plans/([1-9][0-9]{0,4})/(plan\.json|(?:revisions|states|answers|comments)\.jsonl)", re.ASCII)
_FOLDER = re.compile(r"plans/([1-9][0-9]{0,4}/)?", re.ASCII)
# What zipfile raises for archives that are cut off, damaged, or made to be: it checks no offset before it goes there.
_DAMAGED = (
    zipfile.BadZipFile, zlib.error, struct.error, EOFError, OSError, ValueError, NotImplementedError, RuntimeError,
)  # fmt: skip
_END = struct.Struct("<4s4H2LH")
_ALLOWED = (
    "allowed are archive.json and, for each plan, plans/1/plan.json and, in the same folder, revisions.jsonl, "
    "states.jsonl, answers.jsonl and comments.jsonl"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much of an archive is read."""

    packed: int
    unpacked: int
    files: int
    plans: int
    revisions: int
    """Of one plan."""
    sizes: bool = False
    """Whether the newest revision of a plan has to be within planner.plan.limits, as of any plan that comes in."""


ON_THE_PAGE = Limits(packed=32 << 20, unpacked=256 << 20, files=5 * 200 + 1, plans=200, revisions=2_000, sizes=True)
BY_COMMAND = Limits(
    packed=2**31 - 1, unpacked=2**31 - 1, files=5 * MAX_PLANS + 1, plans=MAX_PLANS, revisions=MAX_NUMBER
)


@dataclass(frozen=True, slots=True, kw_only=True)
class HandoverRecord:
    """That a revision was handed over."""

    revision: int
    recipient: str
    note: str
    author: str
    sent: datetime
    digest: str | None
    """Of the matrix under which it was made (SHA-256 in hexadecimal); None where that isn't known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RevisionRecord:
    """A revision with its document."""

    number: int
    created: datetime
    author: str
    summary: str
    checkpoint: str
    undo_to: int | None
    redo_to: int | None
    restored: int | None
    renames: Mapping[str, Mapping[str, str]]
    edition: str | None
    """The slug of the edition that the plan was on then; None where that isn't known."""
    digest: str | None
    """Of the matrix under which it was stored; None where that isn't known."""
    document: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanRecord:
    """A plan without its revisions; how many there are is `revision`."""

    revision: int
    created: datetime
    updated: datetime
    deleted: datetime | None
    edition: str | None
    """The slug of the edition that the plan is on; None for none."""
    handovers: tuple[HandoverRecord, ...]
    states: int = 0
    """How many states its rules were given; those stand by themselves, too."""
    answers: int = 0
    """How often a question of the matrix was answered, or an answer explained; likewise."""
    comments: int = 0
    """How many comments it has; likewise."""
    git: Mapping[str, str] | None = None
    """Where its file is, if git owns it: its `path` in a `repository`."""


_NEW_IN: Mapping[type[Any], Mapping[str, int]] = {
    HandoverRecord: {"digest": 2},
    PlanRecord: {"edition": 3, "states": 4, "answers": 5, "comments": 6, "git": 8},
    RevisionRecord: {"digest": 3, "edition": 3},
    CommentRecord: {"revision": 7, "blocks": 7},
}
"""The keys that a format has brought; an archive of an earlier one is read as if they were null."""
Choose = Callable[[str | None, object], Matrix]
"""From the edition of a revision and its document, as it was read, to the matrix that it is checked under."""


# ---- writing ----


def write_archive(
    file: IO[bytes],
    plans: Iterable[tuple[PlanRecord, Iterable[RevisionRecord], Mapping[str, Iterable[Any]]]],
) -> int:
    """Write plans, each with its revisions and, by name, what stands beside them, and return how many.

    How much stands beside a plan is counted as it is written, whatever its record says: people work on while it is.
    The same plans give the same bytes.
    """
    count = 0
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for count, (plan, revisions, beside) in enumerate(plans, start=1):
            folder = f"plans/{count}/"
            _write(archive, f"{folder}revisions.jsonl", map(dump_record, revisions))
            written = {
                name: _write(archive, f"{folder}{name}.jsonl", map(dump_record, records))
                for name, records in beside.items()
            }
            _write(archive, f"{folder}plan.json", [dump_record(plan) | written], indent=True)
        _write(archive, CONTENTS, [{"format": FORMAT, "plans": count}], indent=True)
    return count


def _write(archive: zipfile.ZipFile, name: str, values: Iterable[object], *, indent: bool = False) -> int:
    """Write a file with these values, unless there is none, and return how many there were."""
    write = to_json if indent else to_compact
    lines = (f"{write(value).rstrip()}\n".encode() for value in values)
    if (first := next(lines, None)) is None:
        return 0
    member = zipfile.ZipInfo(name)  # without the time of writing
    member.compress_type = zipfile.ZIP_DEFLATED
    member.external_attr = 0o600 << 16
    count = 1
    with archive.open(member, "w", force_zip64=False) as file:
        file.write(first)
        for count, line in enumerate(lines, start=2):  # noqa: B007 - the last one is how many there were
            file.write(line)
    return count


def dump_record(record: Any) -> dict[str, Any]:
    """A record as it stands in an archive."""
    return {field.name: _plain(getattr(record, field.name)) for field in fields(record)}


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, tuple):
        return [dump_record(item) for item in value]
    return value


# ---- reading ----


class Archive:
    """A zip file whose contents have been looked through, not read yet."""

    def __init__(self, file: IO[bytes], limits: Limits) -> None:
        self._limits = limits
        _check_end(file, limits)
        try:
            self._zip = zipfile.ZipFile(file)
        except _DAMAGED:
            refuse("file", "This is no zip archive, or a damaged one; allowed is what an export has written.")
        self._members = _check_members(self._zip.infolist(), limits)
        self.format = 0
        self.count = self._read_contents()

    def read_plan(self, number: int) -> PlanRecord:
        """The facts about the plan of that number, from 1 on. Raises ArchiveError."""
        name = f"plans/{number}/plan.json"
        plan = _read_plan(self._read_tree(name), name, self.format)
        if plan.revision > self._limits.revisions:
            refuse(
                f"{name}, revision",
                f"The plan has {plan.revision:,} revisions; of one plan at most {self._limits.revisions:,} can be "
                "imported here. The command import_plans takes all of them.",
            )
        return plan

    def read_revisions(
        self, number: int, plan: PlanRecord, choose: Choose, admit: Callable[[Matrix, Plan], object] | None = None
    ) -> Iterator[RevisionRecord]:
        """Its revisions by number, checked, one after the other. Raises ArchiveError.

        `choose` is given the edition of each and its document, as it was read, and has the matrix that it is checked
        under. `admit` is given that and the newest state, where sizes are limited. A PlanError that one of them raises
        is a fault, too.
        """
        name = f"plans/{number}/revisions.jsonl"
        found, check = 0, _Check(choose)
        for found, line in enumerate(self._read_lines(name), start=1):
            where = f"{name}, line {found}"
            if found > plan.revision:
                refuse(where, f"This is one revision more than the {plan.revision:,} that plan.json tells of.")
            is_sized = self._limits.sizes and found == plan.revision
            facts = read_mapping(parse_json(line, where), where, _list_keys(RevisionRecord, self.format))
            yield _read_revision(facts, where, found, check, admit if is_sized else None)
        if found < plan.revision:
            refuse(name, f"Revision {found + 1} is missing: plan.json tells of {plan.revision:,}, found {found:,}.")

    def read_states(self, number: int, plan: PlanRecord) -> Iterator[StateRecord]:
        """What its rules were given, by number, checked, one after the other. Raises ArchiveError."""
        for found, tree, where in self._read_beside(number, "state", plan.states):
            yield read_state(tree, where, found, plan.revision)

    def read_answers(self, number: int, plan: PlanRecord) -> Iterator[AnswerRecord]:
        """How questions of the matrix were answered, likewise."""
        for found, tree, where in self._read_beside(number, "answer", plan.answers):
            yield read_answer(tree, where, found, plan.revision)

    def read_comments(self, number: int, plan: PlanRecord) -> Iterator[CommentRecord]:
        """What people said, likewise."""
        for found, tree, where in self._read_beside(number, "comment", plan.comments):
            yield read_comment(
                read_mapping(tree, where, _list_keys(CommentRecord, self.format)), where, found, plan.revision
            )

    def _read_beside(self, number: int, what: str, count: int) -> Iterator[tuple[int, object, str]]:
        """The lines of a file that is there if plan.json tells of any: which, what stands there, and its place."""
        name = f"plans/{number}/{what}s.jsonl"
        if not count:
            if name in self._members:
                refuse(name, f"This file must not be there, as plan.json tells of no {what}s.")
            return
        found = 0
        for found, line in enumerate(self._read_lines(name), start=1):
            where = f"{name}, line {found}"
            if found > count:
                refuse(where, f"This is one {what} more than the {count:,} that plan.json tells of.")
            yield found, parse_json(line, where), where
        if found < count:
            refuse(name, f"{what.capitalize()} {found + 1} is missing: plan.json tells of {count:,}, found {found:,}.")

    def _read_contents(self) -> int:
        tree = read_mapping(self._read_tree(CONTENTS), CONTENTS, ("format", "plans"))
        self.format = read_number(tree["format"], f"{CONTENTS}, format", least=1, most=FORMAT)
        count = read_number(tree["plans"], f"{CONTENTS}, plans", least=0, most=MAX_PLANS)
        there = {int(match[1]) for name in self._members if (match := _MEMBER.fullmatch(name))}
        if missing := [number for number in range(1, count + 1) if number not in there]:
            refuse(CONTENTS, f"It tells of {count:,} plans, and plans/{missing[0]}/ is missing.")
        if more := sorted(there - set(range(1, count + 1))):
            refuse(CONTENTS, f"It tells of {count:,} plans, and there is plans/{more[0]}/ as well.")
        if count > self._limits.plans:
            refuse(
                CONTENTS,
                f"The archive has {count:,} plans; at most {self._limits.plans:,} can be imported here. "
                "The command import_plans takes all of them.",
            )
        return count

    def _read_tree(self, name: str) -> object:
        """A member that is one JSON document."""
        lines, size = [], 0
        for line in self._read_lines(name):
            size += len(line)
            if size > LINE:
                refuse(name, f"It has more than {LINE // 2**20} MiB, which is the most that is read.")
            lines.append(line)
        return parse_json(b"".join(lines), name)

    def _read_lines(self, name: str) -> Iterator[bytes]:
        """The lines of a member, none longer than `LINE`."""
        if name not in self._members:
            refuse(name, f"This file is missing; {_ALLOWED}.")
        try:
            # zipfile reads a line in Python, which takes eight times as long where they are short.
            member = cast(zipfile.ZipExtFile, self._zip.open(self._members[name]))
            with BufferedReader(member, AT_ONCE) as file:
                while line := file.readline(LINE + 1):
                    if len(line) > LINE:
                        refuse(name, f"A line has more than {LINE // 2**20} MiB, which is the most that is read.")
                    yield line
        except ArchiveError:
            raise
        except _DAMAGED:
            refuse(name, "This part of the archive is damaged; allowed is what an export has written.")


def _check_end(file: IO[bytes], limits: Limits) -> None:
    """The size, and how much table of contents there is: zipfile would read all of it, whatever it holds."""
    size = file.seek(0, 2)
    if size > limits.packed:
        refuse(
            "file", f"The archive has {size / 2**20:,.1f} MiB; at most {limits.packed // 2**20:,} MiB are read here."
        )
    start = max(0, size - _END.size - 0xFFFF)
    file.seek(start)
    tail = file.read(size - start)
    at = tail.rfind(b"PK\5\6")
    if at < 0 or len(tail) - at < _END.size:
        refuse("file", "This is no zip archive, or it is cut off; allowed is what an export has written.")
    _, _, _, _, count, table, _, _ = _END.unpack_from(tail, at)
    if tail[max(0, at - 20) : at].startswith(b"PK\6\7") or count > limits.files or table > 256 * limits.files:
        refuse("file", f"The archive has too many files; at most {limits.files:,} are read here, and {_ALLOWED}.")
    file.seek(0)


def _check_members(members: Iterable[zipfile.ZipInfo], limits: Limits) -> dict[str, zipfile.ZipInfo]:
    """The members by name: only those that belong there, each once, together no larger than is allowed."""
    found: dict[str, zipfile.ZipInfo] = {}
    total = 0
    for member in members:
        name = member.orig_filename
        if _FOLDER.fullmatch(name) and member.file_size == 0:
            continue
        if name != CONTENTS and not _MEMBER.fullmatch(name):
            refuse("file", f"The archive has a file {show_found(name)}; {_ALLOWED}.")
        if name in found:
            refuse(name, "This file is in the archive more than once; once is allowed.")
        if member.flag_bits & 0x1:
            refuse(name, "This file is encrypted; only files without a password are read.")
        if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            refuse(name, "This file is packed in an unusual way; allowed are stored and deflated files.")
        found[name] = member
        total += member.file_size
        if total > limits.unpacked:
            refuse(
                "file",
                f"The archive is larger than {limits.unpacked // 2**20:,} MiB when it is unpacked, which is the most "
                "that is read here.",
            )
    return found


def _list_keys(record: type[Any], form: int) -> list[str]:
    """The keys that a record has in a format."""
    return [field.name for field in fields(record) if _NEW_IN[record].get(field.name, 1) <= form]


def _read_plan(tree: object, where: str, form: int) -> PlanRecord:
    plan = read_mapping(tree, where, _list_keys(PlanRecord, form))
    revision = read_number(plan["revision"], f"{where}, revision", least=1, most=MAX_NUMBER)
    handovers = plan["handovers"]
    if not isinstance(handovers, list):
        refuse(f"{where}, handovers", f"This must be a list, found {show_found(handovers)}.")
    return PlanRecord(
        revision=revision,
        created=read_time(plan["created"], f"{where}, created"),
        updated=read_time(plan["updated"], f"{where}, updated"),
        deleted=None if plan["deleted"] is None else read_time(plan["deleted"], f"{where}, deleted"),
        edition=read_slug(plan.get("edition"), f"{where}, edition"),
        handovers=tuple(
            _read_handover(item, f"{where}, handovers[{index}]", revision, form)
            for index, item in enumerate(handovers)
        ),
        states=read_number(plan.get("states", 0), f"{where}, states", least=0, most=MAX_STATES),
        answers=read_number(plan.get("answers", 0), f"{where}, answers", least=0, most=MAX_ANSWERS),
        comments=read_number(plan.get("comments", 0), f"{where}, comments", least=0, most=MAX_COMMENTS),
        git=_read_git(plan.get("git"), f"{where}, git"),
    )


def _read_git(tree: object, where: str) -> Mapping[str, str] | None:
    if tree is None:
        return None
    facts = read_mapping(tree, where, ("repository", "path"))
    return {key: read_text(value, f"{where}.{key}", 300) for key, value in facts.items()}


def _read_handover(tree: object, where: str, newest: int, form: int) -> HandoverRecord:
    facts = read_mapping(tree, where, _list_keys(HandoverRecord, form))
    return HandoverRecord(
        revision=read_number(facts["revision"], f"{where}.revision", least=1, most=newest),
        recipient=read_text(facts["recipient"], f"{where}.recipient", 200, least=1),
        note=read_text(facts["note"], f"{where}.note", 2000),
        author=read_text(facts["author"], f"{where}.author", 60),
        sent=read_time(facts["sent"], f"{where}.sent"),
        digest=read_digest(facts.get("digest"), f"{where}.digest"),
    )


def _read_revision(
    facts: Mapping[str, Any], where: str, number: int, check: "_Check", admit: Callable[[Matrix, Plan], object] | None
) -> RevisionRecord:
    found = read_number(facts["number"], f"{where}, number", least=1, most=MAX_NUMBER)
    if found != number:
        refuse(
            f"{where}, number", f"Revisions come in their order, none left out: this must be {number}, not {found}."
        )
    links = {
        key: None if facts[key] is None else read_number(facts[key], f"{where}, {key}", least=1, most=number - 1)
        for key in ("undo_to", "redo_to", "restored")
    }
    edition = read_slug(facts.get("edition"), f"{where}, edition")
    return RevisionRecord(
        number=number,
        created=read_time(facts["created"], f"{where}, created"),
        author=read_text(facts["author"], f"{where}, author", 60),
        summary=read_text(facts["summary"], f"{where}, summary", 300),
        checkpoint=read_text(facts["checkpoint"], f"{where}, checkpoint", 200),
        renames=_read_renames(facts["renames"], f"{where}, renames"),
        edition=edition,
        digest=read_digest(facts.get("digest"), f"{where}, digest"),
        document=check(facts["document"], edition, where, admit),
        **links,
    )


def _read_renames(tree: object, where: str) -> dict[str, dict[str, str]]:
    if tree == {}:
        return {}
    kinds = read_mapping(tree, where, ("zones", "endpoints"))
    for kind, names in kinds.items():
        if not isinstance(names, dict):
            refuse(f"{where}.{kind}", f"This must be a mapping of old to new names, found {show_found(names)}.")
        for old, new in names.items():
            read_text(old, f"{where}.{kind}", 255, least=1)
            read_text(new, f"{where}.{kind}", 255, least=1)
    return {kind: dict(names) for kind, names in kinds.items()}


class _Check:
    """Reads the documents of a plan one after the other, and one that says the same as the one before only once."""

    def __init__(self, choose: Choose) -> None:
        self._choose = choose
        self._known: tuple[str, str | None] = ("", None)
        self._document: dict[str, Any] = {}

    def __call__(
        self, tree: object, edition: str | None, where: str, admit: Callable[[Matrix, Plan], object] | None
    ) -> dict[str, Any]:
        """The document, whole and in order; what `admit` raises of it is a fault. Raises ArchiveError."""
        # Not the values, as 1 and true are equal to Python. What is no JSON value stands in no document that is good.
        state = json.dumps(tree, default=lambda _: {"": ""}), edition
        if state != self._known or admit:
            self._document, self._known = self._read(tree, edition, where, admit), state
        return self._document

    def _read(
        self, tree: object, edition: str | None, where: str, admit: Callable[[Matrix, Plan], object] | None
    ) -> dict[str, Any]:
        try:
            return _read_document(tree, self._choose(edition, tree), admit)
        except PlanError as error:
            first, *others = error.faults
            more = f" There {plural(len(others), 'is', 'are')} {len(others)} more." if others else ""
            refuse(f"{where}, document, {first.where}", first.message + more)


def _read_document(tree: object, matrix: Matrix, admit: Callable[[Matrix, Plan], object] | None) -> dict[str, Any]:
    """The document, whole and in order. Raises PlanError, or what `admit` raises."""
    plan = check_stored(carry(tree, matrix)[0], matrix=matrix)
    if admit:
        admit(matrix, plan)
    return dump_plan(plan)
