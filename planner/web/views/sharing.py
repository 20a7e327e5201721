"""Sharing a plan: its edit link, its read links, and with whom it is shared by name."""

from collections import defaultdict
from collections.abc import Callable
from typing import Any

import segno
from django import forms
from django.conf import settings
from django.db.models import Window
from django.db.models.functions import RowNumber
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import mark_safe
from django.views.decorators.http import require_POST, require_safe

from planner.sharing import links, members, withdrawals
from planner.sharing.files import write_link
from planner.sharing.link_form import LinkForm
from planner.sharing.listed import list_newest
from planner.store.files import send
from planner.store.holders import read_holder
from planner.store.models import Hold, Opening, Plan, ShareLink
from planner.web.forms.plans import MemberForm
from planner.web.views.access import owner_view, take_turn
from ports.sensitive import sensitive
from ports.text import read_number

SHOWN_OPENINGS = 10
"""How many of the last openings of a link the page tells."""


@require_safe
@owner_view
def show_links(request: HttpRequest, plan: Plan) -> HttpResponse:
    """Every link of the plan, and the forms that make one."""
    return show_sharing(request, plan)


@require_POST
@owner_view
@sensitive
def make_link(request: HttpRequest, plan: Plan) -> HttpResponse:
    """Make a read link and show its address, this once."""
    form = LinkForm(request.POST, revision=plan.revision)
    if not settings.PUBLIC_LINKS:
        return show_sharing(request, plan, trouble="Read links are switched off in this service.")
    if not form.is_valid():
        return show_sharing(request, plan, form=form)

    def make(offer: links.Offer) -> ShareLink:
        terms = links.Terms(**form.terms)
        return links.make_link(plan=plan, terms=terms, token=offer.token, holder=read_holder(request))

    return _make(request, plan, "read", make, form)


@require_POST
@owner_view
@sensitive
def make_edit_link(request: HttpRequest, plan: Plan) -> HttpResponse:
    """Make the edit link, or another one in place of it, and show its address, this once."""

    def make(offer: links.Offer) -> None:
        links.make_edit_link(plan_id=plan.pk, holder=read_holder(request), offer=offer)
        plan.refresh_from_db(fields=["edit_hash", "edit_number"])

    return _make(request, plan, "edit", make)


def _make(
    request: HttpRequest,
    plan: Plan,
    kind: str,
    make: Callable[[links.Offer], ShareLink | None],
    form: forms.Form | None = None,
) -> HttpResponse:
    try:
        offer = links.read_offer(plan, kind, request.POST.get("offer", ""))
        link = make(offer)
    except links.NotMade as error:
        return show_sharing(request, plan, form=form, trouble=str(error))
    path = reverse("open_edit_link" if kind == "edit" else "open_link", kwargs={"token": offer.token})
    address = request.build_absolute_uri(path)
    made = {
        "kind": kind,
        "link": link,
        "address": address,
        "qr": draw_qr(address),
        "offer": request.POST.get("offer", ""),
    }
    return show_sharing(request, plan, made=made)


def draw_qr(address: str) -> str:
    """The QR code of an address as an SVG element, dark on light in either colour scheme."""
    code = segno.make(address, error="m", micro=False)
    drawn = code.svg_inline(
        border=4, dark="#000", light="#fff", svgclass="qr", lineclass=None, omitsize=True, title="QR code"
    )
    return mark_safe(drawn)  # noqa: S308 - drawn by segno from modules and numbers


@require_POST
@owner_view
def withdraw_edit_link(request: HttpRequest, plan: Plan) -> HttpResponse:
    """Have the edit link lead nowhere."""
    links.withdraw_edit_link(plan_id=plan.pk, holder=read_holder(request))
    return redirect("show_links", key=plan.key)


@require_POST
@owner_view
def give_back(request: HttpRequest, plan: Plan) -> HttpResponse:
    """Undo that an edit link or somebody's access was withdrawn, which is possible for a minute."""
    number = _read_number(request, "withdrawal")
    try:
        withdrawals.give_back(plan_id=plan.pk, number=number, holder=read_holder(request))
    except withdrawals.NotGivenBack as error:
        return show_sharing(request, plan, trouble=str(error))
    return redirect("show_links", key=plan.key)


