"""Documents as PDF for network teams: tagged, with bookmarks, page numbers and running headers.

WeasyPrint lays out the same document that `html` renders. It gets no network and no files: everything is in the text.
"""

from weasyprint import HTML
from weasyprint.urls import URLFetcher

from planner.engine.report import Report
from planner.renderers.edition import Edition
from planner.renderers.html import render_html


class NoFetcher(URLFetcher):  # type: ignore[misc] # WeasyPrint has no types
    """Refuses every address: a report brings all it needs."""

    def fetch(self, url: str, headers: dict[str, str] | None = None) -> None:
        """Raises ValueError, always; WeasyPrint leaves the resource out."""
        raise ValueError(f"A report fetches nothing, not even {url[:40]}.")


def render_pdf(report: Report, edition: Edition | None = None) -> bytes:
    """The report as a tagged PDF. Without an edition it is dated today."""
    return make_pdf(render_html(report, edition).decode())


def make_pdf(document: str) -> bytes:
    """An HTML document that needs no other file, as a tagged PDF."""
    pdf: bytes = HTML(string=document, url_fetcher=NoFetcher()).write_pdf(pdf_tags=True)
    return pdf
