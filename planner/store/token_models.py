"""Tokens by which programs act for whoever made them, and the answers that they get again for the same request."""

from django.conf import settings
from django.db import models
from django.utils import timezone

from planner.store.lasting import Lasting
from planner.store.models import Plan


class ApiToken(Lasting):
    """A secret by which a program acts for an account or a browser, on one plan or on all that these hold."""

    class Scope(models.TextChoices):
        """What a program may do with a plan, as far as whoever made its token may."""

        READ = "read", "read"
        EDIT = "edit", "read and edit"
        OWN = "own", "read, edit, share and delete"
        RESULTS = "results", "report results of checks, and nothing else"

    token_hash = models.CharField(max_length=64, unique=True, editable=False)
    label = models.CharField(max_length=100)
    scope = models.CharField(max_length=7, choices=Scope)
    plan = models.ForeignKey(
        Plan, null=True, on_delete=models.CASCADE, related_name="api_tokens", help_text="None: all that they hold"
    )
    user = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.CASCADE, related_name="api_tokens")
    browser = models.CharField(max_length=64, blank=True, editable=False, help_text="Keyed hash of the browser's key")
    expires = models.DateTimeField()
    last = models.DateTimeField(null=True, editable=False, help_text="When it was used last, to the minute")

    class Meta:
        ordering = ("-created", "-pk")
        verbose_name = "API token"
        constraints = (
            models.CheckConstraint(
                name="a_token_acts_for_one",
                condition=models.Q(browser="", user__isnull=False) | (~models.Q(browser="") & models.Q(user=None)),
            ),
        )

    def __str__(self) -> str:
        return self.label


class SentBefore(models.Model):
    """A request that a program may send again under its key, and what it was answered. Has no secret of an answer."""

    token = models.ForeignKey(ApiToken, on_delete=models.CASCADE, related_name="sent")
    key = models.CharField(max_length=64, help_text="Keyed hash of the program's own key of the request")
    request = models.CharField(max_length=64, help_text="SHA-256 of what was asked for: another request is refused")
    status = models.PositiveSmallIntegerField()
    answer = models.JSONField()
    at = models.DateTimeField(default=timezone.now, db_index=True, editable=False)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["token", "key"], name="a_request_counts_once"),)

    def __str__(self) -> str:
        return f"{self.token}, {self.at:%Y-%m-%d %H:%M}"
