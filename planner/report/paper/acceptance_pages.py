"""The acceptance of a plan as a printed document: how it stands, what is blocked, whom to ask, rules by sources."""

import datetime
from collections.abc import Iterator, Sequence

from django.conf import settings

from planner.engine.acceptance import STATUSES, Acceptance
from planner.engine.checks import digest_of
from planner.engine.report import Report
from planner.report.paper.chapters import make_facts, make_head, make_matrix_facts, make_numbers
from planner.report.paper.classified import classify
from planner.report.paper.pdf import write_pdf
from planner.report.paper.printed import Element, Kids, Picture, PrintedReport, Running, join, make
from planner.report.paper.words import mark_addresses, say_date, shorten, shown
from planner.report.said.acceptance import (
    NAMES,
    NOT_PROVEN,
    OF_A_RANGE,
    SHORT,
    Row,
    Trouble,
    count_not_proven,
    list_blocked,
    list_forbidden,
    list_not_proven,
    list_rows,
    say_accepted,
)
from planner.report.said.edition import Paper
from planner.report.said.trend import COLOURS, Step, draw_trend
from ports.text import many

MOST_SOURCES = 12
"""How many sources of a rule are named that come out alike."""
MOST_LISTED = 500
"""How many blocked flows, sentences or runs are printed; JSON has all."""


def render_pdf(
    report: Report,
    acceptance: Acceptance,
    *,
    date: datetime.date,
    paper: Paper = "a4",
    stylesheet: str = "",
    steps: Sequence[Step] = (),
) -> bytes:
    """The acceptance as a tagged PDF of that date; `steps` say how it went. Raises NotExpressible if too long.

    It names addresses as reports do, so it has the classification of the settings.
    """
    printed = compose_acceptance(report, acceptance, date=date, paper=paper, stylesheet=stylesheet, steps=steps)
    return write_pdf(classify(printed), settings.PDF_ENGINE)


def compose_acceptance(
    report: Report,
    acceptance: Acceptance,
    *,
    date: datetime.date,
    paper: Paper = "a4",
    stylesheet: str = "",
    steps: Sequence[Step] = (),
) -> PrintedReport:
    """The acceptance, ready to be set."""
    parts: list[Element] = [_make_cover(report, acceptance, say_date(date))]
    blocked, forbidden = list_blocked(report, acceptance), list_forbidden(acceptance)
    if forbidden:
        parts.append(_make_sentences("forbidden", "Open that must stay closed", forbidden))
    if blocked:
        parts.append(_make_blocked(blocked))
    parts.append(_make_rows(list_rows(acceptance)))
    if len(steps) > 1:
        parts.append(_make_trend(steps))
    if acceptance.used:
        parts.append(_make_runs(acceptance))
    if acceptance.messages:
        parts.append(_make_sentences("unused", "What was not used", acceptance.messages))
    parts.append(_make_signatures())
    return PrintedReport(
        title=f"Acceptance: {shorten(report.plan.name, 200)}",
        running=Running(
            name=f"Acceptance: {shorten(report.plan.name, 70)}",
            edition=say_date(date),
            matrix=f"Matrix: {report.matrix.version}",
        ),
        parts=tuple(parts),
        paper=paper,
        stylesheet=stylesheet,
        date=date,
    )


def _make_cover(report: Report, acceptance: Acceptance, date: str) -> Element:
    def facts() -> Iterator[tuple[str, Kids]]:
        yield "Date", date
        if acceptance.used:
            started = [run.results.started for run in acceptance.used]
            yield "Tested", f"{min(started):%Y-%m-%d %H:%M} to {max(started):%Y-%m-%d %H:%M} UTC"
        yield "Results", f"{many(len(acceptance.used), 'run')} of check scripts"
        yield "Report", make("samp.digest", digest_of(report))
        yield make_matrix_facts(report.matrix)

    bad = ("blocked", "not-tested", "forbidden-open")
    counts = acceptance.counts
    counts["forbidden-open"] = len(list_forbidden(acceptance))
    left, unsaid = count_not_proven(acceptance), () if acceptance.passed else list_not_proven(acceptance)
    figures = [(counts[one], NAMES[one], bool(counts[one]) and one in bad) for one in reversed(STATUSES)]
    return make(
        "section.cover",
        make("p.eyebrow", f"Acceptance of the ports of {report.matrix.product}"),
        make("h1", shown(report.plan.name)),
        make(
            "p.lead",
            say_accepted(acceptance)
            if acceptance.passed
            else f"Not accepted yet. Of {many(len(acceptance.flows), 'flow')}:",
        ),
        make_numbers([*figures, (left, NOT_PROVEN, True)] if left else figures),
        make("p", " ".join(unsaid)) if unsaid else None,
        make("div.halves", make("div", make_facts(facts()))),
    )


