"""How gunicorn serves Port planner, from `make run` as from the container.

Each process answers by `planner.deploy.worker`. There is no access log on purpose: the address of a shared plan
contains its secret token. What can't be read as a request is told of in the log, with a part of it; tokens are taken
out.
"""

import errno
import gc
import logging
import os
import socket
import sys
from typing import TYPE_CHECKING

from gunicorn.glogging import Logger
from gunicorn.util import parse_address

from planner.deploy import metrics
from planner.deploy.environment import read_choice, read_flag, read_text
from planner.deploy.logs import AddRequestId, RedactTokens, make_formatter
from planner.deploy.turns import Turns
from planner.deploy.worker import PatientWorker

if TYPE_CHECKING:
    from gunicorn.arbiter import Arbiter
    from gunicorn.config import Config
    from gunicorn.workers.base import Worker


class Log(Logger):
    """What the server itself says, in the form that PLANNER_LOG asks for."""

    def setup(self, cfg: "Config") -> None:
        """Have it said as the application says things, where that is JSON."""
        super().setup(cfg)
        if (kind := read_choice("PLANNER_LOG", ("lines", "json"))) == "json":
            for handler in self.error_log.handlers:
                handler.setFormatter(make_formatter(kind))
                handler.addFilter(AddRequestId())


def _read_count(name: str, default: int) -> int:
    text = os.environ.get(name, "")
    if text and not (text.isascii() and text.isdigit() and 1 <= int(text) <= 64):
        sys.exit(f"{name} must be a whole number from 1 to 64, not {text!r}.")
    return int(text or default)


def _read_bind(name: str, default: str) -> str:
    """The one address to listen on, as gunicorn takes it; a port alone is none."""
    text = os.environ.get(name) or default
    try:
        address = parse_address(text)
        # gunicorn takes several, with commas between them, for a host with a strange name.
        is_one = not isinstance(address, tuple) or not (address[0].isdigit() or "," in text)
    except RuntimeError:
        is_one = False
    if not is_one:
        sys.exit(
            f"{name} must be one host:port such as 127.0.0.1:8000, or unix: and the path of a socket, not {text!r}."
        )
    return text


# PLANNER_BIND: the address and port to listen on.
bind = _read_bind("PLANNER_BIND", "127.0.0.1:8000")
# PLANNER_WORKERS: the number of processes that answer.
workers = _read_count("PLANNER_WORKERS", min((os.cpu_count() or 1) + 1, 5))
# PLANNER_THREADS: how many requests each of them is at work on at once.
threads = _read_count("PLANNER_THREADS", 4)
# PLANNER_LARGE_AT_ONCE: how many requests about large plans all of them together are at work on at once.
large_at_once = _read_count("PLANNER_LARGE_AT_ONCE", max((os.cpu_count() or 1) // 2, 1))
# PLANNER_METRICS: where figures for Prometheus are read, never the address that people reach; nowhere if unset.
metrics_address = os.environ.get("PLANNER_METRICS", "")
worker_class = "planner.deploy.worker.PatientWorker"
timeout = 600  # the largest archive takes minutes to be checked, on a busy machine several
preload_app = True  # a broken application stops the start, and workers share the loaded code
accesslog = None
logger_class = Log
logging.getLogger("gunicorn.error").addFilter(RedactTokens())  # before anything is logged, in every process
loglevel = "warning"
# Whom forwarding headers are taken from is PLANNER_PROXIES' alone to say, so gunicorn takes them from nobody: not the
# scheme, not the path, and no header with an underscore, which would pass for another one.
forwarded_allow_ips = ""
secure_scheme_headers: dict[str, str] = {}
forwarder_headers = ""
header_map = "drop"
control_socket_disable = True  # nobody uses it, and it would put a folder into the home directory


def on_starting(server: "Arbiter") -> None:
    """Say in one sentence what keeps the service from being reached; gunicorn would retry for five seconds."""
    if read_flag("PLANNER_TLS") and not read_text("PLANNER_PROXIES"):
        sys.exit(
            "PLANNER_TLS is 1, but PLANNER_PROXIES doesn't say which proxy ends TLS: every request would be sent to "
            "https for ever. Set PLANNER_PROXIES to its address."
        )
    PatientWorker.room, PatientWorker.beside = Turns(large_at_once), Turns(1)
    if metrics_address:
        _begin_to_count(server)
    if server.master_pid or "LISTEN_FDS" in os.environ:
        return  # the sockets are handed over, by an older master or by systemd
    for address in server.address:
        if isinstance(address, tuple):
            _check_free(*address, "PLANNER_BIND=127.0.0.1:8001")


def _begin_to_count(server: "Arbiter") -> None:
    """Have all processes count, from here on. Ends with a sentence where the address for it can't be meant."""
    try:
        address = metrics.read_address(metrics_address)
    except ValueError:
        sys.exit(
            f"PLANNER_METRICS must be host:port, or unix: and the path of a socket, not {metrics_address[:60]!r}."
        )
    if address in server.address:
        sys.exit("PLANNER_METRICS is the address of PLANNER_BIND; figures are for nobody who reaches that.")
    if isinstance(address, tuple):
        _check_free(*address, "PLANNER_METRICS=127.0.0.1:9101")
    os.environ[metrics.FOLDER] = metrics.make_folder()


def on_exit(server: "Arbiter") -> None:
    """Take away what was made for the figures."""
    if metrics_address:
        metrics.end()


def when_ready(server: "Arbiter") -> None:
    """Tell where to look, now that the sockets accept."""
    if metrics_address:
        host = read_text("PLANNER_HOSTS", "localhost").split(",")[0].strip().lstrip("*.") or "localhost"
        listening = server.address[0]
        where = listening if isinstance(listening, str) else f"{listening[0]}:{listening[1]}"  # type: ignore[index]
        metrics.start(metrics_address, where, host)
    for listener in server.LISTENERS:
        print(f"Port planner: {listener}/", flush=True)


def post_fork(server: "Arbiter", worker: "Worker") -> None:
    """Look for circles of garbage more rarely.

    A report of a large plan is hundreds of thousands of objects without any circle: with the usual thresholds a third
    of the time of an edit goes into looking through them. What was there before the process began isn't looked at.
    """
    gc.freeze()
    gc.set_threshold(50_000, 10, 10)


def _check_free(host: str, port: int, other: str) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            reason = "is already in use" if error.errno == errno.EADDRINUSE else f"cannot be used ({error.strerror})"
            sys.exit(f"Port {port} on {host} {reason}; choose another with {other}, for example.")
