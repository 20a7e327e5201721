"""Every write to plans: keyword-only, atomic, under the plan's write lock.

An edit comes with an id of its own and the revision that its author saw. The same id counts once. An edit made on an
older revision is carried over to the newest when it touches other fields than the edits in between; when it touches
the same field it is refused with `Clash`. Whatever is refused stores nothing.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.db import transaction

from planner.deploy import metrics
from planner.engine.lineage import find_added
from planner.engine.size import check_size
from planner.plan.carry import say_carried
from planner.plan.changes import Edit, FieldPath, Index, apply
from planner.plan.document import Plan, carry_stored, dump_plan
from planner.plan.edits import EDITS, NotPossible, Params
from planner.plan.merge import rebase
from planner.plan.rows import NO_RENAMES, Renames, join_renames
from planner.plan.summaries import list_words, say
from planner.store import answers, audit, comments, models
from planner.store.admission import check_admitted
from planner.store.checked import check_edited, check_growth
from planner.store.editions import edition_of, keep_digest
from planner.store.evaluated import find_last
from planner.store.git import check_owner
from planner.store.holders import Holder
from planner.store.kept import LARGE, Chain, Proofs, list_links
from planner.store.reports import say_step
from ports.matrix import Matrix
from ports.models import PortMatrix
from ports.queries import default_product, find_matrix_at
from ports.text import short
from ports.written import Written

Document = dict[str, Any]


class Clash(ValueError):
    """Someone else changed the same field in between. Says which fields, and by which revisions."""

    def __init__(self, fields: Sequence[FieldPath], theirs: Document, revisions: Sequence[models.Revision]) -> None:
        self.fields = tuple(fields)
        self.revisions = tuple(revisions)
        index = Index(theirs)
        # A name is what its row is found by, so it is in the path.
        self.values = {path: path[1] if path[2:] == ("name",) else index.look(path) for path in fields}
        super().__init__(self._sentence())

    def _sentence(self) -> str:
        return (
            f"Someone changed the same thing while you were at it ({self._tell()}). "
            "Send yours again if it is to count."
        )

    def _tell(self) -> str:
        return "; ".join(
            f"revision {revision.number}{f' by {revision.author}' if revision.author else ''}: {revision.summary}"
            for revision in self.revisions[-3:]
        )


class Overtaken(Clash):
    """The plan changed since the page that asks for a whole state to come back; it would undo what others did."""

    def __init__(self, done: str, again: str, theirs: Document, revisions: Sequence[models.Revision]) -> None:
        self.done, self.again = done, again
        super().__init__([], theirs, revisions)

    def _sentence(self) -> str:
        return (
            f"Nothing was {self.done}, as the plan has changed since ({self._tell()}). "
            f"Look at it, then {self.again} again."
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """What came of an edit: the plan as it is now, and whether this call changed it."""

    plan: models.Plan
    changed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """Who sends an edit, from which state, under which id. Without a base the edit is meant for the newest state."""

    operation: str | None = None
    base: int | None = None
    author: str = ""
    who: str = ""
    """The author, or what a guest without a name is called."""
    reason: str = ""
    """Why, where a question of the matrix is answered."""
    token: int | None = None
    """The number of the token by which a program sends it."""
    by_command: bool = False
    """Whether it comes from a command on the service's own machine."""


ANYONE = Sender()


def create_plan(*, plan: Plan, matrix: Matrix, summary: str, holder: Holder | None = None) -> models.Plan:
    """Store a new plan, and have its maker own it. Without one nobody can open it until there is an edit link.

    The plan has been checked under this matrix, and is put on its edition; its document names the product, unless that
    is the default one. Raises PlanError for one that is too large (planner.plan.limits).
    """
    default = default_product() if plan.product is None else ""
    if default not in ("", matrix.product_slug):
        plan = replace(plan, product=matrix.product_slug)
    document = dump_plan(plan)
    check_size(matrix, plan)
    return _store_new(plan, document, matrix, summary, holder)


