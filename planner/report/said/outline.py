"""What a report says, arranged for reading: chapters of rules in words, shared by the page and the PDF.

Only arrangement: every fact comes from the report.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from planner.engine.findings import Finding
from planner.engine.flows import Flow
from planner.engine.report import Report
from planner.engine.rules import Boundary, Ports, Rule, ZoneGroup
from planner.engine.terms import Alternative, Mark, marks_of, order_of
from planner.plan.document import Endpoint
from ports.matrix import Matrix, Reason, port_span, split_ports

MISSING = "address?"
"""What stands for an address that the plan lacks, on paper; the legend says what it means."""
NO_ADDRESS = "address to be filled in"


@dataclass(frozen=True, slots=True, kw_only=True)
class Members:
    """The endpoints on one side of a rule: the first few, the others, and what all have in common."""

    shown: tuple[Endpoint, ...]
    folded: tuple[Endpoint, ...] = ()
    """Those that are counted where there is no room for them, and unfold where there is."""
    common: str = ""

    @property
    def more(self) -> int:
        """How many are folded."""
        return len(self.folded)

    @property
    def total(self) -> int:
        """How many endpoints there are."""
        return len(self.shown) + self.more


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceLine:
    """One protocol and port of a rule with its names, and the default ports it was changed from."""

    ports: str
    names: str
    changed_from: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleLine:
    """A rule, ready to be read from left to right."""

    rule: Rule
    sources: Members
    destinations: Members
    services: tuple[ServiceLine, ...]
    alternatives: str
    """What would do instead: "or tcp 80", or "only with" where nothing would; empty if it is needed outright."""
    decided_by: str
    """The choices, and of each the options, that the rule depends on."""
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Chapter:
    """A boundary with its rules."""

    boundary: Boundary
    lines: tuple[RuleLine, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointLine:
    """Endpoints of one kind in a group of zones: each by itself, or many together."""

    endpoints: Members
    labels: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ZoneBlock:
    """A zone, or a group of like zones, with what is in it."""

    group: ZoneGroup
    lines: tuple[EndpointLine, ...]
    total: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingGroup:
    """Findings of one code and severity."""

    code: str
    severity: str
    findings: tuple[Finding, ...]


def outline_rules(report: Report, *, members: int) -> tuple[Chapter, ...]:
    """The chapters of a report; each side of a rule names at most `members` endpoints and counts the rest."""
    return outline_boundaries(report.boundaries, report, members=members)


def outline_boundaries(boundaries: Iterable[Boundary], report: Report, *, members: int) -> tuple[Chapter, ...]:
    """Chapters for these boundaries, whose endpoints and services are of this report."""
    chapters = []
    for boundary in boundaries:
        alike = group_alternatives(boundary)
        lines = tuple(_rule_line(rule, alike, report, members) for rule in boundary.rules)
        chapters.append(Chapter(boundary=boundary, lines=lines))
    return tuple(chapters)


Alternatives = Mapping[tuple[tuple[str, ...], tuple[str, ...]], Sequence[Rule]]
"""By names of sources and destinations: the rules between just these that depend on open choices."""


def group_alternatives(boundary: Boundary) -> Alternatives:
    """The rules of a boundary that depend on open choices, for `find_alternatives`."""
    alike: dict[tuple[tuple[str, ...], tuple[str, ...]], list[Rule]] = defaultdict(list)
    for rule in boundary.rules:
        if rule.any_of:
            alike[_ends(rule)].append(rule)
    return alike


def find_alternatives(rule: Rule, alike: Alternatives) -> Iterator[Rule]:
    """The rules between the same endpoints that another option of the same choices would need, in their order."""
    choices = {mark.choice for mark in marks_of(rule.any_of)}
    for other in alike.get(_ends(rule), ()) if choices else ():
        if other is not rule and choices & {mark.choice for mark in marks_of(other.any_of)}:
            yield other


def _ends(rule: Rule) -> tuple[tuple[str, ...], tuple[str, ...]]:
    return tuple(end.name for end in rule.sources), tuple(end.name for end in rule.destinations)


def outline_zones(report: Report, *, members: int) -> tuple[ZoneBlock, ...]:
    """The zones with their endpoints; of a kind that stands in more than `members` zones the first few are named."""
    by_zone: dict[str, list[Endpoint]] = defaultdict(list)
    for endpoint in report.plan.endpoints:
        by_zone[endpoint.zone].append(endpoint)
    blocks = []
    for group in report.zone_groups:
        endpoints = [endpoint for zone in group.zones for endpoint in by_zone[zone]]
        if len(group.zones) == 1:
            lines = [[endpoint] for endpoint in endpoints]
        else:
            alike: dict[tuple[str, ...], list[Endpoint]] = defaultdict(list)
            labels: dict[object, tuple[str, ...]] = {}
            for endpoint in endpoints:  # thousands, of few kinds
                kind = endpoint.roles, endpoint.platforms
                if kind not in labels:
                    labels[kind] = label_endpoint(endpoint, report.matrix)
                alike[labels[kind]].append(endpoint)
            lines = list(alike.values())
        blocks.append(
            ZoneBlock(
                group=group,
                lines=tuple(
                    EndpointLine(
                        endpoints=outline_members(line, report.matrix, members),
                        labels=label_endpoint(line[0], report.matrix),
                    )
                    for line in lines
                ),
                total=len(endpoints),
            )
        )
    return tuple(blocks)


def stands_among_findings(finding: Finding, matrix: Matrix) -> bool:
    """Whether a finding is about the plan; a caveat that asks no question stands in the appendix alone."""
    return finding.code != "caveat" or bool(matrix.caveats[finding.subject or ""].correction)


def outline_findings(findings: Iterable[Finding]) -> tuple[FindingGroup, ...]:
    """Findings with those of one code together, gravest first."""
    return tuple(
        FindingGroup(code=code, severity=severity, findings=tuple(group))
        for (severity, code), group in groupby(findings, key=lambda finding: (finding.severity, finding.code))
    )


def outline_members(endpoints: Sequence[Endpoint], matrix: Matrix, limit: int) -> Members:
    """At most `limit` endpoints by name; of more than that the first three, and what all have in common."""
    if len(endpoints) <= limit:
        return Members(shown=tuple(endpoints))
    first = min(3, limit)
    shown, folded = tuple(endpoints[:first]), tuple(endpoints[first:])
    return Members(shown=shown, folded=folded, common=describe_common(endpoints, matrix))


def describe_common(endpoints: Iterable[Endpoint], matrix: Matrix) -> str:
    """1,000 × site agent, 1,000 × Windows: kinds of endpoints and how many there are of each."""
    counts = Counter[str]()
    alike = Counter((endpoint.roles, endpoint.platforms) for endpoint in endpoints)
    for (roles, platforms), count in alike.items():  # few, of however many endpoints
        counts[", ".join(_label(roles, platforms, matrix)) or "no role"] += count
    kinds = [f"{count:,} × {label}" for label, count in counts.most_common(4)]
    return "; ".join(kinds) + ("; others" if len(counts) > 4 else "")


def label_endpoint(endpoint: Endpoint, matrix: Matrix) -> tuple[str, ...]:
    """Short words for what an endpoint is: its roles and the platforms that are managed on it."""
    return _label(endpoint.roles, endpoint.platforms, matrix)


def _label(roles: Collection[str], platforms: Collection[str], matrix: Matrix) -> tuple[str, ...]:
    return (
        *(role.label for slug, role in matrix.roles.items() if slug in roles),
        *(platform.name for slug, platform in matrix.platforms.items() if slug in platforms),
    )


def describe_reasons(reasons: Iterable[Reason]) -> str:
    """The reasons as one text: each topic once, with what falls under it."""
    topics: dict[str, list[str]] = defaultdict(list)
    for reason in reasons:
        topics[reason.topic].append(reason.text)
    sentences = [f"{topic}: {', '.join(texts)}" for topic, texts in topics.items() if topic]
    return " ".join(f"{text.rstrip('.')}." for text in [*topics.get("", ()), *sentences])


def describe_together(reasons: Iterable[Reason]) -> str:
    """The same reasons in fewer words, for paper: what several topics have in common is named once, after them."""
    topics: dict[str, list[str]] = defaultdict(list)
    for reason in reasons:
        topics[reason.text].append(reason.topic)
    alike: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for text, named in topics.items():
        alike[tuple(filter(None, named))].append(text)
    sentences = [text for named, texts in alike.items() if not named for text in texts]
    sentences += [f"{_join_topics(named)}: {', '.join(texts)}" for named, texts in alike.items() if named]
    return " ".join(f"{text.rstrip('.')}." for text in sentences)


def _join_topics(topics: Sequence[str]) -> str:
    """Account discovery, account validation and password reset."""
    first, *others = topics
    small = [first, *(topic[:1].lower() + topic[1:] if topic[1:2].islower() else topic for topic in others)]
    return " and ".join(filter(None, (", ".join(small[:-1]), small[-1])))


def name_services(ports: Ports, slugs: Iterable[str], report: Report) -> ServiceLine:
    """A protocol and port with the names of the services that are on it: `slugs`, of the flows that this is about.

    Which port a service has is the destination's own, so nothing but the flows can say it.
    """
    services = [report.matrix.services[slug] for slug in slugs]
    changed = [
        service.ports for service in services if service.ports and ports.ports not in split_ports(service.ports)
    ]
    return ServiceLine(
        ports=str(ports),
        names=", ".join(service.name for service in services),
        changed_from=", ".join(dict.fromkeys(changed)),
    )


def name_rule(rule: Rule, report: Report) -> tuple[ServiceLine, ...]:
    """The services of a rule of this report with their names, in their order."""
    named = zip(rule.services, rule.service_names, strict=True)
    return tuple(name_services(ports, slugs, report) for ports, slugs in named)


def describe_marks(any_of: Iterable[Alternative], matrix: Matrix) -> str:
    """Which options of which choices a flow depends on; what has to be taken together stands together."""
    parts = []
    for (_, rest), group in groupby(order_of(any_of), key=lambda marks: (marks[0].choice, marks[1:])):
        firsts = [marks[0] for marks in group]
        parts.append(" and ".join(_say_options(marks, matrix) for marks in (firsts, *((mark,) for mark in rest))))
    return "; ".join(parts)


def _say_options(marks: Sequence[Mark], matrix: Matrix) -> str:
    """Options of one choice."""
    choice = matrix.choices[marks[0].choice]
    return f"{choice.name}: {' or '.join(choice.option(mark.option).name for mark in marks)}"


def outline_flow(flow: Flow, report: Report) -> ServiceLine:
    """The service of a flow with its names."""
    return name_services(Ports(flow.need.protocol, flow.need.ports), flow.need.services, report)


def _rule_line(rule: Rule, alike: Alternatives, report: Report, members: int) -> RuleLine:
    return RuleLine(
        rule=rule,
        sources=outline_members(rule.sources, report.matrix, members),
        destinations=outline_members(rule.destinations, report.matrix, members),
        services=name_rule(rule, report),
        alternatives=_say_alternatives(rule, alike),
        decided_by=describe_marks(rule.any_of, report.matrix),
        why=describe_reasons(rule.reasons),
    )


def _say_alternatives(rule: Rule, alike: Alternatives) -> str:
    if not rule.any_of:
        return ""
    others = sorted(
        {ports for other in find_alternatives(rule, alike) for ports in other.services},
        key=lambda ports: (ports.protocol, port_span(ports.ports) if ports.ports else (0, 0)),
    )
    return f"or {' or '.join(map(str, others))}" if others else "only with"
