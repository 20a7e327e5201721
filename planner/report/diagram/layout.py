"""Where the parts of a picture go: Graphviz's `dot` places boxes and leads lines around them.

It gets the texts to measure them and returns positions; nothing that it writes is shown.
"""

import json
import subprocess
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from planner.plan.kinds import KINDS, USUAL
from planner.report.diagram.picture import Box, Frame, Line, Picture
from planner.report.diagram.shapes import Area, Curve, Point, measure, trace
from ports.text import cut

if TYPE_CHECKING:
    from graphviz import Digraph

MANY = 100
"""With more lines than this there are no ports on them, and no second try."""
SECONDS = 12
"""dot is stopped after this time."""
LABEL = 30
"""Longer names are shortened; in full they stand beside the picture and in what a link says."""
FONT = "Inter, DejaVu Sans, sans-serif"
BOLD = "Inter Bold, DejaVu Sans Bold, sans-serif"
SIZE, SMALL = 10.5, 9.0
LABEL_SIZE = 10.0
"""Rows on lines are measured a little larger than they are, so that they stay off the line."""
ROW = 11.0
"""Height of a row of small text."""
ICON = 15.0
PAD = 8.0
GAP = 6.0
EMPTY_WIDTH, EMPTY_HEIGHT, EMPTY_GAP = 110.0, 54.0, 12.0
"""Least width, height and distance of frames with nothing in them."""
ROW_OF_EMPTY = 600.0
"""Least width of a row of them."""


