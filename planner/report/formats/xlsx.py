"""The report, or what differs between two, as an Excel workbook: sheets to sort and filter.

Every cell is text. What doesn't fit Excel's limits goes on in a further row or sheet, or says that it was cut; nothing
is lost without a word.
"""

import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from itertools import product
from typing import Any

import xlsxwriter

from planner.engine.compare import Comparison
from planner.engine.flows import Flow, Need
from planner.engine.report import Report
from planner.engine.rules import Boundary, Ports, Rule
from planner.plan.document import Endpoint
from planner.report.said.closed import CLOSED_TITLES, EXCLUDED_TITLES, list_closed, list_excluded
from planner.report.said.edition import Edition, Editions
from planner.report.said.outline import describe_marks, name_services
from planner.report.said.servers import outline_servers
from planner.report.said.text import (
    LEGEND,
    SCOPES,
    check_addresses,
    count_changes,
    count_contents,
    index_rules,
    list_addresses,
    list_changed_flows,
    list_changes,
    list_flow_ends,
    list_reasons,
    list_renamed,
    say_set_apart,
)
from ports.text import neutralise, show

CELL_UNITS = 32_000
"""Most UTF-16 code units in a cell; Excel's limit is 32,767, and a remark must fit below it."""
CELL_LINES = 250
"""Most lines in a cell; Excel's limit is 253 line feeds."""
SHEET_ROWS = 1_048_576
"""Most rows of a sheet, the header included."""
SERVER_MEMBERS = 100
"""Most endpoints that a line of the sheet Servers names."""

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
_OBJECT_COLUMNS: _Columns = (
    ("Name", 26), ("Zone", 18), ("Kind of zone", 14), ("Addresses", 36), ("Group", 8), ("Roles", 32),
    ("Platforms", 28), ("Operations", 28), ("Sessions", 20), ("Managed by", 24),
)  # fmt: skip
_SERVER_COLUMNS: _Columns = (
    ("Server", 24), ("What it is", 28), ("Direction", 10), ("Protocol and ports", 18), ("Service names", 32),
    ("Other end", 40), ("Firewall", 22), ("Undecided", 28), ("Reasons", 60), ("Sections", 10),
)  # fmt: skip
_CHANGE_COLUMNS: _Columns = (
    ("Action", 10), ("Rule", 16), ("Sources", 26), ("Destinations", 26), ("Services", 18), ("Reasons", 60),
    ("Sections", 10),
)  # fmt: skip
_ADDRESS_COLUMNS: _Columns = (("Endpoint", 26), ("Zone", 18), ("Before", 36), ("After", 36))
_RENAMED_COLUMNS: _Columns = (("What", 12), ("Before", 36), ("Now", 36), ("Remark", 60))
_FINDING_COLUMNS: _Columns = (
    ("Severity", 12), ("Finding", 28), ("Title", 32), ("About", 28), ("Endpoints", 40), ("What", 80),
    ("What to do", 60), ("Sections", 10),
)  # fmt: skip
_EXCLUDED_COLUMNS: _Columns = tuple(zip(EXCLUDED_TITLES, (22, 22, 18, 60, 60, 10), strict=True))
_CLOSED_COLUMNS: _Columns = tuple(zip(CLOSED_TITLES, (24, 24, 18, 60, 14, 60), strict=True))
_ABOUT_COLUMNS: _Columns = (("About", 24), ("Content", 110))

_CUT = "… (cut to fit the cell; the JSON report has all of it)"
# The format asks for a date of creation. A fixed one keeps the same plan the same file.
_CREATED = datetime(2000, 1, 1, tzinfo=UTC)


def render_xlsx(report: Report, edition: Edition | None = None) -> bytes:
    """The report as a workbook with the sheets Rules, Flows, Servers, Objects, Not needed here, Closed, Findings,
    Changes and About.

    The same plan and edition give the same bytes. Raises OSError when the system's folder for temporary files can't be
    written: rows wait there while the workbook grows, and NotExpressible when the addresses are too much.
    """
    check_addresses("Excel workbook", list_flow_ends(report.flows))
    return _make_book(
        show(report.plan.name),
        (
            ("Rules", _RULE_COLUMNS, _rule_rows(report)),
            ("Flows", _FLOW_COLUMNS, _flow_rows(report)),
            ("Servers", _SERVER_COLUMNS, _server_rows(report)),
            ("Objects", _OBJECT_COLUMNS, _object_rows(report)),
            ("Not needed here", _EXCLUDED_COLUMNS, _cells(list_excluded(report))),
            ("Closed", _CLOSED_COLUMNS, _cells(list_closed(report))),
            ("Findings", _FINDING_COLUMNS, _finding_rows(report)),
            ("Changes", _CHANGE_COLUMNS, _change_rows(edition)),
            ("About", _ABOUT_COLUMNS, _about_rows(report, edition)),
        ),
    )


