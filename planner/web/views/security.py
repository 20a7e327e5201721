"""One's own account: where it is logged in, its second factor, and the code that a login with one waits for."""

from functools import wraps
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login
from django.contrib.auth.models import User
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.cache import add_never_cache_headers
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from planner.accounts import pending, second_factor, sessions
from planner.accounts.pending import WANTED
from planner.accounts.people import fold_name
from planner.accounts.proofs import keep_known, read_known
from planner.store import audit, throttle
from planner.store.account_models import SecondFactor
from planner.web.views.access import View, ask_for_login, keep_private
from planner.web.views.errors import show_too_many
from planner.web.views.sharing import draw_qr
from ports.sensitive import sensitive
from ports.text import many, read_number

WRONG = "This code isn’t right, or was taken already. Wait for the next one of the app, or take a recovery code."
TOO_MANY = "Too many codes were wrong. A recovery code is looked at nevertheless."
OTHER = "Another login has begun in this browser since. This is the page of that one; your code wasn’t looked at."
TOLD = "Somebody gave your right password and {codes} in another browser. If that wasn’t you, change your password."


def own_view(view: View) -> View:
    """A page of whoever is logged in; without accounts it is there for staff, who log in all the same."""

    @wraps(view)
    def wrapper(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponseBase:
        if not isinstance(request.user, User):
            if not settings.REQUIRE_LOGIN:
                raise Http404
            return ask_for_login(request)
        return keep_private(view(request, *args, **kwargs))

    return wrapper


def _me(request: HttpRequest) -> User:
    assert isinstance(request.user, User)  # noqa: S101 - own_view lets nobody else in
    return request.user


@require_safe
@own_view
def show_security(request: HttpRequest) -> HttpResponse:
    """The sessions of whoever asks, and their second factor."""
    user = _me(request)
    here = request.session.session_key
    logins = [{"login": one, "is_here": one.session_id == here} for one in sessions.list_open(user)]
    context = {
        "logins": sorted(logins, key=lambda one: not one["is_here"]),
        "others": sum(not one["is_here"] for one in logins),
        "is_on": second_factor.is_on(user),
        "codes_left": second_factor.count_left(user),
        "is_demanded": second_factor.is_demanded(request),
        "is_missing": second_factor.is_missing(request),
        "demanded_of": settings.SECOND_FACTOR,
    }
    return render(request, "accounts/security.html", context)


@require_POST
@own_view
def end_session(request: HttpRequest) -> HttpResponse:
    """End the session of the number that is sent, or without one all but this."""
    user, here = _me(request), request.session.session_key or ""
    number = request.POST.get("number", "")
    if not number:
        count = sessions.end_others(user, here)
    elif (row := read_number(number)) is not None:
        count = int(sessions.end(user, row))
    else:
        raise Http404
    if count:
        audit.note("session-ended", actor=user.get_username(), detail=many(count, "session"))
    ended = f"{many(count, 'session')} {'is' if count == 1 else 'are'} ended." if count else "It has ended already."
    messages.success(request, ended)
    return redirect("show_security")


# --- the second factor -----------------------------------------------------------------------------------------------


def _show_waiting(request: HttpRequest, user: User, errors: list[str]) -> HttpResponse:
    address, letters = second_factor.describe(user)
    return render(request, "accounts/factor.html", {"qr": draw_qr(address), "letters": letters, "errors": errors})


@require_POST
@own_view
@sensitive
def prepare_factor(request: HttpRequest) -> HttpResponse:
    """A new secret, shown until a code proves that an app has it."""
    user = _me(request)
    if not user.has_usable_password() or second_factor.is_on(user):
        return redirect("show_security")
    second_factor.prepare(user)
    return _show_waiting(request, user, [])


@require_POST
@own_view
@sensitive
def confirm_factor(request: HttpRequest) -> HttpResponse:
    """With a code of the app the factor is asked for from now on; the recovery codes are shown once."""
    user = _me(request)
    try:
        codes = second_factor.confirm(user, request.POST.get("code", ""))
        if not codes:
            return _show_waiting(request, user, ["This isn’t the code that the app shows now."])
    except SecondFactor.DoesNotExist:
        return redirect("show_security")
    context = {"codes": codes, "is_new": True, "wanted": request.session.pop(WANTED, "")}
    return render(request, "accounts/recovery.html", context)


@require_POST
@own_view
@sensitive
def make_codes(request: HttpRequest) -> HttpResponse:
    """New recovery codes in place of the ones before, shown once."""
    codes = second_factor.renew_codes(_me(request))
    if not codes:
        return redirect("show_security")
    return render(request, "accounts/recovery.html", {"codes": codes})


@require_POST
@own_view
@sensitive
def remove_factor(request: HttpRequest) -> HttpResponse:
    """Ask for the password alone from now on."""
    user = _me(request)
    if second_factor.remove(user, actor=user.get_username()):
        messages.success(request, "A login asks for your password alone from now on.")
    return redirect("show_security")


# --- the login -------------------------------------------------------------------------------------------------------


@sensitive_post_parameters("code")
@require_http_methods(["GET", "HEAD", "POST"])
def give_code(request: HttpRequest) -> HttpResponse:
    """Ask for the code of a login whose password was right, and log in with it."""
    waiting = pending.find(request)
    if waiting is None or not second_factor.is_on(waiting.user):  # which staff may have switched off meanwhile
        pending.forget(request)
        return redirect("log_in" if settings.REQUIRE_LOGIN else "admin:login")
    errors: list[str] = []
    if request.method == "POST" and request.POST.get("whose", waiting.whose) != waiting.whose:
        errors = [OTHER]
    elif request.method == "POST":
        name, wrong = fold_name(waiting.user.get_username()), second_factor.count_wrong(waiting.user)
        try:
            right = second_factor.check(waiting.user, request.POST.get("code", ""), known=read_known(request, name))
        except throttle.TooMany as error:
            return keep_private(show_too_many(request, error.wait, TOO_MANY))
        if right:
            pending.forget(request)
            login(request, waiting.user, backend=second_factor.BY_PASSWORD)
            if wrong:
                messages.warning(request, TOLD.format(codes=many(wrong, "wrong code")))
            response = redirect(waiting.address)
            keep_known(response, name)
            add_never_cache_headers(response)
            return response
        errors = [WRONG]
    context: dict[str, Any] = {"errors": errors, "name": waiting.user.get_username(), "whose": waiting.whose}
    return keep_private(render(request, "accounts/code.html", context))
