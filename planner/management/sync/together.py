"""A plan file and a stored plan, brought together on what they last had in common."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from planner.engine.renames import Rename, find_renames, renames_of
from planner.management.sync.repository import Place, find_place
from planner.management.sync.stored import Document, Refused, State, Stored
from planner.plan.changes import Change, compare_renamed
from planner.plan.document import Plan, PlanError, carry_stored, dump_plan, find_nothing, read_plan
from planner.plan.formatting import rewrite_document
from planner.plan.rows import NO_RENAMES
from planner.plan.stored import look_through
from planner.plan.threeway import Merged, Side, merge_documents
from planner.plan.tracking import Tracked, has_conflicts, mark_conflicts, read_tracked, write_tracked
from planner.report.files import Failure
from planner.store.git import Source
from planner.store.plan_files import read_file, read_source
from ports.matrix import Matrix


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanFile:
    """A plan file as it is."""

    path: Path
    data: bytes
    plan: Plan
    document: Document
    matrix: Matrix
    """Under which it, and everything that it is brought together with, is read."""
    tracked: Tracked | None
    place: Place | None
    """In a clone, if it is in one."""

    @property
    def source(self) -> Source:
        """Where it comes from, as the service keeps it."""
        if self.place is None:
            return Source()
        return Source(commit=self.place.commit, path=self.place.path, repository=self.place.repository)


def read_plan_to_sync(name: str, matrix: Matrix, *, is_new: bool = False) -> PlanFile:
    """A plan file that can say which stored plan it belongs to. Raises PlanError and Failure.

    `is_new`: it belongs to none yet. Of another one the service says what it may have because the stored plan has it.
    """
    source = read_file(name)
    if source.is_inside or source.syntax != "yaml":
        raise Failure(
            "Only a plan in YAML can be kept in step with a stored one, as it says in a comment which it is."
        )
    if has_conflicts(source.data):
        raise Failure("There are conflicts in it between <<<<<<< and >>>>>>>; settle them first.")
    plan, under = read_source(source, matrix, fixed=False, find_stored=find_nothing if is_new else look_through)
    return PlanFile(
        path=Path(name),
        data=source.data,
        plan=plan,
        document=dump_plan(plan),
        matrix=under,
        tracked=read_tracked(source.data.decode("utf-8-sig")),
        place=find_place(Path(name)),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Base:
    """What a file and a stored plan last had in common."""

    document: Document
    plan: Plan
    revision: int
    names_since: int
    """The revision since which the history tells what has other names than here."""
    from_commit: bool
    """Whether it is what was pushed from a commit that the file has behind it."""


def find_base(file: PlanFile, stored: Stored) -> Base | None:
    """The newest state that both have in common: of a commit that was pushed, or the revision that the file names."""
    tracked = file.tracked.revision if file.tracked else 0
    if file.place is not None:
        for push in stored.list_pushes():
            if push.revision <= tracked:
                break
            data = file.place.read_at(push.commit, push.path)
            if data is None:
                continue
            try:
                plan = read_plan(data, matrix=file.matrix, find_stored=look_through)
            except PlanError:
                continue  # under another matrix it was one
            # What was renamed before the push and not pulled has its old name in the file.
            since = tracked or push.revision
            return Base(
                document=dump_plan(plan), plan=plan, revision=push.revision, names_since=since, from_commit=True
            )
    document = stored.read_revision(tracked) if tracked else None
    if document is None:
        return None
    plan = read_stored(document, file.matrix)
    return Base(document=dump_plan(plan), plan=plan, revision=tracked, names_since=tracked, from_commit=False)


def read_stored(document: Document, matrix: Matrix) -> Plan:
    """A stored document under the matrix of the file. Raises Refused for one that doesn't fit it."""
    try:
        return carry_stored(dict(document), matrix=matrix)[0]
    except PlanError as error:
        raise Refused(
            f"The stored plan can't be read under the edition {matrix.edition or 'here'}: {error.faults[0]}"
        ) from None


