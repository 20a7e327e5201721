"""Tries an image: starts its CMD as its USER, as the first process, in a network of its own.

The service is asked for what people ask for, stopped as `docker stop` does, and started anew in a fresh copy of the
image with the volume that the first one left; once more as behind a proxy. Called by `scripts/container_smoke.py`.
"""

import fcntl
import os
import re
import signal
import socket
import struct
import subprocess
import time
import zlib
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from urllib.parse import urlencode

from scripts import debian_tree as trees
from scripts.debian_tree import Trouble
from scripts.dockerfile import Stage

PATIENCE = 120.0
"""How long the service may take to start, in seconds."""
GRACE = 10.0
"""What `docker stop` leaves to the service before it is killed."""
EXAMPLE = "everything"
FONT = "Inter"
"""The first of the fonts that reports ask for."""


def say(text: str) -> None:
    """Tell how far it is."""
    print(text, flush=True)


def own_network() -> None:
    """From here on there is no network but one of this process's own, with nothing in it but 127.0.0.0/8."""
    os.unshare(os.CLONE_NEWNET)
    with socket.socket() as any_socket:
        up = struct.pack("16sH14x", b"lo", 0x1 | 0x40)  # IFF_UP and IFF_RUNNING
        fcntl.ioctl(any_socket, 0x8914, up)  # SIOCSIFFLAGS


def try_image(image: Path, stage: Stage, shop: Path) -> None:
    """Start the image three times with one volume, and ask it for what people ask for. Raises Trouble."""
    (place,), (port,) = stage.volumes, stage.ports
    volume = shop / "volume"
    trees.copy_tree(trees.place_inside(image, place), volume)  # as a new volume is filled
    visitor = Visitor(port)
    with container(image, stage, shop / "first", volume) as service:
        visitor.wait(service)
        check_health(service, well=True)
        say("The service is healthy. Asking it for pages, a plan, and reports")
        plan = visitor.make_plan()
        visitor.check_plan(plan)
        check_commands(service)
        service.stop()
        check_health(service, well=False)
    with container(image, stage, shop / "second", volume) as service:
        say("Started again, in a fresh copy of the image with the same volume")
        visitor.wait(service)
        check_health(service, well=True)
        visitor.check_plan(plan)
        service.stop()
    proxied = {"PLANNER_HOSTS": "ports.example.com", "PLANNER_TLS": "1", "PLANNER_PROXIES": "192.0.2.1"}
    with container(image, stage, shop / "third", volume, proxied) as service:
        say("Started as behind a proxy that ends TLS")
        visitor = Visitor(port, "ports.example.com")
        visitor.wait(service)
        check_health(service, well=True)
        if (leads := visitor.ask("/")[1]) != "https://ports.example.com/":
            raise Trouble(f"The start page leads to {leads or 'nowhere'} where it should lead to https.")
        service.stop()
    if (volume / "secret-key").stat().st_mode & 0o077:
        raise Trouble("The secret key in the volume can be read by others.")


class Service:
    """A started container."""

    def __init__(
        self, tree: Path, stage: Stage, environment: dict[str, str], process: subprocess.Popen[bytes], log: Path
    ) -> None:
        self.tree, self.stage, self.environment, self.process, self.log = tree, stage, environment, process, log

    def run(self, command: Sequence[str], timeout: float | None = None) -> tuple[int, bytes]:
        """Run a command beside the service: its status and what it said."""
        return trees.run(self.tree, command, self.environment, self.stage.workdir, self.stage.user, timeout)

    def stop(self) -> None:
        """Stop it as `docker stop` does. Raises Trouble when it doesn't obey, or says that something went wrong."""
        os.kill(trees.first_process(self.process), signal.SIGTERM)
        try:
            status = self.process.wait(GRACE)
        except subprocess.TimeoutExpired:
            raise self.trouble(f"The service still ran {GRACE:g} seconds after SIGTERM.") from None
        if status:
            raise self.trouble(f"The service was stopped by SIGTERM and ended with status {status}.")
        say("Stopped by SIGTERM, with status 0")

    def trouble(self, what: str) -> Trouble:
        """An error with the end of the log."""
        return Trouble(f"{what} It said:\n{trees.last_lines(self.log.read_bytes())}")


@contextmanager
def container(
    image: Path, stage: Stage, tree: Path, volume: Path, settings: dict[str, str] | None = None
) -> Iterator[Service]:
    """A fresh copy of the image in which CMD runs as USER, with the volume at its place and these settings.

    Nothing can be written but in the volume, in /tmp and in /dev/shm: as with `docker run --read-only --tmpfs /tmp`.
    """
    trees.copy_tree(image, tree)
    (tree / "etc/hosts").write_text("127.0.0.1 localhost\n")
    log, environment = tree.with_suffix(".log"), stage.environment | (settings or {})
    with ExitStack() as stack:
        stack.enter_context(trees.mounted(tree, "--bind", tree))
        trees.do(["mount", "-o", "remount,bind,ro", tree], "The tree can't be made read only")
        stack.enter_context(trees.mounted(tree / "tmp", "-t", "tmpfs", "-o", "mode=1777", "tmp"))
        stack.enter_context(trees.shared_memory(tree))
        stack.enter_context(trees.mounted(trees.place_inside(tree, stage.volumes[0]), "--bind", volume))
        output = stack.enter_context(log.open("wb"))
        say(f"CMD {' '.join(stage.command)}, as {stage.user}")
        process = trees.start(tree, stage.command, environment, stage.workdir, stage.user, output.fileno())
        try:
            yield Service(tree, stage, environment, process, log)
        finally:
            trees.end(process)


