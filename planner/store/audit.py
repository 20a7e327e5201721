"""The log of what was done with plans, links and accounts: rows for the admin, and one JSON object a line for others.

Neither has a token, an address of a client, or anything out of a plan.
"""

import json
import logging
from typing import Literal

from django.db import transaction

from planner.store.models import Event, Plan, ShareLink

Kind = Literal[
    "plan-made", "plan-deleted", "plan-restored", "plan-shared", "plan-unshared",
    "edit-link-made", "edit-link-withdrawn", "edit-link-opened",
    "link-made", "link-opened", "states-reported", "link-revoked", "link-brought-back", "wrong-passphrase",
    "access-given-back",
    "upload-made", "upload-revoked", "results-uploaded",
    "logged-in", "logged-out", "login-failed",
]  # fmt: skip

logger = logging.getLogger("planner.audit")


def note(
    kind: Kind, *, plan: Plan | None = None, link: ShareLink | None = None, actor: str = "", detail: str = ""
) -> None:
    """Remember that something was done; the line is written when what it tells of is committed."""
    key = plan.key if plan is not None else None
    event = Event.objects.create(
        kind=kind, plan=key, link=link.pk if link is not None else None, actor=actor[:150], detail=detail[:300]
    )
    facts = {
        "at": event.at.isoformat(timespec="milliseconds"),
        "event": kind,
        "plan": str(key) if key else None,
        "link": event.link,
        "actor": event.actor,
        "detail": event.detail,
    }
    line = json.dumps({name: value for name, value in facts.items() if value}, ensure_ascii=True)
    transaction.on_commit(lambda: logger.info("%s", line))
