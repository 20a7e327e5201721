"""Whether a password or a passphrase can be guessed, by zxcvbn: what it is made of counts, not which signs it has."""

from collections.abc import Sequence
from typing import Any

from django.core.exceptions import ValidationError

from planner.accounts import sessions
from planner.store import audit

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


class StrengthValidator:
    """For settings.AUTH_PASSWORD_VALIDATORS."""

    def validate(self, password: str, user: Any = None) -> None:
        """Raise ValidationError for a password that can be guessed, by who knows the account too."""
        names = ("username", "first_name", "last_name", "email")
        weakness = find_weakness(password, [str(getattr(user, name, "")) for name in names] if user else ())
        if weakness:
            raise ValidationError(weakness, code="password_too_weak")

    def password_changed(self, password: str, user: Any = None) -> None:
        """Django says that a new password was stored: a line of the log, and the sessions of the one before end."""
        if user is not None:
            if user.pk is not None:
                sessions.end_others(user, audit.name_session(user))
            audit.note("password-changed", actor=audit.name_sender(), detail=user.get_username())

    def get_help_text(self) -> str:
        """What is asked for."""
        return "Several uncommon words are strong; a word with a number isn’t."
