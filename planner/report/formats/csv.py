"""The flows as CSV: one line each, for spreadsheets and for programs that read tables."""

import csv
import io

from planner.engine.flows import Flow, Need
from planner.engine.life import Lives
from planner.engine.report import Report
from planner.engine.rules import Ports
from planner.report.said.edition import Edition
from planner.report.said.life import LIFE_TITLES, list_life
from planner.report.said.outline import describe_marks, name_services
from planner.report.said.text import check_addresses, index_rules, list_addresses, list_flow_ends, list_reasons
from ports.text import neutralise_parts, show_line

COLUMNS = (
    "source", "source_zone", "source_addresses",
    "destination", "destination_zone", "destination_addresses",
    "protocol", "ports", "services", "scope", "sections", "undecided_options", "reasons", "rule",
)  # fmt: skip
"""The header line. `rule` is the number of the rule that covers a flow between zones, empty for the others."""


def render_csv(report: Report, edition: Edition | None = None) -> bytes:
    """All flows as CSV (RFC 4180: commas, CRLF, quotes doubled) under a header; the same plan gives the same bytes.

    A part of a report has one more column, `selection`: the filter, and how many of the rules it let through. Where
    rules have states, LIFE_COLUMNS come before it, with those of the flow's rule.

    UTF-8 with a byte order mark: without it Excel reads the bytes in the code page of the machine and garbles every
    name beyond ASCII; other readers know it as "utf-8-sig". Each flow is one line, lists within a field are joined by
    "; ". Fields that a spreadsheet could take for a formula start with an apostrophe. Raises NotExpressible when the
    addresses are too much to stand on each line.
    """
    check_addresses("CSV", list_flow_ends(report.flows))
    ends = {
        endpoint.name: (field(endpoint.name), field(endpoint.zone), field("; ".join(list_addresses(endpoint))))
        for endpoint in report.plan.endpoints
    }
    rules = index_rules(report)
    selection = edition.selection if edition else None
    more = [field(selection.sentence)] if selection else []
    states = list_states(report, edition.lives) if edition and edition.lives else None
    there = edition.there if edition else None
    found = {rule.id: (field(there.say(rule)),) for rule in report.rules} if there else {}
    needs: dict[int, tuple[list[str], list[str]]] = {}

    def rows(flow: Flow) -> list[str]:
        need = flow.need
        about = needs.get(id(need)) or needs.setdefault(id(need), _describe(need, report))
        rule = rules.get((flow.source.name, flow.destination.name, Ports(need.protocol, need.ports)), "")
        state = states.get(rule, NO_STATE) if states is not None else ()
        facts = (*ends[flow.source.name], *ends[flow.destination.name], *about[0], flow.scope, *about[1], rule)
        return [*facts, *state, *(found.get(rule, ("",)) if there else ()), *more]

    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    head = COLUMNS if states is None else (*COLUMNS, *LIFE_COLUMNS)
    head = (*head, "on_firewall") if there else head
    writer.writerow((*head, "selection") if selection else head)
    writer.writerows(map(rows, report.flows))
    return text.getvalue().encode("utf-8-sig")


LIFE_COLUMNS = tuple(title.lower() for title in LIFE_TITLES)
"""The columns about the states of rules, which only a report that has some has."""
NO_STATE = ("",) * len(LIFE_COLUMNS)


def list_states(report: Report, lives: Lives) -> dict[str, tuple[str, ...]]:
    """The fields under LIFE_COLUMNS by number of the rule; rules without a state are left out."""
    return {
        rule.id: tuple(field(text) for text in list_life(life, "; "))
        for rule in report.rules
        if (life := lives.of(rule)) is not None
    }


def _describe(need: Need, report: Report) -> tuple[list[str], list[str]]:
    """The fields of a need before and after the scope; many flows share one need."""
    ports = Ports(need.protocol, need.ports)
    return (
        [need.protocol, need.ports or "", field(name_services(ports, need.services, report).names)],
        [
            field("; ".join(need.sections)),
            field(describe_marks(need.any_of, report.matrix)),
            field("; ".join(list_reasons(need.reasons))),
        ],
    )


def field(text: str) -> str:
    """A text as it goes into a field: on one line, visible, and nothing in it that a spreadsheet runs."""
    return neutralise_parts(show_line(text))
