"""Section 2 of the contract: what a plan document may say, and each fault at its place, in JSON and in YAML."""

import copy

import pytest

from .helpers import changed, encode, faults, host, lines, make_plan, report, target, text, without

SYNTAXES = pytest.mark.parametrize("syntax", ["json", "yaml"])

BASE = {
    "format": 1,
    "name": "Contoso",
    "description": "A plan",
    "zones": [
        {"name": "Internal", "kind": "internal"},
        {"name": "Internet", "kind": "internet"},
    ],
    "endpoints": [
        {
            "name": "PS",
            "zone": "Internal",
            "addresses": ["10.0.0.10"],
            "group": False,
            "roles": ["web-primary"],
            "platforms": ["windows"],
            "operations": ["reset"],
            "sessions": ["rdp"],
            "managed_by": ["PS"],
        },
        {"name": "SQL", "zone": "Internal", "roles": ["database"]},
        {"name": "T", "zone": "Internal", "platforms": ["vmware-esxi"], "operations": ["reset"], "managed_by": ["PS"]},
        {"name": "WORLD", "zone": "Internet", "group": True, "addresses": ["any"], "roles": ["website-user"]},
    ],
    "choices": {"esxi": "ssh", "active-directory": ["ldaps"]},
    "ports": {"website": 8443},
    "corrections": ["telnet-port"],
    "additional_flows": [{"source": "PS", "destination": "SQL", "protocol": "udp", "ports": "53", "reason": "Names"}],
}

KINDS = ["internal", "dmz", "internet", "cloud", "remote-site"]
ROLES = [
    "web-primary", "web-passive", "web-active", "database", "domain-controller", "app-server", "self-destruct-site",
    "mail-server", "browser-gateway", "password-reset-portal", "remote-site-agent", "website-user", "extension-user",
    "mobile-user", "message-reader", "launcher-user", "browser-session-user", "portal-user",
]  # fmt: skip
PLATFORMS = [
    "active-directory", "cisco-ios", "dell-idrac", "f5-big-ip", "fortigate", "hp-h3c", "hp-ilo", "hp-procurve",
    "ibm-imm", "juniper-junos", "juniper-screenos", "linux-mac", "mariadb", "microsoft-sql", "mysql", "oracle",
    "palo-alto", "postgresql", "sonicwall", "vmware-esxi", "windows",
]  # fmt: skip
OPERATIONS = ["discovery", "reset", "validation", "host-heartbeat"]
SESSIONS = ["rdp", "ssh", "telnet", "vnc", "microsoft-sql", "teamviewer"]
CHOICES = {
    "self-destruct": ["embedded", "app-server", "push-pull", "none"],
    "prp-domain-protocol": ["kerberos", "ldaps"],
    "prp-lockout-events": ["yes", "no"],
    "sql-listener": ["no", "yes"],
    "winrm": ["both", "http", "https"],
    "directory-port": ["ldap", "ldaps"],
    "esxi": ["ssh", "powercli"],
    "windows-validation": ["rpc", "smb"],
    "teamviewer": ["5938", "80", "443"],
}
CONFIGURABLE = [
    "website", "database", "sql-listener", "self-destruct-site", "password-reset-portal", "smtp", "browser-gateway",
    "app-server", "rdp", "ssh", "telnet", "vnc", "mssql", "mysql", "oracle", "postgresql", "rpc-dynamic",
]  # fmt: skip
CORRECTIONS = [
    "telnet-port", "ldap-tcp", "wmi-dynamic-rpc", "sql-listener-web", "app-server-inbound", "gateway-assumed",
    "validation-rpc", "reset-kpasswd",
]  # fmt: skip
INFORMATION = [
    "sql-listener-transport", "ha-silent", "section-numbers", "protocol-assumed", "portal-domain-source",
    "rpc-range-assumed", "engine-assumed", "app-server-roles", "heartbeat-fallback", "teamviewer-destination",
    "not-covered",
]  # fmt: skip


def assert_one_fault(plan, syntax, places, words):
    """Exactly one fault, at one of these places, with each of the words (an unknown key may stand in the place)."""
    found = faults(plan, syntax)
    places = places if isinstance(places, tuple) else (places,)
    assert len(found) == 1, found
    where, message = found[0]
    assert where in places, found
    for word in words:
        assert word in f"{where} {message}", (word, message)


