"""Results of checks that are kept with a plan: what was uploaded, and what it says of the plan as it is now.

A run is taken for the state of the plan that its script was made from. After the plan has changed, its results count
on for every check that is the same still: from the same source at the same addresses, to the same destination, at an
address or by the DNS names that it still has. So only what changed falls back to not tested. New names of endpoints
are followed.
"""

import hashlib
import json
import zlib
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from planner.engine import Report
from planner.engine.acceptance import Acceptance, Run, Status, assess
from planner.engine.checks import Check, Planning, check_id, digest_of, plan_checks
from planner.engine.renames import Rename
from planner.engine.result_files import ResultReader
from planner.engine.rules import Opening
from planner.engine.trimmed import trim
from planner.plan import limits
from planner.plan.check_results import BadResults, Result, Results
from planner.plan.reading import address_key
from planner.report.said.trend import Step, join_steps
from planner.store import audit, models
from planner.store.actions import lock_plan
from planner.store.kept import read_documents
from planner.store.recent import Recent
from planner.store.reports import find_renames_since
from planner.store.run_models import CheckRun
from ports.text import cut, many, plural
from ports.written import Written

MOST_OF_SOURCE = 10
"""How many runs of one source are kept, the newest; of those before them each of which anything counts."""
MOST_RUNS = 2_000
"""How many runs one plan has."""
MOST_KEPT = 1_000_000
"""How many results its runs have together, the newest: all of them are unpacked to say what they prove."""
MOST_BESIDE = 20_000
"""Most flows of a plan whose rows say on its page what is proven of them: all is found anew after each change."""
MOST_LOOKED_AT = 500
"""Of how many runs, the newest, the steps of the acceptance are told."""
MOST_NAMED = 50
"""In how many revisions, the newest, names of then are looked for."""
MOST_FILES = 100
"""How many files are taken at once."""
AHEAD = timedelta(hours=1)
"""How far the clock of a machine may be ahead; newer results count before older ones, so they can't be of any day."""
MOST_TOGETHER = 64 * 2**20
"""How many bytes they have together."""
MOST_RESULTS = 500_000
"""How many results they have together: a test case of JUnit XML, which is a few bytes, can have thousands."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """A file as it came, or a text that was pasted."""

    name: str
    data: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What came of an upload: the runs that were stored, and a sentence for each file or result that wasn't used."""

    stored: tuple[CheckRun, ...] = ()
    messages: tuple[str, ...] = ()
    files: int = 0
    """Of how many files something was stored."""
    known: int = 0
    """How many runs were there already."""
    sources: frozenset[str] = frozenset()
    """What the runs were made from, those that were there among them."""
    unfinished: str = ""
    """A sentence where the results are kept, and what follows of them couldn't be."""

    @property
    def results(self) -> int:
        """How many results were stored."""
        return sum(run.number for run in self.stored)


@dataclass(frozen=True, slots=True, kw_only=True)
class Proven:
    """What the runs of a plan say of its newest report."""

    acceptance: Acceptance
    runs: Mapping[str, CheckRun] = field(default_factory=dict)
    """By the name that a run has in the acceptance."""
    rules: Mapping[str, Status] = field(default_factory=dict)
    """By number of the rule."""
    flows: Mapping[Opening, Status] = field(default_factory=dict)
    superseded: tuple[int, ...] = ()
    """The numbers of the runs that are kept and of which newer ones say all: they can be forgotten."""

    def __bool__(self) -> bool:
        return bool(self.runs)


def _weigh(pair: tuple[Report, Proven]) -> int:
    report, proven = pair
    return len(report.flows) + sum(run.number for run in proven.runs.values())


_kept: Recent[tuple[Report, Proven]] = Recent(_weigh, count=4)


_named: Recent[frozenset[str]] = Recent(len, count=100)
"""What plans were called, by key and revision."""
_newest = Written(lambda plan: CheckRun.objects.filter(plan=plan).order_by("-pk").values_list("pk", "at")[:1], 2**62)


def _runs(plan: models.Plan) -> Any:
    return CheckRun.objects.filter(plan=plan)


def list_runs(plan: models.Plan, most: int) -> list[CheckRun]:
    """The newest runs, newest first, without their results."""
    return list(_runs(plan).defer("data")[:most])


