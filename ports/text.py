"""What people typed, fit for readers: written out, cut, counted, named anew, and no formula in a table. Pure.

The one place for it, below all that writes. Nothing here takes time that grows faster than the text.
"""

import re
import unicodedata
from collections.abc import Container, Sequence
from functools import lru_cache

MAX_NAME = 255
"""How many characters the name of a zone or endpoint may have."""
MAX_SHORT = 60
"""How many characters of a name a sentence shows: it is there to be recognised, the plan has the whole."""
MAX_NAMED = 3
"""How many names a sentence says before it counts."""

# Control characters but tab and line breaks, separators that some programs take for line breaks, lone surrogates,
# non-characters (not allowed in XML), and the controls that reorder the text after them: with one of those in a name,
# an address beside it can read as another.
_PLANES = "".join(chr((plane << 16) | low) for plane in range(1, 17) for low in (0xFFFE, 0xFFFF))
_HIDDEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069"
    f"\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff{_PLANES}]"
)
CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
"""A control character (general category Cc of the Unicode standard), or half of a surrogate pair (Cs)."""
CONTROL_BUT_BREAKS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
"""The same, but no tab and no line break."""
_BREAKS = re.compile(r"[\t\r\n]+")
# They would turn the rest of a sentence round, or break its line.
_TURNS = re.compile("[\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
# White space and invisible characters may come before the sign; full-width signs count where Japanese is typed.
_SIGNS = "[=+\\-@＝＋－＠]"
_FORMULA = re.compile(f"[\\s\u00ad\u200b-\u200f\u2060-\u2064\ufeff]*{_SIGNS}|[\t\r\n]")
_AFTER_SEMICOLON = re.compile(rf"(;\s*)(?={_SIGNS})")


INT_32, INT_64 = 2**31 - 1, 2**63 - 1
"""The largest whole numbers that a column of the database holds: of revisions and the like, and of rows."""


# ---- numbers ----


def read_number(text: str, *, least: int = 0, most: int = INT_64) -> int | None:
    """A whole number from `least` to `most`, in decimal digits of ASCII and no more than `most` has; else None."""
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(most))):
        return None
    number = int(text)
    return number if least <= number <= most else None


# ---- what can't be seen ----


def show(text: str) -> str:
    """The text with characters that can't be seen, or change how others are seen, written out: <U+202E>.

    Tabs and line breaks stay; line breaks become line feeds.
    """
    if text.isprintable():  # most are, and to be asked takes a tenth of looking for what is hidden
        return text
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    return _HIDDEN.sub(lambda match: name_letter(match[0]), text)


def show_line(text: str) -> str:
    """`show` on one line: each tab or line break, with the white space around it, is a space."""
    if text.isprintable():
        return text.strip()
    seen = show(text)
    if _BREAKS.search(seen) is None:
        return seen.strip()
    # Divided at the breaks, not searched for white space around them: that would take the square of many spaces.
    return " ".join(filter(None, map(str.strip, _BREAKS.split(seen))))


def one_line(text: str) -> str:
    """A text on one line: without control characters, with single spaces."""
    return " ".join(CONTROL.sub(" ", text).split())


def name_letter(letter: str) -> str:
    """<U+202E>: the number of a character, in the place of the character."""
    return f"<U+{ord(letter):04X}>"


# ---- what is long, and what is many ----


def cut(text: str, most: int) -> str:
    """The text, or its beginning and an ellipsis: at most so many characters."""
    return text if len(text) <= most else f"{text[: most - 1]}…"


def short(name: object) -> str:
    """A name fit to stand in a sentence: on one line, in one direction, and no longer than MAX_SHORT."""
    text = " ".join(_TURNS.sub("", str(name)).split())
    return text if len(text) <= MAX_SHORT else f"{text[: MAX_SHORT - 1].rstrip()}…"


def several(names: Sequence[object]) -> str:
    """A, B and C; of more than MAX_NAMED the first ones and how many more."""
    shown = [short(name) for name in names[:MAX_NAMED]]
    if len(names) > MAX_NAMED:
        return f"{', '.join(shown)} and {len(names) - MAX_NAMED:,} more"
    return " and ".join(filter(None, (", ".join(shown[:-1]), *shown[-1:])))


def many(number: int, one: str, more: str | None = None) -> str:
    """1 rule, 2 rules, 1,000 rules: how many of something; `more` is its plural where an s doesn't make it."""
    return f"{number:,} {plural(number, one, more)}"


def plural(number: int, one: str, more: str | None = None) -> str:
    """The word for one thing or for several."""
    return one if number == 1 else more if more is not None else f"{one}s"


# ---- names ----


def name_key(name: str) -> str:
    """What two names have in common when they count as the same: Unicode NFC, then case folded.

    A text that is too long for a name is like no other: to bring thousands of accents into their order takes the
    square of their number.
    """
    if len(name) > MAX_NAME:
        return name
    return _fold(name)


@lru_cache(2**15)  # a plan has thousands, and they are held against each other after each edit
def _fold(name: str) -> str:
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


def free_name(name: str, taken: Container[str]) -> str:
    """The name, or the next one like it that isn't taken: PS02 after PS01, "Staff 2" after "Staff".

    `taken` has the keys of the names that are there (`name_key`); what comes out has at most MAX_NAME characters.
    """
    stem = name.rstrip("0123456789")
    digits = name[len(stem) :]
    numbered = 0 < len(digits) < 10
    number = int(digits) if numbered else 1
    candidate = name
    while name_key(candidate) in taken:
        number += 1
        end = f"{number:0{len(digits)}d}" if numbered else f" {number}"
        candidate = (stem if numbered else name)[: MAX_NAME - len(end)] + end
    return candidate


# ---- tables ----


def neutralise(text: str) -> str:
    """The text with an apostrophe in front if a spreadsheet program could take it for a formula.

    That is when it begins with = + - or @, perhaps after white space, or with a tab or line break: what OWASP lists
    under "CSV Injection".
    """
    return f"'{text}" if _FORMULA.match(text) else text


def neutralise_parts(text: str) -> str:
    """`neutralise`, and the same after each semicolon.

    Where the comma is the decimal sign, Excel divides a line of CSV at semicolons, whatever is quoted.
    """
    return _AFTER_SEMICOLON.sub(r"\1'", neutralise(text))
