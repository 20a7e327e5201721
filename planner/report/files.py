"""Reports as files: written whole or not at all, to a path or to standard output."""

import stat
from pathlib import Path
from typing import Any

from planner.deploy.commands import write_into_nothing
from planner.deploy.drafts import writing


class Failure(Exception):
    """A file can't be read or a report not delivered. The message is a sentence, or empty when none is called for."""


def write_output(stream: Any, content: bytes) -> None:
    """Write bytes to a command's standard output as they are, whatever its encoding; to a StringIO as text.

    Raises Failure with a sentence; without one when the reader has gone, who doesn't need to be told.
    """
    try:
        if hasattr(stream, "buffer"):
            stream.buffer.write(content)
            stream.buffer.flush()
        elif hasattr(stream, "getvalue"):
            stream.write(content.decode(), ending="")
        else:
            raise Failure("Standard output is closed.")
    except OSError as error:
        write_into_nothing(stream)
        if isinstance(error, BrokenPipeError):
            raise Failure from None
        raise Failure(f"Standard output can't be written: {explain(error)}.") from None


def write_file(target: Path, content: bytes) -> None:
    """Write a file whole or not at all, making its folder when missing.

    What the path leads to through symbolic links is replaced. A device or pipe is written to, not replaced. Raises
    Failure with a sentence.
    """
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        mode = _mode(target)
        if mode is not None and not stat.S_ISREG(mode):
            target.write_bytes(content)
            return
        with writing(target.resolve(), mode=0o666) as file:
            file.write(content)
            if mode is not None:
                Path(file.name).chmod(stat.S_IMODE(mode))
    except FileExistsError:
        raise Failure(f"{target} can't be written: {target.parent} is no folder.") from None
    except OSError as error:
        raise Failure(f"{target} can't be written: {explain(error)}.") from None


def _mode(path: Path) -> int | None:
    """Type and permissions of what is at a path; None when there is nothing."""
    try:
        return path.stat().st_mode
    except FileNotFoundError:
        return None


def explain(error: OSError) -> str:
    """What the system says of an error, in its own words."""
    return error.strerror or str(error)
