"""Which addresses have the token of a link in them."""

from django.http import HttpRequest

from planner.deploy import logs

UNDER_LINKS = tuple(f"/{name}/" for name in logs.UNDER_LINKS)


def is_under_link(request: HttpRequest) -> bool:
    """Whether the address of a request has one in it."""
    return request.path_info.startswith(UNDER_LINKS)
