"""What is asked of new passwords of accounts."""

from typing import Any

from django.core.exceptions import ValidationError

from planner.accounts import second_factor, sessions
from planner.store import audit
from planner.store.weakness import find_weakness


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
                second_factor.note_new_password(user)
            audit.note("password-changed", actor=audit.name_sender(), detail=user.get_username())

    def get_help_text(self) -> str:
        """What is asked for."""
        return "Several uncommon words are strong; a word with a number isn’t."
