"""The report, or what differs between two, as an Excel workbook: what stands on which sheet."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import product

from planner.engine.compare import Comparison
from planner.engine.flows import Flow, Need
from planner.engine.life import NO_LIVES, Lives
from planner.engine.report import Report
from planner.engine.rules import Boundary, Ports, Rule
from planner.plan.document import Endpoint
from planner.report.formats.work import WORK_BLANKS, WORK_COLUMNS, WORK_HELD, list_work
from planner.report.formats.workbook import CELL_UNITS, Cells, Columns, Link, Sheet, as_cell, divide, make_book
from planner.report.said.answers import TAKEN_TITLES, list_taken
from planner.report.said.closed import CLOSED_TITLES, EXCLUDED_TITLES, list_closed, list_excluded
from planner.report.said.edition import Edition, Editions
from planner.report.said.life import LEFT_TITLES, LIFE_TITLES, list_left, list_life
from planner.report.said.outline import describe_marks, name_rule, name_services
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
    say_firewalls,
    say_set_apart,
)
from planner.report.said.there import There
from planner.report.said.unopened import UNOPENED_TITLES, list_unopened
from planner.report.said.zone_table import ZoneCell, ZoneTable, tabulate_zones
from ports.matrix import Operation, Platform, Role, Session
from ports.text import show

SERVER_MEMBERS = 100
"""Most endpoints that a line of the sheet Servers names."""
_NAMELESS = "–"
"""What stands beside a port that only additional flows of the plan need: each name is beside its own port."""

_RULE_COLUMNS: Columns = (
    ("Rule", 16), ("Boundary", 24),
    ("Source zones", 18), ("Sources", 22), ("Source addresses", 26),
    ("Destination zones", 18), ("Destinations", 22), ("Destination addresses", 26),
    ("Services", 18), ("Service names", 32), ("Sections", 10), ("Undecided", 28), ("Reasons", 60),
)  # fmt: skip
_FLOW_COLUMNS: Columns = (
    ("Source", 22), ("Source zone", 18), ("Source addresses", 26),
    ("Destination", 22), ("Destination zone", 18), ("Destination addresses", 26),
    ("Protocol", 10), ("Ports", 14), ("Services", 32), ("Scope", 14), ("Sections", 10), ("Undecided", 28),
    ("Reasons", 60), ("Rule", 16),
)  # fmt: skip
_OBJECT_COLUMNS: Columns = (
    ("Name", 26), ("Zone", 18), ("Kind of zone", 14), ("Addresses", 36), ("Group", 8), ("Roles", 32),
    ("Platforms", 28), ("Operations", 28), ("Sessions", 20), ("Managed by", 24),
)  # fmt: skip
_SERVER_COLUMNS: Columns = (
    ("Server", 24), ("What it is", 28), ("Direction", 10), ("Protocol and ports", 18), ("Service names", 32),
    ("Other end", 30), ("Other end’s addresses", 36), ("Firewall", 22), ("Undecided", 28), ("Reasons", 60),
    ("Sections", 10), ("Numbers", 24),
)  # fmt: skip
_CHANGE_COLUMNS: Columns = (
    ("Action", 10), ("Rule", 16), ("Sources", 26), ("Destinations", 26), ("Services", 18), ("Reasons", 60),
    ("Sections", 10),
)  # fmt: skip
_ADDRESS_COLUMNS: Columns = (("Endpoint", 26), ("Zone", 18), ("Before", 36), ("After", 36))
_RENAMED_COLUMNS: Columns = (("What", 12), ("Before", 36), ("Now", 36), ("Remark", 60))
_LIFE_COLUMNS: Columns = tuple(zip(LIFE_TITLES, (28, 18, 18, 12, 40), strict=True))
_LEFT_COLUMNS: Columns = tuple(zip(LEFT_TITLES, (16, 24, 30, 30, 18, 16, 18, 18, 12, 40), strict=True))
_FINDING_COLUMNS: Columns = (
    ("Severity", 12), ("Finding", 28), ("Title", 32), ("About", 28), ("Endpoints", 40), ("What", 80),
    ("What to do", 60), ("Sections", 10),
)  # fmt: skip
_EXCLUDED_COLUMNS: Columns = tuple(zip(EXCLUDED_TITLES, (22, 22, 18, 60, 60, 10), strict=True))
_CLOSED_COLUMNS: Columns = tuple(zip(CLOSED_TITLES, (24, 24, 18, 60, 14, 60), strict=True))
_UNOPENED_COLUMNS: Columns = tuple(zip(UNOPENED_TITLES, (16, 8, 50, 70), strict=True))
_TAKEN_COLUMNS: Columns = tuple(zip(TAKEN_TITLES, (40, 40, 60, 24, 14), strict=True))
_ABOUT_COLUMNS: Columns = (("About", 24), ("Content", 110))


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
            Sheet("Rules", _list_rule_columns(lives, there), _rule_rows(report, places, lives, there)),
            Sheet("Work", WORK_COLUMNS, list_work(report, lives), WORK_BLANKS, WORK_HELD),
            *((Sheet("To close", _LEFT_COLUMNS, _cells(list_left(lives))),) if lives.left and is_whole else ()),
            *((Sheet("Zones", _zone_columns(table), _zone_rows(table, places)),) if table else ()),
            Sheet("Flows", _FLOW_COLUMNS, _flow_rows(report)),
            Sheet("Servers", _SERVER_COLUMNS, _server_rows(report)),
            Sheet("Objects", _OBJECT_COLUMNS, _object_rows(report)),
            Sheet("Not needed here", _EXCLUDED_COLUMNS, _cells(list_excluded(report))),
            Sheet("Closed", _CLOSED_COLUMNS, _cells(list_closed(report))),
            Sheet("Not opened", _UNOPENED_COLUMNS, _cells(list_unopened(report))),
            Sheet("Findings", _FINDING_COLUMNS, _finding_rows(report)),
            *((Sheet("Decisions", _TAKEN_COLUMNS, _cells(list_taken(taken))),) if taken else ()),
            Sheet("Changes", _CHANGE_COLUMNS, _change_rows(edition)),
            Sheet("About", _ABOUT_COLUMNS, _about_rows(report, edition)),
        ),
    )


def render_changes(comparison: Comparison, editions: Editions) -> bytes:
    """The change request as a workbook with the sheets Rules, Flows, Addresses, Renamed and About.

    Raises OSError and NotExpressible as `render_xlsx` does.
    """
    check_addresses("Excel workbook", list_flow_ends(list_changed_flows(comparison)))
    return make_book(
        show(f"Change request: {comparison.after.plan.name}"),
        (
            Sheet(
                "Rules",
                (("Action", 10), *_list_rule_columns(editions.lives_before or editions.lives_after)),
                _changed_rule_rows(comparison, editions),
            ),
            Sheet("Flows", (("Action", 10), *_FLOW_COLUMNS[:-1]), _changed_flow_rows(comparison)),
            Sheet("Addresses", _ADDRESS_COLUMNS, _address_rows(comparison)),
            Sheet("Renamed", _RENAMED_COLUMNS, _renamed_rows(comparison)),
            Sheet("About", _ABOUT_COLUMNS, _about_changes(comparison, editions.before, editions.after)),
        ),
    )


def _list_rule_columns(lives: Lives, there: There | None = None) -> Columns:
    more: Columns = ((as_cell(there.title), 30),) if there else ()
    return (*_RULE_COLUMNS, *(_LIFE_COLUMNS if lives else ()), *more)


def _rule_rows(report: Report, places: dict[str, int], lives: Lives, there: There | None) -> Iterator[Sequence[str]]:
    """The rules; in `places` then stands by the code of each boundary where its first one is."""
    number = 0
    for boundary in report.boundaries:
        places[boundary.code] = number
        for rule, row in _boundary_rows((boundary,), report):
            cells = (*row, *_life_cells(rule, lives)) if lives else row
            yield (*cells, as_cell(there.say(rule))) if there else cells
            number += 1


def _life_cells(rule: Rule, lives: Lives) -> Sequence[str]:
    return [as_cell(text) for text in list_life(lives.of(rule))]


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


def _changed_rule_rows(comparison: Comparison, editions: Editions) -> Iterator[Sequence[str]]:
    has_states = bool(editions.lives_before or editions.lives_after)
    for action, boundaries, report in _list_changed(comparison):
        lives = editions.lives_before if action == "close" else editions.lives_after
        for rule, row in _boundary_rows(boundaries, report):
            yield (action, *row, *(_life_cells(rule, lives) if has_states else ()))


def _list_changed(comparison: Comparison) -> Iterator[tuple[str, tuple[Boundary, ...], Report]]:
    yield "open", comparison.boundaries_opened, comparison.after
    yield "close", comparison.boundaries_closed, comparison.before
    yield "change", comparison.boundaries_changed, comparison.after


def _rule_parts(
    rule: Rule, boundary: Boundary, report: Report, ends: dict[str, tuple[str, str, str]]
) -> Iterator[Sequence[str]]:
    """A rule as one row; as several when its endpoints don't fit into one, each of them a rule in its own right."""
    lines = name_rule(rule, report)
    names = [f"{line.names} (changed from {line.changed_from})" if line.changed_from else line.names for line in lines]
    common = (
        as_cell("\n".join(line.ports for line in lines)),
        as_cell("\n".join(name or _NAMELESS for name in names) if any(names) else ""),
        ", ".join(rule.sections),
        as_cell(describe_marks(rule.any_of, report.matrix)),
        as_cell("\n".join(list_reasons(rule.reasons))),
    )

    def texts(endpoint: Endpoint) -> tuple[str, ...]:
        return ends[endpoint.name]

    parts = list(product(divide(rule.sources, texts), divide(rule.destinations, texts)))
    for number, (sources, destinations) in enumerate(parts, 1):
        part = f" (part {number} of {len(parts)})" if len(parts) > 1 else ""
        yield (
            rule.id + part,
            as_cell(boundary.label),
            *_side([ends[endpoint.name] for endpoint in sources]),
            *_side([ends[endpoint.name] for endpoint in destinations]),
            *common,
        )


