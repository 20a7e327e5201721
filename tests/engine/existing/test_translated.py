"""Published endpoints where chains come before and after the translation: nftables and iptables."""

import json

import pytest

from planner.engine.existing.decide import compare_with
from planner.engine.existing.readers.iptables import read as read_iptables
from planner.engine.existing.readers.nftables import read as read_nftables
from tests.engine.existing.rulesets import flow, host, plan

SEEN, REAL = "203.0.113.10", "192.0.2.10"


BEHIND = {"Internet": "wan", "DMZ": "dmz", "Internal": "lan"}


def report_of(form):
    ends = [host("Public", "198.51.100.7", zone="Internet"), host("Store", REAL, zone="DMZ"), host("Web", "10.0.0.10")]
    firewall = {"name": "FW", "format": form, "zones": BEHIND, "published": {"Store": SEEN}}
    return plan(ends, [flow("Public", "Store"), flow("Web", "Store")], firewalls=[firewall])


IPTABLES = report_of("iptables")
FORWARD = f"*filter\n:FORWARD DROP [0:0]\n-A FORWARD -d {REAL} -p tcp -m tcp --dport 443 -j ACCEPT\nCOMMIT\n"


def state(*lines, raw=(), forward=FORWARD):
    """Of the flow from outside, in a ruleset with these lines in the chain that translates, and in raw before it."""
    text = "*raw\n:PREROUTING ACCEPT [0:0]\n" + "".join(f"-A PREROUTING {one}\n" for one in raw) + "COMMIT\n"
    if lines:
        text += "*nat\n:PREROUTING ACCEPT [0:0]\n" + "".join(f"-A PREROUTING {one}\n" for one in lines) + "COMMIT\n"
    gap = compare_with(IPTABLES, read_iptables(text + forward), None, IPTABLES.plan.firewalls[0])
    outside, inside = gap.flows
    assert (outside.flow.source.name, inside.flow.source.name) == ("Public", "Web")
    return outside


DNAT = f"-d {SEEN} -p tcp -m tcp --dport 443 -j DNAT --to-destination {REAL}"


def test_what_is_translated_and_admitted_on_both_sides_is_open_by_all_that_does_it():
    found = state(DNAT)
    assert (found.state, found.by) == (
        "open", (f"-A PREROUTING {DNAT}", f"-A FORWARD -d {REAL} -p tcp -m tcp --dport 443 -j ACCEPT"),
    )  # fmt: skip
    assert state(f"{DNAT}:443").state == "open"
    assert state(f"-d {SEEN} -j DNAT --to-destination {REAL}").state == "open"


def test_what_a_chain_before_the_translation_refuses_under_the_address_that_is_seen_is_closed():
    refusal = f"-d {SEEN} -j DROP"
    found = state(DNAT, raw=[refusal])
    assert (found.state, found.by) == ("closed", (f"-A PREROUTING {refusal}",))
    # The own address is nobody's there.
    assert state(DNAT, raw=[f"-d {REAL} -j DROP"]).state == "open"
    assert state(DNAT, raw=[f"-d {SEEN} -s 198.51.100.0/24 -p tcp -m tcp --dport 443 -j DROP"]).state == "closed"


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (f"-d {SEEN} -j DNAT --to-destination 192.0.2.99", "DNAT --to-destination 192.0.2.99"),
        (f"{DNAT}:8443", f"DNAT --to-destination {REAL}:8443"),
        (f"-d {SEEN} -p tcp -m tcp --dport 400:500 -j DNAT --to-destination {REAL}:443", f"{REAL}:443"),
        (f"-d {SEEN} -j DNAT --to-destination {REAL}-192.0.2.12", f"DNAT --to-destination {REAL}-192.0.2.12"),
        (f"-d {SEEN} -j DNAT --to-destination 999.0.2.10", "DNAT --to-destination 999.0.2.10"),
        (f"-m mark --mark 5 {DNAT}", "mark"),
        (f"-d {SEEN} -p udp -j DNAT --to-destination {REAL}", f"{SEEN}: nothing here translates it into {REAL}"),
        (f"-s 10.0.0.0/8 {DNAT}", f"{SEEN}: nothing here translates it into {REAL}"),
    ],
)  # fmt: skip
def test_another_translation_or_none_is_not_open(line, said):
    found = state(line)
    assert found.state == "unknown"
    assert any(said in one for one in found.constructs), found.constructs


def test_what_may_leave_the_chain_before_it_is_translated_is_unknown():
    found = state(f"-d {SEEN} -m mark --mark 5 -j ACCEPT", DNAT)
    assert found.state == "unknown"
    assert any("mark" in one for one in found.constructs)


def test_what_another_translation_may_take_first_is_unknown_whatever_refuses_it_later():
    forward = FORWARD.replace("ACCEPT", "DROP")
    assert state(f"-d {SEEN} -j DNAT --to-destination 192.0.2.99", DNAT, forward=forward).state == "unknown"
    assert state(f"-d {REAL} -j REDIRECT", DNAT, forward=forward).state == "closed"


def test_a_forward_chain_that_admits_the_seen_address_alone_is_closed():
    forward = FORWARD.replace(REAL, SEEN)
    text = f"*nat\n:PREROUTING ACCEPT [0:0]\n-A PREROUTING {DNAT}\nCOMMIT\n{forward}"
    gap = compare_with(IPTABLES, read_iptables(text), None, IPTABLES.plan.firewalls[0])
    assert [one.state for one in gap.flows] == ["closed", "closed"]


