"""Where an account is logged in: the sessions that it has, as their owner is shown them, and how they are ended."""

import re
import time
from collections.abc import Iterable
from datetime import UTC, datetime

from django.contrib.auth import SESSION_KEY
from django.contrib.auth.models import User
from django.contrib.auth.signals import user_logged_in
from django.contrib.sessions.models import Session
from django.db import Error, transaction
from django.dispatch import receiver
from django.http import HttpRequest
from django.utils import timezone

from planner.store.account_models import Login
from planner.store.trouble import name_trouble

RENEW = 5 * 60
"""For how many seconds a process doesn't note again that it has seen a session."""
_BEGUN = "login begun"
"""When, in the session, in seconds since 1970: another key of the same session is no other login."""
_MOST = 10_000
_seen: dict[str, float] = {}
"""When this process noted a session last, by its key, on a clock of its own."""

_BROWSERS = (
    ("Edge", r"\bEdgA?/|\bEdgiOS/"), ("Opera", r"\bOPR/"), ("Samsung Internet", r"\bSamsungBrowser/"),
    ("Firefox", r"\bFirefox/|\bFxiOS/"), ("Chrome", r"\bChrom(e|ium)/|\bCriOS/|\bHeadlessChrome/"),
    ("Safari", r"\bVersion/.*\bSafari/"),
)  # fmt: skip
_SYSTEMS = (
    ("Windows", r"\bWindows\b"), ("Android", r"\bAndroid\b"), ("iPhone", r"\biPhone\b"), ("iPad", r"\biPad\b"),
    ("macOS", r"\bMac OS X\b|\bMacintosh\b"), ("ChromeOS", r"\bCrOS\b"), ("Linux", r"\bLinux\b"),
)  # fmt: skip
"""The first that fits: browsers name those that they want to be taken for as well."""


def name_browser(agent: str) -> str:
    """The family of a browser and its system, of what it says of itself (RFC 9110, 10.1.5); any text is taken."""
    said = agent[:500]
    browser = next((name for name, sign in _BROWSERS if re.search(sign, said)), "")
    system = next((name for name, sign in _SYSTEMS if re.search(sign, said)), "")
    if not browser:
        return f"Another program on {system}" if system else "Another program"
    return f"{browser} on {system}" if system else browser


@receiver(user_logged_in)
def _note_begun(request: HttpRequest | None, **_: object) -> None:
    if request is not None and hasattr(request, "session"):
        request.session[_BEGUN] = timezone.now().timestamp()


def note(request: HttpRequest) -> None:
    """Remember that the session of a request was seen, once it is stored; seldom, and never where that fails."""
    session = getattr(request, "session", None)
    if session is None or not session.accessed:
        return
    try:
        key, user = session.session_key, session.get(SESSION_KEY)
        if not key or user is None or _seen.get(key, -RENEW) > time.monotonic() - RENEW:
            return
        begun = session.get(_BEGUN)
        login = Login(
            user_id=int(user),
            session_id=key,
            browser=name_browser(request.headers.get("User-Agent", "")),
            begun=datetime.fromtimestamp(begun, UTC) if begun else timezone.now(),
        )
        with transaction.atomic():  # one statement, so that nobody waits for longer than that
            Login.objects.bulk_create(
                [login], update_conflicts=True, unique_fields=["session"], update_fields=["user", "browser", "seen"]
            )
    except Error as error:
        if name_trouble(error) is None:
            raise
        return
    if len(_seen) >= _MOST:
        _seen.clear()
    _seen[key] = time.monotonic()


def list_open(user: User) -> tuple[Login, ...]:
    """The sessions of an account that haven't ended, those that were seen last first."""
    return tuple(Login.objects.filter(user=user, session__expire_date__gt=timezone.now()))


def end(user: User, number: int) -> bool:
    """End the session of that number, if it is the account's: the next request with it is nobody's."""
    return bool(_end(Login.objects.filter(user=user, pk=number).values_list("session_id", flat=True)))


def end_others(user: User, keep: str = "") -> int:
    """End all sessions of an account but the one with the key `keep`, and say how many there were."""
    keys = set(Login.objects.filter(user=user).values_list("session_id", flat=True))
    # Those that began before logins were noted, and weren't seen since: what they say has to be read.
    keys |= {
        session.session_key
        for session in Session.objects.filter(login=None, expire_date__gt=timezone.now())
        if session.get_decoded().get(SESSION_KEY) == str(user.pk)
    }
    return _end(keys - {keep})


def _end(keys: Iterable[str]) -> int:
    with transaction.atomic():
        return Session.objects.filter(pk__in=list(keys)).delete()[1].get("sessions.Session", 0)
