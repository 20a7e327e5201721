"""Whether git owns a plan: what was pushed, by which token, and giving it to git or taking it back. For owners."""

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from planner.sharing import tokens
from planner.store import git
from planner.store.holders import Holder, read_holder
from planner.store.lasting import lasts
from planner.store.models import Plan
from planner.store.token_models import ApiToken
from planner.web.views.access import owner_view
from ports.sensitive import sensitive
from ports.text import show_line

PUSHES = 20
"""How many pushes are shown."""
WRITES = (ApiToken.Scope.EDIT, ApiToken.Scope.OWN)


class GitForm(forms.Form):
    """Where the file is, for people to find it, and which token pushes it."""

    repository = forms.CharField(required=False, max_length=git.MAX_TEXT)
    path = forms.CharField(required=False, max_length=git.MAX_TEXT)
    token = forms.ChoiceField(required=False, error_messages={"invalid_choice": "You have no such token that writes."})

    def __init__(self, data: Any = None, *, names: list[tuple[str, str]], **options: Any) -> None:
        super().__init__(data, **options)
        self.fields["token"].choices = [("", "None: manage.py push alone"), *names]  # type: ignore[attr-defined]


@require_safe
@owner_view
def show_git(request: HttpRequest, plan: Plan) -> HttpResponse:
    """Who owns the plan's document, and what was pushed last."""
    return _show(request, plan)


@require_POST
@owner_view
@sensitive
def give_to_git(request: HttpRequest, plan: Plan) -> HttpResponse:
    """Have git own the plan, or name another token for it."""
    holder = read_holder(request)
    usable = _list_tokens(holder, plan)
    form = GitForm(request.POST, names=[(str(row.pk), row.label) for row in usable])
    if not form.is_valid():
        return _show(request, plan, form)
    facts = form.cleaned_data
    token = next((row for row in usable if str(row.pk) == facts["token"]), None)
    git.give_to_git(
        plan_id=plan.pk, repository=show_line(facts["repository"]), path=show_line(facts["path"]), token=token,
        actor=holder.name,
    )  # fmt: skip
    return redirect("show_git", key=plan.key)


@require_POST
@owner_view
@sensitive
def take_from_git(request: HttpRequest, plan: Plan) -> HttpResponse:
    """Have the plan be edited on its page again."""
    git.take_from_git(plan_id=plan.pk, actor=read_holder(request).name)
    return redirect("show_git", key=plan.key)


def _list_tokens(holder: Holder, plan: Plan) -> list[ApiToken]:
    """The owner's tokens that work now and may write this plan."""
    rows = tokens.list_of(holder).filter(lasts(timezone.now()), scope__in=WRITES)
    return [row for row in rows if row.plan_id in (None, plan.pk)]


def _show(request: HttpRequest, plan: Plan, form: GitForm | None = None) -> HttpResponse:
    facts = plan.git or {}
    names = [(str(row.pk), row.label) for row in _list_tokens(read_holder(request), plan)]
    blank = GitForm(
        names=names,
        initial={
            "repository": facts.get("repository", ""),
            "path": facts.get("path", ""),
            "token": facts.get("token"),
        },
    )
    context = {
        "plan": plan,
        "form": form or blank,
        "names": [("", "None: manage.py push alone"), *names],
        "chosen": str((form or blank)["token"].value() or ""),
        "pushes": plan.pushes.all()[:PUSHES],
        "still": facts.get("token") is None or any(str(facts["token"]) == number for number, _ in names),
    }
    return render(request, "planner/git.html", context)
