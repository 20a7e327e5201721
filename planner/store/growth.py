"""What grows by being used, and how it ends: sessions, openings, the log, who looked, and links that have ended.

Plans with their revisions, and what belongs to them, stay until they are deleted; how many are made is limited
(`PLANNER_PLANS_PER_HOUR`). What is tried is counted for an hour (`planner.store.throttle`).
"""

from datetime import timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from planner.deploy.drafts import drop_left
from planner.store import jobs
from planner.store.bin import empty_bin
from planner.store.lasting import ended_before
from planner.store.models import Attempt, Event, Hold, Opening, ShareLink, Viewer
from planner.store.run_models import UploadToken
from planner.store.sent_before import KEPT
from planner.store.throttle import HOUR
from planner.store.token_models import ApiToken, SentBefore

AT_ONCE = 5_000
"""How many rows of a table one transaction takes away: others wait no longer than for those."""


def tidy() -> dict[tuple[str, str], int]:
    """Take away what is older than it is kept; idempotent. Returns how many rows of what, by its words.

    The log, openings, and links and addresses that have ended are kept for PLANNER_LOG_DAYS days, who looked at a plan
    without holding it likewise, sessions until they end, what was tried for an hour, files that were made apart as
    PLANNER_JOBS_HOURS and PLANNER_JOBS_MIB say, and drafts of files for a day.
    """
    now = timezone.now()
    old = now - timedelta(days=settings.LOG_DAYS)
    ended = ended_before(old)
    holds = Hold.objects.filter(plan=OuterRef("plan"), browser=OuterRef("key_hash"))
    overdue = {
        ("ended login", "ended logins"): Session.objects.filter(expire_date__lt=now),
        ("opening", "openings"): Opening.objects.filter(at__lt=old),
        ("log entry", "log entries"): Event.objects.filter(at__lt=old),
        ("ended link", "ended links"): ShareLink.objects.filter(ended),
        ("ended address", "ended addresses"): UploadToken.objects.filter(ended),
        ("ended token", "ended tokens"): ApiToken.objects.filter(ended),
        ("answer to a program", "answers to programs"): SentBefore.objects.filter(at__lt=now - KEPT),
        ("counted try", "counted tries"): Attempt.objects.filter(at__lte=now - HOUR),
        ("former viewer", "former viewers"): Viewer.objects.filter(~Exists(holds), seen__lt=old),
    }
    made = {
        ("plan", "plans"): empty_bin(),
        ("file that was made", "files that were made"): jobs.prune(now),
        ("draft that was left", "drafts that were left"): drop_left(Path(settings.DATA_DIR)),
    }
    return made | {name: _remove(rows) for name, rows in overdue.items()}


def _remove(rows: QuerySet[Any]) -> int:
    count = 0
    while True:
        with transaction.atomic():
            chosen = list(rows.order_by().values_list("pk", flat=True)[:AT_ONCE])
            rows.model._base_manager.filter(pk__in=chosen).delete()
        count += len(chosen)
        if len(chosen) < AT_ONCE:
            return count
