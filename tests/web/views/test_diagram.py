"""The diagram on the page of a plan, and its downloads."""

import re
from urllib.parse import parse_qs, urlsplit

import pytest

from scripts.sites import make_sites
from tests.report.samples import contoso
from tests.web.views.pages import Page, store


@pytest.fixture
def url():
    return f"/plans/{store()[1]}/"


@pytest.fixture
def large():
    return f"/plans/{store(make_sites(20))[1]}/"


def links(page):
    return {link.get("aria-label"): link.get("href") for link in page.all(class_="target")}


def test_the_downloads_are_offered_on_the_page(client, url):
    hrefs = {link.get("href") for link in Page(client.get(url)).all("a")}
    assert {f"{url}report/svg", f"{url}report/png"} <= hrefs
    hrefs = {link.get("href") for link in Page(client.get(f"{url}?view=diagram")).all("a")}
    assert {f"{url}diagram.svg", f"{url}diagram.png"} <= hrefs


@pytest.mark.parametrize(
    ("extension", "kind", "start"), [("svg", "image/svg+xml", b"<?xml"), ("png", "image/png", b"\x89PNG")]
)
def test_the_diagram_comes_as_a_file_with_its_type_and_a_name(client, url, extension, kind, start):
    response = client.get(f"{url}diagram.{extension}")
    assert response.status_code == 200
    assert response.headers["Content-Type"] == kind
    assert response.headers["Content-Disposition"] == f'attachment; filename="contoso-revision-1.{extension}"'
    assert response.content.startswith(start)


def test_there_is_no_diagram_of_another_kind_or_of_no_plan(client, url):
    assert client.get(f"{url}diagram.gif").status_code == 404
    assert client.get(f"/plans/{'x' * 43}/diagram.svg").status_code == 404
    assert client.post(f"{url}diagram.svg").status_code == 405


def test_the_file_has_every_endpoint(client, url):
    svg = client.get(f"{url}diagram.svg").content.decode()
    for endpoint in contoso()["endpoints"]:
        assert f">{endpoint['name']}</text>" in svg
    assert "href" not in svg


def test_a_group_of_zones_is_unfolded_by_its_link_and_folded_again(client, large):
    page = Page(client.get(f"{large}?view=diagram&panel=decisions"))
    target = links(page)["Unfold 20 remote sites"]
    assert parse_qs(urlsplit(target).query) == {"view": ["diagram"], "panel": ["decisions"], "unfold": ["RS"]}
    page = Page(client.get(target))
    assert "Site 00020 agent: site agent" in links(page)
    # The file shows what the page does.
    (href,) = {link.get("href") for link in page.all("a") if "diagram.svg?" in link.get("href")}
    assert b"Site 00020 agent" in client.get(href).content
    assert b"Site 00020 agent" not in client.get(f"{large}diagram.svg").content
    folded = Page(client.get(links(page)["Fold 20 remote sites"]))
    assert "Unfold 20 remote sites" in links(folded)


@pytest.mark.parametrize("query", ["unfold=RS&unfold=INT", "unfold=INT,RS", "unfold=nonsense,RS,%00", "unfold=RS,,"])
def test_what_is_unfolded_can_be_written_in_several_ways(client, large, query):
    assert b"Site 00001 agent" in client.get(f"{large}diagram.svg?{query}").content
    assert b"Site 00001 agent" in client.get(f"{large}?view=diagram&{query}").content


def test_nodes_lead_to_flows_and_zones_to_rules_with_the_panel_kept(client, url):
    targets = links(Page(client.get(f"{url}?view=diagram&panel=ports&text=gone")))
    queries = {label: parse_qs(urlsplit(href).query) for label, href in targets.items()}
    (node,) = [query for label, query in queries.items() if label.startswith("DC01:")]
    assert node == {"panel": ["ports"], "view": ["flows"], "endpoint": ["DC01"]}
    (edge,) = [query for label, query in queries.items() if label.startswith("PS01 to DC01:")]
    assert edge["source_endpoint"] + edge["destination_endpoint"] + edge["view"] == ["PS01", "DC01", "flows"]
    assert queries["Zone DMZ: its rules"] == {"panel": ["ports"], "view": ["rules"], "zone": ["DMZ"]}


def test_a_file_without_graphviz_is_a_sentence(client, url, monkeypatch, tmp_path):
    from planner.report.diagram import layout

    layout._run.cache_clear()
    monkeypatch.setenv("PATH", str(tmp_path))
    response = client.get(f"{url}diagram.png")
    assert response.status_code == 503
    assert re.fullmatch(r"The diagram needs Graphviz.*\.\n", response.content.decode())
    layout._run.cache_clear()


def test_each_boundary_is_drawn_below_with_the_firewalls_on_it(client):
    firewalls = [{"name": "FW-1", "format": "asa", "zones": {"Internal": "inside", "DMZ": "dmz"}}]
    page = client.get(f"/plans/{store(contoso(firewalls=firewalls))[1]}/?view=diagram").content.decode()
    drawn = re.findall('<svg class="boundary".*?</svg>', page, re.DOTALL)
    assert sorted((">FW-1<" in svg, 'class="wall"' in svg) for svg in drawn) == [(False, False), (True, True)]