def list_steps(plan: models.Plan, proven: Proven) -> tuple[Step, ...]:
    """How the acceptance of a plan went, from upload to upload, as far as its runs are kept. One query.

    `proven`: what they say now. The newest whose flows aren't counted yet brought that about.
    """
    kept = []
    now: Any = proven.acceptance.counts
    for at, counted in _runs(plan).order_by("-pk").values_list("at", "counts")[:MOST_LOOKED_AT]:
        if counted:
            now = {}
        if counts := counted or now:
            kept.append(Step(at=at, runs=1, counts=counts))
    return join_steps(reversed(kept))


def prove(plan: models.Plan, report: Report) -> Proven:
    """What the kept runs say of a plan's newest report. One query while nothing has changed."""
    # A number alone could be of a run that was never committed: the next one gets it again, at another time.
    newest = _newest.first(plan.pk)
    if newest is None or report.too_large:
        return NOTHING_PROVEN

    def make() -> tuple[Report, Proven]:
        rows = list(_runs(plan).order_by("pk"))
        target = _Target(report)
        renames = find_renames_since(plan, {row.revision for row in rows})
        carried = [_carry(row, target, renames.get(row.revision, ())) for row in rows]
        runs = [run for run in carried if run is not None]
        found = assess(report, runs)
        counting = {id(run) for run in found.counting}
        told = _list_told([(row, id(run) in counting) for row, run in zip(rows, carried, strict=True)])
        beyond = {row.pk for row in rows}.difference(row.pk for row in told)
        whole = {row.pk for row, run in zip(rows, carried, strict=True) if _is_whole(row, run, target)}
        superseded = (beyond & whole) | {*_list_repeated(rows, beyond - whole)}
        there = {name_run(row): row for row in rows if row.pk not in superseded}
        used = tuple(run for run in found.used if run.name in there)
        acceptance = replace(found, used=used, messages=())  # what was wrong was said when they came
        return report, Proven(
            acceptance=acceptance,
            runs=there,
            superseded=tuple(superseded),
            rules={one.rule.id: one.status for one in acceptance.rules},
            flows={one.state.check.opening: one.status for one in acceptance.flows},
        )

    return _kept.find((plan.key, plan.revision, newest, report), make)[1]


def _list_told(runs: Sequence[tuple[CheckRun, bool]]) -> list[CheckRun]:
    """The newest runs of each source, and those before them of which anything counts, as is said with each."""
    newer: Counter[str] = Counter()
    told = []
    for place in sorted(range(len(runs)), key=lambda place: (runs[place][0].started, place), reverse=True):
        row, counts = runs[place]
        newer[row.source] += 1
        if counts or newer[row.source] <= MOST_OF_SOURCE:
            told.append(place)
    return [runs[place][0] for place in sorted(told)]


def _is_whole(row: CheckRun, run: Run | None, target: "_Target") -> bool:
    """Whether all that a run says is about the plan as it is: of other runs something may count after an undo."""
    return run is not None and (row.digest == target.digest or len(run.results.results) == row.number)


def _list_repeated(rows: Iterable[CheckRun], doubtful: Collection[int]) -> Iterator[int]:
    """The numbers of those doubtful runs of which newer ones of the same machine and state of the plan say all.

    Then nothing of them counts, whatever the plan becomes.
    """
    states = {_state_of(row) for row in rows if row.pk in doubtful}
    said: defaultdict[tuple[str, str, str], dict[_Where, int]] = defaultdict(dict)
    for row in sorted(rows, key=lambda row: (row.started, row.pk), reverse=True):
        if (state := _state_of(row)) in states:
            newer, weights = said[state], _weigh_results(unpack(row).results)
            if row.pk in doubtful and all(newer.get(where, -1) >= weight for where, weight in weights.items()):
                yield row.pk
            newer |= {where: max(weight, newer.get(where, -1)) for where, weight in weights.items()}


def _state_of(row: CheckRun) -> tuple[str, str, str]:
    return row.source, row.host, row.digest


_Where = tuple[str, str, str, str, str | None, int]
_WEIGHTS: Mapping[str, int] = {"skipped": 0, "error": 1, "unresolved": 1}
"""Of outcomes that take the place of none that says more; of all others it is 2."""


