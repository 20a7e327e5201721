"""Runs of checks as they are kept, and the tokens by which scripts upload them."""

from django.db import models
from django.utils import timezone

from planner.store.lasting import Lasting
from planner.store.models import Plan


class CheckRun(models.Model):
    """Results that somebody uploaded: one run of one source's check script, for one state of a plan."""

    plan = models.ForeignKey(Plan, on_delete=models.CASCADE, related_name="check_runs")
    revision = models.PositiveIntegerField(help_text="The newest revision when it was uploaded")
    digest = models.CharField(max_length=64, help_text="Of the report that it is about")
    source = models.CharField(max_length=255, help_text="The endpoint that it was run from, by its name then")
    addresses = models.JSONField(default=list, help_text="The addresses that this endpoint had then")
    aims = models.JSONField(
        default=dict, help_text="The addresses and the DNS names that destinations with names had then, by their name"
    )
    host = models.CharField(max_length=255, blank=True, help_text="What the machine calls itself")
    started = models.DateTimeField(help_text="When it was run, as it says itself")
    file = models.CharField(max_length=255, help_text="The name of the file that was uploaded")
    checksum = models.CharField(max_length=64, editable=False, help_text="Of what was uploaded: the same counts once")
    number = models.PositiveIntegerField(help_text="How many results it has")
    data = models.BinaryField(editable=False, help_text="The results, as `planner.store.results` packs them")
    author = models.CharField(max_length=60, blank=True, help_text="Who uploaded it")
    via = models.CharField(max_length=100, blank=True, help_text="For what the token or link is that it came by")
    at = models.DateTimeField(default=timezone.now, editable=False)
    counts = models.JSONField(default=dict, help_text="How many flows had each status once it was there")

    class Meta:
        ordering = ("-pk",)
        constraints = (models.UniqueConstraint(fields=["plan", "checksum"], name="a_run_counts_once"),)

    def __str__(self) -> str:
        return f"{self.source} of {self.plan}, {self.started:%Y-%m-%d %H:%M}"


class UploadToken(Lasting):
    """An address to which check scripts send results of one plan; it opens nothing else."""

    plan = models.ForeignKey(Plan, on_delete=models.CASCADE, related_name="upload_tokens")
    token_hash = models.CharField(max_length=64, unique=True, editable=False)
    label = models.CharField(max_length=100)
    author = models.CharField(max_length=150, blank=True, editable=False)
    used = models.PositiveIntegerField(default=0, editable=False)
    last = models.DateTimeField(null=True, editable=False, help_text="When it was used last")

    class Meta:
        ordering = ("-created", "-pk")

    def __str__(self) -> str:
        return f"{self.label} ({self.plan})"
