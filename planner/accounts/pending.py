"""A login whose password was right, and that waits for the second factor: nobody is logged in by it yet."""

from dataclasses import dataclass

from django.contrib.auth.models import User
from django.http import HttpRequest
from django.utils import timezone
from django.utils.crypto import constant_time_compare

LASTS = 10 * 60
"""For how many seconds it waits."""
_KEPT = "login that waits"
WANTED = "wanted before the second factor"
"""Where in the session the address is that somebody asked for who has to set one up first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    """Whose login it is, and where they want to go from there."""

    user: User
    address: str

    @property
    def whose(self) -> str:
        """What the form about it sends, so that it is never about another login that has taken its place."""
        return str(self.user.pk)


def begin(request: HttpRequest, user: User, address: str) -> None:
    """Have the login of somebody whose password was right wait in the session, in place of one before."""
    request.session[_KEPT] = {
        "user": user.pk,
        "proof": user.get_session_auth_hash(),  # another password ends it
        "at": timezone.now().timestamp(),
        "address": address,
    }


def find(request: HttpRequest) -> Pending | None:
    """The login that waits in the session; None where there is none, or it has waited for too long."""
    kept = request.session.get(_KEPT)
    if not kept or not 0 <= timezone.now().timestamp() - kept["at"] <= LASTS:
        return None
    user = User.objects.filter(pk=kept["user"], is_active=True).first()
    if user is None or not constant_time_compare(kept["proof"], user.get_session_auth_hash()):
        return None
    return Pending(user=user, address=kept["address"])


def forget(request: HttpRequest) -> None:
    """None waits any more."""
    request.session.pop(_KEPT, None)
