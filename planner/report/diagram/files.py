"""The diagram of endpoints as a file: SVG, and PNG with a white background."""

from planner.engine.report import Report
from planner.report.diagram.diagram import NoDiagram, render_svg
from planner.report.diagram.png import render_png
from planner.report.errors import NotExpressible
from planner.report.said.edition import Edition


def write_svg(report: Report, edition: Edition | None = None) -> bytes:
    """The diagram of a report as an SVG file; of a large plan like endpoints are one box.

    The same report gives the same bytes with the same Graphviz. Raises NotExpressible where it can't be drawn.
    """
    try:
        return _draw(report, edition)
    except NoDiagram as error:
        raise NotExpressible("SVG", str(error)) from None


def write_png(report: Report, edition: Edition | None = None) -> bytes:
    """The same as PNG, of at most `png.MOST_PIXELS`. Raises NotExpressible where it can't be drawn."""
    try:
        return render_png(_draw(report, edition))
    except NoDiagram as error:
        raise NotExpressible("PNG", str(error)) from None


def _draw(report: Report, edition: Edition | None) -> bytes:
    return render_svg(report, below=edition.part if edition else "")
