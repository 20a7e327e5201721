"""Section 2 of the contract: names, addresses, ports, lists, and all faults at once, in JSON and in YAML."""

import copy

from tests.contract.documents import (
    BASE,
    ROLES,
    SYNTAXES,
    assert_one_fault,
)
from tests.each import each

from .helpers import changed, encode, faults, host, lines, make_plan, report, target, text

NAME_PLACES = {
    "name": ("name",),
    "zones[1].name": ("zones", 1, "name"),
    "endpoints[3].name": ("endpoints", 3, "name"),
}
NAMED_BASE = changed(BASE, ("endpoints", 3), {"name": "FREE", "zone": "Internal"})

GOOD_NAMES = [
    "x",
    "x" * 255,
    "é" * 255,
    "Ein Büro, 2. Stock",
    "名前",
    "a: b # c",
    "'\"[]{}",
    "null",
    "true",
    "-1",
    "=1+1",
    "<b>",
    "a/b\\c",
]
BAD_NAMES = [
    "",
    " ",
    "x" * 256,
    " x",
    "x ",
    "\tx",
    "x\n",
    "\u00a0x",
    "x\u3000",
    "a\nb",
    "a\tb",
    "a\x00b",
    "a\x07b",
    "a\x1bb",
    "a\x7fb",
    "a\x85b",
    "a\x9bb",
]


@SYNTAXES
@each("place", NAME_PLACES)
@each("name", GOOD_NAMES)
def test_a_name_has_1_to_255_characters_of_any_script(place, name, syntax):
    plan = changed(NAMED_BASE, NAME_PLACES[place], name)
    if place == "zones[1].name":
        plan = changed(plan, ("endpoints", 3, "zone"), name)
    assert faults(plan, syntax) == []


@SYNTAXES
@each("place", NAME_PLACES)
@each("name", BAD_NAMES)
def test_a_name_is_not_empty_not_long_and_has_no_control_characters_nor_white_space_at_its_ends(place, name, syntax):
    assert_one_fault(changed(NAMED_BASE, NAME_PLACES[place], name), syntax, place, [])


@each("place", NAME_PLACES)
@each("name", [5, 1.5, True, ["x"], {"x": 1}])
def test_a_name_in_json_is_text(place, name):
    assert_one_fault(changed(NAMED_BASE, NAME_PLACES[place], name), "json", place, [])


DUPLICATES = [
    ("A", "A"),
    ("Alpha", "ALPHA"),
    ("Straße", "STRASSE"),
    ("Caf\u00e9", "Cafe\u0301"),
    ("CAF\u00c9", "cafe\u0301"),
    ("\u03a3", "\u03c2"),
    ("\u212b", "\u00e5"),
]


@SYNTAXES
@each(("first", "second"), DUPLICATES)
def test_a_duplicate_endpoint_is_found_whatever_its_case_and_composition(first, second, syntax):
    plan = make_plan(host(first), host("OTHER"), host(second))
    assert_one_fault(plan, syntax, "endpoints[2].name", [second])


@SYNTAXES
@each(("first", "second"), DUPLICATES)
def test_a_duplicate_zone_is_found_whatever_its_case_and_composition(first, second, syntax):
    plan = make_plan(zones=[{"name": first, "kind": "dmz"}, {"name": second, "kind": "cloud"}])
    assert_one_fault(plan, syntax, "zones[1].name", [second])


@SYNTAXES
@each(("first", "second"), [("A", "B"), ("e", "é"), ("1", "2"), ("A1", "A１")])
def test_different_names_are_no_duplicates(first, second, syntax):
    assert faults(make_plan(host(first), host(second)), syntax) == []


@SYNTAXES
@each(("name", "reference"), [("Site", "SITE"), ("Caf\u00e9", "Cafe\u0301"), ("Site", "Site ")])
def test_references_match_exactly(name, reference, syntax):
    plan = make_plan({"name": "A", "zone": reference}, zones=[{"name": name, "kind": "dmz"}])
    assert {where for where, _ in faults(plan, syntax)} == {"endpoints[0].zone"}


# --- addresses ---------------------------------------------------------------------------------------------------

