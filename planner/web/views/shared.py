"""Under a read link: who may come in, and then the pages of readers.

A link that never led anywhere and one that no longer does get the same answer. Whoever tries many of them is asked to
wait. A link that leads somewhere proves itself: it opens, whatever others have tried from the same address.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import wraps
from typing import Concatenate
from uuid import UUID

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from planner.accounts.proofs import read_waited
from planner.plan.edits import NotPossible
from planner.sharing import links
from planner.sharing.links import Reading
from planner.store import patience, throttle
from planner.store.jobs import count_endpoints
from planner.store.lives import Overtaken
from planner.store.models import Plan, ShareLink
from planner.web.forms.lives import StateForm
from planner.web.views import making, reading, rule_ends
from planner.web.views.access import View, matrix_view, take_turn_of
from planner.web.views.errors import show_error, show_too_many
from planner.web.views.making import Asker
from planner.web.views.plans import read_operation
from planner.web.views.reading import Place, ReadingView
from planner.web.views.waiting import show_wait

COOKIE = "opening"
WRONG_LINKS = 30
"""How many links that lead nowhere one client may try in an hour; the same one counts once."""

LinkView = Callable[..., HttpResponseBase]
LookView = Callable[Concatenate[HttpRequest, ShareLink, Place, ...], HttpResponseBase]


def by_link(view: LinkView) -> View:
    """Hand the read link of the address to the view."""

    @wraps(view)
    def answer(request: HttpRequest, token: str, *args: object, **kwargs: object) -> HttpResponseBase:
        link = links.find_link(token) if settings.PUBLIC_LINKS else None
        is_in = link is not None and (shows_opening(request, link) or _sends_again(request, link))
        if link is None or (link.state != "live" and not is_in):
            return refuse_link(request, token)
        return view(request, link, token, *args, **kwargs)

    return answer


def shows_opening(request: HttpRequest, link: ShareLink) -> bool:
    """Whether this browser has opened the link."""
    return links.is_in(link, request.COOKIES.get(f"{settings.PATH_COOKIE_PREFIX}{COOKIE}", ""))


def _sends_again(request: HttpRequest, link: ShareLink) -> bool:
    """Whether the browser sends the form once more that opened the link: it must not find the last opening used up."""
    return request.method == "POST" and links.has_entered(link, _know_browser(request))


def _know_browser(request: HttpRequest) -> str:
    """The secret that the browser has for its forms."""
    return str(request.META.get("CSRF_COOKIE", ""))


def refuse_link(request: HttpRequest, token: str) -> HttpResponse:
    """404, and 429 to whoever tries many links that lead nowhere; a token can't be found by trying in either case."""
    try:
        throttle.count(
            "wrong-link", throttle.network_of(request.META.get("REMOTE_ADDR", "")), limit=WRONG_LINKS, mark=token
        )
    except throttle.TooMany as error:
        return show_too_many(request, error.wait, "Too many links that lead nowhere were tried from here.")
    return show_nowhere(request)


def show_nowhere(request: HttpRequest) -> HttpResponse:
    """404 for every link that leads nowhere, whyever."""
    return show_error(
        request,
        404,
        "This link leads nowhere",
        "It may be incomplete, or have expired, or have been revoked. Ask whoever sent it for a new one.",
    )


def by_reader(view: ReadingView) -> View:
    """A page of readers for those who have opened the link."""

    @wraps(view)
    def read(request: HttpRequest, link: ShareLink, place: Place, *args: object, **kwargs: object) -> HttpResponse:
        with _take_turn(request, link):
            return view(request, links.read_link(link), place, *args, **kwargs)

    return _by_opening(read)


def _take_turn(request: HttpRequest, link: ShareLink) -> AbstractContextManager[None]:
    """Work on what a link shows of a plan in its turn, before anything is counted or stored. Raises turns.NotYet."""
    return take_turn_of(request, count_endpoints(link.plan))


def _by_opening(view: LookView) -> View:
    """The same for a view that gets the link itself."""

    told = matrix_view(view)  # within: whoever is let in stays so where a fault is all there is to show

    @require_safe
    @by_link
    @wraps(view)
    def answer(request: HttpRequest, link: ShareLink, token: str, *args: object, **kwargs: object) -> HttpResponseBase:
        here = reverse("open_link", kwargs={"token": token})
        is_new = not shows_opening(request, link)
        if is_new and link.is_gated:
            return _show_gate(request, link, token) if request.path == here else redirect("open_link", token=token)
        is_new = is_new and request.method != "HEAD"  # nobody has read anything
        place = Place(here=here, link=request.build_absolute_uri(here))
        if not is_new:
            return told(request, link, place, *args, **kwargs)
        # A request whose turn it isn't is worked on from the beginning later, and an opening counts once.
        with _take_turn(request, link):
            if not links.enter(link):
                return show_nowhere(request)
            response = told(request, link, place, *args, **kwargs)
            _let_in(response, link, here)
            return response

    return answer


def _let_in(response: HttpResponseBase, link: ShareLink, here: str) -> None:
    """Keep the opening in the browser: for this link alone, out of reach of scripts."""
    response.set_cookie(
        f"{settings.PATH_COOKIE_PREFIX}{COOKIE}", links.seal(link), max_age=links.OPEN_FOR, path=here,
        httponly=True, secure=settings.TLS, samesite="Lax",
    )  # fmt: skip


def _show_gate(
    request: HttpRequest, link: ShareLink, token: str, *, trouble: str = "", status: int = 200
) -> HttpResponse:
    context = {
        "token": token,
        "asks": bool(link.passphrase),
        "is_limited": link.most_openings is not None,
        "open_hours": links.OPEN_HOURS,
        "trouble": trouble,
        "query": request.GET.urlencode(),
    }
    return render(request, "planner/gate.html", context, status=status)


