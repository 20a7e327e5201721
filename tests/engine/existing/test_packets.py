"""Which packets a flow has: its protocol and ports, and its ends by their addresses, or by name."""

from ipaddress import ip_address

from planner.engine.existing.packets import ALIKE, ECHO, Ends, families_of, find_service
from planner.engine.spans import FAMILIES, PORTS, Spans
from planner.plan.document import Endpoint, Plan, Zone

PLAN = Plan(
    name="P",
    zones=(Zone(name="Near", kind="internal", networks=("10.1.0.0/16",)), Zone(name="Far", kind="dmz")),
    endpoints=(
        Endpoint(name="all", zone="Near", addresses=("any",), group=True),
        Endpoint(name="some", zone="Far", addresses=("10.2.0.0/30", "fe80::1", "Host.Example.", "fd00::5")),
        Endpoint(name="none", zone="Far"),
    ),
)


def number(address):
    return int(ip_address(address))


def test_services_of_flows():
    assert find_service("tcp", "443") == (Spans.only(6), Spans.only(443))
    assert find_service("udp", "10-20") == (Spans.only(17), Spans(((10, 20),)))
    assert find_service("tcp", None) == (Spans.only(6), PORTS)
    assert find_service("icmp", None) == (Spans.only(1), ECHO)
    assert Spans.only(0x800) == ECHO
    assert Spans(((0x800, 0x8FF),)) == ALIKE
    assert [families_of(protocol) for protocol in ("icmp", "tcp", "udp")] == [(4,), (4, 6), (4, 6)]


def test_ends_are_their_addresses_and_names_without_what_nobody_forwards():
    everyone, some, none = PLAN.endpoints
    ends = Ends(PLAN)
    [unit] = ends.find(everyone, 4)
    held = {"10.1.2.3": True, "10.2.0.2": False, "10.2.0.4": True, "127.0.0.1": False, "224.0.0.1": False}
    assert {one: number(one) in unit.addresses for one in held} == held
    known, named = ends.find(some, 6)
    assert (known.addresses, known.name, known.whose) == (Spans.only(number("fd00::5")), None, "")
    assert (named.addresses, named.name, named.whose) == (FAMILIES[6], "host.example", "some")
    assert named.doubt == "address of host.example"
    [unknown] = ends.find(none, 4)
    assert (unknown.addresses, unknown.name, unknown.doubt) == (FAMILIES[4], "", "no address in the plan: none")
    seen = Ends(PLAN, {"some": "192.0.2.7"})
    assert seen.find(some, 4)[0].addresses == Spans.only(number("192.0.2.7"))
    assert seen.find(some, 6) == (known, named)
