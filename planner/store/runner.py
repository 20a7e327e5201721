"""Who makes the files of `planner.store.jobs`: a process for each, minded by a thread of the service or by a command.

Each job has a process of its own, so that it can be ended, its memory is given back, and nothing that it does can end
the service. It does the work (`manage.py work --job`); here it is begun, its claim renewed, and ended once the job is
no longer this runner's.
"""

import logging
import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from threading import Event, Thread

from django.conf import settings
from django.db import Error, close_old_connections, connection

from planner.deploy.turns import Turns
from planner.store import jobs
from ports.text import many

LOOK = 1.0
"""Seconds between two looks for a job that others have asked for."""
WATCH = 0.25
"""Seconds between two looks at one that is being made."""
RENEW = 5.0
"""Seconds after which a claim is renewed."""
LONGEST = 3600.0
"""Seconds that a job may take."""
TIDY = 600.0
"""Seconds between two looks for what is older than it is kept."""
TOO_LONG = f"It took longer than {many(int(LONGEST // 3600), 'hour')} and was ended."
_logger = logging.getLogger(__name__)


@dataclass(slots=True, kw_only=True)
class _Work:
    """A job that is being made, and its process."""

    job: int
    process: "subprocess.Popen[bytes]"
    began: float
    renewed: float


class Runner:
    """Makes so many jobs at once, until it is told to stop."""

    def __init__(self, count: int, room: Turns | None = None) -> None:
        """`room`: of those that share it only one looks for jobs."""
        self.count, self._room = count, room
        self.name = secrets.token_hex(16)
        self._works: list[_Work] = []
        self._stops = Event()
        self._tidied = 0.0
        self._is_troubled = False

    def stop(self) -> None:
        """Have it end what it makes and give the jobs back; to be called from anywhere."""
        self._stops.set()
        jobs.wake.set()

    def run(self) -> None:
        """Until it is told to stop."""
        turn = None
        try:
            while not self._stops.is_set():
                turn = turn or (self._room.take() if self._room else None)
                if turn or self._room is None:
                    self._look_once()
                jobs.wake.wait(WATCH if self._works else LOOK)
                jobs.wake.clear()
        finally:
            self._give_all_back()
            if turn:
                turn.release()
            connection.close()

    def _look_once(self) -> None:
        close_old_connections()
        try:
            self._mind()
            while len(self._works) < self.count and (job := jobs.claim(self.name)):
                self._begin(job.pk)
            if time.monotonic() > self._tidied + TIDY:
                self._tidied = time.monotonic()
                jobs.prune()
            self._is_troubled = False
        except (Error, OSError) as error:
            # The database is away or the machine has no room, as everybody notices; said once. A job that was taken
            # and not begun is anybody's after LEASE.
            if not self._is_troubled:
                _logger.warning("no files are made: %s", " ".join(str(error).split())[:200])
            self._is_troubled = True
            connection.close()
            self._stops.wait(LOOK)
        if connection.vendor == "sqlite":
            # Nothing of an open file is to be left between two looks: on a disk that fills up, or in a folder that
            # can't be written any more, others find the database as they would without this.
            connection.close()

    def _begin(self, job: int) -> None:
        command = [
            sys.executable,
            str(settings.BASE_DIR / "manage.py"),
            "work",
            f"--job={job}",
            f"--runner={self.name}",
        ]
        # Whoever holds the other end of its standard input is alive.
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
        now = time.monotonic()
        self._works.append(_Work(job=job, process=process, began=now, renewed=now))

    def _mind(self) -> None:
        for work in list(self._works):
            now = time.monotonic()
            if (status := work.process.poll()) is not None:
                self._forget(work)
                # It has ended the job itself, or else could not.
                if status == -signal.SIGABRT:
                    jobs.fail(work.job, self.name, _say_broken_off())
                else:
                    jobs.let_go(work.job, self.name)
            elif now > work.began + LONGEST:
                self._forget(work)
                jobs.fail(work.job, self.name, TOO_LONG)
            elif now > work.renewed + RENEW:
                work.renewed = now
                if not jobs.renew(work.job, self.name):
                    self._forget(work)
            elif not jobs.has(work.job, self.name).exists():
                self._forget(work)

    def _forget(self, work: _Work) -> None:
        """End its process, if that hasn't ended."""
        self._works.remove(work)
        work.process.kill()
        work.process.wait()
        if work.process.stdin:
            work.process.stdin.close()

    def _give_all_back(self) -> None:
        for work in list(self._works):
            self._forget(work)
            with suppress(Error):
                jobs.give_back(work.job, self.name)


def _say_broken_off() -> str:
    """Of a process that aborted, as libraries in C and Rust do where no memory is left to tell Python of it."""
    most = f"{settings.JOB_MIB:,} MiB"
    return f"It broke off, most likely as it needs more memory than the {most} that a file may take here."


def begin(room: Turns) -> Callable[[], None]:
    """Have a thread of this process make files, unless another that shares the room does. Returns what stops it."""
    if not settings.JOBS:
        return lambda: None
    runner = Runner(settings.JOBS, room)
    thread = Thread(target=runner.run, name="jobs", daemon=True)
    thread.start()

    def stop() -> None:
        runner.stop()
        thread.join(timeout=5)

    return stop


def end_with_whoever_began_it() -> None:
    """Have this process end when its standard input does: however the process ends that holds the other end."""

    def wait() -> None:
        while os.read(0, 1):
            pass
        os._exit(1)

    Thread(target=wait, name="parent", daemon=True).start()
