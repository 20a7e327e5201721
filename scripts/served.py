"""The service as `make run` starts it, on a free port and with its own data, for who measures it or takes pictures."""

import os
import random
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING
from urllib.request import urlopen

if TYPE_CHECKING:
    from playwright.sync_api import Page

ROOT = Path(__file__).resolve().parent.parent
Popen = subprocess.Popen
"""What starts programs of ours; tests put another one in its place."""
ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
MAKE = """
import json, sys
from planner.store import actions
from planner.plan.document import check_plan
from planner.plan.topologies import read_topology
from planner.sharing.links import make_edit_link
from ports.queries import current_matrix
from scripts.sites import make_sites
slug, count, matrix = sys.argv[1], int(sys.argv[2]), current_matrix()
if slug.startswith("sites"):
    plan = check_plan(make_sites(int(slug.partition("-")[2] or 1_000)), matrix=matrix)
else:
    plan = read_topology(matrix, slug)
for _ in range(count):
    row = actions.create_plan(plan=plan, matrix=matrix, summary="Made to be looked at")
    print(make_edit_link(plan_id=row.pk))
"""
"""Run in a process of its own, since this one must not open the service's database."""


def enter(page: "Page", link: str) -> None:
    """Open an edit link in a browser: its door has a button, which leads to the plan."""
    page.goto(link)
    if page.locator("#enter").count():
        page.locator("#enter").click()
    page.wait_for_url("**/plans/**")


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """Where it listens, and the environment that it has."""

    host: str
    port: int
    environment: dict[str, str]
    process: int
    """The number of the process that minds the others."""

    @property
    def address(self) -> str:
        """The start of its addresses."""
        return f"http://{self.host}:{self.port}"

    @property
    def data(self) -> Path:
        """The folder with its data, and with what it says, in the file `log`."""
        return Path(self.environment["PLANNER_DATA"])

    def make_plan(self, slug: str) -> str:
        """The path of a new plan's edit link: of a ready-made topology with its addresses, or of sites.

        `sites` has 1,000 of them, `sites-5000` has 5,000.
        """
        (link,) = self.make_plans(slug, 1)
        return link

    def make_plans(self, slug: str, count: int) -> list[str]:
        """The same for several of the same, by one process: to import what makes them takes longer than they do."""
        line = [sys.executable, "-c", f"import django\ndjango.setup()\n{MAKE}", slug, str(count)]
        with Popen(line, cwd=ROOT, env=self.environment, text=True, stdout=subprocess.PIPE) as process:
            tokens, _ = process.communicate()
        if process.returncode:
            raise subprocess.CalledProcessError(process.returncode, line)
        return [f"/edit/{token}/" for token in tokens.split()]


type Start = Callable[[dict[str, str], IO[str]], subprocess.Popen[bytes]]


def start_by_script(environment: dict[str, str], log: IO[str]) -> subprocess.Popen[bytes]:
    """The service as `make run` and the container start it, with this environment; what it says goes to `log`."""
    return subprocess.Popen([ROOT / "scripts" / "serve.sh"], cwd=ROOT, env=environment, stdout=log, stderr=log)


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on, and that systems don't give away by themselves.

    Somebody else may still take it first: chosen among twenty thousand, it isn't what another chooses meanwhile.
    """
    while True:
        port = random.randrange(10_000, 32_000)  # noqa: S311 - no secret
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


@contextmanager
def serve(begun: Path | None = None, start: Start = start_by_script, /, **variables: str) -> Iterator[Service]:
    """Serve until the block ends, with these settings beside the address and the data.

    `begun` is a folder with data to begin with, which is copied; without one the service begins with nothing. `start`
    starts it, for who has another way to.
    """
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="planner-") as folder:
        environment = {name: value for name, value in os.environ.items() if not name.startswith("PLANNER_")} | {
            "PLANNER_DATA": folder,
            "PLANNER_BIND": f"127.0.0.1:{port}",
            "DJANGO_SETTINGS_MODULE": "planner.settings",
            "PYTHONPATH": str(ROOT),
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            **variables,
        }
        collected = Path(os.environ.get("PLANNER_DATA", ROOT / "data")) / "static"
        if begun:
            shutil.copytree(begun, folder, dirs_exist_ok=True)
        if collected.is_dir():  # to collect the static files takes most of a start, and only what is new is collected
            Path(folder, "static").symlink_to(collected.resolve())
        with (Path(folder) / "log").open("w") as log:
            process = start(environment, log)
        service = Service(host="127.0.0.1", port=port, environment=environment, process=process.pid)
        try:
            _wait_for(service, process, Path(folder) / "log")
            yield service
        finally:
            process.terminate()
            process.wait()


def _wait_for(service: Service, process: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(1500):
        if process.poll() is not None:
            break
        try:
            urlopen(f"{service.address}/healthz", timeout=2)  # noqa: S310 - its own address
        except OSError:
            time.sleep(0.2)
        else:
            return
    raise RuntimeError(f"The service didn't start:\n{log.read_text()}")


def chromium_path() -> str:
    """The browser that the tests drive."""
    script = ROOT / "scripts" / "chromium.sh"
    return os.environ.get("PLANNER_CHROMIUM") or subprocess.check_output([script], text=True).strip()
