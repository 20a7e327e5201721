"""What the tests of the pages share: the shipped matrix in the database, and one application for all clients."""

import pytest
from django.test import Client

from ports.actions import keep_snapshot, load_matrix
from ports.models import PortMatrix, Snapshot
from ports.queries import SHIPPED, shipped_matrix
from tests.web.views.pages import know


@pytest.fixture(scope="package")
def shipped(django_db_setup, django_db_blocker):
    """The shipped matrix, loaded once and taken away after the last of these tests.

    What is kept of it with the first plan is kept already: to read it for the plan of each test takes longer than to
    store that.
    """
    with django_db_blocker.unblock():
        matrix, _ = load_matrix(path=SHIPPED)
        keep_snapshot(matrix=shipped_matrix())
    yield matrix
    with django_db_blocker.unblock():
        PortMatrix.objects.all().delete()
        Snapshot.objects.all().delete()


@pytest.fixture(autouse=True)
def loaded(shipped, db):
    """Every test has the shipped matrix in the database. What it does to it is rolled back."""


@pytest.fixture
def matrix(shipped, db):
    """The row of the shipped matrix."""
    return PortMatrix.objects.get(pk=shipped.pk)


@pytest.fixture(scope="package")
def handler():
    """The application with its middleware, which takes a while to look through the static files."""
    handler = Client().handler
    handler.load_middleware()
    return handler


@pytest.fixture
def client(handler):
    """A browser that holds the plans that `store` makes."""
    client = know(Client())
    client.handler = handler
    return client
