"""Entries that admit what a `never` row or the document forbids."""

import json
from dataclasses import replace

from planner.engine.existing import forbidden
from planner.engine.existing.decide import compare_with
from planner.engine.existing.readers.iptables import read as read_iptables
from planner.engine.existing.readers.nftables import read as read_nftables
from tests.engine.existing.devices.own_files import report_of
from tests.engine.existing.rulesets import STORE, WEB, accept, drop, flow, host, match, plan, ruleset, side

NEXT = "192.0.2.20"
ENDS = [host("Web", WEB), host("Store", STORE, zone="DMZ"), host("Next", NEXT, zone="DMZ")]


def never(source, destination, protocol=None, ports=None):
    row = {"from": source, "to": destination, "reason": "Nobody may."}
    return row | ({"protocol": protocol} if protocol else {}) | ({"ports": ports} if ports else {})


TO_DMZ = never({"zone": "Internal"}, {"zone": "DMZ"}, "tcp", "1433")


def find(report, *entries, mapping=None, firewall=None, **more):
    gap = compare_with(report, ruleset(*entries, **more), mapping, firewall, also=("forbidden",))
    assert gap.stale is None
    assert gap.forbidden.unchecked == 0
    return gap.forbidden.entries


def of(*rows, ends=ENDS, flows=(), **more):
    return plan(list(ends), list(flows) or [flow("Web", "Store")], never=list(rows), **more)


def test_an_entry_that_admits_what_a_row_forbids_is_told_with_the_row_and_the_endpoints():
    [one] = find(of(TO_DMZ), accept("a", match(WEB, STORE, "tcp/443")), accept("b", match("10.0.0.0/8", NEXT)))
    [breach] = one.breaches
    assert (one.entry, one.is_sure, one.constructs) == ("b", True, ())
    assert (breach.row.number, breach.sources, breach.destinations) == (0, ("Web",), ("Next",))
    assert breach.services == ("tcp 1433",)


def test_what_an_earlier_entry_refuses_is_not_held_against_a_later_one():
    assert not find(of(TO_DMZ), drop("a", match("", "", "tcp/1433")), accept("b"))
    [one] = find(of(TO_DMZ), drop("a", match("", STORE, "tcp/1433")), accept("b"))
    assert one.breaches[0].destinations == ("Next",)


def test_the_widest_comes_first_and_a_policy_admits_as_entries_do():
    rows = TO_DMZ, never({"endpoint": "Web"}, {"endpoint": "Next"})
    found = find(of(*rows), accept("a", match(WEB, NEXT, "tcp/22")), accept("b", match(WEB, NEXT, "tcp/80-90")))
    assert [one.entry for one in found] == ["b", "a"]
    [policy] = find(of(TO_DMZ), default="accept")
    assert policy.entry == "policy accept of forward"
    assert policy.breaches[0].destinations == ("Next", "Store")


def test_a_family_that_nothing_filters_is_open_and_breaks_what_must_stay_closed():
    ends = [host("Web", WEB, "fd00::10"), host("Store", STORE, "2001:db8::10", zone="DMZ")]
    report = of(TO_DMZ, ends=ends)
    forward = {"family": "ip", "table": "filter", "name": "forward", "type": "filter", "hook": "forward", "prio": 0,
               "policy": "drop"}  # fmt: skip
    for table in ("ip", "ip6"):
        there = [{"table": {"family": table, "name": "filter"}}, {"chain": forward | {"family": table}}]
        gap = compare_with(report, read_nftables(json.dumps({"nftables": there})), also=("forbidden",))
        nothing = f"no chain at the hook forward for IPv{6 if table == 'ip' else 4}"
        [one] = gap.forbidden.entries
        assert (one.entry, one.is_sure) == (nothing, True)
        assert (one.breaches[0].sources, one.breaches[0].destinations) == (("Web",), ("Store",))
        [state] = gap.flows
        assert (state.state, state.by) == ("partly", (nothing, f"policy drop of {table} filter forward"))


def test_a_row_without_protocol_forbids_everything_and_one_for_other_ports_nothing():
    entry = accept("a", match(WEB, NEXT, "udp/53"))
    assert find(of(never({"endpoint": "Web"}, {"zone": "DMZ"})), entry)
    assert not find(of(TO_DMZ), entry)
    assert find(of(never({"endpoint": "Web"}, {"zone": "DMZ"}, "udp", "50-60")), entry)
    echo = accept("e", match(WEB, STORE, "icmp/2048"))
    assert find(of(never({"endpoint": "Web"}, {"zone": "DMZ"}, "icmp")), echo)


def test_what_is_not_understood_may_break_a_row_and_is_told_as_such_after_what_does():
    obscure = accept("a", match(WEB, "", "tcp/1433"), obscure=("limit rate 10/second",))
    first, second = find(of(TO_DMZ), accept("b", match(WEB, NEXT)), obscure)
    assert (first.entry, first.is_sure) == ("b", True)
    assert (second.entry, second.is_sure, second.constructs) == ("a", False, ("limit rate 10/second",))
    assert second.breaches[0].destinations == ("Store",)
    [whole] = find(of(TO_DMZ), accept("c"), obscure=("a bridge",))
    assert (whole.entry, whole.is_sure) == ("", False)


