"""Logging in and out, and changing one's password: Django's own views in our frame, where accounts are on."""

from functools import wraps
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.contrib import admin, messages
from django.contrib.auth import logout
from django.contrib.auth.forms import AuthenticationForm, PasswordChangeForm
from django.contrib.auth.models import User
from django.contrib.auth.views import LoginView, PasswordChangeView
from django.contrib.messages.views import SuccessMessageMixin
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse, reverse_lazy
from django.views.decorators.http import require_http_methods, require_POST

from planner.accounts import pending, second_factor
from planner.accounts.people import ChangeForm, LoginForm, StaffLoginForm, fold_name
from planner.accounts.proofs import keep_known
from planner.store import patience, throttle
from planner.store.holders import read_holder
from planner.web.under_links import is_under_link
from planner.web.views.access import View, ask_for_login, keep_private
from planner.web.views.errors import show_error, show_too_many
from planner.web.views.waiting import show_wait


def account_view(view: View) -> View:
    """A page that is there only where accounts are on, and that nobody else is shown."""

    @wraps(view)
    def wrapper(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponseBase:
        if not settings.REQUIRE_LOGIN:
            raise Http404
        return keep_private(view(request, *args, **kwargs))

    return wrapper


def _few_tries(view: View) -> View:
    """A login that asks for patience when too many were wrong, and knows the browser once it was right."""

    @wraps(view)
    def wrapper(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponseBase:
        try:
            response = view(request, *args, **kwargs)
        except patience.Wait as error:
            return show_wait(request, error, "Too many logins were wrong, under this name or from here.")
        if request.method == "POST" and response.status_code == 302 and isinstance(request.user, User):
            keep_known(response, fold_name(request.user.get_username()))
        return response

    return wrapper


class _LogIn(LoginView):
    """Django's, but that who has a second factor isn't logged in by the password alone."""

    def form_valid(self, form: AuthenticationForm) -> HttpResponse:
        """Log in, or have the login wait for its code."""
        user: User = form.get_user()
        if not second_factor.is_on(user):
            return super().form_valid(form)
        self.request.session.cycle_key()  # nobody who has put the session there can go on with it
        pending.begin(self.request, user, self.get_success_url())
        return redirect("give_code")


log_in = account_view(_few_tries(_LogIn.as_view(template_name="accounts/login.html", authentication_form=LoginForm)))


def _log_in_staff(request: HttpRequest) -> HttpResponseBase:
    """As `AdminSite.login` does it, with the second factor of who has one."""
    site = admin.site
    address = _LogIn().get_redirect_url(request) or reverse("admin:index")
    if request.method == "GET" and site.has_permission(request):
        return redirect(address)
    context = {
        **site.each_context(request),
        "title": "Log in",
        "subtitle": None,
        "app_path": request.get_full_path(),
        "username": request.user.get_username(),
        "next": address,
    }
    request.current_app = site.name  # what addresses of the admin are made with
    view = _LogIn.as_view(
        extra_context=context,
        authentication_form=StaffLoginForm,
        template_name="admin/login.html",
    )
    return view(request)


log_in_staff = _few_tries(_log_in_staff)
"""The admin's own login. It is there whether accounts are on or not."""


@require_POST
@account_view
def log_out(request: HttpRequest) -> HttpResponse:
    """End the session, and say so on the page of the login."""
    logout(request)
    messages.success(request, "You are logged out.")
    return redirect(settings.LOGOUT_REDIRECT_URL)


if TYPE_CHECKING:
    _Messages = SuccessMessageMixin[PasswordChangeForm]
else:
    _Messages = SuccessMessageMixin  # takes no parameters


class _ChangePassword(_Messages, PasswordChangeView):
    form_class = ChangeForm
    template_name = "accounts/password.html"
    success_url = reverse_lazy("show_plans")
    success_message = "Your password is changed, and you are logged out everywhere but here."

    def get_form(self, form_class: type[ChangeForm] | None = None) -> ChangeForm:  # type: ignore[override]
        """The form, of this session."""
        form: ChangeForm = super().get_form(form_class)  # type: ignore[assignment]
        form.session = self.request.session.session_key or ""
        return form


_show_password_form = _ChangePassword.as_view()


@require_http_methods(["GET", "HEAD", "POST"])
@account_view
def change_password(request: HttpRequest) -> HttpResponseBase:
    """Ask for the old password and a new one."""
    user = read_holder(request).user
    if user is None:
        return ask_for_login(request)
    if not user.has_usable_password():
        return show_error(
            request, 403, "There is no password here", "You log in elsewhere; change your password there."
        )
    try:
        return _show_password_form(request)
    except throttle.TooMany as error:
        return show_too_many(request, error.wait, "Too many old passwords were wrong here.")


def describe_account(request: HttpRequest) -> dict[str, Any]:
    """For every template: whether accounts are on, and how people log in. Pages under a link know no accounts."""
    under_link = is_under_link(request)
    return {
        "account": {
            "on": settings.REQUIRE_LOGIN and not under_link,
            "by_proxy": bool(settings.REMOTE_USER),
            "single_sign_on": bool(settings.OIDC_ISSUER),
        }
    }
