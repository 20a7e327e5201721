"""The report as a drawing for draw.io: a page of all zones, then one for each two zones that rules lead between.

The file is plain XML (`mxfile`, as draw.io writes it uncompressed), so it can be compared and kept in a repository.
What stands on a page is an object with a tooltip, and lines lead to the page of their boundary. Where it stands
follows from its order, and everything can be moved there. Labels and tooltips are HTML to draw.io, so what people
typed is escaped twice.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from xml.etree import ElementTree

from planner.engine.report import Report
from planner.engine.rules import Boundary, Rule, ZoneGroup
from planner.plan.kinds import KINDS
from planner.report.diagram.boundaries import Party, Way, gather_sides, name_pair, pair_boundaries
from planner.report.diagram.overview import Overview, compose_overview, find_undecided
from planner.report.diagram.picture import Box
from planner.report.diagram.shapes import measure
from planner.report.diagram.tips import say_box
from planner.report.said.edition import Edition
from planner.report.said.forbidden import Breaches
from planner.report.said.outline import describe_marks
from planner.report.said.passed import Passed
from planner.report.said.text import list_addresses, list_reasons
from ports.text import cut, many, show_line

MOST_PAGES = 40
"""How many pages of boundaries there are at most, as on paper; what has none is named in the notes."""
MOST_NAMED = 40
"""How many endpoints of a box a tooltip names."""
_NAMED = 3
"""How many endpoints or services a label names."""
_OVERVIEW = "overview"

_BOX_WIDTH, _BOX_HEIGHT, _GAP, _HEAD = 180, 44, 10, 28
"""Of boxes, what is between them, and the head of a zone; everything is in draw.io's pixels, 100 an inch."""
_RULE_WIDTH = 220
_LANE, _SLOT = 14, 20
"""What is between lines that run beside each other, and between where they begin."""
_TOP = 70
_SIZE = 11.0
_SOFT, _AMBER, _BLUE = "#515d6b", "#8a4b00", "#0f62d6"

Node = dict[str, str]


def render_drawio(report: Report, edition: Edition | None = None) -> bytes:
    """The report as an uncompressed draw.io file in UTF-8; the same report and edition give the same bytes.

    First the zones with their endpoints, like ones together, and a line for each boundary; then, for each of the first
    MOST_PAGES pairs of zones, who stands on either side and the rules between them. Rules that depend on a choice that
    isn't made are dashed and say so.
    """
    pairs = list(pair_boundaries(report))
    pages = {frozenset((left.code, right.code)): f"pair-{number}" for number, (left, right, _) in enumerate(pairs, 1)}
    shown = dict(list(pages.items())[:MOST_PAGES])
    book = ElementTree.Element("mxfile", host="Port planner", type="device", pages=str(1 + len(shown)))
    _draw_overview(book, report, shown, edition)
    passed, breaches = Passed(report.plan.firewalls), Breaches(report)
    for (left, right, rules), page in zip(pairs, shown.values(), strict=False):
        _draw_pair(book, page, (left, right), rules, report, passed, breaches)
    ElementTree.indent(book, " ")
    written: bytes = ElementTree.tostring(book, encoding="UTF-8", xml_declaration=True)
    return written + b"\n"


def list_notes(report: Report) -> tuple[str, ...]:
    """What the drawing leaves out: boundaries that have no page of their own."""
    more = sum(1 for _ in pair_boundaries(report)) - MOST_PAGES
    if more <= 0:
        return ()
    return (f"{many(more, 'pair')} of zones have no page of their own: after the first {MOST_PAGES} none has.",)


