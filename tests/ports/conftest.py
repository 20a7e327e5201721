"""What the tests of the matrix share."""

import pytest

from ports.actions import load_matrix
from ports.matrix import build_matrix
from tests.ports.records import fixture_text, make_records, record
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
def small(db, tmp_path, records):
    """Put the small matrix, as the test changed it, into the database."""

    def write():
        path = tmp_path / "desk.json"
        path.write_text(fixture_text(records), "utf-8")
        return load_matrix(path=path)[0]

    return write


@pytest.fixture
def loaded(db):
    """The shipped matrix in the database."""
    return load_shipped()


@pytest.fixture
def load(tmp_path):
    """A function that loads an edition of the small matrix with other ports of SSH."""

    def write(slug, ssh="22", activate=True, **head):
        records = make_records()
        records["portmatrix"][0] |= {"slug": slug, **head}
        record(records, "service", "ssh")["ports"] = ssh
        path = tmp_path / f"{slug}.json"
        path.write_text(fixture_text(records), "utf-8")
        return load_matrix(path=path, activate=activate)[0]

    return write
