"""Who else is looking at a plan, and where: a name that a person may choose and a colour, as long as the page asks.

A browser is known by a signed cookie with a random key of 256 bits; of it only a keyed hash is stored. Where there are
no accounts, that key is also what the browser's plans open for (`planner.store.holders`).
"""

import re
import secrets
import unicodedata
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from planner.store.models import Plan, Viewer, hash_token
from planner.store.trouble import store_if_possible

COOKIE = "viewer"
COLOURS = 8
"""How many colours there are; the stylesheet has one class for each."""
GONE = timedelta(seconds=12)
"""A browser that hasn't asked for so long isn't looking any more."""
RENEW = timedelta(seconds=5)
"""How old its mark may be before it is renewed: most questions cost no write."""
MAX_NAME = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Visitor:
    """The browser that sends a request: its random key, and the name that its person chose, perhaps none."""

    key: str
    name: str = ""
    is_new: bool = False
    """Whether the browser doesn't know its key yet."""

    @property
    def hash(self) -> str:
        """What stands for the key in the database."""
        return hash_token(self.key)

    @property
    def colour(self) -> int:
        """One of COLOURS, always the same for a browser."""
        return int(self.hash[:8], 16) % COLOURS

    @property
    def label(self) -> str:
        """The chosen name, or one that tells browsers apart."""
        return self.name or name_guest(self.hash)

    @property
    def initials(self) -> str:
        """Two characters for a badge; of a guest one, as the beginning of its number looks like a count."""
        return "G" if self.label.startswith("Guest ") else self.label[:2]


def name_guest(browser: str) -> str:
    """What a browser without a chosen name is called, by its hash."""
    return f"Guest {browser[:3].upper()}"


def read_visitor(request: HttpRequest) -> Visitor:
    """The visitor of the cookie, or a new one when there is none or it was tampered with; one for each request."""
    known: Visitor | None = getattr(request, "visitor", None)
    if known is None:
        known = _read_cookie(request)
        request.visitor = known  # type: ignore[attr-defined]  # kept for the rest of the request
    return known


def _read_cookie(request: HttpRequest) -> Visitor:
    try:
        # Before there were prefixes it had none; browsers keep their plans.
        sent = _name_cookie() if _name_cookie() in request.COOKIES else COOKIE
        key, _, name = (request.get_signed_cookie(sent, salt=COOKIE) or "").partition(" ")
    except (KeyError, signing.BadSignature):
        key, name = "", ""
    if not re.fullmatch(r"[A-Za-z0-9_-]{43}", key):
        return Visitor(key=secrets.token_urlsafe(32), name=_account_name(request), is_new=True)
    return Visitor(key=key, name=_account_name(request) or clean_name(name))


def _account_name(request: HttpRequest) -> str:
    """The name of the account that is logged in, where accounts are on: it can't be chosen then."""
    user = request.user if settings.REQUIRE_LOGIN else None
    return clean_name(user.get_username()) if user is not None and user.is_authenticated else ""


def _name_cookie() -> str:
    return f"{settings.COOKIE_PREFIX}{COOKIE}"


def keep_visitor(response: HttpResponse, visitor: Visitor, *, secure: bool) -> None:
    """Remember the visitor in the browser for a year, out of reach of scripts."""
    response.set_signed_cookie(
        _name_cookie(), f"{visitor.key} {visitor.name}".strip(), salt=COOKIE, max_age=31_536_000, httponly=True,
        secure=secure, samesite="Lax",
    )  # fmt: skip


def clean_name(name: str) -> str:
    """A name fit to be shown: at most MAX_NAME characters, no control characters, no white space at the ends."""
    kept = "".join(c for c in name if unicodedata.category(c)[0] != "C")
    return " ".join(kept.split())[:MAX_NAME].strip()


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where in a plan somebody works: at an endpoint that they edit, else at a tab; at neither."""

    endpoint: str = ""
    tab: str = ""


NOWHERE = Place()


def note_visit(plan: Plan, visitor: Visitor, place: Place = NOWHERE) -> tuple[Viewer, ...]:
    """Mark that the visitor is looking, and where, and return the others who are, by name.

    Two queries; a third seldom, or when they go elsewhere.
    """
    now = timezone.now()
    present = list(plan.viewers.filter(seen__gt=now - GONE).order_by("name", "key_hash"))
    own = next((viewer for viewer in present if viewer.key_hash == visitor.hash), None)
    at = Place(endpoint=place.endpoint[:255], tab=place.tab[:20])
    is_same = own is not None and (own.name, own.endpoint, own.tab) == (visitor.label, at.endpoint, at.tab)
    if own is None or own.seen < now - RENEW or not is_same:
        mark = Viewer(
            plan=plan, key_hash=visitor.hash, name=visitor.label, colour=visitor.colour, seen=now,
            endpoint=at.endpoint, tab=at.tab,
        )  # fmt: skip
        store_if_possible(
            lambda: Viewer.objects.bulk_create(  # one statement, so that the write lock is held no longer than that
                [mark],
                update_conflicts=True,
                unique_fields=["plan", "key_hash"],
                update_fields=["name", "colour", "seen", "endpoint", "tab"],
            )
        )
    return tuple(viewer for viewer in present if viewer is not own)
