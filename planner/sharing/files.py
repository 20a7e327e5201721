"""Files for readers of a plan: what a reading shows, in a format."""

from django.conf import settings
from django.utils.timezone import localdate

from planner.engine import Report, TooLarge
from planner.engine.compare import Comparison
from planner.engine.life import NO_LIVES, Lives, match_lives
from planner.plan.document import PlanError
from planner.report import FORMATS, ChangeFormat, Format, progress
from planner.report.said.answers import match_answers
from planner.report.said.edition import Edition, Editions
from planner.report.said.voice import address_readers
from planner.sharing.links import Reading, read_link
from planner.store.files import Asked, File, name_file, read_paper, write_file
from planner.store.models import ShareLink
from planner.store.reports import compare_versions, report_for
from planner.store.sides import NothingToCompare

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


def write_link(link: ShareLink, address: str, asked: Asked) -> File:
    """The PDF that a read link leads to, with its address on the cover."""
    reading = read_link(link)
    edition = Edition(
        date=localdate(),
        revision=reading.revision,
        link=address,
        paper=read_paper(asked),
        stylesheet=settings.STYLESHEET,
    )
    kind = FORMATS["pdf"]
    data = kind.render(address_readers(report_for(reading.version, reading.matrix)), edition)
    return File(
        data=data, content_type=kind.content_type, name=name_file(reading.name, f"revision-{reading.revision}.pdf")
    )


def compare_reading(reading: Reading) -> tuple[Comparison, Reading]:
    """What changed since, and the newest. Raises NothingToCompare where that isn't told, or can't be; and TooLarge."""
    newer = reading.newer
    if newer is None:
        raise NothingToCompare(NOT_SHOWN)
    try:
        compared = compare_versions(reading.version, newer.version, reading.matrix, newer.matrix, reading.renamed)
    except TooLarge:
        raise
    except PlanError:
        raise NothingToCompare("A revision doesn't fit the port matrix.") from None
    return compared, newer


def name_side(reading: Reading, other: Reading) -> str:
    """What a side is called: its revision, and its edition where the two have different matrices."""
    matrix = reading.matrix
    under = f", edition {matrix.edition} ({matrix.digest[:8]})" if matrix.digest != other.matrix.digest else ""
    return f"revision {reading.revision}{under}"


def write_reading_changes(reading: Reading, kind: ChangeFormat, asked: Asked) -> File:
    """What changed since the revision that is read, in a format.

    Raises NothingToCompare, TooLarge, and NotExpressible where the format can't say it.
    """
    progress.tell("Comparing the two")
    compared, newer = compare_reading(reading)
    editions = Editions(
        before=name_side(reading, newer),
        after=name_side(newer, reading),
        date=localdate(),
        paper=read_paper(asked),
        stylesheet=settings.STYLESHEET,
    )
    progress.tell("Writing the file")
    data = kind.render(compared, editions)
    end = f"changes-{reading.revision}-to-{newer.revision}.{kind.extension}"
    return File(data=data, content_type=kind.content_type, name=name_file(newer.name, end))
