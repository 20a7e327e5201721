"""Who has tried too many wrong passwords waits for some seconds: the page that says so."""

from django.http import HttpRequest, HttpResponse

from planner.accounts.proofs import keep_waiting
from planner.store import patience
from planner.web.views.errors import show_too_many


def show_wait(request: HttpRequest, error: patience.Wait, reason: str) -> HttpResponse:
    """429: after how many seconds the form may be sent once more; the browser gets the proof for it."""
    said = f"{reason} Wait {error.wait} seconds, go back and send it once more; it is looked at then."
    response = show_too_many(request, error.wait, said, says_when=True)
    keep_waiting(response, error)
    return response
