"""Plans as documents with their revisions, and who may do what with them.

A plan's own address is no secret: it opens for those who hold the plan (`Hold`). Links hold a secret token, of which
only a keyed hash is stored.
"""

import secrets
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import models
from django.urls import reverse
from django.utils import timezone
from django.utils.crypto import salted_hmac

from planner.store.documents import DocumentField
from planner.store.kept import KeptDocument
from planner.store.lasting import Lasting
from ports.models import PortMatrix

TOKEN_BYTES = 32
KEPT_IN_BIN = timedelta(days=30)
"""How long a deleted plan can be restored; after that it is gone, whether or not its rows have been removed yet."""
ARRIVING = "arriving "
"""What stands first, in place of a browser, where an import holds plans that aren't there as a whole."""


def make_token() -> str:
    """A new secret of 256 random bits, as 43 URL-safe characters."""
    return secrets.token_urlsafe(TOKEN_BYTES)


def hash_token(token: str) -> str:
    """The keyed hash (HMAC-SHA-256 under the secret key, hexadecimal) that stands for a token in the database."""
    # The first text is part of every hash that is stored; it stays whatever this module is called.
    return salted_hmac("planner.models.Plan.token", token, algorithm="sha256").hexdigest()


def list_hashes(token: str) -> list[str]:
    """What may stand for a token in the database: its hash now, and those under keys that were in use before."""
    before = (
        salted_hmac("planner.models.Plan.token", token, secret=key, algorithm="sha256").hexdigest()
        for key in settings.SECRET_KEY_FALLBACKS
    )
    return [hash_token(token), *before]


def make_operation() -> str:
    """A new id for an edit."""
    return secrets.token_hex(16)


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """A plan as it is at one of its revisions. Plan and number tell it from every other: a revision stays as it is."""

    plan: uuid.UUID
    number: int
    document: Mapping[str, Any] = field(compare=False)
    digest: str = field(default="", compare=False)
    """Of the matrix under which it was stored; empty where that isn't known, or isn't asked."""


class Plan(models.Model):
    """A plan document and the number of its newest revision."""

    key = models.UUIDField(default=uuid.uuid4, unique=True, editable=False, help_text="Names it in its own address")
    edit_hash = models.CharField(  # noqa: DJ001 - there may be many without one
        max_length=64, unique=True, null=True, editable=False, help_text="Of the edit link; none until one is made"
    )
    edit_number = models.PositiveIntegerField(
        default=0, editable=False, help_text="How many edit links were made: a form makes the next one and no other"
    )
    name = models.CharField(max_length=255, editable=False)
    document = DocumentField()
    edition = models.ForeignKey(
        PortMatrix, null=True, on_delete=models.PROTECT, related_name="plans", editable=False,
        help_text="Of the port matrix; none where the plan's product isn't here",
    )  # fmt: skip
    revision = models.PositiveIntegerField(default=1)
    created = models.DateTimeField(default=timezone.now, editable=False)
    updated = models.DateTimeField(auto_now=True)
    deleted = models.DateTimeField(
        null=True, blank=True, db_index=True, editable=False, help_text="Since when it is in the bin"
    )
    git = models.JSONField(
        null=True, editable=False,
        help_text="Where its file is, and the number of the token that pushes it, if git owns it",
    )  # fmt: skip

    class Meta:
        ordering = ("-updated",)

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        """The plan's own address. It leads nowhere for whoever doesn't hold the plan."""
        return reverse("show_plan", kwargs={"key": self.key})

    @property
    def version(self) -> Version:
        """The newest one."""
        return Version(plan=self.key, number=self.revision, document=self.document)

    @property
    def gone(self) -> datetime | None:
        """When a plan in the bin is gone for good; None for one that isn't in it."""
        return self.deleted + KEPT_IN_BIN if self.deleted else None


