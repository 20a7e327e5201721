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
from datetime import UTC, datetime
from typing import IO, Any, NoReturn

from planner.plan import syntax
from planner.plan.carry import carry
from planner.plan.document import Plan, PlanError, check_stored, dump_plan
from ports.matrix import Matrix
from ports.text import plural

FORMAT = 3
"""What is written. Format 1, which has no digests, and 2, which has those of handovers alone, are read as well."""
CONTENTS = "archive.json"
MAX_PLANS = 10_000
MAX_NUMBER = 1_000_000
"""Largest number of a revision."""
_MEMBER = re.compile(r"plans/([1-9][0-9]{0,4})/(plan\.json|revisions\.jsonl)", re.ASCII)
_DIGEST = re.compile(r"[0-9a-f]{64}", re.ASCII)
_EDITION = re.compile(r"[a-z0-9][a-z0-9-]{0,49}", re.ASCII)
_FOLDER = re.compile(r"plans/([1-9][0-9]{0,4}/)?", re.ASCII)
# What zipfile raises for archives that are cut off, damaged, or made to be: it checks no offset before it goes there.
_DAMAGED = (
    zipfile.BadZipFile, zlib.error, struct.error, EOFError, OSError, ValueError, NotImplementedError, RuntimeError,
)  # fmt: skip
_END = struct.Struct("<4s4H2LH")
_ALLOWED = "allowed are archive.json and, for each plan, plans/1/plan.json and plans/1/revisions.jsonl"


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


ON_THE_PAGE = Limits(packed=32 * 2**20, unpacked=256 * 2**20, files=1_000, plans=200, revisions=2_000, sizes=True)
BY_COMMAND = Limits(
    packed=2**31 - 1, unpacked=2**31 - 1, files=2 * MAX_PLANS + 1, plans=MAX_PLANS, revisions=MAX_NUMBER
)


class ArchiveError(ValueError):
    """The file is no archive of plans. `where` is a place in it; the message a sentence with what is allowed."""

    def __init__(self, where: str, message: str) -> None:
        super().__init__(message)
        self.where = where
        self.message = message

    def __str__(self) -> str:
        return f"{self.where}: {self.message}"


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


_NEW_IN: Mapping[type[Any], Mapping[str, int]] = {
    HandoverRecord: {"digest": 2},
    PlanRecord: {"edition": 3},
    RevisionRecord: {"digest": 3, "edition": 3},
}
"""The keys that a format has brought; an archive of an earlier one is read as if they were null."""
Choose = Callable[[str | None, object], Matrix]
"""From the edition of a revision and its document, as it was read, to the matrix that it is checked under."""


# ---- writing ----


def write_archive(file: IO[bytes], plans: Iterable[tuple[PlanRecord, Iterable[RevisionRecord]]]) -> int:
    """Write plans, each with its revisions by number, and return how many; the same plans give the same bytes."""
    count = 0
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for count, (plan, revisions) in enumerate(plans, start=1):
            _write(archive, f"plans/{count}/plan.json", [dump_record(plan)], indent=2)
            _write(archive, f"plans/{count}/revisions.jsonl", map(dump_record, revisions))
        _write(archive, CONTENTS, [{"format": FORMAT, "plans": count}], indent=2)
    return count


def _write(archive: zipfile.ZipFile, name: str, values: Iterable[object], indent: int | None = None) -> None:
    member = zipfile.ZipInfo(name)  # without the time of writing
    member.compress_type = zipfile.ZIP_DEFLATED
    member.external_attr = 0o600 << 16
    with archive.open(member, "w", force_zip64=False) as file:
        for value in values:
            file.write(json.dumps(value, ensure_ascii=False, indent=indent).encode() + b"\n")


