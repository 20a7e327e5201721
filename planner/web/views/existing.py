"""The rules that a firewall has already, beside those that a plan asks for.

The configuration is a secret: it is read in memory, answered, and gone. It goes into no log, no session, no page and
no database; what pages, files and kept answers have of it are the names of entries and what is not understood.
"""

import io
from collections.abc import Collection, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from typing import Any

from django.http import FileResponse, Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from planner.deploy.turns import LARGE, in_turn
from planner.engine import Report
from planner.engine.existing.decide import STATES, Also, FlowState, Gap, compare_with
from planner.engine.existing.guess import guess_sides
from planner.engine.existing.model import Ruleset
from planner.engine.existing.readers import READERS
from planner.engine.existing.reading import decode
from planner.engine.existing.sides import BadMap, find_firewall
from planner.engine.rules import Ports
from planner.plan.document import PlanError
from planner.plan.edits import NotPossible
from planner.plan.fields import Firewall
from planner.report.firewall.errors import NotExpressible
from planner.report.firewall.words import name_files
from planner.report.gap import ALSO, GAP_FORMATS, WITH_ALL
from planner.report.gap.delta import DELTA, render_delta
from planner.report.gap.delta.task import Task
from planner.report.gap.words import (
    NAMES,
    name_forbidden,
    say_breach,
    say_doubt,
    say_narrower,
    say_note,
    say_several,
)
from planner.report.said.text import index_rules
from planner.store import actions, compared
from planner.store.editions import matrix_of
from planner.store.models import Plan
from planner.store.reports import report_for
from planner.store.rule_numbers import EarlierNumbers
from planner.web.forms.existing import ExistingForm, InMemory
from planner.web.views.access import plan_view
from planner.web.views.compared import LOOKS, ORDER, name_device
from planner.web.views.htmx import htmx_of
from planner.web.views.plans import read_sender
from ports.text import many

MOST_FLOWS = 500
"""How many flows the page shows, those first that aren't open."""
MOST_WIDER = 100
MOST_UNKNOWN = 100
MUCH = 2**20
"""From how many bytes on a configuration is large: it takes about a second of a processor's time for each MiB."""
MOST_SIDES = 200
"""How many zones, and how many interfaces, the page asks about."""


@csrf_exempt  # _answer checks it: first it has to be said where the file of the form goes
@require_http_methods(["GET", "HEAD", "POST"])
def show_existing(request: HttpRequest, key: str) -> HttpResponseBase:
    """The form; and after a configuration was sent, what it has of the plan and beyond it."""
    request.upload_handlers = [InMemory(request)]
    answer: HttpResponseBase = _answer(request, key=key)
    return answer


@csrf_exempt  # likewise
@require_http_methods(["POST"])
def download_existing(request: HttpRequest, key: str, name: str) -> HttpResponseBase:
    """The same answer as a file; DELTA is what is missing, as configuration. Else the page, with what is wrong."""
    if name != DELTA and name not in GAP_FORMATS:
        raise Http404
    request.upload_handlers = [InMemory(request)]
    answer: HttpResponseBase = _answer(request, key=key, name=name)
    return answer


@csrf_protect
@sensitive_post_parameters()
@plan_view
def _answer(request: HttpRequest, plan: Plan, name: str = "") -> HttpResponseBase:
    report = report_for(plan.version, matrix_of(plan))
    context: dict[str, Any] = {
        "plan": plan,
        "here": reverse("show_existing", kwargs={"key": plan.key}),
        "readers": READERS.values(),
        "firewalls": [firewall.name for firewall in report.plan.firewalls],
        "files": [
            *((one.name, one.label) for one in GAP_FORMATS.values()),
            (DELTA, "What is missing, for the device"),
        ],
    }
    if request.method == "POST":
        size = int(request.META.get("CONTENT_LENGTH") or 0)
        form = ExistingForm(request.POST, request.FILES, plan=report.plan, size=size)
        context |= {"form": form, "chosen": form.data.get("format"), "chosen_firewall": form.data.get("firewall")}
        try:
            with _in_turn(request, plan, size):
                if not form.is_valid() or form.ruleset is None:
                    context["trouble"] = form.sentences
                elif name:
                    also = ALSO if name in WITH_ALL else ()
                    return _send(plan, _compare(plan, report, form, form.ruleset, also), form, name)
                else:
                    context |= _show(request, plan, _compare(plan, report, form, form.ruleset, ALSO), form)
        except (BadMap, NotExpressible) as error:
            context["trouble"] = [str(error)]
    context["kept_answers"] = [(row, name_device(row)) for row in compared.list_kept(plan)]
    template = "planner/existing.html#answer" if htmx_of(request) else "planner/existing.html"
    return render(request, template, context)


def _in_turn(request: HttpRequest, plan: Plan, size: int) -> AbstractContextManager[None]:
    """Work on a large configuration, of so many bytes, in its turn: it keeps a processor busy like a large plan.

    A request about a large plan has its turn already. Raises turns.NotYet.
    """
    if len(plan.document.get("endpoints", ())) >= LARGE or size < MUCH:
        return nullcontext()
    return in_turn(request.META, LARGE)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Compared:
    """A configuration beside a plan, and what was taken for known."""

    gap: Gap
    firewall: Firewall | None
    """Of the plan."""
    device: Firewall
    """The same, or one for the configuration alone, with every side that was chosen or guessed."""
    guessed: frozenset[str]
    """The zones of the plan of which it is only guessed what they are behind."""
    earlier: EarlierNumbers | None
    """By what it was told which entries are ours; None: by their names alone, as the plan has no earlier revision."""


