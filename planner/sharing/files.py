"""Files for readers of a plan: what a reading shows, in a format."""

from django.utils.timezone import localdate

from planner.engine import Report
from planner.engine.life import NO_LIVES, Lives, match_lives
from planner.report import Format, progress
from planner.report.said.answers import match_answers
from planner.report.said.edition import Edition
from planner.report.said.voice import address_readers
from planner.sharing.links import Reading
from planner.store.files import Asked, File, write_file
from planner.store.reports import report_for

NOT_SHOWN = "What changed since another revision isn't shown here."


def report_of(reading: Reading) -> Report:
    """The report as it speaks to readers. Raises as `planner.store.reports.report_for` does."""
    return address_readers(report_for(reading.version, reading.matrix))


def lives_of_reading(reading: Reading, report: Report) -> Lives:
    """The states of its rules, as the reader sees them."""
    return match_lives(report.rules, reading.states, localdate()).for_readers() if reading.states else NO_LIVES


def write_reading(reading: Reading, kind: Format, asked: Asked, link: str | None = None) -> File:
    """What a reader sees in a format, perhaps with the address of a link on its cover.

    Raises as `planner.store.files.write_file` does.
    """
    progress.tell("Working out the rules")
    report = report_of(reading)
    lives = lives_of_reading(reading, report)
    taken = match_answers(reading.told, report)
    edition = Edition(date=localdate(), revision=reading.revision, link=link, lives=lives, taken=taken)
    return write_file(kind, report, edition, asked, lambda _: NOT_SHOWN)
