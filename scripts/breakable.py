"""A service that may be broken: on a folder that outlives it, with writers at work on it who don't give up.

For `scripts/faults.py` and the tests of faults. What mounts disks needs root; what makes single writes fail or the
clock wrong needs a C compiler, for `scripts/breaking.c`.
"""

import math
import os
import re
import shutil
import signal
import struct
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from http.client import HTTPException
from itertools import islice
from pathlib import Path
from threading import Event, Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

ROOT = Path(__file__).resolve().parent.parent
Popen = subprocess.Popen
"""What starts programs of ours; tests put another one in its place."""
sys.path.insert(0, str(ROOT))

from planner.deploy.sqlite import library  # noqa: E402
from scripts.people import Answer, Browser, Editor, find_faults, list_endpoints  # noqa: E402
from scripts.served import Service, free_port  # noqa: E402
from scripts.watching import family  # noqa: E402

library.take_library()  # what looks at a database that others write has to be free of the WAL-reset bug, too

DATABASE = "planner.sqlite3"
EXAMPLE = "dmz"
PATIENCE = 120.0
"""Seconds that anything may take: on a busy machine a start takes many."""


class Site:
    """A service on a folder with its data, started and ended as often as one likes, on the same port each time."""

    def __init__(self, folder: Path, **variables: str) -> None:
        self.folder, self.port, self.host, self.sqlite = (
            folder,
            free_port(),
            "127.0.0.1",
            "DATABASE_URL" not in variables,
        )
        names = {name: value for name, value in os.environ.items() if not name.startswith(("PLANNER_", "DATABASE_"))}
        self.environment = names | {
            "PLANNER_DATA": str(folder),
            "PLANNER_BIND": f"127.0.0.1:{self.port}",
            "PLANNER_WORKERS": "2",
            "DJANGO_SETTINGS_MODULE": "planner.settings",
            "PYTHONPATH": str(ROOT),
            **variables,
        }
        self.process: subprocess.Popen[bytes] | None = None
        self.stopping = math.inf, math.inf
        """When it was last told to stop, and when it had."""
        collected = Path(os.environ.get("PLANNER_DATA", ROOT / "data")) / "static"
        if collected.is_dir() and not (folder / "static").exists():
            (folder / "static").symlink_to(collected)

    @property
    def log(self) -> Path:
        """What the service says; beside the folder, which may be full."""
        return self.folder.with_name(f"{self.folder.name}.log")

    @property
    def database(self) -> Path:
        """The file of the database."""
        return self.folder / DATABASE

    def manage(self, *line: str) -> subprocess.Popen[str]:
        """A command that has been begun; its output and errors can be read."""
        return Popen(
            [sys.executable, "manage.py", *line], cwd=ROOT, env=self.environment,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip

    def prepare(self) -> str:
        """What comes before a start. Returns what is said against it; empty where nothing is."""
        process = self.manage("prepare")
        said, _ = process.communicate(timeout=PATIENCE)
        return said.strip() if process.returncode else ""

    def start(self) -> None:
        """Start the processes, and wait until they answer. Raises RuntimeError where they don't."""
        command = [sys.executable, "-m", "gunicorn", "--config", "python:planner.deploy.gunicorn", "planner.wsgi"]
        with self.log.open("ab") as log:
            self.process = Popen(command, cwd=ROOT, env=self.environment, stdout=log, stderr=log)
        self.wait()

    def wait(self) -> None:
        """Wait until the service answers. Raises RuntimeError where it doesn't."""
        for _ in range(int(PATIENCE / 0.05)):
            if self.process is None or self.process.poll() is not None:
                break
            with suppress(OSError, HTTPException):
                if Browser(self).ask("/healthz").status == 200:
                    return
            time.sleep(0.05)
        raise RuntimeError(f"The service doesn't answer:\n{self.log.read_text()[-2000:]}")

    def workers(self) -> list[int]:
        """The processes that answer."""
        return family(self.process.pid)[1:] if self.process else []

    def stop(self) -> int:
        """Stop the service as it is meant to be; the status that it ends with."""
        process = self.process
        if process is None:
            return 0
        self.process = None
        self.stopping = time.monotonic(), math.inf
        process.terminate()
        status = process.wait(PATIENCE)
        self.stopping = self.stopping[0], time.monotonic()
        return status

    def kill(self) -> None:
        """Kill the process that minds the others, and wait until they have noticed."""
        if self.process is None:
            return
        left = self.workers()
        self.process.kill()
        self.process.wait()
        self.process = None
        for _ in range(int(PATIENCE / 0.05)):
            if not any(Path(f"/proc/{number}").exists() for number in left):
                return
            time.sleep(0.05)
        raise RuntimeError("The processes of a service that was killed are still there.")

    def make_plans(self, count: int) -> list[str]:
        """The edit links of so many new plans."""
        service = Service(host=self.host, port=self.port, environment=self.environment, process=0)
        return service.make_plans(EXAMPLE, count)

    def check(self) -> list[str]:
        """What SQLite finds wrong with the database; nothing for another database, which minds itself."""
        if not self.sqlite:
            return []
        connection = library.used().connect(f"{self.database.as_uri()}?mode=rw", uri=True, timeout=60)
        try:
            found = [text for (text,) in connection.execute("PRAGMA integrity_check(3)") if text != "ok"]
            found += [f"A row of {row[0]} points nowhere." for row in connection.execute("PRAGMA foreign_key_check")]
        finally:
            connection.close()
        return [f"The database is damaged: {text}" for text in found]


@contextmanager
def site(folder: Path, **variables: str) -> Iterator[Site]:
    """A service that has been prepared and started; whatever is left of it ends with the block."""
    folder.mkdir(exist_ok=True)
    made = Site(folder, **variables)
    if said := made.prepare():
        raise RuntimeError(said)
    try:
        made.start()
        yield made
    finally:
        made.kill()


class Writers:
    """Editors who each change one thing after another, sending what isn't acknowledged again and again as it was.

    `told` counts what they were told in place of an answer, `missed` how often there was none.
    """

    def __init__(self, made: Site, count: int = 6, plans: int = 2) -> None:
        self.site, self.stop, self.told, self.missed = made, Event(), Counter[str](), Counter[str]()
        links = made.make_plans(plans)
        self.readers = [Browser(made) for _ in links]
        self.paths = [reader.enter(link) for reader, link in zip(self.readers, links, strict=True)]
        names = list(islice(list_endpoints(self.readers[0], self.paths[0]), -(-count // plans)))
        self.editors = [Editor(made, number) for number in range(count)]
        for number, editor in enumerate(self.editors):
            editor.begin(links[number % plans], names[number // plans % len(names)])
        self.threads = [Thread(target=self._work, args=(editor,), daemon=True) for editor in self.editors]

    def __enter__(self) -> "Writers":
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.finish()

    def finish(self) -> None:
        """Have everybody go home after what is under way."""
        self.stop.set()
        for thread in self.threads:
            thread.join(PATIENCE)

    @property
    def acknowledged(self) -> int:
        """How many changes were acknowledged so far."""
        return sum(len(editor.acknowledged) for editor in self.editors)

    def _work(self, editor: Editor) -> None:
        while not self.stop.is_set():
            form = editor.prepare()
            while not self._send(editor, form) and not self.stop.is_set():
                time.sleep(0.05)

    def _send(self, editor: Editor, form: list[tuple[str, str]]) -> bool:
        """Whether a form was acknowledged."""
        began = time.monotonic()
        try:
            answer = editor.send(form)
        except ConnectionRefusedError:
            self.missed["refused"] += 1
        except ConnectionResetError as error:
            # Who connects while it stops may come in the moment in which nobody takes connections any more.
            first, last = self.site.stopping
            self.missed["refused" if first <= began <= last else type(error).__name__] += 1
        except (OSError, HTTPException) as error:
            self.missed[type(error).__name__] += 1
        else:
            if answer.is_saved:
                return True
            self.told[say(answer)] += 1
        return False

    def wait_for(self, more: int) -> None:
        """Until so many changes more are acknowledged. Raises RuntimeError where that takes too long."""
        wanted, until = self.acknowledged + more, time.monotonic() + PATIENCE
        while self.acknowledged < wanted:
            if time.monotonic() > until:
                raise RuntimeError(f"Nothing is acknowledged any more. Told instead: {dict(self.told)}")
            time.sleep(0.02)

    def find_faults(self) -> list[str]:
        """What the histories of the plans contradict, what was told that shouldn't be, and what is damaged."""
        found = self.site.check()
        found += [f"{self.told[text]} times told: {text}" for text in self.told if not text.startswith("503 ")]
        for reader, path in zip(self.readers, self.paths, strict=True):
            found += find_faults(reader, path, [editor for editor in self.editors if editor.path == path])
        lines = self.site.log.read_text("utf-8", "replace").splitlines()
        raised = [line for line in lines if re.match(r"[\w.]+(Error|Exception): ", line)]
        # What the database raises has been told to whoever asked.
        strange = [line for line in raised if not re.match(r"[\w.]*(OperationalError|InterfaceError): ", line)]
        return found + [f"The log tells of a fault: {line}" for line in strange[:3]]


def say(answer: Answer) -> str:
    """An answer in short: its status, and the heading of its page."""
    found = re.search(rb"<h1[^>]*>(.*?)</h1>", answer.body, re.DOTALL)
    return f"{answer.status} {found[1].decode().strip() if found else answer.body[:40].decode('utf-8', 'replace')}"


@contextmanager
def small_disk(folder: Path, size: str) -> Iterator[None]:
    """A disk of that size, with nothing on it. Needs root."""
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "small", folder], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", folder], check=True)


@contextmanager
def read_only(folder: Path) -> Iterator[None]:
    """Nothing can be written in the folder, not by root either. Needs root."""
    for attempt in range(100):
        subprocess.run(["mount", "--bind", folder, folder], check=True)
        made = subprocess.run(["mount", "-o", "remount,bind,ro", folder], check=attempt == 99, capture_output=True)
        if not made.returncode:
            break
        subprocess.run(["umount", "-l", folder], check=True)  # somebody had a file open for writing
        time.sleep(0.05)
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", folder], check=True)


def fill(file: Path) -> None:
    """Write into a file until its disk is full."""
    with suppress(OSError), file.open("wb", buffering=0) as filled:
        while True:
            filled.write(b"x" * 4096)


class Breaker:
    """Has every so manieth write of a process fail, or its clock stand elsewhere, while it runs."""

    def __init__(self, folder: Path) -> None:
        self.library, self.orders = folder / "breaking.so", folder / "orders"
        compiler = ["cc", "-shared", "-fPIC", "-O2", "-o", str(self.library), str(ROOT / "scripts/breaking.c"), "-ldl"]
        subprocess.run(compiler, check=True)
        self.order()

    @property
    def variables(self) -> dict[str, str]:
        """What the environment of the process has to say."""
        return {"LD_PRELOAD": str(self.library), "BREAKING": str(self.orders)}

    def order(self, every: int = 0, seconds: int = 0) -> None:
        """Every so manieth write fails from now on, 0 for none; the clock is wrong by so many seconds."""
        if not self.orders.exists():
            self.orders.write_bytes(bytes(32))
        with self.orders.open("r+b") as file:
            file.write(struct.pack("2q", every, seconds))

    @property
    def failed(self) -> int:
        """How many writes have failed so far."""
        return int(struct.unpack("4q", self.orders.read_bytes())[3])


class Postmaster:
    """A PostgreSQL server that scripts/with-postgres.sh has started, ended at once and started again."""

    def __init__(self, url: str) -> None:
        self.data = Path(parse_qs(urlsplit(url).query)["host"][0], "data")
        self.process: subprocess.Popen[bytes] | None = None

    def stop(self) -> None:
        """As if the power was cut: it finishes nothing."""
        number = int((self.data / "postmaster.pid").read_text().splitlines()[0])
        os.kill(number, signal.SIGQUIT)
        if self.process is not None:
            self.process.wait()
        while Path(f"/proc/{number}").exists():
            time.sleep(0.02)

    def start(self) -> None:
        """As it was started before, as the owner of its files."""
        status = self.data.stat()
        line = re.findall(r'"([^"]*)"|(\S+)', (self.data / "postmaster.opts").read_text())
        command = [quoted or plain for quoted, plain in line]
        options: dict[str, Any] = {}
        if os.geteuid() == 0:
            options = {"user": status.st_uid, "group": status.st_gid, "extra_groups": []}
        with (self.data.parent / "log").open("ab") as log:
            self.process = Popen(command, cwd=self.data, stdout=log, stderr=log, **options)


def find_missing(needs: Sequence[str]) -> str:
    """What this machine lacks for a fault, in words; empty where all is there."""
    if "root" in needs and os.geteuid() != 0:
        return "root"
    if "cc" in needs and shutil.which("cc") is None:
        return "a C compiler"
    return ""
