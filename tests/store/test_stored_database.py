"""A database of an earlier version opens unchanged: plans, history, links, holders, the matrix with its edits."""

import json
import os
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import pytest

from tests import warm

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
STORED = Path(__file__).parent / "stored" / "november-2026.sql"
"""One plan with an edit of each kind, undone, redone, restored, handed over, named, shared by both kinds of links,
held by an account; one in the bin; a service that staff have edited (SMTP on 587)."""
SECRET = "the secret key of a stored database, long enough to be one 0123456789"
READ_LINK, EDIT_LINK = "T" * 43, "_fa1-qmFKk6ygk9C5UBYVnGHDeg9TQdE9BxlGI9UhTw"

LOOK = """
import json, sys, uuid
import django
django.setup()
from django.core.management import call_command
call_command("migrate", verbosity=0, skip_checks=True)
call_command("load_matrix", verbosity=0)
from django.conf import settings
from django.test import Client
from planner.report import FORMATS
from planner.sharing import links
from planner.store import actions, models
from planner.store.editions import matrix_of
from planner.store.holders import Holder
from planner.store.reports import report_for
from ports.queries import current_matrix, list_amendments
settings.ALLOWED_HOSTS = ["*"]
plan = models.Plan.objects.get(key=uuid.UUID(int=1))
matrix = matrix_of(plan)
revisions = list(plan.revisions.order_by("number"))
versions = [models.Version(plan=plan.key, number=one.number, document=one.document) for one in revisions]
found = {
    "revisions": [(one.number, one.summary, one.author, one.undo_to, one.redo_to, one.restored) for one in revisions],
    "documents": [one.document for one in revisions],
    "rules": [len(report_for(version, matrix).rules) for version in versions],
    "smtp": matrix.services["smtp"].ports,
    "matrix": [current_matrix().edition, matrix.product_slug, matrix.digest],
    "editions": [matrix.edition, [one.edition and one.edition.slug for one in revisions]],
    "digests": sorted({one.digest for one in revisions}),
    "amendments": [
        (one.facts.row, one.facts.field, one.facts.old, one.facts.new, one.facts.reason, one.state)
        for one in list_amendments()
    ],
    "handovers": list(plan.handovers.values_list("revision", "recipient", "note")),
    "checkpoints": [one.checkpoint for one in revisions if one.checkpoint],
    "holds": sorted(plan.holds.values_list("browser", "user__username", "role"), key=str),
    "bin": models.Plan.objects.exclude(deleted=None).count(),
}
read_link, edit_link = sys.argv[1:]
opened = links.open_edit_link(token=edit_link, holder=Holder(browser="d" * 64))
found["edit_link"] = str(opened.key)
link = links.find_link(read_link)
found["link"] = [link.label, link.most_openings, link.shows_changes, link.state]
try:
    links.try_passphrase(link, "not the passphrase")
except Exception as error:
    found["refused"] = type(error).__name__
links.try_passphrase(link, "a passphrase for tests")
sender = actions.Sender(base=plan.revision, author="Eva")
undone = actions.undo(plan_id=plan.pk, matrix=matrix, sender=sender).plan
found["undone"] = [undone.revision, undone.document]
redone = actions.redo(plan_id=plan.pk, matrix=matrix, sender=actions.Sender(base=undone.revision)).plan
found["redone"] = redone.document
# An edit that was begun three revisions ago is carried over, over a rename that the database remembers.
late = actions.apply_edit(
    plan_id=plan.pk, matrix=matrix, edit="edit-endpoint",
    params={"endpoint": "Public", "changes": {"platforms": ["windows"]}}, sender=actions.Sender(base=1),
).plan
found["late_digest"] = late.revisions.get(number=late.revision).digest
found["late"] = next(one for one in late.document["endpoints"] if one["name"] == "Renamed")["platforms"]
token = links.make_edit_link(plan_id=plan.pk)
client = Client()
client.get(f"/edit/{token}/")
client.post(f"/edit/{token}/")
pages = ("", "history/", "changes/")
found["pages"] = [client.get(f"/plans/{plan.key}/{page}").status_code for page in pages]
found["pdf"] = FORMATS["pdf"].render(report_for(late.version, matrix))[:5].decode()
print(json.dumps(found))
"""


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    """What the version of today finds in it."""
    folder = tmp_path_factory.mktemp("stored")
    with closing(sqlite3.connect(folder / "planner.sqlite3")) as database:
        database.executescript(STORED.read_text("utf-8"))
    environment = os.environ | {
        "PLANNER_DATA": str(folder),
        "PLANNER_SECRET_KEY": SECRET,
        "PLANNER_DEBUG": "1",
        "DJANGO_SETTINGS_MODULE": "planner.settings",
    }
    command = [sys.executable, "-c", LOOK, READ_LINK, EDIT_LINK]
    run = warm.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout.splitlines()[-1])


@pytest.fixture(scope="module")
def stored():
    """What is in it, as it was written."""
    with closing(sqlite3.connect(":memory:")) as database:
        database.executescript(STORED.read_text("utf-8"))
        wanted = "select number, summary, document from planner_revision where plan_id = 1 order by number"
        return [(number, summary, json.loads(document)) for number, summary, document in database.execute(wanted)]


def test_every_revision_is_there_as_it_was(found, stored):
    assert [(number, summary) for number, summary, *_ in found["revisions"]] == [one[:2] for one in stored]
    assert found["documents"] == [document for *_, document in stored]
    assert all(found["rules"])


def test_what_staff_edited_in_the_matrix_is_an_amendment_now_and_holds(found):
    assert found["smtp"] == "587"
    assert found["amendments"] == [["service/smtp", "ports", "25", "587", "edited before amendments", "applied"]]
    edition, product, _ = found["matrix"]
    assert (edition, product) == ("passwordstate-2026-11", "passwordstate"), "the one that is shipped now"


def test_its_plans_stay_on_the_edition_under_which_they_were_read(found):
    edition, of_revisions = found["editions"]
    assert edition.startswith("passwordstate-2026-11-"), "the one that was loaded then, under a slug of its own"
    assert of_revisions == [None] * (len(of_revisions) - 1) + [edition], "of older ones it isn't known"
    assert found["digests"] == [""]
    assert found["late_digest"] == found["matrix"][2]


def test_handovers_checkpoints_holders_and_the_bin_are_there(found):
    assert found["handovers"] == [[9, "Network team", "First"]]
    assert found["checkpoints"] == ["Sent"]
    assert found["holds"] == [["", "staff", "edit"]]
    assert found["bin"] == 1


def test_a_read_link_opens_with_its_passphrase(found):
    assert found["link"] == ["Network team", 5, False, "live"]
    assert found["refused"] == "Refused"


def test_its_edit_link_opens_it(found):
    assert found["edit_link"] == "00000000-0000-0000-0000-000000000001"


def test_the_last_change_is_undone_and_done_again(found, stored):
    assert found["undone"][0] == stored[-1][0] + 1
    assert found["redone"] == stored[-1][2]
    assert found["undone"][1] != stored[-1][2]


def test_an_edit_from_an_old_page_is_carried_over_a_rename(found):
    assert found["late"] == ["windows"]


def test_its_pages_open_and_its_report_is_made(found):
    assert found["pages"] == [200, 200, 200]
    assert found["pdf"] == "%PDF-"
