"""Modules: switched on and off in a plan that is there."""

from collections.abc import Iterable
from typing import Any

from django.http import HttpRequest

from planner.plan.blueprint import AnswersError, add_module, find_users_question, losses, remove_module
from planner.plan.changes import Change, FieldPath, compare_documents
from planner.plan.document import Plan as CheckedPlan
from planner.plan.document import PlanError, check_stored, dump_plan
from planner.plan.edits import NotPossible
from planner.store import actions
from planner.store.kept import LARGE
from planner.store.models import Plan
from planner.web.forms.modules import ModuleForm
from planner.web.forms.plans import EditForm
from planner.web.views.plans import edit_view, read_base, read_sender
from planner.web.views.rows import was_sent_before
from ports.matrix import Matrix


def _switch(request: HttpRequest, plan: Plan, matrix: Matrix) -> EditForm:
    """Switch a module as its sender meant it; what speaks against it, or would be lost, is said in its card."""
    form = ModuleForm(request.POST, matrix=matrix)
    if not form.is_valid() or was_sent_before(request, plan):
        return form
    try:
        _apply(request, plan, form, read_sender(request))
    except AnswersError as error:
        for sentences in error.faults.values():
            for sentence in sentences:
                form.add_error(None, sentence)
    except PlanError as error:
        for message in error.brief:
            form.add_error(None, message)
    except (NotPossible, actions.Clash) as error:
        form.add_error(None, str(error))
        form.told = isinstance(error, actions.Clash)
    return form


def _apply(request: HttpRequest, plan: Plan, form: ModuleForm, sender: actions.Sender) -> None:
    """The switch follows from the whole plan, so it is made if it is today what it was on the page of its sender."""
    base, renames = read_base(request, plan)
    now = check_stored(plan.document, matrix=form.matrix)
    todo = _list_changes(form, now)
    meant = todo
    if base is not plan.document:
        meant = _list_changes(form, check_stored(base, matrix=form.matrix))
    if not meant or not todo:
        return  # it was so on the page, or is so by now
    if _list_goals(change.under(renames) for change in meant) != _list_goals(todo):
        revisions = list(plan.revisions.filter(number__gt=sender.base or 0).defer(*LARGE).order_by("number"))
        raise actions.Clash([], plan.document, revisions)
    answer = form.cleaned_data["answer"]
    if form.ask(losses(form.matrix, now, form.question.slug, answer, form.cleaned_data["users"])):
        return
    params = {"summary": _summarise(form), "switch": meant}
    actions.apply_edit(plan_id=plan.pk, matrix=form.matrix, edit="switch-module", params=params, sender=sender)


def _list_changes(form: ModuleForm, plan: CheckedPlan) -> tuple[Change, ...]:
    """What the switch would change in a plan."""
    matrix, slug = form.matrix, form.question.slug
    if form.cleaned_data["to"] == "off":
        after = remove_module(matrix, plan, slug)
    else:
        after = add_module(matrix, plan, slug, form.cleaned_data["answer"], form.cleaned_data["users"])
    return compare_documents(dump_plan(plan), after)


def _list_goals(changes: Iterable[Change]) -> list[tuple[FieldPath, Any]]:
    """What is to become of what, whatever it is now: what would be lost is asked about."""
    return [(change.where, change.after) for change in changes]


def _summarise(form: ModuleForm) -> str:
    question, answer = form.question, form.cleaned_data["answer"]
    if form.cleaned_data["to"] == "off":
        return f"{question.title} switched off"
    if question.kind == "list":
        names = [line.strip() for line in answer if line.strip()]
        more = f" and {len(names) - 3:,} more" if len(names) > 3 else ""
        return f"{question.title}: {', '.join(names[:3])}{more} added"
    said = f"{question.title}: {', '.join(question.option(slug).name for slug in answer)}"
    asks, users = find_users_question(form.matrix, question), form.cleaned_data["users"]
    return f"{said}; {asks.title}: {asks.option(users).name}" if asks and users else said


switch_module = edit_view(_switch, "topology")
