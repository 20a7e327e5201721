"""The log of what was done with plans, links and accounts: rows for the admin, and one JSON object a line for others.

Each says who did it, from which address and under which request. Neither has a token, or anything out of a plan.
"""

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Literal

from django.contrib.auth.models import User
from django.db import transaction
from django.http import HttpRequest

from planner.deploy.request_id import current
from planner.store.models import Event, Plan, ShareLink

Kind = Literal[
    "plan-made", "plan-deleted", "plan-restored", "plan-shared", "plan-unshared",
    "edit-link-made", "edit-link-withdrawn", "edit-link-opened",
    "link-made", "link-opened", "states-reported", "link-revoked", "link-brought-back", "wrong-passphrase",
    "access-given-back",
    "upload-made", "upload-revoked", "results-uploaded", "results-deleted",
    "token-made", "token-revoked", "token-refused",
    "comparison-kept", "comparison-deleted",
    "logged-in", "logged-out", "login-failed", "password-changed", "privileges-changed", "account-deleted",
    "session-ended", "second-factor-on", "second-factor-off", "recovery-codes-made", "recovery-code-used",
    "wrong-code",
    "owner-appointed", "given-to-git", "taken-from-git", "plan-exported", "log-exported", "matrix-amended",
]  # fmt: skip

_sender: ContextVar[HttpRequest | None] = ContextVar("sender", default=None)


@contextmanager
def sent_by(request: HttpRequest) -> Iterator[None]:
    """What is noted until the block ends was asked for by this request."""
    token = _sender.set(request)
    try:
        yield
    finally:
        _sender.reset(token)


def name_sender() -> str:
    """The user name of the account that asks, if one is logged in."""
    user = getattr(_sender.get(), "user", None)
    return user.get_username() if user is not None and user.is_authenticated else ""


def name_session(user: User) -> str:
    """The key of the session that asks, if it is that account's."""
    sender = _sender.get()
    if sender is None or getattr(sender, "user", None) != user:
        return ""
    return sender.session.session_key or ""


logger = logging.getLogger("planner.audit")


def note(
    kind: Kind, *, plan: Plan | None = None, link: ShareLink | None = None, actor: str = "", detail: str = ""
) -> None:
    """Remember that something was done; the line is written when what it tells of is committed."""
    key = plan.key if plan is not None else None
    sender = _sender.get()
    event = Event.objects.create(
        kind=kind,
        plan=key,
        link=link.pk if link is not None else None,
        actor=actor[:150],
        detail=detail[:300],
        address=(sender.META.get("REMOTE_ADDR") or "")[:45] if sender else "",
        request=current()[:64],
    )
    line = write_line(event)
    transaction.on_commit(lambda: logger.info("%s", line))


def write_line(event: Event) -> str:
    """An entry as one JSON object, without what it doesn't say."""
    facts = {
        "at": event.at.isoformat(timespec="milliseconds"),
        "event": event.kind,
        "plan": str(event.plan) if event.plan else None,
        "link": event.link,
        "actor": event.actor,
        "detail": event.detail,
        "address": event.address,
        "request": event.request,
    }
    return json.dumps({name: value for name, value in facts.items() if value}, ensure_ascii=True)