# --- sound documents ---------------------------------------------------------------------------------------------


@SYNTAXES
def test_the_plan_that_the_faults_below_are_put_into_is_sound(syntax):
    assert faults(BASE, syntax) == []


EXAMPLE = """\
format: 1
name: Contoso
description: optional
product: passwordstate                   # optional: which product's matrix; without it the service's default product
zones:
  - {name: Internal, kind: internal}      # kind: internal | dmz | internet | cloud | remote-site
  - name: DMZ
    kind: dmz
    networks: [192.0.2.0/24]              # optional: what belongs to the zone; networks only
    choices: {}                           # optional, as an endpoint's
    ports: {}
endpoints:
  - name: PS01                             # unique in the plan
    zone: Internal
    addresses: [10.0.0.10]
    group: false
    roles: [web-primary, browser-gateway]
    platforms: [windows]
    operations: [discovery, reset, validation, host-heartbeat]
    sessions: [rdp]
    managed_by: []
    choices: {directory-port: ldaps}       # this endpoint's own, as a destination
    ports: {mysql: 3307}                   # likewise
  - {name: DC01, zone: Internal}
  - {name: SQL01, zone: DMZ}
  - {name: SQL02, zone: Internal, roles: [database]}
choices: {self-destruct: push-pull, directory-port: ldaps}
ports: {website: 8443}
corrections: [telnet-port]               # caveats whose correction is applied
as_documented: [ldap-tcp]                # caveats with a correction that is deliberately not applied
exclusions:                              # flows that the document asks for and this deployment does not need
  - {source: PS01, destination: SQL02, protocol: tcp, ports: "1433", reason: Each node has its own database}
never:                                   # what must stay closed whatever the document asks
  - {from: {zone: DMZ}, to: {endpoint: SQL01}, protocol: tcp, ports: "3389", reason: Policy 12}
additional_flows:
  - {source: PS01, destination: DC01, protocol: udp, ports: "53", reason: Name resolution}
"""


def test_the_example_of_the_contract_is_read():
    data = report(EXAMPLE, "yaml")
    assert data["plan"] == "Contoso"
    assert "PS01 -> DC01 udp/53" in lines(data)
    assert [row["reason"] for row in data["excluded"]] == ["Each node has its own database"]
    assert [row["reason"] for row in data["closed"]] == ["Policy 12"]


@SYNTAXES
def test_format_name_zones_and_endpoints_are_enough(syntax):
    assert faults({key: BASE[key] for key in ("format", "name", "zones")} | {"endpoints": []}, syntax) == []


@SYNTAXES
def test_an_endpoint_needs_a_name_and_a_zone_and_nothing_else(syntax):
    assert faults(BASE | {"endpoints": [{"name": "A", "zone": "Internal"}], "additional_flows": []}, syntax) == []


@SYNTAXES
@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_of_zone_is_known(kind, syntax):
    assert faults(make_plan(zones=[{"name": "Z", "kind": kind}]), syntax) == []


@SYNTAXES
@pytest.mark.parametrize(
    ("key", "known"), [("roles", ROLES), ("platforms", PLATFORMS), ("operations", OPERATIONS), ("sessions", SESSIONS)]
)
def test_each_slug_is_known(key, known, syntax):
    for slug in known:
        assert faults(make_plan(host("A") | {key: [slug]}), syntax) == [], slug


@SYNTAXES
@pytest.mark.parametrize(("choice", "option"), [(choice, option) for choice in CHOICES for option in CHOICES[choice]])
def test_each_option_is_known(choice, option, syntax):
    assert faults(make_plan(choices={choice: option}), syntax) == []


@SYNTAXES
@pytest.mark.parametrize(
    "options", [[], ["ldap"], ["kerberos", "ldaps"], ["ldap", "ldaps", "kerberos"], ["ldap", "ldap"]]
)
def test_each_list_of_directory_protocols_is_known(options, syntax):
    assert faults(make_plan(choices={"active-directory": options}), syntax) == []


@SYNTAXES
@pytest.mark.parametrize("slug", CORRECTIONS)
def test_each_correction_is_known(slug, syntax):
    assert faults(make_plan(corrections=[slug]), syntax) == []


