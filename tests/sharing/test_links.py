"""Links: tokens that are stored nowhere, terms that hold, and passphrases that can't be guessed."""

import threading
from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.contrib.auth.models import User
from django.core import signing
from django.db import connection
from django.utils import timezone

from planner.sharing import links
from planner.sharing.links import NotMade, Refused, Terms
from planner.store import actions, bin, patience
from planner.store.holders import Holder
from planner.store.models import Attempt, Event, Hold, Opening, ShareLink, hash_token
from planner.store.patience import Wait
from planner.store.throttle import TooMany
from ports.actions import load_matrix
from ports.queries import SHIPPED, shipped_matrix
from tests.web.views.pages import store

pytestmark = pytest.mark.django_db
ME = Holder(browser="b" * 64, name="Kim")
TOKEN = "t" * 43


def make(plan, token=TOKEN, **terms):
    return links.make_link(plan=plan, terms=Terms(**{"label": "Team"} | terms), token=token, holder=ME)


def later(monkeypatch, **time_from_now):
    """Have what is signed be looked at so much later."""
    then = (timezone.now() + timedelta(**time_from_now)).timestamp()
    monkeypatch.setattr(signing, "time", SimpleNamespace(time=lambda: then))


def rename(plan, name):
    return actions.rename_plan(plan_id=plan.pk, matrix=shipped_matrix(), name=name, description="")


def test_a_link_lasts_thirty_days_unless_something_else_is_said():
    plan, _ = store()
    usual, never = make(plan), make(plan, "n" * 43, days=None)
    assert timedelta(days=29, hours=23) < usual.expires - timezone.now() <= timedelta(days=30)
    assert never.expires is None


def test_a_passphrase_is_kept_as_an_argon2_hash():
    link = make(store()[0], passphrase="correct horse")
    assert link.passphrase.startswith("argon2$argon2id$")
    assert "correct horse" not in link.passphrase


def test_the_same_token_makes_one_link():
    plan, _ = store()
    assert make(plan) == make(plan)
    assert ShareLink.objects.count() == Event.objects.filter(kind="link-made").count() == 1


def test_an_offer_is_good_for_its_plan_and_kind_alone():
    plan, other = store()[0], store()[0]
    offer = links.offer_token(plan, "read")
    assert len(links.read_offer(plan, "read", offer).token) == 43
    for wrong in ((other, "read", offer), (plan, "edit", offer), (plan, "read", offer + "x"), (plan, "read", "")):
        with pytest.raises(NotMade):
            links.read_offer(*wrong)


def test_an_offer_is_good_for_a_day(monkeypatch):
    plan, _ = store()
    offer = links.offer_token(plan, "read")
    later(monkeypatch, hours=23, minutes=59)
    assert links.read_offer(plan, "read", offer).edit_number == plan.edit_number
    later(monkeypatch, hours=24, minutes=1)
    with pytest.raises(NotMade):
        links.read_offer(plan, "read", offer)


def test_a_link_to_a_revision_that_isnt_there_is_not_made():
    with pytest.raises(NotMade, match="no revision 7"):
        make(store()[0], pinned=7)
    assert not ShareLink.objects.exists()


def test_a_plan_has_only_so_many_links_that_lead_somewhere(monkeypatch):
    monkeypatch.setattr(links, "MOST_LINKS", 2)
    plan, _ = store()
    first = make(plan, "1" * 43)
    make(plan, "2" * 43)
    with pytest.raises(NotMade, match="2 read links"):
        make(plan, "3" * 43)
    assert links.revoke_link(plan=plan, number=first.pk, holder=ME)
    make(plan, "3" * 43)


@pytest.mark.parametrize(
    "end",
    [
        lambda plan, link: links.revoke_link(plan=plan, number=link.pk, holder=ME),
        lambda plan, link: ShareLink.objects.update(expires=timezone.now() - timedelta(seconds=1)),
        lambda plan, link: bin.delete_plan(plan_id=plan.pk),
    ],
    ids=["revoked", "expired", "in the bin"],
)
def test_a_link_that_ended_is_neither_found_nor_opened(end):
    plan, _ = store()
    link = make(plan)
    assert links.find_link(TOKEN) == link
    end(plan, link)
    assert links.find_link(TOKEN) is None
    assert not links.enter(link)
    assert not Opening.objects.exists()


def test_only_the_owner_of_the_plan_revokes_its_links():
    link = make(store()[0])
    assert not links.revoke_link(plan=store()[0], number=link.pk, holder=ME)
    assert links.find_link(TOKEN) == link


