"""Windows Firewall of a host, as our script writes it: numbers or words, lists or one value, filters in mappings."""

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planner.engine.existing.model import Unreadable
from planner.engine.existing.readers import READERS
from planner.engine.existing.readers.windows import read
from tests.each import each
from tests.engine.existing.packets import Packet, decide
from tests.made import made
from tests.report.firewall.reading_powershell import parse
from tests.strategies import often

WEB = Packet("10.0.0.1", "10.1.0.1", "tcp", 443)
FILTERS = {
    "Protocol": "TCP", "LocalPort": "443", "RemotePort": "Any", "IcmpType": "Any", "LocalAddress": "Any",
    "RemoteAddress": "10.0.0.0/255.255.255.0", "Program": "Any", "Service": "Any", "Package": None,
    "InterfaceAlias": "Any", "InterfaceType": 0, "Authentication": 0, "Encryption": 0, "OverrideBlockRules": False,
    "LocalUser": "Any", "RemoteUser": "Any", "RemoteMachine": "Any", "DynamicTarget": 0,
}  # fmt: skip


def rule(name="Vault", *, action=2, direction=1, enabled=1, profile=0, **filters):
    return {
        "Name": name, "DisplayName": name, "Enabled": enabled, "Direction": direction, "Action": action,
        "Profile": profile, "Owner": None, "Platform": [], "Filters": [{**FILTERS, **filters}],
    }  # fmt: skip


def of(*rules, **head):
    return read(json.dumps({"rules": rules, **head}))


def test_a_rule_admits_what_its_filters_say_and_nothing_else():
    ruleset = of(rule())
    assert decide(ruleset, WEB) == "accept"
    assert decide(ruleset, Packet("10.0.1.1", "10.1.0.1", "tcp", 443)) == "drop"
    assert decide(ruleset, Packet("10.0.0.1", "10.1.0.1", "tcp", 80)) == "drop"
    assert decide(ruleset, Packet("10.0.0.1", "10.1.0.1", "udp", 443)) == "drop"
    (stage,) = ruleset.stages
    assert stage.default_name == "default inbound action Block"
    assert [entry.name for entry in stage.entries] == ['rule "Vault"']


def test_words_stand_for_numbers_and_filters_may_stand_in_the_rule_or_in_mappings_of_it():
    flat = {**rule(), **FILTERS, "Enabled": "True", "Direction": "Inbound", "Action": "Allow", "Profile": "Any"}
    del flat["Filters"]
    half = {"Protocol": "TCP", "LocalPort": ["443"], "RemotePort": "Any", "IcmpType": "Any"}
    rest = {key: value for key, value in FILTERS.items() if key not in half}
    nested = {**rule(), "Filters": None, "PortFilter": half, "OtherFilters": {"value": [rest], "Count": 1}}
    for written in (flat, nested, {**flat, "Enabled": True}, {key.upper(): value for key, value in flat.items()}):
        for text in (json.dumps([written]), json.dumps({"rules": [written]}), json.dumps(written)):
            assert decide(read(text), WEB) == "accept"
            assert decide(read(text), Packet("10.0.0.1", "10.1.0.1", "tcp", 80)) == "drop"


def test_rules_that_block_win_whatever_their_order():
    assert decide(of(rule(), rule("No", action=4, RemoteAddress="10.0.0.1")), WEB) == "drop"
    assert decide(of(rule("No", action="Block", RemoteAddress="10.0.0.9"), rule()), WEB) == "accept"


def test_what_is_disabled_or_goes_out_is_no_entry():
    assert decide(of(rule(enabled=2), rule(direction=2), rule(enabled="False"), rule(action=0)), WEB) == "drop"


