"""The view from zone to zone, and what must stay closed across one boundary."""

from urllib.parse import parse_qs, urlsplit

import pytest

from planner.store.models import Plan
from planner.web.forms.rows import PER_PAGE
from tests.report.samples import contoso, hostile
from tests.web.views.pages import Page, store, words

NEVER = [
    {"from": {"zone": "Internet"}, "to": {"zone": "Internal"}, "reason": "Nobody"},
    {"from": {"zone": "DMZ"}, "to": {"endpoint": "DC01"}, "reason": "Policy 12"},
    {"from": {"zone": "DMZ"}, "to": {"zone": "Internal"}, "protocol": "tcp", "ports": "8443", "reason": "No way in"},
]


@pytest.fixture
def where():
    return store(contoso(never=NEVER))[1]


def cell(page, row, column):
    """The cell of the table under the heads of these zones."""
    heads = [words(head) for head in page.one("table", class_="zone-table").iter("th") if head.get("scope") == "col"]
    for line in page.one("table", class_="zone-table").iter("tr"):
        if line.find("th") is not None and words(line.find("th")) == row and line.find("td") is not None:
            return list(line.iter("td"))[heads.index(f"To {column}") - 1]
    raise AssertionError(row)


def links(element):
    return [link.get("href") for link in element.iter("a")]


def test_the_table_has_heads_for_rows_and_columns_and_a_caption(client, where):
    page = Page(client.get(f"/plans/{where}/?view=zones"))
    table = page.one("table", class_="zone-table")
    assert [head.get("scope") for head in table.iter("th")] == ["col"] * 4 + ["row"] * 3
    assert words(table.find("caption")).startswith("Connections are opened from the zone of a row")
    box = page.one(class_="zone-box")
    assert (box.get("tabindex"), box.get("role"), box.get("aria-labelledby")) == ("0", "region", "zone-caption")
    assert words(cell(page, "Internal", "DMZ")) == "2 rules from Internal to DMZ icmp, tcp 22, 443"
    assert words(cell(page, "DMZ", "DMZ")) == "–nothing"


def test_a_cell_leads_to_the_rules_of_its_boundary_and_to_no_others(client, where):
    page = Page(client.get(f"/plans/{where}/?view=zones&panel=ports&text=nothing"))
    (link,) = links(cell(page, "Internal", "DMZ"))
    rules = Page(client.get(link))
    assert [row[0].split()[0][:7] for row in rules.table("rules")] == ["INT-DMZ", "INT-DMZ"]
    assert rules.one("a", id="tab-ports").get("aria-current") == "page"


def test_what_stays_within_a_zone_leads_to_its_flows(client, where):
    page = Page(client.get(f"/plans/{where}/?view=zones"))
    (link,) = links(cell(page, "Internal", "Internal"))
    assert parse_qs(urlsplit(link).query) == {"view": ["flows"], "source": ["INT"], "destination": ["INT"]}
    assert Page(client.get(link)).table("flows")


@pytest.mark.parametrize("reads", [False, True])
def test_what_is_closed_leads_to_its_rows_and_to_no_others(client, where, reads):
    here = f"/plans/{where}/{'read/' if reads else ''}"
    page = Page(client.get(f"{here}?view=zones"))
    assert words(cell(page, "DMZ", "Internal")).startswith(
        "1 rule from DMZ to Internal tcp 8443 1 kept closed, 1 broken"
    )
    closed = Page(client.get(links(cell(page, "DMZ", "Internal"))[1]))
    reasons = [words(item) for item in closed.all(class_="own-reason")]
    assert reasons == ["Policy 12", "No way in"]
    note = next(item for item in closed.all("p", role="status") if "Only what is closed" in words(item))
    assert words(note) == "Only what is closed from DMZ → Internal. Show all"
    everything = Page(client.get(links(note)[0]))
    assert [words(item) for item in everything.all(class_="own-reason")] == ["Nobody", "Policy 12", "No way in"]


def test_a_row_of_one_boundary_is_taken_back_by_its_own_button(client):
    never = [NEVER[0] | {"protocol": "tcp", "ports": str(port)} for port in range(1, PER_PAGE + 1)] + NEVER[1:]
    where = store(contoso(never=never))[1]
    page = Page(client.get(f"/plans/{where}/?panel=closed&between=DMZ-INT"))
    key = page.all("input", name="key")[0].get("value")
    client.post(f"/plans/{where}/closed/delete/", {"key": key})
    left = [row["reason"] for row in Plan.objects.get().document["never"] if row["from"] == {"zone": "DMZ"}]
    assert left == ["No way in"]


@pytest.mark.parametrize("between", ["DMZ", "DMZ-", "-", "XXX-INT", "DMZ-INT-", "a" * 5_000])
def test_a_boundary_that_the_report_does_not_have_lists_everything(client, where, between):
    page = Page(client.get(f"/plans/{where}/?panel=closed&between={between}"))
    assert len(page.all(class_="own-reason")) == 3
    assert "Only what is closed" not in page.html


def test_the_boundary_goes_where_another_part_is_opened(client, where):
    page = Page(client.get(f"/plans/{where}/?panel=closed&between=DMZ-INT"))
    assert "between" not in page.one("a", id="tab-ports").get("href")
    assert "between=DMZ-INT" in page.one("a", id="view-flows").get("href")
    reader = Page(client.get(f"/plans/{where}/read/?view=closed&between=DMZ-INT"))
    assert "between" not in reader.one("a", id="view-flows").get("href")


def test_hostile_names_stay_text(client):
    where = store(hostile("<b>bold</b>"))[1]
    assert "<b>bold" not in client.get(f"/plans/{where}/?view=zones").content.decode()
