"""The printed formats of the report: web page and PDF, from one `PrintedReport`."""

from dataclasses import replace

from django.conf import settings
from django.utils import timezone

from planner.engine.report import Report
from planner.report.paper.embedded import embed_files
from planner.report.paper.html import write_html
from planner.report.paper.pdf import prepare_pdf, write_pdf
from planner.report.paper.printed import PrintedReport, make
from planner.report.paper.report_pages import compose_report
from planner.report.paper.words import shown
from planner.report.said.edition import Edition, Editions
from ports.text import show_line


def render_html(report: Report, edition: Edition | None = None) -> bytes:
    """The report as an HTML document in UTF-8 that needs no other file. Without an edition it is dated today."""
    edition = edition or Edition(date=timezone.localdate())
    return write_html(classify(compose_report(report, edition), edition), script=True).encode()


def render_pdf(report: Report, edition: Edition | None = None) -> bytes:
    """The report as a tagged PDF with its files for programs. Without an edition it is dated today."""
    edition = edition or Edition(date=timezone.localdate())
    engine = edition.engine or settings.PDF_ENGINE
    prepare_pdf(engine, is_styled=bool(edition.stylesheet))
    printed = replace(classify(compose_report(report, edition), edition), files=embed_files(report, edition))
    return write_pdf(printed, engine, is_last=edition.is_last)


def classify(printed: PrintedReport, edition: Edition | Editions) -> PrintedReport:
    """The document with its classification on the cover and above every other page; as it is where there is none."""
    given = settings.CLASSIFICATION if edition.classification is None else edition.classification
    if not given:
        return printed
    cover, *parts = printed.parts
    cover = replace(cover, kids=(make("p.classification", shown(given)), *cover.kids))
    running = replace(printed.running, edition=f"{show_line(given)} · {printed.running.edition}")
    return replace(printed, running=running, parts=(cover, *parts))
