"""A stored plan stays on its edition, and each of its revisions keeps what it was evaluated under."""

import io
import json

import pytest

from planner.plan.archive import BY_COMMAND
from planner.plan.document import read_plan
from planner.plan.edits import NotPossible
from planner.store import actions
from planner.store.editions import current_for, keep_digest, matrix_of
from planner.store.models import Plan
from planner.store.reports import report_for
from planner.store.transfer import export_plans, import_plans
from ports.actions import activate_matrix, load_matrix, make_amendment, revert_amendment
from ports.models import PortMatrix, Snapshot
from ports.queries import SHIPPED, NoMatrix, current_matrix, find_state
from tests.editions import HARBOUR, NEXT, load_gatekeeper, load_next
from tests.report.samples import contoso

pytestmark = pytest.mark.django_db
FIRST = "passwordstate-2026-11"


@pytest.fixture
def plan():
    """A plan that was made while the shipped edition was the current one."""
    load_matrix(path=SHIPPED)
    return make_plan()


def make_plan(document=None):
    matrix = current_matrix()
    read = read_plan(json.dumps(document or contoso()).encode(), matrix=matrix, syntax="json")
    return actions.create_plan(plan=read, matrix=matrix, summary="Test")


def amend(value, service="password-reset-portal"):
    return make_amendment(row=f"service/{service}", field="ports", value=value, reason="Behind the proxy")


def opens(plan):
    """The ports of the portal and of SSH in the rules of a plan as it is now."""
    plan = Plan.objects.get(pk=plan.pk)
    report = report_for(plan.version, matrix_of(plan))
    found = {rule.id: [service.ports for service in rule.services] for rule in report.rules}
    return found["NET-DMZ-970"][-1], found["INT-DMZ-320"][-1]


def test_a_new_plan_is_on_the_current_edition_and_its_revision_keeps_the_digest(plan):
    revision = plan.revisions.get()
    assert (plan.edition.slug, revision.edition.slug) == (FIRST, FIRST)
    assert revision.digest == current_matrix().digest
    assert Snapshot.objects.filter(digest=revision.digest).count() == 1
    assert find_state(revision.digest).edition == FIRST


@pytest.mark.slow
def test_plans_stay_on_their_editions_through_five_loads_with_amendments_in_between(plan, tmp_path):
    assert opens(plan) == ("443", "22")
    amendment = amend("444")
    assert opens(plan) == ("444", "22")
    load_next(tmp_path, "passwordstate-2027-01", password_reset_portal="445")
    second = make_plan()
    # The amendment doesn't fit the new edition; where the first plan stays it does.
    assert (opens(plan), opens(second)) == (("444", "22"), ("445", "22"))
    amend("446")
    assert (opens(plan), opens(second)) == (("444", "22"), ("446", "22"))
    load_next(tmp_path, "passwordstate-2027-02", ssh="2200")
    third = make_plan()
    assert (opens(plan), opens(second), opens(third)) == (("444", "22"), ("446", "22"), ("444", "2200"))
    revert_amendment(number=amendment.pk)
    assert (opens(plan), opens(second), opens(third)) == (("443", "22"), ("446", "22"), ("443", "2200"))
    load_next(tmp_path, "passwordstate-2027-04", activate=False, password_reset_portal="447")
    load_matrix(path=SHIPPED)
    activate_matrix(matrix=PortMatrix.objects.get(slug=FIRST))
    assert (opens(plan), opens(second), opens(third)) == (("443", "22"), ("446", "22"), ("443", "2200"))
    assert make_plan().edition.slug == FIRST


def test_an_edit_stays_on_the_plans_edition_and_keeps_the_digest_of_then(plan, tmp_path):
    load_next(tmp_path, password_reset_portal="445")
    before = matrix_of(plan).digest
    actions.choose(plan_id=plan.pk, matrix=matrix_of(plan), choice="esxi", options=["ssh"])
    amend("446")  # of the new edition, which the plan isn't on
    amended = amend("2222", "ssh")
    actions.choose(plan_id=plan.pk, matrix=matrix_of(plan), choice="winrm", options=["http"])
    kept = list(plan.revisions.order_by("number").values_list("edition__slug", "digest"))
    assert [edition for edition, _ in kept] == [FIRST] * 3
    assert kept[1][1] == before
    assert kept[2][1] == matrix_of(plan).digest != before
    revert_amendment(number=amended.pk)
    assert find_state(kept[2][1]).services["ssh"].ports == "2222"
    assert matrix_of(plan).services["ssh"].ports == "22"


def test_an_edit_that_was_checked_under_another_edition_is_refused(plan, tmp_path):
    load_next(tmp_path)
    with pytest.raises(NotPossible, match=f"put on the edition {FIRST} in between, and nothing was changed"):
        actions.choose(plan_id=plan.pk, matrix=current_matrix(), choice="esxi", options=["ssh"])
    plan.refresh_from_db()
    assert plan.revision == 1


def test_an_imported_plan_is_put_on_its_edition_and_one_that_was_on_none_on_the_current_one(plan, tmp_path):
    files = []
    for edition in (plan.edition, None):
        Plan.objects.update(edition=edition)
        files.append(io.BytesIO())
        export_plans(files[-1], Plan.objects.all())
    load_next(tmp_path)
    made = [import_plans(file, BY_COMMAND, current_matrix())[0] for file in files]
    assert [one.edition.slug for one in made] == [FIRST, NEXT]


def test_a_plan_whose_product_is_not_here_is_on_none_and_settles_when_it_is_changed(plan, tmp_path):
    row = Plan.objects.create(name="Harbour", document={"format": 1, "name": "Harbour", "product": "gatekeeper"})
    with pytest.raises(NoMatrix, match="no port matrix of 'gatekeeper' here; there are passwordstate"):
        matrix_of(row)
    load_gatekeeper()
    assert matrix_of(row).edition == "gatekeeper-4"
    gatekeeper = current_matrix("gatekeeper")
    document = json.loads(json.dumps(read_harbour(gatekeeper)))
    Plan.objects.filter(pk=row.pk).update(document=document)
    row.refresh_from_db()
    actions.rename_plan(plan_id=row.pk, matrix=matrix_of(row), name="Port", description="")
    row.refresh_from_db()
    assert row.edition.slug == "gatekeeper-4"
    assert row.revisions.get().edition.slug == "gatekeeper-4"


def read_harbour(matrix):
    from planner.plan.document import dump_plan

    return dump_plan(read_plan(HARBOUR.read_bytes(), matrix=matrix)) | {"product": "gatekeeper"}


def test_a_plan_keeps_its_product_whichever_is_the_default(plan):
    load_gatekeeper()
    harbour = actions.create_plan(
        plan=read_plan(HARBOUR.read_bytes(), matrix=current_matrix("gatekeeper")),
        matrix=current_matrix("gatekeeper"),
        summary="Test",
    )
    harbour.document.pop("product")  # as where it was made while its product was the default one
    assert matrix_of(harbour).product_slug == current_for(harbour).product_slug == "gatekeeper"


def test_which_matrix_a_plan_is_under_costs_one_query(plan, django_assert_num_queries):
    matrix_of(plan)
    row = Plan.objects.get(pk=plan.pk)
    with django_assert_num_queries(1):
        assert matrix_of(row).edition == FIRST


def test_a_matrix_that_is_nowhere_has_its_digest_kept_all_the_same(plan):
    from dataclasses import replace

    assert keep_digest(replace(current_matrix(), digest="0" * 64)) == "0" * 64
    assert find_state("0" * 64) is None
