"""Puts the service under load, as `make run` starts it: editors and viewers of a few plans, on each database.

An editor changes something, reads the answer, rests, and changes the next. Everybody's page asks every two seconds
whether something is new, and gets what is, as static/js/pulse.js does. Afterwards the history of each plan is held
against what its editors were told.

Ends with status 1 where an answer was an error of the service (5xx), where a lock couldn't be had, or where a change
that was acknowledged is lost or there twice. How fast it is is told and not judged: it depends on the machine, which
has to carry the people, too.
"""

import argparse
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.client import HTTPException
from itertools import islice
from pathlib import Path
from random import Random

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from scripts.people import Answer, Browser, Editor, find_faults, list_endpoints  # noqa: E402
from scripts.served import Service, serve  # noqa: E402
from scripts.watching import Processes  # noqa: E402
from scripts.written import describe_machine, make_table, write_part  # noqa: E402

INTERVAL = 2.0
"""Seconds from one question of a page whether something is new to the next."""
PLANS = 4
EXAMPLE = "everything"
WANTED = 0.3
"""Seconds that 95 of 100 edits may take at most."""
LOCKED = re.compile(r"database is locked|deadlock|could not serialize|lock timeout", re.IGNORECASE)


@dataclass(slots=True)
class Tally:
    """What came of one kind of question, of all people together."""

    times: list[float] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)
    unanswered: list[str] = field(default_factory=list)

    def add(self, answer: Answer) -> Answer:
        """Count an answer."""
        self.times.append(answer.seconds)
        self.statuses.append(answer.status)
        return answer

    def percentile(self, share: float) -> float:
        """The time in ms that so large a share of the answers doesn't exceed; 0 where there is none."""
        return sorted(self.times)[max(0, round(share * len(self.times)) - 1)] * 1000 if self.times else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Crowd:
    """What all people share: how long they stay, how long an editor rests, and what is counted."""

    until: float
    pause: float
    edits: Tally = field(default_factory=Tally)
    pages: Tally = field(default_factory=Tally)
    pulses: Tally = field(default_factory=Tally)

    @property
    def tallies(self) -> dict[str, Tally]:
        """By what they are of."""
        return {"edit": self.edits, "page": self.pages, "pulse": self.pulses}


class Person(threading.Thread):
    """Someone with a page of a plan open. With an editor's work there are edits beside."""

    def __init__(self, browser: Browser, path: str, crowd: Crowd, number: int) -> None:
        super().__init__(daemon=True)
        self.browser, self.path, self.crowd = browser, path, crowd
        self.chance = Random(number)  # noqa: S311 - spreads questions, guards nothing
        self.revision, self.tag = 0, ""

    def run(self) -> None:
        """Stay until the time is over."""
        now = time.monotonic()
        pulse = now + self.chance.uniform(0, INTERVAL)
        editor = self.browser if isinstance(self.browser, Editor) else None
        edit = now + self.chance.uniform(0, self.crowd.pause) if editor else float("inf")
        while (due := min(pulse, edit)) < self.crowd.until:
            time.sleep(max(0.0, due - time.monotonic()))
            if editor and due == edit:
                self._edit(editor)
                edit = time.monotonic() + self.chance.uniform(0.5, 1.5) * self.crowd.pause
            else:
                self._pulse()
                pulse = time.monotonic() + INTERVAL

    def _edit(self, editor: Editor) -> None:
        form = editor.prepare()
        try:
            answer = self.crowd.edits.add(editor.send(form))
        except (OSError, HTTPException) as error:
            self.crowd.edits.unanswered.append(repr(error))
        else:
            self.revision = answer.revision or self.revision

    def _pulse(self) -> None:
        try:
            self._ask()
        except (OSError, HTTPException) as error:
            self.crowd.pulses.unanswered.append(repr(error))

    def _ask(self) -> None:
        known = {"If-None-Match": self.tag} if self.tag else {}
        news = self.crowd.pulses.add(self.browser.ask(f"{self.path}pulse/", headers=known))
        if news.status != 200:
            return
        self.tag = news.headers["ETag"]
        found = re.search(rb'"revision": (\d+)', news.body)
        if found and int(found[1]) > self.revision:
            headers = {"HX-Request": "true", "X-Pulse": "", "HX-Current-URL": f"http://127.0.0.1{self.path}"}
            page = self.crowd.pages.add(self.browser.ask(self.path, headers=headers))
            self.revision = page.revision or self.revision


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a load came to."""

    database: str
    crowd: Crowd
    seconds: float
    processor: dict[str, float]
    """Seconds of processor time: of the service, its database, and of the people."""
    memory: list[int]
    """The most memory that each process of the service had, in bytes."""
    faults: list[str]


def load(database: str, arguments: argparse.Namespace, **variables: str) -> Outcome:
    """Start the service on a database, put it under load, and hold what was told against what is there."""
    with serve(**variables) as service:
        links = service.make_plans(EXAMPLE, arguments.plans)
        first = [Browser(service) for _ in links]
        paths = [browser.enter(link) for browser, link in zip(first, links, strict=True)]
        names = list(islice(list_endpoints(first[0], paths[0]), -(-arguments.editors // len(links))))
        editors = [Editor(service, number) for number in range(arguments.editors)]
        for number, editor in enumerate(editors):
            editor.begin(links[number % len(links)], names[number // len(links) % len(names)])
        viewers = [Browser(service) for _ in range(arguments.viewers)]
        places = [viewer.enter(links[number % len(links)]) for number, viewer in enumerate(viewers)]
        said = len(read_log(service))
        watched = Processes(service.process, variables.get("DATABASE_URL", ""))
        before, began, own = watched.spent(), time.monotonic(), time.process_time()
        crowd = Crowd(until=began + arguments.seconds, pause=arguments.pause)
        pages = [(editor, editor.path) for editor in editors] + list(zip(viewers, places, strict=True))
        people = [Person(browser, path, crowd, number) for number, (browser, path) in enumerate(pages)]
        for person in people:
            person.start()
        for person in people:
            person.join()
        seconds = time.monotonic() - began
        spent = {name: after - before[name] for name, after in watched.spent().items()}
        spent["people"] = time.process_time() - own
        faults = list(list_errors(crowd))
        if locked := [line for line in read_log(service)[said:].splitlines() if LOCKED.search(line)]:
            faults.append(f"The log tells {len(locked)} times of a lock that couldn't be had: {locked[0][:200]}")
        for browser, path in zip(first, paths, strict=True):
            faults += find_faults(browser, path, [editor for editor in editors if editor.path == path])
        return Outcome(
            database=database, crowd=crowd, seconds=seconds, processor=spent, memory=watched.peaks(), faults=faults
        )


def list_errors(crowd: Crowd) -> Iterator[str]:
    """What shouldn't have been answered, in sentences."""
    for name, tally in crowd.tallies.items():
        for status in sorted({status for status in tally.statuses if status >= 400}):
            yield f"Of {name}s {tally.statuses.count(status)} were answered with {status}."
        if tally.unanswered:
            yield f"Of {name}s {len(tally.unanswered)} had no answer: {tally.unanswered[0]}."


