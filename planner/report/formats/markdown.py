"""The report as Markdown, for wikis, tickets and repositories.

Written for GitHub's dialect: tables, with `<br>` between the lines of a cell.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from urllib.parse import quote

from planner.engine.findings import Decision
from planner.engine.life import NO_LIVES, Lives
from planner.engine.published import Publishing
from planner.engine.report import Report
from planner.engine.rules import Boundary, Rule
from planner.plan.document import Endpoint
from planner.report.said.answers import TAKEN_TITLES, Taken, list_taken
from planner.report.said.closed import CLOSED_TITLES, EXCLUDED_TITLES, list_closed, list_excluded
from planner.report.said.edition import Edition
from planner.report.said.forbidden import Breaches
from planner.report.said.life import LEFT_TITLES, LIFE_TITLES, list_left, list_life
from planner.report.said.outline import describe_marks, label_endpoint, name_rule
from planner.report.said.published import RULES_NAME, find_sources, list_published
from planner.report.said.still_needed import StillNeeded
from planner.report.said.text import (
    DECIDED,
    LEGEND,
    check_addresses,
    count_contents,
    list_addresses,
    list_decided,
    list_reasons,
    list_rule_sides,
)
from planner.report.said.there import There
from planner.report.said.unopened import UNOPENED_TITLES, list_unopened
from planner.report.said.zone_table import ZONE_LEGEND, ZoneCell, tabulate_zones
from ports.text import show, show_line

_MARKS = re.compile(r"[\\`*_\[\]#|~$]")
# An address of the web in the middle of a sentence becomes a link all by itself.
_LINKS = re.compile(r"(?<=[A-Za-z])(?=://)|(?<=www)(?=\.)", re.IGNORECASE)
# So does one of mail, which GitHub looks for when marks are read already, and a name behind “@” calls somebody.
_NAMES = re.compile(r"@(?=[\w\\])")
_ENTITIES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})


def render_markdown(report: Report, edition: Edition | None = None) -> bytes:
    """The report as Markdown in UTF-8; the same plan and selection give the same bytes.

    First comes what passes from zone to zone, in a whole report. Rules stand by boundary, with every endpoint and its
    addresses; then come what is not needed here, what must stay closed, what is not opened and why, findings, open
    decisions and endpoints.
    Flows within a zone are counted but not listed. Raises NotExpressible when the addresses are too much.
    """
    check_addresses("Markdown", list_rule_sides(report.rules))
    lives = edition.lives if edition else NO_LIVES
    lines = [
        *_open(report, edition),
        *(() if edition and edition.selection else _write_zones(report)),
        *_write_rules(report, lives, edition.there if edition else None),
        *_write_published(report),
        *(() if edition and edition.selection else _write_left(lives)),
        *_write_closed(report),
        *_write_findings(report),
        *_write_decisions(report),
        *_write_taken(edition.taken if edition else ()),
        *_write_endpoints(report),
        "## How to read this",
        "",
        *(f"- {escape(sentence)}" for sentence in LEGEND),
    ]
    return ("\n".join(lines) + "\n").encode()


def escape(text: str) -> str:
    """The text on one line, written so that Markdown shows it as it is: no markup, HTML, links or table cells."""
    marked = _MARKS.sub(r"\\\g<0>", show_line(text).translate(_ENTITIES))
    return _NAMES.sub("@<!-- -->", _LINKS.sub(r"\\", marked))


def _escape_lines(text: str) -> str:
    """`escape`, with the text's own line breaks."""
    return "<br>".join(map(escape, show(text).strip().split("\n")))


def join_lines(texts: Iterable[str]) -> str:
    """Texts as the lines of a cell."""
    return "<br>".join(map(escape, texts))


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """A table of cells that are Markdown already."""
    yield f"| {' | '.join(header)} |"
    yield f"| {' | '.join('---' for _ in header)} |"
    for row in rows:
        yield f"| {' | '.join(row)} |"
    yield ""


