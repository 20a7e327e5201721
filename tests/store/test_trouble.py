"""What is wrong with the database, by what it answers; what is a fault of ours stays one."""

import re
from contextlib import nullcontext

import pytest
from django.db import DatabaseError, IntegrityError, InterfaceError, OperationalError, connection, transaction

from planner.deploy.sqlite.library import has_reset_bug, journal_mode, used
from planner.store import start
from planner.store import trouble as trouble_module
from planner.store.kept import Damaged
from planner.store.models import Attempt
from planner.store.readiness import list_troubles
from planner.store.start import NotReady, check_version, migrate_whole
from planner.store.trouble import (
    BUSY,
    DAMAGED,
    FULL,
    GONE,
    READ_ONLY,
    Trouble,
    name_trouble,
    say_trouble,
    store_if_possible,
)


def raised(kind, **facts):
    cause = Exception("said by the driver")
    for name, value in facts.items():
        setattr(cause, name, value)
    error = kind("said by Django")
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "trouble"),
    [
        (raised(OperationalError, sqlite_errorcode=5), BUSY),
        (raised(OperationalError, sqlite_errorcode=6 | 1 << 8), BUSY),
        (raised(OperationalError, sqlite_errorcode=8 | 2 << 8), READ_ONLY),
        (raised(OperationalError, sqlite_errorcode=13), FULL),
        (raised(OperationalError, sqlite_errorcode=14), GONE),
        (raised(DatabaseError, sqlite_errorcode=11), DAMAGED),
        (raised(DatabaseError, sqlite_errorcode=26), DAMAGED),
        (raised(OperationalError, sqlite_errorcode=1), None),
        (raised(IntegrityError, sqlite_errorcode=19), None),
        (raised(OperationalError, sqlstate="08006"), GONE),
        (raised(OperationalError, sqlstate="57P01"), GONE),
        (raised(OperationalError, sqlstate="40P01"), BUSY),
        (raised(OperationalError, sqlstate="53100"), FULL),
        (raised(OperationalError, sqlstate="25006"), READ_ONLY),
        (raised(DatabaseError, sqlstate="XX001"), DAMAGED),
        (raised(DatabaseError, sqlstate="42P01"), None),
        (raised(OperationalError, sqlstate=None), GONE),
        (raised(InterfaceError), GONE),
        (raised(DatabaseError), None),
        (ValueError("no error of a database"), None),
        (None, None),
    ],
)
def test_what_is_wrong_is_named(error, trouble):
    assert name_trouble(error) is trouble


def test_who_runs_a_command_is_told_what_to_do():
    codes = {BUSY: 5, GONE: 14, FULL: 13, READ_ONLY: 8, DAMAGED: 11}
    assert codes.keys() == {one for one in vars(trouble_module).values() if isinstance(one, Trouble)}
    for trouble, code in codes.items():
        said = say_trouble(raised(OperationalError, sqlite_errorcode=code))
        assert said == f"The database can't be used: said by Django. {trouble.advice}"
    assert say_trouble(Damaged("Half of it is gone.")) == "Half of it is gone. It may be in a backup."
    assert say_trouble(ValueError("no error of a database")) is None


def test_who_runs_a_command_on_another_database_than_the_services_is_told(db, monkeypatch):
    error = raised(OperationalError, sqlite_errorcode=1)
    assert say_trouble(error) is None
    monkeypatch.setattr(trouble_module, "PLANS", "planner_of_nobody")
    assert re.fullmatch(
        r"The database \S+ has no tables yet\. If it is the service's, start that once, which makes them; else set "
        r"PLANNER_DATA and DATABASE_URL as the service has them\.",
        say_trouble(error),
    )


@pytest.fixture
def unwritable(db):
    """As in a folder that can't be written, as far as SQLite goes."""
    is_sqlite = connection.vendor == "sqlite"
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA query_only = 1" if is_sqlite else "SET TRANSACTION READ ONLY")
        yield
        if is_sqlite:
            cursor.execute("PRAGMA query_only = 0")


def test_what_a_page_can_do_without_is_left_out_where_nothing_can_be_stored(unwritable):
    store_if_possible(lambda: Attempt.objects.create(subject="a", mark="b"))
    assert not Attempt.objects.exists()


def test_other_errors_are_told(db):
    Attempt.objects.create(subject="a", mark="b")
    with pytest.raises(IntegrityError):
        store_if_possible(lambda: Attempt.objects.create(subject="a", mark="b"))


@pytest.mark.parametrize("code", [8, 13, 5])  # SQLITE_READONLY, SQLITE_FULL, SQLITE_BUSY
def test_it_is_left_out_where_not_even_a_transaction_begins(db, monkeypatch, code):
    def refuse():
        raise raised(OperationalError, sqlite_errorcode=code)

    monkeypatch.setattr("planner.store.trouble.transaction.atomic", refuse)
    store_if_possible(lambda: pytest.fail("nothing is stored"))
    with pytest.raises(OperationalError) if code == 5 else nullcontext():
        store_if_possible(lambda: pytest.fail("nothing is stored"), waits=True)


def test_what_a_page_can_do_without_is_tried_for_a_moment_and_the_log_as_long_as_any_write(db):
    if connection.vendor != "sqlite":
        pytest.skip("of SQLite")
    tried = []

    def look():
        tried.append(connection.connection.execute("PRAGMA busy_timeout").fetchone()[0])

    look()
    store_if_possible(look)
    look()
    store_if_possible(look, waits=True)
    usual = tried[0]
    assert usual > 1000
    assert tried == [usual, 1000, usual, usual]


def test_asking_whether_all_is_well_leaves_nothing(db):
    with transaction.atomic():
        assert list_troubles() in ([], ["matrix"])
    assert not Attempt.objects.exists()


@pytest.mark.parametrize(
    ("version", "has_it"),
    [
        ((3, 6, 23), False), ((3, 7, 0), True), ((3, 40, 1), True), ((3, 44, 5), True), ((3, 44, 6), False),
        ((3, 46, 1), True), ((3, 50, 6), True), ((3, 50, 7), False), ((3, 51, 2), True), ((3, 51, 3), False),
        ((3, 53, 0), False),
    ],
)  # fmt: skip
def test_which_versions_of_sqlite_can_damage_a_database(version, has_it):
    assert has_reset_bug(version) is has_it
    assert journal_mode(version) == ("DELETE" if has_it else "WAL")


def test_the_connection_is_as_safe_as_it_can_be(db):
    if connection.vendor != "sqlite":
        pytest.skip("of SQLite")
    with connection.cursor() as cursor:
        said = {name: cursor.execute(f"PRAGMA {name}").fetchone()[0] for name in ("journal_mode", "synchronous")}
    assert said == {"journal_mode": journal_mode(used().sqlite_version_info).lower(), "synchronous": 2}


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("version", "said"), [(140_017, "PostgreSQL 14; 15 or newer"), (150_000, None), (180_001, None)]
)
def test_a_postgresql_that_is_too_old_is_named_before_the_start(monkeypatch, version, said):
    monkeypatch.setattr(connection, "pg_version", version, raising=False)
    if said is None:
        check_version()
    else:
        with pytest.raises(NotReady, match=said):
            check_version()


@pytest.mark.django_db
def test_a_database_that_has_every_migration_is_left_alone_and_any_other_isnt(monkeypatch):
    done = []
    monkeypatch.setattr(start, "call_command", lambda *line, **_: done.append(line))
    migrate_whole()
    assert done == []
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'sessions'")
    migrate_whole()
    assert done == [("migrate",)]
