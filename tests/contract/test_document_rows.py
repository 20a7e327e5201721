"""Section 2 of the contract: choices and ports of zones and endpoints, networks, exclusions, what must stay closed,
what is expected, and what is left as documented; each fault at its place, all at once."""

import copy

from tests.each import each

from .helpers import changed, faults, report, without
from .test_document import CHOICES, CONFIGURABLE, CORRECTIONS, INFORMATION, SYNTAXES, assert_one_fault

EXCLUSION = {"source": "PS", "destination": "SQL", "protocol": "tcp", "ports": "1433", "reason": "Elsewhere"}
NEVER = {"from": {"zone": "DMZ"}, "to": {"endpoint": "SQL"}, "protocol": "tcp", "ports": "3389", "reason": "Policy"}
BASE = {
    "format": 1,
    "name": "Contoso",
    "product": "passwordstate",
    "zones": [
        {"name": "Internal", "kind": "internal"},
        {
            "name": "DMZ",
            "kind": "dmz",
            "networks": ["192.0.2.0/24", "2001:db8::/32"],
            "choices": {"esxi": "ssh", "active-directory": []},
            "ports": {"website": 8443},
        },
    ],
    "endpoints": [
        {"name": "PS", "zone": "Internal", "roles": ["web-primary"]},
        {
            "name": "SQL",
            "zone": "Internal",
            "roles": ["database"],
            "choices": {"sql-listener": "yes", "teamviewer": "443"},
            "ports": {"database": "1400-1500"},
        },
    ],
    "corrections": ["telnet-port"],
    "as_documented": ["ldap-tcp", "validation-rpc"],
    "exclusions": [
        EXCLUSION,
        {"source": "PS", "destination": "PS", "reason": "Nothing of it"},
        {"source": "SQL", "destination": "PS", "protocol": "icmp", "reason": "No pings"},
    ],
    "never": [
        NEVER,
        {"from": {"endpoint": "PS"}, "to": {"zone": "Internal"}, "reason": "Everything"},
        {"from": {"zone": "DMZ"}, "to": {"zone": "DMZ"}, "protocol": "udp", "reason": "All of UDP"},
        {"from": {"zone": "DMZ"}, "to": {"zone": "DMZ"}, "protocol": "icmp", "reason": "Pings"},
    ],
    "expect": [NEVER | {"allowed": False}],
}
NETWORK = "zones[1].networks[1]"
SIDES = ("from", "to")


@SYNTAXES
def test_the_plan_that_the_faults_below_are_put_into_is_sound(syntax):
    assert faults(BASE, syntax) == []


# --- what is allowed ---------------------------------------------------------------------------------------------


@SYNTAXES
@each("slug", CORRECTIONS)
def test_each_caveat_with_a_correction_may_be_left_as_documented(slug, syntax):
    assert faults(BASE | {"corrections": [], "as_documented": [slug]}, syntax) == []


OPTIONAL = [
    ("product",),
    ("as_documented",),
    ("exclusions",),
    ("never",),
    ("expect",),
    *(("zones", 1, key) for key in ("networks", "choices", "ports")),
    *(("endpoints", 1, key) for key in ("choices", "ports")),
    ("zones", 1, "choices", "esxi"),
    ("zones", 1, "ports", "website"),
    ("endpoints", 1, "choices", "sql-listener"),
    ("endpoints", 1, "ports", "database"),
    ("never", 0, "ports"),
]


@SYNTAXES
@each("path", OPTIONAL)
def test_null_on_an_optional_key_means_absent(path, syntax):
    assert faults(changed(BASE, path, None), syntax) == []
    assert faults(without(BASE, path), syntax) == []
    assert report(changed(BASE, path, None), syntax) == report(without(BASE, path), syntax)


@SYNTAXES
def test_null_for_protocol_and_ports_of_an_exclusion_means_every_flow_of_the_pair(syntax):
    every = {key: EXCLUSION[key] for key in ("source", "destination", "reason")}
    nulls = every | {"protocol": None, "ports": None}
    assert report(BASE | {"exclusions": [nulls]}, syntax) == report(BASE | {"exclusions": [every]}, syntax)


@SYNTAXES
@each("side", SIDES)
def test_null_for_the_other_key_of_a_side_means_absent(side, syntax):
    plan = changed(BASE, ("never", 0, side), {"zone": None, "endpoint": "SQL"})
    assert faults(plan, syntax) == []
    assert report(plan, syntax) == report(changed(BASE, ("never", 0, side), {"endpoint": "SQL"}), syntax)


