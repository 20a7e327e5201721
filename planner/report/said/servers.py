"""One sheet for each server: what it must accept and what it opens, for whoever sets its host firewall.

Flows within a zone are on the sheets as well: no firewall between zones sees them, the host's own does.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from planner.engine.flows import Flow, Need
from planner.engine.report import Report
from planner.engine.rules import Ports
from planner.engine.terms import Alternative
from planner.plan.document import Endpoint
from planner.report.said.outline import (
    Members,
    ServiceLine,
    describe_marks,
    describe_reasons,
    label_endpoint,
    name_services,
    outline_members,
)
from planner.report.said.text import index_rules
from planner.report.said.within import Within, index_within, number_within
from ports.matrix import Reason, section_key

MOST_TITLES = 8
"""So many servers that share a sheet as it says the same of all are named in its title."""
MOST_SHEETS = 60
"""With more servers than this, those of one kind share a sheet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SheetLine:
    """A service of a sheet, or several that are alike in all else, and all endpoints at their other end."""

    ports: tuple[Ports, ...]
    services: tuple[ServiceLine, ...]
    """The same, with their names."""
    peers: Members
    within: bool
    """Whether all of it stays within a zone, so that only host firewalls see it."""
    undecided: str
    reasons: tuple[Reason, ...]
    sections: tuple[str, ...]
    rules: tuple[str, ...]
    """Numbers of the rules that stand for it between zones, or of what stands for it within its zone."""
    members: tuple[Endpoint, ...] = ()
    """All endpoints at the other end."""
    each: bool = False
    """Whether the sheet is about servers of several like zones, each of which has the peers of its own zone alone."""
    rule_groups: tuple[str, ...] = ()
    """Of what is accepted, in words: which ports Windows has rules of its own for, and what it calls them."""

    @property
    def why(self) -> str:
        """The reasons as one text."""
        return describe_reasons(self.reasons)


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerSheet:
    """A server, or all servers of a kind, with what they accept and open."""

    title: str
    endpoints: Members
    members: tuple[Endpoint, ...]
    """All of them."""
    labels: tuple[str, ...]
    accepts: tuple[SheetLine, ...]
    opens: tuple[SheetLine, ...]


def outline_servers(
    report: Report, *, members: int, fold: bool = False, within: tuple[Within, ...] | None = None
) -> tuple[ServerSheet, ...]:
    """The sheets in the order of the plan, for endpoints with a server's role or a platform; people have none.

    Of more than MOST_SHEETS servers, those with the same roles and platforms share a sheet. A line names at most
    `members` endpoints and counts the others. `fold`: services that lead to the same endpoints by the same rules make
    one line, and servers of one kind share a sheet that says the same of all; those of like zones too, whose peers
    within their zones are of one kind. `within` is what `number_within` says of the report, for a caller that knows
    it.
    """
    matrix = report.matrix
    servers = [
        endpoint
        for endpoint in report.plan.endpoints
        if endpoint.platforms or any(matrix.roles[role].kind != "people" for role in endpoint.roles)
    ]
    together: dict[object, list[Endpoint]] = defaultdict(list)
    for endpoint in servers:
        key = endpoint.name if len(servers) <= MOST_SHEETS else (endpoint.roles, endpoint.platforms)
        together[key].append(endpoint)
    key_of = {endpoint.name: key for key, endpoints in together.items() for endpoint in endpoints}
    accepted, opened = _sort_flows(report.flows, key_of)
    rules = {**index_rules(report), **index_within(number_within(report) if within is None else within)}
    sheets = [
        ServerSheet(
            title=_title(endpoints, report),
            endpoints=outline_members(endpoints, matrix, members),
            members=tuple(endpoints),
            labels=label_endpoint(endpoints[0], matrix),
            accepts=_lines(accepted.get(key, ()), report, members, rules, incoming=True, fold=fold),
            opens=_lines(opened.get(key, ()), report, members, rules, incoming=False, fold=fold),
        )
        for key, endpoints in together.items()
    ]
    return tuple(_join_alike(sheets, report, members) if fold else sheets)


def _join_alike(sheets: Iterable[ServerSheet], report: Report, members: int) -> Iterator[ServerSheet]:
    """The sheets, those that say the same of servers of one kind as one, at the place of the first.

    First those of one zone are joined, then what came of it in like zones.
    """
    in_zone: dict[object, list[ServerSheet]] = defaultdict(list)
    for sheet in sheets:
        said = _tell_all(sheet, by_kind=False)
        in_zone[(sheet.labels, said) if any(said) else sheet.title].append(sheet)
    like = {zone: group.code for group in report.zone_groups if len(group.zones) > 1 for zone in group.zones}
    alike: dict[object, list[ServerSheet]] = defaultdict(list)
    for same in in_zone.values():
        sheet = _join(same, report, members)
        zones = {endpoint.zone for endpoint in sheet.members}
        code = like.get(zones.pop()) if len(zones) == 1 else None
        said = _tell_all(sheet, by_kind=True)
        alike[(code, sheet.labels, len(sheet.members), said) if code and any(said) else sheet.title].append(sheet)
    for same in alike.values():
        yield _join(same, report, members)


def _join(same: Sequence[ServerSheet], report: Report, members: int) -> ServerSheet:
    """Sheets that say the same, as one; where peers within zones differ, each line has those of all."""
    if len(same) == 1:
        return same[0]
    endpoints = [endpoint for sheet in same for endpoint in sheet.members]
    titles = [sheet.title for sheet in same]
    return replace(
        same[0],
        title=", ".join(titles) if len(endpoints) <= MOST_TITLES else _title(endpoints, report),
        endpoints=outline_members(endpoints, report.matrix, members),
        members=tuple(endpoints),
        accepts=_join_lines([sheet.accepts for sheet in same], report, members),
        opens=_join_lines([sheet.opens for sheet in same], report, members),
    )


