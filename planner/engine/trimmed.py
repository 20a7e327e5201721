"""What of a run is worth keeping: the results that can count, and no more than their checks have room for. Pure."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from typing import NamedTuple

from planner.engine.acceptance import Run
from planner.engine.checks import Check
from planner.engine.places import ELSEWHERE, list_places
from planner.plan.check_results import Results
from ports.text import many, plural, short

MOST_ELSEWHERE = 20
"""How many results of a check are kept on one port at addresses that its names and networks led to, and how many at
ports of a range that aren't among those that are tried."""


class Trimmed(NamedTuple):
    """What is kept of a run."""

    results: Results
    messages: tuple[str, ...]
    """A sentence about results of its checks that weren't kept; none where all were."""


def trim(run: Run, checks: Mapping[str, Check]) -> Trimmed:
    """What can count of a run, in its order.

    Of each check at each of its addresses and ports that is one result, at what its names and networks led to
    MOST_ELSEWHERE on each port, and beyond that each outcome that wasn't there yet, for each family of addresses: so
    the state of every check is the same. At ports that aren't tried it is the first MOST_ELSEWHERE, as each of them
    would outlive what newer runs say of others. `checks` are those of the run's report, by id. Never raises.
    """
    kept, left = [], 0
    times: Counter[tuple[str, str, str | None]] = Counter()
    said: set[tuple[str, str, str | None, str, bool]] = set()
    for result, check, place in list_places(run.results, checks):
        if check is None or place is None:
            continue
        address, port = place
        is_tried = port in check.tries
        is_found = address == ELSEWHERE and bool(check.names or check.networks)
        slot = (check.id, address, port) if is_tried else (check.id, ELSEWHERE, "")
        outcome = (*slot, result.outcome, ":" in result.address)
        times[slot] += 1
        has_room = times[slot] <= (MOST_ELSEWHERE if is_found or not is_tried else 1)
        if has_room or (is_tried and outcome not in said):
            said.add(outcome)
            kept.append(result)
        else:
            left += 1
    said_left = (
        f"{short(run.name)}: {many(left, 'result')} {plural(left, 'was', 'were')} not kept, which others of the same "
        f"check say as well: one for each address and port is, {MOST_ELSEWHERE} at what names and networks led to and "
        "at other ports of a range, and each outcome."
    )
    return Trimmed(replace(run.results, results=tuple(kept)), (said_left,) if left else ())
