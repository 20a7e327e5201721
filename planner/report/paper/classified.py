"""Who may see a printed document, in the words of the house: on its cover and above every other page."""

from dataclasses import replace

from django.conf import settings

from planner.report.paper.printed import PrintedReport, make
from planner.report.paper.words import shown
from ports.text import show_line


def classify(printed: PrintedReport, given: str | None = None) -> PrintedReport:
    """The document with its classification, None for that of the settings; as it is where there is none."""
    given = settings.CLASSIFICATION if given is None else given
    if not given:
        return printed
    cover, *parts = printed.parts
    cover = replace(cover, kids=(make("p.classification", shown(given)), *cover.kids))
    running = replace(printed.running, edition=f"{show_line(given)} · {printed.running.edition}")
    return replace(printed, running=running, parts=(cover, *parts))
