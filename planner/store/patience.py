"""Wrong passwords and passphrases are few, and nobody's wrong ones keep others out.

A try is counted before it is looked at, by what it is on together with where it comes from, by what it is on and by
where it comes from. Where one of these has had too many, a try has to wait for some seconds and to bring the proof of
that: a token that was handed out when it came first, for the same subject and place, and is good once. So a guess
costs time, and no name and no address that is shared is ever closed. A browser that was right before has tries of its
own.
"""

import secrets
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta

from django.core import signing
from django.db import transaction
from django.utils import timezone

from planner.store import throttle
from planner.store.models import Attempt, hash_token

HERE = 10
"""How many wrong tries in an hour are free, on one subject from one place."""
ON_SUBJECT, FROM_PLACE = 30, 30
"""How many on one subject from everywhere, and from one place on whatever subjects."""
WAIT = timedelta(seconds=10)
"""How long a further one has to wait."""
GOOD_FOR = timedelta(minutes=10)
"""How long the proof is good."""
PACE, MINUTE = 6, timedelta(minutes=1)
"""How many that have waited are admitted in a minute, on one subject from one place."""
_SALT = "planner.patience"


class Wait(throttle.TooMany):
    """A try has to wait: `wait` seconds, and then to come with `token`."""

    def __init__(self, wait: int, token: str) -> None:
        super().__init__(wait)
        self.token = token


@dataclass(frozen=True, slots=True, kw_only=True)
class Try:
    """A try at a secret: of which kind, on which subject, by which client's address."""

    kind: str
    subject: str
    client: str = ""
    token: str = ""
    """The proof that its sender has waited, if any."""
    known: str = ""
    """Something secret of a browser that was right on this subject before."""

    @property
    def place(self) -> str:
        """Where it comes from."""
        return throttle.network_of(self.client)

    @property
    def both(self) -> str:
        """The subject together with the place, as one text."""
        return hash_token(f"patience:{self.kind}:{self.subject}:{self.place}")


@transaction.atomic
def admit(one: Try) -> list[Attempt]:
    """Count a try. Returns what `forgive` takes once it was right. Raises Wait, uncounted, if it has to wait."""
    with suppress(throttle.TooMany):
        if one.known:
            return [throttle.count(f"{one.kind}-known", one.known, limit=HERE)]
    with suppress(throttle.TooMany), transaction.atomic():  # all three, or none
        return [
            throttle.count(f"{one.kind}-here", one.both, limit=HERE),
            throttle.count(f"{one.kind}-subject", one.subject, limit=ON_SUBJECT),
            throttle.count(f"{one.kind}-place", one.place, limit=FROM_PLACE),
        ]
    return [_admit_waited(one)]


def _admit_waited(one: Try) -> Attempt:
    now, wait = int(timezone.now().timestamp()), int(WAIT.total_seconds())
    handed_out = _read(one)
    if handed_out is None or throttle.is_marked("patience", one.both, handed_out[0]):
        raise Wait(wait, signing.dumps([one.both, secrets.token_hex(16), now], salt=_SALT))
    mark, at = handed_out
    if at + wait > now:
        raise Wait(at + wait - now, one.token)
    try:
        paced = throttle.count(f"{one.kind}-waited", one.both, limit=PACE, within=MINUTE)
    except throttle.TooMany as error:
        raise Wait(error.wait, one.token) from None
    throttle.mark("patience", one.both, mark)
    return paced


def forgive(counted: list[Attempt]) -> None:
    """Count a try no more: it was right."""
    for attempt in counted:
        throttle.forgive(attempt)


def _read(one: Try) -> tuple[str, int] | None:
    """The mark of the proof and when it was handed out; None for none that is good for this subject and place."""
    try:
        both, mark, at = signing.loads(one.token, salt=_SALT, max_age=GOOD_FOR)
    except (signing.BadSignature, ValueError, TypeError):
        return None
    return (mark, at) if both == one.both else None
