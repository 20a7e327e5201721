"""Uploads by scripts: the address that takes results and answers in plain text, and making such addresses."""

from collections.abc import Iterator
from typing import Any

from django import forms
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST

from planner.engine import TooLarge
from planner.plan import limits
from planner.plan.document import PlanError
from planner.sharing import links, uploads
from planner.sharing.listed import list_newest
from planner.store import throttle
from planner.store.admission import AccessTaken, admitted, lock
from planner.store.editions import matrix_of
from planner.store.holders import read_holder
from planner.store.models import Plan
from planner.store.reports import report_for
from planner.store.results import Upload
from planner.store.run_models import UploadToken
from planner.store.verified import take_uploads
from planner.web.views.acceptance import read_files
from planner.web.views.access import owner_view, take_turn
from ports.matrix import MatrixError
from ports.queries import NoMatrix
from ports.sensitive import sensitive
from ports.text import many, read_number

SENT = "what a script sent"
FORM = "multipart/form-data"
MOST_LISTED = 200
"""How many addresses the page lists."""
DAYS = {"30": "30 days", "90": "90 days", "365": "a year", "never": "ever, until it is revoked"}


class TokenForm(forms.Form):
    """For what an address is, and how long it works."""

    label = forms.CharField(max_length=100, error_messages={"required": "Say what sends results there."})
    days = forms.ChoiceField(choices=list(DAYS.items()), initial="90")


@csrf_exempt
@require_http_methods(["POST", "PUT"])
def upload_results(request: HttpRequest, token: str) -> HttpResponse:
    """Take results that a script sends: as the body, or as files of a form. Answers say what came of it, and no more.

    200 if something was stored, 422 if nothing was, 404 for an address that leads nowhere, 429 after too many.
    """
    row = uploads.find(token) if settings.PUBLIC_LINKS else None
    if row is None:
        return _say(404, "This address takes no results.")
    with take_turn(request, row.plan):  # before anything is counted: a request that has to wait begins anew
        return _take(request, row)


def _take(request: HttpRequest, row: UploadToken) -> HttpResponse:
    try:
        uploads.use(row)
    except throttle.TooMany as error:
        response = _say(429, f"Too many uploads within an hour. Try again in {error.wait} seconds.")
        response.headers["Retry-After"] = str(error.wait)
        return response
    if request.method == "PUT" and request.content_type == FORM:
        return _say(422, "Nothing was stored: send a form by POST; PUT takes the results themselves as its body.")
    sent = list(_read(request))
    if not sent:
        return _say(422, "Nothing was sent.")
    try:
        report = report_for(row.plan.version, matrix_of(row.plan))
        with admitted(lambda: lock(uploads.still_live(row)).first()):
            taken, _ = take_uploads(row.plan, report, sent, who="", via=row.label, is_stranger=True)
    except AccessTaken:
        return _say(404, "This address takes no results.")
    except (PlanError, TooLarge, NoMatrix, MatrixError):
        return _say(409, "Nothing was stored: the plan has no report now.")
    lines = [f"{many(len(taken.stored), 'run')} stored." if taken.stored else "Nothing was stored.", *taken.messages]
    if taken.unfinished:
        lines.append(taken.unfinished)
    return _say(200 if taken.stored else 422, *lines)


def _read(request: HttpRequest) -> Iterator[Upload]:
    if request.content_type == FORM:
        yield from read_files(request)
        return
    data = request.read(limits.RESULTS + 1)
    if data.strip():
        yield Upload(name=SENT, data=data)


def _say(status: int, *lines: str) -> HttpResponse:
    return HttpResponse(
        "".join(f"{line}\n" for line in lines), status=status, content_type="text/plain; charset=utf-8"
    )


@require_http_methods(["GET", "HEAD", "POST"])
@owner_view
@sensitive
def show_uploads(request: HttpRequest, plan: Plan) -> HttpResponse:
    """The addresses for scripts, and the form that makes one; a new one is shown this once."""
    if request.method != "POST":
        return _show(request, plan)
    form = TokenForm(request.POST)
    if not settings.PUBLIC_LINKS:
        return _show(request, plan, trouble="Addresses without a login are switched off in this service.")
    if not form.is_valid():
        return _show(request, plan, form=form)
    try:
        offer = links.read_offer(plan, uploads.KIND, request.POST.get("offer", ""))
        days = form.cleaned_data["days"]
        row = uploads.make_token_row(
            plan=plan,
            label=form.cleaned_data["label"],
            days=None if days == "never" else int(days),
            offer=offer,
            holder=read_holder(request),
        )
    except links.NotMade as error:
        return _show(request, plan, form=form, trouble=str(error))
    address = request.build_absolute_uri(reverse("upload_results", kwargs={"token": offer.token}))
    return _show(request, plan, made={"row": row, "address": address})


@require_POST
@owner_view
def revoke_upload(request: HttpRequest, plan: Plan) -> HttpResponse:
    """Have an address lead nowhere."""
    number = read_number(request.POST.get("token", ""))
    if number is None or not uploads.revoke(plan=plan, number=number, holder=read_holder(request)):
        return _show(request, plan, trouble="That is no address of this plan; nothing was revoked.")
    return redirect("show_uploads", key=plan.key)


def _show(request: HttpRequest, plan: Plan, **more: Any) -> HttpResponse:
    rows = list_newest(UploadToken.objects.filter(plan=plan), MOST_LISTED)
    context = {
        "plan": plan,
        "form": more.pop("form", None) or TokenForm(initial={"days": "90"}),
        "offer": links.offer_token(plan, uploads.KIND),
        "live": [row for row in rows if row.state == "live"],
        "ended": [row for row in rows if row.state != "live"],
        "public_links": settings.PUBLIC_LINKS,
        "days": DAYS.items(),
        **more,
    }
    return render(request, "planner/uploads.html", context)
