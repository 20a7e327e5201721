"""What tests of commands find around them."""

import pytest
from django.db import connection

from ports import queries


@pytest.fixture
def without_database(request, monkeypatch, tmp_path_factory):
    """No database, as on a fresh clone, except for tests that ask for one; an empty one on PostgreSQL."""
    if "db" in request.fixturenames:
        # A matrix that was read before a test was rolled back would pass for that of the next test's first edit.
        queries._build_at.cache_clear()
    elif connection.vendor == "sqlite":
        absent = tmp_path_factory.mktemp("data") / "absent.sqlite3"
        monkeypatch.setitem(connection.settings_dict, "NAME", str(absent))


@pytest.fixture(autouse=True)
def known_server(server):
    """On PostgreSQL there is a database, whatever a test asks for."""


@pytest.fixture
def in_folder(monkeypatch, tmp_path):
    """Tests write into a folder of their own."""
    monkeypatch.chdir(tmp_path)