GOOD_ADDRESSES = [
    "10.0.0.10",
    "255.255.255.255",
    "::1",
    "2001:db8::10",
    "2001:DB8:0:0:0:0:0:10",
    "::ffff:10.0.0.1",
    "10.0.0.0/24",
    "10.0.0.10/32",
    "0.0.0.0/0",
    "2001:db8::/32",
    "::/0",
    "localhost",
    "ps01",
    "PS01.Contoso.COM",
    "my_host.example.com",
    "_sip._tcp.example.com",
    "3com.example.com",
    "10.example",
    "a-b.example",
    "x" * 63 + ".example",
    "1.2.3.4a",
]
BAD_ADDRESSES = [
    "",
    " ",
    "10.0.0.999",
    "10.0.0",
    "1.2.3.4.5",
    "10",
    "host.123",
    "10.0.0.1/24",
    "10.0.0.0/33",
    "10.0.0.0/255.255.255.0",
    "10.0.0.0/0.0.0.255",
    "010.0.0.1",
    "١٠.٠.٠.١",
    "10.0.0.0/-1",
    "2001:db8::1/32",
    "2001:db8::/129",
    "2001:db8:::1",
    "1:2:3:4:5:6:7:8:9",
    "host name",
    "host..example",
    ".example",
    "*.example.com",
    "host/24",
    "host.example.com/24",
    "10.0.0.1:443",
    "[2001:db8::1]",
    "https://example.com",
    "10.0.0.1-10.0.0.9",
    "10.0.0.1,10.0.0.2",
    "user@example.com",
    "$(reboot)",
    " 10.0.0.1",
    "10.0.0.1 ",
    "10.0.0.1\n",
    "host\n",
    "host!",
]


@SYNTAXES
@each("address", GOOD_ADDRESSES)
def test_an_address_is_an_ip_address_a_network_or_a_dns_name(address, syntax):
    assert faults(make_plan(host("A", addresses=[address])), syntax) == []


@SYNTAXES
@each("address", BAD_ADDRESSES)
def test_what_is_no_address_is_a_fault_at_its_place(address, syntax):
    plan = make_plan(host("FIRST"), host("A", addresses=["10.0.0.1", address]))
    assert_one_fault(plan, syntax, "endpoints[1].addresses[1]", [address.strip()])


@each("address", [10, 10.5, True, None, {}, []])
def test_an_address_in_json_is_text(address):
    assert_one_fault(make_plan(host("A", addresses=[address])), "json", "endpoints[0].addresses[0]", [])


def test_networks_and_several_addresses_are_allowed_on_any_endpoint():
    plan = make_plan(
        host("PS", "web-primary", addresses=["10.0.0.0/24", "10.0.1.1", "ps.example.com", "2001:db8::/64"])
    )
    assert faults(plan) == []


@SYNTAXES
def test_any_stands_alone_for_a_group_in_an_internet_zone(syntax):
    assert faults(make_plan(host("A", zone="Internet", group=True, addresses=["any"])), syntax) == []


@SYNTAXES
@each(
    ("zone", "group", "addresses"),
    [
        ("Internet", False, ["any"]),
        ("Internal", True, ["any"]),
        ("DMZ", True, ["any"]),
        ("Cloud", True, ["any"]),
        ("Branch", True, ["any"]),
        ("Internal", False, ["any"]),
        ("Internet", True, ["any", "10.0.0.1"]),
        ("Internet", True, ["any", "host.example"]),
    ],
)
def test_any_anywhere_else_is_a_fault(zone, group, addresses, syntax):
    plan = make_plan(host("A", zone=zone, group=group, addresses=addresses))
    assert_one_fault(plan, syntax, ("endpoints[0].addresses[0]", "endpoints[0].addresses"), ["any"])


@SYNTAXES
def test_any_after_another_address_is_a_fault(syntax):
    plan = make_plan(host("A", zone="Internet", group=True, addresses=["10.0.0.1", "any"]))
    assert_one_fault(plan, syntax, ("endpoints[0].addresses[1]", "endpoints[0].addresses"), ["any"])


@SYNTAXES
def test_any_twice_counts_once_and_stands_alone(syntax):
    assert faults(make_plan(host("A", zone="Internet", group=True, addresses=["any", "any"])), syntax) == []


@SYNTAXES
def test_any_without_a_group_given_is_a_fault(syntax):
    plan = make_plan({"name": "A", "zone": "Internet", "addresses": ["any"]})
    assert_one_fault(plan, syntax, ("endpoints[0].addresses[0]", "endpoints[0].addresses"), ["any"])


# --- lists that list something twice -----------------------------------------------------------------------------


