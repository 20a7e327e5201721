"""What tests do faster than the service does, to the same end. The service itself is tried in tests/sharing."""

from typing import ClassVar

from django.contrib.auth.hashers import Argon2PasswordHasher
from whitenoise.middleware import WhiteNoiseMiddleware


class QuickArgon2(Argon2PasswordHasher):
    """The same hash with the least work: every test makes its passwords and passphrases anew."""

    time_cost, memory_cost, parallelism = 1, 8, 1


class ScannedOnce(WhiteNoiseMiddleware):
    """Looks through the static files once in a process, and not for every browser that a test makes."""

    found: ClassVar = {}

    def update_files_dictionary(self, root, prefix):
        if (root, prefix) not in self.found:
            super().update_files_dictionary(root, prefix)
            self.found[root, prefix] = dict(self.files)
        self.files |= self.found[root, prefix]
