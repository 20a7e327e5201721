"""What git knows of a plan file. Everything is asked of the program `git`, and nothing is written."""

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

_LOGIN = re.compile(r"(?<=://)[^/@]*@")
"""Who logs in to a repository, and perhaps by which secret."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A file in a clone."""

    folder: Path
    """The clone's."""
    path: str
    """The file's within it."""
    commit: str
    """The newest one, in hexadecimal; empty where the file isn't as it is in that."""
    repository: str
    """Where the clone is from, without who logs in there; empty where git doesn't know."""
    is_shallow: bool
    """Whether the clone lacks older commits."""

    def read_at(self, commit: str, path: str) -> bytes | None:
        """What a file was in this commit or an earlier one; None where it wasn't there, or the commit isn't one."""
        if _ask(self.folder, "merge-base", "--is-ancestor", commit, "HEAD") is None:
            return None
        return _ask(self.folder, "cat-file", "blob", f"{commit}:{path}")


def has_git() -> bool:
    """Whether there is the program at all."""
    return shutil.which("git") is not None


def find_place(file: Path) -> Place | None:
    """Where a file is in a clone; None where it is in none, or there is no git."""
    folder = file.resolve().parent
    top = _tell(folder, "rev-parse", "--show-toplevel")
    if not top:
        return None
    path = file.resolve().relative_to(Path(top).resolve()).as_posix()
    commit = _tell(Path(top), "rev-parse", "HEAD")
    is_in = bool(commit) and _ask(Path(top), "cat-file", "-e", f"HEAD:{path}") is not None
    changed = _tell(Path(top), "status", "--porcelain", "--", path)
    return Place(
        folder=Path(top),
        path=path,
        commit=commit if is_in and changed == "" else "",
        repository=_LOGIN.sub("", _tell(Path(top), "config", "--get", "remote.origin.url") or ""),
        is_shallow=_tell(Path(top), "rev-parse", "--is-shallow-repository") == "true",
    )


def _tell(folder: Path, *words: str) -> str:
    """What git answers, without the line's end; empty too where it can't."""
    return (_ask(folder, *words) or b"").decode("utf-8", "replace").strip()


def _ask(folder: Path, *words: str) -> bytes | None:
    """What git answers; None where it says that it can't."""
    try:
        done = subprocess.run(  # no word that others wrote is an option: commits are hexadecimal
            ["git", "-C", str(folder), *words],
            capture_output=True, check=False, env=os.environ | {"GIT_OPTIONAL_LOCKS": "0", "LC_ALL": "C"},
        )  # fmt: skip
    except OSError:
        return None
    return done.stdout if done.returncode == 0 else None
