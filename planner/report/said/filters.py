"""The filters of a report: which rules and flows to show. One language for page, exports and command line.

Fields are joined by AND; an empty one admits everything. Pure.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from functools import cached_property
from itertools import chain
from typing import NamedTuple
from urllib.parse import urlencode

from planner.engine.compare import Comparison, flow_key
from planner.engine.flows import Flow
from planner.engine.life import NO_LIVES, STATES, Lives
from planner.engine.report import Report
from planner.engine.rules import Boundary, Opening, Ports, Rule
from planner.engine.terms import Alternative
from planner.plan.document import Endpoint
from planner.report.said.addresses import SoughtAddress
from ports.matrix import PROTOCOLS, Reason, port_span, read_ports
from ports.text import INT_32, many, name_key, read_number, short

MOST_ZONES = 3
"""How many zones a sentence names within which something stands."""
MOST_NAMED = 40
"""How many of the values that can be chosen a sentence names."""
DECIDED = {"decided": "Decided", "open": "Open"}
IN_STATE = {"none": "No state", **STATES, "changed": "Changed since", "due": "Review due"}
"""The states of rules that a filter can ask for; a rule that has changed since it had one is in that no more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """What to show of a report."""

    text: str = ""
    """A part of a name, address, zone, service, port or reason; case is ignored. An address or network finds whoever
    has it, also within a network, and a port the ranges that it is in."""
    source: str = ""
    """The code of a group of zones on the side that opens the connection, or the name of one of its zones."""
    destination: str = ""
    zone: str = ""
    """The same on either side."""
    endpoint: str = ""
    """The name of an endpoint on either side; if no endpoint is called so, a part of names."""
    source_endpoint: str = ""
    destination_endpoint: str = ""
    """Names of endpoints on one side, in full."""
    role: str = ""
    """The slug of a role that an endpoint on either side has."""
    firewall: str = ""
    """The name of a firewall of the plan that the connection passes."""
    rule: str = ""
    """The number of a rule, in full."""
    section: str = ""
    """The number of a section that is cited."""
    protocol: str = ""
    port: str = ""
    """A port or range that overlaps the destination ports."""
    decided: str = ""
    """A key of DECIDED: needed outright, or dependent on an open choice."""
    since: str = ""
    """What has been opened or changed since: the number of a revision, or on the command line a plan file."""
    state: str = ""
    """A key of IN_STATE: of stored plans alone, as plan files have no states."""

    def __bool__(self) -> bool:
        return any(getattr(self, name) for name in FIELD_NAMES)

    def query(self) -> str:
        """The filter as a query string, without what is empty."""
        return urlencode(self.pairs())

    def pairs(self) -> list[tuple[str, str]]:
        """The fields that are set, in their order."""
        return [(name, value) for name in FIELD_NAMES if (value := getattr(self, name))]


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """The filter that an export was made with, and how much it let through."""

    fields: tuple[tuple[str, str], ...]
    """Names and values, for readers: ("Port", "443")."""
    rules: int
    all_rules: int
    elsewhere: str = ""
    """Where no rule was let through: where else what is sought stands."""

    @property
    def sentence(self) -> str:
        """Port: 443; 3 of 27 rules."""
        said = (*(f"{name}: {value}" for name, value in self.fields), self.count, self.elsewhere)
        return "; ".join(filter(None, said))

    @property
    def count(self) -> str:
        """3 of 27 rules."""
        return f"{self.rules:,} of {many(self.all_rules, 'rule')}"


FIELD_NAMES = tuple(field.name for field in fields(Filter))
FILE_FIELD_NAMES = tuple(name for name in FIELD_NAMES if name != "state")
"""Those of a report of a plan file."""


def read_filter(
    values: Iterable[tuple[str, str]], report: Report, *, listed: bool = True
) -> tuple[Filter, dict[str, str]]:
    """A filter from the pairs of a query string; pairs of other names are passed over.

    Returns it with a sentence for each field whose value can't be; such a field is shown as it was given and filters
    everything out, so that nothing wrong looks like an answer. `listed`: whether the reader has a list to choose from;
    if not, the sentence names what can be, as it does of rules, which are too many for a list.
    """
    chosen = Filter(**{name: value.strip()[:255] for name, value in values if name in FIELD_NAMES})
    faults = {}
    for name, allowed in _known(report).items():
        value = getattr(chosen, name)
        if value and value not in allowed:
            choose = "choose from the list" if listed and name != "rule" else _say_allowed(allowed)
            faults[name] = f"“{value[:40]}” is not in this report; {choose}."
    if chosen.port and _span(chosen.port) is None:
        faults["port"] = f"“{chosen.port[:40]}” is neither a port (1 to 65535) nor a range such as 49152-65535."
    if chosen.since and read_number(chosen.since, most=INT_32) is None:
        faults["since"] = f"“{chosen.since[:40]}” is not the number of a revision."
    return chosen, faults


