"""How lately somebody who is logged in has given the password: at the login, or when asked again."""

from django.contrib.auth.models import User
from django.contrib.auth.signals import user_logged_in
from django.dispatch import receiver
from django.http import HttpRequest
from django.utils import timezone

from planner.accounts import second_factor
from planner.store import throttle

LASTS = 15 * 60
"""For how many seconds a password counts as given."""
MOST_WRONG = 10
"""How many wrong ones a session may try in an hour."""
GIVEN = "password given"
"""When, in the session, in seconds since 1970."""


@receiver(user_logged_in)
def note_given(request: HttpRequest | None, **_: object) -> None:
    """Whoever logs in has given it just now."""
    if request is not None and hasattr(request, "session"):
        request.session[GIVEN] = timezone.now().timestamp()


def is_due(request: HttpRequest) -> bool:
    """Whether whoever sends this is to give the password again. Those who have none here log in elsewhere."""
    user = request.user
    if not isinstance(user, User) or not user.has_usable_password():
        return False
    given = request.session.get(GIVEN, 0)
    return not 0 <= timezone.now().timestamp() - given <= LASTS


def give(request: HttpRequest, password: str, code: str = "") -> bool:
    """Whether the password is right, and for who has a second factor its code; if so they count as given.

    Raises throttle.TooMany after MOST_WRONG in an hour. Those are counted for the session: somebody who got hold of
    one keeps nobody else from theirs.
    """
    attempt = throttle.count("wrong-password-again", request.session.session_key or "", limit=MOST_WRONG)
    user = request.user
    if not (isinstance(user, User) and user.check_password(password)):
        return False
    if second_factor.is_on(user) and not second_factor.check(user, code, known=request.session.session_key or ""):
        return False
    throttle.forgive(attempt)
    request.session[GIVEN] = timezone.now().timestamp()
    return True
