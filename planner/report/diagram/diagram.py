"""The report as pictures: zones with the ports between them, and endpoints in their zones with an arrow for each pair.

`picture` says what is shown, `layout` where, `labels` where its texts stand and `tips` what is told of a part that is
pointed at; this module draws it as SVG. Colours are written out, for print and files; on the page the stylesheet goes
over them by class. With a `link` there is a second layer on top of the drawing: for each box and line a link that
shows its ports while it is pointed at or has the focus, so that no line runs through what is read.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from functools import cache
from html import escape
from urllib.parse import quote

from planner.engine.report import Report
from planner.plan.kinds import KINDS
from planner.report.diagram.icons import PATHS, SIDE
from planner.report.diagram.kept import Link, draw_once
from planner.report.diagram.labels import place_name, place_on_lines, place_ports
from planner.report.diagram.layout import (
    FONT,
    GAP,
    ICON,
    MANY,
    PAD,
    ROW,
    SIZE,
    SMALL,
    Layout,
    NoDiagram,
    label_lines,
    lay_out,
    say_shortly,
    shorten,
)
from planner.report.diagram.picture import (
    Box,
    Frame,
    Line,
    Picture,
    picture_endpoints,
    picture_zones,
)
from planner.report.diagram.shapes import Area, Curve, Point, arrow_corners, halfway, inset, measure, path_data, trace
from planner.report.diagram.tips import TIP_ROW, Tip, make_box_tip, make_line_tip, say_box, say_line
from planner.report.diagram.walls import draw_walls, place_walls, say_walls
from planner.report.firewall.words import wrap
from ports.text import several, show_line

__all__ = ["NoDiagram", "render_diagram", "render_overview", "render_readable", "render_svg"]

_TEXT, _SOFT, _LINE, _ACCENT, _PAPER = "#17202b", "#515d6b", "#7b8794", "#0f62d6", "#ffffff"
_MONO = "DejaVu Sans Mono, Menlo, Consolas, monospace"
_MARGIN = 6.0
_SCREEN = 1.25
"""Pixels of the page to a point of the drawing: so the smallest text has more than 11 pixels."""
_READABLE = 1150, 540
"""A picture wider or higher than this many pixels can't be read once it is shrunk to stand above the rules."""


def render_diagram(report: Report, *, unfolded: Collection[str] = (), link: Link | None = None) -> str:
    """Endpoints in their zones as an SVG element; of a large plan like ones together, except in groups `unfolded`.

    Raises NoDiagram when Graphviz's `dot` is missing, fails or takes too long.
    """

    picture = cache(lambda: picture_endpoints(report, unfolded))

    def draw(link: Link | None) -> str:
        return _arrange(picture(), link).element(_describe_endpoints(report))

    if link is None:
        return draw(None)
    asked = {code for group in report.zone_groups for code in (group.code, f"-{group.code}")}
    name = "endpoints", frozenset(asked.intersection(unfolded))
    return draw_once(report, name, draw, link, lambda: repr(picture()))


def render_readable(report: Report, *, lines: int, room: tuple[float, float], smallest: float) -> str:
    """The same for paper, empty where it could not be read there.

    That is with more than so many `lines`, or when the smallest letters would have fewer than `smallest` points once
    it is shrunk to the width and height of the `room`, in points. Raises NoDiagram as above.
    """
    picture = picture_endpoints(report)
    if len(picture.lines) > lines:
        return ""
    drawing = _arrange(picture, None)
    if min(1.0, room[0] / drawing.width, room[1] / drawing.height) * SMALL < smallest:
        return ""
    return drawing.element(_describe_endpoints(report))


def render_overview(report: Report, *, link: Link | None = None) -> str:
    """Zones, like ones together, and the ports between them as an SVG element. Raises NoDiagram as above."""

    picture = cache(lambda: picture_zones(report))

    def draw(link: Link | None) -> str:
        return _Drawing(picture(), lay_out(picture(), ports_shown=True), link).element(
            "Zones and the ports between them"
        )

    return draw(None) if link is None else draw_once(report, "zones", draw, link, lambda: repr(picture()))


def render_svg(report: Report, *, unfolded: Collection[str] = (), below: str = "") -> bytes:
    """The diagram of endpoints as an SVG file that needs no other. `below`: what stands under it, on lines as needed.

    Raises NoDiagram as above.
    """
    drawing = _arrange(picture_endpoints(report, unfolded), None)
    title = f"{show_line(report.plan.name)}: {_describe_endpoints(report)}"
    return ('<?xml version="1.0" encoding="UTF-8"?>\n' + drawing.file(title, below)).encode()


