"""The report as an Excel workbook: sheets of rules, flows, endpoints and findings to sort and filter.

Every cell is text. What doesn't fit Excel's limits goes on in a further row or sheet, or says that it was cut; nothing
is lost without a word.
"""

import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from itertools import product
from typing import Any

import xlsxwriter

from planner.document import Endpoint
from planner.engine.flows import Need
from planner.engine.report import Report
from planner.engine.rules import Boundary, Ports, Rule
from planner.renderers.outline import describe_marks, name_services
from planner.renderers.text import (
    LEGEND,
    SCOPES,
    count_contents,
    index_rules,
    list_addresses,
    list_changes,
    list_reasons,
    neutralise,
    show,
)

CELL_UNITS = 32_000
"""Most UTF-16 code units in a cell; Excel's limit is 32,767, and a remark must fit below it."""
CELL_LINES = 250
"""Most lines in a cell; Excel's limit is 253 line feeds."""
SHEET_ROWS = 1_048_576
"""Most rows of a sheet, the header included."""

_CUT = "… (cut to fit the cell; the JSON report has all of it)"
# The format asks for a date of creation. A fixed one keeps the same plan the same file.
_CREATED = datetime(2000, 1, 1, tzinfo=UTC)


def render_xlsx(report: Report) -> bytes:
    """The report as a workbook with the sheets Rules, Flows, Endpoints, Findings and About.

    The same plan gives the same bytes. Raises OSError when the system's folder for temporary files can't be written:
    rows wait there while the workbook grows.
    """
    data = io.BytesIO()
    # Rows go out one by one. What is typed stays text: no formulas, links or numbers come of it.
    options = {
        "constant_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
    }
    with xlsxwriter.Workbook(data, options) as book:
        book.set_properties({"title": show(report.plan.name), "created": _CREATED})
        styles = _Styles(book)
        _write(styles, "Rules", _RULE_COLUMNS, _rule_rows(report))
        _write(styles, "Flows", _FLOW_COLUMNS, _flow_rows(report))
        _write(styles, "Endpoints", _ENDPOINT_COLUMNS, _endpoint_rows(report))
        _write(styles, "Findings", _FINDING_COLUMNS, _finding_rows(report))
        _write(styles, "About", _ABOUT_COLUMNS, _about_rows(report))
    return data.getvalue()


class _Styles:
    """A workbook and the two looks of its cells."""

    def __init__(self, book: Any) -> None:
        self.book = book
        self.header = book.add_format(
            {"bold": True, "bg_color": "#E8ECF1", "bottom": 1, "text_wrap": True, "valign": "top"}
        )
        # "@" keeps a cell text when somebody edits it.
        self.cell = book.add_format({"num_format": "@", "text_wrap": True, "valign": "top"})


_Columns = tuple[tuple[str, int], ...]
"""Titles and widths, in characters."""

_RULE_COLUMNS: _Columns = (
    ("Rule", 16), ("Boundary", 24),
    ("Source zones", 18), ("Sources", 22), ("Source addresses", 26),
    ("Destination zones", 18), ("Destinations", 22), ("Destination addresses", 26),
    ("Services", 18), ("Service names", 32), ("Sections", 10), ("Undecided", 28), ("Reasons", 60),
)  # fmt: skip
_FLOW_COLUMNS: _Columns = (
    ("Source", 22), ("Source zone", 18), ("Source addresses", 26),
    ("Destination", 22), ("Destination zone", 18), ("Destination addresses", 26),
    ("Protocol", 10), ("Ports", 14), ("Services", 32), ("Scope", 14), ("Sections", 10), ("Undecided", 28),
    ("Reasons", 60), ("Rule", 16),
)  # fmt: skip
_ENDPOINT_COLUMNS: _Columns = (
    ("Name", 26), ("Zone", 18), ("Kind of zone", 14), ("Addresses", 36), ("Group", 8), ("Roles", 32),
    ("Platforms", 28), ("Operations", 28), ("Sessions", 20), ("Managed by", 24),
)  # fmt: skip
_FINDING_COLUMNS: _Columns = (
    ("Severity", 12), ("Finding", 28), ("About", 28), ("What", 80), ("What to do", 60), ("Sections", 10),
)  # fmt: skip
_ABOUT_COLUMNS: _Columns = (("About", 24), ("Content", 110))


