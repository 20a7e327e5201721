"""A backup is a state between two writes, whole or not at all, and comes back as it was."""

import json
import os
import sqlite3
import stat
import threading
import zipfile
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace

import pytest

from planner.deploy import drafts
from planner.deploy.sqlite.base import mark_of
from planner.store import backup, crossing
from planner.store.backup import ABOUT, DATABASE, KEY, BadBackup, read_backup, restore_backup, write_backup

KNOWN = {"planner": {"0001_initial", "0002_more"}}


def make_database(path, plans=2, migration="0001_initial"):
    with closing(sqlite3.connect(path)) as made:
        made.executescript(f"""
            PRAGMA journal_mode=WAL;
            CREATE TABLE django_migrations (app text, name text);
            INSERT INTO django_migrations VALUES ('planner', '{migration}');
            CREATE TABLE planner_plan (id integer primary key, name text);
            CREATE TABLE two (left integer, right integer);
            INSERT INTO two VALUES (0, 0);
        """)
        made.executemany("INSERT INTO planner_plan (name) VALUES (?)", [(f"Plan {n}",) for n in range(plans)])
        made.commit()
    return path


def names(path):
    with closing(sqlite3.connect(path)) as opened:
        return [name for (name,) in opened.execute("SELECT name FROM planner_plan ORDER BY id")]


@pytest.fixture
def database(tmp_path):
    return make_database(tmp_path / "planner.sqlite3")


@pytest.fixture
def key(tmp_path):
    (tmp_path / "secret-key").write_text("first")
    return tmp_path / "secret-key"


def test_what_waits_sealed_is_in_no_backup(tmp_path, database, key):
    with closing(sqlite3.connect(database)) as made:
        made.executescript("""
            CREATE TABLE planner_job (id integer primary key, "order" text);
            CREATE TABLE planner_piece (id integer primary key, job_id integer, data blob);
            INSERT INTO planner_job VALUES (1, '{"kind": "existing"}'), (2, '{"kind": "report"}');
            INSERT INTO planner_piece VALUES (1, 1, 'waits sealed'), (2, 2, 'a report');
        """)
    write_backup(database, key, tmp_path / "backup.zip")
    with zipfile.ZipFile(tmp_path / "backup.zip") as archive:
        archive.extract(DATABASE, tmp_path / "out")
    with closing(sqlite3.connect(tmp_path / "out" / DATABASE)) as copy:
        assert copy.execute("SELECT id FROM planner_job").fetchall() == [(2,)]
        assert copy.execute("SELECT data FROM planner_piece").fetchall() == [("a report",)]
    assert b"waits sealed" not in (tmp_path / "out" / DATABASE).read_bytes()
    with closing(sqlite3.connect(database)) as kept:
        assert kept.execute("SELECT count(*) FROM planner_job").fetchone() == (2,)


def test_what_is_written_comes_back_and_its_owner_alone_can_read_it(tmp_path, database, key):
    target = tmp_path / "backup.zip"
    made = write_backup(database, key, target)
    assert (made.plans, made.has_key, made.migrations) == (2, True, {"planner": "0001_initial"})
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert read_backup(target) == made
    with closing(sqlite3.connect(database)) as opened:
        opened.execute("DELETE FROM planner_plan")
        opened.commit()
    key.write_text("second")
    restore_backup(target, database, key, KNOWN)
    assert names(database) == ["Plan 0", "Plan 1"]
    assert key.read_text() == "first"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert {file.name for file in tmp_path.iterdir()} <= {
        "planner.sqlite3", "planner.sqlite3-wal", "planner.sqlite3-shm", "planner.sqlite3.made", "secret-key",
        "backup.zip",
    }  # fmt: skip


def test_it_comes_back_where_nothing_is_yet(tmp_path, database):
    target = tmp_path / "backup.zip"
    write_backup(database, None, target)
    (tmp_path / "new").mkdir()
    assert not restore_backup(target, tmp_path / "new" / "planner.sqlite3", None, KNOWN).has_key
    assert names(tmp_path / "new" / "planner.sqlite3") == ["Plan 0", "Plan 1"]


