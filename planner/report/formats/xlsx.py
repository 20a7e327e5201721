"""The report as an Excel workbook: what stands on which sheet."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import product, zip_longest

from planner.engine.compare import Comparison
from planner.engine.life import NO_LIVES, Lives
from planner.engine.published import Publishing
from planner.engine.report import Report
from planner.engine.rules import Ports
from planner.report.formats.book_rows import (
    ABOUT_COLUMNS,
    FLOW_COLUMNS,
    OBJECT_COLUMNS,
    divide_addresses,
    list_boundary_rows,
    list_cells,
    list_changed,
    list_flow_rows,
    list_life_cells,
    list_object_rows,
    list_rule_columns,
    say_addresses,
)
from planner.report.formats.work import WORK_BLANKS, WORK_COLUMNS, WORK_HELD, list_work
from planner.report.formats.workbook import Cells, Columns, Link, Sheet, as_cell, divide, make_book
from planner.report.said.answers import TAKEN_TITLES, list_taken
from planner.report.said.closed import CLOSED_TITLES, EXCLUDED_TITLES, list_closed, list_excluded
from planner.report.said.edition import Edition
from planner.report.said.forbidden import Breaches
from planner.report.said.life import LEFT_TITLES, list_left
from planner.report.said.numbers import Numbers
from planner.report.said.published import find_sources, list_published
from planner.report.said.servers import outline_servers
from planner.report.said.still_needed import StillNeeded
from planner.report.said.text import (
    LEGEND,
    check_addresses,
    count_contents,
    index_rules,
    list_decided,
    list_flow_ends,
    list_reasons,
    list_renamed,
    say_nothing_differs,
)
from planner.report.said.there import There
from planner.report.said.unopened import UNOPENED_TITLES, list_unopened
from planner.report.said.zone_table import ZoneCell, ZoneTable, tabulate_zones
from ports.text import show

SERVER_MEMBERS = 100
"""Most endpoints that a line of the sheet Servers names."""

_SERVER_COLUMNS: Columns = (
    ("Server", 24), ("What it is", 28), ("Direction", 10), ("Protocol and ports", 18), ("Service names", 32),
    ("Other end", 30), ("Other end’s addresses", 36), ("Firewall", 22), ("Undecided", 28), ("Reasons", 60),
    ("Sections", 10), ("Numbers", 24),
)  # fmt: skip
_CHANGE_COLUMNS: Columns = (
    ("Action", 10), ("Rule", 16), ("Sources", 26), ("Destinations", 26), ("Services", 18), ("Reasons", 60),
    ("Sections", 10),
)  # fmt: skip
_LEFT_COLUMNS: Columns = tuple(zip(LEFT_TITLES, (16, 24, 30, 30, 18, 16, 18, 18, 12, 40), strict=True))
_FINDING_COLUMNS: Columns = (
    ("Severity", 12), ("Finding", 28), ("Title", 32), ("About", 28), ("Endpoints", 40), ("What", 80),
    ("What to do", 60), ("Sections", 10),
)  # fmt: skip
_EXCLUDED_COLUMNS: Columns = tuple(zip(EXCLUDED_TITLES, (22, 22, 18, 60, 60, 10), strict=True))
_CLOSED_COLUMNS: Columns = tuple(zip(CLOSED_TITLES, (24, 24, 18, 60, 14, 60), strict=True))
_UNOPENED_COLUMNS: Columns = tuple(zip(UNOPENED_TITLES, (16, 8, 50, 70), strict=True))
_TAKEN_COLUMNS: Columns = tuple(zip(TAKEN_TITLES, (40, 40, 60, 24, 14), strict=True))


def render_xlsx(report: Report, edition: Edition | None = None) -> bytes:
    """The report as a workbook with the sheets Rules, Work, Zones, Flows, Servers, Objects, Not needed here, Closed,
    Not opened, Findings, Changes and About; a part of a report has no Zones.

    Where rules have states, the sheet Rules has them, and To close what nobody asks for any more. Where it is
    known who took which decision, or why, the sheet Decisions says so.

    The same plan and edition give the same bytes. Raises OSError when the system's folder for temporary files can't be
    written: rows wait there while the workbook grows, and NotExpressible when the addresses are too much.
    """
    check_addresses("Excel workbook", list_flow_ends(report.flows))
    places: dict[str, int] = {}
    lives = edition.lives if edition is not None else NO_LIVES
    taken = edition.taken if edition is not None else ()
    there = edition.there if edition is not None else None
    is_whole = edition is None or edition.selection is None
    table = tabulate_zones(report) if is_whole else None
    return make_book(
        show(report.plan.name),
        (
            Sheet("Rules", list_rule_columns(lives, there), _rule_rows(report, places, lives, there)),
            Sheet("Work", WORK_COLUMNS, list_work(report, lives), WORK_BLANKS, WORK_HELD),
            *((Sheet("To close", _LEFT_COLUMNS, list_cells(list_left(lives))),) if lives.left and is_whole else ()),
            *((Sheet("Zones", _zone_columns(table), _zone_rows(table, places)),) if table else ()),
            Sheet("Flows", FLOW_COLUMNS, _flow_rows(report)),
            Sheet("Servers", _SERVER_COLUMNS, _server_rows(report)),
            Sheet("Objects", OBJECT_COLUMNS, list_object_rows(report.plan.endpoints, report)),
            Sheet("Not needed here", _EXCLUDED_COLUMNS, list_cells(list_excluded(report))),
            Sheet("Closed", _CLOSED_COLUMNS, list_cells(list_closed(report))),
            Sheet("Not opened", _UNOPENED_COLUMNS, list_cells(list_unopened(report))),
            Sheet("Findings", _FINDING_COLUMNS, _finding_rows(report)),
            *((Sheet("Decisions", _TAKEN_COLUMNS, list_cells(list_taken(taken))),) if taken else ()),
            Sheet("Changes", _CHANGE_COLUMNS, _change_rows(edition)),
            Sheet("About", ABOUT_COLUMNS, _about_rows(report, edition)),
        ),
    )


def _rule_rows(report: Report, places: dict[str, int], lives: Lives, there: There | None) -> Iterator[Sequence[str]]:
    """The rules; in `places` then stands by the code of each boundary where its first one is."""
    number, breaches = 0, Breaches(report)
    for boundary in report.boundaries:
        places[boundary.code] = number
        for rule, row in list_boundary_rows((boundary,), report, breaches):
            cells = (*row, *list_life_cells(rule, lives)) if lives else row
            yield (*cells, as_cell(there.say(rule))) if there else cells
            number += 1


def _zone_columns(table: ZoneTable) -> Columns:
    return (("From (down), to (across)", 24), *((as_cell(group.label), 24) for group in table.groups))


def _zone_rows(table: ZoneTable, places: Mapping[str, int]) -> Iterator[Cells]:
    """Two rows for each zone that connections come from: how many rules, which lead to them, and below, which ports.

    Not every program folds the text of a cell that leads somewhere, so that is short. Where there are no rules, the
    cell leads to what must stay closed.
    """
    for source, cells in table.rows:
        found = [_zone_cell(cell, places) for cell in cells]
        yield (as_cell(source.label), *(above for above, _ in found))
        yield ("", *(below for _, below in found))


def _zone_cell(cell: ZoneCell, places: Mapping[str, int]) -> tuple[str | Link, str]:
    lines = cell.lines()
    above, below = as_cell(lines[0]), as_cell("\n".join(lines[1:]))
    if cell.rules:
        return Link(above, "Rules", places[cell.code]), below
    forbidden = (*cell.broken, *cell.kept)
    return (Link(above, "Closed", forbidden[0]) if forbidden else above), below


def _flow_rows(report: Report) -> Iterator[Sequence[str]]:
    rules = index_rules(report)
    for flow, row in list_flow_rows(report.flows, report):
        ports = Ports(flow.need.protocol, flow.need.ports)
        yield (*row, rules.get((flow.source.name, flow.destination.name, ports), ""))


def _server_rows(report: Report) -> Iterator[Sequence[str]]:
    """More other ends than cells hold go on in further rows of the same line."""
    for sheet in outline_servers(report, members=SERVER_MEMBERS):
        what = as_cell(", ".join(sheet.labels))
        for direction, lines in (("accepts", sheet.accepts), ("opens", sheet.opens)):
            for line in lines:
                ends = [(show(endpoint.name), say_addresses(endpoint)) for endpoint in line.peers.shown]
                if line.peers.more:
                    more = f"{line.peers.more:,} more"
                    ends.append((f"and {more} ({line.peers.common})", f"and those of {more}"))
                for part in divide(ends, lambda end: end):
                    yield (
                        as_cell(sheet.title),
                        what,
                        direction,
                        line.services[0].ports,
                        as_cell(line.services[0].names),
                        as_cell("\n".join(name for name, _ in part)),
                        as_cell("\n".join(addresses for _, addresses in part)),
                        "host firewalls only" if line.within else "between zones",
                        as_cell(line.undecided),
                        as_cell(" ".join((line.why, *line.rule_groups))),
                        ", ".join(line.sections),
                        as_cell(", ".join(line.rules)),
                    )


def _change_rows(edition: Edition | None) -> Iterator[Sequence[str]]:
    """What differs from the revision that the edition is compared with."""
    if edition is None or edition.since is None:
        yield _make_remark("Not compared with another revision.")
        return
    if edition.selection is not None:
        yield _make_remark("What differs is that of the whole plan, not of this part alone.")
    rows = _since_rows(edition.since)
    first = next(rows, None)
    yield first or _make_remark(say_nothing_differs(edition.since))
    yield from rows


def _since_rows(comparison: Comparison) -> Iterator[Sequence[str]]:
    numbers, needed = Numbers(comparison), StillNeeded(comparison)
    for action, boundaries, report in list_changed(comparison):
        for boundary in boundaries:
            for rule in boundary.rules:
                mark = needed.mark(rule) if report is comparison.before else ""
                why = "\n".join(filter(None, (mark, *list_reasons(rule.reasons))))
                for sources, destinations in product(
                    divide(rule.sources, lambda endpoint: (show(endpoint.name),)),
                    divide(rule.destinations, lambda endpoint: (show(endpoint.name),)),
                ):
                    yield (
                        action,
                        numbers.of(action, rule.id),
                        as_cell("\n".join(show(endpoint.name) for endpoint in sources)),
                        as_cell("\n".join(show(endpoint.name) for endpoint in destinations)),
                        as_cell("\n".join(map(str, rule.services))),
                        as_cell(why, "the change request as JSON"),
                        ", ".join(rule.sections),
                    )
    for change in comparison.addresses:
        moved = show(change.endpoint.name)
        sides = (divide_addresses(found) for found in (change.before, change.endpoint.addresses))
        for before, after in zip_longest(*sides, fillvalue=""):
            ends = (f"{moved}: {addresses}" if addresses else "" for addresses in (before, after))
            yield "address", "", *map(as_cell, ends), "", "", ""
    for name in list_renamed(comparison):
        yield "rename", "", as_cell(name.old), as_cell(name.new), "", as_cell(name.sentence), ""


def _make_remark(sentence: str) -> Sequence[str]:
    """A row of the sheet Changes that is of no rule."""
    return "", "", "", "", "", as_cell(sentence), ""


def _finding_rows(report: Report) -> Iterator[Sequence[str]]:
    for finding in report.findings:
        yield (
            finding.severity,
            finding.code,
            as_cell(finding.title),
            as_cell(finding.subject or ""),
            as_cell(", ".join(finding.endpoints)),
            as_cell(finding.message),
            as_cell(finding.advice),
            ", ".join(finding.sections),
        )


def _about_rows(report: Report, edition: Edition | None) -> Iterator[Sequence[str]]:
    yield "Plan", as_cell(report.plan.name)
    if edition is not None and edition.selection is not None:
        yield "Filter", as_cell(edition.selection.sentence)
    if report.plan.description.strip():
        yield "Description", as_cell(report.plan.description, "the plan document")
    yield "Port matrix", as_cell(report.matrix.version)
    if edition is not None and edition.there is not None:
        yield "Compared", as_cell(str(edition.there))
    for what, count in count_contents(report):
        yield what, str(count)
    for decided in list_decided(report):
        yield "Decided", as_cell(decided)
    publishing, sources = Publishing(report.plan), find_sources(report.rules)
    for firewall in report.plan.firewalls:
        for sentence in list_published(firewall, publishing, sources):
            yield "Published", as_cell(f"{firewall.name}: {sentence}")
    for decision in report.decisions:
        yield "Open decision", as_cell(f"{decision.choice.name}: {decision.choice.question}")
    for state in report.questions:
        yield "Open decision", as_cell(state.caveat.title)
    for sentence in LEGEND:
        yield "How to read this", as_cell(sentence)
