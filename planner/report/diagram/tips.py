"""What is shown and read out of a box or line of the diagram that is pointed at."""

from collections.abc import Sequence
from dataclasses import dataclass
from textwrap import wrap

from planner.engine.rules import Ports
from planner.report.diagram.layout import SIZE, SMALL, shorten
from planner.report.diagram.picture import Box, Line
from planner.report.diagram.shapes import measure, measure_mono

TIP_ROW = 13.0
"""Height of a row of a tip, in points."""
_TIP_WIDTH = 44
"""Characters in a row of a tip."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tip:
    """What is shown of a box or line that is pointed at: a heading and rows of small text."""

    head: tuple[str, ...]
    rows: tuple[str, ...]

    @property
    def width(self) -> float:
        """Wide enough for each row."""
        head = max(measure(row, SIZE * 1.06) for row in self.head)
        return max(head, max((measure_mono(row, SMALL) for row in self.rows), default=0)) + 16

    @property
    def height(self) -> float:
        """High enough for all rows."""
        return (len(self.head) + len(self.rows)) * TIP_ROW + 7


def make_box_tip(box: Box) -> Tip:
    """The tip of a box: its name, what it is, and the ports to itself."""
    rows = [*filter(None, (box.note, box.about)), *_named("to itself", box.local)]
    return Tip(head=_wrap(_isolate(box.label)), rows=tuple(row for text in rows for row in _wrap(text)))


def make_line_tip(line: Line) -> Tip:
    """The tip of a line: from where to where, and its ports, those that are undecided last."""
    certain = [ports for ports in line.ports if ports not in line.undecided]
    ends = [_isolate(shorten(box.label, 60)) for box in (line.source, line.destination)]
    return Tip(head=_wrap(" → ".join(ends)), rows=(*_rows(certain), *_named("undecided", line.undecided)))


def say_box(box: Box) -> str:
    """A box in words, for the label of its link: PS01: web, primary; to itself: tcp 1433."""
    local = f"to itself: {', '.join(map(str, box.local))}" if box.local else ""
    about = "; ".join(filter(None, (box.note, box.about, local)))
    return f"{box.label}: {about}" if about else box.label


def say_line(line: Line) -> str:
    """A line in words, for the label of its link: PS01 to SQL01: tcp 1433; undecided: tcp 22."""
    certain = ", ".join(str(ports) for ports in line.ports if ports not in line.undecided)
    undecided = f"undecided: {', '.join(map(str, line.undecided))}" if line.undecided else ""
    return f"{line.source.label} to {line.destination.label}: {'; '.join(filter(None, (certain, undecided)))}"


def _named(name: str, ports: Sequence[Ports]) -> tuple[str, ...]:
    """Rows of ports after a word for what they are."""
    return _rows(ports, f"{name}: ") if ports else ()


def _rows(ports: Sequence[Ports], start: str = "") -> tuple[str, ...]:
    """Ports side by side, in rows of at most _TIP_WIDTH characters; none is divided."""
    rows = [start]
    for number, item in enumerate(map(str, ports), 1):
        cell = item if number == len(ports) else f"{item}, "
        if rows[-1] and len(rows[-1]) + len(item) > _TIP_WIDTH:
            rows.append("")
        rows[-1] += cell
    return tuple(row.rstrip() for row in rows if row)


def _wrap(text: str) -> tuple[str, ...]:
    return tuple(wrap(text, _TIP_WIDTH, break_on_hyphens=False)) or ("",)


def _isolate(name: str) -> str:
    """A name that doesn't turn round what stands beside it, whichever way it is written."""
    return name if name.isascii() else f"\u2068{name}\u2069"