class NoDiagram(RuntimeError):
    """Graphviz isn't there or couldn't draw. The message is a sentence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """Areas of boxes and frames by their keys, curves by the keys of their ends; where it all begins, its size."""

    left: float
    top: float
    width: float
    height: float
    boxes: Mapping[str, Area]
    frames: Mapping[str, Area]
    curves: Mapping[tuple[str, str], Curve]
    low: frozenset[str] = frozenset()
    """Keys of the frames whose name has its room at the bottom, not at the top."""


@dataclass(frozen=True, slots=True)
class Spacing:
    """What room there is to be: for ports on lines, for names at the bottom of frames, and between columns."""

    ports_shown: bool
    low: frozenset[str]
    roomy: bool


def shorten(text: str, limit: int = LABEL) -> str:
    """The text as the label of a box or frame."""
    return cut(text, limit)


def lay_out(picture: Picture, *, ports_shown: bool, low: Collection[str] = (), roomy: bool = False) -> Layout:
    """Place a picture; with `ports_shown` there is room on each line for its ports, all of them in rows.

    With `roomy` lines from one column to the next are long enough that something short can stand on them.
    The frames whose keys are among `low` have room for their names at the bottom. Raises NoDiagram when dot is
    missing, fails or takes too long.
    """
    names_low = frozenset(low)
    ports_shown = ports_shown and len(picture.lines) <= MANY
    # Frames with nothing in them stand below all others, so that a new one doesn't make those jump.
    empty = [frame for frame in picture.frames if not frame.boxes]
    if empty:
        picture = replace(picture, frames=tuple(frame for frame in picture.frames if frame.boxes))
    if picture.frames or picture.loose:
        layout = _lay_out_standing(picture, Spacing(ports_shown, names_low, roomy))
    else:
        layout = Layout(left=0, top=0, width=0, height=0, boxes={}, frames={}, curves={}, low=names_low)
    return _stand_below(layout, empty) if empty else layout


def _lay_out_standing(picture: Picture, spacing: Spacing) -> Layout:
    # Parting the depths costs room, so it is done only where they don't come in order by themselves.
    if len(picture.lines) <= MANY:
        layout = _place(picture, spacing, parted=False)
        if _is_in_order(layout, picture):
            return layout
    return _place(picture, spacing, parted=True)


def _stand_below(layout: Layout, empty: Sequence[Frame]) -> Layout:
    """The layout with frames that have nothing in them in rows below all else."""
    boxes, frames = dict(layout.boxes), dict(layout.frames)
    width = max(layout.width, ROW_OF_EMPTY)
    x, y = layout.left, layout.top + layout.height + (EMPTY_GAP if layout.height else 0)
    for frame in empty:
        wide = max(EMPTY_WIDTH, measure(shorten(frame.label), SIZE) + 36)
        if x > layout.left and x + wide > layout.left + width:
            x, y = layout.left, y + EMPTY_HEIGHT + EMPTY_GAP
        frames[frame.key] = Area(x=x, y=y, width=wide, height=EMPTY_HEIGHT)
        below = 16 if frame.key in layout.low else 38  # where its name isn't
        boxes[f"{frame.key}_empty"] = _area_around(x + wide / 2, y + below, EMPTY_WIDTH - 24, 14)
        x += wide + EMPTY_GAP
    right = max(area.x + area.width for area in (*frames.values(), *boxes.values()))
    return replace(
        layout, boxes=boxes, frames=frames, width=max(layout.width, right - layout.left),
        height=y + EMPTY_HEIGHT - layout.top,
    )  # fmt: skip


def _place(picture: Picture, spacing: Spacing, *, parted: bool) -> Layout:
    found = _run(_describe(picture, spacing, parted))
    if isinstance(found, str):
        raise NoDiagram(found)
    return replace(_read(json.loads(found[0]), picture), low=spacing.low)


def _is_in_order(layout: Layout, picture: Picture) -> bool:
    """Whether zones outside stand left of all others, and remote sites not left of others."""
    areas = [(KINDS[frame.kind].trust, layout.frames[frame.key]) for frame in picture.frames]
    areas += [(KINDS[box.kind].trust, layout.boxes[box.key]) for box in picture.loose]
    return all(
        outer.x + outer.width <= inner.x if depth < KINDS[USUAL].trust else outer.middle[0] <= inner.middle[0] + 20
        for depth, outer in areas
        for other, inner in areas
        if depth < other
    )


def label_lines(line: Line) -> list[str]:
    """At most four ports, two to a row, and how many more there are."""
    listed = [str(item) for item in line.ports]
    more = [f"+{len(listed) - 4} more"] if len(listed) > 4 else []
    cells = [*listed[:4], *more]
    return [", ".join(cells[start : start + 2]) for start in range(0, len(cells), 2)]


def say_shortly(line: Line) -> str:
    """The ports of a line as they stand on its arrow: 443; 135, 445 +4."""
    listed = list(dict.fromkeys(item.ports or item.protocol for item in line.ports))
    shown = 3 if len(listed) == 3 else 2
    return ", ".join(listed[:shown]) + (f" +{len(listed) - shown}" if len(listed) > shown else "")


def _describe(picture: Picture, spacing: Spacing, parted: bool) -> str:
    from graphviz import Digraph  # noqa: PLC0415 - 33 modules, and boundaries that are drawn one by one need none

    graph = Digraph("Topology")
    graph.attr(
        rankdir="LR", fontname=BOLD, fontsize=str(SIZE), nodesep="0.1", ranksep="0.65", newrank="true",
    )  # fmt: skip
    if spacing.ports_shown:
        graph.attr(ranksep="0.4", nodesep="0.4")
    elif spacing.roomy and len(picture.lines) <= MANY:
        graph.attr(ranksep="1.1", nodesep="0.16")
    if len(picture.lines) > 250:
        graph.attr(splines="polyline", nslimit="2", mclimit="0.5")
    side = (ICON + GAP) / 2 + PAD
    graph.attr("node", fontname=FONT, fontsize=str(SIZE), shape="box", height="0.36", margin=f"{side / 72:.3f},0.07")
    graph.attr("edge", fontname=FONT, fontsize=str(LABEL_SIZE), arrowsize="0.6")
    for frame in picture.frames:
        with graph.subgraph(name=f"cluster_{frame.key}") as inside:
            # Room for the link after the name, and for a face that is a little wider.
            inside.attr(
                label=_text(shorten(frame.label) + (f"    {frame.action}" if frame.action else "") + "  "),
                labeljust="l", labelloc="b" if frame.key in spacing.low else "t", margin="12",
            )  # fmt: skip
            for box in frame.boxes:
                _add_box(inside, box)
    for box in picture.loose:
        _add_box(graph, box)
    within = {box.key: frame.key for frame in picture.frames for box in frame.boxes}
    for line in picture.lines:
        ends = line.source.key, line.destination.key
        # Outer zones stand left of inner ones, whichever way a connection goes.
        tail, head = ends[::-1] if line.outwards else ends
        graph.edge(
            tail, head, dir="back" if line.outwards else "forward", id="\t".join(ends),
            weight="1" if within.get(tail) == within.get(head) else "2",
            **({"label": _text("\n".join(f" {row} " for row in label_lines(line)))} if spacing.ports_shown else {}),
        )  # fmt: skip
    if parted:
        _part_depths(graph, picture)
    return str(graph.source)


def _part_depths(graph: "Digraph", picture: Picture) -> None:
    """Outer zones stand left of inner ones even where nothing flows: unseen nodes part them."""
    levels = sorted(set(picture.depths.values()))
    for outer, inner in pairwise(levels):
        graph.node(f"part_{outer}", "", style="invis", shape="point", width="0.01", height="0.01")
        for key, depth in picture.depths.items():
            if depth == outer:
                graph.edge(key, f"part_{outer}", style="invis", weight="0", minlen="0")
            elif depth == inner:
                graph.edge(f"part_{outer}", key, style="invis", weight="0", minlen="1")


def _add_box(graph: "Digraph", box: Box) -> None:
    text = shorten(box.label)
    graph.node(box.key, _text(f"{text}\n{box.note}" if box.note else text))


def _text(text: str) -> str:
    from graphviz import escape  # noqa: PLC0415 - as above

    # Its type, not its text, tells the library that <…> is no markup: str() would undo that.
    # Graphviz reads &amp; and the like in labels as entities, so that a name's own ampersand needs to be one.
    escaped: str = escape(text.replace("&", "&amp;"))
    return escaped


@lru_cache(maxsize=32)
def _run(source: str) -> tuple[str] | str:
    """What dot answers, or a sentence why there is none: to ask again would take as long.

    Raises NoDiagram where dot isn't installed.
    """
    try:
        done = subprocess.run(
            ["dot", "-Tjson"], input=source.encode(), capture_output=True, timeout=SECONDS, check=True
        )
    except FileNotFoundError:
        # Raised, and so not remembered: it may be installed by the next time.
        raise NoDiagram("The diagram needs Graphviz, whose program dot is not installed here.") from None
    except subprocess.TimeoutExpired:
        return "There is too much in this plan to draw it in time; the rules and flows have all of it."
    except (subprocess.CalledProcessError, OSError):
        return "Graphviz could not draw this plan."
    return (done.stdout.decode("utf-8", "replace"),)


def _read(data: Mapping[str, Any], picture: Picture) -> Layout:
    """The positions that dot found, moved to where they take no more room than what is seen."""
    layout = _read_positions(data, {(line.source.key, line.destination.key): line for line in picture.lines})
    areas = [*layout.boxes.values(), *layout.frames.values()]
    areas += [curve.label for curve in layout.curves.values() if curve.label]
    points = [point for curve in layout.curves.values() for point in trace(curve)]
    points += [(area.x, area.y) for area in areas]
    points += [(area.x + area.width, area.y + area.height) for area in areas]
    left, top = min(x for x, _ in points), min(y for _, y in points)
    return Layout(
        left=left, top=top, width=max(x for x, _ in points) - left, height=max(y for _, y in points) - top,
        boxes=layout.boxes, frames=layout.frames, curves=layout.curves,
    )  # fmt: skip


def _read_positions(data: Mapping[str, Any], lines: Mapping[tuple[str, str], Line]) -> Layout:
    _, _, width, height = map(float, data["bb"].split(","))
    boxes, frames, curves = {}, {}, {}
    for item in data.get("objects", ()):
        name = item["name"]
        if "bb" in item:
            left, low, right, top = map(float, item["bb"].split(","))
            frames[name.removeprefix("cluster_")] = Area(x=left, y=height - top, width=right - left, height=top - low)
        elif not name.startswith("part_"):
            x, y = _point(item["pos"], height)
            boxes[name] = _area_around(x, y, float(item["width"]) * 72, float(item["height"]) * 72)
    for item in data.get("edges", ()):
        if "id" in item:
            source, destination = item["id"].split("\t")
            curves[source, destination] = _read_curve(item, height, lines[source, destination].outwards)
    return Layout(left=0, top=0, width=width, height=height, boxes=boxes, frames=frames, curves=curves)


def _read_curve(item: Mapping[str, Any], height: float, outwards: bool) -> Curve:
    tip, points = None, []
    for part in item["pos"].split():
        if part.startswith(("e,", "s,")):
            tip = _point(part[2:], height)
        else:
            points.append(_point(part, height))
    if outwards:  # was drawn from its end
        points.reverse()
    label = None
    if "lp" in item:
        rows = [part["width"] for part in item["_ldraw_"] if part["op"] == "T"]
        label = _area_around(*_point(item["lp"], height), max(rows) * SMALL / LABEL_SIZE, len(rows) * ROW)
    return Curve(points=tuple(points), tip=tip or points[-1], label=label)


def _point(text: str, height: float) -> Point:
    """A point of dot's, whose y grows upwards."""
    x, y = text.split(",")[:2]
    return float(x), height - float(y)


def _area_around(x: float, y: float, width: float, height: float) -> Area:
    return Area(x=x - width / 2, y=y - height / 2, width=width, height=height)