@transaction.atomic
def _store_new(plan: Plan, document: Document, matrix: Matrix, summary: str, holder: Holder | None) -> models.Plan:
    edition = edition_of(matrix)
    row = models.Plan.objects.create(name=plan.name, document=document, edition=edition)
    first = {"edition": edition, "digest": keep_digest(matrix), "summary": summary[:300]}
    models.Revision.objects.create(plan=row, number=1, **first, **Chain().add(None, document))
    _give_to_maker(row, holder)
    return row


def _give_to_maker(row: models.Plan, holder: Holder | None) -> None:
    if holder is not None:
        holder.give(row, models.Hold.Role.OWN)
    audit.note("plan-made", plan=row, actor=holder.name if holder else "")


_SPEAK_OF = {"edit-endpoint": "endpoints", "edit-endpoints": "endpoints", "edit-zone": "zones"}
"""The edits whose summaries name slugs, and of which part."""


def apply_edit(*, plan_id: int, matrix: Matrix, edit: str, params: Params, sender: Sender = ANYONE) -> Applied:
    """Apply one of `planner.plan.edits.EDITS`.

    Raises Clash when someone changed the same field since the sender's base, NotPossible when what it is about isn't
    there any more, and PlanError when the result would be no valid plan. Acknowledged means committed.
    """
    if edit in _SPEAK_OF:
        params = {**params, "words": list_words(_SPEAK_OF[edit], matrix)}
    return _change(
        plan_id=plan_id,
        sender=sender,
        matrix=matrix,
        make=lambda row: _apply_to_newest(row, edit, params, sender, matrix),
    )


def rename_plan(*, plan_id: int, matrix: Matrix, name: str, description: str, sender: Sender = ANYONE) -> models.Plan:
    """Give a plan another name and description."""
    params = {"name": name, "description": description.replace("\r\n", "\n")}
    return apply_edit(plan_id=plan_id, matrix=matrix, edit="rename-plan", params=params, sender=sender).plan


def choose(
    *, plan_id: int, matrix: Matrix, choice: str, options: Sequence[str] | None, sender: Sender = ANYONE
) -> models.Plan:
    """Decide a choice: one option, for a choice of many any number of them; None takes the decision back."""
    facts = matrix.choices[choice]
    if options is None:
        said = "back to the default" if facts.default is not None else "undecided again"
    else:
        said = "decided: " + (", ".join(facts.option(option).name for option in options) or "none")
    taken = None if options is None else list(options) if facts.many else options[0]
    params = {"choice": choice, "options": taken, "summary": f"{facts.name} {said}"}
    return apply_edit(plan_id=plan_id, matrix=matrix, edit="choose", params=params, sender=sender).plan


def override_port(*, plan_id: int, matrix: Matrix, service: str, ports: str, sender: Sender = ANYONE) -> models.Plan:
    """Change the port of a configurable service; an empty text goes back to the default."""
    said = f"changed to {ports}" if ports else "back to the default"
    summary = f"Port of {matrix.services[service].name} {said}"
    params = {"service": service, "ports": ports, "summary": summary}
    return apply_edit(plan_id=plan_id, matrix=matrix, edit="override-port", params=params, sender=sender).plan


def answer_caveat(*, plan_id: int, matrix: Matrix, caveat: str, answer: str, sender: Sender = ANYONE) -> models.Plan:
    """Answer a caveat that has a correction: "practice" applies it, "documented" leaves it out; empty: open again."""
    said = {"practice": "practice followed", "documented": "left as documented"}.get(answer, "open again")
    params = {"caveat": caveat, "answer": answer, "summary": f"{matrix.caveats[caveat].title}: {said}"}
    return apply_edit(plan_id=plan_id, matrix=matrix, edit="answer-caveat", params=params, sender=sender).plan


