"""What a device sends on to an endpoint is held against what must stay closed there, as it is against the flows."""

import pytest

from planner.engine.existing.decide import compare_with
from planner.engine.existing.readers import READERS
from tests.engine.existing.devices import test_sent_on as sent_on
from tests.engine.existing.devices.test_sent_on import REAL, TO
from tests.engine.existing.devices.test_too_wide_sent_on import TEXTS
from tests.engine.existing.rulesets import flow, host, plan

BOTH = pytest.mark.parametrize("published", [None, "203.0.113.99"], ids=["not published", "published elsewhere"])


def find(form, text, *services, published=None, to=({"endpoint": "Store"}, {"endpoint": "Beside"})):
    """Sure or not, constructs, destinations and services of each entry that admits what must stay closed."""
    ends = [
        host("Public", "198.51.100.7", zone="Internet"),
        host("Store", REAL, zone="DMZ"),
        host("Beside", "192.0.2.77", zone="DMZ"),
    ]
    firewall = {"name": "FW", "format": form, "zones": {"Internet": "wan", "DMZ": "dmz", "Internal": "lan"}}
    if published:
        firewall["published"] = {"Store": published}
    rows = [
        {"from": {"zone": "Internet"}, "to": there, "reason": "Nobody may.", **service}
        for service in services
        for there in to
    ]
    report = plan(ends, [flow("Public", "Store", ports="22")], firewalls=[firewall], never=rows)
    gap = compare_with(report, READERS[form].read(text), None, report.plan.firewalls[0], also=("forbidden",))
    assert gap.forbidden.unchecked == 0
    return [
        (one.is_sure, one.constructs, breach.sources, breach.destinations, breach.services)
        for one in gap.forbidden.entries
        for breach in one.breaches
    ]


def of(protocol, ports=None):
    return {"protocol": protocol} | ({"ports": ports} if ports else {})


@BOTH
@pytest.mark.parametrize("form", TEXTS)
def test_what_is_sent_on_to_an_endpoint_is_forbidden_on_the_port_on_which_it_arrives(form, published):
    text = TEXTS[form]()
    sure = [one for one in find(form, text, of("tcp", "443"), of("tcp", "22"), published=published) if one[0]]
    assert sure == [(True, (), ("Public",), ("Store",), ("tcp 443",))]
    assert [one for one in find(form, text, {}, published=published) if one[0]], "a row for everything is broken, too"
    for other in (of("tcp", "8443"), of("udp", "443"), of("icmp")):
        assert not [one for one in find(form, text, other, published=published) if one[0]], other


@BOTH
@pytest.mark.parametrize("form", TEXTS)
def test_what_is_surely_admitted_is_not_told_once_more_as_perhaps(form, published):
    """Of the own address it isn't known what becomes, where the device shows another one."""
    text = TEXTS[form]()
    assert len(find(form, text, of("tcp", "443"), published=published)) == 1
    # What may be admitted besides is told with what isn't understood of that alone.
    found = find(form, text, of("tcp", "443"), of("tcp", "22"), {}, published=published)
    sure, unsure = ([one[4] for one in found if one[0] is kind] for kind in (True, False))
    assert sorted(sure) == [("tcp 443",)] * 2
    assert ("tcp 443",) not in unsure


def test_what_goes_to_more_endpoints_or_ports_than_is_sure_is_told_beside_it():
    """Of two endpoints, or two ports, one is sent on to."""
    one_port = TEXTS["fortigate"]()
    for row, services in ((of("tcp", "443-444"), ("tcp 443-444",)), (of("tcp"), ("tcp",)), ({}, ("all protocols",))):
        sure, unsure = find("fortigate", one_port, row)
        assert (sure[4], unsure[4]) == (("tcp 443",), services)
    both = sent_on.fortigate(
        ("shown", sent_on.vip()),
        ("more", sent_on.vip("192.0.2.77", "203.0.113.11", more="set type server-load-balance")),
        destination='shown" "more',
    )
    sure, unsure = find("fortigate", both, of("tcp", "443"), to=[{"zone": "DMZ"}])
    assert (sure[3], unsure[3]) == (("Store",), ("Beside", "Store"))


@BOTH
def test_where_it_is_not_understood_whether_it_is_sent_on_an_entry_may_break_the_row(published):
    elsewhere = sent_on.paloalto(service="web", more=TO.format(REAL, "<translated-port>x</translated-port>"))
    [one] = find("paloalto", elsewhere, of("tcp", "3389"), published=published)
    assert one == (False, ('nat rule "in"',), ("Public",), ("Store",), ("tcp 3389",))
    nowhere = sent_on.paloalto(service="web", more=TO.format("frob", ""))
    found = find("paloalto", nowhere, of("tcp", "3389"), published=published)
    assert {one[3] for one in found} == {("Store",), ("Beside",)}, "it may be any address"
    to_another = sent_on.paloalto(service="web", more=TO.format("192.0.2.11", "<translated-port>x</translated-port>"))
    assert not find("paloalto", to_another, of("tcp", "3389"), published=published)
