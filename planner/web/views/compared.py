"""Comparisons with a firewall's rules that were kept: what was answered, what has drifted, what is there already.

For whoever may edit the plan. Readers of links and files see nothing of it.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.dateformat import format as format_date
from django.views.decorators.http import require_POST, require_safe

from planner.engine import Report
from planner.engine.existing.decide import STATES
from planner.engine.existing.drift import (
    Answer,
    Drift,
    FlowAnswer,
    ForbiddenAnswer,
    StaleAnswer,
    WiderAnswer,
    find_drift,
)
from planner.engine.existing.readers import READERS
from planner.engine.life import mark_of
from planner.engine.rules import Ports
from planner.plan.edits import NotPossible
from planner.report import FORMATS
from planner.report.gap.page import LOOKS, ORDER
from planner.report.gap.words import NAMES, say_elsewhere, say_open_policies, say_several
from planner.report.said.text import index_rules
from planner.store import compared, lives
from planner.store.compared_models import Compared
from planner.store.editions import matrix_of
from planner.store.models import Plan
from planner.store.reports import report_for
from planner.web.views.access import plan_view
from planner.web.views.plans import read_sender
from planner.web.views.there import THERE, list_there
from ports.text import cut, many, read_number, show_line

MOST_FLOWS = 500
"""How many flows the page shows, those first that aren't open."""
MOST_DRIFTED = 200
"""How many flows of each kind of drift, and how many entries."""
MOST_TAKEN = 500
"""Of how many rules the state is set in one go."""
BESIDE = ("pdf", "html", "xlsx", "csv", "markdown", "json")
"""The formats of the report that can have a kept comparison beside their rules."""


def name_device(row: Compared) -> str:
    """What pages call the firewall that a kept answer is about."""
    return row.firewall or READERS[row.format].label


@require_safe
@plan_view
def show_compared(request: HttpRequest, plan: Plan, number: int) -> HttpResponse:
    """One kept comparison; with `since`, what has drifted since another one."""
    return _show(request, plan, number)


def _show(request: HttpRequest, plan: Plan, number: int, trouble: str = "") -> HttpResponse:
    rows = compared.list_kept(plan)
    row = next((one for one in rows if one.pk == number), None)
    if row is None:
        raise Http404
    earlier = [one for one in rows if one.pk < number]
    since = _choose(request.GET.get("since", ""), earlier, row)
    found = compared.read_kept(plan, [number, *([since.pk] if since else [])])
    if number not in found:
        raise Http404
    answer = found[number].answer
    drifting = [found[one.pk] for one in ((since, row) if since else ()) if one.pk in found]
    lost = sorted({kept.row.revision for kept in drifting if kept.is_lost})
    report = report_for(plan.version, matrix_of(plan))
    there = list(list_there(plan, report, row, found[number].now))
    context = {
        "plan": plan,
        "row": row,
        "device": name_device(row),
        "trouble": trouble,
        "earlier": [(one, name_device(one)) for one in earlier],
        "since": since,
        "since_device": name_device(since) if since else "",
        "is_lost": found[number].is_lost,
        "lost": lost,
        "drift": _describe_drift(*(kept.answer for kept in drifting)) if len(drifting) == 2 and not lost else None,
        "figures": [(LOOKS[state], answer.counts[state], NAMES[state]) for state in STATES],
        "total": len(answer.flows),
        "elsewhere": say_elsewhere(answer.elsewhere or 0, row.firewall),
        "reports": [(name, FORMATS[name].label) for name in BESIDE],
        "missing": many(answer.missing, "rule"),
        "is_missing": answer.missing > 0,
        "there": there[:MOST_TAKEN],
        "there_more": max(0, len(there) - MOST_TAKEN),
        **_describe(report, answer),
    }
    return render(request, "planner/compared.html", context)


def _choose(wanted: str, earlier: list[Compared], row: Compared) -> Compared | None:
    """The comparison that is asked for, else the last one before with the same firewall."""
    if (number := read_number(wanted)) is not None:
        return next((one for one in earlier if one.pk == number), None)
    same = (one for one in earlier if (one.firewall, one.format) == (row.firewall, row.format))
    return next(same, None)


def _describe(report: Report, answer: Answer) -> dict[str, Any]:
    rules = index_rules(report)
    flows = sorted(answer.flows, key=lambda one: ORDER[one.state])
    return {
        "flows": [_describe_flow(one, rules) for one in flows[:MOST_FLOWS]],
        "more_flows": max(0, len(flows) - MOST_FLOWS),
        "wider": [_describe_wider(one) for one in answer.wider[:MOST_DRIFTED]],
        "more_wider": max(0, len(answer.wider) - MOST_DRIFTED),
        "open_policies": say_open_policies(answer.open_policies or ()),
        "unknown": answer.unknown[:MOST_DRIFTED],
        "beside": [
            _group(name, title, found)
            for name, title, found in (
                ("forbidden", "Open, and it must stay closed", answer.forbidden),
                ("stale", "Left over from rules that went", answer.stale),
            )
            if found
        ],
    }


def _group(name: str, title: str, found: Sequence[StaleAnswer | ForbiddenAnswer]) -> dict[str, Any]:
    """Entries of one kind under their heading, the first of many."""
    return {
        "id": name,
        "title": title,
        "rows": [_describe_beside(one) for one in found[:MOST_DRIFTED]],
        "more": max(0, len(found) - MOST_DRIFTED),
    }


def _describe_beside(one: StaleAnswer | ForbiddenAnswer) -> dict[str, str]:
    if isinstance(one, StaleAnswer):
        return {"entry": one.entry, "said": f"{one.rule} {one.service}: {one.why}"}
    said = f"{', '.join(one.services)} from {say_several(one.sources)} to {say_several(one.destinations)}"
    return {
        "entry": one.entry,
        "said": f"{'' if one.is_sure else 'Perhaps '}{said}, though {one.row}: {one.reason}",
    }


