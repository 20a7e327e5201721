"""The report as a PDF for network teams: tagged, with bookmarks, page numbers and running headers.

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
    document = HTML(string=render_html(report, edition).decode(), url_fetcher=NoFetcher())
    pdf: bytes = document.write_pdf(pdf_tags=True)
    return pdf
