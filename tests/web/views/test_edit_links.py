"""Edit links: who opens one edits, and owns nothing; looking changes nothing; what is withdrawn can be given back."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from planner.sharing import links
from planner.store.models import Attempt, Event, Hold, Plan, ShareLink, Viewer, Withdrawal
from tests.web.views.link_forms import PRIVATE, make, open_edit
from tests.web.views.pages import Page, store

pytestmark = pytest.mark.django_db


@pytest.fixture
def plan():
    return store()


@pytest.fixture
def reader(handler):
    client = Client()
    client.handler = handler
    return client


def another(handler):
    """One more browser."""
    client = Client()
    client.handler = handler
    return client


def test_an_edit_link_lets_another_browser_in_and_leaves_the_address_bar(client, reader, plan):
    _, path = make(client, plan[1], "edit")
    assert reader.get(f"/plans/{plan[1]}/").status_code == 404
    door = reader.get(f"{path}?panel=ports")
    assert Page(door).one("form", class_="gate").get("action") == f"{path}?panel=ports"
    response = reader.post(f"{path}?panel=ports")
    assert response.headers["Location"] == f"/plans/{plan[1]}/?panel=ports"
    for answer in (door, response):
        assert {name: answer.headers[name] for name in PRIVATE} == PRIVATE
    assert reader.get(f"/plans/{plan[1]}/").status_code == 200
    assert reader.post(f"/plans/{plan[1]}/name/", {"name": "Theirs", "description": ""}).status_code == 302
    plan[0].refresh_from_db()
    assert plan[0].name == "Theirs"


@pytest.mark.parametrize("method", ["get", "head"])
def test_looking_at_an_edit_link_changes_nothing(client, reader, plan, method):
    _, path = make(client, plan[1], "edit")

    def everything():
        models = (Plan, Hold, Event, Withdrawal, ShareLink, Attempt, Viewer)
        return [list(model.objects.order_by("pk").values()) for model in models]

    before = everything()
    for headers in ({}, {"Sec-Purpose": "prefetch"}, {"User-Agent": "Slackbot-LinkExpanding 1.0"}):
        answer = getattr(reader, method)(path, headers=headers)
        assert answer.status_code == 200
        assert plan[0].name not in answer.content.decode()
    assert everything() == before
    assert reader.get(f"/plans/{plan[1]}/").status_code == 404


def test_who_edits_already_goes_on_to_the_plan_without_the_door(client, reader, plan):
    _, path = make(client, plan[1], "edit")
    open_edit(reader, path)
    assert reader.get(path).headers["Location"] == f"/plans/{plan[1]}/"


def test_an_edit_link_gives_no_ownership(client, reader, plan):
    """Whoever came by it makes no links, deletes nothing, and takes nothing from whoever made the plan."""
    _, path = make(client, plan[1], "edit")
    open_edit(reader, path)
    own = Hold.objects.filter(role="own").order_by("pk")
    before, mine = list(own.values()), own.first()
    data = {"member": mine.pk, "role": "read", "label": "L", "shows": "newest", "days": "30"}
    for address in (
        "links/make/", "links/edit/", "links/edit/withdraw/", "links/revoke/", "links/undo/", "withdrawals/undo/",
        "members/change/", "members/remove/", "delete/", "bin/restore/", "uploads/revoke/",
    ):  # fmt: skip
        assert reader.post(f"/plans/{plan[1]}/{address}", data).status_code == 403, address
    refused = reader.get(f"/plans/{plan[1]}/links/")
    assert refused.status_code == 403
    assert f"/plans/{plan[1]}/" in [link.get("href") for link in Page(refused).all("a")], "the way back"
    assert list(own.values()) == before
    assert client.get(f"/plans/{plan[1]}/links/").status_code == 200
    plan[0].refresh_from_db()
    assert (plan[0].deleted, plan[0].links.count()) == (None, 0)


def test_a_plan_that_nobody_owns_is_owned_by_the_first_who_opens_its_edit_link(reader):
    row, key = store()
    row.holds.all().delete()
    path = f"/edit/{links.make_edit_link(plan_id=row.pk)}/"
    assert "Nobody owns it yet: whoever opens it first does." in Page(reader.get(path)).text("main")
    for _ in range(2):  # a form that is sent twice
        open_edit(reader, path)
    assert "stay with whoever owns it" in Page(another(reader.handler).get(path)).text("main")
    open_edit(another(reader.handler), path)
    assert list(row.holds.order_by("pk").values_list("role", flat=True)) == ["own", "edit"]
    assert reader.get(f"/plans/{key}/links/").status_code == 200


def test_an_owner_lets_another_browser_own_the_plan_and_takes_it_back(client, reader, plan):
    plan[0].holds.exclude(pk=plan[0].holds.order_by("pk").first().pk).delete()
    _, path = make(client, plan[1], "edit")
    open_edit(reader, path)
    mine, theirs = plan[0].holds.order_by("pk")
    page = Page(client.get(f"/plans/{plan[1]}/links/"))
    assert len(page.all("li", class_="member")) == 2
    assert theirs.browser not in page.html
    alone = client.post(f"/plans/{plan[1]}/members/change/", {"member": mine.pk, "role": "edit"})
    assert "Make another browser its owner first." in Page(alone).text("main")
    client.post(f"/plans/{plan[1]}/members/change/", {"member": theirs.pk, "role": "own"})
    assert reader.get(f"/plans/{plan[1]}/links/").status_code == 200
    client.post(f"/plans/{plan[1]}/members/remove/", {"member": theirs.pk})
    assert reader.get(f"/plans/{plan[1]}/").status_code == 404


def test_another_edit_link_locks_out_all_who_came_by_the_old_one(client, reader, plan):
    _, old = make(client, plan[1], "edit")
    open_edit(reader, old)
    _, new = make(client, plan[1], "edit")
    assert new != old
    assert reader.get(old).status_code == 404
    assert reader.get(f"/plans/{plan[1]}/").status_code == 404
    assert client.get(f"/plans/{plan[1]}/").status_code == 200
    open_edit(reader, new)
    assert reader.get(f"/plans/{plan[1]}/").status_code == 200


def test_a_withdrawn_edit_link_leads_nowhere(client, reader, plan):
    _, path = make(client, plan[1], "edit")
    client.post(f"/plans/{plan[1]}/links/edit/withdraw/")
    assert reader.get(path).status_code == 404


def undo(client, key):
    """Press what undoes the last withdrawal that the page tells of."""
    page = Page(client.get(f"/plans/{key}/links/"))
    [number, *_] = [field.get("value") for field in page.all("input", name="withdrawal")]
    return client.post(f"/plans/{key}/withdrawals/undo/", {"withdrawal": number})


def test_a_withdrawn_edit_link_is_given_back_as_it_was_and_not_shown(client, reader, plan):
    _, path = make(client, plan[1], "edit")
    open_edit(reader, path)
    client.post(f"/plans/{plan[1]}/links/edit/withdraw/")
    assert reader.get(f"/plans/{plan[1]}/").status_code == 404
    answer = undo(client, plan[1])
    assert answer.status_code == 302
    assert reader.get(f"/plans/{plan[1]}/").status_code == 200, "who held the plan by it holds it again"
    assert another(reader.handler).get(path, follow=True).status_code == 200
    token = path.split("/")[2]
    page = client.get(f"/plans/{plan[1]}/links/")
    assert token not in page.content.decode()
    assert not Page(page).all("input", name="withdrawal")
    assert token not in repr(list(Withdrawal.objects.values())) + repr(list(Plan.objects.values()))


def test_the_link_before_another_one_is_given_back_and_the_other_leads_nowhere(client, reader, plan):
    _, old = make(client, plan[1], "edit")
    open_edit(reader, old)
    _, new = make(client, plan[1], "edit")
    late = another(reader.handler)
    open_edit(late, new)
    assert late.get(f"/plans/{plan[1]}/").status_code == 200
    undo(client, plan[1])
    assert reader.get(f"/plans/{plan[1]}/").status_code == 200
    assert [late.get(f"/plans/{plan[1]}/").status_code, late.get(new).status_code] == [404, 404]
    assert late.get(old, follow=True).status_code == 200
    assert client.get(f"/plans/{plan[1]}/").status_code == 200


def test_of_edit_links_only_the_last_act_is_undone_and_for_a_minute(client, reader, plan):
    make(client, plan[1], "edit")
    client.post(f"/plans/{plan[1]}/links/edit/withdraw/")
    first = Withdrawal.objects.get()
    _, path = make(client, plan[1], "edit")
    late = client.post(f"/plans/{plan[1]}/withdrawals/undo/", {"withdrawal": first.pk})
    assert "More than a minute has passed, or something else was done" in Page(late).text("main")
    assert reader.get(path, follow=True).status_code == 200
    client.post(f"/plans/{plan[1]}/links/edit/withdraw/")
    Withdrawal.objects.update(at=timezone.now() - timedelta(seconds=61))
    last = Withdrawal.objects.first()
    for number in (last.pk, 0, "x"):
        client.post(f"/plans/{plan[1]}/withdrawals/undo/", {"withdrawal": number})
    assert reader.get(path).status_code == 404
    assert not Page(client.get(f"/plans/{plan[1]}/links/")).all("input", name="withdrawal")
    make(client, plan[1], "edit")
    make(client, plan[1], "edit")
    assert Withdrawal.objects.count() == 1, "what is too old is forgotten"


def test_another_plans_withdrawal_is_none_of_this_one(client, plan):
    make(client, plan[1], "edit")
    client.post(f"/plans/{plan[1]}/links/edit/withdraw/")
    other = store()[1]
    client.post(f"/plans/{other}/withdrawals/undo/", {"withdrawal": Withdrawal.objects.get().pk})
    assert Withdrawal.objects.count() == 1
