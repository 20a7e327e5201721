"""What staff may do with plans, links and accounts of others; and that the log says who it was, from where."""

import json

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.test import Client

from planner.sharing import links
from planner.sharing.links import Refused
from planner.store.audit import note
from planner.store.holders import Holder
from planner.store.lives import Wish
from planner.store.models import Event, Hold
from tests.web.views.pages import Page, store

pytestmark = pytest.mark.django_db
PLANS, PEOPLE, LOG = "/admin/planner/plan/", "/admin/auth/user/", "/admin/planner/event/"
PASSWORD = "narrow closed places 47"


@pytest.fixture
def root():
    User.objects.create_superuser("root")
    return log_in("root")


def log_in(name):
    client = Client()
    client.force_login(User.objects.get(username=name))
    return client


@pytest.fixture
def clerk():
    """Staff who may change users and groups, and not more."""
    user = User.objects.create_user("clerk", is_staff=True)
    names = ["add_user", "change_user", "delete_user", "view_user", "change_group", "add_group", "view_group"]
    user.user_permissions.set(Permission.objects.filter(codename__in=names))
    return log_in("clerk")


def form_of(client, user, **changes):
    """What the page of an account sends, with changes."""
    data = {"username": user.username, "date_joined_0": "2026-01-01", "date_joined_1": "10:00:00", "is_active": "on"}
    return client.post(f"{PEOPLE}{user.pk}/change/", data | changes)


def act(client, path, action, *rows, **more):
    return client.post(path, {"action": action, "_selected_action": [row.pk for row in rows], **more}, follow=True)


# --- privileges ------------------------------------------------------------------------------------------------------


def test_who_may_change_users_cannot_make_a_superuser_of_anybody(clerk):
    me, other = User.objects.get(username="clerk"), User.objects.create_user("other")
    everything = [str(one.pk) for one in Permission.objects.all()]
    for user in (me, other):
        form_of(clerk, user, is_superuser="on", is_staff="on", user_permissions=everything, first_name="Changed")
        user.refresh_from_db()
        assert (user.first_name, user.is_superuser) == ("Changed", False)
        assert user.user_permissions.count() == (7 if user == me else 0)
    assert not other.is_staff


def test_nor_by_a_group(clerk):
    group = Group.objects.create(name="All")
    User.objects.get(username="clerk").groups.add(group)
    permissions = [str(one.pk) for one in Permission.objects.all()]
    answer = clerk.post(f"/admin/auth/group/{group.pk}/change/", {"name": "All", "permissions": permissions})
    assert answer.status_code == 403
    assert clerk.post("/admin/auth/group/add/", {"name": "More", "permissions": permissions}).status_code == 403
    assert not group.permissions.exists()


@pytest.mark.parametrize("kind", ["superuser", "staff"])
def test_nor_by_the_password_of_somebody_above(clerk, kind):
    user = User.objects.create_user("above", password=PASSWORD, is_staff=True, is_superuser=kind == "superuser")
    data = {"password1": "other closed places 48", "password2": "other closed places 48", "usable_password": "true"}
    assert clerk.post(f"{PEOPLE}{user.pk}/password/", data).status_code == 403
    assert form_of(clerk, user, username="mine").status_code == 403
    clerk.post(f"{PEOPLE}{user.pk}/delete/", {"post": "yes"})
    act(clerk, PEOPLE, "delete_selected", user, post="yes")
    user.refresh_from_db()
    assert user.username == "above"
    assert user.check_password(PASSWORD)


def test_nor_does_who_may_change_users_become_the_heir_of_somebody_above(clerk):
    plan, _ = store()
    above = User.objects.create_superuser("above")
    Holder(user=above).give(plan, Hold.Role.OWN)
    answer = act(clerk, PEOPLE, "give_to_heir", above, heir="clerk")
    assert "Only superusers do that to staff: above." in Page(answer).text()
    assert not plan.holds.filter(user__username="clerk").exists()