class _Page:
    """A page that things are put on."""

    def __init__(self, book: ElementTree.Element, page: str, name: str) -> None:
        diagram = ElementTree.SubElement(book, "diagram", id=page, name=cut(show_line(name), 60))
        model = ElementTree.SubElement(
            diagram, "mxGraphModel", grid="1", gridSize="10", guides="1", tooltips="1", connect="1", arrows="1",
            fold="1", page="1", pageScale="1", pageWidth="1169", pageHeight="827", math="0", shadow="0",
        )  # fmt: skip
        self._root = ElementTree.SubElement(model, "root")
        ElementTree.SubElement(self._root, "mxCell", id="0")
        ElementTree.SubElement(self._root, "mxCell", {"id": "1", "parent": "0"})
        self._count = 0

    def put(
        self, lines: Sequence[str], style: str, area: tuple[float, float, float, float], *, parent: str = "1",
        tip: str = "", link: str = "",
    ) -> str:  # fmt: skip
        """A box with these lines in an area (x, y, width and height, from the corner of its parent); its id."""
        cell = self._object(lines, tip, link)
        inner = ElementTree.SubElement(cell, "mxCell", {"style": f"{style}html=1;", "vertex": "1", "parent": parent})
        x, y, width, height = (f"{value:g}" for value in area)
        ElementTree.SubElement(
            inner, "mxGeometry", {"x": x, "y": y, "width": width, "height": height, "as": "geometry"}
        )
        return cell.attrib["id"]

    def join(
        self, source: str, target: str, style: str, *, points: Iterable[tuple[float, float]] = (), label: str = "",
        beside: float = 0, tip: str = "", link: str = "",
    ) -> None:  # fmt: skip
        """A line from one box to another by way of some points; its label stands so far beside where it begins."""
        cell = self._object([label] if label else [], tip, link)
        ends = {"parent": "1", "source": source, "target": target}
        inner = ElementTree.SubElement(cell, "mxCell", {"style": f"{style}html=1;", "edge": "1", **ends})
        place = {"relative": "1", "as": "geometry"} | ({"x": "-1"} if label else {})
        geometry = ElementTree.SubElement(inner, "mxGeometry", place)
        way = [{"x": f"{x:g}", "y": f"{y:g}"} for x, y in points]
        if way:
            listed = ElementTree.SubElement(geometry, "Array", {"as": "points"})
            for point in way:
                ElementTree.SubElement(listed, "mxPoint", point)
        if label:
            ElementTree.SubElement(geometry, "mxPoint", {"x": f"{beside:g}", "y": "0", "as": "offset"})

    def _object(self, lines: Sequence[str], tip: str, link: str) -> ElementTree.Element:
        self._count += 1
        given: Node = {"id": f"o{self._count}", "label": "<br>".join(map(escape, lines))}
        if tip:
            given["tooltip"] = escape(tip).replace("\n", "<br>")
        if link:
            given["link"] = link
        return ElementTree.SubElement(self._root, "UserObject", given)


