"""Files that are written beside their place and moved there once they are whole.

What a killed process leaves of them says what the file would have said, with the secrets in it. So all their names
begin alike, and whoever writes the next one takes away what is too old to be at work still.
"""

import os
import secrets
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

PREFIX = ".planner-draft-"
"""What the name of every draft begins with, of files and folders."""
LEFT_AFTER = 24 * 60 * 60
"""After how many seconds without a change nobody is at work at a draft any more."""


@contextmanager
def writing(target: Path, *, mode: int = 0o600) -> Iterator[BinaryIO]:
    """A file to be written to, and read; `target` is this one as soon as the block ends, and what it was until then.

    It is on the disk before. Its owner alone can read it; another `mode` loses what the umask forbids. Whoever wants
    to look at it in the block finds it under its `name`, once it is flushed. Where the block raises anything, nothing
    is left of it. Drafts that were left in the folder are taken away. Raises OSError where it can't be written.
    """
    drop_left(target.parent)
    # A name of its own: the target's with an addition could be too long for the file system.
    draft = target.with_name(f"{PREFIX}{secrets.token_hex(8)}")
    try:
        with open(draft, "x+b", opener=lambda path, flags: os.open(path, flags, mode)) as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        draft.replace(target)
        sync_folder(target.parent)
    finally:
        draft.unlink(missing_ok=True)


def drop_left(folder: Path) -> int:
    """Take away the drafts in a folder that were left there, as far as they can be. Returns how many."""
    gone = 0
    since = time.time() - LEFT_AFTER
    with suppress(OSError):
        for path in list(folder.glob(f"{PREFIX}*")):
            with suppress(OSError):
                is_folder = path.is_dir() and not path.is_symlink()
                if max(one.lstat().st_mtime for one in (path, *(path.rglob("*") if is_folder else ()))) < since:
                    shutil.rmtree(path) if is_folder else path.unlink()
                    gone += 1
    return gone


def sync_folder(folder: Path) -> None:
    """Have a name that was given or moved in a folder be there after a loss of power, too, where that can be had."""
    with suppress(OSError):  # not every system opens a folder, and not every file system syncs one
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