def _say_allowed(values: frozenset[str]) -> str:
    if not values:
        return "it has none"
    ordered = sorted(values, key=lambda value: (not value.isdigit(), int(value) if value.isdigit() else 0, value))
    more = len(ordered) - MOST_NAMED
    return f"it has {', '.join(ordered[:MOST_NAMED])}" + (f" and {more:,} more" if more > 0 else "")


def _known(report: Report) -> Mapping[str, frozenset[str]]:
    places = frozenset(name for group in report.zone_groups for name in (group.code, *group.zones))
    return {
        "source": places,
        "destination": places,
        "zone": places,
        "role": frozenset(report.matrix.roles),
        "firewall": frozenset(firewall.name for firewall in report.plan.firewalls),
        "rule": frozenset(rule.id for rule in report.rules),
        "section": frozenset(section.number for section in report.matrix.sections),
        "protocol": frozenset(PROTOCOLS),
        "decided": frozenset(DECIDED),
        "state": frozenset(IN_STATE),
    }


def describe_filter(chosen: Filter, report: Report) -> tuple[tuple[str, str], ...]:
    """The fields that are set as names and values for readers: ("From", "Internal"), ("Port", "443")."""
    groups = {group.code: group.label for group in report.zone_groups}
    roles = {slug: role.name for slug, role in report.matrix.roles.items()}
    words: dict[str, Mapping[str, str]] = {
        "source": groups, "destination": groups, "zone": groups, "role": roles, "decided": DECIDED,
        "state": IN_STATE,
    }  # fmt: skip
    since = {"since": {chosen.since: f"revision {chosen.since}"}} if chosen.since.isdigit() else {}
    words |= since
    found = SoughtAddress(chosen.text, report).say()
    if found:
        words["text"] = {chosen.text: f"{chosen.text} ({found})"}
    return tuple((LABELS[name], words.get(name, {}).get(value, value)) for name, value in chosen.pairs())


LABELS = {
    "text": "Search",
    "source": "From",
    "destination": "To",
    "zone": "Zone",
    "endpoint": "Endpoint",
    "source_endpoint": "Source",
    "destination_endpoint": "Destination",
    "role": "Role",
    "firewall": "Firewall",
    "rule": "Rule",
    "section": "Section",
    "protocol": "Protocol",
    "port": "Port",
    "decided": "Decided",
    "since": "Changed since",
    "state": "State",
}


def filter_boundaries(
    report: Report, chosen: Filter, comparison: Comparison | None = None, lives: Lives = NO_LIVES
) -> tuple[tuple[Boundary, tuple[Rule, ...]], ...]:
    """The boundaries and those of their rules that the filter admits; boundaries without any are left out.

    `comparison` is with the revision of `since`; without it that field admits nothing. `lives` are those of the rules.
    """
    ready = _ReadyFilter(report, chosen, comparison, lives)
    result = []
    for boundary in report.boundaries:
        if not ready.wants_zones(boundary.source.code, boundary.destination.code):
            continue
        rules = tuple(rule for rule in boundary.rules if ready.wants_rule(rule))
        if rules:
            result.append((boundary, rules))
    return tuple(result)


def filter_flows(
    report: Report, chosen: Filter, comparison: Comparison | None = None, lives: Lives = NO_LIVES
) -> tuple[Flow, ...]:
    """The flows that the filter admits, in the report's order. `comparison` and `lives` as for `filter_boundaries`.

    A flow has the state of its rule; one that no rule stands for has none, and no filter of states admits it.
    """
    if not chosen:
        return report.flows
    ready = _ReadyFilter(report, chosen, comparison, lives)
    return tuple(flow for flow in report.flows if ready.wants_flow(flow))


def narrow_report(
    report: Report, chosen: Filter, comparison: Comparison | None = None, lives: Lives = NO_LIVES
) -> Report:
    """A report with the rules and flows that the filter admits, which knows the whole one, and all else as it is."""
    if not chosen:
        return report
    boundaries = tuple(
        replace(boundary, rules=rules) for boundary, rules in filter_boundaries(report, chosen, comparison, lives)
    )
    flows = filter_flows(report, chosen, comparison, lives)
    return replace(report, flows=flows, boundaries=boundaries, whole=report.whole or report)


