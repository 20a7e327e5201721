"""Kept runs of results as they are held against the plan as it is now, and how they lie in their rows.

A run is taken for the state of the plan that its script was made from. After the plan has changed, its results count
on for every check that is the same still: from the same source at the same addresses, to the same destination, at an
address or by the DNS names that it still has. So only what changed falls back to not tested. New names of endpoints
are followed.
"""

import json
import zlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from planner.engine import Report
from planner.engine.acceptance import Acceptance, Run, assess
from planner.engine.checks import Check, check_id, digest_of, plan_checks
from planner.engine.renames import Rename
from planner.plan import limits
from planner.plan.check_results import Result, Results
from planner.plan.reading import address_key
from planner.store import models
from planner.store.reports import find_renames_since
from planner.store.run_models import CheckRun


def name_run(row: CheckRun) -> str:
    """What a kept run is called in an acceptance: by whom and when, and no two alike."""
    return f"{row.source}, {row.started:%Y-%m-%d %H:%M} UTC, run {row.pk}"


class Target:
    """What every kept run is held against: found once in the newest report, however many runs there are."""

    def __init__(self, report: Report) -> None:
        self.report, self.plan, self.digest = report, report.plan.name, digest_of(report)
        self.addresses = {endpoint.name: endpoint.addresses for endpoint in report.plan.endpoints}
        self.checks: dict[str, list[Check]] = defaultdict(list)
        """By their source."""
        for check in plan_checks(report):
            self.checks[check.source].append(check)


def carry(row: CheckRun, target: Target, renamed: Iterable[Rename]) -> Run | None:
    """A kept run as one of the newest report; None where nothing of it counts any more."""
    name, found = name_run(row), replace(unpack(row), plan=target.plan, report=target.digest)
    if row.digest == target.digest:
        return Run(name=name, results=found)
    now = {one.old: one.new for one in renamed if one.kind == "endpoint"}
    then = {new: old for old, new in now.items()}
    source = now.get(row.source, row.source)
    if source not in target.addresses or _keys(target.addresses[source]) != _keys(row.addresses):
        return None
    ids: dict[tuple[str, str], Check] = {}
    for check in target.checks.get(source, ()):
        if check.destination in then or check.destination not in now:
            # What has got the name of another since is something else.
            old = then.get(check.destination, check.destination)
            opening = (row.source, old, check.protocol, check.ports)
            ids[check_id(opening, closed=check.closed), old] = check
    results = tuple(_list_carried(row, ids, found.results))
    return Run(name=name, results=replace(found, source=source, results=results))


def _list_carried(
    row: CheckRun, checks: Mapping[tuple[str, str], Check], results: Iterable[Result]
) -> Iterator[Result]:
    """The results at addresses that their checks still have, and those of names where these are the same ones still.

    `checks`: by id and destination of then. A result says which address was tried and not whether a name led there, so
    it is told by what the destination had then: the first at one of its addresses is of that address, every other one
    of a name. What names led to is not known of runs from before it was kept.
    """
    seen: set[tuple[str, str, str | None]] = set()
    for result in results:
        check = checks.get((result.id, result.destination))
        if check is None:
            continue
        address = address_key(result.address)
        is_first = (result.id, address, result.port) not in seen
        seen.add((result.id, address, result.port))
        addresses, names = row.aims.get(result.destination, ((), ()))
        is_of_address = is_first and address in addresses
        is_followed = not check.names or _keys(names) == _keys(check.names)
        if (is_first and address in check.addresses) or (is_followed and not is_of_address):
            yield replace(result, id=check.id, destination=check.destination)


def _keys(addresses: Iterable[str]) -> set[str]:
    return {address_key(address) for address in addresses}


def assess_rows(plan: models.Plan, target: Target, rows: Sequence[CheckRun]) -> tuple[Acceptance, list[Run | None]]:
    """What these rows say of a report, and each as a run of it; None for those of which nothing is of it."""
    renames = find_renames_since(plan, {row.revision for row in rows})
    carried = [carry(row, target, renames.get(row.revision, ())) for row in rows]
    return assess(target.report, [run for run in carried if run is not None]), carried


def is_whole(row: CheckRun, run: Run | None, target: Target) -> bool:
    """Whether all that a run says is about the plan as it is: of other runs something may count after an undo."""
    return run is not None and (row.digest == target.digest or len(run.results.results) == row.number)


def pack(results: Results) -> bytes:
    """The results of a run, small enough to be kept."""
    rows = [
        [one.id, one.destination, one.address, one.protocol, one.port, one.outcome, one.milliseconds, one.error]
        for one in results.results
    ]
    return zlib.compress(json.dumps(rows, ensure_ascii=False, separators=(",", ":")).encode(), 6)


def unpack(row: CheckRun) -> Results:
    """A run as it was read when it came."""
    rows = json.loads(zlib.decompress(row.data, bufsize=limits.RESULTS))
    share: Any = dict[str | None, str | None]().setdefault  # most of what they take is what they have in common
    return Results(
        plan="",
        report=row.digest,
        source=row.source,
        host=row.host,
        started=row.started,
        results=tuple(
            Result(
                id=share(slug, slug),
                destination=share(destination, destination),
                address=share(address, address),
                protocol=share(protocol, protocol),
                port=share(port, port),
                outcome=share(outcome, outcome),
                milliseconds=milliseconds,
                error=share(error, error),
            )
            for slug, destination, address, protocol, port, outcome, milliseconds, error in rows
        ),
    )
