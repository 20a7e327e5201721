"""Accounts in the admin: what staff may do with others', and what becomes of the plans of one that is deleted."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ActionForm
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.models import Group, User
from django.db.models import Model, QuerySet
from django.http import HttpRequest

from planner.accounts import second_factor
from planner.sharing import members
from planner.store.holders import Holder
from ports.text import many

PRIVILEGES = ("is_staff", "is_superuser", "groups", "user_permissions")
"""What superusers alone give."""


def is_superuser(request: HttpRequest) -> bool:
    """Whether whoever asks may do everything."""
    return bool(getattr(request.user, "is_superuser", False))


class HeirForm(ActionForm):
    """The actions of the list of accounts; one of them asks for an heir."""

    heir = forms.CharField(required=False, max_length=150, label="Heir (a user name)")


if TYPE_CHECKING:
    _UserAdmin = UserAdmin[User]
else:
    _UserAdmin = UserAdmin  # takes no parameters


class AccountAdmin(_UserAdmin):
    """Accounts. Who isn't a superuser makes none, of others and of themselves, and changes no account of staff."""

    action_form = HeirForm
    actions = ["give_to_heir", "switch_factor_off"]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Privileges are given by superusers."""
        fields = super().get_readonly_fields(request, obj)
        return fields if is_superuser(request) else (*fields, *PRIVILEGES)

    def _may_touch(self, request: HttpRequest, obj: Model | None) -> bool:
        """Whoever sets the password of an account becomes it, so staff are for superusers; oneself is no other."""
        is_above = isinstance(obj, User) and (obj.is_superuser or (obj.is_staff and obj.pk != request.user.pk))
        return is_superuser(request) or not is_above

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Also by whose account it is."""
        return super().has_change_permission(request, obj) and self._may_touch(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Likewise."""
        return super().has_delete_permission(request, obj) and self._may_touch(request, obj)

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """What stands in the way of a deletion too: plans that nobody else owns, until they have an heir."""
        deleted, counts, needed, protected = super().get_deleted_objects(objs, request)
        users = list(objs)
        if any(not self._may_touch(request, user) for user in users):
            needed = {*needed, "account of staff"}
        heirless = [
            f"The plan {plan.name}, which nobody else owns who may log in. Give it to an heir first, in the list."
            for plan in members.list_owned_alone(users).only("name")
        ]
        return deleted, counts, needed, [*protected, *heirless]

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: Any) -> None:
        """Also say which plans nobody owns now who may log in. It isn't refused, as it can be urgent."""
        super().save_model(request, obj, form, change)
        if obj.is_active or "is_active" not in form.changed_data:
            return
        if left := members.list_owned_alone([obj]).count():
            said = f"Nobody owns {many(left, 'plan')} of {obj} now who may log in. Give them to an heir"
            self.message_user(request, f"{said}: an action of the list of accounts.", messages.WARNING)

    def _is_refused(self, request: HttpRequest, users: QuerySet[User]) -> bool:
        """Whether an action isn't for whoever asks, as some of the accounts are above them; that is said then."""
        above = [user.get_username() for user in users if not self._may_touch(request, user)]
        if above:
            self.message_user(request, f"Only superusers do that to staff: {', '.join(above)}.", messages.ERROR)
        return bool(above)

    @admin.action(permissions=["change"], description="Give what they alone own to the heir")
    def give_to_heir(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        """Have the account that is named own the plans that the chosen ones alone own."""
        if self._is_refused(request, queryset):
            return
        try:
            heir = members.find_account(request.POST.get("heir", "").strip())
            if queryset.filter(pk=heir.pk).exists():
                raise members.NotShared("An heir is another account than those that are chosen.")
        except members.NotShared as error:
            self.message_user(request, str(error), messages.ERROR)
            return
        holder = Holder(name=request.user.get_username())
        given = members.give_to_heir(users=list(queryset), heir=heir, holder=holder)
        self.message_user(request, f"{heir.get_username()} owns {many(given, 'plan')} more.", messages.SUCCESS)

    @admin.action(permissions=["change"], description="Switch the second factor off")
    def switch_factor_off(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        """For people who lost their app and their recovery codes: a login asks for the password alone."""
        if self._is_refused(request, queryset):
            return
        actor = request.user.get_username()
        count = sum(second_factor.remove(user, actor=actor) for user in queryset)
        self.message_user(request, f"{many(count, 'second factor')} switched off.", messages.SUCCESS)


class SuperusersGroupAdmin(GroupAdmin):
    """Groups give permissions, so superusers alone change them."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        """For superusers."""
        return is_superuser(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """For superusers."""
        return is_superuser(request)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """For superusers."""
        return is_superuser(request)


def register() -> None:
    """Take the place of Django's own pages of accounts and groups."""
    for model in (User, Group):
        if admin.site.is_registered(model):
            admin.site.unregister(model)
    admin.site.register(User, AccountAdmin)
    admin.site.register(Group, SuperusersGroupAdmin)
