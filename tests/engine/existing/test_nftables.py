"""What `nft -j list ruleset` writes, read back; JSON as nft 1.1 writes it (libnftables-json(5))."""

import json

import pytest

from planner.engine.existing.decide import compare_with
from planner.engine.existing.model import Unreadable
from planner.engine.existing.readers import nft_rules, nftables
from tests.each import each
from tests.engine.existing.rulesets import STORE, WEB, one_flow

TABLE = {"family": "inet", "name": "filter"}
ACCEPT, DROP = {"accept": None}, {"drop": None}


def chain(name, hook=None, policy="drop", priority=0, family="inet", **more):
    made = {"family": family, "table": "filter", "name": name, "handle": 1}
    if hook:
        made |= {"type": "filter", "hook": hook, "prio": priority, "policy": policy}
    return {"chain": made | more}


def rule(*expr, to="forward", handle=7, family="inet", **more):
    made = {"family": family, "table": "filter", "chain": to, "handle": handle, "expr": list(expr)}
    return {"rule": made | more}


def write(*objects):
    return json.dumps({"nftables": [{"metainfo": {"version": "1.1.3"}}, {"table": TABLE}, *objects]})


def payload(protocol, field):
    return {"payload": {"protocol": protocol, "field": field}}


def meta(key):
    return {"meta": {"key": key}}


def ct(key, **more):
    return {"ct": {"key": key, **more}}


def match(left, right, op="=="):
    return {"match": {"op": op, "left": left, "right": right}}


FROM, TO = match(payload("ip", "saddr"), WEB), match(payload("ip", "daddr"), STORE)
PORT = payload("tcp", "dport")


def state_of(*objects, report=None, policy="drop"):
    text = write(chain("forward", "forward", policy), *objects)
    return compare_with(report or one_flow(), nftables.read(text)).flows[0]


def concat(*keys):
    return {"concat": list(keys)}


def of_set(*values):
    return {"set": list(values)}


FLAGS = payload("tcp", "flags")
SHAPE = {"|": [{"|": [{"|": ["fin", "syn"]}, "rst"]}, "ack"]}


@each(
    "expr",
    [
        match(PORT, 443), match(PORT, {"range": [400, 500]}), match(PORT, of_set(80, {"range": [440, 450]})),
        match(PORT, 80, "!="), match(PORT, of_set(80, 81), "!="), match(PORT, 400, ">"), match(PORT, 443, ">="),
        match(PORT, 444, "<"), match(PORT, 443, "<="),
        match(payload("ip", "protocol"), "tcp"), match(meta("l4proto"), 6),
        match(meta("l4proto"), of_set("tcp", "udp")), match(meta("nfproto"), "ipv4"),
        match(meta("protocol"), "ip6", "!="),
        match(payload("ip", "daddr"), {"prefix": {"addr": "192.0.2.0", "len": 24}}),
        match(payload("ip", "daddr"), {"range": ["192.0.2.1", "192.0.2.99"]}),
        match(payload("ip", "daddr"), of_set("10.0.0.1"), "!="), match(ct("state"), ["new", "related"], "in"),
        match(ct("state"), "new"), match(ct("state"), "established", "!="), match(ct("state"), ["established"], "!"),
        match(ct("state"), of_set("established", "new")), match(ct("direction"), "original"),
        match(ct("state"), ["established", "related"], "!="),
        match(concat(payload("ip", "daddr"), PORT), of_set({"concat": [STORE, 443]}, {"concat": ["10.0.0.1", 1]})),
        match(concat(ct("state"), PORT), of_set({"concat": ["new", 443]}, {"concat": ["established", 1]})),
        match(concat(meta("l4proto"), payload("th", "dport")), of_set({"concat": ["tcp", 443]})),
        match(PORT, of_set({"elem": {"val": 443, "comment": "x"}})), match({"&": [FLAGS, SHAPE]}, "syn"),
        match(FLAGS, "syn", "in"), match({"&": [FLAGS, ["fin", "syn"]]}, {"|": ["fin", "syn"]}, "!="),
        match({"&": [payload("ip", "frag-off"), 8191]}, 0), {"counter": {"packets": 0}}, {"log": {"prefix": "x"}},
        {"mangle": {"key": meta("mark"), "value": 5}}, {"mangle": {"key": payload("ip", "dscp"), "value": 5}},
    ],
)  # fmt: skip
def test_a_rule_that_is_understood_admits_what_it_says(expr):
    one = state_of(rule(FROM, TO, expr, ACCEPT, comment="Vault"))
    assert (one.state, one.by) == ("open", ('inet filter forward handle 7 "Vault"',))


