"""Tokens for programs: making, finding and revoking them.

A token acts for whoever made it, an account or a browser, and never has more than these have at that moment: who loses
a plan loses it for their tokens, too. It has a secret of 256 bits, of which only a keyed hash is kept (ADR 0004); the
secret is found by that hash, so no time of an answer tells how much of a guess was right.
"""

import re
from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.core import signing
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from planner.sharing.links import OFFER_FOR, TOO_OLD, NotMade
from planner.store import audit, throttle
from planner.store.holders import Holder
from planner.store.lasting import lasts
from planner.store.models import Hold, Plan, hash_token, list_hashes, make_token
from planner.store.presence import clean_name, name_guest
from planner.store.token_models import ApiToken
from planner.store.trouble import store_if_possible
from ports.locks import one_at_a_time
from ports.text import short
from ports.written import Written

UNDER = "/api/"
"""Below which addresses tokens count, and neither sessions nor what a browser holds."""
PREFIX = "ppt_"
"""What every token begins with, so that people, and what looks for secrets in files, know it for one."""
MOST = 50
"""How many live tokens an account or a browser may have."""
WRONG = 30
"""How many tokens that are none one client may try in an hour; the same one counts once."""
RENEW = timedelta(minutes=1)
"""How exactly it is kept when a token was used."""
DAYS = {30: "30 days", 90: "90 days", 365: "a year"}
_TOKEN = re.compile(r"ppt_[A-Za-z0-9_-]{43}", re.ASCII)
_SCOPES: dict[str, tuple[Hold.Role, ...]] = {
    ApiToken.Scope.READ: (),
    ApiToken.Scope.EDIT: (Hold.Role.READ, Hold.Role.EDIT),
    ApiToken.Scope.OWN: (Hold.Role.READ, Hold.Role.EDIT, Hold.Role.OWN),
    ApiToken.Scope.RESULTS: (),
}


def offer_token(holder: Holder) -> str:
    """A fresh secret, signed for whoever is shown the form that makes a token of it; the same form makes one."""
    return signing.dumps(make_token(), salt=_salt(holder))


def read_offer(holder: Holder, offer: str) -> str:
    """The token that is offered. Raises NotMade when the service didn't offer it to them, or did so too long ago."""
    try:
        return PREFIX + str(signing.loads(offer, salt=_salt(holder), max_age=OFFER_FOR))
    except signing.BadSignature:
        raise NotMade(TOO_OLD) from None


def _salt(holder: Holder) -> str:
    return f"planner.tokens.{holder.user.pk if holder.user else holder.browser}"


@transaction.atomic
def make_api_token(
    *, holder: Holder, token: str, label: str, scope: str, days: int, plan: Plan | None = None
) -> ApiToken:
    """Make a token of a scope that works for so many days, on this plan or on all that its holder has.

    One that there is already stays as it is. Raises NotMade when there are too many, or when that token has ended.
    """
    name = holder.user.pk if holder.user else holder.browser
    one_at_a_time(f"tokens of {name}")
    known = list_of(holder).filter(token_hash=hash_token(token)).first()
    if known is not None and known.state != "live":
        raise NotMade(f"The token that this form made is {known.state}. Open the page again to make another.")
    if known is not None:
        return known
    if list_of(holder).filter(lasts(timezone.now())).count() >= MOST:
        raise NotMade(f"There are {MOST} tokens; revoke some of them first.")
    row = ApiToken.objects.create(
        token_hash=hash_token(token),
        label=label[:100],
        scope=scope,
        plan=plan,
        user=holder.user,
        browser="" if holder.user is not None else holder.browser,
        expires=timezone.now() + timedelta(days=days),
    )
    audit.note("token-made", plan=plan, actor=holder.name, detail=f"{row.label} ({row.scope})")
    return row


@transaction.atomic
def revoke(*, holder: Holder, number: int) -> bool:
    """Have a token open nothing from the next request on. Returns whether they have such a one."""
    row = list_of(holder).select_for_update(of=("self",), no_key=True).filter(pk=number).first()
    if row is None:
        return False
    if list_of(holder).filter(pk=number, revoked=None).update(revoked=timezone.now()):
        audit.note("token-revoked", plan=row.plan, actor=holder.name, detail=row.label)
    return True


def list_of(holder: Holder) -> "QuerySet[ApiToken]":
    """The tokens that somebody made, the newest first, whatever became of them."""
    if holder.user is not None:
        return ApiToken.objects.filter(user=holder.user)
    return ApiToken.objects.filter(browser__in=holder.known_as)


def _live(now: datetime, *, accounts: bool) -> "QuerySet[ApiToken]":
    """Those that work then: of accounts where these are on, else of browsers."""
    acts = Q(user__is_active=True) if accounts else Q(user=None)
    return ApiToken.objects.filter(acts, lasts(now))


def _write_by_hash(accounts: bool) -> Written:
    return Written(
        lambda one, now: _live(now, accounts=accounts).filter(token_hash=one).select_related("user"),
        "a hash",
        datetime(9999, 1, 1, tzinfo=UTC),
    )


_by_hash = {accounts: _write_by_hash(accounts) for accounts in (True, False)}


def find(token: str, client: str) -> ApiToken | None:
    """The token with this secret; None when it opens nothing (any more). `client` is where it comes from.

    Raises throttle.TooMany for one that opens nothing, to a client that has tried WRONG of them within the hour.
    """
    now = timezone.now()
    found: ApiToken | None = None
    if _TOKEN.fullmatch(token):
        written = _by_hash[settings.REQUIRE_LOGIN]
        found = next(filter(None, (written.first(one, now) for one in list_hashes(token))), None)
    if found is None:
        throttle.count("wrong-token", throttle.network_of(client), limit=WRONG, mark=token[:200])
        return None
    if found.last is None or found.last < now - RENEW:
        pk = found.pk
        store_if_possible(lambda: ApiToken.objects.filter(pk=pk).update(last=now))
    return found


def still_live(row: ApiToken) -> "QuerySet[ApiToken]":
    """The token as `planner.store.admission.admitted` takes it: as long as it works."""
    return _live(timezone.now(), accounts=settings.REQUIRE_LOGIN).filter(pk=row.pk)


def holder_of(row: ApiToken) -> Holder:
    """For whom a token acts, named so that the log tells a program from its maker."""
    who = row.user.get_username() if row.user is not None else name_guest(row.browser)
    return Holder(browser=row.browser, user=row.user, name=f"{who} by {short(row.label)}")


def author_of(row: ApiToken) -> str:
    """What revisions call the program, in at most 60 characters: its token, and of an account whose that is."""
    label = clean_name(row.label)
    return f"{label[:30]}, of {row.user.get_username()}"[:60] if row.user is not None else f"{label} (API)"


def may(row: ApiToken, role: Hold.Role, *, writes: bool) -> bool:
    """Whether the token's scope admits what that role may: to look at something, or to change it."""
    if row.scope == ApiToken.Scope.RESULTS:
        return False
    return not writes or role in _SCOPES[row.scope]
