"""What any address leaves out is in files of firewalls: where it differs, a change request says so."""

import pytest

from planner.engine.compare import compare_reports
from planner.report import CHANGE_FORMATS
from planner.report.said.any_address import MOST_ZONES
from planner.report.said.edition import Editions
from planner.report.said.text import say_firewalls, say_nothing_differs
from tests.report.samples import evaluate, write_plan

EDITIONS = Editions(before="a", after="b")
MAY_DIFFER = ": files of firewalls may differ by it even where no rule does."


def plan(*networks, own=(), inside="Inside", people=("Public",), address="any", more=()):
    """People of the internet, who reach a web server in a zone with these networks."""
    zones = [{"name": f"Internet {n}", "kind": "internet", "networks": [*own]} for n, _ in enumerate(people, 1)]
    zones.append({"name": inside, "kind": "internal", "networks": [*networks]})
    ends = [
        {"name": name, "zone": f"Internet {n}", "group": True, "addresses": [address], "roles": ["website-user"]}
        for n, name in enumerate(people, 1)
    ]
    ends.append({"name": "PS01", "zone": inside, "addresses": ["10.1.0.10"], "roles": ["web-primary"]})
    return evaluate(write_plan(*ends, *more) | {"zones": zones})


def said(before, after):
    return say_firewalls(compare_reports(before, after))


@pytest.mark.parametrize("name", ["markdown", "html"])
def test_a_network_that_a_zone_has_now_is_said_to_be_left_out(name):
    compared = compare_reports(plan("10.1.0.0/24"), plan("10.1.0.0/24", "198.51.100.0/24"))
    assert not compared
    text = CHANGE_FORMATS[name].render(compared, EDITIONS).decode()
    assert f"For Public, any address leaves out 198.51.100.0/24 now{MAY_DIFFER}" in text
    assert "leaves out 198.51.100.0/24 now" in say_nothing_differs(compared)


@pytest.mark.parametrize(
    ("before", "after", "what"),
    [
        (plan("10.1.0.0/24"), plan("10.1.0.0/24"), None),
        (plan("10.1.0.0/24"), plan("10.1.0.0/25", "10.1.0.128/25"), None),
        (plan("10.1.0.0/25"), plan("10.1.0.0/24"), "10.1.0.128/25 now"),
        (plan("10.1.0.0/24"), plan("10.1.0.0/25"), "10.1.0.128/25 no longer"),
        (plan("10.1.0.0/24", "2001:db8::/64"), plan("10.1.0.0/24"), "2001:db8::/64 no longer"),
        (plan("10.2.0.0/24"), plan("10.3.0.0/24"), "10.3.0.0/24 now and 10.2.0.0/24 no longer"),
        (plan(own=["198.51.100.0/24"]), plan(own=["203.0.113.0/24"]), None),  # of its own zone nothing is left out
        (plan("10.1.0.0/24"), plan("10.1.0.0/24", inside="Cellar"), None),  # a new name
        (plan("10.1.0.0/24", address="192.0.2.0/24"), plan("10.9.0.0/24", address="192.0.2.0/24"), None),
        (plan("10.1.0.0/24", address="192.0.2.0/24"), plan("10.9.0.0/24"), None),  # it is any address only now
    ],
)
def test_what_is_left_out_is_told_by_what_differs(before, after, what):
    assert said(before, after) == ([f"For Public, any address leaves out {what}{MAY_DIFFER}"] if what else [])


def test_whoever_is_in_no_rule_has_nothing_left_out():
    idle = [{"name": "Idle", "zone": "Internet 1", "group": True, "addresses": ["any"]}]
    assert said(plan(more=idle, people=[*PAIR]), plan("10.9.0.0/24", more=idle, people=[*PAIR])) == [
        f"For Guests and Public, any address leaves out 10.9.0.0/24 now{MAY_DIFFER}"
    ]


PAIR = "Guests", "Public"


def test_of_many_zones_the_others_are_counted():
    """Each costs all addresses of the plan."""
    people = [f"P{number:02}" for number in range(MOST_ZONES + 2)]
    first, last = said(plan(people=people), plan("10.9.0.0/24", people=people))
    assert "leaves out 10.9.0.0/24 now" in first
    assert last == "What any address leaves out for 2 more endpoints was not compared."