def test_json_has_its_own_types_for_options_of_zones_and_endpoints_too():
    plan = changed(BASE, ("endpoints", 1, "choices"), {"sql-listener": True, "teamviewer": 443})
    assert report(plan, "json") == report(BASE, "json")
    plan = changed(BASE, ("zones", 1, "choices", "prp-lockout-events"), False)
    assert report(plan, "json") == report(changed(BASE, ("zones", 1, "choices", "prp-lockout-events"), "no"), "json")


@SYNTAXES
def test_a_value_listed_twice_counts_once(syntax):
    twice = changed(BASE, ("as_documented",), ["ldap-tcp", "validation-rpc", "ldap-tcp"])
    twice = changed(twice, ("zones", 1, "networks"), BASE["zones"][1]["networks"] * 2)
    assert report(twice, syntax) == report(BASE, syntax)


@SYNTAXES
def test_a_row_that_is_there_twice_is_there_twice(syntax):
    """A row is no value: findings name rows by their places."""
    assert len(report(BASE | {"never": [NEVER, NEVER]}, syntax)["closed"]) == 2


@SYNTAXES
@each("expected", [("protocol", "ports"), ("ports",), ("reason",)])
def test_an_expectation_may_be_about_everything(expected, syntax):
    row = {key: value for key, value in BASE["expect"][0].items() if key not in expected}
    assert faults(BASE | {"expect": [row]}, syntax) == []


@SYNTAXES
@each("network", ["0.0.0.0/0", "::/0", "10.0.0.1/32", "2001:DB8::/48", "2001:db8::1/128"])
def test_networks_of_a_zone_may_be_of_any_size(network, syntax):
    assert faults(changed(BASE, ("zones", 1, "networks", 1), network), syntax) == []


# --- faults ------------------------------------------------------------------------------------------------------

OWN = {"zones[1]": ("zones", 1), "endpoints[1]": ("endpoints", 1)}
OWN_FAULTS = {
    "an unknown choice": (("choices", "kerberos"), "yes", "choices.kerberos", ["kerberos", *CHOICES]),
    "an unknown option": (("choices", "esxi"), "magic", "choices.esxi", ["magic", "ssh", "powercli"]),
    "an option of another choice": (("choices", "esxi"), "ldap", "choices.esxi", ["ldap", "ssh", "powercli"]),
    "a list for one option": (("choices", "winrm"), ["http"], "choices.winrm", ["both", "http", "https"]),
    "one option for a list": (("choices", "active-directory"), "ldap", "choices.active-directory", ["ldap"]),
    "an unknown directory protocol": (
        ("choices", "active-directory"),
        ["ldap", "ntlm"],
        "choices.active-directory[1]",
        ["ntlm", "ldap", "ldaps", "kerberos"],
    ),
    "choices that are a list": (("choices",), ["esxi"], "choices", []),
    "choices that are a word": (("choices",), "esxi", "choices", ["esxi"]),
    "an unknown service": (("ports", "https"), 443, "ports.https", ["https", *CONFIGURABLE]),
    "a fixed service": (("ports", "ldaps"), 636, "ports.ldaps", ["ldaps", *CONFIGURABLE]),
    "another fixed service": (("ports", "icmp"), 1, "ports.icmp", ["icmp", *CONFIGURABLE]),
    "a port of zero": (("ports", "ssh"), 0, "ports.ssh", ["0", "1", "65535"]),
    "a port too high": (("ports", "ssh"), "65536", "ports.ssh", ["65536", "65535"]),
    "a range that runs backwards": (("ports", "ssh"), "9-1", "ports.ssh", ["9-1"]),
    "no port at all": (("ports", "ssh"), "https", "ports.ssh", ["https"]),
    "ports that are a list": (("ports",), [22], "ports", []),
}


@SYNTAXES
@each("where", OWN)
@each("name", OWN_FAULTS)
def test_choices_and_ports_of_zones_and_endpoints_obey_the_checks_of_the_plans(name, where, syntax):
    path, value, place, words = OWN_FAULTS[name]
    assert_one_fault(changed(BASE, (*OWN[where], *path), value), syntax, f"{where}.{place}", words)
    plans = without(without(BASE, ("zones", 1, "choices")), ("zones", 1, "ports"))
    assert_one_fault(changed(plans | {"choices": {}, "ports": {}}, path, value), syntax, place, words)


