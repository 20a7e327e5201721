"""Under a read link: results of checks that readers upload, where they may, and the badge of the acceptance."""

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from planner.report.checks.badge import render_badge
from planner.sharing import links, uploads
from planner.store import throttle
from planner.store.admission import AccessTaken, admitted, lock
from planner.store.editions import matrix_of
from planner.store.models import ShareLink
from planner.store.reports import report_for
from planner.store.results import prove
from planner.store.verified import take_uploads
from planner.web.views.acceptance import read_uploads, say_taken
from planner.web.views.access import matrix_view, take_turn
from planner.web.views.errors import show_too_many
from planner.web.views.shared import by_link, refuse_link, shows_opening


class NameForm(forms.Form):
    """Who uploads."""

    name = forms.CharField(
        max_length=40, error_messages={"required": "Say who you are, so that somebody can ask you about it."}
    )


@require_safe
@by_link
@matrix_view
def show_badge(request: HttpRequest, link: ShareLink, token: str) -> HttpResponse:
    """A badge of the acceptance, for pages elsewhere; 404 where the link asks first, or is of one revision.

    It counts as no opening: it says less than the report.
    """
    if link.is_gated or link.pinned is not None:
        raise Http404
    with take_turn(request, link.plan):
        proven = prove(link.plan, report_for(link.plan.version, matrix_of(link.plan)))
    response = HttpResponse(render_badge(proven.acceptance if proven else None), content_type="image/svg+xml")
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"  # a wiki may show it
    return response


@require_http_methods(["GET", "HEAD", "POST"])
@by_link
@matrix_view
def send_results(request: HttpRequest, link: ShareLink, token: str) -> HttpResponse:
    """The form for files of results, and taking them; 404 where the link may not, and the gate where it asks first.

    What came of it is said as to every stranger: which files were used, and what is wrong with the others.
    """
    if not link.may_upload or link.pinned is not None:
        raise Http404
    if not shows_opening(request, link):
        return redirect("open_link", token=token)
    if request.method != "POST":
        return _send_results(request, link, token)
    with take_turn(request, link.plan):
        return _send_results(request, link, token)


def _send_results(request: HttpRequest, link: ShareLink, token: str) -> HttpResponse:
    form = NameForm(request.POST) if request.method == "POST" else NameForm()
    said, trouble, messages = "", "", tuple[str, ...]()
    if request.method == "POST" and form.is_valid():
        sent = list(read_uploads(request))
        if not sent:
            trouble = "Choose files of results, or paste one."
        else:
            try:
                uploads.count_of_link(link)
            except throttle.TooMany as error:
                return show_too_many(request, error.wait, "Many results were uploaded by this link within an hour.")
            report = report_for(link.plan.version, matrix_of(link.plan))
            name = form.cleaned_data["name"]
            try:
                with admitted(lambda: lock(links.still_live(link)).first()):
                    taken, verified = take_uploads(link.plan, report, sent, who=name, via=link.label, link=link)
            except AccessTaken:
                return refuse_link(request, token)
            said, messages = say_taken(taken, verified), taken.messages
    context = {
        "here": reverse("open_link", kwargs={"token": token}),
        "action": reverse("send_results", kwargs={"token": token}),
        "plan_name": link.plan.name,
        "form": form,
        "said": said,
        "messages_of": messages,
        "trouble": trouble,
    }
    return render(request, "planner/reading_results.html", context)
