"""What is said to have changed since tells a change of the plan from one of its matrix, for every revision."""

import pytest

from planner.sharing import links
from planner.store import actions
from planner.store.editions import matrix_of
from planner.store.holders import Holder
from planner.store.models import Handover, Plan, Revision
from planner.web.views import kept
from ports.actions import make_amendment, revert_amendment
from ports.models import Amendment, Snapshot
from tests.editions import NEXT, load_next
from tests.web.views.pages import Page, store, words

FIRST = "passwordstate-2026-11"
UNKNOWN = "Under which port matrix revision 1 was stored isn’t known; that of now stands for it."


@pytest.fixture
def key(tmp_path):
    """A plan whose second revision put it on an edition in which the portal has port 444."""
    plan, key = store()
    edition = load_next(tmp_path, password_reset_portal="444")
    actions.switch_edition(plan_id=plan.pk, edition=edition)
    return key


def plan_of(key):
    return Plan.objects.get(key=key)


def amend(value="445"):
    make_amendment(row="service/password-reset-portal", field="ports", value=value, reason="Test")


def choose(key):
    plan = plan_of(key)
    actions.choose(plan_id=plan.pk, matrix=matrix_of(plan), choice="esxi", options=["ssh"])


def page(client, key, **query):
    return Page(client.get(f"/plans/{key}/", query))


def last_change(client, key):
    [line] = [one for one in page(client, key).all("p", class_="last-change") if "Last change" in words(one)]
    return words(line)


def changed_ports(client, key, **query):
    rules = client.get(f"/plans/{key}/changes/json", query).json()["rules"]
    return [{one["ports"] for rule in rules[side] for one in rule["services"]} for side in ("opened", "closed")]


def test_the_last_change_is_the_switch_with_what_it_opens(client, key):
    begins = f"Last change, revision 2: Switched to the edition {NEXT}: 1 rule to open, 1 rule to close."
    assert last_change(client, key).startswith(begins)


def test_what_is_amended_later_is_no_part_of_the_last_change(client, key):
    choose(key)
    before = last_change(client, key)
    assert "1 rule to close" in before
    assert "to open" not in before
    amend()
    assert last_change(client, key) == before


def test_a_filter_since_a_revision_shows_what_the_switch_has_opened(client, key):
    assert next(row[0] for row in page(client, key, since="1").table("rules")).startswith("NET-DMZ-970")
    assert page(client, key, since="2").table("rules") == []
    rules = client.get(f"/plans/{key}/report/json", {"since": "1"}).json()["rules"]
    assert [rule["id"] for rule in rules] == ["NET-DMZ-970"]
    amend()
    assert next(row[0] for row in page(client, key, since="2").table("rules")).startswith("NET-DMZ-970")


def test_a_change_request_compares_each_revision_under_the_matrix_that_it_was_stored_under(client, key):
    assert changed_ports(client, key) == [{"444"}, {"443"}]
    assert changed_ports(client, key, **{"from": "2"}) == [set(), set()]
    told = Page(client.get(f"/plans/{key}/changes/")).text("main")
    assert f"Compared: revision 1, edition {FIRST} (" in told
    assert f"with revision 2, edition {NEXT} (" in told
    amend()
    assert changed_ports(client, key) == [{"445"}, {"443"}]
    assert changed_ports(client, key, **{"from": "2"}) == [{"445"}, {"444"}]
    choose(key)
    assert changed_ports(client, key, **{"from": "1", "to": "2"}) == [{"444"}, {"443"}]
    assert changed_ports(client, key, **{"from": "1", "to": "2", "matrix_to": FIRST}) == [set(), set()]


def test_where_the_matrix_of_then_isnt_known_it_is_said(client, key):
    Revision.objects.update(digest="")
    assert UNKNOWN in Page(client.get(f"/plans/{key}/changes/")).text("main")
    assert changed_ports(client, key) == [set(), set()]
    assert UNKNOWN in page(client, key, since="1").text("div", id="results")
    told = client.get(f"/plans/{key}/report/html", {"since": "1"}).content.decode()
    assert "stored under a port matrix that isn’t known" in told


def test_where_the_matrix_of_then_isnt_kept_it_is_said(client, key):
    Revision.objects.filter(number=1).update(digest="0" * 64)
    [notice] = Page(client.get(f"/plans/{key}/changes/")).all(role="alert")
    assert words(notice) == "The port matrix 00000000, as it was then, isn’t kept here."
    why = "The port matrix of revision 1 isn’t kept here as it was then, so what differs can’t be said."
    assert why in page(client, key, since="1").text("main")
    response = client.get(f"/plans/{key}/report/csv", {"since": "1"})
    assert (response.status_code, why in response.content.decode()) == (400, True)
    response = client.get(f"/plans/{key}/report/csv", {"since": "9"})
    assert "This plan has no revision 9 to compare with." in response.content.decode()


def since_sent(client, key):
    return words(page(client, key).one("p", class_="sent-line")).partition("2026. ")[2]


def send(key, number):
    plan = plan_of(key)
    actions.hand_over(plan_id=plan.pk, matrix=matrix_of(plan), revision=number, recipient="Network team", note="")


