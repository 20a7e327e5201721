"""The change request as an Excel workbook: what stands on which sheet."""

from collections.abc import Iterator, Sequence
from itertools import zip_longest

from planner.engine.compare import Comparison
from planner.report.formats.book_rows import (
    ABOUT_COLUMNS,
    FLOW_COLUMNS,
    OBJECT_COLUMNS,
    divide_addresses,
    list_boundary_rows,
    list_changed,
    list_flow_rows,
    list_life_cells,
    list_object_rows,
    list_rule_columns,
)
from planner.report.formats.workbook import Columns, Sheet, as_cell, make_book
from planner.report.said.edition import Editions
from planner.report.said.forbidden import Breaches
from planner.report.said.numbers import Numbers, say_names
from planner.report.said.printed_rules import list_differences
from planner.report.said.still_needed import STAYS_OPEN, StillNeeded
from planner.report.said.text import (
    LEGEND,
    READDRESSED,
    check_addresses,
    count_changes,
    list_addresses,
    list_changed_flows,
    list_flow_ends,
    list_named,
    list_renamed,
    say_firewalls,
    say_set_apart,
)
from ports.text import show

_DIFFERENCE_COLUMNS: Columns = (("Rule", 16), ("What", 24), ("Before", 60), ("After", 60))
_ADDRESS_COLUMNS: Columns = (("Endpoint", 26), ("Zone", 18), ("Before", 36), ("After", 36))
_RENAMED_COLUMNS: Columns = (("What", 12), ("Before", 36), ("Now", 36), ("Remark", 60))


def render_changes(comparison: Comparison, editions: Editions) -> bytes:
    """The change request as a workbook with the sheets Rules, What differs, Flows, Addresses, Renamed, Objects and
    About.

    Raises OSError and NotExpressible as `render_xlsx` does.
    """
    check_addresses("Excel workbook", list_flow_ends(list_changed_flows(comparison)))
    return make_book(
        show(f"Change request: {comparison.after.plan.name}"),
        (
            Sheet(
                "Rules",
                (("Action", 10), *list_rule_columns(editions.lives_before or editions.lives_after)),
                _changed_rule_rows(comparison, editions),
            ),
            Sheet("What differs", _DIFFERENCE_COLUMNS, _difference_rows(comparison)),
            Sheet("Flows", (("Action", 10), *FLOW_COLUMNS[:-1]), _changed_flow_rows(comparison)),
            Sheet("Addresses", _ADDRESS_COLUMNS, _address_rows(comparison)),
            Sheet("Renamed", _RENAMED_COLUMNS, _renamed_rows(comparison)),
            Sheet("Objects", OBJECT_COLUMNS, _named_rows(comparison)),
            Sheet("About", ABOUT_COLUMNS, _about_changes(comparison, editions.before, editions.after)),
        ),
    )


def _changed_rule_rows(comparison: Comparison, editions: Editions) -> Iterator[Sequence[str]]:
    has_states = bool(editions.lives_before or editions.lives_after)
    breaches, needed, numbers = Breaches(comparison.after), StillNeeded(comparison), Numbers(comparison)
    for action, boundaries, report in list_changed(comparison):
        closes = report is comparison.before
        lives = editions.lives_before if closes else editions.lives_after
        otherwise = _list_readdressed(comparison) if closes else ()
        for rule, row in list_boundary_rows(boundaries, report, needed if closes else breaches, otherwise):
            number = f"{numbers.of(action, rule.id)}{row[0].removeprefix(rule.id)}"
            yield (action, number, *row[1:], *(list_life_cells(rule, lives) if has_states else ()))


def _list_readdressed(comparison: Comparison) -> frozenset[str]:
    """The endpoints that have other addresses: what they had stands on the sheet Addresses."""
    return frozenset(change.endpoint.name for change in comparison.addresses)


def _difference_rows(comparison: Comparison) -> Iterator[Sequence[str]]:
    numbers = Numbers(comparison)
    for rule, differences in list_differences(comparison).items():
        for difference in differences:
            yield tuple(map(as_cell, (numbers.new(rule), *difference)))


def _named_rows(comparison: Comparison) -> Iterator[Sequence[str]]:
    """The endpoints that the change request names: as they are now, or as they were where they are gone."""
    named = list_named(comparison)
    here = {endpoint.name for endpoint in comparison.after.plan.endpoints}
    yield from list_object_rows((one for one in named if one.name in here), comparison.after)
    yield from list_object_rows((one for one in named if one.name not in here), comparison.before)


def _changed_flow_rows(comparison: Comparison) -> Iterator[Sequence[str]]:
    for action, flows, report in (
        ("open", comparison.opened, comparison.after),
        ("close", comparison.closed, comparison.before),
        ("change", [change.after for change in comparison.changed], comparison.after),
    ):
        otherwise = _list_readdressed(comparison) if action == "close" else ()
        yield from ((action, *row) for _, row in list_flow_rows(flows, report, otherwise))


def _renamed_rows(comparison: Comparison) -> Iterator[Sequence[str]]:
    for name in list_renamed(comparison):
        yield tuple(map(as_cell, name))


def _address_rows(comparison: Comparison) -> Iterator[Sequence[str]]:
    """More addresses than a cell holds go on in further rows of the same endpoint."""
    for change in comparison.addresses:
        sides = divide_addresses(change.before), divide_addresses(list_addresses(change.endpoint))
        for before, after in zip_longest(*sides, fillvalue=""):
            yield tuple(map(as_cell, (change.endpoint.name, change.endpoint.zone, before, after)))


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
    if StillNeeded(comparison):
        yield "Still needed", STAYS_OPEN
    if comparison.renamed or comparison.renumbered:
        yield "Names", say_names(comparison)
    for sentence in say_set_apart(comparison):
        yield "Names", as_cell(sentence)
    if comparison.addresses:
        yield "Addresses", READDRESSED
    for sentence in LEGEND:
        yield "How to read this", as_cell(sentence)
