"""Where the names of zones and the ports of lines stand in the diagram: clear of the lines as far as can be."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import accumulate, pairwise
from math import hypot

from planner.report.diagram.layout import ROW, SIZE, SMALL, Layout, shorten
from planner.report.diagram.picture import Frame
from planner.report.diagram.shapes import Area, Point, contains, holds, inset, measure, overlaps


def place_name(frame: Frame, layout: Layout, traces: Sequence[Sequence[Point]]) -> tuple[Area, bool]:
    """Where the name of a frame stands along its side, and whether it is clear of lines there.

    If no place is clear it stands at the beginning, and is drawn on a patch that hides the lines.
    """
    area = layout.frames[frame.key]
    if frame.key in layout.low:
        area = replace(area, y=area.y + area.height - 24)
    action = measure(frame.action, SMALL) + 14 if frame.action else 0
    width = min(measure(shorten(frame.label), SIZE) + action, area.width - 16)
    strip = Area(x=area.x, y=area.y + 1, width=area.width, height=22)
    near = [point[0] for points in traces for point in points if holds(strip, point)]
    first = Area(x=area.x + 10, y=area.y + 2, width=width, height=20.4)
    for step in range(int((area.width - 20 - width) // 6) + 1):
        x = first.x + 6 * step
        if not any(x - 4 <= other <= x + width + 4 for other in near):
            return Area(x=x, y=first.y, width=width, height=first.height), True
    return first, False


def place_ports(
    layout: Layout, page: Area, traces: Sequence[Sequence[Point]]
) -> dict[tuple[str, str], tuple[Area, bool]]:
    """Where the ports of each line stand, and whether no line runs through them; else a patch hides the lines.

    Close to their own line and clear of all others, as near to its middle as can be. By the keys of the two boxes.
    `page` is the whole drawing; `traces` has the points of each line, in the order of the layout's curves.
    """
    points = _PointsByPlace(traces)
    inside = inset(page, 2)
    # Until a label has found its place, the room that dot left for it stays free.
    rooms = {key: curve.label for key, curve in layout.curves.items() if curve.label}
    placed: dict[tuple[str, str], tuple[Area, bool]] = {}
    for number, (key, curve) in enumerate(layout.curves.items()):
        if curve.label is None:
            continue
        taken = [*layout.boxes.values(), *(area for other, area in rooms.items() if other != key)]
        close = None
        for area in _beside(traces[number], curve.label):
            if not contains(inside, area) or any(overlaps(inset(area, -2), other) for other in taken):
                continue
            if points.lines_in(inset(area, -1)):
                continue
            close = close or area
            if points.lines_in(inset(area, -6)) <= {number}:
                close = area
                break
        rooms[key] = close or curve.label
        placed[key] = rooms[key], not points.lines_in(inset(rooms[key], -1))
    return placed


def place_on_lines(
    layout: Layout,
    page: Area,
    traces: Sequence[Sequence[Point]],
    texts: Mapping[tuple[str, str], str],
    others: Iterable[Area],
) -> dict[tuple[str, str], Area]:
    """Where a short text stands on each line, as near to its middle as can be, by the keys of the two boxes.

    Clear of boxes, of each other and of `others`, where something else is written; if it can be also of other lines.
    Where there is no such place the line goes without. The longest lines choose last, as they have most places.
    """
    points = _PointsByPlace(traces)
    inside = inset(page, 2)
    taken = _AreasByPlace([*layout.boxes.values(), *others])
    lengths = [sum(hypot(b[0] - a[0], b[1] - a[1]) for a, b in pairwise(trace)) for trace in traces]
    placed: dict[tuple[str, str], Area] = {}
    keys = list(layout.curves)
    for number in sorted(range(len(keys)), key=lambda number: lengths[number]):
        text = texts[keys[number]]
        width = measure(text, SMALL) + 4
        fair = None
        for x, y in _from_the_middle(traces[number]):
            area = Area(x=x - width / 2, y=y - ROW / 2, width=width, height=ROW)
            if not contains(inside, area) or taken.meets(area):
                continue
            if points.lines_in(area) <= {number}:
                fair = area
                break
            fair = fair or area
        if fair is not None:
            placed[keys[number]] = fair
            taken.add(fair)
    return placed


def _from_the_middle(points: Sequence[Point]) -> Iterator[Point]:
    """The points of a line between its first and its last tenth, those in the middle first."""
    middle, room = len(points) // 2, int(len(points) * 0.4)
    for away in range(room):
        yield points[middle - away]
        if away:
            yield points[min(middle + away, len(points) - 1)]


class _AreasByPlace:
    """Areas by where they are, to ask whether another one meets any of them."""

    CELL = 60.0

    def __init__(self, areas: Iterable[Area]) -> None:
        self.cells: dict[tuple[int, int], list[Area]] = {}
        for area in areas:
            self.add(area)

    def add(self, area: Area) -> None:
        """One more."""
        for cell in self._cells(area):
            self.cells.setdefault(cell, []).append(area)

    def meets(self, area: Area) -> bool:
        """Whether any of them shares more than an edge with this."""
        return any(overlaps(area, other) for cell in self._cells(area) for other in self.cells.get(cell, ()))

    def _cells(self, area: Area) -> Iterator[tuple[int, int]]:
        for column in range(int(area.x // self.CELL), int((area.x + area.width) // self.CELL) + 1):
            for row in range(int(area.y // self.CELL), int((area.y + area.height) // self.CELL) + 1):
                yield column, row


class _PointsByPlace:
    """The points of all lines by where they are, to ask what runs through an area without looking at each."""

    CELL = 24.0
    """Side of the squares that points are sorted into."""

    def __init__(self, traces: Sequence[Sequence[Point]]) -> None:
        self.cells: dict[tuple[int, int], list[tuple[int, Point]]] = {}
        for number, points in enumerate(traces):
            for point in points:
                self.cells.setdefault(self._cell(point), []).append((number, point))

    def lines_in(self, area: Area) -> set[int]:
        """The numbers of the lines that have a point in an area."""
        left, top = self._cell((area.x, area.y))
        right, bottom = self._cell((area.x + area.width, area.y + area.height))
        return {
            number
            for column in range(left, right + 1)
            for row in range(top, bottom + 1)
            for number, point in self.cells.get((column, row), ())
            if holds(area, point)
        }

    def _cell(self, point: Point) -> tuple[int, int]:
        return int(point[0] // self.CELL), int(point[1] // self.CELL)


def _beside(points: Sequence[Point], label: Area) -> Iterator[Area]:
    """Places for a label on either side of a line, the nearest to its middle and to the line first."""
    lengths = [0.0, *accumulate(hypot(b[0] - a[0], b[1] - a[1]) for a, b in pairwise(points))]
    found: list[tuple[float, int, Area]] = []
    for (x, y), length in list(zip(points, lengths, strict=True))[::4]:
        away = abs(length - lengths[-1] / 2)
        if away > 0.35 * lengths[-1]:
            continue
        for gap in (2.0, 4.0, 7.0, 11.0, 16.0, 22.0):
            for across, down in ((0, -1), (0, 1), (-1, 0), (1, 0)):
                middle_x = x + across * (label.width / 2 + gap)
                middle_y = y + down * (label.height / 2 + gap)
                area = replace(label, x=middle_x - label.width / 2, y=middle_y - label.height / 2)
                found.append((away + 4 * gap, len(found), area))
    return (area for _, _, area in sorted(found, key=lambda item: item[:2]))
