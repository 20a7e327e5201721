"""What works until it expires or is revoked, as links, addresses for uploads and tokens do: when it has ended."""

from datetime import datetime
from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone


def lasts(now: datetime) -> Q:
    """Of rows of Lasting: those that are neither revoked nor, then, expired."""
    return Q(Q(expires=None) | Q(expires__gt=now), revoked=None)


def ended_before(then: datetime) -> Q:
    """Of rows of Lasting: those that were revoked or expired before."""
    return Q(revoked__lt=then) | Q(expires__lt=then)


class Lasting(models.Model):
    """A row that works until it expires or is revoked, or until it has been used as often as it may be."""

    created = models.DateTimeField(default=timezone.now, editable=False)
    expires = models.DateTimeField(null=True, help_text="None: never")
    revoked = models.DateTimeField(null=True, editable=False)

    room: ClassVar[Q] = Q()
    """Which of the rows aren't used up, as `is_used_up` says it of one."""

    class Meta:
        abstract = True

    @property
    def is_used_up(self) -> bool:
        """Whether it has been used as often as it may be."""
        return False

    @property
    def state(self) -> str:
        """live, revoked, expired or used up."""
        if self.revoked is not None:
            return "revoked"
        if self.expires is not None and self.expires <= timezone.now():
            return "expired"
        return "used up" if self.is_used_up else "live"
