"""What staff edited outlives an upgrade: a file that would overwrite it is refused, by row, field and both values."""

import io
import json
import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from ports import checks, queries
from ports.actions import load_matrix
from ports.matrix.differences import Difference, describe_edit, find_differences
from ports.models import Platform, PortMatrix, Requirement, Role, Service
from ports.queries import SHIPPED, current_matrix, current_records, find_held_back
from tests.ports.records import fixture_text, record

ROOT = Path(__file__).parents[2]
STORED = Path(__file__).parent / "stored" / "before_memory.sql"
"""The database of a version that didn't remember what it loaded: two matrices, the shipped one edited by staff."""


@pytest.fixture
def shipped_file(tmp_path):
    """A function that writes the shipped fixture with other values, as a newer version would have it."""

    def write(**ports):
        rows = json.loads(SHIPPED.read_text("utf-8"))
        for row in rows:
            if row["model"] == "ports.service" and row["fields"]["slug"] in ports:
                row["fields"]["ports"] = ports[row["fields"]["slug"]]
        path = tmp_path / f"passwordstate-{len(list(tmp_path.iterdir()))}.json"
        path.write_text(json.dumps(rows), "utf-8")
        return path

    return write


@pytest.fixture
def newer(shipped_file, monkeypatch):
    """A newer shipped fixture: RDP moved to another port."""
    path = shipped_file(rdp="3390")
    monkeypatch.setattr(queries, "SHIPPED", path)
    return path


def edit(client, row, **values):
    """Change a row as staff do: on its page in the admin."""
    path = f"/admin/ports/{row._meta.model_name}/{row.pk}/change/"
    form = client.get(path).context["adminform"].form
    data = {field.html_name: field.field.prepare_value(field.value()) for field in form}
    data = {name: value for name, value in data.items() if value not in (None, False)}
    assert client.post(path, data | values).status_code == 302


def refused(path):
    """What the command says when it refuses the file; nothing may have changed by then."""
    before = [(matrix.digest, matrix.stamp, current_records(matrix.pk)) for matrix in PortMatrix.objects.all()]
    with pytest.raises(CommandError) as caught:
        call_command("load_matrix", str(path))
    assert caught.value.returncode == 1
    assert [(matrix.digest, matrix.stamp, current_records(matrix.pk)) for matrix in PortMatrix.objects.all()] == before
    return str(caught.value).splitlines()


def test_a_newer_file_is_refused_for_an_edited_row_and_names_it(admin_client, loaded, newer):
    edit(admin_client, Service.objects.get(slug="smtp"), ports="587")
    assert refused(newer) == [
        f"{loaded} has been edited here, and loading the file would lose this, so nothing was loaded:",
        'service/smtp: the field \'ports\' was loaded as "25" and is "587" now.',
        "Put into the file what has to stay, or load it over the edits by --force.",
    ]
    assert current_matrix().services["smtp"].ports == "587"
    assert current_matrix().services["rdp"].ports == "3389"


def test_force_loads_it_over_the_edit(admin_client, loaded, newer):
    edit(admin_client, Service.objects.get(slug="smtp"), ports="587")
    call_command("load_matrix", str(newer), force=True, verbosity=0)
    assert current_matrix().services["smtp"].ports == "25"
    assert current_matrix().services["rdp"].ports == "3390"
    call_command("load_matrix", str(SHIPPED), verbosity=0)  # what was loaded by force is remembered, too
    assert current_matrix().services["rdp"].ports == "3389"


def test_a_newer_file_is_loaded_where_nothing_was_edited(loaded, newer):
    call_command("load_matrix", str(newer), verbosity=0)
    assert current_matrix().services["rdp"].ports == "3390"


def test_an_edit_that_was_taken_back_keeps_nothing_from_being_loaded(admin_client, loaded, newer):
    edit(admin_client, Service.objects.get(slug="smtp"), ports="587")
    edit(admin_client, Service.objects.get(slug="smtp"), ports="25")
    assert load_matrix(path=newer)[1] is True


def test_an_edit_that_the_file_makes_as_well_is_lost_to_nobody(admin_client, loaded, shipped_file):
    edit(admin_client, Service.objects.get(slug="smtp"), ports="587")
    assert load_matrix(path=shipped_file(smtp="587", rdp="3390"))[1] is True
    assert current_matrix().services["smtp"].ports == "587"


def test_rows_that_were_added_deleted_and_moved_are_named(loaded, newer):
    Platform.objects.create(matrix=loaded, position=999, slug="amiga", name="Amiga")
    Requirement.objects.filter(slug="email").delete()
    Role.objects.filter(slug="web-primary").update(position=999)
    PortMatrix.objects.update(received="Monday")
    assert refused(newer)[1:-1] == [
        'portmatrix: the field \'received\' was loaded as "2026-11-23" and is "Monday" now.',
        "role: the rows were put into another order here.",
        "platform/amiga was added here.",
        "requirement/email was deleted here.",
    ]


