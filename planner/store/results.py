"""Results of checks that are kept with a plan: what was uploaded, and what it says of the plan as it is now."""

import hashlib
import itertools
import json
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from operator import itemgetter
from typing import Any

from django.db import transaction
from django.db.models import Count, Sum
from django.utils import timezone

from planner.engine import Report
from planner.engine.acceptance import Acceptance, Run, Status, assess
from planner.engine.checks import Planning
from planner.engine.result_files import ResultReader
from planner.engine.rules import Opening
from planner.engine.trimmed import trim
from planner.plan.check_results import BadResults, Result, Results
from planner.plan.reading import address_key
from planner.report.said.trend import Step, join_steps
from planner.store import audit, models
from planner.store.actions import lock_plan
from planner.store.carried import Target, assess_rows, is_whole, name_run, pack, unpack
from planner.store.kept import read_documents
from planner.store.recent import Recent
from planner.store.run_limits import MOST_KEPT, MOST_RUNS, Size, is_too_much, list_beyond
from planner.store.run_models import CheckRun
from ports.text import cut, many, plural
from ports.written import Written

MOST_OF_SOURCE = 10
"""How many runs of one source are kept, the newest; of those before them each of which anything counts."""
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
        target = Target(report)
        found, carried = assess_rows(plan, target, rows)
        counting = {id(run) for run in found.counting}
        told = _list_told([(row, id(run) in counting) for row, run in zip(rows, carried, strict=True)])
        beyond = {row.pk for row in rows}.difference(row.pk for row in told)
        whole = {row.pk for row, run in zip(rows, carried, strict=True) if is_whole(row, run, target)}
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

    return _kept.find((plan.key, plan.revision, plan.updated, newest, report), make)[1]


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
        strange = [_find_strange(run.results, report.plan.name if is_stranger else None) for run in found]
        refused += _say_strange(name, strange)
        good = [run for run, why in zip(found, strange, strict=True) if not why]
        files |= {id(run): upload for run in good}
        runs += good
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
    spare = _list_spare(plan, report, told)
    taken = _store(plan, told, messages, who=who, via=via, link=link, spare=spare)
    by_row = {id(row): id(files[id(run)]) for row, run in zip(stored, state.used, strict=True)}
    files_stored = len({by_row[id(row)] for row in taken.stored})
    return replace(taken, files=files_stored, sources=frozenset(row.source for row in stored))


def _find_strange(found: Results, name: str | None) -> str:
    """Why a run isn't even looked at; empty where it is. `name`: that of the only plan that it may be of."""
    if found.started > timezone.now() + AHEAD:
        return "says that it was made later than now. Set that machine's clock."
    return "is of another plan." if name is not None and found.plan != name else ""


def _say_strange(name: str, strange: Collection[str]) -> Iterator[str]:
    """A sentence for each reason for which runs of a file aren't looked at."""
    for why, count in Counter(filter(None, strange)).items():
        if count == len(strange):
            yield f"{name} was not used: it {why}"
        else:
            were, each = plural(count, "was", "were"), plural(count, "it", "each")
            yield f"{name}: {many(count, 'run')} {were} not used: {each} {why}"


def _say_superseded(rows: Sequence[CheckRun], told: Sequence[CheckRun]) -> Iterator[str]:
    """A sentence for each file of which others that came with it say all, and newer."""
    left = Counter(row.file for row in rows)
    left.subtract(row.file for row in told)
    for file, count in left.items():
        if count:
            yield f"{file}: {many(count, 'run')} {plural(count, 'was', 'were')} not kept: newer ones say all of it."


def _list_spare(plan: models.Plan, report: Report, new: Sequence[CheckRun]) -> list[CheckRun]:
    """Where there is no room for more, what goes for it: what counts for nothing, last what may after an undo.

    The oldest first. That is found before anything is locked, as it takes long.
    """
    kept = _runs(plan).aggregate(runs=Count("pk"), results=Sum("number", default=0))
    if not new or not is_too_much(kept["runs"] + len(new), kept["results"] + sum(row.number for row in new)):
        return []
    rows = sorted([*_runs(plan).order_by("pk"), *new], key=lambda row: row.started)
    target = Target(report)
    found, carried = assess_rows(plan, target, rows)
    counting = {id(run) for run in found.counting}
    left = [(row, run) for row, run in zip(rows, carried, strict=True) if id(run) not in counting]
    spare = [(not is_whole(row, run, target), row) for row, run in left]
    return [row for _, row in sorted(spare, key=itemgetter(0))]


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
def take_away(plan_id: int, number: int, *, who: str) -> bool:
    """Forget the run of a plan that has this number, and whatever it proves; False where the plan has none of it.

    Raises NotPossible for a plan in the bin, and AccessTaken.
    """
    plan = lock_plan(plan_id)
    if not 0 < number < 2**63 or not _runs(plan).filter(pk=number).delete()[0]:
        return False
    plan.save(update_fields=["updated"])  # what is proven is kept until then, and so are pages that say it
    audit.note("results-deleted", plan=plan, actor=who, detail=f"number {number}")
    return True


@transaction.atomic
def _store(
    plan: models.Plan, rows: Sequence[CheckRun], messages: Iterable[str], *, who: str, via: str,
    link: models.ShareLink | None, spare: Iterable[CheckRun],
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
        _forget_old(plan, spare)
        kept = set(_runs(plan).filter(pk__in=[row.pk for row in new]).values_list("pk", flat=True))
        said += [f"{row.file} was not kept: {_ENOUGH}" for row in new if row.pk not in kept]
        new = [row for row in new if row.pk in kept]
    if new:
        audit.note("results-uploaded", plan=plan, link=link, actor=who, detail=via)
    return Taken(stored=tuple(new), messages=tuple(said), known=known_already)


_ENOUGH = (
    f"a plan has room for {MOST_RUNS:,} runs with {MOST_KEPT:,} results, and what counts for nothing goes first, then "
    "the oldest of the source that has the most."
)


def _forget_old(plan: models.Plan, spare: Iterable[CheckRun]) -> None:
    """Keep as many runs of the plan as it has room for. `spare`: what goes first, the first of them first."""
    sizes = itertools.starmap(Size, _runs(plan).order_by("started", "pk").values_list("pk", "source", "number"))
    beyond = list_beyond(sizes, [row.pk for row in spare if row.pk])
    if beyond:
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