@require_POST
@by_link
def enter_link(request: HttpRequest, link: ShareLink, token: str) -> HttpResponse:
    """Open a link that asks first: for its passphrase, or whether one of its few openings is to be used."""
    here = reverse("open_link", kwargs={"token": token})
    query = request.GET.urlencode()
    response = redirect(f"{here}?{query}" if query else here)
    if shows_opening(request, link):
        return response  # and the opening lasts no longer
    try:
        client = request.META.get("REMOTE_ADDR", "")
        links.try_passphrase(link, request.POST.get("passphrase", ""), client=client, token=read_waited(request))
    except links.Refused as error:
        return _show_gate(request, link, token, trouble=str(error), status=403)
    except patience.Wait as error:
        return show_wait(request, error, "Too many wrong passphrases were tried on this link.")
    if not links.enter(link, _know_browser(request)):
        return show_nowhere(request)
    _let_in(response, link, here)
    return response


ReportingView = Callable[[HttpRequest, Reading, Place, StateForm | None], HttpResponse]


def by_reporter(show: ReportingView, *, of_one: bool) -> View:
    """Set states of rules for those who have opened a link that may report, then back to its page.

    Nothing is set by others: 404 where the link may not, and the gate where it asks first. `show` answers a form with
    errors.
    """

    @require_POST
    @by_link
    @matrix_view
    def answer(request: HttpRequest, link: ShareLink, token: str) -> HttpResponse:
        here = reverse("open_link", kwargs={"token": token})
        if not link.may_report or link.pinned is not None:
            raise Http404
        if not shows_opening(request, link):
            return redirect("open_link", token=token)
        with _take_turn(request, link):
            return _report(request, link, Place(here=here, link=request.build_absolute_uri(here)))

    def _report(request: HttpRequest, link: ShareLink, place: Place) -> HttpResponse:
        form = StateForm(request.POST, of_one=of_one, asks_name=True)
        if form.is_valid():
            try:
                links.report_states(
                    link=link,
                    picks=form.cleaned_data["picks"],
                    wish=form.wish,
                    name=form.cleaned_data["name"],
                    operation=read_operation(request),
                )
            except (Overtaken, NotPossible, links.Refused) as error:
                form.add_error(None, str(error))
            except throttle.TooMany as error:
                return show_too_many(request, error.wait, "Many states were set by this link within an hour.")
        if form.is_valid():
            query = request.GET.urlencode()
            anchor = f"#rule-{request.POST.get('id', '')}" if of_one else ""
            return redirect(f"{place.here}{f'?{query}' if query else ''}{anchor}")
        return show(request, links.read_link(link), place, form)

    return answer


@_by_opening
def open_link(request: HttpRequest, link: ShareLink, place: Place) -> HttpResponse:
    """The page of readers. What the link may, and what it shows, is what the page depends on besides the plan."""

    def read(plan: Plan) -> Reading:
        link.plan = plan
        return links.read_link(link)

    facts = link.pk, link.pinned, link.shows_changes, link.may_report, link.may_upload
    return reading.look(request, reading.Source(plan=link.plan, read=read, facts=facts, is_link=True), place)


open_rule = by_reader(reading.show_rule)
report_state = by_reporter(reading.show_rule, of_one=True)
report_states = by_reporter(reading.show, of_one=False)
open_ends = by_reader(rule_ends.show_ends_of_reading)
open_rule_text = by_reader(reading.show_rule_text)
open_diagram = by_reader(reading.download_diagram)
open_changes = by_reader(reading.show_changes)
open_changes_ends = by_reader(rule_ends.show_ends_of_reading_changes)


def _asker_of(link: ShareLink, here: str) -> Asker:
    """Whoever reads by a link: of the plan not even its name, which may be newer than what is pinned."""
    facts = link.pinned, link.shows_changes, link.may_report, link.may_upload
    return Asker(
        kinds=("reading", "reading-changes"), plan=link.plan, here=here, name="Report", link=link, facts=facts
    )


@_by_opening
def open_report(request: HttpRequest, link: ShareLink, place: Place, name: str) -> HttpResponseBase:
    """The report in a format; a long one is made apart."""
    apart = making.answer_apart(request, _asker_of(link, place.here), "reading", name)
    if apart is not None:
        return apart
    with _take_turn(request, link):
        return reading.download(request, links.read_link(link), place, name)


@_by_opening
def open_changes_file(request: HttpRequest, link: ShareLink, place: Place, name: str) -> HttpResponseBase:
    """What changed since, in a format; a long one is made apart. 404 where it isn't told."""
    if link.pinned is None or not link.shows_changes:
        raise Http404
    apart = making.answer_apart(request, _asker_of(link, place.here), "reading-changes", name)
    if apart is not None:
        return apart
    with _take_turn(request, link):
        return reading.download_changes(request, links.read_link(link), place, name)


@_by_opening
def open_job(request: HttpRequest, link: ShareLink, place: Place, name: UUID) -> HttpResponseBase:
    """How far a file is."""
    return making.show_job(request, _asker_of(link, place.here), name)


@_by_opening
def open_job_file(request: HttpRequest, link: ShareLink, place: Place, name: UUID) -> HttpResponseBase:
    """A file that was made apart."""
    return making.send_job(request, _asker_of(link, place.here), name)


@require_POST
@by_link
def cancel_job(request: HttpRequest, link: ShareLink, token: str, name: UUID) -> HttpResponseBase:
    """End the making of a file, for those who have opened the link; to the gate, or the page, with others."""
    if not shows_opening(request, link):
        return redirect("open_link", token=token)
    return making.cancel_job(request, _asker_of(link, reverse("open_link", kwargs={"token": token})), name)
