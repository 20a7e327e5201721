"""Tokens for programs: the page of whoever makes them, an account or a browser."""

from typing import Any

from django import forms
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from planner.sharing import tokens
from planner.sharing.links import NotMade
from planner.sharing.listed import list_newest
from planner.store import presence
from planner.store.holders import Holder, read_holder
from planner.store.models import Plan
from planner.store.token_models import ApiToken
from planner.web.views.access import keep_private, maker_view
from ports.sensitive import sensitive
from ports.text import read_number

SHOWN = 200
"""How many tokens the page lists, and how many plans its form offers."""
ALL = ""
"""What the form calls all plans."""


class TokenForm(forms.Form):
    """For what a token is, what it may, on which plan, and how long it works."""

    label = forms.CharField(max_length=100, error_messages={"required": "Say which program is to use it."})
    scope = forms.ChoiceField(choices=ApiToken.Scope.choices, initial=ApiToken.Scope.READ)
    plan = forms.ChoiceField(required=False)
    days = forms.TypedChoiceField(
        choices=[(str(days), name) for days, name in tokens.DAYS.items()], initial="90", coerce=int
    )

    def __init__(self, data: Any = None, *, plans: list[tuple[str, str]], **options: Any) -> None:
        super().__init__(data, **options)
        self.fields["plan"].choices = [(ALL, "All that I hold"), *plans]  # type: ignore[attr-defined]  # a ChoiceField


@require_http_methods(["GET", "HEAD", "POST"])
@maker_view
@sensitive
def show_tokens(request: HttpRequest) -> HttpResponse:
    """The tokens of whoever asks, and the form that makes one; a new one is shown this once."""
    holder = read_holder(request)
    if request.method != "POST":
        return _show(request, holder)
    form = TokenForm(request.POST, plans=_list_plans(holder))
    if not form.is_valid():
        return _show(request, holder, form=form)
    facts = form.cleaned_data
    plan = Plan.objects.defer("document").get(key=facts["plan"]) if facts["plan"] else None
    try:
        token = tokens.read_offer(holder, request.POST.get("offer", ""))
        row = tokens.make_api_token(
            holder=holder, token=token, label=facts["label"], scope=facts["scope"], days=facts["days"], plan=plan
        )
    except NotMade as error:
        return _show(request, holder, form=form, trouble=str(error))
    return _show(request, holder, made={"row": row, "token": token})


@require_POST
@maker_view
def revoke_token(request: HttpRequest) -> HttpResponse:
    """Have a token open nothing."""
    number, holder = read_number(request.POST.get("token", "")), read_holder(request)
    if number is None or not tokens.revoke(holder=holder, number=number):
        return _show(request, holder, trouble="You have no such token; nothing was revoked.")
    return keep_private(redirect("show_tokens"))


def _list_plans(holder: Holder) -> list[tuple[str, str]]:
    """The plans that a token can be made for: key and name, those that were opened last first."""
    holds = holder.holds().filter(plan__deleted=None).select_related("plan").defer("plan__document")
    return [(str(hold.plan.key), hold.plan.name) for hold in holds.order_by("-opened", "-pk")[:SHOWN]]


def _show(
    request: HttpRequest,
    holder: Holder,
    *,
    form: forms.Form | None = None,
    made: dict[str, Any] | None = None,
    trouble: str = "",
) -> HttpResponse:
    rows = list_newest(tokens.list_of(holder).select_related("plan").defer("plan__document"), SHOWN)
    chosen = request.GET.get("plan", ALL)
    blank = TokenForm(plans=_list_plans(holder), initial={"plan": chosen, "days": "90", "scope": ApiToken.Scope.READ})
    context = {
        "form": form or blank,
        "made": made,
        "trouble": trouble,
        "offer": tokens.offer_token(holder),
        "live": [row for row in rows if row.state == "live"],
        "ended": [row for row in rows if row.state != "live"],
    }
    response = render(request, "planner/tokens.html", context)
    if not settings.REQUIRE_LOGIN:  # the browser has to keep the key that the tokens act for
        presence.keep_visitor(response, presence.read_visitor(request), secure=settings.TLS)
    return keep_private(response)
