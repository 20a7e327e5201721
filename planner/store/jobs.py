"""Files that take long: asked for once, made apart by whoever has time, and kept a while for all who may have them.

A job waits, is taken by a runner, and ends as done, failed or cancelled. Each step is one UPDATE that says which
state it takes the job from, so of two who try only one succeeds, on either database. Who runs a job has it for LEASE
and puts that off again and again; a job whose runner doesn't is taken by another, so it outlives whatever ended the
runner. Who may see a job is not decided here: it is found by its plan and its link, for those who were let in.

A job of one of sealed.KINDS is about a secret that somebody sent. What was sent waits as its pieces, sealed, until
what comes of it is whole and takes their place, sealed as well; whatever ends the job takes them away.
"""

import hashlib
import zlib
from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from threading import Event
from typing import Any

from django.conf import settings
from django.db import IntegrityError, connection, transaction
from django.db.models import F, Max, Min, Q, QuerySet, Sum
from django.utils import timezone
from django.utils.crypto import salted_hmac

from planner.deploy.place import PACKAGE
from planner.store.admission import check_admitted
from planner.store.files import File
from planner.store.job_models import Job, Piece
from planner.store.models import Plan, ShareLink
from planner.store.sealed import KINDS, Unopened, seal, unseal
from planner.store.standing import read_standing
from ports.locks import one_at_a_time
from ports.text import many

LEASE = timedelta(seconds=20)
"""How long a runner has a job without a word of it."""
MOST_TRIES = 3
"""How often a job is begun whose process doesn't end by itself."""
MOST_OF_PLAN, MOST_IN_ALL = 10, 100
"""How many jobs may wait or run, of one plan and of all."""
KEPT_ENDED = timedelta(hours=1)
"""How long is told of a job that failed or was cancelled."""
KEPT_SEALED = timedelta(hours=1)
"""How long such a job is kept from when it was asked for, and its answer from when that was done; then it goes with
the next look (`runner.TIDY`), or when the next secret is sent."""
MOST_SEALED, MOST_SEALED_OF_PLAN = 10, 3
"""How many secrets may wait at once, of all plans and of one: who sends many keeps no other plan waiting."""
PIECE = 2**18
"""Bytes of a piece. A copy of the database reads fifty rows at once, and others wait for one to be stored."""
MADE = 2**20
"""The number of the first piece of what comes of a job; before it stands what was sent for it."""
LIVE = (Job.State.WAITING, Job.State.RUNNING, Job.State.DONE)
ENDED = f"It was ended {many(MOST_TRIES, 'time')} before it was finished. It may need more memory than it gets."

wake = Event()
"""Set when this process has asked for something, so that a runner in it looks at once."""


class TooMany(Exception):
    """As many jobs wait as may."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What is asked for. None of it is secret."""

    kind: str
    """One of those that `manage.py work` knows: for whom and of what the file is."""
    format: str
    asked: Mapping[str, str]
    """What the address says of it."""
    facts: tuple[Hashable, ...] = ()
    """What it follows from besides the plan: what its link may show."""

    def as_row(self) -> dict[str, Any]:
        """As it is stored."""
        return {"kind": self.kind, "format": self.format, "asked": dict(self.asked), "facts": list(self.facts)}


def read_order(job: Job) -> Order:
    """The order of a stored job."""
    facts = tuple(job.order.get("facts", ()))
    return Order(kind=job.order["kind"], format=job.order["format"], asked=job.order["asked"], facts=facts)


# --- what a file follows from ----------------------------------------------------------------------------------------


def key_of(plan: Plan, order: Order, link: ShareLink | None = None) -> str:
    """What tells a file from every other: the plan's standing, what is asked for, the day, the code and the settings.

    `plan` needs no document, but an edition. It is a hash under the service's key: nothing can be read from it.
    """
    service = settings.PDF_ENGINE, settings.STYLESHEET, settings.CLASSIFICATION, settings.TIME_ZONE
    asked = sorted(order.asked.items())
    whose = plan.key, link.pk if link else None, order.kind, order.format, asked, order.facts
    facts = read_standing(plan), whose, timezone.localdate(), _read_code(), service
    return salted_hmac("planner.store.jobs", repr(facts), algorithm="sha256").hexdigest()