@pytest.mark.parametrize("is_lost", [False, True])
def test_a_database_that_comes_back_is_its_owners_alone_and_known_to_be_made(tmp_path, database, is_lost):
    write_backup(database, None, tmp_path / "backup.zip")
    new = tmp_path / "new.sqlite3"
    if is_lost:
        mark_of(new).write_text("It was there.")
    old = os.umask(0)
    try:
        restore_backup(tmp_path / "backup.zip", new, None, KNOWN)
    finally:
        os.umask(old)
    assert names(new) == ["Plan 0", "Plan 1"]
    assert stat.S_IMODE(new.stat().st_mode) == 0o600
    assert mark_of(new).exists()


@pytest.mark.parametrize("is_lost", [False, True])
@pytest.mark.parametrize("step", ["_check", "fsync", "replace"])
def test_a_restore_that_fails_or_is_killed_leaves_no_empty_database(tmp_path, database, is_lost, step, monkeypatch):
    write_backup(database, None, tmp_path / "backup.zip")
    new = tmp_path / "new.sqlite3"
    if is_lost:
        mark_of(new).write_text("It was there.")

    def fail(*_):
        raise OSError("The disk is full.")

    monkeypatch.setattr({"_check": backup, "fsync": os, "replace": Path}[step], step, fail)
    with pytest.raises(OSError, match="disk is full"):
        restore_backup(tmp_path / "backup.zip", new, None, KNOWN)
    assert (new.exists(), mark_of(new).exists()) == (False, is_lost)
    monkeypatch.setattr({"_check": backup, "fsync": os, "replace": Path}[step], step, lambda *_: os._exit(9))
    if (child := os.fork()) == 0:
        restore_backup(tmp_path / "backup.zip", new, None, KNOWN)
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9
    assert (new.exists(), mark_of(new).exists()) == (False, is_lost)


@pytest.mark.parametrize("is_lost", [False, True])
@pytest.mark.parametrize(("step", "left"), [("_check", "second"), ("writing", "second"), ("_move", "first")])
def test_a_database_never_comes_back_beside_another_key(tmp_path, database, key, is_lost, step, left, monkeypatch):
    """It would pass for sound, with links that lead nowhere; without a database the restore is tried again."""
    write_backup(database, key, tmp_path / "backup.zip")
    new = tmp_path / "new.sqlite3"
    if is_lost:
        mark_of(new).write_text("It was there.")
    key.write_text("second")

    def fail(*_):
        raise OSError("The disk is full.")

    with monkeypatch.context() as patch:
        patch.setattr(backup.drafts if step == "writing" else backup, step, fail)
        with pytest.raises(OSError, match="disk is full"):
            restore_backup(tmp_path / "backup.zip", new, key, KNOWN)
    assert (new.exists(), mark_of(new).exists(), key.read_text()) == (False, is_lost, left)
    restore_backup(tmp_path / "backup.zip", new, key, KNOWN)
    assert (names(new), key.read_text()) == (["Plan 0", "Plan 1"], "first")


def test_what_is_left_of_a_lost_database_is_not_taken_for_a_part_of_the_one_that_comes_back(tmp_path, database):
    write_backup(database, None, tmp_path / "backup.zip")
    make_database(tmp_path / "new.sqlite3", plans=5)
    opened = sqlite3.connect(tmp_path / "new.sqlite3")
    opened.execute("DELETE FROM planner_plan")
    opened.commit()
    log = (tmp_path / "new.sqlite3-wal").read_bytes()
    opened.close()
    (tmp_path / "new.sqlite3").unlink()
    (tmp_path / "new.sqlite3-wal").write_bytes(log)
    restore_backup(tmp_path / "backup.zip", tmp_path / "new.sqlite3", None, KNOWN)
    assert names(tmp_path / "new.sqlite3") == ["Plan 0", "Plan 1"]