def _make_blocked(blocked: Sequence[Trouble]) -> Element:
    more = len(blocked) - MOST_LISTED
    return make(
        "section#blocked",
        make("h2", "Blocked: ask for these"),
        make("p.intro", "Nothing came back, or a firewall said no. Who runs the firewalls on the way can open it."),
        make(
            "table.blocked",
            make_head("Rule", "From", "To", "Service", "What came back", "On the way"),
            make("tbody", [_make_trouble(one) for one in blocked[:MOST_LISTED]]),
        ),
        make("p", f"And {more:,} more; the JSON file has all of them.") if more > 0 else None,
    )


def _make_trouble(one: Trouble) -> Element:
    ends = [make("td", shown(end.name), " ", mark_addresses(end, 3)) for end in (one.source, one.destination)]
    way = join(map(shown, one.way)) if one.way else "no firewall of the plan"
    return make(
        "tr",
        make("td.id", one.rule or "in a zone"),
        ends,
        make("td.services", make("samp", one.service)),
        make("td.why", shown(one.came)),
        make("td.why", way),
    )


def _make_rows(rows: Sequence[Row]) -> Element:
    body = [
        make(
            "tr",
            make("td.id", row.rule),
            make("td.services", make("samp", row.services)),
            make("td.why", _say_sources(row)),
            make("td", f"{row.at:%Y-%m-%d %H:%M}" if row.at else "–"),
        )
        for row in rows
    ]
    return make(
        "section#rules",
        make("h2", "Rules and sources"),
        make("p.intro", f"A rule is as the worst of its flows. {OF_A_RANGE} Times are UTC."),
        make("table.tested", make_head("Rule", "Service", "From where, and how", "Last run"), make("tbody", body))
        if body
        else make("p", "The plan has no rules between zones."),
    )


def _say_sources(row: Row) -> Kids:
    """Open: PS01, PS02; blocked: APP01. Worst first."""
    said: list[Kids] = []
    for status in STATUSES:
        names = [cell.source for cell in row.cells if cell.status == status]
        if names:
            more = f" and {len(names) - MOST_SOURCES:,} more" if len(names) > MOST_SOURCES else ""
            said.append([make("b", SHORT[status]), ": ", join(map(shown, names[:MOST_SOURCES])), more])
    return join(said, "; ")


def _make_trend(steps: Sequence[Step]) -> Element:
    used = ", ".join(SHORT[status] for status in COLOURS if any(step.counts.get(status) for step in steps))
    return make(
        "section#trend",
        make("h2", "From run to run"),
        make("p.intro", f"Flows after results that came together; in each column from below: {used}. Times are UTC."),
        make("figure.trend", Picture(draw_trend(steps))),
        make(
            "table.trend",
            make_head("When", "Runs", "Flows open", "The others"),
            make("tbody", [_make_step(step) for step in steps]),
        ),
    )


def _make_step(step: Step) -> Element:
    return make(
        "tr",
        make("td", f"{step.at:%Y-%m-%d %H:%M}"),
        make("td", f"{step.runs:,}"),
        make("td", f"{step.counts.get('open', 0):,} of {step.total:,}"),
        make("td", step.others or "–"),
    )


def _make_runs(acceptance: Acceptance) -> Element:
    runs = sorted(acceptance.used, key=lambda run: (run.results.source, run.results.started, run.name))
    more = len(runs) - MOST_LISTED
    return make(
        "section#runs",
        make("h2", "Runs"),
        make(
            "table.runs",
            make_head("Source", "Host", "Started", "Results", "File"),
            make(
                "tbody",
                [
                    make(
                        "tr",
                        make("td", shown(run.results.source)),
                        make("td", shown(run.results.host)),
                        make("td", f"{run.results.started:%Y-%m-%d %H:%M} UTC"),
                        make("td", f"{len(run.results.results):,}"),
                        make("td.why", shown(run.name)),
                    )
                    for run in runs[:MOST_LISTED]
                ],
            ),
        ),
        make("p", f"And {more:,} more.") if more > 0 else None,
    )


def _make_sentences(anchor: str, title: str, sentences: Sequence[str]) -> Element:
    more = len(sentences) - MOST_LISTED
    return make(
        f"section#{anchor}",
        make("h2", title),
        make("ul", [make("li", shown(sentence)) for sentence in sentences[:MOST_LISTED]]),
        make("p", f"And {more:,} more; the JSON file has all of them.") if more > 0 else None,
    )


def _make_signatures() -> Element:
    steps = ("Tested", "Network team", "Server team")
    return make(
        "section.sign-off#sign-off",
        make("h2", "Sign-off"),
        make(
            "table.signatures",
            make_head("Step", "Name", "Date", "Signature, ticket or remark"),
            make("tbody", [make("tr", make("th", step, scope="row"), [make("td")] * 3) for step in steps]),
        ),
    )