@each("where", OWN)
@each(("path", "value"), [(("ports", "ssh"), True), (("ports", "ssh"), 22.0), (("choices", "esxi"), True)])
def test_a_boolean_or_a_fraction_is_no_port_and_no_option(path, value, where):
    plan = changed(BASE, (*OWN[where], *path), value)
    assert [place for place, _ in faults(plan, "json")] == [f"{where}.{'.'.join(path)}"]


BAD_NETWORKS = [
    "10.0.0.1", "2001:db8::1", "net.example.com", "any", "10.0.0.1/24", "2001:db8::1/32", "10.0.0.0/33", "10.0.0.0/",
    "10.0.0.0/255.0.0.0", "host/24", "010.0.0.0/8", " 10.0.0.0/8", "10.0.0.0/-1", "10.0.0.0-10.0.0.9", "",
]  # fmt: skip


@SYNTAXES
@each("network", BAD_NETWORKS)
def test_a_zone_has_networks_and_neither_addresses_nor_names(network, syntax):
    plan = changed(BASE, ("zones", 1, "networks", 1), network)
    assert_one_fault(plan, syntax, NETWORK, [network.strip(), "network"])
    assert "DNS" not in faults(plan, syntax)[0][1]


@SYNTAXES
def test_networks_that_are_no_list_are_a_fault(syntax):
    assert_one_fault(
        changed(BASE, ("zones", 1, "networks"), "10.0.0.0/8"), syntax, "zones[1].networks", ["10.0.0.0/8"]
    )


@each("network", [8, None, True, {}, []])
def test_a_network_in_json_is_text(network):
    assert_one_fault(changed(BASE, ("zones", 1, "networks", 1), network), "json", NETWORK, [])


@SYNTAXES
@each("product", ["Passwordstate", "keepass", "passwordstate-2026-11", ""])
def test_a_product_without_a_matrix_is_told_with_those_that_there_are(product, syntax):
    assert_one_fault(BASE | {"product": product}, syntax, "product", [product, "passwordstate"])


PROTOCOLS = ["tcp", "udp", "icmp"]
FAULTS = {
    "exclusion: ports without a protocol": (
        ("exclusions", 0, "protocol"),
        None,
        ("exclusions[0].protocol", "exclusions[0].ports", "exclusions[0]"),
        ["protocol"],
    ),
    "exclusion: a protocol without ports": (
        ("exclusions", 0, "ports"),
        None,
        ("exclusions[0].ports", "exclusions[0]"),
        ["port"],
    ),
    "exclusion: icmp with ports": (("exclusions", 0, "protocol"), "icmp", "exclusions[0].ports", ["ICMP", "1433"]),
    "exclusion: an unknown protocol": (
        ("exclusions", 0, "protocol"),
        "sctp",
        "exclusions[0].protocol",
        ["sctp", *PROTOCOLS],
    ),
    "exclusion: an unknown protocol alone": (
        ("exclusions", 1, "protocol"),
        "TCP",
        "exclusions[1].protocol",
        ["TCP", *PROTOCOLS],
    ),
    "exclusion: a port too high": (("exclusions", 0, "ports"), "65536", "exclusions[0].ports", ["65536", "65535"]),
    "exclusion: an unknown source": (("exclusions", 0, "source"), "X", "exclusions[0].source", ["X", "PS", "SQL"]),
    "exclusion: a source in another case": (("exclusions", 0, "source"), "ps", "exclusions[0].source", ["ps", "PS"]),
    "exclusion: a zone as a destination": (
        ("exclusions", 0, "destination"),
        "DMZ",
        "exclusions[0].destination",
        ["DMZ", "PS", "SQL"],
    ),
    "exclusion: a reason of nothing": (("exclusions", 0, "reason"), "  ", "exclusions[0].reason", ["reason"]),
    "exclusion: an unknown key": (
        ("exclusions", 0, "port"),
        "53",
        ("exclusions[0].port", "exclusions[0]"),
        ["port", "source", "destination", "protocol", "ports", "reason"],
    ),
    "exclusion: a word": (("exclusions", 0), "PS", "exclusions[0]", ["PS"]),
    "exclusions that are a mapping": (("exclusions",), EXCLUSION, "exclusions", []),
    "never: ports without a protocol": (
        ("never", 0, "protocol"),
        None,
        ("never[0].protocol", "never[0].ports", "never[0]"),
        ["protocol"],
    ),
    "never: icmp with ports": (("never", 0, "protocol"), "icmp", "never[0].ports", ["ICMP", "3389"]),
    "never: an unknown protocol": (("never", 0, "protocol"), "sctp", "never[0].protocol", ["sctp", *PROTOCOLS]),
    "never: no port": (("never", 0, "ports"), "rdp", "never[0].ports", ["rdp"]),
    "never: a reason of nothing": (("never", 0, "reason"), "", "never[0].reason", ["reason"]),
    "never: an unknown key": (
        ("never", 0, "source"),
        "PS",
        ("never[0].source", "never[0]"),
        ["source", "from", "to", "protocol", "ports", "reason"],
    ),
    "never: a word": (("never", 0), "DMZ", "never[0]", ["DMZ"]),
    "nevers that are a mapping": (("never",), NEVER, "never", []),
    "expect: no truth value": (("expect", 0, "allowed"), "perhaps", "expect[0].allowed", ["perhaps", "true", "false"]),
    "expect: ports without a protocol": (
        ("expect", 0, "protocol"),
        None,
        ("expect[0].protocol", "expect[0].ports", "expect[0]"),
        ["protocol"],
    ),
    "expect: icmp with ports": (("expect", 0, "protocol"), "icmp", "expect[0].ports", ["ICMP", "3389"]),
    "expect: an unknown key": (
        ("expect", 0, "note"),
        "x",
        ("expect[0].note", "expect[0]"),
        ["note", "from", "to", "protocol", "ports", "allowed", "reason"],
    ),
    "expectations that are a mapping": (("expect",), BASE["expect"][0], "expect", []),
    "documented: an unknown caveat": (("as_documented", 1), "ldap", "as_documented[1]", ["ldap", *CORRECTIONS]),
    "documented: applied as well": (
        ("as_documented", 1),
        "telnet-port",
        ("as_documented[1]", "corrections[0]"),
        ["telnet-port", "corrections"],
    ),
    "documented: a word": (("as_documented",), "ldap-tcp", "as_documented", ["ldap-tcp"]),
}