class Hold(models.Model):
    """Who holds a plan, a browser or an account, and what they may do with it."""

    class Role(models.TextChoices):
        """Each may do what the ones before it may."""

        READ = "read", "may read"
        EDIT = "edit", "may edit"
        OWN = "own", "owns it"

    plan = models.ForeignKey(Plan, on_delete=models.CASCADE, related_name="holds")
    browser = models.CharField(max_length=64, blank=True, editable=False, help_text="Keyed hash of the browser's key")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.CASCADE, related_name="holds"
    )
    role = models.CharField(max_length=4, choices=Role)
    archived = models.BooleanField(default=False)
    since = models.DateTimeField(default=timezone.now, editable=False)
    opened = models.DateTimeField(default=timezone.now, editable=False, help_text="When its holder last opened it")

    class Meta:
        constraints = (
            models.CheckConstraint(
                name="a_browser_or_an_account",
                condition=models.Q(browser="", user__isnull=False) | (~models.Q(browser="") & models.Q(user=None)),
            ),
            models.UniqueConstraint(
                fields=["browser", "plan"], condition=~models.Q(browser=""), name="a_browser_holds_once"
            ),
            models.UniqueConstraint(
                fields=["user", "plan"], condition=models.Q(user__isnull=False), name="an_account_holds_once"
            ),
        )

    def __str__(self) -> str:
        return f"{self.user or 'A browser'} {self.get_role_display()}: {self.plan}"

    def allows(self, role: "Hold.Role") -> bool:
        """Whether its holder may do what that role may."""
        order = list(self.Role)
        return order.index(self.Role(self.role)) >= order.index(role)


def list_arriving() -> models.QuerySet[Hold, int]:
    """The numbers of the plans that are being imported, or whose import broke off: nobody is shown them."""
    return Hold.objects.filter(browser__startswith=ARRIVING).values_list("plan", flat=True)


NOTHING_RENAMED: dict[str, dict[str, str]] = {"zones": {}, "endpoints": {}}
"""What an edit says of `renames` that renames nothing."""


class Revision(KeptDocument):
    """A state of a plan's document: its number, what changed, by whom, and when."""

    plan = models.ForeignKey(Plan, on_delete=models.CASCADE, related_name="revisions")
    number = models.PositiveIntegerField()
    edition = models.ForeignKey(
        PortMatrix, null=True, on_delete=models.PROTECT, related_name="revisions", editable=False,
        help_text="Under which it was stored; none where that isn't known",
    )  # fmt: skip
    digest = models.CharField(
        max_length=64, blank=True, default="", help_text="Of the matrix under which it was stored; empty: not known"
    )
    summary = models.CharField(max_length=300)
    author = models.CharField(max_length=60, blank=True)
    operation = models.CharField(
        max_length=64, default=make_operation, help_text="The sender's own id of the edit: the same one counts once"
    )
    renames = models.JSONField(default=dict, help_text="Old and new names, of zones and of endpoints")
    added = models.JSONField(
        default=dict, blank=True, help_text="Names of zones and of endpoints that the revision before has not"
    )
    undo_to = models.PositiveIntegerField(null=True, help_text="Whose state an undo brings back")
    redo_to = models.PositiveIntegerField(null=True, help_text="Whose state a redo brings back")
    restored = models.PositiveIntegerField(null=True, help_text="Whose state this revision brought back")
    checkpoint = models.CharField(max_length=200, blank=True, help_text="A name that someone gave to this state")
    created = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ("plan", "number")
        constraints = (
            models.UniqueConstraint(fields=["plan", "number"], name="unique_revision"),
            models.UniqueConstraint(fields=["plan", "operation"], name="an_operation_counts_once"),
        )

    def __str__(self) -> str:
        return f"{self.plan}, revision {self.number}"

    def _list_links(self) -> models.QuerySet["Revision"]:
        since = self.number - (self.behind or 0)
        rows = Revision.objects.filter(plan=self.plan_id, number__range=(since, self.number)).order_by("number")
        return rows.only("plan", "number", "packed", "behind", "proof")


class Handover(models.Model):
    """A revision that was given to those who open the ports: to whom, when, and what was said about it."""

    plan = models.ForeignKey(Plan, on_delete=models.CASCADE, related_name="handovers")
    revision = models.PositiveIntegerField()
    digest = models.CharField(
        max_length=64, blank=True, default="", help_text="Of the matrix under which it was made; empty: not known"
    )
    recipient = models.CharField(max_length=200)
    note = models.TextField(blank=True)
    author = models.CharField(max_length=60, blank=True)
    operation = models.CharField(max_length=64, default=make_operation, help_text="The same one counts once")
    sent = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ("plan", "-sent", "-pk")
        constraints = (models.UniqueConstraint(fields=["plan", "operation"], name="a_handover_counts_once"),)

    def __str__(self) -> str:
        return f"{self.plan}, revision {self.revision}, to {self.recipient}"


