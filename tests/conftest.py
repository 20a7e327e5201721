"""What all tests share: property tests try the same examples on every run, and no clock decides whether one passes."""

import pytest
from django.db import connection
from django.test import Client
from hypothesis import HealthCheck, settings

settings.register_profile(
    "ci", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True
)
settings.load_profile("ci")


@pytest.fixture
def client():
    """A browser that holds the plans that `tests.views.pages.store` makes."""
    from tests.views.pages import know

    return know(Client())


@pytest.fixture(scope="session")
def django_db_modify_db_settings(tmp_path_factory):
    """A database in a file, as in production: one in memory is one connection for all threads of the live server."""
    connection.settings_dict["TEST"]["NAME"] = str(tmp_path_factory.mktemp("database") / "test.sqlite3")
