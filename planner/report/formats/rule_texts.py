"""The rules of a report as text to be pasted: tab-separated for spreadsheets, Markdown for wikis, and for a ticket.

Every endpoint of a rule stands with all its addresses, and every service with its own reasons. No files: what is
copied from a page, or opened beside it.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from planner.engine.report import Report
from planner.plan.document import Endpoint
from planner.report.checks.commands import write_nc_commands, write_powershell_commands
from planner.report.formats.markdown import escape, table
from planner.report.said.by_service import ServiceReasons, outline_services
from planner.report.said.filters import Selection
from planner.report.said.forbidden import FORBIDDEN, Breaches
from planner.report.said.outline import Chapter, RuleLine, outline_boundaries
from planner.report.said.text import check_addresses, list_addresses, list_rule_sides
from ports.text import many, neutralise_parts, show_line

COLUMNS = ("Rule", "From", "To", "Source", "Destination", "Service", "Why", "§", "Undecided")
"""The head of both tables."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleText:
    """A way to write the rules."""

    label: str
    write: Callable[[Report, Selection | None], str]
    """The text, of the rules that the report has; the selection is named where it is only a part of them.

    Raises NotExpressible when the addresses are too much.
    """


def write_table(report: Report, _selection: Selection | None = None) -> str:
    """Tab-separated, a line for each rule and each of its reasons; a spreadsheet takes no cell for a formula."""
    breaches = Breaches(report)
    lines = [COLUMNS, *(row for chapter in _chapters(report) for row in _rows(chapter, report, breaches))]
    return "".join("\t".join(neutralise_parts(show_line(cell)) for cell in line) + "\n" for line in lines)


def write_markdown(
    report: Report, selection: Selection | None = None, notes: Iterable[str] = (), breaches: Breaches | None = None
) -> str:
    """A table of Markdown under a heading for each boundary; the notes, each a sentence, above them.

    `breaches` are those of a report that this one is a part of, for a caller that knows them.
    """
    lines = [line for sentence in (*_introduce(report, selection), *notes) for line in (escape(sentence), "")]
    breaches = breaches or Breaches(report)
    for chapter in _chapters(report):
        lines += [f"### {escape(chapter.boundary.label)}", ""]
        rows = _rows(chapter, report, breaches)
        lines += table(_leave_out_zones(COLUMNS), (list(map(escape, _leave_out_zones(row))) for row in rows))
    return "\n".join(lines)


def _introduce(report: Report, selection: Selection | None) -> Iterator[str]:
    """Of which plan it is, of which part of it, and how ports are meant: whoever gets one ticket has nothing else."""
    product, name = show_line(report.matrix.product), show_line(report.plan.name)
    yield f"Firewall rules for {product}, plan {name}: {many(len(report.rules), 'rule')}."
    if selection:
        yield f"Only a part: {show_line(selection.sentence)}."
    yield "Ports are destination ports; the source opens the connection, replies are implied."


def _leave_out_zones(row: tuple[str, ...]) -> tuple[str, ...]:
    """A row where the heading above it names the zones."""
    return row[:1] + row[3:]


def write_ticket(
    report: Report, selection: Selection | None = None, notes: Iterable[str] = (), breaches: Breaches | None = None
) -> str:
    """By boundary, for whoever makes the rules: source, destination, and each service with what it is for."""
    lines, breaches = [*_introduce(report, selection), *notes], breaches or Breaches(report)
    for chapter in _chapters(report):
        count = many(len(chapter.lines), "rule")
        lines += ["", f"{show_line(chapter.boundary.label)} ({count})"]
        for line in chapter.lines:
            lines += ["", line.rule.id, *_write_rule(line, report, breaches)]
    return "\n".join(lines) + "\n"