@each(
    ("filters", "named"),
    [
        ({"Program": "C:\\vault.exe"}, "program C:\\vault.exe"),
        ({"Service": "W3SVC"}, "service W3SVC"),
        ({"RemoteAddress": "LocalSubnet"}, "remoteaddress LocalSubnet"),
        ({"LocalAddress": "Internet"}, "localaddress Internet"),
        ({"LocalPort": "RPC"}, "localport RPC of tcp"),
        ({"LocalPort": ["RPCEPMap"]}, "localport RPCEPMap of tcp"),
        ({"Protocol": "Any"}, "ports of any protocol"),
        ({"Protocol": "XYZ"}, "protocol xyz"),
        ({"LocalPort": []}, "localport: not in the file"),
        ({"RemoteAddress": ""}, "remoteaddress without a value"),
        ({"RemotePort": "Teredo"}, "remoteport Teredo"),
        ({"InterfaceType": "Wireless"}, "interfacetype Wireless"),
        ({"Authentication": "Required"}, "authentication Required"),
        ({"Encryption": 2}, "encryption 2"),
        ({"RemoteUser": "D:(A;;CC;;;S-1-5-32-544)"}, "remoteuser D:"),
        ({"Package": "S-1-15-2-1"}, "package S-1-15-2-1"),
        ({"OverrideBlockRules": True}, "overrideblockrules true"),
        ({"DynamicTarget": "WifiDirect"}, "dynamictarget WifiDirect"),
        ({"RemoteDynamicKeywordAddresses": ["{1}"]}, "remotedynamickeywordaddresses {1}"),
    ],
)
def test_what_narrows_a_rule_and_is_not_understood_is_named_and_never_open(filters, named):
    found = decide(of(rule(**filters)), WEB)
    assert found.startswith("unknown: ")
    assert named in found


@each(
    ("said", "named"),
    [
        ({"RemoteDynamicKeywordAddresses": ["{d8df1234}"]}, "remotedynamickeywordaddresses {d8df1234}"),
        ({"PolicyAppId": "Vault"}, "policyappid Vault"),
        ({"PackageFamilyName": "Vault_8wekyb"}, "packagefamilyname Vault_8wekyb"),
        ({"Platform": ["6.1"]}, "platform 6.1"),
        ({"Platform": ["10.0+"]}, "platform 10.0+"),
        ({"Platforms": ["6.1"]}, "platforms 6.1"),
    ],
)
def test_what_narrows_a_rule_and_stands_at_the_rule_itself_is_named_and_never_open(said, named):
    assert decide(of({**rule(), **said}), WEB) == f"unknown: {named}"


@each(
    "said",
    [
        {"RemoteDynamicKeywordAddresses": [], "PolicyAppId": None, "PackageFamilyName": None},
        {"RemoteDynamicKeywordAddresses": None, "PolicyAppId": "", "PackageFamilyName": ""},
        {"Platform": ["6.1+"]},
        {"Platform": None},
    ],
)
def test_what_stands_at_the_rule_itself_and_is_empty_narrows_nothing(said):
    assert decide(of({**rule(), **said}), WEB) == "accept"


def test_a_file_of_the_script_that_asked_the_filters_for_what_stands_at_the_rule_says_nothing_of_what_is_open():
    early = rule(RemoteDynamicKeywordAddresses=None)
    early["Filters"] += [{"RemoteDynamicKeywordAddresses": None}]
    assert decide(of(early), WEB) == (
        "unknown: remotedynamickeywordaddresses, policyappid, packagefamilyname, platform: not in the file"
    )
    assert decide(of({**early, "RemoteDynamicKeywordAddresses": []}), WEB) == "accept"


@each(
    ("filters", "doubt"),
    [
        ({"Protocol": "TCP", "LocalPort": ["RPC", "135"]}, ("tcp", 9)),
        ({"Protocol": "ICMPv4", "LocalPort": "Any", "IcmpType": ["x", "3"]}, ("icmp", 9)),
    ],
)
def test_what_is_not_understood_of_a_protocol_is_in_doubt_for_that_protocol_alone(filters, doubt):
    ruleset = of(rule(**filters))
    assert decide(ruleset, Packet("10.0.0.1", "10.1.0.1", *doubt)).startswith("unknown: ")
    for packet in {("tcp", 9), ("udp", 443), ("icmp", 9)} - {doubt}:
        assert decide(ruleset, Packet("10.0.0.1", "10.1.0.1", *packet)) == "drop"


