"""What differs between two reports as JSON, CSV and Markdown: the change request for programs, tables and wikis."""

import csv
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from itertools import chain
from types import MappingProxyType

from planner.engine.compare import Comparison
from planner.engine.flows import Flow
from planner.engine.life import Lives
from planner.engine.report import Report
from planner.engine.rules import Boundary, Ports
from planner.report.formats.csv import LIFE_COLUMNS, NO_STATE, field, list_states
from planner.report.formats.json import render_comparison
from planner.report.formats.markdown import escape, join_lines, rule_cells, rule_titles, table
from planner.report.said.edition import Editions
from planner.report.said.forbidden import Breaches
from planner.report.said.numbers import Numbers, say_names
from planner.report.said.outline import describe_marks, name_services
from planner.report.said.printed_rules import LocalChange, list_differences, list_within_zones
from planner.report.said.still_needed import StillNeeded
from planner.report.said.text import (
    ADDRESSED,
    ADDRESSED_TITLE,
    LEGEND,
    READDRESSED,
    UNADDRESSED,
    UNADDRESSED_TITLE,
    check_addresses,
    count_changes,
    index_rules,
    list_addresses,
    list_changed_flows,
    list_changed_rules,
    list_flow_ends,
    list_reasons,
    list_renamed,
    list_rule_sides,
    say_firewalls,
    say_kept,
    say_set_apart,
)


def render_json(comparison: Comparison, editions: Editions) -> bytes:
    """The comparison as JSON in UTF-8. Its schema is `planner.report.formats.json.comparison_schema`."""
    return render_comparison(comparison, editions)


# ---- CSV ----

COLUMNS = (
    "action", "source", "source_zone", "source_addresses", "destination", "destination_zone", "destination_addresses",
    "protocol", "ports", "services", "scope", "sections", "undecided_options", "reasons",
)  # fmt: skip
"""The header line. `action` is open, close or change; of a changed flow the line says what it is now.

What was renamed comes last: `rename-endpoint` or `rename-zone`, the old name as source, the new one as destination.
"""


def render_csv(comparison: Comparison, editions: Editions) -> bytes:
    """The flows that differ as CSV, as `planner.report.formats.csv.render_csv` writes them, each with its action.

    A line for each rename follows. Where rules have states, the columns of these come last.
    """
    check_addresses("CSV", list_flow_ends(list_changed_flows(comparison)))
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    has_states = bool(editions.lives_before or editions.lives_after)
    writer.writerow((*COLUMNS, *LIFE_COLUMNS) if has_states else COLUMNS)
    for action, flows, report, lives in (
        ("open", comparison.opened, comparison.after, editions.lives_after),
        ("close", comparison.closed, comparison.before, editions.lives_before),
        ("change", [change.after for change in comparison.changed], comparison.after, editions.lives_after),
    ):
        find_state = _state_finder(report, lives) if has_states else lambda _: ()
        writer.writerows([action, *_flow_fields(flow, report), *find_state(flow)] for flow in flows)
    for name in list_renamed(comparison):
        if name.kind == "rule":
            continue  # what flows are opened by is in no line of this file
        said = {"source": name.old, "destination": name.new, "reasons": name.sentence}
        cells = [field(said.get(column, "")) for column in COLUMNS[1:]]
        writer.writerow([f"rename-{name.kind}", *cells])
    return text.getvalue().encode("utf-8-sig")


def _state_finder(report: Report, lives: Lives) -> Callable[[Flow], tuple[str, ...]]:
    """From a flow of the report to the state of its rule, in fields."""
    states, rules = list_states(report, lives), index_rules(report)

    def find(flow: Flow) -> tuple[str, ...]:
        ports = Ports(flow.need.protocol, flow.need.ports)
        return states.get(rules.get((flow.source.name, flow.destination.name, ports), ""), NO_STATE)

    return find


def _flow_fields(flow: Flow, report: Report) -> Iterator[str]:
    need = flow.need
    for endpoint in (flow.source, flow.destination):
        yield from map(field, (endpoint.name, endpoint.zone, "; ".join(list_addresses(endpoint))))
    names = name_services(Ports(need.protocol, need.ports), need.services, report).names
    yield from (need.protocol, need.ports or "", field(names), flow.scope, "; ".join(need.sections))
    yield field(describe_marks(need.any_of, report.matrix))
    yield field("; ".join(list_reasons(need.reasons)))


# ---- Markdown ----


