"""Working with rules: links to one, the next one, what each service is for, and all of them as text to copy."""

import pytest

from planner.report.formats.rule_texts import RULE_TEXTS
from tests.web.views.pages import Page, store, words


@pytest.fixture
def url():
    return f"/plans/{store()[1]}/"


def test_every_rule_has_a_link_that_leads_to_it_and_links_to_those_beside_it(client, url):
    page = Page(client.get(url, {"protocol": "tcp", "panel": "ports"}))
    numbers = [row[0] for row in page.table("rules")]
    links = page.all("a", class_="rule-link")
    assert [link.get("href") for link in links] == [f"{url}#rule-{number}" for number in numbers]
    whole = Page(client.get(url))
    assert {f"rule-{number}" for number in numbers} <= set(whole.ids), "they stand on the page without a filter"
    following = [link.get("href") for link in page.all("a", class_="tool-next")]
    assert following == [f"#rule-{number}" for number in numbers[1:]]
    before = [link.get("href") for link in page.all("a", class_="tool-previous")]
    assert before == [f"#rule-{number}" for number in numbers[:-1]]
    assert all(link.get("aria-label") for link in page.all("a", class_="rule-tool"))


def test_each_service_says_why_it_is_there_and_leads_to_its_own_flows(client, url):
    page = Page(client.get(url))
    rules = {rule["id"]: rule for rule in client.get(f"{url}report/json").json()["rules"]}
    asked = 0
    for row in page.all("tr"):
        rule = rules.get((row.get("id") or "").removeprefix("rule-"))
        for ask in (part for part in row.iter("div") if rule and part.get("class") == "service-line"):
            services, why = (words(part) for part in ask if part.get("class") in ("service-ports", "service-why"))
            titles = {words(part) for part in ask.iter("strong")}
            ports = next(words(part) for part in ask.iter("span") if "mono" in part.get("class", ""))
            flows = Page(client.get(next(a.get("href") for a in ask.iter("a") if "one by one" in words(a))))
            assert [flow for flow in flows.table("flows") if flow[2].startswith(ports)], (rule["id"], services)
            assert titles
            assert "Goes when" in why
            asked += 1
    assert asked >= len(rules)


def test_a_service_has_no_reason_of_another_one(client, url):
    page = Page(client.get(url))
    row = next(
        row for row in page.all("tr") if sum(part.get("class") == "service-line" for part in row.iter("div")) > 1
    )
    said = [words(part) for part in row.iter("div") if part.get("class") == "service-why"]
    assert len(said) == len(set(said)) > 1


@pytest.mark.parametrize("name", RULE_TEXTS)
def test_the_rules_as_filtered_are_a_text_that_a_browser_shows(client, url, name):
    page = Page(client.get(url, {"endpoint": "ESX01"}))
    [address] = [a.get("href") for a in page.all("a") if a.get("href", "").startswith(f"{url}rules/{name}.txt")]
    answer = client.get(address)
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert "attachment" not in answer.headers.get("Content-Disposition", "")
    numbers = [row[0] for row in Page(client.get(url)).table("rules")]
    text = answer.content.decode()
    assert {number for number in numbers if number in text} == {row[0] for row in page.table("rules")}
    assert "esx01.example.net" in text
    button = next(button for button in page.all("button") if button.get("data-copies-text") == address)
    assert words(button) == f"Copy {RULE_TEXTS[name].label}"


def test_readers_have_the_same_texts_under_their_own_address(client, url):
    page = Page(client.get(f"{url}read/"))
    addresses = [a.get("href") for a in page.all("a") if ".txt" in a.get("href", "")]
    assert addresses == [f"{url}read/rules/{name}.txt" for name in RULE_TEXTS]
    assert "NET-DMZ" in client.get(addresses[0]).content.decode()


def test_what_cant_be_written_is_told(client, url):
    assert client.get(f"{url}rules/pdf.txt").status_code == 404
    answer = client.get(f"{url}rules/table.txt", {"port": "x"})
    assert answer.status_code == 400
    assert "“x” is neither a port" in answer.content.decode()
    assert client.get(f"{url}rules/table.txt", {"since": "1"}).status_code == 200
    assert client.get(f"{url}rules/table.txt", {"since": "99"}).status_code == 400
    assert client.get(f"{url}read/rules/table.txt", {"since": "1"}).status_code == 400


def test_the_strip_leads_to_the_rules_of_a_zone_and_of_a_line(client, url):
    page = Page(client.get(url))
    zones = {words(link.find("bdi")): link.get("href") for link in page.all("a", class_="strip-zone")}
    assert list(zones) == ["Internet", "DMZ", "Internal"]
    assert {row[0][:7] for row in Page(client.get(zones["Internet"])).table("rules")} == {"NET-DMZ"}
    lines = [link for line in page.all("span", class_="strip-way") for link in line.iter("a")]
    said = {words(link).partition(", ")[2]: link.get("href") for link in lines}
    assert set(said) == {"from Internet to DMZ", "from DMZ to Internal", "from Internal to DMZ"}
    rows = Page(client.get(said["from Internal to DMZ"])).table("rules")
    assert {row[0][:7] for row in rows} == {"INT-DMZ"}
