"""A database of a version in which staff edited rows: its matrices are editions now, and the edits amendments."""

import json
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from tests import warm

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
STORED = Path(__file__).parent / "stored" / "before_memory.sql"
"""The database of a version that didn't remember what it loaded: two matrices, the shipped one edited by staff."""
BEGIN = """
import json
import django
from django.core.management import call_command
django.setup()
"""
STATE = """
from ports.matrix import digest_records
from ports.models import PortMatrix
from ports.queries import current_matrix, edition_records, list_amendments
matrix = current_matrix("passwordstate")
smtp = matrix.services.get("smtp")
print(json.dumps({
    "matrix": [smtp and smtp.ports, "amiga" in matrix.platforms, len(matrix.requirements), matrix.digest[:8]],
    "editions": [
        [one.slug, one.product_slug, one.current, one.digest == digest_records(edition_records(one.pk))]
        for one in PortMatrix.objects.order_by("pk")
    ],
    "amendments": [
        [one.facts.row, one.facts.field, one.facts.old, one.facts.new, one.state, one.facts.reason]
        for one in list_amendments("passwordstate")
    ],
    "others": len(list_amendments("gatekeeper")),
}))
"""
EDITED = ["587", True, 101, "252fa293"]
"""What that version's own reports say of the matrix with the edits."""
UNKNOWN = "edited before amendments, or loaded from a file of then: which of them isn't known"


def open_stored(path, folder, *statements):
    """The environment of a service whose data folder has that database, after some statements more."""
    with closing(sqlite3.connect(folder / "planner.sqlite3")) as database:
        database.executescript(path.read_text("utf-8"))
        for statement in statements:
            database.execute(statement)
        database.commit()
    return {name: value for name, value in os.environ.items() if not name.startswith("PLANNER_")} | {
        "PLANNER_DATA": str(folder),
        "DJANGO_SETTINGS_MODULE": "planner.settings",
        "PYTHONPATH": str(ROOT),
    }


@pytest.fixture
def stored(tmp_path):
    """The data folder of an earlier version, after some statements more."""
    return lambda *statements: open_stored(STORED, tmp_path, *statements)


def run(environment, *arguments):
    return warm.run(
        [sys.executable, *arguments], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )


OF_EDITIONS = """
call_command("migrate", "planner", "0009", verbosity=0)
call_command("migrate", "ports", verbosity=0)
"""
"""Only what editions are made and read by, in the same order. All else takes twice as long as that, and none of it
looks at an edition."""
LOAD = """
call_command("load_matrix")
"""


def look(environment, *steps):
    """What is told after the steps, which a service's start takes in a process of its own: see `start`."""
    done = run(environment, "-c", BEGIN + "".join(steps))
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def migrate(environment):
    """The state after the migration."""
    (told,) = look(environment, OF_EDITIONS, STATE)
    return json.loads(told)


def test_the_edits_are_amendments_and_reports_stay_as_they_were(stored):
    environment = stored()
    found = migrate(environment)
    assert found["matrix"] == EDITED
    assert found["editions"] == [
        ["passwordstate-2026-11-4b5aa995", "passwordstate", True, True],
        ["gatekeeper-first", "gatekeeper", True, True],
    ]
    added, smtp, removed, email = found["amendments"]
    why = ["applied", "edited before amendments"]
    assert smtp == ["service/smtp", "ports", "25", "587", *why]
    assert added == ["platform/amiga", "", None, {"slug": "amiga", "name": "Amiga", "icon": ""}, *why]
    assert [removed[0], removed[1], removed[2]["slug"], removed[3]] == [
        "requirement/website-users", "", "website-users", None,
    ]  # fmt: skip
    assert email[:2] == ["requirement/email", "summary"]
    assert found["others"] == 0, "nobody had edited that one"
    # The file that is shipped now is another edition, and becomes the current one; the edits hold over it.
    loaded, told, again = look(environment, LOAD, STATE, LOAD)
    assert loaded.endswith(": loaded.")
    after = json.loads(told)
    assert [edition[0] for edition in after["editions"]] == [
        "passwordstate-2026-11-4b5aa995", "gatekeeper-first", "passwordstate-2026-11",
    ]  # fmt: skip
    assert after["amendments"] == found["amendments"]
    assert again.endswith(": already loaded.")


