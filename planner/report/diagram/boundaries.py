"""Each boundary as a picture of its own: who stands on either side, and between them the rules, on the firewall.

Lines lead from endpoints to rules and not to each other, and endpoints that the same rules name share a box, so that a
picture has few lines however many flows there are. All is drawn at the size at which it is read: no letter has less
than 7 points. Where things stand follows from their order, so that no other program is needed. Pure.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from html import escape
from itertools import batched

from planner.engine.report import Report
from planner.engine.rules import Boundary, Rule, ZoneGroup
from planner.plan.document import ANY, Endpoint
from planner.plan.kinds import KINDS
from planner.report.diagram.layout import FONT
from planner.report.diagram.shapes import measure, measure_mono
from planner.report.said.passed import Passed
from ports.text import show_line

MOST_RULES = 12
"""How many rules a picture has; those of a boundary with more are drawn in several."""
MOST_BOXES = 14
"""How many boxes a side of it has."""
MOST_PICTURES = 40
"""How many pictures there are at most."""

WIDTH = 340.0
"""In points: two stand beside each other on either paper."""
_SIDE, _RULE = 112.0, 84.0
"""Widths of the boxes of endpoints, and of those of rules."""
_NAME, _SMALL = 8.0, 7.0
_ROW, _BOX = 24.0, 21.0
"""From rule to rule, and how high a box is."""
_TOP, _BOTTOM = 18.0, 2.0
_TEXT, _SOFT, _ACCENT, _AMBER, _PAPER = "#17202b", "#515d6b", "#0f62d6", "#8a4b00", "#ffffff"
_NAMED = 4
"""How many endpoints, and addresses of each, a box has room for at most; more are counted."""
_WALL = "3h13v10h-13zm0 3.3h13m-13 3.4h13m-6.5-6.7v3.3m-3.2 0v3.4m6.4-3.4v3.4m-3.2 0v3.3"
"""Bricks: the shape of a firewall, from its upper left corner on."""
_LETTERS = 100
"""More of a text has room nowhere."""
_MONO = "DejaVu Sans Mono, Menlo, Consolas, monospace"


Way = tuple[Rule, bool]
"""A rule, and whether it leads from the left to the right."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BoundaryPicture:
    """The rules between two zones, in both directions, drawn."""

    title: str
    height: float
    """In points."""
    svg: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """Endpoints of one side that the same rules name, and the places of these rules."""

    endpoints: tuple[Endpoint, ...]
    rules: tuple[int, ...]


def draw_boundaries(report: Report) -> tuple[tuple[BoundaryPicture, ...], int]:
    """A picture for each two zones that rules lead between, the high ones first, and how many are left out.

    So those that stand beside each other on a page are of about the same height, and low ones fill what high ones
    leave of a column.
    """
    passed = Passed(report.plan.firewalls)
    drawn: list[BoundaryPicture] = []
    more = 0
    for left, right, rules in pair_boundaries(report):
        parts = [part for some in batched(rules, MOST_RULES) for part in _divide(some)]
        for number, part in enumerate(parts, 1):
            if len(drawn) == MOST_PICTURES:
                more += 1
                continue
            title = f"{name_pair(left, right, rules)}{f', {number} of {len(parts)}' if len(parts) > 1 else ''}"
            drawn.append(_draw(title, left, right, part, passed))
    return tuple(sorted(drawn, key=lambda picture: -picture.height)), more


def pair_boundaries(report: Report) -> Iterator[tuple[ZoneGroup, ZoneGroup, list[Way]]]:
    """Each two zones that rules lead between, in either direction: the left one, the right one, and the rules."""
    pairs: dict[frozenset[str], list[Boundary]] = defaultdict(list)
    for boundary in report.boundaries:
        pairs[frozenset((boundary.source.code, boundary.destination.code))].append(boundary)
    for boundaries in pairs.values():
        left, right = boundaries[0].source, boundaries[0].destination
        rules = [(rule, boundary.source.code == left.code) for boundary in boundaries for rule in boundary.rules]
        yield left, right, rules


def name_pair(left: ZoneGroup, right: ZoneGroup, rules: Iterable[Way]) -> str:
    """What two zones and the rules between them are called: Internal ↔ DMZ."""
    both = "↔" if len({onwards for _, onwards in rules}) > 1 else "→"
    return f"{left.label} {both} {right.label}"


def _divide(rules: Sequence[Way]) -> Iterator[Sequence[Way]]:
    """The rules in as many parts as it takes for the boxes of each side to have room on a page."""
    if len(rules) == 1 or max(map(len, gather_sides(rules))) <= MOST_BOXES:
        yield rules
    else:
        half = len(rules) // 2
        yield from _divide(rules[:half])
        yield from _divide(rules[half:])


