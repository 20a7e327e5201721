"""What is kept of accounts beside Django's own rows: where each is logged in, and their second factors."""

from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.db import models
from django.utils import timezone


class Login(models.Model):
    """A session that an account is logged in with. It goes with the session, however that ends."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="logins")
    # The sessions are Django's: one that ends while this is written leaves nothing that a database could refuse.
    session = models.OneToOneField(Session, on_delete=models.CASCADE, db_constraint=False, related_name="login")
    browser = models.CharField(max_length=60, help_text="Its family and system, in words")
    begun = models.DateTimeField(default=timezone.now)
    seen = models.DateTimeField(default=timezone.now, help_text="At most some minutes before it was seen last")

    class Meta:
        ordering = ("-seen", "-pk")

    def __str__(self) -> str:
        return f"{self.user}, {self.browser}"


class SecondFactor(models.Model):
    """What an account proves besides the password: codes of an app (RFC 6238), or one of its recovery codes."""

    user = models.OneToOneField(User, on_delete=models.CASCADE, related_name="second_factor")
    secret = models.CharField(max_length=200, help_text="As `planner.accounts.second_factor` seals it")
    confirmed = models.DateTimeField(null=True, help_text="Since when it is asked for; empty: it isn't yet")
    used = models.PositiveBigIntegerField(default=0, help_text="The time step of the last code that was taken")
    wrong = models.PositiveIntegerField(
        default=0, help_text="Codes that were wrong after a right password, since that or the factor was renewed"
    )
    codes = models.JSONField(default=list, help_text="Hashes of the recovery codes that are left")

    def __str__(self) -> str:
        return str(self.user)
