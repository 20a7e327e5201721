"""Links to a plan: making and withdrawing edit links, making, opening and revoking read links.

A token is made here and handed out once. The database keeps its keyed hash, of the passphrase an Argon2 hash.
"""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from django.contrib.auth.hashers import check_password, make_password
from django.core import signing
from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from planner.engine.life import Given, hide_people
from planner.engine.renames import Rename
from planner.report.said.answers import Told
from planner.sharing.withdrawals import UNDONE_FOR, keep
from planner.store import audit, patience, throttle
from planner.store.actions import Sender
from planner.store.admission import check_admitted, lock, lock_row
from planner.store.answers import read_told
from planner.store.editions import matrix_of, matrix_then
from planner.store.holders import Holder
from planner.store.lasting import lasts
from planner.store.lives import Pick, Wish, list_given, set_states
from planner.store.models import Hold, Opening, Plan, Revision, ShareLink, Version, hash_token, list_hashes, make_token
from planner.store.reports import find_known, find_revision
from ports.locks import one_at_a_time
from ports.matrix import Matrix
from ports.text import many
from ports.written import Written

OPEN_HOURS = 12
OPEN_FOR = timedelta(hours=OPEN_HOURS)
"""How long an opening lasts in the browser that opened the link."""
OFFER_FOR = timedelta(days=1)
"""How long a form may wait before it is sent and makes a link."""
REPORTS = 300
"""How many times an hour the readers of one link may set states of rules."""
MOST_LINKS = 200
"""How many live read links a plan may have."""
TOO_LATE = "More than a minute has passed; make another link."
"""Why a link that was revoked isn't brought back: UNDONE_FOR is over."""
TOO_OLD = "This form is too old. Open the page again and send it once more."


class NotMade(ValueError):
    """A link can't be made; says why."""


class Refused(ValueError):
    """A passphrase is wrong."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What a read link is to be."""

    label: str
    pinned: int | None = None
    shows_changes: bool = False
    may_report: bool = False
    """Whether its readers may set the state of rules; not where it is pinned, as states are of now."""
    may_upload: bool = False
    """Whether they may upload results of checks; likewise."""
    passphrase: str = ""
    most_openings: int | None = None
    days: int | None = 30
    """How long it is valid; None is for ever."""


# A form carries the token of the link that it makes, signed for its plan: sent twice, it makes one link, and what the
# second answer shows is that one. Until it is sent, the token is of no use to anybody; once its link was revoked or
# another took its place, sending the form again brings nothing back.


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """What a form offers to make."""

    token: str
    edit_number: int
    """How many edit links the plan had had when the form was shown."""


def offer_token(plan: Plan, kind: str) -> str:
    """A fresh token for a link of a kind, in a form that only the service can have made."""
    return signing.dumps([make_token(), plan.edit_number], salt=_salt(plan, kind))


def read_offer(plan: Plan, kind: str, offer: str) -> Offer:
    """What is offered. Raises NotMade when the service didn't offer it, or did so too long ago."""
    try:
        token, number = signing.loads(offer, salt=_salt(plan, kind), max_age=OFFER_FOR)
    except signing.BadSignature:
        raise NotMade(TOO_OLD) from None
    return Offer(token=token, edit_number=number)


def _salt(plan: Plan, kind: str) -> str:
    return f"planner.links.{kind}.{plan.key}"


@transaction.atomic
def make_edit_link(*, plan_id: int, holder: Holder | None = None, offer: Offer | None = None) -> str:
    """Make a plan's edit link, or another one. Returns the secret token of its address, which is stored nowhere.

    An older edit link leads nowhere from then on. Browsers that came by it have to open the new one, since nobody can
    tell who came by a link that got out; owners, and accounts that were given it by name, keep what they have. Raises
    NotMade for an offer from before another edit link was made.
    """
    token = offer.token if offer else make_token()
    plan = lock_row(plan_id)
    if plan.edit_hash != hash_token(token):
        if offer is not None and offer.edit_number != plan.edit_number:
            raise NotMade(TOO_OLD)
        before = plan.edit_hash or ""
        plan.edit_hash = hash_token(token)
        plan.edit_number += 1
        _let_go(plan, before)
        plan.save(update_fields=["edit_hash", "edit_number"])
        audit.note("edit-link-made", plan=plan, actor=holder.name if holder else "")
    return token


