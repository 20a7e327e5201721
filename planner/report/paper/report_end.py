"""What comes after the rules of a printed report: findings, how the document was read, what isn't needed."""

from collections.abc import Sequence

from planner.engine.findings import Finding
from planner.engine.life import Lives
from planner.engine.report import Report
from planner.report.paper.chapters import make_head
from planner.report.paper.printed import Element, Kids, join, make
from planner.report.paper.words import shorten, shown
from planner.report.said.answers import TAKEN_TITLES, Taken, list_taken
from planner.report.said.closed import CLOSED_TITLES, EXCLUDED_TITLES, list_closed, list_excluded
from planner.report.said.life import LEFT_TITLES, list_left
from planner.report.said.outline import FindingGroup, outline_findings
from planner.report.said.printed_rules import (
    UNNEEDED,
    NotNeeded,
    list_absent_modules,
    outline_local,
    outline_unneeded,
)
from ports.matrix import Caveat, Matrix
from ports.text import many

MOST_FINDINGS = 8
"""How many findings of one code are named."""
MOST_CLOSED = 1_000
"""How many rows of what is excluded or must stay closed are printed."""
MOST_LINES = 8
MOST_LETTERS = 160
"""How many lines, and letters in each, a cell has of what is to be closed: a row has to fit a page."""
MOST_HOSTS = 40
"""How many hosts are named for what stays on them."""


def make_findings(report: Report) -> Element:
    """What hinders the plan or asks for attention; what stands in other parts of the document is left to them."""
    groups = outline_findings(filter(_is_named, report.findings))
    return make(
        "section#findings",
        make("h2", "Findings"),
        map(_make_group, groups),
        None if groups else make("p", "Nothing that hinders the plan or asks for attention."),
    )


def _is_named(finding: Finding) -> bool:
    if finding.severity == "decision":
        return finding.code not in ("address-missing", "choice-undecided", "caveat")
    return finding.severity in ("error", "warning") and finding.code != "caveat"


def _make_group(group: FindingGroup) -> list[Element]:
    more = len(group.findings) - MOST_FINDINGS
    items = [
        make(
            "div.item",
            make("h3.aside", make(f"span.tag.tag-{group.severity}", group.severity), " ", shown(finding.title)),
            make(
                "p",
                shown(finding.message), " ", make("i", shown(finding.advice)),
                [" ", make("small", f"§ {', '.join(finding.sections)}")] if finding.sections else None,
            ),
        )
        for finding in group.findings[:MOST_FINDINGS]
    ]  # fmt: skip
    if more > 0:
        items.append(make("p", f"And {more} more of this kind; the JSON and XLSX files have all of them."))
    return items


def make_caveats(report: Report) -> Element:
    """The places where the vendor's document is unclear, those that bear on the plan first.

    What is open is told where it is asked, and only named here.
    """
    caveats = [state for state in report.caveats if not state.caveat.about.always]
    paragraphs: list[Kids] = []
    asked = [_name_caveat(state.caveat) for state in caveats if state.open]
    if asked:
        where = make("a.at", "To complete before the rules are made", href="#open")
        paragraphs.append(make("p.caveat", make("b.open", "Open"), " ", where, ": ", join(asked, "; "), "."))
    for state in caveats:
        if state.open:
            continue
        caveat = state.caveat
        said: Kids = None
        if state.applied:
            said = [" ", make("b", "This plan follows practice:"), f" {caveat.correction}"]
        elif caveat.correction:
            said = [" ", make("b", "This plan leaves it as documented, on purpose.")]
        paragraphs.append(
            make(
                "p.caveat",
                _name_caveat(caveat),
                f". {caveat.text}",
                said,
            )
        )
    return make(
        "section#caveats",
        make("h2", "How the vendor’s document was read"),
        _make_source(report.matrix),
        paragraphs or make("p", "Nothing in it that bears on this plan is unclear."),
        [
            make("p.note", make("b", f"{state.caveat.title}."), f" {state.caveat.text}")
            for state in report.caveats
            if state.caveat.about.always
        ],
    )


def _name_caveat(caveat: Caveat) -> Kids:
    """Its title, and the first of the sections that it is about."""
    numbers = f"{', '.join(caveat.sections[:6])}{' …' if len(caveat.sections) > 6 else ''}"
    return [make("b", caveat.title), [" ", make("small", f"(§ {numbers})")] if caveat.sections else None]


def _make_source(matrix: Matrix) -> Element | None:
    """Where the document is found, and how anybody tells whether theirs is the same; None where neither is known."""
    if not (matrix.url or matrix.sha256):
        return None
    return make(
        "p.source",
        f"{matrix.product}, “{matrix.document}”, as received {matrix.received}.",
        [" Published at ", make("a", matrix.url, href=matrix.url), "."] if matrix.url else None,
        [" Its SHA-256: ", make("samp", matrix.sha256)] if matrix.sha256 else None,
    )


