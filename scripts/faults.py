"""Breaks the service in all ways that a site meets one day, while six people write, and looks what is left.

After each: what was acknowledged is there, once and in order; the rest as a whole or not at all; whoever was refused
was told by a page that says why; the database is sound by `PRAGMA integrity_check`. Ends with status 1 where it isn't.
"""

import argparse
import fcntl
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from scripts import breakable  # noqa: E402
from scripts.breakable import Breaker, Postmaster, Site, Writers, fill, read_only, site, small_disk  # noqa: E402
from scripts.load import postgresql  # noqa: E402
from scripts.people import Browser  # noqa: E402
from scripts.written import describe_machine, make_table, write_part  # noqa: E402

OF_STOPS = "The service ended with status", "Requests that were there had no answer"
"""How the faults begin that are those of a stop."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of a fault: what was done, how much was acknowledged, what people were told, and what is wrong."""

    done: str
    acknowledged: int = 0
    told: str = ""
    faults: tuple[str, ...] = ()


def _come_out(done: str, writers: Writers, *faults: str) -> Outcome:
    return Outcome(
        done=done,
        acknowledged=writers.acknowledged,
        told="; ".join(f"{text.removeprefix('503 ')} ({count})" for text, count in sorted(writers.told.items())),
        faults=(*faults, *writers.find_faults()),
    )


def kill_under_writers(folder: Path, kills: int, stops: int = 0, **variables: str) -> Outcome:
    """Kill one of the processes that answer, and every fifth time the one that minds them, which is started anew.

    Before that the service is stopped so many times, as `stop_under_writers` does it.
    """
    chance, faults = random.Random(1), list[str]()  # noqa: S311 - no secret
    masters = 0
    with site(folder, **variables) as made, Writers(made) as writers:
        if stops:
            faults += _stop(made, writers, stops)
        for number in range(kills):
            writers.wait_for(1)
            time.sleep(chance.uniform(0, 0.1))
            if number % 5 == 4:
                made.kill()
                faults += made.check()
                made.start()
                masters += 1
            else:
                os.kill(chance.choice(made.workers()), signal.SIGKILL)
                faults += made.check()
        writers.wait_for(6)
        writers.finish()
        return _come_out(
            f"{kills} kills (SIGKILL), {masters} of them of the process that minds the others", writers, *faults
        )


def fail_every_write(folder: Path) -> Outcome:
    """Have every so manieth write and flush of the database's files fail, more and more often."""
    breaker = Breaker(folder.parent)
    with site(folder, **breaker.variables) as made, Writers(made) as writers:
        for every in (97, 61, 41):
            breaker.order(every=every)
            writers.wait_for(6)
            wanted, until = breaker.failed + 8, time.monotonic() + breakable.PATIENCE
            while breaker.failed < wanted and time.monotonic() < until:
                time.sleep(0.05)
        breaker.order()
        writers.wait_for(12)
        writers.finish()
        failed = breaker.failed
        few = () if failed > 20 else (f"Only {failed} writes failed.",)
        return _come_out(f"each 97th, 61st, 41st write or flush fails: {failed} in all", writers, *few)


def fill_disk(folder: Path, rounds: int = 5) -> Outcome:
    """Fill the disk and make room again."""
    faults = []
    folder.mkdir()
    with small_disk(folder, "60m"), site(folder) as made, Writers(made) as writers:
        for _ in range(rounds):
            writers.wait_for(6)
            fill(folder / "filled")
            faults += _expect_reading(made, writers, "The disk is full")
            (folder / "filled").unlink()
        writers.wait_for(12)
        writers.finish()
        return _come_out(f"a disk of 60 MiB is filled, and emptied: {rounds} times", writers, *faults)


def forbid_writing(folder: Path) -> Outcome:
    """Have nothing be written in the folder for a while."""
    with site(folder) as made, Writers(made) as writers:
        writers.wait_for(6)
        made.stop()  # a write-ahead log that is there is for writers, so it can't be read without them
        made.start()
        with read_only(folder):
            faults = _expect_reading(made, writers, "Nothing can be stored")
        writers.wait_for(12)
        writers.finish()
        return _come_out("the folder can't be written for a while", writers, *faults)


def _expect_reading(made: Site, writers: Writers, title: str) -> list[str]:
    """Wait until writers are told why they can't, and look whether plans are read meanwhile."""
    before, until = writers.told[f"503 {title}"], time.monotonic() + breakable.PATIENCE
    while writers.told[f"503 {title}"] < before + 6:
        if time.monotonic() > until:
            return [f"Nobody is told “{title}”, but {dict(writers.told)}."]
        time.sleep(0.05)
    status = writers.readers[0].ask(writers.paths[0]).status
    alive = Browser(made).ask("/healthz").status
    ready = Browser(made).ask("/readyz").status
    wanted = {"a plan": (status, 200), "/healthz": (alive, 200), "/readyz": (ready, 503)}
    return [f"Meanwhile {what} is answered with {got}." for what, (got, want) in wanted.items() if got != want]