def _weigh_results(results: Iterable[Result]) -> dict[_Where, int]:
    """How much is said, by what it is about; of names it is told at an address once more."""
    found: dict[_Where, int] = {}
    times: Counter[tuple[str, str, str, str, str | None]] = Counter()
    for one in results:
        place = one.id, one.destination, address_key(one.address), one.protocol, one.port
        times[place] += 1
        found[*place, times[place]] = _WEIGHTS.get(one.outcome, 2)
    return found


_EMPTY = Acceptance(flows=(), rules=(), closed=(), beside=(), messages=(), used=())
NOTHING_PROVEN = Proven(acceptance=_EMPTY)


def prove_beside(plan: models.Plan, report: Report) -> Proven:
    """`prove` for a page that says it beside its rows: nothing in a plan of more flows than MOST_BESIDE."""
    return prove(plan, report) if len(report.flows) <= MOST_BESIDE else NOTHING_PROVEN


def name_run(row: CheckRun) -> str:
    """What a kept run is called in an acceptance: by whom and when, and no two alike."""
    return f"{row.source}, {row.started:%Y-%m-%d %H:%M} UTC, run {row.pk}"


class _Target:
    """What every kept run is held against: found once in the newest report, however many runs there are."""

    def __init__(self, report: Report) -> None:
        self.plan, self.digest = report.plan.name, digest_of(report)
        self.addresses = {endpoint.name: endpoint.addresses for endpoint in report.plan.endpoints}
        self.checks: dict[str, list[Check]] = defaultdict(list)
        """By their source."""
        for check in plan_checks(report):
            self.checks[check.source].append(check)


def _carry(row: CheckRun, target: _Target, renamed: Iterable[Rename]) -> Run | None:
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


# ---- taking them ----


def take(
    plan: models.Plan,
    report: Report,
    uploads: Sequence[Upload],
    *,
    who: str,
    via: str = "",
    link: models.ShareLink | None = None,
    is_stranger: bool = False,
) -> Taken:
    """Store the runs that these files have, each by itself: what one has wrong keeps no other from being used.

    Results of the plan under a name that it had count, too, where nothing else of it is asked otherwise now.

    `report` is of the plan's newest revision; `via` says by which token or link they came, `link` which one that is.
    What is stored is in the log. Files of another plan, of an older report, broken, too large or known ones, and those
    of the future, are told in a sentence each; to a stranger, who may know nothing of the plan, without its name.
    """
    runs: list[Run] = []
    files: dict[int, Upload] = {}
    refused = []
    if len(uploads) > MOST_FILES:
        refused.append(f"These are {len(uploads):,} files; {MOST_FILES} are taken at once. The others were not used.")
    reader = ResultReader(report, MOST_RESULTS, lambda: _list_names(plan))
    for upload in uploads[:MOST_FILES]:
        name = cut(upload.name, 100) or "a file without a name"
        try:
            found = reader.read(name, upload.data)
        except BadResults as error:
            refused.append(f"{name} was not used: {error}")
            continue
        if any(run.results.started > timezone.now() + AHEAD for run in found):
            refused.append(f"{name} was not used: it says that it was made later than now. Set that machine's clock.")
        elif is_stranger and any(run.results.plan != report.plan.name for run in found):
            refused.append(f"{name} was not used: it is of another plan.")
        else:
            files |= {id(run): upload for run in found}
            runs += found
    state = assess(report, runs, [*refused, *reader.messages], reader.checks)
    planning = Planning(report)
    trimmed = [trim(run, reader.checks) for run in state.used]
    stored = [
        _make_row(plan, planning, one.results, files[id(run)].name, who=who, via=via)
        for run, one in zip(state.used, trimmed, strict=True)
    ]
    needed = {id(run) for run in (*state.counting, *state.closing)}
    told = _list_told([(row, id(run) in needed) for row, run in zip(stored, state.used, strict=True)])
    messages = [*state.messages, *(said for one in trimmed for said in one.messages), *_say_superseded(stored, told)]
    taken = _store(plan, told, messages, who=who, via=via, link=link)
    by_row = {id(row): id(files[id(run)]) for row, run in zip(stored, state.used, strict=True)}
    files_stored = len({by_row[id(row)] for row in taken.stored})
    return replace(taken, files=files_stored, sources=frozenset(row.source for row in stored))


