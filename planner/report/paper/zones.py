"""The table from zone to zone, as printed documents have it."""

from collections.abc import Sequence

from planner.engine.report import Report
from planner.engine.rules import ZoneGroup
from planner.report.paper.printed import Element, Kids, make
from planner.report.paper.words import shown
from planner.report.said.zone_table import ZONE_LEGEND, ZoneCell, tabulate_zones

MOST_COLUMNS = 12
"""How many zones stand beside each other; the others follow in tables of their own."""
MOST_WIDE = 6
"""With more columns than this they are headed by the letters that numbers of rules have, which the rows explain."""


def make_zones(report: Report) -> Element | None:
    """The table, its cells with links to the rules and to what must stay closed; None where there is none to make."""
    table = tabulate_zones(report)
    if table is None or not table.is_useful:
        return None
    starts = range(0, len(table.groups), MOST_COLUMNS)
    return make(
        "section#zones",
        make("h2", "From zone to zone"),
        make("p.intro", ZONE_LEGEND),
        [_make_table(table.groups[start : start + MOST_COLUMNS], table.rows, start) for start in starts],
    )


def _make_table(
    columns: Sequence[ZoneGroup], rows: Sequence[tuple[ZoneGroup, Sequence[ZoneCell]]], start: int
) -> Element:
    is_wide = len(columns) > MOST_WIDE
    heads = [make("th", make("samp", group.code) if is_wide else shown(group.label), scope="col") for group in columns]
    return make(
        f"table.zones{'.wide' if is_wide else ''}",
        make("thead", make("tr", make("th", "From row to column", scope="col"), heads)),
        make(
            "tbody",
            [
                make("tr", _head_row(source), [_make_cell(cell) for cell in cells[start : start + MOST_COLUMNS]])
                for source, cells in rows
            ],
        ),
    )


def _head_row(source: ZoneGroup) -> Element:
    return make("th", shown(source.label), " ", make("samp", source.code), scope="row")


def _make_cell(cell: ZoneCell) -> Element:
    if cell.is_empty:
        return make("td.none", cell.lines()[0])
    passes: Kids = make("a.at", cell.passes, href=f"#{cell.code}") if cell.rules else cell.passes
    return make(
        "td",
        make("p", passes) if cell.passes else None,
        make("p", make("samp", cell.short_ports)) if cell.short_ports else None,
        make("p", make("a", make("b.open" if cell.broken else "small", cell.forbidden), href="#closed"))
        if cell.forbidden
        else None,
    )
