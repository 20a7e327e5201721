"""The report as a Mermaid flowchart, which GitHub, GitLab and many wikis draw where it stands in a text.

Each zone is a subgraph and each endpoint a node; like ones of a large plan are one node, as in the diagram of the
page. Lines lead between zones, as those between endpoints would be too many to follow.
"""

import json
import re
from collections.abc import Iterator

from planner.engine.report import Report
from planner.engine.rules import Boundary
from planner.plan.kinds import KINDS
from planner.report.diagram.overview import Overview, compose_overview, find_undecided
from planner.report.diagram.picture import Box
from planner.report.said.edition import Edition
from ports.text import cut, many, show_line

MOST_LINES = 400
"""Mermaid draws nothing of a chart with more than 500."""
_NAMED = 6
"""How many services stand on a line; more are counted."""
_LONG = 60
_SPECIAL = re.compile(
    r"[^\w .,:/()+→-]"
    r"|\A[+-]|(?<=\d)[.)](?=\s|\Z)"  # what begins a list; Mermaid 11 reads labels as Markdown
    r"|:(?=//)|(?<=www)\."  # an address of the web
    r"|_(?![^\W_])|(?<![^\W_])_",  # emphasis; within a word it is none
    re.IGNORECASE,
)
"""What may mean something to Mermaid, to Markdown or to HTML: written by its number."""


def render_mermaid(report: Report, edition: Edition | None = None) -> bytes:
    """The report as a flowchart in UTF-8, to stand between ```mermaid and ```; the same report gives the same bytes.

    A line for each boundary with its services, dotted where all of them depend on choices that aren't made. A part of
    a report says so as its title, which stands in front as YAML.
    """
    title = ["---", f"title: {json.dumps(edition.part)}", "---"] if edition and edition.part else []
    return ("\n".join([*title, *_write(compose_overview(report))]) + "\n").encode()


def list_notes(report: Report) -> tuple[str, ...]:
    """What the flowchart leaves out: boundaries, where there are too many."""
    more = len(compose_overview(report).boundaries) - MOST_LINES
    if more <= 0:
        return ()
    return (f"{many(more, 'boundary has', 'boundaries have')} no line: Mermaid draws no more.",)


def _write(overview: Overview) -> Iterator[str]:
    yield "flowchart LR"
    for group, boxes in overview.zones:
        yield f'    subgraph z_{group.code}["{_escape(group.label)}"]'
        yield from (f"        {_node(box)}" for box in boxes)
        yield "    end"
    yield from (f"    {_node(box)}" for box in overview.more)
    for boundary in overview.boundaries[:MOST_LINES]:
        yield f"    {_line(boundary)}"
    for group, _ in overview.zones:
        yield f"    style z_{group.code} fill:#ffffff,stroke:{KINDS[group.kind].colour},color:#17202b"


def _node(box: Box) -> str:
    about = box.note or box.about
    return f'e_{box.key}["{_escape(box.label)}{f"<br>{_escape(about)}" if about else ""}"]'


def _line(boundary: Boundary) -> str:
    undecided = find_undecided(boundary)
    listed = [f"{ports} (undecided)" if ports in undecided else str(ports) for ports in boundary.ports]
    more = f" +{len(listed) - _NAMED}" if len(listed) > _NAMED else ""
    arrow = "-.->" if len(undecided) == len(listed) else "-->"
    said = _SPECIAL.sub(_write_by_number, ", ".join(listed[:_NAMED]))
    return f'z_{boundary.source.code} {arrow}|"{said}{more}"| z_{boundary.destination.code}'


def _escape(text: str) -> str:
    """A text on one line, as it stands between quotes, cut where it is long."""
    return _SPECIAL.sub(_write_by_number, cut(show_line(text), _LONG))


def _write_by_number(found: re.Match[str]) -> str:
    return f"#{ord(found[0])};"