def select(
    report: Report, chosen: Filter, comparison: Comparison | None = None, lives: Lives = NO_LIVES
) -> tuple[Report, Selection | None]:
    """`narrow_report`, with what the export says about it; None for the whole report."""
    if not chosen:
        return report, None
    part = narrow_report(report, chosen, comparison, lives)
    fields = describe_filter(chosen, report)
    elsewhere = "" if part.rules else say_elsewhere(part)
    return part, Selection(fields=fields, rules=len(part.rules), all_rules=len(report.rules), elsewhere=elsewhere)


def say_elsewhere(part: Report) -> str:
    """Where the flows of a part of a report stand that has no rules: within which zones, and on single hosts.

    Empty where it has none either. Zones with most flows come first.
    """
    counts = Counter(flow.source.zone if flow.scope == "same-zone" else "" for flow in part.flows)
    local = counts.pop("", 0)
    zones = counts.most_common()
    said = [f"{many(count, 'flow')} inside {short(zone)}" for zone, count in zones[:MOST_ZONES]]
    if len(zones) > MOST_ZONES:
        said.append(f"{many(sum(count for _, count in zones[MOST_ZONES:]), 'flow')} inside other zones")
    if local:
        said.append(f"{many(local, 'flow')} within one host")
    return f"nothing between zones; {', '.join(said)}" if said else ""


class _Facts(NamedTuple):
    """What of a rule or a flow the fields of a filter are compared with."""

    sources: tuple[Endpoint, ...]
    destinations: tuple[Endpoint, ...]
    services: tuple[Ports, ...]
    names: tuple[str, ...]
    sections: tuple[str, ...]
    marks: tuple[Alternative, ...]
    reasons: tuple[Reason, ...]


