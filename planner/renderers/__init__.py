"""Report to bytes, one module per format. A new format is a function and an entry in FORMATS."""

from collections.abc import Callable
from dataclasses import dataclass

from planner.engine.report import Report
from planner.renderers.csv import render_csv
from planner.renderers.edition import Edition
from planner.renderers.json import render_json
from planner.renderers.markdown import render_markdown


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """A way to write a report.

    `render` takes the report and, for documents that carry a date, the edition (today's when None). The same report
    and edition give the same content.
    """

    name: str
    extension: str
    """The end of file names, without the dot: the name of the format, as the command line promises."""
    content_type: str
    label: str
    render: Callable[[Report, Edition | None], bytes]


def _undated(render: Callable[[Report], bytes]) -> Callable[[Report, Edition | None], bytes]:
    """A renderer whose output says nothing of date and revision."""

    def render_undated(report: Report, _: Edition | None = None) -> bytes:
        return render(report)

    return render_undated


# The imports of these three cost from 0.2 to 1.5 seconds; only those who ask for the format wait for them.


def _render_xlsx(report: Report, edition: Edition | None = None) -> bytes:
    from planner.renderers.xlsx import render_xlsx  # noqa: PLC0415

    return render_xlsx(report, edition)


def _render_html(report: Report, edition: Edition | None = None) -> bytes:
    from planner.renderers.html import render_html  # noqa: PLC0415

    return render_html(report, edition)


def _render_pdf(report: Report, edition: Edition | None = None) -> bytes:
    from planner.renderers.pdf import render_pdf  # noqa: PLC0415

    return render_pdf(report, edition)


FORMATS: dict[str, Format] = {
    "json": Format(
        name="json",
        extension="json",
        content_type="application/json",
        label="JSON",
        render=render_json,
    ),
    "csv": Format(
        name="csv",
        extension="csv",
        content_type="text/csv; charset=utf-8",
        label="CSV",
        render=_undated(render_csv),
    ),
    "xlsx": Format(
        name="xlsx",
        extension="xlsx",
        content_type="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        label="Excel workbook",
        render=_render_xlsx,
    ),
    "pdf": Format(
        name="pdf",
        extension="pdf",
        content_type="application/pdf",
        label="PDF",
        render=_render_pdf,
    ),
    "html": Format(
        name="html",
        extension="html",
        content_type="text/html; charset=utf-8",
        label="Web page",
        render=_render_html,
    ),
    "markdown": Format(
        name="markdown",
        extension="markdown",
        content_type="text/markdown; charset=utf-8",
        label="Markdown",
        render=render_markdown,
    ),
}
"""The formats by name, in the order in which they are offered."""
