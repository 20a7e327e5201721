"""Who holds a plan by name, an account or a browser: given it, with another role, and no more."""

from collections.abc import Callable
from functools import wraps

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from planner.sharing import members
from planner.store.holders import find_hold, read_holder
from planner.store.models import Hold, Plan
from planner.web.forms.plans import MemberForm, RoleForm
from planner.web.views.access import View, owner_view
from planner.web.views.sharing import show_sharing
from ports.sensitive import sensitive
from ports.text import read_number


def member_view(view: Callable[..., HttpResponse]) -> View:
    """For owners. What can't be done is told on the page."""

    @require_POST
    @owner_view
    @wraps(view)
    def wrapper(request: HttpRequest, plan: Plan) -> HttpResponse:
        try:
            response = view(request, plan)
        except members.NotShared as error:
            return show_sharing(request, plan, trouble=str(error))
        return response if find_hold(request, str(plan.key), document=False) else redirect("show_plans")

    return wrapper


@member_view
@sensitive
def add_member(request: HttpRequest, plan: Plan) -> HttpResponse:
    """Share the plan with the account of a name, where there are accounts."""
    if not settings.REQUIRE_LOGIN:
        raise Http404
    form = MemberForm(request.POST)
    if not form.is_valid():
        return show_sharing(request, plan, member_form=form)
    try:
        user = members.find_account(form.cleaned_data["name"])
    except members.NotShared as error:
        form.add_error("name", str(error))
        return show_sharing(request, plan, member_form=form)
    role = Hold.Role(form.cleaned_data["role"])
    members.share_plan(plan=plan, user=user, role=role, holder=read_holder(request))
    return redirect("show_links", key=plan.key)


@member_view
@sensitive
def change_member(request: HttpRequest, plan: Plan) -> HttpResponse:
    """Let an account or a browser do more or less with the plan."""
    form = RoleForm(request.POST)
    number, role = (form.cleaned_data["member"], form.cleaned_data["role"]) if form.is_valid() else (0, "")
    members.change_role(plan=plan, number=number, role=Hold.Role(role or "read"), holder=read_holder(request))
    return redirect("show_links", key=plan.key)


@member_view
@sensitive
def remove_member(request: HttpRequest, plan: Plan) -> HttpResponse:
    """Have an account or a browser hold the plan no more; one that doesn't is no trouble."""
    number = read_number(request.POST.get("member", "")) or 0
    members.unshare_plan(plan=plan, number=number, holder=read_holder(request))
    return redirect("show_links", key=plan.key)
