"""The side of a plan's page on which it is edited: topology, decisions, ports, caveats, flows of its own."""

from collections.abc import Callable, Container
from typing import Any
from urllib.parse import parse_qsl

from django.forms import Form

from planner.engine import Report
from planner.engine.consequences import Consequence, Consequences
from planner.engine.findings.evidence import listed
from planner.engine.idle import explain_nothing
from planner.store.reports import consequences_of
from planner.web.forms.closed import describe_closed
from planner.web.forms.exclusions import describe_exclusions
from planner.web.forms.firewalls import describe_firewalls
from planner.web.forms.flows import describe_flows
from planner.web.forms.modules import ModuleForm, describe_modules
from planner.web.forms.plans import CaveatForm, ChoiceForm, PortForm, RenameForm
from planner.web.forms.several import SeveralForm, describe_several
from planner.web.forms.topology import describe_topology
from planner.web.views.beside import order_endpoints
from planner.web.views.outline import describe_outline
from planner.web.views.state import PANELS, TABS, State
from ports.matrix import Choice, Option
from ports.text import many


def describe_panel(report: Report, state: State, bound: Form | None) -> dict[str, Any]:
    """What the open panel shows. `bound` is a form that was sent with errors, to be shown again as it was."""
    return _PANELS[state.panel](report, state, bound)


def count_panel(slug: str, report: Report) -> tuple[int, str]:
    """How many things the tab of a panel counts beside its name, and a word for them."""
    if slug == "decisions":
        return len(report.decisions) + len(report.questions), "open"
    if slug == "ports":
        return len(report.plan.ports), "changed"
    if slug == "closed":
        broken = sum(1 for item in report.closed if not item.kept)
        return (broken, "broken") if broken else (len(report.plan.never), "")
    rows = {
        "own": report.plan.additional_flows,
        "excluded": report.plan.exclusions,
        "firewalls": report.plan.firewalls,
    }
    return len(rows.get(slug, ())), ""


def describe_tabs(report: Report, state: State) -> dict[str, Any]:
    """The tabs of the plan, and the panels under the one that is open, where it has several.

    A tab counts what waits in its panels, else all that they list, and leads to the first that lists anything.
    """
    tabs, parts = [], []
    for tab, (name, panels) in TABS.items():
        counts = {panel: count_panel(panel, report) for panel in panels}
        waiting = [(count, word) for count, word in counts.values() if count and word]
        count = sum(count for count, _ in waiting) or sum(count for count, _ in counts.values())
        first = next((panel for panel in panels if counts[panel][0]), panels[0])
        is_open = state.panel in panels
        tabs.append((tab, name, state.query(panel=first), count, waiting[0][1] if waiting else "", is_open))
        if is_open and len(panels) > 1:
            parts = [(panel, PANELS[panel], state.query(panel=panel), *counts[panel]) for panel in panels]
    return {"tabs": tabs, "parts": parts}


def _describe_decisions(report: Report, _state: State, bound: Form | None) -> dict[str, Any]:
    plan, matrix = report.plan, report.matrix
    opened = {decision.choice.slug: decision for decision in report.decisions}
    consequences = consequences_of(report)
    more = {
        "weighed": consequences.known,
        "stray_errors": _stray_errors(bound, ChoiceForm, "choice", matrix.choices),
    }
    choices = [
        {
            "choice": choice,
            "decision": opened.get(slug),
            "chosen": _sent_options(bound, slug) or _chosen(report, slug),
            "decided": slug in plan.choices,
            "errors": _errors(bound, ChoiceForm, "choice", slug),
            "reason": _sent(bound, ChoiceForm, "choice", slug, "reason", ""),
            "idle": slug in consequences.idle,
            "options": weigh_options(report, slug),
            "back": _say_option(consequences, report, choice, None),
        }
        for slug, choice in matrix.choices.items()
    ]
    more["caveats"] = [item for item in _list_caveats(report, bound) if item["state"] and item["caveat"].correction]
    if report.too_large:  # nothing is known of what depends on them
        return {"choice_groups": [("Choices", "decided", choices, len(choices), "")], **more}
    waiting = [item for item in choices if item["decision"]]
    settled = [item for item in choices if not item["decision"] and not item["idle"]]
    idle = [item for item in choices if item["idle"]]
    taken = sum(1 for item in settled if item["decided"])
    default = f"{len(settled) - taken:,} more by default; nobody has decided them" if len(settled) > taken else ""
    return {
        "choice_groups": [
            ("Open", "open", waiting, len(waiting), ""),
            ("Decided", "decided", settled, taken, default),
            ("Without effect in this plan", "idle", idle, len(idle), ""),
        ],
        **more,
    }