def test_long_values_are_shown_around_what_differs():
    words = [f"word {number}" for number in range(100)]
    old, new = ({"role": [{"slug": "x", "description": " ".join(words)}]} for _ in range(2))
    new["role"][0]["description"] = new["role"][0]["description"].replace("word 50 ", "WORD 50 ")
    (difference,) = (found for found in find_differences(old, new) if found.field == "description")
    sentence = describe_edit(difference)
    assert "word 50 word 51" in sentence
    assert "WORD 50 word 51" in sentence
    assert len(sentence) < 350


def test_what_a_matrix_does_not_know_is_no_difference(records):
    changed = json.loads(json.dumps(records))
    changed["role"][0]["position"] = 7
    assert find_differences(records, changed) == ()
    record(changed, "service", "ssh")["ports"] = "2222"
    assert find_differences(records, changed) == (
        Difference(change="changed", row="service/ssh", field="ports", old="22", new="2222"),
    )


# --- where nobody remembers what was loaded --------------------------------------------------------------------------


def test_the_next_load_remembers_what_an_earlier_version_loaded(loaded, newer, shipped_file):
    PortMatrix.objects.update(loaded=None)
    Service.objects.filter(slug="smtp").update(ports="587")
    assert load_matrix(path=shipped_file())[1] is False
    assert 'service/smtp: the field \'ports\' was loaded as "25" and is "587" now.' in refused(newer)


def test_rows_with_the_digest_of_what_was_loaded_are_not_edited(loaded, newer):
    PortMatrix.objects.update(loaded=None)
    assert load_matrix(path=newer)[1] is True


def test_what_is_still_shipped_tells_what_an_earlier_version_loaded(loaded, shipped_file):
    PortMatrix.objects.update(loaded=None)
    Service.objects.filter(slug="smtp").update(ports="587")
    assert 'service/smtp: the field \'ports\' was loaded as "25" and is "587" now.' in refused(
        shipped_file(rdp="3390")
    )


def test_what_nobody_can_know_is_refused_with_all_that_differs_from_the_file(loaded, newer):
    PortMatrix.objects.update(loaded=None)
    Service.objects.filter(slug="smtp").update(ports="587")
    told = refused(newer)
    assert told[1].startswith("What was loaded isn't known any more: this matrix was written here, or loaded by an")
    assert told[2:-1] == [
        'service/smtp: the field \'ports\' is "587" here and "25" in the file.',
        'service/rdp: the field \'ports\' is "3389" here and "3390" in the file.',
    ]
    assert load_matrix(path=newer, force=True)[1] is True


def test_a_matrix_that_staff_wrote_is_not_overwritten_by_a_file_of_its_slug(db, tmp_path, records):
    path = tmp_path / "desk.json"
    path.write_text(fixture_text(records), "utf-8")
    desk = PortMatrix.objects.create(slug="desk", product="Desk", document="Guide", received="2026-05")
    Service.objects.create(matrix=desk, slug="own", name="Own", protocol="tcp", ports="1")
    assert "service/own is here and not in the file." in refused(path)
    assert "service/https is in the file and not here." in refused(path)


def test_what_loaddata_loaded_is_taken_over(db, newer, shipped_file):
    call_command("loaddata", "passwordstate", verbosity=0)
    load_matrix(path=shipped_file())
    Service.objects.filter(slug="smtp").update(ports="587")
    assert refused(newer)[1:-1] == ['service/smtp: the field \'ports\' was loaded as "25" and is "587" now.']


def test_the_memory_stays_out_of_lists_and_dumps(loaded, django_assert_num_queries):
    with django_assert_num_queries(1):
        assert "loaded" in PortMatrix.objects.get().get_deferred_fields()
    rows = io.StringIO()
    call_command("dumpdata", "ports.portmatrix", stdout=rows)
    assert '"digest"' in rows.getvalue()
    assert '"loaded"' not in rows.getvalue()


# --- what the service says -------------------------------------------------------------------------------------------


def test_the_start_goes_on_and_says_what_it_keeps(admin_client, loaded, newer, capsys):
    edit(admin_client, Service.objects.get(slug="smtp"), ports="587")
    call_command("load_matrix", str(newer), keep_edits=True)
    told = capsys.readouterr()
    assert told.out == ""
    assert 'service/smtp: the field \'ports\' was loaded as "25" and is "587" now.' in told.err
    assert current_matrix().services["smtp"].ports == "587"


def test_the_start_loads_what_overwrites_nothing(loaded, newer, capsys):
    call_command("load_matrix", str(newer), keep_edits=True)
    told = capsys.readouterr()
    assert told.out.endswith(": loaded.\n")
    assert told.err == ""


def test_edits_are_either_kept_or_overwritten(newer):
    with pytest.raises(CommandError, match="not allowed with argument"):
        call_command("load_matrix", "--force", "--keep-edits", str(newer))