def _write(styles: _Styles, name: str, columns: _Columns, rows: Iterable[Sequence[str]]) -> None:
    """A table on a sheet of its own, and on "name (2)" and so on when there are more rows than a sheet has."""
    waiting = iter(rows)
    number, more = 1, True
    while more:
        sheet = styles.book.add_worksheet(name if number == 1 else f"{name} ({number})")
        more = _write_sheet(sheet, styles, columns, waiting)
        number += 1


def _write_sheet(sheet: Any, styles: _Styles, columns: _Columns, rows: Iterator[Sequence[str]]) -> bool:
    """Fill a sheet; whether rows may be left for another."""
    sheet.freeze_panes(1, 1)
    sheet.set_landscape()
    sheet.set_paper(9)  # A4
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(0)
    sheet.set_footer("&L&A&RPage &P of &N")
    sheet.ignore_errors({"number_stored_as_text": f"A1:Z{SHEET_ROWS}"})
    for column, (title, width) in enumerate(columns):
        sheet.set_column(column, column, width)
        sheet.write_string(0, column, title, styles.header)
    last = 0
    full = False
    for cells in rows:
        last += 1
        for column, text in enumerate(cells):
            if text:
                _write_text(sheet, last, column, text, styles.cell)
        if last == SHEET_ROWS - 1:
            full = True
            break
    sheet.autofilter(0, 0, last, len(columns) - 1)
    return full


def _write_text(sheet: Any, row: int, column: int, text: str, style: Any) -> None:
    if text.startswith("<r>") and text.endswith("</r>"):
        # The writer takes such a text for its own markup and would put it into the file unescaped. As pieces of a
        # rich text it is escaped.
        sheet.write_rich_string(row, column, text[:1], text[1:2], text[2:], style)
    else:
        sheet.write_string(row, column, text, style)


def _cell(text: str) -> str:
    """A text as it goes into a cell: visible, no formula even after a detour through CSV, and within the limit."""
    text = neutralise(show(text))
    if len(text) > CELL_UNITS // 2 and _units(text) > CELL_UNITS:
        text = text.encode("utf-16-le")[: 2 * CELL_UNITS].decode("utf-16-le", "ignore") + _CUT
    return text


def _units(text: str) -> int:
    """UTF-16 code units, which is how Excel counts."""
    return len(text.encode("utf-16-le")) // 2


def _divide[T](items: Iterable[T], texts: Callable[[T], tuple[str, ...]]) -> list[list[T]]:
    """The items in as few runs as fit into cells: `texts` gives the line that an item adds to each of its cells."""
    parts: list[list[T]] = [[]]
    used = 0
    for item in items:
        units = max(_units(text) for text in texts(item)) + 1
        if parts[-1] and (used + units > CELL_UNITS or len(parts[-1]) == CELL_LINES):
            parts.append([])
            used = 0
        parts[-1].append(item)
        used += units
    return parts


def _rule_rows(report: Report) -> Iterator[Sequence[str]]:
    ends = {
        endpoint.name: (show(endpoint.zone), show(endpoint.name), _addresses(endpoint))
        for endpoint in report.plan.endpoints
    }
    for boundary in report.boundaries:
        for rule in boundary.rules:
            yield from _rule_parts(rule, boundary, report, ends)


def _rule_parts(
    rule: Rule, boundary: Boundary, report: Report, ends: dict[str, tuple[str, str, str]]
) -> Iterator[Sequence[str]]:
    """A rule as one row; as several when its endpoints don't fit into one, each of them a rule in its own right."""
    lines = [name_services(ports, rule.names, report) for ports in rule.services]
    names = [f"{line.names} (changed from {line.changed_from})" if line.changed_from else line.names for line in lines]
    common = (
        _cell("\n".join(line.ports for line in lines)),
        _cell("\n".join(name for name in names if name)),
        ", ".join(rule.sections),
        _cell(describe_marks(rule.any_of, report.matrix)),
        _cell("\n".join(list_reasons(rule.reasons))),
    )

    def texts(endpoint: Endpoint) -> tuple[str, ...]:
        return ends[endpoint.name]

    parts = list(product(_divide(rule.sources, texts), _divide(rule.destinations, texts)))
    for number, (sources, destinations) in enumerate(parts, 1):
        part = f" (part {number} of {len(parts)})" if len(parts) > 1 else ""
        yield (
            rule.id + part,
            _cell(boundary.label),
            *_side([ends[endpoint.name] for endpoint in sources]),
            *_side([ends[endpoint.name] for endpoint in destinations]),
            *common,
        )