@SYNTAXES
@each("name", FAULTS)
def test_a_fault_is_told_at_its_place_with_what_was_found_and_what_is_allowed(name, syntax):
    path, value, places, words = FAULTS[name]
    assert_one_fault(changed(BASE, path, value), syntax, places, words)


SIDE_FAULTS = {
    "both": ({"zone": "DMZ", "endpoint": "SQL"}, "", ["zone", "endpoint"]),
    "neither": ({}, "", ["zone", "endpoint"]),
    "a word": ("DMZ", "", ["DMZ"]),
    "a list": (["DMZ"], "", []),
    "an unknown zone": ({"zone": "SQL"}, ".zone", ["SQL", "Internal", "DMZ"]),
    "a zone in another case": ({"zone": "dmz"}, ".zone", ["dmz", "DMZ"]),
    "an unknown endpoint": ({"endpoint": "DMZ"}, ".endpoint", ["DMZ", "PS", "SQL"]),
    "another key": ({"host": "SQL"}, ".host", ["host", "zone", "endpoint"]),
    "another key as well": ({"endpoint": "SQL", "address": "10.0.0.1"}, ".address", ["address", "zone", "endpoint"]),
    "a name that is a list": ({"zone": ["DMZ"]}, ".zone", []),
}


@SYNTAXES
@each("side", SIDES)
@each("rows", ["never", "expect"])
@each("name", SIDE_FAULTS)
def test_a_side_is_exactly_one_zone_or_endpoint_that_is_there(name, rows, side, syntax):
    value, place, words = SIDE_FAULTS[name]
    at = f"{rows}[0].{side}"
    assert_one_fault(changed(BASE, (rows, 0, side), value), syntax, (at + place, at), words)


@SYNTAXES
@each("side", SIDES)
def test_a_side_with_nothing_but_null_is_neither(side, syntax):
    plan = changed(BASE, ("never", 0, side), {"zone": None, "endpoint": None})
    assert_one_fault(plan, syntax, f"never[0].{side}", ["zone", "endpoint"])


@SYNTAXES
@each("slug", INFORMATION)
def test_a_caveat_for_information_only_can_not_be_left_as_documented(slug, syntax):
    plan = changed(BASE, ("as_documented",), ["ldap-tcp", slug])
    assert_one_fault(plan, syntax, "as_documented[1]", [slug, *CORRECTIONS])


MISSING = [
    *(("exclusions", 0, key) for key in ("source", "destination", "reason")),
    *(("never", 0, key) for key in ("from", "to", "reason")),
    *(("expect", 0, key) for key in ("from", "to", "allowed")),
]


@SYNTAXES
@each("path", MISSING)
def test_what_is_missing_is_told_at_its_place(path, syntax):
    rows, number, key = path
    assert_one_fault(without(BASE, path), syntax, (f"{rows}[{number}].{key}", f"{rows}[{number}]"), [key])


