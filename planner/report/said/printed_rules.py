"""What the printed documents say, arranged for reading: rules with groups, what to complete first, what isn't needed.

Shared by the report and the change request. Only arrangement: every fact comes from the report. Pure.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from planner.engine.compare import AddressChange, Change, Comparison, flow_key
from planner.engine.flows import Flow
from planner.engine.life import NO_LIVES, Life, Lives
from planner.engine.report import Report
from planner.engine.rules import Boundary, Opening, Ports, Rule
from planner.engine.terms import Alternative
from planner.engine.unneeded import Why
from planner.plan.blueprint import module_state
from planner.plan.document import Endpoint
from planner.report.said.by_service import ServiceReasons, outline_services
from planner.report.said.forbidden import Breaches
from planner.report.said.life import list_differences as list_life_differences
from planner.report.said.life import say_by, say_review, say_state
from planner.report.said.numbers import Numbers
from planner.report.said.objects import Grouping, Side
from planner.report.said.outline import (
    Alternatives,
    ServiceLine,
    describe_marks,
    describe_reasons,
    describe_together,
    find_alternatives,
    group_alternatives,
    outline_flow,
)
from planner.report.said.passed import Passed
from planner.report.said.still_needed import StillNeeded
from planner.report.said.text import index_rules
from planner.report.said.there import There
from ports.matrix import section_key
from ports.text import cut, many, show_line

MOST_SERVICES = 16
"""How many services of a rule have a line of their own; more stand one after the other."""
MOST_DIFFERENCES = 6
"""How many lines a cell says of what has changed since a state was given."""
MOST_FACT = 160
"""How many letters each line of a state has; the tables of data have all of it."""
MOST_LETTERS = 700
"""How much a cell says of why: a row has to fit a page. The rest stands after the table."""
LETTERS = 44
"""How many letters of a reason fit beside its service, about."""
MOST_LINES = 30
"""How many lines services and reasons may take beside each other; of more, the reasons of a rule stand together."""
LEAST_REPEATED = 6
"""Services and reasons that take so many lines are told once, where rules have the same."""
MOST_BY = 60
"""How many letters a field to write in has of what is known already."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PrintedRule:
    """A rule, ready to be read from left to right."""

    rule: Rule
    number: str
    """Its number, with whether it is that of before or of now where it could be either."""
    sources: Side
    destinations: Side
    services: tuple[ServiceReasons, ...]
    """Its services, those that are there for the same reasons together; none when there are too many for lines."""
    many: str
    """The services as one text, when there are too many for lines of their own."""
    undecided: str
    """Which options it depends on; empty when it is needed outright."""
    forbidden: str
    """What the plan says against it, where it breaks what must stay closed; else empty."""
    needed: str
    """Of a rule to be closed as what it is still needed; else empty."""
    instead: tuple[tuple[str, str], ...]
    """The rules that would do instead: numbers and services."""
    why: str
    """Why all of them are there, when the reasons are too long to stand beside each; else empty."""
    as_in: str = ""
    """The number of the rule before it that has the same services for the same reasons, where these take many lines:
    they stand there, and here what is opened."""
    acts: tuple[tuple[str, str], ...] = ()
    """What is to be filled in by whoever acts on it: of what, and what is known already, else empty."""
    differs: tuple[tuple[str, str, str], ...] = ()
    """What of it changed: of what, before, after."""
    state: tuple[str, ...] = ()
    """What else there is to say of its state, in lines: what a firewall has of it, owner, comment, what changed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PrintedBoundary:
    """A chapter: what crosses one boundary in one direction."""

    boundary: Boundary
    anchor: str
    rules: tuple[PrintedRule, ...]
    remarks: tuple[tuple[str, str], ...]
    """What doesn't fit into a row: title and text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Blank:
    """An address that rules need and nobody has filled in."""

    endpoint: Endpoint
    rules: tuple[str, ...]


def print_boundaries(
    boundaries: Iterable[Boundary],
    report: Report,
    grouping: Grouping,
    *,
    prefix: str = "",
    lives: Lives = NO_LIVES,
    closing: StillNeeded | None = None,
    there: There | None = None,
) -> tuple[PrintedBoundary, ...]:
    """The chapters of these boundaries; their groups are collected in `grouping`. `prefix` keeps anchors apart.

    `lives` are those of the rules of the report. `closing`: the rules are there and are to be closed; what of them
    is still needed. `there`: what a firewall had of them.
    """
    chapters = []
    told: dict[tuple[ServiceReasons, ...], str] = {}
    passed, breaches = Passed(report.plan.firewalls), Breaches(report) if closing is None else None
    for boundary in boundaries:
        alike = group_alternatives(boundary)
        rules = tuple(
            _refer(
                _print_rule(
                    rule, alike, report, grouping,
                    _list_acts(rule, passed, lives.of(rule), closing=closing is not None),
                    lives, there, breaches, closing,
                ),
                told,
            )
            for rule in boundary.rules
        )  # fmt: skip
        remarks = [remark for line in rules for remark in _remarks(line)]
        chapters.append(
            PrintedBoundary(boundary=boundary, anchor=f"{prefix}{boundary.code}", rules=rules, remarks=tuple(remarks))
        )
    return tuple(chapters)


