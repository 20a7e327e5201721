"""The words of rules of Linux and Windows: each option, target, statement, state and property is understood as meant.

Where a table only says what changes nothing, all of its words stand in one rule: one that isn't known would show.
"""

import json

from planner.engine.existing.readers import iptables
from planner.engine.existing.readers.nft_words import FLAGS, ICMP_TYPES, ICMPV6_TYPES, PROTOCOL_NUMBERS, say
from planner.engine.existing.readers.windows import read as read_windows
from tests.each import each
from tests.engine.existing.packets import Packet
from tests.engine.existing.packets import decide as decide_packet
from tests.engine.existing.rulesets import STORE, WEB
from tests.engine.existing.test_iptables import saved, state_of, to
from tests.engine.existing.test_nftables import ACCEPT, FROM, chain, match, payload, rule
from tests.engine.existing.test_nftables import state_of as nft_state_of
from tests.engine.existing.test_windows import of, profiles
from tests.engine.existing.test_windows import rule as windows_rule

# --- iptables --------------------------------------------------------------------------------------------------------

TARGETS = """
AUDIT CHECKSUM CLASSIFY CONNMARK CONNSECMARK CT DSCP ECN HL HMARK IDLETIMER LED LOG MARK NFLOG NOTRACK RATEEST SECMARK
SET TCPMSS TCPOPTSTRIP TEE TOS TRACE TTL ULOG
"""


def test_targets_after_which_a_packet_goes_on_decide_nothing():
    lines = [to(f"-j {target}") for target in TARGETS.split()]
    one = state_of(*lines, to("-j ACCEPT"))
    assert (one.state, one.by) == ("open", (to("-j ACCEPT"),))
    assert state_of(*lines).state == "closed"


@each("target", ["DNAT", "NETMAP", "REDIRECT", "TPROXY"])
def test_targets_after_which_a_packet_goes_elsewhere_are_named(target):
    nat = f"*nat\n:PREROUTING ACCEPT [0:0]\n-A PREROUTING -d {STORE}/32 -j {target}\nCOMMIT\n"
    one = state_of(to("-j ACCEPT"), more=nat)
    assert (one.state, one.constructs) == ("unknown", (target,))


@each(
    ("target", "state"),
    [("ACCEPT", "open"), ("DROP", "closed"), ("REJECT", "closed"), ("RETURN", "closed"), ("SNAT", "open"),
     ("MASQUERADE", "open")],
)  # fmt: skip
def test_targets_that_decide(target, state):
    more = "-A FORWARD -j ACCEPT" if state == "closed" and target != "RETURN" else "-A FORWARD -j DROP"
    assert state_of(to(f"-j {target}"), more).state == state


STAGES = [
    ("raw", "PREROUTING"), ("mangle", "PREROUTING"), ("nat", "PREROUTING"), ("mangle", "FORWARD"),
    ("security", "FORWARD"), ("mangle", "POSTROUTING"), ("nat", "POSTROUTING"),
]  # fmt: skip


def test_each_chain_that_a_forwarded_packet_passes_has_to_admit_it():
    for table, name in STAGES:
        before = f"*{table}\n:{name} ACCEPT [0:0]\n-A {name} -d {STORE}/32 -j DROP\nCOMMIT\n"
        assert state_of(to("-j ACCEPT"), more=before).state == "closed", (table, name)
    for table, name in (("filter", "INPUT"), ("nat", "OUTPUT"), ("nat", "INPUT"), ("raw", "OUTPUT")):
        aside = f"*{table}\n:{name} ACCEPT [0:0]\n-A {name} -d {STORE}/32 -j DROP\nCOMMIT\n"
        assert table == "filter" or state_of(to("-j ACCEPT"), more=aside).state == "open", (table, name)


SAYS = [
    ("-s {WEB}/32", ""), ("--source {WEB}/32", ""), ("--src {WEB}/32", ""), ("-d {STORE}/32", ""),
    ("--destination {STORE}/32", ""), ("--dst {STORE}/32", ""), ("-p tcp", ""), ("--protocol tcp", ""),
    ("--proto tcp", ""), ("-c 1 2", ""), ("--set-counters 1 2", ""), ("! -f", ""), ("! --fragment", ""),
    ("--dport 443", "-p tcp -m tcp"), ("--destination-port 443", "-p tcp -m tcp"), ("--dports 443", "-m multiport"),
    ("--destination-ports 443", "-m multiport"), ("--sport 0:65535", "-p tcp -m tcp"),
    ("--source-port 0:65535", "-p tcp -m tcp"), ("--sports 0:65535", "-m multiport"),
    ("--source-ports 0:65535", "-m multiport"), ("--ports 443", "-m multiport"), ("--port 443", "-m multiport"),
    ("--syn", "-p tcp -m tcp"), ("--ctstate NEW", "-m conntrack"), ("--state NEW", "-m state"),
    ("--ctdir ORIGINAL", "-m conntrack"), ("--src-range {WEB}-{WEB}", "-m iprange"),
    ("--dst-range {STORE}-{STORE}", "-m iprange"), ("--tcp-flags SYN SYN", "-p tcp -m tcp"),
]  # fmt: skip


