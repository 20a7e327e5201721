"""Section 7 about addresses: special ones, one twice, in another zone, outside the networks of their own."""

import pytest

from .helpers import host, make_plan, report, told

SPECIAL = [
    "127.0.0.1", "127.255.0.0/16", "0.0.0.0", "224.0.0.1", "239.255.255.255", "169.254.7.7", "255.255.255.255", "::1",
    "::", "ff02::fb", "fe80::1", "::ffff:10.0.0.1", "::FFFF:a00:1", "0.0.0.0/32",
]  # fmt: skip
PLAIN = ["126.255.255.255", "128.0.0.0", "0.0.0.1", "223.255.255.255", "169.253.0.0/16", "::2", "fec0::1", "any"]


def test_special_addresses_are_one_error_wherever_they_stand():
    names = [f"H{number:02}" for number in range(len(SPECIAL))]
    plan = make_plan(*(host(name, addresses=["10.9.0.1", text]) for name, text in zip(names, SPECIAL, strict=True)))
    assert told(plan, "address-special") == {None: ("error", names)}


@pytest.mark.parametrize("address", [*SPECIAL, *PLAIN])
def test_an_address_is_special_or_is_not(address):
    plan = make_plan(host("H", zone="Internet", group=True, addresses=[address]))
    assert told(plan, "address-special") == ({None: ("error", ["H"])} if address in SPECIAL else {})


ELSEWHERE = [  # addresses in one zone, addresses in another, who is in another zone for certain, who may be
    (["10.7.0.1"], ["10.7.0.1"], {"A", "B"}, {"A", "B"}),
    (["10.7.0.1"], ["10.7.0.1/32"], {"A", "B"}, {"A", "B"}),
    (["10.7.0.1"], ["10.7.0.0/24"], {"A"}, {"A", "B"}),
    (["10.7.0.0/25"], ["10.7.0.0/24"], {"A"}, {"A", "B"}),
    (["2001:db8::1"], ["2001:DB8:0::1"], {"A", "B"}, {"A", "B"}),
    (["fd00::1", "10.1.1.1"], ["fd00::/64"], {"A"}, {"A", "B"}),
    (["ps.example.com"], ["PS.example.com"], {"A", "B"}, {"A", "B"}),
    (["10.7.0.1"], ["10.7.0.2"], set(), set()),
    (["10.7.0.1"], ["0.0.0.0/0"], set(), set()),
    (["0.0.0.0/0"], ["0.0.0.0/0"], set(), set()),
    (["10.7.1.0"], ["10.7.0.0/24"], set(), set()),
    (["::a07:1"], ["10.7.0.0/24"], set(), set()),
]


@pytest.mark.parametrize(("here", "there", "certain", "possible"), ELSEWHERE)
def test_an_address_within_another_zone_is_told_once(here, there, certain, possible):
    def plan(zone):
        return make_plan(host("A", addresses=here), host("B", zone=zone, addresses=there))

    found = told(plan("DMZ"), "address-in-another-zone")
    if certain:
        assert found.keys() == {None}
        assert found[None][0] == "warning"
        assert certain <= set(found[None][1]) <= possible
    else:
        assert found == {}
    assert told(plan("Internal"), "address-in-another-zone") == {}


def test_any_is_in_nobody_elses_zone():
    plan = make_plan(host("WORLD", zone="Internet", group=True, addresses=["any"]), host("A", addresses=["10.0.0.1"]))
    assert told(plan, "address-in-another-zone") == {}


@pytest.mark.parametrize(
    ("networks", "address", "inside"),
    [
        (["10.7.0.0/24"], "10.7.0.1", True),
        (["10.7.0.0/24"], "10.7.0.0/24", True),
        (["10.7.0.0/24"], "10.7.0.0/23", False),
        (["10.7.0.0/24", "10.7.1.0/24"], "10.7.1.9", True),
        (["10.7.0.0/24", "10.7.1.0/24"], "10.7.0.0/23", True),
        (["10.7.0.0/24"], "10.7.1.1", False),
        (["10.7.0.0/24"], "2001:db8::1", False),
        (["2001:db8::/32"], "2001:DB8::1", True),
        (["10.7.0.1/32"], "10.7.0.1", True),
        ([], "10.7.0.1", True),
    ],
)
def test_an_address_is_in_the_networks_of_its_zone_or_is_told(networks, address, inside):
    zones = [{"name": "Internal", "kind": "internal", "networks": networks}]
    plan = make_plan(host("A", addresses=[address]), host("B"), zones=zones)
    assert told(plan, "address-outside-zone") == ({} if inside else {None: ("warning", ["A"])})


@pytest.mark.parametrize(
    ("networks", "address", "said"),
    [
        (["10.8.0.0/16"], "10.8.2.20", "In those of another zone: 10.8.2.20 of A (Data)."),
        (["10.8.0.0/16", "10.8.2.0/24"], "10.8.2.0/24", "In those of another zone: 10.8.2.0/24 of A (Data)."),
        (["10.0.0.0/8"], "10.128.0.0/9", "In those of another zone: 10.128.0.0/9 of A (Data)."),
        (["2001:db8::/32"], "2001:db8::5", "In those of another zone: 2001:db8::5 of A (Data)."),
        (["10.8.0.0/16"], "10.8.0.0/15", ""),
        (["10.8.0.0/16"], "::a08:214", ""),
        (["0.0.0.0/0"], "10.8.2.20", ""),
        (["10.9.0.0/16"], "10.8.2.20", ""),
    ],
)
def test_an_address_in_the_networks_of_another_zone_is_told_with_that_zone(networks, address, said):
    zones = [
        {"name": "Internal", "kind": "internal", "networks": ["10.7.0.0/24"]},
        {"name": "Data", "kind": "internal", "networks": networks},
    ]
    found = report(make_plan(host("A", addresses=[address]), host("B"), zones=zones))["findings"]
    [found] = [one for one in found if one["code"] == "address-outside-zone"]
    assert found["message"].partition("of its zone.")[2].strip() == said
    assert ("an endpoint of its own there" in found["advice"]) is bool(said)


def test_an_address_in_the_networks_of_another_zone_is_told_though_its_own_zone_has_none():
    zones = [
        {"name": "Internal", "kind": "internal"},
        {"name": "DMZ", "kind": "dmz", "networks": ["192.0.2.0/24"]},
    ]
    ends = [
        host("W", "web-primary", addresses=["10.0.0.1"]),
        host("DB", "database", addresses=["192.0.2.20", "db.example.com"]),
        host("WIDE", addresses=["192.0.0.0/16"]),
        host("THERE", zone="DMZ", addresses=["192.0.2.21"]),
    ]
    found = report(make_plan(*ends, zones=zones))["findings"]
    [found] = [one for one in found if one["code"] == "address-outside-zone"]
    assert (found["severity"], found["subject"], found["endpoints"]) == ("warning", None, ["DB"])
    assert found["message"] == (
        "1 endpoint (DB): an address is in none of the networks of its zone. "
        "In those of another zone: 192.0.2.20 of DB (DMZ)."
    )


def test_an_address_on_two_endpoints_is_one_finding_with_all_of_them():
    plan = make_plan(
        host("H1", addresses=["10.7.0.1"]),
        host("H2", addresses=["10.7.0.1/32", "fd00::1"]),
        host("H3", addresses=["FD00:0:0::1"]),
        host("H4", addresses=["10.7.0.2", "10.7.0.2"]),
    )
    assert told(plan, "address-twice") == {None: ("warning", ["H1", "H2", "H3"])}
