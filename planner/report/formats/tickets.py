"""The rules as bodies of tickets: a file for each boundary and for each firewall, in three ways to write one."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace

from planner.engine.published import Publishing
from planner.engine.report import Report
from planner.engine.rules import Rule
from planner.plan.fields import Firewall
from planner.report.firewall.absent import OTHER_TABLE, find_absent
from planner.report.firewall.addresses import FAMILIES
from planner.report.firewall.head import pack
from planner.report.firewall.nftables import list_families
from planner.report.firewall.omissions import NO_ADDRESS, NO_COMMON_FAMILY, ONLY_NAMES, SPECIAL
from planner.report.firewall.words import name_files
from planner.report.formats.rule_texts import write_jira, write_markdown, write_ticket
from planner.report.said.edition import Edition
from planner.report.said.forbidden import Breaches
from planner.report.said.passed import Passed
from planner.report.said.published import RULES_NAME, find_sources, list_published
from ports.text import several, show_line

KINDS = (("text", "txt", write_ticket), ("markdown", "md", write_markdown), ("jira", "txt", write_jira))
"""A folder, how its files end, and what writes them: for ServiceNow and mail, for GitHub and the like, for Jira."""

_README = """\
Bodies of tickets: paste a file as the description of one.

text/      ServiceNow, mail, and wherever text is shown as it is
markdown/  GitHub, GitLab, Azure DevOps
jira/      Jira's wiki markup (in the new editor: insert it as markup)

In each, boundaries/ has a file for each boundary between zones; firewalls/, where the plan has firewalls, one for each
of them with the rules that pass it, so a rule can stand in several.
"""


def render_tickets(report: Report, edition: Edition | None = None) -> bytes:
    """A zip archive with a README, and in each of KINDS a file for each boundary and each firewall that rules pass.

    Each rule stands in the file of its boundary. The same report and edition give the same bytes. Raises
    NotExpressible when the addresses are too much.
    """
    selection = edition.selection if edition else None
    files: dict[str, str | bytes] = {"README.txt": _README}
    parts, breaches = list(_divide(report)), Breaches(report)
    for folder, ending, write in KINDS:
        for path, part, notes in parts:
            files[f"{folder}/{path}.{ending}"] = write(part, selection, notes, breaches)
    return pack(files)


def _divide(report: Report) -> Iterator[tuple[str, Report, tuple[str, ...]]]:
    """The report of each boundary and of each firewall, where its files stand, and what else these say."""
    for boundary in report.boundaries:
        yield f"boundaries/{boundary.code}", replace(report, boundaries=(boundary,)), ()
    passed, publishing = Passed(report.plan.firewalls), Publishing(report.plan)
    behind: dict[str, list[tuple[int, Rule]]] = defaultdict(list)
    for place, boundary in enumerate(report.boundaries):
        for rule in boundary.rules:
            for name in passed.find(rule):
                behind[name].append((place, rule))
    firewalls = [firewall for firewall in report.plan.firewalls if firewall.name in behind]
    files = name_files([firewall.name for firewall in firewalls])
    for firewall, file in zip(firewalls, files, strict=True):
        rules: dict[int, list[Rule]] = defaultdict(list)
        for place, rule in behind[firewall.name]:
            rules[place].append(rule)
        some = tuple(replace(report.boundaries[place], rules=tuple(listed)) for place, listed in rules.items())
        part = replace(report, boundaries=some)
        yield f"firewalls/{file}", part, (*_say_published(firewall, publishing, part), *_say_absent(firewall, part))


def _say_published(firewall: Firewall, publishing: Publishing, report: Report) -> Iterator[str]:
    """What a firewall publishes of what its rules, which `report` has alone, lead to."""
    published = [*list_published(firewall, publishing, find_sources(report.rules))]
    if published:
        yield RULES_NAME
    yield from (f"Published: {sentence}" for sentence in published)


def _say_absent(firewall: Firewall, report: Report) -> Iterator[str]:
    """Which ends of its rules a firewall's configuration doesn't have, and why; rules stand whole in a ticket.

    `report` has these rules alone.
    """
    ends = {end.name: end for rule in report.rules for end in (*rule.sources, *rule.destinations)}
    elsewhere = [name for name, end in ends.items() if end.zone not in firewall.zones]
    absent = find_absent(report, firewall)
    if elsewhere:
        yield f"Not behind {show_line(firewall.name)}, so not in its configuration: {several(elsewhere)}"
    if absent.beside:
        said = "; ".join(f"{rule}: {several(names)}" for rule, names in absent.beside.items())
        yield f"Not passing {show_line(firewall.name)} for what a rule opens, so not in its configuration: {said}"
    for why, names in absent.without.items():
        yield f"{_WITHOUT[why]}, so not in its configuration: {several(names)}"
    for why, rules in absent.alone.items():
        said = "; ".join(f"{rule}: {several(names)}" for rule, names in rules.items())
        yield f"{_say_alone(firewall, why)}, so not in its configuration: {said}"


def _say_alone(firewall: Firewall, why: str) -> str:
    """Why nobody has an address that goes with one of theirs in its configuration."""
    if why == OTHER_TABLE:
        (holds,) = list_families(firewall)
        (other,) = set(FAMILIES) - {holds}
        table = show_line(firewall.options["table"])
        return f"Open over IPv{other} alone, while the table {table} holds IPv{holds} alone"
    return "Nobody with an address that goes with theirs" if why == NO_COMMON_FAMILY else why


_WITHOUT = {
    NO_ADDRESS: "No address yet",
    ONLY_NAMES: "A DNS name alone, which its format doesn’t take",
    SPECIAL: "Addresses that no firewall forwards",
}
"""Why an endpoint can be in no rule of a configuration."""
