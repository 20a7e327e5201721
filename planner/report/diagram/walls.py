"""The firewalls of a plan in the picture of its zones: at the edge of each a wall, and which ones it is behind."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from html import escape

from planner.plan.fields import Firewall
from planner.report.diagram.shapes import Area, Point, measure
from ports.text import cut, show_line

HEIGHT = 13.0
INSIDE = 9.0
"""How much of a wall with its names stands within the frame; the rest is below its edge."""
ICON = 14.0
_AMBER, _PAPER = "#8a4b00", "#ffffff"
_BRICKS = "h11v8.6h-11zm0 2.9h11m-11 2.9h11m-5.5-5.8v2.9m-2.7 0v2.9m5.4-2.9v2.9m-2.7 0v2.8"
"""Bricks: the shape of a firewall, from its upper left corner on."""
_LEAST = 6
"""Fewer letters of a name would say nothing."""
_MOST, _WIDEST = 3, 150.0
"""How many firewalls are named at an edge, and how wide that is at most, in points."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wall:
    """A firewall that zones are behind. `side`: its own name for them, empty where they have several."""

    name: str
    side: str


def find_walls(firewalls: Iterable[Firewall], zones: Iterable[str]) -> tuple[Wall, ...]:
    """The firewalls that any of the zones is behind, in the order of the plan."""
    walls, wanted = [], set(zones)
    for firewall in firewalls:
        sides = {side for zone, side in firewall.zones.items() if zone in wanted}
        if sides:
            walls.append(Wall(name=firewall.name, side=sides.pop() if len(sides) == 1 else ""))
    return tuple(walls)


def say_walls(walls: Sequence[Wall]) -> str:
    """All of them in words, for those who don't see the picture: behind FW-HQ (port2), FW-DMZ. Empty without any."""
    said = (show_line(wall.name) + (f" ({show_line(wall.side)})" if wall.side else "") for wall in walls)
    return f"behind {', '.join(said)}" if walls else ""


def fit_walls(walls: Sequence[Wall], room: float, size: float) -> str:
    """As many of their names as fit, and how many more: FW-HQ · port2; FW-HQ, FW-DMZ +3. One is cut if it must be."""
    return next(_shorten(walls, room, size), "")


def _shorten(walls: Sequence[Wall], room: float, size: float) -> Iterator[str]:
    """What fits of their names, the longest first."""
    return (said for said in _word(walls) if measure(said, size) <= room)


def _word(walls: Sequence[Wall]) -> Iterator[str]:
    """Ways to name them, each shorter than the one before."""
    if not walls:
        return
    names = [show_line(wall.name) for wall in walls]
    if len(walls) == 1 and walls[0].side:
        yield f"{names[0]} · {show_line(walls[0].side)}"
    for count in range(min(len(names), _MOST), 0, -1):
        yield _count(names, count)
    for most in range(len(names[0]) - 1, _LEAST, -1):
        yield _count([cut(names[0], most), *names[1:]], 1)
    if len(names) > 1:
        yield f"{len(names)} firewalls"
        yield f"+{len(names)}"


def _count(names: Sequence[str], count: int) -> str:
    more = len(names) - count
    return ", ".join(names[:count]) + (f" +{more}" if more else "")


def place_walls(
    walls: Sequence[Wall],
    frame: Area,
    size: float,
    taken: Sequence[Area],
    traces: Sequence[Sequence[Point]],
    *,
    above: bool,
) -> tuple[str, Area] | None:
    """What is said of the walls, and where on the lower edge of a frame, with `above` on the upper one.

    Where one edge has no room it is the other. As much is said as there is room for that is clear of lines and of
    what is `taken`, as far to the left as can be; where no place is clear of lines, the least of it hides them. None
    without walls, and where there is no room for any text.
    """
    lower, upper = frame.y + frame.height - INSIDE, frame.y + INSIDE - HEIGHT
    edges = [(y, _find_lines(y, traces), _find_taken(y, taken)) for y in ((upper, lower) if above else (lower, upper))]
    last = None
    for text in _shorten(walls, min(frame.width - ICON - 20, _WIDEST), size):
        width = ICON + 0.92 * measure(text, size) + 3
        crossed = None
        for y, lines, others in edges:
            for step in range(int(max(0.0, frame.width - 16 - width) // 4) + 1):
                x = frame.x + 8 + 4 * step
                if any(left - 3 < x + width and x < right + 3 for left, right in others):
                    continue
                found = text, Area(x=x, y=y, width=width, height=HEIGHT)
                if not any(x - 3 <= other <= x + width + 3 for other in lines):
                    return found
                crossed = crossed or found
        last = crossed or last
    return last


def _find_lines(y: float, traces: Sequence[Sequence[Point]]) -> Sequence[float]:
    """Where lines run through the edge at this height."""
    return [x for points in traces for x, at in points if y - 2 <= at <= y + HEIGHT + 2]


def _find_taken(y: float, taken: Sequence[Area]) -> Sequence[tuple[float, float]]:
    """From where to where something stands on it already."""
    return [(area.x, area.x + area.width) for area in taken if area.y < y + HEIGHT and y < area.y + area.height]


def draw_walls(text: str, area: Area, size: float) -> str:
    """The wall and its text on a patch that hides what lies below."""
    return (
        f'<g class="walls"><rect class="paper" x="{area.x:.1f}" y="{area.y:.1f}" width="{area.width:.1f}" '
        f'height="{area.height:.1f}" rx="3" fill="{_PAPER}"/>'
        f'<path class="wall" d="M{area.x + 1:.1f} {area.y + 2:.1f}{_BRICKS}" fill="none" stroke="{_AMBER}" '
        f'stroke-width="0.8"/><text class="wall-name" x="{area.x + ICON + 1:.1f}" y="{area.y + 9.8:.1f}" '
        f'fill="{_AMBER}" font-size="{size}">{escape(text, quote=False)}</text></g>'
    )