def write_jira(
    report: Report, selection: Selection | None = None, notes: Iterable[str] = (), breaches: Breaches | None = None
) -> str:
    """The same as a table of Jira's wiki markup under a heading for each boundary."""
    lines = [line for sentence in (*_introduce(report, selection), *notes) for line in (escape_jira(sentence), "")]
    breaches = breaches or Breaches(report)
    for chapter in _chapters(report):
        lines += [f"h3. {escape_jira(chapter.boundary.label)}", "", f"||{'||'.join(_leave_out_zones(COLUMNS))}||"]
        for row in _rows(chapter, report, breaches):
            lines.append(f"|{'|'.join(escape_jira(cell) or ' ' for cell in _leave_out_zones(row))}|")
        lines.append("")
    return "\n".join(lines)


_JIRA = re.compile(
    r"[^\w\s.,;:()/§→↔-]|_"
    r"|(?<!\w)-|-(?!\w)"  # a line through words, or across the page; between letters it is a hyphen
    r"|(?<=\w):(?=//)|(?<=www)\.|(?<=mailto):"  # addresses of the web and of mail
    r"|[:;](?=[()DP])|\((?=(?:[ynix/]|on|off)\))",  # faces and signs
    re.IGNORECASE,
)
"""What may mean something to Jira: written by its number, as in HTML."""


def escape_jira(text: str) -> str:
    """The text on one line, written so that Jira shows it as it is."""
    return _JIRA.sub(lambda found: f"&#{ord(found[0])};", show_line(text))


RULE_TEXTS: Mapping[str, RuleText] = {
    "table": RuleText(label="Tab-separated, for a spreadsheet", write=write_table),
    "markdown": RuleText(label="Markdown", write=write_markdown),
    "jira": RuleText(label="Jira's wiki markup", write=write_jira),
    "ticket": RuleText(label="Text for a ticket", write=write_ticket),
    "commands": RuleText(label="Test-NetConnection, to try it", write=write_powershell_commands),
    "nc": RuleText(label="nc, to try it", write=write_nc_commands),
}
"""The ways to write the rules, by what an address calls them."""


def _chapters(report: Report) -> tuple[Chapter, ...]:
    """The rules by boundary; nobody is folded, so that each line is complete."""
    check_addresses("Text to copy", list_rule_sides(report.rules))
    return outline_boundaries(report.boundaries, report, members=len(report.plan.endpoints))


def _rows(chapter: Chapter, report: Report, breaches: Breaches) -> Iterator[tuple[str, ...]]:
    """A row for each rule and each of its reasons, as in COLUMNS; `breaches` are those of the report."""
    zones = chapter.boundary.source.label, chapter.boundary.destination.label
    for line in chapter.lines:
        ends = _say_ends(line.rule.sources), _say_ends(line.rule.destinations)
        for ask in outline_services(line.rule, report):
            why = " ".join(filter(None, (breaches.mark(line.rule, ask.ports), ask.why)))
            yield line.rule.id, *zones, *ends, ask.said, why, " ".join(ask.sections), _say_undecided(line)


def _write_rule(line: RuleLine, report: Report, breaches: Breaches) -> Iterator[str]:
    yield f"  Source:       {show_line(_say_ends(line.rule.sources))}"
    yield f"  Destination:  {show_line(_say_ends(line.rule.destinations))}"
    for ask in outline_services(line.rule, report):
        yield f"  Service:      {ask.said}: {_say_why(ask)}"
    if forbidden := breaches.say_rule(line.rule):
        yield f"  {FORBIDDEN}:    {forbidden}"
    if line.alternatives:
        yield f"  Undecided:    {show_line(_say_undecided(line))}"


def _say_why(ask: ServiceReasons) -> str:
    cited = f" ({', '.join(f'§{number}' for number in ask.sections)})" if ask.sections else ""
    return f"{show_line(ask.why).rstrip('.')}{cited}"


def _say_undecided(line: RuleLine) -> str:
    """or tcp 636 (Directory port: LDAP); empty where nothing is undecided."""
    if not line.alternatives.startswith("or "):
        return f"{line.alternatives} {line.decided_by}".strip()
    return f"{line.alternatives} ({line.decided_by})"


def _say_ends(endpoints: Iterable[Endpoint]) -> str:
    """PS01 (10.0.0.10); PS02 (10.0.0.11)."""
    return "; ".join(f"{end.name} ({', '.join(list_addresses(end))})" for end in endpoints)