def read_log(service: Service) -> str:
    """What the service has said so far."""
    return (service.data / "log").read_text("utf-8", "replace")


@contextmanager
def postgresql() -> Iterator[str]:
    """The address of an empty database on a server that ends with the block; empty where there is none to be had."""
    script = ROOT / "scripts" / "with-postgres.sh"
    command = [str(script), "sh", "-c", 'echo "$DATABASE_URL"; cat']
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        yield process.stdout.readline().strip() if process.stdout else ""
    finally:
        if process.stdin:
            with suppress(BrokenPipeError):
                process.stdin.close()
        process.wait()


def describe(outcomes: Sequence[Outcome], arguments: argparse.Namespace) -> str:
    """The table of what came of it, with how it was measured."""
    rows = []
    for outcome in outcomes:
        for name, tally in outcome.crowd.tallies.items():
            count = len(tally.statuses)
            rows.append(
                (
                    f"{outcome.database}, {name}s",
                    f"{count:,}",
                    f"{count / outcome.seconds:.1f}",
                    *(f"{tally.percentile(share):,.0f}" for share in (0.5, 0.95, 1)),
                    str(sum(status >= 500 for status in tally.statuses) + len(tally.unanswered)),
                )
            )
    costs = [
        (
            outcome.database,
            "kept" if outcome.crowd.edits.percentile(0.95) <= WANTED * 1000 else "missed",
            *(
                f"{outcome.processor[who] / outcome.seconds:.2f}" if who in outcome.processor else "its own"
                for who in ("service", "database", "people")
            ),
            ", ".join(f"{size / 2**20:.0f}" for size in outcome.memory) + " MiB",
        )
        for outcome in outcomes
    ]
    wrong = [f"{outcome.database}: {fault}" for outcome in outcomes for fault in outcome.faults]
    how = (
        f"{arguments.editors} editors and {arguments.viewers} viewers of {arguments.plans} plans for "
        f"{arguments.seconds:g} s on the same machine; an editor rests for {arguments.pause:g} s on average after "
        "each change, and everybody's page asks every 2 s what is new. Times in ms, from the connection to the last "
        "byte; processor time as a share of one processor."
    )
    all_well = (
        "No answer was an error, no lock failed, and each change that was acknowledged is there, once and in order."
    )
    said = [
        f"Measured {describe_machine(arguments.note)}",
        how,
        make_table(("", "requests", "a second", "p50", "p95", "max", "5xx or none"), rows),
        make_table(("", "edits p95 300 ms", "service", "database", "people", "memory of each process"), costs),
        f"**What went wrong:** {' '.join(wrong[:9])}" if wrong else all_well,
    ]
    return "\n\n".join(part.strip() for part in said)


def read_arguments() -> argparse.Namespace:
    """What the command line asks for."""
    parser = argparse.ArgumentParser(prog="make load", description=__doc__.partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=60, help="how long people stay")
    parser.add_argument("--editors", type=int, default=16)
    parser.add_argument("--viewers", type=int, default=50)
    parser.add_argument("--plans", type=int, default=PLANS)
    parser.add_argument("--pause", type=float, default=3, help="seconds that an editor rests after each change")
    parser.add_argument("--database", choices=("sqlite", "postgresql"), help="one of them; else both")
    parser.add_argument("--write", action="store_true", help="write the tables into docs/performance.md")
    parser.add_argument("--note", default="", help="what is to be known of the machine, beside its size")
    return parser.parse_args()


def main() -> None:
    """Load each database, tell what came of it, and end with 1 where something went wrong."""
    arguments = read_arguments()
    outcomes = []
    if arguments.database != "postgresql":
        outcomes.append(load("SQLite", arguments))
    if arguments.database != "sqlite":
        with postgresql() as url:
            if not url:
                sys.exit("PostgreSQL couldn't be started; with --database sqlite it isn't needed.")
            outcomes.append(load("PostgreSQL", arguments, DATABASE_URL=url))
    text = describe(outcomes, arguments)
    print(text)
    faults = [f"{outcome.database}: {fault}" for outcome in outcomes for fault in outcome.faults]
    if arguments.write:
        write_part("docs/performance.md", "load", text)
    if faults:
        sys.exit("\n".join(faults))


if __name__ == "__main__":
    main()
