"""What staff see of plans, links and the log; and what they don't."""

import re

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client

from planner.sharing import links
from planner.sharing.links import Offer, make_edit_link
from planner.store import audit
from planner.store.holders import Holder
from planner.store.models import Event, Hold, ShareLink, hash_token
from tests.web.views.pages import Page, store, words

pytestmark = pytest.mark.django_db
CANARY = "canary-in-the-document"
READ, PASSPHRASE = "r" * 43, "correct horse"
LISTS = {"plan": "/admin/planner/plan/", "link": "/admin/planner/sharelink/", "log": "/admin/planner/event/"}


@pytest.fixture
def staff(handler):
    """A browser that a superuser is logged in with."""
    client = Client()
    client.handler = handler
    client.force_login(User.objects.create_superuser("root"))
    return client


@pytest.fixture
def plan():
    """A plan of olga's with an edit link and a read link."""
    row, _ = store()
    row.document["description"] = CANARY
    row.save()
    holder = Holder(user=User.objects.create_user("olga"), name="olga")
    holder.give(row, Hold.Role.OWN)
    make_edit_link(plan_id=row.pk, offer=Offer(token="e" * 43, edit_number=0))
    terms = links.Terms(label="Network team", passphrase=PASSPHRASE)
    links.make_link(plan=row, terms=terms, token=READ, holder=holder)
    return row


def rows(client, path):
    table = Page(client.get(path)).one("table", id="result_list")
    return [  # without the column of what an action is done to
        [words(cell) for cell in row if cell.tag in ("td", "th") and cell.get("class") != "action-checkbox"]
        for row in table.find("tbody").iter("tr")
    ]


def test_the_index_has_plans_links_and_log_and_no_rows_of_matrices(staff):
    links_of = {link.get("href") for link in Page(staff.get("/admin/")).all("a")}
    assert set(LISTS.values()) <= links_of
    assert not [link for link in links_of if link and "/ports/" in link]


def test_plans_are_listed_with_their_owners_and_dates(staff, plan):
    [row] = rows(staff, LISTS["plan"])
    assert row[:4] == [plan.name, str(plan.key), "olga", "1"]
    assert rows(staff, f"{LISTS['plan']}?q={plan.key}") == [row]
    assert rows(staff, f"{LISTS['plan']}?q={plan.name[:5]}") == [row]
    page = staff.get(f"{LISTS['plan']}?q=5f3cb3a8-0000-4000-8000-000000000000")
    assert not Page(page).all("table", id="result_list")


def test_links_are_listed_with_their_state_and_counts(staff, plan):
    [row] = rows(staff, LISTS["link"])
    assert row[:4] == ["Network team", plan.name, "live", "0"]
    assert rows(staff, f"{LISTS['link']}?q={plan.key}") == [row]


def test_no_page_has_a_token_a_hash_a_passphrase_or_a_document(staff, plan):
    link = ShareLink.objects.get()
    plan.refresh_from_db()
    secrets = (
        "e" * 43, READ, hash_token(READ), plan.edit_hash, link.passphrase, "argon2", PASSPHRASE, CANARY,
        *plan.holds.exclude(browser="").values_list("browser", flat=True),
    )  # fmt: skip
    paths = [*LISTS.values(), f"{LISTS['plan']}{plan.pk}/change/", f"{LISTS['link']}{link.pk}/change/",
             f"{LISTS['log']}{Event.objects.first().pk}/change/", f"{LISTS['plan']}{plan.pk}/history/"]  # fmt: skip
    for path in paths:
        response = staff.get(path)
        assert response.status_code == 200
        assert not [secret for secret in secrets if secret in response.content.decode()], path


def test_staff_revoke_links_and_the_log_says_who(staff, plan, handler):
    link = ShareLink.objects.get()
    data = {"action": "revoke", "_selected_action": [link.pk]}
    assert "Revoked: 1 read link." in Page(staff.post(LISTS["link"], data, follow=True)).text()
    assert "Revoked: 0 read links." in Page(staff.post(LISTS["link"], data, follow=True)).text()
    assert Client().get(f"/shared/{READ}/").status_code == 404
    event = Event.objects.get(kind="link-revoked")
    assert (event.link, event.plan, event.actor) == (link.pk, plan.key, "root")


def test_staff_who_may_only_look_cant_revoke(plan):
    user = User.objects.create_user("auditor", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=["view_sharelink", "view_event"]))
    client = Client()
    client.force_login(user)
    link = ShareLink.objects.get()
    assert [row[0] for row in rows(client, LISTS["link"])] == ["Network team"]
    client.post(LISTS["link"], {"action": "revoke", "_selected_action": [link.pk]})
    link.refresh_from_db()
    assert link.revoked is None
    assert client.get(LISTS["log"]).status_code == 200
    assert client.get(LISTS["plan"]).status_code == 403


@pytest.mark.parametrize("kind", LISTS)
def test_nothing_is_added_changed_or_deleted_there(staff, plan, kind):
    pk = {"plan": plan.pk, "link": ShareLink.objects.get().pk, "log": Event.objects.first().pk}[kind]
    assert staff.get(f"{LISTS[kind]}add/").status_code == 403
    assert staff.post(f"{LISTS[kind]}{pk}/change/", {"name": "x", "label": "x"}).status_code == 403
    assert staff.post(f"{LISTS[kind]}{pk}/delete/", {"post": "yes"}).status_code == 403
    staff.post(LISTS[kind], {"action": "delete_selected", "_selected_action": [pk], "post": "yes"})
    assert ShareLink.objects.get().label == "Network team"
    plan.refresh_from_db()


def test_the_log_is_filtered_by_kind_and_found_by_plan_or_name(staff, plan):
    other, _ = store()
    audit.note("plan-deleted", plan=other, actor="edna")
    kinds = {row[1] for row in rows(staff, f"{LISTS['log']}?q={plan.key}")}
    assert kinds == {"plan-made", "edit-link-made", "link-made"}
    assert {row[1] for row in rows(staff, f"{LISTS['log']}?kind=plan-deleted")} == {"plan-deleted"}
    assert {row[4] for row in rows(staff, f"{LISTS['log']}?q=edna")} == {"edna"}


def test_lists_cost_a_fixed_number_of_queries(staff, plan, django_assert_max_num_queries):
    for number in range(20):
        row, _ = store()
        Holder(user=User.objects.create_user(f"u{number}")).give(row, Hold.Role.OWN)
        terms = links.Terms(label=f"L{number}")
        links.make_link(plan=row, terms=terms, token=f"{number:043}", holder=Holder(name="x"))
    for path in LISTS.values():
        with django_assert_max_num_queries(8):
            staff.get(path)


def test_the_admin_needs_no_exception_from_the_content_security_policy(staff, plan):
    for path in (*LISTS.values(), f"{LISTS['plan']}{plan.pk}/change/"):
        html = staff.get(path).content.decode()
        assert not re.search(
            r"<script(?![^>]*\bsrc=)(?![^>]*application/json)[^>]*>|<style|\sstyle=|\son\w+=", html
        ), path
