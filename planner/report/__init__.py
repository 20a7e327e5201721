"""Report to bytes, one module per format. A new format is a function and an entry in FORMATS."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from planner.engine.report import Report
from planner.report.firewall.errors import NotExpressible
from planner.report.firewall.files import (
    ENDINGS,
    list_host_notes,
    list_notes,
    render_all,
    render_iptables,
    render_nftables,
    render_sources,
    render_target,
    render_windows,
)
from planner.report.firewall.targets import TARGETS
from planner.report.formats.csv import render_csv
from planner.report.formats.json import render_json
from planner.report.formats.markdown import render_markdown
from planner.report.said.edition import Edition

__all__ = ["FORMATS", "Format", "NotExpressible"]


def _no_notes(_: Report) -> tuple[str, ...]:
    return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """A way to write a report.

    `render` takes the report and, for documents that carry a date, the edition (today's when None); then by name the
    options that it knows. The same report, edition and options give the same content. It raises NotExpressible where
    the format can't say what the report says.
    """

    name: str
    extension: str
    """The end of file names, without the dot: the name of the format, as the command line promises."""
    content_type: str
    label: str
    render: Callable[..., bytes]
    options: frozenset[str] = frozenset()
    """Names of the options that `render` takes."""
    notes: Callable[[Report], tuple[str, ...]] = _no_notes
    """What the output leaves out of the report, in sentences."""
    is_printed: bool = False
    """Whether it is made for paper: it carries a date and follows a house style."""
    ending: str = ""
    """The end of the names of downloads, where another one opens in the right program."""


# The imports of these three cost from 0.2 to 1.5 seconds; only those who ask for the format wait for them.


def _render_xlsx(report: Report, edition: Edition | None = None) -> bytes:
    from planner.report.formats.xlsx import render_xlsx  # noqa: PLC0415

    return render_xlsx(report, edition)


def _render_html(report: Report, edition: Edition | None = None) -> bytes:
    from planner.report.paper.prints import render_html  # noqa: PLC0415

    return render_html(report, edition)


def _render_pdf(report: Report, edition: Edition | None = None) -> bytes:
    from planner.report.paper.prints import render_pdf  # noqa: PLC0415

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
        render=render_csv,
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
        is_printed=True,
    ),
    "html": Format(
        name="html",
        extension="html",
        content_type="text/html; charset=utf-8",
        label="Web page",
        render=_render_html,
        is_printed=True,
    ),
    "markdown": Format(
        name="markdown",
        extension="markdown",
        content_type="text/markdown; charset=utf-8",
        label="Markdown",
        render=render_markdown,
    ),
    **{
        name: Format(
            name=name,
            extension=name,
            content_type="text/xml; charset=utf-8" if ENDINGS[name].endswith(".xml") else "text/plain; charset=utf-8",
            label=target.label,
            render=partial(render_target, target),
            options=frozenset({"default_deny"}),
            notes=list_notes,
            ending=ENDINGS[name],
        )
        for name, target in TARGETS.items()
        if name not in ("nftables", "iptables", "windows")
    },
    "nftables": Format(
        name="nftables",
        extension="nftables",
        content_type="text/plain; charset=utf-8",
        label="nftables",
        render=render_nftables,
        options=frozenset({"default_deny", "host_files", "open_undecided"}),
        notes=list_notes,
        ending=ENDINGS["nftables"],
    ),
    "iptables": Format(
        name="iptables",
        extension="iptables",
        content_type="text/plain; charset=utf-8",
        label="iptables",
        render=render_iptables,
        options=frozenset({"default_deny", "open_undecided"}),
        notes=list_notes,
        ending=ENDINGS["iptables"],
    ),
    "windows": Format(
        name="windows",
        extension="windows",
        content_type="application/zip",
        label="Windows hosts (zip)",
        render=render_windows,
        options=frozenset({"default_deny"}),
        notes=list_host_notes,
        ending=ENDINGS["windows"],
    ),
    "aerleon": Format(
        name="aerleon",
        extension="aerleon",
        content_type="application/zip",
        label="Aerleon policies and definitions (zip)",
        render=render_sources,
        options=frozenset({"default_deny"}),
        notes=list_notes,
        ending=ENDINGS["aerleon"],
    ),
    "firewalls": Format(
        name="firewalls",
        extension="firewalls",
        content_type="application/zip",
        label="All firewall configurations (zip)",
        render=render_all,
        options=frozenset({"default_deny", "open_undecided"}),
        notes=list_notes,
        ending=ENDINGS["firewalls"],
    ),
}
"""The formats by name, in the order in which they are offered."""