def test_within_a_zone_no_firewall_sees_it():
    ends = [*ENDS, host("Third", "10.0.0.12")]
    assert not find(of(never({"endpoint": "Web"}, {"endpoint": "Third"}), ends=ends), accept("a"))


def test_interfaces_count():
    entry = accept("a", match("", "", "tcp/1433"), enters=side("dmz"), leaves=side("lan"))
    sides = {"lan": "Internal", "dmz": "DMZ"}
    assert not find(of(TO_DMZ), entry, mapping=sides)
    assert find(of(never({"zone": "DMZ"}, {"zone": "Internal"}, "tcp", "1433")), entry, mapping=sides)


def test_an_endpoint_that_is_known_by_name_is_reached_by_that_name_and_by_any():
    ends = [host("Web", WEB), host("Store", "store.example.com", zone="DMZ")]
    report = of(TO_DMZ, ends=ends)
    named = replace(match(WEB, NEXT, "tcp/1433"), destination_names=frozenset({"store.example.com"}))
    [one] = find(report, accept("a", named))
    assert (one.is_sure, one.breaches[0].destinations) == (True, ("Store",))
    # That the plan doesn't know the address is no matter of the device.
    assert not find(report, accept("b", match(WEB, NEXT)))


def test_a_published_endpoint_is_forbidden_under_the_address_that_is_seen():
    ends = [host("Public", "any", zone="Internet", group=True), host("Store", STORE, zone="DMZ")]
    firewall = {
        "name": "FW", "format": "fortigate", "zones": {"Internet": "wan", "DMZ": "dmz"},
        "published": {"Store": "203.0.113.10"},
    }  # fmt: skip
    row = never({"zone": "Internet"}, {"zone": "DMZ"}, "tcp", "22")
    report = of(row, ends=ends, flows=[flow("Public", "Store")], firewalls=[firewall])
    for address, broken in (("203.0.113.10", [("Store",)]), (STORE, [])):
        device = replace(ruleset(accept("a", match("", address, "tcp/22"))), format="fortigate")
        gap = compare_with(report, device, None, report.plan.firewalls[0], also=("forbidden",))
        assert [one.breaches[0].destinations for one in gap.forbidden.entries] == broken


def test_on_a_kernel_what_comes_for_the_published_address_and_is_sent_on_is_forbidden_too():
    ends = [
        host("Public", "198.51.100.7", "2001:db8::7", zone="Internet"),
        host("Store", STORE, "2001:db8:1::1", zone="DMZ"),
    ]
    firewall = {
        "name": "FW", "format": "iptables", "zones": {"Internet": "wan", "DMZ": "dmz"},
        "published": {"Store": "203.0.113.10"},
    }  # fmt: skip
    row = never({"zone": "Internet"}, {"zone": "DMZ"}, "tcp", "22")
    report = of(row, ends=ends, flows=[flow("Public", "Store")], firewalls=[firewall])

    def broken(nat):
        text = (
            "*raw\n:PREROUTING ACCEPT [0:0]\n" + f"-A PREROUTING -s 198.51.100.7 -d {STORE} -j DROP\nCOMMIT\n"
            "*nat\n:PREROUTING ACCEPT [0:0]\n" + nat + "COMMIT\n*filter\n:FORWARD ACCEPT [0:0]\nCOMMIT\n"
        )
        gap = compare_with(report, read_iptables(text), None, report.plan.firewalls[0], also=("forbidden",))
        # Of IPv6 the file says nothing.
        return [one.breaches[0].destinations for one in gap.forbidden.entries if one.is_sure]

    sent = f"-A PREROUTING -d 203.0.113.10 -j DNAT --to-destination {STORE}\n"
    # Nobody reaches the own address, as raw refuses it; the published one is sent there.
    assert set(broken(sent)) == {("Store",)}
    assert broken("") == []


def test_prohibitions_of_the_document_are_told_by_their_section_once_for_all_endpoints():
    report = report_of("everything")
    rows = [row for row in report.closed if row.number is None]
    zones = {end.name: end.zone for end in report.plan.endpoints}
    wanted = {row.sections for row in rows if zones[row.source["endpoint"]] != zones[row.destination["endpoint"]]}
    assert wanted
    [one] = find(report, accept("all"))
    assert {breach.row.sections for breach in one.breaches} == wanted
    assert len(one.breaches) < len(rows)


def test_what_is_not_looked_at_any_more_is_counted(monkeypatch):
    report = of(TO_DMZ, never({"zone": "DMZ"}, {"zone": "Internal"}))
    rules = ruleset(accept("a"))
    assert compare_with(report, rules, also=("forbidden",)).forbidden.unchecked == 0
    monkeypatch.setattr(forbidden, "MOST_WORK", -1_000)
    assert compare_with(report, rules, also=("forbidden",)).forbidden.unchecked > 0


def test_endpoints_whose_addresses_are_not_known_are_named_on_either_side():
    ends = [host("Web", "web.example.net"), host("Store", STORE, zone="DMZ")]
    [one] = find(of(TO_DMZ, ends=ends), accept("all"))
    assert one.breaches[0].destinations == ("Store",)
    assert "Web" in repr(one.breaches[0])
