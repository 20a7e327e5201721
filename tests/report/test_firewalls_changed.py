"""A comparison names the firewalls of which the plan says something else, where no rule says it."""

import pytest

from planner.engine.compare import compare_reports
from planner.report import CHANGE_FORMATS
from planner.report.said.edition import Editions
from planner.report.said.text import say_firewalls
from tests.report.samples import evaluate, write_plan

FIREWALL = {"name": "FG", "format": "fortigate", "zones": {"Internal": "port1", "DMZ": "port3"}}


def plan(*firewalls, **more):
    web = {"name": "PS01", "zone": "Internal", "roles": ["web-primary"], "addresses": ["10.0.0.1"]}
    portal = {"name": "PRP", "zone": "DMZ", "roles": ["password-reset-portal"], "addresses": ["192.0.2.5"]}
    return evaluate(write_plan(web, portal, firewalls=list(firewalls), **more))


SAME = plan(FIREWALL)


@pytest.mark.parametrize(
    ("after", "named"),
    [
        ([FIREWALL], []),
        ([FIREWALL | {"zones": {"Internal": "port1", "DMZ": "port5"}}], ["FG: its file may"]),
        ([FIREWALL | {"published": {"PRP": "203.0.113.10"}}], ["FG: its file may"]),
        ([], ["FG: its file may"]),
        ([FIREWALL, FIREWALL | {"name": "FW"}], ["FW: its file may"]),
        ([FIREWALL | {"name": "FW"}], ["FG and FW: their files may"]),
    ],
)
def test_a_firewall_that_the_plan_says_something_else_of_is_named(after, named):
    compared = compare_reports(SAME, plan(*after))
    assert not compared.asks_for_changes
    said = say_firewalls(compared)
    assert [sentence.partition(" of ")[2].partition(" differ")[0] for sentence in said] == named
    markdown = CHANGE_FORMATS["markdown"].render(compared, Editions(before="1", after="2")).decode()
    assert all(sentence in markdown for sentence in said)


def test_another_name_of_a_zone_is_no_other_firewall():
    renamed = FIREWALL | {"zones": {"Head office": "port1", "DMZ": "port3"}}
    web = {"name": "PS01", "zone": "Head office", "roles": ["web-primary"], "addresses": ["10.0.0.1"]}
    portal = {"name": "PRP", "zone": "DMZ", "roles": ["password-reset-portal"], "addresses": ["192.0.2.5"]}
    zones = (("Head office", "internal"), ("DMZ", "dmz"))
    compared = compare_reports(SAME, evaluate(write_plan(web, portal, firewalls=[renamed], zones=zones)))
    assert [(one.old, one.new) for one in compared.renamed] == [("Internal", "Head office")]
    assert say_firewalls(compared) == []
