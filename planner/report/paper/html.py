"""A printed document as one self-contained HTML file: for browsers, and for WeasyPrint when there is a house style."""

from functools import cache
from html import escape
from pathlib import Path

from planner.report.paper.printed import Element, Kid, Picture, PrintedReport, Running
from planner.report.paper.stylesheet import can_end_early
from planner.report.said.edition import PAPERS, Paper

_STYLES = Path(__file__).resolve().parents[3] / "static" / "css" / "print.css"
_EMPTY = {"br", "col"}
_LINES = frozenset(
    ("section", "table", "thead", "tbody", "tr", "ul", "dl", "p", "h1", "h2", "h3", "h4", "li", "div", "nav", "pre")
)
"""After these the file has a line break, so that it can be read and compared line by line."""
_COLUMNS = {
    "rules": ("c-rule", "c-end", "c-end", "", "c-done"),
    "altered": ("c-rule", "c-end", "c-end", "", "c-differs", "c-done"),
    "summary": ("s-zone", "s-zone", "s-count", "s-code", "", "s-page"),
    "sheet": ("h-way", "h-service", "h-peers", ""),
    "within": ("c-rule", "c-end", ""),
    "changes": ("g-what", "g-rule", "", "", "g-ports"),
    "local": ("h-way", "c-end", "c-end", "c-end", ""),
    "unneeded": ("n-section", "n-why", ""),
    "excluded": ("c-end", "c-end", "s-code", "", "", "c-section"),
    "closed": ("c-end", "c-end", "s-code", "", "c-section", ""),
}
"""The columns of the kinds of tables, by the class that gives each its width in print.css."""
_POLICY = "default-src 'none'; style-src 'unsafe-inline' data:; img-src data:; font-src data:"


def write_html(printed: PrintedReport) -> str:
    """The document as HTML that names no other file. The same document gives the same text.

    Raises ValueError when its house style could end the element that it stands in.
    """
    if can_end_early(printed.stylesheet):
        raise ValueError("A house style has to come from read_stylesheet.")
    running = printed.running
    about = {"data-name": running.name, "data-edition": running.edition, "data-matrix": running.matrix}
    pieces = [
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n',
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n',
        '<meta name="robots" content="noindex">\n<meta name="generator" content="Port planner">\n',
        f"<title>{escape(printed.title)}</title>\n",
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n',
        f"<style>{_style(printed.paper, running)}</style>\n",
        f"<style>{printed.stylesheet}</style>\n" if printed.stylesheet else "",
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
    return f"@page {{ size: {PAPERS[paper]} landscape;{margins} }}\n{_read_style()}"


@cache
def _read_style() -> str:
    return _STYLES.read_text("utf-8")


def _quote(text: str) -> str:
    """A text as a string of CSS, in which only letters, digits and spaces stand for themselves."""
    return f'"{"".join(letter if letter.isalnum() or letter == " " else f"\\{ord(letter):x} " for letter in text)}"'
