"""What firewalls publish is told wherever their rules are: in tickets, in Markdown and in workbooks, as on paper."""

import io
import zipfile
from html import unescape

import pytest

from planner.engine.published import find_published
from planner.report.formats.markdown import escape, render_markdown
from planner.report.formats.rule_texts import escape_jira
from planner.report.formats.tickets import KINDS, render_tickets
from planner.report.formats.work import MOST_PUBLISHED
from planner.report.formats.xlsx import render_xlsx
from planner.report.said.edition import Edition
from planner.report.said.filters import Filter, select
from planner.report.said.published import MOST_SIDES, RULES_NAME, say_published
from tests.report.samples import evaluate, write_plan
from tests.report.test_print import DAY
from tests.report.test_sheets import texts
from tests.report.test_xlsx import open_book, rows_of

ZONES = [("Net", "internet"), ("DMZ", "dmz"), ("In", "internal"), ("Deep", "internal")]
ENDS = [
    {"name": "World", "zone": "Net", "group": True, "addresses": ["any"]},
    {"name": "Web", "zone": "DMZ", "addresses": ["192.0.2.10"]},
    {"name": "Two", "zone": "DMZ", "addresses": ["192.0.2.11", "192.0.2.12"]},
    {"name": "Quiet", "zone": "DMZ", "addresses": ["192.0.2.13"]},
    {"name": "DB", "zone": "In", "addresses": ["10.0.0.1"]},
    {"name": "Deeper", "zone": "Deep", "addresses": ["10.0.1.1"]},
]
FLOWS = [
    {"source": source, "destination": destination, "protocol": "tcp", "ports": ports, "reason": "x"}
    for source, destination, ports in (
        ("World", "Web", "443"), ("World", "Two", "80"), ("DB", "Quiet", "22"), ("Web", "DB", "1433"),
    )
]  # fmt: skip
EDGE = {
    "name": "FW*EDGE",
    "format": "fortigate",
    "zones": {"Net": "wan1", "DMZ": "dmz", "In": "inside"},
    "published": {"Web": "203.0.113.10", "Two": "203.0.113.11", "Quiet": "203.0.113.13"},
}
CORE = {
    "name": "FW-CORE",
    "format": "asa",
    "zones": {"DMZ": "outside", "In": "inside", "Deep": "deep"},
    "published": {"DB": "192.0.2.100", "Deeper": "192.0.2.101"},
}
REPORT = evaluate(write_plan(*ENDS, zones=ZONES, additional_flows=FLOWS, firewalls=[EDGE, CORE]))
TO_WEB = "Web 192.0.2.10 is seen as 203.0.113.10 from wan1."
TO_DB = "DB 10.0.0.1 is seen as 192.0.2.100 from outside."
UNCLEAR = "Not translated, for want of a single address of that family: Two."


@pytest.mark.parametrize(
    ("folder", "ending", "written"),
    [(*kind[:2], write) for kind, write in zip(KINDS, (str, escape, escape_jira), strict=True)],
)
def test_a_firewalls_ticket_says_under_which_address_its_rules_are_met(folder, ending, written):
    archive = zipfile.ZipFile(io.BytesIO(render_tickets(REPORT)))
    edge, core = (archive.read(f"{folder}/firewalls/{one}.{ending}").decode() for one in ("FW-EDGE", "FW-CORE"))
    for text, said in ((edge, (TO_WEB, UNCLEAR)), (core, (TO_DB,))):
        lines = text.splitlines()
        assert written(RULES_NAME) in lines
        assert [line for line in lines if line.startswith("Published: ")] == [
            written(f"Published: {sentence}") for sentence in said
        ], "what its rules lead to from where it is seen, and nothing else"
    for name in archive.namelist():
        if "/boundaries/" in name:
            assert "Published" not in archive.read(name).decode()


def test_a_firewall_that_publishes_nothing_of_its_rules_says_nothing_of_it():
    quiet = EDGE | {"published": {"Quiet": "203.0.113.13"}}
    report = evaluate(write_plan(*ENDS, zones=ZONES, additional_flows=FLOWS, firewalls=[quiet]))
    archive = zipfile.ZipFile(io.BytesIO(render_tickets(report)))
    assert "own addresses" not in archive.read("text/firewalls/FW-EDGE.txt").decode()
    assert "publish" not in render_markdown(report).decode()


def test_markdown_says_it_below_the_rules():
    text = render_markdown(REPORT).decode()
    _, found = text.split("## What firewalls publish\n\n")
    said, _ = found.split("\n## ", 1)
    assert unescape(said).replace("\\", "").split("\n") == [
        RULES_NAME, "", f"- FW*EDGE: {TO_WEB}", f"- FW*EDGE: {UNCLEAR}", f"- FW-CORE: {TO_DB}", "",
    ]  # fmt: skip


def test_a_part_says_what_its_own_rules_are_met_under():
    part, selection = select(REPORT, Filter(port="1433"))
    text = render_markdown(part, Edition(date=DAY, selection=selection)).decode()
    assert escape(TO_DB) in text
    assert escape(TO_WEB) not in text


def test_the_workbook_names_the_address_beside_its_own_and_says_from_where():
    book = open_book(render_xlsx(REPORT))
    to = {row["Service"]: row["To"].split("\n") for row in rows_of(book, "Work")}
    assert to["tcp 443"] == ["Web: 192.0.2.10", "seen as 203.0.113.10 through FW*EDGE"]
    assert to["tcp 1433"] == ["DB: 10.0.0.1", "seen as 192.0.2.100 through FW-CORE"]
    assert to["tcp 22"] == ["Quiet: 192.0.2.13"], "from inside it has its own address"
    about = [row["Content"] for row in rows_of(book, "About") if row["About"] == "Published"]
    assert about == [f"FW*EDGE: {TO_WEB}", f"FW*EDGE: {UNCLEAR}", f"FW-CORE: {TO_DB}"]


def test_of_many_firewalls_that_publish_an_endpoint_the_first_are_named():
    many = [CORE | {"name": f"FW{number}"} for number in range(MOST_PUBLISHED + 3)]
    report = evaluate(write_plan(*ENDS, zones=ZONES, additional_flows=FLOWS, firewalls=many))
    [to] = [row["To"] for row in rows_of(open_book(render_xlsx(report)), "Work") if row["Service"] == "tcp 1433"]
    assert to.count("seen as 192.0.2.100") == MOST_PUBLISHED
    assert to.endswith("\nand 3 more, see About")


def test_paper_says_the_same():
    published, _ = find_published(REPORT.plan, REPORT.plan.firewalls[0])
    assert say_published(published["Web"]) == TO_WEB
    assert f"Published: {TO_WEB}" in texts(REPORT, "firewalls")


def test_of_many_sides_the_first_are_named():
    zones = [("DMZ", "dmz"), *((f"N{number:02}", "internet") for number in range(MOST_SIDES + 5))]
    wall = CORE | {"zones": {name: name.lower() for name, _ in zones}, "published": {"Web": "203.0.113.10"}}
    report = evaluate(write_plan(ENDS[1], zones=zones, firewalls=[wall]))
    published, _ = find_published(report.plan, report.plan.firewalls[0])
    named = ", ".join(f"n{number:02}" for number in range(MOST_SIDES))
    assert say_published(published["Web"]).endswith(f" from {named} and 5 more.")