def _compare(plan: Plan, report: Report, form: ExistingForm, ruleset: Ruleset, also: Collection[Also]) -> _Compared:
    """A configuration that could be read, beside the plan; `also` what else is looked for. Raises BadMap."""
    earlier = EarlierNumbers(plan, report.matrix, report) if plan.revision > 1 else None
    firewall = find_firewall(report.plan, ruleset, form.cleaned_data["firewall"])
    known = dict(firewall.zones) if firewall else {}
    guessed = {zone: side for zone, side in guess_sides(report.plan, ruleset).items() if zone not in known}
    sides = {**known, **guessed} if form.sides is None else form.sides
    behind = {zone.name: sides[zone.name] for zone in report.plan.zones if zone.name in sides}
    device = replace(firewall or Firewall(name=ruleset.format, format=ruleset.format, zones={}), zones=behind)
    return _Compared(
        gap=compare_with(report, ruleset, None, device, also=also, earlier=earlier),
        firewall=firewall,
        device=device,
        guessed=frozenset(guessed) if form.sides is None else frozenset(),
        earlier=earlier,
    )


def _show(request: HttpRequest, plan: Plan, found: _Compared, form: ExistingForm) -> dict[str, Any]:
    """What the page shows of an answer, and what came of keeping it."""
    ruleset, behind, report = found.gap.ruleset, found.device.zones, found.gap.report
    kept = _keep(request, plan, found.firewall, behind) if form.cleaned_data["keep"] else None
    row = None
    if form.cleaned_data["keep_answer"]:
        try:
            row = compared.keep(
                plan.pk,
                found.gap,
                revision=plan.revision,
                firewall=found.firewall.name if found.firewall else "",
                sender=read_sender(request),
            )
        except (compared.NotKept, NotPossible) as error:
            kept = f"Not kept: {error}"
    return {
        "gap": found.gap,
        "kept": kept,
        "kept_answer": row,
        "firewall": found.firewall,
        "sides": [
            {"zone": zone.name, "side": behind.get(zone.name, ""), "guessed": zone.name in found.guessed}
            for zone in report.plan.zones[:MOST_SIDES]
        ]
        if ruleset.sides
        else [],
        "side_names": sorted(ruleset.sides | set(behind.values()))[:MOST_SIDES],
        "strangers": _describe_strangers(found.earlier),
        **describe_gap(report, found.gap),
    }


def _describe_strangers(earlier: EarlierNumbers | None) -> dict[str, Any] | None:
    """Rules that entries are named after and that no revision had which was looked at; None where there are none."""
    if earlier is None or not earlier.strangers:
        return None
    return {
        "rules": say_several(tuple(earlier.strangers)),
        "are_several": len(earlier.strangers) > 1,
        "first": earlier.first,
    }


def _send(plan: Plan, found: _Compared, form: ExistingForm, name: str) -> FileResponse:
    """The answer as a file. Raises NotExpressible."""
    [stem] = name_files([plan.name])
    if name == DELTA:
        device = found.device if found.device.zones else found.firewall
        content = render_delta(Task(gap=found.gap, text=decode(form.read), firewall=device))
        file, kind = f"{stem}-missing.{found.gap.ruleset.format}.txt", "text/plain; charset=utf-8"
    else:
        entry = GAP_FORMATS[name]
        content, kind = entry.render(found.gap), entry.content_type
        file = f"{stem}-existing.{'txt' if name == 'text' else name}"
    return FileResponse(io.BytesIO(content), as_attachment=True, filename=file, content_type=kind)


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
    flows = sorted(gap.flows, key=lambda one: ORDER[one.state])
    return {
        "figures": [(LOOKS[state], gap.counts[state], NAMES[state]) for state in STATES],
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
        **_describe_also(gap),
    }


def _describe_also(gap: Gap) -> dict[str, Any]:
    """What is left over of ours, and what is open although it must stay closed."""
    stale, found = gap.stale or (), gap.forbidden.entries if gap.forbidden else ()
    forbidden = [
        {"entry": name_forbidden(one), "said": say_breach(breach), "doubt": say_doubt(one)}
        for one in found
        for breach in one.breaches
    ]
    return {
        "stale": stale[:MOST_WIDER],
        "more_stale": max(0, len(stale) - MOST_WIDER),
        "forbidden": forbidden[:MOST_WIDER],
        "more_forbidden": max(0, len(forbidden) - MOST_WIDER),
        "unchecked": gap.forbidden.unchecked if gap.forbidden else 0,
    }


def _describe_flow(one: FlowState, rules: Mapping[tuple[str, str, Ports], str]) -> dict[str, Any]:
    need = one.flow.need
    ports = Ports(need.protocol, need.ports)
    return {
        "source": one.flow.source,
        "destination": one.flow.destination,
        "service": str(ports),
        "rule": rules.get((one.flow.source.name, one.flow.destination.name, ports), ""),
        "look": LOOKS[one.state],
        "state": NAMES[one.state],
        "by": say_several(one.by),
        "note": say_note(one),
    }