def _side(ends: Sequence[tuple[str, str, str]]) -> tuple[str, str, str]:
    """The cells of one side of a rule: zones, and line by line names and addresses."""
    zones = sorted({zone for zone, _, _ in ends})
    return (
        _cell("\n".join(zones)),
        _cell("\n".join(name for _, name, _ in ends)),
        _cell("\n".join(addresses for _, _, addresses in ends)),
    )


def _addresses(endpoint: Endpoint) -> str:
    """The addresses of an endpoint for a cell that it may share with others."""
    text = ", ".join(list_addresses(endpoint))
    return text if len(text) <= CELL_UNITS else f"{len(endpoint.addresses):,} addresses, see the sheet Endpoints"


def _flow_rows(report: Report) -> Iterator[Sequence[str]]:
    ends = {
        endpoint.name: (_cell(endpoint.name), _cell(endpoint.zone), _cell(_addresses(endpoint)))
        for endpoint in report.plan.endpoints
    }
    rules = index_rules(report)
    needs: dict[int, tuple[tuple[str, ...], tuple[str, ...]]] = {}
    for flow in report.flows:
        need = flow.need
        ports = Ports(need.protocol, need.ports)
        about = needs.get(id(need)) or needs.setdefault(id(need), _need_cells(need, ports, report))
        rule = rules.get((flow.source.name, flow.destination.name, ports), "")
        yield (*ends[flow.source.name], *ends[flow.destination.name], *about[0], SCOPES[flow.scope], *about[1], rule)


def _need_cells(need: Need, ports: Ports, report: Report) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The cells of a need before and after the scope; many flows share one need."""
    return (
        (need.protocol, need.ports or "", _cell(name_services(ports, need.services, report).names)),
        (
            ", ".join(need.sections),
            _cell(describe_marks(need.any_of, report.matrix)),
            _cell("\n".join(list_reasons(need.reasons))),
        ),
    )


def _endpoint_rows(report: Report) -> Iterator[Sequence[str]]:
    matrix = report.matrix
    kinds = {zone.name: zone.kind for zone in report.plan.zones}
    for endpoint in report.plan.endpoints:
        # More addresses than a cell holds go on in further rows of the same endpoint.
        for addresses in _divide(list_addresses(endpoint), lambda address: (address,)):
            yield (
                _cell(endpoint.name),
                _cell(endpoint.zone),
                kinds[endpoint.zone],
                _cell("\n".join(addresses)),
                "yes" if endpoint.group else "no",
                _cell("\n".join(role.name for slug, role in matrix.roles.items() if slug in endpoint.roles)),
                _cell("\n".join(item.name for slug, item in matrix.platforms.items() if slug in endpoint.platforms)),
                _cell("\n".join(item.name for slug, item in matrix.operations.items() if slug in endpoint.operations)),
                _cell("\n".join(item.name for slug, item in matrix.sessions.items() if slug in endpoint.sessions)),
                _cell("\n".join(endpoint.managed_by)),
            )


def _finding_rows(report: Report) -> Iterator[Sequence[str]]:
    for finding in report.findings:
        yield (
            finding.severity,
            finding.code,
            _cell(finding.subject),
            _cell(finding.message),
            _cell(finding.advice),
            ", ".join(finding.sections),
        )


def _about_rows(report: Report) -> Iterator[Sequence[str]]:
    yield "Plan", _cell(report.plan.name)
    if report.plan.description.strip():
        yield "Description", _cell(report.plan.description)
    yield "Port matrix", _cell(report.matrix.version)
    for what, count in count_contents(report):
        yield what, str(count)
    for change in list_changes(report):
        yield "Changed", _cell(change)
    for decision in report.decisions:
        yield "Open decision", _cell(f"{decision.choice.name}: {decision.choice.question}")
    for sentence in LEGEND:
        yield "How to read this", _cell(sentence)