def render_changes(comparison: Comparison, editions: Editions) -> bytes:
    """The change request as a workbook with the sheets Rules, Flows, Addresses, Renamed and About.

    Raises OSError and NotExpressible as `render_xlsx` does.
    """
    check_addresses("Excel workbook", list_flow_ends(list_changed_flows(comparison)))
    return _make_book(
        show(f"Change request: {comparison.after.plan.name}"),
        (
            ("Rules", (("Action", 10), *_RULE_COLUMNS), _changed_rule_rows(comparison)),
            ("Flows", (("Action", 10), *_FLOW_COLUMNS[:-1]), _changed_flow_rows(comparison)),
            ("Addresses", _ADDRESS_COLUMNS, _address_rows(comparison)),
            ("Renamed", _RENAMED_COLUMNS, _renamed_rows(comparison)),
            ("About", _ABOUT_COLUMNS, _about_changes(comparison, editions.before, editions.after)),
        ),
    )


def _make_book(title: str, sheets: Iterable[tuple[str, _Columns, Iterable[Sequence[str]]]]) -> bytes:
    data = io.BytesIO()
    # Rows go out one by one. What is typed stays text: no formulas, links or numbers come of it.
    options = {
        "constant_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
    }
    with xlsxwriter.Workbook(data, options) as book:
        book.set_properties({"title": title, "created": _CREATED})
        styles = _Styles(book)
        for name, columns, rows in sheets:
            _write(styles, name, columns, rows)
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
    yield from (row for _, row in _boundary_rows(report.boundaries, report))


def _boundary_rows(boundaries: Iterable[Boundary], report: Report) -> Iterator[tuple[Rule, Sequence[str]]]:
    """Every rule with its rows."""
    ends = {
        endpoint.name: (show(endpoint.zone), show(endpoint.name), _addresses(endpoint))
        for endpoint in report.plan.endpoints
    }
    for boundary in boundaries:
        for rule in boundary.rules:
            for row in _rule_parts(rule, boundary, report, ends):
                yield rule, row


def _changed_rule_rows(comparison: Comparison) -> Iterator[Sequence[str]]:
    for action, boundaries, report in _list_changed(comparison):
        yield from ((action, *row) for _, row in _boundary_rows(boundaries, report))


def _list_changed(comparison: Comparison) -> Iterator[tuple[str, tuple[Boundary, ...], Report]]:
    yield "open", comparison.boundaries_opened, comparison.after
    yield "close", comparison.boundaries_closed, comparison.before
    yield "change", comparison.boundaries_changed, comparison.after


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
    return text if len(text) <= CELL_UNITS else f"{len(endpoint.addresses):,} addresses, see the sheet Objects"


def _flow_rows(report: Report) -> Iterator[Sequence[str]]:
    rules = index_rules(report)
    for flow, row in _rows_of_flows(report.flows, report):
        ports = Ports(flow.need.protocol, flow.need.ports)
        yield (*row, rules.get((flow.source.name, flow.destination.name, ports), ""))


def _changed_flow_rows(comparison: Comparison) -> Iterator[Sequence[str]]:
    for action, flows, report in (
        ("open", comparison.opened, comparison.after),
        ("close", comparison.closed, comparison.before),
        ("change", [change.after for change in comparison.changed], comparison.after),
    ):
        yield from ((action, *row) for _, row in _rows_of_flows(flows, report))


