"""Measures how open pages learn of others' edits: by asking every two seconds, as they do, or by being told.

Three times the same editors work on the same plans, on PostgreSQL: nobody looks; pages ask (`pulse/`, every two
seconds with their ETag); pages are told, by a process that LISTENs and passes what it hears on to their open streams
(Server-Sent Events). That process is a prototype for this measurement: it asks nobody who they are, knows nothing of
who else is looking, and the service has no part of it. What pages fetch then is the same either way and left out.

scripts/dev.sh python scripts/bench_live.py [--seconds 30] [--pages 66]. What docs/adr/0024 says comes from it.
"""

import argparse
import asyncio
import re
import socket
import subprocess
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.client import HTTPException
from pathlib import Path
from random import Random

import psycopg

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from scripts.load import INTERVAL, PLANS, postgresql  # noqa: E402
from scripts.people import Browser, Editor, list_endpoints  # noqa: E402
from scripts.served import Service, free_port, serve  # noqa: E402
from scripts.watching import Processes, peak_of, spent_by  # noqa: E402
from scripts.written import describe_machine, make_table  # noqa: E402

TELLING = """
CREATE FUNCTION tell() RETURNS trigger AS $$
BEGIN PERFORM pg_notify('plans', NEW.key || ' ' || NEW.revision); RETURN NULL; END $$ LANGUAGE plpgsql;
CREATE TRIGGER tell AFTER UPDATE OF revision ON planner_plan FOR EACH ROW EXECUTE FUNCTION tell();
"""
"""What the prototype needs of the database. A notice comes with the commit, and never without."""
REST = 0.75
"""Seconds that an editor rests on average: four of them change as much as the sixteen of `make load`."""


@dataclass(slots=True)
class Seen:
    """When each revision of a plan was acknowledged, and how much later each page knew of it."""

    acknowledged: dict[tuple[str, int], float] = field(default_factory=dict)
    learned: list[tuple[str, int, float]] = field(default_factory=list)
    questions: int = 0

    def delays(self) -> list[float]:
        """In seconds, shortest first; a page that knows before the editor has read their answer waits for nothing."""
        return sorted(
            max(0.0, at - self.acknowledged[key, number])
            for key, number, at in self.learned
            if (key, number) in self.acknowledged
        )


# ---- those who look ----


def ask(browser: Browser, path: str, seen: Seen, until: float) -> None:
    """A page that asks every two seconds."""
    key, tag, known = path.strip("/").rpartition("/")[2], "", 0
    time.sleep(Random(id(browser)).uniform(0, INTERVAL))  # noqa: S311 - spreads questions
    while time.monotonic() < until:
        with suppress(OSError, HTTPException):
            news = browser.ask(f"{path}pulse/", headers={"If-None-Match": tag} if tag else {})
            seen.questions += 1
            if news.status == 200:
                tag = news.headers["ETag"]
                found = re.search(rb'"revision": (\d+)', news.body)
                if found and int(found[1]) > known:
                    known = int(found[1])
                    seen.learned.append((key, known, time.monotonic()))
        time.sleep(INTERVAL)


