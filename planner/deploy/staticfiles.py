"""Static files under names that carry a hash of their content."""

import re
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any

from django.core.files.base import ContentFile
from django.core.files.storage import Storage
from whitenoise.storage import CompressedManifestStaticFilesStorage

IMPORT = re.compile(r"""^@import url\("([^":]+\.css)"\);$""", re.MULTILINE)
"""How our own stylesheets import their parts: each in a line of its own, whatever the medium."""
USE = re.compile(r"""^import (?:\{([\w\s,]+)\} from )?"\./(\w+)\.js";.*$""", re.MULTILINE)
"""How our own scripts import each other, some for names of theirs."""
EXPORT = re.compile(r"^export ((?:async )?function|const) (\w+)", re.MULTILINE)
"""How they export names, none of which is given another value later."""
EVERYWHERE = "js/app.js"
"""The script that every page loads, and before another one."""


class HashedStorage(CompressedManifestStaticFilesStorage):  # type: ignore[misc]  # whitenoise ships no types
    """Hashed and compressed files where `collectstatic` has run; plain names where it hasn't (tests, commands).

    A stylesheet has its parts within it: the page of a plan loads a few in place of dozens. So has a script, but for
    what the one of every page needs as well.
    """

    manifest_strict = False
    # Scripts import each other by those names too: another content is another address, all the way up.
    support_js_module_import_aggregation = True
    max_post_process_passes = 10  # a name is right one pass after those that it imports

    def post_process(
        self, paths: Mapping[str, tuple[Storage, str]], dry_run: bool = False, **options: Any
    ) -> Iterator[tuple[str, str | None, bool | Exception]]:
        """Put stylesheets and scripts together, then hash and compress all.

        `paths` has the collected files by name: where each comes from, and its path there. Yields of each its name,
        the new one, and whether it has changed, or what is wrong with it (Django, `ManifestFilesMixin`). Raises
        FileNotFoundError for a part that isn't there.
        """
        whole = dict(paths)
        for name, text in () if dry_run else _put_together(paths):
            self.delete(name)
            self.save(name, ContentFile(text.encode()))
            whole[name] = (self, name)
        yield from super().post_process(whole, dry_run, **options)


def _put_together(paths: Mapping[str, tuple[Storage, str]]) -> Iterator[tuple[str, str]]:
    """Each file that has others within it, and its text."""
    for name, (storage, path) in paths.items():
        if name.endswith(".css"):
            text = _read(storage, path)
            if IMPORT.search(text):
                yield name, _join(storage, path, text)
    yield from _join_scripts({name: _read(*place) for name, place in paths.items() if name.startswith("js/")})


def _read(storage: Storage, path: str) -> str:
    with storage.open(path) as file:
        return str(file.read(), "utf-8")


def _join(storage: Storage, path: str, text: str) -> str:
    """A stylesheet with what it imports in the places of the imports, from files beside it or below."""

    def put_in(found: re.Match[str]) -> str:
        part = str(PurePosixPath(path).parent / found[1])
        return _join(storage, part, _read(storage, part)).rstrip("\n")

    return IMPORT.sub(put_in, text)


def _join_scripts(texts: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Each of our scripts with what runs with it, in that order, each in a function of its own for its names.

    A page has one of them beside that of every page. What both need stays a file, which runs once and before them.
    """
    runs = {name: _run_of(texts, name) for name in texts}
    everywhere = runs.get(EVERYWHERE, [])
    shared = {part for name, run in runs.items() if name not in everywhere for part in run} & {*everywhere}
    for name, run in runs.items():
        own = [part for part in run if part not in shared]
        if len(own) > 1:
            used = {f"js/{other}.js" for part in own for _names, other in USE.findall(texts[part])}
            lines = [_take(part) for part in run if part in used & shared]
            yield name, "\n".join([*lines, *(_wrap(part, texts[part]) for part in own)])


def _run_of(texts: Mapping[str, str], name: str) -> list[str]:
    """What a browser runs for a script, in its order: first what it imports."""
    parts = [part for _names, other in USE.findall(texts[name]) for part in _run_of(texts, f"js/{other}.js")]
    return [*dict.fromkeys([*parts, name])]


def _take(name: str) -> str:
    stem = PurePosixPath(name).stem
    return f'import * as _{stem} from "./{stem}.js";'


def _wrap(name: str, text: str) -> str:
    """A script as a function that runs at once, and gives what the script exports."""
    takes = [f"const {{{names}}} = _{other};" for names, other in USE.findall(text) if names]
    gives = ", ".join(word for _kind, word in EXPORT.findall(text))
    rest = EXPORT.sub(r"\1 \2", USE.sub("", text)).strip()
    begin, end = f"const _{PurePosixPath(name).stem} = (() => {{", f"return {{ {gives} }};\n}})();"
    return "\n".join([begin, *takes, rest, end])