def gather_sides(rules: Sequence[Way]) -> tuple[list[Party], list[Party]]:
    """Who stands on the left and on the right of these rules; a box for those that the same ones name."""
    left = _gather(rule.sources if onwards else rule.destinations for rule, onwards in rules)
    right = _gather(rule.destinations if onwards else rule.sources for rule, onwards in rules)
    return left, right


def _draw(title: str, left: ZoneGroup, right: ZoneGroup, rules: Sequence[Way], passed: Passed) -> BoundaryPicture:
    sides = gather_sides(rules)
    rows = max(len(rules), *map(len, sides))
    height = _TOP + rows * _ROW + _BOTTOM
    ways = [_spread(len(rules), rows), *(_spread(len(boxes), rows) for boxes in sides)]
    spots = [[_TOP + way * _ROW for way in each] for each in ways]
    names = dict.fromkeys(name for rule, _ in rules for name in passed.find(rule))
    pieces = [
        *_draw_zone(left, 0, height),
        *_draw_zone(right, WIDTH - _SIDE, height),
        *_draw_firewall(list(names), height),
        *_draw_lines(rules, sides, spots),
        *(piece for number, (rule, _) in enumerate(rules) for piece in _draw_rule(rule, spots[0][number])),
    ]
    for x, zone, boxes, ys in ((0.0, left, sides[0], spots[1]), (WIDTH - _SIDE, right, sides[1], spots[2])):
        for box, y in zip(boxes, ys, strict=True):
            pieces += _draw_box(box, zone, x, y)
    svg = (
        f'<svg class="boundary" role="img" width="{WIDTH:.0f}pt" height="{height:.0f}pt" '
        f'viewBox="0 0 {WIDTH:.0f} {height:.0f}" font-family="{FONT}" font-size="{_NAME}" fill="{_TEXT}">'
        f"<title>{escape(show_line(title), quote=False)}</title>{''.join(pieces)}</svg>"
    )
    return BoundaryPicture(title=title, height=height, svg=svg)


def _gather(ends: Iterable[Sequence[Endpoint]]) -> list[Party]:
    """The boxes of one side, those of the first rules first."""
    places: dict[str, list[int]] = defaultdict(list)
    known: dict[str, Endpoint] = {}
    for number, endpoints in enumerate(ends):
        for endpoint in endpoints:
            known[endpoint.name] = endpoint
            places[endpoint.name].append(number)
    alike: dict[tuple[int, ...], list[Endpoint]] = defaultdict(list)
    for name, numbers in places.items():
        alike[tuple(numbers)].append(known[name])
    boxes = [Party(endpoints=tuple(listed), rules=numbers) for numbers, listed in alike.items()]
    return sorted(boxes, key=lambda box: (sum(box.rules) / len(box.rules), box.rules))


def _spread(count: int, rows: int) -> list[float]:
    """Where so many things have their middles when they stand evenly in so many rows."""
    return [(number + 0.5) * rows / count for number in range(count)]


def _draw_zone(zone: ZoneGroup, x: float, height: float) -> Iterator[str]:
    colour = KINDS[zone.kind].colour
    yield (
        f'<g class="zone zone-{zone.kind}"><rect x="{x + 0.5:.1f}" y="17" width="{_SIDE - 1:.1f}" '
        f'height="{height - 17.5:.1f}" rx="5" fill="{colour}" fill-opacity="0.05" stroke="{colour}" '
        f'stroke-width="0.8"/>'
    )
    yield (
        f'<text x="{x + _SIDE / 2:.1f}" y="11" text-anchor="middle" font-weight="700" fill="{colour}">'
        f"{_fit(show_line(zone.label), _SIDE, _NAME)}</text></g>"
    )


def _draw_firewall(names: Sequence[str], height: float) -> Iterator[str]:
    """The line of the boundary, with a wall and the names of the firewalls that stand on it."""
    middle = WIDTH / 2
    yield (
        f'<path class="edge" d="M{middle:.1f} 18V{height - 1:.1f}" stroke="{_SOFT}" stroke-width="0.8" '
        f'stroke-dasharray="3 3"/>'
    )
    if not names:
        return
    more = f" and {len(names) - 2} more" if len(names) > 2 else ""
    said = _fit(f"{', '.join(map(show_line, names[:2]))}{more}", WIDTH - 2 * _SIDE - 24, _SMALL)
    wide = min(measure(said, _SMALL), WIDTH - 2 * _SIDE - 24)
    x = middle - (wide + 17) / 2
    yield (
        f'<path class="wall" d="M{x:.1f} {_WALL}" '
        f'fill="{_PAPER}" stroke="{_AMBER}" stroke-width="0.8"/>'
        f'<text x="{x + 17:.1f}" y="10.5" font-size="{_SMALL}" fill="{_AMBER}">{said}</text>'
    )


