"""Destinations that an SRX translates before its policies are asked."""

import pytest

from planner.engine.existing.devices.srx_objects import list_zones_with_books
from planner.engine.existing.devices.srx_tree import find, list_ends, read_all, read_tree
from planner.engine.existing.readers.srx import read
from tests.engine.existing.devices.deciding import Packet, decide
from tests.engine.existing.devices.test_srx import configuration, policy

SEEN = {"source": "10.1.0.5", "destination": "203.0.113.10", "enters": "untrust", "leaves": "trust"}
POOL = "set security nat destination pool real address 10.0.0.10/32"
RULE = "set security nat destination rule-set RS"
MATCH = f"{RULE} rule R match"
DESTINATION = [
    POOL, f"{RULE} from zone untrust", f"{MATCH} destination-address 203.0.113.10/32",
    f"{RULE} rule R then destination-nat pool real",
]  # fmt: skip
STATIC = [
    "set security nat static rule-set RS from interface ge-0/0/0.0",
    "set security nat static rule-set RS rule R match destination-address 203.0.113.10/32",
    "set security nat static rule-set RS rule R then static-nat prefix 10.0.0.10/32",
]


def state(*lines, **packet):
    return decide(read(configuration(policy(), policy("all", application="any", pair=ALL), *lines)),
                  Packet(**{**SEEN, **packet}))  # fmt: skip


ALL = "set security policies from-zone lab to-zone trust policy {} {}"


@pytest.mark.parametrize("lines", [DESTINATION, STATIC], ids=["destination", "static"])
def test_a_translation_is_open_at_the_address_that_others_see(lines):
    assert state(*lines)[0] == "open"
    assert state(*lines, enters="ge-0/0/0.0")[0] == "open"
    assert state(*lines, port=80)[0] == "closed"
    assert state(*lines, destination="10.0.0.10")[0] == "unknown"
    assert state(*lines, enters="lab", destination="10.0.0.10")[0] == "open"
    assert state(*lines, f"{RULE} from routing-instance x")[0] == "open"


def test_a_port_may_be_translated():
    port = [*DESTINATION, POOL + " port 443", f"{MATCH} destination-port 8443", f"{MATCH} protocol tcp"]
    assert state(*port, port=8443)[0] == "open"
    assert state(*port, port=443)[0] == "closed"
    both = [*DESTINATION, f"{MATCH} destination-port 443"]
    assert state(*both)[0] == "open"


def test_a_policy_for_a_part_of_the_ports_that_are_sent_on_decides_about_that_part():
    narrow = [f"set applications application narrow {said}" for said in ("protocol tcp", "destination-port 8003")]
    sent = [*DESTINATION, f"{MATCH} destination-port 8000-8009", f"{MATCH} protocol tcp"]
    texts = [
        configuration(*narrow, *several, *sent)
        for several in (
            [policy("no", then="deny", application="narrow"), policy("high", application="high")],
            [policy("yes", application="narrow")],
        )
    ]
    found = [[decide(read(text), Packet(**SEEN, port=port))[0] for port in (8002, 8003, 8004)] for text in texts]
    assert found == [["open", "closed", "open"], ["closed", "open", "closed"]]


def test_a_rule_that_is_off_translates_nothing():
    lines = [*DESTINATION[:3], f"{RULE} rule R then destination-nat off"]
    assert state(*lines, destination="10.0.0.10")[0] == "open"


def test_a_rule_that_translates_to_nothing_is_none():
    lines = [*DESTINATION[:3], f"{RULE} rule R then count"]
    assert state(*lines, destination="10.0.0.10")[0] == "open"


def test_zones_with_a_book_of_their_own_are_named():
    zones = "set security zones security-zone"
    text = f"{zones} A address-book address Web 10.0.0.1/32\n{zones} B interfaces ge-0/0/1.0\n"
    assert list_zones_with_books(read_tree(text)) == ["A"]


@pytest.mark.parametrize(
    "lines",
    [
        [*DESTINATION, f"{MATCH} source-address 198.51.100.0/24"],
        [*DESTINATION, f"{MATCH} application web"],
        [*DESTINATION, f"{MATCH} protocol tcp"],
        [*DESTINATION, f"{MATCH} destination-port 80 to 90"],
        [*DESTINATION, f"{MATCH} destination-port x"],
        [*DESTINATION, POOL + " port 443"],
        [*DESTINATION[1:], "set security nat destination pool real address 10.0.0.10/32 to 10.0.0.20/32 x"],
        DESTINATION[1:],
        [*STATIC, STATIC[2] + " mapped-port 443"],
        [DESTINATION[0], DESTINATION[1], f"{MATCH} destination-address-name gone", DESTINATION[3]],
        [*DESTINATION, f"{MATCH} destination-address 203.0.113.12/32"],
        [*DESTINATION[:2], DESTINATION[3]],
    ],
)
def test_another_translation_is_unknown_where_it_bears_on_an_address(lines):
    assert state(*lines, destination="10.0.0.10")[0] in ("unknown", "open")
    assert state(*lines)[0] != "open"


def test_an_address_may_be_seen_by_its_name():
    named = "set security address-book global address shown 203.0.113.10/32"
    lines = [named, DESTINATION[0], DESTINATION[1], f"{MATCH} destination-address-name shown", DESTINATION[3]]
    assert state(*lines)[0] == "open"


def test_what_is_inactive_is_set_all_the_same_and_what_is_deleted_is_not():
    text = (
        'set security nat x a "b c"\nset security nat x d\nset security nat x e\n'
        "deactivate security nat x a\ndelete security nat x e\n"
    )
    nat = ("security", "nat", "x")
    assert list(list_ends(find(read_tree(text), nat))) == [("d",)]
    assert list(list_ends(find(read_all(text)[0], nat))) == [("a", "b c"), ("d",)]
    assert find(read_tree(text), ("security", "policies", "from-zone")) is None