@dataclass(frozen=True, slots=True, kw_only=True)
class Together:
    """A file and a stored plan, merged; nothing is written yet."""

    file: PlanFile
    base: Base | None
    theirs: Document
    """The stored document."""
    revision: int
    """The stored plan's newest one."""
    favour: Side | None
    """Which side counts at conflicts; None: neither, they are to be told."""
    by_side: Mapping[Side, Merged]
    """What both come to with the file's values at conflicts, and with the stored plan's."""

    @property
    def merged(self) -> Merged:
        """What both come to, as far as it is decided."""
        return self.by_side[self.favour or "mine"]

    @property
    def is_settled(self) -> bool:
        """Whether there is no conflict, or one side counts."""
        return self.favour is not None or not self.merged.conflicts

    @property
    def for_the_service(self) -> tuple[Change, ...]:
        """What a push changes of the stored plan."""
        return _compare(self.theirs, self.merged.document, self.file.matrix)

    @property
    def for_the_file(self) -> tuple[Change, ...]:
        """What a pull changes of the file."""
        return compare_renamed(self.file.document, self.merged.document, self.merged.renames)

    def write(self, plan: UUID, revision: int) -> bytes:
        """The file as it is to be, with markers at conflicts; the revision is the one that it has in common then."""
        tracked = Tracked(plan=plan, revision=revision)
        data = self.file.data
        if not self.is_settled:
            sides = (self._rewrite(self.by_side[side]) for side in ("mine", "theirs"))
            data = mark_conflicts(*sides, called=(self.file.path.name, f"revision {revision}"))
        elif self.for_the_file:
            data = self._rewrite(self.merged)
        return data if tracked == self.file.tracked and data is self.file.data else write_tracked(data, tracked)

    def pull(self, plan: UUID) -> bytes:
        """The file after a pull: the same bytes where it has all that is to be had, and the other side knows that."""
        if self.is_settled and not self.for_the_file and self.base is not None and self.base.from_commit:
            return self.file.data
        return self.write(plan, self.revision)

    def _rewrite(self, merged: Merged) -> bytes:
        return rewrite_document(self.file.data, self.file.document, merged.document, merged.renames)


def bring_together(file: PlanFile, stored: Stored, state: State, favour: Side | None) -> Together:
    """Merge both. Raises Refused where they have nothing in common and nobody says which counts."""
    base = find_base(file, stored)
    other = read_stored(state.document, file.matrix)
    theirs = dump_plan(other)
    if base is None:
        if favour is None and _compare(theirs, file.document, file.matrix):
            raise Refused(
                "The file and the stored plan have no state in common. Say whether all of the file is to count "
                "(--ours) or all of the stored plan (--theirs)."
            )
        # Whichever counts is all that has changed since.
        common = (theirs, other) if favour == "mine" else (file.document, file.plan)
        base = Base(
            document=common[0], plan=common[1], revision=state.revision, names_since=state.revision, from_commit=False
        )
    known = stored.list_renames(base.names_since) if base.names_since < state.revision else NO_RENAMES
    mine_renames = renames_of(find_renames(base.plan, file.plan))
    told = [Rename("endpoint", *names) for names in known.endpoints.items()]
    told += [Rename("zone", *names) for names in known.zones.items()]
    their_renames = renames_of(find_renames(base.plan, other, told))
    sides: tuple[Side, ...] = ("mine", "theirs")
    by_side = {
        side: merge_documents(
            base.document, file.document, theirs,
            mine_renames=mine_renames, their_renames=their_renames, favour=side,
        )
        for side in sides
    }  # fmt: skip
    return Together(file=file, base=base, theirs=theirs, revision=state.revision, favour=favour, by_side=by_side)


def _compare(old: Document, new: Document, matrix: Matrix) -> tuple[Change, ...]:
    """What differs, without the product that one of them may leave unsaid."""
    if "product" not in old or "product" not in new:
        old, new = ({key: value for key, value in one.items() if key != "product"} for one in (old, new))
    before, after = (carry_stored(dict(one), matrix=matrix)[0] for one in (old, new))
    return compare_renamed(old, new, renames_of(find_renames(before, after)))


def check_merged(together: Together) -> None:
    """Raise PlanError where both together are no plan, each being one."""
    carry_stored(dict(together.merged.document), matrix=together.file.matrix)
