"""What each zone of a plan is probably behind on a device: by its name, by addresses and routes, or not at all."""

from planner.engine.existing.guess import guess_sides
from planner.engine.existing.model import Ruleset
from planner.engine.spans import IPV4, Spans
from planner.plan.document import check_plan
from ports.queries import shipped_matrix

MATRIX = shipped_matrix()


def plan(zones, endpoints=()):
    document = {
        "format": 1,
        "name": "Contoso",
        "zones": [{"name": name, "kind": "internal", "networks": networks} for name, networks in zones.items()],
        "endpoints": [
            {"name": f"E{number}", "zone": zone, "addresses": addresses, "roles": []}
            for number, (zone, addresses) in enumerate(endpoints)
        ],
    }
    return check_plan(document, matrix=MATRIX)


def network(second, length=16):
    first = (10 << 24) + (second << 16)
    return Spans(((first, first + (1 << (32 - length)) - 1),))


def ruleset(addresses=None, *more):
    sides = frozenset((*(addresses or {}), *more))
    return Ruleset(format="csv", stages=(), chains={}, sides=sides, addresses=addresses)


def test_a_zone_is_behind_the_side_that_is_called_like_it():
    found = guess_sides(plan({"DMZ": [], "Internal": []}), ruleset(None, "dmz", "lan"))
    assert found == {"DMZ": "dmz"}


def test_else_behind_the_narrowest_network_around_most_of_its_addresses():
    addresses = {"wan": IPV4, "port1": network(0), "port2": network(1)}
    endpoints = [("Data", ["10.1.0.1", "10.1.0.2", "10.0.0.9"]), ("Away", ["192.0.2.1"]), ("Names", ["a.example.com"])]
    asked = plan(
        {"Internal": ["10.0.0.0/24"], "Data": [], "Away": [], "Names": [], "Six": ["2001:db8::/64"]}, endpoints
    )
    assert guess_sides(asked, ruleset(addresses)) == {"Internal": "port1", "Data": "port2", "Away": "wan"}


def test_a_tie_and_an_address_that_is_nowhere_are_no_guess():
    addresses = {"port1": network(0), "port2": network(1)}
    asked = plan({"Both": [], "Nowhere": []}, [("Both", ["10.0.0.1", "10.1.0.1"]), ("Nowhere", ["192.0.2.1"])])
    assert guess_sides(asked, ruleset(addresses)) == {}


def test_a_name_counts_more_than_addresses():
    found = guess_sides(plan({"PORT1": ["10.1.0.0/24"]}), ruleset({"port1": network(0), "port2": network(1)}))
    assert found == {"PORT1": "port1"}


def test_a_network_reaches_from_its_first_address_to_its_last():
    addresses = {"port1": network(0, 24), "port2": network(1, 24)}
    ends = {"First": "10.0.0.0", "Last": "10.0.0.255", "Behind": "10.0.1.0", "Before": "10.0.255.255"}
    asked = plan(dict.fromkeys(ends, ()), [(name, [address]) for name, address in ends.items()])
    assert guess_sides(asked, ruleset(addresses)) == {"First": "port1", "Last": "port1"}
