"""The report as one self-contained HTML document: for the screen as it is, and what the PDF is made of."""

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.dateformat import format as format_date
from django.utils.safestring import SafeString, mark_safe
from django.utils.text import Truncator

from planner.engine.compare import Comparison
from planner.engine.report import Report
from planner.engine.rules import Ports
from planner.plan.document import Endpoint
from planner.report.diagram.diagram import NoDiagram, render_diagram, render_overview
from planner.report.paper.print_outline import (
    Blank,
    find_blanks,
    join_ports,
    list_absent_modules,
    outline_local,
    outline_unneeded,
    print_boundaries,
)
from planner.report.paper.stylesheet import can_end_early
from planner.report.said.edition import PAPERS, Edition, Paper
from planner.report.said.objects import Grouping, lay_out
from planner.report.said.outline import describe_common, describe_reasons, outline_findings
from planner.report.said.servers import ServerSheet, SheetLine, outline_servers
from planner.report.said.text import list_changes, say_changes, show_line
from ports.matrix import Role

PEERS = 6
"""How many endpoints a line of a server's sheet names before it counts."""
MOST_CHANGES = 60
"""How many rules the change log names; the change request has all."""
_STYLES = Path(__file__).resolve().parents[2] / "static" / "css" / "print.css"


def render_html(report: Report, edition: Edition | None = None) -> bytes:
    """The report as an HTML document in UTF-8 that needs no other file. Without an edition it is dated today."""
    return _document(report, edition or Edition(date=timezone.localdate())).encode()


def _document(report: Report, edition: Edition) -> str:
    overview = diagram = no_diagram = ""
    try:
        # The diagram escapes what it draws; nothing else goes in unescaped.
        if report.boundaries:
            overview = mark_safe(render_overview(report))  # noqa: S308
        if report.plan.endpoints:
            diagram = mark_safe(render_diagram(report))  # noqa: S308
    except NoDiagram as error:
        no_diagram = str(error)
    grouping = Grouping(report)
    chapters = print_boundaries(report.boundaries, report, grouping)
    sheets = outline_servers(report, members=PEERS, fold=True)
    busy = [sheet for sheet in sheets if sheet.accepts or sheet.opens]
    blanks = find_blanks(report.rules)
    running = _running(report, edition)
    context: dict[str, Any] = {
        "report": report,
        "plan": report.plan,
        "matrix": report.matrix,
        "edition": edition,
        "running": running,
        "styles": styles(edition.paper, running),
        "house_style": house_style(edition.stylesheet),
        "overview": overview,
        "diagram": diagram,
        "no_diagram": no_diagram,
        "chapters": chapters,
        "example": chapters[0] if chapters else None,
        "objects": grouping.objects(_endpoints(report, edition)),
        "blanks": blanks,
        "blank_lines": lay_blanks(blanks),
        "sheets": [{"sheet": sheet, "ways": _ways(sheet)} for sheet in busy],
        "idle": [show_line(sheet.title) for sheet in sheets if not (sheet.accepts or sheet.opens)]
        if not edition.selection
        else [],
        "elsewhere": list(_elsewhere(report, {end.name for sheet in sheets for end in sheet.members})),
        "together": any(sheet.endpoints.total > 1 for sheet in sheets),
        "finding_groups": outline_findings(
            finding
            for finding in report.findings
            if (finding.severity in ("error", "warning") and finding.code != "caveat")
            or (finding.severity == "decision" and finding.code not in ("address-missing", "choice-undecided"))
        ),
        "caveats": [state for state in report.caveats if not state.caveat.about.always],
        "uncorrected": sum(finding.code == "caveat" and finding.severity == "warning" for finding in report.findings),
        "roles": list_roles(report),
        "not_covered": [state.caveat for state in report.caveats if state.caveat.about.always],
        "unneeded": outline_unneeded(report),
        "local": outline_local(report),
        "absent": list_absent_modules(report),
        "changes": list_changes(report),
        "counts": {
            severity: sum(finding.severity == severity for finding in report.findings)
            for severity in ("error", "warning")
        },
        "crossing": sum(flow.scope == "cross-zone" for flow in report.flows),
    }
    if edition.since is not None:
        rows = list(_change_rows(edition.since))
        context |= {
            "since_counts": say_changes(edition.since),
            "change_rows": rows[:MOST_CHANGES],
            "more_changes": len(rows) - MOST_CHANGES if len(rows) > MOST_CHANGES else 0,
        }
    context["contents"] = _parts(context, edition)
    return render_to_string("planner/print/report.html", context)


CONTENTS = (
    ("summary", "Summary by boundary"),
    ("open", "To complete before the rules are made"),
    ("topology", "Zones and the ports between them"),
    ("endpoints", "Endpoints and their connections"),
    ("rules", "Firewall rules by boundary"),
    ("servers", "Host firewalls, server by server"),
    ("objects", "Objects: groups, endpoints and addresses"),
    ("changes", "Changes since an earlier revision"),
    ("findings", "Findings"),
    ("caveats", "How the vendor’s document was read"),
    ("unneeded", "What isn’t needed, and why"),
    ("legend", "Legend"),
    ("sign-off", "Sign-off"),
)
"""The parts of a report: anchor and title."""


