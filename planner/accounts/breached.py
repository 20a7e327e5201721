"""New passwords are held against passwords that have become known, where the service was given a list of them.

The list is a file of hashes in ascending order, as the downloader of Have I Been Pwned writes it: on each line a SHA-1
in hexadecimal, perhaps with a colon and how often it was found. It may have tens of gigabytes and is never read as a
whole: each password is looked up by halves, in some thirty steps.
"""

import hashlib
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError

_DIGITS = 40
_LINE = 200
"""Bytes of a line at most: the hash, and a number."""
KNOWN = "This password has become known: it is in a list of passwords that were stolen. Take another one."
UNREADABLE = "Whether this password has become known can’t be looked up now. Whoever runs this service sees to it."


class BreachedValidator:
    """For settings.AUTH_PASSWORD_VALIDATORS; it asks nothing where settings.BREACHED_PASSWORDS is unset."""

    def validate(self, password: str, user: Any = None) -> None:
        """Raise ValidationError for a password that is in the list, and for every one while that can't be read."""
        if settings.BREACHED_PASSWORDS is None:
            return
        digest = hashlib.sha1(password.encode(), usedforsecurity=False).hexdigest()  # what such lists are made of
        try:
            found = is_listed(settings.BREACHED_PASSWORDS, digest)
        except OSError:
            raise ValidationError(UNREADABLE, code="password_not_looked_up") from None
        if found:
            raise ValidationError(KNOWN, code="password_breached")

    def get_help_text(self) -> str:
        """What is asked for; nothing without a list."""
        return "" if settings.BREACHED_PASSWORDS is None else "It must not be in a list of passwords that were stolen."


def is_listed(path: Path, digest: str) -> bool:
    """Whether a SHA-1 in hexadecimal has a line in the file of sorted ones. Raises OSError."""
    wanted = digest.upper().encode("ascii")
    with path.open("rb") as file:
        low, high = 0, file.seek(0, 2)
        while low < high:  # a line that begins at `low` or later, and before `high`
            middle = (low + high) // 2
            start = _find_line(file, low, middle)
            line = file.readline(_LINE)
            if start >= high or not line:
                high = middle
                continue
            found = line[:_DIGITS].upper()
            if found == wanted:
                return True
            low, high = (file.tell(), high) if found < wanted else (low, middle)
    return False


def _find_line(file: Any, low: int, at: int) -> int:
    """Go to where the first line begins that begins at `at` or later; one begins at `low`."""
    if at <= low:
        file.seek(low)
        return low
    file.seek(at - 1)
    file.readline(_LINE)
    return int(file.tell())