@each(
    "expr",
    [
        match(PORT, 80), match(PORT, 443, "!="), match(PORT, of_set(80, 443), "!="), match(PORT, 443, ">"),
        match(PORT, 443, "<"), match(PORT, 0, "<="), match(payload("udp", "dport"), 443),
        match(meta("l4proto"), "udp"), match(meta("nfproto"), "ipv6"), match(payload("ip6", "nexthdr"), "tcp"),
        match(ct("state"), "established", "in"), match(ct("state"), "new", "!="),
        match(ct("state"), ["new"], "!"), match(ct("direction"), "reply"),
        match(ct("status"), "assured", "in"), match(payload("icmp", "type"), "echo-request"),
        match({"&": [FLAGS, SHAPE]}, "syn", "!="), match(FLAGS, "ack", "in"),
        match({"&": [payload("ip", "frag-off"), 8191]}, 0, "!="),
        match(concat(payload("ip", "daddr"), PORT), of_set({"concat": ["10.0.0.1", 443]})),
        match(concat(PORT, PORT), of_set({"concat": [443, 80]})),
        match(concat(meta("nfproto"), meta("protocol")), of_set({"concat": ["ipv4", "ip6"]})),
        match(concat(ct("state"), PORT), of_set({"concat": ["established", 443]})),
    ],
)  # fmt: skip
def test_a_rule_that_is_understood_admits_nothing_else(expr):
    assert state_of(rule(FROM, TO, expr, ACCEPT)).state == "closed"


STRANGE = [
    (match(meta("mark"), 5), "meta mark 5"), (match(payload("ip", "ttl"), 5), "ip ttl 5"),
    (match(ct("mark"), 5), "ct mark 5"), (match(ct("state", dir="original"), "new"), "ct original state new"),
    (match(ct("state"), "strange"), "ct state strange"), (match(ct("status"), "dnat", "in"), "ct status dnat"),
    (match(ct("state"), ["new", "established"], "!="), "ct state != new,established"),
    (match({"fib": {"result": "oif"}}, False), "fib false"), (match(FLAGS, "syn"), "tcp flags == syn"),
    (match(FLAGS, "ecn", "in"), "tcp flags in ecn"), (match(FLAGS, "shy"), "tcp flags == shy"),
    (match(FLAGS, {"x": 1}), "tcp flags == x"),
    (match({"&": [payload("ip", "frag-off"), 7]}, 0), "ip frag-off & 7 == 0"),
    (match({"&": [payload("ip", "saddr"), "0.0.0.255"]}, "0.0.0.1"), "& 0.0.0.1"), (match(5, 5), "5 5"),
    (match(PORT, "https"), "tcp dport https"), (match(PORT, 70000), "tcp dport 70000"),
    (match(PORT, {"range": [9, 1]}), "tcp dport 9-1"), (match(PORT, 0, "<"), "tcp dport < 0"),
    (match(PORT, 443, "~"), "tcp dport ~ 443"), (match(PORT, True), "tcp dport true"),
    (match(PORT, {"prefix": {"addr": "1.2.3.4", "len": 8}}), "tcp dport 1.2.3.4/8"),
    (match(PORT, "@gone"), "tcp dport @gone: no such set"),
    (match(PORT, of_set({"elem": {"val": 443, "expires": 5}})), "tcp"),
    (match(PORT, {"set": 5}), "tcp dport set"), (match(payload("th", "dport"), 443), "th dport 443, of any protocol"),
    (match(payload("ip", "daddr"), "host"), "ip daddr host"), (match(payload("ip", "daddr"), "::1"), "ip daddr ::1"),
    (match(payload("ip", "daddr"), {"prefix": {"addr": "x"}}), "ip daddr x/None"),
    (match(payload("ip", "daddr"), {"prefix": {"addr": "fd00::", "len": 8}}), "ip daddr fd00::/8"),
    (match(concat(PORT, meta("mark")), of_set({"concat": [443, 5]})), "tcp dport . meta mark"),
    (match(concat(PORT), of_set({"concat": [443, 5]})), "tcp dport"), (match({"concat": 5}, 5), "concat 5"),
    (match(concat(PORT), of_set({"concat": [443]}), "!="), "tcp dport != "),
    (match(payload("icmp", "code"), 0, "!="), "icmp code != 0"), (match(meta("iifname"), 5, "<"), "meta iifname < 5"),
    (match(meta("nfproto"), "arp"), "meta nfproto arp"), (match(meta("iifname"), 5), "meta iifname 5"),
    ({"limit": {"rate": 1, "per": "second"}}, "limit rate 1/second"), ({"quota": {"val": 5}}, "quota"),
    ({"xt": {"type": "match", "name": "recent"}}, "xt match recent"), ("notastatement", "notastatement"),
    ({"set": {"op": "add", "set": "@x"}}, "set"),
]  # fmt: skip


