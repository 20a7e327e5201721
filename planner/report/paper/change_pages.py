"""The change request as a printed document: what to open, what to close, what differs. Only arrangement."""

from collections.abc import Iterator, Sequence

from django.utils import timezone

from planner.engine.compare import Comparison
from planner.engine.rules import Rule
from planner.report.paper.chapters import (
    Column,
    list_roles,
    make_blanks,
    make_contents,
    make_facts,
    make_head,
    make_legend,
    make_matrix_facts,
    make_numbers,
    make_objects,
    make_rules,
    make_sign_off,
)
from planner.report.paper.printed import Element, Kids, PrintedReport, Running, make
from planner.report.paper.words import mark_addresses, say_date, shorten, shown
from planner.report.said.edition import Editions
from planner.report.said.numbers import Numbers, say_names
from planner.report.said.objects import Grouping
from planner.report.said.printed_rules import (
    LocalChange,
    PrintedBoundary,
    find_blanks,
    list_rules_of,
    list_within_zones,
    print_boundaries,
    print_changed,
    print_numbers,
)
from planner.report.said.still_needed import StillNeeded
from planner.report.said.text import (
    ADDRESSED,
    ADDRESSED_TITLE,
    CHANGED,
    READDRESSED,
    UNADDRESSED,
    UNADDRESSED_TITLE,
    NewName,
    list_addresses,
    list_renamed,
    say_firewalls,
    say_kept,
    say_set_apart,
    word_changes,
)
from ports.text import show_line

MOST_RULES = 20
"""How many rules of an endpoint with another address are named."""
MOST_FLOWS = 60
"""How many connections within zones are named; the CSV file has all."""

_INTRO = {
    "open": "New connections. The source opens the connection, ports are destination ports; a stateful firewall "
    "admits the replies. A number belongs to the rule of the plan that the change is a part of.",
    "close": "Nothing of the plan needs these any more. Make sure that nothing else does before you close them.",
    "rest": "Nothing of the plan needs the rest any more. Make sure that nothing else does before you close it.",
}


def compose_changes(comparison: Comparison, editions: Editions) -> PrintedReport:
    """The change request as a printed document; without a date of the editions it is of today."""
    after, before = comparison.after, comparison.before
    date = editions.date or timezone.localdate()
    grouping, grouping_before = Grouping(after), Grouping(before, mark="to close")
    states, states_before = editions.lives_after, editions.lives_before
    numbers, needed = Numbers(comparison), StillNeeded(comparison)
    closed, unaddressed = (
        print_numbers(
            print_boundaries(boundaries, before, grouping_before, prefix=prefix, lives=states_before, closing=needed),
            numbers.old,
        )
        for prefix, boundaries in (
            ("close-", comparison.boundaries_closed),
            ("gone-", comparison.boundaries_unaddressed),
        )
    )
    opened, addressed, changed = (
        print_numbers(chapters, numbers.new)
        for chapters in (
            print_boundaries(comparison.boundaries_opened, after, grouping, prefix="open-", lives=states),
            print_boundaries(comparison.boundaries_addressed, after, grouping, prefix="address-", lives=states),
            print_changed(comparison, grouping, states),
        )
    )
    blanks = find_blanks((*comparison.rules_opened, *comparison.rules_changed))
    kept = say_kept(comparison)
    local = list_within_zones(comparison)
    objects = [found for found in (grouping.objects(()), grouping_before.objects(())) if found.groups]
    example = next(iter((*opened, *addressed, *changed, *closed, *unaddressed)), None)
    kinds: tuple[tuple[str, str, Sequence[Rule], Sequence[PrintedBoundary], Column, str], ...] = (
        ("Rules to open", "opened", comparison.rules_opened, opened, "open", _say_intro("open", kept.get("opened"))),
        (ADDRESSED_TITLE, "addressed", comparison.rules_addressed, addressed, "open", ADDRESSED),
        (
            "Rules to close",
            "closed",
            comparison.rules_closed,
            closed,
            "close",
            _say_intro("rest" if needed else "close", kept.get("closed")),
        ),
        (UNADDRESSED_TITLE, "unaddressed", comparison.rules_unaddressed, unaddressed, "close", UNADDRESSED),
        ("Rules changed", "changed", comparison.rules_changed, changed, "changed", CHANGED),
    )
    parts: list[tuple[str, Element]] = []
    if renamed := list_renamed(comparison):
        parts.append((f"Renamed: {len(renamed):,}", _make_renamed(comparison, renamed)))
    parts += [
        (f"{title}: {len(rules):,}", _make_rules(anchor, title, chapters, column, intro))
        for title, anchor, rules, chapters, column, intro in kinds
        if rules or anchor not in ("addressed", "unaddressed")
    ]
    if comparison.addresses:
        parts.append((f"Addresses changed: {len(comparison.addresses):,}", _make_addresses(comparison)))
    if blanks:
        section = make("section#blanks", make("h2", "To complete before the rules are made"), make_blanks(blanks))
        parts.append((f"Addresses to be filled in: {len(blanks):,}", section))
    if local:
        parts.append((f"Within zones, for host firewalls: {len(local):,}", _make_local(local)))
    for number, found in enumerate(objects):
        parts.append(("Objects: groups and addresses", make_objects(found, whole=False, number=number)))
    parts.append(("Legend", make_legend(after.matrix, list_roles(after), example, whole=False)))
    parts.append(("Sign-off", make_sign_off()))
    anchors = {title: part.get("id") or "" for title, part in reversed(parts)}  # of parts of one title the first
    contents = [(anchors[title], title) for title in dict.fromkeys(title for title, _ in parts)]
    return PrintedReport(
        title=f"Change request: {show_line(after.plan.name)}",
        running=Running(
            name=f"Change request: {shorten(after.plan.name, 70)}",
            edition=f"{shorten(editions.before, 24)} → {shorten(editions.after, 24)} · {say_date(date)}",
            matrix=f"Matrix: {after.matrix.version}",
        ),
        parts=(_make_cover(comparison, editions, say_date(date), contents), *(part for _, part in parts)),
        paper=editions.paper,
        stylesheet=editions.stylesheet,
        date=date,
    )