def _print_rule(
    rule: Rule,
    alike: Alternatives,
    report: Report,
    grouping: Grouping,
    acts: tuple[tuple[str, str], ...],
    lives: Lives,
    there: There | None,
    breaches: Breaches | None,
    needed: StillNeeded | None,
) -> PrintedRule:
    many = len(rule.services) > MOST_SERVICES
    services = () if many else outline_services(rule, report)
    fits = not many and sum(map(_count_lines, services)) <= MOST_LINES
    return PrintedRule(
        rule=rule,
        number=rule.id,
        sources=grouping.side(rule.id, "sources", rule.sources),
        destinations=grouping.side(rule.id, "destinations", rule.destinations),
        services=services,
        many=_shorten(join_ports(rule.services), "services", rule) if many else "",
        undecided=describe_marks(rule.any_of, report.matrix),
        forbidden=breaches.say_rule(rule) if breaches else "",
        needed=needed.say(rule) if needed is not None else "",
        instead=tuple(
            (other.id, join_ports(other.services).replace(" ", "\xa0", 1)) for other in find_alternatives(rule, alike)
        ),
        why="" if fits else _shorten(show_line(describe_reasons(rule.reasons)), "why", rule),
        acts=acts,
        state=((f"{there.title}: {there.say(rule)}",) if there else ()) + _print_state(rule, lives),
    )


def _refer(line: PrintedRule, told: dict[tuple[ServiceReasons, ...], str]) -> PrintedRule:
    """The rule, with a reference where another one before it, of those that were `told`, says the same at length."""
    if line.why or sum(map(_count_lines, line.services)) < LEAST_REPEATED:
        return line
    first = told.setdefault(line.services, line.rule.id)
    return line if first == line.rule.id else replace(line, as_in=first)