def test_a_switch_since_a_handover_is_a_change_of_the_matrix_and_an_undo_takes_it_back(client, key):
    actions.undo(plan_id=plan_of(key).pk, matrix=matrix_of(plan_of(key)))
    send(key, 3)
    assert since_sent(client, key) == "Nothing has changed since."
    actions.redo(plan_id=plan_of(key).pk, matrix=matrix_of(plan_of(key)))
    assert since_sent(client, key).startswith("The port matrix has changed since: 1 rule to open, 1 rule to close")
    actions.undo(plan_id=plan_of(key).pk, matrix=matrix_of(plan_of(key)))
    assert since_sent(client, key) == "Nothing has changed since."


def test_an_older_revision_is_handed_over_under_the_matrix_that_it_was_stored_under(client, key):
    client.post(f"/plans/{key}/changes/sent/", {"revision": "1", "recipient": "Network team", "note": ""})
    client.post(f"/plans/{key}/changes/sent/", {"revision": "2", "recipient": "Network team", "note": ""})
    kept = dict(Handover.objects.values_list("revision", "digest"))
    assert kept[1] == Revision.objects.get(number=1).digest
    assert kept[2] == matrix_of(plan_of(key)).digest != kept[1]


@pytest.fixture
def link(key):
    """The address of a link to the first revision that tells what changed since."""
    return make_link(key, 1)


def make_link(key, pinned, token="T" * 43):
    terms = links.Terms(label="Team", pinned=pinned, shows_changes=True)
    links.make_link(plan=plan_of(key), terms=terms, token=token, holder=Holder(browser="b" * 64, name="Kim"))
    return f"/shared/{token}/"


def ports_of(client, link):
    rules = client.get(f"{link}report/json").json()["rules"]
    return {one["ports"] for rule in rules if rule["id"] == "NET-DMZ-970" for one in rule["services"]}


def test_a_pinned_link_shows_the_revision_as_it_was_stored_and_what_changed_since(client, link):
    assert ports_of(client, link) == {"443"}
    assert f"edition {FIRST}" in Page(client.get(link)).text("main")
    told = Page(client.get(f"{link}changes/")).text("main")
    assert f"Compared: revision 1, edition {FIRST} (" in told
    assert f"with revision 2, edition {NEXT} (" in told
    rules = client.get(f"{link}changes/json").json()["rules"]
    assert (len(rules["opened"]), len(rules["closed"])) == (1, 1)


def test_a_pinned_link_tells_what_is_amended_since_even_if_the_plan_is_the_same(client, key):
    newest = make_link(key, 2)
    assert client.get(f"{newest}changes/").status_code == 404, "nothing can have changed"
    amend()
    assert ports_of(client, newest) == {"444"}
    assert "what is amended over its port matrix has changed since" in Page(client.get(newest)).text("main")
    assert client.get(f"{newest}changes/json").json()["rules"]["opened"][0]["id"] == "NET-DMZ-970"
    revert_amendment(number=Amendment.objects.get().pk)
    assert client.get(f"{newest}changes/").status_code == 404


def test_a_pinned_link_says_what_was_amended_when_its_revision_was_stored(client, key):
    amend()
    actions.override_port(plan_id=plan_of(key).pk, matrix=matrix_of(plan_of(key)), service="ssh", ports="2222")
    link = make_link(key, 3)
    there = client.get(f"{link}report/json").json()["amendments"]
    assert [one["new"] for one in there] == ["445"]
    revert_amendment(number=Amendment.objects.get().pk)
    assert ports_of(client, link) == {"445"}
    assert client.get(f"{link}report/json").json()["amendments"] == there
    assert "444 → 445" in client.get(f"{link}report/html").content.decode()


def test_a_pinned_link_says_what_isnt_known_of_its_matrix(client, link):
    Revision.objects.update(digest="")
    told = Page(client.get(link)).text("main")
    assert "Under which port matrix it was stored isn’t known; this is the one of now." in told
    Revision.objects.update(digest="0" * 64)
    kept.pages.clear()  # what a revision was stored under doesn't change in service
    told = Page(client.get(link)).text("main")
    assert "The port matrix that it was stored under isn’t kept; this is the one of now." in told
    assert ports_of(client, link) == {"444"}


def test_what_a_revision_was_stored_under_is_kept_whatever_is_amended_later(client, key):
    amend("445")
    choose(key)
    amend("446")
    choose_back = plan_of(key)
    actions.choose(plan_id=choose_back.pk, matrix=matrix_of(choose_back), choice="esxi", options=["powercli"])
    for amendment in Amendment.objects.order_by("-pk"):
        revert_amendment(number=amendment.pk)
    digests = list(Revision.objects.order_by("number").values_list("digest", flat=True))
    assert len(set(digests)) == 4
    assert Snapshot.objects.filter(digest__in=digests).count() == 4
    assert changed_ports(client, key, **{"from": "3", "to": "4", "matrix_to": digests[3]})[0] >= {"446"}
    assert changed_ports(client, key, **{"from": "4"})[0] >= {"444"}
