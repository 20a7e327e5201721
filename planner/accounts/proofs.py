"""What proves that somebody who tries a password may: that they have waited, or were right in this browser before.

Both are cookies, so that every form with a password is the same.
"""

import secrets

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponseBase

from planner.store import patience
from planner.store.models import hash_token

_WAITED, _KNOWN = "waited", "known"
KNOWN_FOR = 180 * 86_400
"""How many seconds a browser is known."""


def keep_waiting(response: HttpResponseBase, error: patience.Wait) -> None:
    """Give the browser the proof that it waits."""
    _set(response, _WAITED, error.token, int(patience.GOOD_FOR.total_seconds()))


def read_waited(request: HttpRequest) -> str:
    """The proof that the sender has waited, if there is any."""
    return request.COOKIES.get(f"{settings.COOKIE_PREFIX}{_WAITED}", "")


def keep_known(response: HttpResponseBase, name: str) -> None:
    """Know the browser from now on as one that was right for this user name."""
    _set(response, _KNOWN, signing.dumps([_stand_for(name), secrets.token_hex(16)], salt=_KNOWN), KNOWN_FOR)


def read_known(request: HttpRequest, name: str) -> str:
    """Something secret of a browser that was right for this user name before; else nothing."""
    try:
        known, mark = signing.loads(
            request.COOKIES.get(f"{settings.COOKIE_PREFIX}{_KNOWN}", ""), salt=_KNOWN, max_age=KNOWN_FOR
        )
    except (signing.BadSignature, ValueError, TypeError):
        return ""
    return str(mark) if known == _stand_for(name) else ""


def _stand_for(name: str) -> str:
    return hash_token(f"known:{name}")


def _set(response: HttpResponseBase, name: str, value: str, seconds: int) -> None:
    response.set_cookie(
        f"{settings.COOKIE_PREFIX}{name}", value, max_age=seconds, httponly=True, secure=settings.TLS, samesite="Lax"
    )
