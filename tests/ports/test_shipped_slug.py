"""A database that holds the shipped edition of before: it keeps its plans, and the one of now is loaded beside it."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.ports.test_migrated import migrate, open_stored, run, start

pytestmark = pytest.mark.slow

STORED = Path(__file__).parent / "stored" / "before_sources.sql"
"""The database of the version before: the edition that it shipped, one service amended, and a plan that was handed
over under that."""
BEFORE = "ecd268ea28652ac41ad0ce335ba5413c4a9966a445746921198fe883f62800f3"
AMENDED = "f9beabc50dc310196939d1a529a2ec692e2e89ee93039a375eab7913a64333af"
OWN = f"passwordstate-2026-11-{BEFORE[:8]}"
LOOK = """
import json
import django
django.setup()
from planner.plan.document import read_plan
from planner.store.models import Handover, Plan
from ports.matrix import digest_records
from ports.models import PortMatrix, Snapshot
from ports.queries import current_matrix, edition_records, find_state, list_amendments, shipped_matrix
plan, handover = Plan.objects.get(), Handover.objects.get()
then, now = find_state(handover.digest), current_matrix()
read_plan(json.dumps(plan.document).encode(), matrix=now)
print(json.dumps({
    "editions": [
        [one.slug, one.digest, one.current, digest_records(edition_records(one.pk)) == one.digest]
        for one in PortMatrix.objects.order_by("pk")
    ],
    "now": [now.edition, now.services["smtp"].ports, now.sha256 == shipped_matrix().sha256],
    "then": [then.edition, then.digest, then.services["smtp"].ports],
    "amendments": [[one.facts.row, one.facts.new, one.state] for one in list_amendments()],
}))
"""


@pytest.fixture
def stored(tmp_path):
    """The data folder of the version before, after some statements more."""
    return lambda *statements: open_stored(STORED, tmp_path, *statements)


def look(environment):
    done = run(environment, "-c", LOOK)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_the_edition_of_before_makes_room_and_everything_about_it_stays_whenever_it_is_started_again(stored, tmp_path):
    environment = stored()
    started = start(environment, tmp_path)
    assert "is here with other content" not in started.stderr
    found = look(environment)
    (old, new) = found["editions"]
    assert old == [OWN, BEFORE, False, True]
    assert [new[0], *new[2:]] == ["passwordstate-2026-11", True, True]
    assert new[1] not in (BEFORE, AMENDED)
    assert found["now"] == ["passwordstate-2026-11", "587", True]
    assert found["then"] == [OWN, AMENDED, "587"], "the handover is told under what it was made under"
    assert found["amendments"] == [["service/smtp", "587", "applied"]]
    assert ": already loaded." in run(environment, "manage.py", "prepare").stdout
    assert look(environment) == found


def test_where_the_slug_is_taken_another_one_is_found(stored, tmp_path):
    columns = "product, document, received, digest, current, stamp, product_slug"
    environment = stored(
        f"INSERT INTO ports_portmatrix (slug, {columns}) VALUES ('{OWN}', 'Other', 'Guide', '1', 'x', 0, 1, 'other')"
    )
    migrate(environment)
    with closing(sqlite3.connect(tmp_path / "planner.sqlite3")) as database:
        slugs = dict(database.execute("SELECT slug, digest FROM ports_portmatrix"))
    assert slugs == {"passwordstate-2026-11-1": BEFORE, OWN: "x"}


def test_an_edition_of_another_slug_stays_as_it_is(stored, tmp_path):
    environment = stored("UPDATE ports_portmatrix SET slug = 'ours-2026'")
    migrate(environment)
    with closing(sqlite3.connect(tmp_path / "planner.sqlite3")) as database:
        assert [slug for (slug,) in database.execute("SELECT slug FROM ports_portmatrix")] == ["ours-2026"]