@dataclass(kw_only=True)
class _Zone:
    """A zone of the overview."""

    group: ZoneGroup
    boxes: Sequence[Box]
    column: int
    y: float = 0
    sides: dict[bool, int] = field(default_factory=lambda: {False: 0, True: 0})
    """How many lines begin or end on its left and on its right side."""
    taken: dict[bool, int] = field(default_factory=lambda: {False: 0, True: 0})
    cell: str = ""

    @property
    def height(self) -> float:
        """High enough for its boxes, and for its lines to begin apart from each other."""
        inside = _HEAD + max(1, len(self.boxes)) * (_BOX_HEIGHT + _GAP) + _GAP
        return max(inside, (max(self.sides.values()) + 1) * _SLOT)

    def take(self, right: bool) -> float:
        """How far down the next line is on a side, as a share of its height."""
        self.taken[right] += 1
        return self.taken[right] / (self.sides[right] + 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Edge:
    """A boundary between two zones of the overview, and the sides that its line leaves and reaches."""

    boundary: Boundary
    source: _Zone
    target: _Zone
    leaves_right: bool
    reaches_right: bool

    @property
    def label(self) -> str:
        """Its ports, the first few of many."""
        return _say_few([item.ports or item.protocol for item in self.boundary.ports])

    @property
    def channels(self) -> tuple[int, int]:
        """The spaces between columns in which it leaves and arrives; space 0 is left of all columns."""
        return self.source.column + self.leaves_right, self.target.column + self.reaches_right


def _draw_overview(
    book: ElementTree.Element, report: Report, pages: Mapping[frozenset[str], str], edition: Edition | None
) -> None:
    page = _Page(book, _OVERVIEW, "Overview")
    link = (edition.link if edition else None) or ""
    page.put([show_line(report.plan.name)], "text;fontSize=18;fontStyle=1;align=left;", (20, 10, 800, 30), link=link)
    if edition and edition.part:
        page.put([edition.part], f"text;align=left;fontColor={_SOFT};", (20, 40, 800, 20))
    overview = compose_overview(report)
    zones = _arrange(overview)
    edges = list(_connect(overview, zones))
    for edge in edges:
        edge.source.sides[edge.leaves_right] += 1
        edge.target.sides[edge.reaches_right] += 1
    _stack(zones.values(), len([edge for edge in edges if _is_far(edge)]))
    lanes: dict[int, int] = defaultdict(int)
    widest: dict[tuple[int, bool], float] = defaultdict(float)
    for edge in edges:
        for channel in dict.fromkeys(edge.channels):
            lanes[channel] += 1
        side = edge.channels[0], edge.leaves_right
        widest[side] = max(widest[side], measure(edge.label, _SIZE) + 12)
    # Left of a column begin those labels that stand beside its left side.
    starts: list[float] = []
    inner: list[float] = []
    x = 20.0
    for column in range(1 + max((zone.column for zone in zones.values()), default=0)):
        inner.append(x + widest[column, True] + _LANE)
        x = inner[-1] + lanes[column] * _LANE + widest[column, False] + _LANE
        starts.append(x)
        x += _BOX_WIDTH + 2 * _GAP
    inner.append(x + widest[len(starts), True] + _LANE)
    for zone in zones.values():
        zone.cell = _put_zone(page, zone, starts[zone.column])
    _lead(page, edges, starts, inner, pages)
    bottom = max((zone.y + zone.height for zone in zones.values()), default=_TOP) + 20
    for number, box in enumerate(overview.more):
        page.put([box.label, box.note], "text;align=left;", (20, bottom + number * 40, 400, 36))


def _arrange(overview: Overview) -> dict[str, _Zone]:
    """The zones by their codes, the outer ones in columns further left."""
    trusts = sorted({KINDS[group.kind].trust for group, _ in overview.zones})
    columns = {trust: place for place, trust in enumerate(trusts)}
    return {
        group.code: _Zone(group=group, boxes=boxes, column=columns[KINDS[group.kind].trust])
        for group, boxes in overview.zones
    }


def _connect(overview: Overview, zones: Mapping[str, _Zone]) -> Iterator[_Edge]:
    for boundary in overview.boundaries:
        source, target = zones[boundary.source.code], zones[boundary.destination.code]
        yield _Edge(
            boundary=boundary, source=source, target=target, leaves_right=source.column <= target.column,
            reaches_right=source.column >= target.column,
        )  # fmt: skip


def _is_far(edge: _Edge) -> bool:
    """Whether it leads past a column, and so above all."""
    return abs(edge.source.column - edge.target.column) > 1


def _stack(zones: Iterable[_Zone], far: int) -> None:
    """Zones of a column below each other; lines that lead past a column have their room above all."""
    below: dict[int, float] = defaultdict(lambda: _TOP + far * _LANE + _LANE)
    for zone in zones:
        zone.y = below[zone.column]
        below[zone.column] += zone.height + 40


def _put_zone(page: _Page, zone: _Zone, x: float) -> str:
    colour = KINDS[zone.group.kind].colour
    label = cut(show_line(zone.group.label), 28)
    names = [show_line(name) for name in zone.group.zones]
    cell = page.put(
        [label],
        f"swimlane;startSize={_HEAD};rounded=1;arcSize=4;collapsible=0;fontStyle=1;fontColor={colour};"
        f"strokeColor={colour};fillColor=#ffffff;swimlaneFillColor=#ffffff;",
        (x, zone.y, _BOX_WIDTH + 2 * _GAP, zone.height),
        tip=f"{KINDS[zone.group.kind].name}: {_say_many(names)}",
    )
    for place, box in enumerate(zone.boxes):
        about = box.note or box.about
        page.put(
            [cut(box.label, 26), *([cut(about, 30)] if about else [])],
            f"rounded=1;whiteSpace=wrap;fillColor=#ffffff;strokeColor={colour};fontSize=11;",
            (_GAP, _HEAD + _GAP + place * (_BOX_HEIGHT + _GAP), _BOX_WIDTH, _BOX_HEIGHT),
            parent=cell,
            tip=say_box(box),
        )
    return cell


def _lead(
    page: _Page, edges: Sequence[_Edge], starts: Sequence[float], inner: Sequence[float],
    pages: Mapping[frozenset[str], str],
) -> None:  # fmt: skip
    """The lines, each in lanes of its own between columns, so that none runs on another or through a zone."""
    used: dict[int, int] = defaultdict(int)
    far = 0
    for edge in edges:
        leave = edge.source.take(edge.leaves_right)
        reach = edge.target.take(edge.reaches_right)
        at = {}
        for channel in dict.fromkeys(edge.channels):
            at[channel] = inner[channel] + used[channel] * _LANE
            used[channel] += 1
        first, last = (at[channel] for channel in edge.channels)
        begins = edge.source.y + leave * edge.source.height
        ends = edge.target.y + reach * edge.target.height
        points = [(first, begins), (last, ends)]
        if first != last:
            above = _TOP + far * _LANE
            far += 1
            points[1:1] = [(first, above), (last, above)]
        group, other = edge.boundary.source, edge.boundary.destination
        undecided = find_undecided(edge.boundary)
        wide = measure(edge.label, _SIZE) / 2 + 4
        sides = f"exitX={edge.leaves_right:d};exitY={leave:.4f};entryX={edge.reaches_right:d};entryY={reach:.4f};"
        to = pages.get(frozenset((group.code, other.code)))
        page.join(
            edge.source.cell,
            edge.target.cell,
            f"rounded=1;endArrow=block;endSize=5;strokeColor={_BLUE};fontColor={_SOFT};fontSize={_SIZE:g};"
            f"{'dashed=1;' if len(undecided) == len(edge.boundary.ports) else ''}"
            f"labelBackgroundColor=#ffffff;{sides}",
            points=points,
            label=edge.label,
            beside=wide if edge.leaves_right else -wide,
            tip=f"{edge.boundary.code}: {show_line(group.label)} → {show_line(other.label)}\n"
            + ", ".join(f"{ports} (undecided)" if ports in undecided else str(ports) for ports in edge.boundary.ports),
            link=f"data:page/id,{to}" if to else "",
        )


def _draw_pair(
    book: ElementTree.Element, page_id: str, zones: tuple[ZoneGroup, ZoneGroup], rules: Sequence[Way], report: Report,
    passed: Passed, breaches: Breaches,
) -> None:  # fmt: skip
    """Who stands on the left, the rules below each other in the middle, and who stands on the right."""
    page = _Page(book, page_id, name_pair(*zones, rules))
    page.put(
        ["← Overview"], f"text;align=left;fontColor={_BLUE};", (20, 10, 120, 24), link=f"data:page/id,{_OVERVIEW}"
    )
    step = _BOX_HEIGHT + _GAP
    sides = gather_sides(rules)
    rows = max(len(rules), *map(len, sides))
    middle = 20 + _BOX_WIDTH + 2 * _GAP + 160
    xs = 20.0, middle + _RULE_WIDTH + 160.0
    parties: list[list[str]] = []
    for zone, boxes, x in zip(zones, sides, xs, strict=True):
        parties.append(_put_side(page, zone, boxes, x, rows))
    for number, (rule, onwards) in enumerate(rules):
        y = _TOP + _HEAD + _GAP + (number + 0.5) * rows / len(rules) * step - step / 2
        node = page.put(
            [rule.id, cut(_say_few(list(map(str, rule.services))), 36)],
            f"rounded=1;whiteSpace=wrap;fillColor=#ffffff;fontSize=11;strokeColor={_SOFT};"
            + (f"dashed=1;strokeColor={_AMBER};fontColor={_AMBER};" if rule.any_of else ""),
            (middle, y, _RULE_WIDTH, _BOX_HEIGHT),
            tip="\n".join(_tell(rule, report, passed, breaches)),
        )
        for place, (boxes, cells) in enumerate(zip(sides, parties, strict=True)):
            for box, cell in zip(boxes, cells, strict=True):
                if number in box.rules:
                    arrives = onwards == bool(place)
                    _join_rule(page, node, cell, arrives=arrives, right=bool(place))


def _put_side(page: _Page, zone: ZoneGroup, boxes: Sequence[Party], x: float, rows: int) -> list[str]:
    """A zone with who stands in it, as high as the rules beside it; the ids of the boxes."""
    step = _BOX_HEIGHT + _GAP
    colour = KINDS[zone.kind].colour
    around = page.put(
        [cut(show_line(zone.label), 28)],
        f"swimlane;startSize={_HEAD};rounded=1;arcSize=4;collapsible=0;fontStyle=1;fontColor={colour};"
        f"strokeColor={colour};fillColor=#ffffff;swimlaneFillColor=#ffffff;",
        (x, _TOP, _BOX_WIDTH + 2 * _GAP, _HEAD + _GAP + rows * step),
        tip=f"{KINDS[zone.kind].name}: {_say_many([show_line(name) for name in zone.zones])}",
    )
    cells = []
    for number, box in enumerate(boxes):
        names = [show_line(endpoint.name) for endpoint in box.endpoints]
        few = box.endpoints[:_NAMED]
        addresses = [address for endpoint in few for address in list_addresses(endpoint)]
        under = many(len(names), "endpoint") if len(names) > _NAMED else ", ".join(addresses)
        y = _HEAD + _GAP + (number + 0.5) * rows / len(boxes) * step - step / 2
        tip = "\n".join(
            f"{show_line(endpoint.name)}: {_say_many(list_addresses(endpoint))}"
            for endpoint in box.endpoints[:MOST_NAMED]
        )
        more = len(names) - MOST_NAMED
        cells.append(
            page.put(
                [cut(", ".join(names[:_NAMED]), 26), cut(under, 30)],
                f"rounded=1;whiteSpace=wrap;fillColor=#ffffff;strokeColor={colour};fontSize=11;",
                (_GAP, y, _BOX_WIDTH, _BOX_HEIGHT),
                parent=around,
                tip=f"{tip}\nand {more:,} more" if more > 0 else tip,
            )
        )
    return cells


def _join_rule(page: _Page, rule: str, party: str, *, arrives: bool, right: bool) -> None:
    """The line between a rule and one side of it, with an arrow at those that it leads to."""
    ends = (rule, party) if arrives else (party, rule)
    leaves_right = right if arrives else not right
    page.join(
        *ends,
        f"endArrow={'block' if arrives else 'none'};endSize=5;strokeColor={_BLUE};exitX={leaves_right:d};exitY=0.5;"
        f"entryX={not leaves_right:d};entryY=0.5;",
    )


def _tell(rule: Rule, report: Report, passed: Passed, breaches: Breaches) -> Iterator[str]:
    """A rule in lines: its services with why each is opened, its firewalls, what forbids it and what it depends on."""
    yield rule.id
    if forbidden := breaches.mark(rule):
        yield forbidden
    for ports, reasons, sections in zip(rule.services, rule.service_reasons, rule.service_sections, strict=True):
        cited = f" ({', '.join(f'§{section}' for section in sections)})" if sections else ""
        yield f"{ports}: {'; '.join(list_reasons(reasons))}{cited}"
    walls = passed.say(rule)
    if walls:
        yield f"Passes {show_line(walls)}"
    if rule.any_of:
        yield f"Undecided: {describe_marks(rule.any_of, report.matrix)}"


def _say_few(texts: Sequence[str]) -> str:
    """443, 135, 445 +4"""
    listed = list(dict.fromkeys(texts))
    more = f" +{len(listed) - _NAMED}" if len(listed) > _NAMED else ""
    return ", ".join(listed[:_NAMED]) + more


def _say_many(texts: Sequence[str]) -> str:
    """As many as a tooltip has room for, and how many there are more."""
    more = f" and {len(texts) - MOST_NAMED:,} more" if len(texts) > MOST_NAMED else ""
    return ", ".join(texts[:MOST_NAMED]) + more