def _count_lines(one: ServiceReasons) -> int:
    return max(
        sum(1 + len(f"{line.ports} {line.names} {line.changed_from}") // (LETTERS // 2) for line in one.services),
        1 + len(show_line(describe_together(one.reasons))) // LETTERS,
    )


def _list_acts(rule: Rule, passed: Passed, life: Life | None, *, closing: bool) -> tuple[tuple[str, str], ...]:
    """What whoever opens or closes a rule fills in, with what the plan and the life of the rule know already."""
    given = life.given if life else None
    stands = given.state if given and not closing else ""
    acts = (
        ("Firewall", passed.say(rule)),
        ("Ticket", ", ".join(life.tickets) if life else ""),
        ("Status", say_state(life) if life else ""),
        (
            "Closed by, on" if closing else "Implemented by, on",
            say_by(given) if given and stands == "implemented" else "",
        ),
        ("Checked by, on" if closing else "Verified by, on", say_by(given) if given and stands == "verified" else ""),
        ("Review", say_review(life) if life else ""),
    )
    return tuple((what, cut(show_line(known), MOST_BY)) for what, known in acts)


def _print_state(rule: Rule, lives: Lives) -> tuple[str, ...]:
    life = lives.of(rule)
    if life is None:
        return ()
    facts = (
        f"Owner: {life.given.owner}" if life.given.owner else "",
        life.given.comment,
        *list_life_differences(life, MOST_DIFFERENCES),
    )
    return tuple(cut(show_line(fact), MOST_FACT) for fact in facts if fact)


def _shorten(text: str, what: str, rule: Rule) -> str:
    if len(text) <= MOST_LETTERS:
        return text
    return f"{text[:MOST_LETTERS].rstrip()} … All of it stands after this table: {rule.id}, {what}."


def _remarks(line: PrintedRule) -> Iterable[tuple[str, str]]:
    """What a row has no room for: the services of a rule, and why they are there."""
    rule = line.rule
    texts = (
        ("services", join_ports(rule.services) if line.many else ""),
        ("why", show_line(describe_reasons(rule.reasons)) if line.why else ""),
    )
    for what, text in texts:
        if len(text) > MOST_LETTERS:
            yield f"{rule.id}, {what}:", text


def join_ports(services: Iterable[Ports]) -> str:
    """tcp 80, 443; udp 53: the ports of each protocol together."""
    by_protocol: dict[str, list[str]] = defaultdict(list)
    for ports in services:
        by_protocol[ports.protocol].append(ports.ports or "")
    return "; ".join(f"{protocol} {', '.join(ports)}".strip() for protocol, ports in by_protocol.items())


def find_blanks(rules: Iterable[Rule]) -> tuple[Blank, ...]:
    """The endpoints of these rules that have no address, with the rules that wait for it."""
    waiting: dict[str, list[str]] = defaultdict(list)
    endpoints = {}
    for rule in rules:
        for endpoint in {end.name: end for end in (*rule.sources, *rule.destinations)}.values():
            if not endpoint.addresses:
                endpoints[endpoint.name] = endpoint
                waiting[endpoint.name].append(rule.id)
    return tuple(Blank(endpoint=endpoints[name], rules=tuple(ids)) for name, ids in waiting.items())


@dataclass(frozen=True, slots=True, kw_only=True)
class NotNeeded:
    """A section of the vendor's document, and what of it the plan doesn't need for which reason."""

    number: str
    title: str
    reasons: tuple[tuple[str, str], ...]
    """Why, and what."""


UNNEEDED: tuple[tuple[Why, str, str], ...] = (
    ("missing", "Missing", "Something in the plan leads nowhere for want of the other side; the findings say what."),
    ("withheld", "Withheld", "Practice would open these; the plan doesn’t follow it, or hasn’t decided."),
    ("unused", "Not used here", "Nothing in the plan has to do with these, and nothing is missing."),
)
"""The three lists of what leads to no flow: kind, title, and what it says."""


def outline_unneeded(report: Report, kind: Why) -> tuple[NotNeeded, ...]:
    """What of the vendor's document leads to no flow, for this kind of reason, by section."""
    found: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for part in report.unneeded:
        if part.kind != kind:
            continue
        found[part.section][part.why] += [
            f"{requirement.topic}: {requirement.name}" if requirement.topic else requirement.name
            for requirement in part.requirements
        ]
    titles = {section.number: section.title for section in report.matrix.sections}
    return tuple(
        NotNeeded(
            number=number,
            title=titles.get(number, ""),
            reasons=tuple((why, _join_topics(names)) for why, names in found[number].items()),
        )
        for number in sorted(found, key=section_key)
    )


def _join_topics(names: Sequence[str]) -> str:
    """ "Account discovery: Cisco IOS, Oracle": each topic once."""
    topics: dict[str, list[str]] = defaultdict(list)
    for name in dict.fromkeys(names):
        topic, colon, rest = name.partition(": ")
        topics[topic if colon else ""].append(rest if colon else name)
    texts = [f"{topic}: {', '.join(parts)}" if topic else "; ".join(parts) for topic, parts in topics.items()]
    return " ".join(f"{text.rstrip('.')}." for text in texts)


def list_absent_modules(report: Report) -> tuple[str, ...]:
    """The titles of the modules that are not in the plan."""
    return tuple(state.question.title for state in module_state(report.matrix, report.plan) if not state.on)


def outline_local(report: Report) -> tuple[tuple[Endpoint, str], ...]:
    """What stays on one host: the host, and the services."""
    return tuple(
        (
            local.endpoint,
            join_ports(dict.fromkeys(Ports(flow.need.protocol, flow.need.ports) for flow in local.flows)),
        )
        for local in report.local
    )


# ---- changes ----


def print_changed(comparison: Comparison, grouping: Grouping, lives: Lives = NO_LIVES) -> tuple[PrintedBoundary, ...]:
    """The rules that stay where they are and say otherwise, each with what differs."""
    differences = list_differences(comparison)
    chapters = print_boundaries(
        comparison.boundaries_changed, comparison.after, grouping, prefix="changed-", lives=lives
    )
    return _alter(chapters, lambda line: replace(line, differs=differences.get(line.rule.id, ())))


def print_numbers(chapters: Iterable[PrintedBoundary], say: Callable[[str], str]) -> tuple[PrintedBoundary, ...]:
    """The same chapters with the numbers of their rules as a change request says them."""
    return _alter(chapters, lambda line: replace(line, number=say(line.number)))


def _alter(
    chapters: Iterable[PrintedBoundary], alter: Callable[[PrintedRule], PrintedRule]
) -> tuple[PrintedBoundary, ...]:
    return tuple(replace(chapter, rules=tuple(map(alter, chapter.rules))) for chapter in chapters)


def list_differences(comparison: Comparison) -> dict[str, tuple[tuple[str, str, str], ...]]:
    """Number of each changed rule -> what differs: of what, before, after; the number by which it was known, too."""
    changes: dict[Opening, Change] = {flow_key(change.after): change for change in comparison.changed}
    numbers, names = index_rules(comparison.before), Numbers(comparison)
    return {rule.id: _differences(rule, changes, numbers, names, comparison) for rule in comparison.rules_changed}


def _differences(
    rule: Rule,
    changes: Mapping[Opening, Change],
    numbers: Mapping[tuple[str, str, Ports], str],
    names: Numbers,
    comparison: Comparison,
) -> tuple[tuple[str, str, str], ...]:
    """What differs, by service where the services of the rule differ in it."""
    found: dict[tuple[tuple[str, str, str], ...], set[Ports]] = defaultdict(set)
    number = rule.id.partition("/")[0]
    openings: dict[Ports, list[Opening]] = defaultdict(list)
    for opening in rule.openings():
        if opening in changes:
            openings[Ports(*opening[2:])].append(opening)
    for ports in rule.services:
        keys = openings[ports]
        before, after = [changes[key].before for key in keys], [changes[key].after for key in keys]
        known = dict.fromkeys(numbers[key[0], key[1], ports] for key in keys if (key[0], key[1], ports) in numbers)
        was, now = (number, number) if [*known] == [number] else (", ".join(map(names.old, known)), names.new(number))
        facts = (
            ("Number", was, now),
            ("Sections", _say_sections(before), _say_sections(after)),
            ("Services", _say_services(before, comparison.before), _say_services(after, comparison.after)),
            ("Decided", _say_marks(before, comparison.before), _say_marks(after, comparison.after)),
        )
        found[tuple(fact for fact in facts if fact[1] != fact[2])].add(ports)
    if len(found) == 1:
        return next(iter(found))
    return tuple(
        (f"{join_ports(sorted(services, key=lambda ports: ports.order))}: {what}", was, now)
        for facts, services in found.items()
        for what, was, now in facts
    )


def _say_sections(flows: Iterable[Flow]) -> str:
    numbers = {number for flow in flows for number in flow.need.sections}
    return ", ".join(sorted(numbers, key=section_key)) or "none"


def _say_services(flows: Iterable[Flow], report: Report) -> str:
    slugs = sorted({slug for flow in flows for slug in flow.need.services})
    return ", ".join(report.matrix.services[slug].name for slug in slugs) or "none of the vendor's"


def _say_marks(flows: Iterable[Flow], report: Report) -> str:
    marks: dict[tuple[Alternative, ...], None] = dict.fromkeys(flow.need.any_of for flow in flows)
    return " / ".join(f"only with {describe_marks(mark, report.matrix)}" if mark else "yes" for mark in marks)


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalChange:
    """A connection that crosses no boundary and comes or goes: only the hosts' own firewalls see it."""

    action: str
    flow: Flow
    service: ServiceLine
    why: str


def find_moved(comparison: Comparison) -> Mapping[str, AddressChange]:
    """By name the endpoints whose addresses have changed."""
    return {change.endpoint.name: change for change in comparison.addresses}


def list_moved_ends(moved: Mapping[str, AddressChange], rule: Rule) -> tuple[tuple[str, str, str], ...]:
    """Of the endpoints of a rule those whose addresses have changed: what it is, the old ones and the new ones."""
    ends = dict.fromkeys(end.name for end in (*rule.sources, *rule.destinations) if end.name in moved)
    return tuple((f"Address of {name}", *_say_addresses(moved[name])) for name in ends)


def _say_addresses(change: AddressChange) -> tuple[str, str]:
    return ", ".join(change.before) or "none", ", ".join(change.endpoint.addresses) or "none"


def list_rules_of(comparison: Comparison) -> dict[str, list[str]]:
    """By name of an endpoint whose addresses have changed: the numbers of the rules now that name it."""
    found: dict[str, list[str]] = {change.endpoint.name: [] for change in comparison.addresses}
    numbers = Numbers(comparison)
    for rule in comparison.after.rules if found else ():
        for name in dict.fromkeys(end.name for end in (*rule.sources, *rule.destinations)):
            if name in found:
                found[name].append(numbers.new(rule.id))
    return found


def say_within_zones(local: Sequence[LocalChange]) -> str:
    """How many connections open and close within zones: 34 connections, 20 to open and 14 to close."""
    opened = sum(item.action == "open" for item in local)
    closed = len(local) - opened
    parts = [f"{count:,} to {act}" for count, act in ((opened, "open"), (closed, "close")) if count]
    return f"{many(len(local), 'connection')}, {' and '.join(parts)}"


def list_within_zones(comparison: Comparison) -> list[LocalChange]:
    """What opens and closes within zones, for host firewalls."""
    return [
        LocalChange(
            action=action, flow=flow, service=outline_flow(flow, report), why=describe_reasons(flow.need.reasons)
        )
        for action, flows, report in (
            ("open", comparison.opened, comparison.after),
            ("close", comparison.closed, comparison.before),
        )
        for flow in flows
        if flow.scope == "same-zone"
    ]
