"""What each server accepts and opens, on sheets for whoever sets the hosts' own firewalls."""

from collections.abc import Sequence

from planner.report.paper.printed import Element, Kids, join, make
from planner.report.paper.words import mark_addresses, shown
from planner.report.said.servers import ServerSheet, SheetLine
from ports.text import show_line

PEERS = 6
"""How many endpoints a line of a server's sheet names before it counts."""
MOST_ELSEWHERE = 40
"""How many connections that are on no sheet are named."""
MOST_RULES = 6
"""How many numbers of rules a line names."""


def make_servers(sheets: Sequence[ServerSheet], elsewhere: Sequence[str], *, is_part: bool) -> Element | None:
    """The sheets, then what is on none; None without either. `is_part`: only a part of the report is printed."""
    busy = [sheet for sheet in sheets if sheet.accepts or sheet.opens]
    idle = [show_line(sheet.title) for sheet in sheets if not (sheet.accepts or sheet.opens)] if not is_part else []
    if not (busy or idle or elsewhere):
        return None
    together = "Servers of one kind share a sheet; the CSV and XLSX files name every connection of each. "
    more = len(elsewhere) - MOST_ELSEWHERE
    return make(
        "section#servers",
        make("h2", "Host firewalls, server by server"),
        make(
            "p.intro",
            "What each must accept and what it opens, within its zone too, where no other firewall sees it. ",
            together if any(sheet.endpoints.total > 1 for sheet in sheets) else None,
            "What is marked as not decided depends on a decision.",
        ),
        map(_make_sheet, busy),
        [
            make("p.why-not", make("b", "On no sheet, within its zone:"), " ", shown(line))
            for line in elsewhere[:MOST_ELSEWHERE]
        ],
        make("p", f"And {more} more; the CSV file has all of them.") if more > 0 else None,
        make("p.note", make("b", "With no connection to others:"), f" {', '.join(idle)}.") if idle else None,
    )


def _make_sheet(sheet: ServerSheet) -> Element:
    about: Kids = None
    if sheet.endpoints.total == 1:
        (endpoint,) = sheet.endpoints.shown
        labels = ", ".join(sheet.labels)
        about = [" ", make("small", mark_addresses(endpoint, 3), " · ", shown(endpoint.zone), f" · {labels}")]
    is_short = len(sheet.accepts) < 4 and len(sheet.opens) < 4
    return make(
        f"section.chapter{'.short' if is_short else ''}",
        make("h3", shown(sheet.title), about, data_title=show_line(sheet.title)),
        make(
            "table.sheet",
            make(
                "thead",
                make(
                    "tr",
                    make("th", shown(sheet.title), ": protocol, port, service", scope="col", colspan="2"),
                    make("th", "From, or to", scope="col"),
                    make("th", "Rule; why, when it stays within the zone", scope="col"),
                    make("th", "§", scope="col"),
                ),
            ),
            make(
                "tbody",
                [_make_line("accepts", line) for line in sheet.accepts],
                [_make_line("opens", line) for line in sheet.opens],
            ),
        ),
    )


def _make_line(way: str, line: SheetLine) -> Element:
    services = join(
        ([make("samp", service.ports), f" {service.names}" if service.names else None] for service in line.services),
        "; ",
    )
    peers = join(([shown(peer.name), " ", mark_addresses(peer, 3)] for peer in line.peers.shown), "; ")
    numbers: Kids = [
        join((make("span.keep", rule) for rule in line.rules[:MOST_RULES]), ", "),
        " …" if len(line.rules) > MOST_RULES else None,
    ]
    return make(
        "tr",
        make("td", way),
        make(
            "td.services",
            services,
            [" ", make("b.open", "Not decided"), f" {line.undecided}"] if line.undecided else None,
            [make("br"), make("small", " ".join(line.rule_groups))] if line.rule_groups else None,
        ),
        make("td", peers, f"; and {line.peers.more} more: {line.peers.common}" if line.peers.more else None),
        make("td", numbers if line.rules else shown(line.why)),
        make("td", ", ".join(line.sections) or "own"),
    )