def _join_lines(sheets: Sequence[Sequence[SheetLine]], report: Report, members: int) -> tuple[SheetLine, ...]:
    joined = []
    for lines in zip(*sheets, strict=True):
        first = lines[0]
        peers = {peer.name: peer for line in lines for peer in line.members}
        if len(peers) > len(first.members):
            found = tuple(peers.values())
            shown = outline_members(found, report.matrix, 2 * members)
            first = replace(first, members=found, peers=shown, each=True)
        joined.append(first)
    return tuple(joined)


def _tell_all(sheet: ServerSheet, *, by_kind: bool) -> tuple[tuple[object, ...], ...]:
    """What a sheet says, to be compared; `by_kind`: of peers within its zone only what they are."""
    return tuple(tuple(_tell(line, by_kind=by_kind) for line in lines) for lines in (sheet.accepts, sheet.opens))


def _tell(line: SheetLine, *, by_kind: bool) -> tuple[object, ...]:
    peers: tuple[object, ...] = (
        tuple(sorted((peer.roles, peer.platforms, peer.group) for peer in line.members))
        if by_kind and line.within
        else tuple(peer.name for peer in line.members)
    )
    return line.ports, peers, line.within, line.undecided, line.reasons, line.sections, line.rules, line.rule_groups


def _order_within(number: str) -> tuple[str, int]:
    zone, _, place = number.rpartition("-")
    return zone, int(place)


def _title(endpoints: Sequence[Endpoint], report: Report) -> str:
    if len(endpoints) == 1:
        return endpoints[0].name
    return f"{len(endpoints):,} × {', '.join(label_endpoint(endpoints[0], report.matrix))}"


def _sort_flows(
    flows: Iterable[Flow], key_of: Mapping[str, object]
) -> tuple[dict[object, list[Flow]], dict[object, list[Flow]]]:
    """The flows that each sheet accepts, and those that it opens; what stays on one host is on none."""
    accepted: dict[object, list[Flow]] = defaultdict(list)
    opened: dict[object, list[Flow]] = defaultdict(list)
    for flow in flows:
        if flow.scope == "same-host":
            continue
        if flow.destination.name in key_of:
            accepted[key_of[flow.destination.name]].append(flow)
        if flow.source.name in key_of:
            opened[key_of[flow.source.name]].append(flow)
    return accepted, opened


def _lines(
    flows: Iterable[Flow],
    report: Report,
    members: int,
    rules: Mapping[tuple[str, str, Ports], str],
    *,
    incoming: bool,
    fold: bool,
) -> tuple[SheetLine, ...]:
    """The flows as lines: those on one port, equally decided and of one scope stand together."""
    together: dict[tuple[Ports, tuple[Alternative, ...], bool], list[Flow]] = defaultdict(list)
    for flow in flows:
        within = flow.scope == "same-zone"
        together[Ports(flow.need.protocol, flow.need.ports), flow.need.any_of, within].append(flow)
    lines: dict[object, dict[Ports, _Alike]] = defaultdict(dict)
    for (ports, marks, within), alike in sorted(
        together.items(), key=lambda item: (item[0][0].order, item[0][1], item[0][2])
    ):
        ends = [flow.source for flow in alike] if incoming else [flow.destination for flow in alike]
        peers = {end.name: end for end in ends}
        cited = dict.fromkeys(rules.get((flow.source.name, flow.destination.name, ports)) for flow in alike)
        key = (tuple(peers), marks, within, frozenset(() if within else cited), () if fold else ports)
        lines[key][ports] = _Alike(alike, peers, cited)
    return tuple(_line(by_ports, report, members, incoming=incoming) for by_ports in lines.values())


class _Alike(NamedTuple):
    """Flows on one port, the endpoints at their other end by name, and the numbers of what stands for them."""

    flows: Sequence[Flow]
    peers: Mapping[str, Endpoint]
    cited: Mapping[str | None, None]


def _line(by_ports: Mapping[Ports, _Alike], report: Report, members: int, *, incoming: bool) -> SheetLine:
    peers: dict[str, Endpoint] = {}
    needs: dict[int, Need] = {}
    services = []
    numbers: dict[str | None, None] = {}
    own: dict[str, dict[str, None]] = defaultdict(dict)
    for ports, alike in by_ports.items():
        peers |= alike.peers
        numbers |= alike.cited
        asked = {id(flow.need): flow.need for flow in alike.flows}  # few, of however many flows
        needs |= asked
        for need in asked.values() if incoming else ():
            for group in need.rule_groups:
                own[group][str(ports)] = None
        slugs = sorted({slug for need in asked.values() for slug in need.services})
        services.append(name_services(ports, slugs, report))
    cited = [number for number in numbers if number]
    first = next(iter(by_ports.values())).flows[0]
    return SheetLine(
        ports=tuple(by_ports),
        services=tuple(services),
        peers=outline_members(list(peers.values()), report.matrix, members),
        within=first.scope == "same-zone",
        undecided=describe_marks(first.need.any_of, report.matrix),
        reasons=tuple(sorted({reason for need in needs.values() for reason in need.reasons})),
        sections=tuple(sorted({n for need in needs.values() for n in need.sections}, key=section_key)),
        rules=tuple(sorted(cited, key=_order_within) if first.scope == "same-zone" else cited),
        members=tuple(peers.values()),
        rule_groups=tuple(
            f"Windows’ own rules for {', '.join(where)}: {report.matrix.rule_groups[slug].name}."
            for slug, where in sorted(own.items())
        ),
    )