def test_where_no_chain_translates_the_own_address_is_asked_for_and_the_seen_one_before():
    assert state().state == "open"
    assert state(raw=[f"-d {SEEN} -j DROP"]).state == "closed"
    assert state(raw=[f"-d {REAL} -j DROP"]).state == "closed"


# ---- nftables ----


def base(name, kind, hook, priority, policy="accept"):
    return {
        "chain": {
            "family": "ip", "table": "t", "name": name, "type": kind, "hook": hook, "prio": priority, "policy": policy,
        }
    }  # fmt: skip


def rule(chain, *expr, address=SEEN):
    match = {"match": {"op": "==", "left": {"payload": {"protocol": "ip", "field": "daddr"}}, "right": address}}
    return {"rule": {"family": "ip", "table": "t", "chain": chain, "handle": 1, "expr": [match, *expr]}}


NFT_DNAT = {"dnat": {"addr": REAL}}
NFT = report_of("nftables")


def nft_state(*objects):
    forward = base("forward", "filter", "forward", 0, "drop"), rule("forward", {"accept": None}, address=REAL)
    text = json.dumps({"nftables": [{"table": {"family": "ip", "name": "t"}}, *forward, *objects]})
    gap = compare_with(NFT, read_nftables(text), None, NFT.plan.firewalls[0])
    return gap.flows[0].state


def test_chains_of_nftables_that_translate_do_so_at_one_place_whatever_their_priority():
    nat = base("nat", "nat", "prerouting", -199), rule("nat", NFT_DNAT)
    assert nft_state(*nat) == "open"
    refuses_seen = rule("early", {"drop": None})
    assert nft_state(*nat, base("early", "filter", "prerouting", -150), refuses_seen) == "closed"
    assert nft_state(*nat, base("early", "filter", "prerouting", -99), refuses_seen) == "open"
    refuses_real = rule("early", {"drop": None}, address=REAL)
    assert nft_state(*nat, base("early", "filter", "prerouting", -99), refuses_real) == "closed"
    assert nft_state(*nat, base("early", "filter", "prerouting", -150), refuses_real) == "open"


def test_the_first_translation_counts_and_the_chains_after_it_are_passed_over():
    first = base("one", "nat", "prerouting", -110), rule("one", NFT_DNAT)
    second = base("two", "nat", "prerouting", -90), rule("two", {"drop": None}, address=REAL)
    other = base("two", "nat", "prerouting", -90), rule("two", {"dnat": {"addr": "192.0.2.99"}})
    assert nft_state(*first, *second) == "open"
    assert nft_state(*first, *other) == "open"
    assert nft_state(base("one", "nat", "prerouting", -110), *other) == "unknown"
    assert nft_state(base("one", "nat", "prerouting", -110)) == "unknown"


def test_a_translation_in_a_chain_that_is_jumped_to_is_one():
    inner = {"chain": {"family": "ip", "table": "t", "name": "inner"}}
    jump = rule("nat", {"jump": {"target": "inner"}})
    nat = base("nat", "nat", "prerouting", -100)
    assert nft_state(nat, inner, jump, rule("inner", NFT_DNAT)) == "open"
    limit = {"limit": {"rate": 10, "per": "second"}}
    assert (
        nft_state(nat, inner, rule("nat", limit, {"jump": {"target": "inner"}}), rule("inner", NFT_DNAT)) == "unknown"
    )
    assert nft_state(nat, rule("nat", {"dnat": {"addr": {"map": {}}}})) == "unknown"
    for none in ({"addr": "999.0.2.10"}, {"addr": REAL, "port": True}):  # no address, and no port
        assert nft_state(nat, rule("nat", {"dnat": none})) == "unknown"


def test_a_ruleset_that_translates_and_has_no_chain_that_forwards_is_not_open():
    nat = base("nat", "nat", "prerouting", -100)
    text = json.dumps({"nftables": [{"table": {"family": "ip", "name": "t"}}, nat]})
    found = compare_with(NFT, read_nftables(text), None, NFT.plan.firewalls[0]).flows[0]
    assert (found.state, found.constructs) == ("unknown", (f"{SEEN}: nothing here translates it into {REAL}",))


def test_an_endpoint_that_is_published_in_one_family_is_reached_under_its_own_address_in_the_other():
    ends = [host("Public", "2001:db8:1::7", zone="Internet"), host("Store", REAL, "2001:db8:2::10", zone="DMZ")]
    firewall = {"name": "FW", "format": "iptables", "zones": BEHIND, "published": {"Store": SEEN}}
    report = plan(ends, [flow("Public", "Store")], firewalls=[firewall])
    admits = "-A FORWARD -d 2001:db8:2::10/128 -p tcp -m tcp --dport 443 -j ACCEPT"
    text = f"*nat\n:PREROUTING ACCEPT [0:0]\nCOMMIT\n*filter\n:FORWARD DROP [0:0]\n{admits}\nCOMMIT\n"
    [found] = compare_with(report, read_iptables(text), None, report.plan.firewalls[0]).flows
    assert (found.state, found.by) == ("open", (admits,))
