"""Pushes of plan files from git, as they are kept: which commit a revision has the file of."""

from django.db import models
from django.utils import timezone

from planner.store.models import Plan


class Push(models.Model):
    """That a file was pushed from a commit. What it said is in git; what came of it is the revision."""

    plan = models.ForeignKey(Plan, on_delete=models.CASCADE, related_name="pushes")
    revision = models.PositiveIntegerField(help_text="The newest one after it")
    commit = models.CharField(max_length=64, help_text="Hexadecimal, as git names it")
    path = models.CharField(max_length=300, help_text="Of the file in its repository")
    repository = models.CharField(max_length=300, blank=True, help_text="Where it came from, as the sender says")
    author = models.CharField(max_length=60, blank=True)
    at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ("-pk",)
        verbose_name_plural = "pushes"
        constraints = (models.UniqueConstraint(fields=["plan", "commit", "path"], name="a_commit_counts_once"),)

    def __str__(self) -> str:
        return f"{self.plan}, revision {self.revision}, from {self.commit[:10]}"
