"""Staff see plans and links, end links, appoint owners, read the log. No secret and no document is shown."""

import uuid
from typing import TYPE_CHECKING, Any, get_args

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ActionForm
from django.db.models import Model, Prefetch, QuerySet
from django.http import HttpRequest, StreamingHttpResponse

from planner.accounts.people import StaffLoginForm
from planner.sharing import members
from planner.sharing.links import revoke_link, withdraw_edit_link
from planner.store import audit
from planner.store.holders import Holder
from planner.store.job_models import Job
from planner.store.models import Event, Hold, Plan, ShareLink, list_arriving
from planner.web import staff
from ports.text import plural

admin.site.site_header = admin.site.site_title = "Port planner"
admin.site.login_form = StaffLoginForm
staff.register()


if TYPE_CHECKING:
    ModelAdmin = admin.ModelAdmin[Any]
else:
    ModelAdmin = admin.ModelAdmin  # takes no parameters


class OwnerForm(ActionForm):
    """The actions of the list of plans; one of them asks for an owner."""

    owner = forms.CharField(required=False, max_length=150, label="Owner (its name)")


class ReadOnlyAdmin(ModelAdmin):
    """Rows that the service writes, for staff to look at."""

    list_per_page = 100
    show_full_result_count = False
    actions: Any = []

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Nobody adds one here."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Nobody changes one here."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Nobody deletes one here."""
        return False

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """A plan's key, as it stands in its address, finds what is about that plan; other words search the fields."""
        try:
            key = uuid.UUID(search_term.strip())
        except ValueError:
            return super().get_search_results(request, queryset, search_term)
        return queryset.filter(**{self.key_field: key}), False

    key_field = "plan"


@admin.register(Plan)
class PlanAdmin(ReadOnlyAdmin):
    """Plans: that they are there, not what is in them."""

    list_display = fields = readonly_fields = ("name", "key", "owners", "revision", "created", "updated", "deleted")
    list_filter = (("deleted", admin.EmptyFieldListFilter),)
    search_fields = ("name",)
    search_help_text = "A part of a name, or the key that stands in a plan's address"
    key_field = "key"

    actions = ["appoint_owner", "withdraw_edit_links"]
    action_form = OwnerForm

    def has_appoint_permission(self, request: HttpRequest) -> bool:
        """Whoever may change plans may appoint owners, and end edit links."""
        return bool(request.user.has_perm("planner.change_plan"))

    @admin.action(permissions=["appoint"], description="Make the one that is named an owner")
    def appoint_owner(self, request: HttpRequest, queryset: QuerySet[Plan]) -> None:
        """Have an account, or where there are none a browser that holds the plan, own it."""
        name, holder = request.POST.get("owner", "").strip(), Holder(name=request.user.get_username())
        try:
            for plan in queryset:
                members.appoint_owner(plan=plan, name=name, holder=holder)
                self.message_user(request, f"{name} owns {plan.name}.", messages.SUCCESS)
        except members.NotShared as error:
            self.message_user(request, str(error), messages.ERROR)

    @admin.action(permissions=["appoint"], description="Withdraw the edit links of the selected plans")
    def withdraw_edit_links(self, request: HttpRequest, queryset: QuerySet[Plan]) -> None:
        """Have them lead nowhere from the next request on; browsers that came by them hold the plans no more."""
        live = list(queryset.exclude(edit_hash=None).values_list("pk", flat=True))
        for number in live:
            withdraw_edit_link(plan_id=number, holder=Holder(name=request.user.get_username()))
        self.message_user(request, f"Withdrawn: {len(live)} {plural(len(live), 'edit link')}.", messages.SUCCESS)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Plan]:
        """Without documents and hashes."""
        owners = Hold.objects.filter(role=Hold.Role.OWN, user__isnull=False).select_related("user")
        plans = super().get_queryset(request).exclude(pk__in=list_arriving()).defer("document", "edit_hash")
        return plans.prefetch_related(Prefetch("holds", owners, to_attr="owning"))

    @admin.display(description="Owned by", empty_value="no account")
    def owners(self, plan: Plan) -> str | None:
        """The accounts that own it; none where only browsers do."""
        return ", ".join(sorted(hold.user.get_username() for hold in plan.owning)) or None  # type: ignore[attr-defined]


