"""The databases of services that tests start: of their own, on the server that the tests run on.

On SQLite that is a file in the service's data folder; on PostgreSQL (`make postgres`) one that goes with the service.
"""

import os
import secrets
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import IO
from urllib.parse import urlsplit

import psycopg

from scripts import served
from scripts.served import ROOT, Service
from tests.started import first_start
from tests.warm import Warm

SERVER = os.environ.get("DATABASE_URL", "")
"""Where the tests run, empty for SQLite; read before programs that tests start are kept from it."""


@contextmanager
def own_database() -> Iterator[dict[str, str]]:
    """The setting that names an empty database, which ends with the block; none for SQLite."""
    if not SERVER:
        yield {}
        return
    name = f"served_{secrets.token_hex(8)}"
    with psycopg.connect(SERVER, autocommit=True) as server:
        server.execute(f"CREATE DATABASE {name}")
        try:
            parts = urlsplit(SERVER)  # which would leave the slashes out where there is no host
            yield {"DATABASE_URL": f"{parts.scheme}://{parts.netloc}/{name}?{parts.query}"}
        finally:
            server.execute(f"DROP DATABASE {name} WITH (FORCE)")


@contextmanager
def serve(*, start: served.Start | None = None, **variables: str) -> Iterator[Service]:
    """The service as `scripts.served.serve` has it, on a database of its own unless the variables name one.

    On SQLite it begins with the data of a first start, unless the variables name a folder (`begin`). Its processes
    begin warm unless `start` has another way.
    """
    begun = None if SERVER or "PLANNER_DATA" in variables else first_start()
    with own_database() as own, served.serve(begun, start or start_warm, **own | variables) as service:
        yield service


def start_warm(environment: dict[str, str], log: IO[str]) -> "subprocess.Popen[bytes]":
    """What `scripts/serve.sh` does where the static files have been collected, by processes that begin warm."""
    lines = [("manage.py", "prepare")]
    if any(name.startswith("PLANNER_REQUIRE_LOGIN") for name in environment):
        lines.append(("manage.py", "first_account"))
    for line in lines:
        process = Warm([sys.executable, *line], cwd=ROOT, env=environment, stdout=log, stderr=log)
        if process.wait():
            return process
    line = ("-m", "gunicorn", "--config", "python:planner.deploy.gunicorn", "planner.wsgi")
    return Warm([sys.executable, *line], cwd=ROOT, env=environment, stdout=log, stderr=log)


def begin(folder: Path) -> None:
    """Put the data of a first start into a folder, which may be there; none where the tests run on a server."""
    if not SERVER:
        shutil.copytree(first_start(), folder, dirs_exist_ok=True)


def ask(service: Service, question: str, *values: object) -> list[tuple[object, ...]]:
    """Rows of a service's database, or none for what changes it; `?` stands for a value."""
    if url := service.environment.get("DATABASE_URL"):
        with psycopg.connect(url) as database:
            # Without values a percent sign is one.
            done = database.execute(question.replace("?", "%s"), values or None)
            return done.fetchall() if done.description else []
    with closing(sqlite3.connect(service.data / "planner.sqlite3", timeout=600)) as database, database:
        return database.execute(question, values).fetchall()
