"""Who sends a request, and which plans they hold: a browser by its cookie, or an account where accounts are on.

Knows requests and rows, but no pages; `planner.web.views.access` turns its answers into pages.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.contrib.auth.models import User
from django.db.models import Min, QuerySet
from django.http import HttpRequest
from django.utils import timezone

from planner.store import presence, throttle
from planner.store.models import Comment, Hold, Plan, Viewer, list_hashes
from planner.store.token_models import ApiToken
from planner.store.trouble import store_if_possible
from ports.written import Written

RENEW = timedelta(minutes=1)
"""How old the date of the last opening may be before it is renewed: most openings cost no write."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """Whoever can hold a plan: an account, or the keyed hash of a browser's key; nobody has neither."""

    browser: str = ""
    user: User | None = None
    name: str = ""
    """What the log calls them."""
    before: tuple[str, ...] = ()
    """What the browser was known by, where it holds something by that still, as nothing can be stored just now."""

    @property
    def is_someone(self) -> bool:
        """Whether a plan can be held at all."""
        return bool(self.browser) or self.user is not None

    @property
    def known_as(self) -> tuple[str, ...]:
        """All that a browser is known by; nothing for an account and for nobody."""
        return (self.browser, *self.before) if self.browser and self.user is None else ()

    def holds(self) -> QuerySet[Hold]:
        """The rows of what they hold, each plan once."""
        if self.user is not None:
            return Hold.objects.filter(user=self.user)
        found = Hold.objects.filter(browser__in=self.known_as)
        if not self.before:
            return found
        return found.filter(pk__in=found.values("plan").annotate(first=Min("pk")).values("first"))

    def give(self, plan: Plan, role: Hold.Role) -> Hold:
        """Have them hold a plan; whoever may do more with it already keeps that. Raises ValueError for nobody."""
        if not self.is_someone:
            raise ValueError("nobody can't hold a plan")
        browser = "" if self.user is not None else self.browser
        hold, made = plan.holds.get_or_create(user=self.user, browser=browser, defaults={"role": role})
        if not made and not hold.allows(role):
            hold.role = role
            hold.save(update_fields=["role"])
        return hold

    def take(self, arriving: str) -> None:
        """Own the plans that have arrived under that name. Nobody owns them if this is nobody."""
        arrived = Hold.objects.filter(browser=arriving)
        if not self.is_someone:
            arrived.delete()
            return
        now = timezone.now()
        browser = "" if self.user is not None else self.browser
        arrived.update(browser=browser, user=self.user, since=now, opened=now)


def read_holder(request: HttpRequest) -> Holder:
    """Who sends a request: where accounts are on, the account that is logged in or nobody; else the browser."""
    if settings.REQUIRE_LOGIN:
        if isinstance(request.user, User):
            return Holder(user=request.user, name=request.user.get_username())
        return Holder()
    visitor = presence.read_visitor(request)
    before = _carry_over(visitor.key) if settings.SECRET_KEY_FALLBACKS else ()
    return Holder(browser=visitor.hash, name=visitor.label, before=before)


def _carry_over(key: str) -> tuple[str, ...]:
    """Have a browser be known under the key of now: by what it held, and said, under those before.

    It holds no plan twice, and looks at none twice. Returns by what else it is known still where nothing can be stored
    just now: all of its plans can be read nevertheless.
    """
    now, *before = list_hashes(key)
    old = Hold.objects.filter(browser__in=before).order_by("pk")

    def carry() -> None:
        for hold in old.filter(plan__in=Hold.objects.filter(browser=now).values("plan")):
            Holder(browser=now).give(hold.plan, Hold.Role(hold.role))
            hold.delete()
        old.update(browser=now)
        ApiToken.objects.filter(browser__in=before).update(browser=now)
        Comment.objects.filter(writer__in=before).update(writer=now)
        _carry_over_looks(now, before)

    if not old.exists():
        return ()
    store_if_possible(carry)
    return tuple(before) if old.exists() else ()


def _carry_over_looks(now: str, before: Sequence[str]) -> None:
    """Of each plan that a browser looked at the latest look."""
    looked = Viewer.objects.filter(key_hash__in=[now, *before])
    latest = dict(looked.order_by("seen", "pk").values_list("plan", "pk"))
    looked.exclude(pk__in=latest.values()).delete()
    looked.update(key_hash=now)


def find_hold(request: HttpRequest, key: str, *, document: bool = True) -> Hold | None:
    """What whoever sends a request holds of the plan with this key, the plan with it; None if nothing.

    The plan comes without its document if that isn't needed. An account takes over a plan that nobody's account has
    and that its browser made or opened before accounts were on.
    """
    holder = read_holder(request)
    hold = find_held(holder, key, document=document)
    if hold is None and holder.user is not None and _take_over(request, holder, key):
        hold = find_held(holder, key, document=document)
    return hold


def find_held(holder: Holder, key: str | UUID, *, document: bool) -> Hold | None:
    """What they hold of the plan with this key, the plan with it; None if nothing."""
    if not holder.is_someone:
        return None
    by = "browser" if holder.user is None else "user"
    known_as = holder.known_as if holder.user is None else (holder.user.pk,)
    found: list[Hold] = [hold for who in known_as for hold in _held[by, document].ask(who, UUID(str(key)))]
    return min(found, key=lambda hold: hold.pk, default=None)


def _write_held(by: str, document: bool) -> Written:
    """What finds a hold by its holder and the key of its plan."""

    def write(who: object, key: UUID) -> QuerySet[Hold]:
        found = Hold.objects.filter(**{by: who}, plan__key=key).select_related("plan").order_by("pk")
        return (found if document else found.defer("plan__document"))[:1]

    return Written(write, "a browser" if by == "browser" else 2**62, UUID(int=1))


_held = {(by, document): _write_held(by, document) for by in ("browser", "user") for document in (True, False)}


def list_unclaimed(request: HttpRequest) -> QuerySet[Plan]:
    """The plans that the account of a request would take over by opening them, by name, without their documents.

    Those that its browser made or opened before accounts were on, and that nobody's account has.
    """
    if read_holder(request).user is None:
        return Plan.objects.none()
    held = _find_unclaimed(request).values("plan")
    return Plan.objects.filter(pk__in=held, deleted=None).defer("document").order_by("name", "pk")


def _find_unclaimed(request: HttpRequest) -> QuerySet[Hold]:
    known_as = list_hashes(presence.read_visitor(request).key)  # nothing is carried over where accounts are on
    return Hold.objects.filter(browser__in=known_as).exclude(plan__holds__user__isnull=False)


def _take_over(request: HttpRequest, holder: Holder, key: str) -> bool:
    held = _find_unclaimed(request).filter(plan__key=key).first()
    if held is None:
        return False
    holder.give(held.plan, Hold.Role.OWN)
    return True


def count_plans(holder: Holder, client: str, number: int = 1) -> None:
    """Count plans that an account makes, or a client by its address. Raises throttle.TooMany, and counts none then."""
    subject = f"account {holder.user.pk}" if holder.user else f"client {throttle.network_of(client)}"
    throttle.count_many("plan", subject, number, limit=settings.PLANS_PER_HOUR)


def note_opening(hold: Hold) -> None:
    """Remember that its holder opened the plan just now."""
    now = timezone.now()
    if hold.opened < now - RENEW:
        store_if_possible(lambda: Hold.objects.filter(pk=hold.pk).update(opened=now))
