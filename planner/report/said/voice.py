"""Who is spoken to: the planner, who can do what is to be done, or a reader, who can't and asks the planner for it.

The one place that makes these words: of findings, and of what it would take to have a packet admitted. Pure.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Literal

from planner.engine.findings import Finding
from planner.engine.report import Report
from planner.engine.ways import Way
from ports.text import many, plural, several

Voice = Literal["planner", "reader"]


def say_way(report: Report, way: Way, voice: Voice, *, is_linked: bool = False) -> str:
    """What it would take, in sentences: how things are, and what is to be done, or to a reader what to ask for.

    `is_linked`: whether a link behind it says what is to be done.
    """
    fact, act, ask = _say_way(report, way)
    if is_linked and fact:
        return fact
    return " ".join(filter(None, (fact, act if voice == "planner" else ask)))


def _say_way(report: Report, way: Way) -> tuple[str, str, str]:
    """How things are; what the planner does; what a reader does."""
    plan, matrix = report.plan, report.matrix
    match way.kind:
        case "decide":
            choice = matrix.choices[way.subject]
            options = " or ".join(choice.option(option).name for option in way.options)
            if any(decision.choice.slug == way.subject for decision in report.decisions):
                fact = f"It depends on “{choice.name}”, which is not decided yet; it is needed with {options}."
                return fact, "Decide it.", "Ask whoever made this plan how it will be decided."
            where = f" for {several(way.own)}" if way.own else ""
            fact = f"It would be asked for if “{choice.name}” were decided as {options}{where}."
            return fact, "Decide otherwise if that is meant.", "Ask whoever made this plan whether that is meant."
        case "correct":
            caveat = matrix.caveats[way.subject]
            fact = f"It would be asked for if the plan followed practice in “{caveat.title}”."
            return fact, "", "Ask whoever made this plan whether it should."
        case "exclusion":
            act = "Take the exclusion back if it is needed after all."
            return "", act, "If you need it, ask whoever made this plan."
        case "closed" if way.row is None:
            fact = "The document forbids it, so no own flow should open it."
            return fact, "", "If you need it, ask whoever made this plan for another way."
        case "closed":
            act = "Take away what keeps it closed if it is needed after all."
            return "", act, "It is kept closed on purpose; ask whoever made this plan if you need it."
        case "unsaid":
            end = next(endpoint for endpoint in plan.endpoints if endpoint.name == way.subject)
            known = f"is known by name only ({several(end.addresses)})" if end.addresses else "has no address yet"
            also = f", nor have {way.more:,} more" if way.more else ""
            fact = f"{way.subject} {known}{also}, so a firewall that needs addresses can’t be told."
            return fact, "Fill in its address.", "Ask whoever made this plan for its address."
        case "unaddressed":
            also = f" and {way.more:,} more" if way.more else ""
            verb = "have" if way.more else "has"
            return f"{way.subject}{also} {verb} no address yet, and may be meant.", "", ""
        case "place":
            act = f"Add an endpoint for {way.subject} if it takes part."
            return "", act, "Ask whoever made this plan whether something is missing in the plan."
        case "flow":
            act = "If this site needs it, add a flow of its own to the plan, with its reason."
            return "", act, "If you need it, ask whoever made this plan to add a flow, and say what for."


# ---- findings ----

_ASKING: Mapping[str, str] = {
    "address-covers-everything": "Ask whoever made this plan which networks are really meant.",
    "address-in-another-zone": "Ask whoever made this plan which of them is right.",
    "address-is-name": "Ask whoever made this plan for the IP addresses where a firewall must know them.",
    "address-outside-zone": "Ask whoever made this plan which is right, the address or the zone.",
    "address-special": "Ask whoever made this plan for the machine’s own address; firewall files leave this out.",
    "address-twice": "Ask whoever made this plan whether it is one machine.",
    "never-broken": "Ask whoever made this plan which of the two counts before it is opened.",
    "no-firewall": "Ask whoever made this plan which firewall stands between these zones.",
    "prohibited-flow": "Ask whoever made this plan which of the two counts before it is opened.",
}
"""By code of a finding: what a reader does about it."""
_BY_SEVERITY: Mapping[str, str] = {
    "error": "The plan can’t work like this; ask whoever made this plan before rules are made.",
    "decision": "Ask whoever made this plan how it is decided.",
    "warning": "Ask whoever made this plan whether it is meant like this.",
    "info": "Ask whoever made this plan if that matters to you.",
}
"""The same for all other codes, a matrix's own checks among them."""
_FACTS = frozenset(["local-flows"])
"""Codes whose advice asks nobody for anything."""
_TITLES: Mapping[str, str] = {"address-missing": "Addresses that aren’t known yet"}


def address_readers(report: Report) -> Report:
    """The report with findings that speak to a reader, who can change nothing and asks the planner.

    Every output reads the report, so that page and files under a read link say the same.
    """
    waiting = _say_unaddressed(report)
    return replace(report, findings=tuple(_readdress(finding, report, waiting) for finding in report.findings))


def _readdress(finding: Finding, report: Report, waiting: str) -> Finding:
    title = _TITLES.get(finding.code, finding.title)
    return replace(finding, title=title, advice=_say_to_reader(finding, report, waiting))


def _say_to_reader(finding: Finding, report: Report, waiting: str) -> str:
    code = finding.code
    if code == "address-missing":
        return waiting or _BY_SEVERITY["decision"]
    if code == "choice-undecided":
        until = "until then all options are marked with “or”"
        return f"Ask whoever made this plan how “{finding.title}” is decided; {until}."
    if code == "caveat":
        return _say_caveat(finding, report)
    return finding.advice if code in _FACTS else _ASKING.get(code, _BY_SEVERITY[finding.severity])


def _say_caveat(finding: Finding, report: Report) -> str:
    """What practice does otherwise is a question to the planner; what was answered, or can't be, is as it is."""
    caveat = report.matrix.caveats.get(finding.subject or "")
    if finding.severity == "decision":
        sentences = ((caveat.correction if caveat else "") or "").rstrip(".").split(". ")
        practice = "; ".join(map(_begin_small, sentences))
        return f"Ask whoever made this plan whether practice is followed ({practice}), or the document."
    if caveat and not caveat.correction and not caveat.sections:
        return "Ask whoever made this plan what the site needs beyond the document."
    return finding.advice


def _begin_small(sentence: str) -> str:
    """A sentence as it stands within another one: names in capitals keep them."""
    word = sentence.partition(" ")[0]
    return sentence[:1].lower() + sentence[1:] if not word[1:] or word[1:].islower() else sentence


def _say_unaddressed(report: Report) -> str:
    """4 rules wait for an address; ask whoever made this plan."""
    count = sum(any(not end.addresses for end in (*rule.sources, *rule.destinations)) for rule in report.rules)
    if not count:
        return ""
    return f"{many(count, 'rule')} {plural(count, 'waits', 'wait')} for an address; ask whoever made this plan."


def list_waiting(report: Report) -> Iterator[str]:
    """What a reader can't begin with yet, in sentences: errors, rules without addresses, rules not decided."""
    errors = sum(finding.severity == "error" for finding in report.findings)
    if errors:
        yield f"{many(errors, 'error')} in the plan; ask whoever made this plan before rules are made."
    if said := _say_unaddressed(report):
        yield said
    count = sum(bool(rule.any_of) for rule in report.rules)
    if count:
        verb = plural(count, "depends", "depend")
        yield f"{many(count, 'rule')} {verb} on a decision that is still open; ask whoever made this plan."