def _read_number(request: HttpRequest, name: str = "link") -> int:
    """Which row a form is about; 0, which none has, for whatever is no number."""
    return read_number(request.POST.get(name, "")) or 0


@require_POST
@owner_view
def revoke_link(request: HttpRequest, plan: Plan) -> HttpResponse:
    """Have a read link lead nowhere from the next request on."""
    if not links.revoke_link(plan=plan, number=_read_number(request), holder=read_holder(request)):
        return show_sharing(request, plan, trouble="This plan has no such link.")
    return redirect("show_links", key=plan.key)


@require_POST
@owner_view
def bring_back_link(request: HttpRequest, plan: Plan) -> HttpResponse:
    """Undo that a read link was revoked, which is possible for a minute."""
    if not links.bring_back(plan=plan, number=_read_number(request), holder=read_holder(request)):
        return show_sharing(request, plan, trouble=links.TOO_LATE)
    return redirect("show_links", key=plan.key)


@require_POST
@owner_view
def print_link(request: HttpRequest, plan: Plan) -> HttpResponse:
    """The PDF that a link leads to, with the link on its cover; only while the page still shows the link."""
    try:
        token = links.read_offer(plan, "read", request.POST.get("offer", "")).token
    except links.NotMade as error:
        return show_sharing(request, plan, trouble=str(error))
    link = links.find_link(token)
    if link is None or link.plan_id != plan.pk:
        return show_sharing(request, plan, trouble="This link leads nowhere any more.")
    address = request.build_absolute_uri(reverse("open_link", kwargs={"token": token}))
    with take_turn(request, link.plan):
        return send(write_link(link, address, request.GET.dict()))


def _list_members(request: HttpRequest, plan: Plan) -> list[dict[str, Any]]:
    """Who holds the plan, as the page tells of them."""
    own = getattr(request, "hold", None)
    holds = list(members.list_members(plan))
    return [
        {
            "hold": hold,
            "name": name,
            "is_you": own is not None and hold.pk == own.pk,
            "is_off": hold.user is not None and not hold.user.is_active,
        }
        for hold, name in zip(holds, members.name_members(plan, holds), strict=True)
    ]


def show_sharing(
    request: HttpRequest,
    plan: Plan,
    *,
    form: forms.Form | None = None,
    made: dict[str, Any] | None = None,
    member_form: forms.Form | None = None,
    trouble: str = "",
) -> HttpResponse:
    """The page as it is now; `made` is the link that was just made, with its address; `form` one that comes back."""
    if form and form.data.get("passphrase") and "passphrase" not in form.errors:
        form.add_error("passphrase", "Type it once more: it isn’t sent back.")  # else the next try makes an open link
    found = list_newest(plan.links.all(), 2 * links.MOST_LINKS)
    rank = Window(RowNumber(), partition_by="link", order_by=("-at", "-pk"))
    recent = defaultdict(list)
    for opening in Opening.objects.filter(link__in=found).annotate(rank=rank).filter(rank__lte=SHOWN_OPENINGS):
        recent[opening.link_id].append(opening)
    # One that is used up is still open to those who are in, so it can be revoked as well.
    live = [(link, recent[link.pk]) for link in found if link.state in ("live", "used up")]
    context = {
        "plan": plan,
        "links": live,
        "ended": [link for link in found if link.state not in ("live", "used up")],
        "undoable": [
            link for link in found if link.revoked and link.revoked >= timezone.now() - withdrawals.UNDONE_FOR
        ],
        "withdrawn": list(withdrawals.list_undoable(plan)),
        "shown_openings": SHOWN_OPENINGS,
        "form": form or LinkForm(revision=plan.revision),
        "made": made,
        "trouble": trouble,
        "offer": links.offer_token(plan, "read"),
        "edit_offer": links.offer_token(plan, "edit"),
        "accounts": settings.REQUIRE_LOGIN,
        "members": _list_members(request, plan),
        "member_form": member_form or MemberForm(),
        "roles": Hold.Role.choices,
        "public_links": settings.PUBLIC_LINKS,
        "open_hours": links.OPEN_HOURS,
    }
    return render(request, "planner/links.html", context)