def take_database_away(folder: Path, rounds: int = 5) -> Outcome:
    """Move the file of the database elsewhere, and back."""
    faults = []
    with site(folder) as made, Writers(made) as writers:
        for _ in range(rounds):
            writers.wait_for(6)
            elsewhere = folder / "elsewhere"
            made.database.rename(elsewhere)
            before = writers.told["503 Please wait"]
            until = time.monotonic() + breakable.PATIENCE
            while writers.told["503 Please wait"] < before + 6 and time.monotonic() < until:
                time.sleep(0.05)
            if made.database.exists():
                faults.append("An empty database stands in place of the one that was taken away.")
            elsewhere.rename(made.database)
        writers.wait_for(12)
        writers.finish()
        return _come_out(f"the file is moved away, and back: {rounds} times", writers, *faults)


def restart_database(folder: Path, url: str, rounds: int = 5) -> Outcome:
    """End PostgreSQL as if the power was cut, and start it again."""
    server = Postmaster(url)
    with site(folder, DATABASE_URL=url) as made, Writers(made) as writers:
        for _ in range(rounds):
            writers.wait_for(6)
            server.stop()
            time.sleep(1)
            server.start()
        writers.wait_for(12)
        writers.finish()
        return _come_out(f"the server is ended at once (SIGQUIT), and started: {rounds} times", writers)


def set_clock_back(folder: Path) -> Outcome:
    """Set the clock back by an hour, by a day, by a year, and forth again."""
    breaker = Breaker(folder.parent)
    with site(folder, **breaker.variables) as made, Writers(made) as writers:
        for seconds in (-3_600, -86_400, -31_536_000, 0):
            breaker.order(seconds=seconds)
            writers.wait_for(12)
        writers.finish()
        statuses = {path: reader.ask(path).status for reader, path in zip(writers.readers, writers.paths, strict=True)}
        lost = [f"{path} is answered with {status}." for path, status in statuses.items() if status != 200]
        return _come_out("the service's clock goes back by an hour, a day, a year, and forth", writers, *lost)


def serve_twice(folder: Path) -> Outcome:
    """Two services on one file, each with three of the writers; one is killed and started again meanwhile."""
    with site(folder) as made, site(folder) as other, Writers(made) as writers:
        for editor in writers.editors[::2]:
            editor.service = other
        for _ in range(3):
            writers.wait_for(24)
            other.kill()
            writers.wait_for(6)
            other.start()
        writers.wait_for(24)
        writers.finish()
        return _come_out("two services on one file; one of them is killed three times", writers)


