"""A plan's page says what a newer edition would change; who may edit looks, and switches; an undo brings it back."""

import pytest
from django.apps import apps
from django.db import connection
from django.test.utils import CaptureQueriesContext

from planner.store import actions
from planner.store.editions import matrix_of
from planner.store.models import Plan, Revision, make_operation
from planner.web.views import offers
from ports.actions import activate_matrix, make_amendment, revert_amendment
from ports.models import Amendment, PortMatrix, new_stamp
from ports.queries import shipped_matrix
from tests.editions import NEXT, load_gatekeeper, load_next, shipped_edition
from tests.web.views.pages import HTMX, Page, store, words
from tests.web.views.test_acceptance import write_plan

FIRST = "passwordstate-2026-11"


@pytest.fixture
def key():
    """A plan that was stored before there was another edition."""
    return store()[1]


@pytest.fixture
def newer(key, tmp_path):
    """A newer edition, under which the portal has another port."""
    return load_next(tmp_path, password_reset_portal="444")


def plan_of(key):
    return Plan.objects.select_related("edition").get(key=key)


def told(client, key):
    """What the plan's page says of editions."""
    return [words(one) for one in Page(client.get(f"/plans/{key}/")).all("p", class_="edition-offer")]


def switch(client, key, to=NEXT, **more):
    data = {"to": to, "base": plan_of(key).revision, "operation": make_operation(), **more}
    return client.post(f"/plans/{key}/edition/switch/", data)


def portal_ports(client, key):
    rules = client.get(f"/plans/{key}/report/json").json()["rules"]
    return {one["ports"] for rule in rules if rule["id"] == "NET-DMZ-970" for one in rule["services"]}


def test_a_newer_edition_changes_no_stored_plan_and_its_page_says_what_it_would(client, key, newer):
    assert portal_ports(client, key) == {"443"}
    said = f"A new edition, {NEXT}, would change this plan: 1 rule to open, 1 to close. Look, then switch"
    assert told(client, key) == [said]
    assert FIRST in Page(client.get(f"/plans/{key}/")).text("section", id="report")


def test_it_is_said_too_that_a_newer_edition_would_change_nothing(client, key, tmp_path):
    load_next(tmp_path, telnet="2323")
    assert told(client, key) == [f"A new edition, {NEXT}, would change nothing in this plan. Look, then switch"]


def test_nothing_is_said_of_editions_of_which_none_is_current_or_of_another_product(client, key, tmp_path):
    assert told(client, key) == []
    load_next(tmp_path, activate=False, password_reset_portal="444")
    load_gatekeeper()
    assert told(client, key) == []
    page = Page(client.get(f"/plans/{key}/"))
    assert [words(a) for a in page.all("a") if words(a) == "Other editions"] == ["Other editions"]


def test_one_looks_and_then_switches(client, key, newer):
    page = Page(client.get(f"/plans/{key}/"))
    [link] = [a.get("href") for a in page.all("a") if words(a) == "Look, then switch"]
    look = Page(client.get(link))
    assert FIRST in look.text("main")
    [opened, closed] = look.table("rules")
    assert "444" in " ".join(opened)
    assert "443" in " ".join(closed)
    assert look.text("button", id="switch") == f"Switch to {NEXT}"
    before = plan_of(key)
    response = switch(client, key)
    assert (response.status_code, response["Location"]) == (302, f"/plans/{key}/")
    after = plan_of(key)
    revision = after.revisions.get(number=2)
    assert (after.edition.slug, after.revision, after.document) == (NEXT, 2, before.document)
    assert (revision.edition.slug, revision.digest, revision.document) == (
        NEXT,
        matrix_of(after).digest,
        before.document,
    )
    assert revision.summary == f"Switched to the edition {NEXT}"
    assert portal_ports(client, key) == {"444"}
    assert told(client, key) == []
    assert f"Switched to the edition {NEXT}" in Page(client.get(f"/plans/{key}/history/")).text("main")


def test_the_same_as_a_change_request_with_files(client, key, newer):
    look = Page(client.get(f"/plans/{key}/edition/"))
    [link] = [a.get("href") for a in look.all("a") if words(a) == "The same as a change request, with files"]
    page = Page(client.get(link))
    [address] = [a.get("href") for a in page.all("a") if words(a) == "JSON"]
    rules = client.get(address).json()["rules"]
    assert {service["ports"] for rule in rules["opened"] for service in rule["services"]} == {"444"}


def test_it_is_the_same_where_something_was_amended_since_the_plan_was_stored(client, tmp_path):
    key = store(write_plan())[1]
    load_next(tmp_path, website="444")
    make_amendment(row="service/database", field="ports", value="1533", reason="Behind the proxy")
    look = Page(client.get(f"/plans/{key}/edition/"))
    [link] = [a.get("href") for a in look.all("a") if words(a) == "The same as a change request, with files"]
    assert {row[3] for row in look.table("rules")} == {"tcp 443", "tcp 444"}, "what is amended holds under both"
    assert Page(client.get(link)).table("rules") == look.table("rules")


