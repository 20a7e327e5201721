"""What we write for endpoints with all of IPv6, read back and compared: each flow is open, and nothing is too wide."""

from itertools import product

import pytest

from planner.engine.existing.decide import compare_with
from planner.engine.existing.readers import READERS
from planner.plan.fields import Firewall
from planner.report import FORMATS
from tests.each import each
from tests.report.firewall.test_permits import flow, host
from tests.report.samples import evaluate_once, write_plan

ZONES = (("Internal", "internal"), ("Internet", "internet"), ("Partners", "internet"), ("DMZ", "dmz"))
ANYBODY = (
    host("World", "any", zone="Internet", group=True),
    host("Others", "any", zone="Partners", group=True),
    host("Box", "box.example.com", zone="DMZ"),
    host("B", "2001:db8::5", zone="DMZ"),
)
WIDE = {
    "all of it": ["::/0"],
    "all of it and a part": ["::/0", "2001:db8:7::/48"],
    "its beginning": ["::/14", "10.0.0.0/24"],
    "what is taken for IPv4": ["::/16"],
    "a part of that": ["0:0:1::/48"],
    "that and all": ["::/0", "::/16"],
}


def report_on(*wide):
    ends = (*ANYBODY, host("Wide", *wide))
    pairs = [(a["name"], b["name"]) for a, b in product(ends, repeat=2) if a["zone"] != b["zone"]]
    return evaluate_once(write_plan(*ends, zones=ZONES, additional_flows=[flow(*pair) for pair in pairs]))


def compare(report, name, text):
    sides = {zone: group.code for group in report.zone_groups for zone in group.zones}
    firewall = Firewall(name="Edge", format=name, zones=sides)
    return compare_with(report, READERS[name].read(text), firewall=firewall, also=("stale", "forbidden"))


@each("name", ["fortigate", "asa", "paloalto", "srx"])
@pytest.mark.parametrize("wide", WIDE.values(), ids=WIDE)
def test_our_own_file_lacks_nothing(name, wide):
    report = report_on(*wide)
    gap = compare(report, name, FORMATS[name].render(report, default_deny=True).decode())
    assert len(gap.flows) == 18
    assert [(one.flow.source.name, one.flow.destination.name, one) for one in gap.flows if one.state != "open"] == []
    assert (gap.wider, gap.stale, gap.forbidden.entries) == ((), (), ())


@pytest.mark.parametrize(("had", "state"), [(["::/16"], "closed"), (["::/0"], "open"), (["::/1"], "partly")])
def test_what_an_endpoint_has_there_by_itself_is_asked_for(had, state):
    """Rules that were made for others: what they leave out of a wide network does for one, and for no other."""
    text = FORMATS["paloalto"].render(report_on(*had), default_deny=True).decode()
    gap = compare(report_on("::/0"), "paloalto", text)
    assert {one.state for one in gap.flows if one.flow.source.name == "Wide"} == {state}
    gap = compare(report_on("::/0", "::/16"), "paloalto", text)
    assert {one.state for one in gap.flows if one.flow.source.name == "Wide"} == {"partly"}
