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


def test_each_flow_has_the_command_that_tries_it(client, url):
    page = Page(client.get(url, {"view": "flows"}))
    rows = page.table("flows")
    folds = page.all("details", class_="trial-menu")
    assert len(folds) == len(rows) > 1
    said = {
        (row[0].split(" ")[0], row[1].split(" ")[0], row[2].split(" Test")[0]): words(fold)
        for row, fold in zip(rows, folds, strict=True)
    }
    commands = "PowerShell Test-NetConnection 10.0.0.20 -Port 88 Shell nc -vz -w 3 10.0.0.20 88"
    assert commands in said["PS01", "DC01", "tcp 88"]
    assert "On any member of Public" in next(text for ends, text in said.items() if ends[0] == "Public")
    assert all("proves nothing" in text for ends, text in said.items() if ends[2].startswith("udp"))
    assert len({fold.get("id") for fold in folds}) == len(folds), "each stays open by itself"


def test_a_rule_that_is_opened_has_the_commands_and_its_own_check_scripts(client, url):
    page = Page(client.get(url))
    [line] = [row for row in page.all("tr") if "ESX01" in words(row) and "icmp" in words(row)]
    assert "Test-Connection esx01.example.net -Count 1" in words(line)
    number = line.get("id").removeprefix("rule-")
    page = Page(client.get(f"{url}rule/", {"rule": number}))
    assert "ping -c 1 esx01.example.net" in words(page.one("section", **{"aria-labelledby": "rule-trials"}))
    facts = page.one("section", aria_label="The rule")
    named = [part.get("title") for part in facts.iter("span") if part.get("class") == "mono" and part.get("title")]
    assert named
    assert [name for name in named if name not in words(facts)] == [], "what a service is called is no tip alone"
    [scripts] = [link.get("href") for link in page.all("a") if "check scripts of this rule" in words(link)]
    assert scripts == f"{url}report/checks?rule={number}"
    assert client.get(scripts).headers["Content-Type"] == "application/zip"
    assert client.get(f"{url}report/checks?rule=X-1").status_code == 400


def test_a_command_is_by_name_where_only_names_are_shown(client, url):
    page = Page(client.get(url, {"view": "flows", "show": "names"}))
    said = [words(fold) for fold in page.all("details", class_="trial-menu")]
    assert any("Test-NetConnection DC01 -Port 88" in text for text in said)
    assert not any("10.0.0." in text for text in said)
    folds = Page(client.get(url, {"view": "flows", "show": "addresses"})).all("details", class_="trial-menu")
    text = next(text for text in map(words, folds) if "tcp 88" in text)
    assert "On 10.0.0.10, to 10.0.0.20, tcp 88:" in text
    assert "Test-NetConnection 10.0.0.20 -Port 88" in text