@each(("expr", "construct"), STRANGE)
def test_what_is_not_understood_is_named_and_never_open(expr, construct):
    one = state_of(rule(match(payload("ip", "saddr"), WEB), expr, ACCEPT))
    if one.state == "closed":
        # What is asked for is not what the flow is made of, whatever its value.
        assert expr["match"]["left"]["payload"]["protocol"] == "icmp"
    else:
        assert one.state == "unknown"
        assert one.constructs[0].startswith(construct)


def test_a_named_set_that_two_rules_match_means_the_same_in_both():
    names = {"set": {"family": "inet", "table": "filter", "name": "hosts", "type": "ipv4_addr", "elem": [WEB]}}
    first = rule(match(payload("ip", "saddr"), "@hosts"), match(PORT, 80), ACCEPT)
    second = rule(match(payload("ip", "saddr"), "@hosts"), match(PORT, 443), ACCEPT, handle=8)
    assert state_of(names, first).state == "closed"
    assert state_of(names, first, second).state == "open"


def test_sets_have_names_and_those_that_change_are_not_known():
    def named(name, elements, **more):
        return {"set": {"family": "inet", "table": "filter", "name": name, "elem": elements, **more}}

    ask = rule(match(payload("ip", "saddr"), "@hosts"), TO, match(PORT, 443), ACCEPT)
    elements = [{"prefix": {"addr": "10.0.0.0", "len": 24}}, {"range": ["10.1.0.1", "10.1.0.9"]}, "10.2.0.1"]
    assert state_of(named("hosts", elements), ask).state == "open"
    assert state_of(named("hosts", ["10.2.0.1"]), ask).state == "closed"
    assert state_of({"set": {"family": "inet", "table": "filter", "name": "hosts"}}, ask).state == "closed"
    for flags in (["timeout", "dynamic"], "timeout"):
        one = state_of(named("hosts", elements, flags=flags), ask)
        assert one.constructs == ("ip saddr @hosts: its elements come and go",)
    odd = named("hosts", 5)
    assert state_of(odd, ask).state == "unknown"


def vmap(key, *pairs, to=None):
    return {"vmap": {"key": key, "data": to or of_set(*map(list, pairs))}}