def test_the_check_warns_while_the_shipped_matrix_is_held_back(admin_client, loaded, newer):
    assert checks.check_matrices(None) == []
    edit(admin_client, Service.objects.get(slug="smtp"), ports="587")
    (warning,) = checks.check_matrices(None)
    assert warning.id == "ports.W001"
    assert warning.msg.splitlines()[1:] == ['service/smtp: the field \'ports\' was loaded as "25" and is "587" now.']
    assert "--force" in warning.hint
    call_command("check")  # a warning keeps nothing from running


def test_staff_read_on_the_page_of_the_matrix_what_is_held_back(admin_client, client, loaded, newer):
    words = "A newer version is held back"
    assert words not in admin_client.get("/matrix/").content.decode()
    edit(admin_client, Service.objects.get(slug="smtp"), ports="587")
    page = admin_client.get("/matrix/").content.decode()
    assert words in page
    assert "service/smtp: the field &#x27;ports&#x27; was loaded as &quot;25&quot; and is &quot;587&quot; now." in page
    assert words not in client.get("/matrix/").content.decode()


def test_nothing_is_held_back_where_the_shipped_file_is_loaded_missing_or_can_not_be_read(
    loaded, monkeypatch, tmp_path
):
    Service.objects.filter(slug="smtp").update(ports="587")
    assert find_held_back() == ()
    nameless = '[{"model": "ports.portmatrix", "fields": {"product": "Passwordstate"}}]'
    for text in ("{", "[]", nameless):
        path = tmp_path / f"{len(text)}.json"
        path.write_text(text, "utf-8")
        monkeypatch.setattr(queries, "SHIPPED", path)
        assert find_held_back() == ()
    monkeypatch.setattr(queries, "SHIPPED", tmp_path / "gone.json")
    assert find_held_back() == ()


# --- a database of before -------------------------------------------------------------------------------------------

STATE = """
import django
django.setup()
from ports.queries import current_matrix
matrix = current_matrix()
print(matrix.services["smtp"].ports, "amiga" in matrix.platforms, len(matrix.requirements), matrix.digest[:8])
"""
EDITED = "587 True 101 252fa293"
"""What that version's own reports say of the matrix with the edits."""


@pytest.fixture
def stored(tmp_path):
    """The data folder of an earlier version; without `digest` it was loaded from the fixture that is still shipped."""

    def make(digest=None):
        database = sqlite3.connect(tmp_path / "planner.sqlite3")
        database.executescript(STORED.read_text("utf-8"))
        if digest:
            database.execute("UPDATE ports_portmatrix SET digest = ? WHERE slug = 'passwordstate'", [digest])
        database.commit()
        database.close()
        return {name: value for name, value in os.environ.items() if not name.startswith("PLANNER_")} | {
            "PLANNER_DATA": str(tmp_path),
            "DJANGO_SETTINGS_MODULE": "planner.settings",
            "PYTHONPATH": str(ROOT),
        }

    return make


def run(environment, *arguments):
    return subprocess.run(
        [sys.executable, *arguments], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )


def test_a_database_of_before_opens_unchanged_and_remembers_what_was_loaded(stored, shipped_file):
    environment = stored()
    assert run(environment, "manage.py", "migrate", "--verbosity", "0").returncode == 0
    assert run(environment, "-c", STATE).stdout.strip() == EDITED
    assert run(environment, "manage.py", "load_matrix").stdout.endswith(": already loaded.\n")
    refusal = run(environment, "manage.py", "load_matrix", str(shipped_file(rdp="3390")))
    assert refusal.returncode == 1
    assert refusal.stderr.splitlines()[1:-1] == [
        "platform/amiga was added here.",
        'service/smtp: the field \'ports\' was loaded as "25" and is "587" now.',
        "requirement/website-users was deleted here.",
        (
            "requirement/email: the field 'summary' was loaded as \"Notifications leave the web server over SMTP.\" "
            'and is "Mail leaves by our relay — “Größe” zählt." now.'
        ),
    ]
    assert run(environment, "-c", STATE).stdout.strip() == EDITED


PYTHON = """#!/bin/sh
case "$*" in
    "-m "*) echo "serving: $*" ;;
    *collectstatic*) mkdir -p "$PLANNER_DATA/static" ;;
    *) exec {python} "$@" ;;
esac
"""
"""Stands for Python in the start script: everything is done but what takes long, serving and static files."""


def test_the_service_starts_over_edits_of_before_with_a_newer_matrix(stored, tmp_path):
    environment = stored(digest="that of an older file")
    stand_in = tmp_path / "bin" / "python"
    stand_in.parent.mkdir()
    stand_in.write_text(PYTHON.format(python=sys.executable), "utf-8")
    stand_in.chmod(0o755)
    environment["PATH"] = f"{stand_in.parent}:{environment['PATH']}"
    start = subprocess.run(
        [ROOT / "scripts" / "serve.sh"], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )
    assert "What was loaded isn't known any more" in start.stderr
    assert 'service/smtp: the field \'ports\' is "587" here and "25" in the file.' in start.stderr
    assert start.stdout.splitlines()[-1].startswith("serving: ")
    assert run(environment, "-c", STATE).stdout.strip() == EDITED