@SYNTAXES
def test_zones_and_endpoints_have_separate_namespaces(syntax):
    assert faults(make_plan({"name": "Internal", "zone": "Internal"}), syntax) == []


@SYNTAXES
def test_a_source_may_be_its_own_destination(syntax):
    assert faults(changed(BASE, ("additional_flows", 0, "destination"), "PS"), syntax) == []


@SYNTAXES
def test_a_description_may_have_several_lines(syntax):
    assert faults(BASE | {"description": "One\n\nTwo\n"}, syntax) == []


# --- faults of a value -------------------------------------------------------------------------------------------

ENDPOINT_KEYS = [
    "name", "zone", "addresses", "group", "roles", "platforms", "operations", "sessions", "managed_by", "choices",
    "ports",
]  # fmt: skip
ZONE_KEYS = ["name", "kind", "networks", "choices", "ports"]
PLAN_KEYS = [
    "format", "name", "description", "product", "zones", "endpoints", "choices", "ports", "corrections",
    "as_documented", "exclusions", "never", "additional_flows", "expect",
]  # fmt: skip

FAULTS = {
    "another format": (("format",), 2, "format", ["2", "1"]),
    "format zero": (("format",), 0, "format", ["0", "1"]),
    "format as a word": (("format",), "one", "format", ["one", "1"]),
    "an unknown kind": (("zones", 0, "kind"), "lan", "zones[0].kind", ["lan", *KINDS]),
    "a kind in capitals": (("zones", 0, "kind"), "Internal", "zones[0].kind", ["Internal", *KINDS]),
    "an unknown zone": (("endpoints", 1, "zone"), "Cloud", "endpoints[1].zone", ["Cloud", "Internal", "Internet"]),
    "a zone in another case": (("endpoints", 1, "zone"), "internal", "endpoints[1].zone", ["internal", "Internet"]),
    "an unknown role": (("endpoints", 1, "roles", 0), "web", "endpoints[1].roles[0]", ["web", *ROLES]),
    "an unknown platform": (
        ("endpoints", 2, "platforms", 0),
        "solaris",
        "endpoints[2].platforms[0]",
        ["solaris", *PLATFORMS],
    ),
    "an unknown operation": (
        ("endpoints", 2, "operations", 0),
        "audit",
        "endpoints[2].operations[0]",
        ["audit", *OPERATIONS],
    ),
    "an unknown session": (("endpoints", 0, "sessions", 0), "x11", "endpoints[0].sessions[0]", ["x11", *SESSIONS]),
    "an unknown engine": (("endpoints", 2, "managed_by", 0), "NOBODY", "endpoints[2].managed_by[0]", ["NOBODY"]),
    "an engine in another case": (("endpoints", 2, "managed_by", 0), "ps", "endpoints[2].managed_by[0]", ["ps", "PS"]),
    "an engine that is no engine": (
        ("endpoints", 2, "managed_by", 0),
        "SQL",
        "endpoints[2].managed_by[0]",
        ["SQL", "web", "agent"],
    ),
    "an engine that is no engine without operations": (
        ("endpoints", 1, "managed_by"),
        ["T"],
        "endpoints[1].managed_by[0]",
        ["T", "web", "agent"],
    ),
    "its own engine that is no engine": (
        ("endpoints", 1, "managed_by"),
        ["SQL"],
        "endpoints[1].managed_by[0]",
        ["SQL"],
    ),
    "a fault in the second of a list": (
        ("endpoints", 1, "roles"),
        ["database", "webb"],
        "endpoints[1].roles[1]",
        ["webb"],
    ),
    "two web roles": (
        ("endpoints", 0, "roles"),
        ["web-primary", "web-passive"],
        ("endpoints[0].roles", "endpoints[0].roles[1]"),
        ["web-primary", "web-passive"],
    ),
    "two web roles apart": (
        ("endpoints", 0, "roles"),
        ["web-active", "database", "web-primary"],
        ("endpoints[0].roles", "endpoints[0].roles[2]"),
        ["web-active", "web-primary"],
    ),
    "an unknown choice": (
        ("choices", "kerberos"),
        "yes",
        ("choices.kerberos", "choices"),
        ["kerberos", *CHOICES, "active-directory"],
    ),
    "a list for one option": (("choices", "esxi"), ["ssh"], ("choices.esxi", "choices.esxi[0]"), ["ssh", "powercli"]),
    "one option for a list": (("choices", "active-directory"), "ldap", "choices.active-directory", ["ldap"]),
    "an unknown directory protocol": (
        ("choices", "active-directory"),
        ["ldap", "ntlm"],
        ("choices.active-directory[1]", "choices.active-directory"),
        ["ntlm", "ldap", "ldaps", "kerberos"],
    ),
    "an unknown service": (("ports", "https"), 443, ("ports.https", "ports"), ["https", *CONFIGURABLE]),
    "an unknown correction": (("corrections", 0), "telnet", "corrections[0]", ["telnet", *CORRECTIONS]),
    "an unknown source": (("additional_flows", 0, "source"), "X", "additional_flows[0].source", ["X"]),
    "an unknown destination": (
        ("additional_flows", 0, "destination"),
        "sql",
        "additional_flows[0].destination",
        ["sql"],
    ),
    "a zone as a destination": (
        ("additional_flows", 0, "destination"),
        "Internal",
        "additional_flows[0].destination",
        ["Internal"],
    ),
    "an unknown protocol": (
        ("additional_flows", 0, "protocol"),
        "sctp",
        "additional_flows[0].protocol",
        ["sctp", "tcp", "udp", "icmp"],
    ),
    "a protocol in capitals": (
        ("additional_flows", 0, "protocol"),
        "UDP",
        "additional_flows[0].protocol",
        ["UDP", "tcp", "udp"],
    ),
    "ports with icmp": (("additional_flows", 0, "protocol"), "icmp", "additional_flows[0].ports", ["ICMP", "53"]),
    "a port of zero": (("additional_flows", 0, "ports"), "0", "additional_flows[0].ports", ["0", "1", "65535"]),
    "a port too high": (("additional_flows", 0, "ports"), 65536, "additional_flows[0].ports", ["65536", "65535"]),
    "a group that is no truth value": (
        ("endpoints", 0, "group"),
        "perhaps",
        "endpoints[0].group",
        ["perhaps", "true", "false"],
    ),
    "a group that is a number": (("endpoints", 0, "group"), 1, "endpoints[0].group", ["1", "true", "false"]),
    "no zone at all": (("zones",), [], "zones", []),
    "zones that are no list": (("zones",), "Internal", "zones", []),
    "endpoints that are no list": (("endpoints",), {"name": "PS"}, "endpoints", []),
    "an endpoint that is a name": (("endpoints", 1), "SQL", "endpoints[1]", []),
    "roles that are no list": (("endpoints", 1, "roles"), "database", "endpoints[1].roles", ["database"]),
    "addresses that are no list": (
        ("endpoints", 1, "addresses"),
        "10.0.0.11",
        "endpoints[1].addresses",
        ["10.0.0.11"],
    ),
    "choices that are a list": (("choices",), ["esxi"], "choices", []),
    "ports that are a list": (("ports",), [443], "ports", []),
    "corrections that are a word": (("corrections",), "telnet-port", "corrections", ["telnet-port"]),
    "additional flows that are a mapping": (("additional_flows",), {"source": "PS"}, "additional_flows", []),
    "a name that is a list": (("endpoints", 1, "name"), ["SQL"], "endpoints[1].name", []),
    "a list in a list of roles": (("endpoints", 1, "roles", 0), ["database"], "endpoints[1].roles[0]", []),
    "nothing in a list of roles": (("endpoints", 1, "roles"), [None], "endpoints[1].roles[0]", []),
    "an unknown key of the plan": (("colour",), "red", ("colour", ""), ["colour", *PLAN_KEYS]),
    "an unknown key of a zone": (
        ("zones", 1, "colour"),
        "red",
        ("zones[1].colour", "zones[1]"),
        ["colour", *ZONE_KEYS],
    ),
    "an unknown key of an endpoint": (
        ("endpoints", 1, "role"),
        "database",
        ("endpoints[1].role", "endpoints[1]"),
        ["role", *ENDPOINT_KEYS],
    ),
    "an unknown key of an additional flow": (
        ("additional_flows", 0, "port"),
        "53",
        ("additional_flows[0].port", "additional_flows[0]"),
        ["port", "source", "destination", "protocol", "ports", "reason"],
    ),
}


