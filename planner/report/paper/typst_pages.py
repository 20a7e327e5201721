"""Printed documents on paper by Typst: tagged PDF with bookmarks, page numbers and running headers.

The tree of the document goes in as data, and `pages.typ` says what each element looks like. So nothing that a person
typed can be code, and nothing in it makes Typst read a file or a network.
"""

import json
import logging
import re
from itertools import groupby
from pathlib import Path
from typing import Any, Literal, NamedTuple

from typst import TypstError

from planner.report.paper.printed import Element, Kid, Picture, PrintedReport
from planner.report.said.edition import Paper
from planner.report.typesetting import typeset
from ports.text import name_letter, several, show_line

logger = logging.getLogger(__name__)

Node = dict[str, Any]

_LAYOUT = Path(__file__).with_name("pages.typ").read_bytes()
_PAPERS: dict[Paper, str] = {"a4": "a4", "letter": "us-letter"}
"""What Typst calls them."""
_LACKING = re.compile('the text `"(.+?)"` could not be displayed')
_ESCAPED = re.compile(r"\\u\{([0-9a-f]+)\}")
"""How Typst writes what can't be seen in a sentence of its own."""
_UNSEEN = re.compile("[\u00ad\u200b\u2060\ufeff]|(?<=[\x20-\u024f])[\u200c-\u200f]")
"""Characters without a shape. A PDF would have them in its text wherever their neighbour stands."""
_SPACES = re.compile("[ \t\r\n]+")
_WORD = 18
"""Longer words may be broken, since a column may be narrower."""
_LINE = 62
"""How many letters of one width stand beside each other in one of two columns, on either paper."""
_PARTS = 2_000
"""How many parts a paragraph has before another begins: to break lines takes the square of their number."""
_LONG = 150_000
"""A document that is longer has lists so long that to set them twice takes longer than to ask where links lead."""
_TARGETS = {"h2", "h3", "h4", "p", "td"}
"""Elements that `pages.typ` labels where they have an id, so that a link can lead there."""
_INLINE = {"a", "b", "bdi", "br", "em", "i", "samp", "small", "span"}
"""Elements that are parts of a paragraph; the others begin and end one."""


class _Gathered(NamedTuple):
    """What the elements have that stands apart: pictures, and the ids of those that are labelled."""

    pictures: list[str]
    targets: dict[str, bool]


def make_pdf(printed: PrintedReport, *, is_last: bool = False) -> bytes:
    """The document as a tagged PDF with its files. The same document gives the same bytes.

    It says that it is PDF/UA-1 and PDF/A-3a if Typst finds nothing against it; a letter that no font of the machine
    has is enough, and is said in the log. Without a date it can't be PDF/A. `is_last`: the process ends after it.
    """
    data = {"document": json.dumps(read_tree(printed), ensure_ascii=False)}
    data |= {f"file-{number}": file.text for number, file in enumerate(printed.files)}
    standards: list[Literal["a-3a", "ua-1"]] = ["a-3a", "ua-1"] if printed.date else ["ua-1"]
    return typeset(_LAYOUT, data, standards=standards, forget=not is_last, on_refusal=_tell_refused)


def _tell_refused(error: TypstError) -> None:
    """Log why a document is no PDF/UA-1: the characters that no font has, or what else Typst finds against it."""
    logger.warning(_say_refused(error))


def _say_refused(error: TypstError) -> str:
    lacking = {_ESCAPED.sub(lambda found: chr(int(found[1], 16)), text) for text in _LACKING.findall(error.diagnostic)}
    if not lacking:
        return f"The PDF is neither PDF/UA-1 nor PDF/A-3a: {show_line(error.message)}"
    named = [f"{text if text.isprintable() else ''} {''.join(map(name_letter, text))}" for text in sorted(lacking)]
    return f"The PDF has boxes for {several(named)}, and is neither PDF/UA-1 nor PDF/A-3a: no font here has these."


def read_tree(printed: PrintedReport) -> Node:
    """What `pages.typ` sets: title, running texts, the elements and the pictures in them."""
    gathered = _Gathered([], {})
    return {
        "title": _drop_unseen(printed.title),
        "lang": "en",
        "has-lists": printed.length > _LONG,
        "name": _drop_unseen(printed.running.name),
        "edition": _drop_unseen(printed.running.edition),
        "matrix": _drop_unseen(printed.running.matrix),
        "paper": _PAPERS[printed.paper],
        "date": [printed.date.year, printed.date.month, printed.date.day] if printed.date else None,
        "files": [
            {"name": file.name, "type": file.media_type, "is": file.relationship, "says": file.description}
            for file in printed.files
        ],
        "body": [_make_node(part, gathered) for part in printed.parts],
        "pictures": gathered.pictures,
        "targets": gathered.targets,
    }


