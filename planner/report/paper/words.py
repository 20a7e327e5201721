"""What people typed and what counts, as printed documents show it."""

import unicodedata
from collections.abc import Sequence
from datetime import date

from planner.plan.document import ANY, Endpoint
from planner.report.paper.printed import Element, Kid, Kids, join, make
from planner.report.said.outline import MISSING
from ports.text import MAX_NAME, cut, show, show_line

_FROM_THE_RIGHT = {"R", "AL", "AN"}


def shown(text: str) -> Kid:
    """Text on one line, with what can't be seen written out.

    An element that keeps directions apart costs the PDF time, so only text that needs it gets one.
    """
    line = show_line(text)
    if not line.isascii() and any(unicodedata.bidirectional(letter) in _FROM_THE_RIGHT for letter in line):
        return make("bdi", line)
    return line


def shown_lines(text: str) -> Kids:
    """The same with the text's own line breaks, each line apart."""
    return [
        [make("br") if number else None, shown(line)] for number, line in enumerate(show(text).strip().split("\n"))
    ]


def shorten(text: str, most: int) -> str:
    """What somebody typed, on one line of at most so many characters, the last of which tells that there was more."""
    line = show_line(text)[: 4 * MAX_NAME]  # more accents than that on few letters are put in order by nobody
    return cut(unicodedata.normalize("NFC", line), most)  # so that no letter is cut from its accent


def say_date(day: date) -> str:
    """A date for people: 2 January 2026."""
    return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"


_MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip


def say_addresses(endpoint: Endpoint, most: int = 0) -> str:
    """The addresses of an endpoint, or the first few of them; `any` in words, and a missing one as such."""
    if not endpoint.addresses:
        return MISSING
    some = endpoint.addresses[:most] if most else endpoint.addresses
    said = ", ".join("any address" if address == ANY else address for address in some)
    more = len(endpoint.addresses) - len(some)
    return f"{said} and {more:,} more" if more else said


def mark_addresses(endpoint: Endpoint, most: int = 0) -> Element:
    """The same, set as addresses are, or as what is missing."""
    return make("samp" if endpoint.addresses else "span.missing", say_addresses(endpoint, most))


def name_zones(zones: Sequence[str]) -> Kids:
    """A, B and C; of more than twelve the first ones, and how many more."""
    if len(zones) <= 12:
        return join(map(shown, zones), last=" and ")
    return [join(map(shown, zones[:12])), f" and {len(zones) - 12} more"]