@cache
def _read_code() -> str:
    """A hash of this version's own files, which say what a file looks like."""
    found = hashlib.sha256()
    code = PACKAGE.parent
    for folder in (
        code / "planner",
        code / "ports",
        settings.BASE_DIR / "static/css",
        settings.BASE_DIR / "templates",
    ):
        for path in sorted(folder.rglob("*")):
            if path.suffix != ".pyc" and path.is_file():
                found.update(hashlib.sha256(path.read_bytes()).digest())
    return found.hexdigest()


def count_endpoints(plan: Plan) -> int:
    """How many endpoints the newest document has, without reading it."""
    table = connection.ops.quote_name(Plan._meta.db_table)
    length = (
        "json_array_length(document, '$.endpoints')"
        if connection.vendor == "sqlite"
        else "jsonb_array_length(document -> 'endpoints')"
    )
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {length} FROM {table} WHERE id = %s", [plan.pk])  # noqa: S608 - our own names
        row = cursor.fetchone()
    return (row[0] if row else None) or 0


# --- those who ask ---------------------------------------------------------------------------------------------------


def ask(plan: Plan, order: Order, link: ShareLink | None = None) -> Job:
    """The job that makes this file or has made it; a new one where there is none. Raises TooMany."""
    key = key_of(plan, order, link)
    known = find_made(key)
    if known is None:
        known = _begin(plan, order, link, key)
        wake.set()
    return known


def find_made(key: str) -> Job | None:
    """The job of a key that waits, runs or is done."""
    return Job.objects.filter(key=key, state__in=LIVE).first()


def ask_sealed(plan: Plan, order: Order, data: bytes) -> Job:
    """A job about what somebody sent, which is sealed; the one that is there if the same was sent before.

    `order.kind` is one of sealed.KINDS. Raises TooMany.
    """
    sent = hashlib.sha256(data).hexdigest(), plan.key, plan.revision, order.as_row(), order.format
    key = salted_hmac("planner.store.jobs.sealed", repr(sent), algorithm="sha256").hexdigest()
    prune_sealed()
    with transaction.atomic():
        one_at_a_time("jobs")
        known = find_made(key)
        if known is not None:
            return known
        unended = Job.objects.filter(state__in=(Job.State.WAITING, Job.State.RUNNING))
        sealed = unended.filter(order__kind__in=KINDS)
        if sealed.filter(plan=plan).count() >= MOST_SEALED_OF_PLAN or sealed.count() >= MOST_SEALED:
            raise TooMany
        if unended.count() >= MOST_IN_ALL:
            raise TooMany
        job = Job.objects.create(plan=plan, order=order.as_row(), key=key)
        packed = zlib.compress(data, 1)
        pieces = (packed[start : start + PIECE] for start in range(0, len(packed), PIECE))
        for number, piece in enumerate(pieces):
            Piece.objects.create(job=job, number=number, data=_seal(job, number, piece, "sent"))
    wake.set()
    return job


def read_sent(job: Job) -> bytes:
    """What was sent for a job of one of sealed.KINDS. Raises Unopened, also where it is gone."""
    pieces = (bytes(piece.data) for piece in job.pieces.filter(number__lt=MADE).order_by("number"))
    packed = b"".join(_unseal(job, number, piece, "sent") for number, piece in enumerate(pieces))
    try:
        return zlib.decompress(packed)
    except zlib.error:
        raise Unopened from None


def _seal(job: Job, number: int, piece: bytes, what: str) -> bytes:
    return seal(piece, of=job.name.hex, place=f"{what} {number}")


def _unseal(job: Job, number: int, piece: bytes, what: str) -> bytes:
    return unseal(piece, of=job.name.hex, place=f"{what} {number}")


def is_sealed(job: Job) -> bool:
    """Whether it is about a secret that somebody sent."""
    return job.order["kind"] in KINDS


@transaction.atomic
def _begin(plan: Plan, order: Order, link: ShareLink | None, key: str) -> Job:
    one_at_a_time("jobs")
    known = find_made(key)
    if known is not None:
        return known
    unended = Job.objects.filter(state__in=(Job.State.WAITING, Job.State.RUNNING))
    if unended.count() >= MOST_IN_ALL or unended.filter(plan=plan).count() >= MOST_OF_PLAN:
        raise TooMany
    return Job.objects.create(plan=plan, link=link, order=order.as_row(), key=key)


