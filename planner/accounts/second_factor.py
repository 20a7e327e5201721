"""A second factor for accounts that log in here: codes of an app (RFC 6238), or recovery codes that are good once.

The secret is kept sealed under the key of the service, and of the recovery codes there are hashes alone: they are
random, so that no key and no slow hash is needed, and they still work once the key of the service was lost.
"""

import base64
import hashlib
import hmac
import logging
import secrets
from typing import TYPE_CHECKING

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY
from django.contrib.auth.models import User
from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone

from planner.store import audit, sealed, throttle
from planner.store.account_models import SecondFactor

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.twofactor.totp import TOTP

_OF = "second-factor"
"""What its secrets are sealed for."""
STEP = 30
"""Seconds that a code is good for: RFC 6238, 5.2."""
DIGITS = 6
AROUND = 1
"""How many steps a clock may be ahead or behind: RFC 6238, 5.2."""
CODES = 10
MOST_WRONG = 10
"""How many wrong codes an account may try in an hour, from one browser that logged in before or from all others."""
MOST_IN_ALL = 100
"""How many from browsers that haven't logged in before, until a recovery code is used or the password is changed: of
whoever has the password and guesses, one in three thousand gets in with so many."""
TELL = MOST_WRONG
"""From how many on their owner is told that somebody else has the password."""
BY_PASSWORD = "django.contrib.auth.backends.ModelBackend"  # noqa: S105 - no password
"""What a session says that was begun with a password of this service."""
_BY_ALLAUTH = "account_authentication_methods"
"""Where django-allauth notes in a session how it was begun; it uses the same backend."""
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
_LONG = 16
"""Letters of a recovery code: 79 random bits."""

logger = logging.getLogger("planner.accounts")


def is_on(user: object) -> bool:
    """Whether an account is asked for its second factor; none is without a password of this service."""
    return (
        isinstance(user, User)
        and user.has_usable_password()
        and SecondFactor.objects.filter(user=user).exclude(confirmed=None).exists()
    )


def is_demanded(request: HttpRequest) -> bool:
    """Whether whoever sends this must have a second factor here, by settings.SECOND_FACTOR.

    Whoever came by a provider or a proxy is asked there for what those want.
    """
    user = request.user
    if settings.SECOND_FACTOR is None or not isinstance(user, User) or not user.has_usable_password():
        return False
    is_asked = settings.SECOND_FACTOR == "all" or user.is_staff or user.is_superuser
    return is_asked and not _is_from_elsewhere(request)


def is_missing(request: HttpRequest) -> bool:
    """Whether whoever sends this has to set one up first."""
    return settings.SECOND_FACTOR is not None and is_demanded(request) and not is_on(request.user)


def _is_from_elsewhere(request: HttpRequest) -> bool:
    if request.session.get(BACKEND_SESSION_KEY) != BY_PASSWORD:
        return True
    methods = request.session.get(_BY_ALLAUTH, ())
    return any(one.get("method") == "socialaccount" for one in methods)


def count_left(user: User) -> int:
    """How many recovery codes an account has left."""
    factor = SecondFactor.objects.filter(user=user).first()
    return len(factor.codes) if factor is not None else 0


def prepare(user: User) -> None:
    """Make a new secret for an account that is asked for none yet; it counts from `confirm` on."""
    with transaction.atomic():
        factor = _lock(user)
        if factor is None or factor.confirmed is None:
            secret = seal(secrets.token_bytes(20), user)  # RFC 4226, 4: as long as SHA-1's hashes
            new = {"secret": secret, "used": 0, "wrong": 0, "codes": []}
            SecondFactor.objects.update_or_create(user=user, defaults=new)


def describe(user: User) -> tuple[str, str]:
    """The secret that waits to be confirmed: for a QR code as an `otpauth` address, and as letters to be typed.

    Raises SecondFactor.DoesNotExist where none waits.
    """
    secret = unseal(SecondFactor.objects.get(user=user, confirmed=None))
    address = _totp(secret).get_provisioning_uri(user.get_username(), "Port planner")
    letters = base64.b32encode(secret).decode()
    return address, " ".join(letters[at : at + 4] for at in range(0, len(letters), 4))


def confirm(user: User, code: str) -> tuple[str, ...]:
    """Ask for the factor from now on, if the code is one of the waiting secret's: the recovery codes; none if not.

    Raises SecondFactor.DoesNotExist where none waits.
    """
    with transaction.atomic():
        factor = _lock(user)
        if factor is None or factor.confirmed is not None:
            raise SecondFactor.DoesNotExist
        if not _take_code(factor, code):
            return ()
        factor.confirmed = timezone.now()
        codes = _renew(factor)
        audit.note("second-factor-on", actor=user.get_username())
    return codes


def renew_codes(user: User) -> tuple[str, ...]:
    """New recovery codes in place of all that there were; none for an account without the factor."""
    with transaction.atomic():
        factor = _lock(user)
        if factor is None or factor.confirmed is None:
            return ()
        codes = _renew(factor)
        audit.note("recovery-codes-made", actor=user.get_username())
    return codes


