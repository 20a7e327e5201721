"""Texts of a plan as a script has them, but for the quotes of PowerShell: the one place for it.

A name goes into scripts as JSON in plain ASCII, so that it is the same whatever the encoding that they are read in.
In lists it stands in a document that the shell takes as it is, elsewhere in single quotes.
"""

import json
import re

_PLAIN = re.compile(r"[A-Za-z0-9.:/_-]+")


def as_json(text: str) -> str:
    """A text as JSON in ASCII: no line breaks, no tabs, no letters that a reader can't see."""
    return json.dumps(text, ensure_ascii=True)


def quote_bash(text: str) -> str:
    """An ASCII text as one word of bash: in single quotes, in which nothing has a meaning but their end."""
    return "'" + text.replace("'", "'\\''") + "'"


def cell(text: str) -> str:
    """A word of a plan in a list: an id, an address, a port, a rule's number. Anything else is written as JSON."""
    return text if _PLAIN.fullmatch(text) else as_json(text)
