"""What the tests of `push` and `pull` share: the shipped matrix, a clone, and both ways to a stored plan."""

import pytest

from planner.management.sync import remote
from tests.commands.conftest import in_folder  # noqa: F401 - a fixture
from tests.sync import syncing
from tests.sync.syncing import SITE, commit, git, store, tracked, write
from tests.web.views.conftest import handler, loaded, matrix, shipped  # noqa: F401 - fixtures


@pytest.fixture(params=["here", "there"])
def way(request, monkeypatch):
    """How the stored plan is reached: the options of both commands, and what opens addresses."""
    if request.param == "here":
        return {"push": (), "pull": (), "opener": None}
    opener = syncing.Opener(request.getfixturevalue("handler"))
    monkeypatch.setenv("PLANNER_TOKEN", syncing.make())
    monkeypatch.setattr(remote.urllib.request, "build_opener", lambda *_: opener)
    return {"push": ("--to", SITE), "pull": ("--from", SITE), "opener": opener}


@pytest.fixture
def clone(in_folder):  # noqa: F811
    """A clone in which the file belongs to a stored plan: its row."""
    row = store()
    git("init", "-q", "-b", "main")
    git("config", "remote.origin.url", "https://me:secret@git.example.com/net/plans.git")
    write(tracked(row))
    commit()
    return row
