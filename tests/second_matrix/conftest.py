"""The made-up matrix of another product, in the database and as values."""

from pathlib import Path

import pytest
from django.core.management import call_command

from planner.plan.document import read_plan
from planner.store import actions
from ports.models import PortMatrix
from ports.queries import _build_at, current_matrix
from tests.web.views.pages import give

FOLDER = Path(__file__).parent
FIXTURE = FOLDER / "gatekeeper.json"
HARBOUR = FOLDER / "harbour.yaml"


@pytest.fixture
def gatekeeper(db):
    """The made-up matrix, loaded as anybody would load it, and the one that plans are evaluated against."""
    _build_at.cache_clear()  # a test's database is rolled back, and with it the stamps that tell matrices apart
    call_command("load_matrix", str(FIXTURE), verbosity=0)
    assert PortMatrix.objects.get(current=True).slug == "gatekeeper-4"
    return current_matrix()


@pytest.fixture
def address(gatekeeper):
    """The address of a stored plan of the other product."""
    plan = read_plan(HARBOUR.read_bytes(), matrix=gatekeeper)
    return f"/plans/{give(actions.create_plan(plan=plan, matrix=gatekeeper, summary='Test'))}/"
