"""Comments on an endpoint, a rule or a decision: a page of those on one thing, and one of all that a plan has."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from planner.engine import Report
from planner.report.said.answers import CHOICE
from planner.store import comments, presence
from planner.store.comment_subjects import find_about, is_known, is_told, list_there
from planner.store.comments import ENDPOINT, RULE, Writer
from planner.store.editions import matrix_of
from planner.store.models import Comment, Plan
from planner.store.reports import report_for
from planner.store.rule_comments import keep_openings, place
from planner.web.forms.comments import CommentForm, NumberForm
from planner.web.views.access import plan_view
from planner.web.views.plans import read_operation
from planner.web.views.writers import read_writer
from ports.text import show_line

NAMED = 8
"""How many of those who can be mentioned the form names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What comments are about."""

    kind: str
    name: str
    title: str
    way: str
    """Where it stands on the plan's page; empty where it is gone."""

    @property
    def query(self) -> str:
        """What the address of its comments ends with."""
        return urlencode({"on": self.kind, "of": self.name})


def describe_subject(plan: Plan, report: Report, there: Mapping[str, frozenset[str]], kind: str, name: str) -> Subject:
    """What is meant; what the plan doesn't have any more has no way there."""
    here, way, title = plan.get_absolute_url(), "", f"Rule {name}" if kind == RULE else name
    if name not in there[kind]:
        return Subject(kind=kind, name=name, title=title, way="")
    if kind == ENDPOINT:
        way = f"{here}?{urlencode({'edit': name})}"
    elif kind == RULE:
        way = f"{reverse('show_rule', kwargs={'key': plan.key})}?{urlencode({'rule': name})}"
    else:
        of, _, slug = name.partition("/")
        title = report.matrix.choices[slug].name if of == CHOICE else report.matrix.caveats[slug].title
        way = f"{here}?panel={'decisions' if of == CHOICE else 'caveats'}#{of}-{slug}"
    return Subject(kind=kind, name=name, title=title, way=way)


@require_safe
@plan_view
def show_comments(request: HttpRequest, plan: Plan) -> HttpResponse:
    """The comments on what the address names, or without that all of the plan. 404 for what never was."""
    report = report_for(plan.version, matrix_of(plan))
    if "on" not in request.GET:
        return _show(request, plan, report)
    subject = _read_subject(plan, report, request.GET.get("on", ""), request.GET.get("of", ""))
    return _show(request, plan, report, subject)


def _read_subject(plan: Plan, report: Report, kind: str, name: str) -> Subject:
    if not is_known(plan, report, kind, name):
        raise Http404
    return describe_subject(plan, report, list_there(report), kind, name)


def _show(
    request: HttpRequest,
    plan: Plan,
    report: Report,
    subject: Subject | None = None,
    form: CommentForm | None = None,
    trouble: str = "",
) -> HttpResponse:
    writer = read_writer(request)
    rows, placed = plan.comments.order_by("pk"), place(plan, report)
    if subject is not None:
        rows = find_about(plan, placed, subject.kind, subject.name, is_there=bool(subject.way))
    known = comments.list_known(plan) if subject is not None else []
    others = [name for name in known if name.casefold() != writer.name.casefold()]
    context = {
        "plan": plan,
        "report": report,
        "here": plan.get_absolute_url(),
        "subject": subject,
        "threads": _list_threads(plan, report, rows[: comments.MOST], writer, placed),
        "form": form or CommentForm(),
        "most": comments.MOST_TEXT,
        "help": _say_help(others[:NAMED]),
        "trouble": trouble,
    }
    response = render(request, "planner/comments.html", context)
    presence.keep_visitor(response, presence.read_visitor(request), secure=settings.TLS)
    return response


def _say_help(names: Sequence[str]) -> str:
    known = f" Known here: {', '.join(f'@{show_line(name)}' for name in names)}." if names else ""
    return f"@ and a name mentions somebody: they see it at the head of the plan.{known}"


def _list_threads(
    plan: Plan, report: Report, rows: Iterable[Comment], writer: Writer, placed: Mapping[int, str]
) -> list[tuple[Subject, list[dict[str, Any]]]]:
    """Comments by what they are about, in the order in which they began."""
    threads: dict[tuple[str, str, bool], list[dict[str, Any]]] = {}
    for row in rows:
        item = {
            "row": row,
            "pieces": comments.split_mentions(row.text, row.mentions),
            "is_own": row.writer == writer.key,
            "is_for": row.writer != writer.key
            and writer.name.casefold() in {name.casefold() for name in row.mentions},
        }
        name = placed.get(row.pk, row.subject) if row.kind == RULE else row.subject
        threads.setdefault((row.kind, name or row.subject, not name), []).append(item)
    there = list_there(report)
    nowhere = {kind: frozenset[str]() for kind in there}
    return [
        (describe_subject(plan, report, nowhere if is_gone else there, kind, name), items)
        for (kind, name, is_gone), items in threads.items()
    ]


@require_POST
@plan_view
def add_comment(request: HttpRequest, plan: Plan) -> HttpResponse:
    """Comment on what the form names, then back to the comments on it."""
    report = report_for(plan.version, matrix_of(plan))
    subject = _read_subject(plan, report, request.POST.get("on", ""), request.POST.get("of", ""))
    form = CommentForm(request.POST)
    if form.is_valid():
        try:
            comments.add(
                plan=plan,
                kind=subject.kind,
                subject=subject.name,
                text=form.cleaned_data["text"],
                writer=read_writer(request),
                operation=read_operation(request),
                blocks=keep_openings(report, subject.name) if subject.kind == RULE else (),
            )
            return redirect(_address(plan, subject.kind, subject.name))
        except comments.Refused as error:
            form.add_error(None, str(error))
    return _show(request, plan, report, subject, form)


@require_POST
@plan_view
def resolve_comment(request: HttpRequest, plan: Plan) -> HttpResponse:
    """Resolve a comment, or with an empty `resolved` open it again."""
    resolved = bool(request.POST.get("resolved"))
    return _change(request, plan, lambda number, writer: comments.resolve(
        plan=plan, number=number, resolved=resolved, writer=writer
    ))  # fmt: skip


@require_POST
@plan_view
def delete_comment(request: HttpRequest, plan: Plan) -> HttpResponse:
    """Delete a comment of one's own."""
    return _change(request, plan, lambda number, writer: comments.delete(plan=plan, number=number, writer=writer))


def _change(request: HttpRequest, plan: Plan, act: Callable[[int, Writer], Comment]) -> HttpResponse:
    form, report = NumberForm(request.POST), report_for(plan.version, matrix_of(plan))
    trouble = "That is not the number of a comment; nothing was changed."
    if form.is_valid():
        try:
            row = act(form.cleaned_data["number"], read_writer(request))
        except comments.Refused as error:
            trouble = str(error)
        else:
            if "all" in request.POST:
                return redirect("show_comments", key=plan.key)
            name = place(plan, report).get(row.pk) if row.kind == RULE else row.subject
            name = name or row.subject
            if name in list_there(report)[row.kind] or is_told(plan, row.kind, name):
                return redirect(_address(plan, row.kind, name))
            return redirect("show_comments", key=plan.key)
    return _show(request, plan, report, trouble=trouble)


def _address(plan: Plan, kind: str, name: str) -> str:
    query = urlencode({"on": kind, "of": name})
    return f"{reverse('show_comments', kwargs={'key': plan.key})}?{query}"
