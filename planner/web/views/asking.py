"""One packet asked about on a page: the form, the answer, and what it would take, with links to the very fields."""

from collections.abc import Callable
from functools import partial
from typing import Any
from urllib.parse import parse_qsl

from planner.engine import Report
from planner.engine.ask import Answer, End, NotAskable, ask_between
from planner.engine.rules import Ports
from planner.engine.ways import Way, find_ways
from planner.plan.document import dump_plan
from planner.report.said.asking import (
    WORDS,
    find_packet,
    find_side,
    say_who,
    suggest_names,
    suggest_services,
)
from planner.report.said.voice import Voice, say_way
from planner.web.forms.exclusions import say_service
from planner.web.forms.flows import PROPOSED, Proposed
from planner.web.forms.rows import PER_PAGE
from planner.web.views.cures import point_at_row
from planner.web.views.state import ASKING, State

VIEWS_THAT_ASK = ("rules", "flows")
MOST_FOLDED = 500
"""How many rules an answer names, the folded ones counted in."""
MOST_RULES = 6
"""How many rules an answer links to."""
NEEDED = ("Say who opens the connection.", "Say whom it is to reach.", "Say on which protocol and port.")


def describe_asking(report: Report, state: State, voice: Voice) -> dict[str, Any]:
    """What the form and its answer show; nothing in views without them, or where there is no report."""
    if state.view not in VIEWS_THAT_ASK or report.too_large:
        return {}
    context: dict[str, Any] = {
        "asks": True,
        "asked": state.asked,
        "asked_pairs": state.asked.pairs(),
        "ask_kept": _list_kept(state),
        "ask_names": suggest_names(report),
        "ask_services": suggest_services(report),
    }
    if not any(state.asked):
        return context
    source, destination, packet, faults = _read(report, state)
    if faults or source is None or destination is None or packet is None:
        return context | {"ask_faults": faults, "ask_sentences": list(faults.values())}
    answer = ask_between(report, source, destination, packet)
    return context | {"answer": _describe(report, state, answer, voice)}


def _list_kept(state: State) -> list[tuple[str, str]]:
    """What the form says of the page besides the question, so that nothing else moves."""
    return parse_qsl(state.without_question().query())


def _read(report: Report, state: State) -> tuple[End | None, End | None, Ports | None, dict[str, str]]:
    """Both sides and the packet, with a sentence for each field that says none."""
    faults: dict[str, str] = {}

    def read[T](place: int, find: Callable[[str], T]) -> T | None:
        text = state.asked[place]
        try:
            if text:
                return find(text)
            faults[ASKING[place]] = NEEDED[place]
        except NotAskable as error:
            faults[ASKING[place]] = str(error)
        return None

    side = partial(find_side, report)
    return read(0, side), read(1, side), read(2, partial(find_packet, report)), faults


def _describe(report: Report, state: State, answer: Answer, voice: Voice) -> dict[str, Any]:
    plain = state.without_filter()
    return {
        "outcome": answer.outcome,
        "headline": WORDS[answer.outcome],
        "rules": [(rule, f"{plain.query(view='rules')}#rule-{rule}") for rule in answer.rules[:MOST_RULES]],
        "folded_rules": [
            (rule, f"{plain.query(view='rules')}#rule-{rule}") for rule in answer.rules[MOST_RULES:MOST_FOLDED]
        ],
        "more_rules": max(0, len(answer.rules) - MOST_RULES),
        "beyond_rules": max(0, len(answer.rules) - MOST_FOLDED),
        "reason": answer.reason,
        "who": [
            said
            for text, end in ((state.asked.source, answer.here), (state.asked.destination, answer.there))
            if (said := say_who(report, text, end))
        ],
        "ways": [
            {"said": say_way(report, way, voice, is_linked=link is not None), "link": link}
            for way, link in _lead(report, state, answer, voice)
        ],
        "filter": _filter_by(report, state, answer),
    }


def _filter_by(report: Report, state: State, answer: Answer) -> str:
    """Where the rules, or the flows, of what is allowed stand alone; empty for what isn't."""
    if answer.outcome != "allowed":
        return ""
    fields = {"protocol": answer.packet.protocol, "port": answer.packet.ports or ""}
    codes = {zone: group.code for group in report.zone_groups for zone in group.zones}
    sides = (("source", "source_endpoint", answer.here), ("destination", "destination_endpoint", answer.there))
    for zone_field, endpoint_field, end in sides:
        if len(end.endpoints) == 1:
            fields[endpoint_field] = end.endpoints[0].name
        elif len(places := {codes[endpoint.zone] for endpoint in end.endpoints}) == 1:
            fields[zone_field] = places.pop()
    return state.without_filter().query(view="rules" if answer.rules else "flows", **fields)


# ---- where each way leads ----


def _lead(report: Report, state: State, answer: Answer, voice: Voice) -> list[tuple[Way, dict[str, str] | None]]:
    """The ways, each with its link on the page of a plan; readers have none."""
    ways = find_ways(report, answer)
    return [(way, _link(report, state, answer.packet, way) if voice == "planner" else None) for way in ways]


def _link(report: Report, state: State, packet: Ports, way: Way) -> dict[str, str] | None:
    """A link to the field in question: its words, a name behind them, and what follows the address of the page."""

    def make(words: str, fragment: str, name: str = "", **fields: str) -> dict[str, str]:
        return {"words": words, "name": name, "query": f"{state.query(**{'panel': '', **fields})}#{fragment}"}

    match way.kind:
        case "place" | "flow" if not state.adds:
            return None
        case "decide":
            option = way.options[0] if way.options else "none"
            words = "Decide" if state.adds else "The decision"
            return make(words, f"choice-{way.subject}-{option}", panel="decisions")
        case "correct":
            words = "Follow practice" if state.adds else "The correction"
            return make(words, f"caveat-{way.subject}", panel="decisions")
        case "exclusion":
            return _lead_to_row(report, state, way, "exclusions", "excluded", "The exclusion")
        case "closed" if way.row is not None:
            return _lead_to_row(report, state, way, "never", "closed", "What keeps it closed")
        case "unsaid" | "unaddressed":
            return make("Addresses of", "endpoint-addresses", way.subject, edit=way.subject)
        case "place":
            return make("Add an endpoint", "endpoint-name", add="endpoint")
        case "flow" if way.ends:
            source, destination = way.ends
            proposed = Proposed(source=source, destination=destination, service=say_service(*packet))
            fields = dict(zip(PROPOSED, proposed, strict=True))
            return make("Add the flow", "own-new-reason", panel="own", **fields)
    return None


def _lead_to_row(report: Report, state: State, way: Way, part: str, panel: str, words: str) -> dict[str, str]:
    number = way.row or 0
    row = dump_plan(report.plan)[part][number]
    page = str(number // PER_PAGE + 1) if number >= PER_PAGE else ""
    prefix = "never" if part == "never" else panel
    query = state.query(panel=panel, own=page, between="")
    return {"words": words, "name": "", "query": f"{query}#{point_at_row(state, prefix, row)}"}