def _describe_endpoints(report: Report) -> str:
    return "Zones, their endpoints and the connections between them"


class _Drawing:
    """One picture, placed and drawn."""

    def __init__(self, picture: Picture, layout: Layout, link: Link | None) -> None:
        self.picture = picture
        self.layout = layout
        self.link = link
        self.box_tips = {box.key: make_box_tip(box) for box in self._boxes()} if link else {}
        self.line_tips = {(line.source.key, line.destination.key): make_line_tip(line) for line in picture.lines}
        tips = [*self.box_tips.values(), *self.line_tips.values()] if link else []
        widest = max((tip.width for tip in tips), default=0)
        tallest = max((tip.height for tip in tips), default=0)
        # A tip fits into the smallest picture too.
        self.width = max(layout.width + 2 * _MARGIN, widest + 2 * _MARGIN)
        self.height = max(layout.height + 2 * _MARGIN, tallest + 2 * _MARGIN)
        self.left = layout.left - (self.width - layout.width) / 2
        self.top = layout.top - (self.height - layout.height) / 2
        # Of many lines a coarser look has to do: this is work for each pair of a label and a point.
        steps = 40 if len(picture.lines) <= MANY else 8
        traces = [list(trace(curve, steps)) for curve in layout.curves.values()]
        page = Area(x=self.left, y=self.top, width=self.width, height=self.height)
        self.labels = {frame.key: place_name(frame, layout, traces) for frame in picture.frames}
        self.walls = self._place_walls(traces)
        self.ports = place_ports(layout, page, traces)
        self.texts = {ends: label_lines(line) for ends, line in self._lines().items()}
        if link and picture.frames and len(picture.lines) <= MANY:
            # On a page one can go nearer, so that short texts may stand on the arrows; on paper all has to fit.
            short = {ends: say_shortly(line) for ends, line in self._lines().items()}
            self.texts = {ends: [text] for ends, text in short.items()}
            written = [area for area, _ in self.labels.values()] + [area for _, area in self.walls.values()]
            placed = place_on_lines(layout, page, traces, short, written)
            self.ports = {key: (area, False) for key, area in placed.items()}
        self.covered = tuple(key for key, (_, free) in self.labels.items() if not free)

    def element(self, title: str) -> str:
        """The picture as an SVG element."""
        parts = [*self._drawn()]
        if self.link:
            parts = [f'<g aria-hidden="true">{"".join(parts)}</g>', *self._targets(self.link)]
        return self._write(title, parts, self.width, self.height)

    def file(self, title: str, below: str) -> str:
        """The picture as an SVG element that is a file of its own, on white paper, with a sentence below it."""
        lines = list(wrap(below, max(60, int(self.width / measure("n", SMALL))), ""))
        width = max([self.width, *(measure(line, SMALL) + 2 * _MARGIN for line in lines)])
        height = self.height + len(lines) * ROW + (_MARGIN if lines else 0)
        page = _rect(Area(x=self.left, y=self.top, width=width, height=height))
        parts = [
            f'<rect {page} fill="{_PAPER}"/>',
            *self._drawn(),
            *(
                f'<text x="{self.left + _MARGIN:.1f}" y="{self.top + self.height + number * ROW:.1f}" '
                f'font-size="{SMALL}" fill="{_SOFT}">{_text(line)}</text>'
                for number, line in enumerate(lines, 1)
            ),
        ]
        return self._write(title, parts, width, height, 'xmlns="http://www.w3.org/2000/svg" ')

    def _write(self, title: str, parts: Sequence[str], width: float, height: float, namespace: str = "") -> str:
        box = f"{self.left:.1f} {self.top:.1f} {width:.1f} {height:.1f}"
        role = f'role="group" aria-label={_quoted(title)}' if self.link else 'role="img"'
        name = "" if self.link else f"<title>{_text(title)}</title>"
        # On paper a point is a point; on a screen the texts get the size of small print.
        unit, scale = ("px", _SCREEN) if self.link else ("pt", 1)
        size = f'width="{width * scale:.0f}{unit}" height="{height * scale:.0f}{unit}"'
        large = self.link and (width * scale > _READABLE[0] or height * scale > _READABLE[1])
        return (
            f'<svg {namespace}class="diagram{" diagram-large" if large else ""}" {role} {size} '
            f'viewBox="{box}" font-family="{FONT}" font-size="{SIZE}" fill="{_TEXT}">'
            f"{name}{''.join(parts)}</svg>"
        )

    def _place_walls(self, traces: Sequence[Sequence[Point]]) -> dict[str, tuple[str, Area]]:
        """What stands at the edges of frames about firewalls, and where, by their keys."""
        taken = [*self.layout.boxes.values(), *(area for area, _ in self.labels.values())]
        walls: dict[str, tuple[str, Area]] = {}
        for frame in self.picture.frames:
            area, is_low = self.layout.frames[frame.key], frame.key in self.layout.low
            if wall := place_walls(frame.walls, area, SMALL, taken, traces, above=is_low):
                walls[frame.key] = wall
                taken.append(wall[1])
        return walls

    def _lines(self) -> dict[tuple[str, str], Line]:
        return {(line.source.key, line.destination.key): line for line in self.picture.lines}

    def _boxes(self) -> Iterator[Box]:
        for frame in self.picture.frames:
            yield from frame.boxes
        yield from self.picture.loose

    # --- the drawing ---------------------------------------------------------------------------------------------

    def _drawn(self) -> Iterator[str]:
        for frame in self.picture.frames:
            yield self._draw_frame(frame)
        for line in self.picture.lines:
            yield self._draw_line(line)
        for frame in self.picture.frames:
            yield self._draw_frame_label(frame)
            if frame.key in self.walls:
                yield draw_walls(*self.walls[frame.key], SMALL)
        for box in self._boxes():
            yield self._draw_box(box)
        if self.ports:
            for line in self.picture.lines:
                yield self._draw_ports(line)

    def _draw_frame(self, frame: Frame) -> str:
        colour = KINDS[frame.kind].colour
        empty = ""
        if not frame.boxes:
            x, y = self.layout.boxes[f"{frame.key}_empty"].middle
            empty = (
                f'<text class="soft" x="{x:.1f}" y="{y + 3.5:.1f}" text-anchor="middle" fill="{_SOFT}">'
                f"no endpoints</text>"
            )
        return (
            f'<g class="frame zone-{frame.kind}">'
            f'<rect {_rect(self.layout.frames[frame.key])} rx="7" fill="{colour}" fill-opacity="0.05" '
            f'stroke="{colour}" stroke-width="1.2"/>{empty}</g>'
        )

    def _draw_frame_label(self, frame: Frame) -> str:
        area, free = self.labels[frame.key]
        # The patch has the colour of the frame that it lies on.
        tint = (
            f'<g class="frame-tint zone-{frame.kind}"><rect {_rect(area)} rx="3" fill="{KINDS[frame.kind].colour}" '
            f'fill-opacity="{0 if free else 0.05}"/></g>'
        )
        return (
            f'{_patch(area, free)}{tint}<text class="frame-label zone-{frame.kind}" '
            f'x="{area.x + 2:.1f}" y="{area.y + 14.5:.1f}" font-weight="700" '
            f'fill="{KINDS[frame.kind].colour}">{_text(shorten(frame.label))}</text>'
        )

    def _draw_box(self, box: Box) -> str:
        area = self.layout.boxes[box.key]
        colour = KINDS[box.kind].colour if box.kind in KINDS else _LINE
        zone = f" zone-{box.kind}" if box.kind else ""
        strong = ' stroke-width="1.4"' if box.kind else ' stroke-width="0.9"'
        frames = [f'<rect {_rect(area)} rx="5" fill="{_PAPER}" stroke="{colour}"{strong}/>']
        if box.many:
            frames.append(
                f'<rect {_rect(inset(area, 2.2))} rx="3.4" fill="none" stroke="{colour}" stroke-width="0.6"/>'
            )
        x = area.x + PAD
        if box.icon is not None:
            y = area.middle[1] - ICON / 2
            frames.append(
                f'<path class="icon" d="{PATHS[box.icon]}" transform="translate({x:.1f} {y:.1f}) '
                f'scale({ICON / SIDE:.3f})" fill="none" stroke="{_SOFT}" stroke-width="1.7" stroke-linecap="round" '
                f'stroke-linejoin="round"/>'
            )
            x += ICON + GAP
        anchor = ""
        if box.icon is None:
            x, anchor = area.middle[0], ' text-anchor="middle"'
        weight = ' font-weight="600"' if box.kind else ""
        y = area.middle[1] + (-2.3 if box.note else 3.7)
        rows = [f'<text x="{x:.1f}" y="{y:.1f}"{anchor}{weight}>{_text(shorten(box.label))}</text>']
        if box.note:
            rows.append(
                f'<text class="soft" x="{x:.1f}" y="{area.middle[1] + 9.7:.1f}"{anchor} fill="{_SOFT}" '
                f'font-size="{SMALL}">{_text(box.note)}</text>'
            )
        return f'<g class="box{zone}" data-box="{box.key}">{"".join(frames + rows)}</g>'

    def _draw_line(self, line: Line) -> str:
        curve = self._curve(line)
        colour = _ACCENT if line.crosses else _LINE
        dash = "" if line.crosses else ' stroke-dasharray="4 3"'
        return (
            f'<g class="line {"crossing" if line.crosses else "inside"}" data-ends="{_ends(line)}">'
            f'<path d="{path_data(curve)}" fill="none" stroke="{colour}" stroke-width="1"{dash}/>'
            f'<polygon points="{arrow_corners(curve)}" fill="{colour}"/></g>'
        )

    def _draw_ports(self, line: Line) -> str:
        if (line.source.key, line.destination.key) not in self.ports:
            return ""
        area, free = self.ports[line.source.key, line.destination.key]
        x, _ = area.middle
        rows = "".join(
            f'<text class="soft ports" x="{x:.1f}" y="{area.y + (number + 0.75) * ROW:.1f}" text-anchor="middle" '
            f'fill="{_SOFT}" font-size="{SMALL}">{_text(row)}</text>'
            for number, row in enumerate(self.texts[line.source.key, line.destination.key])
        )
        return f'<g class="on-line" data-ends="{_ends(line)}">{_patch(area, free)}{rows}</g>'

    def _curve(self, line: Line) -> Curve:
        return self.layout.curves[line.source.key, line.destination.key]

    # --- what can be pointed at ----------------------------------------------------------------------------------

    def _targets(self, link: Link) -> Iterator[str]:
        """Zones, then each box with the lines that begin there: the order in which the keyboard meets them."""
        begin: dict[str, list[Line]] = {}
        for line in self.picture.lines:
            begin.setdefault(line.source.key, []).append(line)
        for frame in self.picture.frames:
            yield self._frame_target(frame, link)
            for box in frame.boxes:
                yield self._box_target(box, link)
                yield from (self._line_target(line, link) for line in begin.get(box.key, ()))
        for box in self.picture.loose:
            yield self._box_target(box, link)
            yield from (self._line_target(line, link) for line in begin.get(box.key, ()))

    def _frame_target(self, frame: Frame, link: Link) -> str:
        area, _ = self.labels[frame.key]
        action = measure(frame.action, SMALL) + 14 if frame.action else 0
        # Large enough to be hit while the picture is shown at two thirds of its size.
        hit = Area(x=area.x, y=area.y - 5, width=max(area.width - action, 31), height=31)
        behind = f"; {say_walls(frame.walls)}" if frame.walls else ""
        zone = (
            f"<a {_link(link(frame.fields), f'Zone {frame.label}: its rules{behind}')}>"
            f'<rect class="halo" {_rect(hit)} rx="3" fill="none"/></a>'
        )
        zone += self._drop(frame)
        if not frame.action:
            return zone
        spot = Area(x=hit.x + hit.width + 2, y=hit.y, width=action - 2, height=hit.height)
        return (
            f"{zone}<a {_link(link(frame.action_fields), f'{frame.action} {frame.action_about}', 'target action')}>"
            f'<rect class="halo" {_rect(spot)} rx="3" fill="none"/>'
            f'<text x="{spot.middle[0]:.1f}" y="{area.y + 14:.1f}" text-anchor="middle" font-size="{SMALL}" '
            f'fill="{_ACCENT}">{frame.action}</text></a>'
        )

    def _drop(self, frame: Frame) -> str:
        """Where the page's scripts find the zone that takes what is dropped; a group of zones takes nothing."""
        if not frame.zone:
            return ""
        area = _rect(self.layout.frames[frame.key])
        return f'<rect class="drop" data-zone-name="{quote(frame.zone)}" {area} rx="7" fill="none"/>'

    def _box_target(self, box: Box, link: Link) -> str:
        area = self.layout.boxes[box.key]
        halo = f'<rect class="halo" {_rect(inset(area, -2))} rx="7" fill="none"/>'
        tip = self.box_tips[box.key]
        below = area.y + area.height + 3
        if below + tip.height > self.top + self.height:
            below = area.y - 3 - tip.height
        drawn = self._draw_tip(tip, (area.middle[0], below + tip.height / 2))
        if not box.fields:
            return f'<g class="target" role="img" aria-label={_quoted(say_box(box))}>{halo}{drawn}</g>'
        return f"<a {_link(link(box.fields), say_box(box))}{self._say_to_scripts(box)}>{halo}{drawn}</a>"

    def _say_to_scripts(self, box: Box) -> str:
        """What the page's scripts know of a box: which it is, and of an endpoint its name and its rules."""
        said = f' data-target="{box.key}"'
        if "endpoint" in box.fields:
            rules = several(box.rules) or "no rule between zones"
            # Quoted as addresses quote it, so that no name turns round what stands beside it.
            said += f' data-name="{quote(box.fields["endpoint"])}" data-rules={_quoted(f"{box.label}: {rules}")}'
        return said

    def _line_target(self, line: Line, link: Link) -> str:
        curve = self._curve(line)
        path = path_data(curve, whole=True)
        ends = "".join(
            f'<rect class="end" {_rect(inset(self.layout.boxes[box.key], -2))} rx="7" fill="none"/>'
            for box in (line.source, line.destination)
        )
        tip = self.line_tips[line.source.key, line.destination.key]
        at = halfway(curve)
        # A line is thin and may be short: a disc in its middle makes it large enough to be hit.
        disc = f'<circle class="disc" cx="{at[0]:.1f}" cy="{at[1]:.1f}" r="15" fill="none"/>'
        inner = f'{ends}{disc}<path class="halo" d="{path}" fill="none"/>{self._draw_tip(tip, at)}'
        says = say_line(line)
        if not line.fields:
            return f'<g class="target line-target" role="img" aria-label={_quoted(says)}>{inner}</g>'
        known = f' data-target-ends="{_ends(line)}"'
        return f"<a {_link(link(line.fields), says, 'target line-target')}{known}>{inner}</a>"

    def _draw_tip(self, tip: Tip, at: Point) -> str:
        """A tip around a point, moved to where it is whole."""
        x = min(max(at[0] - tip.width / 2, self.left + 2), self.left + self.width - tip.width - 2)
        y = min(max(at[1] - tip.height / 2, self.top + 2), self.top + self.height - tip.height - 2)
        paper = Area(x=x, y=y, width=tip.width, height=tip.height)
        texts = [
            f'<text x="{x + 8:.1f}" y="{y + 1 + number * TIP_ROW:.1f}" font-weight="600">{_text(row)}</text>'
            for number, row in enumerate(tip.head, 1)
        ]
        texts += [
            f'<text class="mono" x="{x + 8:.1f}" y="{y + 1 + number * TIP_ROW:.1f}" font-family="{_MONO}" '
            f'font-size="{SMALL}">{_text(row)}</text>'
            for number, row in enumerate(tip.rows, 1 + len(tip.head))
        ]
        return f'<g class="tip" display="none"><rect {_rect(paper)} rx="5" fill="{_PAPER}"/>{"".join(texts)}</g>'


