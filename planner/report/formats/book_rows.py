"""Rows that the workbooks of a report and of a change request have alike: rules, flows, endpoints and addresses."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import product, zip_longest

from planner.engine.compare import Comparison
from planner.engine.flows import Flow, Need
from planner.engine.life import Lives
from planner.engine.report import Report
from planner.engine.rules import Boundary, Ports, Rule
from planner.plan.document import Endpoint
from planner.report.formats.workbook import CELL_UNITS, Columns, as_cell, divide
from planner.report.said.forbidden import Breaches
from planner.report.said.life import LIFE_TITLES, list_life
from planner.report.said.outline import describe_marks, name_rule, name_services
from planner.report.said.still_needed import StillNeeded
from planner.report.said.text import SCOPES, list_addresses, list_reasons
from planner.report.said.there import There
from ports.matrix import Operation, Platform, Role, Session
from ports.text import show

_NAMELESS = "–"
"""What stands beside a port that only additional flows of the plan need: each name is beside its own port."""
_BESIDE = 600
"""Code units that may stand before addresses in their cell: a name and what goes with it."""

_RULE_COLUMNS: Columns = (
    ("Rule", 16), ("Boundary", 24),
    ("Source zones", 18), ("Sources", 22), ("Source addresses", 26),
    ("Destination zones", 18), ("Destinations", 22), ("Destination addresses", 26),
    ("Services", 18), ("Service names", 32), ("Sections", 10), ("Undecided", 28), ("Reasons", 60),
)  # fmt: skip
FLOW_COLUMNS: Columns = (
    ("Source", 22), ("Source zone", 18), ("Source addresses", 26),
    ("Destination", 22), ("Destination zone", 18), ("Destination addresses", 26),
    ("Protocol", 10), ("Ports", 14), ("Services", 32), ("Scope", 14), ("Sections", 10), ("Undecided", 28),
    ("Reasons", 60), ("Rule", 16),
)  # fmt: skip
OBJECT_COLUMNS: Columns = (
    ("Name", 26), ("Zone", 18), ("Kind of zone", 14), ("Addresses", 36), ("Group", 8), ("Roles", 32),
    ("Platforms", 28), ("Operations", 28), ("Sessions", 20), ("Managed by", 24),
)  # fmt: skip
_LIFE_COLUMNS: Columns = tuple(zip(LIFE_TITLES, (28, 18, 18, 12, 40), strict=True))
ABOUT_COLUMNS: Columns = (("About", 24), ("Content", 110))


def list_rule_columns(lives: Lives, there: There | None = None) -> Columns:
    """Those of the sheet Rules: with the states of rules where there are any, and what a firewall had of each."""
    more: Columns = ((as_cell(there.title), 30),) if there else ()
    return (*_RULE_COLUMNS, *(_LIFE_COLUMNS if lives else ()), *more)


def list_life_cells(rule: Rule, lives: Lives) -> Sequence[str]:
    """The state of a rule, in the columns for it."""
    return [as_cell(text) for text in list_life(lives.of(rule))]


def list_changed(comparison: Comparison) -> Iterator[tuple[str, tuple[Boundary, ...], Report]]:
    """What is to be done with rules, which these are, and the report that they are of."""
    yield "open", comparison.boundaries_opened, comparison.after
    yield "open by address", comparison.boundaries_addressed, comparison.after
    yield "close", comparison.boundaries_closed, comparison.before
    yield "close by address", comparison.boundaries_unaddressed, comparison.before
    yield "change", comparison.boundaries_changed, comparison.after


def list_boundary_rows(
    boundaries: Iterable[Boundary], report: Report, marks: Breaches | StillNeeded, otherwise: Collection[str] = ()
) -> Iterator[tuple[Rule, Sequence[str]]]:
    """Every rule with its rows. `marks`: what prohibitions of the report forbid; of rules that close what is needed.

    `otherwise` are endpoints whose addresses in this report the sheet Addresses has.
    """
    ends = {
        endpoint.name: (show(endpoint.zone), show(endpoint.name), say_addresses(endpoint, otherwise))
        for endpoint in report.plan.endpoints
    }
    for boundary in boundaries:
        for rule in boundary.rules:
            for row in _rule_parts(rule, boundary, report, ends, marks):
                yield rule, row


def _rule_parts(
    rule: Rule,
    boundary: Boundary,
    report: Report,
    ends: dict[str, tuple[str, str, str]],
    marks: Breaches | StillNeeded,
) -> Iterator[Sequence[str]]:
    """A rule as one row; as several when its endpoints don't fit into one, each of them a rule in its own right."""
    lines = name_rule(rule, report)
    names = [f"{line.names} (changed from {line.changed_from})" if line.changed_from else line.names for line in lines]
    common = (
        as_cell("\n".join(line.ports for line in lines)),
        as_cell("\n".join(name or _NAMELESS for name in names) if any(names) else ""),
        ", ".join(rule.sections),
        as_cell(describe_marks(rule.any_of, report.matrix)),
        as_cell("\n".join(filter(None, (marks.mark(rule), *list_reasons(rule.reasons))))),
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


def say_addresses(endpoint: Endpoint, otherwise: Collection[str] = ()) -> str:
    """The addresses of an endpoint for a cell that it may share with others. `otherwise` as above."""
    text = ", ".join(list_addresses(endpoint))
    if len(text) <= CELL_UNITS:
        return text
    sheet = "Addresses" if endpoint.name in otherwise else "Objects"
    return f"{len(endpoint.addresses):,} addresses, see the sheet {sheet}"


def divide_addresses(addresses: Sequence[str]) -> list[str]:
    """Addresses as texts that each fit into a cell, beside a name; "none" for none."""
    parts = divide(addresses, lambda address: (f"{address} ",), CELL_UNITS - _BESIDE)
    return [", ".join(part) or "none" for part in parts]


def list_flow_rows(
    flows: Iterable[Flow], report: Report, otherwise: Collection[str] = ()
) -> Iterator[tuple[Flow, Sequence[str]]]:
    """Every flow with its row, without the number of its rule. `otherwise` as above."""
    ends = {
        endpoint.name: (as_cell(endpoint.name), as_cell(endpoint.zone), as_cell(say_addresses(endpoint, otherwise)))
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


def list_object_rows(endpoints: Iterable[Endpoint], report: Report) -> Iterator[Sequence[str]]:
    """Endpoints of the report, each with all of its addresses."""
    matrix = report.matrix
    kinds = {zone.name: zone.kind for zone in report.plan.zones}
    for endpoint in endpoints:
        # More addresses than a cell holds go on in further rows of the same endpoint, and so do names.
        parts = (divide(texts, lambda text: (text,)) for texts in (list_addresses(endpoint), endpoint.managed_by))
        for addresses, managers in zip_longest(*parts, fillvalue=()):
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
                as_cell("\n".join(managers)),
            )


def _names(rows: Mapping[str, Role | Platform | Operation | Session], slugs: Sequence[str]) -> str:
    """The names of those rows of the matrix that an endpoint lists, one a line."""
    return as_cell("\n".join(row.name for slug, row in rows.items() if slug in slugs))


def list_cells(rows: Iterable[Sequence[str]]) -> Iterator[Sequence[str]]:
    """Rows of texts, each as it goes into its cell."""
    for row in rows:
        yield tuple(map(as_cell, row))
