"""How endpoints stand in a report: names, addresses or both; blanks for those that are missing; lists that unfold."""

import pytest

from planner.web.views.showing import COOKIE
from tests.report.samples import HOSTILE_NAMES, contoso, sites, write_plan
from tests.web.views.pages import HTMX, Page, store, words


@pytest.fixture
def url():
    return f"/plans/{store()[1]}/"


def portal_of(page):
    """The cell of the rule's source that has no address."""
    [cell] = {row[1] for row in page.table("rules") if "Portal" in row[1]}
    return cell


def shown(page):
    """What the switch says is chosen."""
    return [words(link) for link in page.one("div", id="show").iter("a") if link.get("aria-current")]


def many(count, **more):
    """Web servers in one zone that so many people in another use."""
    people = [
        {
            "name": f"Kiosk {n:04}",
            "zone": "DMZ",
            "addresses": [f"10.9.{n // 250}.{n % 250 + 1}"],
            "roles": ["website-user"],
        }
        for n in range(count)
    ]
    web = {"name": "PS01", "zone": "Internal", "addresses": ["10.0.0.10"], "roles": ["web-primary"]}
    return write_plan(web, *people, **more)


def test_names_and_addresses_stand_in_rules_and_flows_unless_something_else_is_chosen(client, url):
    page = Page(client.get(url))
    assert shown(page) == ["both"]
    assert any("PS01 10.0.0.10, fd00::10" in row[1] for row in page.table("rules"))
    assert any("Public any" in row[1] for row in page.table("rules"))
    flows = Page(client.get(url, {"view": "flows"})).table("flows")
    assert any("ESX01 esx01.example.net" in row[1] for row in flows)


def test_addresses_alone_and_names_alone(client, url):
    names = Page(client.get(url, {"show": "names"}))
    assert "10.0.0.10" not in words(names.one(id="results"))
    assert any(row[1] == "PS01" for row in names.table("rules"))
    addresses = Page(client.get(url, {"show": "addresses"}))
    assert any(row[1] == "10.0.0.10, fd00::10" for row in addresses.table("rules"))
    assert portal_of(addresses) == "Portal no address yet", "without an address there is its name"


def test_what_was_chosen_is_remembered_and_what_an_address_says_comes_first(client, url):
    client.get(url, {"show": "names"})
    assert shown(Page(client.get(url))) == ["names"]
    assert shown(Page(client.get(f"{url}read/"))) == ["names"], "for every page"
    assert shown(Page(client.get(url, {"show": "addresses"}))) == ["addresses"]
    assert client.cookies[COOKIE]["httponly"]


@pytest.mark.parametrize("said", ["", "all", "NAMES", "names,both", "\x00", "x" * 5000])
def test_what_is_no_way_to_show_them_is_passed_over(client, url, said):
    client.get(url, {"show": "names"})
    assert shown(Page(client.get(url, {"show": said}))) == ["names"]
    client.cookies[COOKIE] = "nonsense"
    assert shown(Page(client.get(url))) == ["both"]


def test_an_edit_keeps_what_is_shown(client, url):
    data = {"choice": "esxi", "option": "ssh"}
    headers = HTMX | {"HX-Current-URL": f"http://testserver{url}?show=names"}
    assert shown(Page(client.post(f"{url}choices/", data, headers=headers))) == ["names"]


def test_the_switch_keeps_view_and_filter_and_no_other_link_has_it(client, url):
    page = Page(client.get(url, {"show": "names", "view": "flows", "protocol": "udp"}))
    links = {words(link): link.get("href") for link in page.one("div", id="show").iter("a")}
    assert links["both"] == f"{url}?view=flows&protocol=udp&show=both"
    others = [link.get("href") for link in page.all("a", href=True) if link.get("href") not in links.values()]
    assert others
    assert not [address for address in others if "show=" in address]
    answer = client.get(links["both"], headers=HTMX | {"HX-Target": "report"})
    assert answer.headers["HX-Replace-Url"] == f"{url}?view=flows&protocol=udp", "an address to pass on"
    assert not Page(answer).is_whole


def test_a_missing_address_leads_to_its_field_on_the_page_of_a_plan_and_is_told_to_readers(client, url):
    page = Page(client.get(url, {"protocol": "tcp"}))
    assert portal_of(page) == "Portal address?"
    link = next(link for link in page.all("a", class_="missing"))
    assert link.get("aria-label") == "address? for Portal"
    address, _, field = link.get("href").partition("#")
    editor = Page(client.get(address))
    assert editor.one("textarea", id=field).get("name") == "addresses"
    assert "Edit Portal" in editor.text("h2", id="editor-title")
    assert editor.table("rules") == page.table("rules"), "the filter stays"
    reader = Page(client.get(f"{url}read/"))
    assert portal_of(reader) == "Portal address missing"
    assert reader.all("a", class_="missing") == []


def test_findings_and_what_stays_on_one_host_have_addresses_too(client):
    ends = [{"name": f"PS0{n}", "zone": "DMZ", "addresses": ["10.0.0.1"], "roles": ["web-primary"]} for n in (1, 2)]
    url = f"/plans/{store(write_plan(*ends))[1]}/"
    assert "PS02 10.0.0.1" in Page(client.get(f"{url}?view=findings")).text(id="results")
    assert "PS02 10.0.0.1" not in Page(client.get(f"{url}?view=findings&show=names")).text(id="results")
    url = f"/plans/{store()[1]}/"
    hosts = Page(client.get(f"{url}?view=unneeded&show=both")).table("unneeded")
    assert [row[0] for row in hosts] == ["PS01 10.0.0.10, fd00::10"]