@each("path", MISSING)
def test_null_for_what_is_required_is_a_fault_at_its_place(path):
    rows, number, key = path
    assert_one_fault(changed(BASE, path, None), "json", (f"{rows}[{number}].{key}", f"{rows}[{number}]"), [])


@SYNTAXES
@each("given", [0, -1, 65536, "5-1", "0-10", "1-65536", "https", "443,80", "", "any", "٤٤٣"])
@each("rows", ["exclusions", "never", "expect"])
def test_what_is_no_port_is_a_fault_at_its_place(rows, given, syntax):
    found = faults(changed(BASE, (rows, 0, "ports"), given), syntax)
    assert [where for where, _ in found] == [f"{rows}[0].ports"], found
    assert str(given) in found[0][1]


@SYNTAXES
@each(("given", "shown"), [("03389", "3389"), ("3389-3389", "3389"), (3389, "3389"), ("1-02", "1-2")])
def test_ports_of_what_must_stay_closed_are_normalised(given, shown, syntax):
    data = report(changed(BASE, ("never", 0, "ports"), given), syntax)
    assert data["closed"][0]["ports"] == shown


@SYNTAXES
def test_all_faults_are_reported_at_once_each_at_its_place(syntax):
    plan = copy.deepcopy(BASE)
    plan["product"] = "keepass"
    plan["zones"][1] |= {
        "networks": ["10.0.0.1", "192.0.2.0/24", "net.example", "10.0.0.1/8"],
        "choices": {"esxi": "magic", "unknown": "x", "active-directory": ["ntlm"]},
        "ports": {"ldap": 389, "website": 0},
    }
    plan["endpoints"][1] |= {"choices": {"winrm": "no"}, "ports": {"https": 443, "ssh": "2-1"}}
    plan["corrections"] = ["telnet-port", "not-covered"]
    plan["as_documented"] = ["ha-silent", "telnet-port", "ldap"]
    plan["exclusions"] = [
        {"source": "GONE", "destination": "DMZ", "ports": "1433"},
        {"source": "PS", "destination": "SQL", "protocol": "icmp", "ports": "1", "reason": ""},
        {"source": "PS", "destination": "SQL", "protocol": "tcp", "reason": "x"},
    ]
    plan["never"] = [
        {"from": {}, "to": {"zone": "DMZ", "endpoint": "SQL"}, "reason": "x"},
        {"from": {"zone": "GONE"}, "to": {"host": "SQL"}, "ports": "1"},
        {"from": {"endpoint": "DMZ"}, "protocol": "icmp", "ports": "1", "reason": "x", "to": {"zone": "DMZ"}},
    ]
    plan["expect"] = [{"from": {"zone": "DMZ"}, "to": {"zone": "GONE"}, "protocol": "sctp", "allowed": "maybe"}]
    assert sorted(where for where, _ in faults(plan, syntax)) == sorted(
        [
            "product",
            "zones[1].networks[0]",
            "zones[1].networks[2]",
            "zones[1].networks[3]",
            "zones[1].choices.esxi",
            "zones[1].choices.unknown",
            "zones[1].choices.active-directory[0]",
            "zones[1].ports.ldap",
            "zones[1].ports.website",
            "endpoints[1].choices.winrm",
            "endpoints[1].ports.https",
            "endpoints[1].ports.ssh",
            "corrections[1]",
            "as_documented[0]",
            "as_documented[1]",
            "as_documented[2]",
            "exclusions[0].source",
            "exclusions[0].destination",
            "exclusions[0].ports",
            "exclusions[0].reason",
            "exclusions[1].ports",
            "exclusions[1].reason",
            "exclusions[2].ports",
            "never[0].from",
            "never[0].to",
            "never[1].from.zone",
            "never[1].to.host",
            "never[1].ports",
            "never[1].reason",
            "never[2].from.endpoint",
            "never[2].ports",
            "expect[0].to.zone",
            "expect[0].protocol",
            "expect[0].allowed",
        ]
    )


@SYNTAXES
def test_a_zone_or_an_endpoint_with_a_fault_of_its_own_can_still_be_named(syntax):
    plan = changed(BASE, ("zones", 1, "kind"), "lan")
    plan = changed(plan, ("endpoints", 1, "ports", "ssh"), 0)
    assert sorted(where for where, _ in faults(plan, syntax)) == ["endpoints[1].ports.ssh", "zones[1].kind"]
