"""Who is spoken to: the planner, who can do what is to be done, or a reader, who can't and asks the planner for it.

The one place that makes these words: of findings, and of what it would take to have a packet admitted. Pure.
"""

from typing import Literal

from planner.engine.report import Report
from planner.engine.ways import Way
from ports.text import several

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
                fact = f"It hangs on “{choice.name}”, which is not decided yet; it is needed with {options}."
                return fact, "Decide it.", "Ask the planner how it will be decided."
            fact = f"It would be asked for if “{choice.name}” were decided as {options}."
            return fact, "Decide otherwise if that is meant.", "Ask the planner whether that is meant."
        case "correct":
            caveat = matrix.caveats[way.subject]
            fact = f"It would be asked for if the plan followed practice in “{caveat.title}”."
            return fact, "", "Ask the planner whether it should."
        case "exclusion":
            return "", "Take the exclusion back if it is needed after all.", "If you need it, ask the planner."
        case "closed" if way.row is None:
            fact = "The document forbids it, so that no flow of the plan’s own should open it."
            return fact, "", "If you need it, ask the planner for another way."
        case "closed":
            act = "Take away what keeps it closed if it is needed after all."
            return "", act, "It is kept closed on purpose; ask the planner if you need it."
        case "addresses":
            end = next(endpoint for endpoint in plan.endpoints if endpoint.name == way.subject)
            known = f"is known by name only ({several(end.addresses)})" if end.addresses else "has no address yet"
            also = f", nor have {way.more:,} more" if way.more else ""
            fact = f"{way.subject} {known}{also}, so a firewall that needs addresses can’t be told."
            return fact, "Fill in its address.", "Ask the planner for its address."
        case "unaddressed":
            also = f" and {way.more:,} more" if way.more else ""
            verb = "have" if way.more else "has"
            return f"{way.subject}{also} {verb} no address yet, and may be meant.", "", ""
        case "place":
            act = f"Add an endpoint for {way.subject} if it takes part."
            return "", act, "Ask the planner whether something is missing in the plan."
        case "flow":
            act = "If this site needs it, add a flow of its own to the plan, with its reason."
            return "", act, "If you need it, ask the planner to add a flow, and say what for."
