"""Single sign-on through django-allauth, reduced to what is needed here. Imported only where it is switched on.

Of allauth there are the two addresses of its OpenID Connect provider and no page: accounts come from the provider as
they log in, and nothing of them is changed here. No e-mail address is asked for or kept.
"""

import hmac
import logging
import secrets
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialApp, SocialLogin, SocialToken
from allauth.socialaccount.providers.base import AuthError
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from django.contrib import messages
from django.contrib.auth.base_user import AbstractBaseUser
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from planner.web.views.access import keep_private
from planner.web.views.errors import show_error

PROVIDER = "sso"
"""What the provider is called in addresses and in the database."""

NONCES = "sso nonces"
"""Where the session keeps the nonces that answers of the provider may have."""
MOST_NONCES = 10
"""How many logins of a browser may be on their way."""
REQUIRED = frozenset({"iss", "sub", "aud", "exp", "iat", "nonce"})
"""What an ID token has to say: OpenID Connect Core 1.0, sections 2 and 3.1.2.1."""

logger = logging.getLogger("planner.sign_on")


def make_nonce(request: HttpRequest) -> str:
    """What the provider has to say back in its ID token, so that none that was made for another login counts."""
    nonce = secrets.token_urlsafe(32)
    request.session[NONCES] = [*request.session.get(NONCES, []), nonce][-MOST_NONCES:]
    return nonce


class StrictAdapter(OpenIDConnectOAuth2Adapter):  # type: ignore[misc]  # allauth ships no types
    """Allauth's, which checks issuer, audience and end of an ID token, and what it leaves to others."""

    def complete_login(self, request: HttpRequest, app: SocialApp, token: SocialToken, **kwargs: Any) -> SocialLogin:
        """Whom the provider names. Raises OAuth2Error for an answer that isn't for this login, or doesn't say enough.

        OpenID Connect Core 1.0, 3.1.3.7 (audience, authorised party, nonce) and 5.3.2 (one subject).
        """
        if not kwargs["response"].get("id_token"):
            raise OAuth2Error("no ID token")
        if self.openid_config["issuer"].rstrip("/") != app.settings["server_url"].rstrip("/"):
            raise OAuth2Error("the provider goes by another name")
        login = super().complete_login(request, app, token, **kwargs)
        said = login.account.extra_data
        claims = said["id_token"]
        if missing := REQUIRED - set(claims):
            raise OAuth2Error(f"the ID token lacks {', '.join(sorted(missing))}")
        if isinstance(claims["aud"], list) and len(claims["aud"]) > 1 and claims.get("azp") != app.client_id:
            raise OAuth2Error("the ID token is for several, and not for this service first")
        if claims["sub"] != said.get("userinfo", claims).get("sub"):
            raise OAuth2Error("the ID token is about somebody else")
        waiting = request.session.get(NONCES, [])
        found = [one for one in waiting if hmac.compare_digest(one.encode(), str(claims["nonce"]).encode())]
        if not found:
            raise OAuth2Error("the ID token is for another login")
        request.session[NONCES] = [one for one in waiting if one not in found]
        return login


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
