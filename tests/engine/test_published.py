"""What a firewall publishes is an address for one address, or said to be unclear."""

import pytest

from planner.engine.published import Publishing, find_published
from planner.plan.document import check_plan
from ports.queries import shipped_matrix

MATRIX = shipped_matrix()


def find(*addresses, seen="203.0.113.10", zones=None):
    document = {
        "format": 1,
        "name": "Contoso",
        "zones": [
            {"name": "Internal", "kind": "internal"}, {"name": "DMZ", "kind": "dmz"},
            {"name": "Internet", "kind": "internet"}, {"name": "Oslo", "kind": "internal"},
        ],
        "endpoints": [{"name": "PS01", "zone": "DMZ", "addresses": list(addresses)}],
        "firewalls": [
            {"name": "FW1", "format": "asa", "published": {"PS01": seen},
             "zones": zones or {"Internal": "inside", "DMZ": "dmz", "Internet": "outside"}},
        ],
    }  # fmt: skip
    plan = check_plan(document, matrix=MATRIX)
    return find_published(plan, plan.firewalls[0])


def test_the_address_of_the_family_that_is_published_is_translated_whatever_else_there_is():
    found, unclear = find("ps01.example.com", "2001:db8::1", "192.0.2.10")
    assert (found["PS01"].family, found["PS01"].real, found["PS01"].seen) == (4, "192.0.2.10", "203.0.113.10")
    assert found["PS01"].sides == {"outside"}, "further outside than the DMZ"
    assert unclear == ()


@pytest.mark.parametrize(
    "addresses", [(), ("ps01.example.com",), ("2001:db8::1",), ("192.0.2.0/24",), ("192.0.2.1", "192.0.2.2")]
)
def test_without_exactly_one_address_of_that_family_it_is_unclear(addresses):
    assert find(*addresses) == ({}, ("PS01",))


def test_where_nothing_is_further_outside_it_is_seen_from_every_other_side():
    found, _ = find("192.0.2.10", zones={"Internal": "inside", "DMZ": "dmz", "Oslo": "oslo"})
    assert found["PS01"].sides == {"inside", "oslo"}


def test_what_stands_in_no_zone_of_the_firewall_is_none_of_its_business():
    assert find("192.0.2.10", zones={"Internal": "inside", "Internet": "outside"}) == ({}, ())


def publishing(*firewalls):
    zones = [{"name": name, "kind": kind} for name, kind in (
        ("Net", "internet"), ("DMZ", "dmz"), ("Internal", "internal"), ("Beside", "internal"),
    )]  # fmt: skip
    document = {
        "format": 1, "name": "Contoso", "zones": zones,
        "endpoints": [{"name": zone["name"], "zone": zone["name"], "addresses": [f"192.0.2.{number}"]}
                      for number, zone in enumerate(zones, 1)],
        "firewalls": [{"name": f"FW{number}", "format": "asa", "zones": sides, "published": published}
                      for number, (sides, published) in enumerate(firewalls, 1)],
    }  # fmt: skip
    plan = check_plan(document, matrix=MATRIX)
    return Publishing(plan), {end.name: end for end in plan.endpoints}


OUTER = {"Net": "wan", "DMZ": "dmz", "Internal": "dmz"}
INNER = {"Net": "out", "DMZ": "out", "Internal": "in"}


@pytest.mark.parametrize(
    ("firewalls", "source", "seen"),
    [
        ([(OUTER, {"Internal": "203.0.113.1"}), (INNER, {"Internal": "203.0.113.2"})], "Net", "203.0.113.1"),
        ([(INNER, {"Internal": "203.0.113.2"}), (OUTER, {"Internal": "203.0.113.1"})], "Net", "203.0.113.2"),
        ([(OUTER, {"Internal": "203.0.113.1"}), (INNER, {"Internal": "203.0.113.2"})], "DMZ", "203.0.113.2"),
        ([(OUTER, {"DMZ": "203.0.113.1"})], "Net", None),
        ([(OUTER, {"Internal": "203.0.113.1"})], "Beside", None),
        ([({"DMZ": "a", "Internal": "in", "Beside": "b"}, {"Internal": "203.0.113.1"})], "Beside", None),
    ],
    ids=["the first", "the first of the plan", "that it passes", "nobody", "past none", "not from there"],
)
def test_the_first_firewall_on_the_way_that_publishes_decides_how_a_source_sees_an_endpoint(firewalls, source, seen):
    found, ends = publishing(*firewalls)
    published = found.find(ends[source], ends["Internal"])
    assert (published and published.seen) == seen


def test_all_firewalls_that_publish_to_some_of_the_zones_are_listed_in_the_order_of_the_plan():
    found, _ = publishing((OUTER, {"Internal": "203.0.113.1"}), (INNER, {"Internal": "203.0.113.2"}))
    assert [(firewall.name, one.seen) for firewall, one in found.list_seen("Internal", {"Net", "Beside"})] == [
        ("FW1", "203.0.113.1"), ("FW2", "203.0.113.2"),
    ]  # fmt: skip
    assert [firewall.name for firewall, _ in found.list_seen("Internal", {"DMZ"})] == ["FW2"]
    assert not [*found.list_seen("DMZ", {"Net"})]
    assert found.publishes("Internal")
    assert not found.publishes("DMZ")
