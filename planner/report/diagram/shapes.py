"""Plain geometry of a drawing, in points with y growing downwards: areas, lines, and how wide a text is."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from math import hypot
from unicodedata import east_asian_width

Point = tuple[float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Area:
    """A rectangle; y grows downwards."""

    x: float
    y: float
    width: float
    height: float

    @property
    def middle(self) -> Point:
        """Its centre."""
        return self.x + self.width / 2, self.y + self.height / 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """Bézier segments from the source's border to the destination's: a point, then three for each segment.

    `tip` is where the arrow ends, beyond the last point; `label` the middle of the room for its text, if it has one.
    """

    points: tuple[Point, ...]
    tip: Point
    label: Area | None


def inset(area: Area, by: float) -> Area:
    """The area without a border of this width; with a negative one, and with a border around it."""
    return Area(x=area.x + by, y=area.y + by, width=area.width - 2 * by, height=area.height - 2 * by)


def holds(area: Area, point: Point) -> bool:
    """Whether a point is in an area or on its edge."""
    return area.x <= point[0] <= area.x + area.width and area.y <= point[1] <= area.y + area.height


def contains(outer: Area, inner: Area) -> bool:
    """Whether the first area has all of the second in it."""
    return (
        outer.x <= inner.x
        and inner.x + inner.width <= outer.x + outer.width
        and outer.y <= inner.y
        and inner.y + inner.height <= outer.y + outer.height
    )


def overlaps(one: Area, other: Area) -> bool:
    """Whether two areas share more than an edge."""
    return (
        one.x < other.x + other.width
        and other.x < one.x + one.width
        and one.y < other.y + other.height
        and other.y < one.y + one.height
    )


def trace(curve: Curve, steps: int = 12) -> Iterator[Point]:
    """Points along a line, from its beginning to the end of its arrow."""
    start = curve.points[0]
    yield start
    for at in range(1, len(curve.points) - 2, 3):
        one, two, end = curve.points[at : at + 3]
        for step in range(1, steps + 1):
            t = step / steps
            a, b, c, d = (1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t * t * (1 - t), t**3
            yield (
                a * start[0] + b * one[0] + c * two[0] + d * end[0],
                a * start[1] + b * one[1] + c * two[1] + d * end[1],
            )
        start = end
    yield curve.tip


def halfway(curve: Curve) -> Point:
    """The point in the middle of a line, measured along it."""
    points = list(trace(curve))
    total = sum(hypot(b[0] - a[0], b[1] - a[1]) for a, b in pairwise(points))
    gone = 0.0
    for a, b in pairwise(points):
        gone += hypot(b[0] - a[0], b[1] - a[1])
        if gone >= total / 2:
            return b
    return points[-1]


def path_data(curve: Curve, *, whole: bool = False) -> str:
    """A line as path data (SVG 2, section 9.3), up to its arrow or with `whole` to the end of it."""
    (x, y), *rest = curve.points
    parts = [f"M{x:.1f} {y:.1f}C", " ".join(f"{x:.1f} {y:.1f}" for x, y in rest)]
    return "".join(parts) + (f"L{curve.tip[0]:.1f} {curve.tip[1]:.1f}" if whole else "")


def arrow_corners(curve: Curve) -> str:
    """The corners of the arrow at the end of a line, as the `points` of an SVG polygon."""
    (x, y), (end_x, end_y) = curve.points[-1], curve.tip
    length = hypot(end_x - x, end_y - y) or 1
    across = (-(end_y - y) / length * 2.6, (end_x - x) / length * 2.6)
    corners = ((end_x, end_y), (x + across[0], y + across[1]), (x - across[0], y - across[1]))
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in corners)


_WIDE, _NARROW = frozenset("WMmw@%&—…→"), frozenset(" iljtfrI.,:;'|!()[]-/")


def measure(text: str, size: float) -> float:
    """About how wide a text is, in points at this size of the font; rather too wide than too narrow."""
    ems = 0.0
    for char in text:
        if east_asian_width(char) in "WF":
            ems += 1.3
        elif char in _WIDE:
            ems += 0.98
        elif char in _NARROW:
            ems += 0.4
        else:
            ems += 0.72 if char.isupper() or not char.isascii() else 0.62
    return ems * size


def measure_mono(text: str, size: float) -> float:
    """The same for a font whose letters are all of one width."""
    return sum(1.3 if east_asian_width(char) in "WF" else 0.65 for char in text) * size