def test_a_list_that_is_folded_has_every_endpoint_in_the_page(client):
    page = Page(client.get(f"/plans/{store(many(60))[1]}/"))
    [row] = [row for row in page.table("rules") if row[0] == "DMZ-INT-10"]
    assert "and 57 more (60 × website)" in row[1]
    assert all(f"Kiosk {n:04} 10.9.0.{n + 1}" in row[1] for n in range(60))
    [fold] = [fold for fold in page.all("details", class_="more-ends") if fold.get("id") == "sources-DMZ-INT-10"]
    assert fold.get("open") is None


@pytest.mark.slow
def test_thousands_are_fetched_as_they_unfold_and_stand_on_a_page_of_their_own(client):
    url = f"/plans/{store(many(1_000))[1]}/"
    page = Page(client.get(url))
    assert len(page.text(id="results")) < 5_000, "a thousand names are more"
    [link] = [link for fold in page.all("details", class_="more-ends") for link in fold.iter("a")]
    assert words(link) == "All 1,000"
    assert link.get("hx-get") == link.get("href")
    whole = Page(client.get(link.get("href")))
    assert whole.is_whole
    assert [f"Kiosk {n:04}" for n in range(1_000) if f"Kiosk {n:04} 10.9.{n // 250}." not in whole.text()] == []
    part = Page(client.get(link.get("href"), headers=HTMX))
    assert not part.is_whole
    assert "Kiosk 0002" not in part.text(), "the first three stand in the rule"
    assert "Kiosk 0003" in part.text()
    assert "Kiosk 0999" in part.text()


def test_a_page_with_many_sites_stays_small_and_asks_no_more_of_the_database(client, django_assert_max_num_queries):
    small, large = (f"/plans/{store(sites(count))[1]}/" for count in (10, 300))
    with django_assert_max_num_queries(40) as few:
        client.get(small)
    with django_assert_max_num_queries(len(few)):
        assert len(client.get(large).content) < 400_000


@pytest.mark.parametrize(
    "query", ["", "?rule=DMZ-INT-10", "?rule=DMZ-INT-10&side=id", "?rule=NO-1&side=sources", "?side=sources"]
)
def test_a_side_that_no_rule_has_is_nowhere(client, query):
    assert client.get(f"/plans/{store(many(8))[1]}/ends/{query}").status_code == 404


def test_many_addresses_of_one_endpoint_unfold_too(client):
    addresses = [f"10.7.0.{n}" for n in range(1, 41)]
    document = many(1)
    document["endpoints"][1]["addresses"] = addresses
    page = Page(client.get(f"/plans/{store(document)[1]}/"))
    [cell] = [row[1] for row in page.table("rules") if row[0] == "DMZ-INT-10"]
    assert "and 32 more addresses" in cell
    assert all(address in cell for address in addresses)


@pytest.mark.parametrize("show", ["names", "addresses", "both"])
def test_hostile_names_are_text_wherever_they_stand(client, show):
    ends = [{"name": name, "zone": "DMZ", "roles": ["website-user"]} for name in HOSTILE_NAMES]
    web = {"name": "PS01", "zone": "Internal", "addresses": ["10.0.0.10"], "roles": ["web-primary"]}
    url = f"/plans/{store(write_plan(web, *ends))[1]}/"
    for query in (f"?show={show}", f"ends/?rule=DMZ-INT-10&side=sources&show={show}"):
        page = Page(client.get(url + query))
        assert page.all("b") == page.all("r") == []
        texts = [words(name) for name in page.all("bdi")]
        assert not [name for name in HOSTILE_NAMES if " ".join(name.split()) not in texts]


def test_an_error_page_is_shown_before_anything_is_known_of_the_request(client):
    assert client.post(f"/plans/{store(contoso())[1]}/nowhere/", {"show": "names"}).status_code == 404


def test_a_change_request_folds_like_a_report_and_fetches_what_it_has_no_room_for(client):
    row, key = store(many(0))
    lines = [",".join((end["name"], "DMZ", end["addresses"][0], "website-user")) for end in many(130)["endpoints"][1:]]
    text = "\n".join(["name,zone,addresses,roles", *lines])
    assert client.post(f"/plans/{key}/endpoints/import/", {"text": text, "base": row.revision}).status_code == 302
    page = Page(client.get(f"/plans/{key}/changes/"))
    [row] = page.table("rules")
    assert row[1].startswith("Kiosk 0000 10.9.0.1 Kiosk 0001 10.9.0.2 Kiosk 0002 10.9.0.3 and 127 more")
    [link] = [link for link in page.all("a") if "ends/?" in link.get("href", "")]
    part = Page(client.get(link.get("href"), headers=HTMX))
    assert "Kiosk 0129" in part.text()
    assert "Kiosk 0002" not in part.text()
    whole = Page(client.get(link.get("href")))
    assert whole.text("h1") == "Sources of DMZ-INT-10"
    assert "Kiosk 0000 10.9.0.1" in whole.text("main")
    for wrong in ("part=closed", "part=renamed", "part=opened&rule=X"):
        address = f"/plans/{key}/changes/ends/?from=1&to=2&rule=DMZ-INT-10&side=sources&{wrong}"
        assert client.get(address).status_code == 404
    assert client.get(f"/plans/{key}/changes/ends/?from=77").status_code == 404


def test_the_page_of_a_rule_fetches_the_endpoints_that_it_folds(client):
    key = store(many(130))[1]
    page = Page(client.get(f"/plans/{key}/rule/?rule=DMZ-INT-10"))
    [link] = [link for link in page.all("a") if "ends/?" in link.get("href", "")]
    assert words(link) == "All 130"
    assert "Kiosk 0129" in client.get(link.get("href")).content.decode()
