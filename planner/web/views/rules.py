"""The rules of a report on a page, boundary by boundary, each with its endpoints, its services and their reasons."""

from collections.abc import Iterator, Sequence
from itertools import islice, pairwise, product
from typing import Any

from planner.engine import Report
from planner.engine.explain import Cause, explain
from planner.engine.rules import Boundary, Opening, Ports, Rule
from planner.engine.topology import Setting, find_settings
from planner.report.checks.commands import Trials
from planner.report.formats.rule_texts import RULE_TEXTS
from planner.report.said.addresses import SoughtAddress
from planner.report.said.by_service import ServiceReasons, outline_services
from planner.report.said.filters import Filter, filter_boundaries, narrow_report, say_elsewhere
from planner.report.said.forbidden import Breaches
from planner.report.said.numbers import Numbers
from planner.report.said.outline import Members, RuleLine, outline_boundaries, outline_rules
from planner.report.said.still_needed import STAYS_OPEN, StillNeeded
from planner.web.forms.own_settings import Settings
from planner.web.views.keeper import lead_to_ends
from planner.web.views.marked import Changes, mark_rules
from planner.web.views.state import State
from ports.text import many

MOST_RULES = 2_000
"""How many rules a page lists; a filter leads to the others, and the downloads have all."""
MEMBERS = 6
"""How many endpoints a rule names on the page before it folds the others."""
MOST_FOLDED = 100
"""How many folded endpoints one side of a rule may have in the page; more are fetched when they are unfolded."""
MOST_TRIALS = 3
"""Of how many flows of a rule's services the commands that try them stand where they are explained."""
MOST_FOLDED_IN_ALL = 2_000
"""How many all rules of a page may have together."""
SIDES = ("sources", "destinations")


class Folds:
    """Says of one side of a rule after the other whether the page has room for what it folds."""

    def __init__(self) -> None:
        self._room = MOST_FOLDED_IN_ALL

    def has_room(self, members: Members) -> bool:
        """Whether these stand in the page."""
        fits = members.more <= MOST_FOLDED and members.more <= self._room
        if fits:
            self._room -= members.more
        return fits

    def lead(self, rule: Rule, side: str, members: Members) -> str:
        """What follows the page's address to fetch the folded endpoints; empty where the page has them."""
        return "" if self.has_room(members) else lead_to_ends(rule, side, members)


def describe_rules(report: Report, state: State, changes: Changes) -> dict[str, Any]:
    """The rules that the filter admits, and those that the last change made unnecessary."""
    found = filter_boundaries(report, state.filter, changes.since, changes.keeper.lives)
    admitted = [rule.id for _, rules in found for rule in rules]
    shown = set(admitted[:MOST_RULES])
    chapters = [
        (chapter.boundary, [line for line in chapter.lines if line.rule.id in shown])
        for chapter in outline_rules(report, members=MEMBERS)
    ]
    rows = _Rows(report, state, changes)
    described: list[dict[str, Any]] = [
        {"boundary": boundary, "lines": [rows.describe(boundary, line) for line in lines]}
        for boundary, lines in chapters
        if lines
    ]
    _join_neighbours([line for chapter in described for line in chapter["lines"]])
    closed = _describe_closed(changes, state)
    return {
        "chapters": described,
        "rule_texts": [(name, text.label) for name, text in RULE_TEXTS.items()],
        "closed_rules": closed,
        "stays_open": STAYS_OPEN if any(item["needed"] for item in closed) else "",
        "matching": f"{len(admitted):,} of {many(len(report.rules), 'rule')}"
        + (f", the first {MOST_RULES:,} shown" if len(admitted) > MOST_RULES else ""),
        **describe_search(report, state, changes, is_empty=not admitted),
    }


def describe_search(report: Report, state: State, changes: Changes, *, is_empty: bool) -> dict[str, str]:
    """By which networks an address is found; and if no rule was, where else what is sought stands."""
    chosen = state.filter
    elsewhere = ""
    if (
        is_empty
        and chosen
        and (found := say_elsewhere(narrow_report(report, chosen, changes.since, changes.keeper.lives)))
    ):
        elsewhere = f"{chosen.text or chosen.port or 'What is chosen'}: {found}"
    return {
        "found_by": SoughtAddress(chosen.text, report).say(),
        "elsewhere": elsewhere,
        "elsewhere_query": state.query(view="flows") if elsewhere else "",
    }