@transaction.atomic
def hand_over(
    *, plan_id: int, matrix: Matrix, revision: int, recipient: str, note: str, sender: Sender = ANYONE
) -> models.Handover:
    """Remember that a revision was handed over, under this matrix, which is kept; the same operation counts once.

    Raises NotPossible when the plan has no such revision.
    """
    plan = lock_plan(plan_id)
    if not plan.revisions.filter(number=revision).exists():
        raise NotPossible(f"This plan has no revision {revision}.")
    facts = {
        "revision": revision,
        "digest": keep_digest(matrix),
        "recipient": recipient,
        "note": note,
        "author": sender.author[:60],
    }
    operation = sender.operation or models.make_operation()
    return plan.handovers.get_or_create(operation=operation, defaults=facts)[0]


def undo(*, plan_id: int, matrix: Matrix, sender: Sender = ANYONE) -> Applied:
    """Bring back the state before the last change.

    With it comes the edition that the plan was on then. Raises NotPossible when there is none, Clash when it isn't
    last, PlanError when that state is too large.
    """
    return _step_back(plan_id=plan_id, matrix=matrix, sender=sender, field="undo_to", verb="Undone", again="undo")


def redo(*, plan_id: int, matrix: Matrix, sender: Sender = ANYONE) -> Applied:
    """Bring back the state that the last undo took away. Raises as `undo` does."""
    return _step_back(plan_id=plan_id, matrix=matrix, sender=sender, field="redo_to", verb="Redone", again="redo")


def restore(*, plan_id: int, matrix: Matrix, number: int, sender: Sender = ANYONE) -> Applied:
    """Bring back the document of a revision as a new one; an undo takes that back. The plan stays on its edition.

    Raises NotPossible when there is no such revision, Overtaken when the plan has changed since the sender's base, and
    PlanError when the old document doesn't fit the plan's edition.
    """

    def make(row: models.Plan) -> _State:
        if sender.base is not None and sender.base < row.revision:
            newer = row.revisions.filter(number__gt=sender.base).defer(*LARGE).order_by("number")
            raise Overtaken("restored", "restore", row.document, list(newer))
        goal = row.revisions.filter(number=number).first()
        if goal is None:
            raise NotPossible(f"This plan has no revision {number}.")
        named = f" “{short(goal.checkpoint)}”" if goal.checkpoint else ""
        plan, carried = carry_stored(goal.document, matrix=matrix)
        said = f"Restored{named}: revision {number}" if named else f"Revision {number} restored"
        return _State(
            document=dump_plan(plan),
            plan=plan,
            summary="; ".join(filter(None, (said, say_carried(carried)))),
            renames=_find_renames_back(row, goal),
            undo_to=row.revision,
            restored=number,
        )

    return _change(plan_id=plan_id, sender=sender, matrix=matrix, make=make)


def _find_renames_back(row: models.Plan, goal: models.Revision) -> Renames:
    """What is called otherwise in an older state: names of now with those of then."""
    between = row.revisions.filter(number__gt=goal.number, number__lte=row.revision).order_by("number")
    renames = join_renames(between.values_list("renames", flat=True))

    def turn(names: Mapping[str, str], key: str) -> dict[str, str]:
        now, then = ({item["name"] for item in document[key]} for document in (row.document, goal.document))
        return {new: old for old, new in names.items() if new in now and old in then}

    return Renames(zones=turn(renames.zones, "zones"), endpoints=turn(renames.endpoints, "endpoints"))


@dataclass(frozen=True, slots=True, kw_only=True)
class _State:
    """The state that follows: a document, what to call the change, and where undo and redo lead from it."""

    document: Document
    summary: str
    renames: Renames
    undo_to: int | None
    redo_to: int | None = None
    restored: int | None = None
    plan: Plan | None = None
    """The document, where it has been checked."""
    proofs: Proofs | None = None
    """Where they are known."""
    edition: PortMatrix | None = None
    """That the plan is put on; None where it stays on its own."""
    renewed: bool = False
    """Whether it is another state even with the same document on the same edition."""


_to_lock = Written(
    lambda pk: (
        models.Plan.objects.select_for_update(of=("self",), no_key=True).select_related("edition").filter(pk=pk)
    ),
    2**62,
)
_sent = Written(
    lambda plan, operation: models.Revision.objects.filter(plan=plan, operation=operation).values_list("pk")[:1],
    2**62,
    "an operation",
)