def test_superusers_give_privileges_and_the_log_says_so(root):
    user = User.objects.create_user("bob")
    Event.objects.all().delete()
    permission = Permission.objects.get(codename="view_event")
    form_of(root, user, is_staff="on", user_permissions=[str(permission.pk)])
    said = set(Event.objects.values_list("kind", "actor", "detail"))
    assert said == {
        ("privileges-changed", "root", "bob: is_staff True"),
        ("privileges-changed", "root", "bob: add of groups or permissions"),
    }


def test_a_password_that_staff_set_is_in_the_log_and_the_password_is_not(root):
    user = User.objects.create_user("bob")
    Event.objects.all().delete()
    data = {"password1": PASSWORD, "password2": PASSWORD, "usable_password": "true"}
    assert root.post(f"{PEOPLE}{user.pk}/password/", data).status_code == 302
    event = Event.objects.get(kind="password-changed")
    assert (event.actor, event.detail) == ("root", "bob")
    assert PASSWORD not in repr(list(Event.objects.values()))


# --- plans -----------------------------------------------------------------------------------------------------------


def test_staff_appoint_an_owner_among_accounts(root, settings):
    settings.REQUIRE_LOGIN = True
    plan, key = store()
    User.objects.create_user("olga")
    assert "There is no account" in Page(act(root, PLANS, "appoint_owner", plan, owner="nobody")).text()
    act(root, PLANS, "appoint_owner", plan, owner="olga")
    assert log_in("olga").get(f"/plans/{key}/links/").status_code == 200
    event = Event.objects.get(kind="owner-appointed")
    assert (event.actor, event.detail, event.plan) == ("root", "olga", plan.key)


def test_staff_appoint_an_owner_among_browsers(root):
    plan, _ = store()
    first, *others = plan.holds.order_by("pk")
    plan.holds.exclude(pk=first.pk).update(role="edit")
    plan.viewers.create(key_hash=others[0].browser, name="Kim", seen="2026-01-01T00:00Z")
    assert "No browsers called" in Page(act(root, PLANS, "appoint_owner", plan, owner="Nobody")).text()
    act(root, PLANS, "appoint_owner", plan, owner="Kim")
    assert plan.holds.get(pk=others[0].pk).role == "own"
    assert plan.holds.filter(role="own").count() == 2


def test_staff_withdraw_an_edit_link(root):
    plan, key = store()
    token = links.make_edit_link(plan_id=plan.pk)
    editor = Client()
    editor.post(f"/edit/{token}/")
    act(root, PLANS, "withdraw_edit_links", plan)
    assert editor.get(f"/plans/{key}/").status_code == 404
    assert editor.get(f"/edit/{token}/").status_code == 404
    assert Event.objects.get(kind="edit-link-withdrawn").actor == "root"


def test_who_may_only_look_at_plans_appoints_nobody():
    user = User.objects.create_user("auditor", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename="view_plan"))
    plan, _ = store()
    links.make_edit_link(plan_id=plan.pk)
    plan.refresh_from_db()
    for action in ("appoint_owner", "withdraw_edit_links"):
        act(log_in("auditor"), PLANS, action, plan, owner="auditor")
    assert not Event.objects.filter(kind__in=["owner-appointed", "edit-link-withdrawn"]).exists()


def test_an_account_that_alone_owns_plans_is_deleted_once_they_have_an_heir(root, settings):
    settings.REQUIRE_LOGIN = True
    plan, key = store()
    olga, heir = User.objects.create_user("olga"), User.objects.create_user("heir")
    Holder(user=olga).give(plan, Hold.Role.OWN)
    for answer in (
        root.post(f"{PEOPLE}{olga.pk}/delete/", {"post": "yes"}),
        act(root, PEOPLE, "delete_selected", olga, post="yes"),
    ):
        assert "Give it to an heir first" in Page(answer).text()
    assert User.objects.filter(pk=olga.pk).exists()
    for name, said in (("", "no account"), ("olga", "another account"), ("nobody", "no account")):
        assert said in Page(act(root, PEOPLE, "give_to_heir", olga, heir=name)).text()
    act(root, PEOPLE, "give_to_heir", olga, heir="heir")
    root.post(f"{PEOPLE}{olga.pk}/delete/", {"post": "yes"})
    assert not User.objects.filter(pk=olga.pk).exists()
    assert log_in(heir.username).get(f"/plans/{key}/links/").status_code == 200
    assert Event.objects.get(kind="account-deleted").detail == "olga"