def weigh_options(report: Report, slug: str) -> list[tuple[Option, str, str]]:
    """Each option of a choice, what it opens while the choice is undecided, and what it would change, in words."""
    choice, consequences = report.matrix.choices[slug], consequences_of(report)
    decision = next((item for item in report.decisions if item.choice.slug == slug), None)
    return [
        (
            option,
            decision.say_option(option) if decision else "",
            _say_option(consequences, report, choice, option.slug),
        )
        for option in choice.options
    ]


def _say_option(consequences: Consequences, report: Report, choice: Choice, option: str | None) -> str:
    """What an option would change, in words; nothing for one that is in force, unless it can be left out."""
    chosen = _chosen(report, choice.slug)
    if choice.slug in consequences.idle:
        return say_nothing(report, choice, option)
    consequence = consequences.options.get(choice.slug, {}).get(option)
    if consequence is None or (not choice.many and (option in chosen or (option is None and not chosen))):
        return ""
    if choice.many and option in chosen:
        return f"without it: {say_weight(consequence)}"
    return (say_nothing(report, choice, option) if consequence.nothing else "") or say_weight(consequence)


def say_nothing(report: Report, choice: Choice, option: str | None) -> str:
    """Why an option opens nothing, where that is for want of something; else empty."""
    why = explain_nothing(report, choice.slug, option) if option else ""
    return f"opens nothing here: {why}" if why else ""


def say_weight(weight: Consequence) -> str:
    """2 rules more (3 flows): tcp 443, udp 88. What closes stands behind “instead of”, if other ports open."""
    opened, closed = listed(weight.services), listed(weight.dropped)
    tail = f"{opened} instead of {closed}" if opened and closed and opened != closed else opened or closed
    return f"{say_consequence(weight)}{f': {tail}' if tail else ''}"


def say_consequence(consequence: Consequence) -> str:
    """2 rules fewer (14 flows)."""
    rules, opened, closed = consequence.rules, consequence.opened, consequence.closed
    if consequence.many:
        return "opens too much to be counted here"
    if consequence.nothing:
        return "changes no rule, only flows within a zone" if consequence.inside else "changes nothing"
    said = f"{many(abs(rules), 'rule')} {'more' if rules > 0 else 'fewer'}" if rules else "as many rules"
    if opened and closed:
        return f"{said}, {many(opened, 'flow')} opened, {closed:,} closed"
    if (opened and rules > 0) or (closed and rules < 0):
        return f"{said} ({many(opened or closed, 'flow')})"
    if opened or closed:
        return f"{said}, {many(opened or closed, 'flow')} {'more' if opened else 'fewer'}"
    return f"{said}, the same flows"


def _describe_ports(report: Report, _state: State, bound: Form | None) -> dict[str, Any]:
    plan, matrix = report.plan, report.matrix
    configurable = {slug for slug, service in matrix.services.items() if service.configurable}
    return {
        "services": [
            {
                "service": service,
                "value": _sent(bound, PortForm, "service", slug, "ports", plan.ports.get(slug, "")),
                "override": plan.ports.get(slug, ""),
                "errors": _errors(bound, PortForm, "service", slug),
                "held": bound.held if isinstance(bound, PortForm) and bound.data.get("service") == slug else None,
            }
            for slug, service in matrix.services.items()
            if slug in configurable
        ],
        "stray_errors": _stray_errors(bound, PortForm, "service", configurable),
    }


def _describe_caveats(report: Report, _state: State, bound: Form | None) -> dict[str, Any]:
    return describe_reading(report, bound) | {"stray_errors": _stray_errors(bound, CaveatForm, "caveat", ())}


def describe_reading(report: Report, bound: Form | None = None) -> dict[str, Any]:
    """The appendix: how the document was read. First what practice differs in, then what is good to know."""
    caveats = _list_caveats(report, bound)
    return {
        "questions": [item for item in caveats if item["caveat"].correction],
        "remarks": [item for item in caveats if not item["caveat"].correction],
    }


def _list_caveats(report: Report, bound: Form | None) -> list[dict[str, Any]]:
    """Every caveat, those first that bear on the plan, with its answer and what another one would change."""
    bearing = {item.caveat.slug: item for item in report.caveats}
    weights = consequences_of(report).corrections
    return [
        {
            "caveat": caveat,
            "state": bearing.get(slug),
            "answer": answer_of(report, slug),
            "reason": _sent(bound, CaveatForm, "caveat", slug, "reason", ""),
            "idle": slug not in bearing and not report.too_large,
            "consequence": say_weight(weights[slug]) if slug in weights else "",
        }
        for slug, caveat in sorted(report.matrix.caveats.items(), key=lambda item: item[0] not in bearing)
    ]


