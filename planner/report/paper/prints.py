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
from planner.report.paper.printed import PrintedReport, make
from planner.report.paper.report_pages import compose_report
from planner.report.paper.words import shown
from planner.report.said.edition import Edition, Editions
from ports.text import show_line


def render_html(report: Report, edition: Edition | None = None) -> bytes:
    """The report as an HTML document in UTF-8 that needs no other file. Without an edition it is dated today."""
    edition = edition or Edition(date=timezone.localdate())
    return write_html(_classify(compose_report(report, edition), edition), script=True).encode()


def render_pdf(report: Report, edition: Edition | None = None) -> bytes:
    """The report as a tagged PDF with its files for programs. Without an edition it is dated today."""
    edition = edition or Edition(date=timezone.localdate())
    printed = replace(_classify(compose_report(report, edition), edition), files=embed_files(report, edition))
    return write_pdf(printed, edition.engine or settings.PDF_ENGINE, is_last=edition.is_last)


def render_changes_html(comparison: Comparison, editions: Editions) -> bytes:
    """The change request as an HTML document in UTF-8 that needs no other file."""
    return write_html(_classify(compose_changes(comparison, editions), editions), script=True).encode()


def render_changes_pdf(comparison: Comparison, editions: Editions) -> bytes:
    """The change request as a tagged PDF."""
    printed = _classify(compose_changes(comparison, editions), editions)
    return write_pdf(printed, editions.engine or settings.PDF_ENGINE)


def _classify(printed: PrintedReport, edition: Edition | Editions) -> PrintedReport:
    """The document with its classification on the cover and above every other page; as it is where there is none."""
    given = settings.CLASSIFICATION if edition.classification is None else edition.classification
    if not given:
        return printed
    cover, *parts = printed.parts
    cover = replace(cover, kids=(make("p.classification", shown(given)), *cover.kids))
    running = replace(printed.running, edition=f"{show_line(given)} · {printed.running.edition}")
    return replace(printed, running=running, parts=(cover, *parts))
