"""Words and characters that the table formats (CSV, spreadsheet, Markdown) share.

What a person typed is shown as text wherever it lands: a name can't become a formula, hide what stands next to it, or
break the file it is in. The JSON report alone keeps every character as it was typed.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import chain, product
from typing import NamedTuple

from planner.engine.compare import Comparison
from planner.engine.flows import Flow, Scope
from planner.engine.report import Report
from planner.engine.rules import Ports, Rule
from planner.plan import limits
from planner.plan.document import Endpoint
from planner.report.errors import NotExpressible
from planner.report.said.amended import say_amended
from planner.report.said.any_address import say_any
from planner.report.said.numbers import Numbers
from planner.report.said.outline import NO_ADDRESS
from planner.report.said.still_needed import STAYS_OPEN, StillNeeded
from ports.matrix import SEVERITIES, Reason
from ports.text import many, plural, several, show_line

LEGEND = (
    "Ports are destination ports; the source opens the connection; a stateful firewall admits the replies.",
    "Rules cover exactly the flows between zones: every source may reach every destination on every service.",
    "Flows within a zone and flows on one host cross no boundary between zones and are not in the rules.",
    "What is marked as undecided is needed if one of the options named there is chosen.",
    f"“{NO_ADDRESS}” is a blank to complete before the rule can be made; it never means any address.",
    "Sections are those of the vendor's document; what has none is an addition of this plan.",
)
"""How to read a report, one sentence or two each."""

SCOPES: dict[Scope, str] = {"cross-zone": "between zones", "same-zone": "within a zone", "same-host": "on one host"}
"""The scopes of flows in words, those that need rules first."""


def list_addresses(endpoint: Endpoint) -> tuple[str, ...]:
    """The addresses of an endpoint, or the words that say they are missing: never empty, never `any` unless it is."""
    return endpoint.addresses or (NO_ADDRESS,)


def check_addresses(label: str, sides: Iterable[Iterable[Endpoint]]) -> None:
    """Raise NotExpressible when the addresses of endpoints are too much to be written wherever one of them stands.

    `sides`: the endpoints of each place. An endpoint can have thousands of addresses, and stand in thousands of flows.
    """
    lengths: dict[str, int] = {}
    found = 0
    for endpoint in chain.from_iterable(sides):
        if endpoint.name not in lengths:
            lengths[endpoint.name] = sum(map(len, endpoint.addresses)) + 2 * len(endpoint.addresses)
        found += lengths[endpoint.name]
    if found > limits.WRITTEN:
        raise NotExpressible(label, limits.say_written(found))


def list_flow_ends(flows: Iterable[Flow]) -> Iterator[tuple[Endpoint, ...]]:
    """Where a file that lists these flows names endpoints, for `check_addresses`."""
    return ((flow.source, flow.destination) for flow in flows)


def list_rule_sides(rules: Iterable[Rule]) -> Iterator[tuple[Endpoint, ...]]:
    """The same of a file that lists these rules."""
    return (side for rule in rules for side in (rule.sources, rule.destinations))


def list_changed_flows(comparison: Comparison) -> Iterator[Flow]:
    """What a change request says of flows: those that open and close, and those that changed as they are now."""
    return chain(comparison.opened, comparison.closed, (change.after for change in comparison.changed))


def list_changed_rules(comparison: Comparison) -> list[Rule]:
    """What a change request says of rules: those that open and close, for flows or addresses, and those changed."""
    return [
        *comparison.rules_opened,
        *comparison.rules_addressed,
        *comparison.rules_closed,
        *comparison.rules_unaddressed,
        *comparison.rules_changed,
    ]


def list_named(comparison: Comparison) -> list[Endpoint]:
    """The endpoints that a change request names, by name: as they are now, or as they were where they are gone."""
    rules = list_changed_rules(comparison)
    sides = chain(list_flow_ends(list_changed_flows(comparison)), list_rule_sides(rules))
    names = {endpoint.name for side in sides for endpoint in side}
    names |= {change.endpoint.name for change in comparison.addresses}
    known = {end.name: end for report in (comparison.before, comparison.after) for end in report.plan.endpoints}
    return [known[name] for name in sorted(names)]


def list_reasons(reasons: Iterable[Reason]) -> list[str]:
    """The reasons as one line each, those of one topic together: "Account discovery: Windows, Linux and macOS"."""
    single: list[str] = []
    topics: dict[str, list[str]] = defaultdict(list)
    for reason in reasons:
        (topics[reason.topic] if reason.topic else single).append(show_line(reason.text))
    return single + [f"{topic}: {', '.join(texts)}" for topic, texts in topics.items()]


def index_rules(report: Report) -> Mapping[tuple[str, str, Ports], str]:
    """Source name, destination name and service of every cross-zone flow -> the number of its rule."""
    return {
        (source.name, destination.name, ports): rule.id
        for rule in report.rules
        for source, destination, ports in product(rule.sources, rule.destinations, rule.services)
    }


def count_contents(report: Report) -> list[tuple[str, int]]:
    """What is in the report and how much of it, in the order of reading."""
    scopes = Counter(flow.scope for flow in report.flows)
    severities = Counter(finding.severity for finding in report.findings)
    return [
        ("Zones", len(report.plan.zones)),
        ("Endpoints", len(report.plan.endpoints)),
        ("Firewall rules", len(report.rules)),
        *((f"Flows {words}", scopes[scope]) for scope, words in SCOPES.items()),
        ("Open decisions", len(report.decisions) + len(report.questions)),
        *((f"Findings: {severity}", severities[severity]) for severity in SEVERITIES),
    ]


def count_changes(comparison: Comparison) -> tuple[tuple[str, int], ...]:
    """What differs and how much of it, in the order of reading."""
    addressed, unaddressed = len(comparison.rules_addressed), len(comparison.rules_unaddressed)
    return (
        ("Rules to open", len(comparison.rules_opened)),
        *(((ADDRESSED_TITLE, addressed),) if addressed else ()),
        ("Rules to close", len(comparison.rules_closed)),
        *(((UNADDRESSED_TITLE, unaddressed),) if unaddressed else ()),
        ("Rules changed", len(comparison.rules_changed)),
        ("Addresses changed", len(comparison.addresses)),
        ("Renamed", len(comparison.renamed) + len(comparison.renumbered)),
        ("Flows opened", len(comparison.opened)),
        ("Flows closed", len(comparison.closed)),
        ("Flows changed", len(comparison.changed)),
        ("Flows unchanged", comparison.unchanged),
    )


_SINGLE = {"Rules": "rule", "Flows": "flow", "Addresses": "address"}


def word_changes(comparison: Comparison) -> list[tuple[str, int]]:
    """The same with words that are read beside the number: rules to open, or of one: rule to open."""
    counted = []
    for what, count in count_changes(comparison):
        first, _, rest = what.partition(" ")
        counted.append((f"{_SINGLE[first]} {rest}" if count == 1 and first in _SINGLE else what.lower(), count))
    return counted


def say_changes(comparison: Comparison) -> list[str]:
    """What differs of rules and addresses, in words: "2 rules to open", "1 address changed"; empty for nothing.

    Of rules that stay it says that they get larger or smaller.
    """
    grown, shrunk = comparison.grown, comparison.shrunk
    words = (
        (_leave_out(comparison.rules_opened, grown), "rule to open", "rules to open"),
        (grown, "rule gets larger", "rules get larger"),
        (comparison.rules_addressed, f"rule {_BY_ADDRESS}", f"rules {_BY_ADDRESS}"),
        (_leave_out(comparison.rules_closed, shrunk), "rule to close", "rules to close"),
        (comparison.rules_unaddressed, f"rule {_CLOSE_BY_ADDRESS}", f"rules {_CLOSE_BY_ADDRESS}"),
        (shrunk, "rule gets smaller", "rules get smaller"),
        (comparison.rules_changed, "rule changed", "rules changed"),
        (comparison.addresses, "address changed", "addresses changed"),
    )
    return [many(len(found), one, more) for found, one, more in words if found]


def _leave_out(rules: Iterable[Rule], numbers: Collection[str]) -> list[Rule]:
    return [rule for rule in rules if rule.id.partition("/")[0] not in numbers]


def say_kept(comparison: Comparison) -> dict[str, str]:
    """Which of the rules to be opened and to be closed are parts of rules that stay: "opened" and "closed", in words.

    Of those to be closed also what becomes of what is still needed. No entry where there are none.
    """
    said = {
        "opened": (comparison.grown, "is there already and gets", "are there already and get", "larger"),
        "closed": (comparison.shrunk, "stays and gets", "stay and get", "smaller"),
    }
    kept = {
        part: f"{several(numbers)} {plural(len(numbers), one, more)} {how}: the rows have the difference alone."
        for part, (numbers, one, more, how) in said.items()
        if numbers
    }
    if StillNeeded(comparison):
        kept["closed"] = " ".join(filter(None, (kept.get("closed"), STAYS_OPEN)))
    return kept


def count_renamed(comparison: Comparison) -> list[str]:
    """How much was renamed, in words: "1 endpoint renamed", "2 zones renamed"; empty for nothing."""
    kinds = Counter(name.kind for name in list_renamed(comparison))
    words = (("endpoint", "renamed"), ("zone", "renamed"), ("rule", "renumbered"))
    return [f"{many(kinds[kind], kind)} {done}" for kind, done in words if kinds[kind]]


_IN_PLACE = "what stays of it is opened by its new number and taken back by its old one"
"""What is said of a rule with another number."""
_TAKEN = "another rule has that number until its own turn: keep the two apart"
"""What is said where rules change numbers with one another."""


class NewName(NamedTuple):
    """A rename for readers."""

    kind: str
    old: str
    new: str
    remark: str
    """What else is different by it; may be empty."""

    @property
    def sentence(self) -> str:
        """PS01 is now PS-LON-1."""
        start = f"{show_line(self.old)} {self.becomes} {show_line(self.new)}"
        return f"{self.title}{' ' if self.title else ''}{start}{f'; {self.remark}' if self.remark else ''}."

    @property
    def title(self) -> str:
        """What stands before the name: Zone, Rule, or nothing for an endpoint."""
        return "" if self.kind == "endpoint" else self.kind.capitalize()

    @property
    def becomes(self) -> str:
        """What stands between the names: a rule can be in one that had the number before."""
        return "is now in" if self.kind == "rule" else "is now"


def list_renamed(comparison: Comparison) -> list[NewName]:
    """What was renamed, endpoints first, each by its old name, and the rules that are in others now, as work goes.

    Rule numbers have the letters of zones in them.
    """
    before, after = (
        {zone: group.code for group in report.zone_groups for zone in group.zones}
        for report in (comparison.before, comparison.after)
    )
    found = []
    for kind, old, new in comparison.renamed:
        remark = ""
        if kind == "zone" and before[new] != after[new]:
            remark = f"the numbers of its rules have {after[new]} in place of {before[new]}"
        found.append(NewName(kind, old, new, remark))
    for (old, new, whole), taken in Numbers(comparison).list_renumbered():
        remarks = ("" if whole else "a part of it", _IN_PLACE, _TAKEN if taken else "")
        remark = "; ".join(filter(None, remarks))
        found.append(NewName("rule", f"{old} (old number)", f"{new} (new number)", remark))
    return found


def say_set_apart(comparison: Comparison) -> list[str]:
    """Who appears under a name that nobody gave: whose own went to something else. A sentence for each."""
    return [
        f"What is called “{show_line(new)}” here was “{show_line(old)}” before, a name that another {kind} has now."
        for kind, old, new in comparison.set_apart
    ]


CHANGED = (
    "These rules are in both. What they are needed for is different, or whether they are decided: what is decided now "
    "has to be opened, and what is undecided again has to be closed."
)
"""What is said of the rules that a comparison has as changed."""
READDRESSED = (
    "What of the rules of these endpoints is neither to open nor to close stays; the objects in it have other "
    "addresses, and what is open by an address that is gone has to be closed. Where there was none before, the rules "
    "could not be made: they have to be opened. Where there is none any more, they have to be closed."
)
"""What is said of endpoints with other addresses."""
ADDRESSED_TITLE = "Rules to open by address"
ADDRESSED = (
    "The plan asked for these before, and they could not be made, as an endpoint had no address. Now each has one: "
    "they have to be opened."
)
"""What is said of rules that addresses make possible."""
_BY_ADDRESS = "to open by address"
UNADDRESSED_TITLE = "Rules to close by address"
UNADDRESSED = (
    "The plan still asks for these, and they can’t be made any more, as an endpoint has lost its address. What is "
    "open by the old address has to be closed."
)
"""What is said of rules whose addresses are gone."""
_CLOSE_BY_ADDRESS = "to close by address"


def say_firewalls(comparison: Comparison) -> list[str]:
    """What is in files of firewalls and neither in flows nor in rules, where it is different, as sentences.

    That is what the plan says of the firewalls, what they publish and how they call zones, and what any address is.
    """
    before, after = ({one.name: one for one in side.plan.firewalls} for side in (comparison.before, comparison.after))
    names = [name for name in (before | after) if before.get(name) != after.get(name)]
    theirs = plural(len(names), "its file may differ", "their files may differ")
    changed = f"The plan says something else of {several(names)}: {theirs} even where no rule does."
    return [*([changed] if names else ()), *say_any(comparison)]


def say_nothing_differs(comparison: Comparison) -> str:
    """What is said in the place of changes where there are none."""
    return " ".join(["Nothing differs in rules or addresses.", *say_firewalls(comparison)])


DECIDED = "Decided here about the vendor’s document"
"""What stands over these sentences: not all of them change what the document asks for."""


def list_decided(report: Report) -> list[str]:
    """What is decided here about the vendor's document, a sentence each: amended rows, changed ports, corrections that
    are followed, and those that aren't, on purpose."""
    ports = [
        f"{service.name}: {service.protocol} {report.ports[slug]} instead of {service.ports}."
        for slug, service in report.matrix.services.items()
        if report.ports[slug] != service.ports
    ]
    own = [
        f"{service.name} at {name}: {service.protocol} {ports} instead of {report.ports[slug]}."
        for name, slug, ports in report.list_own_ports()
        for service in (report.matrix.services[slug],)
    ]
    practice = [f"Practice followed: {state.caveat.correction}" for state in report.caveats if state.applied]
    documented = [
        f"Left as documented: {state.caveat.title}." for state in report.caveats if state.answer == "documented"
    ]
    return say_amended(report) + ports + own + practice + documented