def test_rows_in_another_order_are_an_amendment_of_the_order(stored):
    environment = stored(
        "UPDATE ports_role SET position = 999 WHERE slug = 'web-primary' AND matrix_id = 1",
        "UPDATE ports_platform SET position = 1 WHERE slug = 'amiga'",
    )
    found = migrate(environment)
    kinds = {row: (old, new) for row, field, old, new, *_ in found["amendments"] if field == "position"}
    assert set(kinds) == {"role", "platform"}
    assert kinds["role"][1][-1] == "web-primary"
    assert kinds["platform"][0][-1] == kinds["platform"][1][0] == "amiga"
    assert all(state == "applied" for *_, state, _ in found["amendments"])


def test_where_nobody_knows_what_was_loaded_all_that_differs_from_the_file_of_then_is_kept(stored):
    environment = stored("UPDATE ports_portmatrix SET digest = 'that of an older file' WHERE id = 1")
    found = migrate(environment)
    assert found["matrix"] == EDITED
    assert found["editions"][0] == ["passwordstate-2026-11-4b5aa995", "passwordstate", True, True]
    assert {reason for *_, reason in found["amendments"]} == {UNKNOWN}


def test_an_edited_matrix_that_no_plan_is_evaluated_under_stays_as_it_is(stored):
    environment = stored(
        "UPDATE ports_portmatrix SET active = 0",
        "UPDATE ports_portmatrix SET active = 1, product = 'Passwordstate' WHERE slug = 'gatekeeper'",
    )
    found = migrate(environment)
    slugs = [edition[:3] for edition in found["editions"]]
    assert slugs[1] == ["gatekeeper", "passwordstate", True]
    assert slugs[0] == ["passwordstate-2026-11-252fa293", "passwordstate", False]
    assert all(is_whole for *_, is_whole in found["editions"])


PYTHON = """#!/bin/sh
case "$*" in
    "-m "*) echo "serving: $*" ;;
    *collectstatic*) mkdir -p "$PLANNER_DATA/static" ;;
    *) exec {python} "$@" ;;
esac
"""
"""Stands for Python in the start script: everything is done but what takes long, serving and static files."""


def start(environment, folder):
    """What the start script says, and what it starts."""
    stand_in = folder / "bin" / "python"
    stand_in.parent.mkdir(exist_ok=True)
    stand_in.write_text(PYTHON.format(python=sys.executable), "utf-8")
    stand_in.chmod(0o755)
    path = f"{stand_in.parent}:{environment['PATH']}"
    return subprocess.run(
        [ROOT / "scripts" / "serve.sh"],
        cwd=ROOT, env=environment | {"PATH": path}, capture_output=True, text=True, check=True,
    )  # fmt: skip


def test_the_service_starts_over_edits_of_before_and_where_the_shipped_matrix_is_refused_and_says_so(stored, tmp_path):
    environment = stored()
    started = start(environment, tmp_path)
    assert started.stderr == ""
    assert started.stdout.splitlines()[-1].startswith("serving: ")
    (told,) = look(environment, STATE)
    after = json.loads(told)
    port, has_own, _, digest = after["matrix"]
    assert [port, has_own] == EDITED[:2]
    assert digest != EDITED[3], "the edition that is shipped now is the current one"
    assert [edition[0] for edition in after["editions"]] == [
        "passwordstate-2026-11-4b5aa995", "gatekeeper-first", "passwordstate-2026-11",
    ]  # fmt: skip
    assert [amendment[4:] for amendment in after["amendments"]] == [["applied", "edited before amendments"]] * 4
    with closing(sqlite3.connect(tmp_path / "planner.sqlite3")) as database:
        database.execute("UPDATE ports_portmatrix SET digest = 'another' WHERE slug = 'passwordstate-2026-11'")
        database.commit()
    started = start(environment, tmp_path)
    assert "is here with other content" in started.stderr
    assert "the service goes on with what is here" in started.stdout
    assert started.stdout.splitlines()[-1].startswith("serving: ")