def test_who_owns_a_plan_beside_accounts_that_cant_log_in_or_go_too_owns_it_alone(root, settings):
    settings.REQUIRE_LOGIN = True
    plan, _ = store()
    olga, bob, ada = (User.objects.create_user(name) for name in ("olga", "bob", "ada"))
    for user in (olga, bob):
        Holder(user=user).give(plan, Hold.Role.OWN)
    heirless = "Give it to an heir first"
    assert heirless not in Page(root.get(f"{PEOPLE}{olga.pk}/delete/")).text()
    assert heirless in Page(act(root, PEOPLE, "delete_selected", olga, bob, post="yes")).text()
    form_of(root, bob, is_active="")
    assert "heir: an action" not in Page(root.get(PEOPLE)).text(), "olga owns it still"
    assert heirless in Page(root.post(f"{PEOPLE}{olga.pk}/delete/", {"post": "yes"})).text()
    form_of(root, olga, is_active="")
    assert "Nobody owns 1 plan of olga now who may log in." in Page(root.get(PEOPLE)).text()
    act(root, PEOPLE, "give_to_heir", olga, bob, heir="ada")
    assert [hold.user for hold in plan.holds.filter(role="own", user__is_active=True)] == [ada]


# --- the log ---------------------------------------------------------------------------------------------------------


def test_an_entry_says_from_where_and_under_which_request(client):
    _, key = store()
    answer = client.get(f"/plans/{key}/export.zip", REMOTE_ADDR="203.0.113.9")
    b"".join(answer.streaming_content)
    event = Event.objects.get(kind="plan-exported")
    assert (event.address, event.request) == ("203.0.113.9", answer.headers["X-Request-ID"])
    b"".join(client.get("/plans/export.zip").streaming_content)
    assert Event.objects.filter(kind="plan-exported").count() == 2


def test_an_entry_of_a_command_has_no_address():
    note("plan-made", actor="a command")
    assert (Event.objects.get().address, Event.objects.get().actor) == ("", "a command")


def test_the_log_is_downloaded_as_json_lines_and_that_is_in_the_log(root):
    store()
    answer = root.post(LOG, {"action": "export", "_selected_action": [one.pk for one in Event.objects.all()]})
    lines = [json.loads(line) for line in b"".join(answer.streaming_content).decode().splitlines()]
    assert "plan-made" in [line["event"] for line in lines]
    assert Event.objects.filter(kind="log-exported", actor="root").exists()


# --- what was revoked meanwhile --------------------------------------------------------------------------------------


def test_a_link_that_is_revoked_while_a_request_is_on_its_way_sets_nothing():
    plan, _ = store()
    terms = links.Terms(label="Team", may_report=True)
    links.make_link(plan=plan, terms=terms, token="t" * 43, holder=Holder(name="Kim"))
    found = links.find_link("t" * 43)
    links.revoke_link(plan=plan, number=found.pk, holder=Holder(name="Kim"))
    with pytest.raises(Refused):
        links.report_states(link=found, picks=[], wish=Wish(), name="Bo", operation=None)
    assert not Event.objects.filter(kind="states-reported").exists()


def test_an_account_that_is_carried_over_from_another_database_is_no_news():
    before = Event.objects.count()
    User(username="carried", is_staff=True, is_superuser=True).save_base(raw=True)
    assert Event.objects.count() == before
    User.objects.create_user("promoted", is_staff=True)
    assert Event.objects.count() == before + 1