@SYNTAXES
@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_told_at_its_place_with_what_was_found_and_what_is_allowed(name, syntax):
    path, value, places, words = FAULTS[name]
    plan = BASE
    if path in (("zones",), ("endpoints",), ("endpoints", 1), ("endpoints", 1, "name")):
        plan = plan | {"additional_flows": []}  # so that nothing refers to what the fault takes away
    if path == ("zones",):
        plan = plan | {"endpoints": []}
    assert_one_fault(changed(plan, path, value), syntax, places, words)


@SYNTAXES
@pytest.mark.parametrize("choice", CHOICES)
def test_an_unknown_option_is_told_with_the_options_that_there_are(choice, syntax):
    plan = changed(BASE, ("choices", choice), "whatever")
    assert_one_fault(plan, syntax, f"choices.{choice}", ["whatever", *CHOICES[choice]])


@SYNTAXES
@pytest.mark.parametrize("slug", INFORMATION)
def test_a_caveat_for_information_only_can_not_be_applied(slug, syntax):
    plan = changed(BASE, ("corrections",), ["ldap-tcp", slug])
    assert_one_fault(plan, syntax, "corrections[1]", [slug])


MISSING = {
    "format": (("format",), ("format", "")),
    "the plan's name": (("name",), ("name", "")),
    "zones": (("zones",), ("zones", "")),
    "endpoints": (("endpoints",), ("endpoints", "")),
    "a zone's kind": (("zones", 1, "kind"), ("zones[1].kind", "zones[1]")),
    "a zone's name": (("zones", 1, "name"), ("zones[1].name", "zones[1]")),
    "an endpoint's name": (("endpoints", 3, "name"), ("endpoints[3].name", "endpoints[3]")),
    "an endpoint's zone": (("endpoints", 2, "zone"), ("endpoints[2].zone", "endpoints[2]")),
    "a flow's source": (("additional_flows", 0, "source"), ("additional_flows[0].source", "additional_flows[0]")),
    "a flow's destination": (
        ("additional_flows", 0, "destination"),
        ("additional_flows[0].destination", "additional_flows[0]"),
    ),
    "a flow's protocol": (
        ("additional_flows", 0, "protocol"),
        ("additional_flows[0].protocol", "additional_flows[0]"),
    ),
    "a flow's ports": (("additional_flows", 0, "ports"), ("additional_flows[0].ports", "additional_flows[0]")),
    "a flow's reason": (("additional_flows", 0, "reason"), ("additional_flows[0].reason", "additional_flows[0]")),
}


