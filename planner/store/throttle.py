"""Only so many of something in an hour, counted in the database for all processes.

What is older counts no more, and goes with the next that is counted or by `planner.store.growth.tidy`.

Whom or what it counts for is kept as a keyed hash: no address of a client and no user name can be read from it.
"""

import secrets
from datetime import timedelta
from ipaddress import IPv6Address, ip_network

from django.db import transaction
from django.utils import timezone

from planner.deploy import metrics
from planner.deploy.proxies import read_address
from planner.store.models import Attempt, hash_token
from ports.locks import one_at_a_time

HOUR = timedelta(hours=1)


class TooMany(Exception):
    """There were as many as are admitted; `wait` is the time until the next one, in whole seconds from 1 to 3600."""

    def __init__(self, wait: int) -> None:
        self.wait = wait
        super().__init__(f"Too many within an hour; the next one in {wait} seconds.")


@transaction.atomic
def count(kind: str, subject: str, *, limit: int, mark: str | None = None, within: timedelta = HOUR) -> Attempt:
    """Count one more of a kind for a subject, of `limit` that any hour admits; the same mark counts once in it.

    `within` is a shorter time than that hour.

    Returns what `forgive` takes. Raises TooMany and counts nothing when there is no room.
    """
    hashed = _hash(kind, subject)
    one_at_a_time(hashed)
    now = timezone.now()
    Attempt.objects.filter(at__lte=now - HOUR).delete()
    hashed_mark = _hash_mark(mark) if mark is not None else hash_token(f"time:{now.isoformat()}:{secrets.token_hex()}")
    known = Attempt.objects.filter(subject=hashed, mark=hashed_mark).first()
    if known is not None:
        return known
    check(kind, subject, limit=limit, within=within)
    return Attempt.objects.create(subject=hashed, mark=hashed_mark, at=now)


@transaction.atomic
def count_many(kind: str, subject: str, number: int, *, limit: int) -> None:
    """Count several of a kind at once. Raises TooMany and counts none when there isn't room for all of them."""
    if number > limit:
        metrics.count_throttled(kind)
        raise TooMany(int(HOUR.total_seconds()))
    hashed, drawn = _hash(kind, subject), secrets.token_hex()
    one_at_a_time(hashed)
    now = timezone.now()
    check(kind, subject, limit=limit - number + 1)
    Attempt.objects.bulk_create(
        Attempt(subject=hashed, mark=_hash_mark(f"{drawn}:{place}"), at=now) for place in range(number)
    )


def check(kind: str, subject: str, *, limit: int, within: timedelta = HOUR) -> None:
    """Raise TooMany when there is no room for another one."""
    now = timezone.now()
    recent = Attempt.objects.filter(subject=_hash(kind, subject), at__gt=now - within).order_by("-at")
    oldest = recent[limit - 1 : limit].values_list("at", flat=True)
    if oldest:
        metrics.count_throttled(kind)
        raise TooMany(max(1, min(3600, int((oldest[0] + within - now).total_seconds()) + 1)))


def forgive(attempt: Attempt) -> None:
    """Count it no more: it was none of those that are to be kept few."""
    attempt.delete()


def mark(kind: str, subject: str, what: str) -> None:
    """Remember something for an hour, however much of the kind there is."""
    now = timezone.now()
    Attempt.objects.update_or_create(subject=_hash(kind, subject), mark=_hash_mark(what), defaults={"at": now})


def is_marked(kind: str, subject: str, what: str) -> bool:
    """Whether it was remembered within this hour."""
    since = timezone.now() - HOUR
    return Attempt.objects.filter(subject=_hash(kind, subject), mark=_hash_mark(what), at__gt=since).exists()


def network_of(client: str) -> str:
    """Where a client is: its address, of IPv6 the network of 64 bits, within which one machine has every address."""
    address = read_address(client)
    if isinstance(address, IPv6Address):
        return str(ip_network((address, 64), strict=False))
    return str(address) if address is not None else client


def _hash_mark(text: str) -> str:
    return hash_token(f"mark:{text}")


def _hash(kind: str, subject: str) -> str:
    return hash_token(f"attempt:{kind}:{subject}")
