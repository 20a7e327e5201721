"""The pictures of a printed report: the zones where no table has them; the endpoints, or each boundary by itself."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import NamedTuple

from planner.engine.report import Report
from planner.report.diagram.boundaries import draw_boundaries
from planner.report.diagram.diagram import NoDiagram, render_diagram, render_overview, render_readable
from planner.report.paper.printed import Element, Picture, make
from ports.text import plural

MOST_LINES = 40
"""With more lines than this the picture of the endpoints can't be followed; boundaries are drawn one by one."""
ROOM = 688.0, 425.0
"""Width and height of a picture that has a page to itself, on either paper, in points."""
SMALLEST = 7.0
"""The smallest letters of a picture, in points."""


class _Drawn(NamedTuple):
    """A picture, empty where there is nothing to show, and a sentence why there is none."""

    svg: str
    trouble: str = ""


class Pending(NamedTuple):
    """Pictures that another program is laying out."""

    overview: Future[_Drawn]
    diagram: Future[_Drawn]


def start_pictures(pool: ThreadPoolExecutor, report: Report, *, has_table: bool) -> Pending:
    """Have the pictures laid out meanwhile; `has_table`: a table has the zones."""
    return Pending(
        overview=pool.submit(_draw, render_overview, report if report.boundaries and not has_table else None),
        diagram=pool.submit(_draw, _draw_endpoints, report if report.plan.endpoints else None),
    )


def make_pictures(pending: Pending, report: Report) -> Iterator[tuple[str, Element]]:
    """The sections with their titles: the zones and what crosses between them, then the endpoints, or the boundaries.

    The endpoints are drawn as a whole where that can be read on a page; or it is said why nothing is drawn.
    """
    overview, trouble = pending.overview.result()
    diagram, other_trouble = pending.diagram.result()
    trouble = trouble or other_trouble
    if overview or trouble:
        yield (
            "Zones and the ports between them",
            make(
                "section.topology#topology",
                make("h2", "Zones and the ports between them"),
                [
                    make("figure.overview", Picture(overview)),
                    make(
                        "p.small", "An arrow leads from the zone that opens connections to the one that accepts them."
                    ),
                ]
                if overview
                else None,
                make("p", trouble) if trouble else None,
            ),
        )
    if trouble:
        return
    if diagram:
        walls = " A wall at the edge of a zone names the firewalls that it is behind." if report.plan.firewalls else ""
        yield (
            "Endpoints and their connections",
            make(
                "section.topology#endpoints",
                make("h2", "Endpoints and their connections"),
                make("figure", Picture(diagram)),
                make(
                    "p.small",
                    "An arrow leads from the endpoint that opens a connection to the one that accepts it; dashed "
                    f"arrows stay within a zone. A double frame stands for many machines.{walls}",
                ),
            ),
        )
    elif report.boundaries:
        yield "Each boundary, drawn", _make_boundaries(report)


def _make_boundaries(report: Report) -> Element:
    drawn, more = draw_boundaries(report)
    walls = " The wall names the firewalls that it passes." if report.plan.firewalls else ""
    return make(
        "section#endpoints",
        make("h2", "Each boundary, drawn"),
        make(
            "p.intro",
            "Lines lead from those who open connections to a rule, and from it, with an arrow, to those who accept "
            f"them. What the same rules name shares a box. A dashed rule isn’t decided.{walls}",
        ),
        make(
            "div.pairs",
            [make("figure.pair", Picture(one.svg)) for one in drawn],
        ),
        make("p", f"And {more:,} more {plural(more, 'picture')}; the rules stand in the tables.") if more else None,
    )


def _draw_endpoints(report: Report) -> str:
    """The endpoints; nothing where the boundaries can be drawn and the whole could not be read."""
    if not report.boundaries:
        return render_diagram(report)
    return render_readable(report, lines=MOST_LINES, room=ROOM, smallest=SMALLEST)


def _draw(render: Callable[[Report], str], report: Report | None) -> _Drawn:
    try:
        return _Drawn(render(report) if report else "")
    except NoDiagram as error:
        return _Drawn("", str(error))
