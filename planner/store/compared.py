"""Comparisons with a firewall's own rules: kept, read again, held against each other, deleted.

What is kept is the answer: states of flows, names of entries, what is too wide, what isn't understood. The
configuration never comes here.
"""

import json
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.db import transaction

from planner.engine.existing.decide import Gap
from planner.engine.existing.drift import Answer, FlowAnswer, ForbiddenAnswer, StaleAnswer, WiderAnswer
from planner.engine.existing.forbidden import Forbidden
from planner.engine.life import End
from planner.report.gap.words import list_deciding, name_forbidden, say_note
from planner.report.said.closed import say_closed_by
from planner.store import audit, models
from planner.store.actions import ANYONE, Sender, lock_plan
from planner.store.compared_models import Compared
from planner.store.job_models import Job
from planner.store.kept import read_documents
from planner.store.reports import find_renames_since
from ports.text import cut, read_number

MOST = 50
"""How many comparisons one plan keeps."""
MOST_BYTES = 4 * 2**20
"""How large one may be, packed; a flow takes a few bytes to some dozens."""
_LONGEST = 300
"""How many characters of the name of an entry are kept."""
_MOST_NAMES = 50
"""How many endpoints of what is too wide are kept by name."""
_UNPACKED = 256 * 2**20
_NUMBERS = range(2**63)
"""What a row can have as its number."""


class NotKept(ValueError):
    """It can't be kept. The text is a sentence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A comparison that was kept, with its answer under the names of now."""

    row: Compared
    answer: Answer
    now: Answer
    """The same of the plan as it is now: without flows whose ends have other addresses or another zone by now."""
    is_lost: bool = False
    """Whether its revision can't be read: then nothing of it is of the plan as it is now, nor held against another."""


def make_answer(gap: Gap) -> Answer:
    """What is kept of an answer."""
    return Answer(
        flows=tuple(
            FlowAnswer(
                source=one.flow.source.name,
                destination=one.flow.destination.name,
                protocol=one.flow.need.protocol,
                ports=one.flow.need.ports or "",
                state=one.state,
                by=tuple(cut(name, _LONGEST) for name in list_deciding(one)),
                note=cut(say_note(one), 2 * _LONGEST),
            )
            for one in gap.flows
        ),
        wider=tuple(
            WiderAnswer(
                entry=cut(one.entry, _LONGEST),
                sources=tuple(one.sources[:_MOST_NAMES]),
                destinations=tuple(one.destinations[:_MOST_NAMES]),
                services=tuple(one.services),
            )
            for one in gap.wider
        ),
        unknown=tuple(cut(one.construct, _LONGEST) for one in gap.unknown),
        missing=len(gap.missing),
        open_policies=tuple(cut(name, _LONGEST) for name in gap.open_policies),
        elsewhere=gap.elsewhere if gap.firewall else None,
        stale=None
        if gap.stale is None
        else tuple(
            StaleAnswer(entry=cut(one.entry, _LONGEST), rule=one.rule, service=one.service, why=one.why)
            for one in gap.stale
        ),
        forbidden=None if gap.forbidden is None else tuple(_list_forbidden(gap.forbidden.entries)),
    )


def _list_forbidden(entries: Iterable[Forbidden]) -> Iterator[ForbiddenAnswer]:
    for entry in entries:
        for breach in entry.breaches:
            yield ForbiddenAnswer(
                entry=cut(name_forbidden(entry), _LONGEST),
                is_sure=entry.is_sure,
                row=cut(say_closed_by(breach.row), 2 * _LONGEST),
                reason=cut(breach.row.reason, _LONGEST),
                sources=breach.sources,
                destinations=breach.destinations,
                services=breach.services,
            )


@transaction.atomic
def keep(
    plan_id: int, gap: Gap, *, revision: int, firewall: str, sender: Sender = ANYONE, actor: str = ""
) -> Compared:
    """Keep an answer about a revision of a plan; the same operation counts once. `actor`: the account that does it.

    Raises NotKept for one too many, one that is too large and a plan that has changed meanwhile; NotPossible for a
    plan in the bin.
    """
    plan = lock_plan(plan_id)
    known = Compared.objects.filter(plan=plan, operation=sender.operation).first() if sender.operation else None
    if known is not None:
        return known
    if plan.revision != revision:
        raise NotKept("The plan has changed since the comparison began; compare again.")
    if Compared.objects.filter(plan=plan).count() >= MOST:
        raise NotKept(f"A plan keeps {MOST} comparisons; delete one that you need no more.")
    answer = make_answer(gap)
    data = pack(answer)
    if len(data) > MOST_BYTES:
        raise NotKept(f"This answer is too large: at most {MOST_BYTES // 2**20} MiB are kept of one.")
    row = Compared.objects.create(
        plan=plan,
        revision=revision,
        digest=gap.report.matrix.digest,
        firewall=firewall[:255],
        format=gap.ruleset.format,
        counts=answer.counts,
        missing=answer.missing,
        wider=len(answer.wider),
        data=data,
        author=sender.author[:60],
        operation=sender.operation or models.make_operation(),
    )
    audit.note("comparison-kept", plan=plan, actor=actor, detail=f"number {row.pk}")
    return row


