"""The page of this service that a request was made on."""

from urllib.parse import urlsplit, urlunsplit

from django.http import HttpRequest


def find_page(request: HttpRequest, header: str) -> str:
    """Path and query of the page that a header names; of the first one where it names none of this host."""
    try:
        named = urlsplit(request.headers.get(header, ""))
    except ValueError:  # no address at all
        return "/"
    if (named.scheme, named.netloc) != (request.scheme, request.get_host()):
        return "/"
    return urlunsplit(("", "", named.path or "/", named.query, ""))
