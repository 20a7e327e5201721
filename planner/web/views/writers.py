"""Who comments: by the name that the others see, and as the account or browser that the plan is held by."""

from django.conf import settings
from django.http import HttpRequest

from planner.store import presence
from planner.store.comments import Writer
from planner.store.holders import read_holder


def read_writer(request: HttpRequest) -> Writer:
    """Who sends a request, as a writer of comments."""
    visitor = presence.read_visitor(request)
    user = read_holder(request).user if settings.REQUIRE_LOGIN else None
    return Writer(name=visitor.label, key=f"account {user.pk}" if user else visitor.hash)
