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


class HashedStorage(CompressedManifestStaticFilesStorage):  # type: ignore[misc]  # whitenoise ships no types
    """Hashed and compressed files where `collectstatic` has run; plain names where it hasn't (tests, commands).

    A stylesheet has its parts within it: the page of a plan loads four in place of fifty.
    """

    manifest_strict = False
    # Scripts import each other by those names too: another content is another address, all the way up.
    support_js_module_import_aggregation = True
    max_post_process_passes = 10  # a name is right one pass after those that it imports

    def post_process(
        self, paths: Mapping[str, tuple[Storage, str]], dry_run: bool = False, **options: Any
    ) -> Iterator[tuple[str, str | None, bool | Exception]]:
        """Put stylesheets together, then hash and compress all.

        `paths` has the collected files by name: where each comes from, and its path there. Yields of each its name,
        the new one, and whether it has changed, or what is wrong with it (Django, `ManifestFilesMixin`). Raises
        FileNotFoundError for a part that isn't there.
        """
        whole = dict(paths)
        for name, (storage, path) in paths.items():
            if not dry_run and name.endswith(".css"):
                text = _read(storage, path)
                if IMPORT.search(text):
                    self.delete(name)
                    self.save(name, ContentFile(_join(storage, path, text).encode()))
                    whole[name] = (self, name)
        yield from super().post_process(whole, dry_run, **options)


def _read(storage: Storage, path: str) -> str:
    with storage.open(path) as file:
        return str(file.read(), "utf-8")


def _join(storage: Storage, path: str, text: str) -> str:
    """A stylesheet with what it imports in the places of the imports, from files beside it or below."""

    def put_in(found: re.Match[str]) -> str:
        part = str(PurePosixPath(path).parent / found[1])
        return _join(storage, part, _read(storage, part)).rstrip("\n")

    return IMPORT.sub(put_in, text)