@SYNTAXES
@each("key", ["addresses", "roles", "platforms", "operations", "sessions", "managed_by"])
def test_a_value_listed_twice_counts_once(key, syntax):
    twice = changed(BASE, ("endpoints", 0, key), BASE["endpoints"][0][key] * 2)
    assert report(twice, syntax) == report(BASE, syntax)


@SYNTAXES
def test_a_correction_or_a_directory_protocol_listed_twice_counts_once(syntax):
    twice = changed(BASE, ("corrections",), ["telnet-port", "telnet-port"])
    twice = changed(twice, ("choices", "active-directory"), ["ldaps", "ldaps"])
    assert report(twice, syntax) == report(BASE, syntax)


# --- ports -------------------------------------------------------------------------------------------------------

PORTS_SHOWN = [
    (1, "1"),
    (65535, "65535"),
    ("1", "1"),
    ("65535", "65535"),
    ("0443", "443"),
    ("00000443", "443"),
    ("443-443", "443"),
    ("0443-443", "443"),
    ("1-65535", "1-65535"),
    ("0080-0090", "80-90"),
    ("49152-65535", "49152-65535"),
]
BAD_PORTS = [
    0, -1, 65536, 70000, "0", "65536", "99999999999999999999", "-1", "+443", "443-", "-443", "5-1", "0-10", "1-65536",
    "1-2-3", "https", "443,80", "443/tcp", "4 43", "1_000", "0x1bb", "4.5", "443.0", "1e3", "٤٤٣", "４４３", "²",
    "any", "*",    [443], {"from": 1}, [],
]  # fmt: skip


@SYNTAXES
@each(("given", "shown"), PORTS_SHOWN)
def test_ports_are_shown_without_what_does_not_matter(given, shown, syntax):
    plan = make_plan(
        host("W", "website-user"),
        host("PS", "web-primary"),
        ports={"website": given},
        additional_flows=[
            {"source": "W", "destination": "PS", "protocol": "udp", "ports": given, "reason": "Because"}
        ],
    )
    assert lines(report(plan, syntax)) == [f"W -> PS tcp/{shown} §2", f"W -> PS udp/{shown}"]


@SYNTAXES
@each("given", BAD_PORTS)
@each("place", ["ports.website", "additional_flows[0].ports"])
def test_what_is_no_port_is_a_fault_at_its_place(place, given, syntax):
    path = ("ports", "website") if place == "ports.website" else ("additional_flows", 0, "ports")
    found = faults(changed(BASE, path, given), syntax)
    assert [where for where, _ in found] == [place], found
    if isinstance(given, str | int):
        assert str(given) in found[0][1]


@each("given", [True, False, 443.0, 443.5, 1e300])
@each("place", ["ports.website", "additional_flows[0].ports"])
def test_a_boolean_or_a_fraction_is_no_port(place, given):
    path = ("ports", "website") if place == "ports.website" else ("additional_flows", 0, "ports")
    assert [where for where, _ in faults(changed(BASE, path, given), "json")] == [place]


def test_a_port_that_is_an_empty_text_is_a_fault():
    assert [where for where, _ in faults(changed(BASE, ("ports", "website"), ""), "json")] == ["ports.website"]


# --- all at once -------------------------------------------------------------------------------------------------


@SYNTAXES
def test_all_faults_are_reported_at_once_each_at_its_place(syntax):
    plan = copy.deepcopy(BASE)
    plan["zones"].append({"name": "INTERNAL", "kind": "lan"})
    plan["endpoints"][0]["roles"].append("web-active")
    plan["endpoints"][0]["addresses"].append("10.0.0.999")
    plan["endpoints"][1]["zone"] = "Nowhere"
    plan["endpoints"][1]["roles"] = ["databse"]
    plan["endpoints"][2]["managed_by"] = ["SQL", "NOBODY"]
    plan["endpoints"].append({"name": "ps", "zone": "Internal", "addresses": ["any"], "platforms": ["amiga"]})
    plan["choices"]["esxi"] = "magic"
    plan["choices"]["unknown"] = "x"
    plan["ports"] = {"website": 70000, "ldap": 389}
    plan["corrections"] = ["not-covered", "telnet"]
    plan["additional_flows"] += [
        {"source": "PS", "destination": "GONE", "protocol": "icmp", "ports": "1", "reason": "x"},
        {"source": "PS", "destination": "SQL", "protocol": "tcp", "reason": "x"},
    ]
    found = [where for where, _ in faults(plan, syntax)]
    alike = {
        "endpoints[0].roles[1]": "endpoints[0].roles",
        "choices": "choices.unknown",
        "additional_flows[2]": "additional_flows[2].ports",
        "endpoints[4].addresses": "endpoints[4].addresses[0]",
    }
    assert sorted(alike.get(where, where) for where in found) == sorted(
        [
            "zones[2].name",
            "zones[2].kind",
            "endpoints[0].roles",
            "endpoints[0].addresses[1]",
            "endpoints[1].zone",
            "endpoints[1].roles[0]",
            "endpoints[2].managed_by[0]",
            "endpoints[2].managed_by[1]",
            "endpoints[4].name",
            "endpoints[4].addresses[0]",
            "endpoints[4].platforms[0]",
            "choices.esxi",
            "choices.unknown",
            "ports.website",
            "ports.ldap",
            "corrections[0]",
            "corrections[1]",
            "additional_flows[1].destination",
            "additional_flows[1].ports",
            "additional_flows[2].ports",
        ]
    )


