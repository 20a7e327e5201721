"""That git owns a plan goes along in an archive, without the token that pushes it."""

import pytest

from planner.store import git
from planner.store.models import Plan
from tests.store.archives import changed, complaint, pack, unpack, zipped
from tests.web.views.pages import store

pytestmark = pytest.mark.django_db


def test_a_plan_that_git_owns_comes_out_of_an_archive_as_such():
    row, _ = store()
    where = {"repository": "https://git.example.com/plans", "path": "a.yaml"}
    git.give_to_git(plan_id=row.pk, token=None, actor="Olga", **where)
    data = pack([Plan.objects.get(pk=row.pk)])
    [came] = unpack(data)
    assert Plan.objects.get(pk=came.pk).git == {**where, "token": None, "label": "", "by": ""}
    assert pack([Plan.objects.get(pk=came.pk)]) == data
    git.take_from_git(plan_id=came.pk, actor="Olga")
    assert [plan.git for plan in unpack(pack([Plan.objects.get(pk=came.pk)]))] == [None]


@pytest.mark.parametrize(
    "value", [7, {}, {"repository": "a"}, {"repository": "a", "path": 1}, {"repository": "x" * 301, "path": ""},
              {"repository": "a", "path": "b", "token": 1}],
)  # fmt: skip
def test_what_doesnt_fit_is_refused(members, value):
    bad = changed(members, "plans/1/plan.json", lambda tree: tree.update(git=value))
    assert "plans/1/plan.json, git" in complaint(zipped(bad))
