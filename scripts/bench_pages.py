"""Measures what the page of a plan costs, beside a bare Django page in the same process; nothing passes or fails here.

Times are processor time, so that what else the machine has to do matters little. With --write the part of
docs/performance.md is written anew; --note says what else the machine had to do.
"""

import argparse
import json
import os
import re
import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from planner.deploy.frames import call_with_room  # noqa: E402
from scripts.written import describe_machine, make_table, write_part  # noqa: E402

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse
    from django.test import Client

SITES = (1_000, 5_000)
ROWS = 60
TURNS = 60
LIMIT_OF_MEMORY = 400
BARE = """<!doctype html><title>{{ title }}</title><table>{% for row in rows %}
<tr>{% for cell in row %}<td>{{ cell }}</td>{% endfor %}</tr>{% endfor %}</table>"""


def spent() -> float:
    """Processor time of this process and of those it has waited for, in seconds."""
    usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def measure(work: Callable[[], object], turns: int = TURNS) -> float:
    """What one run costs in the middle of so many, in seconds."""
    times = []
    for _ in range(turns):
        before = spent()
        work()
        times.append(spent() - before)
    return median(times)


def memory() -> int:
    """The most memory of this process so far, in MiB."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak // 2 ** (20 if sys.platform == "darwin" else 10)


# ---- in a process of its own, which has the data ----


def start() -> None:
    """Have Django ready, without a word in the log, and garbage looked for as `planner.deploy.gunicorn` has it."""
    import gc  # noqa: PLC0415 - all of this is for the processes that have the data
    import logging  # noqa: PLC0415 - the settings are read only where they are needed

    import django  # noqa: PLC0415 - likewise

    django.setup()
    logging.disable(logging.CRITICAL)
    gc.freeze()
    gc.set_threshold(50_000, 10, 10)


def open_plan(client: "Client", document: dict[str, Any] | None) -> str:
    """Make a plan of a document, or of the example Everything, and have the browser hold it: its address."""
    from planner.plan.document import check_plan  # noqa: PLC0415 - for the processes that have the data
    from planner.plan.topologies import read_topology  # noqa: PLC0415 - likewise
    from planner.sharing.links import make_edit_link  # noqa: PLC0415 - likewise
    from planner.store import actions  # noqa: PLC0415 - likewise
    from ports.queries import current_matrix  # noqa: PLC0415 - likewise

    matrix = current_matrix()
    plan = check_plan(document, matrix=matrix) if document else read_topology(matrix, "everything")
    row = actions.create_plan(plan=plan, matrix=matrix, summary="Made to be looked at")
    return str(client.post(f"/edit/{make_edit_link(plan_id=row.pk)}/").headers["Location"])


def measure_bare() -> float:
    """What a page of a new Django project costs that has a table of 60 rows and asks no database."""
    from django.http import HttpResponse  # noqa: PLC0415 - for the processes that have the data
    from django.template import engines  # noqa: PLC0415 - likewise
    from django.test import Client, override_settings  # noqa: PLC0415 - likewise
    from django.urls import path  # noqa: PLC0415 - likewise

    template = engines["django"].from_string(BARE)
    rows = [[f"row {row}", "tcp", row * 7, "Internal", "DMZ"] for row in range(ROWS)]

    def show(request: "HttpRequest") -> "HttpResponse":
        return HttpResponse(template.render({"title": "Bare", "rows": rows}, request))

    class Urls:
        urlpatterns = (path("", show),)

    middleware = [
        "django.middleware.security.SecurityMiddleware",
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.middleware.common.CommonMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
        "django.contrib.messages.middleware.MessageMiddleware",
        "django.middleware.clickjacking.XFrameOptionsMiddleware",
    ]
    with override_settings(MIDDLEWARE=middleware, ROOT_URLCONF=Urls):
        client = Client(SERVER_NAME="localhost")
        if client.get("/").status_code != 200:
            raise SystemExit("The bare page doesn't come.")
        return measure(lambda: client.get("/"))


def make_anew(client: "Client", address: str) -> None:
    """Ask for a page that nobody has asked for yet; its report is known."""
    from ports.pages import pages  # noqa: PLC0415 - for the processes that have the data

    pages.clear()
    client.get(address)


def measure_everything() -> dict[str, float]:
    """What the page of the example costs: described and rendered, kept, and known to who asks."""
    from django.test import Client  # noqa: PLC0415 - for the processes that have the data

    client = Client(SERVER_NAME="localhost")
    here = open_plan(client, None)
    found = {}
    for name, query in {"rules": "", "flows": "?view=flows", "decisions": "?panel=decisions"}.items():
        page = here + query
        known = {"If-None-Match": client.get(page).headers["ETag"]}
        found[f"{name}, made anew"] = measure(partial(make_anew, client, page))
        found[f"{name}, kept"] = measure(partial(client.get, page))
        found[f"{name}, known to who asks"] = measure(partial(client.get, page, headers=known))
    found["the pulse"] = measure(partial(client.get, f"{here}pulse/"))
    found["bare"] = measure_bare()
    return found


def prepare_sites(count: int) -> dict[str, str]:
    """A plan of so many sites, made by a process that is gone when it is opened: what its browser has."""
    from django.test import Client  # noqa: PLC0415 - for the processes that have the data

    from scripts.sites import make_sites  # noqa: PLC0415 - likewise

    client = Client(SERVER_NAME="localhost")
    here = open_plan(client, make_sites(count))
    return {"here": here, **{name: cookie.value for name, cookie in client.cookies.items()}}


def measure_sites(had: dict[str, str]) -> dict[str, float]:
    """What a process spends on a plan that it doesn't know: opening it, an edit, the pages of others, all views."""
    from django.test import Client  # noqa: PLC0415 - for the processes that have the data

    here = had.pop("here")
    client = Client(SERVER_NAME="localhost")
    for name, value in had.items():
        client.cookies[name] = value
    client.get("/words/")  # what the first request of all costs is no matter of the plan
    found: dict[str, float] = {}
    found["opening"] = measure(lambda: client.get(here), 1)
    found["opening again"] = measure(lambda: client.get(here), 9)
    htmx = {"HX-Request": "true", "HX-Current-URL": f"http://localhost{here}"}
    page = client.get(here).content.decode()
    revision = re.search(r'data-revision="(\d+)"', page)
    base = revision[1] if revision else ""
    sent = {"name": "Added", "zone": "Internal", "base": base}
    found["own edit"] = measure(lambda: client.post(f"{here}endpoints/add/", sent, headers=htmx), 1)
    news = htmx | {"X-Pulse": ""}
    found["first of the others"] = measure(lambda: client.get(here, headers=news), 1)
    found["others"] = measure(lambda: client.get(here, headers=news), 9)
    for query in ("?panel=decisions", "?view=flows", "?view=findings", "?view=diagram", "?view=zones", "read/"):
        client.get(here + query)
    found["memory"] = memory()
    return found