@admin.register(ShareLink)
class ShareLinkAdmin(ReadOnlyAdmin):
    """Read links: for whom, how long, how often. Their addresses are known to nobody here."""

    list_display = ("label", "plan", "state", "openings", "most_openings", "created", "expires", "author")
    fields = readonly_fields = (
        "label", "plan", "pinned", "shows_changes", "may_report", "may_upload", "has_passphrase", "state", "openings",
        "most_openings", "created", "expires", "revoked", "author",
    )  # fmt: skip
    list_filter = (("revoked", admin.EmptyFieldListFilter), "created", "expires")
    search_fields = ("label", "plan__name", "author")
    search_help_text = "A part of a label, of a plan's name or of who made the link, or the key of a plan"
    key_field = "plan__key"
    actions = ["revoke"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[ShareLink]:
        """With their plans, but without documents and hashes."""
        links = super().get_queryset(request).select_related("plan")
        return links.defer("token_hash", "plan__document", "plan__edit_hash")

    @admin.display(description="Passphrase", boolean=True)
    def has_passphrase(self, link: ShareLink) -> bool:
        """Whether it has one."""
        return bool(link.passphrase)

    def has_revoke_permission(self, request: HttpRequest) -> bool:
        """Whoever may change links may revoke them."""
        return bool(request.user.has_perm("planner.change_sharelink"))

    @admin.action(permissions=["revoke"], description="Revoke the selected read links")
    def revoke(self, request: HttpRequest, queryset: QuerySet[ShareLink]) -> None:
        """Have them lead nowhere from the next request on."""
        holder = Holder(name=request.user.get_username())
        live = list(queryset.filter(revoked=None))
        for link in live:
            revoke_link(plan=link.plan, number=link.pk, holder=holder)
        self.message_user(request, f"Revoked: {len(live)} {plural(len(live), 'read link')}.", messages.SUCCESS)


class KindFilter(admin.SimpleListFilter):
    """The kinds that there are, whether they are in the log yet or not."""

    title, parameter_name = "what was done", "kind"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Each kind."""
        return [(kind, kind) for kind in sorted(get_args(audit.Kind))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Event]) -> QuerySet[Event]:
        """Those of the chosen kind."""
        return queryset.filter(kind=self.value()) if self.value() else queryset


@admin.register(Job)
class JobAdmin(ReadOnlyAdmin):
    """Files that take long: how they went, not what was asked for or came of it."""

    list_display = fields = readonly_fields = ("name", "plan", "state", "asked", "tries", "ended", "size")
    list_filter = ("state",)
    search_fields = ("plan__name",)
    search_help_text = "A part of a plan's name, or the key that stands in its address"
    key_field = "plan__key"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Job]:
        """With their plans, but without documents and hashes."""
        return super().get_queryset(request).select_related("plan").defer("plan__document", "plan__edit_hash", "order")


@admin.register(Event)
class EventAdmin(ReadOnlyAdmin):
    """The log."""

    list_display = fields = readonly_fields = ("at", "kind", "plan", "link", "actor", "detail", "address", "request")
    list_filter = (KindFilter, "at")
    search_fields = ("actor", "detail", "address", "request")
    search_help_text = "A part of a name, of the details, an address or the id of a request, or the key of a plan"
    actions = ["export"]

    @admin.action(permissions=["view"], description="Download as JSON lines")
    def export(self, request: HttpRequest, queryset: QuerySet[Event]) -> StreamingHttpResponse:
        """The chosen entries, one JSON object a line, the oldest first."""
        audit.note("log-exported", actor=request.user.get_username())
        lines = (f"{audit.write_line(event)}\n" for event in queryset.order_by("pk").iterator())
        headers = {"Content-Disposition": 'attachment; filename="log.jsonl"'}
        return StreamingHttpResponse(lines, content_type="application/x-ndjson", headers=headers)
