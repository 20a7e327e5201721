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
    path = "/" + named.path.lstrip("/")  # with two at its beginning it would name a host
    return urlunsplit(("", "", path, named.query, ""))