def test_a_map_gives_each_value_its_verdict():
    own, jump = chain("own"), {"jump": {"target": "own"}}
    into = rule(ACCEPT, to="own", handle=8)
    assert state_of(rule(FROM, vmap(PORT, (443, ACCEPT), (80, DROP)))).state == "open"
    assert state_of(rule(FROM, vmap(PORT, (443, DROP), ("*", ACCEPT)))).state == "closed"
    assert state_of(rule(FROM, vmap(PORT, ("*", ACCEPT), (80, DROP)))).state == "open"
    assert state_of(rule(FROM, vmap(PORT, (443, {"continue": None}))), rule(FROM, ACCEPT)).state == "open"
    assert state_of(own, into, rule(FROM, vmap(PORT, (443, jump)))).by == ("inet filter own handle 8",)
    assert state_of(rule(vmap(ct("state"), ("established", ACCEPT)))).state == "closed"
    assert state_of(rule(vmap(ct("state"), ("new", ACCEPT)))).state == "open"
    named = {"map": {"family": "inet", "table": "filter", "name": "m", "map": "verdict", "elem": [[443, ACCEPT]]}}
    assert state_of(named, rule(FROM, vmap(PORT, to="@m"))).state == "open"
    inside = [{"elem": {"val": 443, "comment": "x"}}, ACCEPT]
    assert state_of(rule(FROM, vmap(PORT, inside))).state == "open"


@each(
    "strange",
    [
        vmap(meta("mark"), (5, ACCEPT)), vmap(PORT, to="@gone"), vmap(PORT, (443,)), vmap(PORT, (443, 5)),
        vmap(PORT, (443, {"perhaps": None})), vmap({"concat": 5}, (443, ACCEPT)),
        vmap(PORT, ({"elem": {"val": 443, "expires": 1}}, ACCEPT)),
    ],
)  # fmt: skip
def test_a_map_that_is_not_understood_may_mean_anything(strange):
    assert state_of(rule(FROM, strange)).state == "unknown"
    assert state_of(rule(FROM, strange), rule(ACCEPT)).state == "unknown"


def test_chains_are_jumped_to_gone_to_and_returned_from():
    own = chain("own")
    jump, go = {"jump": {"target": "own"}}, {"goto": {"target": "own"}}
    assert state_of(own, rule(FROM, ACCEPT, to="own"), rule(jump)).state == "open"
    assert state_of(own, rule(go), rule(ACCEPT)).state == "closed"
    assert state_of(own, rule({"return": None}, to="own"), rule(jump), rule(ACCEPT)).state == "open"
    assert state_of(own, rule({"continue": None}, ACCEPT, to="own"), rule(jump)).state == "closed"
    assert state_of(rule({"jump": 5})).constructs == ("no chain inet filter None",)
    assert state_of(rule({"reject": {"type": "tcp reset"}}), rule(ACCEPT)).state == "closed"


@each(
    ("refusal", "four", "six", "udp"),
    [
        ({"type": "icmp", "expr": "host-unreachable"}, "closed", "open", "closed"),
        ({"type": "icmpv6", "expr": "no-route"}, "open", "closed", "open"),
        ({"type": "icmpx", "expr": "port-unreachable"}, "closed", "closed", "closed"),
        ({"type": "tcp reset"}, "closed", "closed", "open"),
        ({"type": ["icmp"]}, "closed", "closed", "closed"),
        (None, "closed", "closed", "closed"),
    ],
)
def test_a_refusal_in_words_of_one_family_or_protocol_is_for_it_alone(refusal, four, six, udp):
    """nft 1.1.3 lists `meta nfproto ipv6 reject` with its type alone, so the match of the family isn't there."""
    reports = (
        one_flow(),
        one_flow(source=("2001:db8::1",), destination=("2001:db8::2",)),
        one_flow("udp"),
    )
    found = [state_of(rule({"reject": refusal}), report=report, policy="accept").state for report in reports]
    assert found == [four, six, udp]


