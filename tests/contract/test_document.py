"""Section 2 of the contract: what a plan document may say, and faults of its values, in JSON and in YAML."""

from tests.contract.documents import (
    BASE,
    CHOICES,
    CONFIGURABLE,
    CORRECTIONS,
    INFORMATION,
    KINDS,
    OPERATIONS,
    PLATFORMS,
    ROLES,
    SESSIONS,
    SYNTAXES,
    assert_one_fault,
)
from tests.each import each

from .helpers import changed, faults, host, lines, make_plan, report, without


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
@each("kind", KINDS)
def test_each_kind_of_zone_is_known(kind, syntax):
    assert faults(make_plan(zones=[{"name": "Z", "kind": kind}]), syntax) == []


@SYNTAXES
@each(
    ("key", "known"), [("roles", ROLES), ("platforms", PLATFORMS), ("operations", OPERATIONS), ("sessions", SESSIONS)]
)
def test_each_slug_is_known(key, known, syntax):
    for slug in known:
        assert faults(make_plan(host("A") | {key: [slug]}), syntax) == [], slug


@SYNTAXES
@each(("choice", "option"), [(choice, option) for choice in CHOICES for option in CHOICES[choice]])
def test_each_option_is_known(choice, option, syntax):
    assert faults(make_plan(choices={choice: option}), syntax) == []


@SYNTAXES
@each("options", [[], ["ldap"], ["kerberos", "ldaps"], ["ldap", "ldaps", "kerberos"], ["ldap", "ldap"]])
def test_each_list_of_directory_protocols_is_known(options, syntax):
    assert faults(make_plan(choices={"active-directory": options}), syntax) == []


@SYNTAXES
@each("slug", CORRECTIONS)
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
    "as_documented", "exclusions", "never", "firewalls", "additional_flows", "expect",
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
@each("name", FAULTS)
def test_a_fault_is_told_at_its_place_with_what_was_found_and_what_is_allowed(name, syntax):
    path, value, places, words = FAULTS[name]
    plan = BASE
    if path in (("zones",), ("endpoints",), ("endpoints", 1), ("endpoints", 1, "name")):
        plan = plan | {"additional_flows": []}  # so that nothing refers to what the fault takes away
    if path == ("zones",):
        plan = plan | {"endpoints": []}
    assert_one_fault(changed(plan, path, value), syntax, places, words)


@SYNTAXES
@each("choice", CHOICES)
def test_an_unknown_option_is_told_with_the_options_that_there_are(choice, syntax):
    plan = changed(BASE, ("choices", choice), "whatever")
    assert_one_fault(plan, syntax, f"choices.{choice}", ["whatever", *CHOICES[choice]])


@SYNTAXES
@each("slug", INFORMATION)
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
@each("name", MISSING)
def test_what_is_missing_is_told_at_its_place(name, syntax):
    path, places = MISSING[name]
    found = faults(without(BASE, path), syntax)
    assert [where for where, message in found if where in places and path[-1] in where + message], found


@each("name", MISSING)
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
@each("path", OPTIONAL)
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
