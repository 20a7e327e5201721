"""Printed documents as PDF: set by Typst, or by WeasyPrint where there is a house style or somebody asks for it."""

from planner.plan import limits
from planner.report import progress
from planner.report.errors import NotExpressible
from planner.report.paper.html import write_html
from planner.report.paper.printed import PrintedReport
from planner.report.said.edition import Engine


def prepare_pdf(engine: Engine | None, *, is_styled: bool) -> None:
    """Have done beside the making of the document what its setting by Typst begins with; nothing for WeasyPrint.

    `engine` is who sets it, as in `write_pdf`; `is_styled`: it has a house style.
    """
    if _choose(engine, is_styled=is_styled) == "typst":
        from planner.report.typesetting import look_for_fonts  # noqa: PLC0415 - only who needs it waits for it

        look_for_fonts()


def write_pdf(printed: PrintedReport, engine: Engine | None = None, *, is_last: bool = False) -> bytes:
    """The document as a tagged PDF.

    `engine` is who sets it; None: Typst, which takes a fraction of the time, and WeasyPrint for a house style, since
    that is CSS. `is_last`: the process ends after it.

    Raises NotExpressible for a document that is too long for either.
    """
    is_styled = _choose(engine, is_styled=bool(printed.stylesheet)) == "weasyprint"
    most, length = limits.STYLED if is_styled else limits.PRINTED, printed.length
    if length > most:
        raise NotExpressible("PDF", limits.say_printed(length, most))
    progress.tell("Setting the pages")
    # Each costs time to import, WeasyPrint a second; only those who need it wait for it.
    if is_styled:
        from planner.report.paper.styled import make_styled_pdf  # noqa: PLC0415 - as above

        return make_styled_pdf(write_html(printed), printed.files, printed.date)
    from planner.report.paper.typst_pages import make_pdf  # noqa: PLC0415 - as above

    return make_pdf(printed, is_last=is_last)


def _choose(engine: Engine | None, *, is_styled: bool) -> Engine:
    return engine or ("weasyprint" if is_styled else "typst")
