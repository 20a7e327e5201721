"""What each server accepts and opens, on sheets for whoever sets the hosts' own firewalls."""

from collections import defaultdict
from collections.abc import Iterable, Sequence

from planner.report.paper.chapters import make_group, make_head, make_needs, say_undecided
from planner.report.paper.printed import Element, Kids, join, make
from planner.report.paper.words import mark_addresses, shown
from planner.report.said.objects import MOST_NAMED, Grouping
from planner.report.said.printed_rules import join_ports
from planner.report.said.servers import ServerSheet, SheetLine
from planner.report.said.within import Within
from ports.text import show_line

PEERS = MOST_NAMED
"""How many endpoints a line of a server's sheet names before it names a group, or the rule that has them."""
MOST_ELSEWHERE = 40
"""How many connections that are on no sheet are named."""
EACH = "Of its own zone alone:"
"""Stands before the peers of servers that share a sheet and stand in like zones: each has those beside it."""
MOST_RULES = 6
"""How many numbers of rules a line names."""


def make_servers(
    sheets: Sequence[ServerSheet],
    elsewhere: Sequence[str],
    grouping: Grouping,
    within: Sequence[Within],
    *,
    is_part: bool,
) -> Element | None:
    """The sheets, then what is on none; None without either. `is_part`: only a part of the report is printed.

    Lists of endpoints that no rule names are groups of `grouping`, when they are too long for a line.
    """
    busy = [sheet for sheet in sheets if sheet.accepts or sheet.opens]
    idle = [show_line(sheet.title) for sheet in sheets if not (sheet.accepts or sheet.opens)] if not is_part else []
    if not (busy or idle or elsewhere):
        return None
    together = (
        "Servers of which the same is to be said share a sheet; the CSV and XLSX files name every connection of each. "
    )
    more = len(elsewhere) - MOST_ELSEWHERE
    titles = ("Way", "Protocol, port", "From, or to, and by which number")
    return make(
        "section#servers",
        make("h2", "Host firewalls, server by server"),
        make(
            "p.intro",
            "What each must accept and what it opens, within its zone too, where no other firewall sees it. Numbers "
            "of two zones are those of rules; those of one zone stand after the sheets. "
            if within
            else "What each must accept and what it opens. ",
            together if any(sheet.endpoints.total > 1 for sheet in sheets) else None,
            "What is marked as not decided depends on a decision.",
        ),
        make("table.sheet", make_head(*titles), [_make_sheet(sheet, grouping, len(titles)) for sheet in busy])
        if busy
        else None,
        _make_within(within) if within else None,
        [
            make("p.why-not", make("b", "On no sheet, within its zone:"), " ", shown(line))
            for line in elsewhere[:MOST_ELSEWHERE]
        ],
        make("p", f"And {more} more; the CSV file has all of them.") if more > 0 else None,
        make("p.note", make("b", "With no connection to others:"), f" {', '.join(idle)}.") if idle else None,
    )


def _make_sheet(sheet: ServerSheet, grouping: Grouping, columns: int) -> Kids:
    about: Kids = None
    labels = ", ".join(sheet.labels)
    if sheet.endpoints.total == 1:
        (endpoint,) = sheet.endpoints.shown
        about = [mark_addresses(endpoint, 3), " · ", shown(endpoint.zone), f" · {labels}"]
    elif not sheet.endpoints.more:
        zones = dict.fromkeys(endpoint.zone for endpoint in sheet.members)
        addresses = join([mark_addresses(endpoint, 3) for endpoint in sheet.members], "; ")
        about = [addresses, " · ", join(map(shown, zones)), f" · {labels}"]
    lines = [
        _make_line(way, some, sheet, grouping)
        for way, listed in (("accepts", sheet.accepts), ("opens", sheet.opens))
        for some in _join_services(listed)
    ]
    return [
        make_group(
            columns,
            make(
                "h3",
                shown(sheet.title),
                [" ", make("small", about)] if about else None,
                data_title=show_line(sheet.title),
            ),
        ),
        make("tbody", lines),
    ]


def _join_services(lines: Sequence[SheetLine]) -> Iterable[Sequence[SheetLine]]:
    """The lines, those of the same services together: peers within the zone stand below those of other zones."""
    alike: dict[object, list[SheetLine]] = defaultdict(list)
    for line in lines:
        alike[line.ports, line.undecided, line.rule_groups].append(line)
    return alike.values()


def _make_line(way: str, lines: Sequence[SheetLine], sheet: ServerSheet, grouping: Grouping) -> Element:
    first = lines[0]
    return make(
        "tr",
        make("td", way),
        make(
            "td.services",
            make("samp", join_ports(first.ports)),
        ),
        make(
            "td",
            [_make_peers(way, line, sheet, grouping) for line in lines],
            make("p", make("b.open", "Not decided"), " ", make("small", first.undecided)) if first.undecided else None,
            make("p", make("small", " ".join(first.rule_groups))) if first.rule_groups else None,
        ),
    )


def _make_peers(way: str, line: SheetLine, sheet: ServerSheet, grouping: Grouping) -> Element:
    """Who is at the other end, and by which numbers; these say why, and where the vendor's document asks for it."""
    numbers: Kids = [
        join((make("span.keep", rule) for rule in line.rules[:MOST_RULES]), ", "),
        f" and {len(line.rules) - MOST_RULES:,} more" if len(line.rules) > MOST_RULES else None,
    ]
    return make("p", _name_peers(way, line, sheet, grouping), " \u2002", make("small", numbers))


def _make_within(within: Sequence[Within]) -> Kids:
    """What the numbers of connections within zones stand for: ports, and why they are needed.

    Numbers of several zones that stand for the same share a row.
    """
    alike: dict[object, list[Within]] = defaultdict(list)
    for part in within:
        alike[part.services, part.undecided].append(part)
    return [
        make("h3", "Within zones, by number"),
        make(
            "table.within",
            make_head("Number", "Within", "Service and why"),
            make(
                "tbody",
                [
                    make(
                        "tr",
                        make("td.ids", join([make("span.keep", part.id) for part in parts], ", ")),
                        make("td", join([shown(part.zones.label) for part in parts], ", ")),
                        make("td.services", make_needs(parts[0].services), say_undecided(parts[0].undecided)),
                    )
                    for parts in alike.values()
                ],
            ),
        ),
    ]


def _name_peers(way: str, line: SheetLine, sheet: ServerSheet, grouping: Grouping) -> Kids:
    """All endpoints at the other end with their addresses; a group that lists them, where no rule does."""
    peers = join(([shown(peer.name), " ", mark_addresses(peer, 3)] for peer in line.peers.shown), "; ")
    if line.each:
        return [make("i", EACH), " ", _name_all(way, line, sheet, grouping, peers)]
    return _name_all(way, line, sheet, grouping, peers)


def _name_all(way: str, line: SheetLine, sheet: ServerSheet, grouping: Grouping, peers: list[Kids]) -> Kids:
    if not line.peers.more:
        return peers
    if line.within:
        group = grouping.side(sheet.title, way, line.members).group
        if group:
            return [make("a.at", make("b", group.name), href=f"#{group.anchor}"), f", {group.total:,} members"]
    return [peers, f"; and {line.peers.more:,} more, in the rule: {line.peers.common}"]
