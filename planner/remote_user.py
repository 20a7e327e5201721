"""Accounts that a trusted proxy names in a header, settings.REMOTE_USER.

`planner.middleware.Proxied` takes the header out of every request that comes from anybody else.
"""

import unicodedata

from django.conf import settings
from django.contrib.auth.middleware import RemoteUserMiddleware
from django.http import HttpRequest


class ProxyUser(RemoteUserMiddleware):
    """Logs in whom the proxy names, and logs them out when it no longer does. Accounts are made as they come."""

    @property
    def header(self) -> str:  # type: ignore[override]
        """The key of the header in the request's environment."""
        return settings.REMOTE_USER

    def get_username(self, request: HttpRequest) -> str:
        """Whom the proxy names. Raises KeyError for nobody, and for what is no name or several."""
        name: str = super().get_username(request)
        name = name.encode("latin-1", "replace").decode("utf-8", "replace").strip()  # WSGI hands bytes over as Latin-1
        if not 0 < len(name) <= 150 or "," in name or any(unicodedata.category(c)[0] == "C" for c in name):
            raise KeyError(self.header)
        return name
