"""HTML documents of ours on paper: tagged PDF with bookmarks, page numbers and running headers.

The document is read as a tree of elements, and Typst sets that tree as `paper.typ` says. The tree goes in as data, so
that nothing a person typed can be code, and nothing in it makes Typst read a file or a network. Knows no report.
"""

import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from typst import TypstError

from planner.report.paper.typesetting import typeset
from planner.report.said.edition import Paper

Node = dict[str, Any]

_LAYOUT = Path(__file__).with_name("paper.typ").read_bytes()
_PAPERS: dict[Paper, str] = {"a4": "a4", "letter": "us-letter"}
"""What Typst calls them."""
_VOID = {"br", "col", "meta", "link"}
_CONTAINERS = {"body", "main", "section", "nav", "div", "ul", "dl", "figure", "table", "thead", "tbody", "tr", "html"}
"""Elements in which white space between others means nothing."""
_BLOCKS = _CONTAINERS | {"h1", "h2", "h3", "h4", "p", "li", "td", "th", "dt", "dd"}
_UNSEEN = re.compile("[\u00ad\u200b\u2060\ufeff]|(?<=[\x20-\u024f])[\u200c-\u200f]")
"""Characters without a shape. A PDF would have them in its text wherever their neighbour stands."""
_WORD = 18
"""Longer words may be broken, since a column may be narrower."""
_LINE = 158
"""How many letters of one width stand beside each other, on either paper."""


def make_pdf(document: str, paper: Paper = "a4") -> bytes:
    """An HTML document of ours as a tagged PDF. The same document gives the same bytes.

    It says that it is PDF/UA-1 if Typst finds nothing against it; a letter that no font of the machine has is enough.
    """
    data = {"document": json.dumps({**read_tree(document), "paper": _PAPERS[paper]}, ensure_ascii=False)}
    try:
        return typeset(_LAYOUT, data, standards=["ua-1"])
    except TypstError:
        return typeset(_LAYOUT, data)


def read_tree(document: str) -> Node:
    """What `paper.typ` sets: title, running texts, the elements of the body and the pictures in them."""
    pictures: list[str] = []

    def take(match: re.Match[str]) -> str:
        pictures.append(match[0])
        return f'<svg data-number="{len(pictures) - 1}">'

    # Text is escaped, so only an element begins like this.
    reader = _Reader(pictures)
    reader.feed(re.sub(r"<svg\b.*?</svg>", take, _UNSEEN.sub("", document), flags=re.DOTALL))
    reader.close()
    return reader.tree()


class _Reader(HTMLParser):
    """Builds the tree. The document is our own, so every element that is opened is closed."""

    def __init__(self, pictures: list[str]) -> None:
        super().__init__(convert_charrefs=True)
        self._pictures = pictures
        self._root: Node = {"t": "root", "c": [], "k": []}
        self._open = [self._root]
        self._skip = 0
        self._title: list[str] = []
        self._in_title = False
        self._body: dict[str, str] = {}
        self._lang = "en"
        self._wanted: str | None = None

    def tree(self) -> Node:
        """All that was read."""
        return {
            "title": " ".join("".join(self._title).split()),
            "lang": self._lang,
            "name": self._body.get("data-name", ""),
            "edition": self._body.get("data-edition", ""),
            "matrix": self._body.get("data-matrix", ""),
            "body": self._root["k"],
            "pictures": self._pictures,
        }

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "title":
            self._in_title = True
        elif tag == "html":
            self._lang = given.get("lang", "en")
        elif tag == "body":
            self._body = given
        elif tag == "svg":
            self._add(self._picture(int(given["data-number"])))
        elif tag in ("style", "colgroup"):
            self._skip += 1
        elif tag not in ("head", "meta", "main") and not self._skip:
            self._add_element(tag, given)

    def _add_element(self, tag: str, given: dict[str, str]) -> None:
        node: Node = {"t": tag, "c": given.get("class", "").split(), "k": []}
        if "href" in given:
            node["href"] = given["href"]
        if "colspan" in given:
            node["span"] = int(given["colspan"])
        if tag == "section":
            self._wanted = given.get("id")
        elif "id" in given:
            node["id"] = given["id"]
        elif tag in ("h2", "h3") and self._wanted:
            # Where a section begins is where its heading stands.
            node["id"], self._wanted = self._wanted, None
        self._add(node)
        if tag not in _VOID:
            self._open.append(node)

    def handle_endtag(self, tag: str) -> None:
        if tag == "title":
            self._in_title = False
        elif tag in ("style", "colgroup"):
            self._skip -= 1
        elif tag == self._open[-1]["t"] and tag not in _VOID:
            node = self._open.pop()
            if tag in _BLOCKS:
                _trim(node["k"])

    def handle_data(self, data: str) -> None:
        if self._in_title:
            self._title.append(data)
            return
        if self._skip:
            return
        node = self._open[-1]
        if node["t"] == "pre":
            node["k"] += _say_lines(data)
        elif data.strip() or node["t"] not in _CONTAINERS | {"root"}:
            node["k"] += _say(re.sub(r"[ \t\r\n]+", " ", data))

    def _add(self, node: Node) -> None:
        self._open[-1]["k"].append(node)

    def _picture(self, number: int) -> Node:
        text = self._pictures[number]
        size = re.search(r'width="([\d.]+)pt" height="([\d.]+)pt"', text)
        title = re.search(r"<title>([^<]*)</title>", text)
        width, height = (float(size[1]), float(size[2])) if size else (400.0, 300.0)
        # What fits on a page of either paper, beside a heading; an overview leaves room for more.
        scale = min(1.0, 690 / width, (260 if "overview" in self._open[-1]["c"] else 400) / height)
        return {
            "t": "svg", "c": [], "k": [], "number": number, "alt": title[1] if title else "Diagram",
            "width": round(width * scale, 2), "height": round(height * scale, 2),
        }  # fmt: skip


def _say(text: str) -> list[Any]:
    """Text, its long words as parts between which a line may break."""
    if max(map(len, text.split(" "))) <= _WORD:
        return [text]
    said: list[Any] = []
    for word in re.split("( )", text):
        if len(word) <= _WORD:
            if said and isinstance(said[-1], str):
                said[-1] += word
            elif word:
                said.append(word)
        else:
            parts = [part for part in re.split(r"(?<=[.:/_@-])", word) if part]
            parts = [some for part in parts for some in ([part] if len(part) <= _WORD else part)]
            said.append({"t": "long", "c": [], "k": parts})
    return said


def _say_lines(text: str) -> list[Any]:
    """Lines as they are, but those that are longer than a page is wide: they may break in their words."""
    said: list[Any] = []
    for line in text.split("\n"):
        if len(line) > _LINE:
            said.append({"t": "line", "c": [], "k": _say(line)})
        elif said and isinstance(said[-1], str):
            said[-1] += f"\n{line}"
        else:
            said.append(line)
    return said


def _trim(kids: list[Any]) -> None:
    """Takes away the white space at both ends of a block, and beside blocks in it."""
    for number, kid in enumerate(kids):
        if isinstance(kid, str):
            if number == 0 or _is_block(kids[number - 1]):
                kid = kid.lstrip(" ")  # noqa: PLW2901
            if number == len(kids) - 1 or _is_block(kids[number + 1]):
                kid = kid.rstrip(" ")  # noqa: PLW2901
            kids[number] = kid
    kids[:] = [kid for kid in kids if kid != ""]


def _is_block(kid: Any) -> bool:
    return isinstance(kid, dict) and kid["t"] in _BLOCKS
