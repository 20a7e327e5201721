"""The table from zone to zone: what its cells say, and that every format has the same one."""

import io
import re
from datetime import date

import openpyxl
import pytest

from planner.report import FORMATS
from planner.report.paper.zones import MOST_COLUMNS, make_zones
from planner.report.said.edition import Edition
from planner.report.said.filters import Filter, select
from planner.report.said.zone_table import MOST_PORTS, MOST_ZONES, NOTHING, tabulate_zones
from tests.report.samples import HOSTILE_NAMES, contoso, evaluate, write_plan

NEVER = [
    {"from": {"zone": "DMZ"}, "to": {"endpoint": "DC01"}, "reason": "Policy 12"},
    {"from": {"zone": "DMZ"}, "to": {"zone": "Internal"}, "protocol": "tcp", "ports": "8443", "reason": "No way in"},
    {"from": {"endpoint": "Public"}, "to": {"zone": "Internal"}, "reason": "Nobody"},
]
REPORT = evaluate(contoso(never=NEVER))


def cells(report):
    """Code of the boundary -> the lines of its cell."""
    return {cell.code: cell.lines() for _, row in tabulate_zones(report).rows for cell in row}


def sites(number, *, unlike=False):
    """A website, and remote sites or internal zones that differ in how many endpoints they have."""
    zones = [
        ("Internal", "internal"),
        *((f"Site {n}", "internal" if unlike else "remote-site") for n in range(number)),
    ]
    ends = [{"name": "PS01", "zone": "Internal", "addresses": ["10.0.0.1"], "roles": ["web-primary"]}]
    for site in range(number):
        ends += [
            {"name": f"A{site}-{n}", "zone": f"Site {site}", "addresses": [f"10.{1 + site // 250}.{site % 250}.{n}"],
             "roles": ["remote-site-agent"]}
            for n in range(1, 2 + (site if unlike else 0))
        ]  # fmt: skip
    return write_plan(*ends, zones=zones)


def test_a_cell_says_rules_and_ports_what_stays_within_and_what_is_closed():
    assert cells(REPORT) == {
        "NET-NET": (NOTHING,),
        "NET-DMZ": ("1 rule", "tcp 443"),
        "NET-INT": ("1 kept closed",),
        "DMZ-NET": (NOTHING,),
        "DMZ-DMZ": (NOTHING,),
        "DMZ-INT": ("1 rule", "tcp 8443", "1 kept closed, 1 broken"),
        "INT-NET": (NOTHING,),
        "INT-DMZ": ("2 rules", "icmp, tcp 22, 443"),
        "INT-INT": ("9 flows within", "tcp 88, 135, 464, 636, 50000-50100, udp 53 and 3 more"),
    }


def test_the_rules_of_all_cells_are_the_rules_of_the_report():
    rules = sum(cell.rules for _, row in tabulate_zones(REPORT).rows for cell in row)
    assert rules == len(REPORT.rules) > 0
    closed = [place for _, row in tabulate_zones(REPORT).rows for cell in row for place in (*cell.kept, *cell.broken)]
    assert sorted(closed) == list(range(len(REPORT.closed)))
    within = sum(cell.inside for _, row in tabulate_zones(REPORT).rows for cell in row)
    assert within == sum(flow.scope == "same-zone" for flow in REPORT.flows)


def test_what_is_excluded_does_not_pass():
    exclusion = {"source": "Public", "destination": "Portal", "reason": "Inside only"}
    assert cells(evaluate(contoso(exclusions=[exclusion])))["NET-DMZ"] == (NOTHING,)


def test_a_prohibition_of_the_document_counts_like_the_plans_own():
    ends = [
        {"name": "PS01", "zone": "Internal", "addresses": ["10.0.0.1"], "roles": ["web-primary"]},
        {"name": "Site", "zone": "DMZ", "addresses": ["192.0.2.1"], "roles": ["self-destruct-site"]},
    ]
    plan = write_plan(*ends, choices={"self-destruct": "push-pull"})
    assert cells(evaluate(plan))["DMZ-INT"] == ("1 kept closed",)


def test_like_zones_stand_together_and_what_crosses_between_them_is_theirs():
    plan = sites(1_000)
    plan["never"] = [{"from": {"zone": "Site 3"}, "to": {"endpoint": "A4-1"}, "reason": "Apart"}]
    report = evaluate(plan)
    table = tabulate_zones(report)
    assert [group.label for group in table.groups] == ["Internal", "1,000 remote sites"]
    assert cells(report)["RS-INT"] == ("1 rule", "tcp 443")
    assert cells(report)["RS-RS"] == ("1 kept closed",)


def test_rows_and_columns_stand_from_the_outside_in():
    labels = [group.label for group in tabulate_zones(REPORT).groups]
    assert labels == ["Internet", "DMZ", "Internal"]
    assert [source.label for source, _ in tabulate_zones(REPORT).rows] == labels


@pytest.mark.slow
def test_there_is_no_table_of_more_zones_than_anybody_reads():
    assert len(tabulate_zones(evaluate(sites(MOST_ZONES - 1, unlike=True))).groups) == MOST_ZONES
    report = evaluate(sites(MOST_ZONES, unlike=True))
    assert tabulate_zones(report) is None
    assert make_zones(report) is None
    assert "## From zone to zone" not in FORMATS["markdown"].render(report).decode()
    book = io.BytesIO(FORMATS["xlsx"].render(report))
    assert "Zones" not in openpyxl.load_workbook(book, read_only=True).sheetnames