def _make_cover(comparison: Comparison, editions: Editions, date: str, contents: Sequence[tuple[str, str]]) -> Element:
    matrix, matrix_before = comparison.after.matrix, comparison.before.matrix
    sent = [" (", shown(editions.sent), ")"] if editions.sent else None

    def facts() -> Iterator[tuple[str, Kids]]:
        yield "Date", date
        yield "Vendor document", f"{matrix.product}, “{matrix.document}”, as received {matrix.received}"
        if matrix_before.digest != matrix.digest:
            yield make_matrix_facts(matrix_before, "Port matrix before")
        yield make_matrix_facts(matrix)

    return make(
        "section.cover",
        make("p.eyebrow", f"Change request for the ports of {matrix.product}"),
        make("h1", shown(comparison.after.plan.name)),
        make("p.lead", "From ", shown(editions.before), sent, " to ", shown(editions.after), "."),
        make_numbers(
            (count, what, bool(count) and what.startswith(("rule", "address")))
            for what, count in word_changes(comparison)
        ),
        [make("p.note", shown(sentence)) for sentence in say_firewalls(comparison)],
        make("div.halves", make("div", make_facts(facts())), make_contents(contents)),
    )


def _make_renamed(comparison: Comparison, renamed: Sequence[NewName]) -> Element:
    rows = [
        make(
            "tr",
            make("td", name.kind),
            make("td", shown(name.old)),
            make("td", shown(name.new)),
            make("td", f"{name.remark[:1].upper()}{name.remark[1:]}"),
        )
        for name in renamed
    ]
    return make(
        "section#renamed",
        make("h2", "Renamed"),
        make("p.intro", f"{say_names(comparison)} Objects on firewalls may get new names."),
        make("table.renamed", make_head("What", "Before", "Now", "Remark"), make("tbody", rows)),
        [make("p.note", shown(sentence)) for sentence in say_set_apart(comparison)],
    )


def _say_intro(column: str, kept: str | None) -> str:
    """What a part begins with; `kept` says which of its rules stay, and goes before what is said of the rest."""
    said = (kept, _INTRO[column]) if column == "rest" else (_INTRO[column], kept)
    return " ".join(filter(None, said))


def _make_rules(anchor: str, title: str, chapters: Sequence[PrintedBoundary], column: Column, intro: str) -> Element:
    return make(
        f"section#{anchor}",
        make("h2", title),
        make("p.intro", intro),
        make_rules(chapters, column) if chapters else make("p", "None."),
    )


def _make_addresses(comparison: Comparison) -> Element:
    rows = []
    rules_of = list_rules_of(comparison)
    for change in comparison.addresses:
        endpoint = change.endpoint
        after = ", ".join(list_addresses(endpoint))
        rows.append(
            make(
                "tr",
                make("td", shown(endpoint.name)),
                make("td", shown(endpoint.zone)),
                make("td", make("samp", ", ".join(change.before) or "none")),
                make(
                    "td",
                    make("samp", after)
                    if endpoint.addresses
                    else make("span.missing", f"{after}: ", shown(endpoint.name)),
                ),
                make("td", make("samp", _name_rules(rules_of[endpoint.name]))),
            )
        )
    return make(
        "section#addresses",
        make("h2", "Addresses changed"),
        make("p.intro", READDRESSED),
        make("table.moved", make_head("Endpoint", "Zone", "Before", "After", "Rules"), make("tbody", rows)),
    )


def _name_rules(rules: Sequence[str]) -> str:
    more = f" and {len(rules) - MOST_RULES:,} more" if len(rules) > MOST_RULES else ""
    return (", ".join(rules[:MOST_RULES]) or "none") + more


def _make_local(local: Sequence[LocalChange]) -> Element:
    more = len(local) - MOST_FLOWS
    return make(
        "section#local",
        make("h2", "Within zones, for host firewalls"),
        make("p.intro", "No firewall between zones sees these; the host’s own may."),
        make(
            "table.local",
            make_head("What", "From", "To", "Port", "Why"),
            make("tbody", [_make_local_row(item) for item in local[:MOST_FLOWS]]),
        ),
        make("p", f"And {more:,} more; the CSV file has all of them.") if more > 0 else None,
    )


def _make_local_row(item: LocalChange) -> Element:
    ends = [
        make("td", shown(end.name), " ", mark_addresses(end, 3)) for end in (item.flow.source, item.flow.destination)
    ]
    names = f" {item.service.names}" if item.service.names else None
    services = make("td.services", make("samp", item.service.ports), names)
    return make("tr", make("td", item.action), ends, services, make("td", shown(item.why)))