def test_a_process_that_is_ended_without_a_word_is_a_sentence(tmp_path, monkeypatch):
    path = tmp_path / DATABASE
    monkeypatch.setattr(crossing.subprocess, "run", lambda *_, **__: SimpleNamespace(returncode=-9, stderr=""))
    with pytest.raises(BadBackup, match=r"up to date: what does it was ended without a word \(-9\)\.$"):
        crossing._migrate(path)


def leave(folder, name):
    """What a process leaves that is killed while it writes a backup: a file, and a folder with a copy."""
    for made in (folder / f"{drafts.PREFIX}{name}", folder / f"{drafts.PREFIX}{name}-made" / DATABASE):
        made.parent.mkdir(exist_ok=True)
        made.write_text("secret")
    return {path for path in folder.iterdir() if name in path.name}


def age(*paths):
    for path in paths:
        for one in (path, *path.rglob("*")):
            os.utime(one, (one.stat().st_mtime - drafts.LEFT_AFTER - 60,) * 2)


def test_the_next_backup_takes_away_what_a_killed_one_left_and_nothing_else(tmp_path, database):
    young, old = leave(tmp_path, "young"), leave(tmp_path, "old")
    others = {tmp_path / ".backup-20260101", tmp_path / "notes"}
    for path in others:
        path.write_text("somebody's")
    age(*old, *others, *(path for path in young if path.is_dir()))
    [copy] = (path / DATABASE for path in young if path.is_dir())
    os.utime(copy)  # the folder is as old as it was made, the copy in it is being written
    write_backup(database, None, tmp_path / "backup.zip")
    assert not any(path.exists() for path in old)
    assert all(path.exists() for path in young | others)
    age(*young)
    restore_backup(tmp_path / "backup.zip", database, None, KNOWN)
    assert not any(path.exists() for path in young)


def test_a_backup_under_writers_is_a_state_between_two_writes(tmp_path, database):
    stop = threading.Event()

    def write():
        with closing(sqlite3.connect(database, timeout=60, isolation_level=None)) as opened:
            while not stop.is_set():
                opened.execute("BEGIN IMMEDIATE")
                opened.execute("UPDATE two SET left = left + 1")
                opened.execute("INSERT INTO planner_plan (name) VALUES (?)", ("x" * 2_000,))
                opened.execute("UPDATE two SET right = right + 1")
                opened.execute("COMMIT")

    writers = [threading.Thread(target=write) for _ in range(2)]
    for writer in writers:
        writer.start()
    try:
        counts = []
        for number in range(5):
            write_backup(database, None, tmp_path / f"{number}.zip")
            copy = tmp_path / f"{number}.sqlite3"
            restore_backup(tmp_path / f"{number}.zip", copy, None, KNOWN)
            with closing(sqlite3.connect(copy)) as opened:
                left, right, plans = opened.execute(
                    "SELECT left, right, (SELECT count(*) FROM planner_plan) FROM two"
                ).fetchone()
            assert left == right == plans - 2
            counts.append(left)
        assert counts == sorted(counts)
    finally:
        stop.set()
        for writer in writers:
            writer.join()
    with closing(sqlite3.connect(database)) as opened:
        assert opened.execute("SELECT left FROM two").fetchone()[0] >= counts[-1] > 0, "writers went on meanwhile"


def test_who_reads_while_it_comes_back_sees_the_state_before_or_after(tmp_path, database):
    write_backup(database, None, tmp_path / "backup.zip")
    with closing(sqlite3.connect(database)) as opened:
        opened.executemany("INSERT INTO planner_plan (name) VALUES (?)", [("later",)] * 500)
        opened.commit()
    seen, has_read, stop = set(), threading.Event(), threading.Event()

    def read():
        with closing(sqlite3.connect(database, timeout=60)) as opened:
            while not stop.is_set():
                seen.add(opened.execute("SELECT count(*) FROM planner_plan").fetchone()[0])
                has_read.set()

    reader = threading.Thread(target=read)
    reader.start()
    try:
        assert has_read.wait(60)
        restore_backup(tmp_path / "backup.zip", database, None, KNOWN)
    finally:
        stop.set()
        reader.join()
    assert 502 in seen <= {502, 2}
    assert len(names(database)) == 2


