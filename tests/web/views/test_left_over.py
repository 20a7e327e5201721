"""What is left over from rules that went: the page of existing rules knows it by the plan's stored revisions."""

import pytest

from planner.store import actions, rule_numbers
from planner.store.models import Revision
from planner.store.rule_numbers import EarlierNumbers
from ports.queries import current_matrix
from tests.web.views.pages import Page, store
from tests.web.views.test_acceptance import report_of, write_plan
from tests.web.views.test_existing import address, rows, send

pytestmark = pytest.mark.django_db
HEAD = "source,destination,service,action,comment\n"


def change(plan, edit, **params):
    actions.apply_edit(
        plan_id=plan.pk, matrix=current_matrix(), edit=edit, params=params, sender=actions.ANYONE,
    )  # fmt: skip
    plan.refresh_from_db()


@pytest.fixture
def went():
    """A plan whose endpoint for mail is gone since its second revision of three, and the number of its rule."""
    plan = store(write_plan())[0]
    (rule,) = (one for one in report_of(plan).rules if "MAIL01" in {end.name for end in one.destinations})
    change(plan, "delete-endpoint", endpoint="MAIL01")
    change(plan, "edit-endpoint", endpoint="SQL01", changes={"addresses": ["10.0.2.21"]})
    return plan, rule.id


def entry(number):
    return f'10.0.0.10,10.0.2.25,tcp/25,allow,"{number}, tcp 25 - Mail."\n'


def test_an_entry_after_a_rule_of_an_earlier_revision_is_left_over(client, went):
    plan, number = went
    page = Page(send(client, plan, HEAD + entry(number)))
    assert rows(page, "stale") == [["row 2", f"the plan has no rule {number}"]]
    assert "Not counted are entries" not in page.text()


def test_an_entry_after_a_rule_that_no_revision_had_may_be_another_plans(client, went):
    plan, number = went
    page = Page(send(client, plan, HEAD + entry("ZZZ-INT-990") + entry(number)))
    assert [row[0] for row in rows(page, "stale")] == ["row 3"]
    assert (
        "Not counted are entries named after ZZZ-INT-990: no revision of this plan since 1 had such a rule"
        in page.text()
    )
    response = client.post(f"{address(plan)}text", {"format": "csv", "text": HEAD + entry("ZZZ-INT-990")})
    assert "ZZZ-INT-990" not in b"".join(response.streaming_content).decode()


def test_revisions_are_worked_out_only_for_a_number_that_later_ones_have_not(went, monkeypatch):
    plan, number = went
    report, made = report_of(plan), []
    evaluate = rule_numbers.evaluate_report
    monkeypatch.setattr(rule_numbers, "evaluate_report", lambda *what: made.append(what) or evaluate(*what))
    numbers = EarlierNumbers(plan, current_matrix(), report)
    assert report.rules[0].id in numbers
    assert made == []
    assert number in numbers
    assert len(made) == 2, "the second has it not either"
    assert "ZZZ-INT-990" not in numbers
    assert list(numbers) == sorted({*(rule.id for rule in report.rules), number} | set(numbers))
    assert len(numbers) == len(list(numbers))
    assert (len(made), numbers.first, list(numbers.strangers)) == (2, 1, ["ZZZ-INT-990"])


def test_so_many_are_looked_through_and_no_more(went, monkeypatch):
    plan, number = went
    monkeypatch.setattr(rule_numbers, "MOST", 1)
    numbers = EarlierNumbers(plan, current_matrix(), report_of(plan))
    assert number not in numbers
    assert numbers.first == 2
    monkeypatch.setattr(rule_numbers, "MOST", 100)
    monkeypatch.setattr(rule_numbers, "MOST_FLOWS", 0)
    assert number not in EarlierNumbers(plan, current_matrix(), report_of(plan))


def test_a_revision_that_cant_be_read_is_left_out(client, went, caplog):
    plan, number = went
    Revision.objects.filter(plan=plan, number=2).update(digest="0" * 64)
    assert number in EarlierNumbers(plan, current_matrix(), report_of(plan))
    Revision.objects.filter(plan=plan, number=2).update(packed=b"broken")
    assert number in EarlierNumbers(plan, current_matrix(), report_of(plan)), "the first can be read"
    Revision.objects.filter(plan=plan, number=1).update(packed=b"broken")
    numbers = EarlierNumbers(plan, current_matrix(), report_of(plan))
    assert number not in numbers
    assert "What is kept of revision 1 is damaged" in caplog.text
    page = Page(send(client, plan, HEAD + entry(number)))
    assert rows(page, "stale") == []
    assert f"entries named after {number}: no revision of this plan since 3 that can be read had such" in page.text()