def _side(ends: Sequence[tuple[str, str, str]]) -> tuple[str, str, str]:
    """The cells of one side of a rule: zones, and line by line names and addresses."""
    zones = sorted({zone for zone, _, _ in ends})
    return (
        as_cell("\n".join(zones)),
        as_cell("\n".join(name for _, name, _ in ends)),
        as_cell("\n".join(addresses for _, _, addresses in ends)),
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
        endpoint.name: (as_cell(endpoint.name), as_cell(endpoint.zone), as_cell(_addresses(endpoint)))
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
        (need.protocol, need.ports or "", as_cell(name_services(ports, need.services, report).names)),
        (
            ", ".join(need.sections),
            as_cell(describe_marks(need.any_of, report.matrix)),
            as_cell("\n".join(list_reasons(need.reasons))),
        ),
    )


def _object_rows(report: Report) -> Iterator[Sequence[str]]:
    matrix = report.matrix
    kinds = {zone.name: zone.kind for zone in report.plan.zones}
    for endpoint in report.plan.endpoints:
        # More addresses than a cell holds go on in further rows of the same endpoint.
        for addresses in divide(list_addresses(endpoint), lambda address: (address,)):
            yield (
                as_cell(endpoint.name),
                as_cell(endpoint.zone),
                kinds[endpoint.zone],
                as_cell("\n".join(addresses)),
                "yes" if endpoint.group else "no",
                _names(matrix.roles, endpoint.roles),
                _names(matrix.platforms, endpoint.platforms),
                _names(matrix.operations, endpoint.operations),
                _names(matrix.sessions, endpoint.sessions),
                as_cell("\n".join(endpoint.managed_by)),
            )


