"""What the tests of the matrix share."""

import pytest

from ports.matrix import build_matrix
from tests.ports.records import make_records
from tests.quick import load_shipped


@pytest.fixture(autouse=True)
def _quick_passwords(settings):
    """Staff's passwords are made anew for every test; the real hasher takes its time on purpose."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def records():
    return make_records()


@pytest.fixture
def small_matrix(records):
    return build_matrix(records)


@pytest.fixture
def loaded(db):
    """The shipped matrix in the database."""
    return load_shipped()
