"""The report as a printed document: what stands in it, part by part. Every fact comes from the report."""

from collections.abc import Container, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

from planner.engine.compare import Comparison
from planner.engine.report import Report
from planner.engine.rules import Ports
from planner.plan.document import Endpoint
from planner.report.paper.chapters import (
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
from planner.report.paper.embedded import embed_files
from planner.report.paper.firewalls import make_firewalls
from planner.report.paper.pictures import Pending, make_pictures, start_pictures
from planner.report.paper.printed import Element, Kids, PrintedReport, Running, join, make
from planner.report.paper.report_end import (
    make_caveats,
    make_closed,
    make_excluded,
    make_findings,
    make_left,
    make_taken,
    make_unneeded,
)
from planner.report.paper.sheets import PEERS, make_servers
from planner.report.paper.words import say_date, shorten, shown, shown_lines
from planner.report.paper.zones import make_zones
from planner.report.said.amended import name_amended
from planner.report.said.edition import Edition
from planner.report.said.numbers import Numbers
from planner.report.said.objects import Grouping
from planner.report.said.outline import describe_common, describe_reasons
from planner.report.said.printed_rules import Blank, PrintedBoundary, find_blanks, join_ports, print_boundaries
from planner.report.said.servers import outline_servers
from planner.report.said.still_needed import STILL_NEEDED, StillNeeded
from planner.report.said.text import (
    DECIDED,
    count_renamed,
    list_decided,
    list_renamed,
    say_changes,
    say_nothing_differs,
)
from planner.report.said.within import number_within
from ports.text import plural, show_line

_BOX = "☐\u00a0"
"""A box to tick, which stays beside its words."""
MOST_AMENDED = 8
"""How many amendments of the matrix the cover names."""
MOST_CHANGES = 60
"""How many rules the change log names; the change request has all."""
MOST_PORTS = 8
"""How many ports of a boundary the summary names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Prepared:
    """What several parts of the document need."""

    report: Report
    edition: Edition
    chapters: tuple[PrintedBoundary, ...]
    blanks: tuple[Blank, ...]


def compose_report(report: Report, edition: Edition, *, has_files: bool = False) -> PrintedReport:
    """The report as a printed document, dated and set as the edition says; `has_files`: with those for programs.

    Graphviz, another program, lays out the pictures meanwhile. There is one of the zones where no table has them.
    """
    zones = None if edition.selection else make_zones(report)
    with ThreadPoolExecutor(max_workers=2) as pool:
        pending = start_pictures(pool, report, has_table=zones is not None)
        return _compose(report, edition, zones, pending, has_files=has_files)


def _compose(
    report: Report, edition: Edition, zones: Element | None, pending: Pending, *, has_files: bool
) -> PrintedReport:
    grouping = Grouping(report)
    facts = _Prepared(
        report=report,
        edition=edition,
        chapters=print_boundaries(report.boundaries, report, grouping, lives=edition.lives, there=edition.there),
        blanks=find_blanks(report.rules),
    )
    within = number_within(report)
    sheets = outline_servers(report, members=PEERS, fold=True, within=within)
    elsewhere = list(_list_elsewhere(report, {end.name for sheet in sheets for end in sheet.members}))
    servers = make_servers(sheets, elsewhere, grouping, within, is_part=edition.selection is not None)
    legend = make_legend(report.matrix, list_roles(report), facts.chapters[0] if facts.chapters else None)
    files = embed_files(report, edition) if has_files else ()  # before the pictures are waited for
    parts: list[tuple[str, Element | None]] = [
        ("Sign-off", make_sign_off()),
        ("From zone to zone", zones),
        ("Summary", _make_summary(facts, has_table=zones is None)),
        ("To complete before the rules are made", _make_open(facts)),
        *make_pictures(pending, report),
        ("Firewall rules by boundary", _make_rules(facts)),
        ("Firewalls: interfaces and what passes them", make_firewalls(report)),
        ("Host firewalls, server by server", servers),
        ("Objects: groups, endpoints and addresses",
         make_objects(grouping.objects(_list_endpoints(report, edition)), whole=True)),
        ("No longer asked for, to be closed", None if edition.selection else make_left(edition.lives)),
        (f"Changes since an earlier revision{edition.of_whole}", _make_changes(edition)),
        ("Not needed here", None if edition.selection else make_excluded(report)),
        ("What must stay closed", None if edition.selection else make_closed(report)),
        ("Decisions taken", make_taken(edition.taken)),
        ("What is not opened, and why", None if edition.selection else make_unneeded(report)),
        ("Findings", make_findings(report)),
        ("How the vendor’s document was read", make_caveats(report)),
        ("Legend", legend),
    ]  # fmt: skip
    there = [(title, part) for title, part in parts if part is not None]
    contents = [(part.get("id") or "", title) for title, part in there]
    wide = {title for title, part in there if _is_wide(part)}
    return PrintedReport(
        title=f"{show_line(report.plan.name)} · port requirements",
        running=_running(report, edition),
        parts=(
            _make_cover(facts, contents, has_sheets=bool(sheets)),
            *(part if title in wide else replace(part, classes=(*part.classes, "flow")) for title, part in there),
        ),
        paper=edition.paper,
        stylesheet=edition.stylesheet,
        date=edition.date,
        files=files,
    )


def _is_wide(part: Element) -> bool:
    """Whether it takes the width of a page; other parts stand in two columns."""
    has_summary = any(isinstance(kid, Element) and "summary" in kid.classes for kid in part.kids)
    return part.get("id") in ("sign-off", "zones") or "topology" in part.classes or has_summary


def _running(report: Report, edition: Edition) -> Running:
    name = [shorten(report.plan.name, 70), "port requirements"]
    when = [f"Revision {edition.revision}"] if edition.revision else []
    return Running(
        name=" · ".join([*name, edition.selection.count] if edition.selection else name),
        edition=" · ".join([*when, say_date(edition.date)]),
        matrix=f"Matrix: {report.matrix.version}",
    )


def _list_endpoints(report: Report, edition: Edition) -> Iterable[Endpoint]:
    """All of the plan; of a part of it those that the part names."""
    if edition.selection is None:
        return report.plan.endpoints
    named = {end.name for flow in report.flows for end in (flow.source, flow.destination)}
    return [endpoint for endpoint in report.plan.endpoints if endpoint.name in named]


def _list_elsewhere(report: Report, covered: Container[str]) -> Iterator[str]:
    """The flows within a zone that are on no sheet: between people, which only the plan itself can ask for."""
    for flow in report.flows:
        if flow.scope == "same-zone" and not (flow.source.name in covered or flow.destination.name in covered):
            ports = str(Ports(flow.need.protocol, flow.need.ports))
            why = describe_reasons(flow.need.reasons)
            yield show_line(f"{flow.source.name} to {flow.destination.name}, {ports}: {why}")


# ---- the cover ----


def _make_cover(facts: _Prepared, contents: Sequence[tuple[str, str]], *, has_sheets: bool) -> Element:
    report, edition = facts.report, facts.edition
    plan, matrix = report.plan, report.matrix
    return make(
        "section.cover",
        make("p.eyebrow", f"Port requirements for {matrix.product}"),
        make("h1", shown(plan.name)),
        make("p.lead", shown_lines(plan.description)) if plan.description else None,
        make("p.part", make("b", "Only a part of the plan."), " ", shown(edition.selection.sentence))
        if edition.selection
        else None,
        make_numbers(_count(facts)),
        make(
            "div.halves",
            make(
                "div",
                make_facts(_list_facts(facts)),
                make("h2.aside", "Who does what with this document"),
                make("ul.steps", [make("li", step) for step in _list_steps(facts, has_sheets=has_sheets)]),
            ),
            make_contents(contents),
        ),
    )


def _count(facts: _Prepared) -> Iterator[tuple[int, str, bool]]:
    report = facts.report
    endpoints, zones, blanks = len(report.plan.endpoints), len(report.plan.zones), len(facts.blanks)
    crossing = sum(flow.scope == "cross-zone" for flow in report.flows)
    severities = [finding.severity for finding in report.findings]
    errors, warnings = severities.count("error"), severities.count("warning")
    yield len(report.rules), plural(len(report.rules), "firewall rule"), False
    yield crossing, f"{plural(crossing, 'flow')} between zones", False
    yield endpoints, f"{plural(endpoints, 'endpoint')} in {zones:,} {plural(zones, 'zone')}", False
    yield blanks, f"{plural(blanks, 'address', 'addresses')} to be filled in", bool(blanks)
    decisions = len(report.decisions) + len(report.questions)
    yield decisions, f"{plural(decisions, 'decision')} open", bool(decisions)
    yield errors, plural(errors, "error"), bool(errors)
    yield warnings, plural(warnings, "warning"), False


def _list_facts(facts: _Prepared) -> Iterator[tuple[str, Kids]]:
    edition, matrix = facts.edition, facts.report.matrix
    if edition.revision:
        yield "Revision", str(edition.revision)
    yield "Date", say_date(edition.date)
    if edition.there:
        yield edition.there.title, str(edition.there)
    yield "Vendor document", f"{matrix.product}, “{matrix.document}”, as received {matrix.received}"
    yield make_matrix_facts(matrix)
    amended = name_amended(facts.report)
    if amended:
        more = len(amended) - MOST_AMENDED
        lines: list[Kids] = [[shown(f"{name}: {words}"), make("br")] for name, words in amended[:MOST_AMENDED]]
        yield "Amended here", [*lines, f"and {more} more, named in the summary" if more > 0 else None]
    if edition.since is not None:
        which = f"revision {edition.since_revision}" if edition.since_revision else "an earlier revision"
        sent = [", ", shown(edition.since_sent)] if edition.since_sent else None
        counts = ", ".join(_say_since(edition.since)) or "nothing differs in rules or addresses"
        yield "Compared with", [which, sent, f"{edition.of_whole}: {counts}"]
    if edition.link:
        yield "See it online", make("a", edition.link, href=edition.link)


def _list_steps(facts: _Prepared, *, has_sheets: bool) -> Iterator[Kids]:
    """Who does what with the document, one after the other."""

    def at(anchor: str, title: str) -> Element:
        return make("a.at", f"“{title}”", href=f"#{anchor}")

    blanks, decisions = len(facts.blanks), len(facts.report.decisions) + len(facts.report.questions)
    if blanks or decisions:
        tasks = [
            f"fills in {blanks:,} {plural(blanks, 'address', 'addresses')}" if blanks else None,
            f"takes {decisions:,} {plural(decisions, 'decision')}" if decisions else None,
        ]
        said = " and ".join(filter(None, tasks))
        where = at("open", "To complete before the rules are made")
        yield [make("b", "Whoever asks for the ports"), f" {said}: ", where, "."]
    if facts.chapters:
        where = at("rules", "Firewall rules by boundary")
        yield [make("b", "The network team"), " opens the rules under ", where, ", and nothing else."]
    if has_sheets:
        where = at("servers", "Host firewalls, server by server")
        yield [make("b", "The owners of servers"), " set their hosts’ own firewalls by ", where, "."]
    yield [make("b", "All of them"), " sign under ", at("sign-off", "Sign-off"), "."]


# ---- what comes before the rules ----


def _make_summary(facts: _Prepared, *, has_table: bool) -> Element:
    """How rules are read, what is decided about the vendor's document; `has_table`: with a row for each boundary."""
    report = facts.report
    decided = list_decided(report)
    if facts.chapters:
        body: Kids = None
        if has_table:
            head = make_head("From", "To", "Rules", "Numbers", "Ports", page=True)
            body = make("table.summary", head, make("tbody", [_sum_up(chapter) for chapter in facts.chapters]))
    elif facts.edition.selection:
        body = make("p", "No rule matches the filter.")
    else:
        body = make("p", "Nothing crosses a boundary between zones, so no firewall rule is needed.")
    return make(
        "section#summary",
        make("h2", "Summary"),
        make(
            "p.intro",
            "Ports are destination ports. The source opens the connection; a stateful firewall admits the replies. "
            "Each rule names the section of the vendor’s document that asks for it. Nothing stands for “any” unless "
            "the plan says so, and a missing address never does.",
        ),
        body,
        make("p.note", make("b", f"{DECIDED}."), f" {' '.join(decided)}") if decided else None,
    )


def _sum_up(chapter: PrintedBoundary) -> Element:
    boundary = chapter.boundary
    more = len(boundary.ports) - MOST_PORTS
    return make(
        "tr",
        make("td", shown(boundary.source.label)),
        make("td", shown(boundary.destination.label)),
        make("td", str(len(chapter.rules))),
        make("td", make("samp", boundary.code)),
        make(
            "td",
            make("samp", ", ".join(map(str, boundary.ports[:MOST_PORTS]))),
            f" and {more} more" if more > 0 else None,
        ),
        make("td.page", make("a.to", "rules", href=f"#{chapter.anchor}")),
    )


def _make_open(facts: _Prepared) -> Element:
    report = facts.report
    asked = [*_list_decisions(report), *_list_questions(report)]
    nothing = None
    if not facts.blanks and not asked:
        said = "Nothing: every address that rules need is there, and every choice that matters here is made."
        nothing = make("p", said)
    return make(
        "section#open",
        make("h2", "To complete before the rules are made"),
        make_blanks(facts.blanks),
        asked,
        nothing,
    )


def _list_decisions(report: Report) -> Iterator[Element]:
    """The choices that the vendor's document leaves and the plan hasn't made, with a box for each option."""
    for decision in report.decisions:
        choice = decision.choice
        options = (f"{_BOX}{option.name}: {decision.explain_option(option)}" for option in choice.options)
        yield make(
            "div.item",
            make(
                "p",
                make("b", f"{choice.name}."),
                f" {choice.question} {decision.flows:,} {plural(decision.flows, 'flow')} "
                f"{plural(decision.flows, 'depends', 'depend')} on it.",
            ),
            make("p", join(options, " \u2003")),
        )


def _list_questions(report: Report) -> Iterator[Element]:
    """The caveats that ask whether to follow practice, with a box for either answer."""
    for state in report.questions:
        yield make(
            "div.item",
            make("p", make("b", f"{state.caveat.title}."), f" {state.caveat.text}"),
            make(
                "p",
                f"{_BOX}Follow practice: {state.caveat.correction} \u2003",
                f"{_BOX}As documented: open no more than it says.",
            ),
        )


# ---- rules and what changed ----


def _make_rules(facts: _Prepared) -> Element | None:
    if not facts.chapters:
        return None
    return make("section#rules", make("h2", "Firewall rules by boundary"), make_rules(facts.chapters))


def _make_changes(edition: Edition) -> Element | None:
    if edition.since is None:
        return None
    rows = list(_list_changes(edition.since))
    counts = ", ".join(_say_since(edition.since))
    which = f"revision {edition.since_revision}" if edition.since_revision else "the earlier revision"
    more = len(rows) - MOST_CHANGES
    table: Kids = [
        make(
            "p.intro",
            f"{counts[:1].upper()}{counts[1:]}. Numbers are those of the rules that the change belongs to. The change "
            "request has all of it with addresses.",
        ),
        make(
            "table.changes",
            make_head("What", "Rule", "From", "To", "Ports"),
            make("tbody", rows[:MOST_CHANGES]),
        ),
        make("p", f"And {more} more.") if more > 0 else None,
    ]
    return make(
        "section#changes",
        make("h2", f"Changes since {which}{edition.of_whole}"),
        table if rows else make("p", shown(say_nothing_differs(edition.since))),
    )


def _say_since(comparison: Comparison) -> list[str]:
    return [*say_changes(comparison), *count_renamed(comparison)]


def _list_changes(comparison: Comparison) -> Iterator[Element]:
    """What differs from an earlier revision, a row for each rule, address and rename."""
    numbers, needed = Numbers(comparison), StillNeeded(comparison)
    for what, report, rules in (
        ("open", comparison.after, comparison.rules_opened),
        ("open by address", comparison.after, comparison.rules_addressed),
        ("close", comparison.before, comparison.rules_closed),
        ("close by address", comparison.before, comparison.rules_unaddressed),
        ("changed", comparison.after, comparison.rules_changed),
    ):
        for rule in rules:
            ends = _say_side(rule.sources, report), _say_side(rule.destinations, report)
            mark = needed.say(rule) if report is comparison.before else ""
            done = f"{what}; {STILL_NEEDED.lower()} {mark}" if mark else what
            yield _make_change(done, numbers.of(what, rule.id), *ends, join_ports(rule.services))
    for change in comparison.addresses:
        before, after = (", ".join(addresses) or "none" for addresses in (change.before, change.endpoint.addresses))
        name = change.endpoint.name
        yield _make_change("address", "", f"{name}: {before}", f"{name}: {after}", "")
    for renamed in list_renamed(comparison):
        yield _make_change("renamed", "", renamed.old, f"{renamed.becomes.removeprefix('is ')} {renamed.new}", "")


def _make_change(what: str, rule: str, source: str, destination: str, ports: str) -> Element:
    cells = (
        make("td.id", rule),
        make("td", shown(source)),
        make("td", shown(destination)),
        make("td", make("samp", ports)),
    )
    return make("tr", make("td", what), cells)


def _say_side(endpoints: Sequence[Endpoint], report: Report) -> str:
    names = ", ".join(endpoint.name for endpoint in endpoints[:PEERS])
    if len(endpoints) <= PEERS:
        return names
    return f"{names} and {len(endpoints) - PEERS:,} more: {describe_common(endpoints, report.matrix)}"