def test_each_option_in_each_way_of_writing_admits_what_it_says():
    for option, before in SAYS:
        words = f"{before} {option}".format(WEB=WEB, STORE=STORE)
        assert state_of(f"-A FORWARD {words} -j ACCEPT").state == "open", words
    for words in ("-s 10.9.9.9", "--source 10.9.9.9", "--src 10.9.9.9", "-d 10.9.9.9", "--destination 10.9.9.9",
                  "--dst 10.9.9.9", "-p udp", "--protocol udp", "--proto udp", "-f", "--fragment",
                  "-m iprange --src-range 10.9.9.9",
                  "-m iprange --dst-range 10.9.9.9", "-m conntrack --ctdir REPLY",
                  "-p udp -m tcp --sport 0:65535"):  # fmt: skip
        assert state_of(f"-A FORWARD {words} -j ACCEPT").state == "closed", words
    for words in ("-m multiport --ports 1", "-m multiport --port 1", "-m tcp --sport 7",
                  "-m tcp --source-port 7", "-m multiport --sports 7",
                  "-m multiport --source-ports 7"):  # fmt: skip
        assert state_of(f"-A FORWARD -p tcp {words} -j ACCEPT").state == "partly", words


@each("option", ["-i", "--in-interface", "-o", "--out-interface"])
def test_interfaces_have_two_names(option):
    [entry] = iptables.read(saved(f"-A FORWARD {option} eth0 -j ACCEPT")).stages[0].entries
    sides = (entry.enters, entry.leaves) if "i" in option[:4] else (entry.leaves, entry.enters)
    assert (sides[0].names, sides[1]) == ({"eth0"}, None)


def test_jumps_have_two_names_as_gotos_do():
    for option in ("-j", "--jump", "-g", "--goto"):
        assert state_of(to(f"{option} OWN"), "-A OWN -j ACCEPT").state == "open"
        # What comes back from a jump goes on behind it; what went to a chain ends with it.
        after = state_of(to(f"{option} OWN"), "-A OWN -p udp -j DROP", "-A FORWARD -j ACCEPT").state
        assert after == ("open" if option in ("-j", "--jump") else "closed"), option


def test_each_extension_that_is_understood_needs_no_word_of_its_own():
    for name in ("comment", "conntrack", "state", "multiport", "iprange", "tcp"):
        assert state_of(to(f"-m {name} -j ACCEPT")).state == "open", name
        assert state_of(to(f"--match {name} -j ACCEPT")).state == "open", name
    for name in ("udp", "udplite", "sctp", "dccp", "icmp", "icmp6", "icmpv6"):
        assert state_of(to(f"-m {name} -j ACCEPT")).state == "open", name


@each(
    ("words", "state"),
    [
        ("-m comment --comment -p -j ACCEPT", "open"),
        ("-m string --string -p udp -j ACCEPT", "unknown"),
        ("-m string --hex-string -p udp -j ACCEPT", "unknown"),
        ("-j LOG --log-prefix -j ACCEPT", "closed"),
        ("-j NFLOG --nflog-prefix -j ACCEPT", "closed"),
    ],
)
def test_a_value_that_is_a_text_is_no_option(words, state):
    assert state_of(to(words)).state == state


def test_states_of_first_packets():
    for name, state in (("NEW", "open"), ("ESTABLISHED", "closed"), ("RELATED", "closed"), ("INVALID", "closed"),
                        ("UNTRACKED", "closed")):  # fmt: skip
        assert state_of(to(f"-m conntrack --ctstate {name} -j ACCEPT")).state == state, name


def test_flags_of_tcp_by_name():
    for name in ("FIN", "RST", "ACK", "URG", "PSH"):
        assert state_of(to(f"-p tcp -m tcp --tcp-flags {name} {name} -j ACCEPT")).state == "closed", name
        assert state_of(to(f"-p tcp -m tcp --tcp-flags {name} NONE -j ACCEPT")).state == "open", name
    assert state_of(to("-p tcp -m tcp --tcp-flags ALL SYN -j ACCEPT")).state == "open"
    assert state_of(to("-p tcp -m tcp --tcp-flags NONE NONE -j ACCEPT")).state == "open"


# --- nftables --------------------------------------------------------------------------------------------------------

