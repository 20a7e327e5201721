"""The printed formats: the report and the change request as web page and as PDF, from one `PrintedReport` each."""

from dataclasses import replace

from django.conf import settings
from django.utils import timezone

from planner.engine.compare import Comparison
from planner.engine.report import Report
from planner.report.paper.change_pages import compose_changes
from planner.report.paper.embedded import embed_files
from planner.report.paper.html import write_html
from planner.report.paper.pdf import write_pdf
from planner.report.paper.report_pages import compose_report
from planner.report.said.edition import Edition, Editions


def render_html(report: Report, edition: Edition | None = None) -> bytes:
    """The report as an HTML document in UTF-8 that needs no other file. Without an edition it is dated today."""
    return write_html(compose_report(report, edition or Edition(date=timezone.localdate()))).encode()


def render_pdf(report: Report, edition: Edition | None = None) -> bytes:
    """The report as a tagged PDF with its files for programs. Without an edition it is dated today."""
    edition = edition or Edition(date=timezone.localdate())
    printed = replace(compose_report(report, edition), files=embed_files(report, edition))
    return write_pdf(printed, edition.engine or settings.PDF_ENGINE)


def render_changes_html(comparison: Comparison, editions: Editions) -> bytes:
    """The change request as an HTML document in UTF-8 that needs no other file."""
    return write_html(compose_changes(comparison, editions)).encode()


def render_changes_pdf(comparison: Comparison, editions: Editions) -> bytes:
    """The change request as a tagged PDF."""
    return write_pdf(compose_changes(comparison, editions), editions.engine or settings.PDF_ENGINE)