def remove(user: User, *, actor: str) -> bool:
    """Ask an account for no second factor any more; whether it was. `actor` is who does it."""
    with transaction.atomic():
        factor = _lock(user)
        if factor is None:
            return False
        factor.delete()
        if factor.confirmed is None:
            return False
        audit.note("second-factor-off", actor=actor, detail=user.get_username())
    return True


def check(user: User, code: str, *, known: str = "") -> bool:
    """Whether a code is right, of the app or for recovery; each is taken once. What is wrong is noted.

    `known` is something secret of a browser that logged in before (`planner.accounts.proofs`), or of a session: it has
    tries of its own. Raises throttle.TooMany after MOST_WRONG in an hour, and after MOST_IN_ALL from others than
    these; recovery codes are looked at nevertheless, as nobody guesses one.
    """
    if _recover(user, code):
        return True
    attempt = throttle.count("wrong-code", f"{user.pk}:{known}", limit=MOST_WRONG)
    with transaction.atomic():
        factor = _lock(user)
        if factor is not None and not known and factor.wrong >= MOST_IN_ALL:
            raise throttle.TooMany(int(throttle.HOUR.total_seconds()))
        right = factor is not None and factor.confirmed is not None and _take_code(factor, code)
        if factor is not None and not right and not known:
            factor.wrong += 1
            factor.save(update_fields=["wrong"])
    if right:
        throttle.forgive(attempt)
    else:
        audit.note("wrong-code", actor=user.get_username())
    return right


def count_wrong(user: User) -> int:
    """How many codes were wrong after the right password, from browsers that hadn't logged in before; 0 for few."""
    factor = SecondFactor.objects.filter(user=user).first()
    return factor.wrong if factor is not None and factor.wrong >= TELL else 0


def note_new_password(user: User) -> None:
    """Whoever had the old password can try no code any more."""
    SecondFactor.objects.filter(user=user).update(wrong=0)


def _recover(user: User, code: str) -> bool:
    hashed = _hash(user, code)
    with transaction.atomic():
        factor = _lock(user)
        if factor is None or factor.confirmed is None:
            return False
        left = [one for one in factor.codes if not hmac.compare_digest(one, hashed)]
        if len(left) == len(factor.codes):
            return False
        factor.codes, factor.wrong = left, 0
        factor.save(update_fields=["codes", "wrong"])
        audit.note("recovery-code-used", actor=user.get_username(), detail=f"{len(left)} left")
    return True


def _take_code(factor: SecondFactor, code: str) -> bool:
    """Whether the code is one of now, of a later step than any that was taken; then it is."""
    typed = "".join(code.split())
    if not (typed.isascii() and typed.isdigit() and len(typed) == DIGITS):
        return False
    try:
        generate = _totp(unseal(factor)).generate
    except sealed.Unopened:
        logger.error(
            "The second factor of account %s can't be read: the key it was sealed with is gone.", factor.user_id
        )
        return False
    now = int(timezone.now().timestamp()) // STEP
    for step in range(now - AROUND, now + AROUND + 1):
        if step > factor.used and hmac.compare_digest(generate(step * STEP), typed.encode()):
            factor.used = step
            factor.save(update_fields=["used"])
            return True
    return False


def _renew(factor: SecondFactor) -> tuple[str, ...]:
    codes = tuple("".join(secrets.choice(_LETTERS) for _ in range(_LONG)) for _ in range(CODES))
    factor.codes = [_hash(factor.user, code) for code in codes]
    factor.save()
    return tuple("-".join(code[at : at + 4] for at in range(0, _LONG, 4)) for code in codes)


def _hash(user: User, code: str) -> str:
    typed = "".join(c for c in code[:100].lower() if c in _LETTERS)
    return hashlib.sha256(f"{user.pk}:{typed}".encode()).hexdigest()


def _lock(user: User) -> SecondFactor | None:
    return SecondFactor.objects.select_for_update(of=("self",)).filter(user=user).first()


def seal(secret: bytes, user: User) -> str:
    """The secret of an account as it is kept: under the key of the service, and for this account alone."""
    return base64.b64encode(sealed.seal(secret, of=_OF, place=str(user.pk))).decode()


def unseal(factor: SecondFactor) -> bytes:
    """The secret of a factor. Raises sealed.Unopened where no key of the service, nor one before, sealed it for it."""
    try:
        data = base64.b64decode(factor.secret, validate=True)
    except ValueError:
        raise sealed.Unopened from None
    return sealed.unseal(data, of=_OF, place=str(factor.user_id))


def _totp(secret: bytes) -> "TOTP":
    from cryptography.hazmat.primitives.hashes import SHA1  # noqa: PLC0415 - takes a while, and few need it
    from cryptography.hazmat.primitives.twofactor.totp import TOTP  # noqa: PLC0415

    return TOTP(secret, DIGITS, SHA1(), STEP)  # noqa: S303 - what apps can do, and not weak in an HMAC
