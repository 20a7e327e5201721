"""Sharing a plan with accounts by name: who may read, edit and own it, and what each sees of it."""

import pytest
from django.contrib.auth.models import User
from django.test import Client

from planner.store.holders import Holder
from planner.store.models import Event, Hold, Plan
from tests.web.views.pages import Page, store, words

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def accounts(settings):
    settings.REQUIRE_LOGIN = True


@pytest.fixture
def people(handler):
    """Browsers that olga, edna, rita and mallory are logged in with."""
    found = {}
    for name in ("olga", "edna", "rita", "mallory"):
        client = Client()
        client.handler = handler
        client.force_login(User.objects.create_user(name))
        found[name] = client
    return found


@pytest.fixture
def plan(people):
    """Olga's plan, which edna may edit and rita may read, and its key."""
    row, key = store()
    row.holds.all().delete()
    for name, role in (("olga", "own"), ("edna", "edit"), ("rita", "read")):
        Holder(user=User.objects.get(username=name)).give(row, Hold.Role(role))
    Event.objects.all().delete()
    return row, key


def roles(plan):
    return {hold.user.username: hold.role for hold in plan[0].holds.select_related("user")}


def hold_of(plan, name):
    return plan[0].holds.get(user__username=name).pk


def add(client, plan, name, role="read"):
    return client.post(f"/plans/{plan[1]}/members/add/", {"name": name, "role": role})


def change(client, plan, name, role):
    return client.post(f"/plans/{plan[1]}/members/change/", {"member": hold_of(plan, name), "role": role})


def remove(client, plan, name):
    return client.post(f"/plans/{plan[1]}/members/remove/", {"member": hold_of(plan, name)})


def test_access_that_was_withdrawn_is_given_back_with_its_role(people, plan):
    remove(people["olga"], plan, "edna")
    remove(people["olga"], plan, "rita")
    page = Page(people["olga"].get(f"/plans/{plan[1]}/links/"))
    told = [words(form) for form in page.all("form", class_="notice")]
    assert [said.partition(" was")[0] for said in told] == ["The access of rita", "The access of edna"]
    add(people["olga"], plan, "rita", "own")
    for field in page.all("input", name="withdrawal"):
        sent = {"withdrawal": field.get("value")}
        assert people["mallory"].post(f"/plans/{plan[1]}/withdrawals/undo/", sent).status_code == 404
        assert people["olga"].post(f"/plans/{plan[1]}/withdrawals/undo/", sent).status_code == 302
    assert roles(plan) == {"olga": "own", "edna": "edit", "rita": "own"}, "who has access meanwhile keeps it"
    assert people["edna"].get(f"/plans/{plan[1]}/").status_code == 200


def test_the_page_lists_the_accounts_and_what_they_may_do(people, plan):
    page = Page(people["olga"].get(f"/plans/{plan[1]}/links/"))
    rows = page.all("li", class_="member")
    assert [words(row.find(".//strong")) for row in rows] == ["edna", "olga", "rita"]
    chosen = [
        option.get("value") for row in rows for option in row.iter("option") if option.get("selected") is not None
    ]
    assert chosen == ["edit", "own", "read"]


@pytest.mark.parametrize("role", ["read", "edit", "own"])
@pytest.mark.parametrize("name", ["mallory", " Mallory "])
def test_an_owner_shares_with_an_account_by_its_name(people, plan, name, role):
    response = add(people["olga"], plan, name, role)
    assert (response.status_code, response.url) == (302, f"/plans/{plan[1]}/links/")
    assert roles(plan)["mallory"] == role
    event = Event.objects.get()
    assert (event.kind, event.plan, event.actor) == ("plan-shared", plan[0].key, "olga")
    assert event.detail == f"mallory {Hold.Role(role).label}"
    assert people["mallory"].get(f"/plans/{plan[1]}/read/").status_code == 200