@each("name", ["DNAT", "REDIRECT", "NETMAP", "TPROXY"])
def test_a_target_of_iptables_that_sends_packets_on_may_send_them_anywhere(name):
    """iptables-nft writes it, and nft lists it by its name."""
    early, docker = chain("early", "prerouting", "accept", -150), chain("docker")
    sent = [{"counter": {"packets": 0, "bytes": 0}}, {"xt": {"type": "target", "name": name}}]
    for objects in (
        (early, rule(TO, *sent, to="early")),
        (early, docker, rule({"jump": {"target": "docker"}}, to="early"), rule(TO, *sent, to="docker")),
        (early, rule(TO, {"perhaps": 1}, *sent, to="early")),
    ):
        one = state_of(*objects, rule(DROP))
        assert (one.state, one.constructs[-1]) == ("unknown", f"xt target {name}")
    elsewhere = match(payload("ip", "daddr"), "203.0.113.1")
    assert state_of(early, rule(elsewhere, *sent, to="early"), rule(DROP)).state == "closed"


def test_a_target_that_is_not_known_may_send_packets_on_where_destinations_are_translated():
    strange, nat = {"xt": {"type": "target", "name": "T"}}, {"type": "nat"}
    early, own = chain("early", "prerouting", "accept", -100) | {}, chain("own")
    early["chain"] |= nat
    jump = rule({"jump": {"target": "own"}}, to="early")
    for objects in ((early, rule(strange, to="early")), (early, own, jump, rule(strange, to="own"))):
        assert state_of(*objects, rule(DROP)).constructs == ("xt target T",)
    assert state_of(rule(strange), rule(DROP)).constructs == ("xt target T",), "it may be admitted"
    first = chain("early", "prerouting", "accept", -150)
    assert state_of(first, rule(strange, to="early"), rule(DROP)).state == "closed", "whatever it does there"


@each(
    ("statement", "said"),
    [
        ({"dnat": {"addr": "10.0.0.5", "port": 8443}}, "dnat to 10.0.0.5 8443"), ({"redirect": None}, "redirect"),
        ({"queue": {"num": 1}}, "queue"), ({"synproxy": {"mss": 1460}}, "synproxy"),
        ({"mangle": {"key": payload("ip", "daddr"), "value": "10.0.0.1"}}, "ip daddr set"),
        ({"mangle": {"key": {"payload": {"base": "nh", "offset": 128, "len": 32}}, "value": 1}}, "raw payload set"),
    ],
)  # fmt: skip
def test_a_packet_that_is_changed_or_handed_on_may_be_anywhere(statement, said):
    early = chain("early", "prerouting", "accept", -100)
    one = state_of(early, rule(TO, statement, to="early"), rule(ACCEPT))
    assert (one.state, one.constructs) == ("unknown", (said,))
    elsewhere = match(payload("ip", "daddr"), "203.0.113.1")
    assert state_of(early, rule(elsewhere, statement, to="early"), rule(ACCEPT)).state == "open"


def test_all_base_chains_have_to_admit_a_packet_but_those_of_tables_that_are_dormant():
    late = chain("late", "postrouting", "accept", 100)
    assert state_of(late, rule({"masquerade": None}, to="late", handle=9), rule(ACCEPT)).state == "open"
    assert state_of(late, rule(FROM, DROP, to="late", handle=9), rule(ACCEPT)).by == ("inet filter late handle 9",)
    assert state_of(chain("input", "input", "drop"), rule(ACCEPT)).state == "open"
    four = chain("four", "forward", "drop", family="ip6")
    assert state_of(four, rule(ACCEPT)).state == "open"
    strange = chain("strange", "forward", "perhaps")
    assert state_of(strange, rule(ACCEPT)).constructs == ("policy perhaps of inet filter strange",)
    assert state_of(chain("odd", "forward", family="arp"), rule(ACCEPT)).state == "open"
    asleep = {"table": {"family": "ip", "name": "filter", "flags": ["dormant"]}}
    assert (
        state_of(asleep, chain("x", "forward", family="ip"), rule(DROP, to="x", family="ip"), rule(ACCEPT)).state
        == "open"
    )