def dump_record(record: Any) -> dict[str, Any]:
    """A record as it stands in an archive."""
    return {field.name: _plain(getattr(record, field.name)) for field in fields(record)}


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
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
            _refuse("file", "This is no zip archive, or a damaged one; allowed is what an export has written.")
        self._members = _check_members(self._zip.infolist(), limits)
        self.format = 0
        self.count = self._read_contents()

    def read_plan(self, number: int) -> PlanRecord:
        """The facts about the plan of that number, from 1 on. Raises ArchiveError."""
        name = f"plans/{number}/plan.json"
        plan = _read_plan(self._read_tree(name), name, self.format)
        if plan.revision > self._limits.revisions:
            _refuse(
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
                _refuse(where, f"This is one revision more than the {plan.revision:,} that plan.json tells of.")
            is_sized = self._limits.sizes and found == plan.revision
            facts = _mapping(_parse(line, where), where, _list_keys(RevisionRecord, self.format))
            yield _read_revision(facts, where, found, check, admit if is_sized else None)
        if found < plan.revision:
            _refuse(name, f"Revision {found + 1} is missing: plan.json tells of {plan.revision:,}, found {found:,}.")

    def _read_contents(self) -> int:
        tree = _mapping(self._read_tree(CONTENTS), CONTENTS, ("format", "plans"))
        self.format = _number(tree["format"], f"{CONTENTS}, format", least=1, most=FORMAT)
        count = _number(tree["plans"], f"{CONTENTS}, plans", least=0, most=MAX_PLANS)
        there = {int(match[1]) for name in self._members if (match := _MEMBER.fullmatch(name))}
        if missing := [number for number in range(1, count + 1) if number not in there]:
            _refuse(CONTENTS, f"It tells of {count:,} plans, and plans/{missing[0]}/ is missing.")
        if more := sorted(there - set(range(1, count + 1))):
            _refuse(CONTENTS, f"It tells of {count:,} plans, and there is plans/{more[0]}/ as well.")
        if count > self._limits.plans:
            _refuse(
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
            if size > syntax.MAX_BYTES:
                _refuse(name, f"It has more than {syntax.MAX_BYTES // 2**20} MiB, which is the most that is read.")
            lines.append(line)
        return _parse(b"".join(lines), name)

    def _read_lines(self, name: str) -> Iterator[bytes]:
        """The lines of a member, none longer than a plan document may be."""
        if name not in self._members:
            _refuse(name, f"This file is missing; {_ALLOWED}.")
        most = syntax.MAX_BYTES
        try:
            with self._zip.open(self._members[name]) as file:
                while line := file.readline(most + 1):
                    if len(line) > most:
                        _refuse(name, f"A line has more than {most // 2**20} MiB, which is the most that is read.")
                    yield line
        except ArchiveError:
            raise
        except _DAMAGED:
            _refuse(name, "This part of the archive is damaged; allowed is what an export has written.")


def _check_end(file: IO[bytes], limits: Limits) -> None:
    """The size, and how much table of contents there is: zipfile would read all of it, whatever it holds."""
    size = file.seek(0, 2)
    if size > limits.packed:
        _refuse(
            "file", f"The archive has {size / 2**20:,.1f} MiB; at most {limits.packed // 2**20:,} MiB are read here."
        )
    start = max(0, size - _END.size - 0xFFFF)
    file.seek(start)
    tail = file.read(size - start)
    at = tail.rfind(b"PK\5\6")
    if at < 0 or len(tail) - at < _END.size:
        _refuse("file", "This is no zip archive, or it is cut off; allowed is what an export has written.")
    _, _, _, _, count, table, _, _ = _END.unpack_from(tail, at)
    if tail[max(0, at - 20) : at].startswith(b"PK\6\7") or count > limits.files or table > 256 * limits.files:
        _refuse("file", f"The archive has too many files; at most {limits.files:,} are read here, and {_ALLOWED}.")
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
            _refuse("file", f"The archive has a file {_shown(name)}; {_ALLOWED}.")
        if name in found:
            _refuse(name, "This file is in the archive more than once; once is allowed.")
        if member.flag_bits & 0x1:
            _refuse(name, "This file is encrypted; only files without a password are read.")
        if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            _refuse(name, "This file is packed in an unusual way; allowed are stored and deflated files.")
        found[name] = member
        total += member.file_size
        if total > limits.unpacked:
            _refuse(
                "file",
                f"The archive is larger than {limits.unpacked // 2**20:,} MiB when it is unpacked, which is the most "
                "that is read here.",
            )
    return found


def _list_keys(record: type[Any], form: int) -> list[str]:
    """The keys that a record has in a format."""
    return [field.name for field in fields(record) if _NEW_IN[record].get(field.name, 1) <= form]


def _read_plan(tree: object, where: str, form: int) -> PlanRecord:
    plan = _mapping(tree, where, _list_keys(PlanRecord, form))
    revision = _number(plan["revision"], f"{where}, revision", least=1, most=MAX_NUMBER)
    handovers = plan["handovers"]
    if not isinstance(handovers, list):
        _refuse(f"{where}, handovers", f"This must be a list, found {_shown(handovers)}.")
    return PlanRecord(
        revision=revision,
        created=_time(plan["created"], f"{where}, created"),
        updated=_time(plan["updated"], f"{where}, updated"),
        deleted=None if plan["deleted"] is None else _time(plan["deleted"], f"{where}, deleted"),
        edition=_slug(plan.get("edition"), f"{where}, edition"),
        handovers=tuple(
            _read_handover(item, f"{where}, handovers[{index}]", revision, form)
            for index, item in enumerate(handovers)
        ),
    )


def _read_handover(tree: object, where: str, newest: int, form: int) -> HandoverRecord:
    facts = _mapping(tree, where, _list_keys(HandoverRecord, form))
    return HandoverRecord(
        revision=_number(facts["revision"], f"{where}.revision", least=1, most=newest),
        recipient=_text(facts["recipient"], f"{where}.recipient", 200, least=1),
        note=_text(facts["note"], f"{where}.note", 2000),
        author=_text(facts["author"], f"{where}.author", 60),
        sent=_time(facts["sent"], f"{where}.sent"),
        digest=_digest(facts.get("digest"), f"{where}.digest"),
    )


def _read_revision(
    facts: Mapping[str, Any], where: str, number: int, check: "_Check", admit: Callable[[Matrix, Plan], object] | None
) -> RevisionRecord:
    found = _number(facts["number"], f"{where}, number", least=1, most=MAX_NUMBER)
    if found != number:
        _refuse(
            f"{where}, number", f"Revisions come in their order, none left out: this must be {number}, not {found}."
        )
    links = {
        key: None if facts[key] is None else _number(facts[key], f"{where}, {key}", least=1, most=number - 1)
        for key in ("undo_to", "redo_to", "restored")
    }
    edition = _slug(facts.get("edition"), f"{where}, edition")
    return RevisionRecord(
        number=number,
        created=_time(facts["created"], f"{where}, created"),
        author=_text(facts["author"], f"{where}, author", 60),
        summary=_text(facts["summary"], f"{where}, summary", 300),
        checkpoint=_text(facts["checkpoint"], f"{where}, checkpoint", 200),
        renames=_read_renames(facts["renames"], f"{where}, renames"),
        edition=edition,
        digest=_digest(facts.get("digest"), f"{where}, digest"),
        document=check(facts["document"], edition, where, admit),
        **links,
    )


def _read_renames(tree: object, where: str) -> dict[str, dict[str, str]]:
    if tree == {}:
        return {}
    kinds = _mapping(tree, where, ("zones", "endpoints"))
    for kind, names in kinds.items():
        if not isinstance(names, dict):
            _refuse(f"{where}.{kind}", f"This must be a mapping of old to new names, found {_shown(names)}.")
        for old, new in names.items():
            _text(old, f"{where}.{kind}", 255, least=1)
            _text(new, f"{where}.{kind}", 255, least=1)
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
            _refuse(f"{where}, document, {first.where}", first.message + more)


def _read_document(tree: object, matrix: Matrix, admit: Callable[[Matrix, Plan], object] | None) -> dict[str, Any]:
    """The document, whole and in order. Raises PlanError, or what `admit` raises."""
    plan = check_stored(carry(tree, matrix)[0], matrix=matrix)
    if admit:
        admit(matrix, plan)
    return dump_plan(plan)


def _parse(data: bytes, where: str) -> object:
    try:
        tree = syntax.parse(data, "json")
    except syntax.SyntaxFault as fault:
        _refuse(where if fault.where == "document" else f"{where}, {fault.where.removeprefix('line 1, ')}", str(fault))
    if repeated := next(syntax.repeated_keys(tree), None):
        _refuse(where, f"The key {_shown(str(repeated[-1]))} is written twice; once is allowed.")
    return tree


def _mapping(tree: object, where: str, keys: Iterable[str]) -> Mapping[str, Any]:
    """A mapping with just these keys."""
    if not isinstance(tree, dict):
        _refuse(where, f"This must be a mapping of keys to values, found {_shown(tree)}.")
    wanted = list(keys)
    if unknown := [key for key in tree if key not in wanted]:
        _refuse(where, f"The key {_shown(unknown[0])} is not known here; allowed are {', '.join(wanted)}.")
    if missing := [key for key in wanted if key not in tree]:
        _refuse(where, f"The key {missing[0]} is needed and missing.")
    return tree


def _number(value: object, where: str, *, least: int, most: int) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        allowed = f"from {least:,} to {most:,}" if least <= most else "of an earlier revision, and there is none"
        _refuse(where, f"This must be a whole number {allowed}, found {_shown(value)}.")
    return value


def _text(value: object, where: str, most: int, *, least: int = 0) -> str:
    if not isinstance(value, str) or not least <= len(value) <= most:
        _refuse(where, f"This must be a text of {least} to {most:,} characters, found {_shown(value)}.")
    if any(c == "\0" or 0xD800 <= ord(c) < 0xE000 for c in value):
        _refuse(where, f"This must be a text without NUL and half characters, found {_shown(value)}.")
    return str(value)


def _digest(value: object, where: str) -> str | None:
    if value is not None and not (isinstance(value, str) and _DIGEST.fullmatch(value)):
        _refuse(where, f"This must be 64 digits from 0 to f, or null, found {_shown(value)}.")
    return value


def _slug(value: object, where: str) -> str | None:
    if value is not None and not (isinstance(value, str) and _EDITION.fullmatch(value)):
        _refuse(where, f"This must be the slug of an edition, or null, found {_shown(value)}.")
    return value


def _time(value: object, where: str) -> datetime:
    try:
        time = datetime.fromisoformat(value) if isinstance(value, str) and len(value) <= 40 else None
    except ValueError:
        time = None
    if time is None or time.tzinfo is None or not 1970 <= time.year <= 9000:
        _refuse(where, f"This must be a time like 2026-01-31T12:00:00+00:00, found {_shown(value)}.")
    return time.astimezone(UTC)


def _shown(value: object) -> str:
    """What was found, short and harmless."""
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list):
        return f"a list of {len(value)}"
    if value is None or isinstance(value, bool):
        return {None: "nothing", True: "true", False: "false"}[value]
    text = f"“{value}”" if isinstance(value, str) and value.isprintable() else ascii(value)
    return text if len(text) <= 80 else text[:78] + "…"


def _refuse(where: str, message: str) -> NoReturn:
    raise ArchiveError(where, message) from None