class RuleState(models.Model):
    """That somebody gave a rule a state: which, when, and to what. Rows are only ever added.

    What changes of a row is what it still stands for: less, once parts of it were given another state.
    """

    plan = models.ForeignKey(Plan, on_delete=models.CASCADE, related_name="states")
    revision = models.PositiveIntegerField(help_text="The revision whose names the openings have")
    rule = models.CharField(max_length=60, help_text="The number that the rule had then")
    boundary = models.CharField(max_length=600, help_text="Between which zones it stood, in words")
    life = models.PositiveBigIntegerField(default=0, help_text="The row by which its rule's life began; 0: itself")
    before = models.CharField(max_length=20, blank=True, help_text="The state before; empty: none")
    was_changed = models.BooleanField(default=False, help_text="Whether the rule had changed since that state")
    state = models.CharField(max_length=20, blank=True, help_text="Empty: it was taken back")
    ticket = models.CharField(max_length=500, blank=True)
    owner = models.CharField(max_length=100, blank=True)
    comment = models.TextField(blank=True)
    review = models.DateField(null=True)
    author = models.CharField(max_length=60, blank=True)
    via = models.CharField(max_length=100, blank=True, help_text="For whom the read link was that it came by")
    operation = models.CharField(max_length=64, default=make_operation, help_text="Of all that were set in one go")
    at = models.DateTimeField(default=timezone.now, editable=False)
    stands = models.BooleanField(default=True, help_text="Whether anything has that state still")
    blocks = models.JSONField(default=list, help_text="The openings that have it")
    ends = models.JSONField(default=dict, help_text="Zones and addresses of their endpoints, as they were")

    class Meta:
        ordering = ("plan", "-pk")
        indexes = (
            models.Index(fields=["plan", "operation"], name="states_set_in_one_go"),
            models.Index(fields=["plan", "life"], name="states_of_one_rule"),
            models.Index(fields=["plan"], condition=models.Q(stands=True), name="states_that_stand"),
        )

    def __str__(self) -> str:
        return f"{self.rule} of {self.plan}: {self.state or 'none'}"


class Answer(models.Model):
    """That somebody answered a question of the matrix, a choice or a caveat: with what, why and when. Only added."""

    plan = models.ForeignKey(Plan, on_delete=models.CASCADE, related_name="answers")
    revision = models.PositiveIntegerField(help_text="The revision that the answer made")
    kind = models.CharField(max_length=10, help_text="choice or caveat")
    subject = models.CharField(max_length=255, help_text="The slug of the choice or caveat")
    answer = models.JSONField(null=True, help_text="As the document has it; none: it was taken back")
    reason = models.CharField(max_length=500, blank=True)
    added = models.BooleanField(default=False, help_text="Whether only the reason is new")
    author = models.CharField(max_length=60, blank=True)
    at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ("plan", "-pk")
        indexes = (models.Index(fields=["plan", "revision"], name="answers_of_a_revision"),)

    def __str__(self) -> str:
        return f"{self.plan}: {self.kind} {self.subject}"


class Comment(models.Model):
    """What somebody said about an endpoint, a rule or a decision of a plan, and whether it is resolved."""

    plan = models.ForeignKey(Plan, on_delete=models.CASCADE, related_name="comments")
    kind = models.CharField(max_length=10, help_text="endpoint, rule or decision")
    subject = models.CharField(
        max_length=255, help_text="The endpoint's name now, the rule's number then, or the slug"
    )
    text = models.TextField()
    mentions = models.JSONField(default=list, help_text="The names that it mentions")
    author = models.CharField(max_length=60)
    writer = models.CharField(max_length=64, blank=True, editable=False, help_text="Tells the author from others")
    operation = models.CharField(max_length=64, default=make_operation, help_text="The same one counts once")
    at = models.DateTimeField(default=timezone.now, editable=False)
    resolved = models.BooleanField(default=False)
    resolved_by = models.CharField(max_length=60, blank=True)
    resolved_at = models.DateTimeField(null=True)
    revision = models.PositiveIntegerField(null=True, help_text="Of a rule: whose names the openings have")
    blocks = models.JSONField(default=list, help_text="Of a rule: what it opened when it was commented on")
    changed = models.DateTimeField(default=timezone.now, help_text="When it was written, resolved or opened again")

    class Meta:
        ordering = ("plan", "pk")
        indexes = (models.Index(fields=["plan", "kind", "subject"], name="comments_on_one_thing"),)
        constraints = (models.UniqueConstraint(fields=["plan", "operation"], name="a_comment_counts_once"),)

    def __str__(self) -> str:
        return f"{self.author} on {self.kind} {self.subject}"


class Viewer(models.Model):
    """A browser that looks at a plan, or did a short while ago."""

    plan = models.ForeignKey(Plan, on_delete=models.CASCADE, related_name="viewers")
    key_hash = models.CharField(max_length=64, editable=False)
    name = models.CharField(max_length=60)
    colour = models.PositiveSmallIntegerField(default=0)
    endpoint = models.CharField(max_length=255, blank=True, help_text="That it edits")
    tab = models.CharField(max_length=20, blank=True, help_text="Of the plan, where it edits no endpoint")
    seen = models.DateTimeField(db_index=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["plan", "key_hash"], name="a_viewer_once"),)

    def __str__(self) -> str:
        return self.name