def check_health(service: Service, *, well: bool) -> None:
    """HEALTHCHECK says so, in as many tries as it has. Raises Trouble when it says the contrary."""
    check = service.stage.healthcheck
    if check is None:
        raise Trouble("The image has no HEALTHCHECK.")
    status, output = 0, b""
    for _ in range(check.retries):
        status, output = service.run(check.command, check.timeout)
        if (status == 0) is well:
            return
    raise service.trouble(f"HEALTHCHECK ended with status {status} and said: {trees.last_lines(output, 1)}")


def check_commands(service: Service) -> None:
    """`manage.py report` sets a PDF by both engines, with our fonts. Raises Trouble."""
    example = f"/tmp/{EXAMPLE}.yaml"  # noqa: S108 - in the tree
    status, output = service.run(["python", "manage.py", "topology", EXAMPLE])
    if status:
        raise Trouble(f"manage.py topology ended with status {status} and said:\n{trees.last_lines(output)}")
    (service.tree / example.lstrip("/")).write_bytes(output)
    for engine in ("typst", "weasyprint"):
        name = f"/tmp/{engine}.pdf"  # noqa: S108 - in the tree
        report = ["python", "manage.py", "report", example, "--format", "pdf", "--engine", engine, "--output", name]
        status, output = service.run(report)
        if status:
            raise Trouble(f"{' '.join(report)} ended with status {status} and said:\n{trees.last_lines(output)}")
        check_pdf((service.tree / name.lstrip("/")).read_bytes(), f"The PDF by {engine}")


def check_pdf(content: bytes, what: str) -> None:
    """It is a PDF in our fonts. Raises Trouble."""
    if not content.startswith(b"%PDF-"):
        raise Trouble(f"{what} is none.")
    if FONT not in (fonts := font_names(content)):
        raise Trouble(f"{what} has the fonts {', '.join(sorted(fonts)) or 'of nobody'}, and not {FONT}.")


def font_names(pdf: bytes) -> set[str]:
    """The families of the fonts in a PDF."""
    texts = [pdf]
    for stream in re.findall(rb"stream\r?\n(.*?)endstream", pdf, re.DOTALL):
        with suppress(zlib.error):
            texts.append(zlib.decompressobj().decompress(stream))
    names = {name for text in texts for name in re.findall(rb"/FontName ?/(?:[A-Z]{6}\+)?([A-Za-z0-9]+)", text)}
    return {name.decode() for name in names}


class Visitor:
    """A browser with its cookies. It follows no redirect."""

    def __init__(self, port: int, host: str = "") -> None:
        self.port, self.host = port, host or f"127.0.0.1:{port}"
        self.cookies = dict[str, str]()

    def ask(self, path: str, form: dict[str, str] | None = None) -> tuple[int, str, bytes]:
        """The status of the answer, where it leads, and its body.

        127.0.0.2 stands for the address of a container, so whoever listens on 127.0.0.1 alone isn't reached.
        """
        connection = HTTPConnection("127.0.0.2", self.port, timeout=PATIENCE)
        headers = {"Host": self.host}
        if self.cookies:
            headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        if form is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        try:
            connection.request("POST" if form else "GET", path, urlencode(form) if form else None, headers)
            answer = connection.getresponse()
            for cookie in answer.msg.get_all("Set-Cookie") or ():
                name, _, value = cookie.partition(";")[0].partition("=")
                self.cookies[name] = value
            return answer.status, answer.getheader("Location") or "", answer.read()
        finally:
            connection.close()

    def expect(self, path: str, begins: bytes, contains: bytes = b"") -> bytes:
        """The body of an answer with status 200 that begins so and contains that. Raises Trouble for any other."""
        status, _, body = self.ask(path)
        if status != 200 or not body.lstrip().lower().startswith(begins.lower()) or contains not in body:
            raise Trouble(f"{path} was answered with status {status} and: {trees.last_lines(body[:400])}")
        return body

    def wait(self, service: Service) -> None:
        """Until the service answers. Raises Trouble when it has ended, or takes too long."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            if service.process.poll() is not None:
                raise service.trouble("The service has ended by itself.")
            with suppress(OSError, HTTPException):
                self.expect("/healthz", b"ok")
                return
            time.sleep(0.2)
        raise service.trouble(f"The service hasn't answered within {PATIENCE:g} seconds.")

    def make_plan(self) -> str:
        """Open the start page and the port matrix, and make a plan of a ready-made topology: its address."""
        self.expect("/matrix/", b"<!doctype html>", b"</html>")
        page = self.expect("/", b"<!doctype html>", b"<title>Port planner")
        for name in set(re.findall(rb'(?:href|src)="(/static/[^"]+)"', page)):
            if self.ask(name.decode())[0] != 200:
                raise Trouble(f"The start page asks for {name.decode()}, which isn't there.")
        token = re.search(rb'name="csrfmiddlewaretoken" value="([^"]+)"', page)
        form = {"csrfmiddlewaretoken": token[1].decode() if token else "", "example": EXAMPLE}
        status, plan, body = self.ask("/plans/start/", form)
        if status != 302 or not plan.startswith("/plans/"):
            raise Trouble(f"No plan was made, but status {status}: {trees.last_lines(body[:400])}")
        return plan

    def check_plan(self, plan: str) -> None:
        """The plan is there, with its diagram and its reports. Raises Trouble."""
        self.expect(plan, b"<!doctype html>", b"</html>")
        self.expect(f"{plan}diagram.svg", b"<", b"</svg>")
        self.expect(f"{plan}diagram.png", b"\x89PNG")
        check_pdf(self.expect(f"{plan}report/pdf", b"%PDF-"), "The PDF of the plan")
