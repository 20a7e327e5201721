"""What a printed document says, as one value: `PrintedReport`, a tree of elements that are named as in HTML.

It is made once from a report or a comparison. `html` writes it for browsers and for WeasyPrint, `typst_pages` hands it
to Typst; so both set the same words in the same order. Knows no report and no renderer.
"""

import datetime
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Literal

from planner.report.said.edition import Paper


@dataclass(frozen=True, slots=True)
class Picture:
    """A drawing of ours as SVG: markup in which every text has been escaped."""

    svg: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Element:
    """A part of a document: a paragraph, a table, a cell. Text in it is what a person reads, never markup."""

    tag: str
    classes: tuple[str, ...] = ()
    attributes: tuple[tuple[str, str], ...] = ()
    kids: tuple["Kid", ...] = ()

    def get(self, name: str) -> str | None:
        """The value of an attribute, None without it."""
        return dict(self.attributes).get(name)

    def texts(self) -> Iterator[str]:
        """Every piece of text in it, in the order of reading; pictures have none."""
        for kid in self.kids:
            if isinstance(kid, str):
                yield kid
            elif isinstance(kid, Element):
                yield from kid.texts()


type Kid = str | Element | Picture
type Kids = Kid | Iterable[Kids] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """What stands on each page: above to the left and to the right, and below."""

    name: str
    edition: str
    matrix: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbeddedFile:
    """A file of text that the PDF carries along, for programs."""

    name: str
    text: str = field(repr=False)
    media_type: str
    relationship: Literal["source", "data"]
    """What it is to the pages, in the words of PDF/A-3 (ISO 19005-3): they were made from it, or show it."""
    description: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PrintedReport:
    """A report or a change request, ready to be set. `parts` are its sections in the order of the pages."""

    title: str
    running: Running
    parts: tuple[Element, ...]
    paper: Paper = "a4"
    stylesheet: str = field(default="", repr=False)
    """CSS of a house style, as `planner.deploy.stylesheet.read_stylesheet` gives it; empty: ours alone."""
    date: datetime.date | None = None
    """Of the document; PDF/A asks for one."""
    files: tuple[EmbeddedFile, ...] = ()
    """What a PDF carries along; a web page has none of them."""

    @property
    def length(self) -> int:
        """About how many characters it has as a web page, without stylesheets."""
        return sum(map(_measure, self.parts))


def _measure(kid: "Kid") -> int:
    if isinstance(kid, str):
        return len(kid)
    if isinstance(kid, Picture):
        return len(kid.svg)
    marks = 2 * len(kid.tag) + 5 + sum(len(name) + len(value) + 4 for name, value in kid.attributes)
    return marks + sum(map(len, kid.classes)) + sum(map(_measure, kid.kids))


def make(what: str, *kids: Kids, **attributes: str | None) -> Element:
    """An element: `make("p.intro", "Text")`, `make("td.id", rule.id, colspan="2")`.

    `what` is the tag with its classes behind points and its id behind `#`. Of the kids None and empty text are left
    out, lists are taken apart, and texts side by side are one. An underscore in the name of an attribute is a hyphen,
    None is no attribute.
    """
    tag, classes, anchor = _split(what)
    given = [("id", anchor)] if anchor else []
    given += [(name.strip("_").replace("_", "-"), value) for name, value in attributes.items() if value is not None]
    return Element(tag=tag, classes=classes, attributes=tuple(given), kids=tuple(_flatten(kids)))


@cache
def _split(what: str) -> tuple[str, tuple[str, ...], str]:
    head, _, anchor = what.partition("#")
    tag, *classes = head.split(".")
    return tag, tuple(classes), anchor


def _flatten(kids: Iterable[Kids]) -> Iterator[Kid]:
    text: list[str] = []
    for kid in _each(kids):
        if isinstance(kid, str):
            text.append(kid)
            continue
        if text:
            yield "".join(text)
            text.clear()
        yield kid
    if text:
        yield "".join(text)


def _each(kids: Iterable[Kids]) -> Iterator[Kid]:
    for kid in kids:
        if isinstance(kid, (str, Element, Picture)):
            if kid != "":
                yield kid
        elif kid is not None:
            yield from _each(kid)


def join(kids: Iterable[Kids], separator: str = ", ", last: str | None = None) -> list[Kids]:
    """The kids with a text between each two; another one before the last, if it is given."""
    listed = list(kids)
    joined: list[Kids] = []
    for number, kid in enumerate(listed):
        if number:
            joined.append(last if last is not None and number == len(listed) - 1 else separator)
        joined.append(kid)
    return joined
