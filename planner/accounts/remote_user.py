"""Accounts that a trusted proxy names in a header, settings.REMOTE_USER.

`planner.web.middleware.Proxied` takes the header out of every request that comes from anybody else.
"""

import unicodedata

from django.conf import settings
from django.contrib.auth.backends import RemoteUserBackend
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.middleware import RemoteUserMiddleware
from django.contrib.auth.models import User
from django.http import HttpRequest


class ProxyUser(RemoteUserMiddleware):
    """Logs in whom the proxy names, and logs them out when it no longer does. Accounts are made as they come."""

    @property
    def header(self) -> str:  # type: ignore[override]
        """The key of the header in the request's environment."""
        return settings.REMOTE_USER

    def get_username(self, request: HttpRequest) -> str:
        """Whom the proxy names. Raises KeyError for nobody, and for what is no name or several."""
        raw: str = super().get_username(request)
        try:
            # WSGI hands bytes over as Latin-1. What looks alike is one account, here and wherever a name is typed.
            name = User.normalize_username(raw.encode("latin-1").decode("utf-8").strip())
        except UnicodeError:
            raise KeyError(self.header) from None
        if not 0 < len(name) <= 150 or "," in name or any(unicodedata.category(c)[0] == "C" for c in name):
            raise KeyError(self.header)
        return name


class ProxyUserBackend(RemoteUserBackend):
    """Makes an account for a name that has none yet; it has no password here."""

    def configure_user[Person: AbstractBaseUser](
        self, request: HttpRequest | None, user: Person, created: bool = True
    ) -> Person:
        """Have nobody log in with a password."""
        if created:
            user.set_unusable_password()
            user.save(update_fields=["password"])
        return user
