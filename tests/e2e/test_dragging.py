"""Endpoints dragged from zone to zone, alone and while others work on the same plan."""

import pytest
from playwright.sync_api import expect

from tests.e2e.test_topology import saved
from tests.report.samples import contoso
from tests.web.views.pages import document_of, store

HEIGHT = 2000
"""So tall that every zone is in sight: a mouse can't let go of something outside."""


@pytest.fixture
def plan(site):
    return store(contoso())


@pytest.fixture
def address(plan):
    return f"/plans/{plan[1]}/"


def zone(page, name):
    return page.locator(f'#panel [data-zone="{name}"]')


def grab(page, name):
    """Press on the name of an endpoint and begin to move."""
    box = page.locator(f'#panel a[data-endpoint="{name}"]').bounding_box()
    page.mouse.move(box["x"] + 5, box["y"] + 5)
    page.mouse.down()
    page.mouse.move(box["x"] + 15, box["y"] + 15, steps=3)
    expect(page.locator("html.is-dragging")).to_have_count(1)


def hover(page, name):
    box = zone(page, name).bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] - 5, steps=5)


def test_an_endpoint_is_dropped_on_another_zone(page, address):
    page.goto(address)
    page.locator('#panel a[data-endpoint="DC01"]').drag_to(zone(page, "DMZ"))
    saved(page, 2)
    expect(zone(page, "DMZ")).to_contain_text("DC01")
    expect(zone(page, "Internal")).not_to_contain_text("DC01")
    expect(page.locator("#live")).to_have_text("DC01 moved to DMZ.")
    page.get_by_role("button", name="Undo").click()
    saved(page, 3)
    expect(zone(page, "Internal")).to_contain_text("DC01")


def test_the_zones_that_take_an_endpoint_show_it_while_it_is_dragged(open_page, address):
    page = open_page(height=HEIGHT)
    page.goto(address)
    grab(page, "DC01")
    hover(page, "DMZ")
    expect(page.locator(".zone-over")).to_have_attribute("data-zone", "DMZ")
    assert zone(page, "DMZ").evaluate("zone => getComputedStyle(zone).outlineStyle") == "solid"
    hover(page, "Internal")
    expect(page.locator(".zone-over")).to_have_count(0)
    page.mouse.up()
    expect(page.locator("#live")).to_have_text("DC01 stays in Internal.")
    expect(page.locator(".is-dragging, .zone-open")).to_have_count(0)
    saved(page, 1)


def test_a_drag_that_ends_without_a_drop_changes_nothing(open_page, address):
    """Escape ends a drag with this event; synthetic keys don't reach the browser's own drag."""
    page = open_page(height=HEIGHT)
    page.goto(address)
    grab(page, "DC01")
    hover(page, "DMZ")
    page.locator('#panel a[data-endpoint="DC01"]').dispatch_event("dragend")
    expect(page.locator("#live")).to_have_text("DC01 stays in Internal.")
    page.mouse.up()
    expect(page.locator(".is-dragging, .zone-over, .zone-open")).to_have_count(0)
    saved(page, 1)


def test_a_change_of_someone_else_waits_for_the_drop_and_both_count(open_page, address, plan):
    one, other = open_page(height=HEIGHT), open_page()
    one.goto(address)
    other.goto(f"{address}?edit=DC01")
    grab(one, "DC01")
    other.get_by_label("Addresses").fill("10.9.9.9")
    other.get_by_role("button", name="Save", exact=True).click()
    saved(other, 2)
    saved(one, 2)
    hover(one, "DMZ")
    one.mouse.up()
    saved(one, 3)
    expect(zone(one, "DMZ")).to_contain_text("10.9.9.9")
    moved = next(item for item in document_of(plan[0])["endpoints"] if item["name"] == "DC01")
    assert (moved["zone"], moved["addresses"]) == ("DMZ", ["10.9.9.9"])


def test_a_move_that_meets_another_is_refused_with_a_sentence(open_page, address):
    one, other = open_page(height=HEIGHT), open_page()
    one.goto(address)
    other.goto(f"{address}?edit=DC01")
    grab(one, "DC01")
    other.get_by_label("Zone", exact=True).select_option("DMZ")
    other.get_by_role("button", name="Save", exact=True).click()
    saved(one, 2)
    hover(one, "Internet")
    one.mouse.up()
    expect(one.locator("#panel [role=alert]")).to_contain_text("Someone changed the same thing")
    expect(one.locator("#live")).to_have_text("DC01 was not moved.")
    expect(zone(one, "DMZ")).to_contain_text("DC01")


def test_a_group_of_like_zones_takes_nothing(open_page, site):
    document = contoso()
    zones = [{"name": f"Site {number}", "kind": "remote-site"} for number in range(3)]
    agents = [
        {
            "name": f"A{number}",
            "zone": f"Site {number}",
            "addresses": [f"10.9.{number}.1"],
            "roles": ["remote-site-agent"],
        }
        for number in range(3)
    ]
    document |= {"zones": [*document["zones"], *zones], "endpoints": [*document["endpoints"], *agents]}
    page = open_page(height=HEIGHT)
    page.goto(f"/plans/{store(document)[1]}/")
    folded = page.locator("#panel .zone-remote-site")
    expect(folded).to_have_count(1)
    page.locator('#panel a[data-endpoint="DC01"]').drag_to(folded)
    expect(page.locator("#live")).to_have_text("DC01 stays in Internal.")
    saved(page, 1)
    page.locator('#panel a[data-endpoint="A1"]').drag_to(zone(page, "DMZ"))
    saved(page, 2)
    expect(zone(page, "DMZ")).to_contain_text("A1")
