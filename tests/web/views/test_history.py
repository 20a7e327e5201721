"""Undo, redo, edits that meet, and the pulse of a plan."""

from datetime import timedelta

import pytest
from django.test import Client

from planner.store.models import Plan, Revision, Viewer
from tests.web.views.pages import BROWSERS, HTMX, Page, give, know

pytestmark = pytest.mark.django_db


@pytest.fixture
def address(client, matrix):
    return client.post("/plans/start/", {"example": "everything"}).headers["Location"]


def send(client, address, path, *, base="", operation="", htmx=True, **data):
    headers = HTMX if htmx else {}
    return client.post(f"{address}{path}", {"base": base, "operation": operation, **data}, headers=headers)


def document():
    return Plan.objects.get().document


def override(client, address, service, ports, **sender):
    return send(client, address, "ports/", service=service, ports=ports, **sender)


def titles(client, address):
    """What the buttons say that they do, on the plan's page and on that of the table of its endpoints."""
    page, table = (
        tuple(page.one("button", id=name).get("title") for name in ("undo", "redo"))
        for page in (Page(client.get(f"{address}{path}")) for path in ("", "endpoints/"))
    )
    assert page == table
    return page


@pytest.mark.slow
def test_undo_brings_back_the_state_before_and_redo_the_one_after(client, address):
    first = document()
    override(client, address, "ssh", "2222")
    second = document()
    override(client, address, "ssh", "2223")
    send(client, address, "undo/")
    assert document() == second
    send(client, address, "undo/")
    assert document() == first
    send(client, address, "redo/")
    assert document() == second


@pytest.mark.slow
def test_undo_and_redo_name_the_change_that_they_take_back_or_bring_back(client, address):
    """The buttons' titles before each step are what the history says after it."""
    first, second, third, fourth = (f"Port of {port}" for port in (
        "SSH changed to 2222", "VNC changed to 5901", "Telnet changed to 2323", "SSH changed to 2224",
    ))  # fmt: skip
    override(client, address, "ssh", "2222")
    override(client, address, "vnc", "5901")
    override(client, address, "telnet", "2323")
    assert titles(client, address) == (f"Undo: {third}", "Nothing to redo")

    def step(path, said, undo, redo, **data):
        send(client, address, path, **data)
        assert Revision.objects.latest("number").summary == said
        assert titles(client, address) == (undo, redo)

    step("undo/", f"Undone: {third}", f"Undo: {second}", f"Redo: {third}")
    step("undo/", f"Undone: {second}", f"Undo: {first}", f"Redo: {second}")
    step("undo/", f"Undone: {first}", "Nothing to undo", f"Redo: {first}")
    step("redo/", f"Redone: {first}", f"Undo: {first}", f"Redo: {second}")
    step("redo/", f"Redone: {second}", f"Undo: {second}", f"Redo: {third}")
    step("ports/", fourth, f"Undo: {fourth}", "Nothing to redo", service="ssh", ports="2224")
    step("undo/", f"Undone: {fourth}", f"Undo: {second}", f"Redo: {fourth}")
    send(client, address, "history/checkpoint/", number="4", name="Audit", seen="")
    restored = "Restored “Audit”: revision 4"
    step("history/restore/", restored, f"Undo: {restored}", "Nothing to redo", number="4")
    step("undo/", f"Undone: {restored}", f"Undo: {second}", f"Redo: {restored}")
    step("redo/", f"Redone: {restored}", f"Undo: {restored}", "Nothing to redo")
    step("undo/", f"Undone: {restored}", f"Undo: {second}", f"Redo: {restored}")
    step("undo/", f"Undone: {second}", f"Undo: {first}", f"Redo: {second}")


def test_undoing_when_there_is_nothing_to_undo_says_so(client, address):
    reply = send(client, address, "undo/")
    assert reply.status_code == 200
    assert "There is nothing to be undone" in reply.text
    assert Plan.objects.get().revision == 1


def test_undo_of_an_older_page_is_refused_and_tells_what_happened(client, address):
    override(client, address, "ssh", "2222")
    override(client, address, "ssh", "2223")
    reply = send(client, address, "undo/", base="2")
    assert "Nothing was undone, as the plan has changed since (revision 3: Port of SSH" in reply.text
    assert document()["ports"]["ssh"] == "2223"


