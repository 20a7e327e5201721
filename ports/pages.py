"""Pages that are kept as they were rendered, with gaps for what is another for each who asks, and their ETags.

Whoever keeps a page says what it follows from, as its key. What is rendered to be kept gets no request: a template
can't put anything of one person into it but by a gap.
"""

import secrets
import sys
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from itertools import zip_longest
from threading import Lock

from django.http import HttpRequest
from django.utils.crypto import salted_hmac
from django.utils.http import parse_etags

MOST = 24 * 2**20
"""How many bytes the kept pages of one process have together."""
_START = secrets.token_hex(16)
"""Of this start of the service: after the next one, with other code or settings, nothing counts as known."""
_MARK = secrets.token_hex(16)
"""Stands on both sides of the name of a gap; nobody can type what nobody knows."""
_LOCKS = 64


def leave_gap(name: str) -> str:
    """What a page that is rendered to be kept has in place of what `Kept.fill` puts there under that name."""
    return f"{_MARK}{name}{_MARK}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A rendered page: what stands before, between and behind its gaps, and their names in order."""

    texts: tuple[bytes, ...]
    gaps: tuple[str, ...]
    address: str
    lasts: bool

    @property
    def size(self) -> int:
        """In bytes, as good as."""
        return sum(map(len, self.texts)) + 200 * len(self.texts)

    def fill(self, fillings: Mapping[str, Callable[[], str]]) -> bytes:
        """The page with what is in its gaps for one person, escaped by who makes it."""
        filled = [fillings[name]().encode() for name in self.gaps]
        return b"".join(part for pair in zip_longest(self.texts, filled, fillvalue=b"") for part in pair)


class Shelf:
    """The pages that were asked for last, as many as have room together."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.size = 0
        self._pages: OrderedDict[Hashable, Kept] = OrderedDict()
        self._lock = Lock()
        self._making = [Lock() for _ in range(_LOCKS)]

    def find(self, key: Hashable, make: Callable[[], Kept]) -> Kept:
        """The page of a key. It is made if it isn't there, by one of those who want it while the others wait.

        So what `make` may have to wait for is to be had before. What it raises is raised.
        """
        with self._making[hash(key) % _LOCKS]:
            found = self.look(key)
            if found is None:
                found = make()
                if found.lasts:
                    self._put(key, found)
        return found

    def look(self, key: Hashable) -> Kept | None:
        """The page of a key, if it is there."""
        with self._lock:
            found = self._pages.get(key)
            if found is not None:
                self._pages.move_to_end(key)
            return found

    def _put(self, key: Hashable, page: Kept) -> None:
        if page.size * 2 > self.most:
            return
        with self._lock:
            self._pages[key] = page
            self.size += page.size
            while self.size > self.most:
                self.size -= self._pages.popitem(last=False)[1].size

    def clear(self) -> None:
        """Keep nothing any more."""
        with self._lock:
            self._pages.clear()
            self.size = 0


pages = Shelf(MOST)
"""All that are kept by this process, of the matrix and of plans."""


def cut(text: str, *, address: str = "", lasts: bool = True) -> Kept:
    """A page to keep, of the text that was rendered with its gaps."""
    parts = text.split(_MARK)
    return Kept(
        texts=tuple(part.encode() for part in parts[::2]),
        gaps=tuple(map(sys.intern, parts[1::2])),
        address=address,
        lasts=lasts,
    )


def seal(known: object) -> str:
    """The ETag of a page, of all that it follows from; a weak one, as what fills its gaps may be another each time.

    `known` is anything whose `repr` is another where it is another. The ETag tells nothing of it, nobody else can make
    it, and it is another after the next start of the service.
    """
    digest = salted_hmac("ports.pages", repr((_START, known)), algorithm="sha256").hexdigest()
    return f'W/"{digest[:32]}"'


def is_known(request: HttpRequest, tag: str) -> bool:
    """Whether whoever asks has the page of this ETag (RFC 9110, 13.1.2)."""
    return tag in parse_etags(request.headers.get("If-None-Match", ""))