def test_a_plan_on_a_sound_edition_opens_while_the_current_one_has_faults(client, key, newer):
    apps.get_model("ports", "service").objects.filter(matrix=newer, slug="smtp").update(ports="70000")
    PortMatrix.objects.update(stamp=new_stamp())
    assert told(client, key) == [
        f"A new edition, {NEXT}, is the current one and can’t be read: its rows have 1 fault. Look"
    ]
    assert client.get(f"/plans/{key}/edition/", {"to": FIRST}).status_code == 200


def test_undo_and_redo_bring_the_edition_back_too(client, key, newer):
    switch(client, key)
    client.post(f"/plans/{key}/choices/", {"choice": "esxi", "option": "ssh", "base": "2"})
    editions = []
    for step in ("undo", "undo", "redo", "redo", "undo", "undo"):
        assert client.post(f"/plans/{key}/{step}/").status_code == 302
        plan = plan_of(key)
        assert plan.revisions.get(number=plan.revision).digest == matrix_of(plan).digest
        editions.append((plan.edition.slug, "choices" in plan.document))
    one, two, three = (FIRST, False), (NEXT, False), (NEXT, True)
    assert editions == [two, one, two, three, two, one]
    assert portal_ports(client, key) == {"443"}


def test_an_undo_brings_back_the_edition_that_an_earlier_version_didnt_note(client, key, newer):
    Revision.objects.update(edition=None, digest="")
    switch(client, key)
    client.post(f"/plans/{key}/undo/")
    assert plan_of(key).edition.slug == FIRST


def test_restoring_a_revision_leaves_the_plan_on_its_edition(client, key, newer):
    client.post(f"/plans/{key}/choices/", {"choice": "esxi", "option": "ssh"})
    switch(client, key)
    client.post(f"/plans/{key}/history/restore/", {"number": "1", "base": "3"})
    plan = plan_of(key)
    assert (plan.revision, plan.edition.slug, "choices" in plan.document) == (4, NEXT, False)


def test_one_can_switch_back_to_an_older_edition(client, key, newer):
    switch(client, key)
    look = Page(client.get(f"/plans/{key}/edition/", {"to": FIRST}))
    assert look.text("button", id="switch") == f"Switch to {FIRST}"
    switch(client, key, FIRST)
    assert plan_of(key).edition.slug == FIRST
    assert told(client, key)[0].startswith(f"A new edition, {NEXT}, would change this plan")


def test_where_an_older_edition_is_current_again_it_is_called_another(client, key, newer):
    switch(client, key)
    activate_matrix(matrix=shipped_edition())
    assert told(client, key)[0].startswith(f"Another edition, {FIRST}, would change this plan")


def test_a_plan_that_doesnt_fit_the_edition_is_told_which_field_and_what_is_allowed(client, key, tmp_path):
    load_next(tmp_path, fixed=["website", "rpc-dynamic"])
    doesnt_fit = (
        f"A new edition, {NEXT}, is the current one, and this plan doesn’t fit it: 2 things to mend first. Look"
    )
    assert told(client, key) == [doesnt_fit]
    look = Page(client.get(f"/plans/{key}/edition/"))
    [website, rpc] = [words(one) for one in look.one("ul", class_="faults").iter("li")]
    assert website.startswith("ports.website ")
    assert "fixed" in website
    assert rpc.startswith("ports.rpc-dynamic ")
    assert look.all("button", id="switch") == []
    refused = Page(switch(client, key))
    assert refused.text(role="alert") == f"Nothing was switched: the plan doesn’t fit the edition {NEXT}."
    assert len(list(refused.one("ul", class_="faults").iter("li"))) == 2
    assert (plan_of(key).revision, plan_of(key).edition.slug) == (1, FIRST)


def test_sent_twice_it_counts_once(client, key, newer):
    operation = make_operation()
    for _ in range(2):
        assert switch(client, key, operation=operation, base=1).status_code == 302
    assert plan_of(key).revision == 2


def test_who_looked_at_an_older_revision_looks_again(client, key, newer):
    client.post(f"/plans/{key}/choices/", {"choice": "esxi", "option": "ssh"})
    response = switch(client, key, base=1)
    [notice] = Page(response).all(role="alert")
    assert words(notice).startswith("Nothing was switched, as the plan has changed since (revision 2: ")
    assert words(notice).endswith("Look at it, then switch again.")
    assert plan_of(key).edition.slug == FIRST


@pytest.mark.parametrize("to", ["", "none", "gatekeeper-4", "'"])
def test_what_is_no_edition_of_the_product_is_refused(client, key, newer, to):
    load_gatekeeper()
    [notice] = Page(switch(client, key, to)).all(role="alert")
    assert words(notice) == f"There is no edition “{to}” of this plan’s product; nothing was switched."
    assert plan_of(key).revision == 1
    assert client.get(f"/plans/{key}/edition/", {"to": to}).status_code == (404 if to else 200)