def lock_plan(plan_id: int) -> models.Plan:
    """The plan with its write lock, to be changed, in a transaction.

    Raises NotPossible for one that is in the bin by now, and AccessTaken.
    """
    row: models.Plan | None = _to_lock.first(plan_id)
    check_admitted()
    if row is None or row.deleted is not None:
        raise NotPossible("This plan has been deleted. Open its address to see whether it can still be restored.")
    return row


def was_sent(plan: models.Plan, sender: Sender) -> bool:
    """Whether this very edit made a revision of a plan before; to be asked under the plan's write lock."""
    return bool(sender.operation and _sent.ask(plan.pk, sender.operation))


@transaction.atomic
def _change(*, plan_id: int, sender: Sender, matrix: Matrix, make: Callable[[models.Plan], _State]) -> Applied:
    # On SQLite the transaction itself holds the write lock (BEGIN IMMEDIATE); elsewhere the row does.
    row = lock_plan(plan_id)
    if was_sent(row, sender):
        return Applied(plan=row, changed=False)
    state = make(row)
    switched = state.edition is not None and state.edition != row.edition
    if state.document == row.document and not switched and not state.renewed:
        return Applied(plan=row, changed=False)
    if state.document != row.document:
        check_owner(row, token=sender.token, by_command=sender.by_command)
    edition = state.edition or row.edition or edition_of(matrix)
    if edition is not None and edition.slug != matrix.edition:
        if not switched:
            raise NotPossible(
                f"This plan was put on the edition {edition.slug} in between, and nothing was changed. "
                "Look at it, then send this again."
            )
        matrix = find_matrix_at(edition.pk)
    check_growth(row.document, state.document, matrix, state.plan, find_last(row.key, matrix))
    if switched:
        # What an earlier version stored doesn't say on which edition it was: that from which the plan goes now.
        row.revisions.filter(number=row.revision, edition=None).update(edition=row.edition)
    renames = {"zones": dict(state.renames.zones), "endpoints": dict(state.renames.endpoints)}
    comments.follow(row, renames["endpoints"])
    added = find_added(row.document, state.document, renames)
    kept = Chain(list_links(row.pk, row.revision)).add(row.document, state.document, state.proofs)
    row.document = state.document
    row.name = state.document["name"]
    row.edition = edition
    row.revision += 1
    row.save(update_fields=["document", "name", "edition", "revision", "updated"])
    models.Revision.objects.create(
        plan=row,
        number=row.revision,
        **kept,
        edition=edition,
        digest=keep_digest(matrix),
        summary=state.summary[:300],
        author=sender.author[:60],
        operation=sender.operation or models.make_operation(),
        renames=renames,
        added=added,
        undo_to=state.undo_to,
        redo_to=state.redo_to,
        restored=state.restored,
    )
    transaction.on_commit(lambda: metrics.count_edit("stored"))
    return Applied(plan=row, changed=True)


def _apply_to_newest(row: models.Plan, edit: str, params: Params, sender: Sender, matrix: Matrix) -> _State:
    """The state after an edit, carried over from the sender's base if others changed something since."""
    if sender.base is None or sender.base >= row.revision:
        fitted = EDITS[edit](row.document, params)
    else:
        fitted = _carry_over(row, edit, params, sender.base)
    plan, document, proofs = check_edited(row.document, lambda before: apply(before, fitted), matrix)
    answers.note(row, document, who=sender.who or sender.author, reason=sender.reason)
    return _State(
        document=document,
        plan=plan,
        proofs=proofs,
        summary=say(fitted),
        renames=fitted.renames,
        undo_to=row.revision,
    )


def _carry_over(row: models.Plan, edit: str, params: Params, base: int) -> Edit:
    """The edit as its author meant it on the base, for the plan as it is now."""
    revisions = list(row.revisions.filter(number__gte=base).defer(*LARGE).order_by("number"))
    if not revisions or revisions[0].number != base:
        raise NotPossible("This page is too old to change the plan; open it again.")
    renames = join_renames(revision.renames for revision in revisions[1:])
    fitted, met = rebase(EDITS[edit](revisions[0].document, params), row.document, renames)
    if met:
        raise Clash(met, row.document, revisions[1:])
    return fitted