@pytest.mark.parametrize(
    ("name", "sentence"),
    [("nobody", "There is no account “nobody”"), ("", "Say with whom"), ("gone", "There is no account “gone”"),
     ("TWIN", "Several accounts are called “TWIN”"), ("x" * 151, "150 characters"),
     ("<b>", "There is no account “<b>”")],
)  # fmt: skip
def test_a_name_that_cant_be_meant_gets_a_sentence_and_stays(people, plan, name, sentence):
    User.objects.create_user("gone", is_active=False)
    User.objects.create_user("twin")
    User.objects.create_user("Twin")
    before = roles(plan)
    response = add(people["olga"], plan, name, "edit")
    page = Page(response)
    assert response.status_code == 200
    assert sentence in page.text(id="member-name-error")
    assert page.one("input", id="member-name").get("value") == name
    assert page.one("select", id="member-role").find("option[@selected]").get("value") == "edit"
    assert roles(plan) == before


def test_of_names_that_differ_in_capitals_the_exact_one_is_meant(people, plan):
    User.objects.create_user("twin")
    User.objects.create_user("Twin")
    add(people["olga"], plan, "Twin")
    assert "Twin" in roles(plan)
    assert "twin" not in roles(plan)


def test_an_owner_changes_what_an_account_may_do(people, plan):
    change(people["olga"], plan, "edna", "read")
    assert roles(plan)["edna"] == "read"
    assert people["edna"].post(f"/plans/{plan[1]}/name/", {"name": "Hers"}).status_code == 403
    change(people["olga"], plan, "rita", "edit")
    assert people["rita"].get(f"/plans/{plan[1]}/").status_code == 200
    assert [event.detail for event in Event.objects.order_by("pk")] == ["edna may read", "rita may edit"]


def test_sharing_once_more_with_the_same_account_sets_what_it_may_do(people, plan):
    add(people["olga"], plan, "edna", "read")
    assert roles(plan)["edna"] == "read"
    add(people["olga"], plan, "edna", "read")
    assert Event.objects.count() == 1


def test_an_account_that_is_removed_is_out_at_once(people, plan):
    remove(people["olga"], plan, "edna")
    assert "edna" not in roles(plan)
    assert people["edna"].get(f"/plans/{plan[1]}/").status_code == 404
    event = Event.objects.get()
    assert (event.kind, event.actor, event.detail) == ("plan-unshared", "olga", "edna")


def test_the_last_owner_stays_one(people, plan):
    for response in (remove(people["olga"], plan, "olga"), change(people["olga"], plan, "olga", "edit")):
        assert "Somebody has to own the plan." in Page(response).text(role="alert")
    assert roles(plan)["olga"] == "own"
    assert not Event.objects.exists()


def test_an_owner_whose_account_is_switched_off_is_none(people, plan):
    add(people["olga"], plan, "mallory", "own")
    User.objects.filter(username="mallory").update(is_active=False)
    assert "Somebody has to own the plan." in Page(remove(people["olga"], plan, "olga")).text(role="alert")


def test_a_plan_is_handed_over(people, plan):
    change(people["olga"], plan, "edna", "own")
    response = remove(people["olga"], plan, "olga")
    assert response.url == "/plans/"
    assert roles(plan) == {"edna": "own", "rita": "read"}
    assert people["olga"].get(f"/plans/{plan[1]}/").status_code == 404
    assert people["edna"].get(f"/plans/{plan[1]}/links/").status_code == 200


def test_who_gives_up_their_own_access_is_not_told_that_it_can_be_undone(people, plan):
    asked = [
        form.get("data-asks")
        for form in Page(people["olga"].get(f"/plans/{plan[1]}/links/")).all("form", data_asks=True)
    ]
    own = [said for said in asked if said.startswith(("Withdraw the access of ", "Give up your own access?"))]
    assert sorted(said.endswith("It can be undone for a minute.") for said in own) == [False, True, True]
    assert "Give up your own access? Only another owner can give it back." in own


def test_an_owner_who_steps_back_is_led_away_from_what_is_no_longer_theirs(people, plan):
    add(people["olga"], plan, "mallory", "own")
    response = change(people["olga"], plan, "olga", "edit")
    assert response.status_code == 302
    assert roles(plan)["olga"] == "edit"


