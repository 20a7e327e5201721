"""The endpoints of plans as tables: out, and in again, as the page imports what other programs wrote."""

from typing import Annotated, Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from ninja import Schema
from pydantic import ConfigDict, Field, StringConstraints

from planner.api.access import count_once, let_in
from planner.api.bodies import JSON
from planner.api.plans import read_sender, tag_of
from planner.api.problems import refuse
from planner.api.shelf import IF_MATCH, REVISION_TAG
from planner.api.spec import IDEMPOTENCY_KEY, OF_A_PLAN, content, named, operate
from planner.plan.document import PlanError
from planner.plan.endpoint_import import Comparison, Wishes, compare, list_targets
from planner.plan.endpoint_table import export, read_sheet
from planner.plan.faults import Fault, shown
from planner.plan.kinds import KINDS
from planner.store import actions
from planner.store.editions import matrix_of
from planner.store.files import File, name_file, send
from planner.store.models import Hold, Plan
from planner.store.sent_before import Answered

TAG = "Plans"
CSV = "text/csv"
MOST_TOLD = 2_000
"""How many new and changed endpoints an answer names."""
Word = Annotated[str, StringConstraints(max_length=255, pattern=r"^[^\x00]*$")]


class WantedRows(Schema):
    """A table of endpoints, and what is to be decided about it."""

    model_config = ConfigDict(extra="forbid")

    table: str = Field(description="The table as CSV, with its header: what a spreadsheet or an inventory wrote.")
    columns: dict[Word, Word] = Field(
        {}, description="By the header of a column: the field that it is read as; empty leaves it out."
    )
    zones: dict[Word, Word] = Field({}, description="Zones that are to be made: their name and kind.")
    zone: Word = Field("", description="The zone of new endpoints whose row names none.")
    clears: bool = Field(False, description="Whether an empty cell empties what the plan has.")
    skips_faulty: bool = Field(False, description="Whether the other rows are stored where some are faulty.")
    stores: bool = Field(True, description="Without it nothing is stored, and the answer says what would be.")


class Difference(Schema):
    """What a row changes of an endpoint."""

    field: str
    before: str
    after: str


class ChangedRow(Schema):
    """A row that changes an endpoint."""

    line: int
    name: str
    differences: list[Difference]


class ToldRows(Schema):
    """What a table came to; of a request that was stored before, only that."""

    revision: int
    stored: bool
    new: list[str] = Field(description="Endpoints that it makes.")
    changed: list[ChangedRow]
    same: int = Field(description="How many rows say what the plan has.")
    left_out: list[str] = Field(description="Columns that no field has a place for.")
    faults: list[str] = Field(description="What is wrong with rows that were skipped, each with its place.")


@operate(
    TAG,
    "GET",
    "/plans/{uuid:key}/endpoints",
    url_name="endpoints",
    answers={200: {"description": "The table", "content": content(CSV)}},
    problems=OF_A_PLAN,
    operation_id="read_endpoints",
    summary="The endpoints as a table",
)
def read_endpoints(request: HttpRequest, key: UUID) -> HttpResponseBase:
    """As CSV, with the columns that an import reads."""
    with let_in(request, key, Hold.Role.EDIT) as plan:
        name = name_file(plan.name, "endpoints.csv")
        return send(File(data=export(plan.document), content_type=f"{CSV}; charset=utf-8", name=name))


