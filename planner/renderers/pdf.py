"""The report as PDF for network teams: the document that `html` renders, on paper."""

from planner.engine.report import Report
from planner.renderers.edition import Edition
from planner.renderers.html import render_html
from planner.renderers.paper import make_pdf


def render_pdf(report: Report, edition: Edition | None = None) -> bytes:
    """The report as a tagged PDF. Without an edition it is dated today."""
    return make_pdf(render_html(report, edition).decode(), edition.paper if edition else "a4")