@transaction.atomic
def withdraw_edit_link(*, plan_id: int, holder: Holder) -> None:
    """Have the edit link lead nowhere; browsers that came by it hold the plan no more."""
    plan = lock_row(plan_id)
    if plan.edit_hash is not None:
        before, plan.edit_hash = plan.edit_hash, None
        _let_go(plan, before)
        plan.save(update_fields=["edit_hash"])
        audit.note("edit-link-withdrawn", plan=plan, actor=holder.name)


def _let_go(plan: Plan, before: str) -> None:
    """Browsers that don't own the plan hold it no more; it can be given back, with the link that there was."""
    others = plan.holds.exclude(browser="").exclude(role=Hold.Role.OWN)
    keep(plan=plan, holds=others, link_before=before, link_after=plan.edit_hash or "")
    others.delete()


@transaction.atomic
def open_edit_link(*, token: str, holder: Holder) -> Plan | None:
    """Have whoever opens an edit link edit its plan; None when it leads nowhere.

    A plan that nobody owns, as a command makes it, is owned by the first who opens it.
    """
    plan = _find_plan(token, Plan.objects.select_for_update(no_key=True))
    if plan is None:
        return None
    if not holder.holds().filter(plan=plan).exists():
        audit.note("edit-link-opened", plan=plan, actor=holder.name)
    holder.give(plan, Hold.Role.EDIT if is_owned(plan) else Hold.Role.OWN)
    return plan


def is_owned(plan: Plan) -> bool:
    """Whether somebody owns a plan; one that a command made is owned by nobody before its edit link is opened."""
    return plan.holds.filter(role=Hold.Role.OWN).exists()


def find_plan(token: str) -> Plan | None:
    """The plan of an edit link, without its document; None when it leads nowhere. Nothing is changed."""
    return _find_plan(token, Plan.objects.all())


def _find_plan(token: str, plans: "QuerySet[Plan]") -> Plan | None:
    """One in the bin only while nobody owns it, as after an import: whoever opens it can bring it back."""
    plan = plans.filter(edit_hash__in=list_hashes(token)).defer("document").first()
    return None if plan is not None and plan.deleted is not None and is_owned(plan) else plan


@transaction.atomic
def make_link(*, plan: Plan, terms: Terms, token: str, holder: Holder) -> ShareLink:
    """Make a read link with this token; one that there is already stays as it is.

    Raises NotMade when the plan has no such revision or too many links, or when that link leads nowhere any more.
    """
    lock_row(plan.pk)  # before what lets the sender in, as every edit locks them
    known = plan.links.filter(token_hash=hash_token(token)).first()
    if known is not None and known.state != "live":
        raise NotMade(f"The link that this form made is {known.state}. Open the page again to make another.")
    if known is not None:
        return known
    if terms.pinned is not None and not plan.revisions.filter(number=terms.pinned).exists():
        raise NotMade(f"This plan has no revision {terms.pinned}.")
    if _live(plan.links.all()).count() >= MOST_LINKS:
        raise NotMade(f"This plan has {MOST_LINKS} read links; revoke some of them first.")
    link: ShareLink = plan.links.create(
        token_hash=hash_token(token),
        label=terms.label,
        pinned=terms.pinned,
        shows_changes=terms.shows_changes and terms.pinned is not None,
        may_report=terms.may_report and terms.pinned is None,
        may_upload=terms.may_upload and terms.pinned is None,
        passphrase=make_password(terms.passphrase, hasher="argon2") if terms.passphrase else "",
        most_openings=terms.most_openings,
        expires=timezone.now() + timedelta(days=terms.days) if terms.days is not None else None,
        author=holder.name[:150],
    )
    audit.note("link-made", plan=plan, link=link, actor=holder.name)
    return link


