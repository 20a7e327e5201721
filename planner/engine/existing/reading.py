"""The bytes of a firewall's configuration, as a file or a form hands them over, as a ruleset. Pure.

The text is not kept: what is wrong is told without repeating what stands in the file, but for names and constructs.
"""

import codecs
import gc
import re
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

from planner.engine.existing.lengths import shorten
from planner.engine.existing.model import Ruleset, Unreadable
from planner.engine.existing.readers import READERS, Reader
from planner.plan.limits import EXISTING
from ports.text import cut, show_line

LINES = 2_000_000
"""Most lines of a configuration; of the largest size that is ten bytes a line."""
LONGEST = 2**20
"""Most characters of a line, where each is a statement."""
MOST = 1_000
"""Most characters of a sentence about a file that can't be read."""
_MAGIC = {
    b"PK\x03\x04": "a zip archive or a file of an office program; unpack it, or save it as text",
    b"PK\x05\x06": "an empty zip archive",
    b"\x1f\x8b": "packed by gzip; unpack it",
    b"BZh": "packed by bzip2; unpack it",
    b"\xfd7zXZ": "packed by xz; unpack it",
    b"7z\xbc\xaf": "a 7-Zip archive; unpack it",
    b"\x28\xb5\x2f\xfd": "packed by Zstandard; unpack it",
    b"%PDF": "a PDF; take the text that the device writes",
    b"\xd0\xcf\x11\xe0": "a file of an office program; save it as text",
}
"""How files begin that are no text, and what they are."""


def read_existing(data: bytes, name: str) -> Ruleset:
    """Read a configuration of the format `name`, one of READERS.

    Whoever reads a file hands over at most EXISTING + 1 bytes of it. Text is UTF-8, with or without a byte order
    mark, or UTF-16 with one, as PowerShell writes it. Names of more than `lengths.LONGEST` characters are cut. Raises
    Unreadable.
    """
    if len(data) > EXISTING:
        raise Unreadable(
            f"The configuration has more than {EXISTING // 2**20} MiB, which is the most that is read. Take the part "
            "of it that stands between the zones of the plan."
        )
    text = decode(data)
    if not text.strip():
        raise Unreadable(f"The configuration is empty; it is made by {READERS[name].made_by}.")
    _check_lines(text, READERS[name])
    try:
        with _uncollected():
            return shorten(READERS[name].read(_without_marks(_without_halves(text), READERS[name])))
    except Unreadable as error:
        raise Unreadable(_readable(str(error))) from None
    except RecursionError:
        raise Unreadable("The configuration is nested too deeply; that of no firewall is.") from None


_lock = Lock()
_readings: list[bool] = []
"""For each configuration that is being read in this process, whether circles were looked for when that began."""


@contextmanager
def _uncollected() -> Iterator[None]:
    """Until the last reading ends, nobody looks for circles of objects.

    All that readers make stays and none of it is a circle; to look through it again and again took up to half of the
    time. Threads beside are without it as long, which is seconds at most.
    """
    with _lock:
        _readings.append(gc.isenabled())
        gc.disable()
    try:
        yield
    finally:
        with _lock:
            was_looked_for = _readings.pop()
            if was_looked_for and not _readings:
                gc.enable()


_ESCAPES = re.compile(
    r"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(u[dD][89a-fA-F][0-9a-fA-F]{2})|.)", re.DOTALL
)
"""What a backslash begins in JSON; what is a half of a character by itself is a group."""


def _without_halves(text: str) -> str:
    """JSON without escapes of half a character (surrogates, RFC 8259, section 8.2), which no page and no file can
    have; other texts as they are."""
    if text.lstrip()[:1] not in ("{", "[") or "\\ud" not in text.casefold():
        return text
    return _ESCAPES.sub(lambda found: "\\ufffd" if found[1] else found[0], text)


_PAGERS = ("--More--", "<--- More --->", "---(more")
"""How the marks begin by which a FortiGate, an ASA and Junos stop after each page."""
_MARK = r"^[ \t]*+(?:--More--|<--- More --->|---\(more(?: [0-9]{1,3}%)?\)---) *+"
_ALONE = re.compile(_MARK + r"(?:\r\n?|\n)(?: *+(?:\r\n?|\n))?", re.MULTILINE)
"""A mark in a line by itself, or one that the terminal goes back over, as a rule with blanks and once more."""
_MARKED = re.compile(_MARK, re.MULTILINE)


def _without_marks(text: str, reader: Reader) -> str:
    """A terminal's text without the marks of its pager: what stands in a line behind one would be lost.

    Where it hides the beginning of a line, nobody knows which blanks are the line's own. Raises Unreadable.
    """
    if not reader.unpaged or not any(mark in text for mark in _PAGERS):
        return text
    text = _ALONE.sub(lambda found: "\n" * found[0].count("\n"), text)
    if found := _MARKED.search(text):
        line = text.count("\n", 0, found.start()) + 1
        raise Unreadable(
            f"Line {line:,} has the mark of a pager, {found[0].strip()}, so that lines may be lost. Have the device "
            f"write it in one go: {reader.unpaged}."
        )
    return text


def _check_lines(text: str, reader: Reader) -> None:
    """Raise Unreadable for more lines, or longer ones, than a configuration has: each takes memory of its own."""
    lines = max(text.count("\n"), text.count("\r"))
    if lines > LINES:
        raise Unreadable(f"The configuration has {lines:,} lines; at most {LINES:,} are read.")
    if reader.in_lines and any(len(line) > LONGEST for line in text.splitlines()):
        raise Unreadable(f"The configuration has a line of more than {LONGEST:,} characters; no device writes that.")


def _readable(sentence: str) -> str:
    """A sentence that may repeat what stands in a file: cut, on one line, without characters that can't be seen."""
    return cut("".join(letter if letter.isprintable() else "�" for letter in show_line(sentence)), MOST)


def decode(data: bytes) -> str:
    """The text of a configuration, without its byte order mark. Raises Unreadable for what is no text."""
    for magic, what in _MAGIC.items():
        if data.startswith(magic):
            raise Unreadable(f"This is no text but {what}.")
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        try:
            text = data.decode("utf-16")
        except UnicodeDecodeError:
            raise Unreadable("This begins as UTF-16 and isn't; save it as UTF-8.") from None
    else:
        try:
            text = data.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            line = data.count(b"\n", 0, error.start) + 1
            raise Unreadable(f"Line {line:,} is not UTF-8; save the file as UTF-8.") from None
    if "\0" in text:
        raise Unreadable("This is no text: it has characters of the number 0. UTF-16 needs a byte order mark.")
    return text.removeprefix("\ufeff")
