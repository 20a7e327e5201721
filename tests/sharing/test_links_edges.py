"""How many, how often and in which words: what is said of links and addresses where they end, and in the log."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from planner.sharing import links, uploads
from planner.sharing.links import NotMade, Offer, Terms
from planner.store.admission import admitted
from planner.store.holders import Holder
from planner.store.models import Event, Hold, Plan
from planner.store.run_models import UploadToken
from ports.actions import load_matrix
from ports.queries import SHIPPED
from tests.web.views.pages import store

pytestmark = pytest.mark.django_db
ME, OTHER = Holder(browser="b" * 64, name="Kim"), Holder(browser="c" * 64, name="Lee")


@pytest.fixture
def plan():
    row, _ = store()
    row.holds.all().delete()
    return row


def make(plan, token="t" * 43, **terms):
    return links.make_link(plan=plan, terms=Terms(label="Team", **terms), token=token, holder=ME)


def told(kind):
    return list(Event.objects.filter(kind=kind).order_by("pk").values_list("plan", "link", "actor", "detail"))


def test_each_act_on_a_link_is_told_with_the_link_and_who_did_it(plan):
    link = make(plan)
    assert links.enter(link, "browser")
    assert links.enter(link, "browser"), "the same form once more"
    assert links.revoke_link(plan=plan, number=link.pk, holder=OTHER)
    assert links.revoke_link(plan=plan, number=link.pk, holder=OTHER)
    assert not links.revoke_link(plan=plan, number=link.pk + 1, holder=OTHER)
    assert not links.enter(link, "another")
    assert told("link-made") == [(plan.key, link.pk, "Kim", "")]
    assert told("link-opened") == [(plan.key, link.pk, "", "")]
    assert told("link-revoked") == [(plan.key, link.pk, "Lee", "")]


def test_each_act_on_an_edit_link_is_told_with_who_did_it(plan):
    token = links.make_edit_link(plan_id=plan.pk)
    assert links.open_edit_link(token=token, holder=ME) == plan
    assert links.open_edit_link(token=token, holder=OTHER) == plan
    assert links.open_edit_link(token=token, holder=OTHER) == plan
    assert [hold.role for hold in plan.holds.order_by("pk")] == [Hold.Role.OWN, Hold.Role.EDIT]
    links.make_edit_link(plan_id=plan.pk, holder=ME)
    links.withdraw_edit_link(plan_id=plan.pk, holder=OTHER)
    links.withdraw_edit_link(plan_id=plan.pk, holder=OTHER)
    assert told("edit-link-made") == [(plan.key, None, "", ""), (plan.key, None, "Kim", "")]
    assert told("edit-link-opened") == [(plan.key, None, "Kim", ""), (plan.key, None, "Lee", "")]
    assert told("edit-link-withdrawn") == [(plan.key, None, "Lee", "")]
    found = Plan.objects.get()
    assert (found.edit_hash, found.edit_number) == (None, plan.edit_number + 2)
    assert links.open_edit_link(token=token, holder=ME) is None


def test_a_form_that_is_too_old_is_told_so(plan):
    offer = links.read_offer(plan, "edit", links.offer_token(plan, "edit"))
    links.make_edit_link(plan_id=plan.pk)
    too_old = r"^This form is too old\. Open the page again and send it once more\.$"
    with pytest.raises(NotMade, match=too_old):
        links.make_edit_link(plan_id=plan.pk, offer=offer)
    with pytest.raises(NotMade, match=too_old):
        links.read_offer(plan, "edit", "none of ours")
    link = make(plan)
    links.revoke_link(plan=plan, number=link.pk, holder=ME)
    with pytest.raises(NotMade, match="The link that this form made is revoked"):
        make(plan)


def make_address(plan):
    offer = Offer(token="u" * 43, edit_number=0)
    return uploads.make_token_row(plan=plan, label="Nightly", days=1, offer=offer, holder=ME)


@pytest.mark.parametrize("act", [make, make_address])
def test_the_plan_is_locked_before_what_lets_its_owner_in(plan, act):
    """As by every edit: else two requests of one owner may each wait for what the other has."""
    asked = []

    def let_in():
        asked.extend(query["sql"] for query in queries)
        return True

    with CaptureQueriesContext(connection) as queries, admitted(let_in):
        act(plan)
    lock = "FOR NO KEY UPDATE" if connection.features.has_select_for_update else ""
    assert [sql for sql in asked if 'FROM "planner_plan"' in sql and lock in sql]


def test_a_link_and_an_address_are_admitted_as_long_as_they_lead_somewhere(plan):
    link, other = make(plan), make(plan, "o" * 43)
    assert [one.pk for one in links.still_live(link)] == [link.pk]
    offer = Offer(token="t" * 43, edit_number=0)
    row = uploads.make_token_row(plan=plan, label="Nightly", days=None, offer=offer, holder=ME)
    assert [one.pk for one in uploads.still_live(row)] == [row.pk]
    links.revoke_link(plan=plan, number=link.pk, holder=ME)
    uploads.revoke(plan=plan, number=row.pk, holder=ME)
    assert not links.still_live(link).exists()
    assert links.still_live(other).exists()
    assert not uploads.still_live(row).exists()


def test_a_reader_sees_nothing_but_what_the_link_allows(plan):
    load_matrix(path=SHIPPED)
    reading = links.read_newest(plan)
    assert (reading.may_report, reading.may_upload, reading.remark, reading.newer, reading.renamed) == (
        False, False, "", None, (),
    )  # fmt: skip
    assert (reading.states, reading.told) == ((), ())
    allowed = links.read_link(make(plan, may_report=True, may_upload=True))
    assert (allowed.may_report, allowed.may_upload, allowed.name) == (True, True, "Contoso")
    silent = links.read_link(make(plan, "s" * 43))
    assert (silent.may_report, silent.may_upload) == (False, False)
    pinned = links.read_link(make(plan, "p" * 43, pinned=1, may_report=True, may_upload=True))
    assert (pinned.may_report, pinned.may_upload, pinned.remark, pinned.newer, pinned.states, pinned.told) == (
        False, False, "", None, (), (),
    )  # fmt: skip
    assert "states" not in repr(reading)


def test_states_are_set_in_the_name_of_who_reports_and_once_for_one_form(plan, monkeypatch):
    given = {}
    monkeypatch.setattr(links, "set_states", lambda **facts: given.update(facts))
    monkeypatch.setattr(links, "matrix_of", lambda _: "matrix")
    links.report_states(
        link=make(plan, may_report=True), picks=("a", "b"), wish="wish", name="Lee", operation="form 1"
    )
    assert (given["sender"].operation, given["sender"].author) == ("form 1", "Lee")
    assert (given["plan_id"], given["matrix"], given["picks"], given["wish"], given["via"]) == (
        plan.pk, "matrix", ("a", "b"), "wish", "Team",
    )  # fmt: skip
    assert told("states-reported")[0][3] == "2 rules"


def test_what_an_address_took_is_counted_one_by_one(plan):
    offer = Offer(token="t" * 43, edit_number=0)
    row = uploads.make_token_row(plan=plan, label="Nightly", days=2, offer=offer, holder=ME)
    assert 47 * 3600 < (row.expires - timezone.now()).total_seconds() <= 48 * 3600
    for _ in range(3):
        uploads.use(row)
    found = UploadToken.objects.get()
    assert (found.used, found.last <= timezone.now()) == (3, True)
