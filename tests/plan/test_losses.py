"""What switching a module off would take with it beside its endpoints: said before it happens, or it stays."""

from planner.plan.blueprint import add_module, losses, remove_module
from planner.plan.blueprint.lost import describe_losses
from tests.engine.test_linear import count_steps
from tests.plan.blueprints import BASE, MATRIX, canonical, check

FIREWALL = {
    "name": "FW", "format": "nftables",
    "zones": {"DMZ": "port2", "Internal": "port1"}, "published": {"PRP01": "203.0.113.10"},
}  # fmt: skip
TO_DATABASE = {"to": {"endpoint": "SQL01"}}


def with_portal(**more):
    """A plan with the portal in a DMZ, and more of it."""
    return canonical({**add_module(MATRIX, BASE, "portal", "dmz", "nobody"), **more})


def test_rows_that_name_what_goes_are_listed_whatever_they_say():
    document = with_portal(
        never=[
            {"from": {"zone": "DMZ"}, **TO_DATABASE, "reason": "Policy 12"},
            {"from": {"endpoint": "PRP01"}, **TO_DATABASE, "protocol": "tcp", "ports": "3389", "reason": "Policy 13"},
        ],
        exclusions=[{"source": "PRP01", "destination": "PS01", "reason": "Not here"}],
        expect=[{"from": {"zone": "DMZ"}, "to": {"endpoint": "PRP01"}, "allowed": False}],
        firewalls=[FIREWALL],
    )
    assert losses(MATRIX, document, "portal") == (
        "the firewall “FW”: the published address of PRP01",
        "the exclusion from “PRP01” to “PS01”: Not here",
        "what must stay closed from “PRP01” to “SQL01”, tcp 3389: Policy 13",
        "the expectation from the zone “DMZ” to “PRP01”",
    )
    assert losses(MATRIX, document, "portal", "internal") == (), "it is moved with all that names it"


def test_a_zone_that_a_row_names_or_in_which_something_was_set_stays_empty():
    zones = [{"name": "Internal", "kind": "internal"}, {"name": "DMZ", "kind": "dmz"}]
    named = with_portal(never=[{"from": {"zone": "DMZ"}, **TO_DATABASE, "reason": "Policy 12"}])
    behind = with_portal(firewalls=[{**FIREWALL, "published": {}}])
    filled = with_portal(zones=[zones[0], {**zones[1], "networks": ["192.0.2.0/24"], "ports": {"website": "8443"}}])
    for document in (named, behind, filled):
        after = remove_module(MATRIX, document, "portal")
        assert {**after, "endpoints": []} == {**document, "endpoints": []}
        assert losses(MATRIX, document, "portal") == ()
        assert add_module(MATRIX, after, "portal", "dmz", "nobody") == document
        assert add_module(MATRIX, document, "portal", "internal")["zones"] == document["zones"]
    assert remove_module(MATRIX, with_portal(), "portal")["zones"] == zones[:1]
    about = {"from": {"zone": "DMZ"}, "to": {"endpoint": "PRP01"}, "reason": "Policy 12"}
    assert remove_module(MATRIX, with_portal(never=[about]), "portal")["zones"] == zones[:1], "that goes with it"


def test_a_zone_of_people_that_a_row_names_stays_when_they_go():
    never = [{"from": {"zone": "Internet"}, **TO_DATABASE, "reason": "Policy 12"}]
    document = canonical({**add_module(MATRIX, BASE, "portal", "dmz", "internet"), "never": never})
    without = add_module(MATRIX, document, "portal", "dmz", "nobody")
    assert without["never"] == never
    assert "Internet" not in {endpoint["zone"] for endpoint in without["endpoints"]}


def with_site(zone, **more):
    """A plan with a site whose zone has this as well, and more of it."""
    document = add_module(MATRIX, BASE, "sites", ["Oslo"])
    zones = [{**one, **zone} if one["name"] == "Oslo" else one for one in document["zones"]]
    return canonical({**document, "zones": zones, **more})


def test_a_site_in_which_something_was_set_or_that_a_row_names_stays_empty():
    never = [{"from": {"zone": "Oslo"}, **TO_DATABASE, "reason": "Policy 12"}]
    expect = [{"from": {"zone": "Oslo"}, **TO_DATABASE, "allowed": False}]
    firewalls = [{"name": "FW", "format": "asa", "zones": {"Oslo": "wan", "Internal": "inside"}}]
    for document in (
        with_site({"networks": ["10.7.0.0/16"], "ports": {"ssh": "2222"}, "choices": {"esxi": "ssh"}}),
        with_site({}, never=never, expect=expect),
        with_site({}, firewalls=firewalls),
    ):
        after = remove_module(MATRIX, document, "sites")
        staying = [end for end in document["endpoints"] if end["zone"] != "Oslo"]
        assert after == {**document, "endpoints": staying}
        assert losses(MATRIX, document, "sites") == ("“Oslo agent” as a whole (Remote site agent)",)


def test_a_site_that_only_what_goes_is_about_goes_with_it_and_that_is_listed():
    about = {"from": {"zone": "Oslo"}, "to": {"endpoint": "Oslo agent"}, "reason": "Policy 12"}
    document = with_site({}, never=[about])
    assert [zone["name"] for zone in remove_module(MATRIX, document, "sites")["zones"]] == ["Internal"]
    assert losses(MATRIX, document, "sites") == (
        "the zone “Oslo” with Oslo agent",
        "what must stay closed from the zone “Oslo” to “Oslo agent”: Policy 12",
    )


def test_of_rows_that_say_the_same_as_many_are_lost_as_there_are_fewer():
    row = {"source": "PS01", "destination": "SQL01", "reason": "Twice"}
    twice, once = (check({**BASE, "exclusions": [row] * times}) for times in (2, 1))
    assert list(describe_losses(MATRIX, twice, once)) == ["the exclusion from “PS01” to “SQL01”: Twice"]
    assert list(describe_losses(MATRIX, once, twice)) == []


def test_what_a_switch_loses_of_many_flows_is_found_in_steps_as_they_are():
    """Each was looked for among all that are left, and the longer the farther from its place it was."""

    def steps(number):
        flows = [
            {"source": "PS01", "destination": "SQL01", "protocol": "tcp", "ports": str(port), "reason": "R"}
            for port in range(1, number + 1)
        ]
        before, after = (check({**BASE, "additional_flows": rows}) for rows in (flows, flows[::-1]))
        return count_steps(lambda: list(describe_losses(MATRIX, before, after)))

    assert steps(200) < 2.2 * steps(100)
