"""What tests of what is kept find around them."""

import io
import zipfile
from functools import cache

import pytest

from planner.store import actions
from planner.store.models import Plan
from tests.quick import load_shipped
from tests.store.archives import MATRIX, pack
from tests.web.views.pages import store


@pytest.fixture
def members(db):
    """The members of a good archive of one plan with three revisions, to be spoiled; its plan is gone."""
    return dict(make_members())


@cache
def make_members():
    """These, made once."""
    plan, _ = store()
    actions.override_port(plan_id=plan.pk, matrix=MATRIX, service="ssh", ports="2222")
    actions.undo(plan_id=plan.pk, matrix=MATRIX)
    actions.hand_over(plan_id=plan.pk, matrix=MATRIX, revision=2, recipient="Team", note="")
    with zipfile.ZipFile(io.BytesIO(pack())) as file:
        found = {name: file.read(name) for name in file.namelist()}
    Plan.objects.all().delete()
    return found


@pytest.fixture
def loaded(db):
    return load_shipped()