def _draw_lines(
    rules: Sequence[Way], sides: Sequence[Sequence[Party]], spots: Sequence[Sequence[float]]
) -> Iterator[str]:
    """From each source to its rules, and on to the destinations with an arrow."""
    first, last = _SIDE, WIDTH - _SIDE
    before, behind = (WIDTH - _RULE) / 2, (WIDTH + _RULE) / 2
    for is_left, boxes, ys in ((True, sides[0], spots[1]), (False, sides[1], spots[2])):
        for box, y in zip(boxes, ys, strict=True):
            for number in box.rules:
                onwards = rules[number][1]
                at = spots[0][number]
                edge, pill = (first, before) if is_left else (last, behind)
                arrives = onwards != is_left
                out = 1 if is_left else -1
                tip = edge + (4 * out if arrives else 0)
                bend = (pill - edge) / 2
                yield (
                    f'<path class="way" d="M{tip:.1f} {y:.1f}C{edge + bend:.1f} {y:.1f} {pill - bend:.1f} {at:.1f} '
                    f'{pill:.1f} {at:.1f}" fill="none" stroke="{_ACCENT}" stroke-width="0.8"/>'
                )
                if arrives:
                    yield (
                        f'<polygon class="tip-of-way" points="{edge:.1f},{y:.1f} {edge + 5 * out:.1f},{y - 2.4:.1f} '
                        f'{edge + 5 * out:.1f},{y + 2.4:.1f}" fill="{_ACCENT}"/>'
                    )


def _draw_rule(rule: Rule, y: float) -> Iterator[str]:
    """The number of a rule over its ports; dashed where it isn't decided."""
    x = (WIDTH - _RULE) / 2
    dash = f' stroke-dasharray="3 2" stroke="{_AMBER}"' if rule.any_of else f' stroke="{_SOFT}"'
    ports = ", ".join(map(str, rule.services))
    yield (
        f'<g class="{"rule open-rule" if rule.any_of else "rule"}">'
        f'<rect x="{x:.1f}" y="{y - _BOX / 2:.1f}" width="{_RULE:.1f}" height="{_BOX:.1f}" rx="3" fill="{_PAPER}" '
        f'stroke-width="0.8"{dash}/>'
        f'<text class="mono" x="{WIDTH / 2:.1f}" y="{y - 1.5:.1f}" text-anchor="middle" font-family="{_MONO}" '
        f'font-weight="700" font-size="{_SMALL}">{rule.id}</text>'
        f'<text class="soft mono" x="{WIDTH / 2:.1f}" y="{y + 7.5:.1f}" text-anchor="middle" font-family="{_MONO}" '
        f'font-size="{_SMALL}" fill="{_SOFT}">{_fit(ports, _RULE - 6, _SMALL, measure_mono)}</text></g>'
    )


def _draw_box(box: Party, zone: ZoneGroup, x: float, y: float) -> Iterator[str]:
    """The names of endpoints over their addresses, or over how many they are."""
    few = box.endpoints[:_NAMED]
    names = [show_line(endpoint.name) for endpoint in few]
    if len(box.endpoints) > len(few):
        said = f"{len(box.endpoints):,} endpoints"
    else:
        addresses = [address for endpoint in few for address in endpoint.addresses[:_NAMED] or ("address?",)]
        said = ", ".join("any address" if address == ANY else address for address in addresses)
    yield (
        f'<g class="box zone-{zone.kind}"><rect x="{x + 5:.1f}" y="{y - _BOX / 2:.1f}" width="{_SIDE - 10:.1f}" '
        f'height="{_BOX:.1f}" rx="3" fill="{_PAPER}" stroke="{KINDS[zone.kind].colour}" stroke-width="0.9"/>'
        f'<text x="{x + 9:.1f}" y="{y - 1.5:.1f}" font-weight="600">{_fit(", ".join(names), _SIDE - 18, _NAME)}</text>'
        f'<text class="soft" x="{x + 9:.1f}" y="{y + 7.5:.1f}" font-size="{_SMALL}" fill="{_SOFT}">'
        f"{_fit(said, _SIDE - 18, _SMALL)}</text></g>"
    )


def _fit(text: str, width: float, size: float, measured: Callable[[str, float], float] = measure) -> str:
    """A text as markup, cut to so many points at this size, with a sign that it was."""
    if measured(text, size) > width:
        text = text[:_LETTERS]
        while text and measured(f"{text}…", size) > width:
            text = text[:-1]
        text = f"{text.rstrip(', ')}…"
    return escape(text, quote=False)
