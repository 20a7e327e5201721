"""Words and names that no firewall takes for anything else: what a person typed goes through here, or stays out.

What is allowed is listed, not what is forbidden: a quote ends a comment of nftables, a question mark asks an ASA for
help, a dollar sign or a percent sign is a variable somewhere.
"""

import hashlib
import re
import textwrap
import unicodedata
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache

from planner.plan.document import Endpoint

_OUTSIDE = re.compile(r"[^A-Za-z0-9.,:_() -]+")
_OUTSIDE_BUT_SLASHES = re.compile(r"(?:[^A-Za-z0-9.,:_() /-]|(?<![A-Za-z0-9.:_])/|/(?![A-Za-z0-9._]))+")
"""The same without a slash within a word: beside no other slash, asterisk or bracket it ends no comment anywhere."""
_SLASHES_BESIDE = re.compile(r"(?<![\w.])/|/(?![\w.])")
"""Slashes that stand beside no letter on one side."""
_OUTSIDE_NAMES = re.compile(r"[^A-Za-z0-9]+")
_HYPHENS = re.compile(r"-{2,}")
_SPACES = re.compile(r"\s+")
_CUT = " ..."

NAME_LENGTH = 30
"""Of an object's name, what stands for the endpoint: with what targets add it fits the tightest limit, 63."""


def clean(text: str, limit: int = 80, *, slashes: bool = False) -> str:
    """The text on one line in letters, digits and . , : _ ( ) - only; accents go, the rest becomes a space.

    May be empty. No two hyphens stand together, since they end a comment in XML. What is longer is cut, as `cut` does.
    With `slashes`, for comments alone, those within words stay: 192.0.2.0/24, plans/new.yaml.
    """
    outside = _OUTSIDE_BUT_SLASHES if slashes else _OUTSIDE
    taken = 4 * limit  # of a long text the beginning is enough
    while len(plain := _clean(text[:taken], outside)) <= limit and taken < len(text):
        taken *= 4
    return cut(plain, limit)


def _clean(text: str, outside: re.Pattern[str]) -> str:
    # Letter by letter, since accents go: to bring thousands of them into their order takes the square of their number.
    apart = text if text.isascii() else "".join(unicodedata.normalize("NFKD", letter) for letter in text)
    plain = apart.encode("ascii", "ignore").decode()
    plain = _SPACES.sub(" ", outside.sub(" ", plain))
    return _HYPHENS.sub("-", plain).strip()


def cut(text: str, limit: int) -> str:
    """The text; a longer one ends after a whole word, if there is one, and in three dots that say so."""
    if len(text) <= limit:
        return text
    start = text[: limit - len(_CUT)]
    words = start.rpartition(" ")[0] if " " in start and text[len(start)] != " " else start
    return words.rstrip(" .,:(-") + _CUT


_LEAST = 60
"""How many letters of what gives way in a comment say something."""


def join_short(parts: Iterable[str], yielding: str, limit: int) -> str:
    """The parts of a comment on one line of at most so many characters.

    The `yielding` one is shortened first, down to what stands before its comma: the plan has all of it.
    """
    kept = tuple(parts)
    room = len(yielding) + limit - len(" - ".join(kept))
    short = cut(yielding, room) if room >= min(_LEAST, len(yielding)) else yielding.partition(",")[0]
    return cut(" - ".join(short if part == yielding else part for part in kept), limit)


def show_name(name: str) -> str:
    """A name in letters and digits of any script: a table for readers, and harmless in a comment.

    Of slashes those within words stay, as in `clean`.
    """
    kept = _SLASHES_BESIDE.sub(" ", "".join(one if _is_plain(one) or one in " -/" else " " for one in name))
    return _HYPHENS.sub("-", _SPACES.sub(" ", kept)).strip(" -")[:100] or "a name without letters"


def _is_plain(letter: str) -> bool:
    return letter.isalpha() or letter.isdecimal() or letter in "._"


def show_names(names: Iterable[str]) -> Mapping[str, str]:
    """Each name as `show_name` has it; those that would be alike have the rest spelled: PS(reverse solidus)01."""
    return _apart(names, show_name, str)


def call_apart(names: Iterable[str], call: Callable[[str], str]) -> Mapping[str, str]:
    """What each name is called; of those that would be called alike the spelled names are: DMZ(asterisk)1."""
    return _apart(names, call, call)


def _apart(names: Iterable[str], call: Callable[[str], str], call_spelled: Callable[[str], str]) -> Mapping[str, str]:
    called = {name: call(name) for name in names}
    often = Counter(called.values())
    return {name: text if often[text] == 1 else call_spelled(_spell(name)) for name, text in called.items()}


def _spell(name: str) -> str:
    """The name with what isn't plain in it as Unicode calls that; a space or a hyphen after a letter stays."""
    return "".join(
        letter
        if _is_plain(letter) or (letter in " -" and before.isalnum())
        else f"({unicodedata.name(letter, f'U {ord(letter):04X}').lower()})"
        for before, letter in zip(f" {name}", name, strict=False)
    )


def call_name(name: str, most: int) -> str:
    """What somebody called a thing, harmless in a comment: letters of any script stay."""
    called = clean(name, most, slashes=True) if name.isascii() else cut(show_name(name), most)
    return called or "a name without letters"


