"""What htmx says of a request, for views that answer it with parts of a page."""

from django.http import HttpRequest
from django_htmx.middleware import HtmxDetails


def htmx_of(request: HttpRequest) -> HtmxDetails:
    """What the headers of htmx say; false where another than htmx asks."""
    details: HtmxDetails = request.htmx  # type: ignore[attr-defined]  # put there by django-htmx's middleware
    return details
