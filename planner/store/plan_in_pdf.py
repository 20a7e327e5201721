"""The plan that the PDF of a report carries along, read back from it.

A PDF may come from anybody and be made to keep its reader busy. So another process reads it (`pdf_reader.py`), with so
much memory and processor time and no more, and only what it found comes back.
"""

import subprocess
import sys
from pathlib import Path

from planner.plan import limits

_READER = Path(__file__).with_name("pdf_reader.py")
_BEGINNING = 1024  # bytes
_MEMORY = 2**30
"""Most bytes of memory of the process that reads."""
_SECONDS = 10
"""Most seconds of processor time that it takes."""
_READABLE = (
    "Take the PDF of a whole report, as whoever edits the plan downloads it or the command report writes it; or the "
    "plan itself."
)


class NoPlanInside(ValueError):
    """No plan can be taken out of a PDF. The message is made of sentences: what it is, and what can be read."""


def is_pdf(data: bytes) -> bool:
    """Whether the beginning of a file says that it is a PDF."""
    return data[:_BEGINNING].lstrip(b"\xef\xbb\xbf \t\r\n\0").startswith(b"%PDF-")


def say_too_large(size: int) -> str:
    """What is wrong with a PDF of so many bytes."""
    return f"The PDF has {size / 2**20:.1f} MiB; at most {limits.PAPER // 2**20} MiB are read."


def take_plan(data: bytes) -> bytes:
    """The plan document in the bytes of a PDF, as it was written, of at most `limits.DOCUMENT` bytes and one.

    It has not been checked: whoever gets it reads it as any file. Raises NoPlanInside.
    """
    if len(data) > limits.PAPER:
        raise NoPlanInside(say_too_large(len(data)))
    command = [sys.executable, "-I", str(_READER), str(_MEMORY), str(_SECONDS), str(limits.DOCUMENT)]
    try:
        read = subprocess.run(command, input=data, capture_output=True, timeout=6 * _SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired):
        raise NoPlanInside(f"This PDF could not be read. {_READABLE}") from None
    if read.returncode == 0:
        return read.stdout
    if read.returncode == 3:
        raise NoPlanInside(f"There is no plan in this PDF. {_READABLE}")
    raise NoPlanInside(f"This PDF can't be read: it is damaged, locked or too large. {_READABLE}")
