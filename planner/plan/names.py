"""What makes two names the same, and names that are free."""

import unicodedata
from collections.abc import Container

MAX_LENGTH = 255
"""How many characters the name of a zone or endpoint may have."""


def name_key(name: str) -> str:
    """What two names have in common when they count as the same: Unicode NFC, then case folded.

    A text that is too long for a name is like no other: to bring thousands of accents into their order takes the
    square of their number.
    """
    if len(name) > MAX_LENGTH:
        return name
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


def free_name(name: str, taken: Container[str]) -> str:
    """The name, or the next one like it that isn't taken: PS02 after PS01, "Staff 2" after "Staff".

    `taken` has the keys of the names that are there (`name_key`); what comes out has at most MAX_LENGTH characters.
    """
    stem = name.rstrip("0123456789")
    digits = name[len(stem) :]
    numbered = 0 < len(digits) < 10
    number = int(digits) if numbered else 1
    candidate = name
    while name_key(candidate) in taken:
        number += 1
        end = f"{number:0{len(digits)}d}" if numbered else f" {number}"
        candidate = (stem if numbered else name)[: MAX_LENGTH - len(end)] + end
    return candidate