@transaction.atomic
def revoke_link(*, plan: Plan, number: int, holder: Holder) -> bool:
    """Have a read link lead nowhere from the next request on. Returns whether there is such a link."""
    check_admitted()
    link = plan.links.filter(pk=number).first()
    if link is None:
        return False
    if plan.links.filter(pk=number, revoked=None).update(revoked=timezone.now()):
        audit.note("link-revoked", plan=plan, link=link, actor=holder.name)
    return True


@transaction.atomic
def bring_back(*, plan: Plan, number: int, holder: Holder) -> bool:
    """Take back that a read link was revoked, within a minute. Returns whether it could be."""
    check_admitted()
    since = timezone.now() - UNDONE_FOR
    if not plan.links.filter(pk=number, revoked__gte=since).update(revoked=None):
        return False
    link = plan.links.get(pk=number)
    audit.note("link-brought-back", plan=plan, link=link, actor=holder.name)
    return True


def _live(links: Any, now: datetime | None = None) -> Any:
    return links.filter(lasts(now or timezone.now()), plan__deleted=None)


def still_live(link: ShareLink) -> "QuerySet[ShareLink]":
    """The link as `planner.store.admission.admitted` takes it: as long as it leads somewhere."""
    found: QuerySet[ShareLink] = _live(ShareLink.objects.filter(pk=link.pk))
    return found


def _write_by_hash(one: str, now: datetime) -> "QuerySet[ShareLink]":
    links = ShareLink.objects.filter(token_hash=one).select_related("plan").defer("plan__document")
    live: QuerySet[ShareLink] = _live(links, now)
    return live


_by_hash = Written(_write_by_hash, "a hash", datetime(9999, 1, 1, tzinfo=UTC))


def find_link(token: str) -> ShareLink | None:
    """The read link with this token, its plan with it but without the document; None when it leads nowhere (any more).

    One that has been opened as often as it may be is found, for those who are in.
    """
    now = timezone.now()
    found: Iterator[ShareLink] = filter(None, (_by_hash.first(one, now) for one in list_hashes(token)))
    return next(found, None)


@transaction.atomic
def enter(link: ShareLink, browser: str = "") -> bool:
    """Open a read link once more; False when it has been opened as often as it may be, or was revoked meanwhile.

    `browser` is something secret that the sender's browser keeps, if it is known. A form that such a browser sends
    twice, as impatient people do, opens the link once.
    """
    one_at_a_time(f"openings of link {link.pk}")
    if has_entered(link, browser):
        return True
    if not _live(ShareLink.objects.filter(ShareLink.room, pk=link.pk)).update(openings=F("openings") + 1):
        return False
    if browser:
        throttle.mark("entry", str(link.pk), browser)
    Opening.objects.create(link=link)
    audit.note("link-opened", plan=link.plan, link=link)
    return True


def has_entered(link: ShareLink, browser: str) -> bool:
    """Whether this browser opened the link within the last hour, by what `enter` was given."""
    return bool(browser) and throttle.is_marked("entry", str(link.pk), browser)


def try_passphrase(link: ShareLink, passphrase: str, *, client: str = "", token: str = "") -> None:
    """Return when it is the link's passphrase, or when the link has none.

    Raises Refused for a wrong one, and patience.Wait without a look at it where too many were wrong; `client` is where
    it comes from, `token` the proof that it has waited. A try counts from its beginning, so that many at once are no
    more than that.
    """
    if not link.passphrase:
        return
    one = patience.Try(kind="passphrase", subject=str(link.pk), client=client, token=token)
    counted = patience.admit(one)
    if not check_password(passphrase, link.passphrase):
        audit.note("wrong-passphrase", plan=link.plan, link=link)
        raise Refused("That is not the passphrase of this link.")
    patience.forgive(counted)


def seal(link: ShareLink) -> str:
    """What a browser that opened a link shows from then on."""
    return signing.dumps(link.pk, salt="planner.links.opening")


