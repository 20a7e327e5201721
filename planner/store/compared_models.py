"""Comparisons with a firewall's own rules as they are kept: what was answered, never what was compared."""

from django.db import models
from django.utils import timezone

from planner.store.models import Plan, make_operation


class Compared(models.Model):
    """The answer that somebody kept: what a firewall had of a plan on a day."""

    plan = models.ForeignKey(Plan, on_delete=models.CASCADE, related_name="compared")
    revision = models.PositiveIntegerField(help_text="The revision that was compared")
    digest = models.CharField(max_length=64, blank=True, help_text="Of the matrix under which it was")
    firewall = models.CharField(max_length=255, blank=True, help_text="Of the plan; empty: none that it has")
    format = models.CharField(max_length=20, help_text="What wrote the configuration")
    counts = models.JSONField(default=dict, help_text="How many flows had each state")
    missing = models.PositiveIntegerField(help_text="How many rules were missing, in whole or in part")
    wider = models.PositiveIntegerField(help_text="How many entries were too wide")
    data = models.BinaryField(editable=False, help_text="The answer, as `planner.store.compared` packs it")
    author = models.CharField(max_length=60, blank=True)
    operation = models.CharField(max_length=64, default=make_operation, help_text="The same one counts once")
    at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ("-pk",)
        constraints = (models.UniqueConstraint(fields=["plan", "operation"], name="a_comparison_counts_once"),)

    def __str__(self) -> str:
        return f"{self.firewall or self.format} and {self.plan}, {self.at:%Y-%m-%d}"
