import pytest

from planner.web.views.results import FLOWS_PER_PAGE
from tests.report.samples import contoso, sites, write_plan
from tests.web.views.link_forms import read_link
from tests.web.views.pages import HTMX, Page, store, words

RESULTS = HTMX | {"HX-Target": "results"}
HOSTILE = [
    "<script>alert(1)</script>", "\"'><img src=x onerror=alert(1)>", "%", "_", "\\", "'; DROP TABLE plan;--",
    "\x00", "\u202e", "(", "*", "a" * 5000, "\ud7ff", "😀", "{{ 7 }}", "${7}",
]  # fmt: skip


@pytest.fixture
def url():
    return f"/plans/{store()[1]}/"


def flows(client, url, **query):
    """The flows in the JSON report that the page shows under a filter."""
    page = Page(client.get(url, {"view": "flows", "show": "names", **query}))
    everything = client.get(f"{url}report/json").json()["flows"]
    shown = page.table("flows")
    found = [
        flow
        for flow in everything
        if any(
            row[0] == f"{flow['source']} {flow['source_zone']}"
            and row[1] == f"{flow['destination']} {flow['destination_zone']}"
            and row[2].startswith(" ".join(filter(None, (flow["protocol"], flow["ports"]))))
            for row in shown
        )
    ]
    assert len(found) == len(shown)
    assert 0 < len(found) < len(everything), "the filter shows some, and not all"
    return found


def option(client, url, name, label):
    """The value of the option with this label."""
    select = Page(client.get(url)).one("select", id=f"filter-{name}")
    [value] = [option.get("value") for option in select if words(option) == label]
    return value


def test_flows_are_filtered_by_the_zone_they_come_from(client, url):
    found = flows(client, url, source=option(client, url, "source", "DMZ"))
    assert {flow["source_zone"] for flow in found} == {"DMZ"}


def test_flows_are_filtered_by_the_zone_they_go_to(client, url):
    found = flows(client, url, destination=option(client, url, "destination", "DMZ"))
    assert {flow["destination_zone"] for flow in found} == {"DMZ"}


@pytest.mark.parametrize("protocol", ["tcp", "udp", "icmp"])
def test_flows_are_filtered_by_protocol(client, url, protocol):
    assert {flow["protocol"] for flow in flows(client, url, protocol=protocol)} == {protocol}


@pytest.mark.parametrize("section", ["3", "9", "12", "15"])
def test_flows_are_filtered_by_section(client, url, section):
    found = flows(client, url, section=section)
    everything = client.get(f"{url}report/json").json()["flows"]
    assert found == [flow for flow in everything if section in flow["sections"]]


@pytest.mark.parametrize("part", ["Portal", "portal", "PORT", "esx"])
def test_flows_are_filtered_by_a_part_of_an_endpoints_name(client, url, part):
    for flow in flows(client, url, endpoint=part):
        assert part.casefold() in (flow["source"] + "|" + flow["destination"]).casefold()


@pytest.mark.parametrize(
    "part", ["8443", "tcp 8443", "10.0.0.20", "Name resolution", "name RESOLUTION", "DMZ", "fd00::10"]
)
def test_flows_are_filtered_by_text_in_ports_addresses_names_and_reasons(client, url, part):
    assert flows(client, url, text=part)


def test_filters_narrow_each_other(client, url):
    both = flows(client, url, protocol="tcp", endpoint="ESX01")
    assert all(flow["protocol"] == "tcp" and "ESX01" in (flow["source"], flow["destination"]) for flow in both)
    page = Page(client.get(url, {"view": "flows", "protocol": "udp", "endpoint": "ESX01"}))
    assert not page.table("flows")
    assert "No flow matches the filter." in page.text()


@pytest.mark.parametrize(
    ("query", "column", "part"),
    [({"protocol": "icmp"}, 3, "icmp"), ({"endpoint": "esx"}, 2, "ESX01"), ({"section": "12"}, 3, "§12"),
     ({"text": "8443"}, 3, "8443")],
)  # fmt: skip
def test_rules_are_filtered_too(client, url, query, column, part):
    everything = Page(client.get(url)).table("rules")
    rows = Page(client.get(url, query)).table("rules")
    assert 0 < len(rows) < len(everything)
    assert all(part in row[column] for row in rows)


def test_rules_are_filtered_by_their_zones(client, url):
    source = option(client, url, "source", "Internal")
    destination = option(client, url, "destination", "DMZ")
    page = Page(client.get(url, {"source": source, "destination": destination}))
    assert [words(heading) for heading in page.one(id="results").iter("h2")] == ["Internal → DMZ"]