def test_what_can_be_no_edition_is_looked_for_nowhere(client, key, newer):
    """PostgreSQL refuses a query that has it; what SQLite writes down of it ends before the NUL."""
    with CaptureQueriesContext(connection) as asked:
        assert "There is no edition" in Page(switch(client, key, "nul\0b")).text(role="alert")
        assert client.get(f"/plans/{key}/changes/?matrix_to=nul%00b").status_code < 500
    assert not [query["sql"] for query in asked if "'nul" in query["sql"]]


@pytest.mark.slow
def test_what_is_amended_anew_is_told_and_taken_over_as_a_revision(client, key):
    client.post(f"/plans/{key}/choices/", {"choice": "esxi", "option": "ssh"})
    make_amendment(row="service/password-reset-portal", field="ports", value="444", reason="Test")
    begins = "What is amended here has changed since revision 2"
    assert told(client, key) == [f"{begins}, and with it this plan: 1 rule to open, 1 to close. Look"]
    look = Page(client.get(f"/plans/{key}/edition/", {"to": FIRST}))
    assert len(look.table("rules")) == 2
    assert look.text("button", id="switch") == "Take it over"
    switch(client, key, FIRST)
    plan = plan_of(key)
    assert (plan.revision, told(client, key)) == (3, [])
    assert plan.revisions.get(number=3).digest == matrix_of(plan).digest
    switch(client, key, FIRST)
    assert plan_of(key).revision == 3, "there is nothing to be taken over any more"
    client.post(f"/plans/{key}/undo/")
    assert "choices" not in plan_of(key).document, "an undo takes back what someone changed in the plan"
    said = dict(plan.revisions.values_list("number", "summary"))
    assert said[4] == f"Undone: {said[2]}"
    revert_amendment(number=Amendment.objects.get().pk)
    make_amendment(row="service/telnet", field="ports", value="2323", reason="Test")
    client.post(f"/plans/{key}/redo/")
    make_amendment(row="service/telnet", field="name", value="Old shell", reason="Test")
    assert told(client, key) == [
        "What is amended here has changed since revision 5; no rule of this plan differs. Look"
    ]


def test_what_holds_now_and_not_under_the_other_edition_is_named(client, key, tmp_path):
    make_amendment(row="service/password-reset-portal", field="ports", value="9443", reason="Behind the proxy")
    load_next(tmp_path, password_reset_portal="444")
    told = Page(client.get(f"/plans/{key}/edition/")).text("section", aria_labelledby="held-back")
    assert "service/password-reset-portal, ports" in told
    assert "443 → 9443, Behind the proxy" in told


def test_a_reader_sees_the_edition_and_no_offer(client, key, newer):
    page = Page(client.get(f"/plans/{key}/read/"))
    assert f"edition {FIRST}" in page.text("main")
    assert page.all(class_="edition-offer") == []
    assert "/edition/" not in page.html


def test_of_a_very_large_plan_it_is_worked_out_when_someone_looks(client, key, newer, monkeypatch):
    monkeypatch.setattr(offers, "MOST_WEIGHED", 1)
    unsaid = "What it would change is worked out when you look."
    assert told(client, key) == [f"A new edition, {NEXT}, is the current one. {unsaid} Look, then switch"]


def test_it_is_worked_out_once_for_a_revision(client, key, newer, monkeypatch):
    from planner.store import impact

    calls = []
    original = impact.weigh_plan
    monkeypatch.setattr(impact, "weigh_plan", lambda *args: calls.append(args) or original(*args))
    for _ in range(3):
        client.get(f"/plans/{key}/", headers={**HTMX, "X-Pulse": "panel", "HX-Target": "main"})
        told(client, key)
    assert len(calls) == 1
    client.post(f"/plans/{key}/choices/", {"choice": "esxi", "option": "ssh"})
    told(client, key)
    assert len(calls) == 2


def test_more_editions_cost_no_more_queries(client, key, newer, tmp_path, django_assert_max_num_queries):
    client.get(f"/plans/{key}/")
    with django_assert_max_num_queries(12) as few:
        client.get(f"/plans/{key}/")
    asked = len(few.captured_queries)
    for number in range(4):
        load_next(tmp_path, f"passwordstate-2028-0{number}", activate=False)
    client.get(f"/plans/{key}/")
    with django_assert_max_num_queries(asked):
        client.get(f"/plans/{key}/")


def test_an_edit_from_a_page_of_before_the_switch_is_carried_over(client, key, newer):
    switch(client, key)
    response = client.post(f"/plans/{key}/choices/", {"choice": "esxi", "option": "ssh", "base": "1"})
    assert response.status_code == 302
    plan = plan_of(key)
    assert (plan.edition.slug, plan.document["choices"]) == (NEXT, {"esxi": "ssh"})
    assert plan.revisions.get(number=3).digest == matrix_of(plan).digest


def test_a_shipped_matrix_that_is_handed_to_an_edit_of_another_edition_is_refused(key, newer):
    plan = plan_of(key)
    actions.switch_edition(plan_id=plan.pk, edition=newer)
    with pytest.raises(ValueError, match=f"put on the edition {NEXT} in between"):
        actions.choose(plan_id=plan.pk, matrix=shipped_matrix(), choice="esxi", options=["ssh"])