def cancel(job: Job) -> bool:
    """Have a job end that waits or runs; its process is ended. Returns whether it was so. Raises AccessTaken."""
    unended = Job.objects.filter(pk=job.pk, state__in=(Job.State.WAITING, Job.State.RUNNING))
    with transaction.atomic():
        check_admitted()
        ended = bool(unended.update(state=Job.State.CANCELLED, ended=timezone.now(), until=None))
        if ended:
            _drop_pieces(job.pk)
        return ended


def read_pieces(job: Job) -> Iterator[bytes]:
    """What came of a job that is done, a piece at a time. Raises Unopened."""
    number, sealed = 0, is_sealed(job)
    first = job.pieces.aggregate(first=Min("number"))["first"] or 0
    while (data := job.pieces.filter(number=first + number).values_list("data", flat=True).first()) is not None:
        yield _unseal(job, number, bytes(data), "made") if sealed else bytes(data)
        number += 1


def drop_of_plan(plan_id: int) -> None:
    """Take away all that is being made or was made of a plan."""
    _remove(Job.objects.filter(plan=plan_id, order__kind__in=KINDS))
    Job.objects.filter(plan=plan_id).delete()


# --- those who make --------------------------------------------------------------------------------------------------


def claim(runner: str) -> Job | None:
    """Take the job that has waited longest, or whose runner is gone; None where there is none."""
    now = timezone.now()
    running = Q(state=Job.State.RUNNING)
    # A claim that lasts longer than any is of before the clock was set back.
    free = Q(state=Job.State.WAITING) | running & (Q(until__lt=now) | Q(until__gt=now + 2 * LEASE))
    for job in Job.objects.filter(free).order_by("asked", "pk")[:5]:
        same = Job.objects.filter(pk=job.pk, state=job.state, runner=job.runner, tries=job.tries)
        if job.tries >= MOST_TRIES:
            if same.update(state=Job.State.FAILED, ended=now, until=None, said=ENDED):
                _drop_pieces(job.pk)
            continue
        taken = same.update(
            state=Job.State.RUNNING, runner=runner, until=now + LEASE, tries=F("tries") + 1, said="", number=0, parts=0
        )
        if taken:
            return Job.objects.get(pk=job.pk)
    return None


def has(job_id: int, runner: str) -> "QuerySet[Job]":
    """The job as long as it is that runner's: nothing once it was cancelled, or another has it."""
    return Job.objects.filter(pk=job_id, runner=runner, state=Job.State.RUNNING)


def renew(job_id: int, runner: str) -> bool:
    """Put off when others may take it. Returns whether it is that runner's still."""
    return bool(has(job_id, runner).update(until=timezone.now() + LEASE))


def give_back(job_id: int, runner: str) -> None:
    """Let another make it: this runner stops, which is no fault of the job."""
    has(job_id, runner).update(state=Job.State.WAITING, runner="", until=None, tries=F("tries") - 1)


def let_go(job_id: int, runner: str) -> None:
    """Let it be tried again: its process has ended without a word."""
    has(job_id, runner).update(state=Job.State.WAITING, runner="", until=None)


def note_progress(job_id: int, runner: str, said: str, number: int, parts: int) -> None:
    """Say how far it is."""
    has(job_id, runner).update(said=said[:500], number=number, parts=parts, until=timezone.now() + LEASE)


def note_key(job_id: int, runner: str, key: str) -> None:
    """Say what the file follows from that is made now: the plan may have changed while the job waited."""
    try:
        with transaction.atomic():
            has(job_id, runner).exclude(key=key).update(key=key)
    except IntegrityError:  # somebody has asked for that already
        forget_key(job_id, runner)


def forget_key(job_id: int, runner: str) -> None:
    """Have nobody else find it: the plan has changed while the file was made."""
    has(job_id, runner).update(key="")


def fail(job_id: int, runner: str, said: str) -> None:
    """End it without a file, and say why in a sentence."""
    if has(job_id, runner).update(state=Job.State.FAILED, ended=timezone.now(), until=None, said=said[:500]):
        _drop_pieces(job_id)


