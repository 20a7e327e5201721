"""Excel workbooks of tables: sheets with a head that stays in sight, to sort and filter.

Every cell is text. What doesn't fit Excel's limits goes on in a further row or sheet, or says that it was cut; nothing
is lost without a word.
"""

import io
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

import xlsxwriter

from ports.text import cut, neutralise, show, show_line

CELL_UNITS = 32_000
"""Most UTF-16 code units in a cell; Excel's limit is 32,767, and a remark must fit below it."""
CELL_LINES = 250
"""Most lines in a cell; Excel's limit is 253 line feeds."""
SHEET_ROWS = 1_048_576
"""Most rows of a sheet, the header included."""

Columns = tuple[tuple[str, int], ...]
"""Titles and widths, in characters."""

# The format asks for a date of creation. A fixed one keeps the same plan the same file.
_CREATED = datetime(2000, 1, 1, tzinfo=UTC)


class Link(NamedTuple):
    """A cell that leads to a row of another sheet, both of this workbook."""

    text: str
    sheet: str
    row: int
    """Its place among the rows below the header, from 0."""

    @property
    def address(self) -> str:
        """What Excel calls it. Rows beyond those of a sheet are on its next one."""
        number, place = divmod(self.row, SHEET_ROWS - 1)
        name = self.sheet if number == 0 else f"{self.sheet} ({number + 1})"
        return f"internal:'{name}'!A{place + 2}"


Cells = Sequence[str | Link]
"""The cells of a row."""


class Blank(NamedTuple):
    """What is to be written into a column by whoever has the workbook."""

    choices: tuple[str, ...] = ()
    """The texts of which one may be chosen; empty: whatever they like."""
    hint: str = ""
    """What stands beside a cell that is chosen; at most 255 characters."""


class Sheet(NamedTuple):
    """A table on a sheet of its own."""

    name: str
    columns: Columns
    rows: Iterable[Cells]
    blanks: Mapping[str, Blank] = {}
    """By title the columns that are to be filled in: their cells have a frame, and a line is below each row."""
    held: int = 1
    """How many columns stay in sight."""


def make_book(title: str, sheets: Iterable[Sheet]) -> bytes:
    """A workbook of sheets, which are written in this order. The title stands above each printed page.

    The same sheets give the same bytes. Raises OSError when the system's folder for temporary files can't be written:
    rows wait there while the workbook grows.
    """
    data = io.BytesIO()
    # Rows go out one by one. What is typed stays text: no formulas, links or numbers come of it.
    options = {
        "constant_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
    }
    with xlsxwriter.Workbook(data, options) as book:
        book.set_properties({"title": title, "created": _CREATED})
        styles = _Styles(book, title)
        for sheet in sheets:
            _write(styles, sheet)
    return data.getvalue()


class _Styles:
    """A workbook and the looks of its cells."""

    def __init__(self, book: Any, title: str) -> None:
        self.book = book
        # What "&" begins means something in a page's head: "&P" is its number.
        self.head = f"&L{cut(show_line(title), 100).replace('&', '&&')}"
        self.header = book.add_format(
            {"bold": True, "bg_color": "#E8ECF1", "bottom": 1, "text_wrap": True, "valign": "top"}
        )
        # "@" keeps a cell text when somebody edits it.
        self.cell = book.add_format({"num_format": "@", "text_wrap": True, "valign": "top"})
        lines = {"num_format": "@", "text_wrap": True, "valign": "top", "border_color": "#8A94A0"}
        self.blank = book.add_format(lines | {"border": 1})
        self.lined = book.add_format(lines | {"bottom": 1})
        self.asked = book.add_format(
            {"bold": True, "bg_color": "#FFF1DB", "bottom": 1, "text_wrap": True, "valign": "top"}
        )
        self.link = book.add_format({"num_format": "@", "text_wrap": True, "valign": "top", "font_color": "#0B57C2"})


def _write(styles: _Styles, table: Sheet) -> None:
    """A table on a sheet of its own, and on "name (2)" and so on when there are more rows than a sheet has."""
    waiting = iter(table.rows)
    number, more = 1, True
    while more:
        sheet = styles.book.add_worksheet(table.name if number == 1 else f"{table.name} ({number})")
        more = _write_sheet(sheet, styles, table, waiting)
        number += 1