@SYNTAXES
@pytest.mark.parametrize("name", MISSING)
def test_what_is_missing_is_told_at_its_place(name, syntax):
    path, places = MISSING[name]
    found = faults(without(BASE, path), syntax)
    assert [where for where, message in found if where in places and path[-1] in where + message], found


@pytest.mark.parametrize("name", MISSING)
def test_null_for_what_is_required_is_a_fault_at_its_place(name):
    path, places = MISSING[name]
    found = faults(changed(BASE, path, None), "json")
    assert [where for where, _ in found if where in places], found


OPTIONAL = [
    ("description",),
    ("choices",),
    ("ports",),
    ("corrections",),
    ("additional_flows",),
    ("choices", "esxi"),
    ("choices", "active-directory"),
    ("ports", "website"),
    *(
        ("endpoints", 0, key)
        for key in ("addresses", "group", "roles", "platforms", "operations", "sessions", "managed_by")
    ),
]


@SYNTAXES
@pytest.mark.parametrize("path", OPTIONAL, ids=lambda path: ".".join(map(str, path)))
def test_null_on_an_optional_key_means_absent(path, syntax):
    # Without the role of PS, nothing may name it as an engine.
    plan = changed(changed(BASE, ("endpoints", 2, "managed_by"), []), ("endpoints", 0, "managed_by"), [])
    assert faults(changed(plan, path, None), syntax) == []
    assert report(changed(plan, path, None), syntax) == report(without(plan, path), syntax)


@SYNTAXES
def test_null_for_the_ports_of_an_icmp_flow_means_absent(syntax):
    plan = changed(BASE, ("additional_flows", 0, "protocol"), "icmp")
    plan = changed(plan, ("additional_flows", 0, "ports"), None)
    assert faults(plan, syntax) == []
    assert faults(without(plan, ("additional_flows", 0, "ports")), syntax) == []