def is_in(link: ShareLink, sealed: str) -> bool:
    """Whether a browser has opened this link within OPEN_FOR."""
    try:
        number = signing.loads(sealed, salt="planner.links.opening", max_age=OPEN_FOR)
    except signing.BadSignature:
        return False
    return bool(number == link.pk)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """All that a reader of a plan is shown, and nothing else of it: the pages of readers know no plan, only this."""

    version: Version
    matrix: Matrix = field(repr=False)
    """Under which it is read: of what is pinned the one that it was stored under, else that of now."""
    dated: datetime
    """When that revision was made."""
    newer: "Reading | None" = None
    """The newest revision, where what changed since may be told."""
    remark: str = ""
    """What isn't known of its matrix, in a sentence."""
    renamed: tuple[Rename, ...] = ()
    """What the plan's history tells to have another name in the newer one."""
    states: tuple[Given, ...] = field(default=(), repr=False)
    """The states of its rules, without people and, unless the reader may report, words; of what is pinned none."""
    may_report: bool = False
    """Whether the reader may set them."""
    may_upload: bool = False
    """Whether the reader may upload results of checks."""
    told: tuple[Told, ...] = field(default=(), repr=False)
    """What was told of its decisions, up to its revision."""

    @property
    def revision(self) -> int:
        """Its number."""
        return self.version.number

    @property
    def name(self) -> str:
        """The name of the plan in this revision."""
        name: str = self.version.document["name"]
        return name


def read_newest(plan: Plan, *, may_report: bool = False) -> Reading:
    """What a reader sees who follows a plan."""
    reading = _read_revision(plan, plan.revision, matrix_of(plan))
    states = hide_people(list_given(plan), words=not may_report)
    return replace(reading, states=states, may_report=may_report)


def read_link(link: ShareLink) -> Reading:
    """What a reader sees under a link."""
    if link.pinned is None:
        return replace(read_newest(link.plan, may_report=link.may_report), may_upload=link.may_upload)
    now = matrix_of(link.plan)
    reading = _read_pinned(link.plan, link.pinned, now)
    is_newest = link.plan.revision <= link.pinned and reading.matrix.digest == now.digest
    if not link.shows_changes or is_newest:
        return reading
    newer = _read_revision(link.plan, link.plan.revision, now)
    return replace(reading, newer=newer, renamed=find_known(link.plan, reading.version, newer.version))


@transaction.atomic
def report_states(*, link: ShareLink, picks: Sequence[Pick], wish: Wish, name: str, operation: str | None) -> None:
    """Set states of rules as a reader of a link that may report, who goes by that name.

    Raises Refused for a link that may not, throttle.TooMany after REPORTS of them within an hour, and as
    `planner.store.lives.set_states` does; nothing is set then.
    """
    # Looked at anew and locked: one that was revoked since the request began sets nothing.
    with suppress(Plan.DoesNotExist):  # purged meanwhile, and the link with it
        lock_row(link.plan_id)  # before the link, as every edit locks them
    if lock(still_live(link)).first() is None or not link.may_report or link.pinned is not None:
        raise Refused("This link can't set the state of rules.")
    throttle.count("report", str(link.pk), limit=REPORTS)
    sender = Sender(operation=operation, author=name)
    set_states(
        plan_id=link.plan_id, matrix=matrix_of(link.plan), picks=picks, wish=wish, sender=sender, via=link.label
    )
    audit.note("states-reported", plan=link.plan, link=link, actor=name, detail=many(len(picks), "rule"))


def _read_revision(plan: Plan, number: int, matrix: Matrix) -> Reading:
    revision = find_revision(plan, number)
    if revision is None:
        raise Revision.DoesNotExist
    version = Version(plan=plan.key, number=number, document=revision.document, digest=revision.digest)
    return Reading(version=version, matrix=matrix, dated=revision.created, told=read_told(plan, number))


def _read_pinned(plan: Plan, number: int, now: Matrix) -> Reading:
    """A revision under the matrix that it was stored under, or with a remark under that of now."""
    reading = _read_revision(plan, number, now)
    if not reading.version.digest:
        return replace(reading, remark="Under which port matrix it was stored isn’t known; this is the one of now.")
    then = matrix_then(reading.version, now)
    if then is None:
        return replace(reading, remark="The port matrix that it was stored under isn’t kept; this is the one of now.")
    return replace(reading, matrix=then)