def test_what_was_chosen_stands_in_the_form_and_can_be_taken_back_at_once(client, url):
    query = {"view": "flows", "panel": "ports", "text": "tcp", "protocol": "tcp", "section": "15", "endpoint": "P"}
    page = Page(client.get(url, query))
    assert page.one(id="filter-text").get("value") == "tcp"
    assert page.one(id="filter-endpoint").get("value") == "P"
    for name in ("protocol", "section"):
        [chosen] = [o for o in page.one("select", id=f"filter-{name}") if o.get("selected") is not None]
        assert (chosen.get("value") or words(chosen)) == query[name]
    hidden = {field.get("name"): field.get("value") for field in page.one(id="filters").iter("input")}
    assert (hidden["panel"], hidden["view"]) == ("ports", "flows")
    [link] = [link for link in page.all("a") if words(link) == "Show all"]
    assert set(link.get("href").partition("?")[2].split("&")) == {"panel=ports", "view=flows"}


def test_the_tabs_keep_the_filter(client, url):
    page = Page(client.get(url, {"text": "a&b=c"}))
    for nav in ("panels", "views"):
        assert all("text=a%26b%3Dc" in link.get("href") for link in page.one("nav", id=nav).iter("a"))


def test_htmx_gets_the_results_alone_and_an_address_to_keep(client, url):
    query = {"text": "8443", "source": "", "protocol": "tcp", "section": "", "endpoint": " "}
    response = client.get(url, query, headers=RESULTS)
    page = Page(response)
    assert not page.is_whole
    assert page.one(id="results").get("hx-swap-oob") is None
    assert not page.all(id="filters"), "what is being typed stays"
    assert not page.all("svg")
    assert page.table("rules")
    assert response.headers["HX-Replace-Url"] == f"{url}?text=8443&protocol=tcp"
    for nav in ("panels", "views"):
        assert page.one("nav", id=nav).get("hx-swap-oob") == "true"
        assert all("text=8443" in link.get("href") for link in page.one("nav", id=nav).iter("a"))
    assert client.get(url, headers=RESULTS).headers["HX-Replace-Url"] == url


def test_what_a_filter_came_to_is_read_out_and_stands_on_paper(client, url):
    page = Page(client.get(url, {"port": "x"}, headers=RESULTS))
    [told] = page.all("div", hx_swap_oob="innerHTML:#live")
    assert words(told).startswith("Port: ")
    assert words(told).endswith(words(page.one("p", class_="matching")).partition(".")[0] + ".")
    page = Page(client.get(url, {"text": "8443"}, headers=RESULTS))
    paper = page.one("div", id="on-paper")
    assert paper.get("hx-swap-oob") == "true"
    assert ": only " in words(paper)
    assert ": only " not in words(Page(client.get(url, headers=RESULTS)).one("div", id="on-paper"))


@pytest.mark.parametrize("view", ["rules", "flows"])
@pytest.mark.parametrize("field", ["source", "destination", "protocol", "section"])
@pytest.mark.parametrize("value", ["nowhere", "<b>"])
def test_a_value_that_the_report_doesnt_have_gets_a_sentence_and_shows_nothing(client, url, view, field, value):
    page = Page(client.get(url, {"view": view, field: value}))
    sentences = [words(error) for error in page.one(id="results").iter("p") if error.get("class") == "error"]
    assert len(sentences) == 1
    label = words(page.one("label", for_=f"filter-{field}"))
    assert sentences[0].startswith(f"{label}: “")
    assert sentences[0].endswith("choose from the list.")
    assert not page.table(view)
    assert page.one("select", id=f"filter-{field}").get("aria-invalid") == "true"


@pytest.mark.parametrize("value", HOSTILE, ids=ascii)
def test_hostile_values_are_shown_as_text_or_not_at_all(client, url, value):
    fields = ("text", "endpoint", "source", "destination", "protocol", "section", "panel", "view", "page")
    for query in ({"text": value}, {"endpoint": value, "view": "flows"}, dict.fromkeys(fields, value)):
        response = client.get(url, query)
        page = Page(response)
        assert response.status_code == 200
        assert not [script for script in page.all("script") if not script.get("src")]
        assert not page.all("img")
        for field in {"text", "endpoint"} & query.keys():
            assert page.one(id=f"filter-{field}").get("value") == value.strip()[:255].replace("\x00", "\ufffd")


@pytest.mark.parametrize("query", ["text=%FF%FE", "text=%ED%A0%80", "text", "&&&", "=x", "text=a;b", "text[]=1"])
def test_odd_query_strings_are_harmless(client, url, query):
    assert client.get(f"{url}?{query}").status_code == 200


def test_of_a_field_that_comes_twice_the_last_counts(client, url):
    page = Page(client.get(f"{url}?protocol=udp&protocol=icmp"))
    assert page.table("rules")
    assert all("icmp" in row[3] for row in page.table("rules"))


def links_of_pager(page):
    return {words(link): link.get("href") for link in page.one(class_="pager").iter("a")}