def _join_neighbours(lines: Sequence[dict[str, Any]]) -> None:
    """Tell each rule the numbers of the one before and the one behind it on the page."""
    for before, behind in pairwise(lines):
        before["next"], behind["previous"] = behind["line"].rule.id, before["line"].rule.id


class _Rows:
    """What the rows of one page show, one after the other."""

    def __init__(self, report: Report, state: State, changes: Changes) -> None:
        self.report = report
        self.state = state
        self._marks = mark_rules(changes.shown)
        self._keeper = changes.keeper
        self._settings = Settings(report)
        self._breaches = Breaches(report)
        self._folds = Folds()
        self._trials = Trials(report)
        self._requirements = {requirement.slug: requirement for requirement in report.matrix.requirements}

    def describe(self, boundary: Boundary, line: RuleLine) -> dict[str, Any]:
        rule = line.rule
        found = find_settings(self.report.plan, rule.destinations)
        return {
            "line": line,
            "mark": self._marks.get(rule.id, ""),
            "sources_rest": self._folds.lead(rule, "sources", line.sources),
            "destinations_rest": self._folds.lead(rule, "destinations", line.destinations),
            "asks": [
                {
                    "ask": ask,
                    "causes": self._explain(rule, ask, found),
                    "trials": [self._trials.of(opening) for opening in islice(list_openings(rule, ask), MOST_TRIALS)],
                    "flows_query": lead_to_flows(boundary, rule, ask, self.state),
                }
                for ask in outline_services(rule, self.report)
            ],
            "forbidden": self._breaches.say_rule(rule),
            "own": self._settings.say_of_flows(line.destinations.shown, rule.requirements),
            **self._keeper.describe(rule),
        }

    def _explain(self, rule: Rule, ask: ServiceReasons, found: Sequence[Setting]) -> tuple[Cause, ...]:
        """The causes of these services of a rule: what asks for one of them, for one of their reasons."""
        wanted = (slug for slug in rule.requirements if self._asks(slug, ask))
        return explain(self.report, wanted, ask.ports, found, ask.reasons)

    def _asks(self, slug: str, ask: ServiceReasons) -> bool:
        requirement = self._requirements[slug]
        return requirement.reason in ask.reasons and any(
            Ports(self.report.matrix.services[one.service].protocol, ports) in ask.ports
            for one in requirement.asks
            for ports in self.report.own_ports[one.service]
        )


def list_openings(rule: Rule, ask: ServiceReasons) -> Iterator[Opening]:
    """What some services of a rule open: from its first source first, each service to every destination in turn."""
    for source, destination, ports in product(rule.sources, rule.destinations, ask.ports):
        yield source.name, destination.name, *ports


def lead_to_flows(boundary: Boundary, rule: Rule, ask: ServiceReasons, state: State) -> str:
    """Where the flows of a rule's services are, as far as a filter can tell them from others of its boundary."""
    fields = {"source": boundary.source.code, "destination": boundary.destination.code}
    for name, ends in (("source_endpoint", rule.sources), ("destination_endpoint", rule.destinations)):
        if len(ends) == 1:
            fields[name] = ends[0].name
    if len(ask.ports) == 1:
        fields |= {"protocol": ask.ports[0].protocol, "port": ask.ports[0].ports or ""}
    if len(ask.sections) == 1:
        fields["section"] = ask.sections[0]
    return state.without_filter().query(view="flows", **fields)


def _describe_closed(changes: Changes, state: State) -> list[dict[str, Any]]:
    """The rules that the last change, or the changes since a revision, made unnecessary."""
    compared = changes.shown
    if compared is None or not (state.filter == Filter() or state.filter == Filter(since=state.filter.since)):
        return []
    folds, numbers, needed = Folds(), Numbers(compared), StillNeeded(compared)
    chapters = outline_boundaries(compared.boundaries_closed, compared.before, members=MEMBERS)
    lines = islice((line for chapter in chapters for line in chapter.lines), MOST_RULES)
    return [
        {
            "line": line,
            "number": numbers.old(line.rule.id),
            "needed": needed.say(line.rule),
            "asks": outline_services(line.rule, compared.before),
            "sources_elsewhere": "" if folds.has_room(line.sources) else "changes/",
            "destinations_elsewhere": "" if folds.has_room(line.destinations) else "changes/",
        }
        for line in lines
    ]