@each("missing", ["Protocol", "LocalPort", "RemoteAddress", "Program"])
def test_a_file_without_the_filters_says_nothing_of_what_is_open(missing):
    made = rule()
    del made["Filters"][0][missing]
    assert "not in the file" in decide(of(made), WEB)
    assert "not in the file" in decide(of({**made, "Filters": None}), WEB)


def test_a_filter_that_differs_from_another_of_its_kind_is_not_understood():
    made = rule()
    made["Filters"].append({"LocalPort": "80"})
    assert "LocalPort 80 in another filter" in decide(of(made), WEB)


@each(
    ("change", "named"),
    [
        ({"action": "Bypass"}, "Action bypass"),
        ({"direction": "Sideways"}, "Direction Sideways"),
        ({"enabled": "Perhaps"}, "Enabled Perhaps"),
        ({"profile": 1}, "Profile 1"),
        ({"profile": "Domain, Private"}, "Profile domain, private"),
    ],
)
def test_words_that_are_not_known_are_named(change, named):
    assert named in decide(of(rule(**change)), WEB)


def test_lists_and_ranges_of_ports_and_addresses():
    ruleset = of(
        rule(LocalPort=["80", "8000-8010"], RemoteAddress=["10.0.0.1", "10.0.0.5-10.0.0.7"], LocalAddress="10.1.0.1")
    )
    for source, port, verdict in (
        ("10.0.0.1", 80, "accept"), ("10.0.0.6", 8005, "accept"), ("10.0.0.8", 80, "drop"), ("10.0.0.1", 8011, "drop"),
    ):  # fmt: skip
        assert decide(ruleset, Packet(source, "10.1.0.1", "tcp", port)) == verdict
    assert decide(ruleset, Packet("10.0.0.1", "10.1.0.2", "tcp", 80)) == "drop"


def test_what_is_clear_of_a_list_is_open_beside_what_is_not():
    ruleset = of(rule(RemoteAddress=["10.0.0.1", "LocalSubnet"]))
    assert decide(ruleset, WEB) == "accept"
    assert decide(ruleset, Packet("10.0.0.2", "10.1.0.1", "tcp", 443)) == "unknown: remoteaddress LocalSubnet"


@each(
    ("protocol", "kind", "verdicts"),
    [
        ("ICMPv4", "Any", ("accept", "accept", "drop")),
        ("ICMPv4", "8", ("accept", "drop", "drop")),
        ("1", ["8:0", "3:*"], ("accept", "accept", "drop")),
        ("ICMPv6", "128", ("drop", "drop", "accept")),
        ("ICMPv4", "x", ("unknown: icmptype x", "unknown: icmptype x", "drop")),
        ("Any", "Any", ("accept", "accept", "accept")),
    ],
)
def test_types_of_icmp(protocol, kind, verdicts):
    ruleset = of(rule(Protocol=protocol, IcmpType=kind, LocalPort="Any", RemoteAddress="Any"))
    packets = (
        Packet("10.0.0.1", "10.1.0.1", "icmp", 8 * 256),
        Packet("10.0.0.1", "10.1.0.1", "icmp", 3 * 256 + 1),
        Packet("2001:db8::1", "2001:db8::2", "icmp", 128 * 256),
    )
    assert tuple(decide(ruleset, packet) for packet in packets) == verdicts


def test_another_protocol_has_no_ports():
    ruleset = of(rule(Protocol="47", LocalPort="Any", RemotePort="Any"))
    assert decide(ruleset, Packet("10.0.0.1", "10.1.0.1", "gre")) == "accept"
    assert decide(ruleset, WEB) == "drop"


