"""Addresses to which check scripts send results: making, finding and revoking them.

An address has a secret token of 256 bits, of which only a keyed hash is kept. Whoever has it can add results to the
plan, and learns nothing of it.
"""

from datetime import timedelta

from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from planner.sharing.links import NotMade, Offer
from planner.store import audit, throttle
from planner.store.admission import check_admitted, lock_row
from planner.store.holders import Holder
from planner.store.lasting import lasts
from planner.store.models import Plan, ShareLink, hash_token, list_hashes
from planner.store.run_models import UploadToken
from planner.store.token_models import ApiToken

KIND = "upload"
"""What offers of such tokens are for."""
MOST = 50
"""How many live addresses a plan may have."""
AN_HOUR = 120
"""How many times an hour one address takes results."""


@transaction.atomic
def make_token_row(*, plan: Plan, label: str, days: int | None, offer: Offer, holder: Holder) -> UploadToken:
    """Make an address with the token that was offered; the same offer makes one. `days`: None is for ever.

    Raises NotMade when there are too many, or when what the offer made leads nowhere any more.
    """
    hashed = hash_token(offer.token)
    lock_row(plan.pk)  # before what lets the sender in, as every edit locks them
    known = UploadToken.objects.filter(plan=plan, token_hash=hashed).first()
    if known is not None and known.state != "live":
        raise NotMade(f"The address that this form made is {known.state}. Open the page again to make another.")
    if known is not None:
        return known
    if _live().filter(plan=plan).count() >= MOST:
        raise NotMade(f"This plan has {MOST} addresses for uploads; revoke some of them first.")
    row = UploadToken.objects.create(
        plan=plan,
        token_hash=hashed,
        label=label,
        author=holder.name[:150],
        expires=timezone.now() + timedelta(days=days) if days is not None else None,
    )
    audit.note("upload-made", plan=plan, actor=holder.name, detail=label)
    return row


@transaction.atomic
def revoke(*, plan: Plan, number: int, holder: Holder) -> bool:
    """Have an address lead nowhere from the next request on. Returns whether there is such a one."""
    check_admitted()
    row = UploadToken.objects.filter(plan=plan, pk=number).first()
    if row is None:
        return False
    if UploadToken.objects.filter(pk=number, revoked=None).update(revoked=timezone.now()):
        audit.note("upload-revoked", plan=plan, actor=holder.name, detail=row.label)
    return True


def _live() -> "QuerySet[UploadToken]":
    return UploadToken.objects.filter(lasts(timezone.now()), plan__deleted=None)


def find(token: str) -> UploadToken | None:
    """The address with this token, its plan with it; None when it leads nowhere (any more)."""
    return _live().filter(token_hash__in=list_hashes(token)).select_related("plan", "plan__edition").first()


def still_live(row: UploadToken) -> "QuerySet[UploadToken]":
    """The address as `planner.store.admission.admitted` takes it: as long as it leads somewhere."""
    return _live().filter(pk=row.pk)


def count_of_link(link: ShareLink) -> None:
    """Count one more upload by a read link. Raises throttle.TooMany where there were AN_HOUR."""
    throttle.count(f"{KIND}-link", str(link.pk), limit=AN_HOUR)


def use(row: UploadToken) -> None:
    """Count one more upload. Raises throttle.TooMany where there were AN_HOUR."""
    throttle.count(KIND, str(row.pk), limit=AN_HOUR)
    UploadToken.objects.filter(pk=row.pk).update(used=F("used") + 1, last=timezone.now())


def count_of_program(token: ApiToken) -> None:
    """Count one more upload by a program. Raises throttle.TooMany where there were AN_HOUR."""
    throttle.count(f"{KIND}-program", str(token.pk), limit=AN_HOUR)
