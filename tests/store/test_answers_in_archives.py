"""Who decided what and why goes out with a plan and comes in again, checked line by line."""

import io
import zipfile

import pytest

from planner.store import actions, reasons
from planner.store.models import Answer, Plan
from tests.store.archives import MATRIX, changed, complaint, pack, unpack, zipped
from tests.web.views.pages import store

pytestmark = pytest.mark.django_db
ANSWERS = "plans/1/answers.jsonl"


@pytest.fixture
def members():
    """The members of the archive of a plan with two decisions, which is gone."""
    plan = store()[0]
    kim = actions.Sender(author="Kim")
    reasons.choose(plan_id=plan.pk, matrix=MATRIX, choice="esxi", options=["ssh"], reason="One", sender=kim)
    reasons.answer_caveat(plan_id=plan.pk, matrix=MATRIX, caveat="telnet-port", answer="practice", sender=kim)
    with zipfile.ZipFile(io.BytesIO(pack())) as file:
        found = {name: file.read(name) for name in file.namelist()}
    Plan.objects.all().delete()
    return found


def test_they_come_in_as_they_went_out(members):
    [plan] = unpack(zipped(members))
    rows = [(row.revision, row.subject, row.answer, row.reason, row.author) for row in plan.answers.order_by("pk")]
    assert rows == [(2, "esxi", "ssh", "One", "Kim"), (3, "telnet-port", "practice", "", "Kim")]


def test_an_archive_of_format_4_has_none(members):
    old = changed(
        members, "plans/1/plan.json", lambda tree: (tree.pop("answers"), tree.pop("comments"), tree.pop("git"))
    )
    old = {name: data for name, data in old.items() if name != ANSWERS}
    [plan] = unpack(zipped(changed(old, "archive.json", lambda tree: tree.update(format=4))))
    assert not plan.answers.exists()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"number": 3}, "line 2, number: Answers come in their order, none left out: this must be 2, not 3."),
        ({"revision": 4}, "line 2, revision: This must be a whole number from 1 to 3, found 4."),
        ({"kind": "rule"}, "line 2, kind: This must be choice or caveat, found “rule”."),
        ({"kind": ["choice"]}, "line 2, kind: This must be choice or caveat, found a list of 1."),
        ({"subject": ""}, "line 2, subject: This must be a text of 1 to 255 characters"),
        ({"answer": 1}, "line 2, answer: This must be a text"),
        ({"answer": ["ssh", 1]}, "line 2, answer[1]: This must be a text"),
        ({"reason": "x" * 501}, "line 2, reason: This must be a text of 0 to 500 characters"),
        ({"added": 0}, "line 2, added: This must be true or false"),
        ({"author": "\0"}, "line 2, author: This must be a text without NUL"),
        ({"at": "now"}, "line 2, at: This must be a time like"),
        ({"more": 1}, "line 2: The key “more” is not known here"),
    ],
)
def test_a_spoiled_answer_is_refused_with_its_place(members, change, said):
    assert said in complaint(zipped(changed(members, ANSWERS, lambda tree: tree.update(change))))
    assert not Answer.objects.exists()


@pytest.mark.parametrize(
    ("count", "said"), [(1, "one answer more than the 1"), (9, "Answer 3 is missing"), (0, "must not be there")]
)
def test_as_many_are_there_as_is_told(members, count, said):
    spoiled = changed(members, "plans/1/plan.json", lambda tree: tree.update(answers=count))
    assert said in complaint(zipped(spoiled))