def _drop_unseen(text: str) -> str:
    return _UNSEEN.sub("", text)


def _make_node(element: Element, gathered: _Gathered, anchor: str | None = None) -> Node:
    node: Node = {"t": element.tag, "c": list(element.classes), "k": []}
    given = dict(element.attributes)
    if "href" in given:
        node["href"] = given["href"]
    for name in ("colspan", "rowspan"):
        if name in given:
            node[name] = int(given[name])
    # Where a section begins is where its heading stands.
    inner = given.get("id") if element.tag == "section" else None
    if element.tag != "section" and (anchor or "id" in given):
        node["id"] = anchor or given["id"]
        if element.tag in _TARGETS:
            gathered.targets[node["id"]] = True
    for kid in element.kids:
        if isinstance(kid, Element) and inner and kid.tag in ("h2", "h3"):
            node["k"].append(_make_node(kid, gathered, inner))
            inner = None
        else:
            node["k"] += _make_nodes(kid, element, gathered)
    if element.tag not in _INLINE:
        node["k"], _ = _divide(node["k"], 0)
    return node


def _make_nodes(kid: Kid, parent: Element, gathered: _Gathered) -> list[Any]:
    if isinstance(kid, Picture):
        return [_make_picture(kid, parent, gathered.pictures)]
    if isinstance(kid, Element):
        return [_make_node(kid, gathered)]
    text = _drop_unseen(kid)
    return _part_lines(text) if parent.tag == "pre" else _part_words(_SPACES.sub(" ", text))


def _make_picture(picture: Picture, parent: Element, pictures: list[str]) -> Node:
    pictures.append(_drop_unseen(picture.svg))
    size = re.search(r'width="([\d.]+)pt" height="([\d.]+)pt"', picture.svg)
    title = re.search(r"<title>([^<]*)</title>", picture.svg)
    width, height = (float(size[1]), float(size[2])) if size else (400.0, 300.0)
    # What fits on a page of either paper, beside a heading; an overview leaves room for more.
    scale = min(1.0, 688 / width, (260 if "overview" in parent.classes else 425) / height)
    return {
        "t": "svg", "c": [], "k": [], "number": len(pictures) - 1, "alt": title[1] if title else "Diagram",
        "width": round(width * scale, 2), "height": round(height * scale, 2),
    }  # fmt: skip


def _part_words(text: str) -> list[Any]:
    """Text, its long words as parts between which a line may break."""
    if max(map(len, text.split(" "))) <= _WORD:
        return [text]
    said: list[Any] = []
    short: list[str] = []
    for word in re.split("( )", text):
        if len(word) <= _WORD:
            short.append(word)
        else:
            said += filter(None, ["".join(short)])
            short.clear()
            parts = [part for part in re.split(r"(?<=[.:/_@-])", word) if part]
            parts = [some for part in parts for some in ([part] if len(part) <= _WORD else part)]
            said.append({"t": "long", "c": [], "k": parts})
    return [*said, *filter(None, ["".join(short)])]


def _divide(kids: list[Any], count: int) -> tuple[list[Any], int]:
    """What stands in a block, with the beginning of a paragraph wherever one would have more than _PARTS parts.

    `count`: how many parts the paragraph has before; with the nodes comes how many the last one has then.
    """
    divided: list[Any] = []
    for kid in kids:
        if not isinstance(kid, str) and kid["t"] in _INLINE and kid["k"]:
            inner, count = _divide(kid["k"], count)
            divided.append({**kid, "k": inner})
        elif not isinstance(kid, str) and kid["t"] not in _INLINE and kid["t"] != "long":
            divided.append(kid)
            count = 0
        else:
            is_long = not isinstance(kid, str) and kid["t"] == "long"
            pieces: list[Any] = kid["k"] if is_long else [kid]
            while count + len(pieces) > _PARTS:
                some, pieces = pieces[: _PARTS - count], pieces[_PARTS - count :]
                divided += [{**kid, "k": some}] if some else []
                divided.append({"t": "turn", "c": [], "k": []})
                count = 0
            divided.append({**kid, "k": pieces} if is_long else kid)
            count += len(pieces)
    return divided, count


def _part_lines(text: str) -> list[Any]:
    """Lines as they are, but those that are longer than a page is wide: they may break in their words."""
    said: list[Any] = []
    for is_long, lines in groupby(text.split("\n"), key=lambda line: len(line) > _LINE):
        if is_long:
            said += ({"t": "line", "c": [], "k": _divide(_part_words(line), 0)[0]} for line in lines)
        else:
            said.append("\n".join(lines))
    return said