def finish(job_id: int, runner: str, file: File) -> bool:
    """Keep what came of it. Returns whether it was that runner's still; nothing is kept if not.

    A file that is larger than all that may be kept fails the job.
    """
    most = settings.JOBS_MIB * 2**20
    if len(file.data) > most:
        fail(job_id, runner, f"The file has {many(len(file.data) // 2**20, 'MiB', 'MiB')}, more than is kept here.")
        return False
    job = has(job_id, runner).first()
    if job is None:
        return False
    _make_room(most - len(file.data))
    own = _store_pieces(job, file.data)
    with transaction.atomic():
        done = has(job_id, runner).update(
            state=Job.State.DONE, ended=timezone.now(), until=None, said="",
            content_type=file.content_type, file=file.name[:200], size=len(file.data),
        )  # fmt: skip
        # Whoever has the job by now needs what was sent for it, and has pieces of its own.
        _drop(job.pieces.exclude(own) if done else job.pieces.filter(own))
    return bool(done)


def _store_pieces(job: Job, data: bytes) -> Q:
    """Store pieces of a file as long as the job is its runner's. Returns which these are: by numbers of their own."""
    last = job.pieces.filter(number__gte=MADE).aggregate(last=Max("number"))["last"]
    first = end = MADE if last is None else last + 1
    for number, start in enumerate(range(0, len(data), PIECE)):
        piece = data[start : start + PIECE]
        if is_sealed(job):
            piece = _seal(job, number, piece, "made")
        with transaction.atomic():
            if not renew(job.pk, job.runner):
                break
            Piece.objects.create(job=job, number=first + number, data=piece)
        end += 1
    return Q(number__gte=first, number__lt=end)


# --- what is kept ----------------------------------------------------------------------------------------------------


def prune(now: datetime | None = None) -> int:
    """Take away what is older than it is kept, and the oldest files where they have more room than they may.

    Returns how many jobs that were.
    """
    now = now or timezone.now()
    ended = Q(state__in=(Job.State.FAILED, Job.State.CANCELLED), ended__lt=now - KEPT_ENDED)
    kept = timedelta(hours=settings.JOBS_HOURS)
    old = Q(state=Job.State.DONE, ended__lt=now - kept) | Q(state=Job.State.WAITING, asked__lt=now - kept)
    gone = _remove(Job.objects.filter(ended | old))
    return gone + prune_sealed(now) + _make_room(settings.JOBS_MIB * 2**20)


def prune_sealed(now: datetime | None = None) -> int:
    """Take away what is about secrets and has been here for long enough. Returns how many jobs that were."""
    before = (now or timezone.now()) - KEPT_SEALED
    old = Q(ended=None, asked__lt=before) | Q(ended__lt=before)
    return _remove(Job.objects.filter(old, order__kind__in=KINDS))


def _make_room(most: int) -> int:
    done = Job.objects.filter(state=Job.State.DONE)
    total = done.aggregate(total=Sum("size"))["total"] or 0
    gone = 0
    while total > most and (oldest := done.order_by("ended", "pk").first()) is not None:
        total -= oldest.size
        gone += _remove(done.filter(pk=oldest.pk))
    return gone


def _drop_pieces(job_id: int) -> None:
    """Take away what was sent for a job and came of it."""
    _drop(Piece.objects.filter(job=job_id))


def _drop(pieces: "QuerySet[Piece]") -> None:
    """Take pieces away; what was sealed isn't left in free pages of the file either."""
    if connection.vendor != "sqlite" or not pieces.filter(job__order__kind__in=KINDS).exists():
        pieces.delete()
        return
    # A backup copies the file page by page, and may have the key beside it.
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA secure_delete = ON")
        pieces.delete()
        cursor.execute("PRAGMA secure_delete = OFF")


def _remove(jobs: "QuerySet[Job]") -> int:
    """Each by itself, so that others wait no longer than for one."""
    chosen = list(jobs.values_list("pk", flat=True))
    for one in chosen:
        _drop_pieces(one)
        Job.objects.filter(pk=one).delete()
    return len(chosen)
