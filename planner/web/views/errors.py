"""Answers to what went wrong: a sentence that says what to do, in the product's own frame."""

import re
import sys

from django.conf import settings
from django.core.exceptions import RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from planner.deploy import request_id
from planner.store.trouble import name_trouble, say_our_fault, say_to_sender
from planner.web.views.coming_from import find_page
from ports.text import plural

_PLAN = re.compile(r"/plans/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}(/|$)")
_SHARED = re.compile(r"/shared/[\w-]{43}/", re.ASCII)
ASK_FOR_LINK = (
    "The address of a plan, copied out of a browser, opens it for those alone who hold the plan. "
    "Ask whoever sent it to you for a link."
)
ASK_STEPS = (
    "They open the plan, choose Share, and make a read link, or an edit link if you are to change the plan.",
    "They send you that link: open it in place of this address.",
    "If it is your own plan, this browser has lost its cookie or is another one: open your edit link.",
)
"""What to do in place of an address that opens nothing for this browser."""


def show_error(request: HttpRequest, status: int, title: str, message: str, *, plan: str = "") -> HttpResponse:
    """An error page with one heading and one sentence. `plan`: the address of the plan, for who may see that."""
    context = {"title": title, "message": message, "plan_page": plan}
    return render(request, "planner/error.html", context, status=status)


def show_bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """400: a request that can't be meant; 413: more than the limits admit."""
    if isinstance(exception, (RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent)):
        return show_too_large(request)
    return show_error(request, 400, "That request can't be read", "Go back, check the form and send it again.")


def show_too_large(request: HttpRequest) -> HttpResponse:
    """413: more than is read, in bytes, fields or files, whichever form it is."""
    return show_error(
        request,
        413,
        "That is more than this form takes",
        f"A form takes {settings.DATA_UPLOAD_MAX_MEMORY_SIZE // 2**20} MiB of typed or pasted text, "
        f"{settings.DATA_UPLOAD_MAX_NUMBER_FIELDS:,} fields, {settings.DATA_UPLOAD_MAX_NUMBER_FILES} files, and "
        f"{settings.MAX_BODY // 2**20} MiB in all. Choose a file in place of pasting where the form takes one; larger "
        "archives of plans are for the command import_plans.",
    )


def show_too_many(request: HttpRequest, wait: int, reason: str, *, says_when: bool = False) -> HttpResponse:
    """429: why, and after how many seconds to try again, unless the reason says that."""
    minutes = -(-wait // 60)
    said = reason if says_when else f"{reason} Try again in {minutes} {plural(minutes, 'minute')}."
    response = show_error(request, 429, "Please wait", said)
    response.headers["Retry-After"] = str(wait)
    return response


def show_forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """403."""
    return show_error(request, 403, "Not allowed", "This page isn't for this browser or account.")


def show_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """404, the same for an address that never was and one that is no longer.

    An address as plans have it opens for those alone who hold the plan: so that is told, be there one or not.
    """
    if _PLAN.match(request.path_info):
        context = {"title": "Nothing is here", "message": ASK_FOR_LINK, "steps": ASK_STEPS}
        return render(request, "planner/error.html", context, status=404)
    return show_error(
        request, 404, "Nothing is here", "Check the address. A plan's address has to be complete to open it."
    )


def show_server_error(request: HttpRequest) -> HttpResponse:
    """500: our fault; 503 if it is the database that can't. Nothing is asked of the request, which may be at fault."""
    context = {"request_id": request_id.current()}
    if trouble := name_trouble(sys.exception()):
        context |= {"title": trouble.title, "message": say_to_sender(trouble)}
        response = render(None, "planner/error.html", context, status=503)
        response.headers["Retry-After"] = str(trouble.wait)
        return response
    context |= {"title": "Something went wrong here", "message": say_our_fault(request.method)}
    return render(None, "planner/error.html", context, status=500)


def show_no_page(request: HttpRequest) -> HttpResponse:
    """405: an address that takes forms alone, as it stands in the browser after one was refused without scripts."""
    plan = _PLAN.match(request.path_info) or _SHARED.match(request.path_info)
    query = request.META.get("QUERY_STRING", "")
    context = {
        "title": "This address takes forms alone",
        "message": "There is nothing to look at; open the page that has the form.",
        "again": "?".join(filter(None, (plan[0], query))) if plan else "/",
        "again_words": "Open the plan",
    }
    return render(request, "planner/error.html", context, status=405)


def show_csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """403 for a form that was sent without its token: an old page, or cookies switched off."""
    context = {
        "title": "This form is too old",
        "message": "Open the page again and send the form once more. Cookies must be on.",
        "again": find_page(request, "Referer"),
    }
    return render(request, "planner/error.html", context, status=403)