class _ReadyFilter:
    """A filter made ready for many rules and flows: names are looked up once."""

    def __init__(self, report: Report, chosen: Filter, comparison: Comparison | None, lives: Lives) -> None:
        self.report = report
        self.filter = chosen
        self.comparison = comparison
        self.lives = lives
        self.words = chosen.text.casefold()
        self._services = frozenset(
            slug for slug, one in report.matrix.services.items() if self.words in one.name.casefold()
        )
        self.sought = SoughtAddress(chosen.text, report)
        self.sought_span = _span(chosen.text) if chosen.text else None
        self.span = _span(chosen.port) if chosen.port else None
        self.codes = {zone: group.code for group in report.zone_groups for zone in group.zones}
        self._all_codes = frozenset(self.codes.values())
        self.named = self._find_named(chosen.endpoint)
        self.firewall = next((one for one in report.plan.firewalls if one.name == chosen.firewall), None)
        self._known: dict[str, bool] = {}

    def _find_named(self, wanted: str) -> frozenset[str]:
        endpoints = self.report.plan.endpoints
        key = name_key(wanted)
        exact = frozenset(endpoint.name for endpoint in endpoints if wanted and name_key(endpoint.name) == key)
        return exact or frozenset(endpoint.name for endpoint in endpoints if wanted and key in name_key(endpoint.name))

    @cached_property
    def opened_since(self) -> frozenset[Opening]:
        """What was opened or changed since the revision of the filter, or has other addresses at an end."""
        return self.comparison.differing if self.comparison else frozenset()

    @cached_property
    def opened_by_rule(self) -> frozenset[Opening]:
        """The flows of the rule of the filter."""
        wanted = (rule for rule in self.report.rules if rule.id == self.filter.rule)
        return frozenset(opening for rule in wanted for opening in rule.openings())

    @cached_property
    def opened_in_state(self) -> frozenset[Opening]:
        """The flows of all rules that are in the state of the filter."""
        return frozenset(
            opening for rule in self.report.rules if self._is_in_state(rule) for opening in rule.openings()
        )

    def _is_in_state(self, rule: Rule) -> bool:
        wanted, life = self.filter.state, self.lives.of(rule)
        if life is None:
            return wanted == "none"
        return life.is_due if wanted == "due" else wanted == ("changed" if life.changed else life.given.state)

    def wants_zones(self, source: str, destination: str) -> bool:
        """Whether the filter wants flows between these two groups of zones, given by their codes."""
        chosen = self.filter
        return (
            self._code_of(chosen.source) in ("", source)
            and self._code_of(chosen.destination) in ("", destination)
            and self._code_of(chosen.zone) in ("", source, destination)
        )

    def _code_of(self, place: str) -> str:
        """The code of the group that a place is, or is in: a code, or else the name of a zone."""
        return place if place in self._all_codes else self.codes.get(place, place)

    def _is_in_place(self, place: str, endpoints: Iterable[Endpoint]) -> bool:
        """Whether one of the endpoints stands in the zone, where a place is one and no whole group."""
        return not place or place in self._all_codes or any(end.zone == place for end in endpoints)

    def wants_rule(self, rule: Rule) -> bool:
        """Whether the filter wants something that a rule stands for. Its zones are left to `wants_zones`."""
        if self.filter.rule and self.filter.rule != rule.id:
            return False
        if self.filter.since and self.opened_since.isdisjoint(rule.openings()):
            return False
        if self.filter.state and not self._is_in_state(rule):
            return False
        return self._lets_through(
            _Facts(
                rule.sources,
                rule.destinations,
                rule.services,
                (rule.id, *chain.from_iterable(rule.service_names)),
                rule.sections,
                rule.any_of,
                rule.reasons,
            )
        )

    def wants_flow(self, flow: Flow) -> bool:
        """Whether the filter wants a flow."""
        need = flow.need
        if self.filter.rule and flow_key(flow) not in self.opened_by_rule:
            return False
        if self.filter.since and flow_key(flow) not in self.opened_since:
            return False
        if self.filter.state and flow_key(flow) not in self.opened_in_state:
            return False
        if not self.wants_zones(self.codes[flow.source.zone], self.codes[flow.destination.zone]):
            return False
        return self._lets_through(
            _Facts(
                (flow.source,),
                (flow.destination,),
                (Ports(need.protocol, need.ports),),
                need.services,
                need.sections,
                need.any_of,
                need.reasons,
            )
        )

    def _lets_through(self, facts: _Facts) -> bool:
        chosen = self.filter
        return (
            (not chosen.protocol or any(ports.protocol == chosen.protocol for ports in facts.services))
            and (not chosen.port or any(_overlaps(ports, self.span) for ports in facts.services))
            and (not chosen.section or chosen.section in facts.sections)
            and (not chosen.decided or ((chosen.decided == "open") == bool(facts.marks) and chosen.decided in DECIDED))
            and self._is_in_place(chosen.source, facts.sources)
            and self._is_in_place(chosen.destination, facts.destinations)
            and self._is_in_place(chosen.zone, (*facts.sources, *facts.destinations))
            and (not chosen.source_endpoint or _is_one(chosen.source_endpoint, facts.sources))
            and (not chosen.destination_endpoint or _is_one(chosen.destination_endpoint, facts.destinations))
            and (not chosen.endpoint or any(end.name in self.named for end in (*facts.sources, *facts.destinations)))
            and (not chosen.role or any(self._has_role(end) for end in (*facts.sources, *facts.destinations)))
            and (not chosen.firewall or self._passes(facts))
            and (not self.words or self._mentions(facts))
        )

    def _passes(self, facts: _Facts) -> bool:
        """Whether a connection from one of the sources to one of the destinations passes the firewall."""
        sides = self.firewall.zones if self.firewall else {}
        here, there = (
            {sides[end.zone] for end in ends if end.zone in sides} for ends in (facts.sources, facts.destinations)
        )
        return any(one != other for one in here for other in there)

    def _has_role(self, endpoint: Endpoint) -> bool:
        return not self.report.matrix.holders.get(self.filter.role, frozenset()).isdisjoint(endpoint.roles)

    def _mentions(self, facts: _Facts) -> bool:
        words = self.words
        return (
            any(words in word.casefold() for word in (*map(str, facts.services), *facts.names))
            or not self._services.isdisjoint(facts.names)
            or any(_overlaps(ports, self.sought_span) for ports in facts.services)
            or any(words in str(reason).casefold() for reason in facts.reasons)
            or any(map(self._is_mentioned, (*facts.sources, *facts.destinations)))
        )

    def _is_mentioned(self, endpoint: Endpoint) -> bool:
        """Whether the words are in a name or address of an endpoint, or the address is its; looked up once for all."""
        if endpoint.name not in self._known:
            texts = (endpoint.name, endpoint.zone, *endpoint.addresses)
            known = any(self.words in text.casefold() for text in texts) or self.sought.is_of(endpoint)
            self._known[endpoint.name] = known
        return self._known[endpoint.name]


def _overlaps(ports: Ports, span: tuple[int, int] | None) -> bool:
    if span is None or ports.ports is None:
        return False
    first, last = port_span(ports.ports)
    return first <= span[1] and span[0] <= last


def _is_one(name: str, endpoints: Iterable[Endpoint]) -> bool:
    return any(endpoint.name == name for endpoint in endpoints)


def _span(text: str) -> tuple[int, int] | None:
    try:
        return port_span(read_ports(text))
    except ValueError:
        return None