def _describe_flow(one: FlowAnswer, rules: Mapping[tuple[str, str, Ports], str]) -> dict[str, Any]:
    ports = Ports(one.protocol, one.ports or None)
    return {
        "rule": rules.get((one.source, one.destination, ports), ""),
        "source": one.source,
        "destination": one.destination,
        "service": str(ports),
        "look": LOOKS[one.state],
        "state": NAMES[one.state],
        "by": say_several(one.by),
        "note": one.note,
    }


def _describe_wider(one: WiderAnswer) -> dict[str, str]:
    return {
        "entry": one.entry,
        "sources": say_several(one.sources),
        "destinations": say_several(one.destinations),
        "services": ", ".join(one.services),
    }


def _describe_drift(before: Answer, after: Answer) -> dict[str, Any]:
    """Groups of flows that drifted, each with its heading, and what became too wide or no longer is."""
    drift = find_drift(before, after)
    is_part = before.elsewhere is not None or after.elsewhere is not None
    pairs = (
        ("opened", "Opened since", drift.opened),
        ("closed", "Closed since", drift.closed),
        ("otherwise", "Changed", drift.otherwise),
    )
    single = (
        ("added", f"New in the plan{', or compared only now' if is_part else ''}", drift.added),
        ("gone", f"No longer in the plan{', or no longer compared' if is_part else ''}", drift.gone),
    )
    wide = (("wider", "Too wide since", drift.wider), ("narrower", "No longer too wide", drift.narrower))
    policies = list(_say_policies(before, after, drift))
    return {
        "is_any": bool(drift or policies),
        "policies": policies,
        "is_read_otherwise": drift.is_read_otherwise,
        "flows": [
            {
                "id": name,
                "title": title,
                "rows": [{**_describe_flow(now, {}), "was": NAMES[was.state]} for was, now in found[:MOST_DRIFTED]],
                "more": max(0, len(found) - MOST_DRIFTED),
            }
            for name, title, found in pairs
            if found
        ]
        + [
            {
                "id": name,
                "title": title,
                "rows": [{**_describe_flow(one, {}), "was": ""} for one in found[:MOST_DRIFTED]],
                "more": max(0, len(found) - MOST_DRIFTED),
            }
            for name, title, found in single
            if found
        ],
        "wide": [
            {
                "id": name,
                "title": title,
                "rows": [_describe_wider(one) for one in found[:MOST_DRIFTED]],
                "more": max(0, len(found) - MOST_DRIFTED),
            }
            for name, title, found in wide
            if found
        ],
        "beside": [
            _group(name, title, found)
            for name, title, found in (
                ("broken", "Newly open, though it must stay closed", drift.forbidden),
                ("shut", "No longer open against what must stay closed", drift.shut),
                ("left", "Left over since", drift.stale),
                ("tidied", "No longer left over", drift.tidied),
            )
            if found
        ],
    }


def _say_policies(before: Answer, after: Answer, drift: Drift) -> Iterator[str]:
    """What became of all that no entry decides about, in sentences."""
    if drift.accepting:
        yield f"It is let through since, by {say_several(drift.accepting)}."
    if drift.refusing:
        yield f"It is no longer let through by {say_several(drift.refusing)}."
    if before.open_policies is None and after.open_policies and not drift.is_read_otherwise:
        by = say_several(after.open_policies)
        yield f"It is let through, by {by}. Whether it was at the earlier comparison wasn’t kept with that."


@require_POST
@plan_view
def forget_compared(request: HttpRequest, plan: Plan, number: int) -> HttpResponse:
    """Delete a kept comparison."""
    try:
        compared.forget(plan.pk, number)
    except NotPossible as error:
        return _show(request, plan, number, str(error))
    return redirect("show_existing", key=plan.key)


@require_POST
@plan_view
def take_states(request: HttpRequest, plan: Plan, number: int) -> HttpResponse:
    """Say of the rules that are there already that they are implemented, each with the entries that open it.

    Only those that the form has named, as it has seen them, and that the answer still says to be open.
    """
    found = compared.read_kept(plan, [number]).get(number)
    if found is None:
        raise Http404
    report = report_for(plan.version, matrix_of(plan))
    there = {one.pick: one for one in list_there(plan, report, found.row, found.now)}
    sent = dict.fromkeys(request.POST.getlist("rule")[:MOST_TAKEN])
    if not sent:
        return _show(request, plan, number, "No rule is chosen.")
    sender = read_sender(request)
    if lives.is_counted(plan, sender):
        return redirect("show_compared", key=plan.key, number=number)
    if any(pick not in there for pick in sent):
        said = "The rules or their states have changed since this page was opened. Nothing was set; look at it anew."
        return _show(request, plan, number, said)
    day = format_date(timezone.localtime(found.row.at), "j F Y")
    device = name_device(found.row)
    picks = [
        lives.Pick(
            mark=mark_of(one.rule),
            seen=one.seen,
            comment=cut(show_line(f"There already: {device}, {say_several(one.by)} (compared on {day})."), 2_000),
        )
        for one in (there[pick] for pick in sent)
    ]
    try:
        lives.set_states(
            plan_id=plan.pk,
            matrix=matrix_of(plan),
            picks=picks,
            wish=lives.Wish(state=THERE),
            sender=sender,
        )
    except (lives.Overtaken, NotPossible) as error:
        return _show(request, plan, number, str(error))
    return redirect("show_compared", key=plan.key, number=number)