PROTOCOLS = {
    "icmp": 1, "igmp": 2, "ipip": 4, "tcp": 6, "udp": 17, "dccp": 33, "ipv6": 41, "gre": 47, "esp": 50, "ah": 51,
    "ipv6-icmp": 58, "icmpv6": 58, "ospf": 89, "pim": 103, "vrrp": 112, "sctp": 132, "udplite": 136,
}  # fmt: skip
FOUR = {
    "echo-reply": 0, "destination-unreachable": 3, "source-quench": 4, "redirect": 5, "echo-request": 8,
    "router-advertisement": 9, "router-solicitation": 10, "time-exceeded": 11, "parameter-problem": 12,
    "timestamp-request": 13, "timestamp-reply": 14, "info-request": 15, "info-reply": 16,
    "address-mask-request": 17, "address-mask-reply": 18,
}  # fmt: skip
SIX = {
    "destination-unreachable": 1, "packet-too-big": 2, "time-exceeded": 3, "parameter-problem": 4,
    "echo-request": 128, "echo-reply": 129, "mld-listener-query": 130, "mld-listener-report": 131,
    "mld-listener-done": 132, "mld-listener-reduction": 132, "nd-router-solicit": 133, "nd-router-advert": 134,
    "nd-neighbor-solicit": 135, "nd-neighbor-advert": 136, "nd-redirect": 137, "router-renumbering": 138,
    "ind-neighbor-solicit": 141, "ind-neighbor-advert": 142, "mld2-listener-report": 143,
}  # fmt: skip


def test_names_of_nft_stand_for_the_numbers_of_their_standards():
    assert (PROTOCOL_NUMBERS, ICMP_TYPES, ICMPV6_TYPES) == (PROTOCOLS, FOUR, SIX)
    assert FLAGS == {"fin": 1, "syn": 2, "rst": 4, "psh": 8, "ack": 16, "urg": 32, "ecn": 64, "ece": 64, "cwr": 128}


STATEMENTS = [
    {"counter": {"packets": 1, "bytes": 2}}, {"log": None}, {"last": None}, {"comment": "x"}, {"ct helper": "ftp"},
    {"ct timeout": "x"}, {"ct expectation": "x"}, {"secmark": "x"}, {"dup": {"addr": "10.0.0.9"}}, {"flow": "@x"},
]  # fmt: skip


def test_statements_after_which_a_packet_goes_on_decide_nothing():
    assert nft_state_of(rule(*STATEMENTS, ACCEPT)).state == "open"
    assert nft_state_of(rule(*STATEMENTS)).state == "closed"


@each(
    ("verdict", "state"),
    [("accept", "open"), ("drop", "closed"), ("reject", "closed"), ("return", "closed"), ("snat", "open"),
     ("masquerade", "open")],
)  # fmt: skip
def test_statements_that_decide(verdict, state):
    assert nft_state_of(rule(FROM, {verdict: None}), rule(ACCEPT) if state == "closed" and verdict != "return" else
                        rule({"drop": None})).state == state  # fmt: skip


@each("kind", ["limit", "quota", "ct count", "set", "meter"])
def test_statements_after_which_a_rule_may_go_on_or_not_are_named(kind):
    one = nft_state_of(rule({kind: {}}, ACCEPT))
    assert one.state == "unknown"
    assert one.constructs[0].startswith(kind)
    assert nft_state_of(rule({kind: {}}, ACCEPT), rule(ACCEPT)).state == "open"


@each("kind", ["dnat", "redirect", "tproxy", "queue", "fwd", "synproxy"])
def test_statements_after_which_a_packet_may_be_anywhere_are_named(kind):
    one = nft_state_of(chain("early", "prerouting", "accept", -100), rule({kind: None}, to="early"), rule(ACCEPT))
    assert (one.state, one.constructs[0].split()[0]) == ("unknown", kind)


@each("hook", ["prerouting", "forward", "postrouting"])
def test_each_hook_that_a_forwarded_packet_passes_has_to_admit_it(hook):
    assert nft_state_of(chain("more", hook, "drop", 10), rule(ACCEPT)).state == "closed"
    assert nft_state_of(chain("more", hook, "accept", 10), rule(ACCEPT)).state == "open"


@each("hook", ["input", "output"])
def test_no_other_hook_bears_on_it(hook):
    assert nft_state_of(chain("more", hook, "drop", 10), rule(ACCEPT)).state == "open"


def test_states_of_connection_tracking_of_first_packets():
    for name, state in (("new", "open"), ("untracked", "closed"), ("established", "closed"), ("related", "closed"),
                        ("invalid", "closed")):  # fmt: skip
        assert nft_state_of(rule(match({"ct": {"key": "state"}}, name, "in"), ACCEPT)).state == state, name