def _names(rows: Mapping[str, Role | Platform | Operation | Session], slugs: Sequence[str]) -> str:
    """The names of those rows of the matrix that an endpoint lists, one a line."""
    return as_cell("\n".join(row.name for slug, row in rows.items() if slug in slugs))


def _server_rows(report: Report) -> Iterator[Sequence[str]]:
    for sheet in outline_servers(report, members=SERVER_MEMBERS):
        what = as_cell(", ".join(sheet.labels))
        for direction, lines in (("accepts", sheet.accepts), ("opens", sheet.opens)):
            for line in lines:
                peers = [show(endpoint.name) for endpoint in line.peers.shown]
                addresses = [_addresses(endpoint) for endpoint in line.peers.shown]
                if line.peers.more:
                    peers.append(f"and {line.peers.more:,} more ({line.peers.common})")
                    addresses.append(f"and those of {line.peers.more:,} more")
                yield (
                    as_cell(sheet.title),
                    what,
                    direction,
                    line.services[0].ports,
                    as_cell(line.services[0].names),
                    as_cell("\n".join(peers)),
                    as_cell("\n".join(addresses)),
                    "host firewalls only" if line.within else "between zones",
                    as_cell(line.undecided),
                    as_cell(" ".join((line.why, *line.rule_groups))),
                    ", ".join(line.sections),
                    as_cell(", ".join(line.rules)),
                )