@SYNTAXES
def test_faults_of_many_endpoints_are_all_reported(syntax):
    plan = make_plan(*({"name": f"E{n}", "zone": "Internal", "roles": [f"role{n}"]} for n in range(200)))
    assert [where for where, _ in faults(plan, syntax)] == [f"endpoints[{n}].roles[0]" for n in range(200)]


@SYNTAXES
def test_missing_and_unknown_keys_do_not_hide_other_faults(syntax):
    plan = changed(BASE, ("endpoints", 1), {"nam": "SQL", "zone": "Nowhere", "roles": ["x"]})
    plan = changed(plan, ("additional_flows",), [{"source": "GONE", "protocol": "udp", "ports": "0", "reason": "x"}])
    places = {where for where, _ in faults(plan, syntax)}
    assert {
        "endpoints[1].zone",
        "endpoints[1].roles[0]",
        "additional_flows[0].source",
        "additional_flows[0].ports",
    } <= places


@SYNTAXES
def test_a_fault_of_a_zone_does_not_make_the_references_to_it_faulty(syntax):
    assert_one_fault(changed(BASE, ("zones", 0, "kind"), "lan"), syntax, "zones[0].kind", ["lan"])


@SYNTAXES
def test_a_fault_of_an_endpoint_does_not_make_the_references_to_it_faulty(syntax):
    assert_one_fault(changed(BASE, ("endpoints", 0, "platforms"), ["x"]), syntax, "endpoints[0].platforms[0]", ["x"])


def test_faults_are_the_same_in_json_and_in_yaml():
    plan = changed(BASE, ("endpoints", 1, "zone"), "Nowhere")
    plan = changed(plan, ("zones", 1, "kind"), "lan")
    assert [where for where, _ in faults(plan, "json")] == [where for where, _ in faults(plan, "yaml")]


# --- the engine of a target --------------------------------------------------------------------------------------


@SYNTAXES
@each("role", ["web-primary", "web-passive", "web-active", "remote-site-agent"])
def test_managed_by_may_name_web_servers_and_agents(role, syntax):
    plan = make_plan(host("ENGINE", role), target("T", "windows", managed_by=["ENGINE"]))
    assert faults(plan, syntax) == []


@SYNTAXES
def test_managed_by_may_name_the_endpoint_itself(syntax):
    assert faults(make_plan(host("AGENT", "remote-site-agent", managed_by=["AGENT"])), syntax) == []


@SYNTAXES
def test_managed_by_may_name_a_later_endpoint(syntax):
    assert faults(make_plan(target("T", "windows", managed_by=["PS"]), host("PS", "web-primary")), syntax) == []


@SYNTAXES
@each(
    "role", [role for role in ROLES if role not in ("web-primary", "web-passive", "web-active", "remote-site-agent")]
)
def test_managed_by_may_name_nobody_else(role, syntax):
    plan = make_plan(host("OTHER", role), target("T", managed_by=["OTHER"]))
    assert_one_fault(plan, syntax, "endpoints[1].managed_by[0]", ["OTHER"])


def test_an_endpoint_with_one_web_role_listed_twice_has_one_web_role():
    assert faults(make_plan(host("PS", "web-primary", "web-primary"))) == []


def test_a_mention_in_the_report_is_as_the_document_has_it():
    plan = make_plan(host("Ps-01", "web-primary"), host("sQL", "database", zone="Servers"))
    data = report(encode(plan))
    assert data["rules"][0]["sources"] == ["Ps-01"]
    assert any("sQL" in text(finding) for finding in data["findings"])