@each(
    ("expression", "said"),
    [
        (payload("tcp", "dport"), "tcp dport"),
        ({"payload": {"base": "nh", "offset": 1, "len": 8}}, "raw payload"),
        ({"meta": {"key": "mark"}}, "meta mark"),
        ({"ct": {"key": "bytes", "dir": "reply"}}, "ct reply bytes"),
        ({"prefix": {"addr": "10.0.0.0", "len": 8}}, "10.0.0.0/8"),
        ({"set": [1, "a", {"range": [1, 2]}, 4, 5, 6]}, "{ 1, a, range, 4, 5 }"),
        ({"range": [1, 2]}, "1-2"),
        ({"concat": [{"meta": {"key": "mark"}}, {"set": [1]}, 3, 4, 5, 6]}, "meta mark . set . 3 . 4 . 5"),
        ([1, "a", [2], 4, 5, 6], "1,a,[…],4,5"),
        ({"a": 1, "b": 2, "c": 3, "d": 4}, "a b c"),
        ({"payload": 5}, "payload"),
        (None, "null"),
        ("x" * 80, "x" * 80),
        ("x" * 81, "x" * 79 + "…"),
    ],
)
def test_an_expression_is_told_about_as_nft_writes_it(expression, said):
    assert say(expression) == said


# --- Windows ---------------------------------------------------------------------------------------------------------

HERE = Packet("10.0.0.1", "10.1.0.1", "tcp", 443)
NO_MATTER = {
    "Program": "Any", "Service": "*", "LocalUser": "any", "RemoteUser": "", "RemoteMachine": "Any",
    "InterfaceType": "0", "Package": "", "Owner": "", "PolicyAppId": "", "RemoteDynamicKeywordAddresses": "any",
    "Platform": "", "Authentication": "NotRequired", "Encryption": "NotRequired", "OverrideBlockRules": "False",
    "DynamicTarget": "Any", "DynamicTransport": "Any",
}  # fmt: skip
ZEROS = ("Authentication", "Encryption", "OverrideBlockRules", "DynamicTarget", "DynamicTransport")


def test_properties_of_windows_that_narrow_nothing_leave_a_rule_as_it_is():
    assert decide_packet(of(windows_rule(**NO_MATTER)), HERE) == "accept"
    for value in ("0", ""):
        assert decide_packet(of(windows_rule(**dict.fromkeys(ZEROS, value))), HERE) == "accept"


@each("key", NO_MATTER)
def test_properties_of_windows_that_narrow_are_told_with_their_values(key):
    rule = windows_rule(**{key: "Vault"})
    rule = {name: value for name, value in rule.items() if name != key}  # what stands in the rule itself comes first
    assert decide_packet(of(rule), HERE) == f"unknown: {key.casefold()} Vault"


def test_numbers_of_windows_stand_for_words():
    for numbers, words in (
        ({"enabled": 1}, {"enabled": "True"}), ({"enabled": 2}, {"enabled": "False"}),
        ({"direction": 1}, {"direction": "Inbound"}), ({"direction": 2}, {"direction": "Outbound"}),
        ({"action": 0}, {"action": "NotConfigured"}), ({"action": 2}, {"action": "Allow"}),
        ({"action": 4}, {"action": "Block"}), ({"profile": 1}, {"profile": "Domain"}),
        ({"profile": 2}, {"profile": "Private"}), ({"profile": 4}, {"profile": "Public"}),
        ({"profile": 3}, {"profile": "Private, Domain"}),
    ):  # fmt: skip
        for category in ("Domain", "DomainAuthenticated", "Private", "Public"):
            both = [
                decide_packet(of(windows_rule(**said), connections=[category]), HERE).partition(":")[0]
                for said in (numbers, words)
            ]
            assert both[0] == both[1], (numbers, category)


@each(("category", "bit"), [(0, 4), (1, 2), (2, 1), ("DomainAuthenticated", 1), ("Public", 4), ("Private", 2)])
def test_the_profile_in_force_is_known_by_number_or_word(category, bit):
    assert decide_packet(of(windows_rule(profile=bit), connections=[category]), HERE) == "accept"
    assert decide_packet(of(windows_rule(profile=7 - bit), connections=[category]), HERE) != "accept"


@each(("number", "word"), [(0, "False"), (1, "True"), (2, "NotConfigured")])
def test_switches_of_profiles_are_numbers_or_words(number, word):
    read = [
        read_windows(json.dumps({"rules": [windows_rule()], "profiles": [
            {**one, "AllowInboundRules": said, "Enabled": 1} for one in profiles()
        ]}))
        for said in (number, word)
    ]  # fmt: skip
    assert read[0] == read[1]
    assert (decide_packet(read[0], HERE) == "accept") == (number != 0)
