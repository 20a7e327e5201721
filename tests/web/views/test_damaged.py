"""What a damaged revision takes away: itself, and nothing that was kept while it was the newest."""

import pytest

from planner.store import actions
from planner.store.rule_comments import keep_openings, place
from tests.store.test_lives import MATRIX, give, life_of
from tests.web.views.pages import Page, store
from tests.web.views.test_acceptance import address, edit, figures, file, report_of, statuses, upload, write_plan

pytestmark = pytest.mark.django_db


@pytest.fixture
def plan():
    return store(write_plan())[0]


def rename_and_damage(plan):
    """Have an endpoint another name, and the revision before it damaged."""
    edit(plan, "PS01", name="PS-NEW")
    plan.revisions.filter(number=1).update(packed=b"broken")
    plan.refresh_from_db()


def test_results_of_a_damaged_revision_count_under_the_names_of_now(client, plan):
    upload(client, plan, file(plan, "PS01"), file(plan, "Staff"))
    rename_and_damage(plan)
    assert figures(Page(client.get(address(plan))))["not-tested"] == "0"
    assert statuses(plan)["PS-NEW", "SQL01"] == "open"
    page = Page(client.post(address(plan), {"files": [file(plan, "PS-NEW")]}, follow=True))
    assert "1 file taken" in page.text()
    assert "couldn’t be stored" not in page.text()


def test_a_revision_that_is_gone_and_was_brought_back_takes_no_page_along(client, plan):
    edit(plan, "PS01", name="PS-NEW")
    upload(client, plan, file(plan, "PS-NEW"))
    actions.restore(plan_id=plan.pk, matrix=MATRIX, number=1)
    plan.revisions.filter(number=1).delete()
    assert statuses(plan)["PS01", "SQL01"] == "open"
    assert client.get(address(plan)).status_code == 200


def test_states_and_comments_of_a_damaged_revision_stay_at_their_rules(client, plan):
    rule = next(one for one in report_of(plan).rules if one.sources[0].name == "PS01")
    give(plan, rule.id, state="implemented")
    plan.comments.create(
        kind="rule", subject=rule.id, text="Why?", revision=1, blocks=keep_openings(report_of(plan), rule.id)
    )
    rename_and_damage(plan)
    assert client.get(plan.get_absolute_url()).status_code == 200
    life = life_of(plan, rule.id)
    assert (life.given.state, life.changed) == ("implemented", False)
    assert list(place(plan, report_of(plan)).values()) == [rule.id]
