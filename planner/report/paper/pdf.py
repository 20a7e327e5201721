"""Reports as PDF for network teams: the document that `html` renders, on paper."""

from django.utils import timezone

from planner.engine.report import Report
from planner.report.paper.html import render_html
from planner.report.said.edition import Edition, Paper


def render_pdf(report: Report, edition: Edition | None = None) -> bytes:
    """The report as a tagged PDF. Without an edition it is dated today."""
    edition = edition or Edition(date=timezone.localdate())
    return print_document(render_html(report, edition).decode(), edition.paper, is_styled=bool(edition.stylesheet))


def print_document(document: str, paper: Paper, *, is_styled: bool) -> bytes:
    """An HTML document of ours as a tagged PDF: by the CSS in it when it has a house style, else by Typst."""
    # Each costs time to import, WeasyPrint a second; only those who need it wait for it.
    if is_styled:
        from planner.report.paper.styled import make_styled_pdf  # noqa: PLC0415

        return make_styled_pdf(document)
    from planner.report.paper.paper import make_pdf  # noqa: PLC0415

    return make_pdf(document, paper)
