"""What each server accepts and opens, on sheets for whoever sets the hosts' own firewalls."""

from collections.abc import Sequence

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
    titles = ("Way", "Protocol, port", "From, or to", "Number, section")
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
        *(_make_line("accepts", line, sheet, grouping) for line in sheet.accepts),
        *(_make_line("opens", line, sheet, grouping) for line in sheet.opens),
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


def _make_line(way: str, line: SheetLine, sheet: ServerSheet, grouping: Grouping) -> Element:
    numbers: Kids = [
        join((make("span.keep", rule) for rule in line.rules[:MOST_RULES]), ", "),
        f" and {len(line.rules) - MOST_RULES:,} more" if len(line.rules) > MOST_RULES else None,
    ]
    cited = f", §{', '.join(line.sections)}" if line.sections else ", own"
    return make(
        "tr",
        make("td", way),
        make(
            "td.services",
            make("samp", join_ports(line.ports)),
            [" ", make("b.open", "Not decided"), f" {line.undecided}"] if line.undecided else None,
            [make("br"), make("small", " ".join(line.rule_groups))] if line.rule_groups else None,
        ),
        make("td", _name_peers(way, line, sheet, grouping)),
        make("td", numbers, cited),
    )


def _make_within(within: Sequence[Within]) -> Kids:
    """What the numbers of connections within zones stand for: ports, and why they are needed."""
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
                        make("td.id", part.id),
                        make("td", shown(part.zones.label)),
                        make("td.services", make_needs(part.services), say_undecided(part.undecided)),
                    )
                    for part in within
                ],
            ),
        ),
    ]


def _name_peers(way: str, line: SheetLine, sheet: ServerSheet, grouping: Grouping) -> Kids:
    """All endpoints at the other end with their addresses; a group that lists them, where no rule does."""
    peers = join(([shown(peer.name), " ", mark_addresses(peer, 3)] for peer in line.peers.shown), "; ")
    if not line.peers.more:
        return peers
    if line.within:
        group = grouping.side(sheet.title, way, line.members).group
        if group:
            return [make("a.at", make("b", group.name), href=f"#{group.anchor}"), f", {group.total:,} members"]
    return [peers, f"; and {line.peers.more:,} more, in the rule: {line.peers.common}"]