# --- names -------------------------------------------------------------------------------------------------------

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
@pytest.mark.parametrize("place", NAME_PLACES)
@pytest.mark.parametrize("name", GOOD_NAMES)
def test_a_name_has_1_to_255_characters_of_any_script(place, name, syntax):
    plan = changed(NAMED_BASE, NAME_PLACES[place], name)
    if place == "zones[1].name":
        plan = changed(plan, ("endpoints", 3, "zone"), name)
    assert faults(plan, syntax) == []


@SYNTAXES
@pytest.mark.parametrize("place", NAME_PLACES)
@pytest.mark.parametrize("name", BAD_NAMES, ids=repr)
def test_a_name_is_not_empty_not_long_and_has_no_control_characters_nor_white_space_at_its_ends(place, name, syntax):
    assert_one_fault(changed(NAMED_BASE, NAME_PLACES[place], name), syntax, place, [])


@pytest.mark.parametrize("place", NAME_PLACES)
@pytest.mark.parametrize("name", [5, 1.5, True, ["x"], {"x": 1}])
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
@pytest.mark.parametrize(("first", "second"), DUPLICATES)
def test_a_duplicate_endpoint_is_found_whatever_its_case_and_composition(first, second, syntax):
    plan = make_plan(host(first), host("OTHER"), host(second))
    assert_one_fault(plan, syntax, "endpoints[2].name", [second])


@SYNTAXES
@pytest.mark.parametrize(("first", "second"), DUPLICATES)
def test_a_duplicate_zone_is_found_whatever_its_case_and_composition(first, second, syntax):
    plan = make_plan(zones=[{"name": first, "kind": "dmz"}, {"name": second, "kind": "cloud"}])
    assert_one_fault(plan, syntax, "zones[1].name", [second])


@SYNTAXES
@pytest.mark.parametrize(("first", "second"), [("A", "B"), ("e", "é"), ("1", "2"), ("A1", "A１")])
def test_different_names_are_no_duplicates(first, second, syntax):
    assert faults(make_plan(host(first), host(second)), syntax) == []


@SYNTAXES
@pytest.mark.parametrize(("name", "reference"), [("Site", "SITE"), ("Caf\u00e9", "Cafe\u0301"), ("Site", "Site ")])
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
@pytest.mark.parametrize("address", GOOD_ADDRESSES)
def test_an_address_is_an_ip_address_a_network_or_a_dns_name(address, syntax):
    assert faults(make_plan(host("A", addresses=[address])), syntax) == []


@SYNTAXES
@pytest.mark.parametrize("address", BAD_ADDRESSES, ids=repr)
def test_what_is_no_address_is_a_fault_at_its_place(address, syntax):
    plan = make_plan(host("FIRST"), host("A", addresses=["10.0.0.1", address]))
    assert_one_fault(plan, syntax, "endpoints[1].addresses[1]", [address.strip()])


@pytest.mark.parametrize("address", [10, 10.5, True, None, {}, []])
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
@pytest.mark.parametrize(
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
@pytest.mark.parametrize("key", ["addresses", "roles", "platforms", "operations", "sessions", "managed_by"])
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
@pytest.mark.parametrize(("given", "shown"), PORTS_SHOWN)
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
@pytest.mark.parametrize("given", BAD_PORTS, ids=repr)
@pytest.mark.parametrize("place", ["ports.website", "additional_flows[0].ports"])
def test_what_is_no_port_is_a_fault_at_its_place(place, given, syntax):
    path = ("ports", "website") if place == "ports.website" else ("additional_flows", 0, "ports")
    found = faults(changed(BASE, path, given), syntax)
    assert [where for where, _ in found] == [place], found
    if isinstance(given, str | int):
        assert str(given) in found[0][1]


@pytest.mark.parametrize("given", [True, False, 443.0, 443.5, 1e300])
@pytest.mark.parametrize("place", ["ports.website", "additional_flows[0].ports"])
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
@pytest.mark.parametrize("role", ["web-primary", "web-passive", "web-active", "remote-site-agent"])
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
@pytest.mark.parametrize(
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
