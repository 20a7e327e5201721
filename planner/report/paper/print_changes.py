"""The change request as one self-contained HTML document, and as the PDF that is made of it."""

from django.template.loader import render_to_string
from django.utils import timezone

from planner.engine.compare import Comparison
from planner.report.formats.changes import Editions
from planner.report.paper.html import Running, house_style, lay_blanks, list_roles, say_date, shorten, styles
from planner.report.paper.pdf import print_document
from planner.report.paper.print_outline import (
    find_blanks,
    list_within_zones,
    print_boundaries,
    print_changed,
)
from planner.report.said.objects import Grouping
from planner.report.said.text import count_changes, list_addresses

MOST_FLOWS = 60
"""How many connections within zones are named; the CSV file has all."""


def render_changes_html(comparison: Comparison, editions: Editions) -> bytes:
    """The change request as an HTML document in UTF-8 that needs no other file."""
    return _document(comparison, editions).encode()


def render_changes_pdf(comparison: Comparison, editions: Editions) -> bytes:
    """The change request as a tagged PDF."""
    return print_document(_document(comparison, editions), editions.paper, is_styled=bool(editions.stylesheet))


def _document(comparison: Comparison, editions: Editions) -> str:
    grouping, grouping_before = Grouping(comparison.after), Grouping(comparison.before, mark="to close")
    opened = print_boundaries(comparison.boundaries_opened, comparison.after, grouping, prefix="open-")
    closed = print_boundaries(comparison.boundaries_closed, comparison.before, grouping_before, prefix="close-")
    changed = print_changed(comparison, grouping)
    blanks = find_blanks((*comparison.rules_opened, *comparison.rules_changed))
    local = list_within_zones(comparison)
    groups = (
        ("opened", "Rules to open", "Open", opened, len(comparison.rules_opened)),
        ("closed", "Rules to close", "Close", closed, len(comparison.rules_closed)),
        ("changed", "Rules changed", "Changed", changed, len(comparison.rules_changed)),
    )
    objects = [found for found in (grouping.objects(()), grouping_before.objects(())) if found.groups]
    contents = [(slug, f"{title}: {count:,}") for slug, title, _, _, count in groups]
    contents += [("addresses", f"Addresses changed: {len(comparison.addresses):,}")] if comparison.addresses else []
    contents += [("blanks", f"Addresses to be filled in: {len(blanks):,}")] if blanks else []
    contents += [("local", f"Within zones, for host firewalls: {len(local):,}")] if local else []
    contents += [("objects", "Objects: groups and addresses")] if objects else []
    date = editions.date or timezone.localdate()
    running = Running(
        name=f"Change request: {shorten(comparison.after.plan.name, 70)}",
        edition=f"{shorten(editions.before, 24)} → {shorten(editions.after, 24)} · {say_date(date)}",
        matrix=f"Matrix: {comparison.after.matrix.version}",
    )
    return render_to_string(
        "planner/print/changes.html",
        {
            "comparison": comparison,
            "plan": comparison.after.plan,
            "matrix": comparison.after.matrix,
            "matrix_before": comparison.before.matrix,
            "editions": editions,
            "date": date,
            "running": running,
            "styles": styles(editions.paper, running),
            "house_style": house_style(editions.stylesheet),
            "counts": count_changes(comparison),
            "groups": groups,
            "example": next(iter((*opened, *changed, *closed)), None),
            "addresses": [
                (change.endpoint, ", ".join(change.before) or "none", ", ".join(list_addresses(change.endpoint)))
                for change in comparison.addresses
            ],
            "blanks": blanks,
            "blank_lines": lay_blanks(blanks),
            "local": local[:MOST_FLOWS],
            "more_local": max(0, len(local) - MOST_FLOWS),
            "objects": objects,
            "roles": list_roles(comparison.after),
            "contents": [*contents, ("legend", "Legend"), ("sign-off", "Sign-off")],
        },
    )