# ---- the tables ----


def run(environment: dict[str, str], *arguments: str) -> Any:
    """What this program says in a process of its own."""
    command = [sys.executable, __file__, *arguments]
    done = subprocess.run(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, check=True, text=True)
    return json.loads(done.stdout)


def say(seconds: float) -> str:
    """A time for people."""
    return f"{seconds * 1000:,.1f} ms" if seconds < 0.1 else f"{seconds * 1000:,.0f} ms"


def write_tables(folder: str, note: str) -> str:
    """Measure it all with data in a folder: the part of the documentation."""
    environment = os.environ | {"PLANNER_DATA": folder, "DJANGO_SETTINGS_MODULE": "planner.settings"}
    for command in ([sys.executable, "manage.py", "prepare"], ["scripts/static.sh"]):
        subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True)
    usual = run(environment, "--usual")
    bare = usual.pop("bare")
    rows = [(name, say(seconds), f"{seconds / bare:.1f}") for name, seconds in usual.items()]
    rows.append((f"a bare page with a table of {ROWS} rows", say(bare), "1.0"))
    many = {}
    for count in SITES:
        had = run(environment, "--prepare", str(count))
        many[count] = run(environment, "--sites", json.dumps(had))
    wanted = {
        "opening": "opening, by a process that doesn't know the plan",
        "opening again": "opening once more",
        "own edit": "an edit of one's own",
        "first of the others": "the first of the others who is brought the change",
        "others": "each one after that",
    }
    tables = [
        make_table(("the example *Everything*", "processor time", "times the bare page"), rows),
        make_table(
            ("plan", *(f"{count:,} sites" for count in SITES)),
            [
                *((said, *(say(many[count][name]) for count in SITES)) for name, said in wanted.items()),
                ("memory of the process, after all views", *(f"{many[count]['memory']} MiB" for count in SITES)),
            ],
        ),
    ]
    worst = max(found["memory"] for found in many.values())
    kept = f"At most {LIMIT_OF_MEMORY} MiB were wanted: {'kept' if worst <= LIMIT_OF_MEMORY else 'MISSED'}."
    return "\n".join((f"Measured {describe_machine(note)}\n", *tables, kept))


def main() -> None:
    """Print the tables, and write them where that is asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--note", default="")
    parser.add_argument("--usual", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--prepare", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--sites", type=json.loads, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.usual or arguments.prepare or arguments.sites:
        start()
        one = (
            measure_everything()
            if arguments.usual
            else prepare_sites(arguments.prepare)
            if arguments.prepare
            else measure_sites(arguments.sites)
        )
        print(json.dumps(one))
        return
    with tempfile.TemporaryDirectory() as folder:
        text = write_tables(folder, arguments.note)
    print(f"\nPages of a plan, in processor time\n\n{text}")
    if arguments.write:
        write_part("docs/performance.md", "pages", text)


if __name__ == "__main__":
    call_with_room(main)  # as the service answers requests