def render_markdown(comparison: Comparison, editions: Editions) -> bytes:
    """The change request as Markdown in UTF-8: what was renamed, rules by boundary, then addresses."""
    changed = list_changed_rules(comparison)
    local = list_within_zones(comparison)
    check_addresses("Markdown", chain(list_rule_sides(changed), list_flow_ends(item.flow for item in local)))
    lines = [
        f"# Change request: {escape(comparison.after.plan.name)}",
        "",
        f"From {escape(editions.before)} to {escape(editions.after)}.",
        "",
        *_markdown_matrices(comparison),
        *table(("What", "Count"), ((escape(what), str(count)) for what, count in count_changes(comparison))),
        *(f"{escape(sentence)}\n" for sentence in say_firewalls(comparison)),
        *_markdown_renamed(comparison),
        *_markdown_parts(comparison, editions),
        *_markdown_within(local),
        *_markdown_addresses(comparison),
        "## How to read this",
        "",
        *(f"- {escape(sentence)}" for sentence in LEGEND),
    ]
    return ("\n".join(lines) + "\n").encode()


def _markdown_matrices(comparison: Comparison) -> Iterator[str]:
    before, after = (report.matrix.version for report in (comparison.before, comparison.after))
    yield (
        f"Port matrix: {escape(after)}." if before == after else f"Port matrix: {escape(before)}, now {escape(after)}."
    )
    yield ""


def _markdown_within(local: Sequence[LocalChange]) -> Iterator[str]:
    if local:
        yield "## Within zones, for host firewalls"
        yield ""
        yield "No firewall between zones sees these; the host’s own may."
        yield ""
        yield from table(
            ("What", "From", "To", "Port", "Why"),
            (
                (
                    item.action,
                    *(
                        join_lines((end.name, *list_addresses(end)))
                        for end in (item.flow.source, item.flow.destination)
                    ),
                    escape(f"{item.service.ports} {item.service.names}".strip()),
                    escape(item.why),
                )
                for item in local
            ),
        )


def _markdown_renamed(comparison: Comparison) -> Iterator[str]:
    renamed = list_renamed(comparison)
    if renamed:
        yield "## Renamed"
        yield ""
        yield say_names(comparison)
        yield ""
        yield from table(
            ("What", "Before", "Now", "Remark"),
            (tuple(map(escape, name)) for name in renamed),
        )
        yield from (f"{escape(sentence)}\n" for sentence in say_set_apart(comparison))


def _markdown_parts(comparison: Comparison, editions: Editions) -> Iterator[str]:
    """The rules that are to be opened, to be closed, and that changed."""
    before, after = comparison.before, comparison.after
    kept, numbers = say_kept(comparison), Numbers(comparison)
    lives, marks = editions.lives_after, Breaches(after)
    now = partial(_markdown_rules, report=after, lives=lives, marks=marks, number=numbers.new)
    yield from now("Rules to open", comparison.boundaries_opened, said=kept.get("opened", ""))
    if comparison.boundaries_addressed:
        yield from now(ADDRESSED_TITLE, comparison.boundaries_addressed, said=ADDRESSED)
    lives, needed = editions.lives_before, StillNeeded(comparison)
    then = partial(_markdown_rules, report=before, lives=lives, marks=needed, number=numbers.old)
    yield from then("Rules to close", comparison.boundaries_closed, said=kept.get("closed", ""))
    if comparison.boundaries_unaddressed:
        yield from then(UNADDRESSED_TITLE, comparison.boundaries_unaddressed, said=UNADDRESSED)
    yield from now("Rules changed", comparison.boundaries_changed, differences=list_differences(comparison))


def _markdown_rules(
    title: str,
    boundaries: Sequence[Boundary],
    *,
    report: Report,
    lives: Lives,
    marks: Breaches | StillNeeded,
    number: Callable[[str], str],
    said: str = "",
    differences: Mapping[str, Sequence[tuple[str, str, str]]] = MappingProxyType({}),
) -> Iterator[str]:
    """`number`: how the number of a rule is said.

    `differences`: by a rule's number what differs of it, before and after, in a column of their own.
    """
    yield f"## {title}"
    yield ""
    if said:
        yield escape(said)
        yield ""
    if not boundaries:
        yield "None."
        yield ""
    for boundary in boundaries:
        yield f"### {escape(boundary.code)}: {escape(boundary.label)}"
        yield ""
        yield from table(
            (*rule_titles(lives), "What differs") if differences else rule_titles(lives),
            (
                (
                    escape(number(rule.id)),
                    *rule_cells(rule, report, lives, marks)[1:],
                    *([_say_differences(differences[rule.id])] if differences else ()),
                )
                for rule in boundary.rules
            ),
        )


def _say_differences(differences: Sequence[tuple[str, str, str]]) -> str:
    return join_lines(f"{what}: {before} → {after}" for what, before, after in differences)


def _markdown_addresses(comparison: Comparison) -> Iterator[str]:
    if comparison.addresses:
        yield "## Addresses changed"
        yield ""
        yield READDRESSED
        yield ""
        yield from table(
            ("Endpoint", "Before", "After"),
            (
                (
                    escape(change.endpoint.name),
                    join_lines(change.before or ("none",)),
                    join_lines(list_addresses(change.endpoint)),
                )
                for change in comparison.addresses
            ),
        )
