"""Single sign-on through django-allauth, reduced to what is needed here. Imported only where it is switched on.

Of allauth there are the two addresses of its OpenID Connect provider and no page: accounts come from the provider as
they log in, and nothing of them is changed here. No e-mail address is asked for or kept.
"""

import logging
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.providers.base import AuthError
from django.contrib import messages
from django.contrib.auth.base_user import AbstractBaseUser
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from planner.web.views.access import keep_private
from planner.web.views.errors import show_error

PROVIDER = "sso"
"""What the provider is called in addresses and in the database."""

logger = logging.getLogger("planner.sign_on")


def show_failed(request: HttpRequest, reason: object = None, status: int = 401) -> HttpResponse:
    """The page of a login that came to nothing; the reason goes to the log alone."""
    logger.warning("Single sign-on failed: %s", type(reason).__name__ if reason is not None else "refused")
    message = "Nobody was logged in. Try again, and tell whoever runs this service if it stays like this."
    return keep_private(show_error(request, status, "Single sign-on didn't work", message))


class ProviderAdapter(DefaultSocialAccountAdapter):  # type: ignore[misc]  # allauth ships no types
    """What allauth asks about accounts of the provider."""

    def list_apps(self, request: HttpRequest, provider: Any = None, client_id: Any = None) -> list[Any]:
        """The one of the settings; none that somebody put into the database."""
        return [app for app in super().list_apps(request, provider, client_id) if app.pk is None]

    def on_authentication_error(
        self,
        request: HttpRequest,
        provider: Any,
        error: Any = None,
        exception: Exception | None = None,
        extra_context: Any = None,
    ) -> None:
        """Answer in the product's own frame."""
        if error == AuthError.CANCELLED:
            messages.info(request, "The single sign-on was cancelled.")
            raise ImmediateHttpResponse(redirect("log_in"))
        raise ImmediateHttpResponse(show_failed(request, exception))


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth ships no types
    """What allauth asks about accounts here."""

    def respond_user_inactive(self, request: HttpRequest, user: AbstractBaseUser) -> HttpResponse:
        """An account that staff switched off stays out."""
        return keep_private(show_error(request, 403, "Not allowed", "This account is switched off."))

    def add_message(self, *args: Any, **kwargs: Any) -> None:
        """The page says who is logged in; allauth needs not."""