def _rows_of_flows(flows: Iterable[Flow], report: Report) -> Iterator[tuple[Flow, Sequence[str]]]:
    ends = {
        endpoint.name: (_cell(endpoint.name), _cell(endpoint.zone), _cell(_addresses(endpoint)))
        for endpoint in report.plan.endpoints
    }
    needs: dict[int, tuple[tuple[str, ...], tuple[str, ...]]] = {}
    for flow in flows:
        need = flow.need
        ports = Ports(need.protocol, need.ports)
        about = needs.get(id(need)) or needs.setdefault(id(need), _need_cells(need, ports, report))
        yield flow, (*ends[flow.source.name], *ends[flow.destination.name], *about[0], SCOPES[flow.scope], *about[1])


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


def _object_rows(report: Report) -> Iterator[Sequence[str]]:
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


def _server_rows(report: Report) -> Iterator[Sequence[str]]:
    for sheet in outline_servers(report, members=SERVER_MEMBERS):
        what = _cell(", ".join(sheet.labels))
        for direction, lines in (("accepts", sheet.accepts), ("opens", sheet.opens)):
            for line in lines:
                peers = [endpoint.name for endpoint in line.peers.shown]
                if line.peers.more:
                    peers.append(f"and {line.peers.more:,} more ({line.peers.common})")
                yield (
                    _cell(sheet.title),
                    what,
                    direction,
                    line.services[0].ports,
                    _cell(line.services[0].names),
                    _cell("\n".join(peers)),
                    "host firewalls only" if line.within else "between zones",
                    _cell(line.undecided),
                    _cell(" ".join((line.why, *line.rule_groups))),
                    ", ".join(line.sections),
                )


def _change_rows(edition: Edition | None) -> Iterator[Sequence[str]]:
    """What differs from the revision that the edition is compared with."""
    if edition is None or edition.since is None:
        yield "", "", "", "", "", _cell("Not compared with another revision."), ""
        return
    for action, boundaries, _ in _list_changed(edition.since):
        for boundary in boundaries:
            for rule in boundary.rules:
                for sources, destinations in product(
                    _divide(rule.sources, lambda endpoint: (show(endpoint.name),)),
                    _divide(rule.destinations, lambda endpoint: (show(endpoint.name),)),
                ):
                    yield (
                        action,
                        rule.id,
                        _cell("\n".join(show(endpoint.name) for endpoint in sources)),
                        _cell("\n".join(show(endpoint.name) for endpoint in destinations)),
                        _cell("\n".join(map(str, rule.services))),
                        _cell("\n".join(list_reasons(rule.reasons))),
                        ", ".join(rule.sections),
                    )
    for name in list_renamed(edition.since):
        yield "rename", "", _cell(name.old), _cell(name.new), "", _cell(name.sentence), ""


def _renamed_rows(comparison: Comparison) -> Iterator[Sequence[str]]:
    for name in list_renamed(comparison):
        yield tuple(map(_cell, name))


def _address_rows(comparison: Comparison) -> Iterator[Sequence[str]]:
    for change in comparison.addresses:
        yield (
            _cell(change.endpoint.name),
            _cell(change.endpoint.zone),
            _cell(", ".join(change.before) or "none"),
            _cell(_addresses(change.endpoint)),
        )


def _about_changes(comparison: Comparison, before: str, after: str) -> Iterator[Sequence[str]]:
    yield "Plan", _cell(comparison.after.plan.name)
    yield "Before", _cell(before)
    yield "After", _cell(after)
    yield "Port matrix before", _cell(comparison.before.matrix.version)
    yield "Port matrix after", _cell(comparison.after.matrix.version)
    for what, count in count_changes(comparison):
        yield what, str(count)
    for sentence in say_set_apart(comparison):
        yield "Names", _cell(sentence)
    for sentence in LEGEND:
        yield "How to read this", _cell(sentence)


def _cells(rows: Iterable[Sequence[str]]) -> Iterator[Sequence[str]]:
    for row in rows:
        yield tuple(map(_cell, row))


def _finding_rows(report: Report) -> Iterator[Sequence[str]]:
    for finding in report.findings:
        yield (
            finding.severity,
            finding.code,
            _cell(finding.title),
            _cell(finding.subject or ""),
            _cell(", ".join(finding.endpoints)),
            _cell(finding.message),
            _cell(finding.advice),
            ", ".join(finding.sections),
        )


def _about_rows(report: Report, edition: Edition | None) -> Iterator[Sequence[str]]:
    yield "Plan", _cell(report.plan.name)
    if edition is not None and edition.selection is not None:
        yield "Filter", _cell(edition.selection.sentence)
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
