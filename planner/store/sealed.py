"""What may not lie about readable: sealed with the service's own key before it is stored, and opened by no other.

AES-256 in GCM (NIST SP 800-38D) by the cryptography package. The key follows from the service's SECRET_KEY (HKDF, RFC
5869) and from what the piece belongs to, and is stored nowhere. What was sealed for one place can't be opened at
another, so pieces can't be swapped, left out or taken for others'.
"""

import os
from typing import TYPE_CHECKING

from django.conf import settings

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KINDS = frozenset({"existing"})
"""The kinds of jobs that somebody has sent a secret for: what was sent, and what comes of it, is sealed."""
NONCE = 12
"""Bytes of the number that is used once, which stands before what is sealed (SP 800-38D, 5.2.1.1)."""


class Unopened(Exception):
    """It can't be opened: it was sealed under another key or for another place, or is damaged."""


def seal(data: bytes, *, of: str, place: str) -> bytes:
    """What nobody reads without the service's key.

    `of`: what it belongs to, which has a key of its own; `place`: which part of that it is.
    """
    nonce = os.urandom(NONCE)
    return nonce + _cipher(settings.SECRET_KEY, of).encrypt(nonce, data, place.encode())


def unseal(sealed: bytes, *, of: str, place: str) -> bytes:
    """What was sealed for that place, also under a key that the service had before. Raises Unopened."""
    from cryptography.exceptions import InvalidTag  # noqa: PLC0415 - as below

    for key in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS):
        try:
            return _cipher(key, of).decrypt(sealed[:NONCE], sealed[NONCE:], place.encode())
        except (InvalidTag, ValueError):
            continue
    raise Unopened


def _cipher(key: str | bytes, of: str) -> "AESGCM":
    # They take a while to import, and most processes never seal anything.
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415
    from cryptography.hazmat.primitives.hashes import SHA256  # noqa: PLC0415
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF  # noqa: PLC0415

    secret = key.encode() if isinstance(key, str) else key
    info = b"planner.store.sealed:" + of.encode()
    return AESGCM(HKDF(algorithm=SHA256(), length=32, salt=None, info=info).derive(secret))
