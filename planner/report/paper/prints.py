"""The printed formats of the report: web page and PDF, from one `PrintedReport`."""

from django.conf import settings
from django.utils import timezone

from planner.engine.report import Report
from planner.report.paper.classified import classify
from planner.report.paper.html import write_html
from planner.report.paper.pdf import prepare_pdf, write_pdf
from planner.report.paper.report_pages import compose_report
from planner.report.said.edition import Edition


def render_html(report: Report, edition: Edition | None = None) -> bytes:
    """The report as an HTML document in UTF-8 that needs no other file. Without an edition it is dated today."""
    edition = edition or Edition(date=timezone.localdate())
    return write_html(classify(compose_report(report, edition), edition.classification), script=True).encode()


def render_pdf(report: Report, edition: Edition | None = None) -> bytes:
    """The report as a tagged PDF with its files for programs. Without an edition it is dated today."""
    edition = edition or Edition(date=timezone.localdate())
    engine = edition.engine or settings.PDF_ENGINE
    prepare_pdf(engine, is_styled=bool(edition.stylesheet))
    printed = classify(compose_report(report, edition, has_files=True), edition.classification)
    return write_pdf(printed, engine, is_last=edition.is_last)