def _step_back(*, plan_id: int, matrix: Matrix, sender: Sender, field: str, verb: str, again: str) -> Applied:
    def make(row: models.Plan) -> _State:
        since = min(sender.base or row.revision, row.revision)
        revisions = {revision.number: revision for revision in row.revisions.filter(number__gte=since).defer(*LARGE)}
        now = revisions[row.revision]
        if sender.base is not None and sender.base < row.revision:
            newer = [revision for number, revision in sorted(revisions.items()) if number > sender.base]
            raise Overtaken(verb.lower(), again, row.document, newer)
        number = getattr(now, field)
        if number is None:
            raise NotPossible(f"There is nothing to be {verb.lower()}.")
        goal = row.revisions.select_related("edition").get(number=number)
        return _State(
            document=goal.document,
            summary=f"{verb}: {say_step(row, now if field == 'undo_to' else goal, number)}",
            renames=_find_renames_back(row, goal),
            undo_to=goal.undo_to,
            redo_to=row.revision if field == "undo_to" else goal.redo_to,
            edition=goal.edition,
        )

    return _change(plan_id=plan_id, sender=sender, matrix=matrix, make=make)


def switch_edition(*, plan_id: int, edition: PortMatrix, sender: Sender = ANYONE) -> Applied:
    """Put a plan on an edition of its product, as a new revision with the same document; an undo takes that back.

    What the edition calls otherwise than the plan's goes by its new name in the document, and the summary says so.
    On the edition that it is on already, it becomes a revision under what is amended now, if that has changed since
    the last one. Raises PlanError with every fault when the document doesn't fit the edition, TooLarge when it is too
    large under it, and Overtaken when the plan has changed since the sender's base.
    """
    matrix = find_matrix_at(edition.pk)

    def make(row: models.Plan) -> _State:
        if sender.base is not None and sender.base < row.revision:
            newer = row.revisions.filter(number__gt=sender.base).defer(*LARGE).order_by("number")
            raise Overtaken("switched", "switch", row.document, list(newer))
        plan, carried = carry_stored(row.document, matrix=matrix)
        if edition != row.edition:
            summary = f"Switched to the edition {edition.slug}"
            return _State(
                document=dump_plan(plan) if carried else row.document,
                plan=plan,
                summary="; ".join(filter(None, (summary, say_carried(carried)))),
                renames=NO_RENAMES,
                undo_to=row.revision,
                edition=edition,
            )
        # Amendments hold whatever a revision says, so an undo goes back to before the last change of the plan.
        now = row.revisions.defer(*LARGE).get(number=row.revision)
        return _State(
            document=row.document,
            plan=plan,
            summary=f"Amendments to the edition {edition.slug} taken over",
            renames=NO_RENAMES,
            undo_to=now.undo_to,
            redo_to=now.redo_to,
            renewed=now.digest != matrix.digest,
        )

    return _change(plan_id=plan_id, sender=sender, matrix=matrix, make=make)


@transaction.atomic
def name_checkpoint(*, plan_id: int, number: int, name: str, seen: str) -> models.Revision:
    """Give a revision a name, another name, or with an empty one none; `seen` is the name that the sender saw there.

    Naming it again what it is named is nothing new, so the same form counts once. Raises NotPossible when there is no
    such revision, or when someone else has named it in between.
    """
    plan = lock_plan(plan_id)
    revision = plan.revisions.filter(number=number).first()
    if revision is None:
        raise NotPossible(f"This plan has no revision {number}.")
    if revision.checkpoint not in (seen, name):
        raise NotPossible(
            f"Someone has named revision {number} “{short(revision.checkpoint)}” in between; it keeps that name."
            if revision.checkpoint
            else f"Someone has taken the name of revision {number} away in between; name it again if it needs one."
        )
    revision.checkpoint = name[:200]
    revision.save(update_fields=["checkpoint"])
    plan.save(update_fields=["updated"])  # pages that offer revisions say their names
    return revision
