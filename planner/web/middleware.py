"""What holds for every request and answer, whichever part of the service it is for."""

import gc
from collections.abc import Callable
from contextlib import nullcontext, suppress

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from planner.store import audit
from planner.store.stored import READS, watching
from planner.web.under_links import is_under_link
from planner.web.views.errors import show_no_page, show_too_large

FORWARDED = ("FOR", "PROTO", "HOST", "PORT", "PROTOCOL", "SSL", "SERVER", "PREFIX")
FORWARDING_HEADERS = ("HTTP_FORWARDED", *(f"HTTP_X_FORWARDED_{name}" for name in FORWARDED))


class Proxied:
    """Takes the client's address from a trusted proxy, and from everybody else nothing that only a proxy may say.

    It comes first, so that whatever reads REMOTE_ADDR reads the client.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer as whom the request comes from."""
        meta = request.META
        remote = meta.get("REMOTE_ADDR") or ""
        if settings.PROXIES.trusts(remote):
            meta["REMOTE_ADDR"] = settings.PROXIES.find_client(remote, meta.get("HTTP_X_FORWARDED_FOR") or "")
        else:
            for header in (*FORWARDING_HEADERS, settings.REMOTE_USER):
                meta.pop(header, None)
        return self.get_response(request)


class Noted:
    """Has the log of what was done know whom a request comes from, and errors whether anything of it was stored.

    Behind `Proxied`, which finds out the former.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer."""
        with audit.sent_by(request), nullcontext() if request.method in READS else watching():
            return self.get_response(request)


PERMISSIONS = ", ".join(
    f"{feature}=()"
    for feature in (
        "accelerometer", "autoplay", "camera", "display-capture", "encrypted-media", "fullscreen", "geolocation",
        "gyroscope", "hid", "magnetometer", "microphone", "midi", "payment", "publickey-credentials-get",
        "screen-wake-lock", "serial", "usb", "xr-spatial-tracking",
    )
)  # fmt: skip
"""What no page here asks a browser for, so that nothing that gets into one can."""


class SafeHeaders:
    """Tells browsers that other sites embed nothing of this one, unless a view says so, and what no page needs."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer, with the headers on refusals, errors and static files too."""
        response = self.get_response(request)
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        response.headers.setdefault("Permissions-Policy", PERMISSIONS)
        return response


class LinkHeaders:
    """Tells browsers and caches to keep the address of a link, and what it shows, to themselves."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer, with the headers for links on refusals and errors too."""
        response = self.get_response(request)
        if is_under_link(request):
            response.headers["Referrer-Policy"] = "no-referrer"
            response.headers["X-Robots-Tag"] = "noindex"
            response.headers["Cache-Control"] = "private, no-store"
        return response


class NoBlankPages:
    """Has an address that takes forms alone say so to who opens it, and lead to the plan whose form it takes."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """The answer, or a page where Django's has nothing in it."""
        response = self.get_response(request)
        if response.status_code != 405 or request.method not in ("GET", "HEAD") or response.content:
            return response
        page = show_no_page(request)
        page.headers["Allow"] = response.headers["Allow"]
        return page


LARGE = 2**20
"""From how many bytes on what a request left behind is cleared away at once."""


class LimitBody:
    """Refuses more than settings.MAX_BODY bytes before they are kept: uploaded files have no other limit.

    What is too large is read nevertheless and thrown away, up to settings.MAX_RECEIVED.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer, or 413."""
        length = request.META.get("CONTENT_LENGTH") or ""
        size = int(length) if length.isascii() and length.isdigit() and len(length) <= 12 else 0
        if size > settings.MAX_BODY or len(length) > 12:
            response = show_too_large(request)
        else:
            response = self.get_response(request)
        if response.status_code == 413 and size <= settings.MAX_RECEIVED:
            with suppress(OSError):  # the sender has hung up
                while request.read(2**16):
                    pass
        if size > LARGE:
            gc.collect()  # else a refused document may stay in memory, beside the next one
        return response
