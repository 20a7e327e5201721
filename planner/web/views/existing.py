"""The rules that a firewall has already, beside those that a plan asks for.

The configuration is a secret: it is read in memory, answered, and gone. It goes into no log, no session, no page and
no database; what the page shows of it are the names of entries and what is not understood.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from planner.engine import Report
from planner.engine.existing.decide import STATES, FlowState, Gap, State, compare_with
from planner.engine.existing.guess import guess_sides
from planner.engine.existing.model import Ruleset
from planner.engine.existing.readers import READERS
from planner.engine.existing.sides import BadMap, find_firewall
from planner.engine.rules import Ports
from planner.plan.document import PlanError
from planner.plan.edits import NotPossible
from planner.plan.fields import Firewall
from planner.report.gap.words import NAMES, say_narrower, say_note, say_several
from planner.report.said.text import index_rules
from planner.store import actions
from planner.store.editions import matrix_of
from planner.store.models import Plan
from planner.store.reports import report_for
from planner.web.forms.existing import ExistingForm, InMemory
from planner.web.views.access import plan_view
from planner.web.views.htmx import htmx_of
from planner.web.views.plans import read_sender
from ports.text import many

MOST_FLOWS = 500
"""How many flows the page shows, those first that aren't open."""
MOST_WIDER = 100
MOST_UNKNOWN = 100
MOST_SIDES = 200
"""How many zones, and how many interfaces, the page asks about."""
_ORDER: Mapping[State, int] = {"closed": 0, "partly": 1, "unknown": 2, "open": 3}
_LOOKS: Mapping[State, str] = {"open": "open", "partly": "refused", "closed": "blocked", "unknown": "unproven"}
"""By state, what it looks like: as the status of a check that says alike."""


@csrf_exempt  # _answer checks it: first it has to be said where the file of the form goes
@require_http_methods(["GET", "HEAD", "POST"])
def show_existing(request: HttpRequest, key: str) -> HttpResponseBase:
    """The form; and after a configuration was sent, what it has of the plan and beyond it."""
    request.upload_handlers = [InMemory(request)]
    answer: HttpResponseBase = _answer(request, key=key)
    return answer


@csrf_protect
@sensitive_post_parameters()
@plan_view
def _answer(request: HttpRequest, plan: Plan) -> HttpResponse:
    report = report_for(plan.version, matrix_of(plan))
    context: dict[str, Any] = {
        "plan": plan,
        "here": reverse("show_existing", kwargs={"key": plan.key}),
        "readers": READERS.values(),
        "firewalls": [firewall.name for firewall in report.plan.firewalls],
    }
    if request.method == "POST":
        size = int(request.META.get("CONTENT_LENGTH") or 0)
        form = ExistingForm(request.POST, request.FILES, plan=report.plan, size=size)
        context |= {"form": form, "chosen": form.data.get("format"), "chosen_firewall": form.data.get("firewall")}
        if form.is_valid() and form.ruleset is not None:
            context |= _compare(request, plan, report, form, form.ruleset)
        else:
            context["trouble"] = form.sentences
    template = "planner/existing.html#answer" if htmx_of(request) else "planner/existing.html"
    return render(request, template, context)


def _compare(request: HttpRequest, plan: Plan, report: Report, form: ExistingForm, ruleset: Ruleset) -> dict[str, Any]:
    """What the page shows of a configuration that could be read."""
    try:
        firewall = find_firewall(report.plan, ruleset, form.cleaned_data["firewall"])
    except BadMap as error:
        return {"trouble": [str(error)]}
    known = dict(firewall.zones) if firewall else {}
    guessed = {zone: side for zone, side in guess_sides(report.plan, ruleset).items() if zone not in known}
    sides = {**known, **guessed} if form.sides is None else form.sides
    names = [zone.name for zone in report.plan.zones]
    behind = {zone: sides[zone] for zone in names if zone in sides}
    device = replace(firewall or Firewall(name=ruleset.format, format=ruleset.format, zones={}), zones=behind)
    gap = compare_with(report, ruleset, None, device)
    kept = _keep(request, plan, firewall, behind) if form.cleaned_data["keep"] else None
    return {
        "gap": gap,
        "kept": kept,
        "firewall": firewall,
        "sides": [
            {"zone": name, "side": behind.get(name, ""), "guessed": form.sides is None and name in guessed}
            for name in names[:MOST_SIDES]
        ]
        if ruleset.sides
        else [],
        "side_names": sorted(ruleset.sides | set(behind.values()))[:MOST_SIDES],
        **describe_gap(report, gap),
    }


def _keep(request: HttpRequest, plan: Plan, firewall: Firewall | None, behind: Mapping[str, str]) -> str:
    """Have the plan's firewall remember what each zone is behind; what came of it, in a sentence."""
    if firewall is None:
        return "Not kept: choose the firewall of the plan that this is, or add it to the plan first."
    if behind == dict(firewall.zones):
        return f"{firewall.name} has it so already."
    try:
        actions.apply_edit(
            plan_id=plan.pk,
            matrix=matrix_of(plan),
            edit="edit-firewall",
            params={"firewall": firewall.name, "changes": {"zones": dict(behind)}},
            sender=read_sender(request),
        )
    except PlanError as error:
        return "Not kept: " + " ".join(dict.fromkeys(fault.message for fault in error.faults[:3]))
    except (NotPossible, actions.Clash) as error:
        return f"Not kept: {error}"
    return f"Kept with {firewall.name}."


def describe_gap(report: Report, gap: Gap) -> dict[str, Any]:
    """What the page shows of an answer: figures, flows, what is too wide, what isn't understood."""
    rules = index_rules(report)
    flows = sorted(gap.flows, key=lambda one: _ORDER[one.state])
    return {
        "figures": [(_LOOKS[state], gap.counts[state], NAMES[state]) for state in STATES],
        "total": len(gap.flows),
        "missing": many(len(gap.missing), "rule"),
        "none_missing": not gap.missing,
        "flows": [_describe_flow(one, rules) for one in flows[:MOST_FLOWS]],
        "more_flows": max(0, len(flows) - MOST_FLOWS),
        "wider": [
            {
                "entry": one.entry,
                "sources": say_several(one.sources),
                "destinations": say_several(one.destinations),
                "services": ", ".join(one.services),
                "narrower": say_narrower(one.narrower),
            }
            for one in gap.wider[:MOST_WIDER]
        ],
        "more_wider": max(0, len(gap.wider) - MOST_WIDER),
        "unknown": [
            {"construct": one.construct, "entries": say_several(one.entries), "flows": many(len(one.flows), "flow")}
            for one in gap.unknown[:MOST_UNKNOWN]
        ],
        "more_unknown": max(0, len(gap.unknown) - MOST_UNKNOWN),
    }


def _describe_flow(one: FlowState, rules: Mapping[tuple[str, str, Ports], str]) -> dict[str, Any]:
    need = one.flow.need
    ports = Ports(need.protocol, need.ports)
    return {
        "source": one.flow.source,
        "destination": one.flow.destination,
        "service": str(ports),
        "rule": rules.get((one.flow.source.name, one.flow.destination.name, ports), ""),
        "look": _LOOKS[one.state],
        "state": NAMES[one.state],
        "by": say_several(one.by),
        "note": say_note(one),
    }
