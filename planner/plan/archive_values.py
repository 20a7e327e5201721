"""The values that an archive holds, read by one who doesn't trust it: each with its place, and what is allowed."""

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from typing import Any, NoReturn

from planner.plan import limits, syntax

_DIGEST = re.compile(r"[0-9a-f]{64}", re.ASCII)
_EDITION = re.compile(r"[a-z0-9][a-z0-9-]{0,49}", re.ASCII)


class ArchiveError(ValueError):
    """The file is no archive of plans. `where` is a place in it; the message a sentence with what is allowed."""

    def __init__(self, where: str, message: str) -> None:
        super().__init__(message)
        self.where = where
        self.message = message

    def __str__(self) -> str:
        return f"{self.where}: {self.message}"


def parse_json(data: bytes, where: str) -> object:
    """A JSON document in which no key is written twice. Raises ArchiveError, as all of these do.

    It may be larger than a plan document, which it holds: what was exported is read.
    """
    try:
        tree = syntax.parse(data, "json", syntax.Most(limits.LINE, limits.LINE_VALUES))
    except syntax.SyntaxFault as fault:
        refuse(where if fault.where == "document" else f"{where}, {fault.where.removeprefix('line 1, ')}", str(fault))
    if repeated := next(syntax.repeated_keys(tree), None):
        refuse(where, f"The key {show_found(str(repeated[-1]))} is written twice; once is allowed.")
    return tree


def read_mapping(tree: object, where: str, keys: Iterable[str]) -> Mapping[str, Any]:
    """A mapping with just these keys."""
    if not isinstance(tree, dict):
        refuse(where, f"This must be a mapping of keys to values, found {show_found(tree)}.")
    wanted = list(keys)
    if unknown := [key for key in tree if key not in wanted]:
        refuse(where, f"The key {show_found(unknown[0])} is not known here; allowed are {', '.join(wanted)}.")
    if missing := [key for key in wanted if key not in tree]:
        refuse(where, f"The key {missing[0]} is needed and missing.")
    return tree


def read_number(value: object, where: str, *, least: int, most: int) -> int:
    """A whole number."""
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        allowed = f"from {least:,} to {most:,}" if least <= most else "of an earlier revision, and there is none"
        refuse(where, f"This must be a whole number {allowed}, found {show_found(value)}.")
    return value


def read_text(value: object, where: str, most: int, *, least: int = 0) -> str:
    """A text of so many characters."""
    if not isinstance(value, str) or not least <= len(value) <= most:
        refuse(where, f"This must be a text of {least} to {most:,} characters, found {show_found(value)}.")
    if any(c == "\0" or 0xD800 <= ord(c) < 0xE000 for c in value):
        refuse(where, f"This must be a text without NUL and half characters, found {show_found(value)}.")
    return str(value)


def read_digest(value: object, where: str) -> str | None:
    """The SHA-256 of a port matrix, or None."""
    if value is not None and not (isinstance(value, str) and _DIGEST.fullmatch(value)):
        refuse(where, f"This must be 64 digits from 0 to f, or null, found {show_found(value)}.")
    return value


def read_slug(value: object, where: str) -> str | None:
    """The slug of an edition, or None."""
    if value is not None and not (isinstance(value, str) and _EDITION.fullmatch(value)):
        refuse(where, f"This must be the slug of an edition, or null, found {show_found(value)}.")
    return value


def read_time(value: object, where: str) -> datetime:
    """A time, in UTC."""
    try:
        time = datetime.fromisoformat(value) if isinstance(value, str) and len(value) <= 40 else None
    except ValueError:
        time = None
    if time is None or time.tzinfo is None or not 1970 <= time.year <= 9000:
        refuse(where, f"This must be a time like 2026-01-31T12:00:00+00:00, found {show_found(value)}.")
    return time.astimezone(UTC)


def read_date(value: object, where: str) -> date | None:
    """A day, or None."""
    if value is None:
        return None
    try:
        day = date.fromisoformat(value) if isinstance(value, str) and len(value) == 10 else None
    except ValueError:
        day = None
    if day is None:
        refuse(where, f"This must be a date like 2026-01-31, or null, found {show_found(value)}.")
    return day


def read_list(value: object, where: str) -> list[Any]:
    """A list."""
    if not isinstance(value, list):
        refuse(where, f"This must be a list, found {show_found(value)}.")
    return value


def read_truth(value: object, where: str) -> bool:
    """True or false."""
    if not isinstance(value, bool):
        refuse(where, f"This must be true or false, found {show_found(value)}.")
    return value


def show_found(value: object) -> str:
    """What was found, short and harmless."""
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list):
        return f"a list of {len(value)}"
    if value is None or isinstance(value, bool):
        return {None: "nothing", True: "true", False: "false"}[value]
    text = f"“{value}”" if isinstance(value, str) and value.isprintable() else ascii(value)
    return text if len(text) <= 80 else text[:78] + "…"


def refuse(where: str, message: str) -> NoReturn:
    """Raise ArchiveError."""
    raise ArchiveError(where, message) from None
