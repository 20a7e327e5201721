"""Files that take long to be made: what was asked for, how far it is, and the pieces of what came of it."""

import uuid

from django.db import models
from django.utils import timezone

from planner.store.models import Plan, ShareLink


class Job(models.Model):
    """A file of a plan that is made apart from the request that asked for it. `planner.store.jobs` has its rules."""

    class State(models.TextChoices):
        """Where it is."""

        WAITING = "waiting", "waiting"
        RUNNING = "running", "being made"
        DONE = "done", "ready"
        FAILED = "failed", "failed"
        CANCELLED = "cancelled", "cancelled"

    name = models.UUIDField(default=uuid.uuid4, unique=True, editable=False, help_text="Names it in its address")
    plan = models.ForeignKey(Plan, on_delete=models.CASCADE, related_name="jobs")
    link = models.ForeignKey(
        ShareLink, null=True, on_delete=models.CASCADE, related_name="jobs", help_text="By which it was asked for"
    )
    order = models.JSONField(help_text="What was asked for: kind, format, and what the address said of it")
    key = models.CharField(
        max_length=64, blank=True, help_text="Of what it follows from; empty: it is found by its name alone"
    )
    state = models.CharField(max_length=9, choices=State, default=State.WAITING)
    asked = models.DateTimeField(default=timezone.now, editable=False)
    runner = models.CharField(max_length=32, blank=True, editable=False, help_text="Who makes it")
    until = models.DateTimeField(null=True, help_text="Whose it is until then, unless that is put off")
    tries = models.PositiveSmallIntegerField(default=0)
    ended = models.DateTimeField(null=True, help_text="When it was done, failed or was cancelled")
    said = models.CharField(max_length=500, blank=True, help_text="What is being done, or why it failed")
    number = models.PositiveIntegerField(default=0, help_text="Which of the parts is being made")
    parts = models.PositiveIntegerField(default=0, help_text="How many there are; 0: it has none")
    content_type = models.CharField(max_length=100, blank=True)
    file = models.CharField(max_length=200, blank=True, help_text="The name of the file")
    size = models.PositiveBigIntegerField(default=0, help_text="In bytes")

    class Meta:
        ordering = ("pk",)
        indexes = (models.Index(fields=["state", "asked"], name="jobs_by_state"),)
        constraints = (
            models.UniqueConstraint(
                fields=["key"],
                condition=models.Q(state__in=("waiting", "running", "done")) & ~models.Q(key=""),
                name="a_file_is_made_once",
            ),
        )

    def __str__(self) -> str:
        return f"{self.order.get('format', '')} of {self.plan}, {self.get_state_display()}"

    @property
    def is_over(self) -> bool:
        """Whether nothing more comes of it."""
        return self.state not in (Job.State.WAITING, Job.State.RUNNING)


class Piece(models.Model):
    """A part of the file that came of a job; in order they are the file."""

    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="pieces")
    number = models.PositiveIntegerField()
    data = models.BinaryField(editable=False)

    class Meta:
        ordering = ("job", "number")
        constraints = (models.UniqueConstraint(fields=["job", "number"], name="a_piece_once"),)

    def __str__(self) -> str:
        return f"Piece {self.number} of {self.job_id}"