def test_openings_are_counted_and_then_there_are_no_more():
    link = make(store()[0], most_openings=2)
    assert links.enter(link)
    assert links.enter(link)
    assert not links.enter(link)
    link.refresh_from_db()
    assert (link.openings, link.state, Opening.objects.count()) == (2, "used up", 2)
    opened = Event.objects.filter(kind="link-opened").values_list("plan", "link")
    assert list(opened) == [(link.plan.key, link.pk)] * 2


@pytest.mark.django_db(transaction=True)
def test_openings_at_once_are_no_more_than_there_are():
    link = make(store()[0], most_openings=3)
    found, ready = [], threading.Barrier(8)

    def enter():
        ready.wait()
        try:
            found.append(links.enter(ShareLink.objects.select_related("plan").get(pk=link.pk)))
        finally:
            connection.close()

    threads = [threading.Thread(target=enter) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len([opening for opening in found if opening]) == 3
    link.refresh_from_db()
    assert link.openings == Opening.objects.count() == 3


def test_after_ten_wrong_passphrases_in_an_hour_a_right_one_has_to_wait_too(monkeypatch):
    link = make(store()[0], passphrase="correct horse")
    for _ in range(patience.HERE):
        links.try_passphrase(link, "correct horse")
        with pytest.raises(Refused):
            links.try_passphrase(link, "wrong")
    with pytest.raises(Wait) as caught:
        links.try_passphrase(link, "correct horse")
    assert caught.value.wait == 10
    links.try_passphrase(link, "correct horse", client="192.0.2.1")
    Attempt.objects.update(at=timezone.now() - timedelta(minutes=61))
    links.try_passphrase(link, "correct horse")


@pytest.mark.django_db(transaction=True)
def test_wrong_passphrases_at_once_are_no_more_than_ten():
    link = make(store()[0], passphrase="correct horse")
    answers = []

    def guess():
        try:
            links.try_passphrase(link, "wrong")
        except (Refused, Wait) as error:
            answers.append(type(error))
        finally:
            connection.close()

    threads = [threading.Thread(target=guess) for _ in range(14)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers.count(Refused) == patience.HERE
    assert answers.count(Wait) == 4


def test_wrong_passphrases_of_one_link_leave_another_alone():
    plan, _ = store()
    one, other = make(plan, "1" * 43, passphrase="correct horse"), make(plan, "2" * 43, passphrase="correct horse")
    for _ in range(patience.HERE):
        with pytest.raises(Refused):
            links.try_passphrase(one, "wrong")
    links.try_passphrase(other, "correct horse")


def test_a_seal_is_good_for_its_link_alone_and_not_for_ever(monkeypatch):
    plan, _ = store()
    one, other = make(plan, "1" * 43), make(plan, "2" * 43)
    seal = links.seal(one)
    assert links.is_in(one, seal)
    assert not links.is_in(other, seal)
    for wrong in ("", "x", seal[:-1], seal + "x"):
        assert not links.is_in(one, wrong)
    later(monkeypatch, hours=11, minutes=59)
    assert links.is_in(one, seal)
    later(monkeypatch, hours=12, minutes=1)
    assert not links.is_in(one, seal)


@pytest.fixture
def matrix():
    load_matrix(path=SHIPPED)


@pytest.mark.usefixtures("matrix")
def test_a_pinned_link_stays_and_the_other_goes_on():
    plan, _ = store()
    pinned, following = make(plan, "1" * 43, pinned=1), make(plan, "2" * 43)
    rename(plan, "New")
    plan.refresh_from_db()
    for link in (pinned, following):
        link.plan.refresh_from_db()
    assert (links.read_link(pinned).name, links.read_link(pinned).revision) == ("Contoso", 1)
    assert (links.read_link(following).name, links.read_link(following).revision) == ("New", 2)


@pytest.mark.usefixtures("matrix")
def test_a_pinned_link_says_where_the_matrix_of_its_revision_is_not_known_or_not_kept():
    plan, _ = store()
    pinned = make(plan, pinned=1)
    assert links.read_link(pinned).remark == ""
    plan.revisions.update(digest="0" * 64)
    assert links.read_link(pinned).remark.startswith("The port matrix that it was stored under isn’t kept")
    plan.revisions.update(digest="")
    assert links.read_link(pinned).remark.startswith("Under which port matrix it was stored isn’t known")


@pytest.mark.usefixtures("matrix")
def test_what_changed_since_is_told_only_where_it_is_allowed():
    plan, _ = store()
    silent, telling = make(plan, "1" * 43, pinned=1), make(plan, "2" * 43, pinned=1, shows_changes=True)
    assert links.read_link(telling).newer is None, "nothing has changed yet"
    rename(plan, "New")
    for link in (silent, telling):
        link.plan.refresh_from_db()
    assert links.read_link(silent).newer is None
    assert links.read_link(telling).newer.name == "New"
    assert not make(plan, "3" * 43, shows_changes=True).shows_changes, "the newest has nothing newer"


def test_another_edit_link_takes_the_place_of_the_first_and_locks_others_out():
    plan, _ = store()
    plan.holds.all().delete()
    first = links.make_edit_link(plan_id=plan.pk)
    for holder in (ME, Holder(browser="c" * 64)):
        assert links.open_edit_link(token=first, holder=holder) == plan
    second = links.make_edit_link(plan_id=plan.pk, holder=ME)
    assert links.open_edit_link(token=first, holder=ME) is None
    assert [hold.browser for hold in plan.holds.all()] == [ME.browser]
    assert links.open_edit_link(token=second, holder=Holder(browser="d" * 64)) == plan
    links.withdraw_edit_link(plan_id=plan.pk, holder=ME)
    assert links.open_edit_link(token=second, holder=ME) is None
    withdrawn = Event.objects.filter(kind="edit-link-withdrawn").values_list("plan", "actor")
    assert list(withdrawn) == [(plan.key, "Kim")]


def test_an_edit_link_that_is_made_twice_by_one_form_is_one():
    plan, _ = store()
    offer = links.read_offer(plan, "edit", links.offer_token(plan, "edit"))
    assert links.make_edit_link(plan_id=plan.pk, holder=ME, offer=offer) == offer.token
    links.open_edit_link(token=offer.token, holder=Holder(browser="c" * 64))
    links.make_edit_link(plan_id=plan.pk, holder=ME, offer=offer)
    assert plan.holds.filter(browser="c" * 64).exists(), "the second time changes nothing"
    assert Event.objects.filter(kind="edit-link-made").count() == 1


@pytest.mark.parametrize("way", ["another was made", "withdrawn"])
def test_an_old_form_brings_no_edit_link_back(way):
    plan, _ = store()
    offer = links.read_offer(plan, "edit", links.offer_token(plan, "edit"))
    links.make_edit_link(plan_id=plan.pk, holder=ME, offer=offer)
    if way == "withdrawn":
        links.withdraw_edit_link(plan_id=plan.pk, holder=ME)
    else:
        newer = links.make_edit_link(plan_id=plan.pk, holder=ME)
    with pytest.raises(NotMade, match="too old"):
        links.make_edit_link(plan_id=plan.pk, holder=ME, offer=offer)
    assert links.open_edit_link(token=offer.token, holder=ME) is None
    if way != "withdrawn":
        assert links.open_edit_link(token=newer, holder=ME) == plan


def test_an_old_form_brings_no_revoked_link_back_and_makes_no_second_one():
    plan, _ = store()
    links.revoke_link(plan=plan, number=make(plan).pk, holder=ME)
    with pytest.raises(NotMade, match="is revoked"):
        make(plan)
    assert links.find_link(TOKEN) is None
    assert ShareLink.objects.count() == 1


def test_of_revoked_links_the_one_that_is_meant_is_brought_back_and_the_log_says_so():
    plan, _ = store()
    one, other = make(plan, "1" * 43), make(plan, "2" * 43)
    for link in (one, other):
        links.revoke_link(plan=plan, number=link.pk, holder=ME)
    assert links.bring_back(plan=plan, number=one.pk, holder=ME)
    assert [link.state for link in plan.links.order_by("pk")] == ["live", "revoked"]
    [event] = Event.objects.filter(kind="link-brought-back")
    assert (event.plan, event.link, event.actor) == (plan.key, one.pk, "Kim")
    ShareLink.objects.update(revoked=timezone.now() - timedelta(seconds=70))
    assert not links.bring_back(plan=plan, number=other.pk, holder=ME)


@pytest.mark.parametrize("pinned", [1, None])
def test_what_a_link_allows_goes_with_the_revision_that_it_shows(pinned):
    plan, _ = store()
    wanted = {"shows_changes": True, "may_report": True, "may_upload": True}
    link = make(plan, "1" * 43, pinned=pinned, **wanted)
    assert (link.shows_changes, link.may_report, link.may_upload) == (
        (True, False, False) if pinned else (False, True, True)
    )
    other = make(plan, "2" * 43, pinned=pinned)
    assert (other.shows_changes, other.may_report, other.may_upload) == (False, False, False)


def test_accounts_that_were_given_a_plan_by_name_keep_it_when_the_link_is_another():
    plan, _ = store()
    plan.holds.all().delete()
    kim = User.objects.create_user("kim")
    Holder(user=kim).give(plan, Hold.Role.EDIT)
    links.open_edit_link(token=links.make_edit_link(plan_id=plan.pk), holder=ME)
    links.open_edit_link(token=links.make_edit_link(plan_id=plan.pk), holder=Holder(browser="c" * 64))
    assert plan.holds.filter(user=kim, role=Hold.Role.EDIT).exists()


def test_a_wrong_passphrase_is_in_the_log_with_its_link():
    plan, _ = store()
    link = make(plan, passphrase="correct horse")
    with pytest.raises(Refused, match=r"^That is not the passphrase of this link\.$"):
        links.try_passphrase(link, "wrong")
    [event] = Event.objects.filter(kind="wrong-passphrase")
    assert (event.plan, event.link) == (plan.key, link.pk)


def test_states_are_reported_so_often_by_each_link_that_may_and_by_no_other(monkeypatch):
    plan, _ = store()
    monkeypatch.setattr(links, "REPORTS", 1)
    sent = []
    monkeypatch.setattr(links, "set_states", lambda sender, **_: sent.append((sender.operation, sender.author)))
    monkeypatch.setattr(links, "matrix_of", lambda _: None)
    told = {"picks": (), "wish": None, "name": "Kim", "operation": "o" * 32}
    one, other = (make(plan, token * 43, may_report=True) for token in "12")
    links.report_states(link=one, **told)
    with pytest.raises(TooMany):
        links.report_states(link=one, **told)
    links.report_states(link=other, **told)
    said = Event.objects.filter(kind="states-reported").order_by("pk").values_list("plan", "link", "actor", "detail")
    assert list(said) == [(plan.key, link.pk, "Kim", "0 rules") for link in (one, other)]
    assert sent == [("o" * 32, "Kim")] * 2
    for link in (make(plan, "3" * 43), make(plan, "4" * 43, may_report=True, pinned=1)):
        with pytest.raises(Refused, match="can't set the state of rules"):
            links.report_states(link=link, **told)


def test_a_browser_that_sends_the_form_twice_opens_a_link_once():
    plan, _ = store()
    link, other = make(plan, "1" * 43, most_openings=2), make(plan, "2" * 43, most_openings=2)
    assert links.enter(link, "mine")
    assert links.enter(link, "mine")
    assert links.enter(link, "yours")
    assert not links.enter(link, "theirs")
    assert not links.has_entered(other, "mine")
    assert Opening.objects.count() == 2
    Attempt.objects.update(at=timezone.now() - timedelta(minutes=61))
    assert not links.has_entered(link, "mine")


def test_opening_an_edit_link_never_takes_anything_away():
    plan, _ = store()
    ME.give(plan, Hold.Role.OWN)
    token = links.make_edit_link(plan_id=plan.pk, holder=ME)
    links.open_edit_link(token=token, holder=ME)
    assert plan.holds.get(browser=ME.browser).role == "own"


def test_the_database_has_no_token_and_no_passphrase():
    plan, _ = store()
    edit = links.make_edit_link(plan_id=plan.pk, holder=ME)
    link = make(plan, passphrase="correct horse")
    links.enter(link)
    with pytest.raises(Refused):
        links.try_passphrase(link, "battery staple")
    secrets = (edit, TOKEN, "correct horse", "battery staple")
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT * FROM "{table}"')
            rows = repr(cursor.fetchall())
            assert not [secret for secret in secrets if secret in rows], table
    assert link.token_hash == hash_token(TOKEN)


def test_the_log_tells_what_happened_without_secrets(caplog, django_capture_on_commit_callbacks):
    plan, _ = store()
    with caplog.at_level("INFO", "planner.audit"), django_capture_on_commit_callbacks(execute=True):
        link = make(plan)
        links.enter(link)
        links.revoke_link(plan=plan, number=link.pk, holder=ME)
        links.revoke_link(plan=plan, number=link.pk, holder=ME)
        bin.delete_plan(plan_id=plan.pk, actor="Kim")
        bin.restore_plan(plan_id=plan.pk, actor="Kim")
    kinds = ["link-made", "link-opened", "link-revoked", "plan-deleted", "plan-restored"]
    lines = [record.getMessage() for record in caplog.records]
    assert [kind for line in lines for kind in kinds if f'"event": "{kind}"' in line] == kinds
    assert all(str(plan.key) in line for line in lines)
    assert TOKEN not in "".join(lines)
    assert "Contoso" not in "".join(lines)