def _parts(context: Mapping[str, Any], edition: Edition) -> list[tuple[str, str]]:
    """The parts that this report has."""
    there = {
        "topology": context["overview"] or context["no_diagram"],
        "endpoints": context["diagram"],
        "rules": context["chapters"],
        "servers": context["sheets"] or context["idle"] or context["elsewhere"],
        "changes": edition.since,
        "unneeded": not edition.selection and (context["unneeded"] or context["local"] or context["absent"]),
    }
    return [part for part in CONTENTS if there.get(part[0], True)]


def _endpoints(report: Report, edition: Edition) -> Iterable[Endpoint]:
    """All of the plan; of a part of it those that the part names."""
    if edition.selection is None:
        return report.plan.endpoints
    named = {end.name for flow in report.flows for end in (flow.source, flow.destination)}
    return [endpoint for endpoint in report.plan.endpoints if endpoint.name in named]


def list_roles(report: Report) -> list[Role]:
    """The roles that endpoints of the plan hold, for readers who don't know the product."""
    held = {role for endpoint in report.plan.endpoints for role in endpoint.roles}
    return [role for slug, role in report.matrix.roles.items() if slug in held and role.description]


def _elsewhere(report: Report, covered: Container[str]) -> Iterator[str]:
    """The flows within a zone that are on no sheet: between people, which only the plan itself can ask for."""
    for flow in report.flows:
        if flow.scope == "same-zone" and not (flow.source.name in covered or flow.destination.name in covered):
            ports = str(Ports(flow.need.protocol, flow.need.ports))
            why = describe_reasons(flow.need.reasons)
            yield show_line(f"{flow.source.name} to {flow.destination.name}, {ports}: {why}")


def _ways(sheet: ServerSheet) -> tuple[tuple[str, Sequence[SheetLine]], ...]:
    return ("accepts", sheet.accepts), ("opens", sheet.opens)


def lay_blanks(blanks: Sequence[Blank]) -> str:
    """Many endpoints without an address, in columns."""
    return lay_out([show_line(blank.endpoint.name) for blank in blanks])


def _change_rows(comparison: Comparison) -> Iterator[tuple[str, str, str, str, str]]:
    """What differs from an earlier revision, a line for each rule and address."""
    for what, report, rules in (
        ("open", comparison.after, comparison.rules_opened),
        ("close", comparison.before, comparison.rules_closed),
        ("changed", comparison.after, comparison.rules_changed),
    ):
        for rule in rules:
            yield (
                what,
                rule.id,
                _say_side(rule.sources, report),
                _say_side(rule.destinations, report),
                join_ports(rule.services),
            )
    for change in comparison.addresses:
        before, after = (", ".join(addresses) or "none" for addresses in (change.before, change.endpoint.addresses))
        yield "address", "", f"{change.endpoint.name}: {before}", f"{change.endpoint.name}: {after}", ""


def _say_side(endpoints: Sequence[Endpoint], report: Report) -> str:
    names = ", ".join(endpoint.name for endpoint in endpoints[:PEERS])
    if len(endpoints) <= PEERS:
        return names
    return f"{names} and {len(endpoints) - PEERS:,} more: {describe_common(endpoints, report.matrix)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """What stands on each page: above to the left and to the right, and below."""

    name: str
    edition: str
    matrix: str


def _running(report: Report, edition: Edition) -> Running:
    name = [shorten(report.plan.name, 70), "port requirements"]
    when = [f"Revision {edition.revision}"] if edition.revision else []
    return Running(
        name=" · ".join([*name, edition.selection.count] if edition.selection else name),
        edition=" · ".join([*when, say_date(edition.date)]),
        matrix=f"Matrix: {report.matrix.version}",
    )


def shorten(text: str, most: int) -> str:
    """What somebody typed, on one line of at most so many letters."""
    return Truncator(show_line(text)).chars(most)


def say_date(day: date) -> str:
    """A date for people: 2 January 2026."""
    return format_date(day, "j F Y")


def styles(paper: Paper, running: Running) -> SafeString:
    """Our stylesheet, for a size of paper, with what stands on each page."""
    boxes = {"top-left": running.name, "top-right": running.edition, "bottom-left": running.matrix}
    margins = "".join(f" @{place} {{ content: {_quote(text)}; }}" for place, text in boxes.items())
    # What was typed is quoted below, all else is ours.
    return mark_safe(f"@page {{ size: {PAPERS[paper]} landscape;{margins} }}\n{_read_styles()}")  # noqa: S308


@cache
def _read_styles() -> str:
    return _STYLES.read_text("utf-8")


def _quote(text: str) -> str:
    """A text as a string of CSS, in which only letters, digits and spaces stand for themselves."""
    return f'"{"".join(letter if letter.isalnum() or letter == " " else f"\\{ord(letter):x} " for letter in text)}"'


def house_style(stylesheet: str) -> SafeString:
    """A house style as it can stand in a `<style>` element. Raises ValueError where it could end the element."""
    if can_end_early(stylesheet):
        raise ValueError("A house style has to come from read_stylesheet.")
    return mark_safe(stylesheet)  # noqa: S308 - looked at above