class ShareLink(Lasting):
    """A link by which a plan's report can be read: to what, how long, how often, and behind which passphrase."""

    plan = models.ForeignKey(Plan, on_delete=models.CASCADE, related_name="links")
    token_hash = models.CharField(max_length=64, unique=True, editable=False)
    label = models.CharField(max_length=100)
    pinned = models.PositiveIntegerField(null=True, help_text="The revision that it shows; none follows the newest")
    shows_changes = models.BooleanField(default=False, help_text="Whether it tells what changed since its revision")
    may_report = models.BooleanField(default=False, help_text="Whether its readers may set the state of rules")
    may_upload = models.BooleanField(default=False, help_text="Whether its readers may upload results of checks")
    passphrase = models.CharField(max_length=255, blank=True, editable=False, help_text="Argon2 hash")
    most_openings = models.PositiveIntegerField(null=True, help_text="How often it can be opened; none is no limit")
    openings = models.PositiveIntegerField(default=0, editable=False)
    author = models.CharField(max_length=150, blank=True, editable=False)

    room = models.Q(most_openings=None) | models.Q(openings__lt=models.F("most_openings"))

    class Meta:
        ordering = ("-created", "-pk")
        verbose_name = "read link"

    def __str__(self) -> str:
        return f"{self.label} ({self.plan})"

    @property
    def is_gated(self) -> bool:
        """Whether someone has to ask for entry before anything is shown."""
        return bool(self.passphrase) or self.most_openings is not None

    @property
    def is_used_up(self) -> bool:
        """Whether it has been opened as often as it may be: it is open to those who are in, and to nobody else."""
        return self.most_openings is not None and self.openings >= self.most_openings


class Withdrawal(models.Model):
    """What was taken from others a moment ago, so that it can be given back: an edit link, or somebody's access."""

    plan = models.ForeignKey(Plan, on_delete=models.CASCADE, related_name="withdrawals")
    at = models.DateTimeField(default=timezone.now, db_index=True, editable=False)
    link_before = models.CharField(max_length=64, blank=True, help_text="Hash of the edit link that led to the plan")
    link_after = models.CharField(max_length=64, blank=True, help_text="Hash of the one that took its place; or none")
    number = models.PositiveIntegerField(help_text="How many edit links the plan had had by then")
    name = models.CharField(max_length=150, blank=True, help_text="Whose access it is; empty for an edit link")
    holds = models.JSONField(default=list, help_text="Who held the plan by it, and how")

    class Meta:
        ordering = ("-pk",)

    def __str__(self) -> str:
        return f"{self.name or 'Edit link'} of {self.plan}"

    @property
    def is_link(self) -> bool:
        """Whether it is about the edit link."""
        return not self.name


class Opening(models.Model):
    """That a read link was opened, and when. By whom isn't known."""

    link = models.ForeignKey(ShareLink, on_delete=models.CASCADE, related_name="opened")
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ("-at", "-pk")

    def __str__(self) -> str:
        return f"{self.link}, {self.at:%Y-%m-%d %H:%M}"


class Attempt(models.Model):
    """Something of which only so many are admitted in an hour; see `planner.store.throttle`."""

    subject = models.CharField(max_length=64, help_text="Keyed hash of what was tried, and by or on whom")
    mark = models.CharField(max_length=64, help_text="Keyed hash of what tells two of them apart")
    at = models.DateTimeField(default=timezone.now, db_index=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["subject", "mark"], name="an_attempt_counts_once"),)

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M:%S}"


class Event(models.Model):
    """A line of the log: who did what to which plan or link. It outlives both."""

    at = models.DateTimeField(default=timezone.now, db_index=True)
    kind = models.CharField(max_length=40)
    plan = models.UUIDField(null=True, db_index=True, help_text="The key of the plan")
    link = models.PositiveBigIntegerField(null=True, help_text="The number of the read link")
    actor = models.CharField(max_length=150, blank=True)
    detail = models.CharField(max_length=300, blank=True)
    address = models.CharField(max_length=45, blank=True, help_text="Of the client; none where a command did it")
    request = models.CharField(max_length=64, blank=True, help_text="The id of the request, as the log has it")

    class Meta:
        ordering = ("-at", "-pk")
        verbose_name = "log entry"
        verbose_name_plural = "log entries"

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M:%S} {self.kind}"