def test_what_programs_add_to_objects_is_not_looked_at():
    made = rule()
    made["CimClass"] = {"LocalPort": "80"}
    made["Filters"] += [{"CimSystemProperties": {"LocalPort": "80"}, "Caption": "x"}]
    made["Deep"] = {"a": {"b": {"c": {"LocalPort": "80"}}}}
    assert decide(of(made, profiles=["?"]), WEB) == "accept"


def test_interfaces_are_sides():
    ruleset = of(rule(InterfaceAlias=["LAN"]))
    assert ruleset.sides == {"LAN"}
    assert decide(ruleset, Packet("10.0.0.1", "10.1.0.1", "tcp", 443, "LAN")) == "accept"
    assert decide(ruleset, Packet("10.0.0.1", "10.1.0.1", "tcp", 443, "WAN")) == "drop"


def profiles(**changes):
    said = {"Enabled": 1, "DefaultInboundAction": 4, "AllowInboundRules": 2, "AllowLocalFirewallRules": 2}
    return [{"Name": name, **said, **changes.get(name, {})} for name in ("Domain", "Private", "Public")]


def test_the_profile_in_force_decides_which_rules_and_which_default_count():
    head = {"connections": ["DomainAuthenticated"], "profiles": profiles(Domain={"DefaultInboundAction": 2})}
    assert decide(of(rule(profile=6), **head), Packet("10.0.0.1", "10.1.0.1", "tcp", 1)) == "accept"
    assert of(rule(), **head).stages[0].default_name == "default inbound action Allow"
    head["profiles"] = profiles()
    assert decide(of(rule(profile=1), **head), WEB) == "accept"
    assert decide(of(rule(profile="Private, Public"), **head), WEB) == "unknown: Profile private, public"
    assert decide(of(rule(profile=7), profiles=profiles()), WEB) == "accept"


def test_profiles_that_differ_leave_open_what_they_differ_in():
    mixed = of(rule(), profiles=profiles(Public={"DefaultInboundAction": "Allow"}))
    assert (mixed.stages[0].default, decide(mixed, WEB)) == ("obscure", "accept")
    part = of(rule(), profiles=profiles(Public={"Enabled": "False"}))
    assert decide(part, WEB) == "unknown: the firewall is off in the profile public only"
    off = of(rule("No", action=4), connections=["Public"], profiles=profiles(Public={"Enabled": 0}))
    assert decide(off, WEB) == "accept"
    assert off.stages[0].default_name == "firewall off in the profile public"


def test_which_profiles_differ_is_said_by_name():
    several = of(rule(), profiles=profiles(Public={"Enabled": 0}, Domain={"Enabled": 0}))
    assert several.obscure == ("the firewall is off in the profile domain, public only",)
    mixed = of(rule(), profiles=profiles(Public={"DefaultInboundAction": "Allow"}))
    assert mixed.stages[0].default_name == "default inbound action, which differs by profile"
    assert (mixed.format, mixed.stages[0].name) == ("windows", "inbound rules of host")


@each("protocol", ["TCP", "UDP", "6", "17"])
def test_a_file_without_ports_opens_none(protocol):
    made = rule(Protocol=protocol)
    del made["Filters"][0]["LocalPort"]
    assert decide(of(made), Packet("10.0.0.1", "10.1.0.1", "udp" if protocol in ("UDP", "17") else "tcp", 443)) == (
        "unknown: localport: not in the file"
    )


def test_rules_that_do_not_count_are_not_open():
    shut = profiles(Public={"AllowInboundRules": 0})
    assert "a profile that lets nothing in" in decide(of(rule(), profiles=shut), WEB)
    local = {**rule(), "PolicyStoreSourceType": 1}
    head = {"profiles": profiles(Domain={"AllowLocalFirewallRules": "False"})}
    assert "these don't count" in decide(of(local, **head), WEB)
    assert decide(of({**local, "PolicyStoreSourceType": "GroupPolicy"}, **head), WEB) == "accept"
    for untold in (0, "None", None):
        assert "may be a local rule" in decide(of({**local, "PolicyStoreSourceType": untold}, **head), WEB)
        assert decide(of({**local, "PolicyStoreSourceType": untold}, profiles=profiles()), WEB) == "accept"


