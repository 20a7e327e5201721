"""Measures how long edits of a usual plan wait for those of large ones, on a service as `make run` starts it.

First the usual plan alone, then beside people who change plans of 5,000 sites one after the other without a rest.
Nothing passes or fails here. `--at-once` says how many requests for large plans are worked on at once
(PLANNER_LARGE_AT_ONCE), so that both ways can be had beside each other.
"""

import argparse
import sys
import threading
import time
from http.client import HTTPException
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from scripts.load import Tally  # noqa: E402
from scripts.people import Browser, Editor, list_endpoints  # noqa: E402
from scripts.served import Service, serve  # noqa: E402
from scripts.written import describe_machine, make_table, write_part  # noqa: E402

USUAL, LARGE = 4, 3
"""How many people change the usual plan, and how many a large plan each."""
REST = 0.5
"""Seconds that those of the usual plan rest after a change."""


def work(editor: Editor, tally: Tally, until: float, rest: float) -> None:
    """Change one thing after another until the time is over; what isn't acknowledged is counted."""
    while time.monotonic() < until:
        try:
            answer = tally.add(editor.send(editor.prepare()))
        except (OSError, HTTPException) as error:
            tally.unanswered.append(repr(error))
        else:
            if not answer.is_saved:
                tally.unanswered.append(str(answer.status))
        time.sleep(rest)


def run(groups: list[tuple[list[Editor], Tally, float]], seconds: float) -> None:
    """Have all of them work at once."""
    until = time.monotonic() + seconds
    threads = [
        threading.Thread(target=work, args=(editor, tally, until, rest))
        for editors, tally, rest in groups
        for editor in editors
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def make_editors(service: Service, slug: str, count: int, plans: int, first: int) -> list[Editor]:
    """So many people, spread over so many new plans."""
    links = service.make_plans(slug, plans)
    browser = Browser(service)
    path = browser.enter(links[0])
    names = ["PS01"] if slug.startswith("sites") else list(list_endpoints(browser, path))
    editors = [Editor(service, first + number) for number in range(count)]
    for number, editor in enumerate(editors):
        editor.begin(links[number % plans], names[number // plans % len(names)])
    return editors


def measure(arguments: argparse.Namespace, at_once: str) -> list[tuple[str, ...]]:
    """The rows of one way: the usual plan alone, beside large ones, and the large ones."""
    variables = {"PLANNER_LARGE_AT_ONCE": at_once} if at_once else {}
    with serve(**variables) as service:
        usual = make_editors(service, "everything", USUAL, 1, 0)
        large = make_editors(service, f"sites-{arguments.sites}", LARGE, LARGE, USUAL)
        alone, beside, huge = Tally(), Tally(), Tally()
        run([(usual, alone, REST)], arguments.seconds / 3)
        run([(usual, beside, REST), (large, huge, 0)], arguments.seconds)
    titles = {"the usual plan alone": alone, "the usual plan beside large ones": beside, "the large plans": huge}
    return [
        (
            f"{title}, {f'{at_once} at once' if at_once else 'as it is'}",
            f"{len(tally.times):,}",
            *(f"{tally.percentile(share):,.0f}" for share in (0.5, 0.95, 1)),
            str(len(tally.unanswered)),
        )
        for title, tally in titles.items()
    ]


def main() -> None:
    """Measure each way that is asked for."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--sites", type=int, default=5_000)
    parser.add_argument("--at-once", action="append", default=[], help="may be given several times")
    parser.add_argument("--write", action="store_true", help="write the table into docs/performance.md")
    parser.add_argument("--note", default="", help="what is to be known of the machine, beside its size")
    arguments = parser.parse_args()
    rows = [row for at_once in arguments.at_once or [""] for row in measure(arguments, at_once)]
    table = make_table(("edits of", "edits", "p50, ms", "p95", "max", "not saved"), rows)
    text = f"Measured {describe_machine(arguments.note)} {USUAL} people change one usual plan, {LARGE} one of "
    text += f"{arguments.sites:,} sites each.\n\n{table}"
    print(text)
    if arguments.write:
        write_part("docs/performance.md", "large", text)


if __name__ == "__main__":
    main()