def make_excluded(report: Report) -> Element | None:
    """The flows that the plan excludes, each with its reason; None for none."""
    rows = list(list_excluded(report))
    if not rows:
        return None
    return make(
        "section#excluded",
        make("h2", "Not needed here"),
        make(
            "p.intro",
            "The vendor’s document asks for these, and this deployment doesn’t need them: open none of them.",
        ),
        _make_texts("excluded", EXCLUDED_TITLES, rows),
    )


def make_taken(taken: Sequence[Taken]) -> Element | None:
    """Who took which decision, when and why; None where nothing is known of any."""
    if not taken:
        return None
    body = [make("tr", [make("td", shown(cell)) for cell in cells]) for cells in list_taken(taken)]
    return make(
        "section#decisions",
        make("h2", "Decisions taken"),
        make(
            "p.intro",
            "What this plan answers to the questions that the vendor’s document leaves open, and who said why.",
        ),
        make("table.decisions", make_head(*TAKEN_TITLES), make("tbody", body)),
    )


def make_left(lives: Lives) -> Element | None:
    """What has a state and nobody asks for any more; None for nothing."""
    if not lives.left:
        return None
    rows = list(list_left(lives))
    more = len(rows) - MOST_CLOSED
    body = [
        make(
            "tr",
            make("td.id", cells[0]),
            [make("td", _make_lines(cell)) for cell in (*cells[1:5], _join_state(cells))],
        )
        for cells in rows[:MOST_CLOSED]
    ]
    return make(
        "section#left",
        make("h2", "No longer asked for, to be closed"),
        make("p.intro", "These rules were given a state, and nothing of this plan needs them any more."),
        make("table.left", make_head(*LEFT_TITLES[:5], "State"), make("tbody", body)),
        make("p", f"And {more:,} more; the XLSX file has all of them.") if more > 0 else None,
    )


def _join_state(cells: Sequence[str]) -> str:
    return "\n".join(filter(None, cells[5:]))


def _make_lines(text: str) -> list[Kids]:
    """The lines of a cell, as many as a page has room for."""
    lines = text.split("\n")
    more = len(lines) - MOST_LINES
    shown_lines = [make("p", shown(shorten(line, MOST_LETTERS))) for line in lines[:MOST_LINES]]
    return [*shown_lines, make("p", f"and {more:,} more, in the XLSX file")] if more > 0 else [*shown_lines]


def make_closed(report: Report) -> Element | None:
    """What must stay closed, and whether it is; None for nothing."""
    rows = list(list_closed(report))
    if not rows:
        return None
    return make(
        "section#closed",
        make("h2", "What must stay closed"),
        make("p.intro", "What this plan and the vendor’s document forbid, and the flows that break it."),
        _make_texts("closed", CLOSED_TITLES, rows),
    )


def _make_texts(kind: str, titles: Sequence[str], rows: Sequence[Sequence[str]]) -> list[Element]:
    body = [make("tr", [make("td", shown(cell)) for cell in row]) for row in rows[:MOST_CLOSED]]
    more = len(rows) - MOST_CLOSED
    table = make(f"table.{kind}", make_head(*titles), make("tbody", body))
    return [table, make("p", f"And {more:,} more; the JSON and XLSX files have all of them.")] if more > 0 else [table]


def make_unneeded(report: Report) -> Element | None:
    """What of the vendor's document the plan doesn't need, and what stays on one host; None for nothing."""
    local, absent = outline_local(report), list_absent_modules(report)
    lists = [(title, lead, outline_unneeded(report, kind)) for kind, title, lead in UNNEEDED]
    if not (any(parts for *_, parts in lists) or local or absent):
        return None
    more = len(local) - MOST_HOSTS
    return make(
        "section#unneeded",
        make("h2", "What is not opened, and why"),
        make("p.why-not", make("b", "Modules that are not in the plan:"), f" {', '.join(absent)}.")
        if absent
        else None,
        [
            [
                make("h3", title),
                make("p.intro", lead),
                make(
                    "table.unneeded",
                    make_head("Section", "Because", "Not opened"),
                    make("tbody", [_list_rows(part) for part in parts]),
                ),
            ]
            for title, lead, parts in lists
            if parts
        ],
        [
            make(
                "p.why-not",
                make("b", "Stays on ", shown(end.name)),
                " and meets no firewall: ",
                make("samp", ports),
                ".",
            )
            for end, ports in local[:MOST_HOSTS]
        ],
        make("p", f"And on {many(more, 'more host')}.") if more > 0 else None,
    )


def _list_rows(part: NotNeeded) -> list[Kids]:
    return [
        make(
            "tr",
            make("td", [make("b", part.number), f" {part.title}"] if number == 0 else None),
            make("td", why),
            make("td", what),
        )
        for number, (why, what) in enumerate(part.reasons)
    ]
