"""Whether a password or a passphrase can be guessed, by zxcvbn: what it is made of counts, not which signs it has."""

from collections.abc import Sequence

STRONG_ENOUGH = 3
"""Of zxcvbn's scores, 0 to 4: more than a hundred million guesses."""
LOOKED_AT = 72
"""How many characters are looked at; more make nothing weaker."""


def find_weakness(text: str, known: Sequence[str] = ()) -> str:
    """What makes a text easy to guess for whoever knows these words, in sentences; empty if it is strong enough."""
    from zxcvbn import zxcvbn  # noqa: PLC0415 - its lists of words take a tenth of a second

    found = zxcvbn(text[:LOOKED_AT], user_inputs=[word for word in known if word])
    if found["score"] >= STRONG_ENOUGH:
        return ""
    feedback = found["feedback"]
    return " ".join(part for part in ("It is easy to guess.", feedback["warning"], *feedback["suggestions"]) if part)
