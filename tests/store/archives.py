"""Archives of plans, good and spoiled, as tests make them."""

import io
import json
import zipfile
from datetime import UTC, datetime

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from planner.plan.archive import BY_COMMAND, ON_THE_PAGE
from planner.plan.archive_values import ArchiveError
from planner.store import actions
from planner.store.kept import LARGE
from planner.store.models import Handover, Plan, Revision
from planner.store.transfer import all_plans, export_plans, import_plans
from ports.queries import shipped_matrix
from tests.web.views.pages import SENTENCE, store

MATRIX = shipped_matrix()
SENT = {"revision": 1, "recipient": "Team", "note": "", "author": "", "sent": "2026-01-01T00:00:00+00:00"}


def pack(plans=None):
    file = io.BytesIO()
    export_plans(file, all_plans() if plans is None else plans)
    return file.getvalue()


def unpack(data, limits=BY_COMMAND):
    return import_plans(io.BytesIO(data), limits, MATRIX)


def facts_of(plan):
    """Everything that was saved of a plan, without what belongs to its row and address."""
    own = {"id", "plan_id", "operation", "key", "edit_hash", "edit_number"}

    def rows(found):
        return [{key: value for key, value in row.items() if key not in own} for row in found]

    return [
        rows(Plan.objects.filter(pk=plan.pk).values()),
        rows({**row, **_read(plan, row["number"])} for row in plan.revisions.order_by("number").values()),
        rows(plan.handovers.order_by("sent", "pk").values()),
        rows(plan.answers.order_by("pk").values()),
        rows(plan.comments.order_by("pk").values()),
    ]


def _read(plan, number):
    """The document of a revision, in place of what is kept of it: databases order keys otherwise."""
    return dict.fromkeys((*LARGE, "proof", "behind")) | {"document": plan.revisions.get(number=number).document}


def a_plan_with_a_past():
    """A plan with an edit, an undo, a redo, a restored revision, checkpoints, a handover, and old times."""
    plan, _ = store()
    do = {"plan_id": plan.pk}
    kim = actions.Sender(author="Kim")
    actions.override_port(**do, matrix=MATRIX, service="ssh", ports="2222", sender=kim)
    actions.apply_edit(
        **do, matrix=MATRIX, edit="edit-endpoint", params={"endpoint": "PS01", "changes": {"name": "Ж <b>"}}
    )
    actions.undo(**do, matrix=MATRIX)
    actions.redo(**do, matrix=MATRIX)
    actions.restore(**do, matrix=MATRIX, number=2)
    actions.name_checkpoint(**do, number=2, name="Before “the” audit", seen="")
    actions.hand_over(**do, matrix=MATRIX, revision=2, recipient="Network team", note="Two\r\nlines", sender=kim)
    Revision.objects.filter(plan=plan, number=1).update(created=datetime(2020, 2, 29, 23, 59, 59, 999_999, tzinfo=UTC))
    return Plan.objects.get(pk=plan.pk)


def zipped(members, compression=zipfile.ZIP_DEFLATED):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", compression) as packed:
        for name, content in members.items() if isinstance(members, dict) else members:
            packed.writestr(zipfile.ZipInfo(name), content, compression)
    return file.getvalue()


def complaint(data, limits=ON_THE_PAGE):
    """What is said of a bad archive: a place and a sentence; nothing is stored."""
    with pytest.raises(ArchiveError) as caught:
        unpack(data, limits)
    assert not Plan.objects.exists()
    assert not Revision.objects.exists()
    assert not Handover.objects.exists()
    assert SENTENCE.match(caught.value.message), caught.value.message
    return str(caught.value)


def changed(members, name, change):
    """The members with one JSON member changed; of revisions the second one is."""
    lines = members[name].splitlines()
    if name.endswith("jsonl"):
        tree = json.loads(lines[1])
        change(tree)
        return members | {name: b"\n".join([lines[0], json.dumps(tree).encode(), *lines[2:]])}
    tree = json.loads(members[name])
    change(tree)
    return members | {name: json.dumps(tree).encode()}


def upload(client, data, name="plan.zip"):
    return client.post("/plans/import/", {"file": SimpleUploadedFile(name, data), "text": ""})