def hear(port: int, key: str, seen: Seen, until: float) -> None:
    """A page that is told."""
    with socket.create_connection(("127.0.0.1", port), timeout=1) as stream:
        stream.sendall(f"GET /{key} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        while time.monotonic() < until:
            with suppress(TimeoutError):
                for found in re.findall(rb"data: (\d+)", stream.recv(4096)):
                    seen.learned.append((key, int(found), time.monotonic()))


def edit(editor: Editor, seen: Seen, until: float) -> None:
    """An editor who changes something, rests, and changes the next."""
    chance = Random(editor.number)  # noqa: S311 - spreads edits
    key = editor.path.strip("/").rpartition("/")[2]
    while time.monotonic() < until:
        with suppress(OSError, HTTPException):
            if (answer := editor.send(editor.prepare())).is_saved and answer.revision:
                seen.acknowledged[key, answer.revision] = time.monotonic()
        time.sleep(chance.uniform(0.5, 1.5) * REST)


# ---- the prototype ----


async def tell(url: str, port: int) -> None:
    """Pass on to each open stream what the database says of its plan, until the process is ended."""
    streams: dict[str, set[asyncio.StreamWriter]] = defaultdict(set)

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        key = (await reader.readuntil(b"\r\n\r\n")).split(b" ")[1].decode().strip("/")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-store\r\n\r\n")
        streams[key].add(writer)
        await reader.read()
        streams[key].discard(writer)
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", port):
        connection = await psycopg.AsyncConnection.connect(url, autocommit=True)
        await connection.execute("LISTEN plans")
        print("ready", flush=True)
        async for notice in connection.notifies():
            key, _, number = notice.payload.partition(" ")
            for writer in streams[key]:
                writer.write(f"data: {number}\n\n".encode())


@contextmanager
def telling(url: str) -> Iterator[tuple[int, int]]:
    """The prototype in a process of its own: its port, and its number."""
    port = free_port()
    command = [sys.executable, __file__, "--tell", url, str(port)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        if process.stdout:
            process.stdout.readline()
        yield port, process.pid
    finally:
        process.terminate()
        process.wait()


# ---- what it comes to ----


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """A service with plans and editors, who work a while and are looked at in one way or another."""

    service: Service
    url: str
    editors: list[Editor]
    seconds: float

    def run(self, name: str, pages: list[Callable[[Seen, float], None]], beside: int = 0) -> tuple[str, ...]:
        """A row of the table; `beside` is the number of a process that belongs to the service, too."""
        seen, watched = Seen(), Processes(self.service.process, self.url)
        began = time.monotonic()
        until = began + self.seconds
        before, extra = watched.spent(), spent_by(beside) if beside else 0.0
        people = [threading.Thread(target=page, args=(seen, until)) for page in pages]
        people += [threading.Thread(target=edit, args=(editor, seen, until)) for editor in self.editors]
        for person in people:
            person.start()
        for person in people:
            person.join()
        took = time.monotonic() - began
        spent = {who: after - before[who] for who, after in watched.spent().items()}
        more = spent_by(beside) - extra if beside else 0.0
        delays = seen.delays()
        shares = [f"{delays[round(share * (len(delays) - 1))] * 1000:,.0f}" if delays else "" for share in (0.5, 0.95)]
        return (
            name, f"{len(seen.acknowledged) / took:.1f}", f"{seen.questions / took:.1f}",
            f"{100 * spent['service'] / took:.1f} %", f"{100 * spent.get('database', 0.0) / took:.1f} %",
            f"{100 * more / took:.1f} %" if beside else "", *shares,
            f"{peak_of(beside) / 2**20:.0f} MiB" if beside else "",
        )  # fmt: skip


def measure(url: str, seconds: float, pages: int) -> str:
    """The table of all three."""
    with serve(DATABASE_URL=url) as service:
        links = service.make_plans("everything", PLANS)
        editors = [Editor(service, number) for number in range(PLANS)]
        first = Browser(service)
        endpoint = next(list_endpoints(first, first.enter(links[0])))
        for editor, link in zip(editors, links, strict=True):
            editor.begin(link, endpoint)
        with psycopg.connect(url, autocommit=True) as database:
            database.execute(TELLING)
        keys = [editor.path.strip("/").rpartition("/")[2] for editor in editors]
        trial = Trial(service=service, url=url, editors=editors, seconds=seconds)
        browsers = [Browser(service) for _ in range(pages)]
        places = [browser.enter(links[number % PLANS]) for number, browser in enumerate(browsers)]

        def asks(number: int) -> Callable[[Seen, float], None]:
            return lambda seen, until: ask(browsers[number], places[number], seen, until)

        numbers = range(pages)
        rows = [trial.run("nobody looks", []), trial.run("pages ask", [asks(number) for number in numbers])]
        with telling(url) as (port, process):

            def hears(number: int) -> Callable[[Seen, float], None]:
                return lambda seen, until: hear(port, keys[number % PLANS], seen, until)

            rows.append(trial.run("pages are told", [hears(number) for number in numbers], process))
    heads = ("", "edits a second", "questions", "service", "database", "beside", "known after, p50 ms", "p95",
             "memory beside")  # fmt: skip
    return f"Measured {describe_machine('')} {pages} pages of {PLANS} plans, {seconds:g} s each; processor time as a share of one processor.\n\n{make_table(heads, rows)}"  # noqa: E501


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(prog="scripts/bench_live.py", description=__doc__.partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=30, help="how long each of the three takes")
    parser.add_argument("--pages", type=int, default=66, help="how many pages are open")
    parser.add_argument("--tell", nargs=2, metavar=("URL", "PORT"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.tell:
        asyncio.run(tell(arguments.tell[0], int(arguments.tell[1])))
        return
    with postgresql() as url:
        if not url:
            sys.exit("PostgreSQL couldn't be started.")
        print(measure(url, arguments.seconds, arguments.pages))


if __name__ == "__main__":
    main()
