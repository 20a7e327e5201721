"""The report as pictures: zones with the ports between them, and endpoints in their zones with an arrow for each pair.

Graphviz draws it. Colours come from classes in the page's stylesheet, and are written out for print.
"""

import re
from collections import defaultdict
from functools import lru_cache

import graphviz

from planner.engine.report import Report
from planner.engine.rules import Ports

LARGE = 40
"""With more endpoints than this the diagram shows zones only."""

COLOURS = {
    "internet": "#c0352b",
    "dmz": "#a85f00",
    "cloud": "#6b4fc8",
    "internal": "#1f63d1",
    "remote-site": "#0f7a55",
}
_DEPTH = {"internet": 0, "dmz": 1, "cloud": 2, "internal": 2, "remote-site": 3}
_TEXT, _SOFT, _LINE = "#17202b", "#515d6b", "#7b8794"
_FONT = "Inter, DejaVu Sans, sans-serif"


class NoDiagram(RuntimeError):
    """Graphviz isn't there or couldn't draw. The message is a sentence."""


def render_diagram(report: Report) -> str:
    """Endpoints in their zones as an SVG element; of a plan with more than LARGE endpoints the overview.

    Raises NoDiagram when Graphviz's `dot` is missing or fails.
    """
    return _draw(_describe_overview(report) if len(report.plan.endpoints) > LARGE else _describe(report))


def render_overview(report: Report) -> str:
    """Zones, like ones together, and the ports between them as an SVG element. Raises NoDiagram as above."""
    return _draw(_describe_overview(report))


def _graph() -> graphviz.Digraph:
    graph = graphviz.Digraph("Topology")
    graph.attr(
        rankdir="LR", bgcolor="transparent", fontname=_FONT, fontsize="11", nodesep="0.14", ranksep="1.5",
        pad="0.1", compound="true",
    )  # fmt: skip
    graph.attr("node", fontname=_FONT, fontsize="10.5", fontcolor=_TEXT, shape="box", style="rounded", height="0.3",
               margin="0.12,0.05", color=_LINE, penwidth="0.8")  # fmt: skip
    graph.attr("edge", fontname=_FONT, fontsize="9", fontcolor=_SOFT, color=_LINE, arrowsize="0.6", penwidth="1")
    return graph


def _label(text: str, limit: int = 30) -> str:
    # Its type, not its text, tells the library that <…> is no markup: str() would undo that.
    # Graphviz reads &amp; and the like in labels as entities, so that a name's own ampersand needs to be one.
    shown = text if len(text) <= limit else text[: limit - 1] + "…"
    escaped: str = graphviz.escape(shown.replace("&", "&amp;"))
    return escaped


def _describe(report: Report) -> str:
    """Endpoints in their zones, and an arrow for each pair of endpoints between which something flows."""
    graph = _graph()
    ids = {endpoint.name: f"n{index}" for index, endpoint in enumerate(report.plan.endpoints)}
    by_zone = defaultdict(list)
    for endpoint in report.plan.endpoints:
        by_zone[endpoint.zone].append(endpoint)
    for index, zone in enumerate(report.plan.zones):
        with graph.subgraph(name=f"cluster_{index}") as box:
            box.attr(
                label=_label(zone.name), color=COLOURS[zone.kind], fontcolor=COLOURS[zone.kind], style="rounded",
                labeljust="l", margin="10", penwidth="1.3", **{"class": f"zone zone-{zone.kind}"},
            )  # fmt: skip
            for endpoint in by_zone[zone.name]:
                box.node(ids[endpoint.name], _label(endpoint.name), peripheries="2" if endpoint.group else "1")
            if not by_zone[zone.name]:
                box.node(f"empty{index}", "no endpoints", color="transparent", fontcolor=_SOFT)
    depth = {zone.name: _DEPTH[zone.kind] for zone in report.plan.zones}
    zones = {endpoint.name: endpoint.zone for endpoint in report.plan.endpoints}
    for (source, destination), crosses in _pairs(report).items():
        # Outer zones stand left of inner ones, whichever way a connection goes.
        outwards = depth[zones[source]] > depth[zones[destination]]
        tail, head = (destination, source) if outwards else (source, destination)
        graph.edge(
            ids[tail], ids[head], dir="back" if outwards else "forward",
            style="solid" if crosses else "dashed", constraint="true" if crosses else "false",
            **{"class": "crossing" if crosses else "inside"},
        )  # fmt: skip
    return str(graph.source)


def _pairs(report: Report) -> dict[tuple[str, str], bool]:
    """Pairs of different endpoints with flows between them, and whether those cross zones."""
    return {
        (flow.source.name, flow.destination.name): flow.scope == "cross-zone"
        for flow in report.flows
        if flow.source is not flow.destination
    }


def _describe_overview(report: Report) -> str:
    """Zones, like ones together, and an arrow with its ports for each boundary."""
    graph = _graph()
    graph.attr(ranksep="1.0", nodesep="0.4")
    counts: dict[str, int] = defaultdict(int)
    for endpoint in report.plan.endpoints:
        counts[endpoint.zone] += 1
    for group in report.zone_groups:
        total = sum(counts[zone] for zone in group.zones)
        graph.node(
            group.code,
            f"{_label(group.label)}\n{total:,} endpoint{'' if total == 1 else 's'}",
            color=COLOURS[group.kind], penwidth="1.5", margin="0.25,0.15", **{"class": f"zone zone-{group.kind}"},
        )  # fmt: skip
    for boundary in report.boundaries:
        outwards = _DEPTH[boundary.source.kind] > _DEPTH[boundary.destination.kind]
        ends = (boundary.source.code, boundary.destination.code)
        graph.edge(
            *(reversed(ends) if outwards else ends), dir="back" if outwards else "forward",
            label=f" {_short(boundary.ports)} ", **{"class": "crossing"},
        )  # fmt: skip
    return str(graph.source)


def _short(ports: tuple[Ports, ...]) -> str:
    """At most four ports, two to a line, and how many more there are."""
    listed = [str(item) for item in ports]
    more = [f"+{len(listed) - 4} more"] if len(listed) > 4 else []
    cells = [*listed[:4], *more]
    return "\n".join(", ".join(cells[start : start + 2]) for start in range(0, len(cells), 2))


@lru_cache(maxsize=32)
def _draw(source: str) -> str:
    try:
        svg: str = graphviz.Source(source).pipe(format="svg", encoding="utf-8")
    except graphviz.ExecutableNotFound:
        raise NoDiagram("The diagram needs Graphviz, whose program dot is not installed here.") from None
    except graphviz.CalledProcessError:
        raise NoDiagram("Graphviz could not draw this plan.") from None
    svg = svg[svg.index("<svg") :]
    title = "<title>Zones, their endpoints and the connections between them</title>"
    svg = re.sub(r"<svg ([^>]*)>", r'<svg class="diagram" role="img" \1>' + title, svg, count=1)
    # Names of nodes and edges would show up as tooltips and say nothing.
    return re.sub(r"(<g [^>]*>)\s*<title>[^<]*</title>", r"\1", svg)