def test_a_plan_of_one_zone_has_nothing_to_tell_from_zone_to_zone():
    report = evaluate(write_plan(zones=(("Internal", "internal"),)))
    assert make_zones(report) is None
    assert "## From zone to zone" not in FORMATS["markdown"].render(report).decode()


def test_a_part_of_a_report_has_no_table_in_which_a_dash_would_say_what_is_not_so():
    part, selection = select(REPORT, Filter(source="NET"))
    edition = Edition(date=date(2026, 1, 2), selection=selection)
    assert "## From zone to zone" not in FORMATS["markdown"].render(part, edition).decode()
    assert 'id="zones"' not in FORMATS["html"].render(part, edition).decode()
    assert "Zones" not in openpyxl.load_workbook(io.BytesIO(FORMATS["xlsx"].render(part, edition))).sheetnames
    assert 'id="zones"' in FORMATS["html"].render(REPORT).decode()


def test_cells_of_the_workbook_lead_to_the_first_rule_or_to_what_must_stay_closed():
    book = openpyxl.load_workbook(io.BytesIO(FORMATS["xlsx"].render(REPORT)))
    sheet = book["Zones"]
    columns = [cell.value for cell in sheet[1]][1:]
    assert columns == ["Internet", "DMZ", "Internal"]
    places = {
        (sheet.cell(row, 1).value, columns[column - 2]): sheet.cell(row, column)
        for row in range(2, 8, 2)
        for column in range(2, 5)
    }
    for (source, destination), cell in places.items():
        first = next(
            (row for row in book["Rules"].iter_rows(min_row=2) if row[1].value == f"{source} → {destination}"), None
        )
        if first is not None:
            assert cell.hyperlink.location == f"'Rules'!A{first[0].row}"
    closed = places["Internet", "Internal"].hyperlink.location
    assert closed == "'Closed'!A4"
    assert book["Closed"]["A4"].value == "Public"
    assert places["Internet", "Internet"].hyperlink is None
    cell = places["DMZ", "Internal"]
    assert cell.value == "1 rule", "not every program folds what leads somewhere"
    assert sheet.cell(cell.row + 1, cell.column).value == "tcp 8443\n1 kept closed, 1 broken"
    assert sheet.cell(cell.row + 1, 1).value is None


def test_cells_of_markdown_lead_to_the_headings_of_the_rules():
    text = FORMATS["markdown"].render(REPORT).decode()
    headings = re.findall(r"^### (.*)$", text, flags=re.MULTILINE)
    anchors = {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
    links = re.findall(r"\]\(#([^)]*)\)", text)
    assert len(links) == len(headings) == 3
    assert set(links) == anchors


def test_links_of_the_printed_table_lead_somewhere():
    page = FORMATS["html"].render(REPORT).decode()
    table = re.search(r'<table class="zones">.*?</table>', page, flags=re.DOTALL)[0]
    hrefs = re.findall(r'href="#([^"]*)"', table)
    assert sorted(hrefs) == ["DMZ-INT", "INT-DMZ", "NET-DMZ", "closed", "closed"]
    assert set(hrefs) <= set(re.findall(r'id="([^"]*)"', page))
    assert table.count('scope="row"') == 3
    assert table.count('scope="col"') == 4


def test_of_many_zones_some_stand_beside_each_other_and_the_others_follow():
    report = evaluate(sites(MOST_COLUMNS + 2, unlike=True))
    page = FORMATS["html"].render(report).decode()
    tables = re.findall(r'<table class="zones[^"]*">.*?</table>', page, flags=re.DOTALL)
    assert [table.count('scope="col"') - 1 for table in tables] == [MOST_COLUMNS, 3]
    assert [table.count('scope="row"') for table in tables] == [MOST_COLUMNS + 3] * 2
    assert FORMATS["pdf"].render(report).startswith(b"%PDF")


def test_a_cell_counts_the_ports_that_it_does_not_name():
    flows = [
        {"source": "PS01", "destination": "ESX01", "protocol": "udp", "ports": str(port), "reason": "x"}
        for port in range(1, MOST_PORTS + 2)
    ]
    said = cells(evaluate(contoso(additional_flows=flows)))["INT-DMZ"][1]
    assert said == "icmp, tcp 22, 443, udp 1, 2, 3 and 4 more"


def test_hostile_names_of_zones_stay_text_in_every_table():
    """Each zone has another number of endpoints, as those that are alike share a column."""
    plan = write_plan(
        *({"name": f"{zone}.{n}", "zone": name} for zone, name in enumerate(HOSTILE_NAMES) for n in range(zone)),
        zones=(*((name, "internal") for name in HOSTILE_NAMES), ("DMZ", "dmz")),
    )
    report = evaluate(plan)
    _, *heads = openpyxl.load_workbook(io.BytesIO(FORMATS["xlsx"].render(report)))["Zones"][1]
    assert {head.value.lstrip("'").replace("\u200b", "") for head in heads} == {"DMZ", *HOSTILE_NAMES}
    assert {head.data_type for head in heads} == {"s"}
    page = FORMATS["html"].render(report).decode()
    assert "<b>bold" not in page
    assert FORMATS["pdf"].render(report).startswith(b"%PDF")
