"""Files that take the place of others once they are whole: all at once, on the disk, and for their owner alone."""

import os
import stat
from pathlib import Path

import pytest
from django.conf import settings

from planner.deploy import drafts
from planner.deploy.drafts import writing


@pytest.fixture
def place(tmp_path):
    """A file that is there, in a folder with nothing else."""
    (tmp_path / "kept").write_bytes(b"old")
    return tmp_path / "kept"


def mode_of(path):
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize(("mode", "left"), [({}, 0o600), ({"mode": 0o666}, 0o640)])
def test_a_file_has_what_was_written_and_is_its_owners_alone_unless_others_may_have_it(place, mode, left):
    old = os.umask(0o027)
    try:
        with writing(place, **mode) as file:
            file.write(b"new")
            assert place.read_bytes() == b"old"
            assert [path.name.startswith(drafts.PREFIX) for path in place.parent.iterdir() if path != place] == [True]
    finally:
        os.umask(old)
    assert (place.read_bytes(), mode_of(place)) == (b"new", left)
    assert list(place.parent.iterdir()) == [place]


def test_it_is_on_the_disk_before_it_has_its_name_and_so_is_the_name(place, monkeypatch):
    done = []

    def watch(room, name):
        call = getattr(room, name)
        monkeypatch.setattr(room, name, lambda *given: done.append((name, place.read_bytes())) or call(*given))

    watch(os, "fsync")
    watch(Path, "replace")
    with writing(place) as file:
        file.write(b"new")
    assert done == [("fsync", b"old"), ("replace", b"old"), ("fsync", b"new")]


@pytest.mark.parametrize("step", ["write", "fsync", "replace"])
def test_where_it_cannot_be_finished_the_older_one_stays_and_nothing_beside_it(place, step, monkeypatch):
    def fail(*_):
        raise OSError(28, "No space left on device")

    def write():
        with writing(place) as file:
            file.write(b"new")
            if step == "write":
                fail()

    if step != "write":
        monkeypatch.setattr({"fsync": os, "replace": Path}[step], step, fail)
    with pytest.raises(OSError, match="No space left"):
        write()
    assert place.read_bytes() == b"old"
    assert list(place.parent.iterdir()) == [place]


def test_what_was_written_can_be_read_by_its_name_before_it_has_its_place(place):
    with writing(place) as file:
        file.write(b"new")
        file.flush()
        assert Path(file.name).read_bytes() == b"new"


def test_what_a_killed_process_left_is_taken_away_once_nobody_can_be_at_work_at_it(place):
    left, at_work = (place.with_name(f"{drafts.PREFIX}{name}") for name in ("left", "at-work"))
    for path in (left, at_work):
        path.touch()
    os.utime(left, (0, 0))
    with writing(place) as file:
        file.write(b"new")
    assert sorted(place.parent.iterdir()) == sorted([place, at_work])


def test_no_other_place_writes_a_file_beside_its_place():
    sources = (settings.BASE_DIR / "planner").rglob("*.py")
    # One moves a database that is there, another has a key be there that none is written over.
    found = sorted(path.name for path in sources if "os.fsync(" in path.read_text("utf-8"))
    assert found == ["backup.py", "drafts.py", "environment.py"]