def change(path, **files):
    """The same archive with other content of some of its files; None takes one out."""
    with zipfile.ZipFile(path) as archive:
        held = {name: archive.read(name) for name in archive.namelist()}
    held |= {{"about": ABOUT, "database": DATABASE, "key": KEY}[name]: content for name, content in files.items()}
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in held.items():
            if content is not None:
                archive.writestr(name, content)


def about(path, **more):
    with zipfile.ZipFile(path) as archive:
        return json.dumps(json.loads(archive.read(ABOUT)) | more)


SPOILED = {
    "no zip": (lambda path: path.write_bytes(b"text"), "is no backup"),
    "cut off": (lambda path: path.write_bytes(path.read_bytes()[:-200]), "is no backup"),
    "no database": (lambda path: change(path, database=None), "is no backup: one holds planner.sqlite3"),
    "another database": (lambda path: change(path, database=b"x" * 5), "isn't what it holds"),
    "a key too many": (lambda path: change(path, key=b"x"), "isn't what it holds"),
    "no facts": (lambda path: change(path, about="[]"), "isn't what it holds"),
    "another format": (lambda path: change(path, about=about(path, format=9)), "is a backup of format 9"),
    "another sum": (lambda path: change(path, about=about(path, sha256="0" * 64)), "is damaged"),
    "other migrations": (lambda path: change(path, about=about(path, migrations={"planner": "2"})), "isn't the one"),
}  # fmt: skip


@pytest.mark.parametrize("kind", SPOILED)
def test_a_spoiled_backup_is_a_sentence_and_changes_nothing(tmp_path, database, kind):
    target = tmp_path / "backup.zip"
    write_backup(database, None, target)
    spoil, said = SPOILED[kind]
    spoil(target)
    before = database.read_bytes()
    with pytest.raises(BadBackup, match=said):
        restore_backup(target, database, None, KNOWN)
    assert database.read_bytes() == before


def test_a_backup_of_a_newer_version_is_refused_by_name(tmp_path):
    newer = make_database(tmp_path / "newer.sqlite3", migration="0009_later")
    write_backup(newer, None, tmp_path / "backup.zip")
    with pytest.raises(BadBackup, match=r"newer version, which knows planner\.0009_later; install that first"):
        restore_backup(tmp_path / "backup.zip", tmp_path / "planner.sqlite3", None, KNOWN)
    assert not (tmp_path / "planner.sqlite3").exists()


def test_what_is_no_database_isnt_copied(tmp_path):
    with pytest.raises(BadBackup, match="There is no database at"):
        write_backup(tmp_path / "planner.sqlite3", None, tmp_path / "backup.zip")
    (tmp_path / "planner.sqlite3").write_bytes(b"text" * 1_000)
    with pytest.raises(BadBackup, match="can't be copied: file is not a database"):
        write_backup(tmp_path / "planner.sqlite3", None, tmp_path / "backup.zip")
    assert [file.name for file in tmp_path.iterdir()] == ["planner.sqlite3"]


def test_a_damaged_database_is_named_and_leaves_the_last_backup(tmp_path, database):
    write_backup(database, None, tmp_path / "backup.zip")
    last = (tmp_path / "backup.zip").read_bytes()
    with closing(sqlite3.connect(database)) as opened:
        opened.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        (size,) = opened.execute("PRAGMA page_size").fetchone()
    data = bytearray(database.read_bytes())
    data[size * 2 : size * 3] = b"\xff" * size
    database.write_bytes(data)
    with pytest.raises(BadBackup, match=r"is damaged|can't be copied"):
        write_backup(database, None, tmp_path / "backup.zip")
    assert (tmp_path / "backup.zip").read_bytes() == last