def _arrange(picture: Picture, link: Link | None) -> _Drawing:
    """The drawing of a picture with frames; a name that lines would run through at the top goes to the bottom."""
    roomy = link is not None
    if link is None:  # nothing can be folded on paper, so that names need no room for it
        picture = replace(picture, frames=tuple(replace(frame, action="") for frame in picture.frames))
    drawing = _Drawing(picture, lay_out(picture, ports_shown=False, roomy=roomy), link)
    if drawing.covered and len(picture.lines) <= MANY:
        other = _Drawing(picture, lay_out(picture, ports_shown=False, low=drawing.covered, roomy=roomy), link)
        if len(other.covered) < len(drawing.covered):
            return other
    return drawing


def _ends(line: Line) -> str:
    """The keys of the boxes at both ends of a line."""
    return f"{line.source.key} {line.destination.key}"


def _text(text: str) -> str:
    return escape(text, quote=False)


def _quoted(text: str) -> str:
    return f'"{escape(text)}"'


def _link(address: str, says: str, classes: str = "target") -> str:
    """The attributes of a link: a plain one, and for htmx one that brings the report only."""
    to = _quoted(address)
    return f"class={_quoted(classes)} href={to} hx-get={to} aria-label={_quoted(says)}"


def _rect(area: Area) -> str:
    return f'x="{area.x:.1f}" y="{area.y:.1f}" width="{area.width:.1f}" height="{area.height:.1f}"'


def _patch(area: Area, free: bool) -> str:
    """The patch that hides lines behind a text; drawn unseen where there are none, so that all texts have one."""
    return f'<rect class="paper" {_rect(area)} rx="3" fill="{_PAPER}" fill-opacity="{0 if free else 0.9}"/>'
