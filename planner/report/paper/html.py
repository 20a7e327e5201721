"""A printed document as one self-contained HTML file: for browsers, and for WeasyPrint when there is a house style.

Its policy lets it load nothing and run nothing but what is in it: styles and script are named by their SHA-256
(Content Security Policy Level 3, section 2.3.1).
"""

import hashlib
from base64 import b64encode
from collections.abc import Iterable
from functools import cache
from html import escape

from planner.deploy.place import SITE
from planner.deploy.stylesheet import can_end_early
from planner.report.paper.printed import Element, Kid, Picture, PrintedReport, Running
from planner.report.said.edition import PAPERS, Paper

_STATIC = SITE / "static"
_EMPTY = {"br", "col"}
_LINES = frozenset(
    ("section", "table", "thead", "tbody", "tr", "ul", "dl", "p", "h1", "h2", "h3", "h4", "li", "div", "nav", "pre")
)
"""After these the file has a line break, so that it can be read and compared line by line."""
_COLUMNS = {
    "rules": ("c-rule", "c-end", "c-end", "", "c-done"),
    "altered": ("c-rule", "c-end", "c-end", "", "c-differs", "c-done"),
    "summary": ("s-zone", "s-zone", "s-count", "s-code", "", "s-page"),
    "sheet": ("h-way", "h-service", ""),
    "within": ("c-rule", "c-end", ""),
    "passed": ("c-end", "c-end", ""),
    "changes": ("g-what", "g-rule", "", "", "g-ports"),
    "local": ("h-way", "c-end", "c-end", "c-end", ""),
    "unneeded": ("n-section", "n-why", ""),
    "excluded": ("c-end", "c-end", "s-code", "", "", "c-section"),
    "closed": ("c-end", "c-end", "s-code", "", "c-section", ""),
}
"""The columns of the kinds of tables, by the class that gives each its width in print.css."""


def write_html(printed: PrintedReport, *, script: bool = False) -> str:
    """The document as HTML that names no other file. The same document gives the same text.

    With `script` it brings `static/js/printed.js` along, for browsers: search, copying, pictures from nearer.
    Raises ValueError when its house style could end the element that it stands in.
    """
    if can_end_early(printed.stylesheet):
        raise ValueError("A house style has to come from read_stylesheet.")
    running = printed.running
    styles = [_style(printed.paper, running), *([_as_read(printed.stylesheet)] if printed.stylesheet else [])]
    scripts = [_read("js/printed.js")] if script else []
    about = {"data-name": running.name, "data-edition": running.edition, "data-matrix": running.matrix}
    pieces = [
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n',
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n',
        '<meta name="robots" content="noindex">\n<meta name="generator" content="Port planner">\n',
        f"<title>{escape(printed.title)}</title>\n",
        f'<meta http-equiv="Content-Security-Policy" content="{_forbid(styles, scripts)}">\n',
        *(f"<style>{style}</style>\n" for style in styles),
        *(f'<script type="module">{one}</script>\n' for one in scripts),
        f"</head>\n<body{''.join(f' {name}="{escape(text)}"' for name, text in about.items())}>\n<main>\n",
    ]
    for part in printed.parts:
        _write(part, pieces)
    pieces.append("</main>\n</body>\n</html>\n")
    return "".join(pieces)


def _write(kid: Kid, pieces: list[str]) -> None:
    if isinstance(kid, str):
        pieces.append(escape(kid))
        return
    if isinstance(kid, Picture):
        pieces.append(kid.svg)
        return
    given = [("class", " ".join(kid.classes))] if kid.classes else []
    pieces.append(f"<{kid.tag}{''.join(f' {name}="{escape(value)}"' for name, value in (*given, *kid.attributes))}>")
    if kid.tag in _EMPTY:
        return
    if kid.tag == "table":
        _write_columns(kid, pieces)
    for inner in kid.kids:
        _write(inner, pieces)
    pieces.append(f"</{kid.tag}>")
    if kid.tag in _LINES:
        pieces.append("\n")


def _write_columns(table: Element, pieces: list[str]) -> None:
    columns = next((_COLUMNS[name] for name in table.classes if name in _COLUMNS), ())
    if columns:
        inner = "".join(f'<col class="{name}">' if name else "<col>" for name in columns)
        pieces.append(f"\n<colgroup>{inner}</colgroup>\n")


def _style(paper: Paper, running: Running) -> str:
    """Our stylesheet, for a size of paper, with what stands on each page."""
    boxes = {"top-left": running.name, "top-right": running.edition, "bottom-left": running.matrix}
    margins = "".join(f" @{place} {{ content: {_quote(text)}; }}" for place, text in boxes.items())
    return f"@page {{ size: {PAPERS[paper]} landscape;{margins} }}\n{_read('css/print.css')}"


@cache
def _read(name: str) -> str:
    return (_STATIC / name).read_text("utf-8")


def _as_read(text: str) -> str:
    """A text as browsers read it, which is what they take the hash of (HTML, section 13.2.3.5, and CSS for NUL)."""
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "\ufffd")


def _forbid(styles: Iterable[str], scripts: Iterable[str]) -> str:
    """The Content Security Policy of a page with these styles and scripts and no others."""
    allowed = f"style-src {' '.join(map(_hash, styles))} data:; img-src data:; font-src data:"
    scripted = " ".join(map(_hash, scripts))
    return f"default-src 'none'; {f'script-src {scripted}; ' if scripted else ''}{allowed}"


def _hash(text: str) -> str:
    return f"'sha256-{b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _quote(text: str) -> str:
    """A text as a string of CSS, in which only letters, digits and spaces stand for themselves."""
    return f'"{"".join(letter if letter.isalnum() or letter == " " else f"\\{ord(letter):x} " for letter in text)}"'
