"""The firewalls of a plan, as printed documents have them: what is behind which interface, and what passes where."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from planner.engine.published import find_published
from planner.engine.report import Report
from planner.engine.rules import Rule
from planner.plan.devices import DEVICES
from planner.plan.fields import Firewall
from planner.report.paper.chapters import make_head
from planner.report.paper.printed import Element, Kids, join, make
from planner.report.paper.words import shown
from ports.text import many, plural, show_line

MOST_FIREWALLS = 100
"""How many firewalls are told of; the plan in the document has all."""
MOST_RULES = 60
"""How many rules are named that pass from one side of a firewall to another."""
MOST_ZONES = 24
"""How many zones behind one side are named, and how many published endpoints."""

_Sides = tuple[str, str]


def make_firewalls(report: Report) -> Element | None:
    """A part with each firewall of the plan that rules of the report pass; None where there is none."""
    zones = [(rule, frozenset(rule.source_zones), frozenset(rule.destination_zones)) for rule in report.rules]
    passed = [(firewall, _find_rules(firewall, zones)) for firewall in report.plan.firewalls]
    busy = [(firewall, ways) for firewall, ways in passed if ways]
    if not busy:
        return None
    more = len(busy) - MOST_FIREWALLS
    return make(
        "section#firewalls",
        make("h2", "Firewalls: interfaces and what passes them"),
        make(
            "p.intro",
            "Which rules pass each firewall, from which of its interfaces to which. A rule over two of them stands at "
            "both. Rules name the endpoints’ own addresses; what is published has another one on some sides, and the "
            "file for the device has it where its rules name it.",
        ),
        [_make_firewall(report, firewall, ways) for firewall, ways in busy[:MOST_FIREWALLS]],
        make("p", f"And {more:,} more; the plan has all of them.") if more > 0 else None,
    )


def _find_rules(
    firewall: Firewall, zones: Sequence[tuple[Rule, frozenset[str], frozenset[str]]]
) -> Mapping[_Sides, list[str]]:
    """The numbers of the rules that pass it, by the sides between which they do."""
    found: dict[_Sides, list[str]] = defaultdict(list)
    for rule, sources, destinations in zones:
        here = {side for zone, side in firewall.zones.items() if zone in sources}
        there = {side for zone, side in firewall.zones.items() if zone in destinations}
        for sides in sorted((one, other) for one in here for other in there if one != other):
            found[sides].append(rule.id)
    return found


def _make_firewall(report: Report, firewall: Firewall, ways: Mapping[_Sides, list[str]]) -> Kids:
    about = [DEVICES[firewall.format].name, "logs connections" if firewall.log else "logs nothing"]
    about += [f"{name} {value}" for name, value in firewall.options.items()]
    count = len({rule for rules in ways.values() for rule in rules})
    return [
        make(
            "h3",
            shown(firewall.name),
            [
                " ",
                make(
                    "small", shown(" · ".join([*about, f"{many(count, 'rule')} {plural(count, 'passes', 'pass')} it"]))
                ),
            ],
            data_title=show_line(firewall.name),
        ),
        make("p", join([_say_side(name, zones) for name, zones in _list_sides(firewall).items()], "; "), "."),
        [make("p.published", line) for line in _list_published(report, firewall)],
        make(
            "table.passed",
            make_head("From", "To", "Rules"),
            make(
                "tbody",
                [
                    make("tr", make("td", shown(here)), make("td", shown(there)), make("td.services", _name(rules)))
                    for (here, there), rules in ways.items()
                ],
            ),
        ),
    ]


def _list_sides(firewall: Firewall) -> Mapping[str, list[str]]:
    sides: dict[str, list[str]] = defaultdict(list)
    for zone, side in firewall.zones.items():
        sides[side].append(zone)
    return sides


def _say_side(name: str, zones: Sequence[str]) -> Kids:
    more = len(zones) - MOST_ZONES
    return [
        make("b", shown(name)),
        ": ",
        join(map(shown, zones[:MOST_ZONES])),
        f" and {more:,} more" if more > 0 else None,
    ]


def _list_published(report: Report, firewall: Firewall) -> Iterator[Kids]:
    published, unclear = find_published(report.plan, firewall)
    for one in list(published.values())[:MOST_ZONES]:
        yield [
            make("b", "Published:"),
            " ", shown(one.endpoint), " ", make("samp", one.real), " is seen as ", make("samp", one.seen), " from ",
            join(map(shown, sorted(one.sides))), ".",
        ]  # fmt: skip
    if len(published) > MOST_ZONES:
        yield f"And {len(published) - MOST_ZONES:,} more are published; the plan has all of them."
    if unclear:
        names = join(map(shown, unclear[:MOST_ZONES]))
        yield ["Published, and not translated, for want of a single address of that family: ", names, "."]


def _name(rules: Sequence[str]) -> Kids:
    more = len(rules) - MOST_RULES
    named = join([make("span.keep", rule) for rule in rules[:MOST_RULES]], ", ")
    return [named, f" and {more:,} more" if more > 0 else None]
