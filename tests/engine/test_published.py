"""What a firewall publishes is an address for one address, or said to be unclear."""

import pytest

from planner.engine.published import find_published
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