def test_states_are_not_known_before_tracking_nor_where_it_is_left_out():
    raw = chain("raw", "prerouting", "accept", -300)
    sub, late = chain("sub"), chain("late", "prerouting", "accept", -150)
    invalid = match(ct("state"), "invalid", "in")
    said = ("ct state invalid, before connection tracking",)
    assert state_of(raw, rule(invalid, DROP, to="raw"), rule(ACCEPT)).constructs == said
    for into in (
        {"jump": {"target": "sub"}},
        vmap(PORT, (443, {"jump": {"target": "sub"}})),
        {"goto": {"target": "sub"}},
    ):
        assert state_of(raw, sub, rule(into, to="raw"), rule(invalid, DROP, to="sub"), rule(ACCEPT)).constructs == said
    assert state_of(late, rule(invalid, DROP, to="late"), rule(ACCEPT)).state == "open"
    left_out = rule(match(payload("udp", "dport"), 53), {"notrack": None}, to="raw")
    new = rule(match(ct("state"), "new", "in"), ACCEPT)
    one = state_of(raw, left_out, new)
    assert one.constructs == ("ct state new, where some packets are left out of connection tracking",)
    assert state_of(raw, left_out, rule(match(ct("state"), ["new", "untracked"], "in"), ACCEPT)).state == "open"


def test_states_are_not_known_either_where_a_map_with_a_name_leads_before_tracking():
    raw, sub = chain("raw", "prerouting", "accept", -300), chain("sub")
    led = {"family": "inet", "table": "filter", "name": "m", "map": "verdict"}
    led["elem"] = [[443, {"jump": {"target": "sub"}}]]
    invalid = rule(match(ct("state"), "invalid", "in"), DROP, to="sub")
    one = state_of({"map": led}, raw, sub, rule(vmap(PORT, to="@m"), to="raw"), invalid, rule(ACCEPT))
    assert one.constructs == ("ct state invalid, before connection tracking",)
    strange = [rule(vmap(PORT, to=to), to="raw") for to in ("@gone", 5)]
    assert state_of(raw, *strange, rule(ACCEPT)).state == "unknown"


def test_further_expressions_that_are_not_understood():
    for expr, said in (
        (match(concat(PORT, meta("iifname")), of_set({"concat": [443, "a"]}), "=="), None),
        (match(payload("icmp", "id"), 5), None),
        (match(FLAGS, 2, "in"), None),
        (match(concat(meta("iif"), meta("iifname")), of_set({"concat": ["a", "b"]})), "meta iif . meta iifname"),
    ):
        one = state_of(rule(expr, ACCEPT))
        assert one.state in ("unknown", "closed", "open")
        assert said is None or one.constructs[0].startswith(said)


def test_a_device_s_own_chain_is_for_what_comes_by_it():
    """Of netdev; what comes by other interfaces passes."""
    forward, report = chain("forward", "forward", "accept"), one_flow()
    ways = {"eth0": "Internal", "eth1": "DMZ"}
    others = {"eth5": "Internal", "eth6": "DMZ", "eth0": "Internet", "eth1": "Internet"}
    for hook, devices in (("ingress", "eth0"), ("ingress", ["eth0", 5]), ("egress", "eth1")):
        own = chain("own", hook, "drop", family="netdev", dev=devices)
        ruleset = nftables.read(write(forward, own, rule(FROM, ACCEPT, to="own", family="netdev")))
        assert compare_with(report, ruleset, ways).flows[0].state == "open"
        shut = nftables.read(write(forward, own))
        assert compare_with(report, shut, ways).flows[0].by == ("policy drop of netdev filter own",)
        assert compare_with(report, shut, others).flows[0].state == "open"
        assert compare_with(report, shut).flows[0].state == "unknown"
    everywhere = chain("own", "ingress", "drop", family="netdev", dev=5)
    assert compare_with(report, nftables.read(write(everywhere))).flows[0].state == "closed"


def test_tables_of_a_bridge_are_not_understood_where_they_say_anything():
    for policy, said in (("accept", "open"), ("drop", "unknown")):
        assert state_of(chain("b", "forward", policy, family="bridge"), rule(ACCEPT)).state == said


