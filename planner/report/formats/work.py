"""The sheet to work from: a row for each service of each rule, what is known of who opens it, and blanks for the rest.

It is narrow enough to be read when it is printed, so it counts what the other sheets have in full.
"""

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType

from planner.engine.life import STATES, Life, Lives
from planner.engine.published import Publishing
from planner.engine.report import Report
from planner.engine.rules import Rule
from planner.plan.document import Endpoint
from planner.report.formats.workbook import Blank, Columns, as_cell
from planner.report.said.by_service import outline_services
from planner.report.said.forbidden import Breaches
from planner.report.said.life import list_differences, say_by
from planner.report.said.outline import ServiceLine, describe_marks
from planner.report.said.passed import Passed
from planner.report.said.text import list_addresses
from ports.text import show

MOST_ENDS = 6
"""How many endpoints of a side are named."""
MOST_ADDRESSES = 4
"""How many addresses of an endpoint are named."""
MOST_PUBLISHED = 4
"""How many firewalls are named that publish an endpoint."""
MOST_DIFFERENCES = 4
"""How many lines say what has changed since the state was given."""
WORK_HELD = 2
"""How many columns stay in sight."""
DONE = "✓"

WORK_COLUMNS: Columns = (
    ("Done", 5), ("Rule", 13), ("From", 22), ("To", 22), ("Service", 15), ("Why", 27), ("Firewall", 10),
    ("Ticket", 10), ("Owner", 9), ("Status", 12), ("Implemented by, on", 12), ("Verified by, on", 12), ("Comment", 15),
)  # fmt: skip
WORK_BLANKS: Mapping[str, Blank] = {
    "Done": Blank((DONE,), f"{DONE} where it is done"),
    "Status": Blank(tuple(STATES.values()), "A state of the life of a rule"),
    **{
        title: Blank() for title in ("Firewall", "Ticket", "Owner", "Implemented by, on", "Verified by, on", "Comment")
    },
}
"""The columns that are for writing into; where there are choices no other text is taken."""


def list_work(report: Report, lives: Lives) -> Iterator[Sequence[str]]:
    """The rows under WORK_COLUMNS, in the order of rules and of their services; empty texts are to be filled in."""
    passed, breaches = Passed(report.plan.firewalls), Breaches(report)
    publishing = Publishing(report.plan)
    for rule in report.rules:
        ends = (rule.id, _say_side(rule.sources), _say_side(rule.destinations, _list_published(rule, publishing)))
        firewalls = passed.say(rule)
        done, *life = _say_life(lives.of(rule))
        undecided = f"Not decided, only with {describe_marks(rule.any_of, report.matrix)}. " if rule.any_of else ""
        for alike in outline_services(rule, report):
            cited = f" §{', '.join(alike.sections)}" if alike.sections else ""
            for ports, service in zip(alike.ports, alike.services, strict=True):
                forbidden = f"{mark} " if (mark := breaches.mark(rule, (ports,))) else ""
                row = (
                    done,
                    *ends,
                    _say_service(service),
                    f"{forbidden}{undecided}{alike.why}{cited}",
                    firewalls,
                    *life,
                )
                yield [as_cell(text) for text in row]


def _list_published(rule: Rule, publishing: Publishing) -> Mapping[str, list[str]]:
    """As what the destinations that are named are seen by some of the sources, a line for each firewall."""
    zones, lines = frozenset(rule.source_zones), {}
    for endpoint in rule.destinations[:MOST_ENDS]:
        seen = [
            f"seen as {one.seen} through {show(firewall.name)}"
            for firewall, one in publishing.list_seen(endpoint.name, zones)
        ]
        more = len(seen) - MOST_PUBLISHED
        lines[endpoint.name] = seen[:MOST_PUBLISHED] + ([f"and {more:,} more, see About"] if more > 0 else [])
    return lines


def _say_side(endpoints: Sequence[Endpoint], published: Mapping[str, Sequence[str]] = MappingProxyType({})) -> str:
    """PS01: 10.0.0.10, a line for each; of many endpoints or addresses the first, and how many more and where.

    `published` are lines that go after those of some endpoints, by name.
    """
    lines = []
    for endpoint in endpoints[:MOST_ENDS]:
        addresses = list_addresses(endpoint)
        more = len(addresses) - MOST_ADDRESSES
        said = ", ".join(addresses[:MOST_ADDRESSES]) + (f" and {more:,} more, see Objects" if more > 0 else "")
        lines += [f"{show(endpoint.name)}: {said}", *published.get(endpoint.name, ())]
    more = len(endpoints) - MOST_ENDS
    return "\n".join([*lines, f"and {more:,} more, see Rules"] if more > 0 else lines)


def _say_service(service: ServiceLine) -> str:
    changed = f"changed from {service.changed_from}" if service.changed_from else ""
    return "\n".join(filter(None, (service.ports, service.names, changed)))


def _say_life(life: Life | None) -> tuple[str, ...]:
    """Done, and what stands from the ticket on; what has changed since is not done, and is said in the comment."""
    if life is None:
        return ("",) * 7
    given = life.given
    stands = given.state if not life.changed else ""
    differences = ("Changed since.", *list_differences(life, MOST_DIFFERENCES)) if life.changed else ()
    return (
        DONE if stands in ("implemented", "verified") else "",
        "\n".join(life.tickets),
        given.owner,
        STATES[given.state],
        say_by(given) if given.state == "implemented" else "",
        say_by(given) if given.state == "verified" else "",
        "\n".join(filter(None, (*differences, given.comment))),
    )
