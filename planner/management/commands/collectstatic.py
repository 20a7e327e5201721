"""`collectstatic` as Django has it, by one process at a time."""

import fcntl
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles.management.commands import collectstatic


class Command(collectstatic.Command):
    """Two that start at once on one data folder wait for each other.

    Each puts files together under their plain names and takes these away when they have their hashes: under the hands
    of another one, which would find nothing there.
    """

    def collect(self) -> dict[str, list[str]]:
        """Django's, and what it returns: which files were modified, unmodified, and given their final names."""
        folder = Path(settings.STATIC_ROOT).parent
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / "starting.lock").open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            return super().collect()
