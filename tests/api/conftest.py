"""What the tests of the API share: the shipped matrix, a plan, and a program that may do everything with it."""

import pytest

from tests.api.programs import Program
from tests.web.views.conftest import handler, loaded, matrix, shipped  # noqa: F401 - fixtures
from tests.web.views.pages import store


@pytest.fixture
def plan():
    """A plan that the browser of the tokens owns."""
    row, _ = store()
    return row


@pytest.fixture
def program(handler, plan):  # noqa: F811
    """A program that may do everything with the plan."""
    return Program(handler)