def test_what_goes_to_another_host_is_not_known():
    ruleset = of(rule(), computer="PS01", reachable=["10.1.0.1", "fe80::1%4", "10.1.0.2/24", "?"])
    assert decide(ruleset, WEB) == "accept"
    assert "PS01 has no such address" in decide(ruleset, Packet("10.0.0.1", "10.1.0.9", "tcp", 443))


@each(
    ("text", "said"),
    [
        ("{}", "no rules of a Windows firewall"),
        ("[]", "none has a Direction"),
        ("[1]", "a list of them"),
        ('[{"Name": "x"}]', "none has a Direction"),
        ("{", "This is no JSON: line 1"),
        ("[" * 100_000, "nested too deeply"),
        ('[{"Direction": ' + "9" * 5000 + "}]", "a number of 5,000 digits"),
        ('[{"a": 1, "a": 2}]', "a key twice"),
        ('[{"Direction": 1, "Action": 4, "action": 2}]', "a key twice in one mapping: 'action'"),
        (
            '[{"Direction": 1, "Filters": [{"LocalPort": 4, "localport": 2}]}]',
            "a key twice in one mapping: 'localport'",
        ),
        ('{"rules": [{"Direction": 1}], "profiles": [{"Name": "Public", "Enabled": 0, "enabled": 1}]}', "'enabled'"),
        (
            '{"rules": [{"Direction": 1}], "profiles": [{"Name": "Public"}, {"name": "public"}]}',
            "profile public twice",
        ),
        ('[{"a": NaN}]', "NaN, which is no number"),
        (lambda: "[" + "[]," * 2_000_001, "lists and mappings; at most 2,000,000"),
    ],
)
def test_what_is_no_such_json_is_refused_with_a_sentence(text, said):
    with pytest.raises(Unreadable, match=said):
        read(made(text))


def test_the_script_is_powershell():
    script = READERS["windows"].script
    parse(script)
    with pytest.raises(AssertionError):
        parse(script.replace("}", "", 2))


def test_the_script_asks_each_thing_where_windows_keeps_it():
    """The rule for what is in no filter, and with the switch without which the store isn't told."""
    script = READERS["windows"].script
    of_filter, of_rule = (script.partition(f"${name} = @(")[2].partition("\n)")[0] for name in ("ofFilter", "ofRule"))
    for name in ("Platform", "PolicyAppId", "PackageFamilyName", "RemoteDynamicKeywordAddresses"):
        assert f"'{name}'" in of_rule
        assert f"'{name}'" not in of_filter
    assert "Get-NetFirewallRule -PolicyStore ActiveStore -TracePolicyStore |" in script


def test_the_docs_have_the_script():
    docs = Path(__file__).parents[3] / "docs" / "existing-rules.md"
    assert f"```powershell\n{READERS['windows'].script}```\n" in docs.read_text("utf-8")


ADDRESS = st.integers(0, 7).map(lambda number: f"10.0.0.{number}")
RULES = st.lists(
    st.tuples(st.lists(ADDRESS, min_size=1, max_size=3), st.sets(st.integers(1, 4), min_size=1), st.booleans()),
    max_size=6,
)


@settings(max_examples=often(100))
@given(RULES, ADDRESS, st.integers(1, 5))
def test_written_rules_do_what_windows_does(rules, source, port):
    made = [
        rule(action=2 if allow else 4, RemoteAddress=addresses, LocalPort=[str(one) for one in sorted(ports)])
        for addresses, ports, allow in rules
    ]
    meant = [allow for addresses, ports, allow in rules if source in addresses and port in ports]
    ruleset = of(rule(RemoteAddress="192.0.2.1"), *made)
    assert decide(ruleset, Packet(source, "10.1.0.1", "tcp", port)) == ("accept" if meant and all(meant) else "drop")
