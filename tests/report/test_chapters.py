"""The heading of a printed chapter says of which zones its rules are; groups that rules share count their members."""

import pytest

from planner.report.paper.chapters import make_objects, make_rules
from planner.report.paper.printed import Element
from planner.report.said.objects import Grouping
from planner.report.said.printed_rules import print_boundaries
from tests.report.samples import evaluate, write_plan


def headings(element):
    """The text of each heading in an element."""
    if element.tag == "h3":
        return ["".join(element.texts())]
    return [said for kid in element.kids if isinstance(kid, Element) for said in headings(kid)]


MANY = [f"S{number}" for number in range(10, 25)]
ALIKE = {site: ["rdp"] for site in MANY}


@pytest.mark.parametrize(
    ("sessions", "said"),
    [
        ({"Bergen": ["rdp"], "Kiruna": ["rdp"], "Oslo": ["rdp"]}, "To Bergen, Kiruna and Oslo alike."),
        ({"Bergen": ["rdp"], "Kiruna": ["ssh"]}, "To Bergen and Kiruna: each rule names its own."),
        ({"Bergen": ["rdp"], "Kiruna": ["rdp", "ssh"]}, "To Bergen and Kiruna: each rule names its own."),
        ({"Bergen": ["rdp"], "Kiruna": ["rdp"], "Oslo": []}, "To Bergen and Kiruna alike."),
        ({"Bergen": [], "Kiruna": ["ssh"]}, "To Kiruna alone."),
        (ALIKE, f"To {', '.join(MANY[:12])} and 3 more alike."),
        ({**ALIKE, "S10": ["ssh"]}, f"To {', '.join(MANY[:12])} and 3 more: each rule names its own."),
    ],
)
def test_rules_for_remote_sites_are_for_those_that_the_heading_names(sessions, said):
    hosts = [{"name": f"T-{site}", "zone": site, "sessions": has} for site, has in sessions.items() if has]
    hosts += [{"name": f"A-{site}", "zone": site, "roles": ["remote-site-agent"]} for site in sessions]
    people = {"name": "Staff", "zone": "Office", "group": True, "roles": ["launcher-user"]}
    web = {"name": "PS", "zone": "Office", "roles": ["web-primary"]}
    zones = [("Office", "internal"), *((site, "remote-site") for site in sessions)]
    report = evaluate(write_plan(people, web, *hosts, zones=zones))
    table = make_rules(print_boundaries(report.boundaries, report, Grouping(report)))[0]
    found = {heading.partition(" sites ")[2] for heading in headings(table) if heading.startswith("Office")}
    assert found == {said}


def test_a_part_of_two_groups_that_has_one_member_says_so():
    hosts = [{"name": f"H{number}", "zone": "Internal"} for number in range(19)]
    targets = [{"name": name, "zone": "DMZ"} for name in ("X", "Y")]
    flows = [
        {"source": f"H{number}", "destination": name, "protocol": "tcp", "ports": "22", "reason": "R"}
        for name, numbers in (("X", range(10)), ("Y", range(9, 19)))
        for number in numbers
    ]
    report = evaluate(write_plan(*hosts, *targets, additional_flows=flows))
    grouping = Grouping(report)
    print_boundaries(report.boundaries, report, grouping)
    said = "".join(make_objects(grouping.objects(()), whole=False).texts())
    assert "1 member: " in said
    assert "9 members: " in said
    assert "1 members" not in said
