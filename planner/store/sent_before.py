"""The same request, sent again by a program that didn't get the answer: it counts once, and is answered alike.

A program gives a request a key of its own. The answer is kept under it for a day with what was asked for, in the very
transaction that stores what the request does, so there is never one without the other.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from planner.store.models import hash_token
from planner.store.token_models import ApiToken, SentBefore
from ports.locks import one_at_a_time

KEPT = timedelta(days=1)
"""For how long an answer is given again."""


class Other(ValueError):
    """The key belongs to another request."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """What a request came to: its status, and its answer as plain data without secrets."""

    status: int
    answer: Any
    again: bool = False
    """Whether it was done before, and nothing now."""


def derive(token: ApiToken, key: str, purpose: str) -> str:
    """What stands for a program's key of a request: always the same, and nothing that can be guessed; hexadecimal."""
    return hash_token(f"{purpose}:{token.pk}:{key}")


def once(token: ApiToken, key: str, asked: bytes, act: Callable[[], Answered]) -> Answered:
    """What `act` answers, or what it answered to the same request before; without a key it is done each time.

    `asked` is all that makes the request what it is. Raises Other where the key was another request's, and what `act`
    raises: then nothing is kept, and the request can be sent again.
    """
    return _once(token, key, asked, act) if key else act()


def add(token: ApiToken, key: str, answer: Any) -> None:
    """Have another answer given again: with what was found out after the request was stored. Nothing without a key."""
    if key:
        SentBefore.objects.filter(token=token, key=derive(token, key, "sent")).update(answer=answer)


@transaction.atomic
def _once(token: ApiToken, key: str, asked: bytes, act: Callable[[], Answered]) -> Answered:
    name, request = derive(token, key, "sent"), hashlib.sha256(asked).hexdigest()
    one_at_a_time(name)
    row = SentBefore.objects.filter(token=token, key=name, at__gt=timezone.now() - KEPT).first()
    if row is not None:
        if row.request != request:
            raise Other("This Idempotency-Key was sent with another request before; give each request its own.")
        return Answered(status=row.status, answer=row.answer, again=True)
    done = act()
    SentBefore.objects.filter(token=token, key=name).delete()
    SentBefore.objects.create(token=token, key=name, request=request, status=done.status, answer=done.answer)
    return done