@transaction.atomic
def forget(plan_id: int, number: int) -> bool:
    """Delete a comparison of a plan, and the reports that were made with it, or are being made.

    False where the plan has none of that number. Raises NotPossible.
    """
    plan = lock_plan(plan_id)
    if number not in _NUMBERS:
        return False
    deleted, _ = Compared.objects.filter(plan=plan, pk=number).delete()
    if deleted:
        made = [job.pk for job in Job.objects.filter(plan=plan).only("order") if _read_number(job) == number]
        Job.objects.filter(pk__in=made).delete()
        audit.note("comparison-deleted", plan=plan, actor=audit.name_sender(), detail=f"number {number}")
    return bool(deleted)


def _read_number(job: Job) -> int | None:
    """The number of the comparison that a file is asked for with, however it was written; None without one."""
    return read_number(str(job.order.get("asked", {}).get("compared", "")))


def list_kept(plan: models.Plan) -> list[Compared]:
    """The comparisons of a plan without their answers, the newest first."""
    return list(Compared.objects.filter(plan=plan).defer("data")[:MOST])


def read_kept(plan: models.Plan, numbers: Sequence[int]) -> dict[int, Kept]:
    """Those of some numbers that the plan has, by number, under the names that its endpoints have now."""
    rows = list(Compared.objects.filter(plan=plan, pk__in=[one for one in numbers if one in _NUMBERS]))
    ends_now = _read_ends(plan.document)
    revisions = {row.revision for row in rows}
    ends = {number: _read_ends(document) for number, document in read_documents(plan, revisions - {plan.revision})}
    ends[plan.revision] = ends_now
    renames = find_renames_since(plan, revisions)
    taken = {item["name"] for key in ("endpoints", "zones") for item in plan.document[key]}
    found = {}
    for row in rows:
        then = ends.get(row.revision)
        answer = replace(unpack(bytes(row.data)), ends=then or {}).rename(renames.get(row.revision, ()), taken)
        now = answer.where(ends_now) if then is not None else replace(answer, flows=())
        found[row.pk] = Kept(row=row, answer=answer, now=now, is_lost=then is None)
    return found


def _read_ends(document: Mapping[str, Any]) -> dict[str, End]:
    """Where the endpoints of a stored document stand, by name."""
    return {one["name"]: End(one["zone"], tuple(one.get("addresses", ()))) for one in document["endpoints"]}


def pack(answer: Answer) -> bytes:
    """Names once, then what refers to them."""
    entries = {name: place for place, name in enumerate(dict.fromkeys(n for one in answer.flows for n in one.by))}
    facts: dict[str, object] = {
        "entries": list(entries),
        "flows": [
            [one.source, one.destination, one.protocol, one.ports, one.state, [entries[n] for n in one.by], one.note]
            for one in answer.flows
        ],
        "wider": [[one.entry, one.sources, one.destinations, one.services] for one in answer.wider],
        "unknown": answer.unknown,
        "missing": answer.missing,
        "reading": answer.reading,
    }
    if answer.open_policies is not None:
        facts["open_policies"] = answer.open_policies
    if answer.elsewhere is not None:
        facts["elsewhere"] = answer.elsewhere
    if answer.stale is not None:
        facts["stale"] = [[one.entry, one.rule, one.service, one.why] for one in answer.stale]
    if answer.forbidden is not None:
        facts["forbidden"] = [
            [one.entry, one.is_sure, one.row, one.reason, one.sources, one.destinations, one.services]
            for one in answer.forbidden
        ]
    return zlib.compress(json.dumps(facts, separators=(",", ":")).encode(), 6)


def _say_row(row: str) -> str:
    """Who forbids something, as answers have it that are kept now; earlier ones named a place in a document."""
    if row.startswith("never["):
        return "the plan keeps it closed"
    return f"{row} of the document keeps it closed" if row.startswith("section ") else row


def unpack(data: bytes) -> Answer:
    facts = json.loads(zlib.decompressobj().decompress(data, _UNPACKED))
    names = facts["entries"]
    return Answer(
        flows=tuple(
            FlowAnswer(
                source=source,
                destination=destination,
                protocol=protocol,
                ports=ports,
                state=state,
                by=tuple(names[place] for place in by),
                note=note,
            )
            for source, destination, protocol, ports, state, by, note in facts["flows"]
        ),
        wider=tuple(
            WiderAnswer(
                entry=entry, sources=tuple(sources), destinations=tuple(destinations), services=tuple(services)
            )
            for entry, sources, destinations, services in facts["wider"]
        ),
        unknown=tuple(facts["unknown"]),
        missing=facts["missing"],
        # Answers that were kept before this was kept don't have it, nor what follows.
        reading=facts.get("reading", 1),
        open_policies=tuple(facts["open_policies"]) if "open_policies" in facts else None,
        elsewhere=facts.get("elsewhere"),
        stale=None
        if "stale" not in facts
        else tuple(
            StaleAnswer(entry=entry, rule=rule, service=service, why=why)
            for entry, rule, service, why in facts["stale"]
        ),
        forbidden=None
        if "forbidden" not in facts
        else tuple(
            ForbiddenAnswer(
                entry=entry,
                is_sure=is_sure,
                row=_say_row(row),
                reason=reason,
                sources=tuple(sources),
                destinations=tuple(destinations),
                services=tuple(services),
            )
            for entry, is_sure, row, reason, sources, destinations, services in facts["forbidden"]
        ),
    )