def test_interfaces_and_beginnings_of_them_are_sides():
    ruleset = nftables.read(write(
        chain("forward", "forward"),
        rule(match(meta("iifname"), "eth*"), match(meta("oifname"), of_set("eth1", "eth2"), "!="), ACCEPT),
        rule(match(meta("iif"), "eth0"), match(meta("iifname"), "eth5"), ACCEPT),
    ))  # fmt: skip
    first, second = ruleset.stages[0].entries
    assert (first.enters.prefixes, first.leaves.names, first.leaves.negated) == ({"eth"}, {"eth1", "eth2"}, True)
    assert second.obscure == ("enters by two interfaces at once",)
    assert ruleset.sides == {"eth0", "eth1", "eth2"}


def test_types_and_codes_of_icmp():
    report = one_flow("icmp", None)
    kind, code = payload("icmp", "type"), payload("icmp", "code")
    for expr, state in (
        (match(kind, "echo-request"), "open"), (match(kind, 8), "open"), (match(kind, of_set(0, 8)), "open"),
        (match(kind, 8, "!="), "closed"), (match(kind, 3, ">"), "open"), (match(code, 0), "open"),
        (match(code, 1), "closed"),
        (match(concat(kind, code), of_set({"concat": ["echo-request", 0]})), "open"),
        (match(payload("icmpv6", "type"), "echo-request"), "closed"),
    ):  # fmt: skip
        assert state_of(rule(FROM, expr, ACCEPT), report=report).state == state


@each(
    ("text", "said"),
    [
        ("table inet filter {", "This is no JSON"), ("[" * 200_000, "This is no JSON"), ("[]", "no list “nftables”"),
        ('{"nftables": []}', "nothing in it"),
        ('{"nftables": 5}', "no list “nftables”"), ('{"nftables": [5]}', r"nftables\[0\] is no object with one key"),
        ('{"nftables": [{"rule": 5}]}', r"nftables\[0\].rule is no object"),
        (write(rule(ACCEPT)), "handle 7 is of a chain that isn't there"),
        ('{"nftables": [{"chain": {"policy": "drop", "policy": "accept"}}]}', "a key twice in one mapping: 'policy'"),
        (write(chain("forward"), chain("forward", policy="accept")), "chain inet filter forward is there twice"),
        (write(*[{"set": {**TABLE, "table": "filter", "name": "x"}}] * 2), "The set inet filter x is there twice"),
    ],
)  # fmt: skip
def test_what_nft_did_not_write_is_told_in_a_sentence(text, said):
    with pytest.raises(Unreadable, match=said):
        nftables.read(text)


def test_sets_joined_with_each_other_are_counted_before_they_are_made(monkeypatch):
    for module in (nftables, nft_rules):
        monkeypatch.setattr(module, "ENTRIES", 8)
    pairs = of_set(*({"concat": [f"10.0.0.{number}", 443]} for number in range(3)))
    several = match(concat(payload("ip", "saddr"), PORT), pairs)
    joined = rule(several, match(concat(payload("ip", "daddr"), PORT), pairs), ACCEPT)
    assert state_of(joined, rule(FROM, TO, ACCEPT)).state == "open"
    [entry] = nftables.read(write(chain("forward", "forward"), joined)).stages[0].entries
    assert entry.obscure == ("sets joined with each other, too many together",)
    assert state_of(rule(several, vmap(PORT, (443, ACCEPT), (80, DROP), (81, DROP)))).state == "closed"
    with pytest.raises(Unreadable, match="more than 8 entries"):
        state_of(*[rule(several, ACCEPT)] * 3)
    monkeypatch.setattr(nftables, "ENTRIES", 9)
    assert state_of(*[rule(several, ACCEPT)] * 3), "as many as are read"


def test_a_rule_without_a_list_of_statements_does_nothing():
    assert state_of(rule(to="forward", expr=5), rule(ACCEPT)).state == "open"
