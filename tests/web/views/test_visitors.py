"""The browser is known from the first page on, and a late answer doesn't bring an old name back."""

import re

import pytest

from tests.web.views.pages import BROWSERS, HTMX, Page, store, visitor_cookie

pytestmark = pytest.mark.django_db


@pytest.fixture
def address():
    return f"/plans/{store()[1]}/"


def badge(response):
    page = Page(response)
    (mark,) = page.all("span", class_="viewer")
    return mark.get("class"), mark.text


def test_the_first_page_shows_the_colour_and_initials_of_all_that_follow(client, address):
    first = client.get(address)
    assert badge(first)[1] == "G", "a part of its number would look like a count"
    assert badge(first) == badge(client.get(address))
    client.get(f"{address}pulse/")
    assert badge(first) == badge(client.get(address))


def test_the_cookie_is_out_of_reach_and_its_page_out_of_caches(client, address):
    response = client.get(address)
    cookie = response.cookies["viewer"]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    assert response.headers["Cache-Control"] == "private, no-store"


def test_only_a_whole_page_renews_the_cookie(client, address):
    client.get(address)
    assert "viewer" in client.get(address).cookies
    assert "viewer" not in client.get(address, headers=HTMX | {"HX-Target": "panel"}).cookies
    assert "viewer" not in client.get(f"{address}pulse/").cookies


def test_a_pulse_that_was_asked_before_a_name_was_chosen_leaves_the_name(client, address):
    client.get(address)
    old = client.cookies["viewer"].value
    client.post(f"{address}visitor/", {"name": "Kim"})
    new = client.cookies["viewer"].value
    client.cookies["viewer"] = old
    client.get(f"{address}pulse/")
    assert client.cookies["viewer"].value == old, "the answer brings no cookie, so the browser keeps the newer one"
    client.cookies["viewer"] = new
    assert badge(client.get(address))[1] == "Ki"


@pytest.mark.parametrize(
    "value",
    ["", "x", BROWSERS[0], BROWSERS[0] + ":bad", visitor_cookie(BROWSERS[0])[:-1]],
    ids=["empty", "letter", "key", "bad signature", "cut signature"],
)
def test_a_cookie_that_was_tampered_with_opens_nothing_and_is_replaced(client, address, value):
    assert client.get(address).status_code == 200
    client.cookies["viewer"] = value
    assert client.get(address).status_code == 404
    response = client.post("/plans/start/", {"example": "dmz"})
    assert re.fullmatch(r"viewer colour-[0-7]", badge(client.get(response.url))[0])


def test_a_change_of_others_comes_without_the_parts_that_one_works_in(client, address):
    def ids(kept):
        response = client.get(address, headers=HTMX | {"X-Pulse": kept})
        page = Page(response)
        assert not page.is_whole
        assert len(page.ids) == len(set(page.ids))
        assert page.all(hx_swap_oob="true")
        return set(page.ids)

    everything = ids("")
    assert {"panel", "report", "filters", "results", "state", "heading", "history"} <= everything
    assert "panel" not in ids("panel")
    assert {"panels", "report", "filters", "state"} <= ids("panel")
    assert "filters" not in ids("filters")
    assert {"panel", "results", "overview", "views"} <= ids("filters")
    assert not {"panel", "filters", "report"} & ids("panel filters")
    assert Page(client.get(address, headers={"X-Pulse": ""})).is_whole, "only htmx can use a part"