PAGE_WIDTH = 200
"""How many characters stand side by side on a page of A4 across, so that letters are of 7.5 pt."""


def _count_pages(table: Sheet) -> int:
    """How many pages a sheet is wide on paper. What stays in sight on a screen is repeated on each of them."""
    widths = [width for _, width in table.columns]
    held = sum(widths[: table.held])
    pages, used = 1, 0
    for width in widths[table.held :]:
        if used and held + used + width > PAGE_WIDTH:
            pages, used = pages + 1, 0
        used += width
    return pages


def _write_sheet(sheet: Any, styles: _Styles, table: Sheet, rows: Iterator[Cells]) -> bool:
    """Fill a sheet; whether rows may be left for another."""
    blanks = [table.blanks.get(title) for title, _ in table.columns]
    sheet.freeze_panes(1, table.held)
    plain = styles.lined if table.blanks else styles.cell
    sheet.set_landscape()
    sheet.set_paper(9)  # A4
    sheet.fit_to_pages(_count_pages(table), 0)
    sheet.repeat_rows(0)
    sheet.repeat_columns(0, table.held - 1)
    sheet.print_across()  # what belongs to a row follows it
    sheet.set_margins(left=0.4, right=0.4, top=0.7, bottom=0.6)  # inches
    sheet.set_header(styles.head)
    sheet.set_footer("&L&A&RPage &P of &N")
    sheet.ignore_errors({"number_stored_as_text": f"A1:Z{SHEET_ROWS}"})
    for column, (title, width) in enumerate(table.columns):
        sheet.set_column(column, column, width)
        _write_text(sheet, 0, column, title, styles.asked if blanks[column] else styles.header)
    last = 0
    full = False
    for cells in rows:
        last += 1
        for column, text in enumerate(cells):
            if isinstance(text, Link):
                sheet.write_url(last, column, text.address, styles.link, text.text)
            elif text:
                _write_text(sheet, last, column, text, styles.blank if blanks[column] else plain)
            elif blanks[column]:
                sheet.write_blank(last, column, None, styles.blank)
        if last == SHEET_ROWS - 1:
            full = True
            break
    sheet.autofilter(0, 0, last, len(table.columns) - 1)
    for column, blank in enumerate(blanks):
        if last and blank and blank.choices:
            asked = {
                "validate": "list",
                "source": list(blank.choices),
                "input_message": blank.hint,
                "error_title": table.columns[column][0],
                "error_message": f"One of these: {', '.join(blank.choices)}.",
            }
            sheet.data_validation(1, column, last, column, asked)
    return full


def _write_text(sheet: Any, row: int, column: int, text: str, style: Any) -> None:
    if text.startswith("<r>") and text.endswith("</r>"):
        # The writer takes such a text for its own markup and would put it into the file unescaped. As pieces of a
        # rich text it is escaped.
        sheet.write_rich_string(row, column, text[:1], text[1:2], text[2:], style)
    else:
        sheet.write_string(row, column, text, style)


def as_cell(text: str, whole: str = "the format json") -> str:
    """A text as it goes into a cell: visible, no formula even after a detour through CSV, and within the limit.

    Where it is cut it says so, and what has it `whole`.
    """
    text = neutralise(show(text))
    if len(text) > CELL_UNITS // 2 and _units(text) > CELL_UNITS:
        shown = text.encode("utf-16-le")[: 2 * CELL_UNITS].decode("utf-16-le", "ignore")
        text = f"{shown}… (cut to fit the cell; {whole} has all of it)"
    return text


def _units(text: str) -> int:
    """UTF-16 code units, which is how Excel counts."""
    return len(text.encode("utf-16-le")) // 2


def divide[T](items: Iterable[T], texts: Callable[[T], tuple[str, ...]], most: int = CELL_UNITS) -> list[list[T]]:
    """The items in as few runs as fit into cells: `texts` gives the line that an item adds to each of its cells.

    `most` is how many code units a cell has room for.
    """
    parts: list[list[T]] = [[]]
    used = 0
    for item in items:
        units = max(_units(text) for text in texts(item)) + 1
        if parts[-1] and (used + units > most or len(parts[-1]) == CELL_LINES):
            parts.append([])
            used = 0
        parts[-1].append(item)
        used += units
    return parts
