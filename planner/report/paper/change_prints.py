"""The printed formats of the change request: web page and PDF, from one `PrintedReport`."""

from django.conf import settings

from planner.engine.compare import Comparison
from planner.report.paper.change_pages import compose_changes
from planner.report.paper.classified import classify
from planner.report.paper.html import write_html
from planner.report.paper.pdf import write_pdf
from planner.report.said.edition import Editions


def render_changes_html(comparison: Comparison, editions: Editions) -> bytes:
    """The change request as an HTML document in UTF-8 that needs no other file."""
    return write_html(classify(compose_changes(comparison, editions), editions.classification), script=True).encode()


def render_changes_pdf(comparison: Comparison, editions: Editions) -> bytes:
    """The change request as a tagged PDF."""
    printed = classify(compose_changes(comparison, editions), editions.classification)
    return write_pdf(printed, editions.engine or settings.PDF_ENGINE)