def _open(report: Report, edition: Edition | None) -> Iterator[str]:
    selection, there = (edition.selection, edition.there) if edition else (None, None)
    yield f"# Port requirements: {escape(report.plan.name)}"
    yield ""
    if report.plan.description.strip():
        yield f"**Description:** {_escape_lines(report.plan.description)}"
        yield ""
    if selection is not None:
        yield f"**Only a part:** {escape(selection.sentence)}"
        yield ""
    yield f"**Port matrix:** {escape(report.matrix.version)}"
    yield ""
    if there is not None:
        yield f"**Compared:** {escape(str(there))}"
        yield ""
    yield escape(LEGEND[0])
    yield ""
    yield from table(("Content", "Count"), ((escape(what), str(count)) for what, count in count_contents(report)))
    decided = list_decided(report)
    if decided:
        yield f"{DECIDED}:"
        yield ""
        yield from (f"- {escape(one)}" for one in decided)
        yield ""


def _write_zones(report: Report) -> Iterator[str]:
    """What passes from zone to zone, as one table whose cells lead to the rules."""
    zones = tabulate_zones(report)
    if zones is None or not zones.is_useful:
        return
    yield "## From zone to zone"
    yield ""
    yield f"{escape(ZONE_LEGEND)}"
    yield ""
    yield from table(
        ("From row to column", *(escape(group.label) for group in zones.groups)),
        ((f"**{escape(source.label)}**", *map(_zone_cell, cells)) for source, cells in zones.rows),
    )


def _zone_cell(cell: ZoneCell) -> str:
    first, *more = map(escape, cell.lines())
    return "<br>".join((f"[{first}](#{_anchor(cell)})" if cell.rules else first, *more))


def _anchor(cell: ZoneCell) -> str:
    """What GitHub calls the heading of the rules between two zones."""
    heading = f"{cell.code}: {show_line(cell.source.label)} → {show_line(cell.destination.label)}"
    kept = "".join(letter for letter in heading.lower() if letter.isalnum() or letter in " -_")
    return quote(kept.replace(" ", "-"))


def _write_rules(report: Report, lives: Lives, there: There | None) -> Iterator[str]:
    yield "## Firewall rules"
    yield ""
    if not report.boundaries:
        yield "No flow crosses a boundary between zones, so no rule is needed."
        yield ""
    breaches = Breaches(report)
    for boundary in report.boundaries:
        yield f"### {escape(boundary.code)}: {escape(boundary.label)}"
        yield ""
        yield from _name_zones(boundary)
        yield from table(
            (*rule_titles(lives), *((escape(there.title),) if there else ())),
            (
                (*rule_cells(rule, report, lives, breaches), *((escape(there.say(rule)),) if there else ()))
                for rule in boundary.rules
            ),
        )


def _write_published(report: Report) -> Iterator[str]:
    """What firewalls publish of what the rules lead to."""
    publishing, sources = Publishing(report.plan), find_sources(report.rules)
    lines = [
        f"- {escape(f'{firewall.name}: {sentence}')}"
        for firewall in report.plan.firewalls
        for sentence in list_published(firewall, publishing, sources)
    ]
    if lines:
        yield from ("## What firewalls publish", "", RULES_NAME, "", *lines, "")


def _write_left(lives: Lives) -> Iterator[str]:
    """What has a state and nobody asks for any more."""
    if lives.left:
        yield "## No longer asked for, to be closed"
        yield ""
        yield from table(
            LEFT_TITLES, (tuple(join_lines(text.split("\n")) for text in row) for row in list_left(lives))
        )


def rule_titles(lives: Lives) -> tuple[str, ...]:
    """The head of a table of `rule_cells`."""
    titles = ("Rule", "Sources", "Destinations", "Services", "Why", "Undecided", "Sections")
    return (*titles, *LIFE_TITLES) if lives else titles


def _name_zones(boundary: Boundary) -> Iterator[str]:
    """Which zones stand together on a side, when the heading only counts them."""
    for group in dict.fromkeys((boundary.source, boundary.destination)):
        if len(group.zones) > 1:
            yield f"{escape(group.label)}: {', '.join(map(escape, group.zones))}"
            yield ""