def _change_rows(edition: Edition | None) -> Iterator[Sequence[str]]:
    """What differs from the revision that the edition is compared with."""
    if edition is None or edition.since is None:
        yield "", "", "", "", "", as_cell("Not compared with another revision."), ""
        return
    for action, boundaries, _ in _list_changed(edition.since):
        for boundary in boundaries:
            for rule in boundary.rules:
                for sources, destinations in product(
                    divide(rule.sources, lambda endpoint: (show(endpoint.name),)),
                    divide(rule.destinations, lambda endpoint: (show(endpoint.name),)),
                ):
                    yield (
                        action,
                        rule.id,
                        as_cell("\n".join(show(endpoint.name) for endpoint in sources)),
                        as_cell("\n".join(show(endpoint.name) for endpoint in destinations)),
                        as_cell("\n".join(map(str, rule.services))),
                        as_cell("\n".join(list_reasons(rule.reasons))),
                        ", ".join(rule.sections),
                    )
    for change in edition.since.addresses:
        before, after = (", ".join(found) or "none" for found in (change.before, change.endpoint.addresses))
        moved = show(change.endpoint.name)
        yield "address", "", as_cell(f"{moved}: {before}"), as_cell(f"{moved}: {after}"), "", "", ""
    for name in list_renamed(edition.since):
        yield "rename", "", as_cell(name.old), as_cell(name.new), "", as_cell(name.sentence), ""


def _renamed_rows(comparison: Comparison) -> Iterator[Sequence[str]]:
    for name in list_renamed(comparison):
        yield tuple(map(as_cell, name))


def _address_rows(comparison: Comparison) -> Iterator[Sequence[str]]:
    for change in comparison.addresses:
        yield (
            as_cell(change.endpoint.name),
            as_cell(change.endpoint.zone),
            as_cell(", ".join(change.before) or "none"),
            as_cell(_addresses(change.endpoint)),
        )


def _about_changes(comparison: Comparison, before: str, after: str) -> Iterator[Sequence[str]]:
    yield "Plan", as_cell(comparison.after.plan.name)
    yield "Before", as_cell(before)
    yield "After", as_cell(after)
    yield "Port matrix before", as_cell(comparison.before.matrix.version)
    yield "Port matrix after", as_cell(comparison.after.matrix.version)
    for what, count in count_changes(comparison):
        yield what, str(count)
    for sentence in say_firewalls(comparison):
        yield "Firewalls", as_cell(sentence)
    for sentence in say_set_apart(comparison):
        yield "Names", as_cell(sentence)
    for sentence in LEGEND:
        yield "How to read this", as_cell(sentence)


def _cells(rows: Iterable[Sequence[str]]) -> Iterator[Sequence[str]]:
    for row in rows:
        yield tuple(map(as_cell, row))


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
        yield "Description", as_cell(report.plan.description)
    yield "Port matrix", as_cell(report.matrix.version)
    if edition is not None and edition.there is not None:
        yield "Compared", as_cell(str(edition.there))
    for what, count in count_contents(report):
        yield what, str(count)
    for change in list_changes(report):
        yield "Changed", as_cell(change)
    for decision in report.decisions:
        yield "Open decision", as_cell(f"{decision.choice.name}: {decision.choice.question}")
    for state in report.questions:
        yield "Open decision", as_cell(state.caveat.title)
    for sentence in LEGEND:
        yield "How to read this", as_cell(sentence)
