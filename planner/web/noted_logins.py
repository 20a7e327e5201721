"""Notes which sessions are logged in, so that their owners can see and end them."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from planner.accounts import sessions


class NotedLogins:
    """Outside of Django's middleware for sessions: a session has its key once that has stored it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer, and note the session that it was for."""
        response = self.get_response(request)
        sessions.note(request)
        return response