def rule_cells(rule: Rule, report: Report, lives: Lives, marks: Breaches | StillNeeded) -> tuple[str, ...]:
    """A rule as the cells of a table, under `rule_titles`.

    `marks`: what prohibitions of the report forbid; of rules that close what is still needed.
    """
    services = []
    for line in name_rule(rule, report):
        changed = f" (changed from {line.changed_from})" if line.changed_from else ""
        services.append(f"{line.ports}: {line.names}{changed}" if line.names else line.ports)
    return (
        escape(rule.id),
        join_lines(map(_name_endpoint, rule.sources)),
        join_lines(map(_name_endpoint, rule.destinations)),
        join_lines(services),
        join_lines(filter(None, (marks.mark(rule), *list_reasons(rule.reasons)))),
        escape(describe_marks(rule.any_of, report.matrix)),
        escape(", ".join(f"§{section}" for section in rule.sections)),
        *((join_lines(text.split("\n")) for text in list_life(lives.of(rule))) if lives else ()),
    )


def _name_endpoint(endpoint: Endpoint) -> str:
    return f"{endpoint.name} ({', '.join(list_addresses(endpoint))})"


def _write_closed(report: Report) -> Iterator[str]:
    for title, titles, rows in (
        ("Not needed here", EXCLUDED_TITLES, list_excluded(report)),
        ("What must stay closed", CLOSED_TITLES, list_closed(report)),
        ("What is not opened, and why", UNOPENED_TITLES, list_unopened(report)),
    ):
        cells = [tuple(map(escape, row)) for row in rows]
        if cells:
            yield f"## {title}"
            yield ""
            yield from table(titles, cells)


def _write_findings(report: Report) -> Iterator[str]:
    yield "## Findings"
    yield ""
    if not report.findings:
        yield "Nothing to note."
        yield ""
        return
    yield from table(
        ("Severity", "Finding", "Title", "About", "What", "What to do", "Sections"),
        (
            (
                escape(finding.severity),
                escape(finding.code),
                escape(finding.title),
                escape(finding.subject or ""),
                escape(finding.message),
                escape(finding.advice),
                escape(", ".join(f"§{section}" for section in finding.sections)),
            )
            for finding in report.findings
        ),
    )


def _write_decisions(report: Report) -> Iterator[str]:
    yield "## Open decisions"
    yield ""
    if not report.decisions and not report.questions:
        yield "None: every choice that flows depend on is made."
        yield ""
    if report.decisions:
        yield from table(("Choice", "Question", "Options", "Flows"), map(_decision_cells, report.decisions))
    if report.questions:
        yield from table(
            ("Where practice differs", "What the document says", "Practice", "Sections"),
            (
                (
                    escape(state.caveat.title),
                    escape(state.caveat.text),
                    escape(state.caveat.correction or ""),
                    escape(", ".join(f"§{section}" for section in state.caveat.sections)),
                )
                for state in report.questions
            ),
        )


def _write_taken(taken: Sequence[Taken]) -> Iterator[str]:
    if taken:
        yield "## Decisions taken"
        yield ""
        yield from table(TAKEN_TITLES, (tuple(map(escape, row)) for row in list_taken(taken)))
        yield ""


def _decision_cells(decision: Decision) -> tuple[str, ...]:
    choice = decision.choice
    options = [f"{option.name}: {decision.explain_option(option)}" for option in choice.options]
    return escape(choice.name), escape(choice.question), join_lines(options), str(decision.flows)


def _write_endpoints(report: Report) -> Iterator[str]:
    yield "## Endpoints"
    yield ""
    if not report.plan.endpoints:
        yield "The plan has no endpoints yet."
        yield ""
        return
    yield from table(
        ("Name", "Zone", "Addresses", "What it is"),
        (
            (
                escape(endpoint.name),
                escape(endpoint.zone),
                join_lines(list_addresses(endpoint)),
                escape(", ".join((*(("group",) if endpoint.group else ()), *label_endpoint(endpoint, report.matrix)))),
            )
            for endpoint in report.plan.endpoints
        ),
    )
