"""What htmx says of a request, for views that answer it with parts of a page."""

from django.http import HttpRequest, HttpResponse
from django_htmx.http import HttpResponseClientRedirect
from django_htmx.middleware import HtmxDetails


def htmx_of(request: HttpRequest) -> HtmxDetails:
    """What the headers of htmx say; false where another than htmx asks."""
    details: HtmxDetails = request.htmx  # type: ignore[attr-defined]  # put there by django-htmx's middleware
    return details


def lead_before(address: str) -> HttpResponse:
    """Have htmx lead to what has to be done before it is answered.

    The status is that of a refusal: scripts take what has another for stored, and forget what was typed.
    """
    return HttpResponseClientRedirect(address, status=401)
