"""The process that `tests.warm` asks to fork. It imports what no setting changes, and nothing that has one.

It is a script and no module, so that what is forked is the program that was asked for, from its first line to its end.
"""

import gc
import importlib
import json
import os
import pkgutil
import runpy
import signal
import socket
import sys
from contextlib import suppress
from pathlib import Path
from types import ModuleType

ROOT = Path(__file__).resolve().parents[1]
PURE = ("ports.matrix", "planner.plan", "planner.engine")
"""Packages that know neither Django nor files, as import-linter holds them to."""
REPORT = "planner.report"
"""Its rooms are brought, too, but what sets pages: few start for that."""
OTHERS = (
    "argparse", "asyncio", "concurrent.futures", "email.message", "http.client", "importlib.metadata",
    "importlib.resources", "logging.config", "multiprocessing", "statistics", "unittest.mock", "uuid",
    "xml.etree.ElementTree", "zipfile", "zoneinfo",
    "asgiref.sync", "graphviz", "jinja2", "pydantic", "pydantic.dataclasses", "pydantic.networks", "segno", "sqlparse",
    "yaml",
    "gunicorn.app.wsgiapp", "gunicorn.workers.base", "gunicorn.arbiter", "waitress", "waitress.channel",
    "waitress.task",
    "django.apps", "django.contrib.admin", "django.contrib.messages.middleware", "django.contrib.sessions.backends.db",
    "django.contrib.sessions.middleware", "django.contrib.staticfiles.storage", "django.core.cache",
    "django.core.handlers.wsgi", "django.core.mail", "django.core.management",
    "django.core.management.commands.migrate", "django.core.paginator", "django.core.serializers",
    "django.db.backends.base.base", "django.db.migrations.executor", "django.db.models",
    "django.db.models.sql.compiler", "django.forms", "django.http", "django.middleware.clickjacking",
    "django.middleware.common", "django.middleware.csp", "django.middleware.csrf", "django.middleware.security",
    "django.template.defaulttags", "django.template.loader_tags", "django.test.signals", "django.urls",
    "django.utils.autoreload", "django.utils.csp", "django.utils.feedgenerator", "django.views.csrf",
    "django.views.debug", "django.views.generic", "django_htmx.middleware", "whitenoise.middleware",
    "whitenoise.storage",
)  # fmt: skip


def bring():
    for name in OTHERS:
        importlib.import_module(name)
    for name in PURE:
        bring_all(name)
    for found in pkgutil.iter_modules(importlib.import_module(REPORT).__path__, f"{REPORT}."):
        if found.ispkg and not found.name.endswith(".paper"):
            bring_all(found.name)
    for facts in sys.modules["ports.matrix.rows"].KINDS.values():
        sys.modules["ports.matrix.rows"].adapter(facts)
    gc.collect()
    gc.freeze()


def bring_all(name):
    package = importlib.import_module(name)
    for found in pkgutil.walk_packages(package.__path__, f"{name}."):
        importlib.import_module(found.name)


def wait_for_a_job(door):
    """Comes back in what was forked, with what is to be run in it."""
    ends = {}

    def tell(*_):
        with suppress(ChildProcessError):
            while (done := os.waitpid(-1, os.WNOHANG))[0]:
                end = ends.pop(done[0])
                with suppress(OSError):  # nobody waits for it any more
                    os.write(end, str(done[1]).encode())
                os.close(end)

    signal.signal(signal.SIGCHLD, tell)
    while True:
        asked, files, _, _ = socket.recv_fds(door, 2**17, 4)
        if not asked:
            os._exit(0)
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGCHLD])
        number = os.fork()
        if not number:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGCHLD])
            for place, file in enumerate(files[:3]):
                os.dup2(file, place)
            os.closerange(3, 1024)
            return json.loads(asked)
        ends[number] = files.pop()
        for file in files:
            os.close(file)
        door.send(str(number).encode())
        signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGCHLD])


def begin(job):
    """Have this process look as if it had been started so; what is to be run, as `exec` and `runpy` take it."""
    os.environ.clear()
    os.environ.update(job["environment"])
    os.chdir(job["folder"])
    first, *rest = job["line"]
    sys.path[0] = str(ROOT)
    if first not in ("-c", "-m"):
        sys.argv = [first, *rest]
        return runpy.run_path, first
    sys.argv = [rest[0] if first == "-m" else first, *rest[1:]]
    return (runpy.run_module if first == "-m" else None), rest[0]


sys.path[0] = str(ROOT)
bring()
_job = wait_for_a_job(socket.socket(fileno=int(sys.argv[1])))
_door, _what = begin(_job)
if _door is runpy.run_module:
    runpy.run_module(_what, run_name="__main__", alter_sys=True)
elif _door:
    runpy.run_path(_what, run_name="__main__")
else:
    sys.modules["__main__"] = ModuleType("__main__")
    exec(compile(_what, "<string>", "exec"), vars(sys.modules["__main__"]))
