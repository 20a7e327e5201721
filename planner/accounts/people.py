"""Logging in: wrong tries are few, and the log tells of every login. Without accounts this is for staff alone."""

import unicodedata
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from django.contrib.admin.forms import AdminAuthenticationForm
from django.contrib.auth.forms import AuthenticationForm, PasswordChangeForm
from django.contrib.auth.models import User
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.db.models.signals import m2m_changed, post_delete, post_save, pre_save
from django.dispatch import receiver
from django.http import HttpRequest

from planner.accounts.proofs import read_known, read_waited
from planner.store import audit, patience, throttle
from ports.models import Amendment

MAX_USER_NAME = 150
"""How many characters a user name has at most, as Django has it."""


def fold_name(name: str) -> str:
    """A user name, however it is written."""
    # No user name is longer, and to bring thousands of accents into their order takes the square of their number.
    return unicodedata.normalize("NFKC", name[:MAX_USER_NAME]).casefold()


@contextmanager
def few_wrong_logins(request: HttpRequest, name: str) -> Iterator[None]:
    """Around a login: it is counted unless the block ends without an exception.

    Raises patience.Wait before the block where too many were wrong. A try counts from its beginning, so that many at
    once are no more than that.
    """
    folded = fold_name(name)
    counted = patience.admit(
        patience.Try(
            kind="login",
            subject=folded,
            client=request.META.get("REMOTE_ADDR", ""),
            token=read_waited(request),
            known=read_known(request, folded),
        )
    )
    yield
    patience.forgive(counted)


class FewWrongLogins:
    """For forms that log in: they raise patience.Wait where too many were wrong."""

    def clean(self) -> dict[str, Any]:
        """Check name and password, if there are both."""
        name, password = self.cleaned_data.get("username"), self.cleaned_data.get("password")  # type: ignore[attr-defined]
        if not name or not password:
            return super().clean()  # type: ignore[misc, no-any-return]
        with few_wrong_logins(self.request, name):  # type: ignore[attr-defined]
            return super().clean()  # type: ignore[misc, no-any-return]


WRONG_OLD = 10
"""How many wrong old passwords one session may try in an hour where it changes the password."""


class ChangeForm(PasswordChangeForm):
    """The old password, and a new one twice. It raises throttle.TooMany where too many old ones were wrong."""

    session = ""
    """Whose: what somebody tries who got hold of one keeps nobody from theirs."""

    def clean_old_password(self) -> str:
        """The old password, if it is that."""
        attempt = throttle.count("wrong-old-password", self.session, limit=WRONG_OLD)
        password: str = super().clean_old_password()
        throttle.forgive(attempt)
        return password


class LoginForm(FewWrongLogins, AuthenticationForm):
    """User name and password of an account."""

    error_messages = {
        "invalid_login": "This user name and this password don't belong together. Capitals count in both.",
        "inactive": "This account is switched off.",
    }


class StaffLoginForm(FewWrongLogins, AdminAuthenticationForm):
    """The same for the admin, which is for staff."""


PRIVILEGES = ("is_superuser", "is_staff", "is_active")
USUAL = {"is_superuser": False, "is_staff": False, "is_active": True}
"""Those of an account that is new and may do no more than others."""


@receiver(pre_save, sender=User)
def note_privileges(instance: User, raw: bool, **_: Any) -> None:
    """A line of the log where an account may do more or less than before; rows that are carried over are no news."""
    if raw:
        return
    before = User.objects.filter(pk=instance.pk).values(*PRIVILEGES).first() or USUAL
    changed = [f"{name} {getattr(instance, name)}" for name in PRIVILEGES if before[name] != getattr(instance, name)]
    if changed:
        said = f"{instance.get_username()}: {', '.join(changed)}"
        audit.note("privileges-changed", actor=audit.name_sender(), detail=said)


@receiver(m2m_changed, sender=User.groups.through)
@receiver(m2m_changed, sender=User.user_permissions.through)
def note_permissions(instance: Any, action: str, **_: Any) -> None:
    """The same for its groups and permissions."""
    if action.startswith("post_"):
        said = f"{instance}: {action.removeprefix('post_')} of groups or permissions"
        audit.note("privileges-changed", actor=audit.name_sender(), detail=said)


@receiver(post_delete, sender=User)
def note_deleted(instance: User, **_: Any) -> None:
    """A line of the log."""
    audit.note("account-deleted", actor=audit.name_sender(), detail=instance.get_username())


@receiver(post_save, sender=Amendment)
def note_amendment(instance: Amendment, created: bool, raw: bool, **_: Any) -> None:
    """A line of the log when a row of the matrix is amended, and when that is taken back."""
    if raw:
        return
    actor = instance.author if created else instance.reverted_by
    audit.note("matrix-amended", actor=actor, detail=f"{instance}{'' if created else ', reverted'}")


@receiver(user_logged_in)
def note_login(user: User, **_: Any) -> None:
    """A line of the log."""
    audit.note("logged-in", actor=user.get_username())


@receiver(user_logged_out)
def note_logout(user: User | None, **_: Any) -> None:
    """A line of the log, if anybody was logged in."""
    if user is not None:
        audit.note("logged-out", actor=user.get_username())


@receiver(user_login_failed)
def note_failed_login(credentials: Mapping[str, Any], **_: Any) -> None:
    """A line of the log with the name that was tried.

    A proxy names its user with each request, so one whose account is switched off is told once an hour.
    """
    remote = credentials.get("remote_user")
    if remote is not None:
        try:
            throttle.count("remote-user-told", str(remote), limit=1)
        except throttle.TooMany:
            return
    audit.note("login-failed", actor=str(remote or credentials.get("username", ""))[:150])
