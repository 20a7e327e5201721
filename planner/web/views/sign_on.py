"""The way to the OpenID Connect provider and back. There only where single sign-on is switched on."""

from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.providers.base.constants import AuthProcess
from allauth.socialaccount.providers.oauth2.views import OAuth2CallbackView
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST, require_safe
from requests import RequestException

from planner.web.views.access import keep_private
from planner.web.views.sign_on_adapters import PROVIDER, StrictAdapter, make_nonce, show_failed


@require_POST
def start_sign_on(request: HttpRequest) -> HttpResponse:
    """A page that leads to the provider, and from there back to `next` if that is a page of ours."""
    page = request.POST.get("next", "")
    is_ours = url_has_allowed_host_and_scheme(page, {request.get_host()}, require_https=request.is_secure())
    try:
        provider = get_adapter(request).get_provider(request, PROVIDER)
        params = provider.get_auth_params() | {"nonce": make_nonce(request)}
        answer = provider.redirect(
            request, process=AuthProcess.LOGIN, next_url=page if is_ours else None, auth_params=params
        )
    except (RequestException, KeyError, ValueError, TypeError) as error:  # it can't be reached, or says nonsense
        return show_failed(request, error, 502)
    address = answer.headers.get("Location", "")
    if not address.startswith(("https://", "http://")):
        return show_failed(request, status=502)
    return keep_private(render(request, "accounts/sign_on.html", {"address": address}))


@require_safe
def finish_sign_on(request: HttpRequest, provider_id: str) -> HttpResponse:
    """Log in whom the provider names, and lead to where they wanted to go."""
    try:
        answer: HttpResponse = OAuth2CallbackView.adapter_view(StrictAdapter(request, provider_id))(request)
        return keep_private(answer)
    except (KeyError, ValueError, TypeError) as error:  # it says nonsense
        return show_failed(request, error, 502)
