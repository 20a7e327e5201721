"""The outline of many zones alike: what a page of thousands of endpoints leaves for the unfolding."""

import pytest

from planner.web.views import outline
from scripts.sites import make_sites
from tests.web.views.pages import HTMX, Page, store

pytestmark = pytest.mark.django_db


def links_of(page):
    return [link.get("data-endpoint") for link in page.all("a", class_="topology-link") if link.get("data-endpoint")]


def fetched_from(page):
    return [link.get("hx-get") for link in page.all("a") if "/endpoints/unfolded/" in (link.get("href") or "")]


def test_few_endpoints_are_in_the_page_and_many_come_when_they_are_unfolded(client, monkeypatch):
    plan = store(make_sites(20))[0]
    here = plan.get_absolute_url()
    page = Page(client.get(f"{here}?view=zones"))
    addresses = fetched_from(page)
    assert len(addresses) == 3
    assert "Site 00004 agent" not in links_of(page)
    every = {f"Site {number:05} {kind}" for number in range(1, 21) for kind in ("agent", "Windows", "Linux")}
    parts = [Page(client.get(address, headers=HTMX)) for address in addresses]
    got = [name for part in parts for name in links_of(part)]
    assert len(got) == len(set(got)) == 51
    assert set(got) | set(links_of(page)) >= every
    edit = parts[0].all("a", class_="topology-link")[0]
    assert edit.get("hx-get") == edit.get("href") == f"{here}?view=zones&edit={got[0].replace(' ', '%20')}"
    alone = Page(client.get(addresses[0]))  # without a script
    assert len(links_of(alone)) == 20
    assert alone.text("h1").startswith("20 remote sites: ")
    monkeypatch.setattr(outline, "MOST_FETCHED", 5)
    shortened = Page(client.get(addresses[0]))
    assert len(links_of(shortened)) == 5
    assert "15 others" in shortened.text("main")


def test_those_of_a_few_zones_stand_in_the_page_as_long_as_there_is_room(client, monkeypatch):
    plan = store(make_sites(8))[0]
    page = Page(client.get(plan.get_absolute_url()))
    assert "Site 00008 Linux" in links_of(page)
    assert not fetched_from(page)
    monkeypatch.setattr(outline, "FOLDED_IN_ALL", 10)
    outline_again = Page(client.get(f"{plan.get_absolute_url()}?view=findings"))
    assert len(fetched_from(outline_again)) == 1  # of three lines with five folded ones each


@pytest.mark.parametrize("asked", ["", "zones=RS&line=99", "zones=RS&line=0", "zones=RS&line=x", "zones=X&line=1"])
def test_a_line_that_there_isnt_is_not_found(client, asked):
    plan = store(make_sites(8))[0]
    assert client.get(f"{plan.get_absolute_url()}endpoints/unfolded/?{asked}").status_code == 404
