"""An endpoint that is dropped on a zone: the same edit as its editor's, with the same promises."""

import pytest

from tests.report.samples import HOSTILE_NAMES, hostile
from tests.web.views.pages import Page, by_lots, document_of, store
from tests.web.views.test_topology import both, endpoints, form_of, refused, send

OPERATION = "b" * 32


@pytest.fixture
def plan():
    return store()


def move(client, key, name, zone, *, htmx=True, **sender):
    return send(client, key, "endpoints/move/", {"target": name, "zone": zone, **sender}, htmx=htmx)


@both
def test_an_endpoint_is_moved_and_the_outline_shows_it(client, plan, htmx):
    row, key = plan
    response = move(client, key, "DC01", "DMZ", htmx=htmx)
    if not htmx:
        response = client.get(response.url)
    page = Page(response)
    assert "DC01" in page.text("section", data_zone="DMZ")
    assert page.text(id="state") == "Saved · revision 2"
    assert row.revisions.get(number=2).summary == "DC01 moved to DMZ"
    assert endpoints(row)["DC01"]["zone"] == "DMZ"


def test_a_move_counts_once(client, plan):
    row, key = plan
    move(client, key, "DC01", "DMZ", base="1", operation=OPERATION)
    move(client, key, "DC01", "Internal", base="2")
    move(client, key, "DC01", "DMZ", base="1", operation=OPERATION)
    row.refresh_from_db()
    assert row.revision == 3
    assert endpoints(row)["DC01"]["zone"] == "Internal"


def test_a_move_onto_the_own_zone_makes_no_revision(client, plan):
    row, key = plan
    move(client, key, "DC01", "Internal")
    row.refresh_from_db()
    assert row.revision == 1


def test_a_move_follows_those_who_renamed_endpoint_and_zone_in_between(client, plan):
    row, key = plan
    first = row.document
    send(client, key, "endpoints/edit/", form_of(first, "DC01", name="DC09", base="1"))
    send(client, key, "zones/edit/", {"target": "DMZ", "name": "Perimeter", "kind": "dmz", "base": "2"})
    move(client, key, "DC01", "DMZ", base="1")
    assert endpoints(row)["DC09"]["zone"] == "Perimeter"


@both
@pytest.mark.parametrize(
    ("name", "zone", "sentence"),
    [
        ("Nobody", "DMZ", "There is no endpoint “Nobody” any more"),
        ("DC01", "Moon", "Moon"),
        ("DC01", "", "Drop the endpoint on one zone."),
        ("", "DMZ", "Drag an endpoint, not something else."),
    ],
)
def test_a_move_that_leads_nowhere_is_refused_with_a_sentence(client, plan, name, zone, sentence, htmx):
    row, key = plan
    assert sentence in refused(move(client, key, name, zone, htmx=htmx), row, htmx=htmx)


def test_the_second_to_move_an_endpoint_is_told(client, plan):
    row, key = plan
    move(client, key, "DC01", "DMZ", base="1")
    response = move(client, key, "DC01", "Internet", base="1")
    assert "Someone changed the same thing" in Page(response).text(id="state")
    assert endpoints(row)["DC01"]["zone"] == "DMZ"


def test_the_outline_names_what_can_be_dragged_and_where_it_can_be_dropped(client, plan):
    row, key = plan
    page = Page(client.get(f"/plans/{key}/"))
    assert {zone.get("data-zone") for zone in page.all("section", data_zone=True)} == {
        zone["name"] for zone in document_of(row)["zones"]
    }
    assert {link.get("data-endpoint"): link.get("data-from") for link in page.all("a", data_endpoint=True)} == {
        name: endpoint["zone"] for name, endpoint in endpoints(row).items()
    }
    form = page.one("form", id="mover")
    assert form.get("hidden") is not None
    assert {field.get("name") for field in form.iter("input")} == {
        "csrfmiddlewaretoken", "base", "operation", "target", "zone",
    }  # fmt: skip


@by_lots(HOSTILE_NAMES)
def test_hostile_names_are_moved_like_any_other(client, name):
    row, key = store(hostile(name))
    document = document_of(row)
    other = next(zone["name"] for zone in document["zones"] if zone["name"] != endpoints(row)[name]["zone"])
    move(client, key, name, other)
    assert endpoints(row)[name]["zone"] == other