@operate(
    TAG,
    "POST",
    "/plans/{uuid:key}/endpoints",
    url_name="endpoints",
    parameters=[IF_MATCH, IDEMPOTENCY_KEY],
    problems=(*OF_A_PLAN, "too-large", "overtaken", "condition-needed", "owned-by-git", "key-of-another"),
    operation_id="import_endpoints",
    summary="Make and change endpoints by a table",
    answers={
        200: {
            "description": "What it came to",
            "content": content(JSON, named("ToldRows")),
            "headers": {"ETag": REVISION_TAG},
        }
    },
)
def import_endpoints(request: HttpRequest, key: UUID, wanted: WantedRows) -> HttpResponseBase:
    """A row is about the endpoint of its name, else about the one that has its address; what it doesn't say stays.

    All rows become one revision, or none does: 422 has every fault with its line, 412 that the plan has changed.
    """
    with let_in(request, key, Hold.Role.EDIT, writes=True) as plan:
        if not wanted.stores:
            return _tell(_store(request, plan, wanted))
        made: list[ToldRows] = []

        def act() -> Answered:
            made.append(_store(request, plan, wanted))
            return Answered(status=200, answer={"revision": made[0].revision, "stored": made[0].stored})

        done = count_once(request, wanted.model_dump_json(), act)
        nothing: dict[str, Any] = {"new": [], "changed": [], "same": 0, "left_out": [], "faults": []}
        return _tell(made[0] if made else ToldRows(**done.answer, **nothing))


def _store(request: HttpRequest, plan: Plan, wanted: WantedRows) -> ToldRows:
    """Store what the table comes to, if it is to be stored. Raises Problem where it can't be."""
    sender, found = read_sender(request, plan), _compare(plan, wanted)
    if found.trouble or (found.faults and not wanted.skips_faulty):
        faults = [*found.trouble, *(Fault(one.where, one.message, "table") for one in found.faults)]
        raise refuse(faults, "Nothing was stored: the table has faults.")
    if not wanted.stores or not found.count:
        return _describe(plan.revision, found, stored=False)
    edit, matrix = "add-endpoints" if found.is_plain else "edit-endpoints", matrix_of(plan)
    try:
        done = actions.apply_edit(plan_id=plan.pk, matrix=matrix, edit=edit, params=found.params, sender=sender)
    except PlanError as error:
        raise refuse(error.faults, "Nothing was stored.") from None
    return _describe(done.plan.revision, found, stored=True)


def _compare(plan: Plan, wanted: WantedRows) -> Comparison:
    """What the table comes to on the plan of now. Raises Problem for wishes that mean nothing, and TableError."""
    sheet, targets = read_sheet(wanted.table.encode("utf-8", "surrogatepass")), list_targets()
    faults = [
        Fault(f"columns.{shown(header)}", f"The table has no column {shown(header)}.", "unknown")
        for header in wanted.columns
        if header not in sheet.header
    ]
    faults += [
        Fault(f"columns.{shown(header)}", f"{shown(to)} is no field; allowed are {', '.join(targets)}.", "unknown")
        for header, to in wanted.columns.items()
        if to and to not in targets
    ]
    faults += [
        Fault(f"zones.{shown(zone)}", f"{shown(kind)} is no kind of zones; allowed are {', '.join(KINDS)}.", "unknown")
        for zone, kind in wanted.zones.items()
        if kind not in KINDS
    ]
    if faults:
        raise refuse(faults, "The request isn't as it has to be.")
    columns = {place: wanted.columns[header] for place, header in enumerate(sheet.header) if header in wanted.columns}
    wishes = Wishes(columns=columns, zones=wanted.zones, zone=wanted.zone, clears=wanted.clears)
    return compare(sheet, plan.document, wishes, matrix=matrix_of(plan))


def _describe(revision: int, found: Comparison, *, stored: bool) -> ToldRows:
    return ToldRows(
        revision=revision,
        stored=stored,
        new=list(found.new[:MOST_TOLD]),
        changed=[
            ChangedRow(
                line=one.line,
                name=one.name,
                differences=[Difference(field=title, before=old, after=new) for title, old, new in one.differences],
            )
            for one in found.changed[:MOST_TOLD]
        ],
        same=found.same,
        left_out=[name for name, _ in found.left_out],
        faults=[f"{one.where}: {one.message}" for one in found.faults[:MOST_TOLD]],
    )


def _tell(told: ToldRows) -> HttpResponse:
    headers = {"ETag": tag_of(told.revision)}
    return HttpResponse(told.model_dump_json().encode(), content_type=JSON, headers=headers)
