"""Passphrases with less work than the service takes, and enough that requests are at it at the same time."""

from django.contrib.auth.hashers import Argon2PasswordHasher


class LightArgon2(Argon2PasswordHasher):
    """The same hash in 20 ms of a processor, and not in 300."""

    memory_cost, parallelism = 10_240, 1