def test_the_same_operation_counts_once(client, address):
    operation = "a" * 32
    override(client, address, "ssh", "2222", operation=operation)
    override(client, address, "ssh", "2222", operation=operation)
    assert Plan.objects.get().revision == 2


def test_two_people_who_change_different_things_both_succeed(client, address):
    override(client, address, "ssh", "2222", base="1")
    reply = override(client, address, "vnc", "5901", base="1")
    assert "Someone changed" not in reply.text
    assert document()["ports"] | {"ssh": "2222", "vnc": "5901"} == document()["ports"]


def test_who_changes_the_same_field_second_is_told_and_keeps_the_input(client, address):
    override(client, address, "ssh", "2222", base="1")
    reply = override(client, address, "ssh", "2299", base="1")
    assert "Someone changed the same thing" in reply.text
    assert 'value="2299"' in reply.text
    assert document()["ports"]["ssh"] == "2222"


def test_what_was_refused_can_be_applied_again_on_the_newest_state(client, address):
    override(client, address, "ssh", "2222", base="1")
    override(client, address, "ssh", "2299", base="1")
    override(client, address, "ssh", "2299", base="2")
    assert document()["ports"]["ssh"] == "2299"


def test_the_pulse_tells_the_revision_and_answers_304_when_nothing_changed(client, address):
    first = client.get(f"{address}pulse/")
    assert first.json() == {"revision": 1, "states": 0, "comments": 0, "viewers": []}
    again = client.get(f"{address}pulse/", headers={"If-None-Match": first.headers["ETag"]})
    assert again.status_code == 304
    override(client, address, "ssh", "2222")
    later = client.get(f"{address}pulse/", headers={"If-None-Match": first.headers["ETag"]})
    assert later.json()["revision"] == 2


def test_another_browser_is_shown_by_the_name_it_chose(client, handler, address):
    give(Plan.objects.get())
    other = know(Client(), BROWSERS[1])
    other.handler = handler
    other.post(f"{address}visitor/", {"name": "  Kim\u202e "})
    other.get(f"{address}pulse/")
    viewers = client.get(f"{address}pulse/").json()["viewers"]
    assert [viewer["name"] for viewer in viewers] == ["Kim"]


def test_a_viewer_is_stored_without_the_key_of_its_browser(client, address):
    client.get(f"{address}pulse/")
    key = client.cookies["viewer"].value.split(":")[0].split(" ")[0]
    assert key not in str(Viewer.objects.values_list().get())


def test_a_pulse_costs_few_queries_and_no_write_when_it_comes_soon_again(client, address, django_assert_num_queries):
    client.get(f"{address}pulse/")
    with django_assert_num_queries(4):  # plan and holder, viewers, state of a rule, comment
        client.get(f"{address}pulse/")


def test_a_pulse_leaves_the_document_where_it_is(client, address, django_assert_max_num_queries):
    with django_assert_max_num_queries(7) as asked:
        client.get(f"{address}pulse/")
    # Here the transaction of the one that is written stands within that of the test.
    assert sum("SAVEPOINT" not in query["sql"] for query in asked.captured_queries) == 5
    assert not any('"document"' in query["sql"] for query in asked.captured_queries)
    assert Viewer.objects.count() == 1


def test_a_viewer_who_comes_again_later_is_still_one(client, address, monkeypatch):
    client.get(f"{address}pulse/")
    monkeypatch.setattr("planner.store.presence.RENEW", timedelta(seconds=-1))
    client.get(f"{address}pulse/")
    client.post(f"{address}visitor/", {"name": "Kim"})
    assert Viewer.objects.get().name == "Kim"


def test_where_others_are_is_told_by_endpoint_or_tab_and_nothing_else(client, handler, address):
    give(Plan.objects.get())
    other = know(Client(), BROWSERS[1])
    other.handler = handler
    for query, endpoint, tab in (
        ({"edit": "PS01", "panel": "topology"}, "PS01", ""),
        ({"panel": "caveats"}, "", "decisions"),
        ({"panel": "<b>"}, "", ""),
        ({"edit": "x" * 300 + "\0"}, "x" * 255, ""),
        ({}, "", ""),
    ):
        other.get(f"{address}pulse/", query)
        [viewer] = client.get(f"{address}pulse/").json()["viewers"]
        assert (viewer["endpoint"], viewer["tab"]) == (endpoint, tab)