def shorten(name: str, limit: int) -> str:
    """The name; a longer one is cut and gets six digits of its hash, so that it stays another than its like."""
    return name if len(name) <= limit else f"{name[: limit - 7].rstrip('-')}-{_digest(name, 6)}"


def name_apart(names: Mapping[tuple[str, ...], str], limit: int) -> dict[tuple[str, ...], str]:
    """What each thing is called, by the words that it is: its name, shortened; no two alike.

    Of several by one name each has the hash of its words: none has the name that is another's in the next file.
    `names` are of all that there is, told or not, so that a part calls all as the whole does.
    """
    called = {words: shorten(name, limit) for words, name in names.items()}
    often = Counter(called.values())
    return {
        words: short if often[short] == 1 else f"{short[: limit - 7].rstrip('-')}-{_digest(chr(10).join(words), 6)}"
        for words, short in called.items()
    }


def name_joined(
    prefix: str, things: Iterable[tuple[str, ...]], known: Sequence[Collection[str]], limit: int
) -> dict[tuple[str, ...], str]:
    """What each thing is called: the prefix and its words, a hyphen between them.

    `known` are the words that there are for each place: where others of them run together as these do, their name is
    taken, whether they are among the things or not.
    """
    names: dict[tuple[str, ...], str] = {}
    for words in things:
        text = "-".join(words)
        names.update((other, f"{prefix}-{text}") for other in _read(text, known))
    return name_apart(names, limit)


def _read(text: str, known: Sequence[Collection[str]]) -> Iterator[tuple[str, ...]]:
    """Every way to read words, a known one for each place, out of a text that has a hyphen between them."""
    first, *others = known
    if not others:
        yield from [(text,)] if text in first else ()
        return
    for end in (place for place, letter in enumerate(text) if letter == "-"):
        if text[:end] in first:
            yield from ((text[:end], *rest) for rest in _read(text[end + 1 :], others))


def name_any(others: tuple[str, ...]) -> str:
    """What an any that leaves these out is called where a device is told what is left."""
    return others[0].replace("elsewhere", "any_but")


def _digest(text: str, length: int) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:length]


def name_endpoints(endpoints: Iterable[Endpoint]) -> Mapping[str, str]:
    """Endpoint name -> a name in letters, digits and hyphens that no other endpoint has, whatever the case.

    Those that would get the same one carry the start of their own name's hash, so that the order of the plan
    doesn't matter.
    """
    bases = {
        endpoint.name: shorten(
            _OUTSIDE_NAMES.sub("-", clean(endpoint.name, 255)).strip("-") or "endpoint", NAME_LENGTH
        )
        for endpoint in endpoints
    }
    counts: dict[str, int] = {}
    for base in bases.values():
        counts[base.casefold()] = counts.get(base.casefold(), 0) + 1
    single = {base.casefold() for base in bases.values() if counts[base.casefold()] == 1}
    names, taken = {}, set(single)
    for name, base in sorted(bases.items()):
        unique = base
        if base.casefold() not in single:
            suffixes = (f"-{_digest(name, length)}" for length in range(6, NAME_LENGTH - 1))
            candidates = (base[: NAME_LENGTH - len(suffix)] + suffix for suffix in suffixes)
            unique = next(candidate for candidate in candidates if candidate.casefold() not in taken)
        taken.add(unique.casefold())
        names[name] = unique
    return names


def wrap(text: str, width: int = 100, indent: str = "  ") -> Iterator[str]:
    """Lines of at most so many characters; the ones after the first begin with the indent."""
    yield from _wrap(text, width, indent)


@lru_cache(32)  # the files of an archive, one for each of thousands of hosts, begin with the same sentences
def _wrap(text: str, width: int, indent: str) -> list[str]:
    return textwrap.wrap(text, width, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)


FILE_NAME = 100
"""How many letters of a name a file is called by."""
_FILE_BYTES = 224
"""And how many bytes: file systems take 255, and an ending comes after it."""


def name_files(names: Iterable[str]) -> tuple[str, ...]:
    """What the files of these are called, in their order: letters of any script, digits and . _ - of each name.

    All else becomes a hyphen. Where two meet, whatever the case, the later one ends in -2, -3 and so on. A name is cut
    after FILE_NAME letters, and after as many as disks take.
    """
    made: list[str] = []
    taken: set[str] = set()
    last: dict[str, int] = {}
    for name in names:
        letters = unicodedata.normalize("NFC", name)[:FILE_NAME]
        base = "".join(one if one.isalpha() or one.isdecimal() or one in "._-" else "-" for one in letters)
        base = _cut_file(base)
        unique, number = base, last.get(base.casefold(), 1)
        while unique.casefold() in taken:
            number += 1
            unique = _cut_file(base, f"-{number}")
        last[base.casefold()] = number
        taken.add(unique.casefold())
        made.append(unique)
    return tuple(made)


def _cut_file(name: str, end: str = "") -> str:
    """What a file can be called, with an end in ASCII."""
    letters = name[: FILE_NAME - len(end)].encode()
    return letters[: _FILE_BYTES - len(end)].decode(errors="ignore") + end
