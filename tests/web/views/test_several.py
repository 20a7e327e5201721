"""Several endpoints changed at once: chosen, typed or all of a zone; as one step, or not at all."""

import pytest

from planner.store import actions
from planner.store.models import Revision
from ports.queries import current_matrix
from tests.report.samples import sites, write_plan
from tests.web.views.pages import HTMX, Page, document_of, store, words

PLAN = write_plan(
    {"name": "A", "zone": "Internal", "addresses": ["10.0.0.1"], "roles": ["web-primary", "database"]},
    {"name": "B", "zone": "Internal", "addresses": ["10.0.0.2"], "platforms": ["windows"], "operations": ["reset"]},
    {"name": "C", "zone": "DMZ", "addresses": ["192.0.2.3"], "roles": ["website-user"]},
)


@pytest.fixture
def plan():
    return store(PLAN)


def send(client, key, data, **headers):
    return client.post(f"/plans/{key}/endpoints/change/", data, headers=headers)


def rows(row):
    return {end["name"]: end for end in document_of(row)["endpoints"]}


def errors(response):
    return " | ".join(words(error) for error in Page(response).all(class_="error"))


@pytest.mark.parametrize("headers", [{}, HTMX])
def test_those_that_are_chosen_move_get_and_lose_in_one_step_that_is_undone_as_one(client, plan, headers):
    row, key = plan
    data = {
        "endpoint": ["A", "B"], "zone": "DMZ", "give_roles": ["mail-server"], "drop_roles": ["database"],
        "give_operations": ["discovery", "reset"],
    }  # fmt: skip
    assert send(client, key, data, **headers).status_code == (200 if headers else 302)
    ends = rows(row)
    assert (ends["A"]["zone"], ends["A"]["roles"]) == ("DMZ", ["web-primary", "mail-server"])
    assert (ends["B"]["zone"], ends["B"]["operations"]) == ("DMZ", ["reset", "discovery"])
    assert ends["C"] == PLAN["endpoints"][2] | ends["C"]
    assert Revision.objects.count() == 2
    actions.undo(plan_id=row.pk, matrix=current_matrix())
    assert [(end["zone"], end.get("roles", [])) for end in rows(row).values()] == [
        ("Internal", ["web-primary", "database"]), ("Internal", []), ("DMZ", ["website-user"]),
    ]  # fmt: skip


def test_all_of_a_zone_are_meant_by_one_tick(client, plan):
    row, key = plan
    send(client, key, {"all": "Internal", "give_roles": "mail-server"})
    assert [("mail-server" in end.get("roles", ())) for end in rows(row).values()] == [True, True, False]


def test_the_history_says_what_was_done_to_which(client, plan):
    send(client, plan[1], {"endpoint": ["A", "B"], "zone": "DMZ", "give_operations": "discovery"})
    said = Revision.objects.order_by("-number").first().summary
    assert said == "2 endpoints changed (zone, operations): A and B"


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        ({"zone": "DMZ"}, "Choose the endpoints that are to be changed."),
        ({"endpoint": "A"}, "Say what is to be changed: the zone, roles or operations."),
        ({"endpoint": "Nobody", "zone": "DMZ"}, "There is no endpoint Nobody."),
        ({"endpoint": "A", "zone": "Moon"}, "Moon"),
        ({"endpoint": "A", "give_roles": "king"}, "king"),
        ({"endpoint": ["A", "B"], "give_roles": "web-active"}, "A: "),
    ],
)
def test_what_cannot_be_is_said_keeps_what_was_ticked_and_changes_nothing(client, plan, data, sentence):
    row, key = plan
    response = send(client, key, data, **HTMX)
    assert sentence in errors(response)
    assert Revision.objects.count() == 1
    assert document_of(row)["endpoints"][0]["zone"] == "Internal"
    boxes = Page(response).all("input", type="checkbox", name="endpoint")
    ticked = [box.get("value") for box in boxes if "checked" in box.attrib]
    assert ticked == [name for name in ("A", "B") if name in data.get("endpoint", ())]


def test_what_others_did_meanwhile_to_other_fields_stays(client, plan):
    row, key = plan
    params = {"endpoint": "A", "changes": {"addresses": ["10.0.0.77"]}}
    actions.apply_edit(plan_id=row.pk, matrix=current_matrix(), edit="edit-endpoint", params=params)
    send(client, key, {"endpoint": "A", "zone": "DMZ", "base": "1"})
    assert (rows(row)["A"]["addresses"], rows(row)["A"]["zone"]) == (["10.0.0.77"], "DMZ")


def test_sent_twice_it_counts_once_and_what_is_so_already_is_no_step(client, plan):
    for _ in range(2):
        send(client, plan[1], {"endpoint": "A", "zone": "DMZ", "operation": "0" * 32, "base": "1"})
    assert Revision.objects.count() == 2
    send(client, plan[1], {"endpoint": "A", "zone": "DMZ"})
    assert Revision.objects.count() == 2


def test_of_thousands_the_names_are_typed(client):
    key = store(sites(300))[1]
    page = Page(client.get(f"/plans/{key}/?add=several"))
    assert page.all("input", type="checkbox", name="endpoint") == []
    assert page.one("textarea", name="names").get("id") == "several-names"


def test_the_form_is_one_link_away(client, plan):
    page = Page(client.get(f"/plans/{plan[1]}/"))
    form = Page(client.get(page.one(id="change-several").get("href")))
    assert form.text(id="editor-title") == "Change several endpoints"
    assert [words(box) for box in form.all("legend")][:2] in (["DMZ", "Internal"], ["Internal", "DMZ"])