def _say_superseded(rows: Sequence[CheckRun], told: Sequence[CheckRun]) -> Iterator[str]:
    """A sentence for each file of which others that came with it say all, and newer."""
    left = Counter(row.file for row in rows)
    left.subtract(row.file for row in told)
    for file, count in left.items():
        if count:
            yield f"{file}: {many(count, 'run')} {plural(count, 'was', 'were')} not kept: newer ones say all of it."


def count_flows(taken: Taken, proven: Proven) -> None:
    """Note with the runs that were stored how many flows have each status now that these are there."""
    CheckRun.objects.filter(pk__in=[row.pk for row in taken.stored]).update(counts=proven.acceptance.counts)


def _list_names(plan: models.Plan) -> frozenset[str]:
    """What the plan was called in the last of its revisions, as far as they can be read."""

    def make() -> frozenset[str]:
        numbers = range(max(1, plan.revision - MOST_NAMED), plan.revision)
        return frozenset(document["name"] for _, document in read_documents(plan, numbers))

    return _named.find((plan.key, plan.revision), make)


def forget_superseded(taken: Taken, proven: Proven) -> None:
    """Forget the superseded runs of what was uploaded, but for those that were just stored; what is proven stays.

    That needs no lock: what comes meanwhile makes none of them count again.
    """
    superseded = {*proven.superseded}.difference(row.pk for row in taken.stored)
    CheckRun.objects.filter(pk__in=superseded, source__in=taken.sources).delete()


@transaction.atomic
def _store(
    plan: models.Plan, rows: Sequence[CheckRun], messages: Iterable[str], *, who: str, via: str,
    link: models.ShareLink | None,
) -> Taken:  # fmt: skip
    lock_plan(plan.pk)
    said = list(messages)
    known = set(_runs(plan).values_list("checksum", flat=True))
    new: list[CheckRun] = []
    known_already = 0
    for row in rows:
        if row.checksum in known:
            known_already += 1
            said.append(f"{row.file} was not used: it was uploaded already.")
        else:
            known.add(row.checksum)
            row.save(force_insert=True)
            new.append(row)
    if new:
        _forget_old(plan)
        kept = set(_runs(plan).filter(pk__in=[row.pk for row in new]).values_list("pk", flat=True))
        said += [f"{row.file} was not kept: {_ENOUGH}" for row in new if row.pk not in kept]
        new = [row for row in new if row.pk in kept]
    if new:
        audit.note("results-uploaded", plan=plan, link=link, actor=who, detail=via)
    return Taken(stored=tuple(new), messages=tuple(said), known=known_already)


_ENOUGH = (
    f"there are as many newer runs as are kept, which is {MOST_RUNS:,} of a plan, and {MOST_KEPT:,} results of them."
)


def _forget_old(plan: models.Plan) -> None:
    """Keep so many runs of the plan with so many results, the newest by when they were made."""
    beyond, results = [], 0
    for place, (pk, number) in enumerate(_runs(plan).order_by("-started", "-pk").values_list("pk", "number")):
        results += number
        if place >= MOST_RUNS or results > MOST_KEPT:
            beyond.append(pk)
    CheckRun.objects.filter(pk__in=beyond).delete()


def _make_row(plan: models.Plan, planning: Planning, found: Results, file: str, *, who: str, via: str) -> CheckRun:
    data = pack(found)
    tried = sorted({result.destination for result in found.results} & planning.by_name.keys())
    aims = {destination: planning.aim(found.source, destination, "tcp")[:2] for destination in tried}
    return CheckRun(
        plan=plan,
        revision=plan.revision,
        digest=found.report,
        source=found.source,
        addresses=list(planning.by_name[found.source].addresses),
        aims={destination: aim for destination, aim in aims.items() if aim[1]},
        host=found.host,
        started=found.started,
        file=cut(file, 255),
        checksum=_sum_up(found, data),
        number=len(found.results),
        data=data,
        author=cut(who, 60),
        via=cut(via, 100),
    )


def _sum_up(found: Results, packed: bytes) -> str:
    """Of what a run says, not of how it is written: the same results are known whatever spaces they have."""
    facts = [found.source, found.host, found.started.isoformat(), packed.hex()]
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()


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