class TestPaging:
    """Of more flows than two pages have."""

    @pytest.fixture
    def url(self):
        return f"/plans/{store(sites(40))[1]}/"

    def test_flows_are_shown_page_by_page_and_each_once(self, client, url):
        everything = client.get(f"{url}report/json").json()["flows"]
        assert len(everything) > 2 * FLOWS_PER_PAGE
        rows, address, pages = [], f"{url}?view=flows&show=names", 0
        while address:
            page = Page(client.get(address))
            rows += page.table("flows")
            address = links_of_pager(page).get("Next")
            pages += 1
        assert pages == -(-len(everything) // FLOWS_PER_PAGE)
        assert [row[0] for row in rows] == [f"{flow['source']} {flow['source_zone']}" for flow in everything]

    def test_it_says_how_many_there_are_and_which_are_shown(self, client, url):
        total = len(client.get(f"{url}report/json").json()["flows"])
        text = Page(client.get(f"{url}?view=flows&page=2")).text(class_="matching")
        assert f"{total} of {total} flows, 201 to 400 shown" in text


def test_one_rule_and_one_flow_are_counted_as_one(client):
    web, other = ({"name": name, "zone": zone} for name, zone in (("Web", "Internal"), ("Other", "DMZ")))
    flow = {"source": "Web", "destination": "Other", "protocol": "tcp", "ports": "22", "reason": "Backup"}
    url = f"/plans/{store(write_plan(web, other, additional_flows=[flow]))[1]}/"
    for view, said in (("rules", "1 of 1 rule. "), ("flows", "1 of 1 flow. ")):
        assert Page(client.get(f"{url}?view={view}")).text(class_="matching").startswith(said), view


class TestShortPages:
    """Of four flows each, as links and odd numbers don't depend on how many a page has."""

    @pytest.fixture(autouse=True)
    def _short(self, monkeypatch):
        monkeypatch.setattr("planner.web.views.results.FLOWS_PER_PAGE", 4)

    def test_there_is_a_way_back(self, client, url):
        second = links_of_pager(Page(client.get(f"{url}?view=flows")))["Next"]
        first = links_of_pager(Page(client.get(second)))["Previous"]
        assert Page(client.get(first)).table("flows") == Page(client.get(f"{url}?view=flows")).table("flows")

    def test_pages_keep_the_filter_and_the_panel(self, client, url):
        links = links_of_pager(Page(client.get(f"{url}?view=flows&protocol=tcp&panel=caveats")))
        assert {"view=flows", "protocol=tcp", "panel=caveats", "page=2"} <= set(
            links["Next"].partition("?")[2].split("&")
        )

    def test_a_page_that_is_none_is_the_first(self, client, url):
        first = Page(client.get(f"{url}?view=flows")).table("flows")
        for page in ("0", "-1", "x", "1.5", "²", "9" * 400, "\x00"):
            assert Page(client.get(url, {"view": "flows", "page": page})).table("flows") == first

    def test_a_page_after_the_last_is_the_last(self, client, url):
        page = Page(client.get(f"{url}?view=flows&page=99999"))
        assert page.table("flows")
        assert "Next" not in links_of_pager(page)


def test_few_flows_have_no_pages(client, url):
    assert not Page(client.get(f"{url}?view=flows")).all(class_="pager")


def test_a_search_by_address_says_which_network_it_is_in(client):
    document = contoso()
    document["endpoints"][3]["addresses"] = ["192.0.2.0/24"]
    plan = store(document)
    for path in (f"/plans/{plan[1]}/", read_link(client, plan)):
        for view in ("rules", "flows"):
            page = Page(client.get(path, {"view": view, "text": "192.0.2.9"}))
            assert "192.0.2.9 is within 192.0.2.0/24 of ESX01" in page.text("p", class_="matching")
            assert page.table(view)


def test_a_port_that_no_rule_has_leads_to_its_flows(client, url):
    page = Page(client.get(url, {"text": "udp 53"}))
    assert "udp 53: nothing between zones; 1 flow inside Internal" in page.text("p", class_="matching")
    [link] = [link for link in page.all("a") if words(link) == "Show the flows"]
    assert len(Page(client.get(link.get("href"))).table("flows")) == 1


def test_a_plan_with_firewalls_is_filtered_by_one(client):
    zones = {zone["name"]: f"port{number}" for number, zone in enumerate(contoso()["zones"])}
    one, other = ({"name": name, "format": "asa", "zones": zones} for name in ("FW-A", "FW-B"))
    _, key = store(contoso(firewalls=[one, other | {"zones": dict(list(zones.items())[:1])}]))
    url = f"/plans/{key}/"
    assert option(client, url, "firewall", "FW-A") == "FW-A"
    assert {flow["scope"] for flow in flows(client, url, firewall="FW-A")} == {"cross-zone"}
    assert Page(client.get(url, {"view": "flows", "firewall": "FW-B"})).all("table", id="flows") == []
    assert Page(client.get(f"/plans/{store()[1]}/")).all(id="filter-firewall") == []