def interrupt_migration(folder: Path, kills: int = 12, people: int = 6) -> Outcome:
    """Kill what comes before a start, later each time: on an empty folder, and where plans have to be brought up."""
    chance, faults, early = random.Random(2), list[str](), 0  # noqa: S311 - no secret
    folder.mkdir()
    made = Site(folder)
    early += _kill_while_preparing(made, kills // 2, chance, faults)
    with site(folder) as made, Writers(made, people) as writers:
        writers.wait_for(12)
        writers.finish()
        made.stop()
        for _ in range(kills - kills // 2):
            back = made.manage("migrate", "planner", "0015", "--skip-checks")
            said, _ = back.communicate()
            if back.returncode:
                faults.append(f"The database can't be brought to an older version: {said[-200:]}")
            early += _kill_while_preparing(made, 1, chance, faults)
        if said := made.prepare():
            faults.append(f"It can't be prepared any more: {said[-300:]}")
        made.start()
        return _come_out(f"{kills} kills (SIGKILL), {early} of them before it was done", writers, *faults)


def _kill_while_preparing(made: Site, kills: int, chance: random.Random, faults: list[str]) -> int:
    """Returns how many of the kills came before the end."""
    early = 0
    for _ in range(kills):
        process, began = made.manage("prepare"), time.monotonic()
        # By what is there, as a start takes longer on a busy machine: the kill comes while tables are made. The file
        # of the database says nothing of that, since all of them come with the one transaction's end.
        while process.poll() is None and time.monotonic() < began + breakable.PATIENCE and not _is_starting(made):
            time.sleep(0.002)
        time.sleep(chance.uniform(0, 0.6))
        early += process.poll() is None
        process.kill()
        process.communicate()
        if made.database.exists():
            faults += made.check()
    return early


def _is_starting(made: Site) -> bool:
    """Whether somebody brings the database up, and has others wait until then."""
    try:
        with (made.folder / "starting.lock").open() as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False


def stop_under_writers(folder: Path, rounds: int = 10) -> Outcome:
    """Stop the service (SIGTERM) while edits are under way, and start it again."""
    with site(folder) as made, Writers(made) as writers:
        faults = _stop(made, writers, rounds)
        writers.finish()
        return _come_out(f"stopped while edits are under way, and started: {rounds} times", writers, *faults)


def _stop(made: Site, writers: Writers, rounds: int) -> list[str]:
    """What was wrong about stops of a service whose writers have had all their answers until then."""
    faults = []
    for _ in range(rounds):
        writers.wait_for(6)
        if status := made.stop():
            faults.append(f"{OF_STOPS[0]} {status}.")
        faults += made.check()
        made.start()
    writers.wait_for(6)
    broken = {name: count for name, count in writers.missed.items() if name != "refused"}
    if broken:
        faults.append(f"{OF_STOPS[1]}: {broken}.")
    return faults


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One of the ways to break it."""

    title: str
    do: Callable[[Path], Outcome]
    needs: tuple[str, ...] = ()


def list_faults(kills: int) -> dict[str, Fault]:
    """All of them by name."""
    return {
        "kills": Fault(title="processes are killed", do=lambda folder: kill_under_writers(folder, kills)),
        "kills-postgresql": Fault(
            title="processes are killed, on PostgreSQL", do=with_postgresql(kill_under_writers, -(-kills // 4))
        ),
        "writes": Fault(title="every so manieth write fails", do=fail_every_write, needs=("cc",)),
        "full": Fault(title="the disk is full", do=fill_disk, needs=("root",)),
        "read-only": Fault(title="nothing can be written", do=forbid_writing, needs=("root",)),
        "gone": Fault(title="the database is gone, and back", do=take_database_away),
        "gone-postgresql": Fault(title="PostgreSQL is gone, and back", do=with_postgresql(restart_database)),
        "clock": Fault(title="the clock goes back", do=set_clock_back, needs=("cc",)),
        "two": Fault(title="two services on one file", do=serve_twice),
        "migration": Fault(title="a migration is interrupted", do=interrupt_migration),
        "stop": Fault(title="it is stopped under way", do=stop_under_writers),
    }


def with_postgresql(do: Callable[..., Outcome], *arguments: int) -> Callable[[Path], Outcome]:
    """The same on a server of its own."""

    def on_server(folder: Path) -> Outcome:
        with postgresql() as url:
            if do is restart_database:
                return do(folder, url)
            return do(folder, *arguments, DATABASE_URL=url)

    return on_server


@contextmanager
def own_folder() -> Iterator[Path]:
    """A folder that isn't there yet, in one that goes with all that is in it."""
    with tempfile.TemporaryDirectory(prefix="planner-faults-") as place:
        yield Path(place) / "data"


def main() -> None:
    """Break it in each way that is asked for, tell what came of it, and end with 1 where something was lost."""
    parser = argparse.ArgumentParser(prog="make faults", description=__doc__.partition("\n")[0])
    parser.add_argument(
        "--kills", type=int, default=200, help="how many processes are killed; a quarter on PostgreSQL"
    )
    parser.add_argument("--only", action="append", choices=list_faults(0), help="one of the faults; else all")
    parser.add_argument("--write", action="store_true", help="write the table into docs/reliability.md")
    parser.add_argument("--note", default="", help="what is to be known of the machine, beside its size")
    arguments = parser.parse_args()
    # The sites that are made have the static files of this folder, if need be anew.
    subprocess.run([Path(__file__).with_name("static.sh")], check=True)
    rows, wrong = list[tuple[str, ...]](), list[str]()
    for name, fault in list_faults(arguments.kills).items():
        if arguments.only and name not in arguments.only:
            continue
        if missing := breakable.find_missing(fault.needs):
            rows.append((fault.title, f"not tried: it needs {missing}", "", "", ""))
            continue
        print(f"{fault.title} …", flush=True)
        with own_folder() as folder:
            try:
                outcome = fault.do(folder)
            except (RuntimeError, OSError, subprocess.SubprocessError) as error:
                outcome = Outcome(done="broken off", faults=(str(error),))
        well = "yes" if not outcome.faults else "**no**"
        rows.append((fault.title, outcome.done, f"{outcome.acknowledged:,}", outcome.told or "nothing", well))
        wrong += [f"{fault.title}: {text}" for text in outcome.faults]
        print(
            f"  {outcome.done}; {outcome.acknowledged:,} acknowledged; told: {outcome.told or 'nothing'}", flush=True
        )
        for text in outcome.faults:
            print(f"  WRONG: {text}", flush=True)
    table = make_table(("what happens", "how", "acknowledged", "what people were told (how often)", "well"), rows)
    text = f"Tried {describe_machine(arguments.note)}\n\n{table}"
    print(f"\n{text}")
    if arguments.write:
        write_part("docs/reliability.md", "faults", text)
    if wrong:
        sys.exit("\n".join(wrong))


if __name__ == "__main__":
    main()
