"""What comes after the rules of a printed report: findings, how the document was read, what isn't needed."""

from planner.engine.findings import Finding
from planner.engine.report import Report
from planner.report.paper.chapters import make_head
from planner.report.paper.printed import Element, Kids, make
from planner.report.paper.words import shown
from planner.report.said.outline import FindingGroup, outline_findings
from planner.report.said.printed_rules import NotNeeded, list_absent_modules, outline_local, outline_unneeded
from ports.text import plural

MOST_FINDINGS = 8
"""How many findings of one code are named."""
MOST_HOSTS = 40
"""How many hosts are named for what stays on them."""


def make_findings(report: Report) -> Element:
    """What hinders the plan or asks for attention; what stands in other parts of the document is left to them."""
    groups = outline_findings(filter(_is_named, report.findings))
    uncorrected = sum(finding.code == "caveat" and finding.severity == "warning" for finding in report.findings)
    note: Kids = None
    if uncorrected:
        note = make(
            "p.note",
            make("b", f"{uncorrected:,} {plural(uncorrected, 'warning')} about the vendor’s document"),
            f": {plural(uncorrected, 'a place', 'places')} where it is probably wrong or silent, not corrected in "
            "this plan. ",
            make("a.at", f"The next part has {plural(uncorrected, 'it', 'them')}", href="#caveats"),
            ".",
        )
    return make(
        "section#findings",
        make("h2", "Findings"),
        map(_make_group, groups),
        note,
        None if groups or uncorrected else make("p", "Nothing that hinders the plan or asks for attention."),
    )


def _is_named(finding: Finding) -> bool:
    if finding.severity == "decision":
        return finding.code not in ("address-missing", "choice-undecided")
    return finding.severity in ("error", "warning") and finding.code != "caveat"


def _make_group(group: FindingGroup) -> Element:
    more = len(group.findings) - MOST_FINDINGS
    return make(
        "div.item",
        make(
            "h3.aside",
            make(f"span.tag.tag-{group.severity}", group.severity), " ", make("samp", group.code),
            f" ({len(group.findings)})" if len(group.findings) > 1 else None,
        ),
        [
            make(
                "p",
                shown(finding.message), " ", make("i", shown(finding.advice)),
                [" ", make("small", f"§ {', '.join(finding.sections)}")] if finding.sections else None,
            )
            for finding in group.findings[:MOST_FINDINGS]
        ],
        make("p", f"And {more} more; the JSON and XLSX files have all of them.") if more > 0 else None,
    )  # fmt: skip


def make_caveats(report: Report) -> Element:
    """The places where the vendor's document is unclear, those that bear on the plan first."""
    caveats = [state for state in report.caveats if not state.caveat.about.always]
    paragraphs: list[Kids] = []
    for state in caveats:
        caveat = state.caveat
        numbers = f"{', '.join(caveat.sections[:6])}{' …' if len(caveat.sections) > 6 else ''}"
        said: Kids = None
        if state.applied:
            said = [" ", make("b", "Corrected in this plan:"), f" {caveat.correction}"]
        elif caveat.correction:
            warning = make("b.open", "Warning: not corrected in this plan.")
            said = [" ", warning, f" The correction would be: {caveat.correction}"]
        paragraphs.append(
            make(
                "p.caveat",
                make("b", caveat.title),
                [" ", make("small", f"(§ {numbers})")] if caveat.sections else None,
                f". {caveat.text}",
                said,
            )
        )
    return make(
        "section#caveats",
        make("h2", "How the vendor’s document was read"),
        paragraphs or make("p", "Nothing in it that bears on this plan is unclear."),
        [
            make("p.note", make("b", f"{state.caveat.title}."), f" {state.caveat.text}")
            for state in report.caveats
            if state.caveat.about.always
        ],
    )


def make_unneeded(report: Report) -> Element | None:
    """What of the vendor's document the plan doesn't need, and what stays on one host; None for nothing."""
    unneeded, local, absent = outline_unneeded(report), outline_local(report), list_absent_modules(report)
    if not (unneeded or local or absent):
        return None
    more = len(local) - MOST_HOSTS
    return make(
        "section#unneeded",
        make("h2", "What isn’t needed, and why"),
        make("p.why-not", make("b", "Modules that are not in the plan:"), f" {', '.join(absent)}.")
        if absent
        else None,
        make(
            "table.unneeded",
            make_head("Section", "Because", "Not needed"),
            make("tbody", [_list_rows(part) for part in unneeded]),
        )
        if unneeded
        else None,
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
        make("p", f"And on {more} more hosts.") if more > 0 else None,
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