@pytest.mark.parametrize("member", ["0", "-1", "9" * 30, "x", "", "2.5", "٣"])
def test_a_number_that_is_nobodys_does_nothing(people, plan, member):
    before = roles(plan)
    for path in ("change", "remove"):
        data = {"member": member, "role": "own"}
        assert people["olga"].post(f"/plans/{plan[1]}/members/{path}/", data).status_code in (200, 302)
    assert roles(plan) == before


def test_accounts_of_another_plan_cant_be_reached_from_this_one(people, plan):
    other, _ = store()
    hold = Holder(user=User.objects.get(username="mallory")).give(other, Hold.Role.OWN)
    for path in ("change", "remove"):
        people["olga"].post(f"/plans/{plan[1]}/members/{path}/", {"member": hold.pk, "role": "read"})
    hold.refresh_from_db()
    assert hold.role == "own"


@pytest.mark.parametrize("name", ["edna", "rita"])
def test_only_owners_share_and_delete(people, plan, name):
    before = roles(plan)
    answers = [
        add(people[name], plan, "mallory", "own"), change(people[name], plan, name, "own"),
        remove(people[name], plan, "olga"), people[name].get(f"/plans/{plan[1]}/links/"),
        people[name].get(f"/plans/{plan[1]}/delete/"), people[name].post(f"/plans/{plan[1]}/delete/"),
    ]  # fmt: skip
    assert {answer.status_code for answer in answers} == {403}
    assert roles(plan) == before
    assert Plan.objects.get().deleted is None


def test_what_only_owners_can_do_is_offered_to_them_alone(people, plan):
    offered = {}
    for name in ("olga", "edna"):
        links = {link.get("href") for link in Page(people[name].get(f"/plans/{plan[1]}/")).all("a")}
        offered[name] = {path for path in ("links/", "delete/") if f"/plans/{plan[1]}/{path}" in links}
    assert offered == {"olga": {"links/", "delete/"}, "edna": set()}


def test_only_owners_are_offered_to_restore_a_plan(people, plan):
    people["olga"].post(f"/plans/{plan[1]}/delete/")
    restore = f"/plans/{plan[1]}/bin/restore/"
    shown = {name: people[name].get(f"/plans/{plan[1]}/") for name in ("olga", "edna")}
    assert Page(shown["olga"]).all("button", class_="button-main")
    assert not Page(shown["edna"]).all("button", class_="button-main")
    assert people["edna"].post(restore).status_code == 403
    assert people["olga"].post(restore).status_code == 302


def test_readers_see_the_report_and_nothing_else(people, plan):
    rita = people["rita"]
    assert rita.get(f"/plans/{plan[1]}/").url == f"/plans/{plan[1]}/read/"
    for path in ("read/", "read/report/json", "read/diagram.svg"):
        assert rita.get(f"/plans/{plan[1]}/{path}").status_code == 200
    for path in ("history/", "changes/", "plan.yaml", "export.zip", "report/json", "diagram.svg", "pulse/", "links/"):
        assert rita.get(f"/plans/{plan[1]}/{path}").status_code == 403, path
    assert rita.post(f"/plans/{plan[1]}/duplicate/").status_code == 403


def test_without_accounts_nothing_is_shared_by_name(client, settings):
    settings.REQUIRE_LOGIN = False
    User.objects.create_user("mallory")
    row, key = store()
    data = {"name": "mallory", "role": "own"}
    assert client.post(f"/plans/{key}/members/add/", data).status_code == 404
    assert not row.holds.filter(user__isnull=False).exists()
    assert not Page(client.get(f"/plans/{key}/links/")).all(id="member-name")


def test_the_page_costs_a_fixed_number_of_queries(people, plan, django_assert_max_num_queries):
    for number in range(30):
        Holder(user=User.objects.create_user(f"colleague {number}")).give(plan[0], Hold.Role.READ)
    with django_assert_max_num_queries(9):
        people["olga"].get(f"/plans/{plan[1]}/links/")
