"""Processes that begin where Python has already imported what a service and its commands take and no setting changes.

To import it is two thirds of what a start costs. A process that has done so, one for each process that runs tests,
is asked to fork; what comes of it has the arguments, environment, folder and files that it was asked for, reads the
settings itself, ends as any other does, and nothing runs between. Whatever can't be had so is started as usual: by
another interpreter or script, with a library to be loaded first, or with other limits. So is what tests of the start
itself, of what a command imports, or of how it ends for good.
"""

import atexit
import json
import os
import select
import signal
import socket
import subprocess
import sys
from functools import cache
from pathlib import Path
from threading import Lock

ROOT = Path(__file__).resolve().parents[1]
OF_THE_PROCESS = ("LD_", "MALLOC_", "PYTHON", "LC_", "LANG", "TZ", "COVERAGE_")
"""Beginnings of variables that are read before anything of ours is: who has others gets a process of its own."""
KEPT = {"PYTHONPATH"}
LENGTH = 2**17
"""Bytes of a request at most."""
_one = Lock()
"""Each answer is for the last who asked."""


class Warm(subprocess.Popen):
    """As `subprocess.Popen` starts it, but forked where that comes to the same."""

    def _execute_child(self, args, executable, preexec_fn, close_fds, pass_fds, cwd, env, *others):
        (_startup, _flags, shell, p2cread, p2cwrite, c2pread, c2pwrite, errread, errwrite, *_more) = others
        line = [args] if isinstance(args, (str, Path)) else list(map(os.fspath, args))
        env = dict(os.environ if env is None else env)
        self.told = None
        is_ours = line[0] == sys.executable and (cwd == ROOT or line[1:2] == [str(ROOT / "manage.py")])
        if shell or preexec_fn or pass_fds or not (is_ours and is_alike(env)):
            super()._execute_child(args, executable, preexec_fn, close_fds, pass_fds, cwd, env, *others)
            return
        self.told, end = os.pipe()
        files = [p2cread if p2cread >= 0 else 0, c2pwrite if c2pwrite >= 0 else 1, errwrite if errwrite >= 0 else 2]
        asked = json.dumps({"line": line[1:], "environment": env, "folder": str(cwd or Path.cwd())}).encode()
        assert len(asked) < LENGTH
        with _one:
            forker = _forker(os.getpid())
            socket.send_fds(forker, [asked], [*files, end])
            self.pid = int(forker.recv(32))
        os.close(end)
        self._child_created = True
        self._close_pipe_fds(p2cread, p2cwrite, c2pread, c2pwrite, errread, errwrite)

    def _try_wait(self, wait_flags):
        if self.told is None:
            return super()._try_wait(wait_flags)
        if wait_flags & os.WNOHANG and not select.select([self.told], [], [], 0)[0]:
            return 0, 0
        status = int(os.read(self.told, 32) or signal.SIGKILL)  # or the one that forks has been killed
        os.close(self.told)
        return self.pid, status

    def _internal_poll(self, _deadstate=None, **options):
        if self.told is None:
            return super()._internal_poll(_deadstate, **options)
        if self.returncode is None and self._waitpid_lock.acquire(blocking=False):
            try:
                pid, status = self._try_wait(os.WNOHANG) if self.returncode is None else (0, 0)
                if pid:
                    self._handle_exitstatus(status)
            finally:
                self._waitpid_lock.release()
        return self.returncode


def run(line, **options):
    """As `subprocess.run`."""
    given = options.pop("input", None)
    if given is not None:
        options["stdin"] = subprocess.PIPE
    if options.pop("capture_output", False):
        options |= {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    is_checked, timeout = options.pop("check", False), options.pop("timeout", None)
    with Warm(line, **options) as process:
        try:
            said, wrong = process.communicate(given, timeout)
        except BaseException:
            process.kill()
            raise
    done = subprocess.CompletedProcess(line, process.returncode, said, wrong)
    if is_checked:
        done.check_returncode()
    return done


def is_alike(environment):
    """Whether a process with this environment begins as this one did."""

    def read(values):
        return {name: value for name, value in values.items() if name.startswith(OF_THE_PROCESS) and name not in KEPT}

    return read(environment) == read(os.environ) and (environment.get("PYTHONPATH") or str(ROOT)) == str(ROOT)


@cache
def _forker(process):
    """The socket of the process that forks for one of this number; it ends with that."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    for end in (ours, theirs):
        end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, LENGTH)
    with theirs:
        ours_alone = ("PLANNER_", "DJANGO_")
        environment = {name: value for name, value in os.environ.items() if not name.startswith(ours_alone)}
        forker = subprocess.Popen(
            [sys.executable, ROOT / "tests" / "forking.py", str(theirs.fileno())], cwd=ROOT, env=environment,
            pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
        )  # fmt: skip
    atexit.register(_end, process, ours, forker)
    return ours


def _end(process, socket, forker):
    if process == os.getpid():
        socket.close()
        forker.wait()