def answer_of(report: Report, caveat: str) -> str:
    """What the plan answers to a caveat: "practice", "documented", or empty."""
    if caveat in report.plan.corrections:
        return "practice"
    return "documented" if caveat in report.plan.as_documented else ""


def _describe_topology(report: Report, state: State, bound: Form | None) -> dict[str, Any]:
    modules = {question.slug for question in report.matrix.questions.values() if question.module}
    return {
        "zones": describe_outline(report, state),
        "modules": describe_modules(report, bound),
        "stray_errors": _stray_errors(bound, ModuleForm, "module", modules),
        "closed": state.query(panel=""),
        "closed_pairs": parse_qsl(state.query(panel="")),
        **describe_topology(report, state.opened, bound),
        **_describe_several(report, state, bound),
        "rename": bound
        if isinstance(bound, RenameForm)
        else RenameForm(initial={"name": report.plan.name, "description": report.plan.description}),
    }


def _describe_several(report: Report, state: State, bound: Form | None) -> dict[str, Any]:
    """The form that changes several endpoints at once, where it is open."""
    if isinstance(bound, SeveralForm) or (bound is None and state.opened[:2] == ("add", "several")):
        return describe_several(report, order_endpoints(report), bound)
    return {}


def _describe_own_flows(report: Report, state: State, bound: Form | None) -> dict[str, Any]:
    return _lead_on(describe_flows(report, state.own, state.proposed, bound), state)


def _describe_excluded(report: Report, state: State, bound: Form | None) -> dict[str, Any]:
    context = describe_exclusions(report, state.own, state.wanted, bound)
    queries = {
        "panel_query": state.query(panel="excluded"),
        "flows_query": state.query(panel="excluded", view="flows"),
    }
    return _lead_on(context, state) | queries


def _describe_closed(report: Report, state: State, bound: Form | None) -> dict[str, Any]:
    context = describe_closed(report, state.own, state.between, bound) | {"all_closed": state.query(between="")}
    return _lead_on(context, state)


def _lead_on(context: dict[str, Any], state: State) -> dict[str, Any]:
    """What a panel shows of a page of many rows, with where the pages beside it are."""
    pages = context["pages"]
    beside = {"page_before": pages.previous, "page_after": pages.next}
    return context | {name: state.query(own=str(page)) if page else "" for name, page in beside.items()}


def _describe_firewalls(report: Report, state: State, bound: Form | None) -> dict[str, Any]:
    context = describe_firewalls(report, state.firewall, bound)
    for item in context["firewalls"]:
        item["query"] = state.query(panel="firewalls", firewall=item["row"]["name"])
    return context | {"firewalls_query": state.query(panel="firewalls")}


_PANELS: dict[str, Callable[[Report, State, Form | None], dict[str, Any]]] = {
    "topology": _describe_topology,
    "decisions": _describe_decisions,
    "ports": _describe_ports,
    "caveats": _describe_caveats,
    "own": _describe_own_flows,
    "excluded": _describe_excluded,
    "closed": _describe_closed,
    "firewalls": _describe_firewalls,
}


def _chosen(report: Report, slug: str) -> tuple[str, ...]:
    taken = report.plan.choices.get(slug, report.matrix.choices[slug].default or ())
    return (taken,) if isinstance(taken, str) else taken


def _errors(bound: Form | None, kind: type[Form], key: str, slug: str) -> list[str]:
    """The sentences of a form that was sent with errors, if it is the one for this slug."""
    if not isinstance(bound, kind) or bound.data.get(key, "") != slug:
        return []
    return [str(error) for errors in bound.errors.values() for error in errors]


def _sent_options(bound: Form | None, slug: str) -> tuple[str, ...]:
    """The options of a decision that was sent with errors, if it is the one of this choice."""
    if not isinstance(bound, ChoiceForm) or bound.data.get("choice", "") != slug:
        return ()
    return tuple(bound.data.getlist("option"))


def _stray_errors(bound: Form | None, kind: type[Form], key: str, shown: Container[str]) -> list[str]:
    """The sentences of a form that was sent with errors and has no place of its own in the panel."""
    slug = bound.data.get(key, "") if isinstance(bound, kind) else ""
    return [] if slug in shown else _errors(bound, kind, key, slug)


def _sent(bound: Form | None, kind: type[Form], key: str, slug: str, field: str, otherwise: str) -> str:
    if isinstance(bound, kind) and bound.data.get(key) == slug:
        return str(bound.data.get(field, ""))
    return otherwise
