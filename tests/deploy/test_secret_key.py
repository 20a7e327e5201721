"""The secret key in the data folder outlives a loss of power, and a file that holds none is a sentence."""

import os
import zipfile
from functools import partial

import pytest
from django.core.exceptions import ImproperlyConfigured

from planner.deploy import environment
from planner.store.backup import restore_backup, write_backup
from tests.store.test_backup import KNOWN, make_database


@pytest.mark.parametrize("content", [b"", b"\n", b"\xff\xfe", b"\xff" + b"0123456789abcdef" * 4, b"first"])
def test_a_file_that_holds_none_is_named_and_left(tmp_path, content):
    path = tmp_path / "secret-key"
    path.write_bytes(content)
    with pytest.raises(ImproperlyConfigured, match=r"secret-key holds no secret key: .* Remove it and restore a"):
        environment.keep_secret_key(path)
    assert path.read_bytes() == content


def test_what_is_said_of_an_empty_one_can_be_done_as_it_is_said(tmp_path):
    """Every command reads the key first, `restore` too."""
    key, database = tmp_path / "secret-key", make_database(tmp_path / "planner.sqlite3")
    first = environment.keep_secret_key(key)
    write_backup(database, key, tmp_path / "backup.zip")
    key.write_bytes(b"")
    with pytest.raises(ImproperlyConfigured) as told:
        environment.keep_secret_key(key)
    for said in ("Remove it and restore a backup (manage.py restore FILE --replace)", "take the file secret-key out"):
        assert said in str(told.value)
    key.unlink()
    assert environment.keep_secret_key(key) != first
    restore_backup(tmp_path / "backup.zip", database, key, KNOWN)
    assert environment.keep_secret_key(key) == first
    with zipfile.ZipFile(tmp_path / "backup.zip") as archive:
        assert archive.read("secret-key").decode().strip() == first


def test_it_is_on_the_disk_before_it_has_its_name_and_the_name_before_it_is_used(tmp_path, monkeypatch):
    """Else a loss of power leaves an empty file, and what was signed until then is signed by nobody."""
    done = []
    for name in ("fsync", "link"):
        original = getattr(os, name)
        note = partial(lambda name, act, *given: (done.append(name), act(*given)), name, original)
        monkeypatch.setattr(environment.os, name, note)
    environment.keep_secret_key(tmp_path / "secret-key")
    assert done == ["fsync", "link", "fsync"]
